"""Calls that are cancelled cost the client nothing: httpcore 1.0.9 would lose connections by them (its issue 1093)."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from typing import Final

import httpx
import msgspec
import pytest

from actitud import AsyncClient, TimedOut, Timeouts
from actitud._config import SYSTEM
from actitud._transport import _CONNECTIONS
from tests.support.figures import FigureRecorder
from tests.support.scale import CANCELLED
from tests.unit.sdk.support import organisation

PATIENT: Final = Timeouts(connect=120.0, read=120.0, total=400.0)
BODY: Final = msgspec.json.encode(organisation())
AT_ONCE: Final = "XX-AT-ONCE"
"""The organisation that calls ask for that have to be answered together."""
ANSWER: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)


@pytest.fixture(autouse=True)
def _real_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actitud.client.SYSTEM", SYSTEM)


@asynccontextmanager
async def service(answering: asyncio.Event) -> AsyncIterator[str]:
    """A server on loopback that answers while the event is set, which calls for `AT_ONCE` set if 100 of them wait."""

    serving: set[asyncio.Task[None]] = set()
    connected: set[asyncio.StreamWriter] = set()
    waiting: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if (task := asyncio.current_task()) is not None:
            serving.add(task)
        connected.add(writer)
        with closing(writer), suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                # Requests of calls that were cancelled arrive as well, before and after: they are not counted.
                if AT_ONCE.encode() in await reader.readuntil(b"\r\n\r\n"):
                    waiting.add(writer)
                    if len(waiting) == _CONNECTIONS:
                        answering.set()
                await answering.wait()
                writer.write(ANSWER)
                await writer.drain()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=2048)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        # A call that is cancelled while it connects leaves its socket open until garbage is collected.
        answering.set()
        for writer in connected:
            writer.close()
        await asyncio.gather(*serving)


async def cancel_calls(client: AsyncClient) -> None:
    """Make calls that nobody answers, and cancel them in any state.

    Some wait for a connection, some have just got that of another, some wait for the answer.
    """
    chance = random.Random(0)
    calls = [asyncio.create_task(client.organisations.get("x")) for _ in range(CANCELLED)]
    for call in chance.sample(calls, len(calls)):
        if chance.random() < 0.1:
            await asyncio.sleep(0)
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)


def count_lost_connections(timeouts: Timeouts, http_client: httpx.AsyncClient | None = None) -> int:
    """Return how many of 100 connections cannot be used after calls that were cancelled.

    The server answers when 100 calls wait for it at once, or when one of them found no connection in the time of
    `timeouts`. The calls that are cancelled have all the time that a slow machine takes to cancel them: those that ran
    out of it would lose nothing.
    """

    async def main() -> int:
        answering = asyncio.Event()

        async def call() -> bool:
            try:
                return (await hasty.organisations.get(AT_ONCE)).id == "XX-DEMO-1"
            except TimedOut:
                answering.set()
                return False

        async with (
            service(answering) as base_url,
            AsyncClient(base_url=base_url, timeout=PATIENT, max_retries=0, http_client=http_client) as client,
        ):
            await cancel_calls(client)
            assert not answering.is_set()
            hasty = client.with_options(timeout=timeouts)
            lost = [*await asyncio.gather(*(call() for _ in range(_CONNECTIONS)))].count(False)
            if http_client is not None:
                # The client of the SDK leaves it open.
                await http_client.aclose()
            return lost

    return asyncio.run(main())


def test_calls_that_are_cancelled_leave_each_connection_free(figure: FigureRecorder) -> None:
    assert count_lost_connections(PATIENT) == 0
    # A client of the caller has no turns, so that its calls wait in httpcore.
    theirs = httpx.AsyncClient(limits=httpx.Limits(max_connections=_CONNECTIONS))
    lost = count_lost_connections(Timeouts(connect=1.0, read=60.0, total=60.0), theirs)
    assert lost > 0
    figure(
        "R36",
        f"calls at once after {CANCELLED} that were cancelled in any state, which found no connection left",
        tried=_CONNECTIONS,
        failed=0,
        control=f"without a turn for each call {lost} of {_CONNECTIONS} connections are lost",
    )


def test_a_call_that_finds_no_connection_free_is_told_so_and_was_not_sent() -> None:
    async def main() -> TimedOut:
        answering = asyncio.Event()
        timeouts = Timeouts(connect=2.0, read=60.0, total=60.0)
        async with service(answering) as base_url, AsyncClient(base_url=base_url, timeout=timeouts) as client:
            calls = [asyncio.create_task(client.organisations.get("x")) for _ in range(_CONNECTIONS)]
            # They come to the semaphore in the order in which they were made.
            await asyncio.sleep(0)
            hasty = client.with_options(timeout=Timeouts(connect=0.05, read=60.0, total=60.0), max_retries=0)
            with pytest.raises(TimedOut, match="none of 100 connections became free") as caught:
                await hasty.organisations.get("x")
            answering.set()
            assert len(await asyncio.gather(*calls)) == _CONNECTIONS
            return caught.value

    assert asyncio.run(main()).sent is False
