"""Scores of the indicators in a block: cases, curves and caps (docs/scoring.md, section 2).

In each row, an indicator gets its score from the first of these that applies: a contradiction, the zero rule,
applicability, a missing answer, and the curve with its caps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from actitud_api.engine.methodology.model import ALWAYS, NEVER, AnswerOperand, ComponentOperand, Predicate
from actitud_api.engine.methodology.predicates import walk_operands
from actitud_api.engine.scoring.aggregations import UNKNOWN
from actitud_api.engine.scoring.columns.block import CODE_NUMBERS, NO_SCORE, RowBlock
from actitud_api.engine.scoring.columns.curves import CurveCompiler, ExactScorer, RowScorer, compile_raw_value
from actitud_api.engine.scoring.columns.expressions import (
    INT32_MAX,
    AbsentFactReading,
    ColumnCompiler,
    ExceedsInt64,
    Extent,
    read_truths,
)
from actitud_api.engine.scoring.columns.rules import ContradictedRows
from actitud_api.engine.scoring.columns.table import Bools, Ints
from actitud_api.engine.scoring.compile import CompiledIndicator, CompiledMethodology


class ConditionPair(Struct, frozen=True):
    """Zero rule and applicability of an indicator.

    `zero_when` is the zero rule: if it is true, the score is the lowest one whatever the answer is. `applies` is true
    if the indicator applies. Indicators with equal conditions have equal pairs, so that each pair is evaluated only
    once.
    """

    zero_when: Predicate
    applies: Predicate


class CaseJudgement(Struct, eq=False):
    """Result of the zero rule and the applicability of an indicator, as masks of the rows of a block.

    A zero rule makes the score the lowest one whatever the answer is. Each row of the block is in exactly one of the
    five masks.

    Attributes:
        open: Rows in which neither of the two conditions decides the score, so that the answer and the curve decide it.
            None if these are all rows.
        zero: Rows in which the zero rule is true. None if there are none.
        not_applicable: Rows in which the indicator is not applicable. None if there are none.
        undetermined: Rows in which absent answers leave the zero rule undetermined, so that the indicator is unknown.
            None if there are none.
        doubtful: Rows in which the indicator would be not applicable, but is unknown because the profile fields that
            exclude it have no evidence. None if there are none.
    """

    open: Bools | None
    zero: Bools | None
    not_applicable: Bools | None
    undetermined: Bools | None
    doubtful: Bools | None


class CaseJudge:
    """Evaluator of the zero rule and the applicability of each indicator in blocks of rows.

    A zero rule makes the score the lowest one whatever the answer is. Indicators with equal conditions share one
    evaluation for each block.
    """

    def __init__(self, plan: CompiledMethodology, extent: Extent) -> None:
        compiler = ColumnCompiler(plan, extent)
        self._pair_numbers: list[int] = []
        self._judges: list[Callable[[RowBlock], CaseJudgement]] = []
        numbers: dict[ConditionPair, int] = {}
        for leaf in plan.indicators:
            pair = ConditionPair(leaf.definition.zero_when, leaf.definition.applies)
            if pair not in numbers:
                numbers[pair] = len(numbers)
                self._judges.append(_compile_pair(pair, compiler))
            self._pair_numbers.append(numbers[pair])

    def judge_indicators(self, block: RowBlock) -> list[CaseJudgement]:
        """Evaluate zero rule and applicability of every indicator in a block.

        A zero rule makes the score the lowest one. Return one judgement for each indicator, by position; indicators
        with equal conditions share one judgement.
        """
        judgements = [judge(block) for judge in self._judges]
        return [judgements[number] for number in self._pair_numbers]


def _compile_pair(pair: ConditionPair, compiler: ColumnCompiler) -> Callable[[RowBlock], CaseJudgement]:
    """Compile zero rule and applicability to a function that judges the rows of a block."""
    if pair.zero_when == NEVER and pair.applies == ALWAYS:
        return lambda _: CaseJudgement(None, None, None, None, None)
    zero = compiler.compile_predicate(pair.zero_when, True)
    not_zero_rule = compiler.compile_predicate(pair.zero_when, False)
    applies = compiler.compile_predicate(pair.applies, True)
    certainly_excluded = compiler.compile_predicate(pair.applies, False, AbsentFactReading.UNDETERMINED_OR_DECLARED)
    reads_answers = any(
        isinstance(operand, AnswerOperand | ComponentOperand) for operand in walk_operands(pair.zero_when)
    )

    def judge(block: RowBlock) -> CaseJudgement:
        zero_mask: Bools | None = None
        undetermined: Bools | None = None
        not_zero: Bools | None = None
        if not_zero_rule.constant is not True:
            zero_mask = read_truths(zero, block)
            if reads_answers:
                not_zero = read_truths(not_zero_rule, block)
                undetermined = drop_empty_mask(~(zero_mask | not_zero))
            else:
                not_zero = ~zero_mask
            zero_mask = drop_empty_mask(zero_mask)
        if applies.constant is True:
            return CaseJudgement(not_zero, zero_mask, None, undetermined, None)
        applicable = read_truths(applies, block)
        not_applicable = ~applicable if not_zero is None else np.greater(not_zero, applicable)
        open_mask = applicable if not_zero is None else not_zero & applicable
        doubtful: Bools | None = None
        if block.declared and certainly_excluded.constant is None:
            doubtful = drop_empty_mask(np.greater(not_applicable, certainly_excluded.read(block)))
            if doubtful is not None:
                not_applicable &= ~doubtful
        return CaseJudgement(open_mask, zero_mask, drop_empty_mask(not_applicable), undetermined, doubtful)

    return judge


def drop_empty_mask(mask: Bools | None) -> Bools | None:
    """Return the mask, or None if it marks no row."""
    return mask if mask is not None and mask.any() else None


class ChildCounts(Struct, eq=False):
    """Rows of a block in which a child of a group does not count normally; None represents a mask without rows.

    `excluded`: the child leaves the group, and the other children share its weight. `excluded_at_best`: the child would
    leave the group even if every unknown indicator had its best score. `voids`: the child is unknown, and makes the
    group unknown.
    """

    excluded: Bools | None = None
    excluded_at_best: Bools | None = None
    voids: Bools | None = None


class RunCounts(Struct, eq=False):
    """Result of scoring a run (consecutive indicators of one group) in a block, from which the group is scored.

    `each` contains one `ChildCounts` for each indicator. `unknown` is a mask, indicators × rows, of the unknown and the
    contradicted answers; None if it marks no row. `scores` is indicators × rows.
    """

    each: list[ChildCounts]
    unknown: Bools | None
    scores: Ints


class _RunMember:
    """One indicator of a run (consecutive children of one group), compiled for columns.

    `write_scores` writes the scores of the indicator into an array; in rows without a raw value they are arbitrary.
    """

    def __init__(self, leaf: CompiledIndicator, compiler: ColumnCompiler, curves: CurveCompiler) -> None:
        self.leaf = leaf
        self._others = sorted(compiler.plan.positions[name] for name in leaf.borrowed_answers)
        exact = ExactScorer(leaf, compiler.plan)
        self._write_defined: Callable[[RowBlock, Bools], object] | None = None
        try:
            value = compile_raw_value(leaf.definition.value, compiler)
            self.write_scores: RowScorer = curves.compile_curve(leaf, value, exact)
        except ExceedsInt64:
            self.write_scores = exact.score_block
            self._write_defined = exact.write_defined
        else:
            if value.can_be_undefined:
                below = value.below
                self._write_defined = lambda block, into: np.not_equal(below.read(block), 0, out=into)

    def write_valued(self, block: RowBlock, open_mask: Bools | None, into: Bools) -> None:
        """Write the mask of the rows in which the indicator has a raw value into `into`.

        Only the rows in `open_mask` can have one: those in which neither zero rule nor applicability decides. None
        stands for all rows.
        """
        present = block.present[self.leaf.position]
        masks = [block.present[position] for position in self._others]
        if self._write_defined is not None:
            self._write_defined(block, into)
            masks.append(present)
        else:
            np.copyto(into, present)
        for mask in masks if open_mask is None else (open_mask, *masks):
            np.bitwise_and(into, mask, out=into)

    def find_borrowing_absent(self, block: RowBlock, judged: CaseJudgement) -> Bools | None:
        """Find the rows in which the indicator is answered, but its formula lacks the answer to another indicator.

        Return the mask of these rows, None if there are none. Only the rows that `judged.open` marks are searched, in
        which zero rule and applicability leave the indicator open; all rows if it is None.
        """
        if not self._others:
            return None
        present = block.present[self.leaf.position]
        if judged.open is not None:
            present = present & judged.open
        all_present = np.logical_and.reduce([block.present[position] for position in self._others])
        return drop_empty_mask(present > all_present)

    def write_unknown(self, block: RowBlock, judged: CaseJudgement, borrowing: Bools | None, into: Bools) -> None:
        """Write the mask of the rows in which the indicator is unknown into `into`.

        `judged` has the results of its zero rule and applicability. `borrowing` marks the rows in which its formula
        lacks the answer to another indicator (`find_borrowing_absent`), None for no rows.
        """
        present = block.present[self.leaf.position]
        if judged.open is None:
            np.logical_not(present, out=into)
        else:
            np.greater(judged.open, present, out=into)
        for mask in (judged.undetermined, judged.doubtful, borrowing):
            if mask is not None:
                np.bitwise_or(into, mask, out=into)


RunConstants = NDArray[np.integer]
"""One number for each indicator of a run, as a column that NumPy repeats for all rows."""


class RunScorer:
    """Scorer of a run: consecutive indicators of one group, whose scores are computed as one array."""

    def __init__(self, leaves: Sequence[CompiledIndicator], compiler: ColumnCompiler, curves: CurveCompiler) -> None:
        self.slice = slice(leaves[0].position, leaves[-1].position + 1)
        self._members = [_RunMember(leaf, compiler, curves) for leaf in leaves]
        self._excludes_unknown = leaves[0].unknown_score != leaves[0].low
        self._voids = leaves[0].unknown_score == UNKNOWN
        self._low = _build_column(leaf.low for leaf in leaves)
        self._best = _build_column(leaf.best for leaf in leaves)
        self._cap = _build_column(leaf.cap for leaf in leaves)
        self._flat = np.array([[leaf.best == leaf.low] for leaf in leaves])
        capped = (CODE_NUMBERS["zero" if leaf.cap == leaf.low else "partial"] for leaf in leaves)
        self._more_when_capped = _build_column(CODE_NUMBERS["capped"] - code for code in capped).astype(np.int8)

    def score_run(
        self, block: RowBlock, judgements: Sequence[CaseJudgement], contradicted: Mapping[int, ContradictedRows]
    ) -> RunCounts:
        """Write scores, highest possible scores and reason codes of a run in a block; return data to score its group.

        `judgements` are the results of zero rule and applicability, one for each indicator of the run. `contradicted`
        contains the rows in which an answer is contradicted, by the position of the indicator.
        """
        members = self._members
        shape = len(members), block.rows
        # In the results the rows lie far apart, often where they push each other out of the cache.
        scores, maxima = (np.empty(shape, block.views.scores.dtype) for _ in range(2))
        codes = np.empty(shape, np.int8)
        valued, unknown = (np.empty(shape, np.bool) for _ in range(2))
        other_causes: list[tuple[int, Bools]] = []
        for number, (member, judged) in enumerate(zip(members, judgements, strict=True)):
            member.write_scores(block, scores[number])
            member.write_valued(block, judged.open, valued[number])
            borrowing = member.find_borrowing_absent(block, judged)
            member.write_unknown(block, judged, borrowing, unknown[number])
            other_causes += [(number, mask) for mask in (judged.doubtful, borrowing) if mask is not None]
        self._reset_unvalued(scores, valued)
        capped = self._cap_declared(block, scores)
        lowered = self._find_lowered(block, scores, valued)
        self._write_codes(judgements, scores, codes, capped)
        for number, rows in lowered:
            codes[number, rows] = CODE_NUMBERS["capped"]
        if unknown.any():
            self._mark_unknown(block, other_causes, codes, unknown)
            np.multiply(unknown, self._best - self._low, out=maxima)
            np.add(maxima, scores, out=maxima)
        else:
            np.copyto(maxima, scores)
        counted = [
            self._build_counts(number, judged, scores, maxima, codes, unknown, contradicted)
            for number, judged in enumerate(judgements)
        ]
        np.copyto(block.views.scores[self.slice], scores)
        np.copyto(block.views.maxima[self.slice], maxima)
        np.copyto(block.views.codes[self.slice], codes)
        return RunCounts(counted, drop_empty_mask(unknown), scores)

    def _reset_unvalued(self, scores: Ints, valued: Bools) -> None:
        """Set the scores of rows without a raw value (not in the mask `valued`) to the lowest score."""
        if self._low.any():
            np.subtract(scores, self._low, out=scores)
        np.multiply(scores, valued, out=scores)
        if self._low.any():
            np.add(scores, self._low, out=scores)

    def _cap_declared(self, block: RowBlock, scores: Ints) -> Bools | None:
        """Cap the scores of answers without evidence; return the mask of the capped rows.

        If every answer in the block has evidence, return None.
        """
        if block.self_declared is None:
            return None
        capped: Bools = (scores > self._cap) & block.self_declared[self.slice]
        np.copyto(scores, self._cap, where=capped)
        return capped

    def _find_lowered(self, block: RowBlock, scores: Ints, valued: Bools) -> list[tuple[int, Bools]]:
        """List the indicators whose level a review lowered, each with the mask of the rows whose score is lower for it.

        An indicator is given by its number in the run. `valued` marks the rows with a raw value.
        """
        lowered_indicators = []
        for number, member in enumerate(self._members):
            sent = block.level_sent.get(member.leaf.position)
            if sent is not None:
                uncapped, slot = np.empty_like(scores[number]), member.leaf.slots[0]
                # The curve reads the block, so the levels as sent take the place of the lowered ones for one call.
                lowered, block.facts[slot] = block.facts[slot], sent
                member.write_scores(block, uncapped)
                block.facts[slot] = lowered
                lowered_indicators.append((number, valued[number] & (uncapped > scores[number])))
        return lowered_indicators

    def _write_codes(
        self, judgements: Sequence[CaseJudgement], scores: Ints, codes: NDArray[np.int8], capped: Bools | None
    ) -> None:
        """Write the reason codes of indicators in the rows of a block into `codes`, one row of `codes` per indicator.

        `full`, `partial` and `zero` follow from the score, `zero_by_rule` and `not_applicable` from `judgements`, and
        the codes of capped answers from `capped`, which marks the rows whose score was capped for lack of evidence.
        Unknown rows get their code from `_mark_unknown` afterwards.
        """
        # `full`, `partial` and `zero` have consecutive numbers, so masks can be added: `partial` + 1 is `zero`, - 1 is
        # `full`.
        np.add((scores == self._low).view(np.int8), CODE_NUMBERS["partial"], out=codes)
        codes -= np.greater(scores == self._best, self._flat).view(np.int8)
        if capped is not None:
            codes += capped.view(np.int8) * self._more_when_capped
        for code, judged in zip(codes, judgements, strict=True):
            if judged.zero is not None:
                code += judged.zero.view(np.int8) * (CODE_NUMBERS["zero_by_rule"] - CODE_NUMBERS["zero"])
            if judged.not_applicable is not None:
                code += judged.not_applicable.view(np.int8) * (CODE_NUMBERS["not_applicable"] - CODE_NUMBERS["zero"])

    def _mark_unknown(
        self, block: RowBlock, other_causes: Sequence[tuple[int, Bools]], codes: NDArray[np.int8], unknown: Bools
    ) -> None:
        """Change the codes of unknown rows from `zero` to `unknown`, or to the reason why the answer does not count.

        That reason (withdrawn, rejected, stale) is in `block.set_aside`. The rows in `other_causes` keep the code
        `unknown`, because applicability is in doubt or an answer to another indicator is absent; each mask there comes
        with the number of the indicator in the run. `codes` and `unknown` are indicators × rows.
        """
        codes += unknown.view(np.int8) * (CODE_NUMBERS["unknown"] - CODE_NUMBERS["zero"])
        if block.set_aside is None:
            return
        codes += unknown.view(np.int8) * block.set_aside[self.slice]
        for number, mask in other_causes:
            codes[number][mask] = CODE_NUMBERS["unknown"]

    def _build_counts(
        self,
        number: int,
        judged: CaseJudgement,
        scores: Ints,
        maxima: Ints,
        codes: NDArray[np.int8],
        unknown: Bools,
        contradicted: Mapping[int, ContradictedRows],
    ) -> ChildCounts:
        """Build the `ChildCounts` of an indicator, and write its scores in the rows that the curve does not score.

        `number` is the number of the indicator in the run. `judged` has the results of its zero rule and
        applicability. The arrays `scores`, `maxima` (with every unknown indicator at its best) and `codes` have a row
        for each indicator of the run. A row has no score if the indicator is not applicable, or if it is unknown and
        its group gives an unknown child no score; it has the lowest score if the indicator is contradicted. The
        contradicted rows are then added to `unknown`.
        """
        leaf, score, unknown_mask = self._members[number].leaf, scores[number], unknown[number]
        not_applicable = judged.not_applicable
        if not_applicable is not None:
            for row in (score, maxima[number]):
                if leaf.low == 0:
                    np.subtract(row, not_applicable, out=row)
                else:
                    row[not_applicable] = NO_SCORE
        contradiction = contradicted.get(leaf.position)
        if contradiction is not None:
            rows = contradiction.rows
            score[rows], maxima[number][rows] = leaf.low, leaf.best
            contradiction.write_codes(codes[number])
            if not_applicable is not None:
                not_applicable = not_applicable.copy()
                not_applicable[rows] = False
            unknown_mask[rows] = False
        counted = ChildCounts(not_applicable, not_applicable)
        if self._excludes_unknown:
            score[unknown_mask] = NO_SCORE
            if self._voids:
                counted.voids = drop_empty_mask(unknown_mask.copy())
            else:
                counted.excluded = drop_empty_mask(
                    unknown_mask.copy() if not_applicable is None else not_applicable | unknown_mask
                )
        if contradiction is not None:
            unknown_mask[rows] = True
        return counted


def _build_column(numbers: Iterable[int]) -> RunConstants:
    """Build a column of numbers, one for each indicator of a run, in 32 bits if they fit, else in 64."""
    column = np.array(list(numbers))[:, np.newaxis]
    return column.astype(np.int32) if (np.abs(column) <= INT32_MAX).all() else column
