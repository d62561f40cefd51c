"""Fixed-window rate limiting per key or client address.

An ASGI layer around every handler, which runs after the caller is authenticated. A request counts for its key,
or for the address of the client if it has no key. The server provides the address. It trusts the header of a
proxy only if the settings name the proxy, so a client cannot choose its address.

The header fields are those of draft-ietf-httpapi-ratelimit-headers-11:

    RateLimit-Policy: "read";q=12000;w=60
    RateLimit: "read";r=11999;t=60
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from ipaddress import IPv6Address, ip_address
from math import ceil
from typing import Final, Literal

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from actitud_api.engine.i18n import Texts
from actitud_api.platform.http.access import Rule, rule_of
from actitud_api.platform.http.middleware.policy import Holder, holder_of
from actitud_api.platform.http.problems import TOO_MANY_REQUESTS, UNAVAILABLE, ProblemError

_log = structlog.get_logger()

LimitClass = Literal["read", "write", "score", "refused"]
"""Requests that are counted together: reads, writes, computations of scores, and refused credentials."""

Count = Callable[[str, int], tuple[int, float]]
"""Function that counts one more request of a subject as a number of requests, 1 or more.

It returns the number of the last of them in the window, from 1, and the seconds until the window ends. It raises
`CountFailed` if the request cannot be counted.
"""

PATIENCE: Final = 1.0
"""Longest time in seconds that a request waits to be counted."""

RETRY_AFTER: Final = 2
"""Value of `Retry-After` in seconds if a request could not be counted."""

UNKNOWN_ADDRESS: Final = "unknown"
"""Address of every client without one, for example behind a Unix socket; they share one count."""

_PREFIX: Final = 64
"""Length in bits of the IPv6 network that counts as one client: a subscriber has all addresses in it."""

_STATE: Final = "limit"
"""Member of the state of a request: the state of the limit that counts it."""

_UNCOUNTED: Final = Texts(
    "No se puede contar la petición: el almacén de los límites no responde.",
    "The request cannot be counted: the store of the limits does not answer.",
)


def class_of(rule: Rule, method: str) -> LimitClass | None:
    """Return the name of the rate limit that counts a request (`read`, `write`, `score`), None if none does.

    `rule` is the access rule of the operation, and `method` the HTTP method.
    """
    if rule.limit == "by_method":
        return "read" if method == "GET" else "write"
    return None if rule.limit == "none" else rule.limit


class CountFailed(Exception):
    """Raised if a request could not be counted for its rate limit, or not within `PATIENCE` seconds."""


class Limits:
    """Rate limits of an application: highest numbers of requests in a window of time, per key or client address.

    `layer` wraps each handler.
    """

    def __init__(
        self,
        quotas: Mapping[LimitClass, int],
        window: int,
        count: Count,
        max_waiters: int,
    ) -> None:
        """Keep the quotas of the limits and the counter of requests.

        Args:
            quotas: Highest number of requests in a window by name of the limit, 0 for no limit.
            window: Length of a window in seconds.
            count: Counts a request for a subject (key or client address) with a weight; returns its count and the
                seconds until the window ends.
            max_waiters: Number of threads that may wait in `count` at the same time, 0 if it does not block.
        """
        self._quotas = quotas
        self._window = window
        self._count = count
        # A pool of its own, because the threads of the handlers may all be waiting for the database.
        self._threads = ThreadPoolExecutor(max_waiters, "counting") if max_waiters else None

    def layer(self, app: ASGIApp) -> ASGIApp:
        """Return an ASGI handler that counts a request before it calls `app`.

        The handler raises a 429 problem if the request exceeds the quota. If the request cannot be counted, a read
        without a key is still answered, and any other request raises a 503 problem.
        """

        async def handle(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != ScopeType.HTTP or scope["method"] == "OPTIONS":
                await app(scope, receive, send)
                return
            kind = class_of(rule_of(scope["route_handler"]), scope["method"])
            if kind is None or not self._quotas[kind]:
                await app(scope, receive, send)
                return
            holder = holder_of(scope)
            try:
                state = await self._count_request(kind, _find_subject(scope, holder))
            except ProblemError:
                if kind != "read" or holder is not None:
                    raise
                # A public read is answered uncounted: availability matters more than its count.
                await app(scope, receive, send)
                return

            scope["state"][_STATE] = state

            async def send_with_fields(message: Message) -> None:
                if message["type"] == "http.response.start":
                    # Charged meanwhile, the request may have another state than before.
                    current: _LimitState = scope["state"][_STATE]
                    # The refusal of a charge says the state itself.
                    if not any(name.lower() == b"ratelimit" for name, _ in message["headers"]):
                        message["headers"] = [*message["headers"], *current.build_headers()]
                await send(message)

            state.check()
            await app(scope, receive, send_with_fields)

        return handle

    async def charge(self, scope: HTTPScope, weight: int) -> None:
        """Add `weight` to the count of a request that causes as much work as several; 0 adds nothing.

        Raises:
            ProblemError: 429 if the request now exceeds the quota, 503 if it cannot be counted.
        """
        kind = class_of(rule_of(scope["route_handler"]), scope["method"])
        if kind is None or not self._quotas[kind] or weight == 0:
            return
        state = await self._count_request(kind, _find_subject(scope, holder_of(scope)), weight)
        scope["state"][_STATE] = state
        state.check()

    async def count_refusal(self, scope: HTTPScope, holder: Holder | None) -> None:
        """Count a refused request for its key, and raise a problem if too many were refused.

        If the key is invalid (`holder` is None), the request counts for the client address. A valid key is never
        refused because of earlier invalid ones: many clients may share an address, and one of them must not lock out
        the others.

        Raises:
            ProblemError: 429 if too many requests of the key or address were refused, 503 if the request cannot be
                counted.
        """
        if not self._quotas["refused"]:
            return
        state = await self._count_request("refused", _find_subject(scope, holder))
        state.check()

    async def _count_request(self, kind: LimitClass, subject: str, weight: int = 1) -> _LimitState:
        """Count a request for a limit.

        Raises:
            ProblemError: 503 if the request cannot be counted.
        """
        try:
            number, seconds = await self._await_count(f"{kind} {subject}", weight)
        except CountFailed as error:
            _log.warning("not counted", limit=kind, reason=str(error))
            raise ProblemError(UNAVAILABLE, _UNCOUNTED, headers={"Retry-After": str(RETRY_AFTER)}) from error
        return _LimitState(kind, self._quotas[kind], self._window, number, seconds)

    async def _await_count(self, subject: str, weight: int) -> tuple[int, float]:
        if self._threads is None:
            return self._count(subject, weight)
        # A blocking count must not stop the event loop, which serves all other requests.
        waiting = asyncio.get_running_loop().run_in_executor(self._threads, self._count, subject, weight)
        try:
            return await asyncio.wait_for(waiting, PATIENCE)
        except TimeoutError as error:
            raise CountFailed("not in time") from error


class _LimitState:
    """State of a limit for one subject after a request was counted.

    `quota`: highest number of requests in a window; `window`: its length in seconds. `number`: number of the
    request in the window, from 1; `seconds`: time until the window ends.
    """

    def __init__(self, kind: LimitClass, quota: int, window: int, number: int, seconds: float) -> None:
        self._kind = kind
        self._quota = quota
        self._window = window
        self._left = quota - number
        # At least 1: to come back at once would be one more request in the same window.
        self._wait = max(1, ceil(seconds))

    def build_fields(self) -> dict[str, str]:
        """Return the header fields `RateLimit` and `RateLimit-Policy`."""
        return {
            "RateLimit-Policy": f'"{self._kind}";q={self._quota};w={self._window}',
            "RateLimit": f'"{self._kind}";r={max(0, self._left)};t={self._wait}',
        }

    def build_headers(self) -> list[tuple[bytes, bytes]]:
        """Return the header fields as pairs of bytes, as ASGI has them."""
        return [(name.lower().encode(), value.encode()) for name, value in self.build_fields().items()]

    def check(self) -> None:
        """Raise the 429 problem if the request exceeds the quota."""
        if self._left < 0:
            quota, window, wait = self._quota, self._window, self._wait
            detail = Texts(
                "Límite «{kind}»: {quota} en {window} segundos. Vuelva a intentarlo dentro de {wait} segundos.",
                "Limit “{kind}”: {quota} in {window} seconds. Try again in {wait} seconds.",
                kind=self._kind,
                quota=quota,
                window=window,
                wait=wait,
            )
            raise ProblemError(TOO_MANY_REQUESTS, detail, headers={"Retry-After": str(wait), **self.build_fields()})


def _find_subject(scope: HTTPScope, holder: Holder | None) -> str:
    """Return the subject that a request counts for: the key of `holder`, or the client address if `holder` is None."""
    return f"address {address_of(scope)}" if holder is None else f"key {holder.key}"


def address_of(scope: HTTPScope) -> str:
    """Return the address for which a request without a key counts in rate limits.

    It is the IPv4 address of the client, the /64 network of its IPv6 address, or `UNKNOWN_ADDRESS`.
    """
    client = scope.get("client")
    if client is None:
        return UNKNOWN_ADDRESS
    try:
        address = ip_address(client[0].partition("%")[0])
    except ValueError:
        return UNKNOWN_ADDRESS
    if not isinstance(address, IPv6Address):
        return str(address)
    # A dual-stack socket shows IPv4 clients as ::ffff:a.b.c.d, which would all share one /64.
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    network = int(address) >> (address.max_prefixlen - _PREFIX) << (address.max_prefixlen - _PREFIX)
    return f"{IPv6Address(network)}/{_PREFIX}"
