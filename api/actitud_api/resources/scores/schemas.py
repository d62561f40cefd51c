"""Responses about scores: explained scores, paths, changes, summaries, and rows of a ranking.

The member `result_digest` is the digest of the canonical score, which is the score without names and sentences.
The digest does not cover the members that `Sheet` and `ScoreAnswer` add: edition and organisation, `review` and
`what_if`.
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
    NarratedChange,
    NarratedDifference,
    NarratedPath,
    NarratedScore,
    NarratedVersionEffects,
    narrate,
    narrate_change,
    narrate_difference,
    narrate_path,
    narrate_version_effects,
)
from actitud_api.engine.scoring.change_decomposition import ScoreDifference
from actitud_api.engine.scoring.evaluate import Status
from actitud_api.engine.scoring.level_path import LevelPath
from actitud_api.engine.scoring.ranking import FiveNumberSummary
from actitud_api.engine.scoring.result import COVERAGE_DECIMALS, Coverage, Figure, Points, Score, to_figure
from actitud_api.platform.http.members import copy_members
from actitud_api.platform.http.paging import Page, PageQuery
from actitud_api.resources.editions.schemas import EditionPath
from actitud_api.resources.editions.service import State as EditionState
from actitud_api.resources.organisations import schemas as organisations
from actitud_api.resources.reviews.replies.schemas import ScoreReview, build_score_review
from actitud_api.resources.scores import service
from actitud_api.resources.scores.service import (
    EditionChange,
    EditionScore,
    HistoryEntry,
    RankingRow,
    RankingSort,
    ScoreFilters,
)
from actitud_api.resources.scores.summaries import ScoreSummary

MAX_ORGANISATIONS: Final = 100
"""Maximum number of organisations that a query may name."""
SORTS: Final[Mapping[str, RankingSort]] = {
    f"{'-' if descending else ''}{key}": RankingSort(key, descending)
    for key in service.SORT_KEYS
    for descending in (False, True)
}
"""The orders of a ranking by the text of the query parameter `sort`; a leading `-` sorts in descending order."""

_ID = "[A-Za-z0-9._:-]+"
OfOrganisations = Annotated[
    str,
    Meta(
        pattern=f"^{_ID}(,{_ID}){{0,{MAX_ORGANISATIONS - 1}}}$",
        description=f"Only these organisations, up to {MAX_ORGANISATIONS} ids or aliases with commas between; "
        "an organisation without a score has no row.",
        examples=["XX-DEMO-00001,XX-DEMO-00002"],
    ),
]

OfLevel = Annotated[int, Meta(ge=1, le=5, description="Only this level.")]
OfStatus = Annotated[Status, Meta(description="Only this status.")]
SortedBy = Annotated[
    str,
    Meta(
        description="The order: `rank` (by level, then by index, best first), `organisation`, `organisation_name` "
        "without accents, `population`, `index_max`, `coverage` or a dimension; a leading `-` reverses it. Equal "
        "values are ordered by organisation id; rows without value come last in both directions.",
        extra_json_schema={"enum": list(SORTS)},
    ),
]


class Wire(Struct, frozen=True, kw_only=True):
    """Base class of the response bodies of this package. It has no members."""


class WhatIf(Wire, frozen=True):
    """The score with the supposed facts, and its difference from the score of the facts as sent."""

    score: NarratedScore
    difference: NarratedDifference


class ScoreAnswer(NarratedScore, frozen=True, kw_only=True):
    """The explained score of the sent facts; it has `what_if` only if the request supposes other facts."""

    what_if: WhatIf | UnsetType = UNSET


class ScoreBatchAnswer(Wire, frozen=True):
    """The scores of many facts, in the order in which they were sent; none has an explanation."""

    items: tuple[ScoreAnswer, ...]


class Sheet(NarratedScore, frozen=True, kw_only=True):
    """The explained score of an organisation in an edition, in the form of `POST /v1/scores`, with rank and review.

    `rank` is 1 for the best, by level and then by index; equal ones share a rank, and the ranks after them are skipped.
    It is null if the organisation is not ranked, or asks before publication. `simulated`: the answers are invented. The
    score of a published edition is read from its document and never computed again.
    """

    edition: str
    organisation: str
    organisation_name: str
    rank: int | None
    simulated: bool
    document: Annotated[
        str | None,
        Meta(description="Digest of the published document, for `published.get`; null before publication."),
    ]
    review: Annotated[
        ScoreReview,
        Meta(description="Verdicts on the answers and replies of the organisation."),
    ]


class PathAnswer(NarratedPath, frozen=True):
    """The path of an organisation from its level to the next one, `target`, which is null if there is no next level.

    `moves` are improvements in the order in which they can be made; together they meet every condition of the next
    level, except the conditions in `unreachable`. `moves` is null if no improvement helps or the profile has to change
    first. `index_after` and `level_after` are the index and level after all of `moves`.
    """

    edition: str
    organisation: str
    organisation_name: str
    simulated: bool


class ChangesAnswer(NarratedChange, frozen=True):
    """The change of an organisation from the earlier edition, `edition_before`, to `edition`, split by cause.

    The score is computed after each stage: the new methodology, the new coverage, the new facts. `index` has the index
    at each stage, and `parts` the differences between stages, null if there is no index at some stage; `unrated` names
    these stages. `groups` has every group below the root of either version, `indicators` the indicators whose score
    differs between stages. `version_effects` has the answers that the later version dropped and the indicators that it
    added. A level is null if there is none.
    """

    edition_before: str
    edition: str
    organisation: str
    organisation_name: str
    simulated: bool


class ScoreRow(Wire, frozen=True):
    """A row of the ranking of an edition.

    `rank` is by level and then by index, null if the organisation is not ranked, or asks before publication.
    `index_max` is the index with every unknown indicator at its best. `dimensions` are points by id. A figure that the
    score lacks is null, and so is an unknown member of the organisation.
    """

    edition: str
    rank: int | None
    organisation: str
    organisation_name: str
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
    """A page of the ranking of an edition."""


class PastScore(Wire, frozen=True):
    """The score of an organisation in one of its editions.

    If the request names another methodology version than that of the edition, `version_effects` has the answers that
    this version does not ask for and the indicators that it adds, and `rank` is null. Else `version_effects` is null. A
    figure that the score lacks is null.
    """

    edition: str
    edition_title: Annotated[str, Meta(description="The name, in the language of the response if there is one.")]
    state: Annotated[EditionState, Meta(description="The state of the edition.")]
    period_to: Annotated[date, Meta(description="The reference date.")]
    rank: int | None
    index: Points | None
    index_max: Points | None
    coverage: Coverage | None
    status: Status
    level: int | None
    dimensions: dict[str, Points | None]
    methodology: str
    simulated: bool
    version_effects: NarratedVersionEffects | None


class PastScorePage(Page[PastScore], frozen=True):
    """A page of the scores of an organisation by edition."""


class Spread(Wire, frozen=True):
    """Five-number summary of points, or of coverages from 0 to 1.

    Quartiles are interpolated as in type 7 of Hyndman and Fan, and rounded half up.
    """

    min: Points
    q1: Points
    median: Points
    q3: Points
    max: Points


class Tenth(Wire, frozen=True):
    """The number of organisations with an index from `from` to under `to` points; the last tenth includes 100."""

    start: Annotated[int, Meta(ge=0, le=90)] = field(name="from")
    end: Annotated[int, Meta(ge=10, le=100)] = field(name="to")
    organisations: Annotated[int, Meta(ge=0)]


class LevelCount(Wire, frozen=True):
    """The number of organisations at a level, or without a level if `level` is null."""

    level: Annotated[int, Meta(ge=1, le=5)] | None
    organisations: Annotated[int, Meta(ge=0)]


class StatusCount(Wire, frozen=True):
    """The number of organisations that have a status."""

    status: Status
    organisations: Annotated[int, Meta(ge=0)]


class SummaryAnswer(Wire, frozen=True):
    """A summary of the organisations of an edition that match the filters.

    `index`, `distribution` and `dimensions` cover only the ranked organisations. A figure that no organisation has is
    null.
    """

    edition: str
    organisations: Annotated[int, Meta(ge=0, description="Number of organisations with an assessment.")]
    ranked: Annotated[int, Meta(ge=0, description="Number of ranked organisations.")]
    levels: Annotated[tuple[LevelCount, ...], Meta(description="Every level, then the organisations without one.")]
    statuses: Annotated[tuple[StatusCount, ...], Meta(description="Every status.")]
    index: Spread | None
    distribution: Annotated[tuple[Tenth, ...], Meta(description="Ranked organisations by tenth of the index.")]
    dimensions: dict[str, Spread | None]
    coverage: Spread | None
    methodology: str
    simulated: bool


class RankingQuery(organisations.TerritoryQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The query parameters of the ranking of an edition."""

    q: organisations.OfWords | None = None
    level: OfLevel | None = None
    status: OfStatus | None = None
    organisation: OfOrganisations | None = None
    sort: SortedBy = "rank"


class ScoreQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The query parameters of a request that scores facts."""

    explain: Annotated[
        bool,
        Meta(
            description="With `false` the explanation is left out: no main reasons, no indicators, and null "
            "points of the dimensions. Several times faster and smaller."
        ),
    ] = True


class SummaryQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The query parameters of the summary of an edition."""

    kind: organisations.OfKind | None = None
    region: organisations.OfRegion | None = None
    province: organisations.OfProvince | None = None
    band: organisations.OfBand | None = None
    parent: organisations.OfParent | None = None


class ChangesQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The query parameters of the change of an organisation between two editions."""

    since: Annotated[
        str,
        Meta(
            pattern="^[A-Za-z0-9-]{1,40}$",
            description="The earlier edition: its id, or `latest` for the newest published one.",
            examples=["2026-demo"],
        ),
    ] = field(name="from")


class PastQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The query parameters of the scores of an organisation by edition."""

    methodology: (
        Annotated[
            str,
            Meta(
                description="Methodology version to score every edition under; by default that of each edition.",
                extra_json_schema={"enum": list(list_versions())},
            ),
        ]
        | None
    ) = None


class SheetPath(EditionPath, frozen=True):
    """The path parameters of the score of an organisation in an edition."""

    organisation: Annotated[str, Meta(description="Id of the organisation.", examples=["XX-DEMO-00001"])]


