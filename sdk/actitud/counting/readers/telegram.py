"""Telegram: ``result.json`` of Telegram Desktop, of one chat or channel or of all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from actitud.counting.made_ids import hide_name
from actitud.counting.messages import Kind, Message
from actitud.counting.options import normalise_account
from actitud.counting.readers.json_streams import (
    JsonObject,
    dig,
    dig_text,
    iterate_children,
    iterate_items,
    read_scalars,
)
from actitud.counting.source_reading import RowRefused, SourceReading

_CHAT_TYPES: Final = re.compile(
    r'"type"\s*:\s*"(personal_chat|private_chat|bot_chat|private_group|private_supergroup|public_supergroup'
    r'|private_channel|public_channel|saved_messages)"'
)
_WHOLE: Final = re.compile(r'\s*\{\s*"about"\s*:')
"""Beginning of an export of all chats; that of one chat begins with its name."""
_MEDIA: Final = {
    "video_file": "video",
    "animation": "video",
    "video_message": "video",
    "voice_message": "audio",
    "audio_file": "audio",
    "sticker": "sticker",
}


def is_export(head: str) -> bool:
    """Return True if a file, whose beginning is `head`, is an export of Telegram Desktop."""
    # Hundreds of contacts stand before the first chat of an export of all.
    return _CHAT_TYPES.search(head) is not None or (_WHOLE.match(head) is not None and '"contacts"' in head)


def read_export(source: SourceReading) -> Iterator[Message]:
    """Yield the messages of an export of Telegram Desktop."""
    if _WHOLE.match(source.file.read_head()):
        for pointer, chat, item in iterate_children(source, "chats.list.item", "messages"):
            yield from _read_message(source, pointer, item, chat)
        return
    chat = read_scalars(source, ("name", "type", "id"), before="messages")
    for pointer, item in iterate_items(source, "messages.item"):
        yield from _read_message(source, pointer, item, chat)


def _read_message(source: SourceReading, pointer: str, item: JsonObject, chat: JsonObject) -> Iterator[Message]:
    if dig_text(item, "type") != "message":
        source.skip("service_message")
        return
    if dig_text(chat, "type") == "saved_messages":
        source.skip("saved_message")
        return
    try:
        identity = source.require(dig_text(item, "id"), pointer, "id")
        stamp = dig_text(item, "date_unixtime")
        time = source.read_time(stamp or dig_text(item, "date"), pointer, "date_unixtime" if stamp else "date")
        changed = dig_text(item, "edited_unixtime") or dig_text(item, "edited")
        edited = source.read_edit(changed, pointer, "edited", time.time)
    except RowRefused:
        return
    kind, is_private = _find_kind(source, item, chat)
    number = hide_name(f"{dig_text(chat, 'type')}/{dig_text(chat, 'id')}")
    parent = dig_text(item, "reply_to_message_id")
    is_person = dig_text(chat, "type") in ("personal_chat", "private_chat", "bot_chat")
    yield source.keep(
        row=pointer,
        id=f"{number}-{identity}",
        time=time,
        kind=kind,
        text=_join_text(dig(item, "text")),
        thread=number if is_person else None,
        parent=f"{number}-{parent}" if parent else None,
        media=_list_media(item),
        private=is_private,
        edited=edited,
    )


def _find_kind(source: SourceReading, item: JsonObject, chat: JsonObject) -> tuple[Kind, bool]:
    """Return the kind of a message, and True if it is private. What an account can tell depends on the chat."""
    chat_type, chat_name = dig_text(chat, "type"), dig_text(chat, "name")
    author, author_id = dig_text(item, "from"), dig_text(item, "from_id")
    if chat_type.endswith("channel"):
        source.tells.update(("own_posts", "reposts", "texts", "media", "time_of_day"))
        if chat_name:
            source.set_account(chat_name, dig_text(chat, "id"))
        return ("repost" if dig_text(item, "forwarded_from") else "own_post"), False
    source.tells.update(("threads", "texts", "media", "time_of_day"))
    if chat_type in ("personal_chat", "private_chat", "bot_chat"):
        source.tells.update(("private_replies", "received_private"))
        # The chat is called by the name of the other.
        is_other = author_id == f"user{dig_text(chat, 'id')}" or (
            normalise_account(author) == normalise_account(chat_name) and not source.is_own(author)
        )
        return ("received" if is_other else "private_reply"), True
    is_public = chat_type == "public_supergroup"
    source.tells.update(("public_replies", "received_public") if is_public else ("private_replies", "received_private"))
    is_own = author_id.startswith("channel") or source.is_own(author)
    if not is_own:
        return "received", not is_public
    if is_public and not dig_text(item, "reply_to_message_id"):
        source.tells.add("own_posts")
        return "own_post", False
    return ("public_reply", False) if is_public else ("private_reply", True)


def _join_text(value: Any) -> str:
    """Return a text that may be given in parts, some of which are links or bold."""
    if isinstance(value, list):
        return "".join(part if isinstance(part, str) else dig_text(part, "text") for part in value)
    return value if isinstance(value, str) else ""


def _list_media(item: JsonObject) -> list[str]:
    kinds = []
    if item.get("photo"):
        kinds.append("photo")
    if item.get("poll"):
        kinds.append("poll")
    if item.get("media_type") or item.get("file"):
        kinds.append(_MEDIA.get(dig_text(item, "media_type"), "document"))
    return kinds
