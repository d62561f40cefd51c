"""Outermost layer, which handles every request and response, whatever handler answers.

It answers `HEAD` wherever there is `GET`, completes `Allow`, refuses paths with a doubled or final slash,
assigns the request id, and adds security headers and CORS headers without credentials: for open operations, and for
responses that are made before a handler is found (404, 405) beside such operations.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from typing import Final

from litestar import Litestar
from litestar.enums import ScopeType
from litestar.exceptions import HTTPException
from litestar.routes import HTTPRoute
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send
from litestar.utils import normalize_path

from actitud_api import __version__
from actitud_api.engine.i18n import Texts
from actitud_api.platform.http.contract import find_contract, is_open
from actitud_api.platform.http.deprecation import find_announced_deprecation
from actitud_api.platform.http.problems import INVALID_REQUEST, NOT_FOUND, ProblemError, build_response
from actitud_api.platform.http.representations import PRIVATE, Files
from actitud_api.platform.http.scope import (
    VERSIONED,
    ApiRequest,
    assign_request_id,
    find_content_location,
    follows_host,
    mark_public_for_host,
    read_header,
)
from actitud_api.platform.http.validation import has_control

SERVICE_DESCRIPTION: Final = b'</v1/openapi.json>; rel="service-desc"; type="application/json"'

_LABEL = "[A-Za-z0-9_-]{1,63}"
_HOST = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*\.?|\[(?P<address>[0-9A-Fa-f:.]+)\])(?::(?P<port>[0-9]{{1,5}}))?")
_PORT_MAX = 65_535
_ALWAYS: Final = (
    (b"link", SERVICE_DESCRIPTION),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)
_PARAMETER: Final = re.compile(r"\\\{\w+\\\}")
"""A parameter of a path format, escaped for a pattern."""
_FAMILY: Final = re.compile(r"/(\.?[^/.]*)")
"""The first segment of a path, without the suffix of a format: `catalog` of `/catalog.ttl`."""
_API_VERSION: Final = (b"api-version", __version__.encode())
_LOCKED: Final = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; sandbox")
_OPEN: Final = (
    (b"access-control-allow-origin", b"*"),
    (
        b"access-control-expose-headers",
        b"Accept-Ranges, API-Version, Content-Disposition, Content-Language, Content-Location, Content-Range, "
        b"Deprecation, ETag, Idempotency-Replayed, Last-Modified, Link, Location, RateLimit, RateLimit-Policy, "
        b"Repr-Digest, Retry-After, Sunset, X-Request-Id",
    ),
    (b"cross-origin-resource-policy", b"cross-origin"),
)
_REPRESENTED: Final = frozenset({200, 206, 304})
"""Statuses of responses about a representation, which `Content-Location` identifies (RFC 9110, section 8.7)."""
_PREFLIGHT: Final = (
    (
        # Not Authorization: a key is for servers, and must not be in a page that anybody can read.
        b"access-control-allow-headers",
        b"Accept-Language, Content-Type, If-Match, If-Modified-Since, If-None-Match, If-Range, Range, traceparent, "
        b"tracestate, X-Request-Id",
    ),
    (b"access-control-max-age", b"86400"),
)


class Edge:
    """Outermost ASGI application, around the handler of the Litestar application.

    It answers `HEAD` and preflight requests, refuses malformed paths and hosts, and adds request id and security
    headers to each response.
    """

    def __init__(self, app: Litestar) -> None:
        self._app = app
        self._inner: ASGIApp = app.asgi_handler
        self._unversioned = _compile_unversioned(app)
        self._open_families = frozenset(_find_family(path) for path in _iterate_open_paths(app))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request (ASGI) before all other layers."""
        if scope["type"] != ScopeType.HTTP:
            await self._inner(scope, receive, send)
            return
        # Handled as GET, so that status and headers of HEAD can never differ from those of GET (RFC 9110, section
        # 9.3.2).
        head = scope["method"] == "HEAD"
        if head:
            scope["method"] = "GET"
            # A handler may skip the computation of a long body.
            scope["state"]["head"] = True
        path = scope["path"]

        async def send_decorated(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = _keep_private(scope, message["headers"]) if follows_host(scope) else list(message["headers"])
                # Litestar computes Allow per route; a path may have several routes, and HEAD is missing.
                if (scope["method"] == "OPTIONS" and message["status"] == 204) or message["status"] == 405:
                    headers = [pair for pair in headers if pair[0].lower() != b"allow"]
                    headers.append((b"allow", ", ".join(self._find_methods(path)).encode()))
                    if scope["method"] == "OPTIONS":
                        headers += self._build_preflight_headers(scope, path)
                message["headers"] = [*headers, *self._build_added_headers(scope, headers, message["status"])]
                if head:
                    # The server asks the scope whether a body of the stated length is due.
                    scope["method"] = "HEAD"
            elif head and message["type"] == "http.response.body":
                message["body"] = b""
            await send(message)

        refusal = _find_refusal(scope)
        if refusal is None:
            await self._inner(scope, receive, send_decorated)
            return
        request: ApiRequest = self._app.request_class(scope, receive, send)
        is_described = self._unversioned.fullmatch(path) is not None
        response = build_response(scope, refusal, is_described=is_described)
        await response.to_asgi_response(app=None, request=request)(scope, receive, send_decorated)

    def _find_methods(self, path: str) -> list[str]:
        """Return the methods that exist for a path, sorted, with HEAD if GET exists. The path must exist."""
        template = self._app.asgi_router.handle_routing(path=normalize_path(path), method="OPTIONS")[4]
        routes = (route for route in self._app.routes if isinstance(route, HTTPRoute) and route.path_format == template)
        methods = {str(method) for route in routes for method in route.methods}
        return sorted(methods | ({"HEAD"} if "GET" in methods else set()))

    def _build_preflight_headers(self, scope: HTTPScope, path: str) -> list[tuple[bytes, bytes]]:
        """Return the CORS headers that answer a preflight request.

        The list is empty if the request is no preflight request, or if the operation is not open to other
        origins.
        """
        requested_method = read_header(scope, b"access-control-request-method")
        if requested_method is None or read_header(scope, b"origin") is None:
            return []
        method = "GET" if requested_method == "HEAD" else requested_method
        try:
            handler = self._app.asgi_router.handle_routing(path=normalize_path(path), method=method)[1]
        except HTTPException:
            return []
        if not is_open(handler.opt):
            return []
        return [*_OPEN, *_PREFLIGHT, (b"access-control-allow-methods", requested_method.encode())]

    def _build_added_headers(
        self, scope: HTTPScope, headers: list[tuple[bytes, bytes]], status: int
    ) -> list[tuple[bytes, bytes]]:
        added = [*_ALWAYS, (b"x-request-id", assign_request_id(scope).encode())]
        location = find_content_location(scope) if status in _REPRESENTED else None
        # A published document names its permanent path itself.
        if location is not None and not any(name.lower() == b"content-location" for name, _ in headers):
            added.append((b"content-location", location.encode()))
        if not any(name == _LOCKED[0] for name, _ in headers):
            added.append(_LOCKED)
        handler = scope.get("route_handler")
        contract = None if handler is None else find_contract(handler.opt)
        path = scope["path"]
        # By the path: an error made before routing has no handler.
        if path == VERSIONED or path.startswith(f"{VERSIONED}/") or self._unversioned.fullmatch(path):
            added.append(_API_VERSION)
        deprecation = find_announced_deprecation(scope) or (None if contract is None else contract.deprecated)
        if deprecation is not None:
            added += deprecation.build_headers()
        # A response without a handler (404, 405) tells nothing of a resource, and without these headers a script sees a
        # failure of the network instead of the problem.
        if _find_family(path) in self._open_families if handler is None else is_open(handler.opt):
            added += _OPEN
        return added


def _iterate_open_paths(app: Litestar) -> Iterator[str]:
    for route in app.routes:
        if isinstance(route, HTTPRoute) and any(is_open(handler.opt) for handler in route.route_handlers):
            yield route.path_format


def _find_family(path: str) -> str | None:
    match = _FAMILY.match(path)
    return None if match is None else match[1]


def _keep_private(scope: HTTPScope, headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return the headers of a response that no cache may hand on to others, because its links have the `Host` of one.

    What is not public anyway keeps its own rule. Memory of this service knows the `Host`, so it is told what is public.
    """
    kept = list[tuple[bytes, bytes]]()
    for name, value in headers:
        if name.lower() == b"cache-control" and b"public" in value:
            mark_public_for_host(scope)
            kept.append((name, PRIVATE.encode()))
        else:
            kept.append((name, value))
    return kept


def _compile_unversioned(app: Litestar) -> re.Pattern[str]:
    """Compile a pattern of the paths of operations outside `/v1`, as the OpenAPI document has them.

    A file has one path there for all of its formats, so the suffix of a path may be that of no format.
    """
    paths = set[str]()
    for route in app.routes:
        if not isinstance(route, HTTPRoute) or route.path.startswith(f"{VERSIONED}/"):
            continue
        for handler in route.route_handlers:
            contract = find_contract(handler.opt)
            if contract is not None:
                is_file = isinstance(contract.answer, Files)
                path = _PARAMETER.sub("[^/]+", re.escape(route.path_format))
                paths.add(path.rpartition(".")[0] + ".[^/]+" if is_file else path)
    return re.compile("|".join(sorted(paths)) or "(?!)", re.DOTALL)


def is_host(text: str) -> bool:
    """Return True if a `Host` header is a name or an IP address, with or without a port (RFC 3986, section 3.2)."""
    match = _HOST.fullmatch(text)
    if match is None or int(match["port"] or 0) > _PORT_MAX:
        return False
    if match["address"] is not None:
        try:
            ipaddress.IPv6Address(match["address"])
        except ValueError:
            return False
    return True


def _find_refusal(scope: HTTPScope) -> ProblemError | None:
    """Return the problem of a malformed `Host` (400) or path (404), or None if both are well-formed.

    It is called before routing, so a refused request reaches no handler.
    """
    host = read_header(scope, b"host")
    if host is not None and not is_host(host):
        detail = Texts("La cabecera `Host` no nombra un servidor.", "The header `Host` does not name a host.")
        return ProblemError(INVALID_REQUEST, detail)
    path = scope["path"]
    # Litestar would normalise a doubled or final slash; one spelling per resource keeps caches and access rules exact.
    versioned = path == VERSIONED or path.startswith((f"{VERSIONED}/", "//"))
    if has_control(path) or (versioned and path != normalize_path(path)):
        return ProblemError(NOT_FOUND, NOT_FOUND.description)
    return None
