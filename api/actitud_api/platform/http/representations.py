"""Successful responses of operations: JSON or files, with validators, caching and language.

    SHEET = Representation(OrganisationDetail)

`SHEET.of(request, document)` returns a 200 response, or 304 if `If-None-Match` names the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Final, Generic, Protocol, TypeVar

import msgspec
from litestar import Response
from litestar.enums import MediaType
from litestar.response import Stream

from actitud_api.platform.http.large_responses import LargeResponse
from actitud_api.platform.http.negotiation import JSON
from actitud_api.platform.http.paging import Page, Total, next_url
from actitud_api.platform.http.preconditions import build_entity_tag
from actitud_api.platform.http.problems import NO_STORE, PRECONDITION_FAILED, ProblemError
from actitud_api.platform.http.ranges import cut_pieces, find_range
from actitud_api.platform.http.scope import ApiRequest, choose_language, parse_query, read_header

T = TypeVar("T", bound=msgspec.Struct)
Item = TypeVar("Item")

REVALIDATE: Final = "public, no-cache"
"""Any cache may store the response, and must revalidate it before each use."""

PRIVATE: Final = "private, no-cache"
"""Only the client's own cache may store the response, because it may depend on the key; it must revalidate it."""

SHARED: Final = "public, max-age=60, s-maxage=300, stale-while-revalidate=600, stale-if-error=86400"
"""Caches may use the response for minutes without asking, and for a day while the service does not answer (RFC 5861).

For what anybody reads of a published edition, which a correction may replace.
"""

IMMUTABLE: Final = "public, max-age=31536000, immutable"
"""Any cache may use the response for a year without asking: the bytes at this URL never change (RFC 8246)."""

GZIP: Final = "application/gzip"
"""Media type of a gzip file (RFC 6713)."""


class Representation(Generic[T]):
    """JSON representation of a Struct, declared as the `answer` of an operation.

    Attributes:
        media_type: Media type of the response.
        cache: Value of `Cache-Control`. With `no-store` the response has no `ETag`, as a result computed from a request
            body.
        sentences: True if the response contains sentences in the language of `lang` or `Accept-Language`; then
            `Content-Language` names it.
        is_standard: True if the format is a public standard, which the OpenAPI document does not describe again.
        has_ranges: True if a client may ask for a part of the bytes (`Range`).
    """

    media_type: str = JSON

    def __init__(
        self, type_: type[T], *, cache: str = REVALIDATE, sentences: bool = False, is_standard: bool = False
    ) -> None:
        self.type = type_
        self.is_standard = is_standard
        self.cache = cache
        self.sentences = sentences

    @property
    def content(self) -> Mapping[str, object | None]:
        """Content of the response for the OpenAPI document: the type of each media type, None without a schema."""
        return {self.media_type: None if self.is_standard or self.media_type != JSON else self.type}

    has_ranges: bool = False
    """True if a response may be a range of the bytes (206)."""

    @property
    def conditional(self) -> bool:
        """True if responses have an `ETag`, so that a client can get 304 (not modified)."""
        return self.cache != NO_STORE

    @property
    def paged(self) -> bool:
        """True if the response is a page of a list, which links to the next page (`Link: rel="next"`)."""
        return issubclass(self.type, Page)

    def of(
        self,
        request: ApiRequest,
        document: T,
        *,
        revision: str | None = None,
        created: str | None = None,
        shared: bool = False,
    ) -> Response[bytes]:
        """Return the response with a document: 200, 201 if a resource was created, or 304 if a GET names its `ETag`.

        Args:
            request: Request to be answered.
            document: Content of the response.
            revision: Revision of a resource that can change, which `If-Match` compares; None if the resource cannot
                change.
            created: Path of the resource that the request created, for `Location`; None if it created none.
            shared: True if the document belongs to a published edition, so that caches may use it for minutes
                (`SHARED`) if the request has no key.
        """
        body = msgspec.json.encode(document)
        headers = {"Cache-Control": self._cache_of(request, shared=shared), "Vary": self._vary_of(request)}
        if self.sentences:
            headers["Content-Language"] = choose_language(request.scope)
        if isinstance(document, Page) and document.next is not None:
            headers["Link"] = f'<{document.next}>; rel="next"'
        if created is not None:
            headers["Location"] = created
        if not self.conditional:
            return Response(body, status_code=200 if created is None else 201, headers=headers, media_type=JSON)
        digest = hashlib.sha256(body).hexdigest()
        # `If-Match` compares the revision; the digest distinguishes the languages of one revision for caches.
        headers["ETag"] = f'"{digest}"' if revision is None else build_entity_tag(revision, digest)
        # A write never answers 304: If-None-Match of a PUT is a precondition, not a question about a copy.
        if request.scope["method"] == "GET":
            return _conditional(request, body, headers, JSON)
        return Response(body, status_code=200 if created is None else 201, headers=headers, media_type=JSON)

    def _cache_of(self, request: ApiRequest, *, shared: bool = False) -> str:
        if self.cache != REVALIDATE:
            return self.cache
        # A shared cache could otherwise hand the response for a key to a client without one.
        if request.scope["state"].get("principal") is not None:
            return PRIVATE
        return SHARED if shared else REVALIDATE

    def _vary_of(self, request: ApiRequest) -> str:
        names = ["Accept", *(["Accept-Language"] if self.sentences else [])]
        return ", ".join([*names, *(["Authorization"] if request.scope["state"].get("keyed") else [])])


