"""Streams of JSON Lines: rows are decoded while the file arrives, in bounded memory."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator
from contextlib import aclosing, closing
from typing import Generic, TypeAlias, TypeVar, cast

import msgspec

from actitud._calls import Call, OpenResponse, Request, fetch_open, get_decoder
from actitud._config import Core
from actitud.errors import UnexpectedResponse

T = TypeVar("T")

_LINE_MAX = 1024 * 1024
"""Maximum length of a line in bytes; the rows of an edition have about 600."""


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """Progress of a stream or of a download: ``rows`` and decompressed ``bytes`` received so far.

    ``total_rows`` and ``total_bytes``: numbers of the whole file, ``None`` if the service has not sent them. ``rows``
    is the number of lines, 0 for files without lines.
    """

    rows: int
    bytes: int
    total_rows: int | None = None
    total_bytes: int | None = None

    @property
    def share(self) -> float | None:
        """Share of the file that has arrived, 0 to 1, or ``None`` if the size of the whole file is not known."""
        for done, total in ((self.bytes, self.total_bytes), (self.rows, self.total_rows)):
            if total:
                return min(done / total, 1.0)
        return None


ProgressCallback: TypeAlias = Callable[[Progress], object]


def find_length(reply: OpenResponse) -> int | None:
    """Return the number of bytes of a body that is still arriving, or ``None`` if the response does not state it."""
    length = reply.headers.get("content-length", "")
    return int(length) if length.isdecimal() and "content-encoding" not in reply.headers else None


class Lines(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """File of JSON Lines that is still arriving, with the type of its rows.

    Attributes:
        kind: The type of a row.
        reply: The response whose body is the file.
        progress: Called after each chunk; ``None`` for no calls.
        rows: Number of rows of the file, ``None`` if it is not known.
    """

    reply: OpenResponse
    kind: type[T]
    progress: ProgressCallback | None
    rows: int | None = None


def fetch_lines(
    core: Core,
    request: Request,
    kind: type[T],
    progress: ProgressCallback | None,
    max_bytes: int,
    count: Call[int | None] | None = None,
) -> Call[Lines[T]]:
    """Send a request for a file of JSON Lines, and return the file while it is still arriving.

    The request is not sent again once the response has begun. Raises ``ApiProblem``, ``NoAnswer``,
    ``UnexpectedResponse`` or ``NotModified``.

    Args:
        core: Settings of the client.
        request: Request for the file.
        kind: Type of a row.
        progress: Called after each chunk, if not ``None``.
        max_bytes: Largest accepted size of the file.
        count: Call that counts the rows of the file first, ``None`` for no such call.
    """
    rows = None if count is None else (yield from count)
    reply = yield from fetch_open(core, request, "application/jsonl", max_bytes)
    return Lines(reply=reply, kind=kind, progress=progress, rows=rows)


def iterate_lines(lines: Lines[T]) -> Iterator[T]:
    """Yield the rows of a file of JSON Lines while it arrives; it is not requested again if it breaks off.

    Raises ``ConnectionFailed``, ``TimedOut`` or ``UnexpectedResponse`` if the file is truncated, late or malformed.
    """
    splitter = _Splitter(lines)
    # The transport of a blocking client makes blocking pieces.
    with closing(cast(Generator[bytes, None, None], lines.reply.pieces)) as pieces:
        for piece in pieces:
            yield from splitter.split(piece)
    splitter.end()


async def iterate_lines_async(lines: Lines[T]) -> AsyncIterator[T]:
    """Yield the rows of a file of JSON Lines while it arrives; it is not requested again if it breaks off (asyncio).

    Raises ``ConnectionFailed``, ``TimedOut`` or ``UnexpectedResponse`` if the file is truncated, late or malformed.
    """
    splitter = _Splitter(lines)
    async with aclosing(cast(AsyncGenerator[bytes, None], lines.reply.pieces)) as pieces:
        async for piece in pieces:
            for row in splitter.split(piece):
                yield row
    splitter.end()


class _Splitter(Generic[T]):
    """Reassembles rows from chunks that can end anywhere in a line."""

    def __init__(self, lines: Lines[T]) -> None:
        self._lines = lines
        self._rest = bytearray()
        self._rows = 0
        self._bytes = 0
        self._length = find_length(lines.reply)

    def split(self, piece: bytes) -> list[T]:
        # A chunk may end inside a line, even inside a UTF-8 character, so only complete lines are decoded.
        whole, newline, rest = piece.rpartition(b"\n")
        rows: list[T] = []
        if newline:
            rows = self._decode(bytes(self._rest + whole))
            self._rest.clear()
        self._rest += rest
        if len(self._rest) > _LINE_MAX:
            raise self._build_refusal(f"a line of more than {_LINE_MAX} bytes")
        self._rows += len(rows)
        self._bytes += len(piece)
        lines = self._lines
        if lines.progress is not None:
            lines.progress(
                Progress(
                    rows=self._rows,
                    bytes=self._bytes,
                    total_rows=lines.rows,
                    total_bytes=self._length,
                )
            )
        return rows

    def end(self) -> None:
        if self._rest:
            raise self._build_refusal(f"a file that breaks off in the line after {self._rows} rows")

    def _decode(self, lines: bytes) -> list[T]:
        try:
            return get_decoder(self._lines.kind).decode_lines(lines)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise self._build_refusal(f"a line after {self._rows} rows that is not what it has to be") from None

    def _build_refusal(self, message: str) -> UnexpectedResponse:
        return UnexpectedResponse(message, self._lines.reply.status, self._lines.reply.request_id)
