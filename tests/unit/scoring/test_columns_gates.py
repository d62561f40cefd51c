"""Gates and what makes a level firm, over columns: every figure that they read, whatever is there of it.

One level more for each gate, and rows in which it is all there, unknown, only declared, 0 by rule, left, or withdrawn.
The scalar evaluator, which has its own cases, says what each row reaches.
"""

from __future__ import annotations

from typing import Literal, cast

import msgspec
import pytest

from actitud_api.engine.methodology.model import (
    Any,
    Compare,
    ComponentOperand,
    Constant,
    Document,
    Gate,
    IndexOperand,
    Level,
    Maximum,
    Minimum,
    Missing,
    Not,
    Predicate,
    Product,
    ProfileField,
    Quotient,
    Scalar,
    Sum,
)
from actitud_api.engine.methodology.requests.answers import FactValue, Submission
from tests.unit.scoring import builders as b
from tests.unit.scoring.test_columns import assert_equal

INDEX = IndexOperand()
FIELDS = (
    b.integer_field("people"),
    b.service_field("before"),
    ProfileField(name="kind", type="enum", set_by="organisation", values=("town", "region")),
    ProfileField(name="open", type="boolean", set_by="organisation"),
    ProfileField(name="area", type="number", set_by="organisation", minimum=0, maximum=1000),
)
DERIVED = msgspec.structs.replace(
    b.boolean("Z"),
    facts=(b.boolean("Z").facts[0], *b.ratio("Q").facts),
    value=Quotient(numerator=b.fact("Z", "numerator"), denominator=b.fact("Z", "denominator")),
)


SHARED = msgspec.structs.replace(
    b.ratio("S", part_of_denominator=False),
    facts=(b.ratio("S").facts[0],),
    value=Quotient(numerator=b.fact("S", "numerator"), denominator=b.fact("R", "denominator")),
)


def document(missing: Missing, gates: tuple[Gate, ...], unless: Predicate | None = None) -> Document:
    """Two dimensions, of which the second applies from 10 people on; L counts 0 while B is no."""
    staffed = b.compare(b.field("people"), "ge", 10)
    tree = b.root(
        b.group(
            "D",
            b.ratio("R", 2),
            b.amount("A"),
            b.ladder("L", zero_when=b.compare(b.fact("B", "value"), "eq", False)),
            b.boolean("B"),
            missing=missing,
        ),
        b.group(
            "E",
            b.checklist("C", 1, ("x", "y"), ((0, 0), (2, 100))),
            b.ladder("M", applies=staffed),
            DERIVED,
            SHARED,
            missing=missing,
        ),
        b.group("F", b.ladder("N", applies=staffed), missing=missing),
        missing=missing,
    )
    levels = (Level(number=1, gates=()), Level(number=2, gates=gates, provisional_unless=unless))
    return b.document(tree, profile=FIELDS, levels=levels, coverage=b.SOME)


ALL: dict[str, dict[str, FactValue]] = {
    "R": b.of(1, 2),
    "A": {"hours": 0.5},
    "L": {"level": 3},
    "B": {"value": True},
    "C": {"components": ("x",)},
    "M": {"level": 2},
    "Z": {"value": True, "numerator": 3, "denominator": 3},
    "N": {"level": 4},
    "S": {"numerator": 2},
}
PROFILE: dict[str, Scalar | None] = {"people": 40, "before": 2, "kind": "town", "open": True, "area": 2.5}


def row(*absent: str, self_declared: tuple[str, ...] = (), **changed: object) -> Submission:
    """All that is above but the absent answers, with other answers or fields of the profile."""
    answers = {name: facts for name, facts in ALL.items() if name not in absent}
    profile: dict[str, Scalar | None] = dict(PROFILE)
    for name, value in changed.items():
        if name in FIELDS_BY_NAME:
            profile[name] = cast("Scalar | None", value)
        else:
            answers[name] = cast("dict[str, FactValue]", value)
    return b.submit(answers, profile, self_declared=self_declared)


