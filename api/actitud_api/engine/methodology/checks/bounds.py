"""Static bounds of the figures that gates read, over every submission, and their direction of improvement.

Bounds are exact and never too narrow for an organisation to which every named node applies: a value outside cannot
be reached; not every value inside has to be.
"""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from typing import Final, Literal

from msgspec import Struct

from actitud_api.engine.methodology.model import (
    ALWAYS,
    AnswerOperand,
    Constant,
    Document,
    Group,
    IndexOperand,
    Indicator,
    Maximum,
    Minimum,
    Operand,
    Product,
    ProfileOperand,
    Quotient,
    ScoreOperand,
    Sum,
    ValueOperand,
)
from actitud_api.engine.methodology.predicates import (
    name_derived_count,
    round_half_up,
    to_exact,
    walk_groups,
    walk_indicators,
)

Bound = int | Fraction | float
"""An exact number, or an infinity."""
Way = Literal[-1, 0, 1] | None
"""Direction of a figure as an answer improves: 1 up, -1 down, 0 unmoved, None both ways."""


class Bounds(Struct, frozen=True):
    """Lower and upper bound of a number."""

    least: Bound
    greatest: Bound


MAX_DECIMALS: Final = 6
"""Most decimals that scores may have (SCORING, section 1)."""

ANYTHING = Bounds(-math.inf, math.inf)


class OperandBounds:
    """Bounds of the operands of a document, which must exist in it.

    A forbidden number of decimals is a defect of its own; here it counts as the nearest allowed one.
    """

    def __init__(self, document: Document) -> None:
        self._document = document
        self.unit = _power_of_ten(document.decimals)
        self._indicators = {indicator.id: indicator for indicator in walk_indicators(document.root)}
        self._groups = {group.id: group for group in walk_groups(document.root)}
        self._profile = {field.name: field for field in document.profile}

    def compute(self, operand: Operand) -> Bounds:
        """Compute the bounds of a numeric operand."""
        match operand:
            case Constant(value=int() | float() as value):
                return Bounds(to_exact(value), to_exact(value))
            case ProfileOperand(field=name):
                return _bound_between(self._profile[name].minimum, self._profile[name].maximum)
            case AnswerOperand(indicator=name, fact=fact):
                return self._bound_fact(self._indicators[name], fact)
            case ValueOperand(indicator=name):
                return self._bound_value(self._indicators[name])
            case ScoreOperand(node=name):
                node = self._groups.get(name) or self._indicators[name]
                return Bounds(node.range.minimum, Fraction(self._compute_top_score(node), self.unit))
            case IndexOperand():
                return self._bound_index()
            case Minimum(of=members):
                spans = [self.compute(member) for member in members]
                return Bounds(min(span.least for span in spans), min(span.greatest for span in spans))
            case Maximum(of=members):
                spans = [self.compute(member) for member in members]
                return Bounds(max(span.least for span in spans), max(span.greatest for span in spans))
            case Sum(of=members):
                spans = [self.compute(member) for member in members]
                return Bounds(sum(span.least for span in spans), sum(span.greatest for span in spans))
            case Product(of=members):
                return _multiply_bounds([self.compute(member) for member in members])
            case Quotient(numerator=numerator, denominator=denominator):
                return _divide_bounds(self.compute(numerator), self.compute(denominator))
            case _:
                return ANYTHING

    def find_direction(self, operand: Operand) -> Way:
        """Find the direction of an operand as an answer improves while the profile stays."""
        match operand:
            case ValueOperand(indicator=name):
                return find_score_direction(self._indicators[name])
            case ScoreOperand() | IndexOperand():
                return 1
            case Minimum(of=members) | Maximum(of=members) | Sum(of=members):
                return _combine_directions([self.find_direction(member) for member in members])
            case Product(of=members):
                return self._find_product_direction(members)
            case _:
                return 0

    def _find_product_direction(self, members: tuple[Operand, ...]) -> Way:
        """Find the direction of a product: that of a factor if the others together are positive, else its opposite."""
        ways: list[Way] = []
        for position, member in enumerate(members):
            way = self.find_direction(member)
            others = _multiply_bounds([self.compute(other) for place, other in enumerate(members) if place != position])
            if way == 0 or others.least >= 0:
                ways.append(way)
            elif way is not None and others.greatest <= 0:
                ways.append(-1 if way == 1 else 1)
            else:
                return None
        return _combine_directions(ways)

    def _bound_fact(self, indicator: Indicator, name: str) -> Bounds:
        for fact in indicator.facts:
            if fact.name == name and fact.type in ("integer", "number"):
                return _bound_between(fact.minimum, fact.maximum)
            if fact.type == "components" and name_derived_count(fact.name) == name:
                return Bounds(0, len(indicator.components))
        return ANYTHING

    def _bound_value(self, indicator: Indicator) -> Bounds:
        span = self.compute(indicator.value)
        match indicator.value:
            case Quotient(numerator=AnswerOperand(), denominator=AnswerOperand()) if indicator.part_of_denominator:
                return Bounds(span.least, min(span.greatest, 1))
            case _:
                return span

    def _bound_index(self) -> Bounds:
        root, published = self._document.root, self._document.published_decimals
        top = Fraction(self._compute_top_score(root), self.unit)
        if published is not None:
            top = Fraction(round_half_up(top * _power_of_ten(published)), _power_of_ten(published))
        return Bounds(root.range.minimum, top)

    def _compute_top_score(self, node: Group | Indicator) -> int:
        """Compute the highest score of a node, in units of 10^-decimals."""
        if isinstance(node, Indicator):
            scores = [to_exact(goalpost.score) for goalpost in node.curve.goalposts]
            ends_open = node.curve.kind == "lognormal" or not scores
            return round_half_up((node.range.maximum if ends_open else max(scores)) * self.unit)
        counting = [child for child in node.children if child.weight > 0]
        tops = [self._compute_top_score(child) for child in counting]
        if not tops:
            return node.range.maximum * self.unit
        staying = [top for child, top in zip(counting, tops, strict=True) if _always_counts(child, node)]
        match node.aggregation:
            case "sum":
                return sum(tops)
            case "min":
                return min(staying, default=max(tops))
            case "arithmetic":
                return _compute_best_mean(node, counting, tops)
            case _:
                return max(tops)


