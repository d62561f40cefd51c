"""Report of a simulation: how its scores are distributed."""

from __future__ import annotations

from collections import Counter
from statistics import correlation
from typing import get_args

from msgspec import Struct

from actitud_api.engine.scoring.evaluate import Code, State, Status, derive_state

LEVELS = (1, 2, 3, 4, 5)


class SimulationReport(Struct, frozen=True, kw_only=True):
    """Statistics of the scores in a simulated edition.

    Attributes:
        organisations: Number of organisations.
        spearman: Rank correlation of population and index, from -1 to 1.
        levels: Share (0 to 1) of each level among the organisations that have a level.
        statuses: Share of each status among all organisations.
        states, codes: Share of each state and result code among all indicators of all organisations.
    """

    organisations: int
    spearman: float
    levels: dict[int, float]
    statuses: dict[Status, float]
    states: dict[State, float]
    codes: dict[Code, float]


class ReportTally:
    """Counter of the figures of simulated organisations, from which the statistics are computed."""

    def __init__(self) -> None:
        self._populations: list[int] = []
        self._indices: list[int] = []
        self._levels: Counter[int] = Counter()
        self._statuses: Counter[Status] = Counter()
        self._codes: Counter[Code] = Counter()

    def add(self, population: int, index: int | None, level: int | None, status: Status, codes: list[Code]) -> None:
        """Count one organisation in every statistic of the report.

        `index` is in units of 10^-decimals points of the methodology. `index` and `level` are None if the organisation
        has none. `codes` has one result code for each of its indicators.
        """
        if index is not None:
            self._populations.append(population)
            self._indices.append(index)
        if level is not None:
            self._levels[level] += 1
        self._statuses[status] += 1
        self._codes.update(codes)

    def build_report(self) -> SimulationReport:
        """Return the statistics of all organisations counted so far."""
        states: Counter[State] = Counter()
        for code, count in self._codes.items():
            states[derive_state(code)] += count
        return SimulationReport(
            organisations=self._statuses.total(),
            spearman=compute_spearman(self._populations, self._indices),
            levels={level: self._levels[level] / self._levels.total() for level in LEVELS},
            statuses={status: self._statuses[status] / self._statuses.total() for status in get_args(Status)},
            states={state: states[state] / states.total() for state in get_args(State)},
            codes={code: self._codes[code] / self._codes.total() for code in get_args(Code)},
        )


def compute_spearman(first: list[int], second: list[int]) -> float:
    """Return the rank correlation (Spearman) of two lists of the same length, from -1 to 1.

    Equal values get the mean of their ranks.
    """
    return correlation(_rank(first), _rank(second))


def _rank(values: list[int]) -> list[float]:
    counts = Counter(values)
    ranks: dict[int, float] = {}
    before = 0
    for value in sorted(counts):
        ranks[value] = before + (counts[value] + 1) / 2
        before += counts[value]
    return [ranks[value] for value in values]
