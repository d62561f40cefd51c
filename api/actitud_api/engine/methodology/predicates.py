"""Compilation of the predicates and operands of a document into closures.

The argument of a closure is the state from which it reads values. For rules, applicability, zero rules and value
formulas it is the list of facts of a submission; for gates it is the figures of a score. The result of a predicate is
True, False, or None if it is undetermined (three-valued logic of Kleene).
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterator, Sequence
from decimal import ROUND_FLOOR, Decimal
from fractions import Fraction
from typing import Final, TypeVar, cast

from actitud_api.engine.methodology.model import (
    All,
    AnswerOperand,
    Any,
    Compare,
    ComparisonOperator,
    ComponentOperand,
    Constant,
    Document,
    Fact,
    Group,
    Implies,
    Indicator,
    Maximum,
    Minimum,
    Not,
    Operand,
    Predicate,
    Present,
    Product,
    ProfileOperand,
    Quotient,
    Sum,
    ValueOperand,
)


class Null:
    """Type of `NULL`, the value of a profile field that was sent as null; every comparison with it is false."""


NULL = Null()

Number = int | Fraction
Evaluated = bool | int | Fraction | str | Null | None
"""Value of an operand; None if a fact that it reads is absent."""
Slot = bool | int | Fraction | str | frozenset[str] | Null | None
Facts = list[Slot]
"""Facts of one submission by slot (see `FactLayout`); None in the slot of an absent fact."""
Truth = bool | None

HALF = Decimal("0.5")

DIGITS_15: Final = 10**15

DECIMALS_OF_NUMBERS = 6
"""Decimals to which a fact of type `number` is rounded if the document states none (SCORING, section 3)."""


Z_SQUARE: Final = Fraction(3_841_458_820_694_124, 10**15)
"""Square of the 97.5th percentile of the normal distribution, with which a lower limit is compared exactly.

