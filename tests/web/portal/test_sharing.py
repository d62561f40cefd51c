"""What a link says where it is shared: descriptions, languages, and a picture of 1200 × 630 pixels."""

from __future__ import annotations

import io
from typing import Final

import pytest
from msgspec import structs
from PIL import Image, ImageChops

from actitud_api.engine.i18n import Language
from actitud_api.web.charts import share_pictures
from actitud_api.web.charts.share_pictures import OrganisationCard, OverviewCard
from tests.support.scale import NIGHT
from tests.web.embeds.hostile import names
from tests.web.embeds.reading import Document, page
from tests.web.portal.places import ALIAS, EDITION, OPEN, UNPUBLISHED, Client

BASE: Final = "https://madurez.example"
SHARED_PAGES: Final = {
    f"{EDITION}/XX-T-1": f"/share/{EDITION}/XX-T-1.png",
    "latest/XX-T-4": f"/share/{EDITION}/XX-T-4.png",
    EDITION: f"/share/{EDITION}.png",
    "latest": f"/share/{EDITION}.png",
    f"{EDITION}/territories": f"/share/{EDITION}.png",
    f"{EDITION}/territories/province-05": f"/share/{EDITION}/territories/province-05.png",
    "embed": "/share.png",
    "": "/share.png",
}

PARTIAL: Final = ("ca", "eu", "gl")
TRANSLATED: Final = dict.fromkeys(("", EDITION, "latest", f"{EDITION}/XX-T-1", "latest/XX-T-4"), PARTIAL)
"""Pages that are in the partial languages too, or whose first part is."""


def read_head(found: Document) -> dict[str, str]:
    """The properties of Open Graph and the other descriptions of a page, by name."""
    return {
        meta.attrs.get("property") or meta.attrs.get("name") or "": meta.attrs.get("content", "")
        for meta in found.query("head meta")
    }


def open_picture(content: bytes) -> Image.Image:
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.format == "PNG"
        return picture.convert("RGB")


@pytest.mark.parametrize("path", SHARED_PAGES)
def test_a_page_says_what_it_is_and_has_a_picture(places: Client, path: str) -> None:
    address = f"/portal/{path}".rstrip("/")
    found = page(places.get(f"{address}?lang=en").text)
    head = read_head(found)
    title = found.query("title")[0].text
    canonical = f"{BASE}{address.replace('latest', EDITION)}"
    assert (head["og:title"], head["twitter:title"], head["twitter:card"]) == (title, title, "summary_large_image")
    assert 30 < len(head["description"]) <= 300
    assert head["description"] == head["og:description"] == head["twitter:description"]
    assert head["og:url"] == f"{canonical}?lang=en"
    assert head["og:locale"] == "en_GB"
    assert [link.attrs["href"] for link in found.query("link[rel=canonical]")] == [f"{canonical}?lang=en"]
    languages = {link.attrs["hreflang"]: link.attrs["href"] for link in found.query("head link[hreflang]")}
    named = {language: f"{canonical}?lang={language}" for language in ("en", *TRANSLATED.get(path, ()))}
    assert languages == {"es": canonical, **named, "x-default": canonical}
    assert head["og:image"] == head["twitter:image"] == f"{BASE}{SHARED_PAGES[path]}?lang=en"
    assert (head["og:image:width"], head["og:image:height"]) == ("1200", "630")
    assert head["og:image:alt"]


def test_an_address_without_a_language_is_its_own_whoever_reads_it(places: Client) -> None:
    found = page(places.get("/portal", headers={"Accept-Language": "en"}).text)
    assert found.query("html")[0].attrs["lang"] == "en"
    assert [link.attrs["href"] for link in found.query("link[rel=canonical]")] == [f"{BASE}/portal"]


@pytest.mark.parametrize(
    ("path", "language", "locale"),
    [("", "ca", "ca_ES"), (EDITION, "eu", "eu_ES"), (f"{EDITION}/XX-T-1", "gl", "gl_ES")],
)
def test_a_page_in_a_partial_language_is_an_address_of_its_own_which_names_the_others(
    places: Client, path: str, language: str, locale: str
) -> None:
    """Each language names all others and itself, or search engines take none of the links."""
    address = f"/portal/{path}".rstrip("/")
    found, english = (page(places.get(f"{address}?lang={one}").text) for one in (language, "en"))
    head = read_head(found)
    assert [link.attrs["href"] for link in found.query("link[rel=canonical]")] == [f"{BASE}{address}?lang={language}"]
    assert (head["og:url"], head["og:locale"]) == (f"{BASE}{address}?lang={language}", locale)
    assert head["description"] != read_head(page(places.get(address).text))["description"]
    links, others = (
        {link.attrs["hreflang"]: link.attrs["href"] for link in one.query("head link[hreflang]")}
        for one in (found, english)
    )
    assert links == others
    assert links[language] == f"{BASE}{address}?lang={language}"
    # Pictures are in Spanish and English alone.
    assert head["og:image"] == read_head(page(places.get(address).text))["og:image"]


