"""Editions scored again under another methodology version."""

from __future__ import annotations

from typing import Final

from actitud._bind import bind_awaitable, bind_blocking
from actitud._calls import AsyncBound, Bound, Call, build_create, fetch
from actitud._config import Core
from actitud.models import Job


def create_rescoring(
    core: Core, edition: str, *, methodology: str, idempotency_key: str | None = None, lang: str | None = None
) -> Call[Job]:
    """Start a job that scores an edition again under another methodology version, without changing the edition.

    ``client.jobs.wait`` waits for its end: its ``result`` has the mean index under both versions, and the number of
    organisations that move from one level to another. ``client.jobs.items.list`` has a result for each organisation,
    with the outcome ``risen``, ``fallen``, ``same`` or ``unrated`` (no index under one of the versions); its ``detail``
    has the score before and after, and the parts of the change.

    - ``methodology``: the version, ``"2027.1"``.
    - ``idempotency_key``: a name of your choice for this call, so that the service acts once even if your program sends
      the call again; by default each call gets its own.
    - ``lang``: language of the problem of the job, default the language of the client.

    Raises ``Conflict`` if ``methodology`` or the version of the edition only estimates an index, because such scores
    cannot be compared.
    """
    request = build_create(
        core,
        "editions",
        edition,
        "rescorings",
        body={"methodology": methodology},
        idempotency_key=idempotency_key,
        lang=lang,
    )
    return fetch(core, request, Job)


class Rescorings(Bound):
    """Operations on re-scorings of an edition: ``client.editions.rescorings.create``."""

    create: Final = bind_blocking(create_rescoring)


class AsyncRescorings(AsyncBound):
    """Awaitable operations on re-scorings of an edition: ``async_client.editions.rescorings.create``."""

    create: Final = bind_awaitable(create_rescoring)
