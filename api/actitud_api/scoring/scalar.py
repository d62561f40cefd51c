"""Scores one submission: the numbers, without their explanation.

SCORING sections 2 to 6. All scores are integers in units of 10^-decimals of a point.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Literal

from msgspec import Struct

from actitud_api.methodology.answers import SetAside, Submission
from actitud_api.methodology.loader import Methodology
from actitud_api.methodology.model import (
    Gate,
)
from actitud_api.methodology.predicates import NULL, Evaluated, Facts, Number
from actitud_api.scoring.plan import (
    CompiledGate,
    CompiledGroup,
    CompiledIndicator,
    CompiledRule,
    Plan,
    Ratio,
    load_facts,
    plan_of,
)

State = Literal["observed", "not_applicable", "unknown"]
Code = Literal[
    "full",
    "partial",
    "zero",
    "zero_by_rule",
    "capped",
    "contradicted",
    "unsupported",
    "unknown",
    "withdrawn",
    "rejected",
    "stale",
    "not_applicable",
]
Status = Literal["not_rateable", "complete", "sufficient", "insufficient_evidence"]

OBSERVED: frozenset[Code] = frozenset({"full", "partial", "zero", "zero_by_rule", "capped"})


def state_of(code: Code) -> State:
    """The state on the wire of a reason code (SCORING, section 2)."""
    if code == "not_applicable":
        return "not_applicable"
    return "observed" if code in OBSERVED else "unknown"


class Leaf(Struct, gc=False):
    """What an indicator counts with.

    `score` and `maximum` are None where it is not applicable; `value` is None where there is none; `uncapped` is
    what the curve gave; `fields` are the profile fields that are only declared and would exclude it.
    """

    code: Code
    score: int | None
    maximum: int | None
    value: Ratio | None = None
    uncapped: int = 0
    fields: tuple[str, ...] = ()
    undetermined: bool = False
    """Unknown because its zero rule depends on an answer that is absent."""


class Broken(Struct, frozen=True, gc=False):
    """A rule that does not hold; `supported` is false where that is only because an answer is absent."""

    compiled: CompiledRule
    supported: bool
    facts: Facts
    """The facts of the round in which it broke."""


class BlockedBy(Struct, frozen=True, gc=False):
    """A failing gate: what is there (None: absent), what is asked."""

    gate: Gate
    there: Evaluated
    asked: Evaluated


class Evaluation(Struct, kw_only=True):
    """The numbers of one submission."""

    plan: Plan
    facts: Facts
    """Without the contradicted answers."""
    sent: Facts
    """With them."""
    leaves: list[Leaf]
    broken: list[Broken]
    groups: dict[str, int | None]
    groups_max: dict[str, int | None]
    coverages: dict[str, Fraction | None]
    index: int | None
    index_max: int | None
    status: Status
    level: int | None
    provisional: bool
    blocked_by: list[BlockedBy]

    @property
    def coverage(self) -> Fraction | None:
        """Effective weight known over effective weight scored, 0 to 1; None where there is no index."""
        return self.coverages[self.plan.document.root.id]

    @property
    def dimensions(self) -> list[int | None]:
        """The scores of the root's children, in units; None where one is not rated."""
        return [self.groups[child.id] for child in self.plan.document.root.children]


def evaluate(methodology: Methodology, submission: Submission) -> Evaluation:
    """The numbers of a submission under a methodology."""
    plan = plan_of(methodology)
    return evaluate_facts(plan, load_facts(plan, submission), submission)


def evaluate_facts(plan: Plan, sent: Facts, submission: Submission) -> Evaluation:
    """The numbers of facts; of the submission only what is declared without evidence and set aside is read."""
    facts, contradicted, broken = contradictions(plan, sent)
    leaves = [_leaf(plan, leaf, facts, contradicted.get(leaf.position), submission) for leaf in plan.leaves]
    groups: dict[str, int | None] = {}
    groups_max: dict[str, int | None] = {}
    index = aggregate(plan.root, [leaf.score for leaf in leaves], groups)
    index_max = aggregate(plan.root, [leaf.maximum for leaf in leaves], groups_max)
    coverages: dict[str, Fraction | None] = {}
    known = [leaf.code in OBSERVED for leaf in leaves]
    _cover(plan.root, [leaf.score for leaf in leaves], known, groups, coverages)
    evaluation = Evaluation(
        plan=plan,
        facts=facts,
        sent=sent,
        leaves=leaves,
        broken=broken,
        groups=groups,
        groups_max=groups_max,
        coverages=coverages,
        index=index,
        index_max=index_max,
        status=_status(plan, leaves, coverages),
        level=None,
        provisional=False,
        blocked_by=[],
    )
    if evaluation.status in ("complete", "sufficient"):
        _reach(evaluation, submission.self_declared)
    return evaluation


