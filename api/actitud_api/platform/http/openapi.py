"""OpenAPI document, built from the contracts that are enforced.

The schemas are those that msgspec derives from the decoded and encoded types, so nothing is described twice.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from inspect import cleandoc
from pathlib import Path
from types import MappingProxyType, NoneType
from typing import Any, Final, TypeAlias

import msgspec
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from actitud_api.engine.i18n import LANGUAGES
from actitud_api.engine.methodology.free_text import Note, PublicText, Reason
from actitud_api.engine.methodology.requests.content import SourceEdition
from actitud_api.platform.http.access import Rule, Rules, operation_id
from actitud_api.platform.http.batches import BatchBody, describe_batch
from actitud_api.platform.http.contract import (
    EDITION,
    IDEMPOTENCY_KEY,
    VERSION_NAME,
    Contract,
    Link,
    find_contract,
)
from actitud_api.platform.http.event_streams import EVENT_STREAM, EventStream
from actitud_api.platform.http.inputs import LANG, Body, FileBody, describe_parameters
from actitud_api.platform.http.middleware.format_negotiation import files_path
from actitud_api.platform.http.middleware.limits import class_of
from actitud_api.platform.http.negotiation import JSON
from actitud_api.platform.http.preconditions import IF_MATCH, Precondition
from actitud_api.platform.http.problems import (
    CONTENT_TOO_LARGE,
    FORBIDDEN,
    IDEMPOTENCY_KEY_REUSED,
    INVALID_REQUEST,
    METHOD_NOT_ALLOWED,
    NOT_ACCEPTABLE,
    NOT_FOUND,
    PRECONDITION_FAILED,
    PRECONDITION_REQUIRED,
    PROBLEM_JSON,
    RANGE_NOT_SATISFIABLE,
    TOO_MANY_REQUESTS,
    TYPES,
    UNAUTHORIZED,
    UNAVAILABLE,
    UNSUPPORTED_MEDIA_TYPE,
    FieldError,
    Problem,
    ProblemType,
)
from actitud_api.platform.http.representations import Exact, Files, Rendered

Node: TypeAlias = dict[str, Any]

PARAMETERS: Final = "parameters.json"
"""File of the examples of parameters."""

_COMPONENTS = "#/components/"
_SCHEMAS = _COMPONENTS + "schemas/{name}"
_TEXT: Node = {"type": "string"}
_EVENTS: Node = {"description": "Server-sent events; the data of each are JSON."}
_VERSION: Node = _TEXT | {"pattern": IF_MATCH}


@dataclass(frozen=True, slots=True)
class ServiceDescription:
    """Description of the service as a whole in the OpenAPI document.

    `version` is the release of the service, `license` the id of its licence, and `contact` its contact object.
    `tags` maps each tag to its description.
    """

    title: str
    version: str
    description: str
    license: str
    contact: Mapping[str, str]
    tags: Mapping[str, str]


class ServedDocument:
    """The OpenAPI document of an application as JSON, built when it is first read.

    Building it takes 0.25 s, a fifth of the start of a service, and most processes end before any client requests it.
    """

    def __init__(self, build: Callable[[], bytes]) -> None:
        self._build = build
        self._lock = threading.Lock()
        self._encoded: bytes | None = None

    def read(self) -> bytes:
        """Return the OpenAPI document as JSON; the first call builds it."""
        with self._lock:
            if self._encoded is None:
                self._encoded = self._build()
            return self._encoded


def build_document(
    app: Litestar,
    about: ServiceDescription,
    examples: Path | None,
    rules: Rules,
    unpublished: Mapping[str, Collection[str]] = MappingProxyType({}),
    address: str = "",
) -> Node:
    """Return the OpenAPI document of an application.

    Args:
        app: The application.
        about: Description of the service as a whole.
        examples: Folder with files `<operation>.request.json` and `<operation>.response.json`, and `parameters.json`
            with parameters of paths and queries by operation; None for no examples.
        rules: Access rules by operation id.
        unpublished: Values that requests may send but that the document does not show, such as drafts, by the name of a
            parameter or member. If the member selects between alternative bodies, as `methodology` does, the
            alternatives for these values are not shown either.
        address: Address of the service, without a slash at the end, for examples that are one of its own URLs.
    """
    operations = list(_iterate_operations(app))
    parameters: dict[str, dict[str, str]] = {} if examples is None else json.loads((examples / PARAMETERS).read_bytes())
    component_schemas = _build_schemas(contract for _, _, _, contract in operations)
    files = {
        contract.represents: operation_id(handler)
        for _, _, handler, contract in operations
        if contract.represents is not None
    }
    paths: Node = {}
    problems: dict[str, Node] = {}
    for path, method, handler, contract in operations:
        rule = rules[operation_id(handler)]
        # `Accept` selects a file only for a GET.
        negotiated = files.get(path) if method == "get" else None
        operation = _Operation(
            handler,
            contract,
            component_schemas,
            examples,
            {
                name: example.replace("{address}", address)
                for name, example in parameters.get(operation_id(handler), {}).items()
            },
            rule,
            negotiated,
            problems,
        )
        paths.setdefault(path, {})[method] = operation.describe()
    document: Node = {
        "openapi": "3.1.0",
        "components": {
            "schemas": component_schemas.components,
            "securitySchemes": _SECURITY_SCHEMES,
            "headers": _HEADERS,
            "parameters": dict(_PARAMETERS),
            "responses": {
                "not-modified": {
                    "description": "The response is the one that the client has: `If-None-Match` names its `ETag`.",
                    "headers": _refer_to_headers(
                        ["API-Version", "Cache-Control", "ETag", "Link", "Vary", "X-Request-Id", *_GIVEN_UP]
                    )
                    | _refer_to_headers(["Content-Disposition", "Content-Location", "Last-Modified", *_LIMIT_FIELDS])
                    | {
                        name: {**_HEADERS[name], "required": False}
                        for name in ("Accept-Ranges", "Content-Language", "Repr-Digest")
                    },
                },
                "alias": {
                    "description": "The path contains an alias; `Location` has the same path with the id.",
                    "headers": _refer_to_headers(
                        [
                            "API-Version",
                            "Cache-Control",
                            "Link",
                            "Location",
                            "Vary",
                            "X-Request-Id",
                            *_GIVEN_UP,
                            *_LIMIT_FIELDS,
                        ]
                    ),
                },
                "problem": _problem_response("Any other problem; the type says which.", TYPES["internal-error"]),
                **{one.slug: _problem_response(_describe_types([one]), one) for one in TYPES.values()},
                **problems,
            },
        },
        "info": {
            "title": about.title,
            "version": about.version,
            "description": about.description,
            "contact": dict(about.contact),
            "license": {"name": about.license, "identifier": about.license},
        },
        # Health checks, public keys, the catalogue and embeds are outside /v1, and a client wants one base URL.
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": text} for name, text in about.tags.items()],
        # Fixed paths come before those with a parameter in the same place, for readers that take the first match.
        "paths": {path: dict(sorted(paths[path].items())) for path in sorted(paths)},
    }
    shown = _hide_alternatives(complete_schemas(document), unpublished)
    ordered: Node = _order_keywords(_remove_unused_components(_share_parameters(shown)))
    return ordered


def encode_document(document: Node) -> bytes:
    """Encode the OpenAPI document as JSON in the form that is served, without blanks.

    Members stand in the order of their declaration, which is more readable than alphabetical order and compresses 1 %
    better.
    """
    return msgspec.json.encode(document)


def encode_json_schema(type_: type[msgspec.Struct]) -> bytes:
    """Return the JSON Schema (2020-12) of a Struct as JSON, with types and unions as code generators need them."""
    schema = complete_schemas(msgspec.json.schema(type_))
    for definition in schema["$defs"].values():
        _clean_description(definition)
    return _encode_sorted({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})


def format_document(document: bytes) -> bytes:
    """Return an OpenAPI document in the form that is committed: indented, so that a diff shows lines.

    It ends with a newline.
    """
    return msgspec.json.format(document, indent=2) + b"\n"


def _clean_description(schema: Node) -> None:
    # Python 3.13 takes the indentation out of docstrings, earlier ones leave it in. The width of lines is that of the
    # source: it keeps equal sentences from being equal, and the compressed document is 1 % larger.
    if "description" in schema:
        paragraphs = cleandoc(schema["description"]).split("\n\n")
        schema["description"] = "\n\n".join(paragraph.replace("\n", " ") for paragraph in paragraphs)


def complete_schemas(node: Any) -> Any:
    """Return a part of an OpenAPI document with its schemas in the form that code generators understand.

    A `type` is added beside an `enum`. `oneOf` replaces an `anyOf` with a discriminator, a list of types replaces an
    `anyOf` of a type and null, and `items` replaces the `prefixItems` of a tuple if they are alike. None of these
    changes affects which values are valid. Examples are returned unchanged.
    """
    if isinstance(node, list):
        return [complete_schemas(member) for member in node]
    if not isinstance(node, dict):
        return node
    completed = {key: member if key == "example" else complete_schemas(member) for key, member in node.items()}
    if isinstance(values := completed.get("enum"), list) and "type" not in completed:
        types = sorted({_JSON_TYPES[type(value)] for value in values})
        completed["type"] = types[0] if len(types) == 1 else types
    if "discriminator" in completed and "anyOf" in completed:
        completed["oneOf"] = completed.pop("anyOf")
    match completed:
        case {"prefixItems": [first, *others], "items": False, "maxItems": most} if most == len(others) + 1:
            if all(other == first for other in others):
                completed["items"] = first
                del completed["prefixItems"]
    return _join_null(completed)


def _join_null(schema: Node) -> Node:
    """Return a schema with null in its `type` instead of an `anyOf` of one typed schema and null.

    The limits of a type, such as `minimum`, do not hold for null; an `enum` does, and gets null as a value. A schema
    with keywords that hold for every type, such as `$ref`, is returned as it is.
    """
    alternatives = schema.get("anyOf")
    if not isinstance(alternatives, list) or len(alternatives) != 2 or _NULL not in alternatives:
        return schema
    (typed,) = [alternative for alternative in alternatives if alternative != _NULL]
    if "type" not in typed or typed.keys() & _OF_EVERY_TYPE:
        return schema
    types = typed["type"] if isinstance(typed["type"], list) else [typed["type"]]
    # A description beside the `anyOf` is that of the member, which says more than that of its type.
    joined: Node = typed | {key: member for key, member in schema.items() if key != "anyOf"}
    joined["type"] = list(dict.fromkeys([*types, "null"]))
    if "enum" in typed:
        joined["enum"] = list(dict.fromkeys([*typed["enum"], None]))
    return joined


_NULL: Final[Node] = {"type": "null"}
_OF_EVERY_TYPE: Final = frozenset({"$ref", "allOf", "anyOf", "oneOf", "not", "if", "const"})

_JSON_TYPES: Final[Mapping[type, str]] = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    NoneType: "null",
}


def _hide_alternatives(node: Any, unpublished: Mapping[str, Collection[str]]) -> Any:
    """Return a part of the document in which no union and no enumeration names an unpublished tag."""
    if isinstance(node, list):
        return [_hide_alternatives(member, unpublished) for member in node]
    if not isinstance(node, dict):
        return node
    discriminator = node.get("discriminator")
    if isinstance(discriminator, dict) and (hidden := unpublished.get(discriminator.get("propertyName", ""))):
        mapping = {tag: reference for tag, reference in discriminator["mapping"].items() if tag not in hidden}
        alternatives = [{"$ref": reference} for reference in mapping.values()]
        return {**node, "oneOf": alternatives, "discriminator": {**discriminator, "mapping": mapping}}
    # A parameter has its name beside its schema, a member has its schema as the value of its name.
    if isinstance(name := node.get("name"), str) and "schema" in node and (hidden := unpublished.get(name)):
        return {**node, "schema": _remove_values(node["schema"], hidden)}
    return {
        key: member
        if key == "example"
        else _remove_values(member, hidden)
        if (hidden := unpublished.get(key))
        else _hide_alternatives(member, unpublished)
        for key, member in node.items()
    }


def _remove_values(schema: Any, values: Collection[str]) -> Any:
    """Return a schema whose enumerations do not have these values."""
    if isinstance(schema, list):
        return [_remove_values(member, values) for member in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: [value for value in member if value not in values] if key == "enum" else _remove_values(member, values)
        for key, member in schema.items()
    }


def _order_keywords(node: Any) -> Any:
    """Return a part of the document whose keywords stand in one order: the compressed document is 0.5 % smaller.

    The schema of an object begins with its description. Anything else that has one begins with its type and ends with
    the description. The description of an operation stays where it is. Examples are returned as they are.
    """
    if isinstance(node, list):
        return [_order_keywords(member) for member in node]
    if not isinstance(node, dict):
        return node
    ordered = {key: member if key == "example" else _order_keywords(member) for key, member in node.items()}
    # In a map of members to schemas, the keys are names of members.
    if not isinstance(ordered.get("type", ""), str | list) or not isinstance(ordered.get("description", ""), str):
        return ordered
    if isinstance(ordered.get("properties"), dict):
        first: Sequence[str] = _KEYWORDS_OF_OBJECTS
    else:
        first = ("type",)
        if "responses" not in ordered and "description" in ordered:
            ordered["description"] = ordered.pop("description")
    return {key: ordered[key] for key in first if key in ordered} | ordered


_KEYWORDS_OF_OBJECTS: Final = ("description", "type", "properties", "required", "additionalProperties")


def _remove_unused_components(document: Node) -> Node:
    """Return the document without components to which no reference leads, directly or through other components.

    The others stand in the order in which a reader of the paths comes to them, so that those of one subject stand
    together: the compressed document is then smaller. All security schemes stay, because security requirements name
    them without a reference.
    """
    components: Node = document["components"]
    used: dict[str, None] = {}
    pending = _list_references({name: part for name, part in document.items() if name != "components"})[::-1]
    while pending:
        reference = pending.pop()
        if reference not in used:
            used[reference] = None
            kind, name = reference.removeprefix(_COMPONENTS).split("/")
            pending += _list_references(components[kind][name])[::-1]
    kept: Node = {kind: {} for kind in components} | {"securitySchemes": components["securitySchemes"]}
    for reference in used:
        kind, name = reference.removeprefix(_COMPONENTS).split("/")
        kept[kind][name] = components[kind][name]
    return {**document, "components": kept}


def _list_references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [reference for member in node for reference in _list_references(member)]
    if not isinstance(node, dict):
        return []
    reference = node.get("$ref")
    found = [reference] if isinstance(reference, str) else []
    return found + [one for key, member in node.items() if key != "example" for one in _list_references(member)]


def _iterate_operations(app: Litestar) -> Iterator[tuple[str, str, HTTPRouteHandler, Contract]]:
    """Yield path, method, handler and contract of every operation.

    The paths `scores.csv` and `scores.json` are two routes but one operation, with the path `scores.{format}`.
    """
    seen = set()
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                contract = find_contract(handler.opt)
                if contract is not None:
                    (method,) = handler.http_methods
                    is_file = isinstance(contract.answer, Files)
                    path = files_path(route.path_format) if is_file else contract.described_path or route.path_format
                    if (path, method) not in seen:
                        seen.add((path, method))
                        yield path, method.lower(), handler, contract


@dataclass(frozen=True, slots=True)
class _ComponentSchemas:
    """Schemas of the section `components` of the OpenAPI document.

    `components` has the schemas by name. `references` has, for each type, the object with which other places
    refer to its schema (`$ref`).
    """

    components: Node
    references: Mapping[object, Node]

    def is_recursive(self, schema: Node) -> bool:
        """Return True if a schema leads to one that contains itself."""
        return any(name in _reach(self.components, self.components[name]) for name in _reach(self.components, schema))


def _build_schemas(contracts: Iterable[Contract]) -> _ComponentSchemas:
    types: dict[object, None] = {Problem: None}
    exact: set[object] = set()
    for contract in contracts:
        answered = [] if contract.answer is None else [*contract.answer.content.values()]
        answered += [] if contract.deferred is None else [*contract.deferred.content.values()]
        answered += contract.answer.missing.values() if isinstance(contract.answer, Rendered) else ()
        types |= dict.fromkeys(type_ for type_ in answered if type_ is not None)
        types |= dict.fromkeys(contract.body.types if isinstance(contract.body, Body) else [])
        exact |= set(answered) if isinstance(contract.answer, Exact) else set()
    # In one call, so that types used by several operations become one component.
    references, components = msgspec.json.schema_components(types, ref_template=_SCHEMAS)
    for schema in components.values():
        _clean_description(schema)
        # msgspec repeats the name of the component as its title.
        schema.pop("title", None)
    # msgspec names them in an order that depends on hashes.
    components = {
        name: _replace_named_texts(_remove_redundant_unions(schema)) for name, schema in sorted(components.items())
    } | _TEXTS
    found = dict(zip(types, references, strict=True))
    _close_schemas(components, [found[type_] for type_ in exact if type_ is not None])
    return _ComponentSchemas(components, found)


def _close_schemas(components: Node, roots: Iterable[Node]) -> None:
    """Declare that objects have no members but the named ones, in the schemas that `roots` refer to.

    This holds for schemas to which a reference leads directly or through others. Members with a default become
    required, because the service writes them always. `components` has the schemas by name and is changed in place.
    """
    for name in _reach(components, list(roots)):
        if "properties" in (schema := components[name]):
            schema.setdefault("additionalProperties", False)
            members: Node = schema["properties"]
            required = [*schema["required"], *(one for one, member in members.items() if "default" in member)]
            schema["required"] = list(dict.fromkeys(required))


def _reach(components: Node, node: Any) -> set[str]:
    """Return the names of the schemas to which references lead from a node, directly or through other schemas."""
    pending = _list_references(node)
    reached: set[str] = set()
    while pending:
        name = pending.pop().rpartition("/")[2]
        if name not in reached:
            reached.add(name)
            pending += _list_references(components[name])
    return reached


_TEXTS: Node = {
    "Note": msgspec.json.schema(Note),
    "WrittenReason": msgspec.json.schema(Reason),
    "PublicText": msgspec.json.schema(PublicText),
    "SourceEdition": msgspec.json.schema(SourceEdition),
}
"""Schemas of free texts, by the name that they get in `components`.

