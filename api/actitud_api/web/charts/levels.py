"""The one scale of colours of the portal, from the lowest level to the highest.

It grows darker and bluer, so that it keeps its order in print, in grey and for readers who see colours otherwise
(checked by luminance in the tests). Colour is never the only sign: the number of the level stands in it.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class LevelColour(NamedTuple):
    """The colour of a level, and that of the text on it."""

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


def find_step(number: int, of: int) -> int:
    """Return the step of the scale, from 1, for level `number` of `of` levels; methodologies may have other than five.

    The lowest level has the first colour and the highest the last.
    """
    return 1 if of == 1 else 1 + (2 * (number - 1) * (len(SCALE) - 1) + of - 1) // (2 * (of - 1))


def find_colour(number: int, of: int) -> LevelColour:
    """Return the colour of level `number` of `of` levels."""
    return SCALE[find_step(number, of) - 1]
