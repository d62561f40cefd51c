"""Commands that run in the process of the tests, in English."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the commands speak English, unless a test chooses another locale."""
    monkeypatch.setenv("LC_ALL", "C")


@pytest.fixture
def nothing(tmp_path: Path) -> str:
    """The URL of an SQLite database where there is not even a folder."""
    return f"sqlite:///{tmp_path / 'folder' / 'test.sqlite3'}"


@pytest.fixture(autouse=True)
def _imports_stay_frozen(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Leave what is imported out of garbage collection again after a command that serves, which ends with `unfreeze`.

    Else each full collection in this process looks through it from then on, which takes half a second.
    """
    unfreeze, calls = gc.unfreeze, list[None]()

    def note() -> None:
        calls.append(None)
        unfreeze()

    monkeypatch.setattr(gc, "unfreeze", note)
    yield
    if calls:
        gc.freeze()
