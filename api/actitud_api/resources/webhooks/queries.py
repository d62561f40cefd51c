"""All SQL over webhooks and deliveries."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal

from msgspec import Struct
from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    tuple_,
    update,
)
from sqlmodel import Session

from actitud_api.platform.auth.tables import AccessKeyTable
from actitud_api.platform.storage import database
from actitud_api.platform.storage.base import Base
from actitud_api.platform.storage.pages import PageRange, bind_key, execute_page
from actitud_api.platform.storage.records import fetch_record, fetch_records
from actitud_api.platform.storage.times import UtcTime
from actitud_api.resources.webhooks.events import EventType
from actitud_api.resources.webhooks.sending import SendingProblem
from actitud_api.resources.webhooks.tables import WebhookDelivery, WebhookTable, WebhookTopic

WEBHOOKS: Final = Base.metadata.tables[str(WebhookTable.__tablename__)]
TOPICS: Final = Base.metadata.tables[str(WebhookTopic.__tablename__)]
DELIVERIES: Final = Base.metadata.tables[str(WebhookDelivery.__tablename__)]
_KEYS: Final = Base.metadata.tables[str(AccessKeyTable.__tablename__)]

ATTEMPTS_KEPT: Final = 20
"""Attempts of a delivery that the log keeps; a delivery that is asked for again and again has more."""

SET_BACK: Final = timedelta(days=2)
"""How far in the future nothing is ever planned: a row with such a time was written before the clock was set back."""

StoredState = Literal["active", "paused", "gone", "failing"]
"""Stored state of a webhook.