FIELDS_BY_NAME = {field.name for field in FIELDS}
ROWS = [
    row(),
    row("R", "N"),
    row("L", "C", "M"),
    row(R=b.of(0, 0), A={"hours": 0.25}),
    row(people=5, before=None, kind="region", open=False, area=0.125),
    row("A", "Z", people=9),
    row(self_declared=("R", "L", "B", "N")),
    row(B={"value": False}),
    row(L={"level": 4}, R=b.of(1, 1), A={"hours": 1}, C={"components": ("y", "x")}, M={"level": 4}, before=3),
    row(R=b.of(1, 3), L={"level": 1}, N={"level": 0}, Z={"value": False, "numerator": 0, "denominator": 2}),
    row("B", "N", "E", people=10),
    row(*ALL),
]

WAYS: tuple[tuple[Missing, Literal["pass", "fail"]], ...] = (("zero", "pass"), ("leave", "fail"), ("void", "pass"))
HUNDREDTH = b.const(0.01)
READ: list[Compare] = [
    b.compare(INDEX, "ge", 50),
    b.compare(INDEX, "gt", 50),
    *(b.compare(b.score(node), "ge", 50) for node in ("D", "E", "F", "L", "M", "N")),
    *(b.compare(b.score(node), "gt", 75) for node in ("D", "F", "L")),
    b.compare(b.score("F"), "eq", 100),
    b.compare(b.score("N"), "gt", 0),
    b.compare(Minimum(of=(b.score("D"), b.score("E"), b.score("F"))), "ge", 50),
    b.compare(Minimum(of=(b.score("M"), b.score("N"))), "ge", 50),
    b.compare(Maximum(of=(b.score("M"), b.score("N"))), "ge", 50),
    b.compare(Maximum(of=(b.score("F"), b.score("L"), b.score("D"))), "gt", 75),
    b.compare(Minimum(of=(b.score("F"), Product(of=(b.const(100), b.value("A"))))), "ge", 50),
    b.compare(Minimum(of=(b.score("F"), Product(of=(b.const(100), b.value("A"))))), "ge", 100),
    b.compare(Maximum(of=(b.score("F"), Product(of=(b.const(100), b.value("A"))))), "ge", 50),
    b.compare(Minimum(of=(b.value("M"), b.value("L"))), "ge", 2),
    b.compare(Maximum(of=(b.value("M"), b.value("N"), b.const(1))), "ge", 2),
    b.compare(Minimum(of=(b.value("M"), b.value("N"), b.const(3))), "ge", 3),
    b.compare(Sum(of=(b.score("D"), b.score("F"))), "ge", 150),
    b.compare(Sum(of=(b.value("L"), b.value("A"))), "ge", 3.5),
    b.compare(Product(of=(b.value("L"), b.value("M"))), "ge", 6),
    b.compare(b.value("R"), "ge", 0.5),
    b.compare(b.value("R"), "gt", 0.33),
    b.compare(b.value("S"), "ge", 0.75),
    b.compare(b.value("A"), "ge", 0.5),
    b.compare(b.value("L"), "ge", 3),
    b.compare(b.value("L"), "eq", 4),
    b.compare(b.value("C"), "ge", 2),
    b.compare(b.value("B"), "eq", True),
    b.compare(b.value("N"), "ge", 1),
    b.compare(b.value("R"), "ge", Product(of=(HUNDREDTH, b.field("people")))),
    b.compare(b.score("D"), "ge", b.field("people")),
    b.compare(b.field("people"), "ge", 10),
    b.compare(b.field("before"), "ge", 2),
    b.compare(b.field("kind"), "eq", "town"),
    b.compare(b.field("open"), "eq", True),
    b.compare(b.field("area"), "ge", 0.5),
    # no whole numbers: as the scalar evaluator does it, row by row
    b.compare(b.value("Z"), "eq", True),
    b.compare(Minimum(of=(b.value("R"), Product(of=(HUNDREDTH, b.score("D"))))), "ge", 0.5),
    b.compare(Maximum(of=(b.value("R"), Product(of=(HUNDREDTH, b.score("L"))))), "gt", 0.5),
    b.compare(Minimum(of=(b.value("R"), Product(of=(HUNDREDTH, INDEX)))), "ge", 0.5),
    b.compare(Sum(of=(b.value("R"), b.value("A"))), "ge", 1),
    b.compare(Sum(of=(b.value("R"), b.value("L"), b.value("C"))), "ge", 4),
    b.compare(Sum(of=(b.value("R"), b.field("people"))), "ge", 40.5),
    b.compare(Sum(of=(b.value("R"), b.field("area"))), "ge", 3),
    b.compare(Sum(of=(b.value("R"), b.value("N"))), "ge", 4.5),
    b.compare(Sum(of=(b.value("S"), b.value("L"))), "ge", 4),
    b.compare(Sum(of=(b.value("R"), b.value("L"))), "ge", b.field("before")),
    b.compare(Sum(of=(b.value("R"), b.value("L"))), "ge", b.field("area")),
    b.compare(Minimum(of=(b.value("R"), b.score("F"))), "ge", 0.5),
]


