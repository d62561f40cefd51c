"""A limit is exact over several processes, and one that reads, adds and writes is not."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.faults.serving import SERVE_COUNTING, SERVE_NAIVELY, WINDOW, serving
from tests.support.databases import opened
from tests.support.figures import FigureRecorder
from tests.support.postgresql import Server
from tests.support.scale import LIMITED, LIMITING, NIGHT
from tests.support.waiting import PATIENCE

LIMIT, AT_ONCE = 100, 4
SETTINGS = {"rate_limit_read": f"{LIMIT}", "memory_bytes": "0"}


@pytest.fixture(scope="module")
def on_server(postgresql: Server, template: str) -> Iterator[str]:
    with postgresql.database(template) as name:
        yield postgresql.url(name)


@pytest.fixture(scope="module")
def addresses(on_server: str) -> Iterator[Sequence[str]]:
    """Processes that count together, for all tests: each takes two seconds of CPU to start."""
    with serving(on_server, LIMITING, SETTINGS, SERVE_COUNTING) as started:
        yield started


def asked(addresses: Sequence[str], calls: int) -> list[httpx.Response]:
    """The answers to so many calls, several at once to each process, each said to be forwarded for somebody else."""
    numbers = itertools.count()

    def ask(address: str) -> list[httpx.Response]:
        with httpx.Client(base_url=address, timeout=PATIENCE) as client:
            return [
                client.get("/v1/editions", headers={"X-Forwarded-For": f"192.0.2.{next(numbers) % 256}"})
                for _ in range(calls // (len(addresses) * AT_ONCE))
            ]

    with ThreadPoolExecutor(len(addresses) * AT_ONCE) as pool:
        answers = [answer for one in pool.map(ask, [*addresses] * AT_ONCE) for answer in one]
    assert len(answers) == calls
    return answers


def passed(answers: Sequence[httpx.Response]) -> list[httpx.Response]:
    return [answer for answer in answers if answer.status_code == 200]


def test_of_all_calls_to_several_processes_exactly_the_limit_passes(
    on_server: str, addresses: Sequence[str], figure: FigureRecorder
) -> None:
    answers = asked(addresses, LIMITED)
    left = [re.fullmatch(r'"read";r=(\d+);t=\d+', answer.headers["ratelimit"]) for answer in passed(answers)]
    assert sorted(int(found[1]) for found in left if found is not None) == list(range(LIMIT))
    refused = [answer for answer in answers if answer.status_code != 200]
    assert len(refused) == LIMITED - LIMIT
    assert {answer.status_code for answer in refused} == {429}
    assert min(int(answer.headers["retry-after"]) for answer in refused) >= 1
    assert max(int(answer.headers["retry-after"]) for answer in refused) <= WINDOW
    control = count_passed_naively(on_server) if NIGHT else None
    figure(
        "R18",
        f"calls to {LIMITING} processes that count together: those by which more or fewer than {LIMIT} passed",
        tried=len(answers),
        failed=abs(len(answers) - len(refused) - LIMIT),
        control=control,
    )


def count_passed_naively(url: str) -> str:
    """Return how many calls pass where each process reads the count, adds to it and writes it."""
    with opened(url) as database, database.write() as session:
        session.connection().exec_driver_sql("DELETE FROM request_count")
    with serving(url, LIMITING, SETTINGS, SERVE_NAIVELY) as addresses:
        count = len(passed(asked(addresses, LIMITED)))
    assert count > LIMIT
    return f"where each process reads, adds and writes, {count:,} pass"


def test_behind_a_proxy_the_client_is_who_the_proxy_says_last(on_server: str) -> None:
    """What stands before it in the header was sent by the client, who may send anything."""
    with (
        serving(on_server, 1, {"rate_limit_read": "2", "memory_bytes": "0", "trusted_proxies": "127.0.0.1"}) as (
            address,
        ),
        httpx.Client(base_url=address, timeout=PATIENCE) as client,
    ):

        def ask(forwarded: str) -> int:
            return client.get("/v1/editions", headers={"X-Forwarded-For": forwarded}).status_code

        assert [ask(f"192.0.2.{number}, 198.51.100.1") for number in range(3)] == [200, 200, 429]
        assert ask("192.0.2.1, 198.51.100.2") == 200


@pytest.mark.night
def test_without_the_server_that_counts_reads_go_on(on_server: str) -> None:
    """And everything else is refused meanwhile. What is not counted leaves the limit as it is."""
    with serving(on_server, 1, SETTINGS) as (address,), httpx.Client(base_url=address, timeout=PATIENCE) as client:
        with opened(on_server) as database, database.write() as session:
            session.connection().exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
            session.connection().exec_driver_sql("LOCK TABLE request_count")
            assert client.get("/v1/editions").status_code == 200
            assert client.post("/v1/scores", json={}).status_code == 503
        assert client.post("/v1/scores", json={}).status_code == 400
