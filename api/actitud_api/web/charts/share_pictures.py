"""Layout of the preview pictures of shared links to pages: 1200 × 630 pixels, drawn as PNG.

Most readers see such a picture small, on a telephone. So it has few and large words, one figure and one drawing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from msgspec import Struct

from actitud_api.engine.i18n import Language, Texts
from actitud_api.platform.http.pages import load_templates
from actitud_api.web import fonts
from actitud_api.web.charts.levels import EDGE, INK, SCALE, find_colour
from actitud_api.web.charts.raster import render_png
from actitud_api.web.charts.tiles import PLACES
from actitud_api.web.embeds.text_metrics import clean_text, wrap_lines

WIDTH: Final = 1200
HEIGHT: Final = 630
"""Size that social networks ask for, in pixels."""

_GROUND: Final = "#fbfaf7"
_SOFT: Final = "#544f42"
_BAND: Final = "#1f3b4d"
_ON_BAND: Final = "#ffffff"
_TRACK: Final = "#e6e1d3"
_REMARK: Final = "#7a2e10"
_MARGIN: Final = 64
_BAND_HEIGHT: Final = 88
_TILE: Final = 40
_NO_LEVEL: Final = Texts("sin nivel", "no level")
_TITLE: Final = Texts("Índice de Madurez 2.0", "2.0-maturity index")

_templates: Final = load_templates("actitud_api.web.charts")


class Words(Struct, frozen=True, kw_only=True):
    """A text of a picture; `x` and `y` are its position in pixels.

    `x` is the start, middle or end of the text, as `anchor` says; `y` is its baseline.
    """

    x: float
    y: float
    text: str
    size: int
    bold: bool = False
    fill: str = INK
    anchor: Literal["start", "middle", "end"] = "start"


class Shape(Struct, frozen=True, kw_only=True):
    """A rectangle of a picture, in pixels."""

    x: float
    y: float
    width: float
    height: float
    fill: str
    stroke: str = "none"


class OrganisationCard(Struct, frozen=True, kw_only=True):
    """Content of the preview picture of an organisation.

    Attributes:
        name: Name of the organisation.
        identifier: Id of the organisation.
        about: Text about the organisation, such as its kind and place.
        edition: Title of the edition.
        figure: Index in whole points; without an index, a text that says so.
        full: Text after the index, such as "of 100", None without an index.
        share: Index as a part of the whole, 0 to 1, None without an index.
        level: Number of the level, number of levels, and name of the level; None without a level.
        sentences: Sentences of the verdict on the organisation.
        remark: Warning, such as that the data are invented; None for none.
    """

    name: str
    identifier: str
    about: str
    edition: str
    figure: str
    full: str | None
    share: float | None
    level: tuple[int, int, str] | None
    sentences: Sequence[str]
    remark: str | None


class LevelCount(Struct, frozen=True, kw_only=True):
    """The number of organisations at a level, also as text; `level` is None for the organisations without a level."""

    level: int | None
    count: int
    text: str


class OverviewCard(Struct, frozen=True, kw_only=True):
    """Content of the preview picture of an edition or a territory.

    Attributes:
        title: Title of the edition or territory.
        about: Text below the title.
        edition: Title of the edition, empty if it is the title of the picture.
        finding: Sentence that states the main result.
        levels: Number of organisations at each level, lowest level first.
        of: Number of levels of the methodology.
        steps: Class of the median index of each province, 1 (lowest) to 5, by INE code; empty for no map.
        remark: Warning, such as that the data are invented; None for none.
    """

    title: str
    about: str
    edition: str
    finding: str
    levels: Sequence[LevelCount]
    of: int
    steps: dict[str, int]
    remark: str | None


def render_organisation(card: OrganisationCard, language: Language) -> bytes:
    """Render the preview picture of an organisation as PNG."""
    page = _PictureBuilder(card.edition, language)
    name = _write_name(card.name, card.identifier)
    page.add_paragraph(name, 60, 68, 2, bold=True)
    page.y += 6
    # Of a name with characters that the font lacks only a part can be read.
    about = f"{card.identifier} · {card.about}" if fonts.MISSING in name else card.about
    page.add_paragraph(about, 28, 38, 1, fill=_SOFT)
    top = page.y
    if card.share is not None and card.full is not None:
        page.words.append(Words(x=_MARGIN, y=top + 150, text=card.figure, size=160, bold=True))
        right = _MARGIN + fonts.measure_width(card.figure, 160, bold=True) + 16
        page.words.append(Words(x=right, y=top + 150, text=card.full, size=36, fill=_SOFT))
        right += fonts.measure_width(card.full, 36) + 48
    else:
        right = _MARGIN
    page.y = top + 8
    if card.level is not None:
        number, of, level_name = card.level
        page.add_level(right, number, of, level_name)
    elif card.share is None:
        page.add_paragraph(card.figure, 48, 60, 1, x=right, bold=True)
    page.y += 10
    page.add_paragraph(" ".join(card.sentences), 30, 40, 4 if card.level is None else 3, x=right)
    if card.share is not None:
        fill = INK if card.level is None else find_colour(card.level[0], card.level[1]).ground
        page.add_scale(card.share, fill)
    return page.render(card.remark)


def render_overview(card: OverviewCard, language: Language) -> bytes:
    """Render the preview picture of an edition or a territory as PNG."""
    page = _PictureBuilder(card.edition, language)
    room = WIDTH - 2 * _MARGIN
    if card.steps:
        room -= _TILE * 10 + 40
        page.add_map(WIDTH - _MARGIN - _TILE * 10, _BAND_HEIGHT + 24, card.steps)
    page.add_paragraph(card.title, 56, 64, 2, bold=True, room=room)
    page.y += 6
    page.add_paragraph(card.about, 28, 38, 2, fill=_SOFT, room=room)
    page.y += 22
    page.add_paragraph(card.finding, 38, 50, 4 if card.steps else 3, room=room)
    page.add_shares(card.levels, card.of)
    return page.render(card.remark)


def render_site(title: str, text: str, language: Language) -> bytes:
    """Render the preview picture of pages that belong to no edition as PNG."""
    page = _PictureBuilder("", language)
    page.add_paragraph(title, 68, 80, 3, bold=True)
    page.y += 30
    page.add_paragraph(text, 36, 50, 4, fill=_SOFT)
    width = (WIDTH - 2 * _MARGIN) / len(SCALE)
    for position, colour in enumerate(SCALE):
        page.shapes.append(
            Shape(x=_MARGIN + position * width, y=530, width=width, height=28, fill=colour.ground, stroke=EDGE)
        )
    return page.render(None)


class _PictureBuilder:
    """Builds a picture from top to bottom; `y` is the distance of the last line from the top, in pixels."""

    def __init__(self, edition: str, language: Language) -> None:
        self.y: float = _BAND_HEIGHT + 12
        self.words: list[Words] = []
        self.shapes: list[Shape] = [Shape(x=0, y=0, width=WIDTH, height=_BAND_HEIGHT, fill=_BAND)]
        self._language: Language = language
        self._add_mark()
        site, title = "Actitud", _TITLE.into(language)
        self.words.append(Words(x=_MARGIN + 56, y=57, text=site, size=34, bold=True, fill=_ON_BAND))
        start = _MARGIN + 56 + fonts.measure_width(site, 34, bold=True) + 18
        self.words.append(Words(x=start, y=57, text=title, size=26, fill=_ON_BAND))
        room = WIDTH - _MARGIN - start - fonts.measure_width(title, 26) - 40
        (line,) = _wrap(edition, room, 26, 1)
        self.words.append(Words(x=WIDTH - _MARGIN, y=57, text=line, size=26, fill=_ON_BAND, anchor="end"))

    def add_paragraph(
        self,
        text: str,
        size: int,
        pitch: int,
        max_lines: int,
        *,
        x: float = _MARGIN,
        room: float | None = None,
        bold: bool = False,
        fill: str = INK,
    ) -> None:
        """Add a text below the last line, in at most `max_lines` lines, `pitch` pixels each."""
        room = WIDTH - _MARGIN - x if room is None else room
        for line in _wrap(text, room, size, max_lines, bold=bold):
            self.y += pitch
            self.words.append(Words(x=x, y=self.y, text=line, size=size, bold=bold, fill=fill))

    def add_level(self, x: float, number: int, of: int, name: str) -> None:
        """Add a level below the last line: its number in its colour, and its name."""
        colour = find_colour(number, of)
        self.y += 54
        self.shapes.append(Shape(x=x, y=self.y - 46, width=58, height=58, fill=colour.ground, stroke=EDGE))
        self.words.append(
            Words(x=x + 29, y=self.y - 2, text=str(number), size=40, bold=True, fill=colour.ink, anchor="middle")
        )
        (line,) = _wrap(name, WIDTH - _MARGIN - x - 78, 36, 1, bold=True)
        self.words.append(Words(x=x + 78, y=self.y - 4, text=line, size=36, bold=True))
        self.y += 12

    def add_scale(self, share: float, fill: str) -> None:
        """Add the scale from 0 to the whole at the foot, filled up to `share` of it."""
        room = WIDTH - 2 * _MARGIN
        self.shapes.append(Shape(x=_MARGIN, y=530, width=room, height=24, fill=_TRACK, stroke=EDGE))
        if share > 0:
            self.shapes.append(Shape(x=_MARGIN, y=530, width=room * min(share, 1), height=24, fill=fill, stroke=EDGE))

    def add_shares(self, levels: Sequence[LevelCount], of: int) -> None:
        """Add a bar at the foot, parted by the levels, each with its number in it and its count below."""
        whole = sum(level.count for level in levels) or 1
        x: float = _MARGIN
        for level in levels:
            width = (WIDTH - 2 * _MARGIN) * level.count / whole
            ground, ink = (_GROUND, INK) if level.level is None else find_colour(level.level, of)
            if width > 0:
                self.shapes.append(Shape(x=x, y=492, width=width, height=48, fill=ground, stroke=EDGE))
            label = _NO_LEVEL.into(self._language) if level.level is None else str(level.level)
            middle = x + width / 2
            # A part that is narrower than its label has none; the page has all figures.
            if fonts.measure_width(label, 28, bold=True) + 8 <= width:
                self.words.append(Words(x=middle, y=526, text=label, size=28, bold=True, fill=ink, anchor="middle"))
            if fonts.measure_width(level.text, 24) + 8 <= width:
                self.words.append(Words(x=middle, y=570, text=level.text, size=24, fill=_SOFT, anchor="middle"))
            x += width

    def add_map(self, x: float, y: float, steps: dict[str, int]) -> None:
        """Add the tile map with its north-west corner at `x` and `y`; provinces without a class stay empty."""
        for code, place in PLACES.items():
            step = steps.get(code)
            ground, ink = (_TRACK, _SOFT) if step is None else SCALE[step - 1]
            left, top = x + place.column * _TILE, y + place.row * _TILE
            self.shapes.append(
                Shape(x=left + 1, y=top + 1, width=_TILE - 3, height=_TILE - 3, fill=ground, stroke=EDGE)
            )
            self.words.append(
                Words(x=left + _TILE / 2 - 1, y=top + 26, text=place.letters, size=17, fill=ink, anchor="middle")
            )

    def render(self, remark: str | None) -> bytes:
        """Render the finished picture as PNG, with a warning at its foot if there is one."""
        if remark is not None:
            (line,) = _wrap(remark, WIDTH - 2 * _MARGIN, 26, 1, bold=True)
            self.words.append(Words(x=_MARGIN, y=606, text=line, size=26, bold=True, fill=_REMARK))
        svg = _templates.get_template("share.svg").render(
            width=WIDTH, height=HEIGHT, ground=_GROUND, family=fonts.FAMILY, shapes=self.shapes, words=self.words
        )
        return render_png(svg)

    def _add_mark(self) -> None:
        for position, height in enumerate((14, 22, 30)):
            self.shapes.append(Shape(x=_MARGIN + position * 11, y=60 - height, width=8, height=height, fill=_ON_BAND))
        self.shapes.append(Shape(x=_MARGIN + 33, y=22, width=8, height=38, fill="none", stroke=_ON_BAND))


def _wrap(text: str, room: float, size: int, max_lines: int, *, bold: bool = False) -> list[str]:
    # Kerning is not measured: it widens rows of W, the worst of letters, by one hundredth.
    return wrap_lines(_clean(text), room * 0.98, size, max_lines, bold=bold, measure=fonts.measure_width)


def _clean(text: str) -> str:
    return fonts.replace_missing(clean_text(text))


def _write_name(name: str, identifier: str) -> str:
    """Return a name as the font can write it; the identifier if nothing of the name is left to read."""
    written = _clean(name)
    return written if any(character.isalnum() for character in written) else identifier
