"""Operands and predicates over columns: numbers beyond 32 and 64 bits, texts, and what is absent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np
import pytest

from actitud_api.engine.methodology.model import ComparisonOperator, Operand, Product, ProfileField, Sum
from actitud_api.engine.scoring.columns.block import RowBlock
from actitud_api.engine.scoring.columns.expressions import (
    INT64_MAX,
    AbsentFactReading,
    ColumnCompiler,
    CompiledNumbers,
    CompiledTruths,
    ExceedsInt64,
)
from actitud_api.engine.scoring.columns.table import narrow_integers
from actitud_api.engine.scoring.compile import CompiledMethodology, compile_methodology
from tests.unit.scoring import builders as b

PLAN: CompiledMethodology = compile_methodology(
    b.methodology(
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
P, E, N, K, J, F, NUM, DEN, HOURS, LEVEL, LIST, COUNT = range(12)
"""The slots of the facts, in the order of the document."""
R, A, L, C = range(4)
"""The positions of the indicators."""

EXTENT = [(2, 10), (-3, 5), (0, 7), (0, 2), (0, 1), (0, 9_000_000), (0, 50), (0, 20), (0, 4_000_000), (0, 4)]
EXTENT += [(0, 3), (0, 2)]

LEAST, OPEN, DECLARED = (
    AbsentFactReading.LEAST_FAVOURABLE,
    AbsentFactReading.UNDETERMINED,
    AbsentFactReading.UNDETERMINED_OR_DECLARED,
)
ANSWER_A = b.fact("A", "hours")


def compiler(**extents: tuple[int, int]) -> ColumnCompiler:
    """A compiler for facts within `EXTENT`; `p=(0, 5)` for those of the field p within others."""
    extent = list(EXTENT)
    for name, bounds in extents.items():
        extent[PLAN.layout.profile[name]] = bounds
    return ColumnCompiler(PLAN, extent)


def block(kinds: Mapping[int, Sequence[int]], rows: int, **marks: Mapping[int, Sequence[bool]]) -> RowBlock:
    """Rows of some facts; `absent` and `nulls` and `declared` mark rows by position or slot."""
    made = RowBlock.__new__(RowBlock)
    made.rows = rows
    made.facts = [np.array(kinds.get(slot, [0] * rows), np.int64) for slot in range(12)]
    absent = marks.get("absent", {})
    made.present = [~np.array(absent.get(position, [False] * rows)) for position in range(4)]
    made.nulls = {slot: np.array(mark) for slot, mark in marks.get("nulls", {}).items()}
    made.declared = {slot: np.array(mark) for slot, mark in marks.get("declared", {}).items()}
    return made


def said(numbers: CompiledNumbers) -> tuple[Fraction | int, int, int, bool]:
    return numbers.scale, numbers.lower, numbers.upper, numbers.constant


def test_more_than_64_bits_are_refused() -> None:
    twice = Sum(of=(b.field("p"), b.field("p")))
    half = INT64_MAX // 2
    assert compiler(p=(0, half)).compile_operand(twice, LEAST).upper == 2 * half == INT64_MAX - 1
    assert compiler(p=(-half, 0)).compile_operand(twice, LEAST).lower == -2 * half
    for bounds in ((0, half + 1), (-half - 1, 0)):
        with pytest.raises(ExceedsInt64):
            compiler(p=bounds).compile_operand(twice, LEAST)
    assert compiler().check_int64(-INT64_MAX, INT64_MAX) == (-INT64_MAX, INT64_MAX)
    for least, most in ((-INT64_MAX - 1, 0), (0, INT64_MAX + 1)):
        with pytest.raises(ExceedsInt64):
            compiler().check_int64(least, most)
    # a product whose factors on the way are wider than the whole: times 0 all of it is 0
    factors = Product(of=(b.field("p"), b.field("e"), b.field("n")))
    assert said(compiler(p=(0, 2**32), e=(0, 2**32), n=(0, 0)).compile_operand(factors, LEAST)) == (1, 0, 0, False)
    with pytest.raises(ExceedsInt64):
        compiler(p=(0, 2**32), e=(0, 2**32), n=(0, 1)).compile_operand(factors, LEAST)
    with pytest.raises(ExceedsInt64):
        compiler(p=(-(2**32), 0), e=(-(2**32), 0), n=(0, 1)).compile_operand(factors, LEAST)
    assert said(compiler(p=(0, 2**31), e=(0, 2**31), n=(0, 1)).compile_operand(factors, LEAST)) == (
        1,
        0,
        2**62,
        False,
    )
    # a scale for which a number does not fit
    with pytest.raises(ExceedsInt64):
        compiler(p=(0, INT64_MAX)).compile_operand(Sum(of=(b.field("p"), ANSWER_A)), LEAST)
    nothing = compiler(p=(0, 0)).compile_operand(b.field("p"), LEAST)
    assert said(compiler().rescale_numbers(nothing, Fraction(1, INT64_MAX))) == (Fraction(1, INT64_MAX), 0, 0, False)
    with pytest.raises(ExceedsInt64):
        compiler().rescale_numbers(nothing, Fraction(1, INT64_MAX + 1))


# --- where a comparison is certain ----------------------------------------------------------------------------


def rows(
    truths: CompiledTruths, facts: Mapping[int, Sequence[int]], count: int, **marks: Mapping[int, Sequence[bool]]
) -> list[bool]:
    """Where something is certain."""
    found = truths.read(block(facts, count, **marks))
    return [bool(there) for there in found]


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
        truths = known.compile_predicate(b.compare(left, op, right), value, LEAST)
        assert rows(truths, facts, 4) == equal
    assert known.compile_predicate(b.compare(b.field("k"), "eq", "white"), True, LEAST).constant is False


# --- facts that are large -------------------------------------------------------------------------------------


def test_a_comparison_beyond_64_bits_is_made_row_by_row() -> None:
    """p·p asks for more than 64 bits where p is 2^40."""
    square = b.compare(Product(of=(b.field("p"), b.field("p"))), "gt", 2**80 - 1)
    values = [1, 2**40 - 1, 2**40, -(2**40), 2**41]
    known = compiler(p=(-(2**40), 2**41))
    assert rows(known.compile_predicate(square, True, LEAST), {P: values}, 5) == [
        False,
        False,
        True,
        True,
        True,
    ]
    assert rows(known.compile_predicate(square, False, LEAST), {P: values}, 5) == [
        True,
        True,
        False,
        False,
        False,
    ]


def test_comparisons_row_by_row_read_what_is_absent_alike() -> None:
    """p·p·A is above 10^25 for 7 hours, which count where A is absent, and not for 1."""
    hours = b.fact("A", "hours", absent=b.const(7))
    known = compiler(p=(0, 2**41))
    above = b.compare(Product(of=(b.field("p"), b.field("p"), hours)), "gt", 10**25)
    facts = {P: [2**41, 2**41, 3, 3], HOURS: [1_000_000, 0, 1_000_000, 0]}
    for value, there in ((True, [False, True, False, False]), (False, [True, False, True, True])):
        truths = known.compile_predicate(above, value, LEAST)
        assert rows(truths, facts, 4, absent={A: [False, True, False, True]}) == there


def test_comparisons_row_by_row_know_what_is_null_or_only_declared() -> None:
    """p·p + e + n is above 2^80 where p is 2^41; it is nothing where n is null, open where e is only declared."""
    known = compiler(p=(0, 2**41))
    wide = Sum(of=(Product(of=(b.field("p"), b.field("p"))), b.field("e"), b.field("n")))
    facts = {P: [2**41, 2**41, 2**41, 1]}
    marks = {"nulls": {N: [False, True, False, False]}, "declared": {E: [False, False, True, True]}}
    for value, reading, there in (
        (True, OPEN, [True, False, True, False]),
        (False, OPEN, [False, True, False, True]),
        (True, DECLARED, [True, False, False, False]),
        (False, DECLARED, [False, True, False, False]),
    ):
        truths = known.compile_predicate(b.compare(wide, "gt", 2**80), value, reading)
        assert rows(truths, facts, 4, **marks) == there


def test_narrow_numbers_are_combined_as_wide_as_it_takes() -> None:
    """100,000 times itself is beyond 32 bits, and 3,000 hours in millionths."""
    known = compiler(p=(0, 100_000), f=(0, 4 * 10**6))
    square = known.compile_operand(Product(of=(b.field("p"), b.field("p"))), LEAST)
    # p in millionths of f
    both = known.compile_operand(Sum(of=(b.field("p"), b.field("f"))), LEAST)
    there = block({P: [100_000, 3_000], F: [1, 2]}, 2)
    there.facts = [narrow_integers(fact) for fact in there.facts]
    assert square.read(there).tolist() == [10**10, 9 * 10**6]
    assert both.read(there).tolist() == [10**11 + 1, 3 * 10**9 + 2]
    below = compiler(e=(-100_000, 0))
    sunk = below.compile_operand(Sum(of=(b.field("e"), b.field("f"))), LEAST)
    there = block({E: [-100_000, -1], F: [1, 2]}, 2)
    there.facts = [narrow_integers(fact) for fact in there.facts]
    assert sunk.read(there).tolist() == [-(10**11) + 1, -999_998]
    # what 32 bits hold is combined in them
    small = known.compile_operand(Sum(of=(b.field("e"), b.field("n"))), LEAST)
    there = block({E: [100, 1], N: [100, 2]}, 2)
    there.facts = [narrow_integers(fact) for fact in there.facts]
    assert small.read(there).tolist() == [200, 3]
    assert small.read(there).dtype == np.int32
    thrice = known.compile_operand(Product(of=(b.const(1_000), b.const(0.001), Sum(of=(b.field("e"), b.const(0.25))))))
    assert thrice.read(there).tolist() == [401, 5]
    assert thrice.scale == Fraction(1, 4)
    assert thrice.read(there).dtype == np.int32


def test_a_constant_that_is_too_wide_is_compared_row_by_row() -> None:
    """3^41 is more than 64 bits hold, and so is what it is compared with."""
    factor = Product(of=(b.const(3**20), b.const(3**21), b.field("p")))
    known = compiler()
    constants = known.compile_predicate(b.compare(b.const(3**40), "lt", b.const(0.5)), True, LEAST)
    assert rows(constants, {}, 2) == [False, False]
    compared = b.compare(Sum(of=(factor, b.field("e"))), "ge", Sum(of=(b.const(3**20), b.field("n"))))
    truths = known.compile_predicate(compared, True, LEAST)
    found = rows(truths, {P: [0, 1, 0], E: [1, 1, 5], N: [0, 0, 1]}, 3)
    assert found == [False, True, False]


def test_an_answer_with_a_least_favourable_value_reads_what_is_there() -> None:
    known = compiler()
    numbers = known.compile_operand(b.fact("A", "hours", absent=b.field("p")), LEAST)
    there = block({P: [9, 8], HOURS: [500_000, 0]}, 2, absent={A: [False, True]})
    assert numbers.read(there).tolist() == [500_000, 8_000_000]
