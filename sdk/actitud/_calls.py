"""The engine behind both clients: a call is a generator that yields attempts and receives their outcomes.

An attempt says which request to send and when; its outcome is a response or a failure. Nothing here performs input
or output. :func:`drive` and :func:`drive_async` do, through a transport; they are the only code that differs
between the two clients.
"""

from __future__ import annotations

import json
import math
import re
import secrets
from collections.abc import AsyncGenerator, Generator, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date
from functools import lru_cache
from logging import DEBUG
from typing import Final, Generic, Protocol, TypeAlias, TypeVar, cast
from urllib.parse import quote, unquote, urlencode, urljoin, urlsplit

import msgspec

from actitud._config import LOGGER, Core, check_language, get_origin
from actitud._model import Shown
from actitud._notices import warn_of_deprecation, warn_of_language
from actitud._retry import decide_delay, parse_rate_limit, parse_retry_after
from actitud.errors import NoAnswer, NotModified, Problem, UnexpectedResponse, build_problem_error
from actitud.models import Job, Listing, Versioned

T = TypeVar("T")

MAX_REDIRECTS = 5

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_SPENT = frozenset({404, 412})
"""Statuses that a ``guarded`` request gets if it is sent again although the first attempt succeeded.

404: the first attempt deleted the resource. 412: it changed the version of the resource.
"""
_REDIRECTS_THAT_KEEP_THE_METHOD = frozenset({307, 308})
_EDITION = re.compile(r"/v1/editions/([^/?#]+)/")
_ENTITY_TAG = re.compile(r'\*|"[\x21\x23-\x7e]*"')
_IDEMPOTENCY_KEY = re.compile(r"[!-~]{1,255}")

QueryValue: TypeAlias = str | int | date | Sequence[str] | None


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """HTTP request of a call, independent of the transport that sends it.

    Every request may be sent twice with the same effect as once: it only reads or computes, it has an idempotency key,
    or the service refuses it the second time because of a precondition.

    Attributes:
        method: HTTP method.
        target: Path and query; the host is always that of the client.
        lang: Language of the response, ``None`` if the service may choose it.
        body: Bytes of the body, ``None`` if the request has none.
        headers: Headers specific to this request.
        guarded: True if the request has a precondition, ``If-Match`` or ``If-None-Match: *``.
        max_bytes: Maximum size of the response, ``None`` for the limit of the client.
        streamed: Expected media type, if the body of a successful response is passed on while it arrives; ``None`` if
            it is read whole first.
        delay: Seconds to wait before the request is sent the first time.
        file: Path of a file to send as the body, ``None`` if there is no such file.
    """

    method: str
    target: str
    lang: str | None
    body: bytes | None = None
    headers: Mapping[str, str] = {}
    guarded: bool = False
    max_bytes: int | None = None
    streamed: str | None = None
    delay: float = 0.0
    file: str | None = None

    def __repr__(self) -> str:
        # Tracebacks show it: no query, header or body, which may name people or hold a key.
        return f"<Request {self.method} {self.target.partition('?')[0]}>"


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """Instruction to the transport to send a request: wait ``delay`` seconds, then send it before ``deadline``.

    ``deadline`` is a reading of the client's monotonic clock. ``core``: the settings of the client, such as host, key
    and time-outs.
    """

    core: Core
    request: Request
    delay: float
    deadline: float


def get_media_type(headers: Mapping[str, str]) -> str:
    """Return the media type of a body in lower case, without parameters; empty if there is no ``Content-Type``."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()


class Response(msgspec.Struct, frozen=True, kw_only=True):
    """Complete HTTP response of the service. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def __repr__(self) -> str:
        # Tracebacks show it, and a new key is in a body.
        return f"<{type(self).__name__} {self.status}, {self.media_type or 'no type'}, {len(self.body)} bytes>"

    @property
    def media_type(self) -> str:
        """Media type of the body in lower case, without parameters; empty if there is no ``Content-Type``."""
        return get_media_type(self.headers)

    @property
    def request_id(self) -> str | None:
        """The id of the request in the service's log, or ``None`` if the response has none."""
        return self.headers.get("x-request-id")

    @property
    def etag(self) -> str | None:
        """The entity tag for ``if_match`` and ``if_none_match``; ``None`` if the response has none."""
        # A proxy that compresses makes the tag weak, and a weak one never matches. That of the service names the state
        # of what is stored, not the bytes.
        tag = self.headers.get("etag")
        return None if tag is None else tag.removeprefix("W/")

    def parse(self, kind: type[T]) -> T:
        """Decode the JSON body as ``kind``. Raises ``UnexpectedResponse`` if the body is no JSON of that type."""
        return _decode(self, kind)


