"""Downloads of the own data of an account from Facebook and Instagram, as JSON: posts, comments and private messages.

Meta writes each byte of UTF-8 as a character of its own; the texts are repaired.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, Final

from actitud.counting.decoding import repair_latin
from actitud.counting.made_ids import IdMaker, hide_name
from actitud.counting.messages import Message
from actitud.counting.options import normalise_account
from actitud.counting.readers.json_streams import (
    JsonObject,
    dig,
    dig_list,
    dig_text,
    iterate_items,
    read_scalars,
)
from actitud.counting.readers.tables import join_texts
from actitud.counting.source_reading import ArchiveOwner, RowRefused, SourceReading
from actitud.counting.times import ReadTime

_VIDEOS: Final = (".mp4", ".mov", ".m4v", ".webm", ".avi")
_SOUNDS: Final = (".aac", ".m4a", ".mp3", ".wav", ".ogg")
# Names of members in the language of the account. English: exports of 2024 and later. Spanish: the list of names that
# the data donation task of a Dutch university knows, read on 2026-11-29.
_COMMENT: Final = ("Comment", "Comentario")
_OWNER: Final = ("Media Owner", "Propietario del contenido multimedia")


def find_part(head: str) -> tuple[str, str] | None:
    """Return the platform and the part of a download from Meta that a file contains, None for any other file.

    The parts are messages, facebook-posts, facebook-comments, instagram-posts and instagram-comments. The platform of
    messages is "", because both platforms write them in the same form.
    """
    start = head.lstrip()
    if '"participants"' in head and '"messages"' in head and ('"timestamp_ms"' in head or '"sender_name"' in head):
        return "", "messages"
    if re.match(r'\{\s*"comments_v2"', start):
        return "facebook", "facebook-comments"
    is_map = '"string_map_data"' in head
    if is_map and all(any(f'"{name}"' in head for name in names) for names in (_COMMENT, _OWNER)):
        return "instagram", "instagram-comments"
    if is_map and re.match(r'\{\s*"comments_(?:media|reels)_comments"', start):
        return "instagram", "instagram-comments"
    if re.match(r"\[\s*\{", start) or re.match(r'\{\s*"ig_(?:reels|igtv|stories|archived)', start):
        if '"creation_timestamp"' in head and '"uri"' in head and '"timestamp"' not in head:
            return "instagram", "instagram-posts"
        if '"timestamp"' in head and ('"attachments"' in head or '"post"' in head) and '"message"' not in head:
            return "facebook", "facebook-posts"
    return None


def list_participants(source: SourceReading) -> list[str]:
    """Return the participants of a private conversation by their names, in normalised spelling."""
    return sorted(
        {
            normalise_account(repair_latin(dig_text(person, "name")))
            for _, person in iterate_items(source, "participants.item")
        }
    )


def read_facebook_posts(source: SourceReading) -> Iterator[Message]:
    """Yield the posts in a download from Facebook."""
    source.tells.update(("own_posts", "texts", "media", "time_of_day"))
    maker = IdMaker()
    for pointer, post in iterate_items(source, "item"):
        with suppress(RowRefused):
            time = source.read_time(dig(post, "timestamp"), pointer, "timestamp")
            text = join_texts(*(_repair(each, "post") for each in dig_list(post, "data")))
            media: list[str] = []
            for attachment in dig_list(post, "attachments"):
                for each in dig_list(attachment, "data"):
                    if "media" in each:
                        media.append(_name_medium(dig_text(each, "media", "uri")))
                    elif "external_context" in each:
                        media.append("link")
                    elif "poll" in each:
                        media.append("poll")
            if not text and not media:
                source.skip("without_content")
                continue
            yield _keep_post(source, maker, pointer, time, text, media)


def read_facebook_comments(source: SourceReading) -> Iterator[Message]:
    """Yield the comments that the account wrote, in a download from Facebook."""
    source.tells.update(("public_replies", "texts", "time_of_day"))
    maker = IdMaker()
    for pointer, entry in iterate_items(source, "comments_v2.item"):
        comment = dig(entry, "data", 0, "comment")
        with suppress(RowRefused):
            time = source.read_time(
                dig(comment, "timestamp") or dig(entry, "timestamp"), pointer, "data/0/comment/timestamp"
            )
            text = _repair(comment, "comment")
            if not text and not dig_list(entry, "attachments"):
                source.skip("without_content")
                continue
            yield _keep_comment(source, maker, pointer, time, text, _repair(entry, "title"))


def read_instagram_posts(source: SourceReading) -> Iterator[Message]:
    """Yield the posts in a download from Instagram, without stories."""
    source.tells.update(("own_posts", "texts", "media", "time_of_day"))
    head = source.file.read_head().lstrip()
    found = re.match(r'\{\s*"(\w+)"', head)
    maker = IdMaker()
    for pointer, post in iterate_items(source, f"{found[1]}.item" if found else "item"):
        with suppress(RowRefused):
            media = [each for each in dig_list(post, "media") if isinstance(each, dict)] or [dict(post)]
            stamp = dig(post, "creation_timestamp") or dig(media[0], "creation_timestamp")
            time = source.read_time(stamp, pointer, "creation_timestamp")
            if found and found[1] == "ig_stories":
                source.skip("story")
                continue
            text = _repair(post, "title") or _repair(media[0], "title")
            kinds = [_name_medium(dig_text(each, "uri")) for each in media]
            yield _keep_post(source, maker, pointer, time, text, kinds)


def read_instagram_comments(source: SourceReading) -> Iterator[Message]:
    """Yield the comments that the account wrote, in a download from Instagram."""
    source.tells.update(("public_replies", "texts", "time_of_day"))
    found = re.match(r'\{\s*"(\w+)"', source.file.read_head().lstrip())
    maker = IdMaker()
    for pointer, entry in iterate_items(source, f"{found[1]}.item" if found else "item"):
        members = dig(entry, "string_map_data")
        values = list(members.values()) if isinstance(members, dict) else []
        # The names of members are in the language of the account: a time is the one that has a timestamp.
        stamps = [dig(value, "timestamp") for value in values if dig(value, "timestamp")]
        texts = [_repair(members, name, "value") for name in _COMMENT if dig(members, name) is not None]
        with suppress(RowRefused):
            time = source.read_time(stamps[0] if stamps else None, pointer, "string_map_data/Time/timestamp")
            if not texts:
                raise source.refuse("cell_missing", pointer, "string_map_data/Comment")
            owner = hide_name("".join(_repair(members, name, "value") for name in _OWNER))
            yield _keep_comment(source, maker, pointer, time, texts[0], owner)


def _keep_post(
    source: SourceReading, maker: IdMaker, row: str, time: ReadTime, text: str, media: Sequence[str]
) -> Message:
    identity = maker.make_id(time.time, "post", text)
    return source.keep(row=row, id=identity, time=time, kind="own_post", text=text, media=media)


def _keep_comment(source: SourceReading, maker: IdMaker, row: str, time: ReadTime, text: str, about: str) -> Message:
    identity = maker.make_id(time.time, "comment", text, about)
    return source.keep(row=row, id=identity, time=time, kind="public_reply", text=text)


def read_conversation(source: SourceReading, owner: ArchiveOwner) -> Iterator[Message]:
    """Yield the messages of a private conversation in a download from Facebook or Instagram.

    ``owner``: account of the organisation, as far as the conversations of the download show it.

    Raises:
        FileRefused: if it is not known which participant is the organisation.
    """
    own = set(source.list_own_names()) | ({owner.name} if owner.name else set())
    participants = set(list_participants(source))
    if not own & participants:
        raise source.fail("own_name_unknown")
    source.tells.update(("private_replies", "received_private", "threads", "texts", "media", "time_of_day"))
    path = read_scalars(source, ("thread_path",)).get("thread_path")
    thread = "dm-" + hide_name(str(path or "") or "\0".join(sorted(participants - own)))
    maker = IdMaker()
    for pointer, message in iterate_items(source, "messages.item"):
        with suppress(RowRefused):
            sender = normalise_account(_repair(message, "sender_name"))
            time = source.read_time(dig(message, "timestamp_ms"), pointer, "timestamp_ms")
            text = _repair(message, "content")
            media = _list_media(message)
            is_unsent = dig(message, "is_unsent") is True
            if not text and not media and not is_unsent:
                source.skip("without_content")
                continue
            yield source.keep(
                row=pointer,
                id=maker.make_id(time.time, thread, hide_name(sender), text, str(dig(message, "timestamp_ms"))),
                time=time,
                kind="private_reply" if sender in own else "received",
                text=text,
                thread=thread,
                media=media,
                private=True,
                deleted=is_unsent,
            )


def _list_media(message: JsonObject) -> list[str]:
    kinds = {"photos": "photo", "videos": "video", "audio_files": "audio", "files": "document", "share": "link"}
    return [kind for member, kind in kinds.items() if message.get(member)]


def _name_medium(uri: str) -> str:
    lowered = uri.lower()
    if lowered.endswith(_VIDEOS):
        return "video"
    return "audio" if lowered.endswith(_SOUNDS) else "photo"


def _repair(value: Any, *path: str | int) -> str:
    return repair_latin(dig_text(value, *path))
