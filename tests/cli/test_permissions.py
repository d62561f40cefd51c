"""The database, its log of writes and its copies are for their owner alone, whatever the umask."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from actitud_api.cli import main
from actitud_api.platform.storage import backup, sqlite
from actitud_api.platform.storage.database import Database
from tests.support.databases import sqlite_url
from tests.support.figures import FigureRecorder


@pytest.fixture(autouse=True)
def generous() -> Iterator[None]:
    """A umask that takes no permission away."""
    before = os.umask(0)
    yield
    os.umask(before)


def read_by_others(folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, bool]:
    """Make a database, write, copy it and bring the copy back; return for each file whether others may do anything."""
    folder.mkdir()
    copy, restored = folder / "copy.sqlite3", folder / "restored.sqlite3"
    url = sqlite_url(folder)
    monkeypatch.setenv("ACTITUD_DATABASE_URL", url)
    with closing(Database(url)) as database:
        database.migrate()
        assert main(["backup", str(copy)]) == 0
        monkeypatch.setenv("ACTITUD_DATABASE_URL", f"sqlite:///{restored}")
        assert main(["restore", str(copy)]) == 0
        files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".sha256"]
        return {path.name: bool(path.stat().st_mode & 0o077) for path in sorted(files)}


def test_nobody_else_reads_a_database_its_log_or_a_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figure: FigureRecorder
) -> None:
    found = read_by_others(tmp_path / "as_it_is", monkeypatch)
    for module in (sqlite, backup):
        monkeypatch.setattr(module, "create_private_file", lambda file: None)
    without = read_by_others(tmp_path / "without", monkeypatch)
    names = ["copy.sqlite3", "restored.sqlite3", "test.sqlite3", "test.sqlite3-shm", "test.sqlite3-wal"]
    assert found == dict.fromkeys(names, False)
    assert without == dict.fromkeys(names, True)
    figure(
        "S25",
        "files with data (database, its log and index, a copy, what was restored) that others may read, with umask 0",
        tried=len(found),
        failed=sum(found.values()),
        control=f"as SQLite makes them, {sum(without.values())} of {len(without)}",
    )


def test_a_database_that_others_read_is_a_warning_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = sqlite_url(tmp_path)
    with closing(Database(url)) as database:
        database.migrate()
    monkeypatch.setenv("ACTITUD_DATABASE_URL", url)
    main(["doctor"])
    assert "Permissions" not in capsys.readouterr().out
    (file,) = tmp_path.rglob("*.sqlite3")
    file.chmod(0o640)
    main(["doctor"])
    said = capsys.readouterr().out
    assert f"warning  Permissions: {file}: other users of the machine read it" in said
    assert "chmod 600" in said
