"""Scores one submission: the numbers, without their explanation.

SCORING sections 2 to 6. All scores are integers in units of 10^-decimals of a point.
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
from actitud_api.engine.scoring.compile import (
    UNKNOWN,
    CompiledGate,
    CompiledGroup,
    CompiledIndicator,
    CompiledMethodology,
    CompiledRule,
    compile_methodology,
    load_facts,
)
from actitud_api.engine.scoring.indicator_result import (
    NOT_APPLICABLE,
    OBSERVED,
    SETTLED,
    Code,
    IndicatorResult,
    Ratio,
    State,
    derive_state,
)

__all__ = [
    "OBSERVED",
    "BrokenRule",
    "Code",
    "Evaluation",
    "FailingGate",
    "GateFigures",
    "GroupSensitivity",
    "IndicatorResult",
    "State",
    "Status",
    "aggregate_scores",
    "assign_level",
    "build_group_sensitivity",
    "derive_state",
    "describe_failing_gate",
    "evaluate",
    "evaluate_compiled",
    "find_contradictions",
    "is_gate_met",
    "round_to_published",
    "score_children",
    "score_indicator",
]

FULL_COVERAGE: Final[Ratio] = (1, 1)

Status = Literal["not_rateable", "complete", "sufficient", "insufficient_evidence"]


class BrokenRule(Struct, frozen=True, gc=False):
    """A rule that does not hold; `supported` is false where that is only because an answer is absent."""

    rule: CompiledRule
    is_supported: bool
    facts: Facts
    """The facts of the round in which it broke."""


class FailingGate(Struct, frozen=True, gc=False):
    """A gate: what is there (None: absent), what is asked."""

    gate: Gate
    actual: Evaluated
    required: Evaluated


class Evaluation(Struct, kw_only=True):
    """The numbers of one submission.

    `groups` and `groups_max` are what each group counts with, None where that is nothing: it is not rated, or an
    unknown child makes it unknown and it leaves or makes the node above unknown too. `index` and `index_max` are the
    published ones, None where there is none. All in units of 10^-decimals.
    """

    compiled: CompiledMethodology
    facts: Facts
    """Without the contradicted answers."""
    sent: Facts
    """With them; the levels that review lowered are lowered."""
    results: list[IndicatorResult]
    broken_rules: list[BrokenRule]
    groups: dict[str, int | None]
    groups_max: dict[str, int | None]
    unknown: frozenset[str]
    """The indicators and groups that make the node above unknown."""
    coverage_ratios: dict[str, Ratio | None]
    """Coverage by group; None where it is not rated, whatever is unknown."""
    index: int | None
    index_max: int | None
    status: Status
    level: int | None
    provisional: bool
    failing_gates: list[CompiledGate]
    """The gates of the next level that do not hold."""
    self_declared: frozenset[str]
    """The indicators whose answers are only declared."""

    @property
    def coverages(self) -> dict[str, Fraction | None]:
        """Effective weight known over effective weight scored, 0 to 1, by group; None where it is not rated."""
        return {name: None if ratio is None else Fraction(*ratio) for name, ratio in self.coverage_ratios.items()}

    @property
    def coverage(self) -> Fraction | None:
        """The coverage of the index; None where too little applies to be rated."""
        ratio = self.coverage_ratios[self.compiled.document.root.id]
        return None if ratio is None else Fraction(*ratio)

    @property
    def blocked_by(self) -> list[FailingGate]:
        """The failing gates of the next level, with what is there."""
        figures = GateFigures(self)
        return [describe_failing_gate(gate, figures) for gate in self.failing_gates]

    @property
    def dimensions(self) -> list[int | None]:
        """The scores of the root's children, in units; None where one counts with nothing."""
        root = self.compiled.root
        return [
            self.results[child].score if isinstance(child, int) else self.groups[child.definition.id]
            for child in root.children
        ]

    def list_child_scores(self, group: CompiledGroup) -> list[int | None]:
        """What the children of a group count with; `UNKNOWN` where one makes it unknown."""
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
    """The numbers of a submission under a methodology."""
    plan = compile_methodology(methodology)
    return evaluate_compiled(plan, load_facts(plan, submission), submission)


