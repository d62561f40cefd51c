"""Badges and cards: what is drawn where. The templates only write it down."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Sequence
from importlib.resources import files
from itertools import pairwise
from typing import Final, Literal, get_args

from markupsafe import Markup
from msgspec import Struct

from actitud_api.engine.i18n import Language, Texts
from actitud_api.platform.http.pages import templates
from actitud_api.web.embeds.equivalent import MEASURE, NO_ORGANISATIONS, UNKNOWN, Equivalent, capitalise
from actitud_api.web.embeds.lettering import FAMILY, measure_width, truncate_text, wrap_lines

Theme = Literal["auto", "light", "dark"]
"""What a card is drawn on: as the reader's system says, or always so."""
THEMES: Final[tuple[Theme, ...]] = get_args(Theme)

PALETTE: Final = {
    "label": ("#1f3b4d", "#ffffff"),
    "level_0": ("#5b5648", "#ffffff"),
    "level_1": ("#8a3b12", "#ffffff"),
    "level_2": ("#7a5200", "#ffffff"),
    "level_3": ("#4b6000", "#ffffff"),
    "level_4": ("#1c6a52", "#ffffff"),
    "level_5": ("#155f8a", "#ffffff"),
    "version": ("#ece7db", "#3b372d"),
    "stale": ("#f6f3ec", "#3b372d"),
    "superseded": ("#70340a", "#ffffff"),
}
"""The ground and the letters of each part of a badge."""

_templates = templates("actitud_api.web.embeds")

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
    """A text in a picture: where it begins (or ends), how long it is, and the class of its style."""

    x: float
    y: float
    text: str
    length: float
    style: str = ""
    anchor: Literal["start", "end"] = "start"


class Box(Struct, frozen=True):
    """A rectangle of a picture."""

    x: float
    y: float
    width: float
    height: float
    style: str = ""


class Part(Struct, frozen=True, kw_only=True):
    """A part of a badge: its ground, its letters, and the pips before them, each full or empty."""

    box: Box
    ground: str
    ink: str
    letters: Letters
    pips: tuple[tuple[Box, bool], ...] = ()
    dashed: bool = False


class Badge(Struct, frozen=True, kw_only=True):
    """A badge: its parts, and what it says to whoever does not see it."""

    id: str
    label: str
    width: float
    parts: tuple[Part, ...]


class _Wording(Struct, frozen=True, kw_only=True):
    """What a badge says before it is known how wide its parts are."""

    id: str
    text: str
    label: str
    message: str
    version: str | None
    pips: tuple[int, int]
    stale: bool


def render_badge(said: Equivalent) -> bytes:
    """The badge of an organisation (SVG)."""
    return _write_badge(_build_wording(said, said.measure), said.language)


def select_colour(said: Equivalent) -> str:
    """The colour of the message of a badge, as `#rrggbb`."""
    return PALETTE["version" if said.stale else f"level_{said.pips[0]}"][0]


def render_unknown_badge(reason: Texts, language: Language) -> bytes:
    """The badge in place of one that there is not; `reason`: why."""
    measure, unknown = MEASURE.into(language), UNKNOWN.into(language)
    text = f"{measure}: {unknown}. {reason.into(language)}"
    said = _Wording(id="", text=text, label=measure, message=unknown, version=None, pips=(0, 0), stale=False)
    return _write_badge(said, language)


