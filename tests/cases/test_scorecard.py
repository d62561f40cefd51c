"""OpenSSF Scorecard (Apache-2.0): a mean weighted by risk, in which inconclusive checks leave.

Our own methodologies count an unknown as 0 on purpose: the last test shows by how much leaving flatters.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
import pytest

from actitud_api.engine.methodology.requests.answers import Submission
from actitud_api.engine.scoring.evaluate import evaluate
from tests.cases import reading
from tests.cases.reading import Json
from tests.support.shared import shared

TEN: Final = 10
WEIGHTS: Final = {"Critical": 20, "High": 15, "Medium": 10, "Low": 5}
"""Twice those of the source (10, 7.5, 5, 2.5), so that they are whole."""


def published() -> Any:
    return msgspec.json.decode(shared("cases/scorecard/cases.json"))


def aggregate(checks: list[tuple[str, str, int | None]], missing: str = "leave") -> float | None:
    """The aggregate of (check, risk, score of 0 to 10 or None), with one decimal."""
    children: list[Json] = [
        reading.quantity(name, ((0, 0), (10, TEN)), maximum=TEN, weight=WEIGHTS[risk]) for name, risk, _ in checks
    ]
    tree = reading.group("scorecard", children, maximum=TEN, missing=missing)
    methodology = reading.made(tree, published_decimals=1)
    index = evaluate(methodology, reading.numbers({name: score for name, _, score in checks})).index
    return None if index is None else index / 10**6


def results() -> list[tuple[float, list[tuple[str, str, int | None]]]]:
    return [
        (
            result["expected_score_1dp"],
            [(name, risk, None if score is None or score < 0 else score) for name, risk, score in result["checks"]],
        )
        for result in published()["published_results"]
    ]


def test_the_weights_are_those_of_the_source() -> None:
    assert {risk: weight / 2 for risk, weight in WEIGHTS.items()} == published()["weights"]


@pytest.mark.parametrize("position", range(6))
def test_the_published_aggregates(position: int) -> None:
    expected, checks = results()[position]
    assert aggregate(checks) == expected


def test_a_published_figure_that_its_own_checks_do_not_give() -> None:
    """The README prints 7.9; its checks with the current weights come to 5.3548…"""
    example = published()["readme_example"]
    checks = [(name, risk, score) for name, risk, score in example["checks"]]
    assert aggregate(checks) == round(example["recomputed_from_current_weights"], 1) == 5.4


def test_nothing_conclusive_is_no_score() -> None:
    assert aggregate([("A", "High", None), ("B", "Low", None)]) is None


def test_leaving_flatters_by_what_the_cases_say() -> None:
    """Unknown as 0 on the same checks: 0.6 to 1.6 of 10 points lower wherever something is inconclusive."""
    differences = []
    for _, checks in results():
        if any(score is None for _, _, score in checks):
            left, zero = aggregate(checks), aggregate(checks, "zero")
            assert left is not None
            assert zero is not None
            differences.append(round(left - zero, 1))
    assert differences
    assert all(0.6 <= difference <= 1.6 for difference in differences), differences


def proportional(groups: list[tuple[int, int, int]]) -> int | None:
    """Scorecard's weighted proportions of (successes, of, weight), floored; nothing to count of leaves."""
    children: list[Json] = [
        {
            "kind": "indicator",
            "id": f"g{i}",
            "weight": weight,
            "type": "ratio",
            "direction": "higher_is_better",
            "facts": [{"name": n, "type": "integer", "minimum": 0, "maximum": 1000} for n in ("met", "of")],
            "value": {
                "kind": "divide",
                "numerator": {"kind": "answer", "indicator": f"g{i}", "fact": "met"},
                "denominator": {"kind": "answer", "indicator": f"g{i}", "fact": "of"},
            },
            "step": "met",
            "range": {"maximum": TEN},
            "curve": {"kind": "linear", "goalposts": [{"x": 0, "score": 0}, {"x": 1, "score": TEN}]},
        }
        for i, (_, _, weight) in enumerate(groups)
    ]
    answers = {f"g{i}": {"met": met, "of": of} for i, (met, of, _) in enumerate(groups) if of}
    tree = reading.group("check", children, maximum=TEN)
    submission: Submission = reading.facts(answers)
    index = evaluate(reading.made(tree), submission).index
    return None if index is None else index // 10**6


def test_weighted_proportions() -> None:
    tried = 0
    for case in published()["proportional_weighted"]:
        groups = [(met, of, weight) for met, of, weight in case["groups"]]
        if any(weight for _, _, weight in groups):
            tried += 1
            assert proportional(groups) == (None if case["expected"] == -1 else case["expected"]), groups
    assert tried == 8


def test_proportions() -> None:
    for met, of, expected in published()["proportional"]:
        if of:
            assert proportional([(met, of, 1)]) == expected
