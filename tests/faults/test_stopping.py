"""A service is told to stop while it publishes: what it prepares is given up with an answer, what it stores ends."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.pages import PageRange
from actitud_api.resources.publications import service
from tests.faults.serving import (
    GATE,
    SERVE_PREPARING_SLOWLY,
    SERVE_STORING_SLOWLY,
    SERVE_UNSTOPPED,
    UNLIMITED,
    one_serving,
    stop_in_the_middle,
)
from tests.support.databases import make_key
from tests.support.figures import FigureRecorder
from tests.support.keys import create_header
from tests.support.publishing import fill, publish
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.parametrize("kind", ["sqlite"])


def stop_while_it_publishes(
    url: str, folder: Path, key: dict[str, str], edition: str, program: str, word: str
) -> tuple[httpx.Response, float]:
    """The answer of a server that is told to stop in the middle, and the seconds until it ended in order."""
    gate, settings = folder / edition, {**UNLIMITED, "signing_folder": str(folder)}
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(1) as pool:
        patch.setenv(GATE, str(gate))
        with one_serving(url, program, settings=settings) as process:
            answering = pool.submit(
                httpx.post,
                f"{process.address}/v1/editions/{edition}/publications",
                json={"reason": "It is time."},
                headers={**key, "Idempotency-Key": "once"},
                timeout=PATIENCE,
            )
            stop_in_the_middle(process, gate, word)
            going_on = time.monotonic()
            assert process.wait(PATIENCE) == 0
            return answering.result(), time.monotonic() - going_on


def test_a_server_that_is_told_to_stop_gives_up_what_it_prepares(
    database: Database, url: str, tmp_path: Path, figure: FigureRecorder
) -> None:
    """Whoever publishes is told so, and repeats it afterwards; who goes on with it publishes although it stops."""
    make_key(database, tmp_path)
    key = create_header(database)
    for edition in ("2026", "2027"):
        fill(database, edition)
    answer, seconds = stop_while_it_publishes(url, tmp_path, key, "2026", SERVE_PREPARING_SLOWLY, "preparing")
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/unavailable")
    assert answer.headers["Retry-After"] == "30"
    assert answer.json()["detail"].startswith("The service is stopping and has published nothing.")
    assert count_revisions(database, "2026") == 0
    publish(database, tmp_path, edition="2026", now=datetime.now(UTC))
    assert count_revisions(database, "2026") == 1
    unstopped, _ = stop_while_it_publishes(url, tmp_path, key, "2027", SERVE_UNSTOPPED, "preparing")
    assert unstopped.status_code == 201
    figure(
        "S26",
        "stops of a server in the middle of a preparation; one fails if the client is not answered 503, or if the "
        "process does not end in order; the time is from the end of one score",
        tried=1,
        failed=0,
        control="a server that goes on with what it prepares publishes it before it ends",
        worst_seconds=seconds,
    )


def test_a_server_that_is_told_to_stop_ends_what_it_stores(database: Database, url: str, tmp_path: Path) -> None:
    make_key(database, tmp_path)
    fill(database)
    key = create_header(database)
    answer, _ = stop_while_it_publishes(url, tmp_path, key, "2026", SERVE_STORING_SLOWLY, "storing")
    assert answer.status_code == 201
    assert count_revisions(database, "2026") == 1


def count_revisions(database: Database, edition: str) -> int:
    return len(service.list_page(database, edition, PageRange(limit=10)))
