"""All SQL over the scores of editions, which stand in their assessments.

Of a published edition only what is final is there: that is what was published. Anything else in it stays as it is and
shows nowhere.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, Final, Literal, TypeAlias, get_args

from msgspec import Struct
from sqlalchemy import ColumnElement, Text, and_, bindparam, case, cast, false, func, or_, select, true, tuple_
from sqlmodel import Session

from actitud_api.engine.scoring.evaluate import Status
from actitud_api.engine.scoring.ranking import UNRANKED
from actitud_api.platform.storage.base import Base
from actitud_api.resources.assessments.tables import DIMENSIONS, Assessment
from actitud_api.resources.editions.service import State
from actitud_api.resources.editions.tables import EditionTable
from actitud_api.resources.organisations import service as organisations
from actitud_api.resources.organisations.tables import OrganisationTable

ASSESSMENTS = Base.metadata.tables[str(Assessment.__tablename__)]
EDITIONS = Base.metadata.tables[str(EditionTable.__tablename__)]
ORGANISATIONS = Base.metadata.tables[str(OrganisationTable.__tablename__)]

DimensionKey = Literal["D1", "D2", "D3", "D4", "D5", "D6", "D7", "D8", "D9", "D10"]
DIMENSION_KEYS: Final[tuple[DimensionKey, ...]] = get_args(DimensionKey)

SortKey = Literal["rank", "organisation", "name", "population", "index_max", "coverage"] | DimensionKey
"""What a list can be sorted by; the dimensions by their place in the methodology."""
SORT_KEYS: Final[tuple[SortKey, ...]] = (
    "rank",
    "organisation",
    "name",
    "population",
    "index_max",
    "coverage",
    *DIMENSION_KEYS,
)

ScoreCursorKey: TypeAlias = tuple[int | str | None, str]
"""A place in a sorted list: what it is sorted by (None comes last), and the organisation, which decides ties."""


class RankingSort(Struct, frozen=True):
    """An order of the rows; ranks count from the best, so that descending begins with the worst."""

    key: SortKey = "rank"
    descending: bool = False


class ScoreFilters(organisations.OrganisationFilters, frozen=True, kw_only=True):
    """Which rows of an edition, besides what is said of organisations; None does not filter.

    `organisations`: only these, by id or alias. `kinds`: only of one of these. `ranked`: only those that rank. `rated`:
    only where that dimension is rated.
    """

    level: int | None = None
    status: Status | None = None
    organisations: tuple[str, ...] | None = None
    kinds: tuple[str, ...] | None = None
    ranked: bool = False
    rated: DimensionKey | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The same in SQL."""
        table = ASSESSMENTS.c
        found = super().build_conditions()
        if self.level is not None:
            found.append(table.level == self.level)
        if self.status is not None:
            found.append(table.status == self.status)
        if self.organisations is not None:
            found.append(organisations.match_identifiers(table.organisation, self.organisations))
        if self.kinds is not None:
            found.append(ORGANISATIONS.c.kind.in_(self.kinds))
        if self.ranked:
            found.append(_RANKED)
        if self.rated is not None:
            found.append(_SORTED[self.rated].is_not(None))
        return found


class Visibility(Struct, frozen=True):
    """Which rows of what is not published somebody may see: all, or those of some organisations."""

    everything: bool
    organisations: tuple[str, ...] = ()

    def condition(self) -> ColumnElement[bool]:
        """The same in SQL."""
        if self.everything:
            return true()
        return ASSESSMENTS.c.organisation.in_(self.organisations) if self.organisations else false()


class StoredFigures(Struct, frozen=True):
    """How an organisation scores in an edition, in the units of `assessments.tables.Assessment`."""

    methodology: str
    status: Status
    level: int | None
    rank_points: int
    index_value: int | None
    index_max: int | None
    coverage: int | None
    dimensions: tuple[int | None, ...]


class RankingRow(StoredFigures, frozen=True):
    """A line of the ranking of an edition; `rank` is None where it does not rank or may not be told."""

    organisation: str
    name: str
    name_order: str
    kind: str
    population: int | None
    band: str | None
    province: str | None
    region: str | None
    simulated: bool
    rank: int | None


