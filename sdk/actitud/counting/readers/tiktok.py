"""TikTok: the table of videos of TikTok Studio, and the download of the own data as JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

from actitud.counting.made_ids import IdMaker
from actitud.counting.messages import Message
from actitud.counting.readers.json_streams import dig_counts, dig_text, iterate_items
from actitud.counting.readers.tables import TableFormat, TableRow, find_link
from actitud.counting.source_reading import RowRefused, SourceReading

_VIDEO: Final = re.compile(r"/(?:video|photo)/(\d+)")
_HANDLE: Final = re.compile(r"tiktok\.com/@([\w.]+)")
_YEARS: Final = range(2016, 2100)
_DOWNLOAD: Final = re.compile(
    r'\s*\{\s*"(?:Your Activity|Ads and data|App Settings|Comment|Direct Message|Location Review|Post|Profile|'
    r'Tik[Tt]ok (?:Live|Shop))"\s*:\s*\{'
)
"""Beginning of a download, as a public forensic parser of archives (RLEAPP on GitHub, read on 2026-12-07) knows it."""


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


def is_download(head: str) -> bool:
    """Return True if a file, whose beginning is `head`, is a download of the own data from TikTok."""
    return _DOWNLOAD.match(head) is not None


def read_download(source: SourceReading) -> Iterator[Message]:
    """Yield the videos in a download of the own data from TikTok, whose times are UTC."""
    source.tells.update(("own_posts", "media", "time_of_day", "reactions"))
    source.zone = UTC
    maker = IdMaker()
    for pointer, post in iterate_items(source, "Post.Posts.VideoList.item"):
        with suppress(RowRefused):
            time = source.read_time(dig_text(post, "Date"), pointer, "Date")
            link, text = dig_text(post, "Link"), dig_text(post, "Title")
            if text:
                source.tells.add("texts")
            # Newer downloads link to the file of the video, without its id, until the link expires.
            identity = find_link(link, _VIDEO)
            yield source.keep(
                row=pointer,
                id=identity or maker.make_id(time.time, "post", text),
                time=time,
                kind="own_post",
                text=text,
                media=("photo",) if "/photo/" in link else ("video",),
                counts=dig_counts(post, {"Likes": "reactions"}),
                permalink=link if identity else None,
            )


TABLES: Final = {
    "tiktok-videos": TableFormat(
        "tiktok",
        ("own_posts", "texts", "media", "reactions", "comments", "shares", "views"),
        make_messages,
    ),
}
