"""PostgreSQL engines with limited waiting times and durable commits.

The server limits the time of statements, of waiting for locks and of idle transactions. The client limits its wait for
a server that does nothing at all, because it is stopped or cannot be reached.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from typing import Final, Literal, cast

import msgspec
import psycopg
from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry

from actitud_api.platform.storage.base import to_json
from actitud_api.platform.storage.bounded_connection import WAKE_SECONDS, BoundedConnection
from actitud_api.platform.storage.errors import InvalidDatabase
from actitud_api.platform.storage.public_state import CHANNEL, HEARTBEAT, SELECT_NUMBER, StateReader, read_row
from actitud_api.platform.storage.request_counters import PostgresqlCounter

DRIVER: Final = "postgresql+psycopg"
"""Driver that a URL must name; the default driver depends on the version of SQLAlchemy."""

STATEMENT_TIMEOUT: Final = 5_000
"""Milliseconds that one statement may take."""

LOCK_TIMEOUT: Final = 2_000
"""Milliseconds that one statement may wait for a lock."""

IDLE_TIMEOUT: Final = 10_000
"""Milliseconds that a transaction may stay open without a statement, holding its locks."""

POOL_TIMEOUT: Final = 5
"""Seconds that a session waits for a pooled connection."""

CONNECT_TIMEOUT: Final = 3
"""Seconds that opening a connection may take; psycopg takes no less than 2."""

PING_PATIENCE: Final = 2.0
"""Seconds of silence after which a pooled connection counts as lost when it is tested before its use."""

PATIENCE: Final = STATEMENT_TIMEOUT / 1000 + 2
"""Seconds of silence after which a server counts as stalled: it ends a statement by itself before.

Together with the waiting for a connection and the opening of a new one, a request is answered within 10 seconds.
"""

KEEPALIVES: Final = {
    "keepalives": 1,
    "keepalives_idle": 30,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
"""Options of TCP by which the system drops pooled connections whose server has gone, before a session uses them."""

READERS: Final = 13
WRITERS: Final = 8
COUNTERS: Final = 2
LISTENERS: Final = 1
CONNECTIONS: Final = READERS + WRITERS + COUNTERS + LISTENERS
"""Highest number of connections of a process, and their sum.

They are for read sessions, write sessions, request counts, and changes of the public state. They are opened on demand.
Four processes fit in the 97 connections that a server offers to ordinary users by default.
"""

COUNT_TIMEOUT: Final = 1_000
"""Milliseconds that the statement of a request counter may take; it normally takes less than one."""

COUNT_PATIENCE: Final = 2 * COUNT_TIMEOUT / 1000
"""The same of a request counter as `PATIENCE`."""

WATCH_TIMEOUT: Final = 1_000
"""Milliseconds that reading the public state may take; it normally takes less than one."""

WATCH_PATIENCE: Final = WATCH_TIMEOUT / 1000
"""The same of the connection that watches the public state as `PATIENCE`."""

MIGRATION_TIMEOUT: Final = 60
"""Seconds that a migration waits for the migration of another process to end, or for the lock of a table."""

_MIGRATION_LOCK: Final = 0x61637469747564
"""Number of the advisory lock that a process holds while it migrates.

The number is the word `actitud` in ASCII; any number that no other lock has would do.
"""

_UNAVAILABLE: Final = ("08", "40", "53", "55P03", "57", "58")
"""Prefixes of the SQLSTATE codes that are temporary errors.

