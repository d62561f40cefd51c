"""Access to an OpenAPI document: references, and schemas in a form in which two can be compared.

A form is the list of the alternatives of a schema. References, `allOf`, `anyOf` and `oneOf` are dissolved in it, so
that the name of a component, and the way in which a schema is divided into components, do not count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

import msgspec
from msgspec import Struct

Node: TypeAlias = Mapping[str, object]
"""An object of the document."""

_TYPES_OF_VALUES: Final = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
}
_DISSOLVED: Final = frozenset({"$ref", "allOf", "anyOf", "oneOf", "discriminator"})
_NOT_COMPARED: Final = frozenset(
    {"title", "description", "example", "examples", "default", "deprecated", "$comment", "externalDocs", "xml"}
    | {"$id", "$schema", "$anchor", "$defs"}
)
_STRUCTURAL: Final = frozenset(
    {"type", "enum", "const", "properties", "required", "additionalProperties", "items", "propertyNames"}
)


class Shape(Struct, frozen=True, kw_only=True, eq=False):
    """One alternative of a JSON Schema, with its references resolved.

    Attributes:
        types: JSON types of its values apart from null, None for any type.
        nullable: True if null is one of its values.
        values: Values of `enum` or `const` apart from null, None if it has neither.
        is_open_enum: True if the document declares that values may be added.
        properties: Schemas of the members of an object, by name.
        required: Names of the members that an object must have.
        additional: Schema of further members, True for any, False for none.
        items: Schema of array items.
        names: Schema of member names.
        keywords: All other keywords.
    """

    types: frozenset[str] | None
    nullable: bool
    values: tuple[object, ...] | None
    is_open_enum: bool
    properties: Node
    required: frozenset[str]
    additional: object
    items: Node
    names: Node
    keywords: Node

    def get_tag(self, name: str) -> str | None:
        """Return the only value that the member `name` can have, as text.

        Return None if the member can have several values, or if there is no such member.
        """
        schema = as_object(self.properties.get(name))
        values = [schema["const"]] if "const" in schema else as_list(schema.get("enum"))
        return str(values[0]) if len(values) == 1 else None


class Form(Struct, frozen=True, eq=False):
    """JSON Schema as a list of its alternatives, apart from null.

    `nullable`: True if null is accepted. `discriminators`: names of the members whose values distinguish the
    alternatives.
    """

    shapes: tuple[Shape, ...]
    nullable: bool
    discriminators: frozenset[str]


def is_equal(left: object, right: object) -> bool:
    """Return True if two JSON values are equal: 1 equals 1.0, but not true."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(is_equal, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(is_equal(value, right[name]) for name, value in left.items())
    return left == right


def is_among(value: object, values: Sequence[object]) -> bool:
    """Return True if a JSON value equals one of `values`: 1 equals 1.0, but not true."""
    return value in values if isinstance(value, str) else any(is_equal(value, other) for other in values)


