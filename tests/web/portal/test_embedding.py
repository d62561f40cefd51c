"""The page on which a form of a score is chosen: what is copied works, and is what is seen."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import urlencode

import pytest

from actitud_api.web.embeds import element
from actitud_api.web.embeds.snippets import FORMS
from actitud_api.web.portal import embed_routes
from tests.web.embeds.reading import Document, Element, fragment
from tests.web.portal.places import ALIAS, OPEN, UNPUBLISHED, Client
from tests.web.portal.reading import hrefs, read, words

BASE: Final = "https://madurez.example"
POLICIES: Final[Mapping[str, str]] = {
    "badge": f"img-src {BASE}",
    "card": f"img-src {BASE}",
    "frame": f"frame-src {BASE}",
    "element": f"script-src {BASE}; connect-src {BASE}",
    "oembed": f"frame-src {BASE}",
}


def built(client: Client, **asked: str) -> Document:
    return read(client, f"embed?{urlencode(asked)}")


def code(found: Document) -> str:
    (shown,) = found.query("code#code")
    return shown.text


def sources(elements: list[Element]) -> Iterator[str]:
    """The addresses that something embeds."""
    for one in elements:
        yield one.attrs["src"].removeprefix(BASE)


@pytest.mark.parametrize("form", FORMS)
def test_what_is_copied_works_and_is_what_is_seen(places: Client, form: str) -> None:
    found = built(places, organisation="XX-T-1", form=form, language="es", theme="dark")
    copied = code(found)
    assert [words(one) for one in found.query("code#policy")] == ([POLICIES[form]] if form in POLICIES else [])
    if form == "oembed":
        assert places.get("/oembed", params={"url": copied}).json()["title"].startswith("Villa Uno: 40,00 de 100")
        return
    part = fragment(copied)
    assert part.text or part.query("[src]")
    for source in sources(part.query("[src]")):
        assert places.get(source).status_code == 200, source
    (seen,) = found.query(".preview")
    # The page itself has a script that fits the frame to what it shows.
    shown = [source for source in sources(seen.query("[src]")) if not source.startswith("/static/")]
    assert shown == list(sources(part.query("[src]")))
    if form == "table":
        assert words(seen) == words(part.query("table")[0])
        assert places.get("/embed/latest/XX-T-1/table.html").text.strip() == copied.strip()


def test_the_code_is_of_the_edition_the_language_and_the_ground_that_were_chosen(places: Client) -> None:
    asked = {"organisation": "XX-T-1", "edition": "2026", "language": "en", "theme": "auto"}
    assert f'src="{BASE}/embed/2026/XX-T-1/card.svg?lang=en&amp;theme=auto"' in code(
        built(places, **asked, form="card")
    )
    assert f'src="{BASE}/embed/2026/XX-T-1?lang=en&amp;theme=auto"' in code(built(places, **asked, form="frame"))
    (own,) = fragment(code(built(places, **asked, form="element"))).query(element.TAG)
    assert own.attrs == {"organisation": "XX-T-1", "edition": "2026", "lang": "en"}
    assert "theme" not in code(built(places, **asked, form="badge"))
    (always,) = fragment(code(built(places, organisation="XX-T-1", form="element"))).query(element.TAG)
    assert always.attrs == {"organisation": "XX-T-1", "theme": "light", "lang": "en"}
    assert "/badge/latest/XX-T-1.svg?lang=en" in code(built(places, organisation="XX-T-1"))


def test_the_form_shows_what_was_chosen(places: Client) -> None:
    found = built(places, organisation=ALIAS, form="frame", language="es", theme="dark", edition="2026")
    chosen = {one.attrs["name"]: one.attrs["value"] for one in found.query("input[checked]")}
    assert chosen == {"form": "frame", "language": "es", "theme": "dark"}
    assert [one.attrs["value"] for one in found.query("option[selected]")] == ["2026"]
    kept = {one.attrs["name"]: one.attrs["value"] for one in found.query("form input[type=hidden]")}
    assert kept == {"lang": "en", "organisation": "XX-T-1"}
    assert [one.attrs["value"] for one in found.query("#edition option")] == ["latest", "2026"]


def test_what_cannot_be_chosen_is_as_if_it_had_not_been(places: Client) -> None:
    found = built(places, organisation="XX-T-1", form="hologram", language="xx", theme="pink", foo="1")
    chosen = {one.attrs["name"]: one.attrs["value"] for one in found.query("input[checked]")}
    assert chosen == {"form": "badge", "language": "en", "theme": "light"}


def test_one_is_found_by_its_name(places: Client) -> None:
    empty = built(places)
    assert "once an organisation is chosen" in empty.text
    assert not empty.query("code")
    assert "XX-T-5" in code(built(places, q="avila"))
    assert "XX-T-5" in code(built(places, organisation="XX-T-1", q="avila"))
    several = built(places, q="villa", form="card", theme="dark")
    offered = [link for link in hrefs(several) if link.startswith("/portal/embed")]
    assert len(offered) == 4
    assert "card.svg?lang=en&amp;theme=dark" in code(read(places, offered[0].removeprefix("/portal/")))
    assert "No organisation matches «nadie»." in built(places, q="nadie").letters
    similar = built(places, q="zamroa")
    assert "None matches; these have similar names. Is it one of them?" in similar.text
    assert not similar.query("code")
    # Who looks for another one keeps what there is until it is found.
    other = built(places, q="villa", organisation="XX-T-5")
    assert "XX-T-5" in code(other)
    assert len([link for link in hrefs(other) if link.startswith("/portal/embed")]) == 4
    assert "No organisation matches «nadie»." in built(places, q="nadie", organisation="XX-T-5").letters


@pytest.mark.parametrize(
    "asked",
    [
        {"organisation": "XX-T-NOBODY"},
        {"organisation": UNPUBLISHED},
        {"organisation": UNPUBLISHED, "edition": OPEN},
        {"organisation": "XX-T-1", "edition": "1999"},
        {"q": "villa", "edition": OPEN},
        {"edition": "1999"},
        {"edition": OPEN},
        {"form": "ranking", "edition": OPEN},
        {"form": "ranking", "territory": "province-99"},
        {"form": "ranking_table", "territory": "province-08"},
    ],
)
def test_what_is_not_there_leaves_the_form(places: Client, asked: Mapping[str, str]) -> None:
    found = read(places, f"embed?{urlencode(asked)}", status=404)
    assert found.query(".notice")
    assert found.query("form input[name=q]")
    assert not found.query("code#code")
    assert "Todavía No" not in found.text


def table_rows(copied: str) -> list[list[str]]:
    return [[words(cell) for cell in row.query("th, td")] for row in fragment(copied).query("tbody tr")]


@pytest.mark.parametrize(
    ("language", "query", "title"),
    [
        ("es", "?province=28", "Índice de Madurez 2.0: clasificación de Madrid"),
        ("en", "?province=28&lang=en", "2.0-maturity index: ranking of Madrid"),
        ("ca", "?province=28&lang=ca", "Índex de Maduresa 2.0: classificació de Madrid"),
    ],
)
def test_the_ranking_of_a_territory_is_an_image_that_is_always_current(
    places: Client, language: str, query: str, title: str
) -> None:
    found = built(places, form="ranking", territory="province-28", language=language)
    (link,), (image,) = (fragment(code(found)).query(name) for name in ("a", "img"))
    assert link.attrs["href"] == f"{BASE}/portal/latest{query}"
    assert (image.attrs["src"], image.attrs["alt"]) == (f"{BASE}/badge/latest.svg{query}", title)
    assert [words(one) for one in found.query("code#policy")] == [f"img-src {BASE}"]
    (seen,) = found.query(".preview img")
    assert seen.attrs["src"] == image.attrs["src"].removeprefix(BASE)
    # Best first: 80, 60 and 40 points, and who has too little evidence.
    picture = places.get(seen.attrs["src"])
    assert re.findall('<view id="([^"]+)"', picture.text) == ["XX-T-3", "XX-T-2", "XX-T-1", "XX-T-4"]


def test_the_ranking_of_a_territory_is_a_table_with_ranks_of_the_edition(places: Client) -> None:
    found = built(places, form="ranking_table", territory="region-07", language="es")
    copied = code(found)
    # Before them in the edition are 80 and 60 points, between them 40.
    assert table_rows(copied) == [
        ["3", "Puerto de Zamora", "50,00 de 100", "nivel 3, Ventanilla"],
        ["5", "Puerto de Ávila", "20,00 de 100", "nivel 2, Escaparate"],
    ]
    table = fragment(copied)
    assert words(table.query("caption")[0]) == "Índice de Madurez 2.0: clasificación de Castilla y León"
    assert [link.attrs["href"].removeprefix(BASE) for link in table.query("a")] == [
        "/portal/2026/XX-T-6",
        "/portal/2026/XX-T-5",
        "/portal/2026?region=07",
    ]
    assert "Edición 2026, a 31 de diciembre de 2026; metodología 2027.1" in words(table.query("tfoot")[0])
    assert words(found.query(".preview table")[0]) == words(table.query("table")[0])
    unranked = table_rows(code(built(places, form="ranking_table", territory="province-28", language="en")))[-1]
    assert unranked == ["–", "Villa Sin Prueba", "insufficient evidence", "–"]


def test_without_a_territory_the_ranking_is_that_of_the_edition(
    places: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {"form": "ranking_table", "edition": "2026", "language": "en"}
    whole = built(places, **asked)
    assert len(table_rows(code(whole))) == 7
    assert "It has the first" not in whole.text
    monkeypatch.setattr(embed_routes, "RANKED_MAX", 2)
    cut = built(places, **asked, organisation="XX-T-1")
    assert [row[0] for row in table_rows(code(cut))] == ["1", "2"]
    assert "It has the first 2; the whole ranking is on the page that it leads to." in cut.text
    # Who was chosen before stays chosen.
    assert {one.attrs["name"]: one.attrs["value"] for one in cut.query("form input[type=hidden]")} == {
        "lang": "en",
        "organisation": "XX-T-1",
    }


def test_the_page_of_a_territory_leads_to_its_ranking_to_embed(places: Client) -> None:
    (href,) = [link for link in hrefs(read(places, "2026/territories/province-28")) if "form=ranking" in link]
    found = read(places, href.removeprefix("/portal/"))
    assert [one.attrs["value"] for one in found.query("#territory option[selected]")] == ["province-28"]
    assert "/badge/2026.svg?province=28&amp;lang=en" in code(found)


def test_it_frames_only_pages_of_ours(places: Client) -> None:
    headers = places.get("/portal/embed?organisation=XX-T-1&form=frame").headers
    policy = [part.strip() for part in headers["content-security-policy"].split(";")]
    assert "frame-src 'self'" in policy
    assert "script-src 'self'" in policy
    assert "form-action 'self'" in policy
    assert "default-src 'none'" in policy
    other = places.get("/portal/2026/compare").headers["content-security-policy"]
    assert "frame-src" not in other