def name(value: object) -> str:
    return msgspec.json.encode(value).decode()


@pytest.mark.parametrize("holds", READ, ids=name)
def test_what_a_gate_reads(holds: Compare) -> None:
    levels = []
    for missing, left in WAYS:
        known = b.read(document(missing, (Gate(id="G", holds=holds, when_not_applicable=left),)))
        levels += assert_equal(known, ROWS).level.tolist()
    # Each holds for some and not for all.
    assert {1, 2} <= set(levels)


def test_the_least_and_the_greatest_of_what_has_not_left() -> None:
    """Level 2 asks that the least of D and F be 50, level 3 that the greatest be 80; F has left below 10 people."""
    pair = b.score("D"), b.score("F")
    gates = [
        Gate(id="G2", holds=b.compare(Minimum(of=pair), "ge", 50)),
        Gate(id="G3", holds=b.compare(Maximum(of=pair), "ge", 80)),
    ]
    levels = b.levels_of(*gates)
    tree = b.root(
        b.group("D", b.ratio("R")), b.group("F", b.ladder("N", applies=b.compare(b.field("people"), "ge", 10)))
    )
    known = b.methodology(tree, profile=FIELDS[:1], levels=levels, coverage=b.SOME)
    sent = [
        ((1, 2), 4, 10),  # 50 and 100
        ((3, 5), 3, 10),  # 60 and 75
        ((2, 5), 4, 10),  # 40 and 100
        ((1, 2), 4, 9),  # 50 alone
        ((9, 10), 0, 9),  # 90 alone
    ]
    rows = [b.submit({"R": b.of(*ratio), "N": {"level": level}}, {"people": people}) for ratio, level, people in sent]
    assert assert_equal(known, rows).level.tolist() == [3, 2, 1, 2, 3]


def test_a_yes_or_no_that_is_half() -> None:
    """Half the number of listed elements, 0, 1/2 and 1, or one of two; whatever is not 0 is a yes."""
    half = msgspec.structs.replace(b.boolean("B"), value=Product(of=(b.const(0.5), b.fact("C", "count"))))
    tree = b.root(b.group("D", b.checklist("C", 1, ("x", "y"), ((0, 0), (2, 100))), half, DERIVED))
    gates = [Gate(id=f"G{name}", holds=b.compare(b.value(name), "eq", True)) for name in "BZ"]
    levels = b.levels_of(*gates)
    known = b.methodology(tree, levels=levels, coverage=b.SOME)
    lists: list[tuple[str, ...]] = [(), ("x",), ("x", "y")]
    rows = [
        b.submit({"C": {"components": one}, "B": {"value": False}, "Z": {"value": False} | b.of(part, 2)})
        for one in lists
        for part in (0, 1, 2)
    ]
    assert assert_equal(known, rows).level.tolist() == [1, 1, 1, 2, 3, 3, 2, 3, 3]


def test_review_may_set_the_highest_level_and_raises_none() -> None:
    """Level 2 asks for 50, level 3 for 80."""
    gates = [Gate(id=f"G{least}", holds=b.compare(INDEX, "ge", least)) for least in (50, 80)]
    levels = b.levels_of(*gates)
    known = b.methodology(b.root(b.group("D", b.ratio("R"))), levels=levels)
    reviewed = [(9, None), (9, 3), (9, 2), (9, 1), (6, 3), (6, 1), (1, 2), (1, 1)]
    rows = [b.submit({"R": b.of(n, 10)}, max_level=most) for n, most in reviewed]
    assert assert_equal(known, [*rows, b.submit({}, max_level=2)]).level.tolist() == [3, 3, 2, 1, 2, 1, 1, 1, 0]


