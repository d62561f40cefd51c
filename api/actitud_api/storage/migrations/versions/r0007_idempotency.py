"""Answers to idempotency keys."""

import sqlalchemy as sa
from alembic import op

from actitud_api.storage.base import JSON_DOCUMENT

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the table."""
    op.create_table(
        "idempotent_answer",
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("headers", JSON_DOCUMENT),
        sa.Column("body", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("holder", "key", name="pk_idempotent_answer"),
    )


def downgrade() -> None:
    """Removes it."""
    op.drop_table("idempotent_answer")
