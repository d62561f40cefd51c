"""Tables of the ledger. Triggers refuse changes to entries, checkpoints and signing keys."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer
from sqlmodel import Field

from actitud_api.platform.storage.base import IDENTIFIER, Base
from actitud_api.platform.storage.times import UtcTime

ACTION_CHECK = "substr(record, 1, length(action) + 13) = '{\"action\":\"' || action || '\",'"
"""SQL condition: the member `action` of the record is equal to the column `action`.

In RFC 8785 members are sorted by name, so the record begins with `action`.
"""


class LedgerEntryTable(Base, table=True):
    """Table of ledger entries, each a link of the hash chain. Columns as in `ChainEntry`, and two more.

    `at` is the time of the entry, and `action` the member `action` of the record, so that entries can be found by it; a
    check constraint keeps the two equal.
    """

    __tablename__ = "ledger_entry"
    __table_args__ = (CheckConstraint(ACTION_CHECK, name="action"), Index(None, "action", "seq"))

    seq: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    at: datetime = Field(sa_column=Column(UtcTime, nullable=False))
    action: str = Field(sa_type=IDENTIFIER)
    record: str
    prev: str
    hash: str


class LedgerOpeningTable(Base, table=True):
    """Table of openings: the plain texts that ledger entries contain only as digests. Columns as in `EntryOpening`.

    Deleting a row erases them, and the chain still verifies. `seq` is the number of the entry.
    """

    __tablename__ = "ledger_opening"

    seq: int = Field(sa_column=Column(ForeignKey("ledger_entry.seq"), primary_key=True, autoincrement=False))
    subject: str
    salt: str
    public: bool
    owner: str | None = Field(sa_type=IDENTIFIER)
    actor: str | None = Field(sa_type=IDENTIFIER)
    actor_salt: str | None


class StoredCheckpoint(Base, table=True):
    """Table of checkpoints, signed statements about the ledger. Columns as in `CheckpointRecord`."""

    __tablename__ = "checkpoint"

    size: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    at: datetime = Field(sa_column=Column(UtcTime, nullable=False))
    root: str
    note: str


class StoredSigningKey(Base, table=True):
    """Table of public signing keys: `kid` is the RFC 7638 thumbprint, `public` the 32 bytes in base64url.

    `retired` changes once, from NULL to a time. `compromised_since`, of a retired key that somebody else may have, is
    the number of the first ledger entry from which on its signatures no longer count; it is NULL for all other keys,
    and can only become smaller. The private part is in a file, never in the database.
    """

    __tablename__ = "signing_key"

    kid: str = Field(sa_column=Column(IDENTIFIER, primary_key=True))
    public: str
    created: datetime = Field(sa_column=Column(UtcTime, nullable=False))
    retired: datetime | None = Field(sa_column=Column(UtcTime))
    compromised_since: int | None
