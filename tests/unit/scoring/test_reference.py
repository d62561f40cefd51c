"""The engine against the reference implementation, in every field (docs/scoring.md, section 9.2)."""

from __future__ import annotations

import math
from collections import OrderedDict
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Final
from unittest.mock import patch

import msgspec
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from msgspec import structs

from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.model import Document
from actitud_api.engine.methodology.requests.answers import Submission
from actitud_api.engine.scoring import compile as compiling
from actitud_api.engine.scoring import curves
from actitud_api.engine.scoring.evaluate import evaluate
from actitud_api.engine.scoring.explain import explain, outline_score
from actitud_api.engine.scoring.result import DimensionScore, Score
from tests.support.figures import FigureRecorder
from tests.support.scale import NIGHT
from tests.unit.scoring import builders as b
from tests.unit.scoring import organisations
from tests.unit.scoring import test_worked_example as worked_example
from tests.unit.scoring.random_documents import SMALL, Case, drawn, list_cases, seeded
from tests.unit.scoring.reference.curves import TooClose, aggregated, erfc, score_of
from tests.unit.scoring.reference.explanation import explained
from tests.unit.scoring.reference.score import score
from tests.unit.scoring.sheets import flat


def examples(gate: int, night: int) -> settings:
    return settings(
        max_examples=night if NIGHT else gate,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


def of_engine(methodology: Methodology, submission: Submission) -> dict[str, str]:
    """What the engine gives: the canonical result, and the exact figures behind it."""
    result = msgspec.json.decode(msgspec.json.encode(explain(methodology, submission)), type=dict[str, object])
    del result["methodology"], result["input_digest"]
    found = dict(flat(result))
    evaluation = evaluate(methodology, submission)
    for compiled, leaf in zip(evaluation.compiled.indicators, evaluation.results, strict=True):
        name = compiled.definition.id
        found[f"{name} score"] = repr(leaf.score)
        found[f"{name} maximum"] = repr(leaf.maximum)
        found[f"{name} value"] = repr(None if leaf.value is None else Fraction(*leaf.value))
    for name, share in evaluation.coverages.items():
        found[f"{name} score"] = repr(evaluation.groups[name])
        found[f"{name} maximum"] = repr(evaluation.groups_max[name])
        found[f"{name} coverage"] = repr(share)
    return found


def of_reference(document: Document, submission: Submission) -> dict[str, str]:
    """The same of the reference; raises `TooClose`."""
    result = score(document, submission)
    found = dict(flat(explained(result)))
    for name, units in result.scores.items():
        found[f"{name} score"] = repr(units)
        found[f"{name} maximum"] = repr(result.scores_max[name])
    for name, leaf in result.answered.items():
        found[f"{name} value"] = repr(None if leaf.value is None else Fraction(leaf.value))
    for name, share in result.coverages.items():
        found[f"{name} coverage"] = repr(share)
    return found


def same_as_the_reference(case: Case) -> int:
    """Every field; of how many submissions: those with a figure that floats may round either way are left out."""
    compared = 0
    for submission in case.submissions:
        try:
            expected = of_reference(case.methodology.document, submission)
        except TooClose:
            continue
        assert of_engine(case.methodology, submission) == expected
        compared += 1
    return compared


def test_small_documents(figure: FigureRecorder) -> None:
    compared: list[int] = []

    @examples(20, 2_000)
    @given(st.one_of(drawn(), seeded(answers=3, size=SMALL)))
    def compare(case: Case) -> None:
        compared.append(same_as_the_reference(case))
        assume(compared[-1])

    compare()
    figure(
        "R17",
        "submissions to methodologies made at random whose score, in any field or exact figure, differs between the "
        "engine and the implementation in fractions",
        tried=sum(compared),
        failed=0,
        control=find_planted(),
    )


def find_planted() -> str:
    """Return in how many of some documents an engine is found that cuts scores between two goalposts off."""
    compute, differ, tried = curves._compute_segment, 0, 0

    def cut_off(*points: Fraction) -> tuple[int, int, int, int, int]:
        end_n, end_d, slope, offset, scale = compute(*points)
        return end_n, end_d, slope, offset - scale // 2, scale

    # Programs are cached by the digest of their document: those of the planted engine must not outlive it.
    with patch.object(curves, "_compute_segment", cut_off), patch.object(compiling, "_cache", OrderedDict()):
        for case in list_cases(range(PLANTED), answers=3):
            tried += 1
            try:
                same_as_the_reference(case)
            except AssertionError:
                differ += 1
    assert differ > 0
    return f"an engine that cuts off what it has to round differs in {differ} of {tried} documents"


PLANTED: Final = 20 if NIGHT else 10
"""Documents that such an engine scores."""


@pytest.mark.parametrize("first", range(0, 200 if NIGHT else 25, 5))
def test_the_same_documents(first: int) -> None:
    """The same ones each time, so that what they told apart once stays told apart."""
    for case in list_cases(range(first, first + 5), answers=3):
        same_as_the_reference(case)


@examples(3, 400)
@given(seeded())
def test_documents_of_any_size(case: Case) -> None:
    assume(same_as_the_reference(case))


@examples(2, 300)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0, 0.03, 0.2]), st.sampled_from([0, 0.1, 0.5]))
def test_methodology_2026_1(seed: int, noise: float, silence: float) -> None:
    submission = organisations.organisation(seed, noise=noise, silence=silence)
    assume(same_as_the_reference(Case(organisations.METHODOLOGY, [submission])))


