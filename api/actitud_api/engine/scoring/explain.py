"""Explains a score: reasons, points, main reasons, findings and next steps, language-neutral (SCORING section 7)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from typing import cast

from msgspec import Struct

from actitud_api.engine.methodology.digests import digest
from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.model import (
    All,
    AnswerOperand,
    Any,
    ComponentOperand,
    Implies,
    Not,
    Predicate,
    ProfileOperand,
    Scalar,
)
from actitud_api.engine.methodology.predicates import (
    DECIMALS_OF_NUMBERS,
    NULL,
    Evaluated,
    Facts,
    Number,
    Slot,
    compile_predicate,
    operands,
    over_facts,
    present_in_facts,
    units_of,
)
from actitud_api.engine.methodology.requests.answers import FactValue, Submission
from actitud_api.engine.scoring.attribution import Allocation, allocate
from actitud_api.engine.scoring.compile import (
    EXPONENTS,
    KEPT,
    CompiledGroup,
    CompiledIndicator,
    Plan,
    power_mean,
    quantised,
)
from actitud_api.engine.scoring.evaluate import BlockedBy, Broken, Evaluation, Leaf, evaluate, published, state_of
from actitud_api.engine.scoring.leaves import Ratio
from actitud_api.engine.scoring.next_steps import Branches, next_step
from actitud_api.engine.scoring.result import (
    COVERAGE_DECIMALS,
    BlockingGate,
    DimensionScore,
    Figure,
    Finding,
    IndicatorScore,
    Interval,
    LevelReached,
    MainReason,
    MethodologyReference,
    NextStep,
    Parameters,
    PassedGoalpost,
    Reason,
    Score,
    figure,
    points,
    quotient,
    rounded,
    rounded_quotient,
)
from actitud_api.engine.scoring.sampling_intervals import interval

MAIN_REASONS = 4
"""At most so many main reasons (SCORING, section 7)."""


def explain(methodology: Methodology, submission: Submission) -> Score:
    """The canonical result of a submission: score, explanation, findings and the digest of the input."""
    evaluation = evaluate(methodology, submission)
    return explained(evaluation, submission)


def outline(methodology: Methodology, submission: Submission) -> Score:
    """The canonical result without what explains it: no main reasons, no points, no indicators."""
    evaluation = evaluate(methodology, submission)
    return _score(evaluation, submission, (), _outlined(evaluation, evaluation.plan.root), ())


def _outlined(evaluation: Evaluation, above: CompiledGroup) -> tuple[DimensionScore, ...]:
    """The groups directly below a group, without points and indicators."""
    unit = evaluation.plan.unit
    return tuple(
        DimensionScore(
            id=child.group.id,
            score=points(evaluation.groups[child.group.id], unit),
            score_max=points(evaluation.groups_max[child.group.id], unit),
            weight=child.group.weight,
            coverage=_coverage(evaluation, child),
            possible=None,
            won=None,
            lost=None,
            groups=_outlined(evaluation, child),
            indicators=(),
        )
        for child in above.children
        if not isinstance(child, int)
    )


class _Explained(Struct, frozen=True):
    """What the explanation of every indicator shares."""

    evaluation: Evaluation
    plan: Plan
    unit: int
    allocation: Allocation
    values: list[Figure | bool | None]
    """Raw values, and what follows them, by the position of each indicator."""
    intervals: list[Interval | None]
    parameters: list[Parameters]
    steps: list[NextStep | None]


def explained(evaluation: Evaluation, submission: Submission) -> Score:
    """The canonical result of an evaluation of a submission."""
    plan = evaluation.plan
    unit = plan.unit
    allocation = allocate(evaluation)
    branches, results = Branches(evaluation), list(zip(plan.leaves, evaluation.leaves, strict=True))
    values = [_value(plan, leaf, result) for leaf, result in results]
    # One thing of all indicators after the other: that keeps caches warm, and takes a third less.
    of = _Explained(
        evaluation,
        plan,
        unit,
        allocation,
        values,
        intervals=[interval(branches, submission, leaf) for leaf in plan.leaves],
        parameters=[
            _parameters(evaluation, leaf, result, value) for (leaf, result), value in zip(results, values, strict=True)
        ],
        steps=[next_step(branches, submission, leaf) for leaf in plan.leaves],
    )
    return _score(
        evaluation,
        submission,
        _main_reasons(evaluation, allocation),
        _groups(of, plan.root),
        _indicators(of, plan.root),
    )


def _score(
    evaluation: Evaluation,
    submission: Submission,
    main_reasons: tuple[MainReason, ...],
    dimensions: tuple[DimensionScore, ...],
    indicators: tuple[IndicatorScore, ...],
) -> Score:
    plan, unit = evaluation.plan, evaluation.plan.unit
    return Score(
        methodology=MethodologyReference(version=plan.document.version, digest=plan.methodology.digest),
        index=points(evaluation.index, unit),
        index_max=points(evaluation.index_max, unit),
        index_geometric=_geometric(evaluation),
        coverage=_coverage(evaluation, plan.root),
        status=evaluation.status,
        level=LevelReached(
            number=evaluation.level,
            provisional=evaluation.provisional,
            max_level=submission.max_level,
            blocked_by=tuple(blocking(plan, blocked) for blocked in evaluation.blocked_by),
        ),
        main_reasons=main_reasons,
        findings=findings(evaluation),
        dimensions=dimensions,
        indicators=indicators,
        input_digest=input_digest(plan, submission),
    )


def _coverage(evaluation: Evaluation, group: CompiledGroup) -> Figure | None:
    covered = evaluation.covered[group.group.id]
    return None if covered is None else rounded_quotient(*covered, COVERAGE_DECIMALS)


def findings(evaluation: Evaluation) -> tuple[Finding, ...]:
    """The rules that do not hold, in the order of the document."""
    return tuple(_finding(evaluation.plan, broken) for broken in evaluation.broken)


def input_digest(plan: Plan, submission: Submission) -> str:
    """The digest of what was scored: version, whole profile, answers, what is only declared, what review says."""
    answers: dict[str, object] = {}
    for leaf in plan.leaves:
        name = leaf.indicator.id
        answer = submission.answers.get(name)
        if answer is not None:
            sent: dict[str, object] = {"basis": "self_declared" if name in submission.self_declared else "evidenced"}
            for place, (fact, _) in enumerate(leaf.facts):
                if fact in answer:
                    value = answer[fact]
                    sent[fact] = value if type(value) is int else _sent_fact(value, leaf, place)
            answers[name] = sent
    document: dict[str, object] = {
        "methodology": plan.document.version,
        "profile": {name: _sent(value, DECIMALS_OF_NUMBERS) for name, value in submission.profile.items()},
        "profile_self_declared": sorted(submission.profile_self_declared),
        "answers": answers,
    }
    if submission.set_aside:
        document["set_aside"] = dict(submission.set_aside)
    if submission.level_caps:
        document["level_caps"] = dict(submission.level_caps)
    if submission.max_level is not None:
        document["max_level"] = submission.max_level
    return digest(document)


def _sent(value: Scalar | None, decimals: int) -> Scalar | None:
    if type(value) is float:
        return quotient(*units_of(value, decimals))
    return value


def _sent_fact(value: FactValue, leaf: CompiledIndicator, place: int) -> Scalar | list[str] | None:
    """Component lists are sets: they stand in the order of the document."""
    if isinstance(value, tuple):
        return [component for component in leaf.indicator.components if component in value]
    return _sent(value, leaf.indicator.facts[place].decimals)


def _geometric(evaluation: Evaluation) -> Figure | None:
    """The additional geometric index of the root's children, each counted as the document's floor at least."""
    plan = evaluation.plan
    additional = plan.document.additional_index
    if additional is None or evaluation.index is None:
        return None
    counting = [
        (weight, max(units / plan.unit, additional.floor))
        for units, weight in zip(evaluation.dimensions, plan.root.weights, strict=True)
        if units is not None and weight
    ]
    weights, scores = zip(*counting, strict=True)
    mean = power_mean(EXPONENTS[additional.aggregation], weights, scores)
    return points(published(plan, quantised(mean, plan.unit)), plan.unit)


# --- levels, main reasons, findings ---------------------------------------------------------------------------


def blocking(plan: Plan, blocked: BlockedBy) -> BlockingGate:
    """A failing gate as the canonical result has it."""
    there, asked = blocked.there, blocked.asked
    distance = None
    if _is_number(there) and _is_number(asked):
        one, other = cast("Number", there), cast("Number", asked)
        between = abs(other.numerator * one.denominator - one.numerator * other.denominator)
        distance = rounded_quotient(between, one.denominator * other.denominator, plan.raw_decimals)
    return BlockingGate(gate=blocked.gate.id, there=_shown(plan, there), asked=_shown(plan, asked), distance=distance)


def _is_number(value: Evaluated) -> bool:
    return type(value) is int or isinstance(value, Fraction)


def _shown(plan: Plan, value: Evaluated) -> Figure | bool | str | None:
    if value is None or value is NULL:
        return None
    if isinstance(value, bool | str):
        return value
    return rounded(cast("Number", value), plan.raw_decimals)


def _main_reasons(evaluation: Evaluation, allocation: Allocation) -> tuple[MainReason, ...]:
    """The largest exact losses above 0, ties in document order."""
    plan = evaluation.plan
    losses = [(position, loss) for position, loss in enumerate(allocation.losses) if loss is not None and loss[0]]
    common = math.lcm(*(loss[1] for _, loss in losses))
    losses.sort(key=lambda found: -found[1][0] * (common // found[1][1]))
    found = []
    for position, _ in losses[:MAIN_REASONS]:
        own = allocation.leaves[position]
        assert own is not None
        found.append(MainReason(indicator=plan.leaves[position].indicator.id, lost=quotient(own.lost, plan.unit)))
    return tuple(found)


def _finding(plan: Plan, broken: Broken) -> Finding:
    rule = broken.compiled.rule
    assert rule.holds is not None
    assert rule.severity != "review"
    return Finding(
        rule=rule.id,
        severity=rule.severity,
        code="contradicted" if broken.supported else "unsupported",
        indicators=rule.invalidates,
        missing=_absent(plan, rule.holds, broken.facts),
        facts=facts_read(plan, rule.holds, broken.facts),
    )


def _absent(plan: Plan, predicate: Predicate, facts: Facts) -> tuple[str, ...]:
    """The indicators without an answer that leave a predicate undetermined, in document order."""
    found = frozenset(_deciding(plan, predicate, facts))
    return tuple(leaf.indicator.id for leaf in plan.leaves if leaf.indicator.id in found)


def _deciding(plan: Plan, predicate: Predicate, facts: Facts) -> Iterator[str]:
    """The absent answers that an undetermined predicate turns on; none below a part that is determined."""
    leaf = over_facts(plan.layout, absent=True)
    if compile_predicate(predicate, leaf, present_in_facts(plan.layout))(facts) is not None:
        return
    match predicate:
        case All(of=members) | Any(of=members):
            for member in members:
                yield from _deciding(plan, member, facts)
        case Not(of=member):
            yield from _deciding(plan, member, facts)
        case Implies(when=when, then=then):
            yield from _deciding(plan, when, facts)
            yield from _deciding(plan, then, facts)
        case _:
            read = [part for part in operands(predicate) if isinstance(part, AnswerOperand | ComponentOperand)]
            yield from (part.indicator for part in read if facts[plan.layout.present[part.indicator]] is None)


def facts_read(plan: Plan, predicate: Predicate, facts: Facts) -> dict[str, FactValue | str | None]:
    """What a predicate read, by name: profile fields, and facts of answers as `D4.01.level`."""
    found: dict[str, FactValue | str | None] = {}
    for operand in operands(predicate):
        match operand:
            case ProfileOperand(field=field):
                found[field] = _plain(facts[plan.layout.profile[field]])
            case AnswerOperand(indicator=indicator, fact=fact):
                found[f"{indicator}.{fact}"] = _plain(facts[plan.layout.facts[indicator, fact]])
            case ComponentOperand(indicator=indicator, component=component):
                ids = facts[plan.layout.facts[indicator, "components"]]
                found[f"{indicator}.{component}"] = None if ids is None else component in cast("frozenset[str]", ids)
    return found


def _plain(value: Slot, components: tuple[str, ...] = ()) -> FactValue | str | None:
    """A fact as JSON has it; a set of components in document order."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, frozenset):
        return tuple(component for component in components if component in value)
    if isinstance(value, int | Fraction):
        return figure(value)
    return None


