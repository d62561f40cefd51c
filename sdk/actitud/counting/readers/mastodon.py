"""Mastodon: ``outbox.json`` of the archive of an account."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlsplit

from actitud.counting.html_texts import extract_text
from actitud.counting.messages import Kind, Message
from actitud.counting.readers.json_streams import (
    JsonObject,
    dig,
    dig_list,
    dig_text,
    iterate_items,
    read_scalars,
)
from actitud.counting.source_reading import ArchiveOwner, RowRefused, SourceReading

_PUBLIC: Final = frozenset({"https://www.w3.org/ns/activitystreams#Public", "as:Public", "Public"})
_ACTOR: Final = re.compile(r"https?://[^/]+/(?:users/|@)(?P<name>[\w.-]+)")
_MEDIA: Final = {"image": "photo", "video": "video", "audio": "audio"}


def is_outbox(head: str) -> bool:
    """Return True if a file, whose beginning is `head`, is an outbox of ActivityPub (Mastodon)."""
    # Likes and bookmarks are such collections too: of addresses.
    return "activitystreams" in head and re.search(r'"orderedItems"\s*:\s*\[\s*[^"\s]', head) is not None


def is_actor(head: str) -> bool:
    """Return True if a file, whose beginning is `head`, describes the account of an archive (Mastodon)."""
    return "activitystreams" in head and '"preferredUsername"' in head


def read_actor(source: SourceReading) -> ArchiveOwner:
    """Return the account that ``actor.json`` describes, by its address and its name.

    Raises:
        FileRefused: if the file breaks off or is no JSON.
    """
    found = read_scalars(source, ("id", "preferredUsername"))
    return ArchiveOwner(dig_text(found, "id"), dig_text(found, "preferredUsername"))


def read_outbox(source: SourceReading, owner: ArchiveOwner) -> Iterator[Message]:
    """Yield the messages of an outbox of ActivityPub (Mastodon); ``owner`` is the account of its archive."""
    source.tells.update(
        ("own_posts", "public_replies", "reposts", "threads", "texts", "media", "alternative_texts", "time_of_day")
    )
    for pointer, activity in iterate_items(source, "orderedItems.item"):
        actor = dig_text(activity, "actor")
        source.set_account(*_list_names(actor, owner.name if actor == owner.identity else ""))
        with suppress(RowRefused):
            if message := _make_message(source, pointer, activity, actor):
                yield message


def _make_message(source: SourceReading, pointer: str, activity: JsonObject, actor: str) -> Message | None:
    kind = dig_text(activity, "type")
    if kind == "Announce":
        boosted = dig(activity, "object")
        return source.keep(
            row=pointer,
            id=dig_text(activity, "id") or f"{actor}/{pointer}",
            time=source.read_time(dig_text(activity, "published"), pointer, "published"),
            kind="repost",
            permalink=boosted if isinstance(boosted, str) else dig_text(boosted, "id") or None,
        )
    note = dig(activity, "object")
    if kind != "Create" or not isinstance(note, dict):
        source.skip("other_activity")
        return None
    identity = source.require(dig_text(note, "id"), pointer, "object/id")
    time = source.read_time(dig_text(note, "published") or dig_text(activity, "published"), pointer, "object/published")
    parent = dig_text(note, "inReplyTo") or dig_text(note, "inReplyTo", "id") or None
    kind_of_note = _find_kind(note, activity, actor, parent)
    if kind_of_note is None:
        source.skip("followers_only")
        return None
    attached = [each for each in dig_list(note, "attachment") if isinstance(each, dict)]
    kinds = [_MEDIA.get(dig_text(each, "mediaType").partition("/")[0], "document") for each in attached]
    texts = tuple(
        dig_text(each, "name").strip() or dig_text(each, "summary").strip() or None
        for each, medium in zip(attached, kinds, strict=True)
        if medium in ("photo", "video")
    )
    if dig_text(note, "type") == "Question":
        kinds.append("poll")
    warning, body = dig_text(note, "summary"), extract_text(dig_text(note, "content"))
    languages = dig(note, "contentMap")
    return source.keep(
        row=pointer,
        id=identity,
        time=time,
        kind=kind_of_note,
        text=f"{warning}\n{body}" if warning else body,
        parent=parent,
        media=kinds,
        alternative_texts=texts,
        permalink=dig_text(note, "url") or identity,
        private=kind_of_note == "private_reply",
        edited=source.read_edit(dig_text(note, "updated"), pointer, "object/updated", time.time),
        language=next(iter(languages), None) if isinstance(languages, dict) else None,
    )


def _find_kind(note: JsonObject, activity: JsonObject, actor: str, parent: str | None) -> Kind | None:
    """Return the kind of a note, None for one that only followers can read."""
    readers = {
        reader for value in (note, activity) for field in ("to", "cc") for reader in _list_addresses(dig(value, field))
    }
    if not readers & _PUBLIC:
        to_people = any(not reader.endswith("/followers") for reader in readers)
        return "private_reply" if to_people and not any(reader.endswith("/followers") for reader in readers) else None
    if parent is None or parent.startswith(actor.rstrip("/") + "/"):
        return "own_post"
    return "public_reply"


def _list_addresses(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _list_names(actor: str, known: str) -> tuple[str, ...]:
    """Return the names that an actor may be called by: with its server, alone, and its address.

    ``known``: the name that the archive says; of newer accounts the address has a number instead.
    """
    found = _ACTOR.match(actor)
    name = known or (found["name"] if found else "")
    return (f"{name}@{urlsplit(actor).hostname}", name, actor) if name else (actor,)
