"""SQL of editions."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

import msgspec
from msgspec import Struct, structs
from sqlalchemy import ColumnElement, bindparam, column, delete, func, insert, or_, select, table, tuple_, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from actitud_api.platform.storage.base import Base
from actitud_api.resources.editions.dates import Calendar, Windows
from actitud_api.resources.editions.tables import EditionTable

State = Literal["open", "in_review", "published"]
"""State of an edition: taking answers, in review, published. A published one is public and never changes."""

EDITIONS = Base.metadata.tables[str(EditionTable.__tablename__)]

# What is counted belongs to the slice above: only its name and how it names its edition are known here. Counting is
# exact whoever writes; a column would have to be locked by everybody who adds to the edition.
_ASSESSMENTS = table("assessment", column("edition"), column("state"))


class EditionRecord(Struct, frozen=True, kw_only=True):
    """Stored edition; for the members see the table."""

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
    """Edition with the number of organisations that it scores."""

    record: EditionRecord
    organisations: int


EditionCursorKey = tuple[date, str]
"""Position in the list: reference date and id."""

_NEWEST = (EDITIONS.c.period_to.desc(), EDITIONS.c.id.desc())
_COLUMNS = [EDITIONS.c[name] for name in EditionRecord.__struct_fields__]
_ALL = select(*_COLUMNS)
_ONE = _ALL.where(EDITIONS.c.id == bindparam("id"))
_LATEST = _ALL.where(EDITIONS.c.state == "published").order_by(*_NEWEST).limit(1)
_COUNT = select(func.count()).select_from(_ASSESSMENTS)
_FINAL = _ASSESSMENTS.c.state == "final"
_COUNTED = select(
    *_COLUMNS,
    _COUNT.where(_ASSESSMENTS.c.edition == EDITIONS.c.id, or_(_FINAL, EDITIONS.c.state != "published"))
    .scalar_subquery()
    .label("organisations"),
)
_STATE = select(EDITIONS.c.state).where(EDITIONS.c.id == bindparam("id")).with_for_update(read=True)


def list_page(session: Session, after: EditionCursorKey | None, offset: int, limit: int) -> list[CountedEdition]:
    """Return editions, newest first, starting after `after`."""
    statement = _COUNTED.order_by(*_NEWEST).offset(offset).limit(limit)
    if after is not None:
        statement = statement.where(tuple_(EDITIONS.c.period_to, EDITIONS.c.id) < after)
    return [
        CountedEdition(_record(row), row["organisations"]) for row in map(dict, session.execute(statement).mappings())
    ]


def get(session: Session, identifier: str) -> EditionRecord | None:
    """Return the edition of an id, or None."""
    row = session.execute(_ONE, {"id": identifier}).mappings().one_or_none()
    return None if row is None else _record(dict(row))


def get_latest(session: Session) -> EditionRecord | None:
    """Return the newest published edition, or None."""
    row = session.execute(_LATEST).mappings().one_or_none()
    return None if row is None else _record(dict(row))


def count_organisations(session: Session, record: EditionRecord) -> int:
    """Return the number of organisations scored: the final ones of a published edition, all of any other."""
    statement = _COUNT.where(_ASSESSMENTS.c.edition == record.id)
    if record.state == "published":
        statement = statement.where(_FINAL)
    found: int = session.execute(statement).scalar_one()
    return found


def lock_state(session: Session, identifier: str) -> State | None:
    """Return the state of an edition, or None; nobody can change or delete the edition until the session ends."""
    return session.execute(_STATE, {"id": identifier}).scalar_one_or_none()


def insert_edition(session: Session, record: EditionRecord) -> bool:
    """Insert an edition; return False if the id exists, and then the session can only end."""
    try:
        session.execute(insert(EDITIONS), structs.asdict(record))
    except IntegrityError:
        return False
    return True


def update_edition(session: Session, record: EditionRecord, before: int) -> bool:
    """Replace an edition of version `before`; return False if it has another version."""
    values = structs.asdict(record)
    found = session.execute(update(EDITIONS).where(*_at(record.id, before)).values(values).returning(EDITIONS.c.id))
    return found.one_or_none() is not None


def lock_edition(session: Session, identifier: str, version: int) -> bool:
    """Lock an edition against changes and additions until the session ends; return False if it has another version."""
    statement = select(EDITIONS.c.id).where(*_at(identifier, version)).with_for_update()
    return session.execute(statement).one_or_none() is not None


def delete_edition(session: Session, identifier: str) -> None:
    """Delete an edition, if it exists; no other row may refer to it."""
    session.execute(delete(EDITIONS).where(EDITIONS.c.id == identifier))


def _at(identifier: str, version: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return EDITIONS.c.id == identifier, EDITIONS.c.version == version


def _record(row: dict[str, object]) -> EditionRecord:
    return msgspec.convert(row, EditionRecord)
