"""Contradictions in a block of rows: rules of severity `error` are checked again until no further rule is broken.

A broken rule contradicts answers, and a contradicted answer counts as not sent, which may break further rules
(docs/scoring.md, section 2).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from actitud_api.engine.methodology.model import AnswerOperand, ComponentOperand, Implies, Operand, Predicate, Present
from actitud_api.engine.methodology.predicates import Truth, compile_predicate, walk_operand_parts, walk_operands
from actitud_api.engine.scoring.columns.block import CODE_NUMBERS, RowBlock
from actitud_api.engine.scoring.columns.expressions import (
    AbsentFactReading,
    ColumnCompiler,
    CompiledTruths,
    Extent,
    read_truths,
)
from actitud_api.engine.scoring.columns.table import Bools
from actitud_api.engine.scoring.compile import CompiledMethodology, CompiledRule

Rows = NDArray[np.intp]


class ColumnRule(Struct, frozen=True, eq=False):
    """A validation rule of severity `error`, compiled to masks of the rows of a block.

    Attributes:
        rule: The rule.
        broken: Marks the rows that break the rule if every absent answer has its least favourable value.
        unholdable: Marks the rows that break the rule whatever the absent answers are; None if they are the rows in
            `broken`.
        again: Positions of the indicators whose answers this rule reads and some rule may contradict. A contradicted
            answer is removed from the block. Without the answer more rows may break this rule, so the rule is checked
            again.
    """

    rule: CompiledRule
    broken: CompiledTruths
    unholdable: CompiledTruths | None
    again: frozenset[int]


class ContradictedRows(Struct, eq=False):
    """Rows in which the answer to one indicator is contradicted, in two lists of arrays of row numbers.

    `contradicted`: a rule is broken whatever the absent answers are. `unsupported`: a rule is broken, but absent
    answers could still repair it. A row may occur several times; if it is in both lists, the answer is contradicted.
    """

    contradicted: list[Rows]
    unsupported: list[Rows]

    @property
    def rows(self) -> Rows:
        """Numbers of the rows in either list; a row may occur several times."""
        return np.concatenate([*self.unsupported, *self.contradicted])

    def write_codes(self, codes: NDArray[np.int8]) -> None:
        """Write the code `contradicted` or `unsupported` into `codes`, in the contradicted rows.

        `codes` contains the reason code of the indicator in each row of the block.
        """
        for rows in self.unsupported:
            codes[rows] = CODE_NUMBERS["unsupported"]
        for rows in self.contradicted:
            codes[rows] = CODE_NUMBERS["contradicted"]


class ContradictionFinder:
    """Finder of the contradicted answers in blocks of rows, under one methodology."""

    def __init__(self, plan: CompiledMethodology, extent: Extent) -> None:
        self._plan = plan
        errors = [rule for rule in plan.rules if rule.definition.severity == "error"]
        invalidated = {position for rule in errors for position in rule.invalidates}
        compiler = ColumnCompiler(plan, extent)
        self._rules: list[ColumnRule] = []
        for rule in errors:
            holds = cast("Predicate", rule.definition.holds)
            broken = compiler.compile_predicate(drop_presence_guard(holds), False, AbsentFactReading.LEAST_FAVOURABLE)
            if broken.constant is not False:
                undecided = frozenset(
                    position
                    for position in rule.reads
                    if evaluate_when_absent(holds, plan.indicators[position].definition.id) is not True
                )
                unholdable = compiler.compile_predicate(holds, False) if undecided else None
                self._rules.append(ColumnRule(rule, broken, unholdable, undecided & invalidated))
        # What a rule reads that may break anew, and what other indicators read.
        self._read_again = frozenset[int]().union(
            _find_borrowed_answers(plan), *(rule.rule.reads for rule in self._rules if rule.again)
        )

    def find_contradictions(self, block: RowBlock) -> dict[int, ContradictedRows]:
        """Find the contradicted rows of each indicator; return them by the position of the indicator.

        An indicator without contradicted rows is left out. A contradicted answer that another indicator or a later
        check of a rule reads is removed from `block` too.
        """
        contradictions: dict[int, ContradictedRows] = {}
        taken_out: dict[int, Bools] = {}
        broken_rows: dict[int, Bools] = {}
        for number, rule in enumerate(self._rules):
            rows = np.arange(block.rows) if rule.broken.constant else rule.broken.read(block).nonzero()[0]
            if rows.size:
                self._contradict(block, rule, rows, contradictions)
                if rule.again:
                    broken_rows[number] = _build_mask(block, rows)
        # A removed answer may break further rules, so repeat until no rule breaks anew.
        while fresh := self._drop_answers(block, contradictions, taken_out):
            for number, rule in enumerate(self._rules):
                rows = _select_rows_to_recheck(rule, fresh, broken_rows.get(number))
                if rows.size:
                    rows = rows[rule.broken.read(block)[rows]]
                if rows.size:
                    self._contradict(block, rule, rows, contradictions)
                    broken_rows[number] = _build_mask(block, rows) | broken_rows.get(number, False)
        return contradictions

    def _contradict(
        self, block: RowBlock, rule: ColumnRule, rows: Rows, contradictions: dict[int, ContradictedRows]
    ) -> None:
        """Add `rows`, which break a rule, to `contradictions` for each indicator that the rule invalidates.

        Rows in which absent answers could still repair the rule are added as unsupported, the others as contradicted.
        """
        unsupported = rows[:0]
        if rule.unholdable is not None:
            is_contradicted = read_truths(rule.unholdable, block)[rows]
            unsupported, rows = rows[np.logical_not(is_contradicted)], rows[is_contradicted]
        for position in rule.rule.invalidates:
            contradicted = contradictions.setdefault(position, ContradictedRows([], []))
            if rows.size:
                contradicted.contradicted.append(rows)
            if unsupported.size:
                contradicted.unsupported.append(unsupported)

    def _drop_answers(
        self, block: RowBlock, contradictions: dict[int, ContradictedRows], taken_out: dict[int, Bools]
    ) -> dict[int, Rows]:
        """Remove the newly contradicted answers from the block, if anything else reads them.

        Other indicators may read an answer, and so may rules that are then checked again. Return the rows in which an
        answer was removed, by the position of its indicator; an empty dict if no answer was removed. `taken_out` has
        the rows in which earlier calls removed an answer, as masks by position; the rows of this call are added to it.
        """
        fresh: dict[int, Rows] = {}
        for position in self._read_again & contradictions.keys():
            before, now = taken_out.get(position), _build_mask(block, contradictions[position].rows)
            rows = (now if before is None else now & ~before).nonzero()[0]
            if rows.size:
                block.drop_answers(position, self._plan.indicators[position].slots, rows)
                fresh[position] = rows
                taken_out[position] = now
        return fresh


def _select_rows_to_recheck(rule: ColumnRule, fresh: dict[int, Rows], broken_rows: Bools | None) -> Rows:
    """Select the rows in which a rule may be newly broken, because an answer that the rule reads was removed.

    `fresh` has the rows in which an answer was just removed, by the position of its indicator. `broken_rows` is the
    mask of the rows that already break the rule, which are left out; None if there are no such rows.
    """
    affected = [fresh[position] for position in rule.again if position in fresh]
    if not affected or rule.broken.constant is not None:
        return _NO_ROWS
    rows = np.concatenate(affected)
    return rows if broken_rows is None else rows[~broken_rows[rows]]


def _build_mask(block: RowBlock, rows: Rows) -> Bools:
    mask = np.zeros(block.rows, np.bool)
    mask[rows] = True
    return mask


_NO_ROWS: Rows = np.zeros(0, np.intp)


def _find_borrowed_answers(plan: CompiledMethodology) -> frozenset[int]:
    """Find the positions of the indicators whose answers the zero rule or value formula of another indicator reads."""
    return frozenset(
        plan.positions[operand.indicator]
        for leaf in plan.indicators
        for operand in (*walk_operands(leaf.definition.zero_when), *walk_operand_parts(leaf.definition.value))
        if isinstance(operand, AnswerOperand | ComponentOperand) and operand.indicator != leaf.definition.id
    )


def evaluate_when_absent(predicate: Predicate, indicator: str) -> Truth:
    """Evaluate the predicate of a rule for an absent answer to `indicator`, with all other facts unknown.

    Return True or False if the absent answer alone decides the predicate, and None if other answers or the profile
    matter too.
    """

    def leaf(operand: Operand) -> Callable[[None], int | None]:
        match operand:
            case AnswerOperand(indicator=known, absent=None) | ComponentOperand(indicator=known) if known == indicator:
                return lambda _: 0
            case _:
                return lambda _: None

    def present(known: str) -> Callable[[None], Truth]:
        return lambda _: False if known == indicator else None

    return compile_predicate(predicate, leaf, cast("Callable[[str], Callable[[None], bool]]", present))(None)


def drop_presence_guard(predicate: Predicate) -> Predicate:
    """Drop a needless condition from a rule of the form "if the answer to X was sent, then …".

    The condition is needless if the part after "then" is true whenever the answer to X is absent. Return this part
    alone, which saves the computation of a mask. If the condition is needed, or the rule has another form, return
    `predicate` unchanged.
    """
    match predicate:
        case Implies(when=Present(indicator=indicator), then=then) if evaluate_when_absent(then, indicator) is True:
            return then
        case _:
            return predicate
