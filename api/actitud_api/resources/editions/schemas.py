"""Requests and responses about editions."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, structs

from actitud_api.engine.i18n import Language, nearest
from actitud_api.engine.methodology.free_text import NO_CONTROL
from actitud_api.engine.methodology.loader import list_versions
from actitud_api.platform.http.members import copy_members
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
        description="Methodology version that scores the edition; a draft only with `accept_draft`.",
        extra_json_schema={"enum": list(list_versions("draft", "active"))},
    ),
]


class EditionPath(Struct, frozen=True):
    """The path parameters of an edition."""

    edition: Annotated[
        str, Meta(description="Id of the edition, or `latest` for the newest published one.", examples=["2026-demo"])
    ]


class Titles(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The title of an edition in Spanish and English."""

    es: Title
    en: Title


class TitlesChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The titles of an edition to change; a language that is left out keeps its title."""

    es: Title | UnsetType = UNSET
    en: Title | UnsetType = UNSET


class WindowsChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The windows (periods of the facts) to set; null sets the default of the methodology.

    A window that is left out keeps its value; in a new edition it gets the default.
    """

    S0: Span | UnsetType | None = UNSET
    W90: Span | UnsetType | None = UNSET
    W90_electoral: Span | UnsetType | None = UNSET
    W12: Span | UnsetType | None = UNSET
    W24: Span | UnsetType | None = UNSET
    D24: Span | UnsetType | None = UNSET


class CalendarChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The phases to set; null sets the default of the methodology.

    A phase that is left out keeps its value; in a new edition it gets the default.
    """

    submission: Span | UnsetType | None = UNSET
    review: Span | UnsetType | None = UNSET
    hearing: Span | UnsetType | None = UNSET
    publication: Span | UnsetType | None = UNSET


class EditionRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An edition to create. Windows and phases that are left out get the defaults of the methodology."""

    id: Annotated[
        str,
        Meta(
            pattern="^20[0-9]{2}(-[a-z0-9]{1,20})?$",
            description="The year of the reference date, and a word if a year has several.",
            examples=["2027"],
        ),
    ]
    titles: Titles
    methodology: Version
    period_from: Annotated[date, Meta(description="First day of the period that the edition covers.")]
    period_to: Annotated[date, Meta(description="Last day of the period: the reference date.")]
    windows: WindowsChange | None = None
    calendar: CalendarChange | None = None
    accept_draft: Annotated[
        bool,
        Meta(description="Accept a methodology version that is a draft: it may still change, and the scores with it."),
    ] = False


class EditionPatch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A JSON merge patch (RFC 7396) to an edition.

    A window or phase that is null gets the default of the methodology; if `windows` or `calendar` is null, all windows
    or phases get the default.
    """

    titles: TitlesChange | UnsetType = UNSET
    windows: WindowsChange | UnsetType | None = UNSET
    calendar: CalendarChange | UnsetType | None = UNSET
    state: (
        Annotated[
            Literal["open", "in_review"],
            Meta(description="`open` takes answers; in `in_review` only returned assessments may change."),
        ]
        | UnsetType
    ) = UNSET


class Edition(Struct, frozen=True, kw_only=True):
    """A round in which organisations are scored.

    `windows` are the periods from which facts and documents must come, `calendar` the first and last days of the
    phases.
    """

    id: str
    title: Annotated[str, Meta(description="The name, in the language of the response if there is one.")]
    methodology: Annotated[str, Meta(description="Methodology version that scores the edition.")]
    state: Annotated[State, Meta(description="Open for answers, in review, or published.")]
    period_from: Annotated[date, Meta(description="First day of the period that the edition covers.")]
    period_to: Annotated[date, Meta(description="Last day of the period: the reference date.")]
    windows: Windows
    calendar: Calendar
    simulated: Annotated[bool, Meta(description="True if every organisation and answer is invented.")]
    organisations: Annotated[int, Meta(ge=0, description="Number of published scores; 0 before the publication.")]
    created: datetime
    updated: datetime


class EditionPage(Page[Edition], frozen=True, kw_only=True):
    """A page of editions."""


def build_edition(counted: CountedEdition, language: Language) -> Edition:
    """Build the response about an edition, with its title in `language`.

    If the edition has no title in that language, the title in the other language is used.
    """
    title = nearest(counted.record.titles, language)
    return copy_members(counted.record, Edition, title=title, organisations=counted.organisations)


def build_draft(request: EditionRequest) -> EditionDraft:
    """Convert the request for a new edition to an `EditionDraft` for the service."""
    return EditionDraft(
        **{
            **structs.asdict(request),
            "titles": structs.asdict(request.titles),
            "windows": _spans(request.windows),
            "calendar": _spans(request.calendar),
        }
    )


def build_change(request: EditionPatch) -> EditionChange:
    """Convert the merge patch of a request to an `EditionChange` for the service."""
    return EditionChange(
        titles=UNSET if request.titles is UNSET else _titles(request.titles),
        windows=UNSET if request.windows is UNSET else _spans(request.windows),
        calendar=UNSET if request.calendar is UNSET else _spans(request.calendar),
        state=request.state,
    )


def _titles(change: TitlesChange) -> dict[str, str]:
    return {language: title for language, title in structs.asdict(change).items() if title is not UNSET}


def _spans(change: WindowsChange | CalendarChange | None) -> dict[str, Span | None] | None:
    """Return the windows or phases that the request contains, by name; one that is null in the request is None."""
    if change is None:
        return None
    return {name: value for name, value in structs.asdict(change).items() if value is not UNSET}
