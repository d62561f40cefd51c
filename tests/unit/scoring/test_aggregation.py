"""Aggregation, ranges, missing data and the published index (SCORING, sections 3 to 5). Units are hundredths."""

from __future__ import annotations

from fractions import Fraction

import msgspec
import pytest

from actitud_api.engine.methodology import loader
from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.model import (
    Aggregation,
    Compare,
    Document,
    Gate,
    Group,
    IndexOperand,
    Indicator,
    Minimum,
    Missing,
    Range,
)
from actitud_api.engine.scoring import evaluate as scalar
from actitud_api.engine.scoring.change_decomposition import decompose_change
from actitud_api.engine.scoring.evaluate import Evaluation, evaluate
from actitud_api.engine.scoring.explain import explain, outline_score
from actitud_api.engine.scoring.level_path import find_level_path
from tests.unit.scoring import builders as b
from tests.unit.scoring.sheets import assert_adds_up, dimension_of, indicator_of
from tests.unit.scoring.test_columns import assert_equal

YES = {"value": True}


def scored(tree: Group, decimals: int = 2, **points: float) -> Evaluation:
    return evaluate(b.methodology(tree, decimals=decimals), b.scoring(**points))


def index(
    aggregation: Aggregation,
    scores: tuple[float, ...],
    weights: tuple[int, ...] | None = None,
    exponent: float | None = None,
    *,
    decimals: int = 2,
) -> int | None:
    """The index of indicators that are their own scores, in units."""
    names = "abcdef"[: len(scores)]
    children = [b.points(name, weight) for name, weight in zip(names, weights or (1,) * len(scores), strict=True)]
    tree = b.root(*children, aggregation=aggregation, exponent=exponent)
    return scored(tree, decimals, **dict(zip(names, scores, strict=True))).index


# --- means ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scores", "weights", "expected"),
    [
        ((25, 100), (1, 1), 5000),  # √2500
        ((16, 81), (1, 3), 5400),  # 2 · 27
        ((81, 16), (3, 1), 5400),
        ((33.33, 33.33, 33.33), (1, 1, 1), 3333),
        ((0, 100), (1, 9), 0),
        ((25, 100, 0), (1, 1, 0), 5000),  # a child of weight 0 takes part in nothing
    ],
)
def test_geometric(scores: tuple[float, ...], weights: tuple[int, ...], expected: int) -> None:
    assert index("geometric", scores, weights) == expected


@pytest.mark.parametrize(
    ("scores", "weights", "expected"),
    [
        ((20, 80), (1, 1), 3200),  # 2 / (1/20 + 1/80)
        ((1, 2, 3), (2, 1, 1), 141),  # 4 / (2 + 1/2 + 1/3) = 24/17 = 1.4117…
        ((0, 80), (1, 1), 0),
    ],
)
def test_harmonic(scores: tuple[float, ...], weights: tuple[int, ...], expected: int) -> None:
    assert index("harmonic", scores, weights) == expected


@pytest.mark.parametrize(
    ("scores", "exponent", "expected"),
    [
        ((30, 40), 2, 3536),  # √((900 + 1600)/2) = 35.3553…
        ((16, 36), 0.5, 2500),  # ((4 + 6)/2)²
        ((30, 40.01), 1, 3501),  # 35.005, the half
        ((20, 80), -1, 3200),
        ((15, 20), -2, 1697),  # √(7200/25) = 16.9705…
        ((0, 40), 2, 2828),  # √800
        ((0, 40), -2, 0),
        ((0, 0), 2, 0),
        ((25, 100), 1e-9, 5000),  # towards the geometric mean
    ],
)
def test_power(scores: tuple[float, ...], exponent: float, expected: int) -> None:
    assert index("power", scores, None, exponent) == expected


@pytest.mark.parametrize("exponent", [-20, 20])
def test_a_power_of_great_scores_does_not_overflow(exponent: float) -> None:
    """(5·10^15)^20 is more than a double holds, and its inverse less.

    Beside 1 the other counts for nothing or for all: 2^(1/20) = 1.0352…; 5·10^15 · 2^(-1/20) = 4.8296816…·10^15.
    """
    top = 5 * 10**15
    high = [ranged(b.ladder(name, points=(0, 1, top)), 0, top) for name in "ab"]
    tree = b.root(*high, aggregation="power", exponent=exponent, span=(0, top))
    known = b.methodology(tree, decimals=0)
    assert evaluate(known, b.submit({"a": {"level": 2}, "b": {"level": 2}})).index == top
    mixed = evaluate(known, b.submit({"a": {"level": 1}, "b": {"level": 2}})).index
    assert mixed == (1 if exponent < 0 else pytest.approx(4_829_681_644_624_228, abs=4))


