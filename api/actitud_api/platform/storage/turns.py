"""Turns: who comes first goes first.

The pool of connections lets whoever comes by take a connection that has just become free, even while others wait for
it: under load some of them would wait until they give up.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from actitud_api.platform.storage.errors import Unavailable


class FifoSemaphore:
    """Lets so many threads in at once, the others in the order in which they came."""

    def __init__(self, slots: int, seconds: float) -> None:
        self._free = slots
        self._seconds = seconds
        self._waiting: deque[threading.Event] = deque()
        self._lock = threading.Lock()

    @contextmanager
    def acquire(self) -> Iterator[None]:
        """A place for as long as the block runs; raises `Unavailable` where none becomes free in time."""
        self._take()
        try:
            yield
        finally:
            self._give_back()

    def _take(self) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                return
            called = threading.Event()
            self._waiting.append(called)
        if called.wait(self._seconds):
            return
        with self._lock:
            if not called.is_set():
                self._waiting.remove(called)
                raise Unavailable("no connection in time")

    def _give_back(self) -> None:
        """Hands the place to who waits longest, so that nobody takes it in between."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._free += 1
