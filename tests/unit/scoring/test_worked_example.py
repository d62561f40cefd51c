"""SCORING, section 10, digit by digit: two dimensions, five indicators, by hand."""

from __future__ import annotations

from fractions import Fraction

import pytest

from actitud_api.engine.scoring.evaluate import evaluate
from actitud_api.engine.scoring.explain import explain
from actitud_api.engine.scoring.result import Score
from tests.unit.scoring import builders as b
from tests.unit.scoring.sheets import assert_adds_up, dimension_of, indicator_of, points

METHODOLOGY = b.methodology(
    b.root(
        b.group("D1", b.ratio("ratio", 3, ((0, 0), (0.8, 100))), b.ladder("ladder", 1)),
        b.group(
            "D2",
            b.boolean("boolean", 1),
            b.amount("duration", 2, ((2, 100), (24, 50), (72, 0))),
            b.boolean("third", 1, applies=b.compare(b.field("branches"), "ge", 1)),
        ),
    ),
    profile=(b.integer_field("branches"),),
    levels=b.staged(0, 20, 40, 60, 80, dimensions=("D1", "D2")),
)
REPORTED = b.submit(
    {"ratio": b.of(62, 124), "ladder": {"level": 3}, "duration": {"hours": 8.0}},
    {"branches": 0},
)


@pytest.fixture(scope="module")
def score() -> Score:
    return explain(METHODOLOGY, REPORTED)


def test_dimension_1(score: Score) -> None:
    assert indicator_of(score, "ratio").value == 0.5
    assert indicator_of(score, "ratio").score == 62.5
    assert indicator_of(score, "ladder").score == 75
    # (3·62.50 + 1·75.00) / 4 = 65.625, half up
    assert dimension_of(score, "D1").score == 65.63


def test_dimension_2(score: Score) -> None:
    assert (indicator_of(score, "boolean").state, indicator_of(score, "boolean").score) == ("unknown", 0)
    # 100 − 50·(6/22) = 86.3636…
    assert indicator_of(score, "duration").score == 86.36
    assert (indicator_of(score, "third").state, indicator_of(score, "third").score) == ("not_applicable", None)
    # (1·0 + 2·86.36) / 3 = 57.5733…
    assert dimension_of(score, "D2").score == 57.57


def test_index_and_bounds(score: Score) -> None:
    # (65.63 + 57.57) / 2
    assert score.index == 61.6
    # D2 = (100 + 172.72) / 3 = 90.9066…; (65.63 + 90.91) / 2 = 78.27
    assert dimension_of(score, "D1").score_max == 65.63
    assert dimension_of(score, "D2").score_max == 90.91
    assert score.index_max == 78.27


def test_coverage_status_and_level(score: Score) -> None:
    assert dimension_of(score, "D1").coverage == 1
    assert dimension_of(score, "D2").coverage == 0.6667
    assert score.coverage == 0.8333
    assert evaluate(METHODOLOGY, REPORTED).coverage == Fraction(5, 6)
    assert score.status == "sufficient"
    # the index allows 4 (≥ 60), its gate asks every dimension ≥ 40
    assert score.level == 4
    assert [(gate.gate, gate.actual, gate.required, gate.distance) for gate in score.level_details.blocked_by] == [
        ("L5.index", 61.6, 80, 18.4),
        ("L5.min", 57.57, 60, 2.43),
    ]


def test_points(score: Score) -> None:
    # won: quotas 32.815 and 28.785 of 61.60, floors and one unit left, equal remainders, document order
    assert points(dimension_of(score, "D1")) == (50, 32.82, 17.18)
    assert points(dimension_of(score, "D2")) == (50, 28.78, 21.22)
    # inside D1 23.443 and 9.377: floors 23.44 + 9.37, the unit to the larger remainder
    assert points(indicator_of(score, "ratio")) == (37.5, 23.44, 14.06)
    assert points(indicator_of(score, "ladder")) == (12.5, 9.38, 3.12)
    # inside D2 possible 16.67 (largest remainder of 16.666… and 33.333…) and 33.33; all is won by the duration
    assert points(indicator_of(score, "boolean")) == (16.67, 0, 16.67)
    assert points(indicator_of(score, "duration")) == (33.33, 28.78, 4.55)
    assert points(indicator_of(score, "third")) == (None, None, None)
    assert_adds_up(score)


def test_main_reasons(score: Score) -> None:
    """Exact losses: boolean 1/2·1/3·100 = 16.67, ratio 1/2·3/4·37.50 = 14.06, duration 1/2·2/3·13.64 = 4.55,
    ladder 1/2·1/4·25 = 3.13 (12.50 − 9.38 = 3.12 displayed)."""
    assert [(reason.indicator, reason.lost) for reason in score.main_reasons] == [
        ("boolean", 16.67),
        ("ratio", 14.06),
        ("duration", 4.55),
        ("ladder", 3.12),
    ]
