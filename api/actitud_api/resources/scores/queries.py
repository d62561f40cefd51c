"""All SQL over the scores of editions, which are columns of their assessments.

Of a published edition only final assessments are selected: the others were not published and are never shown.
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
from actitud_api.platform.storage.pages import TakeTotal, execute_page
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

SortKey = Literal["rank", "organisation", "organisation_name", "population", "index_max", "coverage"] | DimensionKey
"""Keys by which a ranking can be sorted; `D1` to `D10` are the scores in the dimensions, in methodology order."""
SORT_KEYS: Final[tuple[SortKey, ...]] = (
    "rank",
    "organisation",
    "organisation_name",
    "population",
    "index_max",
    "coverage",
    *DIMENSION_KEYS,
)

ScoreCursorKey: TypeAlias = tuple[int | str | None, str]
"""Position of a row in a sorted list: the value of its sort key, and its organisation, which decides ties.

The value is None for a row that lacks it; such rows are at the end of the list.
"""


class RankingSort(Struct, frozen=True):
    """An order of the rows of a ranking.

    The order by rank begins with the best row; with `descending` it begins with the worst.
    """

    key: SortKey = "rank"
    descending: bool = False


class ScoreFilters(organisations.OrganisationFilters, frozen=True, kw_only=True):
    """Filters of the rows of an edition: those on the organisation, and further ones on its score.

    None does not filter. `level` and `status` select rows with that level or status. `organisations` selects these
    ids or aliases, `kinds` these kinds, `ranked` only ranked rows, and `rated` only rows with a score in the
    dimension that it names.
    """

    level: int | None = None
    status: Status | None = None
    organisations: tuple[str, ...] | None = None
    kinds: tuple[str, ...] | None = None
    ranked: bool = False
    rated: DimensionKey | None = None

    def build_conditions(self) -> list[ColumnElement[bool]]:
        """Return an SQL condition for each filter that is set."""
        table = ASSESSMENTS.c
        conditions = super().build_conditions()
        if self.level is not None:
            conditions.append(table.level == self.level)
        if self.status is not None:
            conditions.append(table.status == self.status)
        if self.organisations is not None:
            conditions.append(organisations.match_identifiers(table.organisation, self.organisations))
        if self.kinds is not None:
            conditions.append(ORGANISATIONS.c.kind.in_(self.kinds))
        if self.ranked:
            conditions.append(_IS_RANKED)
        if self.rated is not None:
            conditions.append(_SORT_COLUMNS[self.rated].is_not(None))
        return conditions


class Visibility(Struct, frozen=True):
    """The rows of an edition that a principal may see: all if `everything`, else only those of `organisations`."""

    everything: bool
    organisations: tuple[str, ...] = ()

    def condition(self) -> ColumnElement[bool]:
        """Return the SQL condition that selects the visible rows."""
        if self.everything:
            return true()
        return ASSESSMENTS.c.organisation.in_(self.organisations) if self.organisations else false()


class StoredFigures(Struct, frozen=True):
    """The figures of an organisation in an edition, as they are stored.

    `index_value`, `index_max` and `dimensions` are in units of 10^-decimals of the methodology (with 2 decimals,
    5734 means 57.34 points), `coverage` is in ten-thousandths (7500 means 75 %); each is None if it has no value.
    `status` says if the evidence is enough for a level; `level` is None if there is none. `rank_points` is the
    index, or -1 for an organisation that is not ranked.
    """

    methodology: str
    status: Status
    level: int | None
    rank_points: int
    index_value: int | None
    index_max: int | None
    coverage: int | None
    dimensions: tuple[int | None, ...]


class RankingRow(StoredFigures, frozen=True):
    """A row of the ranking of an edition.

    `rank` is None if the organisation is not ranked, or if the caller may not see all rows of the edition.
    `name_order` is the name in the form by which rows are sorted. `population` is None if it is not known, and so
    is the size band `band`. `province` and `region` are INE codes, None if there is none.
    """

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
    edition: str


class PastRow(StoredFigures, frozen=True):
    """The figures of an organisation in one of its editions.

    `rank` is None if the organisation is not ranked, or if its rank is hidden because the edition is not published.
    `period_to` is the reference date of the edition.
    """

    edition: str
    titles: dict[str, str]
    state: State
    period_to: date
    simulated: bool
    rank: int | None


class FigureColumns(Struct, frozen=True):
    """The figures of many organisations: a list for each figure, with one value for each organisation.

    All lists have the same order of organisations. `dimensions` has one list for each dimension. The values are
    integers in the units of `StoredFigures`. In `index` and `dimensions`, the value of an organisation that is not
    ranked is None.
    """

    status: list[Status]
    level: list[int | None]
    coverage: list[int | None]
    index: list[int | None]
    dimensions: list[list[int | None]]


class LocatedScore(Struct, frozen=True):
    """The index, level, region, province and population of an organisation.

    `index` is in units of 10^-decimals (with 2 decimals, 5734 means 57.34 points); None if the organisation is not
    ranked. `region` and `province` are INE codes.
    """

    region: str | None
    province: str | None
    population: int | None
    level: int | None
    index: int | None


class GroupCount(Struct, frozen=True):
    """The number of organisations of an edition that share kind, band, region and province."""

    kind: str
    band: str | None
    region: str | None
    province: str | None
    organisations: int


class Competitor(Struct, frozen=True):
    """A ranked organisation of an edition, and its submission as JSON text."""

    organisation: str
    submission: str


class StoredEditionScore(Struct, frozen=True):
    """The stored submission of an organisation in an edition, as the JSON of `Submission`, and its rank.

    `rank` is None if the organisation is not ranked, or if the rank was not looked up.
    """

    organisation: str
    name: str
    simulated: bool
    methodology: str
    submission: dict[str, object]
    rank: int | None


_FIGURE_COLUMNS = ("methodology", "status", "level", "rank_points", "index_value", "index_max", "coverage")
_ORGANISATION_COLUMNS = ("name", "name_order", "kind", "population", "band", "province", "region", "simulated")
_FIGURES_LENGTH = len(_FIGURE_COLUMNS) + len(DIMENSIONS)
_ALL_FIGURE_COLUMNS = [ASSESSMENTS.c[name] for name in (*_FIGURE_COLUMNS, *DIMENSIONS)]
_SORT_COLUMNS: Mapping[SortKey, ColumnElement[int | None] | ColumnElement[str]] = {
    "rank": func.nullif(ASSESSMENTS.c.rank_points, UNRANKED),
    "organisation": ASSESSMENTS.c.organisation,
    "organisation_name": ORGANISATIONS.c.name_order,
    "population": ORGANISATIONS.c.population,
    "index_max": ASSESSMENTS.c.index_max,
    "coverage": ASSESSMENTS.c.coverage,
    **{key: ASSESSMENTS.c[name] for key, name in zip(DIMENSION_KEYS, DIMENSIONS, strict=True)},
}

_IS_FINAL = ASSESSMENTS.c.state == "final"
_IS_OPEN = select(EDITIONS.c.state != "published").where(EDITIONS.c.id == bindparam("edition")).scalar_subquery()
_OF_EDITION = and_(ASSESSMENTS.c.edition == bindparam("edition"), or_(_IS_FINAL, _IS_OPEN))
_WITH_ORGANISATIONS = ASSESSMENTS.join(ORGANISATIONS, ASSESSMENTS.c.organisation == ORGANISATIONS.c.id)
_SELECT_PAGE = (
    select(
        *_ALL_FIGURE_COLUMNS,
        ASSESSMENTS.c.organisation,
        *(ORGANISATIONS.c[name] for name in _ORGANISATION_COLUMNS),
    )
    .select_from(_WITH_ORGANISATIONS)
    .where(_OF_EDITION)
)
_IS_RANKED = ASSESSMENTS.c.rank_points != UNRANKED
_BATCH_ROWS = 500
_SELECT_FIGURES = select(
    ASSESSMENTS.c.status,
    ASSESSMENTS.c.level,
    ASSESSMENTS.c.coverage,
    *(case((_IS_RANKED, ASSESSMENTS.c[name])) for name in ("rank_points", *DIMENSIONS)),
).where(_OF_EDITION)
_SELECT_LOCATED = (
    select(
        ORGANISATIONS.c.region,
        ORGANISATIONS.c.province,
        ORGANISATIONS.c.population,
        ASSESSMENTS.c.level,
        case((_IS_RANKED, ASSESSMENTS.c.rank_points)),
    )
    .select_from(_WITH_ORGANISATIONS)
    .where(_OF_EDITION)
)
_SELECT_ONE = (
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
_COUNT_BY_KIND = (
    select(ORGANISATIONS.c.kind, ORGANISATIONS.c.band, func.count())
    .select_from(_WITH_ORGANISATIONS)
    .where(_OF_EDITION, _IS_RANKED)
    .group_by(ORGANISATIONS.c.kind, ORGANISATIONS.c.band)
)
_GROUP_COLUMNS = (ORGANISATIONS.c.kind, ORGANISATIONS.c.band, ORGANISATIONS.c.region, ORGANISATIONS.c.province)
_COUNT_BY_GROUP = (
    select(*_GROUP_COLUMNS, func.count()).select_from(_WITH_ORGANISATIONS).where(_OF_EDITION).group_by(*_GROUP_COLUMNS)
)
_COUNT_ROWS = select(func.count()).where(_OF_EDITION)
_SELECT_STATE = select(
    func.count(),
    func.coalesce(func.sum(ASSESSMENTS.c.version), 0),
    func.max(ASSESSMENTS.c.created),
    func.max(ASSESSMENTS.c.updated),
).where(_OF_EDITION)
_SELECT_COMPETITORS = (
    select(ASSESSMENTS.c.organisation, cast(ASSESSMENTS.c.submission, Text))
    .where(_OF_EDITION, _IS_RANKED)
    .order_by(ASSESSMENTS.c.rank_points.desc(), ASSESSMENTS.c.organisation)
)
_COUNT_BETTER = select(func.count()).where(_OF_EDITION, ASSESSMENTS.c.rank_points > bindparam("highest"))
_COUNT_BETWEEN = (
    select(ASSESSMENTS.c.rank_points, func.count())
    .where(_OF_EDITION, ASSESSMENTS.c.rank_points.between(bindparam("lowest"), bindparam("highest")))
    .group_by(ASSESSMENTS.c.rank_points)
    .order_by(ASSESSMENTS.c.rank_points.desc())
)
_OTHERS = ASSESSMENTS.alias()
# Correlated with the outer row, because each row is ranked in its own edition.
_RANK_IN_EDITION = case(
    (
        _IS_RANKED,
        select(func.count() + 1)
        .where(
            _OTHERS.c.edition == ASSESSMENTS.c.edition,
            _OTHERS.c.rank_points > ASSESSMENTS.c.rank_points,
            or_(_OTHERS.c.state == "final", EDITIONS.c.state != "published"),
        )
        .scalar_subquery(),
    )
)
_SELECT_PAST = (
    select(
        *_ALL_FIGURE_COLUMNS,
        *(EDITIONS.c[name] for name in ("id", "titles", "state", "period_to", "simulated")),
        _RANK_IN_EDITION,
    )
    .join(EDITIONS, ASSESSMENTS.c.edition == EDITIONS.c.id)
    .where(ASSESSMENTS.c.organisation == bindparam("organisation"), or_(_IS_FINAL, EDITIONS.c.state != "published"))
    .order_by(EDITIONS.c.period_to.desc(), EDITIONS.c.id.desc())
)

_SELECT_LATER = (
    select(ASSESSMENTS.c.organisation, EDITIONS.c.id)
    .join(EDITIONS, ASSESSMENTS.c.edition == EDITIONS.c.id)
    .where(
        ASSESSMENTS.c.organisation.in_(bindparam("organisations", expanding=True)),
        EDITIONS.c.state == "published",
        _IS_FINAL,
        tuple_(EDITIONS.c.period_to, EDITIONS.c.id) > tuple_(bindparam("period_to"), bindparam("edition")),
    )
    .order_by(EDITIONS.c.period_to, EDITIONS.c.id)
)

_SELECT_SUBMISSIONS = select(ASSESSMENTS.c.edition, ASSESSMENTS.c.submission).where(
    ASSESSMENTS.c.organisation == bindparam("organisation")
)


def list_page(
    session: Session,
    edition: str,
    filters: ScoreFilters,
    visibility: Visibility,
    *,
    sort: RankingSort,
    after: ScoreCursorKey | None,
    offset: int,
    limit: int,
    total: TakeTotal | None = None,
) -> list[RankingRow]:
    """List the matching and visible rows of an edition in the order `sort`, then by organisation id.

    `after` is the cursor of the last row of the previous page, None for the first page. Skips the first `offset`
    rows after it and returns at most `limit`. `total`: as in `execute_page`.
    """
    column, descending = _find_sort_column(sort)
    ordered = column.desc() if descending else column.asc()
    # PostgreSQL takes an index only for the order of nulls that it was made with, even where there are none.
    ordered = ordered if column is ASSESSMENTS.c.rank_points else ordered.nulls_last()
    rows = execute_page(
        session,
        _SELECT_PAGE.where(*filters.build_conditions(), visibility.condition()).order_by(
            ordered, ASSESSMENTS.c.organisation
        ),
        {"edition": edition},
        after=None if after is None else _build_cursor_condition(column, descending, after),
        offset=offset,
        limit=limit,
        total=total,
    ).all()
    ranks = _find_ranks(session, edition, {row.rank_points for row in rows}) if visibility.everything else {}
    return [
        RankingRow(*(*_collect_figures(row), *row[_FIGURES_LENGTH:], ranks.get(row.rank_points), edition))
        for row in rows
    ]


def get_cursor_key(row: RankingRow, sort: RankingSort) -> ScoreCursorKey:
    """Return the position of a row in a list that has the order `sort`, to continue the list after that row."""
    value: int | str | None
    match sort.key:
        case "rank":
            value = None if sort.descending and row.rank_points == UNRANKED else row.rank_points
        case "organisation":
            value = row.organisation
        case "organisation_name":
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


def load_columns(session: Session, edition: str, filters: ScoreFilters, visibility: Visibility) -> FigureColumns:
    """Return the figures of the matching and visible organisations of an edition, in no particular order."""
    conditions = filters.build_conditions()
    statement = _SELECT_FIGURES.where(*conditions, visibility.condition())
    if conditions:
        statement = statement.select_from(_WITH_ORGANISATIONS)
    columns: list[list[Any]] = [[] for _ in _SELECT_FIGURES.selected_columns]
    # In batches: thousands of rows at once would start a garbage collection over all objects of the process.
    for batch in session.execute(statement, {"edition": edition}).partitions(_BATCH_ROWS):
        for column, values in zip(columns, zip(*batch, strict=True), strict=True):
            column.extend(values)
    status, level, coverage, index, *dimensions = columns
    return FigureColumns(status, level, coverage, index, dimensions)


def list_located(session: Session, edition: str, filters: ScoreFilters) -> list[LocatedScore]:
    """List the scores and locations of the matching organisations of an edition, in no particular order."""
    located: list[LocatedScore] = []
    for batch in session.execute(_SELECT_LOCATED.where(*filters.build_conditions()), {"edition": edition}).partitions(
        _BATCH_ROWS
    ):
        located.extend(LocatedScore(*row) for row in batch)
    return located


def count_ranked_by_kind(session: Session, edition: str) -> dict[tuple[str, str | None], int]:
    """Count the ranked organisations of an edition for each pair of kind and size band (None: unknown size)."""
    return {(kind, band): count for kind, band, count in session.execute(_COUNT_BY_KIND, {"edition": edition})}


def count_rows(session: Session, edition: str, filters: ScoreFilters, visibility: Visibility) -> int:
    """Count the rows of an edition that match the filters and are visible."""
    conditions = filters.build_conditions()
    statement = _COUNT_ROWS.where(*conditions, visibility.condition())
    if conditions:
        statement = statement.select_from(_WITH_ORGANISATIONS)
    count: int = session.execute(statement, {"edition": edition}).scalar_one()
    return count


def count_by_group(session: Session, edition: str, visibility: Visibility) -> list[GroupCount]:
    """Count the visible organisations of an edition for each combination of kind, size band, region and province."""
    return [
        GroupCount(*row) for row in session.execute(_COUNT_BY_GROUP.where(visibility.condition()), {"edition": edition})
    ]


def get_state_key(session: Session, edition: str) -> tuple[int, int, str, str]:
    """Return a key that changes with every write of an assessment of the edition.

    The key holds the number of assessments, the sum of the versions of their rows, and the times of the last
    creation and the last update.
    """
    count, writes, created, updated = session.execute(_SELECT_STATE, {"edition": edition}).one()
    return count, int(writes), str(created), str(updated)


def list_competitors(session: Session, edition: str, visibility: Visibility) -> list[Competitor]:
    """List the visible ranked organisations of an edition, the one with the highest index first.

    Organisations with equal indices are ordered by id.
    """
    competitors: list[Competitor] = []
    for batch in session.execute(_SELECT_COMPETITORS.where(visibility.condition()), {"edition": edition}).partitions(
        _BATCH_ROWS
    ):
        competitors.extend(Competitor(*row) for row in batch)
    return competitors


def get_stored_score(session: Session, edition: str, organisation: str, *, ranked: bool) -> StoredEditionScore | None:
    """Return the stored submission of an organisation in an edition, or None if there is none to show.

    In a published edition, only the submission of a final assessment is shown. If `ranked` is True, the rank is
    looked up too; else it is None in the result.
    """
    row = session.execute(_SELECT_ONE, {"edition": edition, "organisation": organisation}).one_or_none()
    if row is None:
        return None
    ranks = _find_ranks(session, edition, {row.rank_points}) if ranked else {}
    return StoredEditionScore(*(*row[1:], ranks.get(row.rank_points)))


def list_past(
    session: Session,
    organisation: str,
    *,
    drafts: Collection[str] | None,
    after: tuple[date, str] | None,
    offset: int,
    limit: int,
    total: TakeTotal | None = None,
) -> list[PastRow]:
    """List the figures of an organisation in its editions, newest reference date first.

    Published editions are always included. `drafts` are the ids of the unpublished editions to include as well;
    None includes all of them. `after` is the cursor of the last row of the previous page, None for the first page.
    Skips the first `offset` rows after it and returns at most `limit`. `total`: as in `execute_page`.
    """
    statement = _SELECT_PAST
    if drafts is not None:
        statement = statement.where(or_(EDITIONS.c.state == "published", EDITIONS.c.id.in_(drafts)))
    rows = execute_page(
        session,
        statement,
        {"organisation": organisation},
        after=None if after is None else tuple_(EDITIONS.c.period_to, EDITIONS.c.id) < after,
        offset=offset,
        limit=limit,
        total=total,
    )
    return [PastRow(*_collect_figures(row), *row[_FIGURES_LENGTH:]) for row in rows]


def find_later_editions(
    session: Session, edition: str, period_to: date, organisations: Sequence[str]
) -> dict[str, str]:
    """Return, by organisation, the newest published edition after `period_to` that scores the organisation.

    `period_to` is the reference date of `edition`. An organisation without such an edition is left out.
    """
    bounds = {"edition": edition, "period_to": period_to, "organisations": organisations}
    # Rows are oldest first, so the newest edition of an organisation replaces its older ones.
    return {organisation: later for organisation, later in session.execute(_SELECT_LATER, bounds)}  # noqa: C416  # typed pairs


def get_submissions(session: Session, organisation: str, editions: Collection[str]) -> dict[str, dict[str, object]]:
    """Return the submissions of an organisation in some editions: the JSON of each `Submission`, by edition."""
    if not editions:
        return {}
    rows = session.execute(
        _SELECT_SUBMISSIONS.where(ASSESSMENTS.c.edition.in_(editions)), {"organisation": organisation}
    )
    return {row.edition: row.submission for row in rows}


def _find_sort_column(sort: RankingSort) -> tuple[ColumnElement[int | None] | ColumnElement[str], bool]:
    """Return the column by which an order sorts, and True if the column is sorted in descending order."""
    if sort == RankingSort("rank"):
        # The best rank has the most points, and unranked rows have the fewest: one index of the table has this order.
        return ASSESSMENTS.c.rank_points, True
    if sort.key == "rank":
        return _SORT_COLUMNS["rank"], False
    return _SORT_COLUMNS[sort.key], sort.descending


def _build_cursor_condition(
    column: ColumnElement[int | None] | ColumnElement[str], descending: bool, after: ScoreCursorKey
) -> ColumnElement[bool]:
    """Return the SQL condition that selects the rows after a cursor.

    `column` and `descending` are the order of the list.
    """
    value, organisation = after
    tied = ASSESSMENTS.c.organisation > organisation
    if value is None:
        return and_(column.is_(None), tied)
    further = column < value if descending else column > value
    return or_(further, column.is_(None), and_(column == value, tied))


def _find_ranks(session: Session, edition: str, points: Collection[int]) -> dict[int, int]:
    """Return the rank in the whole edition for each value in `points`, which are values of `rank_points`.

    Equal values share the best rank and the next ranks are skipped. The value -1, of organisations that are not
    ranked, is left out of the result.
    """
    ranked = [value for value in points if value != UNRANKED]
    if not ranked:
        return {}
    bounds = {"edition": edition, "lowest": min(ranked), "highest": max(ranked)}
    # Both queries read the ranking index alone; a window function would read the whole edition.
    better: int = session.execute(_COUNT_BETTER, bounds).scalar_one()
    ranks: dict[int, int] = {}
    for value, count in session.execute(_COUNT_BETWEEN, bounds):
        ranks[value] = better + 1
        better += count
    return ranks


def _collect_figures(row: Sequence[Any]) -> tuple[Any, ...]:
    """Return the members of `StoredFigures`, in their order, from the first columns of a row of a query.

    The columns of the ten dimensions become one tuple.
    """
    return (*row[: len(_FIGURE_COLUMNS)], tuple(row[len(_FIGURE_COLUMNS) : _FIGURES_LENGTH]))
