"""Scores on the wire: the canonical result with its sentences.

Without the members called `name` and `text`, at any depth, and without `result_digest`, a narrated score is the
canonical result; `result_digest` is the SHA-256 of its RFC 8785 form, the same in every language. What an answer has
beside it (`Sheet`, `ScoreAnswer`) is no part of it: where the score comes from, `review`, `what_if`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from fractions import Fraction
from functools import lru_cache
from typing import Annotated, Final, Literal, get_args

from msgspec import UNSET, Meta, Struct, UnsetType, field, structs

from actitud_api.engine.i18n import Language, nearest
from actitud_api.engine.methodology.digests import digest
from actitud_api.engine.methodology.loader import Methodology, load, versions
from actitud_api.engine.methodology.model import Document
from actitud_api.engine.methodology.requests.answers import FactValue
from actitud_api.engine.narration.changes import ChangeSentences, changes_of
from actitud_api.engine.narration.sentences import Sentences, sentences_of
from actitud_api.engine.scoring import change_decomposition as canonical
from actitud_api.engine.scoring import result
from actitud_api.engine.scoring.change_decomposition import Stage
from actitud_api.engine.scoring.evaluate import Code, State, Status
from actitud_api.engine.scoring.level_path import MoveKind, Obstacle, Path
from actitud_api.engine.scoring.result import COVERAGE_DECIMALS, Figure, Parameters, Score, StepKind, figure
from actitud_api.platform.http.paging import Page, PageQuery
from actitud_api.resources.editions.schemas import EditionPath
from actitud_api.resources.editions.service import State as EditionState
from actitud_api.resources.organisations import schemas as organisations
from actitud_api.resources.organisations.service import words
from actitud_api.resources.reviews.replies.schemas import ScoreReview, review
from actitud_api.resources.scores import service
from actitud_api.resources.scores.service import Changes, Filters, Restated, Row, Sent, Sort, Spread

Points = Annotated[float, Meta(ge=0, le=100)]
"""Points of 100, a multiple of 10^-decimals of the methodology."""
Gain = Annotated[float, Meta(ge=-100, le=100)]
Coverage = Annotated[float, Meta(ge=0, le=1, description="Effective weight known over effective weight scored.")]
Share = Annotated[float, Meta(ge=0, le=1)]
Digest = Annotated[str, Meta(pattern="^sha256:[0-9a-f]{64}$")]
Text = Annotated[str, Meta(description="A sentence in the language of the answer; not part of the canonical result.")]
Name = Annotated[str, Meta(description="A name in the language of the answer; not part of the canonical result.")]


MANY: Final = 100
"""How many organisations can be named at once."""
SORTS: Final[Mapping[str, Sort]] = {
    f"{'-' if descending else ''}{key}": Sort(key, descending)
    for key in service.SORT_KEYS
    for descending in (False, True)
}
"""The orders of a list by their names."""

_ID = "[A-Za-z0-9._:-]+"
OfOrganisations = Annotated[
    str,
    Meta(
        pattern=f"^{_ID}(,{_ID}){{0,{MANY - 1}}}$",
        description=f"Only these organisations, up to {MANY} ids or aliases with commas between; one without a score "
        "there, or unknown, simply has no row.",
        examples=["XX-DEMO-00001,XX-DEMO-00002"],
    ),
]

OfLevel = Annotated[int, Meta(ge=1, le=5, description="Only this level.")]
OfStatus = Annotated[Status, Meta(description="Only this status.")]
SortedBy = Annotated[
    str,
    Meta(
        description="The order: by `rank` (best first), `organisation`, `name` without accents, `population`, "
        "`index_max`, `coverage` or a dimension, and with `-` in front the other way round. Ties are in the order "
        "of the organisations' ids; those without a value come last both ways.",
        extra_json_schema={"enum": list(SORTS)},
    ),
]


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
    those up to full marks; `evidence`, that evidence is needed; `cap`, the score at which it stays without evidence,
    where that holds it back; `requires`, the rules that other facts must follow.
    """

    kind: StepKind
    change: dict[str, FactValue]
    gain: Gain | None
    gain_max: Gain | None
    evidence: bool
    cap: Points | None
    requires: tuple[str, ...]
    text: Text


