"""The path to the next level: the moves, one indicator each, after which its gates hold (SCORING section 7).

Greedy: the gates over one indicator first, then those over a group in document order, then the index. Each time the
move that does just enough, or else the one that brings most; then what proved superfluous is dropped, last first, and
the whole is scored anew. Scores on the way come from re-scoring the changed branch, or everything where a move reaches
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
from actitud_api.engine.methodology.predicates import Facts, answers_read, derived_count, exact, parts
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
"""improve: move the fact · evidence: document what is only declared · report: answer what is unknown."""

Obstacle = Literal["profile", "review", "not_applicable", "zero_by_rule", "contradicted", "unanswered", "exhausted"]
"""profile: the gate is over the profile · review: it holds the level down · not_applicable, zero_by_rule,
contradicted, unanswered: so is its indicator · exhausted: not even the best of every move is enough."""


class Move(Canonical, frozen=True, kw_only=True):
    """What to do for one indicator.

    `facts`: as they stand (an unknown answer has none); `change`: those that change, as they will be, in their own
    unit; `evidence`: it needs evidence; `score_before` and `score`: of the indicator, before and after; `gain`: index
    points that it brings in its place of the path; `index` and `level`: after it; `requires`: rules that it would
    break unless other facts follow: all figures count on that.
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
    """A gate that no move can make hold, with what is there and what is in the way.

    `gate` is null where review holds the level down; `indicators`: those that could help once they are answered,
    mended or unlocked.
    """

    gate: BlockingGate | None
    obstacle: Obstacle
    indicators: tuple[str, ...]


