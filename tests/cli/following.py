"""Workers that only wait for orders.

Each is a process that imports this module, and nothing that takes long to import.
"""

from __future__ import annotations

import os
import sys
import threading
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

READY: Final = "ready"
"""Message of a worker that has begun, as the supervisor knows it."""
PING: Final = "ping"
ALIVE: Final = "alive"
"""Question of the supervisor, and the answer of a worker that does not hang."""


def follow(folder: Path, final: frozenset[str], number: int, pipe: Connection) -> None:
    """Work until an order is final, and leave a line for each thing that happens."""
    with (folder / "events").open("a", buffering=1) as events:
        print(number, os.getpid(), READY, file=events)
        pipe.send(READY)
        while True:
            order = pipe.recv()
            if order == PING:
                pipe.send(ALIVE)
                continue
            print(number, os.getpid(), order, file=events)
            if order in final:
                return


def fail(number: int, pipe: Connection) -> None:
    """Do not start."""
    sys.exit(3)


def fail_first(folder: Path, final: frozenset[str], number: int, pipe: Connection) -> None:
    """Do not start as the first worker; follow orders as another one."""
    if number == 0:
        sys.exit(3)
    follow(folder, final, number, pipe)


def ignore(folder: Path, number: int, pipe: Connection) -> None:
    """Never end."""
    follow(folder, frozenset(), number, pipe)


def hang_first(folder: Path, final: frozenset[str], number: int, pipe: Connection) -> None:
    """Never answer and never end as the first process that comes; follow orders as another one."""
    try:
        (folder / "hung").touch(exist_ok=False)
    except FileExistsError:
        follow(folder, final, number, pipe)
    else:
        (folder / "hung").write_text(f"{number} {os.getpid()}")
        pipe.send(READY)
        threading.Event().wait()


def answer_twice(number: int, pipe: Connection) -> None:
    """Answer the first question, and end at the second one. Whatever else comes is a failure."""
    for _ in range(2):
        assert pipe.recv() == PING
        pipe.send(ALIVE)
