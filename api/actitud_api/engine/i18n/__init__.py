"""Languages: every text is written in Spanish and English; a further language needs a catalogue of translations.

A text stands in the code in Spanish and English. A text in a further language is looked up by its Spanish text in
`catalogues/<language>.po`; it stays Spanish if the catalogue does not have it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple, TypeVar, get_args

from babel import Locale

from actitud_api.engine.i18n.catalogue import Catalogue, found

Language = Literal["es", "en", "ca", "gl", "eu"]
"""Language code of a text (ISO 639-1)."""

WRITTEN: Final[tuple[Language, ...]] = ("es", "en")
"""Languages in which every text is written in the code."""

LOCALES: Final[Mapping[Language, Locale]] = {
    "es": Locale("es", "ES"),
    "en": Locale("en", "GB"),
    "ca": Locale("ca", "ES"),
    "gl": Locale("gl", "ES"),
    "eu": Locale("eu", "ES"),
}
"""CLDR locale of each language, for formatting numbers, dates and lists."""

_FURTHER: Final[tuple[Language, ...]] = tuple(language for language in get_args(Language) if language not in WRITTEN)
_CATALOGUES: Final[Mapping[Language, Catalogue]] = {
    language: catalogue for language in _FURTHER if (catalogue := found(language)) is not None
}

LANGUAGES: Final[tuple[Language, ...]] = (*WRITTEN, *_CATALOGUES)
"""Languages that the service offers: Spanish, English, and those with a catalogue."""

KeyT = TypeVar("KeyT", bound=str)
ValueT = TypeVar("ValueT")


class Texts(NamedTuple):
    """A text in Spanish and English."""

    es: str
    en: str

    def into(self, language: Language) -> str:
        """Return the text in a language; Spanish if there is no translation."""
        return into(self.es, self.en, language)


def into(es: str, en: str, language: Language) -> str:
    """Return a text, given in Spanish and English, in a language; Spanish if there is no translation."""
    if language == "es":
        return es
    if language == "en":
        return en
    return _translated(es, language)


def table(*, es: Mapping[KeyT, str], en: Mapping[KeyT, str]) -> dict[Language, dict[KeyT, str]]:
    """Build a table of named texts for each language, translated once, so that a lookup needs no catalogue."""
    tables: dict[Language, dict[KeyT, str]] = {"es": dict(es), "en": dict(en)}
    for language in _FURTHER:
        tables[language] = {name: _translated(text, language) for name, text in es.items()}
    return tables


def name(language: Language) -> str:
    """Return the name of a language in itself: «Español», “English”, «Català»."""
    own = LOCALES[language].get_language_name() or language
    return own[:1].upper() + own[1:]


def nearest(texts: Mapping[str, str], language: Language) -> str:
    """Return the text in a language from texts by language; else the Spanish text, else the first."""
    return texts.get(language) or texts.get("es") or next(iter(texts.values()))


def is_whole(language: Language) -> bool:
    """Return True if every text of the code exists in a language. Texts of methodologies are not considered."""
    return language in WRITTEN or (language in _CATALOGUES and _CATALOGUES[language].whole)


class InLanguages(dict[Language, ValueT]):
    """Mapping by language that returns the Spanish value for a language that it lacks."""

    def __missing__(self, language: Language) -> ValueT:
        """Return the Spanish value.

        Raises:
            KeyError: If the Spanish value is missing too.
        """
        if language == "es":
            raise KeyError(language)
        return self["es"]


def _translated(text: str, language: Language) -> str:
    catalogue = _CATALOGUES.get(language)
    return text if catalogue is None else catalogue.translated(text)
