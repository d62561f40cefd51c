"""The reference at `/docs`: every operation of the document, commands that work at this service, little to send."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from actitud_api.platform.http.reference import HOST, OperationView, mark_up, read_reference
from tests.support.applications import borrow_app
from tests.support.databases import migrated_sqlite, unlimited
from tests.web.embeds.reading import Document, page

BASE: Final = "http://127.0.0.1:8000"
"""Address in commands: that of the settings, because a test client names no host of this machine."""
DOCUMENT: Final = (Path(__file__).parents[2] / "openapi" / "openapi.json").read_bytes()
OPERATIONS: Final[Mapping[str, tuple[str, str]]] = {
    operation["operationId"]: (method.upper(), path)
    for path, methods in json.loads(DOCUMENT)["paths"].items()
    for method, operation in methods.items()
}
SENT_MAX: Final = 300_000


def read(client: TestClient[Litestar], path: str) -> Document:
    response = client.get(path)
    assert response.status_code == 200
    return page(response.text)


def run(client: TestClient[Litestar], command: str) -> httpx.Response:
    """Do what a shell with curl would do with a command."""
    line, _, here = command.replace("\\\n", " ").partition("<<'END'\n")
    headers: dict[str, str] = {}
    method, url, body = "GET", "", None
    options = iter(shlex.split(line)[1:])
    for option in options:
        match option:
            case "-s" | "-O":
                pass
            case "-X":
                method = next(options)
            case "-H":
                name, _, value = next(options).partition(": ")
                headers[name] = value
            case "--data" | "--data-binary":
                text = next(options)
                body, method = (
                    (here.removesuffix("\nEND") if text == "@-" else text),
                    "POST" if method == "GET" else method,
                )
            case _:
                url = option
    return client.request(method, url.removeprefix(BASE), headers=headers, content=body)


def code(found: Document, identifier: str) -> str:
    (shown,) = found.query(f"code#{identifier}")
    text: str = shown.node.to_text(separator="", strip=False)
    return text


# --- the pages ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["es", "en"])
def test_every_operation_stands_in_its_group(client: TestClient[Litestar], language: str) -> None:
    found = read(client, f"/docs?lang={language}")
    rows = found.query(".group li")
    listed = {row.query("a")[0].attrs["href"]: row.query("a")[0].text.split() for row in rows}
    assert listed == {f"/docs/{name}?lang={language}": [*place] for name, place in OPERATIONS.items()}
    assert not [group for group in found.query(".group") if "open" in group.attrs]
    for group in found.query(".group"):
        names = {link.attrs["href"] for link in group.query("a")}
        assert names == {f"/docs/{one.name}?lang={language}" for one in find_group(group.attrs["id"])}


def find_group(name: str) -> tuple[OperationView, ...]:
    (group,) = [group for group in read_reference(DOCUMENT).groups if group.name == name]
    return group.operations


def test_the_page_is_in_the_language_asked_for_and_leads_back(client: TestClient[Litestar]) -> None:
    spanish, english = read(client, "/docs?lang=es"), read(client, "/docs")
    assert "Los cinco primeros minutos" in spanish.text
    assert "The first five minutes" in english.text
    assert [link.attrs["href"] for link in spanish.query(".masthead nav a")] == [
        "/portal?lang=es",
        "/docs?lang=es",
        "/v1/openapi.json",
    ]
    assert english.query(".masthead nav a")[0].attrs["href"] == "/portal"
    # What only the document says is in English, and marked so.
    (summary,) = [
        row.query("span")[0] for row in spanish.query(".group li") if "POST /v1/scores " in f"{row.text} "[:20]
    ]
    assert summary.attrs["lang"] == "en"


def test_an_operation_shows_all_that_the_document_says_of_it(client: TestClient[Litestar]) -> None:
    found = read(client, "/docs/editions.update")
    assert found.query("h1")[0].text == "Change an edition"
    said = " ".join(found.text.split())
    assert "PATCH /v1/editions/{edition}" in said
    assert "whoever has a key of one of these roles: administrator" in said
    assert "If-Match required header" in said
    assert '"titles"' in found.text
    statuses = [one.text for one in found.query(".responses > div > dt")]
    assert statuses == sorted(json.loads(DOCUMENT)["paths"]["/v1/editions/{edition}"]["patch"]["responses"])
    problems = [link.attrs["href"] for link in found.query("dd a") if link.attrs["href"].startswith("/problems/")]
    assert "/problems/precondition-failed" in problems
    for problem in problems:
        assert client.get(problem).status_code == 200


def test_what_a_type_names_is_on_the_page(client: TestClient[Litestar]) -> None:
    for name in ("scores.create", "methodologies.get", "editions.assessments.put"):
        found = read(client, f"/docs/{name}")
        ids = {one.attrs["id"] for one in found.query("[id]")}
        named = {link.attrs["href"][1:] for link in found.query("a") if link.attrs["href"].startswith("#object-")}
        assert named
        assert named <= ids


@pytest.mark.parametrize("path", ["/docs/scores.nothing", "/docs/%3Cb%3E"])
def test_an_unknown_operation_is_not_there(client: TestClient[Litestar], path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/docs", "/docs/scores.create"])
@pytest.mark.parametrize("coding", ["br", "gzip"])
def test_little_is_sent(client: TestClient[Litestar], path: str, coding: str) -> None:
    headers = {"Accept-Encoding": coding}
    paths = [path, *re.findall(r'"(/static/[^"]+)"', client.get(path).text)]
    assert len(paths) >= 4
    sent = [client.get(one, headers=headers).headers["content-length"] for one in paths]
    assert sum(map(int, sent)) < SENT_MAX / 6


# --- the commands -------------------------------------------------------------------------------------------------


def test_the_first_steps_work_at_this_service(client: TestClient[Litestar]) -> None:
    found = read(client, "/docs?lang=es")
    commands = [code(found, block.attrs["id"]) for block in found.query(".steps code")]
    assert len(commands) == 6
    assert all(f"'{BASE}/" in command for command in commands)
    answers = [run(client, command) for command in commands]
    assert [answer.status_code for answer in answers] == [200] * 6
    assert answers[1].headers["content-language"] == "es"
    assert answers[1].json()["methodology"]["version"] == "2027.1-short"
    assert answers[5].headers["content-type"].startswith("text/csv")


def test_without_a_published_edition_all_but_the_last_two_work(tmp_path: Path) -> None:
    with borrow_app(unlimited(migrated_sqlite(tmp_path))) as app, TestClient(app) as client:
        found = read(client, "/docs")
        answers = [run(client, code(found, block.attrs["id"])) for block in found.query(".steps code")]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 404, 404]


READS: Final = [name for name, (method, _) in OPERATIONS.items() if method == "GET"]


@pytest.mark.night
@pytest.mark.parametrize("name", READS)
def test_the_command_of_a_read_works_at_this_service(client: TestClient[Litestar], name: str) -> None:
    found = read_reference(DOCUMENT).find_operation(name)
    assert found is not None
    answer = run(client, found[1].command.replace(HOST, BASE))
    # The examples are those of several installations: an id may be unknown here, but nothing is malformed.
    assert answer.status_code in ((401, 403) if found[1].roles else (200, 404)), answer.text


def test_a_command_has_all_that_a_write_needs(client: TestClient[Litestar]) -> None:
    found = read_reference(DOCUMENT).find_operation("editions.update")
    assert found is not None
    command = found[1].command
    assert command.startswith(f"curl -s '{HOST}/v1/editions/2027-empty' \\\n     -X PATCH \\\n")
    assert '-H "Authorization: Bearer $ACTITUD_API_KEY"' in command
    assert "-H 'If-Match: *'" in command
    assert "-H 'Content-Type: application/merge-patch+json'" in command
    sent = command.partition("<<'END'\n")[2].removesuffix("\nEND")
    content = json.loads(DOCUMENT)["paths"]["/v1/editions/{edition}"]["patch"]["requestBody"]["content"]
    assert json.loads(sent) == content["application/merge-patch+json"]["example"]


def test_every_command_names_every_place_of_its_path() -> None:
    for group in read_reference(DOCUMENT).groups:
        for one in group.operations:
            url = shlex.split(one.command.replace("\\\n", " ").partition("<<")[0])[2]
            assert not set("{}") & set(url), one.name
            pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(HOST + one.path))
            assert re.fullmatch(rf"{pattern}(\?.*)?", url), one.name


# --- types --------------------------------------------------------------------------------------------------------


def describe(schema: Mapping[str, Any], **schemas: Mapping[str, Any]) -> str:
    """Return the type of the body of a request, as the page shows it."""
    response = {"description": "", "content": {"application/json": {"schema": schema}}}
    operation = {"operationId": "one", "responses": {"200": response}}
    document = {"info": {"version": "1"}, "paths": {"/": {"get": operation}}, "components": {"schemas": schemas}}
    found = read_reference(json.dumps(document).encode()).find_operation("one")
    assert found is not None
    return "".join(part.text for part in found[1].responses[0].contents[0].type)


@pytest.mark.parametrize(
    ("schema", "shown"),
    [
        ({"type": "string", "format": "date"}, "string"),
        ({"type": ["integer", "null"]}, "integer | null"),
        ({"enum": ["a", 1, None]}, '"a" | 1 | null'),
        ({"type": "array", "items": {"type": "number"}}, "number[]"),
        ({"type": "array", "items": {"enum": ["a", "b"]}}, '("a" | "b")[]'),
        ({"type": "object", "additionalProperties": {"type": "boolean"}}, "{ [name]: boolean }"),
        ({"anyOf": [{"$ref": "#/components/schemas/Toy"}, {"type": "null"}]}, "Toy | null"),
        ({"type": "object", "properties": {"a": {"type": "string"}}}, "object"),
        ({"$ref": "#/components/schemas/Word"}, "string"),
        ({}, "any"),
    ],
)
def test_a_type_reads_as_in_typescript(schema: Mapping[str, Any], shown: str) -> None:
    toy = {"type": "object", "properties": {"wheels": {"type": "integer"}}}
    assert describe(schema, Toy=toy, Word={"type": "string", "pattern": "^a$"}) == shown


def test_objects_that_refer_to_each_other_stand_once() -> None:
    tree = {
        "type": "object",
        "required": ["name"],
        "properties": {
            "name": {"type": "string", "maxLength": 5, "description": "Its name."},
            "children": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}},
            "size": {"type": "object", "properties": {"a": {"type": "integer"}}},
            "other": {"type": "object", "properties": {"b": {"type": "integer"}}},
        },
    }
    schema = {"$ref": "#/components/schemas/Tree"}
    response = {"description": "", "content": {"application/json": {"schema": schema}}}
    operation = {"operationId": "one", "responses": {"200": response}}
    document = {"info": {"version": "1"}, "paths": {"/": {"get": operation}}, "components": {"schemas": {"Tree": tree}}}
    found = read_reference(json.dumps(document).encode()).find_operation("one")
    assert found is not None
    assert [one.name for one in found[1].objects] == ["Tree", "object", "object2"]
    name, children, _, other = found[1].objects[0].members
    assert (name.is_required, name.facts, name.description) == (True, ("maxLength: 5",), "Its name.")
    assert (children.is_required, [part.object for part in children.type]) == (False, ["Tree", None])
    assert other.type[0].object == "object2"


def test_descriptions_are_text() -> None:
    assert mark_up("One `a<b>` of\nthem.\n\nTwo <i>.") == (
        "<p>One <code>a&lt;b&gt;</code> of\nthem.</p><p>Two &lt;i&gt;.</p>"
    )
