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
from actitud_api.engine.scoring.attribution import Attribution, attribute_points
from actitud_api.engine.scoring.compile import (
    CACHE_SIZE,
    EXPONENTS,
    CompiledGroup,
    CompiledIndicator,
    CompiledMethodology,
    compute_power_mean,
    quantise,
)
from actitud_api.engine.scoring.evaluate import (
    BrokenRule,
    Evaluation,
    FailingGate,
    IndicatorResult,
    derive_state,
    evaluate,
    round_to_published,
)
from actitud_api.engine.scoring.indicator_result import Ratio
from actitud_api.engine.scoring.next_steps import BranchRescorer, find_next_step
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
    round_figure,
    round_quotient,
    to_figure,
    to_points,
    to_quotient,
)
from actitud_api.engine.scoring.sampling_intervals import compute_interval

MAIN_REASONS = 4
"""At most so many main reasons (SCORING, section 7)."""


def explain(methodology: Methodology, submission: Submission) -> Score:
    """The canonical result of a submission: score, explanation, findings and the digest of the input."""
    evaluation = evaluate(methodology, submission)
    return explain_evaluation(evaluation, submission)


def outline_score(methodology: Methodology, submission: Submission) -> Score:
    """The canonical result without what explains it: no main reasons, no points, no indicators."""
    evaluation = evaluate(methodology, submission)
    return _score(evaluation, submission, (), _outlined(evaluation, evaluation.compiled.root), ())


