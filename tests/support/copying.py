"""Databases that are filled once in a process: to copy a file of SQLite takes a millisecond, to publish in it 50."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from actitud_api.platform.storage.database import Database
from tests.support.databases import migrated_sqlite, opened

T = TypeVar("T")


class _Copy(NamedTuple):
    """What was made once: the file of a database, files of a folder by their names, and what was returned."""

    database: bytes
    files: Mapping[str, bytes]
    returned: Any


_copies: Final[dict[Callable[..., object], _Copy]] = {}
"""By the function that made them."""


def fill_once(database: Database, folder: Path, fill: Callable[[Database, Path], T]) -> T:
    """Fill a database with the tables that nobody has used yet, and a folder with keys, as a function does.

    Return what the function returns. On SQLite it is called once in each process: all have the same keys.
    """
    url = database.read_engine.url
    if url.get_backend_name() != "sqlite":
        return fill(database, folder)
    if fill not in _copies:
        _copies[fill] = _make(fill)
    copy = _copies[fill]
    file = Path(str(url.database))
    assert not file.with_name(f"{file.name}-wal").exists(), "somebody has used it"
    file.write_bytes(copy.database)
    folder.mkdir(mode=0o700, exist_ok=True)
    for name, content in copy.files.items():
        (folder / name).write_bytes(content)
        (folder / name).chmod(0o600)
    returned: T = copy.returned
    return returned


def _make(fill: Callable[[Database, Path], object]) -> _Copy:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = migrated_sqlite(folder)
        with opened(url) as database:
            returned = fill(database, folder)
        files = {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}
        return _Copy(Path(url.removeprefix("sqlite:///")).read_bytes(), files, returned)
