"""Assessments: what is answered and how it scores, in one row with its state and version; and submissions."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from actitud_api.storage.base import IDENTIFIER, JSON_DOCUMENT

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

KEPT = (
    "edition",
    "organisation",
    "methodology",
    "status",
    "level",
    "rank_points",
    "index_value",
    "index_max",
    "coverage",
    *(f"d{number}" for number in range(1, 11)),
    "submission",
)


def upgrade() -> None:
    """Makes the table of what there was, all of it submitted, with the time of this as its times."""
    _create(
        "assessment",
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted", sa.DateTime(timezone=True)),
        sa.Column("evidence", JSON_DOCUMENT, nullable=False),
    )
    now = sa.literal(datetime.now(UTC), sa.DateTime(timezone=True))
    added = {
        "state": sa.literal("submitted"),
        "version": sa.literal(1),
        "created": now,
        "updated": now,
        "submitted": now,
        "evidence": sa.literal({}, JSON_DOCUMENT),
    }
    score = sa.table("score", *(sa.column(name) for name in KEPT))
    assessment = sa.table("assessment", *(sa.column(name) for name in (*KEPT, *added)))
    scores = sa.select(*(score.c[name] for name in KEPT), *added.values())
    op.execute(sa.insert(assessment).from_select([*KEPT, *added], scores))
    op.drop_table("score")
    op.create_table(
        "submission",
        sa.Column("edition", IDENTIFIER, nullable=False),
        sa.Column("organisation", IDENTIFIER, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("submitted", sa.DateTime(timezone=True), nullable=False),
        sa.Column("methodology", sa.String(), nullable=False),
        sa.Column("explanations", JSON_DOCUMENT, nullable=False),
        sa.Column("submission", JSON_DOCUMENT, nullable=False),
        sa.Column("evidence", JSON_DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("edition", "organisation", "number", name="pk_submission"),
        sa.ForeignKeyConstraint(
            ["edition", "organisation"],
            ["assessment.edition", "assessment.organisation"],
            name="fk_submission_edition_organisation_assessment",
        ),
    )


def downgrade() -> None:
    """Makes the table of scores again, of what is submitted: there were no drafts."""
    op.drop_table("submission")
    _create("score")
    score = sa.table("score", *(sa.column(name) for name in KEPT))
    assessment = sa.table("assessment", sa.column("state"), *(sa.column(name) for name in KEPT))
    submitted = sa.select(*(assessment.c[name] for name in KEPT)).where(assessment.c.state == "submitted")
    op.execute(sa.insert(score).from_select(KEPT, submitted))
    op.drop_table("assessment")


def _create(table: str, *columns: sa.Column[object]) -> None:
    op.create_table(
        table,
        sa.Column("edition", IDENTIFIER, nullable=False),
        sa.Column("organisation", IDENTIFIER, nullable=False),
        *columns,
        sa.Column("methodology", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("level", sa.Integer()),
        sa.Column("rank_points", sa.Integer(), nullable=False),
        sa.Column("index_value", sa.Integer()),
        sa.Column("index_max", sa.Integer()),
        sa.Column("coverage", sa.Integer()),
        *(sa.Column(f"d{number}", sa.Integer()) for number in range(1, 11)),
        sa.Column("submission", JSON_DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("edition", "organisation", name=f"pk_{table}"),
        sa.ForeignKeyConstraint(["edition"], ["edition.id"], name=f"fk_{table}_edition_edition"),
        sa.ForeignKeyConstraint(["organisation"], ["organisation.id"], name=f"fk_{table}_organisation_organisation"),
    )
    for column in ("organisation", "status", "level"):
        op.create_index(f"ix_{table}_{column}", table, [column])
    op.create_index(f"ix_{table}_ranking", table, ["edition", sa.text("rank_points DESC"), "organisation"])
