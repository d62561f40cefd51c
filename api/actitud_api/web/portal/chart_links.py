"""URL paths of charts as files, and the links to these files beside a chart in a page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import quote

from actitud_api.engine.i18n import Language, Texts
from actitud_api.web.charts.layouts import Picture
from actitud_api.web.portal.layout import Links

ChartLink = tuple[str, str, str]
"""A link beside a chart: its text, its address, and its name for screen readers, which says of which chart it is."""

_DATA: Final = Texts("datos (CSV)", "data (CSV)")
_EMBED: Final = Texts("insertar", "embed")
_NAMED: Final = Texts("{what}: {title}", "{what}: {title}")


def build_chart_path(segments: Sequence[str], chart: str, suffix: str = "") -> str:
    """Return the URL path of a chart of an edition, or of a territory or dimension in an edition.

    `segments` are the unquoted path segments of the subject. With the suffix `.svg`, `.png` or `.csv` the path leads to
    a file; without a suffix, to the page with the HTML to embed the chart.
    """
    return "/".join(("/charts", *(quote(segment, safe=":") for segment in segments), f"{chart}{suffix}"))


def list_takings(to: Links, segments: Sequence[str], language: Language) -> Callable[[Picture], list[ChartLink]]:
    """Return a function that lists the links beside a chart: to its files, and to the page with the HTML to embed it.

    `to` builds the URLs. `segments` are the unquoted path segments of the chart's subject, such as the edition.
    """

    def list_links(picture: Picture) -> list[ChartLink]:
        offered = (("SVG", ".svg"), ("PNG", ".png"), (_DATA.into(language), ".csv"), (_EMBED.into(language), ""))
        return [
            (
                what,
                to.add_query(build_chart_path(segments, picture.id, suffix), ()),
                _NAMED.into(language).format(what=what, title=picture.title),
            )
            for what, suffix in offered
        ]

    return list_links
