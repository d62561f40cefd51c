"""Approvals of what is to be published."""

import sqlalchemy as sa
from alembic import op

from actitud_api.storage.base import IDENTIFIER

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the table."""
    op.create_table(
        "publication_approval",
        sa.Column("edition", IDENTIFIER, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("digest", IDENTIFIER, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("approved", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("edition", "number", name="pk_publication_approval"),
        sa.ForeignKeyConstraint(
            ["edition"], ["edition.id"], name="fk_publication_approval_edition_edition", ondelete="CASCADE"
        ),
    )


def downgrade() -> None:
    """Removes it."""
    op.drop_table("publication_approval")
