"""Dates and times as platforms write them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from actitud.counting.times import OrderEvidence, TimeUnreadable, read_time

MADRID = ZoneInfo("Europe/Madrid")


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]  # mypy: a part could be the zone


@pytest.mark.parametrize(
    ("value", "time", "precision"),
    [
        ("2026-03-04T10:00:00.123Z", at(2026, 3, 4, 10), "second"),
        ("2026-03-04T10:00:00+01:00", at(2026, 3, 4, 9), "second"),
        ("2026-09-18 12:00 +0000", at(2026, 9, 18, 12), "minute"),
        ("2026-03-04 10:00:00.123456+01", at(2026, 3, 4, 9), "second"),
        ("2026-03-04 10:00-03:30", at(2026, 3, 4, 13, 30), "minute"),
        ("2026-03-04 10:00:05 UTC", at(2026, 3, 4, 10, 0, 5), "second"),
        ("2026-03-04", at(2026, 3, 3, 23), "day"),
        ("2026/03/04 10:00", at(2026, 3, 4, 9), "minute"),
        ("25/03/2026", at(2026, 3, 24, 23), "day"),
        ("03/25/2026 08:08", at(2026, 3, 25, 7, 8), "minute"),
        ("25.3.26, 8:08", at(2026, 3, 25, 7, 8), "minute"),
        ("04/04/2026 10:00", at(2026, 4, 4, 8), "minute"),
        ("Wed Feb 02 15:47:28 -0000 2022", at(2022, 2, 2, 15, 47, 28), "second"),
        ("Wed, 02 Feb 2022 15:47:28 GMT", at(2022, 2, 2, 15, 47, 28), "second"),
        ("Thu, Aug 6, 2026", at(2026, 8, 5, 22), "day"),
        ("Oct 3, 2026", at(2026, 10, 2, 22), "day"),
        ("October 3, 2026, 10:00 AM", at(2026, 10, 3, 8), "minute"),
        ("3 oct 2026", at(2026, 10, 2, 22), "day"),
        ("5 sept 2026", at(2026, 9, 4, 22), "day"),
        ("6 de agosto de 2026 a las 9:30", at(2026, 8, 6, 7, 30), "minute"),
        ("6 d’agost de 2026", at(2026, 8, 5, 22), "day"),
        ("25/2/2026 12:00 a. m.", at(2026, 2, 24, 23), "minute"),
        ("25/2/2026 12:30\u202fp.\u00a0m.", at(2026, 2, 25, 11, 30), "minute"),
        ("1772618400", at(2026, 3, 4, 10), "second"),
        (1772618400, at(2026, 3, 4, 10), "second"),
        (1772618400123, at(2026, 3, 4, 10), "second"),
        (46085, at(2026, 3, 3, 23), "day"),
        (46085.5, at(2026, 3, 4, 11), "second"),
        (datetime(2026, 3, 4, 10, 30), at(2026, 3, 4, 9, 30), "second"),
        (date(2026, 3, 4), at(2026, 3, 3, 23), "day"),
        # The clock is put forward at two, and back at three.
        ("2026-03-29 01:59:59", at(2026, 3, 29, 0, 59, 59), "second"),
        ("2026-03-29 03:00:00", at(2026, 3, 29, 1), "second"),
        ("2026-10-25 03:00:00", at(2026, 10, 25, 2), "second"),
    ],
)
def test_a_time_has_one_meaning(value: Any, time: datetime, precision: str) -> None:
    assert read_time(value, MADRID, MADRID) == (time, precision)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("03/04/2026 10:00", "date_ambiguous"),
        ("1/2/26, 6:46 PM", "date_ambiguous"),
        ("6 de agosto", "date_without_year"),
        ("August 6", "date_without_year"),
        ("31/04/2026", "time_invalid"),
        ("2026-02-30", "time_invalid"),
        ("32/13/2026", "time_invalid"),
        ("2026-03-04 24:01", "time_invalid"),
        ("25/2/2026 18:46 PM", "time_invalid"),
        ("3 brumario 2026", "time_invalid"),
        ("Lifetime", "time_invalid"),
        ("20260304", "time_invalid"),
        (7, "time_invalid"),
        (True, "time_invalid"),
        (1e300, "time_invalid"),
    ],
)
def test_what_has_no_or_two_readings_is_refused(value: Any, code: str) -> None:
    with pytest.raises(TimeUnreadable) as refusal:
        read_time(value, MADRID, MADRID)
    assert refusal.value.code == code


def test_the_order_settles_two_readings() -> None:
    assert read_time("03/04/2026", MADRID, MADRID, "dmy").time == at(2026, 4, 2, 22)
    assert read_time("03/04/2026", MADRID, MADRID, "mdy").time == at(2026, 3, 3, 23)


def evidence(texts: list[str]) -> OrderEvidence:
    told = OrderEvidence()
    for text in texts:
        told.add(text)
    return told


def test_a_column_tells_the_order_or_contradicts_itself() -> None:
    assert evidence(["01/02/2026", "25/02/2026", "x"]).order == "dmy"
    assert evidence(["01/02/2026", "02/25/2026 10:00"]).order == "mdy"
    assert evidence(["01/02/2026"]).order is None
    assert evidence(["25/02/2026", "02/25/2026"]).is_contradictory


def test_the_zone_of_the_file_and_that_of_the_day_may_differ() -> None:
    pacific = ZoneInfo("America/Los_Angeles")
    assert read_time("2026-03-04 10:00", pacific, MADRID).time == at(2026, 3, 4, 18)
    assert read_time("2026-03-04", pacific, MADRID).time == at(2026, 3, 3, 23)
