"""Values that lie far from the others (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Final, TypeVar

from msgspec import Struct

K = TypeVar("K")

DEVIATION_LIMIT: Final = 3
"""Median absolute deviations beyond which a value is far (rule V24 of the catalogue)."""
MIN_GROUP_SIZE: Final = 10
"""Size of the smallest group in which a value can be far (rule V24)."""
GROWTH_LIMIT: Final = Fraction(3, 2)
"""Ratio of followers to those of the edition before, beyond which growth is flagged (rule V18)."""


class Deviation(Struct, frozen=True):
    """A value far from the others, their median, and the median absolute deviation from it."""

    value: Fraction
    median: Fraction
    deviation: Fraction


def find_deviations(values: Mapping[K, Fraction]) -> dict[K, Deviation]:
    """Find the values more than `DEVIATION_LIMIT` median absolute deviations from the median of all.

    None among fewer than `MIN_GROUP_SIZE`, and none if more than half are equal: that deviation is 0 and measures
    nothing. The median absolute deviation is the median of the distances from the median, without any factor: F. R.
    Hampel, The Influence Curve and its Role in Robust Estimation, JASA 69 (1974), 383-393.
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
    """Compute the middle value, or the mean of the two in the middle, of at least one."""
    ordered = sorted(values)
    half, odd = divmod(len(ordered), 2)
    return ordered[half] if odd else (ordered[half - 1] + ordered[half]) / 2


def has_grown(before: int, now: int) -> bool:
    """Return True if a number is more than half above a positive number before."""
    return before > 0 and now > GROWTH_LIMIT * before
