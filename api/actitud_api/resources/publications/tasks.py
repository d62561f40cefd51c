"""Publication as a job: it prepares the scores and reports its progress, and its last step publishes them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from msgspec import Struct

from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.http.inputs import Body
from actitud_api.platform.http.problems import refuse_input
from actitud_api.platform.jobs.runner import JobInterrupted, JobRun, JobTask
from actitud_api.resources.publications import schemas
from actitud_api.resources.publications.service import (
    EditionPublisher,
    PreparedScores,
    PublicationInterrupted,
)

KIND: Final = "editions.publications.create"


class PublicationParameters(Struct, frozen=True):
    """Parameters of the job that publishes an edition.

    `request`: the body of the request as JSON. `event`: the ledger entry with the actor of the request.
    """

    edition: str
    request: dict[str, Any]
    event: ledger.Event


class PublicationOutcome(Struct, frozen=True):
    """Result of the job that publishes an edition; `location` is the path of the publication."""

    edition: str
    revision: int
    digest: str
    organisations: int
    location: str


def build_task(publishing: EditionPublisher) -> JobTask[PublicationParameters]:
    """Build the task with which the job runner publishes an edition, or a correction of one."""

    def publish(job: JobRun[PublicationParameters]) -> None:
        parameters = job.parameters
        request = Body(schemas.PublicationRequest).convert(parameters.request)
        if isinstance(request, list):
            raise refuse_input(request)
        plan = schemas.build_plan(request)
        done = 0

        def advance() -> None:
            nonlocal done
            done += 1
            job.report(done=done)

        def write(prepared: PreparedScores | None) -> None:
            with job.step() as step:
                record = publishing.publish(
                    step.session, parameters.edition, plan, prepared, parameters.event, now=datetime.now(UTC)
                )
                step.advance(done=job.total or record.organisations)
                # In the transaction that publishes: whoever takes the job up again finds it done.
                step.finish(
                    PublicationOutcome(
                        edition=record.edition,
                        revision=record.revision,
                        digest=record.digest,
                        organisations=record.organisations,
                        location=schemas.format_path(record.edition, record.revision),
                    )
                )

        try:
            publishing.write_prepared(parameters.edition, plan, write, advance, now=datetime.now(UTC))
        except PublicationInterrupted as error:
            raise JobInterrupted from error

    return JobTask(KIND, PublicationParameters, publish)
