"""Mastodon: the archive of an account. Bluesky: pages of the author's feed."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any, Final

from tests.support.worlds.formats.delivery import Delivery, dump
from tests.support.worlds.identifiers import INSTANCE
from tests.support.worlds.model import Account, Entry

PUBLIC: Final = "https://www.w3.org/ns/activitystreams#Public"
PAGE: Final = 100


def _make_activity(account: Account, entry: Entry, *, quiet: bool) -> dict[str, Any]:
    moment = f"{entry.time:%Y-%m-%dT%H:%M:%SZ}"
    followers = f"{account.id}/followers"
    if entry.role == "repost":
        return {
            "id": f"{entry.id}/activity",
            "type": "Announce",
            "actor": account.id,
            "published": moment,
            "to": [PUBLIC],
            "cc": ["https://otra.example.org/users/diputacion", followers],
            "object": f"https://otra.example.org/users/diputacion/statuses/{int(entry.id.rsplit('/', 1)[1]) - 65_536}",
        }
    mention = f"https://vecindad.example.org/users/{entry.person.handle}" if entry.person else None
    text = escape(entry.text, quote=False).replace("\r\n", "\n").replace("\n\n", "</p><p>").replace("\n", "<br />")
    if entry.person:
        link = f'<a href="{mention}" class="u-url mention">@<span>{entry.person.handle}</span></a>'
        text = f'<span class="h-card">{link}</span> {text}'
    if entry.private:
        to, copies = [mention], []
    elif quiet:  # "unlisted": public, but not on the timelines
        to, copies = [followers], [PUBLIC]
    else:
        to, copies = [PUBLIC], [followers]
    if mention and not entry.private:
        copies = [*copies, mention]
    note: dict[str, Any] = {
        "id": entry.id,
        "type": "Question" if any(medium.kind == "poll" for medium in entry.media) else "Note",
        "summary": None,
        "inReplyTo": _address_parent(entry),
        "published": moment,
        "url": entry.permalink or f"{INSTANCE}/@{account.handle}/{entry.id.rsplit('/', 1)[1]}",
        "attributedTo": account.id,
        "to": to,
        "cc": copies,
        "sensitive": False,
        "atomUri": entry.id,
        "inReplyToAtomUri": _address_parent(entry),
        "content": f"<p>{text}</p>",
        "contentMap": {entry.language: f"<p>{text}</p>"},
        "attachment": [
            {
                "type": "Document",
                "mediaType": "image/jpeg" if medium.kind == "photo" else "video/mp4",
                "url": f"/media_attachments/files/{number}/{entry.id.rsplit('/', 1)[1]}.bin",
                "name": medium.alternative_text,
                "blurhash": "UBL_:rOpGG-;~qRjWBay",
                "width": 800,
                "height": 600,
            }
            for number, medium in enumerate(entry.media)
            if medium.is_visual
        ],
        "tag": [{"type": "Mention", "href": mention, "name": f"@{entry.person.handle}@vecindad.example.org"}]
        if entry.person
        else [],
        "replies": {
            "id": f"{entry.id}/replies",
            "type": "Collection",
            "first": {
                "type": "CollectionPage",
                "next": f"{entry.id}/replies?page=true",
                "partOf": f"{entry.id}/replies",
                "items": [],
            },
        },
    }
    if entry.edited:
        note["updated"] = f"{entry.edited:%Y-%m-%dT%H:%M:%SZ}"
    if note["type"] == "Question":
        note |= {
            "oneOf": [
                {"type": "Note", "name": name, "replies": {"type": "Collection", "totalItems": 3}}
                for name in ("Sí", "No", "Depende")
            ],
            "endTime": moment,
            "votersCount": 9,
        }
    return {
        "id": f"{entry.id}/activity",
        "type": "Create",
        "actor": account.id,
        "published": moment,
        "to": to,
        "cc": copies,
        "object": note,
        "signature": {
            "type": "RsaSignature2017",
            "creator": f"{account.id}#main-key",
            "created": moment,
            "signatureValue": "eA==",
        },
    }


def _address_parent(entry: Entry) -> str | None:
    """Return the address of what an entry answers: on the server of the person, or our own."""
    if entry.role == "continuation" or (
        entry.role == "answer" and entry.parent != entry.conversation and not entry.private
    ):
        return entry.parent
    if entry.role == "answer" and entry.person and entry.parent:
        return f"https://vecindad.example.org/users/{entry.person.handle}/statuses/{entry.parent.rsplit('/', 1)[1]}"
    return None


def write_mastodon_archive(delivery: Delivery) -> list[Path]:
    """Write the archive: outbox and actor in a zip file, or the folder of it. Messages received are not in it."""
    account = delivery.portion.account
    own = [entry for entry in delivery.portion.kept if entry.kind != "received"]
    items = [_make_activity(account, entry, quiet=delivery.random.random() < 0.1) for entry in own]
    if delivery.shuffled:
        delivery.random.shuffle(items)
    outbox = {
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": "outbox.json",
        "type": "OrderedCollection",
        "totalItems": len(items),
        "orderedItems": items,
    }
    actor = {
        "@context": ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/v1"],
        "id": account.id,
        "type": "Person",
        "preferredUsername": account.handle,
        "name": account.name,
        "summary": "<p>Cuenta oficial</p>",
        "url": f"{INSTANCE}/@{account.handle}",
        "inbox": f"{account.id}/inbox",
        "outbox": "outbox.json",
        "likes": "likes.json",
        "bookmarks": "bookmarks.json",
    }
    likes = {
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": "likes.json",
        "type": "OrderedCollection",
        "orderedItems": [],
    }
    members = {
        "outbox.json": dump(outbox, indent=None),
        "actor.json": dump(actor),
        "likes.json": dump(likes),
        "bookmarks.json": dump({**likes, "id": "bookmarks.json"}),
    }
    return delivery.write_archive(f"archive-{delivery.world.exported:%Y%m%d%H%M%S}-5e1f", members)


def _make_embed(account: Account, entry: Entry) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Return what is embedded as the record has it, and as the view of it does."""
    images = [medium for medium in entry.media if medium.kind == "photo"]
    if images:
        return (
            {
                "$type": "app.bsky.embed.images",
                "images": [
                    {"alt": medium.alternative_text or "", "image": {"$type": "blob", "mimeType": "image/jpeg"}}
                    for medium in images
                ],
            },
            {
                "$type": "app.bsky.embed.images#view",
                "images": [
                    {
                        "thumb": "https://cdn.example.org/t",
                        "fullsize": "https://cdn.example.org/f",
                        "alt": medium.alternative_text or "",
                    }
                    for medium in images
                ],
            },
        )
    for medium in entry.media:
        if medium.kind == "video":
            record: dict[str, Any] = {
                "$type": "app.bsky.embed.video",
                "video": {"$type": "blob", "mimeType": "video/mp4"},
            }
            view: dict[str, Any] = {
                "$type": "app.bsky.embed.video#view",
                "cid": "bafk",
                "playlist": "https://video.example.org/p.m3u8",
            }
            if medium.alternative_text is not None:
                record["alt"] = view["alt"] = medium.alternative_text
            return record, view
        if medium.kind == "link":
            external = {"uri": "https://www.ayto.example.org/aviso", "title": "Aviso", "description": ""}
            return (
                {"$type": "app.bsky.embed.external", "external": external},
                {"$type": "app.bsky.embed.external#view", "external": external},
            )
    if entry.role == "quote":
        uri = f"at://did:plc:otra/app.bsky.feed.post/{entry.id.rsplit('/', 1)[1]}"
        return (
            {"$type": "app.bsky.embed.record", "record": {"uri": uri, "cid": "bafy"}},
            {
                "$type": "app.bsky.embed.record#view",
                "record": {
                    "$type": "app.bsky.embed.record#viewRecord",
                    "uri": uri,
                    "cid": "bafy",
                    "author": {"did": "did:plc:otra", "handle": "diputacion.example.org"},
                    "value": {
                        "$type": "app.bsky.feed.post",
                        "text": "Lo dice la Diputación",
                        "createdAt": f"{entry.time:%Y-%m-%dT%H:%M:%S}.000Z",
                    },
                    "indexedAt": f"{entry.time:%Y-%m-%dT%H:%M:%S}.000Z",
                },
            },
        )
    return None, None


