"""The common form of the messages of all platforms."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal

import msgspec

Precision = Literal["second", "minute", "day"]
Kind = Literal["own_post", "public_reply", "private_reply", "repost", "received"]
Platform = Literal[
    "facebook",
    "instagram",
    "x",
    "youtube",
    "mastodon",
    "tiktok",
    "linkedin",
    "telegram",
    "whatsapp",
    "bluesky",
    "threads",
    "whatsapp_channel",
    "google_reviews",
    "decidim",
    "press_room",
    "log",
]

NO_COUNTS: Final[Mapping[str, int]] = MappingProxyType({})


class Origin(msgspec.Struct, frozen=True, order=True):
    """Place of a message in the files: the source and the row from which it was read.

    ``source`` is the index of the file among the files that were read. ``row`` is the line of a text file, the row of a
    sheet, or the JSON Pointer of a member.
    """

    source: int
    row: int | str


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """Message that the organisation published, sent or received, in the form common to all platforms.

    - ``thread``: id of the first message of the conversation; None if the message belongs to no conversation, or the
      source does not contain it.
    - ``parent``: id of the message that it answers, if the source states it; the table derives ``thread`` from it.
    - ``time``: time in UTC, with time zone. With the precision "day" it is the start of that day in the time zone of
      the organisation, with "minute" the start of that minute.
    - ``kind``: a reply to an own post, as in a series of posts, is an own post with a ``thread``.
    - ``media``: kinds of attached media, sorted: photo, video, audio, live, poll, link, document, quote, story …
    - ``alternative_texts``: text of each photo and video, None for a photo or video without one; None instead of the
      list if the source does not contain them.
    - ``counts``: the known counts of the platform: reactions, comments, shares, views …
    - ``private``: True if only sender and receiver could read the message.
    - ``edited``: time of the last change of the text. ``deleted``: True if the platform says that the message was
      deleted.
    - ``language``: the BCP 47 tag that the platform states.
    """

    platform: str
    account: str
    id: str
    time: datetime
    precision: Precision
    kind: Kind
    origin: Origin
    text: str = ""
    thread: str | None = None
    parent: str | None = None
    media: tuple[str, ...] = ()
    alternative_texts: tuple[str | None, ...] | None = None
    counts: Mapping[str, int] = NO_COUNTS
    permalink: str | None = None
    private: bool = False
    edited: datetime | None = None
    deleted: bool = False
    language: str | None = None