class LevelPath(Canonical, frozen=True, kw_only=True):
    """The path from the level of a submission to the next one.

    `target`: the next level, null where there is none: the level is the highest, or there is no level. `moves`: null
    without a target, and where `unreachable` names gates. `index_after` and `level_after`: at the end, by scoring
    everything anew; the level may be higher than the target.
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
    """The path to the next level of a submission under a methodology."""
    return find_path_from(evaluate(methodology, submission), submission)


def find_path_from(evaluation: Evaluation, submission: Submission) -> LevelPath:
    """The path to the next level of an evaluated submission."""
    plan = evaluation.compiled
    target = next(
        (level for level in plan.levels if evaluation.level is not None and level.number == evaluation.level + 1), None
    )
    nowhere = LevelPath(
        methodology=MethodologyReference(version=plan.document.version, digest=plan.methodology.digest),
        index=to_points(evaluation.index, plan.unit),
        level=evaluation.level,
        target=None if target is None else target.number,
        moves=None,
        index_after=None,
        level_after=None,
        unreachable=(),
    )
    if target is None:
        return nowhere
    search = _Search(evaluation, submission, target)
    unreachable = search.run()
    if submission.max_level is not None and target.number > submission.max_level:
        unreachable = (Unreachable(gate=None, obstacle="review", indicators=()), *unreachable)
    if unreachable:
        return structs.replace(nowhere, unreachable=unreachable)
    moves = search.moves()
    after = _confirmed(plan, submission, moves)
    if after.level is None or after.level < target.number:
        left = tuple(
            Unreachable(gate=build_blocking_gate(plan, failing), obstacle="exhausted", indicators=())
            for failing in after.blocked_by
        )
        return structs.replace(nowhere, unreachable=left)
    return structs.replace(nowhere, moves=moves, index_after=to_points(after.index, plan.unit), level_after=after.level)


def apply_moves(submission: Submission, moves: Iterable[Move], plan: CompiledMethodology) -> Submission:
    """A submission after moves: their facts in place of the old ones, with evidence where they need it."""
    profile, answers = dict(submission.profile), dict(submission.answers)
    documented: set[str] = set()
    reported: set[str] = set()
    for move in moves:
        leaf = plan.indicators[plan.positions[move.indicator]]
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


def _confirmed(plan: CompiledMethodology, submission: Submission, moves: tuple[Move, ...]) -> Evaluation:
    """Everything scored anew after the moves, with the rules on but for those that other facts have to follow."""
    after = apply_moves(submission, moves, plan)
    suspended = frozenset(rule for move in moves for rule in move.requires)
    return evaluate_compiled(drop_rules(plan, suspended), load_facts(plan, after), after)


# --- what has to hold -----------------------------------------------------------------------------------------


class _Goal(Struct, frozen=True):
    """A gate that has to hold, or a member of one that asks the same of each.

    `rank`: 0 over one indicator, 1 over a group, 2 over the index, 3 over the profile alone. `group`: what moves are
    measured by; `leaves`: the indicators that can help; `least`: the score of the group, in units, from which it
    holds, None where that is not all that it asks.
    """

    gate: CompiledGate
    member: CompiledGate
    rank: int
    group: CompiledGroup
    leaves: frozenset[int]
    least: int | None


class _Ways(Struct, frozen=True):
    """What searches on one methodology share.

    `goals`: what the gates of each level ask, in the order in which it is sought; `unlocking`: by the position of each
    indicator those that its zero rule reads.
    """

    goals: tuple[tuple[_Goal, ...], ...]
    unlocking: tuple[tuple[int, ...], ...]


@lru_cache(CACHE_SIZE)
def _ways_of(plan: CompiledMethodology) -> _Ways:
    return _Ways(
        goals=tuple(tuple(sorted(_goals(plan, level), key=lambda goal: goal.rank)) for level in plan.levels),
        unlocking=tuple(
            tuple(sorted(plan.positions[name] for name in answers_read(leaf.definition.zero_when)))
            for leaf in plan.indicators
        ),
    )


def _goals(plan: CompiledMethodology, level: CompiledLevel) -> Iterator[_Goal]:
    """What the gates of a level ask; one that asks for at least so much of the least of several asks it of each."""
    for compiled in level.gates:
        gate = compiled.definition
        match gate.holds:
            case Compare(op="ge" | "gt" as op, left=Minimum(of=members), right=right):
                for member in members:
                    # The least is over what is there: what has left asks nothing.
                    asked = Gate(id=gate.id, holds=Compare(op=op, left=member, right=right), when_not_applicable="pass")
                    yield _goal(plan, compiled, compile_gate(asked))
            case _:
                yield _goal(plan, compiled, compiled)


def _goal(plan: CompiledMethodology, gate: CompiledGate, member: CompiledGate) -> _Goal:
    holds = member.definition.holds
    # The right side of a gate reads no score and no value.
    read = list(parts(holds.left))
    nodes = {part.node for part in read if isinstance(part, ScoreOperand)}
    single = {plan.positions[name] for name in nodes if name in plan.positions}
    single |= {plan.positions[part.indicator] for part in read if isinstance(part, ValueOperand)}
    groups = [plan.groups[name] for name in nodes if name in plan.groups]
    if any(isinstance(part, IndexOperand) for part in read):
        rank, below = 2, {leaf.position for leaf in plan.indicators}
    elif groups:
        rank, below = 1, {leaf.position for leaf in plan.indicators if nodes & set(leaf.ancestors)}
    else:
        rank, below = 0 if single else 3, set()
    group = groups[0] if rank == 1 and len(groups) == 1 and not single else plan.root
    return _Goal(gate, member, rank, group, frozenset(single | below), _least(plan, holds))


def _least(plan: CompiledMethodology, holds: Compare) -> int | None:
    """The score in units from which a comparison of a group or of the index holds."""
    match holds:
        case Compare(op="ge" | "gt" as op, left=left, right=Constant(value=int() | float() as asked)) if isinstance(
            left, IndexOperand
        ) or (isinstance(left, ScoreOperand) and left.node in plan.groups):
            units = exact(asked) * plan.unit
            return math.ceil(units) if op == "ge" else math.floor(units) + 1
        case _:
            return None


# --- what can be done -----------------------------------------------------------------------------------------


class _Option(Struct, frozen=True, gc=False):
    """A goalpost that an indicator can be moved to, and what it scores at least, in units.

    `x`: None is the value that is there; `documented`: with evidence that it did not have.
    """

    position: int
    x: Fraction | None
    units: int
    documented: bool


_Worth = tuple[int, int, int, _Option]
"""What a node would score with an option, the position of its indicator, what that would score, and the option."""


def _best_first(worth: _Worth) -> tuple[int, int]:
    return -worth[0], worth[1]


class _Kept(Iterable[_Worth]):
    """What an iterator gives, only as far as it is asked for, and as often."""

    def __init__(self, source: Iterator[_Worth]) -> None:
        self._source = source
        self._known: list[_Worth] = []

    def __iter__(self) -> Iterator[_Worth]:
        for place in itertools.count():
            if place == len(self._known):
                found = next(self._source, None)
                if found is None:
                    return
                self._known.append(found)
            yield self._known[place]


class _Standing(Struct, frozen=True):
    """How it stands after some moves; `suspended`: the rules that other facts have to follow."""

    evaluation: Evaluation
    submission: Submission
    suspended: frozenset[str]

    def declared(self, leaf: CompiledIndicator) -> bool:
        """Whether an indicator is only declared."""
        return leaf.definition.id in self.submission.self_declared

    def holds(self, goal: _Goal) -> bool:
        """Whether what a goal asks holds."""
        return is_gate_met(goal.member, GateFigures(self.evaluation))

    def holds_all(self, goals: Iterable[_Goal]) -> bool:
        """Whether all that the gates of a level ask holds."""
        figures = GateFigures(self.evaluation)
        return all(is_gate_met(goal.member, figures) for goal in goals)

    def contradictions(self) -> frozenset[str]:
        """The error rules that do not hold."""
        broken = self.evaluation.broken_rules
        if not broken:
            return frozenset()
        return frozenset(found.rule.definition.id for found in broken if found.rule.definition.severity == "error")


class _Taken(Struct, frozen=True):
    """A move that was taken: all new facts of its indicator, and the rules that it broke when it was taken."""

    position: int
    change: FactChange
    documented: bool
    breaks: tuple[CompiledRule, ...]


def _options(standing: _Standing, leaf: CompiledIndicator, *, documented: bool = False) -> list[_Option]:
    """The better goalposts of an indicator, best last.

    `documented`: with evidence, and also where what is there scores the same, for the gates over its value.
    """
    result = standing.evaluation.results[leaf.position]
    declared, floor = standing.declared(leaf), result.uncapped
    there: Fraction | None = None
    found: list[_Option] = []
    match result.code:
        case "unknown" | "withdrawn" | "rejected" | "stale" if not result.fields and not result.undetermined:
            declared, documented, floor = True, True, leaf.low
        case "capped":
            there = None if result.value is None else Fraction(*result.value)
            found.append(_Option(leaf.position, None, floor, declared))
        case "full" | "partial" | "zero":
            if documented:
                there = None if result.value is None else Fraction(*result.value)
                if declared:
                    found.append(_Option(leaf.position, None, floor, True))
        case _:
            return []
    for x, units in leaf.ascending_goalposts:
        if documented:
            better = there is None or (x > there if leaf.is_rising else x < there)
        else:
            better = units > (found[-1].units if found else floor)
        if better:
            found.append(_Option(leaf.position, x, units, declared and (documented or units > leaf.cap)))
    return found


def _blank(plan: CompiledMethodology, leaf: CompiledIndicator) -> FactChange | None:
    """An answer that reaches nothing yet; None where an indicator has other facts than the one that moves."""
    indicator = leaf.definition
    if indicator.type != "checklist" and len(indicator.facts) != 1:
        return None
    change: FactChange = {}
    for fact in indicator.facts:
        slot = plan.layout.facts[indicator.id, fact.name]
        if fact.type == "components":
            change[slot] = frozenset()
            change[plan.layout.facts[indicator.id, derived_count(fact.name)]] = 0
        else:
            change[slot] = fact.minimum or 0
    return change


def _stuck(standing: _Standing, position: int) -> bool:
    """Whether its zero rule keeps an indicator from being scored."""
    result = standing.evaluation.results[position]
    return result.code == "zero_by_rule" or result.undetermined


def _after(standing: _Standing, leaf: CompiledIndicator, change: FactChange, *, declared: bool) -> _Standing:
    """How it stands after new facts of one indicator: its branch scored anew, or everything where more turns."""
    evaluation, submission, plan = standing.evaluation, standing.submission, standing.evaluation.compiled
    if declared != standing.declared(leaf):
        submission = structs.replace(submission, self_declared=submission.self_declared ^ {leaf.definition.id})
    facts = apply_change(evaluation.facts, change)
    sent = facts if evaluation.sent is evaluation.facts else apply_change(evaluation.sent, change)
    if not _contained(standing, leaf, facts):
        anew = evaluate_compiled(drop_rules(plan, standing.suspended), sent, submission)
        return _Standing(structs.replace(anew, compiled=plan), submission, standing.suspended)
    leaves, groups = list(evaluation.results), dict(evaluation.groups)
    leaves[leaf.position] = score_indicator(plan, leaf, facts, None, {}, submission)
    anew = structs.replace(
        evaluation, facts=facts, sent=sent, results=leaves, groups=groups, self_declared=submission.self_declared
    )
    for name in leaf.ancestors:
        score = score_children(plan.groups[name], anew.list_child_scores(plan.groups[name]))
        groups[name] = None if name in anew.unknown else score
    anew.index = round_to_published(plan, groups[plan.document.root.id])
    return _Standing(anew, submission, standing.suspended)


def _contained(standing: _Standing, leaf: CompiledIndicator, changed: Facts) -> bool:
    """Whether new facts of an indicator turn nothing but the score of its own answer."""
    evaluation = standing.evaluation
    if evaluation.results[leaf.position].code not in OBSERVED or leaf.definition.id in standing.submission.level_caps:
        return False
    broken = standing.contradictions()
    for compiled in evaluation.compiled.touching_rules[leaf.position]:
        if compiled.definition.id in broken or (
            compiled.definition.id not in standing.suspended and not compiled.holds(changed)
        ):
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


class _Search:
    """The search for the moves to a level."""

    def __init__(self, evaluation: Evaluation, submission: Submission, target: CompiledLevel) -> None:
        self._plan = evaluation.compiled
        self._ways = _ways_of(evaluation.compiled)
        self._target = target.number
        self._goals = self._ways.goals[target.number - 1]
        self._start = self._now = _Standing(evaluation, submission, frozenset())
        self._taken: list[_Taken] = []
        self._refused: dict[_Option, tuple[CompiledRule, ...]] = {}
        # Moves can undo each other where one indicator reads what another moves: nothing is sought twice.
        self._sought: set[tuple[int, Fraction | None]] = set()
        self._lifted: dict[str, Iterable[_Worth]] = {}

    def run(self) -> tuple[Unreachable, ...]:
        """Finds the moves, and drops what is superfluous; otherwise says which gates are out of reach."""
        # A move can undo what an earlier goal had reached: again, until nothing more is taken.
        while True:
            before, lost = len(self._taken), dict[str, list[_Goal]]()
            for goal in self._goals:
                while not self._now.holds(goal):
                    if not (self._step(goal, lenient=False) or self._step(goal, lenient=True)):
                        lost.setdefault(goal.gate.definition.id, []).append(goal)
                        break
            if len(self._taken) == before:
                break
        if not lost:
            self._drop_superfluous()
        return tuple(self._unreachable(goals) for goals in lost.values())

    def moves(self) -> tuple[Move, ...]:
        """The moves that were taken, each with what it brings in its place."""
        at_last = self._now.evaluation.facts
        unmet = {known.definition.id for taken in self._taken for known in taken.breaks if not known.holds(at_last)}
        standing = structs.replace(self._start, suspended=frozenset(unmet))
        found = []
        # Those that other facts have to follow come last: the other moves may be these facts.
        for taken in sorted(self._taken, key=lambda known: bool(known.breaks)):
            leaf, before = self._plan.indicators[taken.position], standing.evaluation
            declared = standing.declared(leaf) and not taken.documented
            standing = _after(standing, leaf, taken.change, declared=declared)
            after = standing.evaluation
            found.append(self._move(taken, before, after, self._level(standing), frozenset(unmet)))
        return tuple(found)

    def _level(self, standing: _Standing) -> int:
        """The level after some moves."""
        for number, goals in enumerate(self._ways.goals[: self._target]):
            if not standing.holds_all(goals):
                return number
        evaluation = structs.replace(standing.evaluation)
        assign_level(evaluation, standing.submission.max_level)
        assert evaluation.level is not None
        return evaluation.level

    def _move(self, taken: _Taken, before: Evaluation, after: Evaluation, level: int, unmet: frozenset[str]) -> Move:
        plan, leaf = self._plan, self._plan.indicators[taken.position]
        was = before.results[taken.position]
        answered = leaf.presence_slot is None or before.sent[leaf.presence_slot] is not None
        return Move(
            indicator=leaf.definition.id,
            kind="evidence" if not taken.change else "improve" if answered else "report",
            facts=collect_own_facts(before, leaf),
            change=name_changes(leaf, taken.change),
            evidence=taken.documented,
            score_before=to_points(was.score, plan.unit),
            score=to_points(after.results[taken.position].score, plan.unit),
            gain=None
            if after.index is None or before.index is None
            else to_points(after.index - before.index, plan.unit),
            index=to_points(after.index, plan.unit),
            level=level,
            requires=tuple(known.definition.id for known in taken.breaks if known.definition.id in unmet),
        )

    # the next move

    def _step(self, goal: _Goal, *, lenient: bool) -> bool:
        """Takes one move towards a goal; `lenient`: also one that other facts have to follow."""
        alone = next(iter(goal.leaves)) if goal.rank == 0 and len(goal.leaves) == 1 else None
        for option in self._ranked(goal) if alone is None else self._single(alone):
            if (option.position, option.x) in self._sought:
                continue
            if option in self._refused and not (lenient and self._refused[option]):
                continue
            found = self._try(option, lenient=lenient, whatever=alone is not None)
            if found is None:
                continue
            taken, standing = found
            if alone is None or standing.holds(goal) or (_stuck(self._now, alone) and not _stuck(standing, alone)):
                self._take(option, taken, standing)
                return True
        return False

    def _single(self, position: int) -> Iterator[_Option]:
        """The options of an indicator, with evidence, the least first; or those that may lift its zero rule."""
        positions = self._ways.unlocking[position] if _stuck(self._now, position) else (position,)
        for known in positions:
            yield from _options(self._now, self._plan.indicators[known], documented=True)

    def _ranked(self, goal: _Goal) -> Iterator[_Option]:
        """The options of a goal: those that do just enough, the least first; then what brings most first."""
        group = goal.group
        there = build_group_sensitivity(self._now.evaluation, group)
        below = [
            _Kept(self._lift(there, place, option_of))
            for place, option_of in enumerate(map(self._below, group.children))
        ]
        if goal.least is not None:
            least: int = goal.least
            enough = [
                worth for options in below for worth in itertools.takewhile(lambda known: known[0] >= least, options)
            ]
            enough.sort(key=lambda worth: worth[:3])
            yield from (worth[-1] for worth in enough if worth[1] in goal.leaves)
        standing = self._score(group, score_children(group, there.child_scores))
        for worth in heapq.merge(*below, key=_best_first):
            if worth[0] < standing:
                return
            if worth[1] in goal.leaves:
                yield worth[-1]

    def _below(self, child: CompiledGroup | int) -> Iterable[_Worth]:
        """The options of the indicators of a child, best first, each with what the child would score."""
        if isinstance(child, int):
            leaf = self._plan.indicators[child]
            options = reversed(_options(self._now, leaf)) if leaf.has_weight else ()
            return [(option.units, child, option.units, option) for option in options]
        name = child.definition.id
        if name not in self._lifted:
            there = build_group_sensitivity(self._now.evaluation, child)
            lifted = [
                self._lift(there, place, self._below(grandchild)) for place, grandchild in enumerate(child.children)
            ]
            self._lifted[name] = (
                _Kept(heapq.merge(*lifted, key=_best_first))
                if child.indicator_span is None
                else sorted(itertools.chain(*lifted), key=_best_first)
            )
        return self._lifted[name]

    def _lift(self, there: GroupSensitivity, place: int, below: Iterable[_Worth]) -> Iterator[_Worth]:
        """Options below a child of a group, with what the group would score instead of the child."""
        for score, position, units, option in below:
            yield self._score(there.group, there.rescore(place, score)), position, units, option

    def _score(self, group: CompiledGroup, score: int | None) -> int:
        """What a group counts with, the index as published; below everything where that is nothing."""
        if group is self._plan.root:
            score = round_to_published(self._plan, score)
        return -1 if score is None else score

    def _try(self, option: _Option, *, lenient: bool, whatever: bool) -> tuple[_Taken, _Standing] | None:
        """What taking an option would be; None, and remembered, where it cannot be taken.

        `whatever`: also where it scores the same.
        """
        now, leaf = self._now, self._plan.indicators[option.position]
        evaluation, was = now.evaluation, now.evaluation.results[option.position]
        change = self._change(option, leaf)
        if change is None or any(
            taken.position != option.position and not change.keys().isdisjoint(taken.change) for taken in self._taken
        ):
            self._refused[option] = ()
            return None
        facts, broken = apply_change(evaluation.facts, change), now.contradictions()
        breaks = tuple(
            known
            for known in self._plan.touching_rules[option.position]
            if known.definition.id not in broken and not known.holds(facts)
        )
        if breaks and not lenient:
            self._refused[option] = breaks
            return None
        suspended = now.suspended | {known.definition.id for known in breaks}
        standing = _after(
            structs.replace(now, suspended=suspended) if breaks else now,
            leaf,
            change,
            declared=now.declared(leaf) and not option.documented,
        )
        result = standing.evaluation.results[option.position]
        worth = whatever or (result.score or 0) > (was.score or 0) or was.code not in OBSERVED
        if result.code not in OBSERVED or not worth or self._is_worse(standing):
            self._refused[option] = ()
            return None
        earlier = self._latest(option.position)
        return (
            _Taken(
                position=option.position,
                change=change if earlier is None else earlier.change | change,
                documented=option.documented or (earlier is not None and earlier.documented),
                breaks=breaks,
            ),
            standing,
        )

    def _change(self, option: _Option, leaf: CompiledIndicator) -> FactChange | None:
        """The new facts of an option; None where there are none that are admissible."""
        evaluation = self._now.evaluation
        if option.x is None:
            return {}
        if evaluation.results[leaf.position].code in OBSERVED:
            return find_change_reaching(evaluation, leaf, option.x)
        blank = _blank(self._plan, leaf)
        if blank is None:
            return None
        reached = find_change_reaching(
            structs.replace(evaluation, facts=apply_change(evaluation.facts, blank)), leaf, option.x
        )
        return None if reached is None else blank | reached

    def _is_worse(self, standing: _Standing) -> bool:
        """Whether it has no level any more, or contradicts itself where it did not."""
        if standing.evaluation.status not in ("complete", "sufficient"):
            return True
        return standing.evaluation.broken_rules is not self._now.evaluation.broken_rules and not (
            standing.contradictions() <= self._now.contradictions()
        )

    def _take(self, option: _Option, taken: _Taken, standing: _Standing) -> None:
        leaf = self._plan.indicators[taken.position]
        if standing.evaluation.broken_rules is self._now.evaluation.broken_rules:
            for name in leaf.ancestors:
                self._lifted.pop(name, None)
        else:
            self._lifted = {}
        self._refused = {}
        self._taken.append(taken)
        self._now = standing
        self._sought.add((option.position, option.x))

    # at the end

    def _latest(self, position: int, before: int | None = None) -> _Taken | None:
        """The last move of an indicator, of those taken so far or up to one."""
        return next((taken for taken in reversed(self._taken[:before]) if taken.position == position), None)

    def _drop_superfluous(self) -> None:
        """Drops the moves without which everything still holds, the last first."""
        for place in reversed(range(len(self._taken))):
            taken = self._taken[place]
            if self._latest(taken.position) is taken:
                leaf, earlier = self._plan.indicators[taken.position], self._latest(taken.position, place)
                back = {slot: self._start.evaluation.sent[slot] for slot in taken.change}
                trial = _after(
                    self._now,
                    leaf,
                    back if earlier is None else back | earlier.change,
                    declared=self._start.declared(leaf) and not (earlier is not None and earlier.documented),
                )
                if self._is_worse(trial) or not trial.holds_all(self._goals):
                    continue
                self._now = trial
            del self._taken[place]

    def _unreachable(self, goals: list[_Goal]) -> Unreachable:
        """A gate of which these goals are out of reach."""
        gate, rank = goals[0].gate, goals[0].rank
        figures = next(
            found
            for standing in (self._start, self._now)
            if not is_gate_met(gate, found := GateFigures(standing.evaluation))
        )
        codes = {
            position: self._now.evaluation.results[position].code
            for position in sorted(frozenset().union(*(goal.leaves for goal in goals)))
        }
        obstacle: Obstacle = "profile" if rank == 3 else "exhausted"
        if rank == 0 and len(codes) == 1:
            (code,) = codes.values()
            obstacle = "not_applicable" if code == "not_applicable" else _OBSTACLES.get(code, obstacle)
        return Unreachable(
            gate=build_blocking_gate(self._plan, describe_failing_gate(gate, figures)),
            obstacle=obstacle,
            indicators=tuple(
                self._plan.indicators[position].definition.id for position, code in codes.items() if code in _OBSTACLES
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
