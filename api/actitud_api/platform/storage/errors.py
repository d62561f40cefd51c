"""What goes wrong with a database, in the terms of the service."""

from __future__ import annotations


class InvalidDatabase(ValueError):
    """A URL of no database that the service runs on."""


class Unavailable(Exception):
    """The database cannot be had in time: its connections or locks stay taken, or it does not answer.

    Nothing of the session is kept, unless the connection was lost while it ended: then nobody knows.
    """


class Irreversible(RuntimeError):
    """A revision that cannot be undone: something that it keeps has to stay. Nothing has changed."""
