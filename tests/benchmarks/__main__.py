"""`python -m tests.benchmarks [PART…]`: every part, or those named."""

from __future__ import annotations

import sys
from collections.abc import Callable

from tests.benchmarks import columns, http, scalar, sdk
from tests.benchmarks.measure import ROUNDS, machine

PARTS: dict[str, Callable[[], None]] = {"columns": columns.run, "scalar": scalar.run, "http": http.run, "sdk": sdk.run}
"""Each part is a module with `run`, which prints its tables."""


def main() -> None:
    """Runs the parts that are named, or all."""
    names = sys.argv[1:] or list(PARTS)
    for name in names:
        if name not in PARTS:
            sys.exit(f"There is no part {name!r}; there are: {', '.join(PARTS)}")
    print(f"{machine()}; {ROUNDS} rounds after one to warm up")
    for name in names:
        PARTS[name]()


if __name__ == "__main__":
    main()
