"""All SQL over the scores of editions."""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import ColumnElement, and_, bindparam, case, func, or_, select
from sqlmodel import Session

from actitud_api.assessments.tables import DIMENSIONS, Assessment
from actitud_api.organisations.tables import Organisation
from actitud_api.storage.base import Base

ASSESSMENTS = Base.metadata.tables[str(Assessment.__tablename__)]
ORGANISATIONS = Base.metadata.tables[str(Organisation.__tablename__)]


class Row(Struct, frozen=True):
    """A line of the ranking of an edition; figures as in `Assessment`, `rank` None where it does not rank."""

    rank: int | None
    organisation: str
    name: str
    kind: str
    population: int | None
    band: str | None
    province: str | None
    region: str | None
    simulated: bool
    methodology: str
    status: str
    level: int | None
    rank_points: int
    index_value: int | None
    index_max: int | None
    coverage: int | None
    dimensions: tuple[int | None, ...]


Place = tuple[int, str]
"""A place in the order of the ranking: `rank_points` and organisation."""


class Filters(Struct, frozen=True, kw_only=True):
    """What organisations to list; None does not filter."""

    kind: str | None = None
    region: str | None = None
    province: str | None = None
    band: str | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The same in SQL."""
        table = ORGANISATIONS.c
        wanted = (
            (table.kind, self.kind),
            (table.region, self.region),
            (table.province, self.province),
            (table.band, self.band),
        )
        return [column == value for column, value in wanted if value is not None]


_RANKED = ASSESSMENTS.c.rank_points >= 0
_RANKS = (
    select(
        ASSESSMENTS.c.organisation,
        case((_RANKED, func.rank().over(order_by=ASSESSMENTS.c.rank_points.desc()))).label("rank"),
    )
    .where(ASSESSMENTS.c.edition == bindparam("edition"))
    .subquery()
)
"""Ranks over the whole edition, whatever is listed of it."""

_FIGURES = ("methodology", "status", "level", "rank_points", "index_value", "index_max", "coverage")
_IDENTITY = ("name", "kind", "population", "band", "province", "region", "simulated")
_PAGE = (
    select(
        _RANKS.c.rank,
        ASSESSMENTS.c.organisation,
        *(ORGANISATIONS.c[name] for name in _IDENTITY),
        *(ASSESSMENTS.c[name] for name in (*_FIGURES, *DIMENSIONS)),
    )
    .join_from(ASSESSMENTS, _RANKS, ASSESSMENTS.c.organisation == _RANKS.c.organisation)
    .join(ORGANISATIONS, ASSESSMENTS.c.organisation == ORGANISATIONS.c.id)
    .where(ASSESSMENTS.c.edition == bindparam("edition"))
    .order_by(ASSESSMENTS.c.rank_points.desc(), ASSESSMENTS.c.organisation)
)
_BETTER = ASSESSMENTS.alias()
_ONE = (
    select(
        case(
            (
                _RANKED,
                select(func.count() + 1)
                .where(_BETTER.c.edition == bindparam("edition"), _BETTER.c.rank_points > ASSESSMENTS.c.rank_points)
                .scalar_subquery(),
            )
        ),
        ASSESSMENTS.c.organisation,
        ORGANISATIONS.c.name,
        ORGANISATIONS.c.simulated,
        ASSESSMENTS.c.methodology,
        ASSESSMENTS.c.submission,
    )
    .join(ORGANISATIONS, ASSESSMENTS.c.organisation == ORGANISATIONS.c.id)
    .where(ASSESSMENTS.c.edition == bindparam("edition"), ASSESSMENTS.c.organisation == bindparam("organisation"))
)


class Sent(Struct, frozen=True):
    """What one organisation sent for an edition, as `methodology.answers.Submission` in JSON, and its rank."""

    rank: int | None
    organisation: str
    name: str
    simulated: bool
    methodology: str
    submission: dict[str, object]


def page(session: Session, edition: str, filters: Filters, after: Place | None, offset: int, limit: int) -> list[Row]:
    """Lines of the ranking of an edition in its order, unranked ones last, from the one that follows `after`."""
    statement = _PAGE.where(*filters.conditions()).offset(offset).limit(limit)
    if after is not None:
        points, organisation = after
        statement = statement.where(
            or_(
                ASSESSMENTS.c.rank_points < points,
                and_(ASSESSMENTS.c.rank_points == points, ASSESSMENTS.c.organisation > organisation),
            )
        )
    before_dimensions = Row.__struct_fields__.index("dimensions")
    return [
        Row(*[*row[:before_dimensions], tuple(row[before_dimensions:])])
        for row in session.execute(statement, {"edition": edition})
    ]


def one(session: Session, edition: str, organisation: str) -> Sent | None:
    """What that organisation sent for that edition."""
    row = session.execute(_ONE, {"edition": edition, "organisation": organisation}).one_or_none()
    return None if row is None else Sent(*row)
