"""Levels of a block: gates, limits set by review, and provisional levels (docs/scoring.md, section 6).

A gate is a condition that a level asks for. Most are compiled for whole columns; the others are evaluated row by row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np
from msgspec.structs import replace

from actitud_api.engine.methodology.model import (
    AnswerOperand,
    Compare,
    Constant,
    Gate,
    IndexOperand,
    LowerBoundOperand,
    Operand,
    PillarOperand,
    Predicate,
    Quotient,
    ScoreOperand,
    ValueOperand,
)
from actitud_api.engine.methodology.predicates import Z_SQUARE, Number, to_exact, walk_operand_parts, walk_operands
from actitud_api.engine.scoring.columns.block import CODE_NUMBERS, NO_SCORE, RowBlock, list_group_ids
from actitud_api.engine.scoring.columns.expressions import (
    AbsentFactReading,
    AllNull,
    ColumnCompiler,
    CompiledNumbers,
    CompiledTruths,
    ExceedsInt64,
    Extent,
    IndicatorRawValue,
    NodeScore,
    NullCondition,
    NumberCondition,
    PillarFigure,
    choose_dtype,
    join_all,
    join_any,
    read_truths,
)
from actitud_api.engine.scoring.columns.rows import RowReader, find_slots_read
from actitud_api.engine.scoring.columns.table import Bools, Ints
from actitud_api.engine.scoring.columns.tree import STATUS_NUMBERS
from actitud_api.engine.scoring.compile import CompiledGate, CompiledLevel, CompiledMethodology, GateFigures, GateInputs
from actitud_api.engine.scoring.evaluate import OBSERVED
from actitud_api.engine.scoring.indicator_result import IndicatorResult
from actitud_api.engine.scoring.wilson import reaches_lower_bound

_VALUED = frozenset(OBSERVED - {"zero_by_rule"})
"""Reason codes of answers that have a raw value.

Even with such a code there is none if the denominator of the value formula is 0.
"""

RowCheck = Callable[[RowBlock, Bools], Bools]
"""Function that returns the mask of the rows that meet a condition.

