"""The pages about methodologies: every indicator, goalpost, gate and difference, in both languages."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Final

import pytest

from actitud_api.engine.i18n import LANGUAGES, Language
from actitud_api.engine.methodology.loader import list_versions, load_methodology
from actitud_api.engine.methodology.predicates import walk_indicators
from actitud_api.web.portal.sources import parse_source
from tests.support.scale import NIGHT
from tests.web.embeds.reading import Document, page
from tests.web.portal.places import Client
from tests.web.portal.reading import hrefs, read, words
from tests.web.portal.test_sources import assert_well_formed

pytestmark = pytest.mark.parametrize("places", ["sqlite"], indirect=True)


PAGES: Final = [
    (version, language)
    for number, version in enumerate(list_versions())
    for language in (LANGUAGES if NIGHT else LANGUAGES[number % len(LANGUAGES) :][:1])
]
"""Each version in each language; by day in one of them, in turn."""


@pytest.fixture(scope="module", params=PAGES)
def shown(request: pytest.FixtureRequest, places: Client) -> tuple[str, Language, Document]:
    """The overview of a version in a language."""
    version, language = request.param
    return version, language, opened(places, f"/portal/methodologies/{version}?lang={language}")


Shown = tuple[str, Language, Document]


@functools.cache
def opened(places: Client, href: str) -> Document:
    """A page, which several tests read: to parse it takes longer than to ask for it."""
    response = places.get(href)
    assert response.status_code == 200
    return page(response.text)


def list_dimensions(places: Client, overview: Document) -> list[Document]:
    """The pages of the dimensions that an overview leads to."""
    return [opened(places, link.attrs["href"]) for link in overview.query(".part h3 a")]


def test_every_indicator_has_its_question_its_goalposts_and_its_points_of_the_article(
    shown: Shown, places: Client
) -> None:
    version, language, found = shown
    methodology = load_methodology(version)
    texts = methodology.texts[language]
    pages = list_dimensions(places, found)
    assert [words(one.query("h1")[0]) for one in pages] == [
        f"{texts.groups[dimension.id].name} {dimension.id}" for dimension in methodology.document.root.children
    ]
    cards = {card.attrs["id"]: card for one in pages for card in one.query("article.measure")}
    assert list(cards) == [one.id for one in walk_indicators(methodology.document.root)]
    for one in walk_indicators(methodology.document.root):
        text, said = texts.indicators[one.id], words(cards[one.id])
        for part in (
            text.name, text.question, text.applies, text.evidence, text.anti_gaming, text.basis,
            *text.ladder, *text.goalposts, *text.components.values(),
            *(texts.article.bullets[bullet] for bullet in one.bullets),
            *(texts.windows[window] for window in one.windows),
        ):  # fmt: skip
            assert " ".join(part.split()) in said, (one.id, part)
        points = [words(cell) for cell in cards[one.id].query("tbody td.number")]
        assert [float(point.replace(",", ".")) for point in points] == [
            goalpost.score for goalpost in one.curve.goalposts
        ]


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("es", "Es provisional mientras no conste esto: en la edición anterior también tuvo un nivel 4 o 5."),
        ("en", "It is provisional until this is known: it had a level of 4 or 5 in the previous edition as well."),
    ],
)
def test_a_level_says_why_it_may_change_and_sentences_end_once(places: Client, lang: str, said: str) -> None:
    assert said in opened(places, f"/portal/methodologies/2027.1?lang={lang}").text
    sources = opened(places, f"/portal/methodologies/2027.1/sources?lang={lang}").text
    assert re.findall(r"[^.]{20}\.\.(?!\.)", sources) == []


def test_what_points_into_a_page_gets_there(shown: Shown, places: Client) -> None:
    _, _, found = shown
    kept: dict[str, set[str]] = {}
    for one in (found, *list_dimensions(places, found)):
        ids = [element.attrs["id"] for element in one.query("[id]")]
        assert len(ids) == len(set(ids))
        for link in hrefs(one):
            address, _, target = link.partition("#")
            if not target:
                continue
            if not address:
                assert target in ids
                continue
            if address not in kept:
                kept[address] = {element.attrs["id"] for element in opened(places, address).query("[id]")}
            assert target in kept[address], link


def test_anchors_of_the_page_that_had_it_all_are_still_there(shown: Shown) -> None:
    version, _, found = shown
    document = load_methodology(version).document
    ids = {element.attrs["id"] for element in found.query("[id]")}
    assert {"method", "indicators", "rules", "suggestions", "sources"} <= ids
    assert {one.id for one in walk_indicators(document.root)} <= ids
    assert {dimension.id for dimension in document.root.children} <= ids
    assert document.sources.keys() <= ids
    # What stood under an anchor is one click away.
    entries = {entry.attrs["id"]: entry for entry in found.query(".part li")}
    for one in walk_indicators(document.root):
        assert entries[one.id].query("a")[0].attrs["href"].endswith(f"#{one.id}")


def test_every_source_has_one_link_at_most_that_leads_to_an_original(shown: Shown, places: Client) -> None:
    version, language, _ = shown
    found = opened(places, f"/portal/methodologies/{version}/sources?lang={language}")
    methodology = load_methodology(version)
    entries = {entry.attrs["id"]: entry for entry in found.query("dl.principles > div")}
    assert list(entries) == list(methodology.document.sources)
    for identifier, entry in entries.items():
        source = methodology.document.sources[identifier]
        assert source.title in words(entry)
        assert methodology.texts[language].sources[identifier].read in words(entry)
        links = [link.attrs["href"] for link in entry.query("a")]
        assert len(links) <= 1, links
        for link in links:
            assert_well_formed(link)
        if not links:
            assert parse_source(source.where).copies or "http" not in source.where


def test_every_level_says_what_it_asks(shown: Shown) -> None:
    version, language, found = shown
    methodology = load_methodology(version)
    levels = found.query(".levels > li")
    assert [len(level.query("ul > li")) for level in levels] == [
        len(level.gates) for level in methodology.document.levels
    ]
    for level in methodology.document.levels:
        text = methodology.texts[language].levels[str(level.number)]
        assert text.name in words(levels[level.number - 1])
        assert text.meaning in words(levels[level.number - 1])


@pytest.mark.parametrize(
    ("language", "said", "guide"),
    [
        ("es", "quien organiza una edición elige a quienes la evalúan", "docs/assessor-guide.es.md"),
        ("en", "whoever runs an edition chooses those who assess it", "docs/assessor-guide.md"),
    ],
)
def test_it_says_what_is_reviewed_how_one_becomes_assessor_and_where_the_guide_is(
    places: Client, language: str, said: str, guide: str
) -> None:
    (section,) = read(places, f"methodologies/2027.1?lang={language}").query("#reviewing")
    assert said in words(section)
    named = [words(one) for one in section.query("code")]
    assert guide in named
    assert all(Path(name).is_file() for name in named)
    links = [link.attrs["href"] for link in section.query("a")]
    assert links == [f"/portal/methodologies/2027.1/rules?lang={language}", f"/docs?lang={language}#reviews"]
    # A short form only estimates: nobody submits it, and nobody reviews it.
    assert not read(places, "methodologies/2027.1-short").query("#reviewing")


def test_words_of_one_indicator_of_each_kind(places: Client) -> None:
    found = read(places, "methodologies/2026.1")
    cards = {card.attrs["id"]: card for one in list_dimensions(places, found) for card in one.query("article.measure")}

    def goalposts(identifier: str) -> list[list[str]]:
        return [[words(row.query("th")[0]), words(row.query("td")[0])] for row in cards[identifier].query("tbody tr")]

    assert goalposts("D9.02") == [
        ["4 hours", "100"], ["14.5 hours", "60"], ["24 hours", "40"], ["48 hours", "20"], ["72 hours", "0"],
    ]  # fmt: skip
    assert goalposts("D4.06") == [["0", "0"], ["1", "25"], ["2", "50"], ["3", "75"], ["4", "100"]]
    assert goalposts("D9.06") == [["no", "0"], ["yes", "100"]]
    assert goalposts("D3.02") == [["7 %", "100"], ["25 %", "50"], ["42 %", "0"]]
    assert "source: S07, S09" in words(cards["D9.02"]).replace(" ,", ",")
    assert "Counts 0 by rule if official accounts in total is 0" in words(cards["D3.02"])
    assert "Counts 0 by rule" not in words(cards["D4.06"])
    gates = [words(gate) for gate in found.query(".levels > li")[2].query("ul > li")]
    assert gates[0] == "Index of 40 or more"
    assert gates[3] == "Answers at least 38 % of the messages"


def test_words_of_the_gates_of_the_version_in_use(places: Client) -> None:
    levels = read(places, "methodologies/2027.1").query(".levels > li")
    gates = [[words(gate) for gate in level.query("ul > li")] for level in levels]
    assert gates[1] == [
        "Index of 10 or more",
        "At least one active account (three posts of its own or three messages answered in 90 days)",
    ]
    # Of D2 and D8, and not of the lowest of the ten.
    assert "Information and openness, and valuable content, each with 30 points or more" in gates[2]
    assert "Answers at least half of the messages that needed an answer" in gates[2]
    assert not [gate for of_level in gates for gate in of_level if "lowest dimension" in gate]


def test_it_says_what_changes_since_the_version_before(places: Client) -> None:
    def lines(version: str) -> list[str]:
        (changes,) = read(places, f"methodologies/{version}/changes").query("#changes")
        return [words(line) for line in changes.query("li")]

    assert not read(places, "methodologies/2026.1").query("#changes")
    read(places, "methodologies/2026.1/changes", status=404)
    since_2026 = lines("2027.1")
    assert "D9 Listening and public conversation: 10 → 24" in since_2026
    assert "D6.01 Practices adopted from other bodies: 1 practice scores 50, no longer 40" in since_2026
    assert "removed: D1.01 Staff with workplace access to social networks, in D1, with weight 25" in since_2026
    found = read(places, "methodologies/2099.1-draft")
    since_2027 = lines("2099.1-draft")
    assert "D9 Listening and public conversation: 24 → 14" in since_2027
    assert "D7.05 Accessible images and videos: 100 points for 95 %, no longer for 100 %" in since_2027
    assert not [line for line in since_2026 if ".conduct" in line and "lowest dimension" in line]
    for line in (*since_2026, *since_2027):
        assert not line.startswith("es,")
        assert "added: es" not in line
    assert "draft: it may still change" in found.text.lower()


def test_a_short_form_is_compared_with_no_whole_one(places: Client) -> None:
    found = read(places, "methodologies/2027.1-short")
    assert not found.query("#changes")
    assert "it only estimates the index of 2027.1: it has no levels and ranks nobody" in words(found.query("main")[0])
    assert [words(name) for name in found.query(".figures-row dt")] == ["dimensions", "indicators"]
    # Nor is the whole one with it, which stands before it in the list.
    assert words(read(places, "methodologies/2027.1/changes").query("h1")[0]) == "What changes since 2026.1"


def test_it_has_the_digests_of_what_it_shows(places: Client) -> None:
    for language in LANGUAGES:
        served = places.get(f"/v1/methodologies/2027.1?lang={language}").json()
        found = read(places, f"methodologies/2027.1?lang={language}")
        assert [words(code) for code in found.query("code.digest")] == [
            served["digest"],
            served["text_digests"][language],
        ]


def test_the_list_has_every_version_the_newest_first(places: Client) -> None:
    found = read(places, "methodologies")
    assert [words(row.query("th a")[0]) for row in found.query("tbody tr")] == [
        "2099.1-draft",
        "2027.1",
        "2027.1-short",
        "2026.1",
    ]
    assert [words(row.query("td")[1]) for row in found.query("tbody tr")] == ["70", "46", "22", "69"]


@pytest.mark.parametrize(
    "path",
    [
        *("2026.2", "latest", "2026.1.json", "2026.2/sources", "2026.2/dimensions/D1"),
        *("2026.1/dimensions/D11", "2026.1/dimensions/d1", "2026.1/sauces"),
    ],
)
def test_what_is_unknown_is_not_there(places: Client, path: str) -> None:
    read(places, f"methodologies/{path}", status=404)


def test_dimensions_follow_each_other(places: Client) -> None:
    def neighbours(dimension: str) -> list[str]:
        found = read(places, f"methodologies/2027.1/dimensions/{dimension}")
        return [link.attrs["href"].partition("?")[0].rpartition("/")[2] for link in found.query("nav.pages a")]

    assert (neighbours("D1"), neighbours("D2"), neighbours("D10")) == (["D2"], ["D1", "D3"], ["D9"])


def test_every_rule_is_on_the_page_of_what_is_checked(places: Client) -> None:
    said = words(read(places, "methodologies/2027.1/rules").query("main")[0])
    methodology = load_methodology("2027.1")
    for rule in methodology.document.rules:
        assert " ".join(methodology.texts["en"].rules[rule.id].split()) in said
        assert rule.id in said
