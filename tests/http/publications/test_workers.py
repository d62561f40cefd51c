"""Work is spread over processes without a difference in its results, and they end with the one that started them."""

from __future__ import annotations

import math
import multiprocessing
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest

from actitud_api.platform.jobs import workers
from actitud_api.platform.jobs.workers import (
    ITEMS_AHEAD,
    NICENESS,
    WorkerEnded,
    open_worker_pool,
    open_workers_apart,
    run_apart,
)
from tests.support.waiting import await_true

PARENT = """
import os, sys
from actitud_api.platform.jobs import workers
workers._cores = lambda: 2
if __name__ == "__main__":
    with workers.open_worker_pool() as spread:
        print(*spread(os.readlink, ["/proc/self"]), flush=True)
        sys.stdin.read()
"""


@pytest.fixture
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_count_cores", lambda: 2)


@pytest.mark.usefixtures("two_cores")
def test_results_come_in_order_and_no_process_is_left() -> None:
    with open_worker_pool() as spread:
        assert list(spread(math.sqrt, (n * n for n in range(100)))) == list(range(100))
    assert multiprocessing.active_children() == []


@pytest.mark.usefixtures("two_cores")
def test_few_items_are_read_ahead() -> None:
    read = 0

    def items() -> Iterator[int]:
        nonlocal read
        for number in range(1000):
            read += 1
            yield number

    with open_worker_pool() as spread:
        next(spread(math.sqrt, items()))
        assert read == ITEMS_AHEAD * 2


@pytest.mark.usefixtures("two_cores")
def test_an_error_of_a_process_is_raised() -> None:
    with open_worker_pool() as spread, pytest.raises(ValueError, match=r"domain|nonnegative"):
        list(spread(math.sqrt, [1, -1]))


@pytest.mark.usefixtures("two_cores")
def test_a_process_that_dies_is_an_error() -> None:
    with open_worker_pool() as spread, pytest.raises(BrokenProcessPool):
        list(spread(os._exit, [3]))


def test_one_core_needs_no_other_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_count_cores", lambda: 1)
    with open_worker_pool() as spread:
        assert list(spread(lambda _: os.getpid(), [None])) == [os.getpid()]


@pytest.mark.parametrize(("cores", "processes"), [(1, 1), (2, 1), (4, 2)])
def test_work_apart_is_done_in_other_processes_of_low_priority(
    monkeypatch: pytest.MonkeyPatch, cores: int, processes: int
) -> None:
    monkeypatch.setattr(workers, "_count_cores", lambda: cores)
    with open_workers_apart() as spread:
        assert set(spread(os.nice, [0] * 10)) == {min(os.nice(0) + NICENESS, 19)}
        assert len(multiprocessing.active_children()) <= processes
        assert list(spread(math.sqrt, (n * n for n in range(100)))) == list(range(100))
    assert multiprocessing.active_children() == []


def test_a_single_item_is_not_worth_another_process() -> None:
    with open_workers_apart() as spread:
        assert list(spread(lambda _: os.getpid(), [None])) == [os.getpid()]
        assert list(spread(math.sqrt, [])) == []


def test_a_process_apart_that_dies_is_an_error_of_this_work_only() -> None:
    with open_workers_apart() as spread, pytest.raises(WorkerEnded, match=r"exit codes \[3"):
        list(spread(os._exit, [3, 3]))
    with open_workers_apart() as spread:
        assert list(spread(math.sqrt, [4, 9])) == [2, 3]
    assert multiprocessing.active_children() == []


@pytest.fixture
def late_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the thread of a pool get the exit code of each process first, and note it when somebody asks."""
    wait, shut_down = os.waitpid, ProcessPoolExecutor.shutdown
    told, asked = threading.Event(), threading.Event()

    def wait_slowly(process: int, options: int) -> tuple[int, int]:
        if threading.current_thread() is threading.main_thread():
            await_true(told.is_set)
            try:
                return wait(process, options)
            finally:
                asked.set()
        ended, status = wait(process, options)
        if ended:
            told.set()
            await_true(asked.is_set)
        return ended, status

    def ask_for_its_end(pool: ProcessPoolExecutor, *arguments: bool, **options: bool) -> None:
        asked.set()
        shut_down(pool, *arguments, **options)

    monkeypatch.setattr(os, "waitpid", wait_slowly)
    monkeypatch.setattr(ProcessPoolExecutor, "shutdown", ask_for_its_end)


@pytest.mark.usefixtures("two_cores", "late_codes")
@pytest.mark.parametrize("many", [True, False])
def test_the_exit_code_is_told_although_the_pool_notes_it_late(many: bool) -> None:
    with open_workers_apart() as spread, pytest.raises(WorkerEnded, match=r"exit codes \[3\]"):
        list(spread(os._exit, [3, 3])) if many else run_apart(os._exit, 3)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="finds its processes in /proc")
def test_processes_end_with_a_parent_that_is_killed() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        assert worker != parent.pid
        parent.kill()
    await_true(lambda: not _is_alive(worker))


def _is_alive(process: int) -> bool:
    """Return whether a process runs; one that ended and whose parent has not asked for its status does not."""
    try:
        os.kill(process, 0)
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
