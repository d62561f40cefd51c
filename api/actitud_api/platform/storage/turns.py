"""FIFO semaphore for the connection pool.

SQLAlchemy's pool gives a connection that becomes free to whichever thread asks first, even while others wait: under
load some of them would wait until they time out.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from actitud_api.platform.storage.errors import Unavailable


class FifoSemaphore:
    """Semaphore that admits waiting threads in order of arrival."""

    def __init__(self, slots: int, seconds: float) -> None:
        self._free = slots
        self._seconds = seconds
        self._waiting: deque[threading.Event] = deque()
        self._lock = threading.Lock()

    @contextmanager
    def acquire(self) -> Iterator[None]:
        """Hold a slot for as long as the block runs; raise `Unavailable` if none becomes free in time."""
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
        """Hand the slot to the thread that waits longest, so that no newcomer takes it in between."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._free += 1
