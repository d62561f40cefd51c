"""What is published: it never changes, nor do the rows that it was made of.

The scores of a revision come first and its publication last, in one transaction. While a revision has scores and no
publication, the assessments of its edition may change, and only then: that is a correction, and without its publication
it cannot be kept.
"""

from typing import Final

import sqlalchemy as sa
from alembic import op

from actitud_api.storage.base import IDENTIFIER, JSON_DOCUMENT
from actitud_api.storage.errors import Irreversible
from actitud_api.storage.migrations.refusing import Change, refuse, refuse_replacement, refuse_truncation

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ERASABLE: Final = frozenset({"evidence", "explanations", "updated"})
"""What may hold personal data, and is in no document: it can be erased."""

FIGURES: Final = (
    "methodology",
    "status",
    "level",
    "index_value",
    "index_max",
    "coverage",
    *(f"d{number}" for number in range(1, 11)),
)

_PUBLISHED: Final = "EXISTS (SELECT 1 FROM publication WHERE edition = {edition})"
_NEWEST: Final = "(SELECT COALESCE(MAX(revision), 0) FROM publication WHERE edition = {edition})"
_CORRECTED: Final = f"EXISTS (SELECT 1 FROM published_score WHERE edition = {{edition}} AND revision > {_NEWEST})"
_FUNCTIONS: Final = {
    "is_published": ("boolean", _PUBLISHED),
    "is_settled": ("boolean", f"{_PUBLISHED} AND NOT {_CORRECTED}"),
    "newest_revision": ("integer", _NEWEST),
    "digest_of_revision": (
        "text",
        "(SELECT digest FROM publication WHERE edition = {edition} ORDER BY revision DESC LIMIT 1)",
    ),
    "state_of_edition": ("text", "(SELECT state FROM edition WHERE id = {edition})"),
}
"""What triggers ask of an edition: PostgreSQL asks by a function, because a trigger has no subqueries there."""


def upgrade() -> None:
    """Makes the tables and triggers. Nothing was published before: what says so goes back to review."""
    op.execute("UPDATE edition SET state = 'in_review' WHERE state IN ('published', 'superseded')")
    _index_ranking("state")
    _create_tables()
    if _is_postgresql():
        for name, (type_, body) in _FUNCTIONS.items():
            op.execute(
                f"CREATE FUNCTION {name}(named text) RETURNS {type_} LANGUAGE sql AS "
                f"$$ SELECT {body.format(edition='named')} $$"
            )
    for change in ("UPDATE", "DELETE"):
        for table in ("published_document", "published_score", "publication"):
            refuse(table, change)
        refuse("edition", change, asked("is_published", "OLD.id"))
    refuse("published_score", "INSERT", f"NEW.revision <> {asked('newest_revision', 'NEW.edition')} + 1")
    refuse(
        "publication",
        "INSERT",
        f"NEW.revision <> {asked('newest_revision', 'NEW.edition')} + 1 "
        f"OR {asked('state_of_edition', 'NEW.edition')} <> 'published' "
        f"OR NEW.supersedes IS DISTINCT FROM {asked('digest_of_revision', 'NEW.edition')}",
    )
    refuse("assessment", "INSERT", asked("is_published", "NEW.edition"))
    refuse("assessment", "DELETE", asked("is_published", "OLD.edition"))
    refuse("submission", "INSERT", asked("is_settled", "NEW.edition"))
    refuse("submission", "DELETE", asked("is_published", "OLD.edition"))
    for table in ("assessment", "submission"):
        moved = f"OLD.edition <> NEW.edition AND {asked('is_published', 'NEW.edition')}"
        refuse(table, "UPDATE", f"({asked('is_settled', 'OLD.edition')} OR {moved}) AND ({differs(table)})")
    for table in ("published_document", "published_score", "publication", "edition", "assessment", "submission"):
        refuse_truncation(table)
    for table in ("published_document", "publication"):
        refuse_replacement(table, "digest")
    refuse_replacement("published_score", "rowid")
    refuse_replacement("edition", "id", _PUBLISHED.format(edition="there.id"))
    for table in ("assessment", "submission"):
        refuse_replacement(table, "rowid", _PUBLISHED.format(edition="there.edition"))


