"""Contradictions in a block: error rules to the fixed point (SCORING, section 2, findings)."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from actitud_api.engine.methodology.model import AnswerOperand, ComponentOperand, Implies, Operand, Predicate, Present
from actitud_api.engine.methodology.predicates import Truth, compile_predicate, walk_operand_parts, walk_operands
from actitud_api.engine.scoring.columns.block import CODE, Block, Needs
from actitud_api.engine.scoring.columns.expressions import Compiler, Extent, Reading, Truths
from actitud_api.engine.scoring.columns.table import Bools
from actitud_api.engine.scoring.compile import CompiledMethodology, CompiledRule

Rows = NDArray[np.intp]


class RuleOverColumns(Struct, frozen=True, eq=False):
    """An error rule.

    `broken`: where it does not hold, absent answers counting as the least favourable; `unholdable`: where it could
    not hold whatever they are, None where that is the same. `again`: the positions of the answers after whose
    contradiction it may break anew.
    """

    rule: CompiledRule
    broken: Truths
    unholdable: Truths | None
    again: frozenset[int]


class Contradicted(Struct, eq=False):
    """The rows in which an answer is contradicted, and those in which that is only unsupported.

    Rows may stand several times, and in both; then the answer is contradicted.
    """

    contradicted: list[Rows]
    unsupported: list[Rows]

    @property
    def rows(self) -> Rows:
        """All rows."""
        return np.concatenate([*self.unsupported, *self.contradicted])

    def mark(self, codes: NDArray[np.int8]) -> None:
        """Writes the codes of an indicator."""
        for rows in self.unsupported:
            codes[rows] = CODE["unsupported"]
        for rows in self.contradicted:
            codes[rows] = CODE["contradicted"]


class Contradictions:
    """Finds the contradictions of blocks of one methodology."""

    def __init__(self, plan: CompiledMethodology, extent: Extent, needs: Needs) -> None:
        self._plan = plan
        self._needs = needs
        errors = [rule for rule in plan.rules if rule.definition.severity == "error"]
        invalidated = {position for rule in errors for position in rule.invalidates}
        compiler = Compiler(plan, extent, needs)
        self._rules: list[RuleOverColumns] = []
        for rule in errors:
            holds = cast("Predicate", rule.definition.holds)
            broken = compiler.certain(simplified(holds), False, 0, Reading.LEAST)
            if broken.constant is not False:
                undecided = frozenset(
                    position
                    for position in rule.reads
                    if when_absent(holds, plan.indicators[position].definition.id) is not True
                )
                unholdable = compiler.certain(holds, False, 0) if undecided else None
                self._rules.append(RuleOverColumns(rule, broken, unholdable, undecided & invalidated))
        # What a rule reads that may break anew, and what other indicators read.
        self._read_again = frozenset[int]().union(
            _read_by_indicators(plan), *(rule.rule.reads for rule in self._rules if rule.again)
        )

    def find(self, block: Block) -> dict[int, Contradicted]:
        """What is contradicted, by position. Answers that other rules or indicators read are taken out of the block."""
        found: dict[int, Contradicted] = {}
        taken_out: dict[int, Bools] = {}
        already: dict[int, Bools] = {}
        for number, rule in enumerate(self._rules):
            rows = np.arange(block.rows) if rule.broken.constant else rule.broken.read(block).nonzero()[0]
            if rows.size:
                self._contradict(block, rule, rows, found)
                if rule.again:
                    already[number] = _mask(block, rows)
        while fresh := self._take_out(block, found, taken_out):
            for number, rule in enumerate(self._rules):
                rows = _to_look_at(rule, fresh, already.get(number))
                if rows.size:
                    few = block.picked(rows, rule.broken.reads, self._needs.depth, exact=False)
                    rows = rows[rule.broken.read(few)]
                if rows.size:
                    self._contradict(block, rule, rows, found)
                    already[number] = _mask(block, rows) | already.get(number, False)
        return found

    def _contradict(self, block: Block, rule: RuleOverColumns, rows: Rows, found: dict[int, Contradicted]) -> None:
        """Marks what a rule invalidates in those rows."""
        unsupported = rows[:0]
        if rule.unholdable is not None:
            few = block.picked(rows, rule.unholdable.reads, self._needs.depth, exact=False)
            constant = rule.unholdable.constant
            sure = rule.unholdable.read(few) if constant is None else np.full(rows.shape, constant)
            unsupported, rows = rows[np.logical_not(sure)], rows[sure]
        for position in rule.rule.invalidates:
            contradicted = found.setdefault(position, Contradicted([], []))
            if rows.size:
                contradicted.contradicted.append(rows)
            if unsupported.size:
                contradicted.unsupported.append(unsupported)

    def _take_out(self, block: Block, found: dict[int, Contradicted], taken_out: dict[int, Bools]) -> dict[int, Rows]:
        """Takes out of the block what is newly contradicted and is read; gives the rows, by position."""
        fresh: dict[int, Rows] = {}
        for position in self._read_again & found.keys():
            before, now = taken_out.get(position), _mask(block, found[position].rows)
            rows = (now if before is None else now & ~before).nonzero()[0]
            if rows.size:
                block.take_out(position, self._plan.indicators[position].slots, rows)
                fresh[position] = rows
                taken_out[position] = now
        return fresh


def _to_look_at(rule: RuleOverColumns, fresh: dict[int, Rows], already: Bools | None) -> Rows:
    """The rows in which a rule may break anew, once those answers are taken out."""
    concerned = [fresh[position] for position in rule.again if position in fresh]
    if not concerned or rule.broken.constant is not None:
        return _NONE
    rows = np.concatenate(concerned)
    return rows if already is None else rows[~already[rows]]


def _mask(block: Block, rows: Rows) -> Bools:
    mask = np.zeros(block.rows, np.bool)
    mask[rows] = True
    return mask


_NONE: Rows = np.zeros(0, np.intp)


def _read_by_indicators(plan: CompiledMethodology) -> frozenset[int]:
    """The positions of the answers that some other indicator reads."""
    return frozenset(
        plan.positions[operand.indicator]
        for leaf in plan.indicators
        for operand in (*walk_operands(leaf.definition.zero_when), *walk_operand_parts(leaf.definition.value))
        if isinstance(operand, AnswerOperand | ComponentOperand) and operand.indicator != leaf.definition.id
    )


def when_absent(predicate: Predicate, indicator: str) -> Truth:
    """The truth of a rule where the answer to an indicator is absent; None where that alone does not decide it."""

    def leaf(operand: Operand) -> Callable[[None], int | None]:
        match operand:
            case AnswerOperand(indicator=known, absent=None) | ComponentOperand(indicator=known) if known == indicator:
                return lambda _: 0
            case _:
                return lambda _: None

    def present(known: str) -> Callable[[None], Truth]:
        return lambda _: False if known == indicator else None

    return compile_predicate(predicate, leaf, cast("Callable[[str], Callable[[None], bool]]", present))(None)


def simplified(predicate: Predicate) -> Predicate:
    """A rule without the tests for presence that change nothing: what they guard holds where the answer is absent."""
    match predicate:
        case Implies(when=Present(indicator=indicator), then=then) if when_absent(then, indicator) is True:
            return then
        case _:
            return predicate
