"""Measurement of requests: how many, how long, and a line of each in the log.

The outermost layer, so that the time of an answer from memory counts too. It is there only if the settings ask for
figures or for the log: each costs some microseconds of a request.
"""

from __future__ import annotations

import time
from typing import Final

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from actitud_api.platform.http.metrics import DURATION, IN_PROGRESS, MEMORY_READS, REQUESTS
from actitud_api.platform.http.redaction import redact_keys
from actitud_api.platform.http.scope import assign_request_id, find_memory_outcome, find_route, read_traceparent

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_OTHER: Final = "other"
"""Method, or route, of a request that has none of ours: what clients choose must not become a name of a figure."""

_log = structlog.get_logger()


class Observation:
    """ASGI layer that counts, times and logs requests."""

    def __init__(self, inner: ASGIApp, *, counts: bool, logs: bool) -> None:
        """Create the layer around the application `inner`.

        `counts`: True to record metrics. `logs`: True to log a line for each request.
        """
        self._inner = inner
        self._counts = counts
        self._logs = logs

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request (ASGI), and record it."""
        if scope["type"] != ScopeType.HTTP:
            await self._inner(scope, receive, send)
            return
        # Kept, because layers below handle HEAD as GET.
        method = str(scope["method"])
        started = time.perf_counter()
        status = size = 0

        async def observe(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "http.response.body":
                size += len(message["body"])
            await send(message)

        if self._counts:
            IN_PROGRESS.inc()
        try:
            await self._inner(scope, receive, observe)
        finally:
            seconds = time.perf_counter() - started
            if self._counts:
                IN_PROGRESS.dec()
                _count(scope, method, status, seconds)
            if self._logs:
                _log_request(scope, method, status, size, seconds)


def _count(scope: HTTPScope, method: str, status: int, seconds: float) -> None:
    known = method if method in _METHODS else _OTHER
    route = find_route(scope) or _OTHER
    REQUESTS.labels(known, route, str(status)).inc()
    DURATION.labels(known, route).observe(seconds)
    outcome = find_memory_outcome(scope)
    if outcome is not None:
        MEMORY_READS.labels(outcome).inc()


def _log_request(scope: HTTPScope, method: str, status: int, size: int, seconds: float) -> None:
    """Log a request without its query and without the address of its client, which are personal data.

    `status` is 0 if the client went before the answer began.
    """
    principal = scope["state"].get("principal")
    _log.info(
        "request",
        request_id=assign_request_id(scope),
        traceparent=read_traceparent(scope),
        method=method,
        path=redact_keys(scope["path"]),
        route=find_route(scope),
        status=status,
        bytes=size,
        seconds=round(seconds, 6),
        memory=find_memory_outcome(scope),
        key=None if principal is None else principal.key,
    )
