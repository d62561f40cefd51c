"""The OpenAPI document, made of the very contracts that are enforced.

Schemas are msgspec's own of the types that decode and encode; nothing is described twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from inspect import cleandoc
from pathlib import Path
from typing import Any, Final, TypeAlias

import msgspec
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from actitud_api.engine.methodology.free_text import Note, Reason
from actitud_api.platform.http.access import Rule, Rules, operation_id
from actitud_api.platform.http.contract import IDEMPOTENCY_KEY, Contract, Link, find_contract
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
    TOO_MANY_REQUESTS,
    TYPES,
    UNAUTHORIZED,
    UNAVAILABLE,
    UNSUPPORTED_MEDIA_TYPE,
    FieldError,
    Problem,
    ProblemType,
)
from actitud_api.platform.http.representations import Exact, Files

Node: TypeAlias = dict[str, Any]

_SCHEMAS = "#/components/schemas/{name}"
_TEXT: Node = {"type": "string"}
# The star stands for itself as well: what makes up headers by a pattern often knows nothing but letters and digits.
_VERSION: Node = {"anyOf": [{"const": "*"}, _TEXT | {"pattern": IF_MATCH}]}


@dataclass(frozen=True, slots=True)
class About:
    """What the document says of the service as a whole; `tags` maps the name of each tag to its description."""

    title: str
    version: str
    description: str
    license: str
    tags: Mapping[str, str]


def build(app: Litestar, about: About, examples: Path | None, rules: Rules) -> Node:
    """Build the document of an application.

    `examples`: a folder with `<operation>.request.json` and `<operation>.response.json`.
    """
    operations = list(_operations(app))
    named = _schemas(contract for _, _, _, contract in operations)
    others: dict[str, Files] = {
        contract.represents: contract.answer
        for _, _, _, contract in operations
        if contract.represents is not None and isinstance(contract.answer, Files)
    }
    paths: Node = {}
    for path, method, handler, contract in operations:
        rule = rules[operation_id(handler)]
        operation = _Operation(handler, contract, named.references, examples, rule, others.get(path))
        paths.setdefault(path, {})[method] = operation.describe()
    return {
        "openapi": "3.1.0",
        "info": {
            "title": about.title,
            "version": about.version,
            "description": about.description,
            "license": {"name": about.license, "identifier": about.license},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": text} for name, text in about.tags.items()],
        "paths": paths,
        "components": {
            "schemas": named.components,
            "securitySchemes": _SECURITY_SCHEMES,
            "headers": _HEADERS,
            "parameters": _PARAMETERS,
            "responses": {
                "problem": _problem_response("Any other problem; the type says which.", TYPES["internal-error"]),
                **{slug: _problem_response(_sentences(known), known) for slug, known in TYPES.items()},
            },
        },
    }


def render(document: Node) -> bytes:
    """Encode the document as it is served and committed: sorted, indented by two, with a final line end."""
    return msgspec.json.format(msgspec.json.encode(document, order="sorted"), indent=2) + b"\n"


def _operations(app: Litestar) -> Iterator[tuple[str, str, HTTPRouteHandler, Contract]]:
    """Yield every operation with its path; the formats of a file have a route each and are one."""
    seen = set()
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for handler in route.route_handlers:
                contract = find_contract(handler.opt)
                if contract is not None:
                    (method,) = handler.http_methods
                    path = files_path(route.path_format) if isinstance(contract.answer, Files) else route.path_format
                    if (path, method) not in seen:
                        seen.add((path, method))
                        yield path, method.lower(), handler, contract


@dataclass(frozen=True, slots=True)
class _Named:
    """The component schemas, and the reference to each type's."""

    components: Node
    references: Mapping[object, Node]


def _schemas(contracts: Iterable[Contract]) -> _Named:
    types: dict[object, None] = {Problem: None}
    for contract in contracts:
        answered = [] if contract.answer is None else contract.answer.content.values()
        types |= dict.fromkeys(type_ for type_ in answered if type_ is not None)
        types |= dict.fromkeys(contract.body.types if isinstance(contract.body, Body) else [])
    references, components = msgspec.json.schema_components(types, ref_template=_SCHEMAS)
    for schema in components.values():
        # Python 3.13 takes the indentation out of docstrings, earlier ones leave it in.
        if "description" in schema:
            schema["description"] = cleandoc(schema["description"])
    components = {name: _with_named_texts(_without_unions(schema)) for name, schema in components.items()} | _TEXTS
    return _Named(components, dict(zip(types, references, strict=True)))


_TEXTS: Node = {"Note": msgspec.json.schema(Note), "WrittenReason": msgspec.json.schema(Reason)}
"""Forms of texts that have a name of their own, because they are long and stand in many places."""


