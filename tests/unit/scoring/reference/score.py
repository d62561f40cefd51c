"""The numbers of one submission (docs/scoring.md, sections 2 to 6), section by section."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from fractions import Fraction
from typing import Literal

from actitud_api.engine.methodology.model import (
    Document,
    Gate,
    Group,
    IndexOperand,
    Indicator,
    LowerBoundOperand,
    Operand,
    PillarOperand,
    ProfileOperand,
    Quotient,
    Rule,
    ScoreOperand,
    ValueOperand,
)
from actitud_api.engine.methodology.requests.answers import Submission
from tests.unit.scoring.reference.conditions import (
    Facts,
    LeastFavourable,
    Nothing,
    Reading,
    Undetermined,
    Value,
    facts_of,
    half_up,
    leaves,
    operands,
    truth,
    value_of,
)
from tests.unit.scoring.reference.curves import aggregated, best_of, score_of, wilson_ends

Code = str
OBSERVED = ("full", "partial", "zero", "zero_by_rule", "capped")


class Standing(Enum):
    """What a node is to the node above it."""

    SCORED = "has a score"
    UNKNOWN = "its `missing` decides (section 4)"
    LEFT = "not applicable, or not rated"


@dataclass(frozen=True)
class Broken:
    """A rule that does not hold, in the facts that broke it."""

    rule: Rule
    code: Literal["contradicted", "unsupported"]
    facts: Facts


@dataclass(frozen=True)
class Answered:
    """What an indicator comes to, whatever the nodes above do with it (section 2)."""

    standing: Standing
    code: Code
    units: int | None
    """Its score; of a contradicted one the least of its range, of an unknown one nothing."""
    units_max: int | None
    """The same where every unknown takes its curve's highest score (section 5)."""
    value: Fraction | bool | None = None
    uncapped: int | None = None
    fields: tuple[str, ...] = ()
    undetermined: bool = False
    """Its zero rule turns on an answer that is absent."""
    declared: bool = False
    """Only the cap of what is declared without evidence holds it."""
    level_sent: int | None = None
    """The level that review lowered."""

    @property
    def state(self) -> str:
        """The state on the wire (section 2)."""
        if self.code == "not_applicable":
            return "not_applicable"
        return "observed" if self.code in OBSERVED else "unknown"


@dataclass(frozen=True)
class Blocked:
    """A failing gate: what is there and what is asked."""

    gate: Gate
    there: Value
    asked: Value


@dataclass
class Scored:
    """The numbers of a submission. Scores are units of 10^-decimals; nodes by id."""

    document: Document
    submission: Submission
    sent: Facts
    """What was sent and not set aside."""
    facts: Facts
    """The same without what is contradicted."""
    broken: list[Broken]
    answered: dict[str, Answered]
    standings: dict[str, Standing] = field(default_factory=dict)
    scores: dict[str, int | None] = field(default_factory=dict)
    """What each node counts with in the node above; None where it has left."""
    scores_max: dict[str, int | None] = field(default_factory=dict)
    coverages: dict[str, Fraction | None] = field(default_factory=dict)
    index: int | None = None
    index_max: int | None = None
    status: str = "not_rateable"
    level: int | None = None
    provisional: bool = False
    blocked_by: list[Blocked] = field(default_factory=list)

    @property
    def unit(self) -> int:
        """Units in a point."""
        return int(10**self.document.decimals)


def score(document: Document, submission: Submission) -> Scored:
    """The numbers of a submission."""
    sent = facts_of(document, submission)
    facts, codes, broken = findings(document, sent)
    result = Scored(
        document,
        submission,
        sent,
        facts,
        broken,
        {leaf.id: answered(document, submission, facts, leaf, codes.get(leaf.id)) for leaf in leaves(document.root)},
    )
    tree(result)
    status(result)
    if result.status in ("complete", "sufficient"):
        level(result)
    return result


def rescored(result: Scored, name: str, units: int) -> Scored:
    """The tree of a score in which one indicator has another score and nothing else changed."""
    other = Answered(Standing.SCORED, "partial", units, units)
    changed = replace(
        result, answered={**result.answered, name: other}, standings={}, scores={}, scores_max={}, coverages={}
    )
    tree(changed)
    return changed


