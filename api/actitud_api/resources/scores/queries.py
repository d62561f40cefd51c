"""The queries over the scores of editions; the module `statements` has their SQL.

Queries over a published edition return only published scores: other assessments are never shown.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Collection, Sequence
from datetime import date
from typing import Any, Final, Never, TypeAlias
from weakref import WeakKeyDictionary

from msgspec import UNSET, Struct, UnsetType, structs
from sqlalchemy import ColumnElement, Connection, Engine, Select, and_, false, or_, select, true, tuple_
from sqlmodel import Session

from actitud_api.engine.scoring.evaluate import Status
from actitud_api.engine.scoring.ranking import UNRANKED
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.pages import PageRange, execute_page
from actitud_api.resources.editions.service import State
from actitud_api.resources.organisations import service as organisations
from actitud_api.resources.scores.recent_values import RecentValues
from actitud_api.resources.scores.statements import (
    DIMENSION_KEYS,
    FIGURE_COLUMNS,
    FIGURES_LENGTH,
    OF_ASSESSMENTS,
    OF_REVISION,
    PAST,
    SELECT_ASSESSMENTS_STATE,
    SELECT_LATER,
    SELECT_PAST,
    SELECT_REVISION_STATE,
    SELECT_SUBMISSIONS,
    DimensionKey,
    FigureStatements,
    SortKey,
)

ScoreCursorKey: TypeAlias = tuple[int | str | None, str]
"""Position of a row in a sorted list: the value of its sort key, and its organisation, which decides ties.