class PastRow(StoredFigures, frozen=True):
    """How an organisation scores in one of its editions; `rank` as in `Row`."""

    edition: str
    titles: dict[str, str]
    state: State
    period_to: date
    simulated: bool
    rank: int | None


class FigureColumns(Struct, frozen=True):
    """The figures of many organisations, each at the same place of every column.

    `index` and `dimensions` have None where an organisation does not rank.
    """

    status: list[Status]
    level: list[int | None]
    coverage: list[int | None]
    index: list[int | None]
    dimensions: list[list[int | None]]


class LocatedScore(Struct, frozen=True):
    """How an organisation scores, and where it is; `index` is None where it does not rank."""

    region: str | None
    province: str | None
    population: int | None
    level: int | None
    index: int | None


class GroupCount(Struct, frozen=True):
    """How many organisations of an edition are alike in what lists are filtered by."""

    kind: str
    band: str | None
    region: str | None
    province: str | None
    organisations: int


class Competitor(Struct, frozen=True):
    """An organisation that ranks in an edition, and what it sent, as in `Sent`, in the text of its JSON."""

    organisation: str
    submission: str


class StoredEditionScore(Struct, frozen=True):
    """What one organisation sent for an edition, as `methodology.answers.Submission` in JSON, and its rank."""

    organisation: str
    name: str
    simulated: bool
    methodology: str
    submission: dict[str, object]
    rank: int | None


_FIGURES = ("methodology", "status", "level", "rank_points", "index_value", "index_max", "coverage")
_IDENTITY = ("name", "name_order", "kind", "population", "band", "province", "region", "simulated")
_COUNT = len(_FIGURES) + len(DIMENSIONS)
_COLUMNS = [ASSESSMENTS.c[name] for name in (*_FIGURES, *DIMENSIONS)]
_SORTED: Mapping[SortKey, ColumnElement[int | None] | ColumnElement[str]] = {
    "rank": func.nullif(ASSESSMENTS.c.rank_points, UNRANKED),
    "organisation": ASSESSMENTS.c.organisation,
    "name": ORGANISATIONS.c.name_order,
    "population": ORGANISATIONS.c.population,
    "index_max": ASSESSMENTS.c.index_max,
    "coverage": ASSESSMENTS.c.coverage,
    **{key: ASSESSMENTS.c[name] for key, name in zip(DIMENSION_KEYS, DIMENSIONS, strict=True)},
}

