"""Extensions of an httpx request through which the transport passes data to its connections and its cache."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

CREDENTIALS = "actitud.credentials"
"""Name of the extension that carries the ``Authorization`` header past the cache to the connection.

As a normal header it would be stored in the cache.
"""


class StepTimeout(float):
    """Time-out of one network step of a request, in seconds, limited by the deadline of the whole call.

    httpx accepts a time-out as a number and passes the same object down to the connection, so the object can also
    contain the deadline. ``end``: reading of the clock at which every step must be over.
    """

    __slots__ = ("_clock", "end")
    _clock: Callable[[], float]
    end: float

    def __new__(cls, seconds: float, clock: Callable[[], float], end: float) -> Self:
        """Create the time-out from its seconds, a clock and the deadline ``end``."""
        timeout = super().__new__(cls, seconds)
        timeout._clock = clock
        timeout.end = end
        return timeout

    def get_remaining(self) -> float:
        """Return the seconds that the next network step may take; 0 or less after the deadline."""
        return min(self, self.end - self._clock())
