"""What a figure can be, and which way it goes as something gets better: by hand, for every kind of operand."""

from __future__ import annotations

import math
from fractions import Fraction

import msgspec
import pytest

from actitud_api.engine.methodology.checks.bounds import Bound, Bounds, Direction, OperandBounds
from actitud_api.engine.methodology.model import (
    AnswerOperand,
    Document,
    Fact,
    Group,
    IndexOperand,
    Indicator,
    Maximum,
    Minimum,
    Operand,
    Product,
    ProfileField,
    Quotient,
    Range,
    Sum,
)
from tests.unit.scoring import builders as b

PROFILE = (
    b.integer_field("people"),
    ProfileField(name="balance", type="integer", set_by="organisation", minimum=-5, maximum=3),
)
LEAVES = b.compare(b.field("people"), "ge", 10)
"""Applicability by which an indicator may leave."""


def bounds_of(*children: Group | Indicator) -> OperandBounds:
    return OperandBounds(b.document(b.root(*children), profile=PROFILE))


def with_facts(operand: Operand, *facts: Fact) -> Document:
    """A document whose indicator X has that value, of those facts."""
    indicator = msgspec.structs.replace(b.amount("X"), facts=facts, value=operand, step=facts[0].name)
    return b.document(b.root(b.group("D", indicator, b.checklist("C", 1, ("a", "b", "c"), b.LINE))), profile=PROFILE)


def between(name: str, least: int | None, most: int | None) -> Fact:
    return Fact(name=name, type="number", minimum=least, maximum=most)


def x(name: str) -> AnswerOperand:
    return b.fact("X", name)


N, D = between("n", 2, 6), between("d", 4, 8)
OVER = Quotient(numerator=x("n"), denominator=x("d"))

VALUES: list[tuple[Operand, tuple[Fact, ...], tuple[Bound, Bound]]] = [
    (x("n"), (N,), (2, 6)),
    (b.const(2.5), (N,), (Fraction(5, 2), Fraction(5, 2))),
    (OVER, (N, D), (Fraction(2, 8), Fraction(6, 4))),
    (OVER, (between("n", -6, 2), D), (Fraction(-6, 4), Fraction(2, 4))),
    (OVER, (N, between("d", 1, 49)), (Fraction(2, 49), 6)),
    (Quotient(numerator=x("n"), denominator=b.const(0.5)), (N,), (4, 12)),
    (Product(of=(x("n"), b.const(0))), (between("n", None, None),), (0, 0)),
    (Product(of=(x("n"), x("d"))), (between("n", 0, None), between("d", 0, None)), (0, math.inf)),
    (OVER, (N, between("d", 0, 8)), (0, math.inf)),
    (OVER, (between("n", -1, 6), between("d", 0, 8)), (-math.inf, math.inf)),
    (OVER, (N, between("d", -2, 8)), (-math.inf, math.inf)),
    (OVER, (between("n", None, 6), D), (-math.inf, Fraction(6, 4))),
    (OVER, (between("n", 2, None), D), (Fraction(2, 8), math.inf)),
    (OVER, (N, between("d", 4, None)), (0, Fraction(6, 4))),
    (Sum(of=(x("n"), x("d"))), (N, D), (6, 14)),
    (Product(of=(x("n"), x("d"))), (N, D), (8, 48)),
    (Product(of=(x("n"), x("d"))), (between("n", -3, 2), between("d", -4, 5)), (-15, 12)),
    (Product(of=(x("n"), b.const(0))), (between("n", 2, None),), (0, 0)),
    (Minimum(of=(x("n"), x("d"))), (N, D), (2, 6)),
    (Maximum(of=(x("n"), x("d"))), (N, D), (4, 8)),
    (b.field("people"), (N,), (0, b.MANY)),
    (b.field("balance"), (N,), (-5, 3)),
    (b.fact("C", "count"), (N,), (0, 3)),
    (b.fact("C", "components"), (N,), (-math.inf, math.inf)),
    (b.const("text"), (N,), (-math.inf, math.inf)),
    # What is a defect of its own: ids that the document lacks, and a value made of itself.
    (b.fact("Z", "n"), (N,), (-math.inf, math.inf)),
    (b.field("nothing"), (N,), (-math.inf, math.inf)),
    (b.score("Z"), (N,), (-math.inf, math.inf)),
    (b.value("X"), (N,), (-math.inf, math.inf)),
]


@pytest.mark.parametrize(("operand", "facts", "ends"), VALUES)
def test_what_a_value_can_be(operand: Operand, facts: tuple[Fact, ...], ends: tuple[Bound, Bound]) -> None:
    spans = OperandBounds(with_facts(operand, *facts))
    assert spans.compute(operand) == spans.compute(b.value("X")) == Bounds(*ends)


