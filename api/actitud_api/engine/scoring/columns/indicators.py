"""Indicators over a block: contradicted, zero rule, applicability, unknown, curve, caps (SCORING, section 2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from actitud_api.engine.methodology.model import ALWAYS, NEVER, AnswerOperand, ComponentOperand, Predicate
from actitud_api.engine.methodology.predicates import walk_operands
from actitud_api.engine.scoring.aggregations import UNKNOWN
from actitud_api.engine.scoring.columns.block import CODE, LEFT, Block, Needs
from actitud_api.engine.scoring.columns.curves import Curves, Scoring, Value, value_of
from actitud_api.engine.scoring.columns.expressions import NARROW, Answer, Compiler, Extent, Reading, Truths
from actitud_api.engine.scoring.columns.rules import Contradicted
from actitud_api.engine.scoring.columns.table import Bools, Ints
from actitud_api.engine.scoring.compile import CompiledIndicator, CompiledMethodology


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

    def __init__(self, plan: CompiledMethodology, extent: Extent, needs: Needs) -> None:
        compiler = Compiler(plan, extent, needs)
        self._of: list[int] = []
        self._judges: list[Callable[[Block], Judgement]] = []
        numbers: dict[Case, int] = {}
        for leaf in plan.indicators:
            case = Case(leaf.definition.zero_when, leaf.definition.applies)
            if case not in numbers:
                numbers[case] = len(numbers)
                self._judges.append(_judge(case, compiler, needs))
            self._of.append(numbers[case])

    def judge(self, block: Block) -> list[Judgement]:
        """The judgement of every indicator."""
        judgements = [judge(block) for judge in self._judges]
        return [judgements[number] for number in self._of]


def _judge(case: Case, compiler: Compiler, needs: Needs) -> Callable[[Block], Judgement]:
    """Computes a judgement into arrays that are kept."""
    if case.zero_when == NEVER and case.applies == ALWAYS:
        return lambda _: Judgement(None, None, None, None, None)
    zero = compiler.certain(case.zero_when, True, 0)
    free = compiler.certain(case.zero_when, False, 0)
    # Below it stands where the zero rule does not hold.
    applies = compiler.certain(case.applies, True, 1)
    surely_not = compiler.certain(case.applies, False, 0, Reading.DECLARED)
    zeros, opens, lefts, undetermineds, doubtfuls = (needs.keep() for _ in range(5))
    needs.at(0)
    open_question = any(
        isinstance(operand, AnswerOperand | ComponentOperand) for operand in walk_operands(case.zero_when)
    )

    def judge(block: Block) -> Judgement:
        by_rule: Bools | None = None
        undetermined: Bools | None = None
        not_zero: Bools | None = None
        if free.constant is not True:
            by_rule, not_zero = _into(block.kept[zeros], zero, block), block.truths[0]
            if open_question:
                _into(not_zero, free, block)
                neither = block.kept[undetermineds]
                np.bitwise_or(by_rule, not_zero, out=neither)
                np.logical_not(neither, out=neither)
                undetermined = some(neither)
            else:
                np.logical_not(by_rule, out=not_zero)
            by_rule = some(by_rule)
        opened = block.kept[opens]
        if applies.constant is True:
            if not_zero is None:
                return Judgement(None, None, None, None, None)
            np.copyto(opened, not_zero)
            return Judgement(opened, by_rule, None, undetermined, None)
        applicable = _into(opened, applies, block)
        left = block.kept[lefts]
        if not_zero is None:
            np.logical_not(applicable, out=left)
        else:
            np.greater(not_zero, applicable, out=left)
            np.bitwise_and(not_zero, applicable, out=opened)
        doubtful: Bools | None = None
        if block.declared and surely_not.constant is None:
            unsure = block.kept[doubtfuls]
            np.greater(left, surely_not.read(block), out=unsure)
            doubtful = some(unsure)
            if doubtful is not None:
                np.greater(left, doubtful, out=left)
        return Judgement(opened, by_rule, some(left), undetermined, doubtful)

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
    makes the group unknown.
    """

    left: Bools | None = None
    left_most: Bools | None = None
    voids: Bools | None = None


class RunCounted(Struct, eq=False):
    """What the indicators of a run count with; for as long as no other run is scored, also their scores.

    `unknown`: where each is not known (None: nowhere).
    """

    each: list[Counted]
    unknown: Bools | None
    scores: Ints


