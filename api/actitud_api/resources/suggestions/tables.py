"""The table of suggestions."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import Column, Integer
from sqlmodel import Field

from actitud_api.platform.storage.base import JSON_DOCUMENT, Base
from actitud_api.platform.storage.times import UtcTime


class SuggestionTable(Base, table=True):
    """A suggestion with all decisions on it.

    Attributes:
        id: Number of the suggestion, which is never reused, even after a withdrawal.
        kind: Kind of suggestion.
        title, text: Title and text.
        language: BCP 47 tag of title and text.
        dimension, indicator: Ids of the dimension and of the indicator that it is about, null if it names none.
        state: State by the last decision, `undecided` before any.
        methodology: Methodology version that the last decision names, null before any.
        decisions: All decisions, oldest first.
        proposer: Id of the key that made the suggestion, or of its oldest predecessor if that key was rotated. Only the
            ledger shows it, no response. It is no foreign key, because keys expire.
        created, updated: Times of the first and of the last write.
        version: Number of times that the row was written.
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
