"""The modules of tests, imported by each process in an order of its own, so that each is compiled once."""

from __future__ import annotations

import importlib
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]


def is_shared_out(config: pytest.Config) -> bool:
    """Return True if this is one of several processes that collect all tests."""
    given = [(config.invocation_params.dir / argument).resolve() for argument in config.args]
    return "PYTEST_XDIST_WORKER" in os.environ and given == [ROOT / "tests"]


def import_from_own_place() -> None:
    """Import all modules of tests before they are collected, beginning elsewhere than the other processes.

    pytest rewrites the assertions of each module and keeps the result. After a clone three processes that went through
    the modules in the same order rewrote each at the same time: 10 s of CPU in each of them.
    """
    number = int(os.environ["PYTEST_XDIST_WORKER"].removeprefix("gw"))
    files = sorted((ROOT / "tests").rglob("test_*.py"))
    first = len(files) * number // int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
    for file in (*files[first:], *files[:first]):
        # What cannot be imported is told when it is collected.
        with suppress(Exception, pytest.skip.Exception, pytest.fail.Exception):
            importlib.import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))
