"""Use cases of jobs: ask for one, read it, cancel it. `runner` executes them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import msgspec
from msgspec import Struct

from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.auth.service import Principal
from actitud_api.platform.jobs import queries
from actitud_api.platform.jobs.queries import JobFilters as JobFilters
from actitud_api.platform.jobs.queries import JobItem as JobItem
from actitud_api.platform.jobs.queries import JobRecord as JobRecord
from actitud_api.platform.jobs.queries import JobState as JobState
from actitud_api.platform.storage.database import Database, Session, read_clock
from actitud_api.platform.storage.numbers import parse_number
from actitud_api.platform.storage.pages import PageRange

JOB_LIFETIME: Final = timedelta(days=90)
"""Time for which a job is kept after its end."""

BATCH: Final = 20
"""Jobs that one transaction deletes: other writers wait for it, and a job may have a result for each organisation."""


class UnknownJob(LookupError):
    """Raised if no job has the given id, or the principal may not see the job."""

    def __init__(self, job: str) -> None:
        super().__init__(job)
        self.job = job


class JobEnded(ValueError):
    """Raised by `cancel_job` if the job has ended already; `state` is its final state."""

    def __init__(self, job: int, state: JobState) -> None:
        super().__init__(f"{job} is {state}")
        self.job = job
        self.state = state


class JobStatus(Struct, frozen=True):
    """Job with its progress.

    Attributes:
        record: The job as it is stored.
        outcomes: Number of its results by outcome, a word of the task such as `imported`.
        rate: Units done per second since the last run began, None if nothing was done.
        remaining: Seconds until the job is done at this rate, None if it is not running or its total is unknown.
    """

    record: JobRecord
    outcomes: dict[str, int]
    rate: float | None
    remaining: float | None


def enqueue_job(
    session: Session,
    *,
    kind: str,
    parameters: Struct,
    principal: Principal | None,
    edition: str | None = None,
    total: int | None = None,
    run_after: datetime | None = None,
) -> JobRecord:
    """Store a new job and return it; it can run once the session commits.

    Args:
        session: Write session.
        kind: Name of the task.
        parameters: Parameters of the task, which can be encoded as JSON.
        principal: The principal who asks for the job, None for the command line.
        edition: Id of the edition of the job, None if it concerns no single edition.
        total: Number of units to be done, None if unknown.
        run_after: Time before which the job does not begin, None for now.
    """
    now = read_clock(session)
    values: dict[str, object] = {
        "kind": kind,
        "state": "queued",
        "edition": edition,
        "holder": None if principal is None else principal.origin,
        "principal": msgspec.to_builtins(principal),
        "parameters": msgspec.to_builtins(parameters),
        "cursor": None,
        "created": now,
        "run_after": run_after or now,
        "touched": now,
        "attempts": 0,
        "done": 0,
        "resumed_done": 0,
        "total": total,
        "cancel_requested": False,
    }
    return queries.insert_job(session, values)


def find_job(session: Session, job: str, principal: Principal | None) -> JobRecord:
    """Return a job that may be seen by a principal, the holder of a key; None is the command line.

    A holder may see the jobs that it asked for. Administrators and the command line may see all.

    Raises:
        UnknownJob: No job has this id, or the principal may not see it.
    """
    number = parse_number(job)
    record = None if number is None else queries.get_job(session, number)
    if record is None or not can_see(principal, record):
        raise UnknownJob(job)
    return record


def can_see(principal: Principal | None, record: JobRecord) -> bool:
    """Return True if the holder of a key may see a job; `principal` is None for the command line, which may see all."""
    return principal is None or principal.role == "administrator" or principal.origin == record.holder


def get_status(database: Database, job: str, principal: Principal | None) -> JobStatus:
    """Return the status of a job; `principal` is None for the command line, which may see all jobs.

    Raises:
        UnknownJob: No job has this id, or the principal may not see it.
    """
    with database.read() as session:
        return build_status(session, find_job(session, job, principal))


def list_statuses(
    database: Database, filters: JobFilters, principal: Principal, page: PageRange[int]
) -> list[JobStatus]:
    """List the jobs that the holder of a key may see, newest first, each with its progress.

    The sort key of `page` is the id of a job.
    """
    if principal.role != "administrator":
        filters = msgspec.structs.replace(filters, holder=principal.origin)
    with database.read() as session:
        records = queries.list_jobs(session, filters, page)
        outcomes = queries.count_outcomes(session, [record.id for record in records])
        now = read_clock(session)
    return [_build_status(record, outcomes, now) for record in records]


def list_items(
    database: Database, job: str, principal: Principal | None, page: PageRange[int], *, outcome: str | None
) -> list[JobItem]:
    """List the results of a job in order.

    Args:
        database: Database with the job.
        job: Id of the job.
        principal: Holder of the key of the request, None for the command line.
        page: Part of the list; its sort key is the position of a result.
        outcome: Only results with this outcome; None for all.

    Raises:
        UnknownJob: No job has this id, or the principal may not see it.
    """
    with database.read() as session:
        record = find_job(session, job, principal)
        return queries.list_items(session, record.id, outcome, page)


def cancel_job(
    session: Session,
    job: str,
    principal: Principal,
    event: ledger.Event,
    *,
    discard: Callable[[Session, JobRecord], None],
    now: datetime,
) -> JobRecord:
    """Cancel a job in a write session: at once if it has not begun, else before its next step. Return the job.

    `event` is the ledger entry about the cancellation. `discard` deletes the input of the job if it is cancelled at
    once.

    Raises:
        UnknownJob: No job has this id, or the principal may not see it.
        JobEnded: The job has ended.
    """
    record = find_job(session, job, principal)
    # Before the row of the job: a step takes these two locks in this order too.
    ledger.append_entry(session, event, now=now)
    cancelled = queries.request_cancellation(session, record.id, read_clock(session))
    if cancelled is None:
        ended = queries.get_job(session, record.id)
        assert ended is not None
        raise JobEnded(record.id, ended.state)
    if cancelled.is_final:
        discard(session, cancelled)
    return cancelled


def abandon_job(session: Session, job: int) -> None:
    """Cancel a job at once, even while it runs; do nothing if it has ended. Its run stores nothing more.

    A command that runs a job itself calls this function when it is told to stop. `session` is a write session.
    """
    now = read_clock(session)
    queries.end_job(session, job, {"state": "cancelled", "cancel_requested": True, "finished": now, "touched": now})


def build_status(session: Session, record: JobRecord) -> JobStatus:
    """Count the results of a job by outcome, and return its status."""
    return _build_status(record, queries.count_outcomes(session, [record.id]), read_clock(session))


class JobBacklog(Struct, frozen=True):
    """Backlog of jobs: the time since which the longest waiting job is due, and the number of failed jobs.

    `due_since` is None if no job waits. `failed` counts the jobs that are still stored.
    """

    due_since: datetime | None
    failed: int


def get_backlog(session: Session) -> JobBacklog:
    """Return the time since which the longest waiting job is due, and the number of stored failed jobs.

    A failed job is stored until `JOB_LIFETIME` after its end.
    """
    counts = queries.count_by_state(session)
    failed = sum(count for (_, state), count in counts.items() if state == "failed")
    return JobBacklog(queries.find_due_since(session, read_clock(session)), failed)


def forget_old_jobs(database: Database) -> int:
    """Delete the jobs that ended at least `JOB_LIFETIME` ago, and return their number.

    Raises:
        Unavailable: The database could not be reached in time.
    """
    total = 0
    while True:
        with database.write(hidden=True) as session:
            deleted = queries.delete_finished(session, read_clock(session) - JOB_LIFETIME, BATCH)
        total += deleted
        if deleted < BATCH:
            return total


def _build_status(record: JobRecord, outcomes: dict[int, dict[str, int]], now: datetime) -> JobStatus:
    rate = _compute_rate(record, now)
    remaining = None
    if rate is not None and record.state == "running" and record.total is not None:
        remaining = max(record.total - record.done, 0) / rate
    return JobStatus(record, outcomes.get(record.id, {}), rate, remaining)


def _compute_rate(record: JobRecord, now: datetime) -> float | None:
    if record.resumed is None:
        return None
    seconds = ((record.finished or now) - record.resumed).total_seconds()
    done = record.done - record.resumed_done
    # Not positive where the clock was set back meanwhile.
    return done / seconds if seconds > 0 and done > 0 else None
