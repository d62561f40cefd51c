"""A process is killed while many threads write: what it acknowledged is there, and nothing is there by half."""

from __future__ import annotations

import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection as Pipe
from multiprocessing.process import BaseProcess

from actitud_api.platform.storage.database import Database
from tests.faults.writers import add_batches, make_tables, stored_batches
from tests.support import postgresql
from tests.support.databases import Kind, opened
from tests.support.forking import PROCESSES
from tests.support.scale import CRASHES, KILLS

WRITERS = 8
SECONDS = 30

Batch = tuple[int, int]


def test_what_was_acknowledged_before_a_kill_is_there(database: Database, url: str, kind: Kind) -> None:
    make_tables(database)
    chance = random.Random(1)
    acknowledged: set[Batch] = set()
    for cycle in range(KILLS[kind]):
        acknowledged |= killed(url, range(cycle * WRITERS, (cycle + 1) * WRITERS), chance.randint(1, 60))
        whole, broken = stored_batches(database)
        assert acknowledged - whole == set()
        assert broken == []
        if kind == "sqlite":
            with database.read() as session:
                assert session.connection().exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
    assert len(acknowledged) >= KILLS[kind] * 10


def test_what_was_acknowledged_before_the_server_crashes_is_there() -> None:
    """A process of PostgreSQL is killed, so all of it starts anew; the service goes on when it is back."""
    chance = random.Random(1)
    with postgresql.server() as server, server.database() as name, opened(server.url(name)) as database:
        database.migrate()
        make_tables(database)
        acknowledged: set[Batch] = set()
        with writing(server.url(name), range(WRITERS)) as (_, receiving):
            for _ in range(CRASHES):
                acknowledged |= {received(receiving) for _ in range(chance.randint(1, 60))}
                server.crash(name)
                while receiving.poll():
                    acknowledged.add(receiving.recv())
                whole, broken = stored_batches(database)
                assert acknowledged - whole == set()
                assert broken == []


@contextmanager
def writing(url: str, writers: range) -> Iterator[tuple[BaseProcess, Pipe]]:
    """A process that stores batches, and what it says; it is killed at the end."""
    receiving, sending = PROCESSES.Pipe(duplex=False)
    process = PROCESSES.Process(target=add_batches, args=(url, writers, sending))
    process.start()
    sending.close()
    try:
        yield process, receiving
    finally:
        process.kill()
        process.join(SECONDS)
        receiving.close()


def killed(url: str, writers: range, after: int) -> set[Batch]:
    """The batches that a process acknowledged: so many until it was killed, and those on the way meanwhile."""
    with writing(url, writers) as (process, receiving):
        batches = {received(receiving) for _ in range(after)}
        process.kill()
        process.join(SECONDS)
        assert process.exitcode == -signal.SIGKILL
        while receiving.poll(SECONDS):
            try:
                batches.add(receiving.recv())
            except EOFError:
                break
    return batches


def received(receiving: Pipe) -> Batch:
    """The next batch that is acknowledged."""
    assert receiving.poll(SECONDS)
    batch: Batch = receiving.recv()
    return batch
