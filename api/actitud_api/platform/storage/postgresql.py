"""PostgreSQL engines with bounded waiting and synced commits."""

from __future__ import annotations

from typing import Final, Literal

import msgspec
import psycopg
from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine
from sqlalchemy.exc import DBAPIError

from actitud_api.platform.storage.base import to_json
from actitud_api.platform.storage.counts import PostgresqlCounter
from actitud_api.platform.storage.errors import InvalidDatabase

DRIVER: Final = "postgresql+psycopg"
"""Driver that a URL has to name: without it the default depends on the version of SQLAlchemy."""

STATEMENT_TIMEOUT: Final = 5_000
"""Milliseconds that one statement may take."""

LOCK_TIMEOUT: Final = 2_000
"""Milliseconds that one statement may wait for a lock."""

IDLE_TIMEOUT: Final = 10_000
"""Milliseconds that a transaction may stay open without a statement, holding its locks."""

POOL_TIMEOUT: Final = 5
"""Seconds that a session waits for a pooled connection."""

READERS: Final = 14
WRITERS: Final = 8
COUNTERS: Final = 2
"""Connections of a process, opened on demand. Four processes fit in the 97 that a server offers users by default."""

COUNT_TIMEOUT: Final = 1_000
"""Milliseconds that the counting statement may take; it normally takes less than one."""

MIGRATION_TIMEOUT: Final = 60
"""Seconds that a process waits for another one that migrates, or for a table to be changed."""

_MIGRATION_LOCK: Final = 0x61637469747564
"""Advisory lock held while migrating: `actitud` in ASCII."""

_UNAVAILABLE: Final = ("08", "40", "53", "55P03", "57")
"""Prefixes of SQLSTATE codes that are temporary.

In order: connection lost, deadlock, no resources, lock not granted in time, statement timeout or server shutdown.
"""

Role = Literal["reader", "writer", "counter"]


def create_engines(url: URL) -> tuple[Engine, Engine]:
    """Return the engine for reading and the engine for writing; nothing is opened yet.

    Raises:
        InvalidDatabase: The URL does not name the driver.
    """
    if url.drivername != DRIVER:
        raise InvalidDatabase(f"PostgreSQL needs its driver spelled: {DRIVER}://…")
    return _engine(url, "reader", READERS), _engine(url, "writer", WRITERS)


def create_counter(url: URL) -> PostgresqlCounter:
    """Return the request counter shared by all processes of the database."""
    return PostgresqlCounter(_engine(url, "counter", COUNTERS), COUNTERS)


def lock_for_migration(connection: Connection) -> None:
    """Let this connection alone migrate until its transaction ends; others wait for it."""
    connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{MIGRATION_TIMEOUT}s'")
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})")


def is_unavailable(error: DBAPIError) -> bool:
    """Return True if an error is temporary; an error without a SQLSTATE is one of the connection."""
    original = error.orig
    return isinstance(original, psycopg.OperationalError) and (
        original.sqlstate is None or original.sqlstate.startswith(_UNAVAILABLE)
    )


def _engine(url: URL, role: Role, connections: int) -> Engine:
    return create_engine(
        url,
        poolclass=QueuePool,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT,
        # A connection that the server has closed meanwhile is replaced instead of failing a request. Who counts finds
        # out by counting, which saves each request the question.
        pool_pre_ping=role != "counter",
        **({"isolation_level": "AUTOCOMMIT"} if role == "counter" else {}),
        connect_args={"options": _options(url, role), "connect_timeout": POOL_TIMEOUT},
        json_serializer=to_json,
        json_deserializer=msgspec.json.decode,
    )


def _options(url: URL, role: Role) -> str:
    """Return the settings of a connection, after those of the URL.

    They are sent at connection start, so they cost no statement.

    A reader needs one consistent state, which on PostgreSQL is REPEATABLE READ; being read-only it never fails to be
    serialised. A writer sees the commits of others before each of its statements. Request counts need not outlive a
    crash, so they are not synced.
    """
    settings = {
        "timezone": "UTC",
        "synchronous_commit": "off" if role == "counter" else "on",
        "statement_timeout": COUNT_TIMEOUT if role == "counter" else STATEMENT_TIMEOUT,
        "lock_timeout": LOCK_TIMEOUT,
        "idle_in_transaction_session_timeout": IDLE_TIMEOUT,
        "default_transaction_isolation": r"repeatable\ read" if role == "reader" else r"read\ committed",
        "default_transaction_read_only": "on" if role == "reader" else "off",
    }
    given = url.query.get("options", "")
    return " ".join([*([given] if isinstance(given, str) else given), *(f"-c {k}={v}" for k, v in settings.items())])