# --- contradictions -------------------------------------------------------------------------------------------


def contradictions(plan: Plan, sent: Facts) -> tuple[Facts, dict[int, Code], list[Broken]]:
    """The facts without contradicted answers, the indicators contradicted with their code, the broken rules.

    Error rules are evaluated all at once, again with the contradicted answers taken out, until nothing new is
    contradicted; warnings once at the end (SCORING, section 2, findings). Broken rules come in document order.
    """
    facts = sent
    codes: dict[int, Code] = {}
    broken: dict[int, Broken] = {}
    while True:
        fresh: set[int] = set()
        for number, compiled in enumerate(plan.rules):
            if compiled.rule.severity != "error" or number in broken or compiled.holds(facts):
                continue
            supported = compiled.could_hold(facts) is False
            broken[number] = Broken(compiled, supported, facts)
            for position in compiled.invalidates:
                if position not in codes:
                    fresh.add(position)
                if supported or position not in codes:
                    codes[position] = "contradicted" if supported else "unsupported"
        if not fresh:
            break
        facts = list(facts)
        for position in fresh:
            for slot in plan.leaves[position].slots:
                facts[slot] = None
    for number, compiled in enumerate(plan.rules):
        if compiled.rule.severity == "warning" and not compiled.holds(facts):
            broken[number] = Broken(compiled, compiled.could_hold(facts) is False, facts)
    return facts, codes, [broken[number] for number in sorted(broken)]


# --- one indicator --------------------------------------------------------------------------------------------


def _leaf(plan: Plan, leaf: CompiledIndicator, facts: Facts, contradicted: Code | None, submission: Submission) -> Leaf:
    """Contradicted, zero rule, applicability, unknown, curve, cap: in this order (SCORING, section 2)."""
    if contradicted is not None:
        return Leaf(contradicted, 0, leaf.best)
    if leaf.zero_when is not None:
        zero = leaf.zero_when(facts)
        if zero:
            return Leaf("zero_by_rule", 0, 0)
        if zero is None:
            return Leaf(_absent(leaf, submission.set_aside), 0, leaf.best, undetermined=True)
    if leaf.applies is not None and not leaf.applies(facts):
        fields = _only_declared(leaf, facts, submission.profile_self_declared)
        if fields:
            return Leaf("unknown", 0, leaf.best, fields=fields)
        return Leaf("not_applicable", None, None)
    if leaf.present is not None and facts[leaf.present] is None:
        return Leaf(_absent(leaf, submission.set_aside), 0, leaf.best)
    value = leaf.value(facts)
    if value is None:
        return Leaf("zero", 0, 0)
    uncapped = leaf.score(*value)
    if leaf.indicator.id in submission.self_declared and uncapped > plan.cap:
        return Leaf("capped", plan.cap, plan.cap, value, uncapped)
    code: Code = "zero" if uncapped == 0 else "full" if uncapped == leaf.best else "partial"
    return Leaf(code, uncapped, uncapped, value, uncapped)


def _absent(leaf: CompiledIndicator, set_aside: Mapping[str, SetAside]) -> Code:
    return set_aside.get(leaf.indicator.id, "unknown")


def _only_declared(leaf: CompiledIndicator, facts: Facts, profile_self_declared: frozenset[str]) -> tuple[str, ...]:
    """The declared fields without which the indicator would not be excluded; empty where evidence excludes it."""
    fields = tuple(field for field in leaf.declarable if field in profile_self_declared)
    if not fields or leaf.applies is None:
        return ()
    doubtful = list(facts)
    for field in fields:
        doubtful[leaf.declarable[field]] = None
    return fields if leaf.applies(doubtful) is None else ()


# --- the tree -------------------------------------------------------------------------------------------------


def aggregate(group: CompiledGroup, leaves: Sequence[int | None], scores: dict[str, int | None]) -> int | None:
    """The quantised score of a group, and of every group below it in `scores`; None where it is not rated."""
    own = [leaves[child] if isinstance(child, int) else aggregate(child, leaves, scores) for child in group.children]
    scores[group.group.id] = result = score_children(group, own)
    return result