The value is None for a row that lacks it; such rows are at the end of the list.
"""


class RankingSort(Struct, frozen=True):
    """An order of the rows of a ranking; `key` names the figure or text by which rows are ordered.

    The order by rank begins with the best row, or with the worst if `descending` is True. Any other order is ascending
    unless `descending` is True.
    """

    key: SortKey = "rank"
    descending: bool = False


class ScoreFilters(organisations.OrganisationFilters, frozen=True, kw_only=True):
    """Filters of the rows of a ranking: by properties of the organisation, and by its score.

    None does not filter.

    Attributes:
        level: Only rows with this level.
        status: Only rows with this status.
        organisations: Only organisations with one of these ids or aliases.
        kinds: Only organisations of one of these kinds.
        ranked: True for ranked rows only.
        rated: Only rows with a score in this dimension.
    """

    level: int | None = None
    status: Status | None = None
    organisations: tuple[str, ...] | None = None
    kinds: tuple[str, ...] | None = None
    ranked: bool = False
    rated: DimensionKey | None = None

    @property
    def is_published(self) -> bool:
        """True if published scores have all that the filters read, and so answer alike until a new revision.

        Texts, aliases, parents and the days on which an organisation existed are those of the register.
        """
        return not (self.text or self.organisations or self.needs_organisations)

    def build_score_conditions(self, statements: FigureStatements) -> list[ColumnElement[bool]]:
        """Return an SQL condition over columns of `statements` for each filter that is set, except the search text."""
        table = statements.figures
        conditions = self.build_conditions(statements.described)
        if self.level is not None:
            conditions.append(table.level == self.level)
        if self.status is not None:
            conditions.append(table.status == self.status)
        if self.organisations is not None:
            conditions.append(organisations.match_identifiers(table.organisation, self.organisations))
        if self.kinds is not None:
            conditions.append(statements.described.kind.in_(self.kinds))
        if self.ranked:
            conditions.append(statements.is_ranked)
        if self.rated is not None:
            conditions.append(statements.sort_columns[self.rated].is_not(None))
        return conditions


class Visibility(Struct, frozen=True):
    """The rows of an edition that a principal may see: all if `everything`, else only the rows of `organisations`."""

    everything: bool
    organisations: tuple[str, ...] = ()

    def build_condition(self, statements: FigureStatements) -> ColumnElement[bool]:
        """Return the SQL condition that selects the visible rows of `statements`."""
        if self.everything:
            return true()
        return statements.figures.organisation.in_(self.organisations) if self.organisations else false()


class FigureSource(Struct, frozen=True):
    """The source of the figures of an edition: its newest revision with all scores, or its assessments.

    `revision` is None for the assessments, which are the source of an unpublished edition. A request determines the
    source once, so that all figures in a response come from one revision.
    """

    edition: str
    revision: int | None

    @property
    def statements(self) -> FigureStatements:
        """The SQL statements that read figures from this source."""
        return OF_ASSESSMENTS if self.revision is None else OF_REVISION

    @property
    def parameters(self) -> dict[str, object]:
        """The SQL parameters that make `statements` read this edition and revision."""
        return {"edition": self.edition} if self.revision is None else structs.asdict(self)


class StoredFigures(Struct, frozen=True):
    """The stored figures of an organisation in an edition.

    Units of 10^-decimals are those of the methodology; with 2 decimals, 5734 means 57.34 points. A figure is None if it
    has no value.

    Attributes:
        methodology: Version under which the figures were computed.
        status: Status of the score, which says whether the evidence is enough for a level.
        level: Level, None if there is none.
        rank_points: Number by which the organisation is ranked, or -1 if it is not.
        index_value, index_max: Lower and upper bound of the index, in units of 10^-decimals.
        coverage: Known share of the weight of the applicable indicators in ten-thousandths (7500 means 75 %).
        dimensions: Scores of the dimensions, in units of 10^-decimals.
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

    Attributes:
        organisation: Id of the organisation.
        name: Name of the organisation.
        name_order: Name in the form by which rows are sorted.
        kind: Kind of the organisation.
        population: Number of inhabitants, None if it is not known.
        band: Size band, None if it is not known.
        province, region: INE codes, None if there is none.
        simulated: True for an invented organisation.
        rank: Rank in the whole edition. None if the organisation is not ranked, or if the caller may not see all rows
            of the edition.
        edition: Id of the edition.
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
    `titles` has the title of the edition by language; `period_to` is the last day that its answers describe.
    """

    edition: str
    titles: dict[str, str]
    state: State
    period_to: date
    simulated: bool
    rank: int | None


class FigureColumns(Struct, frozen=True):
    """The figures of many organisations: a list for each figure, with one value for each organisation.

    All lists have the same order of organisations. `dimensions` has one list for each dimension. Points are in units of
    10^-decimals of the methodology (with 2 decimals, 5734 means 57.34 points), coverages in ten-thousandths. In `index`
    and `dimensions`, the value of an organisation that is not ranked is None.
    """

    status: list[Status]
    level: list[int | None]
    coverage: list[int | None]
    index: list[int | None]
    dimensions: list[list[int | None]]


class LocatedScore(Struct, frozen=True):
    """The index, level, region, province and population of an organisation.

    Attributes:
        region, province: INE codes, None if they are not known.
        population: Number of inhabitants, None if it is not known.
        level: Level, None if there is none.
        index: Index in units of 10^-decimals (with 2 decimals, 5734 means 57.34 points); None if the organisation is
            not ranked.
    """

    region: str | None
    province: str | None
    population: int | None
    level: int | None
    index: int | None


class GroupCount(Struct, frozen=True):
    """The number of organisations of an edition that share kind, size band, region and province.

    A band, region or province of None is not known.
    """

    kind: str
    band: str | None
    region: str | None
    province: str | None
    organisations: int


class Competitor(Struct, frozen=True):
    """A ranked organisation of an edition, its submission as JSON text, its kind, and its size band if it has one."""

    organisation: str
    submission: str
    kind: str
    band: str | None


class SubmittedScore(Struct, frozen=True):
    """The submission of an organisation in an edition, and the status of its score under the version of the edition.

    `submission` is the JSON of a `Submission`.
    """

    organisation: str
    methodology: str
    status: Status
    submission: dict[str, object]


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


_BATCH_ROWS = 500
_EVERYTHING = Visibility(everything=True)


def list_page(
    session: Session,
    source: FigureSource,
    filters: ScoreFilters,
    visibility: Visibility,
    page: PageRange[ScoreCursorKey],
    *,
    sort: RankingSort,
) -> list[RankingRow]:
    """List the visible rows of an edition that match `filters`, in the order `sort`, then by organisation id.

    Rows without the figure or rank by which the list is ordered are at its end.
    """
    statements = source.statements
    column, descending = _find_sort_column(statements, sort)
    ordered = column.desc() if descending else column.asc()
    # PostgreSQL takes an index only for the order of nulls that it was made with, even where there are none.
    ordered = ordered if column is statements.figures.rank_points else ordered.nulls_last()
    tie = statements.figures.organisation
    statement = statements.select_page.where(
        *_build_conditions(session, statements, filters), visibility.build_condition(statements)
    ).order_by(ordered, tie)
    rows = execute_page(
        session,
        _join_organisations(statement, statements, filters),
        page,
        source.parameters,
        after=lambda after: _build_cursor_condition(column, tie, descending, after),
    ).all()
    return _build_rows(session, source, visibility, rows)


def search_page(
    session: Session, source: FigureSource, filters: ScoreFilters, visibility: Visibility, page: PageRange[Never]
) -> list[RankingRow]:
    """List the visible rows of an edition that match all `filters`, ordered by how well they match the search text.

    The organisation whose names are closest to the text comes first, as in `organisations.find_matches`. The list is
    empty if there is no word in the text.
    """
    statements = source.statements
    matches = organisations.find_matches(session, filters.text)
    if matches is None:
        return []
    joined = statements.joined if filters.needs_organisations else statements.plain
    statement = (
        statements.select_page.where(
            *filters.build_score_conditions(statements), visibility.build_condition(statements)
        )
        .select_from(joined.join(matches, matches.c.id == statements.figures.organisation))
        .order_by(matches.c.distance, matches.c.size, matches.c.id)
    )
    rows = execute_page(session, statement, page, source.parameters).all()
    return _build_rows(session, source, visibility, rows)


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


def load_columns(
    session: Session, source: FigureSource, filters: ScoreFilters, visibility: Visibility
) -> FigureColumns:
    """Return the figures of the visible organisations of an edition that match `filters`, in no particular order."""
    statement = _filter(session, source.statements.select_figures, source.statements, filters, visibility)
    columns: list[list[Any]] = [[] for _ in statement.selected_columns]
    # In batches: thousands of rows at once would start a garbage collection over all objects of the process.
    for batch in session.execute(statement, source.parameters).partitions(_BATCH_ROWS):
        for column, values in zip(columns, zip(*batch, strict=True), strict=True):
            column.extend(values)
    status, level, coverage, index, *dimensions = columns
    return FigureColumns(status, level, coverage, index, dimensions)


def list_located(session: Session, source: FigureSource, filters: ScoreFilters) -> list[LocatedScore]:
    """List the scores and locations of the organisations of an edition that match `filters`, in no particular order."""
    located: list[LocatedScore] = []
    statement = _filter(session, source.statements.select_located, source.statements, filters, _EVERYTHING)
    for batch in session.execute(statement, source.parameters).partitions(_BATCH_ROWS):
        located.extend(LocatedScore(*row) for row in batch)
    return located


def list_organisations(session: Session, source: FigureSource) -> list[str]:
    """List the ids of all organisations of an edition in ascending order."""
    organisations: list[str] = []
    for batch in session.execute(source.statements.select_organisations, source.parameters).partitions(_BATCH_ROWS):
        organisations.extend(organisation for (organisation,) in batch)
    return organisations


def list_submitted(session: Session, source: FigureSource, after: str, limit: int) -> list[SubmittedScore]:
    """List at most `limit` submissions of an edition, ordered by organisation id.

    The list begins after the organisation `after`; an empty text begins at the first.
    """
    statement = source.statements.select_submitted.limit(limit)
    rows = session.execute(statement, {**source.parameters, "after": after})
    return [SubmittedScore(*row) for row in rows]


def count_submitted(session: Session, source: FigureSource) -> int:
    """Count the organisations of an edition that have a submission."""
    count: int = session.execute(source.statements.count_rows, source.parameters).scalar_one()
    return count


def count_ranked_by_kind(session: Session, source: FigureSource) -> dict[tuple[str, str | None], int]:
    """Count the ranked organisations of an edition for each pair of kind and size band (None: unknown size)."""
    rows = session.execute(source.statements.count_by_kind, source.parameters)
    return {(kind, band): count for kind, band, count in rows}


def count_rows(session: Session, source: FigureSource, filters: ScoreFilters, visibility: Visibility) -> int:
    """Count the rows of an edition that match the filters and are visible."""
    statement = _filter(session, source.statements.count_rows, source.statements, filters, visibility)
    count: int = session.execute(statement, source.parameters).scalar_one()
    return count


def find_local_ranks(
    session: Session, source: FigureSource, filters: ScoreFilters, visibility: Visibility, points: Collection[int]
) -> dict[int, int]:
    """Return a mapping from each value in `points` to its rank among the visible rows that match the filters.

    `points` are values of the column `rank_points`. Equal ones share the best rank. The value -1, of organisations that
    are not ranked, is left out.
    """
    ranked = [value for value in points if value != UNRANKED]
    if not ranked:
        return {}
    statement = _filter(session, source.statements.count_by_points, source.statements, filters, visibility)
    ranks: dict[int, int] = {}
    better = 0
    for value, count in session.execute(statement, {**source.parameters, "lowest": min(ranked)}):
        ranks[value] = better + 1
        better += count
    return ranks


def count_before(
    session: Session, source: FigureSource, filters: ScoreFilters, visibility: Visibility, row: RankingRow
) -> int:
    """Count the visible rows that match the filters and precede `row` in the order by rank, then by organisation id."""
    statements = source.statements
    statement = _filter(session, statements.count_rows, statements, filters, visibility).where(
        or_(
            statements.figures.rank_points > row.rank_points,
            and_(
                statements.figures.rank_points == row.rank_points,
                statements.figures.organisation < row.organisation,
            ),
        )
    )
    count: int = session.execute(statement, source.parameters).scalar_one()
    return count


def count_by_group(session: Session, source: FigureSource) -> list[GroupCount]:
    """Count the organisations of an edition for each combination of kind, size band, region and province."""
    return [GroupCount(*row) for row in session.execute(source.statements.count_by_group, source.parameters)]


def get_state_key(session: Session, source: FigureSource, visibility: Visibility) -> tuple[int, int, str, str]:
    """Return a key that changes with every write that may change the visible figures of the edition.

    Before publication, the key holds the number of visible assessments, the sum of the versions of their rows, and the
    times of the last creation and the last update. Afterwards it holds the number of scores, the number of the
    revision, and the digests of its edition document and bundle.
    """
    statement = SELECT_REVISION_STATE
    if source.revision is None:
        statement = SELECT_ASSESSMENTS_STATE.where(visibility.build_condition(source.statements))
    count, writes, created, updated = session.execute(statement, source.parameters).one()
    return count, int(writes), str(created), str(updated)


def list_competitors(session: Session, source: FigureSource, visibility: Visibility) -> list[Competitor]:
    """List the visible ranked organisations of an edition, best rank first.

    Organisations with equal ranks are ordered by id.
    """
    competitors: list[Competitor] = []
    statement = source.statements.select_competitors.where(visibility.build_condition(source.statements))
    for batch in session.execute(statement, source.parameters).partitions(_BATCH_ROWS):
        competitors.extend(Competitor(*row) for row in batch)
    return competitors


def get_stored_score(
    session: Session, source: FigureSource, organisation: str, *, ranked: bool
) -> StoredEditionScore | None:
    """Return the stored submission of an organisation in an edition, or None if there is none to show.

    In a published edition, only the submission of a final assessment is shown. If `ranked` is True, the rank is
    looked up too; else it is None in the result.
    """
    bounds = {**source.parameters, "organisation": organisation}
    row = session.execute(source.statements.select_one, bounds).one_or_none()
    if row is None:
        return None
    ranks = _find_ranks(session, source, {row.rank_points}) if ranked else {}
    return StoredEditionScore(*(*row[1:], ranks.get(row.rank_points)))


def list_past(
    session: Session, organisation: str, page: PageRange[tuple[date, str]], *, drafts: Collection[str] | None
) -> list[PastRow]:
    """List the figures of an organisation in its editions, ordered by the last day of their period, the newest first.

    Published editions are always included. `drafts` are the ids of the unpublished editions to include as well; None
    includes all of them.
    """
    statement = SELECT_PAST
    if drafts is not None:
        statement = statement.where(or_(PAST.state == "published", PAST.id.in_(drafts)))
    rows = execute_page(
        session,
        statement,
        page,
        {"organisation": organisation},
        after=lambda after: tuple_(PAST.period_to, PAST.id) < after,
    )
    return [PastRow(*_collect_figures(row), *row[FIGURES_LENGTH:]) for row in rows]


def find_later_editions(
    session: Session, edition: str, period_to: date, organisations: Sequence[str]
) -> dict[str, str]:
    """Return a mapping from organisations to the newest published edition that scores them and is later than `edition`.

    `period_to` is the last day of the period of `edition`; a later edition has a later last day. Organisations without
    such an edition are absent.
    """
    bounds = {"edition": edition, "period_to": period_to, "organisations": organisations}
    # Rows are oldest first, so the newest edition of an organisation replaces its older ones.
    return dict(session.execute(SELECT_LATER, bounds).all())


def get_submissions(session: Session, organisation: str, editions: Collection[str]) -> dict[str, dict[str, object]]:
    """Return the submissions of an organisation in some editions: the JSON of each `Submission`, by edition."""
    if not editions:
        return {}
    bounds = {"organisation": organisation, "editions": list(editions)}
    return {
        row.edition: row.submission for statement in SELECT_SUBMISSIONS for row in session.execute(statement, bounds)
    }


def _build_rows(
    session: Session, source: FigureSource, visibility: Visibility, rows: Sequence[Any]
) -> list[RankingRow]:
    ranks = _find_ranks(session, source, {row.rank_points for row in rows}) if visibility.everything else {}
    return [
        RankingRow(*(*_collect_figures(row), *row[FIGURES_LENGTH:], ranks.get(row.rank_points), source.edition))
        for row in rows
    ]


def _build_conditions(
    session: Session, statements: FigureStatements, filters: ScoreFilters
) -> list[ColumnElement[bool]]:
    """Return an SQL condition for each filter that is set, the text included."""
    conditions = filters.build_score_conditions(statements)
    matches = organisations.find_matches(session, filters.text)
    if matches is not None:
        conditions.append(statements.figures.organisation.in_(select(matches.c.id)))
    return conditions


def _filter(
    session: Session,
    statement: Select[Any],
    statements: FigureStatements,
    filters: ScoreFilters,
    visibility: Visibility,
) -> Select[Any]:
    """Return a statement over the rows of `statements` that are visible and match the filters."""
    conditions = _build_conditions(session, statements, filters)
    filtered = statement.where(*conditions, visibility.build_condition(statements))
    if conditions and statements is OF_ASSESSMENTS:
        return filtered.select_from(statements.joined)
    return _join_organisations(filtered, statements, filters)


def _join_organisations(statement: Select[Any], statements: FigureStatements, filters: ScoreFilters) -> Select[Any]:
    """Return a statement joined with the organisations, if the filters need a column that is not published."""
    return statement.select_from(statements.joined) if filters.needs_organisations else statement


def _find_sort_column(statements: FigureStatements, sort: RankingSort) -> tuple[ColumnElement[Any], bool]:
    """Return the column by which an order sorts, and True if the column is sorted in descending order."""
    if sort == RankingSort("rank"):
        # The best rank has the most points, and unranked rows have the fewest: one index of the table has this order.
        return statements.figures.rank_points, True
    if sort.key == "rank":
        return statements.sort_columns["rank"], False
    return statements.sort_columns[sort.key], sort.descending


def _build_cursor_condition(
    column: ColumnElement[Any], tie: ColumnElement[str], descending: bool, after: ScoreCursorKey
) -> ColumnElement[bool]:
    """Return the SQL condition that selects the rows after a cursor.

    `column` and `descending` are the order of the list; the column `tie` decides ties. `after` is the cursor: the value
    of `column` and the organisation id of the last row before the page.
    """
    value, organisation = after
    tied = tie > organisation
    if value is None:
        return and_(column.is_(None), tied)
    further = column < value if descending else column > value
    return or_(further, column.is_(None), and_(column == value, tied))


def _find_ranks(session: Session, source: FigureSource, points: Collection[int]) -> dict[int, int]:
    """Return the rank in the whole edition for each value in `points`, which are values of `rank_points`.

    Equal values share the best rank and the next ranks are skipped. The value -1, of organisations that are not
    ranked, is left out of the result.
    """
    ranked = [value for value in points if value != UNRANKED]
    if not ranked:
        return {}
    bounds = {**source.parameters, "lowest": min(ranked), "highest": max(ranked)}
    # Both queries read the ranking index alone; a window function would read the whole edition.
    better: int = session.execute(source.statements.count_better, bounds).scalar_one()
    ranks: dict[int, int] = {}
    for value, count in session.execute(source.statements.count_between, bounds):
        ranks[value] = better + 1
        better += count
    return ranks


def find_published_rank(session: Session, source: FigureSource, edition_digest: str, points: int) -> int | None:
    """Return the rank of a score in a published revision, None if the score is not ranked.

    `points` is the `rank_points` of the score, -1 if it is not ranked. `edition_digest` is the digest of the edition
    document of the revision `source`. The points of a revision never change, so all of them are read once
    and cached under this digest; counting the better scores in the database would read half of the edition each time.
    """
    if points == UNRANKED:
        return None
    database = session.get_bind()
    kept = _POINTS.get(database) or _POINTS.setdefault(database, RecentValues(16))
    ascending = kept.get(edition_digest)
    if ascending is None:
        rows = session.execute(source.statements.select_points, source.parameters)
        ascending = kept.put(edition_digest, array("q", rows.scalars()))
    return _count_rank(ascending, points)


def find_kept_rank(database: Database, edition_digest: str, points: int) -> int | UnsetType | None:
    """Return the rank of a score in a published revision from the cache that `find_published_rank` fills.

    Return None if the score is not ranked, UNSET if the revision is not cached. `points` and `edition_digest` are as in
    `find_published_rank`.
    """
    if points == UNRANKED:
        return None
    kept = _POINTS.get(database.read_engine)
    ascending = None if kept is None else kept.get(edition_digest)
    return UNSET if ascending is None else _count_rank(ascending, points)


def _count_rank(ascending: array[int], points: int) -> int:
    return len(ascending) - bisect_right(ascending, points) + 1


_POINTS: Final[WeakKeyDictionary[Engine | Connection, RecentValues[array[int]]]] = WeakKeyDictionary()
"""The points of the ranked scores of published revisions, least first, by database and digest of the edition document.

8,131 of them take 65 kB.
"""


def _collect_figures(row: Sequence[Any]) -> tuple[Any, ...]:
    """Return the members of `StoredFigures`, in their order, from the first columns of a row of a query.

    The columns of the ten dimensions become one tuple.
    """
    return (*row[: len(FIGURE_COLUMNS)], tuple(row[len(FIGURE_COLUMNS) : FIGURES_LENGTH]))
