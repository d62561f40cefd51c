"""What docs/embedding.md and the page for portal developers say to copy works, under the very policy that they name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import httpx
import pytest
from playwright.sync_api import Browser

from tests.browser.chromium import showing
from tests.browser.hosts import Host, Page
from tests.docs.test_readme import STATED
from tests.web.embeds.installation import ZAMORA

pytestmark = pytest.mark.night

ROOT: Final = Path(__file__).parents[2]
GUIDE: Final = (ROOT / "docs" / "embedding.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    """The fenced blocks in a language, first those in English and then those in Spanish."""
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    return [block for named, block in fenced if named == language]


@pytest.mark.parametrize("number", [0, 1], ids=["en", "es"])
def test_what_to_copy_works_under_the_policy_that_is_named(
    browser: Browser, service: str, host: Host, number: int
) -> None:
    integrity = httpx.get(f"{service}/embed/element.json").json()["integrity"]
    code = blocks("html")[number].replace("https://HOST", service).replace("ES-DIR3-L01280796", ZAMORA)
    assert blocks("")[0] == blocks("")[1]
    policy = blocks("")[number].strip().replace("https://HOST", service)
    resizing = host.put_script(blocks("js")[number])
    # The page itself has an icon and the script that resizes.
    policy = policy.replace("img-src", "img-src data:").replace("script-src", f"script-src {host.address}")
    headers = {"Content-Security-Policy": f"default-src 'none'; {policy}"}
    text = f'<script src="{resizing}"></script>' + code.replace("sha384-…", integrity)
    language = ("en", "es")[number]
    with showing(browser, host.put(text, headers, lang=language)) as seen:
        seen.page.locator("actitud-score section").wait_for()
        assert seen.page.locator("actitud-score section").get_attribute("lang") == language
        assert seen.page.evaluate("Array.from(document.images).every(image => image.naturalWidth > 0)")
        assert seen.page.evaluate("document.images.length") == 2
        frame = seen.page.locator("iframe")
        height = seen.page.frames[1].evaluate("Math.ceil(document.documentElement.getBoundingClientRect().height)")
        assert frame.get_attribute("height") == str(height)
        assert seen.page.frame_locator("iframe").locator("html").get_attribute("lang") == language
        # What keeps an image within a narrow column is refused, as the guide says; nothing else is.
        seen.said[:] = [said for said in seen.said if "inline style" not in said]
        seen.is_quiet()


def put_portal_page(guide: str, service: str, host: Host) -> None:
    """Put the files that the page for portal developers makes on a host, with another service and organisation."""
    text = (ROOT / "docs" / "start" / guide).read_text("utf-8")
    files = dict(re.findall(r"^cat > var/portal/(\S+) <<'END'\n(.*?)^END$", text, re.MULTILINE | re.DOTALL))
    # The bodies of this installation have no province.
    words = {STATED: service, "XX-DEMO-00100": ZAMORA, "province=02&": "", "&amp;province=02": ""}
    media_types = {"js": "text/javascript", "css": "text/css", "html": "text/html; charset=utf-8"}
    for name, content in files.items():
        for word, other in words.items():
            content = content.replace(word, other)
        assert "province=" not in content
        host.pages[f"/{name}"] = Page(content, media_type=media_types[name.partition(".")[2]])


GUIDES: Final = {
    "portal-developer.md": ("70.00", "44.03", "44.03 of 100"),
    "portal-developer.es.md": ("70,00", "44,03", "44,03 de 100"),
}
"""Pages for portal developers, with the figures that their page shows in its language."""


@pytest.mark.parametrize("width", [320, 1_440])
@pytest.mark.parametrize("guide", GUIDES)
def test_the_page_of_a_portal_shows_its_pictures_and_a_ranking(
    browser: Browser, service: str, host: Host, guide: str, width: int
) -> None:
    first, second, score = GUIDES[guide]
    put_portal_page(guide, service, host)
    with showing(browser, f"{host.address}/page.html", width=width) as seen:
        seen.page.locator("#ranking tbody tr").nth(3).wait_for()
        seen.page.get_by_role("img", name=score).nth(1).wait_for()
        assert seen.page.evaluate("Array.from(document.images, image => image.naturalWidth > 0)") == [True, True]
        rows = [row.locator("td").all_text_contents() for row in seen.page.locator("#ranking tbody tr").all()]
        assert rows[:2] == [["1", "Ayuntamiento de Ávila", first], ["2", "Ayuntamiento de Zamora", second]]
        # Too little is known of the other two to rank them, so no index is shown.
        assert [(rank, index) for rank, _, index in rows[2:]] == [("–", "–"), ("–", "–")]
        assert seen.page.evaluate("window.innerWidth") == width
        seen.fits()
        seen.is_accessible()
        seen.is_quiet()


@pytest.mark.parametrize("guide", GUIDES)
def test_the_page_of_a_portal_links_to_the_ranking_while_it_has_none(
    browser: Browser, service: str, host: Host, guide: str
) -> None:
    put_portal_page(guide, service, host)
    # Another site, which answers 404 to whatever the module asks.
    page = host.pages["/ranking.js"]
    host.pages["/ranking.js"] = page._replace(text=page.text.replace(service, host.address))
    policy = f"connect-src {service}"
    page = host.pages["/page.html"]
    host.pages["/page.html"] = page._replace(text=page.text.replace(policy, f"connect-src {host.address}"))
    with showing(browser, f"{host.address}/page.html", width=320) as seen:
        link = seen.page.locator("#ranking tbody tr").get_by_role("link")
        assert (link.get_attribute("href") or "").startswith(f"{service}/portal/latest?lang=")
        seen.page.wait_for_load_state("networkidle")
        assert any("404" in said for said in seen.said)
        seen.fits()
        seen.is_accessible()
