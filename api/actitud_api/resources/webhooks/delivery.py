"""Delivery of recorded events: at least once, in the order in which they are due, one webhook by one worker at a time.

A worker claims a webhook for a time (a lease), sends a message, and stores the outcome in a transaction that only the
holder of the lease commits. A worker that is killed in between leaves the delivery pending: another worker repeats it,
under the same `webhook-id`, once the lease has ended.
"""

from __future__ import annotations

import random
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Final

import msgspec
import structlog
from msgspec import Struct

from actitud_api import __version__
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.http.repeating import build_repeating_lifespan
from actitud_api.platform.storage.database import Database, Session, Unavailable, read_clock
from actitud_api.resources.webhooks import queries, service
from actitud_api.resources.webhooks.queries import Attempt, DeliveryRecord, StoredState, WebhookRecord
from actitud_api.resources.webhooks.secret_box import SecretBox, SecretFault
from actitud_api.resources.webhooks.sending import Channel, Sender
from actitud_api.resources.webhooks.signatures import sign_message

SCHEDULE: Final = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""Time after each failed attempt of a message until the next one, as Standard Webhooks proposes; the tenth is the last.

Together 75 hours and 35 minutes.
"""
JITTER: Final = 0.1
"""Highest part by which such a time is longer, so that what failed together is not repeated together."""

HOLD: Final = timedelta(seconds=5)
"""Time after a failed attempt in which nothing else is sent to the webhook; it doubles with each further one."""
HOLD_MAX: Final = timedelta(minutes=5)

FAILING_AFTER: Final = timedelta(days=3)
"""Time without any successful attempt, and with ten failed ones, after which a webhook is no longer tried."""

LEASE: Final = timedelta(minutes=2)
"""Time for which a worker has a webhook, from its last message on. Longer than any attempt, whose name is resolved
first: that has no time-out, but the resolver of the machine gives up in less than a minute."""
ROUND_SECONDS: Final = 30
"""Seconds after which a worker leaves a webhook with more to deliver to others."""

THREADS: Final = 4
"""Workers of a process, and so the highest number of receivers that it waits for."""
PAUSE: Final = 1.0
"""Seconds after which a worker without work looks for some."""
STOP_SECONDS: Final = 5.0
"""Seconds in which messages on their way may arrive when a process stops; the next process repeats what does not."""

FORGET_SECONDS: Final = 3_600.0
"""Seconds between two deletions of old deliveries."""

DISABLE_ACTION: Final = "webhooks.disable"
"""Action of the ledger entry about a webhook that is no longer notified because of its answers."""

_GONE: Final = 410

_log = structlog.get_logger()


class WebhookLost(Exception):
    """The worker has lost its claim on a webhook, because it took too long or the webhook was deleted.

    Nothing of the attempt is stored.
    """


class _Round(Struct, frozen=True):
    """A webhook that a worker has taken, its lease, and the secrets that sign, newest first."""

    webhook: WebhookRecord
    lease: str
    secrets: Sequence[bytes]


class DeliveryWorker:
    """Worker that delivers due messages, one webhook after another. Several threads may use the same worker."""

    def __init__(
        self,
        database: Database,
        box: SecretBox,
        sender: Sender,
        *,
        clock: Callable[[Session], datetime] = read_clock,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """Create a worker.

        Args:
            database: Database of the service.
            box: Decrypts the secrets.
            sender: Sends the messages.
            clock: Returns the present time; by default that of the database, because workers compare times with each
                other.
            chance: Returns a random number from 0 to 1, which varies the delay before a further attempt.
        """
        self._database = database
        self._box = box
        self._sender = sender
        self._clock = clock
        self._chance = chance
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Send no further message; a message that is being sent is completed. Does not wait for its end."""
        self._stopping.set()

    def deliver_round(self) -> bool:
        """Deliver the due messages of one webhook and return True; return False if no webhook has any.

        The round ends with the first failed attempt, or after `ROUND_SECONDS`.

        Raises:
            Unavailable: The database could not be reached in time. The last message may be sent again.
        """
        claimed = self._claim()
        if claimed is None:
            return False
        webhook, lease = claimed
        try:
            taken = _Round(webhook, lease, self._load_secrets(webhook))
        except SecretFault as fault:
            # Of the operator, and nothing that the receiver has to answer for: no attempt is counted.
            _log.error("cannot sign for a webhook", webhook=webhook.id, reason=str(fault))
            self._release(webhook.id, lease, hold=HOLD_MAX)
            return True
        end = time.monotonic() + ROUND_SECONDS
        try:
            with self._sender.open(webhook.url) as channel:
                while time.monotonic() < end and not self._stopping.is_set() and self._deliver_next(taken, channel):
                    pass
            self._release(webhook.id, lease)
        except WebhookLost:
            _log.warning("a webhook was taken by another worker", webhook=webhook.id)
        return True

    def _claim(self) -> tuple[WebhookRecord, str] | None:
        # A read first: on SQLite there is one writer, who has other things to do than to look for nothing.
        with self._database.read() as session:
            if not queries.has_due_webhook(session, self._clock(session)):
                return None
        lease = secrets.token_hex(8)
        with self._database.write(hidden=True) as session:
            webhook = queries.claim_webhook(session, lease, LEASE, self._clock(session))
        return None if webhook is None else (webhook, lease)

    def _load_secrets(self, webhook: WebhookRecord) -> list[bytes]:
        with self._database.read() as session:
            now = self._clock(session)
        found = [self._box.decrypt_secret(webhook.id, webhook.secret)]
        if webhook.previous_secret is not None and webhook.previous_until is not None and now < webhook.previous_until:
            try:
                found.append(self._box.decrypt_secret(webhook.id, webhook.previous_secret))
            except SecretFault as fault:
                # The new one signs: it was made because this one was lost.
                _log.warning("cannot sign with an old secret", webhook=webhook.id, reason=str(fault))
        return found

    def _deliver_next(self, taken: _Round, channel: Channel) -> bool:
        """Deliver the next message that is due, and return True if the round may go on.

        Raises:
            WebhookLost: The webhook is no longer that of this worker.
        """
        with self._database.read() as session:
            now = self._clock(session)
            webhook = queries.get_webhook(session, taken.webhook.id, now)
            # It may have been paused since, or have another address.
            if webhook is None or webhook.state != "active" or webhook.version != taken.webhook.version:
                return False
            delivery = queries.find_due_delivery(session, webhook.id, now)
        if delivery is None:
            return False
        began = time.monotonic()
        outcome = channel.send(*_build_message(delivery, taken.secrets, now))
        attempt = Attempt(
            at=now,
            status=outcome.status,
            problem=outcome.problem,
            milliseconds=round((time.monotonic() - began) * 1000),
        )
        with self._database.write(hidden=True) as session:
            self._store_attempt(session, taken.lease, webhook, delivery, attempt, outcome.pause or timedelta())
        return outcome.problem is None

    def _store_attempt(
        self,
        session: Session,
        lease: str,
        webhook: WebhookRecord,
        delivery: DeliveryRecord,
        attempt: Attempt,
        pause: timedelta,
    ) -> None:
        """Store an attempt with its consequences. `pause`: for how long the receiver asks to be left alone."""
        now, tries = self._clock(session), delivery.tries + 1
        attempts = (*delivery.attempts, attempt)[-queries.ATTEMPTS_KEPT :]
        values: dict[str, object] = {"tries": tries, "attempts": msgspec.to_builtins(attempts)}
        if attempt.problem is None:
            of_webhook: dict[str, object] = {
                "failing_since": None,
                "failures": 0,
                "held_until": None,
                "lease_expires": now + LEASE,
            }
            values |= {"state": "delivered", "run_after": None}
        else:
            of_webhook = self._plan_after_failure(webhook, attempt, now, pause)
            is_last = tries > len(SCHEDULE)
            delay = None if is_last else SCHEDULE[tries - 1] * (1 + JITTER * self._chance())
            values |= {
                "state": "failed" if delay is None else "pending",
                "run_after": None if delay is None else now + max(delay, pause),
            }
        if not queries.update_leased(session, webhook.id, lease, of_webhook):
            raise WebhookLost
        queries.update_delivery(session, delivery.id, values)
        if "state" in of_webhook:
            self._record_disabling(session, webhook, str(of_webhook["state"]), now)

    def _plan_after_failure(
        self, webhook: WebhookRecord, attempt: Attempt, now: datetime, pause: timedelta
    ) -> dict[str, object]:
        """Return the values of a webhook after a failed attempt: when it is tried again, or that it is disabled."""
        failures, since = webhook.failures + 1, webhook.failing_since or now
        values: dict[str, object] = {
            "failing_since": since,
            "failures": failures,
            "held_until": now + max(min(HOLD * 2 ** min(failures - 1, 10), HOLD_MAX), pause),
            "lease": None,
            "lease_expires": None,
        }
        state: StoredState | None = None
        if attempt.status == _GONE:
            state = "gone"
        elif failures > len(SCHEDULE) and now - since >= FAILING_AFTER:
            state = "failing"
        return values if state is None else {**values, "state": state}

    def _record_disabling(self, session: Session, webhook: WebhookRecord, state: str, now: datetime) -> None:
        """Say in the log and in the ledger that a webhook is no longer notified."""
        _log.warning("a webhook is disabled", webhook=webhook.id, state=state)
        event = ledger.Event(
            action=DISABLE_ACTION,
            actor=None,
            subject=f"/v1/webhooks/{webhook.id}",
            public=False,
            hidden=True,
            details={"state": state},
        )
        ledger.append_entry(session, event, now=now)

    def _release(self, webhook: str, lease: str, *, hold: timedelta | None = None) -> None:
        """Let other workers take a webhook; `hold`: not before so long. It may be another's by now."""
        with self._database.write(hidden=True) as session:
            values: dict[str, object] = {"lease": None, "lease_expires": None}
            if hold is not None:
                values["held_until"] = self._clock(session) + hold
            queries.update_leased(session, webhook, lease, values)


