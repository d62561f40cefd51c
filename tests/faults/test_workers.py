"""Several processes serve one address: they are restarted one by one, die and stop without anybody noticing."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import socket
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Final

import httpx
import pytest
import uvicorn

from actitud_api import cli
from actitud_api.cli.server import WorkerServer, follow_orders
from actitud_api.cli.supervisor import Supervisor
from actitud_api.platform.http.system import Readiness
from tests.faults.serving import SUPERVISE_WAITING, UNLIMITED, Serving, await_ready, port_of, start, starting
from tests.support import proxy
from tests.support.databases import opened
from tests.support.figures import FigureRecorder
from tests.support.postgresql import Server
from tests.support.publishing import BIG, EDITION, publish_filled
from tests.support.scale import NIGHT
from tests.support.waiting import PATIENCE, await_refusal, await_true

WORKERS: Final = 3 if NIGHT else 2
CLIENTS: Final = 8 if NIGHT else 3
RESTARTS: Final = 20
"""How long the processes are restarted one by one."""
READS: Final = (
    f"/v1/editions/{EDITION}/scores",
    f"/v1/editions/{EDITION}/scores/{BIG}",
    f"/portal/{EDITION}/{BIG}",
    "/v1/organisations?limit=1",
    "/readyz",
)


@pytest.fixture
def url(postgresql: Server, template: str, tmp_path: Path) -> Iterator[str]:
    """The URL of a database with a published edition."""
    with postgresql.database(template) as name, opened(postgresql.url(name)) as database:
        publish_filled(database, tmp_path)
        yield postgresql.url(name)


@contextmanager
def serving(url: str, folder: Path, **settings: str) -> Iterator[Serving]:
    """A supervisor whose workers are all ready."""
    more = {"workers": f"{WORKERS}", "signing_folder": f"{folder}", "grace": "300", **UNLIMITED, **settings}
    with starting(url, more) as process:
        await_ready(process)
        yield process


def find_workers(process: Serving) -> list[int]:
    """Return the ids of the processes that a supervisor has started to serve."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return [int(child) for child in children if b"spawn_main" in read_command(child)]


def read_command(pid: int | str) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def await_workers(process: Serving, former: set[int]) -> set[int]:
    """Wait until as many workers serve as before, and none of the former ones; return their ids."""
    await_true(lambda: len(now := set(find_workers(process))) == WORKERS and not now & former)
    return set(find_workers(process))


class Load:
    """Clients that ask one thing after another, and keep their connections for as long as the server does."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(CLIENTS)]
        self.answers: Counter[int] = Counter()
        """Numbers of answers by status; 0 for those that never came."""

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join(PATIENCE)
            assert not thread.is_alive()

    def count_failed(self) -> int:
        """Return the number of requests that were answered neither 2xx nor 304."""
        return sum(number for status, number in self.answers.items() if not 200 <= status < 300 and status != 304)

    def await_answers(self, number: int) -> None:
        """Wait until so many more requests are answered."""
        sought = self.answers.total() + number
        await_true(lambda: self.answers.total() >= sought)

    def _ask(self, number: int) -> None:
        tags: dict[str, str] = {}
        connection = HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
        with closing(connection):
            while not self._over.is_set():
                path = READS[number % len(READS)]
                number += 1
                headers = {"If-None-Match": tags[path]} if path in tags else {}
                try:
                    connection.request("GET", path, headers=headers)
                    response = connection.getresponse()
                    response.read()
                    status, tag = response.status, response.headers.get("ETag")
                except (OSError, HTTPException):
                    connection.close()
                    status, tag = 0, None
                if tag is not None:
                    tags[path] = tag
                with self._lock:
                    self.answers[status] += 1


@pytest.mark.night
@pytest.mark.parametrize("way", ["directly", "through nginx"])
def test_workers_that_are_restarted_one_by_one_lose_no_request(
    url: str, tmp_path: Path, way: str, figure: FigureRecorder
) -> None:
    with serving(url, tmp_path) as process, ExitStack() as stack:
        port = port_of(process)
        if way != "directly":
            port = stack.enter_context(proxy.running(tmp_path / "front", port))
        workers = set(find_workers(process))
        with Load(port) as load:
            load.await_answers(CLIENTS)
            for _ in range(RESTARTS):
                process.send_signal(signal.SIGHUP)
                workers = await_workers(process, workers)
            load.await_answers(CLIENTS)
        assert load.answers[200] > 0
        assert load.answers[304] > 0
        assert load.count_failed() == 0, load.answers
        control = kill_under_load(process)
    figure(
        "R31",
        f"reads of {CLIENTS} clients {way}, on kept connections, while {WORKERS} processes were restarted one by one "
        f"{RESTARTS} times; one that is answered neither 2xx nor 304 fails",
        tried=load.answers.total(),
        failed=0,
        control=control,
    )


def kill_under_load(process: Serving) -> str:
    """Return how many reads fail where the workers are killed instead."""
    workers = set(find_workers(process))
    with Load(port_of(process)) as cut:
        cut.await_answers(CLIENTS)
        for worker in workers:
            os.kill(worker, signal.SIGKILL)
        await_workers(process, workers)
    assert cut.count_failed() > 0
    return f"where the processes are killed instead, {cut.count_failed()} of {cut.answers.total()} reads fail"


@pytest.mark.night
def test_a_worker_that_ends_or_hangs_is_started_anew(url: str, tmp_path: Path) -> None:
    """Killed, told to stop by somebody else than its supervisor, or held."""
    with (
        serving(url, tmp_path, drain="0") as process,
        httpx.Client(base_url=process.address, timeout=PATIENCE) as client,
    ):
        for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP):
            former, *rest = find_workers(process)
            os.kill(former, number)
            assert set(rest) < await_workers(process, {former})
        assert client.get("/v1/editions").json()["items"][0]["id"] == EDITION
        assert process.poll() is None


def test_told_to_stop_all_workers_answer_what_they_have_begun(
    url: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with serving(url, tmp_path, drain="0") as process, ExitStack() as stack:
        assert len(find_workers(process)) == WORKERS
        connections = [stack.enter_context(closing(begin_score(port_of(process)))) for _ in range(CLIENTS)]
        process.send_signal(signal.SIGTERM)
        await_refusal(port_of(process))
        for connection in connections:
            connection.sendall(BODY)
            assert connection.recv(4096).startswith(b"HTTP/1.1 400 "), "an empty body scores nothing"
        assert process.wait(PATIENCE) == 0
        assert process.stdout is not None
        assert process.stdout.read() == "Stopped in order.\n"
    assert "worker ended" not in capfd.readouterr().err


BODY: Final = b"{}"


def begin_score(port: int) -> socket.socket:
    """Return a connection with a request that the server has begun, and waits for the body of."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    connection.sendall(
        b"POST /v1/scores HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\nExpect: 100-continue\r\n\r\n" % len(BODY)
    )
    assert connection.recv(4096).startswith(b"HTTP/1.1 100 ")
    return connection


