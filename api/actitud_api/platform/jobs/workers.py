"""Work in other processes: scoring a whole edition takes half a minute of one core."""

from __future__ import annotations

import faulthandler
import gc
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager, suppress
from copy import copy
from itertools import chain, islice
from multiprocessing.process import BaseProcess
from typing import Final, Protocol, TypeVar

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")

ITEMS_AHEAD: Final = 3
"""Number of items that are read ahead for each process: enough to keep it busy, few enough to bound memory."""

MAX_PROCESSES: Final = 8
"""Maximum number of worker processes; each takes about 100 MB of memory."""

NICENESS: Final = 5
"""Niceness of processes beside a service. They get all of an idle core, and a quarter of one that it keeps busy.

Linux weighs each step by 1.25: 1 / (1 + 1.25**5) is 0.25. So requests lose no more than that, and beside them the work
takes four times as long. With 19, the lowest priority, it got 1.4 %: on a busy day no edition was published.
"""


class WorkerEnded(Exception):
    """Raised by the function of `open_workers_apart` if a worker process was killed, perhaps for lack of memory."""


class MapFunction(Protocol):
    """Interface of a function like `map`: it applies a function to each item, and yields the results in their order."""

    def __call__(self, function: Callable[[ItemT], ResultT], items: Iterable[ItemT], /) -> Iterator[ResultT]:
        """Yield the result of `function` for each item, in order; its exceptions reach the caller."""


def map_serially(function: Callable[[ItemT], ResultT], items: Iterable[ItemT], /) -> Iterator[ResultT]:
    """Apply a function to each item in this process and return the results in order."""
    return map(function, items)


@contextmanager
def open_worker_pool() -> Iterator[MapFunction]:
    """Open a pool of worker processes, one per core.

    The value of the `with` statement is a function that applies a function to items in these processes and yields the
    results in order. There are at most `MAX_PROCESSES`; with one core, the work is done in this process. Leaving the
    `with` block ends the processes and drops unfinished work.
    """
    count = min(_count_cores(), MAX_PROCESSES)
    if count == 1:
        yield map_serially
        return
    with _open_pool(count, 0, _ProcessWatch()) as spread:
        yield spread


@contextmanager
def open_workers_apart() -> Iterator[MapFunction]:
    """Open a pool of worker processes of low priority, for use in a server process.

    The value of the `with` statement is a function that applies a function to items in these processes and yields the
    results in order. There are half as many processes as cores, but at least one. They start with the second item,
    because one item alone is not worth a process. Leaving the `with` block ends them and drops unfinished work.

    Computing in a thread of the server instead would take two thirds of the time from its requests.

    Raises:
        WorkerEnded: A process was killed; raised by the function.
    """
    with ExitStack() as stack:

        def spread(function: Callable[[ItemT], ResultT], items: Iterable[ItemT], /) -> Iterator[ResultT]:
            rest = iter(items)
            first = list(islice(rest, 2))
            if len(first) < 2:
                yield from map(function, first)
                return
            count = min(max(1, _count_cores() // 2), MAX_PROCESSES)
            watch = _ProcessWatch()
            spread_apart = stack.enter_context(_open_pool(count, NICENESS, watch))
            try:
                yield from spread_apart(function, chain(first, rest))
            except BrokenProcessPool as error:
                raise WorkerEnded(watch.describe_ends()) from error

        yield spread


def run_here(function: Callable[[ItemT], ResultT], item: ItemT) -> ResultT:
    """Compute the result of a function for one item in this process, and return it."""
    return function(item)


def run_apart(function: Callable[[ItemT], ResultT], item: ItemT) -> ResultT:
    """Compute the result of a function for one item in a new process of low priority, and return it.

    Raises:
        WorkerEnded: The process was killed.
    """
    watch = _ProcessWatch()
    try:
        with ProcessPoolExecutor(1, watch.context, _start_in_pool, (NICENESS,)) as pool:
            return pool.submit(_apply, function, item).result()
    except BrokenProcessPool as error:
        raise WorkerEnded(watch.describe_ends()) from error


class _ProcessWatch:
    """Context of processes that keeps those it starts, because a broken pool does not say how its processes ended.

    They are not forked: this process has threads, and a lock that one of them holds would stay held in the copy. Nor
    are they from a server of forks: it would stay, with all that it has imported, as long as this process.
    """

    def __init__(self) -> None:
        self._processes: list[BaseProcess] = []
        # A copy, because there is one context for all.
        self.context: Final = copy(multiprocessing.get_context("spawn"))
        build: Callable[..., BaseProcess] = self.context.Process

        def keep(*arguments: object, **options: object) -> BaseProcess:
            process = build(*arguments, **options)
            self._processes.append(process)
            return process

        setattr(self.context, "Process", keep)  # noqa: B010  # a class, of which pools only make objects

    def describe_ends(self) -> str:
        """Return a sentence with the exit codes of the processes; the pool that they are of must be shut down.

        -9 is a kill, as for lack of memory, and -11 a fault of memory.
        """
        codes = [process.exitcode for process in self._processes]
        return f"worker processes have ended; exit codes {codes}"


@contextmanager
def _open_pool(count: int, niceness: int, watch: _ProcessWatch) -> Iterator[MapFunction]:
    pool = ProcessPoolExecutor(count, watch.context, _start_in_pool, (niceness,))

    def spread(function: Callable[[ItemT], ResultT], items: Iterable[ItemT], /) -> Iterator[ResultT]:
        pending: deque[Future[ResultT]] = deque()
        try:
            for item in items:
                pending.append(pool.submit(_apply, function, item))
                if len(pending) == ITEMS_AHEAD * count:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        except BrokenProcessPool:
            # The system tells each exit code once, perhaps to the thread of the pool, which has noted it when it ends.
            pool.shutdown()
            raise

    try:
        yield spread
    finally:
        pool.shutdown(cancel_futures=True)


def _count_cores() -> int:
    """Return the number of cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows have no affinity
        return os.cpu_count() or 1


def start_worker(niceness: int) -> None:
    """Prepare this worker process: it ignores Ctrl-C, which its parent handles, and ends when its parent ends.

    `niceness` is added to the niceness of the process, to lower its priority; 0 changes nothing. If a fault in a
    library kills the process, it writes the place of the fault to its standard error.
    """
    faulthandler.enable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Windows has no niceness, and a confined service may not be allowed to change it.
    with suppress(AttributeError, OSError):
        os.nice(niceness)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _start_in_pool(niceness: int) -> None:
    """Prepare a worker process that searches no garbage before its first item, for which it imports what it needs."""
    start_worker(niceness)
    gc.disable()


def _apply(function: Callable[[ItemT], ResultT], item: ItemT) -> ResultT:
    """Return the result of a function for one item, in a worker process of a pool."""
    if not gc.isenabled():
        # What is imported stays: it is left out of each later search, the one at the end of the process included.
        gc.freeze()
        gc.enable()
    return function(item)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
