"""Replies of an organisation to the verdicts on its answers, sent during the hearing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

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
    core: Core,
    edition: str,
    organisation: str,
    *,
    limit: int | None = None,
    offset: int | None = None,
    total: bool = False,
) -> Call[Fetched[Reply]]:
    """List the replies of an organisation in an edition, in the order of the methodology's indicators.

    ``limit``: items per page, 1 to 1,000, default 50. ``offset``: items to skip. ``total``: count the items of all
    pages, for ``Page.total``. Iterating over the result fetches all pages. Raises ``NotFound`` if the organisation has
    no assessment in the edition.
    """
    query = {"limit": limit, "offset": offset, "total": total or None}
    request = build_get(core, "editions", edition, "assessments", organisation, "replies", query=query)
    return fetch_page(core, request, Listing[Reply])


def get_reply(core: Core, edition: str, organisation: str, indicator: str) -> Call[Reply]:
    """Fetch the organisation's reply to the verdict on one indicator.

    Raises ``NotFound`` if the organisation has not replied.
    """
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
    """Create or replace the organisation's reply to the verdict on an indicator; it is published with the edition.

    ``text``: one line of at most 4,000 characters, without personal data. ``evidence``: at most 20 documents.
    ``if_match``: the ``etag`` of the reply to replace, ``None`` to create one.

    Raises ``PreconditionFailed`` if the reply was changed since it was read, or already exists; ``Conflict`` if the
    assessment is not in its hearing.
    """
    body = {"text": text, "evidence": tuple(evidence)}
    segments = ("editions", edition, "assessments", organisation, "replies", indicator)
    return fetch(core, build_put(core, *segments, body=body, if_match=if_match), Reply)


def delete_reply(core: Core, edition: str, organisation: str, indicator: str, *, if_match: str | None) -> Call[None]:
    """Delete a reply during the hearing. ``if_match`` is the ``etag`` of the reply.

    Raises ``PreconditionFailed`` if the reply was changed since it was read, and ``Conflict`` if the assessment is
    not in its hearing. Raises ``ValueError`` if ``if_match`` is ``None``.
    """
    segments = ("editions", edition, "assessments", organisation, "replies", indicator)
    return fetch_nothing(core, build_delete(core, *segments, if_match=if_match))


class Replies(Bound):
    """Operations on an organisation's replies, such as ``client.editions.assessments.replies.list``."""

    list: Final = bind_blocking_list(list_replies)
    get: Final = bind_blocking(get_reply)
    put: Final = bind_blocking(put_reply)
    delete: Final = bind_blocking(delete_reply)


class AsyncReplies(AsyncBound):
    """Awaitable operations on an organisation's replies.

    One of them is ``async_client.editions.assessments.replies.list``.
    """

    list: Final = bind_awaitable_list(list_replies)
    get: Final = bind_awaitable(get_reply)
    put: Final = bind_awaitable(put_reply)
    delete: Final = bind_awaitable(delete_reply)
