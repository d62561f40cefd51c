"""The database: sessions to read and sessions to write."""

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
    """What the service knows of a kind of database; the modules `sqlite` and `postgresql` are that."""

    def create_engines(self, url: URL) -> tuple[Engine, Engine]:
        """The engine for reading and the engine for writing."""

    def create_counter(self, url: URL) -> RequestCounter:
        """What counts requests for as many processes as may serve such a database at once."""

    def lock_for_migration(self, connection: Connection) -> None:
        """Makes the connection the only one that migrates until its transaction ends."""

    def is_unavailable(self, error: DBAPIError) -> bool:
        """Whether an error says that the database cannot be had in time."""


BACKENDS: Final[dict[str, Backend]] = {"sqlite": sqlite, "postgresql": postgresql}


class Database:
    """A database of the service; safe to share between threads, each session in one of them.

    Services open a session for one use case and close it before they answer:

        with database.write() as session:
            queries.store(session, …)

    A function that takes a session instead of a database is one step of such a block.
    """

    def __init__(self, url: str) -> None:
        """Prepares the database at an SQLAlchemy URL; nothing is opened before the first session.

        `sqlite:///<path>` or `postgresql+psycopg://…`. Raises `InvalidDatabase` for any other.
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
        """Brings the tables to the newest revision; does nothing where they are.

        Of several processes that start at once one migrates and the others wait for it. Raises `Unavailable`.
        """
        with self.begin_migration() as connection:
            upgrade(connection)

    @contextmanager
    def begin_migration(self) -> Iterator[Connection]:
        """A transaction in which nobody else moves the tables between revisions; raises `Unavailable`."""
        with self._available(), self._writer.begin() as connection:
            self._backend.lock_for_migration(connection)
            yield connection

    def is_current(self) -> bool:
        """Whether the tables are at the newest revision; raises `Unavailable`."""
        with self._available(), self._reader.connect() as connection:
            return is_current(connection)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one state of the database and cannot change it; raises `Unavailable`."""
        with self._reading.acquire(), self._available(), Session(self._reader, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session whose changes are all kept, synced to disk, when the block ends; none where it raises.

        On SQLite nobody else writes meanwhile; on PostgreSQL they do, so what a change rests on is compared in the
        same statement (`UPDATE … WHERE version = ?` and its row count) or locked first. Raises `Unavailable`.
        """
        with (
            self._writing.acquire(),
            self._available(),
            Session(self._writer, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    def run_later(self, act: Callable[[], None]) -> None:
        """Does something that nobody waits for, after what was asked for before; it must not raise."""
        with self._lock:
            if self._later is None:
                self._later = ThreadPoolExecutor(1, "later")
            self._later.submit(act)

    def close(self) -> None:
        """Does what is left to do later, and closes every connection; the database can be used again."""
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
    """As many places as the engine has connections, and as long to wait for one."""
    pool = engine.pool
    assert isinstance(pool, QueuePool)
    return FifoSemaphore(pool.size(), pool.timeout())


def lock_table(session: Session, table: Table) -> None:
    """Makes the session the only one that writes a table until it ends; others wait, and readers do not.

    For bulk changes that rest on the whole table. On SQLite a session that writes is alone anyway.
    """
    dialect = session.connection().dialect
    if dialect.name == "postgresql":
        name = dialect.identifier_preparer.format_table(table)
        session.connection().exec_driver_sql(f"LOCK TABLE {name} IN SHARE ROW EXCLUSIVE MODE")
