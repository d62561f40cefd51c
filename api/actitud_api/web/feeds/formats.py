"""Feeds as Atom (RFC 4287, with the pages of RFC 5005) and as JSON Feed 1.1 (jsonfeed.org)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from xml.etree import ElementTree as ET

import msgspec
from msgspec import Struct

from actitud_api import __version__
from actitud_api.engine.i18n import Language
from actitud_api.web.downloads.publisher import LICENSE, LICENSE_TITLE, Publisher
from actitud_api.web.feeds.addresses import FILES, MEDIA_TYPES, FeedForm
from actitud_api.web.feeds.entries import FeedEntry

JSON_FEED: Final = "https://jsonfeed.org/version/1.1"
ATOM: Final = "http://www.w3.org/2005/Atom"
SIMULATED: Final = "simulated"
"""Category of an entry whose data are invented."""


class Feed(Struct, frozen=True, kw_only=True):
    """A page of a feed.

    Attributes:
        id: Id of the feed, which never changes.
        language: Language of the texts.
        title: Title of the feed.
        subtitle: Sentence about the content of the feed.
        home: URL of the web page about the same subject.
        base: Scheme and authority of links.
        path: Path of the feed without its last segment.
        asked: Cursor of this page, None for the first page.
        cursor: Cursor of the next page, None on the last page.
        updated: Time of the newest entry of the feed.
        entries: Entries of this page.
        publisher: Publisher of the data.
    """

    id: str
    language: Language
    title: str
    subtitle: str
    home: str
    base: str
    path: str
    asked: str | None
    cursor: str | None
    updated: datetime
    entries: tuple[FeedEntry, ...]
    publisher: Publisher

    def build_url(self, form: FeedForm, cursor: str | None = None) -> str:
        """Return the URL of a page of the feed, as Atom or JSON Feed; `cursor` is None for the first page."""
        query = f"?lang={self.language}" if cursor is None else f"?cursor={cursor}&lang={self.language}"
        return f"{self.base}{self.path}/{FILES[form]}{query}"


def encode_feed(feed: Feed, form: FeedForm) -> bytes:
    """Encode a page of a feed as Atom or as JSON Feed."""
    return _encode_atom(feed) if form == "atom" else _encode_json(feed)


def _encode_atom(feed: Feed) -> bytes:
    root = ET.Element("feed", {"xmlns": ATOM, "xml:lang": feed.language})
    _add(root, "id", feed.id)
    _add(root, "title", feed.title)
    _add(root, "subtitle", feed.subtitle)
    _add(root, "updated", _format_time(feed.updated))
    author = ET.SubElement(root, "author")
    for name, value in _describe_publisher(feed.publisher).items():
        _add(author, "uri" if name == "url" else name, value)
    _add(root, "generator", "Actitud", {"version": __version__})
    _add(root, "rights", LICENSE_TITLE)
    _link(root, "self", feed.build_url("atom", feed.asked), MEDIA_TYPES["atom"])
    _link(root, "alternate", feed.home, "text/html")
    _link(root, "alternate", feed.build_url("json"), MEDIA_TYPES["json"])
    _link(root, "license", LICENSE, "text/html")
    if feed.asked is not None:
        _link(root, "first", feed.build_url("atom"), MEDIA_TYPES["atom"])
    if feed.cursor is not None:
        _link(root, "next", feed.build_url("atom", feed.cursor), MEDIA_TYPES["atom"])
    for entry in feed.entries:
        element = ET.SubElement(root, "entry")
        _add(element, "id", entry.id)
        _add(element, "title", entry.title)
        _add(element, "updated", _format_time(entry.updated))
        _add(element, "published", _format_time(entry.updated))
        _link(element, "alternate", entry.url, "text/html")
        _link(element, "via", f"{feed.base}{entry.document}", "application/json")
        if entry.simulated:
            ET.SubElement(element, "category", {"term": SIMULATED})
        _add(element, "content", entry.content, {"type": "html"})
    content: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=False)
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + content


def _encode_json(feed: Feed) -> bytes:
    further = {} if feed.cursor is None else {"next_url": feed.build_url("json", feed.cursor)}
    return msgspec.json.encode(
        {
            "version": JSON_FEED,
            "title": feed.title,
            "home_page_url": feed.home,
            "feed_url": feed.build_url("json", feed.asked),
            **further,
            "description": feed.subtitle,
            "language": feed.language,
            "authors": [_describe_author(feed.publisher)],
            "items": [
                {
                    "id": entry.id,
                    "url": entry.url,
                    "title": entry.title,
                    "content_html": entry.content,
                    "date_published": _format_time(entry.updated),
                    "date_modified": _format_time(entry.updated),
                    **({"tags": [SIMULATED]} if entry.simulated else {}),
                    "_actitud": {
                        "edition": entry.edition,
                        "revision": entry.revision,
                        "digest": entry.digest,
                        "document": f"{feed.base}{entry.document}",
                    },
                }
                for entry in feed.entries
            ],
        }
    )


def _describe_publisher(publisher: Publisher) -> dict[str, str]:
    """Return name and contact of the publisher, the contact as `url` or as `email`."""
    described = {"name": publisher.name}
    if publisher.contact is not None:
        described["url" if publisher.contact.startswith("https://") else "email"] = publisher.contact
    return described


def _describe_author(publisher: Publisher) -> dict[str, str]:
    described = _describe_publisher(publisher)
    email = described.pop("email", None)
    return described if email is None else {**described, "url": f"mailto:{email}"}


def _add(parent: ET.Element, name: str, text: str, attributes: Mapping[str, str] | None = None) -> None:
    ET.SubElement(parent, name, dict(attributes or {})).text = text


def _link(parent: ET.Element, relation: str, href: str, media_type: str) -> None:
    ET.SubElement(parent, "link", {"rel": relation, "type": media_type, "href": href})


def _format_time(at: datetime) -> str:
    """Format a UTC time (RFC 3339)."""
    return at.isoformat().replace("+00:00", "Z")
