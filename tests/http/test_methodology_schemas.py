"""The JSON Schemas beside the OpenAPI document: of score requests by version, and of methodology documents."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from actitud_api.engine.methodology.loader import list_versions, load_methodology
from actitud_api.engine.methodology.predicates import walk_indicators
from tests.support.assessing import request_a

Client = TestClient[Litestar]


def validator(client: Client, path: str) -> jsonschema_rs.Draft202012Validator:
    answered = client.get(path)
    assert (answered.status_code, answered.headers["content-type"]) == (200, "application/json")
    schema = answered.json()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


@pytest.mark.parametrize("version", list_versions())
def test_what_is_valid_by_the_schema_of_a_version_is_scored_and_nothing_else(client: Client, version: str) -> None:
    schema = validator(client, f"/v1/methodologies/{version}/schema.json")

    def agree(body: dict[str, Any], *, valid: bool) -> None:
        assert schema.is_valid(body) is valid
        assert client.post("/v1/scores", json=body).status_code == (200 if valid else 400)

    body = example(version)
    ratio = first_answer(body, "denominator")
    ladder = first_answer(body, "level")
    agree(body, valid=True)
    agree({**body, "answers": {ratio: {"numerator": 1, "denominator": 2, "basis": "self_declared"}}}, valid=True)
    agree({**body, "answers": {ratio: {"numerator": 1}}}, valid=False)
    agree({**body, "answers": {ratio: {"numerator": 1, "denominator": 2, "more": 3}}}, valid=False)
    agree({**body, "answers": {ladder: {"level": 5}}}, valid=False)
    agree({**body, "answers": {"D99": {"level": 1}}}, valid=False)
    agree({**body, "what_if": {"answers": {ladder: None}}}, valid=True)
    agree({**body, "profile": {**body["profile"], "population_served": -1}}, valid=False)


def example(version: str) -> dict[str, Any]:
    """Return example A of the catalogue that answers most of a version, with the facts that this version asks for."""
    asked = load_methodology(version).document
    names = {indicator.id for indicator in walk_indicators(asked.root)}
    fields = {field.name for field in asked.profile}
    bodies = [request_a(catalogue) for catalogue in ("2026.1", "2027.1")]
    body = max(bodies, key=lambda body: len(names & body["answers"].keys()))
    answers = {name: facts for name, facts in body["answers"].items() if name in names}
    profile = {name: value for name, value in body["profile"].items() if name in fields}
    return {**body, "methodology": version, "answers": answers, "profile": profile}


def first_answer(body: dict[str, Any], fact: str) -> str:
    """Return the indicator of the first answer with a fact: a ratio has a `denominator`, a ladder a `level`."""
    return str(next(name for name, facts in body["answers"].items() if fact in facts))


def test_the_schema_of_a_version_is_for_that_version_alone(client: Client) -> None:
    for version, other in (("2026.1", "2025.1"), ("2027.1", "2026.1")):
        schema, body = validator(client, f"/v1/methodologies/{version}/schema.json"), example(version)
        assert schema.is_valid(body)
        assert not schema.is_valid({**body, "methodology": other})


def test_methodology_documents_are_valid_by_their_schema(client: Client) -> None:
    schema = validator(client, "/v1/methodology.schema.json")
    for version in list_versions():
        document = client.get(f"/v1/methodologies/{version}").json()["document"]
        assert document == json.loads(bytes(load_methodology(version).written))
        assert schema.is_valid(document)
        assert not schema.is_valid({**document, "more": 1})
        assert not schema.is_valid({**document, "root": {**document["root"], "children": [{"kind": "formula"}]}})
