"""The path to the next level: the moves, one indicator each, after which its gates hold (docs/scoring.md, section 7).

Greedy: gates over one indicator first, then those over a group in document order, then the index. Each time the
move that does just enough, or else the one that gains most; then superfluous moves are dropped, last first, and the
whole is scored anew. Scores on the way come from rescoring the changed branch, or everything if a move reaches
beyond it.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import lru_cache
from typing import Literal, cast

from msgspec import Struct, structs

from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.model import (
    Compare,
    Constant,
    Gate,
    IndexOperand,
    Minimum,
    ScoreOperand,
    ValueOperand,
)
from actitud_api.engine.methodology.predicates import (
    Facts,
    find_answers_read,
    name_derived_count,
    to_exact,
    walk_operand_parts,
)
from actitud_api.engine.methodology.requests.answers import FactValue, Submission
from actitud_api.engine.scoring.compile import (
    CACHE_SIZE,
    CompiledGate,
    CompiledGroup,
    CompiledIndicator,
    CompiledLevel,
    CompiledMethodology,
    CompiledRule,
    compile_gate,
    drop_rules,
    load_facts,
)
from actitud_api.engine.scoring.evaluate import (
    OBSERVED,
    Code,
    Evaluation,
    GateFigures,
    GroupSensitivity,
    assign_level,
    build_group_sensitivity,
    describe_failing_gate,
    evaluate,
    evaluate_compiled,
    is_gate_met,
    round_to_published,
    score_children,
    score_indicator,
)
from actitud_api.engine.scoring.explain import build_blocking_gate, collect_own_facts
from actitud_api.engine.scoring.next_steps import FactChange, apply_change, find_change_reaching, name_changes
from actitud_api.engine.scoring.result import BlockingGate, Canonical, Gain, MethodologyReference, Points, to_points

MoveKind = Literal["improve", "evidence", "report"]
"""improve: move the fact · evidence: document a self-declared answer · report: answer an unknown indicator."""

Obstacle = Literal["profile", "review", "not_applicable", "zero_by_rule", "contradicted", "unanswered", "exhausted"]
"""profile: the gate is over the profile · review: it caps the level · not_applicable, zero_by_rule, contradicted,
unanswered: the state of its indicator · exhausted: not even the best of every move is enough."""


class Move(Canonical, frozen=True, kw_only=True):
    """A move of one indicator.

    `facts`: before the move (an unknown answer has none); `change`: the changed ones, in their own unit;
    `evidence`: it needs evidence; `score_before` and `score`: of the indicator; `gain`: index points gained at its
    position in the path; `index` and `level`: after it; `requires`: rules that it would break unless other facts
    follow, which all figures assume.
    """

    indicator: str
    kind: MoveKind
    facts: dict[str, FactValue | str | None]
    change: dict[str, FactValue]
    evidence: bool
    score_before: Points | None
    score: Points | None
    gain: Gain | None
    index: Points | None
    level: int | None
    requires: tuple[str, ...]


class Unreachable(Canonical, frozen=True):
    """A gate that no move can meet, with its figures and the obstacle.

    `gate` is null if review caps the level; `indicators`: those that could help once answered, corrected or
    unlocked.
    """

    gate: BlockingGate | None
    obstacle: Obstacle
    indicators: tuple[str, ...]


class LevelPath(Canonical, frozen=True, kw_only=True):
    """The path from the level of a submission to the next one.

    `target`: the next level, null at the highest level or without a level. `moves`: null without a target, and if
    `unreachable` names gates. `index_after` and `level_after`: at the end, by scoring everything anew; the level
    may be higher than the target.
    """

    methodology: MethodologyReference
    index: Points | None
    level: int | None
    target: int | None
    moves: tuple[Move, ...] | None
    index_after: Points | None
    level_after: int | None
    unreachable: tuple[Unreachable, ...]


def find_level_path(methodology: Methodology, submission: Submission) -> LevelPath:
    """Return the path to the next level of a submission under a methodology."""
    return find_path_from(evaluate(methodology, submission), submission)


def find_path_from(evaluation: Evaluation, submission: Submission) -> LevelPath:
    """Return the path to the next level of an evaluated submission."""
    compiled = evaluation.compiled
    target = next(
        (level for level in compiled.levels if evaluation.level is not None and level.number == evaluation.level + 1),
        None,
    )
    without_moves = LevelPath(
        methodology=MethodologyReference(version=compiled.document.version, digest=compiled.methodology.digest),
        index=to_points(evaluation.index, compiled.unit),
        level=evaluation.level,
        target=None if target is None else target.number,
        moves=None,
        index_after=None,
        level_after=None,
        unreachable=(),
    )
    if target is None:
        return without_moves
    search = _Search(evaluation, submission, target)
    unreachable = search.run()
    if submission.max_level is not None and target.number > submission.max_level:
        unreachable = (Unreachable(gate=None, obstacle="review", indicators=()), *unreachable)
    if unreachable:
        return structs.replace(without_moves, unreachable=unreachable)
    moves = search.build_moves()
    after = _confirm(compiled, submission, moves)
    if after.level is None or after.level < target.number:
        left = tuple(
            Unreachable(gate=build_blocking_gate(compiled, failing), obstacle="exhausted", indicators=())
            for failing in after.blocked_by
        )
        return structs.replace(without_moves, unreachable=left)
    return structs.replace(
        without_moves, moves=moves, index_after=to_points(after.index, compiled.unit), level_after=after.level
    )


def apply_moves(submission: Submission, moves: Iterable[Move], compiled: CompiledMethodology) -> Submission:
    """Return a submission after moves: their facts replace the old ones, with evidence if they need it."""
    profile, answers = dict(submission.profile), dict(submission.answers)
    documented: set[str] = set()
    reported: set[str] = set()
    for move in moves:
        leaf = compiled.indicators[compiled.positions[move.indicator]]
        if move.kind == "report":
            reported.add(move.indicator)
            answers[move.indicator] = move.change
        elif leaf.step_field is not None:
            profile |= cast("dict[str, int | float]", move.change)
        elif move.change:
            answers[move.indicator] = answers[move.indicator] | move.change
        if move.evidence:
            documented.add(move.indicator)
    return structs.replace(
        submission,
        profile=profile,
        answers=answers,
        self_declared=submission.self_declared - documented,
        set_aside={name: why for name, why in submission.set_aside.items() if name not in reported},
    )


def _confirm(compiled: CompiledMethodology, submission: Submission, moves: tuple[Move, ...]) -> Evaluation:
    """Score everything anew after the moves, without the rules that other facts have to follow."""
    after = apply_moves(submission, moves, compiled)
    suspended = frozenset(rule for move in moves for rule in move.requires)
    return evaluate_compiled(drop_rules(compiled, suspended), load_facts(compiled, after), after)


# --- goals ----------------------------------------------------------------------------------------------------


class _Goal(Struct, frozen=True):
    """A gate that has to hold, or one member of a gate over the minimum of several nodes.

    `rank`: 0 over one indicator, 1 over a group, 2 over the index, 3 over the profile alone. `group`: moves are
    measured by its score; `indicators`: those that can help; `required`: the score of the group, in units, from
    which it holds, None if the gate has another form.
    """

    gate: CompiledGate
    member: CompiledGate
    rank: int
    group: CompiledGroup
    indicators: frozenset[int]
    required: int | None


class _SearchPlan(Struct, frozen=True):
    """The parts of a search that depend on the methodology alone.

    `goals`: of the gates of each level, in search order; `unlocking`: for each indicator those that its zero rule
    reads.
    """

    goals: tuple[tuple[_Goal, ...], ...]
    unlocking: tuple[tuple[int, ...], ...]


@lru_cache(CACHE_SIZE)
def _prepare_search(compiled: CompiledMethodology) -> _SearchPlan:
    return _SearchPlan(
        goals=tuple(
            tuple(sorted(_list_goals(compiled, level), key=lambda goal: goal.rank)) for level in compiled.levels
        ),
        unlocking=tuple(
            tuple(sorted(compiled.positions[name] for name in find_answers_read(leaf.definition.zero_when)))
            for leaf in compiled.indicators
        ),
    )


def _list_goals(compiled: CompiledMethodology, level: CompiledLevel) -> Iterator[_Goal]:
    """Yield the gates of a level as goals of the search.

    A gate that requires min(a, b, …) ≥ x becomes one goal for each node.
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
                    yield _build_goal(compiled, compiled_gate, compile_gate(single))
            case _:
                yield _build_goal(compiled, compiled_gate, compiled_gate)


