"""The ledger over HTTP: who sees what an entry is about, and that what is served verifies."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import rfc8785
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from litestar import Litestar
from litestar.testing import TestClient
from msgspec import structs

from actitud_api.app import create_app
from actitud_api.platform.audit_log import service
from actitud_api.platform.audit_log.daily import make_due_checkpoint
from actitud_api.platform.storage.database import Database
from tests.contract.installation import MINE, OTHER, Installation
from tests.support.applications import borrow_app
from tests.support.assessing import body_a
from tests.support.databases import unlimited
from tests.support.keys import create_key, present_key
from tests.support.ledgers import find_chain_problems

NOW = datetime(2026, 11, 25, 14, 30, tzinfo=UTC)
ROTATED = service.Event(action="cli.keys.rotate-signing", actor=None, subject=service.SIGNING_KEYS_PATH, public=True)


@pytest.fixture
def client(url: str) -> Iterator[TestClient[Litestar]]:
    with borrow_app(unlimited(url)) as app, TestClient(app) as opened:
        yield opened


@pytest.fixture
def installation(client: TestClient[Litestar]) -> Installation:
    """Two organisations, an edition, and an assessment of the first of them."""
    made = Installation(client)
    made.edition("2027")
    made.draft("2027", MINE)
    return made


@pytest.fixture
def shown(installation: Installation) -> Installation:
    """The same, with a checkpoint, up to which everybody sees the ledger."""
    installation.checkpoint()
    return installation


def listed(client: TestClient[Litestar], query: str = "", key: str | None = None) -> Any:
    response = client.get(f"/v1/ledger{query}", headers=present_key(key))
    assert response.status_code == 200, response.text
    return response.json()


def subjects(client: TestClient[Litestar], key: str | None) -> list[str | None]:
    items = listed(client, key=key)["items"]
    return [None if item["opening"] is None else item["opening"]["subject"] for item in items]


def test_what_an_entry_is_about_shows_to_whoever_may_read_that(
    client: TestClient[Litestar], shown: Installation
) -> None:
    public = [None, f"/v1/organisations/{MINE}", f"/v1/organisations/{OTHER}", "/v1/editions/2027"]
    hidden = f"/v1/editions/2027/assessments/{MINE}"
    assert subjects(client, None) == [*public, None]
    assert subjects(client, shown.key("organisation_editor", MINE)) == [*public, hidden]
    assert subjects(client, shown.key("organisation_editor", OTHER)) == [*public, None]
    assert subjects(client, shown.key("registrar")) == [*public, None]
    assert subjects(client, shown.key("administrator")) == [*public, hidden]
    assert hidden not in client.get("/v1/ledger").text


def test_what_was_denied_shows_the_operation_and_not_what_it_was_tried_on(
    client: TestClient[Litestar], installation: Installation
) -> None:
    theirs = installation.key("organisation_editor", OTHER)
    path = f"/v1/editions/2027/assessments/{MINE}"
    headers = {**present_key(theirs), "If-None-Match": "*"}
    assert client.put(path, json=body_a("2027.1"), headers=headers).status_code == 404
    installation.checkpoint()
    for key in (None, theirs, installation.key("administrator")):
        assert subjects(client, key)[-1] == "/v1/editions/{edition}/assessments/{organisation}"


def test_what_came_after_the_last_checkpoint_shows_to_administrators_only(
    client: TestClient[Litestar], shown: Installation
) -> None:
    shown.draft("2027", OTHER)
    for key in (None, shown.key("organisation_editor", OTHER), shown.key("registrar")):
        page = listed(client, "?total=true", key)
        assert ([item["seq"] for item in page["items"]], page["total"]) == ([0, 1, 2, 3, 4], 5)
    page = listed(client, "?total=true", shown.key("administrator"))
    assert ([item["seq"] for item in page["items"]], page["total"]) == ([0, 1, 2, 3, 4, 5], 6)
    shown.checkpoint()
    assert [item["seq"] for item in listed(client)["items"]] == [0, 1, 2, 3, 4, 5]


@pytest.mark.both_databases
def test_the_organisation_that_acted_shows_to_itself_and_to_administrators(
    client: TestClient[Litestar], shown: Installation
) -> None:
    theirs = shown.key("organisation_editor", MINE)
    suggestion = {"kind": "error", "title": "Sin respuesta", "text": "Se pregunta y nadie responde.", "language": "es"}
    made = client.post("/v1/suggestions", json=suggestion, headers=present_key(theirs))
    assert made.status_code == 201, made.text
    shown.checkpoint()
    for key in (None, shown.key("organisation_editor", OTHER), shown.key("registrar")):
        last = listed(client, key=key)["items"][-1]
        # Everybody may know what it is about, and that salt tells nothing of who did it.
        assert last["opening"]["subject"] == made.headers["location"]
        assert last["actor"] is None
        guessed = hashlib.sha256(bytes.fromhex(last["opening"]["salt"]) + MINE.encode()).hexdigest()
        assert last["record"]["actor"]["organisation"] not in (None, MINE, f"sha256:{guessed}")
        assert MINE not in json.dumps(last)
    for key in (theirs, shown.key("administrator")):
        last = listed(client, key=key)["items"][-1]
        assert last["actor"]["organisation"] == MINE
        salted = hashlib.sha256(bytes.fromhex(last["actor"]["salt"]) + MINE.encode()).hexdigest()
        assert last["record"]["actor"]["organisation"] == f"sha256:{salted}"


def test_what_is_served_is_the_chain_byte_for_byte(client: TestClient[Litestar], shown: Installation) -> None:
    body = client.get("/v1/ledger").content
    prev = b"\x00" * 32
    for item in json.loads(body)["items"]:
        record = rfc8785.dumps(item["record"])
        assert record in body
        seq = int(item["seq"]).to_bytes(8, "big")
        assert item["prev"] == prev.hex()
        prev = hashlib.sha256(b"\x00" + prev + seq + record).digest()
        assert item["hash"] == prev.hex()
        if item["opening"] is not None:
            salted = bytes.fromhex(item["opening"]["salt"]) + item["opening"]["subject"].encode()
            assert item["record"]["subject"] == "sha256:" + hashlib.sha256(salted).hexdigest()


@pytest.mark.both_databases
def test_entries_come_in_pages_and_by_their_action(client: TestClient[Litestar], shown: Installation) -> None:
    whole = listed(client)["items"]
    assert [item["seq"] for item in whole] == [0, 1, 2, 3, 4]
    first = listed(client, "?limit=2")
    rest = listed(client, "?" + first["next"].partition("?")[2])
    assert [*first["items"], *rest["items"]] == whole[:4]
    made = listed(client, "?action=organisations.create&limit=1")
    assert [item["seq"] for item in made["items"]] == [1]
    following = listed(client, "?" + made["next"].partition("?")[2])
    assert ([item["seq"] for item in following["items"]], following["next"]) == ([2], None)
    assert listed(client, "?action=nothing")["items"] == []
    assert client.get(f"/v1/ledger?cursor={first['next_cursor']}&action=editions.create").status_code == 404


def test_a_page_that_has_not_changed_is_not_sent_again(client: TestClient[Litestar], shown: Installation) -> None:
    response = client.get("/v1/ledger")
    assert response.headers["cache-control"] == "public, no-cache"
    assert response.headers["access-control-allow-origin"] == "*"
    tag = {"If-None-Match": response.headers["etag"]}
    assert client.get("/v1/ledger", headers=tag).status_code == 304
    shown.edition("2028")
    assert client.get("/v1/ledger", headers=tag).status_code == 304
    shown.checkpoint()
    assert client.get("/v1/ledger", headers=tag).status_code == 200
    keyed = client.get("/v1/ledger", headers=present_key(shown.key("administrator")))
    assert keyed.headers["cache-control"] == "private, no-cache"


# --- checkpoints and keys -------------------------------------------------------------------------------------


def signer(database: Database, folder: Path, now: datetime = NOW) -> service.Signer:
    with database.write() as session:
        service.rotate_signing_key(session, folder, ROTATED, now=now)
        return service.load_signer(session, folder)


def test_a_checkpoint_and_the_keys_verify_what_is_listed(
    client: TestClient[Litestar], installation: Installation, tmp_path: Path
) -> None:
    database = installation.database
    assert client.get("/v1/ledger/checkpoints/latest").status_code == 404
    assert client.get("/v1/ledger/checkpoints").json()["items"] == []
    assert client.get("/.well-known/jwks.json").json() == {"keys": []}

    with database.write() as session:
        service.rotate_signing_key(session, tmp_path, ROTATED, now=NOW)
        service.make_checkpoint(session, service.load_signer(session, tmp_path), NOW)
    signs = signer(database, tmp_path, NOW + timedelta(days=1))
    with database.write() as session:
        service.make_checkpoint(session, signs, NOW + timedelta(days=1))

    first, second = client.get("/v1/ledger/checkpoints").json()["items"]
    assert (first["size"], second["size"]) == (6, 7)
    assert client.get("/v1/ledger/checkpoints/latest").json() == second
    assert client.get("/v1/ledger/checkpoints/6").json() == first
    page = client.get("/v1/ledger/checkpoints?limit=1").json()
    assert page["items"] == [first]
    assert client.get(f"/v1/ledger/checkpoints?cursor={page['next_cursor']}").json()["items"] == [second]

    response = client.get("/.well-known/jwks.json")
    old, new = response.json()["keys"]
    assert new == {
        "kty": "OKP",
        "crv": "Ed25519",
        "x": signs.public,
        "kid": signs.kid,
        "use": "sig",
        "alg": "EdDSA",
        "created": "2026-11-26T14:30:00Z",
    }
    assert old["retired"] == new["created"]
    assert response.headers["access-control-allow-origin"] == "*"

    items = listed(client)["items"]
    assert len(items) == 7
    entries = b"".join(msgspec.json.encode(item) + b"\n" for item in items)
    for checkpoint, signed, other in ((first, old, new), (second, new, old)):
        assert find_chain_problems(entries, checkpoint["note"], response.json()) == []
        assert find_chain_problems(entries, checkpoint["note"], {"keys": [signed]}) == []
        assert find_chain_problems(entries, checkpoint["note"], {"keys": [other]}) == [("0:/checkpoint", "foreign_key")]


# --- the checkpoint of the day --------------------------------------------------------------------------------


def test_a_day_has_one_checkpoint_where_something_was_added(database: Database, tmp_path: Path) -> None:
    def due(now: datetime) -> int | None:
        made = make_due_checkpoint(database, tmp_path, "indice.example.org", now)
        return None if made is None else made.size

    signer(database, tmp_path)
    assert due(NOW) == 2
    with database.write() as session:
        service.append_entry(session, ROTATED, now=NOW)
    assert due(NOW.replace(hour=23, minute=59)) is None
    assert due(NOW.replace(hour=0) + timedelta(days=1)) == 3
    assert due(NOW + timedelta(days=2)) is None
    with database.write() as session:
        service.append_entry(session, ROTATED, now=NOW)
    # The day is that of UTC: in Madrid it is the next one already.
    madrid = datetime.fromisoformat("2026-11-27T00:30:00+01:00")
    assert due(madrid) is None
    assert due(madrid + timedelta(hours=1)) == 4


def test_a_served_installation_begins_its_ledger_and_makes_the_checkpoint(
    url: str, database: Database, tmp_path: Path
) -> None:
    settings = structs.replace(unlimited(url), public_url="https://indice.example.org", signing_folder=tmp_path)
    app = create_app(settings, keeps_ledger=True)
    with structlog.testing.capture_logs() as logs, TestClient(app) as served:
        # There is no key yet: it serves all the same, and says so.
        assert [log["reason"] for log in logs if log["event"] == "no checkpoint made"] == ["none:"]
        with database.read() as session:
            assert (service.get_origin(session) or "").startswith("indice.example.org/ledger/")
    signer(database, tmp_path)
    with structlog.testing.capture_logs() as logs, TestClient(create_app(settings, keeps_ledger=True)) as served:
        assert served.get("/v1/ledger/checkpoints/latest").json()["size"] == 2
        assert [log["size"] for log in logs if log["event"] == "checkpoint made"] == [2]
        served.app.state["database"].close()
    app.state["database"].close()


def test_a_ledger_that_nobody_serves_is_left_alone(client: TestClient[Litestar]) -> None:
    with client.app.state["database"].read() as session:
        assert service.get_head(session) is None


def test_a_principal_without_organisation_is_not_the_owner_of_what_has_none(client: TestClient[Litestar]) -> None:
    """`None` is no organisation: an editor of the installation does not see what belongs to nobody."""
    database: Database = client.app.state["database"]
    with database.write() as session:
        event = service.Event(action="cli.keys.create", actor=None, subject="/keys/x", public=False)
        service.append_entry(session, event, now=NOW)
        service.make_checkpoint(session, service.Signer(Ed25519PrivateKey.generate()), NOW)
    assert subjects(client, create_key(database, "registrar")) == [None, None]
