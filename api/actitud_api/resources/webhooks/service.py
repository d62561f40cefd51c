"""Use cases of webhooks: create and change them, record events for them, read the log and request a delivery again.

Code that causes an event calls `announce` in the same transaction.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from msgspec import UNSET, Struct, UnsetType

from actitud_api.platform.auth.service import Principal
from actitud_api.platform.storage.database import Database, Session, read_clock
from actitud_api.platform.storage.pages import PageRange
from actitud_api.platform.storage.versions import Expected, StaleVersion, build_revision
from actitud_api.resources.webhooks import queries
from actitud_api.resources.webhooks.events import AssessmentTransitioned as AssessmentTransitioned
from actitud_api.resources.webhooks.events import EditionPublished as EditionPublished
from actitud_api.resources.webhooks.events import EventType as EventType
from actitud_api.resources.webhooks.events import ScoreCorrected as ScoreCorrected
from actitud_api.resources.webhooks.events import WebhookEvent as WebhookEvent
from actitud_api.resources.webhooks.queries import DeliveryRecord as DeliveryRecord
from actitud_api.resources.webhooks.queries import DeliveryState as DeliveryState
from actitud_api.resources.webhooks.queries import WebhookRecord as WebhookRecord
from actitud_api.resources.webhooks.queries import WebhookState as WebhookState
from actitud_api.resources.webhooks.secret_box import SecretBox as SecretBox
from actitud_api.resources.webhooks.secret_box import SecretFault as SecretFault
from actitud_api.resources.webhooks.sending import SendingProblem as SendingProblem
from actitud_api.resources.webhooks.signatures import format_secret, generate_secret
from actitud_api.resources.webhooks.targets import URL_MAX as URL_MAX
from actitud_api.resources.webhooks.targets import TargetRefused as TargetRefused
from actitud_api.resources.webhooks.targets import parse_webhook_url

WEBHOOKS_MAX: Final = 10
"""Highest number of webhooks of one owner."""
OVERLAP: Final = timedelta(days=7)
"""Time for which messages are signed with the old secret too, after a rotation."""
LOG_LIFETIME: Final = timedelta(days=30)
"""Time for which a delivery is kept after it was recorded; the longest schedule of attempts takes four days."""
BATCH: Final = 500
"""Deliveries that one transaction deletes: other writers wait for it."""

_ID_BYTES: Final = 9
_MESSAGE_BYTES: Final = 16


class UnknownWebhook(LookupError):
    """There is no webhook with this id. Raised wherever a webhook is looked up."""


class ForeignWebhook(UnknownWebhook):
    """The principal does not own a webhook with this id.

    Raised for every principal but an administrator, whether another owner has a webhook with this id or nobody does:
    the response is the same, so that nobody learns which ids exist. For an administrator, `UnknownWebhook` is raised.
    """


class UnknownDelivery(LookupError):
    """The webhook has no delivery of this message. Raised by `request_delivery`."""


class TooManyWebhooks(Exception):
    """The owner has reached the limit of webhooks. Raised by `create_webhook`; `limit` is the highest number."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit


class NewWebhook(Struct, frozen=True, kw_only=True):
    """A webhook to be created: its address, and the types of events that it is notified of."""

    url: str
    events: Sequence[EventType]


class WebhookChange(Struct, frozen=True, kw_only=True):
    """A change of a webhook; a member that is UNSET keeps its value."""

    url: str | UnsetType = UNSET
    events: Sequence[EventType] | UnsetType = UNSET
    state: Literal["active", "paused"] | UnsetType = UNSET


class CreatedWebhook(Struct, frozen=True):
    """A webhook with its new secret, which only this object has."""

    record: WebhookRecord
    secret: str

    def __repr__(self) -> str:
        return f"CreatedWebhook({self.record!r}, '***')"


class WebhookSummary(Struct, frozen=True):
    """The state of the webhooks of an installation.

    `webhooks`: their number. `disabled`: the number of webhooks that the service disabled because of their answers.
    `fault`: the reason why the secret of an active webhook cannot be read, None if all can be read.
    """

    webhooks: int
    disabled: int
    fault: str | None


# --- events ---------------------------------------------------------------------------------------------------


