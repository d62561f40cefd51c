"""Compilation of a methodology: the form of a document that all evaluators read.

A document is compiled once: predicates and raw values become closures (`raw_values`), curves become functions on
integer coefficients (`curves`), groups become functions of their aggregation (`aggregations`). Each indicator gets a
position, its number in document order, and each fact and profile field gets a slot, its index in the list `Facts` (see
`FactLayout`). Scores are integers in units of 10^-decimals of a point.
"""

from __future__ import annotations

import operator
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from threading import Lock
from typing import cast

from msgspec import Struct, structs

from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.model import (
    All,
    AnswerOperand,
    Any,
    Compare,
    ComponentOperand,
    Constant,
    Document,
    Gate,
    Group,
    Implies,
    IndexOperand,
    Indicator,
    Level,
    LowerBoundOperand,
    Missing,
    Operand,
    PillarOperand,
    Predicate,
    Present,
    Product,
    ProfileOperand,
    Quotient,
    Rule,
    ScoreOperand,
    ValueOperand,
)
from actitud_api.engine.methodology.predicates import (
    COMPARISONS,
    DECIMALS_OF_NUMBERS,
    NULL,
    Evaluated,
    FactLayout,
    Facts,
    Leaf,
    Null,
    Number,
    Truth,
    compile_operand,
    compile_over_facts,
    compile_predicate,
    find_answers_read,
    find_fields_read,
    find_slot,
    name_derived_count,
    round_fact,
    round_half_up,
    scale_constant,
    to_exact,
    walk_indicators,
    walk_operand_parts,
    walk_operands,
)
from actitud_api.engine.methodology.requests.answers import Submission
from actitud_api.engine.scoring.aggregations import UNKNOWN, build_combination, build_float_mean, find_unknown_score
from actitud_api.engine.scoring.curves import compile_curve, find_best_score
from actitud_api.engine.scoring.indicator_result import IndicatorResult, Ratio
from actitud_api.engine.scoring.pillars import CompiledPillar, compile_pillars
from actitud_api.engine.scoring.raw_values import ImprovementStep, compile_raw_value, compile_step, find_quotient_slots
from actitud_api.engine.scoring.wilson import MILLION, compute_wilson_interval, reaches_lower_bound


class CompiledRule(Struct, frozen=True):
    """A validation rule that is checked in every score (scope `answers`), in the form that evaluation reads.

    Attributes:
        definition: Rule of the document.
        holds: Decides whether facts keep the rule if every absent answer has its least favourable value.
        could_hold: Decides whether facts keep the rule without assumptions about absent answers: True or False if the
            present answers decide it, None if it depends on absent ones.
        invalidates: Positions of the indicators that the broken rule contradicts.
        reads: Positions of the indicators whose answers the rule reads.
        fields: Names of the profile fields that the rule reads.
    """

    definition: Rule
    holds: Callable[[Facts], Truth]
    could_hold: Callable[[Facts], Truth]
    invalidates: tuple[int, ...]
    reads: frozenset[int]
    fields: frozenset[str]


class ErrorRules(Struct, frozen=True):
    """Parts of the rules of severity `error`: a rule holds if all of its parts do.

    Each part has the number of its rule, which is the position in `rules` of the compiled methodology. The parts in
    `ordered` and `equal` compare a fact of an answer, if there is one, with another fact, and are checked without a
    closure: the fact in the first slot (index in the list of facts) must be at most, or equal to, that in the second.
    Each other part has the function that decides whether it holds.
    """

    ordered: tuple[tuple[int, int, int], ...]
    equal: tuple[tuple[int, int, int], ...]
    others: tuple[tuple[int, Callable[[Facts], Truth]], ...]

    def find_failing(self, facts: Facts) -> list[int]:
        """Return the numbers of the rules that these facts break, in ascending order."""
        values = cast("Sequence[Number]", facts)
        failing = [
            number for number, low, high in self.ordered if (value := values[low]) is not None and value > values[high]
        ]
        failing += [
            number for number, one, two in self.equal if (value := values[one]) is not None and value != values[two]
        ]
        failing += [number for number, holds in self.others if not holds(facts)]
        return sorted(set(failing))


