"""The explanation of a score (docs/scoring.md, section 7): points, main reasons, reasons, findings, next steps.

Gives what the canonical result holds, as plain JSON values, without the version and the digests.
"""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Final, cast

import msgspec

from actitud_api.engine.methodology.model import (
    All,
    AnswerOperand,
    Any,
    ComponentOperand,
    Constant,
    Document,
    Group,
    Implies,
    Indicator,
    LowerBoundOperand,
    Not,
    Predicate,
    ProfileOperand,
    Quotient,
)
from actitud_api.engine.methodology.requests.answers import FactValue, Submission
from tests.unit.scoring.reference.conditions import (
    PROFILE_DECIMALS,
    Facts,
    LeastFavourable,
    Nothing,
    Sent,
    Undetermined,
    Value,
    comparisons,
    decimal,
    half_up,
    leaves,
    operands,
    parts,
    truth,
    value_of,
)
from tests.unit.scoring.reference.curves import (
    DIGITS,
    MARGIN,
    RESOLUTION,
    TooClose,
    as_decimal,
    best_of,
    half_up_of_float,
    score_of,
    unquantised,
    wilson_ends,
)
from tests.unit.scoring.reference.score import (
    Answered,
    Blocked,
    Broken,
    Scored,
    Standing,
    answered,
    pillar_mean,
    pillar_share,
    published,
    published_node,
    raw_value,
    rescored,
    score,
    self_declared_cap,
)

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

MAIN_REASONS = 4
SHAPLEY = 10**9
"""Shapley values are rounded to 10^-9 points (section 7)."""


def explained(result: Scored) -> dict[str, Json]:
    """The canonical result of a submission that was scored."""
    document = result.document
    handed = points(result)
    root = document.root
    pillars: list[Json] = [
        {
            "id": pillar,
            "score": shown(result, pillar_mean(result, pillar, result.scores)),
            "score_max": shown(result, pillar_mean(result, pillar, result.scores_max)),
            "share": figure(pillar_share(document, pillar), 4),
        }
        for pillar in document.pillars
    ]
    return {
        **({"pillars": pillars} if pillars else {}),
        **_estimate(result),
        "index": shown(result, result.index),
        "index_max": shown(result, result.index_max),
        "index_geometric": shown(result, additional_index(result)),
        "coverage": _coverage(result.coverages[root.id]),
        "status": result.status,
        "level": result.level,
        "level_details": {
            "provisional": result.provisional,
            "max_level": result.submission.max_level,
            "blocked_by": [_blocking(result, blocked) for blocked in result.blocked_by],
        },
        "main_reasons": main_reasons(result, handed),
        "findings": [_finding(document, broken) for broken in result.broken],
        "dimensions": [_group(result, handed, child) for child in root.children if isinstance(child, Group)],
        "indicators": [_indicator(result, handed, child) for child in root.children if isinstance(child, Indicator)],
    }


def _estimate(result: Scored) -> dict[str, Json]:
    """What a document that only estimates says of the index under another (section 5)."""
    margin = result.document.margin
    if margin is None:
        return {}
    estimate: Json = None
    if result.index is not None and result.status in ("complete", "sufficient"):
        middle = decimal(margin.intercept) + decimal(margin.slope) * Fraction(result.index, result.unit)
        width = decimal(margin.half_width)
        ends = {"index": middle, "lower": middle - width, "upper": middle + width}
        estimate = {
            "of": margin.of,
            "confidence": figure(decimal(margin.confidence)),
            **{name: half_up(min(max(points, Fraction(0)), Fraction(100))) for name, points in ends.items()},
        }
    return {"standing": "provisional", "estimate": estimate}


# --- numbers ----------------------------------------------------------------------------------------------------------


LARGEST: Final = Fraction(sys.float_info.max)


def figure(number: Fraction, decimals: int | None = None) -> int | float:
    """A JSON number in shortest form, half up to so many decimals."""
    if decimals is not None:
        number = Fraction(half_up(number * 10**decimals), 10**decimals)
    return math.floor(number) if number.denominator == 1 or number > LARGEST else float(number)


def shown(result: Scored, units: int | None) -> int | float | None:
    """Units as points."""
    return None if units is None else figure(Fraction(units, result.unit))


