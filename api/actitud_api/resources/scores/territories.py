"""Use cases over the regions and provinces of a published edition (SCORING, section 8)."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from msgspec import Struct

from actitud_api.engine.methodology.predicates import round_half_up
from actitud_api.engine.scoring.ranking import LEVEL_POINTS, FiveNumberSummary, summarise
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.pages import PageRange
from actitud_api.resources.editions import service as editions
from actitud_api.resources.organisations.territories import TERRITORIES, Territory
from actitud_api.resources.scores import queries
from actitud_api.resources.scores.computed import ComputationCache
from actitud_api.resources.scores.edition_views import build_view
from actitud_api.resources.scores.queries import LocatedScore, RankingRow, RankingSort, ScoreCursorKey, ScoreFilters
from actitud_api.resources.scores.service import BEST_FIRST, find_source
from actitud_api.resources.scores.summaries import ScoreSummary, load_summary

SHOWN = 10
"""Maximum number of organisations in each of two lists of a territory: the best and the lowest."""


class UnknownTerritory(LookupError):
    """There is no territory with this id, or no organisation of the edition is in it. Raised by `get_territory`."""


class TerritoryFigures(Struct, frozen=True, kw_only=True):
    """The figures of the organisations of a territory.

    Attributes:
        territory: The territory, None for the whole edition.
        organisations: Number of all organisations.
        ranked: Number of the ranked organisations.
        index: Summary of the index of the ranked organisations, None if there are none.
        levels: Number of all organisations by level, where None is no level.
    """

    territory: Territory | None
    organisations: int
    ranked: int
    index: FiveNumberSummary | None
    levels: dict[int | None, int]


class EditionTerritories(Struct, frozen=True):
    """The territories that have organisations in an edition, regions before provinces.

    `whole` has the figures of the whole edition.
    """

    edition: editions.EditionRecord
    whole: TerritoryFigures
    territories: tuple[TerritoryFigures, ...]


class TerritoryMeans(Struct, frozen=True):
    """The mean index of the ranked organisations of a territory, not weighted and weighted by population.

    In the mean `plain` each organisation counts the same. In the mean `weighted` it counts in proportion to its
    inhabitants: Σ p·s / Σ p, with p the inhabitants and s the index of each organisation with a known population.
    `organisations` is the number of these organisations, and `population` is Σ p. Means are in units of
    10^-decimals (with 2 decimals, 5734 means 57.34 points), rounded half up. A mean is None if it has no
    organisation to count.
    """

    plain: int | None
    weighted: int | None
    organisations: int
    population: int


class TerritoryProfile(Struct, frozen=True, kw_only=True):
    """The figures of a territory in an edition, with the figures of the whole edition for comparison.

    Attributes:
        edition: The edition.
        territory: The territory.
        summary: Summary of the scores of the territory.
        whole: Summary of the scores of the whole edition.
        means: Mean index of the territory.
        best, lowest: The best and the lowest ranked organisations, at most `SHOWN` each; no organisation is in both.
            The ranks in the rows are ranks in the whole edition.
        ranks: Ranks of these organisations in the territory, by organisation id.
        within: Figures of each province of a region; empty for a province, and for a region that has only one province.
    """

    edition: editions.EditionRecord
    territory: Territory
    summary: ScoreSummary
    whole: ScoreSummary
    means: TerritoryMeans
    best: tuple[RankingRow, ...]
    lowest: tuple[RankingRow, ...]
    ranks: Mapping[str, int]
    within: tuple[TerritoryFigures, ...]


def list_territories(database: Database, edition: str) -> EditionTerritories:
    """Return the figures of each region and province in a published edition, and of the whole edition.

    Raises:
        UnknownEdition: No published edition has that id.
    """
    with database.read() as session:
        record = editions.find_published(session, edition)
        located = queries.list_located(session, find_source(session, record), ScoreFilters())
    return EditionTerritories(record, _summarise_territory(None, located), tuple(_group_by_territory(located)))


def get_territory(database: Database, computed: ComputationCache, edition: str, territory: str) -> TerritoryProfile:
    """Return the profile of a territory of a published edition.

    `computed` is the cache of computations.

    Raises:
        UnknownEdition: No published edition has that id.
        UnknownTerritory: There is no territory with that id, or no organisation of the edition is in it.
    """
    definition = TERRITORIES.get(territory)
    with database.read() as session:
        record = editions.find_published(session, edition)
        if definition is None:
            raise UnknownTerritory(territory)
        view = build_view(session, record, None)
        source = view.source
        filters = build_territory_filters(definition)
        located = queries.list_located(session, source, filters)
        if not located:
            raise UnknownTerritory(territory)

        def rows(sort: RankingSort, limit: int) -> list[RankingRow]:
            ranked_filters = ScoreFilters(region=filters.region, province=filters.province, ranked=True)
            page = PageRange[ScoreCursorKey](limit=limit)
            return queries.list_page(session, source, ranked_filters, view.visibility, page, sort=sort)

        ranked = sum(score.index is not None for score in located)
        best = rows(BEST_FIRST, SHOWN)
        # Limited by the ranked rest: no organisation is shown among both the best and the lowest.
        lowest = (
            rows(RankingSort("rank", descending=True), min(SHOWN, ranked - len(best))) if ranked > len(best) else []
        )
        return TerritoryProfile(
            edition=record,
            territory=definition,
            summary=load_summary(session, computed, view, filters),
            whole=load_summary(session, computed, view, ScoreFilters()),
            means=compute_territory_means(located),
            best=tuple(best),
            lowest=tuple(lowest),
            ranks=_rank_in_territory([*best, *lowest], located),
            within=_list_provinces(located) if definition.level == "region" else (),
        )


def _rank_in_territory(rows: Iterable[RankingRow], located: Iterable[LocatedScore]) -> dict[str, int]:
    """Return the ranks of ranked organisations within their territory; equal ones share the best rank."""
    ascending = sorted(LEVEL_POINTS * (score.level or 0) + score.index for score in located if score.index is not None)
    return {row.organisation: len(ascending) - bisect_right(ascending, row.rank_points) + 1 for row in rows}


def build_territory_filters(territory: Territory) -> ScoreFilters:
    """Return the filters that select the organisations of a territory."""
    if territory.level == "region":
        return ScoreFilters(region=territory.code)
    return ScoreFilters(province=territory.code)


def compute_territory_means(located: Iterable[LocatedScore]) -> TerritoryMeans:
    """Compute the plain and the population-weighted mean index of the ranked organisations.

    Organisations in `located` that are not ranked are ignored.
    """
    indices = [(score.index, score.population) for score in located if score.index is not None]
    populated = [(index, population) for index, population in indices if population]
    population = sum(population for _, population in populated)
    return TerritoryMeans(
        plain=_compute_mean(sum(index for index, _ in indices), len(indices)),
        weighted=_compute_mean(sum(index * population for index, population in populated), population),
        organisations=len(populated),
        population=population,
    )


def _compute_mean(total: int, count: int) -> int | None:
    return round_half_up(Fraction(total, count)) if count else None


def _group_by_territory(located: Sequence[LocatedScore]) -> list[TerritoryFigures]:
    members: dict[str, list[LocatedScore]] = {}
    for score in located:
        for level, code in (("region", score.region), ("province", score.province)):
            if code is not None:
                members.setdefault(f"{level}-{code}", []).append(score)
    return [_summarise_territory(TERRITORIES[key], members[key]) for key in TERRITORIES if key in members]


def _list_provinces(located: Sequence[LocatedScore]) -> tuple[TerritoryFigures, ...]:
    provinces = [
        figures
        for figures in _group_by_territory(located)
        if figures.territory is not None and figures.territory.level == "province"
    ]
    return tuple(provinces) if len(provinces) > 1 else ()


def _summarise_territory(territory: Territory | None, located: Sequence[LocatedScore]) -> TerritoryFigures:
    indices = [score.index for score in located if score.index is not None]
    return TerritoryFigures(
        territory=territory,
        organisations=len(located),
        ranked=len(indices),
        index=summarise(indices),
        levels=Counter(score.level for score in located),
    )
