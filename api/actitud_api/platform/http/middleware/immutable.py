"""Cache of responses that never change, in the memory of the process.

A response from the cache needs no database, access rule or rate limit. The layer stands inside the edge and
around the router. A handler marks a response for the cache by `keep`, which is allowed only with the
`Cache-Control` `IMMUTABLE`, so everything in the cache is public. A request for a path that is not in the cache
goes to its handler.
"""

from __future__ import annotations

import threading
import zlib
from collections import OrderedDict
from typing import Final

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, RouteHandlerType, Scope, Send

from actitud_api.platform.http.negotiation import JSON, accepts
from actitud_api.platform.http.representations import matches_tag
from actitud_api.platform.http.scope import ApiRequest, read_header

ROOM: Final = 64 * 1024 * 1024
"""Highest number of bytes that the cache takes; responses are kept compressed."""

_BESIDE: Final = 2_048
"""Bytes that a cached response takes in addition to its body, as an estimate."""
_GZIP: Final = 16 + zlib.MAX_WBITS
_OF_ONE_REQUEST: Final = frozenset({b"ratelimit", b"ratelimit-policy", b"content-length", b"x-request-id"})
_RARE: Final = frozenset({b"range", b"if-match", b"if-modified-since"})
_KEPT: Final = "immutable"


def keep(request: ApiRequest, member: bytes) -> None:
    """Mark the response to a request as one that the cache may keep.

    `member`: the body of the response and a line end after it, compressed with gzip (a member of a gzip file).
    This is the form in which published documents are stored; the cache keeps it as it is.
    """
    request.scope["state"][_KEPT] = member


class _CachedResponse:
    __slots__ = ("handler", "headers", "member")

    def __init__(self, headers: list[tuple[bytes, bytes]], member: bytes, handler: RouteHandlerType) -> None:
        self.headers = headers
        self.member = member
        self.handler = handler

    @property
    def size(self) -> int:
        return len(self.member) + _BESIDE


class Immutable:
    """ASGI layer that answers GET requests from the cache; `room` is the highest number of bytes in it.

    If the cache is full, the responses that have gone unused for longest are dropped. Requests with a query are
    never answered from the cache.
    """

    def __init__(self, app: ASGIApp, room: int = ROOM) -> None:
        self._app = app
        self._room = room
        self._responses: OrderedDict[str, _CachedResponse] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request (ASGI).

        The answer comes from the cache if it has the path and the client accepts JSON, else from the handler of
        the path.
        """
        if scope["type"] != ScopeType.HTTP or scope["method"] != "GET" or scope["query_string"]:
            await self._app(scope, receive, send)
            return
        found = None if _has_rare_condition(scope) else self._find(scope["path"])
        if found is not None and accepts(read_header(scope, b"accept"), JSON):
            await _send_cached(scope, found, send)
            return

        async def listening(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 200:
                member = scope.get("state", {}).get(_KEPT)
                if isinstance(member, bytes):
                    headers = [pair for pair in message["headers"] if pair[0].lower() not in _OF_ONE_REQUEST]
                    self._put(scope["path"], _CachedResponse(headers, member, scope["route_handler"]))
            await send(message)

        await self._app(scope, receive, listening)

    def _find(self, path: str) -> _CachedResponse | None:
        with self._lock:
            found = self._responses.get(path)
            if found is not None:
                self._responses.move_to_end(path)
            return found

    def _put(self, path: str, response: _CachedResponse) -> None:
        with self._lock:
            if path in self._responses or response.size > self._room:
                return
            self._responses[path] = response
            self._size += response.size
            while self._size > self._room:
                _, gone = self._responses.popitem(last=False)
                self._size -= gone.size


def _has_rare_condition(scope: HTTPScope) -> bool:
    """Return True if a request has a condition or a range, which only its handler evaluates."""
    return any(name in _RARE for name, _ in scope["headers"])


async def _send_cached(scope: HTTPScope, found: _CachedResponse, send: Send) -> None:
    # The edge looks at the handler to know what is open to scripts of other origins.
    scope["route_handler"] = found.handler
    tag = next(value.decode("latin-1") for name, value in found.headers if name.lower() == b"etag")
    there = matches_tag(read_header(scope, b"if-none-match"), tag)
    body = b"" if there else zlib.decompress(found.member, _GZIP)[:-1]
    headers = found.headers if there else [*found.headers, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 304 if there else 200, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