class CompiledIndicator(Struct, frozen=True):
    """An indicator of the document, in the form that evaluation reads.

    The other members are explained at their declarations.

    Attributes:
        position: Number of the indicator in document order, from 0.
        definition: The indicator as the document defines it.
        presence_slot: A slot whose fact is None if there is no answer; None if the indicator has no facts.
        slots: Slots of its facts: their indices in the list of all facts.
        compute_value: Returns the raw value as a ratio, None if the facts give none.
        curve: Receives numerator and denominator of the raw value, and returns the score in units of 10^-decimals of a
            point.
        applies: Decides whether the indicator applies; None if it always does.
        declarable_slots: Slots of the profile fields that `applies` reads and that need evidence, by field.
        zero_when: Zero rule, which makes the score the lowest one whatever the answer is; None if there is none.
        step: Fact that a next step changes, None if the document names none.
    """

    position: int
    definition: Indicator
    presence_slot: int | None
    slots: range
    facts: tuple[tuple[str, int], ...]
    """Name and slot of each fact that is sent; the counts that are derived from lists are left out."""
    compute_value: Callable[[Facts], Ratio | None]
    curve: Callable[[int, int], int]
    low: int
    """Lowest score that the indicator can have, in units of 10^-decimals: the minimum of its range."""
    high: int
    """Maximum of the range of the indicator, in units of 10^-decimals."""
    best: int
    """Highest score of the curve, in units of 10^-decimals."""
    cap: int
    """Highest score of an answer without evidence, in units of 10^-decimals."""
    unknown_score: int | None
    """Score of the indicator if it is unknown, as the `missing` rule of its group says.

    It is the minimum of the range, None (the indicator leaves its group) or `UNKNOWN` (the group is unknown too).
    """
    applies: Callable[[Facts], Truth] | None
    declarable_slots: dict[str, int]
    zero_when: Callable[[Facts], Truth] | None
    step: ImprovementStep | None
    goalposts: tuple[tuple[Fraction, int], ...]
    """Raw value x and score of each goalpost, in ascending order of x; scores are in units of 10^-decimals."""
    ascending_goalposts: tuple[tuple[Fraction, int], ...]
    """Raw value x and score of each goalpost, in ascending order of score; scores are in units of 10^-decimals."""
    is_sampled_share: bool
    """True if the raw value is a share of counted cases, which has a sampling uncertainty."""
    is_rising: bool
    """True if a higher raw value scores more."""
    ancestors: tuple[str, ...]
    """Ids of the groups that contain the indicator, from its own group up to the root."""
    child_positions: tuple[int, ...]
    """For each group in `ancestors`, the number of the child that is the indicator or contains the indicator."""
    has_weight: bool
    """True if the indicator counts in the index: its weight and those of all groups that contain it are above 0."""
    borrowed_answers: dict[str, int]
    """Ids of the other indicators whose answers the value formula reads, each with a slot.

    The slot holds None if that answer is absent.
    """
    step_field: str | None
    """Profile field that the next step changes; None if the step changes a fact of the answer, or there is no step."""
    profile_operands: tuple[ProfileOperand, ...]
    """Profile fields that the value formula of the indicator reads."""
    profile_slots: tuple[int, ...]
    """Slots of `profile_operands`."""
    quotient_slots: tuple[int, int | None] | None
    """Slots of numerator and denominator, if the raw value is a quotient of two facts of the indicator.

    If the raw value is one fact, its slot and None. None for any other formula.
    """
    dependents: tuple[int, ...]
    """Positions of the other indicators that read the answer or profile field that a next step of this one changes."""
    is_circular: bool
    """True if the zero rule or applicability of the indicator reads the fact that its next step changes."""


class IndicatorScorer(Struct, frozen=True):
    """Precomputed results of an indicator, and the function that computes any other result from facts.

    The results are valid if no contradiction and no review changes the score, and if the answer has evidence or needs
    none.

    Attributes:
        indicator: The indicator.
        unknown: Result if there is no answer.
        zero: Result if the zero rule of the indicator is true, a condition that makes the score the lowest one.
        table: Result for each level of a ladder (0, 1, …) or each value of a yes/no question; None for other
            indicators.
        score_facts: Computes the result from facts, for an indicator of any type that applies and whose zero rule is
            not true.
    """

    indicator: CompiledIndicator
    unknown: IndicatorResult
    zero: IndicatorResult
    table: tuple[IndicatorResult, ...] | None
    score_facts: Callable[[Facts], IndicatorResult]


QuotientScorer = tuple[
    int, int, int | None, Callable[[int, int], int], int, int, IndicatorResult, Callable[[Facts], IndicatorResult]
]
"""Scorer of an indicator whose value is one fact of its answer, or a quotient of two.

Its members: position, slot of the numerator, slot of the denominator (None if the value is one fact), curve, lowest
and best score in units of 10^-decimals, result if the indicator is unknown, and the function that computes the
result for any facts.
"""


class ScoringBlock(Struct, frozen=True):
    """Indicators that have the same zero rule and the same applicability, which are evaluated once for all of them.

    Attributes:
        zero_when: Zero rule, which makes the scores the lowest ones; None if there is none.
        applies: Decides whether the indicators apply; None if they always do.
        scorers: Scorer of each indicator.
        others: Position of each indicator that is neither in `tables` nor in `quotients` of `ScoringBlocks`, and the
            function that computes its result from facts.
    """

    zero_when: Callable[[Facts], Truth] | None
    applies: Callable[[Facts], Truth] | None
    scorers: tuple[IndicatorScorer, ...]
    others: tuple[tuple[int, Callable[[Facts], IndicatorResult]], ...]


class ScoringBlocks(Struct, frozen=True):
    """Scorers of all indicators of a methodology.

    Attributes:
        scorers: Scorer of each indicator by position.
        tables: Indicators with a precomputed result for each level: position, slot of the level (its index in the list
            of facts), these results, and the result without an answer.
        quotients: Indicators whose raw value is one fact, or a quotient of two facts, of their own answer.
        blocks: All indicators, grouped by zero rule and applicability, which prevail over `tables` and `quotients`. A
            group whose indicators are all in these and always apply is left out.
    """

    scorers: tuple[IndicatorScorer, ...]
    tables: tuple[tuple[int, int, tuple[IndicatorResult, ...], IndicatorResult], ...]
    quotients: tuple[QuotientScorer, ...]
    blocks: tuple[ScoringBlock, ...]


