"""Pages about the regions and provinces of an edition."""

from __future__ import annotations

from typing import Final, Literal

from litestar import Controller, Response
from litestar.params import FromPath
from msgspec import Struct

from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.methodology.loader import load
from actitud_api.platform.http.access import ANYBODY
from actitud_api.platform.http.operations import get_page
from actitud_api.platform.http.scope import ApiRequest
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.folding import fold
from actitud_api.resources.editions.service import UnknownEdition
from actitud_api.resources.scores import territories
from actitud_api.resources.scores.service import Summary
from actitud_api.resources.scores.territories import UnknownTerritory
from actitud_api.web.embeds import equivalent as said
from actitud_api.web.portal import charts
from actitud_api.web.portal.figures import Figures
from actitud_api.web.portal.layout import Crumb, links_of, missing, parameters, portal_page, title_of

_TERRITORIES: Final = Texts("Territorios", "Territories")
_UNKNOWN: Final = Texts(
    "En esa edición no hay ninguna organización de un territorio con ese nombre.",
    "In that edition there is no organisation of a territory of that name.",
)
_MEDIANS: Final = Texts("Cómo se reparte el índice en cada territorio", "How the index spreads in each territory")
_MEDIANS_SAID: Final = Texts(
    "Del índice más bajo al más alto, con la mitad central en una caja y la mediana en una raya: {rows}.",
    "From the lowest index to the highest, the middle half in a box and the median a stroke: {rows}.",
)
_COLUMNS: Final = Texts("Organizaciones por tramos del índice", "Organisations by tenths of the index")
_COLUMNS_SAID: Final = Texts("Cuántas hay en cada tramo: {rows}.", "How many there are in each tenth: {rows}.")
_DIMENSIONS: Final = Texts("Mediana de cada dimensión", "Median of each dimension")
_DIMENSIONS_SAID: Final = Texts(
    "La mediana de {name} y, entre paréntesis, la de toda la edición: {rows}.",
    "The median of {name} and, in brackets, that of the whole edition: {rows}.",
)


class Group(Struct, frozen=True):
    """A region of the list, and its provinces where it has several."""

    region: territories.Figures
    provinces: tuple[territories.Figures, ...]


class TerritoriesController(Controller):
    """Regions and provinces of a published edition."""

    path = "/portal/{edition:str}/territories"
    include_in_schema = False

    @get_page("/", operation_id="portal.territories", access=ANYBODY)
    def list_territories(
        self, request: ApiRequest, edition: FromPath[str], database: Database, language: Language
    ) -> Response[bytes]:
        """Every territory, with how its organisations score."""
        try:
            found = territories.territories(database, edition)
        except UnknownEdition:
            return missing(request, database, said.UNKNOWN_EDITION)
        figures = Figures(load(found.edition.methodology), language)
        sort: Literal["name", "median"] = "median" if dict(parameters(request)).get("sort") == "median" else "name"
        groups = _groups(found, sort)
        return portal_page(
            request,
            "territories.html",
            _TERRITORIES.into(language),
            {
                "found": found,
                "groups": groups,
                "sort": sort,
                "figures": figures,
                "levels": figures.levels(),
                "picture": _medians([group.region for group in groups], figures, language),
            },
            section="territories",
            edition=found.edition,
            trail=(
                Crumb(title_of(found.edition, language), links_of(request)(found.edition.id)),
                Crumb(_TERRITORIES.into(language)),
            ),
        )

    @get_page("/{territory:str}", operation_id="portal.territory", access=ANYBODY)
    def show_territory(
        self,
        request: ApiRequest,
        edition: FromPath[str],
        territory: FromPath[str],
        database: Database,
        language: Language,
    ) -> Response[bytes]:
        """What a territory comes to."""
        try:
            sheet = territories.territory(database, edition, territory)
        except UnknownEdition:
            return missing(request, database, said.UNKNOWN_EDITION)
        except UnknownTerritory:
            return missing(request, database, _UNKNOWN)
        figures = Figures(load(sheet.edition.methodology), language)
        place, to = sheet.territory, links_of(request)
        dimensions = figures.dimensions()
        return portal_page(
            request,
            "territory.html",
            place.name,
            {
                "sheet": sheet,
                "place": place,
                "figures": figures,
                "dimensions": list(dimensions.items()),
                "levels": figures.levels(),
                "within": _medians(list(sheet.within), figures, language) if sheet.within else None,
                "distribution": _distribution(sheet.summary, figures, language),
                "medians": _dimensions(sheet, list(dimensions.values()), figures, language),
                "ranking": to(sheet.edition.id, **{place.level: place.code}),
            },
            section="territories",
            edition=sheet.edition,
            trail=(
                Crumb(title_of(sheet.edition, language), to(sheet.edition.id)),
                Crumb(_TERRITORIES.into(language), to(sheet.edition.id, "territories")),
                Crumb(place.name),
            ),
        )


def tenth(number: int) -> str:
    """A tenth of the scores: `0–10` to `90–100`."""
    return f"{10 * number}–{10 * number + 10}"


def _groups(found: territories.Territories, sort: Literal["name", "median"]) -> list[Group]:
    known = [(one.territory, one) for one in found.territories if one.territory is not None]

    def order(figures: territories.Figures) -> tuple[int, str]:
        median = -1 if figures.index is None else figures.index.median
        name = "" if figures.territory is None else figures.territory.name
        return (-median if sort == "median" else 0, fold(name))

    groups = []
    for place, region in known:
        if place.level == "region":
            provinces = [one for of, one in known if of.level == "province" and of.region == place.code]
            groups.append(Group(region, tuple(sorted(provinces, key=order)) if len(provinces) > 1 else ()))
    return sorted(groups, key=lambda group: order(group.region))


def _medians(found: list[territories.Figures], figures: Figures, language: Language) -> charts.Picture:
    rows = [
        charts.Spread(
            label="" if one.territory is None else one.territory.name,
            figures=figures.five(one.index),
            text=figures.units(None if one.index is None else one.index.median),
        )
        for one in found
    ]
    told = "; ".join(f"{row.label} {row.text}" for row in rows)
    return charts.spreads("medians", _MEDIANS.into(language), _MEDIANS_SAID.into(language).format(rows=told), rows)


def _distribution(summary: Summary, figures: Figures, language: Language) -> charts.Picture:
    columns = [
        charts.Column(label=str(10 * number), count=count, text=figures.count(count))
        for number, count in enumerate(summary.tenths)
    ]
    told = "; ".join(f"{tenth(number)}: {figures.count(count)}" for number, count in enumerate(summary.tenths))
    return charts.columns("tenths", _COLUMNS.into(language), _COLUMNS_SAID.into(language).format(rows=told), columns)


def _dimensions(sheet: territories.Sheet, names: list[str], figures: Figures, language: Language) -> charts.Picture:
    rows = []
    for name, own, whole in zip(names, sheet.summary.dimensions, sheet.whole.dimensions, strict=True):
        median = figures.of(None if own is None else own.median)
        rows.append(
            charts.Bar(
                label=name,
                value=median,
                text=figures.points(median),
                mark=figures.of(None if whole is None else whole.median),
            )
        )
    told = "; ".join(
        f"{row.label} {row.text} ({figures.units(None if whole is None else whole.median)})"
        for row, whole in zip(rows, sheet.whole.dimensions, strict=True)
    )
    description = _DIMENSIONS_SAID.into(language).format(name=sheet.territory.name, rows=told)
    return charts.bars("dimensions", _DIMENSIONS.into(language), description, rows)
