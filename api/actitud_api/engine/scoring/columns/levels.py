"""Levels over a block: gates, what review allows, provisional (SCORING, section 6)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np
from msgspec.structs import replace

from actitud_api.engine.methodology.model import (
    AnswerOperand,
    Compare,
    IndexOperand,
    Maximum,
    Minimum,
    Operand,
    Quotient,
    ScoreOperand,
    ValueOperand,
)
from actitud_api.engine.methodology.predicates import DECIMALS_OF_NUMBERS, NULL, Evaluated, Facts
from actitud_api.engine.scoring.columns.block import CODE, LEFT, Block, Needs, group_ids
from actitud_api.engine.scoring.columns.expressions import (
    INVERSE,
    Compiler,
    Condition,
    Every,
    Extent,
    Extreme,
    Null,
    Numbers,
    RawValue,
    Reading,
    Score,
    TooWide,
    Truths,
)
from actitud_api.engine.scoring.columns.table import Bools, Ints
from actitud_api.engine.scoring.columns.tree import STATUS
from actitud_api.engine.scoring.compile import CompiledGate, CompiledLevel, CompiledMethodology
from actitud_api.engine.scoring.evaluate import OBSERVED

_VALUED = frozenset(OBSERVED - {"zero_by_rule"})
"""The codes of answers that may have a raw value."""

Asked = Callable[[Block, Bools], Bools]
"""In which of some rows of a block something holds; in the others anything."""


class Awkward(Exception):
    """An operand that is not computed with whole columns."""


class Levels:
    """Finds the levels of blocks."""

    def __init__(self, plan: CompiledMethodology, extent: Extent, needs: Needs) -> None:
        compiler = _GateCompiler(plan, extent, needs)
        self._levels = [
            (level.number, [_gate(gate, compiler) for gate in level.gates], _firm(level, compiler))
            for level in plan.levels
        ]

    def reach(self, block: Block) -> None:
        """Writes the level and whether it is provisional."""
        views = block.views
        views.level.fill(0)
        views.provisional.fill(False)
        there = (views.status == STATUS["complete"]) | (views.status == STATUS["sufficient"])
        for number, gates, firm in self._levels:
            for gate in gates:
                there &= gate(block, there)
            if block.max_level is not None:
                there &= block.max_level >= number
            if not there.any():
                return
            # Whoever reaches a level has reached all below it.
            np.add(views.level, there, out=views.level)
            np.greater(views.provisional, there, out=views.provisional)
            if firm is not None:
                np.bitwise_or(views.provisional, there & ~firm(block, there), out=views.provisional)


def _gate(compiled: CompiledGate, compiler: _GateCompiler) -> Asked:
    gate = compiled.definition
    try:
        holds = compiler.certain(gate.holds, True, 0)
        if gate.when_not_applicable == "pass":
            there, _ = compiler.sides(gate.holds, 0)
            left = [compiler.nulled(there.nulls, 1), *(compiler.met(condition, 2) for condition in there.given)]
            holds = compiler.either([holds, compiler.both(left, 1)], 0)
        return _everywhere(holds)
    except (Awkward, TooWide):
        passes = gate.when_not_applicable == "pass"
        return _by_the_plan(
            compiler.plan,
            lambda figures: passes if compiled.actual(figures) is NULL else compiled.holds(figures) is True,
        )


def _firm(level: CompiledLevel, compiler: _GateCompiler) -> Asked | None:
    predicate = compiler.plan.document.levels[level.number - 1].provisional_unless
    if predicate is None:
        return None
    try:
        return _everywhere(compiler.certain(predicate, True, 0))
    except (Awkward, TooWide):
        firm = level.firm
        assert firm is not None
        return _by_the_plan(compiler.plan, lambda figures: firm(figures) is True)


def _everywhere(truths: Truths) -> Asked:
    if truths.constant is not None:
        constant = truths.constant
        return lambda block, _: np.full(block.rows, constant)
    return lambda block, _: truths.read(block)


def _by_the_plan(plan: CompiledMethodology, holds: Callable[[_Row], bool]) -> Asked:
    """Row by row, as the scalar evaluator does it."""

    def asked(block: Block, rows: Bools) -> Bools:
        found = np.zeros(block.rows, np.bool)
        for row in np.flatnonzero(rows).tolist():
            found[row] = holds(_Row(plan, block, row))
        return found

    return asked


class _GateCompiler(Compiler):
    """Compiles operands over the figures of a score; raises `Awkward` for those that are not whole numbers.

    They read no answers, of which alone a reading says anything.
    """

    def __init__(self, plan: CompiledMethodology, extent: Extent, needs: Needs) -> None:
        super().__init__(plan, extent, needs)
        # Silence takes a score away only where an unknown child does not count the least.
        self._silent = any(group.definition.missing != "zero" for group in plan.groups.values())

    def numbers(self, operand: Operand, depth: int, reading: Reading = Reading.OPEN) -> Numbers:
        unit = self.plan.unit
        match operand:
            case IndexOperand():
                return Numbers(lambda block: block.views.index, Fraction(1, unit), LEFT, self.plan.root.high)
            case ScoreOperand(node=node):
                read, _, most = self._node(node)
                marked = frozenset({Score(node)})
                return Numbers(
                    read, Fraction(1, unit), LEFT, most, given=marked if self._silent else frozenset(), nulls=marked
                )
            case ValueOperand(indicator=indicator):
                return self._value(indicator, depth)
            case Minimum(of=members) | Maximum(of=members) if not self._silent:
                nodes = tuple(member.node for member in members if isinstance(member, ScoreOperand))
                if len(nodes) == len(members):
                    return self._extreme(np.minimum if isinstance(operand, Minimum) else np.maximum, nodes)
                return super().numbers(operand, depth)
            case _:
                return super().numbers(operand, depth)

    def _extreme(self, combine: np.ufunc, nodes: tuple[str, ...]) -> Numbers:
        """The least or greatest score of nodes, of those that have not left: -1 where all have."""
        reads = [self._node(node) for node in nodes]
        key = combine, nodes

        def extreme(block: Block) -> Ints:
            found = block.extremes.get(key)
            if found is None:
                # As an unsigned number -1 is the greatest, as a signed one the least: never the extreme that is asked.
                first, *others = [read(block) for read, _, _ in reads]
                asked = f"{'u' if combine is np.minimum else 'i'}{first.itemsize}"
                so_far = first.view(asked).copy()
                for other in others:
                    combine(so_far, other.view(asked), out=so_far)
                found = block.extremes[key] = so_far.view(first.dtype)
            return found

        most = max(most for _, _, most in reads)
        return Numbers(extreme, Fraction(1, self.plan.unit), LEFT, most, nulls=frozenset({Extreme(combine, nodes)}))

    def _node(self, node: str) -> tuple[Callable[[Block], Ints], Callable[[Block], Ints], int]:
        """The scores of a node, its highest scores, and the top of its range."""
        position = self.plan.positions.get(node)
        if position is not None:
            return (
                lambda block: block.views.scores[position],
                lambda block: block.views.maxima[position],
                self.plan.indicators[position].high,
            )
        row = group_ids(self.plan).index(node)
        return (
            lambda block: block.views.groups[row],
            lambda block: block.views.groups_max[row],
            self.plan.groups[node].high,
        )

    def _value(self, indicator: str, depth: int) -> Numbers:
        """The raw value of an indicator, where it is no quotient."""
        position = self.plan.positions[indicator]
        known = self.plan.indicators[position].definition
        if isinstance(known.value, Quotient) or (
            known.curve.kind == "boolean" and not isinstance(known.value, AnswerOperand)
        ):
            raise Awkward
        return self._valued(self.numbers(known.value, depth), position)

    def _valued(self, numbers: Numbers, position: int) -> Numbers:
        marked = frozenset({RawValue(position)})
        return replace(numbers, given=marked, nulls=marked)

    def sides(self, compare: Compare, depth: int, reading: Reading = Reading.OPEN) -> tuple[Numbers, Numbers]:
        """A quotient of the left side multiplies the right one instead."""
        match compare.left:
            case ValueOperand(indicator=indicator):
                position = self.plan.positions[indicator]
                formula = self.plan.indicators[position].definition.value
                if isinstance(formula, Quotient) and self.plan.indicators[position].definition.curve.kind != "boolean":
                    below = self.numbers(formula.denominator, depth + 1)
                    if below.least < 0:
                        raise Awkward
                    asked = self.numbers(compare.right, depth + 2)
                    above = self.numbers(formula.numerator, depth)
                    return self._valued(above, position), self.product([below, asked], depth + 1)
        return super().sides(compare, depth)

    def certainly(self, compare: Compare, value: bool, depth: int, reading: Reading) -> Truths:
        """As over facts, but what is too wide is awkward too."""
        left, right = self.sides(compare, depth)
        if value and compare.op in ("ge", "gt") and right.constant and right.least >= 0:
            # Scores that left are -1, and so reach nothing by themselves.
            scores = frozenset(null for null in left.nulls if isinstance(null, Score | Extreme))
            if isinstance(compare.left, ScoreOperand | Minimum | Maximum) and scores == left.nulls:
                left = replace(left, nulls=frozenset())
        op = compare.op if value else INVERSE[compare.op]
        return self.determined(self.compared(op, left, right, depth), left, right, value, depth)

    def combined(self, combine: np.ufunc, parts: Sequence[Numbers], depth: int) -> Numbers:
        """The least and the greatest are those of what is not null."""
        if combine is np.add or not any(part.nulls for part in parts):
            return super().combined(combine, parts, depth)
        parts = self.alike(parts, depth)
        least, most = self.held(min(part.least for part in parts), max(part.most for part in parts))
        neutral = most if combine is np.minimum else least
        reads = [(part.read, self.nulled(part.nulls, depth + 2)) for part in parts]

        def extreme(block: Block) -> Ints:
            found = np.full(block.rows, neutral)
            for read, null in reads:
                values = read(block)
                there = values if null.constant is False else np.where(null.read(block), neutral, values)
                combine(found, there, out=found)
            return found

        return Numbers(
            extreme,
            parts[0].scale,
            least,
            most,
            given=frozenset[Condition]().union(*(part.given for part in parts)),
            nulls=frozenset({Every(tuple(part.nulls for part in parts))}),
        )

    def met(self, condition: Condition, depth: int) -> Truths:
        match condition:
            case Score(node=node):
                score, most, _ = self._node(node)
                return Truths(lambda block: (score(block) != LEFT) | (most(block) == LEFT))
            case RawValue(position=position):
                return self._has_value(position, depth)
            case _:
                return super().met(condition, depth)

    def _has_value(self, position: int, depth: int) -> Truths:
        """Where a raw value is there, with evidence, or the indicator does not apply."""
        formula = self.plan.indicators[position].definition.value
        below = self.numbers(formula.denominator, depth) if isinstance(formula, Quotient) else None
        # These codes say as well that all that it reads was sent.
        codes = np.array([code in _VALUED for code in CODE])

        def there(block: Block) -> Bools:
            found: Bools = codes[block.views.codes[position]]
            if block.self_declared is not None:
                found &= ~block.self_declared[position]
            if below is not None:
                found &= np.not_equal(below.read(block), 0)
            found |= block.views.codes[position] == CODE["not_applicable"]
            return found

        return Truths(there)

    def null(self, null: Null, depth: int) -> Truths:
        match null:
            case Score(node=node):
                score, most, _ = self._node(node)
                return Truths(lambda block: (score(block) == LEFT) & (most(block) == LEFT))
            case RawValue(position=position):
                return Truths(lambda block: block.views.codes[position] == CODE["not_applicable"])
            case Extreme(combine=combine, nodes=nodes):
                extreme = self._extreme(combine, nodes).read
                return Truths(lambda block: extreme(block) == LEFT)
            case Every(of=parts):
                return self.both([self.nulled(part, depth + bool(number)) for number, part in enumerate(parts)], depth)
            case _:
                return super().null(null, depth)


class _Row:
    """The figures of one row, as gates read them (see `compile.GateInputs`)."""

    def __init__(self, plan: CompiledMethodology, block: Block, row: int) -> None:
        self._plan = plan
        self._block = block
        self._row = row

    def read_index(self) -> Evaluated:
        return Fraction(int(self._block.views.index[self._row]), self._plan.unit)

    def read_score(self, node: str) -> Evaluated:
        views, position = self._block.views, self._plan.positions.get(node)
        if position is None:
            number = group_ids(self._plan).index(node)
            units, most = views.groups[number, self._row], views.groups_max[number, self._row]
        else:
            units, most = views.scores[position, self._row], views.maxima[position, self._row]
        if units == LEFT:
            return NULL if most == LEFT else None
        return Fraction(int(units), self._plan.unit)

    def read_value(self, indicator: str) -> Evaluated:
        leaf = self._plan.indicators[self._plan.positions[indicator]]
        code = int(self._block.views.codes[leaf.position, self._row])
        if code == CODE["not_applicable"]:
            return NULL
        declared = self._block.self_declared
        if code not in _VALUED_CODES or (declared is not None and declared[leaf.position, self._row]):
            return None
        value = leaf.compute_value(self._facts())
        if value is None:
            return None
        return bool(value[0]) if leaf.definition.curve.kind == "boolean" else Fraction(*value)

    def read_profile(self, field: str) -> Evaluated:
        value = self._facts()[self._plan.layout.profile[field]]
        assert not isinstance(value, frozenset)
        return value

    def _facts(self) -> Facts:
        """The facts of the row by slot, as `load_facts` gives them."""
        plan, block, row = self._plan, self._block, self._row
        facts: Facts = [None] * plan.layout.size
        for field in plan.document.profile:
            slot = plan.layout.profile[field.name]
            stored = int(block.facts[slot][row])
            empty = block.nulls.get(slot)
            match field.type:
                case _ if empty is not None and empty[row]:
                    facts[slot] = NULL
                case "enum":
                    facts[slot] = field.values[stored]
                case "number":
                    facts[slot] = Fraction(stored, 10**DECIMALS_OF_NUMBERS)
                case _:
                    facts[slot] = stored
        for leaf in plan.indicators:
            if not block.present[leaf.position][row]:
                continue
            for slot in leaf.slots:
                facts[slot] = int(block.facts[slot][row])
            for fact in leaf.definition.facts:
                slot = plan.layout.facts[leaf.definition.id, fact.name]
                stored = int(block.facts[slot][row])
                if fact.type == "number":
                    facts[slot] = Fraction(stored, 10**fact.decimals)
                elif fact.type == "components":
                    facts[slot] = frozenset(
                        component for number, component in enumerate(leaf.definition.components) if stored >> number & 1
                    )
        return facts


_VALUED_CODES = frozenset(CODE[code] for code in _VALUED)