class CompiledGroup(Struct, frozen=True):
    """A group of the document, in the form that evaluation reads.

    The other members are explained at their declarations.

    Attributes:
        definition: The group as the document defines it.
        children: Groups, and positions of indicators, in document order.
        names: Ids of the children.
        weights: Weights of the children.
        total_weight: Sum of the weights.
        low: Minimum of the range of the group, in units of 10^-decimals of a point.
        high: Maximum of the range of the group, in the units of `low`.
        unknown_score: Score with which the group counts in its parent if it is unknown: `low`, None (the group leaves
            its parent) or `UNKNOWN` (the parent is unknown too).
    """

    definition: Group
    children: tuple[CompiledGroup | int, ...]
    names: tuple[str, ...]
    weights: tuple[int, ...]
    total_weight: int
    is_fully_weighted: bool
    """True if every child has a weight above 0: the group then has a score whenever all children have one."""
    is_plain_mean: bool
    """True if the group is an arithmetic mean, every child has a weight, and `missing` of the group is not `void`."""
    low: int
    high: int
    published_step: int
    """Number of units in the last decimal with which the score of the group is published; 1 for all decimals."""
    unknown_score: int | None
    indicator_span: slice | None
    """Slice of the positions of the children, if all of them are indicators; else None."""
    combine: Callable[[Sequence[int], Sequence[int]], int]
    """Function from the weights (above 0) and scores of children to the rounded score of the group.

    All scores are in units of 10^-decimals.
    """
    float_mean: Callable[[Sequence[int], Sequence[float]], float] | None
    """Function from weights and scores of children, in points, to the unrounded mean; None for `arithmetic` and `sum`.

    Shapley values need the function; in an arithmetic mean or a sum a loss is split by weight instead.
    """


class GateInputs(Struct, kw_only=True):
    """The part of a score that gates (conditions of levels) read; scores are in units of 10^-decimals of a point.

    Attributes:
        results: Result of each indicator by position.
        groups: Score of each group by id. It is None if too few children count, or if an unknown child makes the group
            unknown (`missing: void`) and the parent gives an unknown group no score.
        groups_max: Score of each group by id if every unknown indicator were at its best.
        index: Score of the root, rounded to the published decimals; None if there is no index.
        facts: Facts by slot; contradicted answers are absent.
        self_declared: Ids of the indicators whose answers have no evidence.
    """

    results: list[IndicatorResult]
    groups: dict[str, int | None]
    groups_max: dict[str, int | None]
    index: int | None
    facts: Facts
    self_declared: frozenset[str]


class GateFigures:
    """Reader of the figures of one score that gates compare, in the units of `GateInputs`."""

    __slots__ = ("facts", "groups", "groups_max", "index", "pillars", "results", "self_declared")

    def __init__(self, score: GateInputs) -> None:
        self.index = score.index
        self.groups = score.groups
        self.groups_max = score.groups_max
        self.results = score.results
        self.facts = score.facts
        self.self_declared = score.self_declared
        self.pillars: dict[str, int | Null | None] = {}
        """Figures of pillars by id, because gates of several levels read them."""

    def read_ratio(self, leaf: CompiledIndicator) -> Ratio | Null | None:
        """Return the raw value of an indicator, `NULL` if the indicator does not apply.

        Return None if the indicator is unknown, contradicted or zero by its zero rule, or if its answer has no evidence
        (docs/scoring.md, section 6).
        """
        result = self.results[leaf.position]
        if result.code == "not_applicable":
            return NULL
        return None if leaf.definition.id in self.self_declared else result.value

    def read_share(self, leaf: CompiledIndicator) -> Ratio | Null | None:
        """Return the number of cases and the sample size of a counted share; None or `NULL` as `read_ratio` does."""
        share = self.read_ratio(leaf)
        return None if isinstance(share, tuple) and not 0 <= share[0] <= share[1] else share

    def read_pillar(self, pillar: CompiledPillar) -> int | Null | None:
        """Return the score of a pillar, the mean of some indicators.

        Return `NULL` if none of its indicators could count, and None if all that could count are unknown.
        """
        if pillar.id not in self.pillars:
            figure: int | Null | None = pillar.compute_score([result.score for result in self.results], self.groups)
            if figure is None and pillar.compute_score([one.maximum for one in self.results], self.groups_max) is None:
                figure = NULL
            self.pillars[pillar.id] = figure
        return self.pillars[pillar.id]


class CompiledGate(Struct, frozen=True):
    """A gate, a condition that a level asks for: a comparison of the value `actual` with the value `required`.

    Attributes:
        definition: Gate of the document.
        is_met: Decides whether figures pass the gate. An unknown figure does not pass; if the figure does not exist,
            because no node that the gate reads applies, `when_not_applicable` of the gate decides.
        actual: Returns the exact value that the gate compares; scores are in points.
        required: Returns the exact value that the gate requires; scores are in points.
    """

    definition: Gate
    is_met: Callable[[GateFigures], bool]
    actual: Callable[[GateFigures], Evaluated]
    required: Callable[[GateFigures], Evaluated]


class CompiledLevel(Struct, frozen=True):
    """A level with its gates, the conditions that it asks for; `number` counts the levels from 1, the lowest.

    `firm` decides for the figures of a score whether the level is final (True) or provisional (False or unknown); None
    if the level is always final.
    """

    number: int
    gates: tuple[CompiledGate, ...]
    firm: Callable[[GateFigures], Truth] | None


class ConvertedFacts(Struct, frozen=True):
    """Facts of an answer that are converted before they are stored, each with its name and two numbers.

    The first number is the slot, the index in the list of facts. The facts in `numbers` become fractions; their second
    number is the number of decimals. The facts in `lists`, which are lists of components, become sets; their second
    number is the slot that receives the number of components.
    """

    numbers: tuple[tuple[str, int, int], ...]
    lists: tuple[tuple[str, int, int], ...]


AnswerLoader = tuple[str, tuple[tuple[str, int], ...], ConvertedFacts | None]
"""How an answer is loaded: id of the indicator, facts that are stored as sent, and facts that must be converted.

The facts stored as sent are pairs of name and slot. The last member is None if no fact must be converted.
"""


