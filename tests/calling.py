"""How many functions something takes: what is meant to be quick takes few."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType


def calls_of(run: Callable[[], object]) -> int:
    """How many functions written in Python are called while this one runs, itself left out."""
    begun = 0

    def told(frame: FrameType, event: str, argument: object) -> None:
        nonlocal begun
        begun += event == "call"

    sys.setprofile(told)
    try:
        run()
    finally:
        sys.setprofile(None)
    return begun - 1
