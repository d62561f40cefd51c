"""Fragment, frame, data of the element, page: each says the same, in the form that it is for."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any

import pytest

from actitud_api.platform.http.representations import REVALIDATE, SHARED
from tests.web.embeds.installation import ALIAS, AVILA, BASE, DRAFTING, POOR, SORIA, VOID, ZAMORA, Client
from tests.web.embeds.reading import fragment, page

TABLE = f"/embed/2026/{ZAMORA}/table.html"
FRAME = f"/embed/2026/{ZAMORA}"
DATA = f"/embed/2026/{ZAMORA}/score.json"
PAGE = f"/portal/2026/{ZAMORA}"

EQUIVALENT = {
    "es": (
        "Ayuntamiento de Zamora",
        "44,03",
        "de 100",
        "nivel 3, Ventanilla",
        "Edición 2026, a 31 de diciembre de 2026; metodología 2027.1; cobertura 95,5 %",
        f"{BASE}/portal/2026/{ZAMORA}",
    ),
    "en": (
        "Ayuntamiento de Zamora",
        "44.03",
        "of 100",
        "level 3, Service desk",
        "Edition 2026, as of 31 December 2026; methodology 2027.1; coverage 95.5 %",
        f"{BASE}/portal/2026/{ZAMORA}?lang=en",
    ),
}


@pytest.mark.parametrize("path", [TABLE, FRAME])
@pytest.mark.parametrize("language", ["es", "en"])
def test_every_form_says_the_same(site: Client, path: str, language: str) -> None:
    response = site.get(f"{path}?lang={language}")
    assert (response.status_code, response.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert response.headers["content-language"] == language
    told = page(response.text).text.replace("\N{NO-BREAK SPACE}", " ")
    *parts, url = EQUIVALENT[language]
    for part in parts:
        assert part in told, part
    assert url in [link.attrs["href"] for link in fragment(response.text).query("a")]


def test_a_fragment_has_tables_and_links_only(site: Client) -> None:
    root = fragment(site.get(TABLE).text)
    assert {element.name for element in root.query("*")} == {"table", "caption", "tbody", "tr", "th", "td", "a"}
    (link,) = root.query("a")
    assert link.attrs == {"href": f"{BASE}/portal/2026/{ZAMORA}"}
    rows = [[cell.text for cell in row.query("th, td")] for row in root.query("tr")]
    assert rows[2] == ["Acceso interno y participación de la plantilla", "38,75"]
    assert rows[3] == ["Información pública y apertura a las aportaciones", "sin puntuación"]
    assert len(rows) == 2 + 10 + 2


def test_the_data_of_the_element_are_ready_to_be_shown(site: Client) -> None:
    told: dict[str, Any] = site.get(f"{DATA}?lang=en").json()
    assert told["title"] == "Ayuntamiento de Zamora: 44.03 of 100, level 3, Service desk"
    assert (told["figure"], told["full"], told["level"]) == ("44.03", "of 100", "level 3, Service desk")
    assert told["pips"] == [3, 5]
    assert told["url"] == f"{BASE}/portal/2026/{ZAMORA}?lang=en"
    assert told["dimensions"][0] == {
        "id": "D1",
        "name": "Internal access and staff involvement",
        "score": 38.75,
        "text": "38.75",
    }
    assert told["dimensions"][1]["score"] is None
    assert told["stale"] is False


@pytest.mark.parametrize("path", [TABLE, FRAME, DATA, PAGE])
def test_what_is_not_the_latest_says_so(site: Client, path: str) -> None:
    stale = site.get(path.replace("2026", "2025") + "?lang=en").text
    assert "not the latest: there is a later edition, 2026" in stale
    assert "not the latest" not in site.get(path.replace("2026", "2025").replace(ZAMORA, SORIA) + "?lang=en").text
    assert "not the latest" not in site.get(f"{path}?lang=en").text


@pytest.mark.parametrize("path", [TABLE, FRAME, DATA, PAGE])
@pytest.mark.parametrize(
    ("organisation", "text"), [(POOR, "evidencia insuficiente"), (VOID, "no evaluable")], ids=["poor", "void"]
)
def test_who_has_no_score_that_counts_shows_why(site: Client, path: str, organisation: str, text: str) -> None:
    shown = site.get(path.replace(ZAMORA, organisation) + "?lang=es").text
    assert text in shown
    assert "<strong>90,00</strong>" not in shown
    assert '"90,00"' not in shown


@pytest.mark.parametrize("path", [TABLE, FRAME, DATA, PAGE])
@pytest.mark.parametrize(
    ("place", "reason"),
    [
        (f"1999/{ZAMORA}", "There is no published edition of that name."),
        (f"2026/{SORIA}", "That organisation has no published score in that edition."),
        (f"2027/{DRAFTING}", "That organisation has no published score in that edition."),
    ],
    ids=["edition", "organisation", "unpublished"],
)
def test_what_is_not_there_says_so_in_its_own_form(site: Client, path: str, place: str, reason: str) -> None:
    response = site.get(path.replace(f"2026/{ZAMORA}", place) + "?lang=en")
    assert (response.status_code, response.headers["cache-control"]) == (404, "no-store")
    assert response.headers["content-type"] == site.get(path).headers["content-type"]
    # Instead of a sheet there is the page of the edition, which is the same whoever was asked for.
    is_of_edition = path == PAGE and place.startswith("2027/")
    assert ("its results will be public when it is published" if is_of_edition else reason) in response.text
    assert "77.77" not in response.text


@pytest.mark.parametrize("query", ["lang=en", "lang=%FF"])
@pytest.mark.parametrize("path", [TABLE, FRAME, DATA, PAGE, f"/embed/latest/{ZAMORA}/card.svg"])
def test_an_alias_leads_to_the_id(site: Client, path: str, query: str) -> None:
    aliased = site.get(f"{path.replace(ZAMORA, ALIAS)}?{query}", follow_redirects=False)
    assert (aliased.status_code, aliased.headers["location"]) == (308, f"{path}?{query}")


@pytest.mark.parametrize("path", [TABLE, FRAME, DATA, PAGE, "/embed/element.json", f"/badge/2026/{ZAMORA}.svg"])
def test_whoever_has_these_bytes_gets_304(site: Client, path: str) -> None:
    first = site.get(path)
    assert first.headers["cache-control"] == (REVALIDATE if path in ("/embed/element.json", PAGE) else SHARED)
    again = site.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    head = site.head(path)
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", first.headers["etag"])


def test_another_form_is_a_problem(site: Client) -> None:
    for path in (f"/embed/2026/{ZAMORA}/card.png", "/embed/none.js"):
        response = site.get(path)
        assert (response.status_code, response.headers["content-type"]) == (404, "application/problem+json")


# --- the frame ----------------------------------------------------------------------------------------------------


def test_a_frame_runs_its_own_script_only_and_has_no_origin(site: Client) -> None:
    response = site.get(FRAME)
    root = page(response.text)
    (script,), (style,) = root.query("script"), root.query("style")
    (raw_script,) = re.findall("<script>(.*?)</script>", response.text, re.DOTALL)
    (raw_style,) = re.findall("<style>(.*?)</style>", response.text, re.DOTALL)
    assert (script.attrs, style.attrs) == ({}, {})
    policy = dict(part.strip().partition(" ")[::2] for part in response.headers["content-security-policy"].split(";"))
    assert policy == {
        "default-src": "'none'",
        "style-src": hashed(raw_style),
        "script-src": hashed(raw_script),
        "frame-ancestors": "*",
        "base-uri": "'none'",
        "form-action": "'none'",
        "sandbox": "allow-scripts allow-popups allow-top-navigation-by-user-activation",
    }
    assert "x-frame-options" not in response.headers
    assert "set-cookie" not in response.headers
    for word in ("cookie", "localStorage", "sessionStorage", "indexedDB", "fetch", "XMLHttpRequest", "eval"):
        assert word not in raw_script


def hashed(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


# --- the page -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", ["00064", "00100", "06143"])
def test_the_page_explains_every_point(client: Client, number: str) -> None:
    """Of a town, of a village, and of a village with two dimensions that are not rated."""
    sheet = client.get(f"/v1/editions/2026-demo/scores/XX-DEMO-{number}?lang=en").json()
    response = client.get(f"/portal/2026-demo/XX-DEMO-{number}?lang=en")
    told = page(response.text).text
    for part in (
        *(reason["text"] for reason in sheet["main_reasons"]),
        *(gate["text"] for gate in sheet["level_details"]["blocked_by"]),
        *(finding["text"] for finding in sheet["findings"]),
    ):
        assert " ".join(part.split()) in told
    rows = {tbody.attrs["id"]: tbody for tbody in page(response.text).query("tbody[id]")}
    indicators = [one for dimension in sheet["dimensions"] for one in dimension["indicators"]]
    assert list(rows) == [one["id"] for one in indicators]
    assert len(rows) == 46
    for one in indicators:
        row = " ".join(rows[one["id"]].text.split())
        assert " ".join(one["reason"]["text"].split()) in row
        step = one["next_step"]
        # A step that brings nothing, in a dimension that is not rated, is not offered.
        assert (step is not None and step["gain"] != 0) == ("Next step:" in row)
        assert "Next step:" not in row or " ".join(step["text"].split()) in row
        figures = [cell.text for cell in rows[one["id"]].query("td.number")]
        assert figures == ["–" if one[name] is None else f"{one[name]:.2f}" for name in ("score", "lost")]


def test_the_page_leads_to_the_document_that_it_is_told_from(client: Client) -> None:
    sheet = client.get("/v1/editions/2026-demo/scores/XX-DEMO-00100").json()
    links = [link.attrs.get("href", "") for link in page(client.get("/portal/2026-demo/XX-DEMO-00100").text).query("a")]
    (document,) = {link for link in links if link.startswith("/v1/published/")}
    assert document == f"/v1/published/{sheet['document']}"
    assert client.get(document).json()["organisation"]["id"] == "XX-DEMO-00100"


def test_the_page_is_whole_without_scripts_and_leads_on(site: Client) -> None:
    response = site.get(f"{PAGE}?lang=es")
    root = page(response.text)
    assert not root.query("script")
    assert "frame-ancestors 'none'" in response.headers["content-security-policy"]
    (canonical,) = root.query("link[rel=canonical]")
    assert canonical.attrs["href"] == f"{BASE}/portal/2026/{ZAMORA}"
    types = [link.attrs.get("type", "") for link in root.query("link[rel=alternate]")]
    assert sum(one.endswith("+oembed") for one in types) == 2
    older = page(site.get(f"/portal/2025/{ZAMORA}?lang=es").text)
    assert f"/portal/2026/{ZAMORA}?lang=es" in [link.attrs.get("href") for link in older.query(".remark a")]


def test_the_page_has_what_to_copy_and_it_works(site: Client) -> None:
    codes = [code.text for code in page(site.get(f"{PAGE}?lang=en").text).query("pre:not(.bibliography) code")]
    assert len(codes) == 4
    for code in codes:
        embedded = fragment(code)
        for element in embedded.query("[src]"):
            assert site.get(element.attrs["src"]).status_code == 200
        for image in embedded.query("img"):
            assert image.attrs["alt"] == "2.0-maturity index: Ayuntamiento de Zamora"
    assert f"/badge/latest/{ZAMORA}.svg" in codes[0]
    assert site.get("/embed/element.json").json()["integrity"] in codes[3]


def test_the_page_of_an_unknown_language_is_spanish(site: Client) -> None:
    assert site.get(PAGE, headers={"Accept-Language": "de"}).headers["content-language"] == "es"
    assert site.get(f"/portal/2026/{AVILA}?lang=en").headers["content-language"] == "en"