class CompiledMethodology(Struct, frozen=True, eq=False):
    """A methodology document in the form that evaluation reads.

    The other members are explained at their declarations.

    Attributes:
        methodology: The methodology.
        document: Its document.
        layout: Slots of all facts and profile fields: their indices in a list of facts.
        answer_loaders: For each answer, the slots in which its facts are stored.
        rules: Validation rules that are checked in every score, in document order.
        error_rules: Those of the rules that have severity `error`.
        indicators: Indicators in document order.
        blocks: The indicators, arranged for fast evaluation.
        positions: Position of each indicator in `indicators`, by id.
        root: Group whose score is the index.
        groups: Groups by id.
        levels: Levels, lowest first.
        pillars: Pillars by id.
    """

    methodology: Methodology
    document: Document
    unit: int
    """Number of units in a point: 10^decimals."""
    published_step: int
    """Number of units in the last decimal with which the index is published.

    It is 10, for example, if scores have 2 decimals and the published index has 1.
    """
    raw_decimals: int
    """Decimals of raw values in the canonical result."""
    has_void_groups: bool
    """True if at least one group has `missing: void`: an unknown child makes the group unknown."""
    layout: FactLayout
    answer_loaders: tuple[AnswerLoader, ...]
    rules: tuple[CompiledRule, ...]
    error_rules: ErrorRules
    warning_numbers: tuple[int, ...]
    """Numbers of the rules of severity `warning`, which contradict no answer."""
    touching_rules: tuple[tuple[CompiledRule, ...], ...]
    """For each indicator, by position, the rules of severity `error` that read the answer or profile field that its
    next step changes.
    """
    indicators: tuple[CompiledIndicator, ...]
    blocks: ScoringBlocks
    positions: dict[str, int]
    root: CompiledGroup
    groups: dict[str, CompiledGroup]
    levels: tuple[CompiledLevel, ...]
    pillars: dict[str, CompiledPillar]


_cache: OrderedDict[str, CompiledMethodology] = OrderedDict()
_lock = Lock()
CACHE_SIZE = 32
"""Number of compiled methodologies that are cached (LRU); an audit compiles many that differ in one goalpost."""


def compile_methodology(methodology: Methodology) -> CompiledMethodology:
    """Compile a methodology, or return it from the cache if its document was compiled before.

    The cache finds a document by its digest. Threads may share the result.
    """
    with _lock:
        compiled = _cache.get(methodology.digest)
        if compiled is None:
            compiled = _cache[methodology.digest] = _compile_document(methodology)
            # Compiled under the lock: another thread that asks for the same version waits instead of compiling it
            # again.
            while len(_cache) > CACHE_SIZE:
                _cache.popitem(last=False)
        else:
            _cache.move_to_end(methodology.digest)
    return compiled


def _compile_document(methodology: Methodology) -> CompiledMethodology:
    document = methodology.document
    published = document.decimals if document.published_decimals is None else document.published_decimals
    layout = FactLayout(document)
    tree = _TreeCompiler(document, layout)
    root = tree.compile_group(document.root, (), (), has_weight=True, missing="void")
    indicators = tree.indicators
    positions = {indicator.definition.id: indicator.position for indicator in indicators}
    rules = tuple(_compile_rule(rule, positions, layout) for rule in document.rules if rule.holds is not None)
    compiled = CompiledMethodology(
        methodology=methodology,
        document=document,
        unit=int(10**document.decimals),
        published_step=int(10 ** (document.decimals - published)),
        raw_decimals=_find_raw_decimals(indicators),
        has_void_groups=any(group.definition.missing == "void" for group in tree.groups.values()),
        layout=layout,
        answer_loaders=tuple(
            _build_answer_loader(indicator.definition, layout) for indicator in indicators if indicator.definition.facts
        ),
        rules=rules,
        error_rules=_select_error_rules(rules, layout),
        warning_numbers=_select_warnings(rules),
        touching_rules=tuple(_select_touching_rules(rules, indicator) for indicator in indicators),
        indicators=tuple(indicators),
        blocks=_build_blocks(indicators),
        positions=positions,
        root=root,
        groups=tree.groups,
        levels=(),
        pillars=compile_pillars(document, positions),
    )
    return structs.replace(compiled, levels=tuple(_compile_level(compiled, level) for level in document.levels))


