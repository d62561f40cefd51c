"""An edition is published once and corrected by revisions; on both databases, to the same bytes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import SupportsInt

import msgspec
import pytest
from sqlalchemy import text

from actitud_api.engine.scoring import explain as explaining
from actitud_api.engine.scoring.columns.evaluator import ColumnScores, score_columns
from actitud_api.engine.scoring.columns.table import build_columns
from actitud_api.engine.scoring.evaluate import Status
from actitud_api.engine.scoring.ranking import compute_rank_points
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.auth.service import Principal
from actitud_api.platform.jobs import workers
from actitud_api.platform.storage import backup as copies
from actitud_api.platform.storage.database import Database, Unavailable
from actitud_api.platform.storage.errors import Irreversible
from actitud_api.platform.storage.pages import PageRange
from actitud_api.platform.storage.revisions import BASE, get_revisions, move_to_revision
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.assessments.lifecycle import TransitionRecord
from actitud_api.resources.assessments.queries import insert_transition
from actitud_api.resources.assessments.service import MethodologyMismatch, NotSubmittable
from actitud_api.resources.editions import service as editions
from actitud_api.resources.organisations import service as organisations
from actitud_api.resources.publications import service
from actitud_api.resources.publications.documents import EditionDocument, parse_edition, parse_score
from actitud_api.resources.publications.service import (
    PlannedCorrection,
    PublicationPlan,
    PublicationRecord,
    PublicationRefused,
)
from actitud_api.resources.scores import queries as score_queries
from actitud_api.resources.scores import service as scores
from actitud_api.resources.scores import summaries
from actitud_api.resources.scores.computed import ComputationCache
from actitud_api.resources.scores.queries import Visibility
from tests.http.publications.test_documents import PUBLISHED
from tests.support.databases import make_key, opened
from tests.support.forking import fork_workers
from tests.support.ledgers import find_chain_problems, find_signature_problems, make_jwks, read_statement
from tests.support.organisations import change_organisation
from tests.support.publishing import (
    BARE,
    BEFORE,
    BIG,
    EDITION,
    LATE,
    METHODOLOGY,
    NOW,
    SMALL,
    correction,
    fill,
    prepare,
    publish,
    submissions,
)
from tests.support.settling import settle

pytestmark = pytest.mark.serving

GOLDEN_EDITION = "sha256:12cc018270a4580d431cb737cb0252026beff470d016207d0e6f555bb9721ada"
"""That of the edition document of these, made by version 0 of the engine, without a checkpoint before it."""
LATER = NOW + timedelta(days=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "signing"


@pytest.fixture
def ready(database: Database, folder: Path) -> Database:
    """A database with the edition in review, and a key that signs."""
    prepare(database, folder)
    return database


def edition_document(database: Database, found: PublicationRecord) -> EditionDocument:
    return parse_edition(service.get_document(database, found.digest).form.text)


def rules(caught: pytest.ExceptionInfo[PublicationRefused]) -> list[tuple[str, str]]:
    return [(refusal.pointer, refusal.rule) for refusal in caught.value.refusals]


_OF_REVIEW = ("assessment", "submission", "transition", "correction", "verdict", "review", "reply", "sample", "flag")


def everything(database: Database) -> dict[str, list[str]]:
    """All rows of what a publication writes."""
    tables = ("published_document", "published_score", "publication", "ledger_entry", "checkpoint", "edition")
    with database.read() as session:
        return {
            table: sorted(map(repr, session.connection().execute(text(f"SELECT * FROM {table}"))))
            for table in (*tables, *_OF_REVIEW)
        }


# --- publishing -----------------------------------------------------------------------------------------------


def test_an_edition_is_published_with_what_was_submitted(ready: Database, folder: Path) -> None:
    made = publish(ready, folder)
    assert (made.edition, made.revision, made.organisations, made.published) == (EDITION, 1, 3, NOW)
    assert (made.supersedes, made.superseded_by, made.corrections) == (None, None, ())
    document = edition_document(ready, made)
    assert [(line.organisation, line.status, line.level, line.index, line.rank) for line in document.scores] == [
        (BIG, "complete", 3, 44.03, 1),
        (SMALL, "complete", 1, 16.51, 2),
        (BARE, "insufficient_evidence", None, 0.75, None),
    ]
    assert {line.organisation: line.document for line in document.scores} == PUBLISHED
    assert editions.get(ready, EDITION).record.state == "published"
    assert editions.get(ready, "latest").organisations == 3
    assert service.get(ready, "latest", "latest") == made


def test_the_same_edition_has_the_same_bytes_on_every_database(
    ready: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "__version__", "0")
    assert publish(ready, folder).digest == GOLDEN_EDITION


def by_columns() -> dict[str, dict[str, object]]:
    """The figures of the assessments as the column evaluator has them."""
    sent = submissions()
    scored: ColumnScores = score_columns(build_columns(METHODOLOGY, list(sent.values())))
    statuses: tuple[Status, ...] = ("not_rateable", "complete", "sufficient", "insufficient_evidence")
    found: dict[str, dict[str, object]] = {}
    for number, name in enumerate(sent):
        status = statuses[scored.status[number]]
        index, level = _or_none(scored.index[number]), int(scored.level[number]) or None
        found[name] = {
            "status": status,
            "level": level,
            "index_value": index,
            "index_max": _or_none(scored.index_max[number]),
            "coverage": _or_none(scored.coverage[number]),
            "rank_points": compute_rank_points(status, level, index, "full"),
            **{
                f"d{place + 1}": _or_none(scored.groups[scored.group_ids.index(f"D{place + 1}"), number])
                for place in range(10)
            },
        }
    return found


def _or_none(value: SupportsInt) -> int | None:
    number = int(value)
    return None if number < 0 else number


def test_it_does_not_matter_which_evaluator_made_the_figures(
    database: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "__version__", "0")
    fill(database, rows=by_columns())
    make_key(database, folder)
    with database.read() as session:
        before = session.connection().execute(text("SELECT * FROM assessment ORDER BY organisation")).all()
    assert publish(database, folder).digest == GOLDEN_EDITION
    with database.read() as session:
        assert session.connection().execute(text("SELECT * FROM assessment ORDER BY organisation")).all() == before


def test_figures_that_are_not_those_of_what_was_submitted_are_set_right(database: Database, folder: Path) -> None:
    fill(database, rows={SMALL: {"index_value": 9_999, "rank_points": 9_999, "level": 5}})
    make_key(database, folder)
    publish(database, folder)
    rows = scores.list_ranking(database, EDITION, scores.ScoreFilters(), PageRange(limit=9))
    assert [(row.organisation, row.index_value, row.level, row.rank) for row in rows] == [
        (BIG, 4_403, 3, 1),
        (SMALL, 1_651, 1, 2),
        (BARE, 75, None, None),
    ]


def test_every_document_is_signed_and_the_ledger_with_it(ready: Database, folder: Path) -> None:
    made = publish(ready, folder)
    with ready.read() as session:
        keys = make_jwks(*ledger.list_signing_keys(session))
        end = ledger.get_head(session)
        entries = [opened.entry for opened in ledger.iterate_entries(session)]
    for digest in (made.digest, *PUBLISHED.values()):
        stored = service.get_document(ready, digest)
        assert "sha256:" + hashlib.sha256(stored.form.text).hexdigest() == digest
        assert find_signature_problems(stored.form.text, stored.jws, keys) == []
        changed = stored.form.text.replace(b'"format":1', b'"format": 1')
        assert ("1", "signature") in find_signature_problems(changed, stored.jws, keys)
    assert find_chain_problems(entries, made.note, keys) == []
    note = read_statement(made.note)
    assert end is not None
    assert (note.size, note.root) == (end.size, end.root)
    assert note.size == made.entry + 1
    with ready.read() as session:
        record = session.connection().execute(
            text("SELECT record FROM ledger_entry WHERE seq = :seq"), {"seq": made.entry}
        )
        told = json.loads(record.scalar_one())
    assert (told["action"], told["actor"]) == ("cli.publish", None)
    assert told["details"] == {"edition": EDITION, "revision": 1, "digest": made.digest}


def test_the_next_edition_holds_the_checkpoint_of_the_one_before(ready: Database, folder: Path) -> None:
    first = publish(ready, folder)
    assert edition_document(ready, first).checkpoint is None
    fill(ready, "2026-b")
    second = publish(ready, folder, edition="2026-b")
    assert edition_document(ready, second).checkpoint == first.note
    assert second.note != first.note


def test_drafts_never_show(ready: Database, folder: Path) -> None:
    publish(ready, folder)
    assert LATE not in {line.organisation for line in edition_document(ready, service.get(ready, EDITION, "1")).scores}
    everybody = scores.ScoreFilters()
    rows = scores.list_ranking(ready, EDITION, everybody, PageRange(limit=9))
    assert [row.organisation for row in rows] == [BIG, SMALL, BARE]
    summary = summaries.compute_summary(ready, ComputationCache(), EDITION, everybody, principal=None)
    assert summary.organisations == 3
    with pytest.raises(scores.UnknownScore):
        scores.get_edition_score(ready, EDITION, LATE)
    assert scores.list_history(ready, LATE, PageRange(limit=9), principal=None) == []
    assert scores.list_history(ready, SMALL, PageRange(limit=9), principal=None)[0].past.rank == 2
    assert assessments.get_assessment(ready, EDITION, LATE).state == "draft", "it is still there, for whom it is of"
    with ready.read() as session:
        everything, source = Visibility(everything=True), scores.find_source(session, editions.find(session, EDITION))
        competing = score_queries.list_competitors(session, source, everything)
        assert [found.organisation for found in competing] == [BIG, SMALL]
        assert score_queries.count_ranked_by_kind(session, source) == {("MUN", "P4"): 1, ("MIN", "E5"): 1}
        assert score_queries.get_state_key(session, source, everything)[0] == 3


def test_before_it_is_published_drafts_are_there_for_administrators(ready: Database) -> None:
    """The control: it is the publication that leaves them out."""
    rows = scores.list_ranking(ready, EDITION, scores.ScoreFilters(), PageRange(limit=9), principal=_administrator())
    assert [(row.organisation, row.rank) for row in rows] == [(BIG, 1), (LATE, 1), (SMALL, 3), (BARE, None)]


# --- what is refused ------------------------------------------------------------------------------------------


def test_what_is_handed_in_and_not_settled_keeps_an_edition_from_being_published(ready: Database, folder: Path) -> None:
    """How many of each state; what was returned only until its last day is over, and a draft does not."""
    states = {BIG: "hearing", SMALL: "submitted", BARE: "hearing"}
    with ready.write() as session:
        for organisation, state in states.items():
            session.connection().execute(
                text("UPDATE assessment SET state = :state WHERE organisation = :organisation"),
                {"state": state, "organisation": organisation},
            )
    before = everything(ready)
    with pytest.raises(PublicationRefused) as caught:
        publish(ready, folder)
    assert [(refusal.rule, refusal.value, refusal.holds) for refusal in caught.value.refusals] == [
        ("unsettled", "hearing", "2"),
        ("unsettled", "submitted", "1"),
    ]
    assert everything(ready) == before
    with ready.write() as session:
        connection = session.connection()
        connection.execute(text("UPDATE assessment SET state = 'returned' WHERE state = 'submitted'"))
        step = TransitionRecord(
            edition=EDITION,
            organisation=SMALL,
            number=1,
            at=NOW,
            role="assessor",
            before="submitted",
            after="returned",
            reason="Look again.",
            until=NOW.date(),
        )
        insert_transition(session, step)
        connection.execute(text("UPDATE assessment SET state = 'final' WHERE state = 'hearing'"))

    with pytest.raises(PublicationRefused) as caught:
        publish(ready, folder)
    assert [(refusal.rule, refusal.value, refusal.holds) for refusal in caught.value.refusals] == [
        ("unsettled", "returned", "1")
    ]
    published = edition_document(ready, publish(ready, folder, now=NOW + timedelta(days=2)))

    assert [score.organisation for score in published.scores] == [BIG, BARE]
    with pytest.raises(scores.UnknownScore):
        scores.get_edition_score(ready, EDITION, SMALL)


def test_what_is_settled_while_it_is_prepared_is_published_too(ready: Database, folder: Path) -> None:
    """What was prepared is then not all of it, and is prepared anew."""
    with ready.write() as session:
        session.connection().execute(text(f"UPDATE assessment SET state = 'hearing' WHERE organisation = '{SMALL}'"))
    unsettled = iter([SMALL])

    def settle_once() -> None:
        for organisation in unsettled:
            settle(ready, EDITION, organisation)

    made, attempts = publish_meanwhile(ready, folder, settle_once)

    assert attempts == 2
    assert [line.organisation for line in edition_document(ready, made).scores] == [BIG, SMALL, BARE]


def test_documents_are_the_same_in_one_process_and_in_several(
    ready: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "_count_cores", lambda: 2)
    fork_workers(monkeypatch)
    asked = PublicationPlan(reason="The calendar says so.")

    def kept(prepared: service.PreparedScores | None) -> service.PreparedScores | None:
        return prepared

    alone = service.EditionPublisher(ready, folder).write_prepared(EDITION, asked, kept, now=NOW)
    with workers.open_worker_pool() as spread:
        together = service.EditionPublisher(ready, folder, open_workers=lambda: nullcontext(spread)).write_prepared(
            EDITION, asked, kept, now=NOW
        )

    assert alone is not None
    assert alone.scores
    assert together == alone


def test_an_edition_in_which_nothing_is_final_is_not_published(ready: Database, folder: Path) -> None:
    with ready.write() as session:
        session.connection().execute(text("UPDATE assessment SET state = 'draft'"))
    with pytest.raises(PublicationRefused) as caught:
        publish(ready, folder)
    assert rules(caught) == [("", "empty")]


def test_there_is_nothing_to_correct_before_it_is_published(ready: Database, folder: Path) -> None:
    with pytest.raises(PublicationRefused) as caught:
        publish(ready, folder, PublicationPlan(reason="x", supersedes="sha256:" + "0" * 64))
    assert rules(caught) == [("/supersedes", "unpublished")]


Wrong = Callable[[PublicationRecord], PublicationPlan]


@pytest.mark.parametrize(
    ("wrong", "refused"),
    [
        (lambda made: PublicationPlan(reason="x", supersedes=PUBLISHED[BIG]), [("/supersedes", "superseded")]),
        (lambda made: PublicationPlan(reason="x", supersedes=made.digest), [("/corrections", "corrections")]),
        (lambda made: correction(made, "XX-NADIE"), [("/corrections/0/organisation", "unknown")]),
        (lambda made: correction(made, LATE), [("/corrections/0/organisation", "unknown")]),
        (lambda made: correction(made), [("/corrections/0/assessment", "unchanged")]),
        (
            lambda made: correction(made, D1_01={"numerator": 160, "denominator": 320}),
            [("/corrections/0/assessment", "unchanged")],
        ),
        (
            lambda made: PublicationPlan(
                reason="x",
                supersedes=made.digest,
                corrections=correction(made).corrections + correction(made).corrections,
            ),
            [("/corrections/1/organisation", "repeated")],
        ),
    ],
)
def test_a_correction_that_corrects_nothing_is_refused(
    ready: Database, folder: Path, wrong: Wrong, refused: list[tuple[str, str]]
) -> None:
    made = publish(ready, folder)
    before = everything(ready)
    with pytest.raises(PublicationRefused) as caught:
        publish(ready, folder, wrong(made), now=LATER)
    assert rules(caught) == refused
    assert everything(ready) == before


def test_a_corrected_assessment_has_no_errors(ready: Database, folder: Path) -> None:
    made = publish(ready, folder)
    before = everything(ready)
    with pytest.raises(NotSubmittable) as caught:
        publish(ready, folder, correction(made, D1_01={"numerator": 321, "denominator": 320}), now=LATER)
    assert caught.value.pointer == "/corrections/0/assessment"
    assert [finding.severity for finding in caught.value.errors] == ["error"]
    patch = msgspec.convert({"methodology": "2099.1-draft"}, assessments.REQUEST_TYPES["2099.1-draft"].patch)
    with pytest.raises(MethodologyMismatch):
        publish(
            ready,
            folder,
            PublicationPlan(reason="x", supersedes=made.digest, corrections=(PlannedCorrection(BIG, patch),)),
        )
    assert everything(ready) == before


# --- correcting -----------------------------------------------------------------------------------------------


def test_a_correction_is_a_revision_and_the_old_one_stays(ready: Database, folder: Path) -> None:
    """D1.01 from 50 to 100 points, a quarter of D1, which is a tenth of the index: 12.50 and 1.25 more."""
    first = publish(ready, folder)
    text_before = service.get_document(ready, first.digest).form.text
    second = publish(ready, folder, correction(first, D1_01={"numerator": 320, "denominator": 320}), now=LATER)
    assert (second.revision, second.supersedes, second.reason) == (2, first.digest, "A wrong answer.")
    assert service.get(ready, EDITION, "1").superseded_by == second.digest
    assert service.get(ready, EDITION, "latest") == second
    assert service.get_document(ready, first.digest).form.text == text_before
    assert b"".join(service.stream_bundle(ready, EDITION, 1)).startswith(b"\x1f\x8b")

    before, after = (edition_document(ready, found) for found in (first, second))
    (told,) = after.corrections
    assert (told.organisation, told.before) == (BIG, PUBLISHED[BIG])
    assert told.change is not None
    assert told.change.parts == msgspec.convert(
        {"methodology": 0, "coverage": 0, "data": 1.25, "total": 1.25}, type(told.change.parts)
    )
    assert [(group.id, group.parts.total) for group in told.change.groups if group.parts and group.parts.total] == [
        ("D1", 12.5)
    ]
    assert [line.document for line in before.scores[1:]] == [line.document for line in after.scores[1:]]
    assert [(line.index, line.rank) for line in after.scores] == [(45.28, 1), (16.51, 2), (0.75, None)]
    assert parse_score(service.get_document(ready, told.after).form.text).score.index == 45.28
    assert [(found.organisation, found.index_before, found.index_after) for found in second.corrections] == [
        (BIG, 44.03, 45.28)
    ]
    assert second.corrections[0].after == told.after

    (row,) = (
        row
        for row in scores.list_ranking(ready, EDITION, scores.ScoreFilters(), PageRange(limit=9))
        if row.organisation == BIG
    )
    assert row.index_value == 4_528
    assert scores.get_edition_score(ready, EDITION, BIG).document == told.after
    handed_in = assessments.list_submissions(ready, EDITION, BIG, PageRange(limit=9))
    assert [found.submission.answers["D1.01"]["numerator"] for found in handed_in] == [320]


def test_a_correction_judges_only_the_documents_that_it_brings(ready: Database, folder: Path) -> None:
    """What was submitted without a document stays evidenced; so do its other answers."""
    first = publish(ready, folder)
    added = {"level": 3, "evidence": [{"url": "https://elsewhere.example/x.pdf", "date": "2026-01-01"}]}
    with pytest.raises(NotSubmittable) as caught:
        publish(ready, folder, correction(first, D1_02=added), now=LATER)
    assert [finding.rule for finding in caught.value.errors] == ["undeclared_domain"]
    change_organisation(ready, BIG, organisations.OrganisationChange(domains=("elsewhere.example",)), NOW)
    second = publish(ready, folder, correction(first, D1_02=added), now=LATER)
    sent = parse_score(service.get_document(ready, second.corrections[0].after).form.text).submission
    assert sent.self_declared == submissions()[BIG].self_declared
    assert sent.answers["D1.02"] == {"level": 3}


def test_a_correction_back_is_the_document_that_was_there(ready: Database, folder: Path) -> None:
    first = publish(ready, folder)
    second = publish(ready, folder, correction(first, D1_01={"numerator": 320, "denominator": 320}), now=LATER)
    third = publish(ready, folder, correction(second, D1_01={"numerator": 160, "denominator": 320}), now=LATER)
    assert third.revision == 3
    assert third.digest != first.digest
    assert {line.organisation: line.document for line in edition_document(ready, third).scores} == PUBLISHED
    assert [found.revision for found in service.list_page(ready, EDITION, PageRange(limit=9))] == [3, 2, 1]


# --- reading --------------------------------------------------------------------------------------------------


def test_a_sheet_is_told_from_what_was_published(
    ready: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed = scores.get_explained_score(scores.get_edition_score(ready, EDITION, BIG, principal=_administrator()))
    publish(ready, folder)

    def changed(*arguments: object) -> None:
        raise AssertionError("a newer engine computes another score")

    monkeypatch.setattr(explaining, "explain_evaluation", changed)
    monkeypatch.setattr(scores, "explain", changed)
    sent = scores.get_edition_score(ready, EDITION, BIG)
    assert scores.get_explained_score(sent) == computed
    assert sent.document == PUBLISHED[BIG]
    change_organisation(ready, BIG, organisations.OrganisationChange(name="Otro"), NOW)
    assert scores.get_edition_score(ready, EDITION, BIG).name == "Ávila"


def _administrator() -> Principal:
    return Principal("0" * 12, "administrator", "0" * 12)


@pytest.mark.both_databases
def test_pages_of_publications(ready: Database, folder: Path) -> None:
    first = publish(ready, folder)
    second = publish(ready, folder, correction(first, D1_01={"numerator": 320, "denominator": 320}), now=LATER)
    (found,) = service.list_page(ready, EDITION, PageRange(limit=1))
    assert found == second
    assert [page.digest for page in service.list_page(ready, EDITION, PageRange(after=2, limit=5))] == [first.digest]


# --- what becomes of it ---------------------------------------------------------------------------------------


def test_a_restart_and_another_key_change_nothing(ready: Database, url: str, folder: Path) -> None:
    made = publish(ready, folder)
    stored = service.get_document(ready, made.digest)
    ready.close()
    make_key(ready, folder, datetime(2027, 7, 1, tzinfo=UTC))
    with opened(url) as again:
        assert service.get_document(again, made.digest) == stored
        assert service.get(again, EDITION, "1") == made


def test_what_is_published_cannot_be_migrated_away(ready: Database, folder: Path) -> None:
    made = publish(ready, folder)
    before = everything(ready)
    with pytest.raises(Irreversible):
        move_to_revision(ready, BASE)
    assert everything(ready) == before
    assert get_revisions(ready).state == "current"
    assert service.get(ready, EDITION, "1") == made


@pytest.mark.parametrize("kind", ["sqlite"])
def test_a_copy_brings_it_back_to_the_byte(ready: Database, tmp_path: Path, folder: Path, url: str) -> None:
    made = publish(ready, folder)
    whole = b"".join(service.stream_bundle(ready, EDITION, 1))
    copies.create_backup(ready, Path(url.removeprefix("sqlite:///")), tmp_path / "copy", force=False)
    copies.restore_backup(tmp_path / "copy", tmp_path / "back.sqlite3", force=False)
    with opened(f"sqlite:///{tmp_path / 'back.sqlite3'}") as back:
        assert service.get(back, EDITION, "1") == made
        assert b"".join(service.stream_bundle(back, EDITION, 1)) == whole


@pytest.mark.both_databases
def test_an_edition_that_is_changed_meanwhile_is_published_as_it_is_then(ready: Database, folder: Path) -> None:
    """Its title is in the edition document alone, which is made in the transaction: no score is computed anew."""

    def change() -> None:
        with ready.write() as session:
            editions.update(
                session,
                EDITION,
                editions.EditionChange(titles={"en": "Another title"}),
                expected=lambda revision: True,
                now=BEFORE,
            )

    made, attempts = publish_meanwhile(ready, folder, change)
    assert edition_document(ready, made).titles["en"] == "Another title"
    assert attempts == 1


@pytest.mark.both_databases
def test_whoever_keeps_renaming_an_organisation_keeps_nothing_from_being_published(
    ready: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three attempts were in vain, each with all scores computed anew, and then it was a 503.

    What a document says of an organisation is as it is when it is published, not some seconds before.
    """
    names: list[str] = []

    def rename() -> None:
        names.append(f"Name {len(names)}")
        change_organisation(ready, BIG, organisations.OrganisationChange(name=names[-1]), NOW)

    fill(ready, "2026-b")
    monkeypatch.setattr(service, "CAUGHT_UP", 0)
    with pytest.raises(Unavailable, match="changes all the time"):
        publish_meanwhile(ready, folder, rename, "2026-b")
    assert len(names) == service.ATTEMPTS
    monkeypatch.undo()

    made, attempts = publish_meanwhile(ready, folder, rename)

    assert attempts == 1
    document = edition_document(ready, made)
    assert [line.organisation for line in document.scores] == [BIG, SMALL, BARE]
    _, stored = service.get_score(ready, EDITION, "latest", BIG)
    assert parse_score(stored.form.text).organisation.name == names[-1] == "Name 3"
    assert service.find_altered_figure(ready) is None


