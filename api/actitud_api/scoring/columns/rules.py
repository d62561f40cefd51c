"""Contradictions in a block: error rules to the fixed point (SCORING, section 2, findings)."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from actitud_api.methodology.model import (
    AnswerOperand,
    ComponentOperand,
    Implies,
    Operand,
    Predicate,
    Present,
)
from actitud_api.methodology.predicates import Truth, compile_predicate, operands, parts
from actitud_api.scoring.columns.block import Block, Needs
from actitud_api.scoring.columns.expressions import Compiler, Extent, Reading, Truths
from actitud_api.scoring.columns.table import Bools
from actitud_api.scoring.plan import CompiledRule, Plan
from actitud_api.scoring.scalar import Code

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
    """Where an answer is contradicted: its code in every row, 0 where it is not, and the rows, some several times."""

    codes: NDArray[np.int8]
    rows: list[Rows]

    def scattered(self) -> tuple[Rows, NDArray[np.int8]]:
        """The rows, and their codes."""
        rows = self.rows[0] if len(self.rows) == 1 else np.concatenate(self.rows)
        return rows, self.codes[rows]


class Contradictions:
    """Finds the contradictions of blocks of one methodology."""

    def __init__(self, plan: Plan, extent: Extent, needs: Needs, codes: dict[Code, int]) -> None:
        self._plan = plan
        self._needs = needs
        self._contradicted, self._unsupported = codes["contradicted"], codes["unsupported"]
        errors = [rule for rule in plan.rules if rule.rule.severity == "error"]
        invalidated = {position for rule in errors for position in rule.invalidates}
        compiler = Compiler(plan, extent, needs)
        self._rules: list[RuleOverColumns] = []
        for rule in errors:
            holds = cast("Predicate", rule.rule.holds)
            broken = compiler.certain(simplified(holds), False, 0, Reading.LEAST)
            if broken.constant is not False:
                undecided = frozenset(
                    position
                    for position in rule.reads
                    if when_absent(holds, plan.leaves[position].indicator.id) is not True
                )
                unholdable = compiler.certain(holds, False, 0, Reading.OPEN) if undecided else None
                self._rules.append(RuleOverColumns(rule, broken, unholdable, undecided & invalidated))
        # What a rule reads that may break anew, and what other indicators read.
        self._read_again = frozenset[int]().union(
            _read_by_indicators(plan), *(rule.rule.reads for rule in self._rules if rule.again)
        )

    def find(self, block: Block) -> dict[int, Contradicted]:
        """What is contradicted, by position. Answers that other rules or indicators read are taken out of the block."""
        codes: dict[int, Contradicted] = {}
        already: dict[int, Bools] = {}
        fresh: dict[int, list[Rows]] = {}
        for number, rule in enumerate(self._rules):
            rows = self._rows(rule.broken.read(block)) if rule.broken.constant is None else np.arange(block.rows)
            if rows.size:
                self._contradict(block, rule, rows, codes, fresh)
                if rule.again:
                    already[number] = _mask(block, rows)
        while fresh:
            taken_out = {position: np.concatenate(rows) for position, rows in fresh.items()}
            fresh = {}
            for position, rows in taken_out.items():
                block.take_out(position, self._plan.leaves[position].slots, rows)
            for number, rule in enumerate(self._rules):
                rows = self._to_look_at(block, rule, taken_out, already.get(number))
                if rows.size:
                    few = block.picked(rows, rule.broken.reads, self._needs.depth, exact=False)
                    rows = rows[rule.broken.read(few)]
                    if rows.size:
                        self._contradict(block, rule, rows, codes, fresh)
                        already[number] = _mask(block, rows) | already.get(number, False)
        return codes

    def _rows(self, truths: Bools) -> Rows:
        return np.flatnonzero(truths) if truths.any() else _NONE

    def _to_look_at(
        self, block: Block, rule: RuleOverColumns, taken_out: dict[int, Rows], already: Bools | None
    ) -> Rows:
        """The rows in which a rule may break anew, once those answers are taken out."""
        concerned = [taken_out[position] for position in rule.again if position in taken_out]
        if not concerned or rule.broken.constant is not None:
            return _NONE
        mask = _mask(block, np.concatenate(concerned))
        if already is not None:
            mask &= ~already
        return np.flatnonzero(mask)

    def _contradict(
        self,
        block: Block,
        rule: RuleOverColumns,
        rows: Rows,
        found: dict[int, Contradicted],
        fresh: dict[int, list[Rows]],
    ) -> None:
        """Marks what a rule invalidates in those rows; `fresh` gains what was not yet contradicted and is read."""
        supported: Bools | bool | None = True if rule.unholdable is None else rule.unholdable.constant
        if supported is None:
            assert rule.unholdable is not None
            supported = rule.unholdable.read(block.picked(rows, rule.unholdable.reads, self._needs.depth, exact=False))
        for position in rule.rule.invalidates:
            contradicted = found.get(position)
            if contradicted is None:
                contradicted = found[position] = Contradicted(np.zeros(block.rows, np.int8), [])
            codes = contradicted.codes
            if position in self._read_again:
                new = rows[codes[rows] == 0]
                if new.size:
                    fresh.setdefault(position, []).append(new)
            contradicted.rows.append(rows)
            if supported is True:
                codes[rows] = self._contradicted
            else:
                there = codes[rows]
                codes[rows] = np.where(supported, self._contradicted, np.where(there == 0, self._unsupported, there))


def _mask(block: Block, rows: Rows) -> Bools:
    mask = np.zeros(block.rows, np.bool)
    mask[rows] = True
    return mask


_NONE: Rows = np.zeros(0, np.intp)


def _read_by_indicators(plan: Plan) -> frozenset[int]:
    """The positions of the answers that some other indicator reads."""
    return frozenset(
        plan.positions[operand.indicator]
        for leaf in plan.leaves
        for operand in (*operands(leaf.indicator.zero_when), *parts(leaf.indicator.value))
        if isinstance(operand, AnswerOperand | ComponentOperand) and operand.indicator != leaf.indicator.id
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
