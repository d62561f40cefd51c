"""Aggregation, coverage, status, and nodes that are not rated (SCORING, sections 4 and 5)."""

from __future__ import annotations

from fractions import Fraction

import pytest

from actitud_api.engine.methodology.model import Group, Indicator
from actitud_api.engine.scoring.evaluate import evaluate
from actitud_api.engine.scoring.explain import explain
from tests.unit.scoring import builders as b
from tests.unit.scoring.sheets import assert_adds_up, dimension_of, indicator_of, points

YES = {"value": True}


def only(name: str, weight: int = 1) -> Indicator:
    """An indicator that applies where the profile field of its name is 1."""
    return b.boolean(name, weight, applies=b.compare(b.field(name), "eq", 1))


# --- aggregation ----------------------------------------------------------------------------------------------


def test_every_node_is_quantised_and_what_is_published_is_what_is_summed() -> None:
    """S = (0 + 0 + 100)/3 = 33.33; D1 = (33.33 + 2·50)/3 = 44.4433… -> 44.44; D2 = 100/3 = 33.33.

    Index (2·44.44 + 33.33)/3 = 40.7366… -> 40.74.
    """
    known = b.methodology(
        b.root(
            b.group(
                "D1",
                b.group("S", b.boolean("s1"), b.boolean("s2"), b.boolean("s3")),
                b.ladder("a", 2),
                weight=2,
            ),
            b.group("D2", b.boolean("x"), b.boolean("y"), b.boolean("z")),
        )
    )
    no, half = {"value": False}, {"level": 2}
    score = explain(
        known,
        b.submit({"s1": no, "s2": no, "s3": YES, "a": half, "x": no, "y": YES, "z": no}),
    )
    assert [dimension.score for dimension in score.dimensions] == [44.44, 33.33]
    assert score.index == 40.74
    assert evaluate(known, b.submit({"s3": YES})).groups["S"] == 3_333


def test_the_half_goes_up() -> None:
    """Two ladders 0 and 25 with weights 1999 and 1: 25/2000 = 0.0125 -> 0.01; with 999 and 1: 0.025 -> 0.03."""

    def index(weight: int) -> int | None:
        known = b.methodology(b.root(b.group("D", b.ladder("A", weight), b.ladder("B", 1))))
        return evaluate(known, b.submit({"A": {"level": 0}, "B": {"level": 1}})).index

    assert index(1999) == 1
    assert index(999) == 3
    assert index(199) == 13  # 0.125
    assert index(4999) == 1  # 0.005


@pytest.mark.parametrize(("decimals", "index"), [(0, 67), (1, 66.7), (2, 66.67), (4, 66.6667), (6, 66.666667)])
def test_decimals_are_the_document_s(decimals: int, index: float) -> None:
    known = b.methodology(b.root(b.group("D", b.boolean("x"), b.boolean("y"), b.boolean("z"))), decimals=decimals)
    score = explain(known, b.submit({"x": YES, "y": YES, "z": {"value": False}}))
    assert score.index == index
    assert_adds_up(score)


def test_a_child_of_weight_0_takes_part_in_nothing() -> None:
    known = b.methodology(b.root(b.group("D", b.boolean("x", 0), b.boolean("y", 1))))
    score = explain(known, b.submit({"y": {"value": False}}))
    assert (score.index, score.index_max, score.coverage) == (0, 0, 1)
    assert points(indicator_of(score, "x")) == (0, 0, 0)
    assert [reason.indicator for reason in score.main_reasons] == ["y"]
    assert score.status == "complete"


# --- coverage and status --------------------------------------------------------------------------------------


def dimension(name: str, known: int, unknown: int) -> Group:
    """Two yes/no indicators: `name` + k is answered in the tests, `name` + u is not."""
    return b.group(name, b.boolean(f"{name}k", known), b.boolean(f"{name}u", unknown))


@pytest.mark.parametrize(
    ("shares", "coverage", "status"),
    [
        (((1, 1), (1, 1), (1, 0)), Fraction(2, 3), "sufficient"),  # exactly 2/3, and exactly 1/2 in D1 and D2
        (((1, 1), (1, 1), (999, 1)), Fraction(1999, 3000), "insufficient_evidence"),  # below 2/3
        (((50, 51), (1, 0), (1, 0)), Fraction(252, 303), "insufficient_evidence"),  # D1 below 1/2
        (((51, 50), (1, 0), (1, 0)), Fraction(253, 303), "sufficient"),
        (((1, 0), (1, 0), (1, 0)), Fraction(1), "complete"),
        (((999, 1), (1, 0), (1, 0)), Fraction(2999, 3000), "sufficient"),
    ],
)
def test_coverage_is_compared_exactly(shares: tuple[tuple[int, int], ...], coverage: Fraction, status: str) -> None:
    groups = [
        dimension(f"D{number}", known, unknown) if unknown else b.group(f"D{number}", b.boolean(f"D{number}k", known))
        for number, (known, unknown) in enumerate(shares, start=1)
    ]
    known = b.methodology(b.root(*groups))
    evaluation = evaluate(known, b.submit({f"D{number}k": YES for number in (1, 2, 3)}))
    assert evaluation.coverage == coverage
    assert str(evaluation.status) == status
    if status == "insufficient_evidence":
        assert (evaluation.level, evaluation.blocked_by) == (None, [])
        assert evaluation.index is not None
    else:
        assert evaluation.level == 1


