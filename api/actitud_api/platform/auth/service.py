"""Use cases of access keys: create, verify, rotate, revoke.

Only the HMAC-SHA-256 of a secret is stored. A slow hash would add nothing: the secret has 256 random bits, and a slow
hash on every call is a lever against the service.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final, Literal

from msgspec import Struct

from actitud_api.platform.auth import keys, queries
from actitud_api.platform.auth.keys import DAYS_MAX, OVERLAP, OVERLAP_MAX, Key, Role
from actitud_api.platform.auth.queries import KeyFilters, KeyRecord
from actitud_api.platform.auth.secret import SecretText
from actitud_api.platform.storage.database import Database, Session
from actitud_api.platform.storage.versions import Expected, StaleVersion, build_revision

__all__ = [
    "DAYS_MAX",
    "DRAFT_ROLES",
    "EDITION_ROLES",
    "ORGANISATION_ROLES",
    "OVERLAP",
    "OVERLAP_MAX",
    "CreatedKey",
    "KeyChangeRefused",
    "KeyFilters",
    "KeyRecord",
    "KeyState",
    "KeyUsage",
    "Misbound",
    "Principal",
    "Role",
    "UnknownKey",
    "add_last_uses",
    "create_key",
    "determine_state",
    "find",
    "get",
    "is_active",
    "is_recognised",
    "list_administrators",
    "list_keys",
    "list_page",
    "match_keys",
    "revoke",
    "revoke_leaked",
    "rotate",
    "verify",
]

ORGANISATION_ROLES: Final[frozenset[Role]] = frozenset({"organisation_reader", "organisation_editor"})
"""Roles whose keys are bound to one organisation at least."""
EDITION_ROLES: Final[frozenset[Role]] = frozenset({"assessor", "publisher"})
"""Roles whose keys may be bound to editions."""
DRAFT_ROLES: Final[frozenset[Role]] = EDITION_ROLES | {"administrator"}
"""Roles that may read every draft of the editions that they are bound to."""

_UNPEPPERED: Final = ""
_NOBODY: Final = "0" * 64
"""Digest of no secret, compared with if no key exists, so that the work is the same."""


KeyState = Literal["valid", "expired", "revoked", "unrecognised"]
"""Validity of a key; `unrecognised`: it was created with a `key_pepper` that is no longer in the settings."""


class UnknownKey(LookupError):
    """No key has that id."""

    def __init__(self, identifier: str) -> None:
        super().__init__(identifier)
        self.identifier = identifier


class Misbound(ValueError):
    """Binding that the role does not allow: `member` is `organisations` or `editions`."""

    def __init__(self, member: Literal["organisations", "editions"], role: Role) -> None:
        super().__init__(f"{member} of {role}")
        self.member = member
        self.role = role


class KeyChangeRefused(ValueError):
    """Refused change of a key: rule, JSON pointer, value, and the value that `holds`.

    `revoked` and `expired`: the key is no longer valid. `replaced`: its successor `holds` is still valid. `days`: a
    holder that rotates its own key may ask for at most `holds` days, the life of this one.
    """

    def __init__(
        self,
        rule: Literal["revoked", "expired", "replaced", "days"],
        value: str | None = None,
        *,
        pointer: str = "",
        holds: str | None = None,
    ) -> None:
        super().__init__(rule)
        self.rule = rule
        self.value = value
        self.pointer = pointer
        self.holds = holds


class KeyUsage(Struct, frozen=True):
    """Key and the day (UTC) of its last use, None if it was never used."""

    record: KeyRecord
    last_used: date | None


class CreatedKey(Struct, frozen=True):
    """New key; `text` is given to its holder and cannot be shown again."""

    text: str
    record: KeyRecord

    def __repr__(self) -> str:
        return f"Created('***', {self.record!r})"


class Principal(Struct, frozen=True):
    """Who asks: id of the key, role, and the organisations and editions (None: all) that it is bound to.

    `origin`: id of the first key in its chain of rotations. It identifies a holder, who has another key every year.
    """

    key: str
    role: Role
    origin: str
    organisations: tuple[str, ...] = ()
    editions: tuple[str, ...] | None = None

    @property
    def organisation(self) -> str | None:
        """The organisation of a key that is bound to exactly one, else None."""
        return self.organisations[0] if len(self.organisations) == 1 else None

    def can_reach(self, kind: str, identifier: str) -> bool:
        """Return True if its bindings include an `organisation`, an `edition` or a `key`, by its id."""
        match kind:
            case "organisation":
                return self.role not in ORGANISATION_ROLES or identifier in self.organisations
            case "edition":
                return self.editions is None or identifier in self.editions
            case "key":
                return self.role == "administrator" or identifier == self.key
        return True

    def can_see_drafts(self, edition: str) -> bool:
        """Return True if it may read every draft of an edition."""
        return self.role in DRAFT_ROLES and self.can_reach("edition", edition)


def create_key(
    session: Session,
    peppers: Sequence[SecretText],
    *,
    role: Role,
    organisations: Sequence[str] = (),
    editions: Sequence[str] | None = None,
    days: int,
    now: datetime,
    maker: str | None = None,
    origin: str | None = None,
) -> CreatedKey:
    """Create a key that expires after 1 to 365 days.

    Args:
        session: Write session.
        peppers: Peppers of the settings, newest first.
        role: Role of the key.
        organisations: At least one for an organisation reader or editor, none for any other role.
        editions: Bound editions of an assessor or publisher; None is all, and required for other roles.
        days: Life of the key.
        now: Time of creation.
        maker: Key that creates it.
        origin: First key of the chain of rotations that it continues.

    Raises:
        ValueError: `days` is out of range.
        Misbound: The role does not allow these bindings.
    """
    if not 1 <= days <= DAYS_MAX:
        raise ValueError(f"a key lasts 1 to {DAYS_MAX} days, not {days}")
    if (role in ORGANISATION_ROLES) != bool(organisations):
        raise Misbound("organisations", role)
    if editions is not None and (role not in EDITION_ROLES or not editions):
        raise Misbound("editions", role)
    key = keys.generate_key()
    pepper = peppers[0] if peppers else None
    record = KeyRecord(
        id=key.id,
        role=role,
        organisations=tuple(dict.fromkeys(organisations)),
        editions=None if editions is None else tuple(dict.fromkeys(editions)),
        pepper=_mark(pepper),
        digest=_digest(pepper, key.secret),
        created=now,
        expires=now + timedelta(days=days),
        revoked=None,
        days=days,
        maker=maker,
        origin=origin or key.id,
        replaced_by=None,
        version=1,
    )
    queries.insert_key(session, record)
    return CreatedKey(key.to_text(), record)


def rotate(
    session: Session,
    peppers: Sequence[SecretText],
    identifier: str,
    *,
    by: Principal | None,
    days: int | None = None,
    overlap: int = OVERLAP,
    expected: Expected = lambda _: True,
    now: datetime,
) -> CreatedKey:
    """Replace a key by one with the same role and bindings; the old one expires after `overlap` days at the latest.

    `by`: the principal, None on the command line. `days`: life of the new key, by default that of the old one.

    Raises:
        UnknownKey: No key has that id.
        StaleVersion: The key has changed.
        KeyChangeRefused: The key is revoked, expired or already replaced, or `days` is too long for its own holder.
        ValueError: `days` or `overlap` (0 to 30) is out of range.
    """
    if not 0 <= overlap <= OVERLAP_MAX:
        raise ValueError(f"two keys last 0 to {OVERLAP_MAX} days beside each other, not {overlap}")
    before = _changeable(session, identifier, expected)
    if before.expires <= now:
        raise KeyChangeRefused("expired")
    if before.replaced_by is not None and is_active(find(session, before.replaced_by), now):
        raise KeyChangeRefused("replaced", before.id, holds=before.replaced_by)
    if by is not None and by.key == identifier and by.role != "administrator" and (days or 0) > before.days:
        # Whoever made it decided how long its holder may do without being asked for again.
        raise KeyChangeRefused("days", str(days), pointer="/days", holds=str(before.days))
    made = create_key(
        session,
        peppers,
        role=before.role,
        organisations=before.organisations,
        editions=before.editions,
        days=before.days if days is None else days,
        now=now,
        maker=None if by is None else by.key,
        origin=before.origin,
    )
    ends = min(before.expires, now + timedelta(days=overlap))
    if not queries.update_key(session, before, expires=ends, replaced_by=made.record.id):
        raise StaleVersion
    return made


def verify(database: Database, peppers: Sequence[SecretText], text: str, *, now: datetime) -> Principal | None:
    """Return the principal of a key, or None if it is unknown, wrong, expired or revoked.

    The work is the same in each case.

    A malformed text is refused before the database is asked: the form of a key is no secret.
    """
    key = keys.parse_key(text)
    if key is None:
        return None
    with database.read() as session:
        record = queries.get(session, key.id)
    if not _is_of(record, _by_mark(peppers), key.secret) or record is None or not is_active(record, now):
        return None
    return Principal(record.id, record.role, record.origin, record.organisations, record.editions)


def match_keys(database: Database, peppers: Sequence[SecretText], found: Iterable[Key]) -> dict[Key, KeyRecord]:
    """Map each of these keys that belongs to this installation, valid or not, to its record.

    The work is the same for every input: one statement, and a digest and a comparison per key.
    """
    by_mark, listed = _by_mark(peppers), list(found)
    with database.read() as session:
        records = queries.get_many(session, {key.id for key in listed})
    are = [_is_of(records.get(key.id), by_mark, key.secret) for key in listed]
    return {key: records[key.id] for key, is_one in zip(listed, are, strict=True) if is_one}


def _is_of(record: KeyRecord | None, by_mark: Mapping[str, SecretText | None], secret: str) -> bool:
    """Return True if a secret belongs to a record, with the same work if there is none."""
    mark = _UNPEPPERED if record is None else record.pepper
    known = record is not None and mark in by_mark
    expected = record.digest if record is not None and known else _NOBODY
    return hmac.compare_digest(_digest(by_mark.get(mark), secret), expected) and known


def is_active(record: KeyRecord, now: datetime) -> bool:
    """Return True if a key is neither expired nor revoked at a time."""
    return now < record.expires and record.revoked is None


def is_recognised(record: KeyRecord, peppers: Sequence[SecretText]) -> bool:
    """Return True if the key can be verified with one of these peppers."""
    return record.pepper in _by_mark(peppers)


def determine_state(record: KeyRecord, peppers: Sequence[SecretText], now: datetime) -> KeyState:
    """Return the state of a key at a time."""
    if record.revoked is not None:
        return "revoked"
    if not is_active(record, now):
        return "expired"
    return "valid" if is_recognised(record, peppers) else "unrecognised"


def revoke(session: Session, identifier: str, *, expected: Expected = lambda _: True, now: datetime) -> KeyRecord:
    """Revoke a key from the next call on, and return it.

    Raises:
        UnknownKey: No key has that id.
        StaleVersion: The key has changed.
        KeyChangeRefused: The key is revoked already.
    """
    if not queries.update_key(session, _changeable(session, identifier, expected), revoked=now):
        raise StaleVersion
    return find(session, identifier)


def revoke_leaked(session: Session, identifier: str, *, now: datetime) -> list[KeyRecord]:
    """Revoke a leaked key and the successors created with it; return the revoked keys.

    A finder of the key could have rotated it, so successors that it created itself are compromised as well; one created
    by an administrator is not.
    """
    ended: list[KeyRecord] = []
    record: KeyRecord | None = find(session, identifier)
    while record is not None:
        if record.revoked is None and queries.update_key(session, record, revoked=now):
            ended.append(record)
        after = None if record.replaced_by is None else queries.get(session, record.replaced_by)
        record = after if after is not None and after.maker == record.id else None
    return ended


def _changeable(session: Session, identifier: str, expected: Expected) -> KeyRecord:
    """Return the key if it has the expected version and is not revoked."""
    record = find(session, identifier)
    if not expected(build_revision(record.created, record.version)):
        raise StaleVersion
    if record.revoked is not None:
        raise KeyChangeRefused("revoked")
    return record


def find(session: Session, identifier: str) -> KeyRecord:
    """Return the key of an id, valid or not; raise `UnknownKey`."""
    record = queries.get(session, identifier)
    if record is None:
        raise UnknownKey(identifier)
    return record


def get(database: Database, identifier: str) -> KeyUsage:
    """Return the key of an id with its last use; raise `UnknownKey`."""
    with database.read() as session:
        return add_last_uses(session, [find(session, identifier)])[0]


def list_page(
    database: Database, filters: KeyFilters, *, after: tuple[datetime, str] | None, offset: int, limit: int
) -> list[KeyUsage]:
    """Return keys with their last use, oldest first, starting after the creation time and id of `after`."""
    with database.read() as session:
        return add_last_uses(session, queries.list_page(session, filters, after, offset, limit))


def add_last_uses(session: Session, records: Sequence[KeyRecord]) -> list[KeyUsage]:
    """Return these keys with their last use."""
    days = queries.get_last_uses(session, [record.id for record in records])
    return [KeyUsage(record, days.get(record.id)) for record in records]


def list_administrators(session: Session) -> list[KeyRecord]:
    """Return the keys of administrators, oldest first, valid or not."""
    return queries.list_by_role(session, "administrator")


def list_keys(session: Session) -> list[KeyRecord]:
    """Return every key, oldest first, valid or not."""
    return queries.list_all(session)


def _by_mark(peppers: Sequence[SecretText]) -> dict[str, SecretText | None]:
    return {_UNPEPPERED: None, **{_mark(pepper): pepper for pepper in peppers}}


def _mark(pepper: SecretText | None) -> str:
    """Return a public mark of a pepper, the beginning of a digest; empty without a pepper."""
    if pepper is None:
        return _UNPEPPERED
    return hashlib.sha256(b"actitud pepper\0" + pepper.reveal().encode()).hexdigest()[:16]


def _digest(pepper: SecretText | None, secret: str) -> str:
    return hmac.digest(b"" if pepper is None else pepper.reveal().encode(), secret.encode(), "sha256").hex()