def evaluate_compiled(plan: CompiledMethodology, sent: Facts, submission: Submission) -> Evaluation:
    """The numbers of facts; of the submission only what is declared without evidence and what review says is read."""
    sent, lowered = _reviewed(plan, sent, submission.level_caps)
    facts, contradicted, broken = find_contradictions(plan, sent)
    leaves = score_indicators(plan, facts, contradicted, lowered, submission)
    silent = [position for position, leaf in enumerate(leaves) if leaf.code not in SETTLED]
    unknown: frozenset[str] = frozenset()
    groups: dict[str, int | None] = {}
    if silent and plan.has_void_groups:
        counted = [
            compiled.unknown_score if leaf.score is None and leaf.maximum is not None else leaf.score
            for leaf, compiled in zip(leaves, plan.indicators, strict=True)
        ]
        aggregate_scores(plan.root, counted, groups)
        unknown = frozenset(
            [compiled.definition.id for compiled in plan.indicators if counted[compiled.position] == UNKNOWN]
            + [name for name, score in groups.items() if score == UNKNOWN]
        )
        groups = {name: None if score == UNKNOWN else score for name, score in groups.items()}
    else:
        aggregate_scores(plan.root, [leaf.score for leaf in leaves], groups)
    groups_max = groups
    covered: dict[str, Ratio | None] = {
        name: None if score is None else FULL_COVERAGE for name, score in groups.items()
    }
    if silent:
        groups_max = dict(groups)
        above = frozenset(name for position in silent for name in plan.indicators[position].ancestors)
        _compute_upper_bounds(plan.root, leaves, above, groups_max, covered)
    root = plan.root.definition.id
    index = round_to_published(plan, groups[root])
    evaluation = Evaluation(
        compiled=plan,
        facts=facts,
        sent=sent,
        results=leaves,
        broken_rules=broken,
        groups=groups,
        groups_max=groups_max,
        unknown=unknown,
        coverage_ratios=covered,
        index=index,
        index_max=round_to_published(plan, groups_max[root]),
        status="not_rateable" if index is None else _status(plan, silent, covered),
        level=None,
        provisional=False,
        failing_gates=[],
        self_declared=submission.self_declared,
    )
    if evaluation.status in ("complete", "sufficient"):
        assign_level(evaluation, submission.max_level)
    return evaluation


def round_to_published(plan: CompiledMethodology, units: int | None) -> int | None:
    """The published index of an internal one: half up to its decimals, in units of 10^-decimals."""
    step = plan.published_step
    return units if units is None or step == 1 else (2 * units + step) // (2 * step) * step


def _reviewed(plan: CompiledMethodology, sent: Facts, caps: Mapping[str, int]) -> tuple[Facts, dict[int, int]]:
    """The facts with the levels that review caps lowered, and what was sent there, by position."""
    lowered: dict[int, int] = {}
    for name, cap in caps.items():
        leaf = plan.indicators[plan.positions[name]]
        level = sent[leaf.slots[0]]
        if isinstance(level, int) and level > cap:
            if not lowered:
                sent = list(sent)
            lowered[leaf.position], sent[leaf.slots[0]] = level, cap
    return sent, lowered


# --- contradictions -------------------------------------------------------------------------------------------


