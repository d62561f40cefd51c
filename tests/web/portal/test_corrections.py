"""Pages say that a published score was corrected, when, from what to what, and why; in print too."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient
from msgspec import structs

from actitud_api.engine.i18n import Language
from actitud_api.platform.storage.database import Database
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.editions import service as editions
from actitud_api.resources.publications.news import CorrectedScore, ScoreCorrection
from actitud_api.resources.publications.service import PlannedCorrection
from actitud_api.web.feeds.entries import name_corrected_answers
from actitud_api.web.portal import corrections
from actitud_api.web.portal.corrections import describe_corrections
from tests.support.applications import borrow_app
from tests.support.assessing import body_a
from tests.support.databases import BOTH, made_anew, make_key, opened, unlimited
from tests.support.publishing import BEFORE, BIG, NOW, SMALL, correction, fill, publish
from tests.support.reviewed import LATER, PERSON, publish_reviewed
from tests.web.embeds.reading import Document, Element, page
from tests.web.portal.printed import read_pages

Client = TestClient[Litestar]

SHEET: Final = f"/portal/2026/{BIG}"
FIRST_TIME: Final = "This edition was corrected on 2 June 2027. Reason: A wrong answer."
ONCE: Final = {
    "es": "Esta puntuación se corrigió el 2 de junio de 2027: el índice pasa de 44 a 45. Respuesta corregida: «Norma "
    "pública contra los contracomentarios encubiertos». Motivo: A wrong answer.",
    "en": "This score was corrected on 2 June 2027: the index goes from 44 to 45. Corrected answer: “Public rule "
    "against undisclosed counter-comments”. Reason: A wrong answer.",
}
TWICE: Final = {
    "es": "Esta puntuación se ha corregido 2 veces, la última el 3 de junio de 2027: el índice pasa de 45 a 44. "
    "Respuesta corregida: «Norma pública contra los contracomentarios encubiertos». "
    "Motivo: La <b>respuesta</b> era buena.",
    "en": "This score has been corrected 2 times, last on 3 June 2027: the index goes from 45 to 44. "
    "Corrected answer: “Public rule against undisclosed counter-comments”. Reason: La <b>respuesta</b> era buena.",
}
EDITION_TWICE: Final = {
    "es": "Esta edición se ha corregido 2 veces, la última el 3 de junio de 2027. "
    "Motivo: La <b>respuesta</b> era buena.",
    "en": "This edition has been corrected 2 times, last on 3 June 2027. Reason: La <b>respuesta</b> era buena.",
}
ITEMS: Final = {
    "es": [
        "3 de junio de 2027: el índice pasa de 45 a 44. Motivo: La <b>respuesta</b> era buena. "
        "Norma pública contra los contracomentarios encubiertos: de 100,00 a 0,00. Cuesta 0,50 puntos más del índice. "
        "Antes: Norma pública contra los contracomentarios encubiertos: sí. "
        "Ahora: Norma pública contra los contracomentarios encubiertos: no. "
        "El índice pasa de 44,53 a 44,03: -0,50 puntos. "
        "Metodología 0,00 puntos, cobertura 0,00 puntos, datos -0,50 puntos.",
        "2 de junio de 2027: el índice pasa de 44 a 45. Motivo: A wrong answer. "
        "Norma pública contra los contracomentarios encubiertos: de 0,00 a 100,00. Cuesta 0,50 puntos menos del "
        "índice. "
        "Antes: Norma pública contra los contracomentarios encubiertos: no. "
        "Ahora: Norma pública contra los contracomentarios encubiertos: sí. "
        "El índice pasa de 44,03 a 44,53: +0,50 puntos. "
        "Metodología 0,00 puntos, cobertura 0,00 puntos, datos +0,50 puntos.",
    ],
    "en": [
        "3 June 2027: the index goes from 45 to 44. Reason: La <b>respuesta</b> era buena. "
        "Public rule against undisclosed counter-comments: from 100.00 to 0.00. It costs 0.50 points of the index "
        "more. "
        "Before: Public rule against undisclosed counter-comments: yes. "
        "Now: Public rule against undisclosed counter-comments: no. "
        "The index goes from 44.53 to 44.03: -0.50 points. "
        "Methodology 0.00 points, coverage 0.00 points, data -0.50 points.",
        "2 June 2027: the index goes from 44 to 45. Reason: A wrong answer. "
        "Public rule against undisclosed counter-comments: from 0.00 to 100.00. It costs 0.50 points of the index "
        "less. "
        "Before: Public rule against undisclosed counter-comments: no. "
        "Now: Public rule against undisclosed counter-comments: yes. "
        "The index goes from 44.03 to 44.53: +0.50 points. "
        "Methodology 0.00 points, coverage 0.00 points, data +0.50 points.",
    ],
}
"""Example A of the catalogue has 44.03 points, and 44.53 with the half point of D9.06; the second takes it back."""
MARKS: Final = {
    "es": "Respuesta corregida el 2 de junio de 2027 y el 3 de junio de 2027. Ver qué se corrigió",
    "en": "Answer corrected on 2 June 2027 and on 3 June 2027. See what was corrected",
}
LISTED: Final = {
    "es": [
        "3 de junio de 2027. Motivo: La <b>respuesta</b> era buena. Ávila: el índice pasa de 45 a 44. "
        "Respuesta corregida: «Norma pública contra los contracomentarios encubiertos».",
        "2 de junio de 2027. Motivo: A wrong answer. Ávila: el índice pasa de 44 a 45. "
        "Respuesta corregida: «Norma pública contra los contracomentarios encubiertos».",
    ],
    "en": [
        "3 June 2027. Reason: La <b>respuesta</b> era buena. Ávila: the index goes from 45 to 44. "
        "Corrected answer: “Public rule against undisclosed counter-comments”.",
        "2 June 2027. Reason: A wrong answer. Ávila: the index goes from 44 to 45. "
        "Corrected answer: “Public rule against undisclosed counter-comments”.",
    ],
}
JUDGED: Final = {
    "es": {
        "mark": "Respuesta corregida el 9 de junio de 2027. Se corrigió después de la revisión, así que su dictamen ya "
        "no se aplica. Ver qué se corrigió",
        "unjudged": "Respuesta corregida el 9 de junio de 2027. Ver qué se corrigió",
        "parts": "Metodología 0,00 puntos, cobertura +1,50 puntos, datos +0,30 puntos.",
        "review": "Dictamen del 1 de abril de 2027: la respuesta se rechaza y no cuenta. Ya no se aplica, porque la "
        "respuesta se corrigió después, el 9 de junio de 2027. Ver qué se corrigió",
        "restored": "Es de nuevo una respuesta que se revisó, así que se aplica su dictamen: la respuesta se rechaza "
        "y no cuenta.",
    },
    "en": {
        "mark": "Answer corrected on 9 June 2027. It was corrected after the review, so its verdict no longer "
        "applies. See what was corrected",
        "unjudged": "Answer corrected on 9 June 2027. See what was corrected",
        "parts": "Methodology 0.00 points, coverage +1.50 points, data +0.30 points.",
        "review": "Verdict of 1 April 2027: the answer is rejected and does not count. It no longer applies, because "
        "the answer was corrected later, on 9 June 2027. See what was corrected",
        "restored": "It is again an answer that was reviewed, so the verdict on it applies: the answer is rejected and "
        "does not count.",
    },
}
JUDGED_ANSWERS: Final = {
    "es": [
        "Plantilla con acceso a redes desde el puesto: de 0,00 a 60,00. Cuesta 1,50 puntos menos del índice. "
        "Antes: Equipos con acceso a las redes: 160; equipos conectados sin exclusión documentada: 320. "
        "Evidencia: la revisión rechazó la respuesta. "
        "Ahora: Equipos con acceso a las redes: 192; equipos conectados sin exclusión documentada: 320 "
        "(valor: 60 %). Evidencia: documentada. "
        "Se corrigió después de la revisión, así que su dictamen ya no se aplica. "
        "Decía: la respuesta se rechaza y no cuenta.",
        "Plantilla formada en uso público de redes: de 25,00 a 45,00. Cuesta 0,30 puntos menos del índice. "
        "Antes: Personas de la plantilla formadas en redes: 20; plantilla tomada como base: 400 (valor: 5 %). "
        "Ahora: Personas de la plantilla formadas en redes: 36; plantilla tomada como base: 400 (valor: 9 %).",
    ],
    "en": [
        "Staff with workplace access to social networks: from 0.00 to 60.00. It costs 1.50 points of the index "
        "less. Before: Devices with access to networks: 160; connected devices without documented exclusion: 320. "
        "Evidence: the review rejected the answer. "
        "Now: Devices with access to networks: 192; connected devices without documented exclusion: 320 "
        "(value: 60 %). Evidence: documented. "
        "It was corrected after the review, so its verdict no longer applies. "
        "It said: the answer is rejected and does not count.",
        "Staff trained in public use of networks: from 25.00 to 45.00. It costs 0.30 points of the index less. "
        "Before: Employees trained on networks: 20; staff taken as base: 400 (value: 5 %). "
        "Now: Employees trained on networks: 36; staff taken as base: 400 (value: 9 %).",
    ],
}
"""D1.01 has 25 and D1.03 15 of the 100 points of a dimension that is a tenth of the index: 60 points more are 1.5 of
the index, and 20 more (9 % is 45, between 0 % and the 50 points of 10 %) 0.3. A rejected answer was not known, so that
the first is coverage."""
OTHER: Final = {
    "es": {
        "answers": [
            "Plantilla formada en uso público de redes: sus puntos no cambian. La respuesta es la misma: cambia lo que "
            "la acompaña (documentos, fuente o nota).",
            "Estrategia de redes por escrito: de 50,00 a 25,00. Cuesta 0,50 puntos más del índice. "
            "Antes: Nivel 2 («Documento propio aprobado sin objetivos medibles»). "
            "Ahora: Nivel 1 («Un párrafo en otro plan»).",
            "Tiempo hasta la primera respuesta: de 60,00 a 0,00. Cuesta 0,60 puntos más del índice. "
            "Antes: Mediana de horas hasta la primera respuesta: 14,5. Ahora: Sin responder.",
            "Dato del perfil, tipo de entidad: antes, Ayuntamiento; ahora, Organismo, agencia o ente público.",
            "Dato del perfil, proporción de población extranjera: antes, 0,03; ahora, 0,12.",
            "Dato del perfil, mensajes en otra lengua del territorio: antes, 0; ahora, 20.",
        ],
        "others": [
            "Objetivos que se miden: de 25,00 a 0,00. Cuesta 0,25 puntos más del índice.",
            "Respuestas en la lengua de la persona: de nada a 0,00.",
        ],
    },
    "en": {
        "answers": [
            "Staff trained in public use of networks: its points do not change. The answer is the same: what comes "
            "with it changed (documents, source or note).",
            "Written social media strategy: from 50.00 to 25.00. It costs 0.50 points of the index more. "
            "Before: Level 2 (“Own approved document without measurable objectives”). "
            "Now: Level 1 (“A paragraph in another plan”).",
            "Time to first response: from 60.00 to 0.00. It costs 0.60 points of the index more. "
            "Before: Median hours to the first response: 14.5. Now: Not answered.",
            "Profile, type of organisation: before, Municipality; now, Agency or public body.",
            "Profile, share of foreign population: before, 0.03; now, 0.12.",
            "Profile, messages in another local language: before, 0; now, 20.",
        ],
        "others": [
            "Objectives that are measured: from 25.00 to 0.00. It costs 0.25 points of the index more.",
            "Answers in the citizen's language: from nothing to 0.00.",
        ],
    },
}
"""D4.01 is 20 and D4.02 10 of a tenth of the index; 2 of 8 objectives are 0 points where the strategy is below step 2.
D9.02 is 10 of a tenth, and its 14.5 hours are 60 points. D7.06 now applies and is not answered; the other indicators of
D7 then weigh less, and keep their points."""
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


def list_texts(found: Document | Element, selector: str) -> list[str]:
    """List the texts of elements, each in one line; the parser sets a space between an element and what follows it."""
    return [" ".join(one.text.replace("\u00a0", " ").split()).replace(" :", ":") for one in found.query(selector)]


def read_all(client: Client) -> dict[str, list[tuple[str, str]]]:
    paths = (SHEET, "/portal/2026", f"/portal/2026/{SMALL}")
    return {path: list_notices(read(client, path, "en")) for path in paths}


def test_pages_say_nothing_of_corrections_before_there_are_any(site: Client) -> None:
    before, once = site.app.state["said"]
    assert before == {SHEET: [], "/portal/2026": [], f"/portal/2026/{SMALL}": []}
    assert once == {
        SHEET: [(ONCE["en"], "#corrections")],
        "/portal/2026": [(FIRST_TIME, "#corrections")],
        f"/portal/2026/{SMALL}": [],
    }


@pytest.mark.parametrize("lang", ["es", "en"])
def test_a_corrected_sheet_says_when_from_what_to_what_and_why(site: Client, lang: str) -> None:
    found = read(site, SHEET, lang)
    assert list_notices(found) == [(TWICE[lang], "#corrections")]
    (history,) = found.query("section#history")
    assert list_texts(history, "section > ul:not(.links) > li") == ITEMS[lang]
    assert {"es": "todavía no hay con qué compararla", "en": "nothing yet to compare"}[lang] not in history.text
    assert len(found.query("#corrections")) == 1
    feed = f"/feeds/organisations/{BIG}/atom.xml?lang={lang}"
    addresses = [link.attrs["href"] for link in history.query("a")]
    assert addresses == ["#D9.06", "#D9.06", "/v1/editions/2026/publications", feed]
    assert all(site.get(address).status_code == 200 for address in addresses[2:])


@pytest.mark.parametrize("lang", ["es", "en"])
def test_only_the_row_of_a_corrected_answer_is_marked(site: Client, lang: str) -> None:
    found = read(site, SHEET, lang)
    assert list_texts(found, "p.correction-mark") == [MARKS[lang]]
    assert list_texts(found, "tbody[id='D9.06'] p.correction-mark") == [MARKS[lang]]
    assert list_texts(read(site, f"/portal/2026/{SMALL}", lang), "p.correction-mark") == []


@pytest.mark.parametrize("lang", ["es", "en"])
def test_a_link_to_json_says_so(site: Client, lang: str) -> None:
    for path in (SHEET, "/portal/2026", f"/portal/2026/{SMALL}"):
        found = read(site, path, lang)
        links = [link for link in found.query("main a") if link.attrs["href"].endswith("/publications")]
        assert links
        assert all("(JSON)" in link.text for link in links), path


@pytest.mark.parametrize("lang", ["es", "en"])
def test_the_page_of_an_edition_says_how_often_it_was_corrected(site: Client, lang: str) -> None:
    found = read(site, "/portal/2026", lang)
    assert list_notices(found) == [(EDITION_TWICE[lang], "#corrections")]


def test_the_revision_that_is_read_is_the_one_that_is_cited(site: Client) -> None:
    for path in ("/portal/2026", SHEET, f"/portal/2026/{SMALL}"):
        (citation,) = list_texts(read(site, path, "en"), ".citation")
        assert "revision 3, methodology 2026.1, 2027-06-03, sha256:" in citation


@pytest.mark.parametrize("lang", ["es", "en"])
def test_the_page_of_an_edition_lists_who_was_corrected_and_in_what(site: Client, lang: str) -> None:
    found = read(site, "/portal/2026", lang)
    (heading,) = found.query("h2#corrections")
    assert heading.text == {"es": "Correcciones en esta edición", "en": "Corrections in this edition"}[lang]
    assert list_texts(found, "h2#corrections + ul > li") == LISTED[lang]
    links = {link.attrs["href"] for link in found.query("h2#corrections + ul > li > ul > li > a")}
    assert links == {f"{SHEET}?lang={lang}#corrections"}


@pytest.mark.parametrize(("lang", "more"), [("es", "Y 1 más."), ("en", "And 1 more.")])
def test_a_long_list_of_an_edition_is_cut(
    site: Client, monkeypatch: pytest.MonkeyPatch, lang: Language, more: str
) -> None:
    """The newest revisions are listed, and of each the first organisations; how many others there are is said."""
    database: Database = site.app.state["database"]
    edition = editions.get_published(database, "2026").record
    monkeypatch.setattr(corrections, "REVISIONS_MAX", 1)
    (whole,) = corrections.list_edition_corrections(database, edition, lang)
    assert (len(whole.organisations), whole.more) == (1, None)
    monkeypatch.setattr(corrections, "ORGANISATIONS_MAX", 0)
    (cut,) = corrections.list_edition_corrections(database, edition, lang)
    assert (len(cut.organisations), cut.more) == (0, more)


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
    answer = {
        "es": "Antes: Norma pública contra los contracomentarios encubiertos: sí. "
        "Ahora: Norma pública contra los contracomentarios encubiertos: no.",
        "en": "Before: Public rule against undisclosed counter-comments: yes. "
        "Now: Public rule against undisclosed counter-comments: no.",
    }
    assert answer[lang] in printed.texts[0]
    assert len(printed.texts) == 2


def test_the_sheet_has_the_words_of_the_feed(site: Client) -> None:
    entries = site.get(f"/feeds/organisations/{BIG}/feed.json", params={"lang": "en"}).json()["items"]
    names = "Corrected answer: “Public rule against undisclosed counter-comments”."
    assert f"The index goes from 45 to 44. {names}" in entries[0]["content_html"]
    assert f"The index goes from 44 to 45. {names}" in entries[1]["content_html"]


def test_a_sentence_names_three_answers_and_counts_the_others() -> None:
    """In the order of the methodology, and not of the letters of their ids."""
    four = structs.replace(CHANGED.score, answers=("D1.01", "D10.07", "D2.05", "D9.06"))
    names = (
        "“Staff with workplace access to social networks”, “Register of citizen contributions”, “Public rule against"
    )
    assert name_corrected_answers(four, "2026.1", "en") == (
        f"Corrected answers: {names} undisclosed counter-comments” and 1 more."
    )
    nombres = (
        "«Plantilla con acceso a redes desde el puesto», «Registro de aportaciones ciudadanas», «Norma pública contra"
    )
    assert name_corrected_answers(four, "2026.1", "es") == (
        f"Respuestas corregidas: {nombres} los contracomentarios encubiertos» y 1 más."
    )
    assert name_corrected_answers(CHANGED.score, "2026.1", "en") is None


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client of a service with a correction of a rejected answer and of one that nobody judged, read in `said`.

    A second one makes the first of them again the answer that was rejected, takes another one back, and changes a note,
    the profile, on which an indicator depends, and an answer on which another one depends.
    """
    folder = tmp_path_factory.mktemp("reviewed")
    url = f"sqlite:///{folder / 'actitud.sqlite3'}"
    with opened(url) as database:
        first = publish_reviewed(database, folder)
        asked = correction(
            first, D1_01={"numerator": 192, "denominator": 320}, D1_03={"numerator": 36, "denominator": 400}
        )
        second = publish(database, folder, asked, now=LATER)
    with borrow_app(unlimited(url)) as app, TestClient(app) as client:
        app.state["said"] = {lang: read(client, SHEET, lang) for lang in ("es", "en")}
        again: dict[str, object] = {
            "methodology": "2026.1",
            "profile": {"org_type": "AGE", "foreign_share": 0.12, "foreign_language_messages": 20},
            "answers": {
                "D1.01": body_a()["answers"]["D1.01"] | {"note": f"{PERSON} lo llevaba."},
                "D1.03": {"numerator": 36, "denominator": 400, "note": "Otra nota."},
                "D4.01": {"level": 1},
                "D9.02": None,
            },
        }
        patch = msgspec.convert(again, assessments.REQUEST_TYPES["2026.1"].patch)
        plan = structs.replace(asked, supersedes=second.digest, corrections=(PlannedCorrection(BIG, patch),))
        publish(app.state["database"], folder, plan, now=LATER + timedelta(days=1))
        yield client