def _make_feed_item(account: Account, entry: Entry, known: dict[str, Entry]) -> dict[str, Any]:
    moment = f"{entry.time:%Y-%m-%dT%H:%M:%S}.{entry.time.microsecond // 1_000:03d}Z"
    author = {"did": account.id, "handle": account.handle, "displayName": account.name}
    if entry.role == "repost":
        return {
            "post": {
                "uri": f"at://did:plc:otra/app.bsky.feed.post/{entry.id.rsplit('/', 1)[1]}",
                "cid": "bafy",
                "author": {"did": "did:plc:otra", "handle": "diputacion.example.org", "displayName": "Diputación"},
                "record": {
                    "$type": "app.bsky.feed.post",
                    "text": entry.text,
                    "createdAt": "2024-01-05T10:00:00.000Z",
                    "langs": ["es"],
                },
                "replyCount": 3,
                "repostCount": 8,
                "likeCount": 40,
                "quoteCount": 0,
                "indexedAt": "2024-01-05T10:00:00.000Z",
            },
            "reason": {"$type": "app.bsky.feed.defs#reasonRepost", "by": author, "indexedAt": moment},
        }
    record: dict[str, Any] = {
        "$type": "app.bsky.feed.post",
        "text": entry.text,
        "createdAt": moment,
        "langs": [entry.language],
    }
    embed, view = _make_embed(account, entry)
    item: dict[str, Any] = {
        "post": {
            "uri": entry.id,
            "cid": "bafyrei",
            "author": author,
            "record": record,
            "bookmarkCount": 0,
            "replyCount": entry.comments,
            "repostCount": entry.shares,
            "likeCount": entry.reactions,
            "quoteCount": 0,
            "indexedAt": moment,
        }
    }
    if embed:
        record["embed"], item["post"]["embed"] = embed, view
    if entry.role in {"answer", "continuation"}:
        root, parent = _find_root(entry, known), entry.parent or ""
        record["reply"] = {
            "root": {"uri": _address(root, entry, known), "cid": "bafyroot"},
            "parent": {"uri": _address(parent, entry, known), "cid": "bafyparent"},
        }
        item["reply"] = {
            side: {
                "$type": "app.bsky.feed.defs#postView",
                "uri": record["reply"][side]["uri"],
                "cid": record["reply"][side]["cid"],
                "author": author if record["reply"][side]["uri"].startswith(account.id, 5) else _name_person(entry),
                "record": {"$type": "app.bsky.feed.post", "text": known[identity].text, "createdAt": moment},
                "indexedAt": moment,
            }
            for side, identity in (("root", root), ("parent", parent))
        }
    return item


