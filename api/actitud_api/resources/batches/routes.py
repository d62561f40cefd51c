"""HTTP routes of batches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, cast

from litestar import Controller, Response

from actitud_api.engine.i18n import Texts
from actitud_api.platform.auth.idempotency import idempotent
from actitud_api.platform.auth.policy import DEADLINE_EXTENDERS, EDITORS, REVIEWERS, TRANSITION_MAKERS
from actitud_api.platform.auth.recording import audit_event, log_denied
from actitud_api.platform.auth.service import Principal
from actitud_api.platform.http.access import Rule
from actitud_api.platform.http.inputs import Body
from actitud_api.platform.http.operations import post
from actitud_api.platform.http.problems import (
    CONFLICT,
    FORBIDDEN,
    Fault,
    ProblemError,
    ProblemMapping,
    maps_to,
)
from actitud_api.platform.http.scope import ApiRequest
from actitud_api.platform.jobs.service import enqueue_job
from actitud_api.platform.storage.database import Database, Session
from actitud_api.resources.assessments.schemas import EditionPath
from actitud_api.resources.batches import service
from actitud_api.resources.batches.service import EmptySelection
from actitud_api.resources.batches.steps import STEPS, Step, StepName, StepRequest
from actitud_api.resources.batches.tasks import TRANSITIONS, build_parameters
from actitud_api.resources.jobs.answers import JOB

STEP = Body(*STEPS, tag_field="step")

_RULES: Final[Mapping[StepName, Rule]] = {
    "submissions": EDITORS,
    "reviews": REVIEWERS,
    "hearings": REVIEWERS,
    "returns": REVIEWERS,
    "finals": REVIEWERS,
    "extensions": DEADLINE_EXTENDERS,
}
"""The access rule of each step: that of the operation for one assessment."""

_EMPTY = Texts(
    "Ninguna evaluación de la edición puede dar ese paso, o ninguna cumple el filtro.",
    "No assessment of the edition can take this step, or none matches the filter.",
)

PROBLEMS: tuple[ProblemMapping, ...] = (
    maps_to(EmptySelection, CONFLICT, _EMPTY, lambda _, detail: [Fault("", "empty", None, detail)]),
)


class BatchesController(Controller):
    """Routes that act on many assessments of an edition."""

    path = "/v1/editions/{edition:str}"
    tags = ("assessments",)

    @post(
        "/transitions",
        operation_id="editions.transitions.create",
        access=TRANSITION_MAKERS,
        body=STEP,
        status=202,
        answer=JOB,
        problems=(CONFLICT,),
    )
    def create_transitions(
        self, request: ApiRequest, path: EditionPath, body: StepRequest, database: Database, principal: Principal
    ) -> Response[bytes]:
        """Take a step for many assessments.

        Starts a job that submits, returns or otherwise moves each selected assessment, with the roles, rules and ledger
        entry of the same operation on one assessment. The results of the job are `done` (in a dry run `possible`),
        `unchanged` or `refused` with the problem. Assessments are selected while the job runs. Refused (409) if nothing
        is selected.
        """
        step = cast(Step, body)  # `STEPS` are the members of `Step`
        if principal.role not in _RULES[step.step].roles:
            log_denied(database, request.scope, principal)
            raise ProblemError(FORBIDDEN, FORBIDDEN.description)
        event = audit_event(request)

        def enqueue(session: Session) -> Response[bytes]:
            record = enqueue_job(
                session,
                kind=TRANSITIONS,
                parameters=build_parameters(step, event),
                principal=principal,
                edition=path.edition,
                total=service.count_selected(session, path.edition, step, principal),
            )
            return JOB.accept(request, session, record)

        return idempotent(request, database, enqueue)
