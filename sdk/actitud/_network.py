"""Connections that respect the deadline of a call, and credentials that bypass the cache.

httpx applies a time-out to each step of a request. A server that sends one byte now and then, or endless
interim responses, can make any number of steps; so each step gets at most the time that is left for the call
(:class:`StepTimeout`).

The functions change an httpx client that this library created; an ``http_client`` of the caller is never passed
to them. The transport imports this module only when it creates a client, because it imports httpcore, on which
httpx is built.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable
from typing import cast

import httpcore
import httpx

from actitud._extensions import CREDENTIALS, StepTimeout

_SLICE = 64 * 1024
"""Maximum number of bytes that are written to a connection in one step; each step has its own time-out."""

_SocketOption = tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]

# httpx has no public way to the transports of a client, nor to the network of a transport.


def bound_connections(client: httpx.Client) -> None:
    """Limit each network step of an httpx client to the time that is left for the call.

    ``client``: a client that this library created; it is changed in place.
    """
    for transport in filter(None, (client._transport, *client._mounts.values())):
        pool = cast(httpx.HTTPTransport, transport)._pool  # httpx makes no others
        pool._network_backend = _BoundedBackend(pool._network_backend)


def bound_connections_async(client: httpx.AsyncClient) -> None:
    """Limit each network step of an asynchronous httpx client to the time that is left for the call.

    ``client``: a client that this library created; it is changed in place.
    """
    for transport in filter(None, (client._transport, *client._mounts.values())):
        pool = cast(httpx.AsyncHTTPTransport, transport)._pool
        pool._network_backend = _AsyncBoundedBackend(pool._network_backend)


def insert_cache(client: httpx.Client, cache: Callable[[httpx.BaseTransport], httpx.BaseTransport]) -> None:
    """Let an httpx client send its requests through a cache of responses, which never sees the API key.

    ``client``: a client that this library created; it is changed in place. ``cache``: function that wraps a transport
    in a caching transport.
    """
    client._transport = cache(_CredentialTransport(client._transport))
    for pattern, transport in client._mounts.items():
        client._mounts[pattern] = transport and cache(_CredentialTransport(transport))


def insert_cache_async(
    client: httpx.AsyncClient, cache: Callable[[httpx.AsyncBaseTransport], httpx.AsyncBaseTransport]
) -> None:
    """Let an asynchronous httpx client send its requests through a cache of responses, which never sees the API key.

    ``client``: a client that this library created; it is changed in place. ``cache``: function that wraps a transport
    in a caching transport.
    """
    client._transport = cache(_AsyncCredentialTransport(client._transport))
    for pattern, transport in client._mounts.items():
        client._mounts[pattern] = transport and cache(_AsyncCredentialTransport(transport))


class _CredentialTransport(httpx.BaseTransport):
    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.headers.update(request.extensions[CREDENTIALS])
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


class _AsyncCredentialTransport(httpx.AsyncBaseTransport):
    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.headers.update(request.extensions[CREDENTIALS])
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


def _get_remaining(timeout: float | None, kind: type[httpcore.TimeoutException]) -> float:
    left = cast(StepTimeout, timeout).get_remaining()  # as the transport gives it with each request
    if left <= 0:
        raise kind("the time of the call is over")
    return left


class _BoundedBackend(httpcore.NetworkBackend):
    def __init__(self, inner: httpcore.NetworkBackend) -> None:
        self._inner = inner

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[_SocketOption] | None = None,
    ) -> httpcore.NetworkStream:
        left = _get_remaining(timeout, httpcore.ConnectTimeout)
        return _BoundedStream(self._inner.connect_tcp(host, port, left, local_address, socket_options))


class _BoundedStream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _get_remaining(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _SLICE):
            self._inner.write(buffer[start : start + _SLICE], _get_remaining(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = _get_remaining(timeout, httpcore.ConnectTimeout)
        return _BoundedStream(self._inner.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> object:
        return self._inner.get_extra_info(info)


class _AsyncBoundedBackend(httpcore.AsyncNetworkBackend):
    def __init__(self, inner: httpcore.AsyncNetworkBackend) -> None:
        self._inner = inner

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[_SocketOption] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        left = _get_remaining(timeout, httpcore.ConnectTimeout)
        return _AsyncBoundedStream(await self._inner.connect_tcp(host, port, left, local_address, socket_options))


class _AsyncBoundedStream(httpcore.AsyncNetworkStream):
    def __init__(self, inner: httpcore.AsyncNetworkStream) -> None:
        self._inner = inner

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self._inner.read(max_bytes, _get_remaining(timeout, httpcore.ReadTimeout))

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._inner.write(buffer, _get_remaining(timeout, httpcore.WriteTimeout))

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        left = _get_remaining(timeout, httpcore.ConnectTimeout)
        return _AsyncBoundedStream(await self._inner.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> object:
        return self._inner.get_extra_info(info)