@pytest.mark.parametrize("part", [True, False])
def test_a_part_is_at_most_the_whole(part: bool) -> None:
    """Only where the value is the share itself; a rate per thousand is another figure."""
    ratio = b.ratio("R", part_of_denominator=part)
    scaled = Quotient(
        numerator=Product(of=(b.fact("S", "numerator"), b.const(1000))), denominator=b.fact("S", "denominator")
    )
    rate = msgspec.structs.replace(b.ratio("S", part_of_denominator=part), value=scaled)
    spans = bounds_of(b.group("D", ratio, rate))
    assert spans.compute(b.value("R")) == Bounds(0, 1 if part else math.inf)
    assert spans.compute(b.value("S")) == Bounds(0, math.inf)


def test_what_a_node_can_score() -> None:
    """Half up to the decimals of the document, from the least of its range."""
    from_20 = Range(minimum=20, maximum=100)
    ladder = msgspec.structs.replace(b.ladder("L", points=(20, 33.335)), range=from_20)
    free = msgspec.structs.replace(b.ladder("M", 0, points=(20, 90)), range=from_20)
    spans = OperandBounds(b.document(b.root(b.group("D", ladder, free, span=(20, 100)), span=(20, 100))))
    for operand in (b.score("L"), b.score("D"), b.score("index"), IndexOperand()):
        assert spans.compute(operand) == Bounds(20, Fraction(3334, 100))  # M has no weight


def test_the_best_mean_takes_of_what_may_leave_only_what_raises_it() -> None:
    """Stay: 40 (weight 1). May leave: 100 (1), 60 (2), 30 (5). (40 + 100) / 2 = 70; 60 does not raise that."""
    group = b.group(
        "D",
        b.ladder("A", 1, points=(0, 40)),
        b.ladder("C", 5, points=(0, 30), applies=LEAVES),
        b.ladder("E", 2, points=(0, 60), applies=LEAVES),
        b.ladder("F", 1, points=(0, 100), applies=LEAVES),
    )
    spans = bounds_of(group)
    assert spans.compute(b.score("D")) == Bounds(0, 70)


def test_a_group_can_leave_where_something_in_it_can() -> None:
    """D is 100 at most where E, of which the only indicator may not apply, has left; G never leaves."""
    spans = bounds_of(
        b.group("D", b.boolean("Y")),
        b.group("E", b.ladder("P", points=(0, 50), applies=LEAVES)),
        b.group("F", b.boolean("Z")),
    )
    assert spans.compute(IndexOperand()) == Bounds(0, 100)
    staying = bounds_of(b.group("D", b.boolean("Y")), b.group("E", b.ladder("P", points=(0, 50))))
    assert staying.compute(IndexOperand()) == Bounds(0, 75)


def test_the_least_child_is_one_that_stays_or_where_all_may_leave_the_best() -> None:
    """A of 40 points at most stays; without it only F may be left, of 100."""
    free = b.ladder("E", points=(0, 60), applies=LEAVES), b.ladder("F", points=(0, 100), applies=LEAVES)
    for children, most in (((b.ladder("A", points=(0, 40)), *free), 40), (free, 100)):
        spans = bounds_of(b.group("D", *children, aggregation="min"))
        assert spans.compute(b.score("D")) == Bounds(0, most)


def test_an_unweighted_child_that_may_leave_keeps_no_group_from_staying() -> None:
    inner = b.group("E", b.ladder("P", points=(0, 50)), b.ladder("Q", 0, applies=LEAVES))
    assert bounds_of(b.group("D", b.boolean("Y")), inner).compute(IndexOperand()) == Bounds(0, 75)


# --- which way ------------------------------------------------------------------------------------------------

UP, DOWN = b.value("U"), b.value("W")
FLAT = b.value("F")
MINUS = b.const(-1)

WAYS: list[tuple[Operand, Direction]] = [
    (UP, 1),
    (DOWN, -1),
    (FLAT, 0),
    (b.score("U"), 1),
    (IndexOperand(), 1),
    (b.const(3), 0),
    (b.field("balance"), 0),
    (Sum(of=(UP, b.const(1))), 1),
    (Sum(of=(DOWN, b.const(1))), -1),
    (Sum(of=(UP, DOWN)), None),
    (Sum(of=(b.const(1), b.const(2))), 0),
    (Minimum(of=(UP, b.score("D"))), 1),
    (Maximum(of=(UP, DOWN)), None),
    (Product(of=(MINUS, UP)), -1),
    (Product(of=(MINUS, DOWN)), 1),
    (Product(of=(MINUS, MINUS, DOWN)), -1),
    (Product(of=(UP, b.score("D"))), 1),
    (Product(of=(UP, DOWN)), None),
    (Product(of=(b.field("balance"), UP)), None),  # from -5 to 3: either way
    (Product(of=(b.field("people"), UP)), 1),
    (Product(of=(Sum(of=(UP, DOWN)), b.const(2))), None),
    (Product(of=(b.field("balance"), b.const(2))), 0),
]


@pytest.mark.parametrize(("operand", "way"), WAYS)
def test_which_way_a_figure_goes(operand: Operand, way: Direction) -> None:
    group = b.group(
        "D", b.amount("U"), b.amount("W", knots=((4, 100), (72, 0))), b.amount("F", knots=((0, 50), (1, 50)))
    )
    assert bounds_of(group).find_direction(operand) == way