class Interval(Wire, frozen=True):
    """What the size of its sample leaves open of a share of `n` cases: the 95 % interval of Wilson.

    `low` and `high` are of the share; `index_low` and `index_high` of the index, were that the share.
    """

    n: Annotated[int, Meta(ge=1)]
    low: Share
    high: Share
    index_low: Points | None
    index_high: Points | None
    text: Text


class Indicator(Wire, frozen=True):
    """An indicator: its score, its weight in its group, and the points of the index that it decides.

    Null where it counts with nothing. Below a group whose losses are shared by Shapley values only `lost` is known.
    """

    id: str
    name: Name
    state: State
    score: Points | None
    weight: int
    possible: Points | None
    won: Points | None
    lost: Points | None
    value: float | bool | None
    interval: Interval | None
    reason: Reason
    next_step: NextStep | None


class Dimension(Wire, frozen=True):
    """A dimension, or a group below one: score, its maximum with every unknown at its best, coverage and points.

    Null where it is not rated. `groups` and `indicators` are those directly below it.
    """

    id: str
    name: Name
    score: Points | None
    score_max: Points | None
    weight: int
    coverage: Coverage | None
    possible: Points | None
    won: Points | None
    lost: Points | None
    groups: tuple[Dimension, ...]
    indicators: tuple[Indicator, ...]


class BlockingGate(Wire, frozen=True):
    """A condition of the next level that fails: what is there, what is asked, and the distance."""

    gate: str
    there: float | bool | str | None
    asked: float | bool | str | None
    distance: float | None
    text: Text


class Level(Wire, frozen=True):
    """The level reached, 1 to 5; null without a rateable index or with insufficient evidence.

    `max_level`: review allows no higher one; `text` says so where only that holds the level.
    """

    number: int | None
    name: Name | None
    provisional: bool
    max_level: int | None
    blocked_by: tuple[BlockingGate, ...]
    text: Text | None


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
    """The index of one submission, explained; `indicators` are those that belong to no dimension."""

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
    indicators: tuple[Indicator, ...]
    input_digest: Digest
    result_digest: Digest


class Delta(Wire, frozen=True):
    """A figure before and after; the difference is null where one of them does not exist."""

    before: float | None
    after: float | None
    difference: float | None


class GroupDelta(Wire, frozen=True):
    """What differs in a dimension, or in a group below one: its score, and the points of the index lost there."""

    id: str
    name: Name
    score: Delta
    lost: Delta
    text: Text


class IndicatorDelta(Wire, frozen=True):
    """What differs in an indicator: why it scores what it does, its score, the points of the index lost there."""

    id: str
    name: Name
    code_before: Code
    code_after: Code
    score: Delta
    lost: Delta
    text: Text


class Difference(Wire, frozen=True):
    """What differs between two scores.

    `groups`: all of them; `indicators`: those that differ. What is lost in the dimensions changes by exactly as much as
    the index, the other way round, and so it goes on inside. `appeared` and `vanished`: the findings that only one has.
    """

    index: Delta
    index_max: Delta
    coverage: Delta
    status_before: Status
    status_after: Status
    level_before: int | None
    level_after: int | None
    groups: tuple[GroupDelta, ...]
    indicators: tuple[IndicatorDelta, ...]
    appeared: tuple[Finding, ...]
    vanished: tuple[Finding, ...]
    text: Text


class WhatIf(Wire, frozen=True):
    """The score with the facts that are supposed, and what differs from that of the facts sent."""

    score: NarratedScore
    difference: Difference


class ScoreAnswer(NarratedScore, frozen=True):
    """The index of the facts sent, explained; where the request supposes other facts, also what follows from them."""

    what_if: WhatIf | UnsetType = UNSET


class Sheet(NarratedScore, frozen=True):
    """The explained score of an organisation in an edition: that of `POST /v1/scores` and where it comes from.

    `rank`: 1 is best, ties share the best and the next is skipped; null where it does not rank. `simulated`: the
    answers are invented. Of a published edition it is told from the published document and never computed anew.
    """

    edition: str
    organisation: str
    organisation_name: str
    rank: int | None
    simulated: bool
    document: Annotated[
        str | None,
        Meta(description="Digest of the published document, for `published.get`; null where nothing is published."),
    ]
    review: Annotated[
        ScoreReview,
        Meta(
            description="What was found of the answers and what the organisation replied, which is no part of the "
            "canonical result."
        ),
    ]


