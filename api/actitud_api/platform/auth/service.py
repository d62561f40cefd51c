"""Use cases of access keys: create, verify, rotate, revoke.

Only the HMAC-SHA-256 of a secret is stored; the HMAC key is a "pepper", a secret from the settings. A slow hash would
add nothing, because the secret has 256 random bits, and it would let anybody keep the service busy.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final, Literal

from msgspec import Struct

from actitud_api.platform.auth import keys, queries
from actitud_api.platform.auth.keys import DAYS_MAX as DAYS_MAX
from actitud_api.platform.auth.keys import OVERLAP as OVERLAP
from actitud_api.platform.auth.keys import OVERLAP_MAX as OVERLAP_MAX
from actitud_api.platform.auth.keys import Key
from actitud_api.platform.auth.keys import Role as Role
from actitud_api.platform.auth.queries import KeyFilters as KeyFilters
from actitud_api.platform.auth.queries import KeyRecord as KeyRecord
from actitud_api.platform.auth.queries import delete_responses_about as delete_responses_about
from actitud_api.platform.auth.queries import list_keys as list_keys
from actitud_api.platform.auth.secret import SecretText
from actitud_api.platform.storage.database import Database, Session
from actitud_api.platform.storage.pages import PageRange
from actitud_api.platform.storage.versions import Expected, StaleVersion, build_revision

ORGANISATION_ROLES: Final[frozenset[Role]] = frozenset({"organisation_reader", "organisation_editor"})
"""Roles whose keys are bound to at least one organisation."""
EDITION_ROLES: Final[frozenset[Role]] = frozenset({"assessor", "publisher"})
"""Roles whose keys may be bound to editions."""
DRAFT_ROLES: Final[frozenset[Role]] = EDITION_ROLES | {"administrator"}
"""Roles that may read every draft of the editions that their key is bound to."""

_UNPEPPERED: Final = ""
_DIGEST_OF_NO_SECRET: Final = "0" * 64
"""Digest that no secret has.

If no key has the id that was sent, the digest of the sent secret is compared with this one, so that the
response takes the same time.
"""


KeyState = Literal["valid", "expired", "revoked", "unrecognised"]
"""Validity of a key.

`unrecognised`: the key was created with a pepper that is no longer in the settings, so it cannot be verified.
"""


class UnknownKey(LookupError):
    """Raised by functions of this module if no access key has the given id."""

    def __init__(self, identifier: str) -> None:
        super().__init__(identifier)
        self.identifier = identifier


class InvalidKeyBinding(ValueError):
    """Raised by `create_key` if a key with the role cannot be bound to these organisations or editions.

    `member` is the name of the wrong argument, `organisations` or `editions`, and `role` the role.
    """

    def __init__(self, member: Literal["organisations", "editions"], role: Role) -> None:
        super().__init__(f"{member} of {role}")
        self.member = member
        self.role = role


class KeyChangeRefused(ValueError):
    """Raised by `rotate` and `revoke` if the state of the key does not allow the change.

    Attributes:
        rule: Reason: `revoked` or `expired` (the key is no longer valid), `replaced` (the successor of the key is still
            valid) or `days` (a holder that rotates its own key asks for a longer life than that of the key).
        holds: Id of the successor for `replaced`, life of the key in days for `days`, else None.
        pointer: JSON Pointer to the refused member of the request, empty if the whole change is refused.
        value: Refused value, None without one.
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
    """Access key as it is stored (`record`), and the day (UTC) of its last use, None if it was never used."""

    record: KeyRecord
    last_used: date | None


class CreatedKey(Struct, frozen=True):
    """New access key: its `text`, which is not stored and cannot be shown again, and the stored `record`."""

    text: str
    record: KeyRecord

    def __repr__(self) -> str:
        return f"Created('***', {self.record!r})"


