"""Workers of jobs are killed, stopped and started: each job is done once; both databases."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx
import pytest

from actitud_api import cli
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.jobs.service import enqueue_job, get_status
from actitud_api.platform.storage.database import Database
from actitud_api.resources.publications import service as publications
from actitud_api.resources.publications.tasks import KIND, PublicationParameters
from tests.faults.integrity import find_damage
from tests.faults.killed_workers import kill_workers
from tests.faults.serving import (
    GATE,
    ROOT,
    SERVE,
    SERVE_PREPARING_SLOWLY,
    UNLIMITED,
    Serving,
    await_line,
    one_serving,
    start,
    stop_in_the_middle,
)
from tests.faults.test_publication import stored
from tests.support.databases import Kind, make_key
from tests.support.keys import create_header
from tests.support.publishing import fill, fill_many
from tests.support.scale import NIGHT, WORKER_KILLS
from tests.support.waiting import PATIENCE, await_true

ROWS: Final = 120 if NIGHT else 12
"""Organisations of an edition: at night three batches are scored."""
REASON: Final = {"reason": "It is time."}
EVENT: Final = ledger.Event(action=KIND, actor=None, subject="", public=True)


def enqueue_publication(database: Database, edition: str) -> int:
    with database.write(hidden=True) as session:
        parameters = PublicationParameters(edition, {**REASON}, EVENT)
        job = enqueue_job(session, kind=KIND, parameters=parameters, principal=None, edition=edition, total=ROWS)
        return job.id


def count_publications(database: Database) -> Counter[str]:
    """How many entries of the ledger there are about the publication of each edition."""
    with database.read() as session:
        records = [json.loads(shown.entry.record) for shown in ledger.iterate_entries(session)]
    return Counter(record["details"]["edition"] for record in records if record["action"] == KIND)


@pytest.mark.both_databases
def test_an_edition_whose_publisher_is_killed_is_published_once(
    database: Database, url: str, kind: Kind, tmp_path: Path
) -> None:
    make_key(database, tmp_path)
    editions: list[str] = []

    def enqueue(number: int) -> int:
        editions.append(f"2026-k{number}")
        fill_many(database, editions[-1], ROWS)
        return enqueue_publication(database, editions[-1])

    deaths = kill_workers(database, url, kind, enqueue, kills=WORKER_KILLS[kind], folder=tmp_path)
    assert [stored(database, edition) for edition in editions] == [("published", {1: ROWS})] * len(editions)
    assert count_publications(database) == dict.fromkeys(editions, 1)
    for edition, job in zip(editions, deaths.jobs, strict=True):
        record = get_status(database, str(job), None).record
        assert record.result is not None
        assert record.result["digest"] == publications.get(database, edition, "latest").digest
        assert (record.done, record.total) == (ROWS, ROWS)
    assert find_damage(database) == []
    assert deaths.in_the_middle == WORKER_KILLS[kind]


# --- real processes ---------------------------------------------------------------------------------------------


@contextmanager
def working(url: str, folder: Path, program: str = SERVE) -> Iterator[Serving]:
    """The command `actitud-api worker`, ready; it ends with the block, in order unless it has ended by then."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ACTITUD_")}
    environment |= {"ACTITUD_DATABASE_URL": url, "ACTITUD_SIGNING_FOLDER": str(folder)}
    environment |= {"PYTHONPATH": str(ROOT), "LC_ALL": "C"}
    with start(program, ["worker"], environment) as process:
        try:
            await_line(process, "Does jobs.")
            yield process
        finally:
            process.terminate()
            process.communicate(timeout=PATIENCE)


def await_state(database: Database, job: int, *states: str) -> None:
    await_true(lambda: get_status(database, str(job), None).record.state in states)


@pytest.mark.night
def test_the_service_does_what_it_is_asked_for_and_tells_how_far_it_is(
    database: Database, url: str, kind: Kind, tmp_path: Path
) -> None:
    """The process that serves, and on PostgreSQL a worker in its place where the settings say so."""
    make_key(database, tmp_path)
    fill(database)
    headers = {**create_header(database), "Prefer": "respond-async", "Idempotency-Key": "one"}
    settings = {**UNLIMITED, "signing_folder": str(tmp_path), "runs_jobs": str(kind == "sqlite").lower()}
    with (
        one_serving(url, SERVE, settings=settings) as serving,
        httpx.Client(base_url=serving.address, headers=headers, timeout=PATIENCE) as client,
    ):
        asked = client.post("/v1/editions/2026/publications", json=REASON)
        path = asked.headers["location"]
        if kind == "postgresql":
            with working(url, tmp_path) as worker:
                await_state(database, 1, "succeeded")
                worker.terminate()
                assert worker.wait(PATIENCE) == 0
        with client.stream("GET", f"{path}/events") as events:
            told = events.read().decode()
        assert '"state":"succeeded"' in told
        assert client.get(path).json()["result"]["location"] == "/v1/editions/2026/publications/1"
    assert stored(database, "2026") == ("published", {1: 3})


@pytest.mark.night
def test_a_service_that_stops_in_the_middle_gives_its_job_back_and_the_next_one_does_it(
    database: Database, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends although most of the preparation is to come."""
    monkeypatch.setenv(GATE, str(tmp_path / "gate"))
    make_key(database, tmp_path)
    fill_many(database, "2026", 30)
    job = enqueue_publication(database, "2026")
    settings = {**UNLIMITED, "signing_folder": str(tmp_path)}
    with one_serving(url, SERVE_PREPARING_SLOWLY, settings=settings) as serving:
        stop_in_the_middle(serving, tmp_path / "gate", "preparing")
        assert serving.wait(PATIENCE) == 0
    record = get_status(database, str(job), None).record
    assert (record.state, record.lease, record.attempts) == ("queued", None, 0)
    assert stored(database, "2026") == ("in_review", {})
    with one_serving(url, SERVE, settings=settings):
        await_state(database, job, "succeeded")
    assert stored(database, "2026") == ("published", {1: 30})


def test_a_worker_of_a_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    assert cli.main(["worker", "--database", f"sqlite:///{tmp_path}/x.sqlite3"]) == 1
    assert "does its jobs too" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.both_databases
@pytest.mark.parametrize("name", ["SIGTERM", pytest.param("SIGINT", marks=pytest.mark.night)])
def test_a_worker_does_jobs_until_it_is_told_to_stop(
    database: Database,
    url: str,
    kind: Kind,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
) -> None:
    if kind == "sqlite":
        return  # refused, see above
    make_key(database, tmp_path)
    fill(database)
    job = enqueue_publication(database, "2026")
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.setenv("ACTITUD_SIGNING_FOLDER", str(tmp_path))
    before = signal.getsignal(signal.Signals[name])

    def stop() -> None:
        try:
            await_state(database, job, "succeeded")
        finally:
            os.kill(os.getpid(), signal.Signals[name])

    telling = threading.Thread(target=stop)
    telling.start()
    assert cli.main(["worker", "--database", url]) == 0
    telling.join()
    assert signal.getsignal(signal.Signals[name]) is before
    said = capsys.readouterr().out
    assert said.startswith("Does jobs. Database: postgresql+psycopg://")
    assert said.endswith("Stopped in order.\n")
    assert stored(database, "2026") == ("published", {1: 3})
