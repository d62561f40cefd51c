"""Several processes that serve one address, and the process that starts, replaces and stops them.

uvicorn has a supervisor too (`uvicorn.supervisors.Multiprocess`). It is not used: it builds servers of its own class,
handles no signal while it restarts its processes one by one, and leaves them behind when it is killed.

The supervisor opens the socket and accepts no connection itself; the workers inherit the socket. Orders reach a worker
through a pipe and not by signals, because a terminal and systemd send theirs to all processes at once: a worker would
count them as two signals, and stop at once.
"""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from types import FrameType
from typing import Final

import structlog

WorkerFunction = Callable[[int, Connection], None]
"""Function of a worker: it serves until it is told to stop by the pipe, through which it says once that it is ready.

Once it has, it also answers each `PING` with `ALIVE`. It takes the number of the worker, from 0, and is pickled.
"""

READY: Final = "ready"
"""Message of a worker that has begun to accept connections."""
ALIVE: Final = "alive"
"""Answer of a worker to `PING`."""
STOP: Final = "stop"
STOP_UNDRAINED: Final = "stop undrained"
HURRY: Final = "hurry"
RETIRE: Final = "retire"
PING: Final = "ping"
"""Orders to a worker; `server.follow_orders` says what its server then does."""

LOOK_SECONDS: Final = 0.2
"""Time in seconds after which the supervisor looks for signals."""
PING_SECONDS: Final = 5.0
"""Silence in seconds after which a worker is asked whether it is alive."""
SILENCE_MAX: Final = 30.0
"""Silence in seconds after which it is taken for hung and killed: it has answered nobody for as long."""
STEP_MAX: Final = 1.0
"""Longest time in seconds that counts as silence at once: while this process was held, nobody was asked."""
PAUSE_MAX: Final = 30.0
"""Longest pause in seconds before a worker is started that ended again and again before it was ready."""

_log = structlog.get_logger()
# Not forked: a copy of a process with threads may hold a lock that nobody releases.
_context: Final = multiprocessing.get_context("spawn")


class Worker:
    """Server process as its supervisor sees it: number, pipe, and whether the process is ready and alive."""

    def __init__(self, number: int, run: WorkerFunction) -> None:
        """Start the process.

        `number` is its number among the workers; a process that replaces it gets the same number. `run` is the function
        that the process runs, called with this number and with the end of the pipe that belongs to the process.
        """
        self.number = number
        self.is_ready = False
        self.end_by: float | None = None
        """Time at which it is killed; None while it need not end."""
        self.silence = 0.0
        """Seconds for which it has been ready and has said nothing."""
        self._is_asked = False
        self.pipe, orders = _context.Pipe()
        self.process: SpawnProcess = _context.Process(target=run, args=(number, orders))
        self.process.start()
        # Closed here, so that the worker has the only other end, and its pipe ends with this process.
        orders.close()

    def order(self, order: str) -> None:
        """Send an order, such as to stop, to the worker; do nothing if the worker has ended."""
        with suppress(OSError):
            self.pipe.send(order)

    def read_messages(self) -> None:
        """Read the messages of the worker, and set `is_ready` if the worker says that it accepts connections.

        If the worker has closed its pipe, wait up to `LOOK_SECONDS` for its process to end.
        """
        try:
            while self.pipe.poll():
                self.is_ready = self.pipe.recv() == READY or self.is_ready
                self.silence, self._is_asked = 0.0, False
        except (OSError, EOFError):
            self.process.join(LOOK_SECONDS)

    def count_silence(self, seconds: float) -> None:
        """Count seconds of silence of the worker; after a long silence, ask it once if it is alive."""
        self.silence += min(seconds, STEP_MAX)
        if self.silence >= PING_SECONDS and not self._is_asked:
            self._is_asked = True
            self.order(PING)


