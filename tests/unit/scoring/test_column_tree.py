"""Coverage and status over columns: halves that floats miss, groups that are not rated, shares in many parts."""

from __future__ import annotations

from actitud_api.engine.methodology.model import Coverage, Group, Share
from actitud_api.engine.methodology.requests.answers import FactValue
from actitud_api.engine.scoring.columns.tree import STATUSES
from tests.unit.scoring import builders as b
from tests.unit.scoring.test_columns import assert_equal

YES: dict[str, FactValue] = {"value": True}
HALF = Coverage(overall=Share(num=0, den=1), per_dimension=Share(num=1, den=2))


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
        scores = assert_equal(b.methodology(tree), rows)
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
    known = b.methodology(tree, profile=(b.integer_field("people"),), coverage=HALF)
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
    known = b.methodology(tree, profile=(b.integer_field("people"),), coverage=asked)
    scores = assert_equal(known, [b.submit({"X": YES}, {"people": 9}), b.submit({}, {"people": 9})])
    assert [STATUSES[status] for status in scores.status] == ["sufficient", "insufficient_evidence"]


def test_an_indicator_on_each_side_of_a_group() -> None:
    """p and r count 1 and 2, the group of q 1: (1·100 + 1·0 + 2·0)/4, (0 + 100 + 0)/4, (0 + 0 + 2·100)/4."""
    tree = b.root(b.group("C", b.boolean("p"), b.group("C1", b.boolean("q")), b.boolean("r", 2)))
    rows = [b.submit({name: {"value": name == yes} for name in "pqr"}) for yes in "pqr"]
    scores = assert_equal(b.methodology(tree), [*rows, b.submit({"q": YES, "r": YES})])
    assert scores.groups[1].tolist() == [2_500, 2_500, 5_000, 7_500]
    assert scores.coverages[1].tolist() == [10_000, 10_000, 10_000, 7_500]
