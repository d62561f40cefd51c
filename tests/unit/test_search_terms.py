"""Words of names and of search texts: which of them count, and how alike two of them are."""

from __future__ import annotations

import math
from datetime import date

import pytest

from actitud_api.resources.organisations.entries import OrganisationEntry, PastName
from actitud_api.resources.organisations.search_terms import (
    drop_misspelt_generic,
    index_words,
    measure_similarity,
    parse_search,
    split_trigrams,
)


def test_the_beginning_of_a_word_has_two_trigrams_more() -> None:
    assert split_trigrams("lugo") == {"  l", " lu", "lug", "ugo", "go "}


@pytest.mark.parametrize(
    ("word", "other", "similarity"),
    [
        ("madrid", "madrid", 1),
        ("madird", "madrid", 6 / 14),  # of seven trigrams each, "  m", " ma" and "mad" are in both
        ("barcelna", "barcelona", 14 / 19),  # nine and ten, seven in both
        ("lugo", "vic", 0),
    ],
)
def test_words_are_alike_by_the_trigrams_that_they_share(word: str, other: str, similarity: float) -> None:
    assert math.isclose(measure_similarity(word, other), similarity)
    assert measure_similarity(word, other) == measure_similarity(other, word)


@pytest.mark.parametrize(
    ("text", "words", "generic"),
    [
        ("Ayuntamiento de Madrid", ("madrid",), {"ayuntamiento": ("MUN",)}),
        ("AJUNTAMENT DE L'HOSPITALET", ("hospitalet",), {"ajuntament": ("MUN",)}),
        ("Concello da Coruña", ("coruna",), {"concello": ("MUN",)}),
        ("Eibarko Udala", ("eibarko",), {"udala": ("MUN",)}),
        ("Diputación Provincial de Lugo", ("lugo",), {"diputacion": ("PRO", "SUP"), "provincial": ("PRO", "SUP")}),
        ("provincia de Huesca", ("huesca",), {}),  # of any kind
        ("ayuntamiento", ("ayuntamiento",), {}),  # nothing else remains
        ("la", ("la",), {}),
        ("%_ !?", (), {}),
        ("", (), {}),
    ],
)
def test_articles_and_generic_words_do_not_count_if_another_remains(
    text: str, words: tuple[str, ...], generic: dict[str, tuple[str, ...]]
) -> None:
    search = parse_search(text)
    assert (search.words, search.generic) == (words, generic)


def test_the_exact_name_is_the_text_with_and_without_its_generic_beginning() -> None:
    assert set(parse_search("Ayuntamiento de Las Rozas").names) == {"ayuntamiento de las rozas", "rozas"}


def test_eight_words_of_a_text_count() -> None:
    assert parse_search(" ".join(f"word{number}" for number in range(30))).words == tuple(
        f"word{number}" for number in range(8)
    )


@pytest.mark.parametrize(
    ("text", "territories"),
    [
        ("Huesca", {"huesca": ["province-22"]}),
        ("Gerona", {"gerona": ["province-17"]}),
        ("castilla y león", {"castilla": ["region-07"], "leon": ["region-07", "province-24"]}),
        ("castilla", {}),
        ("comunidad de madrid", {"madrid": ["region-13", "province-28"]}),
        ("Euskadi", {"euskadi": ["region-16"]}),
    ],
)
def test_a_territory_is_found_by_its_whole_name_in_any_language(text: str, territories: dict[str, list[str]]) -> None:
    found = parse_search(text).territories
    assert {word: [territory.id for territory in named] for word, named in found.items()} == territories


def test_a_misspelt_generic_word_is_recognised() -> None:
    assert drop_misspelt_generic(["ayuntamento", "lugo"]) == ["lugo"]
    assert drop_misspelt_generic(["ayuntamento"]) == ["ayuntamento"]


def test_words_have_the_distance_from_the_whole_name() -> None:
    entry = OrganisationEntry(
        id="ES-DIR3-L01200697",
        name="Donostia/San Sebastián",
        kind="MUN",
        former_names=(PastName("San Sebastián de Guipúzcoa", date(1980, 1, 1)),),
        aliases=("ES-INE-20069",),
    )
    assert index_words(entry) == {
        "donostia": 0,
        "san": 1,
        "sebastian": 1,
        "guipuzcoa": 102,
        "dir3": 200,
        "l01200697": 200,
        "ine": 200,
        "20069": 200,
    }
    council = OrganisationEntry(id="XX-T-1", name="Ayuntamiento de Villa Alegre", kind="MUN")
    assert index_words(council) == {"ayuntamiento": 2, "villa": 2, "alegre": 2, "xx": 200, "t": 200, "1": 200}
