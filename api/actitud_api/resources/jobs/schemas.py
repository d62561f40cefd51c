"""Requests and responses about jobs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from actitud_api.engine.i18n import Language
from actitud_api.platform.http.members import copy_members
from actitud_api.platform.http.paging import Page, PageQuery
from actitud_api.platform.http.problems import Problem
from actitud_api.platform.jobs.problems import PROBLEM, JobProblem, build_problem
from actitud_api.platform.jobs.service import JobItem, JobState, JobStatus


class JobQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The query parameters of the list of jobs."""

    kind: Annotated[str, Meta(max_length=100, description="Only jobs of this kind.")] | None = None
    state: Annotated[JobState, Meta(description="Only jobs in this state.")] | None = None
    edition: Annotated[str, Meta(max_length=200, description="Only jobs about this edition.")] | None = None


class JobItemQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The query parameters of the results of a job."""

    outcome: Annotated[str, Meta(max_length=100, description="Only results with this outcome.")] | None = None


class JobPath(Struct, frozen=True):
    """The path parameters of a job."""

    job: Annotated[str, Meta(description="Id of the job.", examples=["1"])]


class Job(Struct, frozen=True, kw_only=True):
    """Work that takes longer than the request that asked for it."""

    id: str
    kind: Annotated[str, Meta(description="The operation that asked for it.")]
    state: Annotated[JobState, Meta(description="`succeeded`, `failed` and `cancelled` are final.")]
    edition: Annotated[str | None, Meta(description="The edition that it is about, or null.")]
    created: datetime
    started: Annotated[datetime | None, Meta(description="When it first ran; null before.")]
    finished: Annotated[datetime | None, Meta(description="When it came to its final state; null before.")]
    done: Annotated[int, Meta(ge=0, description="How much is done, in organisations or rows.")]
    total: Annotated[int | None, Meta(description="How much there is to do; null while that is not known.")]
    rate: Annotated[float | None, Meta(description="How much is done in a second; null while nothing is.")]
    remaining: Annotated[float | None, Meta(description="Seconds until the end at this rate; null if not known.")]
    outcomes: Annotated[dict[str, int], Meta(description="Number of results by outcome; `…/items` lists them.")]
    cancel_requested: bool
    result: Annotated[dict[str, Any] | None, Meta(description="What it came to; null unless it succeeded.")]
    problem: Annotated[Problem | None, Meta(description="Why it failed; null unless it did.")]


class JobPage(Page[Job], frozen=True):
    """A page of jobs."""


class JobResult(Struct, frozen=True, kw_only=True):
    """The result of a job for one organisation, or for one row of a file."""

    position: Annotated[int, Meta(ge=1, description="Its place among the results, from 1.")]
    subject: Annotated[str, Meta(description="The organisation, or the place in a file.")]
    outcome: Annotated[str, Meta(description="What became of it: a word of this kind of job.")]
    detail: Annotated[dict[str, Any] | None, Meta(description="Facts about it; null without any.")]
    problem: Annotated[Problem | None, Meta(description="Why it was refused; null unless it was.")]


class JobResultPage(Page[JobResult], frozen=True):
    """A page of the results of a job, in their order."""


def format_path(job: int) -> str:
    """Return the path of a job."""
    return f"/v1/jobs/{job}"


def build_job(status: JobStatus, request_id: str, language: Language) -> Job:
    """Build the response to a request about a job, with the text of its problem in `language`.

    `request_id` is the id of the request that reads the job.
    """
    record, problem = status.record, None
    if record.problem is not None:
        problem = build_problem(record.problem, format_path(record.id), request_id, language)
    return copy_members(
        record,
        Job,
        id=str(record.id),
        rate=None if status.rate is None else round(status.rate, 3),
        remaining=None if status.remaining is None else round(status.remaining, 1),
        outcomes=status.outcomes,
        problem=problem,
    )


def build_result(item: JobItem, job: str, request_id: str, language: Language) -> JobResult:
    """Build the response about a result of a job, with the text of its problem in `language`.

    `job` is the id of the job, `request_id` the id of the request that reads the result.
    """
    facts = dict(item.detail or {})
    stored = facts.pop(PROBLEM, None)
    problem = None if stored is None else msgspec.convert(stored, JobProblem)
    return JobResult(
        position=item.position,
        subject=item.subject,
        outcome=item.outcome,
        detail=facts or None,
        problem=None if problem is None else build_problem(problem, f"/v1/jobs/{job}/items", request_id, language),
    )
