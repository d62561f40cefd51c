"""The tables of webhooks and of their deliveries.

No foreign key refers to a webhook: an event is recorded in the transaction that causes it, which must not fail because
somebody deletes a webhook meanwhile.
"""

from datetime import datetime

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, Text
from sqlmodel import Field

from actitud_api.platform.storage.base import IDENTIFIER, JSON_DOCUMENT, Base
from actitud_api.platform.storage.times import UtcTime


class WebhookTable(Base, table=True):
    """A webhook: the address of another system, and the events that it is notified of.

    Attributes:
        id: Id of the webhook.
        owner: Id of the key that made it, or of its oldest predecessor if that key was rotated.
        organisations: Organisations of that key.
        editions: Editions of that key, null for all.
        url: Address of the other system.
        events: Types of events that it is notified of.
        state: A `queries.StoredState`.
        secret: Encrypted secret that signs messages.
        previous_secret: Encrypted former secret, which signs them too until `previous_until`.
        previous_until: Time at which the former secret stops signing.
        failing_since: Time of the first failed attempt after the last successful one, null if there is none.
        failures: Number of failed attempts since the last successful one.
        held_until: Time before which nothing is sent.
        lease: Random name of the claim of the worker that sends at present, null if none does.
        lease_expires: Time at which the claim ends, so that another worker may send.
        created, updated: Times of the creation and of the last change.
        version: Number of times that the owner changed the row.
    """

    __tablename__ = "webhook"

    id: str = Field(sa_type=IDENTIFIER, primary_key=True)
    owner: str = Field(index=True)
    organisations: list[str] = Field(sa_column=Column(JSON_DOCUMENT, nullable=False))
    editions: list[str] | None = Field(sa_column=Column(JSON_DOCUMENT))
    url: str
    events: list[str] = Field(sa_column=Column(JSON_DOCUMENT, nullable=False))
    state: str
    secret: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    previous_secret: bytes | None = Field(sa_column=Column(LargeBinary))
    previous_until: datetime | None = Field(sa_column=Column(UtcTime))
    failing_since: datetime | None = Field(sa_column=Column(UtcTime))
    failures: int
    held_until: datetime | None = Field(sa_column=Column(UtcTime))
    lease: str | None
    lease_expires: datetime | None = Field(sa_column=Column(UtcTime))
    created: datetime = Field(sa_column=Column(UtcTime, nullable=False))
    updated: datetime = Field(sa_column=Column(UtcTime, nullable=False))
    version: int


class WebhookTopic(Base, table=True):
    """An event that a webhook is notified of, for one organisation; `organisation` is empty for all."""

    __tablename__ = "webhook_topic"

    event: str = Field(sa_type=IDENTIFIER, primary_key=True)
    organisation: str = Field(sa_type=IDENTIFIER, primary_key=True)
    webhook: str = Field(
        sa_column=Column(IDENTIFIER, ForeignKey("webhook.id", ondelete="CASCADE"), primary_key=True, index=True)
    )


class WebhookDelivery(Base, table=True):
    """An event for one webhook, in the outbox and, once it is sent, in the log of deliveries.

    Attributes:
        id: Number of the delivery.
        webhook: Id of the webhook.
        message: Id by which the receiver recognises repetitions, the same for all webhooks.
        event: Type of the event.
        payload: Body to send, which never changes.
        created: Time at which it was recorded.
        state: A `queries.DeliveryState`.
        attempts: JSON of `queries.Attempt`, oldest first.
        tries: Number of attempts since the delivery was last requested.
        run_after: Time of the next attempt, null if there is none.
    """

    __tablename__ = "webhook_delivery"
    # Else SQLite gives the number of a deleted delivery to another one, and a cursor of the log would skip it.
    __table_args__ = (
        Index("ix_webhook_delivery_webhook_id", "webhook", "id"),
        Index("ix_webhook_delivery_state_run_after", "state", "run_after"),
        {"sqlite_autoincrement": True},
    )

    id: int = Field(sa_column=Column(Integer, primary_key=True))
    webhook: str = Field(sa_type=IDENTIFIER)
    message: str = Field(sa_type=IDENTIFIER)
    event: str
    payload: str = Field(sa_column=Column(Text, nullable=False))
    created: datetime = Field(sa_column=Column(UtcTime, nullable=False, index=True))
    state: str
    attempts: list[dict[str, object]] = Field(sa_column=Column(JSON_DOCUMENT, nullable=False))
    tries: int
    run_after: datetime | None = Field(sa_column=Column(UtcTime))
