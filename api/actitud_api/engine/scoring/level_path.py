"""Path to the next level: moves, each of one indicator, after which all gates of that level are passed.

The method is that of docs/scoring.md, section 7. The search is greedy and takes the gates in an order: those on one
indicator, then those on a group in document order, then those on the index. For each gate it takes the smallest move
that is enough to pass the gate, or else the move that gains most, and never one that breaks a gate that holds. At the
end it drops moves that are not needed, from the last to the first, puts the others in the order in which they can be
made, and scores everything again. During the search only the groups that contain the moved indicator are scored again,
or everything if a move affects other indicators.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import lru_cache
from typing import Annotated, Literal, cast

from msgspec import Struct, structs

from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.model import (
    Compare,
    Constant,
    Gate,
    IndexOperand,
    LowerBoundOperand,
    Minimum,
    Operand,
    PillarOperand,
    ProfileOperand,
    ScoreOperand,
    ValueOperand,
)
from actitud_api.engine.methodology.predicates import (
    Facts,
    Number,
    find_answers_read,
    name_derived_count,
    to_exact,
    walk_operand_parts,
    walk_operands,
)
from actitud_api.engine.methodology.requests.answers import FactValue, Submission
from actitud_api.engine.scoring.aggregations import UNKNOWN
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
    publish_score,
    round_to_published,
    score_children,
    score_indicator,
)
from actitud_api.engine.scoring.explain import build_blocking_gate, collect_own_facts
from actitud_api.engine.scoring.next_steps import FactChange, apply_change, find_change_reaching, name_changes
from actitud_api.engine.scoring.result import (
    OPEN,
    BlockingGate,
    Canonical,
    Gain,
    MethodologyReference,
    Points,
    to_points,
)
from actitud_api.engine.scoring.wilson import find_least_cases

MoveKind = Literal["improve", "evidence", "report"]
"""Kind of a move.

improve: change the fact · evidence: document a self-declared answer · report: answer an unknown indicator.
"""

Obstacle = Literal[
    "profile_first", "profile", "review", "not_applicable", "zero_by_rule", "contradicted", "unanswered", "exhausted"
]
"""Reason why no moves pass a gate.

profile_first: the gate reads only profile fields that the organisation fills in, and indicators are 0 by a rule on one
of them, so that it comes before any move · profile: any other gate that reads the profile alone · review: a review
limits the level · not_applicable, zero_by_rule, contradicted, unanswered: state of the one indicator that the gate
reads · exhausted: even the best moves are not enough.
"""


class Move(Canonical, frozen=True, kw_only=True):
    """A change of the answer to one indicator, as a step of the path.

    `kind`: how the answer changes, for example `report` for an answer that was unknown; `facts`: the facts before
    the move (empty for an unknown answer); `change`: the new facts, in their own units; `needs_evidence`: true if the
    move needs evidence; `score_before` and `score`: the score of the indicator before and after the move, null if
    there is none; `gain`: index points gained at this place of the path, null if there is no index; `index` and
    `level`: those after the move; `requires`: rules that the move breaks unless other facts are changed too. All
    figures assume that these other facts are changed.
    """

    indicator: str
    kind: Annotated[MoveKind, OPEN]
    facts: dict[str, FactValue | str | None]
    change: dict[str, FactValue]
    needs_evidence: bool
    score_before: Points | None
    score: Points | None
    gain: Gain | None
    index: Points | None
    level: int | None
    requires: tuple[str, ...]


class Unreachable(Canonical, frozen=True):
    """A gate that no moves can pass, with its figures in `gate` and the reason in `code`.

    `gate` is null if the reason is that a review limits the level. `indicators` are those that could help to pass
    the gate once they are answered, corrected or free of their zero rule.
    """

    gate: BlockingGate | None
    code: Annotated[Obstacle, OPEN]
    indicators: tuple[str, ...]


class LevelPath(Canonical, frozen=True, kw_only=True):
    """The path from the level of a submission to the next level.

    `index` and `level`: those of the submission, null if it has none. `target`: the next level, null at the highest
    level or if the submission has no level. `moves`: in the order in which they can be made; they pass every gate of
    the target that is not in `unreachable`, and are null if there are none. `index_after` and `level_after`: those
    after all moves, with everything scored again, null if `moves` is null; `level_after` may be higher than the target.
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
    """Find the path to the next level of a submission under a methodology."""
    return find_path_from(evaluate(methodology, submission), submission)


