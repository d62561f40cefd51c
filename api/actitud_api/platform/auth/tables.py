"""Tables of access keys and of responses stored for idempotency keys."""

from datetime import date, datetime

from sqlalchemy import Column, Date, LargeBinary
from sqlmodel import Field

from actitud_api.platform.storage.base import JSON_DOCUMENT, Base
from actitud_api.platform.storage.times import UtcTime


class AccessKeyTable(Base, table=True):
    """A key without its secret: `digest` is the HMAC-SHA-256 of the secret, in hexadecimal.

    `pepper` is the mark of the pepper of the digest. `organisations` and `editions` are the ids that the key is bound
    to; null `editions` are all of them. They are no foreign keys because a key, as a record of who acted, outlives
    them. `days` is the life that it was created with; it may expire sooner. `maker` is the key that created it, None on
    the command line; `replaced_by` its successor, and `origin` the first key of the chain of rotations.
    """

    __tablename__ = "access_key"

    id: str = Field(primary_key=True)
    role: str = Field(index=True)
    organisations: list[str] = Field(sa_column=Column(JSON_DOCUMENT, nullable=False))
    editions: list[str] | None = Field(sa_column=Column(JSON_DOCUMENT))
    pepper: str
    digest: str
    created: datetime = Field(sa_column=Column(UtcTime, nullable=False))
    expires: datetime = Field(sa_column=Column(UtcTime, nullable=False))
    revoked: datetime | None = Field(sa_column=Column(UtcTime))
    days: int
    maker: str | None
    origin: str
    replaced_by: str | None
    version: int


class KeyUse(Base, table=True):
    """Last day (UTC) on which a valid key was presented."""

    __tablename__ = "key_use"

    key: str = Field(primary_key=True)
    day: date = Field(sa_column=Column(Date, nullable=False))


class IdempotentAnswer(Base, table=True):
    """Response to an idempotency key of one holder; without a status only inside the transaction that makes it."""

    __tablename__ = "idempotent_answer"

    holder: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    fingerprint: str
    created: datetime = Field(sa_column=Column(UtcTime, nullable=False))
    status: int | None
    headers: dict[str, str] | None = Field(sa_column=Column(JSON_DOCUMENT))
    body: bytes | None = Field(sa_column=Column(LargeBinary))
