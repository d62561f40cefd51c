"""Methodologies and submissions drawn by chance: every curve, aggregation, rule and state, small numbers, corners.

What is drawn from is a `random.Random`: Hypothesis's own (it shrinks) for small documents, seeded ones for those of
the full size, which Hypothesis could not draw choice by choice. Every document passes the real loader.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_FLOOR, Decimal
from random import Random
from typing import Literal, TypeVar, get_args

import msgspec
from hypothesis import note
from hypothesis import strategies as st

from actitud_api.engine.methodology import loader
from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.model import (
    NO_SHARE,
    SHAPLEY_CHILDREN,
    AdditionalIndex,
    Aggregation,
    All,
    Any,
    Compare,
    ComparisonOperator,
    Coverage,
    Curve,
    Document,
    Fact,
    Gate,
    Goalpost,
    Group,
    Implies,
    IndexOperand,
    Indicator,
    Level,
    LowerBoundOperand,
    Margin,
    Maximum,
    Minimum,
    Missing,
    Not,
    Operand,
    PillarOperand,
    Predicate,
    Present,
    Product,
    ProfileField,
    ProfileOperand,
    Quotient,
    Range,
    Rule,
    Scalar,
    ScoreOperand,
    Share,
    Sum,
    ValueOperand,
)
from actitud_api.engine.methodology.requests.answers import FactValue, SetAside, Submission
from tests.unit.scoring import builders as b

T = TypeVar("T")

SET_ASIDE: tuple[SetAside, ...] = get_args(SetAside)
AGGREGATIONS: tuple[Aggregation, ...] = get_args(Aggregation)
OPERATORS: tuple[ComparisonOperator, ...] = get_args(ComparisonOperator)
KINDS = ("small", "kind", "large")
MANY = 1_000
LARGE = 10**12
"""Facts are at most this (docs/scoring.md, section 2)."""


@dataclass(frozen=True)
class Size:
    """How much a document may hold."""

    dimensions: int
    indicators: int
    depth: int


SMALL = Size(dimensions=3, indicators=4, depth=3)
FULL = Size(dimensions=12, indicators=20, depth=5)


@dataclass(frozen=True)
class Kind:
    """What a document is made of.

    `missing` of its groups and their aggregations; `rules`: any at all, only `sound` ones, in which an absent answer
    counts as its least favourable value, or none; `rated`: groups ask for a share of their weight; `raised`: ranges go
    up from above 0 too; `monotone`: no gate asks for more of a value that is better when it is less; `formulas`: how
    many of 7 + `formulas` indicators have a formula of any shape, beyond 64 bits often.
    """

    missing: tuple[Missing, ...] = ("zero", "zero", "leave", "void")
    aggregations: tuple[Aggregation, ...] = AGGREGATIONS
    rules: Literal["any", "sound", "none"] = "any"
    rated: bool = True
    raised: bool = True
    monotone: bool = False
    formulas: int = 0


ANY = Kind()
PRODUCTS = Kind(formulas=14)
"""Documents rich in products, powers, quotients and constants: their numbers pass 64 bits."""
ZERO = Kind(missing=("zero",))
"""Documents that the checker does not mark "silence may pay"."""
SOUND = Kind(missing=("zero",), rules="sound", rated=False, raised=False)
"""Those in which silence never pays (docs/scoring.md, section 9.4)."""
QUIET = Kind(rules="none", monotone=True)
"""Those in which a fact matters to its own indicator alone, but for zero rules."""


# --- strategies --------------------------------------------------------------------------------------------------


class Case:
    """A methodology and submissions to it; `_told` tells them where an example fails."""

    def __init__(self, methodology: Methodology, submissions: list[Submission]) -> None:
        self.methodology = methodology
        self.submissions = submissions

    def __repr__(self) -> str:
        return f"{len(self.methodology.written)} bytes of document, {len(self.submissions)} submissions"


def drawn(kind: Kind = ANY, answers: int = 2) -> st.SearchStrategy[Case]:
    """A small methodology with submissions, drawn choice by choice."""
    return st.randoms(use_true_random=False).map(lambda chance: _told(case_of(chance, SMALL, kind, answers)))


def read(made: Document) -> Methodology:
    """A document through the real loader; scores need no texts."""
    return loader.read_methodology(made.version, "draft", msgspec.json.encode(made), {})


def read_without_refused_gates(made: Document) -> Methodology:
    """The document without the gates that the loader refuses: not monotone, not in order, out of reach."""
    while True:
        try:
            return read(made)
        except loader.DefectiveMethodology as refused:
            gates = {tuple(defect.pointer.split("/")[1:5]) for defect in refused.defects}
            if not all(place[0] == "levels" and len(place) == 4 for place in gates):
                raise
            made = msgspec.structs.replace(
                made,
                levels=tuple(
                    msgspec.structs.replace(
                        level,
                        gates=tuple(
                            gate
                            for position, gate in enumerate(level.gates)
                            if ("levels", str(number), "gates", str(position)) not in gates
                        ),
                    )
                    for number, level in enumerate(made.levels)
                ),
            )


def _told(case: Case) -> Case:
    """Where an example fails, the whole of it is told: the document and what was sent."""
    note(bytes(case.methodology.written).decode())
    note("\n".join(map(repr, case.submissions)))
    return case


def seeded(kind: Kind = ANY, answers: int = 1, size: Size = FULL) -> st.SearchStrategy[Case]:
    """A methodology of any size with submissions, drawn from a seed."""
    return st.integers(0, 2**32 - 1).map(lambda seed: _told(case_of(Random(seed), size, kind, answers)))


def list_cases(seeds: Iterable[int], answers: int) -> Iterator[Case]:
    """Yield small cases, the same ones each time; none of a seed whose document the loader refuses."""
    for seed in seeds:
        try:
            case = case_of(Random(seed), SMALL, ANY, answers)
        except loader.DefectiveMethodology:
            continue
        yield case


def case_of(chance: Random, size: Size, kind: Kind, answers: int) -> Case:
    """A methodology and so many submissions to it."""
    methodology = read_without_refused_gates(document(chance, size, kind))
    submissions = [submission(chance, methodology.document) for _ in range(answers)]
    return Case(methodology, submissions)


# --- the document --------------------------------------------------------------------------------------------------


def document(chance: Random, size: Size, kind: Kind) -> Document:
    """A well-formed document."""
    decimals = chance.choice((0, 0, 1, 2, 2, 2, 3, 4, 6))
    has_pillars = chance.random() < 0.2
    if has_pillars:
        # Two steps of plain means.
        size, kind = replace(size, depth=2), replace(kind, aggregations=("arithmetic",))
    tree = _Tree(chance, size, kind, decimals, has_pillars)
    root = tree.root()
    pillars = tree.draw_pillars()
    margin = None
    if chance.random() < 0.1:
        margin = Margin(
            half_width=chance.choice((0, 8.5, 30)),
            confidence=chance.choice((0.9, 0.95)),
            of="other",
            intercept=chance.choice((-5, 0, 4.8)),
            slope=chance.choice((0.88, 1, 1.3)),
        )
    return msgspec.structs.replace(
        b.document(
            root,
            profile=tree.profile,
            rules=tree.rules(),
            levels=() if margin else tree.levels(root),
            decimals=decimals,
            cap=chance.choice((0, 33, 50, 50, 75, 100)),
            coverage=Coverage(overall=_share(chance), per_dimension=_share(chance)),
        ),
        published_decimals=chance.choice((None, None, None, 0, decimals, decimals // 2)),
        additional_index=AdditionalIndex(aggregation="geometric", floor=chance.choice((0, 1, 5)))
        if chance.random() < 0.7
        else None,
        pillars=pillars,
        standing="provisional" if margin else "full",
        margin=margin,
    )


def _share(chance: Random) -> Share:
    return Share(*chance.choice(((0, 1), (1, 4), (1, 3), (1, 2), (1, 2), (2, 3), (3, 4), (1, 1))))


FIELDS = (
    ProfileField(name="people", type="integer", set_by="organisation", minimum=0, maximum=MANY, needs_evidence=True),
    ProfileField(name="share", type="number", set_by="organisation", minimum=0, maximum=1, needs_evidence=True),
    ProfileField(name="units", type="integer", set_by="organisation", minimum=0, maximum=LARGE),
    ProfileField(name="open", type="boolean", set_by="organisation"),
    ProfileField(name="kind", type="enum", set_by="organisation", values=KINDS, needs_evidence=True),
    ProfileField(name="before", type="integer", set_by="service", minimum=0, maximum=5, nullable=True),
    ProfileField(name="case", type="boolean", set_by="service", default=False),
)


class _Tree:
    """Draws a tree and, from what it holds, rules and levels."""

    def __init__(self, chance: Random, size: Size, kind: Kind, decimals: int, has_pillars: bool) -> None:
        self.chance = chance
        self.size = size
        self.kind = kind
        self.unit = 10**decimals
        self.profile = FIELDS
        self.leaves: list[Indicator] = []
        self.groups: list[str] = []
        self.has_pillars = has_pillars
        self.pillars: dict[str, tuple[str, ...]] = {}

    def some(self, *of: T) -> T:
        return self.chance.choice(of)

    def one(self, *of: Operand) -> Operand:
        return self.chance.choice(of)

    # nodes

    def root(self) -> Group:
        span = Range() if self.chance.random() < 0.7 else self.range()
        dimensions = self.chance.randint(1, self.size.dimensions)
        return self.group("index", 1, span, dimensions, 0)

    def range(self) -> Range:
        spans = ((0, 10), (0, 10), (0, 1), (0, 405), (0, 1_000_000), (1, 5), (20, 80))
        return Range(*self.some(*(spans if self.kind.raised else spans[:5])))

    def weight(self) -> int:
        return self.some(0, 1, 1, 1, 1, 2, 3, 7, 15, 100)

    def group(self, name: str, weight: int, span: Range, count: int, depth: int) -> Group:
        aggregation = self.some("arithmetic", *self.kind.aggregations)
        if aggregation == "sum" and span.maximum - span.minimum < 2 * count:
            aggregation = "arithmetic"
        if aggregation not in ("arithmetic", "sum"):
            count = min(count, SHAPLEY_CHILDREN if self.size is FULL and self.chance.random() < 0.1 else 4)
        spans = self.parts(span, count) if aggregation == "sum" else [span] * count
        weights = [self.weight() for _ in spans] if self.chance.random() < 0.6 else [1] * count
        if aggregation == "sum":
            weights = [max(own, 1) for own in weights]
        if not any(weights):
            weights[self.chance.randrange(count)] = 1
        self.groups.append(name)
        children: list[Group | Indicator] = []
        for position, (own, part) in enumerate(zip(weights, spans, strict=True)):
            below = f"{name}.{position + 1}" if depth else f"N{position + 1}"
            free = part if own else self.some(part, self.range())
            if depth == 0 and (self.has_pillars or self.chance.random() < 0.9):
                inside = self.chance.randint(1, self.size.indicators)
                children.append(self.group(below, own, free, inside, 1))
            elif 0 < depth < self.size.depth - 1 and self.chance.random() < 0.15:
                children.append(self.group(below, own, free, self.chance.randint(1, 3), depth + 1))
            else:
                children.append(self.indicator(below, own, free))
        return Group(
            id=name,
            weight=weight,
            aggregation=aggregation,
            missing=self.some(*self.kind.missing),
            exponent=self.some(-20.0, -2.0, -1.0, -0.5, 0.3, 0.5, 1.0, 1.0, 2.0, 3.0, 20.0)
            if aggregation == "power"
            else None,
            range=span,
            published_decimals=self.some(None, None, None, 0, 1) if depth and self.unit > 1 else None,
            rated_share=_share(self.chance) if self.kind.rated else NO_SHARE,
            rated_children=self.chance.randint(1, len(children))
            if self.kind.rated and self.chance.random() < 0.2
            else 1,
            children=tuple(children),
        )

    def parts(self, span: Range, count: int) -> list[Range]:
        """Ranges whose ends sum to those of a span."""
        lows = [span.minimum // count + (i < span.minimum % count) for i in range(count)]
        width = span.maximum - span.minimum
        cuts = sorted(self.chance.sample(range(1, width), count - 1)) if width < 10**6 else list(range(1, count))
        widths = [high - low for low, high in itertools.pairwise([0, *cuts, width])]
        return [Range(low, low + wide) for low, wide in zip(lows, widths, strict=True)]

    # indicators

    def indicator(self, name: str, weight: int, span: Range) -> Indicator:
        make = self.some(
            *(self.ratio, self.ratio, self.amount, self.ladder, self.boolean, self.checklist, self.derived),
            *[self.formula] * self.kind.formulas,
        )
        own = msgspec.structs.replace(
            make(name, weight, span),
            range=span,
            applies=self.about_profile() if self.chance.random() < 0.25 else b.ALWAYS,
        )
        own = msgspec.structs.replace(own, direction="higher_is_better" if _rises(own) else "lower_is_better")
        self.leaves.append(own)
        if self.chance.random() < 0.2:
            own = msgspec.structs.replace(own, zero_when=self.condition(self.facts_of(self.some(*self.leaves))))
            self.leaves[-1] = own
        return own

    def ratio(self, name: str, weight: int, span: Range) -> Indicator:
        base = b.ratio(name, weight)
        part, whole = b.fact(name, "numerator"), b.fact(name, "denominator")
        below = self.one(
            whole,
            whole,
            whole,
            Sum(of=(part, whole)),
            ProfileOperand(field="people"),
            Maximum(of=(b.const(1), whole)),
            Product(of=(whole, b.const(self.some(2, 0.5, 1000)))),
        )
        return msgspec.structs.replace(
            base,
            type=self.some("ratio", "rate"),
            value=Quotient(numerator=part, denominator=below),
            curve=self.curve(span, self.some((0, 0.5, 1), (0, 0.8), (0.1, 0.25, 0.5, 0.9), (0.001, 0.01, 0.1))),
            part_of_denominator=below == whole and self.chance.random() < 0.7,
        )

    def amount(self, name: str, weight: int, span: Range) -> Indicator:
        decimals = self.some(0, 1, 2, 6, 6, 9, 12)
        fact = Fact(
            name="hours", type="number", minimum=self.some(0, 0, 0, -5), maximum=self.some(100, MANY), decimals=decimals
        )
        if self.chance.random() < 0.3:
            fact = Fact(name="hours", type="integer", minimum=0, maximum=self.some(50, MANY, LARGE))
        own = b.fact(name, "hours")
        formula = self.one(
            own,
            own,
            own,
            Sum(of=(b.const(100), Product(of=(b.const(-1), own)))),
            Product(of=(own, b.const(0.1))),
            Quotient(numerator=b.const(60), denominator=Sum(of=(own, b.const(6)))),
        )
        if self.leaves and self.chance.random() < 0.1:
            other = self.some(*self.leaves)
            numbers = [known.name for known in other.facts if known.type in ("integer", "number")]
            if numbers:
                formula = Sum(of=(own, b.fact(other.id, numbers[0])))
        return msgspec.structs.replace(
            b.amount(name, weight),
            type=self.some("duration", "count", "quantity"),
            facts=(fact,),
            value=formula,
            curve=self.curve(span, self.some((2, 24, 72), (0, 1), (0.5, 1, 2, 4, 8), (1, 10), (1.1, 3.3))),
        )

    def formula(self, name: str, weight: int, span: Range) -> Indicator:
        """A formula of any shape over up to three facts, of any decimals and size, and the profile."""
        facts = tuple(
            Fact(name=letter, type="integer", minimum=self.some(0, 0, -3, -LARGE), maximum=self.some(5, MANY, LARGE))
            if self.chance.random() < 0.4
            else Fact(
                name=letter,
                type="number",
                minimum=self.some(0, 0, 0, -5),
                maximum=self.some(1, 100, MANY, 1_000_000),
                decimals=self.chance.randint(0, 12),
            )
            for letter in "xyz"[: self.chance.randint(1, 3)]
        )
        knowns: list[Operand] = [*(b.fact(name, fact.name) for fact in facts), b.field("people"), b.field("units")]
        value = self.operand(knowns[: len(facts) + 2 * (self.chance.random() < 0.2)], 0)
        if self.chance.random() < 0.4:
            value = Quotient(numerator=value, denominator=self.operand(knowns, 0))
        reach = 10.0 ** self.chance.randint(-3, 12)
        xs = self.some((0, reach), (-reach, 0, reach), (reach, 3 * reach, 1000 * reach), (reach / 1000, reach))
        return msgspec.structs.replace(
            b.amount(name, weight),
            type="quantity",
            facts=facts,
            value=value,
            step=None,
            curve=self.curve(span, [int(x) if x.is_integer() else x for x in map(float, xs)]),
        )

    def operand(self, knowns: Sequence[Operand], depth: int) -> Operand:
        """Sums, products, powers, least and greatest of those operands and of constants, three deep at most."""
        if depth == 3 or self.chance.random() < 0.25 * depth:
            constants = (0, 1, -1, 0.5, 2, 15, 100, 0.001, -2.5, 10**6, 10**12)
            return b.const(self.some(*constants)) if self.chance.random() < 0.25 else self.one(*knowns)
        if self.chance.random() < 0.2:
            return Product(of=(self.operand(knowns, depth + 1),) * self.chance.randint(2, 4))
        parts = tuple(self.operand(knowns, depth + 1) for _ in range(self.chance.randint(2, 3)))
        return self.one(Sum(of=parts), Product(of=parts), Product(of=parts), Minimum(of=parts), Maximum(of=parts))

    def ladder(self, name: str, weight: int, span: Range) -> Indicator:
        scores = sorted(self.score(span) for _ in range(self.chance.randint(2, 5)))
        return b.ladder(name, weight, scores)

    def boolean(self, name: str, weight: int, span: Range) -> Indicator:
        own = b.boolean(name, weight)
        scores = (span.minimum, span.maximum) if self.chance.random() < 0.6 else (self.score(span), self.score(span))
        return msgspec.structs.replace(own, curve=Curve(kind="boolean", goalposts=b.goalposts(list(enumerate(scores)))))

    def checklist(self, name: str, weight: int, span: Range) -> Indicator:
        components = tuple(f"c{i + 1}" for i in range(self.chance.randint(1, 5)))
        count, outside = b.fact(name, "count"), b.fact(name, "outside_count")
        own = b.checklist(name, weight, components, b.LINE)
        if self.chance.random() < 0.4:
            within = Sum(of=(b.const(len(components)), Product(of=(b.const(-1), outside))))
            facts = (*own.facts, Fact(name="outside_remit", type="components", required=False, set_by="service"))
            own = msgspec.structs.replace(own, facts=facts, value=Quotient(numerator=count, denominator=within))
            return msgspec.structs.replace(own, curve=self.curve(span, (0, 0.5, 1)))
        return msgspec.structs.replace(own, curve=self.curve(span, (0, 1, 3)))

    def derived(self, name: str, weight: int, span: Range) -> Indicator:
        people, units = b.field("people"), b.field("units")
        return msgspec.structs.replace(
            b.amount(name, weight),
            type="rate",
            facts=(),
            value=self.some(people, Quotient(numerator=people, denominator=units)),
            step="profile:people",
            curve=self.curve(span, (0, 1, 10)),
        )

    def score(self, span: Range) -> float:
        """A score of a goalpost, often one whose half matters."""
        width = span.maximum - span.minimum
        share = self.some(0, 0, 1, 1, self.some(0.125, 0.25, 0.5, 0.625, 1 / 3, self.chance.randint(0, 1000) / 1000))
        points = Decimal(span.minimum) + Decimal(repr(share)) * width
        half = Decimal(1) / (2 * self.unit)
        if self.chance.random() < 0.5:
            points = (points / half).to_integral_value(ROUND_FLOOR) * half
        number = float(points.quantize(Decimal("1e-9")))
        return int(number) if number.is_integer() else number

    def curve(self, span: Range, xs: Sequence[float]) -> Curve:
        """Any curve through those x; what is not above 0 cannot be logarithmic."""
        rising = self.chance.random() < 0.6
        kind = self.some("linear", "linear", "log", "lognormal")
        if kind == "lognormal" and xs[0] > 0:
            half = span.minimum + Decimal(span.maximum - span.minimum) / 2
            ninety = span.minimum + Decimal(span.maximum - span.minimum) * 9 / 10
            ends = (half, ninety) if rising else (ninety, half)
            pairs = zip((xs[0], xs[1]), ends, strict=True)
            return Curve(kind="lognormal", goalposts=tuple(Goalpost(x=x, score=float(score)) for x, score in pairs))
        if self.chance.random() < 0.5:
            lowest, highest = float(span.minimum), float(span.maximum)
            scores = [lowest, *(self.score(span) for _ in xs[2:]), highest]
        else:
            scores = [self.score(span) for _ in xs]
        scores = sorted(scores, reverse=not rising)
        return Curve(
            kind="log" if kind == "log" and xs[0] > 0 else "linear",
            goalposts=b.goalposts(list(zip(xs, scores, strict=True))),
        )

    # conditions

    def about_profile(self) -> Predicate:
        """Over the profile alone."""
        return self.condition(())

    def facts_of(self, *known: Indicator) -> tuple[tuple[str, Fact, tuple[str, ...]], ...]:
        return tuple((own.id, fact, own.components) for own in known for fact in own.facts)

    def condition(
        self, facts: Sequence[tuple[str, Fact, tuple[str, ...]]], depth: int = 0, presence: bool = False
    ) -> Predicate:
        """A predicate over the profile and those facts."""
        again = [self.condition(facts, depth + 1, presence) for _ in range(self.some(1, 2, 2, 3))] if depth < 2 else []
        kind = self.some("compare", "compare", "compare", "all", "any", "not", "implies") if again else "compare"
        match kind:
            case "all":
                return All(of=tuple(again))
            case "any":
                return Any(of=tuple(again))
            case "not":
                return Not(of=again[0])
            case "implies":
                return Implies(when=again[0], then=again[-1])
        if presence and facts and self.chance.random() < 0.2:
            return Present(indicator=self.some(*facts)[0])
        if facts and self.chance.random() < 0.7:
            return self.about_fact(*self.some(*facts))
        return self.some(
            b.compare(b.field("people"), self.some("lt", "ge", "eq"), self.some(1, 5, 10)),
            b.compare(b.field("share"), self.some("gt", "le"), self.some(0.1, 0.25)),
            b.compare(b.field("units"), self.some("ge", "ne"), b.field("people")),
            b.compare(b.field("open"), self.some("eq", "ne"), True),
            b.compare(b.field("kind"), self.some("eq", "ne"), self.some(*KINDS)),
            b.compare(b.field("before"), self.some("eq", "ne", "ge"), self.some(1, 3)),
            b.compare(b.field("case"), "eq", False),
        )

    def about_fact(self, indicator: str, fact: Fact, components: Sequence[str]) -> Compare:
        match fact.type:
            case "boolean":
                return b.compare(b.fact(indicator, fact.name), self.some("eq", "ne"), self.some(True, False))
            case "components" if fact.name == "components" and self.chance.random() < 0.5:
                return b.lists(indicator, self.some(*components))
            case "components":
                count = {"components": "count", "outside_remit": "outside_count"}[fact.name]
                return b.compare(b.fact(indicator, count), self.some("ge", "lt", "eq"), self.some(0, 1, 2))
        instead = self.some(None, None, None, b.const(5), b.field("people"))
        left = b.fact(indicator, fact.name, instead)
        left_side = self.one(
            left,
            left,
            Sum(of=(left, b.const(1))),
            Minimum(of=(left, b.const(4))),
            Product(of=(left, b.field("people"))),
        )
        right = self.one(b.const(self.some(0, 1, 2, 5, 0.5)), b.field("people"), b.field("units"))
        return b.compare(left_side, self.some(*OPERATORS), right)

    def rules(self) -> tuple[Rule, ...]:
        answered = [known for known in self.leaves if known.facts]
        if not answered or self.kind.rules == "none":
            return ()
        make = self.sound_rule if self.kind.rules == "sound" else self.rule
        return tuple(make(f"V{n + 1}", answered) for n in range(self.chance.randint(0, 2 + len(self.leaves) // 6)))

    def rule(self, name: str, answered: Sequence[Indicator]) -> Rule:
        """Any rule at all."""
        known = [self.some(*answered) for _ in range(self.some(1, 2))]
        own = known[0].id
        if known[0].type == "ratio" and self.chance.random() < 0.5:
            holds: Predicate = self.within(own)
        else:
            holds = self.condition(self.facts_of(*known), presence=True)
            if self.chance.random() < 0.5:
                holds = Implies(when=b.present(own), then=holds)
        named = [own, *(self.some(*self.leaves).id for _ in range(self.some(0, 0, 1, 2)))]
        return b.rule(name, holds, *(dict.fromkeys(named) if self.chance.random() < 0.7 else ()))

    def within(self, name: str) -> Predicate:
        """The numerator of a ratio is at most its denominator."""
        return Implies(
            when=b.present(name), then=b.compare(b.fact(name, "numerator"), "le", b.fact(name, "denominator"))
        )

    def sound_rule(self, name: str, answered: Sequence[Indicator]) -> Rule:
        """A rule that silence never satisfies: one about an answer that only contradicts that answer, or any other."""
        known = self.some(*answered)
        if self.chance.random() < 0.3:
            inside = self.within(known.id) if known.type == "ratio" else self.favourable(known)
            return b.rule(name, Implies(when=b.present(known.id), then=inside), known.id)
        parts = [self.favourable(self.some(*answered)) for _ in range(self.some(1, 2))]
        shapes: tuple[Predicate, ...] = (
            All(of=tuple(parts)),
            Any(of=tuple(parts)),
            Implies(when=self.about_profile(), then=parts[0]),
        )
        named = [self.some(*self.leaves).id for _ in range(self.some(1, 2, 3))]
        return b.rule(name, self.some(*shapes), *dict.fromkeys(named))

    def favourable(self, known: Indicator) -> Predicate:
        """A comparison in which an absent answer counts as its least favourable value."""
        fact = known.facts[0]
        match fact.type:
            case "boolean":
                return b.compare(b.fact(known.id, fact.name), "eq", True)
            case "components":
                return b.compare(b.fact(known.id, "count"), "ge", self.some(1, 2))
        least, most = fact.minimum or 0, fact.maximum or 0
        if self.chance.random() < 0.5:
            left = b.fact(known.id, fact.name, b.const(least) if least else None)
            return b.compare(left, self.some("ge", "gt"), self.one(b.const(self.some(0, 1, 5)), b.field("people")))
        left = b.fact(known.id, fact.name, b.const(most))
        return b.compare(left, self.some("le", "lt"), self.one(b.const(self.some(1, 20, most)), b.field("units")))

    def draw_pillars(self) -> dict[str, tuple[str, ...]]:
        """Every indicator with a weight in one of up to three pillars."""
        if self.has_pillars:
            for leaf in self.leaves:
                if leaf.weight:
                    name = self.some("talk", "papers", "rest")
                    self.pillars[name] = (*self.pillars.get(name, ()), leaf.id)
        return self.pillars

    def lower_bounds(self) -> list[Operand]:
        """Lower limits of the counted shares that are better when higher, alone and with alternatives."""
        shares = [
            known.id
            for known in self.leaves
            if known.type == "ratio"
            and known.value
            == Quotient(numerator=b.fact(known.id, "numerator"), denominator=b.fact(known.id, "denominator"))
            and _rises(known)
        ]
        return [
            LowerBoundOperand(indicator=share, alternatives=tuple(self.chance.sample(others, min(len(others), count))))
            for share in shares[:2]
            for others in [[other for other in shares if other != share]]
            for count in (0, 2)
        ]

    def levels(self, root: Group) -> tuple[Level, ...]:
        """Levels whose gates never ask for less than the one below."""
        if self.chance.random() < 0.1:
            return ()
        dimensions = tuple(ScoreOperand(node=child.id) for child in root.children)
        width = root.range.maximum
        asked: list[tuple[Operand, float]] = [
            (self.one(IndexOperand(), ScoreOperand(node="index")), width),
            (Minimum(of=dimensions), width),
            (Maximum(of=dimensions), width),
            (Sum(of=dimensions), width),
            (ScoreOperand(node=self.some(*self.groups)), width),
            (ScoreOperand(node=self.some(*self.leaves).id), width),
            (ProfileOperand(field="people"), 20),
        ]
        asked += [
            (ValueOperand(indicator=known.id), known.curve.goalposts[-1].x)
            for known in self.leaves[:: 1 + len(self.leaves) // 3]
            if known.curve.kind != "boolean" and (_rises(known) or not self.kind.monotone)
        ]
        used = [self.some(*asked) for _ in range(self.some(1, 2, 3))]
        if self.pillars and self.chance.random() < 0.7:
            used.append((PillarOperand(pillar=self.some(*self.pillars)), width))
        lower_bounds = self.lower_bounds()
        if lower_bounds and self.chance.random() < 0.9:
            used.append((self.some(*lower_bounds), 1.2))
        found = [Level(number=1, gates=())]
        for number in range(2, 2 + self.chance.randint(0, 4)):
            gates = [
                b.compare(
                    left,
                    "ge" if isinstance(left, LowerBoundOperand) else self.some("ge", "ge", "ge", "gt"),
                    round(top * (number - 1) * 0.15, 3),
                )
                for left, top in used
            ]
            if self.chance.random() < 0.2:
                gates.append(b.compare(b.field("case"), "eq", False))
            booleans = [
                known.id
                for known in self.leaves
                if known.curve.kind == "boolean" and (_rises(known) or not self.kind.monotone)
            ]
            if booleans and self.chance.random() < 0.2:
                gates.append(b.compare(b.value(self.some(*booleans)), "eq", True))
            found.append(
                Level(
                    number=number,
                    gates=tuple(
                        Gate(id=f"L{number}.{i}", holds=holds, when_not_applicable=self.some("pass", "fail"))
                        for i, holds in enumerate(gates)
                    ),
                    provisional_unless=b.compare(b.field("before"), "ge", number)
                    if self.chance.random() < 0.3
                    else None,
                )
            )
        return tuple(found)


def _rises(known: Indicator) -> bool:
    return known.curve.goalposts[-1].score >= known.curve.goalposts[0].score


# --- submissions -----------------------------------------------------------------------------------------------------


def submission(chance: Random, of: Document) -> Submission:
    """Facts in every state; now and then everything is told, or nothing, or nothing applies."""
    silence = chance.choice((0, 0, 0.1, 0.1, 0.3, 1))
    declared = chance.choice((0, 0.1, 0.5))
    profile: dict[str, Scalar | None] = {
        "people": chance.choice((0, 1, 3, 5, 9, 10, 500)),
        "share": chance.choice((0, 0.1, 0.25, 0.2499996, 0.0999995, 1)),
        "units": chance.choice((0, 1, 3, 10, LARGE)),
        "open": chance.random() < 0.5,
        "kind": chance.choice(KINDS),
        "before": chance.choice((None, None, 1, 3, 5)),
        "case": chance.random() < 0.2,
    }
    answers: dict[str, dict[str, FactValue]] = {}
    caps: dict[str, int] = {}
    for known in _leaves(of.root):
        if known.facts and chance.random() >= silence:
            answers[known.id] = {fact.name: fact_value(chance, fact, known) for fact in known.facts}
            if known.type in ("ratio", "rate") and chance.random() < 0.7:
                answers[known.id] = _consistent(chance)
            if known.type == "level" and chance.random() < 0.2:
                caps[known.id] = chance.randint(0, known.facts[0].maximum or 0)
    return msgspec.structs.replace(
        b.submit(
            answers,
            profile,
            self_declared=[name for name in answers if chance.random() < declared],
            profile_self_declared=[field.name for field in of.profile if chance.random() < declared],
            set_aside={name: chance.choice(SET_ASIDE) for name in answers if chance.random() < 0.05},
        ),
        level_caps=caps,
        max_level=chance.randint(1, len(of.levels)) if of.levels and chance.random() < 0.2 else None,
    )


def _leaves(group: Group) -> list[Indicator]:
    return [leaf for child in group.children for leaf in (_leaves(child) if isinstance(child, Group) else [child])]


def _consistent(chance: Random) -> dict[str, FactValue]:
    """A numerator within its denominator, both small enough for knots and halves."""
    whole = chance.choice((0, 1, 2, 3, 4, 8, 10, 20, 100, 160, 1_000))
    return {"numerator": chance.choice((0, whole, whole // 2, chance.randint(0, whole))), "denominator": whole}


def fact_value(chance: Random, fact: Fact, known: Indicator) -> FactValue:
    """An admissible value, often one of a goalpost."""
    match fact.type:
        case "boolean":
            return chance.random() < 0.5
        case "components":
            few = 0.2 if fact.name == "outside_remit" else 0.6
            return tuple(component for component in known.components if chance.random() < few)
    least, most = fact.minimum or 0, fact.maximum or 0
    x = chance.choice(known.curve.goalposts).x
    drawn = chance.choice((least, most, x, x, x + 0.5, x * 2, chance.randint(0, 100), chance.randint(0, 10**6) / 1000))
    if fact.type == "number" and chance.random() < 0.3:
        drawn += chance.choice((0.5, 0.4999999, 0.05, 0.0000005, 0.1234567890125))
    kept = max(least, min(most, drawn))
    return round(kept) if fact.type == "integer" else kept