_FINAL = ASSESSMENTS.c.state == "final"
_IS_OPEN = select(EDITIONS.c.state != "published").where(EDITIONS.c.id == bindparam("edition")).scalar_subquery()
_OF_EDITION = and_(ASSESSMENTS.c.edition == bindparam("edition"), or_(_FINAL, _IS_OPEN))
_WITH_ORGANISATIONS = ASSESSMENTS.join(ORGANISATIONS, ASSESSMENTS.c.organisation == ORGANISATIONS.c.id)
_PAGE = (
    select(
        *_COLUMNS,
        ASSESSMENTS.c.organisation,
        *(ORGANISATIONS.c[name] for name in _IDENTITY),
    )
    .select_from(_WITH_ORGANISATIONS)
    .where(_OF_EDITION)
)
_RANKED = ASSESSMENTS.c.rank_points != UNRANKED
_PART = 500
_SUMMED = select(
    ASSESSMENTS.c.status,
    ASSESSMENTS.c.level,
    ASSESSMENTS.c.coverage,
    *(case((_RANKED, ASSESSMENTS.c[name])) for name in ("rank_points", *DIMENSIONS)),
).where(_OF_EDITION)
_PLACED = (
    select(
        ORGANISATIONS.c.region,
        ORGANISATIONS.c.province,
        ORGANISATIONS.c.population,
        ASSESSMENTS.c.level,
        case((_RANKED, ASSESSMENTS.c.rank_points)),
    )
    .select_from(_WITH_ORGANISATIONS)
    .where(_OF_EDITION)
)
_ONE = (
    select(
        ASSESSMENTS.c.rank_points,
        ASSESSMENTS.c.organisation,
        ORGANISATIONS.c.name,
        ORGANISATIONS.c.simulated,
        ASSESSMENTS.c.methodology,
        ASSESSMENTS.c.submission,
    )
    .select_from(_WITH_ORGANISATIONS)
    .where(_OF_EDITION, ASSESSMENTS.c.organisation == bindparam("organisation"))
)
_KINDS = (
    select(ORGANISATIONS.c.kind, ORGANISATIONS.c.band, func.count())
    .select_from(_WITH_ORGANISATIONS)
    .where(_OF_EDITION, _RANKED)
    .group_by(ORGANISATIONS.c.kind, ORGANISATIONS.c.band)
)
_GROUPED = (ORGANISATIONS.c.kind, ORGANISATIONS.c.band, ORGANISATIONS.c.region, ORGANISATIONS.c.province)
_GROUPS = select(*_GROUPED, func.count()).select_from(_WITH_ORGANISATIONS).where(_OF_EDITION).group_by(*_GROUPED)
_COUNT_OF = select(func.count()).where(_OF_EDITION)
_STATE = select(
    func.count(),
    func.coalesce(func.sum(ASSESSMENTS.c.version), 0),
    func.max(ASSESSMENTS.c.created),
    func.max(ASSESSMENTS.c.updated),
).where(_OF_EDITION)
_COMPETITORS = (
    select(ASSESSMENTS.c.organisation, cast(ASSESSMENTS.c.submission, Text))
    .where(_OF_EDITION, _RANKED)
    .order_by(ASSESSMENTS.c.rank_points.desc(), ASSESSMENTS.c.organisation)
)
_BETTER = select(func.count()).where(_OF_EDITION, ASSESSMENTS.c.rank_points > bindparam("highest"))
_BETWEEN = (
    select(ASSESSMENTS.c.rank_points, func.count())
    .where(_OF_EDITION, ASSESSMENTS.c.rank_points.between(bindparam("lowest"), bindparam("highest")))
    .group_by(ASSESSMENTS.c.rank_points)
    .order_by(ASSESSMENTS.c.rank_points.desc())
)
_OTHERS = ASSESSMENTS.alias()
_RANK_THERE = case(
    (
        _RANKED,
        select(func.count() + 1)
        .where(
            _OTHERS.c.edition == ASSESSMENTS.c.edition,
            _OTHERS.c.rank_points > ASSESSMENTS.c.rank_points,
            or_(_OTHERS.c.state == "final", EDITIONS.c.state != "published"),
        )
        .scalar_subquery(),
    )
)
_PAST = (
    select(
        *_COLUMNS,
        *(EDITIONS.c[name] for name in ("id", "titles", "state", "period_to", "simulated")),
        _RANK_THERE,
    )
    .join(EDITIONS, ASSESSMENTS.c.edition == EDITIONS.c.id)
    .where(ASSESSMENTS.c.organisation == bindparam("organisation"), or_(_FINAL, EDITIONS.c.state != "published"))
    .order_by(EDITIONS.c.period_to.desc(), EDITIONS.c.id.desc())
)

_LATER = (
    select(ASSESSMENTS.c.organisation, EDITIONS.c.id)
    .join(EDITIONS, ASSESSMENTS.c.edition == EDITIONS.c.id)
    .where(
        ASSESSMENTS.c.organisation.in_(bindparam("organisations", expanding=True)),
        EDITIONS.c.state == "published",
        _FINAL,
        tuple_(EDITIONS.c.period_to, EDITIONS.c.id) > tuple_(bindparam("period_to"), bindparam("edition")),
    )
    .order_by(EDITIONS.c.period_to, EDITIONS.c.id)
)

_SUBMISSIONS = select(ASSESSMENTS.c.edition, ASSESSMENTS.c.submission).where(
    ASSESSMENTS.c.organisation == bindparam("organisation")
)


