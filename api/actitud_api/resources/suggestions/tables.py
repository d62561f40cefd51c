"""The table of suggestions."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import Column, Integer
from sqlmodel import Field

from actitud_api.platform.storage.base import JSON_DOCUMENT, Base
from actitud_api.platform.storage.times import UtcTime


class SuggestionTable(Base, table=True):
    """A suggestion with all decisions on it.

    Columns as in `queries.SuggestionRecord`. An id is never reused, even after a withdrawal. Only the ledger shows the
    proposer; the column is no foreign key, because keys expire.
    """

    __tablename__ = "suggestion"
    __table_args__: ClassVar[dict[str, bool]] = {"sqlite_autoincrement": True}

    id: int = Field(sa_column=Column(Integer, primary_key=True))
    kind: str
    title: str
    text: str
    language: str
    dimension: str | None
    indicator: str | None
    state: str
    methodology: str | None
    decisions: list[dict[str, object]] = Field(sa_column=Column(JSON_DOCUMENT, nullable=False))
    proposer: str
    created: datetime = Field(sa_column=Column(UtcTime, nullable=False))
    updated: datetime = Field(sa_column=Column(UtcTime, nullable=False))
    version: int
