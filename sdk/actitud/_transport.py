"""The httpx transports. Only this module and ``_network`` import httpx and hishel."""

from __future__ import annotations

import hashlib
import platform
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from http.cookiejar import CookieJar, DefaultCookiePolicy
from os import PathLike, fspath
from typing import TypeAlias

import httpx

from actitud._calls import Attempt, OpenResponse, Outcome, Response, get_media_type
from actitud._config import Core
from actitud._extensions import CREDENTIALS, StepTimeout
from actitud._version import __version__
from actitud.errors import ConnectionFailed, NoAnswer, TimedOut, UnexpectedResponse

HttpClient: TypeAlias = httpx.Client
AsyncHttpClient: TypeAlias = httpx.AsyncClient
Cache: TypeAlias = str | PathLike[str]

USER_AGENT = f"actitud/{__version__} python/{platform.python_version()} httpx/{httpx.__version__}"

_ALWAYS = {"Accept": "application/json, application/problem+json", "Accept-Encoding": "gzip"}

_LEAST_TIMEOUT = 0.001
"""Time-out in seconds of an attempt for which the call has no time left.

It is above 0, because httpx takes a time-out of 0 for "do not wait at all".
"""

_DECODABLE = frozenset({"", "identity", "gzip"})
"""Content codings of a response that are accepted.

Refused are several codings on top of each other, and codings that can expand a body a thousandfold.
"""

_PIECE = 256 * 1024
"""Maximum number of bytes that are decompressed at a time, so that a small body cannot fill the memory."""

_BEFORE_SENDING = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)

_CONNECTIONS = 100
"""Maximum number of connections of a client that this library creates: the default of httpx."""

_IDLE_CONNECTIONS = 20
"""Maximum number of connections that stay open without a call: the default of httpx."""

Failure: TypeAlias = NoAnswer | UnexpectedResponse


class HttpxTransport:
    """Transport of the blocking client, over an httpx client; a client of the caller is not closed."""

    def __init__(self, core: Core, http_client: HttpClient | None, cache: Cache | None) -> None:
        self._owned = http_client is None
        self._cached = cache is not None
        self._client = _build_client(core, cache) if http_client is None else http_client

    def perform(self, attempt: Attempt) -> Outcome:
        """Wait ``attempt.delay`` seconds, send the request, and return the response or the failure.

        A failure is returned, not raised.
        """
        if attempt.delay:
            attempt.core.runtime.sleep(attempt.delay)
        try:
            request = _build_request(attempt, self._client, self._cached)
            response = self._client.send(request, stream=True, follow_redirects=False)
            try:
                body = _BodyReader(attempt, request, response)
                if not body.streamed:
                    for raw in _iterate_raw(response):
                        body.add(raw)
                    body.end()
                    response.close()
            except BaseException:
                response.close()
                raise
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return _build_failure(error, attempt)
        except (TimedOut, UnexpectedResponse) as failure:
            return failure
        except BaseException as error:
            _forget_what_was_sent(error)
            raise
        return body.open(_iterate_pieces(body, response)) if body.streamed else body.build_reply()

    def close(self) -> None:
        """Close the connections, unless the httpx client belongs to the caller."""
        if self._owned:
            self._client.close()