def _coverage(share: Fraction | None) -> int | float | None:
    return None if share is None else figure(share, 4)


def _plain(value: Sent, components: Sequence[str] = ()) -> Json:
    """A fact as it stands in the result; a list of components in the order of the document."""
    if isinstance(value, Nothing):
        return None
    if isinstance(value, Fraction):
        return figure(value)
    if isinstance(value, frozenset):
        return [component for component in components if component in value]
    return value


def _rounded(result: Scored, value: Value) -> Json:
    """A figure half up to 6 decimals or to those of the document's finest fact (section 2)."""
    if not isinstance(value, Fraction):
        return _plain(value)
    numbers = [fact.decimals for leaf in leaves(result.document.root) for fact in leaf.facts if fact.type == "number"]
    return figure(value, max(PROFILE_DECIMALS, *numbers, 0))


def additional_index(result: Scored) -> int | None:
    """The weighted geometric mean of the rated dimensions, each at least the floor."""
    additional, root = result.document.additional_index, result.document.root
    if additional is None or result.index is None:
        return None
    scores = [
        (child.weight, max(Fraction(units, result.unit), Fraction(additional.floor)))
        for child in root.children
        if child.weight and (units := result.scores[child.id]) is not None
    ]
    mean = unquantised(msgspec.structs.replace(root, aggregation="geometric"), scores)
    with localcontext(prec=DIGITS):
        units = half_up_of_float((as_decimal(mean) if isinstance(mean, Fraction) else mean) * result.unit)
    return published(result.document, units)


# --- points -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Points:
    """Displayed units; below a node that is shared by Shapley values only what is lost."""

    possible: int | None
    won: int | None
    lost: int


def points(result: Scored) -> dict[str, Points]:
    """The points of every node that has not left, by id; none without an index."""
    if result.index is None:
        return {}
    root = result.document.root
    whole = root.range.maximum * result.unit
    handed: dict[str, Points] = {}
    possible: dict[str, int] = {root.id: whole}
    _hand_possible(result, root, possible)
    _hand(result, root, Points(whole, result.index, whole - result.index), possible, handed)
    return handed


def _remaining(result: Scored, group: Group) -> list[Group | Indicator]:
    """The children that take part: in a node that an unknown child makes unknown and that counts, that child too."""
    return [
        child
        for child in group.children
        if result.scores[child.id] is not None
        or (group.missing == "void" and result.standings[child.id] is Standing.UNKNOWN)
    ]


def _units(result: Scored, child: Group | Indicator) -> int:
    """What a child takes part with; an unknown one that makes its node unknown with the least of its range."""
    units = result.scores[child.id]
    return child.range.minimum * result.unit if units is None else units


def _weight(group: Group, child: Group | Indicator) -> int:
    """What `possible` is shared by: under `sum` the top of the range of each child."""
    return child.weight if group.aggregation != "sum" else child.range.maximum if child.weight else 0


def _adds(group: Group) -> bool:
    return group.aggregation in ("arithmetic", "sum")


def _won_share(result: Scored, group: Group, child: Group | Indicator) -> int:
    """What `won` is shared by: under `sum` the score alone."""
    return _units(result, child) * (child.weight if group.aggregation == "arithmetic" else min(child.weight, 1))


def _hand_possible(result: Scored, group: Group, possible: dict[str, int]) -> None:
    """By weight over what remains."""
    if not _adds(group):
        return
    remaining = _remaining(result, group)
    for child, part in zip(
        remaining, apportion(possible[group.id], [_weight(group, child) for child in remaining]), strict=True
    ):
        possible[child.id] = part
        if isinstance(child, Group):
            _hand_possible(result, child, possible)


def _room(result: Scored, group: Group, child: Group | Indicator, possible: dict[str, int]) -> int:
    """The most that a child can win without giving anything to an exact share of 0 at any depth."""
    if not _won_share(result, group, child):
        return 0
    if isinstance(child, Group) and _adds(child):
        return sum(_room(result, child, below, possible) for below in _remaining(result, child))
    return possible[child.id]


