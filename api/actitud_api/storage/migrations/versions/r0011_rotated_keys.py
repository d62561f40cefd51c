"""Keys take the place of others, and the day on which each was used last."""

from datetime import datetime
from typing import Final

import sqlalchemy as sa
from alembic import op

from actitud_api.storage.times import UtcTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_KEYS: Final = sa.table(
    "access_key",
    sa.column("id", sa.String()),
    sa.column("created", UtcTime),
    sa.column("expires", UtcTime),
    sa.column("days", sa.Integer()),
    sa.column("origin", sa.String()),
    sa.column("version", sa.Integer()),
)
_ADDED: Final = ("days", "maker", "origin", "replaced_by", "version")


def upgrade() -> None:
    """Adds the columns and the table. What a key was made with is not known of those that there are."""
    for column in (
        sa.Column("days", sa.Integer()),
        sa.Column("maker", sa.String()),
        sa.Column("origin", sa.String()),
        sa.Column("replaced_by", sa.String()),
        sa.Column("version", sa.Integer()),
    ):
        op.add_column("access_key", column)
    connection = op.get_bind()
    created: datetime
    expires: datetime
    for identifier, created, expires in connection.execute(sa.select(_KEYS.c.id, _KEYS.c.created, _KEYS.c.expires)):
        known = {"days": (expires - created).days, "origin": identifier, "version": 1}
        connection.execute(sa.update(_KEYS).where(_KEYS.c.id == identifier).values(known))
    with op.batch_alter_table("access_key") as table:
        for name in ("days", "origin", "version"):
            table.alter_column(name, nullable=False)
    op.create_table(
        "key_use",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_key_use"),
    )


def downgrade() -> None:
    """Removes them; a key that another took the place of ends when it was to end then."""
    op.drop_table("key_use")
    with op.batch_alter_table("access_key") as table:
        for name in _ADDED:
            table.drop_column(name)