def test_min_is_of_those_with_a_weight() -> None:
    assert index("min", (40.5, 70, 12), (1, 7, 0)) == 4050


def test_a_sum_adds_whatever_the_weights() -> None:
    tree = b.root(b.points("a", 5, span=(0, 30)), b.points("b", 1, span=(0, 10)), aggregation="sum", span=(0, 40))
    assert scored(tree, a=20.25, b=5.5).index == 2575
    assert scored(tree, a=30, b=10).index == 4000


def test_a_sum_adds_what_did_not_leave() -> None:
    tree = b.root(
        b.points("a", span=(0, 30)),
        b.points("b", span=(0, 10), applies=b.compare(b.field("b"), "eq", 1)),
        aggregation="sum",
        span=(0, 40),
    )
    known = b.methodology(tree, profile=(b.integer_field("b"),))
    evaluation = evaluate(known, b.submit({"a": {"hours": 12}, "b": {"hours": 7}}, {"b": 0}))
    assert (evaluation.index, evaluation.index_max) == (1200, 1200)


def test_a_mean_of_a_sum_that_lost_a_child_may_lie_below_its_range() -> None:
    """Both sums go from 20 to 80 and have lost the child that goes from 10 to 50: 10 and 22.5, geometric mean 15."""

    def half(name: str) -> Group:
        left = b.points(f"{name}left", span=(10, 50), applies=b.compare(b.field("p"), "eq", 1))
        return b.group(name, b.points(f"{name}kept", span=(10, 30)), left, aggregation="sum", span=(20, 80))

    tree = b.root(half("A"), half("B"), aggregation="geometric", span=(20, 80))
    known = b.methodology(tree, profile=(b.integer_field("p"),))
    answers = {"Akept": {"hours": 10.0}, "Bkept": {"hours": 22.5}}
    assert evaluate(known, b.submit(answers, {"p": 0})).index == 1500


def test_every_node_aggregates_in_its_own_way_from_quantised_scores() -> None:
    """G = √(50·2) = 10; H = 2/(1/3 + 1/6) = 4; S = G·3/4 + H·1/4 = 8.5; M = min(S, 9) = 8.5; index (8.5 + 91.5)/2."""
    tree = b.root(
        b.group(
            "M",
            b.group(
                "S",
                b.group("G", b.points("a"), b.points("b"), aggregation="geometric", weight=3),
                b.group("H", b.points("c"), b.points("d"), aggregation="harmonic"),
            ),
            b.points("e"),
            aggregation="min",
        ),
        b.points("f"),
    )
    found = scored(tree, a=50, b=2, c=3, d=6, e=9, f=91.5)
    assert found.groups == {"G": 1000, "H": 400, "S": 850, "M": 850, "index": 5000}
    assert found.dimensions == [850, 9150]


def test_a_quantised_score_enters_the_next() -> None:
    """√3 = 1.73… -> 2, and (2 + 1)/2 = 1.5 -> 2; unquantised it would be 1.36… -> 1."""
    tree = b.root(b.group("G", b.points("a"), b.points("b"), aggregation="geometric"), b.points("c"))
    assert scored(tree, 0, a=1, b=3, c=1).index == 2


def test_five_levels_and_no_more() -> None:
    tree: Group | Indicator = b.points("x")
    for depth in range(5):
        tree = b.group(f"G{depth}", tree)
    assert isinstance(tree, Group)
    assert scored(tree, x=42.42).index == 4242
    with pytest.raises(loader.DefectiveMethodology, match="deeper than 5"):
        b.methodology(b.root(tree))


# --- ranges ---------------------------------------------------------------------------------------------------


def ranged(indicator: Indicator, low: int, high: int) -> Indicator:
    return msgspec.structs.replace(indicator, range=Range(minimum=low, maximum=high))