def _hand(result: Scored, group: Group, own: Points, possible: dict[str, int], handed: dict[str, Points]) -> None:
    """A node hands its displayed units to its children."""
    handed[group.id] = own
    remaining = _remaining(result, group)
    if own.won is not None and _adds(group):
        won = _above_full_marks(
            own.won,
            [_won_share(result, group, child) for child in remaining],
            [_room(result, group, child, possible) for child in remaining],
            [possible[child.id] for child in remaining],
            [_full_marks(result, child, possible) for child in remaining],
        )
        parts = [
            Points(possible[child.id], part, possible[child.id] - part)
            for child, part in zip(remaining, won, strict=True)
        ]
    else:
        lost = apportion(own.lost, _losses(result, group))
        parts = [Points(None, None, part) for part in lost]
    for child, part in zip(remaining, parts, strict=True):
        handed[child.id] = part
        if isinstance(child, Group):
            _hand(result, child, part, possible, handed)


def _full_marks(result: Scored, child: Group | Indicator, possible: dict[str, int]) -> int:
    """What is at the top of its range, at any depth, wins all of, where the published index has fewer decimals."""
    published_decimals = result.document.published_decimals
    if published_decimals is None or published_decimals == result.document.decimals:
        return 0
    if isinstance(child, Group) and _adds(child):
        return sum(_full_marks(result, below, possible) for below in _remaining(result, child))
    return possible[child.id] if _units(result, child) == child.range.maximum * result.unit else 0


def _above_full_marks(total: int, shares: list[int], room: list[int], limits: list[int], full: list[int]) -> list[int]:
    """Whoever would get less than its full marks gets them; the others share the rest, until nobody is below."""
    if sum(full) > total:
        return apportion(total, full, full)
    given: list[int | None] = [None] * len(shares)
    while True:
        others = [i for i, own in enumerate(given) if own is None]
        rest = total - sum(own for own in given if own is not None)
        parts = apportion(rest, *([of[i] for i in others] for of in (shares, room, limits)))
        below = [i for i, part in zip(others, parts, strict=True) if part < full[i]]
        for i in below:
            given[i] = full[i]
        if not below:
            shared = dict(zip(others, parts, strict=True))
            return [shared[i] if own is None else own for i, own in enumerate(given)]


def _losses(result: Scored, group: Group) -> list[int]:
    """What the children lose their node, in proportion to each other."""
    remaining = _remaining(result, group)
    if not _adds(group):
        values = shapley(result, group)
        return [values.get(child.id, 0) for child in remaining]
    distances = [child.range.maximum * result.unit - _units(result, child) for child in remaining]
    by_weight = group.aggregation == "arithmetic"
    return [
        distance * (child.weight if by_weight else min(child.weight, 1))
        for child, distance in zip(remaining, distances, strict=True)
    ]


def apportion(
    total: int, shares: Sequence[int], room: Sequence[int] | None = None, limits: Sequence[int] | None = None
) -> list[int]:
    """floor(T·eᵢ/Σe) and the units left to the largest remainders, ties in document order.

    Nobody above its room: what that refuses goes on in the same order to those that have some; and where nobody has,
    in document order to whoever is below its limit.
    """
    whole = sum(shares)
    parts = [0] * len(shares)
    room = [total] * len(shares) if room is None else room
    limits = [total] * len(shares) if limits is None else limits
    if whole:
        quotas = [Fraction(total * share, whole) for share in shares]
        parts = [min(math.floor(quota), most) for quota, most in zip(quotas, room, strict=True)]
        order = sorted(range(len(shares)), key=lambda i: (math.floor(quotas[i]) - quotas[i], i))
        while sum(parts) < total and any(shares[i] and parts[i] < room[i] for i in order):
            for i in order:
                if sum(parts) < total and shares[i] and parts[i] < room[i]:
                    parts[i] += 1
    for i, limit in enumerate(limits):
        parts[i] += min(total - sum(parts), limit - parts[i])
    return parts