They have names because they are long and occur in many places.
"""


def _remove_redundant_unions(node: Any) -> Any:
    """Return a schema without each `anyOf` that only repeats the `type` beside it.

    For a union of int and float, msgspec writes the type `number` and an `anyOf` of the two types.
    """
    if isinstance(node, dict):
        return {
            key: _remove_redundant_unions(member)
            for key, member in node.items()
            if not (key == "anyOf" and _is_type(node))
        }
    return [_remove_redundant_unions(member) for member in node] if isinstance(node, list) else node


def _is_type(node: Node) -> bool:
    """Return True if an object is a schema with a type, False if it maps member names to schemas.

    In such a map, `type` is a member with that name, and its value is a schema instead of a text.
    """
    return isinstance(node.get("type"), str)


def _replace_named_texts(node: Any) -> Any:
    """Return a schema in which references replace the schemas of free text that have a name of their own (`_TEXTS`).

    A description of its own stays beside the reference.
    """
    if isinstance(node, dict):
        for name, form in _TEXTS.items():
            if node | {"description": form["description"]} == form:
                described = {} if node.get("description") == form["description"] else node
                return {key: described[key] for key in ("description",) if key in described} | {
                    "$ref": _SCHEMAS.format(name=name)
                }
        return {key: _replace_named_texts(member) for key, member in node.items()}
    return [_replace_named_texts(member) for member in node] if isinstance(node, list) else node


def _set_example(parameter: Node, examples: Mapping[str, str]) -> Node:
    """Return a parameter with its example of this operation, if there is one, in place of those of its schema."""
    if parameter["name"] not in examples:
        return parameter
    schema = {name: member for name, member in parameter["schema"].items() if name != "examples"}
    return {**parameter, "schema": schema, "example": examples[parameter["name"]]}


@dataclass(frozen=True, slots=True)
class _Operation:
    handler: HTTPRouteHandler
    contract: Contract
    schemas: _ComponentSchemas
    examples: Path | None
    parameters: Mapping[str, str]
    """Examples of parameters by name."""
    rule: Rule
    negotiated: str | None
    """Operation whose files `Accept` selects instead of JSON; None if there is none."""
    problems: dict[str, Node]
    """Responses of the problems of all operations, by the name of the component; `describe` adds its own."""

    @property
    def id(self) -> str:
        """Operation id."""
        return operation_id(self.handler)

    def describe(self) -> Node:
        """Return the operation object of the OpenAPI document."""
        operation: Node = {
            "operationId": self.id,
            "summary": self.handler.summary,
            "description": self._description(),
            "tags": list(self.handler.resolve_tags()),
            "security": list(_build_security(self.rule)),
            "parameters": self._parameters(),
            "responses": self._responses(),
        }
        if self.contract.deprecated is not None:
            operation["deprecated"] = True
        if self.contract.body is not None:
            operation["requestBody"] = self._request_body(self.contract.body)
        return operation

    def _description(self) -> str:
        if self.negotiated is None:
            return self.handler.description or ""
        # Not listed as media types of the response: clients that are generated would get a union of JSON and text.
        return (
            f"{self.handler.description}\n\nIf `Accept` prefers another format to JSON, the response is the file of "
            f"`{self.negotiated}`, which `Content-Location` names."
        )

    def _parameters(self) -> list[Node]:
        path = describe_parameters(self.contract.path) if self.contract.path is not None else {}
        query = self.contract.query
        if isinstance(self.contract.answer, Files):
            formats: dict[str, object] = {
                "type": "string",
                "enum": list(self.contract.answer.formats),
                "description": _FORMAT,
            }
            path = {**path, "format": formats}
        listed = [_describe_parameter("path", name, schema, True) for name, schema in path.items()]
        listed += [
            _describe_parameter("query", name, schema, name in query.required)
            for name, schema in query.properties.items()
        ]
        listed = [_set_example(parameter, self.parameters) for parameter in listed]
        # A page takes the language from its own `lang` only.
        shared = [] if self.contract.is_page else ["lang", "Accept-Language"]
        if self._is_conditional:
            shared.append("If-None-Match")
        shared += _PRECONDITIONS[self.contract.precondition]
        if self.contract.idempotent:
            shared.append("Idempotency-Key-needed" if self.contract.attempt_named else "Idempotency-Key")
        if self.contract.deferred is not None:
            shared.append("Prefer")
        return [*listed, *({"$ref": f"#/components/parameters/{name}"} for name in shared)]

    @property
    def _is_conditional(self) -> bool:
        """True if the response to a GET has an `ETag`, so that 304 is possible."""
        answer = self.contract.answer
        return answer is not None and answer.conditional and self.handler.http_methods == {"GET"}

    @property
    def _is_limited(self) -> bool:
        """True if requests count for a rate limit."""
        (method,) = self.handler.http_methods
        return class_of(self.rule, method) is not None

    def _request_body(self, body: Body[Any] | BatchBody | FileBody) -> Node:
        if isinstance(body, BatchBody):
            media = {"schema": describe_batch(self._describe_body(body.item))}
            return {"required": True, "content": {body.media_type: media | self._example("request")}}
        if isinstance(body, FileBody):
            media = {"schema": _TEXT | {"format": "binary"}}
            return {"required": True, "content": dict.fromkeys(body.media_types, media)}
        media = {"schema": self._describe_body(body)}
        return {"required": True, "content": {body.media_type: media | self._example("request")}}

    def _describe_body(self, body: Body[Any]) -> Node:
        if body.tag_field is None:
            return self.schemas.references[body.types[0]]
        tags = body.tags
        return {
            "oneOf": [self.schemas.references[type_] for type_ in dict.fromkeys(tags.values())],
            "discriminator": {
                "propertyName": body.tag_field,
                "mapping": {tag: self.schemas.references[type_]["$ref"] for tag, type_ in tags.items()},
            },
        }

    def _responses(self) -> Node:
        contract, answer = self.contract, self.contract.answer
        headers = ["API-Version", "Link", "X-Request-Id"]
        if answer is not None:
            headers += ["Cache-Control", "Vary"]
            headers += ["ETag"] * answer.conditional + ["Content-Language"] * answer.sentences
            headers += ["Accept-Ranges"] * answer.has_ranges
            headers += ["Content-Location", "Last-Modified", "Repr-Digest"] * isinstance(answer, Exact)
            is_stream = isinstance(answer, EventStream)
            headers += ["X-Accel-Buffering"] * is_stream
            is_file = isinstance(answer, Files) or (answer.media_type != JSON and not is_stream)
            headers += ["Content-Disposition"] * is_file
            headers += ["Content-Location"] * (isinstance(answer, Files) or self._is_latest_read)
        headers += ["Idempotency-Replayed"] * contract.idempotent
        headers += _GIVEN_UP * (contract.deprecated is not None)
        headers += _LIMIT_FIELDS * self._is_limited
        responses: Node = {}
        # PUT answers 201 if it created the resource, 200 if it replaced it.
        statuses = {"match_or_none": (200, 201)}.get(contract.precondition, (self.handler.status_code,))
        for status in statuses:
            success: Node = {
                # The summary of the operation says what it is.
                "description": f"Success.{_OF_RETIRED * self._is_version_read}",
                "headers": _refer_to_headers([*headers, *_OF_STATUS.get(status, ())], is_page=contract.is_page),
            }
            if answer is not None:
                success["content"] = self._describe_content(answer.content, has_example=status == statuses[0])
            if contract.links:
                success["links"] = {name: _describe_link(link) for name, link in contract.links.items()}
            responses[str(status)] = success
        if contract.deferred is not None:
            deferred = [*headers, *(["Content-Language"] * contract.deferred.sentences), *_OF_STATUS[202]]
            responses["202"] = {
                "description": "Asked for as a job.",
                # It has no tag: its state changes by itself.
                "headers": _refer_to_headers([name for name in deferred if name != "ETag"]),
                "content": {JSON: {"schema": self.schemas.references[contract.deferred.type]}},
            }
        if self._is_conditional:
            responses["304"] = {"$ref": f"{_COMPONENTS}responses/not-modified"}
        if contract.aliased:
            responses["308"] = {"$ref": f"{_COMPONENTS}responses/alias"}
        by_status: dict[int, list[ProblemType]] = {}
        # A status stands only once in an operation, so problem types that share it have one response.
        for problem_type in dict.fromkeys(self._problems()):
            by_status.setdefault(problem_type.status, []).append(problem_type)
        for status, types in by_status.items():
            name = "-or-".join(one.slug for one in types)
            self.problems.setdefault(name, _problem_response(_describe_types(types), types[0]))
            responses[str(status)] = {"$ref": f"{_COMPONENTS}responses/{name}"}
        if isinstance(answer, Rendered) and answer.missing:
            responses["404"] = self._describe_missing(answer)
        responses["default"] = {"$ref": "#/components/responses/problem"}
        if answer is not None and answer.has_ranges:
            # Generators read all types of a status as they read the first one that they know: bytes, not a text.
            media_types = sorted(answer.content, key=_is_text)
            # Last, because compressed the document is then 100 bytes smaller, whatever the reason.
            responses["206"] = {
                "description": "The bytes that `Range` asks for.",
                "headers": _refer_to_headers([*headers, "Content-Range"]),
                "content": {media_type: {"schema": _TEXT | {"format": "binary"}} for media_type in media_types},
            }
        return responses

    @property
    def _is_version_read(self) -> bool:
        """True for a read of a methodology version, which may be retired."""
        path = self.contract.path
        return "GET" in self.handler.http_methods and path is not None and VERSION_NAME in path.__struct_fields__

    @property
    def _is_latest_read(self) -> bool:
        """True for a read below an edition, whose path may name the edition `latest`."""
        path = self.contract.path
        is_below_edition = path is not None and EDITION in path.__struct_fields__
        return "GET" in self.handler.http_methods and is_below_edition and not self.contract.is_page

    def _describe_content(self, content: Mapping[str, object | None], *, has_example: bool) -> Node:
        """Return the OpenAPI description of each media type of a response.

        `content` has the type of the content by media type; None if no schema describes the content. `has_example`:
        False for a further status with the same content.
        """
        return {
            media_type: {"schema": _describe_file(media_type)}
            if type_ is None
            else {"schema": (schema := self.schemas.references[type_])}
            | (self._response_example(schema) if has_example else {})
            for media_type, type_ in content.items()
        }

    def _describe_missing(self, answer: Rendered) -> Node:
        """Return the OpenAPI response 404 of a page: the reason in the requested form, or a problem."""
        names = ["API-Version", "Cache-Control", "Content-Language", "Link", "Vary", "X-Request-Id", *_LIMIT_FIELDS]
        content = {
            media_type: {"schema": _describe_file(media_type) if type_ is None else self.schemas.references[type_]}
            for media_type, type_ in answer.missing.items()
        }
        return {
            "description": "There is no published score; the reason in the requested form, or a problem.",
            "headers": _refer_to_headers(names, is_page=True),
            "content": content | {PROBLEM_JSON: {"schema": {"$ref": _SCHEMAS.format(name=Problem.__name__)}}},
        }

    def _problems(self) -> Iterator[ProblemType]:
        yield from (INVALID_REQUEST, METHOD_NOT_ALLOWED)
        # A page does not look at `Accept`.
        if not self.contract.is_page:
            yield NOT_ACCEPTABLE
        answer = self.contract.answer
        # A path parameter may name nothing, and a cursor may be unknown: both answer 404.
        if self.contract.path is not None or isinstance(answer, Files) or (answer is not None and answer.paged):
            yield NOT_FOUND
        if self.contract.body is not None:
            yield from (CONTENT_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE)
        if self.rule.key != "none":
            yield UNAUTHORIZED
        if self.rule.key == "required":
            yield FORBIDDEN
        if self.contract.precondition != "none":
            yield from (PRECONDITION_FAILED, PRECONDITION_REQUIRED)
        if self._is_conditional:
            yield PRECONDITION_FAILED
        if answer is not None and answer.has_ranges:
            yield RANGE_NOT_SATISFIABLE
        if self.contract.idempotent:
            yield IDEMPOTENCY_KEY_REUSED
        if self._is_limited or self.rule.key != "none":
            yield from (TOO_MANY_REQUESTS, UNAVAILABLE)
        yield from self.contract.problems

    def _response_example(self, schema: Node) -> Node:
        example = _cut_lists(self._example("response"))
        is_long = (
            self.handler.http_methods == {"GET"} and len(msgspec.json.encode(example.get("example"))) > _EXAMPLE_MAX
        )
        # A mock server makes an invalid example of a schema that contains itself: it cuts it off with `{}`.
        return {} if is_long and not self.schemas.is_recursive(schema) else example

    def _example(self, side: str) -> Node:
        if self.examples is None:
            return {}
        file = self.examples / f"{self.id}.{side}.json"
        return {"example": json.loads(file.read_bytes())} if file.is_file() else {}


_EXAMPLE_MAX: Final = 900
"""Greatest length of the example of a read, in bytes of JSON without blanks and with one item in each list.

