"""The answer 202 of an operation that starts a job.

The handler, declared with `status=202, answer=JOB`, enqueues the job and builds the answer in one transaction:

    def act(session: Session) -> Response[bytes]:
        record = enqueue_job(session, kind=…, parameters=…, principal=principal, edition=path.edition)
        return JOB.accept(request, session, record)

    return idempotent(request, database, act)
"""

from __future__ import annotations

from litestar import Response

from actitud_api.platform.http.problems import NO_STORE
from actitud_api.platform.http.representations import Representation
from actitud_api.platform.http.scope import ApiRequest, assign_request_id, choose_language
from actitud_api.platform.jobs import service
from actitud_api.platform.jobs.service import JobRecord, JobStatus
from actitud_api.platform.storage.database import Session
from actitud_api.resources.jobs import schemas

RETRY_AFTER = "1"
"""Value of `Retry-After` in seconds after which it is worth looking at a job that was just asked for."""


class JobRepresentation(Representation[schemas.Job]):
    """Representation of a job, whose state changes by itself: it is not cached."""

    def __init__(self) -> None:
        super().__init__(schemas.Job, cache=NO_STORE, sentences=True)

    def show(self, request: ApiRequest, status: JobStatus) -> Response[bytes]:
        """Return the response with the status of a job."""
        language = choose_language(request.scope)
        return self.of(request, schemas.build_job(status, assign_request_id(request.scope), language))

    def accept(self, request: ApiRequest, session: Session, record: JobRecord) -> Response[bytes]:
        """Return the response 202, with `Location`, about a job that was enqueued in the same session."""
        response = self.show(request, service.build_status(session, record))
        response.status_code = 202
        response.headers |= {"Location": schemas.format_path(record.id), "Retry-After": RETRY_AFTER}
        return response


JOB = JobRepresentation()
