"""The head of a request is bounded by the server itself, also where no nginx stands in front."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import cast

import httpx
import msgspec
import pytest
from litestar.enums import ScopeType
from litestar.types import HTTPResponseBodyEvent, HTTPResponseStartEvent, HTTPScope, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from actitud_api.cli.bounded_protocol import FIELDS_MAX, HEAD_MAX, TARGET_MAX
from actitud_api.cli.server import build_configuration
from actitud_api.platform.http.prepared_lines import add_lines
from actitud_api.settings import Settings
from tests.http.toys import toy_app
from tests.support.figures import FigureRecorder
from tests.support.serving import get_port, served_by_service
from tests.support.waiting import PATIENCE


@contextmanager
def serving(
    protocol: type[asyncio.Protocol] | None = None, answer: Answering | None = None
) -> Iterator[tuple[str, int]]:
    """Where a server of the service listens; with another protocol, or other answers, where they are given."""
    app = toy_app()

    async def answering(scope: Scope, receive: Receive, send: Send) -> None:
        await (app if answer is None or scope["type"] != ScopeType.HTTP else answer)(scope, receive, send)

    config = build_configuration(answering, Settings())
    if protocol is not None:
        config.http = protocol
    with served_by_service(app, config) as server:
        yield "127.0.0.1", get_port(server)


Answering = Callable[[Scope, Receive, Send], Awaitable[None]]
BODY = b"0123456789" * 9_000


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, int]]:
    """Where a server of the service listens."""
    with serving() as found:
        yield found


def exchange(address: tuple[str, int], *pieces: bytes) -> bytes:
    """Send pieces, and return all that is answered until the connection is closed."""
    with socket.create_connection(address, timeout=PATIENCE) as connection:
        answer = b""
        # The server closes while the client may still be sending.
        with contextlib.suppress(ConnectionError):
            for piece in pieces:
                connection.sendall(piece)
        with contextlib.suppress(ConnectionError):
            while received := connection.recv(65_536):
                answer += received
        return answer


def request(fields: int = 0, size: int = 1, target: str = "/livez", end: bytes = b"\r\n") -> bytes:
    """A request with so many fields more than two, each with a value of so many bytes."""
    more = "".join(f"X-Field-{number}: {'x' * size}\r\n" for number in range(fields))
    return f"GET {target} HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n{more}".encode() + end


def assert_refused(answer: bytes, status: int, title: str) -> None:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} {title}\r\n".encode()), answer[:200]
    assert b"content-type: application/problem+json" in head
    assert msgspec.json.decode(body) == {"type": "about:blank", "title": title, "status": status}


def test_a_head_within_the_limits_is_answered(address: tuple[str, int]) -> None:
    for sent in (request(FIELDS_MAX - 2), request(3, 20_000), request(target="/livez?" + "x" * (TARGET_MAX - 7))):
        assert exchange(address, sent).startswith(b"HTTP/1.1 ")
        assert b" 431 " not in exchange(address, sent)[:20]
    assert exchange(address, request(FIELDS_MAX - 2)).startswith(b"HTTP/1.1 200 ")
    assert exchange(address, request(3, 20_000)).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    "sent",
    [request(FIELDS_MAX - 1), request(1, HEAD_MAX), request(4, HEAD_MAX // 4), request(FIELDS_MAX + 5, end=b"")],
    ids=["fields", "one field", "four fields", "without an end"],
)
def test_too_large_a_head_is_refused(address: tuple[str, int], sent: bytes) -> None:
    assert_refused(exchange(address, sent), 431, "Request Header Fields Too Large")


def test_too_long_a_target_is_refused(address: tuple[str, int]) -> None:
    assert_refused(exchange(address, request(target="/livez?" + "x" * TARGET_MAX)), 414, "URI Too Long")


def test_a_field_that_never_ends_is_refused_when_it_is_too_large(address: tuple[str, int]) -> None:
    """Piece by piece: the parser itself would keep all of it until its end."""
    with socket.create_connection(address, timeout=PATIENCE) as connection:
        connection.sendall(b"GET /livez HTTP/1.1\r\nHost: a.example\r\nX-Endless: ")
        sent = 0
        with contextlib.suppress(ConnectionError):
            while sent < 64 * HEAD_MAX:
                connection.sendall(b"x" * 4_096)
                sent += 4_096
        assert sent < 64 * HEAD_MAX  # long before that the server has closed


def test_the_worst_that_was_taken_is_refused_and_others_are_answered(
    address: tuple[str, int], figure: FigureRecorder
) -> None:
    """200,000 fields, and a field of one megabyte, many at once."""
    worst = (request(200_000), request(1, 1024**2))
    threads = [threading.Thread(target=exchange, args=(address, sent)) for sent in worst * 4]
    for thread in threads:
        thread.start()
    url = f"http://{address[0]}:{address[1]}/livez"
    assert {httpx.get(url, timeout=PATIENCE).status_code for _ in range(10)} == {200}
    for thread in threads:
        thread.join()
        assert not thread.is_alive()
    with serving(HttpToolsProtocol) as unbounded:
        taken = [exchange(unbounded, sent).startswith(b"HTTP/1.1 200 ") for sent in worst]
    assert all(taken)
    for sent in worst:
        answer = exchange(address, sent)
        assert answer == b"" or answer.startswith(b"HTTP/1.1 431 ")
    figure(
        "S27",
        "requests with 200,000 header fields or one of a megabyte; one fails if it is neither answered 431 nor cut off",
        tried=len(worst),
        failed=0,
        control=f"the protocol of the server library answers {sum(taken)} of {len(worst)} with 200",
    )


def test_each_request_of_a_connection_is_counted_anew(address: tuple[str, int]) -> None:
    with httpx.Client(base_url=f"http://{address[0]}:{address[1]}", timeout=PATIENCE) as client:
        headers = {f"X-Field-{number}": "x" * 600 for number in range(90)}
        assert {client.get("/livez", headers=headers).status_code for _ in range(5)} == {200}


def test_what_is_no_http_is_answered_with_400(address: tuple[str, int]) -> None:
    assert exchange(address, b"\x16\x03\x01 no HTTP\r\n\r\n").startswith(b"HTTP/1.1 400 ")


def test_fields_after_a_body_are_counted_too(address: tuple[str, int]) -> None:
    head = b"POST /livez HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n"
    trailers = b"".join(b"X-%d: x\r\n" % number for number in range(FIELDS_MAX + 1))
    # The connection is closed, with an answer at most to the request itself.
    assert exchange(address, head + trailers + b"\r\n").count(b"HTTP/1.1 ") <= 1


async def answer_with_lines(scope: Scope, _: Receive, send: Send) -> None:
    """Answer with headers that are ready as lines, of which one tells that the lines were taken."""
    scope = cast("HTTPScope", scope)
    body = b"" if scope["path"] == "/unchanged" else BODY
    length = [] if scope["path"] == "/unchanged" else [(b"content-length", b"%d" % len(body))]
    headers = [(b"etag", b'"a"'), *length]
    start: HTTPResponseStartEvent = {
        "type": "http.response.start",
        "status": 200 if body else 304,
        "headers": [*headers, (b"x-taken", b"headers")],
    }
    lines = b"".join(b"%b: %b\r\n" % pair for pair in headers)
    add_lines(start, lines + b"x-taken: lines\r\n", len(body))
    await send(start)
    sent = b"" if scope["method"] == "HEAD" else body
    end: HTTPResponseBodyEvent = {"type": "http.response.body", "body": sent, "more_body": False}
    await send(end)


def test_lines_that_are_ready_are_written_as_the_headers_would_be() -> None:
    """On a connection that stays open; the answer after which it is closed is written from its headers."""
    asked = [
        f"{method} {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
        for method, path in [("GET", "/whole"), ("HEAD", "/whole"), ("GET", "/unchanged"), ("GET", "/whole")]
    ]
    last = b"GET /whole HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    with serving(answer=answer_with_lines) as ours, serving(HttpToolsProtocol, answer_with_lines) as plain:
        # Answered one after the other, however they come.
        ready, joined = (exchange(address, b"".join(asked), last) for address in (ours, plain))
    dateless = [re.sub(rb"date: [^\r]*\r\n", b"date\r\n", raw) for raw in (ready, joined)]
    assert dateless[0].replace(b"x-taken: lines", b"x-taken: headers") == dateless[1]
    assert re.findall(rb"x-taken: (\w+)", ready) == [b"lines"] * 4 + [b"headers"]
    assert (ready.count(BODY), ready.count(b"HTTP/1.1 304"), ready.count(b"date: ")) == (3, 1, 5)
