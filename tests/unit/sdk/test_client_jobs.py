"""Waiting for a job: the SDK looks again and again until it has ended."""

from __future__ import annotations

import pickle

import httpx
import pytest

from actitud import Job, JobNotDone, NotFound, TimedOut, WaitTimedOut
from tests.unit.sdk.support import Answers, FakeTime, Mode, using

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
    done = using(mode, service).jobs.wait("7", progress=lambda job: told.append((job.state, job.done)))
    assert told == [("queued", 0), ("running", 100), ("succeeded", 8131)]
    assert done.result == {"revision": 1}
    assert {request.url.path for request in service.requests} == {"/v1/jobs/7"}
    assert fake_time.sleeps == [pytest.approx(0.2), pytest.approx(0.3)]


def test_its_pauses_grow_to_two_seconds(mode: Mode, fake_time: FakeTime) -> None:
    service = answers(*[{}] * 20, {"state": "succeeded"})
    using(mode, service).jobs.wait("7")
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
        using(mode, answers({}, end)).jobs.wait("7", progress=told.append)
    assert str(raised.value) == text
    assert raised.value.job == told[-1]


def test_a_job_of_somebody_else_is_not_found(mode: Mode) -> None:
    problem = {"type": "/problems/not-found", "status": 404, "detail": "There is no job 7."}
    service = Answers(httpx.Response(404, json=problem, headers={"Content-Type": "application/problem+json"}))
    with pytest.raises(NotFound):
        using(mode, service).jobs.wait("7")


def test_a_wait_with_a_time_out_ends_with_the_job_as_last_seen(mode: Mode, fake_time: FakeTime) -> None:
    running = {"state": "running", "done": 100}
    with pytest.raises(WaitTimedOut) as raised:
        using(mode, answers({}, running)).jobs.wait("7", timeout=1)
    error = raised.value
    assert (error.job.state, error.job.done, error.timeout) == ("running", 100, 1)
    assert str(error) == "job 7 has not ended after 1 s and goes on: running, 100 of 8131 done"
    # The last pause is what is left of the second, so that the job is seen as it is when the wait ends.
    assert fake_time.sleeps == pytest.approx([0.2, 0.3, 0.45, 0.05])
    assert pickle.loads(pickle.dumps(error)).job == error.job


def test_a_job_that_ends_in_time_is_returned(mode: Mode, fake_time: FakeTime) -> None:
    service = answers({}, {"state": "running", "total": None}, {"state": "succeeded"})
    assert using(mode, service).jobs.wait("7", timeout=0.5).state == "succeeded"


def test_a_wait_without_seconds_looks_once(mode: Mode, fake_time: FakeTime) -> None:
    service = answers({"total": None})
    with pytest.raises(WaitTimedOut, match=r"^job 7 has not ended after 0 s and goes on: queued, 0 done$"):
        using(mode, service).jobs.wait("7", timeout=0)
    assert len(service.requests) == 1
    assert fake_time.sleeps == []


def test_a_service_that_falls_silent_does_not_prolong_the_wait(mode: Mode, fake_time: FakeTime) -> None:
    """A call has 120 seconds with its repetitions; the wait of ten seconds ends at most five seconds late."""
    requests: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        if len(requests) == 1:
            return httpx.Response(200, json={**JOB, "state": "running", "done": 3})
        limit = request.extensions["timeout"]["read"]
        fake_time.pass_by(float(limit))
        raise httpx.ReadTimeout("silent")

    with pytest.raises(WaitTimedOut) as raised:
        using(mode, answer).jobs.wait("7", timeout=10)
    assert raised.value.job.done == 3
    assert isinstance(raised.value.__cause__, TimedOut)
    assert fake_time.seconds <= 1000 + 10 + 5


def test_a_service_that_never_answers_is_told_as_such(mode: Mode, fake_time: FakeTime) -> None:
    silent = Answers(httpx.ReadTimeout("silent"))
    with pytest.raises(TimedOut):
        using(mode, silent).jobs.wait("7", timeout=10)


@pytest.mark.parametrize("seconds", [-1, float("nan")])
def test_a_time_out_below_zero_is_refused(mode: Mode, seconds: float) -> None:
    with pytest.raises(ValueError, match="timeout must be a number of seconds, 0 or more"):
        using(mode, answers({})).jobs.wait("7", timeout=seconds)


PUBLICATION: dict[str, object] = {
    "edition": "2026",
    "revision": 1,
    "digest": "sha-256:" + "0" * 64,
    "reason": "It is time.",
    "published": "2026-11-29T10:00:00Z",
    "supersedes": None,
    "superseded_by": None,
    "organisations": 3,
    "corrections": [],
    "signature": {"protected": "e30", "signature": "AA"},
    "checkpoint": "actitud 1",
    "bundle_digest": "sha-256:" + "1" * 64,
    "bundle_size": 1024,
    "links": {"document": "/d", "signature": "/s", "bundle": "/b"},
}


def test_a_publication_that_is_made_at_once_is_returned_without_a_job(mode: Mode) -> None:
    service = Answers(httpx.Response(201, json=PUBLICATION))
    made = using(mode, service).editions.publications.create("2026", reason="It is time.")
    assert (made.revision, made.organisations) == (1, 3)
    (request,) = service.requests
    assert request.headers["Prefer"] == "respond-async"


def test_a_publication_that_takes_long_is_waited_for_and_fetched(mode: Mode, fake_time: FakeTime) -> None:
    done = {**JOB, "state": "succeeded", "done": 8131, "result": {"edition": "2026", "revision": 1}}
    service = Answers(
        httpx.Response(202, json=JOB), httpx.Response(200, json=done), httpx.Response(200, json=PUBLICATION)
    )
    made = using(mode, service).editions.publications.create("2026", reason="It is time.")
    assert (made.revision, made.organisations) == (1, 3)
    assert [(request.method, request.url.path) for request in service.requests] == [
        ("POST", "/v1/editions/2026/publications"),
        ("GET", "/v1/jobs/7"),
        ("GET", "/v1/editions/2026/publications/1"),
    ]
