"""Two processes on PostgreSQL beside one: CPU time of a request, that of PostgreSQL included.

Each is an `actitud-api serve` of its own on the same database, which has the demonstration.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from actitud_api.demo import service as demo
from tests.benchmarks import scaling
from tests.benchmarks.databases import open_databases, tidy
from tests.benchmarks.load import build_request
from tests.benchmarks.measure import Line, table
from tests.benchmarks.reads import fetch_ranking, list_reads, publish_demonstration
from tests.benchmarks.servers import start_service
from tests.benchmarks.trial import RequestSeries, Trial, measure_in_turn
from tests.faults.serving import SERVE

OPTION: Final = "--workers"
READS: Final = ("sheet", "list")
PROCESSES: Final = (1, 2)


def run(trial: Trial, organisations: int = demo.ORGANISATIONS) -> scaling.ProcessesRun | None:
    """Measure one and two processes, print the table and return the figures; None if `serve` starts one only."""
    if not can_start_many():
        print(f"\nTwo processes beside one: `actitud-api serve` has no option {OPTION}")
        return None
    series = {}
    with TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        database, make_url = stack.enter_context(open_databases("postgresql", folder))
        url = make_url("demonstration")
        publish_demonstration(url, folder, range(1, organisations + 1))
        tidy(url)
        for number in PROCESSES:
            options = () if number == 1 else (OPTION, f"{number}")
            server = stack.enter_context(start_service(url, folder, *options))
            reads = list_reads(fetch_ranking(server))
            for read in READS:
                cold = [build_request(target) for target in reads[read].cold]
                series[f"{read} cold, {number}"] = RequestSeries(server, cold, repeats=False)
                series[f"{read} hot, {number}"] = RequestSeries(server, [build_request(reads[read].hot)])
        costs = measure_in_turn(series, trial, database=database)
    figures, lines = [], []
    for kind in (f"{read} {warmth}" for read in READS for warmth in ("cold", "hot")):
        one, two = (costs[f"{kind}, {number}"] for number in PROCESSES)
        ratio = two.cpu.over(one.cpu)
        lines += [
            Line(f"{kind}, one process", "µs", one.cpu.times(1e6)),
            Line(f"{kind}, two over one", "times", ratio, "aim: 0.9 to 1.1"),
            Line(f"{kind}, one: requests", "/s", one.rate),
            Line(f"{kind}, two: requests", "/s", two.rate),
        ]
        figures.append(
            scaling.ProcessFigures(
                kind,
                *(scaling.summarise(found) for found in (one.service, one.database, two.cpu, ratio)),
            )
        )
    table("Two processes on PostgreSQL beside one: CPU of the processes and the database for a request", lines)
    return scaling.ProcessesRun(scaling.describe_run(), trial.rounds, figures)


def can_start_many() -> bool:
    """Return True if the command `serve` starts several processes."""
    shown = subprocess.run([sys.executable, "-c", SERVE, "serve", "--help"], check=True, capture_output=True, text=True)
    return OPTION in shown.stdout
