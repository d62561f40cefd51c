"""Languages: Spanish and English, in which every text is written, and further ones with a complete catalogue.

The code has each text in Spanish and in English. The text in a further language is looked up by the Spanish text, in
the file `<language>.po` of this folder; a further language needs only this file to be offered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, TypeVar

from babel import Locale

from actitud_api.engine.i18n.catalogue import load_catalogues

WRITTEN: Final = ("es", "en")
"""Languages in which every text is written in the code."""

_CATALOGUES: Final = load_catalogues(resources.files(__name__))

LANGUAGES: Final[tuple[str, ...]] = (*WRITTEN, *_CATALOGUES)
"""Languages that the service offers: Spanish, English, and those with a catalogue."""

if TYPE_CHECKING:
    Language = str
else:
    # The catalogues decide, so only schemas and decoders, which read this at run time, can know the values.
    Language = Literal[LANGUAGES]

LOCALES: Final[Mapping[Language, Locale]] = {
    "es": Locale("es", "ES"),
    "en": Locale("en", "GB"),
    **{language: Locale.parse(language) for language in _CATALOGUES},
}
"""CLDR locale of each language, for formatting numbers, dates and lists."""

Value: TypeAlias = Callable[[Language], str] | object

KeyT = TypeVar("KeyT", bound=str)
ValueT = TypeVar("ValueT")


@dataclass(frozen=True, slots=True, init=False)
class Texts:
    """Text in every language, with the values of its placeholders, which are filled in when a language is asked for.

    A value that is a `Texts`, or a function of the language, becomes its text in that language. Without values, the
    braces of a template stay as they are.
    """

    es: str
    en: str
    values: Mapping[str, Value] = field(hash=False)

    def __init__(self, es: str, en: str, /, **values: Value) -> None:
        """Take the text in Spanish and in English, both with the placeholders that `values` name."""
        object.__setattr__(self, "es", es)
        object.__setattr__(self, "en", en)
        object.__setattr__(self, "values", values)

    def fill(self, **values: Value) -> Texts:
        """Return the text with values for its placeholders."""
        return Texts(self.es, self.en, **values)

    def into(self, language: Language) -> str:
        """Return the text in a language."""
        template = self.en if language == "en" else _translate(self.es, language)
        if not self.values:
            return template
        return template.format_map({name: _fill_in(value, language) for name, value in self.values.items()})


OR: Final = Texts(" o ", " or ")
"""Word between two alternatives, with the spaces around it."""


def table(*, es: Mapping[KeyT, str], en: Mapping[KeyT, str]) -> dict[Language, dict[KeyT, str]]:
    """Build a table of named texts for each language, translated once, so that a lookup needs no catalogue."""
    tables: dict[Language, dict[KeyT, str]] = {"es": dict(es), "en": dict(en)}
    for language in _CATALOGUES:
        tables[language] = {name: _translate(text, language) for name, text in es.items()}
    return tables


def build_translator(language: Language) -> Callable[..., str]:
    """Return the function `t` of the templates, which translates a text into `language`.

    Its arguments are the text in Spanish and in English, and values for the placeholders of the text.
    """

    def t(es: str, en: str, /, **values: Value) -> str:
        return Texts(es, en, **values).into(language)

    return t


def name(language: Language) -> str:
    """Return the name of a language in itself: «Español», “English”."""
    own = LOCALES[language].get_language_name() or language
    return own[:1].upper() + own[1:]


def nearest(texts: Mapping[str, str], language: Language) -> str:
    """Choose from texts by language: the text in `language`, else the Spanish one, else the first."""
    return texts.get(language) or texts.get("es") or next(iter(texts.values()))


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


def _translate(text: str, language: Language) -> str:
    """Look up the translation of a Spanish text; a text that the catalogue lacks stays Spanish."""
    catalogue = _CATALOGUES.get(language)
    return text if catalogue is None else catalogue.get(text, text)


def _fill_in(value: object, language: Language) -> object:
    if isinstance(value, Texts):
        return value.into(language)
    return value(language) if callable(value) else value
