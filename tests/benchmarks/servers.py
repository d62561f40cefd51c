"""Server processes on loopback, and the CPU time that they take for requests.

CPU time is that of the clock of each process (`clock_getcpuclockid` of POSIX), as Linux numbers it: nanoseconds of all
threads, where `/proc/PID/stat` counts hundredths of a second.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

from msgspec import Struct

from tests.benchmarks.load import Answer, exchange
from tests.faults.serving import ONE_POOL, SERVE
from tests.support.proxy import free_port

ROOT: Final = Path(__file__).parents[2]
START_SECONDS: Final = 120
"""Longest time in which a server begins to listen."""
IDLE_SECONDS: Final = 600
"""Longest time in which a server ends the work of its start."""
IDLE_CPU_SECONDS: Final = 0.01
"""CPU in a quarter of a second up to which a server is idle: it always looks for jobs and for changes."""
PUBLIC_URL: Final = "https://actitud.example"
"""Address of the installation, which caches need: absolute links then do not depend on the request."""
SETTINGS: Final = {
    "DRAIN": "0",
    "PUBLIC_URL": PUBLIC_URL,
    **{f"RATE_LIMIT_{name}": "0" for name in ("READ", "WRITE", "SCORE", "REFUSED")},
}


class ProcessGroup(Protocol):
    """Processes whose CPU time is counted together, such as those of a PostgreSQL."""

    def list_processes(self) -> list[int]:
        """Return their ids."""


class AskedServer:
    """Server on a port of loopback."""

    def __init__(self, port: int) -> None:
        self.port = port

    def fetch(self, requests: Sequence[bytes]) -> tuple[Answer, ...]:
        """Return the answers to requests, all of which must have the status 200."""
        return exchange(self.port, requests, keeps=True).answers


class BenchServer(AskedServer):
    """Server that is a process, and those that it starts."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        super().__init__(port)
        self._process = process

    def list_processes(self) -> list[int]:
        """Return the ids of its processes."""
        return list(_walk_processes(self._process.pid))

    def await_listening(self) -> None:
        """Return when the port accepts connections.

        Raises:
            RuntimeError: The process has ended, or the time is over.
        """
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        raise RuntimeError(f"nothing listens on port {self.port}: {self._process.args!r}")

    def await_idle(self) -> None:
        """Return when it has done what it does at its start, such as comparing what is published with its signatures.

        Raises:
            RuntimeError: The time is over.
        """
        deadline = time.monotonic() + IDLE_SECONDS
        quiet = 0
        while time.monotonic() < deadline:
            count = CpuCount(self)
            time.sleep(0.25)
            quiet = quiet + 1 if count.read() < IDLE_CPU_SECONDS else 0
            if quiet == 4:
                return
        raise RuntimeError(f"the server on port {self.port} is still busy after {IDLE_SECONDS} s")


class CpuCount:
    """CPU time of processes since this object was made."""

    def __init__(self, group: ProcessGroup) -> None:
        self._group = group
        self._before = dict(self._read_clocks())

    def read(self) -> float:
        """Return the seconds; a process that has ended meanwhile is not counted, one that was started is."""
        return sum(seconds - self._before.get(process, 0.0) for process, seconds in self._read_clocks())

    def _read_clocks(self) -> Iterator[tuple[int, float]]:
        for process in self._group.list_processes():
            try:
                yield process, time.clock_gettime(~process << 3 | 2)  # MAKE_PROCESS_CPUCLOCK(pid, CPUCLOCK_SCHED)
            except OSError:
                continue


class Cost(Struct, frozen=True):
    """Cost of a request in a round: seconds of CPU of the server and of its database, and of the clock for each."""

    service: float
    database: float
    seconds: float

    @property
    def cpu(self) -> float:
        """Seconds of CPU of both."""
        return self.service + self.database


def measure_cost(
    server: BenchServer, requests: Sequence[bytes], *, status: int = 200, database: ProcessGroup | None = None
) -> Cost:
    """Send requests to a server and return the cost of one of them."""
    counts: list[CpuCount] = []

    def begin() -> None:
        counts.extend(CpuCount(group) for group in (server, database) if group is not None)

    found = exchange(server.port, requests, status=status, begin=begin)
    cpu = [count.read() for count in counts]
    number = len(requests)
    return Cost(cpu[0] / number, cpu[1] / number if database is not None else 0.0, found.seconds / number)


@contextmanager
def start_service(
    url: str, signing_folder: Path, *options: str, settings: Mapping[str, str] | None = None
) -> Iterator[BenchServer]:
    """Run `actitud-api serve` on a database, and yield it when it is idle.

    It has no limits of requests, unless the further `settings` have some.
    """
    settings = {**SETTINGS, **(settings or {}), "DATABASE_URL": url, "SIGNING_FOLDER": str(signing_folder)}
    with _start(lambda port: ["-c", SERVE, "serve", "--port", f"{port}", *options], settings) as server:
        yield server


@contextmanager
def start_peer(kind: str, content: Path) -> Iterator[BenchServer]:
    """Run a peer of `tests/benchmarks/peers` with its content, and yield it when it is idle."""
    with _start(lambda port: ["-m", "tests.benchmarks.peers", kind, str(content), f"{port}"], {}) as server:
        yield server


@contextmanager
def _start(build_arguments: Callable[[int], Sequence[str]], settings: Mapping[str, str]) -> Iterator[BenchServer]:
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ACTITUD_")}
    environment |= {"PYTHONPATH": str(ROOT), "LC_ALL": "C", **dict([ONE_POOL])}
    environment |= {f"ACTITUD_{name}": value for name, value in settings.items()}
    command = [sys.executable, *build_arguments(port)]
    with subprocess.Popen(command, env=environment, cwd="/", stdout=subprocess.DEVNULL) as process:
        server = BenchServer(process, port)
        try:
            server.await_listening()
            server.await_idle()
            yield server
        finally:
            process.terminate()
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()


def _walk_processes(process: int) -> Iterator[int]:
    yield process
    try:
        children = [
            int(child)
            for file in Path(f"/proc/{process}/task").glob("*/children")
            for child in file.read_text("ascii").split()
        ]
    except OSError:
        return  # it has just ended
    for child in children:
        yield from _walk_processes(child)