class Pages(Representation[Page[Item]], Generic[Item]):
    """JSON representation of the pages of a list."""

    def page_of(
        self,
        request: ApiRequest,
        items: Iterable[Item],
        cursor: str | None,
        total: Total | None,
        *,
        shared: bool = False,
    ) -> Response[bytes]:
        """Return the response with a page of a list: 200, or 304 if the request names its `ETag`.

        `cursor`: cursor of the next page, None on the last one. `total`: number of items on all pages, None if the
        client does not ask for it. `shared`: True if the list belongs to a published edition, so that caches may use it
        for minutes.
        """
        page = self.type(
            items=tuple(items),
            next=next_url(request, cursor),
            next_cursor=cursor,
            total=msgspec.UNSET if total is None else total.rows,
        )
        return self.of(request, page, shared=shared)


class Exact(Representation[msgspec.Struct]):
    """Representation of stored bytes that are sent unchanged; their SHA-256 is `ETag` and `Repr-Digest` (RFC 9530).

    A Struct, or a union of Structs with tags, describes the content in the OpenAPI document. The document allows no
    other members of the content, because stored bytes always have exactly the members of their format.
    """

    has_ranges = True

    def __init__(self, described: object | None, *, cache: str = REVALIDATE, media_type: str = JSON) -> None:
        """Declare the type that describes the content; None if only the media type describes it."""
        super().__init__(msgspec.Struct, cache=cache)
        self.media_type = media_type
        self._described = described

    @property
    def content(self) -> Mapping[str, object | None]:
        """Type that describes the content in the OpenAPI document, by media type; None without a schema."""
        return {self.media_type: self._described}

    def bytes_of(self, request: ApiRequest, body: bytes, headers: Mapping[str, str]) -> Response[bytes]:
        """Return the response with stored bytes: all, the part that `Range` asks for, or 304 if the client has them.

        `headers` are added to the headers of the representation, such as `ETag` and `Cache-Control`. If they contain
        `Last-Modified`, the request header `If-Modified-Since` is compared too.
        """
        all_headers = self._headers(hashlib.sha256(body).digest(), headers)
        if is_current(request, all_headers):
            return Response(b"", status_code=304, headers=all_headers, media_type=self.media_type)
        positions = find_range(request, len(body), all_headers["ETag"], all_headers.get("Last-Modified"))
        if positions is None:
            return Response(body, status_code=200, headers=all_headers, media_type=self.media_type)
        all_headers["Content-Range"] = _format_range(positions, len(body))
        part = body[positions.start : positions.stop]
        return Response(part, status_code=206, headers=all_headers, media_type=self.media_type)

    def stream_of(
        self, request: ApiRequest, pieces: Iterator[bytes], size: int, digest: bytes, headers: Mapping[str, str]
    ) -> Response[bytes] | Stream:
        """Return the response with stored bytes, sent piece by piece: all, the part that `Range` asks for, or 304.

        The status 304 is for a client that has the bytes already. `pieces` are `size` bytes in all, and `digest` is
        their SHA-256. `headers` are added to the headers of the representation.
        """
        all_headers = self._headers(digest, headers)
        if is_current(request, all_headers):
            return Response(b"", status_code=304, headers=all_headers, media_type=self.media_type)
        positions = find_range(request, size, all_headers["ETag"], all_headers.get("Last-Modified"))
        if positions is None:
            return Stream(pieces, headers={**all_headers, "Content-Length": str(size)}, media_type=self.media_type)
        all_headers |= {"Content-Range": _format_range(positions, size), "Content-Length": str(len(positions))}
        return Stream(cut_pieces(pieces, positions), status_code=206, headers=all_headers, media_type=self.media_type)

    def _headers(self, digest: bytes, more: Mapping[str, str]) -> dict[str, str]:
        return {
            "Accept-Ranges": "bytes",
            "Cache-Control": self.cache,
            "Vary": "Accept",
            "ETag": f'"{digest.hex()}"',
            "Repr-Digest": f"sha-256=:{base64.b64encode(digest).decode()}:",
            **more,
        }


