"""The judge of every response sees what differs from the document: otherwise it would prove nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from actitud_api.platform.http.openapi import ServedDocument
from tests.contract.validating import observed, pytest_pyfunc_call
from tests.http.toys import toy_app

Change = Callable[[dict[str, Any]], object]


def operation(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["paths"]["/v1/toys/{name}"]["get"]
    return found


def changed(change: Change) -> TestClient[Litestar]:
    """An application whose document says something else than it does."""
    app = toy_app()
    document = json.loads(app.state["document"].read())
    change(document)
    app.state["document"] = ServedDocument(json.dumps(document).encode)
    return TestClient(app)


def differences(change: Change, path: str = "/v1/toys/x", method: str = "GET", **headers: str) -> list[str]:
    client = changed(change)
    with observed() as found:
        client.request(method, path, headers=headers)
        return [difference.split(": ", 1)[1] for difference in found]


@pytest.mark.parametrize(
    ("path", "method"),
    [("/v1/toys/x", "GET"), ("/v1/toys/x", "HEAD"), ("/v1/toys/unknown", "GET"), ("/v1/toys", "DELETE"), ("/x", "GET"),
     ("/v1/toys/x", "OPTIONS"), ("/", "GET"), ("/v1/toys/broken", "GET"), ("/v1/toys", "HEAD")],
)  # fmt: skip
def test_what_agrees_is_left_alone(path: str, method: str) -> None:
    assert differences(lambda document: None, path, method) == []


@pytest.mark.parametrize(
    ("change", "path", "seen"),
    [
        (lambda d: operation(d)["responses"].pop("200"), "/v1/toys/x", "status 200 is not declared"),
        (lambda d: operation(d)["responses"].pop("404"), "/v1/toys/unknown", "status 404 is not declared"),
        (
            lambda d: operation(d)["responses"]["200"].update(content={"text/csv": {"schema": {}}}),
            "/v1/toys/x",
            "content type 'application/json' is not declared",
        ),
        (
            lambda d: d["components"]["schemas"]["Seen"]["properties"].update(name={"type": "integer"}),
            "/v1/toys/x",
            'body/name: "x" is not of type "integer"',
        ),
        (
            lambda d: d["components"]["schemas"]["Seen"]["required"].append("age"),
            "/v1/toys/x",
            'body: "age" is a required property',
        ),
        (
            lambda d: d["components"]["schemas"]["Problem"]["properties"].update(detail={"type": "null"}),
            "/v1/toys/unknown",
            "is not of type",
        ),
        (
            lambda d: operation(d)["responses"]["200"]["headers"].pop("ETag"),
            "/v1/toys/x",
            "header etag is not declared",
        ),
        (
            lambda d: operation(d)["responses"]["200"]["headers"].update(Age={"schema": {}}),
            "/v1/toys/x",
            "no header age",
        ),
        (
            lambda d: d["components"]["headers"]["ETag"]["schema"].update(pattern="^W/"),
            "/v1/toys/x",
            "header etag: ",
        ),
    ],
)
def test_what_differs_is_seen(change: Change, path: str, seen: str) -> None:
    (found,) = differences(change, path)
    assert seen in found


def test_an_operation_that_is_not_in_the_document_is_seen() -> None:
    found = differences(lambda document: document["paths"]["/v1/toys/{name}"].pop("get"))
    assert found == ["status 200 for a method that is not in the document"]


def test_a_304_is_judged_too() -> None:
    headers = {"If-None-Match": "*"}
    assert differences(lambda document: None, **headers) == []
    assert differences(lambda d: operation(d)["responses"].pop("304"), **headers) == ["status 304 is not declared"]


def test_a_test_in_which_a_response_differs_fails() -> None:
    with observed() as found:
        running = pytest_pyfunc_call()
        next(running)
        found.append("GET /x -> 200: something")
        with pytest.raises(pytest.fail.Exception, match=r"1 responses differ .*\n.*something"):
            running.send(True)


def test_a_test_in_which_none_differs_goes_on() -> None:
    with observed():
        running = pytest_pyfunc_call()
        next(running)
        with pytest.raises(StopIteration) as outcome:
            running.send(True)
    assert outcome.value.value is True
