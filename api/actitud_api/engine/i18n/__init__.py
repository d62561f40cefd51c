"""Languages: Spanish and English, in which every text is written, and further ones with a catalogue.

A text stands in the code in Spanish and in English. In a further language it is looked up by its Spanish in
`catalogues/<language>.po`, and stays Spanish if untranslated. A further language is offered once it has a catalogue.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple, TypeVar, get_args

from babel import Locale

from actitud_api.engine.i18n.catalogue import Catalogue, found

Language = Literal["es", "en", "ca", "gl", "eu"]
"""Language of a text."""

WRITTEN: Final[tuple[Language, ...]] = ("es", "en")
"""Languages in which every text is written."""

LOCALES: Final[Mapping[Language, Locale]] = {
    "es": Locale("es", "ES"),
    "en": Locale("en", "GB"),
    "ca": Locale("ca", "ES"),
    "gl": Locale("gl", "ES"),
    "eu": Locale("eu", "ES"),
}
"""Conventions of each language for numbers, dates and lists (CLDR)."""

_FURTHER: Final[tuple[Language, ...]] = tuple(language for language in get_args(Language) if language not in WRITTEN)
_CATALOGUES: Final[Mapping[Language, Catalogue]] = {
    language: catalogue for language in _FURTHER if (catalogue := found(language)) is not None
}

LANGUAGES: Final[tuple[Language, ...]] = (*WRITTEN, *_CATALOGUES)
"""Languages that are offered."""

KeyT = TypeVar("KeyT", bound=str)
ValueT = TypeVar("ValueT")


class Texts(NamedTuple):
    """Text in every language."""

    es: str
    en: str

    def into(self, language: Language) -> str:
        """Return the text in a language."""
        return into(self.es, self.en, language)


def into(es: str, en: str, language: Language) -> str:
    """Return a text, given in Spanish and English, in a language."""
    if language == "es":
        return es
    if language == "en":
        return en
    return _translated(es, language)


def table(*, es: Mapping[KeyT, str], en: Mapping[KeyT, str]) -> dict[Language, dict[KeyT, str]]:
    """Build tables of named texts for every language, so that a lookup costs the same in each."""
    tables: dict[Language, dict[KeyT, str]] = {"es": dict(es), "en": dict(en)}
    for language in _FURTHER:
        tables[language] = {name: _translated(text, language) for name, text in es.items()}
    return tables


def name(language: Language) -> str:
    """Return the name of a language in itself: «Español», “English”, «Català»."""
    own = LOCALES[language].get_language_name() or language
    return own[:1].upper() + own[1:]


def nearest(texts: Mapping[str, str], language: Language) -> str:
    """Choose from texts by language the one in a language, else the Spanish, else the first."""
    return texts.get(language) or texts.get("es") or next(iter(texts.values()))


def is_whole(language: Language) -> bool:
    """Return True if every text of the code is available in a language; texts of methodologies do not count."""
    return language in WRITTEN or (language in _CATALOGUES and _CATALOGUES[language].whole)


class InLanguages(dict[Language, ValueT]):
    """Mapping by language that falls back to Spanish."""

    def __missing__(self, language: Language) -> ValueT:
        """Return the Spanish value.

        Raises:
            KeyError: No Spanish value either.
        """
        if language == "es":
            raise KeyError(language)
        return self["es"]


def _translated(text: str, language: Language) -> str:
    catalogue = _CATALOGUES.get(language)
    return text if catalogue is None else catalogue.translated(text)
