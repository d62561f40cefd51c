"""Times functions against each other in one run and prints what it finds; nothing is asserted.

Each function is called once to warm up, then all of them in turn, round after round, so that whatever else the machine
does falls on all alike. A ratio is one of rounds: the time of one function over that of another in the same round.
"""

from __future__ import annotations

import gc
import os
import platform
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from time import process_time

import numpy as np
from msgspec import Struct

ROUNDS = 7
"""How often each function is timed, at least five."""


class Figures(Struct, frozen=True):
    """A figure of each round: seconds, or a ratio."""

    rounds: tuple[float, ...]

    @property
    def least(self) -> float:
        """The least of all rounds."""
        return min(self.rounds)

    @property
    def median(self) -> float:
        """The median of all rounds."""
        return statistics.median(self.rounds)

    @property
    def most(self) -> float:
        """The greatest of all rounds."""
        return max(self.rounds)

    def times(self, factor: float) -> Figures:
        """Each figure times a factor: in another unit, or for each of many."""
        return Figures(tuple(figure * factor for figure in self.rounds))

    def over(self, other: Figures) -> Figures:
        """The ratios to the figures of the same rounds."""
        return Figures(tuple(one / two for one, two in zip(self.rounds, other.rounds, strict=True)))


def in_turn(
    functions: Mapping[str, Callable[[], object]],
    *,
    rounds: int = ROUNDS,
    calls: Mapping[str, int] | None = None,
    clock: Callable[[], float] = process_time,
) -> dict[str, Figures]:
    """Seconds of a call of each function, in `rounds` rounds after one to warm up.

    `calls`: how often a function is called in a round, for those that are too short to be timed alone; `clock`: in
    seconds, `process_time` or, where waiting counts, `perf_counter`.
    """
    times: dict[str, list[float]] = {name: [] for name in functions}
    for function in functions.values():
        function()
    for _ in range(rounds):
        for name, function in functions.items():
            repeated = range((calls or {}).get(name, 1))
            gc.collect()
            gc.disable()
            start = clock()
            for _ in repeated:
                function()
            times[name].append((clock() - start) / len(repeated))
            gc.enable()
    return {name: Figures(tuple(seconds)) for name, seconds in times.items()}


def machine() -> str:
    """What the figures were taken on, and how busy it was."""
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return (
        f"{os.cpu_count()} cores ({platform.machine()}, {platform.system()}){load}, "
        f"Python {platform.python_version()}, NumPy {np.__version__}"
    )


class Line(Struct, frozen=True):
    """A line of a table: what, in which unit, its figures, and what was aimed at."""

    what: str
    unit: str
    figures: Figures
    aim: str = ""


def table(title: str, lines: Sequence[Line]) -> None:
    """Prints figures with their least, median and greatest."""
    wide = max(len(line.what) for line in lines)
    print(f"\n{title}\n  {'':{wide}}  {'min':>10} {'median':>10} {'max':>10}")
    for line in lines:
        figures = " ".join(
            f"{_short(value):>10}" for value in (line.figures.least, line.figures.median, line.figures.most)
        )
        print(f"  {line.what:{wide}}  {figures} {line.unit:8} {line.aim}".rstrip())
    sys.stdout.flush()


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"
