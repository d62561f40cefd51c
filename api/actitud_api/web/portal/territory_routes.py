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
from actitud_api.platform.http.scope import ApiRequest, read_parameters
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.folding import fold
from actitud_api.resources.editions.service import UnknownEdition
from actitud_api.resources.scores import territories
from actitud_api.resources.scores.computed import ComputationCache
from actitud_api.resources.scores.territories import UnknownTerritory
from actitud_api.web.feeds.addresses import FeedScope
from actitud_api.web.portal import findings
from actitud_api.web.portal.chart_links import list_takings
from actitud_api.web.portal.edition_charts import (
    draw_level_shares,
    draw_map,
    draw_medians,
    draw_tenths,
    draw_territory_dimensions,
)
from actitud_api.web.portal.figures import FigureFormatter
from actitud_api.web.portal.filters import SortHeader, list_unknown_filters
from actitud_api.web.portal.layout import (
    Crumb,
    Links,
    build_links,
    choose_segment,
    render_missing_page,
    render_portal_page,
    select_edition_title,
)
from actitud_api.web.portal.sharing import Sharing, share_edition
from actitud_api.web.portal.unpublished_editions import render_missing_edition

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

        If the edition does not exist, show the 404 page; if it is not published yet, its days, with the status 404. If
        the order in the query parameter `sort` is unknown, show the territories by name and a note about the unknown
        order, with the status 404.
        """
        try:
            found = territories.list_territories(database, edition)
        except UnknownEdition:
            return render_missing_edition(request, database, edition)
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
                "takings": list_takings(build_links(request), [found.edition.id], language),
                "map": draw_map(found, figures, build_links(request)),
                "picture": draw_medians("regions", [group.region for group in groups], found.whole.index, figures),
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
        computed: ComputationCache,
        language: Language,
    ) -> Response[bytes]:
        """Show a region or province: the scores of its organisations, compared with the whole edition.

        If the territory is unknown or the edition does not exist, show the 404 page; if the edition is not published
        yet, its days, with the status 404.
        """
        try:
            sheet = territories.get_territory(database, computed, edition, territory)
        except UnknownEdition:
            return render_missing_edition(request, database, edition)
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
                "takings": list_takings(to, [sheet.edition.id, "territories", place.id], language),
                "within": draw_medians("provinces", sheet.within, sheet.whole.index, figures) if sheet.within else None,
                "distribution": draw_tenths(sheet.summary.tenths, sheet.summary.index, figures),
                "shares": draw_level_shares(sheet.summary.levels, figures),
                "medians": draw_territory_dimensions(sheet, figures),
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
