"""Detect the format of a file by its content, and choose its reader."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple

from actitud.counting.export_files import ExportFile, hide_names
from actitud.counting.header_tables import LOG_FORMAT
from actitud.counting.messages import Message
from actitud.counting.options import LogMapping, ReadingOptions
from actitud.counting.readers import (
    linkedin,
    mastodon,
    message_log,
    meta,
    meta_archive,
    press_room,
    telegram,
    tiktok,
    whatsapp,
    x,
    youtube,
)
from actitud.counting.readers.tables import TableFormat, TableFound, find_table, read_table
from actitud.counting.source_reading import ArchiveOwner, SourceReading
from actitud.counting.windows import load_zone

TABLES: Final[Mapping[str, TableFormat]] = {
    **meta.TABLES,
    **x.TABLES,
    **youtube.TABLES,
    **tiktok.TABLES,
    **linkedin.TABLES,
}


class Detected(NamedTuple):
    """Detected format of an export file, and the function that reads it.

    ``role``: "message" for a file with messages; "account" or "conversation" for a file that also identifies the
    account of the other files in its archive.
    """

    platform: str
    format: str
    read: Callable[[SourceReading, ArchiveOwner], Iterator[Message]]
    role: str = "message"


def detect_format(file: ExportFile, options: ReadingOptions) -> Detected | None:
    """Detect the format of an export file; return it with the function that reads the file, None if it is unknown."""
    if file.kind == "workbook":
        return _detect_table(file, options)
    head = file.read_head()
    start = head.lstrip()
    if part := x.find_archive_part(head):
        return _detect_archive_part(part, head)
    # Before JSON: the lines of iOS begin with a bracket too.
    if whatsapp.is_chat(head):
        return Detected("whatsapp", "whatsapp-chat", whatsapp.read_chat, "conversation")
    if start.startswith(("{", "[")):
        return _detect_json(file, head, options)
    if start.startswith("<"):
        return (
            Detected("press_room", "feed", _ignore_owner(press_room.read_xml_feed))
            if press_room.is_xml_feed(head)
            else None
        )
    return _detect_table(file, options)


def _detect_archive_part(part: str, head: str) -> Detected | None:
    if part == "account":
        return Detected("x", "x-account", _read_nothing, "account")
    readers: Mapping[str, Callable[[SourceReading, ArchiveOwner], Iterator[Message]]] = {
        "tweet": lambda source, owner: x.read_archive(source, owner, is_deleted=False),
        "tweets": lambda source, owner: x.read_archive(source, owner, is_deleted=False),
        "deleted_tweets": lambda source, owner: x.read_archive(source, owner, is_deleted=True),
        "direct_messages": x.read_direct_messages,
    }
    if part not in readers:
        return None
    if not x.is_json_script(head):
        return Detected("x", "x-archive", _refuse_script)
    return Detected("x", "x-direct-messages" if part == "direct_messages" else "x-archive", readers[part])


def _read_nothing(source: SourceReading, owner: ArchiveOwner) -> Iterator[Message]:
    return iter(())


def _refuse_script(source: SourceReading, owner: ArchiveOwner) -> Iterator[Message]:
    raise source.fail("script_not_json")


def _detect_json(file: ExportFile, head: str, options: ReadingOptions) -> Detected | None:
    if mapping := message_log.find_lines(head, options.mappings):
        return Detected(
            mapping.platform,
            "log-lines",
            lambda source, owner: message_log.read_lines(_apply(mapping, source), mapping),
        )
    if mastodon.is_outbox(head):
        return Detected("mastodon", "mastodon-outbox", mastodon.read_outbox)
    if mastodon.is_actor(head):
        return Detected("mastodon", "mastodon-actor", _read_nothing, "account")
    if press_room.is_json_feed(head):
        return Detected("press_room", "json-feed", _ignore_owner(press_room.read_json_feed))
    if telegram.is_export(head):
        return Detected("telegram", "telegram-export", _ignore_owner(telegram.read_export))
    if part := meta_archive.find_part(head):
        return _detect_download(file, *part)
    if tiktok.is_download(head):
        return Detected("tiktok", "tiktok-download", _ignore_owner(tiktok.read_download))
    return None


def _detect_download(file: ExportFile, platform: str, part: str) -> Detected:
    readers = {
        "facebook-posts": meta_archive.read_facebook_posts,
        "facebook-comments": meta_archive.read_facebook_comments,
        "instagram-posts": meta_archive.read_instagram_posts,
        "instagram-comments": meta_archive.read_instagram_comments,
    }
    if part != "messages":
        return Detected(platform, f"{part}-download", _ignore_owner(readers[part]))
    return Detected(
        _name_download_platform(file),
        "meta-conversation",
        meta_archive.read_conversation,
        "conversation",
    )


def _name_download_platform(file: ExportFile) -> str:
    """Return the platform of a conversation: Facebook and Instagram write one format under other names."""
    # The last name in the path: a folder may have the downloads of both.
    place = hide_names(f"{file.root.as_posix()}/{file.name}").casefold()
    named = max(("facebook", "instagram"), key=place.rfind)
    return named if named in place or '"instagram' not in file.read_head().casefold() else "instagram"


def _detect_table(file: ExportFile, options: ReadingOptions) -> Detected | None:
    largest = options.limits.whole_bytes
    for mapping in options.mappings:
        if mapped := message_log.find_mapped_table(file, mapping, largest):
            return Detected(mapping.platform, LOG_FORMAT, _read_log(mapped, mapping))
    found = find_table(file, largest)
    if found is None:
        return None
    table = found.match.table
    if table.format == LOG_FORMAT:
        return Detected("log", table.format, _read_log(found, None))
    known = TABLES[table.format]
    return Detected(table.platform, table.format, lambda source, owner: read_table(found, known, source))


def _read_log(
    found: TableFound, mapping: LogMapping | None
) -> Callable[[SourceReading, ArchiveOwner], Iterator[Message]]:
    def read(source: SourceReading, owner: ArchiveOwner) -> Iterator[Message]:
        yield from read_table(found, message_log.make_table(mapping), _apply(mapping, source))
        if mapping:
            message_log.note_own_authors(source, mapping)

    return read


def _apply(mapping: LogMapping | None, source: SourceReading) -> SourceReading:
    """Set the account, date order and time zone of a file that its mapping names."""
    if mapping:
        source.account = mapping.account
        source.date_order = mapping.date_order or source.date_order
        if mapping.time_zone:
            source.zone = load_zone(mapping.time_zone)
    return source


def _ignore_owner(
    read: Callable[[SourceReading], Iterator[Message]],
) -> Callable[[SourceReading, ArchiveOwner], Iterator[Message]]:
    return lambda source, owner: read(source)