def _build_goal(compiled: CompiledMethodology, gate: CompiledGate, member: CompiledGate) -> _Goal:
    holds = member.definition.holds
    # The right side of a gate reads no score and no value.
    read = list(walk_operand_parts(holds.left))
    nodes = {part.node for part in read if isinstance(part, ScoreOperand)}
    single = {compiled.positions[name] for name in nodes if name in compiled.positions}
    single |= {compiled.positions[part.indicator] for part in read if isinstance(part, ValueOperand)}
    groups = [compiled.groups[name] for name in nodes if name in compiled.groups]
    if any(isinstance(part, IndexOperand) for part in read):
        rank, below = 2, {leaf.position for leaf in compiled.indicators}
    elif groups:
        rank, below = 1, {leaf.position for leaf in compiled.indicators if nodes & set(leaf.ancestors)}
    else:
        rank, below = 0 if single else 3, set()
    group = groups[0] if rank == 1 and len(groups) == 1 and not single else compiled.root
    return _Goal(gate, member, rank, group, frozenset(single | below), _find_required_units(compiled, holds))


def _find_required_units(compiled: CompiledMethodology, holds: Compare) -> int | None:
    """Return the score in units from which a comparison of a group or of the index holds."""
    match holds:
        case Compare(op="ge" | "gt" as op, left=left, right=Constant(value=int() | float() as asked)) if isinstance(
            left, IndexOperand
        ) or (isinstance(left, ScoreOperand) and left.node in compiled.groups):
            units = to_exact(asked) * compiled.unit
            return math.ceil(units) if op == "ge" else math.floor(units) + 1
        case _:
            return None


