"""Lay out charts. The macros of `charts.html` draw them from the coordinates computed here.

Horizontal coordinates are percentages of the width, so that a chart fills its column while its text keeps its
size. Vertical coordinates are in `em`. No information depends on colour alone: the `description` contains every
figure, and each row shows its figure as text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from actitud_api.web.embeds.text_metrics import clean_text, wrap_lines

LABEL_WIDTH: Final = 15.0
"""Width of a label in em: a telephone of 320 px minus the figure at the end of the row.

It is an eighth narrower than the room, because some fonts are that much wider than the metrics of
`text_metrics`.
"""

_LINE: Final = 1.3
"""Height of a line of text, in em."""
_BAR: Final = 0.7
_GAP: Final = 0.75
_AXIS: Final = 1.6
_COLUMNS: Final = 9.0
"""Height of the highest column, in em."""
_FULL: Final = 100.0


class Bar(Struct, frozen=True, kw_only=True):
    """A bar from 0 to 100 (None: no figure), its figure as text, and a mark to compare it with."""

    label: str
    value: float | None
    text: str
    mark: float | None = None


class BoxPlotRow(Struct, frozen=True, kw_only=True):
    """A row of a box plot: minimum, quartiles and maximum (0 to 100, or None), and the organisation's own figure.

    `text`: the own figure, or the median if there is none.
    """

    label: str
    figures: tuple[float, float, float, float, float] | None
    text: str
    own: float | None = None


class HistogramColumn(Struct, frozen=True, kw_only=True):
    """A column of a histogram: a count, its text, and whether the column is highlighted."""

    label: str
    count: int
    text: str
    marked: bool = False


class TrendPoint(Struct, frozen=True, kw_only=True):
    """A point of a trend line, 0 to 100; None without a figure."""

    label: str
    value: float | None
    text: str


class ChartRow(Struct, frozen=True, kw_only=True):
    """A row of a chart with its coordinates: the lines of its label, and the top of its bar."""

    lines: tuple[tuple[str, float], ...]
    text: str
    baseline: float
    top: float
    value: float | None = None
    mark: float | None = None
    figures: tuple[float, float, float, float, float] | None = None
    own: float | None = None


class PlacedMark(Struct, frozen=True, kw_only=True):
    """A column or point with its coordinates: `x` is its middle, `top` and `height` are those of its shape."""

    x: float
    left: float
    width: float
    top: float
    height: float
    label: str
    text: str
    marked: bool = False


class Picture(Struct, frozen=True, kw_only=True):
    """A chart with its coordinates. `kind` names its macro in `charts.html`; `id` is unique in the page."""

    kind: str
    id: str
    title: str
    description: str
    height: float
    rows: tuple[ChartRow, ...] = ()
    placed: tuple[PlacedMark, ...] = ()
    steps: tuple[tuple[float, str], ...] = ()


def draw_bars(identifier: str, title: str, description: str, rows: Sequence[Bar]) -> Picture:
    """Lay out one bar from 0 to 100 per row, with a mark if the row has a figure to compare."""
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
    """Lay out one box plot per row: a line from minimum to maximum, and a box from the first to the third quartile."""
    placed, height = _place_rows([(row.label, row.text, None, None, row.figures, row.own) for row in rows])
    return Picture(
        kind="spreads",
        id=identifier,
        title=title,
        description=description,
        height=_round_hundredths(height + _AXIS),
        rows=placed,
    )


def draw_columns(identifier: str, title: str, description: str, bars: Sequence[HistogramColumn]) -> Picture:
    """Lay out counts as columns side by side. The highest column has the full height."""
    highest = max((column.count for column in bars), default=0) or 1
    width = _FULL / (len(bars) or 1)
    head = 2 * _LINE
    placed = []
    for number, column in enumerate(bars):
        height = _round_hundredths(_COLUMNS * column.count / highest)
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
    """Lay out figures from 0 to 100 from left to right. A line joins neighbours that both have a figure."""
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
    """Place rows below each other, each with its label and its bar. Return them and their total height in em."""
    laid, y = [], 0.0
    for label, text, value, mark, figures, own in rows:
        wrapped = wrap_lines(clean_text(label), LABEL_WIDTH, 1, 2, bold=False)
        first = y + 1
        top = y + _LINE * len(wrapped) + 0.15
        laid.append(
            ChartRow(
                lines=tuple((line, _round_hundredths(first + _LINE * number)) for number, line in enumerate(wrapped)),
                text=text,
                baseline=_round_hundredths(first + _LINE * (len(wrapped) - 1)),
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
    """Round to hundredths, which is finer than a screen shows."""
    return round(value, 2)
