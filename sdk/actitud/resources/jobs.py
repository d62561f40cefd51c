"""Jobs: work of the service that takes longer than the call that requested it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, TypeVar

import msgspec

from actitud._bind import bind_awaitable, bind_awaitable_list, bind_blocking, bind_blocking_list
from actitud._calls import (
    AsyncBound,
    AsyncTransport,
    Bound,
    Call,
    Fetched,
    Transport,
    build_create,
    build_get,
    fetch,
    fetch_page,
)
from actitud._config import Core
from actitud.errors import JobNotDone, NoAnswer, WaitTimedOut, build_problem_error
from actitud.models import Job, JobItem, JobState, Listing

T = TypeVar("T")

FIRST_PAUSE: Final = 0.2
"""Seconds before the first further look at a job; each pause is half as long again as the one before."""

LONGEST_PAUSE: Final = 2.0

SHORTEST_LIMIT: Final = 5.0
"""Seconds that each look at a job may take, however little is left of the time-out of the caller."""


def list_jobs(
    core: Core,
    *,
    kind: str | None = None,
    state: JobState | None = None,
    edition: str | None = None,
    limit: int | None = None,
    offset: int | None = None,
    total: bool = False,
    lang: str | None = None,
) -> Call[Fetched[Job]]:
    """List the jobs that you asked for, newest first; an administrator's key lists all.

    - ``kind``: only jobs that were requested by this operation, ``"editions.publications.create"``.
    - ``state``: only jobs in this state, such as ``"running"``.
    - ``edition``: only jobs about the edition with this id.
    - ``limit``: items per page, 1 to 1,000, default 50.
    - ``offset``: items to skip.
    - ``total``: count the items of all pages, for ``Page.total``.
    - ``lang``: language of the problems, default the language of the client.
    """
    query = {
        "kind": kind,
        "state": state,
        "edition": edition,
        "limit": limit,
        "offset": offset,
        "total": total or None,
    }
    return fetch_page(core, build_get(core, "jobs", query=query, lang=lang), Listing[Job])


def get_job(core: Core, job: str, *, lang: str | None = None) -> Call[Job]:
    """Fetch a job by its id. Raises ``NotFound`` if there is no such job, or if another caller requested it.

    ``lang``: language of the problem of the job, default the language of the client.
    """
    return fetch(core, build_get(core, "jobs", job, lang=lang), Job)


def list_items(
    core: Core,
    job: str,
    *,
    outcome: str | None = None,
    limit: int | None = None,
    offset: int | None = None,
    total: bool = False,
    lang: str | None = None,
) -> Call[Fetched[JobItem]]:
    """List the results of a job: one for each organisation, or each row of a file, that it has processed so far.

    - ``outcome``: only results with this outcome, such as ``refused``; each kind of job has its own words.
    - ``limit``: items per page, 1 to 1,000, default 50.
    - ``offset``: items to skip.
    - ``total``: count the items of all pages, for ``Page.total``.
    - ``lang``: language of the problems of refused results.

    Raises ``NotFound`` if there is no such job, or if another caller requested it.
    """
    query = {"outcome": outcome, "limit": limit, "offset": offset, "total": total or None}
    return fetch_page(core, build_get(core, "jobs", job, "items", query=query, lang=lang), Listing[JobItem])


def cancel_job(core: Core, job: str, *, idempotency_key: str | None = None, lang: str | None = None) -> Call[Job]:
    """Cancel a job: at once if it has not begun, else before its next step. Finished steps stay done.

    ``idempotency_key``: a name of your choice for this call, so that the service acts once even if your program sends
    the call again; by default each call gets its own. ``lang``: language of the problem of the job, default the
    language of the client. Raises ``Conflict`` if the job has ended.
    """
    request = build_create(core, "jobs", job, "cancellations", body=None, idempotency_key=idempotency_key, lang=lang)
    return fetch(core, request, Job)


def wait_for_job(
    core: Core,
    job: str,
    *,
    timeout: float | None = None,
    progress: Callable[[Job], None] | None = None,
    lang: str | None = None,
) -> Call[Job]:
    """Wait until a job has succeeded, and return it with its ``result``.

    - ``timeout``: seconds to wait, by default without limit. The job is fetched once more when they are over; if the
      service does not answer that last request, the call ends at most five seconds later.
    - ``progress``: called with the job each time that its state is fetched, the last time once it has ended. The pauses
      between two fetches grow to two seconds.
    - ``lang``: language of the problem of the job, default the language of the client.

    Raises ``JobNotDone``, with the job, if it fails or is cancelled; ``WaitTimedOut``, with the job as last seen, if it
    has not ended after ``timeout`` seconds (it goes on at the service); ``NotFound`` if there is no such job, or if
    another caller requested it; ``ValueError`` for a ``timeout`` below 0.
    """
    if timeout is not None and not timeout >= 0:  # NaN neither
        raise ValueError(f"timeout must be a number of seconds, 0 or more, not {timeout!r}")
    clock = core.runtime.clock
    end = math.inf if timeout is None else clock() + timeout
    request, pause = build_get(core, "jobs", job, lang=lang), 0.0
    seen: Job | None = None
    while True:
        try:
            seen = yield from fetch(_limit(core, end), msgspec.structs.replace(request, delay=pause), Job)
        except NoAnswer as error:
            if seen is None or timeout is None or clock() < end:
                raise
            raise WaitTimedOut(seen, timeout) from error
        if progress is not None:
            progress(seen)
        if seen.is_final:
            if seen.state != "succeeded":
                raise JobNotDone(seen)
            return seen
        left = end - clock()
        if timeout is not None and left <= 0:
            raise WaitTimedOut(seen, timeout)
        pause = min(FIRST_PAUSE if pause == 0.0 else min(1.5 * pause, LONGEST_PAUSE), left)


def _limit(core: Core, end: float) -> Core:
    """Return the settings for a request that ends at ``end``, a reading of the client's clock, or soon after."""
    total = min(core.timeouts.total, max(end - core.runtime.clock(), SHORTEST_LIMIT))
    return msgspec.structs.replace(
        core,
        timeouts=msgspec.structs.replace(core.timeouts, total=total),
        policy=msgspec.structs.replace(core.policy, total=total),
    )


