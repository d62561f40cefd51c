"""Files of an edition of ten times as many organisations take no more memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.web.downloads.measuring import FILES, make

# By day editions are so small that the process itself is nearly all of the memory: nothing could be seen.
pytestmark = pytest.mark.night

ROOT = Path(__file__).parents[3]
EXPORTED: Final = (8_000, 80_000)
"""Organisations of two editions whose files take the same memory."""


def read(folder: Path) -> list[str]:
    """Read the files of an installation in a process of its own, so that the memory of making it does not count."""
    command = [sys.executable, "-m", "tests.web.downloads.measuring", str(folder), *FILES]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2_000:]
    return done.stdout.splitlines()


def measured(folder: Path, size: int) -> dict[str, int]:
    """The greatest memory of a process that has read each file, in the order of `FILES`."""
    folder.mkdir()
    make(folder, size)
    found = {}
    for line in read(folder):
        path, _, lines, memory = line.split()
        if path.endswith(("scores.csv", "organisations.csv")):
            assert int(lines) == size + 1
        elif path.endswith("indicators.csv"):
            assert int(lines) == 69 * size + 1
        found[path] = int(memory)
    assert list(found) == list(FILES)
    return found


def test_ten_times_as_many_organisations_take_a_tenth_more_at_most(tmp_path: Path) -> None:
    few, many = (measured(tmp_path / str(size), size) for size in EXPORTED)
    for path in FILES:
        assert many[path] <= 1.1 * few[path], (path, few[path], many[path])