def shapley(result: Scored, group: Group) -> dict[str, int]:
    """The Shapley value of each child of the unquantised loss from a perfect node, in 10^-9 points."""
    children = [child for child in _remaining(result, group) if child.weight]
    top = Fraction(group.range.maximum)

    def loss(those: frozenset[int]) -> Decimal:
        scores = [
            (child.weight, Fraction(_units(result, child), result.unit) if i in those else top)
            for i, child in enumerate(children)
        ]
        mean = unquantised(group, scores)
        return as_decimal(top) - (as_decimal(mean) if isinstance(mean, Fraction) else mean)

    n = len(children)
    values: dict[str, int] = {}
    with localcontext(prec=DIGITS):
        known = {
            those: loss(those)
            for size in range(n + 1)
            for those in map(frozenset, itertools.combinations(range(n), size))
        }
        for i, child in enumerate(children):
            value = sum(
                (
                    (known[those | {i}] - known[those])
                    * math.factorial(len(those))
                    * math.factorial(n - len(those) - 1)
                    / math.factorial(n)
                    for those in known
                    if i not in those
                ),
                Decimal(0),
            )
            rounded = value * SHAPLEY + Decimal("0.5")
            if abs(rounded - rounded.to_integral_value()) < MARGIN + RESOLUTION * SHAPLEY * group.range.maximum:
                raise TooClose
            values[child.id] = math.floor(rounded)
    return values


def exact_losses(result: Scored) -> dict[str, Fraction]:
    """The exact loss of each indicator: its distance to the top times a factor handed down the tree."""
    losses: dict[str, Fraction] = {}

    def down(group: Group, factor: Fraction) -> None:
        remaining = [child for child in _remaining(result, group) if child.weight]
        weight = sum(child.weight for child in remaining)
        values = {} if _adds(group) else shapley(result, group)
        for child in remaining:
            distance = child.range.maximum * result.unit - _units(result, child)
            if group.aggregation == "arithmetic":
                own = factor * Fraction(child.weight, weight)
            elif group.aggregation == "sum":
                own = factor
            elif distance:
                own = factor * Fraction(values[child.id] * result.unit, SHAPLEY * distance)
            else:
                own = Fraction(0)
            if isinstance(child, Group):
                down(child, own)
            else:
                losses[child.id] = own * distance

    down(result.document.root, Fraction(1))
    return losses


def main_reasons(result: Scored, handed: Mapping[str, Points]) -> list[Json]:
    """Up to four largest exact losses above 0, ties in document order."""
    if result.index is None:
        return []
    losses = exact_losses(result)
    order = [leaf.id for leaf in leaves(result.document.root) if losses.get(leaf.id, Fraction(0)) > 0]
    order.sort(key=lambda name: -losses[name])
    return [{"indicator": name, "lost": shown(result, handed[name].lost)} for name in order[:MAIN_REASONS]]


# --- level, findings --------------------------------------------------------------------------------------------------


def _blocking(result: Scored, blocked: Blocked) -> Json:
    there, asked = blocked.there, blocked.asked
    distance = abs(asked - there) if isinstance(there, Fraction) and isinstance(asked, Fraction) else None
    if distance is not None and isinstance(blocked.gate.holds.left, LowerBoundOperand):
        assert isinstance(there, Fraction)
        assert isinstance(asked, Fraction)
        distance = max(asked - there, Fraction(1, 10**6))
    return {
        "gate": blocked.gate.id,
        "actual": _rounded(result, there),
        "required": _rounded(result, asked),
        "distance": None if distance is None else _rounded(result, distance),
    }


def _finding(document: Document, broken: Broken) -> Json:
    rule = broken.rule
    assert rule.holds is not None
    missing = waited_for(document, rule.holds, broken.facts) if broken.code == "unsupported" else []
    return {
        "rule": rule.id,
        "severity": rule.severity,
        "code": broken.code,
        "indicators": list(rule.invalidates),
        "missing": cast("list[Json]", missing),
        "facts": facts_read(rule.holds, broken.facts),
    }


def waited_for(document: Document, predicate: Predicate, facts: Facts) -> list[str]:
    """The absent answers on which an undetermined predicate turns, in document order."""
    found = set(_turns_on(predicate, facts))
    return [leaf.id for leaf in leaves(document.root) if leaf.id in found]


def _turns_on(predicate: Predicate, facts: Facts) -> Iterator[str]:
    """Nothing below a part that is determined."""
    if truth(predicate, Undetermined(facts)) is not None:
        return
    match predicate:
        case All(of=members) | Any(of=members):
            inside: Sequence[Predicate] = members
        case Not(of=member):
            inside = [member]
        case Implies(when=when, then=then):
            inside = [when, then]
        case _:
            for part in operands(predicate):
                if isinstance(part, AnswerOperand | ComponentOperand) and part.indicator not in facts.answers:
                    yield part.indicator
            return
    for member in inside:
        yield from _turns_on(member, facts)