class _Member:
    """One indicator of a run."""

    def __init__(self, leaf: CompiledIndicator, compiler: Compiler, curves: Curves) -> None:
        self.leaf = leaf
        self.value: Value = value_of(leaf.definition.value, compiler, 0)
        self.score: Scoring = curves.scoring(leaf, self.value)
        self._others = sorted(
            {given.position for given in self.value.given if isinstance(given, Answer)} - {leaf.position}
        )

    def valued(self, block: Block, opened: Bools | None, into: Bools) -> None:
        """Writes where it has a raw value."""
        present = block.present[self.leaf.position]
        there = [block.present[position] for position in self._others]
        if self.value.may_lack:
            np.not_equal(self.value.below.read(block), 0, out=into)
            there.append(present)
        else:
            np.copyto(into, present)
        for each in there if opened is None else (opened, *there):
            np.bitwise_and(into, each, out=into)

    def borrowing(self, block: Block, judged: Judgement) -> Bools | None:
        """Where its value reads an answer of another indicator that is absent."""
        if not self._others:
            return None
        there = block.present[self.leaf.position]
        if judged.open is not None:
            there = there & judged.open
        every = np.logical_and.reduce([block.present[position] for position in self._others])
        return some(there > every)

    def unknown(self, block: Block, judged: Judgement, borrowing: Bools | None, into: Bools) -> None:
        """Writes where it is unknown."""
        present = block.present[self.leaf.position]
        if judged.open is None:
            np.logical_not(present, out=into)
        else:
            np.greater(judged.open, present, out=into)
        for silent in (judged.undetermined, judged.doubtful, borrowing):
            if silent is not None:
                np.bitwise_or(into, silent, out=into)


Constants = NDArray[np.integer]
"""A number for each indicator of a run, as a column that stands beside its rows."""