def find_path_from(evaluation: Evaluation, submission: Submission) -> LevelPath:
    """Find the path to the next level of an evaluated submission.

    The `moves` of the path are None if the submission has no level or the highest one, or if no move helps to pass a
    gate.
    """
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
    search, unreachable = _run_search(evaluation, submission, target)
    unreachable = tuple(sorted(unreachable, key=lambda gate: gate.code != "profile_first"))
    if submission.max_level is not None and target.number > submission.max_level:
        unreachable = (Unreachable(gate=None, code="review", indicators=()), *unreachable)
    # Without any account, for example, moves of the few indicators that are not 0 by rule would be the wrong advice.
    moves = () if any(gate.code == "profile_first" for gate in unreachable) else search.build_moves()
    if not moves:
        return structs.replace(without_moves, unreachable=unreachable)
    after = _confirm(compiled, submission, moves)
    lost = search.find_lost(after)
    if lost:
        return structs.replace(without_moves, unreachable=(*unreachable, *lost))
    return structs.replace(
        without_moves,
        moves=moves,
        index_after=to_points(after.index, compiled.unit),
        level_after=after.level,
        unreachable=unreachable,
    )


def _run_search(
    evaluation: Evaluation, submission: Submission, target: CompiledLevel
) -> tuple[_Search, tuple[Unreachable, ...]]:
    """Search for the moves to a level; return the search and the gates that it cannot pass.

    A move that breaks a gate that holds is taken only if the moves after it then pass all gates.
    """
    search = _Search(evaluation, submission, target)
    unreachable = search.run()
    if unreachable and search.has_spared_gates:
        bolder = _Search(evaluation, submission, target, spares_gates=False)
        if not bolder.run():
            return bolder, ()
    return search, unreachable


def apply_moves(submission: Submission, moves: Iterable[Move], compiled: CompiledMethodology) -> Submission:
    """Return the submission after the moves: new facts replace old ones, with evidence if the move needs it.

    A move that needs evidence is assumed to bring it, so its answer is no longer counted as self-declared. A move
    of kind `report` replaces the whole answer. The new answer counts even if a review or the organisation had set
    the old one aside (withdrawn, rejected or stale).
    """
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
        if move.needs_evidence:
            documented.add(move.indicator)
    return structs.replace(
        submission,
        profile=profile,
        answers=answers,
        self_declared=submission.self_declared - documented,
        set_aside={name: why for name, why in submission.set_aside.items() if name not in reported},
    )


def _confirm(compiled: CompiledMethodology, submission: Submission, moves: tuple[Move, ...]) -> Evaluation:
    """Score the submission again after all moves, to get the index and level at the end of the path.

    Rules that a move breaks unless other facts are changed too (`requires`) are left out: the path assumes that these
    facts are changed.
    """
    after = apply_moves(submission, moves, compiled)
    suspended = frozenset(rule for move in moves for rule in move.requires)
    return evaluate_compiled(drop_rules(compiled, suspended), load_facts(compiled, after), after)


# --- conditions ----------------------------------------------------------------------------------------------------