def _without_unions(node: Any) -> Any:
    """Return a schema without each `anyOf` beside a `type`: the type says the same, as `number` of int and float."""
    if isinstance(node, dict):
        return {key: _without_unions(member) for key, member in node.items() if not (key == "anyOf" and _is_type(node))}
    return [_without_unions(member) for member in node] if isinstance(node, list) else node


def _is_type(node: Node) -> bool:
    """Return True for a schema that names its type, False for the properties of one that has a member `type`."""
    return isinstance(node.get("type"), str)


def _with_named_texts(node: Any) -> Any:
    """Replace such forms in a schema by references to their names."""
    if isinstance(node, dict):
        for name, form in _TEXTS.items():
            if node == form:
                return {"$ref": _SCHEMAS.format(name=name)}
        return {key: _with_named_texts(member) for key, member in node.items()}
    return [_with_named_texts(member) for member in node] if isinstance(node, list) else node


@dataclass(frozen=True, slots=True)
class _Operation:
    handler: HTTPRouteHandler
    contract: Contract
    references: Mapping[object, Node]
    examples: Path | None
    rule: Rule
    others: Files | None
    """The files that `Accept` leads to."""

    @property
    def id(self) -> str:
        """The id of the operation."""
        return operation_id(self.handler)

    def describe(self) -> Node:
        """Return the operation object."""
        operation: Node = {
            "operationId": self.id,
            "summary": self.handler.summary,
            "description": self.handler.description,
            "tags": list(self.handler.resolve_tags()),
            "security": list(_security(self.rule)),
            "parameters": self._parameters(),
            "responses": self._responses(),
        }
        if self.contract.body is not None:
            operation["requestBody"] = self._request_body(self.contract.body)
        return operation

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
        listed = [_parameter("path", name, schema, True) for name, schema in path.items()]
        listed += [
            _parameter("query", name, schema, name in query.required) for name, schema in query.properties.items()
        ]
        shared = ["lang", "Accept-Language"]
        if self._is_conditional:
            shared.append("If-None-Match")
        shared += _PRECONDITIONS[self.contract.precondition]
        if self.contract.idempotent:
            shared.append("Idempotency-Key-needed" if self.contract.attempt_named else "Idempotency-Key")
        return [*listed, *({"$ref": f"#/components/parameters/{name}"} for name in shared)]

    @property
    def _is_conditional(self) -> bool:
        """Whether a reader may have the very bytes already."""
        answer = self.contract.answer
        return answer is not None and answer.conditional and self.handler.http_methods == {"GET"}

    @property
    def _is_limited(self) -> bool:
        """Whether calls count for a limit."""
        (method,) = self.handler.http_methods
        return class_of(self.rule, method) is not None

    def _request_body(self, body: Body[Any] | FileBody) -> Node:
        media: Node
        if isinstance(body, FileBody):
            media = {"schema": _TEXT | {"format": "binary"}}
            return {"required": True, "content": dict.fromkeys(body.media_types, media)}
        if body.tag_field is None:
            media = {"schema": self.references[body.types[0]]}
        else:
            tags = body.tags
            schema = {
                "oneOf": [self.references[type_] for type_ in tags.values()],
                "discriminator": {
                    "propertyName": body.tag_field,
                    "mapping": {tag: self.references[type_]["$ref"] for tag, type_ in tags.items()},
                },
            }
            media = {"schema": schema}
        return {"required": True, "content": {body.media_type: media | self._example("request")}}

    def _responses(self) -> Node:
        contract, answer = self.contract, self.contract.answer
        headers = ["Link", "X-Request-Id"]
        if answer is not None:
            headers += ["Cache-Control", "Vary"]
            headers += ["ETag"] * answer.conditional + ["Content-Language"] * answer.sentences
            headers += ["Content-Location", "Repr-Digest"] * isinstance(answer, Exact)
            is_file = isinstance(answer, Files) or self.others is not None
            headers += ["Content-Disposition"] * (is_file or answer.media_type != JSON)
            headers += ["Content-Location"] * is_file
        headers += ["Idempotency-Replayed"] * contract.idempotent
        headers += _LIMIT_FIELDS * self._is_limited
        responses: Node = {}
        statuses = {"match_or_none": (200, 201)}.get(contract.precondition, (self.handler.status_code,))
        for status in statuses:
            success: Node = {
                "description": self.handler.response_description or f"{self.handler.summary}.",
                "headers": _headers([*headers, *(["Location"] if status == 201 else [])]) | self._of_others,
            }
            if answer is not None:
                success["content"] = {
                    media_type: {} if type_ is None else {"schema": self.references[type_]} | self._example("response")
                    for media_type, type_ in answer.content.items()
                }
                if self.others is not None:
                    success["content"] = {**self.others.content, **success["content"]}
                    success["content"] = {name: media or {} for name, media in success["content"].items()}
            if contract.links:
                success["links"] = {name: _link(link) for name, link in contract.links.items()}
            responses[str(status)] = success
        if self._is_conditional:
            responses["304"] = {
                "description": "The client has these very bytes: `If-None-Match` names them.",
                "headers": _headers(headers) | self._of_others,
            }
        if contract.aliased:
            responses["308"] = {
                "description": "The path names it by an alias: it is at the same address with its id.",
                "headers": _headers(
                    ["Cache-Control", "Link", "Location", "Vary", "X-Request-Id", *_LIMIT_FIELDS * self._is_limited]
                ),
            }
        by_status: dict[int, list[ProblemType]] = {}
        for known in dict.fromkeys(self._problems()):
            by_status.setdefault(known.status, []).append(known)
        for status, types in by_status.items():
            responses[str(status)] = (
                {"$ref": f"#/components/responses/{types[0].slug}"} if len(types) == 1 else _any_of(types)
            )
        responses["default"] = {"$ref": "#/components/responses/problem"}
        return responses

    @property
    def _of_others(self) -> Node:
        """The headers that only the files have to which `Accept` leads."""
        answer = self.contract.answer
        if self.others is None or not self.others.sentences or (answer is not None and answer.sentences):
            return {}
        return {"Content-Language": {**_HEADERS["Content-Language"], "required": False}}

    def _problems(self) -> Iterator[ProblemType]:
        yield from (INVALID_REQUEST, METHOD_NOT_ALLOWED, NOT_ACCEPTABLE)
        answer = self.contract.answer
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
        if self.contract.idempotent:
            yield IDEMPOTENCY_KEY_REUSED
        if self._is_limited or self.rule.key != "none":
            yield from (TOO_MANY_REQUESTS, UNAVAILABLE)
        yield from self.contract.problems

    def _example(self, side: str) -> Node:
        if self.examples is None:
            return {}
        file = self.examples / f"{self.id}.{side}.json"
        return {"example": json.loads(file.read_bytes())} if file.is_file() else {}