def test_scores_lie_in_the_range_of_their_node() -> None:
    """A boolean of 10 or 20, a line from 10 to 20 at its half, a ladder 10/15/20: (20 + 15 + 10)/3 = 15."""
    yes = msgspec.structs.replace(
        b.boolean("a"), curve=msgspec.structs.replace(b.boolean("a").curve, goalposts=b.goalposts(((0, 10), (1, 20))))
    )
    tree = b.root(
        ranged(yes, 10, 20),
        ranged(b.ratio("b", knots=((0, 10), (1, 20))), 10, 20),
        ranged(b.ladder("c", points=(10, 15, 20)), 10, 20),
        span=(10, 20),
    )
    known = b.methodology(tree)
    evaluation = evaluate(known, b.submit({"a": YES, "b": b.of(1, 2), "c": {"level": 0}}))
    assert [leaf.score for leaf in evaluation.results] == [2000, 1500, 1000]
    assert [leaf.code for leaf in evaluation.results] == ["full", "partial", "zero"]
    assert evaluation.index == 1500
    # without a value, contradicted, unknown: the least of the range
    without = evaluate(known, b.submit({"b": b.of(0, 0)}))
    assert [(leaf.code, leaf.score, leaf.maximum) for leaf in without.results] == [
        ("unknown", 1000, 2000),
        ("zero", 1000, 1000),
        ("unknown", 1000, 2000),
    ]
    assert (without.index, without.index_max) == (1000, 1667)


@pytest.mark.parametrize(
    ("span", "cap", "decimals", "expected"),
    [
        ((0, 100), 50, 2, 5000),
        ((10, 20), 50, 2, 1500),
        ((0, 10), 33, 1, 33),
        ((0, 1), 25, 1, 3),  # 0.25, the half
        ((0, 100), 100, 2, 10_000),
    ],
)
def test_what_is_only_declared_reaches_a_share_of_its_range(
    span: tuple[int, int], cap: int, decimals: int, expected: int
) -> None:
    known = b.methodology(b.root(b.points("a", span=span), span=span), decimals=decimals, cap=cap)
    evaluation = evaluate(known, b.submit({"a": {"hours": span[1]}}, self_declared=["a"]))
    assert evaluation.index == expected
    assert evaluation.results[0].code == ("full" if cap == 100 else "capped")


# --- missing data ---------------------------------------------------------------------------------------------


def family(missing: Missing, above: Missing = "zero", rated_share: tuple[int, int] = (1, 2)) -> Methodology:
    """N, whose u (weight 1) and k (weight 3) are its own scores, beside o; N and o weigh the same."""
    n = b.group("N", b.points("u"), b.points("k", 3), missing=missing, rated_share=rated_share)
    return b.methodology(b.root(n, b.points("o"), missing=above))


@pytest.mark.parametrize(
    ("missing", "above", "node", "index"),
    [
        ("zero", "zero", 6000, 7000),  # (0 + 3·80)/4; (60 + 80)/2
        ("leave", "zero", 8000, 8000),
        ("void", "zero", 0, 4000),
        ("void", "leave", None, 8000),
        ("void", "void", None, None),
    ],
)
def test_an_unknown_child_does_what_its_group_says(
    missing: Missing, above: Missing, node: int | None, index: int | None
) -> None:
    evaluation = evaluate(family(missing, above), b.scoring(k=80, o=80))
    assert (evaluation.groups["N"], evaluation.index) == (node, index)
    # u at its best: (100 + 240)/4 = 85
    assert (evaluation.groups_max["N"], evaluation.index_max) == (8500, 8250)
    assert evaluation.results[0].score == (0 if missing == "zero" else None)
    assert evaluation.results[0].maximum == 10_000
    # known: 3/4 of N
    assert evaluation.coverages["N"] == Fraction(3, 4)
    assert evaluation.coverage == Fraction(7, 8)
    assert str(evaluation.status) == ("sufficient" if index is not None else "not_rateable")


@pytest.mark.parametrize("missing", ["zero", "leave", "void"])
def test_when_nothing_is_unknown_nothing_differs(missing: Missing) -> None:
    evaluation = evaluate(family(missing, missing), b.scoring(u=100, k=80, o=80))
    assert (evaluation.groups["N"], evaluation.index, evaluation.status) == (8500, 8250, "complete")


def test_voids_climb_as_far_as_every_group_says() -> None:
    tree = b.root(
        b.group("A", b.group("B", b.group("C", b.points("x"), missing="void"), missing="void"), b.points("y")),
        b.points("z"),
        missing="leave",
    )
    evaluation = scored(tree, y=50, z=100)
    # C and B are unknown; in A, B counts 0: (0 + 50)/2
    assert (evaluation.groups["C"], evaluation.groups["B"], evaluation.groups["A"]) == (None, 0, 2500)
    assert evaluation.index == 6250


