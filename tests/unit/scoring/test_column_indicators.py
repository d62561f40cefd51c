"""Indicators over columns: what is judged beforehand, flat curves, a cap of 0."""

from __future__ import annotations

from actitud_api.engine.methodology.model import Any
from actitud_api.engine.methodology.requests.answers import FactValue, SetAside
from actitud_api.engine.scoring.columns.block import CODES
from tests.unit.scoring import builders as b
from tests.unit.scoring.test_columns import assert_equal

STAFFED = b.compare(b.field("people"), "ge", 10)
LISTED = b.compare(b.fact("B", "level"), "ge", 2)


def test_what_applies_to_everybody() -> None:
    """Nobody has less than 0 people: R is judged as one that always applies."""
    applies = b.compare(b.field("people"), "ge", 0)
    known = b.methodology(b.root(b.group("D", b.ratio("R", applies=applies))), profile=(b.integer_field("people"),))
    scores = assert_equal(known, [b.submit({"R": b.of(1, 4)}, {"people": 7}), b.submit({}, {"people": 7})])
    assert scores.scores.tolist() == [[2_500, 0]]


def test_flat_curves_and_a_cap_of_0() -> None:
    """F scores 0 whatever is answered; what is only declared counts nothing, and is capped where it would count."""
    known = b.methodology(b.root(b.group("D", b.ratio("F", knots=((0, 0), (1, 0))), b.ratio("R"))), cap=0)
    answers: dict[str, dict[str, FactValue]] = {"F": b.of(1, 2), "R": b.of(1, 2)}
    rows = [b.submit(answers), b.submit(answers, self_declared=["F", "R"])]
    rows += [b.submit(answers | {"R": b.of(0, 2)}, self_declared=["R"]), b.submit({})]
    scores = assert_equal(known, rows)
    codes = [[CODES[code] for code in column] for column in scores.codes]
    assert codes == [["zero", "zero", "zero", "unknown"], ["partial", "capped", "zero", "unknown"]]
    assert scores.scores.tolist() == [[0, 0, 0, 0], [5_000, 0, 0, 0]]
    assert scores.maxima.tolist() == [[0, 0, 0, 0], [5_000, 0, 0, 10_000]]


def test_what_is_unknown_for_itself_is_not_set_aside() -> None:
    """The field that would exclude A, B and C is only declared: they are unknown, whoever set their answers aside."""
    field = b.integer_field("people", needs_evidence=True)
    ladders = [b.ladder(name, applies=STAFFED) for name in "ABC"]
    known = b.methodology(b.root(b.group("D", *ladders, b.ladder("E"))), profile=(field,))
    answers: dict[str, dict[str, FactValue]] = {name: {"level": 4} for name in "ABCE"}
    aside: dict[str, SetAside] = {"A": "rejected", "B": "stale", "E": "stale"}
    rows = [
        b.submit(answers, {"people": people}, profile_self_declared=declared, set_aside=aside)
        for people, declared in ((9, ["people"]), (9, []), (10, ["people"]))
    ]
    scores = assert_equal(known, rows)
    assert [[CODES[code] for code in column] for column in scores.codes.T] == [
        ["unknown", "unknown", "unknown", "stale"],
        ["not_applicable", "not_applicable", "not_applicable", "stale"],
        ["rejected", "stale", "full", "stale"],
    ]


def test_one_of_two_reasons_is_enough() -> None:
    """A counts 0 from level 2 of B on or from 1000 people on, and applies from 10 people on or where e is 1.

    That e, which is only declared, excludes A is not sure.
    """
    either = Any(of=(STAFFED, b.compare(b.field("e"), "ge", 1)))
    zero_when = Any(of=(LISTED, b.compare(b.field("people"), "ge", 1_000)))
    fields = (b.integer_field("people"), b.integer_field("e", needs_evidence=True))
    tree = b.root(b.group("D", b.ladder("A", zero_when=zero_when, applies=either), b.ladder("B")))
    known = b.methodology(tree, profile=fields)
    expected = {
        # people, e, whether that is only declared, level of B
        (9, 0, False, 1): "not_applicable",
        (9, 0, True, 1): "unknown",
        (9, 1, True, 1): "full",
        (10, 0, True, 1): "full",
        (9, 0, False, 2): "zero_by_rule",
        (1_000, 0, False, 1): "zero_by_rule",
        (1_000, 0, False, 2): "zero_by_rule",
    }
    rows = [
        b.submit(
            {"A": {"level": 4}, "B": {"level": level}},
            {"people": people, "e": e},
            profile_self_declared=["e"] if declared else [],
        )
        for people, e, declared, level in expected
    ]
    assert [CODES[code] for code in assert_equal(known, rows).codes[0]] == list(expected.values())
