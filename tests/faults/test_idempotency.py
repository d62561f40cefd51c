"""Idempotency keys: whatever is repeated, and however many at once, acts once and is answered alike."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from litestar import Controller, Litestar, Response
from litestar.testing import TestClient
from msgspec import Struct
from sqlalchemy import event, insert, select, text, update

from actitud_api.app import CONTROLLERS
from actitud_api.engine.i18n import Texts
from actitud_api.platform.auth import forgetting, idempotency, queries
from actitud_api.platform.auth.forgetting import BATCH
from actitud_api.platform.auth.idempotency import FORGOTTEN_AT_ONCE, idempotent
from actitud_api.platform.auth.policy import ADMINISTRATORS
from actitud_api.platform.http.operations import post
from actitud_api.platform.http.problems import CONFLICT, ProblemError
from actitud_api.platform.http.representations import Representation
from actitud_api.platform.http.scope import ApiRequest
from actitud_api.platform.storage.database import Database, Session
from tests.support.applications import borrow_app
from tests.support.databases import unlimited
from tests.support.figures import FigureRecorder
from tests.support.keys import create_key, present_key
from tests.support.scale import NIGHT
from tests.support.waiting import await_true

pytestmark = pytest.mark.both_databases

KEYS = 1_000 if NIGHT else 30
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
    return [create_key(database) for _ in range(2)]


def drawn(client: TestClient[Litestar], holder: str, key: str | None, label: str = "a") -> Any:
    headers = present_key(holder) | ({} if key is None else {"Idempotency-Key": key})
    return client.post("/v1/tickets", json={"label": label}, headers=headers)


def labels(database: Database) -> list[str]:
    with database.read() as session:
        return [row[0] for row in session.connection().execute(text("SELECT label FROM ticket"))]


def test_each_key_acts_once_and_its_replays_are_answered_alike(
    client: TestClient[Litestar], database: Database, holders: list[str], figure: FigureRecorder
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
    without = {drawn(client, holders[0], None).json()["number"] for _ in range(REPLAYS)}
    assert len(without) == len(labels(database)) - len(answers) == REPLAYS, "what makes the replays one is the key"
    figure(
        "R9",
        f"requests with {len(answers)} keys, several of a key at once, that acted again or were answered otherwise",
        tried=len(calls),
        failed=0,
        control=f"without a key {len(without)} of {REPLAYS} act",
    )


def test_the_key_of_another_request_is_refused_and_nothing_happens(
    client: TestClient[Litestar], database: Database, holders: list[str]
) -> None:
    assert drawn(client, holders[0], "one", "a").status_code == 201
    refused = drawn(client, holders[0], "one", "b")
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/idempotency-key-reused")
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


def keep_answers(database: Database, holder: str, count: int, age: timedelta) -> None:
    """Store as many responses of a holder, all of one age."""
    created = datetime.now(UTC) - age
    rows = [
        {"holder": holder, "key": f"{age} {number}", "fingerprint": "", "created": created, "status": 200}
        for number in range(count)
    ]
    with database.write() as session:
        session.connection().execute(insert(queries.ANSWERS).values(headers={}, body=b""), rows)


def count_answers(database: Database) -> Counter[str]:
    with database.read() as session:
        return Counter(session.execute(select(queries.ANSWERS.c.holder)).scalars())


def test_a_request_deletes_few_old_answers_whoever_had_them(
    client: TestClient[Litestar],
    database: Database,
    holders: list[str],
    monkeypatch: pytest.MonkeyPatch,
    figure: FigureRecorder,
) -> None:
    """However many there are: it runs in the only write session of a file of SQLite."""
    keep_answers(database, "gone", 3 * FORGOTTEN_AT_ONCE, timedelta(hours=25))
    keep_answers(database, "here", 3 * FORGOTTEN_AT_ONCE, timedelta(hours=23))
    for number in range(1, 5):
        assert drawn(client, holders[0], f"{number}").status_code == 201
        left = count_answers(database)
        assert left["gone"] == max(0, 3 - number) * FORGOTTEN_AT_ONCE
        assert left["here"] == 3 * FORGOTTEN_AT_ONCE
    keep_answers(database, "gone", 3 * FORGOTTEN_AT_ONCE, timedelta(hours=25))
    monkeypatch.setattr(idempotency, "FORGOTTEN_AT_ONCE", 10_000)
    assert drawn(client, holders[0], "unbounded").status_code == 201
    deleted = 3 * FORGOTTEN_AT_ONCE - count_answers(database)["gone"]
    figure(
        "S20",
        f"writes beside {3 * FORGOTTEN_AT_ONCE} old answers of a key that never came back; one that deletes more than "
        f"{FORGOTTEN_AT_ONCE}, or none of them, fails",
        tried=3,
        failed=0,
        control=f"without the bound one write deletes {deleted} of {3 * FORGOTTEN_AT_ONCE}",
    )


def test_the_service_deletes_what_nobody_comes_back_for(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_answers(database, "gone", 2 * BATCH + 3, timedelta(hours=25))
    keep_answers(database, "here", 7, timedelta(hours=23))
    monkeypatch.setattr(forgetting, "FORGET_SECONDS", 0.01)

    async def serve() -> None:
        async with forgetting.build_forgetting_lifespan(database)(None):
            await asyncio.to_thread(await_true, lambda: count_answers(database) == {"here": 7})

    asyncio.run(serve())


@pytest.mark.parametrize("kind", ["sqlite"])
def test_no_statement_reads_all_answers_of_a_holder(database: Database) -> None:
    """By the plan of the database: it searches by the key or by the age, and stops where nothing is old."""
    executed: list[tuple[str, tuple[object, ...]]] = []

    def record(_: object, __: object, statement: str, parameters: tuple[object, ...], *___: object) -> None:
        executed.append((statement, parameters))

    yesterday = datetime.now(UTC) - timedelta(hours=24)
    with database.write() as session:
        connection = session.connection()
        event.listen(connection, "before_cursor_execute", record)
        queries.delete_old_response(session, "busy", "one", yesterday)
        queries.delete_oldest_responses(session, yesterday, 20)
        event.remove(connection, "before_cursor_execute", record)
        plans = [
            " | ".join(row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters))
            for statement, parameters in executed
        ]
    assert len(plans) == 2
    assert not [plan for plan in plans if "SCAN idempotent_answer" in plan], plans
    assert "SEARCH idempotent_answer USING INDEX ix_idempotent_answer_created (created<?)" in plans[1]


@pytest.mark.parametrize("key", ["", "two words", "x" * 256, "ñ".encode().decode("latin-1"), "tab\there"])
def test_a_key_of_another_form_is_named(
    client: TestClient[Litestar], database: Database, holders: list[str], key: str
) -> None:
    headers = {b"Authorization": f"Bearer {holders[0]}".encode(), b"Idempotency-Key": key.encode("latin-1")}
    response = client.post("/v1/tickets", json={"label": "a"}, headers=headers)
    (error,) = response.json()["errors"]
    assert (response.status_code, error["pointer"]) == (400, "Idempotency-Key")
    assert labels(database) == []