# --- section 2: findings ----------------------------------------------------------------------------------------------


def findings(document: Document, sent: Facts) -> tuple[Facts, dict[str, Code], list[Broken]]:
    """Errors all at once, again without the contradicted answers until nothing new is; warnings on what remains.

    An indicator is unsupported where every rule that names it is; a rule once broken stays in the findings with the
    facts that broke it.
    """
    facts = sent
    broken: dict[str, Broken] = {}
    codes: dict[str, Code] = {}
    while True:
        failing = [
            _broken(rule, facts)
            for rule in document.rules
            if rule.severity == "error" and rule.id not in broken and not _holds(rule, facts)
        ]
        broken |= {found.rule.id: found for found in failing}
        named = {name for found in broken.values() for name in found.rule.invalidates}
        for name in named:
            supported = [found.code for found in broken.values() if name in found.rule.invalidates]
            codes[name] = "contradicted" if "contradicted" in supported else "unsupported"
        if not named & facts.answers.keys() and not failing:
            break
        facts = facts.without(named)
    for rule in document.rules:
        if rule.severity == "warning" and not _holds(rule, facts):
            broken[rule.id] = _broken(rule, facts)
    return facts, codes, [broken[rule.id] for rule in document.rules if rule.id in broken]


def _holds(rule: Rule, facts: Facts) -> bool:
    assert rule.holds is not None
    return truth(rule.holds, LeastFavourable(facts)) is True


def _broken(rule: Rule, facts: Facts) -> Broken:
    """Contradicted; unsupported where it fails only because an answer is absent, so that it could still hold."""
    assert rule.holds is not None
    could = truth(rule.holds, Undetermined(facts)) is not False
    return Broken(rule, "unsupported" if could else "contradicted", facts)


# --- section 2: one indicator -----------------------------------------------------------------------------------------


def answered(
    document: Document, submission: Submission, facts: Facts, leaf: Indicator, contradicted: Code | None
) -> Answered:
    """Contradicted → `zero_when` → applicability → unknown → curve → caps."""
    unit = 10**document.decimals
    least, best = leaf.range.minimum * unit, best_of(leaf, document.decimals)
    reading = Undetermined(facts)
    absent = submission.set_aside.get(leaf.id, "unknown")
    if contradicted is not None:
        return Answered(Standing.SCORED, contradicted, least, best)
    zero = truth(leaf.zero_when, reading)
    if zero:
        return Answered(Standing.SCORED, "zero_by_rule", least, least)
    if zero is None:
        return Answered(Standing.UNKNOWN, absent, None, best, undetermined=True)
    if not truth(leaf.applies, reading):
        doubtful = only_declared(document, submission, facts, leaf)
        if doubtful:
            return Answered(Standing.UNKNOWN, "unknown", None, best, fields=doubtful)
        return Answered(Standing.LEFT, "not_applicable", None, None)
    if leaf.facts and leaf.id not in facts.answers:
        return Answered(Standing.UNKNOWN, absent, None, best)
    value = raw_value(leaf.value, facts)
    if value is Nothing.ABSENT:
        return Answered(Standing.UNKNOWN, "unknown", None, best)
    if isinstance(value, Nothing):
        # A value whose denominator is 0 does not exist: observed, the least, known.
        return Answered(Standing.SCORED, "zero", least, least)
    assert not isinstance(value, str)
    units = score_of(leaf, Fraction(value), document.decimals)
    level_sent = lowered(submission, facts, leaf)
    uncapped = units
    if level_sent is not None:
        as_sent = Facts(facts.profile, {**facts.answers, leaf.id: {"level": Fraction(level_sent)}})
        value_sent = raw_value(leaf.value, as_sent)
        assert isinstance(value_sent, Fraction)
        uncapped = score_of(leaf, value_sent, document.decimals)
    declared = leaf.id in submission.self_declared and units > self_declared_cap(document, leaf)
    if declared:
        units = self_declared_cap(document, leaf)
    code = "capped" if units < uncapped else "zero" if units == least else "full" if units == best else "partial"
    return Answered(Standing.SCORED, code, units, units, value, uncapped, declared=declared, level_sent=level_sent)


