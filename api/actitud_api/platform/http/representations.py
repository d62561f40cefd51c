"""Answers of operations: JSON with its validators, its caching and its language.

    SHEET = Representation(OrganisationDetail)

`return SHEET.of(request, document)` answers 200, or 304 where the client has these very bytes.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Final, Generic, TypeVar
from urllib.parse import quote

import msgspec
from litestar import Response
from litestar.enums import MediaType
from litestar.response import Stream

from actitud_api.platform.http.negotiation import JSON
from actitud_api.platform.http.paging import Page
from actitud_api.platform.http.preconditions import build_entity_tag
from actitud_api.platform.http.problems import NO_STORE
from actitud_api.platform.http.scope import ApiRequest, choose_language, parse_query, read_header

T = TypeVar("T", bound=msgspec.Struct)

REVALIDATE: Final = "public, no-cache"
"""Anybody may keep it, and asks each time whether it is still the same."""

PRIVATE: Final = "private, no-cache"
"""The same, but only whoever asked may keep it: a key may have shown what others do not see."""

IMMUTABLE: Final = "public, max-age=31536000, immutable"
"""Anybody may keep it for ever: what is at its address never changes (RFC 8246)."""

GZIP: Final = "application/gzip"
"""The media type of a gzip file (RFC 6713)."""


class Representation(Generic[T]):
    """The JSON of a Struct.

    `cache` is its `Cache-Control`; `no-store` also means that it has no `ETag`, as for what was computed from a body.
    `sentences` says that it is in a language: that of `lang` or `Accept-Language`, named by `Content-Language`.
    """

    media_type: str = JSON

    def __init__(self, type_: type[T], *, cache: str = REVALIDATE, sentences: bool = False) -> None:
        self.type = type_
        self.cache = cache
        self.sentences = sentences

    @property
    def content(self) -> Mapping[str, object | None]:
        """The type of what is there in each media type; None where no schema says what it is."""
        return {self.media_type: self.type if self.media_type == JSON else None}

    @property
    def conditional(self) -> bool:
        """Whether it has an `ETag` and can be 304."""
        return self.cache != NO_STORE

    @property
    def paged(self) -> bool:
        """Whether it is a page of a list, with `Link: rel="next"` where there is another."""
        return issubclass(self.type, Page)

    def of(
        self, request: ApiRequest, document: T, *, revision: str | None = None, created: str | None = None
    ) -> Response[bytes]:
        """Return the response with a document.

        `revision`: the state of what can be changed, for `If-Match` (see `preconditions`). `created`: the path of
        what the request made; the response is then 201.
        """
        body = msgspec.json.encode(document)
        headers = {"Cache-Control": self._cache_of(request), "Vary": self._vary_of(request)}
        if self.sentences:
            headers["Content-Language"] = choose_language(request.scope)
        if isinstance(document, Page) and document.next is not None:
            headers["Link"] = f'<{document.next}>; rel="next"'
        if created is not None:
            headers["Location"] = created
        if not self.conditional:
            return Response(body, status_code=200 if created is None else 201, headers=headers, media_type=JSON)
        digest = hashlib.sha256(body).hexdigest()
        headers["ETag"] = f'"{digest}"' if revision is None else build_entity_tag(revision, digest)
        if request.scope["method"] == "GET":
            return _conditional(request, body, headers, JSON)
        return Response(body, status_code=200 if created is None else 201, headers=headers, media_type=JSON)

    def _cache_of(self, request: ApiRequest) -> str:
        keyed = request.scope["state"].get("principal") is not None
        return PRIVATE if keyed and self.cache == REVALIDATE else self.cache

    def _vary_of(self, request: ApiRequest) -> str:
        names = ["Accept", *(["Accept-Language"] if self.sentences else [])]
        return ", ".join([*names, *(["Authorization"] if request.scope["state"].get("keyed") else [])])


class Exact(Representation[T]):
    """Bytes that are answered as they are stored, with their SHA-256 as `ETag` and `Repr-Digest` (RFC 9530).

    The type says what JSON there is in them; of another media type it says nothing.
    """

    def __init__(self, type_: type[T], *, cache: str = REVALIDATE, media_type: str = JSON) -> None:
        super().__init__(type_, cache=cache)
        self.media_type = media_type

    def bytes_of(self, request: ApiRequest, body: bytes, headers: Mapping[str, str]) -> Response[bytes]:
        """Return the response with bytes, or 304 if the client has them."""
        return _conditional(request, body, self._headers(hashlib.sha256(body).digest(), headers), self.media_type)

    def stream_of(
        self, request: ApiRequest, pieces: Iterator[bytes], size: int, digest: bytes, headers: Mapping[str, str]
    ) -> Response[bytes] | Stream:
        """Return the response with `size` bytes that come in pieces and whose SHA-256 is known, or 304."""
        told = self._headers(digest, headers)
        if matches_tag(read_header(request.scope, b"if-none-match"), told["ETag"]):
            return Response(b"", status_code=304, headers=told, media_type=self.media_type)
        return Stream(pieces, headers={**told, "Content-Length": str(size)}, media_type=self.media_type)

    def _headers(self, digest: bytes, more: Mapping[str, str]) -> dict[str, str]:
        return {
            "Cache-Control": self.cache,
            "Vary": "Accept",
            "ETag": f'"{digest.hex()}"',
            "Repr-Digest": f"sha-256=:{base64.b64encode(digest).decode()}:",
            **more,
        }


CSV: Final = "text/csv"
"""Comma-separated values with a header (RFC 4180)."""
JSON_LINES: Final = "application/jsonl"
"""A JSON value on each line (jsonlines.org)."""
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
"""A workbook (ISO/IEC 29500)."""


class Files(Representation[msgspec.Struct]):
    """What is there as files: the suffix of the path names the format, whatever `Accept` says.

    `formats`: the media type of each suffix. As what else they are, `Accept` chooses one (see `alternatives`).
    """

    def __init__(self, formats: Mapping[str, str], *, json: object | None = None, sentences: bool = False) -> None:
        """`json`: the type of what is there as JSON, where a schema says it."""
        super().__init__(msgspec.Struct, sentences=sentences)
        self.formats = formats
        self._json = json

    @property
    def content(self) -> Mapping[str, object | None]:
        """The same by media type."""
        return {found: self._json if found == JSON else None for found in self.formats.values()}

    def format_of(self, request: ApiRequest) -> str:
        """Return the format that the path of a request names."""
        return request.scope["path"].rpartition(".")[2]

    def headers_of(self, request: ApiRequest, name: str, state: object) -> dict[str, str]:
        """Return the headers of a file. `name`: its name without suffix; `state`: what its bytes are computed from.

        The tag follows from both, from the address, the language and who asks, so that it costs no byte of the file.
        """
        suffix = self.format_of(request)
        scope = request.scope
        asked = (
            scope["path"],
            sorted(parse_query(scope)),
            choose_language(scope),
            repr(scope["state"].get("principal")),
        )
        tag = hashlib.sha256(msgspec.json.encode((_FORM, asked, state))).hexdigest()
        headers = {
            "Cache-Control": self._cache_of(request),
            "Vary": self._vary_of(request),
            "ETag": f'"{tag}"',
            "Content-Disposition": f'attachment; filename="{name}.{suffix}"',
        }
        if self.sentences:
            headers["Content-Language"] = choose_language(scope)
        if scope["state"].get("negotiated"):
            headers["Content-Location"] = quote(scope["path"])
        return headers

    def of_pieces(
        self,
        request: ApiRequest,
        headers: Mapping[str, str],
        make: Callable[[], tuple[Iterator[bytes], int | None]],
    ) -> Response[bytes] | Stream:
        """Return the response with the pieces that `make` gives and their length if known, or 304, or that of a HEAD.

        Only an answer that has a body is made.
        """
        media_type = self.formats[self.format_of(request)]
        if matches_tag(read_header(request.scope, b"if-none-match"), headers["ETag"]):
            return Response(b"", status_code=304, headers=dict(headers), media_type=media_type)
        if request.scope["state"].get("head"):
            # Not a `Response`, which would say that the file has no bytes.
            return Stream(iter(()), headers=dict(headers), media_type=media_type)
        pieces, size = make()
        length = {} if size is None else {"Content-Length": str(size)}
        return Stream(pieces, headers={**headers, **length}, media_type=media_type)


_FORM: Final = 1
"""The form of all files; another one, whenever the same state is written otherwise."""


class File(Representation[T]):
    """A file in a language, made for whoever asks; the type says what it is made of."""

    def __init__(self, type_: type[T], media_type: str, *, cache: str = REVALIDATE) -> None:
        super().__init__(type_, cache=cache, sentences=True)
        self.media_type = media_type

    def file_of(self, request: ApiRequest, body: bytes, name: str) -> Response[bytes]:
        """Return the response with a file to save under a name, or 304 if it may be cached and the client has it."""
        headers = {
            "Cache-Control": self._cache_of(request),
            "Vary": self._vary_of(request),
            "Content-Language": choose_language(request.scope),
            "Content-Disposition": f'attachment; filename="{name}"',
        }
        if self.conditional:
            return conditional(request, body, headers, self.media_type)
        return Response(body, status_code=200, headers=headers, media_type=self.media_type)


def conditional(
    request: ApiRequest, body: bytes, headers: dict[str, str], media_type: MediaType | str
) -> Response[bytes]:
    """Return a 200 response with a strong `ETag` of the bytes, or 304 if `If-None-Match` names it."""
    return _conditional(request, body, {**headers, "ETag": f'"{hashlib.sha256(body).hexdigest()}"'}, media_type)


def _conditional(
    request: ApiRequest, body: bytes, headers: dict[str, str], media_type: MediaType | str
) -> Response[bytes]:
    if matches_tag(read_header(request.scope, b"if-none-match"), headers["ETag"]):
        return Response(b"", status_code=304, headers=headers, media_type=media_type)
    return Response(body, status_code=200, headers=headers, media_type=media_type)


def matches_tag(if_none_match: str | None, tag: str) -> bool:
    """Return True if an `If-None-Match` header names an entity tag, by the weak comparison of RFC 9110."""
    if if_none_match is None:
        return False
    return if_none_match.strip() == "*" or tag in {
        element.strip().removeprefix("W/") for element in if_none_match.split(",")
    }
