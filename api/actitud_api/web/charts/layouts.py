"""Layout of charts: computes the coordinates from which the macros of `templates/charts.html` draw them.

Horizontal coordinates are percentages of the width, so that a chart fills its column while its text keeps its size.
Vertical coordinates are in `em`. No fact is shown by colour alone: the `description` of a chart contains every figure,
and each row shows its figure as text.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor
from typing import Final, Literal

from msgspec import Struct

from actitud_api.web.charts.levels import find_step
from actitud_api.web.charts.tiles import ROWS, Tile
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
_STACK: Final = 2.2
"""Height of the bar of levels, in em."""
_LETTER: Final = 3.5
"""Width that the number of a level needs in its part of the bar, in per cent of the bar on a telephone."""
_FULL: Final = 100.0
_TICK: Final = 10
_TICKS_MAX: Final = 6


class Bar(Struct, frozen=True, kw_only=True):
    """A bar of a chart, with a length from 0 to 100, and with its figure as text.

    `value` is the length, None if there is no figure. `mark` is a second figure, from 0 to 100, to compare the bar
    with; None draws no mark.
    """

    label: str
    value: float | None
    text: str
    mark: float | None = None


class DotRow(Struct, frozen=True, kw_only=True):
    """A row of a dot plot, with figures from 0 to 100.

    Attributes:
        label: Label of the row.
        dot: Figure that the row shows as a dot, None if there is none.
        text: This figure as text.
        middle: Range of the middle half of the scores of a group, None if the group has no scores.
        mark: Median of the group, to compare the dot with; None draws no mark.
    """

    label: str
    dot: float | None
    text: str
    middle: tuple[float, float] | None = None
    mark: float | None = None


class LevelShare(Struct, frozen=True, kw_only=True):
    """The number of organisations at a level; `level` is None for the organisations without a level."""

    level: int | None
    count: int


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
    """A row of a chart with its vertical coordinates, in em; horizontal ones are in per cent of the chart's width.

    Members that a row does not use are None.

    Attributes:
        lines: Lines of the label, each with its baseline.
        text: Figure of the row as text.
        baseline: Baseline of `text`.
        top: Top of the bar, or of the line with the dot.
        value: Figure of a bar.
        mark: Figure to compare a bar with, or median of a group in a dot plot.
        dot: Figure of a dot.
        middle: Range of the middle half of the scores of a group in a dot plot.
    """

    lines: tuple[tuple[str, float], ...]
    text: str
    baseline: float
    top: float
    value: float | None = None
    mark: float | None = None
    dot: float | None = None
    middle: tuple[float, float] | None = None


class LevelPart(Struct, frozen=True, kw_only=True):
    """A part of the bar of levels: `left` and `width` are in per cent of the width of the bar.

    `step` is the number of its colour in the scale, None for organisations without a level. `text` is the number of the
    level, empty if the part is too narrow for a text.
    """

    left: float
    width: float
    step: int | None
    text: str


class PlacedMark(Struct, frozen=True, kw_only=True):
    """A column of a histogram, or a point of a trend line, with its coordinates.

    Horizontal coordinates are percentages of the chart's width, vertical ones are in em.

    Attributes:
        x: Middle of the column or point.
        left: Left edge of the drawn shape.
        width: Width of the drawn shape.
        top: Top of the drawn shape.
        height: Height of the drawn shape.
        label: Text below the mark.
        text: Figure of the mark as text.
        marked: True if the mark is highlighted.
    """

    x: float
    left: float
    width: float
    top: float
    height: float
    label: str
    text: str
    marked: bool = False


class ChartTable(Struct, frozen=True):
    """The figures of a chart as a table: the titles of its columns, and its rows.

    The first column contains texts. A cell without a figure is None.
    """

    titles: tuple[str, ...]
    rows: tuple[tuple[str | float | None, ...], ...]


class Picture(Struct, frozen=True, kw_only=True):
    """A chart with its coordinates.

    Attributes:
        kind: Name of the macro in `charts.html` that draws the chart.
        id: Id of the chart, unique in the page.
        title: Finding of the chart, as a sentence.
        description: All figures of the chart, for screen readers.
        height: Height in em.
        rows: Rows of a bar chart or dot plot.
        placed: Columns of a histogram, or points of a trend line.
        parts: Parts of the bar of levels.
        steps: Lines of the scale of a trend line: height in em, and text.
        ticks: Lines of the scale of a dot plot: distance from the left in per cent, and text.
        reference: Figure on the scale of a dot plot to compare every row with, None if there is none.
        is_own: True if the dots are those of one organisation.
        tiles: Tiles of a tile map.
        classes: Legend of a tile map: step and range of each class; the step is None for provinces without a figure.
        legend: Sentence that explains how to read the chart.
        table: Figures for downloads; a chart without a table cannot be downloaded.
    """

    kind: Literal["bars", "dots", "columns", "trend", "levels", "tiles"]
    id: str
    title: str
    description: str
    height: float
    rows: tuple[ChartRow, ...] = ()
    placed: tuple[PlacedMark, ...] = ()
    parts: tuple[LevelPart, ...] = ()
    steps: tuple[tuple[float, str], ...] = ()
    ticks: tuple[tuple[float, str], ...] = ()
    reference: float | None = None
    is_own: bool = False
    tiles: tuple[Tile, ...] = ()
    classes: tuple[tuple[int | None, str], ...] = ()
    legend: str = ""
    table: ChartTable | None = None


def draw_bars(identifier: str, title: str, description: str, rows: Sequence[Bar]) -> Picture:
    """Lay out a chart with one bar from 0 to 100 per row.

    A row with a second figure gets a mark to compare the bar with. `identifier` is the id of the chart in the page, and
    `description` its text for screen readers.
    """
    placed, height = _place_rows([_RowInput(row.label, row.text, row.value, row.mark) for row in rows])
    return Picture(
        kind="bars",
        id=identifier,
        title=title,
        description=description,
        height=_round_hundredths(height + _AXIS),
        rows=placed,
    )


def draw_dots(
    identifier: str,
    title: str,
    description: str,
    rows: Sequence[DotRow],
    *,
    reference: float | None = None,
    is_own: bool = False,
) -> Picture:
    """Lay out a dot plot: one dot per row on a common scale, drawn over a line for the middle half of a group.

    The scale covers the figures, and begins and ends at multiples of ten. It does not always begin at 0, because then
    medians that differ by a few points would seem equal.

    Args:
        identifier: Id of the chart in the page.
        title: Title of the chart.
        description: Text for screen readers.
        rows: Rows of the chart.
        reference: Figure to mark in every row, None to mark none.
        is_own: True if the dots are those of one organisation.
    """
    known = [figure for row in rows for figure in (row.dot, row.mark, *(row.middle or ())) if figure is not None]
    low, high = _choose_range([*known, *([] if reference is None else [reference])])

    def place(figure: float | None) -> float | None:
        return None if figure is None else _round_hundredths(_FULL * (figure - low) / (high - low))

    inputs = [
        _RowInput(
            row.label,
            row.text,
            mark=place(row.mark),
            dot=place(row.dot),
            middle=None if row.middle is None else (place(row.middle[0]) or 0, place(row.middle[1]) or 0),
        )
        for row in rows
    ]
    placed, height = _place_rows(inputs)
    return Picture(
        kind="dots",
        id=identifier,
        title=title,
        description=description,
        height=_round_hundredths(height + _AXIS),
        rows=placed,
        ticks=tuple((place(tick) or 0, str(tick)) for tick in range(low, high + 1, _choose_distance(low, high))),
        reference=place(reference),
        is_own=is_own,
    )


def draw_levels(identifier: str, title: str, description: str, levels: Sequence[LevelShare], of: int) -> Picture:
    """Lay out one bar, divided by the shares of the levels, lowest first.

    `of` is the number of levels of the methodology. `identifier` is the id of the chart in the page, and `description`
    its text for screen readers.
    """
    whole = sum(level.count for level in levels) or 1
    parts, left = [], 0.0
    for level in levels:
        width = _FULL * level.count / whole
        if width > 0:
            parts.append(
                LevelPart(
                    left=_round_hundredths(left),
                    width=_round_hundredths(width),
                    step=None if level.level is None else find_step(level.level, of),
                    text=str(level.level) if level.level is not None and width >= _LETTER else "",
                )
            )
        left += width
    return Picture(
        kind="levels", id=identifier, title=title, description=description, height=_STACK, parts=tuple(parts)
    )


def draw_tiles(
    identifier: str, title: str, description: str, tiles: Sequence[Tile], classes: Sequence[tuple[int | None, str]]
) -> Picture:
    """Lay out the tile map of provinces.

    `classes` is the legend: step and range of each class, lowest first; the step is None for the tiles without a
    figure. `identifier` is the id of the chart in the page, and `description` its text for screen readers.
    """
    return Picture(
        kind="tiles",
        id=identifier,
        title=title,
        description=description,
        height=ROWS,
        tiles=tuple(tiles),
        classes=tuple(classes),
    )


def draw_columns(identifier: str, title: str, description: str, bars: Sequence[HistogramColumn]) -> Picture:
    """Lay out a histogram: counts as columns side by side, the highest with the full height.

    `bars` are the columns. `identifier` is the id of the chart in the page, and `description` its text for screen
    readers.
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


