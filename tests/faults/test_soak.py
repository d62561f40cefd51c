"""A server under steady load: neither its memory nor its open files grow, and the times of its answers are recorded.

The allocator of glibc keeps what has been freed apart for each thread, and with it the resident memory crept by 0.4 to
1.8 MiB a minute while what the objects took had no slope. So the server has one pool of memory, as in `deploy/`. Two
things are measured: what the objects take, where a few KiB kept at each request show within a minute; and the peak of
the resident memory, once every thread has had its own.
"""

from __future__ import annotations

import os
import statistics
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import httpx
import pytest

from actitud_api.demo import service as demo
from actitud_api.platform.storage.database import Database
from tests.faults.serving import (
    ONE_POOL,
    SERVE_LEAKING,
    SERVE_MEASURED,
    UNLIMITED,
    Serving,
    one_serving,
    read_memory,
)
from tests.faults.test_hostile import REQUEST
from tests.support.databases import make_key
from tests.support.figures import FigureRecorder
from tests.support.keys import create_header
from tests.support.publishing import publish
from tests.support.waiting import PATIENCE, await_true

pytestmark = [pytest.mark.night, pytest.mark.parametrize("kind", ["sqlite"])]

SAMPLES: Final = 40
LEAKING_SAMPLES: Final = 6
"""Samples of a server with a leak, which shows sooner."""
MEASURES: Final = 5
"""Measures of its objects, a few seconds apart, that a process makes for each sample."""
MOST_CLIENTS: Final = 16
"""Clients that ask for everything before anything counts: caches fill, and each worker thread has its peak."""
CLIENTS: Final = 4
PAUSE: Final = 0.2
"""Seconds from one request of a client to its next, where the server keeps up."""
GROWTH_MAX: Final = 1024
"""KiB that the memory of the process may grow by in 1,000 answers, about a minute of this load (R35)."""
FILES_MAX: Final = 4
"""Open files by which two samples may differ: connections of clients and of the pool come and go."""
SIZE: Final = 60
"""Organisations of the edition."""


class Request(NamedTuple):
    """What a client asks for."""

    method: str
    path: str
    body: Mapping[str, Any] | None = None


class Sample(NamedTuple):
    """What the process has at one time, or had since the sample before."""

    answers: int
    """Answers until then."""
    used: int
    """The least KiB that its objects took: at other times some were of a request."""
    resident: int
    """KiB of it in memory, freed or not."""
    files: int


class Soak(NamedTuple):
    """What was seen of a server that was asked for some time."""

    samples: Sequence[Sample]
    times: Sequence[float]
    """Seconds until each answer, in their order."""
    failed: int

    def compute_growth(self) -> float:
        """Return the slope of what the objects take, in KiB in 1,000 answers."""
        answers, used = ([getattr(one, name) for one in self.samples] for name in ("answers", "used"))
        return 1_000 * statistics.linear_regression(answers, used).slope

    def compute_resident_growth(self) -> float:
        """Return how much the peak of the last quarter is above that of the first one, in KiB in 1,000 answers."""
        quarter = len(self.samples) // 4
        before, after = self.samples[:quarter], self.samples[-quarter:]
        grown = max(one.resident for one in after) - max(one.resident for one in before)
        return 1_000 * grown / (after[0].answers - before[0].answers)

    def count_further_files(self) -> int:
        """Return how many files more are open in the end than in the beginning."""
        return self.samples[-1].files - self.samples[0].files

    def compute_medians(self) -> tuple[float, float]:
        """Return the median time of the first quarter of all answers, and of the last one."""
        quarter = len(self.times) // 4
        return statistics.median(self.times[:quarter]), statistics.median(self.times[-quarter:])


def list_requests(organisations: Sequence[str]) -> list[Request]:
    """Pages, reads, files and computations of readers, and a change of each organisation in turn."""
    edition = f"/v1/editions/{demo.EDITION}"
    return [
        request
        for organisation in organisations
        for request in (
            Request("GET", f"{edition}/scores"),
            Request("GET", f"{edition}/scores/{organisation}"),
            Request("GET", f"/portal/{demo.EDITION}/{organisation}"),
            Request("POST", "/v1/scores", REQUEST),
            Request("GET", f"/badge/{demo.EDITION}/{organisation}.svg"),
            Request("GET", f"{edition}/scores.csv"),
            Request("PATCH", f"/v1/organisations/{organisation}", {"domains": ["ayto.example"]}),
            Request("GET", f"/v1/organisations/{organisation}"),
            Request("GET", "/v1/ledger"),
        )
    ]


