"""Extensions of an httpx request by which the transport talks to its own connections and cache."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

CREDENTIALS = "actitud.credentials"
"""Name of the extension with the headers that hold the key: they go round the cache, which would store them."""


class StepTimeout(float):
    """Seconds that one step of a request may take, bounded by the end of the whole call.

    httpx takes a time-out as a number and hands the same object down to the connection, so the end travels in it.
    ``end``: reading of the clock at which every step has to be over.
    """

    __slots__ = ("_clock", "end")
    _clock: Callable[[], float]
    end: float

    def __new__(cls, seconds: float, clock: Callable[[], float], end: float) -> Self:
        """Make the number with its clock and its end."""
        timeout = super().__new__(cls, seconds)
        timeout._clock = clock
        timeout.end = end
        return timeout

    def get_remaining(self) -> float:
        """Return the seconds that the next step may take; 0 or less once the end is past."""
        return min(self, self.end - self._clock())
