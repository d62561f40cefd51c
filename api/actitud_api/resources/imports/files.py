"""Imported files in the database: written piece by piece, and read by a worker that may be on another machine."""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO, Final

from actitud_api.platform.http.representations import CSV, JSON_LINES, XLSX
from actitud_api.platform.storage.database import Database, read_clock
from actitud_api.platform.storage.numbers import parse_number
from actitud_api.resources.imports import queries
from actitud_api.resources.imports.queries import ImportFileRecord

SUFFIXES: Final[Mapping[str, str]] = {CSV: "csv", JSON_LINES: "jsonl", XLSX: "xlsx"}
"""Suffix of the name of a file, by the media types that can be imported."""

SIZE_MAX: Final = 256 * 1024 * 1024
"""Largest file in bytes: a million rows, each with the address of a document."""

LIFETIME: Final = timedelta(days=7)
"""Time after which a file is deleted whose import has not ended, and an annotated copy."""

PIECE: Final = 1024 * 1024
"""Bytes of a file in one piece, before it is compressed. A piece is a transaction: other writers wait for it."""

_LEVEL: Final = 1
"""Level of compression: tables become ten times smaller at the fastest one."""

_EXPIRED_AT_ONCE: Final = 20


class UnknownImportFile(LookupError):
    """An imported file does not exist, was deleted, or belongs to another sender. `name` is the id in the request."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def store_file(
    database: Database, content: BinaryIO, *, edition: str, holder: str, kind: str, job: int | None = None
) -> ImportFileRecord:
    """Store the content of a file from its present position to its end, and return its record.

    The stored file is deleted after `LIFETIME`, unless it is deleted before.

    Args:
        database: Database that stores the file.
        content: The open file.
        edition: Id of the edition.
        holder: Id of the sender (`Principal.origin`).
        kind: Media type of the file.
        job: For an annotated copy, the job whose faults it shows; None for a file that was sent.

    Raises:
        Unavailable: The database could not be reached in time.
    """
    with database.write(hidden=True) as session:
        now = read_clock(session)
        identity = {"edition": edition, "holder": holder, "job": job, "kind": kind}
        record = queries.insert_file(session, {**identity, "size": 0, "created": now, "expires": now + LIFETIME})
    size = position = 0
    while piece := content.read(PIECE):
        compressed = zlib.compress(piece, _LEVEL)
        with database.write(hidden=True) as session:
            queries.insert_piece(session, record.id, position, compressed)
        size += len(piece)
        position += 1
    with database.write(hidden=True) as session:
        queries.update_file(session, record.id, size=size, expires=now + LIFETIME)
        stored = queries.get_file(session, record.id)
    assert stored is not None
    return stored


def iterate_pieces(database: Database, file: int) -> Iterator[bytes]:
    """Yield the content of the stored file with the id `file` in pieces; nothing if there is no such file.

    Each piece is read in its own session, so that no session stays open for long.
    """
    position = 0
    while True:
        with database.read() as session:
            content = queries.get_piece(session, file, position)
        if content is None:
            return
        yield zlib.decompress(content)
        position += 1


@contextmanager
def open_copy(database: Database, file: int) -> Iterator[Path]:
    """Copy the stored file with the id `file` to this machine, and return a context with the path of the copy.

    The copy is deleted at the end of the context.
    """
    with tempfile.NamedTemporaryFile(prefix="actitud-import-") as copy:
        for piece in iterate_pieces(database, file):
            copy.write(piece)
        copy.flush()
        yield Path(copy.name)


def find_annotated(database: Database, edition: str, job: str, kind: str, holder: str | None) -> ImportFileRecord:
    """Return the annotated copy of an imported file, with its faults marked, that the job with the id `job` has made.

    `edition` and `kind`: edition and media type that the copy must have. `holder`: id of the sender of the file; None
    finds the copies of all senders.

    Raises:
        UnknownImportFile: There is no such copy, or another sender sent the file.
    """
    record = find_copy(database, parse_number(job) or 0)
    if (record.edition, record.kind) != (edition, kind) or holder not in (None, record.holder):
        raise UnknownImportFile(job)
    return record


def find_copy(database: Database, job: int) -> ImportFileRecord:
    """Return the annotated copy of an imported file, with its faults marked, that a job has made.

    Raises `UnknownImportFile` if there is none.
    """
    with database.read() as session:
        record = queries.find_annotated(session, job)
    if record is None:
        raise UnknownImportFile(str(job))
    return record


def delete_file(database: Database, file: int) -> None:
    """Delete a file, or do nothing if it does not exist."""
    with database.write(hidden=True) as session:
        queries.delete_file(session, file)


def delete_expired_files(database: Database) -> int:
    """Delete all files that have expired, and return their number.

    Raises:
        Unavailable: The database could not be reached in time.
    """
    total = 0
    while True:
        with database.read() as session:
            expired = queries.list_expired(session, read_clock(session), _EXPIRED_AT_ONCE)
        for file in expired:
            # Each in a transaction of its own: a large file has hundreds of pieces.
            with database.write(hidden=True) as session:
                queries.delete_file(session, file)
        total += len(expired)
        if len(expired) < _EXPIRED_AT_ONCE:
            return total
