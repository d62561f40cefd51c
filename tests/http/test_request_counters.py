"""Requests are counted exactly, in windows of each subject, in the process and on the server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import text

from actitud_api.platform.storage import postgresql as on_postgresql
from actitud_api.platform.storage.database import Database, Unavailable
from actitud_api.platform.storage.request_counters import MemoryCounter, PostgresqlCounter, RequestCounter
from tests.support.databases import Kind, opened
from tests.support.postgresql import Server
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.both_databases

THREADS = 8


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def on_server(postgresql: Server, template: str) -> Iterator[tuple[Database, PostgresqlCounter]]:
    with postgresql.database(template) as name, opened(postgresql.url(name)) as database:
        assert isinstance(database.request_counter, PostgresqlCounter)
        yield database, database.request_counter


def numbers(counts: RequestCounter, subject: str, times: int) -> list[int]:
    return [counts.count(subject).number for _ in range(times)]


def test_each_number_is_given_once_however_many_count_at_once(database: Database) -> None:
    together = threading.Barrier(THREADS)

    def work(_: int) -> list[int]:
        together.wait(PATIENCE)
        return numbers(database.request_counter, "somebody", 50)

    with ThreadPoolExecutor(THREADS) as pool:
        given = sorted(number for one in pool.map(work, range(THREADS)) for number in one)
    assert given == list(range(1, THREADS * 50 + 1))


def test_each_subject_has_a_window_of_its_own_that_lasts_a_minute(database: Database) -> None:
    assert numbers(database.request_counter, "one", 3) == [1, 2, 3]
    number, seconds = database.request_counter.count("other")
    assert number == 1
    assert 59 < seconds <= 60


def test_sqlite_needs_no_thread_to_count_and_postgresql_has_its_own(database: Database, kind: Kind) -> None:
    assert database.request_counter.max_waiters == {"sqlite": 0, "postgresql": on_postgresql.COUNTERS}[kind]


# --- in the process -------------------------------------------------------------------------------------------


def test_a_window_begins_with_a_request_and_the_first_after_its_end_begins_another() -> None:
    counts = MemoryCounter(10, clock=(clock := Clock()))
    clock.now += 3
    assert counts.count("a") == (1, 10.0)
    clock.now += 9.75
    assert counts.count("a") == (2, 0.25)
    clock.now += 0.25
    assert counts.count("a") == (1, 10.0)


def test_what_has_ended_is_forgotten() -> None:
    counts = MemoryCounter(10, clock=(clock := Clock()))
    for number in range(100):
        counts.count(f"{number}")
        clock.now += 1
    # At 1,100 those are left that began at 1,091 or later: their windows end at 1,101 or later.
    counts.count("last")
    assert list(counts._windows) == [*(f"{number}" for number in range(91, 100)), "last"]


def test_too_many_subjects_displace_those_that_end_next() -> None:
    counts = MemoryCounter(10, subjects=3, clock=Clock())
    for subject in "abca":
        counts.count(subject)
    assert [counts.count(subject).number for subject in "dcbd"] == [1, 2, 2, 2]
    assert len(counts._windows) == 3
    assert counts.count("a").number == 1


# --- on the server --------------------------------------------------------------------------------------------


def move(database: Database, by: timedelta) -> None:
    """Moves every window in time, as if the clock of the server had been set the other way."""
    with database.write() as session:
        session.connection().execute(text("UPDATE request_count SET ends = ends + :by"), {"by": by})


def subjects(database: Database) -> set[str]:
    with database.read() as session:
        return set(session.connection().execute(text("SELECT subject FROM request_count")).scalars())


@pytest.mark.parametrize(
    ("by", "number", "least"),
    [
        (timedelta(seconds=-50), 3, 9),  # within the window
        (timedelta(seconds=-60), 1, 59),  # it has ended
        (timedelta(hours=-1), 1, 59),
        (timedelta(seconds=5), 3, 64),  # somebody else has read the clock a little later
        (timedelta(hours=1), 1, 59),  # the clock was set back
    ],
)
def test_the_clock_of_the_server_decides(
    on_server: tuple[Database, PostgresqlCounter], by: timedelta, number: int, least: int
) -> None:
    database, counts = on_server
    assert numbers(counts, "a", 2) == [1, 2]
    move(database, by)
    found = counts.count("a")
    assert found.number == number
    assert least < found.seconds <= least + 1


def test_windows_that_have_ended_are_swept_by_who_counts(
    on_server: tuple[Database, PostgresqlCounter], monkeypatch: pytest.MonkeyPatch
) -> None:
    database, counts = on_server
    numbers(counts, "old", 2)
    move(database, timedelta(seconds=-61))
    counts.count("new")
    assert subjects(database) == {"old", "new"}
    monkeypatch.setattr(counts, "_sweep_at", 0.0)
    counts.count("new")
    assert subjects(database) == {"new"}
    assert counts.count("new").number == 3


def test_they_are_kept_without_a_log(on_server: tuple[Database, PostgresqlCounter]) -> None:
    database, _ = on_server
    with database.read() as session:
        kept = session.connection().execute(
            text("SELECT relpersistence, reloptions FROM pg_class WHERE relname = 'request_count'")
        )
        assert kept.one() == ("u", ["fillfactor=50"])


@pytest.mark.parametrize(
    ("setting", "value"), [("synchronous_commit", "off"), ("statement_timeout", "1s"), ("timezone", "UTC")]
)
def test_its_connections_have_their_settings(
    on_server: tuple[Database, PostgresqlCounter], setting: str, value: str
) -> None:
    _, counts = on_server
    with counts._engine.connect() as connection:
        assert connection.exec_driver_sql(f"SHOW {setting}").scalar_one() == value
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        assert driver.autocommit


def test_counting_waits_for_nobody_who_reads_or_writes(on_server: tuple[Database, PostgresqlCounter]) -> None:
    database, counts = on_server
    with ExitStack() as stack:
        for _ in range(on_postgresql.WRITERS):
            stack.enter_context(database.write()).connection()
        for _ in range(on_postgresql.READERS):
            stack.enter_context(database.read()).connection()
        assert numbers(counts, "a", 2) == [1, 2]


def test_a_connection_that_the_server_has_closed_is_replaced(postgresql: Server, template: str) -> None:
    with postgresql.database(template) as name, opened(postgresql.url(name)) as database:
        assert database.request_counter.count("a").number == 1
        postgresql.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        assert database.request_counter.count("a").number == 2


def test_what_cannot_be_counted_in_time_is_unavailable(
    postgresql: Server, template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_postgresql, "COUNT_TIMEOUT", 100)
    with postgresql.database(template) as name, opened(postgresql.url(name)) as database:
        with database.write() as session:
            session.connection().execute(text("LOCK TABLE request_count"))
            with pytest.raises(Unavailable, match="statement timeout"):
                database.request_counter.count("a")
        assert database.request_counter.count("a").number == 1
        with database.write() as session:
            session.connection().execute(text("DROP TABLE request_count"))
        with pytest.raises(Unavailable, match="does not exist"):
            database.request_counter.count("a")
