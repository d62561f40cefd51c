"""YouTube: the table of videos of YouTube Studio."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from actitud.counting.messages import Message
from actitud.counting.readers.tables import TableFormat, TableRow
from actitud.counting.source_reading import SourceReading

_ADDRESS: Final = "https://www.youtube.com/watch?v="


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


TABLES: Final = {
    "youtube-videos": TableFormat(
        "youtube",
        ("own_posts", "texts", "media", "reactions", "comments", "shares", "views"),
        make_video_messages,
    ),
}
