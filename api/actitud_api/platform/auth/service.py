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
from actitud_api.platform.auth.queries import Filters, Record
from actitud_api.platform.auth.secret import Secret
from actitud_api.platform.storage.database import Database, Session
from actitud_api.platform.storage.versions import Expected, Stale, revision

__all__ = [
    "DAYS_MAX",
    "OF_EDITIONS",
    "OF_ORGANISATIONS",
    "OVERLAP",
    "OVERLAP_MAX",
    "SEES_DRAFTS",
    "Created",
    "Filters",
    "KeyState",
    "Misbound",
    "Principal",
    "Record",
    "Refused",
    "Role",
    "UnknownKey",
    "Used",
    "administrators",
    "all_keys",
    "create_key",
    "end_leaked",
    "find",
    "get",
    "holds",
    "is_recognised",
    "known",
    "page",
    "revoke",
    "rotate",
    "state_of",
    "used",
    "verify",
]

OF_ORGANISATIONS: Final[frozenset[Role]] = frozenset({"organisation_reader", "organisation_editor"})
"""The roles whose keys are bound to organisations, one at least."""
OF_EDITIONS: Final[frozenset[Role]] = frozenset({"assessor", "publisher"})
"""The roles whose keys may be bound to editions."""
SEES_DRAFTS: Final[frozenset[Role]] = OF_EDITIONS | {"administrator"}
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


class Refused(ValueError):
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


class Used(Struct, frozen=True):
    """A key, and the day (UTC) on which it was used last; None where it never was."""

    record: Record
    last_used: date | None


