"""Runs of Alembic from within the program, without an `alembic.ini`."""

from __future__ import annotations

from functools import cache

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from actitud_api.platform.storage.grants import grant_to_serving


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Upgrade the tables to a revision, inside the open transaction of the connection.

    `head` is the newest revision of this release.
    """
    command.upgrade(_build_config(connection), revision)
    grant_to_serving(connection)


def downgrade(connection: Connection, revision: str = "base") -> None:
    """Downgrade the tables to a revision, inside the open transaction of the connection.

    `base` is the state without tables.
    """
    command.downgrade(_build_config(connection), revision)


def is_current(connection: Connection) -> bool:
    """Return True if the database is at the newest revision of this release."""
    return frozenset(MigrationContext.configure(connection).get_current_heads()) == _load_heads()


@cache
def _load_heads() -> frozenset[str]:
    return frozenset(ScriptDirectory.from_config(_build_config(None)).get_heads())


def _build_config(connection: Connection | None) -> Config:
    # Alembic passes `attributes` to env.py, which is the documented way to share an open connection.
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", "actitud_api.platform.storage:migrations")
    return config
