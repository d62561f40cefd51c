"""Sends attempts with httpx. No other module of this library imports it."""

from __future__ import annotations

import platform
from typing import TypeAlias

import httpx

from actitud._calls import Attempt, Outcome, Reply
from actitud._config import Core
from actitud._version import __version__
from actitud.errors import ConnectionFailed, NoAnswer, TimedOut, UnexpectedResponse

HttpClient: TypeAlias = httpx.Client
AsyncHttpClient: TypeAlias = httpx.AsyncClient

USER_AGENT = f"actitud/{__version__} python/{platform.python_version()} httpx/{httpx.__version__}"

_LEAST_TIMEOUT = 0.001
"""What an attempt still gets when the budget is used up: httpx reads 0 as "do not wait at all"."""

_DECODABLE = frozenset({"", "identity", "gzip"})
"""Content codings that are read. Stacked codings and those that swell a thousandfold per layer are not."""

_BEFORE_SENDING = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)

Failure: TypeAlias = NoAnswer | UnexpectedResponse


class HttpxTransport:
    """The transport of the blocking client; it closes the httpx client only if it made it."""

    def __init__(self, core: Core, http_client: HttpClient | None) -> None:
        self._core = core
        self._owned = http_client is None
        self._client = httpx.Client() if http_client is None else http_client

    def perform(self, attempt: Attempt) -> Outcome:
        """Wait, send, and return the answer or the failure."""
        if attempt.delay:
            self._core.runtime.sleep(attempt.delay)
        try:
            request = _request(self._core, attempt, self._client)
            response = self._client.send(request, stream=True, follow_redirects=False)
            try:
                body = _Body(self._core, attempt, response)
                for chunk in response.iter_bytes():
                    body.add(chunk)
            finally:
                response.close()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return _failure(error, attempt)
        except (TimedOut, UnexpectedResponse) as failure:
            return failure
        return body.reply()

    def close(self) -> None:
        """Close the connections, unless the httpx client belongs to the caller."""
        if self._owned:
            self._client.close()


class AsyncHttpxTransport:
    """The transport of the asynchronous client; it closes the httpx client only if it made it."""

    def __init__(self, core: Core, http_client: AsyncHttpClient | None) -> None:
        self._core = core
        self._owned = http_client is None
        self._client = httpx.AsyncClient() if http_client is None else http_client

    async def perform(self, attempt: Attempt) -> Outcome:
        """Wait, send, and return the answer or the failure."""
        if attempt.delay:
            await self._core.runtime.sleep_async(attempt.delay)
        try:
            request = _request(self._core, attempt, self._client)
            response = await self._client.send(request, stream=True, follow_redirects=False)
            try:
                body = _Body(self._core, attempt, response)
                async for chunk in response.aiter_bytes():
                    body.add(chunk)
            finally:
                await response.aclose()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return _failure(error, attempt)
        except (TimedOut, UnexpectedResponse) as failure:
            return failure
        return body.reply()

    async def close(self) -> None:
        """Close the connections, unless the httpx client belongs to the caller."""
        if self._owned:
            await self._client.aclose()


class _Body:
    """Collects a body within the limits of size and time."""

    def __init__(self, core: Core, attempt: Attempt, response: httpx.Response) -> None:
        self._core = core
        self._attempt = attempt
        self._status = response.status_code
        self._most = attempt.request.most or core.max_body_bytes
        self._headers = {name.lower(): value for name, value in response.headers.items()}
        self._bytes = bytearray()
        coding = self._headers.get("content-encoding", "").strip().lower()
        if coding not in _DECODABLE:
            raise self._refused(f"an answer with the content coding {coding!r}, which was not asked for")
        length = self._headers.get("content-length", "")
        if length.isdecimal() and float(length) > self._most:
            raise self._too_large()

    def add(self, chunk: bytes) -> None:
        """Take one more piece; raises where the body becomes too large or the time is over."""
        self._bytes += chunk
        if len(self._bytes) > self._most:
            raise self._too_large()
        if self._core.runtime.clock() > self._attempt.deadline:
            raise TimedOut(f"{_place(self._attempt)}: the answer was not complete within the time of the call")

    def reply(self) -> Reply:
        """Return the whole answer."""
        return Reply(status=self._status, headers=self._headers, body=bytes(self._bytes))

    def _too_large(self) -> UnexpectedResponse:
        return self._refused(f"an answer of more than {self._most} bytes")

    def _refused(self, message: str) -> UnexpectedResponse:
        return UnexpectedResponse(message, self._status, self._headers.get("x-request-id"))


def _request(core: Core, attempt: Attempt, client: HttpClient | AsyncHttpClient) -> httpx.Request:
    limits = core.timeouts
    left = max(_LEAST_TIMEOUT, attempt.deadline - core.runtime.clock())
    connect, read = min(limits.connect, left), min(limits.read, left)
    wanted = attempt.request
    request = client.build_request(
        wanted.method,
        core.origin + wanted.target,
        content=wanted.body,
        timeout=httpx.Timeout(connect=connect, read=read, write=read, pool=connect),
        headers={
            "Accept": "application/json, application/problem+json",
            "Accept-Encoding": "gzip",
            "User-Agent": USER_AGENT,
            **wanted.headers,
        },
    )
    if wanted.lang is not None:
        request.headers["Accept-Language"] = wanted.lang
    if core.api_key is not None:
        request.headers["Authorization"] = f"Bearer {core.api_key.reveal()}"
    return request


def _failure(error: httpx.HTTPError | httpx.InvalidURL, attempt: Attempt) -> Failure:
    # The error of httpx is not chained: it holds the request, and with it the key.
    text = f"{_place(attempt)}: {type(error).__name__} {error}".rstrip()
    sent = not isinstance(error, _BEFORE_SENDING)
    if isinstance(error, httpx.TimeoutException):
        return TimedOut(text, sent)
    if isinstance(error, httpx.DecodingError | httpx.InvalidURL):
        return UnexpectedResponse(text)
    return ConnectionFailed(text, sent)


def _place(attempt: Attempt) -> str:
    return f"{attempt.request.method} {attempt.request.target.partition('?')[0]}"
