"""The triggers that a database of PostgreSQL should have, which tests look for in hundreds that are made alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from unittest.mock import patch

from actitud_api.platform.storage import migrate, triggers
from actitud_api.platform.storage.database import Database
from tests.support.scale import NIGHT

_expected: Final[dict[Callable[..., object], dict[str, str]]] = {}
"""By what says which revisions there are: a test adds one."""


def share_expected_triggers() -> None:
    """Let this process make by day a single schema to compare with: its migrations take 0.2 s of CPU at each look."""
    if NIGHT:
        return
    make = triggers._make_expected

    def make_once(database: Database) -> dict[str, str]:
        with database.read() as session:
            statement = "SELECT has_database_privilege(current_database(), 'CREATE')"
            may_create = session.connection().exec_driver_sql(statement).scalar_one()
        # Who may not make a schema is refused.
        if not may_create:
            return make(database)
        if (revisions := migrate._build_config) not in _expected:
            _expected[revisions] = make(database)
        return _expected[revisions]

    patch.object(triggers, "_make_expected", make_once).start()