def list_page(
    session: Session,
    edition: str,
    filters: ScoreFilters,
    seen: Visibility,
    *,
    sort: RankingSort,
    after: ScoreCursorKey | None,
    offset: int,
    limit: int,
) -> list[RankingRow]:
    """Rows of an edition in an order, ties by organisation, from the one that follows `after`."""
    column, descending = _order(sort)
    ordered = column.desc() if descending else column.asc()
    # PostgreSQL takes an index only for the order of nulls that it was made with, even where there are none.
    ordered = ordered if column is ASSESSMENTS.c.rank_points else ordered.nulls_last()
    statement = (
        _PAGE.where(*filters.conditions(), seen.condition())
        .order_by(ordered, ASSESSMENTS.c.organisation)
        .offset(offset)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(_follows(column, descending, after))
    rows = session.execute(statement, {"edition": edition}).all()
    ranks = _ranks(session, edition, {row.rank_points for row in rows}) if seen.everything else {}
    return [RankingRow(*(*_figures(row), *row[_COUNT:], ranks.get(row.rank_points))) for row in rows]


def get_cursor_key(row: RankingRow, sort: RankingSort) -> ScoreCursorKey:
    """Where a row stands in an order."""
    value: int | str | None
    match sort.key:
        case "rank":
            value = None if sort.descending and row.rank_points == UNRANKED else row.rank_points
        case "organisation":
            value = row.organisation
        case "name":
            value = row.name_order
        case "population":
            value = row.population
        case "index_max":
            value = row.index_max
        case "coverage":
            value = row.coverage
        case dimension:
            value = row.dimensions[DIMENSION_KEYS.index(dimension)]
    return value, row.organisation


def load_columns(session: Session, edition: str, filters: ScoreFilters, seen: Visibility) -> FigureColumns:
    """The figures of the organisations of an edition, in no order."""
    conditions = filters.conditions()
    statement = _SUMMED.where(*conditions, seen.condition())
    if conditions:
        statement = statement.select_from(_WITH_ORGANISATIONS)
    found: list[list[Any]] = [[] for _ in _SUMMED.selected_columns]
    # A part at a time: thousands of rows at once would set off the garbage collector over everything that lives.
    for part in session.execute(statement, {"edition": edition}).partitions(_PART):
        for column, values in zip(found, zip(*part, strict=True), strict=True):
            column.extend(values)
    status, level, coverage, index, *dimensions = found
    return FigureColumns(status, level, coverage, index, dimensions)


def list_located(session: Session, edition: str, filters: ScoreFilters) -> list[LocatedScore]:
    """Where the organisations of an edition are and how they score, in no order."""
    found: list[LocatedScore] = []
    for part in session.execute(_PLACED.where(*filters.conditions()), {"edition": edition}).partitions(_PART):
        found.extend(LocatedScore(*row) for row in part)
    return found


def count_ranked_by_kind(session: Session, edition: str) -> dict[tuple[str, str | None], int]:
    """How many organisations of each kind and size band rank in an edition."""
    return {(kind, band): count for kind, band, count in session.execute(_KINDS, {"edition": edition})}


def count_rows(session: Session, edition: str, filters: ScoreFilters, seen: Visibility) -> int:
    """How many organisations of an edition a list has."""
    conditions = filters.conditions()
    statement = _COUNT_OF.where(*conditions, seen.condition())
    if conditions:
        statement = statement.select_from(_WITH_ORGANISATIONS)
    found: int = session.execute(statement, {"edition": edition}).scalar_one()
    return found


def count_by_group(session: Session, edition: str, seen: Visibility) -> list[GroupCount]:
    """How many organisations of an edition there are of each kind, size band, region and province together."""
    return [GroupCount(*row) for row in session.execute(_GROUPS.where(seen.condition()), {"edition": edition})]


def get_state_key(session: Session, edition: str) -> tuple[int, int, str, str]:
    """What changes with any assessment of an edition: how many, how often written, when the last was made, written."""
    count, writes, created, updated = session.execute(_STATE, {"edition": edition}).one()
    return count, int(writes), str(created), str(updated)


def list_competitors(session: Session, edition: str, seen: Visibility) -> list[Competitor]:
    """The organisations that rank in an edition, the best first, ties by organisation."""
    found: list[Competitor] = []
    for part in session.execute(_COMPETITORS.where(seen.condition()), {"edition": edition}).partitions(_PART):
        found.extend(Competitor(*row) for row in part)
    return found


def get(session: Session, edition: str, organisation: str, *, ranked: bool) -> StoredEditionScore | None:
    """What that organisation sent for that edition, with its rank there where it is wanted."""
    row = session.execute(_ONE, {"edition": edition, "organisation": organisation}).one_or_none()
    if row is None:
        return None
    ranks = _ranks(session, edition, {row.rank_points}) if ranked else {}
    return StoredEditionScore(*(*row[1:], ranks.get(row.rank_points)))


def list_past(
    session: Session,
    organisation: str,
    *,
    drafts: Collection[str] | None,
    after: tuple[date, str] | None,
    offset: int,
    limit: int,
) -> list[PastRow]:
    """How an organisation scores in its editions, the newest first, from the one that follows `after`.

    `drafts`: of what is not published only that in these editions; None is all of it.
    """
    statement = _PAST.offset(offset).limit(limit)
    if drafts is not None:
        statement = statement.where(or_(EDITIONS.c.state == "published", EDITIONS.c.id.in_(drafts)))
    if after is not None:
        statement = statement.where(tuple_(EDITIONS.c.period_to, EDITIONS.c.id) < after)
    rows = session.execute(statement, {"organisation": organisation})
    return [PastRow(*_figures(row), *row[_COUNT:]) for row in rows]


def find_later_editions(
    session: Session, edition: str, period_to: date, organisations: Sequence[str]
) -> dict[str, str]:
    """The newest published edition after one, by each of these organisations that such an edition scores."""
    bounds = {"edition": edition, "period_to": period_to, "organisations": organisations}
    # Newer ones come later, and so take the place of older ones.
    return {organisation: found for organisation, found in session.execute(_LATER, bounds)}  # noqa: C416  # typed pairs


def get_submissions(session: Session, organisation: str, editions: Collection[str]) -> dict[str, dict[str, object]]:
    """What that organisation sent for those editions, as `methodology.answers.Submission` in JSON."""
    if not editions:
        return {}
    rows = session.execute(_SUBMISSIONS.where(ASSESSMENTS.c.edition.in_(editions)), {"organisation": organisation})
    return {row.edition: row.submission for row in rows}


def _order(sort: RankingSort) -> tuple[ColumnElement[int | None] | ColumnElement[str], bool]:
    """The column of an order, and whether it descends."""
    if sort == RankingSort("rank"):
        # The best rank has the most points. Those of who does not rank are below all others: an index has this order.
        return ASSESSMENTS.c.rank_points, True
    if sort.key == "rank":
        return _SORTED["rank"], False
    return _SORTED[sort.key], sort.descending


def _follows(
    column: ColumnElement[int | None] | ColumnElement[str], descending: bool, after: ScoreCursorKey
) -> ColumnElement[bool]:
    """Whether a row comes after a place."""
    value, organisation = after
    tied = ASSESSMENTS.c.organisation > organisation
    if value is None:
        return and_(column.is_(None), tied)
    further = column < value if descending else column > value
    return or_(further, column.is_(None), and_(column == value, tied))


def _ranks(session: Session, edition: str, points: Collection[int]) -> dict[int, int]:
    """The ranks in a whole edition of who has these points: ties share the best, and the next is skipped."""
    ranked = [found for found in points if found != UNRANKED]
    if not ranked:
        return {}
    bounds = {"edition": edition, "lowest": min(ranked), "highest": max(ranked)}
    better: int = session.execute(_BETTER, bounds).scalar_one()
    ranks: dict[int, int] = {}
    for found, count in session.execute(_BETWEEN, bounds):
        ranks[found] = better + 1
        better += count
    return ranks


def _figures(row: Sequence[Any]) -> tuple[Any, ...]:
    """The members of `Figures` at the start of a row."""
    return (*row[: len(_FIGURES)], tuple(row[len(_FIGURES) : _COUNT]))
