"""TikTok Studio and LinkedIn: tables of posts."""

from __future__ import annotations

from pathlib import Path

import xlsxwriter

from tests.support.worlds import headers
from tests.support.worlds.formats.delivery import Delivery

CONTENT = {"photo": "Image", "video": "Video", "link": "Article"}
"""Words of the column "Content Type"; "Video" was seen, the others are those of the filter on LinkedIn, from memory."""


def _shorten(number: int) -> object:
    """Return a large number as TikTok Studio shows it, when nothing is lost by that."""
    return f"{number / 1_000:g}K" if number >= 1_000 and number % 100 == 0 else number


def write_tiktok_studio(delivery: Delivery) -> list[Path]:
    rows = [
        [
            entry.text.replace("\r\n", " ").replace("\n", " "),
            entry.permalink,
            f"{delivery.to_local(entry.time):%Y-%m-%d %H:%M:%S}",
            entry.reactions,
            entry.comments,
            entry.shares,
            _shorten(entry.views),
            "0:09",
        ]
        for entry in delivery.portion.posts
    ]
    return [delivery.write_csv("Content.csv", headers.TIKTOK_STUDIO, delivery.order(rows), bom=True)]


def write_linkedin_page(delivery: Delivery) -> list[Path]:
    """Write the workbook of a page: daily metrics, and all posts under a line that explains the columns."""
    rows: list[list[object]] = []
    for entry in delivery.portion.posts:
        day = delivery.to_local(entry.time)
        is_video = any(medium.kind == "video" for medium in entry.media)
        rows.append(
            [
                entry.text,
                entry.permalink,
                "Organic",
                "",
                "Gabinete de comunicación",
                f"{day:%m/%d/%Y}",
                "",
                "",
                "All followers",
                entry.views,
                entry.views // 2 if is_video else "",
                0,
                entry.views // 40,
                0.025,
                entry.reactions,
                entry.comments,
                entry.shares,
                0,
                0.04,
                next((CONTENT[medium.kind] for medium in entry.media), "Text"),
            ]
        )
    path = delivery.folder / f"{delivery.portion.account.handle}_content_1768210200000.xlsx"
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False}) as workbook:
        metrics = workbook.add_worksheet("Metrics")
        metrics.write_row(0, 0, ["Aggregated engagement metrics for your organic and sponsored posts"])
        metrics.write_row(1, 0, ["Date", "Impressions (organic)", "Impressions (sponsored)", "Impressions (total)"])
        metrics.write_row(2, 0, ["09/15/2025", 10, 0, 10])
        posts = workbook.add_worksheet("All posts")
        posts.write_row(0, 0, ["Engagement metrics for individual posts published in the selected time frame"])
        posts.write_row(1, 0, headers.LINKEDIN_PAGE)
        for number, row in enumerate(delivery.order(rows), 2):
            posts.write_row(number, 0, row)
    return [path]