def _power_of_ten(decimals: int) -> int:
    """Return 10 to the number of decimals, clipped to the allowed ones."""
    power: int = 10 ** min(max(decimals, 0), MAX_DECIMALS)
    return power


def find_score_direction(indicator: Indicator) -> Literal[-1, 0, 1]:
    """Find the direction of the raw value of an indicator as its score rises."""
    scores = [goalpost.score for goalpost in indicator.curve.goalposts]
    if not scores or scores[0] == scores[-1]:
        return 0
    return 1 if scores[0] < scores[-1] else -1


def _always_counts(child: Group | Indicator, parent: Group) -> bool:
    """Return True if a child can never be not applicable or not rated in its group."""
    if parent.missing == "leave":
        return False
    if isinstance(child, Group):
        return all(_always_counts(below, child) for below in child.children if below.weight > 0)
    return child.applies == ALWAYS


def _compute_best_mean(group: Group, counting: list[Group | Indicator], tops: list[int]) -> int:
    """Compute the highest weighted mean: permanent children, plus each optional child that raises it."""
    chosen = [(child.weight, top) for child, top in zip(counting, tops, strict=True) if _always_counts(child, group)]
    leaving = [
        (child.weight, top) for child, top in zip(counting, tops, strict=True) if not _always_counts(child, group)
    ]
    for weight, top in sorted(leaving, key=lambda member: -member[1]):
        if not chosen or top > _compute_mean(chosen):
            chosen.append((weight, top))
    return round_half_up(_compute_mean(chosen))


def _compute_mean(weighted: list[tuple[int, int]]) -> Fraction:
    return Fraction(sum(weight * top for weight, top in weighted), sum(weight for weight, _ in weighted))


def _bound_between(least: int | None, greatest: int | None) -> Bounds:
    return Bounds(-math.inf if least is None else least, math.inf if greatest is None else greatest)


def _multiply_bounds(spans: list[Bounds]) -> Bounds:
    found = Bounds(1, 1)
    for span in spans:
        corners = [
            _multiply_finite(one, other)
            for one, other in itertools.product((found.least, found.greatest), (span.least, span.greatest))
        ]
        found = Bounds(min(corners), max(corners))
    return found


def _multiply_finite(one: Bound, other: Bound) -> Bound:
    """Multiply two bounds of finite numbers; 0 times an infinity is 0."""
    return 0 if one == 0 or other == 0 else one * other


def _divide_bounds(numerator: Bounds, denominator: Bounds) -> Bounds:
    if denominator.least > 0:
        corners = [
            _multiply_finite(one, 1 / Fraction(other) if isinstance(other, int) else 1 / other)
            for one, other in itertools.product(
                (numerator.least, numerator.greatest), (denominator.least, denominator.greatest)
            )
        ]
        return Bounds(min(corners), max(corners))
    if denominator.least == 0 and numerator.least >= 0:
        return Bounds(0, math.inf)
    return ANYTHING


def _combine_directions(ways: list[Way]) -> Way:
    """Combine the directions of operands that move together; None if they disagree."""
    if None in ways:
        return None
    moving = {way for way in ways if way != 0}
    return moving.pop() if len(moving) == 1 else None if moving else 0
