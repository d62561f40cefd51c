"""Use cases over suggestions: the article that is measured ends by asking which other errors there are."""

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
"""The dimension of each indicator that any registered version has, by their ids."""
DIMENSIONS: Final[tuple[str, ...]] = tuple(dict.fromkeys(DIMENSION_BY_INDICATOR.values()))
"""The ids of the dimensions, in their order."""

_NUMBER: Final = re.compile("[1-9][0-9]{0,8}")
_REMOVES_ANY: Final = "administrator"


class UnknownSuggestion(LookupError):
    """There is no suggestion of that id, or not any more."""

    def __init__(self, suggestion: str) -> None:
        super().__init__(suggestion)
        self.suggestion = suggestion


class AlreadyDecided(Exception):
    """A suggestion on which something was decided, which stays with what was decided."""

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self.state = state


class NotProposer(Exception):
    """Somebody else proposed it."""


class DimensionMismatch(ValueError):
    """An indicator is not of the dimension that is named beside it, but of another."""

    def __init__(self, indicator: str, named: str) -> None:
        super().__init__(f"{indicator} is not of {named}")
        self.indicator = indicator
        self.named = named
        self.dimension = DIMENSION_BY_INDICATOR[indicator]


class Proposal(Struct, frozen=True, kw_only=True):
    """A suggestion to be made. `language`: what title and text are written in, as a BCP 47 tag."""

    kind: Kind
    title: str
    text: str
    language: str
    dimension: str | None = None
    indicator: str | None = None


class NewDecision(Struct, frozen=True, kw_only=True):
    """What is to be decided on a suggestion; without `language` the reason is in that of the suggestion."""

    decision: Outcome
    reason: str
    language: str | None = None
    methodology: str | None = None


def list_page(
    database: Database, filters: SuggestionFilters, *, after: int | None, offset: int, limit: int
) -> list[SuggestionRecord]:
    """Suggestions, the newest first, from the one that follows `after`."""
    with database.read() as session:
        return queries.list_page(session, filters, after, offset, limit)


def count_suggestions(database: Database, filters: SuggestionFilters) -> int:
    """How many suggestions there are."""
    with database.read() as session:
        return queries.count_suggestions(session, filters)


def get(database: Database, suggestion: str) -> SuggestionRecord:
    """The suggestion of that id; raises `UnknownSuggestion`."""
    with database.read() as session:
        return _find(session, suggestion)


def has_suggestions(session: Session) -> bool:
    """Whether there is any suggestion."""
    return queries.count_suggestions(session, SuggestionFilters()) > 0


def propose(session: Session, proposal: Proposal, *, proposer: str, now: datetime) -> SuggestionRecord:
    """Makes a suggestion of the holder of a key, on which nothing is decided yet; raises `Elsewhere`.

    One about an indicator is about the dimension of that as well.
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
    """Decides on a suggestion, for the first time or anew; raises `UnknownSuggestion` and `Stale`."""
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
    """Removes a suggestion on which nothing is decided, for whoever proposed it or an administrator.

    Raises `UnknownSuggestion`, `NotTheProposer`, `Stale` and `AlreadyDecided`.
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
    """The suggestion of that id as whoever changes it knows it."""
    record = _find(session, suggestion)
    if not expected(build_revision(record.created, record.version)):
        raise StaleVersion
    return record


def _find(session: Session, suggestion: str) -> SuggestionRecord:
    record = queries.get(session, int(suggestion)) if _NUMBER.fullmatch(suggestion) else None
    if record is None:
        raise UnknownSuggestion(suggestion)
    return record
