"""Error rules over columns: what they come to where an answer is absent, and what they take out in which order."""

from __future__ import annotations

import msgspec
import pytest

from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.model import (
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
from actitud_api.engine.methodology.requests.answers import FactValue, Submission
from actitud_api.engine.scoring.columns.block import CODES
from actitud_api.engine.scoring.columns.rules import evaluate_when_absent
from tests.unit.scoring import builders as b
from tests.unit.scoring.test_columns import assert_equal

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
    assert evaluate_when_absent(predicate, "R") is truth


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
    known = b.methodology(tree, rules=rules, profile=(b.integer_field("top"),))
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


def codes_of(known: Methodology, *rows: Submission) -> list[list[str]]:
    """The codes of each row, equal to those of the scalar evaluator."""
    return [[CODES[code] for code in column] for column in assert_equal(known, rows).codes.T.tolist()]


def levels(**sent: int) -> Submission:
    return b.submit({name: {"level": level} for name, level in sent.items()})


def of_ladders(names: str, *rules: Rule, **others: Predicate) -> Methodology:
    """Ladders of those names; `others`: when one counts 0."""
    ladders = [b.ladder(name, zero_when=others.get(name, b.NEVER)) for name in names]
    return b.methodology(b.root(b.group("G", *ladders)), rules=rules)


def test_a_rule_that_nothing_satisfies_contradicts_everybody() -> None:
    """Alone, and beside something that is not known where A is absent; what reads A counts without it."""
    for never in (b.NEVER, All(of=(b.NEVER, b.compare(b.fact("A", "level"), "ge", 3)))):
        known = of_ladders(
            "AB", b.rule("1", never, "A"), b.rule("2", b.compare(b.fact("A", "level"), "ge", b.fact("B", "level")), "B")
        )
        assert codes_of(known, levels(A=4, B=4), levels(A=1, B=0), levels(B=2)) == [
            ["contradicted", "unsupported"],
            ["contradicted", "zero"],
            ["contradicted", "unsupported"],
        ]


def test_what_broke_unsupported_stays_so_when_more_is_taken_out() -> None:
    """Rule 1 asks for C and for B at 3; without B that is unsupported, and C, which rule 2 takes out, changes nothing.

    So it is where B goes in the first round and C in the next.
    """
    asked = All(of=(Present(indicator="C"), b.compare(b.fact("B", "level"), "ge", 3)))
    known = of_ladders("ABCD", b.rule("1", asked, "A"), b.rule("2", b.compare(b.fact("C", "level"), "le", 1), "C"))
    assert codes_of(known, levels(A=1, C=4), levels(A=1, C=1), levels(A=1, B=3, C=4)) == [
        ["unsupported", "unknown", "contradicted", "unknown"],
        ["unsupported", "unknown", "partial", "unknown"],
        ["contradicted", "partial", "contradicted", "unknown"],
    ]
    below = b.compare(b.fact("C", "level"), "le", b.fact("D", "level"))
    known = of_ladders(
        "ABCD",
        b.rule("1", asked, "A"),
        b.rule("2", b.compare(b.fact("B", "level"), "le", 3), "B"),
        b.rule("3", b.compare(b.fact("D", "level"), "ge", 1), "D"),
        b.rule("4", Implies(when=Present(indicator="B"), then=b.ALWAYS), "C"),
        b.rule("5", Any(of=(Present(indicator="B"), below)), "C"),
    )
    assert codes_of(known, levels(A=1, B=4, C=4, D=2), levels(A=1, B=3, C=4, D=2)) == [
        ["unsupported", "contradicted", "contradicted", "partial"],
        ["partial", "partial", "full", "partial"],
    ]


def test_a_rule_breaks_in_some_rows_sooner_than_in_others() -> None:
    """C needs B and B needs A: without B at once C goes in the second round, without A in the third.

    Without A, which is 0, B at 0 claims no more than A shows.
    """
    known = of_ladders(
        "ABC",
        b.rule("1", b.compare(b.fact("A", "level"), "le", 1), "A"),
        b.rule("2", b.compare(b.fact("B", "level"), "le", b.fact("A", "level")), "B"),
        b.rule("3", b.compare(b.fact("C", "level"), "le", b.fact("B", "level")), "C"),
    )
    rows = levels(A=1, B=1, C=1), levels(A=1, B=2, C=2), levels(A=2, B=2, C=2), levels(A=2, B=0, C=0)
    assert codes_of(known, *rows) == [
        ["partial", "partial", "partial"],
        ["partial", "contradicted", "unsupported"],
        ["contradicted", "unsupported", "unsupported"],
        ["contradicted", "zero", "zero"],
    ]


def test_a_rule_is_looked_at_again_wherever_one_of_several_answers_went() -> None:
    """D needs A and B; A goes in the first row, B in the second."""
    level = {name: b.fact(name, "level") for name in "ABD"}
    known = of_ladders(
        "ABD",
        b.rule("1", b.compare(level["A"], "le", 3), "A"),
        b.rule("2", b.compare(level["B"], "le", 3), "B"),
        b.rule("3", All(of=(b.compare(level["D"], "le", level["A"]), b.compare(level["D"], "le", level["B"]))), "D"),
    )
    assert codes_of(known, levels(A=4, B=3, D=3), levels(A=3, B=4, D=3), levels(A=3, B=3, D=3)) == [
        ["contradicted", "partial", "unsupported"],
        ["partial", "contradicted", "unsupported"],
        ["partial", "partial", "partial"],
    ]


def test_an_absent_answer_by_which_a_rule_does_not_hold_only_leaves_it_unsupported() -> None:
    """A below B: without both 0 is not below 0, but they could be; with both 4 it is contradicted."""
    known = of_ladders("ABC", b.rule("1", b.compare(b.fact("A", "level"), "lt", b.fact("B", "level")), "C"))
    assert codes_of(known, levels(C=4), levels(A=4, B=4, C=4), levels(A=3, B=4, C=4)) == [
        ["unknown", "unknown", "unsupported"],
        ["full", "full", "contradicted"],
        ["partial", "full", "full"],
    ]
    known = of_ladders("AC", b.rule("1", b.compare(b.fact("A", "level"), "lt", 0), "C"))
    assert codes_of(known, levels(C=4), levels(A=4, C=4))[1] == ["full", "contradicted"]


def test_other_indicators_count_without_what_is_contradicted() -> None:
    """No rule reads A again once it is out, but B counts 0 while A is below 2, and R is the levels of A, of 8."""
    own = b.ratio("R", knots=((0, 0), (8, 100)), part_of_denominator=False)
    shared = msgspec.structs.replace(own, value=b.fact("A", "level"), step=None, type="quantity")
    ladders = b.ladder("A"), b.ladder("B", zero_when=b.compare(b.fact("A", "level"), "lt", 2))
    rule = b.rule("1", b.compare(b.fact("A", "level"), "le", 3), "A")
    sent = b.of(1, 1)
    rows = [b.submit({"A": {"level": 4 - n}, "B": {"level": 4}, "R": sent}) for n in (0, 1)]
    for leaves, expected in (
        (ladders, [["contradicted", "unknown"], ["partial", "full"]]),
        ((ladders[0], shared), [["contradicted", "unknown"], ["partial", "partial"]]),
    ):
        known = b.methodology(b.root(b.group("G", *leaves)), rules=(rule,))
        held = {leaf.id for leaf in leaves}
        told = [
            msgspec.structs.replace(row, answers={name: row.answers[name] for name in row.answers if name in held})
            for row in rows
        ]
        assert codes_of(known, *told) == expected
