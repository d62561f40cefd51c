"""Files that only their owner reads: a database holds drafts, notes and evidence."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

FILE_MODE: Final = 0o600
OTHERS: Final = 0o077
"""The permissions of group and others."""


def create_private_file(file: Path) -> None:
    """Create an empty database file that only its owner may read, if the file does not exist.

    SQLite gives its write-ahead log and its journal the permissions of the database. A failure to create the file is
    ignored, because SQLite reports the reason when it opens the file.
    """
    if not file.exists():
        with suppress(OSError):
            file.touch(mode=FILE_MODE, exist_ok=True)


def is_readable_by_others(file: Path) -> bool:
    """Return True if group or others have any permission on a file; False if there is no file."""
    try:
        return bool(file.stat().st_mode & OTHERS)
    except OSError:
        return False


def sync_path(path: Path) -> None:
    """Flush a file, or the entries of a folder, to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
