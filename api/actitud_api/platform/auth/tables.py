"""Tables of access keys and of responses stored for idempotency keys."""

from datetime import date, datetime

from sqlalchemy import Column, Date, LargeBinary
from sqlmodel import Field

from actitud_api.platform.storage.base import JSON_DOCUMENT, Base
from actitud_api.platform.storage.times import UtcTime


class AccessKeyTable(Base, table=True):
    """Table of access keys, without their secrets. Columns as in `KeyRecord`; `version` serves for `If-Match`.

    `organisations` and `editions` are no foreign keys, because a key is kept for the record after they are deleted.
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
    origin: str = Field(index=True)
    replaced_by: str | None
    version: int


class KeyUse(Base, table=True):
    """Table of the last day (UTC) on which each key was used."""

    __tablename__ = "key_use"

    key: str = Field(primary_key=True)
    day: date = Field(sa_column=Column(Date, nullable=False))


class Denial(Base, table=True):
    """Table of denials that have a ledger entry, by day (UTC), key and operation, to enter each only once a day."""

    __tablename__ = "denial"

    day: date = Field(sa_column=Column(Date, primary_key=True))
    key: str = Field(primary_key=True)
    operation: str = Field(primary_key=True)


class IdempotentAnswer(Base, table=True):
    """Table of the responses to idempotent requests.

    Attributes:
        holder: Id of the access key that sent the request.
        key: Idempotency key that the client chose.
        fingerprint: Digest of the request, which distinguishes a repetition from another request.
        status, headers, body: The response; NULL only within the transaction that computes it.
    """

    __tablename__ = "idempotent_answer"

    holder: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    fingerprint: str
    created: datetime = Field(sa_column=Column(UtcTime, nullable=False, index=True))
    status: int | None
    headers: dict[str, str] | None = Field(sa_column=Column(JSON_DOCUMENT))
    body: bytes | None = Field(sa_column=Column(LargeBinary))
