"""Client that asks over keep-alive connections, with one request in flight on each, and takes little time itself.

It shares the machine with the server that it asks. It only looks for the end of each answer, by `Content-Length`, and
compares the status; bodies are kept where they are asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from time import perf_counter
from typing import Final, cast

import uvloop
from msgspec import Struct

CONNECTIONS: Final = 16


class WrongAnswer(RuntimeError):
    """Raised if an answer has another status than the expected one, no length, or does not end."""


class Answer(Struct, frozen=True):
    """An answer; the names of its headers are in lower case."""

    headers: dict[str, str]
    body: bytes


class Exchange(Struct, frozen=True):
    """Answers to some requests, in their order if they were kept, and the seconds that all of them took."""

    seconds: float
    answers: tuple[Answer, ...]


def build_request(target: str, headers: Mapping[str, str] | None = None) -> bytes:
    """Return the bytes of a GET request for a path and query."""
    fields = "".join(f"{name}: {value}\r\n" for name, value in {"Host": "actitud.example", **(headers or {})}.items())
    return f"GET {target} HTTP/1.1\r\n{fields}\r\n".encode("ascii")


def exchange(
    port: int,
    requests: Sequence[bytes],
    *,
    status: int = 200,
    keeps: bool = False,
    connections: int = CONNECTIONS,
    begin: Callable[[], None] = lambda: None,
) -> Exchange:
    """Send requests to a port of loopback over new connections, and return the exchange.

    `keeps`: keep the answers. `begin` is called when the connections are open, before the first request.

    Raises:
        WrongAnswer: An answer is not as expected.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_exchange(port, requests, status, keeps, min(connections, len(requests)), begin))


async def _exchange(
    port: int, requests: Sequence[bytes], status: int, keeps: bool, connections: int, begin: Callable[[], None]
) -> Exchange:
    loop = asyncio.get_running_loop()
    queue = _Queue(requests, status, keeps, loop.create_future())
    opened = [await loop.create_connection(lambda: _Connection(queue), "127.0.0.1", port) for _ in range(connections)]
    begin()
    start = perf_counter()
    for _, connection in opened:
        connection.ask()
    try:
        await queue.done
    finally:
        seconds = perf_counter() - start
        for transport, _ in opened:
            transport.abort()
    return Exchange(seconds, tuple(answer for _, answer in sorted(queue.answers.items())))


class _Queue:
    """Requests that the connections share, and the answers to them."""

    def __init__(self, requests: Sequence[bytes], status: int, keeps: bool, done: asyncio.Future[None]) -> None:
        self.pending: Iterator[tuple[int, bytes]] = iter(enumerate(requests))
        self.status = f" {status} ".encode("ascii")
        self.has_body = status != 304
        self.keeps = keeps
        self.answers: dict[int, Answer] = {}
        self.left = len(requests)
        self.done = done

    def finish(self) -> None:
        """Count an answer."""
        self.left -= 1
        if not self.left and not self.done.done():
            self.done.set_result(None)

    def fail(self, why: str) -> None:
        """End the exchange."""
        if not self.done.done():
            self.done.set_exception(WrongAnswer(why))


class _Connection(asyncio.Protocol):
    """Connection with one request in flight."""

    _transport: asyncio.Transport
    _number = 0
    _request = b""

    def __init__(self, queue: _Queue) -> None:
        self._queue = queue
        self._head = b""
        self._missing: int | None = None
        self._is_waiting = False
        self._body: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # that of uvloop has no base of asyncio

    def connection_lost(self, exc: Exception | None) -> None:
        # A server closes connections that have nothing more to ask, while others are still waiting for their answers.
        if self._is_waiting:
            self._queue.fail(f"the connection ended after {self._request!r}")

    def ask(self) -> None:
        """Send the next request, if there is one left."""
        following = next(self._queue.pending, None)
        self._is_waiting = following is not None
        if following is not None:
            self._number, self._request = following
            self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if self._missing is None:
            head, end, data = (self._head + data).partition(b"\r\n\r\n")
            self._head = head
            if not end:
                return  # the head goes on in the next piece
            self._missing = self._read_length(head)
            if self._missing is None:
                return
        self._missing -= len(data)
        if self._queue.keeps:
            self._body.append(data)
        if self._missing == 0:
            if self._queue.keeps:
                self._queue.answers[self._number] = Answer(_read_headers(self._head), b"".join(self._body))
                self._body = []
            self._missing, self._head = None, b""
            self._queue.finish()
            self.ask()
        elif self._missing < 0:
            self._queue.fail(f"more than the stated length came after {self._request!r}")

    def _read_length(self, head: bytes) -> int | None:
        """Return the length of the body after a head; None if the exchange has failed."""
        if self._queue.status not in head[:16]:
            self._queue.fail(_describe(self._request, head))
            return None
        if not self._queue.has_body:
            return 0
        fields = head.lower()
        start = fields.find(b"\r\ncontent-length:")
        if start < 0:
            self._queue.fail(f"no length of the answer to {self._request!r}")
            return None
        return int(fields[start + 17 :].partition(b"\r\n")[0])


def _describe(request: bytes, head: bytes) -> str:
    first, asked = (text.partition(b"\r\n")[0].decode("latin-1") for text in (head, request))
    return f"{asked}: {first}"


def _read_headers(head: bytes) -> dict[str, str]:
    lines = head.decode("latin-1").split("\r\n")[1:]
    return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
