"""The SQL statements over scores, for both sources of figures.

The figures of a published edition are read from the rows of its newest revision with all scores, which never change;
the figures of any other edition from columns of its assessments.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, get_args

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Text,
    and_,
    bindparam,
    case,
    cast,
    func,
    select,
    true,
    tuple_,
    union_all,
)

from actitud_api.engine.scoring.ranking import UNRANKED
from actitud_api.platform.storage.base import Base
from actitud_api.resources.assessments.tables import DIMENSIONS, Assessment
from actitud_api.resources.editions.tables import EditionTable, derive_state, select_newest_revision
from actitud_api.resources.organisations.tables import OrganisationTable
from actitud_api.resources.publications.tables import PublicationTable, PublishedScore

ASSESSMENTS = Base.metadata.tables[str(Assessment.__tablename__)]
EDITIONS = Base.metadata.tables[str(EditionTable.__tablename__)]
ORGANISATIONS = Base.metadata.tables[str(OrganisationTable.__tablename__)]
PUBLICATIONS = Base.metadata.tables[str(PublicationTable.__tablename__)]
SCORES = Base.metadata.tables[str(PublishedScore.__tablename__)]

DimensionKey = Literal["D1", "D2", "D3", "D4", "D5", "D6", "D7", "D8", "D9", "D10"]
DIMENSION_KEYS: Final[tuple[DimensionKey, ...]] = get_args(DimensionKey)

SortKey = Literal["rank", "organisation", "organisation_name", "population", "index_max", "coverage"] | DimensionKey
"""Keys by which a ranking can be sorted; `D1` to `D10` are the scores in the dimensions, in methodology order."""
SORT_KEYS: Final[tuple[SortKey, ...]] = tuple(key for keys in get_args(SortKey) for key in get_args(keys))

FIGURE_COLUMNS: Final = ("methodology", "status", "level", "rank_points", "index_value", "index_max", "coverage")
FIGURES_LENGTH: Final = len(FIGURE_COLUMNS) + len(DIMENSIONS)
_ORGANISATION_COLUMNS = ("name", "name_order", "kind", "population", "band", "province", "region", "simulated")


class FigureStatements:
    """The SQL statements that read the figures of one edition from one source.

    `figures` are the columns of index, level and all other figures, `described` the columns that describe the
    organisations. `plain` has both; `joined` has all columns of the table of organisations too. The statements need the
    parameters `edition` and, for published scores, `revision`.
    """

    def __init__(self, figures: FromClause, described: FromClause, of_edition: ColumnElement[bool]) -> None:
        """Build the statements.

        Args:
            figures: Table with the figures.
            described: Table with the descriptions of the organisations; it may be the same.
            of_edition: Condition that selects the rows of the edition.
        """
        self.figures, self.described = figures.c, described.c
        self.joined = figures.join(ORGANISATIONS, figures.c.organisation == ORGANISATIONS.c.id)
        # What describes published scores stands beside their figures; a join would cost a look-up for each row.
        self.plain = plain = figures if described is figures else self.joined
        self.is_ranked = self.figures.rank_points != UNRANKED
        self.sort_columns: Mapping[SortKey, ColumnElement[Any]] = {
            "rank": func.nullif(self.figures.rank_points, UNRANKED),
            "organisation": self.figures.organisation,
            "organisation_name": self.described.name_order,
            "population": self.described.population,
            "index_max": self.figures.index_max,
            "coverage": self.figures.coverage,
            **{key: self.figures[name] for key, name in zip(DIMENSION_KEYS, DIMENSIONS, strict=True)},
        }
        self.all_figures = [self.figures[name] for name in (*FIGURE_COLUMNS, *DIMENSIONS)]
        group_columns = [self.described[name] for name in ("kind", "band", "region", "province")]
        self.select_page: Select[Any] = (
            select(
                *self.all_figures,
                self.figures.organisation,
                *(self.described[name] for name in _ORGANISATION_COLUMNS),
            )
            .select_from(plain)
            .where(of_edition)
        )
        self.select_figures: Select[Any] = (
            select(
                self.figures.status,
                self.figures.level,
                self.figures.coverage,
                *(case((self.is_ranked, self.figures[name])) for name in ("index_value", *DIMENSIONS)),
            )
            .select_from(figures)
            .where(of_edition)
        )
        self.select_located: Select[Any] = (
            select(
                *(self.described[name] for name in ("region", "province", "population")),
                self.figures.level,
                case((self.is_ranked, self.figures.index_value)),
            )
            .select_from(plain)
            .where(of_edition)
        )
        self.select_organisations: Select[Any] = (
            select(self.figures.organisation).select_from(figures).where(of_edition).order_by(self.figures.organisation)
        )
        self.select_one: Select[Any] = (
            select(
                self.figures.rank_points,
                self.figures.organisation,
                self.described.name,
                self.described.simulated,
                self.figures.methodology,
                self.figures.submission,
            )
            .select_from(plain)
            .where(of_edition, self.figures.organisation == bindparam("organisation"))
        )
        self.select_submitted: Select[Any] = (
            select(self.figures.organisation, self.figures.methodology, self.figures.status, self.figures.submission)
            .select_from(figures)
            .where(of_edition, self.figures.organisation > bindparam("after"))
            .order_by(self.figures.organisation)
        )
        self.count_by_kind: Select[Any] = (
            select(self.described.kind, self.described.band, func.count())
            .select_from(plain)
            .where(of_edition, self.is_ranked)
            .group_by(self.described.kind, self.described.band)
        )
        self.count_by_group: Select[Any] = (
            select(*group_columns, func.count()).select_from(plain).where(of_edition).group_by(*group_columns)
        )
        self.count_rows: Select[Any] = select(func.count()).select_from(figures).where(of_edition)
        self.select_competitors: Select[Any] = (
            select(
                self.figures.organisation,
                cast(self.figures.submission, Text),
                self.described.kind,
                self.described.band,
            )
            .select_from(plain)
            .where(of_edition, self.is_ranked)
            .order_by(self.figures.rank_points.desc(), self.figures.organisation)
        )
        self.select_points: Select[Any] = (
            select(self.figures.rank_points)
            .select_from(figures)
            .where(of_edition, self.is_ranked)
            .order_by(self.figures.rank_points)
        )
        self.count_by_points: Select[Any] = (
            select(self.figures.rank_points, func.count())
            .where(of_edition, self.is_ranked, self.figures.rank_points >= bindparam("lowest"))
            .group_by(self.figures.rank_points)
            .order_by(self.figures.rank_points.desc())
        )
        self.count_better: Select[Any] = (
            select(func.count()).select_from(figures).where(of_edition, self.figures.rank_points > bindparam("highest"))
        )
        self.count_between: Select[Any] = (
            select(self.figures.rank_points, func.count())
            .where(of_edition, self.figures.rank_points.between(bindparam("lowest"), bindparam("highest")))
            .group_by(self.figures.rank_points)
            .order_by(self.figures.rank_points.desc())
        )


OF_ASSESSMENTS: Final = FigureStatements(ASSESSMENTS, ORGANISATIONS, ASSESSMENTS.c.edition == bindparam("edition"))
OF_REVISION: Final = FigureStatements(
    SCORES, SCORES, and_(SCORES.c.edition == bindparam("edition"), SCORES.c.revision == bindparam("revision"))
)

SELECT_ASSESSMENTS_STATE: Final[Select[Any]] = select(
    func.count(),
    func.coalesce(func.sum(ASSESSMENTS.c.version), 0),
    func.max(ASSESSMENTS.c.created),
    func.max(ASSESSMENTS.c.updated),
).where(ASSESSMENTS.c.edition == bindparam("edition"))
SELECT_REVISION_STATE: Final[Select[Any]] = select(
    PUBLICATIONS.c.organisations, PUBLICATIONS.c.revision, PUBLICATIONS.c.digest, PUBLICATIONS.c.bundle_digest
).where(PUBLICATIONS.c.edition == bindparam("edition"), PUBLICATIONS.c.revision == bindparam("revision"))


def _rank_in_edition(figures: FromClause) -> ColumnElement[int | None]:
    """Return the SQL expression of the rank of a row in its own edition, null if it is not ranked."""
    others = figures.alias()
    same = others.c.revision == figures.c.revision if "revision" in figures.c else true()
    better = (
        select(func.count() + 1)
        .where(others.c.edition == figures.c.edition, others.c.rank_points > figures.c.rank_points, same)
        .correlate(figures)
        .scalar_subquery()
    )
    return case((figures.c.rank_points != UNRANKED, better))


_IS_READ = SCORES.c.revision == select_newest_revision(SCORES.c.edition)
_IS_UNPUBLISHED = select_newest_revision(EDITIONS.c.id).is_(None)
_PAST = union_all(
    *(
        select(
            *statements.all_figures,
            *(EDITIONS.c[name] for name in ("id", "titles")),
            derive_state(EDITIONS),
            *(EDITIONS.c[name] for name in ("period_to", "simulated")),
            _rank_in_edition(figures).label("rank"),
        )
        .join(EDITIONS, figures.c.edition == EDITIONS.c.id)
        .where(figures.c.organisation == bindparam("organisation"), condition)
        for statements, figures, condition in (
            (OF_ASSESSMENTS, ASSESSMENTS, _IS_UNPUBLISHED),
            (OF_REVISION, SCORES, _IS_READ),
        )
    )
).subquery()
PAST: Final = _PAST.c
SELECT_PAST: Final[Select[Any]] = select(_PAST).order_by(PAST.period_to.desc(), PAST.id.desc())
"""The figures of an organisation in all its editions: those columns, those of the edition, and the rank in it."""

SELECT_LATER: Final = (
    select(SCORES.c.organisation, EDITIONS.c.id)
    .join(EDITIONS, SCORES.c.edition == EDITIONS.c.id)
    .where(
        SCORES.c.organisation.in_(bindparam("organisations", expanding=True)),
        _IS_READ,
        tuple_(EDITIONS.c.period_to, EDITIONS.c.id) > tuple_(bindparam("period_to"), bindparam("edition")),
    )
    .order_by(EDITIONS.c.period_to, EDITIONS.c.id)
)

SELECT_SUBMISSIONS: Final = tuple(
    select(figures.c.edition, figures.c.submission).where(
        figures.c.organisation == bindparam("organisation"),
        figures.c.edition.in_(bindparam("editions", expanding=True)),
        condition,
    )
    for figures, condition in (
        (ASSESSMENTS, select_newest_revision(ASSESSMENTS.c.edition).is_(None)),
        (SCORES, _IS_READ),
    )
)