CSV: Final = "text/csv"
"""Media type of comma-separated values with a header line (RFC 4180)."""
JSON_LINES: Final = "application/jsonl"
"""Media type of one JSON value per line (jsonlines.org)."""
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
"""Media type of an Excel workbook (ISO/IEC 29500)."""


class StoredContent(Protocol):
    """Interface of the open content of a stored file; `size` is in bytes."""

    size: int

    def read(self, positions: range, /) -> Iterator[bytes]:
        """Yield the bytes of the file at these positions, and close the content."""

    def close(self) -> None:
        """Close the content of the file without reading it."""


class FileEntry(Protocol):
    """Interface of a file in a store, named by all data that determine its bytes; it may not exist yet."""

    def open(self) -> StoredContent | None:
        """Open the file and return its content, or None if the file does not exist yet."""

    def keep(self, pieces: Iterator[bytes], /) -> Iterator[bytes]:
        """Yield the pieces of the file as they are generated, and store the file once all of them are read."""


class Files(Representation[msgspec.Struct]):
    """Representation as files in several formats; the suffix of the path names the format, independent of `Accept`.

    `formats`: media type by suffix. If the operation names a resource that the files represent, a client can also ask
    for a file at the path of that resource, by `Accept` (see `middleware.format_negotiation`).
    """

    def __init__(
        self,
        formats: Mapping[str, str],
        *,
        json: object | None = None,
        sentences: bool = False,
        kept: bool = False,
    ) -> None:
        """Declare the formats of the files: media type by suffix.

        `json`: type that describes the content of the JSON file, None without a schema. `sentences`: True if the files
        contain text in the language of the request. `kept`: True if files are stored once they are generated
        (`of_large`), so that a client can ask for a part of a stored file (`Range`).
        """
        super().__init__(msgspec.Struct, sentences=sentences)
        self.formats = formats
        self.has_ranges = kept
        self._json = json

    @property
    def content(self) -> Mapping[str, object | None]:
        """Content of the files for the OpenAPI document: the type of each media type, None without a schema."""
        return {media_type: self._json if media_type == JSON else None for media_type in self.formats.values()}

    def format_of(self, request: ApiRequest) -> str:
        """Return the suffix in the path of a request, which names the format of the file."""
        return request.scope["path"].rpartition(".")[2]

    def headers_of(self, request: ApiRequest, name: str, state: object, *, shared: bool = False) -> dict[str, str]:
        """Return the response headers of a file, among them `ETag`, before the file is generated.

        `name`: file name without suffix. `state`: all stored data that determine the content. The `ETag` is a digest of
        `state`, path, query, principal, and the language if the file contains text. `shared`: True if the file belongs
        to a published edition, so that caches may use it for minutes.
        """
        suffix = self.format_of(request)
        scope = request.scope
        request_facts = (
            scope["path"],
            sorted(parse_query(scope)),
            choose_language(scope) if self.sentences else None,
            repr(scope["state"].get("principal")),
        )
        tag = hashlib.sha256(msgspec.json.encode((FORM, request_facts, state))).hexdigest()
        headers = {
            "Cache-Control": self._cache_of(request, shared=shared),
            "Vary": self._vary_of(request),
            "ETag": f'"{tag}"',
            "Content-Disposition": f'attachment; filename="{name}.{suffix}"',
        }
        if self.sentences:
            headers["Content-Language"] = choose_language(scope)
        if self.has_ranges:
            # Until it is kept: there are no positions in what is being made.
            headers["Accept-Ranges"] = "none"
        return headers

    def of_pieces(
        self,
        request: ApiRequest,
        headers: Mapping[str, str],
        make: Callable[[], tuple[Iterator[bytes], int | None]],
    ) -> Response[bytes] | Stream:
        """Return the response with a generated file, or 304 if `If-None-Match` names it.

        `headers` are the response headers that `headers_of` built. `make` returns the pieces of the file, and its
        length in bytes, or None if the length is unknown. `make` is called only if the response has a body: not for
        304 or HEAD.
        """
        media_type = self.formats[self.format_of(request)]
        if is_current(request, headers):
            return Response(b"", status_code=304, headers=dict(headers), media_type=media_type)
        if request.scope["state"].get("head"):
            # Not a `Response`, which would say that the file has no bytes.
            return Stream(iter(()), headers=dict(headers), media_type=media_type)
        pieces, size = make()
        length = {} if size is None else {"Content-Length": str(size)}
        return Stream(pieces, headers={**headers, **length}, media_type=media_type)

    def of_large(
        self,
        request: ApiRequest,
        headers: Mapping[str, str],
        make: Callable[[], tuple[Iterator[bytes], int | None]],
        entry: FileEntry | None = None,
    ) -> Response[bytes] | Stream | LargeResponse:
        """Return the response with a file that is slow to generate, or 304 if `If-None-Match` names the file.

        The file is generated once a slot for large responses is free. No slot is needed for 304 and HEAD, nor for a
        file that is stored already; of a stored file, a part can be sent (`Range`).

        Args:
            request: Request to be answered.
            headers: Response headers from `headers_of`.
            make: Returns the pieces of the file, and its length in bytes or None if the length is unknown.
            entry: Place of the file in a store, None if the file is not stored.
        """
        if is_current(request, headers):
            return self.of_pieces(request, headers, make)
        if entry is not None and (stored := entry.open()) is not None:
            return self._of_stored(request, headers, stored)
        if request.scope["state"].get("head"):
            return self.of_pieces(request, headers, make)
        if entry is None:
            return LargeResponse(lambda: self.of_pieces(request, headers, make))

        def make_once() -> Response[bytes] | Stream:
            # Somebody else may have made it while this request waited for a slot.
            if (stored := entry.open()) is not None:
                return self._of_stored(request, headers, stored)
            return self.of_pieces(request, headers, make_and_keep)

        def make_and_keep() -> tuple[Iterator[bytes], int | None]:
            pieces, size = make()
            return entry.keep(pieces), size

        return LargeResponse(make_once)

    def _of_stored(self, request: ApiRequest, headers: Mapping[str, str], stored: StoredContent) -> Stream:
        media_type = self.formats[self.format_of(request)]
        all_headers = {**headers, "Accept-Ranges": "bytes"}
        try:
            positions = find_range(request, stored.size, headers["ETag"], None)
        except ProblemError:
            stored.close()
            raise
        if request.scope["state"].get("head"):
            stored.close()
            all_headers["Content-Length"] = str(stored.size)
            return Stream(iter(()), headers=all_headers, media_type=media_type)
        if positions is None:
            all_headers["Content-Length"] = str(stored.size)
            return Stream(stored.read(range(stored.size)), headers=all_headers, media_type=media_type)
        all_headers |= {
            "Content-Range": _format_range(positions, stored.size),
            "Content-Length": str(len(positions)),
        }
        return Stream(stored.read(positions), status_code=206, headers=all_headers, media_type=media_type)


