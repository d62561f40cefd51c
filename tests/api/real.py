"""The real list of municipalities, which is not part of the project: it stands beside the checkout, or nowhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_FILE = Path(__file__).parents[3] / "shared" / "data" / "municipalities.csv"


def municipalities() -> bytes:
    """The bytes of the file; without it the test is skipped, or fails where `CI=1`."""
    if _FILE.is_file():
        return _FILE.read_bytes()
    if os.environ.get("CI") == "1":
        pytest.fail(f"{_FILE} is missing, and CI=1")
    pytest.skip("the real list of municipalities does not stand beside the checkout")
