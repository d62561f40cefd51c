"""Sources: the files that were read, with the kinds of data in each of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal

import msgspec

Tell = Literal[
    "own_posts",
    "public_replies",
    "private_replies",
    "reposts",
    "received_public",
    "received_private",
    "threads",
    "texts",
    "media",
    "alternative_texts",
    "time_of_day",
    "reactions",
    "comments",
    "shares",
    "views",
]
"""What a source may be able to tell. What no source can tell leaves an answer unknown, never 0."""


class HeaderSighting(msgspec.Struct, frozen=True):
    """Known headers by which a file was read: their language, and when and where they were last seen."""

    language: str
    date: date
    seen: str


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """Time that a file covers: times of its first and last message, and the days that the file itself states.

    The times are None for a file without messages, the days for a file that states none.
    """

    first: datetime | None = None
    last: datetime | None = None
    stated_first: date | None = None
    stated_last: date | None = None


class RowNumbers(msgspec.Struct, frozen=True, kw_only=True):
    """Numbers of rows of a file: ``read`` = ``taken`` + ``refused`` + the sum of ``skipped``.

    Each refused row has a fault. ``skipped`` has the number of rows that are no countable messages, by reason: total,
    story …
    """

    read: int = 0
    taken: int = 0
    refused: int = 0
    skipped: Mapping[str, int] = msgspec.field(default_factory=dict)


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """Source of messages: a file, or a member of an archive, that was read.

    - ``index``: number by which messages refer to the source; it does not depend on the order of the files.
    - ``file``: the name without the folder; for a member, the name of the archive, a colon, and the name in it. Names
      of conversations, which are names of persons, are cut.
    - ``account``: account to which the file belongs, "" if neither the file nor the caller names one.
    - ``tells``: kinds of data in the file, sorted.
    - ``headers``: the known column headers by which a table was read, None for other files.
    """

    index: int
    file: str
    sha256: str
    bytes: int
    platform: str
    format: str
    account: str
    tells: tuple[Tell, ...]
    rows: RowNumbers = RowNumbers()
    period: Period = Period()
    headers: HeaderSighting | None = None
