"""Requests and answers about the lifecycle of an assessment."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from msgspec import Meta, Struct, field

from actitud_api.engine.methodology.free_text import NOTE_MAX, PERSONAL_DATA, TRIMMED
from actitud_api.platform.http.paging import Page
from actitud_api.resources.assessments.lifecycle import AssessmentState, Phase, TransitionRecord
from actitud_api.resources.assessments.schemas import AssessmentPath, Time

Reason = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=NOTE_MAX,
        pattern=TRIMMED,
        description="Why; whoever may read the assessment reads it. Identity numbers, e-mail addresses and telephone "
        "numbers are refused.",
        extra_json_schema={"not": {"pattern": PERSONAL_DATA}},
    ),
]


class TransitionPath(AssessmentPath, frozen=True):
    """What names a transition in a path."""

    transition: Annotated[str, Meta(description="Id of the transition.", examples=["1"])]


class ReturnRequest(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What goes with an assessment that is returned."""

    reason: Reason
    until: Annotated[date, Meta(description="Last day on which the organisation may change and submit it again.")]


class ExtensionRequest(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An extension of a phase for one organisation."""

    phase: Annotated[Phase, Meta(description="Which phase of the calendar of the edition.")]
    until: Annotated[date, Meta(description="Its last day, later than without the extension.")]
    reason: Reason


class Transition(Struct, frozen=True, kw_only=True):
    """A step in the life of an assessment, the first one, the second…: `id` says which."""

    id: str
    edition: str
    organisation: str
    at: Time
    role: Annotated[str, Meta(description="The role of the key by which it was made.")]
    before: Annotated[AssessmentState, Meta(description="The state before it.")] = field(name="from")
    after: Annotated[AssessmentState, Meta(description="The state after it, the same where a phase is extended.")] = (
        field(name="to")
    )
    phase: Annotated[Phase | None, Meta(description="The phase that is extended; else null.")]
    reason: Annotated[str | None, Meta(description="Why it was returned or extended.")]
    until: Annotated[date | None, Meta(description="The last day that was given, that included.")]


class TransitionPage(Page[Transition], frozen=True):
    """The transitions of an assessment, the first one first."""


def build_transition(transition: TransitionRecord) -> Transition:
    """Build the answer about a stored transition."""
    return Transition(
        id=str(transition.number),
        edition=transition.edition,
        organisation=transition.organisation,
        at=transition.at,
        role=transition.role,
        before=transition.before,
        after=transition.after,
        phase=transition.phase,
        reason=transition.reason,
        until=transition.until,
    )
