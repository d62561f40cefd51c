"""The types of request bodies, and the enumerations, say what the OpenAPI document says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec

from actitud import Answer, Profile, models
from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.methodology.requests.answers import build_score_request_type
from actitud_api.platform.http.openapi import complete_schemas

DOCUMENT = json.loads((Path(__file__).parents[3] / "openapi" / "openapi.json").read_text("utf-8"))
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
PYTHON = {"integer": int, "number": float, "boolean": bool, "string": str}


def components(version: str) -> dict[str, Any]:
    """The schemas of what a version asks for.

    The document has those that new editions can take; editions made with 2026.1 still take assessments.
    """
    if version == "2026.1":
        request = build_score_request_type(load_methodology(version))
        _, made = msgspec.json.schema_components([request], ref_template="#/components/schemas/{name}")
        known: dict[str, Any] = json.loads(msgspec.json.encode(complete_schemas(made)))
        return known
    return SCHEMAS


SUFFIXES = {"2026.1": "2026v1", "2027.1-short": "2027v1Short", "2027.1": "2027v1"}


def stated(member: dict[str, Any]) -> object:
    """The type of a member as Python has it; an enumeration is the set of its values."""
    stated = member["type"]
    (kind,) = {*(stated if isinstance(stated, list) else [stated])} - {"null"}
    if kind == "array":
        return "components"
    return frozenset(member["enum"]) - {None} if "enum" in member else PYTHON[kind]


def written(hint: Any) -> object:
    kinds = [one for one in (get_args(hint) or (hint,)) if one is not type(None)]
    if get_origin(hint) is Literal:
        return frozenset(kinds)
    if len(kinds) == 1 and get_origin(kinds[0]) is Literal:
        return frozenset(get_args(kinds[0]))
    return "components" if hint not in PYTHON.values() and kinds == [str] else kinds[0]


def test_the_versions_are_those_of_the_document_and_2026_1() -> None:
    documented = {name.removeprefix("Answers") for name in SCHEMAS if name.removeprefix("Answers")[:4].isdigit()}
    assert documented | {"2026v1"} == {*SUFFIXES.values()}


def test_a_profile_has_the_fields_of_every_version() -> None:
    asked: dict[str, object] = {}
    for version, suffix in SUFFIXES.items():
        for name, member in components(version)[f"Profile{suffix}"]["properties"].items():
            assert asked.setdefault(name, stated(member)) == stated(member), (version, name)
    assert {name: written(hint) for name, hint in get_type_hints(Profile).items()} == asked


def test_each_form_of_answer_has_its_shape() -> None:
    shapes = {
        frozenset(get_type_hints(shape)): (shape.__required_keys__, get_type_hints(shape)) for shape in get_args(Answer)
    }
    used = set()
    for version, suffix in SUFFIXES.items():
        schemas = components(version)
        for reference in schemas[f"Answers{suffix}"]["properties"].values():
            answer = schemas[reference["anyOf"][0]["$ref"].rpartition("/")[2]]
            required, hints = shapes[frozenset(answer["properties"])]
            used.add(frozenset(answer["properties"]))
            assert required == set(answer["required"])
            for name, member in answer["properties"].items():
                # The numerator of a rate may have decimals in one indicator and not in another.
                kinds = {stated(member), float} if stated(member) is int else {stated(member)}
                assert written(hints[name]) in kinds
    assert used == shapes.keys()


def enumerations(node: object) -> Iterator[frozenset[str]]:
    """The values of every enumeration in a part of the document, but null."""
    if isinstance(node, dict):
        if isinstance(values := node.get("enum"), list):
            yield frozenset(str(value) for value in values if value is not None)
        for name, member in node.items():
            if name != "example":
                yield from enumerations(member)
    if isinstance(node, list):
        for member in node:
            yield from enumerations(member)


def test_each_enumeration_has_the_values_of_one_in_the_document() -> None:
    known = set(enumerations(DOCUMENT))
    # At run time an enumeration of the SDK admits any string too.
    aliases = {name: get_args(get_args(alias)[0]) for name, alias in vars(models).items() if str in get_args(alias)}
    stated = {name: frozenset(values) for name, values in aliases.items() if values}
    assert {"ScoreSort", "ProvinceCode", "ReasonCode"} <= stated.keys()
    assert [name for name, values in stated.items() if values not in known] == []
