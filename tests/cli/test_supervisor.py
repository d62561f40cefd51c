"""The process that starts, replaces and stops the processes that serve, here with workers that only wait for orders."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from actitud_api.cli import supervisor as supervision
from actitud_api.cli.supervisor import (
    HURRY,
    READY,
    RETIRE,
    STOP,
    STOP_UNDRAINED,
    Supervisor,
    Worker,
    WorkerFunction,
)
from tests.cli.following import answer_twice, fail, fail_first, follow, hang_first, ignore
from tests.support.waiting import await_true

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGHUP")

WORKERS: Final = 2
BOUND: Final = 120.0
"""Seconds in which anything that is waited for happens."""
FINAL: Final = frozenset({STOP_UNDRAINED, HURRY, RETIRE})
"""Orders after which a worker ends at once; after `stop` it ends at the next one, or when it is the last."""


class Stage:
    """A supervisor in the main thread, and what a test does to it in another one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.announced = 0
        self.is_closed = False

    def run(self, functions: list[WorkerFunction | None], act: Callable[[], object], patience: float = BOUND) -> bool:
        """Run a supervisor, and return whether it has started; `functions` are those of each start, the first first."""
        supervisor = Supervisor(WORKERS, lambda: functions.pop(0), patience, self._announce, self._close)
        failures: list[BaseException] = []

        def try_to_act() -> None:
            try:
                act()
            except BaseException as error:
                failures.append(error)
                os.kill(os.getpid(), signal.SIGINT)
                os.kill(os.getpid(), signal.SIGTERM)

        acting = threading.Thread(target=try_to_act)
        acting.start()
        supervisor.run()
        acting.join(BOUND)
        if failures:
            raise failures[0]
        return supervisor.has_started

    def _announce(self) -> None:
        self.announced += 1

    def _close(self) -> None:
        self.is_closed = True

    def read_events(self) -> list[tuple[int, int, str]]:
        """Return what has happened: number and process id of a worker, and what it did or was told."""
        file = self._folder / "events"
        lines = file.read_text().splitlines() if file.exists() else []
        return [(int(number), int(pid), event) for number, pid, event in (line.split(" ", 2) for line in lines)]

    def await_events(self, event: str, number: int) -> list[int]:
        """Wait until something has happened so often, and return the ids of the processes."""

        def list_pids() -> list[int]:
            return [pid for _, pid, happened in self.read_events() if happened == event]

        await_true(lambda: len(list_pids()) >= number, BOUND)
        return list_pids()


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


@pytest.fixture
def work(tmp_path: Path) -> WorkerFunction:
    """What workers do that end when they are told to stop."""
    return partial(follow, tmp_path, FINAL | {STOP})


def send(number: int) -> None:
    os.kill(os.getpid(), number)


def test_workers_are_replaced_one_by_one_and_stopped(stage: Stage, work: WorkerFunction) -> None:
    before = signal.getsignal(signal.SIGTERM)

    def act() -> None:
        stage.await_events(READY, WORKERS)
        send(signal.SIGHUP)
        stage.await_events(RETIRE, WORKERS)
        # The last one has retired; the next signal comes when it is known to have ended.
        send(signal.SIGHUP)
        stage.await_events(RETIRE, 2 * WORKERS)
        assert not stage.is_closed
        send(signal.SIGTERM)

    assert stage.run([work, work, work], act)
    assert (stage.announced, stage.is_closed) == (1, True)
    events = stage.read_events()
    serving = 0
    for _, _, event in events[WORKERS:]:
        serving += 1 if event == READY else -1
        assert serving >= 0 or event == STOP, "each is ready before the one that it replaces retires"
        assert serving <= 1, "there is one too many at most"
    assert [event for _, _, event in events[-WORKERS:]] == [STOP] * WORKERS
    for happened in (READY, RETIRE):
        numbers = [number for number, _, event in events if event == happened]
        assert sorted(numbers) == sorted([*range(WORKERS)] * numbers.count(0))
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_worker_that_dies_is_started_anew(stage: Stage, work: WorkerFunction) -> None:
    def act() -> None:
        for killed in range(2):
            pid = stage.await_events(READY, WORKERS + killed)[-1]
            os.kill(pid, signal.SIGKILL)
        stage.await_events(READY, WORKERS + 2)
        send(signal.SIGTERM)

    assert stage.run([work], act)
    numbers = [number for number, _, event in stage.read_events() if event == READY]
    assert numbers[-1] == numbers[-2] == numbers[-3]
    stopped = {pid for _, pid, event in stage.read_events() if event == STOP}
    assert len(stopped) == WORKERS


