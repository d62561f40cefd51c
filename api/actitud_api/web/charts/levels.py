"""The one scale of colours of the portal, from the lowest level to the highest.

The scale grows darker and bluer, so that it keeps its order in print, in grey and for colour-blind readers (tests check
the luminance). No level is shown by colour alone: its number is written on the colour. `static/charts.css` repeats the
colours.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class LevelColour(NamedTuple):
    """The background colour of a level (`ground`), and the colour of text on it (`ink`)."""

    ground: str
    ink: str


INK: Final = "#16242d"
EDGE: Final = "#7d7565"
"""Outline of everything that has a colour of the scale: the palest colour alone would not stand out from paper."""

SCALE: Final = (
    LevelColour("#f2e7bb", INK),
    LevelColour("#b4d6a4", INK),
    LevelColour("#5fb0a0", INK),
    LevelColour("#2a7797", "#ffffff"),
    LevelColour("#1f4e8c", "#ffffff"),
)
"""The colours, lowest first."""


DIGITS: Final = (
    "M-2.2-3.2.4-5V5",
    "M-3-2.6C-3-4.2-1.7-5 0-5s3 .9 3 2.5C3-1 1.5.2-.3 2L-3 5h6.2",
    "M-2.9-3.9C-2.2-4.7-1.2-5 0-5c1.8 0 2.9 1 2.9 2.5S1.8 0 .2 0h-1M.2 0c1.8 0 3 1 3 2.5S2 5 0 5c-1.3 0-2.4-.4-3.2-1.2",
    "M1.6 5V-5l-5 7.2h7",
    "M2.7-5h-4.9l-.5 4.6c.7-.5 1.5-.8 2.6-.8 1.9 0 3.2 1.2 3.2 3.1S1.7 5-.2 5c-1.2 0-2.2-.4-2.9-1.1",
)
"""The digits 1 to 5 as lines about the point 0, 0, ten units high.

In marks of levels they are drawn, not written: beside the name of a level, which has its number too, a letter would be
copied, searched and found twice.
"""


def draw_digit(number: int) -> str:
    """Return the SVG path that draws the number of a level; an empty text for a number that has no drawing."""
    return DIGITS[number - 1] if number <= len(DIGITS) else ""


def find_step(number: int, of: int) -> int:
    """Return the step of the scale of colours, from 1, for level `number` of `of` levels.

    The lowest level has the first colour and the highest level the last, whatever the number of levels is.
    """
    return 1 if of == 1 else 1 + (2 * (number - 1) * (len(SCALE) - 1) + of - 1) // (2 * (of - 1))


def find_colour(number: int, of: int) -> LevelColour:
    """Return the colour of level `number` of `of` levels."""
    return SCALE[find_step(number, of) - 1]
