"""Guard that refuses sessions at once while the server of the database is known not to answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import DBAPIError

from actitud_api.platform.storage.errors import Unavailable

PAUSE: Final = 2.0
"""Seconds without attempts after the server has not answered; clients are told to come back after as many."""

ATTEMPT: Final = 5.0
"""Seconds that an attempt may take before another session makes the next one."""


class StallGuard:
    """Guard that refuses database sessions at once while the database server is stalled: it did not answer in time.

    After each pause, one session is admitted to test the server. Without the guard, the waiting requests would reach
    the time-out of the database one after another, and their threads would not be free for requests that need no
    database.
    """

    def __init__(self, is_stalled: Callable[[DBAPIError], bool], clock: Callable[[], float] = time.monotonic) -> None:
        """Create the guard.

        `is_stalled` returns True for the error of a server that did not answer in time. `clock` returns the present
        time in seconds.
        """
        self._is_stalled = is_stalled
        self._clock = clock
        self._lock = threading.Lock()
        self._try_at: float | None = None
        """Time of the next attempt; None while the server answers."""

    @contextmanager
    def admit(self) -> Iterator[None]:
        """Admit a session for the `with` block, or raise `Unavailable` while the server is stalled.

        If the block raises an error that shows a stall, later sessions are refused.
        """
        is_attempt = self._enter()
        stalled = False
        try:
            yield
        except DBAPIError as error:
            stalled = self._is_stalled(error)
            raise
        finally:
            if stalled:
                with self._lock:
                    self._try_at = self._clock() + PAUSE
            elif is_attempt:
                with self._lock:
                    self._try_at = None

    def _enter(self) -> bool:
        """Return True if the session is the attempt after a pause; raise `Unavailable` if there is to be none now."""
        with self._lock:
            if self._try_at is None:
                return False
            if self._clock() < self._try_at:
                raise Unavailable("the server has not answered in time, and is not asked now")
            self._try_at = self._clock() + ATTEMPT
            return True
