"""Editions: their dates, who may change them when, and how many organisations they score; on both databases."""

from __future__ import annotations

import functools
import operator
import threading
from calendar import isleap
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from msgspec import structs

from actitud_api.demo.simulator import simulate
from actitud_api.engine.methodology.loader import list_versions, load_methodology
from actitud_api.platform.storage.database import Database, Session
from actitud_api.platform.storage.pages import PageRange
from actitud_api.platform.storage.versions import StaleVersion, build_revision
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.editions import dates, service
from actitud_api.resources.editions.dates import EditionContradiction, Span
from actitud_api.resources.editions.service import (
    EditionChange,
    EditionDraft,
    EditionInconsistent,
    EditionNotOpen,
    UnknownEdition,
)
from actitud_api.resources.organisations import service as organisations
from tests.support.publishing import publish_year
from tests.support.settling import anything
from tests.support.waiting import PATIENCE

NOW = datetime(2027, 1, 10, 9, 30, tzinfo=UTC)
LATER = datetime(2027, 1, 11, 9, 30, tzinfo=UTC)
YEARS = range(2000, 2101)


def draft(identifier: str = "2026", **others: Any) -> EditionDraft:
    year = int(identifier[:4])
    values: dict[str, Any] = {
        "id": identifier,
        "titles": {"es": f"Edición {identifier}", "en": f"Edition {identifier}"},
        "methodology": "2027.1",
        "period_from": date(year, 1, 1),
        "period_to": date(year, 12, 31),
    }
    return EditionDraft(**(values | others))


def create(database: Database, identifier: str = "2026", **others: Any) -> service.EditionRecord:
    with database.write() as session:
        return service.create(session, draft(identifier, **others), now=NOW).record


def update(database: Database, change: EditionChange) -> service.EditionRecord:
    with database.write() as session:
        return service.update(session, "2026", change, expected=anything, now=LATER).record


def delete(database: Database, identifier: str = "2026") -> None:
    with database.write() as session:
        service.delete(session, identifier, expected=anything)


def store(database: Database, record: service.EditionRecord) -> None:
    with database.write() as session:
        service.add(session, record)


def listed(database: Database) -> list[str]:
    return [counted.record.id for counted in service.list_page(database, PageRange(limit=10))]


def answer(database: Database, *names: str, edition: str = "2026") -> None:
    """Assessments of new organisations in an edition."""
    with database.write() as session:
        store_answers(session, names, edition)


def store_answers(session: Session, names: Sequence[str], *into: str) -> None:
    """Assessments of new organisations in each of these editions."""
    ids = [f"XX-DEMO-{name}" for name in names]
    entries = [
        organisations.OrganisationEntry(id=one, name=one, kind="MUN", population=1, simulated=True) for one in ids
    ]
    organisations.add(session, entries, NOW)
    simulated = next(simulate(load_methodology("2027.1")))
    rows = [
        assessments.to_row(edition, one, simulated.submission, simulated.evaluation, NOW)
        for edition in into
        for one in ids
    ]
    assessments.store_rows(session, rows)


# --- windows and calendar -------------------------------------------------------------------------------------


def test_the_windows_of_2026_are_those_of_the_catalogue() -> None:
    assert msgspec.to_builtins(dates.build_windows(date(2026, 12, 31))) == {
        "S0": {"from": "2026-12-31", "to": "2026-12-31"},
        "W90": {"from": "2026-09-15", "to": "2026-12-13"},
        "W90_electoral": {"from": "2026-01-15", "to": "2026-04-14"},
        "W12": {"from": "2026-01-01", "to": "2026-12-31"},
        "W24": {"from": "2025-01-01", "to": "2026-12-31"},
        "D24": {"from": "2025-01-01", "to": "2026-12-31"},
    }


@pytest.mark.parametrize("year", [2024, 2028, 2000])
def test_in_a_leap_year_the_electoral_window_ends_a_day_earlier(year: int) -> None:
    assert isleap(year)
    assert dates.build_windows(date(year, 12, 31)).W90_electoral == Span(date(year, 1, 15), date(year, 4, 13))


def test_both_windows_of_90_days_have_90_days_in_every_year() -> None:
    for year in YEARS:
        windows = dates.build_windows(date(year, 12, 31))
        for span in (windows.W90, windows.W90_electoral):
            assert span.end - span.start == timedelta(days=89), year


