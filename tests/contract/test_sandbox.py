"""The sandbox: every example of the OpenAPI document succeeds in it, and a reset brings everything back."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Any, Final
from unittest.mock import patch
from urllib.parse import quote, urlencode

import httpx
import pytest
from litestar import Litestar

from actitud_api.app import find_examples
from actitud_api.cli import sandbox
from actitud_api.cli.sandbox import RESET, Sandbox
from actitud_api.cli.serving import get_database
from actitud_api.demo import sandbox as seed
from actitud_api.demo import service as demo
from actitud_api.settings import Settings
from tests.contract.digests import find_digests, read_digests
from tests.contract.examples import OF_FILES, WORKBOOK
from tests.contract.installation import SAFE, Operation, operations
from tests.support.applications import borrow_app, connect_to
from tests.support.keys import present_key

ALL: Final = operations()
ADMINISTRATOR: Final = seed.build_key("SandboxAdmin").to_text()


class Client:
    """A client of the sandbox with the key of the administrator."""

    def __init__(self, app: Sandbox) -> None:
        self.app = app

    def send(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        *,
        key: str | None = ADMINISTRATOR,
        address: str = "127.0.0.1",
        **headers: str,
    ) -> httpx.Response:
        """Send a request from an address and return the response."""
        # Not Brotli: what stays the same for days is compressed by it as far as possible.
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        named = {"Accept-Encoding": "gzip", **given, **present_key(key)}

        async def exchange() -> httpx.Response:
            transport = connect_to(self.app, client=(address, 50_000))
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
                return await client.request(method, path, content=body, headers=named)

        return asyncio.run(exchange())

    def reset(self) -> None:
        """Restore the seed."""
        assert self.send("POST", RESET).status_code == 204


class Lender:
    """Lends applications to a sandbox: each copy of the seed would else take a tenth of a second to register routes."""

    def __init__(self) -> None:
        self._lent: deque[ExitStack] = deque()

    def lend(self, settings: Settings) -> Litestar:
        """Return an application. The one before stays, as answers may end on it; that before it is taken back."""
        if len(self._lent) == 2:
            self._lent.popleft().close()
        self._lent.append(ExitStack())
        return self._lent[-1].enter_context(borrow_app(settings))

    def close(self) -> None:
        """Take back all."""
        for stack in self._lent:
            stack.close()


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    examples = find_examples()
    assert examples is not None
    with closing(Lender()) as lender, patch.object(sandbox, "create_app", lender.lend):
        app = Sandbox(tmp_path_factory.mktemp("sandbox"), examples, 8000)
        yield Client(app)
        app.close()


def send_example(client: Client, operation: Operation) -> httpx.Response:
    """Send what the document has as the example of an operation, and nothing that it does not have."""
    given: dict[str, dict[str, str]] = {"path": {}, "query": {}, "header": {}}
    for parameter in operation.described["parameters"]:
        name = parameter["name"]
        if "example" in parameter:
            given[parameter["in"]][name] = parameter["example"]
        elif parameter["required"]:
            assert name == "Idempotency-Key", f"{operation.id}: {name} has no example"
            given["header"][name] = "attempt-1"
    body = b""
    if "requestBody" in operation.described:
        kind, media = next(iter(operation.described["requestBody"]["content"].items()))
        given["header"]["Content-Type"] = kind
        is_file = operation.id in OF_FILES
        body = client.send("GET", WORKBOOK).content if is_file else json.dumps(media["example"]).encode()
        if kind == "text/csv":
            body = b"organisation,indicator,field,value\r\nXX-DEMO-91001,,units,12\r\n"
    path = operation.path.format_map({name: quote(value, safe=":") for name, value in given["path"].items()})
    query = f"?{urlencode(given['query'])}" if given["query"] else ""
    return client.send(operation.method.upper(), path + query, body, **given["header"])


@pytest.mark.parametrize("operation", ALL, ids=lambda operation: operation.id)
def test_every_example_succeeds(client: Client, operation: Operation) -> None:
    documented = {int(status) for status in operation.described["responses"] if status.startswith("2")}
    response = send_example(client, operation)
    if operation.method not in SAFE:
        client.reset()
    assert response.status_code in documented, response.text


LISTS: Final = [
    operation for operation in ALL if "total" in [named["name"] for named in operation.described["parameters"]]
]


@pytest.mark.parametrize("operation", LISTS, ids=lambda operation: operation.id)
def test_the_total_of_a_list_is_the_number_of_its_items(client: Client, operation: Operation) -> None:
    examples = {named["name"]: named["example"] for named in operation.described["parameters"] if "example" in named}
    path = operation.path.format_map(examples)
    listed = [named for named in operation.described["parameters"] if named["in"] == "query" and named["required"]]
    required = {named["name"]: named["schema"]["enum"][0] for named in listed}

    def read(**query: object) -> dict[str, Any]:
        response = client.send("GET", f"{path}?{urlencode({**required, **query})}")
        assert response.status_code == 200, response.text
        page: dict[str, Any] = response.json()
        return page

    whole = read(limit=1000, total="true")
    assert whole["next"] is None
    assert whole["total"] == len(whole["items"]) > 0
    first = read(limit=1, total="true")
    assert first["total"] == whole["total"]
    if first["next"] is not None:
        assert read(limit=1, total="true", cursor=first["next_cursor"])["total"] == whole["total"]
    assert read(offset=1000, total="true") == {
        "items": [],
        "next": None,
        "next_cursor": None,
        "total": whole["total"],
    }
    assert "total" not in read(limit=1)


def test_every_list_can_be_counted() -> None:
    paged = {
        operation.id for operation in ALL if "cursor" in {named["name"] for named in operation.described["parameters"]}
    }
    assert {operation.id for operation in LISTS} == paged
    assert len(paged) == 25


def test_the_digests_of_the_examples_are_those_of_the_seed(client: Client) -> None:
    found = find_digests(get_database(client.app.served))
    assert read_digests() == found, "python -m tests.contract.digests and make openapi write them anew"


def test_a_reset_brings_back_what_was_changed_and_nothing_else_does(client: Client) -> None:
    path = "/v1/editions/2027-empty"
    assert client.send("DELETE", path, If_Match="*").status_code == 204
    assert client.send("GET", path).status_code == 404
    client.reset()
    assert client.send("GET", path).status_code == 200
    assert client.send("GET", RESET).status_code == 404


def test_an_edition_is_published_again_after_a_reset(client: Client) -> None:
    """What is signed after it is a new beginning, not a ledger that a backup has cut short."""
    (operation,) = (one for one in ALL if one.id == "editions.publications.create")
    for _ in range(2):
        response = send_example(client, operation)
        assert response.status_code == 201, response.text
        client.reset()


def test_the_keys_that_it_prints_hold_whatever_is_done_to_them(client: Client) -> None:
    for step, body in (("revocations", b""), ("rotations", b"{}")):
        headers = {"If-Match": "*", "Content-Type": "application/json"}
        assert client.send("POST", f"/v1/keys/SandboxAdmin/{step}", body, **headers).status_code == 201
        assert client.send("GET", "/v1/keys").status_code == 200
    for role, identifier in seed.KEYS:
        entry = client.send("GET", f"/v1/keys/{identifier}")
        found: dict[str, Any] = entry.json()
        assert (found["role"], found["state"]) == (role, "valid")
    client.reset()


def test_everything_in_it_is_marked_as_invented(client: Client) -> None:
    for path in ("/v1/organisations?limit=1000", "/v1/editions?limit=1000"):
        items = client.send("GET", path, key=None).json()["items"]
        assert items
        assert all(item["simulated"] for item in items)


def test_links_lead_from_the_list_of_editions_to_those_with_assessments(client: Client) -> None:
    found = client.send("GET", "/v1/editions").json()["items"]
    assert [item["id"] for item in found[:3]] == [seed.OPEN, seed.HEARD, seed.IN_REVIEW]


def test_there_is_an_assessment_in_every_state(client: Client) -> None:
    found = client.send("GET", "/v1/editions/2027-open/assessments?limit=1000").json()["items"]
    counts = {state: sum(item["state"] == state for item in found) for state in seed.STATES}
    assert counts == dict.fromkeys(seed.STATES, seed.PER_STATE)


def test_what_review_set_aside_has_its_verdict_and_its_reason(client: Client) -> None:
    """As in a real edition: an answer that is withdrawn has none, since its organisation took it back."""
    bundle = client.send("GET", f"/v1/editions/{demo.EDITION}/publications/1/bundle", key=None)
    codes: set[str] = set()
    for document in [json.loads(line) for line in gzip.decompress(bundle.content).splitlines()][2:]:
        found = {given["indicator"]: given["verdict"] for given in document["review"]["verdicts"]}
        aside = document["submission"]["set_aside"]
        assert found == {indicator: why for indicator, why in aside.items() if why != "withdrawn"}
        assert all(given["reason"].startswith("Dictamen inventado") for given in document["review"]["verdicts"])
        codes.update(aside.values())
    assert codes == {"rejected", "stale", "withdrawn"}


def test_only_this_machine_resets_it(client: Client) -> None:
    assert client.send("POST", RESET, address="192.0.2.1").status_code == 404
