"""The OpenAPI document: committed, valid, and true to the examples."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence, Set
from importlib.util import find_spec
from pathlib import Path
from typing import Any, get_args

import brotli
import jsonschema_rs
import pytest
from litestar import Litestar
from litestar.testing import TestClient
from msgspec import structs

from actitud_api import app as assembly
from actitud_api.app import ABOUT, create_app, find_examples
from actitud_api.engine.methodology import loader
from actitud_api.engine.methodology.loader import load_newest
from actitud_api.engine.methodology.predicates import walk_indicators
from actitud_api.platform.auth.service import Role
from actitud_api.platform.http.access import rules_of
from actitud_api.platform.http.openapi import build_document, complete_schemas, encode_document
from actitud_api.platform.http.system import SystemController
from actitud_api.resources.assessments.reviewed_submission import Verdict
from actitud_api.settings import Settings
from tests.contract.document import DocumentValidators
from tests.support import second_version
from tests.support.databases import unlimited

SECOND = "2099v1Draft"
PUBLISHED = frozenset({"explanations", "note", "reason", "text", "title"})
"""Members of requests in which people write what is published; a report of a key is not, though it is a text too."""
REPORTED = {("ReportRequest", "text")}
ADDRESSED = ("ContactSent", "Evidence", "WebhookPatch", "WebhookRequest")
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def app(demonstration: str) -> Iterator[Litestar]:
    """The application with the document of the product, which has retired a version that tests keep in use."""
    registry = json.loads((second_version.PRODUCT / "registry.json").read_bytes())
    in_use = [version for version, entry in registry.items() if entry["status"] == "active"]

    def list_versions(*statuses: str) -> Sequence[str]:
        assert statuses == ("draft", "retired")
        return [version for version in loader.list_versions() if version not in in_use]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assembly, "list_versions", list_versions)
        patch.setattr(assembly, "_documents", {})
        made = create_app(unlimited(demonstration))
        made.state["document"].read()
    yield made
    made.state["database"].close()


@pytest.fixture(scope="module")
def document(app: Litestar) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(app.state["document"].read())
    return found


def parameters(document: dict[str, Any], operation: dict[str, Any]) -> list[dict[str, Any]]:
    """The parameters of an operation, those that several share too."""
    shared = document["components"]["parameters"]
    return [
        shared[parameter["$ref"].rpartition("/")[2]] if "$ref" in parameter else parameter
        for parameter in operation["parameters"]
    ]


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def names(path: str) -> set[str]:
    """The parameters of a path."""
    return set(re.findall(r"\{(\w+)\}", path))


@pytest.mark.night
def test_the_committed_documents_are_those_of_the_service() -> None:
    """In a process of its own, without the second version that tests have. By day `make check` does it."""
    check = "import sys; from actitud_api import cli; sys.exit(cli.main(sys.argv[1:]))"
    named = ["openapi.json", "--methodology-schema", "methodology.schema.json"]
    subprocess.run(
        [sys.executable, "-c", check, "openapi", "--check", *named], cwd=ROOT / "openapi", check=True, timeout=300
    )


def test_a_refusal_offers_the_versions_that_it_has(document: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    body = document["paths"]["/v1/scores"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    monkeypatch.setattr(loader, "_read_registry", loader._read_registry.__wrapped__)
    monkeypatch.setattr(loader, "_open_versions_folder", lambda: second_version.PRODUCT)
    assert loader.list_offered_versions() == ("2027.1", "2027.1-short")
    assert set(body["discriminator"]["mapping"]) == {"2027.1", "2027.1-short"}


def test_examples_that_are_urls_of_the_service_have_its_address(demonstration: str) -> None:
    made = create_app(structs.replace(unlimited(demonstration), port=8101))
    try:
        served = json.loads(made.state["document"].read())
    finally:
        made.state["database"].close()
    (url,) = [one["example"] for one in served["paths"]["/oembed"]["get"]["parameters"] if one.get("name") == "url"]
    assert url == "http://127.0.0.1:8101/portal/2026-demo/XX-DEMO-00034"


def test_it_is_small_enough_to_read(app: Litestar, document: dict[str, Any]) -> None:
    served: bytes = app.state["document"].read()
    assert len(served) <= 700_000
    with TestClient(app) as client:
        for coding, most in (("br", 60_000), ("gzip", 95_000)):
            with client.stream("GET", "/v1/openapi.json", headers={"Accept-Encoding": coding}) as answer:
                assert answer.headers["content-encoding"] == coding
                assert len(b"".join(answer.iter_raw())) <= most
    assert len(document["components"]["schemas"]) <= 300
    known = {indicator.id.replace(".", "_") for indicator in walk_indicators(load_newest().document.root)}
    assert [name for name in document["components"]["schemas"] if any(one in name for one in known)] == []


def test_a_further_version_adds_few_schemas(app: Litestar) -> None:
    """With a variant of a version in use, its requests are in the document, and its answers share the shapes.

    The further version is a variant of 2026.1, which is therefore in both documents.
    """

    def build(*unpublished: str) -> bytes:
        hidden = {"methodology": unpublished}
        return encode_document(build_document(app, ABOUT, find_examples(), rules_of(app), hidden))

    fewer, more = build(second_version.VERSION), build()
    known, found = (json.loads(document)["components"]["schemas"].keys() for document in (fewer, more))
    added = found - known
    assert 15 <= len(added) <= 25
    assert {name for name in added if "Request" in name} == {
        f"{name}{SECOND}" for name in ("AssessmentRequest", "QuestionnaireRequest", "ReviewRequest", "ScoreRequest")
    }
    # Of its best quality the compression takes 30 times as long.
    assert len(brotli.compress(more, quality=9)) - len(brotli.compress(fewer, quality=9)) <= 2_500


def test_a_published_document_is_described_member_by_member(document: dict[str, Any]) -> None:
    """It is signed, so it has exactly the members of its format."""
    schema = document["paths"]["/v1/published/{digest}"]["get"]["responses"]["200"]["content"]["application/json"]
    components = {"components": document["components"]}
    validator = jsonschema_rs.Draft202012Validator({**schema["schema"], **components})
    whole = json.loads((ROOT / "openapi" / "examples" / "published.get.response.json").read_bytes())
    assert validator.is_valid(whole)
    assert [name for name in whole if validator.is_valid({**whole, name: {"more": 1}})] == []
    assert [name for name in whole if validator.is_valid({key: whole[key] for key in whole if key != name})] == []
    assert not validator.is_valid({**whole, "more": 1})
    assert not validator.is_valid({**whole, "counts": {**whole["counts"], "more": 1}})
    assert schema["schema"]["discriminator"]["mapping"].keys() == {"score", "edition"}


def test_it_has_no_formulas(document: dict[str, Any]) -> None:
    """Mutually recursive schemas keep a mock server from starting; a tree that only nests itself does not."""
    schemas = document["components"]["schemas"]
    references = {
        name: set(re.findall('"#/components/schemas/([^"]+)"', json.dumps(schema))) for name, schema in schemas.items()
    }

    def reached(name: str) -> set[str]:
        found: set[str] = set()
        pending = {name}
        while pending:
            pending = {other for one in pending for other in references[one]} - found
            found |= pending
        return found

    recursive = {name for name in schemas if name in reached(name)}
    assert {name for name in recursive if reached(name) & recursive != {name}} == set()


@pytest.mark.day
def test_it_has_the_form_of_openapi_3_1(document: dict[str, Any]) -> None:
    """By the published schema of the format, and that of JSON Schema; at night with its defaults, by the validator."""
    package = find_spec("openapi_spec_validator")
    assert package is not None
    assert package.origin is not None
    file = Path(package.origin).parent / "resources" / "schemas" / "v3.1" / "schema.json"
    jsonschema_rs.Draft202012Validator(json.loads(file.read_bytes())).validate(document)
    inline = [node["schema"] for node in walk(document) if isinstance(node.get("schema"), dict)]
    assert len(inline) > 100
    for schema in (*document["components"]["schemas"].values(), *inline):
        jsonschema_rs.meta.validate(schema)


@pytest.mark.night
def test_it_is_valid_openapi_3_1(document: dict[str, Any]) -> None:
    # Here, because its import makes forty grammars of addresses: two seconds in every process that collects tests.
    from openapi_spec_validator import validate

    assert document["openapi"] == "3.1.0"
    validate(document)


def walk(node: Any) -> Iterator[dict[str, Any]]:
    """Every object in a part of the document, except those of examples."""
    if isinstance(node, dict):
        yield node
        for name, value in node.items():
            if name != "example":
                yield from walk(value)
    elif isinstance(node, list):
        for value in node:
            yield from walk(value)


def test_schemas_are_named_by_words(document: dict[str, Any]) -> None:
    """A generator makes a class of each name: a dot breaks it, and an underscore becomes another name."""
    assert [name for name in document["components"]["schemas"] if not re.fullmatch("[A-Z][A-Za-z0-9]*", name)] == []


def test_every_enumeration_names_its_type(document: dict[str, Any]) -> None:
    enumerations = [node for node in walk(document) if isinstance(node.get("enum"), list) or "const" in node]
    assert len(enumerations) > 100
    assert [node for node in enumerations if "type" not in node] == []


def test_null_is_one_of_the_types_of_a_member(document: dict[str, Any]) -> None:
    """A generator that reads `anyOf` of a type with limits and null makes a class of the type, and forgets null."""
    unions = [node["anyOf"] for node in walk(document) if {"type": "null"} in node.get("anyOf", ())]
    assert all(len(union) > 2 or any(one.keys() & {"$ref", "oneOf"} for one in union) for union in unions)
    lists = [node for node in walk(document) if isinstance(node.get("type"), list)]
    assert len(lists) > 100
    enumerations = [node for node in lists if "enum" in node]
    assert len(enumerations) > 10
    assert [node for node in enumerations if (None in node["enum"]) != ("null" in node["type"])] == []


def test_a_tuple_of_one_type_is_an_array_of_it(document: dict[str, Any]) -> None:
    """The schema `false`, which stands after the items of a tuple, keeps openapi-python-client from any client."""
    pair = {"type": "array", "minItems": 2, "maxItems": 2, "prefixItems": [{"type": "integer"}] * 2, "items": False}
    assert complete_schemas(pair) == {"type": "array", "minItems": 2, "maxItems": 2, "items": {"type": "integer"}}
    mixed = pair | {"prefixItems": [{"type": "integer"}, {"type": "string"}]}
    assert complete_schemas(mixed) == mixed
    assert [node for node in walk(document) if node.get("items") is False] == []


def test_null_does_not_break_the_limits_of_a_type() -> None:
    limited = {"type": "integer", "minimum": 1, "enum": [1, 2], "description": "A level."}
    null = {"type": "null"}
    assert complete_schemas({"anyOf": [limited, null], "description": "The level.", "default": None}) == {
        "type": ["integer", "null"],
        "minimum": 1,
        "enum": [1, 2, None],
        "description": "The level.",
        "default": None,
    }
    for untyped in ({"$ref": "#"}, {"type": "number", "anyOf": [{"minimum": 9}]}, {"const": 1, "type": "integer"}):
        assert complete_schemas({"anyOf": [untyped, null]}) == {"anyOf": [untyped, null]}


def test_a_discriminator_stands_beside_one_of(document: dict[str, Any]) -> None:
    found = [node for node in walk(document) if isinstance(node.get("discriminator"), dict)]
    assert found
    assert [node for node in found if "oneOf" not in node or "anyOf" in node] == []
    for node in found:
        alternatives = [one["$ref"] for one in node["oneOf"]]
        assert sorted(alternatives) == sorted(set(node["discriminator"]["mapping"].values()))


def test_keys_and_verdicts_name_each_of_their_kinds(document: dict[str, Any]) -> None:
    """A type may stand for several: all that are bound to the same."""
    for path, method, kinds in (
        ("/v1/keys", "post", get_args(Role)),
        ("/v1/editions/{edition}/assessments/{organisation}/verdicts/{indicator}", "put", get_args(Verdict)),
    ):
        body = document["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"]
        mapping = body["discriminator"]["mapping"]
        assert mapping.keys() == set(kinds)
        for kind, reference in mapping.items():
            member = document["components"]["schemas"][reference.rpartition("/")[2]]["properties"]
            assert kind in member[body["discriminator"]["propertyName"]]["enum"]


def test_descriptions_are_not_broken_into_lines(document: dict[str, Any]) -> None:
    """The width of the source is none of a reader's, and equal sentences would differ by where they break."""
    described = [schema.get("description", "") for schema in document["components"]["schemas"].values()]
    assert [text for text in described if "\n" in text.replace("\n\n", "")] == []


