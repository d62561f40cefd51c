"""A publication as a job: asked for with `Prefer: respond-async`, done once whatever happens, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar, Request
from litestar.testing import TestClient
from msgspec import structs
from sqlalchemy import text, update

from actitud_api.app import create_app
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.http.preferences import prefers_async
from actitud_api.platform.jobs import queries as job_queries
from actitud_api.platform.jobs.queries import JOBS
from actitud_api.platform.jobs.runner import JobRun, JobRunner
from actitud_api.platform.storage.database import Database
from actitud_api.resources.publications import service
from tests.http.publications.test_publications_http import BETTER, PUBLICATIONS, REASON
from tests.http.test_http_problems import problem
from tests.support.applications import borrow_app
from tests.support.databases import unlimited
from tests.support.keys import create_header
from tests.support.publishing import BIG, EDITION, LATE, prepare, publish
from tests.support.waiting import await_true

pytestmark = pytest.mark.serving

Client = TestClient[Litestar]


class Killed(BaseException):
    """Stands for the end of the process: no code of the runner catches it."""


@pytest.fixture
def client(url: str, database: Database, tmp_path: Path) -> Iterator[Client]:
    """A service with an edition in review, and a client that an administrator has."""
    prepare(database, tmp_path)
    with (
        borrow_app(structs.replace(unlimited(url), signing_folder=tmp_path)) as app,
        TestClient(app) as opened,
    ):
        opened.headers.update(create_header(database))
        yield opened


def ask(client: Client, name: str = "first", prefer: str = "respond-async", **body: object) -> Any:
    headers = {"Idempotency-Key": name, "Prefer": prefer}
    return client.post(PUBLICATIONS, json={"reason": REASON, **body}, headers=headers)


def runner_of(client: Client) -> JobRunner:
    runner: JobRunner = client.app.state["jobs"]
    return runner


def entries(database: Database) -> list[str]:
    with database.read() as session:
        return [shown.entry.record for shown in ledger.iterate_entries(session) if "publications" in shown.entry.record]


@pytest.mark.both_databases
def test_a_publication_is_asked_for_followed_and_found(client: Client, database: Database) -> None:
    asked = ask(client)
    assert asked.status_code == 202
    path = asked.headers["location"]
    job = asked.json()
    assert path == f"/v1/jobs/{job['id']}"
    assert (job["kind"], job["state"], job["edition"]) == ("editions.publications.create", "queued", EDITION)
    assert (job["done"], job["total"]) == (0, 3)
    assert client.get(f"{PUBLICATIONS}/1").status_code == 404
    assert runner_of(client).run_due() == 1
    done = client.get(path).json()
    assert (done["state"], done["done"], done["total"]) == ("succeeded", 3, 3)
    made = client.get(done["result"]["location"]).json()
    assert done["result"] == {
        "edition": EDITION,
        "revision": 1,
        "digest": made["digest"],
        "organisations": 3,
        "location": f"{PUBLICATIONS}/1",
    }
    assert made["reason"] == REASON
    # The ledger has one entry about it, of whoever asked, as if they had waited.
    records = [shown["record"] for shown in client.get("/v1/ledger").json()["items"]]
    (entry,) = [record for record in records if record["action"] == "editions.publications.create"]
    assert entry["actor"]["role"] == "administrator"
    assert entry["details"] == {"edition": EDITION, "revision": 1, "digest": made["digest"]}
    assert entry["request"] == asked.headers["x-request-id"]


def test_a_correction_too(client: Client, database: Database) -> None:
    ask(client)
    runner_of(client).run_due()
    first = client.get(f"{PUBLICATIONS}/1").json()
    fixed = [{"organisation": BIG, "assessment": {"methodology": "2026.1", "answers": BETTER}}]
    asked = ask(client, "second", supersedes=first["digest"], corrections=fixed)
    assert asked.json()["total"] == 1
    runner_of(client).run_due()
    done = client.get(asked.headers["location"]).json()
    assert (done["state"], done["done"], done["result"]["revision"]) == ("succeeded", 1, 2)
    (correction,) = client.get(f"{PUBLICATIONS}/2").json()["corrections"]
    assert correction["organisation"] == BIG


@pytest.mark.parametrize(
    ("prefer", "is_job"),
    [
        ("respond-async", True),
        ("wait=5, Respond-Async", True),
        ('return=minimal, respond-async; x="y"', True),
        ("", False),
        ("wait=5", False),
        ("respond-asynchronously", False),
        ("return=representation", False),
    ],
)
def test_preferences_that_ask_for_a_job(prefer: str, is_job: bool) -> None:
    scope: Any = {"type": "http", "headers": [(b"prefer", prefer.encode())]}
    assert prefers_async(Request(scope)) is is_job


def test_without_the_preference_it_is_waited_for(client: Client) -> None:
    assert ask(client, prefer="wait=5").status_code == 201
    assert client.get("/v1/jobs").json()["items"] == []


def test_an_attempt_makes_one_job_however_often_it_is_repeated(client: Client) -> None:
    answers = [ask(client) for _ in range(3)]
    assert {answer.content for answer in answers} == {answers[0].content}
    assert [answer.headers.get("idempotency-replayed") for answer in answers] == [None, "true", "true"]
    assert len(client.get("/v1/jobs").json()["items"]) == 1
    runner_of(client).run_due()
    # What the attempt got stays what it gets.
    assert ask(client).json()["state"] == "queued"
    assert ask(client, prefer="").status_code == 202
    problem(ask(client, reason="Another."), 409, "idempotency-key-reused")


def test_what_is_known_to_be_refused_is_refused_at_once(client: Client, database: Database) -> None:
    with database.write() as session:
        session.execute(text("UPDATE assessment SET state = 'submitted' WHERE organisation = :one"), {"one": BIG})
    refused = problem(ask(client), 409, "conflict")
    assert [error["rule"] for error in refused["errors"]] == ["unsettled"]
    assert client.get("/v1/jobs").json()["items"] == []


def test_what_is_refused_only_when_it_is_done_fails_the_job(client: Client, database: Database, tmp_path: Path) -> None:
    jobs = [ask(client, name).headers["location"] for name in ("first", "second")]
    assert runner_of(client).run_due() == 2
    first, second = (client.get(path, params={"lang": "es"}).json() for path in jobs)
    assert first["state"] == "succeeded"
    assert (second["state"], second["result"]) == ("failed", None)
    failed = second["problem"]
    assert (failed["status"], failed["type"]) == (409, "/problems/conflict")
    assert [(error["rule"], error["suggestion"]) for error in failed["errors"]] == [
        ("published", first["result"]["digest"])
    ]
    assert failed["detail"] == "La edición no se publica así; véase `errors`."
    assert len(entries(database)) == 1


def test_a_publisher_that_ends_after_the_commit_has_published_once(
    client: Client, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = ask(client).headers["location"]
    step = JobRun.step

    def end_after(self: JobRun[Any], **options: Any) -> Any:
        return ends(step(self, **options))

    monkeypatch.setattr(JobRun, "step", end_after)
    with pytest.raises(Killed):
        runner_of(client).run_due()
    monkeypatch.undo()
    assert runner_of(client).run_due() == 0
    assert client.get(path).json()["state"] == "succeeded"
    assert len(entries(database)) == 1


class ends:  # a context manager
    """A transaction after whose commit the process ends."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __enter__(self) -> Any:
        return self._inner.__enter__()

    def __exit__(self, *raised: Any) -> None:
        if not self._inner.__exit__(*raised) and raised[0] is None:
            raise Killed