class _TreeCompiler:
    """Compiler of the groups and indicators of a document.

    Compiled indicators are appended to `indicators`, compiled groups are added to `groups`, in document order; a group
    comes after the nodes inside it.
    """

    def __init__(self, document: Document, layout: FactLayout) -> None:
        self.indicators: list[CompiledIndicator] = []
        self.groups: dict[str, CompiledGroup] = {}
        self._document = document
        self._layout = layout
        self._unit = int(10**document.decimals)
        self._needs_evidence = {field.name for field in document.profile if field.needs_evidence}
        self._readers = _map_readers(document)

    def compile_group(
        self, node: Group, above: tuple[str, ...], positions: tuple[int, ...], *, has_weight: bool, missing: Missing
    ) -> CompiledGroup:
        """Compile a group and all nodes in it.

        `above` has the ids of the groups that contain the group, its parent first; `positions` has, for each of these,
        the number of the child on the way to the group. `has_weight` is False if the group or a group above it has
        weight 0. `missing` says how the parent counts an unknown child.
        """
        ancestors = (node.id, *above)
        children: list[CompiledGroup | int] = []
        for position, child in enumerate(node.children):
            path, counts = (position, *positions), has_weight and child.weight > 0
            children.append(
                self.compile_group(child, ancestors, path, has_weight=counts, missing=node.missing)
                if isinstance(child, Group)
                else self.compile_indicator(child, ancestors, path, has_weight=counts, missing=node.missing)
            )
        weights = tuple(child.weight for child in node.children)
        complete = all(weights)
        self.groups[node.id] = group = CompiledGroup(
            definition=node,
            children=tuple(children),
            names=tuple(child.id for child in node.children),
            weights=weights,
            total_weight=sum(weights),
            indicator_span=_find_span(children),
            is_fully_weighted=complete,
            is_plain_mean=complete and node.aggregation == "arithmetic" and node.missing != "void",
            low=node.range.minimum * self._unit,
            high=node.range.maximum * self._unit,
            published_step=1
            if node.published_decimals is None
            else int(10 ** (self._document.decimals - node.published_decimals)),
            unknown_score=find_unknown_score(missing, node.range.minimum * self._unit),
            combine=build_combination(node, self._unit),
            float_mean=build_float_mean(node),
        )
        return group

    def compile_indicator(
        self,
        indicator: Indicator,
        ancestors: tuple[str, ...],
        positions: tuple[int, ...],
        *,
        has_weight: bool,
        missing: Missing,
    ) -> int:
        """Compile an indicator, append it to `indicators`, and return its position.

        `ancestors` has the ids of the groups that contain the indicator, its own group first; `positions` has, for each
        of these, the number of the child on the way to the indicator. `has_weight` is False if the indicator or a group
        above it has weight 0. `missing` says how its group counts an unknown child.
        """
        span, unit, layout = indicator.range, self._unit, self._layout
        goalposts = tuple(
            (Fraction(to_exact(goalpost.x)), round_half_up(to_exact(goalpost.score) * unit))
            for goalpost in indicator.curve.goalposts
        )
        rising = to_exact(indicator.curve.goalposts[-1].score) > to_exact(indicator.curve.goalposts[0].score)
        self.indicators.append(
            CompiledIndicator(
                position=len(self.indicators),
                definition=indicator,
                presence_slot=layout.present.get(indicator.id),
                slots=layout.slots[indicator.id],
                facts=tuple((fact.name, layout.facts[indicator.id, fact.name]) for fact in indicator.facts),
                compute_value=compile_raw_value(indicator.value, layout),
                curve=compile_curve(indicator.curve, span, unit),
                low=span.minimum * unit,
                high=span.maximum * unit,
                best=find_best_score(indicator.curve, span, unit),
                cap=round_half_up(
                    span.minimum * unit
                    + Fraction(self._document.self_declared_cap * (span.maximum - span.minimum) * unit, 100)
                ),
                unknown_score=find_unknown_score(missing, span.minimum * unit),
                applies=None
                if indicator.applies == All(of=())
                else compile_over_facts(indicator.applies, layout, absent=True),
                declarable_slots={
                    operand.field: layout.profile[operand.field]
                    for operand in walk_operands(indicator.applies)
                    if isinstance(operand, ProfileOperand) and operand.field in self._needs_evidence
                },
                zero_when=None
                if indicator.zero_when == Any(of=())
                else compile_over_facts(indicator.zero_when, layout, absent=True),
                step=compile_step(indicator, self._document, layout),
                goalposts=goalposts,
                ascending_goalposts=goalposts if rising else goalposts[::-1],
                is_sampled_share=indicator.type == "ratio"
                and isinstance(indicator.value, Quotient)
                and (indicator.sample or indicator.part_of_denominator)
                and all(fact.type == "integer" for fact in indicator.facts)
                and all(map(self._is_whole, walk_operand_parts(indicator.value))),
                is_rising=rising,
                ancestors=ancestors,
                child_positions=positions,
                has_weight=has_weight,
                # The position that is left out is its own: it is appended here.
                dependents=tuple(sorted(self._readers[_name_moved(indicator)] - {len(self.indicators)})),
                is_circular=_name_moved(indicator) in _list_condition_reads(indicator),
                borrowed_answers={
                    part.indicator: layout.present[part.indicator]
                    for part in walk_operand_parts(indicator.value)
                    if isinstance(part, AnswerOperand | ComponentOperand) and part.indicator != indicator.id
                },
                step_field=None
                if indicator.step is None or not indicator.step.startswith("profile:")
                else indicator.step.removeprefix("profile:"),
                profile_operands=tuple(
                    part for part in walk_operand_parts(indicator.value) if isinstance(part, ProfileOperand)
                ),
                profile_slots=tuple(
                    layout.profile[part.field]
                    for part in walk_operand_parts(indicator.value)
                    if isinstance(part, ProfileOperand)
                ),
                quotient_slots=find_quotient_slots(indicator, layout),
            )
        )
        return len(self.indicators) - 1

    def _is_whole(self, operand: Operand) -> bool:
        """Return False for a constant with decimals, and for a profile field that may have some."""
        match operand:
            case Constant(value=value):
                return isinstance(scale_constant(value), int)
            case ProfileOperand(field=name):
                return all(field.type == "integer" for field in self._document.profile if field.name == name)
            case _:
                return True


def _compile_rule(rule: Rule, positions: Mapping[str, int], layout: FactLayout) -> CompiledRule:
    assert rule.holds is not None
    return CompiledRule(
        definition=rule,
        holds=compile_over_facts(rule.holds, layout, absent=False),
        could_hold=compile_over_facts(rule.holds, layout, absent=True),
        invalidates=tuple(positions[indicator] for indicator in rule.invalidates),
        reads=frozenset(positions[indicator] for indicator in find_answers_read(rule.holds)),
        fields=find_fields_read(rule.holds),
    )


def _find_raw_decimals(indicators: Sequence[CompiledIndicator]) -> int:
    facts = (fact for indicator in indicators for fact in indicator.definition.facts)
    return max([DECIMALS_OF_NUMBERS, *(fact.decimals for fact in facts if fact.type == "number")])


def _select_touching_rules(rules: Sequence[CompiledRule], indicator: CompiledIndicator) -> tuple[CompiledRule, ...]:
    return tuple(
        rule
        for rule in rules
        if rule.definition.severity == "error"
        and (indicator.position in rule.reads or indicator.step_field in rule.fields)
    )


