"""The tile map of Spain: one tile of the same size for each province, near the real position of the province.

On a map with borders Badajoz is eleven times as large as Gipuzkoa, which has as many inhabitants. Here all provinces
have the same size, and the figure of each fits into its tile. The grid was designed for this project.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from msgspec import Struct

COLUMNS: Final = 10
ROWS: Final = 9
STEPS: Final = 5
"""Number of colours of the map: the provinces are parted into so many classes of about the same number."""

_GRID: Final = """
15:C  27:LU 33:O  39:S  48:BI 20:SS .     .     .     .
36:PO 32:OU 24:LE 34:P  09:BU 01:VI 31:NA 22:HU 25:L  17:GI
.     .     49:ZA 47:VA 40:SG 26:LO 42:SO 50:Z  43:T  08:B
.     .     37:SA 05:AV 28:M  19:GU 44:TE 12:CS .     .
.     .     10:CC 45:TO 16:CU 02:AB 46:V  .     07:IB .
.     .     06:BA 13:CR 23:J  30:MU 03:A  .     .     .
.     21:H  41:SE 14:CO 18:GR 04:AL .     .     .     .
.     .     11:CA 29:MA .     .     .     .     .     .
38:TF 35:GC .     51:CE .     52:ML .     .     .     .
"""
"""The grid, row by row from the north: INE code and the letters of the old number plates; a point is sea."""


class TilePlace(NamedTuple):
    """The position of a province in the grid of tiles, and its letters.

    `column` and `row` are counted from the north-west corner; `letters` is the short name of the province on its tile.
    """

    column: int
    row: int
    letters: str


def _read_grid() -> dict[str, TilePlace]:
    places = {}
    for row, line in enumerate(_GRID.strip().splitlines()):
        for column, cell in enumerate(line.split()):
            code, _, letters = cell.partition(":")
            if letters:
                places[code] = TilePlace(column, row, letters)
    return places


PLACES: Final[Mapping[str, TilePlace]] = _read_grid()
"""The places of all provinces by INE code, from north to south."""


class Tile(Struct, frozen=True, kw_only=True):
    """A tile of the map: a province with its figure.

    Attributes:
        place: Position of the tile in the grid.
        step: Class of the figure, 1 (lowest) to `STEPS`; None without a figure.
        text: The figure as text.
        label: Province and figures in words, for screen readers and as a tooltip.
        href: URL of the page of the province, None if no organisation is in the province.
    """

    place: TilePlace
    step: int | None
    text: str
    label: str
    href: str | None


class TileClass(NamedTuple):
    """A class of figures in the legend of the tile map: its step of the scale, and its lowest and highest figure."""

    step: int
    lowest: int
    highest: int


def classify(figures: Mapping[str, int]) -> dict[str, int]:
    """Divide figures into `STEPS` classes of about the same size; equal figures are in the same class.

    Return the class of each figure, 1 to `STEPS`, by the same keys. Pass the figures as shown, in whole points: with
    finer figures, two that look equal could be in different classes, and one class could end with the figure with which
    the next begins.
    """
    ordered = sorted(figures.values())
    first = {figure: ordered.index(figure) for figure in set(ordered)}
    return {key: 1 + STEPS * first[figure] // len(ordered) for key, figure in figures.items()}


def list_classes(figures: Mapping[str, int], steps: Mapping[str, int]) -> Sequence[TileClass]:
    """List the classes that contain figures, lowest first.

    `steps` contains the class of each of the `figures`, by the same keys.
    """
    found: dict[int, list[int]] = {}
    for key, step in steps.items():
        found.setdefault(step, []).append(figures[key])
    return [TileClass(step, min(members), max(members)) for step, members in sorted(found.items())]
