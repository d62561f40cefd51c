"""Fixed-window request counters, exact for any number of concurrent requests.

The first request of a subject begins its window, the following ones are counted in it, and the first one after its end
begins the next (the pattern "rate limiter" of Redis's `INCR` manual, where the first request sets the expiry). So a
quota of 100 lets exactly 100 requests pass in a window, whatever the pace. A token bucket (GCRA) refills meanwhile and
lets more pass; a sliding window stores a time for each request. The price: around the end of a window up to two quotas
pass in the time of one. Windows of different subjects end at different moments, so clients do not all return at once.
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
"""Length of a window."""

MAX_SUBJECTS: Final = 100_000
"""Windows that a process holds at once; each takes about 300 bytes."""

SWEEP_ROWS: Final = 10_000
"""Ended windows that one sweep removes from the database at most."""


class CountedRequest(NamedTuple):
    """Position of a request in the window of its subject, from 1, and the seconds until the window ends."""

    number: int
    seconds: float


class RequestCounter(Protocol):
    """Counter of requests by subject; safe to share between threads."""

    @property
    def max_waiters(self) -> int:
        """Threads that can wait for a count at once; 0 where counting does not wait."""
        ...

    def count(self, subject: str) -> CountedRequest:
        """Count one more request of a subject and return its position; raise `Unavailable` if it takes too long."""
        ...

    def close(self) -> None:
        """Close open connections; the counter can be used again."""
        ...


class RequestCount(Base, table=True):
    """Window of a subject on PostgreSQL: its number of requests and its end.

    The table is `UNLOGGED`: a crash of the server resets every window. Empty on SQLite.
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
    """Counter in the memory of the process: exact for the requests of one process, as with SQLite.

    Windows have one length, so they end in the order in which they began. Ended ones are dropped; above `MAX_SUBJECTS`
    the one that ends next is dropped too.
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

    def count(self, subject: str) -> CountedRequest:
        """Count one more request of a subject and return its position."""
        with self._lock:
            now = self._clock()
            while self._windows and next(iter(self._windows.values())).ends <= now:
                self._windows.popitem(last=False)
            window = self._windows.get(subject)
            if window is None:
                if len(self._windows) >= self._subjects:
                    self._windows.popitem(last=False)
                window = self._windows[subject] = _Window(now + self._seconds)
            window.number += 1
            return CountedRequest(window.number, window.ends - now)

    def close(self) -> None:
        """Do nothing: no connection is open."""


# --- on a server ----------------------------------------------------------------------------------------------

# The time is read once, before the row is locked, so that both columns are decided by the same time. A window that
# ends later than one that begins now by more than its length is of a clock that has been set back since: it is over.
_OVER: Final = (
    "(stored.ends <= excluded.ends - make_interval(secs => :seconds) "
    "OR stored.ends > excluded.ends + make_interval(secs => :seconds))"
)
_COUNT: Final = text(
    "INSERT INTO request_count AS stored (subject, number, ends) "
    "VALUES (:subject, 1, clock_timestamp() + make_interval(secs => :seconds)) "
    "ON CONFLICT (subject) DO UPDATE SET "
    f"number = CASE WHEN {_OVER} THEN 1 ELSE stored.number + 1 END, "
    f"ends = CASE WHEN {_OVER} THEN excluded.ends ELSE stored.ends END "
    "RETURNING number, CAST(extract(epoch FROM ends - clock_timestamp()) AS double precision)"
)
_SWEEP: Final = text(
    "DELETE FROM request_count WHERE subject IN (SELECT subject FROM request_count "
    "WHERE ends < clock_timestamp() ORDER BY ends LIMIT :most FOR UPDATE SKIP LOCKED)"
)


class PostgresqlCounter:
    """Counter in PostgreSQL: exact for any number of processes, whatever their clocks say.

    One statement per request, on autocommit connections of its own, so that it never waits for writers. Once per window
    length a request also removes ended windows.
    """

    def __init__(self, engine: Engine, connections: int, seconds: float = WINDOW_SECONDS) -> None:
        """`engine` must be in autocommit mode; `connections` is the size of its pool."""
        self.max_waiters = connections
        self._engine = engine
        self._seconds = seconds
        self._sweep_at = time.monotonic() + seconds

    def count(self, subject: str) -> CountedRequest:
        """Count one more request of a subject and return its position; raise `Unavailable` on any failure."""
        try:
            counted = self._counted(subject)
        except TimeoutExpired as error:
            raise Unavailable("no connection to count with in time") from error
        except DBAPIError as error:
            raise Unavailable(str(error.orig)) from error
        if time.monotonic() >= self._sweep_at:
            self._sweep_at = time.monotonic() + self._seconds
            with suppress(TimeoutExpired, DBAPIError):  # what is left goes with the next sweep
                self._sweep()
        return counted

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    def _counted(self, subject: str) -> CountedRequest:
        try:
            return self._ask(subject)
        except DBAPIError as error:
            # The server has closed the connection since it was used last; this makes the pool open others.
            if error.connection_invalidated:
                return self._ask(subject)
            raise

    def _ask(self, subject: str) -> CountedRequest:
        with self._engine.connect() as connection:
            number, seconds = connection.execute(_COUNT, {"subject": subject, "seconds": self._seconds}).one()
            return CountedRequest(number, seconds)

    def _sweep(self) -> None:
        with self._engine.connect() as connection:
            connection.execute(_SWEEP, {"most": SWEEP_ROWS})