FORM: Final = 1
"""Version of the format of all files. It is part of each `ETag` and of the name under which a file is kept.

Increase it if the same data give other bytes.
"""


class File(Representation[T]):
    """Representation as one file that a browser saves, in the language of the request.

    `type_` is the Struct from which the file is generated.
    """

    def __init__(self, type_: type[T], media_type: str, *, cache: str = REVALIDATE) -> None:
        super().__init__(type_, cache=cache, sentences=True)
        self.media_type = media_type

    def file_of(self, request: ApiRequest, body: bytes, name: str) -> Response[bytes]:
        """Return the response with a file, which a browser saves as `name`.

        The response is 304 if `If-None-Match` names the file and the representation has an `ETag`.
        """
        headers = {
            "Cache-Control": self._cache_of(request),
            "Vary": self._vary_of(request),
            "Content-Language": choose_language(request.scope),
            "Content-Disposition": f'attachment; filename="{name}"',
        }
        if self.conditional:
            return conditional(request, body, headers, self.media_type)
        return Response(body, status_code=200, headers=headers, media_type=self.media_type)


class Rendered(Representation[msgspec.Struct]):
    """Description of a page or an image for the OpenAPI document; its handler renders the page itself."""

    def __init__(self, content: Mapping[str, object | None], missing: Mapping[str, object | None]) -> None:
        """Declare the content by media type: the type that describes it, None without a schema.

        `missing`: content of a 404 response that shows the reason in the requested form, such as an image. A 404
        response may also be a problem document.
        """
        super().__init__(msgspec.Struct, cache=SHARED, sentences=True)
        self._content = content
        self.missing = missing

    @property
    def content(self) -> Mapping[str, object | None]:
        """Content of the response for the OpenAPI document: the type of each media type, None without a schema."""
        return self._content