@pytest.mark.both_databases
def test_what_is_no_more_final_when_it_is_published_is_left_out(ready: Database, folder: Path) -> None:
    def withdraw() -> None:
        with ready.write() as session:
            session.connection().execute(text(f"UPDATE assessment SET state = 'draft' WHERE organisation = '{SMALL}'"))

    made, _ = publish_meanwhile(ready, folder, withdraw)
    assert [line.organisation for line in edition_document(ready, made).scores] == [BIG, BARE]


def test_what_changed_too_much_is_prepared_again_and_nothing_else(
    ready: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "CAUGHT_UP", 0)
    computed: list[int] = []
    changes = iter([True])

    def rename() -> None:
        if next(changes, False):
            change_organisation(ready, BIG, organisations.OrganisationChange(name="Another name"), NOW)

    _, attempts = publish_meanwhile(ready, folder, rename, advance=lambda: computed.append(1))
    assert (attempts, len(computed)) == (2, 3 + 1)


def publish_meanwhile(
    database: Database,
    folder: Path,
    change: Callable[[], None],
    edition: str = EDITION,
    advance: Callable[[], None] = lambda: None,
) -> tuple[PublicationRecord, int]:
    """Publishes an edition that is changed between each preparation and its transaction; how many there were."""
    publishing = service.EditionPublisher(database, folder)
    asked = PublicationPlan(reason="x")
    event = ledger.Event(action="cli.publish", actor=None, subject=f"/v1/editions/{edition}", public=True)
    attempts = 0

    def write(prepared: service.PreparedScores | None) -> PublicationRecord:
        nonlocal attempts
        attempts += 1
        change()
        with database.write() as session:
            return publishing.publish(session, edition, asked, prepared, event, now=NOW)

    return publishing.write_prepared(edition, asked, write, advance, now=NOW), attempts