class Move(Wire, frozen=True):
    """What to do for one indicator on the way to the next level.

    improve: move the fact · evidence: document what is only declared · report: answer what is unknown. `facts` are as
    they stand, `change` those that change, as they will be; `evidence`, that evidence is needed; `score_before` and
    `score` are of the indicator; `gain` the index points that it brings in its place; `index` and `level` are those
    after it. `requires`: rules that it would break unless other facts follow; all figures count on that.
    """

    indicator: str
    name: Name
    kind: MoveKind
    facts: dict[str, FactValue | str | None]
    change: dict[str, FactValue]
    evidence: bool
    score_before: Points | None
    score: Points | None
    gain: Gain | None
    index: Points | None
    level: int | None
    requires: tuple[str, ...]
    text: Text


class Unreachable(Wire, frozen=True):
    """A condition of the next level that no improvement can make hold, and what is in the way.

    `gate` is null where review holds the level. profile: it is over the profile · not_applicable, zero_by_rule,
    contradicted, unanswered: so is its indicator · exhausted: all improvements together are not enough. `indicators`:
    those that could help once they are answered, corrected or unlocked.
    """

    gate: BlockingGate | None
    obstacle: Obstacle
    indicators: tuple[str, ...]
    text: Text


class PathAnswer(Wire, frozen=True):
    """The path of an organisation from its level to the next one.

    `target`: the next level, null where there is none: the level is the highest, or there is no level. `moves`: null
    without a target, and where `unreachable` names conditions. `index_after` and `level_after`: at the end, by scoring
    everything anew.
    """

    edition: str
    organisation: str
    organisation_name: str
    simulated: bool
    methodology: MethodologyReference
    index: Points | None
    level: int | None
    target: int | None
    moves: tuple[Move, ...] | None
    index_after: Points | None
    level_after: int | None
    unreachable: tuple[Unreachable, ...]
    text: Text


class Chain(Wire, frozen=True):
    """A score at each stage of a change, null where there is none.

    `before`; `methodology`: that under the later version; `coverage`: that with known and unknown as after; `after`.
    """

    before: Points | None
    methodology: Points | None
    coverage: Points | None
    after: Points | None


class Parts(Wire, frozen=True):
    """What each step of a change adds, in points; they sum to the total exactly."""

    methodology: Gain
    coverage: Gain
    data: Gain
    total: Gain


class GroupChange(Wire, frozen=True):
    """How the score of a dimension, or of a group below one, changed; `parts` is null where a stage has no score."""

    id: str
    name: Name
    score: Chain
    parts: Parts | None
    text: Text


class IndicatorChange(Wire, frozen=True):
    """How the score of an indicator changed, and why it scores what it does; null codes where a version lacks it."""

    id: str
    name: Name
    code_before: Code | None
    code_after: Code | None
    score: Chain
    text: Text


class Carried(Wire, frozen=True):
    """What another version of the methodology does to what was stated.

    `dropped_answers`: those that it does not ask, or not in that form; `new_indicators`: those that only it asks,
    unknown; `dropped_fields` and `new_fields`: the same of the profile, where the service sets some by default.
    """

    dropped_answers: tuple[str, ...]
    new_indicators: tuple[str, ...]
    dropped_fields: tuple[str, ...]
    new_fields: tuple[str, ...]
    text: Text


class ChangesAnswer(Wire, frozen=True):
    """How the index of an organisation changed from one edition to another, and by what.

    `parts`: what the methodology, the coverage and the data add, in that order; null where a stage has no index, and
    `unrated` names those stages. `indicators`: those whose score is not the same at every stage.
    """

    edition_before: str
    edition: str
    organisation: str
    organisation_name: str
    simulated: bool
    methodology_before: MethodologyReference
    methodology_after: MethodologyReference
    index: Chain
    parts: Parts | None
    unrated: tuple[Stage, ...]
    level_before: int | None
    level_after: int | None
    groups: tuple[GroupChange, ...]
    indicators: tuple[IndicatorChange, ...]
    carried: Carried
    text: Text


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
    """Organisations of an edition in an order, ties by organisation, those without a value last."""


class PastScore(Wire, frozen=True):
    """How an organisation scores in one of its editions; the members are those of `ScoreRow` and of the edition.

    `carried`: what the methodology asked for does to what was stated under that of the edition, and there is no rank
    then; null where it is that of the edition.
    """

    edition: str
    edition_title: Annotated[str, Meta(description="Its name, in the language of the answer where it has one.")]
    state: Annotated[EditionState, Meta(description="Where the edition is.")]
    period_to: Annotated[date, Meta(description="The reference date of the edition.")]
    rank: int | None
    index: Points | None
    index_max: Points | None
    coverage: Coverage | None
    status: Status
    level: int | None
    dimensions: dict[str, Points | None]
    methodology: str
    simulated: bool
    carried: Carried | None


