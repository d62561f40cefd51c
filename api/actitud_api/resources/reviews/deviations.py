"""Find values that lie far from those of the peer group. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from statistics import median
from typing import Final, TypeVar

from msgspec import Struct

K = TypeVar("K")

DEVIATION_LIMIT: Final = 3
"""Distance from the median, in median absolute deviations, beyond which a value is flagged (rule V24)."""
MIN_GROUP_SIZE: Final = 10
"""Smallest number of values in a peer group for which values are flagged (rule V24)."""
GROWTH_LIMIT: Final = Fraction(3, 2)
"""Largest growth of followers since the previous edition, as a ratio, that is not flagged (rule V18)."""


class Deviation(Struct, frozen=True):
    """A value far from the median of its peers.

    `median` is the median of the peers, and `deviation` their median absolute deviation.
    """

    value: Fraction
    median: Fraction
    deviation: Fraction


def find_deviations(values: Mapping[K, Fraction]) -> dict[K, Deviation]:
    """Return the entries of `values` that lie too far from the median of all values, by key.

    Too far is more than `DEVIATION_LIMIT` times the median absolute deviation. The median absolute deviation is the
    median of the distances of all values from their median, without a scale factor: F. R. Hampel, The Influence Curve
    and its Role in Robust Estimation, JASA 69 (1974), 383-393. The result is empty if there are fewer than
    `MIN_GROUP_SIZE` values, or if more than half of them are equal: the median absolute deviation is then 0 and
    measures nothing.
    """
    if len(values) < MIN_GROUP_SIZE:
        return {}
    middle = median(values.values())
    deviation = median(abs(value - middle) for value in values.values())
    if deviation == 0:
        return {}
    return {
        name: Deviation(value, middle, deviation)
        for name, value in values.items()
        if abs(value - middle) > DEVIATION_LIMIT * deviation
    }


def has_grown(before: int, now: int) -> bool:
    """Return True if the number of followers `now` is above 1.5 times the number `before`; False if `before` is 0."""
    return before > 0 and now > GROWTH_LIMIT * before
