"""The pages about methodologies: every indicator, goalpost, gate and difference, in both languages."""

from __future__ import annotations

import pytest

from actitud_api.engine.i18n import LANGUAGES, Language
from actitud_api.engine.methodology.loader import list_versions, load_methodology
from actitud_api.engine.methodology.predicates import walk_indicators
from tests.web.embeds.reading import Document, page
from tests.web.portal.places import Client
from tests.web.portal.reading import hrefs, read, words

pytestmark = pytest.mark.parametrize("places", ["sqlite"], indirect=True)


@pytest.fixture(scope="module", params=[(version, language) for version in list_versions() for language in LANGUAGES])
def shown(request: pytest.FixtureRequest, places: Client) -> tuple[str, Language, Document]:
    """A page of a version in a language."""
    version, language = request.param
    response = places.get(f"/portal/methodologies/{version}?lang={language}")
    assert response.status_code == 200
    return version, language, page(response.text)


Shown = tuple[str, Language, Document]


def test_every_indicator_has_its_question_its_goalposts_and_its_points_of_the_article(shown: Shown) -> None:
    version, language, found = shown
    methodology = load_methodology(version)
    texts = methodology.texts[language]
    cards = {card.attrs["id"]: card for card in found.query("article.measure")}
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


def test_what_points_into_the_page_gets_there(shown: Shown) -> None:
    _, _, found = shown
    ids = [element.attrs["id"] for element in found.query("[id]")]
    assert len(ids) == len(set(ids))
    assert not {link[1:] for link in hrefs(found) if link.startswith("#")} - set(ids)


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


def test_words_of_one_indicator_of_each_kind(places: Client) -> None:
    found = read(places, "methodologies/2026.1")
    cards = {card.attrs["id"]: card for card in found.query("article.measure")}

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
    assert gates[0] == "The index must be at least 40"
    assert gates[3] == "Response rate (D9.01) must be at least 38 %"


def test_words_of_the_gates_of_the_version_in_use(places: Client) -> None:
    levels = read(places, "methodologies/2027.1").query(".levels > li")
    gates = [[words(gate) for gate in level.query("ul > li")] for level in levels]
    assert gates[1] == ["The index must be at least 10", "At least one active account"]
    # Of D2 and D8, and not of the lowest of the ten.
    assert "Information and openness (D2) and valuable content (D8), each of 30 or more" in gates[2]
    assert "Response rate (D9.01) must be at least 50 %" in gates[2]
    assert not [gate for of_level in gates for gate in of_level if "lowest dimension" in gate]


def test_it_says_what_changes_since_the_version_before(places: Client) -> None:
    def lines(version: str) -> list[str]:
        (changes,) = read(places, f"methodologies/{version}").query("#changes")
        return [words(line) for line in changes.query("li")]

    assert not read(places, "methodologies/2026.1").query("#changes")
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
    assert words(read(places, "methodologies/2027.1").query("#changes h2")[0]) == "What changes since 2026.1"


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


@pytest.mark.parametrize("version", ["2026.2", "latest", "2026.1.json"])
def test_an_unknown_version_is_not_there(places: Client, version: str) -> None:
    read(places, f"methodologies/{version}", status=404)
