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

    `owner` is the id of the key that made it; if that key was made by rotation, the id of its oldest predecessor.
    `organisations` and `editions` are the organisations and editions of that key. `state` is a `queries.StoredState`.
    `secret` and `previous_secret` sign messages and are stored encrypted (see `secret_box`); `previous_secret` signs
    until `previous_until`. `failing_since` is the time of the first failed attempt after the last successful one, null
    if there is none, and `failures` the number of failed attempts since then. `held_until`: nothing is sent before that
    time. `lease` names the worker that sends at present, until `lease_expires`. `version` is the number of times that
    the owner changed the row.
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

    `message` is the id by which the receiver recognises repetitions, the same for all webhooks. `payload` is the body,
    which never changes. `state` is a `queries.DeliveryState`. `attempts` is the JSON of `queries.Attempt`, oldest
    first. `tries` counts the attempts since the delivery was last requested, and `run_after` is the time of the next
    attempt, null if there is none.
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
