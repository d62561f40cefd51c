"""Many facts at once: each scored as it would be alone, or all refused with every fault of every one."""

from __future__ import annotations

import copy
import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPResponse
from pathlib import Path
from typing import Any, Final

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from msgspec import structs

from actitud_api.platform.http import batches
from tests.support.applications import borrow_app
from tests.support.databases import unlimited
from tests.support.serving import served
from tests.support.waiting import PATIENCE

BATCH: Final = "/v1/scores/batch"
FACTS: Final[dict[str, Any]] = json.loads(Path("openapi/examples/scores.create.request.json").read_text())


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient[Litestar]]:
    with borrow_app(unlimited("sqlite:///never-opened")) as app, TestClient(app) as opened:
        yield opened


def vary(**answers: Any) -> dict[str, Any]:
    """Return the facts with some answers replaced."""
    return {**FACTS, "answers": {**FACTS["answers"], **answers}}


def test_each_is_scored_as_it_is_alone_and_in_its_place(client: TestClient[Litestar]) -> None:
    items = [FACTS, vary(**{"D10.07": {"level": 1}}), {**FACTS, "answers": {}}, FACTS]
    response = client.post(BATCH, json={"items": items}, params={"lang": "es"})
    assert (response.status_code, response.headers["content-language"]) == (200, "es")
    alone = [client.post("/v1/scores?explain=false&lang=es", json=item).json() for item in items]
    assert response.json() == {"items": alone}
    assert len({item["index"] for item in alone}) == 3
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["access-control-allow-origin"] == "*"


def test_what_an_item_supposes_is_scored_too(client: TestClient[Litestar]) -> None:
    item = {**FACTS, "what_if": {"answers": {"D10.07": None}}}
    (score,) = client.post(BATCH, json={"items": [item]}).json()["items"]
    assert score["what_if"]["score"]["index"] != score["index"]


def test_one_faulty_item_refuses_all_with_every_fault_in_its_place(client: TestClient[Litestar]) -> None:
    items = [FACTS, vary(**{"D10.07": {"levle": 3}}), {**FACTS, "methodology": "1999"}, {**FACTS, "profile": []}, 7]
    refused = client.post(BATCH, json={"items": items})
    assert refused.status_code == 400
    found = {error["pointer"]: (error["rule"], error["suggestion"]) for error in refused.json()["errors"]}
    assert found["/items/1/answers/D10.07/levle"] == ("additionalProperties", "level")
    assert found["/items/2/methodology"][0] == "enum"
    assert found["/items/3/profile"][0] == "type"
    assert found["/items/4"][0] == "type"
    assert not [pointer for pointer in found if pointer.startswith("/items/0")]


@pytest.mark.parametrize(
    ("body", "pointer", "rule"),
    [
        ({}, "/items", "required"),
        ({"items": []}, "/items", "minItems"),
        ({"items": {}}, "/items", "type"),
        ({"items": [FACTS], "explain": True}, "/explain", "additionalProperties"),
        ([], "", "type"),
    ],
)
def test_the_body_is_items_and_nothing_else(
    client: TestClient[Litestar], body: object, pointer: str, rule: str
) -> None:
    (fault,) = client.post(BATCH, json=body).json()["errors"]
    assert (fault["pointer"], fault["rule"]) == (pointer, rule)


def test_a_thousand_fit_and_one_more_does_not(client: TestClient[Litestar]) -> None:
    response = client.post(BATCH, json={"items": [FACTS] * 1_000})
    assert (response.status_code, len(response.json()["items"])) == (200, 1_000)
    (fault,) = client.post(BATCH, json={"items": [FACTS] * 1_001}).json()["errors"]
    assert fault["pointer"] == "/items"


def test_an_item_is_no_larger_than_alone(client: TestClient[Litestar]) -> None:
    large = copy.deepcopy(FACTS)
    large["profile_self_declared"] = ["kind"] * 999
    alone, batch = client.post("/v1/scores", json=large), client.post(BATCH, json={"items": [large]})
    assert (alone.status_code, batch.status_code) == (400, 400)


def test_a_batch_counts_as_its_items() -> None:
    settings = structs.replace(unlimited("sqlite:///never-opened"), rate_limit_score=10)
    with borrow_app(settings) as app, TestClient(app) as client:
        first = client.post(BATCH, json={"items": [FACTS] * 7})
        assert (first.status_code, first.headers["ratelimit"][:11]) == (200, '"score";r=3')
        refused = client.post(BATCH, json={"items": [FACTS] * 4})
        assert (refused.status_code, refused.json()["type"]) == (429, "/problems/too-many-requests")
        assert int(refused.headers["retry-after"]) > 0


def test_a_batch_that_does_not_come_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only so many bodies are read at a time: one that never ends must not keep its place."""
    monkeypatch.setattr(batches, "READ_SECONDS", 0.1)
    head = b"POST /v1/scores/batch HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"
    with ExitStack() as stack:
        app = stack.enter_context(borrow_app(unlimited("sqlite:///never-opened")))
        address = stack.enter_context(served(app))
        host, _, port = address.removeprefix("http://").partition(":")
        slow = [stack.enter_context(socket.create_connection((host, int(port)), timeout=PATIENCE)) for _ in range(6)]
        for connection in slow:
            connection.sendall(head + b'{"items":[')
        answers = [HTTPResponse(connection) for connection in slow]
        for answer in answers:
            answer.begin()
        assert {(answer.status, json.loads(answer.read())["detail"]) for answer in answers} == {
            (400, "The body took too long to come.")
        }
    assert len(slow) > batches.PLACES