def find_contradictions(plan: CompiledMethodology, sent: Facts) -> tuple[Facts, dict[int, Code], list[BrokenRule]]:
    """The facts without contradicted answers, the indicators contradicted with their code, the broken rules.

    Error rules are evaluated all at once, again with the contradicted answers taken out, until nothing new is
    contradicted; warnings once at the end (SCORING, section 2, findings). Broken rules come in document order.
    """
    facts = sent
    codes: dict[int, Code] = {}
    broken: dict[int, BrokenRule] = {}
    failing = plan.error_rules.find_failing(facts)
    while failing:
        fresh: set[int] = set()
        for number in failing:
            compiled = plan.rules[number]
            supported = compiled.could_hold(facts) is False
            broken[number] = BrokenRule(compiled, supported, facts)
            for position in compiled.invalidates:
                if position not in codes:
                    fresh.add(position)
                if supported or position not in codes:
                    codes[position] = "contradicted" if supported else "unsupported"
        if not fresh:
            break
        facts = list(facts)
        for position in fresh:
            for slot in plan.indicators[position].slots:
                facts[slot] = None
        failing = [number for number in plan.error_rules.find_failing(facts) if number not in broken]
    for number in plan.warning_numbers:
        compiled = plan.rules[number]
        if not compiled.holds(facts):
            broken[number] = BrokenRule(compiled, compiled.could_hold(facts) is False, facts)
    return facts, codes, [broken[number] for number in sorted(broken)]


# --- one indicator --------------------------------------------------------------------------------------------


def score_indicators(
    plan: CompiledMethodology,
    facts: Facts,
    contradicted: Mapping[int, Code],
    lowered: Mapping[int, int],
    submission: Submission,
) -> list[IndicatorResult]:
    """What every indicator counts with, by position."""
    leaves = [NOT_APPLICABLE] * len(plan.indicators)
    whole = cast("Sequence[int | None]", facts)
    zero: Truth
    for block in plan.blocks.blocks:
        zero = False if block.zero_when is None else block.zero_when(facts)
        if zero:
            for scorer in block.scorers:
                leaves[scorer.indicator.position] = scorer.zero
        elif zero is False and (block.applies is None or block.applies(facts)):
            for position, slot, table, unknown in block.tables:
                level = whole[slot]
                leaves[position] = unknown if level is None else table[level]
            for position, over, under, curve, low, best, unknown, scored in block.quotients:
                n, d = whole[over], 1 if under is None else whole[under]
                if n is None:
                    leaves[position] = unknown
                elif type(n) is int and type(d) is int and d > 0:
                    score = curve(n, d)
                    leaves[position] = IndicatorResult(
                        "zero" if score == low else "full" if score == best else "partial", score, score, (n, d), score
                    )
                else:
                    leaves[position] = scored(facts)
            for position, scored in block.others:
                leaves[position] = scored(facts)
        else:
            for scorer in block.scorers:
                leaf = scorer.indicator
                leaves[leaf.position] = score_indicator(plan, leaf, facts, None, lowered, submission)
    # What review, evidence and contradictions touch is scored at length.
    touched = {*contradicted, *lowered}
    touched.update(plan.positions[name] for name in submission.set_aside if name in plan.positions)
    for name in submission.self_declared:
        own = plan.positions.get(name)
        if own is not None and (leaves[own].score or 0) > plan.indicators[own].cap:
            touched.add(own)
    for position in touched:
        leaves[position] = score_indicator(
            plan, plan.indicators[position], facts, contradicted.get(position), lowered, submission
        )
    return leaves