@pytest.mark.night
def test_workers_end_with_their_supervisor(url: str, tmp_path: Path) -> None:
    with serving(url, tmp_path, drain="0") as process:
        workers = find_workers(process)
        process.kill()
        process.wait()
        await_refusal(port_of(process))
        await_end(workers)


@pytest.mark.day
def test_workers_that_only_wait_for_orders_end_with_their_supervisor(tmp_path: Path) -> None:
    """As those of the service do at night, each of which imports it for seconds."""
    with start(SUPERVISE_WAITING, [str(tmp_path)], os.environ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        workers = find_workers(process)
        assert len(workers) == WORKERS
        process.kill()
        process.wait()
        await_end(workers)


@pytest.mark.day
def test_a_server_whose_supervisor_has_ended_stops() -> None:
    here, there = multiprocessing.Pipe()
    server = WorkerServer(uvicorn.Config(app=lambda: None), Readiness(), 0, there)
    follow_orders(server, there)
    assert not asyncio.run(server.on_tick(1))
    here.close()
    await_true(lambda: asyncio.run(server.on_tick(1)))


def await_end(workers: Iterable[int]) -> None:
    """Wait until none of these processes is there."""
    await_true(lambda: not any(b"spawn_main" in read_command(worker) for worker in workers))


@pytest.mark.night
def test_settings_are_read_anew_and_faulty_ones_change_nothing(
    url: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "actitud.toml"
    file.write_text("rate_limit_score = 50\n")
    with (
        serving(url, tmp_path, config=f"{file}") as process,
        httpx.Client(base_url=process.address, timeout=PATIENCE) as client,
    ):
        assert find_limit(client) == 50
        workers = set(find_workers(process))
        file.write_text("rate_limit_score = -1\n")
        process.send_signal(signal.SIGHUP)
        said: list[str] = []

        def read_said() -> str:
            said.append(capfd.readouterr().err)
            return "".join(said)

        await_true(lambda: "the settings are faulty" in read_said())
        assert "actitud.toml: rate_limit_score" in "".join(said)
        assert set(find_workers(process)) == workers
        file.write_text("rate_limit_score = 60\n")
        process.send_signal(signal.SIGHUP)
        await_workers(process, workers)
        assert find_limit(client) == 60


def find_limit(client: httpx.Client) -> int:
    """Return how many scores a minute the service lets its clients compute."""
    policy = client.post("/v1/scores", json={}).headers["RateLimit-Policy"]
    return int(policy.partition("q=")[2].partition(";")[0])


def test_more_processes_than_the_database_has_connections_for_are_warned_of(
    url: str, postgresql: Server, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each takes 24 at most; what is kept for superusers is not offered."""
    monkeypatch.setenv("LC_ALL", "C")
    monkeypatch.setattr(Supervisor, "run", lambda _: None)
    monkeypatch.setattr(Supervisor, "has_started", True, raising=False)
    with opened(url) as database, database.read() as session:
        offered = (
            session.connection()
            .exec_driver_sql("SELECT setting::int - 3 FROM pg_settings WHERE name = 'max_connections'")
            .scalar_one()
        )
    enough = offered // 24
    for workers in (enough, enough + 1):
        cli.main(["serve", "--workers", f"{workers}", "--port", f"{proxy.free_port()}", "--database", url])
        said = capsys.readouterr().err
        assert (
            f"Warning: {workers} processes may open {24 * workers} connections, and PostgreSQL offers {offered} "
            in said
        ) is (workers > enough)
