"""Events are delivered: signed as the reference library expects, repeated over days, in the log; on both databases."""

from __future__ import annotations

import json
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks.webhooks import Webhook

from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.auth import service as access
from actitud_api.platform.storage.database import Session
from actitud_api.platform.storage.pages import PageRange
from actitud_api.resources.webhooks import delivery, queries, service
from tests.http.webhooks.desk import MINE, Desk, published, transitioned
from tests.support.keys import present_key
from tests.support.receivers import HOST, Message, Receiver

pytestmark = pytest.mark.serving

WAITS = (5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600)
"""Seconds between the ten attempts that Standard Webhooks proposes: 75 hours, 35 minutes and 5 seconds."""


@pytest.mark.both_databases
def test_the_reference_library_receives_every_event(desk: Desk, receiver: Receiver) -> None:
    holder = desk.key("publisher")
    made = desk.made(holder)
    desk.announce(published(), transitioned())

    desk.deliver()

    library = Webhook(made["secret"])
    received = [library.verify(message.body, message.headers) for message in receiver.messages]
    assert [payload["type"] for payload in received] == ["edition.published", "assessment.transitioned"]
    assert received[1]["data"]["organisation"] == MINE
    assert datetime.fromisoformat(received[0]["timestamp"]) <= datetime.now(UTC)
    assert {message.headers["content-type"] for message in receiver.messages} == {"application/json"}
    assert {message.headers["host"] for message in receiver.messages} == {HOST}
    assert {message.path for message in receiver.messages} == {"/hooks/actitud?from=tests"}
    log = desk.log(holder, made["id"])
    assert [(one["id"], one["state"], one["payload"].encode()) for one in log] == [
        (message.id, "delivered", message.body) for message in reversed(receiver.messages)
    ]
    assert [attempt["status"] for one in log for attempt in one["attempts"]] == [204, 204]


def test_while_a_secret_is_rotated_both_sign(desk: Desk, receiver: Receiver) -> None:
    holder, old = desk.subscribe()
    path = f"/v1/webhooks/{old['id']}/rotations"
    new = desk.client.post(path, headers={**holder, "If-Match": "*"}).json()
    assert new["secret"].startswith("whsec_")
    assert new["secret"] != old["secret"]

    desk.announce(published())
    desk.deliver()
    (message,) = receiver.messages
    assert message.headers["webhook-signature"].count("v1,") == 2
    for secret in (old["secret"], new["secret"]):
        Webhook(secret).verify(message.body, message.headers)

    desk.wait(days=8)
    desk.announce(published())
    desk.deliver()
    last = receiver.messages[-1]
    assert last.headers["webhook-signature"].count("v1,") == 1
    assert sign(new["secret"], last) == last.headers["webhook-signature"]


def test_a_message_is_tried_ten_times_and_then_its_webhook_is_disabled(desk: Desk, receiver: Receiver) -> None:
    holder, made = desk.subscribe()
    receiver.answer = lambda message: 500
    desk.announce(published())
    for number, seconds in enumerate(WAITS, 1):
        desk.deliver()
        assert len(receiver.messages) == number
        (pending,) = desk.log(holder, made["id"])
        # The jitter adds up to a tenth; the chance of this worker is always half of it.
        assert desk.seconds_to(pending) == pytest.approx(seconds * 1.05)
        desk.wait(seconds=seconds * 1.05 - 0.01)
        desk.deliver()
        assert len(receiver.messages) == number
        desk.wait(seconds=0.02)
    desk.deliver()

    assert len(receiver.messages) == 10
    (failed,) = desk.log(holder, made["id"])
    assert (failed["state"], failed["next_attempt"]) == ("failed", None)
    assert [(one["status"], one["problem"]) for one in failed["attempts"]] == [(500, "status")] * 10
    assert len({(message.id, message.body) for message in receiver.messages}) == 1
    # Each attempt is of its own time, and signed anew: receivers refuse old messages.
    assert len({message.headers["webhook-timestamp"] for message in receiver.messages}) == 10
    for message in receiver.messages:
        assert sign(made["secret"], message) == message.headers["webhook-signature"]
    assert desk.state(holder, made["id"]) == "failing"
    assert disabled(desk) == [("failing", f"/v1/webhooks/{made['id']}")]

    desk.announce(published("2027"))
    desk.wait(days=5)
    desk.deliver()
    assert len(receiver.messages) == 10
    assert len(desk.log(holder, made["id"])) == 1

    receiver.answer = lambda message: 200
    assert desk.patch(holder, made["id"], state="active").json()["state"] == "active"
    desk.announce(published("2027"))
    desk.deliver()
    assert len(receiver.messages) == 11


