"""Operations on webhooks, which the service notifies of events. :mod:`actitud.webhooks` verifies the messages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from msgspec import UNSET, UnsetType

from actitud._bind import bind_awaitable, bind_awaitable_list, bind_blocking, bind_blocking_list
from actitud._calls import (
    AsyncBound,
    AsyncTransport,
    Bound,
    Call,
    Fetched,
    Transport,
    build_create,
    build_delete,
    build_get,
    build_patch,
    fetch,
    fetch_nothing,
    fetch_page,
)
from actitud._config import Core
from actitud.models import Delivery, DeliveryState, EventType, Listing, SignedWebhook, Webhook


def list_webhooks(
    core: Core, *, limit: int | None = None, offset: int | None = None, total: bool = False
) -> Call[Fetched[Webhook]]:
    """List webhooks, oldest first. Administrators see all; other callers see only their own.

    ``limit``: items per page, 1 to 1,000, default 50. ``offset``: items to skip. ``total``: count the items of all
    pages, for ``Page.total``. Iterating over the result fetches all pages.
    """
    query = {"limit": limit, "offset": offset, "total": total or None}
    return fetch_page(core, build_get(core, "webhooks", query=query), Listing[Webhook])


def get_webhook(core: Core, webhook: str) -> Call[Webhook]:
    """Fetch a webhook by its id, without its secret.

    Raises ``NotFound`` if the webhook does not exist or belongs to another key.
    """
    return fetch(core, build_get(core, "webhooks", webhook), Webhook)


def create_webhook(
    core: Core, *, url: str, events: Sequence[EventType], idempotency_key: str | None = None
) -> Call[SignedWebhook]:
    """Create a webhook, which notifies another system of events that your key may read.

    Only this response contains the ``secret``, with which messages are verified.

    ``url``: an https address with a public host name and without another port. ``events``: kinds of events, at least
    one. ``idempotency_key``: a name of your choice for this call, so that the service acts once even if your program
    sends the call again; a repeated call returns the webhook with ``secret=None``: rotate its secret then.

    Raises ``Conflict`` if the service does not send to that address (rules ``form``, ``ip``, ``internal``, ``host``),
    or if you have ten webhooks already (``too_many``).
    """
    body = {"url": url, "events": list(events)}
    return fetch(core, build_create(core, "webhooks", body=body, idempotency_key=idempotency_key), SignedWebhook)


def update_webhook(
    core: Core,
    webhook: str,
    *,
    if_match: str | None,
    url: str | UnsetType = UNSET,
    events: Sequence[EventType] | UnsetType = UNSET,
    state: Literal["active", "paused"] | UnsetType = UNSET,
) -> Call[Webhook]:
    """Change some members of a webhook and keep the others.

    - ``if_match``: the ``etag`` of the webhook.
    - ``url``: an https address with a public host name and without another port; pending messages go to the new
      address.
    - ``events``: kinds of events, at least one.
    - ``state``: ``paused`` sends and records no events; ``active`` also enables a webhook that the service disabled.

    Raises ``PreconditionFailed`` if the webhook was changed since it was read, and ``Conflict`` if the service does not
    send to that address. Raises ``ValueError`` if ``if_match`` is ``None``.
    """
    body = {"url": url, "events": events if isinstance(events, UnsetType) else list(events), "state": state}
    return fetch(core, build_patch(core, "webhooks", webhook, body=body, if_match=if_match), Webhook)


def delete_webhook(core: Core, webhook: str, *, if_match: str | None) -> Call[None]:
    """Delete a webhook with the log of its deliveries. ``if_match`` is the ``etag`` of the webhook.

    Raises ``PreconditionFailed`` if the webhook was changed since it was read, and ``NotFound`` if it does not exist.
    Raises ``ValueError`` if ``if_match`` is ``None``.
    """
    return fetch_nothing(core, build_delete(core, "webhooks", webhook, if_match=if_match))


def create_rotation(
    core: Core, webhook: str, *, if_match: str | None, idempotency_key: str | None = None
) -> Call[SignedWebhook]:
    """Replace the secret of a webhook by a new one; for seven days messages are signed with the old secret as well.

    ``if_match``: the ``etag`` of the webhook. ``idempotency_key``: a name of your choice for this call, so that the
    service acts once even if your program sends the call again; a repeated call returns ``secret=None``.

    Raises ``PreconditionFailed`` if the webhook was changed since it was read. Raises ``ValueError`` if ``if_match`` is
    ``None``.
    """
    request = build_create(
        core, "webhooks", webhook, "rotations", body=None, idempotency_key=idempotency_key, if_match=if_match
    )
    return fetch(core, request, SignedWebhook)


def list_deliveries(
    core: Core,
    webhook: str,
    *,
    state: DeliveryState | None = None,
    limit: int | None = None,
    offset: int | None = None,
    total: bool = False,
) -> Call[Fetched[Delivery]]:
    """List the deliveries to a webhook in the last 30 days, newest first, with their attempts.

    - ``state``: only deliveries that are ``pending``, ``delivered`` or ``failed``.
    - ``limit``: items per page, 1 to 1,000, default 50.
    - ``offset``: items to skip.
    - ``total``: count the items of all pages, for ``Page.total``.

    Iterating over the result fetches all pages.

    Raises ``NotFound`` if the webhook does not exist or belongs to another key.
    """
    query = {"state": state, "limit": limit, "offset": offset, "total": total or None}
    return fetch_page(core, build_get(core, "webhooks", webhook, "deliveries", query=query), Listing[Delivery])


def create_attempt(core: Core, webhook: str, delivery: str, *, idempotency_key: str | None = None) -> Call[Delivery]:
    """Deliver a message to a webhook again, with the same id and body, even if it was delivered before.

    ``idempotency_key``: a name of your choice for this call, so that the service acts once even if your program sends
    the call again; by default each call gets its own. Raises ``NotFound`` if there is no such webhook or delivery.
    """
    request = build_create(
        core, "webhooks", webhook, "deliveries", delivery, "attempts", body=None, idempotency_key=idempotency_key
    )
    return fetch(core, request, Delivery)


class WebhookRotations(Bound):
    """Operations that replace the secret of a webhook: ``client.webhooks.rotations.create``."""

    create: Final = bind_blocking(create_rotation)


class DeliveryAttempts(Bound):
    """Operations that repeat a delivery to a webhook: ``client.webhooks.deliveries.attempts.create``."""

    create: Final = bind_blocking(create_attempt)


class WebhookDeliveries(Bound):
    """Operations on the deliveries to a webhook: ``client.webhooks.deliveries.list``."""

    list: Final = bind_blocking_list(list_deliveries)

    def __init__(self, core: Core, transport: Transport) -> None:
        super().__init__(core, transport)
        self.attempts: Final = DeliveryAttempts(core, transport)


class Webhooks(Bound):
    """Operations on webhooks, such as ``client.webhooks.create``."""

    list: Final = bind_blocking_list(list_webhooks)
    get: Final = bind_blocking(get_webhook)
    create: Final = bind_blocking(create_webhook)
    update: Final = bind_blocking(update_webhook)
    delete: Final = bind_blocking(delete_webhook)

    def __init__(self, core: Core, transport: Transport) -> None:
        super().__init__(core, transport)
        self.rotations: Final = WebhookRotations(core, transport)
        self.deliveries: Final = WebhookDeliveries(core, transport)


class AsyncWebhookRotations(AsyncBound):
    """Awaitable operations that replace the secret of a webhook: ``async_client.webhooks.rotations.create``."""

    create: Final = bind_awaitable(create_rotation)


class AsyncDeliveryAttempts(AsyncBound):
    """Awaitable operations that repeat a delivery to a webhook.

    Its operation is ``async_client.webhooks.deliveries.attempts.create``.
    """

    create: Final = bind_awaitable(create_attempt)


class AsyncWebhookDeliveries(AsyncBound):
    """Awaitable operations on the deliveries to a webhook: ``async_client.webhooks.deliveries.list``."""

    list: Final = bind_awaitable_list(list_deliveries)

    def __init__(self, core: Core, transport: AsyncTransport) -> None:
        super().__init__(core, transport)
        self.attempts: Final = AsyncDeliveryAttempts(core, transport)


class AsyncWebhooks(AsyncBound):
    """Awaitable operations on webhooks, such as ``async_client.webhooks.create``."""

    list: Final = bind_awaitable_list(list_webhooks)
    get: Final = bind_awaitable(get_webhook)
    create: Final = bind_awaitable(create_webhook)
    update: Final = bind_awaitable(update_webhook)
    delete: Final = bind_awaitable(delete_webhook)

    def __init__(self, core: Core, transport: AsyncTransport) -> None:
        super().__init__(core, transport)
        self.rotations: Final = AsyncWebhookRotations(core, transport)
        self.deliveries: Final = AsyncWebhookDeliveries(core, transport)
