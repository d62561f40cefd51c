"""What may be sent is what the committed OpenAPI document says, name by name and text by text."""

from __future__ import annotations

import json
from inspect import cleandoc
from pathlib import Path
from typing import Any

import msgspec
import pytest

from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.methodology.requests.answers import build_score_request_type
from actitud_api.engine.methodology.requests.content import build_assessment_types
from actitud_api.engine.methodology.requests.overall_review import build_review_request_type
from actitud_api.platform.http.openapi import complete_schemas

Schema = dict[str, Any]  # JSON
DOCUMENT = Path(__file__).parents[3] / "openapi" / "openapi.json"


@pytest.mark.parametrize(("version", "least"), [("2027.1", 36), ("2027.1-short", 20)])
def test_the_types_of_the_versions_in_use_are_those_of_the_document(version: str, least: int) -> None:
    methodology = load_methodology(version)
    made = build_assessment_types(methodology)
    _, components = msgspec.json.schema_components(
        [made.whole, made.patch, build_score_request_type(methodology), build_review_request_type(methodology)],
        ref_template="#/components/schemas/{name}",
    )
    committed = json.loads(DOCUMENT.read_text(encoding="utf-8"))["components"]["schemas"]
    assert len(components) > least
    for name, schema in json.loads(msgspec.json.encode(complete_schemas(components))).items():
        assert said(schema) == said(committed[name]), name


def said(schema: Schema) -> Schema:
    """A schema without its title, which the document leaves out because it repeats the name, and without the members to
    which the document adds what notes, reasons and sources refuse, or which ids there are.
    """
    members = schema.get("properties", {})
    added = {"edition", "note", "self_declared", "profile_self_declared", "reason", "what_if"}
    # Python 3.13 takes the indentation out of docstrings, earlier ones leave it in.
    untitled = {name: member for name, member in schema.items() if name != "title"}
    return untitled | {
        "description": cleandoc(schema["description"]),
        "properties": {name: member for name, member in members.items() if name not in added},
    }
