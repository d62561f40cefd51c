"""The database itself refuses to change what is published, whatever statement asks for it."""

from __future__ import annotations

import functools
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, suppress
from datetime import date
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.pages import PageRange
from actitud_api.resources.assessments import transitions
from actitud_api.resources.publications import service
from actitud_api.resources.scores import service as scores
from actitud_api.resources.scores.service import RankingRow
from tests.http.publications.test_documents import REVIEWED
from tests.http.publications.test_publishing import LATER, everything
from tests.support.copying import fill_once
from tests.support.databases import Kind, make_key, migrated_sqlite, opened
from tests.support.figures import FigureRecorder
from tests.support.postgresql import Server
from tests.support.publishing import BEFORE, BIG, EDITION, LATE, correction, fill, publish
from tests.support.settling import anything

KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "published_document": ("digest",),
    "published_score": ("edition", "revision", "organisation"),
    "publication": ("edition", "revision"),
    "correction": ("edition", "organisation", "revision"),
    "edition": ("id",),
    "assessment": ("edition", "organisation"),
    "submission": ("edition", "organisation", "number"),
    "transition": ("edition", "organisation", "number"),
    "verdict": ("edition", "organisation", "indicator", "answer", "assessor"),
    "review": ("edition", "organisation"),
    "reply": ("edition", "organisation", "indicator"),
    "sample": ("edition",),
    "flag": ("edition", "organisation", "number"),
}
"""The tables, and what tells their rows apart."""
CHANGED: Final = {
    "published_document": ("kind", "'forged'"),
    "published_score": ("digest", f"'{REVIEWED}'"),
    "publication": ("reason", "'forged'"),
    "correction": ("methodology", "'forged'"),
    "edition": ("methodology", "'forged'"),
    "assessment": ("index_value", "9999"),
    "submission": ("methodology", "'forged'"),
    "transition": ("role", "'forged'"),
    "verdict": ("rule", "'forged'"),
    "review": ("max_level", "1"),
    "reply": ("version", "9"),
    "sample": ("seed", "'forged'"),
    "flag": ("rule", "'forged'"),
}
"""A column of each, and another value for it."""
LEDGER: Final = {
    "ledger_entry": ("hash", "'forged'"),
    "checkpoint": ("note", "'forged'"),
    "signing_key": ("public", "'forged'"),
}
"""The same of the ledger."""
_BOTH: Final = ("update", "update from", "delete", "insert", "upsert")
SHAPES: Final[dict[Kind, tuple[str, ...]]] = {
    "sqlite": (*_BOTH, "update or replace", "replace", "insert or replace"),
    "postgresql": (*_BOTH, "update in a query", "merge", "truncate"),
}
"""Eight shapes of what each database can be told."""


@pytest.fixture
def published(database: Database, tmp_path: Path) -> Database:
    """A database with a published edition that was corrected once, with a draft in it."""
    return publish_twice(database, tmp_path)


@pytest.fixture(scope="module")
def publications(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[Kind], Database]]:
    """The same of each kind, made once: for statements that are refused."""
    with ExitStack() as stack:

        @functools.cache
        def make(kind: Kind) -> Database:
            folder = tmp_path_factory.mktemp(kind)
            if kind == "sqlite":
                url = migrated_sqlite(folder)
            else:
                server: Server = request.getfixturevalue("postgresql")
                url = server.url(stack.enter_context(server.database(request.getfixturevalue("template"))))
            return publish_twice(stack.enter_context(opened(url)), folder)

        yield make


def publish_twice(database: Database, folder: Path) -> Database:
    """An edition that is corrected once in a database that nobody has used, and its keys in a folder."""
    fill_once(database, folder, _publish_twice)
    return database