def score_indicator(
    plan: CompiledMethodology,
    leaf: CompiledIndicator,
    facts: Facts,
    contradicted: Code | None,
    lowered: Mapping[int, int],
    submission: Submission,
) -> IndicatorResult:
    """Contradicted, zero rule, applicability, unknown, curve, caps: in this order (SCORING, section 2)."""
    if contradicted is not None:
        return IndicatorResult(contradicted, leaf.low, leaf.best)
    counts_with = None if leaf.unknown_score == UNKNOWN else leaf.unknown_score
    if leaf.zero_when is not None:
        zero = leaf.zero_when(facts)
        if zero:
            return IndicatorResult("zero_by_rule", leaf.low, leaf.low)
        if zero is None:
            return IndicatorResult(_absent(leaf, submission.set_aside), counts_with, leaf.best, undetermined=True)
    applies = leaf.applies is None or leaf.applies(facts)
    if applies is None:
        return IndicatorResult("unknown", counts_with, leaf.best)
    if not applies:
        fields = _only_declared(leaf, facts, submission.profile_self_declared)
        if fields:
            return IndicatorResult("unknown", counts_with, leaf.best, fields=fields)
        return NOT_APPLICABLE
    if leaf.presence_slot is not None and facts[leaf.presence_slot] is None:
        return IndicatorResult(_absent(leaf, submission.set_aside), counts_with, leaf.best)
    result = plan.blocks.scorers[leaf.position].score_facts(facts)
    if result.value is None or result.score is None:
        return result
    level_sent = lowered.get(leaf.position)
    uncapped = result.score if level_sent is None else leaf.curve(level_sent, 1)
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


def _absent(leaf: CompiledIndicator, set_aside: Mapping[str, SetAside]) -> Code:
    return set_aside.get(leaf.definition.id, "unknown")


def _only_declared(leaf: CompiledIndicator, facts: Facts, profile_self_declared: frozenset[str]) -> tuple[str, ...]:
    """The declared fields without which the indicator would not be excluded; empty where evidence excludes it."""
    fields = tuple(field for field in leaf.declarable_slots if field in profile_self_declared)
    if not fields or leaf.applies is None:
        return ()
    doubtful = list(facts)
    for field in fields:
        doubtful[leaf.declarable_slots[field]] = None
    return fields if leaf.applies(doubtful) is None else ()


# --- the tree -------------------------------------------------------------------------------------------------


def aggregate_scores(group: CompiledGroup, leaves: Sequence[int | None], scores: dict[str, int | None]) -> int | None:
    """What a group counts with, and every group below it, in `scores`: its quantised score, None or `UNKNOWN`."""
    own = (
        leaves[group.indicator_span]
        if group.indicator_span is not None
        else [
            leaves[child] if isinstance(child, int) else aggregate_scores(child, leaves, scores)
            for child in group.children
        ]
    )
    scores[group.definition.id] = result = score_children(group, own)
    return result


def score_children(group: CompiledGroup, scores: Sequence[int | None]) -> int | None:
    """What a group counts with, of what its children count with: its score, None (it leaves) or `UNKNOWN`.

    None where too little remains to rate it (SCORING, section 4); otherwise an `UNKNOWN` child makes it unknown.
    """
    if group.is_fully_weighted and None not in scores:
        own = cast("Sequence[int]", scores)
        if group.is_plain_mean:
            weighted: int = sum(map(mul, group.weights, own))
            return (2 * weighted + group.total_weight) // (2 * group.total_weight)
        return group.unknown_score if UNKNOWN in own else group.combine(group.weights, own)
    kept: list[int] = []
    weights: list[int] = []
    for score, weight in zip(scores, group.weights, strict=True):
        if score is not None and weight:
            kept.append(score)
            weights.append(weight)
    remaining, share = sum(weights), group.definition.rated_share
    if (
        not remaining
        or remaining * share.den < share.num * group.total_weight
        or len(kept) < group.definition.rated_children
    ):
        return None
    return group.unknown_score if UNKNOWN in kept else group.combine(weights, kept)


LinearTerms = tuple[int, int, int]


class GroupSensitivity(Struct, frozen=True):
    """A group with what its children count with, to score it with another score of one of them.

    `lines`: by child a, b and d such that the group has ⌊(a · score + b) / d⌋; None where that is not so.
    """

    group: CompiledGroup
    child_scores: list[int | None]
    linear_terms: list[LinearTerms | None]

    def rescore(self, place: int, score: int | None) -> int | None:
        """What the group counts with where a child counts with `score`."""
        line = self.linear_terms[place]
        if line is not None and score is not None and score != UNKNOWN:
            return (line[0] * score + line[1]) // line[2]
        counted = list(self.child_scores)
        counted[place] = score
        return score_children(self.group, counted)


