"""The revisions of the database that this release has, and one more, as a later release will have it."""

import os
from pathlib import Path

import pytest
from alembic.config import Config
from sqlalchemy import Connection

from actitud_api.platform.storage import migrate
from actitud_api.platform.storage.migrations import versions

REVISIONS = tuple(sorted(file.name[:5] for file in Path(versions.__path__[0]).glob("r[0-9]*.py")))
NEWEST = REVISIONS[-1]
LATER = "r9999"
BEFORE_RELEASES = "0016"
"""The last revision before release 0.1.0."""


def pretend_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make this release know one more revision, which every database lacks."""
    monkeypatch.setattr("actitud_api.platform.storage.revisions.list_revisions", lambda: (*REVISIONS, LATER))


FOLDER = Path(__file__).parent / "later"
"""Where that revision is."""


def add_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this release have it."""
    build = migrate._build_config

    def build_with_later(connection: Connection | None) -> Config:
        config = build(connection)
        config.set_main_option("path_separator", "os")
        config.set_main_option("version_locations", os.pathsep.join([*versions.__path__, str(FOLDER)]))
        return config

    pretend_later(monkeypatch)
    monkeypatch.setattr(migrate, "_build_config", build_with_later)
