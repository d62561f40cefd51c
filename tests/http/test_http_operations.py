"""Handlers that state their inputs: what a signature and a docstring become, and which are refused at once."""

from __future__ import annotations

import pytest
from litestar import Controller, Response
from litestar.testing import TestClient
from msgspec import Struct

from actitud_api.platform.auth.policy import PUBLISHERS
from actitud_api.platform.auth.service import Principal
from actitud_api.platform.http.access import ANYBODY, KEY_SHOWS_MORE
from actitud_api.platform.http.inputs import Body
from actitud_api.platform.http.operations import get, patch, post
from actitud_api.platform.http.representations import Representation
from actitud_api.platform.http.scope import ApiRequest
from actitud_api.platform.http.system import HEALTH, Health, Readiness
from tests.http.toys import Car, Part, ToyPath, toy_app


class Kit(Struct, frozen=True):
    """What a handler was given."""

    name: str
    count: int
    waiting: list[str]


KIT = Representation(Kit)


class KitController(Controller):
    path = "/v1/kits"
    tags = ("system",)

    @post("/{name:str}", operation_id="kits.create", access=ANYBODY, answer=KIT, status=200)
    def create(self, request: ApiRequest, path: ToyPath, body: Part, readiness: Readiness) -> Response[bytes]:
        """Make a kit.

        Makes a kit of parts,
        with `readiness` from the application.

        It has two paragraphs.
        """
        return KIT.of(request, Kit(path.name, body.count, readiness.find_failing()))


def test_a_handler_gets_path_body_and_services_by_name() -> None:
    with TestClient(toy_app(more=[KitController])) as client:
        response = client.post("/v1/kits/a%20b", json={"count": 3})
    assert response.json() == {"name": "a b", "count": 3, "waiting": []}


def test_the_docstring_is_the_summary_and_the_description() -> None:
    with TestClient(toy_app(more=[KitController])) as client:
        operation = client.get("/v1/openapi.json").json()["paths"]["/v1/kits/{name}"]["post"]
    assert operation["summary"] == "Make a kit"
    assert operation["description"] == (
        "Makes a kit of parts, with `readiness` from the application.\n\nIt has two paragraphs."
    )


def test_a_service_that_the_application_has_not_is_refused_at_the_start() -> None:
    class Lacking(Controller):
        path = "/v1/lacking"

        @get("/", operation_id="lacking.get", access=ANYBODY, answer=HEALTH)
        def read(self, request: ApiRequest, database: Readiness) -> Response[bytes]:
            """Get nothing."""
            return HEALTH.of(request, Health("ok"))

    with pytest.raises(LookupError, match=r"lacking\.get takes `database`, which is no Readiness"):
        toy_app(more=[Lacking])


def test_a_principal_may_be_none_unless_a_key_is_needed() -> None:
    def read(self: object, principal: Principal) -> Response[bytes]:
        """Get nothing."""
        raise AssertionError

    get("/", operation_id="x", access=PUBLISHERS, answer=HEALTH)(read)
    with pytest.raises(TypeError, match="may be None"):
        get("/", operation_id="x", access=KEY_SHOWS_MORE, answer=HEALTH)(read)


def test_a_body_is_of_the_type_that_the_signature_says() -> None:
    def change(self: object, body: Part) -> Response[bytes]:
        """Change nothing."""
        raise AssertionError

    with pytest.raises(TypeError, match=r"`body` is no .*Part"):
        patch("/", operation_id="x", access=ANYBODY, answer=HEALTH, body=Body(Car))(change)