def _publish_twice(database: Database, folder: Path) -> None:
    fill(database)
    with database.write() as session:
        transitions.extend_phase(
            session,
            EDITION,
            LATE,
            phase="submission",
            until=date(2027, 3, 10),
            reason="A flood.",
            role="publisher",
            expected=anything,
            now=BEFORE,
        )
        for statement in (
            "INSERT INTO submission SELECT edition, organisation, 1, created, methodology, '{}', submission, evidence "
            "FROM assessment WHERE state = 'final'",
            # Of a draft, so that no document has them; they stand in the edition all the same.
            "INSERT INTO verdict "
            "(edition, organisation, indicator, answer, assessor, number, at, verdict, first_verdict) "
            "SELECT edition, organisation, 'D1.01', 'one', 'somebody', 1, created, 'accepted', 'accepted' "
            "FROM assessment WHERE state = 'draft'",
            "INSERT INTO review (edition, organisation, reviewer, version, at, reason, profile, answers) "
            "SELECT edition, organisation, 'somebody', 1, created, 'Why.', '{}', '{}' "
            "FROM assessment WHERE state = 'draft'",
            "INSERT INTO reply (edition, organisation, indicator, text, evidence, created, updated, version) "
            "SELECT edition, organisation, 'D1.01', 'Because.', '[]', created, created, 1 "
            "FROM assessment WHERE state = 'draft'",
            "INSERT INTO sample (edition, seed, share, seed_given, created) "
            "SELECT id, 'drawn', 0.2, false, created FROM edition",
            "INSERT INTO flag (edition, organisation, number, kind, rule, facts, created) "
            "SELECT edition, organisation, 1, 'documents', 'V22', '{}', created FROM assessment WHERE state = 'final'",
        ):
            session.connection().execute(text(statement))
    make_key(database, folder)
    first = publish(database, folder)
    publish(database, folder, correction(first, D1_01={"numerator": 320, "denominator": 320}), now=LATER)


def columns(database: Database, table: str) -> list[str]:
    with database.read() as session:
        return list(session.connection().execute(text(f"SELECT * FROM {table} LIMIT 1")).keys())


def statements(shape: str, table: str, names: list[str]) -> list[str]:
    """Statements of a shape that would change a table, for each of the rows in it or for all of them."""
    column, value = CHANGED[table]
    same = ", ".join(names)
    other = ", ".join(f"{value} AS {name}" if name == column else name for name in names)
    key = ", ".join(KEYS[table])
    match shape:
        case "update":
            return [f"UPDATE {table} SET {column} = {value}"]
        case "update from":
            return [f"UPDATE {table} SET {column} = {value} FROM (SELECT 1 AS one) AS source WHERE source.one = 1"]
        case "delete":
            return [f"DELETE FROM {table}"]
        case "insert":
            return _inserted(table, names, other)
        case "upsert":
            rows = f"SELECT {same} FROM {table} WHERE true"
            updated = f"ON CONFLICT ({key}) DO UPDATE SET {column} = {value}"
            return [f"INSERT INTO {table} ({same}) {rows} {updated}"]
        case "update or replace":
            return [f"UPDATE OR REPLACE {table} SET {column} = {value}"]
        case "update in a query":
            changed = f"UPDATE {table} SET {column} = {value} RETURNING 1"
            return [f"WITH changed AS ({changed}) SELECT count(*) FROM changed"]
        case "replace" | "insert or replace":
            return [f"{shape.upper()} INTO {table} ({same}) SELECT {other} FROM {table}"]
        case "merge":
            matches = " AND ".join(f"{table}.{name} = source.{name}" for name in KEYS[table])
            return [
                f"MERGE INTO {table} USING (SELECT {key} FROM {table}) AS source ON {matches} "
                f"WHEN MATCHED THEN UPDATE SET {column} = {value}",
                f"MERGE INTO {table} USING (SELECT {key} FROM {table}) AS source ON {matches} WHEN MATCHED THEN DELETE",
            ]
        case _:
            return [f"TRUNCATE {table} CASCADE"]