class Principal(Struct, frozen=True):
    """Verified holder of the key of a request: id of the key, role, bound organisations and bound editions.

    `editions`: None for all editions. `origin`: id of the first key in the chain of rotations. It identifies the holder
    for years, while `key` changes with each rotation.
    """

    key: str
    role: Role
    origin: str
    organisations: tuple[str, ...] = ()
    editions: tuple[str, ...] | None = None

    @property
    def organisation(self) -> str | None:
        """The id of the only organisation that the key is bound to, None if the key is bound to none or to several."""
        return self.organisations[0] if len(self.organisations) == 1 else None

    def can_reach(self, kind: str, identifier: str) -> bool:
        """Return True if the key's role and bindings give access to a resource.

        `kind`: `organisation`, `edition` or `key`; any other kind is accessible to all. `identifier`: id of the
        resource.
        """
        match kind:
            case "organisation":
                return self.role not in ORGANISATION_ROLES or identifier in self.organisations
            case "edition":
                return self.editions is None or identifier in self.editions
            case "key":
                return self.role == "administrator" or identifier == self.key
        return True

    def can_see_drafts(self, edition: str) -> bool:
        """Return True if the principal may read all assessments of an edition, including drafts."""
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
    key: Key | None = None,
) -> CreatedKey:
    """Create and store a key that expires after 1 to 365 days, and return it with its text.

    Args:
        session: Write session.
        peppers: Peppers of the settings, newest first.
        role: Role of the key.
        organisations: At least one for an organisation reader or editor, none for any other role.
        editions: Bound editions of an assessor or publisher, or None for all; None for every other role.
        days: Life of the key.
        now: Time of creation.
        maker: Id of the key that creates it, None on the command line.
        origin: Id of the first key in the chain of rotations, None if this is the first.
        key: The key to store, None for a new random one.

    Raises:
        ValueError: `days` is out of range.
        InvalidKeyBinding: The role does not allow these organisations or editions.
    """
    if not 1 <= days <= DAYS_MAX:
        raise ValueError(f"a key lasts 1 to {DAYS_MAX} days, not {days}")
    if (role in ORGANISATION_ROLES) != bool(organisations):
        raise InvalidKeyBinding("organisations", role)
    if editions is not None and (role not in EDITION_ROLES or not editions):
        raise InvalidKeyBinding("editions", role)
    key = key or keys.generate_key()
    pepper = peppers[0] if peppers else None
    record = KeyRecord(
        id=key.id,
        role=role,
        organisations=tuple(dict.fromkeys(organisations)),
        editions=None if editions is None else tuple(dict.fromkeys(editions)),
        pepper=_compute_pepper_id(pepper),
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
    """Create the successor of a key, with the same role and bindings, and return it with its text.

    The old key expires after `overlap` days, or earlier if it would have expired before.

    Args:
        session: Write session.
        peppers: Peppers of the settings, newest first.
        identifier: Id of the old key.
        by: Principal of the request, None on the command line.
        days: Life of the new key in days, by default the life of the old key.
        overlap: Days until the old key expires.
        expected: Returns True if the client's `If-Match` names the stored version of the old key.
        now: Time of the rotation.

    Raises:
        UnknownKey: No key has that id.
        StaleVersion: `expected` returns False: the client's `If-Match` names another version.
        KeyChangeRefused: The key is revoked or expired, its successor is still valid, or its own holder asks for more
            days than the key had.
        ValueError: `days` (1 to 365) or `overlap` (0 to 30) is out of range.
    """
    if not 0 <= overlap <= OVERLAP_MAX:
        raise ValueError(f"two keys last 0 to {OVERLAP_MAX} days beside each other, not {overlap}")
    before = _get_changeable_key(session, identifier, expected)
    if before.expires <= now:
        raise KeyChangeRefused("expired")
    if before.replaced_by is not None and is_active(find(session, before.replaced_by), now):
        raise KeyChangeRefused("replaced", before.id, holds=before.replaced_by)
    if by is not None and by.key == identifier and by.role != "administrator" and (days or 0) > before.days:
        # Whoever created the key decided how long a copy of it may stay useful; its holder cannot extend that.
        raise KeyChangeRefused("days", str(days), pointer="/days", holds=str(before.days))
    successor = create_key(
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
    if not queries.update_key(session, before, expires=ends, replaced_by=successor.record.id):
        raise StaleVersion
    return successor


def verify(database: Database, peppers: Sequence[SecretText], text: str, *, now: datetime) -> Principal | None:
    """Verify an access key and return its principal, None if it is malformed, unknown, wrong, expired or revoked.

    `peppers`: peppers of the settings. Every well-formed key costs the same work, so the response time does not reveal
    if an id exists. A malformed key is refused at once, because its form is no secret.
    """
    key = keys.parse_key(text)
    if key is None:
        return None
    with database.read() as session:
        record = queries.get(session, key.id)
    if not _is_secret_of(record, _index_peppers(peppers), key.secret) or record is None or not is_active(record, now):
        return None
    return Principal(record.id, record.role, record.origin, record.organisations, record.editions)


def has_key_form(text: str) -> bool:
    """Return True if a text has the form and the check digits of an access key, even if no such key exists."""
    return keys.parse_key(text) is not None


def match_keys(database: Database, peppers: Sequence[SecretText], presented: Iterable[Key]) -> dict[Key, KeyRecord]:
    """Return those of the keys `presented` that this installation created, with their stored records, valid or not.

    `peppers`: peppers of the settings, with which the secrets are hashed. A key with an unknown id takes as long as a
    key with a wrong secret, so the time does not reveal which ids exist.
    """
    by_id, key_list = _index_peppers(peppers), list(presented)
    with database.read() as session:
        records = queries.get_many(session, {key.id for key in key_list})
    matches = [_is_secret_of(records.get(key.id), by_id, key.secret) for key in key_list]
    return {key: records[key.id] for key, is_match in zip(key_list, matches, strict=True) if is_match}


def _is_secret_of(record: KeyRecord | None, by_id: Mapping[str, SecretText | None], secret: str) -> bool:
    """Return True if a secret is that of a stored key; `record` is None if no key has the id that was sent.

    `by_id`: the peppers of the settings by their public ids. A digest is computed and compared in every case,
    also without a record, so that the time reveals nothing.
    """
    pepper_id = _UNPEPPERED if record is None else record.pepper
    # Without a record, or with an unknown pepper, a digest is still computed and compared, for the same response time.
    is_recognised_record = record is not None and pepper_id in by_id
    expected = record.digest if record is not None and is_recognised_record else _DIGEST_OF_NO_SECRET
    return hmac.compare_digest(_digest(by_id.get(pepper_id), secret), expected) and is_recognised_record


def is_active(record: KeyRecord, now: datetime) -> bool:
    """Return True if a key is neither revoked nor, at the time `now`, expired."""
    return now < record.expires and record.revoked is None


def is_recognised(record: KeyRecord, peppers: Sequence[SecretText]) -> bool:
    """Return True if the secret of a stored key can still be verified.

    `peppers` are the secrets of the settings with which secrets of keys are hashed: the key must have been created with
    one of them, or without a pepper.
    """
    return record.pepper in _index_peppers(peppers)


def determine_state(record: KeyRecord, peppers: Sequence[SecretText], now: datetime) -> KeyState:
    """Return the state of a stored key at the time `now`: valid, revoked, expired or unrecognised.

    `peppers`: peppers of the settings. A key made with another pepper is unrecognised, unless it is revoked or expired.
    """
    if record.revoked is not None:
        return "revoked"
    if not is_active(record, now):
        return "expired"
    return "valid" if is_recognised(record, peppers) else "unrecognised"


def revoke(session: Session, identifier: str, *, expected: Expected = lambda _: True, now: datetime) -> KeyRecord:
    """Revoke a key and return it; the next request with it is refused.

    Raises:
        UnknownKey: No key has that id.
        StaleVersion: `expected` returns False: the client's `If-Match` names another version.
        KeyChangeRefused: The key is revoked already.
    """
    if not queries.update_key(session, _get_changeable_key(session, identifier, expected), revoked=now):
        raise StaleVersion
    return find(session, identifier)


def revoke_leaked(session: Session, identifier: str, *, now: datetime) -> list[KeyRecord]:
    """Revoke a leaked key and the successors created with it, and return the keys that were not revoked before.

    The finder of the key could have rotated it, so a successor that was created with the key itself is
    compromised too; a successor created by an administrator is not.

    Raises:
        UnknownKey: No key has that id.
    """
    revoked: list[KeyRecord] = []
    record: KeyRecord | None = find(session, identifier)
    while record is not None:
        if record.revoked is None:
            if not queries.update_key(session, record, revoked=now):
                # Somebody changed it meanwhile, such as its finder, who rotated it.
                record = find(session, record.id)
                continue
            revoked.append(record)
        # `maker` tells who rotated the key: only a successor created with the leaked key itself is compromised.
        after = None if record.replaced_by is None else queries.get(session, record.replaced_by)
        record = after if after is not None and after.maker == record.id else None
    return revoked


def _get_changeable_key(session: Session, identifier: str, expected: Expected) -> KeyRecord:
    """Return a key that may be changed.

    Raises:
        UnknownKey: No key has that id.
        StaleVersion: `expected` returns False: the client's `If-Match` names another version.
        KeyChangeRefused: The key is revoked.
    """
    record = find(session, identifier)
    # Before the state is examined: a client with an outdated copy learns first that it is outdated.
    if not expected(build_revision(record.created, record.version)):
        raise StaleVersion
    if record.revoked is not None:
        raise KeyChangeRefused("revoked")
    return record


def find(session: Session, identifier: str) -> KeyRecord:
    """Return the key with an id, valid or not; raise `UnknownKey` if no key has it."""
    record = queries.get(session, identifier)
    if record is None:
        raise UnknownKey(identifier)
    return record


def trace_holder(session: Session, identifier: str) -> str:
    """Return an id of the person who may hold an access key: if one person may hold two keys, it is equal for both.

    A person who creates a key over HTTP sees its secret. So the function follows the creators of keys up to a key that
    was created on the command line, and returns the id of the first key in the chain of rotations of that key.

    Raises:
        UnknownKey: No key has that id.
    """
    record = find(session, identifier)
    while record.maker is not None:
        record = find(session, record.maker)
    return record.origin


def get(database: Database, identifier: str) -> KeyUsage:
    """Return the key with an id and the day of its last use; raise `UnknownKey` if no key has that id."""
    with database.read() as session:
        return add_last_uses(session, [find(session, identifier)])[0]


def list_page(database: Database, filters: KeyFilters, page: PageRange[tuple[datetime, str]]) -> list[KeyUsage]:
    """Return access keys with the days of their last uses, oldest first.

    Args:
        database: Database with the keys.
        filters: Only keys that match.
        page: Part of the list; its sort key is the creation time and the id of a key.
    """
    with database.read() as session:
        return add_last_uses(session, queries.list_page(session, filters, page))


def add_last_uses(session: Session, records: Sequence[KeyRecord]) -> list[KeyUsage]:
    """Return these keys, in the same order, each with the day of its last use in UTC."""
    days = queries.get_last_uses(session, [record.id for record in records])
    return [KeyUsage(record, days.get(record.id)) for record in records]


def list_administrators(session: Session) -> list[KeyRecord]:
    """Return the keys of administrators, oldest first, valid or not."""
    return queries.list_by_role(session, "administrator")


def _index_peppers(peppers: Sequence[SecretText]) -> dict[str, SecretText | None]:
    # Keys created before a pepper was set stay valid, so the empty pepper is always known.
    return {_UNPEPPERED: None, **{_compute_pepper_id(pepper): pepper for pepper in peppers}}


def _compute_pepper_id(pepper: SecretText | None) -> str:
    """Return a public id of a pepper, which does not reveal it: 16 hexadecimal digits, or an empty text for None.

    The id is stored with each key, so that the pepper that the key was created with can be found among several.
    """
    if pepper is None:
        return _UNPEPPERED
    # The prefix separates this digest from any other use of the pepper.
    return hashlib.sha256(b"actitud pepper\0" + pepper.reveal().encode()).hexdigest()[:16]


def _digest(pepper: SecretText | None, secret: str) -> str:
    return hmac.digest(b"" if pepper is None else pepper.reveal().encode(), secret.encode(), "sha256").hex()
