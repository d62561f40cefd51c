"""Series of requests to servers, timed in turn, round after round.

Each series is one kind of request to one server. How many requests a round has of it is found before the first round,
so that a round takes about the same CPU time for all of them. Where each address may be asked once only, a series deals
its addresses out.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from tests.benchmarks.load import CONNECTIONS
from tests.benchmarks.measure import ROUNDS, Figures
from tests.benchmarks.servers import BenchServer, Cost, ProcessGroup, measure_cost

MOST: Final = 20_000
"""Largest number of requests of a series in a round."""


class Trial(Struct, frozen=True):
    """Size of a trial: rounds, and seconds of CPU that each round takes of each series, about.

    `addresses`: of what is asked once, the addresses for each round, where they have to be looked for.
    """

    rounds: int = ROUNDS
    seconds: float = 0.5
    addresses: int = 100


class RequestSeries:
    """Requests of one kind to one server."""

    def __init__(
        self, server: BenchServer, requests: Sequence[bytes], *, status: int = 200, repeats: bool = True
    ) -> None:
        """Build a series of requests.

        `repeats`: ask for the same addresses again and again; else ask for each of them once. `status`: the status of
        each answer.
        """
        self._server = server
        self._status = status
        self._repeats = repeats
        self._requests = itertools.cycle(requests) if repeats else iter(requests)
        self._left = MOST if repeats else len(requests)
        self.count = 1

    def measure(self, database: ProcessGroup | None = None) -> Cost:
        """Send the requests of a round. Return the cost of one of them."""
        return self._measure(self.count, database)

    def calibrate(self, trial: Trial) -> None:
        """Warm up, and set the number of requests of a round."""
        count = CONNECTIONS if self._repeats else max(1, min(4, self._left // (trial.rounds + 1)))
        cost = self._measure(count, None)
        # The first requests may cost more than those that follow; addresses that are asked once stay scarce.
        while self._repeats and cost.service * count < trial.seconds / 4 and count < MOST:
            count = min(count * 4, MOST)
            cost = self._measure(count, None)
        most = MOST if self._repeats else self._left // trial.rounds
        if not most:
            raise RuntimeError(f"{self._left} addresses are not enough for {trial.rounds} rounds")
        self.count = max(1, min(most, round(trial.seconds / cost.service)))

    def _measure(self, count: int, database: ProcessGroup | None) -> Cost:
        if not self._repeats:
            self._left -= count
        requests = list(itertools.islice(self._requests, count))
        return measure_cost(self._server, requests, status=self._status, database=database)


class SeriesCosts(Struct, frozen=True):
    """Costs of a request of a series, of each round."""

    rounds: tuple[Cost, ...]

    @property
    def cpu(self) -> Figures:
        """Seconds of CPU of the server and its database."""
        return Figures(tuple(cost.cpu for cost in self.rounds))

    @property
    def service(self) -> Figures:
        """Seconds of CPU of the server."""
        return Figures(tuple(cost.service for cost in self.rounds))

    @property
    def database(self) -> Figures:
        """Seconds of CPU of its database; 0 where that is a part of the server."""
        return Figures(tuple(cost.database for cost in self.rounds))

    @property
    def rate(self) -> Figures:
        """Requests per second, with the client on the same machine."""
        return Figures(tuple(1 / cost.seconds for cost in self.rounds))


def measure_in_turn(
    series: Mapping[str, RequestSeries],
    trial: Trial,
    *,
    database: ProcessGroup | None = None,
    advance: Callable[[], None] = lambda: None,
) -> dict[str, SeriesCosts]:
    """Return the costs of each series, in rounds in which all take their turn. `advance` is called after each round."""
    costs: dict[str, list[Cost]] = {name: [] for name in series}
    for one in series.values():
        one.calibrate(trial)
    advance()
    for _ in range(trial.rounds):
        for name, one in series.items():
            costs[name].append(one.measure(database))
        advance()
    return {name: SeriesCosts(tuple(found)) for name, found in costs.items()}
