"""What a report of a count shows: facts, what is missing, what to export next, the weekly rhythm and the hours."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple

from actitud.counting.answers import MissingAnswer, list_missing
from actitud.counting.conversations import measure_delay
from actitud.counting.counts import FactCount, FactCounter
from actitud.counting.export_guides import ExportAdvice, advise_exports
from actitud.counting.messages import Precision
from actitud.counting.windows import Weeks, to_local

_HOUR: Final = 3_600_000_000
DELAY_HOURS: Final = (1, 4, 24, 72)
"""Upper ends, in hours, of the classes in which delays are counted; the last class is longer."""


class WeekRhythm(NamedTuple):
    """Messages of a week, Monday to Sunday: own posts, messages received and replies."""

    monday: date
    posts: int
    received: int
    replies: int


class CountReport(NamedTuple):
    """All that a report shows. It has numbers and names of accounts of the organisation, and no texts.

    - ``hours``: for each hour of the day, own posts, messages received and replies, in local time; messages of which
      only the day is known are in none.
    - ``delays``: messages of which the first reply came within 1, 4, 24, 72 or more hours, and those without one.
    """

    facts: Mapping[str, FactCount]
    missing: Sequence[MissingAnswer]
    exports: Sequence[ExportAdvice]
    weeks: Sequence[WeekRhythm]
    hours: Sequence[tuple[int, int, int]]
    delays: Sequence[int]
    unanswered: int


def collect_report(counter: FactCounter, window: str = "W12") -> CountReport:
    """Return what a report of a count shows, with the rhythm of the messages of a window."""
    facts = counter.count_all()
    missing = list_missing(counter.definitions, facts)
    delays, unanswered = _count_delays(counter, window)
    weeks, hours = _count_rhythm(counter, window)
    return CountReport(
        facts=facts,
        missing=missing,
        exports=advise_exports(reason for one in missing for reason in one.reasons),
        weeks=weeks,
        hours=hours,
        delays=delays,
        unanswered=unanswered,
    )


def _count_rhythm(counter: FactCounter, name: str) -> tuple[list[WeekRhythm], list[tuple[int, int, int]]]:
    window = counter.windows[name]
    weeks = Weeks(window.days, counter.zone)
    by_week = [[0, 0, 0] for _ in range(len(weeks))]
    by_hour = [[0, 0, 0] for _ in range(24)]
    places = {"own_post": 0, "received": 1, "public_reply": 2, "private_reply": 2}
    for kind, instant, precision in counter.table.query(
        "SELECT kind, time, precision FROM messages WHERE kind <> 'repost' AND NOT deleted "
        "AND platform NOT IN ('press_room', 'decidim') AND time >= ? AND time < ?",
        (window.start, window.end),
    ):
        week = weeks.find(instant)
        if week is not None:
            by_week[week][places[kind]] += 1
        if precision != "day":
            by_hour[to_local(instant, counter.zone).hour][places[kind]] += 1
    rhythm = [WeekRhythm(monday, *numbers) for monday, numbers in zip(weeks.mondays, by_week, strict=True)]
    return rhythm, [(posts, received, replies) for posts, received, replies in by_hour]


def _count_delays(counter: FactCounter, name: str) -> tuple[list[int], int]:
    """Count the messages of a window by the delay of the next reply in their conversation."""
    window = counter.windows[name]
    delays = [0] * (len(DELAY_HOURS) + 1)
    unanswered = 0
    waiting: list[tuple[int, Precision]] = []
    current: tuple[str, str, str] | None = None
    for platform, account, thread, instant, kind, precision in counter.table.query(
        "SELECT platform, account, coalesce(thread, id), time, kind, precision FROM messages "
        "WHERE kind IN ('received', 'public_reply', 'private_reply') AND NOT deleted "
        "AND platform NOT IN ('press_room', 'decidim') ORDER BY 1, 2, 3, 4, kind <> 'received', id"
    ):
        if (platform, account, thread) != current:
            unanswered += len(waiting)
            waiting.clear()
            current = platform, account, thread
        if kind != "received":
            for asked, asked_precision in waiting:
                delay = measure_delay(asked, asked_precision, instant, precision)
                delays[bisect_left(DELAY_HOURS, delay.most / _HOUR)] += 1
            waiting.clear()
        elif instant in window:
            waiting.append((instant, precision))
    return delays, unanswered + len(waiting)
