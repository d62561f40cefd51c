"""JSON, scripts and feeds as the platforms write them, with what they say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from tests.unit.counting.readers.support import utc

PUBLIC: Final = "https://www.w3.org/ns/activitystreams#Public"
ACTOR: Final = "https://social.example/users/villar"


def make_note(number: int, **members: Any) -> dict[str, Any]:
    note = {
        "id": f"{ACTOR}/statuses/{number}",
        "type": "Note",
        "published": f"2026-03-04T10:00:{number:02}Z",
        "to": [PUBLIC],
        "cc": [f"{ACTOR}/followers"],
        "content": "<p>Hola</p>",
        "attachment": [],
        "inReplyTo": None,
    }
    return {"type": "Create", "actor": ACTOR, "published": note["published"], "object": note | members}


MASTODON: Final = {
    "@context": "https://www.w3.org/ns/activitystreams",
    "id": "outbox.json",
    "type": "OrderedCollection",
    "orderedItems": [
        make_note(
            1,
            content="<p>El puente<br>nuevo &amp; ancho</p><p>Vengan</p>",
            attachment=[
                {"mediaType": "image/jpeg", "name": "El puente de noche"},
                {"mediaType": "video/mp4", "name": None},
                {"mediaType": "application/pdf", "name": "Bando"},
            ],
            contentMap={"es": "<p>El puente</p>"},
            url="https://social.example/@villar/1",
            updated="2026-03-04T11:00:00Z",
        ),
        make_note(2, inReplyTo="https://other.example/users/ana/statuses/9"),
        make_note(3, inReplyTo=f"{ACTOR}/statuses/1"),
        make_note(
            4, inReplyTo="https://other.example/users/ana/statuses/8", to=["https://other.example/users/ana"], cc=[]
        ),
        make_note(5, to=[f"{ACTOR}/followers"], cc=[]),
        make_note(6, type="Question", summary="Fiestas"),
        {
            "type": "Announce",
            "id": f"{ACTOR}/statuses/7/activity",
            "actor": ACTOR,
            "published": "2026-03-04T10:00:07Z",
            "object": "https://other.example/users/ana/statuses/7",
        },
        {"type": "Like", "actor": ACTOR, "object": "x"},
    ],
}


TELEGRAM_CHANNEL: Final = {
    "name": "Villar informa",
    "type": "public_channel",
    "id": 55,
    "messages": [
        {"id": 1, "type": "service", "date": "2026-03-04T10:00:00", "action": "create_channel"},
        {
            "id": 2,
            "type": "message",
            "date": "2026-03-04T11:00:00",
            "date_unixtime": "1772618400",
            "from": "Villar informa",
            "from_id": "channel55",
            "text": ["Bando: ", {"type": "link", "text": "https://villar.example"}],
            "photo": "photos/1.jpg",
            "edited_unixtime": "1772618460",
        },
        {
            "id": 3,
            "type": "message",
            "date": "2026-03-04T12:00:00",
            "from": "Villar informa",
            "from_id": "channel55",
            "forwarded_from": "Cruz Roja",
            "text": "Donación de sangre",
            "poll": {"question": "x"},
        },
    ],
}
TELEGRAM_CHAT: Final = {
    "name": "Lucía Pérez",
    "type": "personal_chat",
    "id": 77,
    "messages": [
        {"id": 1, "type": "message", "date": "2026-07-04T12:00:00", "from": "Lucía Pérez", "from_id": "user77",
         "text": "¿Abren?"},
        {"id": 2, "type": "message", "date": "2026-07-04T13:00:00", "from": "Villar", "from_id": "user9", "text": "Sí",
         "reply_to_message_id": 1},
    ],
}  # fmt: skip


def break_letters(text: str) -> str:
    """Write each byte of UTF-8 as a character, as Meta does."""
    return text.encode().decode("latin-1")


FACEBOOK_POSTS: Final = [
    {
        "timestamp": 1772618400,
        "attachments": [{"data": [{"media": {"uri": "photos/a.jpg"}}, {"media": {"uri": "videos/b.mp4"}}]}],
        "data": [{"post": break_letters("Mañana, pleno 🌉")}, {"update_timestamp": 1772618400}],
        "title": "Villar",
    },
    {
        "timestamp": 1772618500,
        "data": [{"post": "Enlace"}],
        "attachments": [{"data": [{"external_context": {"url": "x"}}]}],
    },
    {"timestamp": 1772618600, "data": [], "title": "Villar updated the cover"},
]
FACEBOOK_COMMENTS: Final = {
    "comments_v2": [
        {
            "timestamp": 1772618400,
            "data": [
                {"comment": {"timestamp": 1772618400, "comment": break_letters("Sí, mañana"), "author": "Villar"}}
            ],
            "title": "Villar replied to Lucía's comment.",
        }
    ]
}
INSTAGRAM_POSTS: Final = [
    {
        "media": [
            {"uri": "media/posts/1.jpg", "creation_timestamp": 1772618400, "title": ""},
            {"uri": "media/posts/2.mp4", "creation_timestamp": 1772618400, "title": ""},
        ],
        "title": break_letters("La feria 🎡"),
        "creation_timestamp": 1772618400,
    },
    {"media": [{"uri": "media/posts/3.jpg", "creation_timestamp": 1772618500, "title": break_letters("Año nuevo")}]},
]
INSTAGRAM_STORIES: Final = {
    "ig_stories": [{"uri": "media/stories/1.jpg", "creation_timestamp": 1772618400, "title": ""}]
}
INSTAGRAM_COMMENTS: Final = [
    {
        "media_list_data": [{"uri": ""}],
        "string_map_data": {
            "Comment": {"value": break_letters("¡Gracias!")},
            "Media Owner": {"value": "lucia"},
            "Time": {"timestamp": 1772618400},
        },
    }
]
INSTAGRAM_REELS_COMMENTS: Final = {
    "comments_reels_comments": [
        {
            "string_map_data": {
                "Comentario": {"value": break_letters("Sí, mañana")},
                "Propietario del contenido multimedia": {"value": "lucia"},
                "Hora": {"timestamp": 1772618400},
            }
        }
    ]
}
JSON_FEED: Final = {
    "version": "https://jsonfeed.org/version/1.1",
    "title": "Sala de prensa",
    "home_page_url": "https://www.villar.example/",
    "items": [
        {
            "id": "n1",
            "url": "https://www.villar.example/n1",
            "title": "Obras",
            "content_html": "<p>Empiezan <b>hoy</b>.</p><img src='a.jpg' alt='La zanja'>",
            "date_published": "2026-03-04T10:00:00+01:00",
            "attachments": [{"mime_type": "application/pdf", "url": "b.pdf"}],
        }
    ],
}


TIKTOK: Final = {
    "Profile": {"Profile Info": {"ProfileMap": {"userName": "villar"}}},
    "Post": {
        "Posts": {
            "VideoList": [
                {
                    "Date": "2026-03-04 10:00:00",
                    "Link": "https://www.tiktokv.com/share/video/7412345678901234567/",
                    "Likes": "12",
                    "Title": "La feria",
                },
                {"Date": "2026-03-05 10:00:00", "Link": "https://cdn.example/video.mp4?expires=1", "Likes": "N/A"},
            ]
        }
    },
    "Your Activity": {"Watch History": {"VideoList": [{"Date": "2026-03-01 10:00:00", "Link": "https://x.example/1"}]}},
}


class Case(NamedTuple):
    """A document, the members of its messages by their order in time, and what else a reading of it gives."""

    format: str
    content: Any
    expected: Sequence[Mapping[str, Any]]
    time: str
    skipped: Mapping[str, int] = MappingProxyType({})


CASES: Final = (
    Case(
        "mastodon-outbox",
        MASTODON,
        (
            {
                "platform": "mastodon", "account": "villar@social.example", "kind": "own_post",
                "id": f"{ACTOR}/statuses/1", "time": utc(2026, 3, 4, 10, 0, 1), "precision": "second",
                "text": "El puente\nnuevo & ancho\nVengan", "media": ("document", "photo", "video"),
                "alternative_texts": ("El puente de noche", None), "thread": f"{ACTOR}/statuses/1",
                "permalink": "https://social.example/@villar/1", "edited": utc(2026, 3, 4, 11), "language": "es",
            },
            {"kind": "public_reply", "thread": "https://other.example/users/ana/statuses/9", "alternative_texts": ()},
            {"kind": "own_post", "thread": f"{ACTOR}/statuses/1", "parent": f"{ACTOR}/statuses/1"},
            {"kind": "private_reply", "private": True},
            {"kind": "own_post", "media": ("poll",), "text": "Fiestas\nHola"},
            {"kind": "repost", "id": f"{ACTOR}/statuses/7/activity",
             "permalink": "https://other.example/users/ana/statuses/7"},
        ),
        "published",
        {"followers_only": 1, "other_activity": 1},
    ),
    Case(
        "telegram-export",
        TELEGRAM_CHANNEL,
        (
            {"platform": "telegram", "account": "Villar informa", "kind": "own_post", "time": utc(2026, 3, 4, 10),
             "text": "Bando: https://villar.example", "media": ("photo",), "edited": utc(2026, 3, 4, 10, 1)},
            {"kind": "repost", "time": utc(2026, 3, 4, 11), "media": ("poll",)},
        ),
        "date_unixtime",
        {"service_message": 1},
    ),
    Case(
        "telegram-export",
        TELEGRAM_CHAT,
        (
            {"kind": "received", "private": True, "time": utc(2026, 7, 4, 10), "text": "¿Abren?", "account": ""},
            {"kind": "private_reply", "private": True, "time": utc(2026, 7, 4, 11), "text": "Sí"},
        ),
        "date",
    ),
    Case(
        "facebook-posts-download",
        FACEBOOK_POSTS,
        (
            {"platform": "facebook", "kind": "own_post", "time": utc(2026, 3, 4, 10), "text": "Mañana, pleno 🌉",
             "media": ("photo", "video"), "alternative_texts": None, "counts": {}},
            {"kind": "own_post", "media": ("link",), "text": "Enlace"},
        ),
        "timestamp",
        {"without_content": 1},
    ),
    Case(
        "facebook-comments-download",
        FACEBOOK_COMMENTS,
        ({"platform": "facebook", "kind": "public_reply", "time": utc(2026, 3, 4, 10), "text": "Sí, mañana"},),
        "timestamp",
    ),
    Case(
        "instagram-posts-download",
        INSTAGRAM_POSTS,
        (
            {"platform": "instagram", "kind": "own_post", "time": utc(2026, 3, 4, 10), "text": "La feria 🎡",
             "media": ("photo", "video")},
            {"kind": "own_post", "text": "Año nuevo", "media": ("photo",)},
        ),
        "creation_timestamp",
    ),
    Case("instagram-posts-download", INSTAGRAM_STORIES, (), "creation_timestamp", {"story": 1}),
    Case(
        "instagram-comments-download",
        INSTAGRAM_COMMENTS,
        ({"platform": "instagram", "kind": "public_reply", "time": utc(2026, 3, 4, 10), "text": "¡Gracias!"},),
        "timestamp",
    ),
    Case(
        "instagram-comments-download",
        INSTAGRAM_REELS_COMMENTS,
        ({"platform": "instagram", "kind": "public_reply", "time": utc(2026, 3, 4, 10), "text": "Sí, mañana"},),
        "timestamp",
    ),
    Case(
        "json-feed",
        JSON_FEED,
        (
            {"platform": "press_room", "account": "villar.example", "kind": "own_post", "id": "n1",
             "time": utc(2026, 3, 4, 9), "text": "Obras\nEmpiezan hoy.", "media": ("document", "photo"),
             "alternative_texts": ("La zanja",), "permalink": "https://www.villar.example/n1"},
        ),
        "date_published",
    ),
    Case(
        "tiktok-download",
        TIKTOK,
        (
            {"platform": "tiktok", "kind": "own_post", "id": "7412345678901234567", "time": utc(2026, 3, 4, 10),
             "text": "La feria", "media": ("video",), "counts": {"reactions": 12},
             "permalink": "https://www.tiktokv.com/share/video/7412345678901234567/"},
            {"time": utc(2026, 3, 5, 10), "text": "", "counts": {}, "permalink": None},
        ),
        "Date",
    ),
)  # fmt: skip
RSS: Final = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0"><channel><title>Prensa</title><link>https://www.villar.example/prensa</link>
<item><guid>g1</guid><title>Obras en la calle Mayor</title><link>https://www.villar.example/g1</link>
<description>&lt;p&gt;Empiezan hoy.&lt;/p&gt;&lt;img src="a.jpg"&gt;</description>
<pubDate>Wed, 04 Mar 2026 10:00:00 +0100</pubDate></item>
<item><guid>g2</guid><title>Sin fecha</title></item>
</channel></rss>
"""
ATOM: Final = """<?xml version="1.0"?>
<feed xmlns="http://www.w3.org/2005/Atom"><title>Prensa</title><link href="https://villar.example/"/>
<entry><id>a1</id><title>Pleno</title><published>2026-03-04T10:00:00Z</published>
<updated>2026-03-05T10:00:00Z</updated><content type="html">&lt;p&gt;Hoy&lt;/p&gt;</content></entry></feed>
"""


ACCOUNT: Final = """window.YTD.account.part0 = [ {
  "account" : { "email" : "x@example.org", "username" : "villar", "accountId" : "42" } } ]"""


def make_tweet(identity: str, text: str, **members: Any) -> dict[str, Any]:
    return {"tweet": {"id_str": identity, "full_text": text, "created_at": "Wed Mar 04 10:00:00 +0000 2026"} | members}


def make_conversation(other: str, *texts: tuple[str, str]) -> dict[str, Any]:
    return {
        "participants": [{"name": break_letters(other)}, {"name": "Ayuntamiento de Villar"}],
        "messages": [
            {
                "sender_name": break_letters(sender),
                "timestamp_ms": 1772618400000 + 60_000 * n,
                "content": break_letters(text),
            }
            for n, (sender, text) in reversed(list(enumerate(texts)))
        ],
        "title": break_letters(other),
        "thread_path": f"inbox/{other}_1",
    }
