"""Use cases of suggestions: propose, decide and withdraw.

The article behind the methodology ends with a question: which other errors do administrations make? Suggestions
are the answers of readers.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct, structs

from actitud_api.engine.methodology.loader import list_versions, load_methodology
from actitud_api.engine.methodology.model import Group
from actitud_api.engine.methodology.predicates import walk_indicators
from actitud_api.platform.auth.service import Principal
from actitud_api.platform.storage.database import Database, Session
from actitud_api.platform.storage.numbers import parse_number
from actitud_api.platform.storage.pages import PageRange
from actitud_api.platform.storage.versions import Expected, StaleVersion, build_revision
from actitud_api.resources.suggestions import queries
from actitud_api.resources.suggestions.queries import Kind as Kind
from actitud_api.resources.suggestions.queries import Outcome as Outcome
from actitud_api.resources.suggestions.queries import State as State
from actitud_api.resources.suggestions.queries import SuggestionDecision, Viewer
from actitud_api.resources.suggestions.queries import SuggestionFilters as SuggestionFilters
from actitud_api.resources.suggestions.queries import SuggestionRecord as SuggestionRecord

DIMENSION_BY_INDICATOR: Final[Mapping[str, str]] = {
    indicator.id: dimension.id
    for version in list_versions()
    for dimension in load_methodology(version).document.root.children
    if isinstance(dimension, Group)
    for indicator in walk_indicators(dimension)
}
"""The dimension id of each indicator of any registered methodology version."""
DIMENSIONS: Final[tuple[str, ...]] = tuple(dict.fromkeys(DIMENSION_BY_INDICATOR.values()))
"""The ids of the dimensions of all registered versions, in the order of the methodology."""

_WITHDRAWING_ROLE: Final = "administrator"
_DECIDING_ROLES: Final = ("publisher", "administrator")
_DAY: Final = timedelta(days=1)
_ANYBODY: Final = Viewer()


class UnknownSuggestion(LookupError):
    """No suggestion has this id, or it was withdrawn. Raised wherever a suggestion is looked up."""

    def __init__(self, suggestion: str) -> None:
        super().__init__(suggestion)
        self.suggestion = suggestion


class AlreadyDecided(Exception):
    """The suggestion has a decision, so it can no longer be withdrawn. Raised by `withdraw`."""

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self.state = state


class NotProposer(Exception):
    """The principal may not withdraw the suggestion, because it neither made the suggestion nor is an administrator.

    Raised by `withdraw`.
    """


class TooManySuggestions(Exception):
    """The key has reached the limit of suggestions in 24 hours. Raised by `propose`.

    `limit` is the number of suggestions, `again` the time from which the key may make another suggestion.
    """

    def __init__(self, limit: int, again: datetime) -> None:
        super().__init__(f"{limit} until {again}")
        self.limit = limit
        self.again = again


class DimensionMismatch(ValueError):
    """The indicator of a proposal belongs to another dimension than the proposal names. Raised by `propose`."""

    def __init__(self, indicator: str, named: str) -> None:
        super().__init__(f"{indicator} is not of {named}")
        self.indicator = indicator
        self.named = named
        self.dimension = DIMENSION_BY_INDICATOR[indicator]


class Proposal(Struct, frozen=True, kw_only=True):
    """A suggestion that is to be stored. `language` is the BCP 47 tag of its title and text.

    `dimension` and `indicator` are the ids of the dimension and indicator that it is about; None if it is about
    none.
    """

    kind: Kind
    title: str
    text: str
    language: str
    dimension: str | None = None
    indicator: str | None = None


class NewDecision(Struct, frozen=True, kw_only=True):
    """A decision that is to be stored.

    If `language` is None, its reason is in the language of the suggestion. `methodology` is the version that the
    decision is about, None if it is about no version.
    """

    decision: Outcome
    reason: str
    language: str | None = None
    methodology: str | None = None


def build_viewer(principal: Principal | None) -> Viewer:
    """Return the reader of suggestions for a principal; a `principal` of None is a caller without a key."""
    if principal is None:
        return _ANYBODY
    return Viewer(proposer=principal.origin, decides=principal.role in _DECIDING_ROLES)


def list_page(
    database: Database, filters: SuggestionFilters, page: PageRange[int], *, viewer: Viewer = _ANYBODY
) -> list[SuggestionRecord]:
    """List the suggestions that match the filters and that the viewer, by default anybody, may read, newest first."""
    with database.read() as session:
        return queries.list_page(session, filters, viewer, page)


def count_suggestions(database: Database, filters: SuggestionFilters) -> int:
    """Count the suggestions that match the filters and that anybody may read."""
    with database.read() as session:
        return queries.count_suggestions(session, filters, _ANYBODY)


def get(database: Database, suggestion: str, *, viewer: Viewer = _ANYBODY) -> SuggestionRecord:
    """Return the suggestion with this id.

    `viewer` is the reader, by default a caller without a key. Raises `UnknownSuggestion` if there is no such
    suggestion, or if the viewer may not read it.
    """
    with database.read() as session:
        record = _find(session, suggestion)
    if not viewer.can_see(record):
        raise UnknownSuggestion(suggestion)
    return record


def has_suggestions(session: Session) -> bool:
    """Return True if at least one suggestion is stored."""
    return queries.count_suggestions(session, SuggestionFilters(), Viewer(decides=True)) > 0


def propose(
    session: Session, proposal: Proposal, *, proposer: str, per_day: int = 0, now: datetime
) -> SuggestionRecord:
    """Store a new suggestion and return it. Others read it once there is a decision on it.

    `proposer` is the id of the key that makes the suggestion; if that key was made by rotation, the id of its oldest
    predecessor. `per_day` is the highest number of suggestions of one proposer in 24 hours, 0 for no limit. A
    suggestion about an indicator gets the dimension of that indicator.

    Raises:
        DimensionMismatch: The proposal names a dimension, but its indicator belongs to another dimension.
        TooManySuggestions: The proposer has made `per_day` suggestions in 24 hours.
    """
    dimension = proposal.dimension
    if proposal.indicator is not None:
        own_dimension = DIMENSION_BY_INDICATOR[proposal.indicator]
        if dimension not in (None, own_dimension):
            raise DimensionMismatch(proposal.indicator, str(dimension))
        dimension = own_dimension
    if per_day:
        made = queries.list_times_since(session, proposer, now - _DAY)
        if len(made) >= per_day:
            raise TooManySuggestions(per_day, made[-per_day] + _DAY)
    record = SuggestionRecord(
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
    values = {**structs.asdict(record), "decisions": []}
    del values["id"]
    return structs.replace(record, id=queries.insert_suggestion(session, values))


def decide(
    session: Session, suggestion: str, new: NewDecision, *, expected: Expected, now: datetime
) -> SuggestionRecord:
    """Store a decision on a suggestion and return the suggestion. Earlier decisions stay; the last one counts.

    Raises:
        UnknownSuggestion: No suggestion has that id.
        StaleVersion: `expected` returns False: the client's `If-Match` names another version.
    """
    before = _find_expected(session, suggestion, expected)
    language = new.language or before.language
    decision = SuggestionDecision(**{**structs.asdict(new), "language": language}, decided=now)
    after = structs.replace(
        before,
        state=decision.decision,
        methodology=decision.methodology,
        decisions=(*before.decisions, decision),
        updated=now,
        version=before.version + 1,
    )
    if not queries.update_decisions(session, after, before.version):
        raise StaleVersion
    return after


def withdraw(session: Session, suggestion: str, principal: Principal, *, expected: Expected) -> None:
    """Delete a suggestion that has no decision, on behalf of its proposer or an administrator.

    Raises:
        UnknownSuggestion: No suggestion has that id.
        NotProposer: The principal neither made the suggestion nor is an administrator.
        StaleVersion: `expected` returns False: the client's `If-Match` names another version.
        AlreadyDecided: There is a decision on the suggestion.
    """
    suggestion_record = _find(session, suggestion)
    if principal.origin != suggestion_record.proposer and principal.role != _WITHDRAWING_ROLE:
        raise NotProposer
    record = _find_expected(session, suggestion, expected)
    if record.state != "undecided":
        raise AlreadyDecided(record.state)
    if not queries.delete_suggestion(session, record.id, record.version):
        raise StaleVersion


def _find_expected(session: Session, suggestion: str, expected: Expected) -> SuggestionRecord:
    """Return a suggestion that is in the version that the client expects.

    Raises:
        UnknownSuggestion: No suggestion has that id.
        StaleVersion: `expected` returns False: the client's `If-Match` names another version.
    """
    record = _find(session, suggestion)
    if not expected(build_revision(record.created, record.version)):
        raise StaleVersion
    return record


def _find(session: Session, suggestion: str) -> SuggestionRecord:
    number = parse_number(suggestion)
    record = None if number is None else queries.get(session, number)
    if record is None:
        raise UnknownSuggestion(suggestion)
    return record
