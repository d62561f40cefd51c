"""The lock of a SQLite database: one process serves it, and commands write beside it only where SQLite allows it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from actitud_api.cli.common import CommandError, open_database
from actitud_api.engine.i18n import Language, Texts
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.file_lock import DatabaseInUse, lock_file
from actitud_api.platform.storage.health import get_sqlite_version, has_wal_bug
from actitud_api.platform.storage.urls import DatabaseFailure, find_database_file, hide_password, is_absent
from actitud_api.settings import Settings

_SERVED = Texts(
    "La base de datos {database} ya la usa otro proceso: un servicio, o una orden que escribe en ella. A un fichero de "
    "SQLite solo lo sirve un proceso: pare el otro antes, o use PostgreSQL.",
    "The database {database} is in use by another process: a service, or a command that writes to it. A file of SQLite "
    "is served by one process only: stop the other one first, or use PostgreSQL.",
)
_WRITTEN = Texts(
    "La base de datos {database} la usa otro proceso, el servicio u otra orden, y con SQLite {version} puede dañarse "
    "si escriben dos. No se ha hecho nada. Haga el cambio por HTTP, con el servicio en marcha; o pare el servicio, "
    "ejecute la orden y arránquelo de nuevo. Con SQLite 3.51.3 o posterior, o con PostgreSQL, no hace falta pararlo.",
    "The database {database} is in use by another process, the service or another command, and with SQLite {version} "
    "it may be damaged if two write. Nothing was done. Make the change over HTTP, while the service runs; or stop the "
    "service, run the command and start it again. With SQLite 3.51.3 or later, or with PostgreSQL, it need not stop.",
)
_FAILED = Texts("No se puede bloquear la base de datos: {reason}", "The database cannot be locked: {reason}")


class DatabaseTaken(CommandError):
    """Raised by a command if the service or another command holds the lock of the database."""


@contextmanager
def lock_to_serve(settings: Settings, language: Language) -> Iterator[None]:
    """Lock the database of the settings against other processes that serve it, while the block runs.

    A PostgreSQL database is not locked, because any number of processes may serve it.

    Raises:
        DatabaseTaken: Another process serves the file, or writes to it.
    """
    with _lock(settings, language, _SERVED):
        yield


@contextmanager
def lock_to_write(settings: Settings, language: Language) -> Iterator[None]:
    """Lock the database of the settings against writes by the service and other commands while the block runs.

    Only SQLite files are locked, and only if this version of SQLite has the WAL-reset bug, which damages a file to
    which two processes write. A file that does not exist yet has no other users.

    Raises:
        DatabaseTaken: The service or another command holds the lock of the file.
    """
    if not has_wal_bug(get_sqlite_version()) or is_absent(settings.database_url):
        yield
        return
    with _lock(settings, language, _WRITTEN):
        yield


@contextmanager
def open_database_to_write(settings: Settings, language: Language) -> Iterator[Database]:
    """Open the database of the settings for a command that writes, and close it at the end of the block.

    A SQLite file is locked against other writers meanwhile, if this version of SQLite has the WAL-reset bug.

    Raises:
        CommandError: The database URL is not supported (exit code 2).
        DatabaseTaken: The service or another command holds the lock of the file.
    """
    # Opened first: a URL that is not supported has no file that could be locked.
    with open_database(settings, language) as database, lock_to_write(settings, language):
        yield database


@contextmanager
def _lock(settings: Settings, language: Language, in_use: Texts) -> Iterator[None]:
    file = find_database_file(settings.database_url)
    if file is None:
        yield
        return
    with ExitStack() as stack:
        try:
            stack.enter_context(lock_file(file))
        except DatabaseInUse as error:
            values = {
                "database": hide_password(settings.database_url),
                "version": ".".join(map(str, get_sqlite_version())),
            }
            raise DatabaseTaken(in_use.into(language).format(**values)) from error
        except DatabaseFailure as error:
            raise CommandError(_FAILED.into(language).format(reason=error)) from error
        yield
