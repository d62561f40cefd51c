"""Facts of a request other than its body (id, headers, query, language), and redirects."""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final, Literal
from urllib.parse import parse_qsl, quote, urlencode

import structlog
from litestar import Request, Response
from litestar.datastructures import State
from litestar.types import HTTPScope

from actitud_api.engine.i18n import PAGE_LANGUAGES, Language, choose_whole_language
from actitud_api.platform.http.negotiation import negotiate_language
from actitud_api.platform.http.redaction import has_key

ApiRequest = Request[object, object, State]

VERSIONED: Final = "/v1"
"""First segment of the paths of the API."""

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_PARAMETERS_MAX = 50
_FOLLOWS_HOST: Final = "follows_host"
"""Member of the state of a request: it is there if the answer has links with the `Host` of the request."""
_PUBLIC_FOR_HOST: Final = "public_for_host"
"""Member of the state of a request: it is there if only those links keep its answer out of the caches of others."""
_INCOMPLETE: Final = "incomplete"
"""Member of the state of a request: it is there if the answer lacks something that a later one may have."""
_ROUTE: Final = "route"
"""Member of the state of a request: the template of its path, if memory knew it before routing."""
_MEMORY: Final = "memory"
"""Member of the state of a request: what memory did for it."""

MemoryOutcome = Literal["hit", "stale", "made"]
"""Outcome of a read that memory keeps: answered from it, answered though the database is silent, or made anew."""

_log = structlog.get_logger()


def assign_request_id(scope: HTTPScope) -> str:
    """Return the id of a request, the same at each call.

    It is the client's `X-Request-Id` if that header has 1 to 64 safe characters and is no access key. Any other request
    gets a random id.
    """
    assigned = scope["state"].get("request_id")
    if isinstance(assigned, str):
        return assigned
    client_id = read_header(scope, b"x-request-id")
    # The id goes into logs and a header, so only harmless characters are accepted.
    is_safe = client_id is not None and _REQUEST_ID.fullmatch(client_id) and not has_key(client_id)
    chosen = client_id if client_id is not None and is_safe else uuid.uuid4().hex
    scope["state"]["request_id"] = chosen
    return chosen


def assign_entry_id(scope: HTTPScope) -> str:
    """Return the id of a request for the ledger, which is always random, and the same at each call.

    It is the id from `assign_request_id` if that id is random too. An id chosen by the client is not used, because a
    ledger entry can never be removed and must not contain a text that a client chose; the log then has both ids.
    """
    assigned = scope["state"].get("entry_id")
    if isinstance(assigned, str):
        return assigned
    request_id = assign_request_id(scope)
    chosen = request_id
    if request_id == read_header(scope, b"x-request-id"):
        chosen = uuid.uuid4().hex
        _log.info("ledger entry", request_id=request_id, entry=chosen)
    scope["state"]["entry_id"] = chosen
    return chosen


def read_traceparent(scope: HTTPScope) -> str | None:
    """Return the `traceparent` of a request (W3C Trace Context), or None if it is absent or malformed."""
    sent = read_header(scope, b"traceparent")
    return sent if sent is not None and _TRACEPARENT.fullmatch(sent) else None


def read_header(scope: HTTPScope, name: bytes) -> str | None:
    """Return the value of a request header, or None if it is absent; several values are joined by commas.

    `name` is in lower case.
    """
    values = [value.decode("latin-1") for key, value in scope["headers"] if key == name]
    return ", ".join(values) if values else None


def parse_query(scope: HTTPScope) -> list[tuple[str, str]]:
    """Return the query parameters of a request as pairs of name and value, decoded and in their order.

    Raises:
        ValueError: The query is not percent-encoded UTF-8, or has more than 50 parameters.
    """
    return decode_query(scope["query_string"])


def read_parameters(request: ApiRequest) -> list[tuple[str, str]]:
    """Return the query parameters as `parse_query` does; the list is empty if the query cannot be decoded."""
    try:
        return parse_query(request.scope)
    except ValueError:
        return []


def decode_query(raw: bytes) -> list[tuple[str, str]]:
    """Return the parameters of a query string as pairs of name and value, decoded and in their order.

    Raises:
        ValueError: The query is not percent-encoded UTF-8, or has more than 50 parameters.
    """
    if not raw:
        return []
    # The limit keeps a query of many thousand parameters from costing time before it is refused.
    return parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_PARAMETERS_MAX)


