"""The one engine behind both clients: a call is a generator that yields attempts and receives what came.

Nothing here performs input or output. :func:`drive` and :func:`drive_async` do, through a transport; they are
all that the blocking and the asynchronous client do not share.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Generator, Mapping
from typing import Generic, Protocol, TypeAlias, TypeVar
from urllib.parse import quote, urlencode, urljoin, urlsplit

import msgspec

from actitud._config import Core, check_language, origin_of
from actitud._retry import IDEMPOTENT_METHODS, decide, parse_retry_after
from actitud.errors import ConnectionFailed, Problem, TimedOut, UnexpectedResponse, problem_error
from actitud.models import Listing

T = TypeVar("T")

LOGGER = logging.getLogger("actitud")
MAX_REDIRECTS = 5

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_REDIRECTS_THAT_KEEP_THE_METHOD = frozenset({307, 308})
_PROBLEM = msgspec.json.Decoder(Problem)


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One request, without knowing how it is sent.

    ``target``: path and query; the host is always that of the client. ``repeatable``: safe to send twice
    although the method is not idempotent.
    """

    method: str
    target: str
    lang: str | None
    body: bytes | None = None
    repeatable: bool = False


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """What a transport is asked to do: wait ``delay`` seconds, then send ``request`` before ``deadline``.

    ``deadline`` is a reading of the monotonic clock of the client.
    """

    request: Request
    delay: float
    deadline: float


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """An answer, read to its end; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        """The type of the body without parameters, in lower case; empty if none was given."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def request_id(self) -> str | None:
        """The name under which the service's log knows the request."""
        return self.headers.get("x-request-id")


Outcome: TypeAlias = Reply | ConnectionFailed | TimedOut | UnexpectedResponse
Call: TypeAlias = Generator[Attempt, Outcome, T]


class Transport(Protocol):
    """What the blocking driver needs."""

    def perform(self, attempt: Attempt) -> Outcome:
        """Wait, send, and return the answer or the failure; a failure is returned, not raised."""
        ...


class AsyncTransport(Protocol):
    """What the asynchronous driver needs."""

    async def perform(self, attempt: Attempt) -> Outcome:
        """Wait, send, and return the answer or the failure; a failure is returned, not raised."""
        ...


def drive(call: Call[T], transport: Transport) -> T:
    """Run a call to its end, blocking."""
    try:
        attempt = next(call)
        while True:
            attempt = call.send(transport.perform(attempt))
    except StopIteration as end:
        result: T = end.value
        return result
    finally:
        call.close()


async def drive_async(call: Call[T], transport: AsyncTransport) -> T:
    """Run a call to its end in the event loop."""
    try:
        attempt = next(call)
        while True:
            attempt = call.send(await transport.perform(attempt))
    except StopIteration as end:
        result: T = end.value
        return result
    finally:
        call.close()


class Bound:
    """What has the operations of a blocking client: the client itself and its groups of operations."""

    def __init__(self, core: Core, transport: Transport) -> None:
        self._core = core
        self._transport = transport


class AsyncBound:
    """What has the operations of an asynchronous client: the client itself and its groups of operations."""

    def __init__(self, core: Core, transport: AsyncTransport) -> None:
        self._core = core
        self._transport = transport


def get(
    core: Core,
    *segments: str,
    query: Mapping[str, str | int | None] | None = None,
    lang: str | None = None,
) -> Request:
    """Make a reading request; query parameters that are ``None`` are left out."""
    return Request(method="GET", target=_target(core, segments, query or {}), lang=_language(core, lang))


def post(
    core: Core,
    *segments: str,
    body: Mapping[str, object],
    lang: str | None,
    repeatable: bool,
) -> Request:
    """Make a request with a JSON body.

    Raises ``ValueError`` where the body holds NaN, an infinity or half a surrogate pair, and ``TypeError``
    where it holds what JSON does not know: such a body must not reach the service as something else.
    """
    return Request(
        method="POST",
        target=_target(core, segments, {}),
        lang=_language(core, lang),
        # Not msgspec, which would write NaN as null.
        body=json.dumps(body, ensure_ascii=False, allow_nan=False).encode(),
        repeatable=repeatable,
    )


def fetch(core: Core, request: Request, decoder: msgspec.json.Decoder[T]) -> Call[T]:
    """Send a request, with repetitions and redirects, and decode the answer.

    Raises every error of :mod:`actitud.errors` except ``ScoreHasErrors``.
    """
    deadline = core.runtime.clock() + core.timeouts.total
    for _ in range(1 + MAX_REDIRECTS):
        reply = yield from _exchange(core, request, deadline)
        if reply.status not in _REDIRECTS:
            return _read(core, reply, decoder)
        request = _redirected(core, request, reply)
    raise UnexpectedResponse(f"more than {MAX_REDIRECTS} redirects in a row")


