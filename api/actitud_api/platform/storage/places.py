"""Where a database is, and how that is shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from actitud_api.platform.storage.errors import Unavailable


class DatabaseFailure(RuntimeError):
    """The database did not do what it was asked; the text is the reason that it gives."""


def is_supported(url: str) -> bool:
    """Whether a URL is one of a kind of database that there can be."""
    try:
        return make_url(url).get_backend_name() in ("sqlite", "postgresql")
    except (ArgumentError, ValueError):
        return False


def find_database_file(url: str) -> Path | None:
    """The file of a SQLite database; None where the database is a server."""
    parsed = make_url(url)
    return Path(str(parsed.database)) if parsed.get_backend_name() == "sqlite" else None


def is_absent(url: str) -> bool:
    """Whether the database has a file and it is not there; to open it would make it."""
    file = find_database_file(url)
    return file is not None and not file.exists()


def hide_password(url: str) -> str:
    """The URL without its password."""
    return make_url(url).render_as_string(hide_password=True)


def format_for_tools(url: str) -> str:
    """The URL as the tools of PostgreSQL take it, without its password: they ask for it or read it elsewhere."""
    whole = make_url(url)
    bare = URL.create("postgresql", whole.username, None, whole.host, whole.port, whole.database, whole.query)
    return bare.render_as_string()


@contextmanager
def wrap_failures() -> Iterator[None]:
    """A block whose failures of the database are raised as `DatabaseFailure`, without statement or parameters."""
    try:
        yield
    except Unavailable as error:
        raise DatabaseFailure(str(error)) from error
    except SQLAlchemyError as error:
        reason = error.orig if isinstance(error, DBAPIError) else error
        raise DatabaseFailure(str(reason).strip()) from error
