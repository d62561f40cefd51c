"""Who is notified of which effect, and what the payload says: no more than its receiver may read."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from actitud_api.platform.auth import service as access
from actitud_api.resources.assessments import transitions
from actitud_api.resources.publications.service import PublicationRefused
from actitud_api.resources.webhooks import service
from tests.http.webhooks.desk import MINE, OTHER, Desk, published, transitioned
from tests.support.publishing import BIG, EDITION, correction, fill, publish, publish_filled
from tests.support.receivers import Receiver
from tests.support.settling import anything

pytestmark = pytest.mark.serving


def payloads(receiver: Receiver) -> list[dict[str, Any]]:
    """Return what was received, in its order."""
    return [json.loads(message.body) for message in receiver.messages]


@pytest.mark.both_databases
def test_a_publication_and_its_correction_are_announced(desk: Desk, receiver: Receiver, tmp_path: Path) -> None:
    desk.made(desk.key("publisher"))
    first = publish_filled(desk.database, tmp_path)
    plan = correction(first, BIG, D1_01={"numerator": 200, "denominator": 320})
    second = publish(desk.database, tmp_path, plan)
    desk.deliver()

    edition, corrected = payloads(receiver)
    assert edition["type"] == "edition.published"
    assert edition["timestamp"] == first.published.isoformat().replace("+00:00", "Z")
    assert edition["data"] == {
        "edition": EDITION,
        "revision": 1,
        "digest": first.digest,
        "organisations": 3,
        "publication": f"/v1/editions/{EDITION}/publications/1",
        "document": f"/v1/published/{first.digest}",
    }
    (change,) = second.corrections
    assert corrected["type"] == "score.corrected"
    assert corrected["data"] == {
        "edition": EDITION,
        "revision": 2,
        "organisation": BIG,
        "before": change.before,
        "after": change.after,
        "publication": f"/v1/editions/{EDITION}/publications/2",
        "document": f"/v1/published/{change.after}",
    }
    # The paths lead to what they name, for anybody.
    for data in (edition["data"], corrected["data"]):
        assert desk.client.get(data["publication"]).json()["revision"] == data["revision"]
        assert desk.client.get(data["document"]).status_code == 200


def test_a_publication_that_is_refused_is_not_announced(desk: Desk, receiver: Receiver, tmp_path: Path) -> None:
    desk.made(desk.key("publisher"))
    first = publish_filled(desk.database, tmp_path)
    with pytest.raises(PublicationRefused):
        publish(desk.database, tmp_path)
    desk.deliver()
    assert [payload["data"]["digest"] for payload in payloads(receiver)] == [first.digest]


def test_a_transition_is_announced_without_its_reason(desk: Desk, receiver: Receiver) -> None:
    holder = desk.key("organisation_reader", BIG)
    desk.made(holder, "assessment.transitioned")
    fill(desk.database)
    with desk.database.write() as session:
        session.connection().exec_driver_sql("UPDATE assessment SET state = 'submitted'")
    now = datetime(2027, 3, 1, tzinfo=UTC)
    with desk.database.write() as session:
        transitions.return_assessment(
            session,
            EDITION,
            BIG,
            reason="Ana said so.",
            until=date(2027, 3, 10),
            role="assessor",
            expected=anything,
            now=now,
        )
    desk.deliver()

    (payload,) = payloads(receiver)
    path = f"/v1/editions/{EDITION}/assessments/{BIG}"
    assert payload == {
        "type": "assessment.transitioned",
        "timestamp": "2027-03-01T00:00:00Z",
        "data": {
            "edition": EDITION,
            "organisation": BIG,
            "from": "submitted",
            "to": "returned",
            "phase": None,
            "until": "2027-03-10",
            "assessment": path,
            "transition": f"{path}/transitions/1",
        },
    }
    shown = desk.client.get(payload["data"]["transition"], headers=holder).json()
    assert {name: shown[name] for name in ("from", "to", "until")} == {
        "from": "submitted",
        "to": "returned",
        "until": "2027-03-10",
    }


def test_each_key_is_notified_of_what_it_may_read(desk: Desk, receiver: Receiver) -> None:
    holders = {
        "administrator": desk.key(),
        "publisher": desk.key("publisher"),
        "publisher of 2026": desk.key("publisher", editions=["2026"]),
        "mine": desk.key("organisation_reader", MINE),
        "both": desk.key("organisation_editor", MINE, OTHER),
        "other": desk.key("organisation_editor", OTHER),
    }
    for name, holder in holders.items():
        desk.create(holder, url=f"https://portal.fabula.example/{name.replace(' ', '-')}")
    events = [published("2026"), published("2027"), transitioned(MINE), transitioned(OTHER, "2027")]
    desk.announce(*events)
    desk.deliver()

    wanted = {
        "administrator": {0, 1, 2, 3},
        "publisher": {0, 1, 2, 3},
        "publisher of 2026": {0, 2},
        "mine": {0, 1, 2},
        "both": {0, 1, 2, 3},
        "other": {0, 1, 3},
    }
    numbers = {(event.type, event.edition): number for number, event in enumerate(events)}
    got: dict[str, set[int]] = {name: set() for name in holders}
    for message, payload in zip(receiver.messages, payloads(receiver), strict=True):
        name = message.path.removeprefix("/").replace("-", " ")
        got[name].add(numbers[payload["type"], payload["data"]["edition"]])
    assert got == wanted


def test_only_the_events_that_were_asked_for_come(desk: Desk, receiver: Receiver) -> None:
    holder = desk.key("organisation_reader", MINE)
    made = desk.made(holder, "assessment.transitioned")
    desk.announce(published(), transitioned())
    assert desk.patch(holder, made["id"], events=["edition.published"]).json()["events"] == ["edition.published"]
    desk.announce(published(), transitioned())
    desk.deliver()
    assert [payload["type"] for payload in payloads(receiver)] == ["assessment.transitioned", "edition.published"]


def test_a_webhook_that_is_made_in_the_same_transaction_is_notified(desk: Desk) -> None:
    holder = desk.key()
    made = desk.made(holder, "score.corrected")
    with desk.database.write(hidden=True) as session:
        service.announce(session, published("2026"), now=datetime.now(UTC))
        change = service.WebhookChange(events=["edition.published"])
        principal = access.Principal("x", "administrator", "x")
        service.update_webhook(session, made["id"], principal, change, expected=anything, now=datetime.now(UTC))
        service.announce(session, published("2027"), now=datetime.now(UTC))
    assert [json.loads(one["payload"])["data"]["edition"] for one in desk.log(holder, made["id"])] == ["2027"]
