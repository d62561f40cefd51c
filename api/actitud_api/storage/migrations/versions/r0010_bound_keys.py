"""Keys are bound to any number of organisations and editions.

The roles get the names of what they do: `organisation` becomes `organisation_editor` and `editor`, which edits the
register of organisations, `registrar`. A key that was of an organisation is still bound to it.
"""

from typing import Final

import sqlalchemy as sa
from alembic import op

from actitud_api.storage.base import JSON_DOCUMENT

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_KEYS: Final = sa.table(
    "access_key",
    sa.column("id", sa.String()),
    sa.column("owner", sa.String()),
    sa.column("role", sa.String()),
    sa.column("organisations", JSON_DOCUMENT),
    sa.column("editions", JSON_DOCUMENT),
)
_RENAMED: Final = {"organisation": "organisation_editor", "editor": "registrar"}
_TOLD_BEFORE: Final = {**{new: old for old, new in _RENAMED.items()}, "administrator": "administrator"}
"""What an earlier release calls each role that it has."""


def upgrade() -> None:
    """Adds the columns, and renames the roles."""
    op.add_column("access_key", sa.Column("organisations", JSON_DOCUMENT))
    op.add_column("access_key", sa.Column("editions", JSON_DOCUMENT))
    connection = op.get_bind()
    for identifier, owner in connection.execute(sa.select(_KEYS.c.id, _KEYS.c.owner)).all():
        bound = [] if owner is None else [owner]
        connection.execute(sa.update(_KEYS).where(_KEYS.c.id == identifier).values(organisations=bound))
    for old, new in _RENAMED.items():
        connection.execute(sa.update(_KEYS).where(_KEYS.c.role == old).values(role=new))
    with op.batch_alter_table("access_key") as table:
        table.alter_column("organisations", nullable=False)
        table.drop_column("owner")


def downgrade() -> None:
    """Removes them, and with them the keys that an earlier release could not tell what they may do."""
    op.add_column("access_key", sa.Column("owner", sa.String()))
    connection = op.get_bind()
    rows = connection.execute(sa.select(_KEYS.c.id, _KEYS.c.role, _KEYS.c.organisations)).all()
    for identifier, role, bound in rows:
        mine = _KEYS.c.id == identifier
        if role not in _TOLD_BEFORE or len(bound) > 1:
            connection.execute(sa.delete(_KEYS).where(mine))
        else:
            owner = bound[0] if bound else None
            connection.execute(sa.update(_KEYS).where(mine).values(role=_TOLD_BEFORE[role], owner=owner))
    with op.batch_alter_table("access_key") as table:
        for column in ("organisations", "editions"):
            table.drop_column(column)
