"""Start of a response with all headers as ready lines of HTTP/1.1, in addition to the pairs that ASGI requires.

A server checks and joins the headers of a response one by one: with twenty headers, this takes longer than everything
else that a response from memory needs. The server of this service writes ready lines unchanged; any other server
ignores them.
"""

from __future__ import annotations

from typing import Final, NamedTuple, cast

from litestar.types import HTTPResponseStartEvent

_LINES: Final = "actitud.lines"


class Lines(NamedTuple):
    """Headers of a response as lines of HTTP/1.1, each with its line end, and the length of the body in bytes."""

    lines: bytes
    length: int


def add_lines(start: HTTPResponseStartEvent, lines: bytes, length: int) -> None:
    """Add the headers of a response to its ASGI start message, as lines of HTTP/1.1.

    `length` is the length of the body in bytes.
    """
    cast("dict[str, object]", start)[_LINES] = Lines(lines, length)


def find_lines(message: object) -> Lines | None:
    """Return the header lines that `add_lines` has added to an ASGI message, None if it has added none."""
    return cast("dict[str, Lines]", message).get(_LINES)
