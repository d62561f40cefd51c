"""A client that knows nothing of the service cannot change what is read of a published edition.

On SQLite that is a plain `sqlite3`, for which neither foreign keys nor `recursive_triggers` are on.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import pytest

from actitud_api.resources.publications import service
from tests.http.publications.test_documents import REVIEWED
from tests.http.publications.test_refusals import KEYS, REFUSED, SHAPES, columns, list_statements, publish_twice, read
from tests.support.databases import migrated_sqlite, opened
from tests.support.figures import FigureRecorder
from tests.support.publishing import BIG, EDITION, LATE


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The file of a database with a published edition that was corrected once, for statements that are refused."""
    folder = tmp_path_factory.mktemp("bare")
    url = migrated_sqlite(folder)
    with opened(url) as database:
        publish_twice(database, folder)
    return url.removeprefix("sqlite:///")


def connect(file: str) -> sqlite3.Connection:
    """A connection with the settings that the client has of itself."""
    connection = sqlite3.connect(file, isolation_level=None)
    for setting in ("foreign_keys", "recursive_triggers"):
        assert connection.execute(f"PRAGMA {setting}").fetchone() == (0,)
    return connection


def list_columns(connection: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]


def dump(connection: sqlite3.Connection) -> dict[str, list[tuple[object, ...]]]:
    return {table: connection.execute(f"SELECT rowid, * FROM {table}").fetchall() for table in KEYS}


def test_no_statement_of_a_bare_client_changes_what_is_published(file: str, figure: FigureRecorder) -> None:
    with closing(connect(file)) as connection:
        before = dump(connection)
        assert all(before[table] for table in KEYS)
        told = list_statements("sqlite", {table: list_columns(connection, table) for table in KEYS})
        for statement in told:
            with pytest.raises(sqlite3.IntegrityError, match=REFUSED):
                connection.execute(statement)
            assert dump(connection) == before, statement
        unprotected = count_unprotected(connection, told)
    assert unprotected > len(told) / 2
    figure(
        "S1",
        f"statements of {len(SHAPES['sqlite'])} shapes on the {len(KEYS)} tables that published editions rest on, told "
        "by a plain `sqlite3`; failed are those that are not refused",
        tried=len(told),
        failed=0,
        control=f"without triggers {unprotected} of them are accepted",
    )


def count_unprotected(connection: sqlite3.Connection, told: list[str]) -> int:
    """How many statements are accepted without the triggers, each alone; nothing of it lasts."""
    accepted = 0
    connection.execute("BEGIN")
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    for statement in told:
        connection.execute("SAVEPOINT alone")
        with suppress(sqlite3.IntegrityError):
            connection.execute(statement)
            accepted += 1
        connection.execute("ROLLBACK TO alone")
    connection.execute("ROLLBACK")
    return accepted


@pytest.mark.parametrize("table", KEYS)
def test_neither_keys_nor_row_numbers_are_taken_over(file: str, table: str) -> None:
    """A row of its own that takes the place of another by its key, its `rowid`, or a value of another type."""
    with closing(connect(file)) as connection:
        names = list_columns(connection, table)
        before = dump(connection)
        for key in KEYS[table]:
            for statement in (
                f"UPDATE {table} SET {key} = {key} || 'x'",
                f"UPDATE OR IGNORE {table} SET {key} = CAST({key} AS BLOB)",
                f"UPDATE {table} SET rowid = rowid + 1000",
                f"REPLACE INTO {table} (rowid, {', '.join(names)}) SELECT rowid, {', '.join(names)} FROM {table}",
            ):
                with pytest.raises(sqlite3.IntegrityError, match="does not change"):
                    connection.execute(statement)
                assert dump(connection) == before


@pytest.mark.parametrize("table", ["assessment", "submission", "transition", "verdict", "review", "reply", "flag"])
def test_a_row_that_may_change_does_not_push_out_one_that_is_published(file: str, table: str) -> None:
    """`UPDATE OR REPLACE` deletes the row whose number it takes, and no trigger of that row runs."""
    with closing(connect(file)) as connection:
        before = dump(connection)
        names = list_columns(connection, table)
        connection.execute("BEGIN")
        connection.execute(insert(table, names, {"edition": "'2099'"}, f"edition = '{EDITION}'"))
        refused(
            connection,
            f"UPDATE OR REPLACE {table} SET rowid = (SELECT MIN(rowid) FROM {table} WHERE edition = '{EDITION}') "
            "WHERE edition = '2099'",
        )
        connection.execute("ROLLBACK")
        assert dump(connection) == before


def test_whoever_opens_a_revision_changes_nothing_that_is_read(tmp_path: Path) -> None:
    """The attack S1: it was accepted while a score of the next revision opened the assessments to changes."""
    url = migrated_sqlite(tmp_path)
    with opened(url) as database:
        publish_twice(database, tmp_path)
        shown = read(database)
        scores, made = columns(database, "published_score"), columns(database, "publication")
        opening = {"revision": "3", "supersedes": "digest", "digest": f"'{REVIEWED}'"}
        with closing(connect(url.removeprefix("sqlite:///"))) as connection:
            refused(connection, insert("published_score", scores, {"revision": "3"}, "revision = 2"))
            forged = ", ".join(opening.get(name, name) for name in made)
            connection.execute(f"INSERT INTO publication SELECT {forged} FROM publication WHERE revision = 2")
            for statement in (
                f"UPDATE assessment SET index_value = 9999, level = 5 WHERE organisation = '{BIG}'",
                f"UPDATE published_score SET index_value = 9999 WHERE organisation = '{BIG}'",
                insert("published_score", scores, {"revision": "3", "ordinal": "'x'"}, "ordinal = 1"),
                insert("published_score", scores, {"revision": "3", "ordinal": "3"}, "ordinal = 3"),
                insert("published_score", scores, {"organisation": f"'{LATE}'"}, "ordinal = 3 AND revision = 2"),
                "DELETE FROM publication WHERE revision = 3",
            ):
                refused(connection, statement)
            first = {"revision": "3", "index_value": "9999", "level": "5"}
            connection.execute(insert("published_score", scores, first, "ordinal = 1 AND revision = 2"))
        assert read(database) == shown
        assert service.get(database, EDITION, "latest").revision == 2


def insert(table: str, names: list[str], replaced: dict[str, str], condition: str) -> str:
    """A statement that copies rows of a table, with other values in some columns."""
    chosen = ", ".join(replaced.get(name, name) for name in names)
    return f"INSERT INTO {table} ({', '.join(names)}) SELECT {chosen} FROM {table} WHERE {condition}"


def refused(connection: sqlite3.Connection, statement: str) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="does not change"):
        connection.execute(statement)
