"""What hosts do to what they embed: sandboxes, strict policies, WordPress; and what they rely on."""

from __future__ import annotations

from typing import Any, Final

import httpx
import pytest
from msgspec import structs
from playwright.sync_api import Browser, Page, expect

from actitud_api.web.embeds import snippets
from actitud_api.web.embeds.oembed import HEIGHT
from tests.browser.chromium import Scheme, showing
from tests.browser.hosts import Host
from tests.browser.test_embeds import ELEMENT, custom, framed
from tests.browser.watching import Watched
from tests.support.applications import borrow_app
from tests.support.databases import unlimited
from tests.support.serving import served
from tests.web.embeds.installation import AVILA, BASE, ZAMORA
from tests.web.embeds.reading import page

pytestmark = pytest.mark.night

FRAME: Final = f"/embed/2026/{ZAMORA}"
BADGES: Final = 100


def copied(service: str, form: str) -> str:
    """The code that the builder gives for a form."""
    response = httpx.get(f"{service}/portal/embed", params={"organisation": ZAMORA, "form": form, "lang": "es"})
    (code,) = page(response.text).query("code#code")
    return code.text


def content_height(page: Page) -> int:
    """How high what the only frame of a page shows is."""
    height: int = page.frames[1].evaluate("Math.ceil(document.documentElement.getBoundingClientRect().height)")
    return height


# --- a sandbox, and a strict policy -------------------------------------------------------------------------------


def test_a_frame_works_in_a_sandbox_without_an_origin(browser: Browser, service: str, host: Host) -> None:
    url = host.put(framed(service, FRAME, 'sandbox="allow-scripts"'))
    listening = "window.told = []; addEventListener('message', event => window.told.push([event.origin, event.data]));"
    with showing(browser, url, script=listening) as seen:
        assert seen.page.frame_locator("iframe").locator("h1").inner_text() == "Ayuntamiento de Zamora"
        assert seen.page.frames[1].evaluate("window.origin") == "null"
        told = seen.page.evaluate("window.told")
        assert told[-1] == [
            "null",
            {"type": "actitud:height", "id": FRAME, "height": content_height(seen.page)},
        ]
        seen.is_quiet()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_frame_has_the_theme_that_the_page_around_it_chooses(
    browser: Browser, service: str, host: Host, theme: Scheme
) -> None:
    other: Scheme = "dark" if theme == "light" else "light"
    with showing(browser, host.put(framed(service, f"{FRAME}?theme={theme}")), scheme=other) as seen:
        ground = seen.page.frames[1].evaluate("getComputedStyle(document.body).backgroundColor")
        assert ground == {"light": "rgb(251, 250, 247)", "dark": "rgb(18, 33, 43)"}[theme]
        seen.is_accessible()


def test_a_frame_that_is_a_page_of_its_own_says_nothing_to_itself(browser: Browser, service: str) -> None:
    listening = "window.told = []; addEventListener('message', event => window.told.push(event.data));"
    with showing(browser, service + FRAME, script=listening) as seen:
        seen.page.set_viewport_size({"width": 400, "height": 700})
        seen.page.wait_for_function("document.documentElement.getBoundingClientRect().width === 400")
        assert seen.page.evaluate("window.told") == []
        seen.is_quiet()


def test_all_of_it_works_in_a_page_with_the_strictest_policy(browser: Browser, service: str, host: Host) -> None:
    """With exactly the sources that we say are needed, and scripts that may not make anything of a text."""
    policy = (
        f"default-src 'none'; img-src {service} data:; frame-src {service}; script-src {service}; "
        f"connect-src {service}; require-trusted-types-for 'script'; trusted-types 'none'"
    )
    text = (
        f'<img src="{service}/badge/2026/{ZAMORA}.svg" alt="Madurez 2.0">'
        f'<img src="{service}/embed/2026/{ZAMORA}/card.svg" alt="Madurez 2.0">'
        + framed(service, FRAME)
        + custom(service, f'organisation="{ZAMORA}"')
    )
    with showing(browser, host.put(text, {"Content-Security-Policy": policy})) as seen:
        seen.page.locator("actitud-score section").wait_for()
        assert seen.page.locator("actitud-score .name").inner_text() == "Ayuntamiento de Zamora"
        assert seen.page.evaluate("Array.from(document.images).every(image => image.naturalWidth > 0)")
        assert seen.page.frame_locator("iframe").locator("td").count() == 10
        section = seen.page.locator("actitud-score section")
        assert section.evaluate("section => getComputedStyle(section).borderTopWidth") == "5px"
        seen.is_quiet()


# --- colours and sizes that the page around it has ----------------------------------------------------------------