def _find_span(children: Sequence[CompiledGroup | int]) -> slice | None:
    """Return the slice of the positions of the children if all children are indicators, else None."""
    positions = [child for child in children if isinstance(child, int)]
    return slice(positions[0], positions[-1] + 1) if positions and len(positions) == len(children) else None


def _select_error_rules(rules: Sequence[CompiledRule], layout: FactLayout) -> ErrorRules:
    ordered: list[tuple[int, int, int]] = []
    equal: list[tuple[int, int, int]] = []
    others: list[tuple[int, Callable[[Facts], Truth]]] = []
    for number, rule in enumerate(rules):
        if rule.definition.severity == "error":
            for part in _split(cast("Predicate", rule.definition.holds)):
                match part:
                    case Implies(
                        when=Present(indicator=sent),
                        then=Compare(op="le" | "eq" as op, left=AnswerOperand(indicator=name) as left, right=right),
                    ) if (
                        sent == name
                        and (one := find_slot(left, layout)) is not None
                        and (two := find_slot(right, layout)) is not None
                        and (two in layout.slots[name] or (op == "eq" and isinstance(right, ProfileOperand)))
                    ):
                        (ordered if op == "le" else equal).append((number, one, two))
                    case _:
                        others.append((number, compile_over_facts(part, layout, absent=False)))
    return ErrorRules(tuple(ordered), tuple(equal), tuple(others))


def _split(predicate: Predicate) -> list[Predicate]:
    """Split a predicate into parts that all must be true for it to be true."""
    match predicate:
        case All(of=members):
            return [part for member in members for part in _split(member)]
        case Implies(when=Present() as when, then=All(of=members)):
            return [part for member in members for part in _split(Implies(when=when, then=member))]
    return [predicate]


def _select_warnings(rules: Sequence[CompiledRule]) -> tuple[int, ...]:
    return tuple(number for number, rule in enumerate(rules) if rule.definition.severity == "warning")


def drop_rules(compiled: CompiledMethodology, names: Collection[str]) -> CompiledMethodology:
    """Return a copy of the compiled methodology without the validation rules whose ids are in `names`."""
    if not names:
        return compiled
    rules = tuple(rule for rule in compiled.rules if rule.definition.id not in names)
    return structs.replace(
        compiled,
        rules=rules,
        error_rules=_select_error_rules(rules, compiled.layout),
        warning_numbers=_select_warnings(rules),
    )


def _build_blocks(leaves: Sequence[CompiledIndicator]) -> ScoringBlocks:
    scorers = tuple(_build_scorer(leaf) for leaf in leaves)
    by_condition: dict[tuple[Predicate, Predicate], list[IndicatorScorer]] = {}
    for scorer in scorers:
        indicator = scorer.indicator.definition
        by_condition.setdefault((indicator.zero_when, indicator.applies), []).append(scorer)
    blocks = (
        ScoringBlock(
            zero_when=members[0].indicator.zero_when,
            applies=members[0].indicator.applies,
            scorers=tuple(members),
            others=tuple(
                (scorer.indicator.position, scorer.score_facts)
                for scorer in members
                if scorer.table is None and scorer.indicator.quotient_slots is None
            ),
        )
        for members in by_condition.values()
    )
    return ScoringBlocks(
        scorers=scorers,
        tables=tuple(
            (position, scorer.indicator.slots[0], scorer.table, scorer.unknown)
            for position, scorer in enumerate(scorers)
            if scorer.table is not None
        ),
        quotients=tuple(
            (leaf.position, *leaf.quotient_slots, leaf.curve, leaf.low, leaf.best, scorer.unknown, scorer.score_facts)
            for leaf, scorer in zip(leaves, scorers, strict=True)
            if scorer.table is None and leaf.quotient_slots is not None
        ),
        blocks=tuple(block for block in blocks if block.zero_when or block.applies or block.others),
    )


def _build_scorer(leaf: CompiledIndicator) -> IndicatorScorer:
    unknown = IndicatorResult("unknown", None if leaf.unknown_score == UNKNOWN else leaf.unknown_score, leaf.best)
    indicator = leaf.definition
    # A ladder or yes/no question has few answers, so each result is computed once and shared by all submissions.
    reads_own_answer = isinstance(indicator.value, AnswerOperand) and not leaf.borrowed_answers
    table: tuple[IndicatorResult, ...] | None = None
    if reads_own_answer and indicator.curve.kind in ("ladder", "boolean"):
        table = tuple(score_raw_value(leaf, (level, 1)) for level in range(len(indicator.curve.goalposts)))
    return IndicatorScorer(
        indicator=leaf,
        unknown=unknown,
        zero=IndicatorResult("zero_by_rule", leaf.low, leaf.low),
        table=table,
        score_facts=_build_scoring_function(leaf, unknown),
    )


def _build_scoring_function(leaf: CompiledIndicator, unknown: IndicatorResult) -> Callable[[Facts], IndicatorResult]:
    present, value_of, borrows, fields = (
        leaf.presence_slot,
        leaf.compute_value,
        tuple(leaf.borrowed_answers.values()),
        leaf.profile_slots,
    )
    without_value = IndicatorResult("zero", leaf.low, leaf.low)

    def scored(facts: Facts) -> IndicatorResult:
        if present is not None and facts[present] is None:
            return unknown
        for slot in borrows:
            if facts[slot] is None:
                return unknown
        value = value_of(facts)
        if value is None:
            return unknown if any(facts[slot] is None for slot in fields) else without_value
        return score_raw_value(leaf, value)

    return scored


