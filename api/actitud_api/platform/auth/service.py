"""Use cases over keys: they are made, shown once, recognised, replaced and ended.

Of a secret only its HMAC-SHA-256 is kept. A slow hash would add nothing: the secret has 256 random bits, and a slow
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
"""The roles whose keys are bound to organisations, one at least."""
EDITION_ROLES: Final[frozenset[Role]] = frozenset({"assessor", "publisher"})
"""The roles whose keys may be bound to editions."""
DRAFT_ROLES: Final[frozenset[Role]] = EDITION_ROLES | {"administrator"}
"""The roles that see every draft, of the editions that they are bound to."""

_UNPEPPERED: Final = ""
_NOBODY: Final = "0" * 64
"""A digest that no secret is known to have, to compare with where there is no key."""


KeyState = Literal["valid", "expired", "revoked", "unrecognised"]
"""Whether a key counts; `unrecognised`: it was made with a `key_pepper` that the settings do not have."""


class UnknownKey(LookupError):
    """There is no key of that id."""

    def __init__(self, identifier: str) -> None:
        super().__init__(identifier)
        self.identifier = identifier


class Misbound(ValueError):
    """A key of that role cannot be bound so: `member` is `organisations` or `editions`."""

    def __init__(self, member: Literal["organisations", "editions"], role: Role) -> None:
        super().__init__(f"{member} of {role}")
        self.member = member
        self.role = role


class KeyChangeRefused(ValueError):
    """A key that is not changed so: where in what was sent, by which rule, what is there, what would hold.

    `revoked` and `expired`: it counts no more. `replaced`: `holds` has taken its place and still counts. `days`: who
    replaces its own key may have the new one last `holds` days, as long as this one was made for.
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
    """A key, and the day (UTC) on which it was used last; None where it never was."""

    record: KeyRecord
    last_used: date | None


class CreatedKey(Struct, frozen=True):
    """A new key: `text` is what its holder gets, and nobody can tell it again."""

    text: str
    record: KeyRecord

    def __repr__(self) -> str:
        return f"Created('***', {self.record!r})"


