"""Execution of jobs: each thread of a runner executes the due jobs, one after another.

A resource exports its task from its `tasks.py`:

    def import_rows(job: JobRun[ImportParameters]) -> ImportResult:
        for batch in read(job.parameters.file, after=job.cursor):
            with job.step() as step:
                store(step.session, batch)
                step.record(batch.organisation, "imported")
                step.advance(done=batch.end, cursor=batch.end)
        return ImportResult(…)

    TASK = JobTask("editions.imports", ImportParameters, import_rows)

A run claims its job by a lease, which a thread extends while the task works (heartbeat). The last statement of each
step changes the row of the job only if the job still has this lease. So a run that has lost its lease commits nothing
more, and another run may claim the job as soon as the lease has expired: nothing is done twice. The new run continues
after the last committed step.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any, Final, Generic, Protocol, TypeVar

import msgspec
import structlog
from msgspec import UNSET, Struct, UnsetType

from actitud_api.engine.i18n import Texts
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.auth import service as access
from actitud_api.platform.http.problems import CONFLICT, FORBIDDEN, INTERNAL_ERROR, ProblemError
from actitud_api.platform.jobs import queries, service
from actitud_api.platform.jobs.problems import store_problem
from actitud_api.platform.jobs.queries import JobItem, JobRecord
from actitud_api.platform.storage.database import Database, Session, Unavailable, read_clock
from actitud_api.platform.storage.pages import PageRange

P = TypeVar("P", bound=Struct)

THREADS: Final = 2
"""Jobs that a process does at the same time: a short one does not wait for a long one."""

LEASE: Final = timedelta(seconds=30)
"""Time after its last heartbeat for which nobody else takes a job whose run has gone."""

LOOK_SECONDS: Final = 0.5
"""Seconds between two looks at whether a job is due."""

REPORT_SECONDS: Final = 0.5
"""Shortest time between two reports of progress outside of steps: each is a transaction."""

STOP_SECONDS: Final = 20.0
"""Seconds in which the present steps may end when the runner stops. What does not is rolled back with the process."""

ATTEMPTS: Final = 10
"""Runs without a committed step after which a job fails whose process ends, or for which something is unavailable."""

UNEXPECTED_ATTEMPTS: Final = 3
"""The same for an exception that nobody expects, which is most likely raised each time."""

PAUSE_MAX: Final = timedelta(minutes=5)
"""Longest pause between two runs of a job that has failed for the time being; the first is one second."""

ITEMS_AT_ONCE: Final = 1_000
"""Results of a job that are read at the same time."""

FORGET_SECONDS: Final = 3_600.0
"""Seconds between two deletions of old jobs."""

_log = structlog.get_logger()


class LeaseLost(Exception):
    """Raised to end a run of a job because another run has, or may have, claimed the job.

    The present step is not stored.
    """


class JobCancelled(Exception):
    """Raised to end a run of a job that was cancelled; changes of committed steps stay."""


class JobInterrupted(Exception):
    """Raised to end a run of a job before its next step because the process stops.

    Another process continues the job later.
    """


def _discard_nothing(_session: Session, _record: JobRecord) -> None:
    """Do nothing: of most jobs there is nothing but their row."""


class JobTask(Struct, Generic[P], frozen=True):
    """Kind of job: its name, the type of its parameters, and the functions that perform it and discard its input.

    Attributes:
        kind: Name of the task, such as `editions.imports`.
        parameters_type: Type of its parameters.
        run: Performs the job. It returns the result, a Struct or a dictionary that can be encoded as JSON, unless its
            last step stores the result (`JobStep.finish`). If it raises an exception that maps to a problem with a
            status below 500, the job fails; after any other exception the job is tried again.
        discard: Deletes the input of a job, such as a file, in the session that cancels the job or records its failure.
            A job that succeeds deletes its input itself. By default it does nothing.
    """

    kind: str
    parameters_type: type[P]
    run: Callable[[JobRun[P]], object]
    discard: Callable[[Session, JobRecord], None] = _discard_nothing


FailureReader = Callable[[Exception], ProblemError | None]
"""Function that returns the problem of an exception of the services, None if nobody expects it."""


ProgressListener = Callable[[int, int | None], None]
"""Function that learns how much of how much is done; the latter is None if that is not known."""


class JobStep:
    """Step of a job: a write transaction that commits changes and progress of the job together, or not at all."""

    def __init__(self, job: JobRun[Any], session: Session) -> None:
        self.session = session
        self._job = job
        self._items: list[tuple[str, str, Struct | Mapping[str, object] | None]] = []
        self._changes: dict[str, object] = {}

    def record(self, subject: str, outcome: str, detail: Struct | Mapping[str, object] | None = None) -> None:
        """Record the result for one subject, such as an organisation or a row of a file.

        `outcome`: a word of the task, such as `imported`. `detail`: further facts that can be encoded as JSON.
        """
        self._items.append((subject, outcome, detail))

    def advance(
        self, *, done: int | UnsetType = UNSET, total: int | UnsetType | None = UNSET, cursor: object = UNSET
    ) -> None:
        """Set the progress that is stored with this step; an omitted value does not change.

        `done` and `total`: amounts in units of the task. `cursor`: position at which the next step or run begins, a
        value that can be encoded as JSON.
        """
        said = {"done": done, "total": total, "cursor": cursor}
        self._changes |= {name: msgspec.to_builtins(value) for name, value in said.items() if value is not UNSET}

    def finish(self, result: object = None) -> None:
        """End the job successfully once this step is committed.

        `result`: result of the job, a Struct or a dictionary that can be encoded as JSON.
        """
        self._changes |= {"state": "succeeded", "result": msgspec.to_builtins(result)}

    @property
    def is_last(self) -> bool:
        """True if this is the last step of the job, because `finish` was called."""
        return "state" in self._changes

    def store(self, lease: str, lasting: timedelta) -> dict[str, object]:
        """Store the results and the progress as the last statements of the transaction.

        `lease` is the name of the run that has claimed the job; its claim is extended to `lasting` from now on. Return
        the changed columns of the job by name: those of `done`, `total`, `cursor`, `state` and `result` that this step
        sets.

        Raises:
            LeaseLost: Another run has claimed the job.
        """
        session, job = self.session, self._job.id
        first = queries.count_items(session, job) + 1 if self._items else 1
        items = [
            JobItem(position=number, subject=subject, outcome=outcome, detail=msgspec.to_builtins(detail))
            for number, (subject, outcome, detail) in enumerate(self._items, first)
        ]
        queries.insert_items(session, job, items)
        now = read_clock(session)
        values: dict[str, object] = {**self._changes, "lease_expires": now + lasting, "touched": now}
        # Not for a step that only says how much there is to do: else a job that ends its process would go on for ever.
        if items or self._changes.keys() & {"done", "cursor"}:
            values["attempts"] = 0
        if self.is_last:
            values |= {"finished": now, "lease": None, "lease_expires": None}
        if not queries.update_leased(session, job, lease, values):
            raise LeaseLost
        return self._changes


class JobRun(Generic[P]):
    """Run of a job: with it, the function of a task reads its parameters and stores its progress.

    Attributes:
        id: Number of the job.
        parameters: Parameters of the job.
        edition: Id of the edition of the job, None if it concerns no single edition.
        principal: Holder of the key that asked for the job, None for the command line.
        created: Time of the request for the job.
        cursor: Position that the last committed step stored, None before the first.
        done: Amount done, in units of the task.
        total: Total amount, None if unknown.
        database: Database to read from between steps.
    """

    def __init__(
        self,
        database: Database,
        record: JobRecord,
        parameters: P,
        lasting: timedelta,
        stopping: threading.Event,
        progress: ProgressListener,
    ) -> None:
        assert record.lease is not None
        self.id = record.id
        self.parameters = parameters
        self.edition = record.edition
        self.principal = record.principal
        self.created = record.created
        self.cursor: Any = record.cursor
        self.done = record.done
        self.total = record.total
        self.is_finished = False
        self.lease = record.lease
        self.has_lost_lease = False
        """Set by the heartbeat, so that a long computation ends early."""
        self.database = database
        self._lasting = lasting
        self._stopping = stopping
        self._progress = progress
        self._report_at = 0.0

    @property
    def actor(self) -> ledger.Actor | None:
        """The caller who asked for the job, for ledger entries; None for the command line."""
        who = self.principal
        return None if who is None else ledger.Actor(who.key, who.role, who.organisation)

    @property
    def path(self) -> str:
        """Path of the job in the API, `/v1/jobs/<id>`."""
        return f"/v1/jobs/{self.id}"

    @contextmanager
    def step(self, *, hidden: bool = False) -> Iterator[JobStep]:
        """Open the transaction of a step: commit it at the end of the `with` block, or roll back if the block raises.

        `hidden`: True if the changes of the step alter no response to a request without a key.

        Raises:
            JobCancelled: The job was cancelled before the step.
            JobInterrupted: The process stops.
            LeaseLost: Another run has claimed the job; raised at the beginning or at the end of the block.
            Unavailable: No connection or lock was free in time.
        """
        self.check()
        with self.database.write(hidden=hidden) as session:
            requested = queries.is_cancel_requested(session, self.id, self.lease)
            if requested is None:
                raise LeaseLost
            if requested:
                raise JobCancelled
            step = JobStep(self, session)
            yield step
            changes = step.store(self.lease, self._lasting)
        for name in ("done", "total", "cursor"):
            if name in changes:
                setattr(self, name, changes[name])
        self.is_finished = step.is_last
        self._progress(self.done, self.total)

    def check(self) -> None:
        """Raise an exception if the run has to end. Call it often in long computations; it is cheap.

        Only `report` and `step` notice that the job was cancelled.

        Raises:
            LeaseLost: Another run has, or may have, claimed the job.
            JobInterrupted: The process stops.
        """
        if self.has_lost_lease:
            raise LeaseLost
        if self._stopping.is_set():
            raise JobInterrupted

    def report(self, *, done: int, total: int | UnsetType | None = UNSET) -> None:
        """Report the progress of a long computation between two steps: `done` of `total`, in units of the task.

        The progress is stored at most every half second, so the method may be called often, and the last call may not
        be stored.

        Raises:
            JobCancelled: The job was cancelled.
            JobInterrupted: The process stops.
            LeaseLost: Another run has the job.
        """
        self.check()
        self.done = done
        if total is not UNSET:
            self.total = total
        self._progress(self.done, self.total)
        if time.monotonic() < self._report_at:
            return
        # Whoever waits for the lock of a file, or a database that does not answer, must not stop the computation.
        with suppress(Unavailable), self.database.write(hidden=True) as session:
            requested = queries.is_cancel_requested(session, self.id, self.lease)
            if requested:
                raise JobCancelled
            now = read_clock(session)
            values = {"done": self.done, "total": self.total, "lease_expires": now + self._lasting, "touched": now}
            if not queries.update_leased(session, self.id, self.lease, values):
                raise LeaseLost
        self._report_at = time.monotonic() + REPORT_SECONDS

    def iterate_items(self) -> Iterator[JobItem]:
        """Yield the results that the committed steps of the job have recorded, in their order."""
        after = 0
        while True:
            with self.database.read() as session:
                items = queries.list_items(session, self.id, None, PageRange(after, limit=ITEMS_AT_ONCE))
            if not items:
                return
            yield from items
            after = items[-1].position

    def finish(self, result: object = None) -> None:
        """End the job successfully in a step that does nothing else; `result` is the result of the job."""
        with self.step(hidden=True) as step:
            step.finish(result)


class JobRunner:
    """Runner that claims due jobs and executes their tasks, in its own threads (`start`) or in yours (`run_due`).

    Any number of runners, in any number of processes, may share a database.
    """

    def __init__(
        self,
        database: Database,
        tasks: Sequence[JobTask[Any]],
        *,
        find_problem: FailureReader = lambda error: error if isinstance(error, ProblemError) else None,
        owner: str | None = None,
        threads: int = THREADS,
        lease: timedelta = LEASE,
        progress: ProgressListener = lambda done, total: None,
    ) -> None:
        """Create a runner of the tasks; nothing runs yet.

        Args:
            database: Database of the jobs.
            tasks: Kinds of jobs that this runner executes.
            find_problem: Returns the problem of an exception, None if the exception is unexpected.
            owner: Name under which only one process runs at a time. When it starts, it takes over the jobs of its
                predecessors at once, without waiting for the end of their leases. None if several processes may run.
            threads: Number of threads that `start` starts.
            lease: Duration of a lease, after which another run may take over a job.
            progress: Receives the progress of each run: the amount done, and the total or None.
        """
        self._database = database
        self._tasks = {task.kind: task for task in tasks}
        self._find_problem = find_problem
        self._owner = owner
        self._count = threads
        self._lasting = lease
        self._progress = progress
        self._runs: dict[str, JobRun[Any]] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._idle = threading.Event()
        """Set once the threads have ended, for the heartbeat, which goes on until then."""
        self._threads: list[threading.Thread] = []

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of jobs that this runner executes."""
        return frozenset(self._tasks)

    def start(self) -> None:
        """Start the threads."""
        self._stopping.clear()
        self._idle.clear()
        self._threads = [
            threading.Thread(target=self._work, args=(number,), name=f"jobs {number}", daemon=True)
            for number in range(self._count)
        ]
        for thread in self._threads:
            thread.start()
        self._start_heartbeat()

    @contextmanager
    def heartbeat(self) -> Iterator[None]:
        """Extend the leases of jobs that this thread runs in the `with` block, by `run_next` or `run_due`.

        A lease is the claim of a job by one run, for a limited time.
        """
        self._idle.clear()
        self._start_heartbeat()
        try:
            yield
        finally:
            self._idle.set()

    def _start_heartbeat(self) -> None:
        threading.Thread(target=self._beat, name="heartbeat", daemon=True).start()

    def give_up(self) -> None:
        """Claim no more jobs, and end running jobs before their next steps, without waiting for their end."""
        self._stopping.set()

    def stop(self) -> None:
        """Claim no more jobs, end running jobs before their next steps, and wait for the threads.

        It waits at most `STOP_SECONDS`.
        """
        self.give_up()
        end = time.monotonic() + STOP_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))
        self._idle.set()

    def run_due(self) -> int:
        """Run all due jobs one after another in this thread, and return their number.

        Call it inside a `heartbeat` block, which keeps other runners from taking the jobs over.
        """
        count = 0
        while self.run_next():
            count += 1
        return count

    def run_next(self, job: int | None = None) -> bool:
        """Run the oldest due job, or the given job if it is due, and return True; return False if no job is due.

        A job whose run fails temporarily becomes due again later.

        Raises:
            Unavailable: The database could not be reached in time.
        """
        record = self._claim(job)
        if record is None:
            return False
        self._run(record)
        return True

    def discard_inputs(self, session: Session, record: JobRecord) -> None:
        """Delete the input of a job, such as a file, in the session in which the job fails or is cancelled."""
        task = self._tasks.get(record.kind)
        if task is not None:
            task.discard(session, record)

    # --- threads ----------------------------------------------------------------------------------------------

    def _work(self, number: int) -> None:
        is_taken_over = number != 0 or self._owner is None
        forget_at = time.monotonic()
        while not self._stopping.is_set():
            try:
                if not is_taken_over:
                    self._take_over()
                    is_taken_over = True
                if number == 0 and time.monotonic() >= forget_at:
                    forget_at = time.monotonic() + FORGET_SECONDS
                    service.forget_old_jobs(self._database)
                if not self.run_next():
                    self._stopping.wait(LOOK_SECONDS)
            except Unavailable as error:
                _log.warning("jobs wait for the database", reason=str(error))
                self._stopping.wait(1)
            except Exception:  # the thread has to survive: nothing restarts it
                _log.exception("jobs not done")
                self._stopping.wait(1)

    def _take_over(self) -> None:
        assert self._owner is not None
        with self._database.write(hidden=True) as session:
            queries.release_leases(session, self._owner, read_clock(session))

    def _beat(self) -> None:
        while not self._idle.wait(self._lasting.total_seconds() / 3):
            try:
                self.extend_leases()
            except Exception as error:  # a step extends it too, and who has lost it notices before it commits
                _log.warning("leases of jobs not extended", reason=str(error))

    def extend_leases(self) -> None:
        """Extend the leases of the jobs that this process runs; the heartbeat thread calls this method.

        A lease is the claim of a job by one run, for a limited time.
        """
        with self._lock:
            runs = dict(self._runs)
        if not runs:
            return
        with self._database.write(hidden=True) as session:
            kept = queries.extend_leases(session, list(runs), self._lasting, read_clock(session))
        for lease, run in runs.items():
            run.has_lost_lease = lease not in kept and not run.is_finished

    # --- one job ----------------------------------------------------------------------------------------------

    def _claim(self, job: int | None) -> JobRecord | None:
        # Looked first without a writing transaction, of which a file has only one at a time.
        with self._database.read() as session:
            if not queries.has_due_job(session, self.kinds, read_clock(session)):
                return None
        lease = f"{self._owner or 'any'}:{secrets.token_hex(16)}"
        with self._database.write(hidden=True) as session:
            return queries.claim_job(session, self.kinds, lease, self._lasting, read_clock(session), job)

    def _run(self, record: JobRecord) -> None:
        log = _log.bind(job=record.id, kind=record.kind, attempt=record.attempts)
        task = self._tasks[record.kind]
        assert record.lease is not None
        try:
            self._check(record)
            parameters = _read_parameters(task, record)
            run = JobRun(self._database, record, parameters, self._lasting, self._stopping, self._progress)
            with self._lock:
                self._runs[run.lease] = run
            result = task.run(run)
            if not run.is_finished:
                run.finish(result)
            log.info("job succeeded")
        except LeaseLost:
            log.warning("job is done by another run")
        except JobCancelled:
            self._end(record, {"state": "cancelled"})
            log.info("job cancelled")
        except JobInterrupted:
            self._put_back(record, record.attempts - 1, timedelta())
            log.info("job interrupted")
        except Exception as error:
            self._fail(record, error, log)
        finally:
            with self._lock:
                self._runs.pop(record.lease, None)

    def _check(self, record: JobRecord) -> None:
        """Raise the problem of a job that must not run, or `JobCancelled`."""
        if record.cancel_requested:
            raise JobCancelled
        if record.attempts > ATTEMPTS:
            raise ProblemError(INTERNAL_ERROR, _ENDS)
        if record.principal is not None:
            with self._database.read() as session:
                if access.find(session, record.principal.key).revoked is not None:
                    raise ProblemError(FORBIDDEN, _REVOKED)

    def _fail(self, record: JobRecord, error: Exception, log: structlog.stdlib.BoundLogger) -> None:
        problem = self._find_problem(error)
        is_expected = isinstance(error, Unavailable) or (problem is not None and problem.type.status == 503)
        if problem is None:
            log.error("job failed unexpectedly", exc_info=error)
        # Steps that were committed since have begun to count anew.
        attempts = self._read_attempts(record)
        most = ATTEMPTS if is_expected else UNEXPECTED_ATTEMPTS
        if (is_expected or problem is None) and attempts < most:
            log.warning("job is tried again", reason=str(error))
            self._put_back(record, attempts, min(timedelta(seconds=2 ** (attempts - 1)), PAUSE_MAX))
            return
        kept = store_problem(problem or ProblemError(INTERNAL_ERROR, INTERNAL_ERROR.description))
        self._end(record, {"state": "failed", "problem": msgspec.to_builtins(kept)})
        log.warning("job failed", problem=kept.type, reason=str(error))

    def _read_attempts(self, record: JobRecord) -> int:
        with self._database.read() as session:
            now = queries.get_job(session, record.id)
        return max(1, record.attempts if now is None else now.attempts)

    def _put_back(self, record: JobRecord, attempts: int, pause: timedelta) -> None:
        values = {"state": "queued", "attempts": max(attempts, 0)}
        self._change(record, lambda now: {**values, "run_after": now + pause})

    def _end(self, record: JobRecord, values: Mapping[str, object]) -> None:
        self._change(record, lambda now: {**values, "finished": now}, discard=self.discard_inputs)

    def _change(
        self,
        record: JobRecord,
        change: Callable[[datetime], dict[str, object]],
        discard: Callable[[Session, JobRecord], None] = _discard_nothing,
    ) -> None:
        """Change a job that this run has, and give up its lease; nothing happens if another has it by now."""
        assert record.lease is not None
        with suppress(LeaseLost), self._database.write(hidden=True) as session:
            # Before the row of the job: the last step of an import takes these two locks in this order too.
            discard(session, record)
            now = read_clock(session)
            values = {**change(now), "lease": None, "lease_expires": None, "touched": now}
            if not queries.update_leased(session, record.id, record.lease, values):
                raise LeaseLost


