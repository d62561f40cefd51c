"""Bounds and direction of operands, for the checks of gates in `document`.

A gate compares two operands. The bounds of an operand show if any organisation can pass the gate. The direction
of an operand shows if an organisation that has passed the gate may fail it after an answer improves.

The bounds of an operand are its lowest and highest value over all possible submissions, for an organisation to
which every node in the gate applies. They are exact or too wide, never too narrow: a value outside them cannot
be reached, but some values inside may be unreachable too.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection
from fractions import Fraction
from typing import Final, Literal

from msgspec import Struct

from actitud_api.engine.methodology.model import (
    ALWAYS,
    All,
    AnswerOperand,
    Any,
    Compare,
    ComparisonOperator,
    Constant,
    Document,
    Group,
    Implies,
    IndexOperand,
    Indicator,
    LowerBoundOperand,
    Maximum,
    Minimum,
    Not,
    Operand,
    PillarOperand,
    Predicate,
    Present,
    Product,
    ProfileOperand,
    Quotient,
    ScoreOperand,
    Sum,
    ValueOperand,
)
from actitud_api.engine.methodology.predicates import (
    Z_SQUARE,
    name_derived_count,
    round_half_up,
    to_exact,
    walk_groups,
    walk_indicators,
    walk_operand_parts,
)

Bound = int | Fraction | float
"""Exact number, or plus or minus infinity as a float."""
Direction = Literal[-1, 0, 1] | None
"""Change of an operand as an answer improves: 1 if the operand rises, -1 if it falls, 0 if it stays the same, None if
it may rise or fall.
"""


class Bounds(Struct, frozen=True):
    """Lowest (`least`) and highest (`greatest`) value that an operand can have; infinite where it has no limit."""

    least: Bound
    greatest: Bound


MAX_DECIMALS: Final = 6
"""Maximum number of decimals of scores that a document may state (SCORING, section 1)."""

ANYTHING = Bounds(-math.inf, math.inf)


class OperandBounds:
    """Calculator of the lowest and highest value that each operand of one document can have.

    An operand that names an id which is not in the document has no bounds. If the member `decimals` of the document is
    outside 0 to 6, the nearest allowed number is used instead. `check_content` reports both faults.
    """

    def __init__(self, document: Document) -> None:
        self._document = document
        self.unit = _power_of_ten(document.decimals)
        self._indicators = {indicator.id: indicator for indicator in walk_indicators(document.root)}
        self._groups = {group.id: group for group in walk_groups(document.root)}
        self._profile = {field.name: field for field in document.profile}

    def compute(self, operand: Operand) -> Bounds:
        """Compute the bounds of an operand.

        For an operand that is not a number, and for a number without limits, the bounds are minus and plus infinity.
        """
        match operand:
            case Constant(value=int() | float() as value):
                return Bounds(to_exact(value), to_exact(value))
            case ProfileOperand(field=name) if name in self._profile:
                return _bound_between(self._profile[name].minimum, self._profile[name].maximum)
            case AnswerOperand(indicator=name, fact=fact) if name in self._indicators:
                return self._bound_fact(self._indicators[name], fact)
            case ValueOperand(indicator=name) if name in self._indicators:
                return self._bound_value(self._indicators[name])
            case LowerBoundOperand(indicators=names):
                return Bounds(0, max((self._bound_lower_limit(name) for name in names), key=float))
            case ScoreOperand(node=name) if (node := self._groups.get(name) or self._indicators.get(name)) is not None:
                top = Fraction(self._compute_top_score(node), self.unit)
                published = node.published_decimals if isinstance(node, Group) else None
                return Bounds(node.range.minimum, _round_to_decimals(top, published))
            case PillarOperand():
                return Bounds(self._document.root.range.minimum, self._document.root.range.maximum)
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

    def decide(self, predicate: Predicate) -> bool | None:
        """Return True if a predicate always holds, False if it never holds, and None if that depends on the facts.

        Only the bounds of the operands are considered. So the result is None for a comparison of texts, and for a test
        whether an answer is present.
        """
        match predicate:
            case All(of=members):
                return _conjoin([self.decide(member) for member in members])
            case Any(of=members):
                return _negate(_conjoin([_negate(self.decide(member)) for member in members]))
            case Not(of=member):
                return _negate(self.decide(member))
            case Implies(when=when, then=then):
                return _negate(_conjoin([self.decide(when), _negate(self.decide(then))]))
            case Compare(op=op, left=left, right=right):
                return _compare_bounds(op, self.compute(left), self.compute(right))
            case Present():
                return None

    def find_direction(self, operand: Operand) -> Direction:
        """Find whether an operand rises or falls if an answer improves while the profile does not change.

        An answer improves if the score of its indicator rises. Return 1 if the operand rises, -1 if it falls, 0 if it
        stays the same, None if it may rise or fall.
        """
        match operand:
            case ValueOperand(indicator=name):
                return find_score_direction(self._indicators[name])
            case ScoreOperand() | IndexOperand() | PillarOperand() | LowerBoundOperand():
                return 1
            case Minimum(of=members) | Maximum(of=members) | Sum(of=members):
                return _combine_directions([self.find_direction(member) for member in members])
            case Product(of=members):
                return self._find_product_direction(members)
            case _:
                return 0

    def _find_product_direction(self, members: tuple[Operand, ...]) -> Direction:
        """Find whether the product of `members` rises or falls as an answer improves.

        A member that rises makes the product rise if the product of the other members is never negative, and
        fall if that product is never positive. Return None if the product of the other members can have both
        signs, if one member makes the product rise and another makes it fall, or if a member itself may rise or
        fall.
        """
        directions: list[Direction] = []
        for position, member in enumerate(members):
            direction = self.find_direction(member)
            others = _multiply_bounds([self.compute(other) for index, other in enumerate(members) if index != position])
            if direction == 0 or others.least >= 0:
                directions.append(direction)
            elif direction is not None and others.greatest <= 0:
                directions.append(-1 if direction == 1 else 1)
            else:
                return None
        return _combine_directions(directions)

    def _bound_fact(self, indicator: Indicator, name: str) -> Bounds:
        for fact in indicator.facts:
            if fact.name == name and fact.type in ("integer", "number"):
                return _bound_between(fact.minimum, fact.maximum)
            if fact.type == "components" and name_derived_count(fact.name) == name:
                return Bounds(0, len(indicator.components))
        return ANYTHING

    def _bound_value(self, indicator: Indicator) -> Bounds:
        # A value is made of facts. One of other values could be made of itself; `check_content` reports it.
        if any(isinstance(part, ValueOperand) for part in walk_operand_parts(indicator.value)):
            return ANYTHING
        span = self.compute(indicator.value)
        match indicator.value:
            case Quotient(numerator=AnswerOperand(), denominator=AnswerOperand()) if indicator.part_of_denominator:
                return Bounds(span.least, min(span.greatest, 1))
            case _:
                return span

    def _bound_lower_limit(self, name: str) -> Bound:
        """Compute the lower limit of a share in the largest sample that an indicator can have, if all are cases."""
        match self._indicators[name].value if name in self._indicators else None:
            case Quotient(denominator=denominator):
                most = self.compute(denominator).greatest
                return 1 if math.isinf(most) else max(most, 0) / (max(most, 0) + Z_SQUARE)
            case _:
                return 1

    def _bound_index(self) -> Bounds:
        root = self._document.root
        top = Fraction(self._compute_top_score(root), self.unit)
        return Bounds(root.range.minimum, _round_to_decimals(top, self._document.published_decimals))

    def _compute_top_score(self, node: Group | Indicator) -> int:
        """Compute the highest score that a node can reach, in units of 10^-decimals of the methodology.

        For an indicator it is the highest score of its goalposts. A curve without goalposts, and a lognormal
        curve, which goes on beyond its two goalposts, can reach the maximum of the indicator's range. For a
        group it is an upper limit of the aggregate of its children.
        """
        if isinstance(node, Indicator):
            scores = [to_exact(goalpost.score) for goalpost in node.curve.goalposts]
            # The curve of a lognormal goes on beyond its two goalposts, up to the end of the range.
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


def _round_to_decimals(points: Fraction, decimals: int | None) -> Fraction:
    """Round points half up to some decimals; None keeps them as they are."""
    if decimals is None:
        return points
    return Fraction(round_half_up(points * _power_of_ten(decimals)), _power_of_ten(decimals))


def _power_of_ten(decimals: int) -> int:
    """Return 10 to the power of `decimals`, where `decimals` is first limited to 0 to 6."""
    power: int = 10 ** min(max(decimals, 0), MAX_DECIMALS)
    return power


def find_score_direction(indicator: Indicator) -> Literal[-1, 0, 1]:
    """Return 1 if the score of an indicator rises with its raw value, -1 if it falls.

    Return 0 if the first and the last goalpost (point of the curve) have the same score, or if there are no goalposts.
    """
    scores = [goalpost.score for goalpost in indicator.curve.goalposts]
    if not scores or scores[0] == scores[-1]:
        return 0
    return 1 if scores[0] < scores[-1] else -1


def _always_counts(child: Group | Indicator, parent: Group) -> bool:
    """Return True if the score of `child` enters the score of `parent` for every organisation.

    This holds for an indicator that applies to every organisation, and for a group of which this holds for all
    children. If unknown children leave `parent` (its `missing` is `leave`), the result is False for every
    child.
    """
    if parent.missing == "leave":
        return False
    if isinstance(child, Group):
        return all(_always_counts(below, child) for below in child.children if below.weight > 0)
    return child.applies == ALWAYS


def _compute_best_mean(group: Group, counting: list[Group | Indicator], tops: list[int]) -> int:
    """Compute the highest weighted mean that a group can have, in units of 10^-decimals.

    `counting` has the children whose weight is above 0, and `tops` the highest score of each, in the same
    order. A child that counts only for some organisations is left out if that raises the mean.
    """
    chosen = [(child.weight, top) for child, top in zip(counting, tops, strict=True) if _always_counts(child, group)]
    leaving = [
        (child.weight, top) for child, top in zip(counting, tops, strict=True) if not _always_counts(child, group)
    ]
    # Taking the best first is exact: a member raises a mean if and only if its score is above that mean.
    for weight, top in sorted(leaving, key=lambda member: -member[1]):
        if not chosen or top > _compute_mean(chosen):
            chosen.append((weight, top))
    return round_half_up(_compute_mean(chosen))


def _compute_mean(weighted: list[tuple[int, int]]) -> Fraction:
    return Fraction(sum(weight * top for weight, top in weighted), sum(weight for weight, _ in weighted))


def _bound_between(minimum: int | None, maximum: int | None) -> Bounds:
    return Bounds(-math.inf if minimum is None else minimum, math.inf if maximum is None else maximum)


def _multiply_bounds(spans: list[Bounds]) -> Bounds:
    product = Bounds(1, 1)
    for span in spans:
        corners = [
            _multiply_finite(first, second)
            for first, second in itertools.product((product.least, product.greatest), (span.least, span.greatest))
        ]
        product = Bounds(min(corners), max(corners))
    return product


def _multiply_finite(first: Bound, second: Bound) -> Bound:
    """Return the product of two bounds; 0 times an infinity is 0.

    An infinite bound stands for a number that is finite but has no known limit, so 0 times that number is 0.
    """
    return 0 if first == 0 or second == 0 else first * second


def _divide_bounds(numerator: Bounds, denominator: Bounds) -> Bounds:
    if denominator.least > 0:
        corners = [
            _multiply_finite(dividend, 1 / Fraction(divisor) if isinstance(divisor, int) else 1 / divisor)
            for dividend, divisor in itertools.product(
                (numerator.least, numerator.greatest), (denominator.least, denominator.greatest)
            )
        ]
        return Bounds(min(corners), max(corners))
    # The quotient does not exist at 0, and grows without bound near it.
    if denominator.least == 0 and numerator.least >= 0:
        return Bounds(0, math.inf)
    return ANYTHING


def _combine_directions(directions: list[Direction]) -> Direction:
    """Return the direction of a result that rises whenever one of its operands rises, such as a sum.

    `directions` are those of the operands. Return None if one of them is None, or if one operand rises and
    another falls. Return 0 if no operand moves or `directions` is empty.
    """
    if None in directions:
        return None
    moving = {direction for direction in directions if direction != 0}
    return moving.pop() if len(moving) == 1 else None if moving else 0


def _negate(truth: bool | None) -> bool | None:
    return None if truth is None else not truth


def _conjoin(truths: Collection[bool | None]) -> bool | None:
    """Return whether all of these are true, after Kleene: None is neither true nor false."""
    return False if False in truths else None if None in truths else True


def _compare_bounds(op: ComparisonOperator, left: Bounds, right: Bounds) -> bool | None:
    """Return whether a comparison is true of all numbers between these bounds, or of none; None if of some."""
    match op:
        case "ge":
            return True if left.least >= right.greatest else False if left.greatest < right.least else None
        case "gt":
            return True if left.least > right.greatest else False if left.greatest <= right.least else None
        case "le":
            return _compare_bounds("ge", right, left)
        case "lt":
            return _compare_bounds("gt", right, left)
        case "eq":
            if left.greatest < right.least or right.greatest < left.least:
                return False
            return True if left.least == left.greatest == right.least == right.greatest else None
        case "ne":
            return _negate(_compare_bounds("eq", left, right))
