"""Jobs over HTTP: who asked for one follows and cancels it; to others it does not exist; both databases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from actitud_api.engine.i18n import Texts
from actitud_api.platform.auth import service as access
from actitud_api.platform.http import event_streams
from actitud_api.platform.http.problems import CONFLICT, Fault, ProblemError
from actitud_api.platform.jobs.runner import JobRun
from actitud_api.platform.storage.database import Database
from tests.http.test_suggestions import key, problem
from tests.support.applications import borrow_app
from tests.support.databases import unlimited
from tests.support.keys import present_key
from tests.support.serving import served
from tests.support.toy_jobs import KIND, Counting, build_runner, count, enqueue
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.serving

Client = TestClient[Litestar]


@pytest.fixture
def client(url: str) -> Iterator[Client]:
    with borrow_app(unlimited(url)) as app, TestClient(app) as opened:
        yield opened


@pytest.fixture
def stored(client: Client) -> Database:
    database: Database = client.app.state["database"]
    return database


def holder(database: Database, role: access.Role = "publisher") -> tuple[access.Principal, dict[str, str]]:
    """A principal, and the header of its key."""
    organisations = ("XX-T-1",) if role in access.ORGANISATION_ROLES else ()
    with database.write() as session:
        made = access.create_key(session, (), role=role, organisations=organisations, days=1, now=datetime.now(UTC))
    record = made.record
    return access.Principal(record.id, role, record.origin, organisations), present_key(made.text)


def test_who_asked_for_a_job_follows_it(client: Client, stored: Database) -> None:
    principal, headers = holder(stored)
    job = enqueue(stored, to=3, principal=principal)
    path = f"/v1/jobs/{job.id}"
    answer = client.get(path, headers=headers)
    waiting = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    assert waiting == {
        "id": str(job.id),
        "kind": KIND,
        "state": "queued",
        "edition": None,
        "created": waiting["created"],
        "started": None,
        "finished": None,
        "done": 0,
        "total": None,
        "rate": None,
        "remaining": None,
        "outcomes": {},
        "cancel_requested": False,
        "result": None,
        "problem": None,
    }
    halfway: list[dict[str, Any]] = []

    def run(run: JobRun[Counting]) -> object:
        with run.step() as step:
            step.advance(done=1, total=3)
        halfway.append(client.get(path, headers=headers).json())
        return count(run)

    build_runner(stored, run).run_due()
    assert (halfway[0]["state"], halfway[0]["done"], halfway[0]["total"]) == ("running", 1, 3)
    assert halfway[0]["rate"] > 0
    assert halfway[0]["remaining"] == pytest.approx(2 / halfway[0]["rate"], rel=0.1, abs=0.1)
    done = client.get(path, headers=headers).json()
    assert (done["state"], done["done"], done["result"]) == ("succeeded", 3, {"last": 3})
    assert done["outcomes"] == {"even": 1, "odd": 1}
    assert done["remaining"] is None
    assert done["started"] <= done["finished"]


@pytest.mark.both_databases
def test_its_results_are_listed_page_by_page_and_by_outcome(client: Client, stored: Database) -> None:
    principal, headers = holder(stored)
    path = f"/v1/jobs/{enqueue(stored, to=5, principal=principal).id}/items"
    build_runner(stored).run_due()
    pages = [client.get(path, params={"limit": 2, "total": "true"}, headers=headers).json()]
    while pages[-1]["next"] is not None:
        pages.append(client.get(pages[-1]["next"], headers=headers).json())
    assert [len(page["items"]) for page in pages] == [2, 2, 1]
    assert pages[0]["total"] == 5
    assert pages[1]["items"][0] == {
        "position": 3,
        "subject": "XX-T-3",
        "outcome": "odd",
        "detail": {"number": 3},
        "problem": None,
    }
    even = client.get(path, params={"outcome": "even"}, headers=headers).json()["items"]
    assert [item["subject"] for item in even] == ["XX-T-2", "XX-T-4"]


def test_jobs_are_those_of_whoever_asked_and_all_for_administrators(client: Client, stored: Database) -> None:
    mine, my_headers = holder(stored)
    other, other_headers = holder(stored, "organisation_editor")
    _, administrator = holder(stored, "administrator")
    jobs = {"mine": enqueue(stored, principal=mine), "others": enqueue(stored, principal=other), "cli": enqueue(stored)}

    def listed(headers: dict[str, str], **query: str) -> list[int]:
        return [int(item["id"]) for item in client.get("/v1/jobs", params=query, headers=headers).json()["items"]]

    assert listed(my_headers) == [jobs["mine"].id]
    assert listed(other_headers) == [jobs["others"].id]
    assert listed(administrator) == sorted((job.id for job in jobs.values()), reverse=True)
    assert listed(administrator, state="succeeded") == []
    assert len(listed(administrator, kind=KIND, limit="2")) == 2


def test_a_rotated_key_still_sees_what_it_asked_for(client: Client, stored: Database) -> None:
    principal, headers = holder(stored)
    job = enqueue(stored, principal=principal)
    rotated = client.post(f"/v1/keys/{principal.key}/rotations", json={}, headers={**headers, "If-Match": "*"})
    successor = present_key(rotated.json()["secret"])
    assert client.get(f"/v1/jobs/{job.id}", headers=successor).json()["state"] == "queued"


@pytest.mark.both_databases
def test_cancelling(client: Client, stored: Database) -> None:
    principal, headers = holder(stored)
    job = enqueue(stored, principal=principal)
    path = f"/v1/jobs/{job.id}"
    attempt = {**headers, "Idempotency-Key": "one"}
    answers = [client.post(f"{path}/cancellations", headers=attempt) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].headers["location"] == path
    assert answers[0].json()["state"] == "cancelled"
    assert (answers[1].headers["idempotency-replayed"], answers[1].content) == ("true", answers[0].content)
    problem(client.post(f"{path}/cancellations", headers=headers), 409)
    assert build_runner(stored).run_due() == 0
    entries = client.get("/v1/ledger", headers=key(client)).json()["items"]
    actions = [entry["record"]["action"] for entry in entries]
    assert actions.count("jobs.cancel") == 1, "what was refused left no entry"


def test_a_problem_is_told_in_the_language_of_the_reader(client: Client, stored: Database) -> None:
    principal, headers = holder(stored)
    job = enqueue(stored, principal=principal)

    def refuse(_job: JobRun[Counting]) -> None:
        fault = Fault("/to", "odd", "5", Texts("Es impar.", "It is odd."))
        raise ProblemError(CONFLICT, Texts("Así no.", "Not like this."), [fault])

    build_runner(stored, refuse).run_due()
    told = {
        language: client.get(f"/v1/jobs/{job.id}", headers={**headers, "Accept-Language": language})
        for language in ("es", "en")
    }
    assert told["es"].headers["content-language"] == "es"
    spanish, english = (told[language].json()["problem"] for language in ("es", "en"))
    assert (spanish["detail"], english["detail"]) == ("Así no.", "Not like this.")
    assert (spanish["status"], spanish["instance"]) == (409, f"/v1/jobs/{job.id}")
    assert spanish["request_id"] == told["es"].headers["x-request-id"]
    assert [error["detail"] for error in english["errors"]] == ["It is odd."]


# --- events -----------------------------------------------------------------------------------------------------


def events(body: bytes) -> list[tuple[str, Any]]:
    """The events of a stream that has ended."""
    found = []
    for block in body.split(b"\n\n"):
        lines = dict(line.split(b": ", 1) for line in block.splitlines() if not line.startswith(b":"))
        if lines:
            found.append((lines[b"event"].decode(), msgspec.json.decode(lines[b"data"])))
    return found


@contextmanager
def following(client: Client, path: str, headers: dict[str, str]) -> Iterator[tuple[httpx.Response, Iterator[bytes]]]:
    """A stream of a real server, and its pieces as they arrive."""
    with (
        served(client.app) as address,
        httpx.Client(base_url=address, headers=headers, timeout=PATIENCE) as opened,
        opened.stream("GET", path) as answer,
    ):
        yield answer, answer.iter_raw()


def test_events_tell_what_changes_until_the_end(
    client: Client, stored: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_streams, "LASTING_SECONDS", 3600.0)
    principal, headers = holder(stored)
    job = enqueue(stored, to=2, principal=principal)
    path = f"/v1/jobs/{job.id}"
    with following(client, f"{path}/events", {**headers, "Accept-Encoding": "gzip"}) as (answer, pieces):
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert "content-encoding" not in answer.headers, "each event leaves at once"
        first = next(pieces)
        build_runner(stored).run_due()
        told = events(first + b"".join(pieces))
    assert {name for name, _ in told} == {"job"}
    states = [content["state"] for _, content in told]
    assert (states[0], states[-1]) == ("queued", "succeeded")
    assert told[-1][1] == client.get(path, headers=headers).json()


def test_events_of_a_job_that_has_ended_are_one(client: Client, stored: Database) -> None:
    principal, headers = holder(stored)
    job = enqueue(stored, to=1, principal=principal)
    build_runner(stored).run_due()
    told = events(client.get(f"/v1/jobs/{job.id}/events", headers=headers).content)
    assert [content["state"] for _, content in told] == ["succeeded"]


def test_the_head_of_a_stream_leaves_its_connection_to_others(
    client: Client, stored: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_streams, "LASTING_SECONDS", 3600.0)
    principal, headers = holder(stored)
    path = f"/v1/jobs/{enqueue(stored, principal=principal).id}/events"
    with served(client.app) as address, httpx.Client(base_url=address, headers=headers, timeout=PATIENCE) as opened:
        assert [opened.head(path).status_code for _ in range(2)] == [200, 200]


def test_a_stream_ends_with_the_service_and_after_a_time(
    client: Client, stored: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_streams, "SILENCE_SECONDS", 0.01)
    principal, headers = holder(stored)
    path = f"/v1/jobs/{enqueue(stored, principal=principal).id}/events"
    body = client.get(path, headers=headers).content
    assert [content["state"] for _, content in events(body)] == ["queued"]
    assert b": nothing new\n\n" in body
    monkeypatch.setattr(event_streams, "LASTING_SECONDS", 3600.0)
    streams: event_streams.EventStreams = client.app.state["event_streams"]
    with following(client, path, headers) as (_, pieces):
        next(pieces)
        streams.stop()
        assert b"event:" not in b"".join(pieces)
    refused = client.get(path, headers=headers)
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")


def test_no_more_streams_than_a_process_takes(
    client: Client, stored: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_streams, "STREAMS", 0)
    principal, headers = holder(stored)
    path = f"/v1/jobs/{enqueue(stored, principal=principal).id}/events"
    assert client.get(path, headers=headers).status_code == 503
