"""The pages about the regions and provinces of an edition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import quote

from litestar import Controller, Response
from litestar.params import FromPath
from msgspec import Struct

from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.platform.http.access import ANYBODY
from actitud_api.platform.http.operations import get_page
from actitud_api.platform.http.scope import ApiRequest
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.folding import fold
from actitud_api.resources.editions.service import UnknownEdition
from actitud_api.resources.scores import territories
from actitud_api.resources.scores.territories import UnknownTerritory
from actitud_api.web.embeds import texts as embed_texts
from actitud_api.web.feeds.addresses import FeedScope
from actitud_api.web.portal import charts, findings
from actitud_api.web.portal.figures import FigureFormatter
from actitud_api.web.portal.filters import SortHeader, list_unknown_filters
from actitud_api.web.portal.layout import (
    Crumb,
    Links,
    build_links,
    choose_segment,
    read_parameters,
    render_missing_page,
    render_portal_page,
    select_edition_title,
)
from actitud_api.web.portal.sharing import Sharing, share_edition

_TERRITORIES: Final = Texts("Territorios", "Territories")
_UNKNOWN: Final = Texts(
    "En esa edición no hay ninguna organización de un territorio con ese nombre.",
    "In that edition there is no organisation of a territory of that name.",
)
_ORDER: Final = Texts("Orden", "Order")
_HEADERS: Final[Mapping[str, tuple[Texts, tuple[str, str]]]] = {
    "name": (Texts("Territorio", "Territory"), ("name", "-name")),
    "organisations": (Texts("Organizaciones", "Organisations"), ("-organisations", "organisations")),
    "median": (Texts("Mediana", "Median"), ("-median", "median")),
}
"""The headers by which the list is sorted, each with the order of its link and the opposite one."""
_SORTS: Final = tuple(sort for _, sorts in _HEADERS.values() for sort in sorts)
_MEDIANS: Final = Texts("Cómo se reparte el índice en cada territorio", "How the index spreads in each territory")
_MEDIANS_DESCRIPTION: Final = Texts(
    "Del índice más bajo al más alto, con la mitad central en una caja y la mediana en una raya: {rows}.",
    "From the lowest index to the highest, the middle half in a box and the median a stroke: {rows}.",
)
_TENTHS: Final = Texts("Organizaciones por tramos del índice", "Organisations by tenths of the index")
_TENTHS_DESCRIPTION: Final = Texts("Cuántas hay en cada tramo: {rows}.", "How many there are in each tenth: {rows}.")
_DIMENSIONS: Final = Texts("Mediana de cada dimensión", "Median of each dimension")
_DIMENSIONS_DESCRIPTION: Final = Texts(
    "La mediana de {name} y, entre paréntesis, la de toda la edición: {rows}.",
    "The median of {name} and, in brackets, that of the whole edition: {rows}.",
)


class RegionGroup(Struct, frozen=True):
    """A region in the list of territories. `provinces` are its provinces, empty if the region has only one."""

    region: territories.TerritoryFigures
    provinces: tuple[territories.TerritoryFigures, ...]


class TerritoriesController(Controller):
    """Routes of the pages about the regions and provinces of a published edition."""

    path = "/portal/{edition:str}/territories"
    include_in_schema = False

    @get_page("/", operation_id="portal.territories", access=ANYBODY, has_clean_address=True, parameters=("sort",))
    def list_territories(
        self, request: ApiRequest, edition: FromPath[str], database: Database, language: Language
    ) -> Response[bytes]:
        """Show all regions and provinces of an edition, with the distribution of their organisations' scores.

        An edition that does not exist or is not published gets the 404 page. The page has the status 404 if the order
        is not known.
        """
        try:
            found = territories.list_territories(database, edition)
        except UnknownEdition:
            return render_missing_page(request, database, embed_texts.UNKNOWN_EDITION)
        figures = FigureFormatter(load_methodology(found.edition.methodology), language)
        parameters, to, segment = (
            dict(read_parameters(request)),
            build_links(request),
            choose_segment(request, found.edition),
        )
        unknown = list_unknown_filters(parameters, {"sort": _SORTS}, {"sort": _ORDER}, language)
        sort = parameters["sort"] if parameters.get("sort") in _SORTS else "name"
        groups = _group_regions(found, sort)
        return render_portal_page(
            request,
            "territories.html",
            _TERRITORIES.into(language),
            {
                "found": found,
                "groups": groups,
                "unknown": unknown,
                "without": to(segment, "territories"),
                "headers": _build_headers(sort, to, segment, language),
                "figures": figures,
                "levels": figures.list_levels(),
                "picture": _draw_medians([group.region for group in groups], figures, language),
            },
            section="territories",
            edition=found.edition,
            trail=(
                Crumb(select_edition_title(found.edition, language), to(segment)),
                Crumb(_TERRITORIES.into(language)),
            ),
            status=404 if unknown else 200,
            sharing=share_edition(
                found.edition, findings.describe_levels(found.whole.levels, len(figures.list_levels()), language)
            ),
        )

    @get_page("/{territory:str}", operation_id="portal.territory", access=ANYBODY, has_clean_address=True)
    def show_territory(
        self,
        request: ApiRequest,
        edition: FromPath[str],
        territory: FromPath[str],
        database: Database,
        language: Language,
    ) -> Response[bytes]:
        """Show a region or province: the scores of its organisations, compared with the whole edition.

        An unknown territory, and an edition that does not exist or is not published, get the 404 page.
        """
        try:
            sheet = territories.get_territory(database, edition, territory)
        except UnknownEdition:
            return render_missing_page(request, database, embed_texts.UNKNOWN_EDITION)
        except UnknownTerritory:
            return render_missing_page(request, database, _UNKNOWN)
        figures = FigureFormatter(load_methodology(sheet.edition.methodology), language)
        place, to, segment = sheet.territory, build_links(request), choose_segment(request, sheet.edition)
        dimensions = figures.map_dimensions()
        return render_portal_page(
            request,
            "territory.html",
            place.name,
            {
                "sheet": sheet,
                "place": place,
                "figures": figures,
                "dimensions": list(dimensions.items()),
                "levels": figures.list_levels(),
                "within": _draw_medians(list(sheet.within), figures, language) if sheet.within else None,
                "distribution": draw_tenths(sheet.summary.tenths, _TENTHS, figures, language),
                "medians": _draw_dimensions(sheet, list(dimensions.values()), figures, language),
                "ranking": to(segment, **{place.level: place.code}),
            },
            section="territories",
            edition=sheet.edition,
            trail=(
                Crumb(select_edition_title(sheet.edition, language), to(segment)),
                Crumb(_TERRITORIES.into(language), to(segment, "territories")),
                Crumb(place.name),
            ),
            feed=FeedScope("territory", place.id),
            sharing=_share_territory(sheet, figures, language),
        )


def format_tenth(number: int) -> str:
    """Format the range of a tenth of the scores by its number, 0 to 9: `0–10` to `90–100`."""
    return f"{10 * number}–{10 * number + 10}"


def _build_headers(sort: str, to: Links, segment: str, language: Language) -> dict[str, SortHeader]:
    """Build the headers of the columns by which the list can be sorted, by column."""
    headers = {}
    for column, (label, sorts) in _HEADERS.items():
        wanted = sorts[1] if sort == sorts[0] else sorts[0]
        headers[column] = SortHeader(
            column=column,
            label=label.into(language),
            href=to(segment, "territories", sort=None if wanted == "name" else wanted),
            order=None if sort not in sorts else "descending" if sort.startswith("-") else "ascending",
        )
    return headers


def _share_territory(sheet: territories.TerritoryProfile, figures: FigureFormatter, language: Language) -> Sharing:
    finding = findings.describe_levels(sheet.summary.levels, len(figures.list_levels()), language)
    description = f"{sheet.territory.name}: {finding[:1].lower()}{finding[1:]}."
    image = f"/share/{quote(sheet.edition.id)}/territories/{sheet.territory.id}.png"
    return Sharing(description=description, image=image, alt=description)


def _group_regions(found: territories.EditionTerritories, sort: str) -> list[RegionGroup]:
    """Group provinces below their regions, both in the order `sort`; territories without the figure are the last."""
    known = [(one.territory, one) for one in found.territories if one.territory is not None]
    key = sort.removeprefix("-")

    def measure(figures: territories.TerritoryFigures) -> int | None:
        if key == "organisations":
            return figures.organisations
        return None if figures.index is None else figures.index.median

    def arrange(listed: Sequence[territories.TerritoryFigures]) -> list[territories.TerritoryFigures]:
        by_name = sorted(listed, key=lambda one: fold("" if one.territory is None else one.territory.name))
        if key == "name":
            return by_name[::-1] if sort.startswith("-") else by_name
        measured = sorted(
            (one for one in by_name if measure(one) is not None),
            key=lambda one: measure(one) or 0,
            reverse=sort.startswith("-"),
        )
        return measured + [one for one in by_name if measure(one) is None]

    groups = []
    for region in arrange([figures for place, figures in known if place.level == "region"]):
        provinces = [
            figures
            for place, figures in known
            if place.level == "province" and region.territory is not None and place.region == region.territory.code
        ]
        groups.append(RegionGroup(region, tuple(arrange(provinces)) if len(provinces) > 1 else ()))
    return groups


def _draw_medians(
    found: list[territories.TerritoryFigures], figures: FigureFormatter, language: Language
) -> charts.Picture:
    rows = [
        charts.BoxPlotRow(
            label="" if one.territory is None else one.territory.name,
            figures=figures.list_five_numbers(one.index),
            text=figures.format_units(None if one.index is None else one.index.median),
        )
        for one in found
    ]
    described = "; ".join(f"{row.label} {row.text}" for row in rows)
    return charts.draw_box_plots(
        "medians", _MEDIANS.into(language), _MEDIANS_DESCRIPTION.into(language).format(rows=described), rows
    )


def draw_tenths(tenths: Sequence[int], title: Texts, figures: FigureFormatter, language: Language) -> charts.Picture:
    """Lay out a histogram of scores: `tenths` are the numbers of organisations from 0 to 10 points, 10 to 20, …."""
    columns = [
        charts.HistogramColumn(label=str(10 * number), count=count, text=figures.format_count(count))
        for number, count in enumerate(tenths)
    ]
    described = "; ".join(
        f"{format_tenth(number)}: {figures.format_count(count)}" for number, count in enumerate(tenths)
    )
    return charts.draw_columns(
        "tenths", title.into(language), _TENTHS_DESCRIPTION.into(language).format(rows=described), columns
    )


def _draw_dimensions(
    sheet: territories.TerritoryProfile, names: list[str], figures: FigureFormatter, language: Language
) -> charts.Picture:
    rows = []
    for name, own, whole in zip(names, sheet.summary.dimensions, sheet.whole.dimensions, strict=True):
        median = figures.to_points(None if own is None else own.median)
        rows.append(
            charts.Bar(
                label=name,
                value=median,
                text=figures.format_points(median),
                mark=figures.to_points(None if whole is None else whole.median),
            )
        )
    described = "; ".join(
        f"{row.label} {row.text} ({figures.format_units(None if whole is None else whole.median)})"
        for row, whole in zip(rows, sheet.whole.dimensions, strict=True)
    )
    description = _DIMENSIONS_DESCRIPTION.into(language).format(name=sheet.territory.name, rows=described)
    return charts.draw_bars("dimensions", _DIMENSIONS.into(language), description, rows)
