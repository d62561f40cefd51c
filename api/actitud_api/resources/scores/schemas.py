"""Scores on the wire: narrated scores, paths and changes with where they come from, and the rows of a ranking.

What an answer has beside the narrated score (`Sheet`, `ScoreAnswer`) is no part of the canonical result: where the
score comes from, `review`, `what_if`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from functools import lru_cache
from typing import Annotated, Final, get_args

from msgspec import UNSET, Meta, Struct, UnsetType, field, structs

from actitud_api.engine.i18n import Language, nearest
from actitud_api.engine.methodology.loader import Methodology, list_versions, load_methodology
from actitud_api.engine.methodology.model import Document
from actitud_api.engine.narration.narrated import (
    NarratedCarried,
    NarratedChange,
    NarratedDifference,
    NarratedPath,
    NarratedScore,
    narrate,
    narrate_carried,
    narrate_change,
    narrate_difference,
    narrate_path,
)
from actitud_api.engine.scoring.change_decomposition import ScoreDifference
from actitud_api.engine.scoring.evaluate import Status
from actitud_api.engine.scoring.level_path import LevelPath
from actitud_api.engine.scoring.result import COVERAGE_DECIMALS, Coverage, Figure, Points, Score, to_figure
from actitud_api.platform.http.paging import Page, PageQuery
from actitud_api.resources.editions.schemas import EditionPath
from actitud_api.resources.editions.service import State as EditionState
from actitud_api.resources.organisations import schemas as organisations
from actitud_api.resources.organisations.service import split_words
from actitud_api.resources.reviews.replies.schemas import ScoreReview, build_score_review
from actitud_api.resources.scores import service
from actitud_api.resources.scores.service import (
    EditionChange,
    EditionScore,
    FiveNumberSummary,
    HistoryEntry,
    RankingRow,
    RankingSort,
    ScoreFilters,
)

MAX_ORGANISATIONS: Final = 100
"""How many organisations can be named at once."""
SORTS: Final[Mapping[str, RankingSort]] = {
    f"{'-' if descending else ''}{key}": RankingSort(key, descending)
    for key in service.SORT_KEYS
    for descending in (False, True)
}
"""The orders of a list by their names."""

_ID = "[A-Za-z0-9._:-]+"
OfOrganisations = Annotated[
    str,
    Meta(
        pattern=f"^{_ID}(,{_ID}){{0,{MAX_ORGANISATIONS - 1}}}$",
        description=f"Only these organisations, up to {MAX_ORGANISATIONS} ids or aliases with commas between; "
        "one without a score there, or unknown, simply has no row.",
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


class WhatIf(Wire, frozen=True):
    """The score with the facts that are supposed, and what differs from that of the facts sent."""

    score: NarratedScore
    difference: NarratedDifference


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


class PathAnswer(NarratedPath, frozen=True):
    """The path of an organisation from its level to the next one.

    `target`: the next level, null where there is none: the level is the highest, or there is no level. `moves`: null
    without a target, and where `unreachable` names conditions. `index_after` and `level_after`: at the end, by scoring
    everything anew.
    """

    edition: str
    organisation: str
    organisation_name: str
    simulated: bool


class ChangesAnswer(NarratedChange, frozen=True):
    """How the index of an organisation changed from one edition to another, and by what.

    `parts`: what the methodology, the coverage and the data add, in that order; null where a stage has no index, and
    `unrated` names those stages. `indicators`: those whose score is not the same at every stage.
    """

    edition_before: str
    edition: str
    organisation: str
    organisation_name: str
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
    carried: NarratedCarried | None


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
                extra_json_schema={"enum": list(list_versions())},
            ),
        ]
        | None
    ) = None


class SheetPath(EditionPath, frozen=True):
    """What names the score of an organisation in an edition in a path."""

    organisation: Annotated[str, Meta(description="Id of the organisation.", examples=["XX-DEMO-00001"])]


def build_score_answer(
    score: Score, supposed: tuple[Score, ScoreDifference] | None, methodology: Methodology, language: Language
) -> ScoreAnswer:
    """The score of facts that somebody sends, with what they suppose."""
    what_if: WhatIf | UnsetType = UNSET
    if supposed is not None:
        after, differs = supposed
        what_if = WhatIf(
            score=narrate(after, methodology, language), difference=narrate_difference(differs, methodology, language)
        )
    return ScoreAnswer(**structs.asdict(narrate(score, methodology, language)), what_if=what_if)


def build_sheet(score: NarratedScore, sent: EditionScore) -> Sheet:
    """The explained score of what an organisation sent for an edition."""
    return Sheet(
        **structs.asdict(score),
        edition=sent.edition,
        organisation=sent.organisation,
        organisation_name=sent.name,
        rank=sent.rank,
        simulated=sent.simulated,
        document=sent.document,
        review=None if sent.review is None else build_score_review(sent.review, sent.replied),
    )


def build_path_answer(found: LevelPath, sent: EditionScore, methodology: Methodology, language: Language) -> PathAnswer:
    """The path of what an organisation sent for an edition, with its sentences in a language."""
    return PathAnswer(
        **structs.asdict(narrate_path(found, methodology, language)),
        edition=sent.edition,
        organisation=sent.organisation,
        organisation_name=sent.name,
        simulated=sent.simulated,
    )


def build_changes_answer(found: EditionChange, language: Language) -> ChangesAnswer:
    """How an organisation went from one edition to another, with its sentences in a language."""
    before, after = load_methodology(found.before.methodology), load_methodology(found.after.methodology)
    return ChangesAnswer(
        **structs.asdict(narrate_change(found.change, before, after, language)),
        edition_before=found.before.edition,
        edition=found.after.edition,
        organisation=found.after.organisation,
        organisation_name=found.after.name,
        simulated=found.after.simulated,
    )


def build_score_row(row: RankingRow) -> ScoreRow:
    """A stored line of the ranking as it is answered: integers become points."""
    document = load_methodology(row.methodology).document
    return ScoreRow(
        rank=row.rank,
        organisation=row.organisation,
        name=row.name,
        kind=row.kind,
        province=row.province,
        region=row.region,
        band=row.band,
        population=row.population,
        index=to_points(row.index_value, document.decimals),
        index_max=to_points(row.index_max, document.decimals),
        coverage=to_points(row.coverage, COVERAGE_DECIMALS),
        status=row.status,
        level=row.level,
        dimensions=_by_dimension(document, row.dimensions),
        methodology=row.methodology,
        simulated=row.simulated,
    )


def build_past_score(found: HistoryEntry, language: Language) -> PastScore:
    """The score of one of the editions of an organisation as it is answered."""
    row = found.past
    document = load_methodology(row.methodology).document
    return PastScore(
        edition=row.edition,
        edition_title=nearest(row.titles, language),
        state=row.state,
        period_to=row.period_to,
        rank=row.rank,
        index=to_points(row.index_value, document.decimals),
        index_max=to_points(row.index_max, document.decimals),
        coverage=to_points(row.coverage, COVERAGE_DECIMALS),
        status=row.status,
        level=row.level,
        dimensions=_by_dimension(document, row.dimensions),
        methodology=row.methodology,
        simulated=row.simulated,
        carried=None
        if found.carried is None
        else narrate_carried(
            found.carried, load_methodology(found.stated_under), load_methodology(row.methodology), language
        ),
    )


def build_summary_answer(found: service.ScoreSummary) -> SummaryAnswer:
    """A summary as it is answered."""
    document = load_methodology(found.edition.methodology).document
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
        index=build_points_spread(found.index, decimals),
        distribution=tuple(
            Tenth(start=10 * number, end=10 * number + 10, organisations=count)
            for number, count in enumerate(found.tenths)
        ),
        dimensions={
            child.id: build_points_spread(spread, decimals)
            for child, spread in zip(document.root.children, found.dimensions, strict=True)
        },
        coverage=_coverages(found.coverage),
        methodology=found.edition.methodology,
        simulated=found.edition.simulated,
    )


def build_filters(query: RankingQuery) -> ScoreFilters:
    """Which rows of an edition a query asks for."""
    return ScoreFilters(
        words=tuple(split_words(query.q or "")),
        kind=query.kind,
        region=query.region,
        province=query.province,
        band=query.band,
        parent=query.parent,
        level=query.level,
        status=query.status,
        organisations=split_ids(query.organisation),
    )


def split_ids(organisations: str | None) -> tuple[str, ...] | None:
    """The organisations that a query names."""
    return None if organisations is None else tuple(organisations.split(","))


def build_territory_filters(query: SummaryQuery) -> ScoreFilters:
    """The organisations that a query asks for."""
    return ScoreFilters(
        kind=query.kind, region=query.region, province=query.province, band=query.band, parent=query.parent
    )


def parse_sort(query: RankingQuery) -> RankingSort:
    """The order that a query asks for."""
    return SORTS[query.sort]


def build_points_spread(found: FiveNumberSummary | None, decimals: int) -> PointsSpread | None:
    """How points spread, as it is answered."""
    return None if found is None else PointsSpread(**_figures(found, decimals))


def _coverages(found: FiveNumberSummary | None) -> CoverageSpread | None:
    return None if found is None else CoverageSpread(**_figures(found, COVERAGE_DECIMALS))


def _figures(found: FiveNumberSummary, decimals: int) -> dict[str, Figure]:
    scale = int(10**decimals)
    return {
        name: to_figure(Fraction(units, scale))
        for name, units in zip(("min", "q1", "median", "q3", "max"), structs.astuple(found), strict=True)
    }


def _by_dimension(document: Document, units: tuple[int | None, ...]) -> dict[str, Figure | None]:
    decimals = document.decimals
    return {child.id: to_points(own, decimals) for child, own in zip(document.root.children, units, strict=True)}


@lru_cache(maxsize=2**15)
def to_points(units: int | None, decimals: int) -> Figure | None:
    """Integers of a database as they are answered: in units of 10^-decimals. There are few, and each many times."""
    return None if units is None else to_figure(Fraction(units, int(10**decimals)))
