"""Workers that are killed in the middle of jobs, on both databases: nothing of a job is lost, and nothing done twice.

Whoever adds a kind of job kills its workers too:

    def test_an_import_whose_worker_is_killed_is_done_once(database, url, kind, tmp_path):
        def enqueue(number: int) -> int:
            '''Ask for job `number`, which takes some hundredths of a second at least; return its id.'''

        died = kill_workers(database, url, kind, enqueue, kills=WORKER_KILLS[kind], folder=tmp_path)
        … each job of `died.jobs` has done what it was asked for, once: what the tables and the ledger say

`kill_workers` starts real processes with the runner of the service, with the tasks of `app.build_job_runner`: one for a
file, which stands for the process that serves it, and two for PostgreSQL. It waits until one of them has begun a job,
and a random part of the time that a job takes; then it kills one that has a job (SIGKILL), and starts another one in
its place, until as many have died in the middle of a job as asked for. Then it lets the jobs end, and asserts that all
have succeeded.

A worker died in the middle of a job if that was `running` afterwards, with the lease of the dead. On PostgreSQL its
leases are over at once, as if their time had passed; who serves a file takes up the jobs of the one before by itself.
Runs do not count as attempts: else the tenth death in one job would end it.
"""

from __future__ import annotations

import faulthandler
import itertools
import random
import signal
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection as Pipe
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final, NamedTuple
from unittest.mock import patch

from msgspec import structs
from sqlalchemy import select, update

from actitud_api import app as assembly
from actitud_api.app import build_job_runner
from actitud_api.platform.http.decoder_types import prepare_decoders
from actitud_api.platform.jobs import runner as running
from actitud_api.platform.jobs.queries import JOBS
from actitud_api.platform.jobs.workers import map_serially
from actitud_api.platform.storage.database import Database
from actitud_api.resources.batches import tasks as step_tasks
from actitud_api.resources.imports import import_run
from actitud_api.resources.publications.service import EditionPublisher
from actitud_api.web.workbooks.verdicts import tasks as verdict_tasks
from tests.support.databases import Kind, opened, unlimited
from tests.support.forking import PROCESSES
from tests.support.waiting import await_true

AHEAD: Final = 2
"""Jobs that wait or run when a worker is killed, one for each that there are at most."""
LEFT: Final = {"queued", "running"}
"""States of jobs that have not ended."""
WORKERS: Final[dict[Kind, int]] = {"sqlite": 1, "postgresql": 2}


class Deaths(NamedTuple):
    """Ids of the jobs in the order in which they were asked for; in the middle of how many a worker died."""

    jobs: list[int]
    in_the_middle: int


def work(url: str, folder: Path, owner: str, pipe: Pipe) -> None:
    """Does jobs until the process is killed."""
    # A process that dies of something else says where it was.
    faulthandler.enable()
    patch.object(running, "LOOK_SECONDS", 0.01).start()
    # A job about few organisations has several steps, and a process that is killed so has no children.
    patch.object(import_run, "BATCH", 4).start()
    patch.object(step_tasks, "PORTION", 8).start()
    patch.object(verdict_tasks, "PORTION", 2).start()
    patch.object(assembly, "open_workers_apart", lambda: nullcontext(map_serially)).start()
    settings = structs.replace(unlimited(url), signing_folder=folder)
    with opened(url) as database:
        # As the service does: two threads that decode the same for the first time may end the process.
        prepare_decoders()
        build_job_runner(settings, database, EditionPublisher(database, folder), owner=owner).start()
        pipe.send(True)
        threading.Event().wait()


class Worker(NamedTuple):
    """A worker: its process, and the name that begins its leases."""

    process: BaseProcess
    owner: str


def _start(url: str, folder: Path, owner: str) -> Worker:
    """Start a worker, and return it once it looks for jobs."""
    ours, theirs = PROCESSES.Pipe()
    process = PROCESSES.Process(target=work, args=(url, folder, owner, theirs), daemon=True)
    process.start()
    theirs.close()
    await_true(lambda: ours.poll(1))
    ours.recv()
    ours.close()
    return Worker(process, owner)


def kill_workers(
    database: Database,
    url: str,
    kind: Kind,
    enqueue: Callable[[int], int],
    *,
    kills: int,
    folder: Path,
) -> Deaths:
    """Kill workers in the middle of the jobs that `enqueue` asks for, and let the jobs end; see the module."""
    chance = random.Random(1)
    # Those who serve a file have one name, since there is one at a time; others have none in common.
    owners = itertools.repeat("service") if kind == "sqlite" else (f"worker{number}" for number in itertools.count())
    jobs: list[int] = []
    died, typical = 0, 0.05
    workers = [_start(url, folder, next(owners)) for _ in range(WORKERS[kind])]
    try:
        while died < kills:
            # No more than these: two workers may do jobs faster than this process asks for them.
            for _ in range(AHEAD - len(_list_states(database, LEFT))):
                jobs.append(enqueue(len(jobs)))
            await_true(lambda: "queued" not in (left := _list_states(database, LEFT).values()) or "running" in left)
            time.sleep(chance.uniform(0, typical))  # at any moment of a job
            busy = _list_owners(database)
            working = [worker for worker in workers if worker.owner in busy]
            if not working:
                continue
            victim = chance.choice(working)
            workers.remove(victim)
            _kill(victim)
            died += min(1, _bury(database, victim.owner, is_over=kind == "postgresql"))
            typical = _measure_typical(database, typical)
            workers.append(_start(url, folder, next(owners)))
        await_true(lambda: _list_states(database, LEFT) == {})
    finally:
        for worker in workers:
            _kill(worker)
    ended = _list_states(database, {"succeeded", "failed", "cancelled"})
    assert ended == dict.fromkeys(jobs, "succeeded")
    return Deaths(jobs, died)


def _list_states(database: Database, states: set[str]) -> dict[int, str]:
    with database.read() as session:
        found = session.execute(select(JOBS.c.id, JOBS.c.state).where(JOBS.c.state.in_(states)))
        return {row.id: row.state for row in found}


def _list_owners(database: Database) -> set[str]:
    """Return who has a job at this moment."""
    with database.read() as session:
        leases = session.execute(select(JOBS.c.lease).where(JOBS.c.state == "running")).scalars()
        return {lease.partition(":")[0] for lease in leases if lease is not None}


def _bury(database: Database, owner: str, *, is_over: bool) -> int:
    """Return how many jobs a worker had that is dead; none of its runs counts as an attempt.

    `is_over`: let its leases be over. Whoever serves the same file next knows that by itself.
    """
    had = (JOBS.c.state == "running") & JOBS.c.lease.startswith(f"{owner}:")
    values = {"attempts": 0} | ({"lease_expires": datetime.now(UTC) - timedelta(seconds=1)} if is_over else {})
    with database.write(hidden=True) as session:
        return len(session.execute(update(JOBS).where(had).values(values).returning(JOBS.c.id)).all())


def _measure_typical(database: Database, before: float) -> float:
    """Return how many seconds the last jobs took from the beginning of their last run to their end."""
    with database.read() as session:
        newest = select(JOBS.c.resumed, JOBS.c.finished).where(JOBS.c.state == "succeeded").order_by(JOBS.c.id.desc())
        rows = session.execute(newest.limit(10)).all()
    seconds = sorted((finished - resumed).total_seconds() for resumed, finished in rows)
    return seconds[len(seconds) // 2] if seconds else before


def _kill(worker: Worker) -> None:
    worker.process.kill()
    worker.process.join()
    assert worker.process.exitcode == -signal.SIGKILL
