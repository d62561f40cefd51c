"""Layout of badges and cards: computes the coordinates that templates write as SVG."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Mapping, Sequence
from importlib.resources import files
from itertools import pairwise
from typing import Final, Literal, get_args

from markupsafe import Markup
from msgspec import Struct

from actitud_api.engine.i18n import Language, Texts
from actitud_api.platform.http.pages import load_templates
from actitud_api.web.charts.levels import SCALE
from actitud_api.web.embeds.text_metrics import FAMILY, measure_width, truncate_text, wrap_lines
from actitud_api.web.embeds.texts import MEASURE, NO_ORGANISATIONS, UNKNOWN, EmbedTexts, capitalise, list_notices

Theme = Literal["light", "dark", "auto"]
"""The colours of an embed: light, dark, or those that the page around or the reader's system prefers (`auto`).

Light is the default: most pages are, for every reader, and a dark card on them reads as a fault.
"""
THEMES: Final[tuple[Theme, ...]] = get_args(Theme)

PALETTE: Final[Mapping[str, tuple[str, str]]] = {
    "label": ("#1f3b4d", "#ffffff"),
    "level_0": ("#5b5648", "#ffffff"),
    **{f"level_{number}": (colour.ground, colour.ink) for number, colour in enumerate(SCALE, start=1)},
    "version": ("#ece7db", "#3b372d"),
    "stale": ("#f6f3ec", "#3b372d"),
    "superseded": ("#70340a", "#ffffff"),
}
"""The background and text colour of each part of a badge.

