"""Anything that can answer instead of the service: an error of the library, in time, and nothing tells the key.

A server on loopback sends bytes as they are. The clock goes on by its own with every look at it, so that what never
ends is over at once.
"""

from __future__ import annotations

import asyncio
import gzip
import logging
import pickle
import socket
import struct
import traceback
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from threading import Thread
from typing import Any, TypeAlias, cast

import httpx
import msgspec
import pytest

import actitud
from actitud import (
    ActitudError,
    AsyncClient,
    Client,
    ConnectionFailed,
    Response,
    ServiceFailed,
    TimedOut,
    Timeouts,
    UnexpectedResponse,
)
from tests.support.scale import NIGHT
from tests.unit.sdk.support import KEY, FakeTime, Mode, organisation

Use: TypeAlias = Callable[[Client], Any]
Answer: TypeAlias = Callable[[socket.socket], None]

CERTIFICATES = httpx.create_ssl_context()
TAG = '"v7.1a2b3c4d-0123456789ab"'


def whole(answer: bytes) -> Answer:
    """These bytes, and the end of the connection."""
    return lambda connection: connection.sendall(answer)


def endless(begin: bytes, piece: bytes) -> Answer:
    """First these bytes, then the others for as long as somebody listens."""

    def answer(connection: socket.socket) -> None:
        connection.sendall(begin)
        while True:
            connection.sendall(piece)

    return answer


def stalled(begin: bytes) -> Answer:
    """These bytes, and nothing more until the other side gives up."""

    def answer(connection: socket.socket) -> None:
        connection.sendall(begin)
        connection.recv(1)

    return answer


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def received(connection: socket.socket) -> bytes:
    data = connection.recv(65_536)
    if not data:
        raise ConnectionResetError
    return data


