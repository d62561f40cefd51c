"""SQLite engines whose settings keep acknowledged writes: one writer, WAL, `synchronous = FULL`."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Final, Literal, cast

import msgspec
from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

from actitud_api.platform.storage.base import to_json
from actitud_api.platform.storage.errors import InvalidDatabase
from actitud_api.platform.storage.private_files import create_private_file
from actitud_api.platform.storage.public_state import HEARTBEAT, SELECT_NUMBER, StateReader, read_row
from actitud_api.platform.storage.request_counters import MemoryCounter

BUSY_TIMEOUT = 10
"""Seconds that a connection waits for the lock of another process before it fails."""

READERS = 40
"""Read connections, opened on demand: more than the service has worker threads."""

LOOK_SECONDS: Final = 0.1
"""Seconds between two looks at whether another connection has changed the database."""

_UNAVAILABLE = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT})
"""Result codes of temporary errors: lock not granted in time, disk full, disk failure.

SQLite says `SQLITE_CORRUPT` too where a disk fails to read a page: in `unixRead`, EIO is `SQLITE_IOERR_CORRUPTFS`.
"""

_PRIMARY_CODE = 0xFF
"""Bit mask that extracts the primary result code from an extended one."""

Role = Literal["reader", "writer"]


def create_engines(url: URL) -> tuple[Engine, Engine]:
    """Return the engine for reading and the engine for writing; connections are opened on demand.

    The write engine has a single connection, so writers of this process queue for it in FIFO order instead of polling
    the lock of the file.

    Raises:
        InvalidDatabase: The URL names no file. A database in memory is not supported, because it belongs to one
            connection and the service needs two.
    """
    if url.database in (None, "", ":memory:"):
        raise InvalidDatabase("SQLite needs a file: sqlite:///<path>")
    return _create_engine(url, "reader", READERS), _create_engine(url, "writer", 1)


def create_counter(_url: URL) -> MemoryCounter:
    """Return a request counter in memory, which suffices because only one process serves a SQLite file."""
    return MemoryCounter()


def create_state_readers(url: URL) -> Callable[[], AbstractContextManager[StateReader]]:
    """Return a function that opens a reader of the version number of the public state.

    The public state is the data that an anonymous reader can see. Each reader has a connection of its own.
    """
    engine = _create_engine(url, "reader", 1)

    @contextmanager
    def connect() -> Iterator[StateReader]:
        # Whoever only looks makes no file.
        Path(str(url.database)).stat()
        pooled = engine.raw_connection()
        connection = cast("sqlite3.Connection", pooled.driver_connection)
        pooled.detach()
        with closing(connection):
            yield _StateReader(connection)

    return connect


class _StateReader:
    """Reader of the public state that asks for `data_version`, which changes when another connection commits.

    It changes at some checkpoints too, and only says that the row is to be read.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._version = self._read_version()

    def read(self) -> int:
        # Before the row: a commit in between is looked at once more.
        self._version = self._read_version()
        return read_row(self._connection.execute(SELECT_NUMBER).fetchone())

    def wait(self, stopping: threading.Event) -> None:
        for _ in range(round(HEARTBEAT / LOOK_SECONDS)):
            if stopping.wait(LOOK_SECONDS) or self._read_version() != self._version:
                return

    def _read_version(self) -> int:
        (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        return int(version)


def lock_for_migration(connection: Connection) -> None:
    """Do nothing: `BEGIN IMMEDIATE` has already locked out other writers."""


def is_unavailable(error: DBAPIError) -> bool:
    """Return True if an error is temporary: the file is locked, or the disk is full or fails."""
    # Errors of the driver itself, such as a closed connection, have no code.
    code: int = getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_OK)
    return code & _PRIMARY_CODE in _UNAVAILABLE


def is_stalled(_error: DBAPIError) -> bool:
    """Return False: SQLite has no server that could fail to answer."""
    return False


def _create_engine(url: URL, role: Role, connections: int) -> Engine:
    file = Path(str(url.database))
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=BUSY_TIMEOUT,
        # The connection that was used last has most pages in its cache; in turn, each would read its own copy of them.
        pool_use_lifo=True,
        connect_args={"timeout": BUSY_TIMEOUT, "check_same_thread": False, "isolation_level": None},
        json_serializer=to_json,
        json_deserializer=msgspec.json.decode,
    )

    @event.listens_for(engine, "do_connect")
    def create_file(*_arguments: object) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        create_private_file(file)

    # isolation_level None stops the driver from opening transactions by itself, which it does too late: a SELECT
    # would run outside of any, and two sessions that read and then write would lose updates.
    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        # NORMAL loses the last commits of a WAL database after a power failure, although they were acknowledged.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA recursive_triggers = ON")
        connection.execute(f"PRAGMA query_only = {'ON' if role == 'reader' else 'OFF'}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if role == "reader":
            # It locks nothing, so there is no error to translate, and each read pays for the way through SQLAlchemy.
            cast("sqlite3.Connection", connection.connection.driver_connection).execute("BEGIN")
        else:
            # IMMEDIATE takes the write lock at once. A deferred transaction that upgrades later may fail without
            # waiting.
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine
