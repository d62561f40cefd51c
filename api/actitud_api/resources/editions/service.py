"""Use cases of editions: read, create, update, publish, delete."""

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
"""Name of the newest published edition."""

T = TypeVar("T", Windows, Calendar)

NamedSpans = dict[str, Span | None]
"""Windows or phases by name; None stands for the default of the methodology."""


class UnknownEdition(LookupError):
    """No edition has that id, or none is published for `latest`."""

    def __init__(self, edition: str) -> None:
        super().__init__(edition)
        self.edition = edition


class EditionNotOpen(Exception):
    """The state of the edition forbids this change of its assessments."""

    def __init__(self, edition: str, state: State) -> None:
        super().__init__(f"{edition} is {state}")
        self.edition = edition
        self.state = state


class EditionInconsistent(ValueError):
    """Edition that contradicts itself or stored data; nothing was changed."""

    def __init__(self, contradictions: Iterable[EditionContradiction]) -> None:
        self.contradictions = tuple(contradictions)
        super().__init__(f"{len(self.contradictions)} contradictions")


class EditionDraft(Struct, frozen=True, kw_only=True):
    """Edition to be created; missing windows and phases are the methodology's."""

    id: str
    titles: dict[str, str]
    methodology: str
    period_from: date
    period_to: date
    windows: NamedSpans | None = None
    calendar: NamedSpans | None = None
    accept_draft: bool = False
    """Allow a methodology that may still change."""


class EditionChange(Struct, frozen=True, kw_only=True):
    """Change of an edition: UNSET or unnamed members stay, None is the default of the methodology."""

    titles: dict[str, str] | UnsetType = UNSET
    windows: NamedSpans | UnsetType | None = UNSET
    calendar: NamedSpans | UnsetType | None = UNSET
    state: Literal["open", "in_review"] | UnsetType = UNSET


def list_page(database: Database, *, after: EditionCursorKey | None, offset: int, limit: int) -> list[CountedEdition]:
    """Return editions, newest first, starting after `after`."""
    with database.read() as session:
        return queries.list_page(session, after, offset, limit)


def get(database: Database, edition: str) -> CountedEdition:
    """Return the edition of an id, or the latest; raise `UnknownEdition`."""
    with database.read() as session:
        record = find(session, edition)
        return CountedEdition(record, queries.count_organisations(session, record))


def get_published(database: Database, edition: str) -> CountedEdition:
    """Return a published edition, or the latest; raise `UnknownEdition`, also for an unpublished one."""
    counted = get(database, edition)
    if counted.record.state != "published":
        raise UnknownEdition(edition)
    return counted


def find(session: Session, edition: str) -> EditionRecord:
    """Return the edition of an id, or the latest, within a session; raise `UnknownEdition`."""
    record = queries.get_latest(session) if edition == LATEST else queries.get(session, edition)
    if record is None:
        raise UnknownEdition(edition)
    return record


def find_published(session: Session, edition: str) -> EditionRecord:
    """Return a published edition, or the latest, within a session; raise `UnknownEdition` for any other."""
    record = find(session, edition)
    if record.state != "published":
        raise UnknownEdition(edition)
    return record


def ensure_open(session: Session, edition: str) -> None:
    """Check that an edition takes answers, and keep it so until the session ends.

    Raises:
        UnknownEdition: No edition has that id.
        EditionNotOpen: It is in review or published.
    """
    state = ensure_unpublished(session, edition)
    if state != "open":
        raise EditionNotOpen(edition, state)


def ensure_unpublished(session: Session, edition: str) -> State:
    """Return the state of an unpublished edition, and keep it so until the session ends.

    Raises:
        UnknownEdition: No edition has that id.
        EditionNotOpen: It is published.
    """
    state = queries.lock_state(session, edition)
    if state is None:
        raise UnknownEdition(edition)
    if state == "published":
        raise EditionNotOpen(edition, state)
    return state


def lock(session: Session, record: EditionRecord) -> None:
    """Lock an edition against changes and additions until the session ends; raise `StaleVersion` if it has changed."""
    if not queries.lock_edition(session, record.id, record.version):
        raise StaleVersion


def publish(session: Session, record: EditionRecord, *, now: datetime) -> EditionRecord:
    """Mark a locked edition as published, after which it never changes, and return it; raise `StaleVersion`."""
    after = structs.replace(record, state="published", updated=now, version=record.version + 1)
    if not queries.update_edition(session, after, record.version):
        raise StaleVersion
    return after


def create(session: Session, draft: EditionDraft, *, now: datetime) -> CountedEdition:
    """Create an open edition; raise `EditionInconsistent`."""
    if load_methodology(draft.methodology).status == "draft" and not draft.accept_draft:
        raise EditionInconsistent([EditionContradiction("/methodology", "draft", draft.methodology)])
    record = build_record(draft, now=now)
    _ensure_consistent(record)
    add(session, record)
    return CountedEdition(record, 0)


def build_record(
    draft: EditionDraft, *, now: datetime, state: State = "open", simulated: bool = False
) -> EditionRecord:
    """Return the record of a new edition; raise `EditionInconsistent` beyond `REFERENCE_YEARS`."""
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
    """Store a new edition; raise `EditionInconsistent` if the id exists."""
    if not queries.insert_edition(session, record):
        raise EditionInconsistent([EditionContradiction("/id", "taken", record.id)])


def update(
    session: Session, edition: str, change: EditionChange, *, expected: Expected, now: datetime
) -> CountedEdition:
    """Update an unpublished edition and return it.

    Raises:
        UnknownEdition: No edition has that id.
        StaleVersion: The stored revision is not the `expected` one.
        EditionInconsistent: It is published, or the changed dates contradict each other.
    """
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
    """Delete an edition without assessments.

    Raises:
        UnknownEdition: No edition has that id.
        StaleVersion: The stored revision is not the `expected` one.
        EditionInconsistent: It is published or has assessments.
    """
    record = _changeable(session, edition, expected)
    if not queries.lock_edition(session, record.id, record.version):
        raise StaleVersion
    if organisations := queries.count_organisations(session, record):
        raise EditionInconsistent([EditionContradiction("", "assessments", str(organisations))])
    queries.delete_edition(session, record.id)


def remove(session: Session, edition: str) -> None:
    """Delete an edition without scores, if it exists."""
    queries.delete_edition(session, edition)


def _changeable(session: Session, edition: str, expected: Expected) -> EditionRecord:
    """Return an unpublished edition of the expected revision."""
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
    """Return windows, or phases, with some replaced; None takes the default."""
    if spans is UNSET:
        return stored
    if spans is None:
        return default
    return structs.replace(
        stored, **{name: getattr(default, name) if span is None else span for name, span in spans.items()}
    )
