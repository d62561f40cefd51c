"""The modules of tests, imported by each process in an order of its own, so that each is compiled once."""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest

from tests.support import options

ROOT: Final = Path(__file__).parents[2]
_OF_NIGHT: Final = re.compile(rb"^pytestmark = \[?pytest\.mark\.night\b", re.MULTILINE)
"""Line of a module whose tests run at night only."""


class ModuleOfNight(pytest.Module):
    """A module that has nothing to run by day, and is not imported to find it out."""

    def collect(self) -> Iterable[pytest.Item | pytest.Collector]:
        """Return nothing."""
        return []


def is_shared_out(config: pytest.Config) -> bool:
    """Return True if this is one of several processes that collect all tests."""
    given = [(config.invocation_params.dir / argument).resolve() for argument in config.args]
    return "PYTEST_XDIST_WORKER" in os.environ and given == [ROOT / "tests"]


def is_left_to_night(file: Path) -> bool:
    """Return True if it is day, and all tests of a module run at night only."""
    return not options.night and _OF_NIGHT.search(file.read_bytes()) is not None


def import_from_own_place() -> None:
    """Import all modules of tests before they are collected, beginning elsewhere than the other processes.

    pytest rewrites the assertions of each module and keeps the result. After a clone three processes that went through
    the modules in the same order rewrote each at the same time: 10 s of CPU in each of them.
    """
    number = int(os.environ["PYTEST_XDIST_WORKER"].removeprefix("gw"))
    files = [file for file in sorted((ROOT / "tests").rglob("test_*.py")) if not is_left_to_night(file)]
    first = len(files) * number // int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    for file in (*files[first:], *files[:first]):
        # What cannot be imported is told when it is collected.
        with suppress(Exception, pytest.skip.Exception, pytest.fail.Exception):
            importlib.import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))
