"""The next step of an indicator: the least change that reaches a better goalpost, and what it brings.

SCORING section 7. Gains come from re-scoring: of the branch of the indicator, or of everything where the change
turns a rule or the zero rule of another indicator.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import cast

from msgspec import structs

from actitud_api.methodology.answers import FactValue, Submission
from actitud_api.methodology.predicates import Facts, Slot
from actitud_api.scoring.plan import CompiledIndicator, Ratio, Step
from actitud_api.scoring.result import Figure, NextStep, StepKind, figure
from actitud_api.scoring.scalar import Evaluation, evaluate_facts, published, score_children

Change = dict[int, Slot]
"""New facts by slot."""


def next_step(evaluation: Evaluation, submission: Submission, leaf: CompiledIndicator) -> NextStep | None:
    """The next step of one indicator; None at full marks and where it does not apply."""
    result = evaluation.leaves[leaf.position]
    match result.code:
        case "full" | "not_applicable":
            return None
        case "zero_by_rule":
            return _without_facts(evaluation, leaf, "unlock")
        case "contradicted":
            return _without_facts(evaluation, leaf, "correct")
        case "unknown" if result.fields:
            return _without_facts(evaluation, leaf, "evidence")
        case "unsupported" | "unknown" | "withdrawn" | "rejected" | "stale":
            return _without_facts(evaluation, leaf, "report")
        case "capped":
            return _evidence(evaluation, submission, leaf)
        case "partial" | "zero":
            return _improve(evaluation, submission, leaf)


def gain(evaluation: Evaluation, leaf: CompiledIndicator, score: int) -> Figure | None:
    """Index points that a new score of one indicator brings, by re-scoring its branch; None without an index."""
    if evaluation.index is None:
        return None
    changed: int | None = score
    node: str = leaf.indicator.id
    for group_id in leaf.path:
        group = evaluation.plan.groups[group_id]
        changed = score_children(
            group,
            [
                changed if child_id == node else own
                for child_id, own in zip(group.names, evaluation.counted(group), strict=True)
            ],
        )
        node = group_id
    index = published(evaluation.plan, changed)
    return None if index is None else figure(Fraction(index - evaluation.index, evaluation.plan.unit))


def _without_facts(evaluation: Evaluation, leaf: CompiledIndicator, kind: StepKind) -> NextStep:
    return NextStep(
        kind=kind,
        change={},
        gain=None,
        gain_max=gain(evaluation, leaf, leaf.best),
        evidence=kind == "evidence",
        cap=None,
        requires=(),
    )


def _evidence(evaluation: Evaluation, submission: Submission, leaf: CompiledIndicator) -> NextStep:
    """What lifts the caps of an answer; a level that review lowered becomes again what was sent, everywhere."""
    result = evaluation.leaves[leaf.position]
    assert result.score is not None
    change: Change = {} if result.level_sent is None else {leaf.slots[0]: result.level_sent}
    own, requires = _effect(evaluation, submission, leaf, change, result.uncapped, evidence=True)
    return NextStep(
        kind="evidence",
        change={},
        gain=own,
        gain_max=_most(evaluation, leaf, own),
        evidence=True,
        cap=figure(Fraction(result.score, evaluation.plan.unit)),
        requires=requires,
    )


def _improve(evaluation: Evaluation, submission: Submission, leaf: CompiledIndicator) -> NextStep:
    result = evaluation.leaves[leaf.position]
    assert result.score is not None
    better = [(x, units) for x, units in leaf.goalposts if units > result.score]
    for x, _ in better if leaf.rising else reversed(better):
        change = _reach(evaluation, leaf, x)
        if change is None:
            continue
        value_after = _value_after(leaf, _with(evaluation.facts, change))
        if value_after is None:
            continue
        reached = leaf.score(*value_after)
        if reached <= result.score:
            continue
        held = _held(leaf, submission, value_after, reached)
        evidence = held <= result.score
        own, requires = _effect(evaluation, submission, leaf, change, reached if evidence else held, evidence)
        return NextStep(
            kind="improve",
            change=_named(leaf, change),
            gain=own,
            gain_max=_most(evaluation, leaf, own),
            evidence=evidence,
            cap=figure(Fraction(held, evaluation.plan.unit)) if held < reached else None,
            requires=requires,
        )
    return _without_facts(evaluation, leaf, "act")


def _value_after(leaf: CompiledIndicator, changed: Facts) -> Ratio | None:
    """The raw value after a change; None where its own zero rule or applicability would take it away."""
    if leaf.zero_when is not None and leaf.zero_when(changed) is not False:
        return None
    if leaf.applies is not None and not leaf.applies(changed):
        return None
    return leaf.value(changed)


def _held(leaf: CompiledIndicator, submission: Submission, value: Ratio, reached: int) -> int:
    """What a value counts with while there is no evidence beyond what there is, where it would reach a score."""
    name = leaf.indicator.id
    if name in submission.level_caps:
        reached = min(reached, leaf.score(min(value[0], submission.level_caps[name]), 1))
    return min(reached, leaf.cap) if name in submission.self_declared else reached


def _effect(
    evaluation: Evaluation,
    submission: Submission,
    leaf: CompiledIndicator,
    change: Change,
    score: int,
    evidence: bool,
) -> tuple[Figure | None, tuple[str, ...]]:
    """Index points that a change brings with the score that its indicator then has, and the rules that it breaks."""
    requires, mended = _rules_that_turn(evaluation, leaf, change)
    if not requires and (mended or _reaches_others(evaluation, leaf, _with(evaluation.facts, change))):
        return _gain_of_all(evaluation, submission, leaf, change, evidence), requires
    return gain(evaluation, leaf, score), requires


def _most(evaluation: Evaluation, leaf: CompiledIndicator, own: Figure | None) -> Figure | None:
    """Index points up to full marks, at least those of the step."""
    most = gain(evaluation, leaf, leaf.best)
    return most if own is None or most is None else max(own, most)


def _reach(evaluation: Evaluation, leaf: CompiledIndicator, x: Fraction) -> Change | None:
    """The least admissible change whose raw value reaches x; None where there is none."""
    facts, layout, indicator = evaluation.facts, evaluation.plan.layout, leaf.indicator
    if indicator.type in ("level", "boolean"):
        return {leaf.slots[0]: bool(x) if indicator.type == "boolean" else int(x)}
    if indicator.type == "checklist":
        return _list_more(evaluation, leaf, x)
    step = leaf.step
    if step is None or leaf.value(facts) is None:
        return None
    least = _solve(step, facts, x, leaf.rising)
    if least is None:
        return None
    top = Fraction(step.maximum)
    if indicator.part_of_denominator:
        top = min(top, Fraction(cast("int", facts[layout.facts[indicator.id, "denominator"]])))
    if not step.minimum <= least <= top:
        return None
    return {step.slot: least.numerator if least.denominator == 1 else least}


def _solve(step: Step, facts: Facts, x: Fraction, rising: bool) -> Fraction | None:
    """The least change of the fact f such that (a·f + b) / (c·f + d) reaches x, on the grid of its decimals."""
    a, b, c, d = step.coefficients(facts)
    slope = a - x * c
    if not slope:
        return None
    scale = int(10**step.decimals)
    bound = Fraction(x * d - b) / Fraction(slope) * scale
    return Fraction(math.ceil(bound) if (slope > 0) == rising else math.floor(bound), scale)


def _list_more(evaluation: Evaluation, leaf: CompiledIndicator, x: Fraction) -> Change | None:
    """The first missing components, in document order, as many as x needs; those outside the remit are left."""
    facts, layout, indicator = evaluation.facts, evaluation.plan.layout, leaf.indicator
    slot, count = layout.facts[indicator.id, "components"], layout.facts[indicator.id, "count"]
    outside = layout.facts.get((indicator.id, "outside_remit"))
    left_out = frozenset() if outside is None else cast("frozenset[str]", facts[outside])
    listed = cast("frozenset[str]", facts[slot])
    for component in indicator.components:
        if component in listed or component in left_out:
            continue
        listed |= {component}
        changed = list(facts)
        changed[slot], changed[count] = listed, len(listed)
        value = leaf.value(changed)
        if value is not None and Fraction(*value) >= x:
            return {slot: listed, count: len(listed)}
    return None


def _named(leaf: CompiledIndicator, change: Change) -> dict[str, FactValue]:
    """The changed facts by name, without the derived ones."""
    if leaf.step is not None:
        return {leaf.step.name: figure(cast("int | Fraction", change[leaf.step.slot]))}
    fact = leaf.indicator.facts[0].name
    value = change[leaf.slots[0]]
    if isinstance(value, frozenset):
        return {fact: tuple(component for component in leaf.indicator.components if component in value)}
    return {fact: cast("bool | int", value)}


def _with(facts: Facts, change: Change) -> Facts:
    """The facts after a change."""
    changed = list(facts)
    for slot, value in change.items():
        changed[slot] = value
    return changed


def _rules_that_turn(evaluation: Evaluation, leaf: CompiledIndicator, change: Change) -> tuple[tuple[str, ...], bool]:
    """The error rules that hold now and would break after the change; whether it mends one that is broken."""
    field = leaf.step.name if leaf.step is not None and leaf.step.field else None
    broken = {found.compiled.rule.id for found in evaluation.broken}
    sent = _with(evaluation.sent, change)
    changed = _with(evaluation.facts, change)
    breaks: list[str] = []
    mended = False
    for compiled in evaluation.plan.rules:
        if compiled.rule.severity == "error" and (leaf.position in compiled.reads or field in compiled.fields):
            if compiled.rule.id in broken:
                mended = mended or bool(compiled.holds(sent))
            elif not compiled.holds(changed):
                breaks.append(compiled.rule.id)
    return tuple(breaks), mended


def _reaches_others(evaluation: Evaluation, leaf: CompiledIndicator, changed: Facts) -> bool:
    """Whether the change turns the zero rule, the applicability or the value of another indicator."""
    for position in leaf.ripples:
        other = evaluation.plan.leaves[position]
        for closure in (other.zero_when, other.applies, other.value):
            if closure is not None and closure(evaluation.facts) != closure(changed):
                return True
    return False


def _gain_of_all(
    evaluation: Evaluation, submission: Submission, leaf: CompiledIndicator, change: Change, evidence: bool
) -> Figure | None:
    """Index points by scoring everything anew, where a change reaches beyond its own branch."""
    sent = _with(evaluation.sent, change)
    if evidence:
        name = leaf.indicator.id
        submission = structs.replace(
            submission,
            self_declared=submission.self_declared - {name},
            level_caps={other: cap for other, cap in submission.level_caps.items() if other != name},
        )
    index = evaluate_facts(evaluation.plan, sent, submission).index
    if index is None or evaluation.index is None:
        return None
    return figure(Fraction(index - evaluation.index, evaluation.plan.unit))