def test_a_score_that_silence_took_away_is_not_one_that_left() -> None:
    """The gate asks 50 of X, and lets pass what X does not apply to: below 10 people."""
    gate = Gate(id="G", holds=b.compare(b.score("X"), "ge", 50), when_not_applicable="pass")
    applies = b.compare(b.field("people"), "ge", 10)
    tree = b.root(b.group("D", b.ladder("X", applies=applies), b.boolean("Y"), missing="leave"), missing="leave")
    levels = b.levels_of(gate)
    known = b.methodology(tree, profile=FIELDS[:1], levels=levels, coverage=b.SOME)
    yes: dict[str, dict[str, FactValue]] = {"Y": {"value": True}}
    rows = [b.submit(yes, {"people": people}) for people in (9, 10)]
    rows += [b.submit(yes | {"X": {"level": level}}, {"people": 10}) for level in (1, 2)]
    assert assert_equal(known, rows).level.tolist() == [2, 1, 1, 2]


def test_a_value_of_the_answers_of_another_is_there_when_these_are() -> None:
    """The numerator of R over that of S: 0 or more where both were sent and S has some."""
    half = msgspec.structs.replace(
        SHARED, value=Quotient(numerator=b.fact("R", "numerator"), denominator=b.fact("S", "numerator"))
    )
    gate = Gate(id="G", holds=b.compare(b.value("S"), "ge", 0))
    levels = b.levels_of(gate)
    known = b.methodology(b.root(b.group("D", b.ratio("R"), half)), levels=levels, coverage=b.SOME)
    sent: list[dict[str, dict[str, FactValue]]] = [
        {"R": b.of(0, 9), "S": {"numerator": 2}},
        {"R": b.of(5, 9), "S": {"numerator": 2}},
        {"S": {"numerator": 2}},
        {"R": b.of(0, 9)},
        {"R": b.of(0, 9), "S": {"numerator": 0}},
    ]
    rows = [b.submit(answers) for answers in sent]
    rows.append(b.submit(sent[0], self_declared=["S"]))
    assert assert_equal(known, rows).level.tolist() == [2, 2, 1, 1, 1, 1]


def test_gates_that_hold_or_fail_for_everybody() -> None:
    """Nobody has less than 0 people, and nobody here a million."""
    people = b.field("people")
    gates = [Gate(id=f"G{least}", holds=b.compare(people, "ge", least)) for least in (0, 1_000_000)]
    levels = b.levels_of(*gates)
    known = b.methodology(b.root(b.group("D", b.ratio("R"))), profile=FIELDS[:1], levels=levels)
    rows = [b.submit({"R": b.of(1, 10)}, {"people": count}) for count in (0, 9)]
    assert assert_equal(known, rows).level.tolist() == [2, 2]


SUMS = msgspec.structs.replace(
    b.ratio("S"),
    value=Quotient(
        numerator=Sum(of=(b.fact("S", "numerator"), b.field("people"))),
        denominator=Sum(of=(b.fact("S", "denominator"), b.field("people"))),
    ),
    part_of_denominator=False,
)


def test_a_quotient_of_sums_against_a_sum() -> None:
    """(1 + people) / (4 + people) against people + people - 1/2: 1/4, 2/5 and 3/6 against -1/2, 3/2 and 7/2."""
    asked = Sum(of=(b.field("people"), b.field("people"), b.const(-0.5)))
    gate = Gate(id="G", holds=b.compare(b.value("S"), "ge", asked))
    levels = b.levels_of(gate)
    known = b.methodology(b.root(b.group("D", SUMS)), profile=FIELDS[:1], levels=levels, coverage=b.SOME)
    rows = [b.submit({"S": b.of(1, 4)}, {"people": people}) for people in range(3)]
    rows += [b.submit({"S": b.of(n, 0)}, {"people": 1}) for n in (0, 1, 2)]  # 1, 2 and 3 against 3/2
    rows.append(b.submit({"S": b.of(1, 0)}, {"people": 0}))  # over 0 there is no value
    assert assert_equal(known, rows).level.tolist() == [2, 1, 1, 1, 2, 2, 1]


