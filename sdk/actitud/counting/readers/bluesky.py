"""Bluesky: the feed of an author from the API, single posts of it, and records of a repository."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from actitud.counting.messages import Message
from actitud.counting.readers.json_streams import JsonObject, dig, dig_counts, dig_list, dig_text, read_posts
from actitud.counting.source_reading import SourceReading
from actitud.counting.times import ReadTime

_ADDRESS: Final = re.compile(r"at://([^/]+)/app\.bsky\.feed\.(?:post|repost)/([^/]+)")
_NUMBERS: Final = {"likeCount": "reactions", "repostCount": "shares", "replyCount": "comments"}
_POST: Final = "app.bsky.feed.post"


def find_prefix(head: str) -> str | None:
    """Return the path to the posts in a JSON file of Bluesky, in the notation of ijson; None for any other file.

    `head` is the beginning of the file.
    """
    if "app.bsky." not in head and "/app.bsky" not in head:
        return None
    start = head.lstrip()
    if re.search(r'"feed"\s*:\s*\[', head):
        return "item.feed.item" if start.startswith("[") else "feed.item"
    if re.search(r'"records"\s*:\s*\[', head):
        return "records.item"
    if start.startswith("["):
        return "item"
    known = re.match(r'\{\s*"\$type"\s*:\s*"app\.bsky\.feed\.(?:defs#feedViewPost|defs#postView|post|repost)"', start)
    return "" if known or re.search(r'"post"\s*:\s*\{', head) else None


def read_feed(source: SourceReading, prefix: str) -> Iterator[Message]:
    """Yield the messages in a JSON file of Bluesky; ``prefix`` is the path to its posts, for ijson."""
    return read_posts(source, prefix, _make_message)


def _make_message(source: SourceReading, pointer: str, item: JsonObject) -> Message | None:
    post = dig(item, "post") if "post" in item else item
    record = dig(post, "record") or dig(post, "value") or post
    address = dig_text(post, "uri")
    owner = dig_text(post, "author", "did") or _find_owner(address)
    reason = dig(item, "reason")
    if dig_text(reason, "$type").endswith("#reasonRepost"):
        by = dig_text(reason, "by", "did")
        source.set_account(dig_text(reason, "by", "handle"), by)
        return source.keep(
            row=pointer,
            id=dig_text(reason, "uri") or f"{by}/repost/{address}",
            time=_read_time(source, reason, pointer, "reason", "indexedAt"),
            kind="repost",
            permalink=_make_link(address),
        )
    if reason is not None and dig_text(reason, "$type").endswith("#reasonPin"):
        source.skip("pinned")  # the feed has it a second time, in its place
        return None
    if dig_text(record, "$type") == "app.bsky.feed.repost":
        return source.keep(
            row=pointer,
            id=address or f"{pointer}/{dig_text(record, 'subject', 'uri')}",
            time=_read_time(source, record, pointer, "record", "createdAt"),
            kind="repost",
            permalink=_make_link(dig_text(record, "subject", "uri")),
        )
    if dig_text(record, "$type") != _POST:
        source.skip("other_record")
        return None
    source.set_account(dig_text(post, "author", "handle"), owner)
    time = _read_time(source, record, pointer, "record", "createdAt")
    parent = dig_text(record, "reply", "parent", "uri") or None
    answers_itself = parent is not None and bool(owner) and _find_owner(parent) == owner
    media, texts = _list_media(dig(record, "embed") or dig(post, "embed"))
    numbers = dig_counts(post, _NUMBERS)
    source.tells.update(name for name in ("reactions", "shares", "comments") if name in numbers)
    return source.keep(
        row=pointer,
        id=address or f"{owner}/{time.time.isoformat()}",
        time=time,
        kind="own_post" if parent is None or answers_itself else "public_reply",
        text=dig_text(record, "text"),
        thread=dig_text(record, "reply", "root", "uri") or None,
        parent=parent,
        media=media,
        alternative_texts=texts,
        counts=numbers,
        permalink=_make_link(address),
        language=dig_text(record, "langs", 0) or None,
    )


def _read_time(source: SourceReading, value: Any, pointer: str, *path: str) -> ReadTime:
    text = dig_text(value, path[-1])
    # The API writes Z; records of other programs may leave it out, and then mean UTC too.
    if re.fullmatch(r"[\d-]+T[\d:.]+", text):
        text += "Z"
    return source.read_time(text, pointer, "/".join(path))


def _list_media(embed: Any) -> tuple[list[str], tuple[str | None, ...]]:
    """Return the kinds of what is embedded, and the alternative text of each photo and video."""
    kinds: list[str] = []
    texts: list[str | None] = []
    for part in (embed, dig(embed, "media")):
        kind = dig_text(part, "$type").partition("#")[0]
        if kind == "app.bsky.embed.images":
            for image in dig_list(part, "images"):
                kinds.append("photo")
                texts.append(dig_text(image, "alt").strip() or None)
        elif kind == "app.bsky.embed.video":
            kinds.append("video")
            texts.append(dig_text(part, "alt").strip() or None)
        elif kind == "app.bsky.embed.external":
            kinds.append("link")
        elif kind in ("app.bsky.embed.record", "app.bsky.embed.recordWithMedia"):
            kinds.append("quote")
    return kinds, tuple(texts)


def _find_owner(address: str) -> str:
    found = _ADDRESS.match(address)
    return found[1] if found else ""


def _make_link(address: str) -> str | None:
    found = _ADDRESS.match(address)
    return f"https://bsky.app/profile/{found[1]}/post/{found[2]}" if found else None
