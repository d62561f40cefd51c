"""HTTP routes of webhooks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

import msgspec
import structlog
from litestar import Controller, Response
from msgspec import structs

from actitud_api.engine.i18n import Texts
from actitud_api.platform.auth.idempotency import idempotent
from actitud_api.platform.auth.policy import SUBSCRIBERS
from actitud_api.platform.auth.recording import log_denied, with_audit_entry
from actitud_api.platform.auth.service import Principal
from actitud_api.platform.http.contract import VERSION, Link
from actitud_api.platform.http.operations import delete, get, patch, post
from actitud_api.platform.http.paging import Cursor, PageQuery
from actitud_api.platform.http.problems import (
    CONFLICT,
    NO_STORE,
    NOT_FOUND,
    UNAVAILABLE,
    Fault,
    ProblemError,
    ProblemMapping,
    maps_to,
)
from actitud_api.platform.http.representations import Pages, Representation
from actitud_api.platform.http.scope import ApiRequest
from actitud_api.platform.storage.database import Database, Session
from actitud_api.platform.storage.pages import PageRange
from actitud_api.platform.storage.versions import Expected, build_revision
from actitud_api.resources.webhooks import schemas, service
from actitud_api.resources.webhooks.service import (
    CreatedWebhook,
    ForeignWebhook,
    SecretBox,
    SecretFault,
    TargetRefused,
    TooManyWebhooks,
    UnknownDelivery,
    UnknownWebhook,
    WebhookRecord,
)

_log = structlog.get_logger()

PAGE = Pages(schemas.WebhookPage)
WEBHOOK = Representation(schemas.Webhook)
SIGNED = Representation(schemas.SignedWebhook)
DELIVERY = Representation(schemas.Delivery)
DELIVERIES = Pages(schemas.DeliveryPage)
CURSOR: Cursor[tuple[datetime, str]] = Cursor("webhooks.list", tuple[datetime, str])
LOG_CURSOR: Cursor[int] = Cursor("webhooks.deliveries.list", int)

_WEBHOOK = {"webhook": "$response.body#/id"}
_LINKS_OF_NEW = {
    "webhook": Link("webhooks.get", _WEBHOOK, "The webhook, without its secret."),
    "update": Link("webhooks.update", {**_WEBHOOK, **VERSION}, "To change it."),
    "rotate": Link("webhooks.rotations.create", {**_WEBHOOK, **VERSION}, "To give it another secret."),
    "delete": Link("webhooks.delete", {**_WEBHOOK, **VERSION}, "To delete it."),
    "deliveries": Link("webhooks.deliveries.list", _WEBHOOK, "What was sent to it."),
}
_RETRY_AFTER: Final = "300"

_TARGET_TEXTS: dict[str, Texts] = {
    "form": Texts(
        "Debe empezar por https:// y un nombre de máquina, sin usuario, fragmento ni otro puerto que el 443.",
        "It must begin with https:// and a host name, without a user, a fragment, or another port than 443.",
    ),
    "ip": Texts(
        "La máquina debe tener un nombre: no se envía nada a una dirección IP, se escriba como se escriba.",
        "The host must have a name: nothing is sent to an IP address, in whatever notation.",
    ),
    "internal": Texts(
        "El nombre es de una red interna. Se necesita uno que se resuelva en la internet pública.",
        "The name is one of an internal network. One that resolves on the public internet is needed.",
    ),
    "host": Texts("No es un nombre de máquina.", "It is not a host name."),
}
_REFUSED = Texts("No se envía nada a esa dirección; véase `errors`.", "Nothing is sent to that address; see `errors`.")


def _cannot_sign(error: Exception) -> ProblemError:
    """Log why secrets cannot be stored or read, and return a problem without the reason."""
    _log.error("cannot keep the secret of a webhook", reason=str(error))
    detail = Texts(
        "El servicio no puede guardar ahora el secreto del webhook; el operador tiene que arreglarlo.",
        "The service cannot store the secret of the webhook at present; its operator has to mend that.",
    )
    return ProblemError(UNAVAILABLE, detail, headers={"Retry-After": _RETRY_AFTER})


PROBLEMS: tuple[ProblemMapping, ...] = (
    (SecretFault, _cannot_sign),
    maps_to(ForeignWebhook, NOT_FOUND, NOT_FOUND.description),
    maps_to(UnknownWebhook, NOT_FOUND, NOT_FOUND.description),
    maps_to(UnknownDelivery, NOT_FOUND, NOT_FOUND.description),
    maps_to(
        TargetRefused,
        CONFLICT,
        _REFUSED,
        lambda error, detail: [
            Fault("/url", error.rule, msgspec.json.encode(error.url).decode(), _TARGET_TEXTS[error.rule])
        ],
    ),
    maps_to(
        TooManyWebhooks,
        CONFLICT,
        Texts(
            "Ya tiene {limit} webhooks, que es el máximo. Borre uno que no use.",
            "You have {limit} webhooks already, which is the maximum. Delete one that you do not use.",
        ),
        lambda error, detail: [Fault("", "too_many", str(error.limit), detail)],
    ),
)


class WebhooksController(Controller):
    """Routes to make, read, change and delete webhooks, and to read their log."""

    path = "/v1/webhooks"
    tags = ("webhooks",)

    @get(
        "/",
        operation_id="webhooks.list",
        access=SUBSCRIBERS,
        answer=PAGE,
        links={"webhook": Link("webhooks.get", {"webhook": "$response.body#/items/0/id"}, "The first one.")},
    )
    def list_webhooks(
        self, request: ApiRequest, query: PageQuery, database: Database, principal: Principal
    ) -> Response[bytes]:
        """List the webhooks.

        Oldest first. An administrator sees all webhooks; any other key only its own.
        """
        total = query.make_total()
        rows = service.list_webhooks(
            database, principal, PageRange(CURSOR.read(query), query.offset, query.limit + 1, total)
        )
        page, cursor = CURSOR.cut(query, rows, lambda row: (row.created, row.id))
        return PAGE.page_of(request, map(schemas.build_webhook, page), cursor, total)

    @get("/{webhook:str}", operation_id="webhooks.get", access=SUBSCRIBERS, answer=WEBHOOK)
    def get_webhook(
        self, request: ApiRequest, path: schemas.WebhookPath, database: Database, principal: Principal
    ) -> Response[bytes]:
        """Get a webhook.

        The response does not contain the secret.
        """
        return _answer(request, service.get_webhook(database, path.webhook, principal))

    @post(
        "/",
        operation_id="webhooks.create",
        access=SUBSCRIBERS,
        answer=SIGNED,
        problems=(CONFLICT,),
        links=_LINKS_OF_NEW,
    )
    def create_webhook(
        self,
        request: ApiRequest,
        body: schemas.WebhookRequest,
        database: Database,
        principal: Principal,
        webhook_secrets: SecretBox,
    ) -> Response[bytes]:
        """Create a webhook.

        It is notified of events that the key may read, according to Standard Webhooks, as long as the key or a
        successor of the key is valid. The secret is shown only in this response.
        """
        new = service.NewWebhook(**structs.asdict(body))

        def create(session: Session) -> CreatedWebhook:
            return service.create_webhook(session, webhook_secrets, principal, new, now=datetime.now(UTC))

        return _respond_with_secret(request, database, create)

    @patch("/{webhook:str}", operation_id="webhooks.update", access=SUBSCRIBERS, answer=WEBHOOK, problems=(CONFLICT,))
    def update_webhook(
        self,
        request: ApiRequest,
        path: schemas.WebhookPath,
        body: schemas.WebhookPatch,
        database: Database,
        principal: Principal,
        expected: Expected,
    ) -> Response[bytes]:
        """Change a webhook.

        Deliveries that are pending go to the new address, once the webhook is active.
        """
        change = service.WebhookChange(**structs.asdict(body))

        def update(session: Session) -> WebhookRecord:
            return service.update_webhook(
                session, path.webhook, principal, change, expected=expected, now=datetime.now(UTC)
            )

        with _log_foreign(request, database, principal):
            return _answer(request, with_audit_entry(request, database, update))

    @delete("/{webhook:str}", operation_id="webhooks.delete", access=SUBSCRIBERS)
    def delete_webhook(
        self,
        request: ApiRequest,
        path: schemas.WebhookPath,
        database: Database,
        principal: Principal,
        expected: Expected,
    ) -> None:
        """Delete a webhook.

        Its log is deleted too.
        """

        def remove(session: Session) -> None:
            service.delete_webhook(session, path.webhook, principal, expected=expected)

        with _log_foreign(request, database, principal):
            with_audit_entry(request, database, remove)

    @post(
        "/{webhook:str}/rotations",
        operation_id="webhooks.rotations.create",
        access=SUBSCRIBERS,
        answer=SIGNED,
        precondition="match",
    )
    def create_rotation(
        self,
        request: ApiRequest,
        path: schemas.WebhookPath,
        database: Database,
        principal: Principal,
        expected: Expected,
        webhook_secrets: SecretBox,
    ) -> Response[bytes]:
        """Give a webhook another secret.

        For 7 days messages are signed with the old secret as well. The secret is shown only in this response.
        """

        def rotate(session: Session) -> CreatedWebhook:
            return service.rotate_secret(
                session, webhook_secrets, path.webhook, principal, expected=expected, now=datetime.now(UTC)
            )

        with _log_foreign(request, database, principal):
            return _respond_with_secret(request, database, rotate)

    @get(
        "/{webhook:str}/deliveries",
        operation_id="webhooks.deliveries.list",
        access=SUBSCRIBERS,
        answer=DELIVERIES,
        links={
            "attempt": Link(
                "webhooks.deliveries.attempts.create",
                {"webhook": "$request.path.webhook", "delivery": "$response.body#/items/0/id"},
                "To have the newest delivered again.",
            )
        },
    )
    def list_deliveries(
        self,
        request: ApiRequest,
        path: schemas.WebhookPath,
        query: schemas.DeliveryQuery,
        database: Database,
        principal: Principal,
    ) -> Response[bytes]:
        """List the deliveries of a webhook.

        Newest first: the deliveries of the last 30 days, with their attempts.
        """
        total = query.make_total()
        rows = service.list_deliveries(
            database,
            path.webhook,
            principal,
            PageRange(LOG_CURSOR.read(query), query.offset, query.limit + 1, total),
            state=query.state,
        )
        page, cursor = LOG_CURSOR.cut(query, rows, lambda row: row.id)
        return DELIVERIES.page_of(request, map(schemas.build_delivery, page), cursor, total)

    @post(
        "/{webhook:str}/deliveries/{delivery:str}/attempts",
        operation_id="webhooks.deliveries.attempts.create",
        access=SUBSCRIBERS,
        answer=DELIVERY,
    )
    def create_attempt(
        self, request: ApiRequest, path: schemas.DeliveryPath, database: Database, principal: Principal
    ) -> Response[bytes]:
        """Deliver again.

        The schedule of attempts starts again, with the same `webhook-id` and body.
        """

        def repeat(session: Session) -> Response[bytes]:
            record = service.request_delivery(session, path.webhook, path.delivery, principal)
            return DELIVERY.of(request, schemas.build_delivery(record), created=f"{_path(record.webhook)}/deliveries")

        with _log_foreign(request, database, principal):
            return idempotent(request, database, repeat)


@contextmanager
def _log_foreign(request: ApiRequest, database: Database, principal: Principal) -> Iterator[None]:
    """Enter in the ledger that a change of a webhook was denied, if the block raises `ForeignWebhook`."""
    try:
        yield
    except ForeignWebhook:
        log_denied(database, request.scope, principal)
        raise


def _respond_with_secret(
    request: ApiRequest, database: Database, make: Callable[[Session], CreatedWebhook]
) -> Response[bytes]:
    """Make a secret with `make` in a transaction, and return a response that contains it.

    The response is stored for repetitions of the request before the secret is put into it.
    """
    made: list[tuple[schemas.SignedWebhook, str]] = []

    def create(session: Session) -> Response[bytes]:
        created = make(session)
        document, record = schemas.build_new_webhook(created), created.record
        made.append((document, created.secret))
        revision = build_revision(record.created, record.version)
        response = SIGNED.of(request, document, revision=revision, created=_path(record.id))
        response.headers["Cache-Control"] = NO_STORE
        return response

    response = idempotent(request, database, create)
    for document, secret in made:
        response.content = msgspec.json.encode(structs.replace(document, secret=secret))
    return response


def _answer(request: ApiRequest, record: WebhookRecord) -> Response[bytes]:
    revision = build_revision(record.created, record.version)
    return WEBHOOK.of(request, schemas.build_webhook(record), revision=revision)


def _path(webhook: str) -> str:
    return f"/v1/webhooks/{webhook}"