The number, to 15 decimals, is that of SCORING, section 6.
"""


def to_exact(number: float | Number) -> Number:
    """Convert a number of a document to the exact decimal that is written: 0.38 to 38/100, 19.0 to 19."""
    if isinstance(number, float):
        value = Fraction(Decimal(repr(number)))
        return value.numerator if value.denominator == 1 else value
    return number


def scale_constant(value: float | int | str) -> Evaluated:
    """Convert a constant of a document to the value that predicates compare: an exact number, a text or a boolean."""
    return value if isinstance(value, str) else to_exact(value)


@functools.lru_cache(maxsize=4096)
def round_fact(number: float | int, decimals: int) -> Number:
    """Round a fact of type `number` half up to `decimals` decimals; return the result as an exact rational."""
    if isinstance(number, int):
        return number
    units, scale = to_units(number, decimals)
    return Fraction(units, scale) if units % scale else units // scale


def to_units(number: float, decimals: int) -> tuple[int, int]:
    """Round the finite float `number` half up to `decimals` decimals; return numerator and denominator of the result.

    The denominator is 10^decimals: 0.384 with two decimals gives 38 and 100.
    """
    scale: int = 10**decimals
    shifted = number * scale
    if abs(shifted) < DIGITS_15 and (units := round(shifted)) / scale == number:
        # Each decimal of at most 15 digits is another float: this float is that one.
        return units, scale
    return int((Decimal(repr(number)).scaleb(decimals) + HALF).to_integral_value(ROUND_FLOOR)), scale


def round_half_up(value: Number) -> int:
    """Round to the nearest integer; a half is rounded up, also for negative numbers."""
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


class FactLayout:
    """Slots of the facts of a methodology. A slot is the index of a fact in the list that compiled predicates read.

    Attributes:
        profile: Slot of each profile field.
        facts: Slot of each fact, by indicator and name of the fact. A checklist has a second fact, the number of its
            components, with a name such as `count`.
        slots: Range of the slots of each indicator.
        present: First slot of each indicator; the answer is absent if its value is None.
        size: Length of the list.
    """

    def __init__(self, document: Document) -> None:
        self.profile: dict[str, int] = {}
        self.facts: dict[tuple[str, str], int] = {}
        self.present: dict[str, int] = {}
        self.slots: dict[str, range] = {}
        size = 0
        for field in document.profile:
            self.profile[field.name] = size
            size += 1
        for indicator in walk_indicators(document.root):
            start = size
            for name in list_fact_names(indicator):
                self.facts[indicator.id, name] = size
                size += 1
            if indicator.facts:
                self.present[indicator.id] = start
            self.slots[indicator.id] = range(start, size)
        self.size = size


def list_fact_names(indicator: Indicator) -> list[str]:
    """Return the names of the facts of an indicator; after a checklist comes its second fact, the number of components.

    The name of this number is that of `name_derived_count`.
    """
    return [name for fact in indicator.facts for name in name_fact(fact)]


def name_fact(fact: Fact) -> tuple[str, ...]:
    """Return the name of a fact; after that of a list of components comes the name of their number."""
    return (fact.name, name_derived_count(fact.name)) if fact.type == "components" else (fact.name,)


def name_derived_count(fact: str) -> str:
    """Return the name of the fact that holds the number of components of the checklist fact `fact`.

    The count of `components` is `count`, and the count of `outside_remit` is `outside_count`.
    """
    return "count" if fact == "components" else f"{fact.partition('_')[0]}_count"


def to_attribute(name: str) -> str:
    """Return a valid name of a Python attribute for a fact or profile field; a valid name is returned unchanged.

    A name that is no identifier, or that begins with two underscores, gets the prefix `x_`, and each character that
    Python refuses becomes its Unicode number in hexadecimal: `has sea` becomes `x_has_20_sea`.
    """
    if name.isidentifier() and not name.startswith("__"):
        return name
    return "x_" + "".join(char if char.isalnum() or char == "_" else f"_{ord(char):x}_" for char in name)


def to_indicator_attribute(indicator: str) -> str:
    """Return the id of an indicator as the name of a Python attribute: `d1_01` for `D1.01`."""
    return to_attribute(indicator.replace(".", "_").replace("-", "_").lower())


def walk_indicators(group: Group) -> Iterator[Indicator]:
    """Yield the indicators below a group, in document order."""
    for child in group.children:
        if isinstance(child, Group):
            yield from walk_indicators(child)
        else:
            yield child


def walk_groups(group: Group) -> Iterator[Group]:
    """Yield a group and every group below it, in document order."""
    yield group
    for child in group.children:
        if isinstance(child, Group):
            yield from walk_groups(child)


# --- what a predicate or operand reads ------------------------------------------------------------------------


def walk_nodes(group: Group, pointer: str) -> Iterator[tuple[Group | Indicator, str]]:
    """Yield a group and every node below it, each with its JSON Pointer. `pointer` is the JSON Pointer of `group`."""
    yield group, pointer
    for position, child in enumerate(group.children):
        below = f"{pointer}/children/{position}"
        if isinstance(child, Group):
            yield from walk_nodes(child, below)
        else:
            yield child, below


def walk_atoms(predicate: Predicate) -> Iterator[Compare | Present]:
    """Yield the comparisons and presence tests in a predicate, in document order.

    The predicates that combine others (`all`, `any`, `not` and `implies`) are searched but not yielded.
    """
    match predicate:
        case All(of=members) | Any(of=members):
            for member in members:
                yield from walk_atoms(member)
        case Not(of=member):
            yield from walk_atoms(member)
        case Implies(when=when, then=then):
            yield from walk_atoms(when)
            yield from walk_atoms(then)
        case _:
            yield predicate


def walk_comparisons(predicate: Predicate) -> Iterator[Compare]:
    """Yield the comparisons in a predicate, in document order."""
    return (atom for atom in walk_atoms(predicate) if isinstance(atom, Compare))


def walk_operands(predicate: Predicate) -> Iterator[Operand]:
    """Yield every operand in a predicate; a combination (minimum, sum, …) comes before its members."""
    for comparison in walk_comparisons(predicate):
        yield from walk_operand_parts(comparison.left)
        yield from walk_operand_parts(comparison.right)


def walk_operand_parts(operand: Operand) -> Iterator[Operand]:
    """Yield an operand and then every operand inside it, at any depth.

    These are the members of a combination, the two sides of a quotient, and the value that replaces an absent fact
    (`AnswerOperand.absent`).
    """
    yield operand
    match operand:
        case Minimum(of=members) | Maximum(of=members) | Sum(of=members) | Product(of=members):
            for member in members:
                yield from walk_operand_parts(member)
        case Quotient(numerator=numerator, denominator=denominator):
            yield from walk_operand_parts(numerator)
            yield from walk_operand_parts(denominator)
        case AnswerOperand(absent=absent) if absent is not None:
            yield from walk_operand_parts(absent)


def walk_presence_tests(predicate: Predicate) -> Iterator[str]:
    """Yield the ids of the indicators whose answers a predicate tests for presence."""
    return (atom.indicator for atom in walk_atoms(predicate) if isinstance(atom, Present))


def find_answers_read(predicate: Predicate) -> frozenset[str]:
    """Return the ids of the indicators whose answers a predicate reads or tests for presence."""
    found = set(walk_presence_tests(predicate))
    for operand in walk_operands(predicate):
        if isinstance(operand, AnswerOperand | ComponentOperand | ValueOperand):
            found.add(operand.indicator)
    return frozenset(found)


def find_fields_read(predicate: Predicate) -> frozenset[str]:
    """Return the names of the profile fields that a predicate reads."""
    return frozenset(operand.field for operand in walk_operands(predicate) if isinstance(operand, ProfileOperand))


# --- compilation ----------------------------------------------------------------------------------------------

COMPARISONS: dict[ComparisonOperator, Callable[[Evaluated, Evaluated], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": cast("Callable[[Evaluated, Evaluated], bool]", operator.lt),
    "le": cast("Callable[[Evaluated, Evaluated], bool]", operator.le),
    "gt": cast("Callable[[Evaluated, Evaluated], bool]", operator.gt),
    "ge": cast("Callable[[Evaluated, Evaluated], bool]", operator.ge),
}


State = TypeVar("State")
Leaf = Callable[[Operand], Callable[[State], Evaluated]]
"""Function that compiles an operand without members to a closure that reads its value from the state."""


def compile_operand(operand: Operand, leaf: Leaf[State], scale: int = 1) -> Callable[[State], Evaluated]:
    """Compile an operand to a closure; `leaf` compiles the operands that contain no other operand.

    If all values that `leaf` reads are multiplied by a `scale`, so are the constants; a product then has no meaning.

    The closure returns None for an absent fact, and for a combination (minimum, sum, …) with a member that is None. It
    returns `NULL` for a value that does not exist, such as the score of a dimension without a score. `min` and `max`
    ignore members that are `NULL` (SCORING, section 6), and are `NULL` if all members are; a sum or product is `NULL`
    if one of its members is.

    Raises:
        TypeError: If the operand is a quotient. The evaluators compile its numerator and denominator separately.
    """
    match operand:
        case Constant(value=value):
            constant = scale_constant(value) if scale == 1 or isinstance(value, str) else to_exact(value) * scale
            return lambda _: constant
        case Minimum(of=members) | Maximum(of=members):
            choose = min if isinstance(operand, Minimum) else max
            return _compile_extreme([compile_operand(member, leaf, scale) for member in members], choose)
        case Sum(of=members) | Product(of=members):
            combine = operator.add if isinstance(operand, Sum) else operator.mul
            return _compile_fold([compile_operand(member, leaf, scale) for member in members], combine)
        case _:
            return leaf(operand)


def _compile_extreme(
    closures: list[Callable[[State], Evaluated]], choose: Callable[[list[Number]], Number]
) -> Callable[[State], Evaluated]:
    # Nearly every combination has two members; a closure of its own builds no list for each submission.
    if len(closures) == 2:
        first, second = closures
        chosen = cast("Callable[[tuple[Evaluated, Evaluated]], Number]", choose)

        def either(state: State) -> Evaluated:
            a, b = first(state), second(state)
            if a is NULL or b is NULL:
                return b if a is NULL else a
            if a is None or b is None:
                return None
            return chosen((a, b))

        return either

    def extreme(state: State) -> Evaluated:
        values = [closure(state) for closure in closures]
        try:
            return choose(cast("list[Number]", values))
        except TypeError:  # Neither None nor `NULL` is a number; to ask first takes longer.
            known = [value for value in values if value is not NULL]
            return None if None in known else choose(cast("list[Number]", known)) if known else NULL

    return extreme


def _compile_fold(
    closures: list[Callable[[State], Evaluated]], combine: Callable[[Number, Number], Number]
) -> Callable[[State], Evaluated]:
    if len(closures) == 2:
        first, second = closures
        combined = cast("Callable[[Evaluated, Evaluated], Number]", combine)

        def pair(state: State) -> Evaluated:
            a, b = first(state), second(state)
            if a is None or b is None:
                return None
            if a is NULL or b is NULL:
                return NULL
            return combined(a, b)

        return pair

    def fold(state: State) -> Evaluated:
        values = [closure(state) for closure in closures]
        if None in values:
            return None
        if NULL in values:
            return NULL
        return functools.reduce(combine, cast("list[Number]", values))

    return fold


def compile_predicate(
    predicate: Predicate, leaf: Leaf[State], present: Callable[[str], Callable[[State], bool]]
) -> Callable[[State], Truth]:
    """Compile a predicate to a closure that returns True, False, or None if it is undetermined.

    `leaf` compiles an operand that contains no other operand. `present` receives the id of an indicator and returns a
    closure that tests whether the answer to this indicator counts. A comparison with `NULL` is false.
    """
    match predicate:
        case All(of=members):
            return _compile_junction([compile_predicate(member, leaf, present) for member in members], True)
        case Any(of=members):
            return _compile_junction([compile_predicate(member, leaf, present) for member in members], False)
        case Not(of=member):
            inner = compile_predicate(member, leaf, present)

            def negation(state: State) -> Truth:
                truth = inner(state)
                return None if truth is None else not truth

            return negation
        case Implies(when=when, then=then):
            condition = compile_predicate(when, leaf, present)
            consequence = compile_predicate(then, leaf, present)

            def implication(state: State) -> Truth:
                premise = condition(state)
                if premise is False:
                    return True
                truth = consequence(state)
                return truth if truth or premise else None

            return implication
        case Compare(op=op, left=left, right=right):
            compare = COMPARISONS[op]
            left_operand, right_operand = compile_operand(left, leaf), compile_operand(right, leaf)

            def comparison(state: State) -> Truth:
                a, b = left_operand(state), right_operand(state)
                if a is NULL or b is NULL:
                    return False
                if a is None or b is None:
                    return None
                return compare(a, b)

            return comparison
        case Present(indicator=indicator):
            return present(indicator)


def _compile_junction(members: list[Callable[[State], Truth]], neutral: bool) -> Callable[[State], Truth]:
    """Compile the members of an `all` (`neutral` is True) or `any` (`neutral` is False) to one closure.

    `neutral` is the value that leaves the result open: one True member does not decide an `all`. The closure
    stops at the first member with the opposite value and returns that value. Without such a member it returns
    None if a member is undetermined, else `neutral`.
    """
    if len(members) == 1:
        return members[0]

    def junction(state: State) -> Truth:
        result: Truth = neutral
        for member in members:
            truth = member(state)
            if truth is (not neutral):
                return truth
            if truth is None:
                result = None
        return result

    return junction


# --- over facts -----------------------------------------------------------------------------------------------


def _compile_read(slot: int) -> Callable[[Facts], Evaluated]:
    return cast("Callable[[Facts], Evaluated]", operator.itemgetter(slot))


def _read_or_zero(slot: int) -> Callable[[Facts], Evaluated]:
    """Return a closure that reads the fact in `slot`; an absent fact counts as 0."""

    def read(facts: Sequence[Evaluated]) -> Evaluated:
        value = facts[slot]
        return 0 if value is None else value

    return cast("Callable[[Facts], Evaluated]", read)


def compile_fact_reader(layout: FactLayout, *, absent: bool) -> Leaf[Facts]:
    """Build a function that compiles an operand to a closure which reads the value of the operand from a list of facts.

    `absent` decides the value of an absent fact. If it is True, the closures return None; zero rules and applicability
    need this. If it is False, as for rules, the closures return the least favourable value: `AnswerOperand.absent` if
    the document states it, else 0, false or an empty list.

    The function raises TypeError for an operand that reads no fact, such as a score.
    """

    def leaf(operand: Operand) -> Callable[[Facts], Evaluated]:
        match operand:
            case ProfileOperand(field=field):
                return _compile_read(layout.profile[field])
            case AnswerOperand(indicator=indicator, fact=fact, absent=instead):
                slot = layout.facts[indicator, fact]
                if absent:
                    return _compile_read(slot)
                if instead is None:
                    return _read_or_zero(slot)
                fallback, own = compile_operand(instead, leaf), _compile_read(slot)

                def answered(facts: Facts) -> Evaluated:
                    value = own(facts)
                    return fallback(facts) if value is None else value

                return answered
            case ComponentOperand(indicator=indicator, component=component):
                slot = layout.facts[indicator, "components"]

                def listed(facts: Facts) -> Evaluated:
                    ids = facts[slot]
                    if ids is None:
                        return None if absent else False
                    return component in cast("frozenset[str]", ids)

                return listed
            case _:
                raise TypeError(f"{type(operand).__name__} reads no facts")

    return leaf


def compile_presence_test(layout: FactLayout) -> Callable[[str], Callable[[Facts], bool]]:
    """Build a function that compiles the test whether an indicator was answered.

    The function receives the id of an indicator. It returns a closure that receives a list of facts and returns True if
    the list contains an answer to this indicator.
    """

    def present(indicator: str) -> Callable[[Facts], bool]:
        slot = layout.present[indicator]
        return lambda facts: facts[slot] is not None

    return present


def find_slot(operand: Operand, layout: FactLayout) -> int | None:
    """Return the slot of an operand in `layout` if the operand is a fact or a profile field, else None.

    Return None also for a fact with an `absent` value in the document: if the fact is absent, that value replaces the
    one in the slot.
    """
    match operand:
        case ProfileOperand(field=field):
            return layout.profile[field]
        case AnswerOperand(indicator=indicator, fact=fact, absent=None):
            return layout.facts[indicator, fact]
    return None


def compile_over_facts(predicate: Predicate, layout: FactLayout, *, absent: bool) -> Callable[[Facts], Truth]:
    """Compile a predicate to a closure that reads a list of facts.

    If `absent` is True, an absent fact leaves the predicate undetermined; if it is False, an absent fact counts as the
    least favourable value. Frequent forms, such as the comparison of a fact with a constant, become a single closure
    instead of one for each operand, which is faster.
    """
    match predicate:
        case All(of=members):
            return _compile_junction([compile_over_facts(member, layout, absent=absent) for member in members], True)
        case Any(of=members):
            return _compile_junction([compile_over_facts(member, layout, absent=absent) for member in members], False)
        case Implies(when=Present(indicator=indicator), then=then):
            return _compile_where_present(layout, indicator, then, absent=absent)
        case Compare(op=op, left=left, right=Constant(value=value)) if (
            slot := find_slot(left, layout)
        ) is not None and (absent or isinstance(left, ProfileOperand)):
            return _compare_with_constant(COMPARISONS[op], slot, scale_constant(value))
        case _:
            return compile_predicate(
                predicate, compile_fact_reader(layout, absent=absent), compile_presence_test(layout)
            )


def _compare_with_constant(
    compare: Callable[[Evaluated, Evaluated], bool], slot: int, constant: Evaluated
) -> Callable[[Facts], Truth]:
    """Return a closure that compares the fact in `slot` with a constant.

    It returns the truth of the comparison, or None if the fact is absent. `compare` is the comparison, with the
    fact on the left.
    """

    def comparison(facts: Sequence[Evaluated]) -> Truth:
        value = facts[slot]
        if value is None:
            return None
        return value is not NULL and compare(value, constant)

    return cast("Callable[[Facts], Truth]", comparison)


def _compile_where_present(
    layout: FactLayout, indicator: str, then: Predicate, *, absent: bool
) -> Callable[[Facts], Truth]:
    """Compile the predicate "if `indicator` was answered, then `then`", which is true if the answer is absent.

    If `absent` is True, any other absent fact leaves the predicate undetermined; if it is False, the fact counts as
    its least favourable value.
    """
    sent = layout.present[indicator]
    match then:
        case All(of=members):
            return _compile_junction(
                [_compile_where_present(layout, indicator, member, absent=absent) for member in members], True
            )
        case Compare(op=op, left=AnswerOperand(indicator=name, absent=None) as left, right=right) if (
            name == indicator
            and (other := find_slot(right, layout)) is not None
            and (absent or isinstance(right, ProfileOperand) or other in layout.slots[indicator])
        ):
            # All facts of an answer are there, or none.
            compare, slot = COMPARISONS[op], layout.facts[name, left.fact]

            def compared(facts: Sequence[Evaluated]) -> Truth:
                if facts[sent] is None:
                    return True
                value = facts[other]
                if value is None:
                    return None
                return value is not NULL and compare(facts[slot], value)

            return cast("Callable[[Facts], Truth]", compared)
        case Compare(op=op, left=AnswerOperand(indicator=name, absent=None) as left, right=Constant(value=value)) if (
            name == indicator
        ):
            limit, constant, slot = COMPARISONS[op], scale_constant(value), layout.facts[name, left.fact]

            def limited(facts: Sequence[Evaluated]) -> Truth:
                return facts[sent] is None or limit(facts[slot], constant)

            return cast("Callable[[Facts], Truth]", limited)
        case Compare(
            op=op,
            left=AnswerOperand(indicator=name, absent=None) as left,
            right=Minimum(of=(Constant(value=int() as top), ProfileOperand() as right)),
        ) if name == indicator and (field := find_slot(right, layout)) is not None:
            compared_with, slot = COMPARISONS[op], layout.facts[name, left.fact]

            def topped(facts: Sequence[Number | None]) -> Truth:  # Nothing that may be null is combined.
                if facts[sent] is None:
                    return True
                value = facts[field]
                if value is None:
                    return None
                return compared_with(facts[slot], top if value > top else value)

            return cast("Callable[[Facts], Truth]", topped)
        case Compare(op=op, left=AnswerOperand(indicator=name, absent=None) as left, right=right) if name == indicator:
            against, slot = COMPARISONS[op], layout.facts[name, left.fact]
            operand = cast(
                "Callable[[Sequence[Evaluated]], Evaluated]",
                compile_operand(right, compile_fact_reader(layout, absent=absent)),
            )

            def asked(facts: Sequence[Evaluated]) -> Truth:
                if facts[sent] is None:
                    return True
                value = operand(facts)
                if value is None:
                    return None
                return value is not NULL and against(facts[slot], value)

            return cast("Callable[[Facts], Truth]", asked)
        case _:
            consequence = compile_over_facts(then, layout, absent=absent)
            return lambda facts: True if facts[sent] is None else consequence(facts)
