"""A name that means harm does none in a browser, and is there to be read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import httpx
import pytest
from playwright.sync_api import Browser

from actitud_api.web.embeds.text_metrics import clean_text
from tests.browser.chromium import Seen, showing
from tests.browser.hosts import Host
from tests.browser.test_embeds import custom, framed, image
from tests.support.databases import migrated_sqlite
from tests.support.figures import FigureRecorder
from tests.support.publishing import publish_stored
from tests.support.serving import served
from tests.web.embeds.installation import Figures, add_edition, add_organisation, installed

pytestmark = pytest.mark.night

NAMES: Final = {
    "XX-T-1": '"><img src=x onerror=alert(1)><script>alert(1)</script>',
    "XX-T-2": "\u202e'><svg onload=alert(1)>\u2066 & </title></text></style>",
    "XX-T-3": "{{7*7}} javascript:alert(1) \U0001f3db \u0628\u0644\u062f\u064a\u0629 " + "W" * 150,
}
FORMS: Final = ("badge", "badges", "card", "table", "frame", "element", "oembed")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a service in which organisations have such names."""
    url = migrated_sqlite(tmp_path_factory.mktemp("hostile"))
    with installed(url, public_url=None) as client:
        with client.app.state["database"].write() as session:
            for identifier, name in NAMES.items():
                add_organisation(session, identifier, name)
            add_edition(session, "2028", dict.fromkeys(NAMES, Figures("complete", 3, 4_403, 9_000)), "in_review")
        publish_stored(client.app.state["database"], "2028")
        with served(client.app) as address:
            yield address


def shown(service: str, form: str, identifier: str) -> str:
    """What a page shows of an organisation in a form."""
    place = f"2028/{identifier}"
    match form:
        case "badge":
            return image(service, f"/badge/{place}.svg")
        case "badges":
            return image(service, f"/badge/2028.svg#{identifier}")
        case "card":
            return image(service, f"/embed/{place}/card.svg")
        case "table":
            return httpx.get(f"{service}/embed/{place}/table.html").text
        case "frame":
            return framed(service, f"/embed/{place}")
        case "element":
            return custom(service, f'organisation="{identifier}"')
        case _:
            url = f"{service}/portal/{place}"
            html: str = httpx.get(f"{service}/oembed", params={"url": url}).json()["html"]
            return html


def harmless(seen: Seen, origins: set[str]) -> None:
    """Makes sure that nothing ran and nobody else was asked."""
    assert seen.origins <= origins
    assert not [asked for asked in seen.asked if asked.endswith("/x")]
    assert seen.page.evaluate("Array.from(document.images).every(image => image.naturalWidth > 0)")
    seen.is_quiet()


@pytest.mark.parametrize("form", FORMS)
def test_nothing_runs_and_nobody_else_is_asked(browser: Browser, service: str, host: Host, form: str) -> None:
    url = host.put("".join(shown(service, form, identifier) for identifier in NAMES))
    with showing(browser, url, width=320) as seen:
        harmless(seen, {service, host.address})
        if form not in ("table", "oembed"):  # their words are laid out by the page around them
            seen.fits()


def test_nothing_runs_in_the_page(browser: Browser, service: str, figure: FigureRecorder) -> None:
    for identifier, name in NAMES.items():
        with showing(browser, f"{service}/portal/2028/{identifier}?lang=es", width=320) as seen:
            harmless(seen, {service})
            seen.fits()
            assert seen.page.locator("h1").inner_text() == clean_text(name)
    figure(
        "R23",
        "pages of organisations with hostile names that run something, or ask anybody else, in Chromium",
        tried=len(NAMES),
        failed=0,
        control=None,
    )


def test_nothing_runs_in_the_ranking_nor_of_what_is_searched_for(browser: Browser, service: str) -> None:
    with showing(browser, f"{service}/portal/2028?lang=es", width=320) as seen:
        harmless(seen, {service})
        seen.fits()
        assert seen.page.locator(".ranking bdi").all_inner_texts() == [clean_text(name) for name in NAMES.values()]
        seen.page.locator("#q").fill(NAMES["XX-T-1"])
        seen.page.locator("#q").press("Enter")
        seen.page.wait_for_url("**q=**")
        assert seen.page.locator("#q").input_value() == NAMES["XX-T-1"]
        assert seen.page.locator(".ranking bdi").all_inner_texts() == [NAMES["XX-T-1"]]
        harmless(seen, {service})


def test_the_name_is_there_to_be_read(browser: Browser, service: str, host: Host) -> None:
    with showing(browser, host.put(shown(service, "element", "XX-T-2"))) as seen:
        name = seen.page.locator("actitud-score .name").inner_text()
        assert name == "'><svg onload=alert(1)> & </title></text></style>"
