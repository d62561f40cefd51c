"""Dates of an edition: its windows (the periods that facts must come from) and the calendar of its phases.

`build_windows` and `build_calendar` give the defaults; `find_contradictions` checks the dates of an edition.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct, field, structs

from actitud_api.engine.methodology.loader import Methodology

REFERENCE_YEARS: Final = (2000, 2100)
"""First and last allowed year of the reference date of an edition."""

_ELECTORAL_DAYS: Final = 90


class Span(Struct, frozen=True, forbid_unknown_fields=True):
    """A range of consecutive days; the first and the last day are included."""

    start: Annotated[date, Meta(description="First day.")] = field(name="from")
    end: Annotated[date, Meta(description="Last day.")] = field(name="to")


class Windows(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The periods from which the facts and documents of an edition must come.

    `S0`: the reference date. `W90`: 90 days of activity; `W90_electoral` replaces `W90` for an organisation that must
    keep electoral silence in those days. `W12` and `W24`: the 12 and 24 months that end on the reference date. `D24`:
    the period in which a document must have been approved or reviewed.
    """

    S0: Span
    W90: Span
    W90_electoral: Span
    W12: Span
    W24: Span
    D24: Span


class Calendar(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The phases of an edition in the order of time; no phase begins before the previous one has ended.

    In `submission` organisations fill in and submit assessments, in `review` assessors give verdicts, in `hearing`
    organisations reply to the verdicts, and in `publication` the scores are to be published.
    """

    submission: Span
    review: Span
    hearing: Span
    publication: Span


class EditionContradiction(Struct, frozen=True):
    """A member of an edition whose value is refused, with the reason.

    `pointer` is the JSON Pointer of the member. `against` is the value that it contradicts, empty if there is none.
    `rule` names the reason. `range`: the year of the reference date (the last day of the period of the edition) is
    outside `REFERENCE_YEARS`. `order`: a span ends before it begins. `reference_date`: a window, which is a period that
    facts must come from, ends after the reference date. `overlap`: a phase of the calendar begins before the previous
    one has ended. `shorter`: the hearing has begun, and would end before `against`. `taken`: another edition has the
    id. `draft`: the methodology is a draft and the request does not accept drafts. `state`: the edition is published
    and cannot change. `assessments`: the edition has assessments and cannot be deleted.
    """

    pointer: str
    rule: Literal["range", "order", "reference_date", "overlap", "shorter", "taken", "draft", "state", "assessments"]
    value: str
    against: str = ""


def build_windows(reference: date) -> Windows:
    """Return the default windows of an edition whose period ends on `reference`.

    The windows are the periods from which facts and documents must come. The year of `reference` must be in
    `REFERENCE_YEARS`. `S0` is `reference` itself. `W90` and `W90_electoral` are fixed days of the year of `reference`.
    The other windows are the 12 or 24 months that end on `reference`.
    """
    electoral = date(reference.year, 1, 15)
    two_years = _months_to(reference, 24)
    return Windows(
        S0=Span(reference, reference),
        W90=Span(date(reference.year, 9, 15), date(reference.year, 12, 13)),
        # A fixed number of days: they end a day earlier in a leap year.
        W90_electoral=Span(electoral, electoral + timedelta(days=_ELECTORAL_DAYS - 1)),
        W12=_months_to(reference, 12),
        W24=two_years,
        D24=two_years,
    )


def build_calendar(methodology: Methodology, reference: date) -> Calendar:
    """Return the default phases of an edition whose period ends on `reference`.

    The methodology has the first and last day of each phase as day and month; all phases are in the year after
    `reference`.
    """
    year = reference.year + 1
    steps = methodology.document.calendar
    return msgspec.convert(
        {step.id: {"from": f"{year}-{step.start}", "to": f"{year}-{step.to}"} for step in steps}, Calendar
    )


def find_contradictions(period: Span, windows: Windows, calendar: Calendar) -> Iterator[EditionContradiction]:
    """Yield every contradiction between the dates of an edition: its period, its windows and its phases.

    Yields nothing if all dates fit together.
    """
    if period.end < period.start:
        yield EditionContradiction("/period_to", "order", str(period.end), str(period.start))
    for name, span in structs.asdict(windows).items():
        if span.end < span.start:
            yield EditionContradiction(f"/windows/{name}/to", "order", str(span.end), str(span.start))
        if span.end > period.end:
            yield EditionContradiction(f"/windows/{name}/to", "reference_date", str(span.end), str(period.end))
    phases = structs.asdict(calendar)
    for name, span in phases.items():
        if span.end < span.start:
            yield EditionContradiction(f"/calendar/{name}/to", "order", str(span.end), str(span.start))
    for (_, before), (name, span) in pairwise(phases.items()):
        if span.start <= before.end:
            yield EditionContradiction(f"/calendar/{name}/from", "overlap", str(span.start), str(before.end))


def _months_to(reference: date, months: Literal[12, 24]) -> Span:
    """Return the span of `months` months whose last day is `reference`."""
    after = reference + timedelta(days=1)
    year = after.year - months // 12
    # 29 February has no counterpart in the earlier year; the span then begins on 1 March.
    is_leap_day = (after.month, after.day) == (2, 29)
    return Span(date(year, 3, 1) if is_leap_day else after.replace(year=year), reference)
