"""Options for reading the files of a count: accounts, time zone, the order of dates, and columns of a log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from pathlib import Path
from typing import Literal

import msgspec

from actitud.counting.definitions import TextPair
from actitud.counting.export_files import Limits
from actitud.counting.messages import Kind
from actitud.counting.networks import NETWORKS, identify_network
from actitud.counting.times import DateOrder
from actitud.counting.windows import UnknownTimeZone, load_zone

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
    """Account of the organisation: its platform, its name, and other names of it in files."""

    platform: str
    name: str
    aliases: tuple[str, ...] = ()


class LogMapping(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Mapping of a message log, such as the table of a help desk: the columns with the fields of messages.

    - ``columns``: header of the column of each field or, in JSON Lines, the dotted path of its member.
    - ``kinds``: kind of message by the word in the column ``kind``.
    - ``own_authors``: words in the column ``author`` that stand for the organisation; messages of all others are
      received.
    - ``private``: True for a log of private messages only.
    - ``platform``, ``account``: platform and account of all messages of a log without such columns.
    - ``date_order``: order of day and month in ambiguous dates. ``time_zone``: name of the zone of times that name
      none. None for those of the :class:`ReadingOptions`.
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
    """Raised by `read_mapping` if a file is not a valid mapping of a message log; ``detail`` is the reason."""

    def __init__(self, file: str, detail: TextPair) -> None:
        super().__init__(f"{file}: {detail.en}")
        self.detail: TextPair = TextPair(f"{file}: {detail.es}", f"{file}: {detail.en}")


class ReadingOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Options for reading the export files of a count.

    - ``zone``: time zone of the organisation, and of times that name no zone.
    - ``accounts``: accounts of the organisation. ``mappings``: columns of its message logs.
    - ``date_order``: order of day and month in ambiguous dates; None refuses such a date if no other date of its file
      shows the order.
    - ``limits``: limits of the size of the files.
    """

    zone: tzinfo
    accounts: tuple[OwnAccount, ...] = ()
    mappings: tuple[LogMapping, ...] = ()
    date_order: DateOrder | None = None
    limits: Limits = Limits()

    def find_account(self, platform: str, name: str) -> str | None:
        """Return the organisation's account that a file names by its name or an alias, None if there is none."""
        wanted = normalise_account(name)
        for account in self.accounts:
            names = (account.name, *account.aliases)
            if account.platform == platform and wanted in map(normalise_account, names):
                return account.name
        return None


def normalise_account(name: str) -> str:
    """Return the name of an account without differences of case, white space and the sign "@" before it."""
    return " ".join(name.split()).casefold().removeprefix("@").rstrip("/")


def read_mapping(path: Path) -> LogMapping:
    """Return the mapping of a message log that a TOML or JSON file contains.

    Raises:
        MappingInvalid: if the file is not a valid mapping, or names an unknown time zone or a misspelt network.
        OSError: if the file cannot be read.
    """
    try:
        content = path.read_bytes()
        decode = msgspec.json.decode if path.suffix.lower() == ".json" else msgspec.toml.decode
        mapping = decode(content, type=LogMapping)
    except (msgspec.MsgspecError, ValueError) as error:
        detail = TextPair(
            f"no describe las columnas de un registro de mensajes ({error})",
            f"it does not describe the columns of a message log ({error})",
        )
        raise MappingInvalid(path.name, detail) from None
    network = identify_network(mapping.platform)
    if network.likely is not None:
        raise MappingInvalid(path.name, describe_misspelt_network(network.name, network.likely))
    if mapping.time_zone is not None:
        try:
            load_zone(mapping.time_zone)
        except UnknownTimeZone:
            detail = TextPair(
                f"no hay ninguna zona horaria «{mapping.time_zone}»; una es Europe/Madrid",
                f"there is no time zone “{mapping.time_zone}”; one is Europe/Madrid",
            )
            raise MappingInvalid(path.name, detail) from None
    return msgspec.structs.replace(mapping, platform=network.name)


def describe_misspelt_network(name: str, likely: str) -> TextPair:
    """Return a sentence about the name of a network that looks misspelt, with the names that are known."""
    known = ", ".join(NETWORKS)
    return TextPair(
        f"no hay ninguna red «{name}»; ¿quiso decir {likely}? Se conocen: {known}",
        f"there is no network “{name}”; did you mean {likely}? Known are: {known}",
    )
