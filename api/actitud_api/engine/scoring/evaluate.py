"""Scoring of one submission: the figures, without their explanation.

The rules are in docs/scoring.md, sections 2 to 6. All scores are integers in units of 10^-decimals of a point.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from operator import mul
from typing import Final, Literal, cast

from msgspec import Struct

from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.model import Gate, Share
from actitud_api.engine.methodology.predicates import NULL, Evaluated, Facts, Truth
from actitud_api.engine.methodology.requests.answers import SetAside, Submission
from actitud_api.engine.scoring.aggregations import UNKNOWN, select_remaining
from actitud_api.engine.scoring.compile import (
    CompiledGate,
    CompiledGroup,
    CompiledIndicator,
    CompiledLevel,
    CompiledMethodology,
    CompiledRule,
    GateFigures,
    GateInputs,
    compile_methodology,
    load_facts,
    round_to_step,
)
from actitud_api.engine.scoring.indicator_result import NOT_APPLICABLE, SETTLED, Ratio
from actitud_api.engine.scoring.indicator_result import OBSERVED as OBSERVED
from actitud_api.engine.scoring.indicator_result import Code as Code
from actitud_api.engine.scoring.indicator_result import IndicatorResult as IndicatorResult
from actitud_api.engine.scoring.indicator_result import State as State
from actitud_api.engine.scoring.indicator_result import derive_state as derive_state
from actitud_api.engine.scoring.pillars import CompiledPillar

FULL_COVERAGE: Final[Ratio] = (1, 1)

Status = Literal["not_rateable", "complete", "sufficient", "insufficient_evidence"]


class BrokenRule(Struct, frozen=True, gc=False):
    """A rule that a submission breaks.

    `is_supported` is True if the rule is broken whatever the absent answers are, and False if an absent answer could
    still repair it. `facts` are the facts of the submission, by slot (index in the list), at the time when the rule was
    found broken: facts of answers that other rules had contradicted before are None.
    """

    rule: CompiledRule
    is_supported: bool
    facts: Facts


class FailingGate(Struct, frozen=True, gc=False):
    """A gate (condition of a level) that is not passed, with the value that it reads (`actual`) and the required value.

    `actual` is None if the value is unknown or does not exist.
    """

    gate: Gate
    actual: Evaluated
    required: Evaluated


class Evaluation(GateInputs, kw_only=True):
    """The result of scoring a submission; scores are in units of 10^-decimals of a point.

    The other members are explained at their declarations.

    Attributes:
        compiled: Methodology under which the submission was scored.
        broken_rules: Validation rules that the submission breaks, in document order.
        index_max: Index if every unknown indicator were at its best, None if there is none.
        status: Whether there is an index, and enough evidence for a level.
        level: Level, None if the submission reaches none or its status allows none.
        provisional: True if the level holds only until a review has checked a condition.
    """

    compiled: CompiledMethodology
    sent: Facts
    """Facts by slot as sent, contradicted answers included; levels that a review capped are already lowered."""
    broken_rules: list[BrokenRule]
    unknown: frozenset[str]
    """Ids of the nodes that are unknown and make the group that contains them unknown too (`missing: void`)."""
    coverage_ratios: dict[str, Ratio | None]
    """Coverage of each group, by id, as a ratio.

    It is None if the group would have no score even if every unknown indicator had its best score.
    """
    index_max: int | None
    status: Status
    level: int | None
    provisional: bool
    next_level: CompiledLevel | None
    """Lowest level of which a gate is not passed; None if no gate was found that prevents a level."""

    @property
    def coverages(self) -> dict[str, Fraction | None]:
        """Coverage of each group, by id: answered weight divided by the weight that counts, from 0 to 1.

        The coverage is None for a group that would have no score even if every unknown indicator had its best score.
        """
        return {name: None if ratio is None else Fraction(*ratio) for name, ratio in self.coverage_ratios.items()}

    @property
    def coverage(self) -> Fraction | None:
        """Coverage of the index, from 0 to 1; None if too few indicators apply for an index to exist."""
        ratio = self.coverage_ratios[self.compiled.document.root.id]
        return None if ratio is None else Fraction(*ratio)

    @property
    def blocked_by(self) -> list[FailingGate]:
        """Gates (conditions) of the next level that are not passed, each with its actual and required value."""
        figures, gates = GateFigures(self), () if self.next_level is None else self.next_level.gates
        return [describe_failing_gate(gate, figures) for gate in gates if not gate.is_met(figures)]

    def compute_pillar(self, pillar: CompiledPillar) -> tuple[int | None, int | None]:
        """Compute the score of a pillar (mean of some indicators), and its score with all unknown ones at their best.

        Both are in units of 10^-decimals of a point, None if no indicator of the pillar counts.
        """
        score = maximum = pillar.compute_score([result.score for result in self.results], self.groups)
        if self.groups_max is not self.groups:
            maximum = pillar.compute_score([result.maximum for result in self.results], self.groups_max)
        return score, maximum

    @property
    def published_dimensions(self) -> list[int | None]:
        """Scores of the children of the root in document order, rounded to the decimals with which each is published.

        The scores are in units of 10^-decimals of a point, None for a child without a score.
        """
        return [
            score if isinstance(child, int) else publish_score(child, score)
            for child, score in zip(self.compiled.root.children, self.dimensions, strict=True)
        ]

    @property
    def dimensions(self) -> list[int | None]:
        """Scores of the children of the root in document order, with all decimals.

        The scores are in units of 10^-decimals of a point, None for a child without a score.
        """
        root = self.compiled.root
        return [
            self.results[child].score if isinstance(child, int) else self.groups[child.definition.id]
            for child in root.children
        ]

    def list_child_scores(self, group: CompiledGroup) -> list[int | None]:
        """List the scores of the children of a group, in units of 10^-decimals of a point.

        None marks a child without a score, `UNKNOWN` a child that makes the group unknown.
        """
        leaves, groups = self.results, self.groups
        if not self.unknown:
            if group.indicator_span is not None:
                return [leaf.score for leaf in leaves[group.indicator_span]]
            return [
                leaves[child].score if isinstance(child, int) else groups[name]
                for name, child in zip(group.names, group.children, strict=True)
            ]
        return [
            UNKNOWN
            if name in self.unknown
            else self.results[child].score
            if isinstance(child, int)
            else self.groups[name]
            for name, child in zip(group.names, group.children, strict=True)
        ]


def evaluate(methodology: Methodology, submission: Submission) -> Evaluation:
    """Score a submission under a methodology, without its explanation."""
    compiled = compile_methodology(methodology)
    return evaluate_compiled(compiled, load_facts(compiled, submission), submission)


def evaluate_compiled(compiled: CompiledMethodology, sent: Facts, submission: Submission) -> Evaluation:
    """Score the facts `sent`, given by slot, and return the evaluation.

    A slot is the index of a fact in the list. From `submission`, only the names of answers without evidence and the
    decisions of reviews are read; the facts in it are ignored.
    """
    sent, lowered = _apply_level_caps(compiled, sent, submission.level_caps)
    facts, contradicted, broken = find_contradictions(compiled, sent)
    results = score_indicators(compiled, facts, contradicted, lowered, submission)
    unknown = [position for position, result in enumerate(results) if result.code not in SETTLED]
    groups, spreading = _score_groups(compiled, results, unknown)
    # Without unknown indicators the upper bounds are the scores, and every group is fully covered.
    groups_max = groups
    coverage: dict[str, Ratio | None] = {
        name: None if score is None else FULL_COVERAGE for name, score in groups.items()
    }
    if unknown:
        groups_max = dict(groups)
        above = frozenset(name for position in unknown for name in compiled.indicators[position].ancestors)
        _compute_upper_bounds(compiled.root, results, above, groups_max, coverage)
    root = compiled.root.definition.id
    index = round_to_published(compiled, groups[root])
    evaluation = Evaluation(
        compiled=compiled,
        facts=facts,
        sent=sent,
        results=results,
        broken_rules=broken,
        groups=groups,
        groups_max=groups_max,
        unknown=spreading,
        coverage_ratios=coverage,
        index=index,
        index_max=round_to_published(compiled, groups_max[root]),
        status="not_rateable" if index is None else _determine_status(compiled, unknown, coverage),
        level=None,
        provisional=False,
        next_level=None,
        self_declared=submission.self_declared,
    )
    if evaluation.status in ("complete", "sufficient"):
        assign_level(evaluation, submission.max_level)
    return evaluation


def round_to_published(compiled: CompiledMethodology, units: int | None) -> int | None:
    """Round an index half up to the `published_decimals` of the methodology; return None if the index is None.

    `units` and the result are integers in units of 10^-`decimals` of the methodology: with 2 decimals of which 1 is
    published, 5734 becomes 5730.
    """
    return _round_to_step(units, compiled.published_step)


def publish_score(group: CompiledGroup, units: int | None) -> int | None:
    """Round the score of a group half up to the published decimals of the group; return None if the score is None.

    The score and the result are in units of 10^-decimals of a point.
    """
    return _round_to_step(units, group.published_step)


def _round_to_step(units: int | None, step: int) -> int | None:
    return units if units is None or step == 1 else round_to_step(units, step)


def _apply_level_caps(
    compiled: CompiledMethodology, sent: Facts, caps: Mapping[str, int]
) -> tuple[Facts, dict[int, int]]:
    """Lower each level in `sent` that exceeds its cap; `caps` has the highest level that a review allows, by indicator.

    Return the facts, and the level as sent of each lowered indicator by position. If no level exceeds its cap, the
    facts are returned unchanged and not copied. A cap has no effect on an absent answer.
    """
    lowered: dict[int, int] = {}
    for name, cap in caps.items():
        leaf = compiled.indicators[compiled.positions[name]]
        level = sent[leaf.slots[0]]
        if isinstance(level, int) and level > cap:
            # The facts belong to the caller, so they are copied once, before the first change.
            if not lowered:
                sent = list(sent)
            lowered[leaf.position], sent[leaf.slots[0]] = level, cap
    return sent, lowered


# --- contradictions -------------------------------------------------------------------------------------------


def find_contradictions(compiled: CompiledMethodology, sent: Facts) -> tuple[Facts, dict[int, Code], list[BrokenRule]]:
    """Find the contradictions in the facts of a submission (docs/scoring.md, section 2, findings).

    `sent` are the facts as sent, by slot (index in the list). All rules of severity `error` are evaluated at once, and
    then again without the contradicted answers, until no further answer is contradicted. Rules of severity `warning`
    are evaluated once at the end. Return the facts without the contradicted answers, the code (`contradicted`, or
    `unsupported` if absent answers could still repair the rule) of each contradicted indicator by position, and the
    broken rules in document order.
    """
    facts = sent
    codes: dict[int, Code] = {}
    broken: dict[int, BrokenRule] = {}
    failing = compiled.error_rules.find_failing(facts)
    while failing:
        fresh: set[int] = set()
        for number in failing:
            rule = compiled.rules[number]
            supported = rule.could_hold(facts) is False
            broken[number] = BrokenRule(rule, supported, facts)
            for position in rule.invalidates:
                if position not in codes:
                    fresh.add(position)
                # A contradiction that no missing answer could repair outweighs an unsupported one, whichever rule comes
                # first.
                if supported or position not in codes:
                    codes[position] = "contradicted" if supported else "unsupported"
        if not fresh:
            break
        # A broken rule keeps the facts of its round, so they are not changed in place.
        facts = list(facts)
        for position in fresh:
            for slot in compiled.indicators[position].slots:
                facts[slot] = None
        failing = [number for number in compiled.error_rules.find_failing(facts) if number not in broken]
    for number in compiled.warning_numbers:
        rule = compiled.rules[number]
        if not rule.holds(facts):
            broken[number] = BrokenRule(rule, rule.could_hold(facts) is False, facts)
    return facts, codes, [broken[number] for number in sorted(broken)]


# --- one indicator --------------------------------------------------------------------------------------------


def score_indicators(
    compiled: CompiledMethodology,
    facts: Facts,
    contradicted: Mapping[int, Code],
    lowered: Mapping[int, int],
    submission: Submission,
) -> list[IndicatorResult]:
    """Score every indicator; return the results by position.

    Args:
        compiled: Compiled methodology.
        facts: Facts by slot (index in the list), without the contradicted answers.
        contradicted: Code (`contradicted` or `unsupported`) of each contradicted indicator, by position.
        lowered: Level as sent of each indicator whose level a review lowered, by position.
        submission: Only its self-declared names and the decisions of reviews are read.
    """
    results = [NOT_APPLICABLE] * len(compiled.indicators)
    integers = cast("Sequence[int | None]", facts)
    blocks = compiled.blocks
    for position, slot, table, unknown in blocks.tables:
        level = integers[slot]
        results[position] = unknown if level is None else table[level]
    for position, numerator_slot, denominator_slot, curve, low, best, unknown, score_facts in blocks.quotients:
        n, d = integers[numerator_slot], 1 if denominator_slot is None else integers[denominator_slot]
        if n is None:
            results[position] = unknown
        # Counts are by far the most frequent facts. Decimals are Fractions and take the general way, as does d = 0.
        elif type(n) is int and type(d) is int and d > 0:
            score = curve(n, d)
            results[position] = IndicatorResult(
                "zero" if score == low else "full" if score == best else "partial", score, score, (n, d), score
            )
        else:
            results[position] = score_facts(facts)
    zero: Truth
    for block in blocks.blocks:
        zero = False if block.zero_when is None else block.zero_when(facts)
        if zero:
            for scorer in block.scorers:
                results[scorer.indicator.position] = scorer.zero
        elif zero is False and (block.applies is None or block.applies(facts)):
            for position, score_facts in block.others:
                results[position] = score_facts(facts)
        else:
            for scorer in block.scorers:
                indicator = scorer.indicator
                results[indicator.position] = score_indicator(compiled, indicator, facts, None, lowered, submission)
    for position in {*contradicted, *lowered, *_find_adjusted(compiled, results, submission)}:
        results[position] = score_indicator(
            compiled, compiled.indicators[position], facts, contradicted.get(position), lowered, submission
        )
    return results


def _find_adjusted(
    compiled: CompiledMethodology, results: Sequence[IndicatorResult], submission: Submission
) -> set[int]:
    """Return the positions of the indicators whose result from the facts alone must be adjusted.

    These are indicators whose answers do not count (withdrawn, rejected or stale), and indicators whose answers have no
    evidence but a score above the cap.
    """
    adjusted = {compiled.positions[name] for name in submission.set_aside if name in compiled.positions}
    for name in submission.self_declared:
        position = compiled.positions.get(name)
        if position is not None and (results[position].score or 0) > compiled.indicators[position].cap:
            adjusted.add(position)
    return adjusted


def score_indicator(
    compiled: CompiledMethodology,
    leaf: CompiledIndicator,
    facts: Facts,
    contradicted: Code | None,
    lowered: Mapping[int, int],
    submission: Submission,
) -> IndicatorResult:
    """Score one indicator.

    The first of the following that applies decides the score: a contradiction, the zero rule (a condition that makes
    the score the lowest one), applicability, a missing answer, and the curve with its caps.

    Args:
        compiled: Compiled methodology.
        leaf: The indicator.
        facts: Facts by slot (index in the list), without the contradicted answers.
        contradicted: Code (`contradicted` or `unsupported`) of a contradiction, None if there is none.
        lowered: Level as sent of each indicator whose level a review lowered, by position.
        submission: Only the names of answers without evidence and the decisions of reviews are read.
    """
    if contradicted is not None:
        return IndicatorResult(contradicted, leaf.low, leaf.best)
    counts_with = None if leaf.unknown_score == UNKNOWN else leaf.unknown_score
    if leaf.zero_when is not None:
        zero = leaf.zero_when(facts)
        if zero:
            return IndicatorResult("zero_by_rule", leaf.low, leaf.low)
        if zero is None:
            return IndicatorResult(
                _classify_absence(leaf, submission.set_aside), counts_with, leaf.best, undetermined=True
            )
    applies = leaf.applies is None or leaf.applies(facts)
    if applies is None:
        return IndicatorResult("unknown", counts_with, leaf.best)
    if not applies:
        fields = _find_declared_exclusions(leaf, facts, submission.profile_self_declared)
        if fields:
            return IndicatorResult("unknown", counts_with, leaf.best, fields=fields)
        return NOT_APPLICABLE
    if leaf.presence_slot is not None and facts[leaf.presence_slot] is None:
        return IndicatorResult(_classify_absence(leaf, submission.set_aside), counts_with, leaf.best)
    score_facts = compiled.blocks.scorers[leaf.position].score_facts
    result = score_facts(facts)
    if result.value is None or result.score is None:
        return result
    level_sent, uncapped = lowered.get(leaf.position), result.score
    if level_sent is not None:
        facts_sent = list(facts)
        facts_sent[leaf.slots[0]] = level_sent
        uncapped = score_facts(facts_sent).score or 0
    declared = result.score > leaf.cap and leaf.definition.id in submission.self_declared
    if level_sent is None and not declared:
        return result
    score = leaf.cap if declared else result.score
    code: Code = (
        "capped"
        if score < uncapped
        else "zero"
        if uncapped == leaf.low
        else "full"
        if uncapped == leaf.best
        else "partial"
    )
    return IndicatorResult(code, score, score, result.value, uncapped, level_sent=level_sent, declared=declared)


def _classify_absence(leaf: CompiledIndicator, set_aside: Mapping[str, SetAside]) -> Code:
    return set_aside.get(leaf.definition.id, "unknown")


def _find_declared_exclusions(
    leaf: CompiledIndicator, facts: Facts, profile_self_declared: frozenset[str]
) -> tuple[str, ...]:
    """Return the profile fields without evidence that make an indicator not applicable, if no other fields do.

    `facts` must be facts for which the indicator does not apply, and `profile_self_declared` has the fields without
    evidence. The result is empty if the indicator would not apply even with these fields unknown: then fields with
    evidence are enough to exclude it.
    """
    fields = tuple(field for field in leaf.declarable_slots if field in profile_self_declared)
    if not fields or leaf.applies is None:
        return ()
    # If the rule excludes the indicator even with the declared fields unknown, fields with evidence are enough.
    doubtful = list(facts)
    for field in fields:
        doubtful[leaf.declarable_slots[field]] = None
    return fields if leaf.applies(doubtful) is None else ()


def is_affected(leaf: CompiledIndicator, before: Facts, after: Facts, profile_self_declared: frozenset[str]) -> bool:
    """Return True if the zero rule, applicability or raw value of an indicator differs between two lists of facts.

    An indicator that applies with neither list differs too, if one of them excludes it with evidence, and the other
    only by profile fields without evidence (`profile_self_declared`): the second leaves it unknown.
    """
    for closure in (leaf.zero_when, leaf.applies, leaf.compute_value):
        if closure is not None and closure(before) != closure(after):
            return True
    if not profile_self_declared or leaf.applies is None or leaf.applies(after) is not False:
        return False
    excluded_before, excluded_after = (
        _find_declared_exclusions(leaf, facts, profile_self_declared) for facts in (before, after)
    )
    return excluded_before != excluded_after


def reads_contradicted(rule: CompiledRule, results: Sequence[IndicatorResult]) -> bool:
    """Return True if a validation rule reads an answer that is contradicted; `results` are by position."""
    return any(results[position].code in ("contradicted", "unsupported") for position in rule.reads)


# --- the tree -------------------------------------------------------------------------------------------------


def list_counted_scores(compiled: CompiledMethodology, results: Sequence[IndicatorResult]) -> list[int | None]:
    """List the score with which each indicator counts in its group, by position.

    For an unknown indicator, the `missing` rule of its group decides: its lowest score, None if it leaves the group, or
    `UNKNOWN` if it makes the group unknown.
    """
    return [
        indicator.unknown_score if result.score is None and result.maximum is not None else result.score
        for result, indicator in zip(results, compiled.indicators, strict=True)
    ]


def _score_groups(
    compiled: CompiledMethodology, results: Sequence[IndicatorResult], unknown: Sequence[int]
) -> tuple[dict[str, int | None], frozenset[str]]:
    """Compute the score of every group by id, and the ids of the nodes that make their parent unknown.

    `unknown` has the positions of the unknown indicators. A score is None if too few children of the group count, or if
    the group is unknown.
    """
    groups: dict[str, int | None] = {}
    if not (unknown and compiled.has_void_groups):
        aggregate_scores(compiled.root, [result.score for result in results], groups)
        return groups, frozenset()
    counted = list_counted_scores(compiled, results)
    aggregate_scores(compiled.root, counted, groups)
    spreading = frozenset(
        [indicator.definition.id for indicator in compiled.indicators if counted[indicator.position] == UNKNOWN]
        + [name for name, score in groups.items() if score == UNKNOWN]
    )
    return {name: None if score == UNKNOWN else score for name, score in groups.items()}, spreading


def aggregate_scores(
    group: CompiledGroup, indicators: Sequence[int | None], scores: dict[str, int | None]
) -> int | None:
    """Compute the score of a group; store it, and the scores of all groups below it, in `scores` by id.

    `indicators` contains the score of each indicator by position: None if the indicator leaves its group, `UNKNOWN` if
    it makes the group unknown. Return the score of the group in units of 10^-decimals of a point, None if too few
    children count, or `UNKNOWN` if a child makes the group unknown.
    """
    child_scores = (
        indicators[group.indicator_span]
        if group.indicator_span is not None
        else [
            indicators[child] if isinstance(child, int) else aggregate_scores(child, indicators, scores)
            for child in group.children
        ]
    )
    scores[group.definition.id] = result = score_children(group, child_scores)
    return result


def score_children(group: CompiledGroup, scores: Sequence[int | None]) -> int | None:
    """Compute the score of a group from the scores of its children, in units of 10^-decimals of a point.

    In `scores`, None marks a child that does not count, and `UNKNOWN` an unknown child that makes the group unknown
    (`missing: void`). Return None if too few children count. If enough count, but one of them is `UNKNOWN`, return
    `group.unknown_score`: the lowest score of the group, None, or `UNKNOWN` again, as the `missing` rule of its parent
    demands.

    The plain arithmetic mean is computed here, every other aggregation in `aggregations`.
    """
    if group.is_fully_weighted and None not in scores:
        known_scores = cast("Sequence[int]", scores)
        if group.is_plain_mean:
            weighted: int = sum(map(mul, group.weights, known_scores))
            return (2 * weighted + group.total_weight) // (2 * group.total_weight)
        return group.unknown_score if UNKNOWN in known_scores else group.combine(group.weights, known_scores)
    remaining = select_remaining(group.definition, group.weights, group.total_weight, scores)
    if remaining is None:
        return None
    weights, known_scores = remaining
    return group.unknown_score if UNKNOWN in known_scores else group.combine(weights, known_scores)


LinearTerms = tuple[int, int, int]


class GroupSensitivity(Struct, frozen=True):
    """A group with the scores of its children, prepared to be scored with another score of one child.

    Attributes:
        group: The group.
        child_scores: Scores of the children in units of 10^-decimals of a point: None for a child that does not count,
            `UNKNOWN` for a child that makes the group unknown.
        linear_terms: For each child, integers a, b and d such that the group scores ⌊(a · score + b) / d⌋ if the child
            scores `score`. They are None if the group is no arithmetic mean or has no score, or if the child has no
            score; `rescore` then aggregates all children again.
    """

    group: CompiledGroup
    child_scores: list[int | None]
    linear_terms: list[LinearTerms | None]

    def rescore(self, child_position: int, score: int | None) -> int | None:
        """Compute the score of the group if one child had the given `score` instead.

        `child_position` is the number of the child in the group, from 0. Scores are in units of 10^-decimals of a
        point; None marks a child that does not count, `UNKNOWN` a child that makes the group unknown. The result is
        None if too few children count.
        """
        terms = self.linear_terms[child_position]
        if terms is not None and score is not None and score != UNKNOWN:
            return (terms[0] * score + terms[1]) // terms[2]
        counted = list(self.child_scores)
        counted[child_position] = score
        return score_children(self.group, counted)


def build_group_sensitivity(evaluation: Evaluation, group: CompiledGroup) -> GroupSensitivity:
    """Prepare a group of an evaluation for scoring with another score of one of its children."""
    counted = evaluation.list_child_scores(group)
    if (
        group.definition.aggregation != "arithmetic"
        or evaluation.groups[group.definition.id] is None
        or (evaluation.unknown and UNKNOWN in counted)
    ):
        return GroupSensitivity(group, counted, [None] * len(counted))
    weighted = sum([weight * score for score, weight in zip(counted, group.weights, strict=True) if score is not None])
    divisor = sum([2 * weight for score, weight in zip(counted, group.weights, strict=True) if score is not None])
    # The rounded mean is ⌊(2·weighted + remaining) / (2·remaining)⌋; solved for one score it gives a, b and d.
    twice = 2 * weighted + divisor // 2
    terms = [
        None if score is None else (2 * weight, twice - 2 * weight * score, divisor)
        for score, weight in zip(counted, group.weights, strict=True)
    ]
    return GroupSensitivity(group, counted, terms)


def _compute_upper_bounds(
    group: CompiledGroup,
    results: Sequence[IndicatorResult],
    above: frozenset[str],
    upper: dict[str, int | None],
    coverage: dict[str, Ratio | None],
) -> None:
    """Compute upper bounds and coverage of a group and the groups in it that contain unknown indicators.

    `above` has the ids of all groups that contain unknown indicators. For each of these, by id, `upper` receives the
    score that the group would have if every unknown indicator were at its best, and `coverage` its coverage. Both
    entries are None if the group would have no score even then.
    """
    maxima: list[int | None] = []
    known, denominator, remaining = 0, 1, 0
    for child, name, weight in zip(group.children, group.names, group.weights, strict=True):
        if isinstance(child, int):
            result = results[child]
            maxima.append(result.maximum)
            if result.maximum is not None:
                remaining += weight
                if result.code in OBSERVED:
                    known += weight * denominator
        else:
            if name in above:
                _compute_upper_bounds(child, results, above, upper, coverage)
            maxima.append(upper[name])
            share = coverage[name]
            if share is not None:
                remaining += weight
                n, d = share
                if d == denominator:
                    known += weight * n
                else:
                    known, denominator = known * d + weight * n * denominator, denominator * d
    name = group.definition.id
    upper[name] = score = score_children(group, maxima)
    coverage[name] = None if score is None else _reduce_ratio(known, denominator * remaining)


def _reduce_ratio(n: int, d: int) -> Ratio:
    common = math.gcd(n, d)
    return n // common, d // common


def _determine_status(
    compiled: CompiledMethodology, unknown: Sequence[int], coverage: Mapping[str, Ratio | None]
) -> Status:
    """Determine the status of a submission that has an index.

    `unknown` has the positions of unknown indicators, and `coverage` the coverage of each group by id.
    """
    # An unknown indicator without weight leaves nothing open.
    if not any(compiled.indicators[position].has_weight for position in unknown):
        return "complete"
    thresholds = compiled.document.coverage
    overall = coverage[compiled.document.root.id]
    of_dimensions = (coverage.get(child.id) for child in compiled.document.root.children if child.weight)
    if (
        overall is not None
        and _reaches(overall, thresholds.overall)
        and all(share is None or _reaches(share, thresholds.per_dimension) for share in of_dimensions)
    ):
        return "sufficient"
    return "insufficient_evidence"


def _reaches(ratio: Ratio, share: Share) -> bool:
    return ratio[0] * share.den >= share.num * ratio[1]


# --- levels ---------------------------------------------------------------------------------------------------


def assign_level(evaluation: Evaluation, max_level: int | None) -> None:
    """Set the level of an evaluation, whether it is provisional, and the next level.

    Gates are the conditions of a level, such as a lowest index. The level is the highest one that passes its own gates
    and those of all lower levels, None if a gate of the lowest level fails. `max_level` is the highest level that a
    review allows, None if there is no limit; if only this limit prevents a higher level, there is no next level.
    """
    figures = GateFigures(evaluation)
    for level in evaluation.compiled.levels:
        for gate in level.gates:
            if not gate.is_met(figures):
                evaluation.next_level = level
                return
        if max_level is not None and level.number > max_level:
            return
        evaluation.level = level.number
        evaluation.provisional = level.firm is not None and not level.firm(figures)


def describe_failing_gate(gate: CompiledGate, figures: GateFigures) -> FailingGate:
    """Return a gate (condition of a level) that is not passed, with the actual and the required figure.

    The actual figure is None if it is unknown or does not exist.
    """
    actual = gate.actual(figures)
    return FailingGate(gate.definition, None if actual is NULL else actual, gate.required(figures))