@pytest.mark.parametrize(
    ("reference", "twelve", "twenty_four"),
    [
        (date(2026, 6, 30), date(2025, 7, 1), date(2024, 7, 1)),
        (date(2028, 2, 29), date(2027, 3, 1), date(2026, 3, 1)),
        (date(2028, 2, 28), date(2027, 3, 1), date(2026, 3, 1)),  # 29 February has no day a year before
    ],
)
def test_the_long_windows_end_at_any_reference_date(reference: date, twelve: date, twenty_four: date) -> None:
    windows = dates.build_windows(reference)
    assert [Span(start, reference) for start in (reference, twelve, twenty_four, twenty_four)] == [
        windows.S0,
        windows.W12,
        windows.W24,
        windows.D24,
    ]


@pytest.mark.parametrize("year", [2026, 2027])  # of which 2028, the year of the second calendar, is a leap year
def test_the_calendar_is_in_the_year_after_the_edition(year: int) -> None:
    assert msgspec.to_builtins(dates.build_calendar(load_methodology("2027.1"), date(year, 12, 31))) == {
        "submission": {"from": f"{year + 1}-01-15", "to": f"{year + 1}-02-28"},
        "review": {"from": f"{year + 1}-03-01", "to": f"{year + 1}-04-30"},
        "hearing": {"from": f"{year + 1}-05-01", "to": f"{year + 1}-05-15"},
        "publication": {"from": f"{year + 1}-06-01", "to": f"{year + 1}-06-30"},
    }


@pytest.mark.parametrize("version", list_versions())
def test_every_methodology_has_the_windows_and_the_phases_that_an_edition_has(version: str) -> None:
    document = load_methodology(version).document
    assert {*document.windows, "W90_electoral"} == {field.name for field in structs.fields(dates.Windows)}
    assert [step.id for step in document.calendar] == [field.name for field in structs.fields(dates.Calendar)]
    for year in YEARS:
        reference = date(year, 12, 31)
        period = Span(date(year, 1, 1), reference)
        windows, calendar = dates.build_windows(reference), dates.build_calendar(load_methodology(version), reference)
        assert not list(dates.find_contradictions(period, windows, calendar))


# --- finding --------------------------------------------------------------------------------------------------


def test_the_newest_reference_date_comes_first_whatever_the_id(database: Database) -> None:
    create(database, "2026")
    create(database, "2027")
    create(database, "2027-b")
    create(database, "2020-late", period_from=date(2028, 1, 1), period_to=date(2028, 12, 31))
    assert listed(database) == ["2020-late", "2027-b", "2027", "2026"]
    after = service.list_page(database, PageRange(after=(date(2027, 12, 31), "2027-b"), limit=1))
    assert [counted.record.id for counted in after] == ["2027"]
    assert [counted.record.id for counted in service.list_page(database, PageRange(offset=1, limit=2))] == [
        "2027-b",
        "2027",
    ]


def test_latest_is_the_newest_that_is_published(database: Database) -> None:
    with pytest.raises(UnknownEdition):
        service.get(database, "latest")
    create(database, "2029")
    with pytest.raises(UnknownEdition):
        service.get(database, "latest")
    publish_year(database, 2026)
    assert service.get(database, "latest").record.id == "2026"
    publish_year(database, 2027)
    publish_year(database, 2027, "2027-b")
    store(database, service.build_record(draft("2028"), now=NOW, state="in_review"))
    assert service.get(database, "latest").record.id == "2027-b"
    assert service.get(database, "latest").record == service.get(database, "2027-b").record


# --- making ---------------------------------------------------------------------------------------------------


def test_a_new_edition_is_open_with_the_dates_of_the_methodology(database: Database) -> None:
    made = create(database)
    assert (made.state, made.simulated, made.version, made.created, made.updated) == ("open", False, 1, NOW, NOW)
    assert made.windows == dates.build_windows(date(2026, 12, 31))
    assert made.calendar == dates.build_calendar(load_methodology("2027.1"), date(2026, 12, 31))
    assert service.get(database, "2026") == service.CountedEdition(made, 0)


