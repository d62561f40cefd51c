"""Use cases of suggestions. The article behind the methodology ends by asking which other errors there are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from msgspec import Struct, structs

from actitud_api.engine.methodology.loader import list_versions, load_methodology
from actitud_api.engine.methodology.model import Group
from actitud_api.engine.methodology.predicates import walk_indicators
from actitud_api.platform.auth.service import Principal
from actitud_api.platform.storage.database import Database, Session
from actitud_api.platform.storage.versions import Expected, StaleVersion, build_revision
from actitud_api.resources.suggestions import queries
from actitud_api.resources.suggestions.queries import (
    Kind,
    Outcome,
    State,
    SuggestionDecision,
    SuggestionFilters,
    SuggestionRecord,
)

__all__ = [
    "DIMENSIONS",
    "DIMENSION_BY_INDICATOR",
    "AlreadyDecided",
    "DimensionMismatch",
    "Kind",
    "NewDecision",
    "NotProposer",
    "Outcome",
    "Proposal",
    "State",
    "SuggestionDecision",
    "SuggestionFilters",
    "SuggestionRecord",
    "UnknownSuggestion",
    "count_suggestions",
    "decide",
    "get",
    "has_suggestions",
    "list_page",
    "propose",
    "withdraw",
]

DIMENSION_BY_INDICATOR: Final[Mapping[str, str]] = {
    indicator.id: dimension.id
    for version in list_versions()
    for dimension in load_methodology(version).document.root.children
    if isinstance(dimension, Group)
    for indicator in walk_indicators(dimension)
}
"""Dimension of each indicator of any registered version, by id."""
DIMENSIONS: Final[tuple[str, ...]] = tuple(dict.fromkeys(DIMENSION_BY_INDICATOR.values()))
"""Ids of the dimensions, in order."""

_NUMBER: Final = re.compile("[1-9][0-9]{0,8}")
_REMOVES_ANY: Final = "administrator"


class UnknownSuggestion(LookupError):
    """No suggestion has that id, or it was withdrawn."""

    def __init__(self, suggestion: str) -> None:
        super().__init__(suggestion)
        self.suggestion = suggestion


class AlreadyDecided(Exception):
    """Suggestion with a decision, which can no longer be withdrawn."""

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self.state = state


class NotProposer(Exception):
    """Another key holder made the suggestion."""


class DimensionMismatch(ValueError):
    """Indicator of another dimension than the one named beside it."""

    def __init__(self, indicator: str, named: str) -> None:
        super().__init__(f"{indicator} is not of {named}")
        self.indicator = indicator
        self.named = named
        self.dimension = DIMENSION_BY_INDICATOR[indicator]


class Proposal(Struct, frozen=True, kw_only=True):
    """Suggestion to be made. `language`: BCP 47 tag of title and text."""

    kind: Kind
    title: str
    text: str
    language: str
    dimension: str | None = None
    indicator: str | None = None


class NewDecision(Struct, frozen=True, kw_only=True):
    """Decision to be made; without `language` the reason is in that of the suggestion."""

    decision: Outcome
    reason: str
    language: str | None = None
    methodology: str | None = None


def list_page(
    database: Database, filters: SuggestionFilters, *, after: int | None, offset: int, limit: int
) -> list[SuggestionRecord]:
    """Return suggestions, newest first, starting after `after`."""
    with database.read() as session:
        return queries.list_page(session, filters, after, offset, limit)


def count_suggestions(database: Database, filters: SuggestionFilters) -> int:
    """Return the number of suggestions."""
    with database.read() as session:
        return queries.count_suggestions(session, filters)


def get(database: Database, suggestion: str) -> SuggestionRecord:
    """Return the suggestion of an id; raise `UnknownSuggestion`."""
    with database.read() as session:
        return _find(session, suggestion)


def has_suggestions(session: Session) -> bool:
    """Return True if there is any suggestion."""
    return queries.count_suggestions(session, SuggestionFilters()) > 0


def propose(session: Session, proposal: Proposal, *, proposer: str, now: datetime) -> SuggestionRecord:
    """Store an undecided suggestion of a key holder and return it; raise `DimensionMismatch`.

    One about an indicator gets the dimension of that indicator.
    """
    dimension = proposal.dimension
    if proposal.indicator is not None:
        of_indicator = DIMENSION_BY_INDICATOR[proposal.indicator]
        if dimension not in (None, of_indicator):
            raise DimensionMismatch(proposal.indicator, str(dimension))
        dimension = of_indicator
    made = SuggestionRecord(
        **{**structs.asdict(proposal), "dimension": dimension},
        id=0,
        state="undecided",
        methodology=None,
        decisions=(),
        proposer=proposer,
        created=now,
        updated=now,
        version=1,
    )
    values = {**structs.asdict(made), "decisions": []}
    del values["id"]
    return structs.replace(made, id=queries.insert_suggestion(session, values))


def decide(
    session: Session, suggestion: str, new: NewDecision, *, expected: Expected, now: datetime
) -> SuggestionRecord:
    """Store a decision on a suggestion and return it; raise `UnknownSuggestion` or `StaleVersion`.

    Earlier decisions stay, the last one counts.
    """
    before = _as_expected(session, suggestion, expected)
    made = SuggestionDecision(
        decision=new.decision,
        reason=new.reason,
        language=new.language or before.language,
        methodology=new.methodology,
        decided=now,
    )
    after = structs.replace(
        before,
        state=made.decision,
        methodology=made.methodology,
        decisions=(*before.decisions, made),
        updated=now,
        version=before.version + 1,
    )
    if not queries.update_decisions(session, after, before.version):
        raise StaleVersion
    return after


def withdraw(session: Session, suggestion: str, principal: Principal, *, expected: Expected) -> None:
    """Delete an undecided suggestion, on behalf of its proposer or an administrator.

    Raises:
        UnknownSuggestion: No suggestion has that id.
        NotProposer: Another key holder made it.
        StaleVersion: The stored revision is not the `expected` one.
        AlreadyDecided: It has a decision.
    """
    found = _find(session, suggestion)
    if principal.origin != found.proposer and principal.role != _REMOVES_ANY:
        raise NotProposer
    record = _as_expected(session, suggestion, expected)
    if record.state != "undecided":
        raise AlreadyDecided(record.state)
    if not queries.delete_suggestion(session, record.id, record.version):
        raise StaleVersion


def _as_expected(session: Session, suggestion: str, expected: Expected) -> SuggestionRecord:
    """Return the suggestion if it has the expected revision."""
    record = _find(session, suggestion)
    if not expected(build_revision(record.created, record.version)):
        raise StaleVersion
    return record


def _find(session: Session, suggestion: str) -> SuggestionRecord:
    record = queries.get(session, int(suggestion)) if _NUMBER.fullmatch(suggestion) else None
    if record is None:
        raise UnknownSuggestion(suggestion)
    return record
