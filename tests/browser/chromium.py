"""The browser of the tests, and everything that it notices while it shows a page."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Literal, NamedTuple
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Frame, Page, expect

from tests.support.waiting import PATIENCE

Scheme = Literal["light", "dark"]

expect.set_options(timeout=1_000 * PATIENCE)  # on a busy machine a page is late, not wrong

_AXE: Final = """async () => {
    const found = await axe.run(document, {resultTypes: ["violations"], iframes: false});
    return found.violations.map(one => one.id + ": " + one.nodes.map(node => node.html).join(" "));
}"""


_SETTLED: Final = """() => [...document.querySelectorAll("actitud-score:defined")].every(
    element => element.shadowRoot.querySelector("section") || /cargar la|be loaded/.test(element.shadowRoot.textContent)
)"""


def program() -> str:
    """Chromium; without it the test is skipped, or fails under `CI`. Nothing is ever downloaded.

    Its shell is the same renderer without the windows of a desktop, which take five times the CPU and nobody sees.
    """
    found = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    if found is not None:
        return found
    lacking = "there is no Chromium: install the package chromium-headless-shell"
    if os.environ.get("CI"):
        pytest.fail(f"{lacking} (CI is set)", pytrace=False)
    pytest.skip(lacking)


class Seen(NamedTuple):
    """A page, and what it said and asked for."""

    page: Page
    said: list[str]
    asked: list[str]

    @property
    def origins(self) -> set[str]:
        """Where it asked."""
        return {f"{url.scheme}://{url.netloc}" for url in map(urlsplit, self.asked) if url.scheme.startswith("http")}

    def is_quiet(self) -> None:
        """Makes sure that it said nothing, and keeps nothing."""
        assert self.said == []
        state = self.page.context.storage_state(indexed_db=True)
        assert (state.get("cookies"), state.get("origins")) == ([], [])

    def is_accessible(self) -> None:
        """Makes sure that axe finds nothing in the page, nor in what it frames."""
        for frame in self.page.frames:
            assert violations(frame) == [], frame.url

    def fits(self) -> None:
        """Makes sure that nobody has to scroll sideways."""
        for frame in self.page.frames:
            across, room = frame.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
            assert across <= room, frame.url


def violations(frame: Frame) -> list[str]:
    """What axe finds against WCAG 2.2 AA and its own good practices."""
    frame.evaluate(AXE_SCRIPT)
    found: list[str] = frame.evaluate(_AXE)
    return found


@contextmanager
def showing(
    browser: Browser, url: str, *, width: int = 1_440, scheme: Scheme = "light", script: str | None = None
) -> Iterator[Seen]:
    """A page as a reader has it who has never been there; `script` runs before its own."""
    with browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, locale="es-ES") as context:
        page = context.new_page()
        seen = Seen(page, [], [])
        page.on("console", lambda message: seen.said.append(f"{message.type}: {message.text}"))
        page.on("dialog", lambda dialog: seen.said.append(f"dialog: {dialog.message}"))
        page.on("pageerror", lambda error: seen.said.append(f"error: {error}"))
        page.on("request", lambda request: seen.asked.append(request.url))
        if script is not None:
            page.add_init_script(script)
        page.goto(url, wait_until="load")
        # What asks for more once it is there shows when it has it, or that it has not.
        page.wait_for_function(_SETTLED)
        yield seen
