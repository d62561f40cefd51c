"""Limits of size and time while reading, content codings, and whose connections are closed."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Iterator

import httpx
import msgspec
import pytest

from actitud import AsyncClient, Client, ConnectionFailed, TimedOut, UnexpectedResponse
from actitud._config import MAX_BODY_BYTES
from tests.unit.sdk.support import Answers, FakeTime, Mode, fetched, organisation, using

JSON = {"content-type": "application/json"}


class Pieces(httpx.SyncByteStream, httpx.AsyncByteStream):
    """A body that comes in pieces, each of which takes a while, and that knows whether it was closed."""

    def __init__(self, time: FakeTime, seconds: float, *pieces: bytes) -> None:
        self._time = time
        self._seconds = seconds
        self._pieces = pieces
        self.closed = False
        self.read = 0

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self._time.pass_by(self._seconds)
            self.read += 1
            yield piece

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece

    def close(self) -> None:
        self.closed = True

    async def aclose(self) -> None:
        self.closed = True


def test_a_body_in_pieces_is_put_together_and_closed(mode: Mode, fake_time: FakeTime) -> None:
    whole = msgspec.json.encode(organisation())
    body = Pieces(fake_time, 1.0, whole[:10], whole[10:])
    assert fetched(using(mode, lambda request: httpx.Response(200, headers=JSON, stream=body))).id == "XX-DEMO-1"
    assert body.closed


def test_a_body_that_trickles_ends_with_the_time_of_the_call(mode: Mode, fake_time: FakeTime) -> None:
    # 29 s are within the read limit of 30, but the fifth piece comes at 145 of 120 s.
    body = Pieces(fake_time, 29.0, *[b" "] * 100)
    with pytest.raises(TimedOut, match="not complete"):
        fetched(using(mode, lambda request: httpx.Response(200, headers=JSON, stream=body)))
    assert (body.read, body.closed) == (5, True)


def test_a_body_that_is_too_large_is_not_read_to_its_end(mode: Mode, fake_time: FakeTime) -> None:
    megabyte = b" " * 2**20
    body = Pieces(fake_time, 0.0, *[megabyte] * 1000)
    with pytest.raises(UnexpectedResponse, match="more than 33554432 bytes"):
        fetched(using(mode, lambda request: httpx.Response(200, headers=JSON, stream=body)))
    assert (body.read, body.closed) == (33, True)


@pytest.mark.parametrize(("length", "reads"), [(str(MAX_BODY_BYTES + 1), 0), ("9" * 5000, 0), ("-5", 1), ("many", 1)])
def test_a_body_that_says_it_is_too_large_is_not_read(mode: Mode, fake_time: FakeTime, length: str, reads: int) -> None:
    body = Pieces(fake_time, 0.0, b"{}")
    headers = {**JSON, "content-length": length}
    with pytest.raises(UnexpectedResponse):
        fetched(using(mode, lambda request: httpx.Response(200, headers=headers, stream=body)))
    assert (body.read, body.closed) == (reads, True)


def test_gzip_is_asked_for_and_read(mode: Mode) -> None:
    handler = _Raw(gzip.compress(msgspec.json.encode(organisation())), "gzip")
    assert fetched(using(mode, handler)).name == "Villa 1"
    assert handler.accepted == "gzip"


@pytest.mark.parametrize("coding", ["br", "zstd", "deflate", "gzip, gzip"])
def test_a_coding_that_was_not_asked_for_is_refused(mode: Mode, coding: str) -> None:
    with pytest.raises(UnexpectedResponse, match="content coding"):
        fetched(using(mode, _Raw(b"x", coding)))


def test_a_broken_connection_is_tried_again_and_then_told(mode: Mode, fake_time: FakeTime) -> None:
    handler = Answers(httpx.RemoteProtocolError("peer closed connection without sending complete message body"))
    with pytest.raises(ConnectionFailed, match="GET /v1/organisations/x: RemoteProtocolError peer closed"):
        fetched(using(mode, handler))
    assert len(handler.requests) == 3


def test_an_address_that_httpx_refuses_is_an_unexpected_response(mode: Mode) -> None:
    handler = Answers(httpx.Response(200, json=organisation()))
    with pytest.raises(UnexpectedResponse, match="InvalidURL"):
        using(mode, handler).organisations.get("x" * 70_000)
    assert handler.requests == []


def test_own_connections_are_closed_and_given_ones_are_not() -> None:
    with httpx.Client() as given:
        with Client(http_client=given):
            pass
        assert not given.is_closed
    own = Client()
    own.close()
    with pytest.raises(RuntimeError, match="closed"):
        own.organisations.get("x")

    async def main() -> None:
        async with httpx.AsyncClient() as given:
            async with AsyncClient(http_client=given):
                pass
            assert not given.is_closed
        async with AsyncClient() as own:
            pass
        with pytest.raises(RuntimeError, match="closed"):
            await own.organisations.get("x")

    asyncio.run(main())


def test_a_cancelled_call_leaves_the_client_usable() -> None:
    release = asyncio.Event()

    async def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/stall"):
            await release.wait()
        return httpx.Response(200, json=organisation())

    async def main() -> None:
        async with httpx.AsyncClient(transport=httpx.MockTransport(handler)) as http_client:
            client = AsyncClient(http_client=http_client)
            task = asyncio.create_task(client.organisations.get("stall"))
            await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert (await client.organisations.get("x")).id == "XX-DEMO-1"

    asyncio.run(main())


class _Raw:
    """Answers with bytes as they are on the wire, without httpx coding or decoding them beforehand."""

    def __init__(self, body: bytes, coding: str) -> None:
        self._body = body
        self._coding = coding
        self.accepted = ""

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.accepted = request.headers["accept-encoding"]
        body = Pieces(FakeTime(), 0.0, self._body)
        return httpx.Response(200, headers={**JSON, "content-encoding": self._coding}, stream=body)
