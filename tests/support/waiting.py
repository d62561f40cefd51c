"""Waiting for what other threads and processes do, however busy the machine is."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import Final, TypeVar

FoundT = TypeVar("FoundT")

PATIENCE: Final = 300
"""Seconds after which the harness gives up: no promise of the product, and more than any machine takes."""
PAUSE: Final = 0.01


class HarnessTimeout(Exception):
    """Raised if what a test waits for does not come: the harness is wrong, or something hangs."""


def await_true(condition: Callable[[], FoundT], seconds: float = PATIENCE) -> FoundT:
    """Return what a condition returns once that is true."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise HarnessTimeout(f"waited {seconds:g} s for {condition}: an error of the harness, not of the product")
        time.sleep(PAUSE)
    return found


def await_refusal(port: int, seconds: float = PATIENCE) -> None:
    """Return once nobody takes connections at a port of loopback."""
    await_true(lambda: not takes_connections(port), seconds)


def takes_connections(port: int) -> bool:
    """Return True if somebody listens at a port of loopback."""
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return False
    return True
