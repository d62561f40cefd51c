"""A process is killed while it delivers to webhooks: nothing is lost, and what comes again has the same id."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from actitud_api.platform.auth import service as access
from actitud_api.platform.storage.database import Database, read_clock
from actitud_api.resources.webhooks import queries, service
from actitud_api.resources.webhooks.secret_box import SecretBox
from tests.faults.notifiers import deliver
from tests.support.databases import Kind
from tests.support.figures import FigureRecorder
from tests.support.forking import forked
from tests.support.receivers import Receiver, receiving
from tests.support.scale import NOTIFIER_KILLS

WEBHOOKS = 3
EVENTS = 20
"""Events that are recorded before each start, each for every webhook."""
WEBHOOK_COLUMNS = queries.WEBHOOKS.c
LEASE = timedelta(minutes=3)
"""How much the clock of each process is ahead of that of the one before, whose leases have ended then."""
LAST = timedelta(days=1)
"""The same of the last one: whatever failed is due again."""


def test_nothing_is_lost_where_those_who_deliver_are_killed(
    database: Database, url: str, kind: Kind, tmp_path: Path, figure: FigureRecorder
) -> None:
    chance = random.Random(1)
    make_webhooks(database, SecretBox(tmp_path))
    with receiving(tmp_path) as receiver:
        # Now and then the receiver is killed too, in a way: it takes a message and says that it failed.
        receiver.answer = lambda message: 500 if chance.random() < 0.02 else 204
        for cycle in range(NOTIFIER_KILLS[kind]):
            announce(database, cycle)
            number = len(receiver.messages) + chance.randint(1, WEBHOOKS * EVENTS)
            with delivering(url, tmp_path, receiver, LEASE * cycle):
                assert receiver.await_messages(number), describe(database)
        receiver.answer = lambda message: 204
        recorded, pending = list_recorded(database), list_recorded(database, "pending")
        with delivering(url, tmp_path, receiver, LAST):
            assert receiver.await_messages(len(receiver.messages) + len(pending)), describe(database)

    got = Counter((message.path.rpartition("/")[2], message.id) for message in receiver.messages)
    bodies = {(message.id, message.body) for message in receiver.messages}
    lost = recorded - set(got)
    figure(
        "R26",
        f"messages of a worker that is killed {NOTIFIER_KILLS[kind]} times; failed: lost; "
        f"{sum(got.values()) - len(got)} came again",
        tried=len(recorded),
        failed=len(lost),
        control=None,
    )
    assert lost == set()
    assert set(got) == recorded
    assert len(recorded) == WEBHOOKS * EVENTS * NOTIFIER_KILLS[kind]
    # Whatever comes again has the body that it had.
    assert len(bodies) == EVENTS * NOTIFIER_KILLS[kind]


def make_webhooks(database: Database, box: SecretBox) -> None:
    """Make webhooks of an administrator, each with a path of its own."""
    now = datetime.now(UTC)
    with database.write() as session:
        made = access.create_key(session, (), role="administrator", days=365, now=now).record
        principal = access.Principal(made.id, made.role, made.origin)
        for number in range(WEBHOOKS):
            new = service.NewWebhook(url=f"https://portal.fabula.example/{number}", events=["edition.published"])
            created = service.create_webhook(session, box, principal, new, now=now)
            address = f"https://portal.fabula.example/{created.record.id}"
            queries.update_webhook(session, created.record.id, 1, {"url": address})


def announce(database: Database, cycle: int) -> None:
    """Record events, each in a transaction of its own."""
    for number in range(EVENTS):
        edition = f"{cycle}-{number}"
        event = service.EditionPublished(
            edition=edition, revision=1, digest="sha256:0", organisations=1, publication="/", document="/"
        )
        with database.write(hidden=True) as session:
            service.announce(session, event, now=datetime.now(UTC))


@contextmanager
def delivering(url: str, folder: Path, receiver: Receiver, ahead: timedelta) -> Iterator[None]:
    """A process that delivers, whose clock is ahead; it is killed at the end of the block."""
    with forked(deliver, url, folder, receiver.port, receiver.certificate, ahead) as process:
        process.receive()
        yield
        process.kill()


def describe(database: Database) -> str:
    """Return what keeps messages back: the time, who holds each webhook and until when, and what is pending."""
    held = select(WEBHOOK_COLUMNS.lease, WEBHOOK_COLUMNS.lease_expires, WEBHOOK_COLUMNS.held_until)
    pending = queries.DELIVERIES.select().where(queries.DELIVERIES.c.state == "pending")
    with database.read() as session:
        lines = [str(read_clock(session)), *map(str, session.execute(held))]
        rows = session.execute(pending.order_by(queries.DELIVERIES.c.run_after)).mappings()
        lines += [f"{row['webhook']} {row['message']} {row['run_after']} {row['tries']}" for row in rows]
    return "\n".join(lines)


def list_recorded(database: Database, state: queries.DeliveryState | None = None) -> set[tuple[str, str]]:
    """Return the webhook and the message of each delivery in a state, None for any."""
    with database.read() as session:
        rows = session.execute(queries.DELIVERIES.select()).mappings().all()
    return {(row["webhook"], row["message"]) for row in rows if state in (None, row["state"])}
