"""Doing a job in the process of a command, with a progress bar."""

from __future__ import annotations

import time
from typing import Final

from actitud_api.app import build_job_runner, build_publisher
from actitud_api.cli.common import CommandError, show_progress
from actitud_api.engine.i18n import Language
from actitud_api.platform.jobs import service
from actitud_api.platform.jobs.service import JobStatus
from actitud_api.platform.storage.database import Database
from actitud_api.settings import Settings

LOOK_SECONDS: Final = 0.5
"""Seconds between two looks at a job that another process does."""


def do_job(settings: Settings, database: Database, job: int, text: str, language: Language) -> JobStatus:
    """Do a job with a progress bar that says `text`, and return how it ended.

    If a service that runs beside has taken it first, wait for its end.

    Raises:
        CommandError: The job failed or was cancelled.
    """
    status = service.get_status(database, str(job), None)
    with show_progress(text, status.record.total or 0) as advance:
        shown = 0

        def listen(done: int, _total: int | None) -> None:
            nonlocal shown
            for _ in range(done - shown):
                advance()
            shown = max(shown, done)

        publishing = build_publisher(settings, database)
        runner = build_job_runner(settings, database, publishing, progress=listen)
        while not status.record.is_final:
            if not runner.run_next(job):
                time.sleep(LOOK_SECONDS)
            status = service.get_status(database, str(job), None)
            listen(status.record.done, status.record.total)
    problem = status.record.problem
    if problem is not None:
        raise CommandError("\n".join([problem.detail[language], *(fault.detail[language] for fault in problem.faults)]))
    return status
