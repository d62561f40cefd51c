"""Conditions of the search for a path to a level: the gates of the level, in parts that moves can meet one by one."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct

from actitud_api.engine.methodology.model import (
    Compare,
    Constant,
    Gate,
    IndexOperand,
    LowerBoundOperand,
    Minimum,
    PillarOperand,
    ScoreOperand,
    ValueOperand,
)
from actitud_api.engine.methodology.predicates import Number, find_answers_read, to_exact, walk_operand_parts
from actitud_api.engine.scoring.compile import (
    CACHE_SIZE,
    CompiledGate,
    CompiledGroup,
    CompiledLevel,
    CompiledMethodology,
    compile_gate,
)

PROFILE_RANK = 3
"""Rank of a condition that reads only the profile."""


class GateCondition(Struct, frozen=True):
    """A condition that the search for a path to a level has to meet: a gate of the level, or one part of a gate.

    A path is a series of changes of answers or profile that takes an organisation to that level. A gate on the minimum
    of several nodes has one condition for each node.

    Attributes:
        gate: The whole gate.
        member: The part of the gate, as a gate of its own; the whole gate if it has only one part.
        rank: Order in the search: 0 if the condition reads one indicator, 1 a group or a pillar, 2 the index,
            `PROFILE_RANK` only the profile.
        group: Group whose score measures progress towards the condition: the group that the condition reads, or the
            root (the index) if it reads no group or several.
        indicators: Positions of the indicators whose improvement can help to meet the condition.
        required: Score of `group` with which the condition is met, in units of 10^-decimals of a point; None unless the
            condition asks for a lowest score of a group or of the index, such as "index at least 60".
        lower_bound: For a condition that the lower limit of the 95 % interval of a counted share reaches a number: the
            positions of the indicators, of which one is enough, and the number. None for other conditions.
    """

    gate: CompiledGate
    member: CompiledGate
    rank: int
    group: CompiledGroup
    indicators: frozenset[int]
    required: int | None
    lower_bound: tuple[tuple[int, ...], Number] | None

    @property
    def single(self) -> tuple[int, ...]:
        """Positions of the indicators that can each meet the condition alone, in document order."""
        if self.lower_bound is not None:
            return self.lower_bound[0]
        return tuple(self.indicators) if self.rank == 0 and len(self.indicators) == 1 else ()


class SearchPlan(Struct, frozen=True):
    """Part of a path search that depends only on the methodology.

    A path is a series of changes of answers or profile that takes an organisation to a higher level. A zero rule is a
    condition that makes the score of an indicator the lowest one, whatever the answer is. A pillar is a figure beside
    the index, the mean of some indicators.

    Attributes:
        conditions: For each level, lowest first, the conditions of its gates, in the order in which the search meets
            them.
        unlocking: For each indicator, by position, the positions of the indicators that its zero rule reads, whose
            improvement can end it.
        openers: Positions of the indicators that the zero rules of several others read.
        favoured: Positions of the indicators of pillars that a gate of any level reads; empty if no gate reads a
            pillar.
    """

    conditions: tuple[tuple[GateCondition, ...], ...]
    unlocking: tuple[tuple[int, ...], ...]
    openers: frozenset[int]
    favoured: frozenset[int]


@lru_cache(CACHE_SIZE)
def prepare_search(compiled: CompiledMethodology) -> SearchPlan:
    """Compute the part of a path search that depends only on the methodology, so that many searches share it."""
    unlocking = tuple(
        tuple(sorted(compiled.positions[name] for name in find_answers_read(leaf.definition.zero_when)))
        for leaf in compiled.indicators
    )
    read = Counter(reader for position, readers in enumerate(unlocking) for reader in readers if reader != position)
    pillars = {
        part.pillar
        for level in compiled.levels
        for gate in level.gates
        for part in walk_operand_parts(gate.definition.holds.left)
        if isinstance(part, PillarOperand)
    }
    return SearchPlan(
        conditions=tuple(
            tuple(sorted(_list_conditions(compiled, level), key=lambda condition: condition.rank))
            for level in compiled.levels
        ),
        unlocking=unlocking,
        openers=frozenset(position for position, locked in read.items() if locked > 1),
        favoured=frozenset(member.position for name in pillars for member in compiled.pillars[name].members),
    )


def _list_conditions(compiled: CompiledMethodology, level: CompiledLevel) -> Iterator[GateCondition]:
    """Yield the conditions of the gates of a level.

    A gate min(a, b, …) ≥ x becomes one condition for each of a, b, …; every other gate is one condition.
    """
    for compiled_gate in level.gates:
        gate = compiled_gate.definition
        match gate.holds:
            case Compare(op="ge" | "gt" as op, left=Minimum(of=members), right=right):
                for member in members:
                    # A minimum is over the nodes that apply: one that does not apply never fails the gate.
                    single = Gate(
                        id=gate.id, holds=Compare(op=op, left=member, right=right), when_not_applicable="pass"
                    )
                    yield _build_condition(compiled, compiled_gate, compile_gate(compiled, single))
            case _:
                yield _build_condition(compiled, compiled_gate, compiled_gate)


def _build_condition(compiled: CompiledMethodology, gate: CompiledGate, member: CompiledGate) -> GateCondition:
    holds = member.definition.holds
    # The right side of a gate reads no score and no value.
    read = list(walk_operand_parts(holds.left))
    nodes = {part.node for part in read if isinstance(part, ScoreOperand)}
    single = {compiled.positions[name] for name in nodes if name in compiled.positions}
    single |= {compiled.positions[part.indicator] for part in read if isinstance(part, ValueOperand)}
    lower_bound = _find_lower_bound(compiled, holds)
    if lower_bound is not None:
        single |= set(lower_bound[0])
    groups = [compiled.groups[name] for name in nodes if name in compiled.groups]
    pillars = [compiled.pillars[part.pillar] for part in read if isinstance(part, PillarOperand)]
    if any(isinstance(part, IndexOperand) for part in read):
        rank, below = 2, {leaf.position for leaf in compiled.indicators}
    elif groups or pillars:
        rank, below = 1, {leaf.position for leaf in compiled.indicators if nodes & set(leaf.ancestors)}
        below |= {member.position for pillar in pillars for member in pillar.members}
    else:
        rank, below = 0 if single else PROFILE_RANK, set()
    group = groups[0] if rank == 1 and len(groups) == 1 and not single and not pillars else compiled.root
    required = _find_required_units(compiled, holds)
    return GateCondition(gate, member, rank, group, frozenset(single | below), required, lower_bound)


def _find_lower_bound(compiled: CompiledMethodology, holds: Compare) -> tuple[tuple[int, ...], Number] | None:
    """Return the positions of the indicators whose lower limit a gate reads, and the limit that it requires."""
    match holds:
        case Compare(left=LowerBoundOperand(indicators=names), right=Constant(value=int() | float() as required)):
            return tuple(compiled.positions[name] for name in names), to_exact(required)
        case _:
            return None


def _find_required_units(compiled: CompiledMethodology, holds: Compare) -> int | None:
    """Return the score that a gate requires of a group or of the index, in units of 10^-decimals of a point.

    `holds` is the comparison of the gate. Return None if it does not compare such a score with a lower bound.
    """
    match holds:
        case Compare(op="ge" | "gt" as op, left=left, right=Constant(value=int() | float() as required)) if isinstance(
            left, IndexOperand
        ) or (isinstance(left, ScoreOperand) and left.node in compiled.groups):
            units = to_exact(required) * compiled.unit
            return math.ceil(units) if op == "ge" else math.floor(units) + 1
        case _:
            return None
