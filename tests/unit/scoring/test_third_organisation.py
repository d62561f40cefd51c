"""A third organisation, invented, under 2026.1: every state, and the arithmetic beside each figure.

Mancomunidad del Valle Inventado: 30,000 people, 40 employees in one unit, four active accounts, all open. Its
number of services (0) is only declared; some answers are only declared, some were set aside in review, some are
missing, some contradict each other. The figures were worked out on paper from SCORING and the catalogue before the
engine ran on them.
"""

from __future__ import annotations

from fractions import Fraction

import msgspec
import pytest

from actitud_api.engine.methodology import loader
from actitud_api.engine.methodology.requests.answers import FactValue, Submission
from actitud_api.engine.scoring.evaluate import evaluate
from actitud_api.engine.scoring.explain import explain
from actitud_api.engine.scoring.result import ReasonParameters, Score
from tests.unit.scoring.builders import decode
from tests.unit.scoring.sheets import assert_adds_up, dimension_of, indicator_of, points, step_of

METHODOLOGY = loader.load_methodology("2026.1")

REQUEST: dict[str, object] = {
    "methodology": "2026.1",
    "profile": {
        "org_type": "SUP",
        "population_served": 30_000,
        "employees": 40,
        "units": 1,  # D1.05 is not applicable
        "languages": 1,
        "foreign_share": 0.02,  # D7.06 is not applicable
        "accounts_total": 5,
        "accounts_active": 4,
        "accounts_dormant": 1,
        "platforms_active": 2,
        "accounts_open": 4,
        "followers_largest": 3_000,
        "followers_measured": 5_000,
        "own_posts_w90": 60,  # the content sample is min(100, 60) = 60
        "public_replies_w90": 40,
        "messages_w90": 50,
        "messages_w12": 220,
        "critical_messages": 10,
        "error_log": "empty",  # D5.07 is 0 by rule
        "services": 0,  # would exclude D7.04, but is only declared
        "visual_posts": 24,
        "foreign_language_messages": 0,
        # incidents is left to its default, 0: D6.05 is not applicable
    },
    "profile_self_declared": ["services"],
    "answers": {
        "D1.01": {"numerator": 24, "denominator": 36},
        "D1.02": {"level": 3, "basis": "self_declared"},
        "D1.03": {"numerator": 3, "denominator": 40},
        "D1.04": {"numerator": 2, "base": 40},
        "D1.06": {"level": 3},
        "D2.01": {"numerator": 12, "denominator": 60},
        "D2.02": {"components": ["c1", "c2", "c6"], "outside_remit": ["c4"]},
        "D2.03": {"numerator": 9, "denominator": 12},
        "D2.04": {"numerator": 4, "denominator": 4},
        "D2.05": {"level": 1, "basis": "self_declared"},
        "D2.06": {"level": 4},
        "D3.01": {"numerator": 2, "denominator": 5},
        "D3.04": {"level": 2},
        "D3.05": {"numerator": 5, "denominator": 4},
        "D3.06": {"count": 1},
        "D4.01": {"level": 0},
        "D4.03": {"numerator": 1, "denominator": 2},
        "D4.04": {"components": ["c1", "c2", "c8"]},
        "D4.05": {"level": 1},
        "D4.06": {"level": 2},
        "D4.07": {"count": 3},
        "D5.01": {"count": 2},
        "D5.02": {"level": 1},
        "D5.03": {"level": 2},
        "D5.04": {"numerator": 6, "denominator": 60},
        "D5.05": {"numerator": 30, "denominator": 60},
        "D5.06": {"numerator": 30, "denominator": 40},
        "D5.08": {"numerator": 15, "denominator": 60},
        "D6.01": {"count": 2},
        "D6.03": {"level": 1},
        "D6.06": {"value": True, "basis": "self_declared"},
        "D7.01": {"numerator": 1, "denominator": 3},
        "D7.02": {"numerator": 3_000, "base": 30_000},
        "D7.03": {"level": 2},
        "D7.05": {"numerator": 6, "denominator": 24},
        "D7.07": {"level": 1},
        "D7.08": {"value": False},
        "D8.01": {"replies": 40, "posts": 60},
        "D8.02": {"numerator": 24, "denominator": 60},
        "D8.03": {"numerator": 30, "denominator": 60},
        "D8.04": {"level": 2},
        "D8.05": {"level": 0},
        "D8.06": {"interactions": 150, "posts": 60, "followers": 5_000},
        "D8.07": {"components": ["c1"]},
        "D9.01": {"numerator": 30, "denominator": 50, "answered_private": 5, "basis": "self_declared"},
        "D9.02": {"hours": 10},
        "D9.03": {"level": 4},
        "D9.04": {"numerator": 5, "denominator": 10},
        "D9.05": {"level": 0},
        "D9.06": {"value": True},
        "D9.07": {"count": 0},
        "D10.01": {"level": 3},
        "D10.02": {"components": ["F2", "F3", "F7"]},
        "D10.04": {"hours": 25},
        "D10.05": {"level": 2},
        "D10.06": {"numerator": 0.2, "base": 40},
        "D10.07": {"level": 4},
    },
}

