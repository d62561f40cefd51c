"""Lists in pages. An opaque cursor names the last row of a page, and the next page begins after that row.

So no row is repeated or skipped if other rows are added or removed between two requests.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar
from urllib.parse import urlencode

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from actitud_api.engine.i18n import Texts
from actitud_api.platform.http.inputs import NotJson, parse_json
from actitud_api.platform.http.problems import NOT_FOUND, Fault, ProblemError
from actitud_api.platform.http.scope import ApiRequest, find_served_path, parse_query
from actitud_api.platform.http.validation import quote_value

T = TypeVar("T")
K = TypeVar("K")

_VERSION = 1
_INTEGER_MAX = 2**53


class PageQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Query parameters of every list; a list with filters inherits from this class."""

    limit: Annotated[int, Meta(ge=1, le=1000, description="Largest number of items in the page.")] = 50
    offset: Annotated[
        int, Meta(ge=0, le=1_000_000, description="Number of items to skip, from the cursor on if there is one.")
    ] = 0
    cursor: (
        Annotated[
            str,
            Meta(
                pattern="^[A-Za-z0-9_-]+$",
                max_length=1000,
                description="The `next_cursor` of the previous page, requested with the same filters.",
            ),
        ]
        | None
    ) = None
    total: Annotated[bool, Meta(description="With `true` the page has `total`, the number of items on all pages.")] = (
        False
    )

    def make_total(self, rows: int | None = None) -> Total | None:
        """Return a receiver of the total number of items of the list, or None if the client does not ask for the total.

        `rows`: the total if it is known already; None if it is counted when the page is read.
        """
        return Total(rows) if self.total else None


class Total:
    """Receiver of the total number of rows of a list; the query of a page calls it with this number."""

    def __init__(self, rows: int | None = None) -> None:
        self._rows = rows

    def __call__(self, rows: int) -> None:
        """Store the total number of rows, as the query of a page reports it."""
        self._rows = rows

    @property
    def rows(self) -> int:
        """Total number of rows of the list; it must have been stored before."""
        assert self._rows is not None
        return self._rows


class Page(Struct, Generic[T], frozen=True, kw_only=True):
    """A page of a list; each list has its own subclass: `class OrganisationPage(Page[Organisation], frozen=True)`.

    In the OpenAPI document, the query parameters `cursor` and `total` explain the members `next_cursor` and `total`.
    """

    items: tuple[T, ...]
    next: Annotated[
        str | None,
        Meta(
            description="Path and query of the next page at this service, as in `Link`; null on the last page, as is "
            "`next_cursor`."
        ),
    ]
    next_cursor: str | None
    total: int | UnsetType = UNSET


class _Content(Struct, Generic[K], frozen=True, array_like=True):
    """Content of a cursor: version of this format, digest of operation and filters, and sort key of the last row."""

    version: int
    listing: str
    key: K


class Cursor(Generic[K]):
    """Encoder and decoder of the cursors of one list: texts that say after which row a page begins.

    A cursor contains the sort key of a row: a text, a whole number, or a tuple of these.
    """

    def __init__(self, listing: str, key: type[K]) -> None:
        """Create the encoder of the cursors of a list.

        `listing` is the operation id of the list, and `key` the type of the sort keys of its rows.
        """
        self._listing = listing
        self._content_type = _Content[key]  # type: ignore[valid-type]  # made at run time

    def read(self, query: PageQuery) -> K | None:
        """Return the sort key in the cursor of a request, None for the first page; the page begins after that key.

        Raises:
            ProblemError: 404 if the cursor is malformed, or belongs to another list or other filters.
        """
        if query.cursor is None:
            return None
        try:
            padded = query.cursor + "=" * (-len(query.cursor) % 4)
            # `parse_json` rather than msgspec: a cursor comes from outside, so the limits of bodies apply.
            content = msgspec.convert(parse_json(base64.urlsafe_b64decode(padded)), self._content_type, strict=True)
        except (ValueError, NotJson):
            raise _refuse_cursor(query.cursor) from None
        # base64 has several spellings of some bytes; only the one that this service writes is accepted.
        if _is_too_large(content.key) or self._write(query, content.key) != query.cursor:
            raise _refuse_cursor(query.cursor)
        return content.key

    def cut(self, query: PageQuery, rows: Sequence[T], key: Callable[[T], K]) -> tuple[Sequence[T], str | None]:
        """Return the rows of a page, and the cursor of the next page or None if this page is the last.

        `rows` are the rows read for the page: one more than `query.limit` if another page follows. `key` returns the
        sort key of a row.
        """
        if len(rows) <= query.limit:
            return rows, None
        page = rows[: query.limit]
        return page, self._write(query, key(page[-1]))

    def _write(self, query: PageQuery, key: K) -> str:
        raw = msgspec.json.encode(_Content(_VERSION, self._compute_list_digest(query), key))
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    def _compute_list_digest(self, query: PageQuery) -> str:
        """Return a digest of the operation and its filters, which a cursor has to match."""
        # A client may change the page size between pages, but not the filters.
        filters = {**msgspec.to_builtins(query), "limit": None, "offset": None, "cursor": None, "total": None}
        return hashlib.sha256(msgspec.json.encode((self._listing, filters))).hexdigest()[:16]


def next_url(request: ApiRequest, cursor: str | None) -> str | None:
    """Return the path and query of the next page, or None if `cursor` is None; filters of the request are kept.

    It contains no host, because the `Host` header comes from the client and shared caches store the response.
    """
    if cursor is None:
        return None
    parameters = [(name, value) for name, value in parse_query(request.scope) if name not in {"cursor", "offset"}]
    return f"{find_served_path(request.scope)}?{urlencode([*parameters, ('cursor', cursor)])}"


def _refuse_cursor(cursor: str) -> ProblemError:
    detail = Texts(
        "El cursor no es de esta lista con estos filtros: empiece sin él, o repita los filtros de la página anterior.",
        "The cursor does not belong to this list with these filters: begin without it, or repeat the filters of the "
        "previous page.",
    )
    # 404 rather than 400: a cursor is a reference, and no schema can say which ones a list knows. Testers that generate
    # requests from the document count a 400 for data that is valid by its schema as a failure.
    return ProblemError(NOT_FOUND, detail, [Fault("cursor", "cursor", quote_value(cursor), detail)])


def _is_too_large(key: object) -> bool:
    """Return True if a sort key has a whole number beyond 2^53, the limit of what the databases store."""
    parts = key if isinstance(key, tuple) else (key,)
    return any(isinstance(part, int) and abs(part) > _INTEGER_MAX for part in parts)
