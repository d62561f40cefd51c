"""Random numbers with the same digits on every machine and every version of Python.

Python promises that `random()` of a seeded generator never changes, and IEEE 754 that sums, products and quotients
are the same everywhere. Everything else that `random` and `math` offer may change, so none of it is used here.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

_DEVIATIONS = 1.7320508075688772
"""Square root of 3: the sum of four uniform numbers has a variance of 1/3."""


class Chance:
    """A stream of random numbers that a whole number determines."""

    def __init__(self, seed: int) -> None:
        self.uniform = random.Random(seed).random
        """A number of at least 0 and below 1."""

    def draw_integer(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included, all equally likely."""
        return low + int(self.uniform() * (high - low + 1))

    def draw_event(self, probability: float) -> bool:
        """True with a probability of 0 to 1."""
        return self.uniform() < probability

    def draw_deviation(self) -> float:
        """A number with mean 0 and standard deviation 1, bell-shaped, between -3.5 and 3.5."""
        return (self.uniform() + self.uniform() + self.uniform() + self.uniform() - 2) * _DEVIATIONS

    def choose(self, choices: Sequence[T]) -> T:
        """One of the choices, all equally likely."""
        return choices[int(self.uniform() * len(choices))]

    def shuffle(self, items: Sequence[T]) -> list[T]:
        """The same items in another order."""
        result = list(items)
        for last in range(len(result) - 1, 0, -1):
            other = int(self.uniform() * (last + 1))
            result[last], result[other] = result[other], result[last]
        return result


def clamp(value: float, low: float = 0.0, high: float = 1.0) -> float:
    """The value, or the end that it lies beyond."""
    return low if value < low else high if value > high else value