EXPECTED: dict[str, tuple[str, str, float | None]] = {
    "D1.01": ("observed", "partial", 66.67),  # 24/36 = 2/3 -> 66.666…
    "D1.02": ("observed", "capped", 50),  # level 3 is 75, only declared: 50
    "D1.03": ("observed", "partial", 37.5),  # 3/40 = 0.075; 50 · 0.075/0.1
    "D1.04": ("observed", "partial", 64.29),  # 2/40 · 1000 = 50; 50 + 50 · 20/70 = 64.2857…
    "D1.05": ("not_applicable", "not_applicable", None),  # units = 1 < 2
    "D1.06": ("unknown", "contradicted", 0),  # V20: level 3 without a strategy (D4.01 is 0)
    "D2.01": ("observed", "partial", 50),  # 12/60 = 0.2, the goalpost
    "D2.02": ("observed", "partial", 33.33),  # 3 / max(1, 10 − 1) = 1/3
    "D2.03": ("observed", "partial", 75),  # 9/12
    "D2.04": ("observed", "full", 100),  # 4/4
    "D2.05": ("observed", "partial", 25),  # level 1, only declared, below the cap
    "D2.06": ("unknown", "withdrawn", 0),
    "D3.01": ("observed", "partial", 32.84),  # 2/5 = 0.4; 25 + 75 · 0.07/0.67 = 32.8358…
    "D3.02": ("observed", "partial", 63.89),  # profile 1/5 = 0.2; 100 − 50 · 0.13/0.18 = 63.8888…
    "D3.03": ("unknown", "unknown", 0),
    "D3.04": ("observed", "partial", 50),
    "D3.05": ("unknown", "contradicted", 0),  # V01: 5 of 4
    "D3.06": ("observed", "partial", 25),  # 1 of 2 -> 50
    "D4.01": ("observed", "zero", 0),
    "D4.02": ("observed", "zero_by_rule", 0),  # D4.01 < 2
    "D4.03": ("observed", "partial", 50),  # 1/2
    "D4.04": ("observed", "partial", 37.5),  # 3 of 8
    "D4.05": ("observed", "partial", 25),
    "D4.06": ("observed", "partial", 50),
    "D4.07": ("unknown", "stale", 0),
    "D5.01": ("observed", "partial", 50),  # 2: 30 + 40 · 1/2
    "D5.02": ("observed", "partial", 25),
    "D5.03": ("unknown", "rejected", 0),
    "D5.04": ("observed", "partial", 26.32),  # 6/60 = 0.1; 50 · 0.1/0.19 = 26.3157…
    "D5.05": ("observed", "partial", 51.61),  # 30/60 = 0.5; 25 + 75 · 0.22/0.62 = 51.6129…
    "D5.06": ("observed", "partial", 81.25),  # 30/40 = 0.75; 50 + 50 · 0.25/0.4
    "D5.07": ("observed", "zero_by_rule", 0),  # the error log is empty
    "D5.08": ("observed", "partial", 50),  # 15/60 = 0.25; 60 · 0.25/0.3
    "D6.01": ("observed", "partial", 70),  # 2: 40 + 60 · 1/2
    "D6.02": ("unknown", "unknown", 0),
    "D6.03": ("observed", "partial", 25),
    "D6.04": ("unknown", "unknown", 0),
    "D6.05": ("not_applicable", "not_applicable", None),  # incidents = 0
    "D6.06": ("observed", "capped", 50),  # yes, only declared
    "D7.01": ("observed", "partial", 33.33),  # 1/3
    "D7.02": ("observed", "partial", 69.17),  # 100 per 1,000: 100 · 1.917323/2.771738 = 69.1740…
    "D7.03": ("observed", "partial", 50),
    "D7.04": ("unknown", "unknown", 0),  # services = 0 would exclude it, but is only declared
    "D7.05": ("observed", "partial", 25),  # 6/24 = 0.25; 50 · 0.25/0.5
    "D7.06": ("not_applicable", "not_applicable", None),  # one language, 2 % foreign population
    "D7.07": ("observed", "partial", 25),
    "D7.08": ("observed", "zero", 0),
    "D8.01": ("observed", "partial", 81.82),  # 40/100 = 0.4; 60 + 40 · 0.12/0.22 = 81.8181…
    "D8.02": ("observed", "partial", 33.33),  # 24/60 = 0.4; 50 − 50 · 0.1/0.3 = 33.3333…
    "D8.03": ("observed", "partial", 50),  # 30/60 = 0.5, the goalpost
    "D8.04": ("observed", "partial", 50),
    "D8.05": ("observed", "zero", 0),
    "D8.06": ("observed", "partial", 50),  # 150 · 1000/(60 · 5000) = 0.5; ln 10 / ln 100
    "D8.07": ("observed", "partial", 20),  # 1 of 5
    "D9.01": ("observed", "capped", 50),  # 30/50 = 0.6; 40 + 35 · 0.22/0.27 = 68.5185…, only declared: 50
    "D9.02": ("observed", "partial", 77.14),  # 10 h: 100 − 40 · 6/10.5 = 77.1428…
    "D9.03": ("observed", "full", 100),
    "D9.04": ("observed", "partial", 55.56),  # 5/10 = 0.5; 40 + 35 · 0.12/0.27 = 55.5555…
    "D9.05": ("observed", "zero", 0),
    "D9.06": ("observed", "full", 100),
    "D9.07": ("observed", "zero", 0),
    "D9.08": ("observed", "zero_by_rule", 0),  # D2.05 < 2 and no debate
    "D10.01": ("observed", "partial", 75),
    "D10.02": ("unknown", "unsupported", 0),  # V15.F7 needs D4.07, which does not count
    "D10.03": ("unknown", "unknown", 0),
    "D10.04": ("unknown", "unknown", 0),  # 25 h sent, but its zero rule needs D10.03
    "D10.05": ("observed", "partial", 50),
    "D10.06": ("observed", "partial", 30.1),  # 0.2 · 1000 / max(200, 40) = 1; ln 2 / ln 10 = 0.301029…
    "D10.07": ("observed", "full", 100),
}