class Fetched(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """One page of a list, and the request that brings the next one."""

    items: tuple[T, ...]
    following: Request | None
    decoder: msgspec.json.Decoder[Listing[T]]


def fetch_page(core: Core, request: Request, decoder: msgspec.json.Decoder[Listing[T]]) -> Call[Fetched[T]]:
    """Fetch one page of a list. The address of the next page must be on the host of the client."""
    listing = yield from fetch(core, request, decoder)
    following = None
    if listing.next is not None:
        target = _local_target(core, listing.next, request.target)
        following = msgspec.structs.replace(request, target=target)
    return Fetched(items=listing.items, following=following, decoder=decoder)


def _exchange(core: Core, request: Request, deadline: float) -> Call[Reply]:
    runtime = core.runtime
    path = request.target.partition("?")[0]
    retries_done, delay = 0, 0.0
    while True:
        begun = runtime.clock()
        outcome = yield Attempt(request=request, delay=delay, deadline=deadline)
        now = runtime.clock()
        # No query, header or body: they may name people or hold the key.
        LOGGER.debug(
            "%s %s, attempt %d: %s in %.3f s",
            request.method,
            path,
            retries_done + 1,
            _summary(outcome),
            now - begun - delay,
        )
        if isinstance(outcome, UnexpectedResponse):
            raise outcome
        reply = outcome if isinstance(outcome, Reply) else None
        pause = decide(
            core.policy,
            retries_done=retries_done,
            elapsed=core.timeouts.total - (deadline - now),
            repeatable=request.repeatable or request.method in IDEMPOTENT_METHODS,
            status=reply.status if reply else None,
            retry_after=_retry_after(core, reply) if reply else None,
            chance=runtime.chance(),
        )
        if pause is not None:
            retries_done, delay = retries_done + 1, pause
        elif isinstance(outcome, Reply):
            return outcome
        else:
            raise outcome


def _summary(outcome: Outcome) -> str:
    if isinstance(outcome, Reply):
        return f"{outcome.status} (request {outcome.request_id})"
    return type(outcome).__name__


def _retry_after(core: Core, reply: Reply) -> float | None:
    return parse_retry_after(reply.headers.get("retry-after"), core.runtime.now())


def _read(core: Core, reply: Reply, decoder: msgspec.json.Decoder[T]) -> T:
    if reply.status >= 400:
        raise _problem(core, reply)
    if not 200 <= reply.status <= 299 or reply.media_type != "application/json":
        raise _unexpected(reply, f"status {reply.status} and type {reply.media_type or 'unknown'!r} where JSON was due")
    return _decode(reply, decoder)


def _problem(core: Core, reply: Reply) -> Exception:
    if reply.media_type != "application/problem+json":
        return _unexpected(reply, f"status {reply.status} without a problem document: not the service answered")
    problem = _decode(reply, _PROBLEM)
    return problem_error(problem, reply.status, problem.request_id or reply.request_id, _retry_after(core, reply))


def _decode(reply: Reply, decoder: msgspec.json.Decoder[T]) -> T:
    try:
        return decoder.decode(reply.body)
    except msgspec.ValidationError as error:
        reason = f"an answer of another shape: {error}"
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        reason = f"an answer of {len(reply.body)} bytes that is not JSON"
    raise _unexpected(reply, reason)


def _unexpected(reply: Reply, message: str) -> UnexpectedResponse:
    return UnexpectedResponse(message, reply.status, reply.request_id)


def _redirected(core: Core, request: Request, reply: Reply) -> Request:
    location = reply.headers.get("location")
    if location is None:
        raise _unexpected(reply, f"status {reply.status} without Location")
    if request.method != "GET" and reply.status not in _REDIRECTS_THAT_KEEP_THE_METHOD:
        raise _unexpected(reply, f"status {reply.status} would turn {request.method} into GET")
    return msgspec.structs.replace(request, target=_local_target(core, location, request.target))


def _local_target(core: Core, address: str, current: str) -> str:
    # Only path and query are taken over. The host is put before them by the transport, always the same one,
    # so no trick of spelling can carry the key elsewhere.
    try:
        parts = urlsplit(urljoin(core.origin + current, address))
        origin = origin_of(parts)
    except ValueError:
        raise UnexpectedResponse("the answer points to an unusable address") from None
    if origin != core.origin:
        raise UnexpectedResponse(f"the answer points to another host, {origin}, which is not followed")
    path = parts.path or "/"
    return f"{path}?{parts.query}" if parts.query else path


def _target(core: Core, segments: tuple[str, ...], query: Mapping[str, str | int | None]) -> str:
    for segment in segments:
        if segment in ("", ".", ".."):
            raise ValueError(f"{segment!r} is not an id")
    path = "/".join([core.prefix, "v1", *(quote(segment, safe="") for segment in segments)])
    pairs = {name: value for name, value in query.items() if value is not None}
    return f"{path}?{urlencode(pairs)}" if pairs else path


def _language(core: Core, lang: str | None) -> str | None:
    return check_language(lang) or core.lang
