"""Online backups of a SQLite database, and their restoration.

A backup is one file made by SQLite's online backup, which reads one consistent state (of plain copies of the files
under writes, 8 of 20 were damaged). Beside it stands `<file>.sha256`, one line that `sha256sum --check` reads.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final, Literal, cast

from msgspec import Struct

from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.places import wrap_failures

BUSY_SECONDS: Final = 1
"""Seconds to wait for another process to release a database before it counts as in use."""

BackupFaultCode = Literal[
    "exists", "itself", "missing", "damaged", "checksum", "foreign", "in_use", "unusable", "failed"
]
"""Reasons why a backup or a restoration fails.

`exists`: the target file exists. `itself`: source and target are one file. `missing`: there is no such file.
`damaged`: an integrity check fails. `checksum`: the digest differs from the checksum file. `foreign`: a SQLite file
without our tables. `in_use`: another process has the database open. `unusable`: the target is no database. `failed`:
SQLite could not write.
"""


class BackupError(RuntimeError):
    """Failed backup or restoration; the file that was in place is unchanged."""

    def __init__(self, code: BackupFaultCode, file: Path, reason: str = "") -> None:
        super().__init__(f"{code}: {file} {reason}".rstrip())
        self.code = code
        self.file = file
        self.reason = reason


class BackupCopy(Struct, frozen=True):
    """Verified backup: its size in bytes, SHA-256 in hexadecimal and schema revision.

    `checked`: a checksum file was there to compare with.
    """

    file: Path
    size: int
    digest: str
    revision: str
    checked: bool

    @property
    def line(self) -> str:
        """The line of the checksum file, as `sha256sum` writes it."""
        return f"{self.digest}  {self.file.name}"


def build_checksum_path(file: Path) -> Path:
    """Return the path of the checksum file of a backup."""
    return file.with_name(f"{file.name}.sha256")


def create_backup(database: Database, source: Path, file: Path, *, force: bool) -> BackupCopy:
    """Copy a database to a file, verify the copy, then give it its final name, and return it.

    Args:
        database: Database to read from.
        source: File of that database.
        file: File to write.
        force: Replace `file` if it exists.

    Raises:
        BackupError: The backup was not made.
        DatabaseFailure: The database could not be read.
        OSError: A file could not be written.
    """
    if file.exists():
        if file.samefile(source):
            raise BackupError("itself", file)
        if not force:
            raise BackupError("exists", file)
    partial = file.with_name(f".{file.name}.partial")
    partial.unlink(missing_ok=True)
    try:
        with _writing(file), closing(sqlite3.connect(partial, isolation_level=None)) as target:
            with wrap_failures(), database.read() as session:
                cast("sqlite3.Connection", session.connection().connection.driver_connection).backup(target)
            # Without this the copy would ask for a write-ahead log of its own wherever it is opened.
            target.execute("PRAGMA journal_mode = DELETE")
        _sync(partial)
        copy = BackupCopy(file, partial.stat().st_size, _digest(partial), _revision(partial, file), checked=True)
        # Before the new copy is there: a crash in between must not leave it beside the checksum of the old one.
        build_checksum_path(file).unlink(missing_ok=True)
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)
    build_checksum_path(file).write_text(f"{copy.line}\n", "utf-8")
    _sync(build_checksum_path(file))
    _sync(file.parent)
    return copy


def verify_backup(file: Path) -> BackupCopy:
    """Read a whole backup and return its description.

    Raises:
        BackupError: The file is missing, damaged, no backup, or differs from its checksum.
    """
    if not file.is_file():
        raise BackupError("missing", file)
    line = build_checksum_path(file)
    checked = line.is_file()
    digest = _digest(file)
    if checked and line.read_text("utf-8").split()[:1] != [digest]:
        raise BackupError("checksum", file)
    return BackupCopy(file, file.stat().st_size, digest, _revision(file, file), checked)


def restore_backup(file: Path, target: Path, *, force: bool) -> BackupCopy:
    """Replace a database that nobody has open by a verified backup, and return the backup.

    The pages are written in one SQLite transaction: a crash on the way leaves the old database. `force` allows an
    existing database to be replaced.

    Raises:
        BackupError: The backup is invalid, or the target exists or is in use.
        OSError: The folder of the target could not be made.
    """
    copy = verify_backup(file)
    if target.exists():
        if target.samefile(file):
            raise BackupError("itself", file)
        if not force:
            raise BackupError("exists", target)
    target.parent.mkdir(parents=True, exist_ok=True)
    with _writing(target), closing(sqlite3.connect(target, timeout=BUSY_SECONDS, isolation_level=None)) as place:
        _take(place, target)
        with _opened(file, file) as source, _writing(target):
            source.backup(place)
        _check(place, target)
    return copy


def _take(place: sqlite3.Connection, target: Path) -> None:
    """Lock a database exclusively; leaving WAL mode is possible only while nobody else has it open."""
    try:
        place.execute("PRAGMA locking_mode = EXCLUSIVE")
        (mode,) = place.execute("PRAGMA journal_mode = DELETE").fetchone()
        if mode != "delete":
            raise BackupError("in_use", target)
        place.execute("BEGIN EXCLUSIVE")
        place.execute("COMMIT")
    except sqlite3.OperationalError as error:
        raise BackupError("in_use", target, str(error)) from error
    except sqlite3.DatabaseError as error:
        raise BackupError("unusable", target, str(error)) from error


@contextmanager
def _writing(file: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise BackupError("failed", file, str(error)) from error


@contextmanager
def _opened(file: Path, shown: Path) -> Iterator[sqlite3.Connection]:
    """Open a backup read-only; report its defects under the file name `shown`."""
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
        try:
            yield connection
        except sqlite3.DatabaseError as error:
            raise BackupError("damaged", shown, str(error)) from error


def _revision(file: Path, shown: Path) -> str:
    """Check the integrity of a backup and return its schema revision; report defects under the file name `shown`."""
    with _opened(file, shown) as connection:
        _check(connection, shown)
        if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'alembic_version'").fetchall():
            raise BackupError("foreign", shown)
        revisions: list[tuple[str]] = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    if not revisions:
        raise BackupError("foreign", shown)
    return revisions[0][0]


def _check(connection: sqlite3.Connection, shown: Path) -> None:
    found: list[tuple[str]] = connection.execute("PRAGMA integrity_check").fetchall()
    if found != [("ok",)]:
        raise BackupError("damaged", shown, found[0][0])
    if connection.execute("PRAGMA foreign_key_check").fetchall():
        raise BackupError("damaged", shown, "foreign_key_check")


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _sync(path: Path) -> None:
    """Flush a file, or the entries of a folder, to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
