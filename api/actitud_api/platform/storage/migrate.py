"""Runs of Alembic from within the program, without an `alembic.ini`."""

from __future__ import annotations

from functools import cache

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from actitud_api.platform.storage.grants import grant_to_serving
from actitud_api.platform.storage.public_state import raise_number


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Upgrade the tables to a revision, inside the open transaction of the connection.

    `head` is the newest revision of this release.
    """
    before = _read_heads(connection)
    command.upgrade(_build_config(connection), revision)
    grant_to_serving(connection)
    if before and before != _read_heads(connection):
        # A revision may change rows that are public.
        raise_number(connection)


def downgrade(connection: Connection, revision: str = "base") -> None:
    """Downgrade the tables to a revision, inside the open transaction of the connection.

    `base` is the revision without tables.
    """
    command.downgrade(_build_config(connection), revision)
    if _read_heads(connection):
        raise_number(connection)


def is_current(connection: Connection) -> bool:
    """Return True if the database is at the newest revision of this release."""
    return _read_heads(connection) == _load_heads()


def list_revisions() -> tuple[str, ...]:
    """Return every revision of this release, oldest first."""
    scripts = list(ScriptDirectory.from_config(_build_config(None)).walk_revisions())
    return tuple(script.revision for script in reversed(scripts))


def _read_heads(connection: Connection) -> frozenset[str]:
    return frozenset(MigrationContext.configure(connection).get_current_heads())


@cache
def _load_heads() -> frozenset[str]:
    return frozenset(ScriptDirectory.from_config(_build_config(None)).get_heads())


def _build_config(connection: Connection | None) -> Config:
    # Alembic passes `attributes` to env.py, which is the documented way to share an open connection.
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", "actitud_api.platform.storage:migrations")
    return config
