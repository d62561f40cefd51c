"""SQL of suggestions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import msgspec
from msgspec import Struct
from sqlalchemy import ColumnElement, RowMapping, bindparam, delete, func, insert, select, update
from sqlmodel import Session

from actitud_api.platform.storage.base import Base
from actitud_api.resources.suggestions.tables import SuggestionTable

SUGGESTIONS = Base.metadata.tables[str(SuggestionTable.__tablename__)]

Kind = Literal["error", "indicator"]
"""Kind of a suggestion: an error beyond the ten, or an indicator."""

Outcome = Literal["accepted", "rejected", "deferred"]
"""Decision on a suggestion: accepted, rejected, or deferred."""

State = Literal["undecided", "accepted", "rejected", "deferred"]
"""State of a suggestion: its last decision, if any."""


class SuggestionDecision(Struct, frozen=True, kw_only=True):
    """Decision on a suggestion with its reason. `methodology`: the version it refers to, or that includes it."""

    decision: Outcome
    reason: str
    language: str
    methodology: str | None
    decided: datetime


class SuggestionRecord(Struct, frozen=True, kw_only=True):
    """Stored suggestion; for the members see the table."""

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

    `methodology`: the version named by the last decision.
    """

    kind: Kind | None = None
    state: State | None = None
    dimension: str | None = None
    methodology: str | None = None

    def build_conditions(self) -> list[ColumnElement[bool]]:
        """Return the filters as SQL conditions."""
        return [
            SUGGESTIONS.c[name] == wanted
            for name in self.__struct_fields__
            if (wanted := getattr(self, name)) is not None
        ]


_ALL = select(*(SUGGESTIONS.c[name] for name in SuggestionRecord.__struct_fields__))
_ONE = _ALL.where(SUGGESTIONS.c.id == bindparam("id"))
_COUNT = select(func.count()).select_from(SUGGESTIONS)


def list_page(
    session: Session, filters: SuggestionFilters, after: int | None, offset: int, limit: int
) -> list[SuggestionRecord]:
    """Return suggestions, newest first, starting after `after`."""
    statement = _ALL.where(*filters.build_conditions()).order_by(SUGGESTIONS.c.id.desc()).offset(offset).limit(limit)
    if after is not None:
        statement = statement.where(SUGGESTIONS.c.id < after)
    return [_record(row) for row in session.execute(statement).mappings()]


def count_suggestions(session: Session, filters: SuggestionFilters) -> int:
    """Return the number of suggestions."""
    found: int = session.execute(_COUNT.where(*filters.build_conditions())).scalar_one()
    return found


def get(session: Session, identifier: int) -> SuggestionRecord | None:
    """Return the suggestion of an id, or None."""
    row = session.execute(_ONE, {"id": identifier}).mappings().one_or_none()
    return None if row is None else _record(row)


def insert_suggestion(session: Session, values: Mapping[str, object]) -> int:
    """Insert a suggestion, given by column, and return its new id, which was never in use."""
    identifier: int = session.execute(insert(SUGGESTIONS).returning(SUGGESTIONS.c.id), values).scalar_one()
    return identifier


def update_decisions(session: Session, record: SuggestionRecord, before: int) -> bool:
    """Store the decisions on a suggestion of version `before`; return False if it has another version."""
    values = {
        "state": record.state,
        "methodology": record.methodology,
        "decisions": msgspec.to_builtins(record.decisions),
        "updated": record.updated,
        "version": record.version,
    }
    statement = update(SUGGESTIONS).where(*_at(record.id, before)).values(values)
    return session.execute(statement.returning(SUGGESTIONS.c.id)).one_or_none() is not None


def delete_suggestion(session: Session, identifier: int, version: int) -> bool:
    """Delete a suggestion of that version; return False if it has another one."""
    statement = delete(SUGGESTIONS).where(*_at(identifier, version)).returning(SUGGESTIONS.c.id)
    return session.execute(statement).one_or_none() is not None


def _at(identifier: int, version: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return SUGGESTIONS.c.id == identifier, SUGGESTIONS.c.version == version


def _record(row: RowMapping) -> SuggestionRecord:
    return msgspec.convert(dict(row), SuggestionRecord)
