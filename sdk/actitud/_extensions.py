"""Extensions of an httpx request through which the transport passes data to its connections and its cache."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

CREDENTIALS = "actitud.credentials"
"""Name of the extension that carries the ``Authorization`` header past the cache to the connection.

As a normal header it would be stored in the cache.
"""


class StepTimeout(float):
    """Seconds for one step of a request, limited by the deadline of the whole call.

    httpx accepts a time-out as a number and passes the same object down to the connection, so the deadline travels
    in it. ``end``: reading of the clock at which every step must be over.
    """

    __slots__ = ("_clock", "end")
    _clock: Callable[[], float]
    end: float

    def __new__(cls, seconds: float, clock: Callable[[], float], end: float) -> Self:
        """Create the number with its clock and its deadline."""
        timeout = super().__new__(cls, seconds)
        timeout._clock = clock
        timeout.end = end
        return timeout

    def get_remaining(self) -> float:
        """Return the seconds that the next step may take; 0 or less after the deadline."""
        return min(self, self.end - self._clock())
