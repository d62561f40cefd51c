"""Lists in pages: opaque cursors that point behind a row, so that pages stay whole while rows come and go."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar
from urllib.parse import quote, urlencode

import msgspec
from msgspec import Meta, Struct

from actitud_api.engine.i18n import Texts
from actitud_api.platform.http.inputs import NotJson, parse_json
from actitud_api.platform.http.problems import NOT_FOUND, ProblemError
from actitud_api.platform.http.scope import ApiRequest, find_base_url, parse_query

T = TypeVar("T")
K = TypeVar("K")

_VERSION = 1
_INTEGER_MAX = 2**53


class PageQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parameters of every list; a list with filters extends them."""

    limit: Annotated[int, Meta(ge=1, le=1000, description="How many rows at most.")] = 50
    offset: Annotated[
        int, Meta(ge=0, le=1_000_000, description="How many rows to skip, counted from the cursor where there is one.")
    ] = 0
    cursor: (
        Annotated[
            str,
            Meta(
                pattern="^[A-Za-z0-9_-]+$",
                max_length=1000,
                description="Where to go on: the `next_cursor` of a page with the same filters.",
            ),
        ]
        | None
    ) = None


class Page(Struct, Generic[T], frozen=True, kw_only=True):
    """A page of a list; a list names its own: `class OrganisationPage(Page[Organisation], frozen=True)`."""

    items: Annotated[tuple[T, ...], Meta(description="The rows in their stable order; none beyond the end.")]
    next: Annotated[str | None, Meta(description="Absolute URL of the next page, as in `Link`; null on the last one.")]
    next_cursor: Annotated[str | None, Meta(description="The cursor of the next page; null on the last one.")]


class _Content(Struct, Generic[K], frozen=True, array_like=True):
    """What is in a cursor: the version of this form, what it belongs to, and what places the row."""

    version: int
    listing: str
    place: K


class Cursor(Generic[K]):
    """The cursors of one list. `key` is the type of what places a row: a tuple of texts and whole numbers."""

    def __init__(self, listing: str, key: type[K]) -> None:
        """Take the operation as `listing`; a cursor of another operation, or of other filters, is unknown."""
        self._listing = listing
        self._form = _Content[key]  # type: ignore[valid-type]  # made at run time

    def read(self, query: PageQuery) -> K | None:
        """Return the key after which the page begins, None for the first page. Raise a 404 problem if it is unknown."""
        if query.cursor is None:
            return None
        try:
            padded = query.cursor + "=" * (-len(query.cursor) % 4)
            found = msgspec.convert(parse_json(base64.urlsafe_b64decode(padded)), self._form, strict=True)
        except (ValueError, NotJson):
            raise _unknown() from None
        # Written anew it must be the same: base64 has several spellings of some bytes.
        if _too_large(found.place) or self._write(query, found.place) != query.cursor:
            raise _unknown()
        return found.place

    def cut(self, query: PageQuery, rows: Sequence[T], key: Callable[[T], K]) -> tuple[Sequence[T], str | None]:
        """Return the rows of a page and the cursor of the next; `rows` has one row more if there is another page."""
        if len(rows) <= query.limit:
            return rows, None
        page = rows[: query.limit]
        return page, self._write(query, key(page[-1]))

    def _write(self, query: PageQuery, place: K) -> str:
        raw = msgspec.json.encode(_Content(_VERSION, self._of(query), place))
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    def _of(self, query: PageQuery) -> str:
        """Return the digest of the operation and its filters, which a cursor belongs to."""
        filters = {**msgspec.to_builtins(query), "limit": None, "offset": None, "cursor": None}
        return hashlib.sha256(msgspec.json.encode((self._listing, filters))).hexdigest()[:16]


def next_url(request: ApiRequest, cursor: str | None) -> str | None:
    """Return the absolute URL of the next page: that of the request with another cursor."""
    if cursor is None:
        return None
    kept = [(name, value) for name, value in parse_query(request.scope) if name not in {"cursor", "offset"}]
    return f"{find_base_url(request)}{quote(request.scope['path'])}?{urlencode([*kept, ('cursor', cursor)])}"


def _unknown() -> ProblemError:
    return ProblemError(
        NOT_FOUND,
        Texts(
            "No se conoce ese cursor en esta lista con estos filtros.",
            "That cursor is not known in this list with these filters.",
        ),
    )


def _too_large(key: object) -> bool:
    """Whether a whole number of a key is beyond what any database keeps."""
    parts = key if isinstance(key, tuple) else (key,)
    return any(isinstance(part, int) and abs(part) > _INTEGER_MAX for part in parts)
