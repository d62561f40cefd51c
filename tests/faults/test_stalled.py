"""A PostgreSQL that is stopped, not gone: who asks is told so within bounds, and all goes on when it goes on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Final

import httpx
import pytest
from msgspec import structs
from sqlalchemy import literal, select, text
from sqlalchemy.exc import DBAPIError

from actitud_api.cli.serving import get_database, get_readiness
from actitud_api.platform.storage import postgresql as storage
from actitud_api.platform.storage import stall_guard
from actitud_api.platform.storage.bounded_connection import BoundedConnection
from actitud_api.platform.storage.database import Database, Unavailable
from actitud_api.platform.storage.stall_guard import ATTEMPT, PAUSE, StallGuard
from tests.support.applications import borrow_app
from tests.support.databases import opened, unlimited
from tests.support.figures import FigureRecorder
from tests.support.postgresql import Server
from tests.support.publishing import EDITION, publish_filled
from tests.support.scale import NIGHT
from tests.support.serving import served
from tests.support.waiting import PATIENCE, await_true

CLIENTS: Final = 64 if NIGHT else 12
UNKEPT: Final = {"If-Modified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"}
"""Headers of a read that is never answered from memory."""


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """By day the client waits for less, so that the test does not take as long as what it bounds."""
    if not NIGHT:
        monkeypatch.setattr(storage, "PATIENCE", 1.0)
        monkeypatch.setattr(storage, "PING_PATIENCE", 0.5)
        monkeypatch.setattr(storage, "CONNECT_TIMEOUT", 2)
        monkeypatch.setattr(stall_guard, "PAUSE", 0.5)


@pytest.fixture
def url(postgresql: Server, template: str, patience: None, tmp_path: Path) -> Iterator[str]:
    """The URL of a database with a published edition."""
    with postgresql.database(template) as name, opened(postgresql.url(name)) as database:
        publish_filled(database, tmp_path)
        yield postgresql.url(name)


def assert_unavailable(answer: httpx.Response) -> None:
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/unavailable"), answer.text
    assert int(answer.headers["Retry-After"]) > 0


def test_every_request_is_answered_while_the_server_is_stopped(
    url: str, postgresql: Server, figure: FigureRecorder
) -> None:
    # To be counted takes a second more of a request each, so by day none is.
    limited = structs.replace(unlimited(url), rate_limit_read=12_000 if NIGHT else 0, memory_bytes=2**26)
    with (
        borrow_app(limited) as app,
        served(app) as address,
        httpx.Client(base_url=address, timeout=PATIENCE) as client,
        ThreadPoolExecutor(CLIENTS) as pool,
    ):
        get_readiness(app).register("database", get_database(app).is_current)  # as the command does
        ranking = f"/v1/editions/{EDITION}/scores"
        document = client.get(f"/v1/editions/{EDITION}/publications").json()["items"][0]["digest"]
        published = f"/v1/published/{document}"
        bytes_before = client.get(published).content
        # As many pooled connections as clients use: a stalled server is met on each of them.
        assert {
            answer.status_code for answer in pool.map(lambda _: client.get(ranking, headers=UNKEPT), range(CLIENTS))
        } == {200}
        with postgresql.stalled():
            ready = pool.submit(client.get, "/readyz")
            waiting = [pool.submit(client.get, ranking, headers=UNKEPT) for _ in range(CLIENTS - 1)]
            assert client.get("/livez").status_code == 200
            assert client.get(published).content == bytes_before
            answers = [asked.result() for asked in (ready, *waiting)]
            for answer in answers:
                assert_unavailable(answer)
            # Known to be stalled, it is not waited for again by each.
            for _ in range(3):
                assert_unavailable(client.get(ranking, headers=UNKEPT))
        await_true(lambda: client.get("/readyz").is_success and client.get(ranking, headers=UNKEPT).is_success)
    found = (
        "requests to a service whose PostgreSQL is stopped (SIGSTOP), of which one without 503 while it is fails; all "
        "is as before when it goes on"
    )
    control = "a statement without the bound of the client waits for as long as the server is stopped"
    slowest = max(answer.elapsed for answer in answers).total_seconds()
    figure("S10", found, tried=CLIENTS + 3, failed=0, control=control, worst_seconds=slowest)
    figure("R32", found, tried=CLIENTS + 3, failed=0, control=control, worst_seconds=slowest)


def test_a_session_that_is_open_when_the_server_stops_ends(url: str, postgresql: Server) -> None:
    """Before a statement and before the commit; the change is then unknown, and never half there."""
    with opened(url) as database:
        for commits in (False, True):
            with pytest.raises(Unavailable, match=r"no answer in"), database.write() as session:  # noqa: PT012  # where it fails varies
                session.connection().execute(text("UPDATE alembic_version SET version_num = version_num"))
                with postgresql.stalled():
                    if not commits:
                        session.connection().execute(text("SELECT 1"))
                    session.commit()
            _await_answer(database)


def test_a_row_that_is_read_without_a_session_is_given_up_too(url: str, postgresql: Server) -> None:
    one = select(literal(1))
    with opened(url) as database:
        assert database.read_row(one, {}) == (1,)
        with postgresql.stalled():
            with pytest.raises(Unavailable):
                database.read_row(one, {})
            with pytest.raises(Unavailable, match="is not asked now"):
                database.read_row(one, {})
        _await_answer(database)
        assert database.read_row(one, {}) == (1,)


def test_without_the_bound_a_statement_waits_for_as_long_as_the_server_is_stopped(url: str, postgresql: Server) -> None:
    """The negative control: server-side time-outs do nothing in a server that is stopped."""
    with opened(url) as bounded, opened(url) as database, database.read() as session:
        assert bounded.read_row(select(literal(1)), {}) == (1,)
        connection = session.connection()
        driver = connection.connection.driver_connection
        assert isinstance(driver, BoundedConnection)
        driver.patience = None
        waiting = ThreadPoolExecutor(1)
        with postgresql.stalled():
            answer = waiting.submit(connection.execute, text("SELECT 1"))
            with pytest.raises(Unavailable):  # whoever is bounded has waited, and is answered
                bounded.read_row(select(literal(1)), {})
            assert not answer.done()
        assert answer.result().scalar_one() == 1
        waiting.shutdown()


def _await_answer(database: Database) -> None:
    def answers() -> bool:
        with suppress(Unavailable), database.read() as session:
            return bool(session.connection().execute(text("SELECT count(*) FROM edition")).scalar_one())
        return False

    await_true(answers)


def test_a_slow_server_that_goes_on_sending_is_waited_for(url: str) -> None:
    """Rows that come one by one, all together later than a silence may last."""
    with opened(url) as database, database.read() as session:
        connection = session.connection()
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        # A row is larger than the buffer of the server, which sends it only when it is full.
        sleeping = text("SELECT repeat('x', 10000), pg_sleep(:seconds) FROM generate_series(1, 6)")
        assert len(connection.execute(sleeping, {"seconds": storage.PATIENCE / 4}).all()) == 6


def test_a_migration_is_waited_for_without_bound(url: str) -> None:
    with opened(url) as database:
        with database.begin_migration() as connection:
            connection.execute(text(f"SELECT pg_sleep({storage.PATIENCE * 1.2})"))
        with database.write() as session:  # the same connection, which is bounded again
            driver = session.connection().connection.driver_connection
            assert isinstance(driver, BoundedConnection)
            assert driver.patience == storage.PATIENCE


# --- the guard ------------------------------------------------------------------------------------------------


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def fail() -> None:
    raise DBAPIError("SELECT 1", None, TimeoutError())


def test_after_a_stall_one_session_at_a_time_tries() -> None:
    clock = Clock()
    guard = StallGuard(lambda error: isinstance(error.orig, TimeoutError), clock)
    with pytest.raises(DBAPIError), guard.admit():
        fail()
    refused = pytest.raises(Unavailable, match="not asked now")
    with refused, guard.admit():
        pytest.fail("admitted")
    clock.now += PAUSE
    with guard.admit():
        with refused, guard.admit():
            pytest.fail("a second attempt at once")
        clock.now += ATTEMPT
        with pytest.raises(DBAPIError), guard.admit():  # the first attempt takes too long: another one
            fail()
        with refused, guard.admit():
            pytest.fail("admitted after a second failure")
    # The first attempt has ended well.
    with guard.admit(), guard.admit():
        pass


def test_what_fails_for_another_reason_is_no_stall() -> None:
    guard = StallGuard(lambda error: False)
    for error in (DBAPIError("SELECT 1", None, ValueError()), LookupError()):
        with pytest.raises(type(error)), guard.admit():
            raise error
        with guard.admit():
            pass


def test_only_one_of_many_threads_tries() -> None:
    clock = Clock()
    guard = StallGuard(lambda error: True, clock)
    with pytest.raises(DBAPIError), guard.admit():
        fail()
    clock.now += PAUSE
    admitted, refused = [], []
    all_others_refused = threading.Event()

    def ask(number: int) -> None:
        try:
            with guard.admit():
                admitted.append(number)
                assert all_others_refused.wait(PATIENCE)
        except Unavailable:
            refused.append(number)
            if len(refused) == 7:
                all_others_refused.set()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(8)))
    assert (len(admitted), len(refused)) == (1, 7)
