"""What the person who counts says about the files: accounts, time zone, the order of dates, and columns of a log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from actitud.counting.export_files import Limits
from actitud.counting.messages import Kind
from actitud.counting.times import DateOrder

LogField = Literal[
    "id",
    "thread",
    "parent",
    "time",
    "date",
    "clock",
    "kind",
    "author",
    "text",
    "media",
    "alternative_text",
    "permalink",
    "account",
    "platform",
    "private",
    "language",
    "edited",
    "reactions",
    "comments",
    "shares",
    "views",
]
"""Fields of a message that a column of a log can have. ``date`` and ``clock`` are two columns for the time."""


class OwnAccount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An account of the organisation: its platform, the name it goes by, and the others that files give it."""

    platform: str
    name: str
    aliases: tuple[str, ...] = ()


class LogMapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where the fields of messages stand in a table of a help desk, or in its JSON Lines.

    - ``columns``: by the field, the header of its column, or the dotted path of a member.
    - ``kinds``: by the word in the column ``kind``, the kind of message.
    - ``own_authors``: words in the column ``author`` that stand for the organisation; all others are received.
    - ``private``: True for a log of private messages only.
    - ``platform``, ``account``: for a log without a column of them.
    """

    columns: Mapping[LogField, str]
    kinds: Mapping[str, Kind] = {}
    own_authors: tuple[str, ...] = ()
    private: bool = False
    platform: str = "log"
    account: str = ""
    date_order: DateOrder | None = None
    time_zone: str | None = None


class MappingInvalid(ValueError):
    """The file of a mapping is not one."""


class ReadingOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for all files of a reading.

    - ``zone``: of the organisation, and of times without one. ``date_order``: of dates with two readings.
    """

    zone: tzinfo
    accounts: tuple[OwnAccount, ...] = ()
    mappings: tuple[LogMapping, ...] = ()
    date_order: DateOrder | None = None
    limits: Limits = Limits()

    def find_account(self, platform: str, name: str) -> str | None:
        """Return the name of the account of the organisation that a file calls so, None if it is none of them."""
        wanted = normalise_account(name)
        for account in self.accounts:
            names = (account.name, *account.aliases)
            if account.platform == platform and wanted in map(normalise_account, names):
                return account.name
        return None


def normalise_account(name: str) -> str:
    """Return the name of an account without differences of case, white space and the sign "@" before it."""
    return " ".join(name.split()).casefold().removeprefix("@").rstrip("/")


def find_zone(name: str) -> tzinfo:
    """Return a time zone by its name of the IANA.

    Raises:
        ValueError: if there is none of that name.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError):
        raise ValueError(f"no time zone is called {name!r}") from None


def read_mapping(path: Path) -> LogMapping:
    """Read a mapping from a file of TOML or JSON.

    Raises:
        MappingInvalid: if it is not one; the message says where.
    """
    try:
        content = path.read_bytes()
        if path.suffix.lower() == ".json":
            return msgspec.json.decode(content, type=LogMapping)
        return msgspec.toml.decode(content, type=LogMapping)
    except (msgspec.MsgspecError, ValueError) as error:
        raise MappingInvalid(f"{path.name}: {error}") from None
