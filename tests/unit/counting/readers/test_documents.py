"""JSON and feeds of the platforms: each becomes messages, and each kind of damage is named with its place."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import pytest

from actitud.counting.options import OwnAccount
from tests.unit.counting.readers.support import read, utc, write

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


def make_post(number: int, **members: Any) -> dict[str, Any]:
    record = {
        "$type": "app.bsky.feed.post",
        "text": f"Aviso {number}",
        "createdAt": f"2026-03-04T10:00:{number:02}.000Z",
    }
    return {
        "post": {
            "uri": f"at://did:plc:villar/app.bsky.feed.post/{number}",
            "author": {"did": "did:plc:villar", "handle": "villar.example"},
            "record": record | members,
            "likeCount": 3,
            "repostCount": 1,
            "replyCount": 0,
        }
    }


def make_reference(owner: str, number: int) -> dict[str, str]:
    return {"uri": f"at://did:plc:{owner}/app.bsky.feed.post/{number}", "cid": "c"}


BLUESKY: Final = {
    "feed": [
        make_post(
            1,
            langs=["ca"],
            embed={"$type": "app.bsky.embed.images", "images": [{"alt": "El pont"}, {"alt": ""}]},
        ),
        make_post(2, reply={"root": make_reference("ana", 8), "parent": make_reference("ana", 9)}),
        make_post(3, reply={"root": make_reference("villar", 1), "parent": make_reference("villar", 1)}),
        make_post(4, embed={"$type": "app.bsky.embed.external", "external": {"uri": "https://villar.example"}}),
        make_post(
            5,
            embed={
                "$type": "app.bsky.embed.recordWithMedia",
                "record": {"record": make_reference("ana", 7)},
                "media": {"$type": "app.bsky.embed.video", "alt": "La feria"},
            },
        ),
        {
            "post": make_post(6)["post"] | {"author": {"did": "did:plc:ana", "handle": "ana.example"}},
            "reason": {
                "$type": "app.bsky.feed.defs#reasonRepost",
                "by": {"did": "did:plc:villar", "handle": "villar.example"},
                "indexedAt": "2026-03-05T10:00:00Z",
                "uri": "at://did:plc:villar/app.bsky.feed.repost/6",
            },
        },
        make_post(1) | {"reason": {"$type": "app.bsky.feed.defs#reasonPin"}},
    ],
    "cursor": "x",
}
YOUTUBE_VIDEOS: Final = {
    "kind": "youtube#videoListResponse",
    "items": [
        {
            "kind": "youtube#video",
            "id": "abc",
            "snippet": {
                "publishedAt": "2026-03-04T10:00:00Z",
                "channelId": "UCvillar",
                "channelTitle": "Villar TV",
                "title": "Pleno",
                "description": "Orden del día",
            },
            "statistics": {"viewCount": "120", "likeCount": "4", "commentCount": "2"},
            "liveStreamingDetails": {"actualStartTime": "2026-03-04T10:00:00Z"},
        }
    ],
}


def make_comment(identity: str, author: str, text: str, hour: int, **members: Any) -> dict[str, Any]:
    return {
        "kind": "youtube#comment",
        "id": identity,
        "snippet": {
            "videoId": "abc",
            "textDisplay": text,
            "textOriginal": text,
            "authorDisplayName": "Villar TV" if author == "UCvillar" else "Lucía Pérez",
            "authorChannelId": {"value": author},
            "publishedAt": f"2026-03-04T{hour}:00:00Z",
            "updatedAt": f"2026-03-04T{hour}:00:00Z",
            "likeCount": 1,
        }
        | members,
    }


YOUTUBE_COMMENTS: Final = {
    "kind": "youtube#commentThreadListResponse",
    "items": [
        {
            "kind": "youtube#commentThread",
            "id": "t1",
            "snippet": {
                "channelId": "UCvillar",
                "videoId": "abc",
                "topLevelComment": make_comment("t1", "UClucia", "¿A qué hora?", 11),
                "totalReplyCount": 1,
            },
            "replies": {"comments": [make_comment("t1.a", "UCvillar", "A las 18", 12, parentId="t1")]},
        },
        {
            "kind": "youtube#commentThread",
            "id": "t2",
            "snippet": {
                "channelId": "UCvillar",
                "topLevelComment": make_comment("t2", "UCvillar", "Gracias", 13),
                "totalReplyCount": 0,
            },
        },
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
DECIDIM: Final = [
    {
        "id": 77,
        "participatory_space": {"id": 5},
        "component": {"id": 12},
        "title": {"ca": "Més ombra", "es": "Más sombra"},
        "body": {"es": "<p>En la plaza.</p>"},
        "answer": {"es": ""},
        "comments": 4,
        "published_at": "2026-03-02T09:15:00+01:00",
        "url": "https://decide.villar.example/p/5/proposals/77",
    }
]
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
        "bluesky-feed",
        BLUESKY,
        (
            {
                "platform": "bluesky", "account": "villar.example", "kind": "own_post", "text": "Aviso 1",
                "id": "at://did:plc:villar/app.bsky.feed.post/1", "time": utc(2026, 3, 4, 10, 0, 1),
                "media": ("photo",), "alternative_texts": ("El pont", None), "language": "ca",
                "counts": {"reactions": 3, "shares": 1, "comments": 0},
                "permalink": "https://bsky.app/profile/did:plc:villar/post/1",
            },
            {"kind": "public_reply", "thread": "at://did:plc:ana/app.bsky.feed.post/8",
             "parent": "at://did:plc:ana/app.bsky.feed.post/9"},
            {"kind": "own_post", "thread": "at://did:plc:villar/app.bsky.feed.post/1"},
            {"kind": "own_post", "media": ("link",)},
            {"kind": "own_post", "media": ("quote", "video"), "alternative_texts": ("La feria",)},
            {"kind": "repost", "id": "at://did:plc:villar/app.bsky.feed.repost/6", "time": utc(2026, 3, 5, 10)},
        ),
        "createdAt",
        {"pinned": 1},
    ),
    Case(
        "youtube-video",
        YOUTUBE_VIDEOS,
        (
            {"platform": "youtube", "account": "Villar TV", "id": "abc", "kind": "own_post",
             "time": utc(2026, 3, 4, 10), "text": "Pleno\nOrden del día", "media": ("live", "video"),
             "counts": {"views": 120, "reactions": 4, "comments": 2},
             "permalink": "https://www.youtube.com/watch?v=abc"},
        ),
        "publishedAt",
    ),
    Case(
        "youtube-commentThread",
        YOUTUBE_COMMENTS,
        (
            {"id": "t1", "kind": "received", "time": utc(2026, 3, 4, 11), "text": "¿A qué hora?", "thread": "t1",
             "account": "", "private": False, "permalink": "https://www.youtube.com/watch?v=abc&lc=t1"},
            {"id": "t1.a", "kind": "public_reply", "time": utc(2026, 3, 4, 12), "thread": "t1", "parent": "t1"},
        ),
        "publishedAt",
        {"own_comment": 1},
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
        "decidim-proposals",
        DECIDIM,
        (
            {"platform": "decidim", "account": "decide.villar.example", "kind": "received", "id": "proposal-77",
             "time": utc(2026, 3, 2, 8, 15), "text": "Más sombra\nEn la plaza.", "counts": {"comments": 4}},
        ),
        "published_at",
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
)  # fmt: skip
each_case = pytest.mark.parametrize("case", CASES, ids=[f"{case.format} {len(case.expected)}" for case in CASES])


def change_member(value: Any, name: str, new: Any) -> Any:
    """Return a document with the first member of a name changed, looking into the first of what is listed."""
    text = json.dumps(value)
    first = json.dumps(find_member(value, name))
    return json.loads(text.replace(f'"{name}": {first}', f'"{name}": {json.dumps(new)}'))


def find_member(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        if name in value:
            return value[name]
        value = list(value.values())
    for each in value if isinstance(value, list) else ():
        found = find_member(each, name)
        if found is not None:
            return found
    return None


@each_case
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_document_becomes_messages(case: Case, encoding: str, tmp_path: Path) -> None:
    outcome = read(write(tmp_path, "export.json", json.dumps(case.content, ensure_ascii=False).encode(encoding)))
    assert outcome.faults == []
    (source,) = outcome.sources
    assert (source.format, source.rows.skipped, source.rows.refused) == (case.format, case.skipped, 0)
    assert len(outcome.messages) == len(case.expected)
    for message, members in zip(outcome.messages, case.expected, strict=True):
        assert {name: getattr(message, name) for name in members} == members


@each_case
@pytest.mark.parametrize("share", [0.6, 0.97])
def test_a_document_that_breaks_off_is_not_counted_at_all(case: Case, share: float, tmp_path: Path) -> None:
    text = json.dumps(case.content)
    outcome = read(write(tmp_path, "export.json", text[: int(len(text) * share)]))
    assert outcome.messages == []
    assert set(outcome.codes) <= {"half_file", "unknown_format"}
    assert len(outcome.faults) == 1


@each_case
def test_a_document_with_something_else_in_its_middle_is_not_counted_at_all(case: Case, tmp_path: Path) -> None:
    text = json.dumps(case.content)
    outcome = read(write(tmp_path, "export.json", text[:-1] + "oops" + text[-1:]))
    assert outcome.messages == []
    assert outcome.codes == ["broken_json"]


@each_case
def test_a_time_that_cannot_be_read_is_named_and_the_others_are_counted(case: Case, tmp_path: Path) -> None:
    content = change_member(case.content, case.time, "ayer, dijo Lucía Pérez")
    outcome = read(write(tmp_path, "export.json", json.dumps(content)))
    assert len(outcome.messages) < max(1, len(case.expected))
    fault = outcome.faults[0]
    assert (fault.code, fault.value, fault.is_refusal) == ("time_invalid", "…, … … …", True)
    assert fault.column is not None
    assert fault.column.startswith("/")
    assert fault.column.endswith(("published", case.time, "date", "published_at", "Time/timestamp"))
    assert outcome.sources[0].rows.refused == len(outcome.faults)


def test_what_is_no_object_is_refused(tmp_path: Path) -> None:
    outcome = read(write(tmp_path, "a.json", json.dumps({**MASTODON, "orderedItems": [*MASTODON["orderedItems"], 7]})))
    assert outcome.places == [("object_expected", None, "/orderedItems/8")]
    assert len(outcome.messages) == 6


def test_the_same_text_twice_in_a_minute_is_two_messages_and_in_two_exports_still_two(tmp_path: Path) -> None:
    twice = [{"timestamp": 1772618400, "data": [{"post": "Gracias"}], "attachments": []}] * 2
    more = [*twice, {"timestamp": 1772618300, "data": [{"post": "Antes"}], "attachments": []}]
    outcome = read(write(tmp_path, "1.json", json.dumps(twice)), write(tmp_path, "2.json", json.dumps(more)))
    assert [message.text for message in outcome.messages] == ["Antes", "Gracias", "Gracias"]


def test_a_post_of_the_download_is_the_one_of_the_business_suite(tmp_path: Path) -> None:
    table = (
        "Post ID,Page name,Title,Publish time,Permalink,Is share,Post type,Reactions\n"
        '111,Villar,"Mañana,  pleno 🌉",03/04/2026 11:00,https://www.facebook.com/111,0,Photos,4\n'
        "112,Villar,Otro,03/25/2026 11:00,https://www.facebook.com/112,0,Photos,4\n"
    )
    paths = [write(tmp_path, "posts.csv", table), write(tmp_path, "posts.json", json.dumps(FACEBOOK_POSTS))]
    for order in (paths, paths[::-1]):
        outcome = read(*order)
        assert [(m.id[:3], m.account, m.precision) for m in outcome.messages if m.text.startswith("Ma")] == [
            ("111", "Villar", "second")
        ]
        assert len(outcome.messages) == 3


def test_missing_replies_leave_public_replies_unknown(tmp_path: Path) -> None:
    content = change_member(YOUTUBE_COMMENTS, "totalReplyCount", 7)
    outcome = read(write(tmp_path, "c.json", json.dumps(content)))
    assert outcome.places == [("replies_incomplete", None, "/items/0/replies")]
    assert outcome.faults[0].value == "6"
    assert "public_replies" not in outcome.sources[0].tells


def test_pages_of_answers_are_read_from_an_array(tmp_path: Path) -> None:
    assert len(read(write(tmp_path, "y.json", json.dumps([YOUTUBE_VIDEOS, YOUTUBE_VIDEOS]))).messages) == 1
    assert len(read(write(tmp_path, "b.json", json.dumps([BLUESKY, BLUESKY]))).messages) == 6


def test_all_chats_of_telegram_are_read(tmp_path: Path) -> None:
    content = {"about": "x", "chats": {"about": "x", "list": [TELEGRAM_CHANNEL, TELEGRAM_CHAT]}}
    outcome = read(write(tmp_path, "result.json", json.dumps(content)))
    assert [message.kind for message in outcome.messages] == ["own_post", "repost", "received", "private_reply"]
    assert "received_private" in outcome.sources[0].tells


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


def test_a_feed_becomes_messages(tmp_path: Path) -> None:
    outcome = read(write(tmp_path, "rss.xml", RSS))
    (message,) = outcome.messages
    assert (message.platform, message.account, message.id) == ("press_room", "villar.example", "g1")
    assert (message.time, message.text) == (utc(2026, 3, 4, 9), "Obras en la calle Mayor\nEmpiezan hoy.")
    assert (message.media, message.alternative_texts) == (("photo",), (None,))
    assert outcome.places == [("time_missing", None, "/entry/1/published")]
    (message,) = read(write(tmp_path, "atom.xml", ATOM)).messages
    assert (message.time, message.edited, message.text) == (utc(2026, 3, 4, 10), utc(2026, 3, 5, 10), "Pleno\nHoy")


@pytest.mark.parametrize("feed", [RSS, ATOM], ids=["rss", "atom"])
def test_a_feed_that_breaks_off_is_not_counted_at_all(feed: str, tmp_path: Path) -> None:
    for length in (len(feed) - 30, len(feed) - 10):
        outcome = read(write(tmp_path, "rss.xml", feed[:length]))
        assert outcome.messages == []
        assert outcome.codes == ["half_file"]
    outcome = read(write(tmp_path, "rss.xml", feed.replace("</title>", "</titel>", 1)))
    assert (outcome.messages, outcome.codes) == ([], ["broken_xml"])


def test_a_feed_of_laughs_and_one_with_an_outside_entity_add_nothing(tmp_path: Path) -> None:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    laughs = RSS.replace("<rss", f'<!DOCTYPE rss [<!ENTITY l0 "ja">{entities}]><rss').replace("Sin fecha", "&l11;")
    outside = RSS.replace("<rss", '<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss').replace(
        "Obras en la calle", "&x;"
    )
    for feed in (laughs, outside):
        assert all("root:" not in message.text for message in read(write(tmp_path, "rss.xml", feed)).messages)


ACCOUNT: Final = """window.YTD.account.part0 = [ {
  "account" : { "email" : "x@example.org", "username" : "villar", "accountId" : "42" } } ]"""


def make_tweet(identity: str, text: str, **members: Any) -> dict[str, Any]:
    return {"tweet": {"id_str": identity, "full_text": text, "created_at": "Wed Mar 04 10:00:00 +0000 2026"} | members}


def test_an_archive_of_x_in_several_parts_becomes_messages(tmp_path: Path) -> None:
    first = [
        make_tweet("1", "Pleno &amp; obras", favorite_count="4", retweet_count="2", lang="es",
                   extended_entities={"media": [{"type": "photo"}, {"type": "animated_gif"}]}),
        make_tweet("2", "@ana Sí", in_reply_to_status_id_str="9", in_reply_to_user_id_str="7",
                   in_reply_to_screen_name="ana"),
        make_tweet("3", "y más", in_reply_to_status_id_str="1", in_reply_to_user_id_str="42"),
    ]  # fmt: skip
    second = [
        make_tweet("4", "RT @cruzroja: Donación"),
        make_tweet("5", "Mire", entities={"urls": [{"expanded_url": "https://x.com/ana/status/9"}]}),
    ]
    write(tmp_path, "data/account.js", ACCOUNT)
    write(tmp_path, "data/tweets.js", f"window.YTD.tweets.part0 = {json.dumps(first)};\n")
    write(tmp_path, "data/tweets-part1.js", f"window.YTD.tweets.part1 = {json.dumps(second)}")
    write(
        tmp_path, "data/deleted-tweets.js", f"window.YTD.deleted_tweets.part0 = {json.dumps([make_tweet('6', 'Ay')])}"
    )
    outcome = read(tmp_path)
    assert outcome.faults == []
    messages = {message.id: message for message in outcome.messages}
    assert {message.account for message in outcome.messages} == {"villar"}
    assert {identity: message.kind for identity, message in messages.items()} == {
        "1": "own_post", "2": "public_reply", "3": "own_post", "4": "repost", "5": "own_post", "6": "own_post",
    }  # fmt: skip
    assert (messages["1"].text, messages["1"].media) == ("Pleno & obras", ("photo", "video"))
    assert messages["1"].counts == {"reactions": 4, "shares": 2}
    assert (messages["2"].thread, messages["3"].thread) == ("9", "1")
    assert messages["5"].media == ("quote",)
    assert messages["6"].deleted
    assert messages["1"].alternative_texts is None


def test_private_messages_of_x_are_told_apart_by_the_account_of_the_archive(tmp_path: Path) -> None:
    events = [
        {
            "messageCreate": {
                "id": str(n),
                "senderId": sender,
                "text": "Hola",
                "createdAt": f"2026-03-04T1{n}:00:00.000Z",
            }
        }
        for n, sender in enumerate(("7", "42"))
    ]
    conversation = [{"dmConversation": {"conversationId": "7-42", "messages": events}}]
    path = write(tmp_path, "direct-messages.js", f"window.YTD.direct_messages.part0 = {json.dumps(conversation)}")
    assert read(path).codes == ["own_name_unknown"]
    outcome = read(path, write(tmp_path, "account.js", ACCOUNT))
    assert [(message.kind, message.private) for message in outcome.messages] == [
        ("received", True), ("private_reply", True),
    ]  # fmt: skip
    assert len({message.thread for message in outcome.messages}) == 1


def test_an_archive_of_x_that_is_a_program_or_half_is_named(tmp_path: Path) -> None:
    program = "window.YTD.tweet.part0 = [ { created_at: 'Wed Feb 02 15:47:28 -0000 2022' } ]"
    assert read(write(tmp_path, "tweet.js", program)).codes == ["script_not_json"]
    whole = f"window.YTD.tweets.part0 = {json.dumps([make_tweet('1', 'a'), make_tweet('2', 'b')])}"
    outcome = read(write(tmp_path, "tweets.js", whole[:-20]))
    assert (outcome.messages, outcome.places) == ([], [("half_file", None, "/1")])


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


def test_conversations_of_a_download_tell_whose_they_are(tmp_path: Path) -> None:
    own = "Ayuntamiento de Villar"
    first = make_conversation("Lucía", ("Lucía", "¿Abren mañana?"), (own, "Sí"), ("Lucía", ""))
    write(tmp_path, "messages/inbox/lucia_1/message_1.json", json.dumps(first))
    alone = read(tmp_path)
    assert (alone.messages, alone.codes) == ([], ["own_name_unknown"])
    named = read(tmp_path, accounts=[OwnAccount("facebook", "villar", (own,))])
    assert [(m.kind, m.text, m.time) for m in named.messages] == [
        ("received", "¿Abren mañana?", utc(2026, 3, 4, 10)), ("private_reply", "Sí", utc(2026, 3, 4, 10, 1)),
    ]  # fmt: skip
    assert named.sources[0].rows.skipped == {"without_content": 1}
    write(tmp_path, "messages/inbox/ana_2/message_1.json", json.dumps(make_conversation("Ana", ("Ana", "Hola"))))
    both = read(tmp_path)
    assert both.faults == []
    assert [message.kind for message in both.messages].count("received") == 2
    assert all("lucia" not in source.file and "ana" not in source.file for source in both.sources)


def test_the_parts_of_a_conversation_are_one_thread(tmp_path: Path) -> None:
    accounts = [OwnAccount("facebook", "Ayuntamiento de Villar")]
    first, second = (make_conversation("Ana", ("Ana", text)) for text in ("Hola", "Buenas"))
    paths = [write(tmp_path, f"message_{n}.json", json.dumps(each)) for n, each in enumerate((first, second))]
    outcome = read(*paths, accounts=accounts)
    assert len({message.thread for message in outcome.messages}) == 1
    assert len(outcome.messages) == 2
