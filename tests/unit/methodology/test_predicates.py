"""Predicates over facts: the shapes that take one call say what the general form says, and that is right by hand."""

from __future__ import annotations

import itertools
import operator
from fractions import Fraction

import pytest

from actitud_api.engine.methodology.model import (
    All,
    Any,
    ComparisonOperator,
    ComponentOperand,
    Implies,
    Maximum,
    Minimum,
    Not,
    Operand,
    Predicate,
    Present,
    Product,
    Quotient,
    Scalar,
    Sum,
    ValueOperand,
)
from actitud_api.engine.methodology.predicates import (
    NULL,
    Evaluated,
    FactLayout,
    Facts,
    Null,
    compile_fact_reader,
    compile_operand,
    compile_over_facts,
    compile_predicate,
    compile_presence_test,
    find_slot,
    name_derived_count,
    round_fact,
    round_half_up,
    to_exact,
    to_indicator_attribute,
    walk_operand_parts,
)
from tests.unit.methodology.planting import DOCUMENT
from tests.unit.scoring import builders as b

LAYOUT = FactLayout(DOCUMENT)
PEOPLE, BEFORE = LAYOUT.profile["people"], LAYOUT.profile["before"]
NUMERATOR, DENOMINATOR = LAYOUT.facts["R1", "numerator"], LAYOUT.facts["R1", "denominator"]
LEVEL = LAYOUT.facts["L1", "level"]

OPS: tuple[ComparisonOperator, ...] = ("eq", "ne", "lt", "le", "gt", "ge")
OWN = b.fact("R1", "numerator")

RIGHT: list[Operand | Scalar] = [
    3,
    2.5,
    b.fact("R1", "denominator"),
    b.fact("L1", "level"),
    b.field("people"),
    b.field("before"),
    Minimum(of=(b.const(3), b.field("people"))),
    Minimum(of=(b.const(2.5), b.field("people"))),
    Minimum(of=(b.field("people"), b.const(3))),
    Sum(of=(b.field("people"), b.const(1))),
    Sum(of=(b.fact("L1", "level"), b.const(1))),
    b.fact("L1", "level", absent=b.const(2)),
]


def states() -> list[Facts]:
    """Facts in which what is read is there, absent or null, and below, equal and above what it is compared with."""
    found = []
    null_or_not: tuple[Null | int, ...] = (NULL, 2, 4)
    for sent, people, before, level in itertools.product((None, 2, 3, 4), (1, 3, 5), null_or_not, (None, 0, 3, 4)):
        facts: Facts = [None] * LAYOUT.size
        facts[PEOPLE], facts[BEFORE], facts[LEVEL] = people, before, level
        facts[NUMERATOR], facts[DENOMINATOR] = sent, None if sent is None else 3
        found.append(facts)
    return found


STATES = states()


@pytest.mark.parametrize("absent", [True, False])
@pytest.mark.parametrize("right", RIGHT, ids=str)
def test_a_shape_that_takes_one_call_says_what_the_general_form_says(right: Operand | Scalar, absent: bool) -> None:
    general = compile_fact_reader(LAYOUT, absent=absent), compile_presence_test(LAYOUT)
    for op in OPS:
        compared = b.compare(OWN, op, right)
        field = b.compare(b.field("before"), op, right)
        for predicate in (
            Implies(when=Present(indicator="R1"), then=compared),
            Implies(when=Present(indicator="L1"), then=compared),
            Implies(when=Present(indicator="R1"), then=Not(of=compared)),
            compared,
            field,
            All(of=(compared, field)),
            Any(of=(compared, field)),
        ):
            quick = compile_over_facts(predicate, LAYOUT, absent=absent)
            slow = compile_predicate(predicate, *general)
            for facts in STATES:
                assert quick(facts) is slow(facts), (predicate, facts)


def held(predicate: Predicate, *, absent: bool, **facts: Evaluated) -> bool | None:
    """The truth of a predicate over a few facts; R1 is 4 of 5."""
    state: Facts = [None] * LAYOUT.size
    state[NUMERATOR], state[DENOMINATOR] = 4, 5
    slots = {"people": PEOPLE, "before": BEFORE, "level": LEVEL, "numerator": NUMERATOR}
    for name, value in facts.items():
        state[slots[name]] = value
    return compile_over_facts(predicate, LAYOUT, absent=absent)(state)


@pytest.mark.parametrize("op", OPS)
def test_comparisons_by_hand(op: ComparisonOperator) -> None:
    """4 with 3, 4 and 5; an absent fact is undetermined where it stays absent, else 0; null is nothing."""
    sent = Present(indicator="R1")
    for bound in (3, 4, 5):
        wanted = getattr(operator, op)(4, bound)
        for right in (b.const(bound), b.field("people"), b.fact("L1", "level"), Sum(of=(b.field("people"),))):
            for predicate in (b.compare(OWN, op, right), Implies(when=sent, then=b.compare(OWN, op, right))):
                assert held(predicate, absent=True, people=bound, level=bound) is wanted
                assert held(predicate, absent=False, people=bound, level=bound) is wanted
    compared = b.compare(OWN, op, b.fact("L1", "level"))
    assert held(compared, absent=True) is None
    assert held(Implies(when=sent, then=compared), absent=True) is None
    assert held(compared, absent=False) is getattr(operator, op)(4, 0)
    assert held(Implies(when=sent, then=compared), absent=False) is getattr(operator, op)(4, 0)
    assert held(b.compare(OWN, op, b.field("before")), absent=True, before=NULL) is False
    assert held(Implies(when=sent, then=b.compare(OWN, op, b.field("before"))), absent=True, before=NULL) is False
    assert held(b.compare(b.field("before"), op, 4), absent=True, before=NULL) is False
    assert held(Implies(when=Present(indicator="L1"), then=compared), absent=True) is True