def lowered(submission: Submission, facts: Facts, leaf: Indicator) -> int | None:
    """The level that was sent to a ladder where review lowered it (section 6)."""
    if leaf.id not in submission.level_caps:
        return None
    sent = submission.answers[leaf.id]["level"]
    assert isinstance(sent, int)
    return sent if sent != facts.answers[leaf.id]["level"] else None


def only_declared(document: Document, submission: Submission, facts: Facts, leaf: Indicator) -> tuple[str, ...]:
    """The fields without evidence on whose values it depends that an indicator is excluded; none where it does not."""
    needs = {known.name for known in document.profile if known.needs_evidence}
    fields = tuple(
        dict.fromkeys(
            operand.field
            for operand in operands(leaf.applies)
            if isinstance(operand, ProfileOperand)
            and operand.field in needs
            and operand.field in submission.profile_self_declared
        )
    )
    known = {name: value for name, value in facts.profile.items() if name not in fields}
    return fields if truth(leaf.applies, Undetermined(Facts(known, facts.answers))) is None else ()


def raw_value(formula: Operand, facts: Facts) -> Value:
    """One exact rational; NULL where its denominator is 0, ABSENT where it reads what is absent."""
    reading = Undetermined(facts)
    if not isinstance(formula, Quotient):
        return value_of(formula, reading)
    above, below = value_of(formula.numerator, reading), value_of(formula.denominator, reading)
    if Nothing.ABSENT in (above, below):
        return Nothing.ABSENT
    if isinstance(above, Fraction) and isinstance(below, Fraction) and below:
        return above / below
    return Nothing.NULL


def self_declared_cap(document: Document, leaf: Indicator) -> int:
    """minimum + cap/100 · (maximum − minimum), half up (section 3), in units."""
    width = leaf.range.maximum - leaf.range.minimum
    points = leaf.range.minimum + Fraction(document.self_declared_cap, 100) * width
    return half_up(points * 10**document.decimals)


# --- section 4: the tree ----------------------------------------------------------------------------------------------


def tree(result: Scored) -> None:
    """The scores of every node, then the published indices."""
    document = result.document
    standing, units = _group(result, document.root)
    result.standings[document.root.id] = standing
    result.scores[document.root.id] = units if standing is Standing.SCORED else None
    result.scores_max[document.root.id] = _best(result, document.root)
    result.index = published(document, result.scores[document.root.id])
    result.index_max = published(document, result.scores_max[document.root.id])
    result.coverages[document.root.id] = _coverage(result, document.root)


def published(document: Document, units: int | None) -> int | None:
    """Half up of the internal index to `published_decimals`, in units of 10^-decimals."""
    if units is None or document.published_decimals is None:
        return units
    step = int(10 ** (document.decimals - document.published_decimals))
    return half_up(Fraction(units, step)) * step


def published_node(document: Document, node: str, units: int) -> int:
    """The score that a node is published with: a group may have decimals of its own."""
    groups = [document.root]
    for group in groups:
        groups += [child for child in group.children if isinstance(child, Group)]
    decimals = {group.id: group.published_decimals for group in groups}.get(node)
    if decimals is None:
        return units
    step = int(10 ** (document.decimals - decimals))
    return half_up(Fraction(units, step)) * step


def rated(group: Group, remaining: list[Group | Indicator]) -> bool:
    """Not rated: less than its share of the direct weight remains, or fewer children than it asks for."""
    weight = sum(child.weight for child in remaining)
    total = sum(child.weight for child in group.children)
    share = Fraction(group.rated_share.num, group.rated_share.den)
    return weight > 0 and weight >= share * total and len(remaining) >= group.rated_children


def _group(result: Scored, group: Group) -> tuple[Standing, int | None]:
    """What a group is to the node above, with the scores of everything below it on the way."""
    unit = result.unit
    void = False
    remaining: list[tuple[Group | Indicator, int | None]] = []
    for child in group.children:
        standing, units = (
            _group(result, child)
            if isinstance(child, Group)
            else (result.answered[child.id].standing, result.answered[child.id].units)
        )
        result.standings[child.id] = standing
        if standing is Standing.UNKNOWN:
            units = child.range.minimum * unit if group.missing == "zero" else None
        result.scores[child.id] = units
        if not child.weight or standing is Standing.LEFT:
            continue
        if standing is Standing.UNKNOWN and group.missing == "leave":
            continue
        void = void or units is None
        remaining.append((child, units))
    if not rated(group, [child for child, _ in remaining]):
        return Standing.LEFT, None
    if void:
        return Standing.UNKNOWN, None
    weighted = [(child.weight, Fraction(units, unit)) for child, units in remaining if units is not None]
    return Standing.SCORED, aggregated(group, weighted, result.document.decimals)