@pytest.mark.both_databases
def test_a_publisher_that_ends_before_the_commit_has_published_nothing_and_another_does(
    client: Client, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = ask(client).headers["location"]

    def end(*_arguments: Any, **_options: Any) -> Any:
        raise Killed

    monkeypatch.setattr(job_queries, "update_leased", end)
    with pytest.raises(Killed):
        runner_of(client).run_due()
    monkeypatch.undo()
    assert client.get(f"{PUBLICATIONS}/1").status_code == 404
    assert client.get(path).json()["state"] == "running"
    assert runner_of(client).run_due() == 0
    with database.write() as session:
        session.execute(update(JOBS).values(lease_expires=datetime.now(UTC) - timedelta(seconds=1)))
    assert runner_of(client).run_due() == 1
    assert client.get(path).json()["state"] == "succeeded"
    assert len(entries(database)) == 1


def test_a_job_that_is_cancelled_while_it_prepares_publishes_nothing(
    client: Client, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = ask(client).headers["location"]
    report = JobRun.report

    def cancel_at_second(self: JobRun[Any], *, done: int, **options: Any) -> None:
        if done == 2:
            assert client.post(f"{path}/cancellations").status_code == 202
        self._report_at = 0.0  # as if half a second had passed
        report(self, done=done, **options)

    monkeypatch.setattr(JobRun, "report", cancel_at_second)
    runner_of(client).run_due()
    cancelled = client.get(path).json()
    assert (cancelled["state"], cancelled["done"], cancelled["total"]) == ("cancelled", 1, 3)
    assert client.get(f"{PUBLICATIONS}/1").status_code == 404
    assert entries(database) == []
    # The edition is as it was.
    monkeypatch.undo()
    assert ask(client, "again").status_code == 202
    runner_of(client).run_due()
    assert client.get(f"{PUBLICATIONS}/1").status_code == 200


def test_a_service_that_stops_gives_its_publication_back(client: Client, database: Database) -> None:
    path = ask(client).headers["location"]
    publishing: service.EditionPublisher = client.app.state["publishing"]
    publishing.stop()
    runner_of(client).run_next()
    waiting = client.get(path).json()
    assert (waiting["state"], waiting["problem"]) == ("queued", None)
    with database.read() as session:
        record = job_queries.get_job(session, int(waiting["id"]))
    assert record is not None
    assert (record.attempts, record.lease) == (0, None)


def test_a_job_whose_edition_has_gone_or_whose_request_no_longer_fits_fails(client: Client, database: Database) -> None:
    gone, misfit = (ask(client, name).headers["location"] for name in ("gone", "misfit"))

    def change(path: str, **values: object) -> None:
        with database.write() as session:
            job = int(path.rpartition("/")[2])
            found = job_queries.get_job(session, job)
            assert found is not None
            session.execute(update(JOBS).where(JOBS.c.id == job).values(parameters={**found.parameters, **values}))

    change(gone, edition="2099")
    change(misfit, request={"reason": REASON, "because": "?"})
    runner_of(client).run_due()
    failed = [client.get(path).json() for path in (gone, misfit)]
    assert [job["state"] for job in failed] == ["failed", "failed"]
    assert [job["problem"]["status"] for job in failed] == [404, 400]
    assert [error["pointer"] for error in failed[1]["problem"]["errors"]] == ["/because"]


def test_with_a_second_approver_a_job_is_asked_for_once_another_key_has_approved(
    url: str, database: Database, tmp_path: Path
) -> None:
    prepare(database, tmp_path)
    settings = structs.replace(unlimited(url), signing_folder=tmp_path, second_approver=True)
    with borrow_app(settings) as app, TestClient(app) as client:
        publisher, approver = create_header(database), create_header(database)
        body = {"reason": REASON}
        headers = {**publisher, "Prefer": "respond-async"}
        refused = client.post(PUBLICATIONS, json=body, headers={**headers, "Idempotency-Key": "a"})
        (error,) = problem(refused, 409, "conflict")["errors"]
        assert error["rule"] == "unapproved"
        approval = {**body, "digest": error["suggestion"]}
        assert client.post(f"/v1/editions/{EDITION}/approvals", json=approval, headers=approver).status_code == 201
        asked = client.post(PUBLICATIONS, json=body, headers={**headers, "Idempotency-Key": "b"})
        assert asked.status_code == 202
        runner_of(client).run_due()
        assert client.get(asked.headers["location"], headers=publisher).json()["state"] == "succeeded"


def test_what_changes_meanwhile_is_published_as_it_is_then(client: Client, database: Database, tmp_path: Path) -> None:
    path = ask(client).headers["location"]
    with database.write() as session:
        session.execute(
            text("UPDATE assessment SET state = 'final', submitted = created WHERE organisation = :one"), {"one": LATE}
        )
    runner_of(client).run_due()
    assert client.get(path).json()["result"]["organisations"] == 4


def test_the_command_line_and_a_job_publish_once(client: Client, database: Database, tmp_path: Path) -> None:
    path = ask(client).headers["location"]
    publish(database, tmp_path)
    runner_of(client).run_due()
    assert client.get(path).json()["state"] == "failed"
    assert client.get(f"{PUBLICATIONS}/latest").json()["revision"] == 1


def test_an_application_that_runs_jobs_does_what_it_is_asked_for(url: str, database: Database, tmp_path: Path) -> None:
    prepare(database, tmp_path)
    app = create_app(structs.replace(unlimited(url), signing_folder=tmp_path), runs_jobs=True)
    with TestClient(app) as client:
        client.headers.update(create_header(database))
        path = ask(client).headers["location"]
        await_true(lambda: client.get(path).json()["state"] == "succeeded")
    app.state["database"].close()
