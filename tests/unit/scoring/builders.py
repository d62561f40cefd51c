"""Small methodologies and submissions for tests: documents made of model Structs, read by the real loader.

Everything has a default, so a test states only what it is about. Scores of a goalpost are points, x is the raw
value. Texts are the least that the loader accepts, in both languages.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import ParamSpec

import msgspec

from actitud_api.engine.i18n import WRITTEN, Language
from actitud_api.engine.methodology import loader
from actitud_api.engine.methodology.loader import Methodology
from actitud_api.engine.methodology.model import (
    AdditionalIndex,
    Aggregation,
    All,
    AnswerOperand,
    Any,
    ArticleText,
    Compare,
    ComparisonOperator,
    ComponentOperand,
    Constant,
    Coverage,
    Curve,
    Document,
    Fact,
    Gate,
    Goalpost,
    Group,
    IndexOperand,
    Indicator,
    IndicatorText,
    Level,
    LevelText,
    MethodologyTexts,
    Minimum,
    Missing,
    NamedText,
    Operand,
    OrganisationType,
    Predicate,
    Present,
    PrincipleText,
    ProfileField,
    ProfileOperand,
    ProfileText,
    Quotient,
    Range,
    Rule,
    Scalar,
    ScoreOperand,
    Share,
    SizeBand,
    ValueOperand,
)
from actitud_api.engine.methodology.predicates import name_derived_count, walk_groups, walk_indicators
from actitud_api.engine.methodology.requests.answers import (
    FactValue,
    SetAside,
    Submission,
    build_score_request_type,
    to_submission,
)

VERSION = "test.1"
ALWAYS = All(of=())
NEVER = Any(of=())
LADDER = (0, 25, 50, 75, 100)
MANY = 1_000_000
Knots = Sequence[tuple[float, float]]
LINE: Knots = ((0, 0), (1, 100))
SOME = Coverage(overall=Share(num=0, den=1), per_dimension=Share(num=0, den=1))
"""Any coverage is sufficient."""

# --- operands and predicates ----------------------------------------------------------------------------------


def const(value: Scalar) -> Constant:
    return Constant(value=value)


def field(name: str) -> ProfileOperand:
    return ProfileOperand(field=name)


def fact(indicator: str, name: str, absent: Operand | None = None) -> AnswerOperand:
    return AnswerOperand(indicator=indicator, fact=name, absent=absent)


def value(indicator: str) -> ValueOperand:
    return ValueOperand(indicator=indicator)


def score(node: str) -> ScoreOperand:
    return ScoreOperand(node=node)


def lists(indicator: str, component: str) -> Compare:
    return compare(ComponentOperand(indicator=indicator, component=component), "eq", True)


def compare(left: Operand, op: ComparisonOperator, right: Operand | Scalar) -> Compare:
    return Compare(op=op, left=left, right=const(right) if isinstance(right, bool | int | float | str) else right)


def present(indicator: str) -> Present:
    return Present(indicator=indicator)


# --- indicators -----------------------------------------------------------------------------------------------


def goalposts(knots: Knots) -> tuple[Goalpost, ...]:
    return tuple(Goalpost(x=x, score=points) for x, points in knots)


def ratio(
    name: str,
    weight: int = 1,
    knots: Knots = LINE,
    *,
    span: tuple[int, int] = (0, 100),
    applies: Predicate = ALWAYS,
    zero_when: Predicate = NEVER,
    part_of_denominator: bool = True,
) -> Indicator:
    """`numerator` of `denominator`."""
    return Indicator(
        id=name,
        weight=weight,
        type="ratio",
        windows=("now",),
        direction="higher_is_better" if knots[0][1] <= knots[-1][1] else "lower_is_better",
        facts=(
            Fact(name="numerator", type="integer", minimum=0, maximum=MANY),
            Fact(name="denominator", type="integer", minimum=0, maximum=MANY),
        ),
        value=Quotient(numerator=fact(name, "numerator"), denominator=fact(name, "denominator")),
        step="numerator",
        curve=Curve(kind="linear", goalposts=goalposts(knots)),
        range=Range(minimum=span[0], maximum=span[1]),
        applies=applies,
        zero_when=zero_when,
        part_of_denominator=part_of_denominator,
    )


def profile_ratio(name: str, part: str, whole: str, knots: Knots = LINE, *, applies: Predicate = ALWAYS) -> Indicator:
    """A field of the profile over another one; no answer is asked for, and its step changes the first."""
    return msgspec.structs.replace(
        ratio(name, knots=knots, applies=applies, part_of_denominator=False),
        facts=(),
        value=Quotient(numerator=field(part), denominator=field(whole)),
        step=f"profile:{part}",
    )


def amount(
    name: str,
    weight: int = 1,
    knots: Knots = LINE,
    *,
    applies: Predicate = ALWAYS,
    zero_when: Predicate = NEVER,
    log: bool = False,
    minimum: int = 0,
    maximum: int = MANY,
    decimals: int = 6,
) -> Indicator:
    """One number, `hours`."""
    return Indicator(
        id=name,
        weight=weight,
        type="duration",
        windows=("now",),
        direction="higher_is_better" if knots[0][1] <= knots[-1][1] else "lower_is_better",
        facts=(Fact(name="hours", type="number", minimum=minimum, maximum=maximum, decimals=decimals),),
        value=fact(name, "hours"),
        step="hours",
        curve=Curve(kind="log" if log else "linear", goalposts=goalposts(knots)),
        applies=applies,
        zero_when=zero_when,
    )


def ladder(
    name: str,
    weight: int = 1,
    points: Sequence[float] = LADDER,
    *,
    applies: Predicate = ALWAYS,
    zero_when: Predicate = NEVER,
) -> Indicator:
    """`level`, 0 to the last."""
    return Indicator(
        id=name,
        weight=weight,
        type="level",
        windows=("now",),
        direction="higher_is_better",
        facts=(Fact(name="level", type="integer", minimum=0, maximum=len(points) - 1),),
        value=fact(name, "level"),
        curve=Curve(kind="ladder", goalposts=goalposts(list(enumerate(points)))),
        applies=applies,
        zero_when=zero_when,
    )


def boolean(name: str, weight: int = 1, *, applies: Predicate = ALWAYS, zero_when: Predicate = NEVER) -> Indicator:
    """`value`, yes or no."""
    return Indicator(
        id=name,
        weight=weight,
        type="boolean",
        windows=("now",),
        direction="higher_is_better",
        facts=(Fact(name="value", type="boolean"),),
        value=fact(name, "value"),
        curve=Curve(kind="boolean", goalposts=goalposts(LINE)),
        applies=applies,
        zero_when=zero_when,
    )


def points(name: str, weight: int = 1, *, span: tuple[int, int] = (0, 100), applies: Predicate = ALWAYS) -> Indicator:
    """A number of points, `hours`, that is its own score."""
    known = amount(name, weight, ((span[0], span[0]), (span[1], span[1])), applies=applies)
    return msgspec.structs.replace(known, range=Range(minimum=span[0], maximum=span[1]))


OUTSIDE = Fact(name="outside_remit", type="components", required=False, set_by="service")
"""What of a checklist lies outside the remit."""


def checklist(name: str, weight: int, components: tuple[str, ...], knots: Knots) -> Indicator:
    """`components`, scored by how many."""
    return Indicator(
        id=name,
        weight=weight,
        type="checklist",
        windows=("now",),
        direction="higher_is_better",
        facts=(Fact(name="components", type="components"),),
        value=fact(name, "count"),
        curve=Curve(kind="linear", goalposts=goalposts(knots)),
        components=components,
    )


# --- documents ------------------------------------------------------------------------------------------------


def group(
    name: str,
    *children: Group | Indicator,
    weight: int = 1,
    aggregation: Aggregation = "arithmetic",
    exponent: float | None = None,
    missing: Missing = "zero",
    span: tuple[int, int] = (0, 100),
    rated_share: tuple[int, int] = (1, 2),
    rated_children: int = 1,
) -> Group:
    return Group(
        id=name,
        weight=weight,
        aggregation=aggregation,
        exponent=exponent,
        missing=missing,
        range=Range(minimum=span[0], maximum=span[1]),
        rated_share=Share(num=rated_share[0], den=rated_share[1]),
        rated_children=rated_children,
        children=children,
    )


def root(
    *children: Group | Indicator,
    rated_children: int = 1,
    aggregation: Aggregation = "arithmetic",
    exponent: float | None = None,
    missing: Missing = "zero",
    span: tuple[int, int] = (0, 100),
) -> Group:
    return group(
        "index",
        *children,
        aggregation=aggregation,
        exponent=exponent,
        missing=missing,
        span=span,
        rated_share=(0, 1),
        rated_children=rated_children,
    )


def rule(name: str, holds: Predicate, *invalidates: str) -> Rule:
    """An error of scope `answers`; a warning where it invalidates nothing."""
    return Rule(
        id=name,
        group=name,
        severity="error" if invalidates else "warning",
        scope="answers",
        holds=holds,
        invalidates=invalidates,
    )


def integer_field(name: str, *, needs_evidence: bool = False) -> ProfileField:
    return ProfileField(
        name=name, type="integer", set_by="organisation", minimum=0, maximum=MANY, needs_evidence=needs_evidence
    )


def service_field(name: str) -> ProfileField:
    """A number that the service sets, null until it does."""
    return ProfileField(name=name, type="integer", set_by="service", minimum=0, maximum=MANY, nullable=True)


def levels_of(*gates: Gate) -> tuple[Level, ...]:
    """Level 1, which asks for nothing, and a further level for each gate."""
    return (Level(number=1, gates=()), *(Level(number=number, gates=(gate,)) for number, gate in enumerate(gates, 2)))


def staged(*thresholds: int, dimensions: Iterable[str]) -> tuple[Level, ...]:
    """Level L asks index ≥ T_L and every rated dimension ≥ T_(L-1) (SCORING, section 6)."""
    least = Minimum(of=tuple(score(name) for name in dimensions))
    levels = [Level(number=1, gates=())]
    for number, (below, asked) in enumerate(itertools.pairwise(thresholds), start=2):
        levels.append(
            Level(
                number=number,
                gates=(
                    Gate(id=f"L{number}.index", holds=compare(IndexOperand(), "ge", asked)),
                    Gate(id=f"L{number}.min", holds=compare(least, "ge", below)),
                ),
            )
        )
    return tuple(levels)


def document(
    tree: Group,
    *,
    profile: tuple[ProfileField, ...] = (),
    rules: tuple[Rule, ...] = (),
    levels: tuple[Level, ...] = (Level(number=1, gates=()),),
    decimals: int = 2,
    published: int | None = None,
    cap: int = 50,
    coverage: Coverage | None = None,
    version: str = VERSION,
) -> Document:
    return Document(
        version=version,
        catalogue="test",
        decimals=decimals,
        published_decimals=published,
        self_declared_cap=cap,
        coverage=coverage or Coverage(),
        root=tree,
        additional_index=AdditionalIndex(aggregation="geometric", floor=1),
        profile=profile,
        rules=rules,
        levels=levels,
        windows=("now",),
        organisation_types=(OrganisationType(code="MUN", band_scale="P"),),
        size_bands={"P": (SizeBand(code="P1", start=0, to=None),)},
        principles=("R1",),
    )


def texts(doc: Document, language: Language) -> MethodologyTexts:
    """The least that the loader accepts for a document."""
    return MethodologyTexts(
        language=language,
        title="title",
        note="note",
        groups={node.id: NamedText(name=f"group {node.id}") for node in walk_groups(doc.root)},
        indicators={indicator.id: _indicator_text(indicator) for indicator in walk_indicators(doc.root)},
        profile={
            known.name: ProfileText(
                label=known.name, description="d", unit="u", values={value: value for value in known.values}
            )
            for known in doc.profile
        },
        rules={known.id: f"rule {known.id}." for known in doc.rules},
        gates={gate.id: gate.id for level in doc.levels for gate in level.gates},
        levels={str(level.number): LevelText(name=f"level {level.number}", meaning="m") for level in doc.levels},
        windows=dict.fromkeys(doc.windows, "w"),
        organisation_types={kind.code: kind.code for kind in doc.organisation_types},
        calendar={},
        principles={name: PrincipleText(name=name, text="t") for name in doc.principles},
        article=ArticleText(bullets={}, functions={}, comments={}, ideas={}),
        sources={},
        sources_not_found=(),
        integrity="i",
        peer_groups=("all",),
        pillars={name: NamedText(name=f"pillar {name}") for name in doc.pillars} or msgspec.UNSET,
    )


def _indicator_text(indicator: Indicator) -> IndicatorText:
    names = [known.name for known in indicator.facts]
    names += [name_derived_count(known.name) for known in indicator.facts if known.type == "components"]
    steps = len(indicator.curve.goalposts)
    return IndicatorText(
        name=f"indicator {indicator.id}",
        question=f"{indicator.id}?",
        unit="u",
        evidence="e",
        anti_gaming="a",
        applies="always",
        basis="b",
        seed="s",
        action="act",
        facts={name: name for name in names},
        step=None if indicator.step is None else "from {from} to {to}",
        goalposts=() if indicator.curve.kind in ("ladder", "boolean") else ("reason",) * steps,
        ladder=tuple(f"step {level}" for level in range(steps)) if indicator.curve.kind == "ladder" else (),
        components={component: f"component {component}" for component in indicator.components},
    )


def read(doc: Document) -> Methodology:
    """The document through the real loader."""
    return loader.read_methodology(
        doc.version,
        "draft",
        msgspec.json.encode(doc),
        {language: msgspec.json.encode(texts(doc, language)) for language in WRITTEN},
    )


Parameters = ParamSpec("Parameters")


def _reading(build: Callable[Parameters, Document]) -> Callable[Parameters, Methodology]:
    def build_and_read(*arguments: Parameters.args, **members: Parameters.kwargs) -> Methodology:
        return read(build(*arguments, **members))

    return build_and_read


methodology = _reading(document)
"""The methodology of `document`, with the same parameters."""


# --- submissions ----------------------------------------------------------------------------------------------


def submit(
    answers: Mapping[str, Mapping[str, FactValue]],
    profile: Mapping[str, Scalar | None] | None = None,
    *,
    self_declared: Iterable[str] = (),
    profile_self_declared: Iterable[str] = (),
    set_aside: Mapping[str, SetAside] | None = None,
    level_caps: Mapping[str, int] | None = None,
    max_level: int | None = None,
) -> Submission:
    return Submission(
        profile=dict(profile or {}),
        answers={indicator: dict(facts) for indicator, facts in answers.items()},
        self_declared=frozenset(self_declared),
        profile_self_declared=frozenset(profile_self_declared),
        set_aside=dict(set_aside or {}),
        level_caps=dict(level_caps or {}),
        max_level=max_level,
    )


def scoring(**points: float) -> Submission:
    """The points of indicators that are their own score (see `points`)."""
    return submit({name: {"hours": number} for name, number in points.items()})


def of(numerator: int, denominator: int) -> dict[str, FactValue]:
    """The facts of a ratio."""
    return {"numerator": numerator, "denominator": denominator}


def decode(methodology: Methodology, body: bytes) -> Submission:
    """What a request body says, through the generated type of the version."""
    return to_submission(methodology, msgspec.json.decode(body, type=build_score_request_type(methodology)))
