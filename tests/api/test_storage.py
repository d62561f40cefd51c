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
from msgspec import structs
from sqlalchemy import Connection, bindparam, insert, inspect, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from actitud_api.access import service as access
from actitud_api.editions import service as editions
from actitud_api.organisations import service as organisations
from actitud_api.storage.base import Base
from actitud_api.storage.database import Database, InvalidDatabase, Session
from actitud_api.storage.folding import fold, words
from actitud_api.storage.migrate import downgrade, upgrade
from actitud_api.storage.sqlite import READERS
from tests.databases import opened, sqlite_url
from tests.postgresql import Server

ASSESSMENTS = Base.metadata.tables["assessment"]
TABLES = {
    "organisation",
    "organisation_alias",
    "organisation_successor",
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
    "idempotent_answer",
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
    "suggestion",
    "reply",
}


def an_edition(identifier: str = "2026") -> editions.Record:
    draft = editions.Draft(
        id=identifier,
        titles={"es": "Edición", "en": "Edition"},
        methodology="2026.1",
        period_from=date(2026, 1, 1),
        period_to=date(2026, 12, 31),
    )
    return editions.made(draft, now=datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC))


def listed(database: Database) -> list[editions.Record]:
    return [counted.record for counted in editions.page(database, after=None, offset=0, limit=10)]


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
        assert all_of(database, f"SHOW {setting}", 14, 8) == ([reader] * 14, [writer] * 8)


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
    rest = editions.page(database, after=(date(2026, 12, 31), "a"), offset=0, limit=10)
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
    with database.write() as session:
        connection = connection_of(session)
        downgrade(connection)
        assert inspect(connection).get_table_names() == ["alembic_version"]
    assert not database.is_current()
    with database.write() as session:
        upgrade(connection_of(session))
        assert differences(connection_of(session)) == []
    assert database.is_current()


def test_an_organisation_that_stands_gets_its_place_by_name(database: Database) -> None:
    with database.write() as session:
        downgrade(connection_of(session), "0002")
        insertion = text(
            "INSERT INTO organisation (id, name, kind, simulated, search) VALUES (:id, :name, 'MUN', false, '')"
        )
        names = [{"id": "XX-T-1", "name": "Ávila"}, {"id": "XX-T-2", "name": "Alcúdia, l'"}]
        connection_of(session).execute(insertion, names)

    database.migrate()

    with database.read() as session:
        ordered = connection_of(session).execute(text("SELECT id, name_order FROM organisation ORDER BY name_order"))
        assert list(map(tuple, ordered)) == [("XX-T-2", "alcudia l"), ("XX-T-1", "avila")]


def test_an_edition_that_stands_gets_its_dates_and_its_organisations_are_counted(database: Database) -> None:
    with database.write() as session:
        downgrade(connection_of(session), "0002")
        connection = connection_of(session)
        connection.execute(
            text(
                "INSERT INTO edition "
                "(id, titles, methodology, state, period_from, period_to, simulated, organisations) "
                """VALUES ('2026', '{"es": "Edición", "en": "Edition"}', '2026.1', 'open', """
                "'2026-01-01', '2026-12-31', false, 7)"
            )
        )
    before = datetime.now(UTC)

    database.migrate()

    ((record, organisations),) = [
        (counted.record, counted.organisations) for counted in editions.page(database, after=None, offset=0, limit=10)
    ]
    assert before <= record.created == record.updated <= datetime.now(UTC)
    assert record == structs.replace(an_edition(), created=record.created, updated=record.updated)
    assert organisations == 0
    with database.write() as session:
        downgrade(connection_of(session), "0002")
        assert connection_of(session).execute(text("SELECT organisations FROM edition")).scalar_one() == 0


def test_keys_keep_whom_they_are_for_under_their_new_roles_and_back(database: Database) -> None:
    told = [("K1", "XX-T-1", "organisation"), ("K2", None, "editor"), ("K3", "XX-T-2", "administrator")]
    with database.write() as session:
        downgrade(connection_of(session), "0009")
        connection_of(session).execute(
            text(
                "INSERT INTO access_key (id, owner, role, pepper, digest, created, expires) "
                "VALUES (:id, :owner, :role, '', 'd', '2026-01-01', '2027-01-01')"
            ),
            [{"id": identifier, "owner": owner, "role": role} for identifier, owner, role in told],
        )

    database.migrate()

    with database.write() as session:
        found = {record.id: (record.role, record.organisations, record.editions) for record in access.all_keys(session)}
        assert found == {
            "K1": ("organisation_editor", ("XX-T-1",), None),
            "K2": ("registrar", (), None),
            "K3": ("administrator", ("XX-T-2",), None),
        }
        now = datetime.now(UTC)
        access.create_key(session, (), role="assessor", days=1, now=now)
        access.create_key(session, (), role="organisation_reader", organisations=["XX-T-1"], days=1, now=now)
        access.create_key(session, (), role="organisation_editor", organisations=["XX-T-1", "XX-T-2"], days=1, now=now)
        downgrade(connection_of(session), "0009")
        rows = connection_of(session).execute(text("SELECT id, owner, role FROM access_key ORDER BY id"))
        # What an earlier release has no role for would be of no use to it, or of more than it was made for.
        assert list(map(tuple, rows)) == told


