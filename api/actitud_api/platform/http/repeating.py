"""Work that an application repeats while it is served."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress

import structlog

_log = structlog.get_logger()


def build_repeating_lifespan(
    act: Callable[[], object], seconds: float, *, failure: str, start: float | None = None
) -> Callable[[object], AbstractAsyncContextManager[None]]:
    """Return an application lifespan that calls a function repeatedly, in a thread.

    `seconds`: pause between two calls. `start`: seconds from the start of the service to the first call, by default
    `seconds`. `failure`: event that is logged if a call raises an exception; the calls continue after it.
    """

    async def repeat() -> None:
        await asyncio.sleep(seconds if start is None else start)
        while True:
            try:
                await asyncio.to_thread(act)
            except Exception:  # the loop has to survive: nothing restarts it, and the next call may succeed
                _log.exception(failure)
            await asyncio.sleep(seconds)

    @asynccontextmanager
    async def lifespan(_app: object) -> AsyncIterator[None]:
        task = asyncio.create_task(repeat())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    return lifespan