class _GateCondition(Struct, frozen=True):
    """A condition of the search: a gate of the target level, or one part of it.

    A gate on the minimum of several nodes has one condition for each node; `gate` is the whole gate, `member` the
    part as a gate of its own. For any other gate, both are the same. `rank` is the order in the search: 0 if the
    condition reads one indicator, 1 a group or a pillar, 2 the index, 3 only the profile. `group` is the group
    whose score measures progress towards the condition: the group that the condition reads, or the root (the index) if
    it reads no group or several. `indicators` are the positions of the indicators whose moves can help. `lower_bound`
    is the limit that the condition reads and the number that it requires, None if it reads none.

    `required` is the score of `group`, in units of 10^-decimals, with which the condition is met. It is None unless
    the condition asks for a lowest score of a group or of the index, such as "index at least 60".
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
        """Positions of the indicators any one of which can meet the condition by itself, in document order."""
        if self.lower_bound is not None:
            return self.lower_bound[0]
        return tuple(self.indicators) if self.rank == 0 and len(self.indicators) == 1 else ()


class _SearchPlan(Struct, frozen=True):
    """Parts of a search that depend only on the methodology.

    `conditions`: for each level, the conditions of its gates, in the order in which the search meets them
    (`rank`). `unlocking`: for each indicator, the positions of the indicators that its zero rule reads; moves of
    these can lift the zero rule.
    """

    conditions: tuple[tuple[_GateCondition, ...], ...]
    unlocking: tuple[tuple[int, ...], ...]


@lru_cache(CACHE_SIZE)
def _prepare_search(compiled: CompiledMethodology) -> _SearchPlan:
    return _SearchPlan(
        conditions=tuple(
            tuple(sorted(_list_conditions(compiled, level), key=lambda condition: condition.rank))
            for level in compiled.levels
        ),
        unlocking=tuple(
            tuple(sorted(compiled.positions[name] for name in find_answers_read(leaf.definition.zero_when)))
            for leaf in compiled.indicators
        ),
    )


def _list_conditions(compiled: CompiledMethodology, level: CompiledLevel) -> Iterator[_GateCondition]:
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
                    yield _build_condition(compiled, compiled_gate, compile_gate(single))
            case _:
                yield _build_condition(compiled, compiled_gate, compiled_gate)


def _build_condition(compiled: CompiledMethodology, gate: CompiledGate, member: CompiledGate) -> _GateCondition:
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
        rank, below = 0 if single else 3, set()
    group = groups[0] if rank == 1 and len(groups) == 1 and not single and not pillars else compiled.root
    required = _find_required_units(compiled, holds)
    return _GateCondition(gate, member, rank, group, frozenset(single | below), required, lower_bound)


def _find_lower_bound(compiled: CompiledMethodology, holds: Compare) -> tuple[tuple[int, ...], Number] | None:
    """Return the positions of the indicators whose lower limit a gate reads, and the limit that it requires."""
    match holds:
        case Compare(left=LowerBoundOperand(indicators=names), right=Constant(value=int() | float() as required)):
            return tuple(compiled.positions[name] for name in names), to_exact(required)
        case _:
            return None


def _find_required_units(compiled: CompiledMethodology, holds: Compare) -> int | None:
    """Return the score that a gate requires of a group or of the index, in units of 10^-decimals.

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


# --- options --------------------------------------------------------------------------------------------------


class _Option(Struct, frozen=True, gc=False):
    """A possible move of one indicator: to another goalpost, or to the same raw value with evidence.

    `position` is that of the indicator. `x` is the raw value of the goalpost, None if the raw value stays. `units`
    is the score of the indicator at that raw value, in units of 10^-decimals; the score after the move is at least
    that. `documented` is True if new evidence comes with the move.
    """

    position: int
    x: Fraction | None
    units: int
    documented: bool


_RankedOption = tuple[int, int, int, _Option]
"""An option, preceded by the three numbers by which options are sorted.

The numbers are: the score of a node after the option, -1 if it has none; the position of the indicator; the score
of the indicator after the option. The node is the indicator itself, or a group that contains the indicator.
"""


def _best_first(ranked_option: _RankedOption) -> tuple[int, int]:
    return -ranked_option[0], ranked_option[1]


class _CachedIterable(Iterable[_RankedOption]):
    """Iterable over the items of an iterator that can be read several times.

    Each item is computed when it is first asked for, and then kept.
    """

    def __init__(self, source: Iterator[_RankedOption]) -> None:
        self._source = source
        self._items: list[_RankedOption] = []

    def __iter__(self) -> Iterator[_RankedOption]:
        for position in itertools.count():
            if position == len(self._items):
                item = next(self._source, None)
                if item is None:
                    return
                self._items.append(item)
            yield self._items[position]


class _Situation(Struct, frozen=True):
    """State of a search: evaluation and submission after the moves so far.

    `suspended` are the ids of the rules that these moves break unless other facts are changed too; these rules are not
    evaluated.
    """

    evaluation: Evaluation
    submission: Submission
    suspended: frozenset[str]

    def is_declared(self, leaf: CompiledIndicator) -> bool:
        """Return True if the answer to an indicator has no evidence."""
        return leaf.definition.id in self.submission.self_declared

    def meets(self, condition: _GateCondition) -> bool:
        """Return True if a condition is met in this situation."""
        return is_gate_met(condition.member, GateFigures(self.evaluation))

    def meets_all(self, conditions: Iterable[_GateCondition]) -> bool:
        """Return True if all conditions are met in this situation."""
        figures = GateFigures(self.evaluation)
        return all(is_gate_met(condition.member, figures) for condition in conditions)

    def list_contradictions(self) -> frozenset[str]:
        """Return the ids of the rules of severity `error` that the answers of this situation break."""
        broken = self.evaluation.broken_rules
        if not broken:
            return frozenset()
        return frozenset(rule.rule.definition.id for rule in broken if rule.rule.definition.severity == "error")


class _AppliedMove(Struct, frozen=True):
    """A move in the path so far.

    `position` is that of the indicator. `change` has all new facts of the indicator, also those of earlier moves of
    the same indicator; `documented` is True if this move or an earlier one of the indicator brought evidence;
    `breaks` are the rules that the move broke when it was taken.
    """

    position: int
    change: FactChange
    documented: bool
    breaks: tuple[CompiledRule, ...]