UNLESS: list[Predicate] = [
    b.compare(b.field("before"), "ge", 2),
    b.compare(b.field("people"), "lt", 40),
    Not(of=b.compare(b.value("R"), "ge", 0.5)),
    Any(of=(b.compare(b.value("N"), "lt", 3), b.compare(b.field("before"), "ge", 3))),
    b.compare(b.field("kind"), "ne", "town"),
    b.compare(b.score("D"), "le", 60),
    b.compare(Minimum(of=(b.score("M"), b.score("N"))), "lt", 60),
    b.compare(Maximum(of=(b.score("M"), b.score("N"))), "lt", 90),
    b.compare(Constant(value=50), "gt", b.score("F")),
    # row by row
    b.compare(Sum(of=(b.value("R"), b.value("A"))), "lt", 1),
    b.compare(b.value("Z"), "eq", False),
    Not(of=b.compare(Sum(of=(b.value("R"), b.field("people"))), "ge", 40.5)),
    Any(of=(b.compare(Sum(of=(b.value("R"), b.value("A"))), "lt", 0.1), b.compare(b.field("kind"), "eq", "region"))),
    Any(of=(b.compare(b.value("Z"), "eq", False), Not(of=b.compare(b.field("before"), "ge", 2)))),
    Any(of=(b.compare(b.value("Z"), "eq", False), b.compare(b.field("open"), "eq", False))),
]


@pytest.mark.parametrize("unless", UNLESS, ids=name)
def test_what_makes_a_level_firm(unless: Predicate) -> None:
    provisional = []
    for missing, _ in WAYS:
        known = b.read(document(missing, (), unless))
        provisional += assert_equal(known, ROWS).provisional.tolist()
    assert set(provisional) == {True, False}


def test_the_only_level_may_be_provisional() -> None:
    unless = b.compare(b.field("people"), "ge", 10)
    known = b.methodology(
        b.root(b.group("D", b.boolean("B"))),
        profile=(b.integer_field("people"),),
        levels=(Level(number=1, gates=(), provisional_unless=unless),),
    )
    rows = [b.submit({"B": {"value": True}}, {"people": people}) for people in (9, 10)]
    assert assert_equal(known, [*rows, b.submit({}, {"people": 9})]).provisional.tolist() == [True, False, False]


def test_the_highest_level_reached_says_whether_it_is_provisional() -> None:
    """The first from 5 years on, the second from 2; after 3 the second is firm, and the first alone is not."""
    levels = (
        Level(number=1, gates=(), provisional_unless=b.compare(b.field("before"), "ge", 5)),
        Level(
            number=2,
            gates=(Gate(id="G", holds=b.compare(INDEX, "ge", 50)),),
            provisional_unless=b.compare(b.field("before"), "ge", 2),
        ),
    )
    tree = b.root(b.group("D", b.boolean("B")))
    known = b.methodology(tree, profile=(b.integer_field("before"),), levels=levels)
    rows = [b.submit({"B": {"value": yes}}, {"before": before}) for yes in (True, False) for before in (1, 3, 5)]
    scores = assert_equal(known, rows)
    assert scores.level.tolist() == [2, 2, 2, 1, 1, 1]
    assert scores.provisional.tolist() == [True, False, False, True, True, False]


def test_an_element_of_a_list_is_read_by_a_yes_or_no() -> None:
    """B is yes where C lists y."""
    listed = ComponentOperand(indicator="C", component="y")
    derived = msgspec.structs.replace(b.boolean("B"), value=listed)
    tree = b.root(b.group("D", b.checklist("C", 1, ("x", "y"), ((0, 0), (2, 100))), derived))
    levels = b.levels_of(Gate(id="G", holds=b.compare(b.value("B"), "eq", True)))
    known = b.methodology(tree, levels=levels, coverage=b.SOME)
    lists: list[tuple[str, ...]] = [("x",), ("y",), ("x", "y"), ()]
    rows = [b.submit({"C": {"components": one}, "B": {"value": False}}) for one in lists]
    rows.append(b.submit({"B": {"value": True}}))
    assert assert_equal(known, rows).level.tolist() == [1, 2, 2, 1, 1]
