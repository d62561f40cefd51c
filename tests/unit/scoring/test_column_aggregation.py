"""Aggregations over columns: the integers of the plan, children that left, and what makes a group rated."""

from __future__ import annotations

from random import Random

import msgspec
import numpy as np
import pytest

from actitud_api.engine.methodology.model import Aggregation as Kind
from actitud_api.engine.scoring.columns.aggregation import ChildWeights, GroupAggregation
from actitud_api.engine.scoring.columns.indicators import ChildCounts
from actitud_api.engine.scoring.compile import CompiledGroup, compile_methodology
from tests.unit.methodology.planting import methodology
from tests.unit.scoring import builders as b

WEIGHTS = (3, 0, 1, 2)


def group(
    aggregation: Kind = "arithmetic",
    exponent: float | None = None,
    *,
    weights: tuple[int, ...] = WEIGHTS,
    decimals: int = 2,
    rated_share: tuple[int, int] = (0, 1),
    rated_children: int = 1,
) -> CompiledGroup:
    children = [b.points(f"P{number}", weight) for number, weight in enumerate(weights)]
    tree = b.root(
        b.group(
            "G",
            *children,
            aggregation=aggregation,
            exponent=exponent,
            rated_share=rated_share,
            rated_children=rated_children,
        )
    )
    document = b.document(tree, decimals=decimals)
    digest = repr((aggregation, exponent, weights, decimals, rated_share, rated_children))
    return compile_methodology(msgspec.structs.replace(methodology(), document=document, digest=digest)).groups["G"]


def combined(known: CompiledGroup, rows: list[list[int]], unit: int = 100) -> list[int]:
    """The scores of a group of rows of scores, -1 where a child left."""
    aggregation = GroupAggregation(known, unit)
    columns = np.array(rows, np.int64).T.copy()
    weights = ChildWeights(aggregation.kind)
    for column, weight in zip(columns, known.weights, strict=True):
        left = column == -1
        weights.add(ChildCounts(left if left.any() else None), weight)
    into = np.full(len(rows), -7, np.int64)
    with np.errstate(all="ignore"):
        remaining = weights.compute_remaining(known.total_weight, weights.excluded)
        aggregation.combine(columns, remaining, weights.excluded, into)
    return into.tolist()


KINDS: list[tuple[Kind, float | None]] = [
    ("arithmetic", None),
    ("sum", None),
    ("min", None),
    ("geometric", None),
    ("harmonic", None),
    ("power", 2.0),
    ("power", 0.5),
    ("power", -3.0),
    ("power", 20.0),
    ("power", -20.0),
]


@pytest.mark.parametrize("weights", [WEIGHTS, (10**6, 0, 1, 2), (10**9, 0, 1, 2)])
@pytest.mark.parametrize(("aggregation", "exponent"), KINDS)
def test_it_is_the_integer_of_the_plan(aggregation: Kind, exponent: float | None, weights: tuple[int, ...]) -> None:
    """The more a child weighs beside the lightest, the more rows are too close to a half for floats."""
    known = group(aggregation, exponent, weights=weights)
    random = Random(7)
    scores = (0, 1, 2, 3, 9_999, 10_000, 5_000, *(random.randrange(10_001) for _ in range(40)))
    rows = [[random.choice(scores) for _ in WEIGHTS] for _ in range(400)]
    for row in rows[100:]:
        for child in range(4):
            if random.random() < 0.3:
                row[child] = -1
    rows = [row for row in rows if any(score >= 0 for score, weight in zip(row, weights, strict=True) if weight)]
    wanted = []
    for row in rows:
        kept = [(weight, score) for weight, score in zip(weights, row, strict=True) if weight and score >= 0]
        wanted.append(known.combine([weight for weight, _ in kept], [score for _, score in kept]))
    assert combined(known, rows) == wanted


def test_means_by_hand() -> None:
    """Of 20, whatever, 80 and 50, weights 3, 0, 1 and 2; of 20 and 50 alone, 3 and 2."""
    rows = [[2000, 9999, 8000, 5000], [2000, -1, -1, 5000], [2000, 0, -1, -1]]
    assert combined(group(), rows) == [4000, 3200, 2000]
    assert combined(group("sum"), rows) == [15_000, 7000, 2000]
    assert combined(group("min"), rows) == [2000, 2000, 2000]
    # 6/(3/20 + 1/80 + 2/50) = 29.63; 5/(3/20 + 2/50) = 26.32
    assert combined(group("harmonic"), rows) == [2963, 2632, 2000]
    # (20³·80·50²)^(1/6) = (1.6·10^9)^(1/6) = 34.20; (20³·50²)^(1/5) = (2·10^7)^(1/5) = 28.85
    assert combined(group("geometric"), rows) == [3420, 2885, 2000]
    # √((3·400 + 6400 + 2·2500)/6) = √2100; √((1200 + 5000)/5) = √1240
    assert combined(group("power", 2), rows) == [4583, 3521, 2000]


def test_halves_go_up() -> None:
    """Of 1 and 3 hundredths: harmonic 1.5; of 1 and 2: arithmetic 1.5."""
    assert combined(group("harmonic", weights=(1, 1)), [[1, 3], [3, 1], [3, 9], [0, 5]]) == [2, 2, 5, 0]
    assert combined(group(weights=(1, 1)), [[1, 2], [2, 2], [0, 1], [0, 0]]) == [2, 2, 1, 0]


def test_integers_that_floats_do_not_hold() -> None:
    """Scores of 10^8 units and weights of 10^8: 2·10^16 is more than 2^52, and a half of it is still exact."""
    heavy = 10**8
    known = group(weights=(heavy, heavy + 1), decimals=6)
    most = 10**8
    rows = [[0, most], [most, 0], [most - 1, most], [most, most - 1]]
    total = 2 * heavy + 1
    wanted = [(2 * (heavy * one + (heavy + 1) * other) + total) // (2 * total) for one, other in rows]
    assert combined(known, rows, 10**6) == wanted
    assert wanted[2:] == [most, most - 1]


@pytest.mark.parametrize(
    ("share", "children", "rated"),
    [
        # of weights 3, 0, 1 and 2 left: nothing; the 3; the 1 and the 2; the 0; all
        ((0, 1), 1, [True, True, True, True, False]),
        ((1, 2), 1, [True, True, True, True, False]),
        ((2, 3), 1, [True, False, False, True, False]),
        ((1, 1), 1, [True, False, False, True, False]),
        ((0, 1), 2, [True, True, False, True, False]),
        ((0, 1), 3, [True, False, False, True, False]),
        ((0, 1), 4, [False, False, False, False, False]),
    ],
)
def test_what_makes_a_group_rated(share: tuple[int, int], children: int, rated: list[bool]) -> None:
    known = group(rated_share=share, rated_children=children)
    aggregation = GroupAggregation(known, 100)
    gone = [(), (0,), (2, 3), (1,), (0, 1, 2, 3)]
    for rows, wanted in ((gone, rated), ([()], [rated[0]]), ([(), (1,)], [rated[0], rated[3]])):
        weights = ChildWeights(aggregation.kind)
        for child, weight in enumerate(known.weights):
            left = np.array([child in absent for absent in rows])
            weights.add(ChildCounts(left if left.any() else None), weight)
        found = aggregation.find_rated(
            len(rows), weights.compute_remaining(known.total_weight, weights.excluded), weights.excluded
        )
        assert ([True] * len(rows) if found is None else found.tolist()) == wanted
        assert (found is None) == all(wanted)
