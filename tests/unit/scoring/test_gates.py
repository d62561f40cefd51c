"""Levels and their gates (SCORING, section 6)."""

from __future__ import annotations

from fractions import Fraction

import pytest

from actitud_api.engine.methodology import loader
from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.model import Compare, Gate, IndexOperand, Level, Minimum, Predicate, Product, Sum
from actitud_api.engine.methodology.requests.answers import FactValue, SetAside
from actitud_api.engine.scoring.compile import GateFigures, compile_gate
from actitud_api.engine.scoring.evaluate import Evaluation, FailingGate, evaluate
from actitud_api.engine.scoring.explain import explain
from tests.unit.scoring import builders as b
from tests.unit.scoring.sheets import case

PROFILE = (b.integer_field("applies"), b.integer_field("closed"), b.service_field("previous"))
APPLIES = b.compare(b.field("applies"), "eq", 1)
CLOSED = b.compare(b.field("closed"), "eq", 1)
OPEN: dict[str, int | None] = {"applies": 1, "closed": 0, "previous": None}


def methodology(*levels: Level) -> Methodology:
    """D: a ratio R (weight 1) and a ladder L (weight 9); E: a ladder N that may leave."""
    return b.methodology(
        b.root(
            b.group(
                "D",
                b.ratio("R", 1, applies=APPLIES, zero_when=CLOSED),
                b.ladder("L", 9),
            ),
            b.group("E", b.ladder("N", applies=APPLIES)),
        ),
        profile=PROFILE,
        levels=(Level(number=1, gates=()), *levels),
        rules=(b.rule("V", b.compare(b.fact("R", "numerator"), "le", 100), "R"),),
    )


def level(number: int, holds: Compare, unless: Predicate | None = None) -> Level:
    return Level(number=number, gates=(Gate(id=f"G{number}", holds=holds),), provisional_unless=unless)


def gate(holds: Compare, *, passes: bool = False) -> Level:
    return Level(number=2, gates=(Gate(id="G", holds=holds, when_not_applicable="pass" if passes else "fail"),))


FULL: dict[str, dict[str, FactValue]] = {"L": {"level": 4}, "N": {"level": 4}}


def blocked(evaluation: Evaluation) -> FailingGate:
    (found,) = evaluation.blocked_by
    return found


@pytest.mark.parametrize(
    ("numerator", "denominator", "reached"),
    [(38, 100, True), (19, 50, True), (379, 1000, False), (3_799_999, 10_000_000, False), (1, 1, True)],
)
def test_a_value_is_compared_exactly(numerator: int, denominator: int, reached: bool) -> None:
    known = b.methodology(
        b.root(b.group("D", b.ratio("R"))), levels=b.levels_of(Gate(id="G", holds=b.compare(b.value("R"), "ge", 0.38)))
    )
    evaluation = evaluate(known, b.submit({"R": b.of(numerator, denominator)}))
    assert evaluation.level == (2 if reached else 1)
    if not reached:
        assert (blocked(evaluation).actual, blocked(evaluation).required) == (
            Fraction(numerator, denominator),
            Fraction(38, 100),
        )


@pytest.mark.parametrize(
    ("answer", "profile", "self_declared", "set_aside"),
    [
        ({}, OPEN, [], {}),
        ({"R": b.of(90, 100)}, OPEN, ["R"], {}),
        ({"R": b.of(40, 100)}, OPEN, ["R"], {}),
        ({"R": b.of(101, 100)}, OPEN, [], {}),
        ({"R": b.of(90, 100)}, {**OPEN, "closed": 1}, [], {}),
        ({"R": b.of(0, 0)}, OPEN, [], {}),
        ({"R": b.of(90, 100)}, OPEN, [], {"R": "rejected"}),
    ],
    ids=["unknown", "capped", "declared below the cap", "contradicted", "zero by rule", "no value", "set aside"],
)
def test_an_absent_value_fails_its_gate(
    answer: dict[str, dict[str, FactValue]],
    profile: dict[str, int | None],
    self_declared: list[str],
    set_aside: dict[str, SetAside],
) -> None:
    """Also where `when_not_applicable` would let it pass: it is applicable."""
    known = methodology(gate(b.compare(b.value("R"), "ge", 0.38), passes=True))
    submission = b.submit({**FULL, **answer}, profile, self_declared=self_declared, set_aside=set_aside)
    evaluation = evaluate(known, submission)
    assert evaluation.level == 1
    assert (blocked(evaluation).gate.id, blocked(evaluation).actual) == ("G", None)


