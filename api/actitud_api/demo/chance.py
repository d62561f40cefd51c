"""Random numbers with the same digits on every machine and in every version of Python.

Python promises the same numbers of `random()` for a seed, and IEEE 754 the same sums, products, quotients and square
roots. All other functions of `random` and `math` may change, so this module does not use them.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import Final, TypeVar

T = TypeVar("T")

Points = tuple[tuple[float, float], ...]
"""Points of a line, as pairs of x and y by ascending x."""

_NORMAL: Final[Points] = (
    (-3.5, 0.0002), (-3, 0.0013), (-2.5, 0.0062), (-2, 0.0228), (-1.5, 0.0668), (-1, 0.1587), (-0.5, 0.3085), (0, 0.5),
    (0.5, 0.6915), (1, 0.8413), (1.5, 0.9332), (2, 0.9772), (2.5, 0.9938), (3, 0.9987), (3.5, 0.9998),
)  # fmt: skip
"""Points of the distribution function of the normal distribution."""

_DEVIATIONS = 1.7320508075688772
"""Square root of 3. The sum of four uniform numbers has variance 1/3; this factor makes it 1."""


class Chance:
    """Generator of random numbers: the same seed gives the same numbers on every machine."""

    def __init__(self, seed: int) -> None:
        self.uniform = random.Random(seed).random
        """A number of at least 0 and below 1."""

    def draw_integer(self, low: int, high: int) -> int:
        """Draw an integer from `low` to `high`, both included, with equal probabilities."""
        return low + int(self.uniform() * (high - low + 1))

    def draw_event(self, probability: float) -> bool:
        """Return True with the given probability, which is from 0 to 1."""
        return self.uniform() < probability

    def draw_deviation(self) -> float:
        """Draw a number from about -3.5 to 3.5 with mean 0, standard deviation 1 and a bell-shaped distribution."""
        return (self.uniform() + self.uniform() + self.uniform() + self.uniform() - 2) * _DEVIATIONS

    def draw_count(self, size: int, share: float) -> int:
        """Draw how many of `size` items have a property that each item has with the probability `share`."""
        spread = math.sqrt(size * share * (1 - share))
        return int(clamp(size * share + spread * self.draw_deviation() + 0.5, 0, size))

    def choose(self, choices: Sequence[T]) -> T:
        """Return one of the items, each with the same probability."""
        return choices[int(self.uniform() * len(choices))]

    def shuffle(self, items: Sequence[T]) -> list[T]:
        """Return a new list of the items in random order."""
        result = list(items)
        for last in range(len(result) - 1, 0, -1):
            other = int(self.uniform() * (last + 1))
            result[last], result[other] = result[other], result[last]
        return result


def clamp(value: float, low: float = 0.0, high: float = 1.0) -> float:
    """Return the value limited to the range from `low` to `high`."""
    return low if value < low else high if value > high else value


def interpolate(points: Points, x: float) -> float:
    """Return y at `x` on the straight lines between points `(x, y)`, sorted by x; beyond their ends y is constant."""
    before_x, before_y = points[0]
    if x <= before_x:
        return before_y
    for next_x, next_y in points:
        if x < next_x:
            return before_y + (next_y - before_y) * (x - before_x) / (next_x - before_x)
        before_x, before_y = next_x, next_y
    return before_y


def to_share(deviation: float) -> float:
    """Return the share of a standard normal distribution below `deviation`, from about 0 to about 1."""
    return interpolate(_NORMAL, deviation)
