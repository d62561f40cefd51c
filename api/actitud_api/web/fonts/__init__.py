"""The font of pictures and printed pages, which is the same on every machine.

A picture drawn with a font of the system would differ from machine to machine, and have no text on a machine without
fonts. `README.md` states the source of the files and how they were made.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Final

import msgspec

FAMILY: Final = "Inter"
"""Family name of the font. It has two weights, 400 and 700, and no italics."""

MISSING: Final = "□"
"""The sign in place of characters that the font lacks, such as Chinese ones."""

_FOLDER: Final = Path(str(files("actitud_api.web.fonts")))
_ADVANCES: Final[Mapping[str, tuple[int, int]]] = msgspec.json.decode(
    (_FOLDER / "advances.json").read_bytes(), type=dict[str, tuple[int, int]]
)


def find_folder() -> Path:
    """Return the folder with the files of the font, for libraries that accept a folder."""
    return _FOLDER


def list_files() -> list[str]:
    """Return the paths of the font files, the regular font first, for libraries that accept files."""
    return [str(_FOLDER / f"{FAMILY}-{weight}.ttf") for weight in ("Regular", "Bold")]


def measure_width(text: str, size: float, *, bold: bool = False) -> float:
    """Measure the width of a text in this font, in the unit of the font size `size`; `bold` is True for bold letters.

    Kerning is ignored; it changes the width of a line of text by a few hundredths at most.
    """
    return sum(_ADVANCES.get(character, _ADVANCES[MISSING])[bold] for character in text) * size / 1000


def replace_missing(text: str) -> str:
    """Replace the characters of a text that the font does not contain.

    A variant of other letters becomes these letters (`ﬁ` becomes `fi`, `１` becomes `1`), and a letter with an unknown
    accent loses the accent. Any other run of missing characters becomes one `MISSING` sign, because one empty box says
    as much as several. Invisible characters are removed.
    """
    written: list[str] = []
    for character in unicodedata.normalize("NFC", text):
        replaced = _replace_character(character)
        if replaced and (replaced != MISSING or written[-1:] != [MISSING]):
            written.append(replaced)
    return "".join(written)


def _replace_character(character: str) -> str:
    if character in _ADVANCES:
        return character
    if character.isspace():
        return " "
    if unicodedata.category(character) in {"Cc", "Cf", "Cn", "Cs", "Me", "Mn"}:
        return ""
    parts = unicodedata.normalize("NFKD", character)
    kept = "".join(part for part in parts if part in _ADVANCES and not unicodedata.combining(part))
    is_whole = all(part in _ADVANCES or unicodedata.combining(part) for part in parts)
    return kept if kept and is_whole else MISSING
