"""Raw values and curves, exact to the half (SCORING, sections 2 and 3). Expected scores are hundredths."""

from __future__ import annotations

from fractions import Fraction

import pytest
from msgspec import structs

from actitud_api.engine.methodology.model import Curve, Indicator, Range, Sum
from actitud_api.engine.methodology.predicates import round_fact
from actitud_api.engine.methodology.requests.answers import FactValue
from actitud_api.engine.scoring.columns import build_columns, score_columns
from actitud_api.engine.scoring.evaluate import evaluate
from actitud_api.engine.scoring.explain import explain
from tests.unit.scoring import builders as b


def units(indicator: Indicator, facts: dict[str, FactValue], decimals: int = 2) -> int | None:
    """The score of one answer, in units of 10^-decimals."""
    known = b.methodology(b.root(b.group("D", indicator)), decimals=decimals)
    return evaluate(known, b.submit({indicator.id: facts})).results[0].score


@pytest.mark.parametrize(
    ("numerator", "denominator", "expected"),
    [
        (0, 7, 0),
        (1, 3, 3333),
        (2, 3, 6667),
        (1, 1, 10_000),
        (7, 7, 10_000),
        (9, 7, 10_000),  # clipped
        (1, 20_000, 1),  # 0.005, the half
        (3, 20_000, 2),  # 0.015, the half
        (1, 20_001, 0),
        (29, 400_000, 1),  # 0.00725
        (57, 80_000, 7),  # 0.07125
        (229, 20_000, 115),  # 1.145, the half, which a double holds as 1.1449999…
        (999_999, 1_000_000, 10_000),  # 99.9999
    ],
)
def test_a_ratio_is_exact_and_its_half_goes_up(numerator: int, denominator: int, expected: int) -> None:
    assert units(b.ratio("X"), b.of(numerator, denominator)) == expected


@pytest.mark.parametrize(("decimals", "expected"), [(0, 13), (1, 125), (2, 1250), (6, 12_500_000)])
def test_the_half_goes_up_at_any_decimals(decimals: int, expected: int) -> None:
    """1/8 of 100 is 12.5."""
    assert units(b.ratio("X"), b.of(1, 8), decimals) == expected


@pytest.mark.parametrize(("decimals", "expected"), [(0, 88), (1, 875)])
def test_and_up_where_lower_is_better(decimals: int, expected: int) -> None:
    """100 − 12.5 = 87.5."""
    assert units(b.ratio("X", knots=((0, 100), (1, 0))), b.of(1, 8), decimals) == expected


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        (0, 10_000),  # clipped
        (2, 10_000),
        (8, 8636),  # 100 − 50 · 6/22 = 86.3636…
        (24, 5000),
        (48, 2500),
        (72, 0),
        (1000, 0),
        (24.5, 4948),  # 50 − 50 · 0.5/48 = 49.4791…
    ],
)
def test_a_line_through_its_goalposts(hours: float, expected: int) -> None:
    assert units(b.amount("X", knots=((2, 100), (24, 50), (72, 0))), {"hours": hours}) == expected


@pytest.mark.parametrize(("hours", "expected"), [(0, 1000), (1, 1000), (2, 4000), (3, 4000), (4, 9000), (9, 9000)])
def test_ends_that_are_not_0_and_100_and_a_flat_segment(hours: float, expected: int) -> None:
    assert units(b.amount("X", knots=((1, 10), (2, 40), (3, 40), (4, 90))), {"hours": hours}) == expected


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        (0, 0),
        (0.05, 0),
        (0.3, 3891),  # ln 6 / ln 100 = 0.389075…
        (0.5, 5000),  # ln 10 / ln 100
        (1.581139, 7500),  # 0.05 · 100^0.75
        (5, 10_000),
        (7, 10_000),
    ],
)
def test_a_logarithmic_curve(hours: float, expected: int) -> None:
    assert units(b.amount("X", knots=((0.05, 0), (5, 100)), log=True), {"hours": hours}) == expected


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        (0.5, 500),  # below the first goalpost: its score
        (1, 500),
        (3.162278, 1750),  # half of the way from 5 to 30
        (10, 3000),
        (31.622777, 6500),
        (100, 10_000),
    ],
)
def test_a_logarithmic_curve_of_three_goalposts(hours: float, expected: int) -> None:
    assert units(b.amount("X", knots=((1, 5), (10, 30), (100, 100)), log=True), {"hours": hours}) == expected


