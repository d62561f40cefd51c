"""The servers that the benchmark of reads times answer the same, and it notices where they do not."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from litestar.types import ASGIApp
from msgspec import structs

from tests.benchmarks import reads, scaling
from tests.benchmarks.load import Answer
from tests.benchmarks.peers.bare import build_bare_app
from tests.benchmarks.peers.plain import build_plain_app
from tests.benchmarks.reads import DifferentAnswers, PublicRead, Ranking, check_same
from tests.benchmarks.servers import AskedServer, CpuCount
from tests.benchmarks.trial import Trial
from tests.support.serving import served


def open_server(stack: ExitStack, app: ASGIApp) -> AskedServer:
    return AskedServer(int(stack.enter_context(served(app)).rpartition(":")[2]))


def open_peer(stack: ExitStack, file: Path, rows: Sequence[dict[str, Any]], sheets: Sequence[bytes]) -> AskedServer:
    """Serve the FastAPI peer on this content."""
    # Here, because each process that collects tests would import FastAPI.
    from tests.benchmarks.peers.fastapi_sqlmodel import build_fastapi_app, fill_database

    fill_database(file, rows, sheets)
    return open_server(stack, build_fastapi_app(file))  # type: ignore[arg-type]  # ASGI of its own types


@pytest.fixture(scope="module")
def ranking(address: str) -> Ranking:
    """The edition as the service answers it."""
    return reads.fetch_ranking(AskedServer(int(address.rpartition(":")[2])))


@pytest.fixture(scope="module")
def known(ranking: Ranking) -> dict[str, PublicRead]:
    return reads.list_reads(ranking)


@pytest.fixture(scope="module")
def answers(address: str, known: dict[str, PublicRead]) -> dict[str, Answer]:
    return reads.fetch_hot(AskedServer(int(address.rpartition(":")[2])), known)


@pytest.fixture
def stored(answers: dict[str, Answer]) -> Iterator[tuple[AskedServer, AskedServer]]:
    """The bare and the plain server."""
    bodies = reads.store_bodies(answers)
    with ExitStack() as stack:
        yield open_server(stack, build_bare_app(bodies)), open_server(stack, build_plain_app(bodies))


def test_all_servers_answer_the_same(
    ranking: Ranking,
    known: dict[str, PublicRead],
    answers: dict[str, Answer],
    stored: tuple[AskedServer, AskedServer],
    tmp_path: Path,
) -> None:
    with ExitStack() as stack:
        peer = open_peer(stack, tmp_path / "peer", ranking.rows, ranking.sheets)
        check_same(answers, known, *stored, peer)
    assert set(reads.COMPARED) < set(answers)


@pytest.mark.parametrize("what", ["row", "sheet"])
def test_other_data_of_the_peer_are_noticed(
    what: str,
    ranking: Ranking,
    known: dict[str, PublicRead],
    answers: dict[str, Answer],
    stored: tuple[AskedServer, AskedServer],
    tmp_path: Path,
) -> None:
    rows, sheets = ranking.rows[:60], list(ranking.sheets[:60])
    if what == "row":
        rows[7] = {**rows[7], "population": None}
    else:
        sheets[0] = sheets[0].replace(b'"rank":1', b'"rank":2')
    with ExitStack() as stack:
        peer = open_peer(stack, tmp_path / "peer", rows, sheets)
        with pytest.raises(DifferentAnswers, match="list" if what == "row" else "sheet"):
            check_same(answers, known, *stored, peer)


def test_other_bytes_are_noticed(
    known: dict[str, PublicRead], answers: dict[str, Answer], stored: tuple[AskedServer, AskedServer]
) -> None:
    other = {**answers, "badge": structs.replace(answers["badge"], body=b"<svg/>")}
    with pytest.raises(DifferentAnswers, match="badge"):
        check_same(other, known, *stored, AskedServer(0))


def test_no_address_that_is_asked_once_is_asked_twice(known: dict[str, PublicRead]) -> None:
    for read in known.values():
        assert len({read.hot, *read.cold}) == 1 + len(read.cold) > 1


def test_the_clock_of_a_process_counts_its_work() -> None:
    class This:
        def list_processes(self) -> list[int]:
            return [os.getpid()]

    count, before = CpuCount(This()), os.times()
    sum(range(3_000_000))
    after = os.times()
    ticks = sum(after[:2]) - sum(before[:2])
    assert count.read() == pytest.approx(ticks, abs=0.05)  # those count hundredths of a second


@pytest.mark.night
def test_the_whole_benchmark_runs(demonstration: str, tmp_path: Path) -> None:
    found = reads.measure_reads(demonstration, tmp_path, Trial(rounds=1, seconds=0.005))
    scaling.record_figures({"reads": found}, tmp_path)
    assert [read.read for read in found.reads] == list(scaling.LABELS)
    assert scaling.read_figures(tmp_path).reads == found
    assert "page of the ranking" in (tmp_path / "scaling.md").read_text("utf-8")