# --- options --------------------------------------------------------------------------------------------------


class _Option(Struct, frozen=True, gc=False):
    """A goalpost that an indicator can be moved to, and the least score there, in units.

    `x`: None keeps the present value; `documented`: with new evidence.
    """

    position: int
    x: Fraction | None
    units: int
    documented: bool


_Worth = tuple[int, int, int, _Option]
"""The score of a node with an option, the position of its indicator, the score of that, and the option."""


def _best_first(worth: _Worth) -> tuple[int, int]:
    return -worth[0], worth[1]


class _CachedIterable(Iterable[_Worth]):
    """An iterator as an iterable: consumed on demand, repeatable."""

    def __init__(self, source: Iterator[_Worth]) -> None:
        self._source = source
        self._items: list[_Worth] = []

    def __iter__(self) -> Iterator[_Worth]:
        for position in itertools.count():
            if position == len(self._items):
                item = next(self._source, None)
                if item is None:
                    return
                self._items.append(item)
            yield self._items[position]


class _Situation(Struct, frozen=True):
    """The evaluation and submission after some moves; `suspended`: rules that other facts have to follow."""

    evaluation: Evaluation
    submission: Submission
    suspended: frozenset[str]

    def is_declared(self, leaf: CompiledIndicator) -> bool:
        """Return True if the answer of an indicator is only self-declared."""
        return leaf.definition.id in self.submission.self_declared

    def meets(self, goal: _Goal) -> bool:
        """Return True if a goal is met."""
        return is_gate_met(goal.member, GateFigures(self.evaluation))

    def meets_all(self, goals: Iterable[_Goal]) -> bool:
        """Return True if all goals are met."""
        figures = GateFigures(self.evaluation)
        return all(is_gate_met(goal.member, figures) for goal in goals)

    def list_contradictions(self) -> frozenset[str]:
        """Return the ids of the error rules that do not hold."""
        broken = self.evaluation.broken_rules
        if not broken:
            return frozenset()
        return frozenset(rule.rule.definition.id for rule in broken if rule.rule.definition.severity == "error")


class _AppliedMove(Struct, frozen=True):
    """A move taken: all new facts of its indicator, and the rules that it broke at the time."""

    position: int
    change: FactChange
    documented: bool
    breaks: tuple[CompiledRule, ...]


