"""The database keeps what it acknowledged, one writer at a time, and its tables are those of the revisions."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import IntegrityError, OperationalError

from actitud_api.access.tables import AccessKey
from actitud_api.demo.tables import Simulation
from actitud_api.editions import service as editions
from actitud_api.scores.tables import Score
from actitud_api.storage.base import Base
from actitud_api.storage.database import Database, Session
from actitud_api.storage.folding import fold, words
from actitud_api.storage.migrate import downgrade, upgrade

TABLES = {"organisation", "edition", Score.__tablename__, Simulation.__tablename__, AccessKey.__tablename__}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(f"sqlite:///{tmp_path / 'folder' / 'test.sqlite3'}")
    opened.migrate()
    yield opened
    opened.close()


def an_edition(identifier: str = "2026") -> editions.Record:
    return editions.Record(
        id=identifier,
        titles={"es": "Edición", "en": "Edition"},
        methodology="2026.1",
        state="open",
        period_from=date(2026, 1, 1),
        period_to=date(2026, 12, 31),
        simulated=False,
        organisations=0,
    )


def listed(database: Database) -> list[editions.Record]:
    return editions.page(database, before=None, offset=0, limit=10)


def connection_of(session: Session) -> Connection:
    return session.connection()


# --- sessions -------------------------------------------------------------------------------------------------


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
def test_every_connection_has_the_settings(
    database: Database, pragma: str, reader: int | str, writer: int | str
) -> None:
    def read(session: Session) -> int | str:
        value: int | str = connection_of(session).exec_driver_sql(f"PRAGMA {pragma}").scalar_one()
        return value

    with database.read() as first, database.read() as second, database.write() as third:
        assert [read(first), read(second), read(third)] == [reader, reader, writer]


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
    with pytest.raises(OperationalError, match="readonly"), database.read() as session:
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
    with pytest.raises(IntegrityError, match="FOREIGN KEY"), database.write() as session:
        connection_of(session).execute(statement)


def test_no_update_of_many_threads_is_lost(database: Database) -> None:
    """8 threads on two handles of one file, as of two processes, read, add one and write, 25 times each.

    With the driver's own transactions most would be lost.
    """
    with database.write() as session:
        editions.add(session, an_edition())
        file = connection_of(session).engine.url
    other = Database(file.render_as_string())
    together = threading.Barrier(8)

    def count_up(handle: Database) -> None:
        together.wait(timeout=10)
        for _ in range(25):
            with handle.write() as session:
                connection = connection_of(session)
                seen = connection.execute(text("SELECT organisations FROM edition")).scalar_one()
                connection.execute(text("UPDATE edition SET organisations = :n"), {"n": seen + 1})

    with ThreadPoolExecutor(8) as pool:
        for future in [pool.submit(count_up, handle) for handle in (database, other) * 4]:
            future.result()
    other.close()
    assert listed(database)[0].organisations == 200


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql+pymysql://host/actitud"])
def test_a_database_that_cannot_be_used_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"sqlite:///<path>|not a database"):
        Database(url)


# --- migrations -----------------------------------------------------------------------------------------------


def test_the_revisions_make_the_tables(database: Database) -> None:
    with database.read() as session:
        connection = connection_of(session)
        assert set(inspect(connection).get_table_names()) == {*TABLES, "alembic_version"}
        assert set(Base.metadata.tables) == TABLES
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
    assert database.is_current()


def test_migrating_again_changes_nothing(database: Database) -> None:
    with database.write() as session:
        editions.add(session, an_edition())
    database.migrate()
    assert listed(database) == [an_edition()]


def test_the_revisions_go_down_and_up(database: Database) -> None:
    with database.write() as session:
        connection = connection_of(session)
        downgrade(connection)
        assert inspect(connection).get_table_names() == ["alembic_version"]
    assert not database.is_current()
    with database.write() as session:
        upgrade(connection_of(session))
    assert database.is_current()


def test_a_migration_that_fails_leaves_the_tables_as_they_were(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'test.sqlite3'}")
    with database.write() as session:
        connection_of(session).execute(text("CREATE TABLE score (in_the_way INTEGER)"))
    with pytest.raises(OperationalError, match="already exists"):
        database.migrate()
    with database.read() as session:
        assert inspect(connection_of(session)).get_table_names() == ["score"]
    database.close()


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
    assert words("  Río río, Miño  ") == ["rio", "mino"]
