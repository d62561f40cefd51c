"""The map of the site for search engines, and its icons."""

from __future__ import annotations

import io
from typing import Final
from xml.etree import ElementTree

import pytest
from PIL import Image

from actitud_api.web.portal import site_routes
from actitud_api.web.portal.site_routes import PageAddress, write_index, write_map
from tests.web.embeds.reading import page
from tests.web.portal.places import EDITION, OPEN, PLACES, UNPUBLISHED, Client

BASE: Final = "https://madurez.example"
_SITEMAP: Final = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def read_map(text: str) -> dict[str, str | None]:
    """The days of the pages of a map, by path."""
    root = ElementTree.fromstring(text)
    assert root.tag == f"{_SITEMAP}urlset"
    return {
        (url.findtext(f"{_SITEMAP}loc") or "").removeprefix(BASE): url.findtext(f"{_SITEMAP}lastmod") for url in root
    }


def test_the_map_has_every_page_of_published_editions_and_no_other(places: Client) -> None:
    response = places.get("/sitemap.xml")
    assert response.headers["content-type"] == "application/xml"
    found = read_map(response.text)
    assert {f"/portal/{EDITION}/{place.id}" for place in PLACES} <= set(found)
    for path in ("", f"/{EDITION}", f"/{EDITION}/territories/province-05", f"/{EDITION}/dimensions/D10", "/embed"):
        assert f"/portal{path}" in found
    assert not [path for path in found if OPEN in path.split("/") or UNPUBLISHED in path]
    for path, day in found.items():
        assert (day is not None) == (f"/portal/{EDITION}" in path), path
    assert response.text == places.get("/sitemap.xml").text
    assert f"Sitemap: {BASE}/sitemap.xml\n" in places.get("/robots.txt").text


@pytest.mark.night
def test_every_page_of_the_map_is_there(places: Client) -> None:
    for path in read_map(places.get("/sitemap.xml").text):
        assert places.get(path).status_code == 200, path


def test_more_addresses_than_a_map_takes_are_in_several(places: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = list(read_map(places.get("/sitemap.xml").text))
    monkeypatch.setattr(site_routes, "ADDRESSES_MAX", 10)
    index = ElementTree.fromstring(places.get("/sitemap.xml?again").text)
    assert index.tag == f"{_SITEMAP}sitemapindex"
    parts = [(part.findtext(f"{_SITEMAP}loc") or "").removeprefix(BASE) for part in index]
    assert parts == [f"/sitemaps/{number}.xml" for number in range(1, len(whole) // 10 + 1 + bool(len(whole) % 10))]
    assert [path for part in parts for path in read_map(places.get(part).text)] == whole
    assert places.get(f"/sitemaps/{len(parts) + 1}.xml").status_code == 404


@pytest.mark.parametrize("name", ["0.xml", "01.xml", "x.xml", "1", "9999999.xml", "²​.xml"])
def test_there_are_no_other_maps(places: Client, name: str) -> None:
    assert places.get(f"/sitemaps/{name}").status_code == 404


def test_what_is_written_into_a_map_is_escaped() -> None:
    written = write_map(BASE, [PageAddress("/portal/a&b<c>")]).decode()
    assert f"<loc>{BASE}/portal/a&amp;b&lt;c&gt;</loc></url>" in written
    assert write_index(BASE, 2).decode().count("<loc>") == 2


def test_the_icon_has_a_picture_for_each_size(places: Client) -> None:
    response = places.get("/favicon.ico")
    assert response.headers["content-type"] == "image/vnd.microsoft.icon"
    with Image.open(io.BytesIO(response.content)) as icon:
        assert icon.info["sizes"] == {(16, 16), (32, 32), (48, 48)}
    with Image.open(io.BytesIO(places.get("/apple-touch-icon.png").content)) as icon:
        assert (icon.format, icon.size) == ("PNG", (180, 180))
        # The band of the mark stands in the middle of its left edge, blue as in the picture that browsers draw.
        assert icon.convert("RGB").getpixel((2, 90)) == (0x1F, 0x3B, 0x4D)
    for path in ("/portal", "/docs"):
        links = [link.attrs["href"] for link in page(places.get(path).text).query("link[rel~=icon]")]
        assert "/favicon.ico" in links
