"""Organisations in full: size with its year, parent, aliases, validity, former names, succession, contact, domains."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from actitud_api.storage.base import IDENTIFIER, JSON_DOCUMENT

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_NEVER = "1970-01-01 00:00:00"


def columns() -> tuple[sa.Column[object], ...]:
    """What each organisation has besides, made anew: a column belongs to one table."""
    return (
        sa.Column("parent", IDENTIFIER),
        sa.Column("population_year", sa.Integer()),
        sa.Column("employees", sa.BigInteger()),
        sa.Column("employees_year", sa.Integer()),
        sa.Column("former_names", JSON_DOCUMENT, nullable=False, server_default="[]"),
        sa.Column("valid_from", sa.Date()),
        sa.Column("valid_to", sa.Date()),
        sa.Column("contact", JSON_DOCUMENT),
        sa.Column("domains", JSON_DOCUMENT, nullable=False, server_default="[]"),
        # SQLite adds no column that has to be there without a constant default; what is there gets its time below.
        sa.Column("created", sa.DateTime(timezone=True), nullable=False, server_default=_NEVER),
        sa.Column("updated", sa.DateTime(timezone=True), nullable=False, server_default=_NEVER),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
    )


def upgrade() -> None:
    """Adds columns and tables; what is there already counts as made now."""
    for column in columns():
        op.add_column("organisation", column)
    op.create_index("ix_organisation_parent", "organisation", ["parent"])
    times = (sa.column(name, sa.DateTime(timezone=True)) for name in ("created", "updated"))
    now = datetime.now(UTC)
    op.execute(sa.update(sa.table("organisation", *times)).values(created=now, updated=now))
    op.create_table(
        "organisation_alias",
        sa.Column("alias", IDENTIFIER, nullable=False),
        sa.Column("organisation", IDENTIFIER, nullable=False),
        sa.PrimaryKeyConstraint("alias", name="pk_organisation_alias"),
        sa.ForeignKeyConstraint(
            ["organisation"], ["organisation.id"], name="fk_organisation_alias_organisation_organisation"
        ),
    )
    op.create_index("ix_organisation_alias_organisation", "organisation_alias", ["organisation"])
    op.create_table(
        "organisation_successor",
        sa.Column("organisation", IDENTIFIER, nullable=False),
        sa.Column("successor", IDENTIFIER, nullable=False),
        sa.PrimaryKeyConstraint("organisation", "successor", name="pk_organisation_successor"),
        sa.ForeignKeyConstraint(
            ["organisation"], ["organisation.id"], name="fk_organisation_successor_organisation_organisation"
        ),
        sa.ForeignKeyConstraint(
            ["successor"], ["organisation.id"], name="fk_organisation_successor_successor_organisation"
        ),
    )
    op.create_index("ix_organisation_successor_successor", "organisation_successor", ["successor"])


def downgrade() -> None:
    """Removes them."""
    op.drop_table("organisation_successor")
    op.drop_table("organisation_alias")
    op.drop_index("ix_organisation_parent", "organisation")
    for column in reversed(columns()):
        op.drop_column("organisation", column.name)
