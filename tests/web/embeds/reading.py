"""HTML as browsers read it, by a parser that is not ours and leaves nothing out."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from justhtml import JustHTML


class Element(NamedTuple):
    """An element: its name, its attributes, and what a reader has of it."""

    name: str
    attrs: Mapping[str, str]
    text: str
    node: Any

    def query(self, selector: str) -> list[Element]:
        """The elements in it that a selector names, in their order."""
        return _elements(self.node.query(selector))


class Document(NamedTuple):
    """A page, or a part of one; `errors` are the faults of its syntax."""

    root: JustHTML
    errors: Sequence[object]

    def query(self, selector: str) -> list[Element]:
        """The elements that a selector names, in their order."""
        return _elements(self.root.query(selector))

    @property
    def text(self) -> str:
        """All that a reader has, with one space between words."""
        return " ".join(self.root.to_text().split())

    @property
    def letters(self) -> str:
        """The same, with every space as it is."""
        return self.root.to_text(separator="", strip=False)


# Tests of one file ask for the same pages, and to parse one takes longer than to make it.
@functools.lru_cache(maxsize=16)
def page(text: str) -> Document:
    """A page."""
    return _document(JustHTML(text, sanitize=False, collect_errors=True))


def fragment(text: str) -> Document:
    """A part of a page."""
    return _document(JustHTML(text, sanitize=False, collect_errors=True, fragment=True))


def _document(root: JustHTML) -> Document:
    return Document(root, root.errors)


def _elements(found: Sequence[Any]) -> list[Element]:
    return [
        Element(node.name, {name: value or "" for name, value in node.attrs.items()}, node.to_text(), node)
        for node in found
    ]