class AsyncHttpxTransport:
    """Transport of the asynchronous client, over an httpx client; a client of the caller is not closed."""

    def __init__(self, core: Core, http_client: AsyncHttpClient | None, cache: Cache | None) -> None:
        # Imported late: a blocking client never needs it, and `import actitud` stays quick.
        import asyncio

        self._owned = http_client is None
        self._cached = cache is not None
        self._client = _build_async_client(core, cache) if http_client is None else http_client
        # httpcore 1.0.9 loses a connection for ever where a call is cancelled while it waits for one (httpcore issue
        # 1093), and every call waits there for one step of the event loop at least. So the turns limit the connections,
        # and the pool does not: one that is lost is never opened, and takes the place of no other. How many a client
        # of the caller has is not known, so it keeps its own queue.
        self._turns = asyncio.Semaphore(_CONNECTIONS) if http_client is None else None

    async def perform(self, attempt: Attempt) -> Outcome:
        """Wait ``attempt.delay`` seconds, send the request, and return the response or the failure.

        A failure is returned, not raised.
        """
        if attempt.delay:
            await attempt.core.runtime.sleep_async(attempt.delay)
        try:
            async with AsyncExitStack() as opened:
                await opened.enter_async_context(self._turn(attempt))
                request = _build_request(attempt, self._client, self._cached)
                response = await self._client.send(request, stream=True, follow_redirects=False)
                opened.push_async_callback(response.aclose)
                body = _BodyReader(attempt, request, response)
                if body.streamed:
                    return body.open(_iterate_pieces_async(body, response, opened.pop_all()))
                async for raw in _iterate_raw_async(response):
                    body.add(raw)
                body.end()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return _build_failure(error, attempt)
        except (TimedOut, UnexpectedResponse) as failure:
            return failure
        except BaseException as error:
            _forget_what_was_sent(error)
            raise
        return body.build_reply()

    @asynccontextmanager
    async def _turn(self, attempt: Attempt) -> AsyncGenerator[None, None]:
        import asyncio

        if self._turns is None:
            yield
            return
        try:
            async with asyncio.timeout(_build_timeouts(attempt)[0]):
                await self._turns.acquire()
        except TimeoutError:
            text = f"{_describe_attempt(attempt)}: none of {_CONNECTIONS} connections became free in time"
            raise TimedOut(text, sent=False) from None
        try:
            yield
        finally:
            self._turns.release()

    async def close(self) -> None:
        """Close the connections, unless the httpx client belongs to the caller."""
        if self._owned:
            await self._client.aclose()


def _build_client(core: Core, cache: Cache | None) -> HttpClient:
    from actitud import _network

    client = httpx.Client(trust_env=_is_private(core), cookies=_build_cookie_jar())
    _network.bound_connections(client)
    if cache is not None:
        from hishel import CacheOptions, SqliteStorage
        from hishel.httpx import CacheTransport

        storage, options = SqliteStorage(database_path=fspath(cache)), CacheOptions(shared=False)
        _network.insert_cache(client, lambda inner: CacheTransport(inner, storage, options))
    return client


def _build_async_client(core: Core, cache: Cache | None) -> AsyncHttpClient:
    from actitud import _network

    limits = httpx.Limits(max_connections=None, max_keepalive_connections=_IDLE_CONNECTIONS)
    client = httpx.AsyncClient(trust_env=_is_private(core), cookies=_build_cookie_jar(), limits=limits)
    _network.bound_connections_async(client)
    if cache is not None:
        from hishel import AsyncSqliteStorage, CacheOptions
        from hishel.httpx import AsyncCacheTransport

        storage, options = AsyncSqliteStorage(database_path=fspath(cache)), CacheOptions(shared=False)
        _network.insert_cache_async(client, lambda inner: AsyncCacheTransport(inner, storage, options))
    return client


def _build_cookie_jar() -> CookieJar:
    # The service sets none. One of a proxy that is not ASCII would make httpx refuse every later call.
    return CookieJar(DefaultCookiePolicy(allowed_domains=()))


def _is_private(core: Core) -> bool:
    # The proxies of the environment see nothing of what goes through them by https; by http everything, the key too.
    return core.origin.startswith("https:")


def _iterate_pieces(body: _BodyReader, response: httpx.Response) -> Generator[bytes, None, None]:
    failure: Failure | None = None
    with closing(response):
        try:
            for raw in _iterate_raw(response):
                for piece in body.unpack(raw):
                    yield piece
                    body.acknowledge(piece)
            body.end()
        except httpx.HTTPError as error:
            failure = _build_failure(error, body.attempt)
    if failure is not None:
        raise failure


async def _iterate_pieces_async(
    body: _BodyReader, response: httpx.Response, opened: AsyncExitStack
) -> AsyncGenerator[bytes, None]:
    failure: Failure | None = None
    async with opened:
        try:
            async for raw in _iterate_raw_async(response):
                for piece in body.unpack(raw):
                    yield piece
                    body.acknowledge(piece)
            body.end()
        except httpx.HTTPError as error:
            failure = _build_failure(error, body.attempt)
    if failure is not None:
        raise failure


# What was read whole before it got here, as tests do, is unpacked already.


