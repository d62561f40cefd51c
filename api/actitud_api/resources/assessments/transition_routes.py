"""The life of an assessment over HTTP: each transition is a resource that is made, and they are its history."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final

from litestar import Controller, Response

from actitud_api.engine.i18n import Texts
from actitud_api.engine.narration.life import PHASES, STATES
from actitud_api.platform.auth.idempotency import idempotent
from actitud_api.platform.auth.policy import DEADLINE_EXTENDERS, DRAFT_READERS, REVIEWERS
from actitud_api.platform.auth.service import Principal
from actitud_api.platform.http.contract import VERSION, Link
from actitud_api.platform.http.operations import get, post
from actitud_api.platform.http.paging import Cursor, PageQuery, next_url
from actitud_api.platform.http.problems import CONFLICT, NOT_FOUND, Fault, ProblemMapping, maps_to
from actitud_api.platform.http.representations import Representation
from actitud_api.platform.http.scope import ApiRequest
from actitud_api.platform.storage.database import Database, Session
from actitud_api.platform.storage.versions import Expected
from actitud_api.resources.assessments import transition_schemas, transitions
from actitud_api.resources.assessments.lifecycle import (
    DeadlinePassed,
    HearingStillOpen,
    InvalidDeadline,
    InvalidTransition,
    TransitionRecord,
)
from actitud_api.resources.assessments.schemas import AssessmentPath
from actitud_api.resources.assessments.transitions import UnknownTransition

TRANSITION = Representation(transition_schemas.Transition)
PAGE = Representation(transition_schemas.TransitionPage)
CURSOR: Cursor[int] = Cursor("editions.assessments.transitions.list", int)

_HERE = {"edition": "$request.path.edition", "organisation": "$request.path.organisation"}
_ASSESSMENT = Link("editions.assessments.get", _HERE, "The assessment.")
_TRANSITIONS = Link("editions.assessments.transitions.list", _HERE, "Its history.")
LINKS: Final[Mapping[str, Link]] = {
    "transitions": _TRANSITIONS,
    "review": Link("editions.assessments.reviews.create", {**_HERE, **VERSION}, "To begin its review."),
    "hearing": Link("editions.assessments.hearings.create", {**_HERE, **VERSION}, "To end the review and hear it."),
    "return": Link("editions.assessments.returns.create", {**_HERE, **VERSION}, "To give it back."),
    "final": Link("editions.assessments.finals.create", {**_HERE, **VERSION}, "To settle it for good."),
    "extension": Link("editions.assessments.extensions.create", {**_HERE, **VERSION}, "To give it more days."),
}
"""What can be done next with an assessment."""
LINKS_OF_MADE: Final[Mapping[str, Link]] = {
    "transition": Link(
        "editions.assessments.transitions.get", {**_HERE, "transition": "$response.body#/id"}, "The transition."
    ),
    "transitions": _TRANSITIONS,
    "assessment": _ASSESSMENT,
}
"""What can be done next with a transition that was just made."""


def _out_of_order(error: InvalidTransition) -> Texts:
    now = STATES[error.state]
    if not error.allowed:
        return Texts(
            f"Estado de la evaluación: {now.es}. No cambia, no se borra y no pasa a ningún otro.",
            f"State of the assessment: {now.en}. It does not change, is not removed and goes to no other state.",
        )
    es, en = (" · ".join(words) for words in zip(*(STATES[state] for state in error.allowed), strict=True))
    return Texts(
        f"Estado de la evaluación: {now.es}. No lo admite; desde él puede pasar a: {es}.",
        f"State of the assessment: {now.en}. It does not admit that; from it, it may go to: {en}.",
    )


def _late(error: DeadlinePassed) -> Texts:
    phase = PHASES[error.phase]
    return Texts(
        f"El último día de {phase.es} fue el {error.day}; se amplía con una prórroga (`extensions`, fase "
        f"`{error.phase}`).",
        f"The last day of {phase.en} was {error.day}; an extension gives more (`extensions`, phase `{error.phase}`).",
    )


def _early(error: HearingStillOpen) -> Texts:
    return Texts(
        f"La audiencia dura hasta el {error.day}, y ese día no termina hasta que termina en todas partes (UTC-12).",
        f"The hearing goes on until {error.day}, and that day ends when it has ended everywhere (UTC-12).",
    )


_MISDATED: Final[Mapping[str, Texts]] = {
    "past": Texts("El {day} ya ha pasado: hoy es {against}.", "{day} is over: it is {against}."),
    "extension": Texts(
        "El {day} no es una prórroga: sin ella el último día es {against}.",
        "{day} is no extension: without one the last day is {against}.",
    ),
    "publication": Texts(
        "El {day} es posterior al último día de la edición, {against}, que dice su calendario.",
        "{day} is after the last day of the edition, {against}, as its calendar says.",
    ),
}


def _misdated(error: InvalidDeadline) -> Texts:
    es, en = (text.format(day=error.day, against=error.against) for text in _MISDATED[error.rule])
    return Texts(es, en)


PROBLEMS: tuple[ProblemMapping, ...] = (
    maps_to(
        UnknownTransition,
        NOT_FOUND,
        lambda error: Texts(
            f"La evaluación no tiene ningún paso {error.number}.",
            f"The assessment has no transition {error.number}.",
        ),
    ),
    maps_to(
        InvalidTransition,
        CONFLICT,
        _out_of_order,
        lambda error: [Fault("", "state", error.state, _out_of_order(error), allowed=error.allowed)],
    ),
    maps_to(DeadlinePassed, CONFLICT, _late, lambda error: [Fault("", "deadline", str(error.day), _late(error))]),
    maps_to(HearingStillOpen, CONFLICT, _early, lambda error: [Fault("", "deadline", str(error.day), _early(error))]),
    maps_to(
        InvalidDeadline,
        CONFLICT,
        _misdated,
        lambda error: [Fault("/until", error.rule, str(error.day), _misdated(error), str(error.against))],
    ),
)


class TransitionsController(Controller):
    """From a draft to what is final."""

    path = "/v1/editions/{edition:str}/assessments/{organisation:str}"
    tags = ("assessments",)

    @post(
        "/reviews",
        operation_id="editions.assessments.reviews.create",
        access=REVIEWERS,
        answer=TRANSITION,
        precondition="match",
        problems=(CONFLICT,),
        links=LINKS_OF_MADE,
    )
    def create_review(
        self,
        request: ApiRequest,
        path: AssessmentPath,
        principal: Principal,
        database: Database,
        expected: Expected,
    ) -> Response[bytes]:
        """Begin the review of an assessment.

        From `submitted` to `under_review`, in an edition that is not published.
        """
        return respond_with_transition(
            request,
            database,
            lambda session: transitions.start_review(
                session, path.edition, path.organisation, role=principal.role, expected=expected, now=datetime.now(UTC)
            ),
        )

    @post(
        "/returns",
        operation_id="editions.assessments.returns.create",
        access=REVIEWERS,
        answer=TRANSITION,
        precondition="match",
        problems=(CONFLICT,),
        links=LINKS_OF_MADE,
    )
    def create_return(
        self,
        request: ApiRequest,
        path: AssessmentPath,
        body: transition_schemas.ReturnRequest,
        principal: Principal,
        database: Database,
        expected: Expected,
    ) -> Response[bytes]:
        """Return an assessment to its organisation.

        From `submitted`, `under_review` or `hearing` to `returned`: the organisation may change and submit it again
        until a day, which is not over and not after the publication of the calendar, also where the edition is in
        review.
        """
        return respond_with_transition(
            request,
            database,
            lambda session: transitions.return_assessment(
                session,
                path.edition,
                path.organisation,
                reason=body.reason,
                until=body.until,
                role=principal.role,
                expected=expected,
                now=datetime.now(UTC),
            ),
        )

    @post(
        "/finals",
        operation_id="editions.assessments.finals.create",
        access=REVIEWERS,
        answer=TRANSITION,
        precondition="match",
        problems=(CONFLICT,),
        links=LINKS_OF_MADE,
    )
    def create_final(
        self,
        request: ApiRequest,
        path: AssessmentPath,
        principal: Principal,
        database: Database,
        expected: Expected,
    ) -> Response[bytes]:
        """Settle an assessment.

        From `hearing` to `final`, once the last day of the hearing has ended everywhere (UTC-12). Only what is final is
        published.
        """
        return respond_with_transition(
            request,
            database,
            lambda session: transitions.finalise_assessment(
                session, path.edition, path.organisation, role=principal.role, expected=expected, now=datetime.now(UTC)
            ),
        )

    @post(
        "/extensions",
        operation_id="editions.assessments.extensions.create",
        access=DEADLINE_EXTENDERS,
        answer=TRANSITION,
        precondition="match",
        problems=(CONFLICT,),
        links=LINKS_OF_MADE,
    )
    def create_extension(
        self,
        request: ApiRequest,
        path: AssessmentPath,
        body: transition_schemas.ExtensionRequest,
        principal: Principal,
        database: Database,
        expected: Expected,
    ) -> Response[bytes]:
        """Extend a phase for an organisation.

        Gives one organisation until a later day than the calendar, not after its publication; what was returned is
        extended (`submission`) beyond its own day. The assessment stays in its state. The last extension of a phase
        counts, and never less than the calendar.
        """
        return respond_with_transition(
            request,
            database,
            lambda session: transitions.extend_phase(
                session,
                path.edition,
                path.organisation,
                phase=body.phase,
                until=body.until,
                reason=body.reason,
                role=principal.role,
                expected=expected,
                now=datetime.now(UTC),
            ),
        )

    @get(
        "/transitions",
        operation_id="editions.assessments.transitions.list",
        access=DRAFT_READERS,
        answer=PAGE,
        links={
            "transition": Link(
                "editions.assessments.transitions.get",
                {**_HERE, "transition": "$response.body#/items/0/id"},
                "The first transition of the page.",
            ),
            "assessment": _ASSESSMENT,
        },
    )
    def list_transitions(
        self, request: ApiRequest, path: AssessmentPath, query: PageQuery, database: Database
    ) -> Response[bytes]:
        """List the transitions of an assessment.

        Its history, the first step first: from which state to which, when, by whom, until when and why.
        """
        rows = transitions.list_transitions(
            database,
            path.edition,
            path.organisation,
            after=CURSOR.read(query),
            offset=query.offset,
            limit=query.limit + 1,
        )
        kept, cursor = CURSOR.cut(query, rows, lambda found: found.number)
        items = tuple(transition_schemas.build_transition(found) for found in kept)
        page = transition_schemas.TransitionPage(items=items, next=next_url(request, cursor), next_cursor=cursor)
        return PAGE.of(request, page)

    @get(
        "/transitions/{transition:str}",
        operation_id="editions.assessments.transitions.get",
        access=DRAFT_READERS,
        answer=TRANSITION,
        links={"transitions": _TRANSITIONS, "assessment": _ASSESSMENT},
    )
    def get_transition(
        self, request: ApiRequest, path: transition_schemas.TransitionPath, database: Database
    ) -> Response[bytes]:
        """Get a transition.

        One step in the life of an assessment.
        """
        found = transitions.get_transition(database, path.edition, path.organisation, path.transition)
        return TRANSITION.of(request, transition_schemas.build_transition(found))


def respond_with_transition(
    request: ApiRequest, database: Database, act: Callable[[Session], TransitionRecord]
) -> Response[bytes]:
    """Answer a transition, once for each attempt."""

    def make(session: Session) -> Response[bytes]:
        made = act(session)
        created = f"/v1/editions/{made.edition}/assessments/{made.organisation}/transitions/{made.number}"
        return TRANSITION.of(request, transition_schemas.build_transition(made), created=created)

    return idempotent(request, database, make)