def test_the_slots_of_a_document() -> None:
    """Profile, then the facts of each indicator; a list is followed by its count."""
    assert LAYOUT.profile == {"people": 0, "kind": 1, "open": 2, "before": 3, "errors": 4}
    assert LAYOUT.facts == {
        ("R1", "numerator"): 5,
        ("R1", "denominator"): 6,
        ("L1", "level"): 7,
        ("B1", "value"): 8,
        ("C1", "components"): 9,
        ("C1", "count"): 10,
        ("T1", "hours"): 11,
        ("A1", "hours"): 12,
    }
    assert LAYOUT.present == {"R1": 5, "L1": 7, "B1": 8, "C1": 9, "T1": 11, "A1": 12}
    assert LAYOUT.slots["C1"] == range(9, 11)
    assert LAYOUT.size == 13
    assert find_slot(b.field("before"), LAYOUT) == 3
    assert find_slot(b.fact("A1", "hours"), LAYOUT) == 12
    assert find_slot(b.fact("A1", "hours", absent=b.const(1)), LAYOUT) is None
    assert find_slot(b.const(1), LAYOUT) is None
    with pytest.raises(TypeError, match="ValueOperand reads no facts"):
        compile_fact_reader(LAYOUT, absent=True)(ValueOperand(indicator="R1"))


def test_elements_of_a_list() -> None:
    listed = b.compare(ComponentOperand(indicator="C1", component="two"), "eq", True)
    facts: Facts = [None] * LAYOUT.size
    assert compile_over_facts(listed, LAYOUT, absent=True)(facts) is None
    assert compile_over_facts(listed, LAYOUT, absent=False)(facts) is False
    for ids, wanted in ((("two", "one"), True), (("one",), False), ((), False)):
        facts[LAYOUT.facts["C1", "components"]] = frozenset(ids)
        assert compile_over_facts(listed, LAYOUT, absent=True)(facts) is wanted


def test_operands_by_hand() -> None:
    facts: Facts = [None] * LAYOUT.size
    facts[PEOPLE], facts[NUMERATOR] = 6, Fraction(5, 2)
    for operand, wanted in (
        (Minimum(of=(b.field("people"), OWN)), Fraction(5, 2)),
        (Maximum(of=(b.field("people"), OWN)), 6),
        (Sum(of=(b.field("people"), OWN, b.const(0.5))), 9),
        (Product(of=(b.field("people"), OWN, b.const(-1))), -15),
        (Sum(of=(b.field("people"), b.fact("L1", "level"))), None),
    ):
        found = compile_operand(operand, compile_fact_reader(LAYOUT, absent=True))(facts)
        assert found == wanted, operand


def test_what_an_operand_is_made_of_outermost_first() -> None:
    people, level, three = b.field("people"), b.fact("L1", "level"), b.const(3)
    instead = b.fact("R1", "numerator", absent=Maximum(of=(three, people)))
    share = Quotient(numerator=Sum(of=(people, level)), denominator=Product(of=(three, instead)))
    assert list(walk_operand_parts(share)) == [
        share, share.numerator, people, level, share.denominator, three, instead, instead.absent, three, people
    ]  # fmt: skip
    assert list(walk_operand_parts(Minimum(of=(level, three)))) == [Minimum(of=(level, three)), level, three]
    assert list(walk_operand_parts(level)) == [level]


def test_names_and_numbers() -> None:
    assert to_indicator_attribute("D1.02-B") == "d1_02_b"
    assert name_derived_count("components") == "count"
    assert name_derived_count("outside_remit_of_all") == "outside_count"
    assert [to_exact(number) for number in (0.38, 19.0, 7, -0.5)] == [Fraction(38, 100), 19, 7, Fraction(-1, 2)]
    assert [type(to_exact(number)) for number in (19.0, 0.5)] == [int, Fraction]
    halves = (Fraction(1, 2), Fraction(-1, 2), Fraction(3, 2), Fraction(49, 100), 4)
    assert [round_half_up(number) for number in halves] == [1, 0, 2, 0, 4]
    # half up: 0.125 to two decimals; what no float holds: 1.005 is its decimal, not the float below it
    assert [round_fact(number, decimals) for number, decimals in ((0.125, 2), (1.005, 2), (2.5, 0), (-2.5, 0))] == [
        Fraction(13, 100), Fraction(101, 100), 3, -2
    ]  # fmt: skip
    assert round_fact(123456789012345.67, 1) == Fraction(1234567890123457, 10)
    assert round_fact(7, 3) == 7
    assert type(round_fact(2.0, 3)) is int
