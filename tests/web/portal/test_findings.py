"""The finding of a picture, sentence by sentence, from figures that are easy to reckon."""

from __future__ import annotations

import pytest

from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.scoring.ranking import FiveNumberSummary
from actitud_api.web.portal import findings
from actitud_api.web.portal.names import Names

NAMES = {language: Names(load_methodology("2027.1"), language) for language in ("es", "en")}


@pytest.mark.parametrize(
    ("levels", "spanish", "english"),
    [
        ({}, "Ninguna organización tiene nivel todavía", "No organisation has a level yet"),
        ({None: 9}, "Ninguna organización tiene nivel todavía", "No organisation has a level yet"),
        ({1: 5}, "Ninguna organización pasa del nivel 1", "No organisation is beyond level 1"),
        (
            {1: 3, 2: 4, 3: 3, None: 90},
            "Unas 7 de cada 10 organizaciones no pasan del nivel 2",
            "About 7 of every 10 organisations are not beyond level 2",
        ),
        ({1: 95, 5: 5}, "Casi ninguna organización pasa del nivel 1", "Hardly any organisation is beyond level 1"),
        (
            {1: 5, 2: 5, 3: 1},
            "Unas 9 de cada 10 organizaciones no pasan del nivel 2",
            "About 9 of every 10 organisations are not beyond level 2",
        ),
        (
            {4: 5, 5: 5},
            "Más de la mitad de las organizaciones está en el nivel 5, el más alto",
            "More than half of the organisations are at level 5, the highest",
        ),
    ],
)
def test_levels(levels: dict[int | None, int], spanish: str, english: str) -> None:
    assert findings.describe_levels(levels, 5, "es") == spanish
    assert findings.describe_levels(levels, 5, "en") == english


def test_spread() -> None:
    spread = FiveNumberSummary(minimum=0, lower=2449, median=3000, upper=4060, maximum=9000)
    assert findings.describe_spread(spread, NAMES["es"]) == "La mitad de las organizaciones puntúa entre 24 y 41"
    assert findings.describe_spread(spread, NAMES["en"]) == "Half of the organisations score 24 to 41"
    narrow = FiveNumberSummary(minimum=0, lower=3000, median=3010, upper=3020, maximum=9000)
    assert findings.describe_spread(narrow, NAMES["es"]) == "Al menos la mitad de las organizaciones puntúa 30"
    assert findings.describe_spread(None, NAMES["es"]) is None


@pytest.mark.parametrize(
    ("medians", "says"),
    [
        ([], None),
        ([("Ávila", None)], None),
        ([("Ávila", 30.4), ("Soria", None)], "La mediana de Ávila es 30"),
        ([("Ávila", 30.4), ("Soria", 29.6)], "Todas se parecen: las medianas rondan los 30 puntos"),
        (
            [("Ávila", 30), ("Soria", 41.5), ("Lugo", 26)],
            "La mediana más alta es la de Soria (42) y la más baja, la de Lugo (26)",
        ),
    ],
)
def test_extremes(medians: list[tuple[str, float | None]], says: str | None) -> None:
    assert findings.describe_extremes(medians, NAMES["es"]) == says


def test_dimensions() -> None:
    medians = [("Escucha", 12.0), ("Equipo", 57.11), ("Cultura", None)]
    assert (
        findings.describe_dimensions(medians, NAMES["es"])
        == "Lo más alto es «Equipo» (57) y lo más bajo, «Escucha» (12)"
    )
    assert findings.describe_dimensions(medians, NAMES["en"]) == "Highest is “Equipo” (57), and lowest “Escucha” (12)"


@pytest.mark.parametrize(
    ("pairs", "says"),
    [
        ([], None),
        ([(None, 3)], None),
        ([(2, 1), (5, 4)], "Por encima de la edición en todas las dimensiones"),
        ([(1, 1), (3, 4)], "En ninguna dimensión por encima de la edición"),
        ([(2, 1), (3, 4), (5, None)], "Por encima de la edición en 1 de 2 dimensiones"),
    ],
)
def test_above(pairs: list[tuple[float | None, float | None]], says: str | None) -> None:
    assert findings.describe_above(pairs, Texts("la edición", "the edition"), "es") == says


@pytest.mark.parametrize(
    ("points", "language", "says"),
    [
        ([("2025", 30)], "es", None),
        ([("2024", None), ("2025", 30)], "es", None),
        ([("2024", 30.2), ("2025", 34.4)], "es", "Sube 4 puntos desde 2024"),
        ([("2023", 31), ("2024", 60), ("2025", 30)], "en", "Down 1 point since 2023"),
        ([("2024", 30.1), ("2025", 29.9)], "es", "Se queda como en 2024"),
        # Both are halves, and the pages show 31 and 35.
        ([("2024", 30.5), ("2025", 34.5)], "es", "Sube 4 puntos desde 2024"),
        ([("2024", 30.4), ("2025", 34.5)], "es", "Sube 5 puntos desde 2024"),
    ],
)
def test_trend(points: list[tuple[str, float | None]], language: Language, says: str | None) -> None:
    assert findings.describe_trend(points, NAMES[language]) == says
