"""All SQL over suggestions."""

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
"""What is proposed: an error that the ten do not have, or an indicator."""

Outcome = Literal["accepted", "rejected", "deferred"]
"""What is decided on a suggestion: that it comes, does not, or is looked at again later."""

State = Literal["undecided", "accepted", "rejected", "deferred"]
"""What was decided on a suggestion the last time, if anything was."""


class SuggestionDecision(Struct, frozen=True, kw_only=True):
    """What was decided on a suggestion, and why. `methodology`: the version that it is about, or comes in."""

    decision: Outcome
    reason: str
    language: str
    methodology: str | None
    decided: datetime


class SuggestionRecord(Struct, frozen=True, kw_only=True):
    """A suggestion as it is stored; see the table."""

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
    """Which suggestions to list; None does not filter. `methodology`: the version that the last decision names."""

    kind: Kind | None = None
    state: State | None = None
    dimension: str | None = None
    methodology: str | None = None

    def build_conditions(self) -> list[ColumnElement[bool]]:
        """The same in SQL."""
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
    """Suggestions, the newest first, from the one that follows `after`."""
    statement = _ALL.where(*filters.build_conditions()).order_by(SUGGESTIONS.c.id.desc()).offset(offset).limit(limit)
    if after is not None:
        statement = statement.where(SUGGESTIONS.c.id < after)
    return [_record(row) for row in session.execute(statement).mappings()]


def count_suggestions(session: Session, filters: SuggestionFilters) -> int:
    """How many suggestions there are."""
    found: int = session.execute(_COUNT.where(*filters.build_conditions())).scalar_one()
    return found


def get(session: Session, identifier: int) -> SuggestionRecord | None:
    """The suggestion of that id."""
    row = session.execute(_ONE, {"id": identifier}).mappings().one_or_none()
    return None if row is None else _record(row)


def insert_suggestion(session: Session, values: Mapping[str, object]) -> int:
    """Stores a new suggestion, which gets an id that none has had; the keys are those of the table."""
    identifier: int = session.execute(insert(SUGGESTIONS).returning(SUGGESTIONS.c.id), values).scalar_one()
    return identifier


def update_decisions(session: Session, record: SuggestionRecord, before: int) -> bool:
    """Replaces what was decided on a suggestion if its version is still the one before; whether it was."""
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
    """Removes a suggestion if its version is still that one; whether it was."""
    statement = delete(SUGGESTIONS).where(*_at(identifier, version)).returning(SUGGESTIONS.c.id)
    return session.execute(statement).one_or_none() is not None


def _at(identifier: int, version: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return SUGGESTIONS.c.id == identifier, SUGGESTIONS.c.version == version


def _record(row: RowMapping) -> SuggestionRecord:
    return msgspec.convert(dict(row), SuggestionRecord)