class OpenResponse(Response, frozen=True, kw_only=True):
    """Successful HTTP response whose body is still arriving.

    ``pieces``: a generator of the chunks of the body, asynchronous in the asynchronous client. The receiver of the
    response must close it. Reading raises ``ConnectionFailed``, ``TimedOut`` or ``UnexpectedResponse`` if the body
    cannot be read to its end.
    """

    pieces: Generator[bytes, None, None] | AsyncGenerator[bytes, None]


_SEEN: ContextVar[list[Response] | None] = ContextVar("actitud_responses", default=None)


@contextmanager
def responses() -> Generator[list[Response], None, None]:
    """Collect the HTTP responses to the calls made in a ``with`` block: headers, request ids, entity tags, bodies.

    In ``with responses() as received: client.editions.list()`` the list ``received`` gets one :class:`Response`. The
    block applies to the current thread or task and to tasks created in it. Redirects, failed attempts and streamed
    files are not collected. The bodies stay in memory, so keep the block short.
    """
    seen: list[Response] = []
    token = _SEEN.set(seen)
    try:
        yield seen
    finally:
        _SEEN.reset(token)


Outcome: TypeAlias = Response | NoAnswer | UnexpectedResponse
Call: TypeAlias = Generator[Attempt, Outcome, T]


class Transport(Protocol):
    """Interface of the object that sends the requests of the blocking client."""

    def perform(self, attempt: Attempt) -> Outcome:
        """Wait ``attempt.delay`` seconds, send the request, and return the response or the failure.

        A failure is returned, not raised.
        """
        ...


class AsyncTransport(Protocol):
    """Interface of the object that sends the requests of the asynchronous client."""

    async def perform(self, attempt: Attempt) -> Outcome:
        """Wait ``attempt.delay`` seconds, send the request, and return the response or the failure.

        A failure is returned, not raised.
        """
        ...


def drive(call: Call[T], transport: Transport) -> T:
    """Run a call with a blocking transport: perform its attempts until it ends, and return its result.

    Raises the exceptions of the call.
    """
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
    """Run a call with an asynchronous transport: perform its attempts until it ends, and return its result.

    Raises the exceptions of the call.
    """
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
    """Base class of the blocking client and of its groups of operations, such as ``client.editions``.

    ``core``: the settings of the client. ``transport``: the object that sends its requests.
    """

    def __init__(self, core: Core, transport: Transport) -> None:
        self._core = core
        self._transport = transport


class AsyncBound:
    """Base class of the asynchronous client and of its groups of operations, such as ``client.editions``.

    ``core``: the settings of the client. ``transport``: the object that sends its requests.
    """

    def __init__(self, core: Core, transport: AsyncTransport) -> None:
        self._core = core
        self._transport = transport


def build_get(
    core: Core,
    *segments: str,
    query: Mapping[str, QueryValue] | None = None,
    lang: str | None = None,
) -> Request:
    """Build a GET request. Query parameters that are ``None`` are left out.

    ``segments``: parts of the path below ``/v1``. ``lang``: ``None`` for the language of the client.
    """
    target = _build_target(core, segments, query or {})
    return Request(method="GET", target=target, lang=_choose_language(core, lang), headers=build_condition(core))


def build_condition(core: Core) -> Mapping[str, str]:
    """Return the ``If-None-Match`` header for requests that read; empty if the client has no ``if_none_match``."""
    return {} if core.if_none_match is None else {"If-None-Match": core.if_none_match}


def build_compute(
    core: Core,
    *segments: str,
    query: Mapping[str, QueryValue],
    body: Mapping[str, object] | None,
    lang: str | None,
) -> Request:
    """Build a POST request that may be repeated, because it stores nothing, or the same data each time.

    Query parameters that are ``None`` are left out. Raises ``ValueError`` or ``TypeError`` for a body that JSON cannot
    express. ``segments``: parts of the path below ``/v1``. ``body``: ``None`` for no body. ``lang``: ``None`` for the
    language of the client.
    """
    return _build_guarded(core, "POST", segments, {}, query=query, body=body, lang=lang)


