"""Webhooks over HTTP: who may make, read and change which, and what is refused."""

from __future__ import annotations

import base64

import pytest

from tests.http.test_http_problems import problem
from tests.http.webhooks.desk import MINE, Desk, published
from tests.support.receivers import URL

pytestmark = pytest.mark.serving


def test_a_webhook_is_made_read_changed_and_deleted(desk: Desk) -> None:
    holder = desk.key("organisation_editor", MINE)
    response = desk.create(holder, "edition.published")
    made = response.json()
    assert response.status_code == 201
    assert response.headers["location"] == f"/v1/webhooks/{made['id']}"
    assert response.headers["cache-control"] == "no-store"
    secret = made.pop("secret")
    assert (made["url"], made["events"], made["organisations"], made["editions"], made["state"]) == (
        URL,
        ["edition.published"],
        [MINE],
        None,
        "active",
    )
    read = desk.client.get(f"/v1/webhooks/{made['id']}", headers=holder)
    assert read.json() == made

    changed = desk.client.patch(
        f"/v1/webhooks/{made['id']}",
        json={"events": ["score.corrected"]},
        # That of the answer to the creation holds too, as its links say.
        headers={**holder, "If-Match": response.headers["etag"], "Content-Type": "application/merge-patch+json"},
    )
    assert changed.json()["events"] == ["score.corrected"]
    stale = {**holder, "If-Match": read.headers["etag"]}
    problem(desk.client.delete(f"/v1/webhooks/{made['id']}", headers=stale), 412, "precondition-failed")
    assert desk.client.get("/v1/webhooks", headers=holder).json()["items"] == [changed.json()]
    current = {**holder, "If-Match": changed.headers["etag"]}
    assert desk.client.delete(f"/v1/webhooks/{made['id']}", headers=current).status_code == 204
    assert desk.client.get(f"/v1/webhooks/{made['id']}", headers=holder).status_code == 404
    assert secret not in read.text + changed.text


def test_no_secret_is_in_the_database(desk: Desk) -> None:
    made = desk.made(desk.key())
    raw = base64.b64decode(made["secret"].removeprefix("whsec_"))
    with desk.database.read() as session:
        connection = session.connection()
        stored = [
            repr(tuple(row)).encode()
            for table in ("webhook", "idempotent_answer", "ledger_entry")
            for row in connection.exec_driver_sql(f"SELECT * FROM {table}")
        ]
    assert stored
    for text in stored:
        assert made["secret"].encode() not in text
        assert repr(raw)[2:-1].encode() not in text
        assert raw.hex().encode() not in text


def test_whoever_made_a_webhook_sees_it_and_administrators_see_all(desk: Desk) -> None:
    owner, other = desk.key("organisation_editor", MINE), desk.key("organisation_editor", MINE)
    made = desk.made(owner)
    for holder, listed in ((owner, [made["id"]]), (other, []), (desk.key(), [made["id"]])):
        assert [one["id"] for one in desk.client.get("/v1/webhooks", headers=holder).json()["items"]] == listed
        assert desk.client.get(f"/v1/webhooks/{made['id']}", headers=holder).status_code == (200 if listed else 404)


def test_an_owner_has_ten_webhooks(desk: Desk) -> None:
    holder = desk.key()
    for _ in range(10):
        desk.made(holder)
    body = problem(desk.create(holder), 409, "conflict")
    assert [error["rule"] for error in body["errors"]] == ["too_many"]
    desk.made(desk.key())


def test_the_log_has_pages(desk: Desk) -> None:
    holder, made = desk.subscribe()
    desk.announce(*(published(str(year)) for year in range(2020, 2027)))
    whole = [one["id"] for one in desk.log(holder, made["id"])]
    response = desk.client.get(f"/v1/webhooks/{made['id']}/deliveries?limit=3&total=true", headers=holder).json()
    ids = [one["id"] for one in response["items"]]
    assert response["total"] == 7
    while response["next"] is not None:
        response = desk.client.get(response["next"], headers=holder).json()
        ids += [one["id"] for one in response["items"]]
    assert ids == whole
    assert len(set(whole)) == 7


def test_a_service_that_cannot_keep_secrets_says_so(desk: Desk) -> None:
    file = desk.folder / "webhooks.key"
    file.write_text("no key")
    file.chmod(0o600)
    response = desk.create(desk.key())
    problem(response, 503, "unavailable")
    assert response.headers["retry-after"] == "300"
    file.chmod(0o644)
    problem(desk.create(desk.key()), 503, "unavailable")
