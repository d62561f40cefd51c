"""Layout of charts: computes the coordinates from which the macros of `charts.html` draw them.

Horizontal coordinates are percentages of the width, so that a chart fills its column while its text keeps its
size. Vertical coordinates are in `em`. Colour is never the only sign of a fact: the `description` of a chart
contains every figure, and each row shows its figure as text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from actitud_api.web.embeds.text_metrics import clean_text, wrap_lines

LABEL_WIDTH: Final = 15.0
"""Width of the label of a row, in em, chosen for a telephone that is 320 px wide.

The figure of the row stands at the end of the same line. Of the width beside the figure, the label takes seven
eighths: text in some fonts is an eighth wider than `text_metrics` computes, and then still fits.
"""

_LINE: Final = 1.3
"""Height of a line of text in a chart, in em."""
_BAR: Final = 0.7
_GAP: Final = 0.75
_AXIS: Final = 1.6
_COLUMNS: Final = 9.0
"""Height of the highest column of a histogram, in em."""
_FULL: Final = 100.0


class Bar(Struct, frozen=True, kw_only=True):
    """A bar of a chart, from 0 to 100, with its figure as text.

    `value` is None if there is no figure. `mark` is a second figure, from 0 to 100, to compare the bar with; None
    draws no mark.
    """

    label: str
    value: float | None
    text: str
    mark: float | None = None


class BoxPlotRow(Struct, frozen=True, kw_only=True):
    """A row of a box plot, with figures from 0 to 100.

    `figures` are minimum, first quartile, median, third quartile and maximum; None if nobody has a figure. `own` is
    the figure of the organisation that the page is about, None if there is none. `text` is the figure to write
    beside the row, such as `own` or the median.
    """

    label: str
    figures: tuple[float, float, float, float, float] | None
    text: str
    own: float | None = None


class HistogramColumn(Struct, frozen=True, kw_only=True):
    """A column of a histogram: the label below it, its count, and the count as text.

    `marked` is True if the column is highlighted.
    """

    label: str
    count: int
    text: str
    marked: bool = False


class TrendPoint(Struct, frozen=True, kw_only=True):
    """A point of a trend line; `value` is from 0 to 100, or None if there is no figure at this point."""

    label: str
    value: float | None
    text: str


class ChartRow(Struct, frozen=True, kw_only=True):
    """A row of a chart with its vertical coordinates, in em.

    `lines`: the lines of the label, each with its baseline. `text`: the figure of the row, and `baseline` the
    baseline of that text. `top`: the top of the bar or box. A row of a bar chart has the figure `value`, and as
    `mark` the figure to compare it with. A row of a box plot has as `figures` minimum, quartiles and maximum, and as
    `own` the figure of the organisation that the page is about. The members of the other kind of chart are None.
    """

    lines: tuple[tuple[str, float], ...]
    text: str
    baseline: float
    top: float
    value: float | None = None
    mark: float | None = None
    figures: tuple[float, float, float, float, float] | None = None
    own: float | None = None


class PlacedMark(Struct, frozen=True, kw_only=True):
    """A column of a histogram, or a point of a trend line, with its coordinates.

    `x` is the middle of the column or point; `left`, `width`, `top` and `height` are those of the drawn shape.
    Horizontal coordinates are percentages of the chart's width, vertical ones are in em. `label` is the text
    below the mark, and `text` its figure. `marked` is True if the mark is highlighted.
    """

    x: float
    left: float
    width: float
    top: float
    height: float
    label: str
    text: str
    marked: bool = False


class Picture(Struct, frozen=True, kw_only=True):
    """A chart with its coordinates.

    `kind` names the macro in `charts.html` that draws the chart; `id` is unique in the page; `height` is in em.
    Bar charts and box plots have `rows`; histograms and trend lines have `placed` marks side by side. `steps`
    are the lines of the scale of a trend line: height in em and text of each.
    """

    kind: str
    id: str
    title: str
    description: str
    height: float
    rows: tuple[ChartRow, ...] = ()
    placed: tuple[PlacedMark, ...] = ()
    steps: tuple[tuple[float, str], ...] = ()


def draw_bars(identifier: str, title: str, description: str, rows: Sequence[Bar]) -> Picture:
    """Lay out a chart with one bar from 0 to 100 per row; a row with a figure to compare also has a mark.

    `identifier` is the id of the chart in the page, and `description` its text for screen readers.
    """
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
    """Lay out one box plot per row: a line from minimum to maximum, and a box from first to third quartile.

    `identifier` is the id of the chart in the page, and `description` its text for screen readers.
    """
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
    """Lay out a histogram: counts as columns side by side, the highest with the full height.

    `identifier` is the id of the chart in the page, and `description` its text for screen readers. `bars` are the
    columns.
    """
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
    """Lay out a trend line through figures from 0 to 100, from left to right.

    A line joins two neighbouring points if both have a figure.

    `identifier` is the id of the chart in the page, and `description` its text for screen readers.
    """
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
    """Place the rows of a chart below each other, each with its label and its bar or box.

    Return the placed rows and their total height in em.
    """
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
    """Round a coordinate to hundredths, which is finer than a screen shows."""
    return round(value, 2)
