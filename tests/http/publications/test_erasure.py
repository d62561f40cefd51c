"""What people wrote about an assessment is erased, published or not, and nothing that was found or scored changes."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from actitud_api.cli import checks
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.auth import queries
from actitud_api.platform.storage.base import Base
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.triggers import find_missing_triggers
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.assessments.transitions import UnknownAssessment
from actitud_api.resources.editions.service import UnknownEdition
from actitud_api.resources.publications import erasure, service
from actitud_api.resources.publications.documents import parse_edition
from actitud_api.resources.publications.erasure import ErasureCounts
from actitud_api.resources.publications.service import (
    EditionPublisher,
    PreparedScores,
    PublicationPlan,
    PublicationRecord,
    PublicationRefused,
)
from actitud_api.resources.reviews import service as reviews
from actitud_api.resources.reviews.replies import service as replies
from actitud_api.resources.reviews.service import UnknownIndicator
from actitud_api.resources.scores import service as scores
from tests.http.publications.test_kept_verdicts import get_score
from tests.http.publications.test_refusals import read, tell
from tests.support.databases import make_key, migrated_sqlite, opened
from tests.support.figures import FigureRecorder
from tests.support.postgresql import Server
from tests.support.publishing import BIG, EDITION, SMALL, correction, publish
from tests.support.reviewed import LATER, PERSON, PUBLISHED, SUBMITTED, fill_reviewed, publish_reviewed

NOTHING: Final = ErasureCounts(0, 0, 0, 0)


def erase(
    database: Database, indicator: str | None = None, edition: str = EDITION, organisation: str = BIG
) -> ErasureCounts:
    with database.write() as session:
        return erasure.erase(session, edition, organisation, indicator, "A person asked for it.", now=LATER)


def find_person(database: Database) -> set[str]:
    """The tables that name the person. Documents are compressed: nobody finds anything in them so."""
    with database.read() as session:
        connection = session.connection()
        return {
            name
            for name in Base.metadata.tables
            if any(PERSON in repr(tuple(row)) for row in connection.execute(text(f"SELECT * FROM {name}")))
        }


def find_verdicts(database: Database) -> list[tuple[object, ...]]:
    """Each verdict that counts, and the index."""
    found = reviews.list_answer_reviews(database, EDITION, BIG)
    judged = [
        (one.indicator, one.counted_verdict.verdict, one.counted_verdict.level)
        for one in found
        if one.counted_verdict is not None
    ]
    return [*judged, (assessments.get_assessment(database, EDITION, BIG).index_value,)]


@pytest.mark.both_databases
def test_all_that_people_wrote_is_erased_and_nothing_else(database: Database, tmp_path: Path) -> None:
    made = publish_reviewed(database, tmp_path)
    named = {"assessment", "submission", "transition", "verdict", "review", "reply"}
    assert find_person(database) == named
    before, shown = find_verdicts(database), read(database)
    bundle = b"".join(service.stream_bundle(database, EDITION, 1))
    assert [verdict[0] for verdict in before[:-1]] == ["D1.01", "D2.05", "D10.07"]

    # The assessment, two submissions and one return; four verdicts and the review of the whole.
    assert erase(database) == ErasureCounts(rows=4, reasons=5, replies=1, openings=0)
    assert find_person(database) == set()
    assert find_verdicts(database) == before
    assert read(database) == shown
    assert b"".join(service.stream_bundle(database, EDITION, 1)) == bundle
    assert service.find_altered_figure(database) is None
    assert find_missing_triggers(database)[0] == []
    assert erase(database) == NOTHING
    sent = scores.get_edition_score(database, EDITION, BIG)
    assert sent.document == get_score_digest(database, made.digest)
    assert PERSON not in repr(sent)
    assert {verdict.reason for verdict in sent.review.verdicts} == {""}
    assert scores.list_support(database, sent) == {}


def get_score_digest(database: Database, digest: str) -> str:
    edition = parse_edition(service.get_document(database, digest).form.text)
    return edition.scores[0].document


@pytest.mark.both_databases
def test_of_one_answer_only_its_own_is_erased(database: Database, tmp_path: Path) -> None:
    publish_reviewed(database, tmp_path)
    before = find_verdicts(database)
    assert erase(database, "D1.01") == ErasureCounts(rows=3, reasons=2, replies=1, openings=0)
    assert find_verdicts(database) == before
    stored = assessments.get_assessment(database, EDITION, BIG).evidence
    assert stored.answers["D1.01"].evidence == ()
    assert stored.answers["D1.01"].note is None
    assert len(stored.answers["D1.02"].evidence) == 1
    assert stored.profile
    assert {one.indicator: one.reason for one in scores.get_edition_score(database, EDITION, BIG).review.verdicts} == {
        "D1.01": "",
        "D2.05": f"No es lo que firma {PERSON}.",
        "D10.07": f"No es lo que firma {PERSON}.",
    }
    assert replies.get_reply(database, EDITION, BIG, "D1.01").text == ""
    assert erase(database, "D1.01") == NOTHING
    assert erase(database, "D9.06").rows == 3


@pytest.mark.both_databases
def test_a_correction_after_an_erasure_keeps_the_verdicts_and_signs_no_erased_text(
    database: Database, tmp_path: Path
) -> None:
    first = publish_reviewed(database, tmp_path)
    before = get_score(database, first)
    erase(database)
    after = get_score(database, publish(database, tmp_path, correction(first, D9_06={"value": True}), now=LATER))
    assert after.submission.set_aside == before.submission.set_aside
    assert after.submission.level_caps == before.submission.level_caps
    assert after.submission.self_declared == before.submission.self_declared
    assert PERSON in repr(before)
    assert PERSON not in repr(after)
    assert [(one.indicator, one.verdict) for one in after.review.verdicts] == [
        (one.indicator, one.verdict) for one in before.review.verdicts
    ]
    assert find_person(database) == set()


def test_erased_texts_alone_are_nothing_to_correct(database: Database, tmp_path: Path) -> None:
    """Else anybody with a correction that changes nothing would sign a revision without the reasons."""
    first = publish_reviewed(database, tmp_path)
    erase(database)
    with pytest.raises(PublicationRefused, match="unchanged"):
        publish(database, tmp_path, correction(first), now=LATER)
    assert service.get(database, EDITION, "latest") == first


@pytest.mark.both_databases
def test_what_is_erased_before_publication_is_published_without_it(database: Database, tmp_path: Path) -> None:
    fill_reviewed(database)
    make_key(database, tmp_path, SUBMITTED)
    before = find_verdicts(database)
    assert erase(database).reasons == 5
    assert find_person(database) == set()
    assert find_verdicts(database) == before
    made = get_score(database, publish(database, tmp_path, now=PUBLISHED))
    assert PERSON not in repr(made)
    assert made.submission.set_aside == {"D1.01": "rejected"}
    assert erase(database) == NOTHING


def test_what_is_erased_while_it_is_prepared_is_published_without_it(database: Database, tmp_path: Path) -> None:
    """Documents are made outside of the transaction; those of which something was erased meanwhile are made in it."""
    fill_reviewed(database)
    make_key(database, tmp_path, SUBMITTED)
    plan, publisher = PublicationPlan(reason="The calendar says so."), EditionPublisher(database, tmp_path)
    event = ledger.Event(action="cli.publish", actor=None, subject=f"/v1/editions/{EDITION}", public=True)
    prepared: list[PreparedScores | None] = []

    def write(scores: PreparedScores | None) -> PublicationRecord:
        if not prepared:
            erase(database, "D1.01")
        prepared.append(scores)
        with database.write() as session:
            return publisher.publish(session, EDITION, plan, scores, event, now=PUBLISHED)

    made = publisher.write_prepared(EDITION, plan, write, now=PUBLISHED)
    assert len(prepared) == 1
    reasons = {verdict.indicator: verdict.reason for verdict in get_score(database, made).review.verdicts}
    assert (reasons["D1.01"], PERSON in str(reasons["D2.05"])) == ("", True)


def test_the_answers_to_idempotent_requests_are_erased_too(database: Database, tmp_path: Path) -> None:
    """They quote what was sent, for a day or longer."""
    publish_reviewed(database, tmp_path)
    made = f"/v1/editions/{EDITION}/assessments/{BIG}"
    with database.write() as session:
        for key, location in (("1", f"{made}/returns/1"), ("2", f"{made}0/returns/1"), ("3", "/v1/organisations")):
            stored = queries.StoredResponse(201, {"location": location}, f"{PERSON}, {key}".encode())
            queries.claim_key(session, "holder", key, "fingerprint", LATER)
            queries.store_response(session, "holder", key, stored)
    erase(database)
    with database.read() as session:
        assert set(session.connection().execute(text("SELECT key FROM idempotent_answer")).scalars()) == {"2", "3"}


def test_an_erasure_has_its_entry_and_leaves_the_chain(database: Database, tmp_path: Path) -> None:
    publish_reviewed(database, tmp_path)
    subject = f"/v1/editions/{EDITION}/assessments/{BIG}"
    with database.write() as session:
        for path in (f"{subject}/verdicts/D1.01", f"{subject}/submissions/1", f"{subject}0", "/v1/editions/2099"):
            event = ledger.Event(action="editions.test", actor=None, subject=path, public=False, owner=BIG)
            ledger.append_entry(session, event, now=LATER)
    assert erase(database, "D1.01").openings == 1
    assert erase(database).openings == 1
    with database.read() as session:
        entries = list(ledger.iterate_entries(session))
    kept = [None if entry.opening is None else entry.opening.subject for entry in entries[-6:]]
    assert kept == [None, None, f"{subject}0", "/v1/editions/2099", subject, subject]
    record = entries[-2].entry.record
    assert '"action":"cli.erase"' in record
    assert '"details":{"edition":"2026","indicator":"D1.01","reason":"A person asked for it."}' in record
    assert BIG not in record


def test_what_there_is_not_is_not_erased(database: Database, tmp_path: Path) -> None:
    publish_reviewed(database, tmp_path)
    with pytest.raises(UnknownEdition):
        erase(database, edition="1999")
    with pytest.raises(UnknownAssessment):
        erase(database, organisation="XX-T-9")
    with pytest.raises(UnknownIndicator):
        erase(database, "D99.01")


@pytest.mark.both_databases
def test_an_erasure_beside_that_of_somebody_else_is_named(database: Database, tmp_path: Path) -> None:
    """Triggers take it as long as the entry of the other one is the newest, and let its texts be blanked."""
    publish_reviewed(database, tmp_path)
    erase(database)
    assert service.find_altered_figure(database) is None
    tell(database, f"INSERT INTO erasure SELECT edition, '{SMALL}', entry, indicator, at FROM erasure")
    altered = service.find_altered_figure(database)
    assert altered is not None
    assert (altered.edition, altered.organisation, altered.figure) == (EDITION, SMALL, "erasure")
    found = checks.check_publications(database, "en").found
    assert found.startswith(
        f"{EDITION}, {SMALL}: texts are marked as erased with the entry {altered.shown} of the ledger"
    )


# --- what a client that is not the service may do ----------------------------------------------------------------

BLANKED: Final = (
    "UPDATE verdict SET reason = ''",
    "UPDATE review SET reason = ''",
    "UPDATE reply SET text = '', evidence = '[]'",
    "UPDATE transition SET reason = '' WHERE reason IS NOT NULL",
    "UPDATE submission SET explanations = '{}', evidence = '{}'",
    "UPDATE assessment SET evidence = '{}'",
)
"""What leaves nothing of what people wrote."""
REWRITTEN: Final = (
    "UPDATE verdict SET reason = 'forged'",
    "UPDATE verdict SET reason = NULL",
    "UPDATE verdict SET reason = '', level = 4",
    "UPDATE verdict SET answer = 'sha256:0'",
    "UPDATE review SET reason = 'forged'",
    "UPDATE reply SET text = 'forged'",
    "UPDATE reply SET text = '', version = 9",
    "UPDATE transition SET reason = 'forged'",
    "UPDATE assessment SET updated = created",
    "UPDATE erasure SET indicator = 'D1.01'",
    "DELETE FROM erasure",
)
"""What writes something else there, or something more."""
_SQLITE_EVIDENCE: Final = (
    "'{}'",
    "json_remove(evidence, '$.review')",
    "json_remove(evidence, '$.findings')",
    "json_set(evidence, '$.findings', json('[]'))",
    "json_set(evidence, '$.salt', 'forged')",
    "json_set(evidence, '$.review.answers.\"D1.01\"[0].verdict', 'accepted')",
    "json_set(evidence, '$.answers.\"D1.02\".evidence[0].url', 'https://ayto.example/forged')",
    "json_set(evidence, '$.answers.\"D1.01\".seal', 'forged')",
    "json_set(evidence, '$.answers.\"D1.01\".note', 'forged')",
    "json_set(evidence, '$.answers.\"D1.02\".evidence', json('[]'), '$.answers.\"D1.02\".note', 'forged')",
    'json_set(evidence, \'$.answers."D9.99"\', json(\'{"evidence": [], "note": null, "seal": ""}\'))',
    "json_remove(evidence, '$.answers.\"D1.02\"')",
    "json_set(evidence, '$.profile', json('{\"p\": []}'))",
    "json_set(evidence, '$.forged', 1)",
)
_POSTGRESQL_EVIDENCE: Final = (
    "'{}'",
    "evidence - 'review'",
    "evidence - 'findings'",
    "jsonb_set(evidence, '{findings}', '[]')",
    "jsonb_set(evidence, '{salt}', '\"forged\"')",
    "jsonb_set(evidence, '{review,answers,D1.01,0,verdict}', '\"accepted\"')",
    "jsonb_set(evidence, '{answers,D1.02,evidence,0,url}', '\"https://ayto.example/forged\"')",
    "jsonb_set(evidence, '{answers,D1.01,seal}', '\"forged\"')",
    "jsonb_set(evidence, '{answers,D1.01,note}', '\"forged\"')",
    'jsonb_set(evidence, \'{answers,D9.99}\', \'{"evidence": [], "note": null, "seal": ""}\')',
    "evidence #- '{answers,D1.02}'",
    "jsonb_set(evidence, '{profile}', '{\"p\": []}')",
    "jsonb_set(evidence, '{forged}', '1')",
)
"""What makes something else of what stands beside an assessment than an erasure leaves."""


@pytest.mark.both_databases
def test_nobody_else_erases_or_rewrites_what_is_published(
    database: Database, tmp_path: Path, kind: str, request: pytest.FixtureRequest, figure: FigureRecorder
) -> None:
    """Neither without an erasure in the ledger, nor with one: it allows what it erases, to nothing."""
    publish_reviewed(database, tmp_path)
    assert assessments.get_assessment(database, EDITION, BIG).evidence.findings
    evidence = _SQLITE_EVIDENCE if kind == "sqlite" else _POSTGRESQL_EVIDENCE
    rewritten = [
        *REWRITTEN[:-2],
        *(f"UPDATE {table} SET evidence = {value}" for table in ("assessment", "submission") for value in evidence),
    ]
    before = dump(database)
    for statement in (*BLANKED, *rewritten):
        refuse(database, statement)
    assert dump(database) == before
    erase(database, "D1.01")
    before = dump(database)
    # The only reply is that about D1.01, so that nothing of it is left.
    after = [*(one for one in BLANKED if "reply" not in one), *rewritten, *REWRITTEN[-2:]]
    for statement in after:
        refuse(database, statement)
    assert dump(database) == before
    tried = len(BLANKED) + len(rewritten) + len(after)
    if kind == "sqlite":
        (tmp_path / "control").mkdir()
        taken = count_taken(migrated_sqlite(tmp_path / "control"), rewritten)
    else:
        server: Server = request.getfixturevalue("postgresql")
        with server.database(request.getfixturevalue("template")) as name:
            taken = count_taken(server.url(name), rewritten)
    figure(
        "S2",
        f"statements of a client on {kind} that erase or rewrite what people wrote, before and after an erasure: "
        "those that the database takes",
        tried=tried,
        failed=0,
        control=f"before the edition is published it takes {taken} of {len(rewritten)}",
    )


def count_taken(url: str, statements: list[str]) -> int:
    """Count the statements that a database takes where the edition is not published; each is undone."""
    taken = 0
    with opened(url) as database:
        fill_reviewed(database)
        for statement in statements:
            with suppress(DBAPIError), database.write() as session:
                session.connection().execute(text(statement))
                session.rollback()
                taken += 1
    return taken


def refuse(database: Database, statement: str) -> None:
    with pytest.raises(DBAPIError, match="does not change"), database.write() as session:
        session.connection().execute(text(statement))


def dump(database: Database) -> dict[str, list[str]]:
    with database.read() as session:
        return {
            name: sorted(map(repr, session.connection().execute(text(f"SELECT * FROM {name}"))))
            for name in ("assessment", "submission", "transition", "verdict", "review", "reply", "erasure")
        }


def test_a_bare_client_makes_no_erasure_without_an_entry(tmp_path: Path) -> None:
    url = migrated_sqlite(tmp_path)
    with opened(url) as database:
        publish_reviewed(database, tmp_path)
        erase(database, "D1.01")
        publish(
            database, tmp_path, correction(service.get(database, EDITION, "latest"), D9_06={"value": True}), now=LATER
        )
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as connection:
        for statement in (
            "INSERT INTO erasure SELECT edition, organisation, entry, NULL, at FROM erasure",
            "INSERT INTO erasure SELECT edition, organisation, entry + 1, NULL, at FROM erasure",
            "INSERT INTO erasure SELECT edition, organisation, 999, NULL, at FROM erasure",
            "REPLACE INTO erasure SELECT edition, organisation, entry, NULL, at FROM erasure",
            "UPDATE OR REPLACE erasure SET indicator = NULL",
        ):
            with pytest.raises(sqlite3.IntegrityError, match="does not change"):
                connection.execute(statement)