DIMENSIONS: dict[str, tuple[float, float, float]] = {
    # score, score with every unknown at its best, coverage
    # D1, weight 85: 25·66.67 + 15·50 + 15·37.5 + 15·64.29 = 3943.60 -> 46.3952…; + 15·100 = 5443.60; 70/85
    "D1": (46.4, 64.04, 0.8235),
    # D2: 25·50 + 15·33.33 + 15·75 + 20·100 + 15·25 = 5249.95 -> 52.4995; + 10·100 = 6249.95; 90/100
    "D2": (52.5, 62.5, 0.9),
    # D3: 20·32.84 + 15·63.89 + 20·50 + 10·25 = 2865.15 -> 28.6515; + (15 + 20)·100 = 6365.15; 65/100
    "D3": (28.65, 63.65, 0.65),
    # D4: 15·50 + 15·37.5 + 10·25 + 20·50 = 2562.50 -> 25.625, the exact half; + 10·100 = 3562.50; 90/100
    "D4": (25.63, 35.63, 0.9),
    # D5: 15·50 + 15·25 + 10·26.32 + 15·51.61 + 20·81.25 + 10·50 = 4287.35; + 10·100 = 5287.35; 90/100
    "D5": (42.87, 52.87, 0.9),
    # D6, weight 90: 25·70 + 15·25 + 10·50 = 2625 -> 29.1666…; + 40·100 = 6625 -> 73.6111…; 50/90
    "D6": (29.17, 73.61, 0.5556),
    # D7, weight 95: 20·33.33 + 10·69.17 + 15·50 + 15·25 + 10·25 = 2733.30 -> 28.7715…; + 1500 -> 44.5610…; 80/95
    "D7": (28.77, 44.56, 0.8421),
    # D8: 25·81.82 + 15·33.33 + 30·50 + 10·50 + 5·50 + 5·20 = 4895.45 -> 48.9545; nothing unknown
    "D8": (48.95, 48.95, 1),
    # D9: 25·50 + 10·77.14 + 15·100 + 15·55.56 + 5·100 = 4854.80 -> 48.548; the cap of D9.01 stays in the maximum
    "D9": (48.55, 48.55, 1),
    # D10: 15·75 + 15·50 + 10·30.10 + 10·100 = 3176 -> 31.76; + (25 + 10 + 15)·100 = 8176; exactly 50/100
    "D10": (31.76, 81.76, 0.5),
}


