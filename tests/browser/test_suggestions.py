"""What a person proposes on the page, and what the page says of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import httpx
import pytest
from playwright.sync_api import Browser, expect

from actitud_api.platform.storage.database import Database
from actitud_api.resources.suggestions import service as suggestions
from tests.browser.chromium import Scheme, showing
from tests.browser.watching import Watched
from tests.support.keys import create_key, present_key

pytestmark = pytest.mark.night

PATH: Final = "/portal/suggestions"
ARABIC: Final = "حسابات بلا ردود " * 10
LONG: Final = "W" * 200


@pytest.fixture
def key(watched: Watched) -> str:
    """A key that nobody would decide with."""
    return create_key(watched.app.state["database"], "registrar")


def test_who_has_a_key_proposes_and_is_told_that_it_waits(browser: Browser, service: str, key: str) -> None:
    with showing(browser, f"{service}{PATH}?lang=es&kind=indicator") as seen:
        page, told = seen.page, seen.page.locator("#suggest-status")
        publish = page.get_by_role("button", name="Enviar la propuesta")
        publish.click()
        expect(told).to_have_text("Faltan el título, la explicación o la clave.")
        expect(page.locator("#new-title")).to_be_focused()
        page.get_by_label("Título").fill("Borrar las cuentas")
        page.get_by_label("Explicación").fill("Se pierden las respuestas.\n\nY <b>quien</b> seguía la cuenta.")
        page.get_by_label("Clave").fill(key[:-1])
        publish.click()
        expect(told).to_contain_text("La operación necesita una clave")
        page.get_by_label("Clave").fill(key)
        page.get_by_label("Dimensión, si la hay").select_option("D3")
        page.get_by_label("Indicador, si lo hay").select_option("D9.10")
        publish.click()
        expect(told).to_contain_text("D9.10 es de la dimensión D9, no de D3.")
        page.get_by_label("Título").fill("Escriba a ana@villa.example")
        page.get_by_label("Indicador, si lo hay").select_option("")
        publish.click()
        expect(told).to_contain_text("Título: El texto contiene un dato personal")
        page.get_by_label("Título").fill("Borrar las cuentas")
        publish.click()
        expect(told).to_contain_text("Recibida como propuesta")
        expect(page.locator("#new-title")).to_have_value("")
        # What is refused is said in the console too, and nothing else is.
        assert [said for said in seen.said if "Failed to load resource" not in said] == []
        assert seen.origins == {service}
        seen.said.clear()
        page.goto(f"{service}{PATH}?lang=es")
        # It waits for a decision.
        expect(page.get_by_role("heading", name="Borrar las cuentas")).to_have_count(0)
        seen.is_quiet()


def test_whose_answer_is_lost_proposes_once(browser: Browser, service: str, key: str) -> None:
    title = "Solo una vez"
    with showing(browser, f"{service}{PATH}?lang=en") as seen:
        page, told = seen.page, seen.page.locator("#suggest-status")
        for label, text in (("Title", title), ("Explanation", "Once."), ("Key", key)):
            page.get_by_label(label).fill(text)
        page.context.route("**/v1/suggestions*", lambda route: (route.fetch(), route.abort()), times=1)
        publish = page.get_by_role("button", name="Send the suggestion")
        publish.click()
        expect(told).to_have_text("The service does not answer. What you typed is still here.")
        publish.click()
        expect(told).to_contain_text("Received as suggestion")
    answer = httpx.get(f"{service}/v1/suggestions", headers=present_key(key))
    assert [one["title"] for one in answer.json()["items"]].count(title) == 1


@pytest.mark.parametrize(("width", "scheme"), [(320, "dark"), (1_440, "light")])
def test_with_decisions_and_any_text_it_is_quiet_accessible_and_fits(
    browser: Browser, watched: Watched, service: str, width: int, scheme: Scheme
) -> None:
    database: Database = watched.app.state["database"]
    now = datetime.now(UTC)
    with database.write() as session:
        for language, text in (("ar", ARABIC.strip()), ("es", LONG)):
            given = suggestions.Proposal(kind="indicator", title=text, text=text, language=language, indicator="D9.10")
            made = suggestions.propose(session, given, proposer="somebody", now=now)
            for decision in ("deferred", "accepted"):
                new = suggestions.NewDecision(decision=decision, reason=text, methodology="2027.1")
                later = now + timedelta(days=1)
                suggestions.decide(session, str(made.id), new, expected=lambda _: True, now=later)
    for path in (PATH, "/portal/methodologies/2027.1"):
        with showing(browser, f"{service}{path}?lang=es", width=width, scheme=scheme) as seen:
            assert seen.page.locator("article.suggestion").count() >= 2
            direction = "getComputedStyle(document.querySelector('.suggestion p[lang=ar]')).direction"
            assert seen.page.evaluate(direction) == "rtl"
            seen.fits()
            seen.page.evaluate("document.querySelectorAll('article.measure').forEach(one => one.remove())")
            seen.page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
            seen.is_accessible()
            seen.fits()
            seen.is_quiet()