LIGHT: Final = "rgb(251, 250, 247)"
DARK: Final = "rgb(18, 33, 43)"


@pytest.mark.parametrize(
    ("declared", "theme", "expected"),
    [
        ("normal", "", (LIGHT, LIGHT)),
        ("light", "", (LIGHT, LIGHT)),
        ("light dark", "", (LIGHT, DARK)),
        ("dark", "", (LIGHT, DARK)),
        ("normal", "auto", (DARK, LIGHT)),
    ],
)
def test_an_embed_is_light_for_a_dark_reader_unless_the_page_around_is_not(
    browser: Browser, service: str, host: Host, declared: str, theme: str, expected: tuple[str, str]
) -> None:
    """The frame does what its address says; the element follows the page, whatever the reader's system has."""
    query = f"?theme={theme}" if theme else ""
    sheet = f"<style>:root{{color-scheme:{declared}}}</style>"
    text = sheet + framed(service, FRAME + query) + custom(service, f'organisation="{ZAMORA}"')
    with showing(browser, host.put(text), scheme="dark") as seen:
        seen.page.locator("actitud-score section").wait_for()
        grounds = (
            seen.page.frames[1].evaluate("getComputedStyle(document.body).backgroundColor"),
            seen.page.locator("actitud-score section").evaluate("node => getComputedStyle(node).backgroundColor"),
        )
        assert grounds == expected
        seen.is_accessible()


@pytest.mark.parametrize("width", [240, 320, 360, 1_366])
def test_what_is_copied_fits_a_column_of_any_width(browser: Browser, service: str, host: Host, width: int) -> None:
    codes = [copied(service, form) for form in ("badge", "card", "frame", "element")]
    with showing(browser, host.put("".join(f"<div>{code}</div>" for code in codes)), width=width) as seen:
        seen.fits()
        section = seen.page.locator("actitud-score section")
        assert section.evaluate("section => section.scrollWidth <= section.clientWidth")
        frame = seen.page.locator("iframe")
        assert frame.evaluate("frame => getComputedStyle(frame).borderTopWidth") == "0px"
        if width >= 320:
            # Without a script too nobody has to scroll in it, and it is never twice as high as what it shows.
            assert content_height(seen.page) <= int(frame.get_attribute("height") or 0) < 2 * content_height(seen.page)
        seen.is_accessible()


def test_a_frame_is_as_high_as_what_it_shows_where_the_page_has_our_script(
    browser: Browser, service: str, host: Host
) -> None:
    script = host.put_script(snippets.HOST_SCRIPT)
    url = host.put(f'<script src="{script}"></script>{copied(service, "frame")}')
    with showing(browser, url, width=360) as seen:
        frame = seen.page.locator("iframe")
        expect(frame).not_to_have_attribute("height", str(HEIGHT))
        narrow = str(content_height(seen.page))
        assert frame.get_attribute("height") == narrow
        seen.page.set_viewport_size({"width": 1_000, "height": 900})
        expect(frame).not_to_have_attribute("height", narrow)
        assert int(frame.get_attribute("height") or 0) == content_height(seen.page) < int(narrow)
        seen.is_quiet()


# --- WordPress ----------------------------------------------------------------------------------------------------

SECRET: Final = "aB3dE6gH9j"
WORDPRESS: Final = """
const frame = document.querySelector("iframe.wp-embedded-content");
const quote = document.querySelector("blockquote");
window.heights = [];
addEventListener("message", ({data, source}) => {
    if (!data || !(data.secret || data.message || data.value)) return;
    if (!data.secret || /[^a-zA-Z0-9]/.test(data.secret) || data.secret !== frame.dataset.secret) return;
    if (source !== frame.contentWindow) return;
    frame.removeAttribute("style");
    quote.hidden = true;
    if (data.message === "height") {
        const height = Math.min(1000, Math.max(200, parseInt(data.value, 10)));
        window.heights.push(height);
        frame.height = height;
    }
    if (data.message === "link") {
        const there = new URL(data.value);
        if (/^https?:$/.test(there.protocol) && there.host === new URL(frame.src).host
            && document.activeElement === frame) window.top.location.href = data.value;
    }
});
addEventListener("load", () => frame.contentWindow.postMessage({message: "ready", secret: frame.dataset.secret}, "*"));
"""
"""What the script of its core does (js/_enqueues/wp/embed.js), in our words."""


