"""The sheet of an organisation in a real browser: how long it is, what is folded away, and what paper gets of it."""

from __future__ import annotations

from typing import Final

import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import showing
from tests.web.embeds.installation import AVILA, POOR, VOID, ZAMORA

SCREENS: Final = {1_366: (768, 3), 360: (740, 6)}
"""By width: the height of a screen, and how many of them a sheet takes at most while its details are folded away."""


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("width", SCREENS)
def test_it_is_short_until_details_are_opened(browser: Browser, service: str, width: int, language: str) -> None:
    height, screens = SCREENS[width]
    for organisation in (ZAMORA, AVILA, POOR, VOID):
        with showing(browser, f"{service}/portal/2026/{organisation}?lang={language}", width=width) as seen:
            assert seen.page.evaluate("document.body.scrollHeight") <= screens * height, organisation
            if width > height:
                bottom = seen.page.evaluate("document.querySelector('header.sheet').getBoundingClientRect().bottom")
                assert bottom <= height, organisation


def test_a_step_leads_to_its_indicator_inside_a_fold(browser: Browser, service: str) -> None:
    with showing(browser, f"{service}/portal/2026/{ZAMORA}?lang=es") as seen:
        step = seen.page.locator(".moves a").first
        indicator = seen.page.locator(f"[id='{(step.get_attribute('href') or '')[1:]}']")
        assert not indicator.is_visible()
        step.click()
        assert indicator.is_visible()
        seen.is_quiet()


def test_folds_open_without_scripts(browser: Browser, service: str) -> None:
    with browser.new_context(java_script_enabled=False, locale="es-ES") as context:
        page = context.new_page()
        page.goto(f"{service}/portal/2026/{ZAMORA}?lang=en")
        inside = page.locator("section#history")
        assert not inside.is_visible()
        page.get_by_text("History", exact=True).click()
        assert inside.is_visible()


@pytest.mark.night
def test_printed_every_fold_is_open(browser: Browser, service: str) -> None:
    list_closed = """() => [...document.querySelectorAll("details.fold:not(.screen) > section")].filter(
        section => !section.checkVisibility({contentVisibilityAuto: true}) || section.offsetHeight < 20
    ).map(section => section.id)"""
    with showing(browser, f"{service}/portal/2026/{ZAMORA}?lang=es") as seen:
        assert len(seen.page.evaluate(list_closed)) > 10
        seen.page.emulate_media(media="print")
        # What was hidden is laid out with the next frame only.
        seen.page.wait_for_function(f"() => ({list_closed})().length === 0")
        assert not seen.page.locator("section#embed").is_visible()
        # Without the triangle the name of a dimension takes its line.
        assert seen.page.evaluate(
            "[...document.querySelectorAll('.fold:not(.screen) h3')].every(h => h.offsetWidth > 200)"
        )
