"""Preconditions over a toy in memory: who was too late is told; who read in another language is not too late."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import jsonschema_rs
import pytest
from litestar import Controller, Litestar, Response
from litestar.testing import TestClient
from msgspec import UNSET, Struct, UnsetType

from actitud_api.app import create_app
from actitud_api.platform.http.access import ANYBODY
from actitud_api.platform.http.operations import delete, get, patch, put
from actitud_api.platform.http.representations import Representation
from actitud_api.platform.http.scope import ApiRequest, choose_language
from actitud_api.platform.storage.versions import Expected, StaleVersion, build_revision
from actitud_api.settings import Settings
from tests.http.test_http_problems import problem

BIRTH = datetime(2026, 1, 31, 12, tzinfo=UTC)


class Thing(Struct, frozen=True, forbid_unknown_fields=True):
    """A thing."""

    size: int


class ThingPatch(Struct, frozen=True, forbid_unknown_fields=True):
    """What to change of a thing."""

    size: int | UnsetType = UNSET


class Shown(Struct, frozen=True):
    """A thing in a language."""

    size: int
    word: str


SHOWN = Representation(Shown, sentences=True)


class Kept:
    """The thing that is kept, when it was made, and its version."""

    thing: Thing | None = None
    created = BIRTH
    version = 0

    @classmethod
    def revision(cls) -> str | None:
        return None if cls.thing is None else build_revision(cls.created, cls.version)

    @classmethod
    def store(cls, expected: Expected, thing: Thing | None) -> None:
        if not expected(cls.revision()):
            raise StaleVersion
        cls.thing, cls.version = thing, cls.version + 1


class ThingController(Controller):
    path = "/v1/thing"
    tags = ("system",)

    @get("/", operation_id="thing.get", access=ANYBODY, answer=SHOWN, threaded=False)
    def read(self, request: ApiRequest) -> Response[bytes]:
        """Get the thing."""
        return shown(request)

    @put("/", operation_id="thing.put", access=ANYBODY, answer=SHOWN, precondition="match_or_none", threaded=False)
    def replace(self, request: ApiRequest, body: Thing, expected: Expected) -> Response[bytes]:
        """Replace the thing."""
        created = Kept.thing is None
        Kept.store(expected, body)
        return shown(request, created="/v1/thing" if created else None)

    @patch("/", operation_id="thing.update", access=ANYBODY, answer=SHOWN, threaded=False)
    def change(self, request: ApiRequest, body: ThingPatch, expected: Expected) -> Response[bytes]:
        """Change the thing."""
        assert Kept.thing is not None
        Kept.store(expected, Thing(Kept.thing.size if body.size is UNSET else body.size))
        return shown(request)

    @delete("/", operation_id="thing.delete", access=ANYBODY, threaded=False)
    def remove(self, expected: Expected) -> None:
        """Remove the thing."""
        Kept.store(expected, None)


def shown(request: ApiRequest, created: str | None = None) -> Response[bytes]:
    assert Kept.thing is not None
    word = {"es": "talla", "en": "size"}[choose_language(request.scope)]
    return SHOWN.of(request, Shown(Kept.thing.size, word), revision=Kept.revision(), created=created)


@pytest.fixture
def client() -> Iterator[TestClient[Litestar]]:
    """A client of a toy where nothing is kept yet."""
    Kept.thing, Kept.created, Kept.version = None, BIRTH, 0
    with TestClient(create_app(Settings(database_url="sqlite:///never-opened"), (ThingController,))) as opened:
        yield opened


def made(client: TestClient[Litestar], size: int = 1) -> str:
    """Makes the thing; its entity tag."""
    response = client.put("/v1/thing", json={"size": size}, headers={"If-None-Match": "*"})
    assert (response.status_code, response.headers["location"]) == (201, "/v1/thing")
    tag: str = response.headers["etag"]
    return tag


def test_what_is_made_is_not_made_again(client: TestClient[Litestar]) -> None:
    made(client)
    again = client.put("/v1/thing", json={"size": 2}, headers={"If-None-Match": "*"})
    problem(again, 412, "precondition-failed")
    assert client.get("/v1/thing").json()["size"] == 1


@pytest.mark.parametrize(("method", "body"), [("PUT", {"size": 2}), ("PATCH", {"size": 2}), ("DELETE", None)])
def test_a_change_needs_the_version_that_it_changes(
    client: TestClient[Litestar], method: str, body: dict[str, int] | None
) -> None:
    tag = made(client)
    kind = {"Content-Type": "application/merge-patch+json"} if method == "PATCH" else {}
    problem(client.request(method, "/v1/thing", json=body, headers=kind), 428, "precondition-required")
    stale = f'"{build_revision(BIRTH, 7)}-0123456789ab"'
    for wrong in (stale, f"W/{tag}", '"nonsense"', '"-"', '""'):
        response = client.request(method, "/v1/thing", json=body, headers={**kind, "If-Match": wrong})
        problem(response, 412, "precondition-failed")
    assert client.get("/v1/thing").headers["etag"] == tag
    good = client.request(method, "/v1/thing", json=body, headers={**kind, "If-Match": f"{stale}, {tag}"})
    assert good.status_code == (204 if method == "DELETE" else 200)


@pytest.mark.parametrize("form", ["*", '"a"', '"", W/"\xe9!#~"', '"v1.0a1b2c3d-0123456789ab"\t,  "b" ', '"open', "0"])
def test_each_form_is_described_and_names_a_version_or_none(client: TestClient[Litestar], form: str) -> None:
    made(client)
    response = client.request("DELETE", "/v1/thing", headers={b"If-Match": form.encode("latin-1")})
    assert response.status_code == (204 if form == "*" else 412)
    document = json.loads(client.app.state["document"].read())
    schema = document["components"]["parameters"]["If-Match"]["schema"]
    assert jsonschema_rs.Draft202012Validator(schema).is_valid(form)


def test_a_tag_without_its_quotation_marks_names_the_version(client: TestClient[Litestar]) -> None:
    tag = made(client).strip('"')
    assert client.request("DELETE", "/v1/thing", headers={"If-Match": f"other, {tag}"}).status_code == 204


@pytest.mark.parametrize("header", ["If-Match", "If-None-Match"])
def test_a_precondition_that_names_nothing_is_none(client: TestClient[Litestar], header: str) -> None:
    problem(client.put("/v1/thing", json={"size": 1}, headers={header: " "}), 428, "precondition-required")


def test_only_a_star_creates_and_another_tag_forbids_its_version(client: TestClient[Litestar]) -> None:
    other = {"If-None-Match": '"v1.0a1b2c3d-0123456789ab"'}
    problem(client.put("/v1/thing", json={"size": 1}, headers=other), 428, "precondition-required")
    tag = made(client)
    for same in (tag, f"W/{tag}", "*"):
        headers = {"If-Match": tag, "If-None-Match": same}
        problem(client.put("/v1/thing", json={"size": 2}, headers=headers), 412, "precondition-failed")
    assert client.put("/v1/thing", json={"size": 2}, headers={"If-Match": tag, **other}).status_code == 200


def test_any_version_is_one_that_is_there(client: TestClient[Litestar]) -> None:
    problem(client.put("/v1/thing", json={"size": 1}, headers={"If-Match": "*"}), 412, "precondition-failed")
    made(client)
    assert client.put("/v1/thing", json={"size": 5}, headers={"If-Match": "*"}).json()["size"] == 5


def test_who_read_in_one_language_may_write_in_another(client: TestClient[Litestar]) -> None:
    made(client)
    spanish, english = (client.get(f"/v1/thing?lang={lang}").headers["etag"] for lang in ("es", "en"))
    assert spanish != english
    kind = {"Content-Type": "application/merge-patch+json", "If-Match": spanish}
    assert client.patch("/v1/thing?lang=en", json={"size": 3}, headers=kind).json() == {"size": 3, "word": "size"}
    assert client.patch("/v1/thing?lang=en", json={"size": 4}, headers={**kind, "If-Match": english}).status_code == 412


def test_a_version_of_what_was_there_before_is_another(client: TestClient[Litestar]) -> None:
    """Removed and made again, it has the same version number, and an old tag must not fit."""
    tag = made(client)
    assert client.request("DELETE", "/v1/thing", headers={"If-Match": tag}).status_code == 204
    Kept.version, Kept.created = 0, BIRTH + timedelta(microseconds=1)
    assert made(client) != tag
    problem(client.put("/v1/thing", json={"size": 9}, headers={"If-Match": tag}), 412, "precondition-failed")


def test_a_reader_who_has_the_bytes_gets_none(client: TestClient[Litestar]) -> None:
    made(client)
    response = client.get("/v1/thing")
    assert response.headers["etag"].startswith('"v1.')
    assert client.get("/v1/thing", headers={"If-None-Match": response.headers["etag"]}).status_code == 304


def test_a_missing_precondition_comes_before_a_fault_of_the_body_and_a_stale_one_after(
    client: TestClient[Litestar],
) -> None:
    problem(client.put("/v1/thing", json={"size": "1"}), 428, "precondition-required")
    made(client)
    for name in ("If-None-Match", "If-Match"):
        value = "*" if name == "If-None-Match" else '"v1.0a1b2c3d-0123456789ab"'
        problem(client.put("/v1/thing", json={"size": "1"}, headers={name: value}), 400, "invalid-request")


@pytest.mark.parametrize(("method", "name", "reads"), [
    ("PUT", "accept", "application/json"), ("PATCH", "accept-patch", "application/merge-patch+json"),
])  # fmt: skip
def test_another_media_type_is_told_which_one(client: TestClient[Litestar], method: str, name: str, reads: str) -> None:
    response = client.request(
        method, "/v1/thing", content=b"{}", headers={"Content-Type": "text/plain", "If-Match": "*"}
    )
    problem(response, 415, "unsupported-media-type")
    assert response.headers[name] == reads
