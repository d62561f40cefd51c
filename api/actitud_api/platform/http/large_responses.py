"""Responses that occupy a thread for long: few are generated at a time, so that other requests keep their threads.

A handler that returns `LargeResponse(make)` has done all quick work itself: unknown ids, 304, HEAD. `make` runs when
one of the `SLOTS` is free. A request waits for a slot in the event loop, where it occupies no thread, and is refused
after `PATIENCE` seconds (503).

A response is given up if it is not generated after `DEADLINE` seconds, or if its client has disconnected.

Large responses use a quarter of the time in which handlers run (`give_way`), because each busy thread delays all others
at the lock of the interpreter: beside 50 large files, the p99 of other reads rose from 80 to 680 ms.

A streamed response releases its slot once its first piece is generated. One more thread generates the further pieces of
all streams, in turn, so a client that reads slowly occupies no slot.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from time import monotonic
from typing import Final, NamedTuple, ParamSpec, TypeAlias, TypeVar

from litestar import Response
from litestar.concurrency import sync_to_thread
from litestar.response import Stream
from litestar.types import HTTPScope, Receive

from actitud_api.engine.i18n import Texts
from actitud_api.platform.http.handler_threads import RUNNING
from actitud_api.platform.http.problems import INVALID_REQUEST, UNAVAILABLE, ProblemMapping, maps_to
from actitud_api.platform.http.scope import ApiRequest

P = ParamSpec("P")
T = TypeVar("T")
Piece: TypeAlias = str | bytes
"""A piece of a streamed body, as Litestar types it."""

SLOTS: Final = 2
"""Number of large responses that are made at the same time. A busy thread takes as much from all other requests."""

PATIENCE: Final = 5.0
"""Seconds that a request waits for a slot."""

DEADLINE: Final = 60.0
"""Seconds in which a response, or the first piece of a stream, has to be made once it has a slot."""

RETRY_AFTER: Final = "5"
"""Value of `Retry-After` in seconds if no slot became free, or a response was not made in time."""

WORK_SECONDS: Final = 0.05
"""Seconds after which a large response gives way to the handlers that run."""

REST_SECONDS: Final = 0.15
"""Longest time for which it does: so it ends, however many there are."""

SMALL_MAX: Final = 50
"""Number of items up to which a list is no large response, although each of its items takes long."""

_DISCONNECTED: Final = "disconnected"
"""Member of the state of a request: an event that is set once the client has gone."""
_END_BY: Final = "made_by"
"""Member of the state of a request: the time by which its response, or the first piece of it, has to be made."""
_RESUMED: Final = "resumed"
"""Member of the state of a request: the time at which its large response was begun, or gave way last."""


class NoSlotFree(Exception):
    """Raised by `LargeResponseSlots.make` if no slot for a large response became free in time; the response is 503."""


class ClientDisconnected(Exception):
    """Raised by `ensure_awaited` if the client has disconnected, so nobody reads the response that is generated."""


class DeadlinePassed(Exception):
    """Raised by `ensure_awaited` if a large response takes too long to generate; the response is 503."""


PROBLEMS: tuple[ProblemMapping, ...] = (
    maps_to(
        NoSlotFree,
        UNAVAILABLE,
        Texts(
            "Se están preparando otros ficheros o listas grandes. Vuelva a pedirlo en unos segundos.",
            "Other large files or lists are being made. Ask again in a few seconds.",
        ),
        retry_after=RETRY_AFTER,
    ),
    maps_to(
        DeadlinePassed,
        UNAVAILABLE,
        Texts(
            "El fichero no ha estado listo a tiempo, porque el servicio está ocupado. Vuelva a pedirlo, o pida una "
            "parte con `limit` y `offset`.",
            "The file was not made in time, because the service is busy. Ask again, or for a part with `limit` and "
            "`offset`.",
        ),
        retry_after=RETRY_AFTER,
    ),
    # Nobody reads the response, but it must not count as a 500.
    maps_to(ClientDisconnected, INVALID_REQUEST, Texts("El cliente se ha ido.", "The client has gone.")),
)


class LargeResponse(NamedTuple):
    """A large response that is not generated yet; calling `make` generates it and occupies a thread for a long time."""

    make: Callable[[], Response[bytes] | Stream]


class LargeResponseSlots:
    """Limiter of the number of large responses that an application generates at the same time."""

    def __init__(self, slots: int = SLOTS, patience: float = PATIENCE, deadline: float = DEADLINE) -> None:
        """Create the limiter with `slots` slots, one for each response that may be generated at the same time.

        `patience`: seconds that a request waits for a slot. `deadline`: seconds in which its response has to be
        generated.
        """
        self._patience = patience
        self._deadline = deadline
        self._slots = asyncio.Semaphore(slots)
        self._turn = asyncio.Semaphore(1)

    async def make(self, request: ApiRequest, large: LargeResponse) -> Response[bytes] | Stream:
        """Wait for a free slot, generate a large response, and return it; end early if the client disconnects.

        Of a streamed response, only the first piece is generated here.

        Raises:
            NoSlotFree: No slot became free in time.
            ClientDisconnected: The client disconnected before a slot was free, or `ensure_awaited` noticed it later.
            DeadlinePassed: Generating the response took too long, and `ensure_awaited` noticed it.
        """
        disconnected = request.scope["state"][_DISCONNECTED] = threading.Event()
        listening = asyncio.create_task(_listen(request.receive, disconnected))
        try:
            try:
                async with asyncio.timeout(self._patience):
                    await self._slots.acquire()
            except TimeoutError:
                raise NoSlotFree from None
            request.scope["state"][_RESUMED] = now = monotonic()
            request.scope["state"][_END_BY] = now + self._deadline
            response, pieces, first = await _run(self._slots, _begin, request.scope, large)
        finally:
            listening.cancel()
            # A client may take as long as it likes to read the rest of a stream.
            request.scope["state"].pop(_END_BY, None)
        if isinstance(response, Stream):
            response.iterator = self._iterate(pieces, first)
        return response

    async def _iterate(self, pieces: Iterator[Piece], first: Piece | None) -> AsyncIterator[Piece]:
        piece = first
        while piece is not None:
            yield piece
            await self._turn.acquire()
            piece = await _run(self._turn, _make_piece, pieces)


def ensure_awaited(scope: HTTPScope) -> None:
    """Stop generating a large response, by an exception, if its client has disconnected or it takes too long.

    The code that generates the response calls this function regularly. `scope` is the ASGI scope of the request.

    Raises:
        ClientDisconnected: The client has gone.
        DeadlinePassed: The time in which the response had to be made is over.
    """
    disconnected = scope["state"].get(_DISCONNECTED)
    if isinstance(disconnected, threading.Event) and disconnected.is_set():
        raise ClientDisconnected
    end_by = scope["state"].get(_END_BY)
    if isinstance(end_by, float) and monotonic() > end_by:
        raise DeadlinePassed


def give_way(scope: HTTPScope) -> None:
    """Pause the generation of a large response until no other handler runs, if it has worked for `WORK_SECONDS`.

    The pause is at most `REST_SECONDS` long. The code that generates the response calls this function only where it
    holds no resource that other handlers need, such as a database session. `scope` is the ASGI scope of the request.
    """
    resumed = scope["state"].get(_RESUMED)
    if isinstance(resumed, float) and monotonic() - resumed >= WORK_SECONDS:
        RUNNING.await_none(REST_SECONDS)
        scope["state"][_RESUMED] = monotonic()


async def _listen(receive: Receive, disconnected: threading.Event) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    disconnected.set()


def _begin(scope: HTTPScope, large: LargeResponse) -> tuple[Response[bytes] | Stream, Iterator[Piece], Piece | None]:
    """Make a response. Return it with its pieces and the first of them, if it is a stream that has any."""
    ensure_awaited(scope)
    response = large.make()
    if not isinstance(response, Stream):
        return response, iter(()), None
    pieces = response.iterator
    assert isinstance(pieces, Iterator)
    return response, pieces, _make_piece(pieces)


def _make_piece(pieces: Iterator[Piece]) -> Piece | None:
    return next(pieces, None)


async def _run(slot: asyncio.Semaphore, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a function in a worker thread, and release the semaphore when it has ended.

    A thread cannot be stopped: if the caller is cancelled, its slot stays taken until the function has ended.
    """
    work = asyncio.ensure_future(sync_to_thread(function, *args, **kwargs))
    work.add_done_callback(lambda _: slot.release())
    return await asyncio.shield(work)