def _choose_range(figures: Sequence[float]) -> tuple[int, int]:
    """Return the tens between which a scale shows all figures; from 0 to 100 if there are none."""
    if not figures:
        return 0, 100
    low = _TICK * floor(min(figures) / _TICK)
    high = _TICK * ceil(max(figures) / _TICK)
    if high - low >= 2 * _TICK:
        return low, high
    # Two tens at least: on a narrower scale half a point would look like a gulf.
    low = min(max(low - _TICK, 0), 100 - 2 * _TICK)
    return low, low + 2 * _TICK


def _choose_distance(low: int, high: int) -> int:
    """Return the distance of the ticks of a scale, so that a telephone has room for their texts."""
    return next(distance for distance in (_TICK, 2 * _TICK, 5 * _TICK) if (high - low) // distance <= _TICKS_MAX)


class _RowInput(Struct, frozen=True):
    """What is drawn in a row, with horizontal coordinates in per cent; see `ChartRow`."""

    label: str
    text: str
    value: float | None = None
    mark: float | None = None
    dot: float | None = None
    middle: tuple[float, float] | None = None


def _place_rows(rows: Sequence[_RowInput]) -> tuple[tuple[ChartRow, ...], float]:
    """Place the rows of a chart below each other, each with its label and its bar or dot.

    Return the placed rows and their total height in em.
    """
    laid, y = [], 0.0
    for row in rows:
        wrapped = wrap_lines(clean_text(row.label), LABEL_WIDTH, 1, 2, bold=False)
        first = y + 1
        top = y + _LINE * len(wrapped) + 0.15
        laid.append(
            ChartRow(
                lines=tuple((line, _round_hundredths(first + _LINE * number)) for number, line in enumerate(wrapped)),
                text=row.text,
                baseline=_round_hundredths(first + _LINE * (len(wrapped) - 1)),
                top=_round_hundredths(top),
                value=row.value,
                mark=row.mark,
                dot=row.dot,
                middle=row.middle,
            )
        )
        y = top + _BAR + _GAP
    return tuple(laid), _round_hundredths(y)


def _round_hundredths(value: float) -> float:
    """Round a coordinate to hundredths, which is finer than a screen shows."""
    return round(value, 2)
