"""Spread work over the cores of the machine: scoring a whole edition takes half a minute on one core."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import Final, Protocol, TypeVar

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")

ITEMS_AHEAD: Final = 3
"""Number of items that are read ahead for each process: enough to keep it busy, few enough to bound memory."""

MAX_PROCESSES: Final = 8
"""Maximum number of worker processes; each takes about 100 MB of memory."""


class MapFunction(Protocol):
    """A function like `map`: it applies a function to items and yields the results in their order."""

    def __call__(self, function: Callable[[ItemT], ResultT], items: Iterable[ItemT], /) -> Iterator[ResultT]:
        """Yield the result of `function` for each item. Exceptions of `function` pass through."""


def map_serially(function: Callable[[ItemT], ResultT], items: Iterable[ItemT], /) -> Iterator[ResultT]:
    """Apply a function to each item in this process and return the results in order."""
    return map(function, items)


@contextmanager
def open_worker_pool() -> Iterator[MapFunction]:
    """Return a context whose value is a `MapFunction` that spreads work over processes, one per core.

    There are at most `MAX_PROCESSES`; with one core, the work is done in this process. Leaving the `with` block
    ends the processes and drops unfinished work.
    """
    count = min(_count_cores(), MAX_PROCESSES)
    if count == 1:
        yield map_serially
        return
    # Not forked: this process has threads, and a lock that one of them holds would stay held in the copy. Not from a
    # server of forks: it would stay, with all that it has imported, as long as this process.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(count, context, _start_worker)

    def spread(function: Callable[[ItemT], ResultT], items: Iterable[ItemT], /) -> Iterator[ResultT]:
        pending: deque[Future[ResultT]] = deque()
        for item in items:
            pending.append(pool.submit(function, item))
            if len(pending) == ITEMS_AHEAD * count:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()

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


def _start_worker() -> None:
    """Prepare a worker process: it ignores Ctrl-C, which its parent handles, and ends when its parent ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