class PastScorePage(Page[PastScore], frozen=True):
    """The editions of an organisation, the newest first."""


class PointsSpread(Wire, frozen=True):
    """How points spread: the least, the quartiles (type 7 on published points, half up) and the greatest."""

    min: Points
    q1: Points
    median: Points
    q3: Points
    max: Points


class CoverageSpread(Wire, frozen=True):
    """How coverages spread; as in `PointsSpread`."""

    min: Coverage
    q1: Coverage
    median: Coverage
    q3: Coverage
    max: Coverage


class Tenth(Wire, frozen=True):
    """How many organisations have an index from some points to under others; the last tenth includes its 100."""

    start: Annotated[int, Meta(ge=0, le=90)] = field(name="from")
    end: Annotated[int, Meta(ge=10, le=100)] = field(name="to")
    organisations: Annotated[int, Meta(ge=0)]


class LevelCount(Wire, frozen=True):
    """How many organisations are at a level; null: at none."""

    level: Annotated[int, Meta(ge=1, le=5)] | None
    organisations: Annotated[int, Meta(ge=0)]


class StatusCount(Wire, frozen=True):
    """How many organisations have a status."""

    status: Status
    organisations: Annotated[int, Meta(ge=0)]


class SummaryAnswer(Wire, frozen=True):
    """What the organisations of a territory come to in an edition.

    Those that do not rank are counted, but are not in `index`, `distribution` and `dimensions`. What nobody has is
    null.
    """

    edition: str
    organisations: Annotated[int, Meta(ge=0, description="How many have an assessment there.")]
    ranked: Annotated[int, Meta(ge=0, description="How many of them rank.")]
    levels: Annotated[tuple[LevelCount, ...], Meta(description="Every level, then none.")]
    statuses: Annotated[tuple[StatusCount, ...], Meta(description="Every status.")]
    index: PointsSpread | None
    distribution: Annotated[tuple[Tenth, ...], Meta(description="The index in ten tenths.")]
    dimensions: dict[str, PointsSpread | None]
    coverage: CoverageSpread | None
    methodology: str
    simulated: bool


