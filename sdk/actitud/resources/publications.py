"""Publications of an edition, corrections, and published documents by their digest."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

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
    fetch_bytes,
    fetch_page,
)
from actitud._config import Core
from actitud.errors import UnexpectedResponse
from actitud.models import Listing, Publication, PublicationApproval, Signature

BUNDLE_MAX = 1024 * 1024 * 1024
"""Bytes of a bundle that are read at most; one of 8,131 organisations has 35 MB."""


def list_publications(
    core: Core, edition: str, *, limit: int | None = None, offset: int | None = None
) -> Call[Fetched[Publication]]:
    """List the revisions of a published edition, the newest first; none where it is not published.

    ``limit`` and ``offset`` as elsewhere. Raises ``NotFound`` on an unknown edition.
    """
    query = {"limit": limit, "offset": offset}
    return fetch_page(core, build_get(core, "editions", edition, "publications", query=query), Listing[Publication])


def get_publication(core: Core, edition: str, revision: int | str = "latest") -> Call[Publication]:
    """Fetch a revision of a published edition, the newest unless said otherwise.

    Raises ``NotFound`` where the edition is unknown or has no such revision.
    """
    return fetch(core, build_get(core, "editions", edition, "publications", str(revision)), Publication)


def create_publication(
    core: Core,
    edition: str,
    *,
    reason: str,
    supersedes: str | None = None,
    corrections: Sequence[Mapping[str, object]] = (),
    idempotency_key: str | None = None,
) -> Call[Publication]:
    """Publish an edition that is in review for good, or a correction of a published one.

    ``reason``: why; it is published with it. Of a correction: ``supersedes``, the digest of the newest revision, and
    ``corrections``, the assessments that change, each with the merge patch that ``editions.assessments.update`` would
    take: ``{"organisation": "…", "assessment": {"methodology": "2026.1", "answers": {"D1.02": {"level": 3}}}}``.
    ``idempotency_key``: your own name for this call, so that it acts once although your program is started again.

    An edition of thousands of organisations takes half a minute; a client that waits for less asks again by itself and
    gets the same answer. Raises ``Conflict``, with every reason in ``errors``, where it is not published so.
    """
    body = {"reason": reason, "supersedes": supersedes, "corrections": list(corrections)}
    request = build_create(core, "editions", edition, "publications", body=body, idempotency_key=idempotency_key)
    return fetch(core, request, Publication)


def list_approvals(
    core: Core, edition: str, *, limit: int | None = None, offset: int | None = None
) -> Call[Fetched[PublicationApproval]]:
    """List which key has approved to publish what of an edition, the oldest first.

    ``limit`` and ``offset`` as elsewhere. Raises ``NotFound`` where the edition is unknown.
    """
    query = {"limit": limit, "offset": offset}
    return fetch_page(
        core, build_get(core, "editions", edition, "approvals", query=query), Listing[PublicationApproval]
    )


def get_approval(core: Core, edition: str, approval: str) -> Call[PublicationApproval]:
    """Fetch an approval by its id, which counts from 1. Raises ``NotFound`` where there is none."""
    return fetch(core, build_get(core, "editions", edition, "approvals", approval), PublicationApproval)


def create_approval(
    core: Core,
    edition: str,
    *,
    digest: str,
    reason: str,
    supersedes: str | None = None,
    corrections: Sequence[Mapping[str, object]] = (),
    idempotency_key: str | None = None,
) -> Call[PublicationApproval]:
    """Approve that another key publishes exactly this, where the service asks for a second approver.

    ``digest``: of what would be published, as the ``suggestion`` of the error with which the publication is refused.
    All else as in ``publications.create``, which has to be called with the same. Raises ``Conflict`` where something
    else would be published by now, whose digest is then the ``suggestion``.
    """
    body = {"digest": digest, "reason": reason, "supersedes": supersedes, "corrections": list(corrections)}
    request = build_create(core, "editions", edition, "approvals", body=body, idempotency_key=idempotency_key)
    return fetch(core, request, PublicationApproval)


def get_bundle(core: Core, edition: str, revision: int | str = "latest") -> Call[bytes]:
    """Fetch a whole publication in one file (gzip, JSON Lines): header, edition document, documents of the scores.

    Raises ``NotFound`` where the edition is unknown or has no such revision.
    """
    request = build_get(core, "editions", edition, "publications", str(revision), "bundle")
    reply = yield from fetch_bytes(core, request, "application/gzip", BUNDLE_MAX)
    return reply.body


def get_published_score(core: Core, edition: str, organisation: str, *, revision: int | str = "latest") -> Call[bytes]:
    """Fetch the exact bytes of the published score of an organisation (JSON, RFC 8785).

    Raises ``NotFound`` where the edition is unknown, has no such revision or no score of the organisation.
    """
    request = build_get(core, "editions", edition, "publications", str(revision), "scores", organisation)
    return (yield from fetch_bytes(core, request)).body


def get_document(core: Core, digest: str) -> Call[bytes]:
    """Fetch the exact bytes of the published document with that digest, ``sha256:…`` (JSON, RFC 8785).

    Raises ``NotFound`` where nothing of that digest is published, and ``UnexpectedResponse`` where the bytes have
    another digest: then they are not what was published.
    """
    reply = yield from fetch_bytes(core, build_get(core, "published", digest))
    found = f"sha256:{hashlib.sha256(reply.body).hexdigest()}"
    if found != digest:
        raise UnexpectedResponse(f"a document with the digest {found}", reply.status, reply.request_id)
    return reply.body


def get_signature(core: Core, digest: str) -> Call[Signature]:
    """Fetch the signature of the published document with that digest. Raises ``NotFound`` where there is none."""
    return fetch(core, build_get(core, "published", digest, "signature"), Signature)


class PublicationScores(Bound):
    """``client.editions.publications.scores``."""

    get = bind_blocking(get_published_score)


class Publications(Bound):
    """``client.editions.publications``."""

    list = bind_blocking_list(list_publications)
    get = bind_blocking(get_publication)
    create = bind_blocking(create_publication)
    bundle = bind_blocking(get_bundle)

    def __init__(self, core: Core, transport: Transport) -> None:
        super().__init__(core, transport)
        self.scores = PublicationScores(core, transport)


class Approvals(Bound):
    """``client.editions.approvals``."""

    list = bind_blocking_list(list_approvals)
    get = bind_blocking(get_approval)
    create = bind_blocking(create_approval)


class Published(Bound):
    """``client.published``."""

    get = bind_blocking(get_document)
    signature = bind_blocking(get_signature)


class AsyncPublicationScores(AsyncBound):
    """``async_client.editions.publications.scores``."""

    get = bind_awaitable(get_published_score)


class AsyncPublications(AsyncBound):
    """``async_client.editions.publications``."""

    list = bind_awaitable_list(list_publications)
    get = bind_awaitable(get_publication)
    create = bind_awaitable(create_publication)
    bundle = bind_awaitable(get_bundle)

    def __init__(self, core: Core, transport: AsyncTransport) -> None:
        super().__init__(core, transport)
        self.scores = AsyncPublicationScores(core, transport)


class AsyncApprovals(AsyncBound):
    """``async_client.editions.approvals``."""

    list = bind_awaitable_list(list_approvals)
    get = bind_awaitable(get_approval)
    create = bind_awaitable(create_approval)


class AsyncPublished(AsyncBound):
    """``async_client.published``."""

    get = bind_awaitable(get_document)
    signature = bind_awaitable(get_signature)
