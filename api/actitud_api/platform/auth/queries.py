"""SQL of access keys and of responses stored for idempotency keys."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

import msgspec
from msgspec import Struct, structs
from sqlalchemy import ColumnElement, Row, String, Text, bindparam, cast, delete, insert, select, text, tuple_, update
from sqlmodel import Session

from actitud_api.platform.auth.keys import Role as Role
from actitud_api.platform.auth.tables import AccessKeyTable, Denial, IdempotentAnswer, KeyUse
from actitud_api.platform.storage.base import Base, to_json
from actitud_api.platform.storage.pages import PageRange, bind_key, execute_page

KEYS = Base.metadata.tables[str(AccessKeyTable.__tablename__)]
DENIALS = Base.metadata.tables[str(Denial.__tablename__)]
USES = Base.metadata.tables[str(KeyUse.__tablename__)]
ANSWERS = Base.metadata.tables[str(IdempotentAnswer.__tablename__)]


class KeyRecord(Struct, frozen=True):
    """Access key as it is stored, without its secret.

    Attributes:
        id: Public id.
        role: Role.
        organisations: Ids of the organisations that the key is bound to.
        editions: Ids of the editions that the key is bound to; None for all editions.
        pepper: Public id of the pepper with which `digest` was computed.
        digest: HMAC-SHA-256 of the secret, in hexadecimal.
        created: Time of creation.
        expires: Time of expiry, which may be sooner than `days` after the creation, as after a rotation.
        revoked: Time of the revocation, None if the key is not revoked.
        days: Life of the key at its creation.
        maker: Id of the key that created this one, None for the command line.
        origin: Id of the first key in the chain of rotations.
        replaced_by: Id of the successor, None without one.
        version: Number that grows with each change of the row.
    """

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
        """The id of the only organisation that the key is bound to, None if the key is bound to none or to several."""
        return self.organisations[0] if len(self.organisations) == 1 else None


class KeyFilters(Struct, frozen=True, kw_only=True):
    """Filters of the list of access keys: role, bound organisation and id. A filter that is None is not applied."""

    role: Role | None = None
    organisation: str | None = None
    key: str | None = None

    def build_conditions(self) -> list[ColumnElement[bool]]:
        """Return an SQL condition for each filter that is not None."""
        conditions: list[ColumnElement[bool]] = []
        if self.role is not None:
            conditions.append(KEYS.c.role == self.role)
        if self.organisation is not None:
            # Either database writes a list of ids with each between quotes.
            conditions.append(cast(KEYS.c.organisations, String).contains(to_json(self.organisation), autoescape=True))
        if self.key is not None:
            conditions.append(KEYS.c.id == self.key)
        return conditions


_ALL = select(*(KEYS.c[name] for name in KeyRecord.__struct_fields__))
_ONE = _ALL.where(KEYS.c.id == bindparam("id"))
_OLDEST_FIRST = _ALL.order_by(KEYS.c.created, KEYS.c.id)
_OF_IDS = _ALL.where(KEYS.c.id.in_(bindparam("ids", expanding=True)))
_CURSOR_COLUMNS = (KEYS.c.created, KEYS.c.id)
_OF_ROLE = _OLDEST_FIRST.where(KEYS.c.role == bindparam("role"))


def insert_key(session: Session, record: KeyRecord) -> None:
    """Insert an access key; its id must be new."""
    session.execute(
        insert(KEYS), [{name: _to_column_value(getattr(record, name)) for name in KeyRecord.__struct_fields__}]
    )


def get(session: Session, identifier: str) -> KeyRecord | None:
    """Return the access key with an id, valid or not, or None if no key has it."""
    row = session.execute(_ONE, {"id": identifier}).one_or_none()
    return None if row is None else _build_record(row)


def list_keys(session: Session) -> list[KeyRecord]:
    """Return every access key, oldest first, valid or not."""
    return [_build_record(row) for row in session.execute(_OLDEST_FIRST)]


def list_page(session: Session, filters: KeyFilters, page: PageRange[tuple[datetime, str]]) -> list[KeyRecord]:
    """Return access keys in order of creation.

    Args:
        session: Session that reads.
        filters: Only keys that match.
        page: Part of the list; its sort key is the creation time and the id of a key.
    """
    statement = _OLDEST_FIRST.where(*filters.build_conditions())
    rows = execute_page(
        session, statement, page, after=lambda after: tuple_(*_CURSOR_COLUMNS) > bind_key(_CURSOR_COLUMNS, after)
    )
    return [_build_record(row) for row in rows]


def get_many(session: Session, identifiers: Collection[str]) -> dict[str, KeyRecord]:
    """Return the access keys with these ids, valid or not, by id; ids that no key has are left out."""
    return {row.id: _build_record(row) for row in session.execute(_OF_IDS, {"ids": list(identifiers)})}


def list_by_role(session: Session, role: Role) -> list[KeyRecord]:
    """Return the access keys with a role, oldest first, valid or not."""
    return [_build_record(row) for row in session.execute(_OF_ROLE, {"role": role})]


def update_key(session: Session, record: KeyRecord, **values: object) -> bool:
    """Set columns of the row of an access key to `values` (by name), and return True.

    Return False, and change nothing, if the row has another version than `record`, or if the key is revoked.
    """
    # Compared in the UPDATE itself, because on PostgreSQL another session may write between a read and this write.
    as_read = (KEYS.c.id == record.id, KEYS.c.version == record.version, KEYS.c.revoked.is_(None))
    changed = update(KEYS).where(*as_read).values(version=record.version + 1, **values)
    return session.connection().execute(changed).rowcount == 1


def get_last_uses(session: Session, identifiers: Collection[str]) -> Mapping[str, date]:
    """Return the day (UTC) on which each key was last used, by id of the key.

    Keys that were never used are left out.
    """
    statement = select(USES.c.key, USES.c.day).where(USES.c.key.in_(identifiers))
    return {row.key: row.day for row in session.execute(statement)}


_USE = text(
    "INSERT INTO key_use (key, day) VALUES (:key, :day) "
    "ON CONFLICT (key) DO UPDATE SET day = excluded.day WHERE key_use.day < excluded.day"
).bindparams(bindparam("day", type_=USES.c.day.type))


def record_use(session: Session, key: str, day: date) -> bool:
    """Store the day (UTC) of the last use of an access key, and return True.

    Return False, and change nothing, if that day or a later one is stored already.
    """
    return session.connection().execute(_USE, {"key": key, "day": day}).rowcount == 1


_DENIED = select(DENIALS.c.day).where(
    DENIALS.c.day == bindparam("day"), DENIALS.c.key == bindparam("key"), DENIALS.c.operation == bindparam("operation")
)
# Both databases have this form.
_DENY = text(
    "INSERT INTO denial (day, key, operation) VALUES (:day, :key, :operation) ON CONFLICT DO NOTHING"
).bindparams(bindparam("day", type_=DENIALS.c.day.type))


def has_denial(session: Session, key: str, operation: str, day: date) -> bool:
    """Return True if a denial of an operation to a key was recorded already on a day (UTC)."""
    found = session.execute(_DENIED, {"day": day, "key": key, "operation": operation})
    return found.one_or_none() is not None


def claim_denial(session: Session, key: str, operation: str, day: date) -> bool:
    """Record that an operation was denied to a key on a day (UTC), so that the ledger gets one entry a day about it.

    Return True if the denial is the first of the day, False if one was recorded already. Records of earlier days are
    deleted.
    """
    connection = session.connection()
    if connection.execute(_DENY, {"day": day, "key": key, "operation": operation}).rowcount != 1:
        return False
    connection.execute(delete(DENIALS).where(DENIALS.c.day < day))
    return True


def _to_column_value(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _build_record(row: Row[Any]) -> KeyRecord:
    return msgspec.convert(dict(row._mapping), KeyRecord)


class StoredResponse(Struct, frozen=True):
    """Response to an idempotent request, with the status, headers and bytes that were sent."""

    status: int
    headers: dict[str, str]
    body: bytes


class ClaimedResponse(Struct, frozen=True):
    """Earlier request that claimed an idempotency key, and the response to it.

    `fingerprint` is a digest of the earlier request.
    """

    fingerprint: str
    response: StoredResponse


_CLAIM = text(
    "INSERT INTO idempotent_answer (holder, key, fingerprint, created) VALUES (:holder, :key, :fingerprint, :created) "
    "ON CONFLICT DO NOTHING"
).bindparams(bindparam("created", type_=ANSWERS.c.created.type))
"""Statement that inserts an idempotency key unless the holder has used it before.

