"""Use cases over editions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Final, Literal, TypeVar

from msgspec import UNSET, Struct, UnsetType, structs

from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.platform.storage.database import Database, Session
from actitud_api.platform.storage.versions import Expected, Stale, revision
from actitud_api.resources.editions import dates, queries
from actitud_api.resources.editions.dates import Calendar, Contradiction, Span, Windows
from actitud_api.resources.editions.queries import Counted, Place, Record, State

__all__ = [
    "LATEST",
    "Calendar",
    "Change",
    "Contradicted",
    "Contradiction",
    "Counted",
    "Draft",
    "EditionNotOpen",
    "Place",
    "Record",
    "Span",
    "State",
    "UnknownEdition",
    "Windows",
    "add",
    "create",
    "delete",
    "ensure_open",
    "ensure_unpublished",
    "find",
    "find_published",
    "get",
    "hold",
    "made",
    "page",
    "publish",
    "published",
    "remove",
    "update",
]

LATEST: Final = "latest"
"""The name of the newest published edition, whatever its id."""

T = TypeVar("T", Windows, Calendar)

Spans = dict[str, Span | None]
"""Windows or phases by their name; None for what the methodology says."""


class UnknownEdition(LookupError):
    """There is no edition of that id, or none published where the latest is asked for."""

    def __init__(self, edition: str) -> None:
        super().__init__(edition)
        self.edition = edition


class EditionNotOpen(Exception):
    """An edition in which the assessments do not change, or not so, because of its state."""

    def __init__(self, edition: str, state: State) -> None:
        super().__init__(f"{edition} is {state}")
        self.edition = edition
        self.state = state


class Contradicted(ValueError):
    """An edition that contradicts itself or what is stored; nothing is changed. `contradictions` are all of them."""

    def __init__(self, contradictions: Iterable[Contradiction]) -> None:
        self.contradictions = tuple(contradictions)
        super().__init__(f"{len(self.contradictions)} contradictions")


class Draft(Struct, frozen=True, kw_only=True):
    """An edition to be made; windows and phases that are not in it are those of the methodology."""

    id: str
    titles: dict[str, str]
    methodology: str
    period_from: date
    period_to: date
    windows: Spans | None = None
    calendar: Spans | None = None
    accept_draft: bool = False
    """A methodology that may still change is meant, not one in use."""


class Change(Struct, frozen=True, kw_only=True):
    """What to change of an edition: what is UNSET or not named stays; None is what the methodology says."""

    titles: dict[str, str] | UnsetType = UNSET
    windows: Spans | UnsetType | None = UNSET
    calendar: Spans | UnsetType | None = UNSET
    state: Literal["open", "in_review"] | UnsetType = UNSET


def page(database: Database, *, after: Place | None, offset: int, limit: int) -> list[Counted]:
    """Editions, the newest first, from the one that follows `after`."""
    with database.read() as session:
        return queries.page(session, after, offset, limit)


def get(database: Database, edition: str) -> Counted:
    """The edition of that id, or the latest; raises `UnknownEdition`."""
    with database.read() as session:
        record = find(session, edition)
        return Counted(record, queries.count(session, record))


def published(database: Database, edition: str) -> Counted:
    """The published edition of that id, or the latest; raises `UnknownEdition`, for what is not published too."""
    counted = get(database, edition)
    if counted.record.state != "published":
        raise UnknownEdition(edition)
    return counted


def find(session: Session, edition: str) -> Record:
    """The edition of that id, or the latest; raises `UnknownEdition`."""
    record = queries.latest(session) if edition == LATEST else queries.one(session, edition)
    if record is None:
        raise UnknownEdition(edition)
    return record


def find_published(session: Session, edition: str) -> Record:
    """The edition of that id, or the latest, that is published; raises `UnknownEdition` for any other."""
    record = find(session, edition)
    if record.state != "published":
        raise UnknownEdition(edition)
    return record


def ensure_open(session: Session, edition: str) -> None:
    """Makes sure that the edition of that id takes answers, and goes on to until the session ends.

    Raises `UnknownEdition` and `EditionNotOpen`.
    """
    state = ensure_unpublished(session, edition)
    if state != "open":
        raise EditionNotOpen(edition, state)


def ensure_unpublished(session: Session, edition: str) -> State:
    """The state of the edition of that id, which is not published, and which stays in it until the session ends.

    Raises `UnknownEdition` and `EditionNotOpen`.
    """
    state = queries.locked_state(session, edition)
    if state is None:
        raise UnknownEdition(edition)
    if state == "published":
        raise EditionNotOpen(edition, state)
    return state


def hold(session: Session, record: Record) -> None:
    """Keeps everybody from changing an edition, or adding to it, until the session ends.

    Raises `Stale` where it is no longer so.
    """
    if not queries.lock(session, record.id, record.version):
        raise Stale


def publish(session: Session, record: Record, *, now: datetime) -> Record:
    """Makes an edition in review a published one, which then does not change; it is held. Raises `Stale`."""
    after = structs.replace(record, state="published", updated=now, version=record.version + 1)
    if not queries.change(session, after, record.version):
        raise Stale
    return after


def create(session: Session, draft: Draft, *, now: datetime) -> Counted:
    """Makes an edition that is open; raises `Contradicted`."""
    if load_methodology(draft.methodology).status == "draft" and not draft.accept_draft:
        raise Contradicted([Contradiction("/methodology", "draft", draft.methodology)])
    record = made(draft, now=now)
    _ensure_consistent(record)
    add(session, record)
    return Counted(record, 0)


def made(draft: Draft, *, now: datetime, state: State = "open", simulated: bool = False) -> Record:
    """An edition as it is stored at first; raises `Contradicted` for a reference date out of `dates.YEARS`."""
    reference = draft.period_to
    first, last = dates.YEARS
    if not first <= reference.year <= last:
        raise Contradicted([Contradiction("/period_to", "range", str(reference), f"{first}–{last}")])
    windows, calendar = dates.windows(reference), dates.calendar(load_methodology(draft.methodology), reference)
    return Record(
        id=draft.id,
        titles=draft.titles,
        methodology=draft.methodology,
        state=state,
        period_from=draft.period_from,
        period_to=reference,
        windows=_changed(windows, draft.windows, windows),
        calendar=_changed(calendar, draft.calendar, calendar),
        simulated=simulated,
        created=now,
        updated=now,
        version=1,
    )


def add(session: Session, record: Record) -> None:
    """Stores a new edition; raises `Contradicted` where there is one of that id."""
    if not queries.add(session, record):
        raise Contradicted([Contradiction("/id", "taken", record.id)])


def update(session: Session, edition: str, change: Change, *, expected: Expected, now: datetime) -> Counted:
    """Changes an edition that is not published; raises `UnknownEdition`, `Stale` and `Contradicted`."""
    before = _changeable(session, edition, expected)
    windows = dates.windows(before.period_to)
    calendar = dates.calendar(load_methodology(before.methodology), before.period_to)
    after = structs.replace(
        before,
        titles=before.titles if change.titles is UNSET else {**before.titles, **change.titles},
        windows=_changed(before.windows, change.windows, windows),
        calendar=_changed(before.calendar, change.calendar, calendar),
        state=before.state if change.state is UNSET else change.state,
        updated=now,
        version=before.version + 1,
    )
    _ensure_consistent(after)
    if not queries.change(session, after, before.version):
        raise Stale
    return Counted(after, queries.count(session, after))


def delete(session: Session, edition: str, *, expected: Expected) -> None:
    """Removes an edition in which nobody has answered; raises `UnknownEdition`, `Stale` and `Contradicted`."""
    record = _changeable(session, edition, expected)
    if not queries.lock(session, record.id, record.version):
        raise Stale
    if organisations := queries.count(session, record):
        raise Contradicted([Contradiction("", "assessments", str(organisations))])
    queries.remove(session, record.id)


def remove(session: Session, edition: str) -> None:
    """Removes an edition without scores, if there is one."""
    queries.remove(session, edition)


def _changeable(session: Session, edition: str, expected: Expected) -> Record:
    """The edition of that id as whoever changes it knows it; what is published stays as it is."""
    record = find(session, edition)
    if not expected(revision(record.created, record.version)):
        raise Stale
    if record.state == "published":
        raise Contradicted([Contradiction("", "state", record.state)])
    return record


def _ensure_consistent(record: Record) -> None:
    period = Span(record.period_from, record.period_to)
    if found := tuple(dates.contradictions(period, record.windows, record.calendar)):
        raise Contradicted(found)


def _changed(stored: T, spans: Spans | UnsetType | None, default: T) -> T:
    """Windows, or phases, with others in the place of some: those of the methodology where they are None."""
    if spans is UNSET:
        return stored
    if spans is None:
        return default
    return structs.replace(
        stored, **{name: getattr(default, name) if span is None else span for name, span in spans.items()}
    )
