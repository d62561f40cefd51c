"""Public state: the data that an anonymous reader can see, with a version number that every change increments.

A response to a reader without a key depends only on its address and on this number, so it is valid as long as the
number stays unchanged. `Database.write` increments the number in the last statement of each transaction that changed
something, unless all its changes are marked as hidden. So no writer can forget it, and none waits for another lock
after it.

Triggers on the public tables would be no safer. They cannot tell a draft from a published row, they fire 8,131 times
for a publication, and on PostgreSQL they lock the one row while the transaction still takes other locks.
"""

from __future__ import annotations

import secrets
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Final, Protocol, cast

import structlog
from sqlalchemy import BigInteger, CheckConstraint, Column, Connection, Integer, event, text
from sqlmodel import Field, Session

from actitud_api.platform.storage.base import Base

CHANNEL: Final = "actitud_public_state"
"""Channel on which PostgreSQL notifies that the number was raised."""

HEARTBEAT: Final = 0.5
"""Seconds after which the number is read again, whether or not anything says that it has changed."""

PAUSE_MIN: Final = 0.05
PAUSE_MAX: Final = 1.0
"""Shortest and longest pause in seconds between two attempts to reach the database; each is twice the one before."""

STOP_SECONDS: Final = 5
"""Seconds that `PublicState.stop` waits for the thread, which may be opening a connection."""

TOKEN_BITS: Final = 62
"""Bits of a token: two of them in the columns of one row are never negative."""

SELECT_NUMBER: Final = "SELECT number, token FROM public_state"
_RAISE_ON_SQLITE: Final = text(
    "UPDATE public_state SET number = number + 1, token = :token RETURNING number, token",
)
# A transaction has an id as soon as it has changed or locked a row.
_RAISE_ON_POSTGRESQL: Final = text(
    "WITH raised AS (UPDATE public_state SET number = number + 1, token = :token "
    "WHERE pg_current_xact_id_if_assigned() IS NOT NULL RETURNING number, token) "
    f"SELECT number, token, pg_notify('{CHANNEL}', '') FROM raised"
)
_HIDDEN: Final = "hidden_change"
_SHOWN: Final = "shown_change"
_CHANGES_BEFORE: Final = "changes_before"

_log = structlog.get_logger()


class StoredPublicState(Base, table=True):
    """Table of one row: the version number of the public state, the data that an anonymous reader can see.

    `number` grows by one with each change of these data. `token` is random and new with each change, because a database
    that was restored from a copy reaches the same numbers again, but never the same tokens.
    """

    __tablename__ = "public_state"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    number: int = Field(sa_column=Column(BigInteger, nullable=False))
    token: int = Field(sa_column=Column(BigInteger, nullable=False))


def create_token() -> int:
    """Return a random token for one change of the public state, the data that an anonymous reader can see.

    A database that was restored from a copy gives changes the same version numbers again. Their tokens differ.
    """
    return secrets.randbits(TOKEN_BITS)


def join_number(number: int, token: int) -> int:
    """Return one number that is made from the version number and the token of the public state.

    It grows with the version number, and differs if the tokens differ.
    """
    return number << TOKEN_BITS | token


# --- write sessions -------------------------------------------------------------------------------------------


def mark_hidden(session: Session) -> None:
    """Mark the changes of a session as invisible to an anonymous reader; a call of `mark_shown` overrides the mark."""
    session.info[_HIDDEN] = True


def mark_shown(session: Session) -> None:
    """Mark the changes of a session as visible to an anonymous reader, even if `mark_hidden` was or will be called."""
    session.info[_SHOWN] = True


def watch_changes(session: Session) -> None:
    """Store the count of changed rows at the beginning of a write session, for `raise_if_changed` to compare."""

    @event.listens_for(session, "after_begin", once=True)
    def count(_session: Session, _transaction: object, connection: Connection) -> None:
        session.info[_CHANGES_BEFORE] = _count_changes(connection)


def raise_if_changed(session: Session) -> int | None:
    """Increment the version number of the public state before a commit, and return it; None if no row has changed.

    The public state is the data that an anonymous reader can see. Hidden changes and changes that were rolled back do
    not count. Call it as the last statement of the session.
    """
    if not session.in_transaction():
        return None
    session.flush()
    if _CHANGES_BEFORE not in session.info or (_HIDDEN in session.info and _SHOWN not in session.info):
        return None
    connection = session.connection()
    if connection.dialect.name == "sqlite" and _count_changes(connection) == session.info[_CHANGES_BEFORE]:
        return None
    return raise_number(connection)