class Run:
    """Indicators that follow each other below one group, scored together."""

    def __init__(self, leaves: Sequence[CompiledIndicator], compiler: Compiler, curves: Curves) -> None:
        self.slice = slice(leaves[0].position, leaves[-1].position + 1)
        self._members = [_Member(leaf, compiler, curves) for leaf in leaves]
        self._silent = leaves[0].unknown_score != leaves[0].low
        self._voids = leaves[0].unknown_score == UNKNOWN
        self._low = _column(leaf.low for leaf in leaves)
        self._best = _column(leaf.best for leaf in leaves)
        self._cap = _column(leaf.cap for leaf in leaves)
        self._flat = np.array([[leaf.best == leaf.low] for leaf in leaves])
        capped = (CODE["zero" if leaf.cap == leaf.low else "partial"] for leaf in leaves)
        self._more_when_capped = _column(CODE["capped"] - code for code in capped).astype(np.int8)
        compiler.needs.run(len(leaves))

    def count(
        self, block: Block, judgements: Sequence[Judgement], contradicted: Mapping[int, Contradicted]
    ) -> RunCounted:
        """Writes scores, highest scores and codes of the rows of a block."""
        members = self._members
        # In the results the rows lie far apart, often where they push each other out of the cache.
        scores, most = block.scores[: len(members)], block.maxima[: len(members)]
        codes = block.codes[: len(members)]
        valued, unknown, spare = (marks[: len(members)] for marks in block.marks)
        for_themselves: list[tuple[int, Bools]] = []
        for number, (member, judged) in enumerate(zip(members, judgements, strict=True)):
            member.score(block, scores[number])
            member.valued(block, judged.open, valued[number])
            borrowing = member.borrowing(block, judged)
            member.unknown(block, judged, borrowing, unknown[number])
            for_themselves += [(number, mask) for mask in (judged.doubtful, borrowing) if mask is not None]
        self._only(scores, valued)
        self._cap_declared(block, scores, spare)
        capped = self._lowered(block, scores, valued)
        self._code(block, judgements, scores, codes, valued, spare)
        for number, rows in capped:
            codes[number, rows] = CODE["capped"]
        if unknown.any():
            self._mark_unknown(block, for_themselves, codes, unknown, spare)
            np.multiply(unknown, self._best - self._low, out=most)
            np.add(most, scores, out=most)
        else:
            np.copyto(most, scores)
        counted = [
            self._counted(number, judged, scores, most, codes, unknown, contradicted)
            for number, judged in enumerate(judgements)
        ]
        np.copyto(block.views.scores[self.slice], scores)
        np.copyto(block.views.maxima[self.slice], most)
        np.copyto(block.views.codes[self.slice], codes)
        return RunCounted(counted, some(unknown), scores)

    def _only(self, scores: Ints, valued: Bools) -> None:
        """Keeps the scores of the rows that have a raw value; all others count the least."""
        if self._low.any():
            np.subtract(scores, self._low, out=scores)
        np.multiply(scores, valued, out=scores)
        if self._low.any():
            np.add(scores, self._low, out=scores)

    def _cap_declared(self, block: Block, scores: Ints, capped: Bools) -> None:
        """Caps what is only declared; `capped`: where that lowers a score, and anything where nobody only declares."""
        if block.self_declared is None:
            return
        np.greater(scores, self._cap, out=capped)
        np.bitwise_and(capped, block.self_declared[self.slice], out=capped)
        np.copyto(scores, self._cap, where=capped)

    def _lowered(self, block: Block, scores: Ints, valued: Bools) -> list[tuple[int, Bools]]:
        """The indicators whose level review has lowered, each with where that lowers its score."""
        found = []
        for number, member in enumerate(self._members):
            sent = block.level_sent.get(member.leaf.position)
            if sent is not None:
                uncapped, slot = np.empty_like(scores[number]), member.leaf.slots[0]
                lowered, block.facts[slot] = block.facts[slot], sent
                member.score(block, uncapped)
                block.facts[slot] = lowered
                found.append((number, valued[number] & (uncapped > scores[number])))
        return found

    def _code(
        self,
        block: Block,
        judgements: Sequence[Judgement],
        scores: Ints,
        codes: NDArray[np.int8],
        spent: Bools,
        capped: Bools,
    ) -> None:
        """The codes by score, where nothing else gives one; who counts the least for a reason scores 0 too.

        `capped`: where what is only declared is capped; `spent` is overwritten.
        """
        np.equal(scores, self._low, out=spent)
        np.add(spent.view(np.int8), CODE["partial"], out=codes)
        np.equal(scores, self._best, out=spent)
        if self._flat.any():
            np.greater(spent, self._flat, out=spent)
        np.subtract(codes, spent.view(np.int8), out=codes)
        if block.self_declared is not None:
            np.multiply(capped.view(np.int8), self._more_when_capped, out=spent.view(np.int8))
            np.add(codes, spent.view(np.int8), out=codes)
        for code, judged in zip(codes, judgements, strict=True):
            if judged.zero is not None:
                _add(code, judged.zero, CODE["zero_by_rule"] - CODE["zero"], spent[0])
            if judged.left is not None:
                _add(code, judged.left, CODE["not_applicable"] - CODE["zero"], spent[0])

    def _mark_unknown(
        self,
        block: Block,
        for_themselves: Sequence[tuple[int, Bools]],
        codes: NDArray[np.int8],
        unknown: Bools,
        spare: Bools,
    ) -> None:
        """The codes of what is unknown; `for_themselves`: where that is not because the answer was set aside."""
        _add(codes, unknown, CODE["unknown"] - CODE["zero"], spare)
        if block.set_aside is None:
            return
        aside = block.set_aside[self.slice]
        _add(codes, unknown, aside, spare)
        for number, mask in for_themselves:
            codes[number][mask] = CODE["unknown"]

    def _counted(
        self,
        number: int,
        judged: Judgement,
        scores: Ints,
        most: Ints,
        codes: NDArray[np.int8],
        unknown: Bools,
        contradicted: Mapping[int, Contradicted],
    ) -> Counted:
        """What one indicator counts with; without score where it left, the least where it is contradicted."""
        leaf, score, silent = self._members[number].leaf, scores[number], unknown[number]
        left = judged.left
        if left is not None:
            for row in (score, most[number]):
                if leaf.low == 0:
                    np.subtract(row, left, out=row)
                else:
                    row[left] = LEFT
        wrong = contradicted.get(leaf.position)
        if wrong is not None:
            rows = wrong.rows
            score[rows], most[number][rows] = leaf.low, leaf.best
            wrong.mark(codes[number])
            if left is not None:
                left = left.copy()
                left[rows] = False
            silent[rows] = False
        counted = Counted(left, left)
        if self._silent:
            score[silent] = LEFT
            if self._voids:
                counted.voids = some(silent.copy())
            else:
                counted.left = some(silent.copy() if left is None else left | silent)
        if wrong is not None:
            silent[rows] = True
        return counted


def _column(numbers: Iterable[int]) -> Constants:
    """Constants of a run, in 32 bits where these hold them."""
    column = np.array(list(numbers))[:, np.newaxis]
    return column.astype(np.int32) if (np.abs(column) <= NARROW).all() else column


def _add(codes: NDArray[np.int8], where: Bools, by: int | NDArray[np.int8], spare: Bools) -> None:
    """Adds to the codes of some rows."""
    more = spare.view(np.int8)
    np.multiply(where.view(np.int8), by, out=more)
    np.add(codes, more, out=codes)