class DeliveryRunner:
    """Threads that deliver messages as long as the process runs."""

    def __init__(self, worker: DeliveryWorker, *, threads: int = THREADS, pause: float = PAUSE) -> None:
        """Prepare the runner; each of `threads` threads looks for work again after `pause` seconds without any."""
        self._worker = worker
        self._number = threads
        self._pause = pause
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Start the threads that deliver messages."""
        for number in range(self._number):
            # Daemons: one whose name is being resolved cannot be stopped.
            thread = threading.Thread(target=self._run, name=f"webhooks-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def give_up(self) -> None:
        """Send no further message; a message that is being sent is completed. Does not wait for its end."""
        self._stopping.set()
        self._worker.stop()

    def stop(self) -> None:
        """Stop before the next message, and wait at most `STOP_SECONDS` for messages that are being sent."""
        self.give_up()
        end = time.monotonic() + STOP_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                if self._worker.deliver_round():
                    continue
            except Unavailable as error:
                _log.warning("webhooks wait for the database", reason=str(error))
            except Exception:  # the thread has to survive: nothing restarts it, and the next round may succeed
                _log.exception("webhooks not delivered")
            self._stopping.wait(self._pause)


def _build_message(
    delivery: DeliveryRecord, signing_secrets: Sequence[bytes], now: datetime
) -> tuple[dict[str, str], bytes]:
    """Return the headers and the body of an attempt; `now` is its time, by which receivers refuse old messages."""
    body, timestamp = delivery.payload.encode(), int(now.timestamp())
    return {
        "Content-Type": "application/json",
        "User-Agent": f"Actitud-Webhooks/{__version__}",
        "webhook-id": delivery.message,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign_message(signing_secrets, delivery.message, timestamp, body),
    }, body


def build_log_lifespan(database: Database) -> Callable[[object], AbstractAsyncContextManager[None]]:
    """Return an application lifespan that deletes old deliveries every hour."""
    return build_repeating_lifespan(
        lambda: service.forget_old_deliveries(database), FORGET_SECONDS, failure="old deliveries not deleted"
    )
