"""The real server is killed while it publishes: each edition is published whole or not at all, and can be then."""

from __future__ import annotations

import itertools
import random
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import httpx
import pytest

from actitud_api.platform.storage.database import Database
from tests.faults.integrity import find_damage
from tests.faults.serving import SERVE, SERVE_PIECEMEAL, UNLIMITED, Serving, one_serving
from tests.faults.test_publication import stored
from tests.support.databases import Kind, make_key, opened
from tests.support.figures import FigureRecorder
from tests.support.keys import create_header
from tests.support.postgresql import Server
from tests.support.publishing import fill_many
from tests.support.publishing import publish as publish_by_command
from tests.support.scale import SERVED_PUBLICATION_KILLS, SERVED_ROWS
from tests.support.waiting import PATIENCE

PUBLISHERS: Final = 8
ROWS: Final = SERVED_ROWS
AT_A_TIME: Final = 16
"""Editions that wait to be published when a server starts: one of them at least is never asked for."""
WHOLE: Final = ("published", {1: ROWS})
NONE: Final[tuple[str, dict[int, int]]] = ("in_review", {})


def publish(client: httpx.Client, edition: str) -> bool:
    """Asks for the publication of an edition; returns whether it was answered."""
    path, key = f"/v1/editions/{edition}/publications", {"Idempotency-Key": edition}
    with suppress(httpx.TransportError):
        response = client.post(path, json={"reason": "It is time."}, headers=key)
        assert response.status_code == 201, response.text
        return True
    return False


@contextmanager
def publishing(
    url: str, folder: Path, headers: Mapping[str, str], program: str = SERVE
) -> Iterator[tuple[Serving, httpx.Client]]:
    """A server with the keys in a folder, and a client of it."""
    settings = {**UNLIMITED, "signing_folder": str(folder)}
    with (
        one_serving(url, program, settings=settings) as process,
        httpx.Client(base_url=process.address, headers=headers, timeout=PATIENCE) as client,
    ):
        yield process, client


def kill_while_it_publishes(
    process: Serving, client: httpx.Client, editions: list[str], chance: random.Random
) -> set[str]:
    """Has editions published, several at once, kills the server in one of them, and returns those that it answered."""
    answered: set[str] = set()
    enough = threading.Semaphore(0)
    awaited = chance.randint(1, AT_A_TIME // 2)
    # On a busy machine the kill may come late: no more is asked for than is awaited, and one by each other client.
    waiting = iter(editions[: awaited + PUBLISHERS - 1])

    def work() -> None:
        for edition in iter(lambda: next(waiting, None), None):
            if not publish(client, edition):
                return
            answered.add(edition)
            enough.release()

    with ThreadPoolExecutor(PUBLISHERS) as pool:
        working = [pool.submit(work) for _ in range(PUBLISHERS)]
        for _ in range(awaited):
            assert enough.acquire(timeout=PATIENCE)
        time.sleep(chance.uniform(0, 0.05))  # at any moment of the next one
        process.kill()
        for one in working:
            one.result()
    assert process.wait(PATIENCE) == -signal.SIGKILL
    return answered


def test_a_server_that_is_killed_while_it_publishes_leaves_whole_editions_or_none(
    database: Database, url: str, kind: Kind, tmp_path: Path, figure: FigureRecorder
) -> None:
    folder = tmp_path / "signing"
    make_key(database, folder)
    headers = create_header(database)
    chance = random.Random(1)
    numbers = itertools.count(1)
    left: list[str] = []
    answered: set[str] = set()
    none = 0
    for _ in range(SERVED_PUBLICATION_KILLS[kind]):
        editions = [f"2026-k{next(numbers)}" for _ in range(AT_A_TIME)]
        for edition in editions:
            fill_many(database, edition, ROWS)
        with publishing(url, folder, headers) as (process, client):
            # What was left undone by the one before is done by the next.
            assert all(publish(client, edition) for edition in left)
            answered |= {*left, *kill_while_it_publishes(process, client, editions, chance)}
        states = {edition: stored(database, edition) for edition in editions}
        left = [edition for edition, state in states.items() if state == NONE]
        none += len(left)
        assert all(state in (WHOLE, NONE) for state in states.values()), states
        assert not answered & set(left)
        assert find_damage(database) == []
    # The command line does it too.
    for edition in left:
        assert publish_by_command(database, folder, edition=edition).organisations == ROWS
    assert find_damage(database) == []
    figure(
        "R1",
        f"publications of {ROWS} organisations that the real server answered on {kind} before it was killed "
        f"({SERVED_PUBLICATION_KILLS[kind]} times, 8 at once); {none} were not published at all, none by half",
        tried=len(answered),
        failed=0,
        control="a server that commits each statement by itself leaves half an edition, which is found",
    )


@pytest.mark.night
def test_a_server_that_publishes_in_several_transactions_leaves_a_half(
    postgresql: Server, template: str, tmp_path: Path
) -> None:
    """On PostgreSQL; on SQLite such a server takes its own changes for those of others, and publishes nothing."""
    folder = tmp_path / "signing"
    with postgresql.database(template) as name, opened(url := postgresql.url(name)) as database:
        make_key(database, folder)
        headers = create_header(database)
        fill_many(database, "2026", ROWS)
        with publishing(url, folder, headers, SERVE_PIECEMEAL) as (process, client):
            assert not publish(client, "2026")
            assert process.wait(PATIENCE) == -signal.SIGKILL
        assert stored(database, "2026") not in (WHOLE, NONE)
        assert find_damage(database) != []
