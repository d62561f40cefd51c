"""The tables of imported files, in pieces that a worker on any machine can read."""

from datetime import datetime
from typing import ClassVar

from sqlalchemy import Column, Index, Integer, LargeBinary
from sqlmodel import Field

from actitud_api.platform.storage.base import IDENTIFIER, Base
from actitud_api.platform.storage.times import UtcTime


class ImportFileTable(Base, table=True):
    """A file that was sent to be imported, or the annotated copy of such a file, which has its faults marked.

    Columns as in `queries.ImportFileRecord`. `edition` is no foreign key, because editions may be deleted. `holder`
    stays the same after a rotation of the key.
    """

    __tablename__ = "import_file"
    __table_args__: ClassVar[dict[str, bool]] = {"sqlite_autoincrement": True}

    id: int = Field(sa_column=Column(Integer, primary_key=True))
    edition: str = Field(sa_type=IDENTIFIER)
    holder: str = Field(sa_type=IDENTIFIER)
    job: int | None = Field(index=True)
    kind: str
    size: int
    created: datetime = Field(sa_column=Column(UtcTime, nullable=False))
    expires: datetime = Field(sa_column=Column(UtcTime, nullable=False))


class ImportPieceTable(Base, table=True):
    """A piece of a file, compressed; `position` counts the pieces of a file from 0."""

    __tablename__ = "import_piece"

    file: int = Field(primary_key=True, foreign_key="import_file.id", ondelete="CASCADE")
    position: int = Field(primary_key=True)
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


Index("ix_import_file_expires", Base.metadata.tables[ImportFileTable.__tablename__].c.expires)