def test_a_worker_that_hangs_is_killed_and_started_anew(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    # On a busy machine the other one may be killed too, and is started anew.
    monkeypatch.setattr(supervision, "PING_SECONDS", 0.0)
    monkeypatch.setattr(supervision, "SILENCE_MAX", 1.0)

    def act() -> None:
        all_numbers = set(range(WORKERS))
        await_true(lambda: {number for number, _, event in stage.read_events() if event == READY} == all_numbers, BOUND)
        send(signal.SIGTERM)

    assert stage.run([partial(hang_first, tmp_path, FINAL | {STOP})], act)
    _, pid = (tmp_path / "hung").read_text().split()
    assert int(pid) not in {process for _, process, _ in stage.read_events()}
    captured = capfd.readouterr()
    assert "worker does not answer, killed" in captured.err + captured.out


def test_a_silent_worker_is_asked_once_and_heard() -> None:
    """A supervisor that was held itself counts a second of it: its workers are not to blame."""
    worker = Worker(0, answer_twice)
    try:
        for seconds in (3600.0, 1.0, 1.0, 1.5):
            worker.count_silence(seconds)
        assert (worker.silence, worker.is_ready) == (4.0, False)
        worker.count_silence(1.0)
        worker.count_silence(1.0)
        assert worker.silence == 6.0
        assert worker.pipe.poll(BOUND)
        worker.read_messages()
        assert worker.silence == 0.0
        for _ in range(5):
            worker.count_silence(1.0)
        worker.process.join(BOUND)
        assert worker.process.exitcode == 0, "it was asked a second time"
    finally:
        worker.process.kill()
        worker.pipe.close()


def test_where_a_worker_does_not_start_nothing_is_served(stage: Stage, tmp_path: Path) -> None:
    assert not stage.run([partial(fail_first, tmp_path, FINAL | {STOP})], lambda: None)
    assert (stage.announced, stage.is_closed) == (0, True)
    assert all(number == 1 for number, _, _ in stage.read_events())


def test_a_replacement_that_does_not_start_changes_nothing(
    stage: Stage, work: WorkerFunction, capfd: pytest.CaptureFixture[str]
) -> None:
    def act() -> None:
        stage.await_events(READY, WORKERS)
        send(signal.SIGHUP)
        said: list[str] = []

        def is_told() -> bool:
            said.extend(capfd.readouterr())
            return "workers are not replaced" in "".join(said)

        await_true(is_told, BOUND)
        # Settings that are faulty start none at all.
        send(signal.SIGHUP)
        send(signal.SIGTERM)

    assert stage.run([work, fail, None], act)
    assert [event for _, _, event in stage.read_events()] == [READY] * WORKERS + [STOP] * WORKERS


@pytest.mark.parametrize(
    ("signals", "orders"),
    [
        ((signal.SIGTERM, signal.SIGTERM), [STOP, HURRY]),
        ((signal.SIGTERM, signal.SIGINT), [STOP, HURRY]),
        ((signal.SIGINT,), [STOP_UNDRAINED]),
    ],
)
def test_what_the_supervisor_is_told_it_tells_each_worker(
    stage: Stage, tmp_path: Path, signals: tuple[signal.Signals, ...], orders: list[str]
) -> None:
    def act() -> None:
        stage.await_events(READY, WORKERS)
        for number, order in zip(signals, orders, strict=True):
            send(number)
            stage.await_events(order, WORKERS)

    assert stage.run([partial(follow, tmp_path, FINAL)], act)
    for worker in range(WORKERS):
        assert [event for number, _, event in stage.read_events() if number == worker] == [READY, *orders]


def test_a_worker_that_does_not_end_in_time_is_killed(stage: Stage, tmp_path: Path) -> None:
    def act() -> None:
        stage.await_events(READY, WORKERS)
        send(signal.SIGTERM)

    assert stage.run([partial(ignore, tmp_path)], act, patience=0.5)