def ask(client: httpx.Client, request: Request) -> httpx.Response:
    """Ask for something, and return the answer."""
    patch = {"Content-Type": "application/merge-patch+json", "If-Match": "*"}
    more = patch if request.method == "PATCH" else {}
    return client.request(request.method, request.path, json=request.body, headers=more)


def warm_up(address: str, headers: Mapping[str, str], requests: Sequence[Request]) -> None:
    """Ask for everything once, by many clients at once, who all ask for the same kind of thing at a time."""
    with (
        httpx.Client(base_url=address, headers=headers, timeout=PATIENCE) as client,
        ThreadPoolExecutor(MOST_CLIENTS) as pool,
    ):
        asked = sorted(requests, key=lambda request: request.path)
        assert {answer.status_code for answer in pool.map(lambda request: ask(client, request), asked)} == {200}


def soak(
    process: Serving, measures: Path, headers: Mapping[str, str], requests: Sequence[Request], samples: int
) -> Soak:
    """Ask a server, and meanwhile take so many samples of its process, which writes its `measures`."""
    times: list[float] = []
    failed: list[Request] = []
    over = threading.Event()

    def ask_on(first: int) -> None:
        with httpx.Client(base_url=process.address, headers=headers, timeout=PATIENCE) as client:
            number = first
            while not over.is_set():
                request = requests[number % len(requests)]
                number += CLIENTS
                answer = ask(client, request)
                if answer.status_code != 200:
                    failed.append(request)
                times.append(answer.elapsed.total_seconds())
                over.wait(PAUSE - answer.elapsed.total_seconds())

    with ThreadPoolExecutor(CLIENTS) as pool:
        asking = [pool.submit(ask_on, number) for number in range(CLIENTS)]
        taken = list(_iterate_samples(process, measures, times, samples))
        over.set()
        for one in asking:
            one.result()
    return Soak(taken, times, len(failed))


def _iterate_samples(process: Serving, measures: Path, times: Sequence[float], samples: int) -> Iterator[Sample]:
    with measures.open() as lines:
        lines.read()
        for _ in range(samples):
            used = min(int(await_true(lines.readline)) for _ in range(MEASURES))
            yield Sample(
                len(times),
                used,
                read_memory(process.pid, "VmRSS"),
                len(os.listdir(f"/proc/{process.pid}/fd")),
            )


def test_steady_load_grows_neither_memory_nor_open_files_nor_times(
    database: Database, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figure: FigureRecorder
) -> None:
    make_key(database, tmp_path)
    demo.store_demonstration(database, lambda: None, range(1, SIZE + 1))
    publish(database, tmp_path, edition=demo.EDITION, now=datetime.now(UTC))
    headers = create_header(database)
    settings = {**UNLIMITED, "rate_limit_score": "0", "signing_folder": str(tmp_path)}
    monkeypatch.setenv(*ONE_POOL)

    def soak_server(program: str, samples: int) -> Soak:
        measures = tmp_path / f"{samples} samples"
        measures.touch()
        monkeypatch.setenv("MEASURED_INTO", str(measures))
        with one_serving(url, program, settings=settings) as process:
            ranking = httpx.get(
                f"{process.address}/v1/editions/{demo.EDITION}/scores?limit={SIZE}", timeout=PATIENCE
            ).json()["items"]
            assert len(ranking) == SIZE
            requests = list_requests([score["organisation"] for score in ranking])
            warm_up(process.address, headers, requests)
            return soak(process, measures, headers, requests, samples)

    leaking = soak_server(SERVE_LEAKING, LEAKING_SAMPLES)
    assert leaking.compute_growth() > GROWTH_MAX, leaking.samples
    assert leaking.count_further_files() > FILES_MAX, leaking.samples
    steady = soak_server(SERVE_MEASURED, SAMPLES)
    growth, resident, files = steady.compute_growth(), steady.compute_resident_growth(), steady.count_further_files()
    before, after = steady.compute_medians()
    assert steady.failed == 0
    assert growth < GROWTH_MAX, steady.samples
    assert resident < GROWTH_MAX, steady.samples
    assert files <= FILES_MAX, steady.samples
    figure(
        "R35",
        "requests to a server on SQLite, a ninth of them changes, that were not answered 200; what its objects take "
        f"grew by {growth:.0f} KiB in 1,000 answers, the peak of its resident memory by {resident:.0f}, its "
        f"open files by {files}, and the median of the times went from {1000 * before:.0f} to {1000 * after:.0f} ms",
        tried=len(steady.times),
        failed=steady.failed,
        control=f"a server that keeps 4 KiB at each use of a connection and now and then a file grows by "
        f"{leaking.compute_growth():.0f} KiB in 1,000 answers and {leaking.count_further_files()} files in all",
        worst_seconds=max(steady.times),
    )
