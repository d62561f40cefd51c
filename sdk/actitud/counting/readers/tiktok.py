"""TikTok Studio: the table of videos."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from actitud.counting.messages import Message
from actitud.counting.readers.tables import TableFormat, TableRow, find_link
from actitud.counting.source_reading import SourceReading

_VIDEO: Final = re.compile(r"/(?:video|photo)/(\d+)")
_HANDLE: Final = re.compile(r"tiktok\.com/@([\w.]+)")
_YEARS: Final = range(2016, 2100)


def find_video_time(identity: str) -> datetime | None:
    """Return the time contained in the id of a TikTok video, in seconds in its upper 32 bits; None for any other id."""
    if not identity.isdecimal() or len(identity) > 19:
        return None
    moment = datetime.fromtimestamp(int(identity) >> 32, UTC)
    return moment if moment.year in _YEARS else None


def make_messages(row: TableRow, source: SourceReading) -> Iterator[Message]:
    """Yield the message of one row of the table of videos of TikTok Studio.

    If the table has a day without a year, the id of the video supplies the year.
    """
    permalink = row.require_text("permalink")
    identity = source.require(find_link(permalink, _VIDEO) or "", row.line, row.name_column("permalink"))
    yield source.keep(
        row=row.line,
        id=identity,
        account=source.name_account(find_link(permalink, _HANDLE) or ""),
        time=row.get_dated_time(find_video_time(identity)),
        kind="own_post",
        text=row.get_text("text"),
        media=("photo",) if "/photo/" in permalink else ("video",),
        counts=row.get_counts("reactions", "comments", "shares", "views"),
        permalink=permalink.partition("?")[0],
    )


TABLES: Final = {
    "tiktok-videos": TableFormat(
        "tiktok",
        ("own_posts", "texts", "media", "reactions", "comments", "shares", "views"),
        make_messages,
    ),
}
