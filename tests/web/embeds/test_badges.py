"""Badges: what they say, when they are stale, what is there when there is nothing."""

from __future__ import annotations

import re
from itertools import combinations
from xml.etree import ElementTree

import msgspec
import pytest

from actitud_api.demo.simulator import simulate
from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.platform.http.representations import SHARED
from actitud_api.resources.assessments import service as assessments
from actitud_api.web.embeds.pictures import PALETTE
from tests.support.publishing import publish_stored
from tests.web.charts.test_scale import contrast
from tests.web.embeds.installation import (
    ALIAS,
    AVILA,
    BASE,
    DRAFTING,
    NOW,
    POOR,
    SORIA,
    VOID,
    ZAMORA,
    Client,
    Figures,
    add_edition,
)
from tests.web.embeds.reading import page as read_page

SVG = "{http://www.w3.org/2000/svg}"


def picture(client: Client, path: str, status: int = 200) -> ElementTree.Element:
    response = client.get(path)
    assert (response.status_code, response.headers["content-type"]) == (status, "image/svg+xml")
    return ElementTree.fromstring(response.content)


def letters(root: ElementTree.Element) -> list[str]:
    return [element.text or "" for element in root.iter(f"{SVG}text")]


def alternative(root: ElementTree.Element) -> str:
    title = root.find(f"{SVG}title")
    assert title is not None
    assert root.get("role") == "img"
    assert root.get("aria-label") == title.text
    return title.text or ""


def test_a_badge_says_in_both_languages_what_every_embed_says(site: Client) -> None:
    spanish, english = (picture(site, f"/badge/2026/{ZAMORA}.svg{query}") for query in ("", "?lang=en"))
    assert alternative(spanish) == (
        "Ayuntamiento de Zamora: 44,03 de 100, nivel 3, Ventanilla (Índice de Madurez 2.0). Edición 2026, a 31 de "
        "diciembre de 2026; metodología 2027.1; cobertura 95,5\N{NO-BREAK SPACE}%. Explicación de cada punto: "
        f"{BASE}/portal/2026/{ZAMORA}"
    )
    assert alternative(english) == (
        "Ayuntamiento de Zamora: 44.03 of 100, level 3, Service desk (2.0-maturity index). Edition 2026, as of "
        "31 December 2026; methodology 2027.1; coverage 95.5\N{NO-BREAK SPACE}%. Explanation of every point: "
        f"{BASE}/portal/2026/{ZAMORA}?lang=en"
    )
    assert letters(spanish) == ["Madurez 2.0", "44,03 de 100 · Ventanilla", "2026"]
    assert letters(english) == ["2.0 maturity", "44.03 of 100 · Service desk", "2026"]


def test_the_language_is_that_of_the_page_around_it_and_not_of_the_browser(site: Client) -> None:
    english = {"Accept-Language": "en"}
    assert site.get(f"/badge/2026/{ZAMORA}.svg", headers=english).headers["content-language"] == "es"
    assert site.get(f"/badge/2026/{ZAMORA}.svg?lang=en").headers["content-language"] == "en"
    assert site.get(f"/badge/2026/{ZAMORA}.svg?lang=ca").headers["content-language"] == "ca"
    assert site.get(f"/badge/2026/{ZAMORA}.svg?lang=oc").headers["content-language"] == "es"


@pytest.mark.parametrize(
    ("organisation", "spanish", "english"),
    [(POOR, "evidencia insuficiente", "insufficient evidence"), (VOID, "no evaluable", "not rateable")],
)
def test_who_has_no_score_that_counts_shows_why(site: Client, organisation: str, spanish: str, english: str) -> None:
    for language, text in (("es", spanish), ("en", english)):
        root = picture(site, f"/badge/2026/{organisation}.svg?lang={language}")
        assert letters(root)[1] == text
        assert "90" not in alternative(root)


def test_what_is_simulated_says_so(client: Client) -> None:
    root = picture(client, "/badge/2026-demo/XX-DEMO-02063.svg")
    assert letters(root)[1:] == ["46,66 de 100 · Escaparate", "2026-demo · simulada"]
    assert "datos inventados para la demostración" in alternative(root)
    assert "data invented for the demonstration" in alternative(
        picture(client, "/badge/2026-demo/XX-DEMO-02063.svg?lang=en")
    )


