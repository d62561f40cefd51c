"""Options of the search for a path to a level: possible changes of answers, and the order in which they are tried."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable, Iterator
from fractions import Fraction

from msgspec import Struct, structs

from actitud_api.engine.methodology.predicates import Facts, Number, name_derived_count
from actitud_api.engine.methodology.requests.answers import Submission
from actitud_api.engine.scoring.aggregations import UNKNOWN
from actitud_api.engine.scoring.compile import (
    CompiledGroup,
    CompiledIndicator,
    CompiledMethodology,
    GateFigures,
    drop_rules,
)
from actitud_api.engine.scoring.evaluate import (
    OBSERVED,
    Evaluation,
    GroupSensitivity,
    build_group_sensitivity,
    evaluate_compiled,
    is_affected,
    publish_score,
    reads_contradicted,
    round_to_published,
    score_children,
    score_indicator,
)
from actitud_api.engine.scoring.next_steps import FactChange, apply_change
from actitud_api.engine.scoring.path_conditions import GateCondition
from actitud_api.engine.scoring.path_profile import list_profile_changes


class Option(Struct, frozen=True, gc=False):
    """A possible move of one indicator: an answer with another raw value, or new evidence for the present answer.

    Attributes:
        position: Position of the indicator.
        x: Raw value to reach, None if the raw value stays.
        units: Lowest score of the indicator after the move, that of the raw value, in units of 10^-decimals of a point.
        documented: True if the move includes new evidence.
    """

    position: int
    x: Fraction | None
    units: int
    documented: bool


_RankedOption = tuple[int, int, int, Option]
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


class Situation(Struct, frozen=True):
    """State of a search for a path to a level: evaluation and submission after the moves so far.

    `suspended` are the ids of the validation rules that these moves break unless other facts are changed too; these
    rules are not evaluated.
    """

    evaluation: Evaluation
    submission: Submission
    suspended: frozenset[str]

    def is_declared(self, leaf: CompiledIndicator) -> bool:
        """Return True if the answer to an indicator has no evidence."""
        return leaf.definition.id in self.submission.self_declared

    def meets(self, condition: GateCondition) -> bool:
        """Return True if the score in this situation meets a condition of the search."""
        return condition.member.is_met(GateFigures(self.evaluation))

    def meets_all(self, conditions: Iterable[GateCondition]) -> bool:
        """Return True if the score in this situation meets all conditions."""
        figures = GateFigures(self.evaluation)
        return all(condition.member.is_met(figures) for condition in conditions)

    def list_contradictions(self) -> frozenset[str]:
        """Return the ids of the rules of severity `error` that the answers of this situation break."""
        broken = self.evaluation.broken_rules
        if not broken:
            return frozenset()
        return frozenset(rule.rule.definition.id for rule in broken if rule.rule.definition.severity == "error")


def list_options(
    situation: Situation, leaf: CompiledIndicator, *, documented: bool = False, value: Fraction | None = None
) -> list[Option]:
    """List the options (possible moves) that raise the score of an indicator, the best one last.

    The list is empty if no change of the answer can help, for example because the indicator does not apply, is
    contradicted, or has a zero rule that applies or could apply (a condition that makes the score the lowest one).

    Args:
        situation: State of the search.
        leaf: The indicator.
        documented: True if all options include evidence. Then options that leave the score equal are listed too,
            because they can help to pass gates on the raw value.
        value: A raw value that a gate requires, which is an option too; None if the goalposts of the curve are enough.
    """
    result = situation.evaluation.results[leaf.position]
    declared, floor = situation.is_declared(leaf), result.uncapped
    present: Fraction | None = None
    options: list[Option] = []
    match result.code:
        case "unknown" | "withdrawn" | "rejected" | "stale" if not result.fields and not result.undetermined:
            declared, documented, floor = True, True, leaf.low
        case "capped":
            present = None if result.value is None else Fraction(*result.value)
            options.append(Option(leaf.position, None, floor, declared))
        case "full" | "partial" | "zero":
            if documented:
                present = None if result.value is None else Fraction(*result.value)
                if declared:
                    options.append(Option(leaf.position, None, floor, True))
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
            options.append(Option(leaf.position, x, units, declared and (documented or units > leaf.cap)))
    return options


def build_blank_answer(compiled: CompiledMethodology, leaf: CompiledIndicator) -> FactChange | None:
    """Build an answer with the lowest allowed facts, from which the search starts for an unknown indicator.

    Return the facts by slot (index in the list of facts). Return None if the indicator has several facts, because a
    move (step of the path) changes only one of them; for a checklist there is always an answer.
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


def is_stuck(situation: Situation, position: int) -> bool:
    """Return True if moves of an indicator have no effect, because its zero rule applies or could apply.

    A zero rule is a condition that makes the score the lowest one. Only moves of the indicators that it reads can end
    this state.
    """
    result = situation.evaluation.results[position]
    return result.code == "zero_by_rule" or result.undetermined


