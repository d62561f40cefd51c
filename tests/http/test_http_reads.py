"""Representations: validators, caching, languages and formats."""

from __future__ import annotations

import hashlib

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from actitud_api.platform.http.negotiation import accepts, negotiate_language

TOY = "/v1/toys/x"


def test_the_etag_is_strong_and_of_the_bytes(toys: TestClient[Litestar]) -> None:
    response = toys.get(TOY)
    assert response.headers["etag"] == f'"{hashlib.sha256(response.content).hexdigest()}"'


def test_each_language_has_its_own_etag(toys: TestClient[Litestar]) -> None:
    spanish, english = toys.get(f"{TOY}?lang=es"), toys.get(TOY, headers={"Accept-Language": "en"})
    assert (spanish.json()["greeting"], english.json()["greeting"]) == ("Hola", "Hello")
    assert (spanish.headers["content-language"], english.headers["content-language"]) == ("es", "en")
    assert spanish.headers["etag"] != english.headers["etag"]
    assert spanish.headers["vary"] == "Accept, Accept-Language, Accept-Encoding"


def test_what_has_no_sentences_has_no_language(toys: TestClient[Litestar]) -> None:
    headers = toys.get("/v1/toys/rows").headers
    assert "content-language" not in headers
    assert headers["vary"] == "Accept, Accept-Encoding"


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', '"a",W/{} , "b"', "*"])
def test_a_client_that_has_these_bytes_gets_304(toys: TestClient[Litestar], form: str) -> None:
    first = toys.get(TOY)
    again = toys.get(TOY, headers={"If-None-Match": form.replace("{}", first.headers["etag"])})
    assert (again.status_code, again.content) == (304, b"")
    for name in ("etag", "cache-control", "vary", "content-language", "link"):
        assert again.headers[name] == first.headers[name]


@pytest.mark.parametrize("tag", ["", '"other"', "other", '"', "W/", "{}x"])
def test_any_other_tag_gets_the_whole(toys: TestClient[Litestar], tag: str) -> None:
    etag = toys.get(TOY).headers["etag"]
    assert toys.get(TOY, headers={"If-None-Match": tag.replace("{}", etag)}).status_code == 200


def test_the_tag_of_another_language_does_not_match(toys: TestClient[Litestar]) -> None:
    tag = toys.get(f"{TOY}?lang=es").headers["etag"]
    assert toys.get(f"{TOY}?lang=en", headers={"If-None-Match": tag}).status_code == 200


def test_head_can_be_304_too(toys: TestClient[Litestar]) -> None:
    assert toys.head(TOY, headers={"If-None-Match": "*"}).status_code == 304


def test_reads_may_be_kept_and_are_asked_for_anew(toys: TestClient[Litestar]) -> None:
    assert toys.get(TOY).headers["cache-control"] == "public, no-cache"


def test_what_was_computed_from_a_body_is_not_kept(toys: TestClient[Litestar]) -> None:
    response = toys.post("/v1/toys", json={"kind": "doll-1", "name": "x", "eyes": 2}, headers={"If-None-Match": "*"})
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    assert "etag" not in response.headers


def test_another_format_is_406_and_those_there_are_are_named(toys: TestClient[Litestar]) -> None:
    response = toys.get(TOY, headers={"Accept": "text/csv, application/xml;q=0.5"})
    assert response.status_code == 406
    assert "application/json" in response.json()["detail"]


@pytest.mark.parametrize(
    ("header", "admitted"),
    [
        (None, True),
        ("", True),
        ("*/*", True),
        ("application/*", True),
        ("application/json", True),
        ("APPLICATION/JSON; charset=utf-8", True),
        ("text/html,application/xhtml+xml,*/*;q=0.8", True),
        ("application/json;q=0.001", True),
        ("application/json;q=0", False),
        ("application/json;q=0, */*", False),
        ("*/*;q=0", False),
        ("*/*;q=0, application/json", True),
        ("application/*;q=0, */*", False),
        ("text/*", False),
        ("application/problem+json", False),
        (",;,", False),
    ],
)
def test_the_most_specific_range_decides(header: str | None, admitted: bool) -> None:
    assert accepts(header, "application/json") is admitted


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, "es"),
        ("", "es"),
        ("en", "en"),
        ("EN-gb", "en"),
        ("en;q=0.5, es;q=0.6", "es"),
        ("en, es", "en"),
        ("fr, en;q=0.1", "en"),
        ("en;q=0", "es"),
        ("fr;q=1, *;q=0.5", "es"),
        ("en;q=2", "en"),
        ("english", "es"),
    ],
)
def test_the_language_that_the_reader_likes_best(header: str | None, expected: str) -> None:
    assert negotiate_language(header, "es") == expected
