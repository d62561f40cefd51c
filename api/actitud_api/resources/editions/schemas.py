"""Editions on the wire."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, structs

from actitud_api.engine.i18n import Language, nearest
from actitud_api.engine.methodology.free_text import NO_CONTROL
from actitud_api.engine.methodology.loader import list_versions
from actitud_api.platform.http.paging import Page
from actitud_api.resources.editions.service import (
    Calendar,
    CountedEdition,
    EditionChange,
    EditionDraft,
    Span,
    State,
    Windows,
)

Title = Annotated[str, Meta(min_length=1, max_length=200, pattern=NO_CONTROL)]
Version = Annotated[
    str,
    Meta(
        max_length=40,
        description="Version of the methodology that scores it; a draft only with `accept_draft`.",
        extra_json_schema={"enum": list(list_versions("draft", "active"))},
    ),
]


class EditionPath(Struct, frozen=True):
    """What names an edition in a path."""

    edition: Annotated[
        str, Meta(description="Id of the edition, or `latest` for the newest published one.", examples=["2026-demo"])
    ]


class Titles(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The name of an edition in each language."""

    es: Title
    en: Title


class TitlesChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Names of an edition to be changed."""

    es: Title | UnsetType = UNSET
    en: Title | UnsetType = UNSET


class WindowsChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Windows that are not, or no longer, those of the methodology; null takes that of the methodology."""

    S0: Span | UnsetType | None = UNSET
    W90: Span | UnsetType | None = UNSET
    W90_electoral: Span | UnsetType | None = UNSET
    W12: Span | UnsetType | None = UNSET
    W24: Span | UnsetType | None = UNSET
    D24: Span | UnsetType | None = UNSET


class CalendarChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Phases that are not, or no longer, those of the methodology; null takes that of the methodology."""

    submission: Span | UnsetType | None = UNSET
    review: Span | UnsetType | None = UNSET
    hearing: Span | UnsetType | None = UNSET
    publication: Span | UnsetType | None = UNSET


class EditionRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An edition to be made; it is open from then on."""

    id: Annotated[
        str,
        Meta(
            pattern="^20[0-9]{2}(-[a-z0-9]{1,20})?$",
            description="Its id, for good: the year of its reference date, and a word where there are several.",
            examples=["2027"],
        ),
    ]
    titles: Titles
    methodology: Version
    period_from: Annotated[date, Meta(description="First day of the year that it looks at.")]
    period_to: Annotated[date, Meta(description="Last day: the reference date, of the years 2000 to 2100.")]
    windows: WindowsChange | None = None
    calendar: CalendarChange | None = None
    accept_draft: Annotated[
        bool,
        Meta(
            description="That a draft is meant, to try it: it may still change, and with it what it scores. "
            "Without it the methodology is one in use."
        ),
    ] = False


class EditionPatch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to change of an edition (RFC 7396); null is what the methodology says."""

    titles: TitlesChange | UnsetType = UNSET
    windows: WindowsChange | UnsetType | None = UNSET
    calendar: CalendarChange | UnsetType | None = UNSET
    state: (
        Annotated[
            Literal["open", "in_review"], Meta(description="Whether it takes answers, or what came is in review.")
        ]
        | UnsetType
    ) = UNSET


class Edition(Struct, frozen=True, kw_only=True):
    """A round in which organisations are scored. `simulated` says that every answer in it is invented."""

    id: str
    title: Annotated[str, Meta(description="Its name, in the language of the answer where it has one.")]
    methodology: Annotated[str, Meta(description="Version of the methodology that scores it.")]
    state: Annotated[State, Meta(description="Taking answers, in review, or published.")]
    period_from: Annotated[date, Meta(description="First day of the year that it looks at.")]
    period_to: Annotated[date, Meta(description="Last day: the reference date.")]
    windows: Windows
    calendar: Calendar
    simulated: Annotated[bool, Meta(description="Every organisation and answer in it is invented.")]
    organisations: Annotated[int, Meta(ge=0, description="How many organisations it scores.")]
    created: datetime
    updated: datetime


class EditionPage(Page[Edition], frozen=True, kw_only=True):
    """A page of the list of editions, the newest first."""


def build_edition(counted: CountedEdition, language: Language) -> Edition:
    """Return the response for an edition."""
    record = counted.record
    return Edition(
        id=record.id,
        title=nearest(record.titles, language),
        methodology=record.methodology,
        state=record.state,
        period_from=record.period_from,
        period_to=record.period_to,
        windows=record.windows,
        calendar=record.calendar,
        simulated=record.simulated,
        organisations=counted.organisations,
        created=record.created,
        updated=record.updated,
    )


def build_draft(request: EditionRequest) -> EditionDraft:
    """Return the edition described by a request."""
    return EditionDraft(
        id=request.id,
        titles=structs.asdict(request.titles),
        methodology=request.methodology,
        period_from=request.period_from,
        period_to=request.period_to,
        windows=_spans(request.windows),
        calendar=_spans(request.calendar),
        accept_draft=request.accept_draft,
    )


def build_change(request: EditionPatch) -> EditionChange:
    """Return the change of a merge patch."""
    return EditionChange(
        titles=UNSET if request.titles is UNSET else _titles(request.titles),
        windows=UNSET if request.windows is UNSET else _spans(request.windows),
        calendar=UNSET if request.calendar is UNSET else _spans(request.calendar),
        state=request.state,
    )


def _titles(sent: TitlesChange) -> dict[str, str]:
    return {language: title for language, title in structs.asdict(sent).items() if title is not UNSET}


def _spans(sent: WindowsChange | CalendarChange | None) -> dict[str, Span | None] | None:
    return None if sent is None else _sent(sent)


def _sent(part: WindowsChange | CalendarChange) -> dict[str, Span | None]:
    """Return the members that were sent."""
    return {name: value for name, value in structs.asdict(part).items() if value is not UNSET}
