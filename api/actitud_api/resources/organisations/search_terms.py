"""Words of names and of search texts: the words that count, their meanings, and the similarity of two words.

Names and search texts are compared word by word in the form of `storage.folding.fold`. Articles and prepositions do
not count. A generic word such as "ayuntamiento" stands for a kind of organisation, because a register calls the
council of Madrid "Madrid". Both rules hold only if another word remains.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from actitud_api.platform.storage.folding import fold
from actitud_api.resources.organisations.entries import OrganisationEntry
from actitud_api.resources.organisations.kinds import Kind
from actitud_api.resources.organisations.territories import OTHER_NAMES, TERRITORIES, Territory

WORDS_MAX: Final = 8
"""Number of words of a search text that count: the longest names of Spanish municipalities have seven."""

FORMER_NAME: Final = 100
IDENTIFIER_WORD: Final = 200
"""Distances added to the words of former names, and to those of ids and aliases."""

_DISTANCE_MAX: Final = 19
_COMPARED_LENGTH: Final = 40
"""Number of letters by which words are compared: a name may be one word of 200."""

_MISSPELT_MIN: Final = 0.6
"""The least similarity of a misspelt generic word to the right one: "ayuntamento" has 0.8."""

_ARTICLES: Final = "a al as d da das de del do dos e el els en es eta i l la las les lo los na o os s sa ses y of the"
"""Articles, prepositions and conjunctions in Spanish, Catalan, Galician and Basque, and "of the" of English."""
_UNCOUNTED: Final = frozenset(_ARTICLES.split())

_GENERIC_WORDS: Final[Mapping[tuple[Kind, ...], str]] = {
    ("MUN",): "ajuntament ajuntaments ayto ayuntamiento concejo concello municipi municipio udala udaletxea",
    ("PRO", "SUP"): "aldundia aldundi cabildo consell deputacion diputacio diputacion insular provincial",
    ("PRO", "REG"): "foral",
    ("REG",): "autonoma autonomica comunidad comunidade comunitat erkidegoa generalitat gobernua gobierno govern "
    "jaurlaritza junta principado principau region rexion xunta",
    (): "provincia probintzia province",
}
GENERIC: Final[Mapping[str, tuple[Kind, ...]]] = {
    word: kinds for kinds, words in _GENERIC_WORDS.items() for word in words.split()
}
"""Generic words of names in every official language, with the kinds that they stand for; none stands for any."""


class SearchText(Struct, frozen=True):
    """A search text as words, in lower case and without accents.

    `words`: the words that an organisation must have, at most `WORDS_MAX`. `generic`: further words that stand for
    kinds of organisation, such as "ayuntamiento", with these kinds. `names`: the whole text, with and without the words
    before the first of `words`; an organisation with such a name equals the text. `territories`: for each word that
    belongs to the name of a region or province, the territories whose whole name is in the text.
    """

    words: tuple[str, ...]
    generic: Mapping[str, tuple[Kind, ...]]
    names: tuple[str, ...]
    territories: Mapping[str, tuple[Territory, ...]]


def parse_search(text: str) -> SearchText:
    """Split a search text into the words that count; a text without letters and digits has none."""
    folded = fold(text).split()
    counted = select_counted(dict.fromkeys(folded))
    words = [word for word in counted if word not in GENERIC] or counted
    generic = {word: GENERIC[word] for word in counted if word not in words}
    named = next((number for number, word in enumerate(folded) if word in words), 0)
    return SearchText(
        words=tuple(words[:WORDS_MAX]),
        generic={word: kinds for word, kinds in generic.items() if kinds},
        names=tuple({" ".join(folded), " ".join(folded[named:])}),
        territories=find_territories(words[:WORDS_MAX], lambda part, word: part == word),
    )


def select_counted(words: Iterable[str]) -> list[str]:
    """Return the words that are no articles, prepositions or conjunctions; all words if there are no others."""
    given = list(words)
    return [word for word in given if word not in _UNCOUNTED] or given


def index_words(entry: OrganisationEntry) -> dict[str, int]:
    """Return the words by which an organisation is found, each with its distance from the whole name.

    The distance of a word is the number of further words in its name, at most 19: 0 for a word that is the whole name,
    1 for both words of "Vitoria-Gasteiz". All generic words of a name, such as "Comunidad" and "Ayuntamiento", together
    count as one word, so "Madrid" is nearer than "Comunidad de Madrid". A name in two languages, as "Donostia/San
    Sebastián", counts as two names. 100 is added for words of former names; words of ids and aliases have the distance
    200.
    """
    distances: dict[str, int] = {}
    names = [(entry.name, 0), *((former.name, FORMER_NAME) for former in entry.former_names)]
    for name, base in names:
        for part in name.split("/"):
            words = select_counted(dict.fromkeys(fold(part).split()))
            further = len([word for word in words if word not in GENERIC]) + any(word in GENERIC for word in words) - 1
            for word in words:
                distance = base + min(further, _DISTANCE_MAX)
                distances[word] = min(distance, distances.get(word, distance))
    for identifier in (entry.id, *entry.aliases):
        for word in select_counted(fold(identifier).split()):
            distances.setdefault(word, IDENTIFIER_WORD)
    return distances


def split_trigrams(word: str) -> frozenset[str]:
    """Return all sequences of three characters in a word, with two spaces before and one after it.

    The spaces give most weight to the beginning of the word.
    """
    padded = f"  {word[:_COMPARED_LENGTH]} "
    return frozenset(padded[start : start + 3] for start in range(len(padded) - 2))


def measure_similarity(word: str, other: str) -> float:
    """Return the Sørensen–Dice coefficient of the trigrams of two words: 1 for the same word, 0 if none is shared."""
    trigrams, others = split_trigrams(word), split_trigrams(other)
    return 2 * len(trigrams & others) / (len(trigrams) + len(others))


def drop_misspelt_generic(words: Sequence[str]) -> list[str]:
    """Return the words that are not similar to a generic word such as "ayuntamiento"; all words if none is left."""
    return [
        word for word in words if all(measure_similarity(word, generic) < _MISSPELT_MIN for generic in GENERIC)
    ] or list(words)


def find_territories(words: Sequence[str], are_alike: Callable[[str, str], bool]) -> dict[str, tuple[Territory, ...]]:
    """Return a mapping from words to the regions and provinces that they name, alone or with other words of the text.

    A territory is found only if all words of one of its names are in `words`: "castilla" alone names none. `are_alike`
    is called with a word of a name and one of `words`, and returns True if they match.
    """
    if not words:
        return {}
    found: dict[str, dict[str, Territory]] = {}
    for territory, names in _TERRITORY_NAMES.items():
        for name in names:
            matched = {part: [word for word in words if are_alike(part, word)] for part in name}
            if all(matched.values()):
                for word in {word for alike in matched.values() for word in alike}:
                    found.setdefault(word, {})[territory] = TERRITORIES[territory]
    return {word: tuple(territories.values()) for word, territories in found.items()}


def _split_name(name: str) -> tuple[str, ...]:
    words = select_counted(fold(name).split())
    return tuple(word for word in words if word not in GENERIC) or tuple(words)


_TERRITORY_NAMES: Final = {
    territory.id: tuple(
        dict.fromkeys(_split_name(name) for name in (*territory.name.split("/"), *OTHER_NAMES.get(territory.id, ())))
    )
    for territory in TERRITORIES.values()
}
