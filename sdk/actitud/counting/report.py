"""The contents of the report of a count: facts, missing data, the next exports, the weekly rhythm and the hours."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from statistics import median
from typing import Final, NamedTuple

from actitud.counting.answers import MissingAnswer, list_missing
from actitud.counting.conversations import measure_delay
from actitud.counting.counts import FactCount, FactCounter
from actitud.counting.export_guides import ExportAdvice, advise_exports
from actitud.counting.messages import Precision
from actitud.counting.reasons import Reason
from actitud.counting.sources import Tell
from actitud.counting.windows import Days, Weeks, to_local

_HOUR: Final = 3_600_000_000
DELAY_HOURS: Final = (1, 4, 24, 72)
"""Upper ends, in hours, of the classes in which delays are counted; the last class is longer."""
_CONVERSATIONS: Final[tuple[Tell, ...]] = (
    "received_public",
    "received_private",
    "public_replies",
    "private_replies",
    "threads",
)


class WeekRhythm(NamedTuple):
    """Messages of one week, from Monday to Sunday: own posts, messages received and replies."""

    monday: date
    posts: int
    received: int
    replies: int


class CountReport(NamedTuple):
    """Contents of the report of a count: numbers, and names of accounts of the organisation, but no texts of messages.

    - ``facts``: the counted facts by code.
    - ``missing``: questions and profile fields without an answer.
    - ``exports``: advice on the exports that would supply the missing data.
    - ``days``: window of the weekly and hourly figures and of the delays.
    - ``hours``: numbers of own posts, received messages and replies in each of the 24 hours of the day, in local time;
      messages of which only the day is known are left out.
    - ``unknown_weeks``: Mondays of the weeks for which the files lack the own posts of an account.
    - ``delays``: number of received messages by the delay of the first reply: up to 1, 4, 24 or 72 hours, or more.
    - ``median_delay``: median of the delays in microseconds; None if there are none. If only the day is known, the
      longest possible delay counts.
    - ``unanswered``: number of received messages without a reply.
    - ``unknown_conversations``: reasons why data about conversations are missing, so that replies may be missing too.
    """

    facts: Mapping[str, FactCount]
    missing: Sequence[MissingAnswer]
    exports: Sequence[ExportAdvice]
    days: Days
    weeks: Sequence[WeekRhythm]
    unknown_weeks: frozenset[date]
    hours: Sequence[tuple[int, int, int]]
    delays: Sequence[int]
    median_delay: int | None
    unanswered: int
    unknown_conversations: Sequence[Reason]


def collect_report(counter: FactCounter, window: str = "W12") -> CountReport:
    """Collect the contents of the report of a count; ``window`` is the period of its weekly and hourly figures."""
    facts = counter.count_all()
    missing = list_missing(counter.definitions, facts)
    delays, median_delay, unanswered = _count_delays(counter, window)
    weeks, hours = _count_rhythm(counter, window)
    return CountReport(
        facts=facts,
        missing=missing,
        exports=advise_exports(reason for one in missing for reason in one.reasons),
        days=counter.windows[window].days,
        weeks=weeks,
        unknown_weeks=frozenset(week.monday for week in weeks if not _tells_posts(counter, week.monday)),
        hours=hours,
        delays=delays,
        median_delay=median_delay,
        unanswered=unanswered,
        unknown_conversations=[
            reason
            for account in counter.accounts
            for reason in counter.coverage.find_reasons(account, _CONVERSATIONS, counter.windows[window].days)
        ],
    )


def _tells_posts(counter: FactCounter, monday: date) -> bool:
    """Return True if the files tell the own posts of every account for a whole week."""
    week = Days(monday, monday + timedelta(days=6))
    gaps = (counter.coverage.find_reasons(account, ("own_posts",), week) for account in counter.accounts)
    return bool(counter.accounts) and not any(gaps)


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


def _count_delays(counter: FactCounter, name: str) -> tuple[list[int], int | None, int]:
    """Count the messages of a window by the delay of the next reply in their conversation.

    Return the number in each class, the median delay, and the number of messages without a reply.
    """
    window = counter.windows[name]
    delays = [0] * (len(DELAY_HOURS) + 1)
    longest = array("q")
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
                delay = measure_delay(asked, asked_precision, instant, precision).most
                longest.append(delay)
                delays[bisect_left(DELAY_HOURS, delay / _HOUR)] += 1
            waiting.clear()
        elif instant in window:
            waiting.append((instant, precision))
    return delays, int(median(longest)) if longest else None, unanswered + len(waiting)