def test_a_precondition_is_a_plain_string(document: dict[str, Any]) -> None:
    for name in ("If-Match", "If-Match-to-replace"):
        assert document["components"]["parameters"][name]["schema"].keys() == {"type", "pattern"}


def test_every_media_type_has_a_schema(document: dict[str, Any]) -> None:
    for _, _, operation in operations(document):
        for response in operation["responses"].values():
            assert all("schema" in media for media in response.get("content", {}).values()), operation["operationId"]


def test_ranges_name_a_media_type_of_bytes_first(document: dict[str, Any]) -> None:
    # Generators read a response as they read the first media type that they know, and a text breaks where bytes end.
    firsts = {
        next(iter(operation["responses"]["206"]["content"]))
        for _, _, operation in operations(document)
        if "206" in operation["responses"]
    }
    workbook = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    assert firsts == {workbook, "application/gzip", "application/json"}


def test_lists_answer_json_and_name_their_files(document: dict[str, Any]) -> None:
    """A union with text would take the type from whoever reads a list with a generated client."""
    for path in ("/v1/editions", "/v1/organisations"):
        for method, status in (("get", "200"), ("post", "201")):
            assert document["paths"][path][method]["responses"][status]["content"].keys() == {"application/json"}
        assert f"`{path[4:]}.export`" in document["paths"][path]["get"]["description"]
        assert ".export`" not in document["paths"][path]["post"]["description"]
        files = document["paths"][f"{path}.{{format}}"]["get"]["responses"]["200"]["content"]
        assert files["text/csv"]["schema"] == {"type": "string"}


