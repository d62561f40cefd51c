"""The tables of keys, and of the answers to idempotency keys."""

from datetime import datetime

from sqlalchemy import Column, LargeBinary
from sqlmodel import Field

from actitud_api.storage.base import JSON_DOCUMENT, Base
from actitud_api.storage.times import UtcTime


class AccessKey(Base, table=True):
    """A key, without its secret: `digest` is the HMAC-SHA-256 of that, in hexadecimal.

    `pepper` marks what the digest was made with. `owner` is the id of an organisation, or nothing where the key is of
    whoever runs the installation; it is no foreign key because a key, as a record of who acted, outlives its owner.
    """

    __tablename__ = "access_key"

    id: str = Field(primary_key=True)
    owner: str | None
    role: str = Field(index=True)
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