def as_object(value: object) -> Node:
    """Return a value of the document if it is an object, else an empty object."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> Sequence[object]:
    """Return a value of the document if it is an array, else an empty sequence."""
    return value if isinstance(value, list) else ()


def as_texts(value: object) -> frozenset[str]:
    """Return the strings in an array of the document; a value that is not an array has none."""
    return frozenset(item for item in as_list(value) if isinstance(item, str))


class Document:
    """OpenAPI document with resolved references and with the alternatives of its schemas, which are cached."""

    def __init__(self, data: Node) -> None:
        self.data = data
        self._forms: dict[int, Form] = {}
        # A form is found by the identity of its schema, so that schema must stay alive.
        self._kept: list[object] = []

    @staticmethod
    def parse(text: bytes) -> Document:
        """Parse the JSON text of an OpenAPI document.

        Raises:
            ValueError: The text is not a JSON object with a member `paths`.
        """
        data: object = msgspec.json.decode(text)
        if not isinstance(data, dict) or not isinstance(data.get("paths"), dict):
            raise ValueError("no OpenAPI document")
        return Document(data)

    def resolve(self, value: object) -> Node:
        """Return an object of the document, or the object that it refers to by `$ref`.

        Raises:
            ValueError: A reference leads nowhere, to another document, or in a circle.
        """
        node = as_object(value)
        for _ in range(100):
            reference = node.get("$ref")
            if not isinstance(reference, str):
                return node
            node = self._find(reference)
        raise ValueError(f"{reference} refers to itself")

    def get_form(self, schema: object) -> Form:
        """Return a schema as a list of its alternatives, with references and unions resolved."""
        if id(schema) not in self._forms:
            self._kept.append(schema)
            parts, discriminators = self._dissolve(schema, frozenset())
            shapes = [_build_shape(part, self._list_keywords(part)) for part in parts]
            self._forms[id(schema)] = Form(
                shapes=tuple(shape for shape in shapes if shape.types != frozenset()),
                nullable=any(shape.nullable for shape in shapes),
                discriminators=frozenset(discriminators),
            )
        return self._forms[id(schema)]

    def list_defaults(self, schema: object) -> Sequence[object]:
        """Return a sequence with the default value of a schema, empty if it has none, because a default may be null.

        A schema without a `default` of its own has that of the schema to which its `$ref` refers, else that of the
        first schema in its `allOf` with a default.
        """
        node = as_object(schema)
        if "default" in node:
            return (node["default"],)
        reference = node.get("$ref")
        parts = [self._find(reference)] if isinstance(reference, str) else []
        found = (self.list_defaults(part) for part in (*parts, *as_list(node.get("allOf"))))
        return next(filter(None, found), ())

    def _list_keywords(self, node: Node) -> Node:
        """Return the keywords of an alternative that are compared as they are, without references."""
        return {
            name: self._inline(value, frozenset())
            for name, value in node.items()
            if name not in _NOT_COMPARED | _STRUCTURAL and not name.startswith("x-")
        }

    def _inline(self, value: object, met: frozenset[str]) -> object:
        """Return a value with the schemas to which it refers; a reference among `met`, to itself, stays."""
        if isinstance(value, list):
            return [self._inline(item, met) for item in value]
        if not isinstance(value, dict):
            return value
        reference = value.get("$ref")
        if isinstance(reference, str) and reference not in met:
            beside = {name: item for name, item in value.items() if name != "$ref"}
            return self._inline({**self._find(reference), **beside}, met | {reference})
        return {name: self._inline(item, met) for name, item in value.items()}

    def _find(self, reference: str) -> Node:
        if not reference.startswith("#/"):
            raise ValueError(f"{reference} is not in this document")
        found: object = self.data
        for part in reference[2:].split("/"):
            found = as_object(found).get(part.replace("~1", "/").replace("~0", "~"))
        if not isinstance(found, dict):
            raise ValueError(f"{reference} leads nowhere")
        return found

    def _dissolve(self, schema: object, met: frozenset[str]) -> tuple[list[Node], set[str]]:
        """Return the alternatives of a schema, and the names of the members by which they are told apart.

        Each alternative is an object without references and unions. `met` has the references that led to the schema,
        so that a schema that consists of itself is found.
        """
        if schema is False:
            return [], set()
        node = as_object(schema)
        parts: list[Node] = [{name: value for name, value in node.items() if name not in _DISSOLVED}]
        discriminators: set[str] = set()
        name = as_object(node.get("discriminator")).get("propertyName")
        if isinstance(name, str):
            discriminators.add(name)
        reference = node.get("$ref")
        if isinstance(reference, str):
            if reference in met:
                raise ValueError(f"{reference} consists of itself")
            parts = self._combine(parts, [self._find(reference)], met | {reference}, discriminators)
        for element in as_list(node.get("allOf")):
            parts = self._combine(parts, [element], met, discriminators)
        for union in ("anyOf", "oneOf"):
            if elements := as_list(node.get(union)):
                parts = self._combine(parts, elements, met, discriminators)
        return parts, discriminators

    def _combine(
        self, parts: list[Node], elements: Sequence[object], met: frozenset[str], discriminators: set[str]
    ) -> list[Node]:
        """Combine each of the parts with each alternative of the elements: the result accepts what both accept.

        `parts` are the alternatives so far, and `elements` the members of an `allOf`, `anyOf` or `oneOf`. The names of
        the members by which alternatives are told apart are added to `discriminators`.
        """
        further: list[Node] = []
        for element in elements:
            alternatives, names = self._dissolve(element, met)
            further += alternatives
            discriminators |= names
        return [_merge(part, alternative) for part in parts for alternative in further]


def _merge(left: Node, right: Node) -> Node:
    """Return a schema that accepts what both schemas accept. Neither has a reference or a union at its top."""
    if not left:
        return right
    merged = dict(left)
    for name, value in right.items():
        if name not in merged or merged[name] == value or name in _NOT_COMPARED:
            merged[name] = value
        elif name == "type":
            merged[name] = sorted(_meet_types(_list_types(merged[name]), _list_types(value)))
        elif name == "required":
            merged[name] = sorted(as_texts(merged[name]) | as_texts(value))
        elif name == "properties":
            known = as_object(merged[name])
            both = {key: {"allOf": [known[key], schema]} for key, schema in as_object(value).items() if key in known}
            merged[name] = {**known, **as_object(value), **both}
        elif name == "enum":
            merged[name] = [item for item in as_list(merged[name]) if is_among(item, as_list(value))]
        elif name == "uniqueItems":
            merged[name] = True
        elif name in ("items", "additionalProperties", "propertyNames"):
            merged[name] = False if merged[name] is False or value is False else {"allOf": [merged[name], value]}
        elif name.startswith(("min", "exclusiveMin")):
            merged[name] = max(_to_number(merged[name]), _to_number(value))
        elif name.startswith(("max", "exclusiveMax")):
            merged[name] = min(_to_number(merged[name]), _to_number(value))
        else:
            merged[name] = [merged[name], value]
    return merged


def _build_shape(node: Node, keywords: Node) -> Shape:
    values: tuple[object, ...] | None = None
    if "const" in node:
        values = (node["const"],)
    elif "enum" in node:
        values = tuple(as_list(node["enum"]))
    types = None if "type" not in node else _list_types(node["type"])
    if values is not None:
        of_values = {"null" if value is None else _TYPES_OF_VALUES[type(value)] for value in values}
        types = frozenset(of_values) if types is None else _meet_types(types, frozenset(of_values))
    elif types is None and ("properties" in node or "additionalProperties" in node):
        types = frozenset({"object"})
    return Shape(
        types=None if types is None else types - {"null"},
        nullable=types is None or "null" in types,
        values=None if values is None else tuple(value for value in values if value is not None),
        is_open_enum=bool(node.get("x-extensible-enum")),
        properties=as_object(node.get("properties")),
        required=as_texts(node.get("required")),
        additional=node.get("additionalProperties", True),
        items=as_object(node.get("items")) if node.get("items") is not False else {"not": {}},
        names=as_object(node.get("propertyNames")),
        keywords=keywords,
    )


def _list_types(value: object) -> frozenset[str]:
    return frozenset({value}) if isinstance(value, str) else as_texts(value)


def _meet_types(left: frozenset[str], right: frozenset[str]) -> frozenset[str]:
    """Return the types that both sets accept; every integer is a number."""
    integers = (
        {"integer"} if ("integer" in left and "number" in right) or ("number" in left and "integer" in right) else set()
    )
    return (left & right) | integers


def _to_number(value: object) -> float:
    return value if isinstance(value, int | float) else 0
