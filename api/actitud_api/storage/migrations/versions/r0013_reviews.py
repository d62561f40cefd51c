"""Reviews: what assessors find of answers and of whole assessments, samples, and flags.

What was found of what is published does not change.
"""

from typing import Final

import sqlalchemy as sa
from alembic import op

from actitud_api.storage.base import IDENTIFIER, JSON_DOCUMENT
from actitud_api.storage.migrations.refusing import refuse, refuse_replacement, refuse_truncation
from actitud_api.storage.migrations.versions.r0009_publication import asked, differs

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_MAY_BE_ERASED: Final = "reason"
"""A text that may hold personal data."""


def upgrade() -> None:
    """Makes the tables."""
    _of_assessment(
        "verdict",
        ("indicator", "answer", "assessor"),
        sa.Column("indicator", IDENTIFIER, nullable=False),
        sa.Column("answer", IDENTIFIER, nullable=False),
        sa.Column("assessor", IDENTIFIER, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verdict", sa.String()),
        sa.Column("reason", sa.String()),
        sa.Column("level", sa.Integer()),
        sa.Column("rule", sa.String()),
        sa.Column("first_verdict", sa.String(), nullable=False),
        sa.Column("first_level", sa.Integer()),
    )
    _of_assessment(
        "review",
        (),
        sa.Column("reviewer", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("max_level", sa.Integer()),
        sa.Column("profile", JSON_DOCUMENT, nullable=False),
        sa.Column("answers", JSON_DOCUMENT, nullable=False),
    )
    op.create_table(
        "sample",
        sa.Column("edition", IDENTIFIER, nullable=False),
        sa.Column("seed", sa.String(), nullable=False),
        sa.Column("share", sa.Float(53), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("made", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("edition", name="pk_sample"),
        sa.ForeignKeyConstraint(["edition"], ["edition.id"], name="fk_sample_edition_edition", ondelete="CASCADE"),
    )
    _of_assessment(
        "flag",
        ("number",),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("indicator", sa.String()),
        sa.Column("facts", JSON_DOCUMENT, nullable=False),
        sa.Column("made", sa.DateTime(timezone=True), nullable=False),
    )
    for table in ("verdict", "review"):
        published = asked("is_published", "OLD.edition")
        refuse(table, "INSERT", asked("is_published", "NEW.edition"))
        refuse(table, "DELETE", published)
        refuse(table, "UPDATE", f"{published} AND ({differs(table, _MAY_BE_ERASED)})")
        refuse_truncation(table)
        refuse_replacement(table, "rowid", "EXISTS (SELECT 1 FROM publication WHERE edition = there.edition)")


def downgrade() -> None:
    """Removes them, and what they say: scores stay as the review left them."""
    for table in ("flag", "sample", "review", "verdict"):
        op.drop_table(table)


def _of_assessment(table: str, key: tuple[str, ...], *columns: sa.Column[object]) -> None:
    op.create_table(
        table,
        sa.Column("edition", IDENTIFIER, nullable=False),
        sa.Column("organisation", IDENTIFIER, nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("edition", "organisation", *key, name=f"pk_{table}"),
        sa.ForeignKeyConstraint(
            ["edition", "organisation"],
            ["assessment.edition", "assessment.organisation"],
            name=f"fk_{table}_edition_organisation_assessment",
            ondelete="CASCADE",
        ),
    )