class Server:
    """Answers each request on loopback with the same bytes, and closes the connection."""

    def __init__(self) -> None:
        self.answer: Answer = whole(b"")
        self.requests: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            connection, _ = self._socket.accept()
            with connection, suppress(OSError):
                asked = self._asked(connection)
                if asked == b"stop\r\n\r\n":
                    return
                self.requests.append(asked)
                self.answer(connection)

    def _asked(self, connection: socket.socket) -> bytes:
        asked = b""
        while b"\r\n\r\n" not in asked:
            asked += received(connection)
        head, _, body = asked.partition(b"\r\n\r\n")
        length = next((line[16:] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length: ")), b"0")
        while len(body) < int(length):
            body += received(connection)
        return head + b"\r\n\r\n" + body

    def stop(self) -> None:
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            connection.sendall(b"stop\r\n\r\n")
        self._thread.join()
        self._socket.close()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.stop()


@pytest.fixture
def elsewhere() -> Iterator[Server]:
    made = Server()
    yield made
    made.stop()


@pytest.fixture(autouse=True)
def hurried(fake_time: FakeTime, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every look at the clock takes a second: 120 of them are the time of a call."""

    def clock() -> float:
        fake_time.pass_by(1.0)
        return fake_time.seconds

    monkeypatch.setattr("actitud.client.SYSTEM", msgspec.structs.replace(fake_time.runtime(), clock=clock))
    # Each client of a call would read the certificates anew, which is most of the time of these tests.
    monkeypatch.setattr("httpx._transports.default.create_ssl_context", lambda **_: CERTIFICATES)
    monkeypatch.setattr("actitud._config.MAX_BODY_BYTES", 100_000)
    monkeypatch.setattr("actitud.resources.exports.EXPORT_MAX", 100_000)


def used(mode: Mode, url: str, use: Use, timeouts: Timeouts | None = None) -> object:
    """What a call comes to through either client; of lists and streams all of it."""
    if mode == "blocking":
        with Client(base_url=url, api_key=KEY, timeout=timeouts) as client:
            found = use(client)
            return list(found) if isinstance(found, Iterator | actitud.Page) else found

    async def main() -> object:
        async with AsyncClient(base_url=url, api_key=KEY, timeout=timeouts) as client:
            found = use(cast(Client, client))
            return [row async for row in found] if hasattr(found, "__aiter__") else await found

    return asyncio.run(main())


def chain_of(error: BaseException) -> Iterator[BaseException]:
    """The error, what it came from and what was being dealt with."""
    yield error
    for other in (error.__cause__, error.__context__):
        if other is not None:
            yield from chain_of(other)


def tells_the_key(error: BaseException) -> list[str]:
    """The lines of all tracebacks with all local variables in which the key is, but those of the tests themselves."""
    shown: list[str] = []
    for one in chain_of(error):
        told = traceback.TracebackException.from_exception(one, capture_locals=True)
        frames = [frame for frame in told.stack if "/tests/" not in frame.filename]
        told.stack = traceback.StackSummary.from_list(frames)
        shown += [line for line in told.format() if KEY in line]
        shown += [text for text in (str(one), repr(one), repr(vars(one))) if KEY in text]
    return shown


USES: dict[str, Use] = {
    "get": lambda client: client.organisations.get("x"),
    "list": lambda client: client.organisations.list(limit=1),
    "create": lambda client: client.organisations.create(id="x", name="x", kind="MUN"),
    "delete": lambda client: client.editions.delete("x", if_match=TAG),
    "stream": lambda client: client.editions.scores.stream("2026"),
    "file": lambda client: client.organisations.export(),
    "dict": lambda client: client.request("GET", "/v1/x", cast_to=dict),
    "bytes": lambda client: client.request("GET", "/v1/x", cast_to=bytes),
    "response": lambda client: client.request("GET", "/v1/x", cast_to=Response),
}
KINDS = ("get", "create", "delete", "stream", "file", "bytes")
"""One of each way through the engine: the others go the same."""
DECODED = ("get", "list", "create", "dict")
READ = ("get", "list", "create", "stream", "file", "dict")
"""What is held against the type of its media."""

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
GZIP = HEAD + b"Content-Encoding: gzip\r\n"
ROWS = b'{"a": 1}\n' * 3
PACKED = gzip.compress(ROWS)
MEDIA = {"stream": b"application/jsonl", "file": b"text/csv"}

_packer = zlib.compressobj(wbits=31)
NOTHING_YET = _packer.compress(b"") + _packer.flush(zlib.Z_FULL_FLUSH)
"""A gzip that has begun and has no byte in it yet."""
EMPTY_BLOCK = b"\x00\x00\x00\xff\xff"
"""A block of gzip that is stored and empty (RFC 1951, section 3.2.4): any number of them is nothing at all."""


def chunk(body: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(body), body)


def sized(head: bytes, body: bytes) -> bytes:
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


# By what comes, with `%s` for the media type that is due: how it is sent, and what it is to everybody.
BROKEN: dict[str, tuple[Callable[[bytes], Answer], type[ActitudError]]] = {
    "nothing": (lambda media: whole(b""), ConnectionFailed),
    "a reset": (lambda media: reset, ConnectionFailed),
    "no HTTP": (lambda media: whole(b"\x00\xff\x16\x03 hello\r\n\r\n"), ConnectionFailed),
    "no head": (lambda media: whole(b"<html>hello"), ConnectionFailed),
    "HTTP/2": (lambda media: whole(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), ConnectionFailed),
    "a status below 100": (lambda media: whole(b"HTTP/1.1 99 Low\r\n\r\n"), ConnectionFailed),
    "another protocol": (lambda media: stalled(b"HTTP/1.1 101 Go\r\nUpgrade: x\r\n\r\n"), ConnectionFailed),
    "an interim answer only": (lambda media: whole(b"HTTP/1.1 100 Continue\r\n\r\n"), ConnectionFailed),
    "interim answers without end": (
        lambda media: endless(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
        TimedOut,
    ),
    "a header name of bytes": (lambda media: whole(sized(HEAD % media + b"X \xff: a\r\n", b"{}")), ConnectionFailed),
    "a header value with NUL": (lambda media: whole(sized(HEAD % media + b"X: a\x00\r\n", b"{}")), ConnectionFailed),
    "a header too long": (lambda media: whole(HEAD % media + b"X: " + b"a" * 200_000), ConnectionFailed),
    "headers without end": (lambda media: endless(b"HTTP/1.1 200 OK\r\n", b"X: a\r\n"), TimedOut),
    "a header in drops": (lambda media: endless(b"HTTP/1.1 200 OK\r\nX: ", b"a"), TimedOut),
    "a body too short": (lambda media: whole(HEAD % media + b"Content-Length: 99\r\n\r\n{}"), ConnectionFailed),
    "two lengths": (
        lambda media: whole(HEAD % media + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
        ConnectionFailed,
    ),
    "a length below 0": (lambda media: whole(HEAD % media + b"Content-Length: -2\r\n\r\n{}"), ConnectionFailed),
    "a length too large": (
        lambda media: whole(HEAD % media + b"Content-Length: 10000000000\r\n\r\n{}"),
        UnexpectedResponse,
    ),
    "a body without end": (lambda media: endless(HEAD % media + b"\r\n", b"{}\n" * 9999), UnexpectedResponse),
    "a body in drops": (lambda media: endless(HEAD % media + b"\r\n", b" "), TimedOut),
    "chunks without end": (lambda media: endless(CHUNKED % media, chunk(b"{}\n" * 9999)), UnexpectedResponse),
    "chunks that end early": (lambda media: whole(CHUNKED % media + chunk(ROWS)), ConnectionFailed),
    "a chunk that ends early": (lambda media: whole(CHUNKED % media + b"ff\r\n" + ROWS), ConnectionFailed),
    "a chunk of no size": (lambda media: whole(CHUNKED % media + b"zz\r\n{}"), ConnectionFailed),
    "a chunk that says much": (lambda media: endless(CHUNKED % media + b"1;", b"a"), TimedOut),
    "trailers without end": (lambda media: endless(CHUNKED % media + b"0\r\n", b"X: y\r\n"), TimedOut),
    "another transfer": (
        lambda media: whole(HEAD % media + b"Transfer-Encoding: gzip, chunked\r\n\r\n{}"),
        ConnectionFailed,
    ),
    "a coding not asked for": (
        lambda media: whole(sized(HEAD % media + b"Content-Encoding: br\r\n", b"{}")),
        UnexpectedResponse,
    ),
    "a bomb": (lambda media: whole(sized(GZIP % media, gzip.compress(b"{}\n" * 10**6))), UnexpectedResponse),
    "a bomb of nothing": (
        lambda media: endless(GZIP % media + b"\r\n" + NOTHING_YET, EMPTY_BLOCK * 1000),
        TimedOut,
    ),
    "no gzip": (lambda media: whole(sized(GZIP % media, b"hello")), UnexpectedResponse),
    "a gzip that ends early": (lambda media: whole(sized(GZIP % media, PACKED[:-9])), UnexpectedResponse),
    "a gzip without its sum": (lambda media: whole(sized(GZIP % media, PACKED[:-8])), UnexpectedResponse),
    "a gzip with another sum": (
        lambda media: whole(sized(GZIP % media, PACKED[:-8] + b"\x00" * 4 + PACKED[-4:])),
        UnexpectedResponse,
    ),
    "a gzip and more": (lambda media: whole(sized(GZIP % media, PACKED + b"more")), UnexpectedResponse),
    "a redirect to no address": (
        lambda media: whole(b"HTTP/1.1 307 Go\r\nLocation: mailto:a@b\r\nContent-Length: 0\r\n\r\n"),
        UnexpectedResponse,
    ),
    "a redirect to bytes": (
        lambda media: whole(b"HTTP/1.1 307 Go\r\nLocation: http://\xff\xfe:999999/x\r\nContent-Length: 0\r\n\r\n"),
        UnexpectedResponse,
    ),
    "a redirect in a circle": (
        lambda media: whole(b"HTTP/1.1 307 Go\r\nLocation: \r\nContent-Length: 0\r\n\r\n"),
        UnexpectedResponse,
    ),
    "a failure that says nothing": (
        lambda media: whole(sized(b"HTTP/1.1 503 No\r\nConnection: close\r\nRetry-After: \xff, 99 99 +99999\r\n", b"")),
        UnexpectedResponse,
    ),
    "a status above 599": (lambda media: whole(sized(b"HTTP/1.1 999 High\r\n", b"{}")), UnexpectedResponse),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_an_error_in_time(
    mode: Mode, server: Server, name: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, kind = BROKEN[name]
    if kind is TimedOut:
        # It comes in drops: 16 bytes a second, by the clock of these tests.
        monkeypatch.setattr("httpcore._sync.http11.HTTP11Connection.READ_NUM_BYTES", 16)
        monkeypatch.setattr("httpcore._async.http11.AsyncHTTP11Connection.READ_NUM_BYTES", 16)
    for use in KINDS if NIGHT else KINDS[list(BROKEN).index(name) % 2 :: 2]:
        server.answer = answer(MEDIA.get(use, b"application/json"))
        with caplog.at_level(logging.DEBUG), pytest.raises(ActitudError) as caught:
            used(mode, server.url, USES[use])
        assert type(caught.value) is kind, use
        assert tells_the_key(caught.value) == []
        assert KEY.encode() not in pickle.dumps(caught.value)
    assert KEY not in caplog.text
    assert all(f"Authorization: Bearer {KEY}".encode() in request for request in server.requests)


@pytest.mark.parametrize("begin", [b"", b"HTTP/1.1 200 OK\r\nConte", HEAD % b"application/json" + b"\r\n{"])
def test_what_stalls_ends_with_its_time(mode: Mode, server: Server, begin: bytes) -> None:
    for use in KINDS:
        server.answer = stalled(begin.replace(b"application/json", MEDIA.get(use, b"application/json")))
        # The socket itself waits here: three attempts of a hundredth of a second.
        with pytest.raises(TimedOut) as caught:
            used(mode, server.url, USES[use], Timeouts(connect=5.0, read=0.01, total=120.0))
        assert tells_the_key(caught.value) == []


# What is whole, but no answer to these uses.
WRONG: dict[str, tuple[bytes, tuple[str, ...]]] = {
    "a page of a proxy": (sized(HEAD % b"text/html", b"<h1>Sign in</h1>"), READ),
    "no type": (sized(b"HTTP/1.1 200 OK\r\n", b"{}"), READ),
    "a type of bytes": (sized(HEAD % b"\xff\xfe", b"{}"), READ),
    "JSON that ends early": (sized(HEAD % b"application/json", b'{"id": "x'), DECODED),
    "other types": (sized(HEAD % b"application/json", b"[1]"), DECODED),
    "nothing in it": (sized(HEAD % b"application/json", b""), DECODED),
    "bytes that are no text": (sized(HEAD % b"application/json", b'{"id": "\xff"}'), DECODED),
    "half a surrogate pair": (sized(HEAD % b"application/json", rb'{"id": "\ud800"}'), DECODED),
    "a nest": (sized(HEAD % b"application/json", b'{"id":' + b"[" * 90_000), DECODED),
    "204": (b"HTTP/1.1 204 None\r\n\r\n", READ),
    "205": (sized(b"HTTP/1.1 205 Reset\r\n", b""), (*READ, "delete")),
    "206": (sized(b"HTTP/1.1 206 Part\r\nContent-Type: application/json\r\n", b"{}"), tuple(USES)),
    "a part of a file": (sized(b"HTTP/1.1 206 Part\r\nContent-Type: text/csv\r\n", b"id,name\n"), ("file",)),
    "300": (sized(b"HTTP/1.1 300 Many\r\nContent-Type: application/json\r\n", b"{}"), tuple(USES)),
    "304": (b'HTTP/1.1 304 As before\r\nETag: "a"\r\n\r\n', tuple(USES)),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_answer_is_told_apart(mode: Mode, server: Server, name: str) -> None:
    answer, uses = WRONG[name]
    server.answer = whole(answer)
    for use in uses:
        with pytest.raises(UnexpectedResponse) as caught:
            used(mode, server.url, USES[use])
        assert tells_the_key(caught.value) == []


def test_a_problem_of_no_known_status_is_one_all_the_same(mode: Mode, server: Server) -> None:
    server.answer = whole(sized(b"HTTP/1.1 600 ?\r\nContent-Type: application/problem+json\r\n", b"{}"))
    with pytest.raises(ServiceFailed, match="status 600"):
        used(mode, server.url, USES["get"])


def test_no_cookie_is_kept(mode: Mode, server: Server) -> None:
    """Each of these three would stop the redirected request, or show in it."""
    cookies = b"Set-Cookie: a=b\r\nSet-Cookie: c=\xff; Path=/\r\nSet-Cookie: \xe9=d; Max-Age=9\r\n"
    server.answer = whole(sized(b"HTTP/1.1 307 Go\r\nLocation: /v1/y\r\n" + cookies, b""))
    with pytest.raises(UnexpectedResponse, match="more than 5 redirects"):
        used(mode, server.url, USES["get"])
    assert len(server.requests) == 6
    assert not [request for request in server.requests if b"cookie" in request.lower()]


def test_what_is_odd_but_whole_is_an_answer(mode: Mode, server: Server) -> None:
    odd = (
        b"X-Request-Id: \xff\xfe\r\nSet-Cookie: \xff=; expires=99; Max-Age=-9999999999999\r\nContent-Encoding: GZip\r\n"
    )
    packed = b"".join(gzip.compress(piece) for piece in (ROWS[:4], b"", ROWS[4:]))
    server.answer = whole(b"HTTP/1.1 100 Continue\r\n\r\n" + sized(HEAD % b"application/jsonl" + odd, packed))
    assert used(mode, server.url, USES["stream"]) == [{"a": 1}] * 3
    assert used(mode, server.url, USES["bytes"]) == ROWS
    # What follows the length that was said is not the answer, nor the next one.
    server.answer = whole(sized(HEAD % b"application/json" + odd[:18], b'{"a": 1}') + b"HTTP/1.1 200 OK\r\n")
    assert used(mode, server.url, USES["dict"]) == {"a": 1}


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:{other}/v1/x",
        "//127.0.0.1:{other}/v1/x",
        "http://127.0.0.1:{own}@127.0.0.1:{other}/",
        "http://127.0.0.1:{own}\\@127.0.0.1:{other}/",
        "http:\\\\127.0.0.1:{other}\\",
        "/\t/127.0.0.1:{other}/",
        "http://localhost:{own}/v1/x",
        "https://127.0.0.1:{own}/v1/x",
    ],
)
def test_the_key_travels_to_no_other_host(mode: Mode, server: Server, elsewhere: Server, address: str) -> None:
    there = address.format(own=server.port, other=elsewhere.port)
    for status in (301, 307):
        server.answer = whole(sized(b"HTTP/1.1 %d Go\r\nLocation: %b\r\n" % (status, there.encode()), b""))
        for use in KINDS:
            # What httpx cannot read as an address is a broken answer to it.
            with pytest.raises((UnexpectedResponse, ConnectionFailed)):
                used(mode, server.url, USES[use])
    listed = msgspec.json.encode({"items": [organisation()], "next": there, "next_cursor": None})
    server.answer = whole(sized(HEAD % b"application/json", listed))
    # What is a path of the same host, as backslashes are, is asked for there, and goes round.
    with pytest.raises(UnexpectedResponse):
        used(mode, server.url, USES["list"])
    assert elsewhere.requests == []


def test_a_call_that_is_cancelled_anywhere_does_not_tell_the_key(server: Server) -> None:
    server.answer = stalled(b"")

    async def cancelled(steps: int) -> BaseException:
        async with AsyncClient(base_url=server.url, api_key=KEY) as client:
            call = asyncio.create_task(client.organisations.create(id="x", name="x" * 1000, kind="MUN"))
            for _ in range(steps):
                await asyncio.sleep(0)
            call.cancel()
            with pytest.raises(asyncio.CancelledError) as caught:
                await call
            return caught.value

    # After some eleven steps of the loop it sends, and then it waits for the answer.
    for steps in range(1, 25):
        assert tells_the_key(asyncio.run(cancelled(steps))) == []


def test_a_call_that_is_interrupted_while_it_sends_does_not_tell_the_key(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("httpcore._backends.sync.SyncStream.write", interrupted)
    with pytest.raises(KeyboardInterrupt) as caught:
        used("blocking", server.url, USES["create"])
    assert tells_the_key(caught.value) == []
    # The call was given up before anything went out.
    assert server.requests == []


def test_a_new_key_that_cannot_be_read_is_not_told(mode: Mode, server: Server) -> None:
    answer = msgspec.json.encode({"id": "k", "secret": KEY})
    server.answer = whole(sized(b"HTTP/1.1 201 Made\r\nContent-Type: application/json\r\n", answer))
    with pytest.raises(UnexpectedResponse, match="another shape") as caught:
        used(mode, server.url, lambda client: client.keys.create(role="organisation_editor"))
    assert tells_the_key(caught.value) == []


def test_a_handshake_that_stalls_ends_with_its_time(
    mode: Mode, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    url = server.url.replace("http:", "https:")
    with pytest.raises(TimedOut, match="ConnectTimeout") as caught:
        used(mode, url, USES["create"], Timeouts(connect=0.05, read=5.0, total=120.0))
    assert not caught.value.sent
    assert tells_the_key(caught.value) == []


def test_a_call_whose_time_is_over_is_not_begun(mode: Mode, server: Server) -> None:
    """The half second of the call is over with the first look at the clock."""
    with pytest.raises(TimedOut, match="the time of the call is over"):
        used(mode, server.url, USES["get"], Timeouts(connect=5.0, read=5.0, total=0.5))
    assert server.requests == []


def test_what_holds_the_key_is_not_pickled(mode: Mode) -> None:
    client = (Client if mode == "blocking" else AsyncClient)(api_key=KEY)
    for holder in (client, client._core, client.organisations):
        with pytest.raises(TypeError):
            pickle.dumps(holder)
        assert KEY not in repr(holder)
