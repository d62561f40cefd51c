"""Differences between groups, in the index and at equal index, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from actitud_api.engine.scoring.audit import Floats
from actitud_api.engine.scoring.group_differences import compare_groups, compute_effect

TEN = np.arange(10.0)
TWO = np.repeat([0, 1], 10)
INDEX: Floats = np.tile(TEN, 2)


def test_the_same_line_for_both_groups_is_no_difference() -> None:
    assert compute_effect(3 * INDEX + 1, INDEX, TWO) == pytest.approx(0, abs=1e-12)


def test_a_group_that_gets_more_at_equal_index() -> None:
    """y = x, and x + 3 in the second group: the lines leave nothing; the common one leaves 20 · 1.5² = 45.

    Of 2 · 82.5 + 45 = 210, that is 0.2143.
    """
    assert compute_effect(INDEX + 3 * TWO, INDEX, TWO) == pytest.approx(45 / 210)


def test_a_group_whose_line_falls() -> None:
    """y = x - 4.5 and its opposite: as often above as below, so the common line explains nothing, the lines all."""
    centred = INDEX - 4.5
    assert compute_effect(np.where(TWO, -centred, centred), INDEX, TWO) == pytest.approx(1)


def test_a_difference_in_the_index_alone_is_none() -> None:
    """The second group has 100 more in the index, and as much more in the indicator."""
    index = INDEX + 100 * TWO
    assert compute_effect(index / 2, index, TWO) == pytest.approx(0, abs=1e-12)


def test_groups_with_fewer_than_ten_scores_are_left_out() -> None:
    scores = INDEX + 3 * TWO
    scores[19] = np.nan
    assert compute_effect(scores, INDEX, TWO) is None
    more = np.concatenate([INDEX + 3 * TWO, [99.0]])
    found = compute_effect(more, np.append(INDEX, 5.0), np.append(TWO, 2))
    assert found == pytest.approx(45 / 210)


@pytest.mark.parametrize("scores", [np.ones(20), np.full(20, np.nan)])
def test_there_is_no_effect_on_what_does_not_vary(scores: Floats) -> None:
    assert compute_effect(scores, INDEX, TWO) is None
    assert compute_effect(INDEX, np.ones(20), TWO) is None


def test_a_group_with_one_index_is_compared_with_its_mean() -> None:
    """The second group has index 4.5 and half of its scores 0, half 9: its line is its mean 4.5, 10 · 20.25 beside it.

    The common line is y = x: of the 82.5 of the first group it leaves 0, of the 202.5 of the second all.
    """
    index = np.concatenate([TEN, np.full(10, 4.5)])
    scores = np.concatenate([TEN, np.repeat([0.0, 9], 5)])
    assert compute_effect(scores, index, TWO) == pytest.approx(0, abs=1e-12)


def test_groups_by_hand() -> None:
    """Index 0…9 and 10…19 with means 4.5 and 14.5: between 20 · 25 = 500 of 500 + 2 · 82.5 = 665."""
    index = np.concatenate([TEN, TEN + 10, [50.0]])
    groups = ["P1"] * 10 + ["P2"] * 10 + [None]
    even, odd = index.copy(), np.concatenate([TEN, TEN + 13, [0.0]])
    found = compare_groups("band", groups, index, {"A": even, "B": odd})
    assert found.by == "band"
    assert found.explained == pytest.approx(500 / 665)
    assert [(group.group, group.organisations, group.mean) for group in found.groups] == [
        ("P1", 10, 4.5),
        ("P2", 10, 14.5),
    ]
    assert [group.standard_deviation for group in found.groups] == pytest.approx([(82.5 / 9) ** 0.5] * 2)
    # B is x, and x + 3: its lines leave nothing. Sums of squares: x 665, B 165 + 5 · 13², of both 665 + 1.5 · 500 / 5.
    assert compute_effect(even[:20], index[:20], TWO) == pytest.approx(0, abs=1e-12)
    beside = (165 + 5 * 13**2) - (165 + 5 * 10 * 13) ** 2 / 665
    assert beside / (165 + 5 * 13**2) < 0.035
    assert found.indicators == ()
    louder = np.concatenate([TEN, TEN + 20, [0.0]])
    differing = compare_groups("band", groups, index, {"A": even, "B": louder}).indicators
    assert [difference.indicator for difference in differing] == ["B"]
    expected = 1 - (165 + 5 * 10 * 20) ** 2 / (665 * (165 + 5 * 20**2))
    assert differing[0].effect == pytest.approx(expected)


def test_without_organisations_there_are_no_groups() -> None:
    found = compare_groups("kind", [], np.empty(0), {"A": np.empty(0)})
    assert (found.explained, found.groups, found.indicators) == (None, (), ())
