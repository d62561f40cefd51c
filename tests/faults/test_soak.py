"""A server under steady load: neither its memory nor its open files nor its answers' times grow."""

from __future__ import annotations

import os
import statistics
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import httpx
import pytest

from actitud_api.demo import service as demo
from actitud_api.platform.storage.database import Database
from tests.faults.serving import SERVE_LEAKING, UNLIMITED, Serving, administrator, one_serving
from tests.faults.test_hostile import CASE, read_memory
from tests.support.databases import make_key
from tests.support.figures import FigureRecorder
from tests.support.publishing import publish

pytestmark = [pytest.mark.night, pytest.mark.parametrize("kind", ["sqlite"])]

SECONDS: Final = 600.0
LEAKING_SECONDS: Final = 30.0
"""How long a server with a leak is asked, which shows sooner."""
SAMPLES: Final = 40
WARM: Final = SAMPLES // 4
"""The first sample that counts: until then caches and pools fill."""
CLIENTS: Final = 4
PAUSE: Final = 0.2
"""Seconds from one request of a client to its next, where the server keeps up."""
GROWTH_MAX: Final = 1024
"""KiB that the memory of the process may grow by in a minute."""
FILES_MAX: Final = 4
"""Open files by which two samples may differ: connections of clients and of the pool come and go."""
SLOWER_MAX: Final = 0.1
"""Seconds by which the median time may grow beyond its double: other tests run on the same machine."""
SIZE: Final = 60
"""Organisations of the edition."""


class Request(NamedTuple):
    """What a client asks for."""

    method: str
    path: str
    body: Mapping[str, Any] | None = None


class Sample(NamedTuple):
    """What the process has at one time."""

    seconds: float
    memory: int
    files: int


class Soak(NamedTuple):
    """What was seen of a server that was asked for some time."""

    samples: Sequence[Sample]
    times: Sequence[float]
    """Seconds until each answer, in their order."""
    failed: int

    def compute_growth(self) -> float:
        """Return the slope of the memory once it is warm, in KiB a minute."""
        warm = self.samples[WARM:]
        return 60 * statistics.linear_regression([one.seconds for one in warm], [one.memory for one in warm]).slope

    def count_further_files(self) -> int:
        """Return how many files more are open in the end than once it was warm."""
        return self.samples[-1].files - self.samples[WARM].files

    def compute_medians(self) -> tuple[float, float]:
        """Return the median time of the second quarter of all answers, and of the last one."""
        quarter = len(self.times) // 4
        return statistics.median(self.times[quarter : 2 * quarter]), statistics.median(self.times[-quarter:])


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
            Request("POST", "/v1/scores", CASE["request"]),
            Request("GET", f"/badge/{demo.EDITION}/{organisation}.svg"),
            Request("GET", f"{edition}/scores.csv"),
            Request("PATCH", f"/v1/organisations/{organisation}", {"domains": ["ayto.example"]}),
            Request("GET", f"/v1/organisations/{organisation}"),
            Request("GET", "/v1/ledger"),
        )
    ]


def soak(process: Serving, headers: Mapping[str, str], requests: Sequence[Request], seconds: float) -> Soak:
    """Ask a server for so many seconds, and look at its process meanwhile."""
    times: list[float] = []
    failed: list[Request] = []
    over = threading.Event()

    def ask(first: int) -> None:
        with httpx.Client(base_url=process.address, headers=headers, timeout=60) as client:
            number = first
            while not over.is_set():
                request = requests[number % len(requests)]
                number += CLIENTS
                patch = {"Content-Type": "application/merge-patch+json", "If-Match": "*"}
                more = patch if request.method == "PATCH" else {}
                started = time.monotonic()
                answer = client.request(request.method, request.path, json=request.body, headers=more)
                times.append(time.monotonic() - started)
                if answer.status_code != 200:
                    failed.append(request)
                over.wait(PAUSE - times[-1])

    with ThreadPoolExecutor(CLIENTS) as pool:
        asking = [pool.submit(ask, number) for number in range(CLIENTS)]
        samples = list(_iterate_samples(process, seconds))
        over.set()
        for one in asking:
            one.result()
    return Soak(samples, times, len(failed))


def _iterate_samples(process: Serving, seconds: float) -> Iterator[Sample]:
    started = time.monotonic()
    for _ in range(SAMPLES):
        time.sleep(seconds / SAMPLES)
        files = len(os.listdir(f"/proc/{process.pid}/fd"))
        yield Sample(time.monotonic() - started, read_memory(process.pid, "VmRSS"), files)


def test_steady_load_grows_neither_memory_nor_open_files_nor_times(
    database: Database, url: str, tmp_path: Path, figure: FigureRecorder
) -> None:
    make_key(database, tmp_path)
    demo.store_demonstration(database, lambda: None, range(1, SIZE + 1))
    publish(database, tmp_path, edition=demo.EDITION, now=datetime.now(UTC))
    headers = administrator(database)
    settings = {**UNLIMITED, "rate_limit_score": "0", "signing_folder": str(tmp_path)}
    with one_serving(url, settings=settings) as process:
        ranking = httpx.get(f"{process.address}/v1/editions/{demo.EDITION}/scores?limit={SIZE}").json()["items"]
        assert len(ranking) == SIZE
        requests = list_requests([score["organisation"] for score in ranking])
        steady = soak(process, headers, requests, SECONDS)
    with one_serving(url, SERVE_LEAKING, settings=settings) as process:
        leaking = soak(process, headers, requests, LEAKING_SECONDS)
    growth, files, (before, after) = steady.compute_growth(), steady.count_further_files(), steady.compute_medians()
    found = (growth, files, before, after)
    assert steady.failed == 0
    assert growth < GROWTH_MAX, found
    assert files <= FILES_MAX, found
    assert after < 2 * before + SLOWER_MAX, found
    assert leaking.compute_growth() > GROWTH_MAX
    assert leaking.count_further_files() > FILES_MAX
    figure(
        "R35",
        f"requests in {SECONDS:g} s to a server on SQLite, a ninth of them changes, that were not answered 200; its "
        f"memory grew by {growth:.0f} KiB a minute once warm, its open files by {files}, and the median of the times "
        f"went from {1000 * before:.0f} to {1000 * after:.0f} ms",
        tried=len(steady.times),
        failed=steady.failed,
        control=f"a server that keeps 64 KiB and now and then a file grows by {leaking.compute_growth():.0f} KiB a "
        f"minute and {leaking.count_further_files()} files in {LEAKING_SECONDS:g} s",
        worst_seconds=max(steady.times),
    )
