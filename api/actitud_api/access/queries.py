"""All SQL over keys, and over the answers to idempotency keys."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec
from msgspec import Struct, structs
from sqlalchemy import Row, bindparam, delete, insert, select, text, update
from sqlmodel import Session

from actitud_api.access.tables import AccessKey, IdempotentAnswer
from actitud_api.storage.base import Base

KEYS = Base.metadata.tables[str(AccessKey.__tablename__)]
ANSWERS = Base.metadata.tables[str(IdempotentAnswer.__tablename__)]

Role = Literal["organisation_reader", "organisation_editor", "assessor", "publisher", "registrar", "administrator"]
"""What a key is for.

To read the drafts of its organisations, or to answer for them; to look at the drafts of its editions, or to publish
these; to keep the register of organisations; everything.
"""


class Record(Struct, frozen=True):
    """A key as it is stored; see the table. `editions`: None is all of them."""

    id: str
    role: Role
    organisations: tuple[str, ...]
    editions: tuple[str, ...] | None
    pepper: str
    digest: str
    created: datetime
    expires: datetime
    revoked: datetime | None


_ALL = select(*(KEYS.c[name] for name in Record.__struct_fields__))
_ONE = _ALL.where(KEYS.c.id == bindparam("id"))
_OLDEST_FIRST = _ALL.order_by(KEYS.c.created, KEYS.c.id)
_OF_ROLE = _OLDEST_FIRST.where(KEYS.c.role == bindparam("role"))


def add(session: Session, record: Record) -> None:
    """Stores a new key."""
    session.execute(insert(KEYS), [{name: _plain(getattr(record, name)) for name in Record.__struct_fields__}])


def one(session: Session, identifier: str) -> Record | None:
    """The key of that id."""
    row = session.execute(_ONE, {"id": identifier}).one_or_none()
    return None if row is None else _record(row)


def everything(session: Session) -> list[Record]:
    """All keys, the oldest first."""
    return [_record(row) for row in session.execute(_OLDEST_FIRST)]


def of_role(session: Session, role: Role) -> list[Record]:
    """The keys of a role, the oldest first."""
    return [_record(row) for row in session.execute(_OF_ROLE, {"role": role})]


def revoke(session: Session, identifier: str, now: datetime) -> bool:
    """Ends a key, unless it is ended; whether there was one to end."""
    ended = update(KEYS).where(KEYS.c.id == identifier, KEYS.c.revoked.is_(None)).values(revoked=now)
    return session.connection().execute(ended).rowcount == 1


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _record(row: Row[Any]) -> Record:
    return msgspec.convert(dict(row._mapping), Record)


class Answer(Struct, frozen=True):
    """An answer as it was sent."""

    status: int
    headers: dict[str, str]
    body: bytes


class Known(Struct, frozen=True):
    """What is kept of an idempotency key: the fingerprint of its request, and the answer."""

    fingerprint: str
    answer: Answer


_CLAIM = text(
    "INSERT INTO idempotent_answer (holder, key, fingerprint, created) VALUES (:holder, :key, :fingerprint, :created) "
    "ON CONFLICT DO NOTHING"
).bindparams(bindparam("created", type_=ANSWERS.c.created.type))
"""On PostgreSQL it waits for another transaction that claims the same key, and then finds what that one kept."""
_MINE = (ANSWERS.c.holder == bindparam("of"), ANSWERS.c.key == bindparam("named"))
_KNOWN = select(ANSWERS.c.fingerprint, ANSWERS.c.status, ANSWERS.c.headers, ANSWERS.c.body).where(*_MINE)
_KEEP = update(ANSWERS).where(*_MINE)


def claim(session: Session, holder: str, key: str, fingerprint: str, now: datetime) -> Known | None:
    """Takes a key of a holder for the request that asks; what is kept of it where it was taken before."""
    values = {"holder": holder, "key": key, "fingerprint": fingerprint, "created": now}
    taken = session.connection().execute(_CLAIM, values)
    if taken.rowcount == 1:
        return None
    found, status, headers, body = session.execute(_KNOWN, {"of": holder, "named": key}).one()
    return Known(found, Answer(status, headers, body))


def keep_answer(session: Session, holder: str, key: str, answer: Answer) -> None:
    """Keeps the answer to a key that was claimed."""
    session.connection().execute(_KEEP.values(structs.asdict(answer)), {"of": holder, "named": key})


def forget_answers(session: Session, holder: str, before: datetime) -> None:
    """Removes the answers to a holder that are older."""
    session.execute(delete(ANSWERS).where(ANSWERS.c.holder == holder, ANSWERS.c.created < before))