def _list_options(
    situation: _Situation, leaf: CompiledIndicator, *, documented: bool = False, value: Fraction | None = None
) -> list[_Option]:
    """List the options that raise the score of an indicator, the best one last.

    With `documented`, all options come with evidence, and options that leave the score equal are listed too, because
    they can help to pass gates on the raw value. `value` is a raw value between the goalposts that a gate requires: it
    is an option like a goalpost. The list is empty if no change of the answer can help, for example
    because the indicator does not apply, is contradicted, or has a zero rule that applies or could apply.
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
    goalposts = leaf.ascending_goalposts
    if value is not None:
        goalposts = tuple(sorted({*goalposts, (value, leaf.curve(*value.as_integer_ratio()))}))
    for x, units in goalposts:
        if documented:
            better = present is None or (x > present if leaf.is_rising else x < present)
        else:
            better = units > (options[-1].units if options else floor)
        if better:
            options.append(_Option(leaf.position, x, units, declared and (documented or units > leaf.cap)))
    return options


def _build_blank_answer(compiled: CompiledMethodology, leaf: CompiledIndicator) -> FactChange | None:
    """Build an answer with the lowest facts, from which the search for an answer to an unknown indicator starts.

    Return None if the indicator has several facts, because a move changes only one of them; a checklist always gets an
    answer.
    """
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
    """Return True if moves of an indicator have no effect, because its zero rule applies or could apply.

    Such an indicator is unlocked by moves of the indicators that the zero rule reads
    (`_Search._list_unlocking_options`).
    """
    result = situation.evaluation.results[position]
    return result.code == "zero_by_rule" or result.undetermined


def _rescore_situation(
    situation: _Situation, leaf: CompiledIndicator, change: FactChange, *, declared: bool
) -> _Situation:
    """Return the situation after new facts (`change`) of an indicator.

    `declared` is True if the new answer has no evidence. If the facts affect rules or other indicators, everything is
    scored again, otherwise only the groups that contain the indicator.
    """
    evaluation, submission, compiled = situation.evaluation, situation.submission, situation.evaluation.compiled
    if declared != situation.is_declared(leaf):
        submission = structs.replace(submission, self_declared=submission.self_declared ^ {leaf.definition.id})
    facts = apply_change(evaluation.facts, change)
    sent = facts if evaluation.sent is evaluation.facts else apply_change(evaluation.sent, change)
    if not _is_contained(situation, leaf, facts):
        rescored = evaluate_compiled(drop_rules(compiled, situation.suspended), sent, submission)
        return _Situation(structs.replace(rescored, compiled=compiled), submission, situation.suspended)
    leaves, groups = list(evaluation.results), dict(evaluation.groups)
    leaves[leaf.position] = score_indicator(compiled, leaf, facts, None, {}, submission)
    rescored = structs.replace(
        evaluation, facts=facts, sent=sent, results=leaves, groups=groups, self_declared=submission.self_declared
    )
    for name in leaf.ancestors:
        score = score_children(compiled.groups[name], rescored.list_child_scores(compiled.groups[name]))
        groups[name] = None if name in rescored.unknown else score
    rescored.index = round_to_published(compiled, groups[compiled.document.root.id])
    return _Situation(rescored, submission, situation.suspended)


def _is_contained(situation: _Situation, leaf: CompiledIndicator, changed: Facts) -> bool:
    """Return True if the new facts `changed` can change no score but that of the indicator and of the groups above it.

    That is, no rule is newly broken or repaired, and no other indicator changes.
    """
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
    """Options in the order in which a search tries them.

    The options of each group are cached; the search calls `forget` when a score in the group changes.
    """

    def __init__(self, compiled: CompiledMethodology) -> None:
        self._compiled = compiled
        self._lifted: dict[str, Iterable[_RankedOption]] = {}

    def forget(self, groups: Iterable[str]) -> None:
        """Remove the cached options of some groups."""
        for name in groups:
            self._lifted.pop(name, None)

    def rank(self, situation: _Situation, condition: _GateCondition) -> Iterator[_Option]:
        """Yield the options that help to meet a condition, in the order in which they should be tried.

        Options that are enough to meet the condition come first, beginning with the one that raises the score of the
        group least. Then come all options, beginning with the largest gain, down to those that leave the score of the
        group as it is. So an option may be yielded twice.
        """
        group = condition.group
        sensitivity = build_group_sensitivity(situation.evaluation, group)
        below = [
            _CachedIterable(self._lift(sensitivity, child_position, self._list_below(situation, child)))
            for child_position, child in enumerate(group.children)
        ]
        if condition.required is not None:
            required: int = condition.required
            enough = [
                ranked_option
                for options in below
                for ranked_option in itertools.takewhile(lambda ranked_option: ranked_option[0] >= required, options)
            ]
            enough.sort(key=lambda ranked_option: ranked_option[:3])
            yield from (ranked_option[-1] for ranked_option in enough if ranked_option[1] in condition.indicators)
        present = self._to_order(group, score_children(group, sensitivity.child_scores))
        for ranked_option in heapq.merge(*below, key=_best_first):
            if ranked_option[0] < present:
                return
            if ranked_option[1] in condition.indicators:
                yield ranked_option[-1]

    def _list_below(self, situation: _Situation, child: CompiledGroup | int) -> Iterable[_RankedOption]:
        """List the options of all indicators in `child`, best first, each with the score of `child` after the option.

        `child` is a group, or the position of an indicator. An indicator without weight in the index has no options.
        """
        if isinstance(child, int):
            leaf = self._compiled.indicators[child]
            options = reversed(_list_options(situation, leaf)) if leaf.has_weight else ()
            return [(option.units, child, option.units, option) for option in options]
        name = child.definition.id
        if name not in self._lifted:
            sensitivity = build_group_sensitivity(situation.evaluation, child)
            lifted = [
                self._lift(sensitivity, child_position, self._list_below(situation, grandchild))
                for child_position, grandchild in enumerate(child.children)
            ]
            self._lifted[name] = (
                _CachedIterable(heapq.merge(*lifted, key=_best_first))
                if child.indicator_span is None
                else sorted(itertools.chain(*lifted), key=_best_first)
            )
        return self._lifted[name]

    def _lift(
        self, sensitivity: GroupSensitivity, child_position: int, below: Iterable[_RankedOption]
    ) -> Iterator[_RankedOption]:
        """Yield the options of one child of a group, each with the score that the group would have after the option.

        `below` has the same options with the scores of the child. `sensitivity` is that of the group, and
        `child_position` the number of the child in the group.
        """
        for score, position, units, option in below:
            yield self._to_order(sensitivity.group, sensitivity.rescore(child_position, score)), position, units, option

    def _to_order(self, group: CompiledGroup, score: int | None) -> int:
        """Convert the score of a group after an option to the number by which options of the group are sorted.

        The number is `score`, rounded to the published decimals, or -1 if `score` is None.
        """
        if group is self._compiled.root:
            score = round_to_published(self._compiled, score)
        elif score != UNKNOWN:
            score = publish_score(group, score)
        return -1 if score is None else score


class _Search:
    """Search for the moves to a level, from an evaluated submission.

    The lists of moves, refused options and tried options grow while the search runs, so an instance serves for one
    search.
    """

    def __init__(
        self, evaluation: Evaluation, submission: Submission, target: CompiledLevel, *, spares_gates: bool = True
    ) -> None:
        self._compiled = evaluation.compiled
        self._search_plan = _prepare_search(evaluation.compiled)
        self._target = target.number
        self._conditions = self._search_plan.conditions[target.number - 1]
        self._start = self._now = _Situation(evaluation, submission, frozenset())
        self._taken: list[_AppliedMove] = []
        self._refused: dict[_Option, tuple[CompiledRule, ...]] = {}
        # Moves can undo each other if one indicator reads the fact that another moves: no option is taken twice.
        self._tried: set[tuple[int, Fraction | None]] = set()
        self._ranking = _OptionRanking(evaluation.compiled)
        # The rank of the condition that each moved indicator was first moved for, in the order of these first moves.
        self._ranks: dict[int, int] = {}
        self._guarded = tuple(itertools.chain(*self._search_plan.conditions[: target.number]))
        self._held = self._list_held()
        self._spares_gates = spares_gates
        self.has_spared_gates = False
        """True if a move was refused because it would break a gate that holds."""

    def run(self) -> tuple[Unreachable, ...]:
        """Find the moves and drop those that are not needed; return the gates that cannot be passed.

        The tuple is empty if all gates of the level can be passed.
        """
        # A move can unlock an indicator that an earlier condition reads: repeat until a round takes none.
        while True:
            before, unmet = len(self._taken), dict[str, list[_GateCondition]]()
            for condition in self._conditions:
                while not self._now.meets(condition):
                    if not (self._step(condition, lenient=False) or self._step(condition, lenient=True)):
                        unmet.setdefault(condition.gate.definition.id, []).append(condition)
                        break
            if len(self._taken) == before:
                break
        self._drop_superfluous()
        return tuple(_build_unreachable(conditions, self._start, self._now) for conditions in unmet.values())

    def find_lost(self, after: Evaluation) -> tuple[Unreachable, ...]:
        """Return the gates that the search passes, and that `after`, which is scored anew, does not."""
        figures = GateFigures(after)
        lost = {
            condition.gate.definition.id: condition.gate
            for condition in self._held
            if not is_gate_met(condition.member, figures)
        }
        return tuple(
            Unreachable(
                gate=build_blocking_gate(self._compiled, describe_failing_gate(gate, figures)),
                code="exhausted",
                indicators=(),
            )
            for gate in lost.values()
        )

    def build_moves(self) -> tuple[Move, ...]:
        """Build the moves that `run` found, each with the index points that it gains at its place in the path.

        The moves for gates on one indicator come first, the largest gain in whole points before the others; then the
        others, in the order in which the search first needed them. A move that cannot be made yet waits: it has no
        effect, or contradicts other facts, before another move.
        """
        final_facts = self._now.evaluation.facts
        unmet = {rule.definition.id for taken in self._taken for rule in taken.breaks if not rule.holds(final_facts)}
        situation = structs.replace(self._start, suspended=frozenset(unmet))
        order = sorted(self._ranks, key=self._ranks.__getitem__)
        waiting = sorted(self._taken, key=lambda taken: order.index(taken.position))
        moves = []
        while waiting:
            taken, after = self._choose_next(waiting, situation)
            waiting.remove(taken)
            level = self._find_level(after)
            moves.append(
                _build_move(self._compiled, taken, situation.evaluation, after.evaluation, level, frozenset(unmet))
            )
            situation = after
        return tuple(moves)

    def _choose_next(self, waiting: list[_AppliedMove], situation: _Situation) -> tuple[_AppliedMove, _Situation]:
        """Choose the move of a path that comes next, from those that wait; return it with the situation after it."""
        ready: list[tuple[int, _AppliedMove, _Situation]] = []
        for taken in waiting:
            # The other moves stand in the order of the search.
            if ready and self._ranks[taken.position] > 0:
                break
            after = self._make_move(taken, situation)
            if not (_is_worse(after, situation) or _is_stuck(after, taken.position)):
                # A gain below one point decides nothing: then the order of the gates does.
                gain = ((after.evaluation.index or 0) - (situation.evaluation.index or 0)) // self._compiled.unit
                ready.append((gain, taken, after))
        if not ready:
            # Each breaks a rule without another: those that were taken without breaking one come first.
            taken = min(waiting, key=lambda taken: bool(taken.breaks))
            return taken, self._make_move(taken, situation)
        _, taken, after = max(ready, key=lambda made: made[0])
        return taken, after

    def _make_move(self, taken: _AppliedMove, situation: _Situation) -> _Situation:
        leaf = self._compiled.indicators[taken.position]
        declared = situation.is_declared(leaf) and not taken.documented
        return _rescore_situation(situation, leaf, taken.change, declared=declared)

    def _find_level(self, situation: _Situation) -> int:
        """Return the level that a situation of the search reaches, 0 for none.

        A level counts only if all conditions of this level and of lower ones are met. If all conditions of the target
        level are met, too, the level may be higher than the target.
        """
        for number, conditions in enumerate(self._search_plan.conditions[: self._target]):
            if not situation.meets_all(conditions):
                return number
        evaluation = structs.replace(situation.evaluation)
        assign_level(evaluation, situation.submission.max_level)
        assert evaluation.level is not None
        return evaluation.level

    def _step(self, condition: _GateCondition, *, lenient: bool) -> bool:
        """Take one move towards a condition; return False if no move can be taken.

        With `lenient`, the move may break rules, provided that other facts are changed to keep these rules.
        """
        single = condition.single
        chosen: tuple[_Option, _AppliedMove, _Situation] | None = None
        for option in self._list_unlocking_options(condition) if single else self._ranking.rank(self._now, condition):
            if (option.position, option.x) in self._tried:
                continue
            if option in self._refused and not (lenient and self._refused[option]):
                continue
            applied = self._apply_move(option, lenient=lenient, any_gain=bool(single))
            if applied is None:
                continue
            taken, situation = applied
            is_enough = situation.meets(condition)
            if single and not (
                is_enough
                or any(_is_stuck(self._now, position) and not _is_stuck(situation, position) for position in single)
                or (condition.lower_bound is not None and self._gives_value(situation, single))
            ):
                continue
            if chosen is not None and not is_enough:
                continue
            chosen = option, taken, situation
            # Where no score of one group says which are enough, the last that is enough gains least; where the first
            # is not, which gains most, the others are not tried: it took four times as long.
            if single or condition.required is not None or not is_enough:
                break
        if chosen is None:
            return False
        self._commit_move(condition, *chosen)
        return True

    def _gives_value(self, situation: _Situation, positions: tuple[int, ...]) -> bool:
        """Return True if a gate counts more raw values of the indicators at `positions` in `situation` than now.

        A lower limit needs a value of every indicator that it names, so it may take a move of each.
        """
        names = [self._compiled.indicators[position].definition.id for position in positions]
        now, then = GateFigures(self._now.evaluation), GateFigures(situation.evaluation)
        return sum(now.read_share(name) is None for name in names) > sum(
            then.read_share(name) is None for name in names
        )

    def _list_unlocking_options(self, condition: _GateCondition) -> Iterator[_Option]:
        """Yield the options to try for a condition that one indicator can meet by itself, the lowest score first.

        The first of them that meets the condition is then the smallest move. An option for an answer without evidence
        brings evidence, because a gate on a raw value does not count the answer otherwise. While the zero rule of the
        indicator applies or could apply, none of its own options has an effect; then the options of each indicator
        that the zero rule reads are yielded, because one of them may lift the rule and so unlock the indicator.
        """
        for position in condition.single:
            if _is_stuck(self._now, position):
                for reader in self._search_plan.unlocking[position]:
                    yield from _list_options(self._now, self._compiled.indicators[reader], documented=True)
            else:
                leaf = self._compiled.indicators[position]
                value = self._find_required_value(condition, leaf)
                yield from _list_options(self._now, leaf, documented=True, value=value)

    def _find_required_value(self, condition: _GateCondition, leaf: CompiledIndicator) -> Fraction | None:
        """Find the least share of the present sample whose lower limit meets a condition on such a limit."""
        if condition.lower_bound is None:
            return None
        present = self._now.evaluation.results[leaf.position].value
        if present is None:
            return None
        n, (_, required) = present[1], condition.lower_bound
        cases = find_least_cases(n, required)
        return None if cases is None else Fraction(cases, n)

    def _apply_move(self, option: _Option, *, lenient: bool, any_gain: bool) -> tuple[_AppliedMove, _Situation] | None:
        """Try an option as a move; return the move with the situation after it, or None if it cannot be taken.

        An option that cannot be taken is remembered as refused. With `lenient`, the move may break rules, provided that
        other facts are changed to keep these rules. With `any_gain`, a move that leaves the score of the indicator
        equal is accepted too.
        """
        now, leaf = self._now, self._compiled.indicators[option.position]
        evaluation, former = now.evaluation, now.evaluation.results[option.position]
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
        is_better = any_gain or (result.score or 0) > (former.score or 0) or former.code not in OBSERVED
        if result.code not in OBSERVED or not is_better or _is_worse(situation, now):
            self._refused[option] = ()
            return None
        # A move that changes no other indicator lowers no score, and gates that ask for less are refused at load.
        turns_others = situation.evaluation.broken_rules is not evaluation.broken_rules
        if self._spares_gates and turns_others and not situation.meets_all(self._held):
            self.has_spared_gates = True
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
        """Find the new facts with which an indicator reaches an option; None if no valid facts reach it."""
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

    def _commit_move(
        self, condition: _GateCondition, option: _Option, taken: _AppliedMove, situation: _Situation
    ) -> None:
        leaf = self._compiled.indicators[taken.position]
        if situation.evaluation.broken_rules is self._now.evaluation.broken_rules:
            self._ranking.forget(leaf.ancestors)
        else:
            self._ranking.forget(self._compiled.groups)
        self._refused = {}
        self._taken.append(taken)
        self._now = situation
        self._held = self._list_held()
        self._tried.add((option.position, option.x))
        self._ranks.setdefault(taken.position, condition.rank)

    def _list_held(self) -> tuple[_GateCondition, ...]:
        """List the conditions, of the target and of the levels below it, that are met now."""
        figures = GateFigures(self._now.evaluation)
        return tuple(condition for condition in self._guarded if is_gate_met(condition.member, figures))

    def _find_latest(self, position: int, before: int | None = None) -> _AppliedMove | None:
        """Find the last move of the indicator at a position; None if there is none.

        If `before` is given, only the first `before` moves of the path are searched.
        """
        return next((taken for taken in reversed(self._taken[:before]) if taken.position == position), None)

    def _drop_superfluous(self) -> None:
        """Drop each move that no condition that is met needs; try the moves from the last to the first."""
        for index in reversed(range(len(self._taken))):
            taken = self._taken[index]
            if self._find_latest(taken.position) is taken:
                leaf, earlier = self._compiled.indicators[taken.position], self._find_latest(taken.position, index)
                restored = {slot: self._start.evaluation.sent[slot] for slot in taken.change}
                trial = _rescore_situation(
                    self._now,
                    leaf,
                    restored if earlier is None else restored | earlier.change,
                    declared=self._start.is_declared(leaf) and not (earlier is not None and earlier.documented),
                )
                if _is_worse(trial, self._now) or not trial.meets_all(self._held):
                    continue
                self._now = trial
            del self._taken[index]


def _is_worse(situation: _Situation, than: _Situation) -> bool:
    """Return True if a situation is worse than another one of the search.

    That is so if the situation has too little evidence for a level, or breaks a rule of severity `error` that the
    other one does not break.
    """
    if situation.evaluation.status not in ("complete", "sufficient"):
        return True
    return situation.evaluation.broken_rules is not than.evaluation.broken_rules and not (
        situation.list_contradictions() <= than.list_contradictions()
    )


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
        needs_evidence=taken.documented,
        score_before=to_points(result_before.score, compiled.unit),
        score=to_points(after.results[taken.position].score, compiled.unit),
        gain=None
        if after.index is None or before.index is None
        else to_points(after.index - before.index, compiled.unit),
        index=to_points(after.index, compiled.unit),
        level=level,
        requires=tuple(rule.definition.id for rule in taken.breaks if rule.definition.id in unmet),
    )


def _build_unreachable(conditions: list[_GateCondition], start: _Situation, end: _Situation) -> Unreachable:
    """Build the report of a gate that no moves can pass.

    `conditions` are the parts of this gate that cannot be met. The figures in the report are those of `start`, the
    situation before the moves. If the gate was passed in `start`, they are those of `end`, the situation after the
    moves that were found.
    """
    gate, rank, compiled = conditions[0].gate, conditions[0].rank, start.evaluation.compiled
    figures = next(
        figures for situation in (start, end) if not is_gate_met(gate, figures := GateFigures(situation.evaluation))
    )
    codes = {
        position: end.evaluation.results[position].code
        for position in sorted(frozenset().union(*(condition.indicators for condition in conditions)))
    }
    obstacle: Obstacle = "exhausted"
    if rank == 3:
        obstacle = "profile_first" if _unlocks_indicators(start.evaluation, gate) else "profile"
    if rank == 0 and (len(codes) == 1 or conditions[0].lower_bound is not None):
        # Of several indicators, the one without a value that a gate counts fails the gate; those that do not apply are
        # left out.
        code = min(codes.values(), key=lambda code: (code not in _OBSTACLES, code == "not_applicable"))
        obstacle = "not_applicable" if code == "not_applicable" else _OBSTACLES.get(code, obstacle)
    return Unreachable(
        gate=build_blocking_gate(compiled, describe_failing_gate(gate, figures)),
        code=obstacle,
        # A move of the profile may make an indicator applicable, which nobody could answer before.
        indicators=tuple(
            compiled.indicators[position].definition.id
            for position, code in codes.items()
            if code in _OBSTACLES and start.evaluation.results[position].code != "not_applicable"
        ),
    )


def _unlocks_indicators(evaluation: Evaluation, gate: CompiledGate) -> bool:
    """Return True if the organisation fills in all profile fields that a gate reads, and one makes an indicator 0."""
    holds, compiled = gate.definition.holds, evaluation.compiled
    read = _find_fields((*walk_operand_parts(holds.left), *walk_operand_parts(holds.right)))
    return all(field.set_by == "organisation" for field in compiled.document.profile if field.name in read) and any(
        result.code == "zero_by_rule" and read & _find_fields(walk_operands(leaf.definition.zero_when))
        for leaf, result in zip(compiled.indicators, evaluation.results, strict=True)
    )


def _find_fields(operands: Iterable[Operand]) -> set[str]:
    return {operand.field for operand in operands if isinstance(operand, ProfileOperand)}


_OBSTACLES: dict[Code, Obstacle] = {
    "zero_by_rule": "zero_by_rule",
    "contradicted": "contradicted",
    "unsupported": "contradicted",
    "unknown": "unanswered",
    "withdrawn": "unanswered",
    "rejected": "unanswered",
    "stale": "unanswered",
}
