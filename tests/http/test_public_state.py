"""The number of the public state: which write sessions raise it, and how the processes of a database learn of that."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from litestar.testing import TestClient
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from structlog.testing import capture_logs

from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.storage import postgresql as on_postgresql
from actitud_api.platform.storage import public_state
from actitud_api.platform.storage.database import Database, Session
from actitud_api.platform.storage.migrate import downgrade
from actitud_api.platform.storage.public_state import PublicState, StateReader, mark_hidden, mark_shown
from tests.support import waiting
from tests.support.applications import borrow_app
from tests.support.databases import opened, unlimited
from tests.support.postgresql import Server
from tests.support.revisions import NEWEST, add_later

NOW: Final = datetime(2027, 1, 2, tzinfo=UTC)
EVENT: Final = ledger.Event(action="organisations.create", actor=None, subject="/v1/organisations/XX-1", public=True)
SECRET: Final = ledger.Event(action="keys.create", actor=None, subject="/v1/keys/1", public=False, hidden=True)
ROWS: Final = 8_131
await_true: Final = partial(waiting.await_true, seconds=300)


def insert(session: Session, *keys: str) -> None:
    rows = [{"key": key} for key in keys]
    session.execute(text("INSERT INTO key_use (key, day) VALUES (:key, '2027-01-02')"), rows)


def store(database: Database, *keys: str) -> None:
    with database.write() as session:
        insert(session, *keys)


def read_row(url: str) -> int | None:
    """Return the number as a process that has just begun finds it."""
    with opened(url) as other:
        return other.public_state.number


def count_raises(before: int | None, after: int | None) -> int:
    """Return how often the number was raised between two looks: its upper part counts that."""
    assert before is not None
    assert after is not None
    return (after >> public_state.TOKEN_BITS) - (before >> public_state.TOKEN_BITS)


# --- which sessions raise it ----------------------------------------------------------------------------------


@pytest.mark.both_databases
def test_a_session_that_changes_rows_raises_it_once_however_many_there_are(database: Database, url: str) -> None:
    before = database.public_state.number
    store(database, *map(str, range(ROWS)))
    after = database.public_state.number
    assert count_raises(before, after) == 1
    assert read_row(url) == after


def insert_and_roll_back(session: Session) -> None:
    insert(session, "taken back")
    session.rollback()


def insert_hidden(session: Session) -> None:
    insert(session, "secret")
    mark_hidden(session)


def insert_both(session: Session) -> None:
    insert(session, "both")
    mark_shown(session)
    mark_hidden(session)


@pytest.mark.both_databases
@pytest.mark.parametrize(
    "act",
    [
        lambda _: None,
        lambda session: session.execute(text("SELECT * FROM key_use")),
        lambda session: session.execute(text("UPDATE key_use SET day = '2027-01-03' WHERE key = 'nobody'")),
        insert_and_roll_back,
        insert_hidden,
        lambda session: ledger.append_entry(session, SECRET, now=NOW),
    ],
    ids=["nothing", "reads", "no row", "rolled back", "hidden", "hidden entry"],
)
def test_a_session_that_changes_nothing_to_be_seen_leaves_it(
    database: Database, url: str, act: Callable[[Session], object]
) -> None:
    before = database.public_state.number
    assert before is not None
    with database.write() as session:
        act(session)
    assert database.public_state.number == before
    assert read_row(url) == before


@pytest.mark.both_databases
@pytest.mark.parametrize(
    "act",
    [
        insert_both,
        lambda session: [ledger.append_entry(session, event, now=NOW) for event in (SECRET, EVENT)],
        lambda session: [ledger.append_entry(session, event, now=NOW) for event in (EVENT, SECRET)],
    ],
    ids=["marks", "entries", "entries in the other order"],
)
def test_what_is_hidden_does_not_hide_what_is_shown(
    database: Database, url: str, act: Callable[[Session], object]
) -> None:
    before = database.public_state.number
    with database.write() as session:
        act(session)
    assert count_raises(before, database.public_state.number) == 1
    assert read_row(url) == database.public_state.number


@pytest.mark.both_databases
def test_a_session_that_fails_leaves_it(database: Database, url: str) -> None:
    before = database.public_state.number
    with pytest.raises(IntegrityError):
        store(database, "twice", "once", "twice")
    assert (database.public_state.number, read_row(url)) == (before, before)


@pytest.mark.both_databases
def test_a_checkpoint_raises_it_because_entries_show_from_it_on(database: Database) -> None:
    with database.write() as session:
        ledger.append_entry(session, SECRET, now=NOW)
    before = database.public_state.number
    with database.write() as session:
        ledger.make_checkpoint(session, ledger.Signer(Ed25519PrivateKey.generate()), NOW)
    assert count_raises(before, database.public_state.number) == 1


@pytest.mark.both_databases
def test_writers_at_once_raise_it_once_each(database: Database, url: str) -> None:
    before = database.public_state.number
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: store(database, str(number)), range(40)))
    assert count_raises(before, database.public_state.number) == 40
    assert read_row(url) == database.public_state.number


@pytest.mark.both_databases
def test_a_migration_there_and_back_raises_it(database: Database, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = database.public_state.number
    database.migrate()
    assert read_row(url) == before  # nothing was to do
    add_later(monkeypatch)
    database.migrate()
    between = read_row(url)
    assert count_raises(before, between) == 1
    with database.begin_migration() as connection:
        downgrade(connection, NEWEST)
    assert count_raises(between, read_row(url)) == 1


# --- who learns of it -----------------------------------------------------------------------------------------


@contextmanager
def watching(url: str) -> Iterator[PublicState]:
    """The public state of another process, which watches the database."""
    with opened(url) as other:
        other.public_state.start()
        await_true(lambda: other.public_state.number is not None)
        yield other.public_state


@pytest.mark.both_databases
def test_nothing_is_known_before_the_first_look(database: Database) -> None:
    assert database.public_state.heard == float("-inf")
    assert database.public_state.number is not None
    assert database.public_state.heard > float("-inf")


def test_who_looks_makes_no_database(tmp_path: Path) -> None:
    with opened(f"sqlite:///{tmp_path}/none/test.sqlite3") as database, capture_logs() as logged:
        assert database.public_state.number is None
    (entry,) = logged
    assert "No such file" in entry["reason"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.both_databases
def test_another_process_hears_of_every_change(database: Database, url: str) -> None:
    with watching(url) as state:
        for number in range(5):
            store(database, str(number))
            await_true(lambda: state.number == database.public_state.number)


@pytest.mark.both_databases
def test_it_is_heard_again_and_again_while_nothing_changes(url: str) -> None:
    with watching(url) as state:
        number, heard = state.number, state.heard
        await_true(lambda: state.heard >= heard + public_state.HEARTBEAT)
        assert state.number == number


@pytest.mark.both_databases
def test_a_database_that_is_restored_from_a_copy_is_another_state(database: Database, url: str) -> None:
    store(database, "before the copy")
    copied = database.public_state.number
    with database.read() as session:
        copy = session.execute(text("SELECT number, token FROM public_state")).one()._asdict()
    store(database, "lost")
    lost = database.public_state.number
    with watching(url) as state:
        assert state.number == lost
        with database.begin_migration() as connection:  # as a program that knows nothing of it
            connection.execute(text("UPDATE public_state SET number = :number, token = :token"), copy)
        await_true(lambda: state.number == copied)
        # The process that has written itself knows the higher number, and does not keep it.
        store(database, "instead")
        assert count_raises(copied, database.public_state.number) == 1
        assert database.public_state.number not in (copied, lost)
        await_true(lambda: state.number == database.public_state.number)


def test_it_is_watched_while_an_application_is_served(database: Database, url: str) -> None:
    of_others = set(threading.enumerate())
    with borrow_app(unlimited(url)) as app:
        state: PublicState = app.state["database"].public_state
        with TestClient(app):
            await_true(lambda: state.number is not None)
            store(database, "key")
            await_true(lambda: state.number == database.public_state.number)
        assert "public state" not in {thread.name for thread in set(threading.enumerate()) - of_others}


@pytest.mark.postgresql
def test_a_stalled_server_is_not_heard_until_it_goes_on(
    postgresql: Server, template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[float] = []  # as each look began
    read = on_postgresql._StateReader.read

    def read_watched(reader: on_postgresql._StateReader) -> int:
        heard.append(state.heard)
        return read(reader)

    with postgresql.database(template) as name, watching(postgresql.url(name)) as state, capture_logs() as logged:
        monkeypatch.setattr(on_postgresql._StateReader, "read", read_watched)
        with postgresql.stalled():
            await_true(lambda: logged and heard)
            assert {entry["event"] for entry in logged} == {"public state not heard"}
            assert state.heard == heard[-1], "the look that failed has heard nothing"
            assert state.number is not None
        await_true(lambda: state.heard > heard[-1])


@pytest.mark.postgresql
def test_connections_that_the_server_ends_are_replaced(postgresql: Server, template: str) -> None:
    with postgresql.database(template) as name, opened(postgresql.url(name)) as database:
        store(database, "first")
        with watching(postgresql.url(name)) as state:
            postgresql.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                f"WHERE datname = '{name}' AND query LIKE '%public_state%'"
            )
            store(database, "second")
            await_true(lambda: state.number == database.public_state.number)


# --- order ----------------------------------------------------------------------------------------------------


class Reader:
    """A reader that reads the given numbers, and acts before each."""

    def __init__(self, *numbers: int, act: Callable[[], None] = lambda: None) -> None:
        self._numbers = list(numbers)
        self._act = act

    def read(self) -> int:
        number = self._numbers.pop(0)
        self._act()
        return number

    def wait(self, stopping: threading.Event) -> None:
        stopping.wait()


def build_state(reader: Callable[[], StateReader]) -> PublicState:
    @contextmanager
    def connect() -> Iterator[StateReader]:
        yield reader()

    return PublicState(connect)


def test_a_number_read_before_a_commit_does_not_replace_it() -> None:
    state = build_state(lambda: Reader(100, 101, act=lambda: state.learn(101)))
    assert state.number == 101


def test_commits_that_are_learnt_in_another_order_leave_the_newest() -> None:
    state = build_state(lambda: Reader(102))
    state.learn(102)
    state.learn(101)
    assert state.number == 102


def test_a_commit_stays_known_where_nothing_can_be_read() -> None:
    def fail() -> StateReader:
        raise OSError("out of reach")

    state = build_state(fail)
    state.learn(2)
    state.learn(1)
    assert (state.number, state.heard) == (2, float("-inf"))


def test_it_is_tried_again_after_failures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public_state, "PAUSE_MAX", 0.01)
    failures = iter([OSError("out of reach"), OSError("out of reach")])

    def connect() -> StateReader:
        for failure in failures:
            raise failure
        return Reader(7)

    state = build_state(connect)
    state.start()
    await_true(lambda: state.number == 7)
    state.stop()
