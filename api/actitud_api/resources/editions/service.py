"""Use cases of editions: read, create, change, publish and delete.

Functions that write take a writing session. Those that change or delete an edition for a client also take `expected`, a
function that tests the stored version: it returns True for the version in the client's `If-Match`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Final, Literal, TypeVar

from msgspec import UNSET, Struct, UnsetType, structs

from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.platform.storage.database import Database, Session
from actitud_api.platform.storage.pages import PageRange
from actitud_api.platform.storage.versions import Expected, StaleVersion, build_revision
from actitud_api.resources.editions import dates, queries
from actitud_api.resources.editions.dates import Calendar as Calendar
from actitud_api.resources.editions.dates import EditionContradiction as EditionContradiction
from actitud_api.resources.editions.dates import Span as Span
from actitud_api.resources.editions.dates import Windows as Windows
from actitud_api.resources.editions.queries import CountedEdition as CountedEdition
from actitud_api.resources.editions.queries import EditionCursorKey as EditionCursorKey
from actitud_api.resources.editions.queries import EditionRecord as EditionRecord
from actitud_api.resources.editions.queries import State as State
from actitud_api.resources.editions.queries import remove_edition as remove_edition

LATEST: Final = "latest"
"""The id under which clients ask for the published edition with the newest reference date."""

T = TypeVar("T", Windows, Calendar)

NamedSpans = dict[str, Span | None]
"""Windows or phases by name; None stands for the default of the methodology."""


class UnknownEdition(LookupError):
    """No edition has this id, or no edition is published although `latest` is asked for.

    Raised wherever an edition is looked up.
    """

    def __init__(self, edition: str) -> None:
        super().__init__(edition)
        self.edition = edition


class EditionNotOpen(Exception):
    """The state of an edition does not allow a change of its assessments.

    `state` is the state of the edition. Raised by every use case that writes assessments.
    """

    def __init__(self, edition: str, state: State) -> None:
        super().__init__(f"{edition} is {state}")
        self.edition = edition
        self.state = state


class EditionInconsistent(ValueError):
    """The members of a new or changed edition contradict each other or stored data.

    `contradictions` lists all of them. Raised by the functions of this module that write an edition; nothing is
    changed.
    """

    def __init__(self, contradictions: Iterable[EditionContradiction]) -> None:
        self.contradictions = tuple(contradictions)
        super().__init__(f"{len(self.contradictions)} contradictions")


class EditionDraft(Struct, frozen=True, kw_only=True):
    """The values of an edition to be created, with the members of an `EditionRecord`.

    A window or phase that is None or absent gets the default of the methodology. `accept_draft` is True to allow a
    methodology version that is a draft and may still change.
    """

    id: str
    titles: dict[str, str]
    methodology: str
    period_from: date
    period_to: date
    windows: NamedSpans | None = None
    calendar: NamedSpans | None = None
    accept_draft: bool = False


class EditionChange(Struct, frozen=True, kw_only=True):
    """The members of an edition to change.

    A field that is UNSET keeps its stored value. `windows` are the periods from which facts must come and `calendar`
    the phases, by name. If one of the two is None, all its periods or phases get the default of the methodology; if a
    single period or phase is None, only this one does.
    """

    titles: dict[str, str] | UnsetType = UNSET
    windows: NamedSpans | UnsetType | None = UNSET
    calendar: NamedSpans | UnsetType | None = UNSET
    state: Literal["open", "in_review"] | UnsetType = UNSET


def list_page(database: Database, page: PageRange[EditionCursorKey]) -> list[CountedEdition]:
    """List editions, ordered by the last day of the period that they describe, the newest first."""
    with database.read() as session:
        return queries.list_page(session, page)


def get(database: Database, edition: str) -> CountedEdition:
    """Return an edition with the number of scores that it publishes; `edition` is an id or `latest`.

    `latest` stands for the published edition whose period ended last. Raises `UnknownEdition` if there is no such
    edition.
    """
    with database.read() as session:
        record = find(session, edition)
        return CountedEdition(record, queries.count_organisations(session, record))


def count_assessments(database: Database, edition: str) -> int:
    """Count the assessments of an edition in any state; if it is published, only assessments with a published score.

    Raises `UnknownEdition` if there is no such edition.
    """
    with database.read() as session:
        return queries.count_assessments(session, find(session, edition))


def get_published(database: Database, edition: str) -> CountedEdition:
    """Return a published edition with the number of its scores; `edition` is an id or `latest`.

    Raises `UnknownEdition` if there is no such edition, or if it is not published.
    """
    counted = get(database, edition)
    if counted.record.state != "published":
        raise UnknownEdition(edition)
    return counted


def find_latest(database: Database) -> str | None:
    """Return the id of the published edition whose period ended last, or None if none is published."""
    with database.read() as session:
        record = queries.get_latest(session)
    return None if record is None else record.id


def find(session: Session, edition: str) -> EditionRecord:
    """Return an edition within a session; `edition` is an id or `latest`.

    Raises `UnknownEdition` if there is no such edition.
    """
    record = queries.get_latest(session) if edition == LATEST else queries.get(session, edition)
    if record is None:
        raise UnknownEdition(edition)
    return record


def find_published(session: Session, edition: str) -> EditionRecord:
    """Return a published edition within a session; `edition` is an id or `latest`.

    Raises `UnknownEdition` if there is no such edition, or if it is not published.
    """
    record = find(session, edition)
    if record.state != "published":
        raise UnknownEdition(edition)
    return record


def ensure_unpublished(session: Session, edition: str) -> State:
    """Check that an edition is not published, and return its state, which cannot change until the session ends.

    `edition` must be an id, not `latest`.

    Raises:
        UnknownEdition: No edition has that id.
        EditionNotOpen: The edition is published.
    """
    state = queries.lock_state(session, edition)
    if state is None:
        raise UnknownEdition(edition)
    if state == "published":
        raise EditionNotOpen(edition, state)
    return state


def lock(session: Session, record: EditionRecord) -> None:
    """Lock an edition against changes and new assessments until the session ends.

    Raises `StaleVersion` if the edition has changed since `record` was read.
    """
    if not queries.lock_edition(session, record.id, record.version):
        raise StaleVersion


def publish(session: Session, record: EditionRecord, *, now: datetime) -> EditionRecord:
    """Mark an edition as published and return it. It never changes afterwards.

    The caller must have called `lock` for the edition in this session. Raises `StaleVersion` if the edition has
    changed since `record` was read.
    """
    after = structs.replace(record, state="published", updated=now, version=record.version + 1)
    if not queries.update_edition(session, after, record.version):
        raise StaleVersion
    return after


def create(session: Session, draft: EditionDraft, *, now: datetime) -> CountedEdition:
    """Create an open edition.

    Raises `EditionInconsistent` if the id exists, the dates contradict each other, or the methodology is a draft that
    `draft.accept_draft` does not accept.
    """
    if load_methodology(draft.methodology).status == "draft" and not draft.accept_draft:
        raise EditionInconsistent([EditionContradiction("/methodology", "draft", draft.methodology)])
    record = build_record(draft, now=now)
    _ensure_consistent(record)
    add(session, record)
    return CountedEdition(record, 0)


def build_record(
    draft: EditionDraft, *, now: datetime, state: State = "open", simulated: bool = False
) -> EditionRecord:
    """Build the record of a new edition, with default windows and phases where the draft has none.

    `simulated` is True if the data of the edition are invented. Raises `EditionInconsistent` if the year of
    `draft.period_to` is outside `REFERENCE_YEARS`. Nothing else is checked.
    """
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
        windows=_merge_spans(windows, draft.windows, windows),
        calendar=_merge_spans(calendar, draft.calendar, calendar),
        simulated=simulated,
        created=now,
        updated=now,
        version=1,
    )


def add(session: Session, record: EditionRecord) -> None:
    """Store a new edition without checking its dates. Raises `EditionInconsistent` if the id exists."""
    if not queries.insert_edition(session, record):
        raise EditionInconsistent([EditionContradiction("/id", "taken", record.id)])


def update(
    session: Session, edition: str, change: EditionChange, *, expected: Expected, now: datetime
) -> CountedEdition:
    """Change an unpublished edition and return it.

    Raises:
        UnknownEdition: No edition has that id.
        StaleVersion: `expected` returns False: the client's `If-Match` names another version.
        EditionInconsistent: The edition is published, the changed dates contradict each other, or a hearing that has
            begun would end sooner.
    """
    before = _load_changeable(session, edition, expected)
    windows = dates.build_windows(before.period_to)
    calendar = dates.build_calendar(load_methodology(before.methodology), before.period_to)
    after = structs.replace(
        before,
        titles=before.titles if change.titles is UNSET else {**before.titles, **change.titles},
        windows=_merge_spans(before.windows, change.windows, windows),
        calendar=_merge_spans(before.calendar, change.calendar, calendar),
        state=before.state if change.state is UNSET else change.state,
        updated=now,
        version=before.version + 1,
    )
    _ensure_consistent(after)
    _ensure_hearing_kept(session, before, after, now)
    if not queries.update_edition(session, after, before.version):
        raise StaleVersion
    return CountedEdition(after, queries.count_organisations(session, after))


def replace(session: Session, record: EditionRecord) -> None:
    """Replace a stored edition by `record`, without checking its dates.

    The stored version becomes 1 higher. Raises `StaleVersion` if `record` does not have the version of the stored
    edition.
    """
    if not queries.update_edition(session, structs.replace(record, version=record.version + 1), record.version):
        raise StaleVersion


def delete(session: Session, edition: str, *, expected: Expected) -> None:
    """Delete an edition without assessments.

    Raises:
        UnknownEdition: No edition has that id.
        StaleVersion: `expected` returns False: the client's `If-Match` names another version.
        EditionInconsistent: The edition is published or has assessments.
    """
    record = _load_changeable(session, edition, expected)
    # Locked before the assessments are counted, so that none is added in between.
    lock(session, record)
    if organisations := queries.count_assessments(session, record):
        raise EditionInconsistent([EditionContradiction("", "assessments", str(organisations))])
    remove_edition(session, record.id)


def _load_changeable(session: Session, edition: str, expected: Expected) -> EditionRecord:
    """Return an edition that may be changed, because it is not published.

    Raises:
        UnknownEdition: No edition has that id.
        StaleVersion: `expected` returns False: the client's `If-Match` names another version.
        EditionInconsistent: The edition is published.
    """
    record = find(session, edition)
    if not expected(build_revision(record.created, record.version)):
        raise StaleVersion
    if record.state == "published" or queries.has_revision(session, record.id):
        raise EditionInconsistent([EditionContradiction("", "state", "published")])
    return record


def _ensure_hearing_kept(session: Session, before: EditionRecord, after: EditionRecord, now: datetime) -> None:
    """Check that a hearing that has begun does not end sooner: the organisations count on its days.

    It begins on its first day, or as soon as any assessment is in it.

    Raises:
        EditionInconsistent: It would end sooner.
        StaleVersion: The edition has changed since `before` was read.
    """
    end, kept = after.calendar.hearing.end, before.calendar.hearing.end
    if end >= kept:
        return
    # Locked before the assessments are counted, so that no hearing begins in between.
    lock(session, before)
    if before.calendar.hearing.start <= now.date() or queries.has_hearing(session, before.id):
        raise EditionInconsistent([EditionContradiction("/calendar/hearing/to", "shorter", str(end), str(kept))])


def _ensure_consistent(record: EditionRecord) -> None:
    period = Span(record.period_from, record.period_to)
    if contradictions := tuple(dates.find_contradictions(period, record.windows, record.calendar)):
        raise EditionInconsistent(contradictions)


def _merge_spans(stored: T, spans: NamedSpans | UnsetType | None, default: T) -> T:
    """Return the `stored` windows or phases with those in `spans` replaced.

    `default` has the default windows or phases of the methodology. If `spans` is UNSET, `stored` is returned
    unchanged; if it is None, `default` is returned. A single window or phase that is None in `spans` is taken from
    `default`.
    """
    if spans is UNSET:
        return stored
    if spans is None:
        return default
    return structs.replace(
        stored, **{name: getattr(default, name) if span is None else span for name, span in spans.items()}
    )
