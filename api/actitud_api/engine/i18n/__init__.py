"""Languages: Spanish and English, in which the code has every text, and further ones with a catalogue of translations.

The translation of a text into a further language is looked up by the Spanish text in the file `<language>.po` of this
folder. Adding a complete file is enough to offer the language.
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
"""Languages that the service offers: Spanish, English, and those with a catalogue of translations."""

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
    """A text in Spanish and English, with placeholders such as `{count}`.

    `values` has the value of each placeholder. `into` fills them in. A value that is a `Texts`, or a function
    of the language, is replaced by its text in the language asked for. Without values, braces in the text stay
    as they are.
    """

    es: str
    en: str
    values: Mapping[str, Value] = field(hash=False)

    def __init__(self, es: str, en: str, /, **values: Value) -> None:
        """Take the text in Spanish and in English; `values` has the value of each placeholder by name."""
        object.__setattr__(self, "es", es)
        object.__setattr__(self, "en", en)
        object.__setattr__(self, "values", values)

    def fill(self, **values: Value) -> Texts:
        """Return a copy of the text in which `values` are the values of the placeholders."""
        return Texts(self.es, self.en, **values)

    def into(self, language: Language) -> str:
        """Return the text in a language, with its placeholders filled in.

        Raises:
            KeyError: If the text has values, but none for one of its placeholders.
        """
        template = self.en if language == "en" else _translate(self.es, language)
        if not self.values:
            return template
        return template.format_map({name: _fill_in(value, language) for name, value in self.values.items()})


OR: Final = Texts(" o ", " or ")
"""The word “or” between two alternatives in a sentence, with the spaces around it."""


def table(*, es: Mapping[KeyT, str], en: Mapping[KeyT, str]) -> dict[Language, dict[KeyT, str]]:
    """Build a table of texts for each language; `es` and `en` have the texts by name.

    All texts are translated here, once, so that a lookup in the table needs no catalogue.
    """
    tables: dict[Language, dict[KeyT, str]] = {"es": dict(es), "en": dict(en)}
    for language in _CATALOGUES:
        tables[language] = {name: _translate(text, language) for name, text in es.items()}
    return tables


def build_translator(language: Language) -> Callable[..., str]:
    """Return the function `t` with which HTML templates get a text in `language`.

    Its arguments are the text in Spanish and in English, and values for the placeholders of the text.
    """

    def t(es: str, en: str, /, **values: Value) -> str:
        return Texts(es, en, **values).into(language)

    return t


def name(language: Language) -> str:
    """Return the name of a language in that same language: «Español», “English”."""
    own = LOCALES[language].get_language_name() or language
    return own[:1].upper() + own[1:]


def nearest(texts: Mapping[str, str], language: Language) -> str:
    """Return the text in a language, else the Spanish text, else the first of `texts`.

    `texts` has each text by its language, and has at least one. An empty text counts as missing.
    """
    return texts.get(language) or texts.get("es") or next(iter(texts.values()))


class InLanguages(dict[Language, ValueT]):
    """Mapping by language that returns the Spanish value for a language that is not among its keys."""

    def __missing__(self, language: Language) -> ValueT:
        """Return the Spanish value for a language that is not among the keys.

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
