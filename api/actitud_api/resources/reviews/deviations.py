"""Which of some values lie far from the others (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Final, TypeVar

from msgspec import Struct

K = TypeVar("K")

DEVIATION_LIMIT: Final = 3
"""How many median absolute deviations from the median are far (rule V24 of the catalogue)."""
MIN_GROUP_SIZE: Final = 10
"""Values of a group of which one can be far (rule V24)."""
GROWTH_LIMIT: Final = Fraction(3, 2)
"""What a number of followers of one edition is divided by that of the one before, when it has grown too much (V18)."""


class Deviation(Struct, frozen=True):
    """A value far from the others: theirs is the median, from which half of them lie at most `deviation` away."""

    value: Fraction
    median: Fraction
    deviation: Fraction


def find_deviations(values: Mapping[K, Fraction]) -> dict[K, Deviation]:
    """Which values lie more than `FAR` median absolute deviations from the median of all.

    None among fewer than `FEWEST`, and none where more than half are equal: that deviation is 0, a unit of nothing.
    The median absolute deviation is the median of the distances from the median, without any factor: F. R. Hampel,
    The Influence Curve and its Role in Robust Estimation, JASA 69 (1974), 383-393.
    """
    if len(values) < MIN_GROUP_SIZE:
        return {}
    middle = compute_median(list(values.values()))
    deviation = compute_median([abs(value - middle) for value in values.values()])
    if deviation == 0:
        return {}
    return {
        name: Deviation(value, middle, deviation)
        for name, value in values.items()
        if abs(value - middle) > DEVIATION_LIMIT * deviation
    }


def compute_median(values: Sequence[Fraction]) -> Fraction:
    """The middle value, or the mean of the two in the middle; there is at least one."""
    ordered = sorted(values)
    half, odd = divmod(len(ordered), 2)
    return ordered[half] if odd else (ordered[half - 1] + ordered[half]) / 2


def has_grown(before: int, now: int) -> bool:
    """Whether a number is more than half above what it was, where it was anything."""
    return before > 0 and now > GROWTH_LIMIT * before
