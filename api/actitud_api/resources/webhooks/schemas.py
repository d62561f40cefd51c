"""Requests and responses about webhooks and deliveries."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, structs

from actitud_api.engine.methodology.requests.content import HTTPS_ADDRESS
from actitud_api.platform.http.members import copy_members
from actitud_api.platform.http.paging import Page, PageQuery
from actitud_api.resources.webhooks.service import (
    URL_MAX,
    CreatedWebhook,
    DeliveryRecord,
    DeliveryState,
    EventType,
    SendingProblem,
    WebhookRecord,
    WebhookState,
)

Url = Annotated[
    str,
    Meta(
        pattern=HTTPS_ADDRESS,
        max_length=URL_MAX,
        description="Address that events are sent to: `https`, a public host name, port 443.",
    ),
]
Events = Annotated[
    tuple[EventType, ...],
    Meta(min_length=1, max_length=3, description="Events to be notified of.", extra_json_schema={"uniqueItems": True}),
]


class WebhookPath(Struct, frozen=True):
    """The path parameters of a webhook."""

    webhook: Annotated[str, Meta(description="Id of the webhook.", examples=["5f1c0b7a9e3d4c2b18"])]


class DeliveryPath(WebhookPath, frozen=True):
    """The path parameters of a delivery."""

    delivery: Annotated[str, Meta(description="Id of the delivery.", examples=["msg_mQ3TnJ0b5cE1pV9xKzW2hg"])]


class DeliveryQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The query parameters of the log of a webhook."""

    state: Annotated[DeliveryState, Meta(description="Only deliveries in this state.")] | None = None


class WebhookRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of the request that makes a webhook."""

    url: Url
    events: Events


class WebhookPatch(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Body of the request that changes a webhook (JSON merge patch, RFC 7396)."""

    url: Url | UnsetType = UNSET
    events: Events | UnsetType = UNSET
    state: (
        Annotated[Literal["active", "paused"], Meta(description="`active` also enables a disabled webhook.")]
        | UnsetType
    ) = UNSET


class Webhook(Struct, frozen=True, kw_only=True):
    """A webhook, without its secret, with the organisations and editions of the key that made it."""

    id: str
    url: str
    events: tuple[EventType, ...]
    organisations: Annotated[tuple[str, ...], Meta(description="Only events about these; empty is all.")]
    editions: Annotated[tuple[str, ...] | None, Meta(description="Only events of these; null is all.")]
    state: Annotated[
        WebhookState,
        Meta(
            description="Disabled are `gone` (answered 410), `failing` (for days) and `ended` (no valid key). Nothing "
            "is recorded while it is not `active`."
        ),
    ]
    failing_since: Annotated[datetime | None, Meta(description="First failed attempt since the last success.")]
    created: datetime
    updated: datetime


class SignedWebhook(Webhook, frozen=True, kw_only=True):
    """A webhook with its new secret."""

    secret: Annotated[
        str | None,
        Meta(description="Verifies signatures (`whsec_…`). Shown once: null in the answer to a repetition."),
    ]


class WebhookPage(Page[Webhook], frozen=True):
    """A page of webhooks, oldest first."""


class DeliveryAttempt(Struct, frozen=True, kw_only=True):
    """An attempt to deliver an event."""

    at: datetime
    status: Annotated[int | None, Meta(description="Status of the answer; null without one.")]
    problem: Annotated[
        SendingProblem | None,
        Meta(description="Why it failed; null if delivered. `address`: not allowed, or not public."),
    ]
    milliseconds: int


class Delivery(Struct, frozen=True, kw_only=True):
    """An event for a webhook, with the attempts to deliver it. `next_attempt` is null if there is none."""

    id: Annotated[str, Meta(description="The `webhook-id` of every attempt.")]
    event: EventType
    payload: Annotated[str, Meta(description="The body that is sent.")]
    state: Annotated[DeliveryState, Meta(description="`failed`: no further attempt is made.")]
    created: datetime
    next_attempt: datetime | None
    attempts: Annotated[tuple[DeliveryAttempt, ...], Meta(description="The last 20, oldest first.")]


class DeliveryPage(Page[Delivery], frozen=True):
    """A page of deliveries, newest first."""


def build_webhook(record: WebhookRecord) -> Webhook:
    """Build the response about a webhook."""
    return copy_members(record, Webhook)


def build_new_webhook(created: CreatedWebhook) -> SignedWebhook:
    """Build the response about a new webhook, or about a new secret of a webhook, with null in place of the secret.

    It is stored to answer repetitions of the request: the client gets the secret only in the first response.
    """
    return copy_members(created.record, SignedWebhook, secret=None)


def build_delivery(record: DeliveryRecord) -> Delivery:
    """Build the response about a delivery."""
    return copy_members(
        record,
        Delivery,
        id=record.message,
        next_attempt=record.run_after,
        attempts=tuple(DeliveryAttempt(**structs.asdict(attempt)) for attempt in record.attempts),
    )
