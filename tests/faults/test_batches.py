"""A worker is killed again and again while it takes steps of many: nothing is lost, and nothing is done twice."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Final

import msgspec

from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.jobs import service as jobs
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.pages import PageRange
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.assessments import transitions
from actitud_api.resources.batches import service, tasks
from actitud_api.resources.batches.steps import PlainStep
from tests.faults.integrity import find_damage
from tests.faults.killed_workers import kill_workers
from tests.support.databases import Kind
from tests.support.drafting import fill_drafts
from tests.support.scale import WORKER_KILLS

DRAFTS: Final = 20
"""Drafts that a job submits; a worker submits eight of them in one step."""
STEP: Final = PlainStep(step="submissions")


def test_drafts_whose_worker_is_killed_are_submitted_once(
    database: Database, url: str, kind: Kind, tmp_path: Path
) -> None:
    editions: list[str] = []
    names: list[str] = []

    def enqueue(number: int) -> int:
        editions.append(f"2027-k{number}")
        names[:] = fill_drafts(database, DRAFTS, editions[-1])
        return enqueue_submissions(database, editions[-1])

    deaths = kill_workers(database, url, kind, enqueue, kills=WORKER_KILLS[kind], folder=tmp_path)
    for edition, job in zip(editions, deaths.jobs, strict=True):
        status = jobs.get_status(database, str(job), None)
        assert (status.record.done, status.record.total, status.outcomes) == (DRAFTS, DRAFTS, {"done": DRAFTS})
        items = jobs.list_items(database, str(job), None, PageRange(limit=2 * DRAFTS), outcome=None)
        assert [(item.position, item.subject) for item in items] == list(enumerate(names, 1))
        with database.read() as session:
            found = assessments.find_assessments(session, edition, names)
        assert {name: record.state for name, record in found.items()} == dict.fromkeys(names, "submitted")
        for name in names:
            history = transitions.list_transitions(database, edition, name, PageRange(limit=9))
            assert [(made.number, made.before, made.after) for made in history] == [(1, "draft", "submitted")]
            sent = assessments.list_submissions(database, edition, name, PageRange(limit=9))
            assert [submission.number for submission in sent] == [1]
    assert count_entries(database, "cli.assessments.transition") == {
        f"/v1/editions/{edition}/assessments/{name}/submissions/1": 1 for edition in editions for name in names
    }
    assert find_damage(database) == []
    assert deaths.in_the_middle == WORKER_KILLS[kind]


def enqueue_submissions(database: Database, edition: str) -> int:
    event = ledger.Event(action="cli.assessments.transition", actor=None, subject="", public=False, hidden=True)
    with database.write(hidden=True) as session:
        return jobs.enqueue_job(
            session,
            kind=tasks.TRANSITIONS,
            parameters=tasks.build_parameters(STEP, event),
            principal=None,
            edition=edition,
            total=service.count_selected(session, edition, STEP, None),
        ).id


def count_entries(database: Database, action: str) -> Counter[str]:
    """Count the entries of the ledger with an action, by subject."""
    with database.read() as session:
        entries = [
            (msgspec.json.decode(shown.entry.record)["action"], shown.opening)
            for shown in ledger.iterate_entries(session)
        ]
    return Counter(opening.subject for found, opening in entries if found == action and opening is not None)
