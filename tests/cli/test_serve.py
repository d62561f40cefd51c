"""`serve`: it refuses what is not ready with what to do, and it leaves in order."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import os
import select
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import Final

import httpx
import pytest
from litestar import Controller, Response

from actitud_api import cli
from actitud_api.cli.bounded_protocol import BoundedProtocol
from actitud_api.cli.demonstration import build_settings
from actitud_api.cli.server import Server, build_configuration
from actitud_api.cli.serving import SWITCH_INTERVAL, build_application, is_exposed, lacks_public_url
from actitud_api.platform.http.access import ANYBODY
from actitud_api.platform.http.operations import get
from actitud_api.platform.http.scope import ApiRequest
from actitud_api.platform.http.system import HEALTH, Health
from actitud_api.platform.storage.sqlite import BUSY_TIMEOUT
from actitud_api.settings import MAX_REQUEST_SECONDS, Network, Settings
from tests.faults.serving import SERVE, start
from tests.http.toys import toy_app
from tests.support.databases import write_migrated
from tests.support.figures import FigureRecorder
from tests.support.proxy import free_port
from tests.support.revisions import BEFORE_RELEASES, LATER, NEWEST, pretend_later
from tests.support.scale import IN_FLIGHT
from tests.support.serving import get_port, served_by_service
from tests.support.waiting import PATIENCE, await_refusal, await_true, takes_connections

ENTERED = threading.Semaphore(0)
WAITING: Final[list[Callable[[], object]]] = []
"""What lets each request leave that the slow operation has begun."""


class SlowController(Controller):
    path = "/v1/slow"
    tags = ("toys",)

    @get("/", operation_id="slow.get", access=ANYBODY, answer=HEALTH)
    async def slow(self, request: ApiRequest) -> Response[bytes]:
        """Answer once it may leave."""
        loop, leave = asyncio.get_running_loop(), asyncio.Event()
        WAITING.append(lambda: loop.call_soon_threadsafe(leave.set))
        ENTERED.release()
        await leave.wait()
        return HEALTH.of(request, Health("ok"))


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'folder' / 'test.sqlite3'}"


@pytest.fixture
def migrated(url: str) -> str:
    write_migrated(Path(url.removeprefix("sqlite:///")))
    return url


# --- what it refuses ------------------------------------------------------------------------------------------


def test_it_refuses_where_there_is_no_database_and_makes_none(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["serve", "--database", url]) == 1
    assert capsys.readouterr().err == f"The database {url} is not initialised: run actitud-api init\n"
    assert list(tmp_path.iterdir()) == []


def test_it_refuses_a_database_without_tables(tmp_path: Path, url: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "test.sqlite3").touch()
    assert cli.main(["serve", "--database", url]) == 1
    assert "is not initialised: run actitud-api init" in capsys.readouterr().err


def test_it_refuses_a_database_of_an_older_release(
    migrated: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend_later(monkeypatch)
    assert cli.main(["serve", "--database", migrated]) == 1
    assert f"is at revision {NEWEST} and needs {LATER}" in (said := capsys.readouterr().err)
    assert said.endswith("run actitud-api migrate\n")


@pytest.mark.parametrize("command", ["serve", "init", "migrate", "demo"])
def test_it_refuses_a_database_from_before_the_first_release(
    migrated: str, command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "folder" / "test.sqlite3")) as connection, connection:
        connection.execute(f"UPDATE alembic_version SET version_num = '{BEFORE_RELEASES}'")
    assert cli.main([command, "--database", migrated]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"The database {migrated} was made by a version before 0.1.0 (revision {BEFORE_RELEASES})")


def test_it_refuses_a_database_of_a_newer_release(
    migrated: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "folder" / "test.sqlite3")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    monkeypatch.setenv("LANG", "es_ES.UTF-8")
    monkeypatch.delenv("LC_ALL")
    assert cli.main(["serve", "--database", migrated]) == 1
    assert "está en la revisión 9999, que esta versión no conoce" in capsys.readouterr().err


def test_it_refuses_a_file_that_is_no_database(tmp_path: Path, url: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "test.sqlite3").write_bytes(b"nothing of the kind" * 100)
    assert cli.main(["serve", "--database", url]) == 1
    assert capsys.readouterr().err == f"The database {url} cannot be used: file is not a database\n"


@pytest.mark.parametrize("unusable", ["mysql://u:very-secret@host/db", "sqlite:///:memory:"])
def test_it_refuses_a_database_that_it_does_not_run_on(unusable: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["serve", "--database", unusable]) == 2
    said = capsys.readouterr().err
    assert "not a database URL" in said or "does not run on that database" in said
    assert "very-secret" not in said


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("C", "A file of SQLite is served by one process only: serve with --workers 1, or use PostgreSQL.\n"),
        ("es_ES.UTF-8", "A un fichero de SQLite solo lo sirve un proceso: sirva con --workers 1, o use PostgreSQL.\n"),
    ],
)
def test_it_refuses_several_processes_for_a_file(
    migrated: str, locale: str, said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", locale)
    assert cli.main(["serve", "--workers", "2", "--database", migrated]) == 1
    assert capsys.readouterr() == ("", said)


def test_a_number_of_processes_that_is_none_is_a_faulty_setting(
    migrated: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["serve", "--workers", "0", "--database", migrated]) == 2
    assert "--workers: “0” is not a number of processes, 1 to 64" in capsys.readouterr().err


# --- how it serves and stops ----------------------------------------------------------------------------------


def test_it_serves_until_it_is_told_to_stop(migrated: str) -> None:
    """The real command in a process of its own: it says when it is ready, answers, and ends with 0."""
    port = free_port()
    program = "import sys; from actitud_api.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", program, "serve", "--port", str(port), "--database", migrated]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert select.select([process.stdout], [], [], PATIENCE)[0]
        assert process.stdout.readline() == f"Ready at http://127.0.0.1:{port}. Database: {migrated}. Ctrl+C ends.\n"
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client:
            assert client.get("/readyz").status_code == 200
            answer = client.get("/v1/organisations")
        with socket.create_connection(("127.0.0.1", port)) as garbage:
            garbage.sendall(b"\x16\x03\x01 no HTTP\r\n\r\n")
            assert garbage.recv(1000).startswith(b"HTTP/1.1 400 ")
        process.send_signal(signal.SIGINT)
        printed, logged = process.communicate(timeout=PATIENCE)
    assert answer.json()["items"] == []
    assert "server" not in answer.headers
    assert printed == "Stopped in order.\n"
    assert process.returncode == 0
    *_, last = (json.loads(line) for line in logged.splitlines())
    assert (last["level"], last["event"]) == ("warning", "Invalid HTTP request received.")
    assert last["timestamp"].endswith("Z")


def test_what_lives_as_long_as_the_process_is_not_collected_while_it_serves(migrated: str) -> None:
    """Else each full collection looks through it again, and every request waits."""
    gc.unfreeze()
    with build_application(Settings(database_url=migrated), "en") as app:
        looked_through = gc.get_objects()
        assert len(looked_through) < gc.get_freeze_count() / 10
        assert not any(known is app for known in looked_through)
    assert gc.get_freeze_count() == 0


def test_busy_threads_let_others_go_on_sooner_while_it_serves(migrated: str) -> None:
    """Else a reader waits for a thread that makes a file at each row and each packet."""
    before = sys.getswitchinterval()
    with build_application(Settings(database_url=migrated), "en"):
        assert sys.getswitchinterval() == SWITCH_INTERVAL < before
    assert sys.getswitchinterval() == before


@contextlib.contextmanager
def serving_slowly(grace: int | None = None) -> Iterator[tuple[Server, str]]:
    """A server with a slow operation, that drains as long as a test needs; `grace`: other than that of the settings."""
    settings = Settings(drain=60)
    app = toy_app(more=[SlowController])
    config = build_configuration(app, settings)
    config.timeout_graceful_shutdown = config.timeout_graceful_shutdown if grace is None else grace
    with served_by_service(app, config, settings.drain) as server:
        try:
            yield server, f"http://127.0.0.1:{get_port(server)}"
        finally:
            let_leave()


def let_leave() -> None:
    while WAITING:
        with contextlib.suppress(RuntimeError):  # its loop has ended
            WAITING.pop()()


def is_leaving(server: Server) -> bool:
    return server.should_exit


@contextlib.contextmanager
def asking_slowly(address: str) -> Iterator[Sequence[Future[int]]]:
    """The statuses of requests that the server has all begun; 0 is none."""
    limits = httpx.Limits(max_connections=IN_FLIGHT)
    with httpx.Client(timeout=PATIENCE, limits=limits) as client, ThreadPoolExecutor(IN_FLIGHT) as pool:

        def ask() -> int:
            with contextlib.suppress(httpx.TransportError):
                return client.get(f"{address}/v1/slow").status_code
            return 0

        statuses = [pool.submit(ask) for _ in range(IN_FLIGHT)]
        assert all(ENTERED.acquire(timeout=PATIENCE) for _ in statuses)
        yield statuses


def test_told_to_stop_it_is_first_not_ready_and_ends_what_it_began(figure: FigureRecorder) -> None:
    with serving_slowly() as (server, address), asking_slowly(address) as statuses:
        assert httpx.get(f"{address}/readyz", timeout=PATIENCE).status_code == 200

        server.handle_exit(signal.SIGTERM, None)

        refused = httpx.get(f"{address}/readyz", timeout=PATIENCE)
        assert (refused.status_code, "serving" in refused.json()["detail"]) == (503, True)
        assert httpx.get(f"{address}/livez", timeout=PATIENCE).status_code == 200
        assert not is_leaving(server)
        server.handle_exit(signal.SIGTERM, None)
        assert is_leaving(server)
        await_refusal(int(address.rpartition(":")[2]), 300)
        assert not any(status.done() for status in statuses)
        let_leave()
        assert {status.result() for status in statuses} == {200}
    with serving_slowly(grace=1) as (server, address), asking_slowly(address) as statuses:
        server.handle_exit(signal.SIGINT, None)
        cut = sum(status.result() != 200 for status in statuses)
    figure(
        "R31",
        "requests that a server had begun when it was told to stop, and did not answer 200; meanwhile it was not "
        "ready, and then took no others",
        tried=len(statuses),
        failed=0,
        control=f"with less grace than they take {cut} of {len(statuses)} are not answered 200",
    )


def ask_and_keep(connection: HTTPConnection) -> tuple[int, str | None]:
    """Return status and `Connection` of an answer; the connection is kept if the server keeps it."""
    connection.request("GET", "/readyz")
    response = connection.getresponse()
    response.read()
    return response.status, response.headers["Connection"]


def test_retired_it_leaves_no_kept_connection_without_an_answer() -> None:
    with serving_slowly() as (server, address):
        with contextlib.closing(HTTPConnection(address.removeprefix("http://"))) as kept:
            assert ask_and_keep(kept) == (200, None)
            server.retire()
            await_refusal(int(address.rpartition(":")[2]), 30)
            assert not is_leaving(server)
            assert ask_and_keep(kept) == (200, "close"), "it is ready, and closes after this answer"
        await_true(lambda: is_leaving(server))  # with its last connection


def test_told_to_stop_it_closes_each_connection_after_its_next_answer() -> None:
    with (
        serving_slowly() as (server, address),
        contextlib.closing(HTTPConnection(address.removeprefix("http://"))) as kept,
    ):
        assert ask_and_keep(kept) == (200, None)
        server.handle_exit(signal.SIGTERM, None)
        # Until the server's next look at the clock it keeps the connection.
        await_true(lambda: ask_and_keep(kept) == (503, "close"))


def test_the_demonstration_trusts_no_proxy_and_names_no_server(demonstration: str, tmp_path: Path) -> None:
    port = free_port()
    # Where a proxy is named, requests are counted, by the address of who comes past it.
    proxy = {"ACTITUD_TRUSTED_PROXIES": "192.0.2.9", "ACTITUD_MEMORY_BYTES": "0"}
    environment = {**os.environ, "ACTITUD_SIGNING_FOLDER": str(tmp_path / "signing"), **proxy}
    rests = []
    with start(SERVE, ["demo", "--database", demonstration, "--port", f"{port}"], environment) as process:
        try:
            await_true(lambda: takes_connections(port))
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client:
                for address in ("192.0.2.1", "192.0.2.2"):
                    answer = client.get("/v1/editions", headers={"X-Forwarded-For": address})
                    rests.append(int(answer.headers["ratelimit"].partition("r=")[2].partition(";")[0]))
                    assert "server" not in answer.headers
        finally:
            process.kill()
    assert rests[0] - rests[1] == 1


@pytest.mark.parametrize(
    ("host", "proxies", "limited"),
    [
        ("127.0.0.1", (), False), ("::1", (), False), ("localhost", (), False), ("0.0.0.0", (), True),
        ("192.0.2.1", (), True), ("127.0.0.1", (Network("127.0.0.1"),), True),
    ],
)  # fmt: skip
def test_the_demonstration_has_no_limits_for_its_own_machine_alone(
    host: str, proxies: tuple[Network, ...], limited: bool
) -> None:
    base = Settings(host=host, trusted_proxies=proxies, rate_limit_score=7)
    settings = build_settings(base, None)
    limits = [settings.rate_limit_read, settings.rate_limit_write, settings.rate_limit_score]
    assert limits == ([base.rate_limit_read, base.rate_limit_write, 7] if limited else [0, 0, 0])
    assert settings.rate_limit_refused == (base.rate_limit_refused if limited else 0)
    assert settings.database_url != base.database_url


def test_the_grace_is_longer_than_the_longest_request() -> None:
    config = build_configuration(toy_app(), Settings())
    assert (config.loop, config.http) == ("uvloop", BoundedProtocol)
    assert config.timeout_graceful_shutdown is not None
    assert config.timeout_graceful_shutdown > MAX_REQUEST_SECONDS == 2 * BUSY_TIMEOUT


def test_a_server_that_could_not_start_is_a_failure(
    migrated: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(server: Server, sockets: list[socket.socket] | None = None) -> None:
        server.should_exit = True

    monkeypatch.setattr(Server, "startup", fail)
    port = free_port()
    assert cli.main(["serve", "--port", str(port), "--database", migrated]) == 1
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("en_GB.UTF-8", "Port {} is already in use. Choose another with --port 9000, or with PORT=9000 before make."),
        ("es_ES.UTF-8", "El puerto {} ya está en uso. Elija otro con --port 9000, o con PORT=9000 delante de make."),
    ],
)
def test_whoever_serves_at_a_taken_port_reads_how_to_choose_another(
    locale: str, text: str, migrated: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", locale)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert cli.main(["serve", "--port", str(port), "--database", migrated]) == 1
    assert text.format(port) in capsys.readouterr().err


def test_an_address_that_is_no_address_of_this_machine_is_said(
    migrated: str, capsys: pytest.CaptureFixture[str]
) -> None:
    # 192.0.2.0/24 is for documentation (RFC 5737): no machine has it.
    assert cli.main(["serve", "--host", "192.0.2.1", "--port", "8000", "--database", migrated]) == 1
    assert "Cannot listen at http://192.0.2.1:8000: " in capsys.readouterr().err


# --- where it listens -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("host", "shown"), [("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")])
def test_the_address_is_one_that_a_browser_takes(host: str, shown: str) -> None:
    assert Settings(host=host, port=81).address == f"http://{shown}:81"


@pytest.mark.parametrize(
    ("host", "proxies", "exposed"),
    [
        ("127.0.0.1", (), False), ("::1", (), False), ("localhost", (), False), ("0.0.0.0", (), True),
        ("192.0.2.1", (), True), ("actitud.example", (), True), ("0.0.0.0", (Network("10.0.0.1"),), False),
    ],
)  # fmt: skip
def test_beyond_this_machine_there_has_to_be_a_proxy(host: str, proxies: tuple[Network, ...], exposed: bool) -> None:
    assert is_exposed(Settings(host=host, trusted_proxies=proxies)) is exposed
    # Behind a proxy, too, links need the address at which people reach it.
    assert lacks_public_url(Settings(host=host, trusted_proxies=proxies)) is (exposed or bool(proxies))
    named = Settings(host=host, trusted_proxies=proxies, public_url="https://actitud.example")
    assert not lacks_public_url(named)


def test_it_says_that_links_lead_to_this_machine(migrated: str, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.MonkeyPatch.context() as environment:
        environment.setenv("ACTITUD_TRUSTED_PROXIES", "10.0.0.1")
        port = taken.getsockname()[1]
        assert cli.main(["serve", "--port", str(port), "--database", migrated]) == 1
    warning = f"Warning: public_url is not set: badges, catalogue and files link to http://127.0.0.1:{port}, which"
    assert warning in capsys.readouterr().err
