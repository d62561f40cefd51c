"""Compensation: the geometric mean in place of the arithmetic one, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec import structs

from actitud_api.engine.methodology.model import AdditionalIndex, Document, Gate, IndexOperand, Level
from actitud_api.engine.scoring.compensation import CompensatedOrganisation, compute_compensation
from actitud_api.engine.scoring.ranking import Integers
from tests.unit.scoring import builders as b


def tree(*, aggregation: str = "arithmetic", last: int = 0) -> Document:
    """Two dimensions of equal weight, and one with weight `last`; level 2 from 50 points on; a floor of 1 point."""
    weights = (("A", 1), ("B", 1), ("C", last))
    root = b.group("index", *(b.group(name, b.ratio(f"{name}1"), weight=weight) for name, weight in weights))
    gates = (Gate(id="half", holds=b.compare(IndexOperand(), "ge", 50)),)
    return structs.replace(
        b.document(
            structs.replace(root, aggregation=aggregation),
            levels=(Level(number=1, gates=()), Level(number=2, gates=gates)),
        ),
        additional_index=AdditionalIndex(aggregation="geometric", floor=1),
    )


def units(*points: float) -> Integers:
    return np.array([round(100 * value) for value in points])


def test_compensation_by_hand() -> None:
    """√(50 · 50) = 50; √(90 · 40) = 60 of 65; √(100 · 1) = 10 of 50, as 0 counts as the floor of 1.

    Losses 0, 5 and 40: 15 on average. The third falls from level 2 to 1. Ranks 2, 1, 2 become 2, 1, 3, and with three
    organisations the tenths 3, 0, 3 become 3, 0, 6: one of three changes.
    """
    dimensions = np.stack([units(50, 50, 0), units(90, 40, 0), units(100, 0, 0)])
    index, level = units(50, 65, 50), np.array([2, 2, 2])
    found = compute_compensation(tree(), dimensions, index, level, np.array([2, 2, 2]))
    assert found is not None
    assert (found.loss_mean, found.loss_max) == (15, 40)
    assert (found.level_changes, found.tenth_changes) == pytest.approx((1 / 3, 1 / 3))
    assert found.most == (
        CompensatedOrganisation(row=2, index=5_000, geometric=1_000, level=2, geometric_level=1, weakest="B"),
        CompensatedOrganisation(row=1, index=6_500, geometric=6_000, level=2, geometric_level=2, weakest="B"),
    )


@pytest.mark.parametrize("width", [np.int32, np.int64])  # as an edition has its scores, and as they may be
def test_a_dimension_that_does_not_apply_is_neither_counted_nor_the_weakest(width: type[np.signedinteger]) -> None:
    """√(90 · 40) = 60 of 65, whichever of the three is missing; who has one dimension alone loses nothing."""
    dimensions = np.array([[-1, 9_000, 4_000], [4_000, -1, 9_000], [-1, -1, 6_500]], width)
    found = compute_compensation(tree(last=1), dimensions, units(65, 65, 65), np.array([2, 2, 2]), np.array([2, 2, 2]))
    assert found is not None
    assert [(one.row, one.geometric, one.weakest) for one in found.most] == [(0, 6_000, "C"), (1, 6_000, "A")]


def test_other_gates_hold_as_scored() -> None:
    """An organisation that another gate keeps at level 1 stays there, and behind one of level 2 with 62 points.

    √(90 · 40) = 60 and √(62 · 62) = 62: by the index alone the two would change places.
    """
    dimensions, level = np.stack([units(90, 40, 0), units(62, 62, 0)]), np.array([1, 2])
    found = compute_compensation(tree(), dimensions, units(65, 62), level, level)
    assert found is not None
    assert (found.level_changes, found.tenth_changes) == (0, 0)
    assert [one.geometric_level for one in found.most] == [1]


def test_the_most_are_ten() -> None:
    dimensions = np.stack([units(90, 10 + n, 0) for n in range(12)])
    index = np.array([(9_000 + 1_000 + 100 * n) // 2 for n in range(12)])
    found = compute_compensation(tree(), dimensions, index, np.full(12, 2), np.full(12, 2))
    assert found is not None
    assert [one.row for one in found.most] == list(range(10))


def test_without_organisations_there_is_nothing_to_tell() -> None:
    empty = np.empty(0, np.int64)
    found = compute_compensation(tree(), np.empty((0, 3), np.int64), empty, empty, empty)
    assert found is not None
    assert (found.loss_mean, found.level_changes, found.most) == (None, None, ())


def test_an_index_that_is_no_arithmetic_mean_has_none() -> None:
    some = np.array([[5_000, 5_000, 0]])
    assert compute_compensation(tree(aggregation="geometric"), some, units(50), np.array([2]), np.array([2])) is None
