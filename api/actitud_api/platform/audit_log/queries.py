"""SQL of the ledger, its checkpoints and its signing keys."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from msgspec import Struct, structs
from sqlalchemy import Select, bindparam, insert, select, text, update

from actitud_api.platform.audit_log.chain import ChainEntry, Head
from actitud_api.platform.audit_log.tables import (
    LedgerEntryTable,
    LedgerOpeningTable,
    StoredCheckpoint,
    StoredSigningKey,
)
from actitud_api.platform.storage.base import Base
from actitud_api.platform.storage.database import Session

ENTRIES = Base.metadata.tables[str(LedgerEntryTable.__tablename__)]
OPENINGS = Base.metadata.tables[str(LedgerOpeningTable.__tablename__)]
CHECKPOINTS = Base.metadata.tables[str(StoredCheckpoint.__tablename__)]
KEYS = Base.metadata.tables[str(StoredSigningKey.__tablename__)]

_CHAIN_LOCK: Final = 0x6C6564676572
"""Advisory lock held while appending: `ledger` in ASCII."""


class EntryOpening(Struct, frozen=True):
    """Opening of an entry's commitment; for the members see the table."""

    subject: str
    salt: str
    public: bool
    owner: str | None


class CheckpointRecord(Struct, frozen=True):
    """Signed statement; for the members see the table."""

    size: int
    at: datetime
    root: str
    note: str


class SigningKey(Struct, frozen=True):
    """Key that signs or has signed; for the members see the table."""

    kid: str
    public: str
    created: datetime
    retired: datetime | None


# --- the chain ------------------------------------------------------------------------------------------------

_HEAD = select(ENTRIES.c.seq, ENTRIES.c.hash).order_by(ENTRIES.c.seq.desc()).limit(1)
_LOCK = text("SELECT pg_advisory_xact_lock(:lock)").bindparams(lock=_CHAIN_LOCK)
_ADD = insert(ENTRIES)
_OPEN = insert(OPENINGS)
_GENESIS = select(ENTRIES.c.record).where(ENTRIES.c.seq == 0)


def lock_chain(session: Session) -> None:
    """Let this session alone append to the chain until it ends; others wait.

    On SQLite a write session is alone anyway.
    """
    if session.connection().dialect.name == "postgresql":
        session.execute(_LOCK)


def get_head(session: Session) -> Head | None:
    """Return the end of the chain, or None for an empty ledger."""
    row = session.execute(_HEAD).one_or_none()
    return None if row is None else Head(row.seq + 1, row.hash)


def get_genesis(session: Session) -> str | None:
    """Return the record of entry 0, or None for an empty ledger."""
    record: str | None = session.execute(_GENESIS).scalar_one_or_none()
    return record


def insert_entry(session: Session, entry: ChainEntry, at: datetime, action: str, opening: EntryOpening | None) -> None:
    """Insert an entry and its opening."""
    connection = session.connection()
    connection.execute(_ADD, {**structs.asdict(entry), "at": at, "action": action})
    if opening is not None:
        connection.execute(_OPEN, {**structs.asdict(opening), "seq": entry.seq})


class OpenedEntry(Struct, frozen=True):
    """Entry with its opening, None if that was erased."""

    entry: ChainEntry
    opening: EntryOpening | None


_SHOWN: Select[tuple[object, ...]] = (
    select(
        *(ENTRIES.c[name] for name in ChainEntry.__struct_fields__),
        *(OPENINGS.c[name] for name in EntryOpening.__struct_fields__),
    )
    .join_from(ENTRIES, OPENINGS, ENTRIES.c.seq == OPENINGS.c.seq, isouter=True)
    .order_by(ENTRIES.c.seq)
)


def list_page(session: Session, *, action: str | None, after: int, offset: int, limit: int) -> list[OpenedEntry]:
    """Return entries after a number, in order: all, or those of one action."""
    wanted = _SHOWN.where(ENTRIES.c.seq > after).offset(offset).limit(limit)
    if action is not None:
        wanted = wanted.where(ENTRIES.c.action == action)
    return [_shown(tuple(row)) for row in session.execute(wanted)]


def _shown(row: tuple[object, ...]) -> OpenedEntry:
    middle = len(ChainEntry.__struct_fields__)
    opening = None if row[middle] is None else EntryOpening(*row[middle:])  # type: ignore[arg-type]  # of the columns' types
    return OpenedEntry(ChainEntry(*row[:middle]), opening)  # type: ignore[arg-type]  # the same


def iterate_entries(session: Session) -> Iterator[OpenedEntry]:
    """Iterate over all entries in order, fetched in parts of 1,000."""
    rows = session.execute(_SHOWN, execution_options={"yield_per": 1_000})
    return (_shown(tuple(row)) for row in rows)


# --- checkpoints ----------------------------------------------------------------------------------------------

_CHECKPOINTS = select(*(CHECKPOINTS.c[name] for name in CheckpointRecord.__struct_fields__))
_NEWEST = _CHECKPOINTS.order_by(CHECKPOINTS.c.size.desc()).limit(1)
_OF_SIZE = _CHECKPOINTS.where(CHECKPOINTS.c.size == bindparam("of"))


def insert_checkpoint(session: Session, checkpoint: CheckpointRecord) -> None:
    """Insert a checkpoint."""
    session.execute(insert(CHECKPOINTS), [structs.asdict(checkpoint)])


def get_newest_checkpoint(session: Session) -> CheckpointRecord | None:
    """Return the checkpoint of the longest chain, or None."""
    row = session.execute(_NEWEST).one_or_none()
    return None if row is None else CheckpointRecord(*row)


def get_checkpoint(session: Session, size: int) -> CheckpointRecord | None:
    """Return the checkpoint of a size, or None."""
    row = session.execute(_OF_SIZE, {"of": size}).one_or_none()
    return None if row is None else CheckpointRecord(*row)


def list_checkpoints(session: Session, *, after: int, offset: int, limit: int) -> list[CheckpointRecord]:
    """Return checkpoints larger than a size, smallest first."""
    wanted = _CHECKPOINTS.where(CHECKPOINTS.c.size > after).order_by(CHECKPOINTS.c.size).offset(offset).limit(limit)
    return [CheckpointRecord(*row) for row in session.execute(wanted)]


# --- signing keys ---------------------------------------------------------------------------------------------

_KEYS = select(*(KEYS.c[name] for name in SigningKey.__struct_fields__)).order_by(KEYS.c.created, KEYS.c.kid)


def list_signing_keys(session: Session) -> Sequence[SigningKey]:
    """Return all signing keys, oldest first."""
    return [SigningKey(*row) for row in session.execute(_KEYS)]


def replace_signing_key(session: Session, new: SigningKey) -> list[str]:
    """Insert a key, retire the active ones, and return the ids of those retired."""
    retired = session.execute(
        update(KEYS).where(KEYS.c.retired.is_(None)).values(retired=new.created).returning(KEYS.c.kid)
    )
    ended = sorted(retired.scalars())
    session.execute(insert(KEYS), [structs.asdict(new)])
    return ended