def test_an_unknown_child_without_weight_voids_nothing() -> None:
    assert scored(b.root(b.points("x", 0), b.points("y"), missing="void"), y=30).index == 3000


def test_what_is_not_applicable_leaves_a_group_that_unknowns_would_void() -> None:
    known = b.methodology(
        b.root(b.points("x", applies=b.compare(b.field("x"), "eq", 1)), b.points("y"), missing="void"),
        profile=(b.integer_field("x"),),
    )
    assert evaluate(known, b.submit({"y": {"hours": 30}}, {"x": 0})).index == 3000
    assert evaluate(known, b.submit({"y": {"hours": 30}}, {"x": 1})).index is None


@pytest.mark.parametrize("missing", ["zero", "leave", "void"])
def test_a_contradicted_answer_counts_the_least_whatever_is_missing(missing: Missing) -> None:
    known = b.methodology(
        b.root(b.ratio("x"), b.points("y"), missing=missing),
        rules=(b.rule("R", b.compare(b.fact("x", "numerator"), "le", 5), "x"),),
    )
    evaluation = evaluate(known, b.submit({"x": b.of(6, 6), "y": {"hours": 50}}))
    assert (evaluation.index, evaluation.index_max, evaluation.coverage) == (2500, 7500, Fraction(1, 2))


def test_too_little_that_remains_is_not_rated_and_is_asked_first() -> None:
    """N asks for 4/5 of its weight: without u there is 3/4. It leaves, whatever u would do."""
    assert evaluate(family("leave", "zero", rated_share=(4, 5)), b.scoring(k=80, o=40)).index == 4000
    # unknown children that do not leave remain
    assert evaluate(family("void", "zero", rated_share=(4, 5)), b.scoring(k=80, o=40)).index == 2000
    assert evaluate(family("zero", "zero", rated_share=(4, 5)), b.scoring(k=80, o=40)).index == 5000
    # exactly 3/4 is enough
    assert evaluate(family("leave", "zero", rated_share=(3, 4)), b.scoring(k=80, o=40)).index == 6000


def test_a_group_that_only_silence_took_away_keeps_its_place_in_coverage() -> None:
    """N is not rated without u, but what applies to it is known to 3/4; the index may lie above its maximum."""
    evaluation = evaluate(family("leave", "zero", rated_share=(4, 5)), b.scoring(k=0, o=100))
    assert evaluation.groups["N"] is None
    assert (evaluation.coverages["N"], evaluation.coverage) == (Fraction(3, 4), Fraction(7, 8))
    # u at its best: N (100 + 0)/4 = 25, (25 + 100)/2
    assert (evaluation.index, evaluation.index_max) == (10_000, 6250)
    assert evaluation.status == "sufficient"
    silent = evaluate(family("leave"), b.scoring(o=100))
    assert (silent.index, silent.coverage, silent.status) == (10_000, Fraction(1, 2), "insufficient_evidence")


def test_nothing_known_under_leave_is_no_index_and_no_division_by_zero() -> None:
    evaluation = scored(b.root(b.points("x"), b.points("y"), missing="leave"))
    assert (evaluation.index, evaluation.index_max, evaluation.status) == (None, 10_000, "not_rateable")
    assert evaluation.coverage == 0
    assert (evaluation.level, evaluation.blocked_by) == (None, [])


# --- gates over what is not there -----------------------------------------------------------------------------


def gated(holds: Compare, missing: Missing) -> Methodology:
    """N (u, and n where it applies) and o; level 2 asks for something that passes where it is not applicable."""
    n = b.group("N", b.points("u", applies=b.compare(b.field("applies"), "eq", 1)), missing=missing)
    gate = Gate(id="G", holds=holds, when_not_applicable="pass")
    return b.methodology(
        b.root(n, b.points("o", 9), missing=missing),
        profile=(b.integer_field("applies"),),
        levels=b.levels_of(gate),
        coverage=b.SOME,
    )


@pytest.mark.parametrize("node", ["u", "N"])
def test_the_score_of_what_only_silence_took_away_is_absent(node: str) -> None:
    """Not applicable, the gate passes; unknown, it fails."""
    known = gated(b.compare(b.score(node), "ge", 10), "leave")
    assert evaluate(known, b.submit({"o": {"hours": 50}}, {"applies": 0})).level == 2
    silent = evaluate(known, b.submit({"o": {"hours": 50}}, {"applies": 1}))
    assert (silent.level, silent.blocked_by[0].actual) == (1, None)


