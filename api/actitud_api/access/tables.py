"""The table of keys."""

from datetime import datetime

from sqlalchemy import Column
from sqlmodel import Field

from actitud_api.storage.base import Base
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
