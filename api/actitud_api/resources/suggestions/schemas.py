"""Requests and responses about suggestions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct, structs

from actitud_api.engine.methodology.free_text import PERSONAL_DATA, STRAIGHT
from actitud_api.engine.methodology.loader import list_versions
from actitud_api.platform.http.members import copy_members
from actitud_api.platform.http.paging import Page, PageQuery
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
        description=f"The suggestion in a few words. {_PUBLISHED}",
        extra_json_schema=_NOT_PERSONAL,
    ),
]
Text = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=TEXT_MAX,
        pattern=STRAIGHT,
        description=f"The suggestion in full, with reasons. {_PUBLISHED}",
        extra_json_schema=_NOT_PERSONAL,
    ),
]
Reason = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=TEXT_MAX,
        pattern=STRAIGHT,
        description=f"The reason of the decision. {_PUBLISHED}",
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
        description="Methodology version that the decision is about, or that includes what it accepts.",
    ),
]


class SuggestionQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The query parameters of the list of suggestions."""

    kind: Annotated[Kind, Meta(description="Only errors, or only indicators.")] | None = None
    state: Annotated[State, Meta(description="Only suggestions with this last decision.")] | None = None
    dimension: DimensionId | None = None


class SuggestionPath(Struct, frozen=True):
    """The path parameters of a suggestion."""

    suggestion: Annotated[str, Meta(description="Id of the suggestion.", examples=["1"])]


class SuggestionRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A suggestion of a further error or an indicator."""

    kind: Annotated[Kind, Meta(description="An error beyond the ten of the article, or an indicator.")]
    title: Title
    text: Text
    language: Tag
    dimension: DimensionId | None = None
    indicator: IndicatorId | None = None


class DecisionRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A decision on a suggestion. Earlier decisions stay visible."""

    decision: Annotated[Outcome, Meta(description="The decision; a deferred suggestion is decided later.")]
    reason: Reason
    language: Annotated[Tag, Meta(description="Language of the reason; by default that of the suggestion.")] | None = (
        None
    )
    methodology: Version | None = None


class SuggestionDecision(Struct, frozen=True, kw_only=True):
    """A decision on a suggestion, with its reason. `methodology` is null if the decision names no version."""

    decision: Outcome
    reason: str
    language: Annotated[str, Meta(description="Language of the reason (BCP 47).")]
    methodology: str | None
    decided: datetime


class Suggestion(Struct, frozen=True, kw_only=True):
    """A suggestion with all decisions on it."""

    id: str
    kind: Kind
    title: str
    text: str
    language: Annotated[str, Meta(description="Language of title and text (BCP 47).")]
    dimension: Annotated[str | None, Meta(description="The dimension that it is about, or null.")]
    indicator: Annotated[str | None, Meta(description="The indicator that it is about, or null.")]
    state: Annotated[State, Meta(description="The last decision, or `undecided`.")]
    decisions: Annotated[
        tuple[SuggestionDecision, ...], Meta(description="All decisions, oldest first; the last one counts.")
    ]
    created: datetime
    updated: datetime


class SuggestionPage(Page[Suggestion], frozen=True):
    """A page of suggestions."""


def build_suggestion(record: SuggestionRecord) -> Suggestion:
    """Build the response about a stored suggestion."""
    decisions = tuple(SuggestionDecision(**structs.asdict(decision)) for decision in record.decisions)
    return copy_members(record, Suggestion, id=str(record.id), decisions=decisions)
