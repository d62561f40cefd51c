"""The job that imports a file."""

from __future__ import annotations

from actitud_api.platform.jobs.runner import JobRun, JobTask
from actitud_api.resources.imports.import_run import ACTION, ImportParameters, ImportRun
from actitud_api.resources.imports.service import Importer, discard_file


def build_task(importer: Importer) -> JobTask[ImportParameters]:
    """Build the task with which the job runner imports files."""

    def run(job: JobRun[ImportParameters]) -> None:
        ImportRun(importer.database, importer.workers, job).run()

    return JobTask(ACTION, ImportParameters, run, discard_file)