`label` is the first part, with the name of the index. `level_0` (no level) to `level_5` are the second part,
with the score. `version` is the third part, with the edition. `stale` and `superseded` are the second and the
third part if a later edition scores the organisation.
"""

_templates = load_templates("actitud_api.web.embeds")

_HEIGHT: Final = 22
_SIZE: Final = 11
_BASELINE: Final = 15
_PAD: Final = 7
_PIP: Final = 5
_PIP_GAP: Final = 2
_LABEL_MAX: Final = 260.0
_MESSAGE_MAX: Final = 330.0
_VERSION_MAX: Final = 330.0
_ROW_GAP: Final = 4


class Letters(Struct, frozen=True):
    """A text in a picture. Lengths are in pixels.

    Attributes:
        x: Start of the text, or its end if `anchor` is `end`.
        y: Baseline of the text.
        text: The text.
        length: Width of the text.
        style: CSS class of the text.
        anchor: End of the text that is at `x`.
    """

    x: float
    y: float
    text: str
    length: float
    style: str = ""
    anchor: Literal["start", "end"] = "start"


class Box(Struct, frozen=True):
    """A rectangle in a picture, in pixels; `style` is the CSS class of the rectangle."""

    x: float
    y: float
    width: float
    height: float
    style: str = ""


class Part(Struct, frozen=True, kw_only=True):
    """A part of a badge: its background, its text, and the level marks before the text.

    Attributes:
        box: Rectangle of the part.
        ground: Colour of the background.
        ink: Colour of the text.
        letters: Text of the part.
        pips: Level marks: small boxes, one for each level of the methodology, each with True if the score reaches that
            level.
        dashed: True for a dashed border, which marks a score that a later edition superseded.
    """

    box: Box
    ground: str
    ink: str
    letters: Letters
    pips: tuple[tuple[Box, bool], ...] = ()
    dashed: bool = False


class Badge(Struct, frozen=True, kw_only=True):
    """A badge with the coordinates of its parts, `width` pixels wide; `label` is its text for screen readers."""

    id: str
    label: str
    width: float
    parts: tuple[Part, ...]


class _Wording(Struct, frozen=True, kw_only=True):
    """The texts of a badge, before their widths are measured.

    Attributes:
        id: Id of the badge in its SVG, which is the organisation id.
        text: Text that screen readers read.
        label: Text in the first part.
        message: Text in the second part.
        version: Text in the third part, None if there is no third part.
        pips: Level that is reached and number of levels, for the level marks; (0, 0) draws none.
        stale: True if a later edition scores the organisation.
    """

    id: str
    text: str
    label: str
    message: str
    version: str | None
    pips: tuple[int, int]
    stale: bool


def render_badge(text: EmbedTexts) -> bytes:
    """Render the badge of an organisation as SVG."""
    return _write_badge(_build_wording(text, text.measure), text.language)


def select_colour(text: EmbedTexts) -> str:
    """Return the background colour of the part of a badge that shows the score, as `#rrggbb`."""
    return PALETTE["version" if text.stale else f"level_{text.pips[0]}"][0]


def render_unknown_badge(reason: Texts, language: Language) -> bytes:
    """Render a badge for an unknown score as SVG, with the reason why it is unknown."""
    measure, unknown = MEASURE.into(language), UNKNOWN.into(language)
    text = f"{measure}: {unknown}. {reason.into(language)}"
    wording = _Wording(id="", text=text, label=measure, message=unknown, version=None, pips=(0, 0), stale=False)
    return _write_badge(wording, language)


def render_badges(entries: Sequence[tuple[str, EmbedTexts]], edition: str, language: Language) -> bytes:
    """Render the badges of several organisations of an edition below each other, as one SVG.

    `entries` contains organisation ids, each with the texts of the score. Each badge shows the name of its organisation
    and has its own SVG view: the URL with `#` and the organisation id shows only that badge.
    """
    wordings = [_build_wording(wording, wording.name, identifier) for identifier, wording in entries]
    columns = [max(widths) for widths in zip(*map(_measure_parts, wordings), strict=True)]
    badges = [_draw_badge(wording, columns, number * (_HEIGHT + _ROW_GAP)) for number, wording in enumerate(wordings)]
    if not badges:
        none = _Wording(
            id="",
            text=NO_ORGANISATIONS.into(language),
            label=MEASURE.into(language),
            message=NO_ORGANISATIONS.into(language),
            version=None,
            pips=(0, 0),
            stale=False,
        )
        badges = [_draw_badge(none, _measure_parts(none), 0)]
    return _render_template(
        "badges.svg",
        badges=badges,
        title=f"{MEASURE.into(language)}: {edition}",
        language=language,
        width=max(wording.width for wording in badges),
        height=len(badges) * (_HEIGHT + _ROW_GAP) - _ROW_GAP,
        row=_HEIGHT,
        pitch=_HEIGHT + _ROW_GAP,
    )


def _write_badge(wording: _Wording, language: str) -> bytes:
    drawn = _draw_badge(wording, _measure_parts(wording), 0)
    return _render_template("badge.svg", badge=drawn, language=language, height=_HEIGHT)


def _build_wording(text: EmbedTexts, label: str, identifier: str = "") -> _Wording:
    return _Wording(
        id=identifier,
        text=text.text,
        label=truncate_text(label, _LABEL_MAX, _SIZE),
        message=truncate_text(text.brief, _MESSAGE_MAX, _SIZE, bold=True),
        version=truncate_text(text.version, _VERSION_MAX, _SIZE),
        pips=text.pips,
        stale=text.stale,
    )


def _measure_parts(wording: _Wording) -> list[float]:
    """Measure the minimum width in pixels of each of the three parts of a badge; 0 if there is no third part."""
    pips = wording.pips[1] * (_PIP + _PIP_GAP) + 4 if wording.pips[1] else 0
    return [
        _round_tenths(measure_width(wording.label, _SIZE) + 2 * _PAD),
        _round_tenths(measure_width(wording.message, _SIZE, bold=True) + 2 * _PAD + pips),
        0 if wording.version is None else _round_tenths(measure_width(wording.version, _SIZE) + 2 * _PAD),
    ]


def _draw_badge(wording: _Wording, columns: Sequence[float], top: float) -> Badge:
    starts = [0.0, columns[0], columns[0] + columns[1], sum(columns)]
    boxes = [Box(_round_tenths(start), top, _round_tenths(end - start), _HEIGHT) for start, end in pairwise(starts)]
    reached, of = wording.pips
    message = "stale" if wording.stale else f"level_{reached}"
    inset = boxes[1].x + _PAD
    after = inset + (of * (_PIP + _PIP_GAP) + 4 if of else 0)
    pips = tuple(
        (Box(_round_tenths(inset + number * (_PIP + _PIP_GAP)), top + (_HEIGHT - 10) / 2, _PIP, 10), number < reached)
        for number in range(of)
    )
    parts = [
        _draw_part(boxes[0], "label", boxes[0].x + _PAD, wording.label, bold=False),
        _draw_part(boxes[1], message, after, wording.message, bold=True, pips=pips, dashed=wording.stale),
    ]
    if wording.version is not None:
        parts.append(
            _draw_part(
                boxes[2], "superseded" if wording.stale else "version", boxes[2].x + _PAD, wording.version, bold=False
            )
        )
    return Badge(id=wording.id, label=wording.text, width=_round_tenths(starts[-1]), parts=tuple(parts))


def _draw_part(
    box: Box,
    colours: str,
    x: float,
    text: str,
    *,
    bold: bool,
    pips: tuple[tuple[Box, bool], ...] = (),
    dashed: bool = False,
) -> Part:
    ground, ink = PALETTE[colours]
    length = _round_tenths(measure_width(text, _SIZE, bold=bold))
    letters = Letters(_round_tenths(x), box.y + _BASELINE, text, length, "bold" if bold else "normal")
    return Part(box=box, ground=ground, ink=ink, letters=letters, pips=pips, dashed=dashed)


CARD_WIDTH: Final = 360
"""Width of a card in pixels, which fits a telephone or a column of a page without scaling."""

_MARGIN: Final = 18
_ROOM: Final = CARD_WIDTH - 2 * _MARGIN
_FIGURE_ROOM: Final = 50
_BAR: Final = _ROOM - _FIGURE_ROOM


class Card(Struct, frozen=True, kw_only=True):
    """A card with the coordinates of its texts and shapes.

    Attributes:
        height: Height of the card in pixels.
        title: Title for screen readers.
        description: Text for screen readers.
        letters: Texts of the card.
        tracks: Backgrounds of the bars, one for each dimension.
        bars: Bars with the scores of the dimensions.
        pips: Level marks: small boxes, one for each level of the methodology, each with True if the score reaches that
            level.
    """

    height: int
    title: str
    description: str
    letters: tuple[Letters, ...]
    tracks: tuple[Box, ...]
    bars: tuple[Box, ...]
    pips: tuple[tuple[Box, bool], ...]


def read_static_file(name: str) -> str:
    """Read a file of the folder `static`, whose text is included in an embed."""
    return files("actitud_api.web.embeds").joinpath("static", name).read_text("utf-8")


STYLE: Final = read_static_file("card.css")
"""The style sheet of every card, included in each card so that a card loads nothing."""


def compute_csp_source(text: str) -> str:
    """Compute the source (`'sha256-…'`) with which a Content-Security-Policy allows an inline script or style."""
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def render_card(embed: EmbedTexts, theme: Theme) -> bytes:
    """Render the card of an organisation, with its score in each dimension, as SVG."""
    return _write_card(_draw_card(embed), embed.language, theme)


def render_unknown_card(reason: Texts, language: Language, theme: Theme) -> bytes:
    """Render a card for an unknown score as SVG, with the reason why it is unknown."""
    measure, unknown = MEASURE.into(language), UNKNOWN.into(language)
    page = _CardBuilder()
    page.add_paragraph(measure, 13, 20, "soft", 1)
    page.add_paragraph(capitalise(unknown), 26, 34, "strong", 1)
    page.add_paragraph(reason.into(language), 12, 17, "soft", 3)
    return _write_card(page.build_card(f"{measure}: {unknown}", reason.into(language)), language, theme)


def _write_card(drawn: Card, language: str, theme: Theme) -> bytes:
    return _render_template(
        "card.svg", card=drawn, language=language, theme=theme, width=CARD_WIDTH, style=Markup(STYLE)
    )  # the style is a file of ours


def measure_card(embed: EmbedTexts) -> tuple[int, int]:
    """Return the width and the height of a card with the given texts, in pixels."""
    return CARD_WIDTH, _draw_card(embed).height


class _CardBuilder:
    """Builds a card from top to bottom; `y` is the distance in pixels from the top to the current line."""

    def __init__(self) -> None:
        self.y = _MARGIN - 2
        self.letters: list[Letters] = []
        self.tracks: list[Box] = []
        self.bars: list[Box] = []
        self.pips: list[tuple[Box, bool]] = []

    def add_paragraph(self, text: str, size: int, pitch: int, style: str, max_lines: int) -> None:
        """Add a text below the last one, wrapped into at most `max_lines` lines that are each `pitch` pixels high.

        `size` is the font size in pixels, `style` a CSS class.
        """
        bold = style == "strong"
        for line in wrap_lines(text, _ROOM, size, max_lines, bold=bold):
            self.y += pitch
            self.add_text(_MARGIN, line, size, style)

    def add_text(self, x: float, text: str, size: int, style: str, anchor: Literal["start", "end"] = "start") -> float:
        """Add a text on the current line, and return `x` plus the width of the text.

        `x` is the start or the end of the text, as `anchor` says. `size` is the font size in pixels, `style` a CSS
        class.
        """
        length = _round_tenths(measure_width(text, size, bold=style == "strong"))
        self.letters.append(Letters(_round_tenths(x), self.y, text, length, f"{style} s{size}", anchor))
        return x + length

    def build_card(self, title: str, description: str) -> Card:
        """Return the finished card.

        `title` and `description` are its texts for screen readers.
        """
        return Card(
            height=self.y + _MARGIN,
            title=title,
            description=description,
            letters=tuple(self.letters),
            tracks=tuple(self.tracks),
            bars=tuple(self.bars),
            pips=tuple(self.pips),
        )


def _draw_card(embed: EmbedTexts) -> Card:
    page = _CardBuilder()
    page.add_paragraph(embed.index, 12, 17, "soft", 1)
    page.add_paragraph(embed.name, 18, 23, "strong", 2)
    _add_figures(page, embed)
    for line in embed.dimensions:
        page.y += 22
        page.add_text(_MARGIN, truncate_text(line.name, _ROOM, 12), 12, "ink")
        page.y += 13
        page.add_text(CARD_WIDTH - _MARGIN, truncate_text(line.text, _ROOM, 12, bold=True), 12, "strong", "end")
        room = _BAR if line.score is not None else _ROOM - measure_width(line.text, 12, bold=True) - 8
        page.tracks.append(
            Box(_MARGIN, page.y - 9, _round_tenths(room), 9, "rated" if line.score is not None else "unrated")
        )
        if line.score:
            page.bars.append(Box(_MARGIN, page.y - 9, _round_tenths(_BAR * line.score / 100), 9))
    page.y += 8
    for text in (embed.edition, ", ".join(part for part in (embed.methodology, embed.coverage) if part)):
        page.add_paragraph(capitalise(text), 12, 17, "soft", 2)
    for remark in embed.remarks:
        page.add_paragraph(f"! {capitalise(remark)}", 12, 17, "remark", 2)
    page.add_paragraph(embed.url, 11, 17, "soft", 2)
    # One language is enough to see; both are in the description.
    for notice in list_notices(embed.language)[:1]:
        page.add_paragraph(notice, 11, 17, "soft", 2)
    dimensions = "; ".join(f"{line.name}: {line.text}" for line in embed.dimensions)
    return page.build_card(embed.title, f"{embed.text}. {dimensions}.")


def _add_figures(page: _CardBuilder, embed: EmbedTexts) -> None:
    """Add the score in large text to the card `page`, and below it the level, if there is a level.

    The level has a row of small boxes before its name: one for each level of the methodology, filled up to the
    level that is reached. Without a score, the text says why there is none.
    """
    if embed.figure is not None:
        page.y += 46
        end = page.add_text(_MARGIN, embed.figure, 40, "strong")
        page.add_text(end + 8, embed.full, 16, "soft")
    else:
        page.add_paragraph(capitalise(embed.score), 26, 40, "strong", 2)
    if embed.level is not None:
        page.y += 24
        reached, of = embed.pips
        for number in range(of):
            page.pips.append((Box(_MARGIN + number * 12, page.y - 11, 9, 13), number < reached))
        page.add_text(
            _MARGIN + of * 12 + 4,
            truncate_text(capitalise(embed.level), _ROOM - of * 12 - 4, 14, bold=True),
            14,
            "strong",
        )
    page.y += 8


def _round_tenths(value: float) -> float:
    return round(value, 1)


def _render_template(template: str, **values: object) -> bytes:
    return _templates.get_template(template).render(family=FAMILY, **values).encode()