@pytest.fixture(scope="module")
def reported() -> Submission:
    """As sent, with three answers that review set aside (the wire of the stateless call cannot say so)."""
    sent = decode(METHODOLOGY, msgspec.json.encode(REQUEST))
    return msgspec.structs.replace(sent, set_aside={"D2.06": "withdrawn", "D4.07": "stale", "D5.03": "rejected"})


@pytest.fixture(scope="module")
def score(reported: Submission) -> Score:
    return explain(METHODOLOGY, reported)


def test_indicators(score: Score) -> None:
    found = {
        indicator.id: (indicator.state, indicator.reason.code, indicator.score)
        for dimension in score.dimensions
        for indicator in dimension.indicators
    }
    assert found == EXPECTED


def test_dimensions(score: Score) -> None:
    found = {dimension.id: (dimension.score, dimension.score_max, dimension.coverage) for dimension in score.dimensions}
    assert found == DIMENSIONS


def test_index(score: Score) -> None:
    # 46.40 + 52.50 + 28.65 + 25.63 + 42.87 + 29.17 + 28.77 + 48.95 + 48.55 + 31.76 = 383.25 -> 38.325, half up
    assert score.index == 38.33
    # 64.04 + 62.50 + 63.65 + 35.63 + 52.87 + 73.61 + 44.56 + 48.95 + 48.55 + 81.76 = 576.12
    assert score.index_max == 57.61
    # mean of the ten logarithms 3.611928; e^3.611928 = 37.0374
    assert score.index_geometric == 37.04


def test_coverage_and_status(score: Score, reported: Submission) -> None:
    """14/17 + 9/10 + 13/20 + 9/10 + 9/10 + 5/9 + 16/19 + 1 + 1 + 1/2 = 469259/58140, of 10."""
    assert evaluate(METHODOLOGY, reported).coverage == Fraction(469259, 581400)
    assert score.coverage == 0.8071
    # at least 2/3 overall, and D10 has exactly the 1/2 that is asked
    assert score.status == "sufficient"


def test_level(score: Score) -> None:
    """Level 2: index ≥ 20 and an active account. Level 3 fails at the index, at D4, and at the response rate, which
    would be enough (0.6 ≥ 0.38) but is only declared; the lowest dimension (25.63 ≥ 20) and integrity hold."""
    assert (score.level, score.level_details.provisional) == (2, False)
    assert [(gate.gate, gate.actual, gate.required, gate.distance) for gate in score.level_details.blocked_by] == [
        ("L3.index", 38.33, 40, 1.67),
        ("L3.D4", 25.63, 40, 14.37),
        ("L3.D9.01", None, 0.38, None),
    ]


