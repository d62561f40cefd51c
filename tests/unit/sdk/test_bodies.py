"""The types of request bodies say what the OpenAPI document says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from actitud import Answer, Profile

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
    if "anyOf" in member:
        (member,) = [one for one in member["anyOf"] if one["type"] != "null"]
    if member["type"] == "array":
        return "components"
    return frozenset(member["enum"]) if "enum" in member else PYTHON[member["type"]]


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