def build_group_sensitivity(evaluation: Evaluation, group: CompiledGroup) -> GroupSensitivity:
    """A group of an evaluation."""
    counted = evaluation.list_child_scores(group)
    lines: list[LinearTerms | None] = [None] * len(counted)
    if (
        group.definition.aggregation != "arithmetic"
        or evaluation.groups[group.definition.id] is None
        or (evaluation.unknown and UNKNOWN in counted)
    ):
        return GroupSensitivity(group, counted, lines)
    weighted = remaining = 0
    for score, weight in zip(counted, group.weights, strict=True):
        if score is not None:
            weighted += weight * score
            remaining += weight
    twice, divisor = 2 * weighted + remaining, 2 * remaining
    for place, (score, weight) in enumerate(zip(counted, group.weights, strict=True)):
        if score is not None:
            lines[place] = 2 * weight, twice - 2 * weight * score, divisor
    return GroupSensitivity(group, counted, lines)


def _compute_upper_bounds(
    group: CompiledGroup,
    leaves: Sequence[IndicatorResult],
    above: frozenset[str],
    most: dict[str, int | None],
    covered: dict[str, Ratio | None],
) -> None:
    """What the groups `above` unknown indicators count with where these are at their best, in `most`; what is covered.

    Coverage is None where a group is not rated even so.
    """
    own: list[int | None] = []
    known, below, remaining = 0, 1, 0
    for child, name, weight in zip(group.children, group.names, group.weights, strict=True):
        if isinstance(child, int):
            leaf = leaves[child]
            own.append(leaf.maximum)
            if leaf.maximum is not None:
                remaining += weight
                if leaf.code in OBSERVED:
                    known += weight * below
        else:
            if name in above:
                _compute_upper_bounds(child, leaves, above, most, covered)
            own.append(most[name])
            share = covered[name]
            if share is not None:
                remaining += weight
                n, d = share
                if d == below:
                    known += weight * n
                else:
                    known, below = known * d + weight * n * below, below * d
    name = group.definition.id
    most[name] = score = score_children(group, own)
    covered[name] = None if score is None else _reduced(known, below * remaining)


def _reduced(n: int, d: int) -> Ratio:
    common = math.gcd(n, d)
    return n // common, d // common


def _status(plan: CompiledMethodology, silent: Sequence[int], covered: Mapping[str, Ratio | None]) -> Status:
    """The status of a submission that has an index; `silent`: the positions of what is unknown."""
    if not any(plan.indicators[position].has_weight for position in silent):
        return "complete"
    thresholds = plan.document.coverage
    overall = covered[plan.document.root.id]
    of_dimensions = (covered.get(child.id) for child in plan.document.root.children if child.weight)
    if (
        overall is not None
        and _at_least(overall, thresholds.overall)
        and all(share is None or _at_least(share, thresholds.per_dimension) for share in of_dimensions)
    ):
        return "sufficient"
    return "insufficient_evidence"


def _at_least(ratio: Ratio, share: Share) -> bool:
    return ratio[0] * share.den >= share.num * ratio[1]


# --- levels ---------------------------------------------------------------------------------------------------


def assign_level(evaluation: Evaluation, max_level: int | None) -> None:
    """Sets the highest level such that the gates of every level up to it hold, and the failing gates of the next.

    At most the `max_level` of the review, and no gate is to blame where only that holds it.
    """
    figures = GateFigures(evaluation)
    for level in evaluation.compiled.levels:
        failing = [gate for gate in level.gates if not is_gate_met(gate, figures)]
        if failing:
            evaluation.failing_gates = failing
            return
        if max_level is not None and level.number > max_level:
            return
        evaluation.level = level.number
        evaluation.provisional = level.firm is not None and not level.firm(figures)


