"""Counts of requests: how many there have been of a subject in its window of time, exact however many count at once.

A fixed window for each subject: its first request begins the window, the following ones are counted in it, and the
first one after its end begins the next (the pattern "rate limiter" in Redis's manual of `INCR`, where the first request
sets the expiry). So a limit is exact: of a quota of 100 exactly 100 requests pass in a window, whatever the pace. A
token bucket (GCRA) refills meanwhile and lets more pass; a sliding window keeps a time for each request. The price:
around the end of a window up to two quotas pass in the time of one. Windows of different subjects end at different
moments, so those who wait do not all come back at once.
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
"""Seconds of a window."""

MAX_SUBJECTS: Final = 100_000
"""How many windows a process keeps at once; each takes about 300 bytes."""

SWEEP_ROWS: Final = 10_000
"""How many windows that have ended one sweep removes from the database at most."""


class CountedRequest(NamedTuple):
    """A request that was counted: its number in the window of its subject, from 1, and the seconds to its end."""

    number: int
    seconds: float


class RequestCounter(Protocol):
    """Counts requests; safe to share between threads."""

    @property
    def max_waiters(self) -> int:
        """How many threads can wait for a count at once; 0 where counting does not wait."""
        ...

    def count(self, subject: str) -> CountedRequest:
        """Counts one more request of a subject; raises `Unavailable` where it cannot be counted in time."""
        ...

    def close(self) -> None:
        """Closes what it holds open; it can be used again."""
        ...


class RequestCount(Base, table=True):
    """The window of a subject on PostgreSQL: how many requests it has counted and when it ends.

    Without a log (`UNLOGGED`): a crash of the server begins every window anew. Empty on SQLite.
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
    """Counts in the memory of the process: exact for what one process serves, as with SQLite.

    Windows are as long as each other, so they end in the order in which they began. Those that have ended are
    forgotten; where there are too many all the same, the one that ends next is.
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
        """Counts one more request of a subject."""
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
        """Nothing is open."""


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
    """Counts in PostgreSQL: exact for any number of processes, whatever their clocks say.

    One statement for a request, on connections of its own that commit each statement by itself, so that it never
    waits for who writes. Who counts removes the windows that have ended, once in the time of a window.
    """

    def __init__(self, engine: Engine, connections: int, seconds: float = WINDOW_SECONDS) -> None:
        """`engine`: commits each statement by itself; `connections`: the size of its pool."""
        self.max_waiters = connections
        self._engine = engine
        self._seconds = seconds
        self._sweep_at = time.monotonic() + seconds

    def count(self, subject: str) -> CountedRequest:
        """Counts one more request of a subject; raises `Unavailable` where that fails, for whatever reason."""
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
        """Closes its connections."""
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
