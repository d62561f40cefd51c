"""The reference of the API in a real browser: accessible in every colour and width, and found by words."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Final

import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import Scheme, showing
from tests.browser.test_embeds import Shown, named

pytestmark = pytest.mark.night

PAGES: Final = ("/docs", "/docs/scores.create", "/docs/editions.update", "/docs/editions.scores.export")
SCHEMES: Final[tuple[Scheme, ...]] = ("light", "dark")


def cases() -> Iterator[tuple[str, Shown]]:
    """Every page in every way."""
    for path, width, language, scheme in product(PAGES, (360, 1_366), ("es", "en"), SCHEMES):
        yield path, Shown(width, language, scheme)


@pytest.mark.parametrize(("path", "way"), list(cases()), ids=named)
def test_a_page_is_quiet_accessible_and_fits(browser: Browser, service: str, path: str, way: Shown) -> None:
    with showing(browser, f"{service}{path}?lang={way.language}", width=way.width, scheme=way.scheme) as seen:
        assert seen.origins == {service}
        seen.fits()
        seen.page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
        seen.is_accessible()
        seen.fits()
        seen.is_quiet()


def test_operations_are_found_by_words(browser: Browser, service: str) -> None:
    with showing(browser, f"{service}/docs?lang=es") as seen:
        operations = seen.page.locator(".operations li")
        assert not seen.page.locator(".operations").first.is_visible()
        seen.page.get_by_label("Filtrar por palabras").fill("post scores FACTS")
        shown = [row for row in operations.all() if row.is_visible()]
        assert shown[0].locator("code").inner_text() == "/v1/scores"
        assert all(row.locator("b").inner_text() == "POST" for row in shown)
        count = len(shown)
        expected = "1 operación" if count == 1 else f"{count} operaciones"
        assert seen.page.locator("#found").inner_text() == expected
        seen.page.get_by_label("Filtrar por palabras").fill("")
        assert seen.page.locator("#found").inner_text() == f"{operations.count()} operaciones"
        assert not seen.page.locator(".operations").first.is_visible()
        seen.is_quiet()


def test_addresses_of_the_viewer_before_lead_to_the_operation(browser: Browser, service: str) -> None:
    with showing(browser, f"{service}/docs#/scores/scores.create") as seen:
        seen.page.wait_for_url(f"{service}/docs/scores.create")


def test_a_link_to_a_group_or_an_object_opens_it(browser: Browser, service: str) -> None:
    with showing(browser, f"{service}/docs#scores") as seen:
        assert seen.page.locator("#scores .operations").is_visible()
    with showing(browser, f"{service}/docs/methodologies.list") as seen:
        link = seen.page.locator("dd a[href^='#object-']").first
        target = link.get_attribute("href")
        assert target is not None
        assert not seen.page.locator(target).is_visible()
        link.click()
        assert seen.page.locator(target).is_visible()


def test_a_command_is_copied(browser: Browser, service: str) -> None:
    with showing(browser, f"{service}/docs?lang=en") as seen:
        seen.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        seen.page.get_by_role("button", name="Copy").first.click()
        seen.page.get_by_text("Copied.").first.wait_for()
        assert seen.page.evaluate("navigator.clipboard.readText()") == f"curl -s '{service}/livez'"


def test_without_scripts_all_of_it_can_be_read(browser: Browser, service: str) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{service}/docs")
        assert not page.get_by_label("Filter by words").is_visible()
        page.locator("#scores > summary").click()
        page.get_by_role("link", name="POST /v1/scores", exact=True).click()
        assert page.locator("h1").inner_text() == "Score the facts of one organisation"
