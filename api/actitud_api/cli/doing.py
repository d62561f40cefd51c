"""Doing a job in the process of the command that asks for it, with a progress bar, and reading its results."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

from actitud_api.app import build_job_runner, build_publisher, find_expected_problem
from actitud_api.cli.common import CommandError, show_job
from actitud_api.engine.i18n import Language, Texts
from actitud_api.platform.http.problems import ProblemError
from actitud_api.platform.jobs import service
from actitud_api.platform.jobs.service import JobItem, JobStatus
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.pages import PageRange
from actitud_api.resources.publications.service import EditionPublisher
from actitud_api.settings import Settings

LOOK_SECONDS: Final = 0.5
"""Seconds between two looks at a job that another process does."""

_PAGE: Final = 500

_CANCELLED = Texts("Se ha cancelado el trabajo {job}.", "The job {job} was cancelled.")


def do_job(
    settings: Settings,
    database: Database,
    job: int,
    text: str,
    language: Language,
    *,
    publishing: EditionPublisher | None = None,
    tries_again: bool = True,
) -> JobStatus:
    """Run a job in this process, with a progress bar labelled `text`, and return the final status of the job.

    If a running service has claimed the job first, wait until the service has finished it. Ctrl+C cancels the job and
    keeps the results of its finished steps. If the command is killed, a running service continues the job.

    Args:
        settings: Settings of the installation.
        database: Database with the job.
        job: Id of the job.
        text: Label of the progress bar.
        language: Language of messages.
        publishing: Publisher for jobs that publish, None for the result of `build_publisher`.
        tries_again: False to raise the exception of the first run that fails, instead of trying again.

    Raises:
        CommandError: The job failed or was cancelled.
    """
    failures: list[Exception] = []

    def find_problem(error: Exception) -> ProblemError | None:
        failures.append(error)
        return find_expected_problem(error)

    status = service.get_status(database, str(job), None)
    with show_job(text, status.record.total) as show:
        publisher = publishing or build_publisher(settings, database)
        runner = build_job_runner(settings, database, publisher, find_problem=find_problem, progress=show)
        try:
            with runner.heartbeat():
                while not status.record.is_final:
                    if not runner.run_next(job):
                        time.sleep(LOOK_SECONDS)
                    if failures and not tries_again:
                        raise failures[-1]
                    status = service.get_status(database, str(job), None)
                    show(status.record.done, status.record.total)
        except BaseException:
            with database.write(hidden=True) as session:
                runner.discard_inputs(session, status.record)
                service.abandon_job(session, job)
            raise
    problem = status.record.problem
    if problem is not None:
        raise CommandError("\n".join([problem.detail[language], *(fault.detail[language] for fault in problem.faults)]))
    if status.record.state == "cancelled":
        raise CommandError(_CANCELLED.into(language).format(job=job))
    return status


def iterate_items(database: Database, job: int, *, outcome: str | None) -> Iterator[JobItem]:
    """Yield the results of a job in order. `outcome`: only results with this outcome; None for all."""
    after: int | None = None
    while True:
        page = PageRange(after=after, limit=_PAGE)
        items = service.list_items(database, str(job), None, page, outcome=outcome)
        yield from items
        if len(items) < _PAGE:
            return
        after = items[-1].position
