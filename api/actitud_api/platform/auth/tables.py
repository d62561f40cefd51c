"""Tables of access keys and of responses stored for idempotency keys."""

from datetime import date, datetime

from sqlalchemy import Column, Date, LargeBinary
from sqlmodel import Field

from actitud_api.platform.storage.base import JSON_DOCUMENT, Base
from actitud_api.platform.storage.times import UtcTime


class AccessKeyTable(Base, table=True):
    """Table of access keys, without their secrets.

    `digest`: HMAC-SHA-256 of the secret, in hexadecimal. `pepper`: public id of the pepper that is the HMAC key.
    `organisations` and `editions`: ids that the key is bound to; NULL for `editions` means all. They are no foreign
    keys, because a key documents who acted and outlives them. `days`: life at creation; the key may expire sooner.
    `maker`: id of the key that created it, NULL for the command line. `replaced_by`: id of its successor. `origin`: id
    of the first key in the chain of rotations.
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
    """Table of the last day (UTC) on which each key was used."""

    __tablename__ = "key_use"

    key: str = Field(primary_key=True)
    day: date = Field(sa_column=Column(Date, nullable=False))


class IdempotentAnswer(Base, table=True):
    """Table of the responses to idempotent requests, by holder of the access key and idempotency key.

    `status`, `headers` and `body` are NULL only within the transaction that computes the response.
    """

    __tablename__ = "idempotent_answer"

    holder: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    fingerprint: str
    created: datetime = Field(sa_column=Column(UtcTime, nullable=False))
    status: int | None
    headers: dict[str, str] | None = Field(sa_column=Column(JSON_DOCUMENT))
    body: bytes | None = Field(sa_column=Column(LargeBinary))
