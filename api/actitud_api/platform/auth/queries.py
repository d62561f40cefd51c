"""SQL of access keys and of responses stored for idempotency keys."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

import msgspec
from msgspec import Struct, structs
from sqlalchemy import ColumnElement, Row, String, bindparam, cast, delete, insert, select, text, tuple_, update
from sqlmodel import Session

from actitud_api.platform.auth.keys import Role as Role
from actitud_api.platform.auth.tables import AccessKeyTable, IdempotentAnswer, KeyUse
from actitud_api.platform.storage.base import Base, to_json

KEYS = Base.metadata.tables[str(AccessKeyTable.__tablename__)]
USES = Base.metadata.tables[str(KeyUse.__tablename__)]
ANSWERS = Base.metadata.tables[str(IdempotentAnswer.__tablename__)]


class KeyRecord(Struct, frozen=True):
    """Stored key; for the members see the table. `editions`: None is all of them."""

    id: str
    role: Role
    organisations: tuple[str, ...]
    editions: tuple[str, ...] | None
    pepper: str
    digest: str
    created: datetime
    expires: datetime
    revoked: datetime | None
    days: int
    maker: str | None
    origin: str
    replaced_by: str | None
    version: int

    @property
    def organisation(self) -> str | None:
        """The organisation of a key that is bound to exactly one, else None."""
        return self.organisations[0] if len(self.organisations) == 1 else None


class KeyFilters(Struct, frozen=True, kw_only=True):
    """Filters of the list of keys: by role, by bound organisation, by id; None does not filter."""

    role: Role | None = None
    organisation: str | None = None
    key: str | None = None

    def build_conditions(self) -> list[ColumnElement[bool]]:
        """Return the filters as SQL conditions."""
        found: list[ColumnElement[bool]] = []
        if self.role is not None:
            found.append(KEYS.c.role == self.role)
        if self.organisation is not None:
            # Either database writes a list of ids with each between quotes.
            found.append(cast(KEYS.c.organisations, String).contains(to_json(self.organisation), autoescape=True))
        if self.key is not None:
            found.append(KEYS.c.id == self.key)
        return found


_ALL = select(*(KEYS.c[name] for name in KeyRecord.__struct_fields__))
_ONE = _ALL.where(KEYS.c.id == bindparam("id"))
_OLDEST_FIRST = _ALL.order_by(KEYS.c.created, KEYS.c.id)
_OF_IDS = _ALL.where(KEYS.c.id.in_(bindparam("ids", expanding=True)))
_PLACE = (KEYS.c.created, KEYS.c.id)
_OF_ROLE = _OLDEST_FIRST.where(KEYS.c.role == bindparam("role"))


def insert_key(session: Session, record: KeyRecord) -> None:
    """Insert a key."""
    session.execute(insert(KEYS), [{name: _plain(getattr(record, name)) for name in KeyRecord.__struct_fields__}])


def get(session: Session, identifier: str) -> KeyRecord | None:
    """Return the key of an id, or None."""
    row = session.execute(_ONE, {"id": identifier}).one_or_none()
    return None if row is None else _record(row)


def list_all(session: Session) -> list[KeyRecord]:
    """Return all keys, oldest first."""
    return [_record(row) for row in session.execute(_OLDEST_FIRST)]


def list_page(
    session: Session, filters: KeyFilters, after: tuple[datetime, str] | None, offset: int, limit: int
) -> list[KeyRecord]:
    """Return keys in order of creation, starting after a creation time and id."""
    statement = _OLDEST_FIRST.where(*filters.build_conditions()).offset(offset).limit(limit)
    if after is not None:
        created, identifier = (bindparam(None, value, column.type) for value, column in zip(after, _PLACE, strict=True))
        statement = statement.where(tuple_(*_PLACE) > tuple_(created, identifier))
    return [_record(row) for row in session.execute(statement)]


def get_many(session: Session, identifiers: Collection[str]) -> dict[str, KeyRecord]:
    """Map id to key for the existing ones of these ids."""
    return {row.id: _record(row) for row in session.execute(_OF_IDS, {"ids": list(identifiers)})}


def list_by_role(session: Session, role: Role) -> list[KeyRecord]:
    """Return the keys of a role, oldest first."""
    return [_record(row) for row in session.execute(_OF_ROLE, {"role": role})]


def update_key(session: Session, record: KeyRecord, **values: object) -> bool:
    """Update a key that is unchanged since it was read, and not revoked; return False if it is not."""
    as_read = (KEYS.c.id == record.id, KEYS.c.version == record.version, KEYS.c.revoked.is_(None))
    changed = update(KEYS).where(*as_read).values(version=record.version + 1, **values)
    return session.connection().execute(changed).rowcount == 1


def get_last_uses(session: Session, identifiers: Collection[str]) -> Mapping[str, date]:
    """Map key id to the day of its last use; unused keys are left out."""
    found = select(USES.c.key, USES.c.day).where(USES.c.key.in_(identifiers))
    return {row.key: row.day for row in session.execute(found)}


_USE = text(
    "INSERT INTO key_use (key, day) VALUES (:key, :day) "
    "ON CONFLICT (key) DO UPDATE SET day = excluded.day WHERE key_use.day < excluded.day"
).bindparams(bindparam("day", type_=USES.c.day.type))


def record_use(session: Session, key: str, day: date) -> bool:
    """Store the day on which a key was used, unless it is stored; return True if it was written."""
    return session.connection().execute(_USE, {"key": key, "day": day}).rowcount == 1


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _record(row: Row[Any]) -> KeyRecord:
    return msgspec.convert(dict(row._mapping), KeyRecord)


class StoredResponse(Struct, frozen=True):
    """Response as it was sent."""

    status: int
    headers: dict[str, str]
    body: bytes


class ClaimedResponse(Struct, frozen=True):
    """Stored claim of an idempotency key: the fingerprint of its request, and the response."""

    fingerprint: str
    answer: StoredResponse


_CLAIM = text(
    "INSERT INTO idempotent_answer (holder, key, fingerprint, created) VALUES (:holder, :key, :fingerprint, :created) "
    "ON CONFLICT DO NOTHING"
).bindparams(bindparam("created", type_=ANSWERS.c.created.type))
"""On PostgreSQL it waits for a concurrent transaction that claims the same key, and then finds its response."""
_MINE = (ANSWERS.c.holder == bindparam("of"), ANSWERS.c.key == bindparam("named"))
_KNOWN = select(ANSWERS.c.fingerprint, ANSWERS.c.status, ANSWERS.c.headers, ANSWERS.c.body).where(*_MINE)
_KEEP = update(ANSWERS).where(*_MINE)


def claim_key(session: Session, holder: str, key: str, fingerprint: str, now: datetime) -> ClaimedResponse | None:
    """Claim an idempotency key. Return the stored response if it was claimed before, else None."""
    values = {"holder": holder, "key": key, "fingerprint": fingerprint, "created": now}
    taken = session.connection().execute(_CLAIM, values)
    if taken.rowcount == 1:
        return None
    found, status, headers, body = session.execute(_KNOWN, {"of": holder, "named": key}).one()
    return ClaimedResponse(found, StoredResponse(status, headers, body))


def store_response(session: Session, holder: str, key: str, answer: StoredResponse) -> None:
    """Store the response to the request that claimed an idempotency key."""
    session.connection().execute(_KEEP.values(structs.asdict(answer)), {"of": holder, "named": key})


def delete_old_responses(session: Session, holder: str, before: datetime) -> None:
    """Delete the stored responses of a key holder created before `before`."""
    session.execute(delete(ANSWERS).where(ANSWERS.c.holder == holder, ANSWERS.c.created < before))
