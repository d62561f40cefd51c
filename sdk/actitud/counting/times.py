"""Parse the dates and times of the platforms: of many forms, each with exactly one meaning, or a fault."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Final, Literal, NamedTuple

from actitud.counting.messages import Precision

DateOrder = Literal["dmy", "mdy"]
"""Order of a date of three numbers: day first, as in Spain, or month first, as in the United States."""

_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "jan ene gen xan urt january enero gener xaneiro urtarrila",
            "feb febr ots february febrero febrer febreiro otsaila",
            "mar març march marzo martxoa",
            "apr abr api april abril apirila",
            "may mai maig mayo maio maiatza",
            "jun juny xuñ eka june junio xuño ekaina",
            "jul jul juliol xul uzt july julio xullo uztaila",
            "aug ago ag abu august agosto agost abuztua",
            "sep sept set ira september septiembre setiembre setembre setembro iraila",
            "oct out urr october octubre outubro urria",
            "nov aza november noviembre novembre novembro azaroa",
            "dec dic des abe december diciembre desembre decembro abendua",
        ),
        start=1,
    )
    for name in names.split()
}
_TIME: Final = (
    r"(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"(?:\s*(?P<half>[ap])\.?\s?m\.?)?"
)
_ZONE: Final = r"(?:\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?))?"
_WEEKDAY: Final = r"(?:[^\W\d_]{2,10}\.?,?\s+)?"
_FORMS: Final = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        # 2026-03-04T10:00:00.000Z, 2026-09-18 12:00 +0000, 2026/03/04
        rf"(?P<year>\d{{4}})[-/](?P<month>\d{{1,2}})[-/](?P<day>\d{{1,2}})(?:[T ,]+{_TIME}{_ZONE})?",
        # 03/04/2026 10:00, 3.4.26
        rf"(?P<first>\d{{1,2}})(?P<sign>[-/.])(?P<other>\d{{1,2}})(?P=sign)(?P<year>\d{{4}}|\d{{2}})"
        rf"(?:,?\s+{_TIME}{_ZONE})?",
        # Wed Feb 02 15:47:28 +0000 2022
        rf"[a-z]{{3}}\s+(?P<name>[a-z]{{3}})\s+(?P<day>\d{{1,2}})\s+{_TIME}{_ZONE}\s+(?P<year>\d{{4}})",
        # Thu, Aug 6, 2026 · October 3, 2026, 10:00 AM
        rf"{_WEEKDAY}(?P<name>[^\W\d_]{{3,10}})\.?\s+(?P<day>\d{{1,2}}),?\s+(?P<year>\d{{4}})(?:,?\s+(?:at\s+)?{_TIME}{_ZONE})?",
        # 3 oct 2026 · 6 de agosto de 2026 · Wed, 02 Feb 2022 15:47:28 GMT
        rf"{_WEEKDAY}(?P<day>\d{{1,2}})\.?\s+(?:de\s+|d[’'])?(?P<name>[^\W\d_]{{2,10}})\.?,?\s+(?:de\s+)?(?P<year>\d{{4}})"
        rf"(?:,?\s+(?:a las\s+)?{_TIME}{_ZONE})?",
    )
)
_WITHOUT_YEAR: Final = re.compile(
    rf"(?:\d{{1,2}}\s+(?:de\s+)?[^\W\d_]{{3,10}}|[^\W\d_]{{3,10}}\s+\d{{1,2}})(?:,?\s+{_TIME})?", re.IGNORECASE
)
_NUMERIC: Final = _FORMS[1]
_SPACE: Final = re.compile(r"[\s\u200e\u200f\u202f\u2060]+")
_SECONDS: Final = re.compile(r"\d{9,10}")
_MILLISECONDS: Final = re.compile(r"\d{12,13}")
_SHEET_EPOCH: Final = datetime(1899, 12, 30)
_SHEET_DAYS: Final = range(20_000, 80_000)


class TimeUnreadable(ValueError):
    """Raised if a date or time cannot be read, or is ambiguous.

    ``code`` is the code of the fault: time_invalid, date_ambiguous, date_without_year. ``suggestion``: the possible
    readings of an ambiguous date, else None.
    """

    def __init__(self, code: str, suggestion: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.suggestion = suggestion


class ReadTime(NamedTuple):
    """Date or time of a cell, converted to UTC, with its precision."""

    time: datetime
    precision: Precision


class OrderEvidence:
    """Collector of evidence about the order of day and month in the dates of a column: a number above 12 is a day.

    ``is_sorted``: True if the rows of such a file are always sorted by time; an order of day and month in which they
    would not be sorted is then excluded.
    """

    def __init__(self, *, is_sorted: bool = False) -> None:
        self.day_first: bool = False
        self.month_first: bool = False
        self._is_sorted = is_sorted
        self._days = (0, 0, 0), (0, 0, 0)
        self._rises = [True, True]

    def add(self, text: str) -> bool:
        """Add a date, as it is written in a cell, to the evidence; return False if it is not one of three numbers."""
        found = _NUMERIC.fullmatch(_clean(text))
        if found is None:
            return False
        year, first, other = int(found["year"]), int(found["first"]), int(found["other"])
        self.day_first |= first > 12 >= other
        self.month_first |= other > 12 >= first
        days = (year, other, first), (year, first, other)
        self._rises = [
            rises and before <= day for rises, before, day in zip(self._rises, self._days, days, strict=True)
        ]
        self._days = days
        return True

    @property
    def order(self) -> DateOrder | None:
        """Order of day and month, None if no date shows it, or dates contradict each other."""
        if self.day_first != self.month_first:
            return "dmy" if self.day_first else "mdy"
        if self._is_sorted and not self.day_first and self._rises[0] != self._rises[1]:
            return "dmy" if self._rises[0] else "mdy"
        return None

    @property
    def is_contradictory(self) -> bool:
        """True if some dates can only have the day first, and others only the month first."""
        return self.day_first and self.month_first


def read_time(value: object, zone: tzinfo, body_zone: tzinfo, order: DateOrder | None = None) -> ReadTime:
    """Convert the value of a cell to a time in UTC, with its precision.

    Args:
        value: A text, a number (seconds or milliseconds since 1970, or a day number of a spreadsheet) or a date.
        zone: Time zone of a time that names no zone.
        body_zone: Time zone of the organisation; a date without a time is a day in this zone.
        order: Order of day and month in a date of three numbers, None if it is not known.

    Raises:
        TimeUnreadable: if the value is no time, or is ambiguous.
    """
    if isinstance(value, datetime):
        has_time = (value.hour, value.minute, value.second) != (0, 0, 0)
        return _localise(value, "second" if has_time else "day", zone, body_zone)
    if isinstance(value, date):
        return _localise(datetime(value.year, value.month, value.day), "day", zone, body_zone)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _read_number(value, zone, body_zone)
    text = _clean(str(value))
    if _SECONDS.fullmatch(text) or _MILLISECONDS.fullmatch(text):
        return _read_number(int(text), zone, body_zone)
    for form in _FORMS:
        if found := form.fullmatch(text):
            return _read_form(found, zone, body_zone, order)
    raise TimeUnreadable("date_without_year" if _WITHOUT_YEAR.fullmatch(text) else "time_invalid")


def _clean(text: str) -> str:
    # WhatsApp puts a narrow space before "PM" and marks of direction at the beginning of a line.
    return text.strip() if text.isascii() and "  " not in text else _SPACE.sub(" ", text).strip()


def _read_number(value: float, zone: tzinfo, body_zone: tzinfo) -> ReadTime:
    try:
        if int(value) in _SHEET_DAYS:
            precision: Precision = "day" if value == int(value) else "second"
            seconds = round((value % 1) * 86_400)
            return _localise(_SHEET_EPOCH + timedelta(days=int(value), seconds=seconds), precision, zone, body_zone)
        if 10**8 <= value < 10**10:
            return ReadTime(datetime.fromtimestamp(int(value), UTC), "second")
        if 10**11 <= value < 10**13:
            return ReadTime(datetime.fromtimestamp(int(value) // 1000, UTC), "second")
    except (OverflowError, ValueError):
        pass
    raise TimeUnreadable("time_invalid")


def _read_form(found: re.Match[str], zone: tzinfo, body_zone: tzinfo, order: DateOrder | None) -> ReadTime:
    parts = found.groupdict()
    year = int(parts["year"])
    if len(parts["year"]) == 2:
        year += 2000
    if parts.get("first"):
        day, month = _order_numbers(int(parts["first"]), int(parts["other"]), year, order)
    elif parts.get("name"):
        known = _MONTHS.get(parts["name"].lower())
        if known is None:
            raise TimeUnreadable("time_invalid")
        day, month = int(parts["day"]), known
    else:
        day, month = int(parts["day"]), int(parts["month"])
    hour, minute, second, precision = _read_clock(parts)
    try:
        moment = datetime(year, month, day, hour, minute, second)
        if parts["zone"]:
            return ReadTime(moment.replace(tzinfo=_read_zone(parts["zone"])).astimezone(UTC), precision)
        return _localise(moment, precision, zone, body_zone)
    except (ValueError, OverflowError):
        raise TimeUnreadable("time_invalid") from None


def _order_numbers(first: int, other: int, year: int, order: DateOrder | None) -> tuple[int, int]:
    """Return day and month of two numbers."""
    if order is None:
        if other > 12 >= first:
            order = "mdy"
        elif first > 12 or first == other:
            order = "dmy"
        else:
            readings = sorted((f"{year}-{other:02}-{first:02}", f"{year}-{first:02}-{other:02}"))
            raise TimeUnreadable("date_ambiguous", " / ".join(readings))
    return (first, other) if order == "dmy" else (other, first)


def _read_clock(parts: dict[str, str | None]) -> tuple[int, int, int, Precision]:
    if not parts["hour"]:
        return 0, 0, 0, "day"
    hour, minute, second = (int(parts[name] or 0) for name in ("hour", "minute", "second"))
    half = (parts["half"] or "").lower()
    if half:
        # Some exports write "18:46 PM": what is beyond 12 is no time of such a clock.
        if not 1 <= hour <= 12:
            raise TimeUnreadable("time_invalid")
        hour = hour % 12 + (12 if half == "p" else 0)
    return hour, minute, second, "second" if parts["second"] else "minute"


def _read_zone(text: str) -> tzinfo:
    if text.upper() in ("Z", "UTC", "GMT"):
        return UTC
    sign = -1 if text[0] == "-" else 1
    return timezone(sign * timedelta(hours=int(text[1:3]), minutes=int(text[3:].lstrip(":") or 0)))


def _localise(moment: datetime, precision: Precision, zone: tzinfo, body_zone: tzinfo) -> ReadTime:
    local = zone if precision != "day" else body_zone
    aware = moment if moment.tzinfo else moment.replace(tzinfo=local)
    return ReadTime(aware.astimezone(UTC), precision)
