"""The triggers of a database, compared with those that its migrations make."""

from __future__ import annotations

from functools import cache

from sqlalchemy import Connection, create_engine, text

from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.migrate import upgrade

_OF_SQLITE = text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
_OF_POSTGRESQL = text("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')")


def find_missing_triggers(database: Database) -> tuple[list[str], int]:
    """Return the names of the triggers that are missing, disabled or, on SQLite, other ones; and how many there are.

    The expected triggers are those of a new database of SQLite, from which those of PostgreSQL follow: there a row is
    not replaced and has no number, and what refuses to delete rows refuses to truncate the table too.
    """
    expected = _load_expected()
    with database.read() as session:
        connection = session.connection()
        if connection.dialect.name == "sqlite":
            found = _read_sqlite(connection)
            return sorted(name for name, made in expected.items() if found.get(name) != made), len(expected)
        names = set(connection.execute(_OF_POSTGRESQL).scalars())
    kept = {name for name in expected if not name.endswith(("_refuses_replacement", "_refuses_renumbering"))}
    kept |= {name.replace("_refuses_delete", "_refuses_truncate") for name in kept if name.endswith("_refuses_delete")}
    return sorted(kept - names), len(kept)


@cache
def _load_expected() -> dict[str, str]:
    engine = create_engine("sqlite://")
    try:
        with engine.begin() as connection:
            upgrade(connection)
            return _read_sqlite(connection)
    finally:
        engine.dispose()


def _read_sqlite(connection: Connection) -> dict[str, str]:
    return {name: made for name, made in connection.execute(_OF_SQLITE)}  # noqa: C416  # typed pairs
