"""Waiting for what other threads and processes do."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable


def await_true(condition: Callable[[], object], seconds: float, pause: float = 0.02) -> None:
    """Return once a condition is true, which it is within so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(pause)


def await_refusal(port: int, seconds: float) -> None:
    """Return once nobody takes connections at a port of loopback."""
    await_true(lambda: not takes_connections(port), seconds)


def takes_connections(port: int) -> bool:
    """Return True if somebody listens at a port of loopback."""
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return False
    return True