def test_a_dimension_of_weight_0_has_no_say_in_the_status() -> None:
    """In D 2/3 is known; nothing is in E, which takes part in nothing."""
    known = b.methodology(b.root(dimension("D", 2, 1), b.group("E", b.boolean("x"), weight=0)))
    assert evaluate(known, b.submit({"Dk": YES})).status == "sufficient"


def test_coverage_is_shown_with_four_decimals_half_up() -> None:
    known = b.methodology(b.root(dimension("D", 13, 3)))  # 13/16 = 0.8125
    assert explain(known, b.submit({"Dk": YES})).coverage == 0.8125
    known = b.methodology(b.root(dimension("D", 17, 15)))  # 17/32 = 0.53125
    assert explain(known, b.submit({"Dk": YES})).coverage == 0.5313


def test_coverage_is_over_what_remains() -> None:
    """`left` is not applicable: known 1 of 2."""
    known = b.methodology(
        b.root(b.group("D", b.boolean("k"), b.boolean("u"), only("left"))), profile=(b.integer_field("left"),)
    )
    evaluation = evaluate(known, b.submit({"k": YES}, {"left": 0}))
    assert evaluation.coverage == Fraction(1, 2)


# --- not rated ------------------------------------------------------------------------------------------------


def test_exactly_half_of_the_weight_is_enough_to_be_rated() -> None:
    known = b.methodology(
        b.root(b.group("D", b.boolean("a", 2), only("b1"), only("b2")), b.group("E", b.boolean("e"))),
        profile=(b.integer_field("b1"), b.integer_field("b2")),
    )
    score = explain(known, b.submit({"a": YES, "e": {"value": False}}, {"b1": 0, "b2": 0}))
    assert dimension_of(score, "D").score == 100
    assert score.index == 50


def test_a_dimension_with_less_leaves_and_its_weight_is_shared() -> None:
    """D keeps 49 of 100; E and F share the index 3 : 1; what D's indicators answered stays on their sheet."""
    known = b.methodology(
        b.root(
            b.group("D", b.boolean("a", 49), b.boolean("b", 51, applies=b.compare(b.field("b"), "eq", 1)), weight=9),
            b.group("E", b.boolean("e"), weight=3),
            b.group("F", b.boolean("f"), weight=1),
        ),
        profile=(b.integer_field("b"),),
    )
    score = explain(known, b.submit({"a": YES, "e": YES}, {"b": 0}))
    left = dimension_of(score, "D")
    assert (left.score, left.score_max, left.coverage, points(left)) == (None, None, None, (None, None, None))
    assert (indicator_of(score, "a").score, points(indicator_of(score, "a"))) == (100, (None, None, None))
    assert (score.index, score.index_max, score.coverage) == (75, 100, 0.75)
    assert points(dimension_of(score, "E")) == (75, 75, 0)
    assert points(dimension_of(score, "F")) == (25, 0, 25)
    assert [reason.indicator for reason in score.main_reasons] == ["f"]
    # F has coverage 0, below the half that each rated dimension needs
    assert score.status == "insufficient_evidence"
    assert_adds_up(score)


@pytest.mark.parametrize("applies", [(0, 0, 0), (1, 0, 0)])
def test_with_too_few_rated_dimensions_there_is_no_index(applies: tuple[int, int, int]) -> None:
    """Two rated dimensions are asked for; none, or one, is there. Nothing is divided by nothing."""
    names = ("a", "b", "c")
    known = b.methodology(
        b.root(*(b.group(name.upper(), only(name)) for name in names), rated_children=2),
        profile=tuple(b.integer_field(name) for name in names),
    )
    score = explain(known, b.submit({"a": {"value": False}}, dict(zip(names, applies, strict=True))))
    assert score.status == "not_rateable"
    assert (score.index, score.index_max, score.index_geometric, score.coverage) == (None, None, None, None)
    assert (score.level, score.level_details.blocked_by, score.main_reasons) == (None, (), ())
    assert dimension_of(score, "A").score == (0 if applies[0] else None)
    step = indicator_of(score, "a").next_step
    assert (step is None) == (applies[0] == 0)
    assert step is None or (step.gain, step.gain_max) == (None, None)
    assert_adds_up(score)


def test_two_rated_dimensions_of_three_make_an_index() -> None:
    names = ("a", "b", "c")
    known = b.methodology(
        b.root(*(b.group(name.upper(), only(name)) for name in names), rated_children=2),
        profile=tuple(b.integer_field(name) for name in names),
    )
    score = explain(known, b.submit({"a": YES, "b": {"value": False}}, {"a": 1, "b": 1, "c": 0}))
    assert (score.index, score.status) == (50, "complete")


# --- the additional index -------------------------------------------------------------------------------------


def test_the_geometric_index_counts_rated_dimensions_at_1_or_more() -> None:
    """Ladders 0/25/50/75/100, D2 weighs 3, D3 is not applicable: e^((ln 1 + 3·ln 25)/4) = 11.1803… -> 11.18."""
    known = b.methodology(
        b.root(
            b.group("D1", b.ladder("a")),
            b.group("D2", b.ladder("b"), weight=3),
            b.group("D3", only("c")),
        ),
        profile=(b.integer_field("c"),),
    )
    score = explain(known, b.submit({"a": {"level": 0}, "b": {"level": 1}}, {"c": 0}))
    assert score.index_geometric == 11.18
    assert score.index == 18.75
