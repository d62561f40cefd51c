"""What no trigger can refuse is named: whatever people read of a published edition and nobody signed."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from msgspec import structs, to_builtins
from sqlalchemy import text
from structlog.testing import capture_logs

from actitud_api.cli import checks
from actitud_api.cli.checks import Check
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.triggers import find_missing_triggers, suspend_triggers
from actitud_api.resources.publications import daily, queries, service
from actitud_api.resources.publications.documents import pack_document, parse_edition
from actitud_api.resources.publications.incomplete import NothingToDiscard, discard_revision
from actitud_api.resources.publications.queries import SignedDocument
from actitud_api.resources.publications.service import AlteredFigure
from tests.http.publications.test_documents import REVIEWED
from tests.http.publications.test_publishing import LATER
from tests.http.publications.test_refusals import columns, copy_score, forge_publication, publish_twice, read, tell
from tests.support.databases import Kind
from tests.support.publishing import BIG, EDITION, SMALL

pytestmark = pytest.mark.both_databases


@pytest.fixture
def published(database: Database, tmp_path: Path) -> Database:
    """A database with a published edition that was corrected once."""
    return publish_twice(database, tmp_path)


def disarm(database: Database, kind: Kind, trigger: str, table: str) -> None:
    """Take a trigger away, as the owner of the database can."""
    tell(database, f"DROP TRIGGER {trigger}" + ("" if kind == "sqlite" else f" ON {table}"))


def test_what_the_service_published_is_what_was_signed(published: Database) -> None:
    assert service.find_altered_figure(published) is None
    assert find_missing_triggers(published)[0] == []


@pytest.mark.parametrize(
    ("column", "value", "signed"),
    [
        ("index_value", 9_999, 1_651),
        ("level", 5, 1),
        ("rank_points", 9_999, 1_000_000_001_651),
        ("coverage", 1, 10_000),
        ("d10", 1, None),
        ("name", "'Otro'", "Ministerio de 𝔐uestras"),
        ("digest", f"'{REVIEWED}'", None),
        ("submission", "'{}'", None),
    ],
)
def test_a_figure_that_was_changed_without_its_trigger_is_named(
    published: Database, kind: Kind, column: str, value: object, signed: object
) -> None:
    disarm(published, kind, "published_score_refuses_update", "published_score")
    if column == "digest":
        kept = f"INSERT INTO published_document SELECT '{REVIEWED}', kind, member, protected, signature "
        tell(published, f"{kept} FROM published_document WHERE kind = 'edition' LIMIT 1")
    tell(published, f"UPDATE published_score SET {column} = {value} WHERE organisation = '{SMALL}' AND revision = 2")
    altered = service.find_altered_figure(published)
    assert altered is not None
    assert (altered.edition, altered.organisation, altered.figure) == (EDITION, SMALL, column)
    assert signed is None or altered.signed == signed
    assert find_missing_triggers(published)[0] == ["published_score_refuses_update"]


@pytest.mark.parametrize(
    ("table", "column", "value", "condition"),
    [
        ("publication", "published", "'2020-01-01 00:00:00.000000'", "revision = 2"),
        ("publication", "published", "'2020-01-01 00:00:00.000000'", "revision = 1"),
        ("publication", "reason", "'forged'", "revision = 1"),
        ("publication", "corrections", "'[]'", "revision = 2"),
        ("edition", "titles", """'{"es": "Otra", "en": "Another"}'""", f"id = '{EDITION}'"),
        ("edition", "simulated", "NOT simulated", f"id = '{EDITION}'"),
        ("edition", "period_from", "'2020-01-01'", f"id = '{EDITION}'"),
        ("edition", "methodology", "'2027.1'", f"id = '{EDITION}'"),
        ("edition", "state", "'open'", f"id = '{EDITION}'"),
    ],
)
def test_what_is_shown_of_an_edition_and_its_revisions_is_what_was_signed(
    published: Database, kind: Kind, table: str, column: str, value: str, condition: str
) -> None:
    disarm(published, kind, f"{table}_refuses_update", table)
    tell(published, f"UPDATE {table} SET {column} = {value} WHERE {condition}")
    altered = service.find_altered_figure(published)
    assert altered is not None
    assert (altered.edition, altered.organisation, altered.figure) == (EDITION, None, column)
    assert " was signed" in checks.check_publications(published, "en").found


@pytest.mark.parametrize(
    ("member", "value"), [("index_before", 99), ("index_after", 99), ("level_after", 5), ("before", "sha256:0")]
)
def test_what_is_shown_of_a_correction_is_what_was_signed(
    published: Database, kind: Kind, member: str, value: object
) -> None:
    (corrected,) = service.get(published, EDITION, "2").corrections
    forged = json.dumps([to_builtins(structs.replace(corrected, **{member: value}))])
    disarm(published, kind, "publication_refuses_update", "publication")
    tell(published, f"UPDATE publication SET corrections = '{forged}' WHERE revision = 2")
    altered = service.find_altered_figure(published)
    assert altered is not None
    assert (altered.organisation, altered.figure, altered.shown) == (corrected.organisation, member, value)


def test_a_revision_that_was_forged_whole_is_named(published: Database) -> None:
    """All triggers let it be inserted: nothing but a signature tells it from one of the service."""
    forge_publication(published)
    assert service.find_altered_figure(published) == AlteredFigure(EDITION, None, "incomplete", 3, 2)
    for ordinal in (1, 2, 3):
        tell(published, copy_score(published, "index_value", "9999", f"ordinal = {ordinal}"))
    assert [row.index_value for row in read(published)] == [9_999] * 3
    assert find_missing_triggers(published)[0] == []
    altered = service.find_altered_figure(published)
    assert altered is not None
    assert (altered.edition, altered.organisation, altered.figure) == (EDITION, None, "digest")


@pytest.mark.parametrize(
    ("digest", "member"),
    [
        (None, None),
        (REVIEWED, "X'00'"),
        (REVIEWED, "X'1f8b'"),
    ],
    ids=["the document of a score", "no gzip", "half a gzip"],
)
@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_revision_with_another_kind_of_document_is_named(
    published: Database, digest: str | None, member: str | None
) -> None:
    """A score document has a good signature too; and of a forged one not even the bytes have to be readable."""
    if digest is None:
        with published.read() as session:
            found = session.connection().execute(text("SELECT digest FROM published_score ORDER BY revision, ordinal"))
            digest = str(found.scalars().first())
    names = columns(published, "publication")
    replaced = {"revision": "3", "digest": f"'{digest}'", "supersedes": "digest"}
    chosen = ", ".join(replaced.get(name, name) for name in names)
    if member is not None:
        kept = f"INSERT INTO published_document SELECT '{digest}', kind, {member}, protected, signature "
        tell(published, f"{kept} FROM published_document WHERE kind = 'edition' LIMIT 1")
    tell(published, f"INSERT INTO publication ({', '.join(names)}) SELECT {chosen} FROM publication WHERE revision = 2")
    for ordinal in (1, 2, 3):
        tell(published, copy_score(published, "level", "5", f"ordinal = {ordinal}"))
    altered = service.find_altered_figure(published)
    assert altered is not None
    assert (altered.edition, altered.organisation, altered.figure) == (EDITION, None, "digest")


def test_doctor_says_what_is_read_and_what_was_signed(published: Database, kind: Kind) -> None:
    assert [check.status for check in look(published)] == ["ok", "ok"]
    disarm(published, kind, "published_score_refuses_update", "published_score")
    tell(published, f"UPDATE published_score SET level = 5 WHERE organisation = '{SMALL}' AND revision = 2")
    triggers, publications = look(published)
    assert (triggers.status, publications.status) == ("problem", "problem")
    assert "published_score_refuses_update" in triggers.found
    assert publications.found == f"{EDITION}, {SMALL}, level: 5 is read and 1 was signed"


def look(database: Database) -> list[Check]:
    return [checks.check_triggers(database, "en"), checks.check_publications(database, "en")]


def test_a_score_that_is_not_read_any_more_is_named(published: Database, kind: Kind) -> None:
    disarm(published, kind, "published_score_refuses_delete", "published_score")
    tell(published, f"DELETE FROM published_score WHERE organisation = '{BIG}' AND revision = 2")
    altered = service.find_altered_figure(published)
    assert altered == AlteredFigure(EDITION, SMALL, "organisation", SMALL, BIG)


def test_a_revision_that_the_ledger_does_not_know_is_named(published: Database, tmp_path: Path) -> None:
    """Somebody with the key that signs put it into the database, beside the entry of another one."""
    newest = service.get(published, EDITION, "latest")
    document = parse_edition(service.get_document(published, newest.digest).form.text)
    form = pack_document(
        structs.replace(document, revision=3, supersedes=newest.digest, reason="Forged.", corrections=())
    )
    with published.write() as session:
        jws = ledger.load_signer(session, tmp_path).sign(form.text)
        queries.insert_documents(session, "edition", [SignedDocument(form, jws)])
    names = columns(published, "publication")
    replaced = {"revision": "3", "digest": f"'{form.digest}'", "supersedes": "digest", "reason": "'Forged.'"}
    chosen = ", ".join((replaced | {"corrections": "'[]'"}).get(name, name) for name in names)
    tell(published, f"INSERT INTO publication ({', '.join(names)}) SELECT {chosen} FROM publication WHERE revision = 2")
    for ordinal in (1, 2, 3):
        tell(published, copy_score(published, "ordinal", "ordinal", f"ordinal = {ordinal}"))
    assert service.get(published, EDITION, "latest").revision == 3
    assert service.find_altered_figure(published) == AlteredFigure(EDITION, None, "entry", newest.entry, None)


@pytest.mark.parametrize("tables", [("published_score", "correction", "publication"), ("published_score",)])
def test_a_correction_that_was_taken_back_is_named_and_not_discarded(
    published: Database, tables: tuple[str, ...]
) -> None:
    """What is read is the revision before, which holds; the ledger knows of the later one."""
    triggers = {f"{table}_refuses_delete": table for table in tables}
    with published.write() as session, suspend_triggers(session, triggers):
        for table in tables:
            session.connection().execute(text(f"DELETE FROM {table} WHERE revision = 2"))
    assert find_missing_triggers(published)[0] == []
    assert service.find_altered_figure(published) == AlteredFigure(EDITION, None, "revision", 1, 2)
    event = ledger.Event(action="cli.discard-revision", actor=None, subject="", public=True)
    with pytest.raises(NothingToDiscard):
        discard_revision(published, EDITION, event, now=LATER)


@pytest.mark.parametrize("kind", ["sqlite"])
def test_the_running_service_compares_every_day_and_says_what_differs(
    published: Database, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A comparison that fails is not the last."""
    disarm(published, kind, "published_score_refuses_update", "published_score")
    tell(published, f"UPDATE published_score SET level = 5 WHERE organisation = '{SMALL}' AND revision = 2")
    again, compared = threading.Event(), list[int]()

    def find(database: Database) -> AlteredFigure | None:
        compared.append(len(compared))
        if len(compared) == 1:
            raise RuntimeError("of no kind that anybody foresaw")
        if len(compared) == 3:
            again.set()
        return service.find_altered_figure(database)

    monkeypatch.setattr(daily, "START_SECONDS", 0)
    monkeypatch.setattr(daily, "COMPARE_SECONDS", 0)
    monkeypatch.setattr(daily, "find_altered_figure", find)

    async def serve() -> bool:
        async with daily.build_comparing_lifespan(published)(None):
            return await asyncio.to_thread(again.wait, 10)

    with capture_logs() as logged:
        assert asyncio.run(serve())
    assert logged[0]["log_level"] == "error"
    said = {"edition": EDITION, "organisation": SMALL, "figure": "level", "shown": 5, "signed": 1}
    assert said.items() <= logged[1].items()


