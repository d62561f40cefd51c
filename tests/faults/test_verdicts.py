"""A worker is killed again and again while it gives the verdicts of a workbook: none is lost, and none given twice."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from msgspec import structs
from sqlalchemy import text

from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.auth import service as access
from actitud_api.platform.jobs import service as jobs
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.pages import PageRange
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.batches import verdicts
from actitud_api.resources.organisations.service import OrganisationFilters
from actitud_api.resources.reviews import service as reviews
from actitud_api.web.workbooks.verdicts.layout import WorkbookIdentity
from actitud_api.web.workbooks.verdicts.tasks import VERDICTS, VerdictsParameters
from actitud_api.web.workbooks.verdicts.writing import write_workbook
from tests.faults.integrity import find_damage
from tests.faults.killed_workers import kill_workers
from tests.faults.test_batches import count_entries
from tests.support.databases import Kind
from tests.support.drafting import fill_drafts
from tests.support.scale import WORKER_KILLS
from tests.support.settling import anything, settle

ASSESSMENTS: Final = 5
"""Assessments that a workbook judges; a worker gives the verdicts on two of them in one step."""
OPINIONS: Final = {
    "D1.01": reviews.Opinion(verdict="accepted"),
    "D1.02": reviews.Opinion(verdict="rejected", reason="Not there."),
}
EVENT: Final = ledger.Event(action="editions.verdicts.create", actor=None, subject="", public=False, hidden=True)


def test_verdicts_whose_worker_is_killed_are_given_once(
    database: Database, url: str, kind: Kind, tmp_path: Path
) -> None:
    with database.write() as session:
        made = access.create_key(session, (), role="assessor", days=1, now=datetime.now(UTC)).record
    assessor = access.Principal(made.id, made.role, made.origin)
    editions: list[str] = []
    names: list[str] = []

    def enqueue(number: int) -> int:
        editions.append(f"2027-k{number}")
        names[:] = fill_drafts(database, ASSESSMENTS, editions[-1])
        return enqueue_verdicts(database, editions[-1], names, assessor)

    deaths = kill_workers(database, url, kind, enqueue, kills=WORKER_KILLS[kind], folder=tmp_path)
    judged = [(name, indicator) for name in names for indicator in OPINIONS]
    for edition, job in zip(editions, deaths.jobs, strict=True):
        status = jobs.get_status(database, str(job), None)
        assert (status.record.done, status.record.total, status.outcomes) == (10, 10, {"done": 10})
        items = jobs.list_items(database, str(job), None, PageRange(limit=20), outcome=None)
        assert [(item.position, item.subject) for item in items] == [
            (position, f"{name}/{indicator}") for position, (name, indicator) in enumerate(judged, 1)
        ]
        with database.read() as session:
            found = reviews.collect_answer_reviews(
                session, edition, assessments.find_assessments(session, edition, names)
            )
        for name, indicator in judged:
            given = [(verdict.verdict, verdict.assessor) for verdict in found[name][indicator].verdicts]
            assert given == [(OPINIONS[indicator].verdict, assessor.origin)]
    assert count_entries(database, verdicts.ACTION) == {
        f"/v1/editions/{edition}/assessments/{name}/verdicts/{indicator}": 1
        for edition in editions
        for name, indicator in judged
    }
    with database.read() as session:
        assert session.execute(text("SELECT count(*) FROM batch_file")).scalar_one() == 0
    assert find_damage(database) == []
    assert deaths.in_the_middle == WORKER_KILLS[kind]


def enqueue_verdicts(database: Database, edition: str, names: list[str], assessor: access.Principal) -> int:
    """Ask for the job that reads a workbook with the same opinions on each assessment, and return its id."""
    with database.write() as session:
        for name in names:
            assessments.submit_assessment(
                session, edition, name, {}, role="administrator", expected=anything, now=datetime.now(UTC)
            )
    for name in names:
        settle(database, edition, name, "under_review")
    with database.read() as session:
        judgeable = verdicts.list_judgeable(
            session, edition, assessor, filters=OrganisationFilters(), is_sample=False, after=None, limit=ASSESSMENTS
        )
    identity = WorkbookIdentity(edition, "2026.1", assessor.origin)
    workbook = write_workbook(identity, [structs.replace(one, own=OPINIONS) for one in judgeable], "en")
    with database.write(hidden=True) as session:
        job = jobs.enqueue_job(
            session,
            kind=VERDICTS,
            parameters=VerdictsParameters("2026.1", EVENT),
            principal=assessor,
            edition=edition,
        ).id
        verdicts.store_file(session, job, workbook)
    return job
