"""From the sheet of an organisation to its questionnaire, which begins with what is published of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest
from msgspec import structs
from playwright.sync_api import Browser, expect

from tests.browser.chromium import showing
from tests.support.applications import borrow_app
from tests.support.databases import unlimited
from tests.support.serving import served

pytestmark = pytest.mark.night

ORGANISATIONS: Final = ("XX-DEMO-00034", "XX-DEMO-00042", "XX-DEMO-00100")
"""Invented ones: with rejected answers, with fields that nothing proves, and the one that the README shows."""


@pytest.fixture(scope="module")
def demonstrated_service(demonstration: str) -> Iterator[str]:
    """The address of a service with the demonstration."""
    with borrow_app(structs.replace(unlimited(demonstration), public_url=None)) as app, served(app) as address:
        yield address


@pytest.mark.parametrize("organisation", ORGANISATIONS)
def test_the_sheet_leads_to_its_answers_and_their_index_is_the_published_one(
    browser: Browser, demonstrated_service: str, organisation: str
) -> None:
    with showing(browser, f"{demonstrated_service}/portal/latest/{organisation}?lang=es") as seen:
        page = seen.page
        published = page.request.get(
            f"{demonstrated_service}/v1/editions/2026-demo/publications/latest/scores/{organisation}"
        ).json()
        page.get_by_role("link", name="Pruebe otras respuestas en el cuestionario").click()
        expect(page.locator("h1")).to_have_text("¿Y si respondiera otra cosa?")
        index = f"{published['score']['index']:.2f}".replace(".", ",")
        expect(page.locator("[data-index]")).to_have_text(index)
        for dimension in published["score"]["dimensions"]:
            if dimension["score"] is not None:
                shown = page.locator(f'[data-dimension="{dimension["id"]}"] td')
                expect(shown).to_have_text(f"{dimension['score']:.2f}".replace(".", ","))
        # What a review rejected is missing, and the question says so.
        for code, reason in published["submission"]["set_aside"].items():
            told = page.locator(f'[data-code="{code}"] [data-problems] [data-source="published"]')
            assert "falta" in told.inner_text() if reason != "withdrawn" else "retiró" in told.inner_text()
        page.get_by_role("link", name="Ver el resultado publicado").click()
        expect(page).to_have_url(f"{demonstrated_service}/portal/2026-demo/{organisation}?lang=es")
        seen.is_quiet()