def test_what_is_provisional_says_so(own: Client) -> None:
    # Level 5 is provisional unless the level before was 4 or more, and this municipality has none before.
    (best,) = simulate(load_methodology("2027.1"), [6_523])
    with own.app.state["database"].write() as session:
        add_edition(session, "2028", {}, "in_review")
        assessments.store_rows(session, [assessments.to_row("2028", AVILA, best.submission, best.evaluation, NOW)])
    publish_stored(own.app.state["database"], "2028")
    root = picture(own, f"/badge/2028/{AVILA}.svg")
    assert letters(root)[1] == "94,48 de 100 · Comunidad (provisional)"
    assert "nivel 5, Comunidad (provisional)" in alternative(root)
    # And in the ranking with the reason.
    ranking = {lang: read_page(own.get(f"/portal/2028?lang={lang}").text) for lang in ("es", "en", "ca")}
    (level,) = ranking["en"].query(".ranking span.level")
    assert " ".join(level.text.split()) == "5, Community (provisional)"
    for lang, reason in {
        "es": "El nivel 5 es provisional mientras no conste esto: en la edición anterior también tuvo un nivel 4 o 5.",
        "en": "Level 5 is provisional until this is known: it had a level of 4 or 5 in the previous edition as well.",
        "ca": "El nivell 5 és provisional mentre no consti això: en l’edició anterior també va tenir un nivell 4 o 5.",
    }.items():
        assert reason in ranking[lang].text


def test_latest_is_the_newest_published_edition(site: Client) -> None:
    assert site.get(f"/badge/latest/{ZAMORA}.svg").content == site.get(f"/badge/2026/{ZAMORA}.svg").content


def test_a_badge_of_an_edition_that_is_not_the_last_of_its_organisation_is_stale(site: Client) -> None:
    stale, fresh = (picture(site, f"/badge/{edition}/{ZAMORA}.svg") for edition in ("2025", "2026"))
    assert letters(stale)[2] == "2025 · superada por 2026"
    assert "no es la última: hay una edición posterior, 2026" in alternative(stale)
    assert [rect.get("stroke-dasharray") for rect in stale.iter(f"{SVG}rect") if rect.get("stroke-dasharray")]
    assert not [rect for rect in fresh.iter(f"{SVG}rect") if rect.get("stroke-dasharray")]
    grounds = [{rect.get("fill") for rect in root.iter(f"{SVG}rect")} for root in (stale, fresh)]
    assert PALETTE["superseded"][0] in grounds[0] - grounds[1]


def test_it_is_not_stale_where_no_later_edition_scores_the_organisation(site: Client) -> None:
    assert letters(picture(site, f"/badge/2025/{SORIA}.svg"))[2] == "2025"


def test_a_badge_goes_stale_by_itself_when_a_later_edition_is_published(own: Client) -> None:
    path = f"/badge/2026/{AVILA}.svg"
    first = own.get(path)
    assert first.headers["cache-control"] == SHARED
    held = {"If-None-Match": first.headers["etag"]}
    assert own.get(path, headers=held).status_code == 304
    with own.app.state["database"].write() as session:
        add_edition(session, "2028", {AVILA: Figures("complete", 4, 7_500, 10_000)}, "in_review")
    publish_stored(own.app.state["database"], "2028")
    again = own.get(path, headers=held)
    assert again.status_code == 200
    assert letters(ElementTree.fromstring(again.content))[2] == "2026 · superada por 2028"


def test_what_is_not_published_is_never_shown_nor_told(site: Client) -> None:
    hidden = picture(site, f"/badge/2027/{DRAFTING}.svg", 404)
    missing = picture(site, "/badge/2027/XX-T-NOBODY.svg", 404)
    assert ElementTree.tostring(hidden) == ElementTree.tostring(missing)
    assert "superada" not in letters(picture(site, f"/badge/2026/{ZAMORA}.svg"))[2]
    assert letters(picture(site, "/badge/2027.svg")) == ["Madurez 2.0", "ninguna organización"]


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        (f"/badge/1999/{ZAMORA}.svg", "No hay una edición publicada con ese nombre."),
        ("/badge/2026/XX-T-NOBODY.svg", "Esa organización no tiene puntuación publicada en esa edición."),
        (f"/badge/2026/{SORIA}.svg", "Esa organización no tiene puntuación publicada en esa edición."),
        ("/badge/1999.svg", "No hay una edición publicada con ese nombre."),
    ],
)
def test_a_picture_is_in_the_place_of_a_picture_that_there_is_not(site: Client, path: str, reason: str) -> None:
    root = picture(site, path, 404)
    assert letters(root) == ["Madurez 2.0", "desconocida"]
    assert alternative(root) == f"Madurez 2.0: desconocida. {reason}"
    assert site.get(path).headers["cache-control"] == "no-store"
    assert letters(picture(site, f"{path}?lang=en", 404)) == ["2.0 maturity", "unknown"]


@pytest.mark.parametrize(
    "path", [f"/badge/2026/{ZAMORA}", f"/badge/2026/{ZAMORA}.png", "/badge/2026", "/badge/2026.json"]
)
def test_another_form_is_a_problem(site: Client, path: str) -> None:
    response = site.get(path)
    assert (response.status_code, response.headers["content-type"]) == (404, "application/problem+json")


