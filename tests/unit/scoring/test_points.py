"""Displayed points: apportionment and how the index is handed down (SCORING, section 7)."""

from __future__ import annotations

from fractions import Fraction
from functools import partial

from hypothesis import given, settings
from hypothesis import strategies as st

from actitud_api.engine.methodology.model import Aggregation
from actitud_api.engine.scoring.aggregations import compute_power_mean
from actitud_api.engine.scoring.attribution import apportion, attribute_points
from actitud_api.engine.scoring.evaluate import evaluate
from actitud_api.engine.scoring.explain import explain
from actitud_api.engine.scoring.shapley import SHAPLEY_UNIT, compute_shapley_losses
from tests.unit.scoring import builders as b
from tests.unit.scoring.sheets import Node, assert_adds_up, dimension_of, indicator_of, indicators_of, points


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


def test_a_unit_that_a_full_part_refuses_goes_to_the_next_remainder() -> None:
    """docs/scoring.md, section 10: the third unit would be that of D3, which is full, and goes to D7."""
    shares = [63_826, 20_000, 8_078, 21_671, 10_000, 32_139, 92_274, 30_000, 36_030]
    room = [1_474, 210, 737, 1_369, 421, 947, 1_474, 2_526, 526]
    assert apportion(3_305, shares, room) == [672, 210, 85, 228, 105, 339, 971, 316, 379]


def test_what_no_ceiling_has_room_for_goes_in_order_up_to_the_limits() -> None:
    """Quotas 5 and 5, both held at 2; of the 6 that are left the first takes 1 up to its 3, the second 5."""
    assert apportion(10, [1, 1], [2, 2], [3, 9]) == [3, 7]


def published(index: int, *scores: tuple[str, int, float]) -> dict[str, tuple[float | int | None, float | int | None]]:
    """Won and lost of indicators directly below the root, given by name, weight and score; the index is an integer."""
    document = b.document(b.root(*(b.points(name, weight) for name, weight, _ in scores)), published=0)
    score = explain(b.read(document), b.scoring(**{name: points for name, _, points in scores}))
    assert score.index == index
    return {indicator.id: (indicator.won, indicator.lost) for indicator in score.indicators}


def test_a_published_index_below_the_internal_one_takes_nothing_from_full_marks() -> None:
    """(100 + 48.60)/2 = 74.30 is published as 74: a keeps its 50, and b has the rest; by 100 : 48.60 a had 49.80."""
    assert published(74, ("a", 1, 100), ("b", 1, 48.6)) == {"a": (50, 0), "b": (24, 26)}
    # above the internal one nobody is short: (100 + 48.80)/2 = 74.40 is 74, and (100 + 49)/2 = 74.50 is 75
    assert published(75, ("a", 1, 100), ("b", 1, 49)) == {"a": (50, 0), "b": (25, 25)}


def test_full_marks_at_any_depth_keep_their_points() -> None:
    """D1 is (100 + 0)/2 = 50, D2 48.60: index 49.30, published as 49. By 50 : 48.60 D1, and so a, would win 24.85."""
    tree = b.root(b.group("D1", b.points("a"), b.points("z")), b.group("D2", b.points("c")))
    score = explain(b.methodology(tree, published=0), b.scoring(a=100, z=0, c=48.6))
    assert score.index == 49
    assert [(dimension.won, dimension.lost) for dimension in score.dimensions] == [(25, 25), (24, 26)]
    assert [(each.won, each.lost) for each in score.dimensions[0].indicators] == [(25, 0), (0, 25)]


def test_where_the_published_index_is_too_little_for_full_marks_they_share_it() -> None:
    """One of three: 33.33 is published as 33, and a could win 33.34."""
    assert published(33, ("a", 1, 100), ("b", 1, 0), ("c", 1, 0)) == {
        "a": (33, 0.34),
        "b": (0, 33.33),
        "c": (0, 33.33),
    }