@pytest.mark.parametrize(("hours", "expected"), [(1, 10_000), (10, 5000), (100, 0), (1000, 0)])
def test_a_logarithmic_curve_that_falls(hours: float, expected: int) -> None:
    assert units(b.amount("X", knots=((1, 100), (100, 0)), log=True), {"hours": hours}) == expected


@pytest.mark.parametrize(("level", "expected"), [(0, 0), (1, 1333), (2, 1333), (3, 10_000)])
def test_a_ladder_gives_the_score_of_its_step(level: int, expected: int) -> None:
    assert units(b.ladder("X", points=(0, 13.33, 13.33, 100)), {"level": level}) == expected


@pytest.mark.parametrize(("answer", "expected"), [(True, 10_000), (False, 0)])
def test_yes_and_no(answer: bool, expected: int) -> None:
    assert units(b.boolean("X"), {"value": answer}) == expected


@pytest.mark.parametrize(("count", "expected"), [(0, 0), (1, 1429), (3, 4286), (7, 10_000)])
def test_a_checklist_scores_by_how_many(count: int, expected: int) -> None:
    """Sevenths: 14.2857…, 42.8571…"""
    components = tuple(f"F{number}" for number in range(1, 8))
    known = b.checklist("X", 1, components, ((0, 0), (7, 100)))
    assert units(known, {"components": components[:count]}) == expected


def test_the_order_of_a_checklist_does_not_matter() -> None:
    known = b.checklist("X", 1, ("a", "b", "c"), ((0, 0), (3, 100)))
    assert units(known, {"components": ("c", "a")}) == units(known, {"components": ("a", "c")}) == 6667


@pytest.mark.parametrize(
    ("hours", "expected"),
    [(0.0000005, 1), (0.00000049, 0), (0.1, 100_000), (0.1234565, 123_457)],
)
def test_a_number_has_six_decimals_half_up(hours: float, expected: int) -> None:
    """On a line to 100 at x = 100 with 6 decimals, a unit is a millionth."""
    assert units(b.amount("X", knots=((0, 0), (100, 100))), {"hours": hours}, decimals=6) == expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (14.5, Fraction(29, 2)),
        (10.0, 10),
        (999_999_999.999999, Fraction(999_999_999_999_999, 10**6)),
        (1e23, 10**23),
        (1e300, 10**300),
    ],
)
def test_a_number_is_the_decimal_that_is_written(number: float, expected: Fraction | int) -> None:
    """The double of 1e23 is 99,999,999,999,999,991,611,392."""
    assert round_fact(number, 6) == expected


def test_a_goalpost_is_the_decimal_that_is_written() -> None:
    """0.1 + 0.2 is 0.3 here: 3/10 stands exactly on its goalpost."""
    assert units(b.ratio("X", knots=((0, 0), (0.3, 33.33), (1, 100))), b.of(3, 10)) == 3333


# --- lognormal ------------------------------------------------------------------------------------------------


def lognormal(p10: float, median: float, low: int = 0, high: int = 100, decimals: int = 6) -> Indicator:
    """A duration on the curve through p10 (9/10 of the range) and the median (1/2)."""
    nine, half = low + (high - low) * 0.9, low + (high - low) * 0.5
    knots = sorted(((p10, nine), (median, half)))
    return structs.replace(
        b.amount("X", knots=knots, minimum=-5, decimals=decimals),
        curve=Curve(kind="lognormal", goalposts=b.goalposts(knots)),
        range=Range(minimum=low, maximum=high),
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1000, 9000),
        (2000, 5000),
        (4000, 1000),  # as far above the median as p10 is below: 1 − 0.9
        (0, 10_000),
        (-5, 10_000),
        (1, 10_000),
        (1_000_000, 0),
        # Φ(1.28155…·log2(2000/1414.21356…)) = Φ(0.640775…) = 0.73916…
        (1414.213562, 7392),
        (2828.427125, 2608),
    ],
)
def test_a_lognormal_curve(value: float, expected: int) -> None:
    assert units(lognormal(1000, 2000), {"hours": value}) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(7300, 50), (3785, 90), (0, 100), (1000, 100), (2500, 98), (5000, 77), (7500, 48), (10_000, 27), (30_000, 0)],
)
def test_the_lognormal_curve_is_that_of_lighthouse(value: float, expected: int) -> None:
    """Google Lighthouse 13.4.1, shared/test/statistics-test.js: p10 3785, median 7300, two decimals of 1."""
    assert units(lognormal(3785, 7300), {"hours": value}, decimals=0) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [(1000, 9000), (500, 5000), (250, 1000), (0, 0), (-5, 0), (1_000_000, 10_000)]
)
def test_a_lognormal_curve_that_rises(value: float, expected: int) -> None:
    assert units(lognormal(1000, 500), {"hours": value}) == expected


