"""The page of an edition that is not published says when it will be, and nothing of what is submitted."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from actitud_api.platform.storage.database import Database
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.editions import service as editions
from actitud_api.resources.scores import comparison
from tests.support.databases import migrated_sqlite
from tests.support.editions import draft_edition
from tests.support.publishing import publish_stored
from tests.web.embeds.reading import page
from tests.web.portal.open_edition import FAR, NOW, VERSION, change_edition, put_draft
from tests.web.portal.places import EDITION, OPEN, UNPUBLISHED, Client, placed, simulate_bodies
from tests.web.portal.reading import hrefs, read, terms, words

NEIGHBOUR: Final = "Todavía No"
"""Name of the organisation with a draft in the open edition."""
LEAD: Final = {
    "es": "Esta edición se está haciendo: sus resultados serán públicos cuando se publique, y no antes.",
    "en": "This edition is being made: its results will be public when it is published, and not before.",
    "ca": "Aquesta edició s’està fent: els resultats seran públics quan es publiqui, i no abans.",
}
TERMS: Final = {
    "es": {
        "Qué se hace ahora": "Las organizaciones presentan sus respuestas",
        "Periodo que mide": "1 de enero de 2027 – 31 de diciembre de 2027",
        "Último día para presentar respuestas": "28 de febrero de 2028",
        "Publicación prevista": "1 de junio de 2028 – 30 de junio de 2028",
        "Metodología": VERSION,
    },
    "en": {
        "What is done now": "Organisations submit their answers",
        "Period that it measures": "1 January 2027 – 31 December 2027",
        "Last day to submit answers": "28 February 2028",
        "Planned publication": "1 June 2028 – 30 June 2028",
        "Methodology": VERSION,
    },
}


@pytest.mark.parametrize("lang", TERMS)
def test_an_open_edition_says_its_days_and_which_one_can_be_read(places: Client, lang: str) -> None:
    found = read(places, f"{OPEN}?lang={lang}")
    assert words(found.query("h1")[0]) == {"es": "Edición 2027", "en": "Edition 2027"}[lang]
    assert words(found.query("p.lead")[0]) == LEAD[lang]
    assert terms(found) == TERMS[lang]
    assert hrefs(found) == [
        f"/portal/methodologies/{VERSION}?lang={lang}",
        f"/portal/questionnaires/{VERSION}?lang={lang}",
        f"/portal/{EDITION}?lang={lang}",
        f"/feeds/atom.xml?lang={lang}",
    ]
    # It leads to no list of its own, of which there is none yet.
    own = tuple(f"{folder}/{OPEN}{end}" for folder in ("/portal", "/v1/editions") for end in "/?")
    assert not [link for link in found.query("a") if link.attrs["href"].startswith(own)]


def test_it_is_in_further_languages_too(places: Client) -> None:
    found = read(places, f"{OPEN}?lang=ca")
    assert words(found.query("p.lead")[0]) == LEAD["ca"]
    assert terms(found)["Últim dia per presentar respostes"] == "28 de febrer del 2028"


def test_its_preview_on_other_sites_has_the_picture_of_the_site(places: Client) -> None:
    found = read(places, f"{OPEN}?lang=en")
    head = {one.attrs.get("name", one.attrs.get("property")): one.attrs.get("content") for one in found.query("meta")}
    assert head["description"] == LEAD["en"]
    assert head["og:image"] == "https://madurez.example/share.png?lang=en"
    (canonical,) = [link.attrs["href"] for link in found.query("link[rel=canonical]")]
    assert canonical == f"https://madurez.example/portal/{OPEN}?lang=en"


def test_nothing_of_who_answers_in_it_is_told(places: Client) -> None:
    response = places.get(f"/portal/{OPEN}", params={"q": NEIGHBOUR, "sort": "-D1"})
    assert response.status_code == 200
    assert not [word for word in (NEIGHBOUR, UNPUBLISHED, "7700", "77,00") if word in response.text]


RESULTS: Final = (
    "territories",
    "territories/region-13",
    "dimensions",
    "dimensions/D1",
    f"compare?organisation={UNPUBLISHED}",
    UNPUBLISHED,
    f"{UNPUBLISHED}/sheet.pdf",
    "XX-T-NOBODY",
)


@pytest.mark.parametrize("path", RESULTS)
def test_where_its_results_will_be_it_says_when(places: Client, path: str) -> None:
    found = read(places, f"{OPEN}/{path}", status=404)
    assert (words(found.query("h1")[0]), terms(found)) == ("Edition 2027", TERMS["en"])
    assert not [word for word in (NEIGHBOUR, UNPUBLISHED, "7700", "77,00") if word in found.query("main")[0].text]


def test_in_place_of_a_sheet_it_leads_to_that_of_an_edition_before(places: Client) -> None:
    assert f"/portal/{EDITION}/XX-T-1?lang=en" in hrefs(read(places, f"{OPEN}/XX-T-1", status=404))


@pytest.mark.parametrize("path", ["", *(f"/{path}" for path in RESULTS)])
def test_an_edition_that_does_not_exist_stays_unknown(places: Client, path: str) -> None:
    found = read(places, f"2031{path}", status=404)
    assert words(found.query("h1")[0]) == "Not found"


def test_who_asks_in_the_moment_of_publication_is_asked_to_come_again(
    places: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find_nothing(*_: object) -> None:
        raise editions.UnknownEdition(EDITION)

    monkeypatch.setattr(comparison, "compare_organisations", find_nothing)
    assert places.get(f"/portal/{EDITION}/compare?q=moment").status_code == 503


def test_it_changes_with_the_edition_at_once_and_never_with_a_draft(running: Client) -> None:
    before = running.get(f"/portal/{FAR}?lang=en")
    assert "No edition has been published yet." in before.text
    put_draft(running)
    after = running.get(f"/portal/{FAR}?lang=en")
    assert (after.text, after.headers["etag"]) == (before.text, before.headers["etag"])
    change_edition(running, calendar={"submission": {"from": "2091-01-15", "to": "2091-02-27"}})
    assert terms(read(running, FAR))["Last day to submit answers"] == "27 February 2091"
    change_edition(running, state="in_review")
    reviewed = read(running, FAR)
    assert terms(reviewed)["What is done now"] == "The submitted answers are reviewed"
    assert f"/portal/questionnaires/{VERSION}?lang=en" not in hrefs(reviewed)


def test_once_it_is_published_its_results_are_there_at_once(tmp_path: Path) -> None:
    with placed(migrated_sqlite(tmp_path)) as client:
        database: Database = client.app.state["database"]
        with database.write() as session:
            draft = draft_edition("2028", methodology=VERSION, year=2028)
            editions.add(session, editions.build_record(draft, now=NOW, state="in_review"))
            simulated = simulate_bodies()[0]
            made = assessments.to_row("2028", UNPUBLISHED, simulated.submission, simulated.evaluation, NOW)
            assessments.store_rows(session, [made])
        waiting = client.get("/portal/2028?lang=en")
        assert LEAD["en"] in waiting.text
        assert NEIGHBOUR not in waiting.text
        publish_stored(database, "2028")
        published = client.get("/portal/2028?lang=en", headers={"If-None-Match": waiting.headers["etag"]})
        assert published.status_code == 200
        assert [words(row) for row in page(published.text).query(".ranking th[scope=row] bdi")] == [NEIGHBOUR]
        assert LEAD["en"] not in published.text
