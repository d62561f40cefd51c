"""Counts of requests."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the table. A count changes at each request, so half of a page is left free for its next versions."""
    on_server = op.get_bind().dialect.name == "postgresql"
    op.create_table(
        "request_count",
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("ends", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("subject", name="pk_request_count"),
        prefixes=["UNLOGGED"] if on_server else [],
        postgresql_with={"fillfactor": "50"},
    )
    op.create_index("ix_request_count_ends", "request_count", ["ends"])


def downgrade() -> None:
    """Removes it."""
    op.drop_table("request_count")