@pytest.mark.parametrize("query", ["lang=en", "lang=%FF"])
@pytest.mark.parametrize("form", ["svg", "json"])
def test_an_alias_leads_to_the_id(site: Client, form: str, query: str) -> None:
    response = site.get(f"/badge/latest/{ALIAS}.{form}?{query}", follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (308, f"/badge/latest/{ZAMORA}.{form}?{query}")
    assert response.headers["access-control-allow-origin"] == "*"


def test_parameters_that_a_host_adds_are_ignored(site: Client) -> None:
    plain = site.get(f"/badge/2026/{ZAMORA}.svg")
    assert site.get(f"/badge/2026/{ZAMORA}.svg?utm_source=x&v=2&lang=es").content == plain.content
    assert site.get("/badge/2026.svg?utm_source=x").content == site.get("/badge/2026.svg").content


def test_every_part_of_a_badge_can_be_read() -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1."""
    for name, (ground, ink) in PALETTE.items():
        assert contrast(ground, ink) >= 4.5, name


def test_the_levels_differ_in_colour() -> None:
    grounds = [ground for name, (ground, _) in PALETTE.items() if name.startswith("level")]
    assert all(one != other for one, other in combinations(grounds, 2))


def test_contrast_is_that_of_the_definition() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)


# --- shields.io ---------------------------------------------------------------------------------------------------


class Shields(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What shields.io takes (services/endpoint-common.js of badges/shields); it refuses any other member."""

    schemaVersion: int
    label: str
    message: str
    color: str
    cacheSeconds: int = 300
    isError: bool = False


def test_shields_draws_the_same(site: Client) -> None:
    response = site.get(f"/badge/2026/{ZAMORA}.json")
    assert response.headers["content-type"] == "application/json"
    taken = msgspec.json.decode(response.content, type=Shields)
    assert (taken.schemaVersion, taken.label) == (1, "Madurez 2.0")
    assert taken.message == "44,03 de 100 · nivel 3, Ventanilla · 2026"
    assert re.fullmatch("#[0-9a-f]{6}", taken.color)
    stale = msgspec.json.decode(site.get(f"/badge/2025/{ZAMORA}.json?lang=en").content, type=Shields)
    assert stale.message == "30.50 of 100 · level 2, Showcase · 2025 · superseded by 2026"
    assert stale.color != msgspec.json.decode(site.get(f"/badge/2025/{SORIA}.json").content, type=Shields).color


def test_shields_is_told_that_there_is_none(site: Client) -> None:
    response = site.get("/badge/2026/XX-T-NOBODY.json")
    assert response.status_code == 404
    taken = msgspec.json.decode(response.content, type=Shields)
    assert (taken.message, taken.isError) == ("desconocida", True)


# --- many at once -------------------------------------------------------------------------------------------------


def rows(root: ElementTree.Element) -> list[list[str]]:
    return [letters(group) for group in root.iter(f"{SVG}g")]


@pytest.mark.both_databases
def test_many_badges_are_one_picture_in_the_order_of_the_ranking(site: Client) -> None:
    root = picture(site, "/badge/2026.svg")
    assert rows(root) == [
        ["Ayuntamiento de Ávila", "70,00 de 100 · Conversación", "2026"],
        ["Ayuntamiento de Zamora", "44,03 de 100 · Ventanilla", "2026"],
        ["Ayuntamiento de Poca Prueba", "evidencia insuficiente", "2026"],
        ["Ayuntamiento de Nada", "no evaluable", "2026"],
    ]
    said = [group.findtext(f"{SVG}title") for group in root.iter(f"{SVG}g")]
    assert said[1] == picture(site, f"/badge/2026/{ZAMORA}.svg").findtext(f"{SVG}title")
    assert all(said)


def test_each_of_many_is_a_view_of_its_own(site: Client) -> None:
    root = picture(site, "/badge/2026.svg")
    views = {view.get("id"): view.get("viewBox", "").split() for view in root.iter(f"{SVG}view")}
    assert list(views) == [AVILA, ZAMORA, POOR, VOID]
    tops = [float(box[1]) for box in views.values()]
    assert tops == [0, 26, 52, 78]
    assert {(box[0], box[2], box[3]) for box in views.values()} == {("0", root.get("width"), "22")}


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("query", "found"),
    [
        (f"organisation={ALIAS},{POOR}", [ZAMORA, POOR]),
        ("level=4", [AVILA]),
        ("status=not_rateable", [VOID]),
        ("sort=organisation_name&limit=2", [AVILA, VOID]),
        ("offset=1&limit=1", [ZAMORA]),
        ("kind=PRO", []),
    ],
)
def test_many_are_filtered_as_in_the_ranking(site: Client, query: str, found: list[str]) -> None:
    root = picture(site, f"/badge/2026.svg?{query}")
    assert [view.get("id") for view in root.iter(f"{SVG}view")] == found


@pytest.mark.parametrize("query", ["level=6", "limit=0", "limit=101", "sort=beauty", "organisation=,"])
def test_a_wrong_filter_is_named(site: Client, query: str) -> None:
    response = site.get(f"/badge/2026.svg?{query}")
    assert response.status_code == 400
    assert [error["pointer"] for error in response.json()["errors"]] == [query.partition("=")[0]]
