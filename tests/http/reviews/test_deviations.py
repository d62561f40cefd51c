"""Values far from the others, by hand."""

from __future__ import annotations

from fractions import Fraction

import pytest

from actitud_api.resources.reviews.deviations import Deviation, find_deviations, has_grown


def values(*numbers: int | Fraction) -> dict[int, Fraction]:
    return {position: Fraction(number) for position, number in enumerate(numbers)}


def test_what_is_beyond_three_deviations_is_far() -> None:
    """1 to 9 and 100: the median is 5.5; the distances are .5 .5 1.5 1.5 2.5 2.5 3.5 3.5 4.5 94.5, their median 2.5.

    Three times that is 7.5: only 100 is farther.
    """
    assert find_deviations(values(1, 2, 3, 4, 5, 6, 7, 8, 9, 100)) == {
        9: Deviation(Fraction(100), Fraction(11, 2), Fraction(5, 2))
    }


@pytest.mark.parametrize(("value", "far"), [(13, False), (Fraction(1301, 100), True), (-3, False), (-4, True)])
def test_exactly_three_deviations_are_not_far(value: int | Fraction, far: bool) -> None:
    """1 to 9 and one more: the deviation is 2.5, the median 5.5 with one above, 4.5 with one below: from -3 to 13."""
    found = find_deviations(values(1, 2, 3, 4, 5, 6, 7, 8, 9, value))
    assert set(found) == ({9} if far else set())


def test_among_fewer_than_ten_nobody_is_far() -> None:
    assert find_deviations(values(1, 2, 3, 4, 5, 6, 7, 8, 1000)) == {}


def test_where_most_are_equal_there_is_no_measure_of_far() -> None:
    assert find_deviations(values(*[2] * 9, 1000)) == {}


@pytest.mark.parametrize(
    ("before", "now", "grown"), [(100, 150, False), (100, 151, True), (1, 2, True), (0, 5, False), (100, 50, False)]
)
def test_growth_of_more_than_half(before: int, now: int, grown: bool) -> None:
    assert has_grown(before, now) is grown
