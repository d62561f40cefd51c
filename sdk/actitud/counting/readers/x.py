"""X: the archive of an account (``tweets.js``), and the tables of its analytics, the old one and the new one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Final

from actitud.counting.made_ids import hide_name
from actitud.counting.messages import Message
from actitud.counting.readers.json_streams import JsonObject, dig, dig_counts, dig_list, dig_text, iterate_items
from actitud.counting.readers.tables import TableFormat, TableRow, find_link
from actitud.counting.source_reading import ArchiveOwner, RowRefused, SourceReading

_FIRST_SNOWFLAKE: Final = 29_700_859_247
_SNOWFLAKE_EPOCH: Final = datetime(2010, 11, 4, 1, 42, 54, 657_000, UTC)
_HANDLE: Final = re.compile(r"(?:x|twitter)\.com/(?!i/)(\w{1,20})/status")
_SCRIPT: Final = re.compile(r"\s*window\.YTD\.(?P<part>\w+)\.part\d+\s*=\s*\[(?P<rest>.*)", re.DOTALL)
_NOT_JSON: Final = re.compile(r"\s*\{\s*(?:\w+\s*:|')")
_MEDIA: Final = {"photo": "photo", "video": "video", "animated_gif": "video"}


def find_snowflake_time(identity: str) -> datetime | None:
    """Return the time contained in an id of X; None for an id from before November 2010, and for any other text."""
    if not identity.isdecimal() or len(identity) > 19 or int(identity) < _FIRST_SNOWFLAKE:
        return None
    return _SNOWFLAKE_EPOCH + timedelta(milliseconds=int(identity) >> 22)


def find_archive_part(head: str) -> str | None:
    """Return the part of an archive of X that a script contains, such as "tweets"; None for any other text."""
    found = _SCRIPT.match(head)
    return found["part"] if found else None


def is_json_script(head: str) -> bool:
    """Return True if a script of an archive of X assigns a value in JSON.

    ``head``: the first characters of the script, such as ``window.YTD.tweets.part0 = [ …``. Return False for any other
    text, and if only JavaScript can read the value, because names of members have no quotes.
    """
    found = _SCRIPT.match(head)
    return found is not None and not _NOT_JSON.match(found["rest"])


def read_account(source: SourceReading) -> ArchiveOwner:
    """Return the account of an archive of X, read from its ``account.js``.

    Raises:
        FileRefused: if the file breaks off or is no JSON.
    """
    for _, entry in iterate_items(source, "item", is_script=True):
        return ArchiveOwner(dig_text(entry, "account", "accountId"), dig_text(entry, "account", "username"))
    return ArchiveOwner()


def read_archive(source: SourceReading, owner: ArchiveOwner, *, is_deleted: bool) -> Iterator[Message]:
    """Yield the messages in a part of an archive of X.

    ``owner``: id and name of the account from the archive's ``account.js``, "" if that file is missing. ``is_deleted``:
    True for the part with deleted posts.
    """
    identity, name = owner.identity, owner.name
    if not name:
        names = [account.name for account in source.options.accounts if account.platform == "x"]
        name = names[0] if len(names) == 1 else ""
    source.account = source.name_account(name, identity)
    source.tells.update(
        ("own_posts", "public_replies", "reposts", "threads", "texts", "media", "time_of_day", "reactions", "shares")
    )
    for pointer, entry in iterate_items(source, "item", is_script=True):
        tweet = dig(entry, "tweet") if "tweet" in entry else entry
        if not isinstance(tweet, dict):
            source.refuse("object_expected", pointer, "tweet")
            continue
        with suppress(RowRefused):
            yield _make_tweet(source, pointer, tweet, identity, is_deleted)


def _make_tweet(source: SourceReading, pointer: str, tweet: JsonObject, owner: str, is_deleted: bool) -> Message:
    identity = source.require(dig_text(tweet, "id_str") or dig_text(tweet, "id"), pointer, "id_str")
    time = source.read_time(dig_text(tweet, "created_at"), pointer, "created_at")
    text = unescape(dig_text(tweet, "full_text") or dig_text(tweet, "text"))
    parent = dig_text(tweet, "in_reply_to_status_id_str") or dig_text(tweet, "in_reply_to_status_id") or None
    person = dig_text(tweet, "in_reply_to_user_id_str") or dig_text(tweet, "in_reply_to_user_id")
    handle = dig_text(tweet, "in_reply_to_screen_name")
    answers_itself = bool(owner and person == owner) or bool(
        source.account and source.name_account(handle) == source.account
    )
    is_reply = bool(parent or person)
    attached = dig_list(tweet, "extended_entities", "media") or dig_list(tweet, "entities", "media")
    media = [_MEDIA.get(dig_text(each, "type"), "photo") for each in attached]
    links = [dig_text(each, "expanded_url") for each in dig_list(tweet, "entities", "urls")]
    if any(_HANDLE.search(link) for link in links):
        media.append("quote")
    elif links:
        media.append("link")
    return source.keep(
        row=pointer,
        id=identity,
        time=time,
        kind="repost" if text.startswith("RT @") else "public_reply" if is_reply and not answers_itself else "own_post",
        text=text,
        parent=parent,
        media=media,
        counts=dig_counts(tweet, {"favorite_count": "reactions", "retweet_count": "shares"}),
        permalink=f"https://x.com/{source.account or 'i'}/status/{identity}",
        deleted=is_deleted,
        language=dig_text(tweet, "lang") or None,
    )


def read_direct_messages(source: SourceReading, owner: ArchiveOwner) -> Iterator[Message]:
    """Yield the private messages in an archive of X.

    Raises:
        FileRefused: if it is not known which participant is the organisation.
    """
    identity, name = owner.identity, owner.name
    if not identity:
        raise source.fail("own_name_unknown")
    source.account = source.name_account(name)
    source.tells.update(("private_replies", "received_private", "threads", "texts", "media", "time_of_day"))
    for pointer, entry in iterate_items(source, "item", is_script=True):
        conversation = dig(entry, "dmConversation")
        for number, event in enumerate(dig_list(conversation, "messages")):
            message = dig(event, "messageCreate")
            place = f"{pointer}/dmConversation/messages/{number}"
            if not isinstance(message, dict):
                source.skip("service_message")
                continue
            with suppress(RowRefused):
                yield source.keep(
                    row=place,
                    # Ids of messages and posts are of one sequence.
                    id=dig_text(message, "id") or f"dm-{place}",
                    time=source.read_time(dig_text(message, "createdAt"), place, "messageCreate/createdAt"),
                    kind="private_reply" if dig_text(message, "senderId") == identity else "received",
                    text=unescape(dig_text(message, "text")),
                    thread="dm-" + hide_name(dig_text(conversation, "conversationId")),
                    media=("photo",) if dig_list(message, "mediaUrls") else (),
                    private=True,
                )


def make_table_messages(row: TableRow, source: SourceReading) -> Iterator[Message]:
    """Yield the message of one row of the analytics of X. A post that begins with a handle counts as a reply."""
    identity = row.require_id().strip("'\"")
    permalink = row.get_text("permalink")
    text = row.get_text("text")
    yield source.keep(
        row=row.line,
        id=identity,
        account=source.name_account(find_link(permalink, _HANDLE) or ""),
        time=row.get_dated_time(find_snowflake_time(identity)),
        kind="public_reply" if text.startswith("@") else "repost" if text.startswith("RT @") else "own_post",
        text=text,
        counts=row.get_counts("reactions", "comments", "shares", "views"),
        permalink=permalink,
    )


TABLES: Final = dict.fromkeys(
    ("x-posts", "x-tweets"),
    TableFormat(
        "x",
        ("own_posts", "texts", "time_of_day", "reactions", "comments", "shares", "views"),
        make_table_messages,
    ),
)
