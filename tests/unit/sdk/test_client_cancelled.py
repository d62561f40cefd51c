"""Calls that are cancelled cost the client nothing: httpcore 1.0.9 would lose connections by them (its issue 1093)."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from typing import Final

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
ANSWER: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)


@pytest.fixture(autouse=True)
def _real_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actitud.client.SYSTEM", SYSTEM)


@asynccontextmanager
async def service(answering: asyncio.Event) -> AsyncIterator[str]:
    """A server on loopback that answers while the event is set."""

    serving: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if (task := asyncio.current_task()) is not None:
            serving.add(task)
        with closing(writer), suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                await answering.wait()
                writer.write(ANSWER)
                await writer.drain()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=2048)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await asyncio.gather(*serving)


def test_after_a_thousand_cancelled_calls_a_hundred_are_answered(figure: FigureRecorder) -> None:
    async def main() -> int:
        answering = asyncio.Event()
        chance = random.Random(0)
        async with service(answering) as base_url, AsyncClient(base_url=base_url, timeout=PATIENT) as client:
            calls = [asyncio.create_task(client.organisations.get("x")) for _ in range(CANCELLED)]
            # In any state: some wait for a connection, some have just got that of another, some wait for the answer.
            for call in chance.sample(calls, len(calls)):
                if chance.random() < 0.1:
                    await asyncio.sleep(0)
                call.cancel()
            done = await asyncio.gather(*calls, return_exceptions=True)
            assert {type(one) for one in done} == {asyncio.CancelledError}
            answering.set()
            answers = await asyncio.gather(*(client.organisations.get("x") for _ in range(100)))
            return len([one for one in answers if one.id == "XX-DEMO-1"])

    assert asyncio.run(main()) == 100
    figure(
        "R36",
        f"calls after {CANCELLED} that were cancelled in any state, which found no connection left",
        tried=100,
        failed=0,
        control=None,
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
