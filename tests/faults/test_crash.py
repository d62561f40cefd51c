"""A process is killed while many threads write: what it acknowledged is there, and nothing is there by half."""

from __future__ import annotations

import random

from actitud_api.platform.storage.database import Database
from tests.faults.writers import add_batches, make_tables, stored_batches
from tests.support import postgresql
from tests.support.databases import Kind, opened
from tests.support.forking import forked
from tests.support.scale import CRASHES, KILLS

WRITERS = 8

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
        with forked(add_batches, server.url(name), range(WRITERS)) as process:
            for _ in range(CRASHES):
                acknowledged |= {process.receive() for _ in range(chance.randint(1, 60))}
                server.crash(name)
                while process.pipe.poll():
                    acknowledged.add(process.receive())
                whole, broken = stored_batches(database)
                assert acknowledged - whole == set()
                assert broken == []


def killed(url: str, writers: range, after: int) -> set[Batch]:
    """The batches that a process acknowledged: so many until it was killed, and those on the way meanwhile."""
    with forked(add_batches, url, writers) as process:
        return {process.receive() for _ in range(after)} | {*process.kill()}