def _best(result: Scored, group: Group) -> int | None:
    """The same with every unknown at its best, and nothing else changed (section 5)."""
    remaining: list[tuple[Group | Indicator, int]] = []
    for child in group.children:
        units = _best(result, child) if isinstance(child, Group) else result.answered[child.id].units_max
        result.scores_max[child.id] = units
        if child.weight and units is not None:
            remaining.append((child, units))
    if not rated(group, [child for child, _ in remaining]):
        return None
    weighted = [(child.weight, Fraction(units, result.unit)) for child, units in remaining]
    return aggregated(group, weighted, result.document.decimals)


# --- section 5: coverage and status -----------------------------------------------------------------------------------


def _coverage(result: Scored, group: Group) -> Fraction | None:
    """Effective weight known over effective weight that applies, in the nodes that are rated in `index_max`."""
    known = Fraction(0)
    applies = 0
    for child in group.children:
        share: Fraction | None
        if isinstance(child, Group):
            share = result.coverages[child.id] = _coverage(result, child)
        else:
            found = result.answered[child.id]
            share = None if found.standing is Standing.LEFT else Fraction(found.code in OBSERVED)
        if share is not None:
            known += child.weight * share
            applies += child.weight
    return None if result.scores_max[group.id] is None else known / applies


def status(result: Scored) -> None:
    """The first that holds."""
    document = result.document
    coverage = result.coverages[document.root.id]
    thresholds = document.coverage
    if result.index is None or coverage is None:
        result.status = "not_rateable"
    elif not _unknown_below(result, document.root):
        result.status = "complete"
    elif coverage >= Fraction(thresholds.overall.num, thresholds.overall.den) and all(
        share >= Fraction(thresholds.per_dimension.num, thresholds.per_dimension.den)
        for child in document.root.children
        if child.weight and (share := result.coverages.get(child.id)) is not None
    ):
        result.status = "sufficient"
    else:
        result.status = "insufficient_evidence"


def _unknown_below(result: Scored, group: Group) -> bool:
    """Whether anything unknown takes part; a child of weight 0 takes part in nothing."""
    return any(
        _unknown_below(result, child) if isinstance(child, Group) else result.answered[child.id].state == "unknown"
        for child in group.children
        if child.weight
    )


# --- section 6: pillars and level ------------------------------------------------------------------------------------


def pillar_mean(result: Scored, pillar: str, scores: dict[str, int | None]) -> int | None:
    """ΣW·w·s / ΣW·w over the indicators that are there and whose dimension is, half up, in units."""
    there = [
        (dimension.weight * leaf.weight, score)
        for dimension in result.document.root.children
        if isinstance(dimension, Group) and scores[dimension.id] is not None
        for leaf in dimension.children
        if leaf.id in result.document.pillars[pillar] and (score := scores[leaf.id]) is not None
    ]
    weight = sum(weight for weight, _ in there)
    return half_up(Fraction(sum(weight * score for weight, score in there), weight)) if weight else None


def pillar_share(document: Document, pillar: str) -> Fraction:
    """The part of all points that the indicators of a pillar hold."""
    points = {
        leaf.id: dimension.weight * leaf.weight
        for dimension in document.root.children
        if isinstance(dimension, Group)
        for leaf in dimension.children
    }
    named = [name for members in document.pillars.values() for name in members]
    return Fraction(sum(points[name] for name in document.pillars[pillar]), sum(points[name] for name in named))


