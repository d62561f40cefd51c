"""Routes of charts as files (SVG, PNG, CSV), and of the pages with the HTML to embed the charts.

The parameter `lang` sets the language of a file; without it, the language is Spanish. The language of the browser is
not used, because other sites show the file, and each of them has one language.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from litestar import Controller, Response
from litestar.params import FromPath
from markupsafe import Markup
from msgspec import Struct

from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.narration import words
from actitud_api.platform.http.access import ANYBODY
from actitud_api.platform.http.large_responses import LargeResponse
from actitud_api.platform.http.operations import get_page
from actitud_api.platform.http.problems import NOT_FOUND, ProblemError
from actitud_api.platform.http.representations import CSV, SHARED, conditional
from actitud_api.platform.http.scope import ApiRequest, choose_language, find_base_url, mark_incomplete
from actitud_api.platform.storage.database import Database
from actitud_api.resources.editions import service as editions
from actitud_api.resources.editions.service import UnknownEdition
from actitud_api.resources.scores import dimensions, summaries, territories
from actitud_api.resources.scores.computed import ComputationCache
from actitud_api.resources.scores.service import ScoreFilters
from actitud_api.resources.scores.territories import UnknownTerritory
from actitud_api.web.charts import drawing
from actitud_api.web.charts.layouts import ChartTable, Picture
from actitud_api.web.downloads.formats.delimited import encode_csv
from actitud_api.web.downloads.formats.tables import TableColumn
from actitud_api.web.embeds.pictures import compute_csp_source
from actitud_api.web.embeds.texts import UNKNOWN_EDITION
from actitud_api.web.portal import edition_charts
from actitud_api.web.portal.chart_links import build_chart_path
from actitud_api.web.portal.dimension_routes import list_dimension_indicators
from actitud_api.web.portal.figures import FigureFormatter
from actitud_api.web.portal.layout import (
    SITE,
    Crumb,
    Links,
    build_links,
    read_file_language,
    render_missing_page,
    render_portal_page,
    select_edition_title,
)
from actitud_api.web.portal.names import NO_FIGURE
from actitud_api.web.portal.sharing import Sharing

SVG: Final = "image/svg+xml"
PNG: Final = "image/png"

FILE_POLICY: Final = (
    f"default-src 'none'; style-src {compute_csp_source(drawing.STYLE)}; "
    "frame-ancestors *; base-uri 'none'; form-action 'none'; sandbox"
)
"""Content-Security-Policy of an SVG file: it has its own style, runs no script and loads nothing."""

_NO_CHART: Final = Texts("No hay una figura con ese nombre.", "There is no picture of that name.")
_NO_TERRITORY: Final = Texts(
    "En esa edición no hay ninguna organización de ese territorio, o el territorio no existe.",
    "That edition has no organisation in that territory, or there is no such territory.",
)
_FIGURE: Final = Texts("Figura", "Picture")
_SIMULATED: Final = Texts("datos inventados", "invented data")


class Chart(Struct, frozen=True, kw_only=True):
    """A chart with its subject and the link back to its page.

    `segments` are the unquoted path segments of the subject: edition, and territory or dimension. `about` is the
    subject in words, such as the title of the edition. `back` links to the page that shows the chart.
    """

    edition: editions.EditionRecord
    segments: tuple[str, ...]
    about: str
    back: Crumb
    picture: Picture


_Draw = Callable[[], Picture]


class ChartsController(Controller):
    """Routes of the charts of an edition, of a territory in it and of a dimension in it."""

    path = "/charts"
    include_in_schema = False

    @get_page("/{edition:str}/{name:str}", operation_id="charts.edition", access=ANYBODY, cors=True)
    def show_edition_chart(
        self,
        request: ApiRequest,
        edition: FromPath[str],
        name: FromPath[str],
        database: Database,
        computed: ComputationCache,
    ) -> Response[bytes] | LargeResponse:
        """Show a chart of an edition: `levels`, `spread`, `map`, `regions`, or `medians` of the dimensions.

        With a suffix (`.svg`, `.png`, `.csv`) the response is a file; without one, the page with the HTML to embed the
        chart.
        """
        return _answer(
            request,
            database,
            name,
            lambda chart, language: _find_edition_chart(database, computed, edition, chart, language),
        )

    @get_page(
        "/{edition:str}/territories/{territory:str}/{name:str}",
        operation_id="charts.territory",
        access=ANYBODY,
        cors=True,
    )
    def show_territory_chart(
        self,
        request: ApiRequest,
        edition: FromPath[str],
        territory: FromPath[str],
        name: FromPath[str],
        database: Database,
        computed: ComputationCache,
    ) -> Response[bytes] | LargeResponse:
        """Show a chart of a territory in an edition.

        `name` is the name of the chart: `levels`, `tenths` (of the index), `dimensions` (their medians) or, for a
        region with several provinces, `provinces` (their medians). With a suffix (`.svg`, `.png`, `.csv`) the response
        is a file; without one, the page with the HTML to embed the chart.

        If the edition is not published, the territory has no organisation in it or there is no such chart, a name
        without a suffix gets the 404 page, and one with a suffix a problem with the status 404.
        """
        return _answer(
            request,
            database,
            name,
            lambda chart, language: _find_territory_chart(database, computed, edition, territory, chart, language),
        )

    @get_page(
        "/{edition:str}/dimensions/{dimension:str}/{name:str}",
        operation_id="charts.dimension",
        access=ANYBODY,
        cors=True,
    )
    def show_dimension_chart(
        self,
        request: ApiRequest,
        edition: FromPath[str],
        dimension: FromPath[str],
        name: FromPath[str],
        database: Database,
        computed: ComputationCache,
    ) -> Response[bytes] | LargeResponse:
        """Show a chart of a dimension: `tenths` (of its scores), or `means` of its indicators."""

        def find(chart: str, language: Language) -> Chart | None:
            found = dimensions.compute_dimensions(database, computed, edition)
            if not found.means:
                mark_incomplete(request.scope)
            return _find_dimension_chart(found, dimension, chart, language)

        return _answer(request, database, name, find)


def _answer(
    request: ApiRequest, database: Database, name: str, find: Callable[[str, Language], Chart | None]
) -> Response[bytes] | LargeResponse:
    """Return the response with a chart as the file that `name` asks for, or with the page to embed it from.

    `find` finds a chart by its name without suffix, in a language.
    """
    stem, dot, suffix = name.rpartition(".")
    if dot and suffix not in ("svg", "png", "csv"):
        raise ProblemError(NOT_FOUND, NOT_FOUND.description)
    language = read_file_language(request) if dot else choose_language(request.scope, "es")
    chart, missing = None, _NO_CHART
    try:
        chart = find(stem if dot else name, language)
    except UnknownEdition:
        missing = UNKNOWN_EDITION
    except UnknownTerritory:
        missing = _NO_TERRITORY
    if not dot:
        if chart is None:
            return render_missing_page(request, database, missing)
        return _render_page(request, chart, language)
    if chart is None or chart.picture.table is None:
        raise ProblemError(NOT_FOUND, missing)
    headers = {"Cache-Control": SHARED, "Content-Language": language}
    if suffix == "csv":
        headers["Content-Disposition"] = f'attachment; filename="{"-".join((*chart.segments, stem))}.csv"'
        return conditional(request, b"".join(encode_csv(*_build_table(chart.picture.table))), headers, CSV)
    source = _write_source(request, chart, language)
    if suffix == "svg":
        svg = drawing.draw_svg(chart.picture, chart.picture.legend, source, language)
        return conditional(request, svg.encode(), {**headers, "Content-Security-Policy": FILE_POLICY}, SVG)
    drawn = chart.picture
    # Drawing it takes a tenth of a second of processor time, so only few are drawn at a time.
    return LargeResponse(
        lambda: conditional(request, drawing.draw_png(drawn, drawn.legend, source, language), headers, PNG)
    )


def _render_page(request: ApiRequest, chart: Chart, language: Language) -> Response[bytes]:
    to, base, picture = build_links(request), find_base_url(request), chart.picture
    edition = Crumb(select_edition_title(chart.edition, language), to(chart.edition.id))
    path = build_chart_path(chart.segments, picture.id)
    address = {suffix: to.add_query(f"{path}.{suffix}", ()) for suffix in ("svg", "png", "csv")}
    return render_portal_page(
        request,
        "chart.html",
        f"{picture.title} · {chart.about}",
        {
            "chart": chart,
            "picture": picture,
            "address": address,
            "back": chart.back,
            "snippet": _write_snippet(base, path, picture, language),
            "policy": f"img-src {base}",
            "format_cell": lambda cell: _format_cell(cell, language),
        },
        edition=chart.edition,
        trail=(edition, *([chart.back] if chart.back.title != edition.title else []), Crumb(_FIGURE.into(language))),
        sharing=Sharing(description=f"{picture.title}. {picture.legend}", image=f"{path}.png", alt=picture.title),
    )


def _write_snippet(base: str, path: str, picture: Picture, language: Language) -> str:
    """Return the HTML that shows a chart in another site: an image that fits its column, linked to where it is from."""
    query = "" if language == "es" else f"?lang={language}"
    return str(
        Markup('<a href="{}"><img src="{}" alt="{}" width="{}" style="max-width:100%;height:auto"></a>').format(
            f"{base}{path}{query}", f"{base}{path}.svg{query}", picture.title, drawing.WIDTH
        )
    )


def _find_edition_chart(
    database: Database, computed: ComputationCache, edition: str, name: str, language: Language
) -> Chart | None:
    """Find a chart of an edition; None if there is none of that name.

    Raises:
        UnknownEdition: No edition with that id is published.
    """
    record = editions.get_published(database, edition).record
    methodology = load_methodology(record.methodology)
    figures, to = FigureFormatter(methodology, language), _build_links(language)
    texts = methodology.texts[language]

    def summarise() -> summaries.ScoreSummary:
        return summaries.compute_summary(database, computed, record.id, ScoreFilters(), principal=None)

    def draw_regions() -> Picture:
        found = territories.list_territories(database, record.id)
        regions = [one for one in found.territories if one.territory is not None and one.territory.level == "region"]
        return edition_charts.draw_medians("regions", regions, found.whole.index, figures)

    def draw_dimensions() -> Picture:
        found = dimensions.compute_dimensions(database, computed, record.id)
        names = {one.id: texts.groups[one.id].name for one in found.dimensions}
        return edition_charts.draw_dimension_medians(found, names, figures)

    draws: Mapping[str, tuple[str | None, _Draw]] = {
        "levels": (None, lambda: edition_charts.draw_level_shares(summarise().levels, figures)),
        "spread": (None, lambda: edition_charts.draw_index_spread(summarise(), figures)),
        "map": (
            "territories",
            lambda: edition_charts.draw_map(territories.list_territories(database, record.id), figures, None),
        ),
        "regions": ("territories", draw_regions),
        "medians": ("dimensions", draw_dimensions),
    }
    if name not in draws:
        return None
    section, draw = draws[name]
    title = select_edition_title(record, language)
    back = (
        Crumb(title, to(record.id))
        if section is None
        else Crumb(_SECTIONS[section].into(language), to(record.id, section))
    )
    return Chart(edition=record, segments=(record.id,), about=title, back=back, picture=draw())


def _find_territory_chart(
    database: Database, computed: ComputationCache, edition: str, territory: str, name: str, language: Language
) -> Chart | None:
    """Find a chart of a territory in an edition; None if there is none of that name.

    Raises:
        UnknownEdition: No edition with that id is published.
        UnknownTerritory: There is no such territory, or no organisation of the edition is in it.
    """
    profile = territories.get_territory(database, computed, edition, territory)
    record, place, summary = profile.edition, profile.territory, profile.summary
    figures = FigureFormatter(load_methodology(record.methodology), language)
    draws: dict[str, _Draw] = {
        "levels": lambda: edition_charts.draw_level_shares(summary.levels, figures),
        "tenths": lambda: edition_charts.draw_tenths(summary.tenths, summary.index, figures),
        "dimensions": lambda: edition_charts.draw_territory_dimensions(profile, figures),
    }
    if profile.within:
        draws["provinces"] = lambda: edition_charts.draw_medians(
            "provinces", profile.within, profile.whole.index, figures
        )
    if name not in draws:
        return None
    to = _build_links(language)
    return Chart(
        edition=record,
        segments=(record.id, "territories", place.id),
        about=f"{place.name} · {select_edition_title(record, language)}",
        back=Crumb(place.name, to(record.id, "territories", place.id)),
        picture=draws[name](),
    )


def _find_dimension_chart(
    found: dimensions.EditionDimensions, dimension: str, name: str, language: Language
) -> Chart | None:
    """Find a chart of a dimension in an edition; None if there is no such dimension, or none of that name."""
    record = found.edition
    methodology = load_methodology(record.methodology)
    figures, texts = FigureFormatter(methodology, language), methodology.texts[language]
    own = next((one for one in found.dimensions if one.id == dimension), None)
    if own is None:
        return None
    means = [
        (texts.indicators[one.id].name, figures.to_points(found.means.get(one.id)))
        for one in list_dimension_indicators(methodology, dimension)
    ]
    draws: Mapping[str, _Draw] = {
        "tenths": lambda: edition_charts.draw_tenths(own.tenths, own.spread, figures),
        "means": lambda: edition_charts.draw_means(means, figures),
    }
    if name not in draws:
        return None
    title = texts.groups[dimension].name
    return Chart(
        edition=record,
        segments=(record.id, "dimensions", dimension),
        about=f"{title} · {select_edition_title(record, language)}",
        back=Crumb(title, _build_links(language)(record.id, "dimensions", dimension)),
        picture=draws[name](),
    )


_SECTIONS: Final[Mapping[str, Texts]] = {
    "territories": Texts("Territorios", "Territories"),
    "dimensions": Texts("Dimensiones", "Dimensions"),
}


def _build_table(table: ChartTable) -> tuple[Sequence[TableColumn], Sequence[Sequence[Sequence[str | float | None]]]]:
    """Return the columns and the rows of a chart for the writer of CSV."""
    columns = [
        TableColumn(
            name=title,
            kind="string" if all(isinstance(row[position], str | None) for row in table.rows) else "number",
            title=title,
            description="",
        )
        for position, title in enumerate(table.titles)
    ]
    return columns, [table.rows]


def _format_cell(cell: str | float | None, language: Language) -> str:
    if cell is None:
        return NO_FIGURE
    return cell if isinstance(cell, str) else words.format_number(cell, language)


def _write_source(request: ApiRequest, chart: Chart, language: Language) -> str:
    """Return the last line of a file: who made it, of which edition, and where."""
    host = find_base_url(request).partition("://")[2]
    remark = (_SIMULATED.into(language),) if chart.edition.simulated else ()
    return " · ".join((SITE, chart.about, *remark, host, "CC BY 4.0"))


def _build_links(language: Language) -> Links:
    return Links(None if language == "es" else language)
