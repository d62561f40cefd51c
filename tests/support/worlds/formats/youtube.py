"""YouTube: the table of YouTube Studio."""

from __future__ import annotations

from pathlib import Path

from tests.support.worlds import headers
from tests.support.worlds.formats.delivery import Delivery
from tests.support.worlds.model import Entry

TOTALS = {"en": ("Total", "Table data.csv", "Totals.csv"), "es": ("Total", "Datos de la tabla.csv", "Totales.csv")}


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
