"""The job that scores an edition again under another methodology version: how it is asked for, and its task."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Final

from msgspec import Struct

from actitud_api.platform.auth.service import Principal
from actitud_api.platform.jobs.runner import JobRun, JobTask
from actitud_api.platform.jobs.service import JobRecord, enqueue_job
from actitud_api.platform.jobs.workers import MapFunction
from actitud_api.platform.storage.database import Session
from actitud_api.resources.editions import service as editions
from actitud_api.resources.scores import queries, rescoring
from actitud_api.resources.scores.queries import SubmittedScore
from actitud_api.resources.scores.service import find_source

KIND: Final = "editions.rescorings.create"

BATCH: Final = 50
"""Scores that one step stores, and that one process computes at a time."""


class RescoringParameters(Struct, frozen=True):
    """Parameters of the job: the version under which the edition is scored again."""

    methodology: str


def enqueue_rescoring(session: Session, edition: str, methodology: str, principal: Principal | None) -> JobRecord:
    """Enqueue the job that scores an edition again under another methodology version, and return the job.

    Args:
        session: Write session.
        edition: Id of the edition, or `latest`.
        methodology: Version to score under.
        principal: Who asks for it, None for the command line.

    Raises:
        UnknownEdition: There is no such edition.
        IncomparableVersions: The version, or that of the edition, only estimates an index.
    """
    record = editions.find(session, edition)
    rescoring.check_versions(record.methodology, methodology)
    return enqueue_job(
        session,
        kind=KIND,
        parameters=RescoringParameters(methodology),
        principal=principal,
        edition=record.id,
        total=queries.count_submitted(session, find_source(session, record)),
    )


def build_rescoring_task(
    open_workers: Callable[[], AbstractContextManager[MapFunction]],
) -> JobTask[RescoringParameters]:
    """Build the task with which the job runner scores an edition again.

    `open_workers` returns a context whose value is a function like `map`, which scores batches, possibly in other
    processes.
    """

    def rescore(job: JobRun[RescoringParameters]) -> rescoring.RescoringSummary:
        target = job.parameters.methodology
        with job.database.read() as session:
            assert job.edition is not None
            edition = editions.find(session, job.edition)
            source = find_source(session, edition)
            total = queries.count_submitted(session, source)
        rescoring.check_versions(edition.methodology, target)
        with open_workers() as map_batches:
            batches = map_batches(partial(rescoring.rescore_batch, target), _iterate_batches(job, source))
            for batch in batches:
                with job.step(hidden=True) as step:
                    for organisation, score in batch:
                        step.record(organisation, score.outcome, score)
                    step.advance(done=job.done + len(batch), total=total, cursor=batch[-1][0])
        details = (item.detail or {} for item in job.iterate_items())
        return rescoring.summarise_rescored(edition.methodology, target, details)

    return JobTask(KIND, RescoringParameters, rescore)


def _iterate_batches(
    job: JobRun[RescoringParameters], source: queries.FigureSource
) -> Iterator[Sequence[SubmittedScore]]:
    """Yield the submissions of an edition after those that the job has stored, at most `BATCH` at a time."""
    after: str = job.cursor or ""
    while True:
        with job.database.read() as session:
            batch = queries.list_submitted(session, source, after, BATCH)
        if not batch:
            return
        yield batch
        after = batch[-1].organisation
