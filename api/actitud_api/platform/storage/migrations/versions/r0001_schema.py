"""The schema of release 0.1.0: every table, and the triggers that refuse changes to signed and published data."""

from __future__ import annotations

import secrets
from typing import Any, Final

import sqlalchemy as sa
from alembic import op

from actitud_api.platform.storage.base import IDENTIFIER, JSON_DOCUMENT
from actitud_api.platform.storage.errors import Irreversible
from actitud_api.platform.storage.migrations.refusing import (
    refuse,
    refuse_renumbering,
    refuse_replacement,
    refuse_truncation,
)

# Not "0001": the sixteen revisions before release 0.1.0 were called "0001" to "0016", and what they made is told apart.
revision = "r0001"
down_revision = None
branch_labels = None
depends_on = None

_TIME: Final = sa.DateTime(timezone=True)
_DIMENSIONS: Final = tuple(f"d{number}" for number in range(1, 11))
_FIGURES: Final = ("methodology", "status", "level", "index_value", "index_max", "coverage", *_DIMENSIONS)
_TABLES: Final = (
    *("organisation", "organisation_alias", "organisation_successor", "organisation_word", "word_trigram"),
    *("register_state", "edition", "simulation"),
    *("assessment", "submission", "transition", "verdict", "review", "sample", "flag", "reply"),
    *("access_key", "key_use", "denial", "request_count", "idempotent_answer", "suggestion"),
    *("webhook", "webhook_topic", "webhook_delivery"),
    *("ledger_entry", "ledger_opening", "checkpoint", "signing_key"),
    *("published_document", "publication", "published_score", "publication_approval", "correction", "erasure"),
    *("job", "job_item", "batch_file", "import_file", "import_piece", "public_state"),
)
"""Each after those that it refers to."""


def upgrade() -> None:
    """Create the tables, then the triggers that refuse changes to published data."""
    _create_organisations()
    _create_editions()
    _create_assessments()
    _create_reviews()
    _create_access()
    _create_suggestions()
    _create_webhooks()
    _create_ledger()
    _create_publications()
    _create_erasures()
    _create_jobs()
    _create_imports()
    _create_public_state()
    _create_functions()
    _protect_ledger()
    _protect_erasures()
    _protect_publications()
    _protect_published_assessments()
    _protect_published_reviews()


def downgrade() -> None:
    """Drop all tables and functions; raise `Irreversible` if an edition is published."""
    if op.get_bind().execute(sa.text("SELECT 1 FROM publication LIMIT 1")).first() is not None:
        raise Irreversible("what is published stays")
    for table in reversed(_TABLES):
        op.drop_table(table)
    if _is_postgresql():
        for name in ("refuse_change", "erases_support", *_FUNCTIONS):
            op.execute(f"DROP FUNCTION {name}")


# --- tables ---------------------------------------------------------------------------------------------------


def _identifiers(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, IDENTIFIER, nullable=False) for name in names]


def _times(*names: str) -> list[sa.Column[object]]:
    return [sa.Column(name, _TIME, nullable=False) for name in names]


def _figures() -> list[sa.Column[Any]]:
    return [
        sa.Column("methodology", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("level", sa.Integer()),
        sa.Column("rank_points", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Integer()) for name in ("index_value", "index_max", "coverage", *_DIMENSIONS)),
    ]