def test_it_describes_what_other_sites_embed(document: dict[str, Any]) -> None:
    """Images, pages and data with their media types; a missing score is answered in the same form, or as a problem."""
    content = {
        "/badge/{edition}/{organisation}.{format}": {"image/svg+xml", "application/json"},
        "/badge/{edition}.svg": {"image/svg+xml"},
        "/embed/{edition}/{organisation}": {"text/html"},
        "/embed/{edition}/{organisation}/card.svg": {"image/svg+xml"},
        "/embed/{edition}/{organisation}/table.html": {"text/html"},
        "/embed/{edition}/{organisation}/score.json": {"application/json"},
    }
    for path, media_types in content.items():
        responses = document["paths"][path]["get"]["responses"]
        assert responses["200"]["content"].keys() == media_types
        assert responses["404"]["content"].keys() == media_types | {"application/problem+json"}
        assert "406" not in responses
    oembed = document["paths"]["/oembed"]["get"]
    assert oembed["responses"]["200"]["content"].keys() == {"application/json", "text/xml"}
    assert oembed["responses"]["501"] == {"$ref": "#/components/responses/not-implemented"}
    assert {one["name"] for one in parameters(document, oembed) if one["required"]} == {"url"}


def test_every_header_has_a_valid_example(document: dict[str, Any]) -> None:
    for header in document["components"]["headers"].values():
        jsonschema_rs.Draft202012Validator(header["schema"]).validate(header["example"])


