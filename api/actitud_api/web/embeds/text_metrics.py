"""Measuring, cutting, wrapping and cleaning of the text in SVG pictures.

An SVG file cannot measure the reader's font. So widths are computed from the metrics of Helvetica (Adobe Core 14), and
every text is stretched to the computed width (`textLength`), which makes any other font fit.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final, Protocol

FAMILY: Final = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"

BOLD_FACTOR: Final = 1.06
"""Width of bold text relative to the width of the same text in normal weight."""

ELLIPSIS: Final = "…"

_WIDTH_CLASSES: Final[Sequence[tuple[int, str]]] = (
    (191, "'"),
    (222, "ijl"),
    (260, "|"),
    (278, " !,./:;I[\\]ft"),
    (333, "()-`r·"),
    (334, "{}"),
    (355, '"'),
    (389, "*"),
    (469, "^"),
    (500, "Jcksvxyz"),
    (556, "#$?0123456789L_abdeghnopqu–"),
    (584, "+<=>~"),
    (611, "FTZ"),
    (667, "&ABEKPSVXY"),
    (722, "CDHNRUw"),
    (778, "GOQ"),
    (833, "Mm"),
    (889, "%"),
    (944, "W"),
    (1000, "…—"),
    (1015, "@"),
)
"""Groups of characters that have the same width; widths are in thousandths of the font size."""

_CHARACTER_WIDTHS: Final = {character: width / 1000 for width, characters in _WIDTH_CLASSES for character in characters}
_OTHER_WIDTH: Final = 0.6
_WIDE_WIDTH: Final = 1.0
_BREAKS: Final = re.compile(r"[\x00-\x20\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")
_DIRECTIONS: Final = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_NO_CHARACTERS: Final = re.compile("[\ud800-\udfff\ufdd0-\ufdef]|[\ufffe\uffff]")


class WidthMeasure(Protocol):
    """Function that measures the width of a text, in the unit in which the font size is given."""

    def __call__(self, text: str, size: float, *, bold: bool = False) -> float:
        """Return the width of a text, in the unit of the font size `size`; `bold` is True for bold letters."""
        ...


def clean_text(text: str) -> str:
    """Return the text in one line, without direction marks, and with U+FFFD for characters that XML forbids.

    Direction marks are invisible Unicode characters that reverse the text after them. Right-to-left letters are kept,
    because they need no marks.
    """
    kept = _NO_CHARACTERS.sub("\ufffd", _DIRECTIONS.sub("", text))
    return _BREAKS.sub(" ", kept).strip()


def measure_width(text: str, size: float, *, bold: bool = False) -> float:
    """Measure the width of a text, in the unit of the font size `size`. `bold` is True for bold letters."""
    return sum(map(_measure_character, unicodedata.normalize("NFD", text))) * size * (BOLD_FACTOR if bold else 1)


def truncate_text(
    text: str, room: float, size: float, *, bold: bool = False, measure: WidthMeasure = measure_width
) -> str:
    """Return a text, cut to the width `room`; a text that was cut ends with an ellipsis.

    `size` is the font size, in the same unit as `room`; `bold` is True for bold letters. `measure` measures widths in
    the font of the text; the default is for texts in the reader's font.
    """
    if measure(text, size, bold=bold) <= room:
        return text
    kept = text
    while kept and measure(kept + ELLIPSIS, size, bold=bold) > room:
        kept = kept[:-1]
    return _strip_partial_character(kept) + ELLIPSIS


def wrap_lines(
    text: str, room: float, size: float, max_lines: int, *, bold: bool = False, measure: WidthMeasure = measure_width
) -> list[str]:
    """Wrap a text between words into at most `max_lines` lines of the width `room`.

    If the text is longer, the last line is cut. `size` is the font size, in the same unit as `room`; `bold` is True for
    bold letters. `measure` measures widths in the font of the text; the default is for texts in the reader's font.
    """
    wrapped: list[str] = []
    rest = text
    while rest and len(wrapped) < max_lines - 1 and measure(rest, size, bold=bold) > room:
        words = rest.split(" ")
        number = len(words)
        while number > 1 and measure(" ".join(words[:number]), size, bold=bold) > room:
            number -= 1
        line = " ".join(words[:number])
        if measure(line, size, bold=bold) > room:
            break
        wrapped.append(line)
        rest = " ".join(words[number:])
    return [*wrapped, truncate_text(rest, room, size, bold=bold, measure=measure)]


def _measure_character(character: str) -> float:
    width = _CHARACTER_WIDTHS.get(character)
    if width is not None:
        return width
    if unicodedata.combining(character) or unicodedata.category(character) in {"Cf", "Mn", "Me"}:
        return 0
    return _WIDE_WIDTH if unicodedata.east_asian_width(character) in {"W", "F"} else _OTHER_WIDTH


def _strip_partial_character(text: str) -> str:
    """Return a text without the spaces, punctuation and Unicode joiners at its end.

    Called after a text was cut: what such a character joined or separated may be in the part that is gone.
    """
    return text.rstrip(" \u200d\ufe0f,;:–-")
