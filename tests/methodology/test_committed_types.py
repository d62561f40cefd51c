"""What may be sent is what the committed OpenAPI document says, name by name and text by text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from actitud_api.methodology.answers import request_type
from actitud_api.methodology.content import types
from actitud_api.methodology.loader import load

Schema = dict[str, Any]  # JSON
DOCUMENT = Path(__file__).parents[2] / "openapi" / "openapi.json"


@pytest.mark.parametrize("version", ["2026.1", "2026.2-draft"])
def test_the_types_of_a_version_are_those_of_the_document(version: str) -> None:
    methodology = load(version)
    made = types(methodology)
    _, components = msgspec.json.schema_components(
        [made.whole, made.patch, request_type(methodology)], ref_template="#/components/schemas/{name}"
    )
    committed = json.loads(DOCUMENT.read_text(encoding="utf-8"))["components"]["schemas"]
    assert len(components) > 140
    for name, schema in components.items():
        assert said(schema) == said(committed[name]), name


def said(schema: Schema) -> Schema:
    """What a schema says, without what the document adds to its members: patterns, examples, unique items."""
    found = {key: schema.get(key) for key in ("title", "description", "type", "required", "additionalProperties")}
    members = schema.get("properties", {})
    return found | {name: [member.get("description"), member.get("$ref")] for name, member in members.items()}
