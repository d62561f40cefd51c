"""The catalogue's worked examples A and B: every published figure (CATALOGUE, section 10)."""

from __future__ import annotations

from functools import cache

import pytest

from actitud_api.engine.methodology import loader
from actitud_api.engine.scoring.explain import explain
from actitud_api.engine.scoring.result import Score
from tests.unit.scoring.builders import decode
from tests.unit.scoring.sheets import Published, assert_adds_up, case

EXAMPLES = ["example_a", "example_b"]
GEOMETRIC = {"example_a": 43.01, "example_b": 15.81}
"""`geometric_mean` of the catalogue's examples: the tenth root of the product of the ten dimension scores."""


@cache
def scored(name: str) -> tuple[Score, Published]:
    methodology = loader.load_methodology("2026.1")
    example = case(name)
    return explain(methodology, decode(methodology, bytes(example.request))), example.published


@pytest.mark.parametrize("name", EXAMPLES)
def test_indicator_scores(name: str) -> None:
    score, published = scored(name)
    found = {indicator.id: indicator.score for dimension in score.dimensions for indicator in dimension.indicators}
    assert found == published.indicators
    assert len(found) == 69


@pytest.mark.parametrize("name", EXAMPLES)
def test_states(name: str) -> None:
    """The catalogue's `zero_by_rule` is state observed, code zero_by_rule; its `rejected` unknown, contradicted."""
    on_the_wire = {"zero_by_rule": "observed", "rejected": "unknown"}
    codes = {"zero_by_rule": {"zero_by_rule"}, "rejected": {"contradicted"}, "not_applicable": {"not_applicable"}}
    score, published = scored(name)
    for dimension in score.dimensions:
        for indicator in dimension.indicators:
            state = published.states[indicator.id]
            assert indicator.state == on_the_wire.get(state, state), indicator.id
            assert indicator.reason.code in codes.get(state, {"full", "partial", "zero"}), indicator.id


@pytest.mark.parametrize("name", EXAMPLES)
def test_dimensions_index_and_coverage(name: str) -> None:
    score, published = scored(name)
    assert {dimension.id: dimension.score for dimension in score.dimensions} == published.dimensions
    assert {dimension.id: dimension.score_max for dimension in score.dimensions} == published.dimensions
    assert score.index == published.index
    assert score.index_max == published.index_max
    assert score.coverage == published.coverage
    assert score.status == published.status
    assert score.index_geometric == GEOMETRIC[name]


@pytest.mark.parametrize("name", EXAMPLES)
def test_level_and_what_blocks_the_next(name: str) -> None:
    score, published = scored(name)
    assert (score.level, score.level_details.provisional) == (published.level, published.provisional)
    found = [(gate.gate, gate.actual, gate.required, gate.distance) for gate in score.level_details.blocked_by]
    wanted = [(gate.gate, gate.actual, gate.required, gate.distance) for gate in published.blocked_by]
    assert found == wanted
    for gate, asked in zip(score.level_details.blocked_by, published.blocked_by, strict=True):
        assert isinstance(gate.actual, bool) == isinstance(asked.actual, bool)


@pytest.mark.parametrize("name", EXAMPLES)
def test_points_add_up(name: str) -> None:
    score, _ = scored(name)
    assert_adds_up(score)


def test_points_of_example_a() -> None:
    """Equal weights of ten rated dimensions: 10.00 possible each; won is the index by dimension score.

    Σ scores = 440.28, so the quota of a dimension is 4403 · score / 440.28 hundredths: D1 387.5176, D2 608.2276,
    D3 438.1199, D4 425.0193, D5 433.7197, D6 250.0114, D7 447.8204, D8 489.4223, D9 388.8177, D10 534.3243.
    Floors 387 + 608 + 438 + 425 + 433 + 250 + 447 + 489 + 388 + 534 = 4399, four hundredths left, to the largest
    remainders: D7 .8204, D9 .8177, D5 .7197, D1 .5176.
    """
    score, _ = scored("example_a")
    assert [dimension.possible for dimension in score.dimensions] == [10] * 10
    assert [dimension.won for dimension in score.dimensions] == [
        3.88,
        6.08,
        4.38,
        4.25,
        4.34,
        2.5,
        4.48,
        4.89,
        3.89,
        5.34,
    ]
    assert [dimension.lost for dimension in score.dimensions] == [
        6.12,
        3.92,
        5.62,
        5.75,
        5.66,
        7.5,
        5.52,
        5.11,
        6.11,
        4.66,
    ]


def test_main_reasons_are_the_largest_gains_of_the_catalogue() -> None:
    """The four largest of its `top_actions`, in its order."""
    a, _ = scored("example_a")
    b, _ = scored("example_b")
    assert [reason.indicator for reason in a.main_reasons] == ["D6.02", "D2.01", "D6.01", "D6.04"]
    assert [reason.indicator for reason in b.main_reasons] == ["D2.01", "D6.01", "D1.01", "D8.01"]
    assert [reason.lost for reason in b.main_reasons] == [2.5, 2.5, 2.25, 2.25]


def test_findings() -> None:
    """A has none; B one warning, V31 (criticism answered at less than half the rate), that rejects nothing."""
    a, _ = scored("example_a")
    b, _ = scored("example_b")
    assert a.findings == ()
    assert [(found.rule, found.severity, found.indicators) for found in b.findings] == [("V31", "warning", ())]
