"""Compression of responses with Brotli, Zstandard or gzip (RFC 9110, section 8.4).

A compressed representation has a strong entity tag of its own: the tag of the uncompressed bytes with the suffix
`-br`, `-zstd` or `-gzip`. Requests name either; the suffix is removed before a handler compares tags. Ranges are of the
uncompressed bytes only, so a request with `Range` is never compressed.
"""

from __future__ import annotations

import base64
import hashlib
import re
import zlib
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final, Literal, Protocol

import brotli
import zstandard
from litestar.concurrency import sync_to_thread
from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPResponseStartEvent, HTTPScope, Message, Receive, Scope, Send

from actitud_api.platform.http.negotiation import parse_weights
from actitud_api.platform.http.representations import matches_tag
from actitud_api.platform.http.scope import read_header

Coding = Literal["br", "zstd", "gzip"]

CODINGS: Final[tuple[Coding, ...]] = ("br", "zstd", "gzip")
"""Content codings that the service can apply, the preferred one first.

Brotli before Zstandard, because what is made once and kept had better be small: of 58 kB of JSON 7,090 bytes in 1.3 ms,
to 7,305 bytes in 0.8 ms.
"""

SMALLEST: Final = 1_024
"""Size in bytes from which a body is compressed; for a smaller one, the additional headers outweigh the gain."""

_INLINE_MAX: Final = 32 * 1024
"""Largest piece in bytes that is compressed in the event loop; a larger one is compressed in a worker thread."""
_GZIP_LEVEL: Final = 6
# Measured on a document of 690 kB: quality 5 takes 10 ms and gives 70.6 kB; 9 takes 40 ms and gives 65.5 kB, 10 takes
# 0.24 s and gives 60.9 kB, 11 takes 0.64 s and gives 59.6 kB.
_BROTLI_QUALITY: Final = 5
_BROTLI_BEST: Final = 11
# Of 1.2 MB of JSON, level 9 takes 15 ms and gives 82.6 kB, 19 takes 0.39 s and gives 70.9 kB. Their windows are not
# above the 8 MB that every client has to support (RFC 9659).
_ZSTANDARD_LEVEL: Final = 9
_ZSTANDARD_BEST: Final = 19
_GZIP: Final = 16 + zlib.MAX_WBITS
_BEST: Final = "compressed_well"

_COMPRESSIBLE: Final = re.compile(
    r"text/(?!event-stream).*|application/(?:.*\+)?(?:json|xml)|application/(?:jsonl|javascript)|image/svg\+xml"
)
_SUFFIX: Final = re.compile(r'("[^"]*?)-(br|zstd|gzip)"')
_CONDITIONS: Final = (b"if-match", b"if-none-match")
_OF_BODY: Final = frozenset(
    {
        b"accept-ranges",
        b"content-encoding",
        b"content-length",
        b"content-type",
        b"etag",
        b"repr-digest",
        b"vary",
    }
)
"""Response headers that a 304 response leaves out, or has with another value."""


def compress_well(scope: HTTPScope) -> None:
    """Have the response to a request compressed at the strongest level of Brotli or Zstandard, which takes longer.

    A handler calls this function for public bytes that stay the same for days, because their compressed form is kept in
    memory.
    """
    scope["state"][_BEST] = True


