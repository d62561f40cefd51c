"""The revisions of the database that this release has, and one more, as a later release will have it."""

from pathlib import Path

import pytest

from actitud_api.platform.storage.migrations import versions

REVISIONS = tuple(sorted(file.name[:5] for file in Path(versions.__path__[0]).glob("r[0-9]*.py")))
NEWEST = REVISIONS[-1]
LATER = "r9999"
BEFORE_RELEASES = "0016"
"""The last revision before release 0.1.0."""


def pretend_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make this release know one more revision, which every database lacks."""
    monkeypatch.setattr("actitud_api.platform.storage.revisions._list_known_revisions", lambda: (*REVISIONS, LATER))
