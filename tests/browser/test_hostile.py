"""A name that means harm does none in a browser, and is there to be read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import httpx
import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import showing
from tests.browser.hosts import Host
from tests.browser.test_embeds import custom, framed, image
from tests.databases import opened, sqlite_url
from tests.embeds.installation import Figures, add_edition, add_organisation, installed
from tests.serving import served

NAMES: Final = {
    "XX-T-1": '"><img src=x onerror=alert(1)><script>alert(1)</script>',
    "XX-T-2": "\u202e'><svg onload=alert(1)>\u2066 & </title></text></style>",
    "XX-T-3": "{{7*7}} javascript:alert(1) \U0001f3db \u0628\u0644\u062f\u064a\u0629 " + "W" * 150,
}
FORMS: Final = ("badge", "badges", "card", "table", "frame", "element", "oembed", "page")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a service in which organisations have such names."""
    url = sqlite_url(tmp_path_factory.mktemp("hostile"))
    with opened(url) as database:
        database.migrate()
    with installed(url, public_url=None) as client:
        with client.app.state["database"].write() as session:
            for identifier, name in NAMES.items():
                add_organisation(session, identifier, name)
            add_edition(session, "2028", dict.fromkeys(NAMES, Figures("complete", 3, 4_403, 9_000)), "published")
        with served(client.app) as address:
            yield address


def shown(service: str, host: Host, form: str, identifier: str) -> str:
    """The address of a page that shows an organisation in a form."""
    place = f"2028/{identifier}"
    match form:
        case "badge":
            return host.put(image(service, f"/badge/{place}.svg"))
        case "badges":
            return host.put(image(service, "/badge/2028.svg"))
        case "card":
            return host.put(image(service, f"/embed/{place}/card.svg"))
        case "table":
            return host.put(httpx.get(f"{service}/embed/{place}/table.html").text)
        case "frame":
            return host.put(framed(service, f"/embed/{place}"))
        case "element":
            return host.put(custom(service, f'organisation="{identifier}"'))
        case "oembed":
            url = f"{service}/portal/{place}"
            return host.put(httpx.get(f"{service}/oembed", params={"url": url}).json()["html"])
        case _:
            return f"{service}/portal/{place}?lang=es"


@pytest.mark.parametrize("form", FORMS)
def test_nothing_runs_and_nobody_else_is_asked(browser: Browser, service: str, host: Host, form: str) -> None:
    for identifier in NAMES:
        with showing(browser, shown(service, host, form, identifier), width=320) as seen:
            assert seen.origins <= {service, host.address}
            assert not [asked for asked in seen.asked if asked.endswith("/x")]
            assert seen.page.evaluate("Array.from(document.images).every(image => image.naturalWidth > 0)")
            if form not in ("table", "oembed"):  # their words are laid out by the page around them
                seen.fits()
            seen.is_quiet()


def test_the_name_is_there_to_be_read(browser: Browser, service: str, host: Host) -> None:
    with showing(browser, shown(service, host, "page", "XX-T-1")) as seen:
        assert seen.page.locator("h1").inner_text() == NAMES["XX-T-1"]
    with showing(browser, shown(service, host, "element", "XX-T-2")) as seen:
        assert (
            seen.page.locator("actitud-score .name").inner_text() == "'><svg onload=alert(1)> & </title></text></style>"
        )
