"""HTTP routes of jobs."""

from __future__ import annotations

from datetime import UTC, datetime

from litestar import Controller, Response
from litestar.response import Stream

from actitud_api.engine.i18n import Texts
from actitud_api.platform.auth.idempotency import idempotent
from actitud_api.platform.auth.policy import JOB_HOLDERS
from actitud_api.platform.auth.recording import audit_event, log_denied
from actitud_api.platform.auth.service import Principal
from actitud_api.platform.http.contract import Link
from actitud_api.platform.http.event_streams import EventStream, EventStreams
from actitud_api.platform.http.operations import get, post
from actitud_api.platform.http.paging import Cursor
from actitud_api.platform.http.problems import CONFLICT, NO_STORE, NOT_FOUND, Fault, ProblemMapping, maps_to
from actitud_api.platform.http.representations import Pages
from actitud_api.platform.http.scope import ApiRequest, assign_request_id, choose_language
from actitud_api.platform.jobs import service
from actitud_api.platform.jobs.runner import JobRunner
from actitud_api.platform.jobs.service import JobEnded, UnknownJob
from actitud_api.platform.storage.database import Database, Session
from actitud_api.platform.storage.pages import PageRange
from actitud_api.resources.jobs import schemas
from actitud_api.resources.jobs.answers import JOB

PAGE = Pages(schemas.JobPage, cache=NO_STORE, sentences=True)
RESULTS = Pages(schemas.JobResultPage, cache=NO_STORE, sentences=True)
EVENTS = EventStream()
CURSOR: Cursor[int] = Cursor("jobs.list", int)
RESULT_CURSOR: Cursor[int] = Cursor("jobs.items.list", int)
_ID = {"job": "$response.body#/id"}
_LINKS = {
    "items": Link("jobs.items.list", _ID, "Its results, one by one."),
    "events": Link("jobs.events", _ID, "How far it is, as it goes on."),
    "cancel": Link("jobs.cancel", _ID, "To cancel it."),
}

_ENDED = Texts("El trabajo ya ha terminado.", "The job has ended already.")

PROBLEMS: tuple[ProblemMapping, ...] = (
    maps_to(UnknownJob, NOT_FOUND, Texts("No hay ningún trabajo {job}.", "There is no job {job}.")),
    maps_to(JobEnded, CONFLICT, _ENDED, lambda error, detail: [Fault("", "ended", error.state, detail)]),
)


class JobsController(Controller):
    """Routes to follow and to cancel jobs."""

    path = "/v1/jobs"
    tags = ("jobs",)

    @get(
        "/",
        operation_id="jobs.list",
        access=JOB_HOLDERS,
        answer=PAGE,
        links={"job": Link("jobs.get", {"job": "$response.body#/items/0/id"}, "The newest job.")},
    )
    def list_jobs(
        self, request: ApiRequest, query: schemas.JobQuery, database: Database, principal: Principal
    ) -> Response[bytes]:
        """List jobs.

        The jobs that you asked for, newest first; an administrator gets all jobs. A job is kept for 90 days after its
        end.
        """
        total = query.make_total()
        rows = service.list_statuses(
            database,
            service.JobFilters(kind=query.kind, state=query.state, edition=query.edition),
            principal,
            PageRange(CURSOR.read(query), query.offset, query.limit + 1, total),
        )
        kept, cursor = CURSOR.cut(query, rows, lambda status: status.record.id)
        language, request_id = choose_language(request.scope), assign_request_id(request.scope)
        jobs = [schemas.build_job(status, request_id, language) for status in kept]
        return PAGE.page_of(request, jobs, cursor, total)

    @get("/{job:str}", operation_id="jobs.get", access=JOB_HOLDERS, answer=JOB, links=_LINKS)
    def get_job(
        self, request: ApiRequest, path: schemas.JobPath, database: Database, principal: Principal
    ) -> Response[bytes]:
        """Get a job.

        Only the client that asked for the job and administrators can read it; others get 404.
        """
        return JOB.show(request, service.get_status(database, path.job, principal))

    @get("/{job:str}/items", operation_id="jobs.items.list", access=JOB_HOLDERS, answer=RESULTS)
    def list_items(
        self,
        request: ApiRequest,
        path: schemas.JobPath,
        query: schemas.JobItemQuery,
        database: Database,
        principal: Principal,
    ) -> Response[bytes]:
        """List the results of a job.

        One result for each organisation, or each row of a file, that the job has reached so far.
        """
        total = query.make_total()
        rows = service.list_items(
            database,
            path.job,
            principal,
            PageRange(RESULT_CURSOR.read(query), query.offset, query.limit + 1, total),
            outcome=query.outcome,
        )
        kept, cursor = RESULT_CURSOR.cut(query, rows, lambda item: item.position)
        language, request_id = choose_language(request.scope), assign_request_id(request.scope)
        results = [schemas.build_result(item, path.job, request_id, language) for item in kept]
        return RESULTS.page_of(request, results, cursor, total)

    @get("/{job:str}/events", operation_id="jobs.events", access=JOB_HOLDERS, answer=EVENTS)
    async def stream_events(
        self,
        request: ApiRequest,
        path: schemas.JobPath,
        database: Database,
        principal: Principal,
        event_streams: EventStreams,
    ) -> Stream:
        """Follow a job.

        Server-sent events: each time that the job changes, an event `job` with the whole job. The last event has the
        final state. If the stream ends before, connect again.
        """
        language, request_id = choose_language(request.scope), assign_request_id(request.scope)

        def read() -> tuple[schemas.Job, bool]:
            status = service.get_status(database, path.job, principal)
            return schemas.build_job(status, request_id, language), status.record.is_final

        return await event_streams.follow(request, EVENTS, "job", read)

    @post(
        "/{job:str}/cancellations",
        operation_id="jobs.cancel",
        access=JOB_HOLDERS,
        status=202,
        answer=JOB,
        problems=(CONFLICT,),
    )
    def cancel_job(
        self, request: ApiRequest, path: schemas.JobPath, database: Database, jobs: JobRunner, principal: Principal
    ) -> Response[bytes]:
        """Cancel a job.

        A job that has not begun ends at once. A job that runs ends before its next step, and the work done by then
        stays. A job that has ended is refused (409).
        """

        def cancel(session: Session) -> Response[bytes]:
            event, now = audit_event(request), datetime.now(UTC)
            record = service.cancel_job(session, path.job, principal, event, discard=jobs.discard_inputs, now=now)
            return JOB.accept(request, session, record)

        try:
            # The entry of the ledger comes before the row of the job.
            return idempotent(request, database, cancel, adds_audit_entry=False)
        except UnknownJob:
            log_denied(database, request.scope, principal)
            raise
