"""The table of editions."""

from datetime import date, datetime

from sqlalchemy import Column, ColumnElement, FromClause, ScalarSelect, and_, case, column, exists, func, select, table
from sqlmodel import Field

from actitud_api.platform.storage.base import IDENTIFIER, JSON_DOCUMENT, Base
from actitud_api.platform.storage.times import UtcTime


class EditionTable(Base, table=True):
    """A stored edition. Columns as in `queries.EditionRecord`; readers see the state that `derive_state` returns."""

    __tablename__ = "edition"

    id: str = Field(sa_type=IDENTIFIER, primary_key=True)
    titles: dict[str, str] = Field(sa_column=Column(JSON_DOCUMENT, nullable=False))
    methodology: str
    state: str
    period_from: date
    period_to: date
    windows: dict[str, object] = Field(sa_column=Column(JSON_DOCUMENT, nullable=False))
    calendar: dict[str, object] = Field(sa_column=Column(JSON_DOCUMENT, nullable=False))
    simulated: bool
    created: datetime = Field(sa_column=Column(UtcTime, nullable=False))
    updated: datetime = Field(sa_column=Column(UtcTime, nullable=False))
    version: int


# Publications belong to a resource above this one, so only the columns that decide what is read are named here.
_PUBLICATIONS = table("publication", column("edition"), column("revision"), column("organisations"))
_SCORES = table("published_score", column("edition"), column("revision"), column("ordinal"))


def _is_last(publication: FromClause, score: FromClause) -> ColumnElement[bool]:
    """Return the SQL condition that is true if a score is the last of a revision, which then has all its scores."""
    return and_(
        score.c.edition == publication.c.edition,
        score.c.revision == publication.c.revision,
        score.c.ordinal == publication.c.organisations,
    )


def is_complete(edition: ColumnElement[str], revision: ColumnElement[int]) -> ColumnElement[bool]:
    """Return the SQL condition that is true if a revision of an edition has all its scores.

    Only the last score is looked up, because the scores of a revision are numbered and inserted in this order.
    """
    publication, score = _PUBLICATIONS.alias(), _SCORES.alias()
    return exists(
        select(publication.c.revision)
        .join(score, _is_last(publication, score))
        .where(publication.c.edition == edition, publication.c.revision == revision)
    )


def select_newest_revision(edition: ColumnElement[str]) -> ScalarSelect[int]:
    """Return an SQL subquery for the number of the newest revision of an edition that has all its scores.

    Its value is null if there is no such revision.
    """
    publication, score = _PUBLICATIONS.alias(), _SCORES.alias()
    return (
        select(func.max(publication.c.revision))
        .select_from(publication.join(score, _is_last(publication, score)))
        .where(publication.c.edition == edition)
        .scalar_subquery()
    )


def is_frozen(edition: ColumnElement[str]) -> ColumnElement[bool]:
    """Return the SQL condition that is true if an edition has a revision, even if scores of the revision are missing.

    Triggers then refuse changes of the edition.
    """
    publication = _PUBLICATIONS.alias()
    return exists(select(publication.c.revision).where(publication.c.edition == edition))


def derive_state(editions: FromClause) -> ColumnElement[str]:
    """Return the SQL expression for the state of an edition as readers see it; `editions` is the table of editions.

    An edition whose row says `published`, but that has no revision with all its scores, is shown as `in_review`:
    somebody with access to the database can write the state into the row, but cannot sign a revision.
    """
    unsigned = and_(editions.c.state == "published", select_newest_revision(editions.c.id).is_(None))
    return case((unsigned, "in_review"), else_=editions.c.state).label("state")


def select_published_count(edition: ColumnElement[str]) -> ScalarSelect[int]:
    """Return an SQL subquery for the number of scores in the newest revision of an edition that has all its scores.

    Its value is null if there is no such revision.
    """
    publication = _PUBLICATIONS.alias()
    return (
        select(publication.c.organisations)
        .where(
            publication.c.edition == edition,
            publication.c.revision == select_newest_revision(publication.c.edition),
        )
        .scalar_subquery()
    )
