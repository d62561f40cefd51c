"""Health checks of a database: connection settings, a trial write, the WAL-reset bug of SQLite, standbys."""

from __future__ import annotations

import sqlite3
from typing import Final, Literal

from sqlalchemy import text

from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.urls import wrap_failures

Version = tuple[int, int, int]

PRAGMAS: Final = {
    "journal_mode": "wal",
    "synchronous": 2,  # FULL
    "foreign_keys": 1,
    # Without it, REPLACE deletes a row without firing the triggers that protect published rows.
    "recursive_triggers": 1,
}
"""Required SQLite settings.

With other values SQLite may lose acknowledged writes, or may not run the triggers that refuse changes.
"""

BUSY_TIMEOUT_MIN: Final = 5_000
"""Shortest time in milliseconds that a SQLite connection must be ready to wait for a lock."""

WAL_INTRODUCED: Final = (3, 7, 0)
WAL_RESET_FIXED: Final = (3, 51, 3)
WAL_RESET_BACKPORTS: Final = ((3, 44, 6), (3, 50, 7))
"""First releases of the lines 3.44 and 3.50 without the WAL-reset bug.

Later releases of these two lines do not have it either.
"""


_STANDBYS: Final = text("SELECT count(*), current_setting('synchronous_standby_names') <> '' FROM pg_stat_replication")
_OFFERED: Final = text(
    "SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int"
)


def get_sqlite_version() -> Version:
    """Return the version of the SQLite library that Python is linked with."""
    return sqlite3.sqlite_version_info[:3]


def has_wal_bug(version: Version) -> bool:
    """Return True if a SQLite version has the WAL-reset bug.

    With this bug, two connections that write and checkpoint at the same time may corrupt the file.

    Source: sqlite.org/wal.html; versions 3.7.0 to 3.51.2, except 3.44.6 and 3.50.7 and later releases of these two
    lines.
    """
    if any(version[:2] == fixed[:2] and version >= fixed for fixed in WAL_RESET_BACKPORTS):
        return False
    return WAL_INTRODUCED <= version < WAL_RESET_FIXED


def get_dialect(database: Database) -> str:
    """Return the kind of the database, `sqlite` or `postgresql`.

    Raises:
        DatabaseFailure: The database cannot be reached.
    """
    with wrap_failures(), database.read() as session:
        return session.connection().dialect.name


def find_wrong_pragmas(database: Database) -> dict[str, str]:
    """Return the SQLite settings (pragmas) that do not have the required values, with their present values.

    The keys are `<role>.<pragma>`, with the role `reader` or `writer`.

    Raises:
        DatabaseFailure: The database cannot be reached.
    """
    wrong: dict[str, str] = {}
    for role in ("reader", "writer"):
        wrong |= _check_role(database, role)
    return wrong


def _check_role(database: Database, role: Literal["reader", "writer"]) -> dict[str, str]:
    wrong: dict[str, str] = {}
    with wrap_failures(), database.read() if role == "reader" else database.write() as session:
        connection = session.connection()
        for name, expected in {**PRAGMAS, "query_only": int(role == "reader")}.items():
            actual = connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            if actual != expected:
                wrong[f"{role}.{name}"] = str(actual)
        timeout: int = connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one()
        if timeout < BUSY_TIMEOUT_MIN:
            wrong[f"{role}.busy_timeout"] = str(timeout)
    return wrong


def find_standbys(database: Database) -> tuple[int, bool]:
    """Return the number of standbys (replicas) of a PostgreSQL server, and True if commits wait for one of them.

    Raises:
        DatabaseFailure: The database cannot be reached.
    """
    with wrap_failures(), database.read() as session:
        row = session.connection().execute(_STANDBYS).one()
        return row[0], row[1]


def count_offered_connections(database: Database) -> int:
    """Return the number of connections that a PostgreSQL server offers to all ordinary users together.

    Raises:
        DatabaseFailure: The database cannot be reached.
    """
    with wrap_failures(), database.read() as session:
        offered: int = session.connection().execute(_OFFERED).scalar_one()
        return offered


def write_and_roll_back(database: Database) -> None:
    """Test that the database accepts writes: update a row to its own value, then roll back.

    Nothing is committed, because a running service must stay the only writer of a SQLite file.

    Raises:
        DatabaseFailure: The database refused the write or cannot be reached.
    """
    with wrap_failures(), database.write() as session:
        session.connection().execute(text("UPDATE alembic_version SET version_num = version_num"))
        session.rollback()
