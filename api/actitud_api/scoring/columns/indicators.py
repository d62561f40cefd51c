"""Indicators over a block: contradicted, zero rule, applicability, unknown, curve, caps (SCORING, section 2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast, get_args

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from actitud_api.methodology.model import ALWAYS, NEVER, AnswerOperand, ComponentOperand, Predicate
from actitud_api.methodology.predicates import operands
from actitud_api.scoring.columns.block import Block, Needs
from actitud_api.scoring.columns.curves import Curves, Scoring, Value, value_of
from actitud_api.scoring.columns.expressions import Answer, Compiler, Extent, Reading, Truths
from actitud_api.scoring.columns.rules import Contradicted
from actitud_api.scoring.columns.table import Bools, Ints
from actitud_api.scoring.plan import UNKNOWN, CompiledIndicator, Plan
from actitud_api.scoring.scalar import Code

CODES: tuple[Code, ...] = get_args(Code)
"""The reason codes; a column of codes holds their positions here."""
CODE: dict[Code, int] = {code: number for number, code in enumerate(CODES)}

LEFT = -1
"""In place of a score: none."""


class Case(Struct, frozen=True):
    """Which indicators share their zero rule and applicability: those that do are judged together."""

    zero_when: Predicate
    applies: Predicate


class Judgement(Struct, eq=False):
    """Of the rows of a block: where a case is what; None where that is nowhere (`open`: everywhere).

    `open`: neither zero by rule nor inapplicable; `zero`: zero by rule; `left`: not applicable; `undetermined`: the
    zero rule is; `doubtful`: only declared fields would exclude it.
    """

    open: Bools | None
    zero: Bools | None
    left: Bools | None
    undetermined: Bools | None
    doubtful: Bools | None


class Cases:
    """Judges the zero rules and the applicability of all indicators, each distinct one once."""

    def __init__(self, plan: Plan, extent: Extent, needs: Needs) -> None:
        compiler = Compiler(plan, extent, needs)
        self.of: list[int] = []
        self._judges: list[Callable[[Block], Judgement]] = []
        numbers: dict[Case, int] = {}
        for leaf in plan.leaves:
            case = Case(leaf.indicator.zero_when, leaf.indicator.applies)
            if case not in numbers:
                numbers[case] = len(numbers)
                self._judges.append(_judge(case, compiler, needs))
            self.of.append(numbers[case])

    def judge(self, block: Block) -> list[Judgement]:
        """The judgement of every case."""
        return [judge(block) for judge in self._judges]


def _judge(case: Case, compiler: Compiler, needs: Needs) -> Callable[[Block], Judgement]:
    """Computes a judgement into arrays that are kept."""
    if case.zero_when == NEVER and case.applies == ALWAYS:
        return lambda _: Judgement(None, None, None, None, None)
    zero = compiler.certain(case.zero_when, True, 0, Reading.OPEN)
    free = compiler.certain(case.zero_when, False, 1, Reading.OPEN)
    applies = compiler.certain(case.applies, True, 2, Reading.OPEN)
    surely = compiler.either(
        [
            compiler.certain(case.applies, True, 3, Reading.DECLARED),
            compiler.certain(case.applies, False, 4, Reading.DECLARED),
        ],
        3,
    )
    zeros, opens, lefts, undetermineds, doubtfuls = (needs.keep() for _ in range(5))
    needs.at(3)
    open_question = any(isinstance(operand, AnswerOperand | ComponentOperand) for operand in operands(case.zero_when))

    def judge(block: Block) -> Judgement:
        by_rule = _into(block.kept[zeros], zero, block)
        undetermined: Bools | None = None
        if open_question:
            not_zero = _into(block.truths[1], free, block)
            undetermined = np.bitwise_or(by_rule, not_zero, out=block.kept[undetermineds])
            np.logical_not(undetermined, out=undetermined)
        else:
            not_zero = np.logical_not(by_rule, out=block.truths[1])
        if applies.constant is True:
            _into(block.kept[opens], Truths(lambda _: not_zero), block)
            return Judgement(block.kept[opens], some(by_rule), None, some(undetermined), None)
        applicable = _into(block.truths[2], applies, block)
        opened = np.bitwise_and(not_zero, applicable, out=block.kept[opens])
        left = np.greater(not_zero, applicable, out=block.kept[lefts])
        doubtful: Bools | None = None
        if block.declared and surely.constant is None:
            doubtful = np.greater(left, surely.read(block), out=block.kept[doubtfuls])
            np.greater(left, doubtful, out=left)
        return Judgement(opened, some(by_rule), some(left), some(undetermined), some(doubtful))

    return judge


def _into(into: Bools, truths: Truths, block: Block) -> Bools:
    if truths.constant is None:
        np.copyto(into, truths.read(block))
    else:
        into.fill(truths.constant)
    return into


def some(mask: Bools | None) -> Bools | None:
    """The mask; None where it marks nothing."""
    return mask if mask is not None and mask.any() else None


class Counted(Struct, eq=False):
    """What a child of a group counts with, in the rows of a block; None where that is nowhere.

    `left`: with nothing, so that its weight is shared; `left_most`: that with every unknown at its best; `voids`: it
    makes the group unknown; `unknown`: it is not known (until the next child is scored).
    """

    left: Bools | None = None
    left_most: Bools | None = None
    voids: Bools | None = None
    unknown: Bools | None = None


class IndicatorOverColumns:
    """Scores one indicator."""

    def __init__(self, leaf: CompiledIndicator, compiler: Compiler, curves: Curves) -> None:
        self._leaf = leaf
        self._value: Value = value_of(leaf.indicator.value, compiler, 0)
        self._score: Scoring = curves.scoring(leaf, self._value)
        self._others = sorted(
            condition.position
            for condition in self._value.given
            if isinstance(condition, Answer) and condition.position != leaf.position
        )
        compiler.needs.at(4)

    def count(
        self,
        block: Block,
        judged: Judgement,
        contradicted: Contradicted | None,
        scores: Ints,
        most: Ints,
        codes: NDArray[np.int8],
    ) -> Counted:
        """Writes scores, highest scores and codes of the rows of a block."""
        leaf = self._leaf
        self._score(block, scores)
        exists = self._exists(block)
        valued, unknown = self._answered(block, judged)
        self._only(scores, valued, exists, block)
        self._code(block, scores, codes, judged)
        self._cap(block, scores, codes, valued)
        if unknown is not None:
            self._mark_unknown(block, codes, judged, unknown)
            np.multiply(unknown, leaf.best - leaf.low, out=most, dtype=most.dtype)
            np.add(most, scores, out=most)
        else:
            np.copyto(most, scores)
        left = judged.left
        if left is not None:
            self._leave(scores, left)
            self._leave(most, left)
        if contradicted is not None:
            rows, why = contradicted.scattered()
            scores[rows], most[rows], codes[rows] = leaf.low, leaf.best, why
            if left is not None:
                left = left.copy()
                left[rows] = False
            if unknown is None:
                unknown = block.truths[1]
                unknown.fill(False)
            unknown[rows] = False
        counted = Counted(left, left, None, unknown)
        if unknown is not None and leaf.unknown != leaf.low:
            self._silent(counted, scores, unknown)
        if contradicted is not None and unknown is not None:
            unknown[rows] = True
        return counted

    def _answered(self, block: Block, judged: Judgement) -> tuple[Bools | None, Bools | None]:
        """Where its curve is asked (None: everywhere), and where it is unknown (None: nowhere)."""
        present = block.present[self._leaf.position]
        valued, unknown = judged.open, None
        if present is not None:
            if valued is None:
                valued = present
                unknown = np.logical_not(present, out=block.truths[1])
            else:
                unknown = np.greater(valued, present, out=block.truths[1])
                valued = np.bitwise_and(valued, present, out=block.truths[0])
            if not unknown.any():
                unknown = None
        for silent in (judged.undetermined, judged.doubtful):
            if silent is not None:
                into = block.truths[1]
                unknown = np.bitwise_or(silent, silent if unknown is None else unknown, out=into)
        return valued, unknown

    def _exists(self, block: Block) -> Bools | None:
        """Where the facts make a raw value, if the answer is there (None: everywhere)."""
        exists: Bools | None = None
        if self._value.may_lack:
            exists = cast("Bools", np.not_equal(self._value.below.read(block), 0, out=block.truths[2]))
        for position in self._others:
            there = cast("Bools", block.present[position])
            exists = there if exists is None else np.bitwise_and(exists, there, out=block.truths[2])
        return exists

    def _only(self, scores: Ints, valued: Bools | None, exists: Bools | None, block: Block) -> None:
        """Keeps the scores of the rows that have a raw value; all others count the least."""
        low = self._leaf.low
        if valued is not None:
            exists = valued if exists is None else np.bitwise_and(exists, valued, out=block.truths[2])
        if exists is None:
            return
        if low:
            np.subtract(scores, low, out=scores)
        np.multiply(scores, exists, out=scores)
        if low:
            np.add(scores, low, out=scores)

    def _code(self, block: Block, scores: Ints, codes: NDArray[np.int8], judged: Judgement) -> None:
        """The codes by score, of which those that count the least for a reason have that of a score of zero."""
        least = cast("Bools", np.equal(scores, self._leaf.low, out=block.truths[2])).view(np.int8)
        np.add(least, CODE["partial"], out=codes)
        if self._leaf.best != self._leaf.low:
            best = cast("Bools", np.equal(scores, self._leaf.best, out=block.truths[3])).view(np.int8)
            np.subtract(codes, best, out=codes)
        if judged.zero is not None:
            _add(block, codes, judged.zero, CODE["zero_by_rule"] - CODE["zero"])
        if judged.left is not None:
            _add(block, codes, judged.left, CODE["not_applicable"] - CODE["zero"])

    def _cap(self, block: Block, scores: Ints, codes: NDArray[np.int8], valued: Bools | None) -> None:
        """Caps what is only declared, and says where review has lowered a level."""
        leaf = self._leaf
        declared = block.self_declared[leaf.position]
        if declared is not None and leaf.cap < leaf.best:
            over = cast("Bools", np.greater(scores, leaf.cap, out=block.truths[2]))
            np.bitwise_and(over, declared, out=over)
            if over.any():
                rows = np.flatnonzero(over)
                scores[rows], codes[rows] = leaf.cap, CODE["capped"]
        sent = block.level_sent.get(leaf.position)
        if sent is not None:
            uncapped = np.empty_like(scores)
            lowered, block.facts[leaf.slots[0]] = block.facts[leaf.slots[0]], sent
            self._score(block, uncapped)
            block.facts[leaf.slots[0]] = lowered
            over = cast("Bools", np.greater(uncapped, scores))
            if valued is not None:
                over &= valued
            codes[over] = CODE["capped"]

    def _mark_unknown(self, block: Block, codes: NDArray[np.int8], judged: Judgement, unknown: Bools) -> None:
        _add(block, codes, unknown, CODE["unknown"] - CODE["zero"])
        aside = block.set_aside[self._leaf.position]
        if aside is not None:
            absent = unknown
            if judged.doubtful is not None:
                absent = np.greater(unknown, judged.doubtful, out=block.truths[3])
            _add(block, codes, absent, aside)

    def _leave(self, scores: Ints, left: Bools) -> None:
        if self._leaf.low == 0:
            np.subtract(scores, left, out=scores)
        else:
            scores[left] = LEFT

    def _silent(self, counted: Counted, scores: Ints, unknown: Bools) -> None:
        """What is unknown leaves, or makes the group unknown."""
        scores[unknown] = LEFT
        if self._leaf.unknown == UNKNOWN:
            counted.voids = unknown.copy()
        else:
            counted.left = unknown.copy() if counted.left is None else counted.left | unknown


def _add(block: Block, codes: NDArray[np.int8], where: Bools, by: int | NDArray[np.int8]) -> None:
    """Adds to the codes of some rows."""
    more = block.truths[4].view(np.int8)
    np.multiply(where.view(np.int8), by, out=more)
    np.add(codes, more, out=codes)