def _security(rule: Rule) -> Iterator[Node]:
    """Who may call an operation: alternatives, each the role of a key (OpenAPI 3.1.0, security requirement object)."""
    if rule.key == "optional":
        yield from ({}, {"key": []})
    elif rule.key == "required":
        yield from ({"key": [role]} for role in sorted(rule.roles))


def _link(link: Link) -> Node:
    return {
        "operationId": link.operation,
        "parameters": dict(link.parameters),
        "description": link.description,
    }


def _parameter(place: str, name: str, schema: Mapping[str, object], required: bool) -> Node:
    described = dict(schema)
    description = described.pop("description", "")
    return {"in": place, "name": name, "required": required, "description": description, "schema": described}


def _headers(names: Sequence[str]) -> Node:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _header(description: str, *, required: bool = True, **schema: object) -> Node:
    return {"description": description, "required": required, "schema": _TEXT | schema}


_HEADERS: Node = {
    "Accept": _header("The media type that the operation reads.", required=False),
    "Accept-Patch": _header("The media type that the operation reads.", required=False),
    "Accept-Post": _header("The media type that the operation reads.", required=False),
    "Allow": _header("The methods that the resource supports."),
    "Cache-Control": _header("Who may keep the answer, and for how long."),
    "Content-Language": _header("The language of the sentences.", enum=LANG["enum"]),
    "Content-Disposition": _header("A name for the file.", required=False),
    "Content-Location": _header("The permanent path of what was answered.", required=False),
    "ETag": _header(
        'A strong tag of the bytes: `"` SHA-256 in hexadecimal `"`; of what can be changed, `"` revision `-` the first '
        '12 digits `"`, for `If-Match`.',
        pattern='^"([0-9a-f]{64}|v[0-9]+\\.[0-9a-f]{8}-[0-9a-f]{12})"$',
    ),
    "Idempotency-Replayed": _header(
        "`true`: the answer is the one that was given to an earlier request with this key.",
        required=False,
        enum=["true"],
    ),
    "Link": _header(
        '`rel="service-desc"`: this document; `rel="next"`: the next page, where there is one; of what is published '
        '`rel="latest-version"` (RFC 5829), and `rel="describedby"`: its signature, or of a file its '
        'columns; `rel="license"`: what may be done with it.'
    ),
    "Location": _header("The path of what was made, or of what an alias names, with its query."),
    "RateLimit": _header(
        "What is left of a limit: its name, the requests (`r`) and the seconds (`t`) until it begins anew. Only where "
        "the service has that limit.",
        required=False,
        pattern='^"[a-z]+";r=[0-9]+;t=[0-9]+$',
    ),
    "RateLimit-Policy": _header(
        "The limit that the request counts for: its name, the requests (`q`) and the seconds (`w`) that they are for.",
        required=False,
        pattern='^"[a-z]+";q=[0-9]+;w=[0-9]+$',
    ),
    "Repr-Digest": _header("The SHA-256 of the bytes (RFC 9530).", pattern="^sha-256=:[A-Za-z0-9+/]{43}=:$"),
    "Retry-After": _header("Seconds to wait before asking again.", pattern="^[0-9]+$"),
    "Vary": _header("The request headers that the answer depends on."),
    "X-Request-Id": _header(
        "The id of the request: the client's own where it is a safe one, else a new one.",
        pattern="^[A-Za-z0-9._-]{1,64}$",
    ),
    "WWW-Authenticate": _header("How to say who asks: with a key, as `Authorization: Bearer …`."),
}

