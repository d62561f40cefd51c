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
from actitud_api.platform.storage.versions import Expected, Stale, revision
from actitud_api.resources.suggestions import queries
from actitud_api.resources.suggestions.queries import Decision, Filters, Kind, Outcome, Record, State

__all__ = [
    "DIMENSIONS",
    "DIMENSION_OF",
    "AlreadyDecided",
    "Decision",
    "Elsewhere",
    "Filters",
    "Kind",
    "NewDecision",
    "NotTheProposer",
    "Outcome",
    "Proposal",
    "Record",
    "State",
    "UnknownSuggestion",
    "count",
    "decide",
    "exist",
    "get",
    "page",
    "propose",
    "withdraw",
]

DIMENSION_OF: Final[Mapping[str, str]] = {
    indicator.id: dimension.id
    for version in list_versions()
    for dimension in load_methodology(version).document.root.children
    if isinstance(dimension, Group)
    for indicator in walk_indicators(dimension)
}
"""The dimension of each indicator that any registered version has, by their ids."""
DIMENSIONS: Final[tuple[str, ...]] = tuple(dict.fromkeys(DIMENSION_OF.values()))
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


class NotTheProposer(Exception):
    """Somebody else proposed it."""


class Elsewhere(ValueError):
    """An indicator is not of the dimension that is named beside it, but of another."""

    def __init__(self, indicator: str, named: str) -> None:
        super().__init__(f"{indicator} is not of {named}")
        self.indicator = indicator
        self.named = named
        self.dimension = DIMENSION_OF[indicator]


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


def page(database: Database, filters: Filters, *, after: int | None, offset: int, limit: int) -> list[Record]:
    """Suggestions, the newest first, from the one that follows `after`."""
    with database.read() as session:
        return queries.page(session, filters, after, offset, limit)


def count(database: Database, filters: Filters) -> int:
    """How many suggestions there are."""
    with database.read() as session:
        return queries.count(session, filters)


def get(database: Database, suggestion: str) -> Record:
    """The suggestion of that id; raises `UnknownSuggestion`."""
    with database.read() as session:
        return _find(session, suggestion)


def exist(session: Session) -> bool:
    """Whether there is any suggestion."""
    return queries.count(session, Filters()) > 0


def propose(session: Session, proposal: Proposal, *, proposer: str, now: datetime) -> Record:
    """Makes a suggestion of the holder of a key, on which nothing is decided yet; raises `Elsewhere`.

    One about an indicator is about the dimension of that as well.
    """
    dimension = proposal.dimension
    if proposal.indicator is not None:
        of_indicator = DIMENSION_OF[proposal.indicator]
        if dimension not in (None, of_indicator):
            raise Elsewhere(proposal.indicator, str(dimension))
        dimension = of_indicator
    made = Record(
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
    return structs.replace(made, id=queries.add(session, values))


def decide(session: Session, suggestion: str, new: NewDecision, *, expected: Expected, now: datetime) -> Record:
    """Decides on a suggestion, for the first time or anew; raises `UnknownSuggestion` and `Stale`."""
    before = _as_expected(session, suggestion, expected)
    made = Decision(
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
    if not queries.decide(session, after, before.version):
        raise Stale
    return after


def withdraw(session: Session, suggestion: str, principal: Principal, *, expected: Expected) -> None:
    """Removes a suggestion on which nothing is decided, for whoever proposed it or an administrator.

    Raises `UnknownSuggestion`, `NotTheProposer`, `Stale` and `AlreadyDecided`.
    """
    found = _find(session, suggestion)
    if principal.origin != found.proposer and principal.role != _REMOVES_ANY:
        raise NotTheProposer
    record = _as_expected(session, suggestion, expected)
    if record.state != "undecided":
        raise AlreadyDecided(record.state)
    if not queries.remove(session, record.id, record.version):
        raise Stale


def _as_expected(session: Session, suggestion: str, expected: Expected) -> Record:
    """The suggestion of that id as whoever changes it knows it."""
    record = _find(session, suggestion)
    if not expected(revision(record.created, record.version)):
        raise Stale
    return record


def _find(session: Session, suggestion: str) -> Record:
    record = queries.one(session, int(suggestion)) if _NUMBER.fullmatch(suggestion) else None
    if record is None:
        raise UnknownSuggestion(suggestion)
    return record
