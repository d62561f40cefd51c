"""Use cases of the ledger: append entries, make checkpoints, rotate signing keys."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

import msgspec
import structlog
from msgspec import UNSET, Struct, UnsetType
from sqlalchemy import event as events

from actitud_api.engine.methodology.digests import canonicalize
from actitud_api.platform.audit_log import keys, marks, queries, signing
from actitud_api.platform.audit_log.chain import ChainEntry as ChainEntry
from actitud_api.platform.audit_log.chain import Head as Head
from actitud_api.platform.audit_log.chain import link_entry
from actitud_api.platform.audit_log.keys import Signer as Signer
from actitud_api.platform.audit_log.keys import SigningKeyFault as SigningKeyFault
from actitud_api.platform.audit_log.keys import build_key_path as build_key_path
from actitud_api.platform.audit_log.queries import CheckpointRecord as CheckpointRecord
from actitud_api.platform.audit_log.queries import EntryOpening as EntryOpening
from actitud_api.platform.audit_log.queries import OpenedEntry as OpenedEntry
from actitud_api.platform.audit_log.queries import SigningKey as SigningKey
from actitud_api.platform.audit_log.queries import count_openings as count_openings
from actitud_api.platform.audit_log.queries import erase_openings as erase_openings
from actitud_api.platform.audit_log.queries import get_head as get_head
from actitud_api.platform.audit_log.queries import iterate_entries as iterate_entries
from actitud_api.platform.audit_log.queries import list_signing_keys as list_signing_keys
from actitud_api.platform.storage.database import Database, Session
from actitud_api.platform.storage.numbers import parse_number
from actitud_api.platform.storage.pages import PageRange
from actitud_api.platform.storage.public_state import mark_hidden, mark_shown

BEGIN_ACTION: Final = "ledger.begin"
SIGNING_KEYS_PATH: Final = "/.well-known/jwks.json"
"""Path of the public signing keys; it is also the subject of entries about them."""
LATEST: Final = "latest"
"""Name of the newest checkpoint in paths."""
DEFAULT_HOST: Final = "actitud"
"""Beginning of the name of a ledger (its origin) if the service has no public URL."""
ACKNOWLEDGE_ACTION: Final = "cli.ledger.acknowledge-restore"
REVOKE_ACTION: Final = "cli.keys.revoke-signing"
_SALT_BYTES: Final = 16
_ORIGIN_BYTES: Final = 4

_SIZE_MAX: Final = 2**31 - 1
"""Largest ledger size that SQLite and PostgreSQL can store."""

Details = Mapping[str, str | int | None]
"""Public facts about an action, by member name."""


class Actor(Struct, frozen=True):
    """The caller who performed an action: id of the key that was used, its role and its organisation.

    `organisation` is None unless the key is bound to exactly one. A ledger entry contains only a salted digest of the
    organisation.
    """

    key: str | None
    role: str | None = None
    organisation: str | None = None


class Event(Struct, frozen=True, kw_only=True):
    """Content of a ledger entry before it is salted and linked to the chain.

    Attributes:
        action: Operation id, or `cli.<command>`.
        actor: Caller, None for the command line and the service itself.
        subject: Path of the changed resource, such as `/v1/editions/2027`; for a denied request, the path template of
            the operation.
        public: True if everybody may read the subject. Otherwise only administrators and the organisation `owner` may,
            and `sent` is salted like the subject, because a short body can be guessed from its digest.
        hidden: True if the change alters no public response except the list of ledger entries.
        owner: Organisation that may read the subject, None if there is none.
        sent: Digest of the canonical request body, None without a body.
        outcome: `denied` if the key had no permission, else `done`.
        request: Id of the request in the ledger, None on the command line.
        details: Public facts about the action.
    """

    action: str
    actor: Actor | None
    subject: str
    public: bool
    hidden: bool = False
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
    """Raised by `find_checkpoint` if no checkpoint covers that number of entries or, for `latest`, if none exists."""

    def __init__(self, size: str) -> None:
        super().__init__(size)
        self.size = size


class UnknownSigningKey(LookupError):
    """Raised by `revoke_signing_key` if no signing key has that id."""


class SigningKeyRefusal(ValueError):
    """Raised by `revoke_signing_key` if the number of the ledger entry is not allowed.

    Signatures of the key do not count from that entry on. `most` is the largest number that is allowed. `marked` is the
    entry from which on they do not count already, None if they all count.
    """

    def __init__(self, most: int, marked: int | None) -> None:
        super().__init__(f"not above {most}")
        self.most = most
        self.marked = marked


class NothingRestored(LookupError):
    """Raised by `acknowledge_restore` if no signed entry is missing in the ledger, so there is no loss to record."""


_log = structlog.get_logger()


# --- entries --------------------------------------------------------------------------------------------------


def begin_ledger(session: Session, host: str, now: datetime) -> ChainEntry | None:
    """Write entry 0 of the ledger and return it, or None if the ledger has entries already.

    The entry contains the name by which checkpoints call the ledger (`origin`). The name begins with `host`, the public
    host name of the service, and ends with random digits.
    """
    queries.lock_chain(session)
    return None if queries.get_head(session) is not None else _insert_genesis(session, host, now)


def append_entry(session: Session, event: Event, *, now: datetime) -> ChainEntry:
    """Append an entry for a change to the ledger, and return it.

    `session` is the session of the change, so change and entry are stored in one transaction. Make this the last step
    of the transaction: until its end, no other session can append. If the ledger is empty, entry 0 is written first.

    Unless all events of the session are hidden, its commit increments the version number of the public state (the data
    that an anonymous reader can see), so that responses in memory are computed again.
    """
    (entry,) = append_entries(session, [event], now=now)
    return entry


def append_entries(session: Session, appended: Sequence[Event], *, now: datetime) -> list[ChainEntry]:
    """Append an entry for each of several changes of one transaction, in their order, and return the entries.

    Make this the last step of the transaction: until its end, no other session can append. It is faster than appending
    the entries one by one. If the ledger is empty, entry 0 is written first.
    """
    if not appended:
        return []
    for event in appended:
        # An entry is public only from the next checkpoint on, which raises the number itself.
        (mark_hidden if event.hidden else mark_shown)(session)
    # The lock comes before the read: two sessions must not link their entries to the same head.
    queries.lock_chain(session)
    head = queries.get_head(session)
    if head is None:
        genesis = _insert_genesis(session, DEFAULT_HOST, now)
        head = Head(1, genesis.hash)
    linked: list[queries.NewEntry] = []
    for event in appended:
        new = _build_entry(head, event, now)
        linked.append(new)
        head = Head(new.entry.seq + 1, new.entry.hash)
    queries.insert_entries(session, linked)
    return [new.entry for new in linked]


def _build_entry(head: Head, event: Event, now: datetime) -> queries.NewEntry:
    """Return the entry for a change that follows the state `head` of the chain, with its opening."""
    # A new salt for each entry: equal subjects get different digests, so entries cannot be linked to each other.
    salt = secrets.token_bytes(_SALT_BYTES)
    # Another salt for the organisation: whoever may read the subject must not be able to try all organisations.
    actor, actor_salt = event.actor, secrets.token_bytes(_SALT_BYTES)
    organisation = None if actor is None else actor.organisation
    if actor is not None and organisation is not None:
        actor = msgspec.structs.replace(actor, organisation=compute_commitment(actor_salt, organisation))
    record = _Record(
        action=event.action,
        actor=actor,
        at=signing.format_rfc3339(now),
        outcome=event.outcome,
        request=event.request,
        sent=event.sent if event.public or event.sent is None else compute_commitment(salt, event.sent),
        subject=compute_commitment(salt, event.subject),
        details=UNSET if event.details is None else event.details,
    )
    opening = EntryOpening(
        *(event.subject, salt.hex(), event.public, event.owner),
        actor=organisation,
        actor_salt=None if organisation is None else actor_salt.hex(),
    )
    return queries.NewEntry(link_entry(head, canonicalize(record).decode()), now, event.action, opening)


def compute_commitment(salt: bytes, text: str) -> str:
    """Return the SHA-256 of a salt followed by a text, as `sha256:` and hexadecimal digits.

    Without the salt, nobody can test guesses of the text.
    """
    return "sha256:" + hashlib.sha256(salt + text.encode()).hexdigest()


def list_page(database: Database, page: PageRange[int], *, action: str | None, whole: bool) -> list[OpenedEntry]:
    """Return ledger entries with their openings (plain texts behind their digests), in the order of the chain.

    Args:
        database: Database with the ledger.
        page: Part of the list; its sort key is the number of an entry.
        action: Only entries with this action; None for all.
        whole: True to include the entries after the newest checkpoint, which would reveal when an organisation works on
            a draft.
    """
    with database.read() as session:
        checkpoint = None if whole else queries.get_newest_checkpoint(session)
        size = None if whole else 0 if checkpoint is None else checkpoint.size
        return queries.list_page(session, page, action=action, size=size)


def find_host(public_url: str | None) -> str:
    """Return the host name of the public URL, or `DEFAULT_HOST` if the URL is None."""
    return (None if public_url is None else urlsplit(public_url).hostname) or DEFAULT_HOST


def get_origin(session: Session) -> str | None:
    """Return the name of the ledger that its checkpoints contain, or None if the ledger is empty."""
    record = queries.get_genesis(session)
    return None if record is None else msgspec.json.decode(record, type=_Genesis).origin


def _insert_genesis(session: Session, host: str, now: datetime) -> ChainEntry:
    origin = f"{host}/ledger/{secrets.token_hex(_ORIGIN_BYTES)}"
    record = canonicalize(_Genesis(action=BEGIN_ACTION, at=signing.format_rfc3339(now), origin=origin)).decode()
    entry = link_entry(None, record)
    queries.insert_entries(session, [queries.NewEntry(entry, now, BEGIN_ACTION, None)])
    return entry


# --- checkpoints ----------------------------------------------------------------------------------------------


class Coverage(Struct, frozen=True):
    """Coverage of the ledger by checkpoints, signed statements of its state.

    Attributes:
        entries: Number of all entries.
        uncovered: Number of entries after the newest checkpoint.
        waiting_since: Time of the first uncovered entry, None if there is none.
        checkpoint: Time of the newest checkpoint, None if there is none.
    """

    entries: int
    uncovered: int
    waiting_since: datetime | None
    checkpoint: datetime | None


def get_coverage(session: Session) -> Coverage:
    """Return the coverage of the ledger by checkpoints, signed statements of its state.

    An entry is covered if it is not later than the newest checkpoint.
    """
    head = queries.get_head(session)
    newest = queries.get_newest_checkpoint(session)
    entries, covered = (0 if head is None else head.size), (0 if newest is None else newest.size)
    return Coverage(
        entries, entries - covered, queries.get_entry_time(session, covered), None if newest is None else newest.at
    )


def make_checkpoint(session: Session, signer: Signer, now: datetime) -> CheckpointRecord:
    """Return a checkpoint of the whole ledger, a signed statement of its state.

    It is the existing one if no entry was added since, else a new one, which `signer` signs.

    Raises:
        LookupError: The ledger is empty.
    """
    queries.lock_chain(session)
    head, origin = queries.get_head(session), get_origin(session)
    if head is None or origin is None:
        raise LookupError("nobody has begun the ledger")
    # The size identifies a checkpoint, and a second one of the same head would prove nothing more.
    existing = queries.get_checkpoint(session, head.size)
    if existing is not None:
        return existing
    now = compute_signing_time(session, signer, now)
    checkpoint = CheckpointRecord(head.size, now, head.root, signer.sign_checkpoint(origin, head, now))
    queries.insert_checkpoint(session, checkpoint)
    if signer.folder is not None:
        _mark_after_commit(session, signer.folder, origin, head)
    return checkpoint


def make_checkpoint_if_due(session: Session, signer: Signer, now: datetime) -> CheckpointRecord | None:
    """Return a new checkpoint if one is due, else None.

    A checkpoint is due if entries were added since the last one, and no checkpoint was made today (UTC). If several
    processes call this function at the same time, only one of them makes the checkpoint.
    """
    queries.lock_chain(session)
    head, last = queries.get_head(session), queries.get_newest_checkpoint(session)
    if head is None or (last is not None and (last.size == head.size or last.at.date() >= now.astimezone(UTC).date())):
        return None
    return make_checkpoint(session, signer, now)


def list_checkpoints(database: Database, page: PageRange[int]) -> list[CheckpointRecord]:
    """Return checkpoints, the smallest ledger first; the sort key of `page` is their size."""
    with database.read() as session:
        return queries.list_checkpoints(session, page)


def find_checkpoint(database: Database, size: str) -> CheckpointRecord:
    """Return the checkpoint that covers `size` entries of the ledger, or the newest checkpoint for `latest`.

    Raises:
        UnknownCheckpoint: No such checkpoint exists, or `size` is neither a number nor `latest`.
    """
    number = parse_number(size, _SIZE_MAX)
    with database.read() as session:
        if size == LATEST:
            checkpoint = queries.get_newest_checkpoint(session)
        else:
            checkpoint = None if number is None else queries.get_checkpoint(session, number)
    if checkpoint is None:
        raise UnknownCheckpoint(size)
    return checkpoint


# --- signing keys ---------------------------------------------------------------------------------------------


def is_signed_by(key: SigningKey, jws: signing.Jws, payload: bytes) -> bool:
    """Return True if a detached signature (JWS) of a payload was made with this key and names the id of the key."""
    return signing.compute_thumbprint(key.public) == key.kid and signing.is_valid(key.public, jws, payload)


def load_signer(session: Session, folder: Path) -> Signer:
    """Return a signer with the newest active key, whose private part is in a file in `folder`.

    Raises:
        SigningKeyFault: No active key exists, its file cannot be used, or the ledger lacks entries that were signed.
    """
    current = [key for key in queries.list_signing_keys(session) if key.retired is None]
    if not current:
        raise SigningKeyFault("none")
    signer = keys.load_signer(folder, current[-1].kid)
    lost = _find_lost_mark(session, folder)
    if lost is not None:
        raise SigningKeyFault("restored", folder, str(lost.size))
    return signer


def compute_signing_time(session: Session, signer: Signer, now: datetime) -> datetime:
    """Return the later of `now` and the creation of the signer's key.

    After the clock was set back, `now` may be earlier than the key, and verifiers reject a signature older than its
    key.
    """
    return max([now, *(key.created for key in queries.list_signing_keys(session) if key.kid == signer.kid)])


def rotate_signing_key(session: Session, folder: Path, event: Event, *, now: datetime) -> SigningKey:
    """Create a signing key, retire the active one, append a ledger entry, and return the new key.

    `event`: content of the entry; the ids of the old and the new key are added to its details. `folder`: folder of the
    key files. Concurrent rotations run one after another. If the transaction fails later, the file of the new key
    remains and is never used.

    Raises:
        OSError: The key file could not be written.
    """
    queries.lock_chain(session)
    last = queries.get_newest_checkpoint(session)
    # Should the clock have gone back: a key does not retire before what it has signed.
    now = max([now, *(key.created for key in queries.list_signing_keys(session)), *([] if last is None else [last.at])])
    signer = keys.create_key(folder)
    new = SigningKey(signer.kid, signer.public, now, None)
    # The key file is written before the row: a row without its file would leave a service that cannot sign.
    retired = queries.replace_signing_key(session, new)
    details = {**(event.details or {}), "kid": new.kid, "retired": retired[-1] if retired else None}
    append_entry(session, msgspec.structs.replace(event, details=details), now=now)
    return new


def revoke_signing_key(
    session: Session, folder: Path, kid: str, since: int | None, event: Event, *, now: datetime
) -> tuple[int, SigningKey | None]:
    """Mark a signing key as compromised and append a ledger entry that says so.

    An active key is first replaced by a new one. Return the number of the first ledger entry from which on signatures
    of the compromised key no longer count, and the new key, or None if the compromised key was already retired.

    Args:
        session: Write session.
        folder: Folder of the key files.
        kid: Id of the compromised key.
        since: Number of the first entry from which on its signatures no longer count; None for the next entry, which
            is refused for a key that is marked already.
        event: Content of the ledger entries.
        now: Time of the change.

    Raises:
        UnknownSigningKey: No signing key has that id.
        SigningKeyRefusal: `since` is not an entry of the ledger or its next one, or signatures of the key do not count
            from an earlier entry on already.
        OSError: The file of the new key could not be written.
    """
    queries.lock_chain(session)
    head = queries.get_head(session)
    key = next((key for key in queries.list_signing_keys(session) if key.kid == kid), None)
    if key is None or head is None:
        raise UnknownSigningKey(kid)
    most = head.size if key.compromised_since is None else key.compromised_since - 1
    first = head.size if since is None else since
    if not 0 <= first <= most:
        raise SigningKeyRefusal(most, key.compromised_since)
    new = None
    if key.retired is None:
        new = rotate_signing_key(session, folder, event, now=now)
    queries.set_compromised(session, kid, first)
    details = {**(event.details or {}), "kid": kid, "compromised_since": first}
    append_entry(session, msgspec.structs.replace(event, action=REVOKE_ACTION, details=details), now=now)
    return first, new


# --- restored copies ------------------------------------------------------------------------------------------


def mark_newest_checkpoint(session: Session, folder: Path) -> None:
    """Store the newest checkpoint as the largest signed state of the ledger, in a mark file in `folder`.

    The file may show an older state if another process made this checkpoint, or committed it and ended before it wrote
    the file. Call the function in a session that sees committed data, after `load_signer`. A failure is logged.
    """
    newest, origin = queries.get_newest_checkpoint(session), get_origin(session)
    if newest is not None and origin is not None:
        _raise_mark(folder, origin, Head(newest.size, newest.root))


def acknowledge_restore(session: Session, folder: Path, reason: str, event: Event, *, now: datetime) -> Head:
    """Record in the ledger that signed entries are lost since a copy was restored, so that the service can sign again.

    `folder` holds the mark files, which name the signed states. `event` is the content of the ledger entry; the reason,
    the lost signed state, and the size and root of the restored ledger are added to its details. Return the largest
    lost state: its number of entries and the hash of the last one.

    Raises:
        NothingRestored: The ledger has all entries that were signed.
    """
    queries.lock_chain(session)
    lost, head, origin = _find_lost_mark(session, folder), queries.get_head(session), get_origin(session)
    if lost is None or head is None or origin is None:
        raise NothingRestored
    details = {
        "reason": reason,
        "signed_size": lost.size,
        "signed_root": lost.root,
        "size": head.size,
        "root": head.root,
    }
    entry = append_entry(session, msgspec.structs.replace(event, action=ACKNOWLEDGE_ACTION, details=details), now=now)
    # The entry itself is marked: a copy from before it would lose it again.
    going_on = Head(entry.seq + 1, entry.hash)

    def replace_mark(_: object) -> None:
        try:
            marks.drop_mark(folder, origin, lost)
        except OSError as error:
            # The entry suffices for it not to count.
            _log.warning("high-water mark not removed", reason=str(error))
        _raise_mark(folder, origin, going_on)

    events.listen(session, "after_commit", replace_mark, once=True)
    return lost


def _find_lost_mark(session: Session, folder: Path) -> Head | None:
    """Return the largest signed state that the ledger of the database does not have; None if it has all.

    What was acknowledged as lost does not count.

    Raises:
        SigningKeyFault: The marks cannot be read.
    """
    origin = get_origin(session)
    if origin is None:
        return None
    try:
        found = marks.list_marks(folder, origin)
    except OSError as error:
        raise SigningKeyFault("unreadable", folder, error.strerror or "") from error
    for mark in found:
        if queries.get_hash(session, mark.size - 1) == mark.root:
            return None
        if mark not in _list_acknowledged(session):
            return mark
    return None


def _list_acknowledged(session: Session) -> list[Head]:
    records = (
        msgspec.json.decode(text, type=_Acknowledgement) for text in queries.list_records(session, ACKNOWLEDGE_ACTION)
    )
    return [Head(record.details.signed_size, record.details.signed_root) for record in records]


class _LostState(Struct, frozen=True):
    signed_size: int
    signed_root: str


class _Acknowledgement(Struct, frozen=True):
    details: _LostState


def _mark_after_commit(session: Session, folder: Path, origin: str, head: Head) -> None:
    """Raise the mark once this session is committed.

    Not before: what is rolled back was signed for nobody, and its mark would refuse the next signature. Nor later: the
    answer leaves only after this.
    """
    events.listen(session, "after_commit", lambda _: _raise_mark(folder, origin, head), once=True)


def _raise_mark(folder: Path, origin: str, head: Head) -> None:
    try:
        marks.raise_mark(folder, origin, head)
    except OSError as error:
        # What is committed is signed already; `doctor` names a folder that cannot be written.
        _log.error("no high-water mark", folder=str(folder), reason=str(error))