class RankingQuery(organisations.TerritoryQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of the ranking of an edition."""

    q: organisations.OfWords | None = None
    level: OfLevel | None = None
    status: OfStatus | None = None
    organisation: OfOrganisations | None = None
    sort: SortedBy = "rank"


class ScoreQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of scoring what is sent."""

    explain: Annotated[
        bool,
        Meta(
            description="With `false` the score comes without what explains it: no main reasons, no indicators, and "
            "the points of the dimensions (`possible`, `won`, `lost`) are null. Several times faster, and smaller."
        ),
    ] = True


class SummaryQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of the summary of a territory."""

    kind: organisations.OfKind | None = None
    region: organisations.OfRegion | None = None
    province: organisations.OfProvince | None = None
    band: organisations.OfBand | None = None
    parent: organisations.OfParent | None = None


class ChangesQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of the change of an organisation."""

    since: Annotated[
        str,
        Meta(
            pattern="^[A-Za-z0-9-]{1,40}$",
            description="The edition that the change is from: its id, or `latest` for the newest published one.",
            examples=["2026-demo"],
        ),
    ] = field(name="from")


class PastQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of the editions of an organisation."""

    methodology: (
        Annotated[
            str,
            Meta(
                description="The version of the methodology that every edition is scored under; without it, its own.",
                extra_json_schema={"enum": list(versions())},
            ),
        ]
        | None
    ) = None


class SheetPath(EditionPath, frozen=True):
    """What names the score of an organisation in an edition in a path."""

    organisation: Annotated[str, Meta(description="Id of the organisation.", examples=["XX-DEMO-00001"])]


def narrated(score: Score, methodology: Methodology, language: Language) -> NarratedScore:
    """The canonical result with its sentences in a language."""
    sentences = sentences_of(methodology, language)
    told = _indicators(score, sentences)
    return NarratedScore(
        methodology=_reference(score.methodology),
        index=score.index,
        index_max=score.index_max,
        index_geometric=score.index_geometric,
        coverage=score.coverage,
        status=score.status,
        level=Level(
            number=score.level.number,
            name=sentences.level(score.level.number),
            provisional=score.level.provisional,
            max_level=score.level.max_level,
            blocked_by=tuple(_gate(gate, sentences) for gate in score.level.blocked_by),
            text=sentences.held(score.level),
        ),
        main_reasons=tuple(
            MainReason(indicator=reason.indicator, lost=reason.lost, text=sentences.main_reason(reason))
            for reason in score.main_reasons
        ),
        findings=tuple(_finding(finding, sentences) for finding in score.findings),
        dimensions=tuple(_dimension(dimension, sentences, told) for dimension in score.dimensions),
        indicators=tuple(told[indicator.id] for indicator in score.indicators),
        input_digest=score.input_digest,
        result_digest=digest(score),
    )


def answer(
    score: Score, supposed: tuple[Score, canonical.Difference] | None, methodology: Methodology, language: Language
) -> ScoreAnswer:
    """The score of facts that somebody sends, with what they suppose."""
    what_if: WhatIf | UnsetType = UNSET
    if supposed is not None:
        after, differs = supposed
        what_if = WhatIf(
            score=narrated(after, methodology, language),
            difference=_difference(differs, changes_of(methodology, language)),
        )
    return ScoreAnswer(**structs.asdict(narrated(score, methodology, language)), what_if=what_if)


def sheet(score: NarratedScore, sent: Sent) -> Sheet:
    """The explained score of what an organisation sent for an edition."""
    return Sheet(
        edition=sent.edition,
        organisation=sent.organisation,
        organisation_name=sent.name,
        rank=sent.rank,
        simulated=sent.simulated,
        document=sent.document,
        review=review(sent.review, sent.replied),
        **structs.asdict(score),
    )


def path(found: Path, sent: Sent, methodology: Methodology, language: Language) -> PathAnswer:
    """The path of what an organisation sent for an edition, with its sentences in a language."""
    sentences = changes_of(methodology, language)
    return PathAnswer(
        edition=sent.edition,
        organisation=sent.organisation,
        organisation_name=sent.name,
        simulated=sent.simulated,
        methodology=_reference(found.methodology),
        index=found.index,
        level=found.level,
        target=found.target,
        moves=None
        if found.moves is None
        else tuple(
            Move(**structs.asdict(move), name=sentences.indicator(move.indicator), text=sentences.move(move))
            for move in found.moves
        ),
        index_after=found.index_after,
        level_after=found.level_after,
        unreachable=tuple(
            Unreachable(
                gate=None if gate.gate is None else _gate(gate.gate, sentences),
                obstacle=gate.obstacle,
                indicators=gate.indicators,
                text=sentences.obstacle(gate),
            )
            for gate in found.unreachable
        ),
        text=sentences.path(found),
    )


def changes(found: Changes, language: Language) -> ChangesAnswer:
    """How an organisation went from one edition to another, with its sentences in a language."""
    earlier, later = (changes_of(load(sent.methodology), language) for sent in (found.before, found.after))
    change = found.change

    def name(node: str) -> str:
        return later.name(node) or earlier.name(node) or node

    return ChangesAnswer(
        edition_before=found.before.edition,
        edition=found.after.edition,
        organisation=found.after.organisation,
        organisation_name=found.after.name,
        simulated=found.after.simulated,
        methodology_before=_reference(change.methodology_before),
        methodology_after=_reference(change.methodology_after),
        index=_chain(change.index),
        parts=_parts(change.parts),
        unrated=change.unrated,
        level_before=change.level_before,
        level_after=change.level_after,
        groups=tuple(
            GroupChange(
                id=group.id,
                name=name(group.id),
                score=_chain(group.score),
                parts=_parts(group.parts),
                text=later.stages(group, name(group.id)),
            )
            for group in change.groups
        ),
        indicators=tuple(
            IndicatorChange(
                id=indicator.id,
                name=name(indicator.id),
                code_before=indicator.code_before,
                code_after=indicator.code_after,
                score=_chain(indicator.score),
                text=later.stages(indicator, name(indicator.id)),
            )
            for indicator in change.indicators
        ),
        carried=_carried(change.carried, later, earlier),
        text=later.change(change),
    )


def line(row: Row) -> ScoreRow:
    """A stored line of the ranking as it is answered: integers become points."""
    document = load(row.methodology).document
    return ScoreRow(
        rank=row.rank,
        organisation=row.organisation,
        name=row.name,
        kind=row.kind,
        province=row.province,
        region=row.region,
        band=row.band,
        population=row.population,
        index=points(row.index_value, document.decimals),
        index_max=points(row.index_max, document.decimals),
        coverage=points(row.coverage, COVERAGE_DECIMALS),
        status=row.status,
        level=row.level,
        dimensions=_by_dimension(document, row.dimensions),
        methodology=row.methodology,
        simulated=row.simulated,
    )


def past(found: Restated, language: Language) -> PastScore:
    """The score of one of the editions of an organisation as it is answered."""
    row = found.past
    document = load(row.methodology).document
    return PastScore(
        edition=row.edition,
        edition_title=nearest(row.titles, language),
        state=row.state,
        period_to=row.period_to,
        rank=row.rank,
        index=points(row.index_value, document.decimals),
        index_max=points(row.index_max, document.decimals),
        coverage=points(row.coverage, COVERAGE_DECIMALS),
        status=row.status,
        level=row.level,
        dimensions=_by_dimension(document, row.dimensions),
        methodology=row.methodology,
        simulated=row.simulated,
        carried=None
        if found.carried is None
        else _carried(
            found.carried, changes_of(load(row.methodology), language), sentences_of(load(found.stated_under), language)
        ),
    )


def summary(found: service.Summary) -> SummaryAnswer:
    """A summary as it is answered."""
    document = load(found.edition.methodology).document
    decimals = document.decimals
    numbers = [*(level.number for level in document.levels), None]
    return SummaryAnswer(
        edition=found.edition.id,
        organisations=found.organisations,
        ranked=found.ranked,
        levels=tuple(LevelCount(level=number, organisations=found.levels.get(number, 0)) for number in numbers),
        statuses=tuple(
            StatusCount(status=status, organisations=found.statuses.get(status, 0)) for status in get_args(Status)
        ),
        index=points_spread(found.index, decimals),
        distribution=tuple(
            Tenth(start=10 * number, end=10 * number + 10, organisations=count)
            for number, count in enumerate(found.tenths)
        ),
        dimensions={
            child.id: points_spread(spread, decimals)
            for child, spread in zip(document.root.children, found.dimensions, strict=True)
        },
        coverage=_coverages(found.coverage),
        methodology=found.edition.methodology,
        simulated=found.edition.simulated,
    )


def filters(query: RankingQuery) -> Filters:
    """Which rows of an edition a query asks for."""
    return Filters(
        words=tuple(words(query.q or "")),
        kind=query.kind,
        region=query.region,
        province=query.province,
        band=query.band,
        parent=query.parent,
        level=query.level,
        status=query.status,
        organisations=named(query.organisation),
    )


def named(organisations: str | None) -> tuple[str, ...] | None:
    """The organisations that a query names."""
    return None if organisations is None else tuple(organisations.split(","))


def territory(query: SummaryQuery) -> Filters:
    """The organisations that a query asks for."""
    return Filters(kind=query.kind, region=query.region, province=query.province, band=query.band, parent=query.parent)


def sort(query: RankingQuery) -> Sort:
    """The order that a query asks for."""
    return SORTS[query.sort]


def _dimension(
    dimension: result.DimensionScore, sentences: Sentences, indicators: Mapping[str, Indicator]
) -> Dimension:
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
        groups=tuple(_dimension(group, sentences, indicators) for group in dimension.groups),
        indicators=tuple(indicators[indicator.id] for indicator in dimension.indicators),
    )


def _indicators(score: Score, sentences: Sentences) -> dict[str, Indicator]:
    """Every indicator of a score, by id."""
    every = [*score.indicators, *_below(score.dimensions)]
    # One thing of all indicators after the other, as `explained` does.
    intervals = [_interval(indicator.interval, sentences) for indicator in every]
    reasons = [_reason(indicator, sentences) for indicator in every]
    steps = [_step(indicator, sentences) for indicator in every]
    return {
        indicator.id: Indicator(
            id=indicator.id,
            name=sentences.indicator(indicator.id),
            state=indicator.state,
            score=indicator.score,
            weight=indicator.weight,
            possible=indicator.possible,
            won=indicator.won,
            lost=indicator.lost,
            value=indicator.value,
            interval=interval,
            reason=reason,
            next_step=step,
        )
        for indicator, interval, reason, step in zip(every, intervals, reasons, steps, strict=True)
    }


def _below(dimensions: tuple[result.DimensionScore, ...]) -> Iterator[result.IndicatorScore]:
    for dimension in dimensions:
        yield from dimension.indicators
        yield from _below(dimension.groups)


def _interval(interval: result.Interval | None, sentences: Sentences) -> Interval | None:
    if interval is None:
        return None
    return Interval(
        n=interval.n,
        low=interval.low,
        high=interval.high,
        index_low=interval.index_low,
        index_high=interval.index_high,
        text=sentences.interval(interval),
    )


def _reason(indicator: result.IndicatorScore, sentences: Sentences) -> Reason:
    reason = indicator.reason
    return Reason(code=reason.code, parameters=reason.parameters, text=sentences.reason(indicator))


def _step(indicator: result.IndicatorScore, sentences: Sentences) -> NextStep | None:
    step = indicator.next_step
    if step is None:
        return None
    return NextStep(
        kind=step.kind,
        change=step.change,
        gain=step.gain,
        gain_max=step.gain_max,
        evidence=step.evidence,
        cap=step.cap,
        requires=step.requires,
        text=sentences.step(indicator, step),
    )


def _reference(reference: result.MethodologyReference) -> MethodologyReference:
    return MethodologyReference(version=reference.version, digest=reference.digest)


def _gate(gate: result.BlockingGate, sentences: Sentences) -> BlockingGate:
    return BlockingGate(**structs.asdict(gate), text=sentences.gate(gate))


def _finding(finding: result.Finding, sentences: Sentences) -> Finding:
    return Finding(**structs.asdict(finding), text=sentences.finding(finding))


def _difference(found: canonical.Difference, sentences: ChangeSentences) -> Difference:
    return Difference(
        index=_delta(found.index),
        index_max=_delta(found.index_max),
        coverage=_delta(found.coverage),
        status_before=found.status_before,
        status_after=found.status_after,
        level_before=found.level_before,
        level_after=found.level_after,
        groups=tuple(
            GroupDelta(
                id=group.id,
                name=sentences.group(group.id),
                score=_delta(group.score),
                lost=_delta(group.lost),
                text=sentences.delta(group),
            )
            for group in found.groups
        ),
        indicators=tuple(
            IndicatorDelta(
                id=indicator.id,
                name=sentences.indicator(indicator.id),
                code_before=indicator.code_before,
                code_after=indicator.code_after,
                score=_delta(indicator.score),
                lost=_delta(indicator.lost),
                text=sentences.delta(indicator),
            )
            for indicator in found.indicators
        ),
        appeared=tuple(_finding(finding, sentences) for finding in found.appeared),
        vanished=tuple(_finding(finding, sentences) for finding in found.vanished),
        text=sentences.difference(found),
    )


def _delta(delta: canonical.Delta) -> Delta:
    return Delta(**structs.asdict(delta))


def _chain(chain: canonical.Chain) -> Chain:
    return Chain(**structs.asdict(chain))


def _parts(parts: canonical.Parts | None) -> Parts | None:
    return None if parts is None else Parts(**structs.asdict(parts))


def _carried(found: canonical.Carried, sentences: ChangeSentences, source: Sentences) -> Carried:
    return Carried(**structs.asdict(found), text=sentences.carried(found, source))


def points_spread(found: Spread | None, decimals: int) -> PointsSpread | None:
    """How points spread, as it is answered."""
    return None if found is None else PointsSpread(**_figures(found, decimals))


def _coverages(found: Spread | None) -> CoverageSpread | None:
    return None if found is None else CoverageSpread(**_figures(found, COVERAGE_DECIMALS))


def _figures(found: Spread, decimals: int) -> dict[str, Figure]:
    scale = int(10**decimals)
    return {
        name: figure(Fraction(units, scale))
        for name, units in zip(("min", "q1", "median", "q3", "max"), structs.astuple(found), strict=True)
    }


def _by_dimension(document: Document, units: tuple[int | None, ...]) -> dict[str, Figure | None]:
    decimals = document.decimals
    return {child.id: points(own, decimals) for child, own in zip(document.root.children, units, strict=True)}


@lru_cache(maxsize=2**15)
def points(units: int | None, decimals: int) -> Figure | None:
    """Integers of a database as they are answered: in units of 10^-decimals. There are few, and each many times."""
    return None if units is None else figure(Fraction(units, int(10**decimals)))
