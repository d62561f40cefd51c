"""Reads of installations that grow: 8,131, 80,000 and 1,000,000 organisations, on SQLite and on PostgreSQL.

Each address is asked once, so that no answer comes from memory. All sizes take their turn in each round. On PostgreSQL
the CPU time of its processes counts too. Up to 80,000 organisations all have a published score, which takes minutes to
publish; a million have none.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from urllib.parse import quote_plus

from actitud_api.demo import service as demo
from actitud_api.demo import simulator
from actitud_api.engine.methodology import loader
from actitud_api.platform.jobs.workers import open_worker_pool
from actitud_api.platform.storage.database import Database
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.editions import service as editions
from actitud_api.resources.organisations.identifiers import format_demonstration_identifier
from tests.benchmarks import scaling
from tests.benchmarks.databases import open_databases, tidy
from tests.benchmarks.load import build_request
from tests.benchmarks.measure import Line, table
from tests.benchmarks.population import fill
from tests.benchmarks.reads import list_ranking_pages
from tests.benchmarks.servers import AskedServer, start_service
from tests.benchmarks.trial import RequestSeries, Trial, measure_in_turn
from tests.support.databases import make_key

SIZES: Final = (8_131, 80_000, 1_000_000)
SCORED_MAX: Final = 80_000
"""Largest size whose organisations have a score."""
SUBMISSIONS: Final = 1_000
"""Number of different submissions, which the organisations of an edition share."""
_BATCH: Final = 10_000
PAGE: Final = 50
AIMED: Final = ("organisation", "list")
"""Reads that may cost a ninth more at the largest size than at the smallest, at most."""


def run(trial: Trial, sizes: Sequence[int] = SIZES) -> scaling.GrowthRun:
    """Measure the reads of each size on both databases, print the tables and return the figures."""
    figures = [*_measure_kind("sqlite", sizes, trial), *_measure_kind("postgresql", sizes, trial)]
    return scaling.GrowthRun(scaling.describe_run(), trial.rounds, figures)


def _measure_kind(kind: str, sizes: Sequence[int], trial: Trial) -> list[scaling.GrowthFigures]:
    series: dict[tuple[str, int], RequestSeries] = {}
    scored: dict[int, int] = {}
    with TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        database, make_url = stack.enter_context(open_databases(kind, folder))
        for size in sizes:
            url = make_url(f"of_{size}")
            print(f"filling {kind} with {size:,} organisations", flush=True)
            with closing(Database(url)) as empty:
                empty.migrate()
                fill(empty, size)
                if size <= SCORED_MAX:
                    publish_scores(empty, folder / f"{size}", size)
            tidy(url)
            server = stack.enter_context(start_service(url, folder / f"{size}"))
            targets, scored[size] = list_reads(server, (trial.addresses + 1) * trial.rounds)
            for read, addresses in targets.items():
                series[read, size] = RequestSeries(server, [build_request(one) for one in addresses], repeats=False)
        names = {f"{read} {size}": (read, size) for read, size in series}
        found = measure_in_turn({name: series[key] for name, key in names.items()}, trial, database=database)
    costs = {key: found[name] for name, key in names.items()}
    figures = []
    for read in dict.fromkeys(read for read, _ in costs):
        first = min(size for other, size in costs if other == read)
        lines = []
        for size in sizes:
            if (read, size) not in costs:
                continue
            cost = costs[read, size]
            ratio = costs[read, first].cpu.over(cost.cpu)
            aim = "aim: at least 0.9" if read in AIMED and size == max(sizes) else ""
            lines += [
                Line(f"{size:,} organisations", "µs", cost.cpu.times(1e6)),
                Line(f"{first:,} over {size:,}", "times", ratio, aim),
                Line(f"{size:,}: requests", "/s", cost.rate),
            ]
            figures.append(
                scaling.GrowthFigures(
                    kind,
                    read,
                    size,
                    scored[size],
                    scaling.summarise(cost.service),
                    scaling.summarise(cost.database),
                    scaling.summarise(cost.rate),
                    scaling.summarise(ratio),
                )
            )
        table(f"{read} on {kind}, each address once: CPU of the server and the database for a request", lines)
    return figures


def publish_scores(database: Database, folder: Path, organisations: int) -> None:
    """Publish the edition of the demonstration with a score of each organisation of `fill`; its key is in `folder`."""
    folder.mkdir()
    methodology = loader.load_methodology(simulator.METHODOLOGY)
    simulated = list(simulator.simulate(methodology, range(1, min(SUBMISSIONS, organisations) + 1)))
    with database.write() as session:
        editions.add(session, editions.build_record(demo.DRAFT, now=demo.CREATED, state="in_review", simulated=True))
    numbered = zip(range(1, organisations + 1), itertools.cycle(simulated), strict=False)
    for start in range(0, organisations, _BATCH):
        rows = [
            assessments.to_row(
                demo.EDITION, format_demonstration_identifier(number), one.submission, one.evaluation, demo.CREATED
            )
            for number, one in itertools.islice(numbered, min(_BATCH, organisations - start))
        ]
        with database.write() as session:
            assessments.store_rows(session, rows)
    make_key(database, folder)
    with open_worker_pool() as spread:
        demo.publish_demonstration(database, folder, lambda: None, now=demo.CREATED, spread=spread)


def list_reads(server: AskedServer, wanted: int) -> tuple[dict[str, list[str]], int]:
    """Return addresses of each kind of read, spread over all organisations, and the number of scores.

    The scores are those of the newest published edition; without one there are only reads of organisations.
    """
    organisations = _sample(server, "/v1/organisations?", wanted)
    items = [page["items"][0] for page in organisations]
    reads = {
        "organisation": [f"/v1/organisations/{item['id']}" for item in items],
        "list": [f"/v1/organisations?limit={PAGE}&cursor={cursor}" for cursor in _list_cursors(organisations)],
        "search": [f"/v1/organisations?limit={PAGE}&q={quote_plus(select_words(item['name']))}" for item in items],
    }
    reads["search"] = list(dict.fromkeys(reads["search"]))  # some names are alike
    edition = _find_edition(server)
    if edition is None:
        return reads, 0
    root = f"/v1/editions/{edition}/scores"
    scores = _sample(server, f"{root}?", wanted)
    scored = [page["items"][0]["organisation"] for page in scores]
    total = int(_fetch(server, f"{root}?limit=1&total=true")["total"])
    pages = list_ranking_pages(edition, total)
    return {
        **reads,
        "sheet": [f"{root}/{organisation}" for organisation in scored],
        "list of scores": [f"{root}?limit={PAGE}&cursor={cursor}" for cursor in _list_cursors(scores)],
        "organisation page": [f"/portal/{edition}/{organisation}" for organisation in scored],
        "ranking page": pages[:: max(1, len(pages) // wanted)],
    }, total


def select_words(name: str) -> str:
    """Return the two longest words of a name, in their order."""
    words = name.split()
    longest = sorted(words, key=len, reverse=True)[:2]
    return " ".join(word for word in words if word in longest)


def _sample(server: AskedServer, target: str, wanted: int) -> list[Mapping[str, Any]]:
    """Return pages of one row of a list, from places spread over the whole of it."""
    total = int(_fetch(server, f"{target}limit=1&total=true")["total"])
    # In an order in which requests that follow each other are far apart in the list.
    places = [place * total // wanted for place in range(wanted)]
    mixed = [place for start in range(7) for place in places[start::7]]
    answers = server.fetch([build_request(f"{target}limit=1&offset={place}") for place in dict.fromkeys(mixed)])
    return [json.loads(answer.body) for answer in answers]


def _list_cursors(pages: Sequence[Mapping[str, Any]]) -> list[str]:
    return [page["next_cursor"] for page in pages if page["next_cursor"] is not None]


def _find_edition(server: AskedServer) -> str | None:
    editions = _fetch(server, "/v1/editions?limit=1000")["items"]
    published = [edition for edition in editions if edition["state"] == "published"]
    newest = max(published, key=lambda edition: str(edition["period_to"]), default=None)
    return None if newest is None else str(newest["id"])


def _fetch(server: AskedServer, target: str) -> Any:
    (answer,) = server.fetch([build_request(target)])
    return json.loads(answer.body)
