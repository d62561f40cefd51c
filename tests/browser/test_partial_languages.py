"""Pages and embeds in Catalan, Basque and Galician in a real browser: some words are longer than the Spanish ones."""

from __future__ import annotations

from itertools import product
from typing import Final, Literal

import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import showing
from tests.web.embeds.installation import ZAMORA

pytestmark = pytest.mark.night

PATHS: Final = (
    "portal?",
    "portal/2026?",
    f"portal/2026/{ZAMORA}?",
    "portal/2026/territories?",
    "portal/2026/nobody?",
    f"embed/2026/{ZAMORA}?",
)
WAYS: Final[tuple[tuple[int, Literal["light", "dark"]], ...]] = ((320, "light"), (1_366, "dark"))


@pytest.mark.parametrize(("path", "language", "way"), list(product(PATHS, ("ca", "eu", "gl"), WAYS)))
def test_a_page_in_a_further_language_is_accessible_and_fits(
    browser: Browser, service: str, path: str, language: str, way: tuple[int, Literal["light", "dark"]]
) -> None:
    width, scheme = way
    with showing(browser, f"{service}/{path}lang={language}", width=width, scheme=scheme) as seen:
        assert seen.origins == {service}
        seen.page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
        seen.is_accessible()
        seen.fits()
