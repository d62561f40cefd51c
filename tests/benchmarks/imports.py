"""An import of a tidy file with all answers of each organisation, as its job does it, and `COPY` of the same values.

Half of the processors, at least one, validate and score; the process of the job reads and stores.
"""

from __future__ import annotations

import csv
import os
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Final

import msgspec
import psycopg

from actitud_api.platform.jobs import service as jobs
from actitud_api.platform.jobs.runner import JobRunner
from actitud_api.platform.jobs.workers import open_workers_apart, run_apart
from actitud_api.platform.storage.database import Database
from actitud_api.resources.editions import service as editions
from actitud_api.resources.imports import service
from actitud_api.resources.imports.import_run import ImportResult, ImportWorkers
from actitud_api.resources.imports.tasks import build_task
from tests.benchmarks.databases import open_databases
from tests.support import importing

ORGANISATIONS: Final = 8_131
"""Municipalities of Spain."""

PARTS: Final = ("reading", "validating", "scoring", "storing")


def run(organisations: int = ORGANISATIONS) -> None:
    """Time an import on both databases, first into an empty edition, then the same file again, and `COPY`."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "answers.csv"
        write_file(file, organisations)
        print(f"\nimport of {organisations:,} organisations, {file.stat().st_size / 2**20:.0f} MB of tidy CSV; seconds")
        print(f"  {'':24} {'all':>8} {'CPU':>8}" + "".join(f" {part:>10}" for part in PARTS))
        for kind in ("sqlite", "postgresql"):
            with open_databases(kind, Path(folder)) as (_, make):
                url = make("imports")
                database = Database(url)
                prepare(database, organisations)
                for name in ("first", "same file"):
                    begun = read_cpu()
                    started = perf_counter()
                    result = import_file(database, file)
                    seconds, cpu = perf_counter() - started, read_cpu() - begun
                    assert result.created + result.unchanged == organisations, result
                    parts = "".join(f" {result.seconds.get(part, 0.0):10.1f}" for part in PARTS)
                    print(f"  {kind:12} {name:11} {seconds:8.1f} {cpu:8.1f}{parts}", flush=True)
                database.close()
                print(f"  {kind:12} {'COPY':11} {copy_values(kind, url, file):8.1f}", flush=True)


def read_cpu() -> float:
    """Return the CPU time of this process and of its children that have ended, in seconds."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def write_file(file: Path, organisations: int) -> None:
    """Write a tidy file with all answers, and a document behind each, for this many organisations."""
    rows = list(importing.list_rows(""))
    with file.open("w", newline="") as target:
        writer = csv.writer(target)
        writer.writerow(importing.TITLES)
        for number in range(1, organisations + 1):
            name = importing.name(number)
            writer.writerows([name, *row[1:]] for row in rows)


def import_file(database: Database, file: Path) -> ImportResult:
    """Import a file as the service does, from its arrival to the end of its job."""
    importer = service.Importer(database, ImportWorkers(open_workers_apart, run_apart))
    runner = JobRunner(database, [build_task(importer)])
    with file.open("rb") as content:
        received = importer.receive_file(importing.EDITION, content, file.stat().st_size, importing.CSV, "benchmark")
    asked = service.ImportRequest(dry_run=False, all_or_nothing=False, language="es", request=None)
    with database.write(hidden=True) as session:
        job = importer.enqueue_import(session, received, None, asked)
    runner.run_next(job.id)
    with database.read() as session:
        done = jobs.find_job(session, str(job.id), None)
    assert done.state == "succeeded", done.problem
    return msgspec.convert(done.result, ImportResult)


def prepare(database: Database, organisations: int) -> None:
    """Make the tables, an open edition and the organisations."""
    database.migrate()
    draft = msgspec.convert({**importing.NEW}, editions.EditionDraft)
    with database.write() as session:
        editions.create(session, draft, now=datetime.now(UTC))
    importing.register(database, organisations)


def copy_values(kind: str, url: str, file: Path) -> float:
    """Return the seconds in which the rows of a file get into a table without index: by `COPY`, or by insertions."""
    columns = ", ".join(f"{title} text" for title in importing.TITLES)
    started = perf_counter()
    if kind == "postgresql":
        with psycopg.connect(url.replace("+psycopg", "")) as connection:
            connection.execute(f"CREATE TABLE copied ({columns})")
            with (
                connection.cursor().copy("COPY copied FROM STDIN (FORMAT csv, HEADER)") as copy,
                file.open("rb") as content,
            ):
                while piece := content.read(2**20):
                    copy.write(piece)
    else:
        with sqlite3.connect(url.removeprefix("sqlite:///")) as connection, file.open(newline="") as content:
            connection.execute(f"CREATE TABLE copied ({columns})")
            rows = csv.reader(content)
            next(rows)
            connection.executemany(f"INSERT INTO copied VALUES ({', '.join('?' * len(importing.TITLES))})", rows)
    return perf_counter() - started
