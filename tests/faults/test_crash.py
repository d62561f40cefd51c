"""A process is killed while many threads write: what it acknowledged is there, and nothing is there by half."""

from __future__ import annotations

import random
from multiprocessing.connection import Connection as Pipe

from actitud_api.storage.database import Database
from tests.contract.scale import KILLS
from tests.databases import Kind
from tests.faults.writers import PROCESSES, add_batches, make_tables, stored_batches

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


def killed(url: str, writers: range, after: int) -> set[Batch]:
    """The batches that a process acknowledged: so many until it was killed, and those on the way meanwhile."""
    receiving, sending = PROCESSES.Pipe(duplex=False)
    process = PROCESSES.Process(target=add_batches, args=(url, writers, sending))
    process.start()
    sending.close()
    batches = {received(receiving) for _ in range(after)}
    process.kill()
    process.join(SECONDS)
    assert process.exitcode == -9
    while receiving.poll(SECONDS):
        try:
            batches.add(receiving.recv())
        except EOFError:
            break
    receiving.close()
    return batches


def received(receiving: Pipe) -> Batch:
    """The next batch that is acknowledged."""
    assert receiving.poll(SECONDS)
    batch: Batch = receiving.recv()
    return batch
