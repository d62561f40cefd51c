"""Replies of an organisation, in the hearing, to verdicts on its answers."""

from __future__ import annotations

from collections.abc import Sequence

from actitud._bind import bind_awaitable, bind_awaitable_list, bind_blocking, bind_blocking_list
from actitud._calls import (
    AsyncBound,
    Bound,
    Call,
    Fetched,
    build_delete,
    build_get,
    build_put,
    fetch,
    fetch_nothing,
    fetch_page,
)
from actitud._config import Core
from actitud.models import EvidenceLike, Listing, Reply


def list_replies(
    core: Core, edition: str, organisation: str, *, limit: int | None = None, offset: int | None = None
) -> Call[Fetched[Reply]]:
    """List the replies of an organisation in an edition, in the order of the methodology.

    ``limit``: items per page, 1 to 1,000, 50 unless given; iterating goes on over all pages. ``offset``: items to
    skip. Raises ``NotFound`` where there is no assessment.
    """
    query = {"limit": limit, "offset": offset}
    request = build_get(core, "editions", edition, "assessments", organisation, "replies", query=query)
    return fetch_page(core, request, Listing[Reply])


def get_reply(core: Core, edition: str, organisation: str, indicator: str) -> Call[Reply]:
    """Fetch the reply about an indicator. Raises ``NotFound`` where there is none."""
    return fetch(core, build_get(core, "editions", edition, "assessments", organisation, "replies", indicator), Reply)


def put_reply(
    core: Core,
    edition: str,
    organisation: str,
    indicator: str,
    *,
    text: str,
    evidence: Sequence[EvidenceLike] = (),
    if_match: str | None = None,
) -> Call[Reply]:
    """Reply in the hearing to what was found of an indicator; it is published with the edition.

    ``text``: up to 4,000 characters in one line, without data of people. ``evidence``: up to 20 documents.
    ``if_match``: the ``etag`` of the reply that it takes the place of; ``None`` where there is none yet. Raises
    ``PreconditionFailed`` where there is another by now, and ``Conflict`` where nothing is heard, or no more.
    """
    body = {"text": text, "evidence": tuple(evidence)}
    segments = ("editions", edition, "assessments", organisation, "replies", indicator)
    return fetch(core, build_put(core, *segments, body=body, if_match=if_match), Reply)


def delete_reply(core: Core, edition: str, organisation: str, indicator: str, *, if_match: str | None) -> Call[None]:
    """Take back a reply, in the hearing.

    ``if_match``: the ``etag`` of the reply as it was read. Raises as :func:`put_reply`.
    """
    segments = ("editions", edition, "assessments", organisation, "replies", indicator)
    return fetch_nothing(core, build_delete(core, *segments, if_match=if_match))


class Replies(Bound):
    """``client.editions.assessments.replies``."""

    list = bind_blocking_list(list_replies)
    get = bind_blocking(get_reply)
    put = bind_blocking(put_reply)
    delete = bind_blocking(delete_reply)


class AsyncReplies(AsyncBound):
    """``async_client.editions.assessments.replies``."""

    list = bind_awaitable_list(list_replies)
    get = bind_awaitable(get_reply)
    put = bind_awaitable(put_reply)
    delete = bind_awaitable(delete_reply)
