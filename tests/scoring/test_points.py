"""Displayed points: apportionment and how the index is handed down (SCORING, section 7)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from actitud_api.scoring.explain import explain
from actitud_api.scoring.points import apportion
from tests.scoring import builders as b
from tests.scoring.sheets import Node, assert_adds_up, dimension_of, points


def test_largest_remainders_first() -> None:
    # quotas 1.4, 2.8, 5.8
    assert apportion(10, [7, 14, 29]) == [1, 3, 6]


def test_ties_go_in_document_order() -> None:
    assert apportion(100, [1, 1, 1]) == [34, 33, 33]
    assert apportion(101, [1, 1, 1]) == [34, 34, 33]
    assert apportion(1, [1, 1, 1, 1]) == [1, 0, 0, 0]


def test_a_share_of_0_receives_0() -> None:
    assert apportion(5, [0, 1, 0]) == [0, 5, 0]
    assert apportion(0, [0, 0]) == [0, 0]


def test_no_part_exceeds_its_ceiling() -> None:
    # quotas 5 and 5, the first can hold 4
    assert apportion(10, [1, 1], [4, 10]) == [4, 6]
    # quotas 3.33, 3.33, 3.33: the unit left goes to the first that has room
    assert apportion(10, [1, 1, 1], [3, 4, 4]) == [3, 4, 3]


@given(
    st.integers(0, 10_000),
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 4_000)), min_size=1, max_size=8),
)
def test_parts_sum_and_stay_within_limits(total: int, children: list[tuple[int, int]]) -> None:
    shares = [share for share, _ in children]
    limits = [limit for _, limit in children]
    ceilings = [limit if share else 0 for share, limit in children]
    total = min(total, sum(limits))
    parts = apportion(total, shares, ceilings, limits)
    assert sum(parts) == total
    assert all(0 <= part <= limit for part, limit in zip(parts, limits, strict=True))
    if total <= sum(ceilings) and any(shares):
        assert all(part == 0 for part, share in zip(parts, shares, strict=True) if not share)


def three(first: bool, second: bool, third: bool) -> list[tuple[float | None, float | None, float | None]]:
    known = b.read(b.document(b.root(b.group("D", b.boolean("x"), b.boolean("y"), b.boolean("z")))))
    score = explain(
        known, b.submit({name: {"value": yes} for name, yes in zip("xyz", (first, second, third), strict=True)})
    )
    assert_adds_up(score)
    return [points(indicator) for indicator in dimension_of(score, "D").indicators]


def test_possible_limits_what_is_won() -> None:
    """Possible 33.34, 33.33, 33.33; index 66.67: 33.335 twice; the unit goes where there is room."""
    assert three(True, False, True) == [(33.34, 33.34, 0), (33.33, 0, 33.33), (33.33, 33.33, 0)]


def test_where_rounding_leaves_no_room_the_sum_still_holds() -> None:
    """0, 100, 100: 66.67 to win, and only 33.33 + 33.33 possible where something scores.

    A share of 0 that receives nothing, parts within what is possible, and sums that hold cannot all be true; the
    sum and the limit are kept, and the hundredth shows at the first child.
    """
    assert three(False, True, True) == [(33.34, 0.01, 33.33), (33.33, 33.33, 0), (33.33, 33.33, 0)]


def test_everything_and_nothing() -> None:
    assert three(True, True, True) == [(33.34, 33.34, 0), (33.33, 33.33, 0), (33.33, 33.33, 0)]
    assert three(False, False, False) == [(33.34, 0, 33.34), (33.33, 0, 33.33), (33.33, 0, 33.33)]


def test_points_over_three_levels_and_unequal_weights() -> None:
    """Possible: D 75, E 25; D's S 30 and a 45; S's s 10 and t 20.

    S = (1·0 + 2·50)/3 = 33.33, D = (2·33.33 + 3·100)/5 = 73.332 -> 73.33, index (3·73.33 + 1·25)/4 = 61.2475 ->
    61.25. Won: D 61.25 · 219.99/244.99 = 54.9997 -> floors 54.99 + 6.25, remainders .97 and .02 -> 55.00, 6.25.
    D: S 55 · 66.66/366.66 = 9.9991, a 45.0008 -> 10.00 (remainder .91) and 45.00.
    """
    known = b.read(
        b.document(
            b.root(
                b.group("D", b.group("S", b.ladder("s", 1), b.ladder("t", 2), weight=2), b.ladder("a", 3), weight=3),
                b.group("E", b.ladder("e"), weight=1),
            )
        )
    )
    score = explain(known, b.submit({"s": {"level": 0}, "t": {"level": 2}, "a": {"level": 4}, "e": {"level": 1}}))
    assert score.index == 61.25
    assert points(dimension_of(score, "D")) == (75, 55, 20)
    assert points(dimension_of(score, "E")) == (25, 6.25, 18.75)
    d = dimension_of(score, "D")
    below: list[Node] = [*d.groups, *d.indicators, *d.groups[0].indicators]
    assert [(node.id, *points(node)) for node in below] == [
        ("S", 30, 10, 20),
        ("a", 45, 45, 0),
        ("s", 10, 0, 10),
        ("t", 20, 10, 10),
    ]
    assert_adds_up(score)


def test_main_reasons_are_exact_and_at_most_four() -> None:
    """Five losses of 1/5: the first four in the document, although the fifth is not smaller."""
    names = ["a", "b", "c", "d", "e"]
    known = b.read(b.document(b.root(b.group("D", *(b.boolean(name) for name in names)))))
    score = explain(known, b.submit({name: {"value": False} for name in names}))
    assert [reason.indicator for reason in score.main_reasons] == ["a", "b", "c", "d"]
    score = explain(known, b.submit({name: {"value": name != "e"} for name in names}))
    assert [(reason.indicator, reason.lost) for reason in score.main_reasons] == [("e", 20)]
    score = explain(known, b.submit({name: {"value": True} for name in names}))
    assert score.main_reasons == ()