def facts_read(predicate: Predicate, facts: Facts) -> dict[str, Json]:
    """What a predicate reads, by name."""
    found: dict[str, Json] = {}
    for comparison in comparisons(predicate):
        for part in [*parts(comparison.left), *parts(comparison.right)]:
            match part:
                case ProfileOperand(field=name):
                    found[name] = _plain(facts.profile[name])
                case AnswerOperand(indicator=indicator, fact=name):
                    found[f"{indicator}.{name}"] = _plain(facts.answers.get(indicator, {}).get(name, Nothing.ABSENT))
                case ComponentOperand(indicator=indicator, component=component):
                    found[f"{indicator}.{component}"] = _plain(Undetermined(facts).of(part))
    return found


# --- nodes ------------------------------------------------------------------------------------------------------------


def _points(result: Scored, own: Points | None) -> dict[str, Json]:
    return {
        "possible": None if own is None else shown(result, own.possible),
        "won": None if own is None else shown(result, own.won),
        "lost": None if own is None else shown(result, own.lost),
    }


def _group(result: Scored, handed: Mapping[str, Points], group: Group) -> dict[str, Json]:
    score, best = (
        None if units is None else published_node(result.document, group.id, units)
        for units in (result.scores[group.id], result.scores_max[group.id])
    )
    return {
        "id": group.id,
        "score": shown(result, score),
        "score_max": shown(result, best),
        "weight": group.weight,
        "coverage": _coverage(result.coverages[group.id]),
        **_points(result, handed.get(group.id)),
        "indicators": [_indicator(result, handed, child) for child in group.children if isinstance(child, Indicator)],
        "groups": [_group(result, handed, child) for child in group.children if isinstance(child, Group)],
    }


def _indicator(result: Scored, handed: Mapping[str, Points], leaf: Indicator) -> dict[str, Json]:
    found = result.answered[leaf.id]
    return {
        "id": leaf.id,
        "state": found.state,
        "score": shown(result, result.scores[leaf.id]),
        "weight": leaf.weight,
        **_points(result, handed.get(leaf.id)),
        "value": _value(result, found),
        "reason": {"code": found.code, "parameters": parameters(result, leaf, found)},
        "next_step": next_step(result, leaf, found),
        "interval": interval(result, leaf, found),
    }


def interval(result: Scored, leaf: Indicator, found: Answered) -> Json:
    """The Wilson interval of a share, and the indices where its ends were the share (section 8)."""
    if leaf.type != "ratio" or not (leaf.sample or leaf.part_of_denominator) or found.value is None:
        return None
    if not isinstance(leaf.value, Quotient) or any(fact.type != "integer" for fact in leaf.facts):
        return None
    whole = {field.name for field in result.document.profile if field.type == "integer"}
    for part in parts(leaf.value):
        if isinstance(part, ProfileOperand) and part.field not in whole:
            return None
        if isinstance(part, Constant) and isinstance(part.value, float) and not part.value.is_integer():
            return None
    reading = Undetermined(result.facts)
    cases, n = value_of(leaf.value.numerator, reading), value_of(leaf.value.denominator, reading)
    assert isinstance(cases, Fraction)
    assert isinstance(n, Fraction)
    if n < 0:
        cases, n = -cases, -n
    if not 0 <= cases <= n:
        return None
    low, high = wilson_ends(int(cases), int(n))
    decimals = result.document.decimals
    declared = leaf.id in result.submission.self_declared
    indices = []
    for end in (low, high):
        units = score_of(leaf, end, decimals)
        if declared:
            units = min(units, self_declared_cap(result.document, leaf))
        indices.append(shown(result, rescored(result, leaf.id, units).index))
    first, last = leaf.curve.goalposts[0].score, leaf.curve.goalposts[-1].score
    if last <= first:
        indices.reverse()
    return {
        "n": int(n),
        "lower": figure(low),
        "upper": figure(high),
        "index_lower": indices[0],
        "index_upper": indices[1],
    }


def _value(result: Scored, found: Answered) -> Json:
    return None if found.value is None else _rounded(result, found.value)


