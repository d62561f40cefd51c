"""Public reads of a published edition, beside three other servers of the same bytes or the same data.

Bare ASGI, a plain Litestar handler with a path parameter, the FastAPI and SQLModel peer, and the service, each one
process under the server of `actitud-api serve`, asked over 16 connections. Hot: one address again and again; cold: each
address once; 304: the hot address with its `ETag`. No server is timed unless all of them answer the same.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from msgspec import Struct

from actitud_api.demo import service as demo
from actitud_api.platform.jobs.workers import open_worker_pool
from actitud_api.platform.storage.database import Database
from actitud_api.web.portal.ranking import PER_PAGE
from tests.benchmarks import scaling
from tests.benchmarks.load import Answer, build_request
from tests.benchmarks.measure import Figures, Line, table
from tests.benchmarks.peers.bodies import StoredBody, write_bodies
from tests.benchmarks.servers import AskedServer, BenchServer, start_peer, start_service
from tests.benchmarks.trial import RequestSeries, SeriesCosts, Trial, measure_in_turn
from tests.support.databases import make_key

EDITION: Final = demo.EDITION
PAGE: Final = 50
CODINGS: Final = ("gzip", "br", "zstd")
COMPARED: Final = ("sheet", "list")
"""Reads that the FastAPI peer has too."""


class PublicRead(Struct, frozen=True):
    """A kind of read: the address that is asked again and again, and addresses of which each is asked once."""

    hot: str
    cold: Sequence[str]


class Ranking(Struct, frozen=True):
    """Content of a published edition as the service answers it: rows, best first, and explained scores as JSON."""

    rows: list[dict[str, object]]
    sheets: tuple[bytes, ...]

    def list_documents(self) -> list[str]:
        """Return the digests of the published documents."""
        return [json.loads(sheet)["document"] for sheet in self.sheets]


class DifferentAnswers(RuntimeError):
    """Raised if two servers do not answer the same, so that it would be unfair to time them."""


def run(trial: Trial, organisations: int = demo.ORGANISATIONS) -> scaling.ReadsRun:
    """Publish the demonstration of so many organisations, and measure its reads as `measure_reads` does."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        url = f"sqlite:///{folder / 'service.sqlite3'}"
        publish_demonstration(url, folder, range(1, organisations + 1))
        return measure_reads(url, folder, trial)


def publish_demonstration(url: str, folder: Path, numbers: Sequence[int]) -> None:
    """Make a database with the demonstration of some municipalities, published; its key is in the folder."""
    database = Database(url)
    try:
        database.migrate()
        demo.store_demonstration(database, lambda: None, numbers)
        make_key(database, folder)
        with open_worker_pool() as spread:
            demo.publish_demonstration(database, folder, lambda: None, now=demo.CREATED, spread=spread)
    finally:
        database.close()


def measure_reads(url: str, folder: Path, trial: Trial) -> scaling.ReadsRun:
    """Measure the reads of a published database, print the tables and return the figures; files go to the folder."""
    # Here, because each process that collects tests would import FastAPI.
    from tests.benchmarks.peers.fastapi_sqlmodel import fill_database

    with start_service(url, folder) as server:
        ranking = fetch_ranking(server)
    fill_database(folder / "peer.sqlite3", ranking.rows, ranking.sheets)
    reads = list_reads(ranking)
    # A process of its own, which has answered nothing yet.
    with ExitStack() as stack:
        service = stack.enter_context(start_service(url, folder))
        answers = fetch_hot(service, reads)
        write_bodies(folder / "bodies", store_bodies(answers))
        bare, plain = (stack.enter_context(start_peer(kind, folder / "bodies")) for kind in ("bare", "plain"))
        peer = stack.enter_context(start_peer("fastapi", folder / "peer.sqlite3"))
        check_same(answers, reads, bare, plain, peer)
        sizes = _measure_sizes(service, reads)
        series = {
            f"{name} {kind}": one
            for name, read in reads.items()
            for kind, one in _build_series(name, read, answers[name], service, bare, plain, peer).items()
        }
        costs = measure_in_turn(series, trial)
    figures = []
    for name, answer in answers.items():
        found = {kind.removeprefix(f"{name} "): cost for kind, cost in costs.items() if kind.startswith(f"{name} ")}
        _print(name, len(answer.body), found)
        figures.append(
            scaling.ReadFigures(
                name,
                answer.headers["cache-control"],
                {"identity": len(answer.body), **sizes[name]},
                {kind: scaling.summarise_costs(cost) for kind, cost in found.items()},
                {what: scaling.summarise(ratio) for what, (ratio, _) in _compare(found).items()},
            )
        )
    return scaling.ReadsRun(scaling.describe_run(), trial.rounds, len(ranking.rows), figures)


