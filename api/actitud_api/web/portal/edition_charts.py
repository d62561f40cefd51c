"""The charts of an edition, of a territory and of a dimension, each with its finding as its title.

Pages show these charts, and `chart_routes` serves them as files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import structs

from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.scoring.ranking import FiveNumberSummary
from actitud_api.engine.scoring.result import Figure
from actitud_api.resources.scores import territories
from actitud_api.resources.scores.dimensions import EditionDimensions
from actitud_api.resources.scores.summaries import ScoreSummary
from actitud_api.resources.scores.territories import TerritoryFigures
from actitud_api.web.charts import layouts as charts
from actitud_api.web.charts.layouts import ChartTable, Picture
from actitud_api.web.charts.tiles import PLACES, Tile, classify, list_classes
from actitud_api.web.portal import findings, ranking
from actitud_api.web.portal.figures import FigureFormatter
from actitud_api.web.portal.layout import Links
from actitud_api.web.portal.names import Names, name_province

_LEVELS_LEGEND: Final = Texts(
    "Parte de las organizaciones que hay en cada nivel, del más bajo al más alto.",
    "Share of the organisations at each level, from the lowest to the highest.",
)
_TENTHS_LEGEND: Final = Texts(
    "Cuántas organizaciones hay en cada decena de puntos: 0 son de 0 a menos de 10; 90, de 90 a 100.",
    "How many organisations there are in every ten points: 0 are from 0 to under 10; 90, from 90 to 100.",
)
_MAP_LEGEND: Final = Texts(
    "Mediana del índice en cada provincia, de 0 a 100. Una casilla por provincia; las letras son las de las antiguas "
    "matrículas.",
    "Median index of each province, from 0 to 100. One tile for each province; the letters are those of the old number "
    "plates.",
)
_DOTS_LEGEND: Final = Texts(
    "El punto es la mediana, cuya cifra va a la derecha; la barra, la mitad central de las organizaciones.",
    "The dot is the median, whose figure is on the right; the bar the middle half of the organisations.",
)
_REFERENCE_LEGEND: Final = Texts(
    "La raya discontinua es la mediana de toda la edición.", "The broken line is the median of the whole edition."
)
_MEANS_LEGEND: Final = Texts(
    "Media de cada indicador, de 0 a 100. Sin respuesta cuenta 0.",
    "Mean of each indicator, from 0 to 100. No answer counts 0.",
)
_BESIDE_LEGEND: Final = Texts(
    "La barra es la mediana de aquí; la raya, la de toda la edición.",
    "The bar is the median here; the stroke, that of the whole edition.",
)
_SPREAD_LEGEND: Final = Texts(
    "Parte de las organizaciones con puesto que hay en cada tramo de diez puntos del índice; debajo, dónde empieza.",
    "Share of the ranked organisations in every ten points of the index; below, where the ten points begin.",
)
_LEVELS_DESCRIPTION: Final = Texts("Organizaciones de cada nivel: {rows}.", "Organisations of each level: {rows}.")
_NO_LEVEL: Final = Texts("sin nivel", "no level")
_TENTHS: Final = Texts("Organizaciones por tramos de puntuación", "Organisations by tenths of the score")
_TENTHS_DESCRIPTION: Final = Texts("Cuántas hay en cada tramo: {rows}.", "How many there are in each tenth: {rows}.")
_NO_MEDIANS: Final = Texts("Todavía no hay puntuaciones que comparar", "There are no scores to compare yet")
_DOTS_DESCRIPTION: Final = Texts(
    "La mediana de cada fila y, entre paréntesis, entre qué puntuaciones está la mitad central: {rows}.",
    "The median of each row and, in brackets, between which scores the middle half is: {rows}.",
)
_TILE: Final = Texts(
    "{name}: mediana {median}, {count} organizaciones", "{name}: median {median}, {count} organisations"
)
_TILE_ONE: Final = Texts("{name}: mediana {median}, 1 organización", "{name}: median {median}, 1 organisation")
_TILE_UNRATED: Final = Texts("{name}: sin puntuaciones", "{name}: no scores")
_TILE_EMPTY: Final = Texts("{name}: ninguna organización", "{name}: no organisation")
_MAP_DESCRIPTION: Final = Texts(
    "Una casilla por provincia, aproximadamente en su sitio, con la mediana del índice de sus organizaciones.",
    "One tile for each province, about in its place, with the median index of its organisations.",
)
_UNRATED: Final = Texts("sin puntuaciones", "no scores")
_RANGE: Final = Texts("de {low} a {high}", "{low} to {high}")
_BARS_DESCRIPTION: Final = Texts("De 0 a 100: {rows}.", "From 0 to 100: {rows}.")
_BESIDE_DESCRIPTION: Final = Texts(
    "La mediana de {name} y, entre paréntesis, la de toda la edición: {rows}.",
    "The median of {name} and, in brackets, that of the whole edition: {rows}.",
)
_WHOLE: Final = Texts("la edición", "the edition")

_TITLES: Final[Mapping[str, Texts]] = {
    "level": Texts("Nivel", "Level"),
    "organisations": Texts("Organizaciones", "Organisations"),
    "tenth": Texts("Puntuación", "Score"),
    "code": Texts("Código INE", "INE code"),
    "province": Texts("Provincia", "Province"),
    "territory": Texts("Territorio", "Territory"),
    "dimension": Texts("Dimensión", "Dimension"),
    "indicator": Texts("Indicador", "Indicator"),
    "median": Texts("Mediana", "Median"),
    "lower": Texts("Primer cuartil", "First quartile"),
    "upper": Texts("Tercer cuartil", "Third quartile"),
    "mean": Texts("Media", "Mean"),
    "whole": Texts("Mediana de la edición", "Median of the edition"),
}
"""Titles of the columns of downloads."""


def draw_level_shares(levels: Mapping[int | None, int], figures: Names) -> Picture:
    """Draw the number of organisations at each level.

    `levels` contains the numbers by level; the key None counts the organisations without a level.
    """
    language, numbers = figures.language, figures.list_levels()
    every: list[int | None] = [*numbers, None]
    counts = [(level, levels.get(level, 0)) for level in every]
    rows = "; ".join(
        f"{_NO_LEVEL.into(language) if level is None else figures.name_level(level)}: {figures.format_count(count)}"
        for level, count in counts
    )
    picture = charts.draw_levels(
        "levels",
        findings.describe_levels(levels, len(numbers), language),
        _LEVELS_DESCRIPTION.into(language).format(rows=rows),
        [charts.LevelShare(level=level, count=count) for level, count in counts],
        len(numbers),
    )
    table = [(_NO_LEVEL.into(language) if level is None else str(level), count) for level, count in counts]
    return _complete(picture, _LEVELS_LEGEND, language, ("level", "organisations"), table)


def draw_tenths(tenths: Sequence[int], spread: FiveNumberSummary | None, figures: FigureFormatter) -> Picture:
    """Draw the distribution of scores as a histogram of ten columns.

    `tenths` contains the numbers of scores from 0 to 10 points, from 10 to 20, and so on. `spread` summarises the
    scores for the title of the chart; None if there are no scores.
    """
    language = figures.language
    columns = [
        charts.HistogramColumn(label=str(10 * number), count=count, text=figures.format_count(count))
        for number, count in enumerate(tenths)
    ]
    described = "; ".join(
        f"{format_tenth(number)}: {figures.format_count(count)}" for number, count in enumerate(tenths)
    )
    picture = charts.draw_columns(
        "tenths",
        findings.describe_spread(spread, figures) or _TENTHS.into(language),
        _TENTHS_DESCRIPTION.into(language).format(rows=described),
        columns,
    )
    rows = [(format_tenth(number), count) for number, count in enumerate(tenths)]
    return _complete(picture, _TENTHS_LEGEND, language, ("tenth", "organisations"), rows)


def draw_index_spread(summary: ScoreSummary, names: Names) -> Picture:
    """Draw the distribution of the index in an edition, with a table of the counts for downloads."""
    picture = ranking.draw_tenths("spread", summary, names)
    rows = [(format_tenth(number), count) for number, count in enumerate(summary.tenths)]
    return _complete(picture, _SPREAD_LEGEND, names.language, ("tenth", "organisations"), rows)


def draw_map(found: territories.EditionTerritories, figures: FigureFormatter, to: Links | None) -> Picture:
    """Draw the tile map of the median index of each province; `to` builds the links of the tiles, None for no links."""
    language = figures.language
    known = {
        one.territory.code: one
        for one in found.territories
        if one.territory is not None and one.territory.level == "province"
    }
    medians = {code: one.index.median for code, one in known.items() if one.index is not None}
    shown = {code: figures.round_units(median) for code, median in medians.items()}
    steps = classify(shown)
    tiles = []
    for code, place in PLACES.items():
        one = known.get(code)
        name, href = name_province(code) or code, None
        if one is not None and one.territory is not None and to is not None:
            href = to(found.edition.id, "territories", one.territory.id)
        tiles.append(
            Tile(
                place=place,
                step=steps.get(code),
                text=figures.format_whole(figures.to_points(medians.get(code))),
                label=_describe_tile(name, one, figures),
                href=href,
            )
        )
    classes: list[tuple[int | None, str]] = [
        (one.step, _format_range(one.lowest, one.highest, figures)) for one in list_classes(shown, steps)
    ]
    if any(tile.step is None for tile in tiles):
        classes.append((None, _UNRATED.into(language)))
    named = [(name_province(code) or code, figures.to_points(median)) for code, median in medians.items()]
    picture = charts.draw_tiles(
        "map",
        findings.describe_extremes(named, figures) or _NO_MEDIANS.into(language),
        _MAP_DESCRIPTION.into(language),
        tiles,
        classes,
    )
    rows = [
        (name_province(code) or code, code, figures.to_points(medians.get(code)), one.organisations)
        for code, one in sorted(known.items())
    ]
    return _complete(picture, _MAP_LEGEND, language, ("province", "code", "median", "organisations"), rows)


def draw_medians(
    identifier: str, found: Sequence[TerritoryFigures], whole: FiveNumberSummary | None, figures: FigureFormatter
) -> Picture:
    """Draw the medians of territories as dots, the highest first, each over the middle half of the territory's scores.

    `identifier` is the id of the chart in the page. `whole` summarises the scores of the edition; its median is marked
    in every row. If it is None, no median is marked.
    """
    rows = [("" if one.territory is None else one.territory.name, one.index) for one in found]
    medians = [(name, None if spread is None else figures.to_points(spread.median)) for name, spread in rows]
    title = findings.describe_extremes(medians, figures) or _NO_MEDIANS.into(figures.language)
    return _draw_spreads(identifier, title, "territory", rows, whole, figures)


def draw_dimension_medians(found: EditionDimensions, names: Mapping[str, str], figures: FigureFormatter) -> Picture:
    """Draw the medians of the dimensions as dots, the highest first; `names` are their names by id."""
    rows = [(names[one.id], one.spread) for one in found.dimensions]
    medians = [(name, None if spread is None else figures.to_points(spread.median)) for name, spread in rows]
    title = findings.describe_dimensions(medians, figures) or _NO_MEDIANS.into(figures.language)
    return _draw_spreads("medians", title, "dimension", rows, None, figures)


def draw_means(means: Sequence[tuple[str, Figure | None]], figures: FigureFormatter) -> Picture:
    """Draw the mean scores of indicators.

    `means` contains name and mean of each indicator, in the order of the methodology; the mean is None without scores.
    """
    language = figures.language
    bars = [charts.Bar(label=name, value=mean, text=figures.format_points(mean)) for name, mean in means]
    described = "; ".join(f"{bar.label} {bar.text}" for bar in bars)
    picture = charts.draw_bars(
        "means",
        findings.describe_dimensions(means, figures) or _NO_MEDIANS.into(language),
        _BARS_DESCRIPTION.into(language).format(rows=described),
        bars,
    )
    return _complete(picture, _MEANS_LEGEND, language, ("indicator", "mean"), means)


def draw_territory_dimensions(profile: territories.TerritoryProfile, figures: FigureFormatter) -> Picture:
    """Draw the medians of the dimensions in a territory, beside the medians in the whole edition."""
    language = figures.language
    bars, rows = [], []
    for name, own, whole in zip(
        figures.map_dimensions().values(), profile.summary.dimensions, profile.whole.dimensions, strict=True
    ):
        median = figures.to_points(None if own is None else own.median)
        other = figures.to_points(None if whole is None else whole.median)
        bars.append(charts.Bar(label=name, value=median, text=figures.format_points(median), mark=other))
        rows.append((name, median, other))
    described = "; ".join(
        f"{name} {figures.format_points(own)} ({figures.format_points(other)})" for name, own, other in rows
    )
    title = findings.describe_above([(own, other) for _, own, other in rows], _WHOLE, language)
    picture = charts.draw_bars(
        "dimensions",
        title or _NO_MEDIANS.into(language),
        _BESIDE_DESCRIPTION.into(language).format(name=profile.territory.name, rows=described),
        bars,
    )
    return _complete(picture, _BESIDE_LEGEND, language, ("dimension", "median", "whole"), rows)


def format_tenth(number: int) -> str:
    """Format the range of points of a tenth of the scores by its number, 0 to 9: `0–10` to `90–100`."""
    return f"{10 * number}–{10 * number + 10}"


def _draw_spreads(
    identifier: str,
    title: str,
    kind: str,
    rows: Sequence[tuple[str, FiveNumberSummary | None]],
    whole: FiveNumberSummary | None,
    figures: FigureFormatter,
) -> Picture:
    """Draw a dot plot of medians over middle halves, the highest median first; rows without one come last."""
    ordered = sorted(rows, key=lambda row: -1 if row[1] is None else row[1].median, reverse=True)
    dots, table = [], []
    for name, spread in ordered:
        points = figures.list_five_numbers(spread)
        dots.append(
            charts.DotRow(
                label=name,
                dot=None if points is None else points[2],
                text=figures.format_whole(None if points is None else points[2]),
                middle=None if points is None else (points[1], points[3]),
            )
        )
        lower, median, upper = (None, None, None) if points is None else points[1:4]
        table.append((name, median, lower, upper))
    described = "; ".join(
        f"{name} {figures.format_points(median)} ({figures.format_points(lower)}–{figures.format_points(upper)})"
        for name, median, lower, upper in table
    )
    reference = None if whole is None else figures.to_points(whole.median)
    picture = charts.draw_dots(
        identifier, title, _DOTS_DESCRIPTION.into(figures.language).format(rows=described), dots, reference=reference
    )
    legend = _DOTS_LEGEND.into(figures.language)
    if whole is not None:
        legend = f"{legend} {_REFERENCE_LEGEND.into(figures.language)}"
    return _complete(picture, legend, figures.language, (kind, "median", "lower", "upper"), table)


def _describe_tile(name: str, one: TerritoryFigures | None, figures: FigureFormatter) -> str:
    language = figures.language
    if one is None:
        return _TILE_EMPTY.into(language).format(name=name)
    if one.index is None:
        return _TILE_UNRATED.into(language).format(name=name)
    text = _TILE_ONE if one.organisations == 1 else _TILE
    return text.into(language).format(
        name=name, median=figures.format_units(one.index.median), count=figures.format_count(one.organisations)
    )


def _format_range(lowest: int, highest: int, figures: FigureFormatter) -> str:
    """Format the range of a class of the map in whole points; as one number if both ends are the same."""
    low, high = (figures.format_count(points) for points in (lowest, highest))
    return low if low == high else _RANGE.into(figures.language).format(low=low, high=high)


def _complete(
    picture: Picture,
    legend: Texts | str,
    language: Language,
    titles: Sequence[str],
    rows: Sequence[Sequence[str | float | None]],
) -> Picture:
    """Return a chart with its legend, and with its table for downloads."""
    table = ChartTable(tuple(_TITLES[title].into(language) for title in titles), tuple(tuple(row) for row in rows))
    text = legend if isinstance(legend, str) else legend.into(language)
    return structs.replace(picture, legend=text, table=table)