def test_points_of_the_dimensions(score: Score) -> None:
    """Possible 10.00 each. Won: 3833 hundredths over scores that sum to 38325: quotas 464.06, 525.07, 286.54,
    256.33, 428.76, 291.74, 287.74, 489.564, 485.563, 317.64; floors sum to 3828; the five left go to D5, D6, D7,
    D10 and D8."""
    assert [points(dimension) for dimension in score.dimensions] == [
        (10, 4.64, 5.36),
        (10, 5.25, 4.75),
        (10, 2.86, 7.14),
        (10, 2.56, 7.44),
        (10, 4.29, 5.71),
        (10, 2.92, 7.08),
        (10, 2.88, 7.12),
        (10, 4.9, 5.1),
        (10, 4.85, 5.15),
        (10, 3.18, 6.82),
    ]
    assert_adds_up(score)


def test_points_inside_d1(score: Score) -> None:
    """Possible, of 85: 294.12 and four times 176.47; floors sum to 998; the two left to D1.02 and D1.03, the first
    of four equal remainders. Won 464 over 166675, 75000, 56250, 96435, 0: 196.11, 88.24, 66.18, 113.46."""
    assert [points(indicator) for indicator in dimension_of(score, "D1").indicators] == [
        (2.94, 1.96, 0.98),
        (1.77, 0.88, 0.89),
        (1.77, 0.66, 1.11),
        (1.76, 1.14, 0.62),
        (None, None, None),
        (1.76, 0, 1.76),
    ]


def test_points_inside_d6(score: Score) -> None:
    """Possible, of 90: 277.78, 222.22, 166.67, 222.22, 111.11; floors sum to 998; the two left to D6.01 and D6.03.
    Won 292 over 175000, 0, 37500, 0, 50000: 194.67, 41.71, 55.62; floors sum to 290; D6.03 and D6.01."""
    assert [points(indicator) for indicator in dimension_of(score, "D6").indicators] == [
        (2.78, 1.95, 0.83),
        (2.22, 0, 2.22),
        (1.67, 0.42, 1.25),
        (2.22, 0, 2.22),
        (None, None, None),
        (1.11, 0.55, 0.56),
    ]


def test_points_inside_d10(score: Score) -> None:
    """Won 318 over 112500, 75000, 30100, 100000: 112.64, 75.09, 30.14 and 100.13, of which D10.07 can hold 100."""
    assert [points(indicator) for indicator in dimension_of(score, "D10").indicators] == [
        (1.5, 1.13, 0.37),
        (2.5, 0, 2.5),
        (1, 0, 1),
        (1.5, 0, 1.5),
        (1.5, 0.75, 0.75),
        (1, 0.3, 0.7),
        (1, 1, 0),
    ]


def test_main_reasons(score: Score) -> None:
    """Exact losses: D10.02 25/100·10 = 2.5; D6.02 and D6.04 20/90·10 = 2.22…; D3.05 and D4.01 2.0, of which the
    first in the document is the fourth."""
    assert [(reason.indicator, reason.lost) for reason in score.main_reasons] == [
        ("D10.02", 2.5),
        ("D6.02", 2.22),
        ("D6.04", 2.22),
        ("D3.05", 2),
    ]


def test_findings(score: Score) -> None:
    """V14 is a warning: level 4 of listening without a register. V15.F7 only lacks an answer: D4.07."""
    found = [
        (finding.rule, finding.severity, finding.code, finding.indicators, finding.missing)
        for finding in score.findings
    ]
    assert found == [
        ("V01.D3.05", "error", "contradicted", ("D3.05",), ()),
        ("V14", "warning", "contradicted", (), ()),
        ("V15.F7", "error", "unsupported", ("D10.02",), ("D4.07",)),
        ("V20", "error", "contradicted", ("D1.06",), ()),
    ]