def parameters(result: Scored, leaf: Indicator, found: Answered) -> dict[str, Json]:
    """What a reason is built from."""
    document, facts = result.document, result.facts
    read: dict[str, Json] = {}
    rules: list[str] = []
    missing: list[str] = []
    if found.code == "zero_by_rule" or found.undetermined:
        read = facts_read(leaf.zero_when, facts)
        missing = waited_for(document, leaf.zero_when, facts)
    elif found.code == "not_applicable" or found.fields:
        read = facts_read(leaf.applies, facts)
    elif found.code in ("contradicted", "unsupported"):
        broken = [b for b in result.broken if leaf.id in b.rule.invalidates and b.code == found.code]
        rules = [b.rule.id for b in broken]
        if found.code == "unsupported":
            named = {name for b in broken if b.rule.holds for name in waited_for(document, b.rule.holds, b.facts)}
            missing = [other.id for other in leaves(document.root) if other.id in named]
    elif not leaf.facts:
        read = {
            part.field: _plain(facts.profile[part.field])
            for part in parts(leaf.value)
            if isinstance(part, ProfileOperand)
        }
    elif leaf.id in facts.answers:
        read = {fact.name: _plain(facts.answers[leaf.id][fact.name], leaf.components) for fact in leaf.facts}
        missing = [
            part.indicator
            for part in parts(leaf.value)
            if isinstance(part, AnswerOperand | ComponentOperand) and part.indicator not in facts.answers
        ]
    capped = found.code == "capped"
    return {
        "facts": read,
        "value": _value(result, found),
        "between": _between(result, leaf, found),
        "cap": shown(result, self_declared_cap(document, leaf)) if capped and found.declared else None,
        "uncapped": shown(result, found.uncapped) if capped else None,
        "level_sent": found.level_sent,
        "rules": cast("list[Json]", rules),
        "missing": cast("list[Json]", [name for name in missing if name != leaf.id]),
        "fields": cast("list[Json]", list(found.fields)),
    }


def _knots(result: Scored, leaf: Indicator) -> list[tuple[Fraction, int]]:
    """The goalposts of a curve: x and what it scores, in units."""
    return [(decimal(goalpost.x), half_up(decimal(goalpost.score) * result.unit)) for goalpost in leaf.curve.goalposts]


def _between(result: Scored, leaf: Indicator, found: Answered) -> list[Json]:
    """The goalpost at the raw value, or those around it."""
    if found.value is None:
        return []
    x = Fraction(found.value)
    knots = _knots(result, leaf)
    below = [knot for knot in knots if knot[0] < x][-1:]
    above = [knot for knot in knots if knot[0] > x][:1]
    at = [knot for knot in knots if knot[0] == x]
    return [{"x": figure(x), "score": shown(result, units)} for x, units in at or below + above]


# --- next steps -------------------------------------------------------------------------------------------------------


def next_step(result: Scored, leaf: Indicator, found: Answered) -> Json:
    """The least admissible change that raises the quantised score and reaches a better knot or ladder level."""
    match found.code:
        case "full" | "not_applicable":
            return None
        case "zero_by_rule":
            return _without_facts(result, leaf, "unlock")
        case "contradicted":
            return _without_facts(result, leaf, "correct")
        case "unknown" if found.fields:
            return _without_facts(result, leaf, "evidence")
        case "unsupported" | "unknown" | "withdrawn" | "rejected" | "stale":
            return _without_facts(result, leaf, "report")
        case "capped":
            return _evidence(result, leaf, found)
    return _improve(result, leaf, found)


def _evidence(result: Scored, leaf: Indicator, found: Answered) -> dict[str, Json]:
    """Evidence lifts every cap: the answer counts as it was sent, everywhere."""
    assert found.uncapped is not None
    change: Change = {} if found.level_sent is None else {"level": Fraction(found.level_sent)}
    gain, requires = _effect(result, leaf, change, found.uncapped, evidence=True)
    return _step(
        "evidence",
        gain=gain,
        gain_max=_most(result, leaf, gain),
        evidence=True,
        cap=shown(result, found.units),
        requires=requires,
    )


