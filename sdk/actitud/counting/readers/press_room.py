"""The press room: feeds of a web site, RSS, Atom and JSON Feed."""

from __future__ import annotations

import calendar
import codecs
import io
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from mimetypes import guess_type
from typing import Any, Final
from urllib.parse import urlsplit

import feedparser

from actitud.counting.html_texts import extract_images, extract_text
from actitud.counting.messages import Message
from actitud.counting.readers.json_streams import dig_list, dig_text, iterate_items, read_scalars
from actitud.counting.readers.tables import join_texts
from actitud.counting.source_reading import RowRefused, SourceReading

_XML_FEED: Final = re.compile(
    r"\s*(?:(?:<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>)\s*)*<(?:\w+:)?(?:rss|feed|RDF)\b", re.DOTALL
)
_JSON_FEED: Final = "https://jsonfeed.org/version/"
_KINDS: Final = {"image": "photo", "video": "video", "audio": "audio"}


def is_xml_feed(head: str) -> bool:
    """Return True if a file, whose beginning is `head`, is an RSS or Atom feed."""
    return _XML_FEED.match(head) is not None


def is_json_feed(head: str) -> bool:
    """Return True if a file, whose beginning is `head`, is a JSON Feed."""
    return _JSON_FEED in head.replace("\\/", "/")


def read_xml_feed(source: SourceReading) -> Iterator[Message]:
    """Yield the entries of an RSS or Atom feed as messages; the whole feed is held in memory.

    Raises:
        FileRefused: if the file is too large, breaks off or is not well-formed.
    """
    if source.file.size > source.options.limits.whole_bytes:
        raise source.fail("file_too_large", None, None, source.file.size)
    _set_tells(source)
    with source.file.open() as stream:
        # Many sites write blank lines before it, which XML does not allow.
        content = io.BytesIO(stream.read().lstrip(codecs.BOM_UTF8 + b" \t\r\n"))
    try:
        # A text would be taken for an address; a stream never is.
        feed = feedparser.parse(content, sanitize_html=False, resolve_relative_uris=False)
    except (ValueError, LookupError, TypeError, AttributeError):
        # The parser lets errors of its own out, for instance for a declaration with bytes that are no letters.
        raise source.fail("broken_xml") from None
    error = feed.get("bozo_exception")
    if error is not None and not isinstance(error, feedparser.CharacterEncodingOverride | feedparser.NonXMLContentType):
        code = "half_file" if "no element found" in str(error) or "unclosed" in str(error) else "broken_xml"
        position = getattr(error, "getLineNumber", None)
        line = position() if callable(position) else None
        raise source.fail(code, line if isinstance(line, int) else None)
    source.account = source.name_account(_name_site(feed.feed.get("link", "")))
    for number, entry in enumerate(feed.entries):
        with suppress(RowRefused):
            yield _make_entry(source, f"/entry/{number}", entry)


def _make_entry(source: SourceReading, pointer: str, entry: Any) -> Message:
    published = entry.get("published_parsed") or dict.get(entry, "updated_parsed")
    # The parser reads no dates in Spanish.
    given = calendar.timegm(published) if published else entry.get("published") or dict.get(entry, "updated")
    time = source.read_time(given, pointer, "published")
    html = "\n".join(part.get("value", "") for part in entry.get("content", ())) or entry.get("summary", "")
    images = extract_images(html)
    media = ["photo"] * bool(images)
    media += _list_media(
        each.get("type") or guess_type(each.get("href", ""))[0] for each in entry.get("enclosures", ())
    )
    link = entry.get("link", "")
    updated = dict.get(entry, "updated_parsed")  # its own method gives the time of publication instead, and warns
    edited = datetime.fromtimestamp(calendar.timegm(updated), UTC) if updated else None
    return source.keep(
        row=pointer,
        id=source.require(entry.get("id") or link, pointer, "id"),
        time=time,
        kind="own_post",
        text=join_texts(extract_text(entry.get("title", "")), extract_text(html)),
        media=media,
        alternative_texts=tuple(images),
        permalink=link,
        edited=edited if edited and edited > time.time else None,
        language=entry.get("language") or None,
    )


def read_json_feed(source: SourceReading) -> Iterator[Message]:
    """Yield the items of a JSON Feed as messages."""
    _set_tells(source)
    page = read_scalars(source, ("home_page_url",), before="items").get("home_page_url")
    source.account = source.name_account(_name_site(page if isinstance(page, str) else ""))
    for pointer, item in iterate_items(source, "items.item"):
        with suppress(RowRefused):
            identity = source.require(dig_text(item, "id") or dig_text(item, "url"), pointer, "id")
            published = dig_text(item, "date_published") or dig_text(item, "date_modified")
            if not published:
                raise source.refuse("time_missing", pointer, "date_published")
            html = dig_text(item, "content_html")
            images = extract_images(html)
            attached = [dig_text(each, "mime_type") for each in dig_list(item, "attachments")]
            media = ["photo"] * bool(images or dig_text(item, "image"))
            yield source.keep(
                row=pointer,
                id=identity,
                time=source.read_time(published, pointer, "date_published"),
                kind="own_post",
                text=join_texts(
                    dig_text(item, "title"),
                    dig_text(item, "content_text") or extract_text(html) or dig_text(item, "summary"),
                ),
                media=media + _list_media(attached),
                alternative_texts=tuple(images),
                permalink=dig_text(item, "url"),
                language=dig_text(item, "language"),
            )


def _list_media(types: Iterable[str | None]) -> list[str]:
    """Return the kinds of files by their media types. A type that is not known is none."""
    return [_KINDS.get(kind.partition("/")[0], "document") for kind in types if kind]


def _set_tells(source: SourceReading) -> None:
    source.tells.update(("own_posts", "texts", "media", "alternative_texts", "time_of_day"))


def _name_site(link: str) -> str:
    """Return the name of the host of a link, "" if it has none."""
    try:
        return (urlsplit(link).hostname or "").removeprefix("www.")
    except ValueError:
        return ""