def _reference(table: str, column: str, target: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    """Return the foreign key of one column, under the name of the rule in `storage.base`."""
    name = f"fk_{table}_{column}_{target.partition('.')[0]}"
    return sa.ForeignKeyConstraint([column], [target], name=name, ondelete=ondelete)


def _create_of_assessment(
    table: str, key: tuple[str, ...], *columns: sa.Column[object], ondelete: str | None = "CASCADE"
) -> None:
    """Create a table whose rows are parts of an assessment, such as its verdicts.

    `key`: columns of the primary key after the edition and the organisation of the assessment.
    """
    op.create_table(
        table,
        *_identifiers("edition", "organisation"),
        *columns,
        sa.PrimaryKeyConstraint("edition", "organisation", *key, name=f"pk_{table}"),
        sa.ForeignKeyConstraint(
            ["edition", "organisation"],
            ["assessment.edition", "assessment.organisation"],
            name=f"fk_{table}_edition_organisation_assessment",
            ondelete=ondelete,
        ),
    )


def _create_organisations() -> None:
    op.create_table(
        "organisation",
        *_identifiers("id"),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("parent", IDENTIFIER),
        sa.Column("population", sa.BigInteger()),
        sa.Column("population_year", sa.Integer()),
        sa.Column("employees", sa.BigInteger()),
        sa.Column("employees_year", sa.Integer()),
        sa.Column("band", sa.String()),
        sa.Column("province", sa.String()),
        sa.Column("region", sa.String()),
        sa.Column("former_names", JSON_DOCUMENT, nullable=False),
        sa.Column("valid_from", sa.Date()),
        sa.Column("valid_to", sa.Date()),
        sa.Column("contact", JSON_DOCUMENT),
        sa.Column("domains", JSON_DOCUMENT, nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        *_identifiers("name_order"),
        *_times("created", "updated"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_organisation"),
    )
    for column in ("kind", "parent", "band", "province", "region"):
        op.create_index(f"ix_organisation_{column}_id", "organisation", [column, "id"])
    op.create_index("ix_organisation_id_valid_from_valid_to", "organisation", ["id", "valid_from", "valid_to"])
    op.create_table(
        "organisation_alias",
        *_identifiers("alias", "organisation"),
        sa.PrimaryKeyConstraint("alias", name="pk_organisation_alias"),
        _reference("organisation_alias", "organisation", "organisation.id"),
    )
    op.create_index("ix_organisation_alias_organisation", "organisation_alias", ["organisation"])
    op.create_table(
        "organisation_successor",
        *_identifiers("organisation", "successor"),
        sa.PrimaryKeyConstraint("organisation", "successor", name="pk_organisation_successor"),
        _reference("organisation_successor", "organisation", "organisation.id"),
        _reference("organisation_successor", "successor", "organisation.id"),
    )
    op.create_index("ix_organisation_successor_successor", "organisation_successor", ["successor"])
    op.create_table(
        "organisation_word",
        *_identifiers("word"),
        sa.Column("distance", sa.Integer(), nullable=False),
        *_identifiers("organisation"),
        sa.PrimaryKeyConstraint("word", "distance", "organisation", name="pk_organisation_word"),
        _reference("organisation_word", "organisation", "organisation.id"),
        sqlite_with_rowid=False,
    )
    words = ["organisation", "word", "distance"]
    op.create_index("ix_organisation_word_organisation_word_distance", "organisation_word", words)
    op.create_table(
        "word_trigram",
        *_identifiers("trigram", "word"),
        sa.PrimaryKeyConstraint("trigram", "word", name="pk_word_trigram"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "register_state",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("writes", sa.BigInteger(), nullable=False),
        *_times("written"),
        sa.PrimaryKeyConstraint("id", name="pk_register_state"),
    )


def _create_editions() -> None:
    op.create_table(
        "edition",
        *_identifiers("id"),
        sa.Column("titles", JSON_DOCUMENT, nullable=False),
        sa.Column("methodology", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("period_from", sa.Date(), nullable=False),
        sa.Column("period_to", sa.Date(), nullable=False),
        sa.Column("windows", JSON_DOCUMENT, nullable=False),
        sa.Column("calendar", JSON_DOCUMENT, nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        *_times("created", "updated"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_edition"),
    )
    op.create_table(
        "simulation",
        *_identifiers("edition"),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("report", JSON_DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("edition", name="pk_simulation"),
        _reference("simulation", "edition", "edition.id"),
    )


def _create_assessments() -> None:
    op.create_table(
        "assessment",
        *_identifiers("edition", "organisation"),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        *_times("created", "updated"),
        sa.Column("submitted", _TIME),
        *_figures(),
        sa.Column("submission", JSON_DOCUMENT, nullable=False),
        sa.Column("evidence", JSON_DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("edition", "organisation", name="pk_assessment"),
        _reference("assessment", "edition", "edition.id"),
        _reference("assessment", "organisation", "organisation.id"),
    )
    for column in ("organisation", "status", "level"):
        op.create_index(f"ix_assessment_{column}", "assessment", [column])
    # With all figures: lists and summaries read the index alone, and none of the documents in the table.
    ranking: list[str | sa.TextClause] = ["edition", sa.text("rank_points DESC"), "organisation", *_FIGURES, "state"]
    op.create_index("ix_assessment_ranking", "assessment", ranking)
    _create_of_assessment(
        "submission",
        ("number",),
        sa.Column("number", sa.Integer(), nullable=False),
        *_times("submitted"),
        sa.Column("methodology", sa.String(), nullable=False),
        sa.Column("explanations", JSON_DOCUMENT, nullable=False),
        sa.Column("submission", JSON_DOCUMENT, nullable=False),
        sa.Column("evidence", JSON_DOCUMENT, nullable=False),
        ondelete=None,
    )
    _create_of_assessment(
        "transition",
        ("number",),
        sa.Column("number", sa.Integer(), nullable=False),
        *_times("at"),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("before", sa.String(), nullable=False),
        sa.Column("after", sa.String(), nullable=False),
        sa.Column("phase", sa.String()),
        sa.Column("reason", sa.String()),
        sa.Column("until", sa.Date()),
        ondelete=None,
    )


def _create_reviews() -> None:
    _create_of_assessment(
        "verdict",
        ("indicator", "answer", "assessor"),
        *_identifiers("indicator", "answer", "assessor"),
        sa.Column("number", sa.Integer(), nullable=False),
        *_times("at"),
        sa.Column("verdict", sa.String()),
        sa.Column("reason", sa.String()),
        sa.Column("level", sa.Integer()),
        sa.Column("rule", sa.String()),
        sa.Column("first_verdict", sa.String(), nullable=False),
        sa.Column("first_level", sa.Integer()),
    )
    _create_of_assessment(
        "review",
        (),
        sa.Column("reviewer", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        *_times("at"),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("max_level", sa.Integer()),
        sa.Column("profile", JSON_DOCUMENT, nullable=False),
        sa.Column("answers", JSON_DOCUMENT, nullable=False),
    )
    op.create_table(
        "sample",
        *_identifiers("edition"),
        sa.Column("seed", sa.String(), nullable=False),
        sa.Column("share", sa.Float(53), nullable=False),
        sa.Column("seed_given", sa.Boolean(), nullable=False),
        *_times("created"),
        sa.PrimaryKeyConstraint("edition", name="pk_sample"),
        _reference("sample", "edition", "edition.id", ondelete="CASCADE"),
    )
    _create_of_assessment(
        "flag",
        ("number",),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("indicator", sa.String()),
        sa.Column("facts", JSON_DOCUMENT, nullable=False),
        *_times("created"),
    )
    _create_of_assessment(
        "reply",
        ("indicator",),
        *_identifiers("indicator"),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("evidence", JSON_DOCUMENT, nullable=False),
        *_times("created", "updated"),
        sa.Column("version", sa.Integer(), nullable=False),
    )


def _create_access() -> None:
    op.create_table(
        "access_key",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("organisations", JSON_DOCUMENT, nullable=False),
        sa.Column("editions", JSON_DOCUMENT),
        sa.Column("pepper", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        *_times("created", "expires"),
        sa.Column("revoked", _TIME),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("maker", sa.String()),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("replaced_by", sa.String()),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_access_key"),
    )
    op.create_index("ix_access_key_role", "access_key", ["role"])
    op.create_index("ix_access_key_origin", "access_key", ["origin"])
    op.create_table(
        "key_use",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_key_use"),
    )
    op.create_table(
        "denial",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("operation", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("day", "key", "operation", name="pk_denial"),
    )
    # A count changes at each request: half of a page is left free for its next versions, and a crash may lose it.
    op.create_table(
        "request_count",
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        *_times("ends"),
        sa.PrimaryKeyConstraint("subject", name="pk_request_count"),
        prefixes=["UNLOGGED"] if _is_postgresql() else [],
        postgresql_with={"fillfactor": "50"},
    )
    op.create_index("ix_request_count_ends", "request_count", ["ends"])
    op.create_table(
        "idempotent_answer",
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        *_times("created"),
        sa.Column("status", sa.Integer()),
        sa.Column("headers", JSON_DOCUMENT),
        sa.Column("body", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("holder", "key", name="pk_idempotent_answer"),
    )
    op.create_index("ix_idempotent_answer_created", "idempotent_answer", ["created"])


def _create_suggestions() -> None:
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
        *_times("created", "updated"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_suggestion"),
        sqlite_autoincrement=True,  # else SQLite gives the id of a suggestion that was withdrawn to another one
    )


def _create_webhooks() -> None:
    op.create_table(
        "webhook",
        *_identifiers("id"),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("organisations", JSON_DOCUMENT, nullable=False),
        sa.Column("editions", JSON_DOCUMENT),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("events", JSON_DOCUMENT, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("previous_secret", sa.LargeBinary()),
        sa.Column("previous_until", _TIME),
        sa.Column("failing_since", _TIME),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("held_until", _TIME),
        sa.Column("lease", sa.String()),
        sa.Column("lease_expires", _TIME),
        *_times("created", "updated"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_webhook"),
    )
    op.create_index("ix_webhook_owner", "webhook", ["owner"])
    op.create_table(
        "webhook_topic",
        *_identifiers("event", "organisation", "webhook"),
        sa.ForeignKeyConstraint(
            ["webhook"], ["webhook.id"], name="fk_webhook_topic_webhook_webhook", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("event", "organisation", "webhook", name="pk_webhook_topic"),
    )
    op.create_index("ix_webhook_topic_webhook", "webhook_topic", ["webhook"])
    op.create_table(
        "webhook_delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        *_identifiers("webhook", "message"),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        *_times("created"),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", JSON_DOCUMENT, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("run_after", _TIME),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_delivery"),
        sqlite_autoincrement=True,  # else SQLite gives the number of a deleted delivery to another one
    )
    op.create_index("ix_webhook_delivery_webhook_id", "webhook_delivery", ["webhook", "id"])
    op.create_index("ix_webhook_delivery_state_run_after", "webhook_delivery", ["state", "run_after"])
    op.create_index("ix_webhook_delivery_created", "webhook_delivery", ["created"])


def _create_ledger() -> None:
    op.create_table(
        "ledger_entry",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        *_times("at"),
        *_identifiers("action"),
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
        sa.Column("actor", IDENTIFIER),
        sa.Column("actor_salt", sa.String()),
        sa.PrimaryKeyConstraint("seq", name="pk_ledger_opening"),
        _reference("ledger_opening", "seq", "ledger_entry.seq"),
    )
    op.create_table(
        "checkpoint",
        sa.Column("size", sa.Integer(), autoincrement=False, nullable=False),
        *_times("at"),
        sa.Column("root", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("size", name="pk_checkpoint"),
    )
    op.create_table(
        "signing_key",
        *_identifiers("kid"),
        sa.Column("public", sa.String(), nullable=False),
        *_times("created"),
        sa.Column("retired", _TIME),
        sa.Column("compromised_since", sa.Integer()),
        sa.PrimaryKeyConstraint("kid", name="pk_signing_key"),
    )


def _create_publications() -> None:
    op.create_table(
        "published_document",
        *_identifiers("digest"),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("member", sa.LargeBinary(), nullable=False),
        sa.Column("protected", sa.String(), nullable=False),
        sa.Column("signature", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_published_document"),
    )
    op.create_table(
        "publication",
        *_identifiers("edition"),
        sa.Column("revision", sa.Integer(), nullable=False),
        *_identifiers("digest"),
        *_times("published"),
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
        _reference("publication", "edition", "edition.id"),
        _reference("publication", "digest", "published_document.digest"),
        _reference("publication", "entry", "ledger_entry.seq"),
        _reference("publication", "checkpoint", "checkpoint.size"),
    )
    op.create_table(
        "published_score",
        *_identifiers("edition"),
        sa.Column("revision", sa.Integer(), nullable=False),
        *_identifiers("organisation"),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        *_identifiers("digest"),
        sa.Column("name", sa.String(), nullable=False),
        *_identifiers("name_order"),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("population", sa.BigInteger()),
        sa.Column("band", sa.String()),
        sa.Column("province", sa.String()),
        sa.Column("region", sa.String()),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        *_figures(),
        # Last: SQLite then reads all other columns of a row without its overflow pages.
        sa.Column("submission", JSON_DOCUMENT, nullable=False),
        sa.PrimaryKeyConstraint("edition", "revision", "organisation", name="pk_published_score"),
        sa.UniqueConstraint("edition", "revision", "ordinal", name="uq_published_score_edition_revision_ordinal"),
        sa.ForeignKeyConstraint(
            ["edition", "revision"],
            ["publication.edition", "publication.revision"],
            name="fk_published_score_edition_revision_publication",
        ),
        _reference("published_score", "organisation", "organisation.id"),
        _reference("published_score", "digest", "published_document.digest"),
    )
    for column in ("organisation", "digest"):
        op.create_index(f"ix_published_score_{column}", "published_score", [column])
    ranking: list[str | sa.TextClause] = ["edition", "revision", sa.text("rank_points DESC"), "organisation", *_FIGURES]
    ranking += ["kind", "band", "region", "province", "population"]
    op.create_index("ix_published_score_ranking", "published_score", ranking)
    _create_of_assessment(
        "correction",
        ("revision",),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        *_times("submitted"),
        sa.Column("methodology", sa.String(), nullable=False),
        sa.Column("explanations", JSON_DOCUMENT, nullable=False),
        sa.Column("submission", JSON_DOCUMENT, nullable=False),
        sa.Column("evidence", JSON_DOCUMENT, nullable=False),
        ondelete=None,
    )
    op.create_table(
        "publication_approval",
        *_identifiers("edition"),
        sa.Column("number", sa.Integer(), nullable=False),
        *_identifiers("digest"),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        *_times("approved"),
        sa.PrimaryKeyConstraint("edition", "number", name="pk_publication_approval"),
        _reference("publication_approval", "edition", "edition.id", ondelete="CASCADE"),
    )


def _create_erasures() -> None:
    # No reference to the assessment: a draft may be removed, and its erasure stays.
    op.create_table(
        "erasure",
        *_identifiers("edition", "organisation"),
        sa.Column("entry", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("indicator", IDENTIFIER),
        *_times("at"),
        sa.PrimaryKeyConstraint("edition", "organisation", "entry", name="pk_erasure"),
        _reference("erasure", "entry", "ledger_entry.seq"),
    )


def _create_jobs() -> None:
    op.create_table(
        "job",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("edition", IDENTIFIER),
        sa.Column("holder", IDENTIFIER),
        sa.Column("principal", JSON_DOCUMENT),
        sa.Column("parameters", JSON_DOCUMENT, nullable=False),
        sa.Column("cursor", JSON_DOCUMENT),
        *_times("created", "run_after"),
        *(sa.Column(name, _TIME) for name in ("started", "resumed", "finished")),
        *_times("touched"),
        sa.Column("lease", sa.String()),
        sa.Column("lease_expires", _TIME),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("attempts", "done", "resumed_done")),
        sa.Column("total", sa.Integer()),
        sa.Column("result", JSON_DOCUMENT),
        sa.Column("problem", JSON_DOCUMENT),
        sa.Column("cancel_requested", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_job"),
        sqlite_autoincrement=True,  # else SQLite gives the id of a job that was deleted to another one
    )
    op.create_index("ix_job_state_id", "job", ["state", "id"])
    op.create_index("ix_job_holder_id", "job", ["holder", "id"])
    op.create_table(
        "job_item",
        sa.Column("job", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("detail", JSON_DOCUMENT),
        sa.PrimaryKeyConstraint("job", "position", name="pk_job_item"),
        _reference("job_item", "job", "job.id", ondelete="CASCADE"),
    )
    op.create_index("ix_job_item_job_outcome_position", "job_item", ["job", "outcome", "position"])
    op.create_table(
        "batch_file",
        sa.Column("job", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("job", name="pk_batch_file"),
        _reference("batch_file", "job", "job.id", ondelete="CASCADE"),
    )


def _create_imports() -> None:
    op.create_table(
        "import_file",
        sa.Column("id", sa.Integer(), nullable=False),
        *_identifiers("edition", "holder"),
        sa.Column("job", sa.Integer()),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        *_times("created", "expires"),
        sa.PrimaryKeyConstraint("id", name="pk_import_file"),
        sqlite_autoincrement=True,  # else SQLite gives the id of a file that was deleted to another one
    )
    op.create_index("ix_import_file_expires", "import_file", ["expires"])
    op.create_index("ix_import_file_job", "import_file", ["job"])
    op.create_table(
        "import_piece",
        sa.Column("file", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("file", "position", name="pk_import_piece"),
        _reference("import_piece", "file", "import_file.id", ondelete="CASCADE"),
    )


def _create_public_state() -> None:
    table = op.create_table(
        "public_state",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_public_state"),
        sa.CheckConstraint("id = 1", name="ck_public_state_single"),
    )
    # Random from the beginning: another database that begins anew in its place is another state.
    op.bulk_insert(table, [{"id": 1, "number": 0, "token": secrets.randbits(62)}])


# --- triggers -------------------------------------------------------------------------------------------------

_PUBLISHED: Final = "EXISTS (SELECT 1 FROM publication WHERE edition = {edition})"
_NEWEST: Final = "(SELECT COALESCE(MAX(revision), 0) FROM publication WHERE edition = {edition})"
_SCORES: Final = "SELECT 1 FROM published_score AS score WHERE score.edition = {edition}"
_IS_COMPLETE: Final = (
    "NOT EXISTS (SELECT 1 FROM publication AS newest WHERE newest.edition = {edition} "
    f"AND newest.revision = {_NEWEST} AND NOT EXISTS "
    f"({_SCORES} AND score.revision = newest.revision AND score.ordinal = newest.organisations))"
)
_IS_OPEN: Final = f"{{revision}} = {_NEWEST} AND NOT EXISTS ({_SCORES} AND score.revision = {{revision}})"
_TAKES_SCORE: Final = (
    "EXISTS (SELECT 1 FROM publication AS taking WHERE taking.edition = {edition} "
    f"AND taking.revision = {{revision}} AND taking.revision = {_NEWEST} "
    "AND {ordinal} <= taking.organisations AND {ordinal} = 1 + (SELECT COALESCE(MAX(score.ordinal), 0) "
    "FROM published_score AS score WHERE score.edition = taking.edition AND score.revision = taking.revision))"
)
_IS_ERASED: Final = (
    "EXISTS (SELECT 1 FROM erasure WHERE edition = {edition} AND organisation = {organisation} "
    "AND (indicator IS NULL OR indicator = {indicator}))"
)
_IS_NEWEST_ERASURE: Final = (
    "EXISTS (SELECT 1 FROM ledger_entry WHERE seq = {entry} AND action = 'cli.erase' "
    "AND seq = (SELECT MAX(seq) FROM ledger_entry))"
)
_FUNCTIONS: Final[dict[str, tuple[str, str]]] = {
    "is_published": ("boolean", _PUBLISHED),
    "newest_revision": ("integer", _NEWEST),
    "is_complete": ("boolean", _IS_COMPLETE),
    "is_open": ("boolean", _IS_OPEN),
    "takes_score": ("boolean", _TAKES_SCORE),
    "digest_of_revision": (
        "text",
        "(SELECT digest FROM publication WHERE edition = {edition} ORDER BY revision DESC LIMIT 1)",
    ),
    "state_of_edition": ("text", "(SELECT state FROM edition WHERE id = {edition})"),
    "is_erased": ("boolean", _IS_ERASED),
    "is_newest_erasure": ("boolean", _IS_NEWEST_ERASURE),
}
"""Questions of the triggers, with the type and the SQL of their answers.

`is_complete`: the newest revision has all its scores, or there is none. `is_open`: this revision is the newest and has
no score yet. `takes_score`: the score with this ordinal is the next one of this revision. `is_erased`: there is an
erasure of this answer, or of the whole assessment; only the latter counts if the indicator is NULL.
`is_newest_erasure`: this is the newest entry of the ledger, and about an erasure.
"""
_PARAMETERS: Final = {
    **{"edition": "text", "revision": "integer", "ordinal": "integer"},
    **{"organisation": "text", "indicator": "text", "entry": "integer"},
}
"""Parameters of these questions, with their types."""

_WAS_ERASED: Final = """
    now.value IS json_set(was.value, '$.evidence', json('[]'), '$.note', NULL)
    AND (SELECT EXISTS (SELECT 1 FROM erasure WHERE edition = OLD.edition AND organisation = OLD.organisation
        AND (indicator IS NULL OR indicator = was.key)))
"""
_ERASES_SUPPORT_ON_SQLITE: Final = f"""(
    json_remove(NEW.evidence, '$.profile', '$.answers', '$.findings', '$.salt')
        IS json_remove(OLD.evidence, '$.profile', '$.answers', '$.findings', '$.salt')
    AND (json_extract(NEW.evidence, '$.salt') IS '' OR json_extract(NEW.evidence, '$.salt')
        IS json_extract(OLD.evidence, '$.salt'))
    AND (json_extract(NEW.evidence, '$.profile') IS json_extract(OLD.evidence, '$.profile')
        OR (json_extract(NEW.evidence, '$.profile') IS '{{}}' AND {{whole}}))
    AND (SELECT COUNT(*) FROM json_each(NEW.evidence, '$.answers'))
        = (SELECT COUNT(*) FROM json_each(OLD.evidence, '$.answers'))
    AND NOT EXISTS (
        SELECT 1 FROM json_each(OLD.evidence, '$.answers') AS was
        LEFT JOIN json_each(NEW.evidence, '$.answers') AS now ON now.key = was.key
        WHERE now.value IS NOT was.value AND NOT ({_WAS_ERASED})
    )
    AND json_extract(NEW.evidence, '$.findings') IS (
        SELECT json_group_array(json(was.value)) FROM json_each(OLD.evidence, '$.findings') AS was
        WHERE NOT EXISTS (
            SELECT 1 FROM json_each(NEW.evidence, '$.answers') AS now
            WHERE json_array_length(now.value, '$.evidence') = 0
            AND json_extract(was.value, '$.pointer') LIKE '/answers/' || now.key || '/%'
        ) AND NOT (
            json_extract(NEW.evidence, '$.profile') IS '{{}}'
            AND substr(json_extract(was.value, '$.pointer'), 1, 18) = '/profile_evidence/'
        )
    )
)"""
_ERASES_SUPPORT_ON_POSTGRESQL: Final = """
CREATE FUNCTION erases_support(for_edition text, for_organisation text, old_support jsonb, new_support jsonb)
RETURNS boolean LANGUAGE sql AS $$
    SELECT COALESCE(
        new_support - '{profile,answers,findings,salt}'::text[]
            = old_support - '{profile,answers,findings,salt}'::text[]
        AND (new_support ->> 'salt' = '' OR new_support -> 'salt' = old_support -> 'salt')
        AND (
            new_support -> 'profile' = old_support -> 'profile'
            OR (new_support -> 'profile' = '{}' AND is_erased(for_edition, for_organisation, NULL))
        )
        AND (SELECT COUNT(*) FROM jsonb_object_keys(new_support -> 'answers'))
            = (SELECT COUNT(*) FROM jsonb_object_keys(old_support -> 'answers'))
        AND NOT EXISTS (
            SELECT 1 FROM jsonb_each(old_support -> 'answers') AS was
            LEFT JOIN jsonb_each(new_support -> 'answers') AS now ON now.key = was.key
            WHERE now.value IS DISTINCT FROM was.value AND NOT (
                now.value IS NOT DISTINCT FROM was.value || '{"evidence": [], "note": null}'
                AND is_erased(for_edition, for_organisation, was.key)
            )
        )
        AND new_support -> 'findings' = (
            SELECT COALESCE(jsonb_agg(was.value ORDER BY was.ordinality), '[]')
            FROM jsonb_array_elements(old_support -> 'findings') WITH ORDINALITY AS was(value, ordinality)
            WHERE NOT EXISTS (
                SELECT 1 FROM jsonb_each(new_support -> 'answers') AS now
                WHERE now.value -> 'evidence' = '[]'
                AND starts_with(was.value ->> 'pointer', '/answers/' || now.key || '/')
            ) AND NOT (
                new_support -> 'profile' = '{}' AND starts_with(was.value ->> 'pointer', '/profile_evidence/')
            )
        ),
        false
    )
$$
"""
"""The question of triggers whether what stands beside an assessment is exactly what an erasure leaves of it.

Everything stays but the documents and notes of erased answers, those of the profile, the faults of these documents,
and the salt. What is left is named in one way only, so that nothing else can be written there.
"""

_REFUSE_CHANGE: Final = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what is in % does not change', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$
"""


def _create_functions() -> None:
    """Create the refusal, and the queries that the triggers need, as functions of PostgreSQL.

    A trigger condition of PostgreSQL cannot contain a subquery; on SQLite it can, so nothing is created there.
    """
    if _is_postgresql():
        op.execute(_REFUSE_CHANGE)
        for name, (type_, body) in _FUNCTIONS.items():
            parameters = ", ".join(f"for_{parameter} {_PARAMETERS[parameter]}" for parameter in _list_parameters(name))
            answer = body.format(**{parameter: f"for_{parameter}" for parameter in _PARAMETERS})
            op.execute(f"CREATE FUNCTION {name}({parameters}) RETURNS {type_} LANGUAGE sql AS $$ SELECT {answer} $$")
        op.execute(_ERASES_SUPPORT_ON_POSTGRESQL)


def _protect_ledger() -> None:
    """Create the triggers that let rows of the ledger, its checkpoints and its signing keys only be added.

    Of a signing key, `retired` can be set once; of a retired one, `compromised_since` can be set, and become smaller.
    """
    for table in ("ledger_entry", "checkpoint"):
        refuse(table, "UPDATE")
    kept = "NEW.kid = OLD.kid AND NEW.public = OLD.public AND NEW.created = OLD.created"
    refuse_renumbering("signing_key")
    same = "NOT (NEW.{name} IS DISTINCT FROM OLD.{name})"
    retires = f"OLD.retired IS NULL AND NEW.retired IS NOT NULL AND {same.format(name='compromised_since')}"
    compromised = (
        f"OLD.retired IS NOT NULL AND {same.format(name='retired')} AND NEW.compromised_since IS NOT NULL "
        "AND (OLD.compromised_since IS NULL OR NEW.compromised_since < OLD.compromised_since)"
    )
    refuse("signing_key", "UPDATE", f"NOT ({kept} AND (({retires}) OR ({compromised})))")
    for table, key in (("ledger_entry", "seq"), ("checkpoint", "size"), ("signing_key", "kid")):
        refuse(table, "DELETE")
        refuse_truncation(table)
        refuse_replacement(table, key)


def _protect_erasures() -> None:
    """Create the triggers that let erasures only be added, each with its entry of the ledger."""
    refuse("erasure", "INSERT", f"NOT {_ask('is_newest_erasure', 'NEW.entry')}")
    for change in ("UPDATE", "DELETE"):
        refuse("erasure", change)
    refuse_truncation("erasure")
    refuse_replacement("erasure", "rowid")


def _protect_publications() -> None:
    """Create the triggers that let publications only be added in order, and keep a published edition unchanged.

    A publication comes first and says how many scores it has; its corrections follow, then its scores in the order of
    their ordinals. No row is completed afterwards, so no trigger has an exception, and none rests on a foreign key,
    which SQLite checks only for clients that ask for it.
    """
    for change in ("UPDATE", "DELETE"):
        for table in ("published_document", "published_score", "publication"):
            refuse(table, change)
        refuse("edition", change, _ask("is_published", "OLD.id"))
    refuse("correction", "UPDATE", _changes_more("correction"))
    refuse("correction", "DELETE")
    refuse(
        "publication",
        "INSERT",
        f"NEW.revision <> {_ask('newest_revision', 'NEW.edition')} + 1 "
        f"OR NEW.supersedes IS DISTINCT FROM {_ask('digest_of_revision', 'NEW.edition')} "
        f"OR {_ask('state_of_edition', 'NEW.edition')} IS DISTINCT FROM 'published' "
        f"OR NOT {_ask('is_complete', 'NEW.edition')}",
    )
    refuse("correction", "INSERT", f"NOT {_ask('is_open', 'NEW.edition', 'NEW.revision')}")
    refuse("published_score", "INSERT", f"NOT {_ask('takes_score', 'NEW.edition', 'NEW.revision', 'NEW.ordinal')}")
    for table in ("correction", "edition"):
        refuse_renumbering(table)
    for table in ("published_document", "published_score", "publication", "correction", "edition"):
        refuse_truncation(table)
    for table in ("published_document", "publication"):
        refuse_replacement(table, "digest")
    for table in ("published_score", "correction"):
        refuse_replacement(table, "rowid")
    refuse_replacement("edition", "id", _PUBLISHED.format(edition="there.id"))


def _protect_published_assessments() -> None:
    """Create the triggers that keep the assessments of a published edition unchanged, but for what is erased.

    Transitions never change, whatever the edition, unless their reason is erased.
    """
    for table in ("assessment", "submission", "transition"):
        refuse(table, "INSERT", _ask("is_published", "NEW.edition"))
    for table in ("assessment", "submission"):
        published = f"{_ask('is_published', 'OLD.edition')} OR {_ask('is_published', 'NEW.edition')}"
        refuse(table, "UPDATE", f"({published}) AND ({_changes_more(table)})")
        refuse_replacement(table, "rowid", _PUBLISHED.format(edition="there.edition"))
    refuse("transition", "UPDATE", _changes_more("transition"))
    refuse_replacement("transition", "rowid")
    for table in ("assessment", "submission", "transition"):
        refuse_renumbering(table)
        refuse(table, "DELETE", _ask("is_published", "OLD.edition"))
        refuse_truncation(table)


def _protect_published_reviews() -> None:
    """Create the triggers that keep verdicts, reviews, replies, samples and flags of a published edition unchanged.

    The free texts of verdicts, reviews and replies can be erased, because they may contain personal data.
    """
    for table in ("verdict", "review", "reply", "sample", "flag"):
        published = f"{_ask('is_published', 'OLD.edition')} OR {_ask('is_published', 'NEW.edition')}"
        refuse(table, "INSERT", _ask("is_published", "NEW.edition"))
        refuse(table, "DELETE", _ask("is_published", "OLD.edition"))
        is_erasable = table not in ("sample", "flag")
        refuse(table, "UPDATE", f"({published}) AND ({_changes_more(table)})" if is_erasable else published)
        refuse_renumbering(table)
        refuse_truncation(table)
        refuse_replacement(table, "rowid", _PUBLISHED.format(edition="there.edition"))


def _ask(name: str, *values: str) -> str:
    """Return the SQL expression that asks the question `name` of `_FUNCTIONS`.

    `values`: SQL expressions of its parameters, in the order of `_PARAMETERS`.
    """
    if _is_postgresql():
        return f"{name}({', '.join(values)})"
    return f"({_FUNCTIONS[name][1].format(**dict(zip(_list_parameters(name), values, strict=True)))})"


def _list_parameters(name: str) -> list[str]:
    return [parameter for parameter in _PARAMETERS if f"{{{parameter}}}" in _FUNCTIONS[name][1]]


_ERASED: Final = {"reason": "''", "text": "''", "explanations": "'{}'"}
"""Columns that can be erased, with the SQL of their erased value."""


def _changes_more(table: str) -> str:
    """Return the SQL condition that a row changes in more than what an erasure erases, to exactly what it leaves."""
    columns = [column["name"] for column in sa.inspect(op.get_bind()).get_columns(table)]
    # Verdicts and replies are of one answer; all else is erased only with the whole assessment.
    indicator = "OLD.indicator" if "indicator" in columns else "NULL"
    is_erased = _ask("is_erased", "OLD.edition", "OLD.organisation", indicator)
    return " OR ".join(
        f"(OLD.{name} IS DISTINCT FROM NEW.{name} AND NOT ({_erases(table, name, is_erased)}))" for name in columns
    )


def _erases(table: str, column: str, is_erased: str) -> str:
    """Return the SQL condition that a column takes its erased value."""
    if column == "evidence" and table == "reply":
        return f"NEW.evidence IS NOT DISTINCT FROM '[]' AND {is_erased}"
    if column == "evidence":
        if _is_postgresql():
            return "erases_support(OLD.edition, OLD.organisation, OLD.evidence, NEW.evidence)"
        return _ERASES_SUPPORT_ON_SQLITE.replace("{whole}", is_erased)
    if column not in _ERASED:
        return "false"
    return f"OLD.{column} IS NOT NULL AND NEW.{column} IS NOT DISTINCT FROM {_ERASED[column]} AND {is_erased}"


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"
