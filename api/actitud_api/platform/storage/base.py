"""Base class and column types of all tables, with constraint names that migrations can predict."""

from typing import ClassVar

import msgspec
from sqlalchemy import JSON, MetaData, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import SQLModel


class Base(SQLModel):
    """Base class of all tables. Its metadata names every constraint by one rule.

    So a migration knows the name of a constraint without looking it up in a database.
    """

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
"""Column type of a whole JSON value: text on SQLite, JSONB on PostgreSQL."""

IDENTIFIER = String().with_variant(String(collation="C"), "postgresql")
"""Column type of an identifier, ordered by code points on SQLite and PostgreSQL, whatever the server's collation."""


def to_json(value: object) -> str:
    """Return a value as JSON text, as stored in columns of type `JSON_DOCUMENT`."""
    return msgspec.json.encode(value).decode()