def build_score_answer(
    score: Score, supposed: tuple[Score, ScoreDifference] | None, methodology: Methodology, language: Language
) -> ScoreAnswer:
    """Build the response to a request that scores facts.

    `supposed` is the score with the supposed facts and its difference from `score`; None if the request supposes
    nothing.
    """
    what_if: WhatIf | UnsetType = UNSET
    if supposed is not None:
        after, differs = supposed
        what_if = WhatIf(
            score=narrate(after, methodology, language), difference=narrate_difference(differs, methodology, language)
        )
    return ScoreAnswer(**structs.asdict(narrate(score, methodology, language)), what_if=what_if)


def build_sheet(score: NarratedScore, edition_score: EditionScore) -> Sheet:
    """Build the response about the score of an organisation in an edition.

    `score` is the score in words; `edition_score` has the organisation, the rank and the review.
    """
    return Sheet(
        **structs.asdict(score),
        edition=edition_score.edition,
        organisation=edition_score.organisation,
        organisation_name=edition_score.name,
        rank=edition_score.rank,
        simulated=edition_score.simulated,
        document=edition_score.document,
        review=None
        if edition_score.review is None
        else build_score_review(edition_score.review, edition_score.replied),
    )


def build_path_answer(
    path: LevelPath, edition_score: EditionScore, methodology: Methodology, language: Language
) -> PathAnswer:
    """Build the response about the path of an organisation to the next level, with its sentences in `language`."""
    return PathAnswer(
        **structs.asdict(narrate_path(path, methodology, language)),
        edition=edition_score.edition,
        organisation=edition_score.organisation,
        organisation_name=edition_score.name,
        simulated=edition_score.simulated,
    )


def build_changes_answer(edition_change: EditionChange, language: Language) -> ChangesAnswer:
    """Build the response about the change of an organisation between two editions, with its sentences in `language`."""
    before, after = (
        load_methodology(edition_change.before.methodology),
        load_methodology(edition_change.after.methodology),
    )
    return ChangesAnswer(
        **structs.asdict(narrate_change(edition_change.change, before, after, language)),
        edition_before=edition_change.before.edition,
        edition=edition_change.after.edition,
        organisation=edition_change.after.organisation,
        organisation_name=edition_change.after.name,
        simulated=edition_change.after.simulated,
    )


