"""HTTP routes of publications of an edition, and of published documents by their digest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

import msgspec
import structlog
from litestar import Controller, Response
from litestar.response import Stream

from actitud_api.engine.i18n import Texts
from actitud_api.engine.narration.state_names import EDITION_STATES, STATES
from actitud_api.platform.auth.idempotency import idempotent
from actitud_api.platform.auth.policy import PUBLISHERS
from actitud_api.platform.auth.recording import audit_event
from actitud_api.platform.auth.service import Principal
from actitud_api.platform.http.access import ANYBODY
from actitud_api.platform.http.contract import Link
from actitud_api.platform.http.operations import get, post
from actitud_api.platform.http.paging import Cursor, PageQuery
from actitud_api.platform.http.preferences import prefers_async
from actitud_api.platform.http.problems import (
    CONFLICT,
    NOT_FOUND,
    UNAVAILABLE,
    Fault,
    ProblemError,
    ProblemMapping,
    maps_to,
)
from actitud_api.platform.http.representations import GZIP, IMMUTABLE, Exact, Pages, Representation, format_http_date
from actitud_api.platform.http.scope import ApiRequest
from actitud_api.platform.jobs.service import enqueue_job
from actitud_api.platform.jobs.workers import WorkerEnded
from actitud_api.platform.storage.database import Database, Session
from actitud_api.platform.storage.pages import PageRange
from actitud_api.platform.storage.public_state import mark_hidden
from actitud_api.resources.editions.schemas import EditionPath
from actitud_api.resources.jobs.answers import JOB
from actitud_api.resources.publications import schemas, service, tasks
from actitud_api.resources.publications.documents import EditionDocument, ScoreDocument
from actitud_api.resources.publications.service import (
    PublicationInterrupted,
    PublicationRecord,
    PublicationRefused,
    Refusal,
    UnknownDocument,
    UnknownPublication,
    UnknownPublishedScore,
)

_log = structlog.get_logger()

PUBLICATION = Representation(schemas.Publication)
PAGE = Pages(schemas.PublicationPage)
SCORE = Exact(ScoreDocument)
BUNDLE = Exact(None, media_type=GZIP)
DOCUMENT = Exact(ScoreDocument | EditionDocument, cache=IMMUTABLE)
SIGNATURE = Exact(schemas.Signature, cache=IMMUTABLE)
CURSOR: Cursor[int] = Cursor("editions.publications.list", int)

_OF_EDITION = {"edition": "$response.body#/edition"}
_REVISION = {**_OF_EDITION, "revision": "$response.body#/revision"}
_DIGEST = {"digest": "$response.body#/digest"}
_LINKS = {
    "document": Link("published.get", _DIGEST),
    "signature": Link("published.signature", _DIGEST),
    "bundle": Link("editions.publications.bundle", _REVISION),
    "corrected": Link(
        "editions.publications.scores.get", {**_REVISION, "organisation": "$response.body#/corrections/0/organisation"}
    ),
    "package": Link("editions.datapackage", _OF_EDITION),
}

_TEXTS: dict[str, Texts] = {
    "incomplete": Texts(
        "A la revisión {value}, que no publicó este servicio, le faltan puntuaciones. Nadie la lee, pero no se puede "
        "publicar otra hasta que quien administra la instalación la quite con actitud-api discard-revision.",
        "The revision {value}, which this service did not publish, lacks scores. Nobody reads it, but no other can be "
        "published until whoever runs the installation removes it with actitud-api discard-revision.",
    ),
    "review": Texts(
        "Se publica una edición que está en revisión; esta está {value}.",
        "An edition is published while it is in review; this one is {value}.",
    ),
    "unsettled": Texts(
        "Evaluaciones en el estado «{value}»: {holds}; antes de publicar han de ser definitivas.",
        "Assessments in the state “{value}”: {holds}; before publication they have to be final.",
    ),
    "empty": Texts("Ninguna evaluación es definitiva.", "No assessment is final."),
    "published": Texts(
        "Ya está publicada, con el resumen {holds}; una corrección lo nombra en `supersedes`.",
        "It is published already, with the digest {holds}; a correction names it in `supersedes`.",
    ),
    "unpublished": Texts(
        "No hay nada publicado que corregir o sustituir.", "There is nothing published to correct or to supersede."
    ),
    "superseded": Texts("La última revisión es {holds}.", "The newest revision is {holds}."),
    "corrections": Texts("Una revisión corrige alguna evaluación.", "A revision corrects some assessment."),
    "repeated": Texts("{value} está más de una vez.", "{value} is there more than once."),
    "unknown": Texts(
        "{value} no tiene puntuación en la edición publicada, y no se puede añadir: solo se añade lo que se devolvió y "
        "no se presentó de nuevo a tiempo.",
        "{value} has no score in the published edition and cannot be added: only what was returned and not submitted "
        "again in time is added.",
    ),
    "unapproved": Texts(
        "Antes tiene que aprobar {holds} otra clave, de quien publica o administra.",
        "Another key, of a publisher or an administrator, has to approve {holds} before.",
    ),
    "same_person": Texts(
        "La aprobación de la clave {value} no cuenta: la hizo quien publica, o ambas claves vienen de la misma persona "
        "que administra. Aprueba una clave hecha en la línea de órdenes o por otra persona que administra.",
        "The approval by the key {value} does not count: whoever publishes made it, or both keys come from one "
        "administrator. A key approves that was made on the command line or by another administrator.",
    ),
    "another_digest": Texts(
        "Lo que se publicaría ahora es {holds}: mírelo antes.",
        "What would be published now is {holds}: look at it first.",
    ),
    "approved": Texts("Esta clave ya lo ha aprobado.", "This key has approved it already."),
    "unchanged": Texts("Nada cambiaría en la puntuación de {value}.", "Nothing would change in the score of {value}."),
}
_REFUSED = Texts(
    "La edición no se publica así; véase `errors`.", "The edition cannot be published like this; see `errors`."
)


_RETURNED = Texts(
    "Evaluaciones devueltas cuyo último día no ha pasado: {holds}; hasta entonces se pueden presentar de nuevo.",
    "Returned assessments whose last day is not over: {holds}; until then they may be submitted again.",
)

_NAMES: Final[Mapping[str, Mapping[str, Texts]]] = {"unsettled": STATES, "review": EDITION_STATES}
"""Names of the states that refusals are about, by their rule."""


def _fault(refusal: Refusal) -> Fault:
    value = _NAMES.get(refusal.rule, {}).get(refusal.value or "", refusal.value)
    is_returned = refusal.rule == "unsettled" and refusal.value == "returned"
    text = (_RETURNED if is_returned else _TEXTS[refusal.rule]).fill(value=value, holds=refusal.holds)
    return Fault(refusal.pointer, refusal.rule, refusal.value, text, refusal.holds or None)


def _unknown_publication(error: UnknownPublication) -> Texts:
    if error.revision == service.LATEST:
        return Texts(
            "La edición {edition} no está publicada.", "The edition {edition} is not published.", edition=error.edition
        )
    return Texts(
        "La edición {edition} no tiene publicada la revisión {revision}.",
        "The edition {edition} has no published revision {revision}.",
        edition=error.edition,
        revision=error.revision,
    )


RETRY_AFTER: Final = "30"
"""Value of `Retry-After` in seconds for a publication that was given up before anything of it was stored."""


def _report_ended_worker(error: Exception) -> ProblemError:
    _log.error("a worker process has ended", reason=str(error))
    # Of imports, verdicts and rescorings too, if their job fails for it.
    detail = Texts(
        "Un proceso que calculaba lo que pidió ha terminado antes de tiempo, así que no se ha completado. Repita la "
        "petición.",
        "A process that computed what you asked for has ended too early, so it is not complete. Repeat the request.",
    )
    return ProblemError(UNAVAILABLE, detail, headers={"Retry-After": RETRY_AFTER})


PROBLEMS: tuple[ProblemMapping, ...] = (
    maps_to(
        PublicationInterrupted,
        UNAVAILABLE,
        Texts(
            "El servicio se está parando y no ha publicado nada. Repita la petición cuando vuelva a estar en marcha.",
            "The service is stopping and has published nothing. Repeat the request when it is back.",
        ),
        retry_after=RETRY_AFTER,
    ),
    (WorkerEnded, _report_ended_worker),
    maps_to(
        PublicationRefused,
        CONFLICT,
        _REFUSED,
        lambda error, detail: [_fault(refusal) for refusal in error.refusals],
    ),
    maps_to(UnknownPublication, NOT_FOUND, _unknown_publication),
    maps_to(
        UnknownPublishedScore,
        NOT_FOUND,
        Texts(
            "{organisation} no tiene puntuación en esa publicación de la edición {edition}.",
            "{organisation} has no score in that publication of the edition {edition}.",
        ),
    ),
    maps_to(
        UnknownDocument,
        NOT_FOUND,
        Texts("No hay nada publicado con ese resumen.", "Nothing of that digest is published."),
    ),
)


class PublicationsController(Controller):
    """Routes to publish an edition, to correct it, and to read its publications."""

    path = "/v1/editions/{edition:str}/publications"
    tags = ("publications",)

    @get(
        "/",
        operation_id="editions.publications.list",
        access=ANYBODY,
        answer=PAGE,
        links={
            "publication": Link(
                "editions.publications.get",
                {"edition": "$request.path.edition", "revision": "$response.body#/items/0/revision"},
            )
        },
    )
    def list_publications(
        self, request: ApiRequest, path: EditionPath, query: PageQuery, database: Database
    ) -> Response[bytes]:
        """List the publications of an edition.

        Newest revision first; empty if the edition is not published.
        """
        total = query.make_total()
        rows = service.list_page(
            database, path.edition, PageRange(CURSOR.read(query), query.offset, query.limit + 1, total)
        )
        kept, cursor = CURSOR.cut(query, rows, lambda row: row.revision)
        return PAGE.page_of(request, map(schemas.build_publication, kept), cursor, total)

    @get("/{revision:str}", operation_id="editions.publications.get", access=ANYBODY, answer=PUBLICATION, links=_LINKS)
    def get_publication(
        self, request: ApiRequest, path: schemas.PublicationPath, database: Database
    ) -> Response[bytes]:
        """Get a publication.

        The digest and signature of its edition document, the corrected scores and the checkpoint of the ledger. The
        revision `latest` stands for the newest one.
        """
        return PUBLICATION.of(request, schemas.build_publication(service.get(database, path.edition, path.revision)))

    @get(
        "/{revision:str}/scores/{organisation:str}",
        operation_id="editions.publications.scores.get",
        access=ANYBODY,
        answer=SCORE,
        aliased=False,
    )
    def get_score(self, request: ApiRequest, path: schemas.PublishedScorePath, database: Database) -> Response[bytes]:
        """Get a published score.

        The exact bytes of the score document of an organisation in this publication. `Content-Location` is its
        permanent address.
        """
        _, stored = service.get_score(database, path.edition, path.revision, path.organisation)
        text, digest = stored.form.text, stored.form.digest
        return SCORE.bytes_of(
            request,
            text,
            {"Content-Location": schemas.format_document_path(digest), "Link": _format_links(text, digest)},
        )

    @get("/{revision:str}/bundle", operation_id="editions.publications.bundle", access=ANYBODY, answer=BUNDLE)
    def get_bundle(
        self, request: ApiRequest, path: schemas.PublicationPath, database: Database
    ) -> Response[bytes] | Stream:
        """Get a complete publication.

        One gzip file with a line for each document: a header with the signature, the checkpoint and the public keys,
        then the edition document, then all score documents in the order of the edition document.
        """
        record = service.get(database, path.edition, path.revision)
        pieces: Iterator[bytes] = service.stream_bundle(database, record.edition, record.revision)
        name = f"{record.edition}-{record.revision}.jsonl.gz"
        return BUNDLE.stream_of(
            request,
            pieces,
            record.bundle_size,
            bytes.fromhex(record.bundle_digest),
            {
                "Content-Location": f"{schemas.format_path(record.edition, record.revision)}/bundle",
                "Content-Disposition": f'attachment; filename="{name}"',
                "Last-Modified": format_http_date(record.published),
            },
        )

    @post(
        "/",
        operation_id="editions.publications.create",
        access=PUBLISHERS,
        answer=PUBLICATION,
        problems=(CONFLICT,),
        attempt_named=True,
        deferred=JOB,
    )
    def create_publication(
        self,
        request: ApiRequest,
        path: EditionPath,
        body: schemas.PublicationRequest,
        database: Database,
        principal: Principal,
        publishing: service.EditionPublisher,
    ) -> Response[bytes]:
        """Publish an edition, or a correction of it.

        An edition in review is published with the scores of all its final assessments; every submitted assessment must
        be final or returned. If the edition is published already, the request corrects some assessments and names the
        digest of the newest revision in `supersedes`: a new revision replaces the newest one, which stays readable. A
        correction can also add an organisation that was left out because its assessment was returned; its last
        submission is then scored.

        With `Prefer: respond-async` the answer is a job (202), whose `result` names the publication by its `location`.
        """
        plan = schemas.build_plan(body)

        def enqueue(session: Session) -> Response[bytes]:
            event = audit_event(request)
            job = enqueue_job(
                session,
                kind=tasks.KIND,
                parameters=tasks.PublicationParameters(path.edition, msgspec.to_builtins(body), event),
                principal=principal,
                edition=path.edition,
                total=publishing.check_plan(session, path.edition, plan, event, now=datetime.now(UTC)),
            )
            mark_hidden(session)
            return JOB.accept(request, session, job)

        if prefers_async(request):
            # The entry of the ledger is that of the publication.
            return idempotent(request, database, enqueue, adds_audit_entry=False)

        def write(prepared: service.PreparedScores | None) -> Response[bytes]:
            def publish(session: Session) -> Response[bytes]:
                now = datetime.now(UTC)
                record = publishing.publish(session, path.edition, plan, prepared, audit_event(request), now=now)
                return PUBLICATION.of(request, schemas.build_publication(record), created=_path(record))

            return idempotent(request, database, publish, adds_audit_entry=False)

        return publishing.write_prepared(path.edition, plan, write, now=datetime.now(UTC))


class PublishedController(Controller):
    """Routes to read published documents by their digest."""

    path = "/v1/published/{digest:str}"
    tags = ("publications",)

    @get(
        "/",
        operation_id="published.get",
        access=ANYBODY,
        answer=DOCUMENT,
        links={"signature": Link("published.signature", {"digest": "$request.path.digest"})},
    )
    def get_document(self, request: ApiRequest, path: schemas.DigestPath, database: Database) -> Response[bytes]:
        """Get a published document.

        The exact bytes of the edition document or score document with this SHA-256; they never change. The header
        `Link` has the addresses of its signature, and of the document that replaces it in the newest revision.
        """
        form = service.get_document(database, path.digest).form
        return DOCUMENT.bytes_of(request, form.text, {"Link": _format_links(form.text, form.digest)})

    @get(
        "/signature",
        operation_id="published.signature",
        access=ANYBODY,
        answer=SIGNATURE,
    )
    def get_signature(self, request: ApiRequest, path: schemas.DigestPath, database: Database) -> Response[bytes]:
        """Get the signature of a published document.

        A detached JWS: the signed text is the protected header, a dot, and the exact bytes of the document in
        base64url. The public keys are at `/.well-known/jwks.json`.
        """
        jws = service.get_document(database, path.digest).jws
        body = msgspec.json.encode(schemas.Signature(protected=jws.protected, signature=jws.signature))
        return SIGNATURE.bytes_of(
            request, body, {"Link": f'<{schemas.format_document_path(path.digest)}>; rel="describes"'}
        )


class _Organisation(msgspec.Struct):
    id: str


class _DocumentIdentity(msgspec.Struct):
    """The members of a document that tell its edition and, for a score document, its organisation.

    `organisation` is None for an edition document.
    """

    edition: str
    organisation: _Organisation | None = None


_IDENTITY_DECODER = msgspec.json.Decoder(_DocumentIdentity)


def _format_links(text: bytes, digest: str) -> str:
    """Return the `Link` header of a document with two links.

    One leads to the document that replaces this one in the newest revision, the other to the signature of this
    document. `text` is the exact bytes of the document.
    """
    identity = _IDENTITY_DECODER.decode(text)
    newest = schemas.format_path(identity.edition, service.LATEST)
    if identity.organisation is not None:
        newest += f"/scores/{identity.organisation.id}"
    return (
        f'<{newest}>; rel="latest-version", '
        f'<{schemas.format_document_path(digest)}/signature>; rel="describedby"; type="application/json"'
    )


def _path(record: PublicationRecord) -> str:
    return schemas.format_path(record.edition, record.revision)
