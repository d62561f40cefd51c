"""What predicates and operands of a document mean (docs/scoring.md, sections 2 and 6).

Written from the page and slow on purpose: every condition is walked as it stands, every number is a fraction. Truth
is Kleene's: None is "undetermined".
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from fractions import Fraction

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
    Scalar,
    Sum,
)
from actitud_api.engine.methodology.requests.answers import Submission

PROFILE_DECIMALS = 6
"""Numbers of the profile keep six decimals, half up."""


class Nothing(Enum):
    """Why there is no value."""

    ABSENT = "not answered, or nothing that a gate may read"
    NULL = "a field of the profile without a value"
    LEFT = "not applicable, or not rated"


Value = bool | Fraction | str | Nothing
Sent = Value | frozenset[str]
"""What a fact holds: a list of components is a set."""


def half_up(number: Fraction) -> int:
    """The nearest integer, halves up."""
    return math.floor(number + Fraction(1, 2))


def decimal(written: float | int) -> Fraction:
    """The number that a decimal literal means: 0.38 is 38/100."""
    return Fraction(repr(written))


def kept(written: float | int, decimals: int) -> Fraction:
    """A number half up to so many decimals."""
    return Fraction(half_up(decimal(written) * 10**decimals), 10**decimals)


def leaves(group: Group) -> list[Indicator]:
    """The indicators below a group, in document order."""
    return [leaf for child in group.children for leaf in (leaves(child) if isinstance(child, Group) else [child])]


# --- the facts of a submission ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Facts:
    """The facts that count: of answers that were not sent, set aside or contradicted there is nothing."""

    profile: dict[str, Value]
    answers: dict[str, dict[str, Sent]]

    def without(self, names: set[str]) -> Facts:
        """The facts with some answers taken out."""
        return replace(self, answers={name: facts for name, facts in self.answers.items() if name not in names})


def facts_of(document: Document, submission: Submission) -> Facts:
    """The facts of a submission (section 2); the level of a ladder is at most what review allows (section 6)."""
    profile: dict[str, Value] = {}
    for field in document.profile:
        written = submission.profile[field.name]
        if written is None:
            profile[field.name] = Nothing.NULL
        elif isinstance(written, bool | str):
            profile[field.name] = written
        else:
            profile[field.name] = kept(written, PROFILE_DECIMALS)
    answers: dict[str, dict[str, Sent]] = {}
    for indicator in leaves(document.root):
        sent = submission.answers.get(indicator.id)
        if sent is not None and indicator.id not in submission.set_aside:
            answers[indicator.id] = {
                name: value for fact in indicator.facts for name, value in _fact(fact, sent.get(fact.name, ())).items()
            }
            cap = submission.level_caps.get(indicator.id)
            level = answers[indicator.id].get("level")
            if cap is not None and isinstance(level, Fraction):
                answers[indicator.id]["level"] = min(level, Fraction(cap))
    return Facts(profile, answers)


def _fact(fact: Fact, written: Scalar | tuple[str, ...]) -> dict[str, Sent]:
    """A fact by name; a list of components comes with how many it has, as `count` or `outside_count`."""
    if isinstance(written, tuple):
        listed = frozenset(written)
        return {fact.name: listed, _count_of(fact.name): Fraction(len(listed))}
    if isinstance(written, bool | str):
        return {fact.name: written}
    return {fact.name: kept(written, fact.decimals if fact.type == "number" else 0)}


def _count_of(name: str) -> str:
    return {"components": "count", "outside_remit": "outside_count"}[name]


# --- reading ----------------------------------------------------------------------------------------------------------


class Reading(ABC):
    """How the operands that are no combination of others are read."""

    @abstractmethod
    def of(self, operand: Operand) -> Value:
        """What an operand reads."""

    @abstractmethod
    def present(self, indicator: str) -> bool:
        """Whether an indicator is answered."""


@dataclass(frozen=True)
class Undetermined(Reading):
    """An absent answer stays absent: applicability, zero rules, values, and "could this rule still hold?"."""

    facts: Facts

    def of(self, operand: Operand) -> Value:
        match operand:
            case ProfileOperand(field=field):
                return self.facts.profile.get(field, Nothing.ABSENT)
            case AnswerOperand(indicator=indicator, fact=fact):
                value = self.facts.answers.get(indicator, {}).get(fact, Nothing.ABSENT)
                assert not isinstance(value, frozenset)
                return value
            case ComponentOperand(indicator=indicator, component=component):
                listed = self.facts.answers.get(indicator, {}).get("components", Nothing.ABSENT)
                return component in listed if isinstance(listed, frozenset) else Nothing.ABSENT
            case _:
                raise TypeError(operand)

    def present(self, indicator: str) -> bool:
        return indicator in self.facts.answers


@dataclass(frozen=True)
class LeastFavourable(Undetermined):
    """An absent answer counts as its least favourable value, so silence never satisfies a rule (findings)."""

    def of(self, operand: Operand) -> Value:
        found = super().of(operand)
        if found is not Nothing.ABSENT:
            return found
        match operand:
            case AnswerOperand(absent=instead):
                # 0 also equals false, for facts that are yes or no.
                return Fraction(0) if instead is None else value_of(instead, self)
            case ComponentOperand():
                return False
            case _:
                return found


def value_of(operand: Operand, reading: Reading) -> Value:
    """What an operand is worth; of scores, `min` and `max` range over those that are there (section 6)."""
    match operand:
        case Constant(value=value):
            return value if isinstance(value, bool | str) else decimal(value)
        case Minimum(of=members) | Maximum(of=members):
            there = [found for member in members if (found := value_of(member, reading)) is not Nothing.LEFT]
            if not there:
                return Nothing.LEFT
            numbers = _numbers(there)
            if isinstance(numbers, Nothing):
                return numbers
            return min(numbers) if isinstance(operand, Minimum) else max(numbers)
        case Sum(of=members) | Product(of=members):
            numbers = _numbers([value_of(member, reading) for member in members])
            if isinstance(numbers, Nothing):
                return numbers
            return sum(numbers, Fraction(0)) if isinstance(operand, Sum) else math.prod(numbers, start=Fraction(1))
        case Quotient():
            raise TypeError("a quotient stands only at the top of a value formula")
        case _:
            return reading.of(operand)


def _numbers(values: Sequence[Value]) -> list[Fraction] | Nothing:
    """The values as numbers; why there is none where one is missing: what is absent fails a gate before what left."""
    for why in (Nothing.ABSENT, Nothing.LEFT, Nothing.NULL):
        if why in values:
            return why
    return [value for value in values if isinstance(value, Fraction)]


def truth(predicate: Predicate, reading: Reading) -> bool | None:
    """Whether a predicate holds; None where that depends on something absent (Kleene)."""
    match predicate:
        case All(of=members):
            found = [truth(member, reading) for member in members]
            return False if False in found else None if None in found else True
        case Any(of=members):
            found = [truth(member, reading) for member in members]
            return True if True in found else None if None in found else False
        case Not(of=member):
            return _opposite(truth(member, reading))
        case Implies(when=when, then=then):
            found = [_opposite(truth(when, reading)), truth(then, reading)]
            return True if True in found else None if None in found else False
        case Compare(op=op, left=left, right=right):
            one, other = value_of(left, reading), value_of(right, reading)
            if Nothing.ABSENT in (one, other):
                # A field that is null equals nothing, whatever it is compared with.
                return False if Nothing.NULL in (one, other) else None
            return False if isinstance(one, Nothing) or isinstance(other, Nothing) else _compare(op, one, other)
        case Present(indicator=indicator):
            return reading.present(indicator)


def _opposite(value: bool | None) -> bool | None:
    return None if value is None else not value


def _compare(op: ComparisonOperator, one: bool | Fraction | str, other: bool | Fraction | str) -> bool:
    if op in ("eq", "ne"):
        return (one == other) == (op == "eq")
    assert isinstance(one, Fraction)
    assert isinstance(other, Fraction)
    return {"lt": one < other, "le": one <= other, "gt": one > other, "ge": one >= other}[op]


# --- what a condition reads -------------------------------------------------------------------------------------------


def comparisons(predicate: Predicate) -> list[Compare]:
    """The comparisons of a predicate, in its order."""
    match predicate:
        case All(of=members) | Any(of=members):
            return [found for member in members for found in comparisons(member)]
        case Not(of=member):
            return comparisons(member)
        case Implies(when=when, then=then):
            return comparisons(when) + comparisons(then)
        case Compare():
            return [predicate]
        case Present():
            return []


def operands(predicate: Predicate) -> list[Operand]:
    """The operands of a predicate, each before those inside it."""
    return [part for found in comparisons(predicate) for side in (found.left, found.right) for part in parts(side)]


def parts(operand: Operand) -> list[Operand]:
    """An operand and those inside it."""
    match operand:
        case Minimum(of=members) | Maximum(of=members) | Sum(of=members) | Product(of=members):
            return [operand, *(part for member in members for part in parts(member))]
        case Quotient(numerator=numerator, denominator=denominator):
            return [operand, *parts(numerator), *parts(denominator)]
        case AnswerOperand(absent=instead) if instead is not None:
            return [operand, *parts(instead)]
        case _:
            return [operand]