def _iterate_raw(response: httpx.Response) -> Iterator[bytes]:
    return response.iter_bytes() if response.is_stream_consumed else response.iter_raw()


def _iterate_raw_async(response: httpx.Response) -> AsyncIterator[bytes]:
    return response.aiter_bytes() if response.is_stream_consumed else response.aiter_raw()


class _Gunzip:
    """Decompresses gzip in chunks of bounded size, and knows whether the data is complete.

    The gzip decoder of httpx neither bounds its chunks nor knows whether the data is complete.
    """

    def __init__(self) -> None:
        self._member = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self.complete = True

    def unpack(self, raw: bytes) -> Iterator[bytes]:
        while True:
            piece = self._member.decompress(raw, _PIECE)
            self.complete = self._member.eof
            if piece:
                yield piece
            raw = self._member.unconsumed_tail
            if self._member.unused_data:
                # After the end of one member another may follow (RFC 1952, section 2.2).
                raw = self._member.unused_data
                self._member = zlib.decompressobj(zlib.MAX_WBITS | 16)
            elif not raw and len(piece) < _PIECE:
                return


class _BodyReader:
    """Reads the body of a response within limits of size and time, and collects the body unless it is streamed."""

    def __init__(self, attempt: Attempt, request: httpx.Request, response: httpx.Response) -> None:
        self.attempt = attempt
        self._status = response.status_code
        self._headers = {name.lower(): value for name, value in response.headers.items()}
        self.streamed = self._status == 200 and get_media_type(self._headers) == attempt.request.streamed
        self._step: StepTimeout = request.extensions["timeout"]["read"]
        self._max_bytes = attempt.request.max_bytes or attempt.core.max_body_bytes
        self._chunks: list[bytes] = []
        self._size = 0
        coding = self._headers.get("content-encoding", "").strip().lower()
        if coding not in _DECODABLE:
            raise self._build_refusal(f"an answer with the content coding {coding!r}, which was not asked for")
        self._gunzip = _Gunzip() if coding == "gzip" and not response.is_stream_consumed else None
        length = self._headers.get("content-length", "")
        if length.isdecimal() and float(length) > self._max_bytes:
            raise self._refuse_size()
        if self.streamed:
            self._restart_step()

    def unpack(self, raw: bytes) -> Iterable[bytes]:
        """Decompress received bytes and yield them in pieces.

        Raises ``UnexpectedResponse`` if the body is too large or its gzip data is corrupt, and ``TimedOut`` if the
        bytes arrived after the deadline.
        """
        if self._step.get_remaining() < 0:
            raise TimedOut(f"{_describe_attempt(self.attempt)}: the answer was not complete in time")
        if self._gunzip is not None:
            return self._unpack_gzip(self._gunzip, raw)
        self._count(raw)
        return (raw,)

    def _unpack_gzip(self, gunzip: _Gunzip, raw: bytes) -> Iterator[bytes]:
        try:
            for piece in gunzip.unpack(raw):
                self._count(piece)
                yield piece
        except zlib.error:
            failure = self._build_refusal("an answer that is not the gzip that it says it is")
        else:
            return
        raise failure

    def _count(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > self._max_bytes:
            raise self._refuse_size()

    def add(self, raw: bytes) -> None:
        """Add received bytes to a body that is collected.

        Raises ``UnexpectedResponse`` if the body is too large or its gzip data is corrupt, and ``TimedOut`` if the
        bytes arrived after the deadline.
        """
        self._chunks.extend(self.unpack(raw))

    def end(self) -> None:
        """Check that the body is complete; call it after the last byte.

        Raises ``UnexpectedResponse`` if the gzip data is incomplete.
        """
        if self._gunzip is not None and not self._gunzip.complete:
            raise self._build_refusal("an answer that breaks off in its gzip")

    def acknowledge(self, piece: bytes) -> None:
        """Restart the read time-out if ``piece`` contains the end of a line.

        Called when the program has used ``piece`` and asks for more: the time that it spent on its rows does not count.
        Without a line end the time-out goes on, because it is the time for one row.
        """
        if b"\n" in piece:
            self._restart_step()

    def _restart_step(self) -> None:
        core = self.attempt.core
        self._step.end = core.runtime.clock() + core.timeouts.read

    def build_reply(self) -> Response:
        """Return the response with the complete body that was collected."""
        return Response(status=self._status, headers=self._headers, body=b"".join(self._chunks))

    def open(self, pieces: Generator[bytes, None, None] | AsyncGenerator[bytes, None]) -> OpenResponse:
        """Return the response before its body is read: the caller reads the body from ``pieces``."""
        return OpenResponse(status=self._status, headers=self._headers, body=b"", pieces=pieces)

    def _refuse_size(self) -> UnexpectedResponse:
        return self._build_refusal(f"an answer of more than {self._max_bytes} bytes")

    def _build_refusal(self, message: str) -> UnexpectedResponse:
        return UnexpectedResponse(message, self._status, self._headers.get("x-request-id"))


def _build_timeouts(attempt: Attempt) -> tuple[StepTimeout, StepTimeout]:
    limits, clock, end = attempt.core.timeouts, attempt.core.runtime.clock, attempt.deadline
    left = max(_LEAST_TIMEOUT, end - clock())
    return StepTimeout(min(limits.connect, left), clock, end), StepTimeout(min(limits.read, left), clock, end)


def _build_request(attempt: Attempt, client: HttpClient | AsyncHttpClient, cached: bool) -> httpx.Request:
    core, wanted = attempt.core, attempt.request
    connect, read = _build_timeouts(attempt)
    url = core.origin + wanted.target
    key = "" if core.api_key is None else core.api_key.reveal()
    credentials = {"Authorization": f"Bearer {key}"} if key else {}
    headers = {**_ALWAYS, "User-Agent": f"{USER_AGENT} {core.app}".rstrip(), **wanted.headers}
    if wanted.lang is not None:
        headers["Accept-Language"] = wanted.lang
    if not cached:
        headers |= credentials
    ours = [(name.encode(), value.encode()) for name, value in headers.items()]
    named = {name.lower() for name, _ in ours}
    # As `build_request` of the client does it, which takes half as long again to put headers in the place of others.
    request = httpx.Request(
        wanted.method,
        url,
        params=client.params or None,
        headers=[header for header in client.headers.raw if header[0].lower() not in named] + ours,
        cookies=client.cookies or None,
        content=wanted.body if wanted.file is None else _open_content(wanted.file, client),
        extensions={"timeout": {"connect": connect, "read": read, "write": read, "pool": connect}},
    )
    if cached:
        request.extensions[CREDENTIALS] = credentials
        # What a key was answered is for that key alone, whatever the answer says of who may keep it.
        request.extensions["caching"] = {"key": hashlib.sha256(f"{key} {url}".encode()).hexdigest()}
    return request


def _open_content(file: str, client: HttpClient | AsyncHttpClient) -> Iterator[bytes] | AsyncIterator[bytes]:
    return _read_file_async(file) if isinstance(client, AsyncHttpClient) else _read_file(file)


def _read_file(file: str) -> Iterator[bytes]:
    with open(file, "rb") as content:
        while piece := content.read(_PIECE):
            yield piece


async def _read_file_async(file: str) -> AsyncIterator[bytes]:
    import asyncio

    with await asyncio.to_thread(open, file, "rb") as content:
        while piece := await asyncio.to_thread(content.read, _PIECE):
            yield piece


def _build_failure(error: httpx.HTTPError | httpx.InvalidURL, attempt: Attempt) -> Failure:
    # The error of httpx is not chained: it holds the request, and with it the key.
    text = f"{_describe_attempt(attempt)}: {type(error).__name__} {error}".rstrip()
    sent = not isinstance(error, _BEFORE_SENDING)
    if isinstance(error, httpx.TimeoutException):
        return TimedOut(text, sent)
    if isinstance(error, httpx.InvalidURL):
        return UnexpectedResponse(text)
    return ConnectionFailed(text, sent)


def _forget_what_was_sent(error: BaseException) -> None:
    # Where a call is cancelled or interrupted while it sends, the frames of httpx hold what it sends, and with it the
    # key. Those of a fault stay: they may be of a transport of the caller.
    if not isinstance(error, Exception):
        error.__traceback__ = None


def _describe_attempt(attempt: Attempt) -> str:
    return f"{attempt.request.method} {attempt.request.target.partition('?')[0]}"
