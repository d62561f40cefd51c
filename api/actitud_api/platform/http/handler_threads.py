"""Worker threads of handlers: if no thread becomes free in time, a request is refused before its handler begins.

A handler that has begun is never stopped here, because a thread cannot be stopped, and data that it has written stay
written. It ends by itself: everything that it waits for has a time limit of its own (`settings.MAX_REQUEST_SECONDS`).
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, ParamSpec, TypeVar

from litestar.concurrency import get_asyncio_executor

from actitud_api.engine.i18n import Texts
from actitud_api.platform.http.metrics import HANDLERS_AWAITED
from actitud_api.platform.http.problems import UNAVAILABLE, ProblemMapping, maps_to

P = ParamSpec("P")
T = TypeVar("T")

PATIENCE: Final = 5.0
"""Seconds that a request waits for a thread. With the time limits of the database its client waits 10 at most."""

RETRY_AFTER: Final = "5"
"""Value of `Retry-After` in seconds if no thread became free."""


class RunningHandlers:
    """Counter of the handlers that run in threads, so that slow background work can wait until none runs."""

    def __init__(self) -> None:
        self._count = 0
        self._changed = threading.Condition()

    @contextmanager
    def count(self) -> Iterator[None]:
        """Count a handler that runs in the `with` block."""
        with self._changed:
            self._count += 1
        try:
            yield
        finally:
            with self._changed:
                self._count -= 1
                if not self._count:
                    self._changed.notify_all()

    def await_none(self, seconds: float) -> bool:
        """Wait until no handler runs, but at most `seconds`; return True if none runs at the end."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._count, seconds)


RUNNING: Final = RunningHandlers()
"""The handlers of this process."""


class NoThreadFree(Exception):
    """Raised by `run_in_thread` if no worker thread became free in time; the response is 503."""


PROBLEMS: tuple[ProblemMapping, ...] = (
    maps_to(
        NoThreadFree,
        UNAVAILABLE,
        Texts(
            "El servicio está ocupado y no ha empezado con la petición. Repítala en unos segundos.",
            "The service is busy and has not begun with the request. Repeat it in a few seconds.",
        ),
        retry_after=RETRY_AFTER,
    ),
)


async def run_in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a function in a worker thread and return its result.

    Raises:
        NoThreadFree: No thread became free within `PATIENCE` seconds; the function will not be run.
    """
    lock = threading.Lock()
    is_begun = is_given_up = False

    def run() -> T:
        nonlocal is_begun
        with lock:
            if is_given_up:
                raise NoThreadFree
            is_begun = True
            HANDLERS_AWAITED.dec()
        with RUNNING.count():
            return function(*args, **kwargs)

    def give_up() -> None:
        nonlocal is_given_up
        with lock:
            is_given_up = not is_begun
        if is_given_up:
            HANDLERS_AWAITED.dec()
            work.cancel()

    HANDLERS_AWAITED.inc()
    loop = asyncio.get_running_loop()
    # Not `sync_to_thread`, which would need a task around it to be cancelled, and two more turns of the event loop.
    work = loop.run_in_executor(get_asyncio_executor(), contextvars.copy_context().run, run)
    timer = loop.call_later(PATIENCE, give_up)
    try:
        return await work
    except asyncio.CancelledError:
        if is_given_up:
            raise NoThreadFree from None
        raise
    finally:
        timer.cancel()
