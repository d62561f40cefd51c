"""HTTP routes of assessments and their submissions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial

from litestar import Controller, Response

from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.methodology.loader import list_offered_versions
from actitud_api.engine.methodology.requests.content import AssessmentPatch, AssessmentRequest
from actitud_api.platform.auth.idempotency import idempotent
from actitud_api.platform.auth.policy import DRAFT_READERS, EDITORS
from actitud_api.platform.auth.recording import with_audit_entry
from actitud_api.platform.auth.service import ORGANISATION_ROLES, Principal
from actitud_api.platform.http.contract import VERSION, Link
from actitud_api.platform.http.inputs import Body
from actitud_api.platform.http.operations import delete, get, patch, post, put
from actitud_api.platform.http.paging import Cursor, PageQuery
from actitud_api.platform.http.problems import CONFLICT, NOT_FOUND, Fault, ProblemMapping, limit_faults, maps_to
from actitud_api.platform.http.representations import Pages, Representation
from actitud_api.platform.http.scope import ApiRequest, choose_language
from actitud_api.platform.storage.database import Database, Session
from actitud_api.platform.storage.pages import PageRange
from actitud_api.platform.storage.versions import Expected, build_revision
from actitud_api.resources.assessments import schemas, service
from actitud_api.resources.assessments.records import AssessmentRecord, SubmissionRecord
from actitud_api.resources.assessments.service import MethodologyMismatch, NotSubmittable, UnknownSubmission
from actitud_api.resources.assessments.transition_routes import LINKS
from actitud_api.resources.assessments.transitions import UnknownAssessment

WHOLE = Body(*(types.whole for types in service.REQUEST_TYPES.values()), offered=list_offered_versions())
PATCH = Body(*(types.patch for types in service.REQUEST_TYPES.values()), patch=True, offered=list_offered_versions())
ASSESSMENT = Representation(schemas.Assessment, sentences=True)
SUBMISSION = Representation(schemas.SubmissionDetail, sentences=True)
PAGE = Pages(schemas.AssessmentPage)
CURSOR: Cursor[str] = Cursor("editions.assessments.list", str)
SUBMISSIONS_PAGE = Pages(schemas.SubmissionPage, sentences=True)
SUBMISSIONS_CURSOR: Cursor[int] = Cursor("editions.assessments.submissions.list", int)

_HERE = {"edition": "$request.path.edition", "organisation": "$request.path.organisation"}
_ASSESSMENT = Link("editions.assessments.get", _HERE)
_LINKS = {
    "replace": Link("editions.assessments.put", {**_HERE, **VERSION}),
    "update": Link("editions.assessments.update", {**_HERE, **VERSION}),
    "delete": Link("editions.assessments.delete", {**_HERE, **VERSION}),
    "submit": Link("editions.assessments.submissions.create", {**_HERE, **VERSION}),
    "submissions": Link("editions.assessments.submissions.list", _HERE),
    **LINKS,
    "verdicts": Link("editions.assessments.verdicts.list", _HERE),
    "whole": Link("editions.assessments.review.get", _HERE),
    "flags": Link("editions.assessments.flags.list", _HERE),
    "replies": Link("editions.assessments.replies.list", _HERE),
    "score": Link("editions.scores.get", _HERE),
    "history": Link("organisations.scores.list", {"organisation": "$request.path.organisation"}),
}


def _errors(error: NotSubmittable) -> Iterator[Fault]:
    for finding in error.errors:
        text = Texts("{finding}", "{finding}", finding=partial(schemas.format_finding, error.methodology, finding))
        yield Fault(error.pointer + schemas.find_pointer(finding), finding.rule, None, text)
    for rule in error.unneeded:
        detail = Texts(
            "{rule} no es una advertencia de la evaluación.", "{rule} is no warning of the assessment.", rule=rule
        )
        yield Fault(f"/explanations/{rule}", "no_warning", None, detail)


PROBLEMS: tuple[ProblemMapping, ...] = (
    maps_to(
        UnknownAssessment,
        NOT_FOUND,
        Texts(
            "{organisation} no tiene evaluación en la edición {edition}.",
            "{organisation} has no assessment in the edition {edition}.",
        ),
    ),
    maps_to(
        UnknownSubmission,
        NOT_FOUND,
        Texts("La evaluación no tiene ninguna presentación {number}.", "The assessment has no submission {number}."),
    ),
    maps_to(
        MethodologyMismatch,
        CONFLICT,
        Texts(
            "La edición se responde con la metodología {required}.",
            "The edition is answered under the methodology {required}.",
        ),
        lambda error, detail: [Fault(f"{error.pointer}/methodology", "edition", error.sent, detail, error.required)],
    ),
    maps_to(
        NotSubmittable,
        CONFLICT,
        Texts(
            "La evaluación no se puede presentar así; véase `errors`.",
            "The assessment cannot be submitted like this; see `errors`.",
        ),
        lambda error, detail: limit_faults(_errors(error)),
    ),
)


class AssessmentsController(Controller):
    """Routes to read, write and delete the assessments of an edition."""

    path = "/v1/editions/{edition:str}/assessments"
    tags = ("assessments",)

    @get(
        "/",
        operation_id="editions.assessments.list",
        access=DRAFT_READERS,
        answer=PAGE,
        links={
            "assessment": Link(
                "editions.assessments.get",
                {"edition": "$request.path.edition", "organisation": "$response.body#/items/0/organisation"},
            ),
            "transitions": Link("editions.transitions.create", {"edition": "$request.path.edition"}),
            "workbook": Link("editions.verdicts.workbook", {"edition": "$request.path.edition"}),
            "verdicts": Link("editions.verdicts.create", {"edition": "$request.path.edition"}),
        },
    )
    def list_assessments(
        self,
        request: ApiRequest,
        path: schemas.EditionPath,
        query: schemas.AssessmentQuery,
        database: Database,
        principal: Principal,
    ) -> Response[bytes]:
        """List the assessments of an edition.

        Ordered by organisation id. A key that is bound to organisations sees only their assessments.
        """
        bound = principal is not None and principal.role in ORGANISATION_ROLES
        total = query.make_total()
        rows = service.list_assessments(
            database,
            path.edition,
            PageRange(CURSOR.read(query), query.offset, query.limit + 1, total),
            among=principal.organisations if principal is not None and bound else None,
            state=query.state,
        )
        kept, cursor = CURSOR.cut(query, rows, lambda row: row.organisation)
        return PAGE.page_of(request, map(schemas.build_line, kept), cursor, total)

    @get(
        "/{organisation:str}",
        operation_id="editions.assessments.get",
        access=DRAFT_READERS,
        answer=ASSESSMENT,
        links=_LINKS,
    )
    def get_assessment(self, request: ApiRequest, path: schemas.AssessmentPath, database: Database) -> Response[bytes]:
        """Get an assessment.

        With the documents, the findings as of the last write, and index, level and coverage. Send the `ETag` of this
        response as `If-Match` of a later change.
        """
        record = service.get_assessment(database, path.edition, path.organisation)
        return _answer(request, service.EvaluatedAssessment(record, service.evaluate_stored(record)))

    @put(
        "/{organisation:str}",
        operation_id="editions.assessments.put",
        access=EDITORS,
        body=WHOLE,
        answer=ASSESSMENT,
        precondition="match_or_none",
        problems=(CONFLICT,),
        links={"assessment": _ASSESSMENT},
    )
    def put_assessment(
        self,
        request: ApiRequest,
        path: schemas.AssessmentPath,
        body: AssessmentRequest,
        database: Database,
        expected: Expected,
    ) -> Response[bytes]:
        """Create or replace an assessment.

        Creates the assessment of an organisation in an open edition (`If-None-Match: *`), or replaces the whole content
        of an existing one (`If-Match`). A draft can be replaced until the last day of the submission phase, a returned
        assessment until the day set by the return. Contradictory answers are stored and reported in `findings`.
        """

        def put(session: Session) -> service.EvaluatedAssessment:
            return service.put_assessment(
                session, path.edition, path.organisation, body, expected=expected, now=datetime.now(UTC)
            )

        return _answer(request, with_audit_entry(request, database, put))

    @patch(
        "/{organisation:str}",
        operation_id="editions.assessments.update",
        access=EDITORS,
        body=PATCH,
        answer=ASSESSMENT,
        problems=(CONFLICT,),
        links={"assessment": _ASSESSMENT},
    )
    def update_assessment(
        self,
        request: ApiRequest,
        path: schemas.AssessmentPath,
        body: AssessmentPatch,
        database: Database,
        expected: Expected,
    ) -> Response[bytes]:
        """Change part of an assessment.

        Applies a JSON merge patch (RFC 7396). A draft can be changed until the last day of the submission phase, a
        returned assessment until the day set by the return. An answer in the patch replaces all facts of the stored
        answer; null removes the answer. Documents and note of an answer stay unless the patch names them.
        """

        def update(session: Session) -> service.EvaluatedAssessment:
            return service.patch_assessment(
                session, path.edition, path.organisation, body, expected=expected, now=datetime.now(UTC)
            )

        return _answer(request, with_audit_entry(request, database, update))

    @delete("/{organisation:str}", operation_id="editions.assessments.delete", access=EDITORS, problems=(CONFLICT,))
    def delete_assessment(
        self, request: ApiRequest, path: schemas.AssessmentPath, database: Database, expected: Expected
    ) -> None:
        """Delete a draft assessment.

        Only a draft in an open edition can be deleted; an assessment that was ever submitted is refused (409).
        """
        with_audit_entry(
            request,
            database,
            lambda session: service.delete_assessment(session, path.edition, path.organisation, expected=expected),
        )


class SubmissionsController(Controller):
    """Routes to submit an assessment and to read its past submissions."""

    path = "/v1/editions/{edition:str}/assessments/{organisation:str}/submissions"
    tags = ("assessments",)

    @get(
        "/",
        operation_id="editions.assessments.submissions.list",
        access=DRAFT_READERS,
        answer=SUBMISSIONS_PAGE,
        links={
            "submission": Link(
                "editions.assessments.submissions.get", {**_HERE, "submission": "$response.body#/items/0/id"}
            ),
        },
    )
    def list_submissions(
        self,
        request: ApiRequest,
        path: schemas.AssessmentPath,
        query: PageQuery,
        database: Database,
        language: Language,
    ) -> Response[bytes]:
        """List the submissions of an assessment.

        Oldest first. An assessment has more than one submission if it was returned or corrected.
        """
        total = query.make_total()
        rows = service.list_submissions(
            database,
            path.edition,
            path.organisation,
            PageRange(SUBMISSIONS_CURSOR.read(query), query.offset, query.limit + 1, total),
        )
        kept, cursor = SUBMISSIONS_CURSOR.cut(query, rows, lambda stored: stored.number)
        items = (schemas.build_submission_line(stored, service.evaluate_stored(stored), language) for stored in kept)
        return SUBMISSIONS_PAGE.page_of(request, items, cursor, total)

    @get(
        "/{submission:str}",
        operation_id="editions.assessments.submissions.get",
        access=DRAFT_READERS,
        answer=SUBMISSION,
    )
    def get_submission(
        self, request: ApiRequest, path: schemas.SubmissionPath, database: Database, language: Language
    ) -> Response[bytes]:
        """Get a submission.

        A copy of the assessment as it was submitted; later changes do not affect it.
        """
        stored = service.get_submission(database, path.edition, path.organisation, path.submission)
        return SUBMISSION.of(request, schemas.build_submission(stored, service.evaluate_stored(stored), language))

    @post(
        "/",
        operation_id="editions.assessments.submissions.create",
        access=EDITORS,
        answer=SUBMISSION,
        precondition="match",
        problems=(CONFLICT,),
    )
    def create_submission(
        self,
        request: ApiRequest,
        path: schemas.AssessmentPath,
        body: schemas.SubmissionRequest,
        database: Database,
        principal: Principal,
        language: Language,
        expected: Expected,
    ) -> Response[bytes]:
        """Submit an assessment.

        Submits a draft in an open edition until the last day of the submission phase, or a returned assessment until
        the day set by the return. Afterwards the organisation can change it only if it is returned. An assessment with
        findings of severity `error` is refused (409) with these findings; the `pointer` of a finding leads into the
        assessment.
        """

        def submit(session: Session) -> Response[bytes]:
            now = datetime.now(UTC)
            made = service.submit_assessment(
                session,
                path.edition,
                path.organisation,
                body.explanations,
                role=principal.role,
                expected=expected,
                now=now,
            )
            document = schemas.build_submission(made.record, made.evaluation, language)
            return SUBMISSION.of(request, document, created=f"{_path(made.record)}/submissions/{made.record.number}")

        return idempotent(request, database, submit)


def _answer(request: ApiRequest, assessment: service.EvaluatedAssessment) -> Response[bytes]:
    record = assessment.record
    document = schemas.build_assessment(record, assessment.evaluation, choose_language(request.scope))
    tag = build_revision(record.created, record.version)
    return ASSESSMENT.of(request, document, revision=tag, created=_path(record) if assessment.created else None)


def _path(stored: AssessmentRecord | SubmissionRecord) -> str:
    return f"/v1/editions/{stored.edition}/assessments/{stored.organisation}"
