"""Operands and predicates of a document over columns.

Compiled once into closures that compute with whole columns. Numbers are integers with a scale that is known
beforehand, so that every comparison is exact; truth is three-valued as in `methodology.predicates`, by asking apart
what is certainly true and what is certainly false. Where 64 bits might not hold a combination of numbers, the few rows
whose facts are that large are computed again with Python's integers.

What is compiled at depth d computes in the scratch arrays from d upwards and leaves its result in d, or gives an array
of the input, which nobody changes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from fractions import Fraction
from typing import cast

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from actitud_api.engine.methodology.model import (
    All,
    AnswerOperand,
    Any,
    Compare,
    ComparisonOperator,
    ComponentOperand,
    Constant,
    Implies,
    Maximum,
    Minimum,
    Not,
    Operand,
    Predicate,
    Present,
    Product,
    ProfileOperand,
    Sum,
)
from actitud_api.engine.methodology.predicates import DECIMALS_OF_NUMBERS, to_exact
from actitud_api.engine.scoring.columns.block import Block, Needs, Reads, together
from actitud_api.engine.scoring.columns.table import Bools, Ints
from actitud_api.engine.scoring.compile import CompiledMethodology

MOST = 2**63 - 1
"""What 64 bits hold."""
NARROW = 2**31 - 1
"""What 32 bits hold."""


class Answer(Struct, frozen=True):
    """The answer at a position is there."""

    position: int


class Evidence(Struct, frozen=True):
    """The profile field at a slot is more than declared."""

    slot: int


class Empty(Struct, frozen=True):
    """The profile field at a slot has no value, and the answers at those positions are absent."""

    slot: int
    absent: frozenset[int] = frozenset()


class Score(Struct, frozen=True):
    """The score of a node; as a condition: silence has not taken it away. Null where it left."""

    node: str


class RawValue(Struct, frozen=True):
    """The raw value of an indicator; as a condition: it is there, unless the indicator left. Null where it did."""

    position: int


class Every(Struct, frozen=True):
    """All of several numbers are, each where one of its own is."""

    of: tuple[frozenset[Null], ...]


class Extreme(Struct, frozen=True):
    """The least or greatest score of nodes; null where all of them left."""

    combine: np.ufunc
    nodes: tuple[str, ...]


Condition = Answer | Evidence | Score | RawValue
"""Something without which a number is undetermined."""
Null = Empty | Score | RawValue | Every | Extreme
"""Something where a number is null."""


class Reading(Enum):
    """How a fact that is not there is read."""

    LEAST = "as its least favourable value"
    OPEN = "as undetermined"
    DECLARED = "as undetermined, like a profile field that needs evidence and is only declared"


class TooWide(OverflowError):
    """64 bits may not hold what an operand gives."""


class Numbers(Struct, frozen=True, eq=False):
    """What an operand gives: integers that mean themselves times `scale` (above 0), within `least` and `most`.

    `constant`: it reads nothing and is `least`. `text` holds the values that the integers number. It is determined
    where all the conditions `given` are, null where one of `nulls` is.
    """

    read: Callable[[Block], Ints]
    scale: Fraction
    least: int
    most: int
    reads: Reads = Reads()
    constant: bool = False
    text: tuple[str, ...] | None = None
    given: frozenset[Condition] = frozenset()
    nulls: frozenset[Null] = frozenset()

    @property
    def narrow(self) -> bool:
        """32 bits hold it."""
        return self.least >= -NARROW and self.most <= NARROW


class Truths(Struct, frozen=True, eq=False):
    """Where something is certain; `constant`: everywhere or nowhere."""

    read: Callable[[Block], Bools]
    reads: Reads = Reads()
    constant: bool | None = None


def _unread(block: Block) -> Bools:
    """A constant is never read."""
    raise AssertionError


EVERYWHERE = Truths(_unread, constant=True)
NOWHERE = Truths(_unread, constant=False)

Extent = Sequence[tuple[int, int]]


class Compiler:
    """Compiles operands and predicates over facts whose slots lie within `extent`.

    `limit`: rows with a fact beyond it, on either side, are computed apart; None: numbers are Python's integers.
    """

    def __init__(self, plan: CompiledMethodology, extent: Extent, needs: Needs, limit: int | None = MOST) -> None:
        self.plan = plan
        self.extent = extent
        self.needs = needs
        self.limit = limit
        self.fields = {field.name: field for field in plan.document.profile}

    def limited(self, limit: int | None) -> Compiler:
        """The same with another limit."""
        return Compiler(self.plan, self.extent, self.needs, limit)

    # operands

    def numbers(self, operand: Operand, depth: int, reading: Reading = Reading.OPEN) -> Numbers:
        """An operand at a depth. Raises `TooWide`."""
        match operand:
            case Constant(value=value):
                return constant(value)
            case ProfileOperand(field=name):
                return self._profile(name, reading)
            case AnswerOperand():
                return self._answer(operand, depth, reading)
            case ComponentOperand(indicator=indicator, component=component):
                return self._component(indicator, component, depth, reading)
            case Minimum(of=members):
                return self.combined(np.minimum, self._members(members, depth, reading), depth)
            case Maximum(of=members):
                return self.combined(np.maximum, self._members(members, depth, reading), depth)
            case Sum(of=members):
                return self.combined(np.add, self._members(members, depth, reading), depth)
            case Product(of=members):
                return self.product(self._members(members, depth, reading), depth)
            case _:
                raise TypeError(f"{type(operand).__name__} reads no facts")

    def _members(self, members: Sequence[Operand], depth: int, reading: Reading) -> list[Numbers]:
        """Constants last; of the others the first at the depth, the rest one deeper."""
        parts: list[Numbers] = []
        constants: list[Numbers] = []
        for member in members:
            part = self.numbers(member, depth + bool(parts), reading)
            (constants if part.constant else parts).append(part)
        return parts + constants

    def bounded(self, slot: int) -> tuple[int, int]:
        """The extent of a slot, with 0, which stands where a fact is absent."""
        least, most = self.extent[slot]
        least, most = min(least, 0), max(most, 0)
        return (least, most) if self.limit is None else (max(least, -self.limit), min(most, self.limit))

    def held(self, least: int, most: int) -> tuple[int, int]:
        """Bounds that 64 bits hold. Raises `TooWide`."""
        if self.limit is not None and (least < -MOST or most > MOST):
            raise TooWide
        return least, most

    def _profile(self, name: str, reading: Reading) -> Numbers:
        field, slot = self.fields[name], self.plan.layout.profile[name]
        least, most = self.bounded(slot)
        return Numbers(
            read=lambda block: block.facts[slot],
            scale=Fraction(1, 10**DECIMALS_OF_NUMBERS if field.type == "number" else 1),
            least=least,
            most=most,
            reads=Reads(slots=frozenset({slot})),
            text=field.values if field.type == "enum" else None,
            given=frozenset({Evidence(slot)}) if reading is Reading.DECLARED and field.needs_evidence else frozenset(),
            nulls=frozenset({Empty(slot)}) if field.nullable else frozenset(),
        )

    def _answer(self, operand: AnswerOperand, depth: int, reading: Reading) -> Numbers:
        slot = self.plan.layout.facts[operand.indicator, operand.fact]
        position = self.plan.positions[operand.indicator]
        facts = self.plan.indicators[position].definition.facts
        decimals = next((fact.decimals for fact in facts if (fact.name, fact.type) == (operand.fact, "number")), 0)
        least, most = self.bounded(slot)
        numbers = Numbers(
            read=lambda block: block.facts[slot],
            scale=Fraction(1, 10**decimals),
            least=least,
            most=most,
            reads=Reads(slots=frozenset({slot})),
            given=frozenset() if reading is Reading.LEAST else frozenset({Answer(position)}),
        )
        if reading is Reading.LEAST and operand.absent is not None:
            return self._answered(numbers, self.numbers(operand.absent, depth + 2, reading), position, depth)
        return numbers

    def _answered(self, sent: Numbers, instead: Numbers, position: int, depth: int) -> Numbers:
        """What was sent, and something else where nothing was."""
        scale = _common(sent.scale, instead.scale)
        sent, instead = self.scaled(sent, scale, depth + 1), self.scaled(instead, scale, depth + 2)
        register = self.register(depth, sent.narrow and instead.narrow)

        def answered(block: Block) -> Ints:
            into = register(block)
            np.copyto(into, instead.read(block))
            np.copyto(into, sent.read(block), where=block.present[position])
            return into

        return Numbers(
            read=answered,
            scale=scale,
            least=min(sent.least, instead.least),
            most=max(sent.most, instead.most),
            reads=together([sent.reads, instead.reads, Reads(positions=frozenset({position}))]),
            nulls=frozenset(
                Empty(null.slot, null.absent | {position}) for null in instead.nulls if isinstance(null, Empty)
            ),
        )

    def _component(self, indicator: str, component: str, depth: int, reading: Reading) -> Numbers:
        slot, position = self.plan.layout.facts[indicator, "components"], self.plan.positions[indicator]
        bit = 1 << self.plan.indicators[position].definition.components.index(component)
        self.needs.at(depth)
        reads = Reads(slots=frozenset({slot}))

        def listed(block: Block) -> Bools:
            into = block.truths[depth]
            np.not_equal(block.facts[slot] & bit, 0, out=into)
            return into

        return Numbers(
            read=cast("Callable[[Block], Ints]", listed),
            scale=Fraction(1),
            least=0,
            most=1,
            reads=reads,
            given=frozenset() if reading is Reading.LEAST else frozenset({Answer(position)}),
        )

    def combined(self, combine: np.ufunc, parts: Sequence[Numbers], depth: int) -> Numbers:
        """The least, the greatest or the sum of numbers. Raises `TooWide`."""
        parts = self.alike(parts, depth)
        if combine is np.minimum:
            least, most = min(part.least for part in parts), min(part.most for part in parts)
        elif combine is np.maximum:
            least, most = max(part.least for part in parts), max(part.most for part in parts)
        else:
            # Every sum on the way lies between the sum of all that lowers and the sum of all that raises.
            least, most = sum(min(part.least, 0) for part in parts), sum(max(part.most, 0) for part in parts)
        return self._folded(combine, parts, parts[0].scale, *self.held(least, most), depth)

    def product(self, parts: Sequence[Numbers], depth: int) -> Numbers:
        """The product of numbers; constants change the scale. Raises `TooWide`."""
        scale, sign = Fraction(1), 1
        factors: list[Numbers] = []
        for part in parts:
            if part.constant:
                scale *= part.scale * abs(part.least)
                sign *= (part.least > 0) - (part.least < 0)
            else:
                scale *= part.scale
                factors.append(part)
        if not factors or not sign:
            return _whole(sign, scale) if sign else _whole(0, Fraction(1))
        if sign < 0:
            factors.append(_whole(-1, Fraction(1)))
        # Where a product on the way is beyond these bounds, a factor after it is 0.
        least = most = 1
        for part in factors:
            corners = [one * other for one in (least, most) for other in (part.least, part.most)]
            least, most = min(corners), max(corners)
        return self._folded(np.multiply, factors, scale, *self.held(least, most), depth)

    def _folded(
        self,
        combine: np.ufunc,
        parts: Sequence[Numbers],
        scale: Fraction,
        least: int,
        most: int,
        depth: int,
    ) -> Numbers:
        if all(part.constant for part in parts):
            return _whole(int(combine.reduce(np.array([part.least for part in parts], object))), scale)
        narrow = all(part.narrow for part in parts) and -NARROW <= least <= most <= NARROW
        register = self.register(depth, narrow)
        first, *others = [part.read for part in parts]

        def folded(block: Block) -> Ints:
            into = register(block)
            so_far = first(block)
            for other in others:
                combine(so_far, other(block), out=into, dtype=into.dtype)
                so_far = into
            return so_far

        return Numbers(
            read=folded if others else first,
            scale=scale,
            least=least,
            most=most,
            reads=together(part.reads for part in parts),
            given=frozenset[Condition]().union(*(part.given for part in parts)),
            nulls=frozenset[Null]().union(*(part.nulls for part in parts)),
        )

    def alike(self, parts: Sequence[Numbers], depth: int) -> list[Numbers]:
        """The parts on one scale, in the scratch arrays where they are. Raises `TooWide`."""
        scale = parts[0].scale
        for part in parts:
            scale = _common(scale, part.scale)
        return [self.scaled(part, scale, depth + bool(number)) for number, part in enumerate(parts)]

    def scaled(self, part: Numbers, scale: Fraction, depth: int) -> Numbers:
        """Numbers on a scale of which theirs is a whole multiple. Raises `TooWide`."""
        times = int(part.scale / scale)
        if times == 1:
            return part
        least, most = self.held(part.least * times, part.most * times)
        if part.constant:
            return _whole(least, scale)
        self.held(0, times)
        register = self.register(depth, times <= NARROW and replace(part, least=least, most=most).narrow)

        def multiplied(block: Block) -> Ints:
            into = register(block)
            np.multiply(part.read(block), times, out=into, dtype=into.dtype)
            return into

        return replace(part, read=multiplied, scale=scale, least=least, most=most)

    def register(self, depth: int, narrow: bool) -> Callable[[Block], Ints]:
        """The scratch array of a depth for integers."""
        self.needs.at(depth)
        if narrow and self.limit is not None:
            return lambda block: block.narrow[depth]
        return lambda block: block.wide[depth]

    # predicates

    def certain(self, predicate: Predicate, value: bool, depth: int, reading: Reading = Reading.OPEN) -> Truths:
        """Where a predicate certainly has that truth value."""
        match predicate:
            case All(of=members) | Any(of=members):
                parts = [
                    self.certain(member, value, depth + bool(number), reading) for number, member in enumerate(members)
                ]
                return self.both(parts, depth) if isinstance(predicate, All) == value else self.either(parts, depth)
            case Not(of=member):
                return self.certain(member, not value, depth, reading)
            case Implies(when=when, then=then):
                parts = [
                    self.certain(when, not value, depth, reading),
                    self.certain(then, value, depth + 1, reading),
                ]
                return self.either(parts, depth) if value else self.both(parts, depth)
            case Present(indicator=indicator):
                there = self.present(self.plan.positions[indicator])
                return there if value else self.opposite(there, depth)
            case Compare():
                return self.certainly(predicate, value, depth, reading)

    def both(self, parts: Sequence[Truths], depth: int) -> Truths:
        """Where all hold; the first part is at the depth, the others are one deeper."""
        return self._joined(np.bitwise_and, True, parts, depth)

    def either(self, parts: Sequence[Truths], depth: int) -> Truths:
        """Where one holds; the first part is at the depth, the others are one deeper."""
        return self._joined(np.bitwise_or, False, parts, depth)

    def _joined(self, join: np.ufunc, neutral: bool, parts: Sequence[Truths], depth: int) -> Truths:
        if any(part.constant is (not neutral) for part in parts):
            return NOWHERE if neutral else EVERYWHERE
        kept = [part for part in parts if part.constant is None]
        if not kept:
            return EVERYWHERE if neutral else NOWHERE
        self.needs.at(depth)
        first, *others = [part.read for part in kept]
        deeper = kept[0] is not parts[0]

        def joined(block: Block) -> Bools:
            into = block.truths[depth]
            so_far = first(block)
            if deeper:
                np.copyto(into, so_far)
                so_far = into
            for other in others:
                join(so_far, other(block), out=into)
                so_far = into
            return so_far

        return Truths(joined if others or deeper else first, together(part.reads for part in kept))

    def opposite(self, truths: Truths, depth: int) -> Truths:
        """Where something does not hold."""
        if truths.constant is not None:
            return NOWHERE if truths.constant else EVERYWHERE
        self.needs.at(depth)

        def opposite(block: Block) -> Bools:
            into = block.truths[depth]
            np.logical_not(truths.read(block), out=into)
            return into

        return Truths(opposite, truths.reads)

    def present(self, position: int) -> Truths:
        """Where an answer is there."""
        return Truths(lambda block: block.present[position], Reads(positions=frozenset({position})))

    def certainly(self, compare: Compare, value: bool, depth: int, reading: Reading) -> Truths:
        """Where a comparison certainly has that truth value."""
        op = compare.op if value else INVERSE[compare.op]
        limit = self.limit
        while True:
            compiler = self.limited(limit)
            try:
                left, right = compiler.sides(compare, depth, reading)
                compared = compiler.compared(op, left, right, depth)
                break
            except TooWide:
                # At a limit of 0 only constants are too wide, and every row is computed apart.
                limit = None if not limit else limit >> 1
        if self.limit is not None:
            slots = left.reads.slots | right.reads.slots
            compared = self.patched(
                NOWHERE if limit is None and slots else compared,
                slots if limit is None else self.beyond(slots, limit),
                -1 if limit is None else limit,
                depth,
                lambda exactly: exactly.compared(op, *exactly.sides(compare, depth, reading), depth),
            )
        return self.determined(compared, left, right, value, depth)

    def sides(self, compare: Compare, depth: int, reading: Reading = Reading.OPEN) -> tuple[Numbers, Numbers]:
        """Both sides of a comparison, the right one a depth deeper. Raises `TooWide`."""
        left, right = self.numbers(compare.left, depth, reading), self.numbers(compare.right, depth + 1, reading)
        if left.text is None or right.text is None:
            return left, right
        numbers = {text: number for number, text in enumerate(dict.fromkeys((*left.text, *right.text)))}
        return _numbered(left, numbers), _numbered(right, numbers)

    def compared(self, op: ComparisonOperator, left: Numbers, right: Numbers, depth: int) -> Truths:
        """Where a comparison holds, whatever is null or undetermined. Raises `TooWide`."""
        if right.constant and not left.constant:
            return self._against(op, left, right.scale * right.least / left.scale, depth)
        if left.constant and not right.constant:
            return self._against(MIRRORED[op], right, left.scale * left.least / right.scale, depth)
        left, right = self.alike([left, right], depth)
        if left.constant:
            return EVERYWHERE if OPERATORS[op](left.least, right.least) else NOWHERE
        self.needs.at(depth)
        function, one, other = OPERATORS[op], left.read, right.read

        def compared(block: Block) -> Bools:
            into = block.truths[depth]
            function(one(block), other(block), out=into)
            return into

        return Truths(compared, together([left.reads, right.reads]))

    def _against(self, op: ComparisonOperator, left: Numbers, bound: Fraction, depth: int) -> Truths:
        """A comparison with a constant, decided at once where the extent decides it."""
        match op:
            case "eq" | "ne":
                threshold = math.floor(bound)
                if threshold != bound or not left.least <= threshold <= left.most:
                    return NOWHERE if op == "eq" else EVERYWHERE
            case "ge" | "lt":
                threshold = math.ceil(bound)
                if left.least >= threshold or left.most < threshold:
                    return EVERYWHERE if (left.least >= threshold) == (op == "ge") else NOWHERE
            case "le" | "gt":
                threshold = math.floor(bound)
                if left.most <= threshold or left.least > threshold:
                    return EVERYWHERE if (left.most <= threshold) == (op == "le") else NOWHERE
        self.needs.at(depth)
        function, one = OPERATORS[op], left.read

        def against(block: Block) -> Bools:
            into = block.truths[depth]
            function(one(block), threshold, out=into)
            return into

        return Truths(against, left.reads)

    def determined(self, compared: Truths, left: Numbers, right: Numbers, value: bool, depth: int) -> Truths:
        """A comparison where it is determined; with something null it is false."""
        sure = [self.met(condition, depth + 1) for condition in left.given | right.given]
        compared = self.both([compared, *sure], depth)
        nulls = [self.null(null, depth + 1) for null in left.nulls | right.nulls]
        if not nulls:
            return compared
        if not value:
            return self.either([compared, *nulls], depth)
        return self.both([compared, *(self.opposite(null, depth + 1) for null in nulls)], depth)

    def met(self, condition: Condition, depth: int) -> Truths:
        """Where a condition is."""
        match condition:
            case Answer(position=position):
                return self.present(position)
            case Evidence(slot=slot):
                return self.opposite(_marked(lambda block: block.declared, slot), depth)
            case _:
                raise TypeError(f"facts have no {type(condition).__name__}")

    def null(self, null: Null, depth: int) -> Truths:
        """Where something is null."""
        match null:
            case Empty(slot=slot, absent=absent):
                empty = _marked(lambda block: block.nulls, slot)
                return self.both(
                    [empty, *(self.opposite(self.present(each), depth + 1) for each in sorted(absent))], depth
                )
            case _:
                raise TypeError(f"facts have no {type(null).__name__}")

    def nulled(self, nulls: Iterable[Null], depth: int) -> Truths:
        """Where one of several is null."""
        return self.either([self.null(null, depth + bool(number)) for number, null in enumerate(nulls)], depth)

    # large facts

    def beyond(self, slots: Iterable[int], limit: int) -> frozenset[int]:
        """Of those slots the ones that hold a fact beyond a limit."""
        return frozenset(slot for slot in slots if self.extent[slot][0] < -limit or self.extent[slot][1] > limit)

    def patched(
        self, truths: Truths, slots: frozenset[int], limit: int, depth: int, again: Callable[[Compiler], Truths]
    ) -> Truths:
        """The same, with the rows that have one of those facts beyond a limit found `again` by Python's integers.

        Every fact is beyond a limit of -1.
        """
        if not slots:
            return truths
        apart = again(self.limited(None))
        self.needs.at(depth)

        def patched(block: Block) -> Bools:
            rows = rows_beyond(block, slots, limit)
            into = block.truths[depth]
            if truths.constant is None:
                np.copyto(into, truths.read(block))
            else:
                into.fill(truths.constant)
            if rows.size:
                into[rows] = (
                    apart.read(block.picked(rows, apart.reads, self.needs.depth, exact=True))
                    if apart.constant is None
                    else apart.constant
                )
            return into

        return Truths(patched, together([truths.reads, apart.reads, Reads(slots=slots)]))


def rows_beyond(block: Block, slots: Iterable[int], limit: int) -> NDArray[np.intp]:
    """The rows in which one of those facts lies beyond a limit, on either side."""
    found = np.zeros(block.rows, np.bool)
    for slot in slots:
        found |= block.facts[slot] > limit
        found |= block.facts[slot] < -limit
    return np.flatnonzero(found)


def constant(value: bool | int | float | str) -> Numbers:
    """A constant of a document."""
    if isinstance(value, str):
        return replace(_whole(0, Fraction(1)), text=(value,))
    exactly = Fraction(to_exact(value))
    return _whole(exactly.numerator, Fraction(1, exactly.denominator))


def _whole(value: int, scale: Fraction) -> Numbers:
    # NumPy takes a Python integer wherever it takes an array.
    return Numbers(lambda _: cast("Ints", value), scale, value, value, constant=True)


def _numbered(side: Numbers, numbers: dict[str, int]) -> Numbers:
    """The texts of one side as the numbers that both sides have for them."""
    assert side.text is not None
    order = [numbers[text] for text in side.text]
    if side.constant:
        return _whole(order[0], Fraction(1))
    if order == list(range(len(order))):
        return side
    table = np.array(order)
    return replace(
        side, read=lambda block: table[side.read(block).astype(np.intp)], least=0, most=len(numbers), text=None
    )


def _marked(marks: Callable[[Block], dict[int, Bools]], slot: int) -> Truths:
    """Where a slot is marked; marks that nobody has are left out of a block."""

    def marked(block: Block) -> Bools:
        mark = marks(block).get(slot)
        return np.zeros(block.rows, np.bool) if mark is None else mark

    return Truths(marked, Reads(slots=frozenset({slot})))


def _common(one: Fraction, other: Fraction) -> Fraction:
    """The greatest scale of which both are whole multiples."""
    return Fraction(
        math.gcd(one.numerator * other.denominator, other.numerator * one.denominator),
        one.denominator * other.denominator,
    )


OPERATORS: dict[ComparisonOperator, np.ufunc] = {
    "eq": np.equal,
    "ne": np.not_equal,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
}
INVERSE: dict[ComparisonOperator, ComparisonOperator] = {
    "eq": "ne",
    "ne": "eq",
    "lt": "ge",
    "le": "gt",
    "gt": "le",
    "ge": "lt",
}
MIRRORED: dict[ComparisonOperator, ComparisonOperator] = {
    "eq": "eq",
    "ne": "ne",
    "lt": "gt",
    "le": "ge",
    "gt": "lt",
    "ge": "le",
}
