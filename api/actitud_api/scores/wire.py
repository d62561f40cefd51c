"""Scores on the wire: the canonical result with its sentences.

Without the members called `name` and `text`, at any depth, and without `result_digest`, a narrated score is the
canonical result; `result_digest` is the SHA-256 of its RFC 8785 form, the same in every language.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal, cast

from msgspec import Meta, Struct, structs

from actitud_api.editions.wire import EditionPath
from actitud_api.http.paging import Page
from actitud_api.methodology.answers import FactValue
from actitud_api.methodology.digests import digest
from actitud_api.methodology.loader import Methodology, load
from actitud_api.methodology.model import Language
from actitud_api.scores.service import Row, Sent
from actitud_api.scoring import result
from actitud_api.scoring.result import COVERAGE_DECIMALS, Figure, Parameters, Score, StepKind, figure
from actitud_api.scoring.scalar import Code, State, Status
from actitud_api.texts.sentences import Sentences, sentences_of

Points = Annotated[float, Meta(ge=0, le=100)]
"""Points of 100, a multiple of 10^-decimals of the methodology."""
Gain = Annotated[float, Meta(ge=-100, le=100)]
Coverage = Annotated[float, Meta(ge=0, le=1, description="Effective weight known over effective weight scored.")]
Digest = Annotated[str, Meta(pattern="^sha256:[0-9a-f]{64}$")]
Text = Annotated[str, Meta(description="A sentence in the language of the answer; not part of the canonical result.")]
Name = Annotated[str, Meta(description="A name in the language of the answer; not part of the canonical result.")]


class Wire(Struct, frozen=True, kw_only=True):
    """Base of what the service answers."""


class MethodologyReference(Wire, frozen=True):
    """The version that scored, and the digest of its document."""

    version: str
    digest: Digest


class Reason(Wire, frozen=True):
    """Why an indicator has its score: a code, what it is built from, and the sentence."""

    code: Code
    parameters: Parameters
    text: Text


class NextStep(Wire, frozen=True):
    """What to do next for an indicator.

    `change` holds the facts after an improvement; `gain` the index points that it brings, by re-scoring; `gain_max`
    those up to full marks; `evidence`, that evidence is needed; `requires`, the rules that other facts must follow.
    """

    kind: StepKind
    change: dict[str, FactValue]
    gain: Gain | None
    gain_max: Gain | None
    evidence: bool
    requires: tuple[str, ...]
    text: Text


class Indicator(Wire, frozen=True):
    """An indicator: its score of 100, its weight in the dimension, and the points of the index that it decides."""

    id: str
    name: Name
    state: State
    score: Points | None
    weight: int
    possible: Points | None
    won: Points | None
    lost: Points | None
    value: float | bool | None
    reason: Reason
    next_step: NextStep | None


class Dimension(Wire, frozen=True):
    """A dimension: score, its maximum with every unknown at its best, coverage and points; null where not rated."""

    id: str
    name: Name
    score: Points | None
    score_max: Points | None
    weight: int
    coverage: Coverage | None
    possible: Points | None
    won: Points | None
    lost: Points | None
    indicators: tuple[Indicator, ...]


class BlockingGate(Wire, frozen=True):
    """A condition of the next level that fails: what is there, what is asked, and the distance."""

    gate: str
    there: float | bool | str | None
    asked: float | bool | str | None
    distance: float | None
    text: Text


class Level(Wire, frozen=True):
    """The level reached, 1 to 5; null without a rateable index or with insufficient evidence."""

    number: int | None
    name: Name | None
    provisional: bool
    blocked_by: tuple[BlockingGate, ...]


class MainReason(Wire, frozen=True):
    """One of the up to four largest losses, in points of the index."""

    indicator: str
    lost: Points
    text: Text


class Finding(Wire, frozen=True):
    """A rule that does not hold, the indicators that it contradicts, and what to answer first."""

    rule: str
    severity: Literal["error", "warning"]
    code: Literal["contradicted", "unsupported"]
    indicators: tuple[str, ...]
    missing: tuple[str, ...]
    facts: dict[str, FactValue | str | None]
    text: Text


class NarratedScore(Wire, frozen=True):
    """The index of one submission, explained."""

    methodology: MethodologyReference
    index: Points | None
    index_max: Points | None
    index_geometric: Points | None
    coverage: Coverage | None
    status: Status
    level: Level
    main_reasons: tuple[MainReason, ...]
    findings: tuple[Finding, ...]
    dimensions: tuple[Dimension, ...]
    input_digest: Digest
    result_digest: Digest


class Sheet(NarratedScore, frozen=True):
    """The explained score of an organisation in an edition: that of `POST /v1/scores` and where it comes from.

    `rank`: 1 is best, ties share the best and the next is skipped; null where it does not rank. `simulated`: the
    answers are invented.
    """

    edition: str
    organisation: str
    organisation_name: str
    rank: int | None
    simulated: bool


class ScoreRow(Wire, frozen=True):
    """A line of the ranking of an edition; `dimensions` holds the dimension scores by id, null where not rated."""

    rank: int | None
    organisation: str
    name: str
    kind: str
    province: str | None
    region: str | None
    band: str | None
    population: int | None
    index: Points | None
    index_max: Points | None
    coverage: Coverage | None
    status: Status
    level: int | None
    dimensions: dict[str, Points | None]
    methodology: str
    simulated: bool


class ScorePage(Page[ScoreRow], frozen=True):
    """Organisations of an edition in rank order, unranked ones last."""


class SheetPath(EditionPath, frozen=True):
    """What names the score of an organisation in an edition in a path."""

    organisation: Annotated[str, Meta(description="Id of the organisation.", examples=["XX-DEMO-00001"])]


def narrated(score: Score, methodology: Methodology, language: Language) -> NarratedScore:
    """The canonical result with its sentences in a language."""
    sentences = sentences_of(methodology, language)
    return NarratedScore(
        methodology=MethodologyReference(version=score.methodology.version, digest=score.methodology.digest),
        index=score.index,
        index_max=score.index_max,
        index_geometric=score.index_geometric,
        coverage=score.coverage,
        status=score.status,
        level=Level(
            number=score.level.number,
            name=sentences.level(score.level.number),
            provisional=score.level.provisional,
            blocked_by=tuple(
                BlockingGate(
                    gate=gate.gate,
                    there=gate.there,
                    asked=gate.asked,
                    distance=gate.distance,
                    text=sentences.gate(gate),
                )
                for gate in score.level.blocked_by
            ),
        ),
        main_reasons=tuple(
            MainReason(indicator=reason.indicator, lost=reason.lost, text=sentences.main_reason(reason))
            for reason in score.main_reasons
        ),
        findings=tuple(
            Finding(
                rule=finding.rule,
                severity=finding.severity,
                code=finding.code,
                indicators=finding.indicators,
                missing=finding.missing,
                facts=finding.facts,
                text=sentences.finding(finding),
            )
            for finding in score.findings
        ),
        dimensions=tuple(_dimension(dimension, sentences) for dimension in score.dimensions),
        input_digest=score.input_digest,
        result_digest=digest(score),
    )


def sheet(score: NarratedScore, sent: Sent) -> Sheet:
    """The explained score of what an organisation sent for an edition."""
    return Sheet(
        edition=sent.edition,
        organisation=sent.organisation,
        organisation_name=sent.name,
        rank=sent.rank,
        simulated=sent.simulated,
        **structs.asdict(score),
    )


def line(row: Row) -> ScoreRow:
    """A stored line of the ranking as it is answered: integers become points."""
    document = load(row.methodology).document

    def points(units: int | None) -> Figure | None:
        return None if units is None else figure(Fraction(units, int(10**document.decimals)))

    return ScoreRow(
        rank=row.rank,
        organisation=row.organisation,
        name=row.name,
        kind=row.kind,
        province=row.province,
        region=row.region,
        band=row.band,
        population=row.population,
        index=points(row.index_value),
        index_max=points(row.index_max),
        coverage=None if row.coverage is None else figure(Fraction(row.coverage, 10**COVERAGE_DECIMALS)),
        status=cast("Status", row.status),
        level=row.level,
        dimensions={
            child.id: points(units) for child, units in zip(document.root.children, row.dimensions, strict=True)
        },
        methodology=row.methodology,
        simulated=row.simulated,
    )


def _dimension(dimension: result.DimensionScore, sentences: Sentences) -> Dimension:
    return Dimension(
        id=dimension.id,
        name=sentences.group(dimension.id),
        score=dimension.score,
        score_max=dimension.score_max,
        weight=dimension.weight,
        coverage=dimension.coverage,
        possible=dimension.possible,
        won=dimension.won,
        lost=dimension.lost,
        indicators=tuple(_indicator(indicator, sentences) for indicator in dimension.indicators),
    )


def _indicator(indicator: result.IndicatorScore, sentences: Sentences) -> Indicator:
    step = indicator.next_step
    return Indicator(
        id=indicator.id,
        name=sentences.indicator(indicator.id),
        state=indicator.state,
        score=indicator.score,
        weight=indicator.weight,
        possible=indicator.possible,
        won=indicator.won,
        lost=indicator.lost,
        value=indicator.value,
        reason=Reason(
            code=indicator.reason.code,
            parameters=indicator.reason.parameters,
            text=sentences.reason(indicator),
        ),
        next_step=None
        if step is None
        else NextStep(
            kind=step.kind,
            change=step.change,
            gain=step.gain,
            gain_max=step.gain_max,
            evidence=step.evidence,
            requires=step.requires,
            text=sentences.step(indicator, step),
        ),
    )