_ENDS: Final = Texts(
    "El trabajo termina cada vez con el proceso que lo hace.", "The job ends the process that does it, each time."
)
_REVOKED: Final = Texts(
    "La clave con la que se pidió está revocada.", "The key with which it was asked for is revoked."
)
_MISFIT: Final = Texts(
    "Lo que se pidió ya no vale en esta versión del servicio. Pídalo de nuevo.",
    "What was asked for is no longer valid in this version of the service. Ask for it again.",
)


def _read_parameters(task: JobTask[P], record: JobRecord) -> P:
    try:
        return msgspec.convert(record.parameters, task.parameters_type)
    except msgspec.ValidationError as error:
        _log.warning("parameters of a job do not fit", job=record.id, reason=str(error))
        raise ProblemError(CONFLICT, _MISFIT) from error


class Runner(Protocol):
    """Interface of a component that works in its own threads between `start` and `stop`."""

    def start(self) -> None:
        """Start the threads."""

    def stop(self) -> None:
        """Stop the threads after the work in progress."""


def build_running_lifespan(runner: Runner) -> Callable[[object], AbstractAsyncContextManager[None]]:
    """Return an application lifespan that starts a runner with the application and stops it at the end."""

    @asynccontextmanager
    async def lifespan(_app: object) -> AsyncIterator[None]:
        runner.start()
        try:
            yield
        finally:
            await asyncio.to_thread(runner.stop)

    return lifespan
