"""Prism: a mock server of the document has to start in seconds and to answer the main flow of the SDK."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from actitud import ActitudDeprecationWarning, ActitudError, Client
from tests.peers.programs import CACHE, DOCUMENT, FACTS
from tests.support.node import NODE
from tests.support.waiting import await_true, takes_connections

PATIENCE: Final = 300
"""Seconds after which the mock server is given up, on however busy a machine."""


class Mocked(NamedTuple):
    """Seconds of the processor until the mock server answered (None: never), and the calls that failed."""

    version: str
    seconds: float | None
    calls: int
    failed: Mapping[str, str]


def try_mock() -> Mocked:
    """Start Prism and call it with the SDK."""
    package = CACHE / "node_modules" / "@stoplight" / "prism-cli"
    version = json.loads((package / "package.json").read_text("utf-8"))["version"]
    with _mocking(package / "dist" / "index.js") as (url, process):
        seconds = _wait(url, process)
        if seconds is None:
            return Mocked(version, None, 0, {})
        facts = json.loads(FACTS.read_text("utf-8"))
        with Client(base_url=url, max_retries=0) as client, warnings.catch_warnings():
            # Nothing is given up: a mock server that says so was told so by the document.
            warnings.simplefilter("error", ActitudDeprecationWarning)
            calls: Mapping[str, Callable[[], object]] = {
                "scores.create": lambda: client.score(profile=facts["profile"], answers=facts["answers"]),
                "editions.scores.list": lambda: client.editions.scores.list("latest", limit=2).items,
                "editions.scores.get": lambda: client.editions.scores.get("latest", "XX-DEMO-00100"),
                "organisations.scores.list": lambda: client.organisations.scores.list("XX-DEMO-00100").items,
                "editions.list": lambda: client.editions.list().items,
                "editions.get": lambda: client.editions.get("latest"),
                "organisations.list": lambda: client.organisations.list(limit=2).items,
                "organisations.get": lambda: client.organisations.get("XX-DEMO-00100"),
                "methodologies.list": lambda: client.methodologies.list().items,
                "methodologies.get": lambda: client.methodologies.get("2027.1"),
                "editions.summary": lambda: client.editions.summary("latest"),
            }
            failed = {}
            for name, call in calls.items():
                try:
                    call()
                except (ActitudError, ActitudDeprecationWarning) as error:
                    failed[name] = str(error)
    return Mocked(version, seconds, len(calls), failed)


@contextmanager
def _mocking(program: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(NODE), str(program), "mock", "--port", str(port), str(DOCUMENT)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield f"http://127.0.0.1:{port}", process
        finally:
            process.kill()


def _wait(url: str, process: subprocess.Popen[bytes]) -> float | None:
    port = int(url.rpartition(":")[2])
    await_true(lambda: process.poll() is not None or takes_connections(port), PATIENCE)
    return None if process.poll() is not None else _read_seconds(process.pid)


def _read_seconds(pid: int) -> float:
    spent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return sum(map(int, spent)) / os.sysconf("SC_CLK_TCK")