def _step(
    kind: str,
    *,
    change: dict[str, Json] | None = None,
    gain: int | float | None = None,
    gain_max: int | float | None = None,
    evidence: bool = False,
    cap: int | float | None = None,
    requires: Sequence[str] = (),
) -> dict[str, Json]:
    return {
        "kind": kind,
        "change": change or {},
        "gain": gain,
        "gain_max": gain_max,
        "needs_evidence": evidence,
        "cap": cap,
        "requires": cast("list[Json]", list(requires)),
    }


def _without_facts(result: Scored, leaf: Indicator, kind: str) -> dict[str, Json]:
    most = _branch_gain(result, leaf, best_of(leaf, result.document.decimals))
    return _step(kind, gain_max=most, evidence=kind == "evidence")


def _gained(result: Scored, after: Scored) -> int | float | None:
    if result.index is None or after.index is None:
        return None
    return figure(Fraction(after.index - result.index, result.unit))


def _branch_gain(result: Scored, leaf: Indicator, units: int) -> int | float | None:
    """Index points where one indicator had another score and nothing else changed."""
    return _gained(result, rescored(result, leaf.id, units))


Change = dict[str, Fraction | bool | frozenset[str]]
"""New facts by name; of a derived indicator, a field of the profile."""


def _improve(result: Scored, leaf: Indicator, found: Answered) -> dict[str, Json]:
    before = found.units
    assert before is not None
    better = sorted(
        (units, abs(x - Fraction(found.value or 0)), x) for x, units in _knots(result, leaf) if units > before
    )
    for _, _, x in better:
        change = _least_change(result, leaf, x)
        if change is None:
            continue
        reached = _reached(result, leaf, change)
        if reached <= before:
            continue
        held = _held(result, leaf, change, reached)
        evidence = held <= before
        gain, requires = _effect(result, leaf, change, reached if evidence else held, evidence)
        return _step(
            "improve",
            change={name: _plain(new, leaf.components) for name, new in change.items()},
            gain=gain,
            gain_max=_most(result, leaf, gain),
            evidence=evidence,
            cap=shown(result, held) if held < reached else None,
            requires=requires,
        )
    return _without_facts(result, leaf, "act")


def _reached(result: Scored, leaf: Indicator, change: Change) -> int:
    """The score after a change, with evidence; less than any where it then has no value."""
    proven = _after(result, leaf, change, evidence=True)
    after = answered(result.document, proven, _changed(leaf, result.facts, change), leaf, None)
    return -1 if after.value is None or after.units is None else after.units


def _held(result: Scored, leaf: Indicator, change: Change, reached: int) -> int:
    """What a change counts with while there is no more evidence than there is."""
    document, submission = result.document, result.submission
    if leaf.id in submission.level_caps:
        level = min(cast("Fraction", change["level"]), Fraction(submission.level_caps[leaf.id]))
        reached = score_of(leaf, level, document.decimals)
    return min(reached, self_declared_cap(document, leaf)) if leaf.id in submission.self_declared else reached


def _effect(
    result: Scored, leaf: Indicator, change: Change, units: int, evidence: bool
) -> tuple[int | float | None, list[str]]:
    """What a change brings, all scored anew, and the rules that it would break; then its branch alone is scored."""
    requires = _would_break(result, leaf, change)
    if requires:
        return _branch_gain(result, leaf, units), requires
    return _gained(result, score(result.document, _after(result, leaf, change, evidence))), []


def _most(result: Scored, leaf: Indicator, gain: int | float | None) -> int | float | None:
    """Index points up to full marks, at least those of the step."""
    most = _branch_gain(result, leaf, best_of(leaf, result.document.decimals))
    return most if gain is None or most is None else max(gain, most)