In order: connection lost, deadlock, no resources (a full disk among them), lock not granted in time, statement timeout
or server shutdown, a failing disk.
"""

Role = Literal["reader", "writer", "counter", "watcher"]


def create_engines(url: URL) -> tuple[Engine, Engine]:
    """Return the engine for reading and the engine for writing; connections are opened on demand.

    Raises:
        InvalidDatabase: The URL does not name the driver `psycopg`.
    """
    if url.drivername != DRIVER:
        raise InvalidDatabase(f"PostgreSQL needs its driver spelled: {DRIVER}://…")
    return _create_engine(url, "reader", READERS), _create_engine(url, "writer", WRITERS)


def create_counter(url: URL) -> PostgresqlCounter:
    """Return the request counter that all processes of the database share."""
    return PostgresqlCounter(_create_engine(url, "counter", COUNTERS), COUNTERS)


def create_state_readers(url: URL) -> Callable[[], AbstractContextManager[StateReader]]:
    """Return a function that opens a reader of the version number of the public state.

    The public state is the data that an anonymous reader can see. Each reader has a connection of its own.
    """
    engine = _create_engine(url, "watcher", 1)

    @contextmanager
    def connect() -> Iterator[StateReader]:
        pooled = engine.raw_connection()
        connection = cast("BoundedConnection", pooled.driver_connection)
        pooled.detach()
        with closing(connection):
            connection.execute(f"LISTEN {CHANNEL}")
            yield _StateReader(connection)

    return connect


class _StateReader:
    """Reader of the public state that listens on its channel; the notice only says that the row is to be read."""

    def __init__(self, connection: BoundedConnection) -> None:
        self._connection = connection

    def read(self) -> int:
        return read_row(self._connection.execute(SELECT_NUMBER).fetchone())

    def wait(self, stopping: threading.Event) -> None:
        end = time.monotonic() + HEARTBEAT
        while not stopping.is_set() and time.monotonic() < end:
            # Those that came while the row was read are given first.
            if list(self._connection.notifies(timeout=WAKE_SECONDS, stop_after=1)):
                return


def lock_for_migration(connection: Connection) -> None:
    """Lock the database against migrations by other processes until the transaction of this connection ends.

    A process that finds the lock taken waits `MIGRATION_TIMEOUT` seconds for it.
    """
    # SET LOCAL ends with the transaction. A migration may rewrite a large table, so it has no time limit of its own.
    connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    # Until the connection goes back to the pool.
    cast("BoundedConnection", connection.connection.driver_connection).patience = None
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{MIGRATION_TIMEOUT}s'")
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")


def is_unavailable(error: DBAPIError) -> bool:
    """Return True if an error is temporary: a lost connection, a lock or statement that took too long, a failing disk.

    An error without a SQLSTATE code comes from the connection and counts as temporary.
    """
    original = error.orig
    return isinstance(original, psycopg.OperationalError) and (
        original.sqlstate is None or original.sqlstate.startswith(_UNAVAILABLE)
    )


def is_stalled(error: DBAPIError) -> bool:
    """Return True if an error means that the server did not answer, or took no connection, in time."""
    return isinstance(error.orig, psycopg.errors.ConnectionTimeout)


def _create_engine(url: URL, role: Role, connections: int) -> Engine:
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT,
        # A connection that the server has closed is replaced before it is used, instead of failing a request. The
        # counter finds out by counting and then tries again, which saves one round trip per request.
        pool_pre_ping=role in ("reader", "writer"),
        **({"isolation_level": "AUTOCOMMIT"} if role in ("counter", "watcher") else {}),
        connect_args={"options": _build_options(url, role), "connect_timeout": CONNECT_TIMEOUT, **KEEPALIVES},
        json_serializer=to_json,
        json_deserializer=msgspec.json.decode,
    )
    patience = {"counter": COUNT_PATIENCE, "watcher": WATCH_PATIENCE}.get(role, PATIENCE)

    @event.listens_for(engine, "do_connect")
    def connect(
        _dialect: object, _entry: ConnectionPoolEntry, arguments: list[object], options: dict[str, object]
    ) -> BoundedConnection:
        connection = cast("Callable[..., BoundedConnection]", BoundedConnection.connect)(*arguments, **options)
        connection.patience = patience
        return connection

    # A connection in the pool is tested before its next use: an answer to that takes less than a millisecond.
    @event.listens_for(engine, "checkin")
    def expect_test(connection: BoundedConnection | None, _entry: ConnectionPoolEntry) -> None:
        if connection is not None:
            connection.patience = min(PING_PATIENCE, patience)

    @event.listens_for(engine, "checkout")
    def expect_statements(connection: BoundedConnection, _entry: ConnectionPoolEntry, _proxy: object) -> None:
        connection.patience = patience

    return engine


def _build_options(url: URL, role: Role) -> str:
    """Return the `options` of a connection: those of the URL, then the settings of its role.

    The server reads them when the connection begins, so no statement is needed.

    There are four roles. A `reader` needs one consistent state, hence REPEATABLE READ; because it is read-only, it
    never fails with a serialisation error. A `writer` sees the commits of others before each of its statements
    (READ COMMITTED). A `counter` counts requests: its statements have a shorter time limit, and its commits are not
    synced to disk, because counts may be lost in a crash. A `watcher` reads one row, again and again.
    """
    settings = {
        "timezone": "UTC",
        "synchronous_commit": "off" if role == "counter" else "on",
        "statement_timeout": {"counter": COUNT_TIMEOUT, "watcher": WATCH_TIMEOUT}.get(role, STATEMENT_TIMEOUT),
        "lock_timeout": LOCK_TIMEOUT,
        "idle_in_transaction_session_timeout": IDLE_TIMEOUT,
        "default_transaction_isolation": r"repeatable\ read" if role == "reader" else r"read\ committed",
        "default_transaction_read_only": "on" if role in ("reader", "watcher") else "off",
    }
    url_options = url.query.get("options", "")
    before = [url_options] if isinstance(url_options, str) else [*url_options]
    # The settings come last, so that they win over an option of the URL with the same name.
    return " ".join([*before, *(f"-c {name}={value}" for name, value in settings.items())])