def is_gate_met(compiled: CompiledGate, figures: GateFigures) -> bool:
    """Whether a gate holds."""
    if compiled.minimum is not None:
        nodes, asked = compiled.minimum
        units = figures.find_lowest(nodes)
        if units is not None:
            return units * asked.denominator >= asked.numerator * figures.unit
    elif compiled.value_bound is not None:
        indicator, asked, at_least = compiled.value_bound
        value = figures.read_ratio(indicator)
        if value is not None:
            over = value[0] * asked.denominator - asked.numerator * value[1]
            return not over or (over > 0) == at_least
    if compiled.actual(figures) is NULL:
        return compiled.definition.when_not_applicable == "pass"
    return compiled.holds(figures) is True


def describe_failing_gate(compiled: CompiledGate, figures: GateFigures) -> FailingGate:
    """A gate with what is there and what it asks."""
    units = None if compiled.minimum is None else figures.find_lowest(compiled.minimum[0])
    there = compiled.actual(figures) if units is None else Fraction(units, figures.unit)
    return FailingGate(compiled.definition, None if there is NULL else there, compiled.required(figures))


class GateFigures:
    """The figures of one evaluation, as gates read them (see `plan.Figures`)."""

    def __init__(self, evaluation: Evaluation) -> None:
        self.unit = evaluation.compiled.unit
        self._evaluation = evaluation
        self._least: dict[tuple[str | None, ...], int | None] = {}
        """Gates of several levels ask for the same nodes."""

    def read_index(self) -> Evaluated:
        """The published index in points."""
        index = self._evaluation.index
        return None if index is None else Fraction(index, self._evaluation.compiled.unit)

    def find_lowest(self, nodes: tuple[str | None, ...]) -> int | None:
        """The least score of nodes, None the index, in units; None where one has no score."""
        if nodes in self._least:
            return self._least[nodes]
        evaluation = self._evaluation
        groups, leaves, positions = evaluation.groups, evaluation.results, evaluation.compiled.positions
        least: int | None = None
        for node in nodes:
            if node is None:
                score = evaluation.index
            else:
                score = groups[node] if node in groups else leaves[positions[node]].score
            if score is None:
                least = None
                break
            least = score if least is None else min(least, score)
        self._least[nodes] = least
        return least

    def read_score(self, node: str) -> Evaluated:
        """The score of a node in points; absent where only silence took it away, NULL where it left."""
        evaluation = self._evaluation
        position = evaluation.compiled.positions.get(node)
        if position is None:
            units, most = evaluation.groups[node], evaluation.groups_max[node]
        else:
            units, most = evaluation.results[position].score, evaluation.results[position].maximum
        if units is None:
            return NULL if most is None else None
        return Fraction(units, evaluation.compiled.unit)

    def read_ratio(self, indicator: str) -> Ratio | None:
        """The raw value where `value` gives one."""
        evaluation = self._evaluation
        leaf = evaluation.results[evaluation.compiled.positions[indicator]]
        return None if indicator in evaluation.self_declared else leaf.value

    def read_value(self, indicator: str) -> Evaluated:
        """The exact raw value; absent when unknown, self-declared, contradicted or zero by rule (section 6)."""
        plan = self._evaluation.compiled
        leaf = self._evaluation.results[plan.positions[indicator]]
        if leaf.code == "not_applicable":
            return NULL
        if leaf.value is None or indicator in self._evaluation.self_declared:
            return None
        if plan.indicators[plan.positions[indicator]].definition.curve.kind == "boolean":
            return bool(leaf.value[0])
        return Fraction(*leaf.value)

    def read_profile(self, field: str) -> Evaluated:
        """A field of the profile."""
        value = self._evaluation.facts[self._evaluation.compiled.layout.profile[field]]
        assert not isinstance(value, frozenset)
        return value
