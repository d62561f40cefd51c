"""Schema revisions of a database, and migrations from one to another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from alembic.runtime.migration import MigrationContext
from msgspec import Struct

from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.migrate import downgrade, list_revisions, upgrade
from actitud_api.platform.storage.urls import wrap_failures

BASE = "base"
"""Name of the state before the first revision, without tables."""

_BEFORE_RELEASES = frozenset(f"{number:04}" for number in range(1, 17))
"""Revisions before release 0.1.0, merged into one."""


State = Literal["empty", "behind", "current", "unreleased", "foreign"]
"""State of the tables of a database, compared with this release.

`empty`: no tables. `behind`: an older revision. `current`: the newest revision. `unreleased`: created by a version
before 0.1.0, without a migration path. `foreign`: a revision that this release does not know.
"""


class UnknownRevision(LookupError):
    """Raised by `move_to_revision` if this release does not know a schema revision.

    `known`: the known revisions, oldest first.
    """

    def __init__(self, revision: str, known: Sequence[str]) -> None:
        super().__init__(revision)
        self.revision = revision
        self.known = known


class Revisions(Struct, frozen=True):
    """Schema revision of a database, and the revisions known to this release.

    `current` is the revision of the database, `base` if it has no tables. `known` are the revisions of this release,
    oldest first, without `base`.
    """

    current: str
    known: tuple[str, ...]

    @property
    def newest(self) -> str:
        """The newest schema revision, which this release needs."""
        return self.known[-1]

    @property
    def state(self) -> State:
        """State of the tables compared with this release.

        It is `empty` (no tables), `behind` (an older revision), `current`, `unreleased` (from before release 0.1.0,
        without a migration path) or `foreign` (a revision that this release does not know).
        """
        if self.current == BASE:
            return "empty"
        # Before 0.1.0 nobody ran the service, so there is no migration from those sixteen revisions.
        if self.current in _BEFORE_RELEASES:
            return "unreleased"
        if self.current not in self.known:
            return "foreign"
        return "current" if self.current == self.newest else "behind"


class MigrationResult(Struct, frozen=True):
    """Completed migration from the revision `before` to the revision `after`.

    `direction` is `none` if the tables were at the revision `after` already. `steps`: the revisions in the order in
    which they were applied (`up`) or undone (`down`).
    """

    before: str
    after: str
    direction: Literal["up", "down", "none"]
    steps: tuple[str, ...]


def get_revisions(database: Database) -> Revisions:
    """Return the revision of a database and the revisions known to this release.

    Raises:
        DatabaseFailure: The database cannot be read.
    """
    with wrap_failures(), database.read() as session:
        heads = MigrationContext.configure(session.connection()).get_current_heads()
    return Revisions(heads[0] if heads else BASE, list_revisions())


def move_to_revision(database: Database, target: str | None = None) -> MigrationResult:
    """Migrate the tables to a revision, by default the newest, in one transaction; return the applied migration.

    A downgrade removes the columns and tables of later revisions with their data. If an error is raised, nothing has
    changed.

    Raises:
        UnknownRevision: The target or the present revision is unknown to this release.
        Irreversible: A revision to undo has no downgrade.
        DatabaseFailure: The database cannot be reached or a statement failed.
    """
    order = [BASE, *list_revisions()]
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
            steps = order[start + 1 : end + 1]
        else:
            downgrade(connection, after)
            steps = order[start:end:-1]
    return MigrationResult(before, after, "up" if start < end else "down", tuple(steps))
