"""A process that prepares a publication and is killed is the failure of that publication only."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Final, NoReturn

import httpx
import pytest
from litestar.testing import TestClient
from msgspec import structs

from actitud_api.platform.storage.database import Database
from actitud_api.resources.publications import service
from tests.support.applications import borrow_app
from tests.support.databases import unlimited
from tests.support.forking import fork_workers
from tests.support.keys import create_header
from tests.support.publishing import EDITION, prepare

SAID: Final = {
    "es": "Un proceso que calculaba lo que pidió ha terminado",
    "en": "A process that computed what you asked for",
}
"""How the failure is told in each language."""


def kill_own_process(*_: object) -> NoReturn:
    """End as a process does that takes too much memory."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def test_a_killed_process_ends_one_publication_and_nothing_else(
    database: Database, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(database, tmp_path)
    monkeypatch.setattr(service, "BATCH", 1)
    fork_workers(monkeypatch)
    with borrow_app(structs.replace(unlimited(url), signing_folder=tmp_path)) as app, TestClient(app) as client:
        headers = create_header(database)

        def publish(language: str = "en") -> httpx.Response:
            return client.post(
                f"/v1/editions/{EDITION}/publications",
                json={"reason": "It is time."},
                headers={**headers, "Accept-Language": language, "Idempotency-Key": "first"},
            )

        with monkeypatch.context() as broken:
            broken.setattr(service, "_score_batch", kill_own_process)
            for language, said in SAID.items():
                failed = publish(language)
                assert (failed.status_code, failed.json()["type"]) == (503, "/problems/unavailable")
                assert failed.json()["detail"].startswith(said)
                assert failed.headers["Retry-After"] == "30"
        assert client.get(f"/v1/editions/{EDITION}/publications").json()["items"] == []
        assert publish().status_code == 201, "the same request, repeated"
