"""Every page of the portal in a real browser, as wide and as narrow as it gets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Final

import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import showing
from tests.browser.test_embeds import Shown, named
from tests.support.scale import NIGHT
from tests.web.embeds.installation import AVILA, POOR, VOID, ZAMORA

PAGES: Final[Mapping[str, str]] = {
    "index": "",
    "edition": "/2026",
    "edition filtered": "/2026?q=ayuntamiento&sort=-D1&level=3",
    "older edition": "/2025",
    "nobody found": "/2026?q=nobody&level=5",
    "unknown filter": "/2026?region=ZZ&level=3",
    "unpublished edition": "/2027",
    "missing": "/1999",
    "sheet": f"/2026/{ZAMORA}",
    "first sheet": f"/2026/{AVILA}",
    "sheet without level": f"/2026/{POOR}",
    "sheet without score": f"/2026/{VOID}",
}
"""By what they show: the path below `/portal`."""
AT_NIGHT: Final = frozenset(
    {"edition filtered", "older edition", "nobody found", "unknown filter", "first sheet", "sheet without level"}
)
"""Those that hardly differ from another."""
NOT_FOUND: Final = frozenset({"missing", "unknown filter"})
FIRST_SCREEN: Final = {1_366: (768, 4), 360: (740, 2)}
"""By width: the height of a screen, and how many of the four rows of an edition are on the first one at least."""
WAYS: Final = ((0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0))
"""Four ways in which every two choices meet."""


def cases() -> Iterator[tuple[str, Shown]]:
    """Every page in every way, or each in one, so that every two choices meet over all of them."""
    for number, name in enumerate(name for name in PAGES if NIGHT or name not in AT_NIGHT):
        ways = list(product((0, 1), repeat=3)) if NIGHT else [WAYS[number % len(WAYS)]]
        for width, language, scheme in ways:
            yield name, Shown((320, 1_440)[width], ("es", "en")[language], ("light", "dark")[scheme])


@pytest.mark.parametrize(("name", "way"), list(cases()), ids=named)
def test_a_page_is_quiet_accessible_and_fits(browser: Browser, service: str, name: str, way: Shown) -> None:
    path = PAGES[name]
    url = f"{service}/portal{path}{'&' if '?' in path else '?'}lang={way.language}"
    with showing(browser, url, width=way.width, scheme=way.scheme) as seen:
        assert seen.origins == {service}
        assert seen.page.locator("html").get_attribute("lang") == way.language
        seen.fits()
        # What is folded away has to be as good.
        seen.page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
        assert seen.page.evaluate("Array.from(document.images).every(image => image.naturalWidth > 0)")
        seen.is_accessible()
        seen.fits()
        if name in NOT_FOUND:
            assert all("404" in said for said in seen.said)
            seen.said.clear()
        seen.is_quiet()


def test_over_all_pages_every_two_choices_meet() -> None:
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert {(way[one], way[other]) for _, way in cases()} == set(
            product(*[((320, 1_440), ("es", "en"), ("light", "dark"))[factor] for factor in (one, other)])
        )


def test_who_searches_for_an_organisation_finds_its_sheet(browser: Browser, service: str) -> None:
    with showing(browser, f"{service}/portal?lang=es") as seen:
        seen.page.get_by_label("Busque su organización").fill("avila")
        seen.page.get_by_role("button", name="Buscar").click()
        seen.page.get_by_role("link", name="Ayuntamiento de Ávila").click()
        assert seen.page.url == f"{service}/portal/2026/{AVILA}?lang=es"
        assert seen.page.locator("h1").inner_text() == "Ayuntamiento de Ávila"
        seen.is_quiet()


def test_filters_work_without_scripts_and_by_the_keyboard(browser: Browser, service: str) -> None:
    with browser.new_context(java_script_enabled=False, locale="es-ES") as context:
        page = context.new_page()
        page.goto(f"{service}/portal/2026?lang=en")
        page.keyboard.press("Tab")
        assert page.locator(":focus").inner_text() == "Skip to content"
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        page.get_by_text("Filters and order").press("Enter")
        page.get_by_label("Level", exact=True).select_option(label="3, Service desk")
        page.get_by_label("Name, place or code").press("Enter")
        # What is left empty in the form is not in the address.
        page.wait_for_url(f"{service}/portal/2026?lang=en&level=3")
        assert page.locator(".ranking tbody tr").count() == 1
        page.get_by_role("link", name="Clear filters").click()
        assert page.locator(".ranking tbody tr").count() == 4


@pytest.mark.night
@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("width", FIRST_SCREEN)
def test_rows_are_on_the_first_screen(browser: Browser, service: str, width: int, language: str) -> None:
    height, rows = FIRST_SCREEN[width]
    for query in ("", "&level=3&sort=-D1"):
        with showing(browser, f"{service}/portal/latest?lang={language}{query}", width=width) as seen:
            bottoms: list[float] = seen.page.evaluate(
                "[...document.querySelectorAll('.ranking tbody tr')].map(row => row.getBoundingClientRect().bottom)"
            )
            assert sum(bottom <= height for bottom in bottoms) >= min(rows, len(bottoms)), bottoms


@pytest.mark.night
@pytest.mark.parametrize("width", [360, 1_366])
def test_who_is_marked_is_compared_without_scripts(browser: Browser, service: str, width: int) -> None:
    with browser.new_context(
        java_script_enabled=False, locale="es-ES", viewport={"width": width, "height": 700}
    ) as context:
        page = context.new_page()
        page.goto(f"{service}/portal/latest?lang=es")
        for name in ("Zamora", "Ávila"):
            page.get_by_label(f"Comparar Ayuntamiento de {name}").check()
        # From the first mark on it stays in sight.
        page.get_by_role("button", name="Comparar las marcadas").click()
        assert page.locator(".side h3").all_inner_texts() == ["A Ayuntamiento de Ávila", "B Ayuntamiento de Zamora"]


@pytest.mark.night
def test_a_head_sorts_by_the_keyboard_without_scripts(browser: Browser, service: str) -> None:
    with browser.new_context(java_script_enabled=False, locale="es-ES") as context:
        page = context.new_page()
        page.goto(f"{service}/portal/2026?lang=es")
        page.get_by_role("link", name="Organización", exact=True).press("Enter")
        page.wait_for_url("**sort=organisation_name**")
        assert page.get_by_role("columnheader", name="Organización").get_attribute("aria-sort") == "ascending"
        names = page.locator(".ranking tbody th a").all_inner_texts()
        assert names == sorted(names, key=lambda name: name.replace("Á", "A"))


@pytest.mark.night
def test_a_telephone_has_the_sections_in_a_menu_without_scripts(browser: Browser, service: str) -> None:
    with browser.new_context(
        java_script_enabled=False, locale="es-ES", viewport={"width": 360, "height": 740}
    ) as context:
        page = context.new_page()
        page.goto(f"{service}/portal/2026?lang=es")
        sections = page.locator("nav.sections")
        assert not sections.is_visible()
        page.get_by_text("Menú").press("Enter")
        assert sections.is_visible()
        page.set_viewport_size({"width": 1_366, "height": 768})
        assert sections.is_visible()
        assert not page.get_by_text("Menú").is_visible()


def test_letters_of_a_picture_neither_overlap_nor_leave_it(browser: Browser, service: str) -> None:
    overlapping = """() => Array.from(document.querySelectorAll("svg[role=img]")).flatMap(svg => {
        const room = document.documentElement.clientWidth;
        const texts = Array.from(svg.querySelectorAll("text"));
        const boxes = texts.map(text => [text.textContent, text.getBoundingClientRect()]);
        const out = boxes.filter(([, box]) => box.left < -1 || box.right > room + 1).map(([text]) => text);
        const over = boxes.flatMap(([one, a], i) => boxes.slice(i + 1).filter(([, b]) =>
            a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 4 && b.top < a.bottom - 4
        ).map(([other]) => `${one} | ${other}`));
        return [...out, ...over];
    })"""
    for path in ("/2026", f"/2026/{ZAMORA}"):
        with showing(browser, f"{service}/portal{path}?lang=es", width=320) as seen:
            assert seen.page.locator("svg[role=img]").count() >= 1
            assert seen.page.evaluate(overlapping) == []


def test_printed_it_has_neither_navigation_nor_forms(browser: Browser, service: str) -> None:
    with showing(browser, f"{service}/portal/2026?lang=es") as seen:
        seen.page.emulate_media(media="print")
        assert not seen.page.locator(".sections").is_visible()
        assert not seen.page.locator("form.finder").is_visible()
        assert not seen.page.locator(".pick").first.is_visible()
        assert seen.page.locator(".ranking").is_visible()
        ground = seen.page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert ground == "rgb(255, 255, 255)"
