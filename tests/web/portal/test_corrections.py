"""Pages say that a published score was corrected, when, from what to what, and why; in print too."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from msgspec import structs

from actitud_api.engine.i18n import Language
from actitud_api.platform.storage.database import Database
from actitud_api.resources.publications.news import CorrectedScore, ScoreCorrection
from actitud_api.web.portal.corrections import describe_corrections
from tests.support.applications import borrow_app
from tests.support.databases import BOTH, made_anew, make_key, unlimited
from tests.support.publishing import BEFORE, BIG, NOW, SMALL, correction, fill, publish
from tests.web.embeds.reading import Document, page
from tests.web.portal.printed import read_pages

Client = TestClient[Litestar]

SHEET: Final = f"/portal/2026/{BIG}"
FIRST_TIME: Final = "This edition was corrected on 2 June 2027. Reason: A wrong answer."
ONCE: Final = {
    "es": "Esta puntuación se corrigió el 2 de junio de 2027: el índice pasa de 44 a 45. Motivo: A wrong answer.",
    "en": "This score was corrected on 2 June 2027: the index goes from 44 to 45. Reason: A wrong answer.",
}
TWICE: Final = {
    "es": "Esta puntuación se ha corregido 2 veces, la última el 3 de junio de 2027: el índice pasa de 45 a 44. "
    "Motivo: La <b>respuesta</b> era buena.",
    "en": "This score has been corrected 2 times, last on 3 June 2027: the index goes from 45 to 44. "
    "Reason: La <b>respuesta</b> era buena.",
}
EDITION_TWICE: Final = {
    "es": "Esta edición se ha corregido 2 veces, la última el 3 de junio de 2027. "
    "Motivo: La <b>respuesta</b> era buena.",
    "en": "This edition has been corrected 2 times, last on 3 June 2027. Reason: La <b>respuesta</b> era buena.",
}
ITEMS: Final = {
    "es": [
        "3 de junio de 2027: el índice pasa de 45 a 44. Motivo: La <b>respuesta</b> era buena.",
        "2 de junio de 2027: el índice pasa de 44 a 45. Motivo: A wrong answer.",
    ],
    "en": [
        "3 June 2027: the index goes from 45 to 44. Reason: La <b>respuesta</b> era buena.",
        "2 June 2027: the index goes from 44 to 45. Reason: A wrong answer.",
    ],
}
"""Example A of the catalogue has 44.03 points, and 44.53 with the half point of D9.06; the second takes it back."""
ADDED: Final = ScoreCorrection(2, NOW, "It was forgotten.", CorrectedScore(BIG, None, "sha256:1", None, 44.03, None, 3))
CHANGED: Final = ScoreCorrection(
    3, NOW + timedelta(days=1), "A wrong answer.", CorrectedScore(BIG, "sha256:1", "sha256:2", 44.03, 60.0, 3, 4)
)


@pytest.fixture(scope="module", params=BOTH)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client of a service whose pages were read before each of two corrections, the second of which undid the first.

    What the pages said then stands in `said`.
    """
    folder = tmp_path_factory.mktemp("corrected")
    with made_anew(request, folder) as url, borrow_app(unlimited(url)) as app, TestClient(app) as client:
        database: Database = app.state["database"]
        make_key(database, folder, BEFORE)
        fill(database)
        first = publish(database, folder)
        said = [read_all(client)]
        second = publish(database, folder, correction(first, BIG, D9_06={"value": True}), now=NOW + timedelta(days=1))
        said.append(read_all(client))
        undone = structs.replace(
            correction(second, BIG, D9_06={"value": False}), reason="La <b>respuesta</b> era buena."
        )
        publish(database, folder, undone, now=NOW + timedelta(days=2))
        app.state["said"] = said
        yield client


def read(client: Client, path: str, lang: str) -> Document:
    response = client.get(path, params={"lang": lang})
    assert response.status_code == 200, response.text
    found = page(response.text)
    assert not found.errors
    return found


def list_notices(found: Document) -> list[tuple[str, str]]:
    """List what the first part of a page says of corrections, each with the address that it leads to."""
    return [
        (" ".join(one.query("span")[0].text.split()), one.query("a")[0].attrs["href"])
        for one in found.query("p.corrected")
    ]


