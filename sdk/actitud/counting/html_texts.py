"""The text of HTML, as a reader sees it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final

_BREAKS: Final = frozenset({"p", "br", "div", "li", "h1", "h2", "h3", "h4", "h5", "h6", "tr", "blockquote"})
_HIDDEN: Final = frozenset({"script", "style"})


class _TextCollector(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.images: list[str | None] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BREAKS:
            self.parts.append("\n")
        if tag in _HIDDEN:
            self._hidden += 1
        if tag == "img":
            self.images.append(dict(attrs).get("alt") or None)

    def handle_endtag(self, tag: str) -> None:
        if tag in _HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        if tag == "p":
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)


def extract_text(html: str) -> str:
    """Return the text in HTML code as a reader sees it, with each paragraph on its own line."""
    return _collect(html)[0]


def extract_images(html: str) -> list[str | None]:
    """Return the alternative text of each image in HTML code, None for an image without one."""
    return _collect(html)[1]


def _collect(html: str) -> tuple[str, list[str | None]]:
    collector = _TextCollector()
    collector.feed(html)
    collector.close()
    text = re.sub(r"[ \t\xa0]+", " ", "".join(collector.parts))
    return re.sub(r" ?\n[ \n]*", "\n", text).strip(), collector.images