def test_a_page_of_which_only_the_frame_is_translated_is_the_spanish_page(places: Client) -> None:
    address = f"{BASE}/portal/{EDITION}/territories"
    found = page(places.get(f"/portal/{EDITION}/territories?lang=ca").text)
    assert [link.attrs["href"] for link in found.query("link[rel=canonical]")] == [address]
    assert [link.attrs["hreflang"] for link in found.query("head link[hreflang]")] == ["es", "en", "x-default"]
    assert read_head(found)["og:locale"] == "es_ES"


def test_a_shared_sheet_says_its_verdict(places: Client) -> None:
    found = page(places.get(f"/portal/{EDITION}/XX-T-1").text)
    description = read_head(found)["description"]
    assert description.startswith("Villa Uno ")
    assert " ".join(found.query(".verdict")[0].text.split()).startswith(description.removesuffix("…"))


def test_there_is_nothing_to_share_where_there_is_no_page(places: Client) -> None:
    head = read_head(page(places.get("/portal/1999").text))
    assert head["robots"] == "noindex"
    assert not [name for name in head if name.startswith(("og:", "twitter:", "description"))]


@pytest.mark.parametrize("path", sorted(set(SHARED_PAGES.values())))
def test_a_picture_has_the_size_that_networks_ask_for_and_is_the_same_each_time(places: Client, path: str) -> None:
    response = places.get(path)
    assert (response.status_code, response.headers["content-type"]) == (200, "image/png")
    assert response.headers["cache-control"].startswith("public")
    assert open_picture(response.content).size == (1200, 630)
    # A parameter that nobody knows makes no other answer; only without the memory is it drawn again.
    head = places.head(path)
    assert head.headers["etag"] == response.headers["etag"]
    again = places.get(path, headers={"If-None-Match": response.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert len(response.content) < 100_000


def test_a_picture_is_in_the_language_that_the_address_names(places: Client) -> None:
    path = f"/share/{EDITION}/XX-T-1.png"
    spanish, english = places.get(path), places.get(f"{path}?lang=en", headers={"Accept-Language": "es"})
    assert (spanish.headers["content-language"], english.headers["content-language"]) == ("es", "en")
    assert spanish.content == places.get(path, headers={"Accept-Language": "en"}).content
    assert ImageChops.difference(open_picture(spanish.content), open_picture(english.content)).getbbox() is not None


@pytest.mark.parametrize(
    "path",
    [
        f"/share/{OPEN}.png",
        f"/share/{OPEN}/{UNPUBLISHED}.png",
        f"/share/{EDITION}/{UNPUBLISHED}.png",
        f"/share/{EDITION}/territories/province-99.png",
        f"/share/{EDITION}/territories/province-08.png",
        f"/share/{EDITION}/XX-T-1.svg",
        f"/share/{EDITION}",
        "/share/nothing.png",
    ],
)
def test_what_is_not_published_has_no_picture(places: Client, path: str) -> None:
    assert places.get(path).status_code == 404


def test_an_alias_leads_to_the_picture(places: Client) -> None:
    response = places.get(f"/share/{EDITION}/{ALIAS}.png", follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (308, f"/share/{EDITION}/XX-T-1.png")


def card(name: str) -> OrganisationCard:
    return OrganisationCard(
        name=name,
        identifier="XX-T-1",
        about=name,
        edition=name,
        figure="40",
        full="de 100",
        share=0.4,
        level=(3, 5, "Ventanilla"),
        sentences=(name,),
        remark=name,
    )


def test_one_organisation_is_counted_in_the_singular(places: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    cards: list[OverviewCard] = []
    render = share_pictures.render_overview

    def keep(card: OverviewCard, language: Language) -> bytes:
        cards.append(card)
        return render(card, language)

    monkeypatch.setattr(share_pictures, "render_overview", keep)
    for place in ("province-49", "region-13"):
        for query in ("", "?lang=en"):
            assert places.get(f"/share/{EDITION}/territories/{place}.png{query}").status_code == 200
    assert [card.about for card in cards] == [
        "1 organización · mediana: 50 de 100",
        "1 organisation · median: 50 of 100",
        "4 organizaciones · mediana: 60 de 100",
        "4 organisations · median: 60 of 100",
    ]


def test_whatever_a_name_is_its_picture_is_drawn_and_is_no_other_picture() -> None:
    drawn = names(500) if NIGHT else names(500)[::100]
    plain = open_picture(share_pictures.render_organisation(card("Villa"), "es"))
    for name in drawn:
        picture = open_picture(share_pictures.render_organisation(card(name), "es"))
        assert picture.size == (1200, 630), name
        # Figure and level stand where they stand for a harmless name of as many lines, and the margin is empty.
        for box in ((0, 0, 60, 630), (1140, 88, 1200, 630)):
            assert ImageChops.difference(picture.crop(box), plain.crop(box)).getbbox() is None, name


def test_a_name_that_the_font_cannot_write_is_replaced_by_the_identifier() -> None:
    chinese, identifier = (
        open_picture(share_pictures.render_organisation(structs.replace(card("Villa"), name=name), "es"))
        for name in ("北京市", "XX-T-1")
    )
    assert ImageChops.difference(chinese, identifier).getbbox() is None
