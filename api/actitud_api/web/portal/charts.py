"""Pictures of figures: what is where in them, for the macros of `charts.html`.

Across, everything is a share of the width, so that a picture is as wide as there is room and its letters stay as they
are; down, in `em` of its letters. A picture says in its `description` what can be read in it, and each of its rows
says its figure in words: nothing is told by colour alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from actitud_api.web.embeds.lettering import clean_text, wrap_lines

LABEL_WIDTH: Final = 15.0
"""Width of a label, in em of narrow letters: that of a telephone of 320 px, less the figure at its end.

There are fonts whose letters are an eighth wider than those that `lettering` knows.
"""

_LINE: Final = 1.3
"""From one line of letters to the next."""
_BAR: Final = 0.7
_GAP: Final = 0.75
_AXIS: Final = 1.6
_COLUMNS: Final = 9.0
"""Height of the highest column."""
_FULL: Final = 100.0


class Bar(Struct, frozen=True, kw_only=True):
    """A row of `bars`: a share of 100, None where there is none, its `text`, and another to compare it with."""

    label: str
    value: float | None
    text: str
    mark: float | None = None


class BoxPlotRow(Struct, frozen=True, kw_only=True):
    """A row of `spreads`: least, quartiles and greatest, of 100, and where one stands among them; None: there is none.

    `text`: the figure of the one, or the median.
    """

    label: str
    figures: tuple[float, float, float, float, float] | None
    text: str
    own: float | None = None


class HistogramColumn(Struct, frozen=True, kw_only=True):
    """A column of `columns`: how many, in words too; `marked`: the one that is spoken of."""

    label: str
    count: int
    text: str
    marked: bool = False


class TrendPoint(Struct, frozen=True, kw_only=True):
    """A point of `trend`: of 100, None where there is none."""

    label: str
    value: float | None
    text: str


class ChartRow(Struct, frozen=True, kw_only=True):
    """A row that is laid out: its label in lines, and where its letters and its bar begin."""

    lines: tuple[tuple[str, float], ...]
    text: str
    baseline: float
    top: float
    value: float | None = None
    mark: float | None = None
    figures: tuple[float, float, float, float, float] | None = None
    own: float | None = None


class PlacedMark(Struct, frozen=True, kw_only=True):
    """A column or a point that is laid out: `x` of its middle, `top` and `height` of what is drawn."""

    x: float
    left: float
    width: float
    top: float
    height: float
    label: str
    text: str
    marked: bool = False


class Picture(Struct, frozen=True, kw_only=True):
    """A picture: `kind` names its macro, `id` is unlike that of any other in its page."""

    kind: str
    id: str
    title: str
    description: str
    height: float
    rows: tuple[ChartRow, ...] = ()
    placed: tuple[PlacedMark, ...] = ()
    steps: tuple[tuple[float, str], ...] = ()


def draw_bars(identifier: str, title: str, description: str, rows: Sequence[Bar]) -> Picture:
    """A bar of 0 to 100 for each row, and a mark on it where there is something to compare it with."""
    placed, height = _place_rows([(row.label, row.text, row.value, row.mark, None, None) for row in rows])
    return Picture(
        kind="bars",
        id=identifier,
        title=title,
        description=description,
        height=_round_hundredths(height + _AXIS),
        rows=placed,
    )


def draw_box_plots(identifier: str, title: str, description: str, rows: Sequence[BoxPlotRow]) -> Picture:
    """How figures of 0 to 100 spread in each row: a line from the least to the greatest, a box over the middle half."""
    placed, height = _place_rows([(row.label, row.text, None, None, row.figures, row.own) for row in rows])
    return Picture(
        kind="spreads",
        id=identifier,
        title=title,
        description=description,
        height=_round_hundredths(height + _AXIS),
        rows=placed,
    )


def draw_columns(identifier: str, title: str, description: str, found: Sequence[HistogramColumn]) -> Picture:
    """How many there are of each, side by side; the highest column has all the height."""
    most = max((column.count for column in found), default=0) or 1
    width = _FULL / (len(found) or 1)
    head = 2 * _LINE
    placed = []
    for number, column in enumerate(found):
        height = _round_hundredths(_COLUMNS * column.count / most)
        placed.append(
            PlacedMark(
                x=_round_hundredths(width * (number + 0.5)),
                left=_round_hundredths(width * number + 0.06 * width),
                width=_round_hundredths(0.88 * width),
                top=_round_hundredths(head + _COLUMNS - height),
                height=height,
                label=column.label,
                text=column.text,
                marked=column.marked,
            )
        )
    return Picture(
        kind="columns",
        id=identifier,
        title=title,
        description=description,
        height=_round_hundredths(head + _COLUMNS + 2 * _LINE),
        placed=tuple(placed),
    )


def draw_trend(identifier: str, title: str, description: str, points: Sequence[TrendPoint]) -> Picture:
    """Figures of 0 to 100 one after the other, the first on the left, joined where both are there."""
    width = _FULL / (len(points) or 1)
    head = 2 * _LINE
    placed = [
        PlacedMark(
            x=_round_hundredths(width * (number + 0.5)),
            left=_round_hundredths(width * number),
            width=_round_hundredths(width),
            top=head if point.value is None else _round_hundredths(head + _COLUMNS * (1 - point.value / _FULL)),
            height=0 if point.value is None else 1,
            label=point.label,
            text=point.text,
        )
        for number, point in enumerate(points)
    ]
    return Picture(
        kind="trend",
        id=identifier,
        title=title,
        description=description,
        height=_round_hundredths(head + _COLUMNS + 2 * _LINE),
        placed=tuple(placed),
        steps=tuple((_round_hundredths(head + _COLUMNS * (1 - step / _FULL)), str(step)) for step in (0, 50, 100)),
    )


_RowInput = tuple[str, str, float | None, float | None, tuple[float, float, float, float, float] | None, float | None]


def _place_rows(rows: Sequence[_RowInput]) -> tuple[tuple[ChartRow, ...], float]:
    """Rows under each other: the label, in two lines where it needs them, and the bar below."""
    laid, y = [], 0.0
    for label, text, value, mark, figures, own in rows:
        told = wrap_lines(clean_text(label), LABEL_WIDTH, 1, 2, bold=False)
        first = y + 1
        top = y + _LINE * len(told) + 0.15
        laid.append(
            ChartRow(
                lines=tuple((line, _round_hundredths(first + _LINE * number)) for number, line in enumerate(told)),
                text=text,
                baseline=_round_hundredths(first + _LINE * (len(told) - 1)),
                top=_round_hundredths(top),
                value=value,
                mark=mark,
                figures=figures,
                own=own,
            )
        )
        y = top + _BAR + _GAP
    return tuple(laid), _round_hundredths(y)


def _round_hundredths(value: float) -> float:
    """Hundredths, as many as a screen can show."""
    return round(value, 2)
