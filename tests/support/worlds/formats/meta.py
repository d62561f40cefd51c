"""Facebook and Instagram: exports of Meta Business Suite, and "download your information"."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests.support.worlds import headers
from tests.support.worlds.formats.delivery import Delivery
from tests.support.worlds.identifiers import to_utc_seconds
from tests.support.worlds.model import Entry

PACIFIC = ZoneInfo("America/Los_Angeles")
ENDINGS = {"photo": "jpg", "video": "mp4", "live": "mp4"}


def _format_us_time(entry: Entry) -> str:
    """Return month/day/year and the minute in Los Angeles, in whatever language, without an offset."""
    return f"{entry.time.astimezone(PACIFIC):%m/%d/%Y %H:%M}"


def _name_report(delivery: Delivery, number: int) -> str:
    times = sorted(entry.time for portion in delivery.portions for entry in portion.entries)
    first, last = (f"{delivery.to_local(time):%b-%d-%Y}" for time in (times[0], times[-1]))
    return f"{first}_{last}_{number}.csv"


def write_facebook_business(delivery: Delivery, language: str) -> list[Path]:
    """Write the posts of all pages in one table, captions as titles, shares of others among them."""
    types = headers.FACEBOOK_TYPES[language]
    width = len(headers.FACEBOOK_BUSINESS[language])
    rows = []
    for page, entry in sorted(
        (
            (portion.account, entry)
            for portion in delivery.portions
            for entry in portion.kept
            if entry.kind in {"own_post", "repost"}
        ),
        key=lambda pair: pair[1].time,
    ):
        kind = entry.media[0].kind if entry.media else "text"
        is_video = kind in {"video", "live"}
        total = entry.reactions + entry.comments + entry.shares
        row: list[object] = [
            entry.id,
            page.id,
            page.name,
            entry.text.splitlines()[0] if is_video else entry.text,
            entry.text if is_video else "",
            delivery.random.randint(9, 900) if is_video else 0,
            _format_us_time(entry),
            "N/A",
            entry.permalink,
            0,
            int(entry.role == "repost"),
            types[kind],
            "",
            "",
            "",
            "",
            "Lifetime" if language == "en" else "Total",
            entry.views,
            entry.views // 2,
            total,
            entry.reactions,
            entry.comments,
            entry.shares,
            entry.views // 30,
            entry.views // 60,
            "",
        ]
        rows.append(row[:width])
    name = _name_report(delivery, delivery.random.randrange(10**14, 10**15))
    return [delivery.write_csv(name, headers.FACEBOOK_BUSINESS[language], delivery.order(rows), bom=True)]


def write_instagram_business(delivery: Delivery, language: str) -> list[Path]:
    types = headers.INSTAGRAM_TYPES[language]
    rows = []
    for portion in delivery.portions:
        for entry in portion.posts:
            kind = entry.media[0].kind
            rows.append(
                [
                    entry.id,
                    portion.account.id,
                    portion.account.handle,
                    portion.account.name,
                    entry.text,
                    delivery.random.randint(5, 90) if kind == "video" else 0,
                    _format_us_time(entry),
                    entry.permalink,
                    types["carousel" if len(entry.media) > 1 else kind],
                    "",
                    "Lifetime" if language == "en" else "Total",
                    entry.views,
                    entry.views // 2,
                    entry.reactions,
                    entry.shares,
                    delivery.random.choice((0, 1, "")),
                    entry.comments,
                    entry.views % 10,
                ]
            )
    name = _name_report(delivery, delivery.random.randrange(10**14, 10**15))
    return [delivery.write_csv(name, headers.INSTAGRAM_BUSINESS[language], delivery.order(rows), bom=True)]


def break_letters(value: Any) -> Any:
    """Return texts as these downloads have them: the bytes of UTF-8, each written as a character of its own."""
    match value:
        case str():
            return value.encode().decode("latin-1")
        case dict():
            return {key: break_letters(member) for key, member in value.items()}
        case list():
            return [break_letters(member) for member in value]
        case _:
            return value


def _dump_broken(value: Any) -> str:
    return json.dumps(break_letters(value), indent=2)


def _list_chats(delivery: Delivery, own: str, folder: str) -> Iterable[tuple[str, str]]:
    """Yield name and content of `message_1.json` of each chat, messages newest first."""
    for number, chat in enumerate(delivery.portion.list_chats(), 1):
        person = next(entry.person for entry in chat if entry.person)
        thread = f"inbox/{person.name.replace(' ', '').lower()}_{4_000 + number}"
        messages = []
        for entry in reversed(chat):
            if entry.deleted is not None:
                continue
            message: dict[str, Any] = {
                "sender_name": person.name if entry.kind == "received" else own,
                "timestamp_ms": int(entry.time.timestamp() * 1_000),
                "content": entry.text,
                "is_geoblocked_for_viewer": False,
            }
            if entry.media:
                message["photos"] = [
                    {
                        "uri": f"{folder}/{thread}/photos/{entry.id}.jpg",
                        "creation_timestamp": to_utc_seconds(entry.time),
                    }
                ]
            messages.append(message)
        if messages:
            yield (
                f"{folder}/{thread}/message_1.json",
                _dump_broken(
                    {
                        "participants": [{"name": person.name}, {"name": own}],
                        "messages": messages,
                        "title": person.name,
                        "is_still_participant": True,
                        "thread_path": thread,
                        "magic_words": [],
                    }
                ),
            )


def write_facebook_information(delivery: Delivery) -> list[Path]:
    """Write the download of a page's profile, as a zip file or as the folder that people make of it."""
    own = delivery.portion.account.name
    root = "this_profile's_activity_across_facebook"
    posts = []
    for entry in delivery.order(delivery.portion.posts):
        seconds = to_utc_seconds(entry.time)
        attachments = [
            {
                "data": [
                    {
                        "media": {
                            "uri": f"{root}/posts/media/{entry.id}_{number}.{ENDINGS[medium.kind]}",
                            "creation_timestamp": seconds,
                            "media_metadata": {},
                            "title": "",
                            "description": entry.text,
                        }
                    }
                ]
            }
            for number, medium in enumerate(entry.media)
            if medium.is_visual
        ] + [
            {"data": [{"external_context": {"url": "https://www.ayto.example.org/aviso"}}]}
            for medium in entry.media
            if medium.kind == "link"
        ]
        post: dict[str, Any] = {"timestamp": seconds}
        if attachments:
            post["attachments"] = attachments
        post["data"] = [{"post": entry.text}]
        post["title"] = f"{own} updated their status."
        posts.append(post)
    members = {f"{root}/posts/profile_posts_1.json": _dump_broken(posts)}
    members |= dict(_list_chats(delivery, own, f"{root}/messages"))
    members["profile_information/profile_information.json"] = _dump_broken(
        {
            "profile_v2": {
                "name": {"full_name": own},
                "profile_uri": f"https://www.facebook.com/{delivery.portion.account.handle}",
            }
        }
    )
    return delivery.write_archive(
        f"facebook-{delivery.portion.account.handle}-12_01_{delivery.world.year + 1}-k7Qz", members
    )


