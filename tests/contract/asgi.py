"""Requests handed to an application byte by byte, as a server would, with nothing tidied up by a client."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import unquote

from litestar.types import ASGIApp, HTTPScope


class Sent(NamedTuple):
    """A request: the target as on the request line, the headers, and the body in chunks.

    `hangs_up`: the client goes away where the next chunk should come. `client`: its address, as the server says.
    """

    method: str
    target: bytes
    headers: Sequence[tuple[bytes, bytes]] = ()
    chunks: Sequence[bytes] = (b"",)
    hangs_up: bool = False
    client: tuple[str, int] | None = ("127.0.0.1", 50_000)


class Received(NamedTuple):
    """A response; the names of the headers are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


def build_scope(sent: Sent) -> HTTPScope:
    """Build what a server tells an application of a request."""
    raw_path, _, query = sent.target.partition(b"?")
    scope: Any = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": sent.method,
        "scheme": "http",
        "path": unquote(raw_path.decode("ascii")),
        "raw_path": raw_path,
        "query_string": query,
        "root_path": "",
        "headers": [(b"host", b"testserver"), *sent.headers]
        if all(name != b"host" for name, _ in sent.headers)
        else list(sent.headers),
        "client": sent.client,
        "server": ("testserver", 80),
        "extensions": {},
        "state": {},
    }
    typed: HTTPScope = scope
    return typed


async def exchange(app: ASGIApp, sent: Sent) -> Received:
    """Return the response of an application to a request."""
    pending = list(sent.chunks)
    received: list[Any] = []
    answered = asyncio.Event()

    async def receive() -> Any:
        if not pending:
            if not sent.hangs_up:
                await answered.wait()  # what is streamed stops where a client goes away
            return {"type": "http.disconnect"}
        chunk = pending.pop(0)
        return {"type": "http.request", "body": chunk, "more_body": sent.hangs_up or bool(pending)}

    async def send(message: Any) -> None:
        received.append(message)
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            answered.set()

    await app(build_scope(sent), receive, send)
    start, *rest = received
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in start["headers"]}
    return Received(start["status"], headers, b"".join(message["body"] for message in rest))