def announce(session: Session, event: WebhookEvent, *, now: datetime, message: str | None = None) -> None:
    """Record an event for each webhook that is notified of it, in the session that causes the event.

    The event is recorded if, and only if, the session commits. `now`: the time of the event. `message`: the id by which
    receivers recognise repetitions, None for a new random id.
    """
    if not queries.is_asked_for(session, event.type):
        return
    subscribers = [
        subscriber
        for subscriber in queries.list_subscribers(session, event.type, event.subject, datetime.now(UTC))
        if subscriber.editions is None or event.edition in subscriber.editions
    ]
    if not subscribers:
        return
    # The workers, which may be other processes, plan by the clock of the database.
    clock = read_clock(session)
    common: dict[str, object] = {
        "message": message or f"msg_{secrets.token_urlsafe(_MESSAGE_BYTES)}",
        "event": event.type,
        "payload": event.build_payload(now),
        "created": clock,
        "state": "pending",
        "attempts": [],
        "tries": 0,
        "run_after": clock,
    }
    queries.insert_deliveries(session, [{"webhook": subscriber.id, **common} for subscriber in subscribers])


# --- webhooks -------------------------------------------------------------------------------------------------


def create_webhook(
    session: Session,
    box: SecretBox,
    principal: Principal,
    new: NewWebhook,
    *,
    now: datetime,
    identifier: str | None = None,
) -> CreatedWebhook:
    """Create a webhook for a principal, and return it with its secret.

    It is notified only of events about the organisations and editions of the principal's key. `identifier`: id of the
    webhook, None for a new random id.

    Raises:
        TargetRefused: The address is not allowed.
        TooManyWebhooks: The principal owns `WEBHOOKS_MAX` webhooks.
        SecretFault: The secret cannot be stored.
    """
    parse_webhook_url(new.url)
    if queries.count_webhooks(session, principal.origin) >= WEBHOOKS_MAX:
        raise TooManyWebhooks(WEBHOOKS_MAX)
    webhook, secret = identifier or secrets.token_hex(_ID_BYTES), generate_secret()
    values: dict[str, object] = {
        "id": webhook,
        "owner": principal.origin,
        "organisations": list(principal.organisations),
        "editions": None if principal.editions is None else list(principal.editions),
        "url": new.url,
        "events": list(new.events),
        "state": "active",
        "secret": box.encrypt_secret(webhook, secret),
        "failures": 0,
        "created": now,
        "updated": now,
        "version": 1,
    }
    queries.insert_webhook(session, values)
    record = _load(session, webhook)
    _store_topics(session, record)
    return CreatedWebhook(record, format_secret(secret))


def get_webhook(database: Database, webhook: str, principal: Principal) -> WebhookRecord:
    """Return a webhook that the principal owns, or any webhook if the principal is an administrator.

    Raises:
        UnknownWebhook, ForeignWebhook: There is no such webhook, or the principal may not use it.
    """
    with database.read() as session:
        return _find(session, webhook, principal)


def list_webhooks(
    database: Database, principal: Principal, page: PageRange[tuple[datetime, str]]
) -> list[WebhookRecord]:
    """List the webhooks that the principal owns, or all if the principal is an administrator, oldest first."""
    owner = None if principal.role == "administrator" else principal.origin
    with database.read() as session:
        return queries.list_webhooks(session, owner, read_clock(session), page)


def summarise_webhooks(session: Session, box: SecretBox) -> WebhookSummary:
    """Return a summary of the states of all webhooks; `box` reads their secrets."""
    records = queries.list_webhooks(session, None, read_clock(session), PageRange())
    disabled = sum(record.state in ("gone", "failing") for record in records)
    try:
        for record in records:
            if record.state == "active":
                box.decrypt_secret(record.id, record.secret)
    except SecretFault as fault:
        return WebhookSummary(len(records), disabled, str(fault))
    return WebhookSummary(len(records), disabled, None)


def update_webhook(
    session: Session, webhook: str, principal: Principal, change: WebhookChange, *, expected: Expected, now: datetime
) -> WebhookRecord:
    """Change a webhook and return it. If it becomes active, its count of failures starts again.

    Raises:
        UnknownWebhook, ForeignWebhook: There is no such webhook, or the principal may not use it.
        StaleVersion: `expected` returns False: the client's `If-Match` names another version.
        TargetRefused: The address is not allowed.
    """
    before = _find_expected(session, webhook, principal, expected)
    values: dict[str, object] = {"updated": now, "version": before.version + 1}
    if change.url is not UNSET:
        parse_webhook_url(change.url)
        values["url"] = change.url
    if change.events is not UNSET:
        values["events"] = list(change.events)
    if change.state is not UNSET:
        values["state"] = change.state
        if change.state == "active":
            values |= {"failing_since": None, "failures": 0, "held_until": None}
    if not queries.update_webhook(session, webhook, before.version, values):
        raise StaleVersion
    record = _load(session, webhook)
    _store_topics(session, record)
    return record


