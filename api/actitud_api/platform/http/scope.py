"""Facts of a request besides its body (id, headers, query, language), and its redirect to another address."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, quote, urlencode

from litestar import Request, Response
from litestar.datastructures import State
from litestar.types import HTTPScope

from actitud_api.engine.i18n import LANGUAGES, Language
from actitud_api.platform.http.negotiation import language
from actitud_api.platform.http.redaction import has_key

ApiRequest = Request[object, object, State]

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_PARAMETERS_MAX = 50


def assign_request_id(scope: HTTPScope) -> str:
    """Return the id of a request: that of the client if it is a safe one, else a new one, the same for a scope."""
    known = scope["state"].get("request_id")
    if isinstance(known, str):
        return known
    given = read_header(scope, b"x-request-id")
    is_safe = given is not None and _REQUEST_ID.fullmatch(given) and not has_key(given)
    chosen = given if given is not None and is_safe else uuid.uuid4().hex
    scope["state"]["request_id"] = chosen
    return chosen


def read_header(scope: HTTPScope, name: bytes) -> str | None:
    """Return the value of a request header, several joined by commas, None without one. `name` is in lower case."""
    values = [value.decode("latin-1") for key, value in scope["headers"] if key == name]
    return ", ".join(values) if values else None


def parse_query(scope: HTTPScope) -> list[tuple[str, str]]:
    """Return the decoded parameters of the query in their order.

    Raises `ValueError` where they are not percent-encoded UTF-8 or more than 50.
    """
    raw = scope["query_string"]
    if not raw:
        return []
    return parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_PARAMETERS_MAX)


def find_base_url(request: ApiRequest) -> str:
    """Return the scheme and authority of the service as people reach it, without a final slash."""
    public: str | None = request.app.state.get("public_url")
    return (public or str(request.base_url)).rstrip("/")


def choose_language(scope: HTTPScope, default: Language = "en") -> Language:
    """Return the language of an answer: the parameter `lang`, else `Accept-Language`, else the default."""
    try:
        wanted = dict(parse_query(scope)).get("lang")
    except ValueError:
        wanted = None
    for known in LANGUAGES:
        if known == wanted:
            return known
    return language(read_header(scope, b"accept-language"), default)


ASK_AGAIN: Final = "no-cache"
"""Whoever keeps it asks each time whether it is still so: an alias may become that of another."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A resource at the same path and query with another value of one path parameter."""

    parameter: str
    value: str


def redirect(scope: HTTPScope, moved: Moved) -> Response[bytes]:
    """Return the redirect (308) to the moved resource."""
    template, path = scope["path_template"].split("/"), scope["path"].split("/")
    steps = [
        moved.value if step == f"{{{moved.parameter}}}" else there for step, there in zip(template, path, strict=True)
    ]
    query = urlencode(parse_query(scope))
    location = "/".join(quote(step, safe=":@!$&'()*+,;=") for step in steps) + (f"?{query}" if query else "")
    headers = {"Location": location, "Cache-Control": ASK_AGAIN, "Vary": "Accept"}
    return Response(b"", status_code=308, headers=headers)
