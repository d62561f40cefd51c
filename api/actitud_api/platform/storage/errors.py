"""Database errors in the terms of the service."""

from __future__ import annotations


class InvalidDatabase(ValueError):
    """Malformed database URL, or one of an unsupported kind."""


class Unavailable(Exception):
    """Database out of reach in time: its connections or locks stay taken, or it does not respond.

    The session was rolled back, unless the connection was lost during the commit: then the outcome is unknown.
    """


class Irreversible(RuntimeError):
    """Revision without a downgrade, because its data has to stay. Nothing has changed."""
