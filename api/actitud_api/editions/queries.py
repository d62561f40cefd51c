"""All SQL over editions."""

from __future__ import annotations

from datetime import date
from typing import Literal

from msgspec import Struct, structs
from sqlalchemy import bindparam, delete, insert, select
from sqlmodel import Session

from actitud_api.editions.tables import Edition
from actitud_api.storage.base import Base

State = Literal["open", "in_review", "published", "superseded"]
"""Where an edition is: taking answers, in review, published, replaced by a later one."""

EDITIONS = Base.metadata.tables[str(Edition.__tablename__)]


class Record(Struct, frozen=True):
    """An edition as it is stored."""

    id: str
    titles: dict[str, str]
    methodology: str
    state: State
    period_from: date
    period_to: date
    simulated: bool
    organisations: int


_ALL = select(*(EDITIONS.c[name] for name in Record.__struct_fields__))
_ONE = _ALL.where(EDITIONS.c.id == bindparam("id"))


def page(session: Session, before: str | None, offset: int, limit: int) -> list[Record]:
    """Editions, the newest first, from the one that follows `before`."""
    statement = _ALL.order_by(EDITIONS.c.id.desc()).offset(offset).limit(limit)
    if before is not None:
        statement = statement.where(EDITIONS.c.id < before)
    return [Record(*row) for row in session.execute(statement)]


def one(session: Session, identifier: str) -> Record | None:
    """The edition of that id."""
    row = session.execute(_ONE, {"id": identifier}).one_or_none()
    return None if row is None else Record(*row)


def add(session: Session, record: Record) -> None:
    """Stores a new edition."""
    session.execute(insert(EDITIONS), structs.asdict(record))


def remove(session: Session, identifier: str) -> None:
    """Removes an edition, if there is one."""
    session.execute(delete(EDITIONS).where(EDITIONS.c.id == identifier))
