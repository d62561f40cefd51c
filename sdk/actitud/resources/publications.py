"""Publications of editions, corrections, and published documents by digest."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, overload

import msgspec

from actitud._bind import (
    bind_awaitable,
    bind_awaitable_export,
    bind_awaitable_list,
    bind_blocking,
    bind_blocking_export,
    bind_blocking_list,
)
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
    fetch_or_enqueue,
    fetch_page,
)
from actitud._config import Core
from actitud._files import Destination, Export, fetch_export
from actitud._streams import ProgressCallback
from actitud.errors import UnexpectedResponse
from actitud.models import Job, Listing, Publication, PublicationApproval, Signature
from actitud.resources.jobs import complete_job

BUNDLE_MAX = 1024 * 1024 * 1024
"""Largest bundle that is read, in bytes. The bundle of 8,131 organisations has 35 MB."""


class PublicationOutcome(msgspec.Struct):
    """Result of a publication job. ``revision``: number of the new revision of the edition, from 1."""

    revision: int


def list_publications(
    core: Core, edition: str, *, limit: int | None = None, offset: int | None = None, total: bool = False
) -> Call[Fetched[Publication]]:
    """List the revisions of an edition's publication, newest first. The list is empty if the edition is not published.

    ``limit``: items per page, 1 to 1,000, default 50. ``offset``: items to skip. ``total``: count the items of all
    pages, for ``Page.total``. Raises ``NotFound`` if the edition does not exist.
    """
    query = {"limit": limit, "offset": offset, "total": total or None}
    return fetch_page(core, build_get(core, "editions", edition, "publications", query=query), Listing[Publication])


def get_publication(core: Core, edition: str, revision: int | str = "latest") -> Call[Publication]:
    """Fetch a revision of a published edition, by default the newest.

    Raises ``NotFound`` if the edition or the revision does not exist.
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
    progress: Callable[[Job], None] | None = None,
) -> Call[Publication]:
    """Publish an edition that is in review, or a correction of a published edition. Publishing cannot be undone.

    - ``reason``: reason of the publication or correction, 1 to 1,000 characters, which is published too.
    - ``supersedes``: for a correction, the digest of the newest revision.
    - ``corrections``: for a correction, the assessments to change, each with a merge patch as for
      ``editions.assessments.update``: ``{"organisation": "…", "assessment": {"methodology": "2027.1", "answers":
      {"D1.06": {"level": 3}}}}``.
    - ``idempotency_key``: a name of your choice for this call, so that the service acts once even if your program sends
      the call again.
    - ``progress``: called with the job each time that the client fetches its state.

    Publishing thousands of organisations takes about half a minute. The service does it as a job, and the call waits
    until the job ends, without a time limit. If your program ends meanwhile, the service continues, and the same call
    with the same ``idempotency_key`` waits for the same job. Raises ``Conflict``, with every reason in ``errors``, if
    the edition cannot be published, and ``JobNotDone`` if somebody cancels the job.
    """
    body = {"reason": reason, "supersedes": supersedes, "corrections": list(corrections)}
    request = build_create(core, "editions", edition, "publications", body=body, idempotency_key=idempotency_key)
    made = yield from fetch_or_enqueue(core, request, Publication)
    if isinstance(made, Publication):
        return made
    outcome = yield from complete_job(core, made, PublicationOutcome, progress)
    return (yield from get_publication(core, edition, outcome.revision))


def list_approvals(
    core: Core, edition: str, *, limit: int | None = None, offset: int | None = None, total: bool = False
) -> Call[Fetched[PublicationApproval]]:
    """List the approvals of an edition's publications, each by a key, oldest first.

    ``limit``: items per page, 1 to 1,000, default 50. ``offset``: items to skip. ``total``: count the items of all
    pages, for ``Page.total``. Raises ``NotFound`` if the edition does not exist.
    """
    query = {"limit": limit, "offset": offset, "total": total or None}
    return fetch_page(
        core, build_get(core, "editions", edition, "approvals", query=query), Listing[PublicationApproval]
    )


def get_approval(core: Core, edition: str, approval: str) -> Call[PublicationApproval]:
    """Fetch an approval of a publication by its number; ``"1"`` is the first of the edition.

    Raises ``NotFound`` if the edition has no approval with that number.
    """
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
    """Approve a publication that another key will make, if the service requires two people.

    ``digest``: digest of the pending publication; the error that refuses ``publications.create`` contains this digest
    as ``suggestion``. ``reason``, ``supersedes`` and ``corrections`` must equal the arguments of the later call of
    ``publications.create``. ``idempotency_key``: a name of your choice for this call, so that the service acts once
    even if your program sends the call again; by default each call gets its own. Raises ``Conflict`` if the pending
    publication has another digest by now, which is then the ``suggestion``.
    """
    body = {"digest": digest, "reason": reason, "supersedes": supersedes, "corrections": list(corrections)}
    request = build_create(core, "editions", edition, "approvals", body=body, idempotency_key=idempotency_key)
    return fetch(core, request, PublicationApproval)


