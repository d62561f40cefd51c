"""Query parameters and addresses: closed, strict, single."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from actitud_api.platform.http.validation import find_nearest
from tests.contract.asgi import Sent, exchange

ROWS = "/v1/toys/rows"


def errors(response: Any) -> list[tuple[str, str, str | None, str | None]]:
    assert response.status_code == 400, response.text
    return [
        (error["pointer"], error["rule"], error["value"], error["suggestion"]) for error in response.json()["errors"]
    ]


@pytest.mark.parametrize(
    "query",
    ["", "?limit=1", "?limit=1000", "?offset=0", "?colour=red", "?above=2.5", "?even=true", "?q=", "?q=a+b&lang=es"],
)
def test_valid_parameters_are_read(toys: TestClient[Litestar], query: str) -> None:
    assert toys.get(ROWS + query).status_code == 200


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("limt=5", ("limt", "additionalProperties", '"5"', "limit")),
        ("zzzz=5", ("zzzz", "additionalProperties", '"5"', None)),
        ("limit=5&limit=5", ("limit", "duplicate", '"5"', None)),
        ("limit=0", ("limit", "minimum", "0", None)),
        ("limit=1001", ("limit", "maximum", "1001", None)),
        ("limit=", ("limit", "type", '""', None)),
        ("limit=%2B1", ("limit", "type", '"+1"', None)),
        ("limit=1_0", ("limit", "type", '"1_0"', None)),
        ("limit=1.0", ("limit", "type", '"1.0"', None)),
        ("limit=%201", ("limit", "type", '" 1"', None)),
        ("limit=007", ("limit", "type", '"007"', None)),
        ("limit=%D9%A3", ("limit", "type", '"٣"', None)),
        ("above=NaN", ("above", "type", '"NaN"', None)),
        ("above=1e3", ("above", "type", '"1e3"', None)),
        ("above=-1", ("above", "minimum", "-1.0", None)),
        ("even=1", ("even", "type", '"1"', None)),
        ("total=1", ("total", "type", '"1"', None)),
        ("colour=rde", ("colour", "enum", '"rde"', "red")),
        ("colour=", ("colour", "enum", '""', None)),
        ("q=%00", ("q", "control", '"\\u0000"', None)),
        ("q=%C2%85", ("q", "control", '"\x85"', None)),
        ("%00=1", ("", "control", '"1"', None)),
        ("cursor=%2F", ("cursor", "pattern", '"/"', None)),
        ("lang=fr", ("lang", "enum", '"fr"', None)),
        ("lang=es&lang=en", ("lang", "duplicate", '"en"', None)),
        ("q=%FF", ("", "encoding", None, None)),
        ("&".join(f"p{n}=1" for n in range(51)), ("", "encoding", None, None)),
    ],
)
def test_anything_else_is_refused(
    toys: TestClient[Litestar], query: str, expected: tuple[str, str, str | None, str | None]
) -> None:
    assert errors(toys.get(f"{ROWS}?{query}")) == [expected]


def test_every_fault_is_told_at_once(toys: TestClient[Litestar]) -> None:
    found = errors(toys.get(f"{ROWS}?limit=0&offset=x&colour=pink&page=2&lang=xx"))
    assert [(pointer, rule) for pointer, rule, _, _ in found] == [
        ("page", "additionalProperties"),
        ("lang", "enum"),
        ("colour", "enum"),
        ("limit", "minimum"),
        ("offset", "type"),
    ]


@pytest.mark.parametrize(
    ("query", "allowed"),
    [
        ("page=2", ["limit", "offset", "cursor", "total", "colour", "above", "even", "q", "lang"]),
        ("colour=pink", ["red", "green"]),
        ("lang=fr", ["es", "en", "ca", "eu", "gl"]),
        ("limit=x", []),
    ],
)
def test_what_would_be_accepted_is_listed(toys: TestClient[Litestar], query: str, allowed: list[str]) -> None:
    (fault,) = toys.get(f"{ROWS}?{query}").json()["errors"]
    assert sorted(fault["allowed"]) == sorted(allowed)


@pytest.mark.parametrize(
    ("written", "known", "nearest"),
    [
        ("page", ["limit", "parent"], None),
        ("cursor", ["sort"], None),
        ("1", ["01", "51"], "01"),
        ("012", ["12", "21"], "12"),
        ("53", ["51", "52"], None),
        ("provinse", ["province"], "province"),
        ("rde", ["red", "green"], "red"),
        ("Complet", ["complete", "sufficient"], "complete"),
    ],
)
def test_only_what_is_near_is_suggested(written: str, known: list[str], nearest: str | None) -> None:
    assert find_nearest(written, known) == nearest


def test_the_document_takes_no_parameters_but_lang(toys: TestClient[Litestar]) -> None:
    assert toys.get("/v1/openapi.json?lang=es").status_code == 200
    assert errors(toys.get("/v1/openapi.json?v=1")) == [("v", "additionalProperties", '"1"', None)]


def test_pages_ignore_parameters_that_they_do_not_know(toys: TestClient[Litestar]) -> None:
    assert toys.get("/docs?utm_source=x").status_code == 200


@pytest.mark.parametrize(
    "target",
    [b"/v1/toys/%00", b"/v1/toys/a%0Ab", b"/v1/toys/%7F", b"/v1/toys/", b"/v1//toys/x", b"//v1/toys/x", b"/v1/"],
)
def test_no_other_spelling_of_an_address_is_there(toys: TestClient[Litestar], target: bytes) -> None:
    received = asyncio.run(exchange(toys.app, Sent("GET", target)))
    assert received.status == 404
    assert received.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "host",
    [b"", b"a b", b"a/b", b"a:b", b"[::1", b"u@h", b"\xff", b"a:123456", b"x:65536", b"x:99999", b"x:", b"[:::]",
     b"[1.2.3.4]", b"[::1]x", b"[]", b"a..b", b".a", b".", b"a" * 64],
)  # fmt: skip
def test_a_host_that_is_none_is_refused(toys: TestClient[Litestar], host: bytes) -> None:
    received = asyncio.run(exchange(toys.app, Sent("GET", b"/v1/toys/x", [(b"host", host)])))
    assert received.status == 400


@pytest.mark.parametrize(
    "host",
    [b"example.org", b"127.0.0.1:8000", b"[::1]:8000", b"a-b.c_d", b"a.example.", b"x:65535", b"[::ffff:1.2.3.4]"],
)
def test_a_host_is_admitted(toys: TestClient[Litestar], host: bytes) -> None:
    received = asyncio.run(exchange(toys.app, Sent("GET", b"/v1/toys/x", [(b"host", host)])))
    assert received.status == 200
