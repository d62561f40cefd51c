"""Visitors who ask a server for some time, each over a connection of its own, and note when it answered and how.

Unlike `load.exchange` they go on whatever the answer is. A visitor who asks at a steady pace counts the time from the
moment at which the request was due, so that a server which holds one answer up is not asked less for it.
"""

from __future__ import annotations

import asyncio
import math
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter
from typing import Final, NamedTuple, cast

import httptools
import numpy as np
import uvloop
from msgspec import Struct

from tests.benchmarks.load import build_request

SECONDS_MAX: Final = 120.0
"""Seconds that a visitor waits for an answer."""
NONE: Final = 0
"""Status of a visit without an answer: the connection ended, or the time is over."""


class VisitorGroup(Struct, frozen=True):
    """Visitors who share an iterator of the paths and queries that they ask for.

    `pause`: seconds from one request of a visitor to its next; 0 to ask as soon as the answer is there. `address`: the
    address of loopback from which they come.
    """

    name: str
    targets: Iterator[str]
    visitors: int = 1
    pause: float = 0.0
    address: str = "127.0.0.1"


class Visit(NamedTuple):
    """A request of a visitor, and the answer."""

    group: str
    target: str
    due: float
    """Time by `perf_counter` at which it was to be sent."""
    end: float
    """Time at which the whole answer was there."""
    status: int
    size: int
    """Bytes of the body."""
    headers: frozenset[str]
    """Names of the headers, in lower case."""

    @property
    def seconds(self) -> float:
        """Seconds that the visitor waited."""
        return self.end - self.due


class Waits(Struct, frozen=True):
    """Waits of some visits in seconds: median, 99th percentile and longest; and the number of visits by outcome."""

    p50: float
    p99: float
    most: float
    outcomes: dict[str, int]


class Crowd:
    """Groups of visitors of a port of loopback, who ask in a thread of their own."""

    def __init__(self, port: int, groups: Iterable[VisitorGroup]) -> None:
        self.visits: list[Visit] = []
        """The visits so far, in the order of their ends."""
        self._port = port
        self._groups = tuple(groups)
        self._is_over = False
        self._thread = threading.Thread(target=self._run)

    def start(self) -> None:
        """Let them ask."""
        self._thread.start()

    def end(self) -> None:
        """Let them ask no more, and return when all have their answers."""
        self._is_over = True
        self._thread.join()

    def await_end(self) -> None:
        """Return when there is nothing more to ask."""
        self._thread.join()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self._visit_all())

    async def _visit_all(self) -> None:
        start = perf_counter()
        async with asyncio.TaskGroup() as tasks:
            for group in self._groups:
                for number in range(group.visitors):
                    tasks.create_task(self._visit(group, start + number * group.pause / group.visitors))

    async def _visit(self, group: VisitorGroup, due: float) -> None:
        connection: _Connection | None = None
        for target in group.targets:
            if group.pause:
                await asyncio.sleep(due - perf_counter())
            else:
                due = perf_counter()
            if self._is_over:
                break
            status, size, headers = NONE, 0, frozenset[str]()
            try:
                async with asyncio.timeout(SECONDS_MAX):
                    if connection is None or connection.is_lost:
                        connection = await self._connect(group)
                    status, size, headers = await connection.ask(build_request(target))
            except OSError:  # a timeout is one too
                if connection is not None:
                    connection.abort()
            self.visits.append(Visit(group.name, target, due, perf_counter(), status, size, headers))
            due += group.pause
        if connection is not None:
            connection.abort()

    async def _connect(self, group: VisitorGroup) -> _Connection:
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(
            _Connection, "127.0.0.1", self._port, local_addr=(group.address, 0)
        )
        return connection


@contextmanager
def visiting(port: int, *groups: VisitorGroup) -> Iterator[Crowd]:
    """Let visitors ask for as long as the block."""
    crowd = Crowd(port, groups)
    crowd.start()
    try:
        yield crowd
    finally:
        crowd.end()


def visit_at_once(port: int, name: str, targets: Sequence[str], address: str = "127.0.0.1") -> list[Visit]:
    """Ask for all targets at the same time. Return the visits when all of them have ended."""
    crowd = Crowd(port, [VisitorGroup(name, iter(targets), len(targets), address=address)])
    crowd.start()
    crowd.await_end()
    return crowd.visits


def summarise_waits(visits: Sequence[Visit]) -> Waits:
    """Return the waits of visits, of which there is at least one, to four significant digits."""
    seconds = [visit.seconds for visit in visits]
    figures = np.quantile(seconds, (0.5, 0.99, 1), method="inverted_cdf")
    p50, p99, most = (float(f"{figure:.4g}") for figure in figures)
    return Waits(p50, p99, most, count_outcomes(visits))


def count_outcomes(visits: Iterable[Visit]) -> dict[str, int]:
    """Return the number of visits by their status, and a refusal (503) by whether it says when to come again."""
    return dict(sorted(Counter(map(_describe_outcome, visits)).items()))


def count_rates(visits: Iterable[Visit], begin: float, end: float) -> list[float]:
    """Return how many visits were answered 200 in each whole second between two times.

    If there is no whole second between them, return their rate in the whole time.
    """
    ends = [visit.end for visit in visits if visit.status == 200 and begin <= visit.end < end]
    seconds = math.floor(end - begin)
    if not seconds:
        return [len(ends) / (end - begin)]
    counts = Counter(int(at - begin) for at in ends)
    return [float(counts[second]) for second in range(seconds)]


def _describe_outcome(visit: Visit) -> str:
    if visit.status == NONE:
        return "none"
    if visit.status == 503:
        return "503 with Retry-After" if "retry-after" in visit.headers else "503 without Retry-After"
    return f"{visit.status}"


class _Connection(asyncio.Protocol):
    """Connection with one request in flight."""

    _transport: asyncio.Transport
    _answer: asyncio.Future[tuple[int, int, frozenset[str]]] | None = None

    def __init__(self) -> None:
        self.is_lost = False
        self._parser = httptools.HttpResponseParser(self)
        self._begin()

    async def ask(self, request: bytes) -> tuple[int, int, frozenset[str]]:
        """Send a request. Return the status of the answer, the bytes of its body and the names of its headers.

        Raises:
            ConnectionError: The connection ended before the answer.
        """
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def abort(self) -> None:
        """End the connection."""
        self.is_lost = True
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # that of uvloop has no base of asyncio

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_lost = True
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionError("the connection ended before the answer"))

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Note a header (httptools)."""
        self._headers.append(name)

    def on_body(self, body: bytes) -> None:
        """Count a piece of the body (httptools)."""
        self._size += len(body)

    def on_message_complete(self) -> None:
        """End the answer (httptools)."""
        headers = frozenset(name.decode("latin-1").lower() for name in self._headers)
        if not self._parser.should_keep_alive():
            self.abort()
        if self._answer is not None and not self._answer.done():
            self._answer.set_result((self._parser.get_status_code(), self._size, headers))
        self._begin()

    def _begin(self) -> None:
        self._headers: list[bytes] = []
        self._size = 0
