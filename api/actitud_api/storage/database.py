"""The database: sessions to read and sessions to write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import make_url
from sqlmodel import Session

from actitud_api.storage import sqlite
from actitud_api.storage.migrate import is_current, upgrade

__all__ = ["Database", "Session"]


class Database:
    """A database of the service; safe to share between threads, each session in one of them.

    Services open a session for one use case and close it before they answer:

        with database.write() as session:
            queries.store(session, …)

    A function that takes a session instead of a database is one step of such a block.
    """

    def __init__(self, url: str) -> None:
        """Prepares the database at an SQLAlchemy URL; nothing is opened before the first session.

        Raises `ValueError` for a database that the service does not run on.
        """
        parsed = make_url(url)
        if parsed.get_backend_name() != "sqlite":
            raise ValueError(f"not a database that the service runs on: {parsed.get_backend_name()}")
        self._reader, self._writer = sqlite.engines(parsed)

    def migrate(self) -> None:
        """Brings the tables to the newest revision; does nothing where they are."""
        with self._writer.begin() as connection:
            upgrade(connection)

    def is_current(self) -> bool:
        """Whether the database can be read and its tables are at the newest revision."""
        with self._reader.connect() as connection:
            return is_current(connection)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one state of the database and cannot change it."""
        with Session(self._reader, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session whose changes are all kept, synced to disk, when the block ends; none where it raises.

        Nobody else writes meanwhile, so what it reads does not change under it.
        """
        with Session(self._writer, expire_on_commit=False) as session, session.begin():
            yield session

    def close(self) -> None:
        """Closes every connection; the database can be used again."""
        self._reader.dispose()
        self._writer.dispose()
