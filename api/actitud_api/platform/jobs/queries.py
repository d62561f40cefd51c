"""All SQL over jobs and their results."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct
from sqlalchemy import ColumnElement, and_, bindparam, case, delete, func, insert, or_, select, update
from sqlmodel import Session

from actitud_api.platform.auth.service import Principal
from actitud_api.platform.jobs.problems import JobProblem
from actitud_api.platform.jobs.tables import JobItemTable, JobTable
from actitud_api.platform.storage.base import Base
from actitud_api.platform.storage.pages import PageRange, execute_page
from actitud_api.platform.storage.records import fetch_record, fetch_records
from actitud_api.platform.storage.times import UtcTime

JOBS: Final = Base.metadata.tables[str(JobTable.__tablename__)]
ITEMS: Final = Base.metadata.tables[str(JobItemTable.__tablename__)]

SET_BACK: Final = timedelta(seconds=5)
"""How far in the future a row was written last if the clock has been set back since: then no time in it counts."""

JobState = Literal["queued", "running", "succeeded", "failed", "cancelled"]
"""The state of a job. The last three are final."""

FINAL_STATES: Final[frozenset[JobState]] = frozenset({"succeeded", "failed", "cancelled"})

_ENDED: Final[dict[str, object]] = {"parameters": {}}
"""Columns of a job that has ended.

