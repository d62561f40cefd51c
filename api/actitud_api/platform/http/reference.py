"""The reference of the API, read from the OpenAPI document for pages that need no script.

Swagger UI showed it before: its script alone is 368 kB with Brotli, and axe found 2,318 faults of contrast in it.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlencode

from markupsafe import Markup, escape
from msgspec import Struct

from actitud_api.engine.i18n import Texts

HOST: Final = "https://HOST"
"""Scheme and authority in commands, which a page replaces by those of the service."""
LANGUAGE: Final = "LANGUAGE"
"""Language in commands, which a page replaces by its own."""

_FACTS: Final = (
    *("format", "minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "minLength", "maxLength", "pattern"),
    *("minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties", "default"),
)
"""Keywords of a schema that are shown beside the type, in this order."""
_CODE: Final = re.compile("`([^`]+)`")
_METHODS: Final = ("get", "put", "post", "delete", "patch")

Json = Mapping[str, Any]


class FirstStep(NamedTuple):
    """Curl command for a newcomer to the API, with its purpose; `HOST` and `LANGUAGE` in it are placeholders."""

    purpose: Texts
    command: str


class TypePart(Struct, frozen=True):
    """Part of the text by which the API reference names a type, such as `[]` after the type of an item.

    `object` is the name of the object type that the part stands for, so that it becomes a link; None for any other
    part.
    """

    text: str
    object: str | None = None


class MemberView(Struct, frozen=True, kw_only=True):
    """Member of an object, or parameter of an operation, as the reference shows it.

    `type` is the name of its type, in parts that a page joins. `facts` are its bounds and its default, such as
    `minimum: 0`. `place` is the part of a request that has the parameter: `path`, `query` or `header`; it is empty for
    a member.
    """

    name: str
    type: tuple[TypePart, ...]
    is_required: bool
    facts: tuple[str, ...]
    description: str
    place: str = ""


class ObjectView(Struct, frozen=True, kw_only=True):
    """Object type of requests or responses, with its members, as the reference shows it."""

    name: str
    description: str
    members: tuple[MemberView, ...]


class ContentView(Struct, frozen=True, kw_only=True):
    """Body of a request or response in one media type.

    `type` is the name of its type, in parts that a page joins. `example` is indented JSON, None without an example.
    """

    media_type: str
    type: tuple[TypePart, ...]
    example: str | None


class ResponseView(Struct, frozen=True, kw_only=True):
    """Response of an operation, as the reference shows it.

    `slug` is the name of its problem type if the document shares the description of such responses, else None.
    """

    status: str
    slug: str | None
    description: str
    contents: tuple[ContentView, ...]


class OperationView(Struct, frozen=True, kw_only=True):
    """Operation with all data that its page in the reference shows.

    `roles` are the roles whose keys may call the operation, empty if no key is needed. `takes_key` is True if a key may
    be sent. `objects` are the object types of the request and of successful responses, each once. `command` is a curl
    command that calls the operation with the examples of the document.
    """

    name: str
    method: str
    path: str
    summary: str
    description: str
    is_deprecated: bool
    roles: tuple[str, ...]
    takes_key: bool
    parameters: tuple[MemberView, ...]
    body: tuple[ContentView, ...]
    responses: tuple[ResponseView, ...]
    objects: tuple[ObjectView, ...]
    command: str


class GroupView(Struct, frozen=True, kw_only=True):
    """Operations with one tag of the OpenAPI document, and the description of the tag."""

    name: str
    description: str
    operations: tuple[OperationView, ...]


class Reference(Struct, frozen=True, kw_only=True):
    """Content of the pages of the API reference: the operations of the OpenAPI document, grouped by tag."""

    version: str
    description: str
    groups: tuple[GroupView, ...]

    def find_operation(self, name: str) -> tuple[GroupView, OperationView] | None:
        """Return the operation with that `operationId` and its group, None if there is none."""
        return next(
            ((group, one) for group in self.groups for one in group.operations if one.name == name),
            None,
        )


@functools.lru_cache(maxsize=2)
def read_reference(document: bytes) -> Reference:
    """Return the content of the API reference, read from the OpenAPI document (JSON).

    Groups stand in the order of the tags of the document, operations in the order of its paths.
    """
    return _Reader(json.loads(document)).read()


def mark_up(text: str) -> Markup:
    """Convert a description in the OpenAPI document to HTML.

    Blank lines separate paragraphs, and backticks mark code.
    """
    paragraphs = (
        _CODE.sub(r"<code>\1</code>", str(escape(paragraph))) for paragraph in text.split("\n\n") if paragraph
    )
    return Markup("".join(f"<p>{paragraph}</p>" for paragraph in paragraphs))  # escaped above


class _Reader:
    """Reads one OpenAPI document."""

    def __init__(self, document: Json) -> None:
        self._document = document
        self._schemas: Json = document.get("components", {}).get("schemas", {})

    def read(self) -> Reference:
        operations: dict[str, list[OperationView]] = {}
        for path, methods in self._document["paths"].items():
            for method in _METHODS:
                if method in methods:
                    tag = methods[method].get("tags", [""])[0]
                    operations.setdefault(tag, []).append(self._read_operation(method, path, methods[method]))
        described = {tag["name"]: tag.get("description", "") for tag in self._document.get("tags", ())}
        info = self._document["info"]
        return Reference(
            version=info["version"],
            description=info.get("description", ""),
            groups=tuple(
                GroupView(name=name, description=described.get(name, ""), operations=tuple(operations[name]))
                for name in dict.fromkeys([*described, *operations])
                if name in operations
            ),
        )

    def _read_operation(self, method: str, path: str, operation: Json) -> OperationView:
        parameters = [self._resolve(one) for one in operation.get("parameters", ())]
        body = operation.get("requestBody", {}).get("content", {})
        responses = [(status, one, self._resolve(one)) for status, one in sorted(operation["responses"].items())]
        security = [role for one in operation.get("security", ()) for role in one.get("key", ())]
        objects = _Objects(self._schemas)
        shown = tuple(_read_contents(body, objects))
        answers = tuple(
            ResponseView(
                status=status,
                slug=_get_name(reference),
                description=response["description"],
                # Every problem has the same body, which the overview describes.
                contents=tuple(_read_contents(response.get("content", {}), objects)) if status < "300" else (),
            )
            for status, reference, response in responses
        )
        return OperationView(
            name=operation["operationId"],
            method=method.upper(),
            path=path,
            summary=operation.get("summary", ""),
            description=operation.get("description", ""),
            is_deprecated=operation.get("deprecated", False),
            roles=tuple(security),
            takes_key=any("key" in one for one in operation.get("security", ())),
            parameters=tuple(
                _read_member(one["name"], one["schema"], objects, one.get("required", False), one["in"], one)
                for one in parameters
            ),
            body=shown,
            responses=answers,
            objects=tuple(objects.read_all()),
            command=_build_command(method, path, parameters, body, needs_key=bool(security)),
        )

    def _resolve(self, one: Json) -> Json:
        """Return the parameter or response of the components that `one` refers to, or `one` itself."""
        if "$ref" not in one:
            return one
        _, _, kind, name = one["$ref"].split("/")
        found: Json = self._document["components"][kind][name]
        return found


class _Objects:
    """Collects the objects that types refer to, in the order in which they are first met."""

    def __init__(self, schemas: Json) -> None:
        self._schemas = schemas
        self._found: dict[str, Json] = {}

    def describe_type(self, schema: Json) -> Iterator[TypePart]:
        """Describe a schema as TypeScript does, and collect the objects in it."""
        match schema:
            case {"$ref": str(reference)}:
                name = reference.rpartition("/")[2]
                yield self._add(name, self._schemas[name])
            case {"anyOf": [*options]} | {"oneOf": [*options]}:
                yield from self._join(options)
            case {"enum": [*values]}:
                yield TypePart(" | ".join(map(json.dumps, values)))
            case {"type": "array", "items": dict(items)}:
                parts = list(self.describe_type(items))
                is_union = any(" | " in part.text for part in parts)
                yield from [TypePart("("), *parts, TypePart(")[]")] if is_union else [*parts, TypePart("[]")]
            case {"properties": dict(members)} if members:
                yield self._add(schema.get("title", "object"), schema)
            case {"additionalProperties": dict(values)}:
                yield from [TypePart("{ [name]: "), *self.describe_type(values), TypePart(" }")]
            case {"type": [*types]}:
                yield from self._join([{**schema, "type": one} for one in types])
            case {"type": str(name)}:
                yield TypePart(name)
            case _:
                yield TypePart("any")

    def read_all(self) -> Iterator[ObjectView]:
        """Read the collected objects, and those that they refer to."""
        done = 0
        while done < len(self._found):
            for name, schema in list(self._found.items())[done:]:
                done += 1
                required = schema.get("required", ())
                yield ObjectView(
                    name=name,
                    description=schema.get("description", ""),
                    members=tuple(
                        _read_member(member, of_member, self, member in required)
                        for member, of_member in schema.get("properties", {}).items()
                    ),
                )

    def _add(self, name: str, schema: Json) -> TypePart:
        """Collect an object; one without a name of its own gets a number behind it if the name is taken."""
        if not schema.get("properties"):
            return TypePart(str(schema.get("type", "any")))
        number, free = 1, name
        while self._found.get(free, schema) is not schema:
            number += 1
            free = f"{name}{number}"
        self._found[free] = schema
        return TypePart(free, free)

    def _join(self, options: Iterable[Json]) -> Iterator[TypePart]:
        for number, option in enumerate(options):
            if number:
                yield TypePart(" | ")
            yield from self.describe_type(option)


def _read_member(
    name: str, schema: Json, objects: _Objects, is_required: bool, place: str = "", described: Json | None = None
) -> MemberView:
    facts = [f"{fact}: {json.dumps(schema[fact], ensure_ascii=False)}" for fact in _FACTS if fact in schema]
    return MemberView(
        name=name,
        type=tuple(objects.describe_type(schema)),
        is_required=is_required,
        facts=tuple(facts),
        description=(described or schema).get("description", ""),
        place=place,
    )


def _read_contents(contents: Json, objects: _Objects) -> Iterator[ContentView]:
    for media_type, content in contents.items():
        example = _find_example(content)
        yield ContentView(
            media_type=media_type,
            type=tuple(objects.describe_type(content["schema"])) if "schema" in content else (),
            example=None if example is None else _format_json(example),
        )


def _get_name(reference: Json) -> str | None:
    """Return the name of the component that is referred to, None if this is no reference."""
    return reference["$ref"].rpartition("/")[2] if "$ref" in reference else None


def _find_example(described: Json) -> Any:
    """Return the example of a parameter or content, None if it has none."""
    named = [one.get("value") for one in described.get("examples", {}).values()]
    schema = described.get("schema", {})
    found = [described.get("example"), *named, *schema.get("examples", ()), schema.get("default")]
    return next((one for one in [*found, *schema.get("enum", ())] if one is not None), None)


def _format_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _build_command(method: str, path: str, parameters: Sequence[Json], body: Json, *, needs_key: bool) -> str:
    """Build the curl command that calls an operation with the examples of the document.

    What has no example stands in capital letters, for the reader to fill in.
    """
    values = {
        (one["in"], one["name"]): _find_example(one) or one["name"].upper() for one in parameters if one.get("required")
    }
    for (place, name), value in values.items():
        if place == "path":
            path = path.replace(f"{{{name}}}", quote(str(value), safe=":"))
    query = urlencode([(name, value) for (place, name), value in values.items() if place == "query"])
    lines = [f"curl -s '{HOST}{path}{'?' if query else ''}{query}'"]
    if method != "get" and not (method == "post" and body):
        lines.append(f"-X {method.upper()}")
    if needs_key:
        lines.append('-H "Authorization: Bearer $ACTITUD_API_KEY"')
    lines += [f"-H '{name}: {value}'" for (place, name), value in values.items() if place == "header"]
    if not body:
        return " \\\n     ".join(lines)
    media_type, content = next(iter(body.items()))
    lines.append(f"-H 'Content-Type: {media_type}'")
    example = _find_example(content)
    if example is None:
        return " \\\n     ".join([*lines, "--data-binary @FILE"])
    return " \\\n     ".join([*lines, f"--data-binary @- <<'END'\n{_format_json(example)}\nEND"])