def render_badges(said: Sequence[tuple[str, Equivalent]], edition: str, language: Language) -> bytes:
    """The badges of many organisations of an edition, one below another (SVG).

    Each has its name, and is a view of its own: the address of the picture with `#` and the id shows that one alone.
    """
    worded = [_build_wording(one, one.name, identifier) for identifier, one in said]
    columns = [max(widths) for widths in zip(*map(_measure_parts, worded), strict=True)]
    drawn = [_draw_badge(one, columns, number * (_HEIGHT + _ROW_GAP)) for number, one in enumerate(worded)]
    if not drawn:
        none = _Wording(
            id="",
            text=NO_ORGANISATIONS.into(language),
            label=MEASURE.into(language),
            message=NO_ORGANISATIONS.into(language),
            version=None,
            pips=(0, 0),
            stale=False,
        )
        drawn = [_draw_badge(none, _measure_parts(none), 0)]
    return _render_template(
        "badges.svg",
        badges=drawn,
        title=f"{MEASURE.into(language)}: {edition}",
        language=language,
        width=max(one.width for one in drawn),
        height=len(drawn) * (_HEIGHT + _ROW_GAP) - _ROW_GAP,
        row=_HEIGHT,
        pitch=_HEIGHT + _ROW_GAP,
    )


def _write_badge(said: _Wording, language: str) -> bytes:
    drawn = _draw_badge(said, _measure_parts(said), 0)
    return _render_template("badge.svg", badge=drawn, language=language, height=_HEIGHT)


def _build_wording(said: Equivalent, label: str, identifier: str = "") -> _Wording:
    return _Wording(
        id=identifier,
        text=said.text,
        label=truncate_text(label, _LABEL_MAX, _SIZE),
        message=truncate_text(said.brief, _MESSAGE_MAX, _SIZE, bold=True),
        version=truncate_text(said.version, _VERSION_MAX, _SIZE),
        pips=said.pips,
        stale=said.stale,
    )


def _measure_parts(said: _Wording) -> list[float]:
    """How wide the parts of a badge are at least."""
    pips = said.pips[1] * (_PIP + _PIP_GAP) + 4 if said.pips[1] else 0
    return [
        _round_tenths(measure_width(said.label, _SIZE) + 2 * _PAD),
        _round_tenths(measure_width(said.message, _SIZE, bold=True) + 2 * _PAD + pips),
        0 if said.version is None else _round_tenths(measure_width(said.version, _SIZE) + 2 * _PAD),
    ]


def _draw_badge(said: _Wording, columns: Sequence[float], top: float) -> Badge:
    starts = [0.0, columns[0], columns[0] + columns[1], sum(columns)]
    boxes = [Box(_round_tenths(start), top, _round_tenths(end - start), _HEIGHT) for start, end in pairwise(starts)]
    reached, of = said.pips
    message = "stale" if said.stale else f"level_{reached}"
    inset = boxes[1].x + _PAD
    after = inset + (of * (_PIP + _PIP_GAP) + 4 if of else 0)
    pips = tuple(
        (Box(_round_tenths(inset + number * (_PIP + _PIP_GAP)), top + (_HEIGHT - 10) / 2, _PIP, 10), number < reached)
        for number in range(of)
    )
    parts = [
        _draw_part(boxes[0], "label", boxes[0].x + _PAD, said.label, bold=False),
        _draw_part(boxes[1], message, after, said.message, bold=True, pips=pips, dashed=said.stale),
    ]
    if said.version is not None:
        parts.append(
            _draw_part(boxes[2], "superseded" if said.stale else "version", boxes[2].x + _PAD, said.version, bold=False)
        )
    return Badge(id=said.id, label=said.text, width=_round_tenths(starts[-1]), parts=tuple(parts))


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
"""As wide as the column of a page or a telephone: nothing in it gets small."""

_MARGIN: Final = 18
_ROOM: Final = CARD_WIDTH - 2 * _MARGIN
_FIGURE_ROOM: Final = 50
_BAR: Final = _ROOM - _FIGURE_ROOM


class Card(Struct, frozen=True, kw_only=True):
    """A card: its height and everything on it."""

    height: int
    title: str
    description: str
    letters: tuple[Letters, ...]
    tracks: tuple[Box, ...]
    bars: tuple[Box, ...]
    pips: tuple[tuple[Box, bool], ...]


def read_static_file(name: str) -> str:
    """A file of ours that stands in what is embedded."""
    return files("actitud_api.web.embeds").joinpath("static", name).read_text("utf-8")


