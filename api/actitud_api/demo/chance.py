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
    """A stream of random numbers from a seed."""

    def __init__(self, seed: int) -> None:
        self.uniform = random.Random(seed).random
        """A number of at least 0 and below 1."""

    def draw_integer(self, low: int, high: int) -> int:
        """Draw an integer from `low` to `high`, both included, uniformly."""
        return low + int(self.uniform() * (high - low + 1))

    def draw_event(self, probability: float) -> bool:
        """Return True with a probability of 0 to 1."""
        return self.uniform() < probability

    def draw_deviation(self) -> float:
        """Draw a number with mean 0 and standard deviation 1, bell-shaped, between -3.5 and 3.5."""
        return (self.uniform() + self.uniform() + self.uniform() + self.uniform() - 2) * _DEVIATIONS

    def choose(self, choices: Sequence[T]) -> T:
        """Choose an item uniformly."""
        return choices[int(self.uniform() * len(choices))]

    def shuffle(self, items: Sequence[T]) -> list[T]:
        """Return the items in random order."""
        result = list(items)
        for last in range(len(result) - 1, 0, -1):
            other = int(self.uniform() * (last + 1))
            result[last], result[other] = result[other], result[last]
        return result


def clamp(value: float, low: float = 0.0, high: float = 1.0) -> float:
    """Limit a value to a range."""
    return low if value < low else high if value > high else value
