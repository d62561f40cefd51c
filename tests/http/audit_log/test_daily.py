"""The task that makes the checkpoint of the day while an application is served."""

from __future__ import annotations

import asyncio
import threading
from datetime import datetime
from pathlib import Path

import pytest

from actitud_api.platform.audit_log import daily
from actitud_api.platform.storage.database import Database


@pytest.mark.both_databases
def test_a_look_that_fails_is_not_the_last(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []
    again = threading.Event()

    def make_due(_database: Database, _folder: Path, _host: str, _now: datetime) -> None:
        looked.append(len(looked))
        if len(looked) == 2:
            raise RuntimeError("of no kind that anybody foresaw")
        if len(looked) == 3:
            again.set()

    monkeypatch.setattr(daily, "CHECK_SECONDS", 0)
    monkeypatch.setattr(daily, "make_due_checkpoint", make_due)

    async def serve() -> bool:
        async with daily.build_daily_lifespan(database, tmp_path, "actitud")(None):
            return await asyncio.to_thread(again.wait, 10)

    assert asyncio.run(serve())
    assert looked[:3] == [0, 1, 2]