def _inserted(table: str, names: list[str], other: str) -> list[str]:
    """A row more, where that would change what is published; else another row in the place of one."""
    replaced = {
        "published_score": {"organisation": f"'{LATE}'", "ordinal": "4"},
        "publication": {"revision": "revision + 1"},
        "correction": {"organisation": f"'{LATE}'"},
        "assessment": {"organisation": "'XX-T-5'"},
        "submission": {"number": "number + 1"},
        "transition": {"number": "number + 1"},
        "verdict": {"answer": "'another'"},
        "review": {"organisation": f"'{BIG}'"},
        "reply": {"indicator": "'D1.02'"},
        "flag": {"number": "number + 1"},
    }
    if table not in replaced:
        return [f"INSERT INTO {table} ({', '.join(names)}) SELECT {other} FROM {table}"]
    chosen = ", ".join(replaced[table].get(name, name) for name in names)
    found = [f"INSERT INTO {table} ({', '.join(names)}) SELECT {chosen} FROM {table} LIMIT 1"]
    if table in ("published_score", "correction"):
        # Of a revision to come: nothing of it can be there before its publication.
        later = ", ".join("revision + 1" if name == "revision" else name for name in names)
        found.append(f"INSERT INTO {table} ({', '.join(names)}) SELECT {later} FROM {table} WHERE revision = 2")
    return found


REFUSED: Final = re.compile("does not change|foreign key|duplicate key", re.IGNORECASE)


@pytest.mark.both_databases
@pytest.mark.parametrize("kind", SHAPES)
def test_no_statement_changes_what_is_published(
    publications: Callable[[Kind], Database], kind: Kind, figure: FigureRecorder
) -> None:
    """Each shape of a statement on each table, told by the owner of the database with its triggers."""
    published = publications(kind)
    before = everything(published)
    assert all(before[table] for table in KEYS)
    told = list_statements(kind, {table: columns(published, table) for table in KEYS})
    for statement in told:
        with pytest.raises(DBAPIError, match=REFUSED):
            tell(published, statement)
        assert everything(published) == before, statement
    unprotected = count_unprotected(published, kind, told)
    assert unprotected > len(told) / 2
    figure(
        "S1",
        f"statements of {len(SHAPES[kind])} shapes on the {len(KEYS)} tables that published editions rest on, told by "
        f"the owner of a database ({kind}); failed are those that are not refused",
        tried=len(told),
        failed=0,
        control=f"without triggers {unprotected} of them are accepted",
    )


def list_statements(kind: Kind, names: Mapping[str, list[str]]) -> list[str]:
    """Statements of each shape on each table; `names` are the columns of the tables."""
    return [
        statement for shape in SHAPES[kind] for table in KEYS for statement in statements(shape, table, names[table])
    ]


def count_unprotected(database: Database, kind: Kind, told: Iterable[str]) -> int:
    """How many statements are accepted without the triggers, each alone; nothing of it lasts."""
    accepted = 0
    with database.write() as session:
        connection = session.connection()
        if kind == "sqlite":
            made = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars().all()
            disarming = [f"DROP TRIGGER {name}" for name in made]
        else:
            disarming = [f"ALTER TABLE {table} DISABLE TRIGGER USER" for table in KEYS]
        for statement in disarming:
            connection.exec_driver_sql(statement)
        for statement in told:
            alone = connection.begin_nested()
            with suppress(DBAPIError):
                connection.exec_driver_sql(statement)
                accepted += 1
            alone.rollback()
        session.rollback()
    return accepted


def test_of_what_is_not_published_everything_changes(database: Database) -> None:
    """The control: the same statements go through before the edition is published."""
    fill(database)
    for shape in ("update", "update from", "upsert", "delete"):
        for table in ("assessment", "edition"):
            for statement in statements(shape, table, columns(database, table)):
                with database.write() as session:
                    assert session.connection().execute(text(statement)).rowcount > 0


@pytest.mark.parametrize("table", [*KEYS, *LEDGER])
@pytest.mark.parametrize("kind", ["sqlite"])
def test_sqlite_refuses_a_replacement_to_other_clients_too(published: Database, url: str, table: str) -> None:
    """With the settings of a client that knows nothing of the service: no `recursive_triggers`, no foreign keys."""
    names = columns(published, table)
    column, value = {**CHANGED, **LEDGER}[table]
    changed = ", ".join(value if name == column else name for name in names)
    published.close()
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as connection:
        assert connection.execute("PRAGMA recursive_triggers").fetchone() == (0,)
        rows = connection.execute(f"SELECT * FROM {table}").fetchall()
        for given, values in (
            (", ".join(names), changed),
            (f"rowid, {', '.join(names)}", f"rowid, {changed}"),
        ):
            statement = f"REPLACE INTO {table} ({given}) SELECT {values} FROM {table}"
            with pytest.raises(sqlite3.IntegrityError, match="does not change"):
                connection.execute(statement)
            assert connection.execute(f"SELECT * FROM {table}").fetchall() == rows


