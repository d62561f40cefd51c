"""All SQL over editions."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

import msgspec
from msgspec import Struct, structs
from sqlalchemy import (
    ColumnElement,
    String,
    bindparam,
    case,
    column,
    delete,
    exists,
    func,
    insert,
    select,
    table,
    tuple_,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from actitud_api.platform.storage.base import Base
from actitud_api.platform.storage.pages import PageRange, execute_page
from actitud_api.platform.storage.records import fetch_record
from actitud_api.resources.editions.dates import Calendar, Windows
from actitud_api.resources.editions.tables import (
    EditionTable,
    derive_state,
    is_frozen,
    select_newest_revision,
    select_published_count,
)

State = Literal["open", "in_review", "published"]
"""The state of an edition.

`open`: organisations may create assessments. `in_review`: only returned assessments may change. `published`: the
edition is public and never changes.
"""

EDITIONS = Base.metadata.tables[str(EditionTable.__tablename__)]

# Assessments belong to a resource above this one, so only two of their columns are named here. A stored count would
# have to be locked by every write of an assessment.
_ASSESSMENTS = table("assessment", column("edition"), column("state"))


class EditionRecord(Struct, frozen=True, kw_only=True):
    """A stored edition.

    Attributes:
        id: Id of the edition.
        titles: Title by language.
        methodology: Name of its methodology version.
        state: State of the edition.
        period_from, period_to: First and last day that the answers describe.
        windows: Periods from which facts and documents must come.
        calendar: Phases with their days.
        simulated: True if the data are invented.
        created, updated: Times of the first and of the last write.
        version: Number of times that the row was written.
    """

    id: str
    titles: dict[str, str]
    methodology: str
    state: State
    period_from: date
    period_to: date
    windows: Windows
    calendar: Calendar
    simulated: bool
    created: datetime
    updated: datetime
    version: int


class CountedEdition(Struct, frozen=True):
    """An edition with `organisations`, the number of organisations whose score it publishes.

    The number is 0 until the edition is published, because the number of drafts is not public.
    """

    record: EditionRecord
    organisations: int


EditionCursorKey = tuple[date, str]
"""The sort key of the list of editions: reference date and id."""

_NEWEST_FIRST = (EDITIONS.c.period_to.desc(), EDITIONS.c.id.desc())
_IS_PUBLISHED = select_newest_revision(EDITIONS.c.id).is_not(None)
_COLUMNS = [derive_state(EDITIONS) if name == "state" else EDITIONS.c[name] for name in EditionRecord.__struct_fields__]
_SELECT_ALL = select(*_COLUMNS)
_SELECT_ONE = _SELECT_ALL.where(EDITIONS.c.id == bindparam("id"))
_SELECT_LATEST = _SELECT_ALL.where(_IS_PUBLISHED).order_by(*_NEWEST_FIRST).limit(1)
_COUNT = select(func.count()).select_from(_ASSESSMENTS)
_SELECT_COUNTED = select(*_COLUMNS, func.coalesce(select_published_count(EDITIONS.c.id), 0).label("organisations"))
_SELECT_PUBLISHED_COUNT = select(select_published_count(bindparam("id", type_=String)))
# A shared lock: writes of assessments wait for a change of the edition, not for each other.
_LOCK = select(EDITIONS.c.id).where(EDITIONS.c.id == bindparam("id")).with_for_update(read=True)
# A statement of its own: one that waits for the lock does not see the revision that it waited for (PostgreSQL).
_SELECT_STATE = select(case((is_frozen(EDITIONS.c.id), "published"), else_=derive_state(EDITIONS))).where(
    EDITIONS.c.id == bindparam("id")
)
_SELECT_HEARING = select(
    exists(
        select(_ASSESSMENTS.c.state).where(_ASSESSMENTS.c.edition == bindparam("id"), _ASSESSMENTS.c.state == "hearing")
    )
)
_SELECT_FROZEN = select(is_frozen(bindparam("id", type_=String)))


def list_page(session: Session, page: PageRange[EditionCursorKey]) -> list[CountedEdition]:
    """List editions, ordered by the last day of the period that they describe, the newest first."""
    statement = _SELECT_COUNTED.order_by(*_NEWEST_FIRST)
    rows = execute_page(
        session, statement, page, after=lambda after: tuple_(EDITIONS.c.period_to, EDITIONS.c.id) < after
    )
    return [
        CountedEdition(msgspec.convert(row, EditionRecord), row["organisations"]) for row in map(dict, rows.mappings())
    ]


def get(session: Session, identifier: str) -> EditionRecord | None:
    """Return the edition with this id, or None if there is none. `latest` is not accepted."""
    return fetch_record(session.execute(_SELECT_ONE, {"id": identifier}), EditionRecord)


def get_latest(session: Session) -> EditionRecord | None:
    """Return the published edition whose period ended last, or None if none is published."""
    return fetch_record(session.execute(_SELECT_LATEST), EditionRecord)


def count_organisations(session: Session, record: EditionRecord) -> int:
    """Count the organisations whose score an edition publishes; return 0 if it is not published."""
    return count_assessments(session, record) if record.state == "published" else 0


def count_assessments(session: Session, record: EditionRecord) -> int:
    """Count the assessments of an edition, in any state.

    For a published edition, only the assessments that its newest revision scores are counted.
    """
    published: int | None = session.execute(_SELECT_PUBLISHED_COUNT, {"id": record.id}).scalar_one()
    if published is not None:
        return published
    count: int = session.execute(_COUNT.where(_ASSESSMENTS.c.edition == record.id)).scalar_one()
    return count


def lock_state(session: Session, identifier: str) -> State | None:
    """Lock an edition and return the state that decides whether it may be changed, or None if it does not exist.

    No other session can change or delete the edition until this session ends. The state is `published` as soon as the
    edition has a revision (a publication), even if scores of the revision are missing.
    """
    if session.execute(_LOCK, {"id": identifier}).one_or_none() is None:
        return None
    state: State = session.execute(_SELECT_STATE, {"id": identifier}).scalar_one()
    return state


def has_hearing(session: Session, identifier: str) -> bool:
    """Return True if any assessment of an edition is in its hearing."""
    found: bool = session.execute(_SELECT_HEARING, {"id": identifier}).scalar_one()
    return found


def has_revision(session: Session, identifier: str) -> bool:
    """Return True if an edition has a revision (a publication), even if scores of the revision are missing.

    Such an edition cannot be changed any more.
    """
    frozen: bool = session.execute(_SELECT_FROZEN, {"id": identifier}).scalar_one()
    return frozen


def insert_edition(session: Session, record: EditionRecord) -> bool:
    """Insert an edition and return True, or return False if another edition has its id.

    If it returns False, the transaction has failed and the caller must end the session.
    """
    try:
        session.execute(insert(EDITIONS), structs.asdict(record))
    except IntegrityError:
        return False
    return True


def update_edition(session: Session, record: EditionRecord, before: int) -> bool:
    """Replace the stored edition by `record`, which has the new version, and return True.

    Return False, and change nothing, if the version of the stored edition is not `before`.
    """
    values = structs.asdict(record)
    updated = session.execute(
        update(EDITIONS).where(*_match_version(record.id, before)).values(values).returning(EDITIONS.c.id)
    )
    return updated.one_or_none() is not None


def lock_edition(session: Session, identifier: str, version: int) -> bool:
    """Lock an edition against changes and new assessments until the session ends, and return True.

    Return False if the version of the stored edition is not `version`.
    """
    statement = select(EDITIONS.c.id).where(*_match_version(identifier, version)).with_for_update()
    return session.execute(statement).one_or_none() is not None


def remove_edition(session: Session, identifier: str) -> None:
    """Delete an edition in any state, if it exists. It must have no assessment, because assessments refer to it.

    For clients there is `service.delete`, which refuses a published edition.
    """
    session.execute(delete(EDITIONS).where(EDITIONS.c.id == identifier))


def _match_version(identifier: str, version: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return EDITIONS.c.id == identifier, EDITIONS.c.version == version