def downgrade() -> None:
    """Removes them; raises `Irreversible` where something is published."""
    if op.get_bind().execute(sa.text("SELECT 1 FROM publication LIMIT 1")).first() is not None:
        raise Irreversible("what is published stays")
    changes: dict[str, tuple[Change | str, ...]] = {
        "edition": ("update", "delete"),
        "assessment": ("insert", "update", "delete"),
        "submission": ("insert", "update", "delete"),
    }
    on_server = _is_postgresql()
    for table, refused in changes.items():
        for change in (*refused, "truncate" if on_server else "replacement"):
            op.execute(f"DROP TRIGGER {table}_refuses_{change}{f' ON {table}' if on_server else ''}")
    for table in ("published_score", "publication", "published_document"):
        op.drop_table(table)
    if on_server:
        for name in _FUNCTIONS:
            op.execute(f"DROP FUNCTION {name}(text)")
    _index_ranking()


def _index_ranking(*more: str) -> None:
    op.drop_index("ix_assessment_ranking", "assessment")
    ranking: list[str | sa.TextClause] = ["edition", sa.text("rank_points DESC"), "organisation", *FIGURES, *more]
    op.create_index("ix_assessment_ranking", "assessment", ranking)


def _create_tables() -> None:
    op.create_table(
        "published_document",
        sa.Column("digest", IDENTIFIER, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("member", sa.LargeBinary(), nullable=False),
        sa.Column("protected", sa.String(), nullable=False),
        sa.Column("signature", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_published_document"),
    )
    op.create_table(
        "publication",
        sa.Column("edition", IDENTIFIER, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("digest", IDENTIFIER, nullable=False),
        sa.Column("published", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("supersedes", IDENTIFIER),
        sa.Column("actor", sa.String()),
        sa.Column("organisations", sa.Integer(), nullable=False),
        sa.Column("corrections", JSON_DOCUMENT, nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("checkpoint", sa.Integer(), nullable=False),
        sa.Column("header", sa.LargeBinary(), nullable=False),
        sa.Column("bundle_digest", sa.String(), nullable=False),
        sa.Column("bundle_size", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("edition", "revision", name="pk_publication"),
        sa.UniqueConstraint("digest", name="uq_publication_digest"),
        sa.ForeignKeyConstraint(["edition"], ["edition.id"], name="fk_publication_edition_edition"),
        sa.ForeignKeyConstraint(
            ["digest"], ["published_document.digest"], name="fk_publication_digest_published_document"
        ),
        sa.ForeignKeyConstraint(["entry"], ["ledger_entry.seq"], name="fk_publication_entry_ledger_entry"),
        sa.ForeignKeyConstraint(["checkpoint"], ["checkpoint.size"], name="fk_publication_checkpoint_checkpoint"),
    )
    op.create_table(
        "published_score",
        sa.Column("edition", IDENTIFIER, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("organisation", IDENTIFIER, nullable=False),
        sa.Column("digest", IDENTIFIER, nullable=False),
        sa.PrimaryKeyConstraint("edition", "revision", "organisation", name="pk_published_score"),
        sa.ForeignKeyConstraint(
            ["edition", "revision"],
            ["publication.edition", "publication.revision"],
            name="fk_published_score_edition_revision_publication",
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.ForeignKeyConstraint(
            ["organisation"], ["organisation.id"], name="fk_published_score_organisation_organisation"
        ),
        sa.ForeignKeyConstraint(
            ["digest"], ["published_document.digest"], name="fk_published_score_digest_published_document"
        ),
    )
    op.create_index("ix_published_score_digest", "published_score", ["digest"])


def asked(name: str, edition: str) -> str:
    """What a trigger asks of an edition, as each database has it."""
    return f"{name}({edition})" if _is_postgresql() else f"({_FUNCTIONS[name][1].format(edition=edition)})"


def differs(table: str, *erasable: str) -> str:
    """Whether a row changes in anything but what may be erased: `ERASABLE`, and more."""
    columns = [column["name"] for column in sa.inspect(op.get_bind()).get_columns(table)]
    kept = (name for name in columns if name not in ERASABLE and name not in erasable)
    return " OR ".join(f"OLD.{name} IS DISTINCT FROM NEW.{name}" for name in kept)


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"
