"""The types of request bodies, and the enumerations, say what the OpenAPI document says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from actitud import Answer, Profile, models

DOCUMENT = json.loads((Path(__file__).parents[3] / "openapi" / "openapi.json").read_text("utf-8"))
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
PYTHON = {"integer": int, "number": float, "boolean": bool, "string": str}


def schema(suffix: str) -> dict[str, Any]:
    """The schema of the methodology in use."""
    (name,) = [name for name in SCHEMAS if name.startswith(suffix) and name.removeprefix(suffix)[:1].isdigit()]
    found: dict[str, Any] = SCHEMAS[name]
    return found


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


def test_a_profile_has_the_fields_of_the_methodology() -> None:
    hints = {name: written(hint) for name, hint in get_type_hints(Profile).items()}
    assert hints == {name: stated(member) for name, member in schema("Profile")["properties"].items()}


def test_each_form_of_answer_has_its_shape() -> None:
    shapes = {
        frozenset(get_type_hints(shape)): (shape.__required_keys__, get_type_hints(shape)) for shape in get_args(Answer)
    }
    used = set()
    for reference in schema("Answers")["properties"].values():
        answer = SCHEMAS[reference["$ref"].rpartition("/")[2]]
        required, hints = shapes[frozenset(answer["properties"])]
        used.add(frozenset(answer["properties"]))
        assert required == set(answer["required"])
        for name, member in answer["properties"].items():
            # The numerator of a rate may have decimals in one indicator and not in another.
            assert written(hints[name]) in ({stated(member), float} if stated(member) is int else {stated(member)})
    assert used == shapes.keys()


def enumerations(node: object) -> Iterator[frozenset[str]]:
    """The values of every enumeration in a part of the document."""
    if isinstance(node, dict):
        if isinstance(values := node.get("enum"), list):
            yield frozenset(map(str, values))
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