Longer ones are not in the document, which they would make a tenth longer: whoever wants to see such an answer can ask
for it.
"""


def _cut_lists(value: Any) -> Any:
    """Return the example of a response with the first item of each list.

    A list of a response has no least length, so the rest is valid.
    """
    if isinstance(value, dict):
        return {name: _cut_lists(member) for name, member in value.items()}
    return [_cut_lists(item) for item in value[:1]] if isinstance(value, list) else value


def _share_parameters(document: Node) -> Node:
    """Return the document with one component for each parameter that several operations have.

    Of different parameters with one name, the most frequent becomes the component.
    """
    operations = [operation for item in document["paths"].values() for operation in item.values()]
    counts = Counter(
        _encode_sorted(parameter)
        for operation in operations
        for parameter in operation["parameters"]
        if "$ref" not in parameter
    )
    shared: dict[str, bytes] = {}
    # The most frequent first; among equals the order of their bytes decides, so that the document is always the same.
    for encoded, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        parameter = json.loads(encoded)
        if count > 1:
            shared.setdefault(f"{parameter['in']}-{parameter['name']}", encoded)
    names = {encoded: name for name, encoded in shared.items()}
    for operation in operations:
        operation["parameters"] = [
            {"$ref": f"{_COMPONENTS}parameters/{name}"}
            if "$ref" not in parameter and (name := names.get(_encode_sorted(parameter)))
            else parameter
            for parameter in operation["parameters"]
        ]
    document["components"]["parameters"] |= {name: json.loads(encoded) for name, encoded in shared.items()}
    return document


def _encode_sorted(node: Node) -> bytes:
    return msgspec.json.encode(node, order="sorted")


def _describe_file(media_type: str) -> Node:
    """Return the schema of content that no type describes: an object, a text or bytes, by its media type."""
    if media_type.endswith("json"):
        return {"type": "object", "additionalProperties": True}
    if media_type == EVENT_STREAM:
        # Without a type: some tools hold the whole text against the schema, others each event, which is an object.
        return _EVENTS
    # OpenAPI 3.1 needs no schema for bytes, but generators know them by the `format` of OpenAPI 3.0.
    return _TEXT if _is_text(media_type) else _TEXT | {"format": "binary"}


def _is_text(media_type: str) -> bool:
    """Return True for the media type of a text that is not JSON."""
    return media_type.startswith("text/") or media_type.endswith(("+xml", "jsonl"))


def _build_security(rule: Rule) -> Iterator[Node]:
    """Yield the security requirements of an operation; each of them alone is enough.

    If a key is required, there is one for each role. If it is optional, there are two, and the empty one admits
    requests without a key. If no key is read, there is none.
    """
    if rule.key == "optional":
        yield from ({}, {"key": []})
    elif rule.key == "required":
        yield from ({"key": [role]} for role in sorted(rule.roles))


def _describe_link(link: Link) -> Node:
    described: Node = {"operationId": link.operation, "parameters": dict(link.parameters)}
    return described | {"description": link.description} if link.description else described


def _describe_parameter(location: str, name: str, schema: Mapping[str, object], required: bool) -> Node:
    described = dict(schema)
    description = described.pop("description", "")
    # With commas, which is not the form that OpenAPI takes for granted.
    form = {"style": "form", "explode": False} if described.get("type") == "array" else {}
    return {
        "in": location,
        "name": name,
        "required": required,
        "description": description,
        "schema": described,
        **form,
    }


def _refer_to_headers(names: Sequence[str], *, is_page: bool = False) -> Node:
    """Refer to the headers of a response; `is_page`: True for an embed, whose texts are in more languages."""
    other = {"Content-Language": "Page-Language"} if is_page else {}
    return {name: {"$ref": f"#/components/headers/{other.get(name, name)}"} for name in names}


def _describe_header(example: str, description: str, *, required: bool = True, **schema: object) -> Node:
    return {"description": description, "required": required, "schema": _TEXT | schema, "example": example}


_CONTENT_LANGUAGE: Final = "The language of the sentences in the response."

_HEADERS: Node = {
    "API-Version": _describe_header(
        "0.1.0",
        "Full version of the service; its first number changes with the path.",
        pattern="^[0-9]+(\\.[0-9]+){2}$",
    ),
    "Deprecation": _describe_header(
        "@1798761600",
        "Time from which on the resource is deprecated, in seconds since 1970 (RFC 9745).",
        pattern="^@[0-9]+$",
        required=False,
    ),
    "Sunset": _describe_header(
        "Fri, 31 Dec 2027 00:00:00 GMT",
        "Time after which the resource may be gone (RFC 8594).",
        required=False,
    ),
    "Accept": _describe_header(
        "application/json", "The media type of a request body that the operation accepts.", required=False
    ),
    "Accept-Patch": _describe_header(
        "application/merge-patch+json", "The media type of a request body that the operation accepts.", required=False
    ),
    "Accept-Post": _describe_header(
        "application/json", "The media type of a request body that the operation accepts.", required=False
    ),
    "Accept-Ranges": _describe_header(
        "bytes", "`bytes` if `Range` is accepted; `none` for a compressed answer, whose bytes have no ranges."
    ),
    "Allow": _describe_header("GET, HEAD, OPTIONS", "The methods that the resource supports."),
    "Cache-Control": _describe_header("public, no-cache", "Which caches may store the response, and for how long."),
    "Content-Language": _describe_header("en", _CONTENT_LANGUAGE, enum=list(LANGUAGES)),
    "Page-Language": _describe_header("en", _CONTENT_LANGUAGE, enum=LANG["enum"]),
    "Content-Disposition": _describe_header(
        'attachment; filename="scores-2026-demo.csv"', "Name under which to save the file.", required=False
    ),
    "Content-Location": _describe_header(
        "/v1/editions/2026-demo/scores.csv",
        "The address of the response, if it is not that of the request: of the file that `Accept` selected, of the "
        "edition that `latest` stands for, of a published document.",
        required=False,
    ),
    "Content-Range": _describe_header(
        "bytes 0-1023/34800000", "Positions of the bytes and size of the whole; in a refusal (416), only the size."
    ),
    "ETag": _describe_header(
        '"v1.0a1b2c3d-0123456789ab"',
        "A strong tag: for `If-Match` of a resource that can change, else a digest of the bytes. A compressed answer "
        "has a suffix; each form counts in `If-Match` and `If-None-Match`.",
        pattern='^"([0-9a-f]{64}|v[0-9]+\\.[0-9a-f]{8}-[0-9a-f]{12})(-br|-zstd|-gzip)?"$',
    ),
    "Idempotency-Replayed": _describe_header(
        "true",
        "`true` if this is the stored response to an earlier request with the same `Idempotency-Key`.",
        required=False,
        enum=["true"],
    ),
    "Last-Modified": _describe_header(
        "Sat, 28 Nov 2026 09:30:00 GMT", "When the file was published; absent if that is not known.", required=False
    ),
    "Link": _describe_header(
        '</v1/openapi.json>; rel="service-desc"; type="application/json"',
        "`service-desc`: this OpenAPI document. `next`: the next page of a list. `latest-version` (RFC 5829): the "
        "newest version of a published document. `describedby`: its signature, or the description of the columns of a "
        "file. `license`: the licence.",
    ),
    "Location": _describe_header(
        "/v1/editions/2026-demo",
        "The path of the created resource, or of the job; in a redirect (308), the path and query with the id in place "
        "of the alias.",
    ),
    "RateLimit": _describe_header(
        '"read";r=11999;t=42',
        "The rest of a rate limit: its name, the requests left (`r`), and the seconds until the window ends (`t`).",
        required=False,
        pattern='^"[a-z]+";r=[0-9]+;t=[0-9]+$',
    ),
    "RateLimit-Policy": _describe_header(
        '"read";q=12000;w=60',
        "The rate limit: its name, the requests allowed in a window (`q`), and the seconds of the window (`w`).",
        required=False,
        pattern='^"[a-z]+";q=[0-9]+;w=[0-9]+$',
    ),
    "Repr-Digest": _describe_header(
        "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:",
        "The SHA-256 of the bytes (RFC 9530).",
        pattern="^sha-256=:[A-Za-z0-9+/]{43}=:$",
    ),
    "Retry-After": _describe_header("42", "Seconds to wait before the next attempt.", pattern="^[0-9]+$"),
    "Vary": _describe_header("Accept, Accept-Language", "The request headers that the response depends on."),
    "X-Accel-Buffering": _describe_header("no", "Tells nginx to pass each event on at once."),
    "X-Request-Id": _describe_header(
        "9b2f6c0c4f0e4e6f8f0d7f5f4a3c2b1a",
        "Id of the request: the one that the client sent, if it is of this form and no access key; else a new one.",
        pattern="^[A-Za-z0-9._-]{1,64}$",
    ),
    "WWW-Authenticate": _describe_header(
        'Bearer realm="actitud"', "How to authenticate: with a key, as `Authorization: Bearer …`."
    ),
}

_FORMAT: Final = "The format of the file."

_ATTEMPT: Node = _TEXT | {
    "pattern": IDEMPOTENCY_KEY,
    "description": "A name for this request. If the request is repeated with it within 24 hours, the service acts only "
    "once and returns the same response.",
}

_PARAMETERS: Node = {
    "lang": _describe_parameter("query", "lang", LANG, False),
    "Accept-Language": _describe_parameter(
        "header",
        "Accept-Language",
        _TEXT | {"description": "Preferred languages of the response; ignored if `lang` is given."},
        False,
    ),
    "If-None-Match": _describe_parameter(
        "header",
        "If-None-Match",
        _TEXT | {"description": "The `ETag` of the response that the client has: 304 if it is still the same."},
        False,
    ),
    "If-Match": _describe_parameter(
        "header",
        "If-Match",
        _VERSION
        | {
            "description": "The `ETag` of the resource to change: 412 if it has changed since, 428 without this header."
        },
        True,
    )
    | {"example": "*"},
    "If-Match-to-replace": _describe_parameter(
        "header",
        "If-Match",
        _VERSION | {"description": "To replace the resource: its `ETag`; 412 if it has changed since."},
        False,
    )
    | {"example": "*"},
    "If-None-Match-to-create": _describe_parameter(
        "header",
        "If-None-Match",
        _TEXT
        | {
            "description": "To create the resource: `*`; 412 if it exists. 428 with neither this header nor `If-Match`."
        },
        False,
    ),
    "Prefer": _describe_parameter(
        "header",
        "Prefer",
        _TEXT | {"description": "`respond-async` for a job at once (202) in place of the result later (RFC 7240)."},
        False,
    ),
    "Idempotency-Key": _describe_parameter("header", "Idempotency-Key", _ATTEMPT, False),
    "Idempotency-Key-needed": _describe_parameter("header", "Idempotency-Key", _ATTEMPT, True),
}

_PRECONDITIONS: Mapping[Precondition, Sequence[str]] = {
    "none": (),
    "match": ("If-Match",),
    "match_or_none": ("If-Match-to-replace", "If-None-Match-to-create"),
}

_SECURITY_SCHEMES: Node = {
    "key": {
        "type": "http",
        "scheme": "bearer",
        "description": (
            "An API key, `actl_…`, issued by the operator of the service. Each operation names the roles whose keys "
            "may call it. An organisation or edition that the key is not bound to gets 404."
        ),
    }
}

_LIMIT_FIELDS: Final = ["RateLimit", "RateLimit-Policy"]
_OF_STATUS: Final[Mapping[int, Sequence[str]]] = {201: ("Location",), 202: ("Location", "Retry-After")}
"""Headers of a response that created something, or that asked for a job."""
_GIVEN_UP: Final = ["Deprecation", "Sunset"]
"""Headers of a response about a resource that is given up.

