"""How figures are written: an int where they are whole, which is their shortest form in JSON."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from inspect import cleandoc

import msgspec
import pytest

from actitud_api.engine.narration import narrated
from actitud_api.engine.scoring.explain import explain
from actitud_api.engine.scoring.result import Figure, round_figure, round_quotient, to_figure, to_points, to_quotient
from tests.unit.scoring import builders as b
from tests.unit.scoring.sheets import indicator_of


@pytest.mark.parametrize(
    ("write", "arguments", "form"),
    [
        (to_points, (5_000, 100), b"50"),
        (to_points, (0, 100), b"0"),
        (to_points, (5_050, 100), b"50.5"),
        (to_points, (-1, 100), b"-0.01"),
        (to_points, (7, 1), b"7"),
        (to_points, (None, 100), b"null"),
        (to_quotient, (6, 3), b"2"),
        (to_quotient, (1, 3), b"0.3333333333333333"),
        (to_figure, (3,), b"3"),
        (to_figure, (Fraction(6, 2),), b"3"),
        (to_figure, (Fraction(-1, 4),), b"-0.25"),
        (round_figure, (Fraction(1, 3),), b"0.333333"),
        (round_figure, (Fraction(1, 2), 0), b"1"),
        (round_figure, (Fraction(-1, 2), 0), b"0"),
        (round_figure, (7,), b"7"),
        (round_quotient, (2, 3, 4), b"0.6667"),
        (round_quotient, (2, 3), b"0.666667"),
        (round_quotient, (4, 2), b"2"),
    ],
)
def test_the_shortest_form(write: Callable[..., Figure | None], arguments: tuple[object, ...], form: bytes) -> None:
    assert msgspec.json.encode(write(*arguments)) == form


def test_a_whole_number_is_taken_as_it_is() -> None:
    units = 10**20
    assert to_figure(units) is units


@pytest.mark.parametrize(("yes", "change"), [(False, b'{"value":true}'), (True, None)])
def test_a_yes_is_written_as_one(yes: bool, change: bytes | None) -> None:
    known = b.methodology(b.root(b.group("D", b.boolean("B"))))
    step = indicator_of(explain(known, b.submit({"B": {"value": yes}})), "B").next_step
    assert (None if step is None else msgspec.json.encode(step.change)) == change


@pytest.mark.parametrize(
    "form",
    [
        narrated.NarratedDimension,
        narrated.NarratedEstimate,
        narrated.NarratedFinding,
        narrated.NarratedGate,
        narrated.NarratedIndicator,
        narrated.NarratedInterval,
        narrated.NarratedLevelDetails,
        narrated.NarratedMainReason,
        narrated.NarratedNextStep,
        narrated.NarratedPillar,
        narrated.NarratedScore,
        narrated.NarratedVersionEffects,
    ],
)
def test_what_is_narrated_is_described_in_the_words_of_the_canonical_one(form: type) -> None:
    """Both stand in the OpenAPI document, and mean the same."""
    canonical = next(base for base in form.__mro__[1:] if not base.__name__.startswith("_"))
    assert cleandoc(form.__doc__ or "").startswith(cleandoc(canonical.__doc__ or "nothing"))