def _outlined(evaluation: Evaluation, above: CompiledGroup) -> tuple[DimensionScore, ...]:
    """The groups directly below a group, without points and indicators."""
    unit = evaluation.compiled.unit
    return tuple(
        DimensionScore(
            id=child.definition.id,
            score=to_points(evaluation.groups[child.definition.id], unit),
            score_max=to_points(evaluation.groups_max[child.definition.id], unit),
            weight=child.definition.weight,
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
    plan: CompiledMethodology
    unit: int
    allocation: Attribution
    values: list[Figure | bool | None]
    """Raw values, and what follows them, by the position of each indicator."""
    intervals: list[Interval | None]
    parameters: list[Parameters]
    steps: list[NextStep | None]


def explain_evaluation(evaluation: Evaluation, submission: Submission) -> Score:
    """The canonical result of an evaluation of a submission."""
    plan = evaluation.compiled
    unit = plan.unit
    allocation = attribute_points(evaluation)
    branches, results = BranchRescorer(evaluation), list(zip(plan.indicators, evaluation.results, strict=True))
    values = [_value(plan, leaf, result) for leaf, result in results]
    # One thing of all indicators after the other: that keeps caches warm, and takes a third less.
    of = _Explained(
        evaluation,
        plan,
        unit,
        allocation,
        values,
        intervals=[compute_interval(branches, submission, leaf) for leaf in plan.indicators],
        parameters=[
            _parameters(evaluation, leaf, result, value) for (leaf, result), value in zip(results, values, strict=True)
        ],
        steps=[find_next_step(branches, submission, leaf) for leaf in plan.indicators],
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
    plan, unit = evaluation.compiled, evaluation.compiled.unit
    return Score(
        methodology=MethodologyReference(version=plan.document.version, digest=plan.methodology.digest),
        index=to_points(evaluation.index, unit),
        index_max=to_points(evaluation.index_max, unit),
        index_geometric=_geometric(evaluation),
        coverage=_coverage(evaluation, plan.root),
        status=evaluation.status,
        level=LevelReached(
            number=evaluation.level,
            provisional=evaluation.provisional,
            max_level=submission.max_level,
            blocked_by=tuple(build_blocking_gate(plan, blocked) for blocked in evaluation.blocked_by),
        ),
        main_reasons=main_reasons,
        findings=list_findings(evaluation),
        dimensions=dimensions,
        indicators=indicators,
        input_digest=compute_input_digest(plan, submission),
    )


def _coverage(evaluation: Evaluation, group: CompiledGroup) -> Figure | None:
    covered = evaluation.coverage_ratios[group.definition.id]
    return None if covered is None else round_quotient(*covered, COVERAGE_DECIMALS)


def list_findings(evaluation: Evaluation) -> tuple[Finding, ...]:
    """The rules that do not hold, in the order of the document."""
    return tuple(_finding(evaluation.compiled, broken) for broken in evaluation.broken_rules)


def compute_input_digest(plan: CompiledMethodology, submission: Submission) -> str:
    """The digest of what was scored: version, whole profile, answers, what is only declared, what review says."""
    answers: dict[str, object] = {}
    for leaf in plan.indicators:
        name = leaf.definition.id
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
        return to_quotient(*units_of(value, decimals))
    return value


def _sent_fact(value: FactValue, leaf: CompiledIndicator, place: int) -> Scalar | list[str] | None:
    """Component lists are sets: they stand in the order of the document."""
    if isinstance(value, tuple):
        return [component for component in leaf.definition.components if component in value]
    return _sent(value, leaf.definition.facts[place].decimals)


def _geometric(evaluation: Evaluation) -> Figure | None:
    """The additional geometric index of the root's children, each counted as the document's floor at least."""
    plan = evaluation.compiled
    additional = plan.document.additional_index
    if additional is None or evaluation.index is None:
        return None
    counting = [
        (weight, max(units / plan.unit, additional.floor))
        for units, weight in zip(evaluation.dimensions, plan.root.weights, strict=True)
        if units is not None and weight
    ]
    weights, scores = zip(*counting, strict=True)
    mean = compute_power_mean(EXPONENTS[additional.aggregation], weights, scores)
    return to_points(round_to_published(plan, quantise(mean, plan.unit)), plan.unit)


# --- levels, main reasons, findings ---------------------------------------------------------------------------


def build_blocking_gate(plan: CompiledMethodology, blocked: FailingGate) -> BlockingGate:
    """A failing gate as the canonical result has it."""
    there, asked = blocked.actual, blocked.required
    distance = None
    if _is_number(there) and _is_number(asked):
        one, other = cast("Number", there), cast("Number", asked)
        between = abs(other.numerator * one.denominator - one.numerator * other.denominator)
        distance = round_quotient(between, one.denominator * other.denominator, plan.raw_decimals)
    return BlockingGate(gate=blocked.gate.id, there=_shown(plan, there), asked=_shown(plan, asked), distance=distance)


def _is_number(value: Evaluated) -> bool:
    return type(value) is int or isinstance(value, Fraction)


def _shown(plan: CompiledMethodology, value: Evaluated) -> Figure | bool | str | None:
    if value is None or value is NULL:
        return None
    if isinstance(value, bool | str):
        return value
    return round_figure(cast("Number", value), plan.raw_decimals)


def _main_reasons(evaluation: Evaluation, allocation: Attribution) -> tuple[MainReason, ...]:
    """The largest exact losses above 0, ties in document order."""
    plan = evaluation.compiled
    losses = [(position, loss) for position, loss in enumerate(allocation.losses) if loss is not None and loss[0]]
    common = math.lcm(*(loss[1] for _, loss in losses))
    losses.sort(key=lambda found: -found[1][0] * (common // found[1][1]))
    found = []
    for position, _ in losses[:MAIN_REASONS]:
        own = allocation.indicators[position]
        assert own is not None
        found.append(
            MainReason(indicator=plan.indicators[position].definition.id, lost=to_quotient(own.lost, plan.unit))
        )
    return tuple(found)


def _finding(plan: CompiledMethodology, broken: BrokenRule) -> Finding:
    rule = broken.rule.definition
    assert rule.holds is not None
    assert rule.severity != "review"
    return Finding(
        rule=rule.id,
        severity=rule.severity,
        code="contradicted" if broken.is_supported else "unsupported",
        indicators=rule.invalidates,
        missing=_absent(plan, rule.holds, broken.facts),
        facts=collect_facts_read(plan, rule.holds, broken.facts),
    )


def _absent(plan: CompiledMethodology, predicate: Predicate, facts: Facts) -> tuple[str, ...]:
    """The indicators without an answer that leave a predicate undetermined, in document order."""
    found = frozenset(_deciding(plan, predicate, facts))
    return tuple(leaf.definition.id for leaf in plan.indicators if leaf.definition.id in found)


def _deciding(plan: CompiledMethodology, predicate: Predicate, facts: Facts) -> Iterator[str]:
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


def collect_facts_read(
    plan: CompiledMethodology, predicate: Predicate, facts: Facts
) -> dict[str, FactValue | str | None]:
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
        return to_figure(value)
    return None


# --- dimensions and indicators --------------------------------------------------------------------------------


def _groups(of: _Explained, above: CompiledGroup) -> tuple[DimensionScore, ...]:
    """The groups directly below a group."""
    return tuple([_dimension(of, child) for child in above.children if not isinstance(child, int)])


def _indicators(of: _Explained, above: CompiledGroup) -> tuple[IndicatorScore, ...]:
    """The indicators directly below a group."""
    leaves = of.plan.indicators
    return tuple([_indicator(of, leaves[child]) for child in above.children if isinstance(child, int)])


def _dimension(of: _Explained, compiled: CompiledGroup) -> DimensionScore:
    evaluation, group, unit = of.evaluation, compiled.definition, of.unit
    own = of.allocation.groups[group.id]
    return DimensionScore(
        id=group.id,
        score=to_points(evaluation.groups[group.id], unit),
        score_max=to_points(evaluation.groups_max[group.id], unit),
        weight=group.weight,
        coverage=_coverage(evaluation, compiled),
        possible=None if own is None else to_points(own.possible, unit),
        won=None if own is None else to_points(own.won, unit),
        lost=None if own is None else to_points(own.lost, unit),
        groups=_groups(of, compiled),
        indicators=_indicators(of, compiled),
    )


def _indicator(of: _Explained, leaf: CompiledIndicator) -> IndicatorScore:
    unit, position = of.unit, leaf.position
    result = of.evaluation.results[position]
    own = of.allocation.indicators[position]
    return IndicatorScore(
        id=leaf.definition.id,
        state=derive_state(result.code),
        score=to_points(result.score, unit),
        weight=leaf.definition.weight,
        possible=None if own is None else to_points(own.possible, unit),
        won=None if own is None else to_points(own.won, unit),
        lost=None if own is None else to_points(own.lost, unit),
        value=of.values[position],
        interval=of.intervals[position],
        reason=Reason(code=result.code, parameters=of.parameters[position]),
        next_step=of.steps[position],
    )


def _value(plan: CompiledMethodology, leaf: CompiledIndicator, result: IndicatorResult) -> Figure | bool | None:
    if result.value is None:
        return None
    n, d = result.value
    if leaf.definition.curve.kind == "boolean":
        return bool(n)
    return n if d == 1 else round_quotient(n, d, plan.raw_decimals)


def _parameters(
    evaluation: Evaluation, leaf: CompiledIndicator, result: IndicatorResult, value: Figure | bool | None
) -> Parameters:
    plan, indicator = evaluation.compiled, leaf.definition
    if result.value is not None and result.code != "capped":
        return Parameters(
            facts=collect_own_facts(evaluation, leaf),
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
        facts = collect_facts_read(plan, indicator.zero_when, evaluation.facts)
        waiting = _absent(plan, indicator.zero_when, evaluation.facts) if result.undetermined else ()
        missing = tuple(name for name in waiting if name != indicator.id)
    elif result.code == "not_applicable" or result.fields:
        facts = collect_facts_read(plan, indicator.applies, evaluation.facts)
    elif result.code in ("contradicted", "unsupported"):
        broken = [
            found
            for found in evaluation.broken_rules
            if leaf.position in found.rule.invalidates and found.is_supported == (result.code == "contradicted")
        ]
        rules = tuple(found.rule.definition.id for found in broken)
        if result.code == "unsupported":
            absent = {
                name
                for found in broken
                if found.rule.definition.holds is not None
                for name in _absent(plan, found.rule.definition.holds, found.facts)
            }
            missing = tuple(
                other.definition.id
                for other in plan.indicators
                if other.definition.id in absent and other.position != leaf.position
            )
    else:
        facts = collect_own_facts(evaluation, leaf)
        if (
            leaf.borrowed_answers
            and leaf.presence_slot is not None
            and evaluation.facts[leaf.presence_slot] is not None
        ):
            missing = tuple(name for name, slot in leaf.borrowed_answers.items() if evaluation.facts[slot] is None)
    return Parameters(
        facts=facts,
        value=value,
        between=() if result.value is None else _between(plan, leaf, result.value),
        cap=to_points(leaf.cap, plan.unit) if result.code == "capped" and result.declared else None,
        uncapped=to_points(result.uncapped, plan.unit) if result.code == "capped" else None,
        level_sent=result.level_sent,
        rules=rules,
        missing=missing,
        fields=result.fields,
    )


def collect_own_facts(evaluation: Evaluation, leaf: CompiledIndicator) -> dict[str, FactValue | str | None]:
    """The facts of an indicator by name, or the profile fields of one without facts; none where it has no answer."""
    plan, indicator, facts = evaluation.compiled, leaf.definition, evaluation.facts
    if leaf.presence_slot is None:
        return {operand.field: _plain(facts[plan.layout.profile[operand.field]]) for operand in leaf.profile_operands}
    if facts[leaf.presence_slot] is None:
        return {}
    return {
        name: fact if type(fact := facts[slot]) is int else _plain(fact, indicator.components)
        for name, slot in leaf.facts
    }


def _between(plan: CompiledMethodology, leaf: CompiledIndicator, value: Ratio) -> tuple[PassedGoalpost, ...]:
    """The goalpost at the raw value, or the two around it."""
    n, d = value
    passed = _passed_goalposts(plan)[leaf.position]
    for place, (x_n, x_d, at, around) in enumerate(passed):
        if n * x_d <= x_n * d:
            return at if place == 0 or n * x_d == x_n * d else around
    return passed[-1][2]


_Passed = tuple[int, int, tuple[PassedGoalpost, ...], tuple[PassedGoalpost, ...]]
"""A goalpost: x as a ratio, the goalpost alone, and with the one before it."""


@lru_cache(CACHE_SIZE)
def _passed_goalposts(plan: CompiledMethodology) -> tuple[tuple[_Passed, ...], ...]:
    """The goalposts of every indicator by position."""
    return tuple(_goalposts(plan, leaf) for leaf in plan.indicators)


def _goalposts(plan: CompiledMethodology, leaf: CompiledIndicator) -> tuple[_Passed, ...]:
    shown = [PassedGoalpost(x=to_figure(x), score=to_quotient(units, plan.unit)) for x, units in leaf.goalposts]
    return tuple(
        (*x.as_integer_ratio(), (shown[place],), tuple(shown[max(0, place - 1) : place + 1]))
        for place, (x, _) in enumerate(leaf.goalposts)
    )
