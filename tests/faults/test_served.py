"""The real server is killed while many write: what it answered is there, whole, and what it did not can be repeated.

Each of several writers adds organisations with their aliases, under idempotency keys, and raises a number in an
assessment of its own, whose score is in the same row. After each kill another server is asked for all of it.
"""

from __future__ import annotations

import json
import random
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import takewhile
from pathlib import Path
from typing import Any, Final

import httpx

from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.platform.storage.database import Database
from tests.faults.serving import one_serving
from tests.support.databases import Kind
from tests.support.keys import create_header
from tests.support.scale import SERVED_KILLS
from tests.support.waiting import PATIENCE

WRITERS: Final = 6
ALIASES: Final = 20
GOAL: Final = 10_000
"""More than anybody counts to."""
EDITION: Final = {
    "id": "2026",
    "titles": {"es": "Edición", "en": "Edition"},
    "methodology": "2027.1",
    "period_from": "2026-01-01",
    "period_to": "2026-12-31",
}
"""Of the methodology in use: the server is a process of its own, and has no others than the product."""
CASES: Final = Path(__file__).parents[1] / "cases"
MERGE_PATCH: Final = {"Content-Type": "application/merge-patch+json"}


def state_profile() -> dict[str, Any]:
    """Return what the organisation of example A states of itself."""
    profile = json.loads((CASES / "examples_2027_1.json").read_bytes())[0]["profile"]
    fields = {field.name for field in load_methodology("2027.1").document.profile if field.set_by == "organisation"}
    return {name: value for name, value in profile.items() if name in fields}


def build_answer(count: int) -> dict[str, int]:
    """Return an answer to D1.07 with that number in it."""
    return {"numerator": count, "denominator": GOAL}


class Writer:
    """Somebody who writes until the server is gone, and keeps what was answered."""

    def __init__(self, number: int) -> None:
        self._name = f"XI-WIKIDATA-Q{number}"
        self._first = number * 1_000_000
        self._assessment = f"/v1/editions/2026/assessments/{self._name}"
        self._number = 0
        self._asked: dict[str, Any] | None = None
        self._answered: list[dict[str, Any]] = []
        self._count = 0
        self._score = 0.0
        self._counting = False

    def begin(self, client: httpx.Client) -> None:
        """Makes its organisation and its assessment."""
        added = client.post("/v1/organisations", json={"id": self._name, "name": "Writer", "kind": "MUN"})
        assert added.status_code == 201, added.text
        body = {"methodology": "2027.1", "profile": state_profile(), "answers": {"D1.07": build_answer(0)}}
        made = client.put(self._assessment, json=body, headers={"If-None-Match": "*"})
        assert made.status_code == 201, made.text
        self._score = made.json()["index"]

    def write(self, client: httpx.Client, answered: Callable[[], None]) -> None:
        """Writes until the server is gone."""
        with suppress(httpx.TransportError):
            while True:
                self._add(client)
                answered()
                self._raise(client)
                answered()

    def _add(self, client: httpx.Client) -> None:
        self._number += 1
        first = self._first + self._number * (ALIASES + 1)
        aliases = [f"XI-WIKIDATA-Q{first + number}" for number in range(1, ALIASES + 1)]
        self._asked = {"id": f"XI-WIKIDATA-Q{first}", "name": "Uno", "kind": "AGE", "aliases": sorted(aliases)}
        self._answered.append(self._send(client).json())
        self._asked = None

    def _send(self, client: httpx.Client) -> httpx.Response:
        assert self._asked is not None
        key = {"Idempotency-Key": self._asked["id"]}
        response = client.post("/v1/organisations", json=self._asked, headers=key)
        assert response.status_code == 201, response.text
        return response

    def _raise(self, client: httpx.Client) -> None:
        self._counting = True
        change = {"methodology": "2027.1", "answers": {"D1.07": build_answer(self._count + 1)}}
        changed = client.patch(self._assessment, json=change, headers={**MERGE_PATCH, "If-Match": "*"})
        assert changed.status_code == 200, changed.text
        self._count += 1
        self._score = changed.json()["index"]
        self._counting = False

    def check(self, client: httpx.Client) -> None:
        """Whether all is as it was answered; what was under way happened or did not, and happens once in the end."""
        if self._asked is not None:
            found = client.get(f"/v1/organisations/{self._asked['id']}").status_code
            again = self._send(client)
            assert again.headers.get("idempotency-replayed") == {200: "true", 404: None}[found]
            self._answered.append(again.json())
            self._asked = None
        for expected in self._answered:
            assert client.get(f"/v1/organisations/{expected['id']}").json() == expected
            assert client.get(f"/v1/organisations/{expected['aliases'][-1]}").json() == expected
        self._answered.clear()
        stored = client.get(self._assessment).json()
        count = stored["answers"]["D1.07"]["numerator"]
        assert count == self._count or (self._counting and count == self._count + 1)
        # The sheet is computed from what is stored, the row holds what was computed when that was.
        sheet = client.get(f"/v1/editions/2026/scores/{self._name}").json()
        assert stored["index"] == sheet["index"]
        assert stored["index"] == self._score or count > self._count
        self._count, self._score, self._counting = count, stored["index"], False


def test_what_was_answered_before_a_kill_is_there_and_the_rest_can_be_repeated(
    database: Database, url: str, kind: Kind
) -> None:
    chance = random.Random(1)
    headers = create_header(database)
    writers = [Writer(number) for number in range(1, WRITERS + 1)]
    answers = 0
    for cycle in range(SERVED_KILLS[kind] + 1):
        with (
            one_serving(url) as process,
            httpx.Client(base_url=process.address, headers=headers, timeout=PATIENCE, follow_redirects=True) as client,
        ):
            if cycle == 0:
                assert client.post("/v1/editions", json=EDITION).status_code == 201
                for writer in writers:
                    writer.begin(client)
            for writer in writers:
                writer.check(client)
            if kind == "sqlite":
                with database.read() as session:
                    assert session.connection().exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
            if cycle == SERVED_KILLS[kind]:
                break
            enough = threading.Semaphore(0)
            with ThreadPoolExecutor(WRITERS) as pool:
                writing = [pool.submit(writer.write, client, enough.release) for writer in writers]
                came = (enough.acquire(timeout=PATIENCE) for _ in range(chance.randint(1, 60)))
                answers += sum(takewhile(bool, came))
                process.kill()
                for one in writing:
                    one.result()
            assert process.wait(PATIENCE) == -signal.SIGKILL
    assert answers >= SERVED_KILLS[kind] * 5
