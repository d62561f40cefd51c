"""Fixed-window rate limiting per key or client address.

A layer of ASGI around every handler, after the one that finds out who asks. The subject of a limit is the key that was
presented, else the address of the client. That address is the one that the server says, which believes a proxy only
where the settings name it: a header of the client changes nothing here.

The fields are those of draft-ietf-httpapi-ratelimit-headers-11:

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

Class = Literal["read", "write", "score", "refused"]
"""What is counted together: what reads, what writes, what computes a score, and credentials that were refused."""

Count = Callable[[str], tuple[int, float]]
"""Counts one more request of a subject: its number in the window, from 1, and the seconds to the end of that.

Raises `Uncounted` where that fails.
"""

PATIENCE: Final = 1.0
"""Seconds that a request waits to be counted."""

RETRY_AFTER: Final = 2
"""Seconds after which to ask again where a request could not be counted."""

NOBODY: Final = "unknown"
"""The address of every client that has none, as behind a socket of the file system: they share one count."""

_PREFIX: Final = 64
"""Bits of an IPv6 address that tell subscribers apart: who has one such network has all the addresses in it."""

_UNCOUNTED: Final = Texts(
    "No se puede contar la petición: el almacén de los límites no responde.",
    "The request cannot be counted: the store of the limits does not answer.",
)


def class_of(rule: Rule, method: str) -> Class | None:
    """Return the limit that a call counts for, None if it counts for none."""
    if rule.limit == "by_method":
        return "read" if method == "GET" else "write"
    return None if rule.limit == "none" else rule.limit


class Uncounted(Exception):
    """A request that could not be counted in time."""


class Limits:
    """The limits of an application; `layer` is its middleware."""

    def __init__(
        self,
        quotas: Mapping[Class, int],
        window: int,
        count: Count,
        places: int,
    ) -> None:
        """`quotas`: requests in a window, 0 without limit. `window`: seconds of it.

        `places`: how many threads may wait for `count` at once, 0 where it does not wait.
        """
        self._quotas = quotas
        self._window = window
        self._count = count
        # Threads of its own: those of the handlers may all be waiting for the database.
        self._threads = ThreadPoolExecutor(places, "counting") if places else None

    def layer(self, app: ASGIApp) -> ASGIApp:
        """Wrap a handler (ASGI)."""

        async def limited(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != ScopeType.HTTP or scope["method"] == "OPTIONS":
                await app(scope, receive, send)
                return
            kind = class_of(rule_of(scope["route_handler"]), scope["method"])
            if kind is None or not self._quotas[kind]:
                await app(scope, receive, send)
                return
            holder = holder_of(scope)
            try:
                state = await self._counted(kind, _subject(scope, holder))
            except Uncounted as error:
                _log.warning("not counted", limit=kind, reason=str(error))
                if kind != "read" or holder is not None:
                    raise _unavailable() from error
                # What anybody may read is worth more than the count of it.
                await app(scope, receive, send)
                return

            async def told(message: Message) -> None:
                if message["type"] == "http.response.start":
                    message["headers"] = [*message["headers"], *state.headers()]
                await send(message)

            state.check()
            await app(scope, receive, told)

        return limited

    async def refused(self, scope: HTTPScope, holder: Holder | None) -> None:
        """Count a refused credential for its address; of a valid key without access, for that key.

        Raises the problem `too-many-requests` where there were too many of them, and `unavailable` where it cannot be
        counted. A right key is never refused for the wrong ones before it: many share an address, and one of them
        must not lock out the others.
        """
        if not self._quotas["refused"]:
            return
        try:
            state = await self._counted("refused", _subject(scope, holder))
        except Uncounted as error:
            _log.warning("not counted", limit="refused", reason=str(error))
            raise _unavailable() from error
        state.check()

    async def _counted(self, kind: Class, subject: str) -> _State:
        named = f"{kind} {subject}"
        if self._threads is None:
            number, seconds = self._count(named)
        else:
            waiting = asyncio.get_running_loop().run_in_executor(self._threads, self._count, named)
            try:
                number, seconds = await asyncio.wait_for(waiting, PATIENCE)
            except TimeoutError as error:
                raise Uncounted("not in time") from error
        return _State(kind, self._quotas[kind], self._window, number, seconds)


class _State:
    """What a subject has left of a limit after a request."""

    def __init__(self, kind: Class, quota: int, window: int, number: int, seconds: float) -> None:
        self._kind = kind
        self._quota = quota
        self._window = window
        self._left = quota - number
        # At least 1: to come back at once would be one more request in the same window.
        self._wait = max(1, ceil(seconds))

    def fields(self) -> dict[str, str]:
        """Return the header fields."""
        return {
            "RateLimit-Policy": f'"{self._kind}";q={self._quota};w={self._window}',
            "RateLimit": f'"{self._kind}";r={max(0, self._left)};t={self._wait}',
        }

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Return the header fields in the form of ASGI."""
        return [(name.lower().encode(), value.encode()) for name, value in self.fields().items()]

    def check(self) -> None:
        """Raise the problem if the request exceeds the quota."""
        if self._left < 0:
            quota, window, wait = self._quota, self._window, self._wait
            detail = Texts(
                f"Límite «{self._kind}»: {quota} en {window} segundos. Vuelva a intentarlo dentro de {wait} segundos.",
                f"Limit “{self._kind}”: {quota} in {window} seconds. Try again in {wait} seconds.",
            )
            raise ProblemError(TOO_MANY_REQUESTS, detail, headers={"Retry-After": str(wait), **self.fields()})


def _subject(scope: HTTPScope, holder: Holder | None) -> str:
    """Return the subject that a request counts for: the key, else the address."""
    return f"address {address_of(scope)}" if holder is None else f"key {holder.key}"


def address_of(scope: HTTPScope) -> str:
    """Return the IPv4 address of a client, or the /64 network of its IPv6 address."""
    client = scope.get("client")
    if client is None:
        return NOBODY
    try:
        address = ip_address(client[0].partition("%")[0])
    except ValueError:
        return NOBODY
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    network = int(address) >> (address.max_prefixlen - _PREFIX) << (address.max_prefixlen - _PREFIX)
    return f"{IPv6Address(network)}/{_PREFIX}"


def _unavailable() -> ProblemError:
    return ProblemError(UNAVAILABLE, _UNCOUNTED, headers={"Retry-After": str(RETRY_AFTER)})
