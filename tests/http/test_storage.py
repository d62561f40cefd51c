"""The database keeps what it acknowledged, one writer at a time, and its tables are those of the revisions."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from actitud_api.platform.storage.base import Base
from actitud_api.platform.storage.database import Database, InvalidDatabase, Session
from actitud_api.platform.storage.folding import fold, split_words
from actitud_api.platform.storage.migrate import downgrade, upgrade
from actitud_api.platform.storage.pages import PageRange
from actitud_api.platform.storage.sqlite import READERS
from actitud_api.resources.editions import service as editions
from tests.support.databases import opened, sqlite_url
from tests.support.editions import draft_edition
from tests.support.postgresql import Server

pytestmark = pytest.mark.both_databases

TABLES = {
    "organisation",
    "organisation_alias",
    "organisation_successor",
    "organisation_word",
    "word_trigram",
    "register_state",
    "edition",
    "assessment",
    "submission",
    "transition",
    "verdict",
    "review",
    "sample",
    "flag",
    "simulation",
    "access_key",
    "job",
    "job_item",
    "batch_file",
    "import_file",
    "import_piece",
    "idempotent_answer",
    "denial",
    "key_use",
    "request_count",
    "ledger_entry",
    "ledger_opening",
    "checkpoint",
    "signing_key",
    "published_document",
    "published_score",
    "publication",
    "publication_approval",
    "correction",
    "erasure",
    "public_state",
    "suggestion",
    "webhook",
    "webhook_delivery",
    "webhook_topic",
    "reply",
}


def an_edition(identifier: str = "2026") -> editions.EditionRecord:
    draft = draft_edition(identifier)
    return editions.build_record(draft, now=datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC))


def listed(database: Database) -> list[editions.EditionRecord]:
    return [counted.record for counted in editions.list_page(database, PageRange(limit=10))]


def connection_of(session: Session) -> Connection:
    return session.connection()


# --- sessions -------------------------------------------------------------------------------------------------


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Database]:
    with opened(sqlite_url(tmp_path)) as made:
        made.migrate()
        yield made


@pytest.mark.parametrize(
    ("pragma", "reader", "writer"),
    [
        ("journal_mode", "wal", "wal"),
        ("synchronous", 2, 2),  # FULL
        ("busy_timeout", 10_000, 10_000),
        ("foreign_keys", 1, 1),
        ("recursive_triggers", 1, 1),
        ("query_only", 1, 0),
    ],
)
def test_every_connection_to_sqlite_has_the_settings(
    sqlite: Database, pragma: str, reader: int | str, writer: int | str
) -> None:
    """All of them are read at once: the pool has no other."""
    assert all_of(sqlite, f"PRAGMA {pragma}", READERS, 1) == ([reader] * READERS, [writer])


@pytest.mark.parametrize(
    ("setting", "reader", "writer"),
    [
        ("transaction_isolation", "repeatable read", "read committed"),
        ("transaction_read_only", "on", "off"),
        ("timezone", "UTC", "UTC"),
        ("statement_timeout", "5s", "5s"),
        ("lock_timeout", "2s", "2s"),
        ("idle_in_transaction_session_timeout", "10s", "10s"),
        ("synchronous_commit", "on", "on"),
    ],
)
def test_every_connection_to_postgresql_has_the_settings(
    postgresql: Server, template: str, setting: str, reader: str, writer: str
) -> None:
    with postgresql.database(template) as name, opened(postgresql.url(name)) as database:
        assert all_of(database, f"SHOW {setting}", 13, 8) == ([reader] * 13, [writer] * 8)


def test_the_connection_to_sqlite_that_was_used_last_is_used_next(sqlite: Database) -> None:
    """It has most pages in its cache: one after the other, reads would fill as many caches as were once busy."""
    all_of(sqlite, "SELECT 1", 3, 0)
    used = set()
    for _ in range(3):
        with sqlite.read() as session:
            used.add(id(connection_of(session).connection.driver_connection))
    assert len(used) == 1


def all_of(database: Database, statement: str, readers: int, writers: int) -> tuple[list[object], list[object]]:
    """What a statement answers on every connection for reading and on every one for writing."""
    with ExitStack() as stack:
        reading = [stack.enter_context(database.read()) for _ in range(readers)]
        writing = [stack.enter_context(database.write()) for _ in range(writers)]
        answers = [
            [session.connection().exec_driver_sql(statement).scalar_one() for session in role]
            for role in (reading, writing)
        ]
    return answers[0], answers[1]


def test_what_a_url_adds_to_the_settings_is_kept(postgresql: Server, template: str) -> None:
    with postgresql.database(template) as name:
        url = f"{postgresql.url(name)}&options=-c%20work_mem%3D5MB"
        with opened(url) as database:
            assert all_of(database, "SHOW work_mem", 1, 1) == (["5MB"], ["5MB"])
            assert all_of(database, "SHOW timezone", 1, 1) == (["UTC"], ["UTC"])


def test_identifiers_are_ordered_by_code_points(database: Database) -> None:
    """Not as a language would have it, which is how a server may sort: `É` after `z`, `a` after `B`."""
    with database.write() as session:
        for identifier in ("É", "a", "z", "B", "-"):
            editions.add(session, an_edition(identifier))
    assert [edition.id for edition in listed(database)] == ["É", "z", "a", "B", "-"]
    rest = editions.list_page(database, PageRange(after=(date(2026, 12, 31), "a"), limit=10))
    assert [counted.record.id for counted in rest] == ["B", "-"]


def test_the_order_of_identifiers_does_not_depend_on_the_server(postgresql: Server, template: str) -> None:
    with postgresql.database(template) as name, opened(postgresql.url(name)) as database, database.read() as session:
        columns = connection_of(session).execute(
            text("SELECT table_name, column_name FROM information_schema.columns WHERE collation_name = 'C'")
        )
        assert {tuple(column) for column in columns} >= {
            ("edition", "id"),
            ("organisation", "id"),
            ("organisation", "parent"),
            ("organisation_alias", "alias"),
            ("organisation_alias", "organisation"),
            ("organisation_successor", "organisation"),
            ("organisation_successor", "successor"),
            ("organisation_word", "word"),
            ("organisation_word", "organisation"),
            ("word_trigram", "trigram"),
            ("word_trigram", "word"),
            ("assessment", "edition"),
            ("assessment", "organisation"),
            ("simulation", "edition"),
        }


def test_what_was_written_is_there_after_reopening(database: Database) -> None:
    with database.write() as session:
        editions.add(session, an_edition())
    database.close()
    assert listed(database) == [an_edition()]


def test_a_block_that_raises_leaves_nothing(database: Database) -> None:
    def fail_half_way() -> None:
        with database.write() as session:
            editions.add(session, an_edition())
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        fail_half_way()
    assert listed(database) == []


def test_a_reading_session_cannot_write(database: Database) -> None:
    with pytest.raises(DBAPIError, match=r"readonly|read-only"), database.read() as session:
        editions.add(session, an_edition())


def test_a_reading_session_sees_one_state(database: Database) -> None:
    with database.read() as reader:
        assert connection_of(reader).execute(text("SELECT count(*) FROM edition")).scalar_one() == 0
        with database.write() as writer:
            editions.add(writer, an_edition())
        assert connection_of(reader).execute(text("SELECT count(*) FROM edition")).scalar_one() == 0
    assert listed(database) == [an_edition()]


def test_a_reference_to_nothing_is_refused(database: Database) -> None:
    statement = text("INSERT INTO simulation (edition, fingerprint, report) VALUES ('none', '', '{}')")
    with pytest.raises(IntegrityError, match=r"(?i)foreign key"), database.write() as session:
        connection_of(session).execute(statement)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("sqlite://", "sqlite:///<path>"),
        ("sqlite:///:memory:", "sqlite:///<path>"),
        ("mysql+pymysql://host/actitud", "runs on: mysql"),
        ("postgresql://host/actitud", "driver spelled: postgresql[+]psycopg://"),
        ("postgresql+asyncpg://host/actitud", "driver spelled"),
        ("var/actitud.sqlite3", "not the URL of a database"),
    ],
)
def test_a_database_that_cannot_be_used_is_refused(wrong: str, said: str) -> None:
    with pytest.raises(InvalidDatabase, match=said):
        Database(wrong)


# --- migrations -----------------------------------------------------------------------------------------------


def test_the_revisions_make_the_tables(database: Database) -> None:
    with database.read() as session:
        connection = connection_of(session)
        assert set(inspect(connection).get_table_names()) == {*TABLES, "alembic_version"}
        assert set(Base.metadata.tables) == TABLES
        assert differences(connection) == []
    assert database.is_current()


def differences(connection: Connection) -> list[object]:
    """What a further revision would have to change."""
    found: list[object] = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    return found


def test_migrating_again_changes_nothing(database: Database) -> None:
    with database.write() as session:
        editions.add(session, an_edition())
    database.migrate()
    assert listed(database) == [an_edition()]


def test_the_revisions_go_down_and_up(database: Database) -> None:
    with database.begin_migration() as connection:
        downgrade(connection)
        assert inspect(connection).get_table_names() == ["alembic_version"]
    assert not database.is_current()
    with database.begin_migration() as connection:
        upgrade(connection)
        assert differences(connection) == []
    assert database.is_current()


def test_a_migration_that_fails_leaves_the_tables_as_they_were(empty: str) -> None:
    with opened(empty) as database:
        with database.begin_migration() as connection:
            connection.execute(text("CREATE TABLE edition (in_the_way INTEGER)"))
        with pytest.raises(DBAPIError, match="already exists"):
            database.migrate()
        with database.read() as session:
            assert inspect(connection_of(session)).get_table_names() == ["edition"]


def test_processes_that_start_at_once_migrate_once(empty: str) -> None:
    processes = multiprocessing.get_context("forkserver")
    with ProcessPoolExecutor(4, mp_context=processes) as pool:
        assert list(pool.map(migrated, [empty] * 4)) == [True] * 4


def migrated(url: str) -> bool:
    """What a process does when it starts."""
    with opened(url) as database:
        database.migrate()
        return database.is_current()


# --- texts for search -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "folded"),
    [
        ("Alcúdia", "alcudia"),
        ("L'Alcúdia de Crespins", "l alcudia de crespins"),
        ("Ñora, LA  (Peñíscola)", "nora la peniscola"),
        ("Vila-real/Villarreal", "vila real villarreal"),
        ("col·legi", "collegi"),
        ("coŀlegi", "collegi"),
        ("Straße", "strasse"),
        ("ES-DIR3-L01280796", "es dir3 l01280796"),
        ("%_", ""),
    ],
)
def test_texts_are_folded_for_search(given: str, folded: str) -> None:
    assert fold(given) == folded


def test_the_words_of_a_search_stand_once_each() -> None:
    assert split_words("  Río río, Miño  ") == ["rio", "mino"]