def score_children(group: CompiledGroup, scores: Sequence[int | None]) -> int | None:
    """The weighted mean of the children that remain, half up; None where too little remains to rate the group."""
    weighted = remaining = children = 0
    for score, weight in zip(scores, group.weights, strict=True):
        if score is not None and weight:
            weighted += weight * score
            remaining += weight
            children += 1
    share = group.group.rated_share
    if not remaining or remaining * share.den < share.num * group.total or children < group.group.rated_children:
        return None
    return (2 * weighted + remaining) // (2 * remaining)


def _cover(
    group: CompiledGroup,
    leaves: Sequence[int | None],
    known: Sequence[bool],
    groups: Mapping[str, int | None],
    coverages: dict[str, Fraction | None],
) -> Fraction | None:
    """The coverage of a group, and of every group below it; None where it is not rated."""
    weighted: Number = 0
    remaining = 0
    for child, weight in zip(group.children, group.weights, strict=True):
        if isinstance(child, int):
            share: Number | None = None if leaves[child] is None else int(known[child])
        else:
            share = _cover(child, leaves, known, groups, coverages)
        if share is not None:
            weighted += weight * share
            remaining += weight
    result = None if groups[group.group.id] is None else Fraction(weighted) / remaining
    coverages[group.group.id] = result
    return result


def _status(plan: Plan, leaves: list[Leaf], coverages: Mapping[str, Fraction | None]) -> Status:
    coverage = coverages[plan.document.root.id]
    if coverage is None:
        return "not_rateable"
    if all(
        result.code in OBSERVED or result.score is None or not compiled.counts
        for result, compiled in zip(leaves, plan.leaves, strict=True)
    ):
        return "complete"
    thresholds = plan.document.coverage
    of_dimensions = [coverages[child.id] for child in plan.document.root.children if child.id in coverages]
    if coverage >= Fraction(thresholds.overall.num, thresholds.overall.den) and all(
        share is None or share >= Fraction(thresholds.per_dimension.num, thresholds.per_dimension.den)
        for share in of_dimensions
    ):
        return "sufficient"
    return "insufficient_evidence"


# --- levels ---------------------------------------------------------------------------------------------------


def _reach(evaluation: Evaluation, self_declared: frozenset[str]) -> None:
    """Sets the highest level such that the gates of every level up to it hold, and the gates of the next."""
    figures = _Figures(evaluation, self_declared)
    for level in evaluation.plan.levels:
        failing = [blocked for gate in level.gates if (blocked := _blocked(gate, figures)) is not None]
        if failing:
            evaluation.blocked_by = failing
            return
        evaluation.level = level.number
        evaluation.provisional = level.firm is not None and not level.firm(figures)


def _blocked(compiled: CompiledGate, figures: _Figures) -> BlockedBy | None:
    there = compiled.there(figures)
    if there is NULL:
        passes = compiled.gate.when_not_applicable == "pass"
        return None if passes else BlockedBy(compiled.gate, None, compiled.asked(figures))
    return None if compiled.holds(figures) else BlockedBy(compiled.gate, there, compiled.asked(figures))


class _Figures:
    """The figures of one evaluation, as gates read them (see `plan.Figures`)."""

    def __init__(self, evaluation: Evaluation, self_declared: frozenset[str]) -> None:
        self._evaluation = evaluation
        self._self_declared = self_declared

    def index(self) -> Evaluated:
        index = self._evaluation.index
        return None if index is None else Fraction(index, self._evaluation.plan.unit)

    def score(self, node: str) -> Evaluated:
        plan = self._evaluation.plan
        position = plan.positions.get(node)
        units = self._evaluation.groups[node] if position is None else self._evaluation.leaves[position].score
        return NULL if units is None else Fraction(units, plan.unit)

    def value(self, indicator: str) -> Evaluated:
        """The exact raw value; absent when unknown, self-declared, contradicted or zero by rule (section 6)."""
        plan = self._evaluation.plan
        leaf = self._evaluation.leaves[plan.positions[indicator]]
        if leaf.code == "not_applicable":
            return NULL
        if leaf.value is None or indicator in self._self_declared:
            return None
        if plan.leaves[plan.positions[indicator]].indicator.curve.kind == "boolean":
            return bool(leaf.value[0])
        return Fraction(*leaf.value)

    def profile(self, field: str) -> Evaluated:
        value = self._evaluation.facts[self._evaluation.plan.layout.profile[field]]
        assert not isinstance(value, frozenset)
        return value
