"""Decoders of what a request has: its body, query, cursor, headers, and the address in a query of oEmbed."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec
from litestar import Request
from litestar.handlers import HTTPRouteHandler

from actitud_api.app import CONTROLLERS
from actitud_api.engine.i18n import LANGUAGES, PAGE_LANGUAGES
from actitud_api.platform.auth.keys import SECRET_LENGTH, Key, find_keys, parse_key
from actitud_api.platform.http.access import operation_id
from actitud_api.platform.http.batches import BatchBody
from actitud_api.platform.http.contract import IDEMPOTENCY_KEY, Contract, find_contract, read_idempotency_key
from actitud_api.platform.http.inputs import Body, Query
from actitud_api.platform.http.middleware.compression import choose_coding
from actitud_api.platform.http.negotiation import JSON, accepts, compute_quality, negotiate_language
from actitud_api.platform.http.paging import Cursor, PageQuery
from actitud_api.platform.http.preconditions import read_preconditions
from actitud_api.platform.http.problems import Fault, ProblemError
from actitud_api.platform.http.ranges import cut_pieces, find_range
from actitud_api.platform.http.redaction import has_key, redact_keys
from actitud_api.platform.http.representations import is_current
from actitud_api.platform.http.scope import (
    ApiRequest,
    assign_request_id,
    choose_language,
    read_header,
    read_traceparent,
)
from actitud_api.web.embeds.oembed import parse_target
from tests.fuzzing.target import Target

EXAMPLES: Final = Path(__file__).parents[2] / "openapi" / "examples"
FAULT_MAX: Final = 8 * 1024
"""Bytes of what a fault says in one language."""
ETAG: Final = '"v1.0a1b2c3d-0123456789ab"'
MODIFIED: Final = "Sat, 28 Nov 2026 10:00:00 GMT"
SIZE: Final = 1000
"""Bytes of the file of which ranges are asked for."""


def build_request(headers: list[tuple[bytes, bytes]], query: bytes = b"", method: str = "GET") -> ApiRequest:
    """Return a request without a body, as the service gets it from its server."""
    scope: Any = {
        "type": "http",
        "method": method,
        "path": "/v1/fuzzed",
        "query_string": query,
        "headers": headers,
        "state": {},
    }
    return Request(scope)


def split_headers(data: bytes) -> list[tuple[bytes, bytes]]:
    """Return the lines of an input as headers; a line without a colon is none."""
    pairs = (line.partition(b":") for line in data.split(b"\n"))
    return [(name.strip().lower(), value.strip()) for name, colon, value in pairs if colon]


@cache
def list_contracts() -> Mapping[str, Contract]:
    """Return the contract of each operation of the service."""
    members = (getattr(controller, name) for controller in CONTROLLERS for name in dir(controller))
    handlers = [member for member in members if isinstance(member, HTTPRouteHandler)]
    contracts = {operation_id(handler): find_contract(handler.opt) for handler in handlers}
    return {name: contract for name, contract in sorted(contracts.items()) if contract is not None}


def read_faults(faults: list[Fault]) -> None:
    """Read what each fault says, as the answer does; none is longer than `FAULT_MAX`."""
    assert faults
    for fault in faults:
        for language in LANGUAGES:
            assert len(fault.detail.into(language).encode()) <= FAULT_MAX


def decode_body(data: bytes) -> None:
    """Decode a body: the first line is its operation, all else the bytes."""
    name, _, raw = data.partition(b"\n")
    contract = list_contracts().get(name.decode("latin-1"))
    if contract is None or not isinstance(contract.body, Body | BatchBody):
        return
    decoded = contract.body.parse(raw)
    if isinstance(decoded, list):
        read_faults(decoded)
    else:
        has_key(msgspec.json.encode(decoded).decode())


def list_bodies() -> Iterator[bytes]:
    """Yield the example of each body in the OpenAPI document."""
    for name, contract in list_contracts().items():
        example = EXAMPLES / f"{name}.request.json"
        if isinstance(contract.body, Body | BatchBody) and example.is_file():
            yield name.encode() + b"\n" + msgspec.json.format(example.read_bytes(), indent=0)


def decode_query(data: bytes) -> None:
    """Decode a query: the first line is its operation, all else the query."""
    name, _, query = data.partition(b"\n")
    contract = list_contracts().get(name.decode("latin-1"))
    if contract is None:
        return
    request = build_request([], query)
    decoded = contract.query.decode(request)
    if isinstance(decoded, list):
        read_faults(decoded)
    choose_language(request.scope)


def list_queries() -> Iterator[bytes]:
    """Yield a query of each operation that has parameters, with a value for each of them."""
    for name, contract in list_contracts().items():
        parameters = contract.query.properties
        if parameters:
            values = (f"{parameter}={_pick_value(schema)}" for parameter, schema in parameters.items())
            yield f"{name}\n{'&'.join(values)}".encode()


def _pick_value(schema: Mapping[str, Any]) -> object:
    options = schema.get("enum", [schema.get("minimum", "x")])
    return options[0]


_NUMBERED: Final = Cursor("fuzzed.numbered", tuple[int, str])
_NAMED: Final = Cursor("fuzzed.named", str)
_PAGE: Final = Query(PageQuery)


def decode_cursor(data: bytes) -> None:
    """Read a cursor of two lists: the text of a query, or what is inside of one if it begins with a bracket."""
    text = base64.urlsafe_b64encode(data).rstrip(b"=") if data.startswith(b"[") else data
    query = _PAGE.decode(build_request([], b"cursor=" + text))
    if isinstance(query, list):
        read_faults(query)
        return
    for cursor in (_NUMBERED, _NAMED):
        try:
            cursor.read(query)
        except ProblemError:
            continue


def list_cursors() -> Iterator[bytes]:
    """Yield cursors of both lists, as text and as what is inside."""
    numbered = _NUMBERED.cut(PageQuery(limit=1), [7, 8], lambda row: (row, "x"))[1]
    named = _NAMED.cut(PageQuery(limit=1), ["año", "b"], lambda row: row)[1]
    for text in (numbered, named):
        assert text is not None
        yield text.encode()
        yield base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def decode_conditions(data: bytes) -> None:
    """Evaluate the headers of a request that begin with `If-`, and the range that it asks for."""
    headers = split_headers(data)
    change, read = build_request(headers, method="PUT"), build_request(headers)
    holds = read_preconditions(change)
    holds("v1.0a1b2c3d"), holds(None)
    positions = find_range(read, SIZE, ETAG, MODIFIED)
    if positions is not None:
        pieces = iter([b"x" * 300, b"x" * 700])
        assert sum(map(len, cut_pieces(pieces, positions))) == len(positions) <= SIZE
    is_current(read, {"ETag": ETAG, "Last-Modified": MODIFIED})


def decode_negotiation(data: bytes) -> None:
    """Choose the media type, language and coding of a response, and read the type of a body."""
    request = build_request(split_headers(data))
    accept = read_header(request.scope, b"accept")
    accepts(accept, JSON)
    assert 0 <= compute_quality(accept, "text/csv") <= 1
    assert negotiate_language(read_header(request.scope, b"accept-language"), "es") in PAGE_LANGUAGES
    choose_coding(read_header(request.scope, b"accept-encoding"))
    _, options = request.content_type
    options.get("charset", "utf-8").lower()


def decode_names(data: bytes) -> None:
    """Read the names that a request gives: its key, its attempt, its id, its trace."""
    request = build_request(split_headers(data))
    scheme, _, text = (read_header(request.scope, b"authorization") or "").partition(" ")
    key = parse_key(text.strip()) if scheme.lower() == "bearer" else None
    assert key is None or parse_key(key.to_text()) == key
    whole = data.decode("latin-1")
    assert all(parse_key(key.to_text()) == key for _, key in find_keys(whole))
    assert not list(find_keys(redact_keys(whole)))
    assert len(assign_request_id(request.scope)) <= 64
    read_traceparent(request.scope)
    attempt = read_idempotency_key(request)
    assert attempt is None or not re.fullmatch(IDEMPOTENCY_KEY, attempt) or attempt.isascii()


def list_names() -> Iterator[bytes]:
    """Yield headers with a key, and one that is mistyped."""
    key = Key("A1" * 6, "b" * SECRET_LENGTH).to_text().encode()
    yield b"authorization: Bearer " + key + b"\nidempotency-key: a1\nx-request-id: r-1"
    yield b"authorization: bearer " + key[:-1] + b"\ntraceparent: 00-" + b"1" * 32 + b"-" + b"2" * 16 + b"-01"


def decode_embedded(data: bytes) -> None:
    """Find the score that an address names, as oEmbed does."""
    parse_target(data.decode("utf-8"), ("https://actitud.example", "http://127.0.0.1:8000"))


TARGETS: Final = {
    "body": Target(
        decode_body,
        seeds=list_bodies,
        tokens=rb'{" ": null true [[ 1e400 -0 \ud800 \u0000 "methodology" "2027.1" "items":[ 0.1',
        length_max=8192,
    ),
    "query": Target(
        decode_query, seeds=list_queries, tokens=b"& = % %00 %ff limit= cursor= lang= , sort= organisation= total=true"
    ),
    "cursor": Target(decode_cursor, seeds=list_cursors, tokens=b'[1, " ] 1e400 null \\ud800', length_max=1200),
    "conditions": Target(
        decode_conditions,
        (ProblemError,),
        lambda: (
            b"if-match: " + ETAG.encode() + b', W/"a"',
            b"if-none-match: *\nrange: bytes=0-99\nif-range: " + ETAG.encode(),
            b"if-modified-since: " + MODIFIED.encode() + b"\nrange: bytes=-5",
        ),
        b'if-match: if-none-match: if-modified-since: range: bytes= if-range: W/" , *',
        1200,
    ),
    "negotiation": Target(
        decode_negotiation,
        (),
        lambda: (
            b"accept: text/csv;q=0.5, */*;q=0.1\naccept-language: gl, es;q=0.9, en;q=0\naccept-encoding: br, gzip;q=0",
            b'content-type: application/json; charset="utf-8"',
        ),
        b'accept: accept-language: accept-encoding: content-type: ;q= */* charset= " ,',
        1200,
    ),
    "names": Target(
        decode_names,
        (),
        list_names,
        b"authorization: Bearer idempotency-key: x-request-id: traceparent: 00- actl_",
        1200,
    ),
    "oembed": Target(
        decode_embedded,
        (UnicodeDecodeError,),
        lambda: (
            b"https://actitud.example/portal/2026-demo/XX-DEMO-00001?lang=en",
            b"http://127.0.0.1:8000/badge/latest/XX-DEMO-00001.svg",
        ),
        b"https:// /embed/ /portal/ /badge/ .svg ?lang= %2F [::1] @ :65536",
        1200,
    ),
}
