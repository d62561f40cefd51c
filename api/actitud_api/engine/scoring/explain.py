"""Explanation of a score: reasons, points, main reasons, findings and next steps (docs/scoring.md, section 7)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from functools import lru_cache
from typing import cast

from msgspec import UNSET, Struct, UnsetType

from actitud_api.engine.methodology.digests import compute_digest
from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.model import (
    All,
    AnswerOperand,
    Any,
    ComponentOperand,
    Implies,
    LowerBoundOperand,
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
    compile_fact_reader,
    compile_predicate,
    compile_presence_test,
    round_half_up,
    to_exact,
    to_units,
    walk_operands,
)
from actitud_api.engine.methodology.requests.answers import FactValue, Submission
from actitud_api.engine.scoring.aggregations import EXPONENTS, compute_power_mean, quantise
from actitud_api.engine.scoring.attribution import Attribution, attribute_points
from actitud_api.engine.scoring.compile import CACHE_SIZE, CompiledGroup, CompiledIndicator, CompiledMethodology
from actitud_api.engine.scoring.evaluate import (
    BrokenRule,
    Evaluation,
    FailingGate,
    IndicatorResult,
    derive_state,
    evaluate,
    publish_score,
    round_to_published,
)
from actitud_api.engine.scoring.indicator_result import Ratio
from actitud_api.engine.scoring.next_steps import BranchRescorer, find_next_step
from actitud_api.engine.scoring.result import (
    COVERAGE_DECIMALS,
    BlockingGate,
    DimensionScore,
    Estimate,
    Figure,
    Finding,
    IndicatorScore,
    Interval,
    LevelDetails,
    MainReason,
    MethodologyReference,
    NextStep,
    PassedGoalpost,
    PillarScore,
    Reason,
    ReasonParameters,
    Score,
    round_figure,
    round_quotient,
    to_figure,
    to_points,
    to_quotient,
)
from actitud_api.engine.scoring.sampling_intervals import compute_interval
from actitud_api.engine.scoring.wilson import MILLION

MAIN_REASONS = 4
"""Maximum number of main reasons of a score (docs/scoring.md, section 7)."""


def explain(methodology: Methodology, submission: Submission) -> Score:
    """Score a submission and return the canonical result with its explanation and the digest of the submission."""
    evaluation = evaluate(methodology, submission)
    return explain_evaluation(evaluation, submission)


def outline_score(methodology: Methodology, submission: Submission) -> Score:
    """Score a submission and return the canonical result without its slow parts.

    Main reasons and indicators are empty, and the points of the groups are null, because computing them takes most of
    the time.
    """
    evaluation = evaluate(methodology, submission)
    return _build_score(evaluation, submission, (), _outline_groups(evaluation, evaluation.compiled.root), ())


def _outline_groups(evaluation: Evaluation, above: CompiledGroup) -> tuple[DimensionScore, ...]:
    """Build the groups directly below the group `above`, and the groups inside them, without points and indicators."""
    unit = evaluation.compiled.unit
    return tuple(
        DimensionScore(
            id=child.definition.id,
            score=to_points(publish_score(child, evaluation.groups[child.definition.id]), unit),
            score_max=to_points(publish_score(child, evaluation.groups_max[child.definition.id]), unit),
            weight=child.definition.weight,
            coverage=_round_coverage(evaluation, child),
            possible=None,
            won=None,
            lost=None,
            groups=_outline_groups(evaluation, child),
            indicators=(),
        )
        for child in above.children
        if not isinstance(child, int)
    )


class _Explanation(Struct, frozen=True):
    """Parts of the explanation of one evaluation; each list is by position of the indicator.

    Attributes:
        evaluation: The evaluation.
        unit: 10^decimals, the integer that stands for 1 point.
        attribution: Points of every node.
        values: Raw values, rounded as in the canonical result; None for an indicator without a raw value.
        intervals: Sampling intervals, None for an indicator without one.
        parameters: Data from which the sentence of each reason is built.
        steps: Next steps, None for an indicator without one.
    """

    evaluation: Evaluation
    unit: int
    attribution: Attribution
    values: list[Figure | bool | None]
    intervals: list[Interval | None]
    parameters: list[ReasonParameters]
    steps: list[NextStep | None]


def explain_evaluation(evaluation: Evaluation, submission: Submission) -> Score:
    """Build the canonical result, with its explanation, from an evaluation of a submission."""
    compiled, attribution = evaluation.compiled, attribute_points(evaluation)
    branches, results = BranchRescorer(evaluation), list(zip(compiled.indicators, evaluation.results, strict=True))
    values = [_round_value(compiled, leaf, result) for leaf, result in results]
    # One list for all indicators after the other: that keeps caches warm, and takes a third less.
    explanation = _Explanation(
        evaluation,
        compiled.unit,
        attribution,
        values,
        intervals=[
            compute_interval(branches, submission, leaf) if leaf.is_sampled_share else None
            for leaf in compiled.indicators
        ],
        parameters=[
            _build_parameters(evaluation, leaf, result, value)
            for (leaf, result), value in zip(results, values, strict=True)
        ],
        steps=[find_next_step(branches, submission, leaf) for leaf in compiled.indicators],
    )
    return _build_score(
        evaluation,
        submission,
        _list_main_reasons(evaluation, attribution),
        _build_groups(explanation, compiled.root),
        _build_indicators(explanation, compiled.root),
    )


def _build_score(
    evaluation: Evaluation,
    submission: Submission,
    main_reasons: tuple[MainReason, ...],
    dimensions: tuple[DimensionScore, ...],
    indicators: tuple[IndicatorScore, ...],
) -> Score:
    compiled, unit = evaluation.compiled, evaluation.compiled.unit
    return Score(
        methodology=MethodologyReference(version=compiled.document.version, digest=compiled.methodology.digest),
        index=to_points(evaluation.index, unit),
        index_max=to_points(evaluation.index_max, unit),
        index_geometric=_compute_geometric_index(evaluation),
        coverage=_round_coverage(evaluation, compiled.root),
        status=evaluation.status,
        level=evaluation.level,
        level_details=LevelDetails(
            provisional=evaluation.provisional,
            max_level=submission.max_level,
            blocked_by=tuple(build_blocking_gate(compiled, blocked) for blocked in evaluation.blocked_by),
        ),
        main_reasons=main_reasons,
        findings=list_findings(evaluation),
        dimensions=dimensions,
        indicators=indicators,
        input_digest=compute_input_digest(compiled, submission),
        pillars=_build_pillars(evaluation),
        standing="provisional" if compiled.document.standing == "provisional" else UNSET,
        estimate=_build_estimate(evaluation),
    )


def _round_coverage(evaluation: Evaluation, group: CompiledGroup) -> Figure | None:
    covered = evaluation.coverage_ratios[group.definition.id]
    return None if covered is None else round_quotient(*covered, COVERAGE_DECIMALS)


def _build_estimate(evaluation: Evaluation) -> Estimate | UnsetType | None:
    """Estimate the index under the version that the margin of the document names; absent without a margin.

    The estimate is None if there is no index or the evidence is insufficient. Its figures are whole points.
    """
    margin, index = evaluation.compiled.document.margin, evaluation.index
    if margin is None:
        return UNSET
    if index is None or evaluation.status not in ("complete", "sufficient"):
        return None
    middle = to_exact(margin.intercept) + to_exact(margin.slope) * Fraction(index, evaluation.compiled.unit)
    width = to_exact(margin.half_width)
    estimate, lower, upper = (
        min(max(round_half_up(points), 0), 100) for points in (middle, middle - width, middle + width)
    )
    return Estimate(
        of=margin.of, index=estimate, lower=lower, upper=upper, confidence=to_figure(to_exact(margin.confidence))
    )


def _build_pillars(evaluation: Evaluation) -> tuple[PillarScore, ...] | UnsetType:
    pillars, unit = evaluation.compiled.pillars.values(), evaluation.compiled.unit
    figures = [(pillar, *evaluation.compute_pillar(pillar)) for pillar in pillars]
    return (
        tuple(
            PillarScore(
                id=pillar.id,
                score=to_points(score, unit),
                score_max=to_points(maximum, unit),
                share=round_figure(pillar.share, COVERAGE_DECIMALS),
            )
            for pillar, score, maximum in figures
        )
        or UNSET
    )


def list_findings(evaluation: Evaluation) -> tuple[Finding, ...]:
    """List a finding for each rule that the submission breaks, in document order."""
    return tuple(_build_finding(evaluation.compiled, broken) for broken in evaluation.broken_rules)


def compute_input_digest(compiled: CompiledMethodology, submission: Submission) -> str:
    """Compute the digest of all parts of a submission that scoring reads.

    The digest covers the methodology version, the whole profile, the answers, the names of answers without evidence,
    and the decisions of reviews: the answers that do not count, and the highest levels of single answers.
    """
    answers: dict[str, object] = {}
    for leaf in compiled.indicators:
        name = leaf.definition.id
        answer = submission.answers.get(name)
        if answer is not None:
            # Digests may depend neither on the order in which a client sends members nor on the spelling of a number.
            sent: dict[str, object] = {"basis": "self_declared" if name in submission.self_declared else "evidenced"}
            for position, (fact, _) in enumerate(leaf.facts):
                if fact in answer:
                    value = answer[fact]
                    sent[fact] = value if type(value) is int else _encode_fact(value, leaf, position)
            answers[name] = sent
    document: dict[str, object] = {
        "methodology": compiled.document.version,
        "profile": {name: _encode_number(value, DECIMALS_OF_NUMBERS) for name, value in submission.profile.items()},
        "profile_self_declared": sorted(submission.profile_self_declared),
        "answers": answers,
    }
    if submission.set_aside:
        document["set_aside"] = dict(submission.set_aside)
    if submission.level_caps:
        document["level_caps"] = dict(submission.level_caps)
    if submission.max_level is not None:
        document["max_level"] = submission.max_level
    return compute_digest(document)


def _encode_number(value: Scalar | None, decimals: int) -> Scalar | None:
    if type(value) is float:
        return to_quotient(*to_units(value, decimals))
    return value


def _encode_fact(value: FactValue, leaf: CompiledIndicator, position: int) -> Scalar | list[str] | None:
    """Convert a fact to the form that the digest of the input covers; a list of components is put in document order.

    `position` is the place of the fact among the facts of the indicator. An absent fact is None.
    """
    if isinstance(value, tuple):
        return [component for component in leaf.definition.components if component in value]
    return _encode_number(value, leaf.definition.facts[position].decimals)


def _compute_geometric_index(evaluation: Evaluation) -> Figure | None:
    """Compute the additional geometric index; None if the document has none or there is no index.

    It is the geometric mean of the children of the root, each score raised to at least the `floor` of the document.
    """
    compiled = evaluation.compiled
    additional = compiled.document.additional_index
    if additional is None or evaluation.index is None:
        return None
    counting = [
        (weight, max(units / compiled.unit, additional.floor))
        for units, weight in zip(evaluation.dimensions, compiled.root.weights, strict=True)
        if units is not None and weight
    ]
    weights, scores = zip(*counting, strict=True)
    mean = compute_power_mean(EXPONENTS[additional.aggregation], weights, scores)
    return to_points(round_to_published(compiled, quantise(mean, compiled.unit)), compiled.unit)


# --- levels, main reasons, findings ---------------------------------------------------------------------------


def build_blocking_gate(compiled: CompiledMethodology, blocked: FailingGate) -> BlockingGate:
    """Convert a gate (condition of a level) that is not passed to its form in the canonical result.

    Figures are rounded. The distance between the actual and the required figure is None if one of them is not a number.
    """
    actual, required = blocked.actual, blocked.required
    distance = None
    if _is_number(actual) and _is_number(required):
        first, second = cast("Number", actual), cast("Number", required)
        between = abs(second.numerator * first.denominator - first.numerator * second.denominator)
        if isinstance(blocked.gate.holds.left, LowerBoundOperand):
            # A limit that is rounded to millionths may look as if it reached what the exact limit misses.
            distance = round_figure(max(Fraction(1, MILLION), Fraction(second) - first), compiled.raw_decimals)
        else:
            distance = round_quotient(between, first.denominator * second.denominator, compiled.raw_decimals)
    return BlockingGate(
        gate=blocked.gate.id,
        actual=_to_gate_figure(compiled, actual),
        required=_to_gate_figure(compiled, required),
        distance=distance,
    )


def _is_number(value: Evaluated) -> bool:
    return type(value) is int or isinstance(value, Fraction)


def _to_gate_figure(compiled: CompiledMethodology, value: Evaluated) -> Figure | bool | str | None:
    if value is None or value is NULL:
        return None
    if isinstance(value, bool | str):
        return value
    return round_figure(cast("Number", value), compiled.raw_decimals)


def _list_main_reasons(evaluation: Evaluation, attribution: Attribution) -> tuple[MainReason, ...]:
    """List the indicators with the largest losses, at most `MAIN_REASONS` of them, the largest first.

    Losses are compared by their exact size; equal losses are in document order.
    """
    compiled = evaluation.compiled
    losses = [(position, loss) for position, loss in enumerate(attribution.losses) if loss is not None and loss[0]]
    # Losses are sorted as exact integers over one denominator; floats could swap two that are nearly equal.
    common = math.lcm(*(loss[1] for _, loss in losses))
    losses.sort(key=lambda item: -item[1][0] * (common // item[1][1]))
    reasons = []
    for position, _ in losses[:MAIN_REASONS]:
        points = attribution.indicators[position]
        assert points is not None
        reasons.append(
            MainReason(
                indicator=compiled.indicators[position].definition.id, lost=to_quotient(points.lost, compiled.unit)
            )
        )
    return tuple(reasons)


def _build_finding(compiled: CompiledMethodology, broken: BrokenRule) -> Finding:
    rule = broken.rule.definition
    assert rule.holds is not None
    assert rule.severity != "review"
    return Finding(
        rule=rule.id,
        severity=rule.severity,
        code="contradicted" if broken.is_supported else "unsupported",
        indicators=rule.invalidates,
        missing=_list_absent(compiled, rule.holds, broken.facts),
        facts=collect_facts_read(compiled, rule.holds, broken.facts),
    )


def _list_absent(compiled: CompiledMethodology, predicate: Predicate, facts: Facts) -> tuple[str, ...]:
    """List the ids of the indicators whose absent answers leave a predicate undetermined, in document order.

    The list is empty if the predicate is true or false.
    """
    deciding = frozenset(_find_deciding(compiled, predicate, facts))
    return tuple(leaf.definition.id for leaf in compiled.indicators if leaf.definition.id in deciding)


def _find_deciding(compiled: CompiledMethodology, predicate: Predicate, facts: Facts) -> Iterator[str]:
    """Yield the ids of the absent answers that leave a predicate undetermined.

    Parts of the predicate that are already true or false are skipped; nothing is yielded if the whole predicate is true
    or false. An id may occur twice.
    """
    leaf = compile_fact_reader(compiled.layout, absent=True)
    if compile_predicate(predicate, leaf, compile_presence_test(compiled.layout))(facts) is not None:
        return
    match predicate:
        case All(of=members) | Any(of=members):
            for member in members:
                yield from _find_deciding(compiled, member, facts)
        case Not(of=member):
            yield from _find_deciding(compiled, member, facts)
        case Implies(when=when, then=then):
            yield from _find_deciding(compiled, when, facts)
            yield from _find_deciding(compiled, then, facts)
        case _:
            read = [part for part in walk_operands(predicate) if isinstance(part, AnswerOperand | ComponentOperand)]
            yield from (part.indicator for part in read if facts[compiled.layout.present[part.indicator]] is None)


def collect_facts_read(
    compiled: CompiledMethodology, predicate: Predicate, facts: Facts
) -> dict[str, FactValue | str | None]:
    """Collect the facts that a predicate reads, by name; a fact of an answer has a name such as `D4.01.level`."""
    read: dict[str, FactValue | str | None] = {}
    for operand in walk_operands(predicate):
        match operand:
            case ProfileOperand(field=field):
                read[field] = _to_json_fact(facts[compiled.layout.profile[field]])
            case AnswerOperand(indicator=indicator, fact=fact):
                read[f"{indicator}.{fact}"] = _to_json_fact(facts[compiled.layout.facts[indicator, fact]])
            case ComponentOperand(indicator=indicator, component=component):
                ids = facts[compiled.layout.facts[indicator, "components"]]
                read[f"{indicator}.{component}"] = None if ids is None else component in cast("frozenset[str]", ids)
    return read


def _to_json_fact(value: Slot, components: tuple[str, ...] = ()) -> FactValue | str | None:
    """Convert a fact to JSON; None if the fact is absent or null.

    A set of components becomes a tuple in the order of `components`.
    """
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, frozenset):
        return tuple(component for component in components if component in value)
    if isinstance(value, int | Fraction):
        return to_figure(value)
    return None


# --- dimensions and indicators --------------------------------------------------------------------------------


def _build_groups(explanation: _Explanation, above: CompiledGroup) -> tuple[DimensionScore, ...]:
    """Build the results of the groups directly below the group `above`, with all nodes in them."""
    if above.indicator_span is not None:
        return ()
    return tuple([_build_dimension(explanation, child) for child in above.children if not isinstance(child, int)])


def _build_indicators(explanation: _Explanation, above: CompiledGroup) -> tuple[IndicatorScore, ...]:
    """Build the results of the indicators directly below the group `above`."""
    leaves = explanation.evaluation.compiled.indicators
    return tuple([_build_indicator(explanation, leaves[child]) for child in above.children if isinstance(child, int)])


def _build_dimension(explanation: _Explanation, compiled: CompiledGroup) -> DimensionScore:
    evaluation, group, unit = explanation.evaluation, compiled.definition, explanation.unit
    points = explanation.attribution.groups[group.id]
    return DimensionScore(
        id=group.id,
        score=to_points(publish_score(compiled, evaluation.groups[group.id]), unit),
        score_max=to_points(publish_score(compiled, evaluation.groups_max[group.id]), unit),
        weight=group.weight,
        coverage=_round_coverage(evaluation, compiled),
        possible=None if points is None else to_points(points.possible, unit),
        won=None if points is None else to_points(points.won, unit),
        lost=None if points is None else to_points(points.lost, unit),
        groups=_build_groups(explanation, compiled),
        indicators=_build_indicators(explanation, compiled),
    )


def _build_indicator(explanation: _Explanation, leaf: CompiledIndicator) -> IndicatorScore:
    unit, position = explanation.unit, leaf.position
    result = explanation.evaluation.results[position]
    points = explanation.attribution.indicators[position]
    return IndicatorScore(
        id=leaf.definition.id,
        state=derive_state(result.code),
        score=to_points(result.score, unit),
        weight=leaf.definition.weight,
        possible=None if points is None else to_points(points.possible, unit),
        won=None if points is None else to_points(points.won, unit),
        lost=None if points is None else to_points(points.lost, unit),
        value=explanation.values[position],
        interval=explanation.intervals[position],
        reason=Reason(code=result.code, parameters=explanation.parameters[position]),
        next_step=explanation.steps[position],
    )


def _round_value(
    compiled: CompiledMethodology, leaf: CompiledIndicator, result: IndicatorResult
) -> Figure | bool | None:
    if result.value is None:
        return None
    n, d = result.value
    if leaf.definition.curve.kind == "boolean":
        return bool(n)
    return n if d == 1 else round_quotient(n, d, compiled.raw_decimals)


def _build_parameters(
    evaluation: Evaluation, leaf: CompiledIndicator, result: IndicatorResult, value: Figure | bool | None
) -> ReasonParameters:
    is_capped = result.code == "capped"
    if result.value is not None and not is_capped:
        cause: _Cause = collect_own_facts(evaluation, leaf), (), ()
    else:
        cause = _explain_cause(evaluation, leaf, result)
    facts, missing, rules = cause
    unit = evaluation.compiled.unit
    return ReasonParameters(
        facts=facts,
        value=value,
        between=() if result.value is None else _find_goalposts(evaluation.compiled, leaf, result.value),
        cap=to_points(leaf.cap, unit) if is_capped and result.declared else None,
        uncapped=to_points(result.uncapped, unit) if is_capped else None,
        level_sent=result.level_sent,
        rules=rules,
        missing=missing,
        fields=result.fields,
    )


_Cause = tuple[dict[str, FactValue | str | None], tuple[str, ...], tuple[str, ...]]
"""Cause of a score: facts that decided, by name; indicators whose answers are missing; ids of broken rules."""


def _explain_cause(evaluation: Evaluation, leaf: CompiledIndicator, result: IndicatorResult) -> _Cause:
    """Find the facts, missing answers and broken rules behind a score that the curve alone does not determine.

    Such a score is capped, zero by rule, not applicable, unknown or contradicted. If a zero rule or the applicability
    decided, the facts are those that this condition reads; a contradicted indicator has no facts; any other indicator
    has the facts of its answer.
    """
    compiled, definition, facts = evaluation.compiled, leaf.definition, evaluation.facts
    if result.code == "zero_by_rule" or result.undetermined:
        absent = _list_absent(compiled, definition.zero_when, facts) if result.undetermined else ()
        return (
            collect_facts_read(compiled, definition.zero_when, facts),
            tuple(name for name in absent if name != definition.id),
            (),
        )
    if result.code == "not_applicable" or result.fields:
        return collect_facts_read(compiled, definition.applies, facts), (), ()
    if result.code in ("contradicted", "unsupported"):
        return explain_broken_rules(evaluation, leaf, result.code == "contradicted")
    missing: tuple[str, ...] = ()
    if leaf.borrowed_answers and leaf.presence_slot is not None and facts[leaf.presence_slot] is not None:
        missing = tuple(name for name, slot in leaf.borrowed_answers.items() if facts[slot] is None)
    return collect_own_facts(evaluation, leaf), missing, ()


def explain_broken_rules(evaluation: Evaluation, leaf: CompiledIndicator, is_supported: bool) -> _Cause:
    """Find the broken rules that contradict an indicator, and the absent answers that could still repair these rules.

    With `is_supported`, list only the rules that stay broken whatever the absent answers are; otherwise list only the
    rules that an absent answer could repair.
    """
    compiled = evaluation.compiled
    broken = [
        rule
        for rule in evaluation.broken_rules
        if leaf.position in rule.rule.invalidates and rule.is_supported == is_supported
    ]
    rules = tuple(rule.rule.definition.id for rule in broken)
    if is_supported:
        return {}, (), rules
    absent = {
        name
        for rule in broken
        if rule.rule.definition.holds is not None
        for name in _list_absent(compiled, rule.rule.definition.holds, rule.facts)
    }
    missing = tuple(
        other.definition.id
        for other in compiled.indicators
        if other.definition.id in absent and other.position != leaf.position
    )
    return {}, missing, rules


def collect_own_facts(evaluation: Evaluation, leaf: CompiledIndicator) -> dict[str, FactValue | str | None]:
    """Collect the facts of the answer to an indicator by name; return an empty dict if there is no answer that counts.

    For an indicator that has no facts of its own, collect the profile fields that its value formula reads.
    """
    compiled, indicator, facts = evaluation.compiled, leaf.definition, evaluation.facts
    if leaf.presence_slot is None:
        return {
            operand.field: _to_json_fact(facts[compiled.layout.profile[operand.field]])
            for operand in leaf.profile_operands
        }
    if facts[leaf.presence_slot] is None:
        return {}
    return {
        name: fact if type(fact := facts[slot]) is int else _to_json_fact(fact, indicator.components)
        for name, slot in leaf.facts
    }


def _find_goalposts(compiled: CompiledMethodology, leaf: CompiledIndicator, value: Ratio) -> tuple[PassedGoalpost, ...]:
    """Return the goalpost at the raw value `value` (numerator and denominator), or the two goalposts around it.

    If the value lies outside of the goalposts of the curve, return the nearest one: the first or the last.
    """
    n, d = value
    passed = _compile_goalposts(compiled)[leaf.position]
    for position, (x_n, x_d, alone, around) in enumerate(passed):
        if n * x_d <= x_n * d:
            return alone if position == 0 or n * x_d == x_n * d else around
    return passed[-1][2]


_PassedGoalposts = tuple[int, int, tuple[PassedGoalpost, ...], tuple[PassedGoalpost, ...]]
"""A goalpost of a curve: numerator and denominator of its x, and two possible results of `_find_goalposts`.

The first result has the goalpost alone, the second also the goalpost before it. Both are built once.
"""


@lru_cache(CACHE_SIZE)
def _compile_goalposts(compiled: CompiledMethodology) -> tuple[tuple[_PassedGoalposts, ...], ...]:
    """Build the goalposts of the curve of every indicator, by position, in the form of `_PassedGoalposts`."""
    return tuple(_pair_goalposts(compiled, leaf) for leaf in compiled.indicators)


def _pair_goalposts(compiled: CompiledMethodology, leaf: CompiledIndicator) -> tuple[_PassedGoalposts, ...]:
    shown = [PassedGoalpost(x=to_figure(x), score=to_quotient(units, compiled.unit)) for x, units in leaf.goalposts]
    return tuple(
        (*x.as_integer_ratio(), (shown[position],), tuple(shown[max(0, position - 1) : position + 1]))
        for position, (x, _) in enumerate(leaf.goalposts)
    )