def test_scores_become_submitted_assessments_and_those_scores_again(database: Database) -> None:
    figures = {
        "edition": "2026",
        "organisation": "ES-X",
        "status": "complete",
        "level": 3,
        "rank_points": 6160,
        "d10": 50,
    }
    answered = '{"answers": {"D1.01": {"numerator": 1}}}'
    with database.write() as session:
        editions.add(session, an_edition())
        organisations.add(session, [organisations.Entry(id="ES-X", name="X", kind="MUN")], datetime.now(UTC))
        connection = connection_of(session)
        downgrade(connection, "0002")
        connection.execute(
            text(
                "INSERT INTO score (edition, organisation, methodology, status, level, rank_points, d10, submission) "
                "VALUES (:edition, :organisation, '2026.1', :status, :level, :rank_points, :d10, :submission)"
            ),
            {**figures, "submission": answered},
        )
    before = datetime.now(UTC)

    database.migrate()

    with database.write() as session:
        (found,) = session.connection().execute(select(ASSESSMENTS)).mappings()
        assert {name: found[name] for name in figures} == figures
        assert (found["submission"], found["evidence"]) == ({"answers": {"D1.01": {"numerator": 1}}}, {})
        assert (found["state"], found["version"], found["methodology"]) == ("submitted", 1, "2026.1")
        assert found["created"] == found["updated"] == found["submitted"]
        assert before <= found["created"] <= datetime.now(UTC)
        editions.add(session, an_edition("2027"))
        draft = {**found, "edition": "2027", "state": "draft", "submitted": None}
        session.connection().execute(insert(ASSESSMENTS), draft)
        downgrade(session.connection(), "0002")
        (score,) = session.connection().execute(text("SELECT * FROM score")).mappings()
        assert {name: score[name] for name in figures} == figures


def test_what_is_published_or_invented_becomes_final_and_what_else_was_submitted_stays_so(database: Database) -> None:
    """And down again: an earlier release knows drafts and what was submitted."""
    made = [("2024", "published", False), ("2025", "in_review", False), ("2026", "in_review", True)]
    with database.write() as session:
        organisations.add(session, [organisations.Entry(id="ES-X", name="X", kind="MUN")], datetime.now(UTC))
        for name, state, simulated in made:
            editions.add(session, structs.replace(an_edition(name), state=state, simulated=simulated))
        connection = connection_of(session)
        downgrade(connection, "0010")
        insertion = text(
            "INSERT INTO assessment (edition, organisation, state, version, created, updated, submitted, methodology, "
            "status, rank_points, submission, evidence) VALUES (:edition, 'ES-X', 'submitted', 1, :at, :at, :at, "
            "'2026.1', 'complete', 1, '{}', '{}')"
        ).bindparams(bindparam("at", type_=ASSESSMENTS.c.created.type))
        connection.execute(insertion, [{"edition": name, "at": datetime.now(UTC)} for name, _, _ in made])

    database.migrate()

    told = text("SELECT edition, state, submitted IS NULL FROM assessment ORDER BY edition")
    with database.write() as session:
        connection = connection_of(session)
        assert [tuple(row)[:2] for row in connection.execute(told)] == [
            ("2024", "final"),
            ("2025", "submitted"),
            ("2026", "final"),
        ]
        for edition, state in (("2025", "returned"), ("2026", "hearing")):
            connection.execute(
                text("UPDATE assessment SET state = :state WHERE edition = :edition"),
                {"edition": edition, "state": state},
            )
        downgrade(connection, "0010")
        assert list(map(tuple, connection.execute(told))) == [
            ("2024", "submitted", False),
            ("2025", "draft", True),
            ("2026", "submitted", False),
        ]


def test_a_migration_that_fails_leaves_the_tables_as_they_were(empty: str) -> None:
    with opened(empty) as database:
        with database.write() as session:
            connection_of(session).execute(text("CREATE TABLE score (in_the_way INTEGER)"))
        with pytest.raises(DBAPIError, match="already exists"):
            database.migrate()
        with database.read() as session:
            assert inspect(connection_of(session)).get_table_names() == ["score"]


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
    assert words("  Río río, Miño  ") == ["rio", "mino"]