def test_a_window_that_is_said_takes_the_place_of_the_one_of_the_methodology(database: Database) -> None:
    own = Span(date(2026, 3, 1), date(2026, 5, 29))
    made = create(
        database, windows={"W90": own, "W12": None}, calendar={"review": Span(date(2027, 3, 2), date(2027, 3, 9))}
    )
    assert made.windows == structs.replace(dates.build_windows(date(2026, 12, 31)), W90=own)
    assert made.calendar.review == Span(date(2027, 3, 2), date(2027, 3, 9))


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        (
            {"period_from": date(2027, 1, 1)},
            [EditionContradiction("/period_to", "order", "2026-12-31", "2027-01-01")],
        ),
        (
            {"period_to": date(1999, 12, 31)},
            [EditionContradiction("/period_to", "range", "1999-12-31", "2000–2100")],
        ),
        (
            {"period_to": date(2101, 1, 1)},
            [EditionContradiction("/period_to", "range", "2101-01-01", "2000–2100")],
        ),
        (
            {"windows": {"W90": Span(date(2026, 12, 13), date(2026, 9, 15))}},
            [EditionContradiction("/windows/W90/to", "order", "2026-09-15", "2026-12-13")],
        ),
        (
            {"windows": {"W24": Span(date(2026, 1, 1), date(2027, 1, 1))}},
            [EditionContradiction("/windows/W24/to", "reference_date", "2027-01-01", "2026-12-31")],
        ),
        (
            {"period_to": date(2026, 11, 30)},
            [EditionContradiction("/windows/W90/to", "reference_date", "2026-12-13", "2026-11-30")],
        ),
        (
            {"calendar": {"review": Span(date(2027, 2, 28), date(2027, 5, 1))}},
            [
                EditionContradiction("/calendar/review/from", "overlap", "2027-02-28", "2027-02-28"),
                EditionContradiction("/calendar/hearing/from", "overlap", "2027-05-01", "2027-05-01"),
            ],
        ),
        (
            {
                "calendar": {"publication": Span(date(2027, 6, 30), date(2027, 6, 1))},
                "windows": {"S0": Span(date(2026, 12, 31), date(2026, 12, 30))},
            },
            [
                EditionContradiction("/windows/S0/to", "order", "2026-12-30", "2026-12-31"),
                EditionContradiction("/calendar/publication/to", "order", "2027-06-01", "2027-06-30"),
            ],
        ),
    ],
)  # fmt: skip
def test_dates_that_cannot_be_are_all_named_and_nothing_is_stored(
    database: Database, wrong: dict[str, Any], expected: list[EditionContradiction]
) -> None:
    with pytest.raises(EditionInconsistent) as caught:
        create(database, **wrong)
    assert list(caught.value.contradictions) == expected
    assert listed(database) == []


@pytest.mark.both_databases
def test_an_id_is_taken_once_however_many_want_it(database: Database) -> None:
    together = threading.Barrier(4)
    refusals: list[tuple[EditionContradiction, ...]] = []

    def attempt(number: int) -> int | None:
        together.wait(timeout=PATIENCE)
        try:
            create(database, titles={"es": str(number), "en": str(number)})
        except EditionInconsistent as error:
            refusals.append(error.contradictions)
            return None
        return number

    with ThreadPoolExecutor(4) as pool:
        made = [number for number in pool.map(attempt, range(4)) if number is not None]
    assert len(made) == 1
    assert refusals == [(EditionContradiction("/id", "taken", "2026"),)] * 3
    assert service.get(database, "2026").record.titles["es"] == str(made[0])


# --- changing -------------------------------------------------------------------------------------------------


def test_a_change_touches_what_it_names(database: Database) -> None:
    made = create(database, windows={"W12": Span(date(2026, 2, 1), date(2026, 12, 31))})
    own = Span(date(2026, 3, 1), date(2026, 5, 29))
    changed = update(database, EditionChange(titles={"en": "Pilot"}, windows={"W90": own}, state="in_review"))
    assert changed == structs.replace(
        made,
        titles={"es": "Edición 2026", "en": "Pilot"},
        windows=structs.replace(made.windows, W90=own),
        state="in_review",
        updated=LATER,
        version=2,
    )
    assert service.get(database, "2026").record == changed
    usual = dates.build_windows(date(2026, 12, 31))
    assert update(database, EditionChange(windows={"W90": None})).windows == structs.replace(
        changed.windows, W90=usual.W90
    )
    assert update(database, EditionChange(windows=None, calendar=None)).windows == usual
    reopened = update(database, EditionChange(state="open"))
    assert (reopened.state, reopened.version) == ("open", 5)