def test_a_lognormal_curve_goes_through_its_control_points() -> None:
    """To the last of 6 decimals, also where a double gives 0.8999999999999999."""
    for p10, median in ((1000, 2000), (2000, 1000), (0.1, 0.25), (0.7, 0.3), (3, 10), (5, 7)):
        at = {x: units(lognormal(p10, median), {"hours": x}, decimals=6) for x in (p10, median)}
        assert at == {p10: 90_000_000, median: 50_000_000}


def test_a_lognormal_curve_fills_the_range_of_its_indicator() -> None:
    """Of 10 to 20: 19 at p10, 15 at the median, 20 at 0."""
    known = b.methodology(b.root(lognormal(1000, 2000, 10, 20), span=(10, 20)))
    found = [evaluate(known, b.submit({"X": {"hours": hours}})) for hours in (1000, 2000, 0, 1_000_000)]
    assert [evaluation.index for evaluation in found] == [1900, 1500, 2000, 1000]
    assert [evaluation.results[0].code for evaluation in found] == ["partial", "partial", "full", "zero"]
    # unknown, at its best it reaches the top of the range, beyond p10
    assert evaluate(known, b.submit({})).index_max == 2000


# --- decimals of facts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("decimals", "value", "expected"),
    [
        (12, 0.000000000001, 1),  # of a curve to 100 at 10^-10: a hundredth is 10^-12·100/100
        (12, 0.0000000000005, 1),  # half up to 12 decimals
        (12, 0.00000000000049, 0),
        (0, 0.5, 10_000),
        (0, 0.49, 0),
    ],
)
def test_a_fact_keeps_the_decimals_that_its_document_states(decimals: int, value: float, expected: int) -> None:
    known = b.amount("X", knots=((0, 0), (0.00000001, 100)), decimals=decimals, maximum=1_000)
    assert units(known, {"hours": value}) == expected
    if decimals == 12:
        score = explain(b.methodology(b.root(known)), b.submit({"X": {"hours": value}}))
        (shown,) = score.indicators
        assert shown.value == shown.reason.parameters.facts["hours"] == expected * 1e-12


def test_the_digest_tells_a_difference_in_the_last_decimal_of_a_fact() -> None:
    fine = b.methodology(b.root(b.amount("X", decimals=9, maximum=9)))
    digests = [explain(fine, b.submit({"X": {"hours": x}})).input_digest for x in (0.5, 0.500000001, 0.5000000001)]
    assert digests[0] == digests[2] != digests[1]


def test_a_ladder_ends_where_its_levels_do() -> None:
    """Three hours more than the last of five levels are the last, and two less than the first are the first."""
    shifted = Sum(of=(b.fact("L", "level"), b.field("more")))
    ladder = structs.replace(b.ladder("L"), value=shifted)
    more = structs.replace(b.integer_field("more"), minimum=-4)
    known = b.methodology(b.root(b.group("D", ladder)), profile=(more,))
    submissions = [b.submit({"L": {"level": level}}, {"more": extra}) for level, extra in ((4, 3), (2, -4), (2, 1))]
    assert [evaluate(known, submission).index for submission in submissions] == [10_000, 0, 7_500]
    assert score_columns(build_columns(known, submissions)).index.tolist() == [10_000, 0, 7_500]