def score_raw_value(leaf: CompiledIndicator, value: Ratio) -> IndicatorResult:
    """Compute the result of an indicator from its raw value alone.

    Zero rule, applicability, and caps for missing evidence or by a review are not taken into account.
    """
    score = leaf.curve(*value)
    return IndicatorResult(
        "zero" if score == leaf.low else "full" if score == leaf.best else "partial", score, score, value, score
    )


def _name_moved(indicator: Indicator) -> str:
    """Return the name of the answer or profile field that the next step of an indicator changes.

    It is the id of the indicator itself, or `profile:<field>`.
    """
    return indicator.step if indicator.step is not None and indicator.step.startswith("profile:") else indicator.id


def _map_readers(document: Document) -> Mapping[str, set[int]]:
    """Map each answer and profile field to the positions of the indicators that read it.

    Keys are ids of indicators for answers, and `profile:<field>` for profile fields.
    """
    readers: dict[str, set[int]] = defaultdict(set)
    for position, indicator in enumerate(walk_indicators(document.root)):
        for name in (*_list_condition_reads(indicator), *_name_reads(walk_operand_parts(indicator.value))):
            readers[name].add(position)
    return readers


def _list_condition_reads(indicator: Indicator) -> Iterator[str]:
    """Yield the answers and profile fields that the zero rule and the applicability of an indicator read.

    An answer is yielded as the id of its indicator, a profile field as `profile:<field>`.
    """
    return _name_reads((*walk_operands(indicator.zero_when), *walk_operands(indicator.applies)))


def _name_reads(read: Iterable[Operand]) -> Iterator[str]:
    for operand in read:
        match operand:
            case AnswerOperand(indicator=name) | ComponentOperand(indicator=name):
                yield name
            case ProfileOperand(field=field):
                yield f"profile:{field}"


def _build_answer_loader(indicator: Indicator, layout: FactLayout) -> AnswerLoader:
    slots = {fact.name: layout.facts[indicator.id, fact.name] for fact in indicator.facts}
    others = ConvertedFacts(
        numbers=tuple(
            (fact.name, slots[fact.name], fact.decimals) for fact in indicator.facts if fact.type == "number"
        ),
        lists=tuple(
            (fact.name, slots[fact.name], layout.facts[indicator.id, name_derived_count(fact.name)])
            for fact in indicator.facts
            if fact.type == "components"
        ),
    )
    plain = tuple(
        (fact.name, slots[fact.name]) for fact in indicator.facts if fact.type not in ("number", "components")
    )
    return indicator.id, plain, others if others.numbers or others.lists else None


def load_facts(compiled: CompiledMethodology, submission: Submission) -> Facts:
    """Load the facts of a submission into a list, in which each fact has a fixed index, its slot.

    A fact is None if it is absent or if its answer does not count (withdrawn, rejected or stale). A profile field is
    `NULL` if it was sent as null, and None if it was not sent.
    """
    facts: list[object] = [None] * compiled.layout.size
    profile, answers, set_aside = submission.profile, submission.answers, submission.set_aside
    for name, slot in compiled.layout.profile.items():
        if name in profile:
            value: object = profile[name]
            if value is None:
                value = NULL
            elif type(value) is float:
                value = round_fact(value, DECIMALS_OF_NUMBERS)
            facts[slot] = value
    if set_aside:
        answers = {name: answer for name, answer in answers.items() if name not in set_aside}
    for name, plain, others in compiled.answer_loaders:
        answer = answers.get(name)
        if answer is None:
            continue
        for fact, slot in plain:
            facts[slot] = answer[fact]
        if others is not None:
            for fact, slot, decimals in others.numbers:
                facts[slot] = round_fact(cast("float", answer[fact]), decimals)
            for fact, slot, length in others.lists:
                facts[slot] = ids = frozenset(cast("tuple[str, ...]", answer.get(fact, ())))
                facts[length] = len(ids)
    return cast("Facts", facts)


# --- gates ------------------------------------------------------------------------------------------------------


def _compile_level(compiled: CompiledMethodology, level: Level) -> CompiledLevel:
    return CompiledLevel(
        number=level.number,
        gates=tuple(compile_gate(compiled, gate) for gate in level.gates),
        firm=None
        if level.provisional_unless is None
        else compile_predicate(level.provisional_unless, _build_figure_reader(compiled, 1), _reject_presence),
    )


def compile_gate(compiled: CompiledMethodology, gate: Gate) -> CompiledGate:
    """Compile a gate of a document, a condition of a level, to functions that read the figures of a score.

    `levels` of the compiled methodology are not read.
    """
    holds = gate.holds
    parts = [*walk_operand_parts(holds.left), *walk_operand_parts(holds.right)]
    # Units are integers, which Python compares many times faster than fractions of points.
    in_units = any(isinstance(part, IndexOperand | ScoreOperand | PillarOperand) for part in parts)
    scale = compiled.unit if in_units and not any(isinstance(part, Product) for part in parts) else 1
    reader = _build_figure_reader(compiled, scale)
    left, right = (compile_operand(side, reader, scale) for side in (holds.left, holds.right))
    is_met = _compile_gate_condition(compiled, gate, left, right, reader)
    sides = (
        compile_operand(side, reader) if isinstance(side, Constant) else _multiply(read, Fraction(1, scale))
        for side, read in ((holds.left, left), (holds.right, right))
    )
    return CompiledGate(gate, is_met, *sides)


