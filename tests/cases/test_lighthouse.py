"""Google Lighthouse 13.4.1 (Apache-2.0): its log-normal curve, its sample report, its unit cases.

Lighthouse adds a twentieth of what lies above 0.9 and floors to two decimals (core/audits/audit.js): both are done here
to what the curve gives, because a document states the curve that its page publishes, without them.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, cast

import msgspec
import pytest

from actitud_api.engine.scoring.evaluate import evaluate
from tests.cases import reading
from tests.cases.reading import Json
from tests.support.shared import shared

Case = dict[str, Any]  # a case is whatever its test states
HUNDRED = 100


def published(name: str) -> Any:
    return msgspec.json.decode(shared("cases/lighthouse/cases.json"))[name]


def lognormal(p10: float, median: float, value: float) -> float:
    """What the curve gives, 0 to 1, to 8 decimals."""
    knots = ((p10, 90), (median, 50))
    tree = reading.group(
        "index", [reading.quantity("audit", knots, maximum=HUNDRED, kind="lognormal")], maximum=HUNDRED
    )
    index = evaluate(reading.made(tree), reading.numbers({"audit": value})).index
    assert index is not None
    return index / HUNDRED / 10**6


def floored(score: float) -> float:
    return math.floor((score + max(0.0, 0.05 * (score - 0.9))) * 100) / 100


@pytest.mark.parametrize("position", range(5))
def test_the_metrics_of_the_sample_report(position: int) -> None:
    case = published("lognormal")[position]
    assert floored(lognormal(case["p10"], case["median"], case["value"])) == case["expected_2dp"]


def test_the_unit_cases_of_the_curve() -> None:
    cases = cast("list[Case]", published("lognormal_unit"))
    assert len(cases) == 11
    for case in cases:
        within = 1e-6 if case["decimals"] is None else 0.5 * 10 ** -case["decimals"]
        got = lognormal(case["p10"], case["median"], case["value"])
        assert got == pytest.approx(case["expected"], abs=within), case


def mean(items: list[tuple[float | None, float]]) -> float | None:
    """The weighted mean of scores of 0 to 1; what has no score is not applicable and leaves, whatever it weighs."""
    weights = [Fraction(weight).limit_denominator(1000) for _, weight in items]
    scale = math.lcm(*(weight.denominator for weight in weights))
    children: list[Json] = [
        reading.quantity(f"audit-{i}", ((0, 0), (1, HUNDRED)), maximum=HUNDRED, weight=int(weight * scale))
        for i, weight in enumerate(weights)
    ]
    tree = reading.group("category", children, maximum=HUNDRED)
    scores = {f"audit-{i}": score for i, (score, _) in enumerate(items)}
    index = evaluate(reading.made(tree), reading.numbers(scores)).index
    return None if index is None else index / HUNDRED / 10**6


@pytest.mark.parametrize("category", ["performance", "accessibility", "best-practices", "seo", "agentic-browsing"])
def test_the_categories_of_the_sample_report(category: str) -> None:
    """One audit of `seo` weighs 93/23: with whole weights the others weigh 23."""
    case = published("categories")[category]
    items = [
        (item["score"] if item["mode"] not in ("notApplicable", "manual") else None, item["weight"])
        for item in case["items"]
    ]
    got = mean(items)
    assert got is not None
    assert round(got, 2) == case["expected_score"] or math.floor(got * 100) / 100 == case["expected_score"]


def test_the_unit_cases_of_the_mean() -> None:
    for case in published("arithmetic_mean_unit"):
        if case["items"]:
            assert mean([(score, weight) for score, weight in case["items"]]) == pytest.approx(case["expected"])


def test_what_is_not_applicable_leaves() -> None:
    """A score of 1 of something that is not applicable is no pass: traps of these sources."""
    case = published("na_unit")
    items = [(item["score"] if item["mode"] != "notApplicable" else None, item["weight"]) for item in case["items"]]
    assert mean(items) == case["expected"]


def test_nothing_applicable_is_no_score_and_no_division_by_zero() -> None:
    assert mean([(None, 1), (None, 2)]) is None
