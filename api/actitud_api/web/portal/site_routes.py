"""Files at fixed paths that browsers and search engines look for: the map of the site and the icons."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from itertools import islice
from typing import Final, NamedTuple
from xml.sax.saxutils import escape

from litestar import Controller, Response
from litestar.params import FromPath

from actitud_api.engine.methodology.loader import list_versions
from actitud_api.platform.http.access import ANYBODY, ANYBODY_UNLIMITED
from actitud_api.platform.http.large_responses import LargeResponse
from actitud_api.platform.http.operations import get_page
from actitud_api.platform.http.problems import NOT_FOUND, ProblemError
from actitud_api.platform.http.representations import REVALIDATE, conditional
from actitud_api.platform.http.scope import ApiRequest, find_base_url
from actitud_api.platform.storage.database import Database
from actitud_api.resources.scores import service as scores
from actitud_api.resources.scores import territories
from actitud_api.web.charts.raster import render_png
from actitud_api.web.downloads import service as downloads
from actitud_api.web.portal.layout import Links

ADDRESSES_MAX: Final = 50_000
"""Highest number of addresses in one map (sitemaps.org); if there are more, `/sitemap.xml` lists several maps."""

ICON_SIZES: Final = (16, 32, 48)
"""Widths of the pictures in `favicon.ico`, in pixels."""
TOUCH_SIZE: Final = 180
"""Width of the icon on the home screen of a telephone, in pixels."""

XML: Final = "application/xml"
ICO: Final = "image/vnd.microsoft.icon"
PNG: Final = "image/png"

_NAMESPACE: Final = "http://www.sitemaps.org/schemas/sitemap/0.9"
_TITLES: Final = ("embed", "suggestions", "methodologies")
"""Pages that are of no edition, by the last segment of their path."""


class PageAddress(NamedTuple):
    """The URL path of a page, and the day of its last change, None if the day is not known."""

    path: str
    day: str | None = None


class SiteController(Controller):
    """Routes of the map of the site and of the icons."""

    path = "/"
    include_in_schema = False

    @get_page("/sitemap.xml", operation_id="site.map", access=ANYBODY, by_language=False)
    def show_map(self, request: ApiRequest, database: Database) -> LargeResponse:
        """Serve the sitemap, or the list of sitemaps if a single one would contain too many addresses."""
        return LargeResponse(lambda: _build_response(request, _write_index_or_map(find_base_url(request), database)))

    @get_page("/sitemaps/{name:str}", operation_id="site.part", access=ANYBODY, by_language=False)
    def show_part(self, request: ApiRequest, name: FromPath[str], database: Database) -> LargeResponse:
        """Serve a sitemap that `/sitemap.xml` lists, such as `/sitemaps/1.xml`.

        The first sitemap has the number 1. Respond with a 404 problem to any other name.
        """
        stem = name.removesuffix(".xml")
        if stem == name or not (stem.isascii() and stem.isdigit()) or len(stem) > 6 or stem.startswith("0"):
            raise ProblemError(NOT_FOUND, NOT_FOUND.description)
        first = (int(stem) - 1) * ADDRESSES_MAX

        def make() -> Response[bytes]:
            part = list(islice(iterate_pages(database), first, first + ADDRESSES_MAX))
            if not part:
                raise ProblemError(NOT_FOUND, NOT_FOUND.description)
            return _build_response(request, write_map(find_base_url(request), part))

        return LargeResponse(make)

    @get_page("/favicon.ico", operation_id="pages.icon", access=ANYBODY_UNLIMITED, by_language=False, is_constant=True)
    def show_icon(self, request: ApiRequest) -> Response[bytes]:
        """Serve the icon of the site for browsers that do not accept the SVG icon."""
        return conditional(request, build_icon(), {"Cache-Control": REVALIDATE}, ICO)

    @get_page(
        "/apple-touch-icon.png",
        operation_id="pages.touch_icon",
        access=ANYBODY_UNLIMITED,
        by_language=False,
        is_constant=True,
    )
    def show_touch_icon(self, request: ApiRequest) -> Response[bytes]:
        """Serve the icon of the site for the home screen of a telephone."""
        return conditional(request, _draw_icon(TOUCH_SIZE), {"Cache-Control": REVALIDATE}, PNG)


def iterate_pages(database: Database) -> Iterator[PageAddress]:
    """Yield the address of every page of the portal that search engines should list, always in the same order.

    Pages of unpublished editions, searches, comparisons and pages in other languages are left out: each page links to
    its other languages.
    """
    to = Links(None)
    yield PageAddress(to())
    yield from (PageAddress(to(name)) for name in _TITLES)
    for version in list_versions("active"):
        yield PageAddress(to("methodologies", version))
        yield PageAddress(to("questionnaires", version))
    for source, published in downloads.list_published_sources(database):
        edition, day = source.edition.id, published.published.date().isoformat()
        yield PageAddress(to(edition), day)
        yield PageAddress(to(edition, "dimensions"), day)
        for dimension in source.methodology.document.root.children:
            yield PageAddress(to(edition, "dimensions", dimension.id), day)
        yield PageAddress(to(edition, "territories"), day)
        for figures in territories.list_territories(database, edition).territories:
            if figures.territory is not None:
                yield PageAddress(to(edition, "territories", figures.territory.id), day)
        for organisation in scores.list_organisations(database, edition):
            yield PageAddress(to(edition, organisation), day)


def write_map(base: str, pages: Sequence[PageAddress]) -> bytes:
    """Write a sitemap of pages (sitemaps.org); `base` is the scheme and authority of their URLs."""
    lines = [
        f"<url><loc>{escape(base + page.path)}</loc>{f'<lastmod>{page.day}</lastmod>' if page.day else ''}</url>"
        for page in pages
    ]
    return _write_document("urlset", lines)


def write_index(base: str, maps: int) -> bytes:
    """Write the list of `maps` sitemaps (sitemaps.org); `base` is the scheme and authority of their URLs."""
    lines = [f"<sitemap><loc>{escape(base)}/sitemaps/{number}.xml</loc></sitemap>" for number in range(1, maps + 1)]
    return _write_document("sitemapindex", lines)


def _write_index_or_map(base: str, database: Database) -> bytes:
    pages = iterate_pages(database)
    first = list(islice(pages, ADDRESSES_MAX))
    rest = sum(1 for _ in pages)
    return write_index(base, 1 - (-rest // ADDRESSES_MAX)) if rest else write_map(base, first)


def _write_document(root: str, lines: Sequence[str]) -> bytes:
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="{_NAMESPACE}">\n'
    return "".join([head, *(f"{line}\n" for line in lines), f"</{root}>\n"]).encode()


def _build_response(request: ApiRequest, body: bytes) -> Response[bytes]:
    return conditional(request, body, {"Cache-Control": REVALIDATE}, XML)


@cache
def build_icon() -> bytes:
    """Build the icon file (ICO): the icon as PNG in each of `ICON_SIZES`."""
    pictures = [_draw_icon(size) for size in ICON_SIZES]
    offset = 6 + 16 * len(pictures)
    entries = []
    for size, picture in zip(ICON_SIZES, pictures, strict=True):
        # Width, height, no palette, reserved, one plane, 32 bits for each pixel, length, offset.
        entries.append(struct.pack("<BBBBHHII", size, size, 0, 0, 1, 32, len(picture), offset))
        offset += len(picture)
    return b"".join([struct.pack("<HHH", 0, 1, len(pictures)), *entries, *pictures])


@cache
def _draw_icon(size: int) -> bytes:
    return render_png(files("actitud_api.platform.http").joinpath("static", "icon.svg").read_text(), size)