class Created(Struct, frozen=True):
    """A new key: `text` is what its holder gets, and nobody can tell it again."""

    text: str
    record: Record

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
    maker: str | None = None,
    origin: str | None = None,
) -> Created:
    """Makes a key that ends after 1 to 365 days; `peppers` as the settings have them, newest first.

    `organisations`: at least one for a reader or editor of organisations, none for any other role. `editions`: those
    of an assessor or publisher; None is all, and what every other role has. `maker`: the key with which it is made.
    `origin`: the first of those whose place it takes. Raises `ValueError` for other days, and `Misbound`.
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
        days=days,
        maker=maker,
        origin=origin or key.id,
        replaced_by=None,
        version=1,
    )
    queries.add(session, record)
    return Created(key.text(), record)


def rotate(
    session: Session,
    peppers: Sequence[Secret],
    identifier: str,
    *,
    by: Principal | None,
    days: int | None = None,
    overlap: int = OVERLAP,
    expected: Expected = lambda _: True,
    now: datetime,
) -> Created:
    """Makes a key for the same role and bindings; the one before ends after `overlap` days, 0 to 30, or as it was to.

    `by`: who asks, None on the command line. `days`: how long the new one lasts; as long as the one before unless said.
    Raises `UnknownKey`, `Stale`, `Refused`, and `ValueError` for days out of range.
    """
    if not 0 <= overlap <= OVERLAP_MAX:
        raise ValueError(f"two keys last 0 to {OVERLAP_MAX} days beside each other, not {overlap}")
    before = _changeable(session, identifier, expected)
    if before.expires <= now:
        raise Refused("expired")
    if before.replaced_by is not None and holds(find(session, before.replaced_by), now):
        raise Refused("replaced", before.id, holds=before.replaced_by)
    if by is not None and by.key == identifier and by.role != "administrator" and (days or 0) > before.days:
        # Whoever made it decided how long its holder may do without being asked for again.
        raise Refused("days", str(days), pointer="/days", holds=str(before.days))
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
    if not queries.change(session, before, expires=ends, replaced_by=made.record.id):
        raise Stale
    return made


def verify(database: Database, peppers: Sequence[Secret], text: str, *, now: datetime) -> Principal | None:
    """Who presents a key; None where it is unknown, wrong, ended or revoked, without a difference in work.

    A text that has not the form of a key is refused before the database is asked: its form is no secret.
    """
    key = keys.parse(text)
    if key is None:
        return None
    with database.read() as session:
        record = queries.one(session, key.id)
    if not _is_of(record, _by_mark(peppers), key.secret) or record is None or not holds(record, now):
        return None
    return Principal(record.id, record.role, record.origin, record.organisations, record.editions)


def known(database: Database, peppers: Sequence[Secret], found: Iterable[Key]) -> dict[Key, Record]:
    """Which of these are keys of this installation, whether they hold or not.

    Whatever is asked for, the same is done: one statement, and for each of them a digest and a comparison.
    """
    by_mark, listed = _by_mark(peppers), list(found)
    with database.read() as session:
        records = queries.of_ids(session, {key.id for key in listed})
    are = [_is_of(records.get(key.id), by_mark, key.secret) for key in listed]
    return {key: records[key.id] for key, is_one in zip(listed, are, strict=True) if is_one}


def _is_of(record: Record | None, by_mark: Mapping[str, Secret | None], secret: str) -> bool:
    """Whether a secret is that of a key, without a difference in work where there is no such key."""
    mark = _UNPEPPERED if record is None else record.pepper
    known = record is not None and mark in by_mark
    expected = record.digest if record is not None and known else _NOBODY
    return hmac.compare_digest(_digest(by_mark.get(mark), secret), expected) and known


def holds(record: Record, now: datetime) -> bool:
    """Whether a key counts at a time: it has not ended and is not revoked."""
    return now < record.expires and record.revoked is None


def is_recognised(record: Record, peppers: Sequence[Secret]) -> bool:
    """Whether these peppers, or the lack of any, can tell the secret of a key."""
    return record.pepper in _by_mark(peppers)


def state_of(record: Record, peppers: Sequence[Secret], now: datetime) -> KeyState:
    """Whether a key counts at a time, and why it does not."""
    if record.revoked is not None:
        return "revoked"
    if not holds(record, now):
        return "expired"
    return "valid" if is_recognised(record, peppers) else "unrecognised"


def revoke(session: Session, identifier: str, *, expected: Expected = lambda _: True, now: datetime) -> Record:
    """Ends a key from the next call on; raises `UnknownKey`, `Stale`, and `Refused` where it is revoked already."""
    if not queries.change(session, _changeable(session, identifier, expected), revoked=now):
        raise Stale
    return find(session, identifier)


def end_leaked(session: Session, identifier: str, *, now: datetime) -> list[Record]:
    """Ends a key that others know, and those that were put in its place with it; the ones that were ended.

    Whoever had it could put another in its place, so what it made itself is theirs as well; a key that an
    administrator put there is not.
    """
    ended: list[Record] = []
    record: Record | None = find(session, identifier)
    while record is not None:
        if record.revoked is None and queries.change(session, record, revoked=now):
            ended.append(record)
        after = None if record.replaced_by is None else queries.one(session, record.replaced_by)
        record = after if after is not None and after.maker == record.id else None
    return ended


def _changeable(session: Session, identifier: str, expected: Expected) -> Record:
    """The key of that id as whoever changes it knows it."""
    record = find(session, identifier)
    if not expected(revision(record.created, record.version)):
        raise Stale
    if record.revoked is not None:
        raise Refused("revoked")
    return record


def find(session: Session, identifier: str) -> Record:
    """The key of that id, whether it holds or not; raises `UnknownKey`."""
    record = queries.one(session, identifier)
    if record is None:
        raise UnknownKey(identifier)
    return record


def get(database: Database, identifier: str) -> Used:
    """The key of that id and its last use; raises `UnknownKey`."""
    with database.read() as session:
        return used(session, [find(session, identifier)])[0]


def page(
    database: Database, filters: Filters, *, after: tuple[datetime, str] | None, offset: int, limit: int
) -> list[Used]:
    """Keys with their last use, the oldest first, from the one that follows the time and the id of `after`."""
    with database.read() as session:
        return used(session, queries.page(session, filters, after, offset, limit))


def used(session: Session, records: Sequence[Record]) -> list[Used]:
    """Keys with their last use."""
    days = queries.last_days(session, [record.id for record in records])
    return [Used(record, days.get(record.id)) for record in records]


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
