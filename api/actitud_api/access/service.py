"""Use cases over keys: they are made, shown once, recognised and ended.

Of a secret only its HMAC-SHA-256 is kept. A slow hash would add nothing: the secret has 256 random bits, and a slow
hash on every call is a lever against the service.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from actitud_api.access import keys, queries
from actitud_api.access.queries import Record, Role
from actitud_api.settings import Secret
from actitud_api.storage.database import Database, Session

__all__ = [
    "DAYS_MAX",
    "Created",
    "Principal",
    "Record",
    "Role",
    "UnknownKey",
    "administrators",
    "all_keys",
    "create_key",
    "holds",
    "is_recognised",
    "revoke",
    "verify",
]

DAYS_MAX: Final = 365
"""Days after which a key ends at the latest."""

_UNPEPPERED: Final = ""
_NOBODY: Final = "0" * 64
"""A digest that no secret is known to have, to compare with where there is no key."""


class UnknownKey(LookupError):
    """There is no key of that id that could be ended."""

    def __init__(self, identifier: str) -> None:
        super().__init__(identifier)
        self.identifier = identifier


class Created(Struct, frozen=True):
    """A new key: `text` is what its holder gets, and nobody can tell it again."""

    text: str
    record: Record

    def __repr__(self) -> str:
        return f"Created('***', {self.record!r})"


class Principal(Struct, frozen=True):
    """Who asks: the id of the key, its owner (an organisation, or None: the installation) and its role."""

    key: str
    owner: str | None
    role: Role


def create_key(
    session: Session, peppers: Sequence[Secret], *, role: Role, owner: str | None, days: int, now: datetime
) -> Created:
    """Makes a key that ends after 1 to 365 days; `peppers` as the settings have them, newest first.

    Raises `ValueError` for other days.
    """
    if not 1 <= days <= DAYS_MAX:
        raise ValueError(f"a key lasts 1 to {DAYS_MAX} days, not {days}")
    key = keys.new()
    pepper = peppers[0] if peppers else None
    record = Record(
        id=key.id,
        owner=owner,
        role=role,
        pepper=_mark(pepper),
        digest=_digest(pepper, key.secret),
        created=now,
        expires=now + timedelta(days=days),
        revoked=None,
    )
    queries.add(session, record)
    return Created(key.text(), record)


def verify(database: Database, peppers: Sequence[Secret], text: str, *, now: datetime) -> Principal | None:
    """Who presents a key; None where it is unknown, wrong, ended or revoked, without a difference in work.

    A text that has not the form of a key is refused before the database is asked: its form is no secret.
    """
    key = keys.parse(text)
    if key is None:
        return None
    with database.read() as session:
        record = queries.one(session, key.id)
    by_mark = _by_mark(peppers)
    mark = _UNPEPPERED if record is None else record.pepper
    known = record is not None and mark in by_mark
    expected = record.digest if record is not None and known else _NOBODY
    same = hmac.compare_digest(_digest(by_mark.get(mark), key.secret), expected)
    if record is None or not (same and known and holds(record, now)):
        return None
    return Principal(record.id, record.owner, record.role)


def holds(record: Record, now: datetime) -> bool:
    """Whether a key counts at a time: it has not ended and is not revoked."""
    return now < record.expires and record.revoked is None


def is_recognised(record: Record, peppers: Sequence[Secret]) -> bool:
    """Whether these peppers, or the lack of any, can tell the secret of a key."""
    return record.pepper in _by_mark(peppers)


def revoke(session: Session, identifier: str, *, now: datetime) -> Record:
    """Ends a key from the next call on; raises `UnknownKey` where there is none, or none any more."""
    ended = queries.revoke(session, identifier, now)
    if ended is None:
        raise UnknownKey(identifier)
    return ended


def administrators(session: Session) -> list[Record]:
    """The keys of administrators, the oldest first, whether they hold or not."""
    return queries.of_role(session, "administrator")


def all_keys(session: Session) -> list[Record]:
    """Every key, the oldest first, whether it holds or not."""
    return queries.everything(session)


def _by_mark(peppers: Sequence[Secret]) -> dict[str, Secret | None]:
    return {_UNPEPPERED: None, **{_mark(pepper): pepper for pepper in peppers}}


def _mark(pepper: Secret | None) -> str:
    """What tells peppers apart without telling them: the beginning of a digest, or nothing where there is none."""
    if pepper is None:
        return _UNPEPPERED
    return hashlib.sha256(b"actitud pepper\0" + pepper.reveal().encode()).hexdigest()[:16]


def _digest(pepper: Secret | None, secret: str) -> str:
    return hmac.digest(b"" if pepper is None else pepper.reveal().encode(), secret.encode(), "sha256").hex()
