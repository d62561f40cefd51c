"""The table of suggestions."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import Column, Integer
from sqlmodel import Field

from actitud_api.platform.storage.base import JSON_DOCUMENT, Base
from actitud_api.platform.storage.times import UtcTime


class SuggestionTable(Base, table=True):
    """A suggestion with all decisions on it, oldest first. `state` and `methodology` come from the last decision.

    Before any decision, `state` is `undecided` and `methodology` null. `dimension` and `indicator` are null if the
    suggestion names none. An `id` is never reused, even after a withdrawal. `proposer` is the id of the key that made
    the suggestion; if that key was made by rotation, the id of its oldest predecessor. Only the ledger shows the
    proposer, no response. The column is not a foreign key, because keys expire. `version` is the number of times that
    the row was written.
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
