"""All SQL over keys."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct, structs
from sqlalchemy import bindparam, insert, select, update
from sqlmodel import Session

from actitud_api.access.tables import AccessKey
from actitud_api.storage.base import Base

KEYS = Base.metadata.tables[str(AccessKey.__tablename__)]

Role = Literal["organisation", "editor", "administrator"]
"""What a key is for: the assessments of its organisation, the list of organisations, everything."""


class Record(Struct, frozen=True):
    """A key as it is stored; see the table."""

    id: str
    owner: str | None
    role: Role
    pepper: str
    digest: str
    created: datetime
    expires: datetime
    revoked: datetime | None


_ALL = select(*(KEYS.c[name] for name in Record.__struct_fields__))
_ONE = _ALL.where(KEYS.c.id == bindparam("id"))
_OF_ROLE = _ALL.where(KEYS.c.role == bindparam("role")).order_by(KEYS.c.created, KEYS.c.id)


def add(session: Session, record: Record) -> None:
    """Stores a new key."""
    session.execute(insert(KEYS), [structs.asdict(record)])


def one(session: Session, identifier: str) -> Record | None:
    """The key of that id."""
    row = session.execute(_ONE, {"id": identifier}).one_or_none()
    return None if row is None else Record(*row)


def of_role(session: Session, role: Role) -> list[Record]:
    """The keys of a role, the oldest first."""
    return [Record(*row) for row in session.execute(_OF_ROLE, {"role": role})]


def revoke(session: Session, identifier: str, now: datetime) -> bool:
    """Ends a key, unless it is ended; whether there was one to end."""
    found = session.execute(
        update(KEYS).where(KEYS.c.id == identifier, KEYS.c.revoked.is_(None)).values(revoked=now).returning(KEYS.c.id)
    )
    return found.one_or_none() is not None
