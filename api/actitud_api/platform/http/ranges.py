"""Range requests for bytes that never change (RFC 9110, section 14)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from actitud_api.engine.i18n import Texts
from actitud_api.platform.http.problems import RANGE_NOT_SATISFIABLE, ProblemError
from actitud_api.platform.http.scope import ApiRequest, read_header

_RANGE = re.compile(r"bytes=[ \t]*(?P<first>[0-9]{0,18})-(?P<last>[0-9]{0,18})[ \t]*", re.IGNORECASE)


def find_range(request: ApiRequest, size: int, tag: str, modified: str | None) -> range | None:
    """Return the positions of the bytes that the `Range` header asks for, or None to send all `size` bytes.

    All bytes are sent for several ranges, for a malformed one, and for a range of another version of the bytes:
    `If-Range` must name the entity tag `tag`, or `modified`, the value of `Last-Modified`, if it is not None.

    Raises:
        ProblemError: 416 if the range begins after the last byte.
    """
    header = read_header(request.scope, b"range")
    # Range is defined for GET only; the answer to HEAD describes the whole.
    if header is None or request.scope["state"].get("head"):
        return None
    match = _RANGE.fullmatch(header)
    condition = read_header(request.scope, b"if-range")
    if match is None or (condition is not None and condition not in (tag, modified)):
        return None
    first, last = match["first"], match["last"]
    if first:
        begin, end = int(first), size if not last else min(int(last) + 1, size)
        if last and int(last) < int(first):
            return None
    elif last:
        begin, end = max(0, size - int(last)), size
    else:
        return None
    if begin >= end:
        detail = Texts(
            "Son {size} bytes: el rango empieza después del último, o no tiene ninguno.",
            "There are {size} bytes: the range begins after the last one, or has none.",
            size=size,
        )
        raise ProblemError(RANGE_NOT_SATISFIABLE, detail, headers={"Content-Range": f"bytes */{size}"})
    return range(begin, end)


def cut_pieces(pieces: Iterator[bytes], positions: range) -> Iterator[bytes]:
    """Yield only the bytes at some positions of a stream; the stream is read no further than needed."""
    position = 0
    for piece in pieces:
        part = piece[max(0, positions.start - position) : positions.stop - position]
        if part:
            yield part
        position += len(piece)
        if position >= positions.stop:
            return
