"""Server-sent events: changes of a resource, sent to a client as they happen (HTML Living Standard, section 9.2)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Final

import msgspec
from litestar.concurrency import sync_to_thread
from litestar.response import Stream

from actitud_api.engine.i18n import Texts
from actitud_api.platform.http.problems import NO_STORE, UNAVAILABLE, ProblemError
from actitud_api.platform.http.representations import Representation
from actitud_api.platform.http.scope import ApiRequest, choose_language

EVENT_STREAM: Final = "text/event-stream"
"""Media type of server-sent events."""

LOOK_SECONDS: Final = 1.0
"""Seconds between two looks at whether something has changed."""

SILENCE_SECONDS: Final = 15.0
"""Seconds without a change after which a comment is sent, so that no proxy takes the connection for dead."""

LASTING_SECONDS: Final = 60.0
"""Seconds after which a stream ends; the client connects again, and its key is looked at again."""

STREAMS: Final = 64
"""Streams that a process has open at the same time: each reads once a second."""

RETRY_AFTER: Final = "5"
"""Value of `Retry-After` in seconds if as many streams are open."""

_NOTHING: Final = b": nothing new\n\n"


class EventStream(Representation[msgspec.Struct]):
    """Representation of a response as a stream of server-sent events; declared as the `answer` of an operation."""

    media_type = EVENT_STREAM

    def __init__(self) -> None:
        super().__init__(msgspec.Struct, cache=NO_STORE, sentences=True)

    @property
    def content(self) -> Mapping[str, object | None]:
        """Media type of the response, without a schema, because OpenAPI cannot describe events."""
        return {EVENT_STREAM: None}

    def headers_of(self, request: ApiRequest) -> dict[str, str]:
        """Return the headers of the stream that answers a request."""
        return {
            "Cache-Control": self.cache,
            "Content-Language": choose_language(request.scope),
            "Vary": self._vary_of(request),
            # nginx would keep events back until it has a page full of them.
            "X-Accel-Buffering": "no",
        }


class EventStreams:
    """Register of the open event streams of an application, which limits their number and ends them at its shutdown."""

    def __init__(self) -> None:
        self._open = 0
        self._is_stopping = False

    def stop(self) -> None:
        """End each open stream at its next check for changes, so that the server need not wait for clients."""
        self._is_stopping = True

    async def follow(
        self, request: ApiRequest, answer: EventStream, name: str, read: Callable[[], tuple[msgspec.Struct, bool]]
    ) -> Stream:
        """Return a stream that sends each new result of `read` as an event called `name`.

        `answer`: the representation that the operation declares. `read` returns the content of an event, and True if it
        is final, which ends the stream; a result that equals the one before is not sent. `read` runs in a worker
        thread. An exception of its first call becomes the response; an exception of a later call ends the stream.

        Raises:
            ProblemError: 503 if too many streams are open.
        """
        if self._open >= STREAMS or self._is_stopping:
            raise ProblemError(UNAVAILABLE, _BUSY, headers={"Retry-After": RETRY_AFTER})
        first = await sync_to_thread(read)
        headers = answer.headers_of(request)
        if request.scope["state"].get("head"):
            # It would hold its connection, and a place among the streams, for a minute.
            return Stream(iter(()), headers=headers, media_type=EVENT_STREAM)
        return Stream(self._iterate(name, first, read), headers=headers, media_type=EVENT_STREAM)

    async def _iterate(
        self,
        name: str,
        first: tuple[msgspec.Struct, bool],
        read: Callable[[], tuple[msgspec.Struct, bool]],
    ) -> AsyncIterator[bytes]:
        self._open += 1
        try:
            (shown, is_final), end = first, time.monotonic() + LASTING_SECONDS
            yield _format_event(name, shown)
            sent_at = time.monotonic()
            while not is_final and not self._is_stopping and time.monotonic() < end:
                await asyncio.sleep(LOOK_SECONDS)
                now, is_final = await sync_to_thread(read)
                if now != shown:
                    shown, sent_at = now, time.monotonic()
                    yield _format_event(name, shown)
                elif time.monotonic() - sent_at > SILENCE_SECONDS:
                    sent_at = time.monotonic()
                    yield _NOTHING
        finally:
            self._open -= 1


_BUSY: Final = Texts(
    "Ya se siguen demasiados trabajos a la vez. Vuelva a intentarlo, o pregunte de vez en cuando.",
    "Too many streams are open. Try again, or ask from time to time.",
)


def _format_event(name: str, content: msgspec.Struct) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (name.encode(), msgspec.json.encode(content))
