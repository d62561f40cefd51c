"""Lock of a SQLite database between processes: one process serves it, and on some versions of SQLite only one writes.

The lock is one of SQLite itself, on an empty file beside the database, so it works wherever SQLite does. The operating
system releases it when the process ends, however it ends.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from actitud_api.platform.storage.urls import DatabaseFailure

PATIENCE: Final = 1.0
"""Seconds to wait for the lock: longer than a short command holds it, short enough for a person who waits."""


class DatabaseInUse(RuntimeError):
    """Raised by `lock_file` if another process holds the lock."""


def build_lock_path(file: Path) -> Path:
    """Return the path of the lock of a database: the name of its file, without symbolic links, followed by `.lock`."""
    resolved = file.resolve()
    return resolved.with_name(f"{resolved.name}.lock")


@contextmanager
def lock_file(file: Path) -> Iterator[None]:
    """Hold the lock of a database file while the block runs; the database is not opened.

    Raises:
        DatabaseInUse: Another process holds the lock.
        DatabaseFailure: The file of the lock cannot be made or opened.
    """
    path = build_lock_path(file)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)
    except (OSError, sqlite3.OperationalError) as error:
        raise DatabaseFailure(f"{path}: {error}") from error
    with closing(connection):
        try:
            # Nothing is written in it, so the file stays empty and SQLite makes no journal.
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                raise DatabaseInUse(str(path)) from error
            raise DatabaseFailure(f"{path}: {error}") from error
        yield
