"""HTTP routes of the lifecycle of an assessment.

Each transition, such as a return, is a resource that a client creates. The list of transitions is the history
of the assessment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Final

from litestar import Controller, Response

from actitud_api.engine.i18n import Texts
from actitud_api.engine.narration import words
from actitud_api.engine.narration.state_names import PHASES, STATES
from actitud_api.platform.auth.idempotency import idempotent
from actitud_api.platform.auth.policy import DEADLINE_EXTENDERS, DRAFT_READERS, REVIEWERS
from actitud_api.platform.auth.service import Principal
from actitud_api.platform.http.contract import VERSION, Link
from actitud_api.platform.http.operations import get, post
from actitud_api.platform.http.paging import Cursor, PageQuery
from actitud_api.platform.http.problems import CONFLICT, NOT_FOUND, Fault, ProblemMapping, maps_to
from actitud_api.platform.http.representations import Pages, Representation
from actitud_api.platform.http.scope import ApiRequest
from actitud_api.platform.storage.database import Database, Session
from actitud_api.platform.storage.pages import PageRange
from actitud_api.platform.storage.versions import Expected
from actitud_api.resources.assessments import transition_schemas, transitions
from actitud_api.resources.assessments.lifecycle import (
    DeadlinePassed,
    HearingStillOpen,
    HearingTooShort,
    InvalidDeadline,
    InvalidTransition,
    TooLateToReply,
    TransitionRecord,
)
from actitud_api.resources.assessments.schemas import AssessmentPath
from actitud_api.resources.assessments.transitions import UnknownTransition

TRANSITION = Representation(transition_schemas.Transition)
PAGE = Pages(transition_schemas.TransitionPage)
CURSOR: Cursor[int] = Cursor("editions.assessments.transitions.list", int)

_HERE = {"edition": "$request.path.edition", "organisation": "$request.path.organisation"}
LINKS: Final[Mapping[str, Link]] = {
    "transitions": Link("editions.assessments.transitions.list", _HERE),
    "review": Link("editions.assessments.reviews.create", {**_HERE, **VERSION}),
    "hearing": Link("editions.assessments.hearings.create", {**_HERE, **VERSION}),
    "return": Link("editions.assessments.returns.create", {**_HERE, **VERSION}),
    "final": Link("editions.assessments.finals.create", {**_HERE, **VERSION}),
    "extension": Link("editions.assessments.extensions.create", {**_HERE, **VERSION}),
}
"""OpenAPI links in the response about an assessment: to its history and to the operations that change its state."""


def _invalid_transition(error: InvalidTransition) -> Texts:
    now = STATES[error.state]
    if not error.allowed:
        return Texts(
            "Estado de la evaluación: {now}. No cambia, no se borra y no pasa a ningún otro.",
            "State of the assessment: {now}. It does not change, is not removed and goes to no other state.",
            now=now,
        )
    return Texts(
        "Estado de la evaluación: {now}. No lo admite; desde él puede pasar a: {allowed}.",
        "State of the assessment: {now}. It does not admit that; from it, it may go to: {allowed}.",
        now=now,
        allowed=lambda language: " · ".join(STATES[state].into(language) for state in error.allowed),
    )


_INVALID_DEADLINE: Final[Mapping[str, Texts]] = {
    "past": Texts("El {day} ya ha pasado: hoy es {against}.", "{day} is over: it is {against}."),
    "notice": Texts(
        "El {day} es hoy, y no deja un día entero a la organización: el nuevo último día es uno posterior.",
        "{day} is today, which leaves the organisation no whole day: the new last day is a later one.",
    ),
    "extension": Texts(
        "El {day} no es una prórroga: sin ella el último día es {against}.",
        "{day} is no extension: without it the last day is {against}.",
    ),
    "publication": Texts(
        "El {day} es posterior al último día de la edición, {against}, que dice su calendario.",
        "{day} is after the last day of the edition, {against}, as its calendar says.",
    ),
}


PROBLEMS: tuple[ProblemMapping, ...] = (
    maps_to(
        UnknownTransition,
        NOT_FOUND,
        Texts("La evaluación no tiene ningún paso {number}.", "The assessment has no transition {number}."),
    ),
    maps_to(
        InvalidTransition,
        CONFLICT,
        _invalid_transition,
        lambda error, detail: [Fault("", "state", error.state, detail, allowed=error.allowed)],
    ),
    maps_to(
        DeadlinePassed,
        CONFLICT,
        lambda error: Texts(
            "El último día de {name} fue el {day}. Quien publica la edición puede dar más (`extensions`, fase "
            "`{phase}`).",
            "The last day of {name} was {day}. The publisher of the edition can give more (`extensions`, phase "
            "`{phase}`).",
            name=PHASES[error.phase],
            day=partial(words.format_day, error.day),
            phase=error.phase,
        ),
        lambda error, detail: [Fault("", "deadline", str(error.day), detail)],
    ),
    maps_to(
        HearingStillOpen,
        CONFLICT,
        lambda error: Texts(
            "La audiencia dura hasta el {day}, y ese día no termina hasta que termina en todas partes (UTC-12).",
            "The hearing goes on until {day}, and that day ends when it has ended everywhere (UTC-12).",
            day=partial(words.format_day, error.day),
        ),
        lambda error, detail: [Fault("", "deadline", str(error.day), detail)],
    ),
    maps_to(
        InvalidDeadline,
        CONFLICT,
        lambda error: _INVALID_DEADLINE[error.rule].fill(day=error.day, against=error.against),
        lambda error, detail: [
            Fault(
                f"/{error.member}",
                error.rule,
                str(error.day),
                detail,
                None if error.suggestion is None else str(error.suggestion),
            )
        ],
    ),
    maps_to(
        HearingTooShort,
        CONFLICT,
        Texts(
            "La audiencia terminaría hoy, {day}, y no dejaría un día entero para alegar: antes de empezarla, amplíela "
            "hasta el {first} o más allá con una prórroga (`extensions`, fase `hearing`).",
            "The hearing would end today, {day}, which leaves no whole day to reply: before it begins, give it until "
            "{first} or later with an extension (`extensions`, phase `hearing`).",
        ),
        lambda error, detail: [Fault("", "notice", str(error.day), detail, str(error.first))],
    ),
    maps_to(
        TooLateToReply,
        CONFLICT,
        Texts(
            "La audiencia termina el {day} y ya no queda un día entero para alegar: desde entonces solo se admite lo "
            "que sea más favorable a la organización. Lo más severo tiene que darle otro último día "
            "(`hearing_until`), desde el {first}.",
            "The hearing ends on {day}, which leaves no whole day to reply: from then on only what is milder is "
            "admitted. What is harsher has to give the organisation another last day (`hearing_until`), {first} or "
            "later.",
        ),
        lambda error, detail: [Fault("/hearing_until", "harsher", str(error.day), detail, str(error.first))],
    ),
)


class TransitionsController(Controller):
    """Routes to move an assessment from one state to the next, to extend its phases and to read its history."""

    path = "/v1/editions/{edition:str}/assessments/{organisation:str}"
    tags = ("assessments",)

    @post(
        "/reviews",
        operation_id="editions.assessments.reviews.create",
        access=REVIEWERS,
        answer=TRANSITION,
        precondition="match",
        problems=(CONFLICT,),
    )
    def create_review(
        self,
        request: ApiRequest,
        path: AssessmentPath,
        principal: Principal,
        database: Database,
        expected: Expected,
    ) -> Response[bytes]:
        """Start the review of an assessment.

        Moves an assessment from `submitted` to `under_review`.
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

        Moves an assessment from `submitted`, `under_review` or `hearing` to `returned`. The organisation may change and
        submit it again up to and including the day `until`, even if the edition is already in review. That day must not
        be over, nor be later than the last day of the calendar.
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
    )
    def create_final(
        self,
        request: ApiRequest,
        path: AssessmentPath,
        principal: Principal,
        database: Database,
        expected: Expected,
    ) -> Response[bytes]:
        """Make an assessment final.

        Moves an assessment from `hearing` to `final` once the last day of the hearing has ended in every time zone
        (UTC-12).
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
        """Extend a phase for one organisation.

        Sets `until` as the last day of one phase of one assessment. It must be later than the regular last day of the
        phase (in the calendar or, for a returned assessment, set by the return) and not later than the last day of the
        whole calendar. The latest extension of a phase replaces earlier extensions.
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
                "editions.assessments.transitions.get", {**_HERE, "transition": "$response.body#/items/0/id"}
            ),
        },
    )
    def list_transitions(
        self, request: ApiRequest, path: AssessmentPath, query: PageQuery, database: Database
    ) -> Response[bytes]:
        """List the transitions of an assessment.

        Oldest first.
        """
        total = query.make_total()
        rows = transitions.list_transitions(
            database,
            path.edition,
            path.organisation,
            PageRange(CURSOR.read(query), query.offset, query.limit + 1, total),
        )
        kept, cursor = CURSOR.cut(query, rows, lambda transition: transition.number)
        return PAGE.page_of(request, map(transition_schemas.build_transition, kept), cursor, total)

    @get(
        "/transitions/{transition:str}",
        operation_id="editions.assessments.transitions.get",
        access=DRAFT_READERS,
        answer=TRANSITION,
    )
    def get_transition(
        self, request: ApiRequest, path: transition_schemas.TransitionPath, database: Database
    ) -> Response[bytes]:
        """Get a transition.

        `id` is the number of the transition in the history of its assessment, from 1.
        """
        transition = transitions.get_transition(database, path.edition, path.organisation, path.transition)
        return TRANSITION.of(request, transition_schemas.build_transition(transition))


def respond_with_transition(
    request: ApiRequest, database: Database, act: Callable[[Session], TransitionRecord]
) -> Response[bytes]:
    """Run `act` in a transaction and return a 201 response with the transition that `act` made.

    A repeated request with the same `Idempotency-Key` gets the stored response; `act` is not run again.
    """

    def make(session: Session) -> Response[bytes]:
        made = act(session)
        created = f"/v1/editions/{made.edition}/assessments/{made.organisation}/transitions/{made.number}"
        return TRANSITION.of(request, transition_schemas.build_transition(made), created=created)

    return idempotent(request, database, make)