def build_file_post(core: Core, *segments: str, body: bytes, media_type: str, lang: str | None) -> Request:
    """Build a POST request that uploads a file and stores nothing.

    ``segments``: parts of the path below ``/v1``. ``body``: the bytes of the file, and ``media_type``: its type.
    ``lang``: ``None`` for the language of the client.
    """
    return Request(
        method="POST",
        target=_build_target(core, segments, {}),
        lang=_choose_language(core, lang),
        body=body,
        headers={"Content-Type": media_type},
    )


def build_upload(
    core: Core,
    *segments: str,
    file: str,
    size: int,
    media_type: str,
    query: Mapping[str, QueryValue],
    idempotency_key: str | None,
    lang: str | None,
) -> Request:
    """Build a POST request that uploads a file of any size; however often it is sent, the service acts once.

    Args:
        core: Settings of the client.
        segments: Parts of the path below ``/v1``.
        file: Path of the file.
        size: Number of its bytes.
        media_type: Media type of the file.
        query: Query parameters; those that are ``None`` are left out.
        idempotency_key: If ``None``, a random key is sent.
        lang: ``None`` for the language of the client.
    """
    return Request(
        method="POST",
        target=_build_target(core, segments, query),
        lang=_choose_language(core, lang),
        file=file,
        headers={
            "Content-Type": media_type,
            "Content-Length": str(size),
            **_build_idempotency(idempotency_key),
        },
    )


def build_create(
    core: Core,
    *segments: str,
    body: Mapping[str, object] | None,
    idempotency_key: str | None,
    if_match: str | msgspec.UnsetType | None = msgspec.UNSET,
    lang: str | None = None,
) -> Request:
    """Build a POST request that creates a resource only once, even if the request is sent several times.

    Raises ``ValueError`` for an invalid key, for an invalid entity tag and for ``if_match=None``, and ``ValueError`` or
    ``TypeError`` for a body that JSON cannot express.

    Args:
        core: Settings of the client.
        segments: Parts of the path below ``/v1``.
        body: Body of the request, ``None`` if the operation has none.
        idempotency_key: If ``None``, a random key is sent.
        if_match: Entity tag of the expected version of the resource; ``UNSET`` if the operation does not check a
            version. ``None`` is refused: the caller has forgotten it.
        lang: ``None`` for the language of the client.
    """
    match: Mapping[str, str] = {} if if_match is msgspec.UNSET else _build_if_match(if_match)
    return _build_guarded(
        core, "POST", segments, {**_build_idempotency(idempotency_key), **match}, body=body, lang=lang
    )


def build_create_from_file(
    core: Core, *segments: str, body: bytes, media_type: str, idempotency_key: str | None, lang: str | None
) -> Request:
    """Build a POST request that uploads a file and creates a resource from it once, even if it is sent several times.

    Raises ``ValueError`` for an invalid key.

    Args:
        core: Settings of the client.
        segments: Parts of the path below ``/v1``.
        body: Bytes of the file.
        media_type: Media type of the file.
        idempotency_key: If ``None``, a random key is sent.
        lang: ``None`` for the language of the client.
    """
    request = build_file_post(core, *segments, body=body, media_type=media_type, lang=lang)
    return msgspec.structs.replace(request, headers={**request.headers, **_build_idempotency(idempotency_key)})


def _build_idempotency(idempotency_key: str | None) -> Mapping[str, str]:
    key = secrets.token_hex(16) if idempotency_key is None else idempotency_key
    if not _IDEMPOTENCY_KEY.fullmatch(key):
        raise ValueError("an idempotency key is 1 to 255 visible ASCII characters")
    return {"Idempotency-Key": key}


def build_put(
    core: Core, *segments: str, body: Mapping[str, object], if_match: str | None, lang: str | None = None
) -> Request:
    """Build a PUT request that replaces a resource whose version is ``if_match``, or creates it for ``None``.

    A request that creates the resource is refused if the resource exists. ``segments``: parts of the path below
    ``/v1``. ``lang``: ``None`` for the language of the client. Raises ``ValueError`` for an invalid entity tag, and
    ``ValueError`` or ``TypeError`` for a body that JSON cannot express.
    """
    precondition = {"If-None-Match": "*"} if if_match is None else _build_if_match(if_match)
    return _build_guarded(core, "PUT", segments, precondition, body=body, lang=lang, guarded=True)


