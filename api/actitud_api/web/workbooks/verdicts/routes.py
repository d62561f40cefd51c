"""Routes of the review workbook."""

from __future__ import annotations

from typing import Annotated, Final

from litestar import Controller, Response
from msgspec import Meta, Struct

from actitud_api.engine.i18n import Language
from actitud_api.platform.auth.idempotency import idempotent
from actitud_api.platform.auth.policy import REVIEWERS
from actitud_api.platform.auth.recording import audit_event
from actitud_api.platform.auth.service import Principal
from actitud_api.platform.http.inputs import FileBody
from actitud_api.platform.http.large_responses import LargeResponse
from actitud_api.platform.http.operations import get, post
from actitud_api.platform.http.problems import CONFLICT, NO_STORE
from actitud_api.platform.http.representations import XLSX, File
from actitud_api.platform.http.scope import ApiRequest
from actitud_api.platform.jobs.service import enqueue_job
from actitud_api.platform.storage.database import Database, Session
from actitud_api.resources.assessments.schemas import EditionPath
from actitud_api.resources.batches import verdicts
from actitud_api.resources.editions import service as editions
from actitud_api.resources.jobs.answers import JOB
from actitud_api.resources.jobs.schemas import Job
from actitud_api.resources.organisations.identifiers import MAXIMUM_LENGTH
from actitud_api.resources.organisations.schemas import (
    OfBand,
    OfKind,
    OfParent,
    OfProvince,
    OfRegion,
    OfWords,
    build_filters,
)
from actitud_api.resources.organisations.service import OrganisationFilters
from actitud_api.web.workbooks.verdicts.layout import ASSESSMENTS_MAX, WorkbookIdentity
from actitud_api.web.workbooks.verdicts.tasks import VERDICTS, VerdictsParameters
from actitud_api.web.workbooks.verdicts.writing import write_workbook

FILE_MAX: Final = 32 * 1024 * 1024
"""Largest review workbook in bytes, about three times what the service writes."""
TO_JUDGE = File(Job, XLSX, cache=NO_STORE)
WORKBOOK = FileBody(XLSX, "application/octet-stream")


class VerdictWorkbookQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The query parameters of the review workbook: filters of its organisations, None to exclude none."""

    sample: Annotated[bool, Meta(description="True for the organisations of the sample of the edition.")] = False
    q: OfWords | None = None
    kind: OfKind | None = None
    region: OfRegion | None = None
    province: OfProvince | None = None
    band: OfBand | None = None
    parent: OfParent | None = None
    after: (
        Annotated[str, Meta(max_length=MAXIMUM_LENGTH, description="Begin after this organisation, by its id.")] | None
    ) = None


class VerdictWorkbookController(Controller):
    """Routes that return the review workbook, and accept the verdicts that an assessor entered in it."""

    path = "/v1/editions/{edition:str}/verdicts"
    tags = ("reviews",)

    @get("/workbook", operation_id="editions.verdicts.workbook", access=REVIEWERS, answer=TO_JUDGE)
    def get_workbook(
        self,
        request: ApiRequest,
        path: EditionPath,
        query: VerdictWorkbookQuery,
        database: Database,
        principal: Principal,
        language: Language,
    ) -> LargeResponse:
        """Get the review workbook.

        An XLSX file with a row for each answer of up to 1,000 assessments that are under review or in their hearing,
        ordered by organisation id, with drop-down lists for the verdicts. It contains only the verdicts of the calling
        key.
        """

        def make() -> Response[bytes]:
            with database.read() as session:
                edition = editions.find(session, path.edition)
                found = verdicts.list_judgeable(
                    session,
                    edition.id,
                    principal,
                    filters=build_filters(query, OrganisationFilters),
                    is_sample=query.sample,
                    after=query.after,
                    limit=ASSESSMENTS_MAX,
                )
            identity = WorkbookIdentity(edition.id, edition.methodology, principal.origin)
            name = f"actitud-{edition.id}-{language}.xlsx"
            return TO_JUDGE.file_of(request, write_workbook(identity, found, language), name)

        return LargeResponse(make)

    @post(
        "/",
        operation_id="editions.verdicts.create",
        access=REVIEWERS,
        body=WORKBOOK,
        body_max=FILE_MAX,
        status=202,
        answer=JOB,
        problems=(CONFLICT,),
    )
    def create_verdicts(
        self, request: ApiRequest, path: EditionPath, body: bytes, database: Database, principal: Principal
    ) -> Response[bytes]:
        """Give the verdicts of a review workbook.

        Starts a job that gives each verdict like the operation for a single verdict, with the same rules and ledger
        entry; rows without a verdict change nothing. The job has one result per row: `done`, `unchanged`, or `refused`
        with a problem whose errors name the cell. The job fails if the file is no review workbook of this edition and
        of the key.
        """
        event = audit_event(request)

        def enqueue(session: Session) -> Response[bytes]:
            editions.ensure_unpublished(session, path.edition)
            edition = editions.find(session, path.edition)
            record = enqueue_job(
                session,
                kind=VERDICTS,
                parameters=VerdictsParameters(edition.methodology, event),
                principal=principal,
                edition=edition.id,
            )
            verdicts.store_file(session, record.id, body)
            return JOB.accept(request, session, record)

        return idempotent(request, database, enqueue)
