"""What every table shares: one metadata with predictable names, and the types that both databases have."""

from typing import ClassVar

import msgspec
from sqlalchemy import JSON, MetaData, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import SQLModel


class Base(SQLModel):
    """The base of all tables. Constraints are named by rule, so that a migration can name them too."""

    metadata: ClassVar[MetaData] = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


JSON_DOCUMENT = JSON().with_variant(JSONB(), "postgresql")
"""A whole JSON value in one column: text on SQLite, JSONB on PostgreSQL."""

IDENTIFIER = String().with_variant(String(collation="C"), "postgresql")
"""An identifier: ordered by its code points on both databases, whatever language the server sorts by."""


def to_json(value: object) -> str:
    """The JSON text of a value, for the columns of `JSON_DOCUMENT`."""
    return msgspec.json.encode(value).decode()
