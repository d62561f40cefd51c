"""The finding of a chart: one sentence, built by rules from the data of the chart, which is the title of the chart.

Figures in these sentences are whole numbers: two decimals of a median of thousands mean nothing to a reader.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.narration import words
from actitud_api.engine.scoring.ranking import FiveNumberSummary
from actitud_api.engine.scoring.result import Figure, to_points
from actitud_api.web.portal.names import Names

_UP_TO_ALL: Final = Texts("Ninguna organización pasa del nivel {level}", "No organisation is beyond level {level}")
_UP_TO_NEARLY_ALL: Final = Texts(
    "Casi ninguna organización pasa del nivel {level}", "Hardly any organisation is beyond level {level}"
)
_UP_TO_TENTHS: Final = Texts(
    "Unas {tenths} de cada 10 organizaciones no pasan del nivel {level}",
    "About {tenths} of every 10 organisations are not beyond level {level}",
)
_AT_THE_TOP: Final = Texts(
    "Más de la mitad de las organizaciones está en el nivel {level}, el más alto",
    "More than half of the organisations are at level {level}, the highest",
)
_NO_LEVELS: Final = Texts("Ninguna organización tiene nivel todavía", "No organisation has a level yet")

_SPREAD: Final = Texts(
    "La mitad de las organizaciones puntúa entre {lower} y {upper}",
    "Half of the organisations score {lower} to {upper}",
)
_SPREAD_EQUAL: Final = Texts(
    "Al menos la mitad de las organizaciones puntúa {median}", "At least half of the organisations score {median}"
)
_ONLY_ONE: Final = Texts("La mediana de {name} es {figure}", "The median of {name} is {figure}")
_ALIKE: Final = Texts(
    "Todas se parecen: las medianas rondan los {figure} puntos", "All are alike: the medians are about {figure} points"
)
_EXTREMES: Final = Texts(
    "La mediana más alta es la de {high} ({highest}) y la más baja, la de {low} ({lowest})",
    "The highest median is that of {high} ({highest}), and the lowest that of {low} ({lowest})",
)
_BEST_AND_WORST: Final = Texts(
    "Lo más alto es «{high}» ({highest}) y lo más bajo, «{low}» ({lowest})",
    "Highest is “{high}” ({highest}), and lowest “{low}” ({lowest})",
)
_DONE_ALIKE: Final = Texts("Todo está en torno a {figure}", "Everything is about {figure}")
_DONE_ONE: Final = Texts("«{name}» está en {figure}", "“{name}” is at {figure}")
_ABOVE_ALL: Final = Texts("Por encima de {whole} en todas las dimensiones", "Above {whole} in every dimension")
_ABOVE_NONE: Final = Texts("En ninguna dimensión por encima de {whole}", "Above {whole} in no dimension")
_ABOVE: Final = Texts(
    "Por encima de {whole} en {above} de {count} dimensiones", "Above {whole} in {above} of {count} dimensions"
)
_RISEN: Final = Texts("Sube {points} desde {edition}", "Up {points} since {edition}")
_FALLEN: Final = Texts("Baja {points} desde {edition}", "Down {points} since {edition}")
_STEADY: Final = Texts("Se queda como en {edition}", "As it was in {edition}")
_POINT: Final = Texts("1 punto", "1 point")
_POINTS: Final = Texts("{count} puntos", "{count} points")
_NEARLY_ALL: Final = 0.95
"""Share of the organisations from which nearly all are spoken of."""


def describe_levels(levels: Mapping[int | None, int], of: int, language: Language) -> str:
    """Describe the share of organisations at or below a level: the lowest level for which the share is above half.

    `levels` contains the number of organisations at each level; the key None counts those without a level, which are
    ignored. `of` is the number of levels.
    """
    counted = {level: count for level, count in levels.items() if level is not None and count}
    whole = sum(counted.values())
    if not whole:
        return _NO_LEVELS.into(language)
    reached = 0
    for level in range(1, of):
        reached += counted.get(level, 0)
        if 2 * reached > whole:
            share = reached / whole
            text = _UP_TO_ALL if share == 1 else _UP_TO_NEARLY_ALL if share >= _NEARLY_ALL else _UP_TO_TENTHS
            return text.into(language).format(level=level, tenths=(20 * reached + whole) // (2 * whole))
    return _AT_THE_TOP.into(language).format(level=of)


def describe_spread(spread: FiveNumberSummary | None, names: Names) -> str | None:
    """Describe the range of the middle half of scores and their median; return None if there are no scores."""
    if spread is None:
        return None
    lower, median, upper = (
        names.format_whole(to_points(units, 10**names.decimals))
        for units in (spread.lower, spread.median, spread.upper)
    )
    text = _SPREAD_EQUAL if lower == upper else _SPREAD
    return text.into(names.language).format(lower=lower, median=median, upper=upper)


def describe_extremes(medians: Sequence[tuple[str, Figure | None]], names: Names) -> str | None:
    """Describe the territories with the highest and the lowest median; return None if no territory has a median.

    `medians`: pairs of the name of a territory and its median, None if it has none.
    """
    return _describe_ends(medians, names, one=_ONLY_ONE, alike=_ALIKE, ends=_EXTREMES)


def describe_dimensions(medians: Sequence[tuple[str, Figure | None]], names: Names) -> str | None:
    """Describe in a sentence the dimensions or indicators with the highest and the lowest median.

    `medians`: pairs of a name and its median, None if it has none. Return None if no pair has a median.
    """
    return _describe_ends(medians, names, one=_DONE_ONE, alike=_DONE_ALIKE, ends=_BEST_AND_WORST)


def _describe_ends(
    medians: Sequence[tuple[str, Figure | None]], names: Names, *, one: Texts, alike: Texts, ends: Texts
) -> str | None:
    known = [(figure, name) for name, figure in medians if figure is not None]
    if not known:
        return None
    highest, high = max(known, key=lambda pair: pair[0])
    lowest, low = min(known, key=lambda pair: pair[0])
    top, bottom = names.format_whole(highest), names.format_whole(lowest)
    text = one if len(known) == 1 else alike if top == bottom else ends
    return text.into(names.language).format(name=high, figure=top, high=high, highest=top, low=low, lowest=bottom)


def describe_above(
    pairs: Sequence[tuple[Figure | None, Figure | None]], whole: Texts, language: Language
) -> str | None:
    """Describe the number of dimensions in which the first of two figures is above the second.

    `pairs` contains the two figures of each dimension, such as the median of a territory and the median of the whole
    edition; a figure that does not exist is None. `whole` is the name of the second figures in the sentence. Return
    None if no dimension has both figures.
    """
    known = [(own, other) for own, other in pairs if own is not None and other is not None]
    if not known:
        return None
    above = sum(own > other for own, other in known)
    text = _ABOVE_ALL if above == len(known) else _ABOVE_NONE if above == 0 else _ABOVE
    return text.into(language).format(whole=whole.into(language), above=above, count=len(known))


def describe_trend(points: Sequence[tuple[str, Figure | None]], names: Names) -> str | None:
    """Describe the change of the index from the first edition to the last; return None for fewer than two figures.

    `points` contains the name and the index of each edition, the oldest first; the index is None if there is none.
    """
    known = [(edition, figure) for edition, figure in points if figure is not None]
    if len(known) < 2:
        return None
    (edition, first), (_, last) = known[0], known[-1]
    change = int(words.round_score(last) - words.round_score(first))
    text = _STEADY if change == 0 else _RISEN if change > 0 else _FALLEN
    counted = (_POINT if abs(change) == 1 else _POINTS).into(names.language)
    return text.into(names.language).format(
        points=counted.format(count=names.format_count(abs(change))), edition=edition
    )