def fetch_ranking(server: AskedServer, edition: str = EDITION) -> Ranking:
    """Return the rows and the explained scores of an edition, as the service answers them without a language."""
    rows: list[dict[str, object]] = []
    target = f"/v1/editions/{edition}/scores?limit=1000"
    while target:
        (answer,) = server.fetch([build_request(target)])
        page = json.loads(answer.body)
        rows += page["items"]
        target = page["next"]
    sheets = server.fetch([build_request(_build_sheet_target(edition, str(row["organisation"]))) for row in rows])
    return Ranking(rows, tuple(answer.body for answer in sheets))


def list_reads(ranking: Ranking, edition: str = EDITION) -> dict[str, PublicRead]:
    """Return the kinds of read of an edition by name."""
    organisations = [str(row["organisation"]) for row in ranking.rows]
    targets: dict[str, Sequence[str]] = {
        "document": [f"/v1/published/{digest}" for digest in ranking.list_documents()],
        "sheet": [_build_sheet_target(edition, organisation) for organisation in organisations],
        "list": [
            f"/v1/editions/{edition}/scores?limit={PAGE}&offset={offset}"
            for offset in range(max(1, len(organisations) - PAGE))
        ],
        "badge": [f"/badge/{edition}/{organisation}.svg" for organisation in organisations],
        "card": [f"/embed/{edition}/{organisation}/card.svg" for organisation in organisations],
        "frame": [f"/embed/{edition}/{organisation}" for organisation in organisations],
        "organisation page": [f"/portal/{edition}/{organisation}" for organisation in organisations],
        "ranking page": list_ranking_pages(edition, len(organisations)),
    }
    # The hot address is not among those that are asked once, whose order mixes near and far rows.
    return {name: PublicRead(all_of[0], _spread(all_of[1:])) for name, all_of in targets.items()}


