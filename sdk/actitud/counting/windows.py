"""The periods of an edition, in days of the organisation's own time zone."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from actitud.counting.definitions import WindowRule

_DAY: Final = timedelta(days=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_ELECTORAL: Final = "_electoral"


class UnknownTimeZone(ValueError):
    """Raised if a name is not the name of a time zone in the tz database, such as ``Europe/Madrid``."""


class Days(NamedTuple):
    """Range of consecutive days that includes ``first`` and ``last``."""

    first: date
    last: date

    @property
    def number(self) -> int:
        """Number of days in the range."""
        return (self.last - self.first).days + 1


class Window(NamedTuple):
    """Window: a period of an edition, by its days and by the instants at which it begins and ends.

    Instants are in microseconds since 1970; ``end`` is the first one after the period. If clocks change within the
    window, its length is not a multiple of 24 hours.
    """

    name: str
    days: Days
    start: int
    end: int

    def __contains__(self, instant: object) -> bool:
        """Return True if an instant, in microseconds since 1970, is in the window."""
        return isinstance(instant, int) and self.start <= instant < self.end


class Weeks:
    """Full weeks, Monday to Sunday, in a range of days; 90 days have twelve of them."""

    def __init__(self, days: Days, zone: ZoneInfo) -> None:
        monday = days.first + timedelta(days=-days.first.weekday() % 7)
        number = ((days.last - monday).days + 1) // 7
        self.mondays: Final = tuple(monday + index * 7 * _DAY for index in range(number))
        self._starts: Final = [find_day_start(day, zone) for day in (*self.mondays, monday + number * 7 * _DAY)]

    def __len__(self) -> int:
        """Return the number of full weeks."""
        return len(self.mondays)

    def find(self, instant: int) -> int | None:
        """Return the position of the week that contains an instant, from 0; None if no week contains it."""
        index = bisect_right(self._starts, instant) - 1
        return index if 0 <= index < len(self.mondays) else None


class _EditionDates(msgspec.Struct):
    windows: dict[str, _Span]
    methodology: str | None = None


class _Span(msgspec.Struct, rename={"first": "from", "last": "to"}):
    first: date
    last: date


_EDITION: Final = msgspec.json.Decoder(_EditionDates)


def load_zone(name: str) -> ZoneInfo:
    """Return the time zone with a name. Raise UnknownTimeZone if there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise UnknownTimeZone(name) from error


def find_day_start(day: date, zone: ZoneInfo) -> int:
    """Return the instant at which a day begins in a time zone, in microseconds since 1970.

    If clocks are put forward at midnight, the day begins at the first existing time of the day.
    """
    # A local time that does not exist is read by the offset before the change, which gives the instant of the change.
    return to_instant(datetime.combine(day, time(), tzinfo=zone))


def to_instant(moment: datetime) -> int:
    """Convert an aware time to microseconds since 1970."""
    return (moment.astimezone(UTC) - _EPOCH) // _MICROSECOND


def to_local(instant: int, zone: ZoneInfo) -> datetime:
    """Convert microseconds since 1970 to a time in a time zone."""
    return to_moment(instant).astimezone(zone)


def to_moment(instant: int) -> datetime:
    """Convert microseconds since 1970 to a time in UTC."""
    return _EPOCH + instant * _MICROSECOND


def build_windows(days: Mapping[str, Days], zone: ZoneInfo) -> dict[str, Window]:
    """Return windows by name, given their days, with the instants at which they begin and end in a time zone."""
    return {
        name: Window(name, span, find_day_start(span.first, zone), find_day_start(span.last + _DAY, zone))
        for name, span in days.items()
    }


def list_window_days(rules: Mapping[str, WindowRule], year: int, *, electoral: bool = False) -> dict[str, Days]:
    """Return the days of each window of the edition for a measured year.

    Args:
        rules: The windows of the methodology version.
        year: The year measured.
        electoral: True if the organisation must keep electoral silence in the usual window and therefore uses another.
    """
    days: dict[str, Days] = {}
    for name, rule in rules.items():
        start = rule.electoral_start if electoral and rule.electoral_start is not None else rule.start
        first = date.fromisoformat(f"{year}-{start}")
        days[name] = Days(first, _find_last_day(rule, first))
    return days


def read_edition_days(document: bytes, *, electoral: bool = False) -> tuple[dict[str, Days], str | None]:
    """Return the days of each window of an edition, and its methodology version, None if it is not stated.

    Args:
        document: An edition in JSON, as ``GET /v1/editions/{edition}`` returns it.
        electoral: True for the windows of organisations that keep electoral silence.

    Raises:
        msgspec.MsgspecError: If the document is no edition.
    """
    edition = _EDITION.decode(document)
    spans = edition.windows
    chosen = {name: spans.get(name + _ELECTORAL, span) if electoral else span for name, span in spans.items()}
    days = {name: Days(span.first, span.last) for name, span in chosen.items() if not name.endswith(_ELECTORAL)}
    return days, edition.methodology


def _find_last_day(rule: WindowRule, first: date) -> date:
    if rule.days is not None:
        return first + (rule.days - 1) * _DAY
    return date.fromisoformat(f"{first.year}-{rule.end}")
