"""What tests of webhooks do: make keys and webhooks, announce events, deliver at times of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from litestar import Litestar
from litestar.testing import TestClient
from msgspec import structs

from actitud_api.platform.auth import service as access
from actitud_api.platform.storage.database import Database, Session
from actitud_api.resources.webhooks import service as webhooks
from actitud_api.resources.webhooks.delivery import DeliveryWorker
from actitud_api.resources.webhooks.secret_box import SecretBox
from tests.support.applications import borrow_app
from tests.support.bodies import read_body
from tests.support.databases import unlimited
from tests.support.keys import create_key, present_key
from tests.support.receivers import URL, Receiver

ALL: Final = ("edition.published", "score.corrected", "assessment.transitioned")
MINE, OTHER = "XX-T-1", "XX-T-2"

Holder = dict[str, str]
"""The header with a key."""


class Desk:
    """A service with a worker, whose clock a test sets: it stands, a while after what the service does meanwhile."""

    def __init__(self, client: TestClient[Litestar], folder: Path, receiver: Receiver) -> None:
        self.client = client
        self.database: Database = client.app.state["database"]
        self.folder = folder
        self.box = SecretBox(folder)
        self.receiver = receiver
        self.begun = datetime.now(UTC) + timedelta(minutes=2)
        self.elapsed = timedelta()
        self.worker = DeliveryWorker(
            self.database, self.box, receiver.build_sender(), clock=self._read_clock, chance=lambda: 0.5
        )

    def _read_clock(self, _session: Session) -> datetime:
        return self.begun + self.elapsed

    def wait(self, **duration: float) -> None:
        """Let time go by."""
        self.elapsed += timedelta(**duration)

    def key(
        self, role: access.Role = "administrator", *organisations: str, editions: Sequence[str] | None = None
    ) -> Holder:
        """Return the header with a new key."""
        return present_key(create_key(self.database, role, *organisations, editions=editions, days=365))

    def create(self, holder: Holder, *events: str, url: str = URL, **headers: str) -> Any:
        """Ask for a webhook, of all events unless some are named."""
        body = {"url": url, "events": list(events or ALL)}
        return self.client.post("/v1/webhooks", json=body, headers={**holder, **headers})

    def made(self, holder: Holder, *events: str) -> dict[str, Any]:
        """Return a new webhook, with its secret."""
        return read_body(self.create(holder, *events), 201)

    def subscribe(self) -> tuple[Holder, dict[str, Any]]:
        """Return the header with a new key of an administrator, and its new webhook of all events."""
        holder = self.key()
        return holder, self.made(holder)

    def log(self, holder: Holder, webhook: str, query: str = "") -> list[dict[str, Any]]:
        """Return the deliveries of a webhook, newest first."""
        response = self.client.get(f"/v1/webhooks/{webhook}/deliveries{query}", headers=holder)
        items: list[dict[str, Any]] = read_body(response)["items"]
        return items

    def state(self, holder: Holder, webhook: str) -> str:
        """Return the state of a webhook."""
        state: str = self.client.get(f"/v1/webhooks/{webhook}", headers=holder).json()["state"]
        return state

    def patch(self, holder: Holder, webhook: str, **change: object) -> Any:
        """Change a webhook."""
        return self.client.patch(
            f"/v1/webhooks/{webhook}",
            json=change,
            headers={**holder, "If-Match": "*", "Content-Type": "application/merge-patch+json"},
        )

    def announce(self, *events: webhooks.WebhookEvent) -> None:
        """Record events, as what has an effect does."""
        with self.database.write(hidden=True) as session:
            for event in events:
                webhooks.announce(session, event, now=datetime.now(UTC))

    def deliver(self) -> None:
        """Deliver all that is due."""
        while self.worker.deliver_round():
            pass

    def seconds_to(self, delivery: dict[str, Any]) -> float:
        """Return the seconds from now to the next attempt of a delivery."""
        next_attempt = datetime.fromisoformat(delivery["next_attempt"])
        return (next_attempt - (self.begun + self.elapsed)).total_seconds()


def published(edition: str = "2026") -> webhooks.EditionPublished:
    """Return the publication of an edition."""
    return webhooks.EditionPublished(
        edition=edition,
        revision=1,
        digest=f"sha256:{1:064}",
        organisations=2,
        publication=f"/v1/editions/{edition}/publications/1",
        document=f"/v1/published/sha256:{1:064}",
    )


def transitioned(organisation: str = MINE, edition: str = "2026") -> webhooks.AssessmentTransitioned:
    """Return the submission of an assessment."""
    path = f"/v1/editions/{edition}/assessments/{organisation}"
    return webhooks.AssessmentTransitioned(
        edition=edition,
        organisation=organisation,
        before="draft",
        after="submitted",
        phase=None,
        until=None,
        assessment=path,
        transition=f"{path}/transitions/1",
    )


@contextmanager
def opened_desk(url: str, folder: Path, receiver: Receiver) -> Iterator[Desk]:
    """A service on a database, with its secrets in a folder."""
    settings = structs.replace(unlimited(url), signing_folder=folder)
    with borrow_app(settings) as app, TestClient(app) as client:
        yield Desk(client, folder, receiver)
