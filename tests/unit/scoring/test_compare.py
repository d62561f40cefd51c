"""Organisations beside each other: ranks, peer groups, standings and spreads (SCORING and CATALOGUE, section 8)."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec import UNSET, UnsetType

from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.methodology.model import Standing
from actitud_api.engine.scoring.evaluate import Status
from actitud_api.engine.scoring.ranking import (
    UNRANKED,
    FiveNumberSummary,
    PeerGroup,
    RankPosition,
    compute_quantile,
    compute_rank_points,
    compute_ranks,
    compute_standing,
    find_peer_group,
    summarise,
)

DOCUMENT = load_methodology("2026.1").document


# --- ranks ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([], []),
        ([0], [1]),
        ([9, 7, 7, 5], [1, 2, 2, 4]),  # the example of SCORING, section 8
        ([5, 7, 9, 7], [4, 2, 1, 2]),
        ([3, 3, 3], [1, 1, 1]),
        ([0, 10_000, 0, 1], [3, 1, 3, 2]),
    ],
)
def test_ties_share_the_best_rank_and_the_next_is_skipped(points: list[int], expected: list[int]) -> None:
    assert compute_ranks(np.array(points, np.int64)).tolist() == expected


def test_ranks_have_64_bits_whatever_the_figures_have() -> None:
    found = compute_ranks(np.array([9, 7, 7, 5], np.int16))
    assert (found.dtype, found.tolist()) == (np.dtype(np.int64), [1, 2, 2, 4])


@pytest.mark.parametrize(
    ("status", "level", "index", "standing", "expected"),
    [
        ("complete", 3, 6160, "full", 3_000_000_006_160),
        ("sufficient", 1, 0, UNSET, 1_000_000_000_000),
        ("complete", None, 6160, "full", 6160),  # of a methodology without levels
        ("complete", None, 6160, "provisional", UNRANKED),
        ("insufficient_evidence", None, 6160, "full", UNRANKED),
        ("not_rateable", None, None, "full", UNRANKED),
    ],
)
def test_a_rank_is_by_level_and_then_by_index(
    status: Status, level: int | None, index: int | None, standing: Standing | UnsetType, expected: int
) -> None:
    assert compute_rank_points(status, level, index, standing) == expected


# --- peer groups ----------------------------------------------------------------------------------------------


RANKED = {
    ("MUN", "P1"): 5,
    ("MUN", "P2"): 4,
    ("MUN", None): 1,
    ("PRO", "P2"): 3,
    ("PRO", "P1"): 2,
    ("SUP", "P1"): 1,
    ("MIN", "E4"): 2,
    ("UNI", "E3"): 2,
}
"""20 organisations; 10 municipalities, 16 on the scale of inhabitants, 4 on that of employees. The minimum is 5."""


@pytest.mark.parametrize(
    ("kind", "band", "expected"),
    [
        ("MUN", "P1", PeerGroup("kind_and_band", ("MUN",), "P1", 5)),
        ("MUN", "P2", PeerGroup("kind", ("MUN",), None, 10)),
        ("MUN", None, PeerGroup("kind", ("MUN",), None, 10)),
        ("PRO", "P2", PeerGroup("kind", ("PRO",), None, 5)),
        ("SUP", "P1", PeerGroup("band_scale", ("MUN", "PRO", "SUP"), None, 16)),
        ("MIN", "E4", PeerGroup("all", None, None, 20)),
        ("CTL", None, PeerGroup("all", None, None, 20)),
        ("ZZZ", "P1", PeerGroup("all", None, None, 20)),
    ],
)
def test_the_narrowest_group_with_at_least_five(kind: str, band: str | None, expected: PeerGroup) -> None:
    assert find_peer_group(DOCUMENT, RANKED, kind, band) == expected


def test_nobody_has_no_peers_but_all() -> None:
    assert find_peer_group(DOCUMENT, {}, "MUN", "P1") == PeerGroup("all", None, None, 0)


# --- standings ------------------------------------------------------------------------------------------------


def test_the_percentile_is_that_of_the_example_of_scipy() -> None:
    """`percentileofscore([1, 2, 3, 3, 4], 3, kind="mean")` is 60 in its documentation: (2 + 2/2) / 5."""
    assert compute_standing([1, 2, 3, 3, 4], 3, percentiles_from=5) == RankPosition(2, 2, 5, 60_00)


def test_the_best_and_the_worst_of_ten() -> None:
    values = [100 * n for n in range(1, 11)]
    assert compute_standing(values, 1000, 10) == RankPosition(rank=1, below=9, organisations=10, percentile=95_00)
    assert compute_standing(values, 100, 10) == RankPosition(rank=10, below=0, organisations=10, percentile=5_00)


def test_a_percentile_is_half_up_to_hundredths() -> None:
    """Second of twelve: (10 + 1/2) / 12 is 87.5; of eleven, (9 + 1/2) / 11 is 86.3636…; of 48, 46.5 / 48 is 96.875."""
    found = [compute_standing(range(count), count - 2, 10).percentile for count in (12, 11, 48)]
    assert found == [8750, 8636, 9688]


def test_no_percentile_among_fewer_than_the_document_asks_for() -> None:
    assert compute_standing(range(9), 8, DOCUMENT.peer_groups.percentiles_from) == RankPosition(1, 8, 9, None)
    assert compute_standing(range(10), 9, DOCUMENT.peer_groups.percentiles_from).percentile == 95_00


# --- spreads --------------------------------------------------------------------------------------------------


def test_the_quartiles_of_one_to_ten_are_those_of_r() -> None:
    """`quantile(1:10)` prints 1.00 3.25 5.50 7.75 10.00 (its default, type 7); here in hundredths, in any order."""
    assert summarise([100 * n for n in (3, 1, 2, 10, 9, 8, 4, 7, 6, 5)]) == FiveNumberSummary(100, 325, 550, 775, 1000)


def test_a_quartile_is_half_up() -> None:
    """Of 0 and 2: at 1/4, 1/2, 3/4 are 0.5, 1, 1.5. Of 0 and 1: 0.25, 0.5, 0.75."""
    assert summarise([0, 2]) == FiveNumberSummary(0, 1, 1, 2, 2)
    assert summarise([0, 1]) == FiveNumberSummary(0, 0, 1, 1, 1)


def test_one_value_is_all_its_quartiles_and_none_has_none() -> None:
    assert summarise([6160]) == FiveNumberSummary(6160, 6160, 6160, 6160, 6160)
    assert summarise([]) is None


def test_a_quantile_of_each_row() -> None:
    """The 5th percentile of 0, 10, …, 90 lies at 0.45, of 0, 1, …, 9 too: 4.5 and 0.45."""
    rows = np.array([range(0, 100, 10), range(10)], np.int64)
    assert compute_quantile(rows, 5, 100).tolist() == [5, 0]
    assert compute_quantile(rows, 95, 100).tolist() == [86, 9]  # at 8.55: 85.5 and 8.55


def test_a_quantile_has_64_bits_whatever_the_values_have() -> None:
    """Halfway between 100 and 30,100: their distance of 30,000 is doubled on the way, more than 16 bits hold."""
    found = compute_quantile(np.array([100, 30_100], np.int16), 1, 2)
    assert (found.dtype, found.tolist()) == (np.dtype(np.int64), 15_100)
