"""A kind of job for tests: it counts, in steps, and leaves a suggestion for each number in the same transaction."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from msgspec import Struct

from actitud_api.platform.auth.service import Principal
from actitud_api.platform.jobs import service
from actitud_api.platform.jobs.queries import JobRecord
from actitud_api.platform.jobs.runner import JobRun, JobRunner, JobTask
from actitud_api.platform.storage.database import Database, Session
from actitud_api.resources.suggestions.queries import insert_suggestion

KIND: Final = "toys.count"
LEASE: Final = timedelta(seconds=30)


class Counting(Struct, frozen=True):
    """Parameters of the job: the number to count to, and how many numbers a step counts."""

    to: int
    by: int = 1


class Counted(Struct, frozen=True):
    """Result of the job."""

    last: int


def leave(session: Session, number: int) -> None:
    now = datetime(2026, 11, 29, tzinfo=UTC)
    values: dict[str, Any] = {
        "kind": "error",
        "title": str(number),
        "text": "Counted.",
        "language": "en",
        "state": "undecided",
    }
    values |= {"dimension": None, "indicator": None, "methodology": None, "decisions": []}
    insert_suggestion(session, {**values, "proposer": "toys", "created": now, "updated": now, "version": 1})


def count(
    job: JobRun[Counting],
    within: Callable[[int], None] = lambda number: None,
    between: Callable[[int], None] = lambda number: None,
) -> Counted:
    """Counts on from the last committed step; calls `within` at the end of each step, and `between` after it."""
    with job.step() as step:
        step.advance(total=job.parameters.to)
    while job.done < job.parameters.to:
        with job.step() as step:
            until = min(job.done + job.parameters.by, job.parameters.to)
            for number in range(job.done + 1, until + 1):
                leave(step.session, number)
                step.record(f"XX-T-{number}", "odd" if number % 2 else "even", {"number": number})
            within(until)
            step.advance(done=until, cursor={"after": until})
        between(until)
    return Counted(job.done)


def build_runner(database: Database, run: Callable[[JobRun[Counting]], object] = count, **others: Any) -> JobRunner:
    return JobRunner(database, [JobTask(KIND, Counting, run)], **others)


def enqueue(database: Database, to: int = 5, by: int = 1, principal: Principal | None = None) -> JobRecord:
    with database.write() as session:
        return service.enqueue_job(session, kind=KIND, parameters=Counting(to, by), principal=principal)


def read(database: Database, job: int) -> service.JobStatus:
    return service.get_status(database, str(job), None)
