"""Unit cases of the R package COINr 1.1.14 (William Becker, MIT): those whose function a document can state.

Scores are 0 to so many points and have at most 6 decimals, so that a case of 1e-9 is stated with 1,000 points for 1.
Outliers, outranking and scaling by the sample are not functions of one organisation and have no place in a document;
a distance to a target beyond 1 is clipped, because a range is a promise.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, cast

import msgspec
import pytest

from actitud_api.engine.scoring.evaluate import evaluate
from tests.cases import reading
from tests.cases.reading import Knots
from tests.support.shared import shared

Case = dict[str, Any]  # a case is whatever its function takes
THOUSAND = 1_000
"""Points that stand for 1."""
WITHIN = 1e-9


def cases(function: str) -> list[Case]:
    found = [
        cast("Case", case)
        for case in msgspec.json.decode(shared("cases/coinr_units/cases.json"))["cases"]
        if case["fn"] == function
    ]
    assert found, function
    return found


def normalised(x: float, knots: Knots) -> float:
    """What the curve gives, 0 to 1."""
    tree = reading.group("index", [reading.quantity("only", knots, maximum=THOUSAND)], maximum=THOUSAND)
    index = evaluate(reading.made(tree), reading.numbers({"only": x})).index
    assert index is not None
    return index / THOUSAND / 10**6


def aggregated(
    x: list[float | None],
    w: list[int],
    aggregation: str,
    exponent: float | None = None,
    rated: tuple[int, int] = (0, 1),
) -> float | None:
    """What an aggregation of values of 0 to 10 gives."""
    most = 10 * THOUSAND
    children = [
        reading.quantity(f"x{i}", ((0, 0), (10, most)), maximum=most, weight=weight) for i, weight in enumerate(w)
    ]
    tree = reading.group("index", children, maximum=most, aggregation=aggregation, exponent=exponent, rated=rated)
    index = evaluate(reading.made(tree), reading.numbers({f"x{i}": value for i, value in enumerate(x)})).index
    return None if index is None else index / THOUSAND / 10**6


def test_goalposts_with_a_direction() -> None:
    for case in cases("goalposts"):
        ends = ((case["lo"], 0), (case["hi"], THOUSAND))
        knots = ends if case["direction"] == 1 else ((case["lo"], THOUSAND), (case["hi"], 0))
        assert [normalised(x, knots) for x in case["x"]] == pytest.approx(case["expected"], abs=WITHIN)


def test_distance_to_a_target() -> None:
    tried = 0
    for case in cases("dist2targ"):
        if not case["cap"]:
            continue
        tried += 1
        target, far = case["targ"], 0 if case["direction"] == 1 else 10
        knots = tuple(sorted([(far, 0), (target, THOUSAND)]))
        assert [normalised(x, knots) for x in case["x"]] == pytest.approx(case["expected"], abs=WITHIN)
    assert tried == 2


def test_geometric_means() -> None:
    means = [case for case in cases("gmean") if case["expected"] != "error"]
    assert len(means) == 2
    for case in means:
        assert aggregated(case["x"], case["w"], "geometric") == pytest.approx(case["expected"], abs=WITHIN)


def test_a_zero_makes_a_geometric_mean_zero() -> None:
    """Where COINr stops with an error: scores are never below 0, and 0 is the product with 0."""
    refused = [case for case in cases("gmean") if case["expected"] == "error"]
    assert len(refused) == 2
    for case in refused:
        assert aggregated(case["x"], case["w"], "geometric") == 0


def test_harmonic_means() -> None:
    for case in cases("hmean"):
        assert aggregated(case["x"], case["w"], "harmonic") == pytest.approx(case["expected"], abs=WITHIN)


def test_power_means() -> None:
    for case in cases("genmean"):
        assert aggregated(case["x"], case["w"], "power", case["p"]) == pytest.approx(case["expected"], abs=WITHIN)


def test_a_threshold_of_what_is_there() -> None:
    """Exactly two thirds pass."""
    for case in cases("amean_thresh"):
        got = aggregated(case["x"], case["w"], "arithmetic", rated=(2, 3))
        assert got == (None if case["expected"] is None else pytest.approx(case["expected"], abs=WITHIN))


def test_a_mean_lies_between_the_means_of_lower_and_higher_exponents() -> None:
    """The inequality of power means, on the values of the cases: min, -1, 0, 1, 2 in this order."""
    x: list[float | None] = [1, 2, 3]
    w = [1, 1, 2]
    found = [
        aggregated(x, w, *how) for how in (("min",), ("harmonic",), ("geometric",), ("arithmetic",), ("power", 2.0))
    ]
    assert all(a is not None and b is not None and a < b for a, b in pairwise(found))