@settings(deadline=None)
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
    known = b.methodology(b.root(b.group("D", b.boolean("x"), b.boolean("y"), b.boolean("z"))))
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
    known = b.methodology(
        b.root(
            b.group("D", b.group("S", b.ladder("s", 1), b.ladder("t", 2), weight=2), b.ladder("a", 3), weight=3),
            b.group("E", b.ladder("e"), weight=1),
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
    known = b.methodology(b.root(b.group("D", *(b.boolean(name) for name in names))))
    score = explain(known, b.submit({name: {"value": False} for name in names}))
    assert [reason.indicator for reason in score.main_reasons] == ["a", "b", "c", "d"]
    score = explain(known, b.submit({name: {"value": name != "e"} for name in names}))
    assert [(reason.indicator, reason.lost) for reason in score.main_reasons] == [("e", 20)]
    score = explain(known, b.submit({name: {"value": True} for name in names}))
    assert score.main_reasons == ()


def test_a_group_wins_no_more_than_its_children_that_score() -> None:
    """S = 66.666… -> 66.67 of x, y and z, T = 50: index 58.335 -> 58.34, possible 50 each.

    Won 58.34 by 66.67 : 50 -> S 33.3379…, T 25.002…; the hundredth left would be S's, of which y and z can win 16.67
    and 16.66 of 16.67, 16.67 and 16.66: it is T's.
    """
    tree = b.root(b.group("S", b.points("x"), b.points("y"), b.points("z")), b.group("T", b.points("t")))
    score = explain(b.methodology(tree), b.scoring(x=0, y=100, z=100, t=50))
    assert points(dimension_of(score, "S")) == (50, 33.33, 16.67)
    assert points(dimension_of(score, "T")) == (50, 25.01, 24.99)
    assert [points(known) for known in dimension_of(score, "S").indicators] == [
        (16.67, 0, 16.67),
        (16.67, 16.67, 0),
        (16.66, 16.66, 0),
    ]
    assert_adds_up(score)


def test_losses_are_those_of_the_index() -> None:
    """a = 25 of 100 weighs 1 of 4, o = 90 3 of 4: 75/4 and 30/4, in hundredths."""
    known = b.methodology(b.root(b.points("a"), b.points("o", 3)))
    losses = attribute_points(evaluate(known, b.scoring(a=25, o=90))).losses
    assert [loss and Fraction(*loss) for loss in losses] == [1875, 750]


def test_losses_below_a_shapley_value_are_those_of_the_index() -> None:
    """G = √(25·36) = 30 and o = 90: a and b lose 40/2 and 30/2, o 10/2; a child at the top loses nothing."""
    tree = b.root(b.group("G", b.points("a"), b.points("b"), aggregation="geometric"), b.points("o"))
    known = b.methodology(tree)
    for facts, expected in (({"a": 25, "b": 36}, [2000, 1500, 500]), ({"a": 25, "b": 100}, [2500, 0, 500])):
        losses = attribute_points(evaluate(known, b.scoring(**facts, o=90))).losses
        assert [loss and Fraction(*loss) for loss in losses] == expected


# --- sums and ranges ------------------------------------------------------------------------------------------


def test_a_sum_is_shared_by_the_tops_of_the_ranges() -> None:
    """30 and 10 of 40: the children's own scores are what is won."""
    tree = b.root(b.points("a", 5, span=(0, 30)), b.points("b", span=(0, 10)), aggregation="sum", span=(0, 40))
    score = explain(b.methodology(tree), b.scoring(a=20.25, b=5.5))
    assert [points(known) for known in score.indicators] == [(30, 20.25, 9.75), (10, 5.5, 4.5)]
    assert [(reason.indicator, reason.lost) for reason in score.main_reasons] == [("a", 9.75), ("b", 4.5)]
    assert_adds_up(score, top=40)


def test_a_child_without_weight_has_no_part_in_a_sum() -> None:
    """Of 20 and 5 of 30 and 10, and 10 of 10 without weight: the index is 25 of 40."""
    tree = b.root(
        b.points("a", span=(0, 30)),
        b.points("b", span=(0, 10)),
        b.points("n", 0, span=(0, 10)),
        aggregation="sum",
        span=(0, 40),
    )
    score = explain(b.methodology(tree), b.scoring(a=20, b=5, n=10))
    assert score.index == 25
    assert [points(known) for known in score.indicators] == [(30, 20, 10), (10, 5, 5), (0, 0, 0)]
    score = explain(b.methodology(tree), b.scoring(a=30, b=5, n=1))
    assert [reason.indicator for reason in score.main_reasons] == ["b"]
    assert_adds_up(score, top=40)


def test_a_child_that_leaves_a_sum_leaves_what_was_possible_to_the_others() -> None:
    """60 of 30 : 10 -> 45 and 15; won stays what the sum adds."""
    tree = b.root(
        b.points("a", span=(0, 30)),
        b.points("b", span=(0, 10)),
        b.points("c", span=(0, 20), applies=b.compare(b.field("c"), "eq", 1)),
        aggregation="sum",
        span=(0, 60),
    )
    known = b.methodology(tree, profile=(b.integer_field("c"),))
    score = explain(known, b.submit({"a": {"hours": 20}, "b": {"hours": 5}}, {"c": 0}))
    assert [points(known) for known in score.indicators] == [(45, 20, 25), (15, 5, 10), (None, None, None)]
    assert_adds_up(score, top=60)


def test_a_sum_below_a_mean() -> None:
    """S = 30 + 20 = 50 of 100, weight 1; o = 100, weight 3: index 87.5; S has 25 possible, 12.5 won.

    In S: 15 and 10 possible; won 12.5 by 30 : 20 -> 7.5 and 5. The exact losses, 30/4 and 20/4.
    """
    tree = b.root(
        b.group("S", b.points("a", span=(0, 60)), b.points("b", span=(0, 40)), aggregation="sum"),
        b.points("o", 3),
    )
    score = explain(b.methodology(tree), b.scoring(a=30, b=20, o=100))
    assert score.index == 87.5
    assert points(dimension_of(score, "S")) == (25, 12.5, 12.5)
    assert [points(known) for known in dimension_of(score, "S").indicators] == [(15, 7.5, 7.5), (10, 5, 5)]
    assert [(reason.indicator, reason.lost) for reason in score.main_reasons] == [("a", 7.5), ("b", 5)]
    assert_adds_up(score)


# --- Shapley values -------------------------------------------------------------------------------------------


def lost(aggregation: Aggregation, scores: tuple[float, ...], weights: tuple[int, ...] | None = None) -> list[float]:
    """What each of some indicators loses, in points."""
    names = "abcdef"[: len(scores)]
    children = [b.points(name, weight) for name, weight in zip(names, weights or (1,) * len(scores), strict=True)]
    score = explain(
        b.methodology(b.root(*children, aggregation=aggregation)),
        b.scoring(**dict(zip(names, scores, strict=True))),
    )
    assert_adds_up(score)
    assert {(known.possible, known.won) for known in score.indicators} == {(None, None)}
    return [known.lost if known.lost is not None else -1 for known in score.indicators]


def test_shapley_values_are_in_billionths_of_a_point() -> None:
    """√(25·100) = 50 loses 50, all of it by the first; a child at the top and one without weight lose nothing."""
    mean = partial(compute_power_mean, 0.0)
    losses = compute_shapley_losses(mean, 100, [1, 1, 0], [25, 100, 50], [True, False, True])
    assert losses == [50 * SHAPLEY_UNIT, 0, 0]


def test_a_geometric_loss() -> None:
    """√(25·36) = 30 loses 70: ½·((100 − √2500) + (√3600 − 30)) = 40 and ½·((100 − 60) + (50 − 30)) = 30."""
    assert lost("geometric", (25, 36)) == [40, 30]
    assert lost("geometric", (25, 100)) == [50, 0]
    assert lost("geometric", (25, 36, 50), (1, 1, 0)) == [40, 30, 0]
    # with a 0 all is lost: ½·(100 + 60) and ½·(40 + 0)
    assert lost("geometric", (0, 36)) == [80, 20]
    # 16^(1/4)·81^(3/4) = 54 loses 46; alone 16 gives 10^1.5·2 = 63.2455…, and 81 gives 27·10^0.5 = 85.3814…
    # ½·(36.7544 + 31.3814) = 34.0679… and ½·(14.6185 + 9.2455) = 11.9320…
    assert lost("geometric", (16, 81), (1, 3)) == [34.07, 11.93]


def test_a_harmonic_loss() -> None:
    """33.33 of 50 and 25; alone 66.67 and 40: ½·(33.33 + 6.67) = 20 and ½·(60 + 33.33) = 46.67."""
    assert lost("harmonic", (50, 25)) == [20, 46.67]


def test_the_loss_of_the_least() -> None:
    """40 and 70 lose 60: ½·(60 + 30) and ½·(30 + 0)."""
    assert lost("min", (40, 70)) == [45, 15]
    # 100/3 each, the hundredth to the first
    assert lost("min", (0, 0, 0)) == [33.34, 33.33, 33.33]
    # c loses nothing; a ½·(60 + 10), b ½·(50 + 0)
    assert lost("min", (40, 50, 100)) == [35, 25, 0]
    assert lost("min", (40, 50, 12), (1, 1, 0)) == [35, 25, 0]
    # the first 30 are of all three, the next 20 of two, the last 10 of one: 10 + 10 + 10, 10 + 10, 10
    assert lost("min", (40, 50, 70)) == [30, 20, 10]


def test_equal_children_lose_the_same_at_any_decimals() -> None:
    for decimals in (0, 2, 6):
        children = [b.points(name) for name in "abcdefg"]
        tree = b.root(*children, aggregation="geometric")
        score = explain(b.methodology(tree, decimals=decimals), b.scoring(**dict.fromkeys("abcdefg", 13)))
        found = [known.lost for known in score.indicators]
        assert found == sorted(found, key=lambda figure: -(figure or 0))  # what is left goes in document order
        assert_adds_up(score)


def test_below_such_a_node_only_losses_are_shown_at_any_depth() -> None:
    """D = (4·2 + 6·82)/10 = 50 and e = 32 under a geometric root.

    √(50·32) = 40; alone D gives √5000 = 70.7106…, e √3200 = 56.5685…: D ½·(29.2893 + 16.5685) = 22.9289…, e
    ½·(43.4314 + 30.7106) = 37.0710…; 22.93 and 37.07.
    In D the 22.93 by 4·98 : 6·18 = 392 : 108 -> 17.977… and 4.952…: 17.98 and 4.95; in the sum T (u 0 of 10, v 82 of
    90) the 4.95 by 10 : 8 -> 2.75 and 2.20.
    The exact losses are 22.9289…/50 of 4/10·98 = 17.98, 6/10·10 = 2.75 and 6/10·8 = 2.20; e 37.07.
    """
    tree = b.root(
        b.group(
            "D",
            b.group("T", b.points("u", span=(0, 10)), b.points("v", span=(0, 90)), aggregation="sum", weight=6),
            b.points("a", 4),
        ),
        b.points("e"),
        aggregation="geometric",
    )
    score = explain(b.methodology(tree), b.scoring(a=2, u=0, v=82, e=32))
    assert (score.index, dimension_of(score, "D").score) == (40, 50)
    nodes: list[Node] = [dimension_of(score, "D"), dimension_of(score, "T"), *indicators_of(score)]
    assert {node.id: points(node) for node in nodes} == {
        "D": (None, None, 22.93),
        "T": (None, None, 4.95),
        "a": (None, None, 17.98),
        "u": (None, None, 2.75),
        "v": (None, None, 2.2),
        "e": (None, None, 37.07),
    }
    assert [reason.indicator for reason in score.main_reasons] == ["e", "a", "u", "v"]
    assert_adds_up(score)


def test_such_a_node_below_a_mean_shows_what_is_possible_and_won() -> None:
    """G = √(25·36) = 30 and o = 90: index 60; won 60 by 30 : 90; G loses 35 by 40 : 30."""
    tree = b.root(b.group("G", b.points("a"), b.points("b"), aggregation="geometric"), b.points("o"))
    score = explain(b.methodology(tree), b.scoring(a=25, b=36, o=90))
    assert points(dimension_of(score, "G")) == (50, 15, 35)
    assert [points(known) for known in dimension_of(score, "G").indicators] == [(None, None, 20), (None, None, 15)]
    assert points(indicator_of(score, "o")) == (50, 45, 5)
    assert [(reason.indicator, reason.lost) for reason in score.main_reasons] == [("a", 20), ("b", 15), ("o", 5)]
    assert_adds_up(score)


def test_an_unknown_answer_that_makes_its_group_count_nothing_leads_the_reasons() -> None:
    """N is unknown and counts 0: it loses its 50, u and k 25 each; but k is at its best, and u is the reason."""
    tree = b.root(b.group("N", b.points("u"), b.points("k"), missing="void"), b.points("o"))
    score = explain(b.methodology(tree), b.scoring(k=100, o=90))
    assert (score.index, dimension_of(score, "N").score) == (45, 0)
    assert points(dimension_of(score, "N")) == (50, 0, 50)
    assert [points(known) for known in dimension_of(score, "N").indicators] == [(25, 0, 25), (25, 0, 25)]
    assert indicator_of(score, "u").score is None
    assert [reason.indicator for reason in score.main_reasons] == ["u", "o"]
    assert_adds_up(score)


def test_what_makes_its_group_unknown_takes_part_with_the_least_of_its_range() -> None:
    """Of 10 to 20: N counts 10, o 20: index 15. Won 15 by 10 : 20; in N the 5 by 10 (u) : 20 (k)."""
    wide = (10, 20)
    n = b.group("N", b.points("u", span=wide), b.points("k", span=wide), missing="void", span=wide)
    score = explain(b.methodology(b.root(n, b.points("o", span=wide), span=wide)), b.scoring(k=20, o=20))
    assert (score.index, dimension_of(score, "N").score) == (15, 10)
    assert points(dimension_of(score, "N")) == (10, 5, 5)
    assert [points(known) for known in dimension_of(score, "N").indicators] == [(5, 1.67, 3.33), (5, 3.33, 1.67)]
    assert_adds_up(score, top=20)


def test_losses_of_all_nodes_are_compared_exactly() -> None:
    """G = √(25·36) = 30 weighs 1 of 10, M = (1·50 + 9·90)/10 = 86 3, o = 80 6.

    Exact losses: in G 40/10 and 30/10, in M 3/10·1/10·50 = 1.5 and 3/10·9/10·10 = 2.7, o 12.
    """
    tree = b.root(
        b.group("G", b.points("a"), b.points("b"), aggregation="geometric"),
        b.group("M", b.points("c"), b.points("d", 9), weight=3),
        b.points("o", 6),
    )
    known = b.methodology(tree)
    first = explain(known, b.scoring(a=25, b=36, c=50, d=90, o=80))
    assert [reason.indicator for reason in first.main_reasons] == ["o", "a", "b", "d"]
    # c = 10: 2.7 too, and before d; c = 9: 2.73
    for c, order in ((10, ["o", "a", "b", "c"]), (11, ["o", "a", "b", "d"])):
        reasons = explain(known, b.scoring(a=25, b=36, c=c, d=90, o=80)).main_reasons
        assert [reason.indicator for reason in reasons] == order


def test_what_rounding_takes_from_a_node_at_its_top_shows_at_its_first_child() -> None:
    """Six of seven at 100: 85.71. Possible 14.29 four times, then 14.28; won 14.285 each, the hundredths left to the
    first three: the fourth, G, wins 14.28 of 14.29 although none of its children loses anything."""
    g = b.group("G", b.points("x"), b.points("y"), aggregation="geometric")
    tree = b.root(b.points("a"), b.points("b"), b.points("c"), g, b.points("d"), b.points("e"), b.points("f"))
    score = explain(b.methodology(tree), b.scoring(a=100, b=100, c=100, x=100, y=100, d=100, e=100, f=0))
    assert (score.index, points(dimension_of(score, "G"))) == (85.71, (14.29, 14.28, 0.01))
    assert [known.lost for known in dimension_of(score, "G").indicators] == [0.01, 0]
    assert_adds_up(score)


def test_what_such_a_node_wins_is_not_held_by_a_child_of_0() -> None:
    """√((0 + 100²)/2) = 70.71; index 56.90; won 56.90 by 0 : 70.71 : 100 -> 23.57 and 33.33, nothing for p."""
    g = b.group("G", b.points("x"), b.points("y"), aggregation="power", exponent=2)
    score = explain(b.methodology(b.root(b.points("p"), g, b.points("o"))), b.scoring(p=0, x=0, y=100, o=100))
    assert points(indicator_of(score, "p")) == (33.34, 0, 33.34)
    assert points(dimension_of(score, "G")) == (33.33, 23.57, 9.76)
    assert_adds_up(score)


def test_what_leaves_has_no_points() -> None:
    tree = b.root(b.points("u"), b.points("k"), missing="leave")
    score = explain(b.methodology(tree), b.scoring(k=60))
    assert [points(known) for known in score.indicators] == [(None, None, None), (100, 60, 40)]
    assert (indicator_of(score, "u").state, indicator_of(score, "u").score) == ("unknown", None)
    assert_adds_up(score)
