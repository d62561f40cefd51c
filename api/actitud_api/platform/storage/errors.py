"""Exceptions of the storage layer."""

from __future__ import annotations


class InvalidDatabase(ValueError):
    """Raised by `Database` if its URL is malformed or names an unsupported kind of database."""


class Unavailable(Exception):
    """Raised by sessions and migrations if the database could not be used in time.

    No connection or lock became free, or the database did not respond. The session was rolled back; but if the
    connection was lost during the commit, the changes may be stored.
    """


class Irreversible(RuntimeError):
    """Raised by a migration that cannot be undone, because a downgrade would lose data. Nothing has changed."""
