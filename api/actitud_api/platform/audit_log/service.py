"""Use cases of the ledger: entries are appended, checkpoints made, keys replaced."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import UNSET, Struct, UnsetType

from actitud_api.engine.methodology.digests import canonicalize
from actitud_api.platform.audit_log import keys, queries, signing
from actitud_api.platform.audit_log.chain import ChainEntry, Head, link_entry
from actitud_api.platform.audit_log.keys import Signer, SigningKeyFault, build_key_path
from actitud_api.platform.audit_log.queries import CheckpointRecord, EntryOpening, OpenedEntry, SigningKey
from actitud_api.platform.storage.database import Database, Session

__all__ = [
    "SIGNING_KEYS_PATH",
    "Actor",
    "ChainEntry",
    "CheckpointRecord",
    "EntryOpening",
    "Event",
    "Head",
    "OpenedEntry",
    "Signer",
    "SigningKey",
    "SigningKeyFault",
    "UnknownCheckpoint",
    "append_entry",
    "begin_ledger",
    "build_key_path",
    "compute_signing_time",
    "find_checkpoint",
    "find_host",
    "get_head",
    "get_origin",
    "iterate_entries",
    "list_checkpoints",
    "list_page",
    "list_signing_keys",
    "load_signer",
    "make_checkpoint",
    "make_checkpoint_if_due",
    "rotate_signing_key",
]

BEGIN_ACTION: Final = "ledger.begin"
SIGNING_KEYS_PATH: Final = "/.well-known/jwks.json"
"""The path of the keys that sign, as a subject."""
LATEST: Final = "latest"
"""The name of the newest checkpoint."""
DEFAULT_HOST: Final = "actitud"
"""What the origin of a ledger begins with where nobody said under which name people reach the service."""
_SALT_BYTES: Final = 16
_ORIGIN_BYTES: Final = 4

_SIZE_MAX: Final = 2**31 - 1
"""What the databases keep as the size of a ledger."""

Details = Mapping[str, str | int | None]
"""Public facts that belong to an action, by the names of their members."""


class Actor(Struct, frozen=True):
    """Who acted: the id of the key, its role and its organisation.

    A key that was refused has the id that it claims, if it has the form of one, and nothing else is known of it.
    """

    key: str | None
    role: str | None = None
    organisation: str | None = None


class Event(Struct, frozen=True, kw_only=True):
    """What an entry is made of.

    `action`: the id of the operation, or `cli.<command>`. `actor`: None for the command line and the service itself.
    `subject`: the path of what it is about, as `/v1/editions/2027`. `sent`: the digest of the canonical body.
    `request`: the id of the request. `public`: everybody may read the subject; else only `owner`, the organisation
    that it is of, and administrators, and `sent` is committed to as the subject is: a short body is guessed from its
    digest.
    """

    action: str
    actor: Actor | None
    subject: str
    public: bool
    owner: str | None = None
    sent: str | None = None
    outcome: Literal["done", "denied"] = "done"
    request: str | None = None
    details: Details | None = None


class _Record(Struct, frozen=True, kw_only=True):
    action: str
    actor: Actor | None
    at: str
    outcome: str
    request: str | None
    sent: str | None
    subject: str
    details: Details | UnsetType = UNSET


class _Genesis(Struct, frozen=True, kw_only=True):
    action: str
    at: str
    origin: str


class UnknownCheckpoint(LookupError):
    """There is no checkpoint of that size, or none at all for `latest`."""

    def __init__(self, size: str) -> None:
        super().__init__(size)
        self.size = size


# --- entries --------------------------------------------------------------------------------------------------


def begin_ledger(session: Session, host: str, now: datetime) -> ChainEntry | None:
    """Makes entry 0 of a ledger, with an origin that no other installation has; None where there is one.

    `host`: what the origin begins with, the name under which people reach the service.
    """
    queries.lock_chain(session)
    return None if queries.get_head(session) is not None else _begin(session, host, now)


def append_entry(session: Session, event: Event, *, now: datetime) -> ChainEntry:
    """Adds an entry in the transaction of what it tells.

    It has to be the last that a transaction does: until that ends nobody else goes on with the chain.
    """
    queries.lock_chain(session)
    end = queries.get_head(session)
    if end is None:
        begun = _begin(session, DEFAULT_HOST, now)
        end = Head(1, begun.hash)
    salt = secrets.token_bytes(_SALT_BYTES)
    record = _Record(
        action=event.action,
        actor=event.actor,
        at=signing.format_rfc3339(now),
        outcome=event.outcome,
        request=event.request,
        sent=event.sent if event.public or event.sent is None else compute_commitment(salt, event.sent),
        subject=compute_commitment(salt, event.subject),
        details=UNSET if event.details is None else event.details,
    )
    entry = link_entry(end, canonicalize(record).decode())
    opening = EntryOpening(event.subject, salt.hex(), event.public, event.owner)
    queries.insert_entry(session, entry, now, event.action, opening)
    return entry


def compute_commitment(salt: bytes, text: str) -> str:
    """What stands in a record for a text: nobody can tell the one from the other without the salt."""
    return "sha256:" + hashlib.sha256(salt + text.encode()).hexdigest()


def list_page(
    database: Database, *, action: str | None, after: int | None, offset: int, limit: int
) -> list[OpenedEntry]:
    """Entries after a number in their order, with what opens them: all, or those of one action."""
    with database.read() as session:
        return queries.list_page(
            session, action=action, after=-1 if after is None else after, offset=offset, limit=limit
        )


def iterate_entries(session: Session) -> Iterator[OpenedEntry]:
    """Every entry in its order, read as it is asked for."""
    return queries.iterate_entries(session)


def find_host(public_url: str | None) -> str:
    """The name under which people reach the service, for `begin`."""
    return (None if public_url is None else urlsplit(public_url).hostname) or DEFAULT_HOST


def get_head(session: Session) -> Head | None:
    """The end of the chain; None where nobody has begun it."""
    return queries.get_head(session)


def get_origin(session: Session) -> str | None:
    """The name of the ledger, which its checkpoints carry; None where nobody has begun it."""
    record = queries.get_genesis(session)
    return None if record is None else msgspec.json.decode(record, type=_Genesis).origin


def _begin(session: Session, host: str, now: datetime) -> ChainEntry:
    named = f"{host}/ledger/{secrets.token_hex(_ORIGIN_BYTES)}"
    record = canonicalize(_Genesis(action=BEGIN_ACTION, at=signing.format_rfc3339(now), origin=named)).decode()
    entry = link_entry(None, record)
    queries.insert_entry(session, entry, now, BEGIN_ACTION, None)
    return entry


# --- checkpoints ----------------------------------------------------------------------------------------------


def make_checkpoint(session: Session, signer: Signer, now: datetime) -> CheckpointRecord:
    """The signed statement of the whole chain; the one that there is where nothing has been added since.

    Raises `LookupError` where nobody has begun the ledger.
    """
    queries.lock_chain(session)
    end, named = queries.get_head(session), get_origin(session)
    if end is None or named is None:
        raise LookupError("nobody has begun the ledger")
    known = queries.get_checkpoint(session, end.size)
    if known is not None:
        return known
    now = compute_signing_time(session, signer, now)
    made = CheckpointRecord(end.size, now, end.root, signer.sign_checkpoint(named, end, now))
    queries.insert_checkpoint(session, made)
    return made


def make_checkpoint_if_due(session: Session, signer: Signer, now: datetime) -> CheckpointRecord | None:
    """The checkpoint of the day (UTC) in which there is none yet, where something has been added since the last.

    None where it is not due; of several processes that ask at once one makes it.
    """
    queries.lock_chain(session)
    end, last = queries.get_head(session), queries.get_newest_checkpoint(session)
    if end is None or (last is not None and (last.size == end.size or last.at.date() >= now.astimezone(UTC).date())):
        return None
    return make_checkpoint(session, signer, now)


def list_checkpoints(database: Database, *, after: int | None, offset: int, limit: int) -> list[CheckpointRecord]:
    """Checkpoints larger than a size, the smallest first."""
    with database.read() as session:
        return queries.list_checkpoints(session, after=after or 0, offset=offset, limit=limit)


def find_checkpoint(database: Database, size: str) -> CheckpointRecord:
    """The checkpoint of a size, or the newest as `latest`; raises `UnknownCheckpoint`."""
    with database.read() as session:
        if size == LATEST:
            found = queries.get_newest_checkpoint(session)
        elif size.isascii() and size.isdecimal() and len(size) <= len(str(_SIZE_MAX)) and int(size) <= _SIZE_MAX:
            found = queries.get_checkpoint(session, int(size))
        else:
            found = None
    if found is None:
        raise UnknownCheckpoint(size)
    return found


# --- signing keys ---------------------------------------------------------------------------------------------


def list_signing_keys(session: Session) -> Sequence[SigningKey]:
    """Every key that signs or has signed, the oldest first."""
    return queries.list_signing_keys(session)


def load_signer(session: Session, folder: Path) -> Signer:
    """The private part of the newest key that is not retired, from its file; raises `SigningKeyFault`."""
    current = [key for key in queries.list_signing_keys(session) if key.retired is None]
    if not current:
        raise SigningKeyFault("none")
    return keys.load_signer(folder, current[-1].kid)


def compute_signing_time(session: Session, signer: Signer, now: datetime) -> datetime:
    """When a key signs: now, and not before it was made, should the clock have gone back: no verifier would take it."""
    return max([now, *(key.created for key in queries.list_signing_keys(session) if key.kid == signer.kid)])


def rotate_signing_key(session: Session, folder: Path, event: Event, *, now: datetime) -> SigningKey:
    """Makes a key that signs from now on, retires the one before, and appends an entry that names both.

    `event`: what the entry says besides. Those who do the same at once take turns. Where the transaction fails later,
    the file of the new key stays and is of no use. Raises `OSError` where it cannot be written.
    """
    queries.lock_chain(session)
    last = queries.get_newest_checkpoint(session)
    # Should the clock have gone back: a key does not retire before what it has signed.
    now = max([now, *(key.created for key in queries.list_signing_keys(session)), *([] if last is None else [last.at])])
    made = keys.create_key(folder)
    new = SigningKey(made.kid, made.public, now, None)
    retired = queries.replace_signing_key(session, new)
    details = {**(event.details or {}), "kid": new.kid, "retired": retired[-1] if retired else None}
    append_entry(session, msgspec.structs.replace(event, details=details), now=now)
    return new
