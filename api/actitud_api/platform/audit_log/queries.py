"""SQL of the ledger, its checkpoints and its signing keys."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from datetime import datetime
from typing import Any, Final

from msgspec import Struct, structs
from sqlalchemy import ColumnElement, Select, and_, bindparam, delete, func, insert, or_, select, text, update

from actitud_api.platform.audit_log.chain import ChainEntry, Head
from actitud_api.platform.audit_log.tables import (
    LedgerEntryTable,
    LedgerOpeningTable,
    StoredCheckpoint,
    StoredSigningKey,
)
from actitud_api.platform.storage.base import Base
from actitud_api.platform.storage.database import Session
from actitud_api.platform.storage.pages import PageRange, execute_page

ENTRIES = Base.metadata.tables[str(LedgerEntryTable.__tablename__)]
OPENINGS = Base.metadata.tables[str(LedgerOpeningTable.__tablename__)]
CHECKPOINTS = Base.metadata.tables[str(StoredCheckpoint.__tablename__)]
KEYS = Base.metadata.tables[str(StoredSigningKey.__tablename__)]

_CHAIN_LOCK: Final = 0x6C6564676572
"""Number of the PostgreSQL advisory lock that a session holds while it appends an entry.

The number is the word `ledger` in ASCII; any number that no other lock has would do.
"""


class EntryOpening(Struct, frozen=True):
    """Plain texts that a ledger entry contains only as digests, with the salts that verify the digests.

    Attributes:
        subject: Path of the changed resource.
        salt: Salt of its digest, 16 bytes in hexadecimal.
        public: True if everybody may read the subject; otherwise only administrators and the organisation `owner` may.
        owner: Organisation that may read the subject, None if there is none.
        actor: Organisation that acted; only administrators and this organisation may read it. None if the entry names
            none.
        actor_salt: Salt of the digest of `actor`, 16 bytes in hexadecimal; None without an actor.
    """

    subject: str
    salt: str
    public: bool
    owner: str | None
    actor: str | None = None
    actor_salt: str | None = None


class CheckpointRecord(Struct, frozen=True):
    """Stored checkpoint: a statement that the first `size` entries of the ledger end with the hash `root`.

    `at` is its time, and `note` the statement as signed text.
    """

    size: int
    at: datetime
    root: str
    note: str


class SigningKey(Struct, frozen=True):
    """Public part of a signing key.

    Attributes:
        kid: Id of the key: its RFC 7638 thumbprint.
        public: The 32 bytes of the key, in base64url.
        created: Time since which the key signs.
        retired: Time until which it signed, None while it signs.
        compromised_since: Number of the first ledger entry from which on its signatures no longer count, None if the
            key is not compromised.
    """

    kid: str
    public: str
    created: datetime
    retired: datetime | None
    compromised_since: int | None = None


# --- the chain ------------------------------------------------------------------------------------------------

_HEAD = select(ENTRIES.c.seq, ENTRIES.c.hash).order_by(ENTRIES.c.seq.desc()).limit(1)
_LOCK = text("SELECT pg_advisory_xact_lock(:lock)").bindparams(lock=_CHAIN_LOCK)
_ADD = insert(ENTRIES)
_OPEN = insert(OPENINGS)
_GENESIS = select(ENTRIES.c.record).where(ENTRIES.c.seq == 0)


def lock_chain(session: Session) -> None:
    """Lock the chain of the ledger, so that no other session can append to it until this session ends.

    Other sessions that call the function wait. On SQLite it does nothing, because only one session can write at a time.
    """
    if session.connection().dialect.name == "postgresql":
        session.execute(_LOCK)


def get_head(session: Session) -> Head | None:
    """Return the number of entries of the ledger and the hash of the last one, or None if the ledger is empty."""
    row = session.execute(_HEAD).one_or_none()
    return None if row is None else Head(row.seq + 1, row.hash)


def get_hash(session: Session, seq: int) -> str | None:
    """Return the hash of the ledger entry with the number `seq`, or None if there is no such entry."""
    found: str | None = session.execute(select(ENTRIES.c.hash).where(ENTRIES.c.seq == seq)).scalar_one_or_none()
    return found


def get_entry_time(session: Session, seq: int) -> datetime | None:
    """Return the time of the ledger entry with the number `seq`, or None if there is no such entry."""
    at: datetime | None = session.execute(select(ENTRIES.c.at).where(ENTRIES.c.seq == seq)).scalar_one_or_none()
    return at


def list_records(session: Session, action: str) -> Sequence[str]:
    """Return the records of all ledger entries with an action, as JSON texts, in the order of the chain."""
    return list(
        session.execute(select(ENTRIES.c.record).where(ENTRIES.c.action == action).order_by(ENTRIES.c.seq)).scalars()
    )


def get_genesis(session: Session) -> str | None:
    """Return the record of ledger entry 0 as JSON text, or None if the ledger is empty."""
    record: str | None = session.execute(_GENESIS).scalar_one_or_none()
    return record


class NewEntry(Struct, frozen=True):
    """Ledger entry to be inserted, with its time, its action and its plain texts (opening).

    `opening` is None for an entry without a subject, which is only entry 0. `action` repeats the member `action` of the
    record, and is stored in its own column, to filter entries by it.
    """

    entry: ChainEntry
    at: datetime
    action: str
    opening: EntryOpening | None


def insert_entries(session: Session, entries: Sequence[NewEntry]) -> None:
    """Insert ledger entries, in the order of the chain, and their openings: the plain texts behind their digests."""
    connection = session.connection()
    connection.execute(_ADD, [{**structs.asdict(new.entry), "at": new.at, "action": new.action} for new in entries])
    openings = [{**structs.asdict(new.opening), "seq": new.entry.seq} for new in entries if new.opening is not None]
    if openings:
        connection.execute(_OPEN, openings)


def count_openings(session: Session, paths: Sequence[str], kept_action: str) -> int:
    """Count the openings of entries about these paths or about paths below them.

    An opening has the plain texts that an entry contains only as digests. Entries with the action `kept_action` are not
    counted.
    """
    count: int = session.execute(
        select(func.count()).select_from(OPENINGS).where(_is_below(paths, kept_action))
    ).scalar_one()
    return count


def erase_openings(session: Session, paths: Sequence[str], kept_action: str) -> None:
    """Erase the openings of entries about these paths or about paths below them.

    An opening has the plain texts that an entry contains only as digests, so the hash chain can still be verified.
    Openings of entries with the action `kept_action` stay.
    """
    session.execute(delete(OPENINGS).where(_is_below(paths, kept_action)))


def _is_below(paths: Sequence[str], kept_action: str) -> ColumnElement[bool]:
    kept = select(ENTRIES.c.seq).where(ENTRIES.c.action == kept_action)
    about = (
        condition
        for path in paths
        for condition in (OPENINGS.c.subject == path, OPENINGS.c.subject.startswith(f"{path}/", autoescape=True))
    )
    return and_(or_(*about), OPENINGS.c.seq.not_in(kept))


class OpenedEntry(Struct, frozen=True):
    """Ledger entry with its opening: the plain texts that the entry contains only as digests.

    `opening` is None for entry 0, which never has an opening, and for an entry whose opening was erased.
    """

    entry: ChainEntry
    opening: EntryOpening | None


_OPENED_ENTRIES: Select[tuple[object, ...]] = (
    select(
        *(ENTRIES.c[name] for name in ChainEntry.__struct_fields__),
        *(OPENINGS.c[name] for name in EntryOpening.__struct_fields__),
    )
    .join_from(ENTRIES, OPENINGS, ENTRIES.c.seq == OPENINGS.c.seq, isouter=True)
    .order_by(ENTRIES.c.seq)
)


def list_page(session: Session, page: PageRange[int], *, action: str | None, size: int | None) -> list[OpenedEntry]:
    """Return entries in the order of the chain, with their openings: the plain texts that they contain only as digests.

    Args:
        session: Session that reads.
        page: Part of the list; its sort key is the number of an entry.
        action: Only entries with this action; None for all.
        size: Only that many entries from the beginning of the chain; None for all.
    """
    # Without a lower bound SQLite would plan to read the whole table.
    statement = _OPENED_ENTRIES.where(ENTRIES.c.seq >= 0)
    if action is not None:
        statement = statement.where(ENTRIES.c.action == action)
    if size is not None:
        statement = statement.where(ENTRIES.c.seq < size)
    rows = execute_page(session, statement, page, after=lambda after: ENTRIES.c.seq > after)
    return [_build_opened_entry(tuple(row)) for row in rows]


def _build_opened_entry(row: tuple[Any, ...]) -> OpenedEntry:
    middle = len(ChainEntry.__struct_fields__)
    opening = None if row[middle] is None else EntryOpening(*row[middle:])
    return OpenedEntry(ChainEntry(*row[:middle]), opening)


def iterate_entries(session: Session) -> Generator[OpenedEntry, None, None]:
    """Yield all ledger entries with their openings, in the order of the chain; rows are fetched 1,000 at a time.

    An opening has the plain texts that an entry contains only as digests. Close the generator if you do not read it to
    its end: PostgreSQL keeps a cursor open for it.
    """
    # Streamed, because a ledger grows without limit and need not fit in memory.
    with session.execute(_OPENED_ENTRIES, execution_options={"yield_per": 1_000}) as rows:
        for row in rows:
            yield _build_opened_entry(tuple(row))


# --- checkpoints ----------------------------------------------------------------------------------------------

_CHECKPOINTS = select(*(CHECKPOINTS.c[name] for name in CheckpointRecord.__struct_fields__))
_NEWEST = _CHECKPOINTS.order_by(CHECKPOINTS.c.size.desc()).limit(1)
_OF_SIZE = _CHECKPOINTS.where(CHECKPOINTS.c.size == bindparam("of_size"))


def insert_checkpoint(session: Session, checkpoint: CheckpointRecord) -> None:
    """Insert a checkpoint; no other may have the same size."""
    session.execute(insert(CHECKPOINTS), [structs.asdict(checkpoint)])


def get_newest_checkpoint(session: Session) -> CheckpointRecord | None:
    """Return the checkpoint with the largest size, or None if there is none."""
    row = session.execute(_NEWEST).one_or_none()
    return None if row is None else CheckpointRecord(*row)


def get_checkpoint(session: Session, size: int) -> CheckpointRecord | None:
    """Return the checkpoint that covers `size` ledger entries, or None if there is none."""
    row = session.execute(_OF_SIZE, {"of_size": size}).one_or_none()
    return None if row is None else CheckpointRecord(*row)


def list_checkpoints(session: Session, page: PageRange[int]) -> list[CheckpointRecord]:
    """Return checkpoints, the smallest ledger first; the sort key of `page` is their size."""
    statement = _CHECKPOINTS.where(CHECKPOINTS.c.size >= 0).order_by(CHECKPOINTS.c.size)
    rows = execute_page(session, statement, page, after=lambda after: CHECKPOINTS.c.size > after)
    return [CheckpointRecord(*row) for row in rows]


# --- signing keys ---------------------------------------------------------------------------------------------

_KEYS = select(*(KEYS.c[name] for name in SigningKey.__struct_fields__)).order_by(KEYS.c.created, KEYS.c.kid)


def list_signing_keys(session: Session) -> Sequence[SigningKey]:
    """Return all signing keys, active and retired, oldest first."""
    return [SigningKey(*row) for row in session.execute(_KEYS)]


def set_compromised(session: Session, kid: str, since: int) -> None:
    """Mark a signing key as compromised: its signatures no longer count from ledger entry number `since` on.

    `kid` is the id of the key.
    """
    session.execute(update(KEYS).where(KEYS.c.kid == kid).values(compromised_since=since))


def replace_signing_key(session: Session, new: SigningKey) -> list[str]:
    """Insert a signing key, retire the active ones, and return the ids of the retired keys."""
    retired = session.execute(
        update(KEYS).where(KEYS.c.retired.is_(None)).values(retired=new.created).returning(KEYS.c.kid)
    )
    retired_kids = sorted(retired.scalars())
    session.execute(insert(KEYS), [structs.asdict(new)])
    return retired_kids