def test_the_least_of_dimensions_counts_silence() -> None:
    known = gated(b.compare(Minimum(of=(b.score("N"), b.score("o"))), "ge", 10), "leave")
    assert evaluate(known, b.submit({"o": {"hours": 50}}, {"applies": 0})).level == 2
    assert evaluate(known, b.submit({"o": {"hours": 50}}, {"applies": 1})).level == 1


# --- the published index --------------------------------------------------------------------------------------


def test_the_published_index_is_the_half_up_of_the_internal_one() -> None:
    """25 and 50: 37.5 -> 38; that is what gates, points and gains are of.

    Won: quotas 38·25/75 = 12.666… and 25.333…; floors 12.6 and 25.3, the tenth left to the larger remainder.
    From 25 to 52 the index goes to 51: 13 points; from 50 to 78 to 51.5 -> 52: 14.
    """
    known = b.methodology(
        b.root(b.ladder("a", points=(0, 25, 52)), b.ladder("b", points=(0, 25, 50, 78))),
        decimals=1,
        published=0,
        levels=b.levels_of(
            Gate(id="G", holds=b.compare(IndexOperand(), "ge", 38)),
            Gate(id="H", holds=b.compare(IndexOperand(), "ge", 39)),
        ),
    )
    submission = b.submit({"a": {"level": 1}, "b": {"level": 2}})
    evaluation = evaluate(known, submission)
    assert (evaluation.groups["index"], evaluation.index, evaluation.index_max) == (375, 380, 380)
    score = explain(known, submission)
    assert (score.index, score.index_max, score.level) == (38, 38, 2)
    assert [(gate.gate, gate.actual, gate.distance) for gate in score.level_details.blocked_by] == [("H", 38, 1)]
    assert [(known.id, known.possible, known.won) for known in score.indicators] == [("a", 50, 12.7), ("b", 50, 25.3)]
    steps = [indicator_of(score, name).next_step for name in ("a", "b")]
    assert [step.gain for step in steps if step is not None] == [13, 14]
    # √(25·50) = 35.3553… -> 35.4 -> 35
    assert score.index_geometric == 35
    assert_adds_up(score)


def published_nodes() -> Methodology:
    """D of one decimal holds E of none and d; level 2 asks 48.5 of D, level 3 of E 50, level 4 of E 51."""
    inner = msgspec.structs.replace(b.group("E", b.points("a"), b.points("c")), published_decimals=0)
    outer = msgspec.structs.replace(b.group("D", inner, b.points("d")), published_decimals=1)
    asked = [("D", 48.5), ("E", 50.0), ("E", 51.0)]
    gates = [
        Gate(id=f"L{number}", holds=b.compare(b.score(node), "ge", least))
        for number, (node, least) in enumerate(asked, 2)
    ]
    tree = b.root(outer, b.group("F", b.points("f")))
    return b.methodology(tree, levels=b.levels_of(*gates), coverage=b.SOME)


def test_a_node_is_published_half_up_and_counted_as_it_is() -> None:
    """E = (49 + 50)/2 = 49.50 -> 50; D = (49.50 + 47.40)/2 = 48.45 -> 48.5; the index is (48.45 + 0)/2 = 24.225."""
    known, submission = published_nodes(), b.scoring(a=49, c=50, d=47.4, f=0)
    score, outline, evaluation = (
        explain(known, submission),
        outline_score(known, submission),
        evaluate(known, submission),
    )
    for dimension in (dimension_of(score, "D"), outline.dimensions[0]):
        assert (dimension.score, dimension.score_max) == (48.5, 48.5)
        assert (dimension.groups[0].score, dimension.groups[0].score_max) == (50, 50)
    assert (score.index, evaluation.dimensions, evaluation.published_dimensions) == (24.23, [4845, 0], [4850, 0])
    assert_adds_up(score)
    assert score.level == 3
    (gate,) = score.level_details.blocked_by
    assert (gate.gate, gate.actual, gate.required, gate.distance) == ("L4", 50, 51, 1)


