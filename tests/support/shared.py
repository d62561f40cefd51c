"""Other people's files and our own sources beside the checkout, in `../shared`: read by tests, never committed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SHARED = Path(__file__).parents[3] / "shared"


def shared(name: str) -> bytes:
    """The bytes of a file of `../shared`; without it the test is skipped, or fails where `CI` is set."""
    file = SHARED / name
    if file.is_file():
        return file.read_bytes()
    if os.environ.get("CI"):
        pytest.fail(f"../shared/{name} does not stand beside the checkout, and CI is set")
    pytest.skip(f"../shared/{name} does not stand beside the checkout")