def normalise_query(query: bytes, known: Collection[str]) -> bytes | None:
    """Return a query string with only its `known` parameters, sorted by name and in one percent-encoding.

    Queries that differ only in order, percent-encoding or other parameters become equal. The order of parameters with
    one name is kept, because they are the items of a list. Return None if the query cannot be decoded.
    """
    if not query:
        return query
    try:
        pairs = decode_query(query)
    except ValueError:
        return None
    return urlencode(sorted((pair for pair in pairs if pair[0] in known), key=lambda pair: pair[0])).encode()


def find_clean_query(query: bytes, known: Collection[str]) -> str | None:
    """Return a query without unknown parameters and without parameters that are blank.

    The remaining parameters keep their order. Return None if no parameter has to be removed, or if the query cannot be
    decoded.
    """
    try:
        pairs = decode_query(query)
    except ValueError:
        return None
    kept = [(name, value) for name, value in pairs if name in known and value.strip()]
    return None if kept == pairs else urlencode(kept)


def find_base_url(request: ApiRequest) -> str:
    """Return scheme and authority of absolute links, such as `https://example.org`, without a final slash.

    The public URL of the settings is used if there is one; else the `Host` of the request if it is this machine, else
    the address on which the service listens. Other hosts are not used, because a client may put any name into `Host`,
    and a cache would send the response to other clients.
    """
    public: str | None = request.app.state.get("public_url")
    if public is None and is_loopback(request.base_url.hostname):
        request.scope["state"][_FOLLOWS_HOST] = True
        return str(request.base_url).rstrip("/")
    return find_own_url(request)


def find_own_url(request: ApiRequest) -> str:
    """Return scheme and authority of absolute links, such as `https://example.org`, independent of the `Host` header.

    They are those of the public URL of the settings or, without one, of the address on which the service listens.
    """
    address: str = request.app.state.get("public_url") or request.app.state["address"]
    return address.rstrip("/")


def follows_host(scope: HTTPScope) -> bool:
    """Return True if the response to a request contains absolute links with the `Host` of that request."""
    return _FOLLOWS_HOST in scope["state"]


def mark_public_for_host(scope: HTTPScope) -> None:
    """Allow the response to a request to be stored in memory for all clients with the same `Host`.

    Shared caches may not store it, because its links contain that `Host`.
    """
    scope["state"][_PUBLIC_FOR_HOST] = True


def is_public_for_host(scope: HTTPScope) -> bool:
    """Return True if the response to a request may be stored in memory for all clients with the same `Host`."""
    return _PUBLIC_FOR_HOST in scope["state"]


def mark_incomplete(scope: HTTPScope) -> None:
    """Forbid storing the response to a request in memory, because it lacks data that a later response may have."""
    scope["state"][_INCOMPLETE] = True


def is_incomplete(scope: HTTPScope) -> bool:
    """Return True if the response to a request must not be stored in memory, because it lacks data."""
    return _INCOMPLETE in scope["state"]


def note_memory(scope: HTTPScope, route: str, outcome: MemoryOutcome) -> None:
    """Record the path template of a request, and whether memory had its response.

    `outcome`: `hit` if memory had it, `stale` if memory had it and the database does not answer, `made` if it was
    generated.
    """
    scope["state"][_ROUTE] = route
    scope["state"][_MEMORY] = outcome


def find_memory_outcome(scope: HTTPScope) -> MemoryOutcome | None:
    """Return the recorded outcome of looking for a response in memory; None if responses of the route are not stored.

    The outcome is `hit` if memory had the response, `stale` if it had it and the database does not answer, `made` if
    the response was generated.
    """
    outcome: MemoryOutcome | None = scope["state"].get(_MEMORY)
    return outcome


def find_route(scope: HTTPScope) -> str | None:
    """Return the path template of a request, such as `/v1/editions/{edition}`, or None if no route matches."""
    route: str | None = scope["state"].get(_ROUTE) or scope.get("path_template")
    return route