def complete_job(core: Core, job: Job, kind: type[T], progress: Callable[[Job], None] | None = None) -> Call[T]:
    """Wait for a job that a call has just requested, and return the result of the job as ``kind``.

    Raises the exception for the problem of the job, as if it were the response to the call, or ``JobNotDone`` if the
    job was cancelled. ``progress``: called with the job each time that its state is fetched.
    """
    try:
        done = yield from wait_for_job(core, job.id, progress=progress)
    except JobNotDone as error:
        problem = error.job.problem
        if problem is None:
            raise
        raise build_problem_error(problem, problem.status or 500, problem.request_id, None) from error
    return msgspec.convert(done.result, kind)


class JobItems(Bound):
    """Operations on the results of a job: ``client.jobs.items.list``."""

    list: Final = bind_blocking_list(list_items)


class Jobs(Bound):
    """Operations on jobs, such as ``client.jobs.wait``."""

    list: Final = bind_blocking_list(list_jobs)
    get: Final = bind_blocking(get_job)
    cancel: Final = bind_blocking(cancel_job)
    wait: Final = bind_blocking(wait_for_job)

    def __init__(self, core: Core, transport: Transport) -> None:
        super().__init__(core, transport)
        self.items: Final = JobItems(core, transport)


class AsyncJobItems(AsyncBound):
    """Awaitable operations on the results of a job: ``async_client.jobs.items.list``."""

    list: Final = bind_awaitable_list(list_items)


class AsyncJobs(AsyncBound):
    """Awaitable operations on jobs, such as ``async_client.jobs.wait``."""

    list: Final = bind_awaitable_list(list_jobs)
    get: Final = bind_awaitable(get_job)
    cancel: Final = bind_awaitable(cancel_job)
    wait: Final = bind_awaitable(wait_for_job)

    def __init__(self, core: Core, transport: AsyncTransport) -> None:
        super().__init__(core, transport)
        self.items: Final = AsyncJobItems(core, transport)