A request may quote texts about an assessment, which an erasure could not find here, and a job is kept for long.
"""


class JobRecord(Struct, frozen=True, kw_only=True):
    """Job as it is stored. Amounts (`done`, `total`) are in units of its task.

    Attributes:
        id: Number of the job.
        kind: Name of the task.
        state: State, of which `succeeded`, `failed` and `cancelled` are final.
        edition: Id of the edition of the job, None if it concerns no single edition.
        holder: Id of the holder of the key that asked for the job, None for the command line.
        principal: That holder with role and bindings at that time, None for the command line.
        parameters: Parameters of the task, empty once the job has ended.
        cursor: Position that the last committed step stored for the next one, None before the first.
        created: Time of the request for the job.
        run_after: Time before which the job does not begin.
        started: Time at which the job first ran, None before it.
        resumed: Time at which the job last began or continued to run, None before it ran.
        finished: Time of its end, None before it.
        lease: Name of the run that has claimed the job, None if none has.
        attempts: Number of runs since the last committed step.
        done: Amount done.
        resumed_done: Amount that was done at the time `resumed`.
        total: Amount of all work, None if unknown.
        result: Result, None until the job succeeds.
        problem: Reason of the failure, None until the job fails.
        cancel_requested: True if the job is to be cancelled before its next step.
    """

    id: int
    kind: str
    state: JobState
    edition: str | None
    holder: str | None
    principal: Principal | None
    parameters: dict[str, Any]
    cursor: Any
    created: datetime
    run_after: datetime
    started: datetime | None
    resumed: datetime | None
    finished: datetime | None
    lease: str | None
    attempts: int
    done: int
    resumed_done: int
    total: int | None
    result: dict[str, Any] | None
    problem: JobProblem | None
    cancel_requested: bool

    @property
    def is_final(self) -> bool:
        """True if the job has ended, so that it does not change any more."""
        return self.state in FINAL_STATES


class JobItem(Struct, frozen=True, kw_only=True):
    """Result of a job for one subject, such as an organisation or a row of a file.

    `position` counts the results of the job from 1. `outcome` is a word of the job, such as `imported`. `detail` has
    further facts, None if there are none.
    """

    position: int
    subject: str
    outcome: str
    detail: dict[str, Any] | None


class JobFilters(Struct, frozen=True, kw_only=True):
    """Filters of the list of jobs; None does not filter.

    `holder`: id of the holder of the key that asked for the jobs.
    """

    kind: str | None = None
    state: JobState | None = None
    edition: str | None = None
    holder: str | None = None

    def build_conditions(self) -> list[ColumnElement[bool]]:
        """Return an SQL condition for each job filter that is not None."""
        return [JOBS.c[name] == value for name in self.__struct_fields__ if (value := getattr(self, name)) is not None]


_COLUMNS: Final = tuple(JOBS.c[name] for name in JobRecord.__struct_fields__)
_SELECT_ONE: Final = select(*_COLUMNS).where(JOBS.c.id == bindparam("id"))
_SELECT_ITEMS: Final = select(*(ITEMS.c[name] for name in JobItem.__struct_fields__)).order_by(ITEMS.c.position)


def insert_job(session: Session, values: Mapping[str, object]) -> JobRecord:
    """Insert a new job and return it as stored; `values` has the value of each column by name."""
    row = session.execute(insert(JOBS).returning(*_COLUMNS), values).mappings().one()
    return msgspec.convert(dict(row), JobRecord)


def get_job(session: Session, job: int) -> JobRecord | None:
    """Return the job with an id, or None if there is none."""
    return fetch_record(session.execute(_SELECT_ONE, {"id": job}), JobRecord)


def list_jobs(session: Session, filters: JobFilters, page: PageRange[int]) -> list[JobRecord]:
    """List jobs that match the filters, newest first; the sort key of `page` is the id of a job."""
    statement = select(*_COLUMNS).where(*filters.build_conditions()).order_by(JOBS.c.id.desc())
    rows = execute_page(session, statement, page, after=lambda before: JOBS.c.id < before)
    return fetch_records(rows, JobRecord)


def list_items(session: Session, job: int, outcome: str | None, page: PageRange[int]) -> list[JobItem]:
    """List the results of a job in the order of their positions; the sort key of `page` is the position.

    `outcome`: only results with this outcome; None for all.
    """
    statement = _SELECT_ITEMS.where(ITEMS.c.job == job)
    if outcome is not None:
        statement = statement.where(ITEMS.c.outcome == outcome)
    rows = execute_page(session, statement, page, after=lambda after: ITEMS.c.position > after)
    return fetch_records(rows, JobItem)


def count_outcomes(session: Session, jobs: Collection[int]) -> dict[int, dict[str, int]]:
    """Count the results of each job by outcome; return the counts by job id, without jobs that have no results."""
    statement = (
        select(ITEMS.c.job, ITEMS.c.outcome, func.count())
        .where(ITEMS.c.job.in_(jobs))
        .group_by(ITEMS.c.job, ITEMS.c.outcome)
        .order_by(ITEMS.c.job, ITEMS.c.outcome)
    )
    counted: dict[int, dict[str, int]] = {}
    for job, outcome, count in session.execute(statement):
        counted.setdefault(job, {})[outcome] = count
    return counted


def count_items(session: Session, job: int) -> int:
    """Return the number of results of a job, which is also the position of the last result."""
    last: int | None = session.execute(select(func.max(ITEMS.c.position)).where(ITEMS.c.job == job)).scalar_one()
    return last or 0


def insert_items(session: Session, job: int, items: Sequence[JobItem]) -> None:
    """Insert results of a job, each for one subject."""
    if items:
        session.execute(insert(ITEMS), [{"job": job, **msgspec.structs.asdict(item)} for item in items])


def count_by_state(session: Session) -> dict[tuple[str, JobState], int]:
    """Return the number of stored jobs by kind and state."""
    statement = select(JOBS.c.kind, JOBS.c.state, func.count()).group_by(JOBS.c.kind, JOBS.c.state)
    return {(kind, state): count for kind, state, count in session.execute(statement.order_by(JOBS.c.kind))}


def find_due_since(session: Session, now: datetime) -> datetime | None:
    """Return the time at which the longest waiting job became due; None if no job is due.

    A job is due if it may begin or continue now and no run holds a claim.
    """
    is_left = and_(JOBS.c.state == "running", JOBS.c.lease_expires <= now)
    since = case((JOBS.c.state == "running", JOBS.c.lease_expires), else_=JOBS.c.run_after)
    statement = select(func.min(since, type_=UtcTime())).where(
        or_(and_(JOBS.c.state == "queued", JOBS.c.run_after <= now), is_left)
    )
    due_since: datetime | None = session.execute(statement).scalar_one()
    return due_since


# --- the life of a job ----------------------------------------------------------------------------------------


def has_due_job(session: Session, kinds: Collection[str], now: datetime) -> bool:
    """Return True if a job of one of these kinds may begin or continue now and no run holds a claim."""
    return session.execute(select(JOBS.c.id).where(_is_due(kinds, now)).limit(1)).first() is not None


def claim_job(
    session: Session, kinds: Collection[str], lease: str, lasting: timedelta, now: datetime, job: int | None = None
) -> JobRecord | None:
    """Claim the oldest due job of these kinds and return it; None if no job is due.

    A job is due if it may begin or continue now and no other run holds a claim. On PostgreSQL a job that another
    transaction is claiming is skipped.

    Args:
        session: Write session.
        kinds: Names of the tasks.
        lease: Name of the run that claims the job.
        lasting: Time during which no other run can claim it.
        now: Present time.
        job: Id of the only job to claim; None for any.
    """
    due = select(JOBS.c.id).where(_is_due(kinds, now)).order_by(JOBS.c.id).limit(1)
    if job is not None:
        due = due.where(JOBS.c.id == job)
    values = {
        "state": "running",
        "lease": lease,
        "lease_expires": now + lasting,
        "attempts": JOBS.c.attempts + 1,
        "started": func.coalesce(JOBS.c.started, now),
        "resumed": now,
        "resumed_done": JOBS.c.done,
        "touched": now,
    }
    oldest = due.with_for_update(skip_locked=True).scalar_subquery()
    statement = update(JOBS).where(JOBS.c.id == oldest).values(values)
    return fetch_record(session.execute(statement.returning(*_COLUMNS)), JobRecord)


def extend_leases(session: Session, leases: Collection[str], lasting: timedelta, now: datetime) -> set[str]:
    """Extend these leases of jobs to `lasting` from now on; return the leases that still exist.

    A lease is the name of the run that has claimed a job for a limited time.
    """
    statement = update(JOBS).where(JOBS.c.lease.in_(leases)).values(lease_expires=now + lasting, touched=now)
    return set(session.execute(statement.returning(JOBS.c.lease)).scalars())


def release_leases(session: Session, owner: str, now: datetime) -> int:
    """End the claims (leases) of jobs by a process that has ended, and return their number.

    `owner` is the name of the process, with which the names of its leases begin.
    """
    statement = update(JOBS).where(JOBS.c.lease.startswith(f"{owner}:", autoescape=True))
    ended = session.execute(statement.values(lease_expires=now, touched=now).returning(JOBS.c.id))
    return len(ended.all())


def is_cancel_requested(session: Session, job: int, lease: str) -> bool | None:
    """Return True if the job is to be cancelled, else False; None if it no longer has the lease `lease`.

    A lease is the name of the run that has claimed a job.
    """
    statement = select(JOBS.c.cancel_requested).where(JOBS.c.id == job, JOBS.c.lease == lease)
    requested: bool | None = session.execute(statement).scalar_one_or_none()
    return requested


def update_leased(session: Session, job: int, lease: str, values: Mapping[str, object]) -> bool:
    """Set columns of a job to `values`, by name, and return True.

    Return False, and change nothing, if the job no longer has the lease `lease`, the name of the run that claimed it.
    """
    ended = _ENDED if values.get("state") in FINAL_STATES else {}
    statement = update(JOBS).where(JOBS.c.id == job, JOBS.c.lease == lease).values({**values, **ended})
    return session.execute(statement.returning(JOBS.c.id)).one_or_none() is not None


def end_job(session: Session, job: int, values: Mapping[str, object]) -> None:
    """Set columns of a job to `values`, by name, and remove the claim of a run; do nothing if the job has ended."""
    statement = update(JOBS).where(JOBS.c.id == job, JOBS.c.state.not_in(FINAL_STATES))
    session.execute(statement.values({**values, **_ENDED, "lease": None, "lease_expires": None}))


def request_cancellation(session: Session, job: int, now: datetime) -> JobRecord | None:
    """Cancel a queued job, or ask the run of a running job to cancel it; return the job, with its parameters.

    Return None, and change nothing, if the job has ended already.
    """
    is_queued = JOBS.c.state == "queued"
    values = {
        "cancel_requested": True,
        "state": case((is_queued, "cancelled"), else_=JOBS.c.state),
        "finished": case((is_queued, now), else_=JOBS.c.finished),
        "touched": now,
    }
    statement = update(JOBS).where(JOBS.c.id == job, JOBS.c.state.not_in(FINAL_STATES)).values(values)
    record = fetch_record(session.execute(statement.returning(*_COLUMNS)), JobRecord)
    if record is not None and record.is_final:
        session.execute(update(JOBS).where(JOBS.c.id == job).values(_ENDED))
    return record


def delete_finished(session: Session, before: datetime, limit: int) -> int:
    """Delete at most `limit` jobs that ended before a time, with their results; return the number of deleted jobs."""
    old = select(JOBS.c.id).where(JOBS.c.state.in_(FINAL_STATES), JOBS.c.finished < before).order_by(JOBS.c.id)
    jobs = list(session.execute(old.limit(limit)).scalars())
    session.execute(delete(ITEMS).where(ITEMS.c.job.in_(jobs)))
    session.execute(delete(JOBS).where(JOBS.c.id.in_(jobs)))
    return len(jobs)


def _is_due(kinds: Collection[str], now: datetime) -> ColumnElement[bool]:
    was_set_back = JOBS.c.touched > now + SET_BACK
    return and_(
        JOBS.c.kind.in_(kinds),
        or_(
            and_(JOBS.c.state == "queued", or_(JOBS.c.run_after <= now, was_set_back)),
            and_(JOBS.c.state == "running", or_(JOBS.c.lease_expires <= now, was_set_back)),
        ),
    )
