"""FIFO semaphore for the connection pool.

SQLAlchemy's pool gives a returned connection to the thread that asks next, even if other threads have waited
longer. Under load, some threads would wait until their time is over.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from actitud_api.platform.storage.errors import Unavailable


class FifoSemaphore:
    """Semaphore that admits threads in the order in which they began to wait.

    At most `slots` threads are admitted at the same time. For a thread that has waited `seconds` in vain, `acquire`
    raises `Unavailable`.
    """

    def __init__(self, slots: int, seconds: float) -> None:
        self._free = slots
        self._seconds = seconds
        self._waiting: deque[threading.Event] = deque()
        self._lock = threading.Lock()

    @property
    def free(self) -> int:
        """Number of slots that nobody holds."""
        return self._free

    @property
    def waiting(self) -> int:
        """Number of threads that wait for a slot."""
        return len(self._waiting)

    @contextmanager
    def acquire(self) -> Iterator[None]:
        """Hold a slot while the `with` block runs; raise `Unavailable` if no slot becomes free in time."""
        self._take()
        try:
            yield
        finally:
            self._release()

    def _take(self) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                return
            admitted = threading.Event()
            self._waiting.append(admitted)
        if admitted.wait(self._seconds):
            return
        with self._lock:
            # A release may have admitted this thread between the timeout and the lock: then the slot is taken.
            if not admitted.is_set():
                self._waiting.remove(admitted)
                raise Unavailable("no connection in time")

    def _release(self) -> None:
        """Hand the slot to the thread that has waited longest, so that a newcomer cannot take it first."""
        with self._lock:
            # `_free` stays 0 while threads wait: the slot passes from thread to thread without becoming free.
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._free += 1
