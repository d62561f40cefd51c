"""The dates of an edition: the windows that its indicators look at and the calendar of its phases.

What they are unless an edition says otherwise, and what of them cannot be.
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
"""The first and the last year that the reference date of an edition may lie in."""

_ELECTORAL_DAYS: Final = 90


class Span(Struct, frozen=True, forbid_unknown_fields=True):
    """Consecutive days: the first and the last, both included."""

    start: Annotated[date, Meta(description="First day.")] = field(name="from")
    end: Annotated[date, Meta(description="Last day.")] = field(name="to")


class Windows(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The days that the indicators look at, by the windows of the methodology.

    `S0`: the situation at the reference date. `W90`: 90 days of activity, and `W90_electoral` those of a body under
    electoral silence in them. `W12` and `W24`: 12 and 24 months. `D24`: when a document was approved or reviewed.
    """

    S0: Span
    W90: Span
    W90_electoral: Span
    W12: Span
    W24: Span
    D24: Span


class Calendar(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The phases of an edition, one after another."""

    submission: Span
    review: Span
    hearing: Span
    publication: Span


class EditionContradiction(Struct, frozen=True):
    """What of an edition cannot be: where (JSON Pointer), by which rule, what is there and what it is held against.

    `range`: a year beyond `YEARS`. `order`: it ends before it begins. `reference_date`: it goes on after the
    reference date. `overlap`: a phase begins before the one before it has ended. `taken`: there is such an edition.
    `draft`: its methodology is a draft, and nothing says that this is meant. `state`: the state of the edition does not
    let it change so. `assessments`: as many stand in it.
    """

    pointer: str
    rule: Literal["range", "order", "reference_date", "overlap", "taken", "draft", "state", "assessments"]
    value: str
    against: str = ""


def build_windows(reference: date) -> Windows:
    """The windows of the edition with that reference date, a day of one of `YEARS` (CATALOGUE, section 3)."""
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
    """The phases of the edition with that reference date, in the year after it, as the methodology has them."""
    year = reference.year + 1
    steps = methodology.document.calendar
    return msgspec.convert(
        {step.id: {"from": f"{year}-{step.start}", "to": f"{year}-{step.to}"} for step in steps}, Calendar
    )


def find_contradictions(period: Span, windows: Windows, calendar: Calendar) -> Iterator[EditionContradiction]:
    """All that cannot be of the dates of an edition."""
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
    """As many months that end with a day: from the day after the same day of an earlier year."""
    after = reference + timedelta(days=1)
    year = after.year - months // 12
    is_leap_day = (after.month, after.day) == (2, 29)
    return Span(date(year, 3, 1) if is_leap_day else after.replace(year=year), reference)
