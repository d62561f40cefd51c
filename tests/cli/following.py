"""Workers that only wait for orders.

Each is a process that imports this module, and nothing that takes long to import.
"""

from __future__ import annotations

import os
import sys
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

READY: Final = "ready"
"""Message of a worker that has begun, as the supervisor knows it."""


def follow(folder: Path, final: frozenset[str], number: int, pipe: Connection) -> None:
    """Work until an order is final, and leave a line for each thing that happens."""
    with (folder / "events").open("a", buffering=1) as events:
        print(number, os.getpid(), READY, file=events)
        pipe.send(READY)
        while True:
            order = pipe.recv()
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