def _least_change(result: Scored, leaf: Indicator, x: Fraction) -> Change | None:
    """The least admissible change of the fact that an improvement moves by which the raw value reaches x."""
    if leaf.type == "boolean":
        return {"value": bool(x)}
    if leaf.type == "level":
        return {"level": x}
    rising = decimal(leaf.curve.goalposts[-1].score) > decimal(leaf.curve.goalposts[0].score)

    def reaches(change: Change) -> bool:
        value = raw_value(leaf.value, _changed(leaf, result.facts, change))
        return isinstance(value, Fraction) and (value >= x if rising else value <= x)

    if result.answered[leaf.id].value is None:
        return None
    if leaf.type == "checklist":
        return _list_more(result, leaf, reaches)
    if leaf.step is None:
        return None
    name = leaf.step.removeprefix("profile:")
    if leaf.step.startswith("profile:"):
        field = next(known for known in result.document.profile if known.name == name)
        least, most, decimals = field.minimum, field.maximum, PROFILE_DECIMALS if field.type == "number" else 0
        now = cast("Fraction", result.facts.profile[name])
    else:
        fact = next(known for known in leaf.facts if known.name == name)
        least, most, decimals = fact.minimum, fact.maximum, fact.decimals if fact.type == "number" else 0
        now = cast("Fraction", result.facts.answers[leaf.id][name])
    assert least is not None
    assert most is not None
    top = Fraction(most)
    if leaf.part_of_denominator:
        top = min(top, cast("Fraction", result.facts.answers[leaf.id]["denominator"]))
    grid = Fraction(1, 10**decimals)
    up = _nearest(lambda n: reaches({name: now + n * grid}), math.floor((top - now) / grid))
    down = _nearest(lambda n: reaches({name: now - n * grid}), math.floor((now - least) / grid))
    if up is not None and (down is None or up <= down):
        return {name: now + up * grid}
    return None if down is None else {name: now - down * grid}


def _nearest(reaches: Callable[[int], bool], most: int) -> int | None:
    """The least n of 1 to `most` from which on it reaches; found by doubling, then halving."""
    if most < 1:
        return None
    high = 1
    while not reaches(high):
        if high == most:
            return None
        high = min(2 * high, most)
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reaches(middle) else (middle, high)
    return high


def _list_more(result: Scored, leaf: Indicator, reaches: Callable[[Change], bool]) -> Change | None:
    """The first missing components, as many as it takes, without those outside the remit."""
    facts = result.facts.answers[leaf.id]
    listed = cast("frozenset[str]", facts["components"])
    left_out = cast("frozenset[str]", facts.get("outside_remit", frozenset()))
    for component in leaf.components:
        if component not in listed and component not in left_out:
            listed |= {component}
            if reaches({"components": listed}):
                return {"components": listed}
    return None


def _moves_profile(leaf: Indicator) -> bool:
    return leaf.step is not None and leaf.step.startswith("profile:")


def _changed(leaf: Indicator, facts: Facts, change: Change) -> Facts:
    """The facts after a change."""
    if _moves_profile(leaf):
        return replace(facts, profile={**facts.profile, **cast("dict[str, Fraction]", change)})
    own: dict[str, Sent] = {**facts.answers.get(leaf.id, {}), **change}
    if "components" in change:
        own["count"] = Fraction(len(cast("frozenset[str]", change["components"])))
    return replace(facts, answers={**facts.answers, leaf.id: own})


def _after(result: Scored, leaf: Indicator, change: Change, evidence: bool) -> Submission:
    """The submission after a change, with its evidence where it needs it."""
    submission = result.submission
    if evidence:
        submission = msgspec.structs.replace(
            submission,
            self_declared=submission.self_declared - {leaf.id},
            level_caps={name: cap for name, cap in submission.level_caps.items() if name != leaf.id},
        )
    if _moves_profile(leaf):
        return msgspec.structs.replace(
            submission, profile={**submission.profile, **{name: _sent(new) for name, new in change.items()}}
        )
    facts: dict[str, FactValue] = {**submission.answers[leaf.id]}
    for name, new in change.items():
        facts[name] = tuple(sorted(new)) if isinstance(new, frozenset) else _sent(new)
    return msgspec.structs.replace(submission, answers={**submission.answers, leaf.id: facts})


def _sent(value: Fraction | bool | frozenset[str]) -> bool | int | float:
    assert not isinstance(value, frozenset)
    return value if isinstance(value, bool) else figure(value)


def _would_break(result: Scored, leaf: Indicator, change: Change) -> list[str]:
    """The error rules that hold now and would break, with the contradicted answers or without."""
    after = [LeastFavourable(_changed(leaf, facts, change)) for facts in (result.sent, result.facts)]
    return [
        rule.id
        for rule in result.document.rules
        if rule.severity == "error"
        and rule.holds is not None
        and rule.id not in {broken.rule.id for broken in result.broken}
        and not all(truth(rule.holds, facts) for facts in after)
    ]
