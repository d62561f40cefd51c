"""Imports that something happens to while they run: they are cancelled, or somebody changes what they are to write."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from datetime import UTC, datetime
from io import BytesIO
from typing import Final, TypeVar

import msgspec
import pytest

from actitud_api.platform.jobs import queries as jobs
from actitud_api.platform.jobs import service as job_service
from actitud_api.platform.jobs.runner import JobRunner
from actitud_api.platform.jobs.service import JobStatus
from actitud_api.platform.jobs.workers import map_serially, run_here
from actitud_api.platform.storage.database import Database
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.editions import service as editions
from actitud_api.resources.imports import import_run
from actitud_api.resources.imports.import_run import ImportWorkers
from actitud_api.resources.imports.service import Importer, ImportRequest
from actitud_api.resources.imports.tasks import build_task
from tests.support.assessing import body_a
from tests.support.importing import CSV, EDITION, NEW, VERSION, register, tidy
from tests.support.settling import anything

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")
COUNT: Final = 5


@pytest.fixture
def ids(database: Database, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of five organisations; an edition is open, and a step of an import stores two of them."""
    monkeypatch.setattr(import_run, "BATCH", 2)
    with database.write() as session:
        editions.create(session, msgspec.convert(NEW, editions.EditionDraft), now=datetime.now(UTC))
    return register(database, COUNT)


def do(
    database: Database,
    workers: ImportWorkers,
    content: bytes,
    listen: Callable[[int], None] = lambda job: None,
    *,
    all_or_nothing: bool = False,
) -> JobStatus:
    """Import a file, and return the status of its job; `listen` is called with its id after each step."""
    importer = Importer(database, workers)
    received = importer.receive_file(EDITION, BytesIO(content), len(content), CSV, "somebody")
    request = ImportRequest(dry_run=False, all_or_nothing=all_or_nothing, language="en", request=None)
    with database.write(hidden=True) as session:
        job = importer.enqueue_import(session, received, None, request).id
    JobRunner(database, [build_task(importer)], progress=lambda done, total: listen(job)).run_next(job)
    return job_service.get_status(database, str(job), None)


HERE: Final = ImportWorkers(lambda: nullcontext(map_serially), run_here)


def test_an_import_that_is_cancelled_keeps_what_is_stored_by_then(database: Database, ids: list[str]) -> None:
    def cancel(job: int) -> None:
        with database.write(hidden=True) as session:
            record = jobs.get_job(session, job)
            assert record is not None
            if record.cursor is not None:
                jobs.request_cancellation(session, job, datetime.now(UTC))

    status = do(database, HERE, tidy(ids), cancel)
    assert (status.record.state, status.outcomes) == ("cancelled", {"created": 2})
    with database.read() as session:
        assert set(assessments.find_assessments(session, EDITION, ids)) == set(ids[:2])
        assert session.connection().exec_driver_sql("SELECT count(*) FROM import_file").scalar_one() == 0
    assert do(database, HERE, tidy(ids)).outcomes == {"created": 3, "unchanged": 2}


@pytest.mark.both_databases
@pytest.mark.parametrize("all_or_nothing", [False, True])
def test_what_somebody_changes_meanwhile_is_read_again(
    database: Database, ids: list[str], all_or_nothing: bool
) -> None:
    other = body_a(VERSION)
    other["profile"]["units"] = 13
    request = msgspec.convert(other, assessments.REQUEST_TYPES[VERSION].whole)
    meddled: list[str] = []

    def meddle(function: Callable[[ItemT], ResultT], items: Iterable[ItemT], /) -> Iterator[ResultT]:
        for item in items:
            result = function(item)
            if not meddled:
                meddled.append(ids[0])
                with database.write() as session:
                    assessments.put_assessment(
                        session, EDITION, ids[0], request, expected=anything, now=datetime.now(UTC)
                    )
            yield result

    workers = ImportWorkers(lambda: nullcontext(meddle), run_here)
    status = do(database, workers, tidy(ids), all_or_nothing=all_or_nothing)
    assert status.outcomes == {"created": COUNT - 1, "replaced": 1}
    with database.read() as session:
        found = assessments.find_assessments(session, EDITION, ids)
    assert {name: record.version for name, record in found.items()} == {**dict.fromkeys(ids, 1), ids[0]: 2}
    assert found[ids[0]].submission.profile["units"] == 12
