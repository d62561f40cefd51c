"""Processes whose clocks are wrong (libfaketime) serve one database with one whose clock is right: order, limits and
idempotency do not depend on them.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from itertools import pairwise
from typing import Final

import httpx
import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient
from msgspec import structs

from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.storage.database import Database
from tests.faults.serving import SERVE_BY_OWN_CLOCK, SERVE_COUNTING, WINDOW, await_ready, count_patiently, starting
from tests.support.applications import borrow_app
from tests.support.databases import unlimited
from tests.support.figures import FigureRecorder
from tests.support.keys import create_header
from tests.support.ledgers import find_chain_problems
from tests.support.postgresql import Server
from tests.support.scale import NIGHT, SKEWED, SKEWS
from tests.support.waiting import PATIENCE

LIMIT: Final = 60
SETTINGS: Final = {"rate_limit_read": f"{LIMIT}", "rate_limit_write": "0", "memory_bytes": "0"}


@pytest.fixture(scope="module")
def faketime() -> str:
    """The library that gives a process another clock; without it a test is skipped, or fails where `CI` is set."""
    found = shutil.which("faketime")
    if found is not None:
        return subprocess.check_output([found, "-f", "+0", "printenv", "LD_PRELOAD"], text=True).strip()
    if "CI" in os.environ:
        pytest.fail("faketime is missing, and CI is set")
    pytest.skip("there is no faketime")


@contextmanager
def serving_askew(
    url: str, faketime: str, skews: Sequence[str], program: str = SERVE_COUNTING
) -> Iterator[list[httpx.Client]]:
    """Clients of processes with these clocks."""
    with ExitStack() as stack:
        # The clock of intervals is put off too: left alone (FAKETIME_DONT_FAKE_MONOTONIC), waits with a time-out spin.
        clocks = [("env", f"LD_PRELOAD={faketime}", f"FAKETIME={skew}") for skew in skews]
        started = [stack.enter_context(starting(url, SETTINGS, program, clock)) for clock in clocks]
        for process in started:
            await_ready(process)
        yield [stack.enter_context(httpx.Client(base_url=process.address, timeout=PATIENCE)) for process in started]


@contextmanager
def serving_right(url: str) -> Iterator[TestClient[Litestar]]:
    """A client of an application in this process, whose clock is right."""
    with pytest.MonkeyPatch.context() as patch:
        count_patiently(patch.setattr)
        with borrow_app(structs.replace(unlimited(url), rate_limit_read=LIMIT)) as app, TestClient(app) as client:
            yield client


class Changes:
    """Organisations that are added under idempotency keys, in turn by each of several clients with one access key."""

    def __init__(self, clients: Sequence[httpx.Client], key: dict[str, str], name: str) -> None:
        self._clients = clients
        self._key = key
        self._name = name
        self.identifiers: list[str] = []

    def make(self, rounds: int) -> None:
        """Add an organisation by each client, so many times."""
        for number in range(rounds * len(self._clients)):
            self.identifiers.append(f"XX-{self._name}-{number:04}")
            response = self._add(self._clients[number % len(self._clients)], self.identifiers[-1])
            assert response.status_code == 201, response.text

    def count_lost_replays(self) -> int:
        """Send each change again by the next client. Return how many are not answered as they were at first."""
        again = [
            self._add(self._clients[(number + 1) % len(self._clients)], identifier)
            for number, identifier in enumerate(self.identifiers)
        ]
        return sum(response.headers.get("idempotency-replayed") != "true" for response in again)

    def _add(self, client: httpx.Client, identifier: str) -> httpx.Response:
        body = {"id": identifier, "name": "Villa", "kind": "MUN"}
        return client.post("/v1/organisations", json=body, headers={**self._key, "Idempotency-Key": identifier})


def test_clocks_that_are_wrong_change_neither_order_nor_limits_nor_replays(
    postgresql: Server, template: str, faketime: str, figure: FigureRecorder
) -> None:
    with postgresql.database(template) as name, serving_right(postgresql.url(name)) as right:
        database: Database = right.app.state["database"]
        key = create_header(database)
        with serving_askew(postgresql.url(name), faketime, SKEWS) as askew:
            clients = [right, *askew]
            changes = Changes(clients, key, "CLOCK")
            changes.make(SKEWED)
            lost = changes.count_lost_replays()
            answers = [client.get("/v1/keys", headers=key) for _ in range(LIMIT) for client in clients]
        with database.read() as session:
            entries = [shown.entry for shown in ledger.iterate_entries(session)]
            subjects = [opening.subject for shown in ledger.iterate_entries(session) if (opening := shown.opening)]
        control = count_lost_by_own_clocks(postgresql.url(name), faketime, right, key) if NIGHT else None
    assert lost == 0
    assert [entry.seq for entry in entries] == list(range(len(entries)))
    assert find_chain_problems(entries) == []
    added = [subject.rpartition("/")[2] for subject in subjects if subject.startswith("/v1/organisations/")]
    assert added == changes.identifiers
    times = [datetime.fromisoformat(msgspec.json.decode(entry.record)["at"]) for entry in entries]
    backwards = sum(later < earlier for earlier, later in pairwise(times))
    assert backwards >= SKEWED, "the clocks are not wrong"
    passed = [answer for answer in answers if answer.status_code == 200]
    assert len(passed) == LIMIT
    assert {answer.status_code for answer in answers} == {200, 429}
    left = [re.fullmatch(r'"read";r=\d+;t=(\d+)', answer.headers["ratelimit"]) for answer in answers]
    assert all(found is not None and 0 <= int(found[1]) <= WINDOW for found in left)
    figure(
        "R19",
        f"changes through {len(clients)} processes on PostgreSQL, one with the right clock and others with "
        f"{', '.join(SKEWS)}, of which one out of order or not replayed would count; times go back {backwards} times, "
        f"and of {len(answers)} reads {len(passed)} pass a limit of {LIMIT}",
        tried=len(changes.identifiers),
        failed=lost,
        control=control,
    )


def count_lost_by_own_clocks(url: str, faketime: str, right: httpx.Client, key: dict[str, str]) -> str:
    """Return how many replays are lost where each process judges the age of answers by its own clock."""
    with serving_askew(url, faketime, SKEWS, SERVE_BY_OWN_CLOCK) as askew:
        changes = Changes([right, *askew], key, "OWN")
        changes.make(SKEWED)
        lost = changes.count_lost_replays()
    assert lost > 0
    return f"by their own clocks {lost} of {len(changes.identifiers)} replays are lost"
