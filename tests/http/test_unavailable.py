"""A database that cannot be had in time is a planned 503 that says when to ask again, on both databases."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from litestar import Controller, Litestar, Response
from litestar.testing import TestClient
from sqlalchemy import text

from actitud_api import cli
from actitud_api.app import CONTROLLERS
from actitud_api.platform.http.access import ANYBODY
from actitud_api.platform.http.operations import post
from actitud_api.platform.http.problems import NO_STORE
from actitud_api.platform.http.representations import Representation
from actitud_api.platform.http.scope import ApiRequest
from actitud_api.platform.http.system import Health
from actitud_api.platform.storage import postgresql as on_postgresql
from actitud_api.platform.storage import sqlite as on_sqlite
from actitud_api.platform.storage.database import Database, Unavailable
from actitud_api.platform.storage.fifo_semaphore import FifoSemaphore
from tests.support.applications import borrow_app
from tests.support.databases import Kind, opened, sqlite_url, unlimited
from tests.support.figures import FigureRecorder
from tests.support.postgresql import Server
from tests.support.waiting import await_true

pytestmark = pytest.mark.both_databases

DONE = Representation(Health, cache=NO_STORE)
CHANGE = text("UPDATE counter SET value = value + 1")
ASKING = threading.Event()


class Counting(Controller):
    """Writes, as no operation of the service does yet."""

    path = "/v1/counter"

    @post("/", operation_id="counter.count", access=ANYBODY, answer=DONE, status=200, tags=("system",))
    def count(self, request: ApiRequest, database: Database) -> Response[bytes]:
        """Count one more."""
        ASKING.set()
        with database.write() as session:
            session.connection().execute(CHANGE)
        return DONE.of(request, Health("ok"))


@pytest.fixture
def client(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient[Litestar]]:
    """A client of the service that waits for a tenth of a second at most."""
    monkeypatch.setattr(on_sqlite, "BUSY_TIMEOUT", 0.1)
    monkeypatch.setattr(on_postgresql, "POOL_TIMEOUT", 0.1)
    monkeypatch.setattr(on_postgresql, "LOCK_TIMEOUT", 100)
    with served(url) as client:
        database: Database = client.app.state["database"]
        with database.write() as session:
            session.connection().execute(text("CREATE TABLE counter (value INTEGER)"))
            session.connection().execute(text("INSERT INTO counter VALUES (0)"))
        yield client


@contextmanager
def served(url: str) -> Iterator[TestClient[Litestar]]:
    with borrow_app(unlimited(url), (*CONTROLLERS, Counting)) as app, TestClient(app) as client:
        yield client


def assert_unavailable(client: TestClient[Litestar], method: str, path: str) -> float:
    """Return the seconds that it took to say so."""
    answer = client.request(method, path, headers={"Accept-Language": "es"})
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "2"
    assert answer.json()["type"] == "/problems/unavailable"
    assert answer.json()["detail"] == "La base de datos está ocupada o no responde."
    return answer.elapsed.total_seconds()


def counted(database: Database) -> int:
    with database.read() as session:
        value: int = session.connection().execute(text("SELECT value FROM counter")).scalar_one()
        return value


def test_what_another_process_keeps_locked(
    client: TestClient[Litestar], url: str, kind: Kind, monkeypatch: pytest.MonkeyPatch, figure: FigureRecorder
) -> None:
    times = []
    with opened(url) as other:
        with other.write() as session:
            session.connection().execute(CHANGE)
            for _ in range(5):
                times.append(assert_unavailable(client, "POST", "/v1/counter"))
                assert client.get("/v1/editions").status_code == 200
        assert client.post("/v1/counter").status_code == 200
        assert counted(other) == 2
        monkeypatch.setattr(on_sqlite, "BUSY_TIMEOUT", 60)
        monkeypatch.setattr(on_postgresql, "LOCK_TIMEOUT", 60_000)
        with served(url) as patient, ThreadPoolExecutor(1) as pool:
            with other.write() as session:
                session.connection().execute(CHANGE)
                ASKING.clear()
                waiting = pool.submit(patient.post, "/v1/counter")
                await_true(ASKING.is_set)
                # Whoever came after it has been refused before the patient one is answered.
                assert_unavailable(client, "POST", "/v1/counter")
                unanswered = not waiting.done()
            assert waiting.result().status_code == 200
    figure(
        "R32",
        f"changes ({kind}) while another process keeps their row locked, each with a read beside it, that were not "
        "answered 503 with Retry-After before it lets go; then the next one is taken",
        tried=len(times),
        failed=0,
        control=f"without the bound {unanswered:d} of 1 is not answered for as long as the lock lasts",
        worst_seconds=max(times),
    )


def test_what_others_of_the_process_keep_taken(client: TestClient[Litestar], kind: Kind) -> None:
    database: Database = client.app.state["database"]
    writers, readers = (1, on_sqlite.READERS) if kind == "sqlite" else (on_postgresql.WRITERS, on_postgresql.READERS)
    with ExitStack() as stack:
        for _ in range(writers):
            stack.enter_context(database.write()).connection()
        assert_unavailable(client, "POST", "/v1/counter")
        assert client.get("/v1/editions").status_code == 200
        for _ in range(readers):
            stack.enter_context(database.read()).connection()
        for path in ("/v1/editions", "/v1/organisations", "/v1/organisations/x", "/v1/editions/x/scores/y", "/readyz"):
            assert client.get(path).status_code == (200 if path == "/readyz" else 503), path
    assert client.post("/v1/counter").status_code == 200
    assert counted(database) == 1


def test_a_disk_without_room(tmp_path: Path) -> None:
    """Nothing is kept by half, reads go on, and it takes changes again when there is room, without a new start."""
    url = sqlite_url(tmp_path)
    with opened(url) as made:
        made.migrate()
    with served(url) as client:
        database: Database = client.app.state["database"]
        with database.write() as session:
            connection = session.connection()
            connection.execute(text("CREATE TABLE counter (value INTEGER)"))
            connection.execute(text("CREATE TABLE filling (bytes BLOB)"))
            connection.execute(text("CREATE TRIGGER fills AFTER UPDATE ON counter BEGIN "
                                    "INSERT INTO filling VALUES (randomblob(1000000)); END"))  # fmt: skip
            connection.execute(text("INSERT INTO counter VALUES (0)"))
            pages: int = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 10}")
        assert_unavailable(client, "POST", "/v1/counter")
        assert client.get("/v1/editions").status_code == 200
        assert counted(database) == 0
        with database.write() as session:
            session.connection().exec_driver_sql("PRAGMA max_page_count = 1000000")
        assert client.post("/v1/counter").status_code == 200
        assert counted(database) == 1


def test_who_waits_longest_is_next() -> None:
    turns = FifoSemaphore(1, seconds=10)
    order: list[int] = []
    waiting: list[threading.Thread] = []

    def go(number: int) -> None:
        with turns.acquire():
            order.append(number)

    with turns.acquire():
        for number in range(8):
            waiting.append(threading.Thread(target=go, args=(number,)))
            waiting[-1].start()
            await_true(lambda: len(turns._waiting) == len(waiting))
    for thread in waiting:
        thread.join()
    assert order == list(range(8))


def test_a_statement_that_takes_too_long(postgresql: Server, template: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on_postgresql, "STATEMENT_TIMEOUT", 50)
    with postgresql.database(template) as name, opened(postgresql.url(name)) as database:
        with pytest.raises(Unavailable, match="statement timeout"), database.read() as session:
            session.connection().execute(text("SELECT pg_sleep(30)"))
        with database.read() as session:
            assert session.connection().execute(text("SELECT 1")).scalar_one() == 1


def test_a_connection_that_the_server_has_closed_is_replaced(postgresql: Server, template: str) -> None:
    with postgresql.database(template) as name, opened(postgresql.url(name)) as database:
        with database.read() as session:
            session.connection()
        postgresql.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        with database.read() as session:
            assert session.connection().execute(text("SELECT 1")).scalar_one() == 1


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    with served(f"postgresql+psycopg://actitud@/actitud?host={tmp_path}") as client:
        assert_unavailable(client, "GET", "/v1/editions")
        assert_unavailable(client, "POST", "/v1/counter")


def test_the_command_says_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "C")
    file = tmp_path / "municipalities.csv"
    file.touch()
    command = ["organisations", "import", str(file), "--database"]
    assert cli.main([*command, f"postgresql+psycopg://actitud@/actitud?host={tmp_path}"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("The database postgresql+psycopg://actitud@/actitud?host=")
    assert " cannot be used: " in said
    assert cli.main([*command, "postgresql://host/actitud"]) == 2
    assert capsys.readouterr().err == (
        "The service does not run on that database: PostgreSQL needs its driver spelled: postgresql+psycopg://…\n"
    )
