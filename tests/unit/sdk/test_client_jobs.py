"""Waiting for a job: the SDK looks again and again until it has ended."""

from __future__ import annotations

import httpx
import pytest

from actitud import Job, JobNotDone, NotFound
from tests.unit.sdk.support import Answers, FakeTime, Mode, run

JOB: dict[str, object] = {
    "id": "7",
    "kind": "editions.publications.create",
    "state": "queued",
    "edition": "2026",
    "created": "2026-11-29T10:00:00Z",
    "started": None,
    "finished": None,
    "done": 0,
    "total": 8131,
    "rate": None,
    "remaining": None,
    "outcomes": {},
    "cancel_requested": False,
    "result": None,
    "problem": None,
}
REFUSED = {
    "type": "/problems/conflict",
    "title": "Conflict",
    "status": 409,
    "detail": "The edition cannot be published like this; see `errors`.",
    "instance": "/v1/jobs/7",
    "request_id": "x",
    "errors": [{"pointer": "", "rule": "review", "value": "open", "detail": "It is open.", "allowed": []}],
}


def answers(*changes: dict[str, object]) -> Answers:
    return Answers(*(httpx.Response(200, json={**JOB, **change}) for change in changes))


def test_it_looks_until_the_job_has_ended_and_tells_each_time(mode: Mode, fake_time: FakeTime) -> None:
    service = answers(
        {}, {"state": "running", "done": 100}, {"state": "succeeded", "done": 8131, "result": {"revision": 1}}
    )
    told: list[tuple[str, int]] = []
    done = run(mode, service, lambda sdk: sdk.jobs.wait("7", progress=lambda job: told.append((job.state, job.done))))
    assert told == [("queued", 0), ("running", 100), ("succeeded", 8131)]
    assert done.result == {"revision": 1}
    assert {request.url.path for request in service.requests} == {"/v1/jobs/7"}
    assert fake_time.sleeps == [pytest.approx(0.2), pytest.approx(0.3)]


def test_its_pauses_grow_to_two_seconds(mode: Mode, fake_time: FakeTime) -> None:
    service = answers(*[{}] * 20, {"state": "succeeded"})
    run(mode, service, lambda sdk: sdk.jobs.wait("7"))
    assert max(fake_time.sleeps) == 2.0
    assert len(fake_time.sleeps) == 20


@pytest.mark.parametrize(
    ("end", "text"),
    [
        (
            {"state": "failed", "problem": REFUSED},
            "job 7 has failed: The edition cannot be published like this; see `errors`.; It is open.",
        ),
        ({"state": "cancelled", "done": 12}, "job 7 was cancelled at 12"),
    ],
)
def test_a_job_that_did_not_succeed_is_an_error(
    mode: Mode, fake_time: FakeTime, end: dict[str, object], text: str
) -> None:
    told: list[Job] = []
    with pytest.raises(JobNotDone) as raised:
        run(mode, answers({}, end), lambda sdk: sdk.jobs.wait("7", progress=told.append))
    assert str(raised.value) == text
    assert raised.value.job == told[-1]


def test_a_job_of_somebody_else_is_not_found(mode: Mode) -> None:
    problem = {"type": "/problems/not-found", "status": 404, "detail": "There is no job 7."}
    service = Answers(httpx.Response(404, json=problem, headers={"Content-Type": "application/problem+json"}))
    with pytest.raises(NotFound):
        run(mode, service, lambda sdk: sdk.jobs.wait("7"))
