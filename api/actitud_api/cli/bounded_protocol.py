"""HTTP/1.1 connections that refuse a request with too large a head, before the application sees anything of it.

The server library bounds neither the number of header fields nor their size: 200,000 fields and a field of one megabyte
were accepted. The limits are those of the shipped nginx, and protect a service that is reached without it.

Response headers that are already encoded as lines (`platform/http/prepared_lines.py`) are written unchanged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from actitud_api.platform.http.prepared_lines import find_lines

if TYPE_CHECKING:
    from uvicorn._types import ASGISendEvent

FIELDS_MAX: Final = 100
"""Highest number of header fields of a request."""
HEAD_MAX: Final = 64 * 1024
"""Largest size of all header fields of a request in bytes."""
TARGET_MAX: Final = 16 * 1024
"""Largest size of the path and query of a request in bytes."""

_TOO_LONG: Final = (414, "URI Too Long")
_TOO_LARGE: Final = (431, "Request Header Fields Too Large")
"""Status and reason phrase (RFC 9110, RFC 6585); those of the standard library differ between versions of Python."""


class _HeadTooLarge(ValueError):
    """Raised inside of the parser to end it; the parser reports it as a request that is not HTTP."""


class _Cycle(RequestResponseCycle):
    """A request and its answer."""

    async def send(self, message: ASGISendEvent) -> None:
        """Send a message of the application (ASGI)."""
        ready = find_lines(message)
        if ready is None or self.flow.write_paused or self.response_started or self.disconnected or not self.keep_alive:
            await super().send(message)
            return
        assert message["type"] == "http.response.start"
        self.response_started = True
        self.waiting_for_100_continue = False
        self.chunked_encoding = False
        self.expected_content_length = ready.length
        of_server = [b"%b: %b\r\n" % pair for pair in self.default_headers]
        self.transport.write(b"".join((STATUS_LINE[message["status"]], *of_server, ready.lines, b"\r\n")))


class BoundedProtocol(HttpToolsProtocol):
    """HTTP/1.1 connection that refuses requests with too large header fields (431) or too long targets (414).

    The connection is closed after a refusal.
    """

    _refusal: tuple[int, str] | None = None
    _in_head = False
    _fields = 0
    _size = 0
    _received = 0

    def data_received(self, data: bytes) -> None:
        """Parse received bytes, and refuse a request whose head does not end within `HEAD_MAX` bytes.

        The parser reports a header field only when it is complete, so the bytes of an unfinished field are counted
        here.
        """
        was_in_head = self._in_head
        super().data_received(data)
        if was_in_head and self._in_head and not self.transport.is_closing():
            self._received += len(data)
            if self._received > HEAD_MAX:
                self._refusal = _TOO_LARGE
                self.send_400_response(_TOO_LARGE[1])

    def on_message_begin(self) -> None:
        """Reset the counts for a new request."""
        super().on_message_begin()
        self._in_head = True
        self._fields = self._size = self._received = 0

    def on_url(self, url: bytes) -> None:
        """Append a part of the target of a request, and refuse the request if the target is too long."""
        super().on_url(url)
        if len(self.url) > TARGET_MAX:
            self._refuse(_TOO_LONG)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Store a header field, or a trailer after the body; refuse the request if they are too many or too large."""
        self._fields += 1
        self._size += len(name) + len(value)
        if self._fields > FIELDS_MAX or self._size > HEAD_MAX:
            self._refuse(_TOO_LARGE)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Pass a request on to the application, once its header fields are complete."""
        self._in_head = False
        super().on_headers_complete()
        # The library has no other way to choose the class; the task that runs the application has not begun yet.
        self.cycle.__class__ = _Cycle

    def send_400_response(self, msg: str) -> None:
        """Answer a request that was refused for its size (414 or 431) or cannot be parsed (400); close the connection.

        `msg`: text of the response 400.
        """
        if self._refusal is None:
            super().send_400_response(msg)
            return
        # Fields after a body come too late for an answer of their own.
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            self.transport.write(_build_refusal(*self._refusal))
        self.transport.close()

    def _refuse(self, refusal: tuple[int, str]) -> None:
        self._refusal = refusal
        raise _HeadTooLarge(refusal[1])


def _build_refusal(status: int, phrase: str) -> bytes:
    """Return the bytes of a response with a problem document (RFC 9457) that says nothing beyond its status."""
    body = msgspec.json.encode({"type": "about:blank", "title": phrase, "status": status})
    head = (
        f"HTTP/1.1 {status} {phrase}\r\ncontent-type: application/problem+json\r\n"
        f"content-length: {len(body)}\r\ncache-control: no-store\r\nx-content-type-options: nosniff\r\n"
        "connection: close\r\n\r\n"
    )
    return head.encode() + body