def conditional(
    request: ApiRequest, body: bytes, headers: dict[str, str], media_type: MediaType | str
) -> Response[bytes]:
    """Return a 200 response whose `ETag` is a digest of its bytes, or 304 if `If-None-Match` names it.

    `headers` are further response headers.
    """
    return _conditional(request, body, {**headers, "ETag": f'"{hashlib.sha256(body).hexdigest()}"'}, media_type)


def _conditional(
    request: ApiRequest, body: bytes, headers: dict[str, str], media_type: MediaType | str
) -> Response[bytes]:
    if is_current(request, headers):
        return Response(b"", status_code=304, headers=headers, media_type=media_type)
    return Response(body, status_code=200, headers=headers, media_type=media_type)


def _format_range(positions: range, size: int) -> str:
    return f"bytes {positions.start}-{positions.stop - 1}/{size}"


def format_http_date(moment: datetime) -> str:
    """Return a time in the format of HTTP, in whole seconds, for `Last-Modified` (RFC 9110, section 5.6.7)."""
    return format_datetime(moment.astimezone(UTC).replace(microsecond=0), usegmt=True)


def is_current(request: ApiRequest, headers: Mapping[str, str]) -> bool:
    """Return True if the response is 304, because the client has the representation with these headers already.

    Preconditions count in the order of RFC 9110, section 13.2.2; `If-Modified-Since` only with `Last-Modified`.

    Raises:
        ProblemError: 412 if `If-Match` does not name the `ETag`.
    """
    if_match = read_header(request.scope, b"if-match")
    if if_match is not None and not _matches_strongly(if_match, headers["ETag"]):
        raise ProblemError(PRECONDITION_FAILED, PRECONDITION_FAILED.description)
    if_none_match = read_header(request.scope, b"if-none-match")
    if if_none_match is not None:
        return matches_tag(if_none_match, headers["ETag"])
    since, modified = read_header(request.scope, b"if-modified-since"), headers.get("Last-Modified")
    if since is None or modified is None:
        return False
    try:
        return parsedate_to_datetime(modified) <= parsedate_to_datetime(since)
    except (TypeError, ValueError):
        # A date that cannot be read is ignored (RFC 9110, section 13.1.3).
        return False


def _matches_strongly(if_match: str, tag: str) -> bool:
    return if_match.strip() == "*" or tag in {element.strip() for element in if_match.split(",")}


def matches_tag(if_none_match: str | None, tag: str) -> bool:
    """Return True if an `If-None-Match` header names an entity tag, by the weak comparison of RFC 9110."""
    if if_none_match is None:
        return False
    return if_none_match.strip() == "*" or tag in {
        element.strip().removeprefix("W/") for element in if_none_match.split(",")
    }