@pytest.mark.night
def test_one_message_that_is_never_accepted_disables_nothing(desk: Desk, receiver: Receiver) -> None:
    holder, made = desk.subscribe()
    desk.announce(published("2026"))
    receiver.answer = lambda message: 500 if b'"2026"' in message.body else 200
    for seconds in (0, *WAITS):
        desk.wait(seconds=seconds * 1.1)
        desk.deliver()
        desk.announce(published("2027"))
        desk.wait(minutes=6)
        desk.deliver()

    assert desk.state(holder, made["id"]) == "active"
    assert len(desk.log(holder, made["id"], "?state=failed")) == 1
    assert len(desk.log(holder, made["id"], "?state=delivered")) == 10
    assert desk.log(holder, made["id"], "?state=pending") == []


def test_who_answers_that_it_is_gone_is_not_asked_again(desk: Desk, receiver: Receiver) -> None:
    holder, made = desk.subscribe()
    receiver.answer = lambda message: 410
    desk.announce(published("2026"), published("2027"))
    desk.deliver()
    desk.wait(days=5)
    desk.deliver()

    assert len(receiver.messages) == 1
    assert desk.state(holder, made["id"]) == "gone"
    assert disabled(desk) == [("gone", f"/v1/webhooks/{made['id']}")]

    # What was not delivered is not lost: it waits for whoever mends that.
    receiver.answer = lambda message: 200
    desk.patch(holder, made["id"], state="active")
    desk.deliver()
    assert len({message.id for message in receiver.messages}) == 2
    assert desk.log(holder, made["id"], "?state=pending") == []


def test_a_receiver_that_fails_is_asked_seldom_whatever_waits_for_it(desk: Desk, receiver: Receiver) -> None:
    holder, made = desk.subscribe()
    receiver.answer = lambda message: 503
    desk.announce(*(published(str(year)) for year in range(2000, 2020)))
    for number, seconds in enumerate((5, 10, 20, 40, 80, 160, 300, 300, 300), 1):
        desk.deliver()
        desk.wait(seconds=seconds - 0.01)
        desk.deliver()
        assert len(receiver.messages) == number, desk.log(holder, made["id"])
        desk.wait(seconds=0.02)

    receiver.answer = lambda message: 200
    desk.wait(minutes=5)
    desk.deliver()
    delivered = {message.id for message in receiver.messages}
    desk.wait(days=2)
    desk.deliver()
    assert len(delivered | {message.id for message in receiver.messages}) == 20


@pytest.mark.parametrize("status", [429, 503])
def test_a_receiver_with_too_much_to_do_is_left_alone_for_as_long_as_it_asks(
    desk: Desk, receiver: Receiver, status: int
) -> None:
    holder, made = desk.subscribe()
    receiver.answer, receiver.headers = lambda message: status, {"Retry-After": "3600"}
    desk.announce(published("2026"), published("2027"))
    desk.deliver()
    first = desk.log(holder, made["id"])[-1]
    # Of its own the service would wait for five seconds, the webhook as well as the message.
    assert desk.seconds_to(first) == 3600
    desk.wait(seconds=3599.99)
    desk.deliver()
    assert len(receiver.messages) == 1

    receiver.answer = lambda message: 200
    desk.wait(seconds=0.02)
    desk.deliver()
    assert len(receiver.messages) == 3
    assert desk.log(holder, made["id"], "?state=pending") == []


@pytest.mark.parametrize(
    ("status", "asked", "seconds"),
    [
        (503, "1", 5.25),  # never sooner than of its own
        (503, "99999999", 24 * 3600),
        (503, "soon", 5.25),
        (500, "3600", 5.25),
    ],
)
def test_a_pause_has_bounds(desk: Desk, receiver: Receiver, status: int, asked: str, seconds: float) -> None:
    holder, made = desk.subscribe()
    receiver.answer, receiver.headers = lambda message: status, {"Retry-After": asked}
    desk.announce(published())
    desk.deliver()
    (pending,) = desk.log(holder, made["id"])
    assert desk.seconds_to(pending) == pytest.approx(seconds)


def test_a_pause_ends_where_somebody_makes_the_webhook_active(desk: Desk, receiver: Receiver) -> None:
    holder, made = desk.subscribe()
    receiver.answer, receiver.headers = lambda message: 429, {"Retry-After": "7200"}
    desk.announce(published("2026"), published("2027"))
    desk.deliver()
    receiver.answer = lambda message: 200
    desk.patch(holder, made["id"], state="active")
    desk.deliver()
    # The other message; the one that was refused waits for the time that was asked for.
    assert len(receiver.messages) == 2
    assert len({message.id for message in receiver.messages}) == 2


