"""The page about scaling is rendered from the stored figures, and its arithmetic is right."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks import scaling
from tests.benchmarks.measure import Figures
from tests.benchmarks.scaling import (
    BusyRun,
    FilesFigures,
    GrowthFigures,
    GrowthRun,
    HourFigures,
    ProcessesRun,
    ProcessFigures,
    PublicationFigures,
    ReadFigures,
    ReadSeries,
    ReadsRun,
    Scaling,
    Spread,
)
from tests.benchmarks.visitors import Waits


def render(figures: Scaling) -> str:
    """The page in one line."""
    return " ".join(scaling.render(figures).split())


def repeat(figure: float) -> Spread:
    return Spread(figure, figure, figure)


def build_read(name: str, cache_control: str) -> ReadFigures:
    """A read of 100 µs hot, 50 µs as a 304 and 1,000 µs cold, with 38,800 bytes on the line."""
    costs = {"bare": 60e-6, "plain": 150e-6, "hot": 100e-6, "304": 50e-6, "cold": 1000e-6}
    series = {kind: ReadSeries(repeat(cost), repeat(1 / cost)) for kind, cost in costs.items()}
    ratios = {"plain over hot": repeat(1.5), "plain over plain again: the noise": repeat(1.01)}
    return ReadFigures(name, cache_control, {"identity": 200_000, "br": 38_800}, series, ratios)


READS = ReadsRun(
    "2026-11-28 0123abcd",
    7,
    8_131,
    [
        build_read(name, "public, no-cache" if name.endswith("page") else "public, max-age=60, s-maxage=300")
        for name in scaling.LABELS
    ],
)
PROCESSES = ProcessesRun(
    "2026-11-28 0123abcd",
    7,
    [ProcessFigures("sheet cold", repeat(800e-6), repeat(400e-6), repeat(1260e-6), repeat(1.05))],
)
GROWTH = GrowthRun(
    "2026-11-28 0123abcd",
    7,
    [GrowthFigures("postgresql", "list", 80_000, 80_000, *map(repeat, (800e-6, 400e-6, 700.0, 0.97)))],
)

QUICK = Waits(0.002, 0.0346, 0.2558, {"200": 820})
BUSY = BusyRun(
    "2026-11-28 0123abcd",
    8_131,
    [
        FilesFigures("no files", {}, 30.0, 0, QUICK, QUICK),
        FilesFigures(
            "files",
            {"200": 4, "503 with Retry-After": 46},
            12.34,
            70_000_000,
            Waits(0.004, 0.4321, 1.5, {"200": 1_599, "503 with Retry-After": 1}),
            QUICK,
        ),
    ],
    [PublicationFigures("sqlite", 41.0, repeat(1_000), Spread(600, 750, 900), repeat(950), 0.742, QUICK)],
    HourFigures(
        180.0,
        {"popular": 7_200, "attack": 100_800},
        {"200": 108_000},
        186 * 2**20,
        300 * 2**20,
        -(2**19),
        64 * 2**20,
        0.9876,
        QUICK,
    ),
)


def test_the_page_is_what_the_stored_figures_render_to() -> None:
    assert (scaling.FOLDER / "scaling.md").read_text("utf-8") == scaling.render(scaling.read_figures())


def test_a_page_without_figures_says_so() -> None:
    page = render(Scaling())
    assert "No run has recorded the reads yet." in page
    assert "No run has recorded the cost of reads on PostgreSQL yet." in page


def test_the_mix_is_of_a_hundred_requests_of_known_reads() -> None:
    assert sum(scaling.MIX.values()) == 100
    assert set(scaling.MIX) == set(scaling.LABELS)


def test_the_capacity_follows_from_the_cost_of_a_request() -> None:
    page = render(Scaling("2 cores", READS))
    # 0.9 × 100 µs + 0.1 × 1,000 µs = 190 µs; 0.7 / 190 µs = 3,684 a second, 5 a minute for 44,211 readers;
    # 0.7 / 100 µs = 7,000; 40,000 bytes are 320,000 bits, 1,179 Mbit/s; the line of 1,000 carries 3,125 a second.
    assert "| 1 | SQLite or PostgreSQL, 1 process | 7,000 | 3,684 | 44,211 | 1,179 Mbit/s | – | the line, then" in page
    assert "A request as assumed costs 190 µs, one from memory 100 µs: the 10% that are not there take 53%" in page
    assert "3,125 requests a second for one of 1 Gbit/s" in page


def test_processes_and_their_database_are_counted() -> None:
    page = render(Scaling("2 cores", READS, processes=PROCESSES))
    # 16 × 0.7 / (190 µs × 1.05) = 56,140 a second, of which a tenth costs PostgreSQL 400 µs: 2.25 cores, of 4 × 0.7.
    assert (
        "| 16 | PostgreSQL, 16 processes | 106,667 | 56,140 | 673,684 | 17,965 Mbit/s | 2.25 | the line, then" in page
    )
    # 0.7 / 400 µs
    assert "busy at 1,750 such reads a second, 17,500 requests a second as assumed" in page


def test_a_cdn_takes_what_may_be_shared() -> None:
    page = render(Scaling("2 cores", READS))
    # All but the pages, 20 and 10 of a hundred; sheet, badge, card, frame and document are 5 addresses of each of
    # 8,131 organisations, each once in 300 s: 135.5; 304 for 30 of a hundred at 50 µs: 15 µs, 0.7 / 15 µs = 46,667.
    assert "70% of the requests as assumed" in page
    assert "136 requests a second in all" in page
    assert "one core then carries 46,667 requests a second" in page


def test_growth_is_tabulated() -> None:
    page = render(Scaling("2 cores", growth=GROWTH))
    row = "| list | PostgreSQL | 80,000 | 80,000 | 800 (800–800) | 400 (400–400) | 0.97 (0.97–0.97) |"
    assert row in page


def test_what_happens_when_it_is_busy_is_told() -> None:
    page = render(Scaling("2 cores", busy=BUSY))
    assert "while 50 files of whole tables are asked for at once" in page
    assert "| no files | other reads | 2 | 35 | 256 | 820 × 200 |" in page
    assert "| files | other reads | 4 | 432 | 1,500 | 1,599 × 200, 1 × 503 with Retry-After |" in page
    assert "Files: 4 × 200, 46 × 503 with Retry-After; the last of them ended after 12.3 s, 70 MB in all." in page
    assert "No files:" not in page
    assert "| SQLite | 41 | 1,000 | 750 | 600 | 950 | 74% | 820 × 200 |" in page
    # 108,000 requests are 30 in each of 3,600 seconds.
    assert (
        "108,000 requests in 180 s, as many as an hour of 30 a second (7,200 × popular, 100,800 × attack), the attack "
        "with addresses that nobody asks for twice: the process had 186 MiB before and 300 MiB at most, -0.5 MiB a "
        "minute after the first third." in page
    )
    assert "98.8% of the popular reads came from there, and 99 of 100 took 35 ms at most." in page


@pytest.mark.parametrize(
    ("processes", "rate", "size", "database", "first"),
    [
        (1, 1_000, 10_000, None, []),
        (1, 13_000, 10_000, None, ["the line"]),  # 1.04 Gbit/s
        (4, 1_000, 10_000, None, []),  # 96 connections of 97
        (5, 1_000, 10_000, None, ["`max_connections` of PostgreSQL"]),
        (4, 10_000, 100, 800e-6, ["the 1 cores of PostgreSQL"]),  # 1,000 reads at 800 µs: 0.8 of 0.7
        (16, 20_000, 10_000, 100e-6, ["`max_connections` of PostgreSQL", "the line"]),  # 3.96 and 1.6
    ],
)
def test_what_gives_way_first(
    processes: int, rate: float, size: float, database: float | None, first: list[str]
) -> None:
    assert scaling.list_bottlenecks(processes, rate, size, database) == first


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("public, max-age=60, s-maxage=300, stale-while-revalidate=600", 300),
        ("public, max-age=31536000, immutable", 31_536_000),
        ("public, no-cache", 0),
        ("private, max-age=60", 0),
        ("no-store", 0),
        ("public", 0),
    ],
)
def test_how_long_a_shared_cache_may_keep_an_answer(header: str, seconds: int) -> None:
    assert scaling.find_shared_age(header) == seconds


def test_a_part_that_runs_again_replaces_its_figures_only(tmp_path: Path) -> None:
    scaling.write_figures(Scaling("2 cores", READS, GROWTH), tmp_path)
    scaling.record_figures({"processes": PROCESSES, "busy": BUSY}, tmp_path, machine="4 cores")
    assert scaling.read_figures(tmp_path) == Scaling("4 cores", READS, GROWTH, PROCESSES, BUSY)
    assert (tmp_path / "scaling.md").read_text("utf-8") == scaling.render(scaling.read_figures(tmp_path))


def test_a_spread_has_four_significant_digits() -> None:
    assert scaling.summarise(Figures((0.000123456, 3.0, 2.0))) == Spread(0.0001235, 2.0, 3.0)
