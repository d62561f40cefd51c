"""Next step of an indicator: the smallest change that reaches a better goalpost, and its gain.

The method is that of docs/scoring.md, section 7. A gain is computed by scoring again: only the groups that contain the
indicator, or everything if the change affects a rule or the score of another indicator.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import cast

from msgspec import Struct, structs

from actitud_api.engine.methodology.predicates import Facts, Number, Slot
from actitud_api.engine.methodology.requests.answers import FactValue, Submission
from actitud_api.engine.scoring.aggregations import UNKNOWN
from actitud_api.engine.scoring.compile import CACHE_SIZE, CompiledIndicator, CompiledMethodology, round_to_step
from actitud_api.engine.scoring.evaluate import (
    Evaluation,
    GroupSensitivity,
    LinearTerms,
    build_group_sensitivity,
    evaluate_compiled,
    is_affected,
    reads_contradicted,
    round_to_published,
)
from actitud_api.engine.scoring.indicator_result import Ratio
from actitud_api.engine.scoring.raw_values import ImprovementStep
from actitud_api.engine.scoring.result import Figure, NextStep, StepKind, to_figure, to_points, to_quotient

FactChange = dict[int, Slot]
"""New values of facts or profile fields, by slot; empty if no fact changes."""


class BranchRescorer:
    """Calculator of the index that an evaluation would have with another score of one indicator.

    Only the branch of the tree from this indicator up to the root is scored again.
    """

    def __init__(self, evaluation: Evaluation) -> None:
        self.evaluation, self._index = evaluation, evaluation.index
        self._unit, self._step = evaluation.compiled.unit, evaluation.compiled.published_step
        self._sensitivities: dict[str, GroupSensitivity] = {}
        self._branches: dict[str, tuple[list[LinearTerms | None], tuple[LinearTerms, ...]]] = {}
        self._broken: frozenset[str] | None = None

    def compute_gain(self, leaf: CompiledIndicator, score: int) -> Figure | None:
        """Compute the points that the published index would gain with another score of an indicator.

        `score` is in units of 10^-decimals of a point. Return None if there is no index before or after the change.
        """
        index = self._index
        if index is None:
            return None
        changed = self.rescore(leaf, score)
        # A group that was not rated may be rated with this score, and an unknown child may then leave it without one.
        return None if changed is None else to_quotient(changed - index, self._unit)

    def rescore(self, leaf: CompiledIndicator, score: int) -> int | None:
        """Compute the published index that the evaluation would have with another score of an indicator.

        Score and index are in units of 10^-decimals of a point. Return None if there would be no index.
        """
        lines, above = self._branches.get(leaf.ancestors[0]) or self._find_branch(leaf)
        line = lines[leaf.child_positions[0]]
        if line is None:
            return self._rescore_in_full(leaf, score)
        a, b, divisor = line
        score = (a * score + b) // divisor
        for a, b, divisor in above:
            score = (a * score + b) // divisor
        return score if self._step == 1 else round_to_step(score, self._step)

    def _rescore_in_full(self, leaf: CompiledIndicator, score: int) -> int | None:
        changed: int | None = score
        for name, child_position in zip(leaf.ancestors, leaf.child_positions, strict=True):
            changed = self._find_sensitivity(name).rescore(child_position, changed)
        return round_to_published(self.evaluation.compiled, None if changed == UNKNOWN else changed)

    def _find_branch(self, leaf: CompiledIndicator) -> tuple[list[LinearTerms | None], tuple[LinearTerms, ...]]:
        """Return the linear terms of the children of the group of an indicator, and those of the groups above it.

        `GroupSensitivity` explains them. The former are None if one of the groups above is not linear in the score of
        its child.
        """
        parent, *names = leaf.ancestors
        lines = self._find_sensitivity(parent).linear_terms
        terms = [
            self._find_sensitivity(name).linear_terms[child_position]
            for name, child_position in zip(names, leaf.child_positions[1:], strict=True)
        ]
        above = tuple(line_terms for line_terms in terms if line_terms is not None)
        branch = self._branches[parent] = lines if len(above) == len(terms) else [None] * len(lines), above
        return branch

    def _find_sensitivity(self, name: str) -> GroupSensitivity:
        if name not in self._sensitivities:
            self._sensitivities[name] = build_group_sensitivity(self.evaluation, self.evaluation.compiled.groups[name])
        return self._sensitivities[name]

    @property
    def broken_rules(self) -> frozenset[str]:
        """Ids of the rules that the evaluated submission breaks."""
        if self._broken is None:
            self._broken = frozenset(rule.rule.definition.id for rule in self.evaluation.broken_rules)
        return self._broken


def find_next_step(branches: BranchRescorer, submission: Submission, leaf: CompiledIndicator) -> NextStep | None:
    """Find the next step of an indicator: the smallest change that reaches a better goalpost, and its gain.

    A goalpost is a point of the curve of the indicator, from raw values to scores. Return None if the indicator has its
    best score or is not applicable. If no new value of a single fact is enough, the step has an empty `change`, and its
    `kind` names the action, such as `report` (send an answer) or `correct` (resolve a contradiction).
    """
    result = branches.evaluation.results[leaf.position]
    match result.code:
        case "partial" | "zero":
            return _improve_fact(branches, submission, leaf)
        case "zero_by_rule":
            return _build_open_step(branches, leaf, "unlock")
        case "contradicted":
            return _build_open_step(branches, leaf, "correct")
        case "unknown" if result.fields:
            return _build_open_step(branches, leaf, "evidence")
        case "unsupported" | "unknown" | "withdrawn" | "rejected" | "stale":
            return _build_open_step(branches, leaf, "report")
        case "capped":
            return _document_answer(branches, submission, leaf)
    return None


def _build_open_step(branches: BranchRescorer, leaf: CompiledIndicator, kind: StepKind) -> NextStep:
    return NextStep(
        kind=kind,
        change={},
        gain=None,
        gain_max=branches.compute_gain(leaf, leaf.best),
        needs_evidence=kind == "evidence",
        cap=None,
        requires=(),
    )


def _document_answer(branches: BranchRescorer, submission: Submission, leaf: CompiledIndicator) -> NextStep:
    """Build the next step for an answer whose score is capped: to bring evidence, which removes every cap.

    If a review lowered the level, the gain is computed with the level as sent.
    """
    evaluation = branches.evaluation
    result = evaluation.results[leaf.position]
    assert result.score is not None
    change: FactChange = {} if result.level_sent is None else {leaf.slots[0]: result.level_sent}
    gain, requires = _compute_effect(branches, submission, leaf, change, result.uncapped, evidence=True)
    return NextStep(
        kind="evidence",
        change={},
        gain=gain,
        gain_max=_compute_gain_max(branches, leaf, gain),
        needs_evidence=True,
        cap=to_points(result.score, evaluation.compiled.unit),
        requires=requires,
    )


def _improve_fact(branches: BranchRescorer, submission: Submission, leaf: CompiledIndicator) -> NextStep:
    evaluation = branches.evaluation
    score = evaluation.results[leaf.position].score
    assert score is not None
    rungs = _list_rungs(evaluation.compiled)[leaf.position]
    if rungs is not None:
        for rung in rungs:
            if rung.units > score:
                return _build_improvement(branches, submission, leaf, rung, score)
        return _build_open_step(branches, leaf, "act")
    for x, units in leaf.ascending_goalposts:
        if units <= score:
            continue
        change = find_change_reaching(evaluation, leaf, x)
        if change is None:
            continue
        changed = apply_change(evaluation.facts, change)
        value_after = _compute_value_after(leaf, changed)
        if value_after is None:
            continue
        reached = leaf.curve(*value_after)
        if reached > score:
            better = _Improvement(reached, value_after, change, name_changes(leaf, change), changed)
            return _build_improvement(branches, submission, leaf, better, score)
    return _build_open_step(branches, leaf, "act")


class _Improvement(Struct, frozen=True, gc=False):
    """A change of the facts of an indicator, with the result of the change.

    `change` has the new facts by slot, `named` the same facts by name. `value` is the raw value after the change, and
    `units` the score after it, in units of 10^-decimals of a point. `changed` has all facts of one submission after
    the change, None if the improvement is that of several.
    """

    units: int
    value: Ratio
    change: FactChange
    named: dict[str, FactValue]
    changed: Facts | None = None


def _build_improvement(
    branches: BranchRescorer, submission: Submission, leaf: CompiledIndicator, better: _Improvement, score: int
) -> NextStep:
    score_without_evidence = _cap_without_evidence(leaf, submission, better.value, better.units)
    evidence = score_without_evidence <= score
    reached = better.units if evidence else score_without_evidence
    gain, requires = _compute_effect(branches, submission, leaf, better.change, reached, evidence, better.changed)
    return NextStep(
        kind="improve",
        change=better.named,
        gain=gain,
        gain_max=_compute_gain_max(branches, leaf, gain),
        needs_evidence=evidence,
        cap=to_points(score_without_evidence, branches.evaluation.compiled.unit)
        if score_without_evidence < better.units
        else None,
        requires=requires,
    )


@lru_cache(CACHE_SIZE)
def _list_rungs(compiled: CompiledMethodology) -> tuple[tuple[_Improvement, ...] | None, ...]:
    """List the levels of each ladder, and the two values of each yes/no question, as improvements in ascending score.

    The list has one entry for each indicator, by position. The entry is None for an indicator of another kind, and for
    an indicator whose own zero rule or applicability reads the fact that the improvement changes.
    """
    return tuple(
        None
        if scorer.table is None or scorer.indicator.is_circular
        else tuple(_build_rung(scorer.indicator, int(x), units) for x, units in scorer.indicator.ascending_goalposts)
        for scorer in compiled.blocks.scorers
    )


def _build_rung(leaf: CompiledIndicator, x: int, units: int) -> _Improvement:
    change: FactChange = {leaf.slots[0]: bool(x) if leaf.definition.type == "boolean" else x}
    return _Improvement(units, (x, 1), change, name_changes(leaf, change))


def _compute_value_after(leaf: CompiledIndicator, changed: Facts) -> Ratio | None:
    """Compute the raw value of an indicator after a change of its own fact.

    `changed` has all facts after the change. Return None if these facts give no raw value, make the zero rule of the
    indicator apply, or make the indicator not applicable.
    """
    if leaf.is_circular:
        if leaf.zero_when is not None and leaf.zero_when(changed) is not False:
            return None
        if leaf.applies is not None and not leaf.applies(changed):
            return None
    return leaf.compute_value(changed)


def _cap_without_evidence(leaf: CompiledIndicator, submission: Submission, value: Ratio, reached: int) -> int:
    """Return the score that an indicator would have at a raw value if the organisation added no evidence.

    `reached` is the score at the raw value `value` without caps. Two caps of the present answer may lower it: the
    highest level that a review allows, and the cap of an answer without evidence. Scores are in units of 10^-decimals
    of a point.
    """
    if not submission.level_caps and not submission.self_declared:
        return reached
    name = leaf.definition.id
    if name in submission.level_caps:
        reached = min(reached, leaf.curve(min(value[0], submission.level_caps[name]), 1))
    return min(reached, leaf.cap) if name in submission.self_declared else reached


def _compute_effect(
    branches: BranchRescorer,
    submission: Submission,
    leaf: CompiledIndicator,
    change: FactChange,
    score: int,
    evidence: bool,
    changed: Facts | None = None,
) -> tuple[Figure | None, tuple[str, ...]]:
    """Compute the index points gained by a change, and list the ids of the rules that the change breaks.

    `score` is the score of the indicator after the change; `evidence` is True if the change comes with evidence, and
    `changed` has all facts after it, where they are known. The gain is None if there is no index before or after the
    change.
    """
    evaluation = branches.evaluation
    # Most indicators affect nothing else, and then nothing but their own groups has to be scored.
    if not (leaf.dependents or leaf.is_circular or evaluation.compiled.touching_rules[leaf.position]):
        return branches.compute_gain(leaf, score), ()
    changed = changed or apply_change(evaluation.facts, change)
    requires = _find_newly_broken_rules(branches, leaf, change, changed)
    # The change may mend a contradiction, or make another one.
    turns_rules = bool(branches.broken_rules) and any(
        rule.definition.id in branches.broken_rules or reads_contradicted(rule, evaluation.results)
        for rule in evaluation.compiled.touching_rules[leaf.position]
    )
    # The level as sent, from which evidence lifts the cap, may be one at which the indicator counts 0 or leaves.
    loses_value = leaf.is_circular and _compute_value_after(leaf, changed) is None
    reaches_others = bool(leaf.dependents) and any(
        is_affected(evaluation.compiled.indicators[other], evaluation.facts, changed, submission.profile_self_declared)
        for other in leaf.dependents
    )
    if not requires and (turns_rules or loses_value or reaches_others):
        return _compute_full_gain(evaluation, submission, leaf, change, evidence), requires
    return branches.compute_gain(leaf, score), requires


def _compute_gain_max(branches: BranchRescorer, leaf: CompiledIndicator, gain: Figure | None) -> Figure | None:
    """Compute the index points gained by the best score of an indicator, or by its next step if that gains more.

    The next step, whose gain is `gain`, can gain more because it may affect other indicators too. Return None if there
    is no index before or after the change.
    """
    maximum = branches.compute_gain(leaf, leaf.best)
    return maximum if gain is None or maximum is None else max(gain, maximum)


def find_change_reaching(evaluation: Evaluation, leaf: CompiledIndicator, x: Fraction) -> FactChange | None:
    """Find the smallest valid change of one fact with which the raw value of an indicator equals or is better than `x`.

    Return the new values by slot (index in the list of facts). Return None if there is no such change: the document
    names no fact to change, or the new value would be out of its range.
    """
    facts, layout, indicator = evaluation.facts, evaluation.compiled.layout, leaf.definition
    if indicator.type in ("level", "boolean"):
        return {leaf.slots[0]: bool(x) if indicator.type == "boolean" else int(x)}
    if indicator.type == "checklist":
        return _add_components(evaluation, leaf, x)
    step = leaf.step
    if step is None or leaf.compute_value(facts) is None:
        return None
    smallest = _solve(step, facts, x, leaf.is_rising)
    if smallest is None:
        return None
    scale = step.scale
    if not step.minimum * scale <= smallest <= step.maximum * scale:
        return None
    if indicator.part_of_denominator and (
        smallest > cast("int", facts[layout.facts[indicator.id, "denominator"]]) * scale
    ):
        return None
    return {step.slot: Fraction(smallest, scale) if smallest % scale else smallest // scale}


def _solve(step: ImprovementStep, facts: Facts, x: Fraction, rising: bool) -> int | None:
    """Return the value f of the fact, in units of its last decimal, with which the raw value just reaches `x`.

    The raw value is (a·f + b) / (c·f + d) with the coefficients of `step`. It must become at least `x` if `rising` is
    True, else at most `x`. Return None if the raw value does not depend on f.
    """
    a, b, c, d = step.coefficients(facts)
    n, below = x.as_integer_ratio()
    if c * cast("Number", facts[step.slot]) + d < 0:
        a, b, c, d = -a, -b, -c, -d
    # Where the denominator is positive, the condition (a·f + b) / (c·f + d) ≥ n / below, or ≤ for a falling curve,
    # becomes slope·f ≥ bound, or ≤. Integer division rounds f to the side on which the condition holds.
    slope = a * below - n * c
    if not slope:
        return None
    bound = (n * d - b * below) * step.scale
    return int(-(-bound // slope) if (slope > 0) == rising else bound // slope)


def _add_components(evaluation: Evaluation, leaf: CompiledIndicator, x: Fraction) -> FactChange | None:
    """Find the change that lists as few further components as possible, in document order, to reach the raw value `x`.

    Components that the organisation sent as outside of its powers (fact `outside_remit`) are skipped. Return None if
    `x` cannot be reached.
    """
    facts, layout, indicator = evaluation.facts, evaluation.compiled.layout, leaf.definition
    slot, count = layout.facts[indicator.id, "components"], layout.facts[indicator.id, "count"]
    is_count = leaf.quotient_slots == (count, None)
    outside = layout.facts.get((indicator.id, "outside_remit"))
    outside_remit = frozenset() if outside is None else cast("frozenset[str]", facts[outside])
    listed = cast("frozenset[str]", facts[slot])
    for component in indicator.components:
        if component in listed or component in outside_remit:
            continue
        listed |= {component}
        # The raw value is the count itself, so the formula need not be evaluated.
        if is_count and len(listed) < x:
            continue
        changed = list(facts)
        changed[slot], changed[count] = listed, len(listed)
        value = leaf.compute_value(changed)
        if value is not None and (Fraction(*value) >= x if leaf.is_rising else Fraction(*value) <= x):
            return {slot: listed, count: len(listed)}
    return None


def name_changes(leaf: CompiledIndicator, change: FactChange) -> dict[str, FactValue]:
    """Return the changed facts by name, in the form in which an organisation sends them.

    `change` has the new values by slot (index in the list of facts). Counts that are derived from lists are left out,
    because an organisation sends only the lists.
    """
    if leaf.step_field is not None and leaf.step is not None:
        return {leaf.step_field: to_figure(cast("int | Fraction", change[leaf.step.slot]))} if change else {}
    names: dict[str, FactValue] = {}
    for name, slot in leaf.facts:
        if slot in change:
            value = change[slot]
            if isinstance(value, frozenset):
                names[name] = tuple([component for component in leaf.definition.components if component in value])
            elif isinstance(value, int):
                names[name] = value
            else:
                names[name] = to_figure(cast("Fraction", value))
    return names


def apply_change(facts: Facts, change: FactChange) -> Facts:
    """Return a copy of the list of facts in which the values in `change`, by index, replace the old ones."""
    changed = list(facts)
    for slot, value in change.items():
        changed[slot] = value
    return changed


def _find_newly_broken_rules(
    branches: BranchRescorer, leaf: CompiledIndicator, change: FactChange, changed: Facts
) -> tuple[str, ...]:
    """Return the ids of the rules of severity `error` that hold now and that a change would break.

    `changed` has all facts after the change, without the contradicted answers. Rules are checked with these answers
    too, because they are checked so before anything is contradicted.
    """
    evaluation, broken = branches.evaluation, branches.broken_rules
    sent = None if evaluation.facts is evaluation.sent else apply_change(evaluation.sent, change)
    return tuple(
        [
            rule.definition.id
            for rule in evaluation.compiled.touching_rules[leaf.position]
            if rule.definition.id not in broken and not (rule.holds(changed) and (sent is None or rule.holds(sent)))
        ]
    )


def _compute_full_gain(
    evaluation: Evaluation, submission: Submission, leaf: CompiledIndicator, change: FactChange, evidence: bool
) -> Figure | None:
    """Compute the index points gained by a change that affects other indicators, by scoring everything again.

    `evidence` is True if the change comes with evidence. Return None if there is no index before or after the change.
    """
    sent = apply_change(evaluation.sent, change)
    if evidence:
        name = leaf.definition.id
        submission = structs.replace(
            submission,
            self_declared=submission.self_declared - {name},
            level_caps={other: cap for other, cap in submission.level_caps.items() if other != name},
        )
    index = evaluate_compiled(evaluation.compiled, sent, submission).index
    if index is None or evaluation.index is None:
        return None
    return to_quotient(index - evaluation.index, evaluation.compiled.unit)