def _list_options(situation: _Situation, leaf: CompiledIndicator, *, documented: bool = False) -> list[_Option]:
    """Return the better goalposts of an indicator, best last.

    `documented`: with evidence, and also at equal scores, for gates over its raw value.
    """
    result = situation.evaluation.results[leaf.position]
    declared, floor = situation.is_declared(leaf), result.uncapped
    present: Fraction | None = None
    options: list[_Option] = []
    match result.code:
        case "unknown" | "withdrawn" | "rejected" | "stale" if not result.fields and not result.undetermined:
            declared, documented, floor = True, True, leaf.low
        case "capped":
            present = None if result.value is None else Fraction(*result.value)
            options.append(_Option(leaf.position, None, floor, declared))
        case "full" | "partial" | "zero":
            if documented:
                present = None if result.value is None else Fraction(*result.value)
                if declared:
                    options.append(_Option(leaf.position, None, floor, True))
        case _:
            return []
    for x, units in leaf.ascending_goalposts:
        if documented:
            better = present is None or (x > present if leaf.is_rising else x < present)
        else:
            better = units > (options[-1].units if options else floor)
        if better:
            options.append(_Option(leaf.position, x, units, declared and (documented or units > leaf.cap)))
    return options


def _build_blank_answer(compiled: CompiledMethodology, leaf: CompiledIndicator) -> FactChange | None:
    """Return an answer that reaches nothing yet; None if it would need facts that no step moves."""
    indicator = leaf.definition
    if indicator.type != "checklist" and len(indicator.facts) != 1:
        return None
    change: FactChange = {}
    for fact in indicator.facts:
        slot = compiled.layout.facts[indicator.id, fact.name]
        if fact.type == "components":
            change[slot] = frozenset()
            change[compiled.layout.facts[indicator.id, name_derived_count(fact.name)]] = 0
        else:
            change[slot] = fact.minimum or 0
    return change


def _is_stuck(situation: _Situation, position: int) -> bool:
    """Return True if its zero rule keeps an indicator from being scored."""
    result = situation.evaluation.results[position]
    return result.code == "zero_by_rule" or result.undetermined


def _rescore_situation(
    situation: _Situation, leaf: CompiledIndicator, change: FactChange, *, declared: bool
) -> _Situation:
    """Return the situation after new facts of one indicator: its branch rescored, or everything if more turns."""
    evaluation, submission, compiled = situation.evaluation, situation.submission, situation.evaluation.compiled
    if declared != situation.is_declared(leaf):
        submission = structs.replace(submission, self_declared=submission.self_declared ^ {leaf.definition.id})
    facts = apply_change(evaluation.facts, change)
    sent = facts if evaluation.sent is evaluation.facts else apply_change(evaluation.sent, change)
    if not _is_contained(situation, leaf, facts):
        anew = evaluate_compiled(drop_rules(compiled, situation.suspended), sent, submission)
        return _Situation(structs.replace(anew, compiled=compiled), submission, situation.suspended)
    leaves, groups = list(evaluation.results), dict(evaluation.groups)
    leaves[leaf.position] = score_indicator(compiled, leaf, facts, None, {}, submission)
    anew = structs.replace(
        evaluation, facts=facts, sent=sent, results=leaves, groups=groups, self_declared=submission.self_declared
    )
    for name in leaf.ancestors:
        score = score_children(compiled.groups[name], anew.list_child_scores(compiled.groups[name]))
        groups[name] = None if name in anew.unknown else score
    anew.index = round_to_published(compiled, groups[compiled.document.root.id])
    return _Situation(anew, submission, situation.suspended)


def _is_contained(situation: _Situation, leaf: CompiledIndicator, changed: Facts) -> bool:
    """Return True if new facts of an indicator change only the score of its own answer."""
    evaluation = situation.evaluation
    if evaluation.results[leaf.position].code not in OBSERVED or leaf.definition.id in situation.submission.level_caps:
        return False
    broken = situation.list_contradictions()
    for rule in evaluation.compiled.touching_rules[leaf.position]:
        if rule.definition.id in broken or (rule.definition.id not in situation.suspended and not rule.holds(changed)):
            return False
    for position in (leaf.position, *leaf.dependents):
        other = evaluation.compiled.indicators[position]
        closures = (
            (other.zero_when, other.applies) if other is leaf else (other.zero_when, other.applies, other.compute_value)
        )
        for closure in closures:
            if closure is not None and closure(evaluation.facts) != closure(changed):
                return False
    return changed[leaf.presence_slot] is not None if leaf.presence_slot is not None else True


