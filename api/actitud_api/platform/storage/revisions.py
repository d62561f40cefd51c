"""Which revision the tables of a database are at, and moving them to another."""

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
"""The name of the state before the first revision: no tables."""

_BEFORE_RELEASES = frozenset(f"{number:04}" for number in range(1, 17))
"""The revisions before release 0.1.0, which were made one."""


State = Literal["empty", "behind", "current", "unreleased", "foreign"]
"""`unreleased`: a version before 0.1.0 made the tables; `foreign`: a release that is unknown here."""


class UnknownRevision(LookupError):
    """There is no revision of that name in this release; `known` lists those that there are, oldest first."""

    def __init__(self, revision: str, known: Sequence[str]) -> None:
        super().__init__(revision)
        self.revision = revision
        self.known = known


class Revisions(Struct, frozen=True):
    """The revision of a database (`base` where it has no tables) and those that this release knows, oldest first."""

    current: str
    known: tuple[str, ...]

    @property
    def newest(self) -> str:
        """The revision that this release needs."""
        return self.known[-1]

    @property
    def state(self) -> State:
        """Tell whether the tables are there and as this release needs them."""
        if self.current == BASE:
            return "empty"
        if self.current in _BEFORE_RELEASES:
            return "unreleased"
        if self.current not in self.known:
            return "foreign"
        return "current" if self.current == self.newest else "behind"


class MigrationResult(Struct, frozen=True):
    """What a migration did: the revisions done or undone, in the order in which that was."""

    before: str
    after: str
    direction: Literal["up", "down", "none"]
    steps: tuple[str, ...]


def get_revisions(database: Database) -> Revisions:
    """The revisions of a database; raises `DatabaseFailure` where it cannot be read."""
    with wrap_failures(), database.read() as session:
        heads = MigrationContext.configure(session.connection()).get_current_heads()
    return Revisions(heads[0] if heads else BASE, _list_known())


def move_to_revision(database: Database, target: str | None = None) -> MigrationResult:
    """Moves the tables to a revision, newest unless said otherwise, in one transaction.

    To go down removes what the later revisions added, with its data. Raises `UnknownRevision` for a target, or a
    present revision, that this release does not know, `Irreversible` and `DatabaseFailure`; then nothing has changed.
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
    """Every revision of this release, oldest first."""
    config = Config()
    config.set_main_option("script_location", "actitud_api.platform.storage:migrations")
    scripts = list(ScriptDirectory.from_config(config).walk_revisions())
    return tuple(script.revision for script in reversed(scripts))
