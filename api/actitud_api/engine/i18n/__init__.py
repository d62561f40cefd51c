"""The languages that people read: two in which every text is written, and those of the catalogues below them.

A text stands in the code in Spanish and in English. In a further language it is looked up in the catalogue of that
language by its Spanish, and stays Spanish where nobody has translated it. A further language is offered once its
catalogue is there: `catalogues/<language>.po`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple, TypeVar, get_args

from babel import Locale

from actitud_api.engine.i18n.catalogue import Catalogue, found

Language = Literal["es", "en", "ca", "gl", "eu"]
"""What a text may be in."""

WRITTEN: Final[tuple[Language, ...]] = ("es", "en")
"""Those in which every text is written."""

LOCALES: Final[Mapping[Language, Locale]] = {
    "es": Locale("es", "ES"),
    "en": Locale("en", "GB"),
    "ca": Locale("ca", "ES"),
    "gl": Locale("gl", "ES"),
    "eu": Locale("eu", "ES"),
}
"""How each writes numbers, dates and lists (CLDR)."""

_FURTHER: Final[tuple[Language, ...]] = tuple(language for language in get_args(Language) if language not in WRITTEN)
_CATALOGUES: Final[Mapping[Language, Catalogue]] = {
    language: catalogue for language in _FURTHER if (catalogue := found(language)) is not None
}

LANGUAGES: Final[tuple[Language, ...]] = (*WRITTEN, *_CATALOGUES)
"""Those that are offered."""

KeyT = TypeVar("KeyT", bound=str)
ValueT = TypeVar("ValueT")


class Texts(NamedTuple):
    """One text in every language."""

    es: str
    en: str

    def into(self, language: Language) -> str:
        """The text in a language."""
        return into(self.es, self.en, language)


def into(es: str, en: str, language: Language) -> str:
    """A text that is written in both, in a language."""
    if language == "es":
        return es
    if language == "en":
        return en
    return _translated(es, language)


def table(*, es: Mapping[KeyT, str], en: Mapping[KeyT, str]) -> dict[Language, dict[KeyT, str]]:
    """Texts by name in every language there can be, so that each is found by its name at no other cost."""
    tables: dict[Language, dict[KeyT, str]] = {"es": dict(es), "en": dict(en)}
    for language in _FURTHER:
        tables[language] = {name: _translated(text, language) for name, text in es.items()}
    return tables


def name(language: Language) -> str:
    """What a language calls itself: «Español», “English”, «Català»."""
    own = LOCALES[language].get_language_name() or language
    return own[:1].upper() + own[1:]


def nearest(texts: Mapping[str, str], language: Language) -> str:
    """Of a text that somebody gave in some languages that in one of them, else the Spanish, else the first."""
    return texts.get(language) or texts.get("es") or next(iter(texts.values()))


def is_whole(language: Language) -> bool:
    """Whether all that stands in the code is in a language; what a methodology says is not part of that."""
    return language in WRITTEN or (language in _CATALOGUES and _CATALOGUES[language].whole)


class InLanguages(dict[Language, ValueT]):
    """What there is in some languages; in any other, that of Spanish."""

    def __missing__(self, language: Language) -> ValueT:
        """That of Spanish; raises `KeyError` where there is none either."""
        if language == "es":
            raise KeyError(language)
        return self["es"]


def _translated(text: str, language: Language) -> str:
    catalogue = _CATALOGUES.get(language)
    return text if catalogue is None else catalogue.translated(text)
