"""The addresses of feeds, and the links with which pages announce them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal
from urllib.parse import quote

from msgspec import Struct

from actitud_api.engine.i18n import Language, Texts

FeedKind = Literal["all", "edition", "organisation", "territory"]
FeedForm = Literal["atom", "json"]

MEDIA_TYPES: Final[dict[FeedForm, str]] = {"atom": "application/atom+xml", "json": "application/feed+json"}
"""Media type by form: Atom (RFC 4287) and JSON Feed 1.1."""

FILES: Final[dict[FeedForm, str]] = {"atom": "atom.xml", "json": "feed.json"}
"""Last segment of the path by form."""

_FOLDERS: Final[dict[FeedKind, str]] = {
    "all": "/feeds",
    "edition": "/feeds/editions",
    "organisation": "/feeds/organisations",
    "territory": "/feeds/territories",
}
_TITLES: Final[dict[FeedKind, Texts]] = {
    "all": Texts("Todo lo que se publica y se corrige", "All that is published and corrected"),
    "edition": Texts(
        "Lo que se publica y se corrige en esta edición", "What is published and corrected in this edition"
    ),
    "organisation": Texts(
        "Lo que se publica y se corrige de esta organización", "What is published and corrected of this organisation"
    ),
    "territory": Texts(
        "Lo que se publica y se corrige en este territorio", "What is published and corrected in this territory"
    ),
}
_FORM_TITLE: Final[dict[FeedForm, str]] = {"atom": "{title} (Atom)", "json": "{title} (JSON Feed)"}


class FeedScope(Struct, frozen=True):
    """The subject of a feed: all editions, or one edition, organisation or territory.

    `id` is the id of the edition, organisation or territory, empty for the feed of all editions.
    """

    kind: FeedKind
    id: str = ""

    def build_path(self, form: FeedForm) -> str:
        """Return the URL path of the feed in the form Atom or JSON."""
        folder = _FOLDERS[self.kind] + (f"/{quote(self.id, safe=':')}" if self.id else "")
        return f"{folder}/{FILES[form]}"


class FeedLink(Struct, frozen=True):
    """A link to a feed in the head of a page, from which feed readers find the feed."""

    media_type: str
    href: str
    title: str


def list_feed_links(scopes: Iterable[FeedScope], language: Language) -> list[FeedLink]:
    """List the links to the feeds of some subjects, each as Atom and as JSON Feed, with titles in a language."""
    return [
        FeedLink(
            MEDIA_TYPES[form],
            f"{scope.build_path(form)}?lang={language}",
            _FORM_TITLE[form].format(title=_TITLES[scope.kind].into(language)),
        )
        for scope in scopes
        for form in MEDIA_TYPES
    ]
