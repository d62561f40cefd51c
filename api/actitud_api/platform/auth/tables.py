"""The tables of keys, and of the answers to idempotency keys."""

from datetime import date, datetime

from sqlalchemy import Column, Date, LargeBinary
from sqlmodel import Field

from actitud_api.platform.storage.base import JSON_DOCUMENT, Base
from actitud_api.platform.storage.times import UtcTime


class AccessKeyTable(Base, table=True):
    """A key, without its secret: `digest` is the HMAC-SHA-256 of that, in hexadecimal.

    `pepper` marks what the digest was made with. `organisations` and `editions` are the ids that it is bound to; no
    `editions` are all of them. They are no foreign keys because a key, as a record of who acted, outlives them.
    `days` is how long it was made for; it may end sooner. `maker` is the key that it was made with, None on the command
    line; `replaced_by` the key that took its place, and `origin` the first of those that took each other's.
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
    """The last day (UTC) on which a key was presented and counted."""

    __tablename__ = "key_use"

    key: str = Field(primary_key=True)
    day: date = Field(sa_column=Column(Date, nullable=False))


class IdempotentAnswer(Base, table=True):
    """The answer to an idempotency key of one holder; without a status only inside the transaction that makes it."""

    __tablename__ = "idempotent_answer"

    holder: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    fingerprint: str
    created: datetime = Field(sa_column=Column(UtcTime, nullable=False))
    status: int | None
    headers: dict[str, str] | None = Field(sa_column=Column(JSON_DOCUMENT))
    body: bytes | None = Field(sa_column=Column(LargeBinary))