class Compression:
    """ASGI layer that compresses the responses of the application below it, for clients that accept it.

    Streams are compressed piece by piece. This layer keeps in memory only the last bodies that were compressed at the
    strongest level; the layer `Memory` keeps whole responses in each compression.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request (ASGI), and compress the response to it."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        is_ranged = read_header(scope, b"range") is not None
        coding = None if is_ranged else choose_coding(read_header(scope, b"accept-encoding"))
        await self._app(scope, receive, _Response(scope, send, coding, _remove_suffixes(scope)).send)


def choose_coding(accept_encoding: str | None) -> Coding | None:
    """Return the compression that an `Accept-Encoding` header prefers, or None to send the bytes uncompressed."""
    if not accept_encoding:
        return None
    weights = dict(parse_weights(accept_encoding))
    others = weights.get("*", 0.0)
    best = max(CODINGS, key=lambda coding: weights.get(coding, others))
    weight = weights.get(best, others)
    return best if weight > 0 and weight >= weights.get("identity", 0.0) else None


def _remove_suffixes(scope: HTTPScope) -> dict[str, list[str]]:
    """Remove the suffixes of codings, such as `-gzip`, from the entity tags in the preconditions of a request.

    Return, by the tag without suffix, the tags with a suffix that the request had.
    """
    suffixed: dict[str, list[str]] = {}
    scope["headers"] = [
        (name, _strip(value.decode("latin-1"), suffixed).encode("latin-1") if name in _CONDITIONS else value)
        for name, value in scope["headers"]
    ]
    return suffixed


def _strip(condition: str, suffixed: dict[str, list[str]]) -> str:
    """Return a list of entity tags without the suffixes of codings; add the suffixed ones to `suffixed`."""

    def remove(match: re.Match[str]) -> str:
        tag = f'{match[1]}"'
        suffixed.setdefault(tag, []).append(match[0])
        return tag

    return _SUFFIX.sub(remove, condition)


def find_current_tag(if_none_match: str, tag: str, coding: Coding | None) -> str | None:
    """Return the `ETag` of the 304 response to an `If-None-Match` header, or None if the header does not name `tag`.

    `tag`: entity tag of the representation, with or without the suffix of a coding (compression); suffixes are ignored
    in the comparison. `coding`: coding that the client prefers.
    """
    suffixed: dict[str, list[str]] = {}
    plain = _strip(tag, {})
    return _select_tag(suffixed, plain, coding) if matches_tag(_strip(if_none_match, suffixed), plain) else None


def _select_tag(suffixed: dict[str, list[str]], tag: str, coding: Coding | None) -> str:
    """Return the tag of a 304 response: a tag of the request, because the client has to know which copy is current."""
    tags = suffixed.get(tag, [tag])
    return next((one for one in tags if coding is not None and one.endswith(f'-{coding}"')), tags[0])


def describe_unchanged(headers: Iterable[tuple[bytes, bytes]], tag: str) -> list[tuple[bytes, bytes]]:
    """Return the headers of a 304 response with the entity tag `tag`, made from the headers of the 200 response.

    Headers that describe the body are left out (RFC 9110, section 15.4.5).
    """
    unchanged = [(name, value) for name, value in headers if name.lower() not in _OF_BODY]
    varied = [value.decode("latin-1") for name, value in headers if name.lower() == b"vary"]
    names = [name.strip() for value in varied for name in value.split(",")]
    # The media type of the body is not known any more, so every 304 is said to depend on the accepted codings.
    vary = ", ".join([*(name for name in names if name.lower() != "accept-encoding"), "Accept-Encoding"])
    return [*unchanged, (b"vary", vary.encode("latin-1")), (b"etag", tag.encode("latin-1"))]


class _Compressor(Protocol):
    def process(self, data: bytes, /) -> bytes: ...
    def flush(self) -> bytes: ...
    def finish(self) -> bytes: ...


class _GzipCompressor:
    """gzip compressor with the interface of `brotli.Compressor`."""

    def __init__(self) -> None:
        self._compressor = zlib.compressobj(_GZIP_LEVEL, wbits=_GZIP)

    def process(self, data: bytes) -> bytes:
        return self._compressor.compress(data)

    def flush(self) -> bytes:
        return self._compressor.flush(zlib.Z_SYNC_FLUSH)

    def finish(self) -> bytes:
        return self._compressor.flush()


class _ZstandardCompressor:
    """Zstandard compressor with the interface of `brotli.Compressor`."""

    def __init__(self, level: int) -> None:
        self._compressor = zstandard.ZstdCompressor(level=level).compressobj()

    def process(self, data: bytes) -> bytes:
        return self._compressor.compress(data)

    def flush(self) -> bytes:
        return self._compressor.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)

    def finish(self) -> bytes:
        return self._compressor.flush()


def _build_compressor(coding: Coding, *, best: bool = False) -> _Compressor:
    if coding == "gzip":
        return _GzipCompressor()
    if coding == "zstd":
        return _ZstandardCompressor(_ZSTANDARD_BEST if best else _ZSTANDARD_LEVEL)
    compressor: _Compressor = brotli.Compressor(quality=_BROTLI_BEST if best else _BROTLI_QUALITY)
    return compressor


class _Response:
    """State of one response while it passes through the layer; its `send` replaces the `send` of ASGI."""

    def __init__(self, scope: HTTPScope, send: Send, coding: Coding | None, suffixed: dict[str, list[str]]) -> None:
        self._scope = scope
        self._send = send
        self._coding = coding
        self._suffixed = suffixed
        self._held: HTTPResponseStartEvent | None = None
        self._compressor: _Compressor | None = None

    async def send(self, message: Message) -> None:
        """Send a message of the application on, compressed if that is worthwhile."""
        if message["type"] == "http.response.start":
            if not self._prepare(message):
                await self._send(message)
        elif message["type"] == "http.response.body" and (self._held is not None or self._compressor is not None):
            await self._send_body(message["body"], more=message["more_body"])
        else:
            await self._send(message)

    def _prepare(self, start: HTTPResponseStartEvent) -> bool:
        """Decide if a response is compressed, and set the headers that depend on this.

        If it is, keep its start back and return True: the start is sent with the first piece of the body, when the
        length is known.
        """
        # A copy: the list may be that of a response in a cache.
        start["headers"] = list(start["headers"])
        headers = MutableScopeHeaders(start)
        media_type = headers.get("content-type", "").partition(";")[0].strip()
        if start["status"] == 304:
            tag = _select_tag(self._suffixed, headers.get("etag", ""), self._coding)
            start["headers"] = describe_unchanged(start["headers"], tag)
            return False
        if _COMPRESSIBLE.fullmatch(media_type) is None or "content-encoding" in headers:
            return False
        headers["vary"] = ", ".join([*filter(None, [headers.get("vary")]), "Accept-Encoding"])
        length = headers.get("content-length")
        if self._coding is None or start["status"] in (204, 206) or (length is not None and int(length) < SMALLEST):
            return False
        self._held = start
        return True

    async def _send_body(self, body: bytes, *, more: bool) -> None:
        coding, held, self._held = self._coding, self._held, None
        assert coding is not None
        if held is not None:
            headers = MutableScopeHeaders(held)
            # The answer to HEAD about a stored file has the length of the file, and no bytes.
            is_whole = not more and headers.get("content-length") == str(len(body))
            tag = headers.get("etag")
            headers["content-encoding"] = coding
            if tag is not None:
                headers["etag"] = f'{tag[:-1]}-{coding}"'
            if "accept-ranges" in headers:
                headers["accept-ranges"] = "none"
            if is_whole:
                body = await self._compress_whole(body)
                headers["content-length"] = str(len(body))
                if "repr-digest" in headers:
                    # It is of the representation, so of the compressed bytes (RFC 9530, section 3).
                    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
                    headers["repr-digest"] = f"sha-256=:{digest}:"
            else:
                for name in ("content-length", "repr-digest"):
                    if name in headers:
                        del headers[name]
                self._compressor = _build_compressor(coding)
            await self._send(held)
            if is_whole:
                await self._send({"type": "http.response.body", "body": body, "more_body": False})
                return
        compressor = self._compressor
        assert compressor is not None
        piece = await _run(len(body), lambda: compressor.process(body))
        if not more:
            piece += await _run(len(body), compressor.finish)
        elif held is not None:
            # So that the first bytes leave as early as those of the stream.
            piece += compressor.flush()
        if piece or not more:
            await self._send({"type": "http.response.body", "body": piece, "more_body": more})

    async def _compress_whole(self, body: bytes) -> bytes:
        assert self._coding is not None
        coding = self._coding
        if _BEST in self._scope["state"]:
            return await _run(len(body), lambda: _compress_best(coding, body))
        compressor = _build_compressor(coding)
        return await _run(len(body), lambda: compressor.process(body) + compressor.finish())


# Of a document of 690 kB it takes 0.6 s, and no limit counts who asks for it. Few bodies are compressed so.
@lru_cache(maxsize=8)
def _compress_best(coding: Coding, body: bytes) -> bytes:
    compressor = _build_compressor(coding, best=True)
    return compressor.process(body) + compressor.finish()


async def _run(size: int, compress: Callable[[], bytes]) -> bytes:
    """Call `compress` and return its result.

    It is called in a worker thread if `size`, the number of bytes to compress, is above `_INLINE_MAX`.
    """
    return compress() if size <= _INLINE_MAX else await sync_to_thread(compress)