class Principal(Struct, frozen=True):
    """Who asks: the id of the key, its role, and the organisations and editions (None: all) that it is bound to.

    `origin`: the id of the first of the keys whose place it has taken, its own where there is none. It tells holders
    apart, who have another key every year.
    """

    key: str
    role: Role
    origin: str
    organisations: tuple[str, ...] = ()
    editions: tuple[str, ...] | None = None

    @property
    def organisation(self) -> str | None:
        """The only organisation that it acts for; None where there is none, or several."""
        return self.organisations[0] if len(self.organisations) == 1 else None

    def can_reach(self, kind: str, identifier: str) -> bool:
        """Whether its bindings let it at something: an `organisation`, an `edition` or a `key`, by its id."""
        match kind:
            case "organisation":
                return self.role not in ORGANISATION_ROLES or identifier in self.organisations
            case "edition":
                return self.editions is None or identifier in self.editions
            case "key":
                return self.role == "administrator" or identifier == self.key
        return True

    def can_see_drafts(self, edition: str) -> bool:
        """Whether it may see every draft of an edition."""
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
    """Makes a key that ends after 1 to 365 days; `peppers` as the settings have them, newest first.

    `organisations`: at least one for a reader or editor of organisations, none for any other role. `editions`: those
    of an assessor or publisher; None is all, and what every other role has. `maker`: the key with which it is made.
    `origin`: the first of those whose place it takes. Raises `ValueError` for other days, and `Misbound`.
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
    """Makes a key for the same role and bindings; the one before ends after `overlap` days, 0 to 30, or as it was to.

    `by`: who asks, None on the command line. `days`: how long the new one lasts; as long as the one before unless said.
    Raises `UnknownKey`, `Stale`, `Refused`, and `ValueError` for days out of range.
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
    """Who presents a key; None where it is unknown, wrong, ended or revoked, without a difference in work.

    A text that has not the form of a key is refused before the database is asked: its form is no secret.
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
    """Which of these are keys of this installation, whether they hold or not.

    Whatever is asked for, the same is done: one statement, and for each of them a digest and a comparison.
    """
    by_mark, listed = _by_mark(peppers), list(found)
    with database.read() as session:
        records = queries.get_many(session, {key.id for key in listed})
    are = [_is_of(records.get(key.id), by_mark, key.secret) for key in listed]
    return {key: records[key.id] for key, is_one in zip(listed, are, strict=True) if is_one}


def _is_of(record: KeyRecord | None, by_mark: Mapping[str, SecretText | None], secret: str) -> bool:
    """Whether a secret is that of a key, without a difference in work where there is no such key."""
    mark = _UNPEPPERED if record is None else record.pepper
    known = record is not None and mark in by_mark
    expected = record.digest if record is not None and known else _NOBODY
    return hmac.compare_digest(_digest(by_mark.get(mark), secret), expected) and known


def is_active(record: KeyRecord, now: datetime) -> bool:
    """Whether a key counts at a time: it has not ended and is not revoked."""
    return now < record.expires and record.revoked is None


def is_recognised(record: KeyRecord, peppers: Sequence[SecretText]) -> bool:
    """Whether these peppers, or the lack of any, can tell the secret of a key."""
    return record.pepper in _by_mark(peppers)


def determine_state(record: KeyRecord, peppers: Sequence[SecretText], now: datetime) -> KeyState:
    """Whether a key counts at a time, and why it does not."""
    if record.revoked is not None:
        return "revoked"
    if not is_active(record, now):
        return "expired"
    return "valid" if is_recognised(record, peppers) else "unrecognised"


def revoke(session: Session, identifier: str, *, expected: Expected = lambda _: True, now: datetime) -> KeyRecord:
    """Ends a key from the next call on; raises `UnknownKey`, `Stale`, and `Refused` where it is revoked already."""
    if not queries.update_key(session, _changeable(session, identifier, expected), revoked=now):
        raise StaleVersion
    return find(session, identifier)


def revoke_leaked(session: Session, identifier: str, *, now: datetime) -> list[KeyRecord]:
    """Ends a key that others know, and those that were put in its place with it; the ones that were ended.

    Whoever had it could put another in its place, so what it made itself is theirs as well; a key that an
    administrator put there is not.
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
    """The key of that id as whoever changes it knows it."""
    record = find(session, identifier)
    if not expected(build_revision(record.created, record.version)):
        raise StaleVersion
    if record.revoked is not None:
        raise KeyChangeRefused("revoked")
    return record


def find(session: Session, identifier: str) -> KeyRecord:
    """The key of that id, whether it holds or not; raises `UnknownKey`."""
    record = queries.get(session, identifier)
    if record is None:
        raise UnknownKey(identifier)
    return record


def get(database: Database, identifier: str) -> KeyUsage:
    """The key of that id and its last use; raises `UnknownKey`."""
    with database.read() as session:
        return add_last_uses(session, [find(session, identifier)])[0]


def list_page(
    database: Database, filters: KeyFilters, *, after: tuple[datetime, str] | None, offset: int, limit: int
) -> list[KeyUsage]:
    """Keys with their last use, the oldest first, from the one that follows the time and the id of `after`."""
    with database.read() as session:
        return add_last_uses(session, queries.list_page(session, filters, after, offset, limit))


def add_last_uses(session: Session, records: Sequence[KeyRecord]) -> list[KeyUsage]:
    """Keys with their last use."""
    days = queries.get_last_uses(session, [record.id for record in records])
    return [KeyUsage(record, days.get(record.id)) for record in records]


def list_administrators(session: Session) -> list[KeyRecord]:
    """The keys of administrators, the oldest first, whether they hold or not."""
    return queries.list_by_role(session, "administrator")


def list_keys(session: Session) -> list[KeyRecord]:
    """Every key, the oldest first, whether it holds or not."""
    return queries.list_all(session)


def _by_mark(peppers: Sequence[SecretText]) -> dict[str, SecretText | None]:
    return {_UNPEPPERED: None, **{_mark(pepper): pepper for pepper in peppers}}


def _mark(pepper: SecretText | None) -> str:
    """What tells peppers apart without telling them: the beginning of a digest, or nothing where there is none."""
    if pepper is None:
        return _UNPEPPERED
    return hashlib.sha256(b"actitud pepper\0" + pepper.reveal().encode()).hexdigest()[:16]


def _digest(pepper: SecretText | None, secret: str) -> str:
    return hmac.digest(b"" if pepper is None else pepper.reveal().encode(), secret.encode(), "sha256").hex()