def read_all(client: Client) -> dict[str, list[tuple[str, str]]]:
    paths = (SHEET, "/portal/2026", f"/portal/2026/{SMALL}")
    return {path: list_notices(read(client, path, "en")) for path in paths}


def test_pages_say_nothing_of_corrections_before_there_are_any(site: Client) -> None:
    before, once = site.app.state["said"]
    assert before == {SHEET: [], "/portal/2026": [], f"/portal/2026/{SMALL}": []}
    assert once == {
        SHEET: [(ONCE["en"], "#corrections")],
        "/portal/2026": [(FIRST_TIME, "/v1/editions/2026/publications")],
        f"/portal/2026/{SMALL}": [],
    }


@pytest.mark.parametrize("lang", ["es", "en"])
def test_a_corrected_sheet_says_when_from_what_to_what_and_why(site: Client, lang: str) -> None:
    found = read(site, SHEET, lang)
    assert list_notices(found) == [(TWICE[lang], "#corrections")]
    (history,) = found.query("section#history")
    assert [" ".join(item.text.split()) for item in history.query("ul:not(.links) li")] == ITEMS[lang]
    assert {"es": "todavía no hay con qué compararla", "en": "nothing yet to compare"}[lang] not in history.text
    assert len(found.query("#corrections")) == 1
    feed = f"/feeds/organisations/{BIG}/atom.xml?lang={lang}"
    addresses = [link.attrs["href"] for link in history.query("a")]
    assert addresses == ["/v1/editions/2026/publications", feed]
    assert all(site.get(address).status_code == 200 for address in addresses)


@pytest.mark.parametrize("lang", ["es", "en"])
def test_the_page_of_an_edition_says_how_often_it_was_corrected(site: Client, lang: str) -> None:
    found = read(site, "/portal/2026", lang)
    assert list_notices(found) == [(EDITION_TWICE[lang], "/v1/editions/2026/publications")]


@pytest.mark.parametrize("lang", ["ca", "eu", "gl"])
def test_a_partial_language_says_it_in_spanish_and_that_it_is_spanish(site: Client, lang: str) -> None:
    for path, text in ((SHEET, TWICE["es"]), ("/portal/2026", EDITION_TWICE["es"])):
        found = read(site, path, lang)
        assert [told for told, _ in list_notices(found)] == [text]
        assert found.query("p.corrected span")[0].attrs["lang"] == "es"


@pytest.mark.parametrize("lang", ["es", "en"])
def test_the_printed_sheet_says_it_too(site: Client, lang: str) -> None:
    printed = read_pages(site.get(f"{SHEET}/sheet.pdf", params={"lang": lang}).content)
    assert TWICE[lang] in printed.texts[0]
    assert len(printed.texts) == 2


def test_the_sheet_has_the_words_of_the_feed(site: Client) -> None:
    entries = site.get(f"/feeds/organisations/{BIG}/feed.json", params={"lang": "en"}).json()["items"]
    assert "The index goes from 45 to 44." in entries[0]["content_html"]
    assert "The index goes from 44 to 45." in entries[1]["content_html"]


@pytest.mark.parametrize(
    ("lang", "added", "corrected"),
    [
        (
            "es",
            "Esta puntuación se añadió el 1 de junio de 2027 a la edición ya publicada. Motivo: It was forgotten.",
            "Esta puntuación se corrigió el 2 de junio de 2027: el índice pasa de 44 a 60, y el nivel pasa de 3 a 4. "
            "Motivo: A wrong answer.",
        ),
        (
            "en",
            "This score was added on 1 June 2027 to the edition already published. Reason: It was forgotten.",
            "This score was corrected on 2 June 2027: the index goes from 44 to 60, and the level goes from 3 to 4. "
            "Reason: A wrong answer.",
        ),
    ],
)
def test_a_score_that_was_added_later_was_not_corrected_by_that(lang: Language, added: str, corrected: str) -> None:
    first, both = (describe_corrections(given, "2026.1", lang) for given in ([ADDED], [CHANGED, ADDED]))
    assert first is not None
    assert both is not None
    assert (first.text, both.text) == (added, corrected)
    assert (len(first.items), len(both.items)) == (1, 2)
    assert both.items[1] == first.items[0]
    assert describe_corrections([], "2026.1", lang) is None