def test_every_component_is_used(document: dict[str, Any]) -> None:
    text = json.dumps(document)
    for kind in ("schemas", "responses", "headers", "parameters"):
        for name in document["components"][kind]:
            assert f'"$ref": "#/components/{kind}/{name}"' in text, name


def test_it_says_whom_to_contact(tmp_path: Path) -> None:
    def contact(configured: str | None) -> dict[str, str]:
        settings = Settings(database_url=f"sqlite:///{tmp_path}/any.sqlite3", contact=configured)
        app = create_app(settings, [SystemController])
        found: dict[str, str] = json.loads(app.state["document"].read())["info"]["contact"]
        return found

    operator = {"name": "The operator of this service"}
    assert contact(None) == operator
    assert contact("datos@ejemplo.es") == {**operator, "email": "datos@ejemplo.es"}
    assert contact("https://ejemplo.es/@datos") == {**operator, "url": "https://ejemplo.es/@datos"}


def test_it_names_both_licences(document: dict[str, Any]) -> None:
    assert document["info"]["license"]["identifier"] == "EUPL-1.2"
    assert "CC BY 4.0" in document["info"]["description"]


def test_every_operation_says_what_it_is(document: dict[str, Any]) -> None:
    described = {tag["name"] for tag in document["tags"] if tag["description"]}
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(ids) == len(set(ids))
    for _, _, operation in operations(document):
        assert operation["summary"], operation["operationId"]
        assert operation["description"], operation["operationId"]
        assert set(operation["tags"]) <= described, operation["operationId"]


