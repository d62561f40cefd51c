"""YouTube: the table of YouTube Studio, and answers of the Data API."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.worlds import headers
from tests.support.worlds.formats.delivery import Delivery, dump
from tests.support.worlds.model import Account, Entry

TOTALS = {"en": ("Total", "Table data.csv", "Totals.csv"), "es": ("Total", "Datos de la tabla.csv", "Totales.csv")}
PAGE = 50


def _title(entry: Entry) -> str:
    return entry.text.splitlines()[0][:100]


def write_studio(delivery: Delivery, language: str) -> list[Path]:
    """Write the table, with a row of totals first. Half of the time it is in the zip file that Studio hands out.

    Dates are "Sep 14, 2026" in Spanish too (a program for a Spanish channel, 2026-02). Titles stand for texts: the
    first line of the post.
    """
    total, table, totals = TOTALS[language]
    rows: list[list[object]] = []
    for entry in delivery.portion.posts:
        day = delivery.to_local(entry.time)
        duration = delivery.random.randint(20, 4_000)
        rows.append(
            [
                entry.id,
                _title(entry),
                f"{day:%b} {day.day}, {day.year}",
                duration,
                entry.views,
                f"{entry.views * duration / 9_000:.4f}",
                delivery.random.randint(0, 5),
                entry.reactions,
                entry.comments,
                entry.shares,
            ]
        )
    ordered = delivery.order(rows)
    views = sum(int(str(row[4])) for row in rows)
    sums = [
        total,
        "",
        "",
        "",
        views,
        f"{views / 9:.4f}",
        9,
        *(sum(int(str(row[column])) for row in rows) for column in (7, 8, 9)),
    ]
    path = delivery.write_csv(table, headers.YOUTUBE_STUDIO[language], [sums, *ordered])
    if delivery.random.random() < 0.5:
        return [path]
    members = {
        table: path.read_bytes(),
        totals: f"{'Date' if language == 'en' else 'Fecha'},Views\n2025-09-15,10\n".encode(),
    }
    path.unlink()
    return [delivery.write_zip(f"Content 2025-01-01_2026-01-12 {delivery.portion.account.name}.zip", members)]


def _make_video(account: Account, entry: Entry) -> dict[str, Any]:
    video: dict[str, Any] = {
        "kind": "youtube#video",
        "etag": f"e{entry.id}",
        "id": entry.id,
        "snippet": {
            "publishedAt": f"{entry.time:%Y-%m-%dT%H:%M:%SZ}",
            "channelId": account.id,
            "title": _title(entry),
            "description": entry.text,
            "thumbnails": {},
            "channelTitle": account.name,
            "categoryId": "25",
            "liveBroadcastContent": "none",
            "defaultAudioLanguage": entry.language,
        },
        "contentDetails": {"duration": "PT1M5S", "dimension": "2d", "definition": "hd", "caption": "false"},
        "statistics": {
            "viewCount": str(entry.views),
            "likeCount": str(entry.reactions),
            "favoriteCount": "0",
            "commentCount": str(entry.comments),
        },
    }
    if any(medium.kind == "live" for medium in entry.media):
        moment = f"{entry.time:%Y-%m-%dT%H:%M:%SZ}"
        video["liveStreamingDetails"] = {
            "actualStartTime": moment,
            "actualEndTime": moment,
            "scheduledStartTime": moment,
        }
    return video


def _make_comment(account: Account, entry: Entry, video: str) -> dict[str, Any]:
    is_own = entry.kind != "received"
    if not is_own and entry.person:
        author, channel = f"@{entry.person.handle}", f"UC{entry.person.number:022d}"
    else:
        author, channel = f"@{account.handle}", account.id
    snippet: dict[str, Any] = {
        "channelId": account.id,
        "videoId": video,
        "textDisplay": entry.text.replace("\n", "<br>"),
        "textOriginal": entry.text,
        "authorDisplayName": author,
        "authorProfileImageUrl": "https://yt3.ggpht.com/x",
        "authorChannelUrl": f"http://www.youtube.com/{author}",
        "authorChannelId": {"value": channel},
        "canRate": True,
        "viewerRating": "none",
        "likeCount": 0,
        "publishedAt": f"{entry.time:%Y-%m-%dT%H:%M:%SZ}",
        "updatedAt": f"{entry.edited or entry.time:%Y-%m-%dT%H:%M:%SZ}",
    }
    if "." in entry.id:
        snippet["parentId"] = entry.conversation
    return {"kind": "youtube#comment", "etag": f"e{entry.id}", "id": entry.id, "snippet": snippet}


def write_api(delivery: Delivery) -> list[Path]:
    """Write pages of `videos.list` and `commentThreads.list`, as saved from the API."""
    portion = delivery.portion
    account = portion.account
    videos = delivery.order(_make_video(account, entry) for entry in portion.posts)
    some_video = portion.posts[0].id if portion.posts else "aaaaaaaaaaa"
    exchanges: dict[str, list[Entry]] = {}
    for entry in portion.kept:
        if entry.conversation:
            exchanges.setdefault(entry.conversation, []).append(entry)
    threads = []
    for top, *answers in exchanges.values():
        video = top.parent or some_video
        comments = [_make_comment(account, entry, video) for entry in answers]
        thread: dict[str, Any] = {
            "kind": "youtube#commentThread",
            "etag": f"t{top.id}",
            "id": top.id,
            "snippet": {
                "channelId": account.id,
                "videoId": video,
                "topLevelComment": _make_comment(account, top, video),
                "canReply": True,
                "totalReplyCount": len(comments),
                "isPublic": True,
            },
        }
        if comments:
            thread["replies"] = {"comments": comments}
        threads.append(thread)
    paths = []
    for kind, items in (("video", videos), ("commentThread", delivery.order(threads))):
        for page in range(0, max(len(items), 1), PAGE):
            answer = {
                "kind": f"youtube#{kind}ListResponse",
                "etag": f"p{page}",
                "items": items[page : page + PAGE],
                "pageInfo": {"totalResults": len(items), "resultsPerPage": PAGE},
            }
            if page + PAGE < len(items):
                answer["nextPageToken"] = f"QUFF{page}"
            paths.append(delivery.write_text(f"{kind}s-{page // PAGE + 1}.json", dump(answer)))
    return paths