Its arguments are a block, and the mask of the rows of interest; in other rows the result is arbitrary.
"""


class NotComputedByColumns(Exception):
    """Raised by the compiler of gates (conditions of levels) if an operand cannot be computed for whole columns.

    The caller then evaluates the gate row by row.
    """


class LevelAssigner:
    """Calculator of the level of each row of a block, under one methodology."""

    def __init__(self, plan: CompiledMethodology, extent: Extent) -> None:
        compiler = _GateCompiler(plan, extent)
        self._levels = [
            (level.number, [_compile_gate(gate, compiler) for gate in level.gates], _compile_firmness(level, compiler))
            for level in plan.levels
        ]

    def assign_levels(self, block: RowBlock) -> None:
        """Write the level of each row of a block, and whether it is provisional, into the results of the block.

        The block must already contain scores, index and status. Level 0 represents no level.
        """
        views = block.views
        views.level.fill(0)
        views.provisional.fill(False)
        reached = (views.status == STATUS_NUMBERS["complete"]) | (views.status == STATUS_NUMBERS["sufficient"])
        for number, gates, is_firm in self._levels:
            for gate in gates:
                reached &= gate(block, reached)
            if block.max_level is not None:
                reached &= block.max_level >= number
            if not reached.any():
                return
            # Whoever reaches a level has reached all below it.
            np.add(views.level, reached, out=views.level)
            np.greater(views.provisional, reached, out=views.provisional)
            if is_firm is not None:
                np.bitwise_or(views.provisional, reached & ~is_firm(block, reached), out=views.provisional)


def _compile_gate(compiled: CompiledGate, compiler: _GateCompiler) -> RowCheck:
    gate = compiled.definition
    try:
        match gate.holds:
            case Compare(left=LowerBoundOperand() as left, right=Constant(value=int() | float() as required)):
                return compiler.compile_lower_bound(gate, left, to_exact(required))
        holds = compiler.compile_predicate(gate.holds, True)
        if gate.when_not_applicable == "pass":
            left_side, _ = compiler.compile_sides(gate.holds)
            is_null = join_any(map(compiler.compile_null, left_side.nulls))
            exempt = join_all([is_null, *map(compiler.compile_condition, left_side.conditions)])
            holds = join_any([holds, exempt])
        return _check_all_rows(holds)
    except (NotComputedByColumns, ExceedsInt64):
        return _check_row_by_row(compiler.plan, gate.holds, compiled.is_met)


def _compile_firmness(level: CompiledLevel, compiler: _GateCompiler) -> RowCheck | None:
    predicate = compiler.plan.document.levels[level.number - 1].provisional_unless
    if predicate is None:
        return None
    try:
        return _check_all_rows(compiler.compile_predicate(predicate, True))
    except (NotComputedByColumns, ExceedsInt64):
        firm = level.firm
        assert firm is not None
        return _check_row_by_row(compiler.plan, predicate, lambda figures: firm(figures) is True)


def _check_all_rows(truths: CompiledTruths) -> RowCheck:
    return lambda block, _: read_truths(truths, block)


def _check_row_by_row(
    plan: CompiledMethodology, predicate: Predicate, holds: Callable[[GateFigures], bool]
) -> RowCheck:
    """Build a check that evaluates a condition for each row on its own.

    `predicate` is the condition, of which all operands are read. `holds` takes the figures of one row, and returns True
    if they meet the condition.
    """
    operands, valued = [*walk_operands(predicate)], []
    for operand in operands:
        if isinstance(operand, ValueOperand | LowerBoundOperand):
            names = (operand.indicator,) if isinstance(operand, ValueOperand) else operand.indicators
            valued += [plan.indicators[plan.positions[name]] for name in names]
    operands += [part for leaf in valued for part in walk_operand_parts(leaf.definition.value)]
    reader, group_ids, codes = (
        RowReader(plan, find_slots_read(plan, operands)),
        list_group_ids(plan),
        list(CODE_NUMBERS),
    )

    def read_row(block: RowBlock, row: int) -> GateFigures:
        views, facts, declared = block.views, reader.read_facts(block, row), block.self_declared
        scores, maxima, groups, groups_max, (index,) = (
            [None if score == NO_SCORE else score for score in array[..., row].tolist()]
            for array in (views.scores, views.maxima, views.groups, views.groups_max, views.index[None])
        )
        results = [
            IndicatorResult(codes[code], score, maximum)
            for code, score, maximum in zip(views.codes[:, row].tolist(), scores, maxima, strict=True)
        ]
        for leaf in valued:
            result = results[leaf.position]
            if result.code in _VALUED:
                results[leaf.position] = replace(result, value=leaf.compute_value(facts))
        return GateFigures(
            GateInputs(
                index=index,
                groups=dict(zip(group_ids, groups, strict=True)),
                groups_max=dict(zip(group_ids, groups_max, strict=True)),
                results=results,
                facts=facts,
                self_declared=frozenset(
                    leaf.definition.id for leaf in valued if declared is not None and declared[leaf.position, row]
                ),
            )
        )

    def check_rows(block: RowBlock, rows: Bools) -> Bools:
        held = np.zeros(block.rows, np.bool)
        for row in np.flatnonzero(rows).tolist():
            held[row] = holds(read_row(block, row))
        return held

    return check_rows


class _GateCompiler(ColumnCompiler):
    """Compiler of the gates of levels: operands read scores and raw values instead of answers.

    It raises `NotComputedByColumns` for an operand whose numbers are not integers times a scale. The parameter
    `reading` of its methods has no effect here.
    """

    def __init__(self, plan: CompiledMethodology, extent: Extent) -> None:
        super().__init__(plan, extent)
        # Silence takes a score away only where an unknown child does not count the least.
        self._can_lose_scores = any(group.definition.missing != "zero" for group in plan.groups.values())

    def compile_operand(
        self, operand: Operand, reading: AbsentFactReading = AbsentFactReading.UNDETERMINED
    ) -> CompiledNumbers:
        unit = self.plan.unit
        match operand:
            case IndexOperand():
                return CompiledNumbers(
                    lambda block: block.views.index, Fraction(1, unit), NO_SCORE, self.plan.root.high
                )
            case ScoreOperand(node=node):
                read, _, upper = self._find_node_arrays(node)
                marked = frozenset({NodeScore(node)})
                return CompiledNumbers(
                    read,
                    Fraction(1, unit),
                    NO_SCORE,
                    upper,
                    conditions=marked if self._can_lose_scores else frozenset(),
                    nulls=marked,
                )
            case ValueOperand(indicator=indicator):
                return self._compile_raw_value(indicator)
            case LowerBoundOperand():
                raise NotComputedByColumns
            case PillarOperand(pillar=pillar):
                return self._compile_pillar(pillar)
            case _:
                return super().compile_operand(operand)

    def compile_lower_bound(self, gate: Gate, operand: LowerBoundOperand, required: Number) -> RowCheck:
        """Compile a gate that requires a lower limit of a share that is counted in a sample of cases.

        Floats decide all rows but those beside the limit, which are compared in exact integers.

        Raises:
            ExceedsInt64: If a number may exceed 64 bits.
            NotComputedByColumns: If a count may be negative, or is no integer.
        """
        p, q = required.numerator, required.denominator
        shares = []
        for name in operand.indicators:
            position = self.plan.positions[name]
            formula = self.plan.indicators[position].definition.value
            if not isinstance(formula, Quotient):
                raise NotComputedByColumns
            cases, n = self.compile_operand(formula.numerator), self.compile_operand(formula.denominator)
            if cases.scale != 1 or n.scale != 1 or min(cases.lower, n.lower, p, q - p) < 0:
                raise NotComputedByColumns
            self.check_int64(-p * max(n.upper, 1), q * max(cases.upper, 1))
            shares.append((position, cases.read, n.read, self._compile_value_presence(position).read))
        spread = float(Z_SQUARE) * p * (q - p)

        def check_shares(block: RowBlock, _: Bools) -> Bools:
            reached, known, excluded = np.zeros(block.rows, np.bool), *np.ones((2, block.rows), np.bool)
            for position, read_cases, read_n, read_presence in shares:
                left_out = block.views.codes[position] == CODE_NUMBERS["not_applicable"]
                cases, n = read_cases(block), read_n(block)
                known &= read_presence(block) & (cases <= n) | left_out
                excluded &= left_out
                # See `reaches_lower_bound`.
                above = np.multiply(cases, q, dtype=np.int64) - np.multiply(n, p, dtype=np.int64)
                square, least = np.square(above, dtype=np.float64), n * spread
                reaches = (above >= 0) & (square >= least) & ~left_out
                for row in np.flatnonzero((np.abs(square - least) <= 1e-12 * least) & (above >= 0) & (n > 0)):
                    reaches[row] = reaches_lower_bound(int(cases[row]), int(n[row]), required)
                reached |= reaches
            reached &= known
            return reached | excluded if gate.when_not_applicable == "pass" else reached

        return check_shares

    def _compile_pillar(self, name: str) -> CompiledNumbers:
        """Compile the figure of a pillar; -1 where none of its indicators counts.

        Raises:
            NotComputedByColumns: If silence may take a score away, so that the figure may be unknown.
        """
        if self._can_lose_scores:
            raise NotComputedByColumns
        order = list_group_ids(self.plan)
        members = [
            (member.position, order.index(member.dimension), member.weight)
            for member in self.plan.pillars[name].members
        ]

        def read_figure(block: RowBlock) -> Ints:
            figures = block.pillars.get(name)
            if figures is None:
                views = block.views
                weighted, weights = np.zeros(block.rows, np.int64), np.zeros(block.rows, np.int64)
                for position, dimension, weight in members:
                    scores = views.scores[position]
                    counts = (scores != NO_SCORE) & (views.groups[dimension] != NO_SCORE)
                    counting = counts * np.int64(weight)
                    weighted += counting * scores
                    weights += counting
                means = (2 * weighted + weights) // (2 * np.maximum(weights, 1))
                figures = block.pillars[name] = np.where(weights > 0, means, NO_SCORE)
            return figures

        upper = self.plan.root.high
        return CompiledNumbers(
            read_figure, Fraction(1, self.plan.unit), NO_SCORE, upper, nulls=frozenset({PillarFigure(name)})
        )

    def _find_node_arrays(self, node: str) -> tuple[Callable[[RowBlock], Ints], Callable[[RowBlock], Ints], int]:
        """Return two functions that read the scores and the maximum scores of a node in a block, and its highest score.

        All scores are in units of 10^-decimals of a point.
        """
        position = self.plan.positions.get(node)
        if position is not None:
            return (
                lambda block: block.views.scores[position],
                lambda block: block.views.maxima[position],
                self.plan.indicators[position].high,
            )
        row, group = list_group_ids(self.plan).index(node), self.plan.groups[node]
        step = group.published_step

        def read_published(block: RowBlock) -> Ints:
            scores = block.views.groups[row]
            # In 64 bits: twice a score may be more than its own type holds.
            published = (2 * scores.astype(np.int64) + step) // (2 * step) * step
            rounded: Ints = np.where(scores == NO_SCORE, scores, published).astype(scores.dtype)
            return rounded

        return (
            read_published if step != 1 else lambda block: block.views.groups[row],
            lambda block: block.views.groups_max[row],
            group.high,
        )

    def _compile_raw_value(self, indicator: str) -> CompiledNumbers:
        """Compile the raw value of an indicator.

        Raises:
            ExceedsInt64: If the raw value may exceed 64 bits.
            NotComputedByColumns: If it is a quotient, or a yes/no value that a formula computes from facts.
        """
        position = self.plan.positions[indicator]
        definition = self.plan.indicators[position].definition
        if isinstance(definition.value, Quotient) or (
            definition.curve.kind == "boolean" and not isinstance(definition.value, AnswerOperand)
        ):
            raise NotComputedByColumns
        return self._mark_raw_value(self.compile_operand(definition.value), position)

    def _mark_raw_value(self, numbers: CompiledNumbers, position: int) -> CompiledNumbers:
        marked = frozenset({IndicatorRawValue(position)})
        return replace(numbers, conditions=marked, nulls=marked)

    def compile_sides(
        self, compare: Compare, reading: AbsentFactReading = AbsentFactReading.UNDETERMINED
    ) -> tuple[CompiledNumbers, CompiledNumbers]:
        """Compile both sides of a comparison of a gate.

        If the left side is a quotient, its denominator multiplies the right side instead.

        Raises:
            ExceedsInt64: If a side may exceed 64 bits.
            NotComputedByColumns: If the denominator may be negative, or a side cannot be computed as a column of
                integers.
        """
        match compare.left:
            case ValueOperand(indicator=indicator):
                position = self.plan.positions[indicator]
                formula = self.plan.indicators[position].definition.value
                if isinstance(formula, Quotient) and self.plan.indicators[position].definition.curve.kind != "boolean":
                    below = self.compile_operand(formula.denominator)
                    if below.lower < 0:
                        raise NotComputedByColumns
                    required = self.compile_operand(compare.right)
                    above = self.compile_operand(formula.numerator)
                    return self._mark_raw_value(above, position), self.multiply_numbers([below, required])
        return super().compile_sides(compare)

    def compare_row_by_row(self, compare: Compare, value: bool, reading: AbsentFactReading) -> CompiledTruths:
        """Refuse to compile a comparison whose numbers may exceed 64 bits: its gate is evaluated row by row as a whole.

        Raises:
            NotComputedByColumns: Always.
        """
        raise NotComputedByColumns

    def combine_numbers(self, combine: np.ufunc, parts: Sequence[CompiledNumbers]) -> CompiledNumbers:
        """Compile the minimum, maximum or sum of `parts`: `combine` is `np.minimum`, `np.maximum` or `np.add`.

        A minimum and a maximum ignore parts that are null, and are null where all of them are.

        Raises:
            ExceedsInt64: If a result may exceed 64 bits.
        """
        if combine is np.add or not any(part.nulls for part in parts):
            return super().combine_numbers(combine, parts)
        parts = self.align_scales(parts)
        # The greatest number of all never lowers a minimum, and the least one never raises a maximum.
        neutral = max(part.upper for part in parts) if combine is np.minimum else min(part.lower for part in parts)
        nulls = AllNull(tuple(part.nulls for part in parts))
        combined = super().combine_numbers(combine, [self._replace_nulls(part, neutral) for part in parts])
        return replace(combined, nulls=frozenset({nulls}) if all(nulls.parts) else frozenset())

    def _replace_nulls(self, part: CompiledNumbers, number: int) -> CompiledNumbers:
        """Compile `part` with `number` in the rows in which it is null."""
        if not part.nulls:
            return part
        is_null = join_any(map(self.compile_null, part.nulls)).read
        replaced = replace(part, lower=min(part.lower, number), upper=max(part.upper, number), nulls=frozenset())
        dtype = choose_dtype(replaced.fits_int32)

        def read_replaced(block: RowBlock) -> Ints:
            numbers: Ints = np.array(part.read(block), dtype)
            np.copyto(numbers, number, where=is_null(block))
            return numbers

        return replace(replaced, read=read_replaced)

    def compile_condition(self, condition: NumberCondition) -> CompiledTruths:
        match condition:
            case NodeScore(node=node):
                score, maxima, _ = self._find_node_arrays(node)
                return CompiledTruths(lambda block: (score(block) != NO_SCORE) | (maxima(block) == NO_SCORE))
            case IndicatorRawValue(position=position):
                return self._compile_value_presence(position)
            case _:
                return super().compile_condition(condition)

    def _compile_value_presence(self, position: int) -> CompiledTruths:
        """Compile the mask of the rows in which a gate knows the raw value of the indicator at `position`.

        A gate knows it if the value exists and has evidence, or if the indicator does not apply.
        """
        formula = self.plan.indicators[position].definition.value
        below = self.compile_operand(formula.denominator) if isinstance(formula, Quotient) else None
        # These codes say as well that all that it reads was sent.
        codes = np.array([code in _VALUED for code in CODE_NUMBERS])

        def read_presence(block: RowBlock) -> Bools:
            has_value: Bools = codes[block.views.codes[position]]
            if block.self_declared is not None:
                has_value &= ~block.self_declared[position]
            if below is not None:
                has_value &= np.not_equal(below.read(block), 0)
            has_value |= block.views.codes[position] == CODE_NUMBERS["not_applicable"]
            return has_value

        return CompiledTruths(read_presence)

    def compile_null(self, null: NullCondition) -> CompiledTruths:
        match null:
            case NodeScore(node=node):
                score, maxima, _ = self._find_node_arrays(node)
                return CompiledTruths(lambda block: (score(block) == NO_SCORE) & (maxima(block) == NO_SCORE))
            case IndicatorRawValue(position=position):
                return CompiledTruths(lambda block: block.views.codes[position] == CODE_NUMBERS["not_applicable"])
            case AllNull(parts=parts):
                return join_all(join_any(map(self.compile_null, part)) for part in parts)
            case PillarFigure(pillar=pillar):
                figures = self._compile_pillar(pillar).read
                return CompiledTruths(lambda block: figures(block) == NO_SCORE)
            case _:
                return super().compile_null(null)