def raise_number(connection: Connection) -> int | None:
    """Increment the version number of the public state in the transaction of a connection, and return it.

    The public state is the data that an anonymous reader can see. Return None on PostgreSQL if the transaction has
    changed nothing yet. No other transaction can increment the number until this one ends, so call this function last.
    """
    statement = _RAISE_ON_SQLITE if connection.dialect.name == "sqlite" else _RAISE_ON_POSTGRESQL
    row = connection.execute(statement, {"token": create_token()}).one_or_none()
    return None if row is None else join_number(row.number, row.token)


def _count_changes(connection: Connection) -> int:
    """Return how many rows an SQLite connection has changed since it was opened; 0 for PostgreSQL, which asks itself.

    SQLite counts what triggers change too.
    """
    if connection.dialect.name != "sqlite":
        return 0
    return cast("sqlite3.Connection", connection.connection.driver_connection).total_changes


# --- this process ---------------------------------------------------------------------------------------------


class StateReader(Protocol):
    """Interface of a reader of the version number of the public state, the data that an anonymous reader can see.

    It has a connection of its own, and reads outside of any transaction.
    """

    def read(self) -> int:
        """Return the version number of the public state, read from its row."""
        ...

    def wait(self, stopping: threading.Event) -> None:
        """Wait until the number may have changed, `stopping` is set, or `HEARTBEAT` seconds have passed."""
        ...


class PublicState:
    """Version number of the public state (data that an anonymous reader can see) as this process knows it.

    It is safe to share between threads. A write session of this process sets the number after its commit, before
    `Database.write` returns. A thread (`start`) notices the commits of other processes.
    """

    def __init__(self, connect: Callable[[], AbstractContextManager[StateReader]]) -> None:
        """Keep the function that opens a reader of the number; no connection is opened yet."""
        self._connect = connect
        self._lock = threading.Lock()
        self._number: int | None = None
        self._set = 0
        """How often the number was set: who has read an older one in the meantime must not set it back."""
        self._heard = float("-inf")
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()

    @property
    def number(self) -> int | None:
        """The last version number that this process has read; None before it could read the database.

        Compare it only for equality, because a database that was restored from a copy has a lower number. Without the
        thread, the first use of this property reads the database once.
        """
        if self._number is None and self._thread is None:
            try:
                self._look_once()
            except Exception as error:  # unknown is an answer, whatever the reason
                _log.warning("public state not read", reason=str(error))
        return self._number

    @property
    def heard(self) -> float:
        """Time (`time.monotonic()`) at which the last successful read of the database began; −∞ before the first."""
        return self._heard

    def start(self) -> None:
        """Start the thread that watches for changes, unless it runs already."""
        with self._lock:
            if self._thread is None:
                self._stopping = threading.Event()
                self._thread = threading.Thread(
                    target=self._watch, args=(self._stopping,), name="public state", daemon=True
                )
                self._thread.start()

    def stop(self) -> None:
        """Stop the thread, and wait for it to close its connection."""
        with self._lock:
            thread, self._thread = self._thread, None
            self._stopping.set()
        if thread is not None:
            thread.join(STOP_SECONDS)

    def learn(self, number: int) -> None:
        """Set the version number to the number that a write session of this process has stored and committed."""
        with self._lock:
            if self._number is None or number > self._number:
                self._store(number)
                return
        # Two sessions have ended in another order than they committed in, or the database was restored from a copy.
        try:
            self._look_once()
        except Exception as error:  # what is committed stays committed; the thread looks again
            _log.warning("public state not read", reason=str(error))

    def _watch(self, stopping: threading.Event) -> None:
        pause = PAUSE_MIN
        while not stopping.is_set():
            try:
                with self._connect() as reader:
                    while not stopping.is_set():
                        self._look(reader)
                        pause = PAUSE_MIN
                        reader.wait(stopping)
            except Exception as error:  # the thread has to survive: nothing restarts it
                if pause == PAUSE_MIN:
                    _log.warning("public state not heard", reason=str(error))
                stopping.wait(pause)
                pause = min(2 * pause, PAUSE_MAX)

    def _look_once(self) -> None:
        with self._connect() as reader:
            self._look(reader)

    def _look(self, reader: StateReader) -> None:
        while True:
            with self._lock:
                before = self._set
            began = time.monotonic()
            number = reader.read()
            with self._lock:
                # A lower one counts (the database was restored), unless it was read before a higher one was set.
                if self._number is None or number >= self._number or self._set == before:
                    if number != self._number:
                        self._store(number)
                    self._heard = max(self._heard, began)
                    return

    def _store(self, number: int) -> None:
        self._number = number
        self._set += 1


def read_row(row: Any) -> int:
    """Return the version number of the public state in a row of `SELECT_NUMBER`; raise `LookupError` without a row."""
    if row is None:
        raise LookupError("the table of the public state is empty")
    number, token = row
    return join_number(number, token)
