"""Drawing of charts: in a page, whose style sheet colours them, and as files of their own (SVG, PNG)."""

from __future__ import annotations

from importlib.resources import files
from typing import Final, Protocol

import jinja2
from markupsafe import Markup
from msgspec import Struct

from actitud_api.engine.i18n import Language
from actitud_api.platform.http.pages import load_templates
from actitud_api.web import fonts
from actitud_api.web.charts.layouts import Picture
from actitud_api.web.charts.levels import draw_digit, find_step
from actitud_api.web.charts.raster import render_png
from actitud_api.web.embeds.text_metrics import FAMILY, clean_text, wrap_lines

WIDTH: Final = 760
"""Width of a file in pixels."""
PNG_SCALE: Final = 2
"""Pixels of a PNG file for each of the SVG file, so that it is sharp in print and on telephones."""

_MARGIN: Final = 28
_SIZE: Final = 16
_TITLE_SIZE: Final = 24
_TITLE_PITCH: Final = 31
_TITLE_LINES: Final = 4
_NOTE_SIZE: Final = 14
_NOTE_PITCH: Final = 20
_NOTE_LINES: Final = 3
_GAP: Final = 22
_TILE_MAP: Final = (440, 396)
"""Size of the tile map in its own units."""

STYLE: Final = files("actitud_api.web.charts").joinpath("static", "file.css").read_text("utf-8")
"""The style sheet of every file, included in it, so that it loads nothing."""


class Units(Protocol):
    """The units in which a chart is drawn, with conversions from the coordinates of a layout to lengths in SVG.

    A length in SVG is the text of an attribute: a number with a unit, such as "12.5%" or "1.2em", or a number of pixels
    alone, such as "190.4".
    """

    def x(self, share: float) -> str:
        """Convert a horizontal length, given in per cent of the width of the chart, to a length such as "12.5%"."""
        ...

    def y(self, length: float) -> str:
        """Convert a vertical length, given in em, to a length such as "1.2em", or "19.2" in pixels."""
        ...


class PageUnits:
    """The units of a chart in a page: per cent and em.

    With these units the chart fills its column, and its letters keep their size.
    """

    def x(self, share: float) -> str:
        """Convert a horizontal length, given in per cent of the width of the chart, to a percentage such as "12.5%"."""
        return f"{round(share, 2)}%"

    def y(self, length: float) -> str:
        """Convert a vertical length, given in em, to em with the unit, such as "1.2em"."""
        return f"{round(length, 2)}em"


class FileUnits:
    """The units of a chart that is a file: pixels."""

    def x(self, share: float) -> str:
        """Convert a horizontal length, given in per cent of the width, to pixels without a unit, such as "190.4"."""
        return f"{round(share * (WIDTH - 2 * _MARGIN) / 100, 1)}"

    def y(self, length: float) -> str:
        """Convert a vertical length, given in em, to pixels without a unit, such as "19.2"."""
        return f"{round(length * _SIZE, 1)}"


class FileLine(Struct, frozen=True):
    """A line of text in a chart that is drawn as a file.

    `y` is the baseline, `style` the CSS class, and `length` the width of the text, in pixels. The file prescribes the
    width, because a browser draws a file on another site with the fonts of the reader, which may be wider than ours.
    """

    y: float
    style: str
    text: str
    length: float


def prepare_templates(environment: jinja2.Environment) -> jinja2.Environment:
    """Add the functions that the macros of charts use to a Jinja environment, and return it."""
    environment.globals.update(page_units=PageUnits(), level_step=find_step, level_digit=draw_digit)
    return environment


_templates: Final = prepare_templates(load_templates("actitud_api.web.charts"))


def draw_svg(picture: Picture, legend: str, source: str, language: Language) -> str:
    """Draw a chart as an SVG file with its title, its legend, and its source in the last line."""
    lines, y = _place_lines([(picture.title, "title", _TITLE_SIZE, _TITLE_PITCH, _TITLE_LINES)], _MARGIN - 4.0)
    top = y + _GAP
    body = _TILE_MAP[1] if picture.kind == "tiles" else picture.height * _SIZE
    below = top + body + (_GAP if picture.classes else 0)
    swatches = [
        (_MARGIN + position * (WIDTH - 2 * _MARGIN) / len(picture.classes), step, text)
        for position, (step, text) in enumerate(picture.classes)
    ]
    notes, end = _place_lines(
        [(legend, "note", _NOTE_SIZE, _NOTE_PITCH, _NOTE_LINES), (source, "note", _NOTE_SIZE, _NOTE_PITCH, 1)],
        below + (_GAP if picture.classes else 0) + 4,
    )
    return _templates.get_template("file.svg").render(
        picture=picture,
        language=language,
        units=FileUnits(),
        lines=[*lines, *notes],
        margin=_MARGIN,
        left=_MARGIN + (WIDTH - 2 * _MARGIN - _TILE_MAP[0]) / 2 if picture.kind == "tiles" else _MARGIN,
        top=round(top, 1),
        swatches=swatches,
        below=round(below, 1),
        width=WIDTH,
        height=round(end + _MARGIN),
        style=Markup(STYLE),  # a file of ours
        family=f"{fonts.FAMILY}, {FAMILY}",
    )


def draw_png(picture: Picture, legend: str, source: str, language: Language) -> bytes:
    """Draw a chart as a PNG file with its title, its legend, and its source in the last line."""
    svg = draw_svg(picture, legend, source, language)
    return render_png(fonts.replace_missing(svg), PNG_SCALE * WIDTH)


def _place_lines(texts: list[tuple[str, str, int, int, int]], y: float) -> tuple[list[FileLine], float]:
    """Place texts below each other from `y`; return their lines, and the baseline of the last.

    A text has a CSS class, a font size, a line height and a maximum number of lines; an empty text takes no place.
    """
    placed = []
    for text, style, size, pitch, most in texts:
        room = WIDTH - 2 * _MARGIN
        bold = style == "title"
        wrapped = wrap_lines(clean_text(text), room, size, most, bold=bold, measure=fonts.measure_width)
        for line in filter(None, wrapped):
            y += pitch
            length = fonts.measure_width(line, size, bold=bold)
            placed.append(FileLine(round(y, 1), style, line, round(length, 1)))
    return placed, y