def delete_webhook(session: Session, webhook: str, principal: Principal, *, expected: Expected) -> None:
    """Delete a webhook with its log; pending deliveries are not sent.

    Raises:
        UnknownWebhook, ForeignWebhook: There is no such webhook, or the principal may not use it.
        StaleVersion: `expected` returns False: the client's `If-Match` names another version.
    """
    before = _find_expected(session, webhook, principal, expected)
    if not queries.delete_webhook(session, webhook, before.version):
        raise StaleVersion


def rotate_secret(
    session: Session, box: SecretBox, webhook: str, principal: Principal, *, expected: Expected, now: datetime
) -> CreatedWebhook:
    """Give a webhook a new secret, and return the webhook with this secret.

    For the time `OVERLAP` messages are signed with the old secret too.

    Raises:
        UnknownWebhook, ForeignWebhook: There is no such webhook, or the principal may not use it.
        StaleVersion: `expected` returns False: the client's `If-Match` names another version.
        SecretFault: The secret cannot be stored.
    """
    before, secret = _find_expected(session, webhook, principal, expected), generate_secret()
    values: dict[str, object] = {
        "secret": box.encrypt_secret(webhook, secret),
        "previous_secret": before.secret,
        "previous_until": read_clock(session) + OVERLAP,
        "updated": now,
        "version": before.version + 1,
    }
    if not queries.update_webhook(session, webhook, before.version, values):
        raise StaleVersion
    return CreatedWebhook(_load(session, webhook), format_secret(secret))


# --- the log --------------------------------------------------------------------------------------------------


def list_deliveries(
    database: Database, webhook: str, principal: Principal, page: PageRange[int], *, state: DeliveryState | None
) -> list[DeliveryRecord]:
    """List the deliveries of a webhook, newest first.

    `state` keeps only the deliveries in this state; None does not filter.

    Raises:
        UnknownWebhook, ForeignWebhook: There is no such webhook, or the principal may not use it.
    """
    with database.read() as session:
        record = _find(session, webhook, principal)
        return queries.list_deliveries(session, record.id, state, page)


def request_delivery(session: Session, webhook: str, message: str, principal: Principal) -> DeliveryRecord:
    """Request that a message is delivered again, as soon as the webhook is active; return the delivery.

    The schedule of attempts starts again; id and content of the message stay the same.

    Raises:
        UnknownWebhook, ForeignWebhook: There is no such webhook, or the principal may not use it.
        UnknownDelivery: The webhook has no delivery of this message.
    """
    record = _find(session, webhook, principal)
    delivery = queries.request_delivery(session, record.id, message, read_clock(session))
    if delivery is None:
        raise UnknownDelivery(message)
    return delivery


def forget_old_deliveries(database: Database) -> int:
    """Delete the deliveries that were recorded more than `LOG_LIFETIME` ago, and return their number.

    Raises:
        Unavailable: The database could not be reached in time.
    """
    total = 0
    while True:
        with database.write(hidden=True) as session:
            deleted = queries.delete_old_deliveries(session, read_clock(session) - LOG_LIFETIME, BATCH)
        total += deleted
        if deleted < BATCH:
            return total


def _store_topics(session: Session, record: WebhookRecord) -> None:
    """Store by which events and organisations a webhook is found."""
    topics = {
        # The publication of an edition is about no organisation.
        (event, organisation if event != EditionPublished.type else "")
        for event in record.events
        for organisation in record.organisations or ("",)
    }
    queries.replace_topics(session, record.id, sorted(topics))


def _find_expected(session: Session, webhook: str, principal: Principal, expected: Expected) -> WebhookRecord:
    record = _find(session, webhook, principal)
    if not expected(build_revision(record.created, record.version)):
        raise StaleVersion
    return record


def _find(session: Session, webhook: str, principal: Principal) -> WebhookRecord:
    record = queries.get_webhook(session, webhook, read_clock(session))
    # The same of one that is not there: nobody learns which there are.
    if principal.role != "administrator" and (record is None or record.owner != principal.origin):
        raise ForeignWebhook(webhook)
    if record is None:
        raise UnknownWebhook(webhook)
    return record


def _load(session: Session, webhook: str) -> WebhookRecord:
    record = queries.get_webhook(session, webhook, read_clock(session))
    if record is None:
        raise UnknownWebhook(webhook)
    return record
