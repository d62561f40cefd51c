"""Large files and lists are made a few at a time: whoever asks for them keeps nobody else waiting."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any, Final

import httpx
import pytest
from litestar import Litestar
from litestar.concurrency import get_asyncio_executor, set_asyncio_executor
from litestar.testing import TestClient

from actitud_api.app import THREADS
from actitud_api.platform.http import large_responses
from actitud_api.platform.http.large_responses import DEADLINE, RETRY_AFTER, SLOTS, SMALL_MAX, LargeResponseSlots
from actitud_api.platform.storage.versions import StaleVersion
from actitud_api.web.downloads import routes, service
from actitud_api.web.downloads.routes import CUBE, TABLE
from actitud_api.web.downloads.service import Rows
from tests.contract.asgi import Sent, build_scope, exchange
from tests.support.figures import FigureRecorder

Client = TestClient[Litestar]

PATIENCE: Final = 300
"""Seconds after which a test gives up what should have happened long before."""
SCORES: Final = "/v1/editions/2026/scores"
BEYOND: Final = SMALL_MAX + 1
LARGE: Final = (
    *(f"{SCORES}.{suffix}" for suffix in CUBE),
    *(f"/v1/organisations.{suffix}" for suffix in TABLE),
    *(f"/v1/editions/2026/indicators.{suffix}" for suffix in TABLE),
    f"/v1/editions/2026/exemplars?dimension=D1&limit={BEYOND}",
    f"/badge/2026.svg?limit={BEYOND}",
)
SMALL: Final = (
    "/v1/organisations?limit=1",
    "/v1/editions",
    f"{SCORES}/XX-T-1",
    "/portal/2026/XX-T-1",
    "/v1/editions.csv",
    f"/v1/editions/2026/exemplars?dimension=D1&limit={SMALL_MAX}",
    f"/badge/2026.svg?limit={SMALL_MAX}",
)
READS: Final = tuple(itertools.islice(itertools.cycle(SMALL), 200))
CHECKS: Final = ("/livez", "/readyz")


class Gate:
    """Holds the rows of the scores back from the beginning until it is opened."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._read = service.list_score_rows
        self._reached = threading.Semaphore(0)
        self.open = threading.Event()
        monkeypatch.setattr(service, "list_score_rows", self._list_held)

    def _list_held(self, *arguments: Any) -> Rows:
        self._reached.release()
        assert self.open.wait(PATIENCE)
        yield from self._read(*arguments)

    def await_files(self, number: int) -> None:
        """Wait until so many more files are held."""
        for _ in range(number):
            assert self._reached.acquire(timeout=PATIENCE)


@contextmanager
def held(client: Client, gate: Gate, number: int) -> Iterator[list[Future[httpx.Response]]]:
    """Ask for so many files at once, and let them go in the end."""
    with ThreadPoolExecutor(number) as threads:
        suffixes = itertools.cycle(("xlsx", "csv", "jsonl"))
        asked = [threads.submit(client.get, f"{SCORES}.{suffix}") for suffix in itertools.islice(suffixes, number)]
        try:
            gate.await_files(number)
            yield asked
        finally:
            gate.open.set()


def count_unanswered_beside_one_pool(
    site: Client, monkeypatch: pytest.MonkeyPatch, threads: int, reads: tuple[str, ...]
) -> int:
    """Ask while files hold all the threads that there are for everybody; count the reads that wait for them."""
    monkeypatch.setitem(site.app.state, "large_responses", LargeResponseSlots(threads))
    usual = get_asyncio_executor()
    set_asyncio_executor(ThreadPoolExecutor(threads))
    gate = Gate(monkeypatch)
    try:
        with ThreadPoolExecutor(len(reads)) as askers, held(site, gate, threads):
            asked = [askers.submit(site.get, path) for path in reads]
            unanswered = len(wait(asked, timeout=0.5).not_done)
            assert [site.get(path).status_code for path in CHECKS] == [200, 200], "they need no thread of the pool"
            gate.open.set()
            assert [answer.result(PATIENCE).status_code for answer in asked] == [200] * len(reads)
    finally:
        set_asyncio_executor(usual)
    return unanswered


