"""A methodology made ready to evaluate: one description for every evaluator.

Compiled once per document: closures for predicates and value formulas, curves as integer coefficients, the tree
as positions. Scores are integers, whole units of 10^-decimals of a point.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import partial
from operator import mul
from threading import Lock
from typing import Protocol, cast

from msgspec import Struct, structs

from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.model import (
    Aggregation,
    All,
    AnswerOperand,
    Any,
    Compare,
    ComponentOperand,
    Constant,
    Curve,
    Document,
    Fact,
    Gate,
    Group,
    Implies,
    IndexOperand,
    Indicator,
    Level,
    Minimum,
    Missing,
    Operand,
    Predicate,
    Present,
    ProfileField,
    ProfileOperand,
    Quotient,
    Range,
    Rule,
    ScoreOperand,
    ValueOperand,
)
from actitud_api.engine.methodology.predicates import (
    DECIMALS_OF_NUMBERS,
    NULL,
    Evaluated,
    Facts,
    Layout,
    Number,
    Truth,
    answers_read,
    compile_operand,
    compile_over_facts,
    compile_predicate,
    derived_count,
    exact,
    exact_fact,
    halfup,
    indicators,
    operands,
    over_facts,
    parts,
    slot_of,
)
from actitud_api.engine.methodology.requests.answers import Submission
from actitud_api.engine.scoring.indicator_result import IndicatorResult, Ratio

EPSILON = 1e-6
"""Added before the floor that quantises float curves and aggregations (SCORING, section 3), in units."""

INVERSE_ERFC_FIFTH = 0.9061938024368232
"""The inverse complementary error function of 1/5: where a lognormal curve is at 9/10 (SCORING, section 3)."""

UNKNOWN = -1
"""In place of a score: it makes the node above unknown (`missing: void`). Scores are never negative."""

EXPONENTS: Mapping[Aggregation, float] = {"geometric": 0.0, "harmonic": -1.0}
"""The aggregations that are power means of an exponent of their own."""


class CompiledRule(Struct, frozen=True):
    """A rule of scope `answers`.

    `holds` counts absent answers as the least favourable; `could_hold` leaves them undetermined. `reads` are the
    positions of the indicators whose answers it reads, `fields` the profile fields.
    """

    definition: Rule
    holds: Callable[[Facts], Truth]
    could_hold: Callable[[Facts], Truth]
    invalidates: tuple[int, ...]
    reads: frozenset[int]
    fields: frozenset[str]
    ordered: tuple[int, int] | None
    """The slots of two facts of one answer, where all that it asks is that the first is at most the second."""


class ErrorRules(Struct, frozen=True):
    """The rules that contradict, by their number among all.

    `ordered`: the slots of two facts of one answer, of which the first is at most the second where it was sent; most
    are such. `others`: `holds` of the rest.
    """

    ordered: tuple[tuple[int, int, int], ...]
    others: tuple[tuple[int, Callable[[Facts], Truth]], ...]

    def find_failing(self, facts: Facts) -> list[int]:
        """The rules that do not hold."""
        values = cast("Sequence[Number]", facts)
        found = [
            number for number, low, high in self.ordered if (value := values[low]) is not None and value > values[high]
        ]
        found += [number for number, holds in self.others if not holds(facts)]
        return sorted(found)


class ImprovementStep(Struct, frozen=True):
    """The fact that an improvement moves.

    `coefficients(facts)` gives a, b, c, d such that the raw value is (a·f + b) / (c·f + d) in that fact f.
    """

    name: str
    is_profile_field: bool
    """It is a field of the profile."""
    slot: int
    scale: int
    """Units of its last decimal in 1."""
    minimum: int
    maximum: int
    coefficients: Callable[[Facts], tuple[Number, Number, Number, Number]]


class CompiledIndicator(Struct, frozen=True):
    """An indicator and its position among the leaves.

    `applies` and `zero_when` are None where they are constant (always, never). `declarable` are the slots of the
    profile fields that `applies` reads and that need evidence, by name.
    """

    position: int
    definition: Indicator
    presence_slot: int | None
    slots: range
    facts: tuple[tuple[str, int], ...]
    """Its facts, without the derived ones, with their slots."""
    compute_value: Callable[[Facts], Ratio | None]
    curve: Callable[[int, int], int]
    low: int
    """The least of its range, in units."""
    high: int
    """The top of its range."""
    best: int
    """The highest score of its curve."""
    cap: int
    """What it can reach while it is only declared."""
    unknown_score: int | None
    """What it counts with where it is unknown: the least of its range, None (it leaves) or `UNKNOWN`."""
    applies: Callable[[Facts], Truth] | None
    declarable_slots: dict[str, int]
    zero_when: Callable[[Facts], Truth] | None
    step: ImprovementStep | None
    goalposts: tuple[tuple[Fraction, int], ...]
    """x and score in units, x increasing."""
    ascending_goalposts: tuple[tuple[Fraction, int], ...]
    """The same from the worst x to the best."""
    is_sampled_share: bool
    """Its value is a share of counted cases, of which the size of its sample leaves something open."""
    is_rising: bool
    """A greater value scores more."""
    ancestors: tuple[str, ...]
    """The groups above it, from its parent to the root."""
    child_positions: tuple[int, ...]
    """Which child of each of them leads to it."""
    has_weight: bool
    """It has a weight, and so has every group above it."""
    borrowed_answers: dict[str, int]
    """The other indicators whose answers its value formula reads, each with its `present`."""
    step_field: str | None
    """The field of the profile that its step moves."""
    profile_operands: tuple[ProfileOperand, ...]
    """The profile fields in its value formula."""
    profile_slots: tuple[int, ...]
    """Their slots."""
    quotient_slots: tuple[int, int | None] | None
    """The slots of numerator and denominator, where its value is one of its own facts over another, or alone."""
    dependents: tuple[int, ...]
    """The other indicators that read what its step moves: its answer, or a field of the profile."""
    is_circular: bool
    """So does its own zero rule or applicability."""


class IndicatorScorer(Struct, frozen=True):
    """How one indicator is scored where it applies, no zero rule holds, and review and evidence say nothing of it.

    `table`: what a level or a yes or no in its slot counts with, for those; `scored`: the same for any indicator.
    """

    indicator: CompiledIndicator
    unknown: IndicatorResult
    zero: IndicatorResult
    """By its zero rule."""
    table: tuple[IndicatorResult, ...] | None
    score_facts: Callable[[Facts], IndicatorResult]


QuotientScorer = tuple[
    int, int, int | None, Callable[[int, int], int], int, int, IndicatorResult, Callable[[Facts], IndicatorResult]
]
"""Position, the slots of numerator and denominator (None: 1), curve, lowest and best score, `unknown`, `scored`."""


class ScoringBlock(Struct, frozen=True):
    """Indicators that have their zero rule and their applicability in common."""

    zero_when: Callable[[Facts], Truth] | None
    applies: Callable[[Facts], Truth] | None
    scorers: tuple[IndicatorScorer, ...]
    tables: tuple[tuple[int, int, tuple[IndicatorResult, ...], IndicatorResult], ...]
    """Position, slot, `table` and `unknown` of those that have a table."""
    quotients: tuple[QuotientScorer, ...]
    """Position, the slots of numerator and denominator, curve, lowest and best score, `unknown` and `scored` of those
    whose value is one fact of their answer over another (None: over 1)."""
    others: tuple[tuple[int, Callable[[Facts], IndicatorResult]], ...]
    """Position and `scored` of the rest."""


class ScoringBlocks(Struct, frozen=True):
    """The scorers of a methodology, by position and by what they have in common."""

    scorers: tuple[IndicatorScorer, ...]
    blocks: tuple[ScoringBlock, ...]


class CompiledGroup(Struct, frozen=True):
    """A group: each child is a group or the position of a leaf, with its weight.

    `low`, `high` and `unknown` as in `CompiledIndicator`.
    """

    definition: Group
    children: tuple[CompiledGroup | int, ...]
    names: tuple[str, ...]
    """The ids of the children."""
    weights: tuple[int, ...]
    total_weight: int
    is_fully_weighted: bool
    """Every child has a weight; with every child any group is rated."""
    is_plain_mean: bool
    """And it is the arithmetic mean of them, and no child makes it unknown."""
    low: int
    high: int
    unknown_score: int | None
    indicator_span: slice | None
    """The positions of its children, where all are leaves."""
    combine: Callable[[Sequence[int], Sequence[int]], int]
    """The quantised aggregate of the children that remain: of their weights (above 0) and their scores in units."""
    float_mean: Callable[[Sequence[int], Sequence[float]], float] | None
    """The same of scores in points, not quantised; None where losses are shared by weight (arithmetic, sum)."""


class GateInputs(Protocol):
    """What gates read of a score; NULL is "left": not applicable, not rated."""

    def read_index(self) -> Evaluated:
        """The index in points."""

    def read_score(self, node: str) -> Evaluated:
        """The score of a node in points."""

    def read_value(self, indicator: str) -> Evaluated:
        """The exact raw value of an indicator; None where it is absent."""

    def read_profile(self, field: str) -> Evaluated:
        """A field of the profile."""


class CompiledGate(Struct, frozen=True):
    """A gate; `there` and `asked` are the sides of its comparison.

    `least`: the nodes, None for the index, each of which has to have at least so many points; None where it asks
    anything else. It decides where all of them have a score. `value`: likewise the indicator whose raw value has to be
    at least so much (True), or at most.
    """

    definition: Gate
    minimum: tuple[tuple[str | None, ...], Number] | None
    value_bound: tuple[str, Number, bool] | None
    holds: Callable[[GateInputs], Truth]
    actual: Callable[[GateInputs], Evaluated]
    required: Callable[[GateInputs], Evaluated]


class CompiledLevel(Struct, frozen=True):
    """A level with its gates; `firm` says whether it is more than provisional, None where it always is."""

    number: int
    gates: tuple[CompiledGate, ...]
    firm: Callable[[GateInputs], Truth] | None


class ConvertedFacts(Struct, frozen=True):
    """The facts of an answer that do not go to their slot as they are, by name and slot.

    `numbers` with their decimals, `lists` with the slot of their length.
    """

    numbers: tuple[tuple[str, int, int], ...]
    lists: tuple[tuple[str, int, int], ...]


AnswerLoader = tuple[str, tuple[tuple[str, int], ...], ConvertedFacts | None]
"""An indicator, the name and slot of its facts that are whole (a level, a count, yes or no), and the others."""


class CompiledMethodology(Struct, frozen=True, eq=False):
    """Everything that evaluation needs of a methodology."""

    methodology: Methodology
    document: Document
    unit: int
    """Units in a point."""
    published_step: int
    """Units in the last published decimal of the index."""
    raw_decimals: int
    """Decimals with which raw values are shown."""
    has_void_groups: bool
    """Some group has `missing: void`."""
    layout: Layout
    answer_loaders: tuple[AnswerLoader, ...]
    rules: tuple[CompiledRule, ...]
    error_rules: ErrorRules
    warning_numbers: tuple[int, ...]
    """The numbers of the rules that contradict nothing."""
    touching_rules: tuple[tuple[CompiledRule, ...], ...]
    """By the position of each indicator, those that read what its step moves."""
    indicators: tuple[CompiledIndicator, ...]
    blocks: ScoringBlocks
    positions: dict[str, int]
    root: CompiledGroup
    groups: dict[str, CompiledGroup]
    levels: tuple[CompiledLevel, ...]


_plans: OrderedDict[str, CompiledMethodology] = OrderedDict()
_lock = Lock()
CACHE_SIZE = 32
"""So many plans are kept, those asked for last: an audit asks for many, of documents that differ in one goalpost."""


def compile_methodology(methodology: Methodology) -> CompiledMethodology:
    """The plan of a methodology, made once while it is asked for."""
    with _lock:
        plan = _plans.get(methodology.digest)
        if plan is None:
            plan = _plans[methodology.digest] = _compile(methodology)
            while len(_plans) > CACHE_SIZE:
                _plans.popitem(last=False)
        else:
            _plans.move_to_end(methodology.digest)
    return plan


def _compile(methodology: Methodology) -> CompiledMethodology:
    document = methodology.document
    unit = int(10**document.decimals)
    published = document.decimals if document.published_decimals is None else document.published_decimals
    layout = Layout(document)
    needs_evidence = {field.name for field in document.profile if field.needs_evidence}

    leaves: list[CompiledIndicator] = []
    compiled_groups: dict[str, CompiledGroup] = {}

    read_by = _readers(document)

    def group(
        node: Group, above: tuple[str, ...], places: tuple[int, ...], counts: bool, missing: Missing
    ) -> CompiledGroup:
        path = (node.id, *above)
        children = tuple(
            group(child, path, (place, *places), counts and child.weight > 0, node.missing)
            if isinstance(child, Group)
            else leaf(child, path, (place, *places), counts and child.weight > 0, node.missing)
            for place, child in enumerate(node.children)
        )
        weights = tuple(child.weight for child in node.children)
        complete = all(weights)
        compiled_groups[node.id] = compiled = CompiledGroup(
            definition=node,
            children=children,
            names=tuple(child.id for child in node.children),
            weights=weights,
            total_weight=sum(weights),
            indicator_span=_span(children),
            is_fully_weighted=complete,
            is_plain_mean=complete and node.aggregation == "arithmetic" and node.missing != "void",
            low=node.range.minimum * unit,
            high=node.range.maximum * unit,
            unknown_score=_counts_with(missing, node.range.minimum * unit),
            combine=_combination(node, unit),
            float_mean=_mean(node),
        )
        return compiled

    def leaf(
        indicator: Indicator, path: tuple[str, ...], places: tuple[int, ...], counts: bool, missing: Missing
    ) -> int:
        span = indicator.range
        goalposts = tuple(
            (Fraction(exact(goalpost.x)), halfup(exact(goalpost.score) * unit))
            for goalpost in indicator.curve.goalposts
        )
        rising = exact(indicator.curve.goalposts[-1].score) > exact(indicator.curve.goalposts[0].score)
        leaves.append(
            CompiledIndicator(
                position=len(leaves),
                definition=indicator,
                presence_slot=layout.present.get(indicator.id),
                slots=layout.slots[indicator.id],
                facts=tuple((fact.name, layout.facts[indicator.id, fact.name]) for fact in indicator.facts),
                compute_value=_value(indicator.value, layout),
                curve=_curve(indicator.curve, span, unit),
                low=span.minimum * unit,
                high=span.maximum * unit,
                best=_best(indicator.curve, span, unit),
                cap=halfup(
                    span.minimum * unit
                    + Fraction(document.self_declared_cap * (span.maximum - span.minimum) * unit, 100)
                ),
                unknown_score=_counts_with(missing, span.minimum * unit),
                applies=None
                if indicator.applies == All(of=())
                else compile_over_facts(indicator.applies, layout, absent=True),
                declarable_slots={
                    operand.field: layout.profile[operand.field]
                    for operand in operands(indicator.applies)
                    if isinstance(operand, ProfileOperand) and operand.field in needs_evidence
                },
                zero_when=None
                if indicator.zero_when == Any(of=())
                else compile_over_facts(indicator.zero_when, layout, absent=True),
                step=_step(indicator, document, layout),
                goalposts=goalposts,
                ascending_goalposts=goalposts if rising else goalposts[::-1],
                is_sampled_share=indicator.type == "ratio"
                and (indicator.sample or indicator.part_of_denominator)
                and all(fact.type == "integer" for fact in indicator.facts),
                is_rising=rising,
                ancestors=path,
                child_positions=places,
                has_weight=counts,
                dependents=tuple(sorted(read_by[_moved(indicator)] - {len(leaves)})),
                is_circular=_moved(indicator) in _read_by_conditions(indicator),
                borrowed_answers={
                    part.indicator: layout.present[part.indicator]
                    for part in parts(indicator.value)
                    if isinstance(part, AnswerOperand | ComponentOperand) and part.indicator != indicator.id
                },
                step_field=None
                if indicator.step is None or not indicator.step.startswith("profile:")
                else indicator.step.removeprefix("profile:"),
                profile_operands=tuple(part for part in parts(indicator.value) if isinstance(part, ProfileOperand)),
                profile_slots=tuple(
                    layout.profile[part.field] for part in parts(indicator.value) if isinstance(part, ProfileOperand)
                ),
                quotient_slots=_own_quotient(indicator, layout),
            )
        )
        return len(leaves) - 1

    root = group(document.root, (), (), True, "void")
    positions = {leaf.definition.id: leaf.position for leaf in leaves}
    rules = tuple(
        CompiledRule(
            definition=rule,
            holds=compile_over_facts(rule.holds, layout, absent=False),
            could_hold=compile_over_facts(rule.holds, layout, absent=True),
            invalidates=tuple(positions[indicator] for indicator in rule.invalidates),
            reads=frozenset(positions[indicator] for indicator in answers_read(rule.holds)),
            fields=frozenset(operand.field for operand in operands(rule.holds) if isinstance(operand, ProfileOperand)),
            ordered=_ordered(rule, layout),
        )
        for rule in document.rules
        if rule.holds is not None
    )
    return CompiledMethodology(
        methodology=methodology,
        document=document,
        unit=unit,
        published_step=int(10 ** (document.decimals - published)),
        raw_decimals=max(
            [
                DECIMALS_OF_NUMBERS,
                *(fact.decimals for known in leaves for fact in known.definition.facts if fact.type == "number"),
            ]
        ),
        has_void_groups=any(known.definition.missing == "void" for known in compiled_groups.values()),
        layout=layout,
        answer_loaders=tuple(_answer_loader(known.definition, layout) for known in leaves if known.definition.facts),
        rules=rules,
        error_rules=_errors(rules),
        warning_numbers=_warnings(rules),
        touching_rules=tuple(
            tuple(
                known
                for known in rules
                if known.definition.severity == "error"
                and (known_leaf.position in known.reads or known_leaf.step_field in known.fields)
            )
            for known_leaf in leaves
        ),
        indicators=tuple(leaves),
        blocks=_blocks(leaves),
        positions=positions,
        root=root,
        groups=compiled_groups,
        levels=tuple(_level(level) for level in document.levels),
    )


def _span(children: Sequence[CompiledGroup | int]) -> slice | None:
    """The positions of children that are all leaves: they follow each other."""
    positions = [child for child in children if isinstance(child, int)]
    return slice(positions[0], positions[-1] + 1) if positions and len(positions) == len(children) else None


def _errors(rules: Sequence[CompiledRule]) -> ErrorRules:
    errors = [(number, compiled) for number, compiled in enumerate(rules) if compiled.definition.severity == "error"]
    return ErrorRules(
        ordered=tuple((number, *compiled.ordered) for number, compiled in errors if compiled.ordered is not None),
        others=tuple((number, compiled.holds) for number, compiled in errors if compiled.ordered is None),
    )


def _warnings(rules: Sequence[CompiledRule]) -> tuple[int, ...]:
    return tuple(number for number, compiled in enumerate(rules) if compiled.definition.severity == "warning")


def _ordered(rule: Rule, layout: Layout) -> tuple[int, int] | None:
    match rule.holds:
        case Implies(
            when=Present(indicator=sent),
            then=Compare(
                op="le", left=AnswerOperand(indicator=one) as left, right=AnswerOperand(indicator=two) as right
            ),
        ) if sent == one == two:
            low, high = slot_of(left, layout), slot_of(right, layout)
            return None if low is None or high is None else (low, high)
    return None


def drop_rules(plan: CompiledMethodology, names: Collection[str]) -> CompiledMethodology:
    """The plan without some rules."""
    if not names:
        return plan
    rules = tuple(known for known in plan.rules if known.definition.id not in names)
    return structs.replace(plan, rules=rules, error_rules=_errors(rules), warning_numbers=_warnings(rules))


def _blocks(leaves: Sequence[CompiledIndicator]) -> ScoringBlocks:
    scorers = tuple(_scorer(leaf) for leaf in leaves)
    together: dict[tuple[Predicate, Predicate], list[IndicatorScorer]] = {}
    for scorer in scorers:
        indicator = scorer.indicator.definition
        together.setdefault((indicator.zero_when, indicator.applies), []).append(scorer)
    return ScoringBlocks(scorers, tuple(_block(members) for members in together.values()))


def _block(members: Sequence[IndicatorScorer]) -> ScoringBlock:
    leaves = [known.indicator for known in members]
    return ScoringBlock(
        zero_when=leaves[0].zero_when,
        applies=leaves[0].applies,
        scorers=tuple(members),
        tables=tuple(
            (leaf.position, leaf.slots[0], known.table, known.unknown)
            for known, leaf in zip(members, leaves, strict=True)
            if known.table is not None
        ),
        quotients=tuple(
            (leaf.position, *leaf.quotient_slots, leaf.curve, leaf.low, leaf.best, known.unknown, known.score_facts)
            for known, leaf in zip(members, leaves, strict=True)
            if known.table is None and leaf.quotient_slots is not None
        ),
        others=tuple(
            (leaf.position, known.score_facts)
            for known, leaf in zip(members, leaves, strict=True)
            if known.table is None and leaf.quotient_slots is None
        ),
    )


def _scorer(leaf: CompiledIndicator) -> IndicatorScorer:
    unknown = IndicatorResult("unknown", None if leaf.unknown_score == UNKNOWN else leaf.unknown_score, leaf.best)
    indicator = leaf.definition
    own = isinstance(indicator.value, AnswerOperand) and not leaf.borrowed_answers
    table: tuple[IndicatorResult, ...] | None = None
    if own and indicator.curve.kind in ("ladder", "boolean"):
        table = tuple(score_raw_value(leaf, (level, 1)) for level in range(len(indicator.curve.goalposts)))
    return IndicatorScorer(
        indicator=leaf,
        unknown=unknown,
        zero=IndicatorResult("zero_by_rule", leaf.low, leaf.low),
        table=table,
        score_facts=_scored(leaf, unknown),
    )


def _scored(leaf: CompiledIndicator, unknown: IndicatorResult) -> Callable[[Facts], IndicatorResult]:
    present, value_of, borrows, fields = (
        leaf.presence_slot,
        leaf.compute_value,
        tuple(leaf.borrowed_answers.values()),
        leaf.profile_slots,
    )
    without = IndicatorResult("zero", leaf.low, leaf.low)

    def scored(facts: Facts) -> IndicatorResult:
        if present is not None and facts[present] is None:
            return unknown
        for slot in borrows:
            if facts[slot] is None:
                return unknown
        value = value_of(facts)
        if value is None:
            return unknown if any(facts[slot] is None for slot in fields) else without
        return score_raw_value(leaf, value)

    return scored


def score_raw_value(leaf: CompiledIndicator, value: Ratio) -> IndicatorResult:
    """What a raw value counts with."""
    score = leaf.curve(*value)
    return IndicatorResult(
        "zero" if score == leaf.low else "full" if score == leaf.best else "partial", score, score, value, score
    )


def _moved(indicator: Indicator) -> str:
    """What the step of an indicator moves: its own answer, or a profile field."""
    return indicator.step if indicator.step is not None and indicator.step.startswith("profile:") else indicator.id


def _readers(document: Document) -> Mapping[str, set[int]]:
    """The positions of the indicators that read each answer, and each field as `profile:<field>`."""
    readers: dict[str, set[int]] = defaultdict(set)
    for position, indicator in enumerate(indicators(document.root)):
        for name in (*_read_by_conditions(indicator), *_read(parts(indicator.value))):
            readers[name].add(position)
    return readers


def _read_by_conditions(indicator: Indicator) -> Iterator[str]:
    """The answers and fields that a zero rule and the applicability read."""
    return _read((*operands(indicator.zero_when), *operands(indicator.applies)))


def _read(read: Iterable[Operand]) -> Iterator[str]:
    for operand in read:
        match operand:
            case AnswerOperand(indicator=name) | ComponentOperand(indicator=name):
                yield name
            case ProfileOperand(field=field):
                yield f"profile:{field}"


def _answer_loader(indicator: Indicator, layout: Layout) -> AnswerLoader:
    slots = {fact.name: layout.facts[indicator.id, fact.name] for fact in indicator.facts}
    others = ConvertedFacts(
        numbers=tuple(
            (fact.name, slots[fact.name], fact.decimals) for fact in indicator.facts if fact.type == "number"
        ),
        lists=tuple(
            (fact.name, slots[fact.name], layout.facts[indicator.id, derived_count(fact.name)])
            for fact in indicator.facts
            if fact.type == "components"
        ),
    )
    whole = tuple(
        (fact.name, slots[fact.name]) for fact in indicator.facts if fact.type not in ("number", "components")
    )
    return indicator.id, whole, others if others.numbers or others.lists else None


def load_facts(plan: CompiledMethodology, submission: Submission) -> Facts:
    """The facts of a submission by slot; answers that are set aside are absent."""
    facts: list[object] = [None] * plan.layout.size
    profile, answers, set_aside = submission.profile, submission.answers, submission.set_aside
    for name, slot in plan.layout.profile.items():
        if name in profile:
            value: object = profile[name]
            if value is None:
                value = NULL
            elif type(value) is float:
                value = exact_fact(value, DECIMALS_OF_NUMBERS)
            facts[slot] = value
    if set_aside:
        answers = {name: answer for name, answer in answers.items() if name not in set_aside}
    for name, whole, others in plan.answer_loaders:
        answer = answers.get(name)
        if answer is None:
            continue
        for fact, slot in whole:
            facts[slot] = answer[fact]
        if others is not None:
            for fact, slot, decimals in others.numbers:
                facts[slot] = exact_fact(cast("float", answer[fact]), decimals)
            for fact, slot, length in others.lists:
                facts[slot] = ids = frozenset(cast("tuple[str, ...]", answer.get(fact, ())))
                facts[length] = len(ids)
    return cast("Facts", facts)


# --- values and curves ----------------------------------------------------------------------------------------


def _value(operand: Operand, layout: Layout) -> Callable[[Facts], Ratio | None]:
    """The raw value as an exact ratio; None where a fact is absent or the denominator is 0."""
    leaf = over_facts(layout, absent=True)
    if isinstance(operand, Quotient):
        over, under = slot_of(operand.numerator, layout), slot_of(operand.denominator, layout)
        if over is not None and under is not None:
            return _slots_quotient(over, under)
        above = cast("Callable[[Facts], Number | None]", compile_operand(operand.numerator, leaf))
        below = cast("Callable[[Facts], Number | None]", compile_operand(operand.denominator, leaf))
        return lambda facts: _ratio(above(facts), below(facts))
    slot = slot_of(operand, layout)
    if slot is not None:
        return _slot_value(slot)
    plain = compile_operand(operand, leaf)

    def number(facts: Facts) -> Ratio | None:
        value = cast("Number | None", plain(facts))
        return None if value is None else (int(value.numerator), value.denominator)

    return number


def _ratio(n: Number | None, d: Number | None) -> Ratio | None:
    """A quotient as an exact ratio; None where a side is absent, or the denominator 0."""
    if n is None or not d:
        return None
    if type(n) is int and type(d) is int:
        return (n, d) if d > 0 else (-n, -d)
    over, under = n.numerator * d.denominator, n.denominator * d.numerator
    common = math.gcd(over, under) if under > 0 else -math.gcd(over, under)
    return over // common, under // common


def _own_quotient(indicator: Indicator, layout: Layout) -> tuple[int, int | None] | None:
    own = layout.slots[indicator.id]
    match indicator.value:
        case Quotient(numerator=numerator, denominator=denominator):
            over, under = slot_of(numerator, layout), slot_of(denominator, layout)
            return (over, under) if over in own and under in own and over is not None else None
        case value:
            slot = slot_of(value, layout)
            return (slot, None) if slot is not None and slot in own else None


def _slots_quotient(over: int, under: int) -> Callable[[Facts], Ratio | None]:
    def quotient(facts: Sequence[Number | None]) -> Ratio | None:
        return _ratio(facts[over], facts[under])

    return cast("Callable[[Facts], Ratio | None]", quotient)


def _slot_value(slot: int) -> Callable[[Facts], Ratio | None]:
    def value(facts: Sequence[Number | None]) -> Ratio | None:
        found = facts[slot]
        if found is None:
            return None
        return (found, 1) if type(found) is int else (int(found.numerator), found.denominator)

    return cast("Callable[[Facts], Ratio | None]", value)


def _level(level: Level) -> CompiledLevel:
    return CompiledLevel(
        number=level.number,
        gates=tuple(compile_gate(gate) for gate in level.gates),
        firm=None
        if level.provisional_unless is None
        else compile_predicate(level.provisional_unless, _figure, _no_presence),
    )


def compile_gate(gate: Gate) -> CompiledGate:
    """A gate made ready to evaluate."""
    holds = compile_predicate(gate.holds, _figure, _no_presence)
    there, asked = (compile_operand(side, _figure) for side in (gate.holds.left, gate.holds.right))
    return CompiledGate(gate, _least(gate), _bounded_value(gate), holds, there, asked)


def _least(gate: Gate) -> tuple[tuple[str | None, ...], Number] | None:
    match gate.holds:
        case Compare(op="ge", left=left, right=Constant(value=int() | float() as asked)):
            nodes: list[str | None] = []
            for member in left.of if isinstance(left, Minimum) else (left,):
                match member:
                    case IndexOperand():
                        nodes.append(None)
                    case ScoreOperand(node=node):
                        nodes.append(node)
                    case _:
                        return None
            return tuple(nodes), exact(asked)
    return None


def _bounded_value(gate: Gate) -> tuple[str, Number, bool] | None:
    match gate.holds:
        case Compare(
            op="ge" | "le" as op, left=ValueOperand(indicator=indicator), right=Constant(value=int() | float() as asked)
        ):
            return None if isinstance(asked, bool) else (indicator, exact(asked), op == "ge")
    return None


def _figure(operand: Operand) -> Callable[[GateInputs], Evaluated]:
    """The leaves of gates."""
    match operand:
        case IndexOperand():
            return lambda figures: figures.read_index()
        case ScoreOperand(node=node):
            return lambda figures: figures.read_score(node)
        case ValueOperand(indicator=indicator):
            return lambda figures: figures.read_value(indicator)
        case ProfileOperand(field=field):
            return lambda figures: figures.read_profile(field)
        case _:
            raise TypeError(f"{type(operand).__name__} may not stand in a gate")


def _no_presence(indicator: str) -> Callable[[GateInputs], bool]:
    raise TypeError(f"a gate tests value({indicator}), not the presence of an answer")


def _step(indicator: Indicator, document: Document, layout: Layout) -> ImprovementStep | None:
    if indicator.step is None:
        return None
    field = indicator.step.startswith("profile:")
    name = indicator.step.removeprefix("profile:")
    if field:
        slot = layout.profile[name]
        described: ProfileField | Fact = next(known for known in document.profile if known.name == name)
    else:
        slot = layout.facts[indicator.id, name]
        described = next(fact for fact in indicator.facts if fact.name == name)
    top = indicator.value
    above, below = (top.numerator, top.denominator) if isinstance(top, Quotient) else (top, Constant(value=1))
    leaf = over_facts(layout, absent=True)
    numerator, denominator = compile_operand(above, leaf), compile_operand(below, leaf)
    over, under = slot_of(above, layout), slot_of(below, layout)

    def coefficients(facts: Facts) -> tuple[Number, Number, Number, Number]:
        trial = list(facts)
        trial[slot] = 0
        b, d = cast("Number", numerator(trial)), cast("Number", denominator(trial))
        trial[slot] = 1
        return cast("Number", numerator(trial)) - b, b, cast("Number", denominator(trial)) - d, d

    return ImprovementStep(
        name=name,
        is_profile_field=field,
        slot=slot,
        scale=1
        if described.type != "number"
        else int(10 ** (described.decimals if isinstance(described, Fact) else DECIMALS_OF_NUMBERS)),
        minimum=described.minimum or 0,
        maximum=described.maximum or 0,
        coefficients=_simple_coefficients(slot, over, under, below) or coefficients,
    )


def _simple_coefficients(
    slot: int, over: int | None, under: int | None, below: Operand
) -> Callable[[Facts], tuple[Number, Number, Number, Number]] | None:
    """Those of a fact, of it over another, and of another over it; None of anything else."""
    if over == slot and below == Constant(value=1):
        return lambda _: (1, 0, 0, 1)
    if over == slot and under is not None and under != slot:

        def over_another(facts: Sequence[Number]) -> tuple[Number, Number, Number, Number]:
            return 1, 0, 0, facts[under]

        return cast("Callable[[Facts], tuple[Number, Number, Number, Number]]", over_another)
    if under == slot and over is not None and over != slot:

        def under_another(facts: Sequence[Number]) -> tuple[Number, Number, Number, Number]:
            return 0, facts[over], 1, 0

        return cast("Callable[[Facts], tuple[Number, Number, Number, Number]]", under_another)
    return None


def _best(curve: Curve, span: Range, unit: int) -> int:
    """The highest score of a curve, in units; a lognormal one goes to the top of the range."""
    if curve.kind == "lognormal":
        return span.maximum * unit
    return halfup(max(exact(goalpost.score) for goalpost in curve.goalposts) * unit)


def _curve(curve: Curve, span: Range, unit: int) -> Callable[[int, int], int]:
    """The score in units of a raw value n / d (d > 0)."""
    if curve.kind == "lognormal":
        return _lognormal(curve, span, unit)
    xs = [Fraction(exact(goalpost.x)) for goalpost in curve.goalposts]
    ys = [Fraction(exact(goalpost.score)) * unit for goalpost in curve.goalposts]
    if curve.kind in ("boolean", "ladder"):
        table = [halfup(y) for y in ys]
        return lambda n, d: table[n // d]
    first, last = halfup(ys[0]), halfup(ys[-1])
    low_n, low_d, high_n, high_d = *xs[0].as_integer_ratio(), *xs[-1].as_integer_ratio()
    if curve.kind == "linear":
        segments = [_segment(xs[i], ys[i], xs[i + 1], ys[i + 1]) for i in range(len(xs) - 1)]
        *lower, (_, _, last_slope, last_offset, last_scale) = segments

        def linear(n: int, d: int) -> int:
            if n * low_d <= low_n * d:
                return first
            if n * high_d >= high_n * d:
                return last
            for end_n, end_d, slope, offset, scale in lower:
                if n * end_d <= end_n * d:
                    return (slope * n + offset * d) // (scale * d)
            return (last_slope * n + last_offset * d) // (last_scale * d)

        return linear
    logs = [math.log(x) for x in xs]
    scores = [float(y) for y in ys]

    def logarithmic(n: int, d: int) -> int:
        if n * low_d <= low_n * d:
            return first
        if n * high_d >= high_n * d:
            return last
        x = math.log(n / d)
        i = max(bisect_right(logs, x, hi=len(logs) - 1) - 1, 0)
        score = scores[i] + (scores[i + 1] - scores[i]) * (x - logs[i]) / (logs[i + 1] - logs[i])
        return math.floor(score + 0.5 + EPSILON)

    return logarithmic


def _segment(x0: Fraction, y0: Fraction, x1: Fraction, y1: Fraction) -> tuple[int, int, int, int, int]:
    """The end x1 as n, d and the line through both points: y(n/d) half up is ⌊(slope·n + offset·d) / (scale·d)⌋."""
    slope = (y1 - y0) / (x1 - x0)
    offset = y0 - slope * x0
    scale = math.lcm(slope.denominator, offset.denominator)
    return x1.numerator, x1.denominator, int(2 * slope * scale), int(2 * offset * scale) + scale, 2 * scale


def _lognormal(curve: Curve, span: Range, unit: int) -> Callable[[int, int], int]:
    """The complementary log-normal curve through p10 (9/10 of the range) and the median (1/2).

    That of Google Lighthouse (getLogNormalScore); mirrored where p10 is above the median.
    """
    first, second = (float(goalpost.x) for goalpost in curve.goalposts)
    falling = exact(curve.goalposts[0].score) > exact(curve.goalposts[1].score)
    p10, median = (first, second) if falling else (second, first)
    spread = -math.log(p10 / median)
    least, width = span.minimum, span.maximum - span.minimum

    def lognormal(n: int, d: int) -> int:
        if n > 0:
            share = math.erfc(INVERSE_ERFC_FIFTH * math.log(n / d / median) / spread) / 2
        else:
            share = 1.0 if falling else 0.0
        return quantise(least + share * width, unit)

    return lognormal


# --- aggregation ----------------------------------------------------------------------------------------------


def quantise(points: float, unit: int) -> int:
    """Points of a float curve or aggregation in whole units (SCORING, section 3)."""
    return math.floor(points * unit + 0.5 + EPSILON)


def compute_power_mean(exponent: float, weights: Sequence[int], scores: Sequence[float]) -> float:
    """The weighted power mean of scores of 0 or more, with weights above 0; exponent 0 is the geometric mean.

    A score of 0 gives 0 where the exponent is not above 0.
    """
    if exponent <= 0 and 0 in scores:
        return 0.0
    total = sum(weights)
    if exponent == 0:
        return math.exp(sum(weight * math.log(score) for weight, score in zip(weights, scores, strict=True)) / total)
    # Relative to the score that dominates nothing overflows, and small exponents keep their digits.
    most = max(scores) if exponent > 0 else min(scores)
    if most == 0:
        return 0.0
    less = sum(
        weight * (math.expm1(exponent * math.log(score / most)) if score else -1.0)
        for weight, score in zip(weights, scores, strict=True)
    )
    return most * math.exp(math.log1p(less / total) / exponent)


def _mean(group: Group) -> Callable[[Sequence[int], Sequence[float]], float] | None:
    match group.aggregation:
        case "arithmetic" | "sum":
            return None
        case "min":
            return lambda _, scores: min(scores)
        case _:
            exponent = EXPONENTS.get(group.aggregation, group.exponent)
            assert exponent is not None
            return partial(compute_power_mean, exponent)


def _combination(group: Group, unit: int) -> Callable[[Sequence[int], Sequence[int]], int]:
    """How the scores of the children become that of the group (SCORING, section 4)."""
    match group.aggregation:
        case "arithmetic":
            return _weighted_mean
        case "sum":
            return lambda _, scores: sum(scores)
        case "min":
            return lambda _, scores: min(scores)
    mean = _mean(group)
    assert mean is not None

    def combined(weights: Sequence[int], scores: Sequence[int]) -> int:
        # A mean lies between what it is of, whatever floats make of it.
        exactly = mean(weights, [score / unit for score in scores])
        return max(min(scores), min(max(scores), quantise(exactly, unit)))

    return combined


def _weighted_mean(weights: Sequence[int], scores: Sequence[int]) -> int:
    remaining = sum(weights)
    weighted: int = sum(map(mul, weights, scores))
    return (2 * weighted + remaining) // (2 * remaining)


def _counts_with(missing: Missing, low: int) -> int | None:
    """What an unknown child counts with under the `missing` of the node above it."""
    match missing:
        case "zero":
            return low
        case "void":
            return UNKNOWN
    return None
