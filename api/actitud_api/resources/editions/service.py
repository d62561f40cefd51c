"""Use cases over editions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Final, Literal, TypeVar

from msgspec import UNSET, Struct, UnsetType, structs

from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.platform.storage.database import Database, Session
from actitud_api.platform.storage.versions import Expected, StaleVersion, build_revision
from actitud_api.resources.editions import dates, queries
from actitud_api.resources.editions.dates import Calendar, EditionContradiction, Span, Windows
from actitud_api.resources.editions.queries import CountedEdition, EditionCursorKey, EditionRecord, State

__all__ = [
    "LATEST",
    "Calendar",
    "CountedEdition",
    "EditionChange",
    "EditionContradiction",
    "EditionCursorKey",
    "EditionDraft",
    "EditionInconsistent",
    "EditionNotOpen",
    "EditionRecord",
    "Span",
    "State",
    "UnknownEdition",
    "Windows",
    "add",
    "build_record",
    "create",
    "delete",
    "ensure_open",
    "ensure_unpublished",
    "find",
    "find_published",
    "get",
    "get_published",
    "list_page",
    "lock",
    "publish",
    "remove",
    "update",
]

LATEST: Final = "latest"
"""The name of the newest published edition, whatever its id."""

T = TypeVar("T", Windows, Calendar)

NamedSpans = dict[str, Span | None]
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


class EditionInconsistent(ValueError):
    """An edition that contradicts itself or what is stored; nothing is changed. `contradictions` are all of them."""

    def __init__(self, contradictions: Iterable[EditionContradiction]) -> None:
        self.contradictions = tuple(contradictions)
        super().__init__(f"{len(self.contradictions)} contradictions")


class EditionDraft(Struct, frozen=True, kw_only=True):
    """An edition to be made; windows and phases that are not in it are those of the methodology."""

    id: str
    titles: dict[str, str]
    methodology: str
    period_from: date
    period_to: date
    windows: NamedSpans | None = None
    calendar: NamedSpans | None = None
    accept_draft: bool = False
    """A methodology that may still change is meant, not one in use."""


class EditionChange(Struct, frozen=True, kw_only=True):
    """What to change of an edition: what is UNSET or not named stays; None is what the methodology says."""

    titles: dict[str, str] | UnsetType = UNSET
    windows: NamedSpans | UnsetType | None = UNSET
    calendar: NamedSpans | UnsetType | None = UNSET
    state: Literal["open", "in_review"] | UnsetType = UNSET


def list_page(database: Database, *, after: EditionCursorKey | None, offset: int, limit: int) -> list[CountedEdition]:
    """Editions, the newest first, from the one that follows `after`."""
    with database.read() as session:
        return queries.list_page(session, after, offset, limit)


def get(database: Database, edition: str) -> CountedEdition:
    """The edition of that id, or the latest; raises `UnknownEdition`."""
    with database.read() as session:
        record = find(session, edition)
        return CountedEdition(record, queries.count_organisations(session, record))


def get_published(database: Database, edition: str) -> CountedEdition:
    """The published edition of that id, or the latest; raises `UnknownEdition`, for what is not published too."""
    counted = get(database, edition)
    if counted.record.state != "published":
        raise UnknownEdition(edition)
    return counted


def find(session: Session, edition: str) -> EditionRecord:
    """The edition of that id, or the latest; raises `UnknownEdition`."""
    record = queries.get_latest(session) if edition == LATEST else queries.get(session, edition)
    if record is None:
        raise UnknownEdition(edition)
    return record


def find_published(session: Session, edition: str) -> EditionRecord:
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
    state = queries.lock_state(session, edition)
    if state is None:
        raise UnknownEdition(edition)
    if state == "published":
        raise EditionNotOpen(edition, state)
    return state


def lock(session: Session, record: EditionRecord) -> None:
    """Keeps everybody from changing an edition, or adding to it, until the session ends.

    Raises `Stale` where it is no longer so.
    """
    if not queries.lock_edition(session, record.id, record.version):
        raise StaleVersion


def publish(session: Session, record: EditionRecord, *, now: datetime) -> EditionRecord:
    """Makes an edition in review a published one, which then does not change; it is held. Raises `Stale`."""
    after = structs.replace(record, state="published", updated=now, version=record.version + 1)
    if not queries.update_edition(session, after, record.version):
        raise StaleVersion
    return after


def create(session: Session, draft: EditionDraft, *, now: datetime) -> CountedEdition:
    """Makes an edition that is open; raises `Contradicted`."""
    if load_methodology(draft.methodology).status == "draft" and not draft.accept_draft:
        raise EditionInconsistent([EditionContradiction("/methodology", "draft", draft.methodology)])
    record = build_record(draft, now=now)
    _ensure_consistent(record)
    add(session, record)
    return CountedEdition(record, 0)


def build_record(
    draft: EditionDraft, *, now: datetime, state: State = "open", simulated: bool = False
) -> EditionRecord:
    """An edition as it is stored at first; raises `Contradicted` for a reference date out of `dates.YEARS`."""
    reference = draft.period_to
    first, last = dates.REFERENCE_YEARS
    if not first <= reference.year <= last:
        raise EditionInconsistent([EditionContradiction("/period_to", "range", str(reference), f"{first}–{last}")])
    windows, calendar = (
        dates.build_windows(reference),
        dates.build_calendar(load_methodology(draft.methodology), reference),
    )
    return EditionRecord(
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


def add(session: Session, record: EditionRecord) -> None:
    """Stores a new edition; raises `Contradicted` where there is one of that id."""
    if not queries.insert_edition(session, record):
        raise EditionInconsistent([EditionContradiction("/id", "taken", record.id)])


def update(
    session: Session, edition: str, change: EditionChange, *, expected: Expected, now: datetime
) -> CountedEdition:
    """Changes an edition that is not published; raises `UnknownEdition`, `Stale` and `Contradicted`."""
    before = _changeable(session, edition, expected)
    windows = dates.build_windows(before.period_to)
    calendar = dates.build_calendar(load_methodology(before.methodology), before.period_to)
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
    if not queries.update_edition(session, after, before.version):
        raise StaleVersion
    return CountedEdition(after, queries.count_organisations(session, after))


def delete(session: Session, edition: str, *, expected: Expected) -> None:
    """Removes an edition in which nobody has answered; raises `UnknownEdition`, `Stale` and `Contradicted`."""
    record = _changeable(session, edition, expected)
    if not queries.lock_edition(session, record.id, record.version):
        raise StaleVersion
    if organisations := queries.count_organisations(session, record):
        raise EditionInconsistent([EditionContradiction("", "assessments", str(organisations))])
    queries.delete_edition(session, record.id)


def remove(session: Session, edition: str) -> None:
    """Removes an edition without scores, if there is one."""
    queries.delete_edition(session, edition)


def _changeable(session: Session, edition: str, expected: Expected) -> EditionRecord:
    """The edition of that id as whoever changes it knows it; what is published stays as it is."""
    record = find(session, edition)
    if not expected(build_revision(record.created, record.version)):
        raise StaleVersion
    if record.state == "published":
        raise EditionInconsistent([EditionContradiction("", "state", record.state)])
    return record


def _ensure_consistent(record: EditionRecord) -> None:
    period = Span(record.period_from, record.period_to)
    if found := tuple(dates.find_contradictions(period, record.windows, record.calendar)):
        raise EditionInconsistent(found)


def _changed(stored: T, spans: NamedSpans | UnsetType | None, default: T) -> T:
    """Windows, or phases, with others in the place of some: those of the methodology where they are None."""
    if spans is UNSET:
        return stored
    if spans is None:
        return default
    return structs.replace(
        stored, **{name: getattr(default, name) if span is None else span for name, span in spans.items()}
    )
