"""The pages about territories, dimensions, methodologies, comparisons and embeds in a real browser."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Final

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.chromium import showing
from tests.browser.test_embeds import PAIRWISE, Shown, named
from tests.support.scale import NIGHT
from tests.web.embeds.installation import AVILA, ZAMORA

pytestmark = pytest.mark.night

VIEWS: Final[Mapping[str, str]] = {
    "territories": "2026/territories?",
    "territory": "2026/territories/region-07?",
    "dimensions": "2026/dimensions?",
    "dimension": "2026/dimensions/D1?",
    "compare": f"2026/compare?organisation={ZAMORA}&organisation={AVILA}&",
    "methodologies": "methodologies?",
    "methodology": "methodologies/2099.1-draft?",
    "methodology dimension": "methodologies/2099.1-draft/dimensions/D9?",
    "methodology sources": "methodologies/2027.1/sources?",
    "methodology rules": "methodologies/2027.1/rules?",
    "methodology changes": "methodologies/2027.1/changes?",
    "suggestions": "suggestions?",
    "badge": f"embed?organisation={ZAMORA}&form=badge&",
    "card": f"embed?organisation={ZAMORA}&form=card&",
    "element": f"embed?organisation={ZAMORA}&form=element&",
    "frame": f"embed?organisation={ZAMORA}&form=frame&edition=2025&",
    "ranking": "embed?form=ranking&",
    "ranking table": "embed?form=ranking_table&",
    "search": "2026/compare?q=ayuntamiento&",
    "chart": "../charts/2026/map?",
}
"""Pages that answer 200, and below those that do not."""
AT_NIGHT: Final = frozenset({"methodologies", "search"})
"""Those that are made of what others have too."""
MEASURES: Final = 100 if NIGHT else 4
"""Indicators, rules and sources of a methodology that axe looks at: they are all made alike."""
_KEPT: Final = """most => [".measure", "main > ul > li", "main > dl > div", "#method dl > div"].forEach(
    kind => [...document.querySelectorAll(kind)].slice(most).forEach(one => one.remove())
)"""
REFUSED: Final[Mapping[str, str]] = {
    "unknown": f"2026/compare?organisation=XX-T-NOBODY&organisation={ZAMORA}&",
    "missing": "2026/territories/region-99?",
}


def cases() -> Iterator[tuple[str, Shown]]:
    """Every page in every way, or each in one so that every two choices meet."""
    for number, view in enumerate(VIEWS):
        if view in AT_NIGHT and not NIGHT:
            continue
        ways = list(product((0, 1), repeat=3)) if NIGHT else [PAIRWISE[number % len(PAIRWISE)]]
        for width, language, scheme in ways:
            yield view, Shown((320, 1_440)[width], ("es", "en")[language], ("light", "dark")[scheme])


@pytest.mark.parametrize(("view", "way"), list(cases()), ids=named)
def test_it_is_quiet_accessible_and_fits(browser: Browser, service: str, view: str, way: Shown) -> None:
    url = f"{service}/portal/{VIEWS[view]}lang={way.language}"
    with showing(browser, url, width=way.width, scheme=way.scheme) as seen:
        assert seen.origins == {service}
        assert seen.page.evaluate("Array.from(document.images).every(image => image.naturalWidth > 0)")
        seen.fits()
        seen.page.evaluate(_KEPT, MEASURES)
        # What is folded away has to be as good.
        seen.page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
        seen.is_accessible()
        seen.fits()
        seen.is_quiet()


@pytest.mark.parametrize("view", REFUSED)
def test_what_is_not_there_is_accessible_too(browser: Browser, service: str, view: str) -> None:
    with showing(browser, f"{service}/portal/{REFUSED[view]}lang=es", width=320) as seen:
        assert seen.origins == {service}
        seen.is_accessible()
        seen.fits()


def test_an_anchor_of_the_page_that_had_a_whole_methodology_shows_what_is_asked(browser: Browser, service: str) -> None:
    with showing(browser, f"{service}/portal/methodologies/2027.1?lang=es#D9.01") as seen:
        entry = seen.page.locator("[id='D9.01']")
        expect(entry).to_be_in_viewport()
        entry.get_by_role("link").click()
        seen.page.wait_for_url(f"{service}/portal/methodologies/2027.1/dimensions/D9?lang=es#D9.01")
        expect(seen.page.locator("[id='D9.01'] h2")).to_be_in_viewport()
        seen.is_quiet()


@pytest.mark.parametrize("view", ["compare", "territories", "dimensions"])
def test_no_figure_of_a_table_is_beyond_the_edge_of_a_telephone(browser: Browser, service: str, view: str) -> None:
    beyond = """() => [...document.querySelectorAll(".stacked tbody th, .stacked tbody td")].filter(cell => {
        const box = cell.getBoundingClientRect();
        return box.width && (box.right > innerWidth || box.left < 0 || cell.scrollWidth > cell.clientWidth + 1);
    }).map(cell => cell.textContent)"""
    for width in (320, 360):
        with showing(browser, f"{service}/portal/{VIEWS[view]}lang=es", width=width) as seen:
            assert seen.page.locator(".stacked tbody td").count() >= 2
            assert seen.page.evaluate(beyond) == []
            # Its rows are still those of a table to whoever hears them.
            assert seen.page.locator(".stacked").first.get_by_role("row").count() >= 2


def test_two_are_found_and_compared_with_the_keyboard(browser: Browser, service: str) -> None:
    with showing(browser, f"{service}/portal/2026/compare?lang=es") as seen:
        for name in ("zamora", "avila"):
            seen.page.get_by_label("Añadir por nombre o identificador").fill(name)
            seen.page.keyboard.press("Enter")
            seen.page.wait_for_url(f"**q={name}*")
        assert seen.page.locator(".side h3").all_inner_texts() == [
            "A Ayuntamiento de Zamora",
            "B Ayuntamiento de Ávila",
        ]
        seen.is_quiet()


def test_a_form_is_chosen_seen_and_copied(browser: Browser, service: str) -> None:
    with showing(browser, f"{service}/portal/embed?lang=es&q=zamora") as seen:
        seen.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        seen.page.get_by_label("Tarjeta con las diez dimensiones").check()
        seen.page.get_by_label("Oscuro").check()
        seen.page.get_by_role("button", name="Ver y copiar").click()
        seen.page.wait_for_url("**form=card*")
        assert seen.page.locator(".preview img").get_attribute("src") == f"/embed/latest/{ZAMORA}/card.svg?theme=dark"
        seen.page.get_by_role("button", name="Copiar el código").click()
        expect(seen.page.locator("#code-said")).to_have_text("Copiado.")
        copied = seen.page.evaluate("navigator.clipboard.readText()")
        assert copied == seen.page.locator("#code").text_content()
        assert f'src="{service}/embed/latest/{ZAMORA}/card.svg?theme=dark"' in copied
        seen.is_quiet()


def test_without_scripts_the_page_is_whole_and_has_no_button_that_does_nothing(browser: Browser, service: str) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{service}/portal/embed?lang=en&organisation={ZAMORA}&form=badge")
        assert page.get_by_role("button").all_inner_texts() == ["See and copy"]
        expect(page.locator("#policy")).to_have_text(f"img-src {service}")
        page.get_by_label("Table of HTML, without images").check()
        page.get_by_role("button", name="See and copy").click()
        expect(page.locator(".preview table")).to_be_visible()
