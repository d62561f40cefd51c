"""Requests and responses about the lifecycle of an assessment."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from msgspec import Meta, Struct, field

from actitud_api.engine.methodology.free_text import NOTE_MAX, PERSONAL_DATA, TRIMMED
from actitud_api.platform.http.members import copy_members
from actitud_api.platform.http.paging import Page
from actitud_api.resources.assessments.lifecycle import AssessmentState, Phase, TransitionRecord
from actitud_api.resources.assessments.schemas import AssessmentPath, Time

Reason = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=NOTE_MAX,
        pattern=TRIMMED,
        description="The reason, shown to everybody who may read the assessment. Identity numbers, e-mail addresses "
        "and telephone numbers are refused.",
        extra_json_schema={"not": {"pattern": PERSONAL_DATA}},
    ),
]


class TransitionPath(AssessmentPath, frozen=True):
    """The path parameters of a transition."""

    transition: Annotated[str, Meta(description="Id of the transition.", examples=["1"])]


class ReturnRequest(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The request to return an assessment: the reason, and the last day to submit it again."""

    reason: Reason
    until: Annotated[date, Meta(description="Last day on which the organisation may change and submit it again.")]


class ExtensionRequest(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The request to extend a phase for one organisation."""

    phase: Annotated[Phase, Meta(description="The phase of the calendar to extend.")]
    until: Annotated[date, Meta(description="New last day of the phase, later than the day without extension.")]
    reason: Reason


class Transition(Struct, frozen=True, kw_only=True):
    """A transition in the history of an assessment. `id` numbers the transitions of one assessment from 1."""

    id: str
    edition: str
    organisation: str
    at: Time
    role: Annotated[str, Meta(description="The role of the key that made the transition.")]
    before: Annotated[AssessmentState, Meta(description="The state before the transition.")] = field(name="from")
    after: Annotated[AssessmentState, Meta(description="The state after it; an extension keeps the state.")] = field(
        name="to"
    )
    phase: Annotated[Phase | None, Meta(description="The extended phase; null for other transitions.")]
    reason: Annotated[str | None, Meta(description="The reason of a return or an extension; empty if it was erased.")]
    until: Annotated[date | None, Meta(description="The last day set by a return or an extension, inclusive.")]


class TransitionPage(Page[Transition], frozen=True):
    """A page of transitions."""


def build_transition(transition: TransitionRecord) -> Transition:
    """Build the response about a stored transition."""
    return copy_members(transition, Transition, id=str(transition.number))