def wordpress(service: str, host: Host) -> str:
    """The page of a site that was given our address and does not know us: what it leaves of our oEmbed."""
    told: dict[str, Any] = httpx.get(f"{service}/oembed", params={"url": f"{service}/portal/2026/{ZAMORA}"}).json()
    title = told["title"]
    text = (
        f'<blockquote><a href="{service}/portal/2026/{ZAMORA}">{title}</a></blockquote>'
        f'<iframe sandbox="allow-scripts" security="restricted" class="wp-embedded-content" title="{title}" '
        f'style="position: absolute; visibility: hidden" src="{service}{FRAME}#?secret={SECRET}" '
        f'data-secret="{SECRET}" width="{told["width"]}" height="200"></iframe>'
    )
    script = host.put_script(WORDPRESS)
    return host.put(f'{text}<script src="{script}"></script>')


def test_wordpress_shows_the_frame_as_high_as_it_is(browser: Browser, service: str, host: Host) -> None:
    with showing(browser, wordpress(service, host)) as seen:
        frame = seen.page.locator("iframe")
        seen.page.wait_for_function("window.heights.length > 0")
        assert frame.is_visible()
        assert not seen.page.locator("blockquote").is_visible()
        assert frame.get_attribute("height") == str(content_height(seen.page))
        first = content_height(seen.page)
        frame.evaluate("frame => frame.width = 300")
        seen.page.wait_for_function(f"window.heights.at(-1) > {first}")
        assert frame.get_attribute("height") == str(content_height(seen.page))
        assert 200 < content_height(seen.page) <= 1_000
        seen.is_quiet()


def test_wordpress_follows_the_link_of_the_frame(browser: Browser, service: str, host: Host) -> None:
    with showing(browser, wordpress(service, host)) as seen:
        seen.page.wait_for_function("window.heights.length > 0")
        seen.page.frame_locator("iframe").get_by_role("link").click()
        seen.page.wait_for_url(f"{service}/portal/2026/{ZAMORA}")
        assert seen.page.locator("h1").inner_text() == "Ayuntamiento de Zamora"


def test_a_frame_answers_only_who_frames_it_and_knows_its_secret(browser: Browser, service: str, host: Host) -> None:
    text = framed(service, f"{FRAME}#?secret={SECRET}", 'sandbox="allow-scripts"')
    listening = "window.told = []; addEventListener('message', event => window.told.push(event.data));"
    with showing(browser, host.put(text), script=listening) as seen:
        ask = "secret => document.querySelector('iframe').contentWindow.postMessage({message: 'ready', secret}, '*')"
        heights = "window.told.filter(data => data.message === 'height').length"
        # It says so when it begins, and when its size is known; then only to whoever asks as it should.
        seen.page.wait_for_function(f"{heights} === 2")
        for answered in (3, 4):
            seen.page.evaluate(ask, "another")
            seen.page.evaluate(ask, SECRET)
            seen.page.wait_for_function(f"{heights} === {answered}")
        assert {data.get("secret", SECRET) for data in seen.page.evaluate("window.told")} == {SECRET}


# --- pictures -----------------------------------------------------------------------------------------------------


def test_a_view_of_many_badges_shows_that_one_alone(browser: Browser, service: str, host: Host) -> None:
    sheet = f"{service}/badge/2026.svg"
    url = host.put(
        "".join(
            f'<p><img id="{name[-3:]}" src="{sheet}#{name}" alt="{name}" height="22"></p>' for name in (AVILA, ZAMORA)
        )
    )
    with showing(browser, url) as seen:
        first, second = (seen.page.locator("img").nth(number).screenshot() for number in (0, 1))
        assert first != second
        seen.is_quiet()


def test_a_page_with_100_badges_asks_for_each_once_in_their_minute(
    browser: Browser, demonstration: str, host: Host
) -> None:
    # A service that was not told its own address keeps what has links out of all caches.
    settings = structs.replace(unlimited(demonstration), public_url=BASE)
    with borrow_app(settings) as app, served(watched := Watched(app)) as service:
        paths = [f"/badge/latest/XX-DEMO-{number:05}.svg" for number in range(1, BADGES + 1)]
        url = host.put("".join(f'<img src="{service}{path}" alt="{path}">' for path in paths))
        with showing(browser, url) as seen:
            assert sorted(watched.answers) == [(path, 200) for path in paths]
            watched.answers.clear()
            # Badges may be kept for a minute: the next view takes all of them from the browser's cache.
            seen.page.goto(url, wait_until="load")
            assert watched.answers == []
            assert seen.page.evaluate("Array.from(document.images).every(image => image.naturalWidth > 0)")
            seen.is_quiet()


# --- the element --------------------------------------------------------------------------------------------------

FALLBACK: Final = '<a href="#fallback">Nuestra madurez</a>'


