"""Invented municipalities: as many as in Spain, with the sizes and the provinces of the real ones.

No real municipality has been measured here, so none appears: the names are plainly invented.
"""

from __future__ import annotations

import functools

from msgspec import Struct

from actitud_api.demo.chance import Chance
from actitud_api.resources.organisations.identifiers import format_demonstration_identifier
from actitud_api.resources.organisations.territories import PROVINCES

SIZES = (
    (5, 100, 1_399),
    (101, 500, 2_605),
    (501, 1_000, 1_001),
    (1_001, 2_000, 867),
    (2_001, 5_000, 955),
    (5_001, 10_000, 545),
    (10_001, 20_000, 343),
    (20_001, 50_000, 267),
    (50_001, 100_000, 86),
    (100_001, 250_000, 46),
    (250_001, 500_000, 11),
    (500_001, 3_300_000, 6),
)
"""Number of Spanish municipalities by size class: lowest and highest population, and number (padrón of 2020, INE)."""

SIZES_YEAR = 2020
"""Year of the populations in `SIZES`."""

MUNICIPALITIES = {
    "01": 51, "02": 87, "03": 141, "04": 103, "05": 248, "06": 165, "07": 67, "08": 311, "09": 371, "10": 223,
    "11": 45, "12": 135, "13": 102, "14": 77, "15": 93, "16": 238, "17": 221, "18": 174, "19": 288, "20": 88,
    "21": 80, "22": 202, "23": 97, "24": 211, "25": 231, "26": 174, "27": 67, "28": 179, "29": 103, "30": 45,
    "31": 272, "32": 92, "33": 78, "34": 191, "35": 34, "36": 61, "37": 362, "38": 54, "39": 102, "40": 209,
    "41": 106, "42": 183, "43": 184, "44": 236, "45": 204, "46": 266, "47": 225, "48": 112, "49": 248, "50": 293,
    "51": 1, "52": 1,
}  # fmt: skip
"""Number of municipalities in 2020 by province code (nomenclátor of IGN and INE)."""

_PLACE_NAMES = (
    "Aldea", "Alquería", "Arroyo", "Barrio", "Burgo", "Cabañas", "Cala", "Campo", "Casas", "Castillo", "Cerro",
    "Cortijos", "Costa", "Cueva", "Dehesa", "Ermita", "Fuente", "Granja", "Huerta", "Isla", "Lago", "Llano",
    "Molinos", "Monte", "Palacios", "Peña", "Playa", "Plaza", "Pozo", "Prado", "Puebla", "Puente", "Puerto", "Ribera",
    "Torre", "Valle", "Vega", "Venta", "Villar", "Villa",
)  # fmt: skip
_INVENTIONS = (
    "Alegoría", "Boceto", "Borrador", "Conjetura", "Cuento", "Ejemplo", "Ensayo", "Ensueño", "Escenario", "Espejismo",
    "Fábula", "Fantasía", "Ficción", "Hipótesis", "Invento", "Leyenda", "Maqueta", "Muestra", "Novela", "Prototipo",
    "Quimera", "Relato", "Simulacro", "Supuesto", "Utopía",
)  # fmt: skip
_ADDITIONS = (
    "de Abajo", "de Arriba", "del Aire", "del Alba", "de la Lluvia", "de la Luna", "del Norte", "del Papel", "del Sur",
    "de la Tinta", "del Viento",
)  # fmt: skip


class Municipality(Struct, frozen=True):
    """Invented municipality of the demonstration.

    `province` and `region` are official codes. `size` is its place on a scale of populations from 0 (smallest) to 1
    (largest), on which each size class in `SIZES` has the same length, so that it is roughly logarithmic.
    """

    id: str
    name: str
    province: str
    region: str
    population: int
    size: float


# To draw them takes 35 ms, and whoever simulates one of them asks for all.
@functools.lru_cache(maxsize=1)
def simulate_municipalities(seed: int) -> tuple[Municipality, ...]:
    """Return all invented municipalities, the same for the same seed.

    Each province has one of the largest municipalities, as its capital would be.
    """
    chance = Chance(seed)
    populations = sorted((size for sizes in SIZES for size in _draw_populations(chance, *sizes)), reverse=True)
    capitals = chance.shuffle(populations[: len(PROVINCES)])
    others = chance.shuffle(populations[len(PROVINCES) :])
    names = chance.shuffle(
        [
            f"{place} {invention} {addition}"
            for place in _PLACE_NAMES
            for invention in _INVENTIONS
            for addition in _ADDITIONS
        ]
    )
    result: list[Municipality] = []
    for province in PROVINCES:
        for number in range(MUNICIPALITIES[province]):
            population = others.pop() if number else capitals.pop()
            result.append(
                Municipality(
                    id=format_demonstration_identifier(len(result) + 1),
                    name=names[len(result)],
                    province=province,
                    region=PROVINCES[province].region,
                    population=population,
                    size=_compute_size(population),
                )
            )
    return tuple(result)


def _draw_populations(chance: Chance, low: int, high: int, count: int) -> list[int]:
    """Draw `count` populations from `low` to `high`, more of them near `low`."""
    # Squaring moves numbers towards 0, as small municipalities are more frequent within each size class.
    return [low + int((high - low + 1) * _square(chance.uniform())) for _ in range(count)]


def _square(value: float) -> float:
    return value * value


def _compute_size(population: int) -> float:
    for position, (low, high, _) in enumerate(SIZES):
        if population <= high:
            return (position + (population - low) / (high - low)) / len(SIZES)
    raise AssertionError("a population lies in one of the sizes")