def rescore_situation(
    situation: Situation, leaf: CompiledIndicator, change: FactChange, *, declared: bool
) -> Situation:
    """Return the state of the search after the facts of an indicator have changed to those in `change`.

    `change` has the new facts by slot (index in the list of facts). `declared` is True if the new answer has no
    evidence. If the facts affect rules or other indicators, everything is scored again, otherwise only the groups that
    contain the indicator.
    """
    evaluation, submission, compiled = situation.evaluation, situation.submission, situation.evaluation.compiled
    if declared != situation.is_declared(leaf):
        submission = structs.replace(submission, self_declared=submission.self_declared ^ {leaf.definition.id})
    facts = apply_change(evaluation.facts, change)
    sent = facts if evaluation.sent is evaluation.facts else apply_change(evaluation.sent, change)
    if list_profile_changes(compiled, leaf, change) or not _is_contained(situation, leaf, facts):
        rescored = evaluate_compiled(drop_rules(compiled, situation.suspended), sent, submission)
        return Situation(structs.replace(rescored, compiled=compiled), submission, situation.suspended)
    leaves, groups = list(evaluation.results), dict(evaluation.groups)
    leaves[leaf.position] = score_indicator(compiled, leaf, facts, None, {}, submission)
    rescored = structs.replace(
        evaluation, facts=facts, sent=sent, results=leaves, groups=groups, self_declared=submission.self_declared
    )
    for name in leaf.ancestors:
        score = score_children(compiled.groups[name], rescored.list_child_scores(compiled.groups[name]))
        groups[name] = None if name in rescored.unknown else score
    rescored.index = round_to_published(compiled, groups[compiled.document.root.id])
    return Situation(rescored, submission, situation.suspended)


def _is_contained(situation: Situation, leaf: CompiledIndicator, changed: Facts) -> bool:
    """Return True if the new facts `changed` can change no score but that of the indicator and of the groups above it.

    That is, no rule is newly broken or repaired, and no other indicator changes.
    """
    evaluation = situation.evaluation
    if evaluation.results[leaf.position].code not in OBSERVED or leaf.definition.id in situation.submission.level_caps:
        return False
    broken = situation.list_contradictions()
    for rule in evaluation.compiled.touching_rules[leaf.position]:
        if rule.definition.id in broken or (
            rule.definition.id not in situation.suspended
            and (not rule.holds(changed) or reads_contradicted(rule, evaluation.results))
        ):
            return False
    for closure in (leaf.zero_when, leaf.applies):
        if closure is not None and closure(evaluation.facts) != closure(changed):
            return False
    for position in leaf.dependents:
        other = evaluation.compiled.indicators[position]
        if is_affected(other, evaluation.facts, changed, situation.submission.profile_self_declared):
            return False
    return changed[leaf.presence_slot] is not None if leaf.presence_slot is not None else True


class OptionRanking:
    """Ranking of the options (possible moves) of a search, in the order in which the search tries them.

    The options of each group are cached; the search calls `forget` when a score in the group changes.
    """

    def __init__(self, compiled: CompiledMethodology, favoured: frozenset[int]) -> None:
        self._compiled = compiled
        self._favoured = favoured
        self._lifted: dict[str, Iterable[_RankedOption]] = {}

    def forget(self, groups: Iterable[str]) -> None:
        """Remove the cached options of the groups with these ids."""
        for name in groups:
            self._lifted.pop(name, None)

    def rank(self, situation: Situation, condition: GateCondition) -> Iterator[Option]:
        """Yield the options that help to meet a condition, in the order in which they should be tried.

        First come the options that alone are enough to meet the condition: those of favoured indicators (in pillars,
        the extra figures that conditions of levels read) before the others, and among these the smallest gain of the
        group first. Then come all options by falling gain, down to the options that do not change the score of the
        group. So an option may be yielded twice.
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
            enough.sort(key=lambda ranked_option: (ranked_option[1] not in self._favoured, *ranked_option[:3]))
            yield from (ranked_option[-1] for ranked_option in enough if ranked_option[1] in condition.indicators)
        present = self._to_order(group, score_children(group, sensitivity.child_scores))
        for ranked_option in heapq.merge(*below, key=_best_first):
            if ranked_option[0] < present:
                return
            if ranked_option[1] in condition.indicators:
                yield ranked_option[-1]

    def _list_below(self, situation: Situation, child: CompiledGroup | int) -> Iterable[_RankedOption]:
        """List the options of all indicators in `child`, best first, each with the score of `child` after the option.

        `child` is a group, or the position of an indicator. One without weight in its group has no options.
        """
        if isinstance(child, int):
            leaf = self._compiled.indicators[child]
            options = reversed(list_options(situation, leaf)) if leaf.definition.weight else ()
            return [(option.units, child, option.units, option) for option in options]
        if not child.definition.weight:
            return []
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


def compare_progress(condition: GateCondition, before: Situation, after: Situation) -> int:
    """Compare the distances of two situations (states of a search) from a condition that neither meets.

    Return 1 if `after` is nearer, -1 if it is farther, and 0 if both are as far.
    """
    was, is_now = _measure_distance(condition, before), _measure_distance(condition, after)
    if was is None or is_now is None:
        return (was is None) - (is_now is None)
    return (was > is_now) - (was < is_now)


def _measure_distance(condition: GateCondition, situation: Situation) -> Number | None:
    """Measure the distance to the required number; None if there is no number, for example because a node has left."""
    figures = GateFigures(situation.evaluation)
    actual, required = condition.member.actual(figures), condition.member.required(figures)
    if isinstance(actual, int | Fraction) and isinstance(required, int | Fraction):
        return max(required - actual, actual - required)
    return None


def is_worse(situation: Situation, than: Situation, start: Situation | None = None) -> bool:
    """Return True if a situation (state of a search) has too little evidence for a level, or breaks a further rule.

    A further rule is one of severity `error` that the situation `than` does not break, nor the situation `start`; None
    leaves `start` out of the comparison.
    """
    if situation.evaluation.status not in ("complete", "sufficient"):
        return True
    if situation.evaluation.broken_rules is than.evaluation.broken_rules:
        return False
    allowed = than.list_contradictions() | (frozenset() if start is None else start.list_contradictions())
    return not situation.list_contradictions() <= allowed
