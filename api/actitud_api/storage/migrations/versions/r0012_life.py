"""The life of an assessment: more states, and the steps that led to them.

What is published is final, and so is what is invented. What else was submitted stays so, and has its review before it.
"""

from typing import Final

import sqlalchemy as sa
from alembic import op

from actitud_api.storage.base import IDENTIFIER
from actitud_api.storage.migrations.refusing import refuse, refuse_replacement, refuse_truncation
from actitud_api.storage.migrations.versions.r0009_publication import asked, differs

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_SETTLED: Final = "edition IN (SELECT id FROM edition WHERE simulated OR state = 'published')"
_MAY_BE_ERASED: Final = "reason"
"""A text that may hold personal data, and is in no document."""


def upgrade() -> None:
    """Makes the table, and says what is final."""
    op.create_table(
        "transition",
        sa.Column("edition", IDENTIFIER, nullable=False),
        sa.Column("organisation", IDENTIFIER, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("before", sa.String(), nullable=False),
        sa.Column("after", sa.String(), nullable=False),
        sa.Column("phase", sa.String()),
        sa.Column("reason", sa.String()),
        sa.Column("until", sa.Date()),
        sa.PrimaryKeyConstraint("edition", "organisation", "number", name="pk_transition"),
        sa.ForeignKeyConstraint(
            ["edition", "organisation"],
            ["assessment.edition", "assessment.organisation"],
            name="fk_transition_edition_organisation_assessment",
        ),
    )
    _restate(f"UPDATE assessment SET state = 'final' WHERE state = 'submitted' AND {_SETTLED}")
    refuse("transition", "INSERT", asked("is_published", "NEW.edition"))
    refuse("transition", "DELETE", asked("is_published", "OLD.edition"))
    refuse("transition", "UPDATE", differs("transition", _MAY_BE_ERASED))
    refuse_truncation("transition")
    refuse_replacement("transition", "rowid")


def downgrade() -> None:
    """Removes it. An earlier release knows drafts, as which it takes what was returned, and what was submitted."""
    op.drop_table("transition")
    _restate(
        "UPDATE assessment SET state = CASE state WHEN 'returned' THEN 'draft' ELSE 'submitted' END, "
        "submitted = CASE state WHEN 'returned' THEN NULL ELSE submitted END WHERE state <> 'draft'"
    )


def _restate(statement: str) -> None:
    """Changes the states, which the trigger refuses where an edition is published."""
    on = " ON assessment" if op.get_bind().dialect.name == "postgresql" else ""
    op.execute(f"DROP TRIGGER assessment_refuses_update{on}")
    op.execute(statement)
    settled, published = asked("is_settled", "OLD.edition"), asked("is_published", "NEW.edition")
    moved = f"OLD.edition <> NEW.edition AND {published}"
    refuse("assessment", "UPDATE", f"({settled} OR {moved}) AND ({differs('assessment')})")
