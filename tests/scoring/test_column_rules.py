"""Error rules over columns: what they come to where an answer is absent, and what they take out in which order."""

from __future__ import annotations

import pytest

from actitud_api.methodology.answers import FactValue
from actitud_api.methodology.model import (
    All,
    Any,
    ComponentOperand,
    Implies,
    Minimum,
    Not,
    Predicate,
    Present,
    Rule,
    Sum,
)
from actitud_api.scoring.columns.block import CODES
from actitud_api.scoring.columns.rules import simplified, when_absent
from tests.scoring import builders as b
from tests.scoring.test_columns import assert_equal

N, D = b.fact("R", "numerator"), b.fact("R", "denominator")
OTHER = b.fact("S", "numerator")
SENT, ELSE = Present(indicator="R"), Present(indicator="S")

ABSENT: list[tuple[Predicate, bool | None]] = [
    # R is absent: its facts count 0; of anything else nothing is known
    (b.compare(N, "le", D), True),
    (b.compare(N, "lt", D), False),
    (b.compare(N, "le", 3), True),
    (b.compare(N, "ge", 3), False),
    (b.compare(N, "le", OTHER), None),
    (b.compare(OTHER, "le", 3), None),
    (b.compare(N, "le", b.field("people")), None),
    (b.compare(b.fact("R", "numerator", absent=b.const(9)), "le", 3), None),
    (b.compare(ComponentOperand(indicator="R", component="x"), "eq", 0), True),
    (b.compare(ComponentOperand(indicator="S", component="x"), "eq", 0), None),
    (SENT, False),
    (ELSE, None),
    (Implies(when=SENT, then=b.compare(OTHER, "le", 3)), True),
    (Implies(when=ELSE, then=b.compare(N, "le", 3)), True),
    (Implies(when=ELSE, then=b.compare(N, "ge", 3)), None),
    (Not(of=b.compare(N, "le", D)), False),
    (All(of=(b.compare(N, "le", D), ELSE)), None),
    (Any(of=(b.compare(N, "le", D), ELSE)), True),
    (b.compare(Sum(of=(N, D, b.const(1))), "le", 1), True),
]


@pytest.mark.parametrize(("predicate", "truth"), ABSENT)
def test_what_a_rule_comes_to_where_an_answer_is_absent(predicate: Predicate, truth: bool | None) -> None:
    assert when_absent(predicate, "R") is truth


def test_a_test_for_presence_that_changes_nothing_is_left_out() -> None:
    holds, breaks = b.compare(N, "le", D), b.compare(N, "ge", 3)
    assert simplified(Implies(when=SENT, then=holds)) == holds
    for kept in (
        Implies(when=SENT, then=breaks),
        Implies(when=ELSE, then=holds),
        Implies(when=holds, then=SENT),
        holds,
    ):
        assert simplified(kept) == kept


FOUR: dict[str, FactValue] = {"level": 4}


def test_what_is_taken_out_breaks_and_mends_what_reads_it() -> None:
    """A and B must not both be 4 (A goes); B needs A (B goes with it); C needs B, or a list with x (C goes).

    D counts 0 while C is absent or below 2, E reads the level of A for its own value, and F needs E.
    """
    level = {name: b.fact(name, "level") for name in "ABCDEF"}
    rules = (
        b.rule("1", Not(of=All(of=(b.compare(level["A"], "eq", 4), b.compare(level["B"], "eq", 4)))), "A"),
        b.rule("2", Implies(when=Present(indicator="B"), then=b.compare(level["B"], "le", level["A"])), "B"),
        b.rule(
            "3",
            Implies(
                when=Present(indicator="C"),
                then=Any(of=(b.compare(level["C"], "le", level["B"]), b.lists("X", "x"))),
            ),
            "C",
        ),
        b.rule("4", Implies(when=Present(indicator="F"), then=Present(indicator="E")), "F", "E"),
        b.rule("5", b.compare(level["E"], "le", Minimum(of=(b.const(4), b.field("top")))), "E"),
        Rule(id="W", group="W", severity="warning", scope="answers", holds=Present(indicator="A")),
    )
    tree = b.root(
        b.group(
            "G",
            *(b.ladder(name) for name in "ABC"),
            b.ladder("D", zero_when=b.compare(level["C"], "lt", 2)),
            *(b.ladder(name) for name in "EF"),
            b.checklist("X", 1, ("x", "y"), ((0, 0), (2, 100))),
        )
    )
    known = b.read(b.document(tree, rules=rules, profile=(b.integer_field("top"),)))
    everything: dict[str, dict[str, FactValue]] = dict.fromkeys("ABCDEF", FOUR) | {"X": {"components": ("y",)}}
    rows = []
    for changed in (
        {},
        {"A": {"level": 3}},
        {"B": {"level": 3}},
        {"B": {"level": 3}, "C": {"level": 3}},
        {"A": None},
        {"X": {"components": ("x",)}},
        {"E": None},
        {"B": None, "C": {"level": 1}},
        {"A": None, "B": None, "C": None},
    ):
        answers = everything | changed
        sent = {name: facts for name, facts in answers.items() if facts is not None}
        rows += [b.submit(sent, {"top": top}) for top in (9, 3)]
    scores = assert_equal(known, rows)
    codes = [[CODES[code] for code in column] for column in scores.codes.T.tolist()]
    # all four: A goes, so B does, so C does; D waits for C, E and F stay
    assert codes[0] == ["contradicted", "unsupported", "unsupported", "unknown", "full", "full", "partial"]
    # at most three: E goes; that it is not there is certain, and so F is contradicted too
    assert codes[1][4:6] == ["contradicted", "contradicted"]
    # A at 3 stays; B above it goes, so C does
    assert codes[2][:3] == ["partial", "contradicted", "unsupported"]
    # B at 3 below A: C above B goes
    assert codes[4][:3] == ["full", "partial", "contradicted"]
    # C at 3 too: all stay
    assert codes[6][:4] == ["full", "partial", "partial", "full"]
    # with x in the list C stays whatever becomes of B
    assert codes[10][:4] == ["contradicted", "unsupported", "full", "full"]
