"""The database of the service: read sessions, write sessions, migrations."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final, Protocol

from sqlalchemy import URL, Connection, Engine, QueuePool, Table, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as TimeoutExpired
from sqlmodel import Session

from actitud_api.platform.storage import postgresql, sqlite
from actitud_api.platform.storage.counts import RequestCounter
from actitud_api.platform.storage.errors import InvalidDatabase, Unavailable
from actitud_api.platform.storage.migrate import is_current, upgrade
from actitud_api.platform.storage.turns import FifoSemaphore

__all__ = ["Database", "InvalidDatabase", "Session", "Unavailable", "lock_table"]


class Backend(Protocol):
    """Operations that differ by kind of database; implemented by the modules `sqlite` and `postgresql`."""

    def create_engines(self, url: URL) -> tuple[Engine, Engine]:
        """Return the engine for reading and the engine for writing."""

    def create_counter(self, url: URL) -> RequestCounter:
        """Return the request counter shared by all processes of this database."""

    def lock_for_migration(self, connection: Connection) -> None:
        """Let this connection alone migrate until its transaction ends."""

    def is_unavailable(self, error: DBAPIError) -> bool:
        """Return True if an error means that the database cannot be reached in time."""


BACKENDS: Final[dict[str, Backend]] = {"sqlite": sqlite, "postgresql": postgresql}


class Database:
    """Database of the service; safe to share between threads, each session in one of them.

    Services open a session for one use case and close it before they respond:

        with database.write() as session:
            queries.store(session, …)

    A function that takes a session instead of a database is one step of such a block.
    """

    def __init__(self, url: str) -> None:
        """Prepare the database at an SQLAlchemy URL; nothing is opened before the first session.

        The URL is `sqlite:///<path>` or `postgresql+psycopg://…`.

        Raises:
            InvalidDatabase: The URL is malformed or of another kind.
        """
        try:
            parsed = make_url(url)
        except ArgumentError as error:
            raise InvalidDatabase("not the URL of a database") from error
        name = parsed.get_backend_name()
        if name not in BACKENDS:
            raise InvalidDatabase(f"not a database that the service runs on: {name}")
        self._backend = BACKENDS[name]
        self._reader, self._writer = self._backend.create_engines(parsed)
        self._reading, self._writing = _turns(self._reader), _turns(self._writer)
        self.request_counter = self._backend.create_counter(parsed)
        self._lock = threading.Lock()
        self._later: ThreadPoolExecutor | None = None

    def migrate(self) -> None:
        """Upgrade the tables to the newest revision, if they are behind; raise `Unavailable`.

        Of several processes that start together one migrates and the others wait for it.
        """
        with self.begin_migration() as connection:
            upgrade(connection)

    @contextmanager
    def begin_migration(self) -> Iterator[Connection]:
        """Open a transaction in which no other process migrates; raise `Unavailable`."""
        with self._available(), self._writer.begin() as connection:
            self._backend.lock_for_migration(connection)
            yield connection

    def is_current(self) -> bool:
        """Return True if the tables are at the newest revision; raise `Unavailable`."""
        with self._available(), self._reader.connect() as connection:
            return is_current(connection)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a read-only session on one consistent state of the database; raise `Unavailable`."""
        with self._reading.acquire(), self._available(), Session(self._reader, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Open a session that is committed and synced at the end of the block, or rolled back if the block raises.

        On SQLite there is one writer at a time. On PostgreSQL others write meanwhile: compare the version in the
        statement itself (`UPDATE … WHERE version = ?` and its row count), or lock the rows first.

        Raises:
            Unavailable: No connection or lock was free in time.
        """
        with (
            self._writing.acquire(),
            self._available(),
            Session(self._writer, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    def run_later(self, act: Callable[[], None]) -> None:
        """Queue a function for a background thread, in order of arrival; it must not raise."""
        with self._lock:
            if self._later is None:
                self._later = ThreadPoolExecutor(1, "later")
            self._later.submit(act)

    def close(self) -> None:
        """Finish the queued functions and close every connection; the database can be used again."""
        with self._lock:
            later, self._later = self._later, None
        if later is not None:
            later.shutdown()
        self._reader.dispose()
        self._writer.dispose()
        self.request_counter.close()

    @contextmanager
    def _available(self) -> Iterator[None]:
        try:
            yield
        except TimeoutExpired as error:
            raise Unavailable("no connection in time") from error
        except DBAPIError as error:
            if self._backend.is_unavailable(error):
                raise Unavailable(str(error.orig)) from error
            raise


def _turns(engine: Engine) -> FifoSemaphore:
    """Return a semaphore with the size and the timeout of the engine's connection pool."""
    pool = engine.pool
    assert isinstance(pool, QueuePool)
    return FifoSemaphore(pool.size(), pool.timeout())


def lock_table(session: Session, table: Table) -> None:
    """Let this session alone write a table until it ends; other writers wait, readers do not.

    For bulk changes that depend on the whole table. On SQLite a write session is alone anyway.
    """
    dialect = session.connection().dialect
    if dialect.name == "postgresql":
        name = dialect.identifier_preparer.format_table(table)
        session.connection().exec_driver_sql(f"LOCK TABLE {name} IN SHARE ROW EXCLUSIVE MODE")
