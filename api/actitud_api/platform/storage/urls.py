"""Database URLs: parsing and display, and database errors as texts for people."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from actitud_api.platform.storage.errors import Unavailable
from actitud_api.platform.storage.grants import OWNER, SERVING


class DatabaseFailure(RuntimeError):
    """Raised by `wrap_failures` if a database operation fails; its text is the reason given by the database."""


def is_supported(url: str) -> bool:
    """Return True if a URL is well-formed and names SQLite or PostgreSQL."""
    try:
        return make_url(url).get_backend_name() in ("sqlite", "postgresql")
    except (ArgumentError, ValueError):
        return False


def find_database_file(url: str) -> Path | None:
    """Return the file that the URL of a SQLite database names; None if the URL names a database server."""
    parsed = make_url(url)
    return Path(str(parsed.database)) if parsed.get_backend_name() == "sqlite" else None


def is_absent(url: str) -> bool:
    """Return True if a URL names a SQLite file that does not exist; opening the database would create the file."""
    file = find_database_file(url)
    return file is not None and not file.exists()


def hide_password(url: str) -> str:
    """Return the URL with `***` in place of its password."""
    return make_url(url).render_as_string(hide_password=True)


def format_for_tools(url: str) -> str:
    """Return the URL in the form that `pg_dump` and `pg_restore` read, without the password.

    These tools ask for the password, or read it from `PGPASSWORD` or `~/.pgpass`. The owner of the tables takes the
    place of the role that serves, which can neither read sequences nor create tables.
    """
    whole = make_url(url)
    role = OWNER if whole.username == SERVING else whole.username
    bare = URL.create("postgresql", role, None, whole.host, whole.port, whole.database, whole.query)
    return bare.render_as_string()


@contextmanager
def wrap_failures() -> Iterator[None]:
    """Raise `DatabaseFailure` if the block raises a database error.

    Its text is only the reason given by the database, without the SQL statement or its parameters, which may
    contain personal data.
    """
    try:
        yield
    except Unavailable as error:
        raise DatabaseFailure(str(error)) from error
    except SQLAlchemyError as error:
        reason = error.orig if isinstance(error, DBAPIError) else error
        raise DatabaseFailure(str(reason).strip()) from error