@dataclass(frozen=True)
class Figures(Reading):
    """What gates read: the published index, quantised scores, exact values and the profile."""

    result: Scored

    def of(self, operand: Operand) -> Value:
        result = self.result
        match operand:
            case IndexOperand():
                return Nothing.LEFT if result.index is None else Fraction(result.index, result.unit)
            case ScoreOperand(node=node):
                units = result.scores[node]
                if units is None:
                    # What only silence took away is absent.
                    return Nothing.LEFT if result.scores_max[node] is None else Nothing.ABSENT
                return Fraction(published_node(result.document, node, units), result.unit)
            case ValueOperand(indicator=indicator):
                found = result.answered[indicator]
                if found.code == "not_applicable":
                    return Nothing.LEFT
                if found.value is None or indicator in result.submission.self_declared:
                    return Nothing.ABSENT
                return found.value
            case PillarOperand(pillar=pillar):
                mean, best = (pillar_mean(result, pillar, scores) for scores in (result.scores, result.scores_max))
                if mean is None:
                    return Nothing.LEFT if best is None else Nothing.ABSENT
                return Fraction(mean, result.unit)
            case LowerBoundOperand():
                shares = self.shares(operand)
                if isinstance(shares, Nothing):
                    return shares
                return max(wilson_ends(cases, n)[0] for cases, n in shares)
            case ProfileOperand(field=name):
                return result.facts.profile[name]
            case _:
                raise TypeError(operand)

    def shares(self, operand: LowerBoundOperand) -> list[tuple[int, int]] | Nothing:
        """The cases and the sample of each indicator that applies; an alternative never pays for silence."""
        found: list[tuple[int, int] | Nothing] = [self.share(name) for name in operand.indicators]
        if Nothing.ABSENT in found:
            return Nothing.ABSENT
        return [share for share in found if not isinstance(share, Nothing)] or Nothing.LEFT

    def share(self, name: str) -> tuple[int, int] | Nothing:
        """The cases and the sample of one."""
        value = self.of(ValueOperand(indicator=name))
        if isinstance(value, Nothing):
            return value
        (formula,) = [leaf.value for leaf in leaves(self.result.document.root) if leaf.id == name]
        assert isinstance(formula, Quotient)
        reading = Undetermined(self.result.facts)
        cases, n = value_of(formula.numerator, reading), value_of(formula.denominator, reading)
        assert isinstance(cases, Fraction)
        assert isinstance(n, Fraction)
        return (int(cases), int(n)) if 0 <= cases <= n else Nothing.ABSENT

    def present(self, indicator: str) -> bool:
        raise TypeError(indicator)


def level(result: Scored) -> None:
    """The highest level such that the gates of every level up to it hold; review may set the most that it is."""
    figures = Figures(result)
    reached = None
    for step in result.document.levels:
        failing = [blocked for gate in step.gates if (blocked := _blocked(gate, figures)) is not None]
        if failing:
            result.blocked_by = failing
            break
        reached = step
    if reached is None:
        return
    most = result.submission.max_level
    if most is not None and reached.number > most:
        reached = result.document.levels[most - 1]
        result.blocked_by = []
    result.level = reached.number
    firm = reached.provisional_unless
    result.provisional = firm is not None and truth(firm, figures) is not True


def _blocked(gate: Gate, figures: Figures) -> Blocked | None:
    """Why a gate fails; None where it holds. Where its indicator or node has left the gate itself says what it does."""
    there, asked = value_of(gate.holds.left, figures), value_of(gate.holds.right, figures)
    if Nothing.LEFT in (there, asked) and Nothing.ABSENT not in (there, asked):
        return None if gate.when_not_applicable == "pass" else Blocked(gate, there, asked)
    return None if _passes(gate, figures) else Blocked(gate, there, asked)


def _passes(gate: Gate, figures: Figures) -> bool | None:
    """Whether a gate holds; a lower limit is compared exactly, as its share k/n with p (section 6)."""
    if not isinstance(gate.holds.left, LowerBoundOperand):
        return truth(gate.holds, figures)
    shares, p = figures.shares(gate.holds.left), value_of(gate.holds.right, figures)
    assert isinstance(p, Fraction)
    if isinstance(shares, Nothing):
        return None
    squared = Fraction("3.841458820694124")
    return any(Fraction(k, n) >= p and n * (Fraction(k, n) - p) ** 2 >= squared * p * (1 - p) for k, n in shares)
