"""Catalogue of a language: translations by their Spanish (GNU gettext, PO format)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from importlib import resources
from io import BytesIO
from string import Formatter
from typing import Final, NamedTuple

from babel.messages.pofile import read_po

FILLED: Final = re.compile(r"%\((\w+)\)s")
"""Mark of a value in a text that is already filled in, as the catalogue writes it: `Debe ser %(n)s o más.`"""

TEXT: Final = re.compile(r"es\d*")
"""Names of values that are texts themselves and are translated as well."""


class _Pattern(NamedTuple):
    """Filled-in text: its fixed pieces, the names of its values, and its translation."""

    around: tuple[str, ...]
    names: tuple[str, ...]
    translation: str

    def values(self, text: str) -> dict[str, str] | None:
        """Extract the values of a text, each as short as possible; None if the text does not match."""
        first, *between, last = self.around
        at, end = len(first), len(text) - len(last)
        if at > end or not text.startswith(first) or not text.endswith(last):
            return None
        found = []
        for piece in between:
            place = text.find(piece, at, end)
            if place < 0:
                return None
            found.append(text[at:place])
            at = place + len(piece)
        return dict(zip(self.names, [*found, text[at:end]], strict=True))


class Catalogue:
    """Translations of texts by their Spanish."""

    def __init__(self, translations: Mapping[str, str]) -> None:
        """Skip empty translations, and those whose placeholders do not fit their text."""
        fitting = {text: said for text, said in translations.items() if said and misfit(text, said) is None}
        self.whole = len(fitting) == len(translations)
        """Whether nothing is missing."""
        self._texts = {text: said for text, said in fitting.items() if not FILLED.search(text)}
        patterns = (_pattern(text, said) for text, said in fitting.items() if FILLED.search(text))
        self._patterns = sorted(patterns, key=lambda pattern: -sum(map(len, pattern.around)))

    def translated(self, text: str) -> str:
        """Translate a text; return it unchanged if it has no translation.

        A filled-in text, as an f-string gives it, is found by its fixed pieces.
        """
        known = self._texts.get(text)
        if known is not None:
            return known
        for pattern in self._patterns:
            values = pattern.values(text)
            if values is not None:
                return pattern.translation % {
                    name: self.translated(value) if TEXT.fullmatch(name) else value for name, value in values.items()
                }
        return text


def misfit(text: str, said: str) -> str | None:
    """Describe the misfit of a translation and its text, in English; None if they fit."""
    if places(text) != places(said):
        wanted, there = (", ".join(places(either)) or "none" for either in (text, said))
        return f"its placeholders are {there}, those of the text {wanted}"
    if _margins(text) != _margins(said):
        return "it does not begin and end with the same blanks as the text"
    if FILLED.search(text) and "%" in FILLED.sub("", said).replace("%%", ""):
        return "a % that is meant has to be %%"
    return None


def places(text: str) -> list[str]:
    """List the placeholders of a text, sorted, with their format; an unnamed one counts each time."""
    if FILLED.search(text):
        return sorted(set(FILLED.findall(text)))
    try:
        fields = [field for field in Formatter().parse(text) if field[1] is not None]
    except ValueError:  # a brace that opens nothing: it is no template
        return []
    told = [f"{{{name}{f'!{form}' if form else ''}{f':{spec}' if spec else ''}}}" for _, name, spec, form in fields]
    return sorted({*told} | {f"{{{number}}}" for number in range(told.count("{}"))})


def found(language: str) -> Catalogue | None:
    """Load the catalogue of a language; None without one."""
    file = resources.files(__name__.rpartition(".")[0]) / "catalogues" / f"{language}.po"
    return Catalogue(dict(read(file.read_bytes()))) if file.is_file() else None


def read(content: bytes) -> Iterable[tuple[str, str]]:
    """Yield the texts of a catalogue with their translation, empty for a fuzzy one."""
    for message in read_po(BytesIO(content), abort_invalid=True):
        if message.id:
            yield str(message.id), "" if message.fuzzy else str(message.string)


def _margins(text: str) -> tuple[str, str]:
    return text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]


def _pattern(text: str, said: str) -> _Pattern:
    around = FILLED.split(text)
    return _Pattern(tuple(piece.replace("%%", "%") for piece in around[::2]), tuple(around[1::2]), said)