def test_one_receiver_that_fails_does_not_hold_up_another(desk: Desk, receiver: Receiver) -> None:
    holder = desk.key()
    bad = desk.create(holder, url=f"https://{HOST}/bad").json()
    good = desk.create(holder, url=f"https://{HOST}/good").json()
    receiver.answer = lambda message: 500 if message.path == "/bad" else 200
    desk.announce(published())
    desk.deliver()

    assert [one["state"] for one in desk.log(holder, good["id"])] == ["delivered"]
    assert [one["state"] for one in desk.log(holder, bad["id"])] == ["pending"]
    # The same event has one id for both.
    assert desk.log(holder, good["id"])[0]["id"] == desk.log(holder, bad["id"])[0]["id"]


def test_a_paused_webhook_gets_what_waits_once_it_is_active_and_nothing_of_meanwhile(
    desk: Desk, receiver: Receiver
) -> None:
    holder, made = desk.subscribe()
    desk.announce(published("2026"))
    assert desk.patch(holder, made["id"], state="paused").json()["state"] == "paused"
    desk.announce(published("2027"))
    desk.deliver()
    assert receiver.messages == []

    desk.patch(holder, made["id"], state="active")
    desk.deliver()
    (message,) = receiver.messages
    assert b'"2026"' in message.body


def test_what_waits_goes_to_the_new_address(desk: Desk, receiver: Receiver) -> None:
    holder, made = desk.subscribe()
    desk.announce(published())
    assert desk.patch(holder, made["id"], url=f"https://{HOST}/new").json()["url"] == f"https://{HOST}/new"
    desk.deliver()
    assert [message.path for message in receiver.messages] == ["/new"]


def test_a_delivery_is_repeated_from_the_log(desk: Desk, receiver: Receiver) -> None:
    holder, made = desk.subscribe()
    desk.announce(published())
    desk.deliver()
    (message,) = receiver.messages
    path = f"/v1/webhooks/{made['id']}/deliveries/{message.id}/attempts"

    response = desk.client.post(path, headers=holder)
    assert (response.status_code, response.json()["state"]) == (201, "pending")
    desk.wait(minutes=10)
    desk.deliver()
    first, second = receiver.messages
    assert (first.id, first.body) == (second.id, second.body)
    (logged,) = desk.log(holder, made["id"])
    assert (logged["state"], len(logged["attempts"])) == ("delivered", 2)


def test_nothing_is_told_to_whoever_has_no_valid_key_any_more(desk: Desk, receiver: Receiver) -> None:
    administrator, holder = desk.key(), desk.key("organisation_reader", MINE)
    made = desk.made(holder)
    desk.announce(transitioned())
    key = desk.client.get("/v1/keys", headers=holder).json()["items"][0]["id"]
    with desk.database.write() as session:
        access.revoke(session, key, now=datetime.now(UTC))
    desk.announce(transitioned())
    desk.deliver()

    assert receiver.messages == []
    assert desk.state(administrator, made["id"]) == "ended"
    assert len(desk.log(administrator, made["id"])) == 1


def test_the_successor_of_a_key_keeps_its_webhooks(desk: Desk, receiver: Receiver) -> None:
    holder = desk.key("organisation_editor", MINE)
    made = desk.made(holder)
    key = desk.client.get("/v1/keys", headers=holder).json()["items"][0]["id"]
    rotated = desk.client.post(
        f"/v1/keys/{key}/rotations", json={"overlap": 0}, headers={**holder, "If-Match": "*"}
    ).json()
    desk.announce(transitioned())
    desk.deliver()

    assert len(receiver.messages) == 1
    assert desk.state(present_key(rotated["secret"]), made["id"]) == "active"


@pytest.mark.both_databases
def test_a_worker_that_lost_its_lease_stores_nothing_and_the_message_is_repeated(
    desk: Desk, receiver: Receiver
) -> None:
    holder, made = desk.subscribe()
    desk.announce(published())
    second = delivery.DeliveryWorker(
        desk.database, desk.box, receiver.build_sender(), clock=lambda session: desk.begun + desk.elapsed
    )

    def be_slow(message: Message) -> int:
        receiver.answer = lambda _: 200
        # Another worker finds the webhook taken until its lease has ended.
        assert not second.deliver_round()
        desk.wait(minutes=3)
        assert second.deliver_round()
        return 500

    receiver.answer = be_slow
    desk.deliver()

    assert [message.id for message in receiver.messages] == [receiver.messages[0].id] * 2
    (logged,) = desk.log(holder, made["id"])
    assert (logged["state"], [one["status"] for one in logged["attempts"]]) == ("delivered", [200])


