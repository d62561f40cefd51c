"""Use cases over the regions and provinces of a published edition (SCORING, section 8)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from fractions import Fraction

from msgspec import Struct

from actitud_api.engine.methodology.predicates import round_half_up
from actitud_api.engine.scoring.ranking import summarise
from actitud_api.platform.storage.database import Database
from actitud_api.resources.editions import service as editions
from actitud_api.resources.organisations.territories import TERRITORIES, Territory
from actitud_api.resources.scores import queries
from actitud_api.resources.scores.queries import LocatedScore, RankingRow, RankingSort, ScoreFilters
from actitud_api.resources.scores.service import BEST_FIRST, FiveNumberSummary, ScoreSummary, summarize_columns

SHOWN = 10
"""How many of the best, and of the lowest, are shown of a territory."""


class UnknownTerritory(LookupError):
    """There is no territory of that id in which an organisation of that edition is."""


class Figures(Struct, frozen=True, kw_only=True):
    """What the organisations of a territory come to.

    `ranked`: those that rank, and only these are in `index`; `levels` counts all. `territory`: None for the edition.
    """

    territory: Territory | None
    organisations: int
    ranked: int
    index: FiveNumberSummary | None
    levels: dict[int | None, int]


class Territories(Struct, frozen=True):
    """The territories of an edition in which its organisations are, regions before provinces; and the whole of it."""

    edition: editions.EditionRecord
    whole: Figures
    territories: tuple[Figures, ...]


class Means(Struct, frozen=True):
    """The mean index of those that rank, in units, half up.

    `plain`: each counts the same; `weighted`: each as many times as it has inhabitants, Σ p·s / Σ p, over the
    `organisations` whose population is known, with `population` inhabitants. None where nobody is to be counted.
    """

    plain: int | None
    weighted: int | None
    organisations: int
    population: int


class Sheet(Struct, frozen=True, kw_only=True):
    """A territory of an edition beside the whole of it.

    `best` and `lowest` of those that rank, `SHOWN` of each at most, and none that is among both. `within`: the
    provinces of a region that has several.
    """

    edition: editions.EditionRecord
    territory: Territory
    summary: ScoreSummary
    whole: ScoreSummary
    means: Means
    best: tuple[RankingRow, ...]
    lowest: tuple[RankingRow, ...]
    within: tuple[Figures, ...]


def list_territories(database: Database, edition: str) -> Territories:
    """What there is in each territory of a published edition; raises `UnknownEdition`."""
    with database.read() as session:
        found = editions.find_published(session, edition)
        placed = queries.list_located(session, found.id, ScoreFilters())
    return Territories(found, _figures(None, placed), tuple(_by_territory(placed)))


def get_territory(database: Database, edition: str, territory: str) -> Sheet:
    """What a territory of a published edition comes to; raises `UnknownEdition` and `UnknownTerritory`."""
    known = TERRITORIES.get(territory)
    seen = queries.Visibility(everything=True)
    with database.read() as session:
        found = editions.find_published(session, edition)
        if known is None:
            raise UnknownTerritory(territory)
        filters = build_territory_filters(known)
        placed = queries.list_located(session, found.id, filters)
        if not placed:
            raise UnknownTerritory(territory)

        def rows(sort: RankingSort, limit: int) -> list[RankingRow]:
            wanted = ScoreFilters(region=filters.region, province=filters.province, ranked=True)
            return queries.list_page(session, found.id, wanted, seen, sort=sort, after=None, offset=0, limit=limit)

        ranked = sum(one.index is not None for one in placed)
        best = rows(BEST_FIRST, SHOWN)
        lowest = (
            rows(RankingSort("rank", descending=True), min(SHOWN, ranked - len(best))) if ranked > len(best) else []
        )
        return Sheet(
            edition=found,
            territory=known,
            summary=summarize_columns(found, queries.load_columns(session, found.id, filters, seen)),
            whole=summarize_columns(found, queries.load_columns(session, found.id, ScoreFilters(), seen)),
            means=means(placed),
            best=tuple(best),
            lowest=tuple(lowest),
            within=_provinces(placed) if known.level == "region" else (),
        )


def build_territory_filters(territory: Territory) -> ScoreFilters:
    """Which rows of an edition are those of a territory."""
    if territory.level == "region":
        return ScoreFilters(region=territory.code)
    return ScoreFilters(province=territory.code)


def means(placed: Iterable[LocatedScore]) -> Means:
    """The mean index of those that rank, each counting the same and as many times as it has inhabitants."""
    indices = [(one.index, one.population) for one in placed if one.index is not None]
    peopled = [(index, population) for index, population in indices if population]
    population = sum(population for _, population in peopled)
    return Means(
        plain=_mean(sum(index for index, _ in indices), len(indices)),
        weighted=_mean(sum(index * population for index, population in peopled), population),
        organisations=len(peopled),
        population=population,
    )


def _mean(total: int, count: int) -> int | None:
    return round_half_up(Fraction(total, count)) if count else None


def _by_territory(placed: Sequence[LocatedScore]) -> list[Figures]:
    members: dict[str, list[LocatedScore]] = {}
    for one in placed:
        for level, code in (("region", one.region), ("province", one.province)):
            if code is not None:
                members.setdefault(f"{level}-{code}", []).append(one)
    return [_figures(TERRITORIES[key], members[key]) for key in TERRITORIES if key in members]


def _provinces(placed: Sequence[LocatedScore]) -> tuple[Figures, ...]:
    found = [one for one in _by_territory(placed) if one.territory is not None and one.territory.level == "province"]
    return tuple(found) if len(found) > 1 else ()


def _figures(territory: Territory | None, placed: Sequence[LocatedScore]) -> Figures:
    indices = [one.index for one in placed if one.index is not None]
    return Figures(
        territory=territory,
        organisations=len(placed),
        ranked=len(indices),
        index=summarise(indices),
        levels=Counter(one.level for one in placed),
    )
