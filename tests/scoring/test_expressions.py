"""Operands and predicates over columns: within which bounds numbers lie, in which scratch arrays, and what is certain.

By hand: what the evaluator makes of them cannot tell a bound that is too wide from one that is right.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from actitud_api.methodology.model import (
    All,
    AnswerOperand,
    Any,
    ComparisonOperator,
    ComponentOperand,
    Implies,
    Maximum,
    Minimum,
    Not,
    Operand,
    Predicate,
    Product,
    ProfileField,
    Sum,
    ValueOperand,
)
from actitud_api.scoring.columns.block import Block, Needs, Reads
from actitud_api.scoring.columns.expressions import (
    EVERYWHERE,
    MOST,
    NARROW,
    NOWHERE,
    Answer,
    Compiler,
    Empty,
    Evidence,
    Numbers,
    RawValue,
    Reading,
    Score,
    TooWide,
    Truths,
    constant,
    rows_beyond,
)
from actitud_api.scoring.columns.table import narrow
from actitud_api.scoring.plan import Plan, plan_of
from tests.scoring import builders as b

PLAN: Plan = plan_of(
    b.read(
        b.document(
            b.root(
                b.group(
                    "D", b.ratio("R"), b.amount("A"), b.ladder("L"), b.checklist("C", 1, ("x", "y"), ((0, 0), (2, 100)))
                )
            ),
            profile=(
                b.integer_field("p"),
                b.integer_field("e", needs_evidence=True),
                b.service_field("n"),
                ProfileField(name="k", type="enum", set_by="organisation", values=("red", "green", "blue")),
                ProfileField(name="j", type="enum", set_by="organisation", values=("blue", "black")),
                ProfileField(name="f", type="number", set_by="organisation", minimum=0, maximum=9),
            ),
        )
    )
)
P, E, N, K, J, F, NUM, DEN, HOURS, LEVEL, LIST, COUNT = range(12)
"""The slots of the facts, in the order of the document."""
R, A, L, C = range(4)
"""The positions of the indicators."""

EXTENT = [(2, 10), (-3, 5), (0, 7), (0, 2), (0, 1), (0, 9_000_000), (0, 50), (0, 20), (0, 4_000_000), (0, 4)]
EXTENT += [(0, 3), (0, 2)]

LEAST, OPEN, DECLARED = Reading.LEAST, Reading.OPEN, Reading.DECLARED
ANSWER_A = b.fact("A", "hours")
ANSWER_L = b.fact("L", "level")


def compiler(limit: int | None = MOST, **extents: tuple[int, int]) -> Compiler:
    """A compiler for facts within `EXTENT`; `p=(0, 5)` for those of the field p within others."""
    extent = list(EXTENT)
    for name, bounds in extents.items():
        extent[PLAN.layout.profile[name]] = bounds
    return Compiler(PLAN, extent, Needs(), limit)


def block(depth: int, kinds: Mapping[int, Sequence[int]], rows: int, **marks: Mapping[int, Sequence[bool]]) -> Block:
    """Rows of some facts; `absent` and `nulls` and `declared` mark rows by position or slot."""
    made = Block.__new__(Block)
    made.rows = rows
    made.facts = [np.array(kinds.get(slot, [0] * rows), np.int64) for slot in range(12)]
    absent = marks.get("absent", {})
    made.present = [~np.array(absent.get(position, [False] * rows)) for position in range(4)]
    made.nulls = {slot: np.array(mark) for slot, mark in marks.get("nulls", {}).items()}
    made.declared = {slot: np.array(mark) for slot, mark in marks.get("declared", {}).items()}
    made.truths = [np.zeros(rows, np.bool_) for _ in range(depth)]
    made.narrow = [np.zeros(rows, np.int32) for _ in range(depth)]
    made.wide = [np.zeros(rows, np.int64) for _ in range(depth)]
    return made


def said(numbers: Numbers) -> tuple[Fraction | int, int, int, bool]:
    return numbers.scale, numbers.least, numbers.most, numbers.constant


MILLIONTH = Fraction(1, 1_000_000)

BOUNDS: list[tuple[Operand, tuple[object, int, int, bool]]] = [
    (b.const(3), (1, 3, 3, True)),
    (b.const(-2.5), (Fraction(1, 2), -5, -5, True)),
    (b.const(True), (1, 1, 1, True)),
    # with 0, which stands where nothing is
    (b.field("p"), (1, 0, 10, False)),
    (b.field("e"), (1, -3, 5, False)),
    (b.field("f"), (MILLIONTH, 0, 9_000_000, False)),
    (b.fact("R", "numerator"), (1, 0, 50, False)),
    (ANSWER_A, (MILLIONTH, 0, 4_000_000, False)),
    (ComponentOperand(indicator="C", component="y"), (1, 0, 1, False)),
    (b.fact("A", "hours", absent=b.const(7)), (MILLIONTH, 0, 7_000_000, False)),
    (b.fact("A", "hours", absent=b.const(-1)), (MILLIONTH, -1_000_000, 4_000_000, False)),
    (b.fact("L", "level", absent=b.field("e")), (1, -3, 5, False)),
    (b.fact("L", "level", absent=b.const(0.5)), (Fraction(1, 2), 0, 8, False)),
    # in millionths of quarters: 0 to 9 times -3 (and a quarter) to 5 and a quarter
    (
        Product(of=(b.field("f"), Sum(of=(b.field("e"), b.const(0.25))))),
        (Fraction(1, 4_000_000), -108_000_000, 189_000_000, False),
    ),
    # combined
    (Minimum(of=(b.field("p"), b.field("e"))), (1, -3, 5, False)),
    (Maximum(of=(b.field("p"), b.field("e"))), (1, 0, 10, False)),
    (Sum(of=(b.field("p"), b.field("e"))), (1, -3, 15, False)),
    (Sum(of=(b.field("p"), b.const(-4))), (1, -4, 10, False)),  # what is summed up to there lies within
    (Sum(of=(b.field("p"), b.const(0.25))), (Fraction(1, 4), 0, 41, False)),
    (Sum(of=(b.field("p"), ANSWER_A)), (MILLIONTH, 0, 14_000_000, False)),
    (Minimum(of=(b.const(4), b.const(3))), (1, 3, 3, True)),
    (Maximum(of=(b.const(4), b.const(3))), (1, 4, 4, True)),
    (Sum(of=(b.const(4), b.const(3.5))), (Fraction(1, 2), 15, 15, True)),
    (Product(of=(b.field("p"), b.field("e"))), (1, -30, 50, False)),
    (Product(of=(b.field("e"), b.field("e"))), (1, -15, 25, False)),
    (Product(of=(b.field("p"), b.const(2.5))), (Fraction(5, 2), 0, 10, False)),
    (Product(of=(b.field("p"), b.const(-2))), (2, -10, 0, False)),
    (Product(of=(b.field("p"), b.const(-1), b.const(-2))), (2, 0, 10, False)),
    (Product(of=(b.const(-1), b.field("p"), b.const(2))), (2, -10, 0, False)),
    (Product(of=(b.field("p"), b.const(0))), (1, 0, 0, True)),
    (Minimum(of=(b.field("p"),)), (1, 0, 10, False)),
    (Sum(of=(b.field("e"),)), (1, -3, 5, False)),
    (Product(of=(b.field("e"),)), (1, -3, 5, False)),
    (
        b.fact("A", "hours", absent=Product(of=(b.const(0.0000004), b.field("p")))),
        (MILLIONTH / 5, 0, 20_000_000, False),
    ),
    (Product(of=(b.const(3), b.const(-2))), (6, -1, -1, True)),
    (Product(of=(b.field("p"), ANSWER_A, b.const(3))), (3 * MILLIONTH, 0, 40_000_000, False)),
]


@pytest.mark.parametrize(("operand", "wanted"), BOUNDS)
def test_what_an_operand_gives_lies_within(operand: Operand, wanted: tuple[object, int, int, bool]) -> None:
    assert said(compiler().numbers(operand, 0, LEAST)) == wanted


def test_facts_beyond_the_limit_are_left_out_of_the_bounds() -> None:
    known = compiler(limit=4)
    assert said(known.numbers(b.field("p"), 0, LEAST)) == (1, 0, 4, False)
    assert said(known.numbers(b.field("e"), 0, LEAST)) == (1, -3, 4, False)
    assert said(compiler(limit=2).numbers(b.field("e"), 0, LEAST)) == (1, -2, 2, False)
    assert said(compiler(None, p=(0, 10**30)).numbers(b.field("p"), 0, LEAST)) == (1, 0, 10**30, False)
    assert said(compiler(p=(4, 8)).limited(6).numbers(b.field("p"), 0, LEAST)) == (1, 0, 6, False)


def test_more_than_64_bits_are_refused() -> None:
    twice = Sum(of=(b.field("p"), b.field("p")))
    half = MOST // 2
    assert compiler(p=(0, half)).numbers(twice, 0, LEAST).most == 2 * half == MOST - 1
    assert compiler(p=(-half, 0)).numbers(twice, 0, LEAST).least == -2 * half
    for bounds in ((0, half + 1), (-half - 1, 0)):
        with pytest.raises(TooWide):
            compiler(p=bounds).numbers(twice, 0, LEAST)
        assert compiler(None, p=bounds).numbers(twice, 0, LEAST).most == 2 * bounds[1]
    assert compiler().held(-MOST, MOST) == (-MOST, MOST)
    for least, most in ((-MOST - 1, 0), (0, MOST + 1)):
        with pytest.raises(TooWide):
            compiler().held(least, most)
        assert compiler(None).held(least, most) == (least, most)
    # a product whose factors on the way are wider than the whole: times 0 all of it is 0
    factors = Product(of=(b.field("p"), b.field("e"), b.field("n")))
    assert said(compiler(p=(0, 2**32), e=(0, 2**32), n=(0, 0)).numbers(factors, 0, LEAST)) == (1, 0, 0, False)
    with pytest.raises(TooWide):
        compiler(p=(0, 2**32), e=(0, 2**32), n=(0, 1)).numbers(factors, 0, LEAST)
    with pytest.raises(TooWide):
        compiler(p=(-(2**32), 0), e=(-(2**32), 0), n=(0, 1)).numbers(factors, 0, LEAST)
    assert said(compiler(p=(0, 2**31), e=(0, 2**31), n=(0, 1)).numbers(factors, 0, LEAST)) == (1, 0, 2**62, False)
    # a scale for which a number does not fit
    with pytest.raises(TooWide):
        compiler(p=(0, MOST)).numbers(Sum(of=(b.field("p"), ANSWER_A)), 0, LEAST)
    nothing = compiler(p=(0, 0)).numbers(b.field("p"), 0, LEAST)
    assert said(compiler().scaled(nothing, Fraction(1, MOST), 0)) == (Fraction(1, MOST), 0, 0, False)
    with pytest.raises(TooWide):
        compiler().scaled(nothing, Fraction(1, MOST + 1), 0)


def kind(operand: Operand, known: Compiler) -> np.dtype[np.generic]:
    """The type of the array that an operand is computed in."""
    numbers = known.numbers(operand, 0, LEAST)
    read = numbers.read(block(known.needs.depth, {P: [1, 2], NUM: [3, 4], LEVEL: [1, 2]}, 2, absent={L: [True, False]}))
    return np.asarray(read).dtype


@pytest.mark.parametrize(
    ("operand", "most", "least"),
    [
        (Sum(of=(b.field("p"), b.const(1))), NARROW - 1, None),
        (Sum(of=(b.field("p"), b.const(-1))), None, -NARROW + 1),
        (Minimum(of=(b.field("p"), b.const(1))), NARROW, -NARROW),
        (Maximum(of=(b.field("p"), b.const(1))), NARROW, -NARROW),
        (Product(of=(b.field("p"), b.fact("R", "numerator"))), NARROW // 50, -(NARROW // 50)),
        (Product(of=(b.field("p"), b.const(-1))), NARROW, -NARROW),
        (Sum(of=(b.field("p"), b.const(0.5))), NARROW // 2, -(NARROW // 2)),
        (b.fact("L", "level", absent=b.field("p")), NARROW, -NARROW),
    ],
)
def test_32_bits_are_computed_in_where_they_hold_all(operand: Operand, most: int | None, least: int | None) -> None:
    assert kind(operand, compiler(p=(least or 0, most or 0))) == np.int32
    if most is not None:
        assert kind(operand, compiler(p=(least or 0, most + 1))) == np.int64
    if least is not None:
        assert kind(operand, compiler(p=(least - 1, most or 0))) == np.int64
    assert kind(operand, compiler(None, p=(least or 0, most or 0))) == np.int64


def test_narrow_is_what_32_bits_hold() -> None:
    for least, most, fits in (
        (-NARROW, NARROW, True),
        (-NARROW - 1, 0, False),
        (0, NARROW + 1, False),
        (NARROW, NARROW, True),
    ):
        assert Numbers(lambda _: np.zeros(1, np.int64), Fraction(1), least, most).narrow is fits


def test_what_it_reads_and_what_it_is_determined_by() -> None:
    known = compiler()
    for operand, reading, reads, given, nulls in (
        (b.field("p"), DECLARED, Reads(frozenset({P})), frozenset(), frozenset()),
        (b.field("e"), OPEN, Reads(frozenset({E})), frozenset(), frozenset()),
        (b.field("e"), DECLARED, Reads(frozenset({E})), frozenset({Evidence(E)}), frozenset()),
        (b.field("n"), LEAST, Reads(frozenset({N})), frozenset(), frozenset({Empty(N)})),
        (ANSWER_A, LEAST, Reads(frozenset({HOURS})), frozenset(), frozenset()),
        (ANSWER_A, OPEN, Reads(frozenset({HOURS})), frozenset({Answer(A)}), frozenset()),
        (
            b.fact("A", "hours", absent=b.field("n")),
            LEAST,
            Reads(frozenset({HOURS, N}), frozenset({A})),
            frozenset(),
            frozenset({Empty(N, frozenset({A}))}),
        ),
        (
            b.fact("A", "hours", absent=b.field("n")),
            OPEN,
            Reads(frozenset({HOURS})),
            frozenset({Answer(A)}),
            frozenset(),
        ),
        (
            ComponentOperand(indicator="C", component="x"),
            OPEN,
            Reads(frozenset({LIST})),
            frozenset({Answer(C)}),
            frozenset(),
        ),
        (ComponentOperand(indicator="C", component="x"), LEAST, Reads(frozenset({LIST})), frozenset(), frozenset()),
        (
            Sum(of=(ANSWER_A, b.field("n"), ANSWER_L)),
            DECLARED,
            Reads(frozenset({HOURS, N, LEVEL})),
            frozenset({Answer(A), Answer(L)}),
            frozenset({Empty(N)}),
        ),
    ):
        numbers = known.numbers(operand, 0, reading)
        assert (numbers.reads, numbers.given, numbers.nulls) == (reads, given, nulls), operand
    both = (ANSWER_A, ANSWER_L)
    for combined in (Minimum(of=both), Maximum(of=both), Sum(of=both), Product(of=both)):
        numbers = known.numbers(combined, 0, OPEN)
        assert sorted(numbers.reads.slots) == [HOURS, LEVEL]
        assert numbers.given == {Answer(A), Answer(L)}
        assert known.numbers(combined, 0, LEAST).given == frozenset()
    assert known.numbers(b.field("k"), 0, LEAST).text == ("red", "green", "blue")
    assert known.numbers(b.field("p"), 0, LEAST).text is None
    assert constant("red").text == ("red",)
    with pytest.raises(TypeError, match="ValueOperand reads no facts"):
        known.numbers(ValueOperand(indicator="R"), 0, LEAST)
    with pytest.raises(TypeError, match="facts have no RawValue"):
        known.met(RawValue(R), 0)
    with pytest.raises(TypeError, match="facts have no Score"):
        known.null(Score("D"), 0)


# --- where a comparison is certain ----------------------------------------------------------------------------

DECIDED: list[tuple[ComparisonOperator, float, bool | None]] = [
    # of a number within 0 and 10
    ("ge", 0, True), ("ge", 0.5, None), ("ge", 10, None), ("ge", 10.5, False), ("ge", 11, False), ("ge", -1, True),
    ("lt", 0, False), ("lt", 0.5, None), ("lt", 10, None), ("lt", 10.5, True), ("lt", 11, True), ("lt", -1, False),
    ("le", 10, True), ("le", 9.5, None), ("le", 0, None), ("le", -0.5, False), ("le", -1, False), ("le", 11, True),
    ("gt", 10, False), ("gt", 9.5, None), ("gt", 0, None), ("gt", -0.5, True), ("gt", -1, True), ("gt", 11, False),
    ("eq", 0, None), ("eq", 10, None), ("eq", 11, False), ("eq", -1, False), ("eq", 0.5, False),
    ("ne", 0, None), ("ne", 10, None), ("ne", 11, True), ("ne", -1, True), ("ne", 0.5, True),
]  # fmt: skip
MIRRORED: dict[ComparisonOperator, ComparisonOperator] = {"ge": "le", "le": "ge", "lt": "gt", "gt": "lt"}


@pytest.mark.parametrize(("op", "bound", "decided"), DECIDED)
def test_a_comparison_is_decided_by_the_extent_or_row_by_row(
    op: ComparisonOperator, bound: float, decided: bool | None
) -> None:
    asked = getattr(operator, op)
    values = [0, 1, 9, 10]
    for compared in (b.compare(b.field("p"), op, bound), b.compare(b.const(bound), MIRRORED.get(op, op), b.field("p"))):
        known = compiler()
        truths = known.certain(compared, True, 0, LEAST)
        assert truths.constant is decided
        if decided is None:
            assert rows(truths, known, {P: values}, 4) == [asked(there, bound) for there in values]
        opposite = known.certain(compared, False, 0, LEAST)
        assert opposite.constant is (None if decided is None else not decided)
        if decided is None:
            assert rows(opposite, known, {P: values}, 4) == [not asked(there, bound) for there in values]


def rows(
    truths: Truths,
    known: Compiler,
    facts: Mapping[int, Sequence[int]],
    count: int,
    **marks: Mapping[int, Sequence[bool]],
) -> list[bool]:
    """Where something is certain, in a block with no scratch array more than was asked for."""
    found = truths.read(block(known.needs.depth, facts, count, **marks))
    return [bool(there) for there in found]


def test_constants_are_compared_at_once() -> None:
    known = compiler()
    decisions: list[tuple[ComparisonOperator, bool]] = [("lt", True), ("ge", False), ("ne", True), ("eq", False)]
    for op, decided in decisions:
        assert known.certain(b.compare(b.const(2.5), op, 3), True, 0, LEAST).constant is decided
    assert known.certain(b.compare(b.const("red"), "eq", "red"), True, 0, LEAST).constant is True
    assert known.certain(b.compare(b.const("red"), "eq", "blue"), True, 0, LEAST).constant is False
    assert known.needs.depth == 0


X = ComponentOperand(indicator="C", component="x")
Y = ComponentOperand(indicator="C", component="y")

ROWS: list[tuple[Predicate, Reading, list[int], list[int], int]] = [
    # rows 0 to 3: p 3, 4, 5, 6; e -1, 0, 1, 2; n 7, -, 6, -; A 1, 2, -, 4 hours; C x, y, both, none
    # the predicate; how what is absent is read; where it is certainly true, certainly false; scratch arrays
    (b.compare(b.field("p"), "ge", 5), LEAST, [0, 0, 1, 1], [1, 1, 0, 0], 1),
    (b.compare(b.field("p"), "gt", b.field("e")), LEAST, [1, 1, 1, 1], [0, 0, 0, 0], 1),
    (b.compare(b.field("n"), "ge", 6.5), LEAST, [1, 0, 0, 0], [0, 1, 1, 1], 2),
    (b.compare(ANSWER_A, "ge", 1.5), LEAST, [0, 1, 0, 1], [1, 0, 1, 0], 1),
    (b.compare(ANSWER_A, "ge", 1.5), OPEN, [0, 1, 0, 1], [1, 0, 0, 0], 1),
    (b.compare(b.fact("A", "hours", absent=b.const(3)), "ge", 1.5), LEAST, [0, 1, 1, 1], [1, 0, 0, 0], 1),
    (b.compare(b.fact("A", "hours", absent=b.field("p")), "ge", 5), LEAST, [0, 0, 1, 0], [1, 1, 0, 1], 3),
    (b.compare(b.fact("A", "hours", absent=b.field("n")), "le", 5), LEAST, [1, 1, 0, 1], [0, 0, 1, 0], 3),
    (b.compare(b.field("e"), "ge", 1), DECLARED, [0, 0, 0, 1], [1, 0, 0, 0], 2),
    (b.compare(b.field("e"), "ge", 1), OPEN, [0, 0, 1, 1], [1, 1, 0, 0], 1),
    (b.compare(X, "eq", True), LEAST, [1, 0, 1, 0], [0, 1, 0, 1], 1),
    (b.compare(Y, "eq", False), LEAST, [1, 0, 0, 1], [0, 1, 1, 0], 1),
    (b.compare(Y, "ne", True), LEAST, [1, 0, 0, 1], [0, 1, 1, 0], 1),
    (b.compare(X, "eq", Y), LEAST, [0, 0, 1, 1], [1, 1, 0, 0], 2),
    (b.compare(Sum(of=(b.field("p"), b.field("e"))), "ge", 5), LEAST, [0, 0, 1, 1], [1, 1, 0, 0], 1),
    (b.compare(Sum(of=(b.field("p"), ANSWER_A)), "ge", 6), LEAST, [0, 1, 0, 1], [1, 0, 1, 0], 1),
    (b.compare(Product(of=(b.const(2), b.field("p"))), "eq", 8), LEAST, [0, 1, 0, 0], [1, 0, 1, 1], 1),
    (b.compare(Product(of=(b.field("p"), b.const(-1), b.field("e"))), "ge", 0), LEAST, [1, 1, 0, 0], [0, 0, 1, 1], 1),
    # p·p + p·e is 6, 16, 30, 48; p·p - 2·p·e 15, 16, 15, 12
    (
        b.compare(
            Sum(of=(Product(of=(b.field("p"), b.field("p"))), Product(of=(b.field("p"), b.field("e"))))), "ge", 30
        ),
        LEAST,
        [0, 0, 1, 1],
        [1, 1, 0, 0],
        2,
    ),
    (
        b.compare(
            Sum(
                of=(
                    Product(of=(b.field("p"), b.field("p"))),
                    Product(of=(b.const(-2), b.field("p"), b.field("e"))),
                    b.const(0.5),
                )
            ),
            "ge",
            Sum(of=(Product(of=(b.field("p"), b.const(0.5))), b.const(13))),
        ),
        LEAST,
        # 15.5, 16.5, 15.5, 12.5 with 14.5, 15, 15.5, 16
        [1, 1, 1, 0],
        [0, 0, 0, 1],
        2,
    ),
    # without A the hours are twice p and e: 0 to 16
    (
        b.compare(b.fact("A", "hours", absent=Sum(of=(b.field("p"), b.field("p"), b.field("e")))), "ge", 11),
        LEAST,
        [0, 0, 1, 0],
        [1, 1, 0, 1],
        3,
    ),
    (
        b.compare(b.fact("A", "hours", absent=Product(of=(b.const(0.0000004), b.field("p")))), "lt", 0.0000021),
        LEAST,
        [0, 0, 1, 0],
        [1, 1, 0, 1],
        3,
    ),
    (Not(of=b.compare(b.field("p"), "ge", 5)), LEAST, [1, 1, 0, 0], [0, 0, 1, 1], 1),
    (b.present("A"), LEAST, [1, 1, 0, 1], [0, 0, 1, 0], 1),
    (
        All(of=(b.compare(b.field("p"), "ge", 4), b.compare(b.field("e"), "le", 1), b.present("A"))),
        LEAST,
        [0, 1, 0, 0],
        [1, 0, 1, 1],
        2,
    ),
    (
        Any(of=(b.compare(b.field("p"), "ge", 6), b.compare(b.field("e"), "le", -1), b.present("A"))),
        LEAST,
        [1, 1, 0, 1],
        [0, 0, 1, 0],
        2,
    ),
    (
        Implies(when=b.compare(b.field("p"), "ge", 5), then=b.present("A")),
        LEAST,
        [1, 1, 0, 1],
        [0, 0, 1, 0],
        2,
    ),
    # a number in millionths on the right, a number that may be null, and what is in other units beside each other
    (b.compare(b.const(1.5), "le", ANSWER_A), LEAST, [0, 1, 0, 1], [1, 0, 1, 0], 1),
    (b.compare(b.field("n"), "le", 6.5), LEAST, [0, 0, 1, 0], [1, 1, 0, 1], 2),
    (
        All(of=(b.compare(b.field("p"), "le", 4), b.compare(b.field("n"), "le", 7.5))),
        LEAST,
        [1, 0, 0, 0],
        [0, 1, 1, 1],
        3,
    ),
    (b.compare(Sum(of=(b.field("p"), b.field("e"), b.field("f"))), "ge", 5.5), LEAST, [0, 0, 1, 1], [1, 1, 0, 0], 2),
    # the first of those inside is decided, and what is beside them computes where the second has
    (
        All(
            of=(
                Any(of=(b.compare(b.field("p"), "lt", 0), b.compare(b.field("p"), "ge", 5))),
                b.compare(b.field("e"), "le", 0),
            )
        ),
        LEAST,
        [0, 0, 0, 0],
        [1, 1, 1, 1],
        2,
    ),
    # what is absent counts the least wherever it stands: row 2 as 0 hours, below 3
    (Not(of=b.compare(ANSWER_A, "ge", 3)), LEAST, [1, 1, 1, 0], [0, 0, 0, 1], 1),
    (
        All(of=(b.compare(ANSWER_A, "lt", 3), b.compare(ANSWER_A, "le", 3))),
        LEAST,
        [1, 1, 1, 0],
        [0, 0, 0, 1],
        2,
    ),
    (
        Implies(when=b.compare(ANSWER_A, "ge", 3), then=b.compare(b.field("p"), "lt", 5)),
        LEAST,
        [1, 1, 1, 0],
        [0, 0, 0, 1],
        2,
    ),
    (
        Implies(when=b.compare(b.field("p"), "ge", 3), then=b.compare(ANSWER_A, "lt", 3)),
        LEAST,
        [1, 1, 1, 0],
        [0, 0, 0, 1],
        2,
    ),
    (b.compare(b.field("p"), "gt", ANSWER_A), LEAST, [1, 1, 1, 1], [0, 0, 0, 0], 1),
    # and undetermined where nothing is said of it
    (Not(of=b.compare(ANSWER_A, "ge", 3)), OPEN, [1, 1, 0, 0], [0, 0, 0, 1], 1),
    # the first decided, the second at its depth
    (
        All(of=(b.compare(b.field("p"), "ge", 0), b.compare(b.field("p"), "ge", 5))),
        LEAST,
        [0, 0, 1, 1],
        [1, 1, 0, 0],
        2,
    ),
]


@pytest.mark.parametrize(("predicate", "reading", "true", "false", "depth"), ROWS)
def test_where_a_predicate_is_certain(
    predicate: Predicate, reading: Reading, true: list[int], false: list[int], depth: int
) -> None:
    facts = {
        P: [3, 4, 5, 6],
        E: [-1, 0, 1, 2],
        N: [7, 0, 6, 0],
        HOURS: [1_000_000, 2_000_000, 0, 4_000_000],
        LIST: [1, 2, 3, 0],
    }
    absent = {A: [False, False, True, False]}
    nulls = {N: [False, True, False, True]}
    declared = {E: [False, True, True, False]}
    known = compiler()
    both = [known.certain(predicate, value, 0, reading) for value in (True, False)]
    found = [rows(truths, known, facts, 4, absent=absent, nulls=nulls, declared=declared) for truths in both]
    assert found == [[bool(there) for there in wanted] for wanted in (true, false)]
    assert known.needs.depth == depth


def test_what_a_predicate_reads() -> None:
    known = compiler()
    every = All(
        of=(
            b.compare(b.field("p"), "ge", 5),
            Any(of=(b.present("A"), Not(of=b.compare(b.field("n"), "ge", 6.5)))),
            Implies(when=b.present("C"), then=b.compare(b.field("e"), "ge", 1)),
            Not(of=b.present("L")),
        )
    )
    for value in (True, False):
        assert known.certain(every, value, 0, DECLARED).reads == Reads(frozenset({P, N, E}), frozenset({A, C, L}))
    nullable = known.null(Empty(N, frozenset({A})), 0)
    assert nullable.reads == Reads(frozenset({N}), frozenset({A}))
    assert known.met(Evidence(E), 0).reads == Reads(frozenset({E}))
    wide = compiler(p=(0, 2**41)).certain(
        b.compare(Product(of=(b.field("p"), b.field("p"))), "gt", b.field("e")), True, 0
    )
    assert wide.reads == Reads(frozenset({P, E}))


def test_marks_that_nobody_has() -> None:
    """Nobody's n is null and nobody's e is only declared."""
    known = compiler()
    below = b.compare(b.field("n"), "le", 6.5)
    facts = {N: [7, 6], E: [1, 0]}
    assert rows(known.certain(below, True, 0), known, facts, 2) == [False, True]
    assert rows(known.certain(below, False, 0), known, facts, 2) == [True, False]
    declared = b.compare(b.field("e"), "ge", 1)
    assert rows(known.certain(declared, True, 0, DECLARED), known, facts, 2) == [True, False]


def test_what_is_decided_decides_the_whole() -> None:
    known = compiler()
    sure, never = b.compare(b.field("p"), "ge", 0), b.compare(b.field("p"), "lt", 0)
    open_ = b.compare(b.field("p"), "ge", 5)
    for predicate, decided in (
        (All(of=()), True),
        (Any(of=()), False),
        (All(of=(sure, sure)), True),
        (All(of=(open_, never)), False),
        (All(of=(open_, sure)), None),
        (Any(of=(never, never)), False),
        (Any(of=(open_, sure)), True),
        (Any(of=(open_, never)), None),
        (Implies(when=never, then=open_), True),
        (Implies(when=sure, then=never), False),
        (Not(of=sure), False),
    ):
        assert known.certain(predicate, True, 0, LEAST).constant is decided, predicate
        opposite = None if decided is None else not decided
        assert known.certain(predicate, False, 0, LEAST).constant is opposite, predicate


TEXTS: list[tuple[Operand, Operand, list[bool]]] = [
    # rows: k red, green, blue, blue; j blue, black, blue, black
    (b.field("k"), b.const("green"), [False, True, False, False]),
    (b.const("blue"), b.field("k"), [False, False, True, True]),
    (b.field("j"), b.const("black"), [False, True, False, True]),
    (b.field("k"), b.field("j"), [False, False, True, False]),
    (b.field("j"), b.field("k"), [False, False, True, False]),
    (b.field("k"), b.field("k"), [True, True, True, True]),
]


@pytest.mark.parametrize(("left", "right", "equal"), TEXTS)
def test_texts_are_compared_by_what_they_say(left: Operand, right: Operand, equal: list[bool]) -> None:
    known = compiler()
    facts = {K: [0, 1, 2, 2], J: [0, 1, 0, 1]}
    ops: list[tuple[ComparisonOperator, bool]] = [("eq", True), ("ne", False)]
    for op, value in ops:
        truths = known.certain(b.compare(left, op, right), value, 0, LEAST)
        assert rows(truths, known, facts, 4) == equal
    assert known.certain(b.compare(b.field("k"), "eq", "white"), True, 0, LEAST).constant is False


# --- facts that are large -------------------------------------------------------------------------------------


def test_rows_with_a_fact_beyond_the_limit_are_computed_apart() -> None:
    """p·p asks for more than 64 bits where p is 2^40: the limit is halved until it does not."""
    square = b.compare(Product(of=(b.field("p"), b.field("p"))), "gt", 2**80 - 1)
    values = [1, 2**40 - 1, 2**40, -(2**40), 2**41]
    known = compiler(p=(-(2**40), 2**41))
    assert rows(known.certain(square, True, 0, LEAST), known, {P: values}, 5) == [False, False, True, True, True]
    assert rows(known.certain(square, False, 0, LEAST), known, {P: values}, 5) == [True, True, False, False, False]


def test_only_rows_beyond_the_limit_are_computed_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """p to the fifth takes 64 bits from 2^12 on; 4000^5 is 1.024·10^18, and 3900^5 0.9·10^18."""
    apart: list[list[int]] = []
    picked = Block.picked

    def watched(self: Block, rows: NDArray[np.intp], reads: Reads, depth: int, *, exact: bool) -> Block:
        apart.append(rows.tolist())
        return picked(self, rows, reads, depth, exact=exact)

    monkeypatch.setattr(Block, "picked", watched)
    known = compiler(p=(0, 2**20))
    fifth = Product(of=(b.field("p"),) * 5)
    values = {P: [4_000, 4_095, 3_900, 4_096, 2**20, 0]}
    above = known.certain(b.compare(fifth, "gt", 10**18), True, 0)
    assert rows(above, known, values, 6) == [True, True, False, True, True, False]
    # decided for every number, however large
    decided = known.certain(b.compare(fifth, "ge", 0), True, 0)
    assert rows(decided, known, values, 6) == [True] * 6
    assert apart == [[3, 4]]


def test_constants_of_any_size() -> None:
    known = compiler(None)
    assert said(known.numbers(Sum(of=(b.const(2**62),) * 3), 0)) == (1, 3 * 2**62, 3 * 2**62, True)
    assert known.opposite(EVERYWHERE, 0) is NOWHERE
    assert known.opposite(NOWHERE, 0) is EVERYWHERE


def test_rows_that_are_computed_apart_read_what_is_absent_alike() -> None:
    """p·p·A is above 10^25 for 7 hours, which count where A is absent, and not for 1."""
    hours = b.fact("A", "hours", absent=b.const(7))
    known = compiler(p=(0, 2**41))
    above = b.compare(Product(of=(b.field("p"), b.field("p"), hours)), "gt", 10**25)
    facts = {P: [2**41, 2**41, 3, 3], HOURS: [1_000_000, 0, 1_000_000, 0]}
    for value, there in ((True, [False, True, False, False]), (False, [True, False, True, True])):
        truths = known.certain(above, value, 0, LEAST)
        assert rows(truths, known, facts, 4, absent={A: [False, True, False, True]}) == there


def test_narrow_numbers_are_combined_as_wide_as_it_takes() -> None:
    """100,000 times itself is beyond 32 bits, and 3,000 hours in millionths."""
    known = compiler(p=(0, 100_000), f=(0, 4 * 10**6))
    square = known.numbers(Product(of=(b.field("p"), b.field("p"))), 0, LEAST)
    # p in millionths of f
    both = known.numbers(Sum(of=(b.field("p"), b.field("f"))), 0, LEAST)
    there = block(known.needs.depth, {P: [100_000, 3_000], F: [1, 2]}, 2)
    there.facts = [narrow(fact) for fact in there.facts]
    assert square.read(there).tolist() == [10**10, 9 * 10**6]
    assert both.read(there).tolist() == [10**11 + 1, 3 * 10**9 + 2]
    below = compiler(e=(-100_000, 0))
    sunk = below.numbers(Sum(of=(b.field("e"), b.field("f"))), 0, LEAST)
    there = block(below.needs.depth, {E: [-100_000, -1], F: [1, 2]}, 2)
    there.facts = [narrow(fact) for fact in there.facts]
    assert sunk.read(there).tolist() == [-(10**11) + 1, -999_998]
    # what 32 bits hold is combined in them
    small = known.numbers(Sum(of=(b.field("e"), b.field("n"))), 0, LEAST)
    there = block(known.needs.depth, {E: [100, 1], N: [100, 2]}, 2)
    there.facts = [narrow(fact) for fact in there.facts]
    assert small.read(there).tolist() == [200, 3]
    assert small.read(there).dtype == np.int32
    thrice = known.numbers(Product(of=(b.const(1_000), b.const(0.001), Sum(of=(b.field("e"), b.const(0.25))))), 0)
    assert thrice.read(there).tolist() == [401, 5]
    assert thrice.scale == Fraction(1, 4)
    assert thrice.read(there).dtype == np.int32


def test_which_slots_and_rows_lie_beyond() -> None:
    known = compiler(p=(0, 10), e=(-10, 0), n=(-10, 10), k=(-9, 9))
    assert known.beyond([P, E, N, K], 10) == frozenset()
    assert known.beyond([P, E, N, K], 9) == {P, E, N}
    assert known.beyond([P, K], 9) == {P}
    there = block(0, {P: [10, 9, 0, -10, -11, 11], E: [0, 0, -11, 0, 0, 0]}, 6)
    assert rows_beyond(there, [P], 10).tolist() == [4, 5]
    assert rows_beyond(there, [P, E], 10).tolist() == [2, 4, 5]
    assert rows_beyond(there, [P], 9).tolist() == [0, 3, 4, 5]


def test_a_constant_that_is_too_wide_is_computed_apart_everywhere() -> None:
    """3^41 is more than 64 bits hold, and so is what it is compared with."""
    factor = Product(of=(b.const(3**20), b.const(3**21), b.field("p")))
    known = compiler()
    assert known.certain(b.compare(b.const(3**40), "lt", b.const(0.5)), True, 0, LEAST).constant is False
    compared = b.compare(Sum(of=(factor, b.field("e"))), "ge", Sum(of=(b.const(3**20), b.field("n"))))
    truths = known.certain(compared, True, 0, LEAST)
    found = rows(truths, known, {P: [0, 1, 0], E: [1, 1, 5], N: [0, 0, 1]}, 3)
    assert found == [False, True, False]


def test_an_answer_with_a_least_favourable_value_reads_what_is_there() -> None:
    known = compiler()
    numbers = known.numbers(b.fact("A", "hours", absent=b.field("p")), 0, LEAST)
    there = block(known.needs.depth, {P: [9, 8], HOURS: [500_000, 0]}, 2, absent={A: [False, True]})
    assert numbers.read(there).tolist() == [500_000, 8_000_000]
    assert isinstance(ANSWER_A, AnswerOperand)