def test_large_files_keep_nobody_else_waiting(
    site: Client, monkeypatch: pytest.MonkeyPatch, figure: FigureRecorder
) -> None:
    whole = site.get(f"{SCORES}.xlsx")
    monkeypatch.setitem(site.app.state, "large_responses", LargeResponseSlots(SLOTS, 0.01))
    gate = Gate(monkeypatch)
    with held(site, gate, SLOTS) as files:
        answered = [site.get(path).status_code for path in (*READS, *CHECKS)]
        refused = {path: site.get(path) for path in LARGE}
        known = site.get(f"{SCORES}.xlsx", headers={"If-None-Match": whole.headers["etag"]})
        named = site.head(f"{SCORES}.csv")
        assert not any(file.done() for file in files), "they are held all the time"
    assert answered == [200] * len(answered)
    assert {path: answer.status_code for path, answer in refused.items()} == dict.fromkeys(LARGE, 503)
    assert {answer.headers["retry-after"] for answer in refused.values()} == {RETRY_AFTER}
    assert {answer.json()["type"] for answer in refused.values()} == {"/problems/unavailable"}
    assert (known.status_code, named.status_code) == (304, 200), "neither makes the file"
    assert [file.result(PATIENCE).status_code for file in files] == [200] * SLOTS
    assert files[0].result().content == whole.content
    waiting = count_unanswered_beside_one_pool(site, monkeypatch, 6, SMALL[:4])
    assert waiting == 4
    figure(
        "S3",
        f"small reads and checks of readiness while {SLOTS} large files are held by a gate, of which one that is not "
        f"answered 200 fails; {len(LARGE)} further large files and lists are refused meanwhile (503)",
        tried=len(answered),
        failed=sum(status != 200 for status in answered),
        control=f"without slots, 6 files hold the 6 threads of a pool for everybody: {waiting} of 4 small reads wait",
    )