_FORMAT: Final = "The format of the file."

_ATTEMPT: Node = _TEXT | {
    "pattern": IDEMPOTENCY_KEY,
    "description": "Names this attempt: repeated within 24 hours, it acts once and gets the same answer.",
}

_PARAMETERS: Node = {
    "lang": _parameter("query", "lang", LANG, False),
    "Accept-Language": _parameter(
        "header",
        "Accept-Language",
        _TEXT | {"description": "Languages that the reader prefers, where `lang` is not given."},
        False,
    ),
    "If-None-Match": _parameter(
        "header",
        "If-None-Match",
        _TEXT | {"description": "The `ETag` of what the client has: 304 if it is still so."},
        False,
    ),
    "If-Match": _parameter(
        "header",
        "If-Match",
        _VERSION | {"description": "The `ETag` of what is to be changed: 412 if it has changed since, 428 without it."},
        True,
    ),
    "If-Match-to-replace": _parameter(
        "header",
        "If-Match",
        _VERSION | {"description": "To replace: the `ETag` of what is there; 412 if it has changed since."},
        False,
    ),
    "If-None-Match-to-create": _parameter(
        "header",
        "If-None-Match",
        {"type": "string", "enum": ["*"]}
        | {"description": "To create: `*`; 412 if it is there. 428 with neither this nor `If-Match`."},
        False,
    ),
    "Idempotency-Key": _parameter("header", "Idempotency-Key", _ATTEMPT, False),
    "Idempotency-Key-needed": _parameter("header", "Idempotency-Key", _ATTEMPT, True),
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
            "A key of this service, `actl_…`, as whoever runs it hands out. Each operation names the roles whose keys "
            "may call it. What a key is not bound to, another organisation or another edition, is not found (404)."
        ),
    }
}

_LIMIT_FIELDS: Final = ["RateLimit", "RateLimit-Policy"]

_HEADERS_OF_PROBLEMS: Mapping[str, Sequence[str]] = {
    "method-not-allowed": ("Allow",),
    "unauthorized": ("WWW-Authenticate",),
    "unsupported-media-type": ("Accept", "Accept-Patch", "Accept-Post"),
    "too-many-requests": ("Retry-After",),
    "unavailable": ("Retry-After",),
}


def _problem_response(description: str, known: ProblemType) -> Node:
    names = ["Cache-Control", "Content-Language", "Link", "Vary", "X-Request-Id", *_LIMIT_FIELDS]
    names += _HEADERS_OF_PROBLEMS.get(known.slug, ())
    example = Problem(
        type=known.uri,
        title=known.title.en,
        status=known.status,
        detail=known.description.en,
        instance="/v1/scores",
        request_id="9b2f6c0c4f0e4e6f8f0d7f5f4a3c2b1a",
        errors=(_FIELD_ERROR,) if known is INVALID_REQUEST else (),
    )
    schema = {"$ref": _SCHEMAS.format(name=Problem.__name__)}
    return {
        "description": description,
        "headers": _headers(names),
        "content": {PROBLEM_JSON: {"schema": schema, "example": msgspec.to_builtins(example)}},
    }


def _any_of(types: Sequence[ProblemType]) -> Node:
    """Return the response of a status that several problem types share."""
    listed = "".join(f"\n- `{known.uri}`: {_sentences(known)}" for known in types)
    return _problem_response(f"One of these problems; the type says which.\n{listed}", types[0])


def _sentences(known: ProblemType) -> str:
    return f"{known.title.en}. {known.description.en}"


_FIELD_ERROR = FieldError(
    pointer="/answers/D1.1",
    rule="additionalProperties",
    value='{"numerator":160,"denominator":320}',
    detail="This member is not known.",
    suggestion="D1.01",
    allowed=(),
)