# --- dimensions and indicators --------------------------------------------------------------------------------


def _groups(of: _Explained, above: CompiledGroup) -> tuple[DimensionScore, ...]:
    """The groups directly below a group."""
    return tuple([_dimension(of, child) for child in above.children if not isinstance(child, int)])


def _indicators(of: _Explained, above: CompiledGroup) -> tuple[IndicatorScore, ...]:
    """The indicators directly below a group."""
    leaves = of.plan.leaves
    return tuple([_indicator(of, leaves[child]) for child in above.children if isinstance(child, int)])


def _dimension(of: _Explained, compiled: CompiledGroup) -> DimensionScore:
    evaluation, group, unit = of.evaluation, compiled.group, of.unit
    own = of.allocation.groups[group.id]
    return DimensionScore(
        id=group.id,
        score=points(evaluation.groups[group.id], unit),
        score_max=points(evaluation.groups_max[group.id], unit),
        weight=group.weight,
        coverage=_coverage(evaluation, compiled),
        possible=None if own is None else points(own.possible, unit),
        won=None if own is None else points(own.won, unit),
        lost=None if own is None else points(own.lost, unit),
        groups=_groups(of, compiled),
        indicators=_indicators(of, compiled),
    )


def _indicator(of: _Explained, leaf: CompiledIndicator) -> IndicatorScore:
    unit, position = of.unit, leaf.position
    result = of.evaluation.leaves[position]
    own = of.allocation.leaves[position]
    return IndicatorScore(
        id=leaf.indicator.id,
        state=state_of(result.code),
        score=points(result.score, unit),
        weight=leaf.indicator.weight,
        possible=None if own is None else points(own.possible, unit),
        won=None if own is None else points(own.won, unit),
        lost=None if own is None else points(own.lost, unit),
        value=of.values[position],
        interval=of.intervals[position],
        reason=Reason(code=result.code, parameters=of.parameters[position]),
        next_step=of.steps[position],
    )