class _OptionRanking:
    """The options of goals in the order in which they are tried; those below a group are kept until it changes."""

    def __init__(self, compiled: CompiledMethodology) -> None:
        self._compiled = compiled
        self._lifted: dict[str, Iterable[_Worth]] = {}

    def forget(self, groups: Iterable[str]) -> None:
        """Drop the options kept below some groups."""
        for name in groups:
            self._lifted.pop(name, None)

    def rank(self, situation: _Situation, goal: _Goal) -> Iterator[_Option]:
        """Yield the options of a goal: those that do just enough, the least first; then the greatest gain first."""
        group = goal.group
        sensitivity = build_group_sensitivity(situation.evaluation, group)
        below = [
            _CachedIterable(self._lift(sensitivity, place, self._list_below(situation, child)))
            for place, child in enumerate(group.children)
        ]
        if goal.required is not None:
            required: int = goal.required
            enough = [
                worth for options in below for worth in itertools.takewhile(lambda worth: worth[0] >= required, options)
            ]
            enough.sort(key=lambda worth: worth[:3])
            yield from (worth[-1] for worth in enough if worth[1] in goal.indicators)
        present = self._to_order(group, score_children(group, sensitivity.child_scores))
        for worth in heapq.merge(*below, key=_best_first):
            if worth[0] < present:
                return
            if worth[1] in goal.indicators:
                yield worth[-1]

    def _list_below(self, situation: _Situation, child: CompiledGroup | int) -> Iterable[_Worth]:
        """Return the options of the indicators of a child, best first, each with the resulting score of the child."""
        if isinstance(child, int):
            leaf = self._compiled.indicators[child]
            options = reversed(_list_options(situation, leaf)) if leaf.has_weight else ()
            return [(option.units, child, option.units, option) for option in options]
        name = child.definition.id
        if name not in self._lifted:
            sensitivity = build_group_sensitivity(situation.evaluation, child)
            lifted = [
                self._lift(sensitivity, place, self._list_below(situation, grandchild))
                for place, grandchild in enumerate(child.children)
            ]
            self._lifted[name] = (
                _CachedIterable(heapq.merge(*lifted, key=_best_first))
                if child.indicator_span is None
                else sorted(itertools.chain(*lifted), key=_best_first)
            )
        return self._lifted[name]

    def _lift(self, sensitivity: GroupSensitivity, place: int, below: Iterable[_Worth]) -> Iterator[_Worth]:
        """Yield options below a child of a group, with the resulting score of the group."""
        for score, position, units, option in below:
            yield self._to_order(sensitivity.group, sensitivity.rescore(place, score)), position, units, option

    def _to_order(self, group: CompiledGroup, score: int | None) -> int:
        """Return a score of a group for ordering, the index as published; -1 if it has none."""
        if group is self._compiled.root:
            score = round_to_published(self._compiled, score)
        return -1 if score is None else score


