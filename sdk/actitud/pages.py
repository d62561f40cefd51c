"""Pages of a list. The library follows the ``next`` URLs of the service and never makes such a URL itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Iterator
from typing import TYPE_CHECKING, Generic, Literal, SupportsIndex, TypeVar, overload

import msgspec

from actitud._calls import AsyncTransport, Fetched, Transport, drive, drive_async, fetch_page
from actitud._config import Core
from actitud._html import render_page
from actitud.errors import UnexpectedResponse

if TYPE_CHECKING:
    import pandas
    import polars

    from actitud.frames import Framed
    from actitud.models import JsonValue

T = TypeVar("T")
F = TypeVar("F", bound="Framed")


class _PageBase(Generic[T]):
    """The parts of a page that need no request."""

    items: tuple[T, ...]
    _fetched: Fetched[T]

    def __repr__(self) -> str:
        of = "" if self.total is None else f" of {self.total}"
        edition = "" if self.edition is None else f", edition {self.edition!r}"
        more = "the last" if self._fetched.following is None else "more to follow"
        return f"<{type(self).__name__} of {len(self.items)} items{of}{edition}, {more}>"

    def _repr_html_(self) -> str:
        fetched = self._fetched
        return render_page(self.items, fetched.language, fetched.total, fetched.following is not None)

    def __len__(self) -> int:
        return len(self.items)

    @overload
    def __getitem__(self, key: SupportsIndex, /) -> T: ...

    @overload
    def __getitem__(self, key: slice, /) -> tuple[T, ...]: ...

    def __getitem__(self, key: SupportsIndex | slice, /) -> T | tuple[T, ...]:
        return self.items[key]

    @property
    def total(self) -> int | None:
        """The number of items of all pages, or ``None`` if the list was not asked for with ``total=True``."""
        return self._fetched.total

    @property
    def edition(self) -> str | None:
        """The id of the edition that the list belongs to, even if ``latest`` was asked for.

        ``None`` if the list belongs to no edition.
        """
        return self._fetched.edition

    def first(self) -> T | None:
        """Return the first item of this page, or ``None`` if the page is empty."""
        return self.items[0] if self.items else None

    def to_dict(self) -> dict[str, JsonValue]:
        """Return this page as a dictionary of what JSON can express: ``items``, ``edition`` and ``total``."""
        page: dict[str, JsonValue] = msgspec.json.decode(self.to_json())
        return page

    def to_json(self, *, indent: int | None = None) -> str:
        """Return this page as JSON text. ``indent``: blanks for each level; ``None`` for a single line."""
        text = msgspec.json.encode({"items": self.items, "edition": self.edition, "total": self.total})
        return (text if indent is None else msgspec.json.format(text, indent=indent)).decode()


class Page(_PageBase[T]):
    """One page of a list. Iterating over it yields **all** items, of this page and of all later pages.

    ``items``, ``len(page)`` and ``page[0]``: only the items of this page. Later pages are fetched when the iteration
    reaches them, and again in a second iteration.
    """

    def __init__(self, core: Core, transport: Transport, fetched: Fetched[T]) -> None:
        self.items: tuple[T, ...] = fetched.items
        self._core = core
        self._transport = transport
        self._fetched = fetched

    def __iter__(self) -> Iterator[T]:
        for page in self.pages():
            yield from page.items

    @overload
    def to_frame(self: Page[F], *, backend: Literal["polars"] = "polars") -> polars.DataFrame: ...

    @overload
    def to_frame(self: Page[F], *, backend: Literal["pandas"]) -> pandas.DataFrame: ...

    def to_frame(
        self: Page[F], *, backend: Literal["polars", "pandas"] = "polars"
    ) -> polars.DataFrame | pandas.DataFrame:
        """Build a data frame of **all** items, of this page and of all later pages.

        ``backend``: ``polars`` or ``pandas``; a missing value is null. Raises ``ModuleNotFoundError`` if narwhals or
        the backend is not installed.
        """
        from actitud.frames import to_frame

        return to_frame(self) if backend == "polars" else to_frame(self, backend=backend)

    def next_page(self) -> Page[T] | None:
        """Fetch the next page, or return ``None`` if this page is the last.

        Raises the errors of every call: ``ApiProblem``, ``NoAnswer``, ``UnexpectedResponse``.
        """
        following = self._fetched.following
        if following is None:
            return None
        call = fetch_page(self._core, following, self._fetched.kind)
        return Page(self._core, self._transport, drive(call, self._transport))

    def pages(self) -> Iterator[Page[T]]:
        """Iterate over the pages of the list: this page and all later ones.

        Raises ``UnexpectedResponse`` if a ``next`` URL repeats.
        """
        seen: set[str] = set()
        page: Page[T] | None = self
        while page is not None:
            yield page
            _refuse_circle(page._fetched, seen)
            page = page.next_page()


class AsyncPage(_PageBase[T]):
    """One page of a list in the asynchronous client. ``async for`` yields **all** items, of this and all later pages.

    ``items``, ``len(page)`` and ``page[0]``: only the items of this page. Later pages are fetched when the iteration
    reaches them. The methods are asynchronous.
    """

    def __init__(self, core: Core, transport: AsyncTransport, fetched: Fetched[T]) -> None:
        self.items: tuple[T, ...] = fetched.items
        self._core = core
        self._transport = transport
        self._fetched = fetched

    async def __aiter__(self) -> AsyncIterator[T]:
        async for page in self.pages():
            for item in page.items:
                yield item

    @overload
    async def to_frame(self: AsyncPage[F], *, backend: Literal["polars"] = "polars") -> polars.DataFrame: ...

    @overload
    async def to_frame(self: AsyncPage[F], *, backend: Literal["pandas"]) -> pandas.DataFrame: ...

    async def to_frame(
        self: AsyncPage[F], *, backend: Literal["polars", "pandas"] = "polars"
    ) -> polars.DataFrame | pandas.DataFrame:
        """Build a data frame of **all** items, of this page and of all later pages.

        ``backend``: ``polars`` or ``pandas``; a missing value is null. Raises ``ModuleNotFoundError`` if narwhals or
        the backend is not installed.
        """
        from actitud.frames import to_frame

        items = [item async for item in self]
        return to_frame(items) if backend == "polars" else to_frame(items, backend=backend)

    async def next_page(self) -> AsyncPage[T] | None:
        """Fetch the next page, or return ``None`` if this page is the last.

        Raises the errors of every call: ``ApiProblem``, ``NoAnswer``, ``UnexpectedResponse``.
        """
        following = self._fetched.following
        if following is None:
            return None
        call = fetch_page(self._core, following, self._fetched.kind)
        return AsyncPage(self._core, self._transport, await drive_async(call, self._transport))

    async def pages(self) -> AsyncIterator[AsyncPage[T]]:
        """Iterate over the pages of the list: this page and all later ones.

        Raises ``UnexpectedResponse`` if a ``next`` URL repeats.
        """
        seen: set[str] = set()
        page: AsyncPage[T] | None = self
        while page is not None:
            yield page
            _refuse_circle(page._fetched, seen)
            page = await page.next_page()


class AsyncListing(Generic[T]):
    """Lazy result of a list operation of the asynchronous client.

    ``await`` fetches the first page; ``async for`` iterates over the items of all pages.
    """

    def __init__(self, fetch_first: Callable[[], Coroutine[object, None, AsyncPage[T]]]) -> None:
        self._fetch_first = fetch_first

    def __await__(self) -> Generator[object, None, AsyncPage[T]]:
        return self._fetch_first().__await__()

    async def __aiter__(self) -> AsyncIterator[T]:
        async for item in await self._fetch_first():
            yield item


def _refuse_circle(fetched: Fetched[T], seen: set[str]) -> None:
    following = fetched.following
    # A service or proxy that repeats a URL would make the iteration endless.
    if following is not None and following.target in seen:
        raise UnexpectedResponse("the pages of the list go round in a circle")
    if following is not None:
        seen.add(following.target)