def test_the_element_shows_the_score_in_the_language_around_it(browser: Browser, service: str, host: Host) -> None:
    url = host.put(custom(service, f'organisation="{ZAMORA}"', FALLBACK), lang="en")
    with showing(browser, url) as seen:
        section = seen.page.get_by_role("group", name="Ayuntamiento de Zamora: 44.03 of 100, level 3, Service desk")
        section.wait_for()
        assert section.get_by_role("row").count() == 11
        assert not seen.page.get_by_text("Nuestra madurez").is_visible()
        link = section.get_by_role("link", name="Explanation of every point")
        assert link.get_attribute("href") == f"{service}/portal/2026/{ZAMORA}?lang=en"
        assert [asked for asked in seen.asked if asked.endswith("lang=en")] == [
            f"{service}/embed/latest/{ZAMORA}/score.json?lang=en"
        ]
        seen.is_accessible()
        seen.is_quiet()


def test_the_element_follows_its_attributes(browser: Browser, service: str, host: Host) -> None:
    with showing(browser, host.put(custom(service, f'organisation="{AVILA}"'))) as seen:
        name = seen.page.locator("actitud-score .name")
        name.wait_for()
        assert name.inner_text() == "Ayuntamiento de Ávila"
        seen.page.evaluate(f"document.querySelector('actitud-score').setAttribute('organisation', '{ZAMORA}')")
        seen.page.get_by_text("Ayuntamiento de Zamora").wait_for()
        seen.page.evaluate("document.querySelector('actitud-score').setAttribute('edition', '2025')")
        seen.page.get_by_text("hay una edición posterior, 2026").wait_for()
        seen.page.evaluate("document.querySelector('actitud-score').setAttribute('lang', 'en')")
        seen.page.get_by_text("there is a later edition, 2026").wait_for()
        seen.is_quiet()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_element_has_the_theme_that_the_page_around_it_chooses(
    browser: Browser, service: str, host: Host, theme: Scheme
) -> None:
    other: Scheme = "dark" if theme == "light" else "light"
    url = host.put(custom(service, f'organisation="{ZAMORA}" theme="{theme}"'))
    with showing(browser, url, scheme=other) as seen:
        section = seen.page.locator("actitud-score section")
        section.wait_for()
        ground = section.evaluate("section => getComputedStyle(section).backgroundColor")
        assert ground == {"light": "rgb(251, 250, 247)", "dark": "rgb(18, 33, 43)"}[theme]
        seen.is_accessible()


def test_bars_and_pips_have_the_colours_that_a_reader_forces(browser: Browser, service: str, host: Host) -> None:
    url = host.put(framed(service, FRAME) + custom(service, f'organisation="{ZAMORA}"'))
    with showing(browser, url) as seen:
        seen.page.emulate_media(forced_colors="active")
        canvas = seen.page.evaluate("getComputedStyle(document.body).color")
        for place in (seen.page.frame_locator("iframe"), seen.page.locator("actitud-score section")):
            for part in (".value", ".full"):
                painted = place.locator(part).first.evaluate("element => getComputedStyle(element).fill")
                assert painted == canvas
            assert place.locator(".track").first.evaluate("element => getComputedStyle(element).stroke") == canvas


@pytest.mark.parametrize(
    "attributes", ['organisation="XX-T-NOBODY"', f'organisation="{ZAMORA}" base="http://localhost:9"', ""]
)
def test_the_element_shows_what_is_in_it_where_there_is_no_score(
    browser: Browser, service: str, host: Host, attributes: str
) -> None:
    with showing(browser, host.put(custom(service, attributes, FALLBACK))) as seen:
        assert seen.page.get_by_text("Nuestra madurez").is_visible()
        assert seen.page.locator("actitud-score section").count() == 0
    with showing(browser, host.put(custom(service, attributes))) as seen:
        seen.page.get_by_text("No se pudo cargar la puntuación.").wait_for()


def test_a_page_shows_what_is_in_the_element_where_its_script_is_not_the_one_that_it_means(
    browser: Browser, service: str, host: Host
) -> None:
    text = custom(service, f'organisation="{ZAMORA}"', FALLBACK)
    changed = text.replace("sha384-", "sha384-A", 1)
    with showing(browser, host.put(changed)) as seen:
        assert seen.page.get_by_text("Nuestra madurez").is_visible()
        assert seen.page.evaluate("customElements.get('actitud-score') === undefined")
        assert any("integrity" in said for said in seen.said)


def test_a_copy_of_the_script_on_another_site_is_told_where_the_service_is(
    browser: Browser, service: str, host: Host
) -> None:
    copy = host.put_script(httpx.get(service + ELEMENT).text)
    text = (
        f'<script src="{copy}" defer></script><actitud-score organisation="{ZAMORA}" base="{service}"></actitud-score>'
    )
    with showing(browser, host.put(text)) as seen:
        seen.page.get_by_text("Ayuntamiento de Zamora").wait_for()
        seen.is_quiet()