class _Search:
    """The search for the moves to a level."""

    def __init__(self, evaluation: Evaluation, submission: Submission, target: CompiledLevel) -> None:
        self._compiled = evaluation.compiled
        self._search_plan = _prepare_search(evaluation.compiled)
        self._target = target.number
        self._goals = self._search_plan.goals[target.number - 1]
        self._start = self._now = _Situation(evaluation, submission, frozenset())
        self._taken: list[_AppliedMove] = []
        self._refused: dict[_Option, tuple[CompiledRule, ...]] = {}
        # Moves can undo each other if one indicator reads the fact that another moves: no option is taken twice.
        self._sought: set[tuple[int, Fraction | None]] = set()
        self._ranking = _OptionRanking(evaluation.compiled)

    def run(self) -> tuple[Unreachable, ...]:
        """Find the moves and drop superfluous ones, or return the gates out of reach."""
        # A move can undo an earlier goal: repeat until a round takes none.
        while True:
            before, lost = len(self._taken), dict[str, list[_Goal]]()
            for goal in self._goals:
                while not self._now.meets(goal):
                    if not (self._step(goal, lenient=False) or self._step(goal, lenient=True)):
                        lost.setdefault(goal.gate.definition.id, []).append(goal)
                        break
            if len(self._taken) == before:
                break
        if not lost:
            self._drop_superfluous()
        return tuple(_build_unreachable(goals, self._start, self._now) for goals in lost.values())

    def build_moves(self) -> tuple[Move, ...]:
        """Return the moves taken, each with its gain at its position in the path."""
        at_last = self._now.evaluation.facts
        unmet = {rule.definition.id for taken in self._taken for rule in taken.breaks if not rule.holds(at_last)}
        situation = structs.replace(self._start, suspended=frozenset(unmet))
        moves = []
        # Those that other facts have to follow come last: the other moves may be these facts.
        for taken in sorted(self._taken, key=lambda taken: bool(taken.breaks)):
            leaf, before = self._compiled.indicators[taken.position], situation.evaluation
            declared = situation.is_declared(leaf) and not taken.documented
            situation = _rescore_situation(situation, leaf, taken.change, declared=declared)
            after = situation.evaluation
            moves.append(
                _build_move(self._compiled, taken, before, after, self._find_level(situation), frozenset(unmet))
            )
        return tuple(moves)

    def _find_level(self, situation: _Situation) -> int:
        """Return the level after some moves."""
        for number, goals in enumerate(self._search_plan.goals[: self._target]):
            if not situation.meets_all(goals):
                return number
        evaluation = structs.replace(situation.evaluation)
        assign_level(evaluation, situation.submission.max_level)
        assert evaluation.level is not None
        return evaluation.level

    def _step(self, goal: _Goal, *, lenient: bool) -> bool:
        """Take one move towards a goal, and return True if there was one; `lenient`: other facts may have to follow."""
        alone = next(iter(goal.indicators)) if goal.rank == 0 and len(goal.indicators) == 1 else None
        for option in self._ranking.rank(self._now, goal) if alone is None else self._list_unlocking_options(alone):
            if (option.position, option.x) in self._sought:
                continue
            if option in self._refused and not (lenient and self._refused[option]):
                continue
            applied = self._apply_move(option, lenient=lenient, any_gain=alone is not None)
            if applied is None:
                continue
            taken, situation = applied
            if (
                alone is None
                or situation.meets(goal)
                or (_is_stuck(self._now, alone) and not _is_stuck(situation, alone))
            ):
                self._commit_move(option, taken, situation)
                return True
        return False

    def _list_unlocking_options(self, position: int) -> Iterator[_Option]:
        """Yield the options of an indicator, with evidence, the least first; or those that may lift its zero rule."""
        positions = self._search_plan.unlocking[position] if _is_stuck(self._now, position) else (position,)
        for reader in positions:
            yield from _list_options(self._now, self._compiled.indicators[reader], documented=True)

    def _apply_move(self, option: _Option, *, lenient: bool, any_gain: bool) -> tuple[_AppliedMove, _Situation] | None:
        """Return an option as a move with the situation after it; None, remembered, if it cannot be taken.

        `any_gain`: accept a move that scores the same.
        """
        now, leaf = self._now, self._compiled.indicators[option.position]
        evaluation, was = now.evaluation, now.evaluation.results[option.position]
        change = self._find_change(option, leaf)
        if change is None or any(
            taken.position != option.position and not change.keys().isdisjoint(taken.change) for taken in self._taken
        ):
            self._refused[option] = ()
            return None
        facts, broken = apply_change(evaluation.facts, change), now.list_contradictions()
        breaks = tuple(
            rule
            for rule in self._compiled.touching_rules[option.position]
            if rule.definition.id not in broken and not rule.holds(facts)
        )
        if breaks and not lenient:
            self._refused[option] = breaks
            return None
        suspended = now.suspended | {rule.definition.id for rule in breaks}
        situation = _rescore_situation(
            structs.replace(now, suspended=suspended) if breaks else now,
            leaf,
            change,
            declared=now.is_declared(leaf) and not option.documented,
        )
        result = situation.evaluation.results[option.position]
        worth = any_gain or (result.score or 0) > (was.score or 0) or was.code not in OBSERVED
        if result.code not in OBSERVED or not worth or self._is_worse(situation):
            self._refused[option] = ()
            return None
        earlier = self._find_latest(option.position)
        return (
            _AppliedMove(
                position=option.position,
                change=change if earlier is None else earlier.change | change,
                documented=option.documented or (earlier is not None and earlier.documented),
                breaks=breaks,
            ),
            situation,
        )

    def _find_change(self, option: _Option, leaf: CompiledIndicator) -> FactChange | None:
        """Return the new facts of an option, or None if none are admissible."""
        evaluation = self._now.evaluation
        if option.x is None:
            return {}
        if evaluation.results[leaf.position].code in OBSERVED:
            return find_change_reaching(evaluation, leaf, option.x)
        blank = _build_blank_answer(self._compiled, leaf)
        if blank is None:
            return None
        reached = find_change_reaching(
            structs.replace(evaluation, facts=apply_change(evaluation.facts, blank)), leaf, option.x
        )
        return None if reached is None else blank | reached

    def _is_worse(self, situation: _Situation) -> bool:
        """Return True if the level is lost, or a new contradiction appears."""
        if situation.evaluation.status not in ("complete", "sufficient"):
            return True
        return situation.evaluation.broken_rules is not self._now.evaluation.broken_rules and not (
            situation.list_contradictions() <= self._now.list_contradictions()
        )

    def _commit_move(self, option: _Option, taken: _AppliedMove, situation: _Situation) -> None:
        leaf = self._compiled.indicators[taken.position]
        if situation.evaluation.broken_rules is self._now.evaluation.broken_rules:
            self._ranking.forget(leaf.ancestors)
        else:
            self._ranking.forget(self._compiled.groups)
        self._refused = {}
        self._taken.append(taken)
        self._now = situation
        self._sought.add((option.position, option.x))

    def _find_latest(self, position: int, before: int | None = None) -> _AppliedMove | None:
        """Return the last move of an indicator, of all taken so far or of the first `before`."""
        return next((taken for taken in reversed(self._taken[:before]) if taken.position == position), None)

    def _drop_superfluous(self) -> None:
        """Drop the moves without which every goal is still met, the last first."""
        for place in reversed(range(len(self._taken))):
            taken = self._taken[place]
            if self._find_latest(taken.position) is taken:
                leaf, earlier = self._compiled.indicators[taken.position], self._find_latest(taken.position, place)
                back = {slot: self._start.evaluation.sent[slot] for slot in taken.change}
                trial = _rescore_situation(
                    self._now,
                    leaf,
                    back if earlier is None else back | earlier.change,
                    declared=self._start.is_declared(leaf) and not (earlier is not None and earlier.documented),
                )
                if self._is_worse(trial) or not trial.meets_all(self._goals):
                    continue
                self._now = trial
            del self._taken[place]