def test_what_the_reasons_carry(score: Score) -> None:
    def given(name: str) -> ReasonParameters:
        return indicator_of(score, name).reason.parameters

    assert (given("D1.02").cap, given("D1.02").uncapped) == (50, 75)
    assert (given("D9.01").cap, given("D9.01").uncapped) == (50, 68.52)
    assert given("D1.06").rules == ("V20",)
    assert given("D3.05").rules == ("V01.D3.05",)
    assert (given("D10.02").rules, given("D10.02").missing) == (("V15.F7",), ("D4.07",))
    assert given("D7.04").fields == ("services",)
    assert given("D10.04").missing == ("D10.03",)
    assert given("D4.02").facts == {"D4.01.level": 0}
    assert given("D3.02").facts == {"accounts_dormant": 1, "accounts_total": 5}


def test_an_unanswered_indicator_does_not_wait_for_itself(score: Score) -> None:
    """D10.03 is 0 by rule where its own denominator is 0; while it is not answered it is simply not answered."""
    assert indicator_of(score, "D10.03").reason.parameters.missing == ()


def test_next_steps(score: Score) -> None:
    def brief(name: str) -> tuple[str, dict[str, FactValue], float | None]:
        step = step_of(score, name)
        return step.kind, step.change, step.gain

    # 36 of 36: D1 = (3943.60 − 1666.75 + 2500)/85 = 56.1982… -> 56.20; sum 393.05 -> 39.305 -> 39.31
    assert brief("D1.01") == ("improve", {"numerator": 36}, 0.98)
    # with evidence 75: D1 = (3943.60 + 375)/85 = 50.8070… -> 50.81; sum 387.66 -> 38.766 -> 38.77
    assert brief("D1.02") == ("evidence", {}, 0.44)
    # 4/40 = 0.1 -> 50: D1 = (3943.60 + 15·12.5)/85 = 48.6011… -> 48.60; sum 385.45 -> 38.545 -> 38.55
    assert brief("D1.03") == ("improve", {"numerator": 4}, 0.22)
    # goalpost 100 per 1,000: 4 of 40 -> 100: D1 = (3943.60 + 15·35.71)/85 = 52.6970… -> 52.70; 38.955 -> 38.96
    assert brief("D1.04") == ("improve", {"numerator": 4}, 0.63)
    assert brief("D1.06") == ("correct", {}, None)
    # lower is better: 3/60 = 0.05 -> 100: D2 = 64.9995 -> 65.00; sum 395.75 -> 39.575 -> 39.58
    assert brief("D2.01") == ("improve", {"numerator": 3}, 1.25)
    # all nine classes within the remit: D2 = 52.4995 + 15·66.67/100 = 62.50; sum 393.25 -> 39.325 -> 39.33
    assert brief("D2.02") == (
        "improve",
        {"components": ("c1", "c2", "c3", "c5", "c6", "c7", "c8", "c9", "c10")},
        1.0,
    )
    assert brief("D2.06") == ("report", {}, None)
    # without evidence level 2 gives the cap, 50: D2 = 56.2495 -> 56.25; sum 387.00 -> 38.70
    assert brief("D2.05") == ("improve", {"level": 2}, 0.37)
    # no dormant account: 0/5 ≤ 0.07 -> 100; the accounts must still make the total
    assert brief("D3.02")[:2] == ("improve", {"accounts_dormant": 0})
    assert step_of(score, "D3.02").requires == ("V06.total",)
    assert brief("D4.02") == ("unlock", {}, None)
    assert brief("D7.04") == ("evidence", {}, None)
    # replies/(replies + 60) ≥ 0.5: 60; V32 asks the profile to follow
    assert brief("D8.01")[:2] == ("improve", {"replies": 60})
    assert step_of(score, "D8.01").requires == ("V32.replies",)
    # 4 h -> 100: D9 = 48.548 + 10·22.86/100 = 50.834 -> 50.83; sum 385.53 -> 38.553 -> 38.55
    assert brief("D9.02") == ("improve", {"hours": 4}, 0.22)
    assert indicator_of(score, "D9.03").next_step is None
    assert brief("D10.02") == ("report", {}, None)
    # 1 FTE · 1000/200 = 5 -> 100: D10 = 31.76 + 6.99 = 38.75; sum 390.24 -> 39.024 -> 39.02
    assert brief("D10.06") == ("improve", {"numerator": 1}, 0.69)