Of successes, only those of deprecated operations declare them: a mock server sends every header that a response
declares, and the SDK would warn of what is not given up.
"""
_OF_RETIRED: Final = " Of a retired version, it has the header `Deprecation`."

_HEADERS_OF_PROBLEMS: Mapping[str, Sequence[str]] = {
    "method-not-allowed": ("Allow",),
    "range-not-satisfiable": ("Content-Range",),
    "unauthorized": ("WWW-Authenticate",),
    "unsupported-media-type": ("Accept", "Accept-Patch", "Accept-Post"),
    "too-many-requests": ("Retry-After",),
    "unavailable": ("Retry-After",),
}


def _problem_response(description: str, problem_type: ProblemType) -> Node:
    names = [
        "API-Version",
        "Cache-Control",
        "Content-Language",
        "Link",
        "Vary",
        "X-Request-Id",
        *_GIVEN_UP,
        *_LIMIT_FIELDS,
    ]
    names += _HEADERS_OF_PROBLEMS.get(problem_type.slug, ())
    media: Node = {"schema": {"$ref": _SCHEMAS.format(name=Problem.__name__)}}
    if problem_type in _SHOWN_PROBLEMS:
        media["example"] = msgspec.to_builtins(_build_problem(problem_type))
    return {"description": description, "headers": _refer_to_headers(names), "content": {PROBLEM_JSON: media}}


_SHOWN_PROBLEMS: Final = (INVALID_REQUEST, TYPES["internal-error"])
"""Types of problem with an example; those of the others would differ from their descriptions in form only."""


def _build_problem(problem_type: ProblemType) -> Problem:
    return Problem(
        type=problem_type.uri,
        title=problem_type.title.en,
        status=problem_type.status,
        detail=problem_type.description.en,
        instance="/v1/scores",
        request_id="9b2f6c0c4f0e4e6f8f0d7f5f4a3c2b1a",
        errors=(_FIELD_ERROR,) if problem_type is INVALID_REQUEST else (),
    )


def _describe_types(types: Sequence[ProblemType]) -> str:
    listed = [f"`{one.uri}`: {one.title.en}. {one.description.en}" for one in types]
    return "\n- ".join(["One of these problems; the type says which.\n"] * (len(types) > 1) + listed)


_FIELD_ERROR = FieldError(
    pointer="/answers/D1.7",
    rule="additionalProperties",
    value='{"numerator":160,"denominator":320}',
    detail="This member is not known.",
    suggestion="D1.07",
    allowed=(),
)
