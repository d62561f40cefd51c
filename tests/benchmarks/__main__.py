"""`python -m tests.benchmarks [PART…] [OPTIONS]`: the parts that are named, else all that need no server."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import nullcontext
from importlib import import_module

from tests.benchmarks import busy, columns, http, scalar, scaling, sdk
from tests.benchmarks.measure import ROUNDS, machine
from tests.benchmarks.trial import Trial
from tests.support.printed import SECTIONS, record_section

PARTS: dict[str, Callable[[], None]] = {"columns": columns.run, "scalar": scalar.run, "http": http.run, "sdk": sdk.run}
"""Each part is a module with `run`, which prints its tables."""
SERVED = ("reads", "growth", "processes", "busy", "imports")
"""Parts that start servers and take minutes: modules with `run`, which also returns the figures."""


def main() -> None:
    """Run the parts that are named, or all of `PARTS`."""
    options = _read_options()
    names = options.parts or list(PARTS)
    seconds = Trial().seconds if options.seconds is None else options.seconds
    trial = Trial(options.rounds, seconds, options.addresses)
    recorded = {}
    for name in names:
        is_printed = options.record and name in SECTIONS
        with record_section(name) if is_printed else nullcontext():
            print(f"{machine()}; {options.rounds} rounds after one to warm up")
            if name in PARTS:
                PARTS[name]()
                continue
            module = import_module(f"tests.benchmarks.{name}")
            if name == "imports":
                module.run(*(options.organisations or ())[:1])
                continue
        if name == "busy":
            figures = module.run(_read_busy_sizes(options))
        else:
            sizes = options.organisations
            arguments = () if sizes is None else (sizes,) if name == "growth" else (sizes[0],)
            figures = module.run(trial, *arguments)
        if figures is not None:
            recorded[name] = figures
    if recorded and options.record:
        scaling.record_figures(recorded)


def _read_busy_sizes(options: argparse.Namespace) -> busy.BusySizes:
    sizes = busy.FULL if options.full else busy.BusySizes()
    return busy.BusySizes(
        options.organisations[0] if options.organisations else sizes.organisations,
        sizes.seconds if options.seconds is None else options.seconds,
    )


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join((*PARTS, *SERVED)))
    parser.add_argument(
        "--record", action="store_true", help="write docs/figures.md, of servers docs/scaling.json and docs/scaling.md"
    )
    served = parser.add_argument_group(f"size of {', '.join(SERVED)}")
    served.add_argument("--rounds", type=int, default=ROUNDS)
    served.add_argument(
        "--seconds", type=float, help="CPU of a series in a round, about; for busy the length of a phase"
    )
    served.add_argument("--addresses", type=int, default=Trial().addresses, help="asked once, for a round of growth")
    served.add_argument("--organisations", type=int, nargs="+", help="several for growth, the first for the others")
    served.add_argument("--full", action="store_true", help="whole size of busy, which is small without it")
    options = parser.parse_args()
    for name in options.parts:
        if name not in (*PARTS, *SERVED):
            parser.error(f"there is no part {name!r}; there are: {', '.join((*PARTS, *SERVED))}")
    return options


if __name__ == "__main__":
    main()
