"""YouTube: the table of videos of YouTube Studio, and responses of the Data API with videos and comments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

from actitud.counting.html_texts import extract_text
from actitud.counting.messages import Message
from actitud.counting.readers.json_streams import JsonObject, dig, dig_counts, dig_list, dig_text, iterate_items
from actitud.counting.readers.tables import TableFormat, TableRow, join_texts
from actitud.counting.source_reading import RowRefused, SourceReading

_KIND: Final = re.compile(r'"kind"\s*:\s*"youtube#(\w+?)(?:ListResponse)?"')
_ADDRESS: Final = "https://www.youtube.com/watch?v="
_NUMBERS: Final = {"viewCount": "views", "likeCount": "reactions", "commentCount": "comments"}
VIDEO_KINDS: Final = frozenset({"video", "playlistItem", "search", "searchResult"})
COMMENT_KINDS: Final = frozenset({"commentThread", "comment"})


def make_video_messages(row: TableRow, source: SourceReading) -> Iterator[Message]:
    """Yield the message of one row of the table of videos of YouTube Studio."""
    identity = row.require_id()
    yield source.keep(
        row=row.line,
        id=identity,
        account="",
        time=row.get_time(),
        kind="own_post",
        text=row.get_text("text"),
        media=("video",),
        counts=row.get_counts("reactions", "comments", "shares", "views"),
        permalink=_ADDRESS + identity,
    )


def find_api_kind(head: str) -> str | None:
    """Return the kind of the items in a response of the YouTube Data API, None for any other text."""
    kinds = _KIND.findall(head)
    return next((kind for kind in kinds if kind in VIDEO_KINDS | COMMENT_KINDS), None)


def read_answers(source: SourceReading, kind: str) -> Iterator[Message]:
    """Yield the messages in a response of the YouTube Data API, or in an array of several such responses.

    ``kind``: kind of the items, from `find_api_kind`.
    """
    is_array = source.file.read_head().lstrip().startswith("[")
    if kind in VIDEO_KINDS:
        source.tells.update(("own_posts", "texts", "media", "time_of_day"))
    else:
        source.tells.update(("public_replies", "received_public", "threads", "texts", "time_of_day"))
    for pointer, item in iterate_items(source, "item.items.item" if is_array else "items.item"):
        make = _make_video if dig_text(item, "kind").removeprefix("youtube#") in VIDEO_KINDS else _make_comments
        with suppress(RowRefused):
            yield from make(source, pointer, item)


def _make_video(source: SourceReading, pointer: str, item: JsonObject) -> Iterator[Message]:
    snippet = dig(item, "snippet")
    identity = source.require(
        dig_text(item, "contentDetails", "videoId")
        or dig_text(snippet, "resourceId", "videoId")
        or dig_text(item, "id", "videoId")
        or dig_text(item, "id"),
        pointer,
        "id",
    )
    published = dig_text(item, "contentDetails", "videoPublishedAt") or dig_text(snippet, "publishedAt")
    time = source.read_time(published, pointer, "snippet/publishedAt")
    source.set_account(dig_text(snippet, "channelTitle"))
    numbers = dig_counts(dig(item, "statistics"), _NUMBERS)
    source.tells.update(name for name in ("views", "reactions", "comments") if name in numbers)
    is_live = dig(item, "liveStreamingDetails") is not None
    yield source.keep(
        row=pointer,
        id=identity,
        time=time,
        kind="own_post",
        text=join_texts(dig_text(snippet, "title"), dig_text(snippet, "description")),
        media=("video", "live") if is_live else ("video",),
        counts=numbers,
        permalink=_ADDRESS + identity,
        language=dig_text(snippet, "defaultAudioLanguage") or None,
    )


def _make_comments(source: SourceReading, pointer: str, item: JsonObject) -> Iterator[Message]:
    if dig_text(item, "kind") == "youtube#comment":
        yield from _make_comment(source, pointer, item, dig_text(item, "snippet", "channelId"), None)
        return
    owner = dig_text(item, "snippet", "channelId")
    first = dig(item, "snippet", "topLevelComment")
    thread = dig_text(first, "id") or dig_text(item, "id")
    yield from _make_comment(source, f"{pointer}/snippet/topLevelComment", first, owner, thread)
    replies = dig_list(item, "replies", "comments")
    total = dig(item, "snippet", "totalReplyCount")
    if isinstance(total, int) and total > len(replies):
        # The API gives five replies of a thread at most; the others have to be asked for.
        source.note("replies_incomplete", pointer, "replies", total - len(replies))
        source.tells.discard("public_replies")
    for number, reply in enumerate(replies):
        yield from _make_comment(source, f"{pointer}/replies/comments/{number}", reply, owner, thread)


def _make_comment(
    source: SourceReading, pointer: str, comment: Any, owner: str, thread: str | None
) -> Iterator[Message]:
    snippet = dig(comment, "snippet")
    try:
        identity = source.require(dig_text(comment, "id"), pointer, "id")
        time = source.read_time(dig_text(snippet, "publishedAt"), pointer, "snippet/publishedAt")
    except RowRefused:
        return
    author = dig_text(snippet, "authorChannelId", "value")
    name = dig_text(snippet, "authorDisplayName")
    is_own = bool(author and author == owner) or source.is_own(name) or (bool(author) and source.is_own(author))
    parent = dig_text(snippet, "parentId") or (thread if thread != identity else None)
    if is_own and parent is None:
        source.skip("own_comment")
        return
    if is_own:
        source.set_account(name)
    edited = source.read_edit(dig_text(snippet, "updatedAt"), pointer, "snippet/updatedAt", time.time)
    video = dig_text(snippet, "videoId")
    yield source.keep(
        row=pointer,
        id=identity,
        account="",
        time=time,
        kind="public_reply" if is_own else "received",
        text=dig_text(snippet, "textOriginal") or extract_text(dig_text(snippet, "textDisplay")),
        thread=thread or parent,
        parent=parent,
        counts=dig_counts(snippet, {"likeCount": "reactions"}),
        permalink=f"{_ADDRESS}{video}&lc={identity}" if video else None,
        edited=edited,
    )


TABLES: Final = {
    "youtube-videos": TableFormat(
        "youtube",
        ("own_posts", "texts", "media", "reactions", "comments", "shares", "views"),
        make_video_messages,
    ),
}