def test_every_path_is_plain(document: dict[str, Any]) -> None:
    for path in document["paths"]:
        known = {"/livez", "/readyz", "/.well-known/jwks.json", "/catalog.{format}", "/oembed"}
        assert path in known or path.startswith(("/v1/", "/badge/", "/embed/"))
        assert not path.endswith("/")


def test_every_path_parameter_is_described(document: dict[str, Any]) -> None:
    for path, _, operation in operations(document):
        declared = {one["name"] for one in parameters(document, operation) if one["in"] == "path"}
        assert declared == names(path)


def test_no_parameter_can_be_null_and_each_has_a_description(document: dict[str, Any]) -> None:
    for _, _, operation in operations(document):
        for parameter in parameters(document, operation):
            assert "null" not in json.dumps(parameter["schema"])
            assert parameter["description"], (operation["operationId"], parameter["name"])


@pytest.fixture(scope="module")
def taken(document: dict[str, Any]) -> dict[str, Any]:
    """The schemas that request bodies are made of."""
    schemas = document["components"]["schemas"]
    text = json.dumps([operation.get("requestBody") for _, _, operation in operations(document)])
    found: dict[str, Any] = {}
    while named := [name for name in schemas if name not in found and f'schemas/{name}"' in text]:
        found |= {name: schemas[name] for name in named}
        text += json.dumps([schemas[name] for name in named])
    assert found
    return found


def test_request_schemas_are_closed(taken: dict[str, Any]) -> None:
    for name, schema in taken.items():
        if schema.get("type") == "object":
            assert schema["additionalProperties"] is False, name


def test_no_text_of_a_request_is_of_any_form(document: dict[str, Any], taken: dict[str, Any]) -> None:
    """A text without form would let control characters through the schema that the decoder refuses."""

    def free(node: object) -> Iterator[object]:
        if isinstance(node, dict):
            if node.get("type") == "string" and not node.keys() & {"enum", "const", "pattern", "format"}:
                yield node
            for value in node.values():
                yield from free(value)
        elif isinstance(node, list):
            for value in node:
                yield from free(value)

    def is_free(name: str) -> bool:
        return name in ("lang", "theme", "maxwidth", "maxheight")

    queries = [
        parameter
        for _, _, operation in operations(document)
        for parameter in parameters(document, operation)
        # Embeds take the language, the colours and the size in any form.
        if parameter["in"] == "query" and not (operation["tags"] == ["embeds"] and is_free(parameter["name"]))
    ]
    assert not list(free([taken, queries]))