@pytest.mark.parametrize("kind", ["sqlite"])
def test_triggers_that_were_struck_out_of_the_schema_are_named(published: Database, url: str) -> None:
    """`writable_schema` lets any client do so, without a statement that a trigger could refuse."""
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("DELETE FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'published_score%'")
    assert find_missing_triggers(published)[0] == [
        f"published_score_refuses_{change}" for change in ("delete", "insert", "replacement", "update")
    ]


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_trigger_that_refuses_nothing_is_named(published: Database) -> None:
    tell(published, "DROP TRIGGER assessment_refuses_update")
    with published.write() as session:
        session.connection().execute(
            text("CREATE TRIGGER assessment_refuses_update BEFORE UPDATE ON assessment BEGIN SELECT 1; END")
        )
    assert find_missing_triggers(published)[0] == ["assessment_refuses_update"]


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_trigger_that_no_migration_makes_is_named(published: Database) -> None:
    """It could change each assessment as it becomes final, long after whoever made it has lost their access."""
    with published.write() as session:
        raised = "UPDATE assessment SET level = 5 WHERE rowid = NEW.rowid"
        made = f"create trigger raised AFTER UPDATE OF state ON assessment BEGIN {raised}; END"
        session.connection().execute(text(made))
    assert find_missing_triggers(published)[0] == ["raised"]


