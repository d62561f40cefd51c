"""Readers while the service has much else to do: whole-table files, a publication, a flood of addresses.

Three trials. `measure_files`: readers come through the nginx of `deploy/` at a steady pace, and 50 files of whole
tables are asked for at once. `measure_publication`: readers ask as fast as they get answers while an edition is
published by the API. `measure_hour`: the requests of an hour in minutes, among them a million addresses that are asked
for once, with a look at the memory of the process each second.
"""

from __future__ import annotations

import itertools
import random
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Final

import httpx
from msgspec import Struct

from actitud_api.demo import service as demo
from actitud_api.platform.jobs.workers import open_worker_pool
from actitud_api.platform.storage.database import Database
from actitud_api.resources.scores.schemas import SORTS
from actitud_api.settings import Settings
from tests.benchmarks import scaling
from tests.benchmarks.databases import open_databases, tidy
from tests.benchmarks.load import CONNECTIONS, build_request
from tests.benchmarks.measure import Figures, Line, table
from tests.benchmarks.reads import EDITION, PAGE, PublicRead, fetch_ranking, list_reads, publish_demonstration
from tests.benchmarks.servers import BenchServer, start_service
from tests.benchmarks.visitors import (
    Visit,
    VisitorGroup,
    Waits,
    count_outcomes,
    count_rates,
    summarise_waits,
    visit_at_once,
    visiting,
)
from tests.faults.serving import read_memory
from tests.support import proxy
from tests.support.databases import make_key
from tests.support.keys import create_header

FILES: Final = ("scores.xlsx", "scores.csv", "scores.jsonl", "scores.jsonstat", "indicators.csv")
FILES_AT_ONCE: Final = 50
READERS: Final = 8
READERS_PAUSE: Final = 0.2
"""Seconds from one request of a reader to its next: all of them together ask 40 times a second."""
LOOK_PAUSE: Final = 0.2
"""Seconds between two requests for `/readyz`."""
PROXY_PATIENCE: Final = 8
"""Patience of nginx with slow clients, as deploy/README.md has it."""
WINDOW_MIN: Final = 1.0
"""Least seconds in which waits are counted, so that there are some."""
POPULAR: Final = 30
"""Addresses of each kind of read that are asked for again and again."""
HOUR_PHASES: Final = 6
"""Phases that the requests of an hour take: 3 minutes of half a minute each."""
ATTACKED: Final = 1_000_000
"""Addresses of which the attack asks for each at most once, in random order."""
ATTACKED_LIMITS: Final = 100
ATTACKERS: Final = 4
POPULAR_ROOM: Final = 16 * 2**20
"""Bytes of memory while an edition is published. The popular answers stay there; of the full size no others do, so that
a tenth of the reads are made anew all the time."""
POPULAR_READS: Final = ("sheet", "list", "badge", "card", "frame")
"""Kinds of read whose answers tell whether they came from memory: `RateLimit` is only on those that did not."""
COUNTED: Final = {f"RATE_LIMIT_{name}": "1000000" for name in ("READ", "SCORE")}
"""Limits that nobody reaches; with them the answers of handlers have `RateLimit`."""


class BusySizes(Struct, frozen=True):
    """Size of the trials: municipalities of the demonstration, and seconds of a phase."""

    organisations: int = 300
    seconds: float = 5.0


FULL: Final = BusySizes(demo.ORGANISATIONS, 30.0)


class PublicationFailed(RuntimeError):
    """Raised if the edition is not published, so that there is nothing to report."""


