"""Replies in the hearing. What was replied to what is published does not change."""

from typing import Final

import sqlalchemy as sa
from alembic import op

from actitud_api.storage.base import IDENTIFIER, JSON_DOCUMENT
from actitud_api.storage.migrations.refusing import refuse, refuse_replacement, refuse_truncation
from actitud_api.storage.migrations.versions.r0009_publication import asked, differs

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_MAY_BE_ERASED: Final = ("text", "evidence")
"""What may hold personal data."""


def upgrade() -> None:
    """Makes the table."""
    op.create_table(
        "reply",
        sa.Column("edition", IDENTIFIER, nullable=False),
        sa.Column("organisation", IDENTIFIER, nullable=False),
        sa.Column("indicator", IDENTIFIER, nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("evidence", JSON_DOCUMENT, nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("edition", "organisation", "indicator", name="pk_reply"),
        sa.ForeignKeyConstraint(
            ["edition", "organisation"],
            ["assessment.edition", "assessment.organisation"],
            name="fk_reply_edition_organisation_assessment",
            ondelete="CASCADE",
        ),
    )
    published = asked("is_published", "OLD.edition")
    refuse("reply", "INSERT", asked("is_published", "NEW.edition"))
    refuse("reply", "DELETE", published)
    refuse("reply", "UPDATE", f"{published} AND ({differs('reply', *_MAY_BE_ERASED)})")
    refuse_truncation("reply")
    refuse_replacement("reply", "rowid", "EXISTS (SELECT 1 FROM publication WHERE edition = there.edition)")


def downgrade() -> None:
    """Removes it."""
    op.drop_table("reply")
