"""Meta Business Suite: the tables of posts of Facebook and Instagram, in Spanish or English."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from actitud.counting.messages import Message
from actitud.counting.readers.tables import TableFormat, TableRow, join_texts
from actitud.counting.source_reading import SourceReading


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
    ),
    "instagram-posts": TableFormat(
        "instagram",
        ("own_posts", "texts", "media", "time_of_day", "reactions", "comments", "shares", "views"),
        make_instagram_messages,
    ),
}
