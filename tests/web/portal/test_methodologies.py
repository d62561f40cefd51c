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


def test_it_says_what_changes_since_the_version_before(places: Client) -> None:
    first = read(places, "methodologies/2026.1")
    assert not first.query("#changes")
    found = read(places, "methodologies/2099.1-draft")
    (changes,) = found.query("#changes")
    lines = [words(line) for line in changes.query("li")]
    assert "D9 Listening and public conversation: 10 → 14" in lines
    assert "D9.02 Time to first response: 40 points for 21 hours, no longer for 24 hours" in lines
    assert not [line for line in lines if line.startswith("es,") or "added: es" in line]
    assert "draft: it may still change" in found.text.lower()


def test_it_has_the_digests_of_what_it_shows(places: Client) -> None:
    for language in LANGUAGES:
        served = places.get(f"/v1/methodologies/2026.1?lang={language}").json()
        found = read(places, f"methodologies/2026.1?lang={language}")
        assert [words(code) for code in found.query("code.digest")] == [
            served["digest"],
            served["text_digests"][language],
        ]


def test_the_list_has_every_version_the_newest_first(places: Client) -> None:
    found = read(places, "methodologies")
    assert [words(row.query("th a")[0]) for row in found.query("tbody tr")] == ["2099.1-draft", "2026.1"]
    assert [words(row.query("td")[1]) for row in found.query("tbody tr")] == ["70", "69"]


@pytest.mark.parametrize("version", ["2026.2", "latest", "2026.1.json"])
def test_an_unknown_version_is_not_there(places: Client, version: str) -> None:
    read(places, f"methodologies/{version}", status=404)