def build_score_row(row: RankingRow) -> ScoreRow:
    """Build a row of a ranking, with figures in points."""
    document = load_methodology(row.methodology).document
    return copy_members(
        row,
        ScoreRow,
        organisation_name=row.name,
        index=to_points(row.index_value, document.decimals),
        index_max=to_points(row.index_max, document.decimals),
        coverage=to_points(row.coverage, COVERAGE_DECIMALS),
        dimensions=_map_dimensions(document, row.dimensions),
    )


def build_past_score(entry: HistoryEntry, language: Language) -> PastScore:
    """Build the response about the score of an organisation in one of its editions, with figures in points."""
    row = entry.past
    document = load_methodology(row.methodology).document
    return copy_members(
        row,
        PastScore,
        edition_title=nearest(row.titles, language),
        index=to_points(row.index_value, document.decimals),
        index_max=to_points(row.index_max, document.decimals),
        coverage=to_points(row.coverage, COVERAGE_DECIMALS),
        dimensions=_map_dimensions(document, row.dimensions),
        version_effects=None
        if entry.version_effects is None
        else narrate_version_effects(
            entry.version_effects, load_methodology(entry.stated_under), load_methodology(row.methodology), language
        ),
    )


def build_summary_answer(summary: ScoreSummary) -> SummaryAnswer:
    """Build the response that summarises the scores of an edition, with figures in points."""
    document = load_methodology(summary.edition.methodology).document
    decimals = document.decimals
    numbers = [*(level.number for level in document.levels), None]
    return SummaryAnswer(
        edition=summary.edition.id,
        organisations=summary.organisations,
        ranked=summary.ranked,
        levels=tuple(LevelCount(level=number, organisations=summary.levels.get(number, 0)) for number in numbers),
        statuses=tuple(
            StatusCount(status=status, organisations=summary.statuses.get(status, 0)) for status in get_args(Status)
        ),
        index=build_spread(summary.index, decimals),
        distribution=tuple(
            Tenth(start=10 * number, end=10 * number + 10, organisations=count)
            for number, count in enumerate(summary.tenths)
        ),
        dimensions={
            child.id: build_spread(spread, decimals)
            for child, spread in zip(document.root.children, summary.dimensions, strict=True)
        },
        coverage=build_spread(summary.coverage, COVERAGE_DECIMALS),
        methodology=summary.edition.methodology,
        simulated=summary.edition.simulated,
    )


def build_filters(query: Struct) -> ScoreFilters:
    """Convert query parameters of a ranking to filters; `query` may be any struct that has some of these parameters."""
    named: str | None = getattr(query, "organisation", None)
    ids = None if named is None else tuple(named.split(","))
    return organisations.build_filters(query, ScoreFilters, organisations=ids)


def parse_sort(query: RankingQuery) -> RankingSort:
    """Return the order that the query parameter `sort` names, which has been validated; its default is `rank`."""
    return SORTS[query.sort]


def build_spread(summary: FiveNumberSummary | None, decimals: int) -> Spread | None:
    """Convert a five-number summary (minimum, quartiles, maximum) from units of 10^-decimals to points.

    Return None if `summary` is None.
    """
    if summary is None:
        return None
    figures = (to_figure(Fraction(units, int(10**decimals))) for units in structs.astuple(summary))
    return Spread(**dict(zip(("min", "q1", "median", "q3", "max"), figures, strict=True)))


def _map_dimensions(document: Document, units: tuple[int | None, ...]) -> dict[str, Figure | None]:
    decimals = document.decimals
    return {child.id: to_points(score, decimals) for child, score in zip(document.root.children, units, strict=True)}


@lru_cache(maxsize=2**15)
def to_points(units: int | None, decimals: int) -> Figure | None:
    """Convert an integer in units of 10^-decimals to points: 5734 with 2 decimals → 57.34. None stays None.

    The results are cached, because there are few distinct values and each occurs many times.
    """
    return None if units is None else to_figure(Fraction(units, int(10**decimals)))
