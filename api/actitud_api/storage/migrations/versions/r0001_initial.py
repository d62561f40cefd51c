"""Organisations, editions, scores, and the simulations of the demonstration."""

import sqlalchemy as sa
from alembic import op

from actitud_api.storage.base import IDENTIFIER, JSON_DOCUMENT

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

DIMENSIONS = tuple(f"d{number}" for number in range(1, 11))


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "organisation",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("population", sa.BigInteger()),
        sa.Column("band", sa.String()),
        sa.Column("province", sa.String()),
        sa.Column("region", sa.String()),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("search", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_organisation"),
    )
    for column in ("kind", "band", "province", "region"):
        op.create_index(f"ix_organisation_{column}", "organisation", [column])
    op.create_table(
        "edition",
        sa.Column("id", IDENTIFIER, nullable=False),
        sa.Column("titles", JSON_DOCUMENT, nullable=False),
        sa.Column("methodology", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("period_from", sa.Date(), nullable=False),
        sa.Column("period_to", sa.Date(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.Column("organisations", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_edition"),
    )
    op.create_table(
        "score",
        sa.Column("edition", IDENTIFIER, nullable=False),
        sa.Column("organisation", IDENTIFIER, nullable=False),
        sa.Column("methodology", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("level", sa.Integer()),
        sa.Column("rank_points", sa.Integer(), nullable=False),
        sa.Column("index_value", sa.Integer()),
        sa.Column("index_max", sa.Integer()),
        sa.Column("coverage", sa.Integer()),
        *(sa.Column(name, sa.Integer()) for name in DIMENSIONS),
        sa.Column("submission", JSON_DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("edition", "organisation", name="pk_score"),
        sa.ForeignKeyConstraint(["edition"], ["edition.id"], name="fk_score_edition_edition"),
        sa.ForeignKeyConstraint(["organisation"], ["organisation.id"], name="fk_score_organisation_organisation"),
    )
    for column in ("organisation", "status", "level"):
        op.create_index(f"ix_score_{column}", "score", [column])
    op.create_index("ix_score_ranking", "score", ["edition", sa.text("rank_points DESC"), "organisation"])
    op.create_table(
        "simulation",
        sa.Column("edition", IDENTIFIER, nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("report", JSON_DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("edition", name="pk_simulation"),
        sa.ForeignKeyConstraint(["edition"], ["edition.id"], name="fk_simulation_edition_edition"),
    )


def downgrade() -> None:
    """Removes them."""
    for table in ("simulation", "score", "edition", "organisation"):
        op.drop_table(table)