STYLE: Final = read_static_file("card.css")
"""The style of every card; it stands in each, so that a card needs nothing else."""


def compute_csp_source(text: str) -> str:
    """How a Content-Security-Policy names an inline script or style."""
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def render_card(said: Equivalent, theme: Theme) -> bytes:
    """The card of an organisation, with its dimensions (SVG)."""
    return _write_card(_draw_card(said), said.language, theme)


def render_unknown_card(reason: Texts, language: Language, theme: Theme) -> bytes:
    """The card in place of one that there is not; `reason`: why."""
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


def measure_card(said: Equivalent) -> tuple[int, int]:
    """Width and height of a card."""
    return CARD_WIDTH, _draw_card(said).height


class _CardBuilder:
    """A card that fills from its top."""

    def __init__(self) -> None:
        self.y = _MARGIN - 2
        self.letters: list[Letters] = []
        self.tracks: list[Box] = []
        self.bars: list[Box] = []
        self.pips: list[tuple[Box, bool]] = []

    def add_paragraph(self, text: str, size: int, pitch: int, style: str, max_lines: int) -> None:
        """Some lines of text."""
        bold = style == "strong"
        for line in wrap_lines(text, _ROOM, size, max_lines, bold=bold):
            self.y += pitch
            self.add_text(_MARGIN, line, size, style)

    def add_text(self, x: float, text: str, size: int, style: str, anchor: Literal["start", "end"] = "start") -> float:
        """A text on the line; where it ends."""
        length = _round_tenths(measure_width(text, size, bold=style == "strong"))
        self.letters.append(Letters(_round_tenths(x), self.y, text, length, f"{style} s{size}", anchor))
        return x + length

    def build_card(self, title: str, description: str) -> Card:
        """What it has become."""
        return Card(
            height=self.y + _MARGIN,
            title=title,
            description=description,
            letters=tuple(self.letters),
            tracks=tuple(self.tracks),
            bars=tuple(self.bars),
            pips=tuple(self.pips),
        )


def _draw_card(said: Equivalent) -> Card:
    page = _CardBuilder()
    page.add_paragraph(said.index, 12, 17, "soft", 1)
    page.add_paragraph(said.name, 18, 23, "strong", 2)
    _add_figures(page, said)
    for line in said.dimensions:
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
    for text in (said.edition, ", ".join(part for part in (said.methodology, said.coverage) if part)):
        page.add_paragraph(capitalise(text), 12, 17, "soft", 2)
    for remark in said.remarks:
        page.add_paragraph(f"! {capitalise(remark)}", 12, 17, "remark", 2)
    page.add_paragraph(said.url, 11, 17, "soft", 2)
    dimensions = "; ".join(f"{line.name}: {line.text}" for line in said.dimensions)
    return page.build_card(said.title, f"{said.text}. {dimensions}.")


def _add_figures(page: _CardBuilder, said: Equivalent) -> None:
    """The score in large, the level below it, with its pips."""
    if said.figure is not None:
        page.y += 46
        end = page.add_text(_MARGIN, said.figure, 40, "strong")
        page.add_text(end + 8, said.full, 16, "soft")
    else:
        page.add_paragraph(capitalise(said.score), 26, 40, "strong", 2)
    if said.level is not None:
        page.y += 24
        reached, of = said.pips
        for number in range(of):
            page.pips.append((Box(_MARGIN + number * 12, page.y - 11, 9, 13), number < reached))
        page.add_text(
            _MARGIN + of * 12 + 4,
            truncate_text(capitalise(said.level), _ROOM - of * 12 - 4, 14, bold=True),
            14,
            "strong",
        )
    page.y += 8


def _round_tenths(value: float) -> float:
    return round(value, 1)


def _render_template(template: str, **values: object) -> bytes:
    return _templates.get_template(template).render(family=FAMILY, **values).encode()