def _build_move(
    compiled: CompiledMethodology,
    taken: _AppliedMove,
    before: Evaluation,
    after: Evaluation,
    level: int,
    unmet: frozenset[str],
) -> Move:
    leaf, result_before = compiled.indicators[taken.position], before.results[taken.position]
    answered = leaf.presence_slot is None or before.sent[leaf.presence_slot] is not None
    return Move(
        indicator=leaf.definition.id,
        kind="evidence" if not taken.change else "improve" if answered else "report",
        facts=collect_own_facts(before, leaf),
        change=name_changes(leaf, taken.change),
        evidence=taken.documented,
        score_before=to_points(result_before.score, compiled.unit),
        score=to_points(after.results[taken.position].score, compiled.unit),
        gain=None
        if after.index is None or before.index is None
        else to_points(after.index - before.index, compiled.unit),
        index=to_points(after.index, compiled.unit),
        level=level,
        requires=tuple(rule.definition.id for rule in taken.breaks if rule.definition.id in unmet),
    )


def _build_unreachable(goals: list[_Goal], start: _Situation, end: _Situation) -> Unreachable:
    """Return the gate of goals that are out of reach."""
    gate, rank, compiled = goals[0].gate, goals[0].rank, start.evaluation.compiled
    figures = next(
        figures for situation in (start, end) if not is_gate_met(gate, figures := GateFigures(situation.evaluation))
    )
    codes = {
        position: end.evaluation.results[position].code
        for position in sorted(frozenset().union(*(goal.indicators for goal in goals)))
    }
    obstacle: Obstacle = "profile" if rank == 3 else "exhausted"
    if rank == 0 and len(codes) == 1:
        (code,) = codes.values()
        obstacle = "not_applicable" if code == "not_applicable" else _OBSTACLES.get(code, obstacle)
    return Unreachable(
        gate=build_blocking_gate(compiled, describe_failing_gate(gate, figures)),
        obstacle=obstacle,
        indicators=tuple(
            compiled.indicators[position].definition.id for position, code in codes.items() if code in _OBSTACLES
        ),
    )


_OBSTACLES: dict[Code, Obstacle] = {
    "zero_by_rule": "zero_by_rule",
    "contradicted": "contradicted",
    "unsupported": "contradicted",
    "unknown": "unanswered",
    "withdrawn": "unanswered",
    "rejected": "unanswered",
    "stale": "unanswered",
}
