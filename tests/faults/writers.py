"""What writes in the tests of faults, in threads and in processes of its own."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import suppress
from multiprocessing.connection import Connection as Pipe
from typing import Final

from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from actitud_api.platform.storage.database import Database, Unavailable
from tests.support.databases import opened
from tests.support.forking import PROCESSES
from tests.support.waiting import PATIENCE

ROWS: Final = 20
"""Rows of a batch: all of them are kept, or none."""

_READ = text("SELECT version, value FROM counter")
_COMPARE_AND_SET = text("UPDATE counter SET version = version + 1, value = :value WHERE version = :version")
_SET = text("UPDATE counter SET version = version + 1, value = :value")
_ADD_BATCH = text("INSERT INTO batch (writer, number, size) VALUES (:writer, :number, :size)")
_ADD_ROWS = text("INSERT INTO batch_row (writer, number, place) VALUES (:writer, :number, :place)")
_BATCHES = text(
    "SELECT batch.writer, batch.number, batch.size, count(batch_row.place) FROM batch LEFT JOIN batch_row "
    "ON batch.writer = batch_row.writer AND batch.number = batch_row.number "
    "GROUP BY batch.writer, batch.number, batch.size"
)


def make_tables(database: Database) -> None:
    """A counter at 0, and batches of rows."""
    with database.write() as session:
        connection = session.connection()
        connection.execute(text("CREATE TABLE counter (version INTEGER, value INTEGER)"))
        connection.execute(text("INSERT INTO counter VALUES (0, 0)"))
        connection.execute(text("CREATE TABLE batch (writer INTEGER, number INTEGER, size INTEGER)"))
        connection.execute(text("CREATE TABLE batch_row (writer INTEGER, number INTEGER, place INTEGER)"))


def counted(database: Database) -> tuple[int, int]:
    """Version and value of the counter."""
    with database.read() as session:
        version, value = session.connection().execute(_READ).one()
        return version, value


# --- counting -------------------------------------------------------------------------------------------------

Work = Callable[[str, int, int], int]


def in_processes(work: Work, url: str, processes: int, writers: int, updates: int) -> int:
    """The updates that writers in several processes had acknowledged together."""
    with ProcessPoolExecutor(processes, mp_context=PROCESSES) as pool:
        return sum(pool.map(work, [url] * processes, [writers // processes] * processes, [updates] * processes))


def compare_and_set(url: str, writers: int, updates: int) -> int:
    """Each writer adds one to the counter so many times, as services do: by its version, again if it has changed."""
    with opened(url) as database:

        def once() -> bool:
            with database.write() as session:
                connection = session.connection()
                version, value = connection.execute(_READ).one()
                changed = connection.execute(_COMPARE_AND_SET, {"version": version, "value": value + 1})
                return changed.rowcount == 1

        def all_of_them() -> int:
            acknowledged = 0
            while acknowledged < updates:
                acknowledged += once()
            return acknowledged

        return _in_threads(all_of_them, writers)


def read_and_set(url: str, writers: int, updates: int) -> int:
    """The same as it is written without thinking: read, add one, write, with the defaults of driver and library."""
    engine = create_engine(url)

    def all_of_them() -> int:
        acknowledged = 0
        for _ in range(updates):
            with suppress(OperationalError):  # "database is locked": an error, so nothing is acknowledged
                with engine.begin() as connection:
                    _, value = connection.execute(_READ).one()
                    connection.execute(_SET, {"value": value + 1})
                acknowledged += 1
        return acknowledged

    acknowledged = _in_threads(all_of_them, writers)
    engine.dispose()
    return acknowledged


def _in_threads(work: Callable[[], int], threads: int) -> int:
    together = threading.Barrier(threads)

    def started() -> int:
        together.wait(PATIENCE)
        return work()

    with ThreadPoolExecutor(threads) as pool:
        return sum(future.result() for future in [pool.submit(started) for _ in range(threads)])


# --- batches --------------------------------------------------------------------------------------------------


def add_batch(database: Database, writer: int, number: int) -> None:
    """Stores a batch of a writer with all its rows."""
    with database.write() as session:
        connection = session.connection()
        connection.execute(_ADD_BATCH, {"writer": writer, "number": number, "size": ROWS})
        connection.execute(_ADD_ROWS, [{"writer": writer, "number": number, "place": place} for place in range(ROWS)])


def stored_batches(database: Database) -> tuple[set[tuple[int, int]], list[tuple[int, ...]]]:
    """Writer and number of the batches that are whole, and those that are not."""
    with database.read() as session:
        connection = session.connection()
        if connection.dialect.name == "postgresql":
            # The time limit is for requests. After a crash, beside writers, this may take longer.
            connection.execute(text("SET LOCAL statement_timeout = 0"))
        found = [tuple(row) for row in connection.execute(_BATCHES)]
    return {(row[0], row[1]) for row in found if row[2] == row[3]}, [row for row in found if row[2] != row[3]]


def add_batches(url: str, writers: range, acknowledged: Pipe) -> None:
    """Each writer stores batches until the process is killed, and says of each one that it is stored.

    Where the database cannot be had it goes on with the next, as a client would that was told to come back.
    """
    saying = threading.Lock()
    with opened(url) as database, ThreadPoolExecutor(len(writers)) as pool:

        def work(writer: int) -> None:
            for number in itertools.count():
                with suppress(Unavailable):
                    add_batch(database, writer, number)
                    with saying:
                        acknowledged.send((writer, number))

        for future in [pool.submit(work, writer) for writer in writers]:
            future.result()
