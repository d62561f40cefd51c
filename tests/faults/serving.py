"""Processes that serve, as an installation runs them, and a limiter as it is written without thinking."""

from __future__ import annotations

import os
import select
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import URL, create_engine, text

from actitud_api.storage import postgresql
from actitud_api.storage.counts import Counted

ROOT: Final = Path(__file__).parents[2]
SERVE: Final = "import sys; from actitud_api.cli import main; sys.exit(main())"
SERVE_NAIVELY: Final = f"from tests.faults.serving import be_naive; be_naive(); {SERVE}"


@contextmanager
def serving(url: str, processes: int, settings: Mapping[str, str], program: str = SERVE) -> Iterator[list[str]]:
    """The addresses of so many processes that serve one database, all ready."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ACTITUD_")}
    environment |= {"ACTITUD_DATABASE_URL": url, "ACTITUD_DRAIN": "0", "PYTHONPATH": str(ROOT), "LC_ALL": "C"}
    environment |= {f"ACTITUD_{name.upper()}": value for name, value in settings.items()}
    with ExitStack() as stack:
        addresses: list[str] = []
        started: list[subprocess.Popen[str]] = []
        for port in _free_ports(processes):
            process = stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", program, "serve", "--port", f"{port}"],
                    env=environment,
                    cwd="/",
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            stack.callback(_end, process)
            started.append(process)
            addresses.append(f"http://127.0.0.1:{port}")
        for process in started:
            assert process.stdout is not None
            assert select.select([process.stdout], [], [], 60)[0]
            assert process.stdout.readline().startswith("Ready at ")
        yield addresses


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    process.communicate(timeout=60)


def _free_ports(number: int) -> list[int]:
    with ExitStack() as stack:
        taken = [stack.enter_context(socket.socket()) for _ in range(number)]
        for one in taken:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in taken]


class Naive:
    """Reads the count, adds one, and writes it."""

    places: Final = 2

    def __init__(self, url: URL) -> None:
        self._engine = create_engine(url)

    def count(self, subject: str) -> Counted:
        with self._engine.begin() as connection:
            found = connection.execute(text("SELECT number FROM request_count WHERE subject = :s"), {"s": subject})
            number = (found.scalar_one_or_none() or 0) + 1
        with self._engine.begin() as connection:
            connection.execute(
                text(
                    "INSERT INTO request_count VALUES (:s, :n, now() + interval '1 minute') "
                    "ON CONFLICT (subject) DO UPDATE SET number = :n"
                ),
                {"s": subject, "n": number},
            )
        return Counted(number, 60.0)

    def close(self) -> None:
        self._engine.dispose()


def be_naive() -> None:
    """Makes this process count like that."""
    postgresql.counts = Naive  # type: ignore[assignment]  # in a process of its own, which does nothing else
