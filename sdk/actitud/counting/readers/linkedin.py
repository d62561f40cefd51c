"""LinkedIn: the sheet "all posts" in the content export of a page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from actitud.counting.messages import Message
from actitud.counting.readers.tables import TableFormat, TableRow, find_link
from actitud.counting.source_reading import SourceReading

_ACTIVITY: Final = re.compile(r"urn:li:(?:activity|share|ugcPost):(\d+)")
_NUMBER: Final = re.compile(r"(\d{15,20})")
_YEARS: Final = range(2003, 2100)


def find_activity_time(identity: str) -> datetime | None:
    """Return the time contained in the id of a LinkedIn post; None for any other id.

    The upper bits of the id are milliseconds.
    """
    if not identity.isdecimal() or not 18 <= len(identity) <= 19:
        return None
    moment = datetime.fromtimestamp((int(identity) >> 22) / 1000, UTC)
    return moment if moment.year in _YEARS else None


def make_messages(row: TableRow, source: SourceReading) -> Iterator[Message]:
    """Yield the message of one row of a LinkedIn content export."""
    permalink = row.require_text("permalink")
    identity = find_link(permalink, _ACTIVITY) or find_link(permalink, _NUMBER) or permalink
    media = row.translate("media") if row.has("media") else None
    yield source.keep(
        row=row.line,
        id=identity,
        account="",
        time=row.get_dated_time(find_activity_time(identity)),
        kind="own_post",
        text=row.get_text("text"),
        media=() if media in (None, "text") else (media,),
        counts=row.get_counts("reactions", "comments", "shares", "views"),
        permalink=permalink,
    )


TABLES: Final = {
    "linkedin-posts": TableFormat(
        "linkedin",
        ("own_posts", "texts", "media", "reactions", "comments", "shares", "views"),
        make_messages,
    ),
}
