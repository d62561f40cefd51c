"""Editions on the wire."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from msgspec import Meta, Struct

from actitud_api.editions.service import Record, State
from actitud_api.http.paging import Page
from actitud_api.methodology.model import Language


class Edition(Struct, frozen=True, kw_only=True):
    """A round in which organisations are scored. `simulated` says that every answer in it is invented."""

    id: str
    title: Annotated[str, Meta(description="Its name, in the language of the answer where it has one.")]
    methodology: Annotated[str, Meta(description="Version of the methodology that scores it.")]
    state: State
    period_from: Annotated[date, Meta(description="First day of the year that it looks at.")]
    period_to: Annotated[date, Meta(description="Last day: the reference date.")]
    simulated: Annotated[bool, Meta(description="Every organisation and answer in it is invented.")]
    organisations: Annotated[int, Meta(ge=0, description="How many organisations it scores.")]


class EditionPage(Page[Edition], frozen=True, kw_only=True):
    """A page of the list of editions, the newest first."""


def edition(record: Record, language: Language) -> Edition:
    """A stored edition as it is answered."""
    return Edition(
        id=record.id,
        title=record.titles.get(language) or next(iter(record.titles.values())),
        methodology=record.methodology,
        state=record.state,
        period_from=record.period_from,
        period_to=record.period_to,
        simulated=record.simulated,
        organisations=record.organisations,
    )
