"""Request counters for rate limiting with fixed windows, exact for any number of concurrent requests.

A subject is a key or a client address. Its first request begins a window, the following requests are counted in that
window, and the first request after its end begins the next (pattern "rate limiter" of the manual of Redis's `INCR`,
where the first request sets the expiry). So a quota of 100 admits exactly 100 requests in a window, whatever their
pace. A token bucket (GCRA) refills during the window and admits more; a sliding window stores a time for each request.
The price: around the end of a window, up to two quotas pass in the time of one window. Windows of different subjects
end at different times, so clients do not all return at once.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Final, NamedTuple, Protocol

from sqlalchemy import Column, Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as TimeoutExpired
from sqlmodel import Field

from actitud_api.platform.storage.base import Base
from actitud_api.platform.storage.errors import Unavailable
from actitud_api.platform.storage.times import UtcTime

WINDOW_SECONDS: Final = 60
"""Length of a window in seconds."""

MAX_SUBJECTS: Final = 100_000
"""Highest number of subjects whose windows a process holds; each takes about 300 bytes."""

SWEEP_ROWS: Final = 10_000
"""Highest number of ended windows that one cleanup removes from the database."""


class CountedRequest(NamedTuple):
    """Result of counting one request.

    `number`: position of the request in the window of its subject, from 1. `seconds`: time until the window ends.
    """

    number: int
    seconds: float


class RequestCounter(Protocol):
    """Interface of a request counter by subject (a key or a client address); safe to share between threads."""

    @property
    def max_waiters(self) -> int:
        """Number of threads that may wait in `count` at the same time; 0 if it never makes a thread wait."""
        ...

    def count(self, subject: str, weight: int = 1) -> CountedRequest:
        """Count a request of a subject `weight` times, and return its new count and the seconds until its window ends.

        Raises:
            Unavailable: The count could not be stored in time.
        """
        ...

    def close(self) -> None:
        """Close open connections; a later `count` opens them again."""
        ...


class RequestCount(Base, table=True):
    """Table of the request counts for rate limits on PostgreSQL, by subject (a key or a client address).

    `number`: requests in the current window of the subject. `ends`: end of that window. The table is `UNLOGGED`, which
    is faster; a crash of the server empties it, and all windows begin again. On SQLite the table stays empty.
    """

    __tablename__ = "request_count"

    subject: str = Field(primary_key=True)
    number: int
    ends: datetime = Field(sa_column=Column(UtcTime, nullable=False, index=True))


# --- in the process -------------------------------------------------------------------------------------------


class _Window:
    __slots__ = ("ends", "number")

    def __init__(self, ends: float) -> None:
        self.number = 0
        self.ends = ends


class MemoryCounter:
    """Request counter in the memory of one process; used with SQLite, which serves one process only.

    `seconds` is the length of a window, in which the requests of one subject are counted; ended windows are dropped.
    `subjects` is the highest number of stored windows. If that number is reached, a request of a new subject drops the
    window that ends first, and the subject of that window begins again at 1. `max_waiters` is 0, because counting in
    memory never makes a thread wait.
    """

    max_waiters: Final = 0

    def __init__(
        self, seconds: float = WINDOW_SECONDS, subjects: int = MAX_SUBJECTS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds = seconds
        self._subjects = subjects
        self._clock = clock
        self._windows: OrderedDict[str, _Window] = OrderedDict()
        self._lock = threading.Lock()

    def count(self, subject: str, weight: int = 1) -> CountedRequest:
        """Count a request of a subject `weight` times; return its new count and the seconds until its window ends."""
        with self._lock:
            now = self._clock()
            # Amortised constant time: each window is added once and removed once.
            while self._windows and next(iter(self._windows.values())).ends <= now:
                self._windows.popitem(last=False)
            window = self._windows.get(subject)
            if window is None:
                if len(self._windows) >= self._subjects:
                    self._windows.popitem(last=False)
                window = self._windows[subject] = _Window(now + self._seconds)
            window.number += weight
            return CountedRequest(window.number, window.ends - now)

    def close(self) -> None:
        """Do nothing, because this counter opens no connection."""


# --- on a server ----------------------------------------------------------------------------------------------

# `excluded.ends` is read from the clock once, before the row is locked, so that number and end follow from one time.
# A window that ends more than one length after `excluded.ends` began before the clock was set back: it has ended.
_WINDOW_ENDED: Final = (
    "(stored.ends <= excluded.ends - make_interval(secs => :seconds) "
    "OR stored.ends > excluded.ends + make_interval(secs => :seconds))"
)
_COUNT: Final = text(
    "INSERT INTO request_count AS stored (subject, number, ends) "
    "VALUES (:subject, :weight, clock_timestamp() + make_interval(secs => :seconds)) "
    "ON CONFLICT (subject) DO UPDATE SET "
    f"number = CASE WHEN {_WINDOW_ENDED} THEN :weight ELSE stored.number + :weight END, "
    f"ends = CASE WHEN {_WINDOW_ENDED} THEN excluded.ends ELSE stored.ends END "
    "RETURNING number, CAST(extract(epoch FROM ends - clock_timestamp()) AS double precision)"
)
_SWEEP: Final = text(
    "DELETE FROM request_count WHERE subject IN (SELECT subject FROM request_count "
    "WHERE ends < clock_timestamp() ORDER BY ends LIMIT :limit FOR UPDATE SKIP LOCKED)"
)


class PostgresqlCounter:
    """Request counter in PostgreSQL: exact for any number of processes, even if their clocks differ.

    Each request costs one statement on an autocommit connection. These connections are in a pool of their own, so
    counting never waits for write sessions. Once per length of a window, a request also removes ended windows.
    """

    def __init__(self, engine: Engine, connections: int, seconds: float = WINDOW_SECONDS) -> None:
        """Keep an engine in autocommit mode whose pool has `connections` connections; windows last `seconds`."""
        self.max_waiters = connections
        self._engine = engine
        self._seconds = seconds
        # Each process sweeps by its own clock; SKIP LOCKED keeps two sweeps from waiting for each other.
        self._sweep_at = time.monotonic() + seconds

    def count(self, subject: str, weight: int = 1) -> CountedRequest:
        """Count a request of a subject `weight` times, and return its new count and the seconds until its window ends.

        Raises:
            Unavailable: No connection became free in time, or the statement failed.
        """
        try:
            counted = self._count_with_retry(subject, weight)
        except TimeoutExpired as error:
            raise Unavailable("no connection to count with in time") from error
        except DBAPIError as error:
            raise Unavailable(str(error.orig)) from error
        if time.monotonic() >= self._sweep_at:
            self._sweep_at = time.monotonic() + self._seconds
            with suppress(TimeoutExpired, DBAPIError):  # the next sweep removes the rest
                self._sweep()
        return counted

    def close(self) -> None:
        """Close the connections of the pool; a later `count` opens new ones."""
        self._engine.dispose()

    def _count_with_retry(self, subject: str, weight: int) -> CountedRequest:
        try:
            return self._execute_count(subject, weight)
        except DBAPIError as error:
            # The server has closed the connection since it was used last; this makes the pool open others.
            if error.connection_invalidated:
                return self._execute_count(subject, weight)
            raise

    def _execute_count(self, subject: str, weight: int) -> CountedRequest:
        with self._engine.connect() as connection:
            parameters = {"subject": subject, "weight": weight, "seconds": self._seconds}
            number, seconds = connection.execute(_COUNT, parameters).one()
            return CountedRequest(number, seconds)

    def _sweep(self) -> None:
        with self._engine.connect() as connection:
            connection.execute(_SWEEP, {"limit": SWEEP_ROWS})
