"""Operands and predicates of a document, compiled into functions of whole columns.

Numbers are integers with a scale that is known at compilation, so every comparison is exact. Truth has three values as
in `methodology.predicates`, so two masks are compiled: rows in which a predicate is certainly true, and rows in which
it is certainly false; in all others it is undetermined. A comparison whose sides may exceed 64 bits for the facts at
hand is made row by row, as `evaluate` makes it.

An expression returns a new array or one of the input, so callers must not change it.
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
from actitud_api.engine.methodology.predicates import DECIMALS_OF_NUMBERS, compile_over_facts, to_exact, walk_operands
from actitud_api.engine.scoring.columns.block import RowBlock
from actitud_api.engine.scoring.columns.rows import RowReader, find_slots_read
from actitud_api.engine.scoring.columns.table import Bools, Ints
from actitud_api.engine.scoring.compile import CompiledMethodology

INT64_MAX = 2**63 - 1
"""Greatest integer of 64 bits."""
INT32_MAX = 2**31 - 1
"""Greatest integer of 32 bits."""


class AnswerSent(Struct, frozen=True):
    """Condition under which a number is known: the answer to an indicator, given by its position, was sent."""

    position: int


class FieldEvidenced(Struct, frozen=True):
    """Condition under which a number is known: a profile field has evidence.

    `slot` is the slot of the field: its index among all facts.
    """

    slot: int


class FieldEmpty(Struct, frozen=True):
    """Condition under which a number is null: the profile field in a slot (index in the list of facts) has no value.

    A document may name a profile field whose value replaces an absent answer (`AnswerOperand.absent`). `absent` then
    contains the positions of the indicators whose answers the field replaces, and the condition is true only in rows in
    which all of these answers are absent. Otherwise `absent` is empty.
    """

    slot: int
    absent: frozenset[int] = frozenset()


class NodeScore(Struct, frozen=True):
    """Condition on the score of a node, for a gate (condition of a level) that reads this score.

    Used as a `NumberCondition` (the score is known), it is true in rows in which the node has a score or is not
    applicable. Used as a `NullCondition` (the score is null), it is true in rows in which the node is not applicable.
    """

    node: str


class IndicatorRawValue(Struct, frozen=True):
    """Condition on the raw value of the indicator at `position`, for a gate (condition of a level) that reads it.

    Used as a `NumberCondition` (the value is known), it is true in rows in which the raw value exists and has evidence,
    or the indicator is not applicable. Used as a `NullCondition` (the value is null), it is true in rows in which the
    indicator is not applicable.
    """

    position: int


class PillarFigure(Struct, frozen=True):
    """Condition under which the score of a pillar, the mean of some indicators, is null: none of them counts."""

    pillar: str


class AllNull(Struct, frozen=True):
    """Condition that is true in the rows where a minimum or maximum is null: each of its parts is null.

    A part is null in rows in which at least one of its conditions is true.
    """

    parts: tuple[frozenset[NullCondition], ...]


NumberCondition = AnswerSent | FieldEvidenced | NodeScore | IndicatorRawValue
"""Condition under which a number is known.

In rows where it is false, every comparison with the number is undetermined.
"""
NullCondition = FieldEmpty | NodeScore | IndicatorRawValue | PillarFigure | AllNull
"""Condition under which a number is null.

