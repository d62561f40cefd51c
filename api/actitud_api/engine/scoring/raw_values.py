"""Compilation of value formulas, and of the effect on a raw value of the one fact that a next step changes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import cast

from msgspec import Struct

from actitud_api.engine.methodology.model import Constant, Document, Fact, Indicator, Operand, ProfileField, Quotient
from actitud_api.engine.methodology.predicates import (
    DECIMALS_OF_NUMBERS,
    FactLayout,
    Facts,
    Number,
    compile_fact_reader,
    compile_operand,
    find_slot,
)
from actitud_api.engine.scoring.indicator_result import Ratio


class ImprovementStep(Struct, frozen=True):
    """The fact that the next step of an indicator changes, with its slot and its range.

    The raw value of the indicator is (a·f + b) / (c·f + d), where f is the value of this fact.

    Attributes:
        name: Name of the fact or profile field.
        is_profile_field: True if it is a field of the profile, False if a fact of the answer.
        slot: Index of the fact in a list of facts.
        scale: 10 to the power of its decimals; f is a multiple of 1/`scale`.
        minimum: Lowest allowed f.
        maximum: Highest allowed f.
        coefficients: Returns a, b, c and d, computed from the other facts of a submission.
    """

    name: str
    is_profile_field: bool
    slot: int
    scale: int
    minimum: int
    maximum: int
    coefficients: Callable[[Facts], tuple[Number, Number, Number, Number]]


def compile_raw_value(operand: Operand, layout: FactLayout) -> Callable[[Facts], Ratio | None]:
    """Compile a value formula to a function that returns the exact raw value, as a ratio, from a list of facts.

    The function returns None if a fact that the formula reads is absent or the denominator is 0.
    """
    leaf = compile_fact_reader(layout, absent=True)
    if isinstance(operand, Quotient):
        over, under = find_slot(operand.numerator, layout), find_slot(operand.denominator, layout)
        if over is not None and under is not None:
            return _compile_quotient(over, under)
        above = cast("Callable[[Facts], Number | None]", compile_operand(operand.numerator, leaf))
        below = cast("Callable[[Facts], Number | None]", compile_operand(operand.denominator, leaf))
        return lambda facts: _ratio(above(facts), below(facts))
    slot = find_slot(operand, layout)
    if slot is not None:
        return _compile_slot(slot)
    plain = compile_operand(operand, leaf)

    def number(facts: Facts) -> Ratio | None:
        value = cast("Number | None", plain(facts))
        return None if value is None else (int(value.numerator), value.denominator)

    return number


def _ratio(n: Number | None, d: Number | None) -> Ratio | None:
    """Return n / d as an exact ratio; None if n or d is absent, or if d is 0."""
    if n is None or not d:
        return None
    if type(n) is int and type(d) is int:
        return (n, d) if d > 0 else (-n, -d)
    over, under = n.numerator * d.denominator, n.denominator * d.numerator
    common = math.gcd(over, under) if under > 0 else -math.gcd(over, under)
    return over // common, under // common


def find_quotient_slots(indicator: Indicator, layout: FactLayout) -> tuple[int, int | None] | None:
    """Return the slots of numerator and denominator if the value formula is a quotient of two facts of the indicator.

    A slot is the index of a fact in the list of facts. Return (slot, None) if the formula is one fact of the indicator,
    and None for any other formula.
    """
    own = layout.slots[indicator.id]
    match indicator.value:
        case Quotient(numerator=numerator, denominator=denominator):
            over, under = find_slot(numerator, layout), find_slot(denominator, layout)
            return (over, under) if over in own and under in own and over is not None else None
        case value:
            slot = find_slot(value, layout)
            return (slot, None) if slot is not None and slot in own else None


def _compile_quotient(over: int, under: int) -> Callable[[Facts], Ratio | None]:
    def quotient(facts: Sequence[Number | None]) -> Ratio | None:
        return _ratio(facts[over], facts[under])

    return cast("Callable[[Facts], Ratio | None]", quotient)


def _compile_slot(slot: int) -> Callable[[Facts], Ratio | None]:
    def value(facts: Sequence[Number | None]) -> Ratio | None:
        number = facts[slot]
        if number is None:
            return None
        return (number, 1) if type(number) is int else (int(number.numerator), number.denominator)

    return cast("Callable[[Facts], Ratio | None]", value)


def compile_step(indicator: Indicator, document: Document, layout: FactLayout) -> ImprovementStep | None:
    """Compile the fact that the next step of an indicator changes, with its effect on the raw value.

    Return None if the document names no such fact.
    """
    if indicator.step is None:
        return None
    field = indicator.step.startswith("profile:")
    name = indicator.step.removeprefix("profile:")
    if field:
        slot = layout.profile[name]
        described: ProfileField | Fact = next(known for known in document.profile if known.name == name)
    else:
        slot = layout.facts[indicator.id, name]
        described = next(fact for fact in indicator.facts if fact.name == name)
    top = indicator.value
    above, below = (top.numerator, top.denominator) if isinstance(top, Quotient) else (top, Constant(value=1))
    leaf = compile_fact_reader(layout, absent=True)
    numerator, denominator = compile_operand(above, leaf), compile_operand(below, leaf)
    own, other = find_slot(above, layout), find_slot(below, layout)

    def coefficients(facts: Facts) -> tuple[Number, Number, Number, Number]:
        if own == slot and other not in (None, slot):
            return 1, 0, 0, cast("list[Number]", facts)[other]
        # The checks of a document make both sides linear in the fact, so two trials determine them.
        trial = list(facts)
        trial[slot] = 0
        b, d = cast("Number", numerator(trial)), cast("Number", denominator(trial))
        trial[slot] = 1
        return cast("Number", numerator(trial)) - b, b, cast("Number", denominator(trial)) - d, d

    return ImprovementStep(
        name=name,
        is_profile_field=field,
        slot=slot,
        scale=1
        if described.type != "number"
        else int(10 ** (described.decimals if isinstance(described, Fact) else DECIMALS_OF_NUMBERS)),
        minimum=described.minimum or 0,
        maximum=described.maximum or 0,
        coefficients=coefficients,
    )
