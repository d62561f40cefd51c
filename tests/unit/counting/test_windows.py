"""Windows in the organisation's own time zone, with changes of clocks and leap years."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from actitud.counting.definitions import load_definitions
from actitud.counting.windows import (
    Days,
    UnknownTimeZone,
    Weeks,
    build_windows,
    find_day_start,
    list_window_days,
    load_zone,
    read_edition_days,
    to_instant,
)

MADRID = ZoneInfo("Europe/Madrid")
RULES = load_definitions("2027.1").windows
HOUR = 3_600_000_000


def instant(text: str) -> int:
    return to_instant(datetime.fromisoformat(text).replace(tzinfo=UTC))


def test_the_windows_of_a_year_are_those_of_the_methodology() -> None:
    assert list_window_days(RULES, 2027) == {
        "W90": Days(date(2027, 9, 15), date(2027, 12, 13)),
        "W12": Days(date(2027, 1, 1), date(2027, 12, 31)),
    }


@pytest.mark.parametrize(("year", "last"), [(2027, date(2027, 4, 14)), (2028, date(2028, 4, 13))])
def test_under_electoral_silence_the_ninety_days_are_in_winter(year: int, last: date) -> None:
    days = list_window_days(RULES, year, electoral=True)["W90"]
    assert days == Days(date(year, 1, 15), last)
    assert days.number == 90


def test_a_window_begins_and_ends_at_midnight_of_the_time_zone() -> None:
    window = build_windows({"W90": Days(date(2027, 9, 15), date(2027, 12, 13))}, MADRID)["W90"]
    assert window.start == instant("2027-09-14T22:00:00")  # summer time, UTC+2
    assert window.end == instant("2027-12-13T23:00:00")  # winter time, UTC+1
    assert window.end - window.start == (90 * 24 + 1) * HOUR  # the night of 31 October has 25 hours
    assert window.start in window
    assert window.end not in window


def test_a_day_that_has_no_midnight_begins_when_its_clocks_do() -> None:
    # On 26 April 2024 Cairo put its clocks forward from 00:00 to 01:00, which was 22:00 UTC.
    assert find_day_start(date(2024, 4, 26), ZoneInfo("Africa/Cairo")) == instant("2024-04-25T22:00:00")


def test_ninety_days_hold_twelve_full_weeks() -> None:
    # 15 September 2027 is a Wednesday: the first Monday is the 20th, and the twelfth week ends on 12 December.
    weeks = Weeks(Days(date(2027, 9, 15), date(2027, 12, 13)), MADRID)
    assert len(weeks) == 12
    assert weeks.mondays[0] == date(2027, 9, 20)
    assert weeks.find(instant("2027-09-19T21:59:59")) is None
    assert weeks.find(instant("2027-09-19T22:00:00")) == 0
    assert weeks.find(instant("2027-12-12T22:59:59")) == 11
    assert weeks.find(instant("2027-12-12T23:00:00")) is None


def test_ninety_days_that_begin_on_a_monday_hold_twelve_full_weeks_too() -> None:
    weeks = Weeks(Days(date(2025, 9, 15), date(2025, 12, 13)), MADRID)
    assert (weeks.mondays[0], len(weeks)) == (date(2025, 9, 15), 12)


def test_the_windows_of_an_edition_are_read_as_the_service_writes_them() -> None:
    spans = {
        "W90": {"from": "2027-10-01", "to": "2027-12-29"},
        "W90_electoral": {"from": "2027-02-01", "to": "2027-05-01"},
        "W12": {"from": "2027-01-01", "to": "2027-12-31"},
    }
    document = json.dumps({"id": "e", "methodology": "2027.1", "windows": spans}).encode()
    usual, methodology = read_edition_days(document)
    assert methodology == "2027.1"
    assert usual == {
        "W90": Days(date(2027, 10, 1), date(2027, 12, 29)),
        "W12": Days(date(2027, 1, 1), date(2027, 12, 31)),
    }
    assert read_edition_days(document, electoral=True)[0]["W90"] == Days(date(2027, 2, 1), date(2027, 5, 1))


@pytest.mark.parametrize("name", ["Europe/Nowhere", "", "../etc/passwd"])
def test_a_time_zone_that_there_is_not_is_refused(name: str) -> None:
    with pytest.raises(UnknownTimeZone):
        load_zone(name)