@pytest.mark.both_databases
def test_a_revision_that_is_being_made_lets_nothing_else_change(published: Database) -> None:
    """A publication of one's own, with the next number: only its scores can follow, each in its turn."""
    forge_publication(published)
    before, shown = everything(published), read(published)
    taken = "organisation, ordinal"
    for statement in (
        f"UPDATE assessment SET index_value = 1 WHERE organisation = '{BIG}'",
        "INSERT INTO submission SELECT * FROM submission",
        "UPDATE published_score SET index_value = 1",
        "UPDATE publication SET organisations = 1",
        copy_score(published, taken, "organisation, 2", "ordinal = 2"),
        copy_score(published, taken, "organisation, 0", "ordinal = 1"),
        copy_score(published, taken, f"'{LATE}', 4", "ordinal = 3"),
    ):
        refuse(published, statement)
        assert everything(published) == before
    for ordinal in (1, 2):
        tell(published, copy_score(published, "index_value", "9999", f"ordinal = {ordinal}"))
        assert read(published) == shown, "of a revision without all its scores nothing is read"
    names = columns(published, "correction")
    chosen = ", ".join("3" if name == "revision" else name for name in names)
    refuse(published, f"INSERT INTO correction ({', '.join(names)}) SELECT {chosen} FROM correction")
    assert service.get(published, EDITION, "latest").revision == 2


def forge_publication(database: Database) -> None:
    """A publication with the next number and the right predecessor, as whoever has the database can insert one."""
    names = columns(database, "publication")
    replaced = {"revision": "3", "digest": f"'{REVIEWED}'", "supersedes": "digest"}
    chosen = ", ".join(replaced.get(name, name) for name in names)
    kept = ", ".join(f"'{REVIEWED}'" if name == "digest" else name for name in columns(database, "published_document"))
    tell(
        database, f"INSERT INTO published_document SELECT {kept} FROM published_document WHERE kind = 'edition' LIMIT 1"
    )
    tell(database, f"INSERT INTO publication ({', '.join(names)}) SELECT {chosen} FROM publication WHERE revision = 2")


def copy_score(database: Database, changed: str, values: str, condition: str) -> str:
    """The statement that inserts a score of revision 2 into revision 3, with other values in some columns."""
    replaced = {"revision": "3", **dict(zip(changed.split(", "), values.split(", "), strict=True))}
    names = columns(database, "published_score")
    chosen = ", ".join(replaced.get(name, name) for name in names)
    return (
        f"INSERT INTO published_score ({', '.join(names)}) "
        f"SELECT {chosen} FROM published_score WHERE revision = 2 AND {condition}"
    )


def tell(database: Database, statement: str) -> None:
    with database.write() as session:
        session.connection().execute(text(statement))


def refuse(database: Database, statement: str) -> None:
    with pytest.raises(DBAPIError, match="does not change"):
        tell(database, statement)


def read(database: Database) -> list[RankingRow]:
    """What everybody reads of the edition."""
    return scores.list_ranking(database, EDITION, scores.ScoreFilters(), PageRange(limit=9))


@pytest.mark.both_databases
def test_a_publication_follows_the_one_before(published: Database) -> None:
    """A forged one that supersedes nothing, or another revision than the newest, is refused."""
    names = columns(published, "publication")
    before = everything(published)
    for replaced in (
        {"revision": "3", "digest": f"'{REVIEWED}'"},
        {"revision": "4", "digest": f"'{REVIEWED}'", "supersedes": "digest"},
        {"revision": "3", "digest": f"'{REVIEWED}'", "supersedes": "NULL"},
    ):
        chosen = ", ".join(replaced.get(name, name) for name in names)
        statement = f"INSERT INTO publication ({', '.join(names)}) SELECT {chosen} FROM publication WHERE revision = 2"
        with pytest.raises(DBAPIError, match="does not change"), published.write() as session:
            session.connection().execute(text(statement))
        assert everything(published) == before