def _compile_gate_condition(
    compiled: CompiledMethodology,
    gate: Gate,
    left: Callable[[GateFigures], Evaluated],
    right: Callable[[GateFigures], Evaluated],
    reader: Leaf[GateFigures],
) -> Callable[[GateFigures], bool]:
    passes, compare = gate.when_not_applicable == "pass", COMPARISONS[gate.holds.op]
    match gate.holds:
        case Compare(left=LowerBoundOperand(indicators=names), right=Constant(value=int() | float() as number)):
            leaves, least = [compiled.indicators[compiled.positions[name]] for name in names], to_exact(number)

            def reaches(figures: GateFigures) -> bool:
                shares = _read_shares(leaves, figures)
                if shares is None or isinstance(shares, Null):
                    return shares is NULL and passes
                return any(reaches_lower_bound(cases, n, least) for cases, n in shares)

            return reaches
        case Compare(left=ValueOperand(indicator=name), right=Constant(value=int() | float() as number)) if (
            not isinstance(number, bool)
        ):
            leaf, bound = compiled.indicators[compiled.positions[name]], to_exact(number)
            p, q = bound.numerator, bound.denominator

            def compare_value(figures: GateFigures) -> bool:
                ratio = figures.read_ratio(leaf)
                if ratio is None or isinstance(ratio, Null):
                    return ratio is NULL and passes
                return compare(ratio[0] * q, p * ratio[1])

            return compare_value
        case Compare(left=side, right=Product(of=(Constant(value=float() as number), *members))):
            # Both sides times the denominator: integers are compared many times faster than fractions.
            bound = to_exact(number)
            left, right = (
                compile_operand(Product(of=(Constant(value=factor), *factors)), reader)
                for factor, factors in ((bound.denominator, [side]), (bound.numerator, members))
            )

    def compare_sides(figures: GateFigures) -> bool:
        actual = left(figures)
        if actual is NULL:
            return passes
        required = right(figures)
        return not (actual is None or required is None or required is NULL) and compare(actual, required)

    return compare_sides


def _multiply(read: Callable[[GateFigures], Evaluated], factor: Number) -> Callable[[GateFigures], Evaluated]:
    """Return a function that reads numbers `factor` times as large as `read` does, and leaves None and `NULL`."""
    if factor == 1:
        return read
    read_number = cast("Callable[[GateFigures], Number | Null | None]", read)

    def read_multiplied(figures: GateFigures) -> Evaluated:
        number = read_number(figures)
        return number if number is None or isinstance(number, Null) else number * factor

    return read_multiplied


def _read_shares(leaves: Sequence[CompiledIndicator], figures: GateFigures) -> list[Ratio] | Null | None:
    """Read the shares of the indicators that apply; `NULL` if none applies, None if one of them has no value."""
    shares = [share for leaf in leaves if not isinstance(share := figures.read_share(leaf), Null)]
    return None if None in shares else cast("list[Ratio]", shares) or NULL


def _build_figure_reader(compiled: CompiledMethodology, scale: int) -> Leaf[GateFigures]:
    """Build a function that compiles an operand of a gate to a closure that reads `scale` times its value.

    `scale` is 1, or the number of units in a point. The function raises TypeError for an operand that reads an answer,
    which the checks of a document refuse.
    """
    positions, of_units = compiled.positions, Fraction(scale, compiled.unit)

    def leaf(operand: Operand) -> Callable[[GateFigures], Evaluated]:
        match operand:
            case IndexOperand():
                return _multiply(operator.attrgetter("index"), of_units)
            case ScoreOperand(node=node):
                return _multiply(_compile_score(compiled, node), of_units)
            case PillarOperand(pillar=name):
                pillar = compiled.pillars[name]
                return _multiply(lambda figures: figures.read_pillar(pillar), of_units)
            case ValueOperand(indicator=name):
                return _multiply(_compile_value(compiled.indicators[positions[name]]), scale)
            case ProfileOperand(field=field):
                slot = compiled.layout.profile[field]
                read_fact = cast("Callable[[GateFigures], Evaluated]", lambda figures: figures.facts[slot])
                return _multiply(read_fact, scale)
            case LowerBoundOperand(indicators=names):
                leaves = [compiled.indicators[positions[name]] for name in names]

                def read_limit(figures: GateFigures) -> Evaluated:
                    shares = _read_shares(leaves, figures)
                    if shares is None or isinstance(shares, Null):
                        return shares
                    return Fraction(max(compute_wilson_interval(cases, n)[0] for cases, n in shares), MILLION)

                return read_limit
            case _:
                raise TypeError(f"{type(operand).__name__} may not stand in a gate")

    return leaf


def _compile_score(compiled: CompiledMethodology, node: str) -> Callable[[GateFigures], Evaluated]:
    """Compile the score of a node, in units of 10^-decimals of a point.

    The closure returns None if it is unknown, `NULL` if the node is not applicable or too few of its children count.
    """
    if node in compiled.groups:
        step = compiled.groups[node].published_step

        def read_group(figures: GateFigures) -> Evaluated:
            units = figures.groups[node]
            if units is None:
                return NULL if figures.groups_max[node] is None else None
            return units if step == 1 else round_to_step(units, step)

        return read_group
    position = compiled.positions[node]

    def read_indicator(figures: GateFigures) -> Evaluated:
        result = figures.results[position]
        return NULL if result.score is None and result.maximum is None else result.score

    return read_indicator


def _compile_value(leaf: CompiledIndicator) -> Callable[[GateFigures], Evaluated]:
    is_boolean = leaf.definition.curve.kind == "boolean"

    def read_value(figures: GateFigures) -> Evaluated:
        ratio = figures.read_ratio(leaf)
        if ratio is None or isinstance(ratio, Null):
            return ratio
        return bool(ratio[0]) if is_boolean else Fraction(*ratio)

    return read_value


def round_to_step(units: int, step: int) -> int:
    """Round a score half up to a multiple of `step`; both are in units of 10^-decimals of a point."""
    return (2 * units + step) // (2 * step) * step


def _reject_presence(indicator: str) -> Callable[[GateFigures], bool]:
    raise TypeError(f"a gate tests value({indicator}), not the presence of an answer")
