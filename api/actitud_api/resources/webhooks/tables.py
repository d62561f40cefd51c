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

    Columns as in `queries.WebhookRecord`, with the stored state (`queries.StoredState`), and these.

    Attributes:
        held_until: Time before which nothing is sent.
        lease: Random name of the claim of the worker that sends at present, null if none does.
        lease_expires: Time at which the claim ends, so that another worker may send.
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

    Columns as in `queries.DeliveryRecord`. The message has the same id for all webhooks, and the payload never changes.
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