def test_a_refusal_says_in_both_languages_that_one_should_come_again(
    site: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(site.app.state, "large_responses", LargeResponseSlots(0, 0.01))
    details = [site.get(f"{SCORES}.csv", headers={"Accept-Language": lang}).json()["detail"] for lang in ("es", "en")]
    assert details == [
        "Se están preparando otros ficheros o listas grandes. Vuelva a pedirlo en unos segundos.",
        "Other large files or lists are being made. Ask again in a few seconds.",
    ]


def test_who_waits_gets_the_slot_that_is_given_back(site: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(site.app.state, "large_responses", LargeResponseSlots(1, PATIENCE))
    gate = Gate(monkeypatch)
    with ThreadPoolExecutor(1) as threads:
        with held(site, gate, 1) as files:
            waiting = threads.submit(site.get, "/v1/organisations.csv")
            assert site.get("/v1/editions").status_code == 200
            assert not waiting.done()
        assert [answer.result(PATIENCE).status_code for answer in (*files, waiting)] == [200, 200]


def test_handlers_have_as_many_threads_on_any_machine(site: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(site.app.state, "large_responses", LargeResponseSlots(THREADS))
    with held(site, Gate(monkeypatch), THREADS - 1) as files:
        assert site.get("/v1/editions").status_code == 200
    assert {file.result(PATIENCE).status_code for file in files} == {200}


def test_a_slot_is_given_back_however_a_response_ends(site: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(site.app.state, "large_responses", LargeResponseSlots(1, 0.01))

    def fail_at(batch: int) -> Callable[..., Rows]:
        def read(*_arguments: Any) -> Rows:
            yield from itertools.repeat([], batch)
            raise StaleVersion

        return read

    statuses = [site.get(path).status_code for path in LARGE]
    for batch, suffix in ((0, "csv"), (0, "xlsx"), (1, "xlsx")):
        with monkeypatch.context() as broken:
            broken.setattr(service, "list_score_rows", fail_at(batch))
            statuses.append(site.get(f"{SCORES}.{suffix}").status_code)
        assert site.get(f"{SCORES}.{suffix}").status_code == 200
    assert statuses == [*[200] * len(LARGE), 412, 412, 412]


@pytest.mark.parametrize("suffix", ["xlsx", "jsonl", "csv"])
def test_no_more_is_read_for_a_client_that_has_gone(site: Client, monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    """The rows have no end: without notice of the client the file would never be done."""
    monkeypatch.setitem(site.app.state, "large_responses", LargeResponseSlots(1, 0.01))
    read, begun, given_up = service.list_score_rows, threading.Event(), threading.Event()
    batches = itertools.count()

    def repeat(*arguments: Any) -> Rows:
        for batch in itertools.cycle(list(read(*arguments))):
            assert not given_up.wait(0.001)
            next(batches)
            yield batch
            begun.set()

    async def leave() -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                await exchange_until_gone(site.app, f"{SCORES}.{suffix}", begun)
                answers = [await exchange(site.app, Sent("GET", b"/v1/organisations.csv"))]
                seen = next(batches)
                answers.append(await exchange(site.app, Sent("GET", b"/v1/organisations.csv")))
        finally:
            given_up.set()
        assert next(batches) == seen + 1, "nothing is read any more"
        assert [answer.status for answer in answers] == [200, 200], "the slot is free"

    monkeypatch.setattr(service, "list_score_rows", repeat)
    asyncio.run(leave())


@pytest.mark.parametrize(
    ("suffix", "slow_before", "status"),
    [("csv", 1, 503), ("xlsx", 1, 503), ("xlsx", 2, 503), ("csv", 2, 200), ("csv", 3, 200)],
)
def test_a_file_that_takes_too_long_is_given_up_until_its_first_bytes(
    site: Client, monkeypatch: pytest.MonkeyPatch, suffix: str, slow_before: int, status: int
) -> None:
    """Too long is what comes before some batch of rows; a stream whose first bytes are there may take its time."""
    monkeypatch.setitem(site.app.state, "large_responses", LargeResponseSlots(1, PATIENCE, DEADLINE))
    now, read = 1000.0, service.list_score_rows

    def read_slowly(*arguments: Any) -> Rows:
        nonlocal now
        (rows,) = read(*arguments)
        for number in range(1, 4):
            if number == slow_before:
                now += DEADLINE + 1
            yield rows

    with monkeypatch.context() as slow:
        slow.setattr(large_responses, "monotonic", lambda: now)
        slow.setattr(service, "list_score_rows", read_slowly)
        answer = site.get(f"{SCORES}.{suffix}", headers={"Accept-Language": "en"})
    assert answer.status_code == status
    if status == 503:
        assert answer.headers["Retry-After"] == RETRY_AFTER
        assert answer.json()["detail"].startswith("The file was not made in time")
    else:
        whole = site.get(f"{SCORES}.{suffix}").content
        assert len(answer.content.splitlines()) == 3 * (len(whole.splitlines()) - 1) + 1
    assert site.get(f"{SCORES}.{suffix}").status_code == 200, "the slot is free"


class BusyService:
    """Handlers that run all the time: it notes how long a large response waits for them, on a clock of its own."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waits: list[float] = []

    def read_clock(self) -> float:
        return self.now

    def await_none(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self.now += seconds
        return False


def test_a_file_takes_a_quarter_of_the_time_in_which_handlers_run(
    site: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy, read = BusyService(), service.list_score_rows
    took = iter((0.01, 0.03, 0.02, 0.0, 0.06, 7.0))

    def read_slowly(*arguments: Any) -> Rows:
        (rows,) = read(*arguments)
        for seconds in took:
            busy.now += seconds
            yield rows

    monkeypatch.setattr(large_responses, "monotonic", busy.read_clock)
    monkeypatch.setattr(large_responses, "RUNNING", busy)
    monkeypatch.setattr(service, "list_score_rows", read_slowly)
    assert site.get(f"{SCORES}.csv").status_code == 200
    # After 0.06, 0.06 and 7 seconds of work.
    assert busy.waits == [0.15, 0.15, 0.15]


@pytest.mark.parametrize("path", [path for path in LARGE if "limit" not in path])
def test_every_large_file_gives_way_and_is_the_same(site: Client, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    usual = site.get(path)
    busy = BusyService()
    monkeypatch.setattr(large_responses, "RUNNING", busy)
    monkeypatch.setattr(large_responses, "WORK_SECONDS", 0.0)
    monkeypatch.setattr(routes, "ROWS_AT_ONCE", 1)
    beside = site.get(path)
    assert (beside.status_code, beside.content) == (200, usual.content)
    assert len(busy.waits) > 1


def test_what_is_no_large_response_waits_for_nobody(site: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    busy = BusyService()
    monkeypatch.setattr(large_responses, "RUNNING", busy)
    monkeypatch.setattr(large_responses, "WORK_SECONDS", 0.0)
    assert [site.get(path).status_code for path in SMALL] == [200] * len(SMALL)
    assert busy.waits == []


async def exchange_until_gone(app: Litestar, path: str, begun: threading.Event) -> None:
    """Ask for a file, and go as soon as its first rows have been read."""

    async def receive() -> Any:
        assert await asyncio.to_thread(begun.wait, PATIENCE)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        pass

    await app(build_scope(Sent("GET", path.encode())), receive, send)
