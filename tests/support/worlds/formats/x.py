"""X: the archive of an account, and the two tables of its analytics."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.worlds import headers
from tests.support.worlds.formats.delivery import Delivery, dump
from tests.support.worlds.model import Account, Entry


def _write_text(entry: Entry) -> str:
    """Return the text as X has it: answers name whom they answer, reposts are cut and name whom they repeat."""
    if entry.role == "repost":
        return f"RT {entry.parent}: {entry.text}"[:140]
    if entry.role == "answer" and entry.person:
        return f"@{entry.person.handle} {entry.text}"
    if entry.role == "quote":
        return f"{entry.text} https://t.co/q{entry.id[-6:]}"
    return entry.text


def _make_tweet(account: Account, entry: Entry) -> dict[str, Any]:
    text = _write_text(entry)
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    tweet: dict[str, Any] = {
        "edit_info": {"initial": {"editTweetIds": [entry.id], "editableUntil": f"{entry.time:%Y-%m-%dT%H:%M:%S}.000Z"}},
        "retweeted": False,
        "source": '<a href="https://mobile.twitter.com" rel="nofollow">Twitter Web App</a>',
        "entities": {"hashtags": [], "symbols": [], "user_mentions": [], "urls": []},
        "display_text_range": ["0", str(len(text))],
        "favorite_count": str(entry.reactions),
        "id_str": entry.id,
        "truncated": False,
        "retweet_count": str(entry.shares),
        "id": entry.id,
        "created_at": f"{entry.time:%a %b %d %H:%M:%S +0000 %Y}",
        "favorited": False,
        "full_text": text,
        "lang": entry.language,
    }
    if entry.role == "answer" and entry.person and entry.parent:
        is_own = entry.parent != entry.conversation  # the second half of an answer answers the first half
        number = account.id if is_own else str(10**9 + entry.person.number)
        tweet |= {
            "in_reply_to_status_id": entry.parent,
            "in_reply_to_status_id_str": entry.parent,
            "in_reply_to_user_id": number,
            "in_reply_to_user_id_str": number,
            "in_reply_to_screen_name": account.handle if is_own else entry.person.handle,
        }
        tweet["entities"]["user_mentions"] = [
            {
                "name": entry.person.name,
                "screen_name": entry.person.handle,
                "indices": ["0", "5"],
                "id_str": str(10**9 + entry.person.number),
            }
        ]
    if entry.role == "continuation":
        tweet |= {
            "in_reply_to_status_id": entry.parent,
            "in_reply_to_status_id_str": entry.parent,
            "in_reply_to_user_id": account.id,
            "in_reply_to_user_id_str": account.id,
            "in_reply_to_screen_name": account.handle,
        }
    if entry.role == "quote":
        tweet["entities"]["urls"] = [
            {
                "url": f"https://t.co/q{entry.id[-6:]}",
                "expanded_url": f"https://twitter.com/diputacion_ejemplo/status/{int(entry.id) - 4_096}",
                "display_url": "twitter.com/diputacion_eje…",
                "indices": ["0", "5"],
            }
        ]
    kinds = {"photo": "photo", "video": "video"}
    media = [
        {
            "type": kinds[medium.kind],
            "id_str": f"{entry.id}{number}",
            "url": "https://t.co/m1",
            "media_url_https": f"https://pbs.twimg.com/media/{entry.id}{number}.jpg",
            "expanded_url": f"{entry.permalink}/photo/{number + 1}",
            "sizes": {},
        }
        for number, medium in enumerate(entry.media)
        if medium.kind in kinds
    ]
    if media:
        tweet["entities"]["media"] = media[:1]  # only the first; all stand in the extended entities
        tweet["extended_entities"] = {"media": media}
    if any(medium.kind == "link" for medium in entry.media):
        tweet["entities"]["urls"] = [
            {
                "url": "https://t.co/l1",
                "expanded_url": "https://www.ayto.example.org/aviso",
                "display_url": "ayto.example.org",
                "indices": ["0", "5"],
            }
        ]
    return tweet


def write_archive(delivery: Delivery) -> list[Path]:
    """Write the archive: a zip file of scripts that assign to `window.YTD`."""
    account = delivery.portion.account
    public = [entry for entry in delivery.portion.entries if not entry.private and entry.kind != "received"]
    tweets = [{"tweet": _make_tweet(account, entry)} for entry in public if entry.deleted is None]
    deleted = [{"tweet": _make_tweet(account, entry)} for entry in public if entry.deleted is not None]
    conversations = []
    for chat in delivery.portion.list_chats():
        person = next(entry.person for entry in chat if entry.person)
        other = str(10**9 + person.number)
        messages = [
            {
                "messageCreate": {
                    "recipientId": account.id if entry.kind == "received" else other,
                    "reactions": [],
                    "urls": [],
                    "text": entry.text,
                    "mediaUrls": [f"https://ton.twitter.com/dm/{entry.id}.jpg"] if entry.media else [],
                    "senderId": other if entry.kind == "received" else account.id,
                    "id": entry.id,
                    "createdAt": f"{entry.time:%Y-%m-%dT%H:%M:%S}.{entry.time.microsecond // 1_000:03d}Z",
                    "editHistory": [],
                }
            }
            for entry in reversed(chat)
            if entry.deleted is None
        ]
        if messages:
            conversations.append({"dmConversation": {"conversationId": f"{account.id}-{other}", "messages": messages}})
    members = {
        "data/manifest.js": "window.__THAR_CONFIG = "
        + dump(
            {
                "userInfo": {"accountId": account.id, "userName": account.handle, "displayName": account.name},
                "dataTypes": {},
            }
        ),
        "data/account.js": "window.YTD.account.part0 = "
        + dump(
            [{"account": {"username": account.handle, "accountId": account.id, "accountDisplayName": account.name}}]
        ),
        "data/tweets.js": "window.YTD.tweets.part0 = " + dump(delivery.order(tweets)),
        "data/deleted-tweets.js": "window.YTD.deleted_tweets.part0 = " + dump(deleted),
        "data/direct-messages.js": "window.YTD.direct_messages.part0 = " + dump(conversations),
        "data/like.js": "window.YTD.like.part0 = [ ]",
        "Your archive.html": "<!doctype html><title>Your archive</title>",
    }
    return [delivery.write_zip(f"twitter-{delivery.world.exported:%Y-%m-%d}-3f5e.zip", members)]


def _list_analysed(delivery: Delivery) -> list[Entry]:
    """Return posts and answers; reposts are not in the tables."""
    return [
        entry for entry in delivery.portion.kept if not entry.private and entry.kind in {"own_post", "public_reply"}
    ]


def write_tweet_activity(delivery: Delivery) -> list[Path]:
    rows = [
        [
            entry.id,
            entry.permalink,
            _write_text(entry),
            f"{entry.time:%Y-%m-%d %H:%M} +0000",
            f"{entry.views}.0",
            f"{entry.reactions + entry.shares}.0",
            "0.05",
            f"{entry.shares}.0",
            f"{entry.comments}.0",
            f"{entry.reactions}.0",
            *(["0.0"] * 10),
            "0",
            "0",
        ]
        for entry in _list_analysed(delivery)
    ]
    handle = delivery.portion.account.handle
    return [
        delivery.write_csv(f"tweet_activity_metrics_{handle}_en.csv", headers.X_TWEET_ACTIVITY, delivery.order(rows))
    ]


def write_content(delivery: Delivery) -> list[Path]:
    """Write the newer table, which has the day alone: of the town hall's zone, as far as is known."""
    rows = []
    for entry in _list_analysed(delivery):
        day = delivery.to_local(entry.time)
        rows.append(
            [
                entry.id,
                f"{day:%a}, {day:%b} {day.day}, {day.year}",
                _write_text(entry),
                entry.permalink,
                entry.views,
                entry.reactions,
                entry.reactions + entry.shares,
                0,
                0,
                0,
                entry.comments,
                entry.shares,
                0,
                0,
                0,
                0,
                0,
            ]
        )
    times = [delivery.to_local(entry.time) for entry in delivery.portion.entries]
    name = f"account_analytics_content_{min(times):%Y-%m-%d}_{max(times):%Y-%m-%d}.csv"
    return [delivery.write_csv(name, headers.X_CONTENT, delivery.order(rows))]
