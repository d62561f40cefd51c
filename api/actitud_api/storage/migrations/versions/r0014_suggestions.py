"""Suggestions, and what was decided on them."""

import sqlalchemy as sa
from alembic import op

from actitud_api.storage.base import JSON_DOCUMENT

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the table, whose ids are never given again."""
    op.create_table(
        "suggestion",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("dimension", sa.String()),
        sa.Column("indicator", sa.String()),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("methodology", sa.String()),
        sa.Column("decisions", JSON_DOCUMENT, nullable=False),
        sa.Column("proposer", sa.String(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_suggestion"),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    """Removes it."""
    op.drop_table("suggestion")