def test_an_evidenced_value_passes_it() -> None:
    known = methodology(gate(b.compare(b.value("R"), "ge", 0.38), passes=True))
    assert evaluate(known, b.submit({**FULL, "R": b.of(38, 100)}, OPEN)).level == 2


@pytest.mark.parametrize("passes", [True, False])
@pytest.mark.parametrize(
    "holds",
    [
        b.compare(b.value("R"), "ge", 0.38),
        b.compare(b.score("R"), "ge", 38),
        b.compare(b.score("E"), "ge", 38),
        b.compare(Sum(of=(b.score("D"), b.score("E"))), "ge", 38),
        b.compare(Product(of=(b.const(2), b.score("E"))), "ge", 38),
    ],
    ids=["value of an indicator", "score of an indicator", "score of a dimension", "a sum of it", "a product of it"],
)
def test_what_has_left_passes_or_fails_as_the_gate_says(holds: Compare, passes: bool) -> None:
    known = methodology(gate(holds, passes=passes))
    evaluation = evaluate(known, b.submit({"L": {"level": 4}}, {**OPEN, "applies": 0}))
    assert evaluation.level == (2 if passes else 1)
    if not passes:
        assert blocked(evaluation).actual is None


def test_the_least_dimension_is_of_the_rated_ones() -> None:
    """E has left; with E applicable and at 25 it is the least."""
    known = methodology(gate(b.compare(Minimum(of=(b.score("D"), b.score("E"))), "ge", 35)))
    assert evaluate(known, b.submit({"L": {"level": 4}}, {**OPEN, "applies": 0})).level == 2
    evaluation = evaluate(known, b.submit({"L": {"level": 4}, "R": b.of(1, 1), "N": {"level": 1}}, OPEN))
    assert (evaluation.level, blocked(evaluation).actual, blocked(evaluation).required) == (1, 25, 35)


@pytest.mark.parametrize(("asked", "reached"), [(92.5, 2), (92.51, 1)])
def test_a_score_and_an_index_are_the_published_ones(asked: float, reached: int) -> None:
    """D = (1·25 + 9·100)/10 = 92.50."""
    answers: dict[str, dict[str, FactValue]] = {"L": {"level": 4}, "R": b.of(1, 4), "N": {"level": 4}}
    known = methodology(gate(b.compare(b.score("D"), "ge", asked)))
    assert evaluate(known, b.submit(answers, OPEN)).level == reached
    # index (92.50 + 100)/2 = 96.25
    known = methodology(gate(b.compare(IndexOperand(), "ge", asked + 3.75)))
    assert evaluate(known, b.submit(answers, OPEN)).level == reached


def test_a_level_needs_the_gates_of_every_level_below_it() -> None:
    known = methodology(
        level(2, b.compare(b.score("L"), "ge", 25)),
        level(3, b.compare(b.score("N"), "ge", 25)),
        level(4, b.compare(b.score("D"), "ge", 10)),
    )
    evaluation = evaluate(known, b.submit({"R": b.of(1, 1), "L": {"level": 4}, "N": {"level": 0}}, OPEN))
    assert (evaluation.level, [found.gate.id for found in evaluation.blocked_by]) == (2, ["G3"])
    evaluation = evaluate(known, b.submit({**FULL, "R": b.of(1, 1)}, OPEN))
    assert (evaluation.level, evaluation.blocked_by) == (4, [])


