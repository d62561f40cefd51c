"""Steps that many assessments take at once: their form in requests and in the parameters of jobs. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Final, Literal, TypeAlias

from msgspec import Meta, Struct, convert

from actitud_api.engine.methodology.free_text import NO_CONTROL
from actitud_api.resources.assessments.lifecycle import NEXT_STATES, AssessmentState, Phase
from actitud_api.resources.assessments.transition_schemas import Reason
from actitud_api.resources.organisations.schemas import (
    Identifier,
    OfBand,
    OfKind,
    OfParent,
    OfProvince,
    OfRegion,
    OfWords,
)

ORGANISATIONS_MAX: Final = 1_000
"""Most organisations that a request names one by one; a filter, or the lack of one, selects any number."""

StepName = Literal["submissions", "reviews", "hearings", "returns", "finals", "extensions"]
"""The name of a step: the collection to which the step of one assessment is posted."""


class AssessmentFilter(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A selection of the assessments of an edition, with the filters of the lists of assessments and organisations."""

    state: Annotated[AssessmentState, Meta(description="Only assessments in that state.")] | None = None
    q: Annotated[OfWords, Meta(pattern=NO_CONTROL)] | None = None
    kind: OfKind | None = None
    region: OfRegion | None = None
    province: OfProvince | None = None
    band: OfBand | None = None
    parent: Annotated[OfParent, Meta(pattern=NO_CONTROL)] | None = None


class StepRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Common members of the requests for a step of many assessments.

    With both `organisations` and `filter`, only the listed organisations that match are selected. With neither, all
    assessments in a state that allows the step are selected.
    """

    step: StepName
    organisations: (
        Annotated[
            tuple[Identifier, ...],
            Meta(
                min_length=1,
                max_length=ORGANISATIONS_MAX,
                description="Only these organisations, by id.",
                extra_json_schema={"uniqueItems": True},
            ),
        ]
        | None
    ) = None
    filter: Annotated[
        AssessmentFilter | None,
        Meta(description="Only assessments that match, in any state.", extra_json_schema={"minProperties": 1}),
    ] = None
    dry_run: Annotated[bool, Meta(description="True to learn what would happen, without changing anything.")] = False


class PlainStep(StepRequest, frozen=True, kw_only=True):
    """The request to submit assessments (without explanations), start their review or hearing, or make them final."""

    step: Literal["submissions", "reviews", "hearings", "finals"]


class ReturnsStep(StepRequest, frozen=True, kw_only=True):
    """The request to return assessments to their organisations."""

    step: Literal["returns"]
    reason: Reason
    until: Annotated[date, Meta(description="Last day on which the organisations may submit them again.")]


class ExtensionsStep(StepRequest, frozen=True, kw_only=True):
    """The request to extend a phase for assessments."""

    step: Literal["extensions"]
    phase: Annotated[Phase, Meta(description="The phase of the calendar to extend.")]
    until: Annotated[date, Meta(description="New last day of the phase.")]
    reason: Reason


Step: TypeAlias = PlainStep | ReturnsStep | ExtensionsStep
STEPS: Final[tuple[type[StepRequest], ...]] = (PlainStep, ReturnsStep, ExtensionsStep)
"""The types of requests; the member `step` tells which of them one is."""

NEXT_STATE: Final[Mapping[StepName, AssessmentState]] = {
    "submissions": "submitted",
    "reviews": "under_review",
    "hearings": "hearing",
    "returns": "returned",
    "finals": "final",
}
"""The state that a step leads to; an extension leads to none."""


def load_step(stored: Mapping[str, object]) -> Step:
    """Decode a step from the JSON in which a job stores it."""
    match stored["step"]:
        case "returns":
            return convert(stored, ReturnsStep)
        case "extensions":
            return convert(stored, ExtensionsStep)
        case _:
            return convert(stored, PlainStep)


def list_states_before(step: Step) -> tuple[AssessmentState, ...]:
    """Return the states in which an assessment can take a step, such as a submission, without regard to deadlines."""
    after = NEXT_STATE.get(step.step)
    return tuple(state for state, following in NEXT_STATES.items() if (after in following if after else following))