def list_ranking_pages(edition: str, rows: int) -> list[str]:
    """Return the addresses of the pages of a ranking of so many rows, in both languages."""
    pages = ["", *(f"page={page}&" for page in range(2, -(-rows // PER_PAGE) + 1))]
    return [f"/portal/{edition}?{page}lang={language}" for page in pages for language in ("es", "en")]


def fetch_hot(server: AskedServer, reads: Mapping[str, PublicRead]) -> dict[str, Answer]:
    """Return the answer to the hot address of each read."""
    return dict(zip(reads, server.fetch([build_request(read.hot) for read in reads.values()]), strict=True))


def store_bodies(answers: Mapping[str, Answer]) -> dict[str, StoredBody]:
    """Return what the servers of stored bytes return."""
    return {name: StoredBody(answer.headers["content-type"], answer.body) for name, answer in answers.items()}


def check_same(
    answers: Mapping[str, Answer],
    reads: Mapping[str, PublicRead],
    bare: AskedServer,
    plain: AskedServer,
    peer: AskedServer,
) -> None:
    """Check that all servers answer the same: bytes, or the same JSON where the peer has a read.

    Raises:
        DifferentAnswers: Some server answers something else.
    """
    for server in (bare, plain):
        for name, answer in zip(answers, server.fetch([_name_request(name) for name in answers]), strict=True):
            if answer.body != answers[name].body:
                raise DifferentAnswers(f"{name}: other bytes on port {server.port}")
    for name, answer in zip(COMPARED, peer.fetch([build_request(reads[name].hot) for name in COMPARED]), strict=True):
        if select_data(name, answer.body) != select_data(name, answers[name].body):
            raise DifferentAnswers(f"{name}: other data of the peer")


def select_data(name: str, body: bytes) -> object:
    """Return the data of an answer that have to be those of the peer: all but the addresses of further pages."""
    content = json.loads(body)
    return content["items"] if name == "list" else content


def _build_series(
    name: str,
    read: PublicRead,
    answer: Answer,
    service: BenchServer,
    bare: BenchServer,
    plain: BenchServer,
    peer: BenchServer,
) -> dict[str, RequestSeries]:
    stored, hot = [_name_request(name)], [build_request(read.hot)]
    cold = [build_request(target) for target in read.cold]
    known = [build_request(read.hot, {"If-None-Match": answer.headers["etag"]})]
    series = {
        "bare": RequestSeries(bare, stored),
        "plain": RequestSeries(plain, stored),
        "plain again": RequestSeries(plain, stored),
        "hot": RequestSeries(service, hot),
        "304": RequestSeries(service, known, status=304),
        "cold": RequestSeries(service, cold, repeats=False),
    }
    if name in COMPARED:
        series["peer"] = RequestSeries(peer, hot)
        series["peer, each once"] = RequestSeries(peer, cold, repeats=False)
    return series


def _compare(found: Mapping[str, SeriesCosts]) -> dict[str, tuple[Figures, str]]:
    """Return ratios of CPU per request by what is compared, each with its aim."""
    plain, hot, cold = found["plain"].cpu, found["hot"].cpu, found["cold"].cpu
    ratios = {
        "plain over plain again: the noise": (plain.over(found["plain again"].cpu), "were it quiet: 1"),
        "plain over bare": (plain.over(found["bare"].cpu), ""),
        "plain over hot": (plain.over(hot), "aim: at least 1.3"),
        "hot over 304": (hot.over(found["304"].cpu), "aim: at least 1"),
        "plain over cold": (plain.over(cold), ""),
    }
    if "peer" in found:
        ratios["peer over hot"] = (found["peer"].cpu.over(hot), "aim: at least 20")
        ratios["peer over cold"] = (found["peer, each once"].cpu.over(cold), "aim: at least 1 for the sheet")
    return ratios


def _print(name: str, size: int, found: Mapping[str, SeriesCosts]) -> None:
    lines = [Line(kind, "µs", cost.cpu.times(1e6)) for kind, cost in found.items()]
    lines += [Line(what, "times", ratio, aim) for what, (ratio, aim) in _compare(found).items()]
    lines += [Line(f"{kind}: requests", "/s", cost.rate) for kind, cost in found.items()]
    table(f"{name} ({size:,} bytes): CPU of the server for a request, and how many times as much it is", lines)


def _measure_sizes(service: AskedServer, reads: Mapping[str, PublicRead]) -> dict[str, dict[str, int]]:
    """Return the size of each hot answer in each coding; the plain size where the service does not have the coding."""
    asked = list(itertools.product(reads, CODINGS))
    answers = service.fetch([build_request(reads[name].hot, {"Accept-Encoding": coding}) for name, coding in asked])
    sizes: dict[str, dict[str, int]] = {name: {} for name in reads}
    for (name, coding), answer in zip(asked, answers, strict=True):
        sizes[name][coding] = len(answer.body)
    return sizes


def _build_sheet_target(edition: str, organisation: str) -> str:
    return f"/v1/editions/{edition}/scores/{organisation}"


def _name_request(name: str) -> bytes:
    """Return the request for a stored body; the peers have no spaces in their addresses."""
    return build_request(f"/{name.replace(' ', '%20')}")


def _spread(targets: Sequence[str], step: int = 37) -> list[str]:
    """Return all targets in another order, every 37th first."""
    return [target for start in range(step) for target in targets[start::step]]
