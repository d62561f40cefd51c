"""The triggers of a database and the functions that they call, compared with those that its migrations make."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import ProgrammingError

from actitud_api.platform.storage.database import Database, Session
from actitud_api.platform.storage.migrate import upgrade

_OF_SQLITE = text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
_OF_POSTGRESQL = text(
    # In pretty form, a name is not qualified where the search path finds it: so definitions of two schemas compare.
    "SELECT tgname, pg_get_triggerdef(pg_trigger.oid, true) || CASE tgenabled WHEN 'O' THEN '' ELSE ' disabled' END "
    "FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
    "WHERE NOT tgisinternal AND pg_table_is_visible(tgrelid) "
    "UNION ALL SELECT proname, prosrc FROM pg_proc "
    "WHERE prokind = 'f' AND pg_function_is_visible(oid) AND pronamespace = current_schema()::regnamespace"
)
_SELECT_DEFINITION = text("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = :name")
_SCHEMA = "actitud_expected"


@contextmanager
def suspend_triggers(session: Session, triggers: Mapping[str, str]) -> Iterator[None]:
    """Disable triggers in a write session, and enable them again at the end of the `with` block.

    No other session can write to the tables of the triggers until this session ends. If the block raises, the session
    has to be rolled back, which restores the triggers. On PostgreSQL only the owner of the tables may disable triggers.

    Args:
        session: A write session.
        triggers: Name of the table of each trigger, by the name of the trigger.
    """
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        for name, table in triggers.items():
            connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER {name}")
        yield
        for name, table in triggers.items():
            connection.exec_driver_sql(f"ALTER TABLE {table} ENABLE TRIGGER {name}")
        return
    definitions = {name: connection.execute(_SELECT_DEFINITION, {"name": name}).scalar_one() for name in triggers}
    for name in definitions:
        connection.exec_driver_sql(f"DROP TRIGGER {name}")
    yield
    for definition in definitions.values():
        connection.exec_driver_sql(definition)


def find_missing_triggers(database: Database) -> tuple[list[str], int]:
    """Return the names of the triggers and trigger functions that are not as expected, and the number of expected ones.

    A name is returned if the trigger or function is missing, disabled or altered, or if the trigger is one that no
    migration makes. The expected ones are those that the migrations make in an empty database: on SQLite one in memory,
    on PostgreSQL a new schema that is rolled back.

    A PostgreSQL role that may not create a schema is compared with less: only triggers are expected, by their names. A
    missing or disabled trigger is found, an altered or added one and a missing function are not.
    """
    with database.read() as session:
        connection = session.connection()
        if connection.dialect.name == "sqlite":
            expected, found = _load_expected(), _read(connection)
            return _compare(expected, found)
        found = _read(connection)
    try:
        return _compare(_make_expected(database), found)
    except ProgrammingError:
        names = _list_expected_names()
        enabled = {name for name, made in found.items() if not made.endswith(" disabled")}
        return sorted(names - enabled), len(names)


def _compare(expected: dict[str, str], found: dict[str, str]) -> tuple[list[str], int]:
    wrong = {name for name, made in expected.items() if found.get(name) != made}
    # Functions of PostgreSQL may belong to an extension; a trigger runs with each change of what is not published yet.
    added = {name for name, made in found.items() if name not in expected and made.startswith("CREATE TRIGGER")}
    return sorted(wrong | added), len(expected)


@cache
def _load_expected() -> dict[str, str]:
    """Return the triggers of an empty SQLite database, with the statements that make them."""
    engine = create_engine("sqlite://")
    try:
        with engine.begin() as connection:
            upgrade(connection)
            return _read(connection)
    finally:
        engine.dispose()


def _make_expected(database: Database) -> dict[str, str]:
    """Return the triggers and functions of an empty schema of a PostgreSQL database; nothing of it is committed."""
    with database.write() as session:
        connection = session.connection()
        connection.exec_driver_sql(f"CREATE SCHEMA {_SCHEMA}")
        connection.exec_driver_sql(f"SET LOCAL search_path TO {_SCHEMA}")
        upgrade(connection)
        expected = _read(connection)
        session.rollback()
    return expected


def _list_expected_names() -> set[str]:
    """Return the names of the triggers of PostgreSQL.

    They follow from those of SQLite: on PostgreSQL a row is not replaced and has no number, and what refuses to delete
    rows refuses to truncate the table too.
    """
    kept = {name for name in _load_expected() if not name.endswith(("_refuses_replacement", "_refuses_renumbering"))}
    return kept | {
        name.replace("_refuses_delete", "_refuses_truncate") for name in kept if name.endswith("_refuses_delete")
    }


def _read(connection: Connection) -> dict[str, str]:
    statement = _OF_SQLITE if connection.dialect.name == "sqlite" else _OF_POSTGRESQL
    return dict(connection.execute(statement).all())