class Supervisor:
    """Supervisor that keeps a number of workers running until it is told to stop.

    Workers are server processes. A worker that ends is replaced, after a growing pause if it was never ready. A worker
    that hangs is killed and replaced. SIGTERM and SIGINT let all workers finish their requests and end; a second signal
    shortens that. SIGHUP replaces them one by one: a worker retires once its replacement is ready.
    """

    def __init__(
        self,
        count: int,
        build: Callable[[], WorkerFunction | None],
        patience: float,
        started: Callable[[], None],
        stopping: Callable[[], None],
    ) -> None:
        """Create a supervisor; no worker is started yet.

        Args:
            count: Number of workers.
            build: Returns the function of workers that are started later, or None to keep the previous function; called
                once in the beginning and once for each SIGHUP.
            patience: Seconds after which a worker that should end is killed.
            started: Called once, when all workers are ready.
            stopping: Called when the workers are told to stop. It closes the socket of this process; otherwise clients
                could connect although no worker accepts, and wait in vain.
        """
        function = build()
        assert function is not None
        self._run, self._build = function, build
        self._count = count
        self._patience = patience
        self._announce = started
        self._close = stopping
        self._workers: list[Worker] = []
        """All processes that have not ended."""
        self._signals: deque[int] = deque()
        self._to_replace: deque[Worker] = deque()
        """Workers of before the last SIGHUP, the next one to be replaced first."""
        self._replacement: Worker | None = None
        """Worker that is to replace the first of these; None until it is started."""
        self._is_reload_due = False
        """True after a SIGHUP until the workers begin to be replaced."""
        self._pauses = [0.0] * count
        self._start_at: dict[int, float] = dict.fromkeys(range(count), 0.0)
        """Times at which workers are to be started, by number."""
        self._stopping = False
        self._looked = time.monotonic()
        self.has_started = False
        """True once all workers were ready at the same time."""

    def run(self) -> None:
        """Start the workers, replace those that end, and return when all have ended.

        If a worker ends before all workers have been ready once, the other workers are stopped.
        """
        with self._take_signals():
            while self._workers or not self._stopping:
                self._follow_signals()
                self._bury()
                self._start()
                self._replace()
                wait([worker.pipe for worker in self._workers], LOOK_SECONDS)
                for worker in self._workers:
                    worker.read_messages()
                self._kill_hung()
                if not self.has_started and sum(worker.is_ready for worker in self._workers) == self._count:
                    self.has_started = True
                    self._announce()

    @contextmanager
    def _take_signals(self) -> Iterator[None]:
        names = [name for name in ("SIGTERM", "SIGINT", "SIGHUP") if hasattr(signal, name)]

        def remember(number: int, _frame: FrameType | None) -> None:
            self._signals.append(number)

        before = {number: signal.signal(number, remember) for number in (signal.Signals[name] for name in names)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _follow_signals(self) -> None:
        while self._signals:
            number = self._signals.popleft()
            if number not in (signal.SIGTERM, signal.SIGINT):
                self._is_reload_due = True
            elif self._stopping:
                self._stop(HURRY)
            else:
                self._stop(STOP if number == signal.SIGTERM else STOP_UNDRAINED)
        if self._is_reload_due and not self._to_replace and not self._stopping:
            self._is_reload_due = False
            if (function := self._build()) is not None:
                self._run = function
                self._to_replace = deque(worker for worker in self._workers if worker.end_by is None)

    def _stop(self, order: str) -> None:
        self._stopping = True
        self._close()
        self._to_replace.clear()
        for worker in self._workers:
            self._end(worker, order)

    def _end(self, worker: Worker, order: str) -> None:
        worker.order(order)
        worker.end_by = worker.end_by or time.monotonic() + self._patience

    def _bury(self) -> None:
        """Forget the workers that have ended, and kill those that should have."""
        for worker in tuple(self._workers):
            if worker.process.is_alive():
                if worker.end_by is not None and time.monotonic() > worker.end_by:
                    _log.error("worker does not end, killed", worker=worker.number, pid=worker.process.pid)
                    worker.process.kill()
                    worker.end_by = float("inf")
                continue
            worker.read_messages()
            worker.process.join()
            worker.pipe.close()
            self._workers.remove(worker)
            if worker.end_by is None and not self._stopping:
                self._mourn(worker)

    def _kill_hung(self) -> None:
        """Kill the workers that serve and have been silent for too long: what hangs does not end by itself."""
        passed, self._looked = time.monotonic() - self._looked, time.monotonic()
        for worker in self._workers:
            if not worker.is_ready or worker.end_by is not None:
                continue
            worker.count_silence(passed)
            if worker.silence > SILENCE_MAX:
                _log.error("worker does not answer, killed", worker=worker.number, pid=worker.process.pid)
                worker.process.kill()
                worker.silence = 0.0

    def _mourn(self, worker: Worker) -> None:
        """Handle the end of a worker that was not told to end."""
        _log.error("worker ended", worker=worker.number, pid=worker.process.pid, code=worker.process.exitcode)
        if worker is self._replacement:
            _log.error("workers are not replaced: the new one does not start")
            self._replacement = None
            self._to_replace.clear()
            return
        if self._replacement is not None and worker is self._to_replace[0]:
            # Its replacement has been started already.
            self._replacement = None
            self._to_replace.popleft()
            return
        if worker in self._to_replace:
            self._to_replace.remove(worker)
        if not self.has_started:
            self._stop(STOP)
            return
        pause = 0.0 if worker.is_ready else min(max(1.0, 2 * self._pauses[worker.number]), PAUSE_MAX)
        self._pauses[worker.number] = pause
        self._start_at[worker.number] = time.monotonic() + pause

    def _start(self) -> None:
        """Start the workers that are due."""
        for number, start_at in tuple(self._start_at.items()):
            if not self._stopping and time.monotonic() >= start_at:
                del self._start_at[number]
                self._workers.append(Worker(number, self._run))

    def _replace(self) -> None:
        """Go on with the replacement of the workers, one step at a time."""
        if not self._to_replace or any(worker.end_by is not None for worker in self._workers):
            # The next one is replaced when the former one has ended: there is never more than one process too many.
            return
        former = self._to_replace[0]
        if self._replacement is None:
            self._replacement = Worker(former.number, self._run)
            self._workers.append(self._replacement)
        elif self._replacement.is_ready:
            self._replacement = None
            self._to_replace.popleft()
            self._end(former, RETIRE)
            if not self._to_replace:
                _log.info("workers are replaced")
