"""Tables of the ledger. Triggers refuse changes of an entry, a checkpoint or a signing key."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer
from sqlmodel import Field

from actitud_api.platform.storage.base import IDENTIFIER, Base
from actitud_api.platform.storage.times import UtcTime

ACTION_CHECK = "substr(record, 1, length(action) + 13) = '{\"action\":\"' || action || '\",'"
"""A record begins with its action, the first of its members in the order of RFC 8785."""


class LedgerEntryTable(Base, table=True):
    """One link of the chain: `record` is the exact RFC 8785 text, `prev` and `hash` are SHA-256 in hexadecimal.

    `action` repeats that of the record, for an index; a check constraint holds them equal.
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
    """Opening of an entry's commitment: the path of its subject and the salt, 16 bytes in hexadecimal.

    `public`: everybody may read the subject; otherwise only administrators and `owner`, the organisation it belongs to.
    Deleting this row erases what the entry was about, and the chain still verifies.
    """

    __tablename__ = "ledger_opening"

    seq: int = Field(sa_column=Column(ForeignKey("ledger_entry.seq"), primary_key=True, autoincrement=False))
    subject: str
    salt: str
    public: bool
    owner: str | None = Field(sa_type=IDENTIFIER)


class StoredCheckpoint(Base, table=True):
    """Signed statement of the chain up to an entry: its size, and the hash of the last entry as the root."""

    __tablename__ = "checkpoint"

    size: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    at: datetime = Field(sa_column=Column(UtcTime, nullable=False))
    root: str
    note: str


class StoredSigningKey(Base, table=True):
    """Public part of a signing key: `kid` is its RFC 7638 thumbprint, `public` its 32 bytes in base64url.

    Only `retired` changes, once. The private part is in a file, never here.
    """

    __tablename__ = "signing_key"

    kid: str = Field(sa_column=Column(IDENTIFIER, primary_key=True))
    public: str
    created: datetime = Field(sa_column=Column(UtcTime, nullable=False))
    retired: datetime | None = Field(sa_column=Column(UtcTime))