On PostgreSQL the statement waits for a concurrent transaction that claims the same key; that transaction has
stored its response when it ends.
"""
_OF_HOLDER = (ANSWERS.c.holder == bindparam("of_holder"), ANSWERS.c.key == bindparam("of_key"))
_SELECT_RESPONSE = select(ANSWERS.c.fingerprint, ANSWERS.c.status, ANSWERS.c.headers, ANSWERS.c.body).where(*_OF_HOLDER)
_UPDATE_RESPONSE = update(ANSWERS).where(*_OF_HOLDER)
_IS_OLD = ANSWERS.c.created < bindparam("before", type_=ANSWERS.c.created.type)
_DELETE_RESPONSE = delete(ANSWERS).where(*_OF_HOLDER, _IS_OLD)
_DELETE_OLDEST = delete(ANSWERS).where(
    tuple_(ANSWERS.c.holder, ANSWERS.c.key).in_(
        select(ANSWERS.c.holder, ANSWERS.c.key)
        .where(_IS_OLD)
        .order_by(ANSWERS.c.created)
        .limit(bindparam("limit"))
        .with_for_update(skip_locked=True)
    )
)


def claim_key(session: Session, holder: str, key: str, fingerprint: str, now: datetime) -> ClaimedResponse | None:
    """Claim an idempotency key for a request. Return None, or the earlier request if the key was claimed before.

    `holder` is the id of the access key that sends the request. `fingerprint` is a digest of the request; the caller
    compares it with the fingerprint of the earlier request, to see if the same request is repeated.
    """
    values = {"holder": holder, "key": key, "fingerprint": fingerprint, "created": now}
    inserted = session.connection().execute(_CLAIM, values)
    if inserted.rowcount == 1:
        return None
    claimed, status, headers, body = session.execute(_SELECT_RESPONSE, {"of_holder": holder, "of_key": key}).one()
    return ClaimedResponse(claimed, StoredResponse(status, headers, body))


def store_response(session: Session, holder: str, key: str, response: StoredResponse) -> None:
    """Store the response to the request that claimed an idempotency key.

    `holder` is the id of the access key that sent the request.
    """
    update_response = _UPDATE_RESPONSE.values(structs.asdict(response))
    session.connection().execute(update_response, {"of_holder": holder, "of_key": key})


def delete_old_response(session: Session, holder: str, key: str, before: datetime) -> None:
    """Delete the response stored for an idempotency key of a holder, if it is older than the time `before`.

    `holder` is the id of an access key.
    """
    session.execute(_DELETE_RESPONSE, {"of_holder": holder, "of_key": key, "before": before})


def delete_oldest_responses(session: Session, before: datetime, limit: int) -> int:
    """Delete the oldest responses to idempotent requests, `limit` at most, and return their number.

    Only responses stored before the time `before` are deleted, of all holders, because some never send another request.
    A row that another transaction is deleting is skipped.
    """
    return session.connection().execute(_DELETE_OLDEST, {"before": before, "limit": limit}).rowcount


def delete_responses_about(session: Session, path: str) -> None:
    """Delete the stored responses of idempotent requests that created a resource below a path.

    Such a response may repeat texts of the request, which have to be deleted with the resource.
    """
    location = cast(ANSWERS.c.headers, Text)
    session.execute(delete(ANSWERS).where(location.contains(f'"{path}/', autoescape=True)))
