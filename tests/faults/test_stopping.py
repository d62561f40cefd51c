"""A service is told to stop while it publishes: what it prepares is given up with an answer, what it stores ends."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from actitud_api.demo import service as demo
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.pages import PageRange
from actitud_api.resources.publications import service
from tests.faults.serving import (
    SERVE_PREPARING_SLOWLY,
    SERVE_STORING_SLOWLY,
    SERVE_UNSTOPPED,
    UNLIMITED,
    Serving,
    await_ready,
    starting,
)
from tests.support.databases import make_key
from tests.support.figures import FigureRecorder
from tests.support.keys import create_header
from tests.support.proxy import free_port
from tests.support.publishing import fill, publish
from tests.support.scale import NIGHT

pytestmark = pytest.mark.parametrize("kind", ["sqlite"])

PREPARED = 60
"""Organisations of an edition that a slow process prepares for as many seconds: longer than it has to stop."""
STOP_BOUND = 20.0
"""Seconds in which it has ended, less than the settings `drain` and `grace` allow."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "signing"


@contextmanager
def publishing(
    url: str, folder: Path, key: dict[str, str], edition: str, program: str = SERVE_PREPARING_SLOWLY
) -> Iterator[tuple[Serving, Future[httpx.Response]]]:
    """A server that publishes slowly, and what it will answer to somebody who publishes."""
    settings = {**UNLIMITED, "signing_folder": str(folder)}
    with starting(url, free_port(), settings, program) as process, ThreadPoolExecutor(1) as pool:
        await_ready(process)
        yield (
            process,
            pool.submit(
                httpx.post,
                f"{process.address}/v1/editions/{edition}/publications",
                json={"reason": "It is time."},
                headers={**key, "Idempotency-Key": "once"},
                timeout=60,
            ),
        )


def await_word(process: Serving, word: str) -> None:
    assert process.stdout is not None
    assert any(line.strip() == word for line in iter(process.stdout.readline, ""))


def test_a_server_that_is_told_to_stop_gives_up_what_it_prepares(
    database: Database, url: str, folder: Path, figure: FigureRecorder
) -> None:
    """A preparation of a minute is longer than the grace; whoever publishes is told so, and repeats it afterwards."""
    make_key(database, folder)
    demo.store_demonstration(database, lambda: None, range(1, PREPARED + 1))
    key = create_header(database)
    with publishing(url, folder, key, demo.EDITION) as (process, answering):
        await_word(process, "preparing")
        started = time.monotonic()
        process.send_signal(signal.SIGTERM)
        answer = answering.result()
        assert process.wait(STOP_BOUND) == 0
        seconds = time.monotonic() - started
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/unavailable")
    assert answer.headers["Retry-After"] == "30"
    assert answer.json()["detail"].startswith("The service is stopping and has published nothing.")
    # Who waits for the control waits for as long as the bound.
    lives = NIGHT and goes_on_after_bound(url, folder, key)
    assert count_revisions(database, demo.EDITION) == 0
    publish(database, folder, edition=demo.EDITION, now=datetime.now(UTC))
    assert count_revisions(database, demo.EDITION) == 1
    figure(
        "S26",
        f"stops of a server that prepares for {PREPARED} s; one fails if the client is not answered 503, or if the "
        f"process has not ended in {STOP_BOUND:g} s",
        tried=1,
        failed=0,
        control=f"{lives:d} of 1 that goes on with what it prepares lives longer than that" if NIGHT else None,
        worst_seconds=seconds,
    )


def goes_on_after_bound(url: str, folder: Path, key: dict[str, str]) -> bool:
    """Whether a server that does not give up what it prepares is still there after the bound; then it is killed."""
    with publishing(url, folder, key, demo.EDITION, SERVE_UNSTOPPED) as (process, _):
        await_word(process, "preparing")
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_BOUND)
        except subprocess.TimeoutExpired:
            return True
        finally:
            process.kill()
    return False


def test_a_server_that_is_told_to_stop_ends_what_it_stores(database: Database, url: str, folder: Path) -> None:
    make_key(database, folder)
    fill(database)
    with publishing(url, folder, create_header(database), "2026", SERVE_STORING_SLOWLY) as (process, answering):
        await_word(process, "storing")
        process.send_signal(signal.SIGTERM)
        assert answering.result().status_code == 201
        assert process.wait(STOP_BOUND) == 0
    assert count_revisions(database, "2026") == 1


def count_revisions(database: Database, edition: str) -> int:
    return len(service.list_page(database, edition, PageRange(limit=10)))
