"""The ledger, its checkpoints and the keys that sign; what is written stays as it is."""

import sqlalchemy as sa
from alembic import op

from actitud_api.storage.base import IDENTIFIER
from actitud_api.storage.migrations.refusing import refuse, refuse_replacement, refuse_truncation

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_KEPT = "NEW.kid = OLD.kid AND NEW.public = OLD.public AND NEW.created = OLD.created"


def upgrade() -> None:
    """Makes the tables, and the triggers that refuse to change them."""
    op.create_table(
        "ledger_entry",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("action", IDENTIFIER, nullable=False),
        sa.Column("record", sa.String(), nullable=False),
        sa.Column("prev", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_ledger_entry"),
        sa.CheckConstraint(
            "substr(record, 1, length(action) + 13) = '{\"action\":\"' || action || '\",'",
            name="ck_ledger_entry_action",
        ),
    )
    op.create_index("ix_ledger_entry_action_seq", "ledger_entry", ["action", "seq"])
    op.create_table(
        "ledger_opening",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("salt", sa.String(), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("owner", IDENTIFIER),
        sa.PrimaryKeyConstraint("seq", name="pk_ledger_opening"),
        sa.ForeignKeyConstraint(["seq"], ["ledger_entry.seq"], name="fk_ledger_opening_seq_ledger_entry"),
    )
    op.create_table(
        "checkpoint",
        sa.Column("size", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("root", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("size", name="pk_checkpoint"),
    )
    op.create_table(
        "signing_key",
        sa.Column("kid", IDENTIFIER, nullable=False),
        sa.Column("public", sa.String(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("kid", name="pk_signing_key"),
    )
    for table in ("ledger_entry", "checkpoint"):
        refuse(table, "UPDATE")
        refuse(table, "DELETE")
        refuse_truncation(table)
    refuse("signing_key", "UPDATE", f"NOT (OLD.retired IS NULL AND NEW.retired IS NOT NULL AND {_KEPT})")
    refuse("signing_key", "DELETE")
    refuse_truncation("signing_key")
    for table, key in (("ledger_entry", "seq"), ("checkpoint", "size"), ("signing_key", "kid")):
        refuse_replacement(table, key)


def downgrade() -> None:
    """Removes them, with the ledger; their triggers go with them."""
    for table in ("signing_key", "checkpoint", "ledger_opening", "ledger_entry"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change()")
