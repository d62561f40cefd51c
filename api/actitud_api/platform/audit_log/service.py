"""Use cases of the ledger: append entries, make checkpoints, rotate signing keys."""

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
"""Path of the public signing keys, used as a subject."""
LATEST: Final = "latest"
"""Name of the newest checkpoint."""
DEFAULT_HOST: Final = "actitud"
"""Beginning of the ledger's origin if the service has no public URL."""
_SALT_BYTES: Final = 16
_ORIGIN_BYTES: Final = 4

_SIZE_MAX: Final = 2**31 - 1
"""Largest ledger size that the databases can hold."""

Details = Mapping[str, str | int | None]
"""Public facts about an action, by member name."""


class Actor(Struct, frozen=True):
    """Acting key: its id, role and organisation.

    A refused key has the id that it claims, if that is well-formed, and no other member.
    """

    key: str | None
    role: str | None = None
    organisation: str | None = None


class Event(Struct, frozen=True, kw_only=True):
    """Content of an entry.

    `action`: operation id, or `cli.<command>`. `actor`: None for the command line and the service itself. `subject`:
    path of the changed resource, such as `/v1/editions/2027`. `sent`: digest of the canonical body. `request`: id of
    the request. `public`: everybody may read the subject; otherwise only administrators and `owner`, the organisation
    it belongs to, may, and `sent` is committed to with the salt like the subject: a short body can be guessed from its
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
    """No checkpoint has that size, or none exists for `latest`."""

    def __init__(self, size: str) -> None:
        super().__init__(size)
        self.size = size


# --- entries --------------------------------------------------------------------------------------------------


def begin_ledger(session: Session, host: str, now: datetime) -> ChainEntry | None:
    """Make entry 0, with an origin that no other installation has, and return it; None if the ledger has begun.

    `host`: beginning of the origin, the public host name of the service.
    """
    queries.lock_chain(session)
    return None if queries.get_head(session) is not None else _begin(session, host, now)


def append_entry(session: Session, event: Event, *, now: datetime) -> ChainEntry:
    """Append an entry in the transaction of the change that it records.

    It has to be the last step of the transaction: until its end nobody else can append.
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
    """Return the salted digest of a text: without the salt neither can be derived from the other."""
    return "sha256:" + hashlib.sha256(salt + text.encode()).hexdigest()


def list_page(
    database: Database, *, action: str | None, after: int | None, offset: int, limit: int
) -> list[OpenedEntry]:
    """Return entries after a number, in order, with their openings: all, or those of one action."""
    with database.read() as session:
        return queries.list_page(
            session, action=action, after=-1 if after is None else after, offset=offset, limit=limit
        )


def iterate_entries(session: Session) -> Iterator[OpenedEntry]:
    """Iterate over all entries in order, fetched in parts."""
    return queries.iterate_entries(session)


def find_host(public_url: str | None) -> str:
    """Return the host name of the public URL, for `begin_ledger`, or `DEFAULT_HOST`."""
    return (None if public_url is None else urlsplit(public_url).hostname) or DEFAULT_HOST


def get_head(session: Session) -> Head | None:
    """Return the end of the chain, or None for an empty ledger."""
    return queries.get_head(session)


def get_origin(session: Session) -> str | None:
    """Return the name of the ledger, stated in its checkpoints, or None for an empty ledger."""
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
    """Return a checkpoint of the whole chain, the existing one if no entry was added since.

    Raises:
        LookupError: The ledger is empty.
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
    """Return a new checkpoint if entries were added and none was made today (UTC), else None.

    If several processes ask at the same time, one of them makes it.
    """
    queries.lock_chain(session)
    end, last = queries.get_head(session), queries.get_newest_checkpoint(session)
    if end is None or (last is not None and (last.size == end.size or last.at.date() >= now.astimezone(UTC).date())):
        return None
    return make_checkpoint(session, signer, now)


def list_checkpoints(database: Database, *, after: int | None, offset: int, limit: int) -> list[CheckpointRecord]:
    """Return checkpoints larger than a size, smallest first."""
    with database.read() as session:
        return queries.list_checkpoints(session, after=after or 0, offset=offset, limit=limit)


def find_checkpoint(database: Database, size: str) -> CheckpointRecord:
    """Return the checkpoint of a size, or the newest as `latest`; raise `UnknownCheckpoint`."""
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
    """Return every key that signs or has signed, oldest first."""
    return queries.list_signing_keys(session)


def load_signer(session: Session, folder: Path) -> Signer:
    """Load the newest key that is not retired; raise `SigningKeyFault`."""
    current = [key for key in queries.list_signing_keys(session) if key.retired is None]
    if not current:
        raise SigningKeyFault("none")
    return keys.load_signer(folder, current[-1].kid)


def compute_signing_time(session: Session, signer: Signer, now: datetime) -> datetime:
    """Return the later of `now` and the creation of the key.

    If the clock was set back, verifiers would reject a signature older than its key.
    """
    return max([now, *(key.created for key in queries.list_signing_keys(session) if key.kid == signer.kid)])


def rotate_signing_key(session: Session, folder: Path, event: Event, *, now: datetime) -> SigningKey:
    """Create a signing key, retire the one before, append an entry that names both, and return the new key.

    `event`: the entry apart from those details. Concurrent rotations run one after another. If the transaction fails
    later, the file of the new key stays behind, unused.

    Raises:
        OSError: The key file could not be written.
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
