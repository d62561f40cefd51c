"""oEmbed 1.0: what consumers are told, and which addresses it is told of."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest

from actitud_api.web.embeds.oembed import EmbedTarget, parse_target
from tests.web.embeds.installation import ALIAS, BASE, DRAFTING, SORIA, ZAMORA, Client
from tests.web.embeds.reading import fragment, page

PAGE = f"{BASE}/portal/2026/{ZAMORA}"


def asked(client: Client, url: str = PAGE, **more: str | int) -> dict[str, Any]:
    response = client.get("/oembed", params={"url": url, **more})
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    told: dict[str, Any] = response.json()
    return told


def test_it_is_rich_and_holds_what_the_specification_asks_for(site: Client) -> None:
    told = asked(site)
    html = told.pop("html")
    assert told == {
        "version": "1.0",
        "type": "rich",
        "title": "Ayuntamiento de Zamora: 44,03 de 100, nivel 3, Ventanilla",
        "provider_name": "Actitud",
        "provider_url": f"{BASE}/",
        "cache_age": 3600,
        "thumbnail_url": f"{BASE}/embed/2026/{ZAMORA}/card.svg",
        "thumbnail_width": 360,
        "thumbnail_height": told["thumbnail_height"],
        "width": 600,
        "height": 800,
    }
    root = fragment(html)
    quote, link, frame = root.query("*")
    assert (quote.name, quote.attrs) == ("blockquote", {})
    assert (link.name, link.attrs, link.text) == ("a", {"href": PAGE}, told["title"])
    assert frame.name == "iframe"
    assert frame.attrs["src"] == f"{BASE}/embed/2026/{ZAMORA}"
    assert (frame.attrs["width"], frame.attrs["height"], frame.attrs["title"]) == ("600", "800", told["title"])
    assert html.endswith("</iframe>")


def test_xml_holds_the_same(site: Client) -> None:
    told = asked(site)
    response = site.get("/oembed", params={"url": PAGE, "format": "xml"})
    assert response.headers["content-type"].startswith("text/xml")
    root = ElementTree.fromstring(response.content)
    assert root.tag == "oembed"
    assert {child.tag: child.text for child in root} == {name: str(value) for name, value in told.items()}


@pytest.mark.parametrize(("wide", "high"), [(320, 200), (150, 1_000), (1_000, 90), (1, 1), (10_000, 10_000)])
def test_it_is_never_larger_than_the_site_says(site: Client, wide: int, high: int) -> None:
    told = asked(site, maxwidth=wide, maxheight=high)
    for across, down in (("width", "height"), ("thumbnail_width", "thumbnail_height")):
        assert 1 <= told[across] <= wide
        assert 1 <= told[down] <= high
    frame = fragment(told["html"]).query("iframe")[0].attrs
    assert (frame["width"], frame["height"]) == (str(told["width"]), str(told["height"]))
    assert told["width"] == min(600, wide)


def test_it_is_higher_in_a_narrow_column(site: Client) -> None:
    heights = {wide: asked(site, maxwidth=wide)["height"] for wide in (240, 279, 280, 600)}
    assert heights == {240: 1040, 279: 1040, 280: 800, 600: 800}
    assert asked(site, maxwidth=240, maxheight=900)["height"] == 900


@pytest.mark.parametrize("most", ["", "0", "-5", "wide", "9" * 40, "6e2"])
def test_a_maximum_that_is_none_is_ignored(site: Client, most: str) -> None:
    assert asked(site, maxwidth=most)["width"] == 600


@pytest.mark.parametrize(
    "path",
    [
        f"/portal/2026/{ZAMORA}",
        f"/embed/2026/{ZAMORA}",
        f"/embed/2026/{ZAMORA}/card.svg",
        f"/embed/2026/{ZAMORA}/table.html",
        f"/badge/2026/{ZAMORA}.svg",
        f"/portal/2026/{ALIAS}",
        f"/portal/2026/{ZAMORA}?utm_source=x#D1.07",
        f"/portal/2026/{ZAMORA.replace('-', '%2D')}",
    ],
)
def test_every_address_of_an_organisation_leads_to_the_same(site: Client, path: str) -> None:
    assert asked(site, BASE + path) == asked(site)


def test_the_language_is_that_of_the_address(site: Client) -> None:
    told = asked(site, f"{PAGE}?lang=en")
    assert told["title"] == "Ayuntamiento de Zamora: 44.03 of 100, level 3, Service desk"
    assert f'src="{BASE}/embed/2026/{ZAMORA}?lang=en"' in told["html"]


def test_latest_stays_latest(site: Client) -> None:
    told = asked(site, f"{BASE}/portal/latest/{ZAMORA}")
    assert f'src="{BASE}/embed/latest/{ZAMORA}"' in told["html"]


@pytest.mark.parametrize(
    "url",
    [
        f"{BASE}/portal/1999/{ZAMORA}",
        f"{BASE}/portal/2026/{SORIA}",
        f"{BASE}/portal/2027/{DRAFTING}",
        f"{BASE}/portal/2026/XX-T-NOBODY",
        f"{BASE}/v1/editions/2026/scores/{ZAMORA}",
        f"{BASE}/docs",
        f"{BASE}/badge/2026/{ZAMORA}.png",
        BASE,
        f"https://elsewhere.example/portal/2026/{ZAMORA}",
        "",
        "x",
    ],
)
def test_what_has_no_representation_is_404(site: Client, url: str) -> None:
    response = site.get("/oembed", params={"url": url})
    assert (response.status_code, response.json()["type"]) == (404, "/problems/not-found")


def test_another_format_is_501(site: Client) -> None:
    response = site.get("/oembed", params={"url": PAGE, "format": "yaml"})
    assert (response.status_code, response.json()["type"]) == (501, "/problems/not-implemented")


def test_without_an_address_the_request_is_refused(site: Client) -> None:
    response = site.get("/oembed")
    assert (response.status_code, response.json()["errors"][0]["pointer"]) == (400, "url")


def test_other_arguments_are_ignored(site: Client) -> None:
    assert asked(site, dnt="true", discover=1, theme="dark") == asked(site)


OURS = {"https://madurez.example", "http://internal.example:8000"}


@pytest.mark.parametrize(
    "url",
    [
        "https://madurez.example/portal/2026/X",
        "https://madurez.example:443/portal/2026/X",
        "HTTPS://MADUREZ.EXAMPLE/portal/2026/X",
        "http://internal.example:8000/portal/2026/X",
    ],
)
def test_our_own_addresses_are_recognised(url: str) -> None:
    assert parse_target(url, OURS) == EmbedTarget("2026", "X", "es")


@pytest.mark.parametrize(
    "url",
    [
        "http://madurez.example/portal/2026/X",
        "https://madurez.example:8443/portal/2026/X",
        "https://madurez.example.evil.example/portal/2026/X",
        "https://evil.example/madurez.example/portal/2026/X",
        "https://madurez-example/portal/2026/X",
        "https://madurez.example@evil.example/portal/2026/X",
        "https://user@madurez.example/portal/2026/X",
        "https://madurez.example\\@evil.example/portal/2026/X",
        "https://madurez.example:port/portal/2026/X",
        "https://[::1/portal/2026/X",
        "http://internal.example/portal/2026/X",
        "http://169.254.169.254/portal/2026/X",
        "file:///portal/2026/X",
        "javascript:alert(1)//portal/2026/X",
        "//madurez.example/portal/2026/X",
        "/portal/2026/X",
        "https://madurez.example/portal/2026/%FF",
        "https://madurez.example/portal/2026",
        "https://madurez.example/portal/2026/X/Y/Z",
        "https://madurez.example/PORTAL/2026/X",
        "https://sub.madurez.example/portal/2026/X",
    ],
)
def test_addresses_of_others_are_not(url: str) -> None:
    assert parse_target(url, OURS) is None


@pytest.mark.parametrize("path", [f"/portal/2026/{ZAMORA}", f"/embed/2026/{ZAMORA}"])
def test_pages_lead_to_it_by_link(site: Client, path: str) -> None:
    links = page(site.get(path).text).query("link[rel=alternate]")
    found = [link for link in links if link.attrs.get("type", "").endswith("+oembed")]
    expected = {"application/json+oembed": "json", "text/xml+oembed": "xml"}
    assert [link.attrs["type"] for link in found] == list(expected)
    for link in found:
        form = expected[link.attrs["type"]]
        assert link.attrs["href"] == f"{BASE}/oembed?{urlencode({'url': PAGE, 'format': form})}"
        assert site.get(link.attrs["href"]).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        f"/portal/2026/{ZAMORA}",
        f"/embed/2026/{ZAMORA}",
        f"/embed/2026/{ZAMORA}/card.svg",
        f"/embed/2026/{ZAMORA}/table.html",
        f"/badge/2026/{ZAMORA}.svg",
        f"/badge/2026/{ZAMORA}.json",
    ],
)
def test_everything_leads_to_it_by_header(site: Client, path: str) -> None:
    header = site.get(f"{path}?lang=es").headers["link"]
    assert f'<{PAGE}>; rel="describedby"' in header
    for form, media_type in (("json", "application/json+oembed"), ("xml", "text/xml+oembed")):
        address = f"{BASE}/oembed?{urlencode({'url': PAGE, 'format': form})}"
        assert f'<{address}>; rel="alternate"; type="{media_type}"; title*=UTF-8' in header
    assert header.isascii()
