"""Suggestions on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from actitud_api.engine.methodology.free_text import PERSONAL_DATA, STRAIGHT
from actitud_api.engine.methodology.loader import list_versions
from actitud_api.platform.http.paging import Page, PageQuery
from actitud_api.resources.suggestions import service
from actitud_api.resources.suggestions.service import (
    DIMENSION_BY_INDICATOR,
    DIMENSIONS,
    Kind,
    Outcome,
    State,
    SuggestionRecord,
)

TITLE_MAX = 200
TEXT_MAX = 4_000
_PUBLISHED = "It is published. Identity numbers, e-mail addresses and telephone numbers are refused."
_NOT_PERSONAL = {"not": {"pattern": PERSONAL_DATA}}

Title = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=TITLE_MAX,
        pattern=STRAIGHT,
        description=f"In a few words. {_PUBLISHED}",
        extra_json_schema=_NOT_PERSONAL,
    ),
]
Text = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=TEXT_MAX,
        pattern=STRAIGHT,
        description=f"In full, and why. {_PUBLISHED}",
        extra_json_schema=_NOT_PERSONAL,
    ),
]
Reason = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=TEXT_MAX,
        pattern=STRAIGHT,
        description=f"Why. {_PUBLISHED}",
        extra_json_schema=_NOT_PERSONAL,
    ),
]
Tag = Annotated[
    str,
    Meta(
        pattern="^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$",
        max_length=11,
        description="Language of the text, as a BCP 47 tag of language, script and region.",
        examples=["es"],
    ),
]
DimensionId = Annotated[str, Meta(extra_json_schema={"enum": list(DIMENSIONS)}, description="Id of a dimension.")]
IndicatorId = Annotated[
    str,
    Meta(
        extra_json_schema={"enum": sorted(DIMENSION_BY_INDICATOR)},
        description="Id of an indicator of any registered version.",
    ),
]
Version = Annotated[
    str,
    Meta(
        extra_json_schema={"enum": list(list_versions())},
        description="Version of the methodology that the decision is about: where it is accepted, that which has it.",
    ),
]


class SuggestionQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of the list of suggestions."""

    kind: Annotated[Kind, Meta(description="Only errors, or only indicators.")] | None = None
    state: Annotated[State, Meta(description="Only those on which that was decided last.")] | None = None
    dimension: DimensionId | None = None


class SuggestionPath(Struct, frozen=True):
    """What names a suggestion in a path."""

    suggestion: Annotated[str, Meta(description="Id of the suggestion.", examples=["1"])]


class SuggestionRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A further error of administrations on social networks, or an indicator, to be looked at."""

    kind: Annotated[Kind, Meta(description="An error that the ten do not have, or an indicator.")]
    title: Title
    text: Text
    language: Tag
    dimension: DimensionId | None = None
    indicator: IndicatorId | None = None


class DecisionRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is decided on a suggestion; it takes the place of what was decided before, which stays to be read."""

    decision: Annotated[Outcome, Meta(description="It comes, it does not, or it is looked at again later.")]
    reason: Reason
    language: (
        Annotated[Tag, Meta(description="Language of the reason; that of the suggestion unless it is sent.")] | None
    ) = None
    methodology: Version | None = None


class Decision(Struct, frozen=True, kw_only=True):
    """What was decided on a suggestion."""

    decision: Outcome
    reason: str
    language: Annotated[str, Meta(description="Language of the reason (BCP 47).")]
    methodology: str | None
    decided: datetime


class Suggestion(Struct, frozen=True, kw_only=True):
    """A suggestion, with everything that was decided on it."""

    id: str
    kind: Kind
    title: str
    text: str
    language: Annotated[str, Meta(description="Language of title and text (BCP 47).")]
    dimension: Annotated[str | None, Meta(description="The dimension that it is about; null where it is none.")]
    indicator: Annotated[str | None, Meta(description="The indicator that it is about; null where it is none.")]
    state: Annotated[State, Meta(description="What was decided last.")]
    decisions: Annotated[tuple[Decision, ...], Meta(description="All, the first one first; the last one counts.")]
    created: datetime
    updated: datetime


class SuggestionPage(Page[Suggestion], frozen=True):
    """A page of suggestions, the newest first."""


def build_suggestion(record: SuggestionRecord) -> Suggestion:
    """Return the response for a stored suggestion."""
    return Suggestion(
        id=str(record.id),
        kind=record.kind,
        title=record.title,
        text=record.text,
        language=record.language,
        dimension=record.dimension,
        indicator=record.indicator,
        state=record.state,
        decisions=tuple(
            Decision(
                decision=made.decision,
                reason=made.reason,
                language=made.language,
                methodology=made.methodology,
                decided=made.decided,
            )
            for made in record.decisions
        ),
        created=record.created,
        updated=record.updated,
    )


def build_proposal(request: SuggestionRequest) -> service.Proposal:
    """Return the proposal of a request."""
    return service.Proposal(
        kind=request.kind,
        title=request.title,
        text=request.text,
        language=request.language,
        dimension=request.dimension,
        indicator=request.indicator,
    )


def build_decision(request: DecisionRequest) -> service.NewDecision:
    """Return the decision of a request."""
    return service.NewDecision(
        decision=request.decision,
        reason=request.reason,
        language=request.language,
        methodology=request.methodology,
    )