def _find_root(entry: Entry, known: dict[str, Entry]) -> str:
    """Return the id of the first post of a thread: for an answer to a comment it is the post that was commented on."""
    root = entry.conversation or entry.id
    return (known[root].parent or root) if entry.role == "answer" else root


def _address(identity: str, entry: Entry, known: dict[str, Entry]) -> str:
    """Return the address of an entry: what a person wrote is in the repository of that person."""
    if known[identity].kind == "received" and entry.person:
        return f"at://did:plc:{entry.person.number:024d}/app.bsky.feed.post/{identity.rsplit('/', 1)[1]}"
    return identity


def _name_person(entry: Entry) -> dict[str, Any]:
    assert entry.person
    return {
        "did": f"did:plc:{entry.person.number:024d}",
        "handle": f"{entry.person.handle.replace('_', '-')}.example.org",
        "displayName": entry.person.name,
    }


def write_bluesky_feed(delivery: Delivery) -> list[Path]:
    """Write pages of `app.bsky.feed.getAuthorFeed`, as saved from the public API."""
    account = delivery.portion.account
    known = {entry.id: entry for entry in account.entries}
    public = [entry for entry in delivery.portion.kept if not entry.private and entry.kind != "received"]
    items = delivery.order(_make_feed_item(account, entry, known) for entry in public)
    paths = []
    for page in range(0, max(len(items), 1), PAGE):
        answer: dict[str, Any] = {"feed": items[page : page + PAGE]}
        if page + PAGE < len(items):
            answer["cursor"] = f"2025-10-01T00:00:00Z::{page}"
        paths.append(delivery.write_text(f"getAuthorFeed-{page // PAGE + 1}.json", dump(answer)))
    return paths