def write_instagram_information(delivery: Delivery) -> list[Path]:
    own = delivery.portion.account.name
    root = "your_instagram_activity"
    posts: list[dict[str, Any]] = []
    reels: list[dict[str, Any]] = []
    for entry in delivery.order(delivery.portion.posts):
        seconds = to_utc_seconds(entry.time)
        media: list[dict[str, Any]] = [
            {
                "uri": f"media/posts/{entry.id}_{number}.{ENDINGS[medium.kind]}",
                "creation_timestamp": seconds,
                "media_metadata": {},
                "title": "",
                "cross_post_source": {"source_app": "FB"},
            }
            for number, medium in enumerate(entry.media)
        ]
        if len(media) == 1:  # the caption of a single photo stands at the photo, that of several at the post
            media[0]["title"] = entry.text
            post: dict[str, Any] = {"media": media}
        else:
            post = {"media": media, "title": entry.text, "creation_timestamp": seconds}
        (reels if entry.media[0].kind == "video" else posts).append(post)
    members = {
        f"{root}/media/posts_1.json": _dump_broken(posts),
        f"{root}/media/reels.json": _dump_broken({"ig_reels_media": reels}),
    }
    members |= dict(_list_chats(delivery, own, f"{root}/messages"))
    members["personal_information/personal_information/personal_information.json"] = _dump_broken(
        {
            "profile_user": [
                {
                    "title": "User Information",
                    "string_map_data": {
                        "Username": {"href": "", "value": delivery.portion.account.handle, "timestamp": 0},
                        "Name": {"href": "", "value": own, "timestamp": 0},
                    },
                }
            ]
        }
    )
    return delivery.write_archive(
        f"instagram-{delivery.portion.account.handle}-{delivery.world.year + 1}-01-12-8TvX", members
    )