@pytest.mark.both_databases
def test_of_changes_at_once_none_is_lost(database: Database) -> None:
    """Each of 4 threads adds its mark to the title until all of 5 have gone in over what it had read."""
    create(database, titles={"es": "", "en": ""})

    def mark(number: int) -> None:
        added = 0
        while added < 5:
            read = service.get(database, "2026").record
            change = EditionChange(titles={"en": read.titles["en"] + str(number)})
            expected = functools.partial(operator.eq, build_revision(read.created, read.version))
            try:
                with database.write() as session:
                    service.update(session, "2026", change, expected=expected, now=LATER)
            except StaleVersion:
                continue
            added += 1

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(mark, range(4)))
    assert sorted(service.get(database, "2026").record.titles["en"]) == sorted("0123" * 5)
    assert service.get(database, "2026").record.version == 21


def test_a_change_to_dates_that_cannot_be_changes_nothing(database: Database) -> None:
    made = create(database)
    with pytest.raises(EditionInconsistent) as caught:
        update(
            database, EditionChange(titles={"en": "x"}, calendar={"hearing": Span(date(2027, 6, 2), date(2027, 6, 3))})
        )
    assert caught.value.contradictions == (
        EditionContradiction("/calendar/publication/from", "overlap", "2027-06-01", "2027-06-03"),
    )
    assert service.get(database, "2026").record == made


# --- assessments in it ----------------------------------------------------------------------------------------


def test_assessments_are_counted_as_they_come_and_go_and_nobody_is_told_before_the_publication(
    database: Database,
) -> None:
    create(database)
    create(database, "2027")
    answer(database, "1", "2", "3")
    answer(database, "4", edition="2027")
    assert service.count_assessments(database, "2026") == 3
    assert [counted.organisations for counted in service.list_page(database, PageRange(limit=9))] == [0, 0]
    assert service.get(database, "2026").organisations == 0
    with database.write() as session:
        assessments.clear_edition(session, "2026")
    assert service.count_assessments(database, "2026") == 0
    assert service.count_assessments(database, "2027") == 1


def test_an_edition_takes_answers_until_it_is_published(database: Database) -> None:
    create(database)
    publish_year(database, 2025)
    with database.write() as session:
        assert service.ensure_unpublished(session, "2026") == "open"
    update(database, EditionChange(state="in_review"))
    with database.write() as session:
        assert service.ensure_unpublished(session, "2026") == "in_review"
    with database.write() as session, pytest.raises(EditionNotOpen) as caught:
        service.ensure_unpublished(session, "2025")
    assert (caught.value.edition, caught.value.state) == ("2025", "published")
    with database.write() as session, pytest.raises(UnknownEdition):
        service.ensure_unpublished(session, "2027")


@pytest.mark.both_databases
def test_an_edition_stays_open_and_there_while_somebody_answers(database: Database) -> None:
    """Whoever would close or remove it waits; two who answer do not wait for each other on PostgreSQL."""
    create(database)
    create(database, "2027")
    answering, go_on = threading.Event(), threading.Event()

    def take_time() -> None:
        with database.write() as session:
            service.ensure_unpublished(session, "2026")
            service.ensure_unpublished(session, "2027")
            answering.set()
            assert go_on.wait(timeout=PATIENCE)
            store_answers(session, ["1"], "2026", "2027")

    with ThreadPoolExecutor(3) as pool:
        taken = pool.submit(take_time)
        assert answering.wait(timeout=PATIENCE)
        closed = pool.submit(update, database, EditionChange(state="in_review"))
        removed = pool.submit(delete, database, "2027")
        assert not closed.done()
        go_on.set()
        taken.result()
        assert closed.result().state == "in_review"
        with pytest.raises(EditionInconsistent):
            removed.result()
    assert service.count_assessments(database, "2026") == service.count_assessments(database, "2027") == 1
