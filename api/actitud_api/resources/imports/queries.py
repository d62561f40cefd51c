"""All SQL over imported files."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec
from msgspec import Struct
from sqlalchemy import bindparam, delete, insert, select, update
from sqlmodel import Session

from actitud_api.platform.jobs.queries import FINAL_STATES, JOBS
from actitud_api.platform.storage.base import Base
from actitud_api.platform.storage.records import fetch_record
from actitud_api.resources.imports.tables import ImportFileTable, ImportPieceTable

FILES: Final = Base.metadata.tables[ImportFileTable.__tablename__]
PIECES: Final = Base.metadata.tables[ImportPieceTable.__tablename__]

_SELECT_PIECE: Final = select(PIECES.c.content).where(
    PIECES.c.file == bindparam("of"), PIECES.c.position == bindparam("at")
)


class ImportFileRecord(Struct, frozen=True, kw_only=True):
    """A file that was sent to be imported, or the annotated copy of such a file, which has its faults marked.

    Attributes:
        id: Number of the file.
        edition: Id of the edition.
        holder: Id of the sender.
        job: Id of the job whose faults an annotated copy shows, None for a file that was sent.
        kind: Media type.
        size: Number of bytes.
        created: Time at which it was stored.
        expires: Time after which it is deleted.
    """

    id: int
    edition: str
    holder: str
    job: int | None
    kind: str
    size: int
    created: datetime
    expires: datetime


_COLUMNS: Final = [FILES.c[name] for name in ImportFileRecord.__struct_fields__]


def insert_file(session: Session, values: dict[str, object]) -> ImportFileRecord:
    """Insert a file without pieces, and return it; `values` has a value for each column except the id."""
    row = session.execute(insert(FILES).values(values).returning(*_COLUMNS)).mappings().one()
    return msgspec.convert(dict(row), ImportFileRecord)


def get_file(session: Session, file: int) -> ImportFileRecord | None:
    """Return the record of a file, or None if the file does not exist or was deleted."""
    return fetch_record(session.execute(select(*_COLUMNS).where(FILES.c.id == file)), ImportFileRecord)


def find_annotated(session: Session, job: int) -> ImportFileRecord | None:
    """Return the record of the newest copy with marked faults that a job has made of its file, or None without any."""
    statement = select(*_COLUMNS).where(FILES.c.job == job).order_by(FILES.c.id.desc()).limit(1)
    return fetch_record(session.execute(statement), ImportFileRecord)


def insert_piece(session: Session, file: int, position: int, content: bytes) -> None:
    """Insert a compressed piece of a file; `position` counts the pieces of a file from 0."""
    session.connection().execute(insert(PIECES), {"file": file, "position": position, "content": content})


def get_piece(session: Session, file: int, position: int) -> bytes | None:
    """Return the compressed piece of a file at `position`, from 0, or None if the file has no such piece."""
    content: bytes | None = session.execute(_SELECT_PIECE, {"of": file, "at": position}).scalar_one_or_none()
    return content


def update_file(session: Session, file: int, *, size: int, expires: datetime) -> None:
    """Update the size of a file in bytes, and the time after which it is deleted."""
    session.execute(update(FILES).where(FILES.c.id == file).values(size=size, expires=expires))


def delete_file(session: Session, file: int) -> None:
    """Delete a file with its pieces, or do nothing if it does not exist."""
    session.execute(delete(FILES).where(FILES.c.id == file))


def has_reader(session: Session, kind: str, file: int) -> bool:
    """Return True if there is a job of this kind that has not ended and that imports the file with the id `file`."""
    statement = select(JOBS.c.id).where(
        JOBS.c.kind == kind, JOBS.c.state.not_in(FINAL_STATES), JOBS.c.parameters["file"].as_integer() == file
    )
    return session.execute(statement.limit(1)).first() is not None


def list_expired(session: Session, now: datetime, limit: int) -> list[int]:
    """Return the ids of at most `limit` files that have expired by `now`, the oldest first."""
    statement = select(FILES.c.id).where(FILES.c.expires <= now).order_by(FILES.c.expires).limit(limit)
    return list(session.execute(statement).scalars())