def test_every_failing_gate_of_the_next_level_blocks_it() -> None:
    both = Level(
        number=2,
        gates=(
            Gate(id="first", holds=b.compare(b.score("L"), "ge", 75)),
            Gate(id="holds", holds=b.compare(b.score("N"), "ge", 25)),
            Gate(id="last", holds=b.compare(b.field("closed"), "eq", 1)),
        ),
    )
    evaluation = evaluate(methodology(both), b.submit({"L": {"level": 2}, "N": {"level": 2}, "R": b.of(1, 1)}, OPEN))
    assert [(found.gate.id, found.actual, found.required) for found in evaluation.blocked_by] == [
        ("first", 50, 75),
        ("last", 0, 1),
    ]


@pytest.mark.parametrize(("previous", "provisional"), [(None, True), (1, True), (2, False), (5, False)])
def test_provisional_never_lowers_a_level(previous: int | None, provisional: bool) -> None:
    known = methodology(
        level(2, b.compare(b.score("L"), "ge", 25), unless=b.compare(b.field("previous"), "ge", 2)),
    )
    evaluation = evaluate(known, b.submit({**FULL, "R": b.of(1, 1)}, {**OPEN, "previous": previous}))
    assert (evaluation.level, evaluation.provisional) == (2, provisional)


def test_provisional_is_of_the_level_that_is_reached() -> None:
    known = methodology(
        level(2, b.compare(b.score("L"), "ge", 25), unless=b.compare(b.field("previous"), "ge", 2)),
        level(3, b.compare(b.score("L"), "ge", 50)),
    )
    evaluation = evaluate(known, b.submit({**FULL, "R": b.of(1, 1)}, OPEN))
    assert (evaluation.level, evaluation.provisional) == (3, False)
    evaluation = evaluate(known, b.submit({**FULL, "R": b.of(1, 1), "L": {"level": 1}}, OPEN))
    assert (evaluation.level, evaluation.provisional) == (2, True)


@pytest.mark.parametrize(("previous", "reached"), [(None, 1), (3, 2)])
def test_a_gate_over_a_null_field_fails(previous: int | None, reached: int) -> None:
    known = methodology(gate(b.compare(b.field("previous"), "ge", 1)))
    submission = b.submit({**FULL, "R": b.of(1, 1)}, {**OPEN, "previous": previous})
    assert evaluate(known, submission).level == reached


def test_an_integrity_case_holds_2026_1_at_level_2() -> None:
    """Level 3 asks `integrity_case == false`; no score changes."""
    known = loader.load_methodology("2026.1")
    body = bytes(case("example_a").request)
    clean = explain(known, b.decode(known, body))
    caught = explain(known, b.decode(known, body.replace(b'"integrity_case": false', b'"integrity_case": true')))
    assert (clean.level, caught.level) == (3, 2)
    assert [found.gate for found in caught.level_details.blocked_by] == ["L3.integrity"]
    assert caught.index == clean.index


def test_what_the_profile_asks_is_told_where_it_fails() -> None:
    """At least as many points as there are people, 60: there are 50."""
    known = b.methodology(
        b.root(b.group("D", b.ladder("L"))),
        profile=(b.integer_field("people"),),
        levels=b.levels_of(Gate(id="G", holds=b.compare(b.score("D"), "ge", b.field("people")))),
    )
    (blocked,) = explain(known, b.submit({"L": {"level": 2}}, {"people": 60})).level_details.blocked_by
    assert (blocked.gate, blocked.actual, blocked.required, blocked.distance) == ("G", 50, 60, 10)


def test_figures_that_are_not_there_and_a_yes_that_is_one() -> None:
    known = b.methodology(b.root(b.boolean("Y"), b.boolean("N"), missing="void"))
    evaluation = evaluate(known, b.submit({"Y": {"value": True}}))
    gates = [
        compile_gate(evaluation.compiled, Gate(id="G", holds=b.compare(read, "ge", 1)))
        for read in (IndexOperand(), b.value("N"), b.value("Y"))
    ]
    assert [gate.actual(GateFigures(evaluation)) for gate in gates] == [None, None, True]