def _value(plan: Plan, leaf: CompiledIndicator, result: Leaf) -> Figure | bool | None:
    if result.value is None:
        return None
    n, d = result.value
    if leaf.indicator.curve.kind == "boolean":
        return bool(n)
    return n if d == 1 else rounded_quotient(n, d, plan.raw_decimals)


def _parameters(
    evaluation: Evaluation, leaf: CompiledIndicator, result: Leaf, value: Figure | bool | None
) -> Parameters:
    plan, indicator = evaluation.plan, leaf.indicator
    if result.value is not None and result.code != "capped":
        return Parameters(
            facts=own_facts(evaluation, leaf),
            value=value,
            between=_between(plan, leaf, result.value),
            cap=None,
            uncapped=None,
            level_sent=result.level_sent,
            rules=(),
            missing=(),
            fields=(),
        )
    facts: dict[str, FactValue | str | None] = {}
    missing: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    if result.code == "zero_by_rule" or result.undetermined:
        facts = facts_read(plan, indicator.zero_when, evaluation.facts)
        waiting = _absent(plan, indicator.zero_when, evaluation.facts) if result.undetermined else ()
        missing = tuple(name for name in waiting if name != indicator.id)
    elif result.code == "not_applicable" or result.fields:
        facts = facts_read(plan, indicator.applies, evaluation.facts)
    elif result.code in ("contradicted", "unsupported"):
        broken = [
            found
            for found in evaluation.broken
            if leaf.position in found.compiled.invalidates and found.supported == (result.code == "contradicted")
        ]
        rules = tuple(found.compiled.rule.id for found in broken)
        if result.code == "unsupported":
            absent = {
                name
                for found in broken
                if found.compiled.rule.holds is not None
                for name in _absent(plan, found.compiled.rule.holds, found.facts)
            }
            missing = tuple(
                other.indicator.id
                for other in plan.leaves
                if other.indicator.id in absent and other.position != leaf.position
            )
    else:
        facts = own_facts(evaluation, leaf)
        if leaf.borrows and leaf.present is not None and evaluation.facts[leaf.present] is not None:
            missing = tuple(name for name, slot in leaf.borrows.items() if evaluation.facts[slot] is None)
    return Parameters(
        facts=facts,
        value=value,
        between=() if result.value is None else _between(plan, leaf, result.value),
        cap=points(leaf.cap, plan.unit) if result.code == "capped" and result.declared else None,
        uncapped=points(result.uncapped, plan.unit) if result.code == "capped" else None,
        level_sent=result.level_sent,
        rules=rules,
        missing=missing,
        fields=result.fields,
    )