def build_replace(core: Core, *segments: str, body: Mapping[str, object], if_match: str | None) -> Request:
    """Build a PUT request that replaces an existing resource whose version is ``if_match``.

    ``segments``: parts of the path below ``/v1``. Raises ``ValueError`` for ``if_match=None`` and for an invalid entity
    tag, and ``ValueError`` or ``TypeError`` for a body that JSON cannot express.
    """
    return _build_guarded(core, "PUT", segments, _build_if_match(if_match), body=body, guarded=True)


def build_patch(
    core: Core, *segments: str, body: Mapping[str, object], if_match: str | None, lang: str | None = None
) -> Request:
    """Build a PATCH request (JSON merge patch, RFC 7396). Members of the body that are ``UNSET`` are left out.

    ``segments``: parts of the path below ``/v1``. ``if_match``: entity tag of the version to change. ``lang``: ``None``
    for the language of the client. Raises ``ValueError`` for an invalid entity tag and for ``if_match=None``, and
    ``ValueError`` or ``TypeError`` for a body that JSON cannot express.
    """
    changes = {name: value for name, value in body.items() if value is not msgspec.UNSET}
    return _build_guarded(
        core,
        "PATCH",
        segments,
        {"Content-Type": "application/merge-patch+json", **_build_if_match(if_match)},
        body=changes,
        lang=lang,
        guarded=True,
    )


def build_delete(core: Core, *segments: str, if_match: str | None) -> Request:
    """Build a DELETE request. ``if_match``: entity tag of the version to delete.

    ``segments``: parts of the path below ``/v1``. Raises ``ValueError`` for an invalid entity tag and for
    ``if_match=None``.
    """
    return _build_guarded(core, "DELETE", segments, _build_if_match(if_match), guarded=True)


def _build_guarded(
    core: Core,
    method: str,
    segments: tuple[str, ...],
    headers: Mapping[str, str],
    *,
    query: Mapping[str, QueryValue] | None = None,
    body: Mapping[str, object] | None = None,
    lang: str | None = None,
    guarded: bool = False,
) -> Request:
    return Request(
        method=method,
        target=_build_target(core, segments, query or {}),
        lang=_choose_language(core, lang),
        body=None if body is None else _encode_json(body),
        headers=headers if body is None else {"Content-Type": "application/json", **headers},
        guarded=guarded,
    )


def _encode_json(body: Mapping[str, object]) -> bytes:
    """Encode a request body as JSON.

    Raises ``ValueError`` for an unpaired surrogate and, with the JSON Pointer of the member, for NaN or an infinity;
    ``TypeError`` for a value that JSON cannot express. An encoder that replaced such values would send facts that the
    caller did not state.
    """
    try:
        # Not msgspec, which would write NaN as null.
        return json.dumps(body, ensure_ascii=False, allow_nan=False, default=_to_plain).encode()
    except ValueError as error:
        for pointer, value in find_non_finite(body):
            raise ValueError(f"{pointer}: {json.dumps(value)} is no number in JSON") from error
        raise


_DEPTH_MAX: Final = 50
"""Levels in which a body is searched: one that contains itself has no end."""


def find_non_finite(value: object, pointer: str = "") -> Iterator[tuple[str, float]]:
    """Yield each NaN and infinity in a JSON value, with its JSON Pointer.

    ``pointer``: JSON Pointer of the value itself.
    """
    if pointer.count("/") > _DEPTH_MAX:
        return
    if isinstance(value, float):
        if not math.isfinite(value):
            yield pointer, value
    elif isinstance(value, Mapping):
        for name, member in value.items():
            step = str(name).replace("~", "~0").replace("/", "~1")
            yield from find_non_finite(member, f"{pointer}/{step}")
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield from find_non_finite(item, f"{pointer}/{number}")
    elif isinstance(value, msgspec.Struct):
        yield from find_non_finite(msgspec.structs.asdict(value), pointer)


