"""The tasks of batches: a job runner executes them for a few assessments at a time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import msgspec
from msgspec import Struct

from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.jobs.problems import JobProblem, store_problem
from actitud_api.platform.jobs.runner import JobRun, JobTask
from actitud_api.resources.batches import service
from actitud_api.resources.batches.refusals import describe_refusal
from actitud_api.resources.batches.service import StepResult
from actitud_api.resources.batches.steps import Step, StepName, load_step

TRANSITIONS: Final = "editions.transitions.create"
"""The kind of the jobs that take a step for many assessments."""
PORTION: Final = 50
"""Assessments that take a step in one transaction; other writers of a file wait for it, some tenths of a second."""


class TransitionsParameters(Struct, frozen=True):
    """The parameters of a job that takes a step for many assessments: the step, and the ledger entry of the request."""

    step: dict[str, object]
    event: ledger.Event


def build_parameters(step: Step, event: ledger.Event) -> TransitionsParameters:
    """Return the parameters of a job that takes a step for many assessments.

    `event` is the ledger entry of the request that starts the job.
    """
    return TransitionsParameters(msgspec.to_builtins(step), event)


class TransitionsResult(Struct, frozen=True):
    """The result of a job that took a step for many assessments.

    `dry_run` is True if nothing was changed. The numbers of outcomes are not in it, because they are stored with every
    job.
    """

    step: StepName
    dry_run: bool


class StepDetail(Struct, frozen=True, omit_defaults=True):
    """The path of the submission or transition that a step created, or the problem (error response) that refused it."""

    path: str | None = None
    problem: JobProblem | None = None


def _take_steps(job: JobRun[TransitionsParameters]) -> TransitionsResult:
    step, edition, principal = load_step(job.parameters.step), job.edition, job.principal
    assert edition is not None
    result = TransitionsResult(step.step, step.dry_run)
    while not job.is_finished:
        with job.step(hidden=True) as portion:
            session = portion.session
            names = service.list_selected(session, edition, step, principal, after=job.cursor, limit=PORTION)
            results = service.take_step(
                session, edition, step, names, principal=principal, event=job.parameters.event, now=datetime.now(UTC)
            )
            for one in results:
                portion.record(one.organisation, one.outcome, _build_detail(one))
            done = job.done + len(names)
            # Of a selection by state there may be more by now than when it was counted.
            portion.advance(done=done, total=max(done, job.total or 0), cursor=names[-1] if names else job.cursor)
            if len(names) < PORTION:
                portion.finish(result)
    return result


def _build_detail(result: StepResult) -> StepDetail | None:
    if result.path is None and result.refusal is None:
        return None
    problem = None if result.refusal is None else store_problem(describe_refusal(result.refusal))
    return StepDetail(result.path, problem)


TRANSITIONS_TASK: Final = JobTask(TRANSITIONS, TransitionsParameters, _take_steps)
