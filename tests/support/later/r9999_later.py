"""A revision of a later release: tables gain columns, another is made and filled, a trigger is replaced."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from actitud_api.platform.storage.migrations.refusing import refuse
from tests.support.revisions import LATER, NEWEST

revision = LATER
down_revision = NEWEST
branch_labels = None
depends_on = None

_ROWS = 200
_TABLE = "correction"


def upgrade() -> None:
    """Step by step, each of which would show if it stood alone."""
    for table in ("published_score", "publication", "organisation"):
        op.add_column(table, sa.Column("later", sa.Integer))
        op.create_index(f"ix_{table}_later", table, ["later"])
    later = op.create_table("later", sa.Column("id", sa.Integer, primary_key=True), sa.Column("text", sa.Text))
    for number in range(_ROWS):
        op.execute(later.insert().values(id=number, text="later"))
    _replace_trigger()


def downgrade() -> None:
    """All of it back."""
    _replace_trigger()
    op.drop_table("later")
    for table in ("published_score", "publication", "organisation"):
        op.drop_index(f"ix_{table}_later", table)
        op.drop_column(table, "later")


def _replace_trigger() -> None:
    on = f" ON {_TABLE}" if op.get_bind().dialect.name == "postgresql" else ""
    op.execute(f"DROP TRIGGER {_TABLE}_refuses_delete{on}")
    refuse(_TABLE, "DELETE")
