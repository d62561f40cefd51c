"""Whoever keeps changing an organisation does not keep its edition from being published."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from msgspec import structs

from actitud_api.demo import service as demo
from actitud_api.platform.storage.database import Database
from actitud_api.resources.publications import service
from tests.support.applications import borrow_app
from tests.support.databases import make_key, unlimited
from tests.support.figures import FigureRecorder
from tests.support.forking import fork_workers
from tests.support.keys import create_header
from tests.support.scale import HELD_UP
from tests.support.waiting import await_true

RENAMED: Final = "XX-DEMO-00005"


@pytest.fixture
def client(
    url: str, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[TestClient[Litestar]]:
    """A client that an administrator has, of a service with a part of the demonstration in review."""
    fork_workers(monkeypatch)
    demo.store_demonstration(database, lambda: None, HELD_UP)
    make_key(database, tmp_path)
    with borrow_app(structs.replace(unlimited(url), signing_folder=tmp_path)) as app, TestClient(app) as opened:
        opened.headers.update(create_header(database))
        yield opened


def test_whoever_keeps_renaming_an_organisation_does_not_hold_up_its_edition(
    client: TestClient[Litestar], database: Database, figure: FigureRecorder
) -> None:
    """One rename each 0.05 s while an edition is prepared and published: it was a 503, after minutes."""
    over, waits, refused = threading.Event(), list[float](), 0

    def rename() -> None:
        nonlocal refused
        while not over.wait(0.05):
            answer = client.patch(
                f"/v1/organisations/{RENAMED}",
                content=json.dumps({"name": f"Villa {len(waits)}"}),
                headers={"If-Match": "*", "Content-Type": "application/merge-patch+json"},
            )
            if answer.status_code == 503:
                # The transaction that publishes thousands of scores holds the row for longer than a writer waits.
                assert "retry-after" in answer.headers
                refused += 1
                continue
            assert answer.status_code == 200, answer.text
            waits.append(answer.elapsed.total_seconds())

    with ThreadPoolExecutor(1) as pool:
        renaming = pool.submit(rename)
        await_true(lambda: waits or renaming.done())
        made = client.post(
            f"/v1/editions/{demo.EDITION}/publications",
            json={"reason": "It is time."},
            headers={"Idempotency-Key": "renamed"},
        )
        over.set()
        renaming.result()
    assert made.status_code == 201, made.text
    assert made.json()["organisations"] == len(HELD_UP)
    assert service.find_altered_figure(database) is None
    figure(
        "S12",
        f"renames of an organisation, each 0.05 s, while {len(HELD_UP)} scores were published in "
        f"{made.elapsed.seconds} s ({refused} more were told to come again); failed are those that kept the edition "
        "from being published",
        tried=len(waits),
        failed=0,
        control="where the transaction computes no changed score itself, one rename for each of three attempts ends "
        "with 503 (tests/http/publications/test_publishing.py)",
        worst_seconds=max(waits),
    )
