"""Each response says the version of the service, and what is given up says since when and until when."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import date
from email.utils import parsedate_to_datetime
from typing import Final

import httpx
import msgspec
import pytest
from litestar import Controller, Litestar, Response
from litestar.testing import TestClient
from msgspec import structs

from actitud import ActitudDeprecationWarning, AsyncClient
from actitud_api import __version__
from actitud_api.engine.methodology import loader
from actitud_api.platform.http.access import ANYBODY
from actitud_api.platform.http.deprecation import Deprecation
from actitud_api.platform.http.operations import get
from actitud_api.platform.http.scope import ApiRequest
from actitud_api.resources.methodologies import service
from actitud_api.resources.methodologies.routes import MethodologiesController
from actitud_api.web.downloads.routes import CatalogueFilesController
from tests.http.toys import TOY, Seen, toy_app
from tests.support.applications import connect_to

GIVEN_UP: Final = Deprecation(since=date(2027, 1, 1), sunset=date(2027, 12, 31), page="/docs/old")


class OldController(Controller):
    """Operations that are given up."""

    path = "/v1/old"
    tags = ("system",)

    @get("/", operation_id="old.get", access=ANYBODY, answer=TOY, threaded=False, deprecated=GIVEN_UP)
    def old(self, request: ApiRequest) -> Response[bytes]:
        """Get it.

        An operation with an end.
        """
        return TOY.of(request, Seen("old", "toy", ""))

    @get(
        "/staying",
        operation_id="old.stay",
        access=ANYBODY,
        answer=TOY,
        threaded=False,
        deprecated=Deprecation(since=date(2027, 1, 1), page="/docs/old"),
    )
    def staying(self, request: ApiRequest) -> Response[bytes]:
        """Get the other.

        An operation without an end.
        """
        return TOY.of(request, Seen("staying", "toy", ""))


@pytest.fixture(scope="module")
def app() -> Litestar:
    return toy_app(more=(OldController, MethodologiesController))


@pytest.fixture(scope="module")
def client(app: Litestar) -> Iterator[TestClient[Litestar]]:
    with TestClient(app) as client:
        yield client


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/toys/car", 200),
        ("HEAD", "/v1/toys/car", 200),
        ("GET", "/v1/toys/unknown", 404),
        ("GET", "/v1/nothing", 404),
        ("GET", "/v1//toys", 404),
        ("PUT", "/v1/toys/car", 405),
        ("GET", "/v1/toys/rows?limit=none", 400),
        ("GET", "/livez", 200),
    ],
)
def test_each_response_of_an_operation_has_the_version(
    client: TestClient[Litestar], method: str, path: str, status: int
) -> None:
    response = client.request(method, path)
    assert (response.status_code, response.headers.get_list("api-version")) == (status, [__version__])


def test_a_response_without_body_has_it_too(client: TestClient[Litestar]) -> None:
    tag = client.get("/v1/toys/car").headers["etag"]
    response = client.get("/v1/toys/car", headers={"If-None-Match": tag})
    assert (response.status_code, response.headers["api-version"]) == (304, __version__)


@pytest.mark.parametrize(
    ("path", "host", "status"),
    [("/livez", "no host", 400), ("/catalog.csv", "testserver", 404), ("/catalog.ttl", "no host", 400)],
)
def test_a_refusal_before_routing_has_it_outside_v1_too(path: str, host: str, status: int) -> None:
    with TestClient(toy_app(more=(CatalogueFilesController,))) as client:
        response = client.get(path, headers={"Host": host})
    assert (response.status_code, response.headers.get_list("api-version")) == (status, [__version__])


def test_pages_have_none(client: TestClient[Litestar]) -> None:
    assert "api-version" not in client.get("/").headers


def test_an_operation_that_is_given_up_says_since_when_and_until_when(client: TestClient[Litestar]) -> None:
    response = client.get("/v1/old")
    # 1 January 2027, 00:00 UTC: 20,819 days after 1970 began.
    assert response.headers["deprecation"] == f"@{20_819 * 86_400}"
    assert response.headers["sunset"] == "Fri, 31 Dec 2027 00:00:00 GMT"
    assert parsedate_to_datetime(response.headers["sunset"]).date() == GIVEN_UP.sunset
    links = response.headers.get_list("link")
    assert links[-2:] == ['</docs/old>; rel="deprecation"', '</docs/old>; rel="sunset"']


def test_one_that_stays_has_no_sunset(client: TestClient[Litestar]) -> None:
    headers = client.get("/v1/old/staying").headers
    assert ("deprecation" in headers, "sunset" in headers) == (True, False)
    assert 'rel="sunset"' not in headers["link"]


def test_a_refusal_of_it_says_so_too(client: TestClient[Litestar]) -> None:
    response = client.get("/v1/old?unknown=1")
    assert (response.status_code, "deprecation" in response.headers) == (400, True)


def test_other_operations_say_nothing(client: TestClient[Litestar]) -> None:
    headers = client.get("/v1/toys/car").headers
    assert not {"deprecation", "sunset"} & set(headers)


def test_the_document_says_which_operations_are_given_up(app: Litestar) -> None:
    paths = msgspec.json.decode(app.state["document"].read())["paths"]
    assert paths["/v1/old"]["get"]["deprecated"] is True
    assert {"API-Version", "Deprecation", "Sunset"} <= set(paths["/v1/old"]["get"]["responses"]["200"]["headers"])
    assert "deprecated" not in paths["/v1/toys/{name}"]["get"]
    # A mock server sends every header that a response declares, and the SDK would warn.
    assert not {"Deprecation", "Sunset"} & set(paths["/v1/toys/{name}"]["get"]["responses"]["200"]["headers"])


def test_a_sunset_before_the_deprecation_is_refused() -> None:
    with pytest.raises(ValueError, match="never before"):
        Deprecation(since=date(2027, 1, 2), sunset=date(2027, 1, 1), page="/docs")


def test_the_sdk_warns_with_the_dates_and_the_page(app: Litestar) -> None:
    async def call() -> Seen:
        http_client = httpx.AsyncClient(transport=connect_to(app))
        async with AsyncClient(base_url="http://test", http_client=http_client) as service:
            return await service.request("GET", "/v1/old", cast_to=Seen)

    with pytest.warns(ActitudDeprecationWarning) as told:
        assert asyncio.run(call()).name == "old"
    assert str(told[0].message).endswith(
        "deprecated since 2027-01-01; not there after Fri, 31 Dec 2027 00:00:00 GMT; see /docs/old"
    )


def test_reads_of_a_retired_methodology_version_say_since_when(
    client: TestClient[Litestar], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = loader.load_methodology("2026.1")
    assert "deprecation" not in client.get("/v1/methodologies/2026.1").headers
    retired = structs.replace(known, status="retired", retired=date(2027, 1, 1))
    monkeypatch.setattr(service, "get_methodology", lambda version: retired)
    for path in ("/v1/methodologies/2026.1", "/v1/methodologies/2026.1/schema.json"):
        headers = client.get(path).headers
        assert headers["deprecation"] == f"@{20_819 * 86_400}"
        assert '</portal/methodologies/2026.1>; rel="deprecation"' in headers["link"]
        assert "sunset" not in headers