def _to_plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, date | msgspec.Struct):
        return msgspec.to_builtins(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def _build_if_match(if_match: str | None) -> Mapping[str, str]:
    if if_match is None:
        raise ValueError("if_match is missing: the etag of what is changed comes with get, not with lists")
    if not _ENTITY_TAG.fullmatch(if_match):
        raise ValueError(f"{if_match!r} is not an entity tag")
    return {"If-Match": if_match}


def fetch(core: Core, request: Request, kind: type[T]) -> Call[T]:
    """Send a request, with retries and redirects, and decode the JSON response as ``kind``.

    Raises ``ApiProblem``, ``NoAnswer``, ``UnexpectedResponse`` or ``NotModified``.
    """
    reply = yield from _request_answer(core, request)
    value = _read(core, reply, kind)
    if isinstance(value, Versioned):
        return msgspec.structs.replace(value, etag=reply.etag)
    if isinstance(value, Shown):
        value._set_language(_get_language(core, reply))
    return value


def fetch_or_enqueue(core: Core, request: Request, kind: type[T]) -> Call[T | Job]:
    """Send a request that the service answers with a result or, if it takes long, with a job.

    Decode the response as ``kind`` or as :class:`Job`. Raises ``ApiProblem``, ``NoAnswer``, ``UnexpectedResponse`` or
    ``NotModified``.
    """
    headers = {**request.headers, "Prefer": "respond-async"}
    reply = yield from _request_answer(core, msgspec.structs.replace(request, headers=headers))
    if reply.status == 202:
        return _read(core, reply, Job)
    return _read(core, reply, kind)


def _get_language(core: Core, reply: Response) -> str:
    """Return the language of the sentences of a response; if it does not say one, that of the client or English."""
    return reply.headers.get("content-language") or core.lang or "en"


def fetch_bytes(
    core: Core, request: Request, media_type: str = "application/json", max_bytes: int | None = None
) -> Call[Response]:
    """Send a request and return the whole response undecoded, at most ``max_bytes`` bytes.

    Raises ``ApiProblem``, ``NoAnswer``, ``UnexpectedResponse`` or ``NotModified``. ``media_type``: the expected
    type. ``max_bytes``: ``None`` for the limit of the client.
    """
    headers = {**request.headers, "Accept": f"{media_type}, application/problem+json"}
    reply = yield from _request_answer(core, msgspec.structs.replace(request, headers=headers, max_bytes=max_bytes))
    _check_answer(core, reply, media_type)
    return reply


def fetch_any(
    core: Core,
    method: str,
    path: str,
    *,
    cast_to: type[T],
    query: Mapping[str, QueryValue] | None = None,
    body: Mapping[str, object] | None = None,
    if_match: str | None = None,
    idempotency_key: str | None = None,
    lang: str | None = None,
) -> Call[T]:
    """Call any path of the service and decode the response as ``cast_to``.

    Raises ``ApiProblem``, ``NoAnswer``, ``UnexpectedResponse`` or ``NotModified``; ``ValueError`` for a path outside
    ``/v1/``, and for PUT, PATCH or DELETE without ``if_match``.

    Args:
        core: Settings of the client.
        method: HTTP method.
        path: Path from ``/v1/`` on, without query.
        cast_to: Type of the result.
        query: Query parameters; those that are ``None`` are left out.
        body: JSON body, ``None`` for no body; for PATCH a merge patch.
        if_match: ``etag`` of the resource to change, ``None`` if the request changes none.
        idempotency_key: Key for POST, ``None`` for a random one.
        lang: Language of the response, ``None`` for the language of the client.
    """
    if not path.startswith("/v1/") or any(mark in path for mark in "?#\\") or {".", ".."} & set(path.split("/")):
        raise ValueError(f"{path!r} is not a path of the service: /v1/…, without query")
    headers: dict[str, str] = {} if if_match is None else dict(_build_if_match(if_match))
    match method:
        case "GET" if body is None and if_match is None:
            headers |= build_condition(core)
        case "POST":
            headers |= _build_idempotency(idempotency_key)
        case "PUT" | "PATCH" | "DELETE" if if_match is not None:
            pass
        case _:
            raise ValueError(f"{method} takes no body" if method == "GET" else f"{method} needs if_match")
    if body is not None:
        headers["Content-Type"] = "application/merge-patch+json" if method == "PATCH" else "application/json"
    request = Request(
        method=method,
        target=_add_query(f"{core.prefix}{path}", query or {}),
        lang=_choose_language(core, lang),
        body=None if body is None else _encode_json(body),
        headers=headers,
        guarded=if_match is not None,
    )
    if cast_to not in (bytes, Response):
        return (yield from fetch(core, request, cast_to))
    reply = yield from _request_answer(core, msgspec.structs.replace(request, headers={**headers, "Accept": "*/*"}))
    if reply.status >= 400:
        raise _build_problem_error(core, reply)
    if not _is_whole(reply):
        raise _build_unexpected(reply, f"status {reply.status} where an answer was due")
    return cast(T, reply.body if cast_to is bytes else reply)


def fetch_open(core: Core, request: Request, media_type: str, max_bytes: int) -> Call[OpenResponse]:
    """Send a request and return the response while its body arrives, at most ``max_bytes`` bytes.

    ``media_type``: the requested type. Raises ``ApiProblem``, ``NoAnswer``, ``UnexpectedResponse`` or ``NotModified``.
    """
    headers = {**request.headers, "Accept": f"{media_type}, application/problem+json"}
    reply = yield from _request_answer(
        core, msgspec.structs.replace(request, headers=headers, max_bytes=max_bytes, streamed=media_type)
    )
    if isinstance(reply, OpenResponse):
        return reply
    _check_answer(core, reply, media_type)
    raise _build_unexpected(reply, f"status {reply.status} where a file was due")


def fetch_nothing(core: Core, request: Request) -> Call[None]:
    """Send a request whose response has no body (204).

    Raises ``ApiProblem``, ``NoAnswer`` or ``UnexpectedResponse``.
    """
    reply = yield from _request_answer(core, request)
    if reply.status >= 400:
        raise _build_problem_error(core, reply)
    if reply.status != 204:
        raise _build_unexpected(reply, f"status {reply.status} where an empty answer was due")


def _request_answer(core: Core, request: Request) -> Call[Response]:
    deadline = core.runtime.clock() + core.timeouts.total
    for _ in range(1 + MAX_REDIRECTS):
        reply = yield from _exchange(core, request, deadline)
        if reply.status not in _REDIRECTS:
            return _record_answer(core, request, reply)
        request = _follow_redirect(core, request, reply)
    raise UnexpectedResponse(f"more than {MAX_REDIRECTS} redirects in a row")


def _record_answer(core: Core, request: Request, reply: Response) -> Response:
    seen = _SEEN.get()
    if seen is not None and not isinstance(reply, OpenResponse):
        seen.append(reply)
    if "deprecation" in reply.headers or "sunset" in reply.headers:
        operation = f"{core.operation}()" if core.operation else f"{request.method} {request.target.partition('?')[0]}"
        if operation not in core.shared.deprecated:
            core.shared.deprecated.add(operation)
            warn_of_deprecation(operation, reply.headers)
    _check_language(core, request, reply)
    if reply.status == 304 and "If-None-Match" in request.headers:
        raise NotModified(reply.etag or request.headers["If-None-Match"])
    return reply


def _check_language(core: Core, request: Request, reply: Response) -> None:
    wanted, language = request.lang, reply.headers.get("content-language")
    if wanted is None or language is None or wanted in core.shared.languages:
        return
    if _get_primary(wanted) != _get_primary(language):
        core.shared.languages.add(wanted)
        warn_of_language(wanted, language)


def _get_primary(language: str) -> str:
    return language.partition(",")[0].partition("-")[0].strip().lower()


class Fetched(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """One fetched page of a list: its items, and ``following``, the request for the next page (``None`` on the last).

    Attributes:
        kind: Type of the decoded response, such as ``Listing[Edition]``.
        language: The language of its texts.
        edition: Id of the edition to which the list belongs, even if the request named it ``latest``; ``None`` if there
            is none.
        total: Number of items of all pages, ``None`` if the request did not ask to count them.
    """

    items: tuple[T, ...]
    following: Request | None
    kind: type[Listing[T]]
    language: str
    edition: str | None
    total: int | None


def fetch_page(core: Core, request: Request, kind: type[Listing[T]]) -> Call[Fetched[T]]:
    """Fetch one page of a list. ``kind``: type of the decoded response, such as ``Listing[Edition]``.

    Raises ``ApiProblem``, ``NoAnswer``, ``UnexpectedResponse`` or ``NotModified``. The URL of a next page on another
    host raises ``UnexpectedResponse`` too.
    """
    reply = yield from _request_answer(core, request)
    listing = _read(core, reply, kind)
    following = None
    if listing.next is not None:
        target = _resolve_target(core, listing.next, request.target)
        # The state that is known is that of the first page.
        headers = {name: value for name, value in request.headers.items() if name != "If-None-Match"}
        following = msgspec.structs.replace(request, target=target, headers=headers)
    return Fetched(
        items=listing.items,
        following=following,
        kind=kind,
        language=_get_language(core, reply),
        edition=_find_edition(reply, request.target),
        total=listing.total,
    )


def _find_edition(reply: Response, target: str) -> str | None:
    # For ``latest`` the service names in Content-Location what it answered with.
    found = _EDITION.search(reply.headers.get("content-location", target))
    return None if found is None else unquote(found[1])


def _exchange(core: Core, request: Request, deadline: float) -> Call[Response]:
    runtime = core.runtime
    path = request.target.partition("?")[0]
    retries_done, delay = 0, max(request.delay, _compute_pause(core, deadline))
    # An attempt without a readable answer may have acted. If a later one is refused, its refusal may be that effect.
    lost: Response | NoAnswer | None = None
    while True:
        begun = runtime.clock()
        outcome = yield Attempt(core=core, request=request, delay=delay, deadline=deadline)
        now = runtime.clock()
        if LOGGER.isEnabledFor(DEBUG):
            # No query, header or body: they may name people or hold the key.
            LOGGER.debug(
                "%s %s, attempt %d: %s in %.3f s",
                request.method,
                path,
                retries_done + 1,
                _summarise(outcome),
                now - begun - delay,
            )
        if isinstance(outcome, UnexpectedResponse):
            raise outcome
        reply = outcome if isinstance(outcome, Response) else None
        if reply is not None and core.wait_for_limit:
            core.shared.full_until = now + parse_rate_limit(reply.headers.get("ratelimit"))
        if reply is not None and reply.status < 400:
            return reply
        pause = decide_delay(
            core.policy,
            retries_done=retries_done,
            elapsed=core.timeouts.total - (deadline - now),
            status=reply.status if reply else None,
            retry_after=_get_retry_after(core, reply) if reply else None,
            chance=runtime.chance(),
        )
        if pause is not None:
            retries_done, delay = retries_done + 1, pause
            LOGGER.info("%s %s: %s, again in %.1f s", request.method, path, _summarise(outcome), pause)
            if _may_have_acted(outcome):
                lost = outcome
        elif isinstance(outcome, NoAnswer):
            raise outcome if lost is None else type(outcome)(outcome.message, sent=True)
        elif request.guarded and lost is not None and outcome.status in _SPENT:
            # Perhaps it is the change itself, made by an attempt whose answer was lost, that refuses this one.
            raise lost if isinstance(lost, NoAnswer) else _build_problem_error(core, lost) from _build_problem_error(
                core, outcome
            )
        else:
            return outcome


def _compute_pause(core: Core, deadline: float) -> float:
    # Where the call has no time to wait for the limit to begin anew, the service shall say so itself.
    now = core.runtime.clock()
    pause = core.shared.full_until - now if core.wait_for_limit else 0.0
    return pause if 0.0 < pause < deadline - now else 0.0


def _may_have_acted(outcome: Response | NoAnswer) -> bool:
    # 408 and 429 refuse a request before it is looked at.
    return outcome.sent if isinstance(outcome, NoAnswer) else outcome.status not in (408, 429)


def _summarise(outcome: Outcome) -> str:
    if isinstance(outcome, Response):
        return f"{outcome.status} (request {outcome.request_id})"
    return type(outcome).__name__


def _get_retry_after(core: Core, reply: Response) -> float | None:
    value = reply.headers.get("retry-after")
    return None if value is None else parse_retry_after(value, core.runtime.now())


def _read(core: Core, reply: Response, kind: type[T]) -> T:
    _check_answer(core, reply, "application/json")
    return _decode(reply, kind)


def _check_answer(core: Core, reply: Response, media_type: str) -> None:
    if reply.status >= 400:
        raise _build_problem_error(core, reply)
    if not _is_whole(reply) or reply.media_type != media_type:
        due = "JSON" if media_type == "application/json" else media_type
        raise _build_unexpected(
            reply, f"status {reply.status} and type {reply.media_type or 'unknown'!r} where {due} was due"
        )


def _is_whole(reply: Response) -> bool:
    # No part was asked for: 206 is part of an answer that somebody else got.
    return 200 <= reply.status <= 299 and reply.status != 206


def _build_problem_error(core: Core, reply: Response) -> Exception:
    if reply.media_type != "application/problem+json":
        return _build_unexpected(reply, f"status {reply.status} without a problem document: not the service answered")
    problem = _decode(reply, Problem)
    return build_problem_error(
        problem, reply.status, problem.request_id or reply.request_id, _get_retry_after(core, reply)
    )


def get_decoder(kind: type[T]) -> msgspec.json.Decoder[T]:
    """Return the cached JSON decoder of a type.

    A decoder is built at its first use: building all of them at the import of the library would make the import half as
    long again.
    """
    return cast("msgspec.json.Decoder[T]", _build_decoder(cast(Hashable, kind)))


@lru_cache(maxsize=256)
def _build_decoder(kind: Hashable) -> object:
    return msgspec.json.Decoder(kind)


def _decode(reply: Response, kind: type[T]) -> T:
    try:
        return get_decoder(kind).decode(reply.body)
    except msgspec.ValidationError as error:
        reason = f"an answer of another shape: {error}"
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        reason = f"an answer of {len(reply.body)} bytes that is not JSON"
    raise _build_unexpected(reply, reason)


def _build_unexpected(reply: Response, message: str) -> UnexpectedResponse:
    return UnexpectedResponse(message, reply.status, reply.request_id)


def _follow_redirect(core: Core, request: Request, reply: Response) -> Request:
    location = reply.headers.get("location")
    if location is None:
        raise _build_unexpected(reply, f"status {reply.status} without Location")
    if request.method != "GET" and reply.status not in _REDIRECTS_THAT_KEEP_THE_METHOD:
        raise _build_unexpected(reply, f"status {reply.status} would turn {request.method} into GET")
    return msgspec.structs.replace(request, target=_resolve_target(core, location, request.target))


def _resolve_target(core: Core, address: str, current: str) -> str:
    # Only path and query are taken over. The host is put before them by the transport, always the same one,
    # so no trick of spelling can carry the key elsewhere.
    try:
        parts = urlsplit(urljoin(core.origin + current, address))
        origin = get_origin(parts)
    except ValueError:
        raise UnexpectedResponse("the answer points to an unusable address") from None
    if origin != core.origin:
        raise UnexpectedResponse(f"the answer points to another host, {origin}, which is not followed")
    path = parts.path or "/"
    # A gateway that puts a prefix before the paths of the service takes it off requests, and adds none to answers.
    if not path.startswith(f"{core.prefix}/"):
        path = core.prefix + path
    return f"{path}?{parts.query}" if parts.query else path


class InvalidSegment(ValueError):
    """Raised if a part of a path is not a valid id: it is empty, a dot segment, or not a string."""

    def __init__(self, segment: object) -> None:
        super().__init__(segment)
        self.segment = segment

    def __str__(self) -> str:
        return f"{self.segment!r} is not an id"


def _build_target(core: Core, segments: tuple[str, ...], query: Mapping[str, QueryValue]) -> str:
    for segment in segments:
        if not isinstance(segment, str) or segment in ("", ".", ".."):
            raise InvalidSegment(segment)
    return _add_query("/".join([core.prefix, "v1", *map(_escape, segments)]), query)


@lru_cache(maxsize=1024)
def _escape(segment: str) -> str:
    return quote(segment, safe="")


def _add_query(path: str, query: Mapping[str, QueryValue]) -> str:
    pairs = {name: _format_parameter(value) for name, value in query.items() if value is not None}
    return f"{path}?{urlencode(pairs)}" if pairs else path


def _format_parameter(value: str | int | date | Sequence[str]) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | date):
        return str(value)
    return ",".join(value)


def _choose_language(core: Core, lang: str | None) -> str | None:
    return check_language(lang) or core.lang