`active`: it is notified. `paused`: its owner does not want that at present. `gone`: the receiver answered 410.
`failing`: nothing could be delivered for days.
"""

WebhookState = Literal["active", "paused", "gone", "failing", "ended"]
"""State of a webhook: the stored one, or `ended` if its owner has no valid key any more."""

DeliveryState = Literal["pending", "delivered", "failed"]
"""State of a delivery: `failed` after the last attempt of the schedule."""


class Attempt(Struct, frozen=True, kw_only=True):
    """An attempt to deliver a message, and its duration in milliseconds.

    `status` is the HTTP status of the answer, None if there was none. `problem` is the reason of the failure, None if
    the message was delivered.
    """

    at: datetime
    status: int | None
    problem: SendingProblem | None
    milliseconds: int


class WebhookRecord(Struct, frozen=True, kw_only=True):
    """A stored webhook: the address of another system, and the events that it is notified of.

    Attributes:
        id: Id of the webhook.
        owner: Id of the key that made it, or of its oldest predecessor if that key was rotated.
        organisations: Organisations of that key.
        editions: Editions of that key, None for all.
        url: Address of the other system.
        events: Types of events that it is notified of.
        state: State; `ended` if the owner has no valid key.
        secret: Encrypted secret that signs messages.
        previous_secret: Encrypted former secret, which signs them too until `previous_until`.
        previous_until: Time at which the former secret stops signing.
        failing_since: Time of the first failed attempt after the last successful one, None if there is none.
        failures: Number of failed attempts since the last successful one.
        created, updated: Times of the creation and of the last change.
        version: Number of times that the owner changed it.
    """

    id: str
    owner: str
    organisations: tuple[str, ...]
    editions: tuple[str, ...] | None
    url: str
    events: tuple[EventType, ...]
    state: WebhookState
    secret: bytes
    previous_secret: bytes | None
    previous_until: datetime | None
    failing_since: datetime | None
    failures: int
    created: datetime
    updated: datetime
    version: int

    def __repr__(self) -> str:
        return f"WebhookRecord({self.id!r}, {self.state!r})"


class DeliveryRecord(Struct, frozen=True, kw_only=True):
    """A stored delivery: an event for one webhook, with the attempts to deliver it.

    Attributes:
        id: Number of the delivery.
        webhook: Id of the webhook.
        message: Id by which the receiver recognises repetitions.
        event: Type of the event.
        payload: Body to send.
        created: Time at which it was recorded.
        state: State of the delivery.
        attempts: Attempts, oldest first.
        tries: Number of attempts since the delivery was last requested.
        run_after: Time of the next attempt, None if there is none.
    """

    id: int
    webhook: str
    message: str
    event: EventType
    payload: str
    created: datetime
    state: DeliveryState
    attempts: tuple[Attempt, ...]
    tries: int
    run_after: datetime | None


class Subscriber(Struct, frozen=True):
    """The id of a webhook that is notified of an event, and the editions to which it is bound; None stands for all."""

    id: str
    editions: tuple[str, ...] | None


_NOW: Final = bindparam("now", type_=UtcTime())
_HAS_KEY: Final = exists().where(_KEYS.c.origin == WEBHOOKS.c.owner, _KEYS.c.revoked.is_(None), _KEYS.c.expires > _NOW)
"""Condition that the owner of a webhook holds a valid key. Without, it may read nothing, and is told of nothing."""

_STATE: Final = case((_HAS_KEY, WEBHOOKS.c.state), else_=literal("ended")).label("state")
_SELECT: Final = select(*(WEBHOOKS.c[name] if name != "state" else _STATE for name in WebhookRecord.__struct_fields__))
_SELECT_DELIVERIES: Final = select(*(DELIVERIES.c[name] for name in DeliveryRecord.__struct_fields__))
_SUBSCRIBERS: Final = (
    select(WEBHOOKS.c.id, WEBHOOKS.c.editions)
    .join(TOPICS, TOPICS.c.webhook == WEBHOOKS.c.id)
    .where(
        TOPICS.c.event == bindparam("event"),
        TOPICS.c.organisation.in_(bindparam("organisations", expanding=True)),
        WEBHOOKS.c.state == "active",
        _HAS_KEY,
    )
    .distinct()
    .order_by(WEBHOOKS.c.id)
)


_HAS_TOPIC: Final = select(TOPICS.c.webhook).where(TOPICS.c.event == bindparam("event")).limit(1)
_ASKED_FOR: Final = "webhook_events"
"""Name in the information of a session of the events of which it knows whether any webhook is notified of them."""


# --- webhooks -------------------------------------------------------------------------------------------------


def insert_webhook(session: Session, values: Mapping[str, object]) -> None:
    """Insert a webhook, given as values by column; its id must be new."""
    session.execute(insert(WEBHOOKS), [dict(values)])


def replace_topics(session: Session, webhook: str, topics: Collection[tuple[str, str]]) -> None:
    """Replace the events that a webhook is notified of; each is a pair of event and organisation (empty for all)."""
    session.info.pop(_ASKED_FOR, None)
    session.execute(delete(TOPICS).where(TOPICS.c.webhook == webhook))
    rows = [{"webhook": webhook, "event": event, "organisation": organisation} for event, organisation in topics]
    session.execute(insert(TOPICS), rows)


def get_webhook(session: Session, webhook: str, now: datetime) -> WebhookRecord | None:
    """Return the webhook with this id, or None if there is none.

    Its state is `ended` if its owner has no valid key at the time `now`.
    """
    return fetch_record(session.execute(_SELECT.where(WEBHOOKS.c.id == webhook), {"now": now}), WebhookRecord)


def list_webhooks(
    session: Session, owner: str | None, now: datetime, page: PageRange[tuple[datetime, str]]
) -> list[WebhookRecord]:
    """List webhooks, oldest first.

    `owner` keeps only the webhooks of this owner; None lists all. The state of a webhook is `ended` if its owner has no
    valid key at the time `now`.
    """
    position = (WEBHOOKS.c.created, WEBHOOKS.c.id)
    statement = _SELECT.order_by(*position)
    if owner is not None:
        statement = statement.where(WEBHOOKS.c.owner == owner)
    rows = execute_page(
        session, statement, page, {"now": now}, after=lambda after: tuple_(*position) > bind_key(position, after)
    )
    return fetch_records(rows, WebhookRecord)


def count_webhooks(session: Session, owner: str) -> int:
    """Count the webhooks of an owner, and let no other session store webhooks until this session ends."""
    # Two new ones at once would both find room for one.
    database.lock_table(session, WEBHOOKS)
    statement = select(func.count()).select_from(WEBHOOKS).where(WEBHOOKS.c.owner == owner)
    count: int = session.execute(statement).scalar_one()
    return count


def update_webhook(session: Session, webhook: str, version: int, values: Mapping[str, object]) -> bool:
    """Update columns of a webhook and return True; `values` are the new values by column.

    Return False, and change nothing, if the stored version is no longer `version`.
    """
    statement = update(WEBHOOKS).where(WEBHOOKS.c.id == webhook, WEBHOOKS.c.version == version).values(dict(values))
    return session.execute(statement.returning(WEBHOOKS.c.id)).one_or_none() is not None


def delete_webhook(session: Session, webhook: str, version: int) -> bool:
    """Delete a webhook with its log of deliveries and return True.

    Return False, and delete nothing, if the stored version is no longer `version`.
    """
    session.execute(delete(TOPICS).where(TOPICS.c.webhook == webhook))
    statement = delete(WEBHOOKS).where(WEBHOOKS.c.id == webhook, WEBHOOKS.c.version == version)
    if session.execute(statement.returning(WEBHOOKS.c.id)).one_or_none() is None:
        return False
    session.execute(delete(DELIVERIES).where(DELIVERIES.c.webhook == webhook))
    return True


# --- deliveries -----------------------------------------------------------------------------------------------


def is_asked_for(session: Session, event: str) -> bool:
    """Return True if any webhook is notified of an event; a session looks this up only once for each event.

    Most installations have no webhook, and one transaction may record events of many organisations.
    """
    known: dict[str, bool] = session.info.setdefault(_ASKED_FOR, {})
    if event not in known:
        known[event] = session.execute(_HAS_TOPIC, {"event": event}).first() is not None
    return known[event]


def list_subscribers(session: Session, event: str, organisation: str | None, now: datetime) -> list[Subscriber]:
    """List the active webhooks that are notified of an event and whose owner has a valid key at the time `now`.

    `organisation` is the organisation that the event is about, None if it is about the whole edition.
    """
    organisations = [""] if organisation is None else ["", organisation]
    rows = session.execute(_SUBSCRIBERS, {"event": event, "organisations": organisations, "now": now})
    return fetch_records(rows, Subscriber)


def insert_deliveries(session: Session, rows: Sequence[Mapping[str, object]]) -> None:
    """Insert deliveries, given as values by column."""
    session.execute(insert(DELIVERIES), [dict(row) for row in rows])


def list_deliveries(
    session: Session, webhook: str, state: DeliveryState | None, page: PageRange[int]
) -> list[DeliveryRecord]:
    """List the deliveries of a webhook, newest first.

    `state` keeps only the deliveries in this state; None does not filter.
    """
    statement = _SELECT_DELIVERIES.where(DELIVERIES.c.webhook == webhook).order_by(DELIVERIES.c.id.desc())
    if state is not None:
        statement = statement.where(DELIVERIES.c.state == state)
    rows = execute_page(session, statement, page, after=lambda before: DELIVERIES.c.id < before)
    return fetch_records(rows, DeliveryRecord)


def request_delivery(session: Session, webhook: str, message: str, now: datetime) -> DeliveryRecord | None:
    """Make the delivery of a message due at `now`, even if it was delivered or has failed, and return the delivery.

    `message` is the id of the message. Return None if the webhook has no such delivery.
    """
    statement = (
        update(DELIVERIES)
        .where(DELIVERIES.c.webhook == webhook, DELIVERIES.c.message == message)
        .values(state="pending", tries=0, run_after=now)
    )
    returning = statement.returning(*(DELIVERIES.c[name] for name in DeliveryRecord.__struct_fields__))
    return fetch_record(session.execute(returning), DeliveryRecord)


def has_due_webhook(session: Session, now: datetime) -> bool:
    """Return True if there is a webhook with a due delivery that no worker has claimed."""
    return session.execute(_select_due_webhooks(now).limit(1), {"now": now}).first() is not None


def claim_webhook(session: Session, lease: str, lasting: timedelta, now: datetime) -> WebhookRecord | None:
    """Claim the webhook with the oldest due delivery for a worker, and return it, or None if no delivery is due.

    `lease` is a random name that the worker gives to its claim, which ends after the time `lasting`. On PostgreSQL
    webhooks that another transaction is claiming are skipped.
    """
    # Only the columns that are no key are updated: who inserts a row that refers to the webhook does not wait.
    due = _select_due_webhooks(now).limit(1).with_for_update(skip_locked=True, key_share=True, of=WEBHOOKS)
    webhook = session.execute(due, {"now": now}).scalar_one_or_none()
    if webhook is None:
        return None
    values = {"lease": lease, "lease_expires": now + lasting}
    session.execute(update(WEBHOOKS).where(WEBHOOKS.c.id == webhook).values(values))
    return get_webhook(session, webhook, now)


def find_due_delivery(session: Session, webhook: str, now: datetime) -> DeliveryRecord | None:
    """Return the delivery of a webhook that has been due for longest, or None if none is due."""
    statement = _SELECT_DELIVERIES.where(DELIVERIES.c.webhook == webhook, _is_due(now))
    oldest = statement.order_by(DELIVERIES.c.run_after, DELIVERIES.c.id).limit(1)
    return fetch_record(session.execute(oldest), DeliveryRecord)


def update_delivery(session: Session, delivery: int, values: Mapping[str, object]) -> None:
    """Update columns of a delivery; `values` are the new values by column."""
    session.execute(update(DELIVERIES).where(DELIVERIES.c.id == delivery).values(dict(values)))


def update_leased(session: Session, webhook: str, lease: str, values: Mapping[str, object]) -> bool:
    """Update columns of a webhook that a worker has claimed, and return True.

    `lease` is the name of the claim, `values` are the new values by column. Return False, and change nothing, if
    another worker has claimed the webhook since, or it was deleted.
    """
    statement = update(WEBHOOKS).where(WEBHOOKS.c.id == webhook, WEBHOOKS.c.lease == lease).values(dict(values))
    return session.execute(statement.returning(WEBHOOKS.c.id)).one_or_none() is not None


def delete_old_deliveries(session: Session, before: datetime, limit: int) -> int:
    """Delete deliveries that were recorded before a time, at most `limit`, and return their number."""
    old = select(DELIVERIES.c.id).where(DELIVERIES.c.created < before).order_by(DELIVERIES.c.id).limit(limit)
    statement = delete(DELIVERIES).where(DELIVERIES.c.id.in_(list(session.execute(old).scalars())))
    return len(session.execute(statement.returning(DELIVERIES.c.id)).all())


def _select_due_webhooks(now: datetime) -> Select[tuple[str]]:
    since = (
        select(DELIVERIES.c.webhook, func.min(DELIVERIES.c.run_after).label("since"))
        .where(_is_due(now))
        .group_by(DELIVERIES.c.webhook)
        .subquery()
    )
    return (
        select(WEBHOOKS.c.id)
        .join(since, since.c.webhook == WEBHOOKS.c.id)
        .where(
            WEBHOOKS.c.state == "active",
            _HAS_KEY,
            _is_past(WEBHOOKS.c.lease_expires, now) | WEBHOOKS.c.lease.is_(None),
            _is_past(WEBHOOKS.c.held_until, now) | WEBHOOKS.c.held_until.is_(None),
        )
        .order_by(since.c.since, WEBHOOKS.c.id)
    )


def _is_due(now: datetime) -> ColumnElement[bool]:
    return and_(DELIVERIES.c.state == "pending", _is_past(DELIVERIES.c.run_after, now))


def _is_past(column: ColumnElement[datetime], now: datetime) -> ColumnElement[bool]:
    return or_(column <= now, column > now + SET_BACK)