@pytest.mark.both_databases
def test_of_many_workers_one_at_a_time_notifies_a_webhook(desk: Desk, receiver: Receiver) -> None:
    holder = desk.key()
    for path in ("a", "b"):
        desk.create(holder, url=f"https://{HOST}/{path}")
    desk.announce(*(published(str(year)) for year in range(2000, 2010)))
    lock, present, most = threading.Lock(), Counter[str](), Counter[str]()

    def count(message: Message) -> int:
        with lock:
            present[message.path] += 1
            most[message.path] = max(most[message.path], present[message.path])
        with lock:
            present[message.path] -= 1
        return 204

    receiver.answer = count
    runner = delivery.DeliveryRunner(desk.worker, threads=8, pause=0.01)
    runner.start()
    try:
        assert receiver.await_messages(20, 60)
    finally:
        runner.stop()
    assert most == {"/a": 1, "/b": 1}
    # Each is sent once where nobody fails, in the order in which it was recorded.
    for path in most:
        years = [json.loads(message.body)["data"]["edition"] for message in receiver.messages if message.path == path]
        assert years == [str(year) for year in range(2000, 2010)]


@pytest.mark.both_databases
def test_a_webhook_that_is_deleted_while_it_is_notified_leaves_nothing(desk: Desk, receiver: Receiver) -> None:
    holder, made = desk.subscribe()
    desk.announce(published("2026"), published("2027"))

    def remove(message: Message) -> int:
        response = desk.client.delete(f"/v1/webhooks/{made['id']}", headers={**holder, "If-Match": "*"})
        assert response.status_code == 204
        return 200

    receiver.answer = remove
    desk.deliver()
    assert len(receiver.messages) == 1
    assert desk.client.get(f"/v1/webhooks/{made['id']}", headers=holder).status_code == 404
    assert stored(desk) == 0


def test_a_clock_that_was_set_back_holds_nothing_up(desk: Desk, receiver: Receiver) -> None:
    desk.subscribe()
    desk.wait(days=300)
    receiver.answer = lambda message: 500
    desk.announce(published())
    desk.deliver()
    desk.wait(days=-300)
    receiver.answer = lambda message: 200
    desk.deliver()
    assert len(receiver.messages) == 2


def test_what_is_rolled_back_is_told_to_nobody(desk: Desk, receiver: Receiver) -> None:
    holder, made = desk.subscribe()
    with desk.database.write(hidden=True) as session:
        service.announce(session, published(), now=datetime.now(UTC))
        session.rollback()
    desk.deliver()
    assert receiver.messages == []
    assert desk.log(holder, made["id"]) == []


def test_the_log_is_kept_for_thirty_days(desk: Desk) -> None:
    holder, made = desk.subscribe()
    desk.announce(published("2026"), published("2027"))
    with desk.database.write() as session:
        (_, oldest) = queries.list_deliveries(session, made["id"], None, PageRange())
        queries.update_delivery(session, oldest.id, {"created": datetime.now(UTC) - timedelta(days=31)})
    assert service.forget_old_deliveries(desk.database) == 1
    assert [one["payload"].count('"2027"') for one in desk.log(holder, made["id"])] == [1]


def test_without_the_key_of_the_installation_nothing_is_sent_and_nothing_is_lost(
    desk: Desk, receiver: Receiver
) -> None:
    holder, made = desk.subscribe()
    desk.announce(published())
    file = desk.folder / "webhooks.key"
    kept = file.read_bytes()
    file.unlink()
    desk.deliver()
    assert receiver.messages == []
    (pending,) = desk.log(holder, made["id"])
    assert (pending["state"], pending["attempts"]) == ("pending", [])

    file.touch(mode=0o600)
    file.write_bytes(kept)
    desk.wait(minutes=6)
    desk.deliver()
    assert len(receiver.messages) == 1


def sign(secret: str, message: Message) -> str:
    """Return what the reference library signs a message with."""
    at = datetime.fromtimestamp(int(message.headers["webhook-timestamp"]), UTC)
    return Webhook(secret).sign(message.id, at, message.body.decode())


def disabled(desk: Desk) -> list[tuple[object, object]]:
    """Return which webhooks the ledger says were disabled, and why."""
    with desk.database.read() as session:
        entries = list(ledger.iterate_entries(session))
    records = [(json.loads(shown.entry.record), shown.opening) for shown in entries]
    return [
        (record["details"]["state"], None if opening is None else opening.subject)
        for record, opening in records
        if record["action"] == delivery.DISABLE_ACTION
    ]


def stored(desk: Desk) -> int:
    """Return the number of all deliveries."""
    with desk.database.read() as session:
        return _count(session)


def _count(session: Session) -> int:
    return len(session.execute(queries.DELIVERIES.select()).all())
