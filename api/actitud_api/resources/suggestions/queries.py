"""All SQL over suggestions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import msgspec
from msgspec import Struct
from sqlalchemy import ColumnElement, bindparam, delete, func, insert, select, update
from sqlmodel import Session

from actitud_api.platform.storage import database
from actitud_api.platform.storage.base import Base
from actitud_api.platform.storage.pages import PageRange, execute_page
from actitud_api.platform.storage.records import fetch_record, fetch_records
from actitud_api.resources.suggestions.tables import SuggestionTable

SUGGESTIONS = Base.metadata.tables[str(SuggestionTable.__tablename__)]

Kind = Literal["error", "indicator"]
"""The kind of a suggestion: a further error of administrations on social networks, or an indicator."""

Outcome = Literal["accepted", "rejected", "deferred"]
"""A decision on a suggestion. A deferred suggestion is decided later."""

State = Literal["undecided", "accepted", "rejected", "deferred"]
"""The state of a suggestion: its last decision, or `undecided`."""


class SuggestionDecision(Struct, frozen=True, kw_only=True):
    """A decision on a suggestion with its reason.

    `language` is a BCP 47 tag. `methodology` is the version that the decision is about, None if it names no version;
    for an accepted suggestion, it is the version that includes it.
    """

    decision: Outcome
    reason: str
    language: str
    methodology: str | None
    decided: datetime


class SuggestionRecord(Struct, frozen=True, kw_only=True):
    """A stored suggestion with all decisions on it.

    Attributes:
        id: Number of the suggestion.
        kind: Kind of suggestion.
        title, text: Title and text.
        language: BCP 47 tag of title and text.
        dimension, indicator: Ids of the dimension and of the indicator that it is about, None if it names none.
        state: State by the last decision, `undecided` before any.
        methodology: Methodology version that the last decision names, None before any.
        decisions: All decisions, oldest first.
        proposer: Id of the key that made the suggestion, or of its oldest predecessor if that key was rotated. It is in
            no response.
        created, updated: Times of the first and of the last write.
        version: Number of times that the row was written.
    """

    id: int
    kind: Kind
    title: str
    text: str
    language: str
    dimension: str | None
    indicator: str | None
    state: State
    methodology: str | None
    decisions: tuple[SuggestionDecision, ...]
    proposer: str
    created: datetime
    updated: datetime
    version: int


class SuggestionFilters(Struct, frozen=True, kw_only=True):
    """Filters of the list of suggestions; None does not filter.

    `methodology` is the methodology version that the last decision on the suggestion names. `dimension` keeps the
    suggestions that name this dimension.
    """

    kind: Kind | None = None
    state: State | None = None
    dimension: str | None = None
    methodology: str | None = None

    def build_conditions(self) -> list[ColumnElement[bool]]:
        """Return an SQL condition for each filter that is not None."""
        return [
            SUGGESTIONS.c[name] == value
            for name in self.__struct_fields__
            if (value := getattr(self, name)) is not None
        ]


class Viewer(Struct, frozen=True, kw_only=True):
    """A reader of suggestions: every reader may read the suggestions with a decision, and the reader's own suggestions.

    `proposer` is the id of the reader's key (of its oldest predecessor, if it was rotated), None without a key.
    `decides` is True for readers who decide on suggestions; they may read all suggestions.
    """

    proposer: str | None = None
    decides: bool = False

    def can_see(self, record: SuggestionRecord) -> bool:
        """Return True if the viewer may read a suggestion."""
        return self.decides or record.state != "undecided" or record.proposer == self.proposer

    def build_conditions(self) -> list[ColumnElement[bool]]:
        """Return the SQL conditions that select the suggestions that the viewer may read; empty for all suggestions."""
        if self.decides:
            return []
        is_decided = SUGGESTIONS.c.state != "undecided"
        return [is_decided if self.proposer is None else is_decided | (SUGGESTIONS.c.proposer == self.proposer)]


_SELECT_ALL = select(*(SUGGESTIONS.c[name] for name in SuggestionRecord.__struct_fields__))
_SELECT_ONE = _SELECT_ALL.where(SUGGESTIONS.c.id == bindparam("id"))
_COUNT = select(func.count()).select_from(SUGGESTIONS)


def list_page(
    session: Session, filters: SuggestionFilters, viewer: Viewer, page: PageRange[int]
) -> list[SuggestionRecord]:
    """List the suggestions that match the filters and that the viewer may read, newest first."""
    conditions = (*filters.build_conditions(), *viewer.build_conditions())
    statement = _SELECT_ALL.where(*conditions).order_by(SUGGESTIONS.c.id.desc())
    rows = execute_page(session, statement, page, after=lambda after: SUGGESTIONS.c.id < after)
    return fetch_records(rows, SuggestionRecord)


def count_suggestions(session: Session, filters: SuggestionFilters, viewer: Viewer) -> int:
    """Count the suggestions that match the filters and that the viewer may read."""
    conditions = (*filters.build_conditions(), *viewer.build_conditions())
    count: int = session.execute(_COUNT.where(*conditions)).scalar_one()
    return count


def list_times_since(session: Session, proposer: str, since: datetime) -> list[datetime]:
    """Return the times after `since` at which a proposer made suggestions that were not withdrawn, oldest first."""
    # Two suggestions at once would both find room for one.
    database.lock_table(session, SUGGESTIONS)
    made = select(SUGGESTIONS.c.created).where(SUGGESTIONS.c.proposer == proposer, SUGGESTIONS.c.created > since)
    return list(session.execute(made.order_by(SUGGESTIONS.c.created)).scalars())


def get(session: Session, identifier: int) -> SuggestionRecord | None:
    """Return the suggestion with this id, or None if there is none."""
    return fetch_record(session.execute(_SELECT_ONE, {"id": identifier}), SuggestionRecord)


def insert_suggestion(session: Session, values: Mapping[str, object]) -> int:
    """Insert a suggestion, given as values by column, and return its new id. Ids are never reused."""
    identifier: int = session.execute(insert(SUGGESTIONS).returning(SUGGESTIONS.c.id), values).scalar_one()
    return identifier


def update_decisions(session: Session, record: SuggestionRecord, before: int) -> bool:
    """Store the decisions and state of a suggestion and return True.

    Return False, and change nothing, if the version of the stored suggestion is not `before`.
    """
    values = {
        "state": record.state,
        "methodology": record.methodology,
        "decisions": msgspec.to_builtins(record.decisions),
        "updated": record.updated,
        "version": record.version,
    }
    statement = update(SUGGESTIONS).where(*_match_version(record.id, before)).values(values)
    return session.execute(statement.returning(SUGGESTIONS.c.id)).one_or_none() is not None


def delete_suggestion(session: Session, identifier: int, version: int) -> bool:
    """Delete a suggestion and return True.

    Return False, and delete nothing, if its stored version is not `version`.
    """
    statement = delete(SUGGESTIONS).where(*_match_version(identifier, version)).returning(SUGGESTIONS.c.id)
    return session.execute(statement).one_or_none() is not None


def _match_version(identifier: int, version: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return SUGGESTIONS.c.id == identifier, SUGGESTIONS.c.version == version
