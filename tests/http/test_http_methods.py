"""Methods, and what scripts of other origins may do."""

from __future__ import annotations

import pytest
from litestar import Litestar
from litestar.testing import TestClient

PREFLIGHT = {"Origin": "https://portal.example", "Access-Control-Request-Method": "POST"}
GET_PREFLIGHT = PREFLIGHT | {"Access-Control-Request-Method": "GET"}


@pytest.mark.parametrize("path", ["/v1/toys/x", "/v1/toys/rows", "/v1/openapi.json", "/docs", "/livez", "/readyz"])
def test_head_is_get_without_body(toys: TestClient[Litestar], path: str) -> None:
    got, head = toys.get(path), toys.head(path)
    assert (head.status_code, head.content) == (200, b"")
    varying = {"x-request-id"}
    assert {k: v for k, v in head.headers.items() if k not in varying} == {
        k: v for k, v in got.headers.items() if k not in varying
    }


def test_head_of_what_is_not_there_is_404_without_body(toys: TestClient[Litestar]) -> None:
    response = toys.head("/v1/toys/unknown")
    assert (response.status_code, response.content) == (404, b"")


def test_head_is_405_where_there_is_no_get(toys: TestClient[Litestar]) -> None:
    assert toys.head("/v1/toys").status_code == 405


@pytest.mark.parametrize(
    ("path", "allow"),
    [
        ("/v1/toys", "OPTIONS, POST"),
        ("/v1/toys/parts", "OPTIONS, POST"),
        ("/v1/toys/x", "GET, HEAD, OPTIONS"),
        ("/v1/openapi.json", "GET, HEAD, OPTIONS"),
        ("/docs", "GET, HEAD, OPTIONS"),
    ],
)
def test_options_and_405_allow_all_that_there_is(toys: TestClient[Litestar], path: str, allow: str) -> None:
    options, wrong = toys.options(path), toys.request("PROPFIND", path)
    assert (options.status_code, options.headers["allow"]) == (204, allow)
    assert (wrong.status_code, wrong.headers["allow"]) == (405, allow)


def test_options_of_what_is_not_there_is_404(toys: TestClient[Litestar]) -> None:
    assert toys.options("/nowhere").status_code == 404


def test_a_preflight_of_an_open_operation_says_what_may_be_sent(toys: TestClient[Litestar]) -> None:
    headers = toys.options("/v1/toys", headers=PREFLIGHT).headers
    assert headers["access-control-allow-origin"] == "*"
    assert headers["access-control-allow-methods"] == "POST"
    allowed = headers["access-control-allow-headers"].split(", ")
    assert {"Content-Type", "If-Match", "If-None-Match", "Range", "traceparent", "tracestate"} <= set(allowed)
    # A key never works from a page of another origin.
    assert "Authorization" not in allowed
    assert int(headers["access-control-max-age"]) > 0
    assert "access-control-allow-credentials" not in headers


def test_a_preflight_has_the_query_of_the_request_that_it_asks_for(toys: TestClient[Litestar]) -> None:
    response = toys.options("/v1/toys/rows?colour=red&limit=2", headers=GET_PREFLIGHT)
    assert response.status_code == 204
    assert response.headers["access-control-allow-methods"] == "GET"


@pytest.mark.parametrize(
    ("path", "method"), [("/v1/toys/parts", "POST"), ("/v1/toys", "DELETE"), ("/v1/toys", "GET"), ("/livez", "GET")]
)
def test_a_preflight_of_anything_else_says_nothing(toys: TestClient[Litestar], path: str, method: str) -> None:
    response = toys.options(path, headers=PREFLIGHT | {"Access-Control-Request-Method": method})
    assert response.status_code == 204
    assert not [name for name in response.headers if name.startswith("access-control")]


def test_what_is_not_open_is_not_open_when_it_answers(toys: TestClient[Litestar]) -> None:
    response = toys.post("/v1/toys/parts", json={"count": 1}, headers={"Origin": "https://portal.example"})
    assert response.status_code == 200
    assert "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize("path", ["/v1/toys/x", "/nowhere", "/", "/v1/openapi.json", "/livez"])
def test_every_response_points_to_the_document_and_keeps_browsers_from_guessing(
    toys: TestClient[Litestar], path: str
) -> None:
    headers = toys.get(path).headers
    assert '</v1/openapi.json>; rel="service-desc"' in headers["link"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "default-src 'none'" in headers["content-security-policy"]