In rows where it is true, every comparison with the number is false.
"""


class AbsentFactReading(Enum):
    """Rule for the value that a compiled expression uses for a fact that was not sent.

    `LEAST_FAVOURABLE`: the value that is worst for the organisation. `UNDETERMINED`: no value, so that a predicate that
    depends on the fact is neither true nor false. `UNDETERMINED_OR_DECLARED`: like `UNDETERMINED`, and a profile field
    that needs evidence but has none counts as not sent too.
    """

    LEAST_FAVOURABLE = "as its least favourable value"
    UNDETERMINED = "as undetermined"
    UNDETERMINED_OR_DECLARED = "as undetermined, like a profile field that needs evidence and is only declared"


class ExceedsInt64(OverflowError):
    """Raised by the compiler of columns if a number may exceed 64 bits; the caller then computes row by row."""


class CompiledNumbers(Struct, frozen=True, eq=False):
    """A compiled operand: in each row an integer from `lower` to `upper`, times `scale` (above 0).

    Attributes:
        read: Returns the integers of a block, one for each row.
        scale: Factor of the integers.
        lower: Lowest integer.
        upper: Highest integer.
        constant: True if the operand reads no input, and equals `lower` in every row.
        text: If the operand is a text, the text that each integer represents, by integer; else None.
        conditions: The number is known in rows in which all of these are true.
        nulls: The number is null in rows in which at least one of these is true.
    """

    read: Callable[[RowBlock], Ints]
    scale: Fraction
    lower: int
    upper: int
    constant: bool = False
    text: tuple[str, ...] | None = None
    conditions: frozenset[NumberCondition] = frozenset()
    nulls: frozenset[NullCondition] = frozenset()

    @property
    def fits_int32(self) -> bool:
        """True if every value fits in 32 bits."""
        return self.lower >= -INT32_MAX and self.upper <= INT32_MAX


class CompiledTruths(Struct, frozen=True, eq=False):
    """A compiled mask of the rows in which a statement is certainly true.

    `constant` is True if the statement is true in all rows and False if it is true in none, whatever the facts are;
    `read` is then never called. It is None if the rows depend on the facts.
    """

    read: Callable[[RowBlock], Bools]
    constant: bool | None = None


def _refuse_read(block: RowBlock) -> Bools:
    """Raise an AssertionError: a mask with a `constant` has this function as its `read`, which nothing may call."""
    raise AssertionError


EVERYWHERE = CompiledTruths(_refuse_read, constant=True)
NOWHERE = CompiledTruths(_refuse_read, constant=False)

Extent = Sequence[tuple[int, int]]


class ColumnCompiler:
    """Compiler of operands and predicates to functions that compute them for all rows of a block at once.

    The constructor receives `extent`: the lowest and highest value of each fact, by its slot (the number of the fact
    among all facts of the methodology). From these bounds the compiler proves that no result exceeds 64 bits. Its
    methods receive `reading`, the rule for the value of a fact that was not sent.
    """

    def __init__(self, plan: CompiledMethodology, extent: Extent) -> None:
        self.plan = plan
        self.extent = extent
        self.fields = {field.name: field for field in plan.document.profile}

    # operands

    def compile_operand(
        self, operand: Operand, reading: AbsentFactReading = AbsentFactReading.UNDETERMINED
    ) -> CompiledNumbers:
        """Compile an operand to numbers.

        `reading` is the rule for a fact that was not sent.

        Raises:
            ExceedsInt64: If a result may exceed 64 bits.
            TypeError: If the operand reads a score or raw value; only gates (conditions of levels) may.
        """
        match operand:
            case Constant(value=value):
                return build_constant(value)
            case ProfileOperand(field=name):
                return self._compile_profile_field(name, reading)
            case AnswerOperand():
                return self._compile_answer(operand, reading)
            case ComponentOperand(indicator=indicator, component=component):
                return self._compile_component(indicator, component, reading)
            case Minimum(of=members):
                return self.combine_numbers(np.minimum, self._compile_members(members, reading))
            case Maximum(of=members):
                return self.combine_numbers(np.maximum, self._compile_members(members, reading))
            case Sum(of=members):
                return self.combine_numbers(np.add, self._compile_members(members, reading))
            case Product(of=members):
                return self.multiply_numbers(self._compile_members(members, reading))
            case _:
                raise TypeError(f"{type(operand).__name__} reads no facts")

    def _compile_members(self, members: Sequence[Operand], reading: AbsentFactReading) -> list[CompiledNumbers]:
        """Compile the members of a sum, product, minimum or maximum; return the constant members last."""
        return sorted((self.compile_operand(member, reading) for member in members), key=lambda part: part.constant)

    def compute_slot_bounds(self, slot: int) -> tuple[int, int]:
        """Return the lowest and highest value of the fact in a slot, widened to include 0, which an absent fact has."""
        lower, upper = self.extent[slot]
        return min(lower, 0), max(upper, 0)

    def check_int64(self, lower: int, upper: int) -> tuple[int, int]:
        """Return the bounds of a result, `lower` and `upper`, unchanged if they fit in 64 bits.

        Raises:
            ExceedsInt64: If they do not fit.
        """
        if lower < -INT64_MAX or upper > INT64_MAX:
            raise ExceedsInt64
        return lower, upper

    def _compile_profile_field(self, name: str, reading: AbsentFactReading) -> CompiledNumbers:
        field, slot = self.fields[name], self.plan.layout.profile[name]
        lower, upper = self.compute_slot_bounds(slot)
        return CompiledNumbers(
            read=lambda block: block.facts[slot],
            scale=Fraction(1, 10**DECIMALS_OF_NUMBERS if field.type == "number" else 1),
            lower=lower,
            upper=upper,
            text=field.values if field.type == "enum" else None,
            conditions=frozenset({FieldEvidenced(slot)})
            if reading is AbsentFactReading.UNDETERMINED_OR_DECLARED and field.needs_evidence
            else frozenset(),
            nulls=frozenset({FieldEmpty(slot)}) if field.nullable else frozenset(),
        )

    def _compile_answer(self, operand: AnswerOperand, reading: AbsentFactReading) -> CompiledNumbers:
        slot = self.plan.layout.facts[operand.indicator, operand.fact]
        position = self.plan.positions[operand.indicator]
        facts = self.plan.indicators[position].definition.facts
        decimals = next((fact.decimals for fact in facts if (fact.name, fact.type) == (operand.fact, "number")), 0)
        lower, upper = self.compute_slot_bounds(slot)
        numbers = CompiledNumbers(
            read=lambda block: block.facts[slot],
            scale=Fraction(1, 10**decimals),
            lower=lower,
            upper=upper,
            conditions=frozenset()
            if reading is AbsentFactReading.LEAST_FAVOURABLE
            else frozenset({AnswerSent(position)}),
        )
        if reading is AbsentFactReading.LEAST_FAVOURABLE and operand.absent is not None:
            return self._fill_absent(numbers, self.compile_operand(operand.absent, reading), position)
        return numbers

    def _fill_absent(self, sent: CompiledNumbers, replacement: CompiledNumbers, position: int) -> CompiledNumbers:
        """Compile an operand that is the answer (`sent`) where it was sent, and `replacement` in the other rows.

        `position` is the position of the answered indicator. The `replacement` is the least favourable value, which a
        rule assumes for an absent answer.
        """
        scale = _find_common_scale(sent.scale, replacement.scale)
        sent, replacement = self.rescale_numbers(sent, scale), self.rescale_numbers(replacement, scale)
        dtype = choose_dtype(sent.fits_int32 and replacement.fits_int32)

        def fill_absent(block: RowBlock) -> Ints:
            into = np.empty(block.rows, dtype)
            np.copyto(into, replacement.read(block))
            np.copyto(into, sent.read(block), where=block.present[position])
            return into

        return CompiledNumbers(
            read=fill_absent,
            scale=scale,
            lower=min(sent.lower, replacement.lower),
            upper=max(sent.upper, replacement.upper),
            nulls=frozenset(
                FieldEmpty(null.slot, null.absent | {position})
                for null in replacement.nulls
                if isinstance(null, FieldEmpty)
            ),
        )

    def _compile_component(self, indicator: str, component: str, reading: AbsentFactReading) -> CompiledNumbers:
        slot, position = self.plan.layout.facts[indicator, "components"], self.plan.positions[indicator]
        bit = 1 << self.plan.indicators[position].definition.components.index(component)
        return CompiledNumbers(
            read=lambda block: cast("Ints", np.not_equal(block.facts[slot] & bit, 0)),
            scale=Fraction(1),
            lower=0,
            upper=1,
            conditions=frozenset()
            if reading is AbsentFactReading.LEAST_FAVOURABLE
            else frozenset({AnswerSent(position)}),
        )

    def combine_numbers(self, combine: np.ufunc, parts: Sequence[CompiledNumbers]) -> CompiledNumbers:
        """Compile the minimum, maximum or sum of `parts`: `combine` is `np.minimum`, `np.maximum` or `np.add`.

        Raises:
            ExceedsInt64: If a result may exceed 64 bits.
        """
        parts = self.align_scales(parts)
        if combine is np.minimum:
            lower, upper = min(part.lower for part in parts), min(part.upper for part in parts)
        elif combine is np.maximum:
            lower, upper = max(part.lower for part in parts), max(part.upper for part in parts)
        else:
            # Every sum on the way lies between the sum of all that lowers and the sum of all that raises.
            lower, upper = sum(min(part.lower, 0) for part in parts), sum(max(part.upper, 0) for part in parts)
        return self._fold_numbers(combine, parts, parts[0].scale, *self.check_int64(lower, upper))

    def multiply_numbers(self, parts: Sequence[CompiledNumbers]) -> CompiledNumbers:
        """Compile the product of the numbers `parts`; a constant factor only changes the scale.

        Raises:
            ExceedsInt64: If a result may exceed 64 bits.
        """
        scale, sign = Fraction(1), 1
        factors: list[CompiledNumbers] = []
        for part in parts:
            if part.constant:
                scale *= part.scale * abs(part.lower)
                sign *= (part.lower > 0) - (part.lower < 0)
            else:
                scale *= part.scale
                factors.append(part)
        if not factors or not sign:
            return _build_integer(sign, scale) if sign else _build_integer(0, Fraction(1))
        if sign < 0:
            factors.append(_build_integer(-1, Fraction(1)))
        # Where a product on the way is beyond these bounds, a factor after it is 0.
        lower = upper = 1
        for part in factors:
            corners = [bound * factor_bound for bound in (lower, upper) for factor_bound in (part.lower, part.upper)]
            lower, upper = min(corners), max(corners)
        return self._fold_numbers(np.multiply, factors, scale, *self.check_int64(lower, upper))

    def _fold_numbers(
        self, combine: np.ufunc, parts: Sequence[CompiledNumbers], scale: Fraction, lower: int, upper: int
    ) -> CompiledNumbers:
        if all(part.constant for part in parts):
            return _build_integer(int(combine.reduce(np.array([part.lower for part in parts], object))), scale)
        dtype = choose_dtype(all(part.fits_int32 for part in parts) and -INT32_MAX <= lower <= upper <= INT32_MAX)
        first, *others = [part.read for part in parts]

        def fold_parts(block: RowBlock) -> Ints:
            result = first(block)
            for other in others:
                result = combine(result, other(block), dtype=dtype)
            return result

        return CompiledNumbers(
            read=fold_parts if others else first,
            scale=scale,
            lower=lower,
            upper=upper,
            conditions=frozenset[NumberCondition]().union(*(part.conditions for part in parts)),
            nulls=frozenset[NullCondition]().union(*(part.nulls for part in parts)),
        )

    def align_scales(self, parts: Sequence[CompiledNumbers]) -> list[CompiledNumbers]:
        """Convert numbers to a common scale, so that their integers can be compared or added.

        Raises:
            ExceedsInt64: If a converted number may exceed 64 bits.
        """
        scale = parts[0].scale
        for part in parts:
            scale = _find_common_scale(scale, part.scale)
        return [self.rescale_numbers(part, scale) for part in parts]

    def rescale_numbers(self, part: CompiledNumbers, scale: Fraction) -> CompiledNumbers:
        """Convert the numbers in `part` to `scale`; `part.scale` must be a whole multiple of `scale`.

        Raises:
            ExceedsInt64: If a result may exceed 64 bits.
        """
        times = int(part.scale / scale)
        if times == 1:
            return part
        lower, upper = self.check_int64(part.lower * times, part.upper * times)
        if part.constant:
            return _build_integer(lower, scale)
        self.check_int64(0, times)
        dtype = choose_dtype(times <= INT32_MAX and replace(part, lower=lower, upper=upper).fits_int32)

        def multiply(block: RowBlock) -> Ints:
            return np.multiply(part.read(block), times, dtype=dtype)

        return replace(part, read=multiply, scale=scale, lower=lower, upper=upper)

    # predicates

    def compile_predicate(
        self, predicate: Predicate, value: bool, reading: AbsentFactReading = AbsentFactReading.UNDETERMINED
    ) -> CompiledTruths:
        """Compile the mask of rows in which a predicate certainly has the truth value `value`.

        A row in which the predicate is undetermined is neither in the mask for True nor in the mask for False.
        `reading` is the rule for a fact that was not sent.
        """
        match predicate:
            case All(of=members) | Any(of=members):
                parts = [self.compile_predicate(member, value, reading) for member in members]
                return join_all(parts) if isinstance(predicate, All) == value else join_any(parts)
            case Not(of=member):
                return self.compile_predicate(member, not value, reading)
            case Implies(when=when, then=then):
                parts = [self.compile_predicate(when, not value, reading), self.compile_predicate(then, value, reading)]
                return join_any(parts) if value else join_all(parts)
            case Present(indicator=indicator):
                presence = self.compile_presence(self.plan.positions[indicator])
                return presence if value else negate_truths(presence)
            case Compare():
                return self.compile_comparison(predicate, value, reading)

    def compile_presence(self, position: int) -> CompiledTruths:
        """Compile the mask of rows in which the answer to the indicator at `position` was sent and counts."""
        return CompiledTruths(lambda block: block.present[position])

    def compile_comparison(self, compare: Compare, value: bool, reading: AbsentFactReading) -> CompiledTruths:
        """Compile the mask of rows in which a comparison certainly has the truth value `value`.

        Numbers that may exceed 64 bits are compared row by row. `reading` is the rule for a fact that was not sent.
        """
        op = compare.op if value else NEGATED_OPERATORS[compare.op]
        try:
            left, right = self.compile_sides(compare, reading)
            comparison = self.compare_numbers(op, left, right)
        except ExceedsInt64:
            return self.compare_row_by_row(compare, value, reading)
        return self.restrict_to_determined(comparison, left, right, value)

    def compare_row_by_row(self, compare: Compare, value: bool, reading: AbsentFactReading) -> CompiledTruths:
        """Compile a comparison that is made row by row, with integers of any size.

        The mask marks the rows in which the comparison certainly has the truth value `value`.
        """
        holds = compile_over_facts(compare, self.plan.layout, absent=reading is not AbsentFactReading.LEAST_FAVOURABLE)
        reader = RowReader(self.plan, find_slots_read(self.plan, walk_operands(compare)))
        undecided = [
            slot
            for name, slot in self.plan.layout.profile.items()
            if reading is AbsentFactReading.UNDETERMINED_OR_DECLARED
            and slot in reader.slots
            and self.fields[name].needs_evidence
        ]

        def compare_rows(block: RowBlock) -> Bools:
            into = np.empty(block.rows, np.bool)
            for row in range(block.rows):
                facts = reader.read_facts(block, row)
                for slot in undecided:
                    if slot in block.declared and block.declared[slot][row]:
                        facts[slot] = None
                into[row] = holds(facts) is value
            return into

        return CompiledTruths(compare_rows)

    def compile_sides(
        self, compare: Compare, reading: AbsentFactReading = AbsentFactReading.UNDETERMINED
    ) -> tuple[CompiledNumbers, CompiledNumbers]:
        """Compile both sides of a comparison.

        If the sides are texts, they are numbered so that equal texts have equal numbers on both sides.

        Raises:
            ExceedsInt64: If a side may exceed 64 bits.
        """
        left, right = self.compile_operand(compare.left, reading), self.compile_operand(compare.right, reading)
        if left.text is None or right.text is None:
            return left, right
        numbers = {text: number for number, text in enumerate(dict.fromkeys((*left.text, *right.text)))}
        return _renumber_texts(left, numbers), _renumber_texts(right, numbers)

    def compare_numbers(self, op: ComparisonOperator, left: CompiledNumbers, right: CompiledNumbers) -> CompiledTruths:
        """Compile the mask of the rows in which the comparison `left` `op` `right` is true.

        In rows in which one of the numbers is null or unknown, the mask is meaningless, and `restrict_to_determined`
        must correct it.

        Raises:
            ExceedsInt64: If a side may exceed 64 bits on the common scale.
        """
        if right.constant and not left.constant:
            return _compare_with_constant(op, left, right.scale * right.lower / left.scale)
        if left.constant and not right.constant:
            return _compare_with_constant(MIRRORED_OPERATORS[op], right, left.scale * left.lower / right.scale)
        left, right = self.align_scales([left, right])
        if left.constant:
            return EVERYWHERE if OPERATORS[op](left.lower, right.lower) else NOWHERE
        operator, read_left, read_right = OPERATORS[op], left.read, right.read
        return CompiledTruths(lambda block: operator(read_left(block), read_right(block)))

    def restrict_to_determined(
        self, comparison: CompiledTruths, left: CompiledNumbers, right: CompiledNumbers, value: bool
    ) -> CompiledTruths:
        """Correct the mask of a comparison in the rows in which the side `left` or `right` is unknown or null.

        `comparison` marks the rows in which the comparison has the truth value `value`. A comparison with an unknown
        side is undetermined, so the rows with an unknown side become unmarked. A comparison with a null side is false,
        so the rows with a null side are marked only if `value` is False. Return the corrected mask.
        """
        conditions = map(self.compile_condition, left.conditions | right.conditions)
        comparison = join_all([comparison, *conditions])
        nulls = [self.compile_null(null) for null in left.nulls | right.nulls]
        return join_all([comparison, *map(negate_truths, nulls)]) if value else join_any([comparison, *nulls])

    def compile_condition(self, condition: NumberCondition) -> CompiledTruths:
        """Compile the mask of rows in which a condition for a known number holds.

        Raises:
            TypeError: If the condition is about a score or raw value; only gates (conditions of levels) read these.
        """
        match condition:
            case AnswerSent(position=position):
                return self.compile_presence(position)
            case FieldEvidenced(slot=slot):
                return negate_truths(_read_marks(lambda block: block.declared, slot))
            case _:
                raise TypeError(f"facts have no {type(condition).__name__}")

    def compile_null(self, null: NullCondition) -> CompiledTruths:
        """Compile the mask of rows in which a condition for a null number holds.

        Raises:
            TypeError: If the condition is about a score or raw value; only gates (conditions of levels) read these.
        """
        match null:
            case FieldEmpty(slot=slot, absent=absent):
                empty = _read_marks(lambda block: block.nulls, slot)
                return join_all([empty, *(negate_truths(self.compile_presence(each)) for each in sorted(absent))])
            case _:
                raise TypeError(f"facts have no {type(null).__name__}")


def join_all(parts: Iterable[CompiledTruths]) -> CompiledTruths:
    """Compile the mask of the rows that all `parts` mark."""
    return _join_truths(np.bitwise_and, True, parts)


def join_any(parts: Iterable[CompiledTruths]) -> CompiledTruths:
    """Compile the mask of the rows that at least one of the `parts` marks."""
    return _join_truths(np.bitwise_or, False, parts)


def _join_truths(join: np.ufunc, neutral: bool, parts: Iterable[CompiledTruths]) -> CompiledTruths:
    kept = [part for part in parts if part.constant is not neutral]
    if any(part.constant is not None for part in kept):
        return NOWHERE if neutral else EVERYWHERE
    if not kept:
        return EVERYWHERE if neutral else NOWHERE
    first, *others = [part.read for part in kept]

    def join_parts(block: RowBlock) -> Bools:
        result = first(block)
        for other in others:
            result = join(result, other(block))
        return result

    return CompiledTruths(join_parts)


def negate_truths(truths: CompiledTruths) -> CompiledTruths:
    """Compile the mask of the rows that the mask `truths` leaves unmarked."""
    if truths.constant is not None:
        return NOWHERE if truths.constant else EVERYWHERE
    return CompiledTruths(lambda block: np.logical_not(truths.read(block)))


def read_truths(truths: CompiledTruths, block: RowBlock) -> Bools:
    """Return a compiled mask for the rows of a block: an array of booleans, even if the mask is a constant."""
    return truths.read(block) if truths.constant is None else np.full(block.rows, truths.constant)


def choose_dtype(fits_int32: bool) -> type[np.int32 | np.int64]:
    """Return the integer type of 32 bits if all integers fit in 32 bits, else that of 64 bits."""
    return np.int32 if fits_int32 else np.int64


def _compare_with_constant(op: ComparisonOperator, left: CompiledNumbers, bound: Fraction) -> CompiledTruths:
    """Compile the mask of the rows in which a number satisfies `left` `op` `bound`, where `bound` is constant.

    `bound` is compared with the integers of `left`, so it is divided by `left.scale` already. The mask is constant
    if the lowest and highest value of `left` decide the comparison for all rows.
    """
    match op:
        case "eq" | "ne":
            threshold = math.floor(bound)
            if threshold != bound or not left.lower <= threshold <= left.upper:
                return NOWHERE if op == "eq" else EVERYWHERE
        case "ge" | "lt":
            threshold = math.ceil(bound)
            if left.lower >= threshold or left.upper < threshold:
                return EVERYWHERE if (left.lower >= threshold) == (op == "ge") else NOWHERE
        case "le" | "gt":
            threshold = math.floor(bound)
            if left.upper <= threshold or left.lower > threshold:
                return EVERYWHERE if (left.upper <= threshold) == (op == "le") else NOWHERE
    operator, read_left = OPERATORS[op], left.read
    return CompiledTruths(lambda block: operator(read_left(block), threshold))


def build_constant(value: bool | int | float | str) -> CompiledNumbers:
    """Convert a constant of a document to compiled numbers with the same value in every row."""
    if isinstance(value, str):
        return replace(_build_integer(0, Fraction(1)), text=(value,))
    exact = Fraction(to_exact(value))
    return _build_integer(exact.numerator, Fraction(1, exact.denominator))


def _build_integer(value: int, scale: Fraction) -> CompiledNumbers:
    # NumPy takes a Python integer wherever it takes an array.
    return CompiledNumbers(lambda _: cast("Ints", value), scale, value, value, constant=True)


def _renumber_texts(side: CompiledNumbers, numbers: dict[str, int]) -> CompiledNumbers:
    """Return one side of a comparison with its texts renumbered: equal texts have equal numbers on both sides.

    `numbers` has the number of each text, for both sides.
    """
    assert side.text is not None
    order = [numbers[text] for text in side.text]
    if side.constant:
        return _build_integer(order[0], Fraction(1))
    if order == list(range(len(order))):
        return side
    table = np.array(order)
    return replace(
        side, read=lambda block: table[side.read(block).astype(np.intp)], lower=0, upper=len(numbers), text=None
    )


def _read_marks(marks: Callable[[RowBlock], dict[int, Bools]], slot: int) -> CompiledTruths:
    """Compile the mask that each block has for the profile field at a slot.

    `marks` returns the masks of a block by slot. If a block has none for this slot, no row is marked.
    """

    def read_mark(block: RowBlock) -> Bools:
        mark = marks(block).get(slot)
        return np.zeros(block.rows, np.bool) if mark is None else mark

    return CompiledTruths(read_mark)


def _find_common_scale(first: Fraction, second: Fraction) -> Fraction:
    """Find the greatest scale such that both given scales are whole multiples of it."""
    return Fraction(
        math.gcd(first.numerator * second.denominator, second.numerator * first.denominator),
        first.denominator * second.denominator,
    )


OPERATORS: dict[ComparisonOperator, np.ufunc] = {
    "eq": np.equal,
    "ne": np.not_equal,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
}
NEGATED_OPERATORS: dict[ComparisonOperator, ComparisonOperator] = {
    "eq": "ne",
    "ne": "eq",
    "lt": "ge",
    "le": "gt",
    "gt": "le",
    "ge": "lt",
}
MIRRORED_OPERATORS: dict[ComparisonOperator, ComparisonOperator] = {
    "eq": "eq",
    "ne": "ne",
    "lt": "gt",
    "le": "ge",
    "gt": "lt",
    "ge": "le",
}
