"""Schema revisions of a database, and migrations between them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from msgspec import Struct

from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.migrate import downgrade, upgrade
from actitud_api.platform.storage.places import wrap_failures

BASE = "base"
"""Name of the state before the first revision, without tables."""

_BEFORE_RELEASES = frozenset(f"{number:04}" for number in range(1, 17))
"""Revisions before release 0.1.0, merged into one."""


State = Literal["empty", "behind", "current", "unreleased", "foreign"]
"""State of the tables of a database.

`unreleased`: made by a version before 0.1.0. `foreign`: made by a release unknown here.
"""


class UnknownRevision(LookupError):
    """Revision unknown to this release; `known` lists the known ones, oldest first."""

    def __init__(self, revision: str, known: Sequence[str]) -> None:
        super().__init__(revision)
        self.revision = revision
        self.known = known


class Revisions(Struct, frozen=True):
    """Revision of a database (`base` without tables) and the revisions known to this release, oldest first."""

    current: str
    known: tuple[str, ...]

    @property
    def newest(self) -> str:
        """The revision that this release needs."""
        return self.known[-1]

    @property
    def state(self) -> State:
        """State of the tables compared with this release."""
        if self.current == BASE:
            return "empty"
        if self.current in _BEFORE_RELEASES:
            return "unreleased"
        if self.current not in self.known:
            return "foreign"
        return "current" if self.current == self.newest else "behind"


class MigrationResult(Struct, frozen=True):
    """Completed migration: its revisions in the order in which they were applied or undone."""

    before: str
    after: str
    direction: Literal["up", "down", "none"]
    steps: tuple[str, ...]


def get_revisions(database: Database) -> Revisions:
    """Return the revisions of a database; raise `DatabaseFailure` if it cannot be read."""
    with wrap_failures(), database.read() as session:
        heads = MigrationContext.configure(session.connection()).get_current_heads()
    return Revisions(heads[0] if heads else BASE, _list_known())


def move_to_revision(database: Database, target: str | None = None) -> MigrationResult:
    """Migrate the tables to a revision, by default the newest, in one transaction, and return the steps.

    A downgrade removes the columns and tables of later revisions with their data. On any error nothing has changed.

    Raises:
        UnknownRevision: The target or the present revision is unknown to this release.
        Irreversible: A revision has no downgrade.
        DatabaseFailure: The database refused.
    """
    order = [BASE, *_list_known()]
    before = get_revisions(database).current
    after = order[-1] if target is None else target
    for revision in (before, after):
        if revision not in order:
            raise UnknownRevision(revision, order)
    start, end = order.index(before), order.index(after)
    if start == end:
        return MigrationResult(before, after, "none", ())
    with wrap_failures(), database.begin_migration() as connection:
        if start < end:
            upgrade(connection, after)
            passed = order[start + 1 : end + 1]
        else:
            downgrade(connection, after)
            passed = order[start:end:-1]
    return MigrationResult(before, after, "up" if start < end else "down", tuple(passed))


def _list_known() -> tuple[str, ...]:
    """Return every revision of this release, oldest first."""
    config = Config()
    config.set_main_option("script_location", "actitud_api.platform.storage:migrations")
    scripts = list(ScriptDirectory.from_config(config).walk_revisions())
    return tuple(script.revision for script in reversed(scripts))