def own_facts(evaluation: Evaluation, leaf: CompiledIndicator) -> dict[str, FactValue | str | None]:
    """The facts of an indicator by name, or the profile fields of one without facts; none where it has no answer."""
    plan, indicator, facts = evaluation.plan, leaf.indicator, evaluation.facts
    if leaf.present is None:
        return {operand.field: _plain(facts[plan.layout.profile[operand.field]]) for operand in leaf.reads}
    if facts[leaf.present] is None:
        return {}
    return {
        name: fact if type(fact := facts[slot]) is int else _plain(fact, indicator.components)
        for name, slot in leaf.facts
    }


def _between(plan: Plan, leaf: CompiledIndicator, value: Ratio) -> tuple[PassedGoalpost, ...]:
    """The goalpost at the raw value, or the two around it."""
    n, d = value
    passed = _passed_goalposts(plan)[leaf.position]
    for place, (x_n, x_d, at, around) in enumerate(passed):
        if n * x_d <= x_n * d:
            return at if place == 0 or n * x_d == x_n * d else around
    return passed[-1][2]


_Passed = tuple[int, int, tuple[PassedGoalpost, ...], tuple[PassedGoalpost, ...]]
"""A goalpost: x as a ratio, the goalpost alone, and with the one before it."""


@lru_cache(KEPT)
def _passed_goalposts(plan: Plan) -> tuple[tuple[_Passed, ...], ...]:
    """The goalposts of every indicator by position."""
    return tuple(_goalposts(plan, leaf) for leaf in plan.leaves)


def _goalposts(plan: Plan, leaf: CompiledIndicator) -> tuple[_Passed, ...]:
    shown = [PassedGoalpost(x=figure(x), score=quotient(units, plan.unit)) for x, units in leaf.goalposts]
    return tuple(
        (*x.as_integer_ratio(), (shown[place],), tuple(shown[max(0, place - 1) : place + 1]))
        for place, (x, _) in enumerate(leaf.goalposts)
    )
