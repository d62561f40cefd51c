"""Meta Business Suite: the tables of posts of Facebook and Instagram, in Spanish or English."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta, tzinfo
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Final

from actitud.counting.messages import Message
from actitud.counting.readers.tables import TableFormat, TableRow, find_link, join_texts
from actitud.counting.source_reading import SourceReading
from actitud.counting.times import TimeUnreadable, read_time
from actitud.counting.windows import load_zone

_SHORTCODE: Final = re.compile(r"instagram\.com/(?:[\w.]+/)?(?:p|reel|tv)/([\w-]{11})(?![\w-])")
_LETTERS: Final = ascii_uppercase + ascii_lowercase + digits + "-_"
_FIRST_ID: Final = datetime.fromtimestamp(1_314_220_021.721, UTC)
_NEAR: Final = timedelta(minutes=10)
"""Longest time from the making of a post, which its address holds, to its publication; scheduled ones take longer."""


def find_post_time(permalink: str) -> datetime | None:
    """Return the time at which an Instagram post was made, which its address holds; None for any other address.

    The letters are an id to the base 64, with milliseconds in the bits above the 23rd.
    """
    identity = 0
    for letter in find_link(permalink, _SHORTCODE) or "":
        identity = identity * 64 + _LETTERS.index(letter)
    return _FIRST_ID + timedelta(milliseconds=identity >> 23) if identity else None


def choose_zone(rows: Iterable[TableRow], source: SourceReading) -> tzinfo:
    """Return the time zone of a table: that of Los Angeles, in which Meta writes all, whoever exports.

    Should the addresses of more posts fit the zone of the organisation, it is that one, and a fault is noted.
    """
    zones = load_zone("America/Los_Angeles"), source.options.zone
    fitting: Counter[tzinfo] = Counter()
    for row in rows:
        made = find_post_time(row.get_text("permalink"))
        if made is None:
            continue
        for zone in zones:
            with suppress(TimeUnreadable):
                stated = read_time(row.get("time"), zone, zone, source.date_order).time
                fitting[zone] += abs(stated - made) <= _NEAR
    if fitting[zones[1]] <= fitting[zones[0]]:
        return zones[0]
    source.note_once("zone_unusual")
    return zones[1]


def make_facebook_messages(row: TableRow, source: SourceReading) -> Iterator[Message]:
    """Yield the message of one row of the table of Facebook posts from Meta Business Suite."""
    media = row.translate("media")
    if media == "story":
        source.skip("story")
        return
    yield source.keep(
        row=row.line,
        id=row.require_id(),
        account=source.name_account(row.get_text("account"), row.get_text("account_id")),
        time=row.get_time(),
        kind="repost" if row.get_text("is_share") in ("1", "true", "True") else "own_post",
        text=join_texts(row.get_text("text"), row.get_text("description")),
        media=() if media in (None, "text") else (media,),
        counts=row.get_counts("reactions", "comments", "shares", "views"),
        permalink=row.get_text("permalink"),
    )


def make_instagram_messages(row: TableRow, source: SourceReading) -> Iterator[Message]:
    """Yield the message of one row of the table of Instagram posts from Meta Business Suite."""
    media = row.translate("media")
    if media == "story":
        source.skip("story")
        return
    names = row.get_text("account"), row.get_text("account_id")
    # A post together with another account stands in the table of both, under the name of the one that wrote it.
    if source.list_own_names() and not source.is_own(*names):
        source.skip("other_account")
        return
    yield source.keep(
        row=row.line,
        id=row.require_id(),
        account=source.name_account(*names),
        time=row.get_time(),
        kind="own_post",
        text=row.get_text("text"),
        media=() if media is None else (media,),
        counts=row.get_counts("reactions", "comments", "shares", "saves", "views"),
        permalink=row.get_text("permalink"),
    )


TABLES: Final = {
    "facebook-posts": TableFormat(
        "facebook",
        ("own_posts", "reposts", "texts", "media", "time_of_day", "reactions", "comments", "shares", "views"),
        make_facebook_messages,
        choose_zone,
    ),
    "instagram-posts": TableFormat(
        "instagram",
        ("own_posts", "texts", "media", "time_of_day", "reactions", "comments", "shares", "views"),
        make_instagram_messages,
        choose_zone,
    ),
}
