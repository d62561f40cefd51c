"""Indicators whose value is made of the answers to others."""

from __future__ import annotations

import msgspec
import pytest

from actitud_api.engine.methodology.model import Quotient
from actitud_api.engine.methodology.requests.answers import FactValue
from actitud_api.engine.scoring.explain import explain
from tests.unit.scoring import builders as b
from tests.unit.scoring.sheets import indicator_of, step_of
from tests.unit.scoring.test_columns import assert_equal

Answers = dict[str, dict[str, FactValue]]


def test_a_yes_or_no_may_be_that_of_another() -> None:
    """B is asked, and counts what A says."""
    borrowed = msgspec.structs.replace(b.boolean("B"), value=b.fact("A", "value"))
    known = b.methodology(b.root(b.group("D", b.boolean("A"), borrowed)))
    rows: list[Answers] = [
        {"A": {"value": one}, "B": {"value": other}} for one in (True, False) for other in (True, False)
    ]
    scores = assert_equal(known, [b.submit(answers) for answers in rows])
    assert scores.scores.tolist() == [[10_000, 10_000, 0, 0]] * 2


@pytest.mark.parametrize(
    ("answers", "missing"),
    [
        ({"S": {"numerator": 1}}, ("R",)),
        ({"S": {"numerator": 1}, "R": b.of(1, 4)}, ()),
        ({"R": b.of(1, 4)}, ()),
        ({}, ()),
    ],
)
def test_what_is_borrowed_and_missing_is_named_where_the_own_answer_is_there(
    answers: Answers, missing: tuple[str, ...]
) -> None:
    own = b.ratio("S", part_of_denominator=False)
    shared = msgspec.structs.replace(
        own,
        facts=(own.facts[0],),
        value=Quotient(numerator=b.fact("S", "numerator"), denominator=b.fact("R", "denominator")),
    )
    known = b.methodology(b.root(b.group("D", shared, b.ratio("R"))))
    assert indicator_of(explain(known, b.submit(answers)), "S").reason.parameters.missing == missing


def test_who_declares_what_is_not_asked_declares_nothing() -> None:
    known = b.methodology(b.root(b.group("D", b.ladder("L"))))
    score = explain(known, b.submit({"L": {"level": 4}}, self_declared=("L", "N")))
    assert (score.index, indicator_of(score, "L").reason.code) == (50, "capped")


def test_the_most_that_an_indicator_brings_is_at_least_what_its_step_brings_to_others() -> None:
    """X from level 3 to 4 is 12.5 points of its own, and unlocks Y, worth 50."""
    locked = b.ladder("Y", zero_when=b.compare(b.fact("X", "level"), "lt", 4))
    known = b.methodology(b.root(b.group("D", b.ladder("X"), locked)))
    step = step_of(explain(known, b.submit({"X": {"level": 3}, "Y": {"level": 4}})), "X")
    assert (step.gain, step.gain_max) == (62.5, 62.5)