def run(sizes: BusySizes) -> scaling.BusyRun:
    """Run the three trials, print their tables and return the figures."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        url = f"sqlite:///{folder / 'service.sqlite3'}"
        publish_demonstration(url, folder, range(1, sizes.organisations + 1))
        files = measure_files(url, folder, sizes)
        hour = measure_hour(url, folder, sizes)
    publications = [measure_publication(kind, sizes) for kind in ("sqlite", "postgresql")]
    return scaling.BusyRun(scaling.describe_run(), sizes.organisations, files, publications, hour)


def measure_files(url: str, folder: Path, sizes: BusySizes) -> list[scaling.FilesFigures]:
    """Measure readers through nginx without files, while 50 are asked for, and while the same are asked for again."""
    reads = _list_reads(url, folder, EDITION)
    targets = list_file_targets(EDITION)
    readers = VisitorGroup("readers", mix_reads(reads, random.Random(1)), READERS, READERS_PAUSE, "127.0.0.2")
    looker = VisitorGroup("readiness", itertools.repeat("/readyz"), pause=LOOK_PAUSE)
    windows: list[tuple[str, float, float, list[Visit]]] = []
    behind = {"TRUSTED_PROXIES": "127.0.0.1"}
    with ExitStack() as stack:
        server = stack.enter_context(start_service(url, folder, settings=behind))
        server.fetch([build_request(target) for target in _list_popular(reads)])
        port = stack.enter_context(proxy.running(folder / "nginx", server.port, PROXY_PATIENCE))
        crowd = stack.enter_context(visiting(port, readers, looker))
        for asked in ("no files", "files", "the same files again"):
            begin = perf_counter()
            files = [] if asked == "no files" else visit_at_once(port, "files", targets, "127.0.0.3")
            time.sleep(max(0.0, (WINDOW_MIN if files else sizes.seconds) - (perf_counter() - begin)))
            windows.append((asked, begin, perf_counter(), files))
    # Now that all have their answers: the slowest are among those that came last.
    figures = [_summarise_window(crowd.visits, *window) for window in windows]
    rows = [
        (f"{figure.asked}: {what}", *_describe_waits(waits))
        for figure in figures
        for what, waits in (("other reads", figure.reads), ("/readyz", figure.readiness))
    ]
    _print("Readers through nginx while 50 files of whole tables are asked for", WAITS, rows)
    for figure in figures[1:]:
        print(f"  {figure.asked}: {_describe_outcomes(figure.outcomes)}; all after {figure.seconds:.1f} s")
    return figures


def measure_publication(kind: str, sizes: BusySizes) -> scaling.PublicationFigures:
    """Measure reads per second of the earlier edition before, while and after the other one is published by the API."""
    with TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        _, make_url = stack.enter_context(open_databases(kind, folder))
        url = make_url("publication")
        with closing(Database(url)) as database:
            database.migrate()
            demo.store_demonstration(database, lambda: None, range(1, sizes.organisations + 1))
            make_key(database, folder)
            with open_worker_pool() as spread:
                demo.publish_earlier_edition(database, folder, lambda: None, now=demo.CREATED, spread=spread)
            headers = create_header(database)
        tidy(url)
        reads = _list_reads(url, folder, demo.EARLIER)
        group = VisitorGroup("readers", mix_reads(reads, random.Random(2)), CONNECTIONS)
        server = stack.enter_context(start_service(url, folder, settings={"MEMORY_BYTES": f"{POPULAR_ROOM}"}))
        server.fetch([build_request(target) for target in _list_popular(reads)])
        with visiting(server.port, group) as crowd:
            time.sleep(sizes.seconds)
            begin = perf_counter()
            time.sleep(sizes.seconds)
            asked = perf_counter()
            _publish(server, headers)
            published = perf_counter()
            time.sleep(sizes.seconds)
            end = perf_counter()
    rates = [count_rates(crowd.visits, *window) for window in ((begin, asked), (asked, published), (published, end))]
    before, during, after = (scaling.summarise(Figures(tuple(rate))) for rate in rates)
    whole = [statistics.fmean(rate) for rate in rates]
    meanwhile = [visit for visit in crowd.visits if asked <= visit.due < published]
    figures = scaling.PublicationFigures(
        kind,
        float(f"{published - asked:.4g}"),
        before,
        during,
        after,
        float(f"{whole[1] / whole[0]:.4g}"),
        summarise_waits(meanwhile),
    )
    table(
        f"Reads per second while {sizes.organisations:,} scores are published on {kind}",
        [
            Line("before", "/s", Figures(tuple(rates[0]))),
            Line(f"during, {published - asked:.1f} s", "/s", Figures(tuple(rates[1]))),
            Line("after", "/s", Figures(tuple(rates[2]))),
            Line("during over before, means", "times", Figures((figures.ratio,)), "aim: at least 0.7"),
        ],
    )
    longest = f"p99 {1e3 * figures.reads.p99:,.0f} ms, longest {1e3 * figures.reads.most:,.0f} ms"
    print(f"  during: {_describe_outcomes(figures.reads.outcomes)}; {longest}")
    return figures


def measure_hour(url: str, folder: Path, sizes: BusySizes) -> scaling.HourFigures:
    """Measure the memory of a process that is asked for much in little time, and how popular reads fare meanwhile."""
    reads = _list_reads(url, folder, EDITION)
    chance = random.Random(3)
    popular = itertools.cycle(_list_popular({name: reads[name] for name in POPULAR_READS}))
    groups = (
        VisitorGroup("popular", popular, READERS, READERS_PAUSE),
        VisitorGroup("readers", mix_reads(reads, chance), 2),
        VisitorGroup("searches", make_searches(chance), 1),
        VisitorGroup("attack", attack(EDITION, chance), ATTACKERS),
        VisitorGroup("files", itertools.cycle(list_file_targets(EDITION)), 1, READERS),
    )
    seconds = HOUR_PHASES * sizes.seconds
    with start_service(url, folder, settings=COUNTED) as server:
        process = server.list_processes()[0]
        first = read_memory(process, "VmRSS")
        samples: list[tuple[float, int]] = []
        with visiting(server.port, *groups) as crowd:
            begin = perf_counter()
            while (elapsed := perf_counter() - begin) < seconds:
                samples.append((elapsed, read_memory(process, "VmRSS")))
                time.sleep(min(1.0, sizes.seconds / 5))
    later = [visit for visit in crowd.visits if visit.group == "popular" and visit.due - begin > seconds / 3]
    answered = [visit for visit in later if visit.status == 200]
    figures = scaling.HourFigures(
        seconds=seconds,
        requests={group.name: sum(visit.group == group.name for visit in crowd.visits) for group in groups},
        outcomes=count_outcomes(crowd.visits),
        first=first * 1024,
        most=max(resident for _, resident in samples) * 1024,
        slope=round(compute_slope([sample for sample in samples if sample[0] > seconds / 3])) * 1024,
        memory_bytes=Settings().memory_bytes,
        from_memory=sum("ratelimit" not in visit.headers for visit in answered) / max(1, len(answered)),
        popular=summarise_waits(later),
    )
    number = sum(figures.requests.values())
    _print(
        f"{number:,} requests in {seconds:g} s, as many as {number / 3600:.1f} a second in an hour",
        ("", ""),
        [
            ("resident memory at the start", f"{figures.first / 2**20:,.0f} MiB"),
            ("at most", f"{figures.most / 2**20:,.0f} MiB"),
            ("slope after the first third", f"{figures.slope / 2**20:,.2f} MiB a minute"),
            ("room of answers in memory", f"{figures.memory_bytes / 2**20:,.0f} MiB"),
            ("popular reads from memory", f"{figures.from_memory:.1%}, aim: above 90%"),
            ("popular reads, p99", f"{1e3 * figures.popular.p99:,.0f} ms"),
            ("requests", _describe_outcomes(figures.requests)),
            ("statuses", _describe_outcomes(figures.outcomes)),
        ],
    )
    return figures


def list_file_targets(edition: str) -> list[str]:
    """Return 50 different addresses of files with the whole table of an edition: formats, languages and orders."""
    every = (
        f"/v1/editions/{edition}/{file}?lang={language}&sort={sort}"
        for sort in SORTS
        for language in ("es", "en")
        for file in FILES
    )
    return list(itertools.islice(every, FILES_AT_ONCE))


def mix_reads(reads: Mapping[str, PublicRead], chance: random.Random) -> Iterator[str]:
    """Yield addresses without end, by the shares of `scaling.MIX`: popular ones, and others each in its turn."""
    popular = {name: _list_popular({name: read}) for name, read in reads.items()}
    others = {name: itertools.cycle(read.cold[POPULAR:] or [read.hot]) for name, read in reads.items()}
    while True:
        (name,) = chance.choices(list(scaling.MIX), list(scaling.MIX.values()))
        yield chance.choice(popular[name]) if chance.random() < scaling.FROM_MEMORY else next(others[name])


def make_searches(chance: random.Random) -> Iterator[str]:
    """Yield searches of organisations by random words."""
    while True:
        words = ("".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=6)) for _ in range(2))
        yield f"/v1/organisations?limit={PAGE}&q={'+'.join(words)}"


def attack(edition: str, chance: random.Random) -> Iterator[str]:
    """Yield the addresses of a million pages of a ranking in random order, each once."""
    for number in chance.sample(range(ATTACKED), ATTACKED):
        offset, limit = divmod(number, ATTACKED_LIMITS)
        yield f"/v1/editions/{edition}/scores?limit={limit + 1}&offset={offset}"


def compute_slope(samples: Sequence[tuple[float, int]]) -> float:
    """Return the slope of figures by seconds, for a minute."""
    seconds, figures = zip(*samples, strict=True)
    return 60 * statistics.linear_regression(seconds, figures).slope


def _list_popular(reads: Mapping[str, PublicRead]) -> list[str]:
    return [target for read in reads.values() for target in (read.hot, *read.cold[: POPULAR - 1])]


def _list_reads(url: str, folder: Path, edition: str) -> dict[str, PublicRead]:
    """Return the reads of an edition, asked of a process of its own: the next one has answered nothing yet."""
    with start_service(url, folder) as server:
        return list_reads(fetch_ranking(server, edition), edition)


def _publish(server: BenchServer, headers: Mapping[str, str]) -> None:
    answer = httpx.post(
        f"http://127.0.0.1:{server.port}/v1/editions/{EDITION}/publications",
        json={"reason": "It is time."},
        headers={**headers, "Idempotency-Key": "busy"},
        timeout=1800,
    )
    if answer.status_code != 201:
        raise PublicationFailed(answer.text)


def _summarise_window(
    visits: Sequence[Visit], asked: str, begin: float, end: float, files: Sequence[Visit]
) -> scaling.FilesFigures:
    due = [visit for visit in visits if begin <= visit.due < end]
    reads, readiness = ([visit for visit in due if visit.group == name] for name in ("readers", "readiness"))
    return scaling.FilesFigures(
        asked,
        count_outcomes(files),
        float(f"{max((visit.end for visit in files), default=end) - begin:.4g}"),
        sum(visit.size for visit in files),
        summarise_waits(reads),
        summarise_waits(readiness),
    )


WAITS: Final = ("", "requests", "p50 ms", "p99 ms", "max ms", "statuses")


def _describe_waits(waits: Waits) -> tuple[str, ...]:
    figures = (f"{1e3 * wait:,.1f}" for wait in (waits.p50, waits.p99, waits.most))
    return (f"{sum(waits.outcomes.values()):,}", *figures, _describe_outcomes(waits.outcomes))


def _describe_outcomes(outcomes: Mapping[str, int]) -> str:
    return ", ".join(f"{number:,} × {outcome}" for outcome, number in outcomes.items())


def _print(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    print(f"\n{title}")
    for row in (head, *rows) if any(head) else rows:
        print("  " + "  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip(), flush=True)
