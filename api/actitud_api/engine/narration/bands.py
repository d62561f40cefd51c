"""Size bands in words: the range of inhabitants or employees of a band, such as "up to 5,000 inhabitants"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.methodology.model import Document
from actitud_api.engine.narration import words

_ALONE: Final = (
    Texts("hasta {to} {people}", "up to {to} {people}"),
    Texts("de {start} a {to} {people}", "{start} to {to} {people}"),
    Texts("{start} {people} o más", "{start} {people} or more"),
)
"""Texts of the first band of a scale, of those in the middle, and of the last one."""
_AFTER_NOUN: Final = (
    Texts("de hasta {to} {people}", "of up to {to} {people}"),
    Texts("de {start} a {to} {people}", "of {start} to {to} {people}"),
    Texts("de {start} {people} o más", "of {start} {people} or more"),
)
"""The same texts for the end of a phrase."""
_PEOPLE: Final[Mapping[str, Texts]] = {
    "P": Texts("habitantes", "inhabitants"),
    "E": Texts("personas en plantilla", "people on the staff"),
}
"""Nouns for what a scale of bands counts."""
_PEOPLE_OF_OTHER_SCALES: Final = Texts("personas", "people")


def describe_band(document: Document, code: str, language: Language) -> str:
    """Describe a size band by its limits, such as "up to 5,000 inhabitants"; return its code if the band is unknown."""
    return _format_band(document, code, language, _ALONE)


def qualify_by_band(document: Document, code: str, language: Language) -> str:
    """Describe a size band as the end of a phrase: "of up to 5,000 inhabitants"; return its code if it is unknown."""
    return _format_band(document, code, language, _AFTER_NOUN)


def _format_band(document: Document, code: str, language: Language, templates: tuple[Texts, Texts, Texts]) -> str:
    for scale, bands in document.size_bands.items():
        for band in bands:
            if band.code == code:
                text = templates[0 if band.start == 0 else 2 if band.to is None else 1]
                return text.into(language).format(
                    start=words.format_number(band.start, language),
                    to="" if band.to is None else words.format_number(band.to, language),
                    people=_PEOPLE.get(scale, _PEOPLE_OF_OTHER_SCALES).into(language),
                )
    return code