@pytest.mark.parametrize("kind", [pytest.param("postgresql", marks=pytest.mark.postgresql)])
@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("ALTER TABLE assessment DISABLE TRIGGER assessment_refuses_update", "assessment_refuses_update"),
        ("ALTER TABLE publication ENABLE REPLICA TRIGGER publication_refuses_delete", "publication_refuses_delete"),
        (
            "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RETURN NEW; END $$",
            "refuse_change",
        ),
        (
            "CREATE OR REPLACE FUNCTION is_published(for_edition text) RETURNS boolean LANGUAGE sql AS "
            "$$ SELECT false $$",
            "is_published",
        ),
        (
            "CREATE OR REPLACE TRIGGER published_score_refuses_update BEFORE UPDATE ON published_score FOR EACH ROW "
            "WHEN (false) EXECUTE FUNCTION refuse_change()",
            "published_score_refuses_update",
        ),
        (
            "CREATE TRIGGER raised BEFORE UPDATE ON assessment FOR EACH ROW EXECUTE FUNCTION refuse_change()",
            "raised",
        ),
    ],
)
def test_what_the_owner_of_the_database_disarms_is_named(published: Database, statement: str, named: str) -> None:
    """The owner of the tables on PostgreSQL can do all of this."""
    tell(published, statement)
    assert find_missing_triggers(published)[0] == [named]