@pytest.mark.parametrize("lang", ["es", "en"])
def test_a_sheet_says_which_answers_were_corrected_and_that_a_verdict_ended(reviewed: Client, lang: str) -> None:
    found, expected = reviewed.app.state["said"][lang], JUDGED[lang]
    assert list_texts(found, "tbody[id='D1.01'] p.correction-mark") == [expected["mark"]]
    assert list_texts(found, "tbody[id='D1.03'] p.correction-mark") == [expected["unjudged"]]
    assert list_texts(found, "h4#corrections + ul > li > ul > li") == JUDGED_ANSWERS[lang]
    (parts,) = list_texts(found, "h4#corrections + ul > li > p.soft")
    assert parts.endswith(expected["parts"])
    assert list_texts(found, "article[aria-labelledby='review-D1.01'] > p") == [expected["review"]]
    # Its reason may be erased one day, and stands in the document that was superseded.
    assert "No es lo que firma" not in found.query("article[aria-labelledby='review-D1.01']")[0].text


@pytest.mark.parametrize("lang", ["es", "en"])
def test_a_verdict_applies_again_with_the_answer_that_was_judged(reviewed: Client, lang: str) -> None:
    found, ended = read(reviewed, SHEET, lang), JUDGED[lang]["review"]
    assert list_texts(found, "h4#corrections + ul > li > ul > li")[0].endswith(JUDGED[lang]["restored"])
    (mark,) = list_texts(found, "tbody[id='D1.01'] p.correction-mark")
    assert {"es": "dictamen", "en": "verdict"}[lang] not in mark
    assert ended not in list_texts(found, "article[aria-labelledby='review-D1.01'] > p")


@pytest.mark.parametrize("lang", ["es", "en"])
def test_a_sheet_says_what_else_a_correction_changes(reviewed: Client, lang: str) -> None:
    """A note, an answer that is taken back, the profile, and what two other indicators get because of that."""
    newest, others, _ = read(reviewed, SHEET, lang).query("h4#corrections + ul > li > ul")
    assert list_texts(newest, "li")[1:] == OTHER[lang]["answers"]
    assert list_texts(others, "li") == OTHER[lang]["others"]


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
    first, both = (describe_corrections(given, {}, "2026.1", lang) for given in ([ADDED], [CHANGED, ADDED]))
    assert first is not None
    assert both is not None
    assert (first.text, both.text) == (added, corrected)
    assert (len(first.items), len(both.items)) == (1, 2)
    assert both.items[1] == first.items[0]
    assert describe_corrections([], {}, "2026.1", lang) is None
