"""Find the encodings of exports in their bytes, and repair texts that were decoded wrongly before."""

from __future__ import annotations

import codecs
import io
import re
from typing import IO, TYPE_CHECKING, Final, TextIO, cast

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer as Buffer

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MOST_NULS: Final = 0.2
"""Share of NUL bytes above which bytes at even or odd places are the high halves of UTF-16."""

_BROKEN: Final = re.compile(r"[ÂÃÅÄÐÑâðÏÎË][\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]")
"""What a letter beyond ASCII looks like if its UTF-8 was read as Windows-1252."""


def find_mark(head: bytes) -> str | None:
    """Return the encoding that a byte order mark or NUL bytes at the beginning of a text show, None without them."""
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    for offset, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        halves = head[offset::2]
        others = head[1 - offset :: 2]
        if halves and halves.count(0) / len(halves) > 1 - _MOST_NULS and others.count(0) / len(others) < _MOST_NULS:
            return encoding
    return None


def is_binary(head: bytes) -> bool:
    """Return True if the first bytes of a file show that it is not a text."""
    return find_mark(head) is None and 0 in head


def open_text(stream: IO[bytes], encoding: str) -> TextIO:
    """Open a stream of bytes as a stream of text, without converting line breaks."""
    return io.TextIOWrapper(stream, encoding, newline="")


def open_utf8(stream: IO[bytes], encoding: str) -> IO[bytes]:
    """Convert a stream to UTF-8 without byte order mark, for parsers that accept only that."""
    if encoding == "utf-8":
        return stream
    return cast(IO[bytes], io.BufferedReader(_Recoder(stream, encoding)))


class _Recoder(io.RawIOBase):
    """A stream of UTF-8 over a stream in another encoding."""

    def __init__(self, stream: IO[bytes], encoding: str) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer, /) -> int:
        while not self._rest:
            given = self._stream.read(1 << 16)
            self._rest = self._decoder.decode(given, final=not given).encode()
            if not given:
                break
        view = memoryview(buffer)
        part, self._rest = self._rest[: len(view)], self._rest[len(view) :]
        view[: len(part)] = part
        return len(part)

    def close(self) -> None:
        self._stream.close()
        super().close()


def repair_text(text: str) -> str:
    """Repair a text whose UTF-8 was decoded as Windows-1252 or Latin-1; return any other text unchanged."""
    if text.isascii() or not _BROKEN.search(text):
        return text
    for encoding in ("cp1252", "latin-1"):
        try:
            return text.encode(encoding).decode()
        except UnicodeError:
            continue
    return text


def repair_latin(text: str) -> str:
    """Repair a text in which each byte of its UTF-8 form was written as one character, as in JSON files of Meta."""
    if text.isascii():
        return text
    try:
        return text.encode("latin-1").decode()
    except UnicodeError:
        return text
