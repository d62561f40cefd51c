"""A worker is killed again and again while it takes steps of many: nothing is lost, and nothing is done twice."""

from __future__ import annotations

import random
import signal
from collections import Counter
from datetime import timedelta
from multiprocessing.connection import Connection as Pipe
from typing import Final

import msgspec

from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.auth.service import Principal
from actitud_api.platform.jobs import service as jobs
from actitud_api.platform.jobs.runner import JobRunner
from actitud_api.platform.storage.database import Database
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.assessments import transitions
from actitud_api.resources.assessments.lifecycle import AssessmentState
from actitud_api.resources.batches import service, tasks
from actitud_api.resources.batches.steps import PlainStep, Step
from tests.faults.writers import PROCESSES
from tests.support.databases import Kind, opened
from tests.support.drafting import EDITION, fill_drafts
from tests.support.scale import BATCH_KILLS, BATCHED

SECONDS: Final = 30
LEASE: Final = timedelta(seconds=0.6)
"""So long a job of a killed worker waits on PostgreSQL, where another one could still be alive."""
STEPS: Final[tuple[tuple[Step, AssessmentState], ...]] = (
    (PlainStep(step="submissions"), "submitted"),
    (PlainStep(step="reviews"), "under_review"),
    (PlainStep(step="hearings"), "hearing"),
)
ADMINISTRATOR: Final = Principal("k1", "administrator", "k1")
EVENT: Final = ledger.Event(
    action="editions.transitions.create",
    actor=ledger.Actor("k1", "administrator"),
    subject=f"/v1/editions/{EDITION}/transitions",
    public=False,
    hidden=True,
)


def work(url: str, owner: str | None, portion: int, progress: Pipe) -> None:
    """Do jobs until the process is killed, and say of each portion that it is done."""
    tasks.PORTION = portion  # type: ignore[misc]  # of this process
    with opened(url) as database:
        runner = JobRunner(
            database,
            [tasks.TRANSITIONS_TASK],
            owner=owner,
            threads=1,
            lease=LEASE,
            progress=lambda done, _total: progress.send(done),
        )
        runner.start()
        signal.pause()


def test_a_killed_worker_loses_nothing_and_does_nothing_twice(database: Database, url: str, kind: Kind) -> None:
    names = fill_drafts(database, BATCHED)
    chance, kills = random.Random(22), 0
    owner = "service" if kind == "sqlite" else None
    for step, state in STEPS:
        job = enqueue(database, step)
        while not jobs.get_status(database, str(job), None).record.is_final:
            is_last = kills >= BATCH_KILLS[kind]
            run_until_killed(url, owner, None if is_last else chance.randint(1, 3), database, job)
            kills += not is_last
        status = jobs.get_status(database, str(job), None)
        assert (status.record.state, status.record.done, status.outcomes) == ("succeeded", BATCHED, {"done": BATCHED})
        with database.read() as session:
            found = assessments.find_assessments(session, EDITION, names)
        assert {record.state for record in found.values()} == {state}
        items = jobs.list_items(database, str(job), None, outcome=None, after=None, offset=0, limit=2 * BATCHED)
        assert [item.subject for item in items] == names
        assert [item.position for item in items] == list(range(1, BATCHED + 1))
    assert kills == BATCH_KILLS[kind], "the steps are long enough for all kills"
    for name in names:
        history = transitions.list_transitions(database, EDITION, name, after=None, offset=0, limit=9)
        assert [(made.number, made.after) for made in history] == [
            (number, state) for number, (_, state) in enumerate(STEPS, 1)
        ]
    assert_entered_once(database)


def enqueue(database: Database, step: Step) -> int:
    with database.write(hidden=True) as session:
        total = service.count_selected(session, EDITION, step, ADMINISTRATOR)
        parameters = tasks.build_parameters(step, EVENT)
        return jobs.enqueue_job(
            session,
            kind=tasks.TRANSITIONS,
            parameters=parameters,
            principal=None,
            edition=EDITION,
            total=total,
        ).id


def run_until_killed(url: str, owner: str | None, after: int | None, database: Database, job: int) -> None:
    """Let a worker do so many portions and kill it in the next one; None lets it end the job."""
    receiving, sending = PROCESSES.Pipe(duplex=False)
    portion = max(1, BATCHED // (2 * max(BATCH_KILLS.values())))
    process = PROCESSES.Process(target=work, args=(url, owner, portion, sending))
    process.start()
    sending.close()
    try:
        said = 0
        while said != after and not jobs.get_status(database, str(job), None).record.is_final:
            if receiving.poll(0.2):
                receiving.recv()
                said += 1
    finally:
        process.kill()
        process.join(SECONDS)
        receiving.close()
    assert process.exitcode == -signal.SIGKILL


def assert_entered_once(database: Database) -> None:
    with database.read() as session:
        entries = list(ledger.iterate_entries(session))
    assert [entry.entry.seq for entry in entries] == list(range(len(entries)))
    assert [entry.entry.prev for entry in entries[1:]] == [entry.entry.hash for entry in entries[:-1]]
    entered = Counter(
        (msgspec.json.decode(entry.entry.record)["action"], entry.opening.owner) for entry in entries if entry.opening
    )
    assert len(entered) == BATCHED
    assert set(entered.values()) == {len(STEPS)}
