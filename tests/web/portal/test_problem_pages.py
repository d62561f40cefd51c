"""The pages that people get where something went wrong."""

from __future__ import annotations

from typing import Any, Final

import pytest

from actitud_api.engine.i18n import Texts
from actitud_api.platform.http.problems import INTERNAL_ERROR, TOO_MANY_REQUESTS, UNAVAILABLE, ProblemError
from actitud_api.platform.http.scope import ApiRequest
from actitud_api.web.portal import problem_pages
from tests.web.embeds.reading import page
from tests.web.portal.places import Client

BROWSER: Final = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize("path", ["/nada", "/nada/de/nada", "/problems/nothing", "/portal/a/b/c/d", "/static/x.css"])
@pytest.mark.parametrize("language", ["es", "en"])
def test_a_person_gets_a_page_where_there_is_nothing(places: Client, path: str, language: str) -> None:
    response = places.get(path, headers={"Accept": BROWSER, "Accept-Language": language})
    assert (response.status_code, response.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert (response.headers["cache-control"], response.headers["content-language"]) == ("no-store", language)
    assert {"Accept", "Accept-Language"} <= set(response.headers["vary"].split(", "))
    found = page(response.text)
    assert not found.errors
    assert found.query("html")[0].attrs["lang"] == language
    assert found.query("h1")[0].text == ("No existe" if language == "es" else "Not found")
    assert found.query("main input[type=search]")
    assert response.headers["x-request-id"] in found.letters
    program = places.get(path, headers={"Accept": "*/*"})
    assert (program.status_code, program.headers["content-type"]) == (404, "application/problem+json")
    assert {"Accept", "Accept-Language"} <= set(program.headers["vary"].split(", "))


def test_its_links_keep_the_language_that_was_chosen(places: Client) -> None:
    found = page(places.get("/nada?lang=en", headers={"Accept": BROWSER}).text)
    assert [link.attrs["href"] for link in found.query("main a")] == [
        "/portal?lang=en",
        "/portal/latest?lang=en",
        "/docs?lang=en",
    ]


def test_the_api_answers_problems_to_everybody(places: Client) -> None:
    response = places.get("/v1/editions/nada", headers={"Accept": "text/html, application/json;q=0.5"})
    assert (response.status_code, response.headers["content-type"]) == (404, "application/problem+json")


def test_a_wrong_method_and_a_malformed_request_are_pages_too(places: Client) -> None:
    wrong = places.post("/portal", headers={"Accept": BROWSER})
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert "text/html" in wrong.headers["content-type"]
    malformed = places.get("/portal", headers={"Accept": BROWSER, "Host": "a b"})
    assert malformed.status_code == 400
    assert "<h1>La petición no es válida</h1>" in malformed.text


def test_a_key_in_the_wrong_place_is_not_shown(places: Client) -> None:
    key = "actl_0123456789ab_" + "x" * 43
    response = places.get(f"/portal/nada/{key}?lang={key}", headers={"Accept": BROWSER})
    assert response.status_code == 404
    assert "x" * 43 not in response.text


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (
            ProblemError(TOO_MANY_REQUESTS, Texts("x", "x"), headers={"Retry-After": "17"}),
            "Espere 17 segundos y vuelva a cargarla.",
        ),
        (ProblemError(UNAVAILABLE, Texts("x", "x"), headers={"Retry-After": "5"}), "en 5 segundos"),
        (ProblemError(INTERNAL_ERROR, Texts("x", "x")), "El fallo es nuestro"),
    ],
)
def test_the_page_says_what_to_do(places: Client, error: ProblemError, says: str) -> None:
    scope: Any = places.build_request("GET", "/nada").extensions | {
        "type": "http", "method": "GET", "path": "/nada", "query_string": b"", "headers": [], "state": {},
        "litestar_app": places.app, "scheme": "https", "server": None, "client": None,
    }  # fmt: skip
    response = problem_pages.render_problem_page(ApiRequest(scope), error)
    assert response.status_code == error.type.status
    assert says in response.content.decode()