# --- the reference itself, by hand --------------------------------------------------------------------------------


def test_the_reference_gives_the_worked_example() -> None:
    """docs/scoring.md, section 10: every figure that it prints."""
    result = score(worked_example.METHODOLOGY.document, worked_example.REPORTED)
    found = dict(flat(explained(result)))
    expected = {
        "/index": 61.6,
        "/index_max": 78.27,
        "/coverage": 0.8333,
        "/status": "sufficient",
        "/level": 4,
        "/level_details/blocked_by/0/distance": 18.4,
        "/dimensions/D1/score": 65.63,
        "/dimensions/D2/score": 57.57,
        "/dimensions/D2/score_max": 90.91,
        "/dimensions/D1/won": 32.82,
        "/dimensions/D2/lost": 21.22,
        "/dimensions/D1/indicators/ratio/score": 62.5,
        "/dimensions/D1/indicators/ratio/possible": 37.5,
        "/dimensions/D1/indicators/ratio/won": 23.44,
        "/dimensions/D1/indicators/ladder/lost": 3.12,
        "/dimensions/D2/indicators/boolean/state": "unknown",
        "/dimensions/D2/indicators/boolean/possible": 16.67,
        "/dimensions/D2/indicators/duration/score": 86.36,
        "/dimensions/D2/indicators/third/state": "not_applicable",
        "/dimensions/D2/indicators/third/won": None,
        "/main_reasons/0/indicator": "boolean",
    }
    assert {place: found[place] for place in expected} == {place: repr(value) for place, value in expected.items()}
    assert result.coverages["index"] == Fraction(5, 6)


def test_the_error_function_of_the_reference() -> None:
    """erfc(1) to 40 digits (Abramowitz and Stegun, table 7.1, gives the first ten of erf)."""
    with localcontext(prec=50):
        assert round(erfc(Decimal(1)), 40) == Decimal("0.1572992070502851306587793649173907407039")
    for z in ("-7", "-0.3", "0", "0.05", "0.9061938024368232", "2.5", "6", "13"):
        assert float(erfc(Decimal(z))) == pytest.approx(math.erfc(float(z)), rel=1e-13, abs=1e-60)


def test_curves_and_means_of_the_reference() -> None:
    """A logarithmic curve half way in ln x, a log-normal one at its control points; 4 is the geometric mean of 2, 8."""
    line = b.amount("a", knots=((1, 0), (100, 100)), log=True)
    assert score_of(line, Fraction(10), 2) == 5_000
    speed = msgspec.structs.replace(
        line, curve=msgspec.structs.replace(line.curve, kind="lognormal", goalposts=b.goalposts(((2, 90), (8, 50))))
    )
    assert [score_of(speed, Fraction(x), 2) for x in (0, 2, 8)] == [10_000, 9_000, 5_000]
    of_two = [(1, Fraction(2)), (1, Fraction(8))]
    means = {
        name: aggregated(b.group("g", line, aggregation=name), of_two, 2)
        for name in ("arithmetic", "sum", "geometric", "harmonic", "min")
    }
    assert means == {"arithmetic": 500, "sum": 1_000, "geometric": 400, "harmonic": 320, "min": 200}
    # The square root of (4 + 64)/2 is 5.8309…
    power = b.group("g", line, aggregation="power", exponent=2.0)
    assert aggregated(power, of_two, 2) == 583


# --- the outline --------------------------------------------------------------------------------------------------


def without_explanation(score: Score) -> Score:
    def bare(group: DimensionScore) -> DimensionScore:
        return structs.replace(
            group, possible=None, won=None, lost=None, groups=tuple(map(bare, group.groups)), indicators=()
        )

    return structs.replace(score, main_reasons=(), dimensions=tuple(map(bare, score.dimensions)), indicators=())


def test_an_outline_says_the_same_without_what_explains_it() -> None:
    for case in list_cases(range(20), answers=3):
        for submission in case.submissions:
            whole = explain(case.methodology, submission)
            assert outline_score(case.methodology, submission) == without_explanation(whole) != whole
