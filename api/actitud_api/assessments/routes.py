"""Assessments and their submissions over HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

from litestar import Controller, Response, delete, get, patch, post, put
from litestar.datastructures import State
from litestar.params import FromPath

from actitud_api.access.idempotency import once
from actitud_api.access.policy import principal_of
from actitud_api.access.recording import recorded
from actitud_api.access.service import OF_ORGANISATIONS
from actitud_api.assessments import service, wire
from actitud_api.assessments.service import (
    AnotherMethodology,
    Early,
    Late,
    Misdated,
    NotSubmittable,
    OutOfOrder,
    Record,
    Submitted,
    UnknownAssessment,
    UnknownSubmission,
    UnknownTransition,
)
from actitud_api.http.contract import VERSION, Link, contract
from actitud_api.http.inputs import Body, Query
from actitud_api.http.negotiation import Texts
from actitud_api.http.paging import Cursor, PageQuery, next_url
from actitud_api.http.preconditions import if_match
from actitud_api.http.problems import (
    CONFLICT,
    NOT_FOUND,
    UNAVAILABLE,
    Fault,
    ProblemMapping,
    first,
    maps_to,
)
from actitud_api.http.representations import Representation
from actitud_api.http.scope import ApiRequest, language_of
from actitud_api.storage.database import Database, Session
from actitud_api.storage.versions import revision
from actitud_api.texts.life import PHASES, STATES

WHOLE = Body(*(known.whole for known in service.TYPES.values()))
PATCH = Body(*(known.patch for known in service.TYPES.values()), patch=True)
SUBMISSION_REQUEST = Body(wire.SubmissionRequest)
ASSESSMENT = Representation(wire.Assessment, sentences=True)
SUBMISSION = Representation(wire.Submission, sentences=True)
QUERY = Query(wire.AssessmentQuery)
PAGE = Representation(wire.AssessmentPage)
CURSOR: Cursor[str] = Cursor("editions.assessments.list", str)
SUBMISSIONS_QUERY = Query(PageQuery)
SUBMISSIONS_PAGE = Representation(wire.SubmissionPage, sentences=True)
SUBMISSIONS_CURSOR: Cursor[int] = Cursor("editions.assessments.submissions.list", int)

_HERE = {"edition": "$request.path.edition", "organisation": "$request.path.organisation"}
_ASSESSMENT = Link("editions.assessments.get", _HERE, "The assessment.")
_SUBMISSIONS = Link("editions.assessments.submissions.list", _HERE, "Its submissions.")
_LINKS = {
    "replace": Link("editions.assessments.put", {**_HERE, **VERSION}, "To replace this version of it."),
    "update": Link("editions.assessments.update", {**_HERE, **VERSION}, "To change this version of it."),
    "delete": Link("editions.assessments.delete", {**_HERE, **VERSION}, "To remove this version of it."),
    "submit": Link("editions.assessments.submissions.create", {**_HERE, **VERSION}, "To submit this version of it."),
    "submissions": _SUBMISSIONS,
    "score": Link("editions.scores.get", _HERE, "Its explained score."),
}
_LINKS_OF_WRITTEN = {"assessment": _ASSESSMENT, **_LINKS}


def _another_methodology(error: AnotherMethodology) -> Texts:
    return Texts(
        f"La edición se responde con la metodología {error.asked}.",
        f"The edition is answered under the methodology {error.asked}.",
    )


def _out_of_order(error: OutOfOrder) -> Texts:
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


def _late(error: Late) -> Texts:
    phase = PHASES[error.phase]
    return Texts(
        f"El último día de {phase.es} fue el {error.day}; se amplía con una prórroga (`extensions`, fase "
        f"`{error.phase}`).",
        f"The last day of {phase.en} was {error.day}; an extension gives more (`extensions`, phase `{error.phase}`).",
    )


def _early(error: Early) -> Texts:
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


def _misdated(error: Misdated) -> Texts:
    es, en = (text.format(day=error.day, against=error.against) for text in _MISDATED[error.rule])
    return Texts(es, en)


def _errors(error: NotSubmittable) -> Iterator[Fault]:
    for finding in error.errors:
        es, en = (wire.sentence(error.methodology, finding, language) for language in ("es", "en"))
        yield Fault(error.place + wire.pointer(finding), finding.rule, None, Texts(es, en))
    for rule in error.unneeded:
        detail = Texts(f"{rule} no es una advertencia de la evaluación.", f"{rule} is no warning of the assessment.")
        yield Fault(f"/explanations/{rule}", "no_warning", None, detail)


PROBLEMS: tuple[ProblemMapping, ...] = (
    maps_to(
        UnknownAssessment,
        NOT_FOUND,
        lambda error: Texts(
            f"{error.organisation} no tiene evaluación en la edición {error.edition}.",
            f"{error.organisation} has no assessment in the edition {error.edition}.",
        ),
    ),
    maps_to(
        UnknownSubmission,
        NOT_FOUND,
        lambda error: Texts(
            f"La evaluación no tiene ninguna presentación {error.number}.",
            f"The assessment has no submission {error.number}.",
        ),
    ),
    maps_to(
        UnknownTransition,
        NOT_FOUND,
        lambda error: Texts(
            f"La evaluación no tiene ningún paso {error.number}.",
            f"The assessment has no transition {error.number}.",
        ),
    ),
    maps_to(
        OutOfOrder,
        CONFLICT,
        _out_of_order,
        lambda error: [Fault("", "state", error.state, _out_of_order(error), allowed=error.allowed)],
    ),
    maps_to(Late, CONFLICT, _late, lambda error: [Fault("", "deadline", str(error.day), _late(error))]),
    maps_to(Early, CONFLICT, _early, lambda error: [Fault("", "deadline", str(error.day), _early(error))]),
    maps_to(
        Misdated,
        CONFLICT,
        _misdated,
        lambda error: [Fault("/until", error.rule, str(error.day), _misdated(error), str(error.against))],
    ),
    maps_to(
        AnotherMethodology,
        CONFLICT,
        _another_methodology,
        lambda error: [
            Fault(f"{error.place}/methodology", "edition", error.sent, _another_methodology(error), error.asked)
        ],
    ),
    maps_to(
        NotSubmittable,
        CONFLICT,
        lambda error: Texts(
            "La evaluación no se puede presentar así; véase `errors`.",
            "The assessment cannot be submitted so; see `errors`.",
        ),
        lambda error: first(_errors(error)),
    ),
)


class AssessmentsController(Controller):
    """What organisations state in an edition."""

    path = "/v1/editions/{edition:str}/assessments"
    tags = ("assessments",)

    @get(
        "/",
        operation_id="editions.assessments.list",
        summary="List the assessments of an edition",
        description="Assessments by organisation: those that the key may see.",
        opt=contract(
            path=wire.EditionPath,
            query=QUERY,
            answer=PAGE,
            problems=(UNAVAILABLE,),
            links={
                "assessment": Link(
                    "editions.assessments.get",
                    {"edition": "$request.path.edition", "organisation": "$response.body#/items/0/organisation"},
                    "The first assessment of the page.",
                )
            },
            cors=False,
        ),
        sync_to_thread=True,
    )
    def list_assessments(self, request: ApiRequest, state: State, edition: FromPath[str]) -> Response[bytes]:
        """A page of assessments."""
        query, principal = QUERY.of(request), principal_of(request)
        bound = principal is not None and principal.role in OF_ORGANISATIONS
        rows = service.page(
            state["database"],
            edition,
            among=principal.organisations if principal is not None and bound else None,
            state=query.state,
            after=CURSOR.read(query),
            offset=query.offset,
            limit=query.limit + 1,
        )
        kept, cursor = CURSOR.cut(query, rows, lambda row: row.organisation)
        items = tuple(wire.line(row) for row in kept)
        return PAGE.of(request, wire.AssessmentPage(items=items, next=next_url(request, cursor), next_cursor=cursor))

    @get(
        "/{organisation:str}",
        operation_id="editions.assessments.get",
        summary="Get an assessment",
        description="What an organisation states in an edition, with what is wrong with it and how it scores.",
        opt=contract(
            path=wire.AssessmentPath, aliased=True, answer=ASSESSMENT, problems=(UNAVAILABLE,), links=_LINKS, cors=False
        ),
        sync_to_thread=True,
    )
    def get_assessment(
        self, request: ApiRequest, state: State, edition: FromPath[str], organisation: FromPath[str]
    ) -> Response[bytes]:
        """One assessment."""
        return _answer(request, service.get(state["database"], edition, organisation))

    @put(
        "/{organisation:str}",
        operation_id="editions.assessments.put",
        summary="Make or replace an assessment",
        description=(
            "Makes the assessment of an organisation in an open edition (`If-None-Match: *`), or replaces its draft as "
            "a whole (`If-Match`). An answer or field is evidenced where at least one of its documents counts: its "
            "host is a declared domain of the organisation or below one, and its date has come. What contradicts "
            "itself is stored with findings, never refused."
        ),
        opt=contract(
            path=wire.AssessmentPath,
            aliased=True,
            body=WHOLE,
            answer=ASSESSMENT,
            problems=(CONFLICT, UNAVAILABLE),
            links=_LINKS_OF_WRITTEN,
            cors=False,
            precondition="match_or_none",
        ),
        sync_to_thread=True,
    )
    def put_assessment(
        self, request: ApiRequest, state: State, edition: FromPath[str], organisation: FromPath[str]
    ) -> Response[bytes]:
        """Makes or replaces an assessment."""
        database: Database = state["database"]
        whole, expected = WHOLE.of(request), if_match(request)

        def put(session: Session) -> service.Written:
            return service.put(session, edition, organisation, whole, expected=expected, now=datetime.now(UTC))

        written = recorded(request, database, put)
        return _answer(request, written.record, created=written.is_new)

    @patch(
        "/{organisation:str}",
        operation_id="editions.assessments.update",
        summary="Change an assessment",
        description=(
            "Changes what the patch names (RFC 7396) of a draft in an open edition. An answer is replaced with all its "
            "facts, or removed by null; its evidence and note stay unless they are named."
        ),
        opt=contract(
            path=wire.AssessmentPath,
            aliased=True,
            body=PATCH,
            answer=ASSESSMENT,
            problems=(CONFLICT, UNAVAILABLE),
            links=_LINKS_OF_WRITTEN,
            cors=False,
            precondition="match",
        ),
        sync_to_thread=True,
    )
    def update_assessment(
        self, request: ApiRequest, state: State, edition: FromPath[str], organisation: FromPath[str]
    ) -> Response[bytes]:
        """Changes an assessment."""
        database: Database = state["database"]
        change, expected = PATCH.of(request), if_match(request)

        def change_it(session: Session) -> Record:
            return service.patch(session, edition, organisation, change, expected=expected, now=datetime.now(UTC))

        return _answer(request, recorded(request, database, change_it))

    @delete(
        "/{organisation:str}",
        operation_id="editions.assessments.delete",
        summary="Remove an assessment",
        description="Removes a draft in an open edition. What was submitted stays.",
        opt=contract(
            path=wire.AssessmentPath, aliased=True, problems=(CONFLICT, UNAVAILABLE), cors=False, precondition="match"
        ),
        sync_to_thread=True,
    )
    def delete_assessment(
        self, request: ApiRequest, state: State, edition: FromPath[str], organisation: FromPath[str]
    ) -> None:
        """Removes an assessment."""
        database: Database = state["database"]
        expected = if_match(request)
        recorded(request, database, lambda session: service.delete(session, edition, organisation, expected=expected))


class SubmissionsController(Controller):
    """Assessments as they were submitted."""

    path = "/v1/editions/{edition:str}/assessments/{organisation:str}/submissions"
    tags = ("assessments",)

    @get(
        "/",
        operation_id="editions.assessments.submissions.list",
        summary="List the submissions of an assessment",
        description="The submissions of an assessment, the first one first.",
        opt=contract(
            path=wire.AssessmentPath,
            aliased=True,
            query=SUBMISSIONS_QUERY,
            answer=SUBMISSIONS_PAGE,
            problems=(UNAVAILABLE,),
            links={
                "submission": Link(
                    "editions.assessments.submissions.get",
                    {**_HERE, "submission": "$response.body#/items/0/id"},
                    "The first submission of the page, whole.",
                ),
                "assessment": _ASSESSMENT,
            },
            cors=False,
        ),
        sync_to_thread=True,
    )
    def list_submissions(
        self, request: ApiRequest, state: State, edition: FromPath[str], organisation: FromPath[str]
    ) -> Response[bytes]:
        """A page of submissions."""
        query = SUBMISSIONS_QUERY.of(request)
        rows = service.submissions(
            state["database"],
            edition,
            organisation,
            after=SUBMISSIONS_CURSOR.read(query),
            offset=query.offset,
            limit=query.limit + 1,
        )
        kept, cursor = SUBMISSIONS_CURSOR.cut(query, rows, lambda stored: stored.number)
        items = tuple(wire.submission_line(stored, language_of(request.scope)) for stored in kept)
        page = wire.SubmissionPage(items=items, next=next_url(request, cursor), next_cursor=cursor)
        return SUBMISSIONS_PAGE.of(request, page)

    @get(
        "/{submission:str}",
        operation_id="editions.assessments.submissions.get",
        summary="Get a submission",
        description="An assessment as it was submitted, whole, with the explanations of its warnings.",
        opt=contract(
            path=wire.SubmissionPath,
            aliased=True,
            answer=SUBMISSION,
            problems=(UNAVAILABLE,),
            links={"submissions": _SUBMISSIONS, "assessment": _ASSESSMENT},
            cors=False,
        ),
        sync_to_thread=True,
    )
    def get_submission(
        self,
        request: ApiRequest,
        state: State,
        edition: FromPath[str],
        organisation: FromPath[str],
        submission: FromPath[str],
    ) -> Response[bytes]:
        """One submission."""
        stored = service.submission(state["database"], edition, organisation, submission)
        return SUBMISSION.of(request, wire.submission(stored, language_of(request.scope)))

    @post(
        "/",
        operation_id="editions.assessments.submissions.create",
        summary="Submit an assessment",
        description=(
            "Submits a draft in an open edition as it is (`If-Match`); from then on it does not change. One with error "
            "findings is refused with all of them: `pointer` is then the place in the assessment."
        ),
        opt=contract(
            path=wire.AssessmentPath,
            aliased=True,
            body=SUBMISSION_REQUEST,
            answer=SUBMISSION,
            problems=(CONFLICT, UNAVAILABLE),
            links={
                "submission": Link(
                    "editions.assessments.submissions.get",
                    {**_HERE, "submission": "$response.body#/id"},
                    "The submission.",
                ),
                "submissions": _SUBMISSIONS,
                "assessment": _ASSESSMENT,
            },
            cors=False,
            precondition="match",
            idempotent=True,
        ),
        sync_to_thread=True,
    )
    def create_submission(
        self, request: ApiRequest, state: State, edition: FromPath[str], organisation: FromPath[str]
    ) -> Response[bytes]:
        """Submits an assessment."""
        explanations, expected = SUBMISSION_REQUEST.of(request).explanations, if_match(request)

        def submit(session: Session) -> Response[bytes]:
            now = datetime.now(UTC)
            made = service.submit(
                session, edition, organisation, explanations, role=_role(request), expected=expected, now=now
            )
            document = wire.submission(made, language_of(request.scope))
            return SUBMISSION.of(request, document, created=f"{_path(made)}/submissions/{made.number}")

        return once(request, state["database"], submit)


def _role(request: ApiRequest) -> str:
    """The role of whoever asks, who has a key: the policy says so."""
    principal = principal_of(request)
    assert principal is not None
    return principal.role


def _answer(request: ApiRequest, record: Record, *, created: bool = False) -> Response[bytes]:
    document = wire.assessment(record, language_of(request.scope))
    tag = revision(record.created, record.version)
    return ASSESSMENT.of(request, document, revision=tag, created=_path(record) if created else None)


def _path(stored: Record | Submitted) -> str:
    return f"/v1/editions/{stored.edition}/assessments/{stored.organisation}"
