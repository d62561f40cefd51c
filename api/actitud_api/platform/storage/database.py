"""Database of the service: read sessions, write sessions and migrations."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from typing import Any, Final, Literal, NamedTuple, Protocol

from sqlalchemy import URL, Connection, Engine, QueuePool, Select, Table, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as TimeoutExpired
from sqlmodel import Session as Session

from actitud_api.platform.storage import postgresql, sqlite
from actitud_api.platform.storage.errors import InvalidDatabase as InvalidDatabase
from actitud_api.platform.storage.errors import Unavailable as Unavailable
from actitud_api.platform.storage.fifo_semaphore import FifoSemaphore
from actitud_api.platform.storage.migrate import is_current, upgrade
from actitud_api.platform.storage.public_state import (
    PublicState,
    StateReader,
    mark_hidden,
    raise_if_changed,
    watch_changes,
)
from actitud_api.platform.storage.request_counters import RequestCounter
from actitud_api.platform.storage.row_reader import RowReader
from actitud_api.platform.storage.stall_guard import StallGuard


class Backend(Protocol):
    """Interface of the operations that differ between SQLite and PostgreSQL.

    The modules `sqlite` and `postgresql` implement them.
    """

    def create_engines(self, url: URL) -> tuple[Engine, Engine]:
        """Return the engine for read sessions and the engine for write sessions."""

    def create_counter(self, url: URL) -> RequestCounter:
        """Return the request counter that all processes of this database share."""

    def create_state_readers(self, url: URL) -> Callable[[], AbstractContextManager[StateReader]]:
        """Return a function that opens a reader of the version number of the public state.

        The public state is the data that an anonymous reader can see. Each reader has a connection of its own.
        """

    def lock_for_migration(self, connection: Connection) -> None:
        """Lock the database against migrations by other processes until the transaction of this connection ends."""

    def is_unavailable(self, error: DBAPIError) -> bool:
        """Return True if an error is temporary: the database was busy or could not be reached."""

    def is_stalled(self, error: DBAPIError) -> bool:
        """Return True if an error means that the server of the database did not answer in time."""


BACKENDS: Final[dict[str, Backend]] = {"sqlite": sqlite, "postgresql": postgresql}


class PoolUse(NamedTuple):
    """Use of a pool of connections: how many are free, and how many threads wait for one."""

    free: int
    waiting: int


class Database:
    """Database of the service. Share one object between threads; use each session in one thread only.

    Services open a session for one use case and close it before they respond:

        with database.write() as session:
            queries.store(session, …)

    A function whose parameter is a session, not a database, is called inside such a block.
    """

    def __init__(self, url: str) -> None:
        """Prepare the database at an SQLAlchemy URL; the first session opens the first connection.

        The URL is `sqlite:///<path>` or `postgresql+psycopg://…`.

        Raises:
            InvalidDatabase: The URL is malformed, or its kind of database is not supported.
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
        self._read_slots, self._write_slots = _build_semaphore(self._reader), _build_semaphore(self._writer)
        self._rows = RowReader(self._reader)
        self._guard = StallGuard(self._backend.is_stalled)
        self.request_counter = self._backend.create_counter(parsed)
        self.public_state = PublicState(self._backend.create_state_readers(parsed))
        # Guards the creation of the background thread only; sessions are guarded by the semaphores.
        self._lock = threading.Lock()
        self._background: ThreadPoolExecutor | None = None

    def migrate(self) -> None:
        """Upgrade the tables to the newest revision of this release, if they are older.

        If several processes start together, one migrates and the others wait for it.

        Raises:
            Unavailable: The database could not be reached in time.
        """
        with self.begin_migration() as connection:
            upgrade(connection)

    @contextmanager
    def begin_migration(self) -> Iterator[Connection]:
        """Open a transaction for a migration; other processes that want to migrate wait until it ends.

        Raises:
            Unavailable: The database could not be reached, or another migration did not end in time.
        """
        with self._translate_errors(), self._writer.begin() as connection:
            # Alembic reads the revision after this line, so the second of two processes finds nothing left to do.
            self._backend.lock_for_migration(connection)
            yield connection

    def is_current(self) -> bool:
        """Return True if the tables are at the newest revision of this release.

        Raises:
            Unavailable: The database could not be reached in time.
        """
        with self._translate_errors(), self._reader.connect() as connection:
            return is_current(connection)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a read-only session that sees one consistent state of the database.

        Raises:
            Unavailable: No connection was free, or the database could not be reached in time.
        """
        with (
            self._read_slots.acquire(),
            self._translate_errors(),
            Session(self._reader, expire_on_commit=False) as session,
        ):
            yield session

    @property
    def read_engine(self) -> Engine:
        """Engine of the read sessions, which `get_bind()` of a read session returns."""
        return self._reader

    def read_row(self, statement: Select[Any], parameters: Mapping[str, object]) -> tuple[Any, ...] | None:
        """Return the only row that a statement selects, or None if there is none; faster than a read session.

        Raises:
            Unavailable: No connection was free, or the database could not be reached in time.
        """
        with self._read_slots.acquire(), self._translate_errors():
            return self._rows.read(statement, parameters)

    @contextmanager
    def write(self, *, hidden: bool = False) -> Iterator[Session]:
        """Open a write session: commit it durably at the end of the block, or roll it back if the block raises.

        If the session has changed any row, the commit increments the version number of the public state (the data that
        an anonymous reader can see), by which stored responses become invalid. `hidden`: True if the changes alter no
        response to a request without a key; the number then stays unchanged.

        On SQLite only one write session is open at a time. On PostgreSQL several are open at once: compare the version
        of a row in the `UPDATE` statement itself (`UPDATE … WHERE version = ?`, then check its row count), or lock the
        rows first.

        Raises:
            Unavailable: No connection or lock was free in time.
        """
        with (
            self._write_slots.acquire(),
            self._translate_errors(),
            Session(self._writer, expire_on_commit=False) as session,
        ):
            watch_changes(session)
            if hidden:
                mark_hidden(session)
            with session.begin():
                yield session
                number = raise_if_changed(session)
            if number is not None:
                self.public_state.learn(number)

    def get_pool_use(self) -> dict[Literal["read", "write"], PoolUse]:
        """Return the use of the connections of this process, for read sessions and for write sessions."""
        return {
            "read": PoolUse(self._read_slots.free, self._read_slots.waiting),
            "write": PoolUse(self._write_slots.free, self._write_slots.waiting),
        }

    def run_later(self, act: Callable[[], None]) -> None:
        """Queue a function for the background thread, which runs queued functions in FIFO order.

        `act` must handle its own exceptions, because an exception that leaves it is lost.
        """
        with self._lock:
            # Created on demand: most commands of the command line queue nothing.
            if self._background is None:
                self._background = ThreadPoolExecutor(1, "background")
            self._background.submit(act)

    def close(self) -> None:
        """Wait for the queued background functions, then close every connection; a later session opens new ones."""
        with self._lock:
            background, self._background = self._background, None
        if background is not None:
            background.shutdown()
        self.public_state.stop()
        self._reader.dispose()
        self._writer.dispose()
        self.request_counter.close()

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        try:
            with self._guard.admit():
                yield
        except TimeoutExpired as error:
            raise Unavailable("no connection in time") from error
        except DBAPIError as error:
            if self._backend.is_unavailable(error):
                raise Unavailable(str(error.orig)) from error
            raise


def _build_semaphore(engine: Engine) -> FifoSemaphore:
    """Return a semaphore for the connections of an engine.

    It has as many slots as the connection pool of the engine has connections, and the same timeout.
    """
    pool = engine.pool
    assert isinstance(pool, QueuePool)
    return FifoSemaphore(pool.size(), pool.timeout())


def lock_table(session: Session, table: Table) -> None:
    """Lock a table against other writers until this session ends; readers are not affected.

    Use it for bulk changes that depend on the whole table. On SQLite it does nothing, because only one write session is
    open at a time.
    """
    dialect = session.connection().dialect
    if dialect.name == "postgresql":
        # SHARE ROW EXCLUSIVE conflicts with all writers and with itself, but not with readers.
        name = dialect.identifier_preparer.format_table(table)
        session.connection().exec_driver_sql(f"LOCK TABLE {name} IN SHARE ROW EXCLUSIVE MODE")


def read_clock(session: Session) -> datetime:
    """Return the present time by the clock of the database server, or by the clock of this process for a SQLite file.

    Use it for times that several processes compare, such as the age of a row that another process stored, because the
    clock of a process may be wrong.
    """
    if session.connection().dialect.name == "postgresql":
        now: datetime = session.execute(_READ_CLOCK).scalar_one()
        return now.astimezone(UTC)
    return datetime.now(UTC)


_READ_CLOCK: Final = text("SELECT clock_timestamp()")
