"""Idempotency keys: whatever is repeated, and however many at once, acts once and is answered alike."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from litestar import Controller, Litestar, Response
from litestar.testing import TestClient
from msgspec import Struct
from sqlalchemy import text, update

from actitud_api.app import CONTROLLERS
from actitud_api.engine.i18n import Texts
from actitud_api.platform.auth import queries
from actitud_api.platform.auth import service as access
from actitud_api.platform.auth.idempotency import idempotent
from actitud_api.platform.auth.policy import ADMINISTRATORS
from actitud_api.platform.http.operations import post
from actitud_api.platform.http.problems import CONFLICT, ProblemError
from actitud_api.platform.http.representations import Representation
from actitud_api.platform.http.scope import ApiRequest
from actitud_api.platform.storage.database import Database, Session
from tests.support.applications import borrow_app
from tests.support.databases import unlimited
from tests.support.scale import NIGHT

pytestmark = pytest.mark.both_databases

KEYS = 1_000 if NIGHT else 60
REPLAYS = 5
CLIENTS = 8


class Ticket(Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked for."""

    label: str


class Drawn(Struct, frozen=True):
    """What was given: no two are the same."""

    number: int
    label: str


DRAWN = Representation(Drawn)


class TicketController(Controller):
    path = "/v1/tickets"
    tags = ("system",)

    @post("/", operation_id="tickets.draw", access=ADMINISTRATORS, answer=DRAWN, problems=(CONFLICT,))
    def draw(self, request: ApiRequest, body: Ticket, database: Database) -> Response[bytes]:
        """Draw a ticket."""

        def act(session: Session) -> Response[bytes]:
            label = body.label
            connection = session.connection()
            connection.execute(text("INSERT INTO ticket (label) VALUES (:label)"), {"label": label})
            if label == "refused":
                raise ProblemError(CONFLICT, Texts("No.", "No."))
            number = connection.execute(text("SELECT MAX(number) FROM ticket")).scalar_one()
            return DRAWN.of(request, Drawn(number, label), created=f"/v1/tickets/{number}")

        return idempotent(request, database, act)


@pytest.fixture
def client(url: str, database: Database) -> Iterator[TestClient[Litestar]]:
    with database.write() as session:
        number = "INTEGER PRIMARY KEY" if url.startswith("sqlite") else "SERIAL PRIMARY KEY"
        session.connection().execute(text(f"CREATE TABLE ticket (number {number}, label TEXT)"))
    with borrow_app(unlimited(url), (*CONTROLLERS, TicketController)) as app, TestClient(app) as opened:
        yield opened


@pytest.fixture
def holders(database: Database) -> list[str]:
    """The keys of two holders."""
    now = datetime.now(UTC)
    with database.write() as session:
        return [access.create_key(session, (), role="administrator", days=1, now=now).text for _ in range(2)]


def drawn(client: TestClient[Litestar], holder: str, key: str | None, label: str = "a") -> Any:
    headers = {"Authorization": f"Bearer {holder}"} | ({} if key is None else {"Idempotency-Key": key})
    return client.post("/v1/tickets", json={"label": label}, headers=headers)


def labels(database: Database) -> list[str]:
    with database.read() as session:
        return [row[0] for row in session.connection().execute(text("SELECT label FROM ticket"))]


def test_each_key_acts_once_and_its_replays_are_answered_alike(
    client: TestClient[Litestar], database: Database, holders: list[str]
) -> None:
    calls = [f"key-{number}" for number in range(KEYS) for _ in range(REPLAYS)]
    random.Random(20_260_101).shuffle(calls)
    # Those of one key in a row as well, so that several of them are under way at once.
    calls += [f"at-once-{number // REPLAYS}" for number in range(KEYS * REPLAYS // 2 // REPLAYS * REPLAYS)]
    with ThreadPoolExecutor(CLIENTS) as pool:
        responses = list(pool.map(lambda key: drawn(client, holders[0], key, label=key), calls))
    assert {response.status_code for response in responses} == {201}
    answers: dict[str, set[tuple[bytes, str, str]]] = {}
    for key, response in zip(calls, responses, strict=True):
        kept = (response.content, response.headers["location"], response.headers["etag"])
        answers.setdefault(key, set()).add(kept)
    assert {len(found) for found in answers.values()} == {1}, "a replay was answered otherwise"
    assert sorted(labels(database)) == sorted(answers), "one effect each"
    replayed = sum(response.headers.get("idempotency-replayed") == "true" for response in responses)
    assert replayed == len(calls) - len(answers)


def test_without_a_key_each_request_acts(client: TestClient[Litestar], database: Database, holders: list[str]) -> None:
    """The negative control: what makes the replays one is the key."""
    numbers = {drawn(client, holders[0], None).json()["number"] for _ in range(REPLAYS)}
    assert len(numbers) == len(labels(database)) == REPLAYS


def test_the_key_of_another_request_is_refused_and_nothing_happens(
    client: TestClient[Litestar], database: Database, holders: list[str]
) -> None:
    assert drawn(client, holders[0], "one", "a").status_code == 201
    refused = drawn(client, holders[0], "one", "b")
    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/idempotency-key-reused")
    assert labels(database) == ["a"]


def test_a_key_belongs_to_its_holder(client: TestClient[Litestar], database: Database, holders: list[str]) -> None:
    first, second = (drawn(client, holder, "same", holder[-6:]).json()["number"] for holder in holders)
    assert first != second
    assert len(labels(database)) == 2


def test_what_failed_is_not_kept(client: TestClient[Litestar], database: Database, holders: list[str]) -> None:
    assert drawn(client, holders[0], "one", "refused").status_code == 409
    assert labels(database) == []
    again = drawn(client, holders[0], "one", "refused")
    assert (again.status_code, "idempotency-replayed" in again.headers) == (409, False)
    assert drawn(client, holders[0], "one", "a").status_code == 201


def test_after_a_day_a_key_is_new(client: TestClient[Litestar], database: Database, holders: list[str]) -> None:
    first = drawn(client, holders[0], "one").json()
    assert drawn(client, holders[0], "one").json() == first
    with database.write() as session:
        yesterday = datetime.now(UTC) - timedelta(hours=24, seconds=1)
        session.connection().execute(update(queries.ANSWERS).values(created=yesterday))
    assert drawn(client, holders[0], "one").json() != first


@pytest.mark.parametrize("key", ["", "two words", "x" * 256, "ñ".encode().decode("latin-1"), "tab\there"])
def test_a_key_of_another_form_is_named(
    client: TestClient[Litestar], database: Database, holders: list[str], key: str
) -> None:
    headers = {b"Authorization": f"Bearer {holders[0]}".encode(), b"Idempotency-Key": key.encode("latin-1")}
    response = client.post("/v1/tickets", json={"label": "a"}, headers=headers)
    (error,) = response.json()["errors"]
    assert (response.status_code, error["pointer"]) == (400, "Idempotency-Key")
    assert labels(database) == []