def test_columns_and_the_path_read_the_published_score_of_a_node() -> None:
    """E asks 51: a at its next goalpost, 100, makes it 75."""
    known = published_nodes()
    rows = [b.scoring(a=49, c=c, d=d, f=0) for c in (49, 50, 52, 53) for d in (47.3, 47.4, 60)]
    assert {1, 3, 4} <= set(assert_equal(known, rows).level.tolist())
    (move,) = find_level_path(known, b.scoring(a=49, c=50, d=47.4, f=0)).moves or ()
    assert (move.indicator, move.level) == ("a", 4)


def test_a_change_of_a_node_is_that_of_its_published_scores() -> None:
    """D from 48.5 to 60."""
    known = published_nodes()
    before, after = b.scoring(a=49, c=50, d=47.4, f=0), b.scoring(a=49, c=50, d=70.5, f=0)
    change = decompose_change(known, before, known, after)
    (found,) = [group for group in change.groups if group.id == "D"]
    assert found.parts is not None
    assert (found.score.before, found.score.after, found.parts.data) == (48.5, 60, 11.5)


# --- indicators directly below the root, and bare documents ---------------------------------------------------


def test_an_indicator_may_stand_below_the_root() -> None:
    known = b.methodology(b.root(b.points("a", 3), b.group("D", b.points("b"))))
    score = explain(known, b.scoring(a=50, b=10))
    assert score.index == 40
    assert [group.id for group in score.dimensions] == ["D"]
    assert [indicator.id for indicator in score.indicators] == ["a"]
    assert [indicator.id for indicator in dimension_of(score, "D").indicators] == ["b"]
    assert_adds_up(score)
    # 50^(3/4) · 10^(1/4) = 33.4370…
    assert score.index_geometric == 33.44


def test_a_document_needs_no_more_than_its_tree() -> None:
    """No levels, rules, profile, nor texts: a published index is data."""
    a, c = (msgspec.structs.replace(b.points(name), windows=()) for name in "ab")
    bare = Document(version="bare", decimals=1, root=b.root(a, c))
    known = loader.read_methodology("bare", "draft", msgspec.json.encode(bare), {})
    score = explain(known, b.scoring(a=50, b=25.25))
    assert (score.index, score.status, score.level) == (37.7, "complete", None)
    assert (score.index_geometric, score.findings) == (None, ())
    assert_adds_up(score)


# --- groups with another score of one child ---------------------------------------------------------------------


def test_the_mean_is_a_line_in_the_score_of_each_child() -> None:
    """20 of weight 1 and 40 of weight 3: 35. With s instead of 20 it is (s + 120)/4."""
    known = scored(b.root(b.group("D", b.points("A"), b.points("B", 3))), A=20, B=40)
    there = scalar.build_group_sensitivity(known, known.compiled.groups["D"])
    assert there.child_scores == [2000, 4000]
    assert [there.rescore(0, units) for units in (2000, 3000, 2001)] == [3500, 3750, 3500]


@pytest.mark.parametrize("aggregation", ["geometric", "min", "sum"])
def test_no_other_group_is(aggregation: Aggregation) -> None:
    span = (0, 200) if aggregation == "sum" else (0, 100)
    tree = b.group("D", b.points("A"), b.points("B"), aggregation=aggregation, span=span)
    known = scored(b.root(tree, span=span), A=20, B=80)
    there = scalar.build_group_sensitivity(known, known.compiled.groups["D"])
    assert there.linear_terms == [None, None]
    assert there.rescore(0, 8000) == {"geometric": 8000, "min": 8000, "sum": 16_000}[aggregation]


def test_of_a_group_with_what_makes_it_unknown_no_child_is_and_of_one_beside_it_each() -> None:
    tree = b.root(b.group("V", b.points("A"), b.points("B"), missing="void"), b.group("D", b.points("C")))
    known = scored(tree, A=20, C=40)
    assert known.unknown == {"B"}
    lines = {
        name: scalar.build_group_sensitivity(known, known.compiled.groups[name]).linear_terms for name in ("V", "D")
    }
    assert (lines["V"], None in lines["D"]) == ([None, None], False)


def test_what_is_not_rated_has_no_coverage_and_no_lines() -> None:
    never = b.compare(b.field("open"), "eq", 1)
    known = b.methodology(b.root(b.group("D", b.points("A", applies=never))), profile=(b.integer_field("open"),))
    found = evaluate(known, b.submit({}, {"open": 0}))
    assert (found.status, found.coverage, found.coverages) == ("not_rateable", None, {"D": None, "index": None})
    assert scalar.build_group_sensitivity(found, found.compiled.groups["D"]).linear_terms == [None]
