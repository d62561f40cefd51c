"""What programs find at fixed paths: the entry of the API, its catalogue, whom to tell, and what not to crawl."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.robotparser import RobotFileParser

import httpx
import pytest
from litestar import Litestar
from litestar.testing import TestClient
from msgspec import structs

from actitud_api import __version__
from tests.support.applications import borrow_app
from tests.support.databases import migrated_sqlite, unlimited


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient[Litestar]]:
    settings = structs.replace(
        unlimited(migrated_sqlite(tmp_path_factory.mktemp("discovery"))),
        public_url="https://indice.example",
        contact="avisos@indice.example",
    )
    with borrow_app(settings) as app, TestClient(app) as opened:
        # No other document names this contact: to compress it as far as possible takes 0.6 s.
        opened.headers["accept-encoding"] = "identity"
        yield opened


def test_the_entry_leads_to_what_there_is(client: TestClient[Litestar]) -> None:
    response = client.get("/v1")
    entry = response.json()
    assert (response.status_code, entry.pop("version")) == (200, __version__)
    assert response.headers["access-control-allow-origin"] == "*"
    for name, path in entry.items():
        # Nothing is published here, and facts are posted.
        expected = {"latest_scores": 404, "scores": 405}.get(name, 200)
        assert client.get(path).status_code == expected, name
    assert client.get("/v1/").status_code == 404


def test_the_catalogue_names_the_api_with_absolute_addresses(client: TestClient[Litestar]) -> None:
    response = client.get("/.well-known/api-catalog")
    assert response.headers["content-type"].startswith("application/linkset+json")
    assert 'rel="api-catalog"' in client.head("/.well-known/api-catalog").headers["link"]
    (api,) = response.json()["linkset"]
    assert api["anchor"] == "https://indice.example/v1"
    for relation in ("service-desc", "service-doc", "service-meta", "status"):
        (link,) = api[relation]
        found = client.get(link["href"].removeprefix("https://indice.example"))
        assert found.status_code == 200
        assert found.headers["content-type"].partition(";")[0] == link["type"]


def test_security_txt_names_the_contact_and_ends_within_a_year(client: TestClient[Litestar]) -> None:
    response = client.get("/.well-known/security.txt")
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    fields = dict(line.split(": ", 1) for line in response.text.splitlines())
    assert fields["Contact"] == "mailto:avisos@indice.example"
    assert fields["Canonical"] == "https://indice.example/.well-known/security.txt"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", fields["Expires"])
    left = datetime.fromisoformat(fields["Expires"]) - datetime.now(UTC)
    assert timedelta(days=30) < left < timedelta(days=365)


def test_without_a_contact_there_is_no_security_txt(tmp_path: Path) -> None:
    with borrow_app(unlimited(migrated_sqlite(tmp_path))) as app, TestClient(app) as client:
        assert client.get("/.well-known/security.txt").status_code == 404


def test_a_page_as_contact_is_named_as_it_is(tmp_path: Path) -> None:
    settings = structs.replace(unlimited(migrated_sqlite(tmp_path)), contact="https://indice.example/avisos")
    with borrow_app(settings) as app, TestClient(app) as client:
        assert "Contact: https://indice.example/avisos\n" in client.get("/.well-known/security.txt").text


def test_crawlers_fetch_the_portal_and_no_exports(client: TestClient[Litestar]) -> None:
    robots = RobotFileParser()
    robots.parse(client.get("/robots.txt").text.splitlines())
    for path, may in (("/portal", True), ("/portal/2026/XX-1", True), ("/", True)):
        assert robots.can_fetch("anybody", path) is may
    for path in ("/v1/editions/2026/indicators.csv", "/v1/editions/2026/scores.xlsx", "/badge/2026/XX-1.svg"):
        assert not robots.can_fetch("anybody", path)


BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize(
    ("query", "location"),
    [("", "/portal"), ("?lang=en", "/portal?lang=en"), ("?lang=zz", "/portal"), ("?lang=%ff", "/portal")],
)
def test_the_root_leads_people_to_the_portal(client: TestClient[Litestar], query: str, location: str) -> None:
    response = client.get(f"/{query}", headers={"Accept": BROWSER}, follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (302, location)
    assert_root(response)


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/json, text/html", "text/html;q=0.5, */*"])
def test_the_root_is_the_entry_of_the_api_for_programs(client: TestClient[Litestar], accept: str) -> None:
    response = client.get("/", headers={"Accept": accept})
    assert response.json() == client.get("/v1").json()
    assert_root(response)
    assert_root(client.head("/", headers={"Accept": accept}))


def assert_root(response: httpx.Response) -> None:
    """Assert that a response of `/` names the forms of the API for programs and for people (RFC 8631)."""
    assert "Accept" in response.headers["vary"].split(", ")
    links = response.headers["link"].split(", ")
    assert '</v1/openapi.json>; rel="service-desc"; type="application/json"' in links
    assert '</docs>; rel="service-doc"; type="text/html"' in links


def test_the_usual_address_of_the_document_leads_to_it(client: TestClient[Litestar]) -> None:
    for ask in (client.get, client.head):
        moved = ask("/openapi.json", follow_redirects=False)
        assert (moved.status_code, moved.headers["location"]) == (308, "/v1/openapi.json")
    assert client.get("/openapi.json").json()["openapi"].startswith("3.1")
