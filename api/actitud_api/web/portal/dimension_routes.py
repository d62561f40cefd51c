"""The pages about the dimensions of an edition: distributions of scores, and exemplary organisations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, get_args

from litestar import Controller, Response
from litestar.params import FromPath
from msgspec import Struct

from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.methodology.loader import Methodology, load_methodology
from actitud_api.engine.methodology.model import Group, Indicator
from actitud_api.engine.methodology.predicates import walk_indicators
from actitud_api.platform.http.access import ANYBODY
from actitud_api.platform.http.operations import get_page
from actitud_api.platform.http.scope import ApiRequest, mark_incomplete, read_parameters
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.pages import PageRange
from actitud_api.resources.editions.service import UnknownEdition
from actitud_api.resources.organisations.kinds import Band, Kind
from actitud_api.resources.scores import comparison, comparison_schemas
from actitud_api.resources.scores import dimensions as service
from actitud_api.resources.scores.computed import ComputationCache
from actitud_api.resources.scores.service import DIMENSION_KEYS, ScoreFilters
from actitud_api.web.portal.chart_links import list_takings
from actitud_api.web.portal.edition_charts import draw_dimension_medians, draw_means, draw_tenths, format_tenth
from actitud_api.web.portal.figures import FigureFormatter
from actitud_api.web.portal.filters import UnknownFilter, list_unknown_filters
from actitud_api.web.portal.layout import (
    Crumb,
    build_links,
    choose_segment,
    render_missing_page,
    render_portal_page,
    select_edition_title,
)
from actitud_api.web.portal.unpublished_editions import render_missing_edition

EXEMPLARS_MAX: Final = 5
"""Maximum number of exemplary organisations on the page of a dimension."""
LOWEST_MAX: Final = 3
"""Number of indicators that are marked as those with the lowest means of the dimension."""

_DIMENSIONS: Final = Texts("Dimensiones", "Dimensions")
_UNKNOWN: Final = Texts(
    "La metodología de esa edición no tiene una dimensión con ese identificador.",
    "The methodology of that edition has no dimension of that id.",
)
_SCALES: Final[Mapping[str, Texts]] = {
    "P": Texts("Por población", "By inhabitants"),
    "E": Texts("Por plantilla", "By staff"),
}
_FILTERS: Final[Mapping[str, Texts]] = {
    "kind": Texts("Tipo de organización", "Kind of organisation"),
    "band": Texts("Tamaño", "Size"),
}


class IndicatorSummary(Struct, frozen=True, kw_only=True):
    """An indicator of a dimension, as texts.

    Attributes:
        id: Id of the indicator.
        name: Name of the indicator.
        question: Question that organisations answer.
        weight: Share of the indicator in the weight of the dimension.
        mean: Mean score in the edition.
        lowest: True if this mean is among the `LOWEST_MAX` lowest of the dimension.
    """

    id: str
    name: str
    question: str
    weight: str
    mean: str
    lowest: bool


class ArticlePoint(Struct, frozen=True):
    """A point of the article on which the index is based.

    `indicators` are the ids of the indicators of a dimension that measure this point.
    """

    id: str
    text: str
    indicators: tuple[str, ...]


class DimensionsController(Controller):
    """Routes of the pages about the dimensions of a published edition: the list, and one page for each dimension."""

    path = "/portal/{edition:str}/dimensions"
    include_in_schema = False

    @get_page("/", operation_id="portal.dimensions", access=ANYBODY, has_clean_address=True)
    def list_dimensions(
        self,
        request: ApiRequest,
        edition: FromPath[str],
        database: Database,
        computed: ComputationCache,
        language: Language,
    ) -> Response[bytes]:
        """Show all dimensions of an edition, with the distribution of the organisations' scores in each.

        If the edition does not exist, show the 404 page; if it is not published yet, its days, with the status 404.
        """
        try:
            found = service.compute_dimensions(database, computed, edition)
        except UnknownEdition:
            return render_missing_edition(request, database, edition)
        if not found.means:
            mark_incomplete(request.scope)
        methodology = load_methodology(found.edition.methodology)
        figures, texts = FigureFormatter(methodology, language), methodology.texts[language]
        names = {one.id: texts.groups[one.id].name for one in found.dimensions}
        return render_portal_page(
            request,
            "dimensions.html",
            _DIMENSIONS.into(language),
            {
                "found": found,
                "names": names,
                "bullets": {one.id: _list_article_points(methodology, one.id, language) for one in found.dimensions},
                "figures": figures,
                "takings": list_takings(build_links(request), [found.edition.id], language),
                "picture": draw_dimension_medians(found, names, figures),
            },
            section="dimensions",
            edition=found.edition,
            trail=(
                Crumb(
                    select_edition_title(found.edition, language),
                    build_links(request)(choose_segment(request, found.edition)),
                ),
                Crumb(_DIMENSIONS.into(language)),
            ),
        )

    @get_page(
        "/{dimension:str}",
        operation_id="portal.dimension",
        access=ANYBODY,
        has_clean_address=True,
        parameters=("kind", "band"),
    )
    def show_dimension(
        self,
        request: ApiRequest,
        edition: FromPath[str],
        dimension: FromPath[str],
        database: Database,
        computed: ComputationCache,
        language: Language,
    ) -> Response[bytes]:
        """Show a dimension: its questions, the distribution of scores in the edition, and the best organisations.

        If the dimension is unknown or the edition does not exist, show the 404 page; if the edition is not published
        yet, its days, with the status 404. The page has the status 404 too if the request names an unknown kind or size
        band.
        """
        try:
            found = service.compute_dimensions(database, computed, edition)
        except UnknownEdition:
            return render_missing_edition(request, database, edition)
        ids = [one.id for one in found.dimensions]
        if dimension not in ids:
            return render_missing_page(request, database, _UNKNOWN, edition=found.edition)
        if not found.means:
            mark_incomplete(request.scope)
        methodology = load_methodology(found.edition.methodology)
        figures, texts = FigureFormatter(methodology, language), methodology.texts[language]
        position = ids.index(dimension)
        own, name, to = found.dimensions[position], texts.groups[dimension].name, build_links(request)
        indicators = _list_indicators(found, methodology, dimension, figures, language)
        filters, unknown = _read_filters(request, language)
        segment = choose_segment(request, found.edition)
        exemplars = comparison.list_exemplars(
            database,
            found.edition.id,
            DIMENSION_KEYS[position],
            filters,
            PageRange(limit=EXEMPLARS_MAX),
            principal=None,
        )
        return render_portal_page(
            request,
            "dimension.html",
            name,
            {
                "found": found,
                "own": own,
                "name": name,
                "neighbours": [
                    (one.id, texts.groups[one.id].name)
                    for one in found.dimensions[max(position - 1, 0) : position + 2]
                    if one.id != dimension
                ],
                "figures": figures,
                "asked": indicators,
                "bullets": _list_article_points(methodology, dimension, language),
                "takings": list_takings(to, [found.edition.id, "dimensions", dimension], language),
                "tenths": draw_tenths(own.tenths, own.spread, figures),
                "tenth": format_tenth,
                "means": draw_means(
                    [(one.name, figures.to_points(found.means.get(one.id))) for one in indicators], figures
                ),
                "exemplars": [comparison_schemas.build_exemplar(one, language) for one in exemplars],
                "filters": filters,
                "unknown": unknown,
                "labels": {field: label.into(language) for field, label in _FILTERS.items()},
                "without": to(segment, "dimensions", dimension, kind=filters.kind, band=filters.band),
                "kinds": texts.organisation_types,
                "bands": [
                    (_SCALES[scale].into(language), [(band.code, figures.name_band(band.code)) for band in bands])
                    for scale, bands in methodology.document.size_bands.items()
                ],
            },
            section="dimensions",
            edition=found.edition,
            trail=(
                Crumb(select_edition_title(found.edition, language), to(segment)),
                Crumb(_DIMENSIONS.into(language), to(segment, "dimensions")),
                Crumb(name),
            ),
            status=404 if unknown else 200,
        )


def list_dimension_indicators(methodology: Methodology, dimension: str) -> list[Indicator]:
    """List the indicators of a dimension in the order of the methodology."""
    (group,) = [child for child in methodology.document.root.children if child.id == dimension]
    return list(walk_indicators(group)) if isinstance(group, Group) else [group]


def _read_filters(request: ApiRequest, language: Language) -> tuple[ScoreFilters, tuple[UnknownFilter, ...]]:
    """Read the kind and size band of the exemplary organisations to show from the query parameters.

    Return the filters, and those whose value is not known and that are therefore left out.
    """
    parameters = dict(read_parameters(request))
    kinds, bands = get_args(Kind), get_args(Band)
    filters = ScoreFilters(
        kind=next((kind for kind in kinds if kind == parameters.get("kind")), None),
        band=next((band for band in bands if band == parameters.get("band")), None),
    )
    return filters, list_unknown_filters(parameters, {"kind": kinds, "band": bands}, _FILTERS, language)


def _list_indicators(
    found: service.EditionDimensions,
    methodology: Methodology,
    dimension: str,
    figures: FigureFormatter,
    language: Language,
) -> list[IndicatorSummary]:
    """List the indicators of a dimension, with their mean scores in the edition.

    The `LOWEST_MAX` indicators with the lowest means are marked as `lowest`. If no more indicators than that
    have a mean, none is marked.
    """
    known = list_dimension_indicators(methodology, dimension)
    whole = sum(indicator.weight for indicator in known)
    means = [(mean, one.id) for one in known if (mean := found.means.get(one.id)) is not None]
    lowest = {name for _, name in sorted(means)[:LOWEST_MAX]} if len(means) > LOWEST_MAX else set()
    texts = methodology.texts[language]
    return [
        IndicatorSummary(
            id=one.id,
            name=texts.indicators[one.id].name,
            question=texts.indicators[one.id].question,
            weight=figures.format_share(one.weight, whole),
            mean=figures.format_units(found.means.get(one.id)),
            lowest=one.id in lowest,
        )
        for one in known
    ]


def _list_article_points(methodology: Methodology, dimension: str, language: Language) -> list[ArticlePoint]:
    """List the points of the article that the indicators of a dimension answer, in the order of the article."""
    known = {one.id for one in list_dimension_indicators(methodology, dimension)}
    texts = methodology.texts[language].article.bullets
    answering = {
        bullet: tuple(one for one in answered if one in known)
        for bullet, answered in methodology.document.answers.bullets.items()
    }
    return [ArticlePoint(bullet, texts[bullet], answered) for bullet, answered in answering.items() if answered]
