"""Conditions on the database that a command checks before it starts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from actitud_api.cli.common import CommandError, open_database
from actitud_api.cli.locking import open_database_to_write
from actitud_api.engine.i18n import Language, Texts
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.revisions import Revisions, get_revisions, move_to_revision
from actitud_api.platform.storage.urls import DatabaseFailure, hide_password, is_absent, wrap_failures
from actitud_api.settings import Settings

NOT_INITIALISED = Texts(
    "La base de datos {database} no está inicializada: ejecute actitud-api init",
    "The database {database} is not initialised: run actitud-api init",
)
NOT_MIGRATED = Texts(
    "La base de datos {database} está en la revisión {current} y hace falta la {newest}: ejecute actitud-api migrate",
    "The database {database} is at revision {current} and needs {newest}: run actitud-api migrate",
)
_FOREIGN = Texts(
    "La base de datos {database} está en la revisión {current}, que esta versión no conoce: use la versión que la hizo",
    "The database {database} is at revision {current}, which this release does not know: use the release that made it",
)
_UNRELEASED = Texts(
    "La base de datos {database} la hizo una versión anterior a la 0.1.0 (revisión {current}), y esta versión no la "
    "lee: quítela de ahí o indique otra con --database",
    "The database {database} was made by a version before 0.1.0 (revision {current}), and this release does not read "
    "it: move it away or name another one with --database",
)
_UNKNOWN: Final = {"unreleased": _UNRELEASED, "foreign": _FOREIGN}
UNREACHABLE = Texts(
    "No se puede usar la base de datos {database}: {reason}", "The database {database} cannot be used: {reason}"
)


@contextmanager
def catch_unreachable(settings: Settings, language: Language) -> Iterator[None]:
    """Convert a `DatabaseFailure` in the `with` block to `CommandError` with its reason."""
    try:
        yield
    except DatabaseFailure as error:
        text = UNREACHABLE.into(language).format(database=hide_password(settings.database_url), reason=error)
        raise CommandError(text) from error


def check_exists(settings: Settings, language: Language) -> None:
    """Raise `CommandError` if the database of the settings is a SQLite file that does not exist."""
    if is_absent(settings.database_url):
        raise CommandError(NOT_INITIALISED.into(language).format(database=hide_password(settings.database_url)))


def check_revisions(settings: Settings, revisions: Revisions, language: Language) -> None:
    """Raise `CommandError` if the tables have a revision that this release does not know."""
    if revisions.state in _UNKNOWN:
        raise CommandError(describe_revisions(_UNKNOWN[revisions.state], settings, revisions, language))


def check_ready(settings: Settings, database: Database, language: Language) -> None:
    """Raise `CommandError`, with advice, unless the tables are at the newest revision of this release."""
    check_exists(settings, language)
    with catch_unreachable(settings, language):
        revisions = get_revisions(database)
    check_revisions(settings, revisions, language)
    text = {"empty": NOT_INITIALISED, "behind": NOT_MIGRATED}.get(revisions.state)
    if text is not None:
        raise CommandError(describe_revisions(text, settings, revisions, language))


@contextmanager
def open_ready_database(settings: Settings, language: Language, *, writes: bool) -> Iterator[Database]:
    """Open the database of the settings if its tables are at the newest revision, and close it at the end of the block.

    A database error in the block becomes a `CommandError` with its reason. `writes`: lock the database as
    `open_database_to_write` does.

    Raises:
        CommandError: The database URL is not supported (exit code 2), or the tables are not at the newest revision of
            this release.
        DatabaseTaken: The service or another command holds the lock of the file.
    """
    opened = (open_database_to_write if writes else open_database)(settings, language)
    with opened as database, catch_unreachable(settings, language), wrap_failures():
        check_ready(settings, database, language)
        yield database


def create_tables(settings: Settings, database: Database, language: Language) -> tuple[bool, str]:
    """Create the tables if the database is empty; return True if it was empty, and the revision of the tables.

    Raises:
        CommandError: The tables are older than this release, so that `migrate` has to be run, or their revision is
            unknown to this release.
    """
    with catch_unreachable(settings, language):
        revisions = get_revisions(database)
        check_revisions(settings, revisions, language)
        if revisions.state == "behind":
            raise CommandError(describe_revisions(NOT_MIGRATED, settings, revisions, language))
        return revisions.state == "empty", move_to_revision(database).after


def describe_revisions(text: Texts, settings: Settings, revisions: Revisions, language: Language) -> str:
    """Return `text` in a language with the placeholders `{database}`, `{current}` and `{newest}` filled in.

    Their values are the database URL without password, the revision of its tables, and the newest revision of this
    release.
    """
    return text.into(language).format(
        database=hide_password(settings.database_url), current=revisions.current, newest=revisions.newest
    )
