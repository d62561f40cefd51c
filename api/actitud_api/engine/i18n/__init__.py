"""Languages: Spanish and English, in which the code has every text, and further ones with a catalogue of translations.

The translation of a text into a further language is looked up by the Spanish text in the file `<language>.po` of this
folder. Adding a complete file is enough to offer the language. A catalogue in the folder `partial` translates only some
pages and the embeds; these are offered in its language, with the Spanish text wherever the catalogue has no
translation.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, TypeVar

from babel import Locale

from actitud_api.engine.i18n.catalogue import list_files, load_catalogue, load_catalogues

WRITTEN: Final = ("es", "en")
"""Languages in which every text is written in the code."""

_CATALOGUES: Final = load_catalogues(resources.files(__name__))

LANGUAGES: Final[tuple[str, ...]] = (*WRITTEN, *_CATALOGUES)
"""Languages in which the service says everything: Spanish, English, and those with a complete catalogue."""

_PARTIAL_FILES: Final = {
    language: file
    for language, file in list_files(resources.files(__name__).joinpath("partial")).items()
    if language not in LANGUAGES
}

PAGE_LANGUAGES: Final[tuple[str, ...]] = (*LANGUAGES, *_PARTIAL_FILES)
"""Languages that a reader can choose: those of `LANGUAGES`, and those with a partial catalogue."""

FALLBACK: Final = "es"
"""Language of what a further language lacks. Whoever reads a co-official language of Spain reads Spanish."""

REVIEWED: Final[frozenset[str]] = frozenset(WRITTEN)
"""Languages whose texts a native speaker has written or reviewed; the pages in any other say that nobody has."""

if TYPE_CHECKING:
    Language = str
else:
    # The catalogues decide, so only schemas and decoders, which read this at run time, can know the values.
    Language = Literal[LANGUAGES]

LOCALES: Final[Mapping[Language, Locale]] = {
    "es": Locale("es", "ES"),
    "en": Locale("en", "GB"),
    **{language: Locale.parse(language) for language in PAGE_LANGUAGES if language not in WRITTEN},
}
"""CLDR locale of each language, for formatting numbers, dates and lists."""

Value: TypeAlias = Callable[[Language], str] | object

KeyT = TypeVar("KeyT", bound=str)
ValueT = TypeVar("ValueT")


@dataclass(frozen=True, slots=True, init=False)
class Texts:
    """A text in Spanish and English, with placeholders such as `{count}`.

    `values` maps each placeholder to its value, and `into` inserts the values into the text. A value that is itself a
    `Texts`, or a function of the language, is inserted in the same language. In a text without `values`, braces are
    ordinary characters.
    """

    es: str
    en: str
    values: Mapping[str, Value] = field(hash=False)

    def __init__(self, es: str, en: str, /, **values: Value) -> None:
        """Store the text in Spanish and in English; `values` maps the name of each placeholder to its value."""
        object.__setattr__(self, "es", es)
        object.__setattr__(self, "en", en)
        object.__setattr__(self, "values", values)

    def fill(self, **values: Value) -> Texts:
        """Return a copy of the text with `values` for its placeholders; the values of the original are not copied."""
        return Texts(self.es, self.en, **values)

    def into(self, language: Language) -> str:
        """Return the text in a language, with its placeholders filled in.

        Raises:
            KeyError: If the text has values, but none for one of its placeholders.
        """
        template = self.en if language == "en" else translate(self.es, language)
        if not self.values:
            return template
        return template.format_map({name: _fill_in(value, language) for name, value in self.values.items()})


UNREVIEWED: Final = Texts(
    "Ningún hablante nativo ha revisado todavía esta traducción.",
    "No native speaker has reviewed this translation yet.",
)
"""Notice where texts in a language stand that is not among `REVIEWED`, in that language and in Spanish."""

OR: Final = Texts(" o ", " or ")
"""The word “or” between two alternatives in a sentence, with the spaces around it."""


class InLanguages(dict[Language, ValueT]):
    """Mapping by language that returns the Spanish value for a language that is not among its keys."""

    def __missing__(self, language: Language) -> ValueT:
        """Return the Spanish value for a language that is not among the keys.

        Raises:
            KeyError: If the Spanish value is missing too.
        """
        if language == FALLBACK:
            raise KeyError(language)
        return self[FALLBACK]


def table(*, es: Mapping[KeyT, str], en: Mapping[KeyT, str]) -> dict[Language, dict[KeyT, str]]:
    """Build a table of texts for each language; `es` and `en` map the names of the texts to the texts.

    All texts are translated here, once, so that a lookup in the table needs no catalogue. For a language with a partial
    catalogue the texts are Spanish: the tables contain parts of sentences about scores, and these must not mix two
    languages.
    """
    tables: dict[Language, dict[KeyT, str]] = InLanguages({"es": dict(es), "en": dict(en)})
    for language in _CATALOGUES:
        tables[language] = {name: translate(text, language) for name, text in es.items()}
    return tables


def build_translator(language: Language) -> Callable[..., str]:
    """Return the function `t` with which HTML templates get a text in `language`.

    The arguments of `t` are the text in Spanish, the text in English, and a value for each placeholder of the text.
    """

    def t(es: str, en: str, /, **values: Value) -> str:
        return Texts(es, en, **values).into(language)

    return t


def choose_whole_language(language: Language) -> Language:
    """Return the given language if its catalogue is complete, else Spanish."""
    return language if language in LANGUAGES else FALLBACK


def name(language: Language) -> str:
    """Return the name of a language in the language itself: «Español», “English”."""
    own = LOCALES[language].get_language_name() or language
    return own[:1].upper() + own[1:]


def find_text_language(text: Texts, language: Language) -> Language:
    """Return the language of `text.into(language)`: `language`, or Spanish if a partial catalogue lacks the text."""
    return FALLBACK if language not in LANGUAGES and translate(text.es, language) == text.es else language


def nearest(texts: Mapping[str, str], language: Language) -> str:
    """Return the text in a language, else the Spanish text, else the first of `texts`.

    `texts` maps languages to texts and must not be empty. An empty text counts as missing.
    """
    return texts[nearest_language(texts, language)]


def nearest_language(texts: Mapping[str, str], language: Language) -> Language:
    """Return the given language if it has a text, else Spanish if it has one, else the first language of `texts`.

    `texts` maps languages to texts and must not be empty. An empty text counts as missing.
    """
    return next((known for known in (language, FALLBACK) if texts.get(known)), next(iter(texts)))


def translate(text: str, language: Language) -> str:
    """Return the translation of a Spanish text; the text itself if there is no catalogue or no translation in it.

    Names in a methodology that has no texts in the language are translated with this function too.
    """
    catalogue = _CATALOGUES.get(language)
    if catalogue is None and language in _PARTIAL_FILES:
        catalogue = _load_partial(language)
    return text if catalogue is None else catalogue.get(text, text)


@functools.cache
def _load_partial(language: Language) -> dict[str, str]:
    """Load a partial catalogue when it is first needed: reading one takes longer than all else of this module."""
    return load_catalogue(_PARTIAL_FILES[language])


def _fill_in(value: object, language: Language) -> object:
    if isinstance(value, Texts):
        return value.into(language)
    return value(language) if callable(value) else value
