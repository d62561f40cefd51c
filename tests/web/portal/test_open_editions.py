"""The home page names the next editions and the questionnaire the open ones, and both lead to where one submits."""

from __future__ import annotations

from typing import Final

import pytest

from tests.web.embeds.reading import Document, page
from tests.web.portal.open_edition import FAR, ORGANISATION, VERSION, change_edition, put_draft
from tests.web.portal.places import EDITION, OPEN, UNPUBLISHED, Client
from tests.web.portal.reading import hrefs, read, words

PATH: Final = f"questionnaires/{VERSION}"
SAID: Final = {
    "es": ("Próxima edición", "El último día para presentar respuestas es el 28 de febrero de 2028."),
    "en": ("Next edition", "The last day to submit answers is 28 February 2028."),
    "ca": ("Propera edició", "L’últim dia per presentar respostes és el 28 de febrer del 2028."),
}
IN_REVIEW: Final = {
    "es": "Se revisan las respuestas presentadas. Publicación prevista: 1 de junio de 2091 – 30 de junio de 2091.",
    "en": "The submitted answers are reviewed. Planned publication: 1 June 2091 – 30 June 2091.",
    "ca": "Es revisen les respostes presentades. Publicació prevista: 1 de juny del 2091 – 30 de juny del 2091.",
}


def read_card(found: Document) -> str:
    """What the questionnaire says of open editions."""
    return " ".join(words(card) for card in found.query("section.open"))


@pytest.mark.parametrize("lang", SAID)
def test_the_home_page_says_which_edition_is_next_and_until_when_it_is_open(places: Client, lang: str) -> None:
    heading, last_day = SAID[lang]
    found = read(places, f"?lang={lang}")
    (section,) = [one for one in found.query("main section") if words(one.query("h2")[0]) == heading]
    title = {"en": "Edition 2027"}.get(lang, "Edición 2027")
    assert [words(one) for one in section.query("h3")] == [title]
    assert last_day in words(section)
    assert [link.attrs["href"] for link in section.query("a")] == [
        f"/portal/{OPEN}?lang={lang}",
        f"/portal/{PATH}?lang={lang}",
        f"/portal/methodologies/{VERSION}?lang={lang}",
    ]
    # Nobody learns who answers in it.
    assert "Todavía No" not in found.text


@pytest.mark.parametrize(("lang", "heading"), [("es", "Edición abierta"), ("en", "Open edition")])
def test_the_questionnaire_says_it_too_and_leads_to_the_draft_of_an_organisation(
    places: Client, lang: str, heading: str
) -> None:
    last_day = SAID[lang][1]
    found = read(places, f"{PATH}?lang={lang}")
    card = read_card(found)
    assert card.startswith(heading)
    assert last_day in card
    (form,) = found.query("section.open form")
    hidden = {one.attrs["name"]: one.attrs["value"] for one in form.query("input[type=hidden]")}
    assert hidden == {"edition": OPEN, "lang": lang}
    (field,) = form.query("input[type=text]")
    draft = places.get(form.attrs["action"], params={**hidden, field.attrs["name"]: UNPUBLISHED})
    assert draft.status_code == 200
    assert page(draft.text).query("#key")
    # Where it can be submitted nothing has to be said of where to.
    assert not page(draft.text).query("section.open")
    assert "#open-editions" in hrefs(found)


def test_an_address_without_its_organisation_asks_for_it(places: Client) -> None:
    found = read(places, f"{PATH}?edition={OPEN}")
    assert "The address lacks the organisation" in words(found.query(".notice")[0])
    assert found.query("section.open form")


def test_the_short_form_leads_to_the_whole_in_which_answers_are_submitted(places: Client) -> None:
    found = read(places, f"{PATH}-short")
    assert SAID["en"][1] in read_card(found)
    assert not found.query("section.open form")
    assert [link.attrs["href"] for link in found.query("section.open a")] == [f"/portal/{PATH}?lang=en"]


@pytest.mark.parametrize("path", ["questionnaires/2026.1", f"{PATH}?edition={EDITION}&organisation={ORGANISATION}"])
def test_nothing_is_said_where_nothing_can_be_submitted(places: Client, path: str) -> None:
    found = read(places, path)
    assert not found.query("section.open")
    assert "#open-editions" not in hrefs(found)


def read_last_days(client: Client) -> list[bool]:
    """Whether the home page and the questionnaire say that the last day is 28 February, and then 27."""
    pages = [client.get(f"/portal{path}?lang=en").text for path in ("", f"/{PATH}")]
    return [f"answers is {day} February 2091." in text for day in (28, 27) for text in pages]


def test_pages_change_with_the_edition_at_once_and_never_with_a_draft(running: Client) -> None:
    assert read_last_days(running) == [True, True, False, False]
    kept = running.get("/portal?lang=en").text
    put_draft(running)
    assert running.get("/portal?lang=en").text == kept
    change_edition(running, calendar={"submission": {"from": "2091-01-15", "to": "2091-02-27"}})
    assert read_last_days(running) == [False, False, True, True]
    change_edition(running, state="in_review")
    assert read_last_days(running) == [False, False, False, False]
    for lang, said in IN_REVIEW.items():
        (section,) = [one for one in read(running, f"?lang={lang}").query("main section") if said in words(one)]
        links = [link.attrs["href"] for link in section.query("a")]
        assert links == [f"/portal/{FAR}?lang={lang}", f"/portal/methodologies/{VERSION}?lang={lang}"]
    draft = f"{PATH}?edition={FAR}&organisation={ORGANISATION}"
    assert "only if yours were returned" in words(read(running, draft).query(".notice")[0])
    change_edition(running, state="open")
    assert not read(running, draft).query(".notice")
    assert read_last_days(running) == [False, False, True, True]


def test_before_anything_is_published_the_next_edition_and_whom_to_ask_are_named(running: Client) -> None:
    found = read(running, "")
    assert "No edition has been published yet." in found.text
    assert "Next edition" in [words(heading) for heading in found.query("h2")]
    inside = read(running, PATH).query("section.open a")
    assert [link.attrs["href"] for link in inside] == ["mailto:index@province.example"]