@overload
def get_bundle(core: Core, edition: str, revision: int | str = "latest", *, to: None = None) -> Call[Export[bytes]]: ...


@overload
def get_bundle(
    core: Core,
    edition: str,
    revision: int | str = "latest",
    *,
    to: Destination,
    progress: ProgressCallback | None = None,
) -> Call[Export[Path]]: ...


def get_bundle(
    core: Core,
    edition: str,
    revision: int | str = "latest",
    *,
    to: Destination | None = None,
    progress: ProgressCallback | None = None,
) -> Call[Export[bytes]] | Call[Export[Path]]:
    """Download a whole publication as one gzip file of JSON Lines: header, edition document, score documents.

    ``to``: the path to write the file to, which is returned; if it is not passed, the bytes are returned. ``progress``:
    called after each chunk that is written. Raises ``NotFound`` if the edition or the revision does not exist.
    """
    request = build_get(core, "editions", edition, "publications", str(revision), "bundle")
    return fetch_export(core, request, "application/gzip", BUNDLE_MAX, to=to, progress=progress)


def get_published_score(core: Core, edition: str, organisation: str, *, revision: int | str = "latest") -> Call[bytes]:
    """Fetch the exact bytes of an organisation's published score document (JSON, RFC 8785).

    Raises ``NotFound`` if the edition or the revision does not exist, or has no score of the organisation.
    """
    request = build_get(core, "editions", edition, "publications", str(revision), "scores", organisation)
    return (yield from fetch_bytes(core, request)).body


def get_document(core: Core, digest: str) -> Call[bytes]:
    """Fetch the exact bytes of a published document by its digest, ``sha256:…`` (JSON, RFC 8785), and check them.

    Raises ``NotFound`` if no document with that digest is published, and ``UnexpectedResponse`` if the received
    bytes have another digest.
    """
    reply = yield from fetch_bytes(core, build_get(core, "published", digest))
    actual = f"sha256:{hashlib.sha256(reply.body).hexdigest()}"
    if actual != digest:
        raise UnexpectedResponse(f"a document with the digest {actual}", reply.status, reply.request_id)
    return reply.body


def get_signature(core: Core, digest: str) -> Call[Signature]:
    """Fetch the signature of a published document by the document's digest.

    Raises ``NotFound`` if no published document has this digest.
    """
    return fetch(core, build_get(core, "published", digest, "signature"), Signature)


class PublicationScores(Bound):
    """Operations on published scores: ``client.editions.publications.scores.get``."""

    get: Final = bind_blocking(get_published_score)


class Publications(Bound):
    """Operations on publications of an edition, such as ``client.editions.publications.list``."""

    list: Final = bind_blocking_list(list_publications)
    get: Final = bind_blocking(get_publication)
    create: Final = bind_blocking(create_publication)
    bundle: Final = bind_blocking_export(get_bundle)

    def __init__(self, core: Core, transport: Transport) -> None:
        super().__init__(core, transport)
        self.scores: Final = PublicationScores(core, transport)


class Approvals(Bound):
    """Operations on approvals of publications, such as ``client.editions.approvals.list``."""

    list: Final = bind_blocking_list(list_approvals)
    get: Final = bind_blocking(get_approval)
    create: Final = bind_blocking(create_approval)


class Published(Bound):
    """Operations on published documents, such as ``client.published.get``."""

    get: Final = bind_blocking(get_document)
    signature: Final = bind_blocking(get_signature)


class AsyncPublicationScores(AsyncBound):
    """Awaitable operations on published scores: ``async_client.editions.publications.scores.get``."""

    get: Final = bind_awaitable(get_published_score)


class AsyncPublications(AsyncBound):
    """Awaitable operations on publications of an edition, such as ``async_client.editions.publications.list``."""

    list: Final = bind_awaitable_list(list_publications)
    get: Final = bind_awaitable(get_publication)
    create: Final = bind_awaitable(create_publication)
    bundle: Final = bind_awaitable_export(get_bundle)

    def __init__(self, core: Core, transport: AsyncTransport) -> None:
        super().__init__(core, transport)
        self.scores: Final = AsyncPublicationScores(core, transport)


class AsyncApprovals(AsyncBound):
    """Awaitable operations on approvals of publications, such as ``async_client.editions.approvals.list``."""

    list: Final = bind_awaitable_list(list_approvals)
    get: Final = bind_awaitable(get_approval)
    create: Final = bind_awaitable(create_approval)


class AsyncPublished(AsyncBound):
    """Awaitable operations on published documents, such as ``async_client.published.get``."""

    get: Final = bind_awaitable(get_document)
    signature: Final = bind_awaitable(get_signature)