def is_loopback(host: str | None) -> bool:
    """Return True if a host (name or IP address, without port) is this machine."""
    if host is None or host == "localhost":
        return host is not None
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def choose_language(scope: HTTPScope, default: Language = "en") -> Language:
    """Return the language of a response that is completely in one language.

    The query parameter `lang` decides; without it `Accept-Language`; without both the default. If the texts are only
    partly translated to that language, Spanish is returned.
    """
    return choose_whole_language(choose_page_language(scope, default))


def choose_page_language(scope: HTTPScope, default: Language = "en") -> Language:
    """Return the language that the reader of a page chose, even if only a part of the texts is translated to it.

    The query parameter `lang` decides; without it `Accept-Language`; without both the default.
    """
    return find_asked_language(scope) or negotiate_language(read_header(scope, b"accept-language"), default)


def find_asked_language(scope: HTTPScope) -> Language | None:
    """Return the language that the query parameter `lang` names, or None if it names no language of the service."""
    try:
        lang = dict(parse_query(scope)).get("lang")
    except ValueError:
        return None
    return next((supported for supported in PAGE_LANGUAGES if supported == lang), None)


_SEGMENT: Final = ":@!$&'()*+,;="
"""Characters of a path segment that need no percent-encoding (RFC 3986, section 3.3)."""

ALWAYS_REVALIDATE: Final = "no-cache"
"""Caching of redirects: a cache asks each time, because an alias may later belong to another resource."""


REDIRECT_SECONDS: Final = 3_600
"""Seconds for which caches keep a redirect to a clean address."""


@dataclass(frozen=True, slots=True)
class Moved:
    """Redirect to the same path and query, in which the path parameter `parameter` has another `value`."""

    parameter: str
    value: str


def redirect(scope: HTTPScope, moved: Moved) -> Response[bytes]:
    """Return the response (308) that redirects a request to the same path and query with another path parameter.

    `moved` has the name and the new value of the parameter.
    """
    # As it came: a page ignores a query that cannot be decoded.
    query = scope["query_string"].decode("latin-1")
    location = _move_path(scope, moved) + (f"?{query}" if query else "")
    headers = {"Location": location, "Cache-Control": ALWAYS_REVALIDATE, "Vary": "Accept"}
    return Response(b"", status_code=308, headers=headers)


def redirect_query(scope: HTTPScope, query: str) -> Response[bytes]:
    """Return the response (308) that redirects a request to the same path with another query.

    Any cache may keep the redirect, because it is the same for all clients, but only for `REDIRECT_SECONDS`, because a
    later release may know more parameters.
    """
    return _redirect_query(scope, query, 308, f"public, max-age={REDIRECT_SECONDS}")


def redirect_for_now(scope: HTTPScope, query: str) -> Response[bytes]:
    """Return the response (307) that temporarily redirects a request to the same path with another query.

    Caches ask again each time, unlike for a permanent redirect.
    """
    return _redirect_query(scope, query, 307, ALWAYS_REVALIDATE)


def _redirect_query(scope: HTTPScope, query: str, status: int, cache: str) -> Response[bytes]:
    location = quote(scope["path"], safe=f"/{_SEGMENT}") + (f"?{query}" if query else "")
    return Response(b"", status_code=status, headers={"Location": location, "Cache-Control": cache})


def find_served_path(scope: HTTPScope) -> str:
    """Return the percent-encoded path of the resource that the response to a request represents.

    It differs from the requested path if `Accept` selected a file, or if `latest` was replaced by the id of an edition.
    """
    resolved: Moved | None = scope["state"].get("resolved")
    return quote(scope["path"], safe=f"/{_SEGMENT}") if resolved is None else _move_path(scope, resolved)


def find_content_location(scope: HTTPScope) -> str | None:
    """Return path and query of the resource that a response represents, None if they are the requested ones."""
    if "resolved" not in scope["state"] and "requested_path" not in scope["state"]:
        return None
    query = scope["query_string"].decode("ascii")
    return find_served_path(scope) + (f"?{query}" if query else "")


def _move_path(scope: HTTPScope, moved: Moved) -> str:
    template, path = scope["path_template"].split("/"), scope["path"].split("/")
    steps = [
        moved.value if step == f"{{{moved.parameter}}}" else segment
        for step, segment in zip(template, path, strict=True)
    ]
    return "/".join(quote(step, safe=_SEGMENT) for step in steps)