@pytest.mark.parametrize(
    ("members", "written", "admitting"),
    [
        (PUBLISHED, "Escriba a ana.perez@villa.example.", REPORTED),
        (PUBLISHED, "Llame al 612 345 678.", REPORTED),
        (PUBLISHED, "Con DNI 12345678Z.", REPORTED),
        ({"text", "title"}, "al \u202erevés", REPORTED),
        ({"url"}, "https://villa.example/x", {(name, "url") for name in ADDRESSED}),
        ({"url"}, "http://villa.example/x", {("ContactSent", "url")}),
        ({"url"}, "javascript:alert(1)", set()),
    ],
)
def test_only_some_members_of_requests_admit_a_text(
    document: dict[str, Any], taken: dict[str, Any], members: Set[str], written: str, admitting: Set[tuple[str, str]]
) -> None:
    """Written by hand: `test_invalid_requests.py` sees that the service refuses what the document does not admit."""
    validators = DocumentValidators(document)
    forms = {
        (name, member): validators.find(form)
        for name, schema in taken.items()
        for member, form in schema.get("properties", {}).items()
        if member in members
    }
    # Explanations are texts by the rule that they are about.
    assert {
        named for named, form in forms.items() if form.is_valid(written) or form.is_valid({"V13": written})
    } == admitting


def test_every_example_is_valid(document: dict[str, Any]) -> None:
    validators = DocumentValidators(document)
    checked = 0
    for _, _, operation in operations(document):
        contents = [response.get("content", {}) for response in operation["responses"].values()]
        contents.append(operation.get("requestBody", {}).get("content", {}))
        for media in (media for content in contents for media in content.values() if "example" in media):
            validators.find(media["schema"]).validate(media["example"])
            checked += 1
    assert checked >= 9


def test_the_example_of_a_read_is_short_and_that_of_a_score_is_whole(document: dict[str, Any]) -> None:
    """Whoever wants to see a long answer to a read can ask for it; a list of one item shows what is in it.

    Of groups in groups a mock server makes no valid example by itself.
    """
    nested = {"editions.scores.get", "published.get"}

    def example(path: str, method: str) -> Any:
        return document["paths"][path][method]["responses"]["200"]["content"]["application/json"].get("example")

    for _, method, operation in operations(document):
        for response in operation["responses"].values():
            for media in response.get("content", {}).values():
                if "example" in media and method == "get" and operation["operationId"] not in nested:
                    assert len(json.dumps(media["example"], ensure_ascii=False)) <= 1_000, operation["operationId"]
    assert len(example("/v1/organisations", "get")["items"]) == 1
    assert example("/v1/editions/{edition}/summary", "get") is None
    for path in ("/v1/editions/{edition}/scores/{organisation}", "/v1/published/{digest}"):
        assert len(json.dumps(example(path, "get"), ensure_ascii=False)) <= 2_500
    (dimension,) = example("/v1/scores", "post")["dimensions"]
    assert [indicator["id"] for indicator in dimension["indicators"]] == ["D1.07"]


def links(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for _, _, operation in operations(document):
        for response in operation["responses"].values():
            yield from response.get("links", {}).values()


def test_every_link_leads_to_an_operation_and_its_parameters(document: dict[str, Any]) -> None:
    known = {
        operation["operationId"]: {parameter["name"] for parameter in parameters(document, operation)}
        for _, _, operation in operations(document)
    }
    assert list(links(document))
    for link in links(document):
        assert set(link["parameters"]) <= known[link["operationId"]]


def test_some_link_leads_to_every_item_with_all_that_names_it(document: dict[str, Any]) -> None:
    found = [(link["operationId"], link["parameters"].keys()) for link in links(document)]
    for path, _, operation in operations(document):
        wanted = names(path)
        assert not wanted or any(
            name == operation["operationId"] and wanted <= parameters for name, parameters in found
        ), operation["operationId"]


def test_every_response_declares_its_headers(document: dict[str, Any]) -> None:
    shared = document["components"]["responses"]
    for _, _, operation in operations(document):
        for status, response in operation["responses"].items():
            found = shared[response["$ref"].rsplit("/", 1)[1]] if "$ref" in response else response
            of_content = {"Cache-Control", "Vary"} if "content" in found or status == "304" else set()
            assert {"X-Request-Id", "Link"} | of_content <= set(found["headers"]), (operation, status)
