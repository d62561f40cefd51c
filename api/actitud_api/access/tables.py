"""The tables of keys, and of the answers to idempotency keys."""

from datetime import datetime

from sqlalchemy import Column, LargeBinary
from sqlmodel import Field

from actitud_api.storage.base import JSON_DOCUMENT, Base
from actitud_api.storage.times import UtcTime


class AccessKey(Base, table=True):
    """A key, without its secret: `digest` is the HMAC-SHA-256 of that, in hexadecimal.

    `pepper` marks what the digest was made with. `organisations` and `editions` are the ids that it is bound to; no
    `editions` are all of them. They are no foreign keys because a key, as a record of who acted, outlives them.
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
