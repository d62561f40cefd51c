"""Coverage and status over columns: halves that floats miss, groups that are not rated, shares in many parts."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from actitud_api.methodology.answers import FactValue
from actitud_api.methodology.model import Coverage, Group, Share
from actitud_api.scoring.columns.block import group_ids
from actitud_api.scoring.columns.tree import STATUSES, Cover, _Node
from actitud_api.scoring.plan import plan_of
from tests.scoring import builders as b
from tests.scoring.test_columns import assert_equal

YES: dict[str, FactValue] = {"value": True}
HALF = Coverage(overall=Share(num=0, den=1), per_dimension=Share(num=1, den=2))


def test_what_is_not_known_exactly() -> None:
    """1 of 4 itself; of a group of weight 2 a half, of one of weight 1 two thirds, where these are rated."""
    half = Cover(2, 2, np.array([1, 1, 1]), [], np.zeros(3))
    thirds = Cover(3, np.array([3, 3, 3]), np.array([2, 0, 2]), [], np.zeros(3))
    below: list[tuple[tuple[Cover, np.ndarray | None], int]] = [
        ((half, None), 2),
        ((thirds, np.array([True, True, False])), 1),
    ]
    both = Cover(4, np.array([4, 4, 3]), np.array([1, 1, 0]), below, np.zeros(3))
    # (1 + 2/2 + 2/3)/4, (1 + 2/2 + 0)/4 and (0 + 2/2)/3
    assert [both.exactly(row) for row in range(3)] == [Fraction(2, 3), Fraction(1, 2), Fraction(1, 3)]
    assert Cover(4, 4, None, below[:1], np.zeros(3)).exactly(0) == Fraction(1, 4)


def known_and_unknown(name: str, known: int, unknown: int) -> Group:
    """A group of an answer that is there and one that is not, with their weights."""
    return b.group(name, b.boolean(f"{name}1", known), b.boolean(f"{name}2", unknown))


def test_half_a_ten_thousandth_is_rounded_up() -> None:
    """31 of 32 are 9687.5; 2 of 5 and 5 of 16, each half, are 3562.5, which in floats is less."""
    for tree, expected in (
        (b.root(known_and_unknown("D", 31, 1)), [9_688, 9_688]),
        (b.root(known_and_unknown("D", 2, 3), known_and_unknown("E", 5, 11)), [3_563, 4_000, 3_125]),
    ):
        rows = [b.submit({"D1": YES, "E1": YES} if len(expected) == 3 else {"D1": YES})]
        scores = assert_equal(b.read(b.document(tree)), rows)
        assert scores.coverages[:, 0].tolist() == expected


def test_a_group_that_is_not_rated_covers_nothing_and_asks_for_nothing() -> None:
    """Below 10 people half of E remains, which is less than it takes: what is unknown there does not count."""
    tree = b.root(
        b.group("D", b.boolean("X")),
        b.group(
            "E",
            b.boolean("Y"),
            b.boolean("Z", applies=b.compare(b.field("people"), "ge", 10)),
            rated_share=(2, 3),
        ),
    )
    known = b.read(b.document(tree, profile=(b.integer_field("people"),), coverage=HALF))
    rows = [b.submit({"X": YES}, {"people": people}) for people in (9, 10)]
    rows += [b.submit({"X": YES, "Z": YES}, {"people": 10}), b.submit({}, {"people": 9})]
    scores = assert_equal(known, rows)
    assert scores.coverages.tolist() == [[10_000, 5_000, 7_500, 0], [10_000, 10_000, 10_000, 0], [-1, 0, 5_000, -1]]
    statuses = [STATUSES[status] for status in scores.status]
    assert statuses == ["sufficient", "insufficient_evidence", "sufficient", "insufficient_evidence"]


def test_an_asked_share_in_a_million_parts() -> None:
    """A millionth is asked, and 3000 of 3001 are known where one of 3002 left."""
    tree = b.root(
        b.group(
            "D",
            b.boolean("X", 3_000),
            b.boolean("Y"),
            b.boolean("Z", applies=b.compare(b.field("people"), "ge", 10)),
        )
    )
    asked = Coverage(overall=Share(num=0, den=1), per_dimension=Share(num=1, den=1_000_000))
    known = b.read(b.document(tree, profile=(b.integer_field("people"),), coverage=asked))
    scores = assert_equal(known, [b.submit({"X": YES}, {"people": 9}), b.submit({}, {"people": 9})])
    assert [STATUSES[status] for status in scores.status] == ["sufficient", "insufficient_evidence"]


def test_children_side_by_side_are_taken_as_they_stand() -> None:
    """Those of A and E are; between those of C stands a group, and that group stands between those of the root."""
    tree = b.root(
        b.group("C", b.boolean("p"), b.group("C1", b.boolean("q")), b.boolean("r", 2)),
        b.group("A", b.boolean("x"), b.boolean("y", 3)),
        b.group("B", b.boolean("z"), b.ladder("w", points=(0, 25, 50))),
        b.group("E", b.group("E1", b.boolean("s")), b.group("E2", b.boolean("t"))),
    )
    plan = plan_of(b.read(b.document(tree)))
    ids = group_ids(plan)
    assert ids == ("index", "C", "C1", "A", "B", "E", "E1", "E2")
    nodes = {
        name: _Node(plan, group, {each: row for row, each in enumerate(ids)}) for name, group in plan.groups.items()
    }
    runs = {name: [(run.start, run.weights.tolist()) for run in node.runs] for name, node in nodes.items()}
    assert runs == {
        "index": [],
        "C": [(0, [1]), (2, [2])],
        "C1": [(1, [1])],
        "A": [(3, [1, 3])],
        "B": [(5, [1, 1])],
        "E": [],
        "E1": [(7, [1])],
        "E2": [(8, [1])],
    }
    assert {name for name, node in nodes.items() if node.is_a_run} == {"C1", "A", "B", "E1", "E2"}
    # what an unknown child lacks: 100 points of each, or of w only 50
    spans = {name: node.span for name, node in nodes.items()}
    assert spans == dict.fromkeys(ids, None) | dict.fromkeys(("C1", "A", "E1", "E2"), 10_000)
    indicators, groups = np.arange(9)[:, np.newaxis] + 100, np.arange(8)[:, np.newaxis]
    children = {name: node.children(indicators, groups) for name, node in nodes.items()}
    assert {name: found[:, 0].tolist() for name, found in children.items()} == {
        "index": [1, 3, 4, 5],
        "C": [100, 2, 102],
        "C1": [101],
        "A": [103, 104],
        "B": [105, 106],
        "E": [6, 7],
        "E1": [107],
        "E2": [108],
    }
    shared = {
        name for name, found in children.items() if any(np.shares_memory(found, all_) for all_ in (indicators, groups))
    }
    assert shared == set(ids) - {"index", "C"}


def test_an_indicator_on_each_side_of_a_group() -> None:
    """p and r count 1 and 2, the group of q 1: (1·100 + 1·0 + 2·0)/4, (0 + 100 + 0)/4, (0 + 0 + 2·100)/4."""
    tree = b.root(b.group("C", b.boolean("p"), b.group("C1", b.boolean("q")), b.boolean("r", 2)))
    rows = [b.submit({name: {"value": name == yes} for name in "pqr"}) for yes in "pqr"]
    scores = assert_equal(b.read(b.document(tree)), [*rows, b.submit({"q": YES, "r": YES})])
    assert scores.groups[1].tolist() == [2_500, 2_500, 5_000, 7_500]
    assert scores.coverages[1].tolist() == [10_000, 10_000, 10_000, 7_500]
