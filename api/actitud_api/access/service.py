"""Use cases over keys: they are made, shown once, recognised and ended.

Of a secret only its HMAC-SHA-256 is kept. A slow hash would add nothing: the secret has 256 random bits, and a slow
hash on every call is a lever against the service.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Literal

from msgspec import Struct

from actitud_api.access import keys, queries
from actitud_api.access.queries import Record, Role
from actitud_api.settings import Secret
from actitud_api.storage.database import Database, Session

__all__ = [
    "DAYS_MAX",
    "OF_EDITIONS",
    "OF_ORGANISATIONS",
    "SEES_DRAFTS",
    "Created",
    "Misbound",
    "Principal",
    "Record",
    "Role",
    "UnknownKey",
    "administrators",
    "all_keys",
    "create_key",
    "find",
    "holds",
    "is_recognised",
    "revoke",
    "verify",
]

DAYS_MAX: Final = 365
"""Days after which a key ends at the latest."""

OF_ORGANISATIONS: Final[frozenset[Role]] = frozenset({"organisation_reader", "organisation_editor"})
"""The roles whose keys are bound to organisations, one at least."""
OF_EDITIONS: Final[frozenset[Role]] = frozenset({"assessor", "publisher"})
"""The roles whose keys may be bound to editions."""
SEES_DRAFTS: Final[frozenset[Role]] = OF_EDITIONS | {"administrator"}
"""The roles that see every draft, of the editions that they are bound to."""

_UNPEPPERED: Final = ""
_NOBODY: Final = "0" * 64
"""A digest that no secret is known to have, to compare with where there is no key."""


class UnknownKey(LookupError):
    """There is no key of that id that could be ended."""

    def __init__(self, identifier: str) -> None:
        super().__init__(identifier)
        self.identifier = identifier


class Misbound(ValueError):
    """A key of that role cannot be bound so: `member` is `organisations` or `editions`."""

    def __init__(self, member: Literal["organisations", "editions"], role: Role) -> None:
        super().__init__(f"{member} of {role}")
        self.member = member
        self.role = role


class Created(Struct, frozen=True):
    """A new key: `text` is what its holder gets, and nobody can tell it again."""

    text: str
    record: Record

    def __repr__(self) -> str:
        return f"Created('***', {self.record!r})"


class Principal(Struct, frozen=True):
    """Who asks: the id of the key, its role, and the organisations and editions (None: all) that it is bound to."""

    key: str
    role: Role
    organisations: tuple[str, ...] = ()
    editions: tuple[str, ...] | None = None

    @property
    def organisation(self) -> str | None:
        """The only organisation that it acts for; None where there is none, or several."""
        return self.organisations[0] if len(self.organisations) == 1 else None

    def reaches(self, kind: str, identifier: str) -> bool:
        """Whether its bindings let it at something: an `organisation`, an `edition` or a `key`, by its id."""
        match kind:
            case "organisation":
                return self.role not in OF_ORGANISATIONS or identifier in self.organisations
            case "edition":
                return self.editions is None or identifier in self.editions
            case "key":
                return self.role == "administrator" or identifier == self.key
        return True

    def sees_drafts_of(self, edition: str) -> bool:
        """Whether it may see every draft of an edition."""
        return self.role in SEES_DRAFTS and self.reaches("edition", edition)


def create_key(
    session: Session,
    peppers: Sequence[Secret],
    *,
    role: Role,
    organisations: Sequence[str] = (),
    editions: Sequence[str] | None = None,
    days: int,
    now: datetime,
) -> Created:
    """Makes a key that ends after 1 to 365 days; `peppers` as the settings have them, newest first.

    `organisations`: at least one for a reader or editor of organisations, none for any other role. `editions`: those
    of an assessor or publisher; None is all, and what every other role has. Raises `ValueError` for other
    days, and `Misbound`.
    """
    if not 1 <= days <= DAYS_MAX:
        raise ValueError(f"a key lasts 1 to {DAYS_MAX} days, not {days}")
    if (role in OF_ORGANISATIONS) != bool(organisations):
        raise Misbound("organisations", role)
    if editions is not None and (role not in OF_EDITIONS or not editions):
        raise Misbound("editions", role)
    key = keys.new()
    pepper = peppers[0] if peppers else None
    record = Record(
        id=key.id,
        role=role,
        organisations=tuple(dict.fromkeys(organisations)),
        editions=None if editions is None else tuple(dict.fromkeys(editions)),
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
    return Principal(record.id, record.role, record.organisations, record.editions)


def holds(record: Record, now: datetime) -> bool:
    """Whether a key counts at a time: it has not ended and is not revoked."""
    return now < record.expires and record.revoked is None


def is_recognised(record: Record, peppers: Sequence[Secret]) -> bool:
    """Whether these peppers, or the lack of any, can tell the secret of a key."""
    return record.pepper in _by_mark(peppers)


def revoke(session: Session, identifier: str, *, now: datetime) -> Record:
    """Ends a key from the next call on; raises `UnknownKey` where there is none, or none any more."""
    if not queries.revoke(session, identifier, now):
        raise UnknownKey(identifier)
    return find(session, identifier)


def find(session: Session, identifier: str) -> Record:
    """The key of that id, whether it holds or not; raises `UnknownKey`."""
    record = queries.one(session, identifier)
    if record is None:
        raise UnknownKey(identifier)
    return record


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
