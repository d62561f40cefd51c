"""An edition with many drafts, made below HTTP because a test of many needs them soon."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

import msgspec

from actitud_api.platform.storage.database import Database
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.editions import service as editions
from actitud_api.resources.organisations import service as organisations
from tests.support.assessing import DOMAIN, body_a
from tests.support.editions import draft_edition
from tests.support.settling import anything

EDITION: Final = "2027"
CREATED: Final = datetime(2027, 2, 1, 12, tzinfo=UTC)
CALENDAR: Final[editions.NamedSpans] = {
    "submission": editions.Span(date(2027, 1, 15), date(2027, 2, 28)),
    "review": editions.Span(date(2027, 3, 1), date(2027, 4, 30)),
    "hearing": editions.Span(date(2027, 5, 1), date(2027, 5, 15)),
    "publication": editions.Span(date(2027, 6, 1), date(2027, 6, 30)),
}
ANSWERED: Final = ("D1", "D2", "D5")
"""Dimensions of example A, with 6, 6 and 8 answers; D1 is 38.75."""
CONTRADICTORY: Final[Mapping[str, Any]] = {"numerator": 400, "denominator": 320}
"""Facts of D1.01 of which the part is more than the whole: no assessment with them is submitted."""


def get_id(number: int) -> str:
    """Return the id of an organisation of `fill_drafts`, by its number from 1."""
    return f"XX-TEST-{number:05}"


def fill_drafts(database: Database, count: int, edition: str = EDITION) -> list[str]:
    """Make an edition under 2026.1 with that many drafts; return the organisations, by id.

    The organisations are made with the first edition. They answer three dimensions (`ANSWERED`) as example A does; of
    the others nothing is known.
    """
    names = [get_id(number) for number in range(1, count + 1)]
    body = body_a()
    body["answers"] = {name: answer for name, answer in body["answers"].items() if name.partition(".")[0] in ANSWERED}
    request = msgspec.convert(body, assessments.REQUEST_TYPES["2026.1"].whole)
    draft = draft_edition(edition, calendar=CALENDAR)
    with database.write() as session:
        entries = [organisations.OrganisationEntry(id=name, name=name, kind="MUN", domains=(DOMAIN,)) for name in names]
        if not organisations.exists(session, names[0]):
            organisations.add(session, entries, CREATED)
        editions.add(session, editions.build_record(draft, now=CREATED))
        for name in names:
            assessments.put_assessment(session, edition, name, request, expected=anything, now=CREATED)
    return names
