"""Mastodon: the archive of an account."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any, Final

from tests.support.worlds.formats.delivery import Delivery, dump
from tests.support.worlds.identifiers import INSTANCE
from tests.support.worlds.model import Account, Entry

PUBLIC: Final = "https://www.w3.org/ns/activitystreams#Public"


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
