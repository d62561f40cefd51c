"""A correction adds an organisation that was returned and therefore left out, with what it submitted last."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from litestar.testing import TestClient
from msgspec import structs
from sqlalchemy import text

from actitud import verify
from actitud_api import cli
from actitud_api.app import create_app
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.storage.database import Database, Session
from actitud_api.resources.assessments import queries as assessment_queries
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.assessments import transitions
from actitud_api.resources.assessments.content_batches import reevaluate_assessments
from actitud_api.resources.assessments.records import AssessmentRecord
from actitud_api.resources.assessments.service import NotSubmittable
from actitud_api.resources.editions import service as editions
from actitud_api.resources.organisations import service as organisations
from actitud_api.resources.publications import service
from actitud_api.resources.publications.documents import ScoreDocument, parse_score
from actitud_api.resources.publications.service import (
    EditionPublisher,
    PublicationPlan,
    PublicationRecord,
    PublicationRefused,
)
from actitud_api.resources.reviews import service as reviews
from actitud_api.resources.reviews.replies import service as replies
from actitud_api.resources.scores import service as scores
from actitud_api.settings import Settings
from tests.http.publications.test_publishing import LATER, edition_document, rules
from tests.http.publications.test_refusals import read
from tests.support.applications import borrow_app
from tests.support.assessing import body_a
from tests.support.copying import fill_once
from tests.support.databases import make_key, unlimited
from tests.support.editions import draft_edition
from tests.support.figures import FigureRecorder
from tests.support.keys import create_header
from tests.support.publishing import (
    BARE,
    BIG,
    EDITION,
    LATE,
    SMALL,
    correction,
    prepare,
    publish,
    return_submitted,
    submissions,
)
from tests.support.reviewed import HEARD, JUDGED, PUBLISHED, SETTLED, SUBMITTED
from tests.support.serving import served
from tests.support.settling import anything

pytestmark = [pytest.mark.both_databases, pytest.mark.serving]

BETTER: Final = {"numerator": 320, "denominator": 320}
WORSE: Final = {"numerator": 1, "denominator": 320}
WRONG: Final = {"numerator": 9, "denominator": 8}


@pytest.fixture
def first(database: Database, tmp_path: Path) -> PublicationRecord:
    """The first revision of an edition, without the last organisation, which was given its assessment back."""
    return fill_once(database, tmp_path, publish_without_last)


def publish_without_last(database: Database, folder: Path) -> PublicationRecord:
    return publish_without(database, folder, LATE)


def publish_without(database: Database, folder: Path, organisation: str) -> PublicationRecord:
    """Publishes an edition without an organisation that was given back what it had submitted, and did nothing more."""
    prepare(database, folder)
    with database.write() as session:
        return_submitted(session, organisation)
    return publish(database, folder)


def get_score(database: Database, revision: str = "latest", organisation: str = LATE) -> ScoreDocument:
    return parse_score(service.get_score(database, EDITION, revision, organisation)[1].form.text)


# --- adding ---------------------------------------------------------------------------------------------------


def test_an_organisation_that_was_left_out_is_added(
    database: Database, tmp_path: Path, first: PublicationRecord, figure: FigureRecorder
) -> None:
    """It has the answers of the first, so both are first, and the ranks of all follow anew."""
    before = read(database)
    assert [(row.organisation, row.rank) for row in before] == [(BIG, 1), (SMALL, 2), (BARE, None)]
    assert [scores.get_edition_score(database, EDITION, name).rank for name in (BIG, SMALL, BARE)] == [1, 2, None]

    made = publish(database, tmp_path, correction(first, LATE), now=LATER)

    assert (made.revision, made.organisations, made.supersedes) == (2, 4, first.digest)
    document = edition_document(database, made)
    assert [(line.organisation, line.index, line.rank) for line in document.scores] == [
        (BIG, 44.03, 1),
        (SMALL, 16.51, 3),
        (BARE, 0.75, None),
        (LATE, 44.03, 1),
    ]
    assert document.counts.organisations == 4
    (added,) = document.corrections
    assert (added.organisation, added.before, added.answers, added.change) == (LATE, None, (), None)
    (told,) = made.corrections
    assert (told.before, told.after, told.index_before, told.index_after) == (None, added.after, None, 44.03)
    assert [(row.organisation, row.name, row.rank) for row in read(database)] == [
        (BIG, "Ávila", 1),
        (LATE, "Tarde", 1),
        (SMALL, "Ministerio de 𝔐uestras", 3),
        (BARE, 'La "Nada"', None),
    ]
    in_order = (BIG, LATE, SMALL, BARE)
    assert [scores.get_edition_score(database, EDITION, name).rank for name in in_order] == [1, 1, 3, None]
    score = get_score(database)
    assert (score.review.state, score.review.verdicts) == ("final", ())
    assert assessments.get_assessment(database, EDITION, LATE).state == "final"
    assert service.find_altered_figure(database) is None
    whole = b"".join(service.stream_bundle(database, EDITION, 2))
    (tmp_path / "bundle.jsonl.gz").write_bytes(whole)
    published = {line.document: service.get_document(database, line.document).form.text for line in document.scores}
    published[first.digest] = service.get_document(database, first.digest).form.text
    assert verify(tmp_path / "bundle.jsonl.gz", published=published.get).problems == ()
    figure(
        "S6",
        "organisations that were returned and left out, added by a correction; failed are those without a score",
        tried=1,
        failed=int(LATE not in {row.organisation for row in read(database)}),
        control="without a correction that names it the organisation has no score",
    )


def test_the_revision_without_it_stays_as_it_was(database: Database, tmp_path: Path, first: PublicationRecord) -> None:
    before = b"".join(service.stream_bundle(database, EDITION, 1))
    made = publish(database, tmp_path, correction(first, LATE), now=LATER)
    assert service.get(database, EDITION, "1") == structs.replace(first, superseded_by=made.digest)
    assert b"".join(service.stream_bundle(database, EDITION, 1)) == before
    with pytest.raises(service.UnknownPublishedScore):
        service.get_score(database, EDITION, "1", LATE)


def test_what_it_changed_and_did_not_submit_again_is_not_published(database: Database, tmp_path: Path) -> None:
    """Nobody but the organisation hands in what it writes; whoever publishes can correct what it handed in."""
    prepare(database, tmp_path)
    with database.write() as session:
        return_submitted(session, LATE)
        edited = msgspec.to_builtins(structs.replace(submissions()[LATE], answers={}))
        assessment_queries.update_figures(session, EDITION, LATE, {"submission": edited})
    first = publish(database, tmp_path)
    made = publish(database, tmp_path, correction(first, LATE, D1_01=BETTER), now=LATER)
    answers = get_score(database).submission.answers
    assert answers == submissions()[LATE].answers | {"D1.01": BETTER}
    (entry,) = edition_document(database, made).corrections
    assert entry.answers == ("D1.01",)


def test_what_was_added_is_corrected_as_all_others(
    database: Database, tmp_path: Path, first: PublicationRecord
) -> None:
    added = publish(database, tmp_path, correction(first, LATE), now=LATER)
    _, before = service.get_score(database, EDITION, "2", LATE)
    with pytest.raises(PublicationRefused) as caught:
        publish(database, tmp_path, correction(added, LATE), now=LATER)
    assert rules(caught) == [("/corrections/0/assessment", "unchanged")]
    made = publish(database, tmp_path, correction(added, LATE, D1_01=BETTER), now=LATER)
    (entry,) = edition_document(database, made).corrections
    assert (entry.organisation, entry.before) == (LATE, before.form.digest)
    assert entry.change is not None
    assert made.organisations == 4


@pytest.mark.parametrize("corrected", [BIG, BARE])
def test_it_is_added_between_the_others_and_beside_a_correction(
    database: Database, tmp_path: Path, corrected: str
) -> None:
    """Its ordinal is that of its id; the scores after it move on by one."""
    first = publish_without(database, tmp_path, SMALL)
    assert [line.organisation for line in edition_document(database, first).scores] == [BIG, BARE]
    one, other = correction(first, SMALL, D1_01=BETTER), correction(first, corrected, D1_01=WORSE)
    both = PublicationPlan(reason="Two.", supersedes=first.digest, corrections=(*one.corrections, *other.corrections))
    made = publish(database, tmp_path, both, now=LATER)
    document = edition_document(database, made)
    named = [(entry.organisation, entry.before is None) for entry in document.corrections]
    assert named == sorted([(SMALL, True), (corrected, False)])
    assert [line.organisation for line in document.scores] == [BIG, SMALL, BARE]
    with database.read() as session:
        rows = session.connection().execute(
            text("SELECT organisation, ordinal FROM published_score WHERE revision = 2 ORDER BY ordinal")
        )
        assert [tuple(row) for row in rows] == [(BIG, 1), (SMALL, 2), (BARE, 3)]
    assert len(read(database)) == 3
    assert service.find_altered_figure(database) is None


# --- what is refused ------------------------------------------------------------------------------------------


def test_only_what_was_returned_is_added(database: Database, tmp_path: Path) -> None:
    """A draft was never handed in, so that nobody but its organisation may publish it."""
    prepare(database, tmp_path)
    first = publish(database, tmp_path)
    for organisation in (LATE, "XX-T-9"):
        with pytest.raises(PublicationRefused) as caught:
            publish(database, tmp_path, correction(first, organisation), now=LATER)
        assert rules(caught) == [("/corrections/0/organisation", "unknown")]
    assert service.get(database, EDITION, "latest") == first


@pytest.mark.parametrize("kind", ["sqlite"])
@pytest.mark.parametrize("state", ["submitted", "under_review", "hearing"])
def test_what_is_still_reviewed_is_not_added(
    database: Database, tmp_path: Path, first: PublicationRecord, state: str
) -> None:
    """No edition is published with such an assessment: another program made it one."""
    with database.write() as session:
        session.connection().execute(text("DROP TRIGGER assessment_refuses_update"))
        changed = "UPDATE assessment SET state = :state WHERE organisation = :one"
        session.connection().execute(text(changed), {"state": state, "one": LATE})
    with pytest.raises(PublicationRefused) as caught:
        publish(database, tmp_path, correction(first, LATE), now=LATER)
    assert rules(caught) == [("/corrections/0/organisation", "unknown")]


def test_what_is_added_must_have_no_errors(database: Database, tmp_path: Path, first: PublicationRecord) -> None:
    with pytest.raises(NotSubmittable):
        publish(database, tmp_path, correction(first, LATE, D1_01=WRONG), now=LATER)
    assert service.get(database, EDITION, "latest") == first


def test_an_addition_needs_the_second_approval_too(
    database: Database, tmp_path: Path, first: PublicationRecord
) -> None:
    publisher = EditionPublisher(database, tmp_path, second_approver=True)
    event = ledger.Event(action="cli.publish", actor=None, subject="", public=True)
    with pytest.raises(PublicationRefused) as caught, database.write() as session:
        publisher.publish(session, EDITION, correction(first, LATE), None, event, now=LATER)
    assert rules(caught) == [("", "unapproved")]
    assert service.get(database, EDITION, "latest") == first


# --- what was found in its review -----------------------------------------------------------------------------


CUT_SHORT: Final = datetime(2027, 5, 11, 12, tzinfo=UTC)
"""A day of the hearing that is not its last one."""
AFTERWARDS: Final = SETTLED + timedelta(hours=1)
_LATE: Final[dict[str, Any]] = {"edition": EDITION, "organisation": LATE, "expected": anything, "role": "assessor"}


def publish_heard(
    database: Database, folder: Path, returned: datetime, then: Callable[[Session], None] = lambda session: None
) -> PublicationRecord:
    """Publishes an edition without an organisation that was returned in its hearing, or after it.

    Before, D1.01 was rejected and level 1 allowed at most; the organisation replied. `then` happens after the return.
    """
    draft = draft_edition(EDITION)
    with database.write() as session:
        entries = [organisations.OrganisationEntry(id=name, name=name, kind="MUN") for name in (BIG, LATE)]
        organisations.add(session, entries, SUBMITTED)
        editions.add(session, editions.build_record(draft, now=SUBMITTED))
        for name in (BIG, LATE):
            assessor = _LATE | {"organisation": name, "now": JUDGED}
            submit(session, name, SUBMITTED)
            transitions.start_review(session, **assessor)
            if name == LATE:
                judge(session, "D1.01", JUDGED)
                remark = reviews.OverallOpinion(methodology="2026.1", reason="No.", max_level=1)
                reviews.save_overall_review(session, opinion=remark, reviewer="ada", **assessor)
            reviews.open_hearing(session, **assessor)
        transitions.finalise_assessment(session, **_LATE | {"organisation": BIG, "now": SETTLED})
        reply = replies.NewReply(text="Sí.")
        replies.save_reply(session, EDITION, LATE, "D1.01", reply, expected=anything, now=HEARD)
        give_back(session, returned)
        then(session)
        editions.update(session, EDITION, editions.EditionChange(state="in_review"), expected=anything, now=SETTLED)
    make_key(database, folder, SUBMITTED)
    return publish(database, folder, now=PUBLISHED)


def submit(session: Session, organisation: str, now: datetime) -> None:
    one: dict[str, Any] = {"edition": EDITION, "organisation": organisation, "expected": anything, "now": now}
    body = msgspec.convert(body_a(evidence=False), assessments.REQUEST_TYPES["2026.1"].whole)
    assessments.put_assessment(session, request=body, **one)
    assessments.submit_assessment(session, explanations={}, role="organisation_editor", **one)


def judge(session: Session, indicator: str, now: datetime) -> None:
    opinion = reviews.Opinion(verdict="rejected", reason="No.", level=None)
    reviews.save_verdict(session, indicator=indicator, opinion=opinion, assessor="ada", now=now, **_LATE)


def give_back(session: Session, now: datetime) -> None:
    transitions.return_assessment(session, reason="Look again.", until=date(2027, 6, 3), now=now, **_LATE)


def judge_again(session: Session) -> None:
    """The same answers once more, one of which is rejected now; and no hearing follows."""
    submit(session, LATE, AFTERWARDS)
    transitions.start_review(session, now=AFTERWARDS, **_LATE)
    longer: dict[str, Any] = {"phase": "review", "until": date(2027, 6, 10), "reason": "A flood."}
    transitions.extend_phase(session, now=AFTERWARDS, **_LATE | longer)
    judge(session, "D1.02", AFTERWARDS)
    give_back(session, AFTERWARDS)


def add(database: Database, folder: Path, before: PublicationRecord, **answers: object) -> ScoreDocument:
    publish(database, folder, correction(before, LATE, **answers), now=LATER)
    assert service.find_altered_figure(database) is None
    return get_score(database)


def test_what_was_heard_counts(database: Database, tmp_path: Path) -> None:
    score = add(database, tmp_path, publish_heard(database, tmp_path, SETTLED))
    assert score.submission.set_aside == {"D1.01": "rejected"}
    assert (score.submission.max_level, score.score.level_details.max_level) == (1, 1)
    assert [(verdict.indicator, verdict.verdict) for verdict in score.review.verdicts] == [("D1.01", "rejected")]
    assert [reply.text for reply in score.review.replies] == ["Sí."]
    assert score.review.overall is not None


def test_what_the_addition_corrects_is_judged_no_more(database: Database, tmp_path: Path) -> None:
    first = publish_heard(database, tmp_path, SETTLED)
    score = add(database, tmp_path, first, D1_01={"numerator": 1, "denominator": 320})
    assert (score.submission.set_aside, score.review.verdicts) == ({}, ())
    assert score.submission.max_level == 1


def test_what_the_organisation_could_not_reply_to_does_not_count(database: Database, tmp_path: Path) -> None:
    """Else whoever reviews gives it back on the first day of its hearing, and publishes what nobody has answered."""
    score = add(database, tmp_path, publish_heard(database, tmp_path, CUT_SHORT))
    assert (score.submission.set_aside, score.submission.max_level) == ({}, None)
    assert (score.review.verdicts, score.review.overall) == ((), None)
    counted = scores.count_reviews(database, EDITION, [LATE])
    assert (counted[LATE].verdicts, counted[LATE].remark) == (0, False)


def test_what_was_found_after_the_hearing_does_not_count(database: Database, tmp_path: Path) -> None:
    score = add(database, tmp_path, publish_heard(database, tmp_path, SETTLED, judge_again))
    assert score.submission.set_aside == {"D1.01": "rejected"}
    assert [verdict.indicator for verdict in score.review.verdicts] == ["D1.01"]


# --- over HTTP ------------------------------------------------------------------------------------------------

READ: Final = (
    f"/v1/editions/{EDITION}/scores/{LATE}",
    f"/portal/{EDITION}/{LATE}",
    f"/badge/{EDITION}/{LATE}.svg",
    f"/embed/{EDITION}/{LATE}/score.json",
)
"""Addresses of the organisation in the edition."""
LISTS: Final = {
    f"/v1/editions/{EDITION}/scores": LATE,
    f"/v1/editions/{EDITION}/scores.csv": LATE,
    f"/v1/organisations/{LATE}/scores": '"edition":"2026"',
    f"/v1/editions/{EDITION}/publications/latest": LATE,
}
"""Addresses that name it once it is published, with what they have of it then."""


def test_what_is_added_is_read_everywhere_and_verifies_from_outside(
    url: str, database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = publish_without(database, tmp_path, LATE)
    body = {
        "reason": "It was given back late.",
        "supersedes": first.digest,
        "corrections": [{"organisation": LATE, "assessment": {"methodology": "2026.1"}}],
    }
    with borrow_app(structs.replace(unlimited(url), signing_folder=tmp_path)) as app, TestClient(app) as client:
        assert [client.get(path).status_code for path in READ] == [404] * 4
        assert [path for path, told in LISTS.items() if told in client.get(path).text] == []
        headers = create_header(database) | {"Idempotency-Key": "added"}
        answer = client.post(f"/v1/editions/{EDITION}/publications", json=body, headers=headers)
        assert answer.status_code == 201
        (line,) = answer.json()["corrections"]
        assert (line["organisation"], line["before"], line["index_before"]) == (LATE, None, None)
        assert [client.get(path).status_code for path in READ] == [200] * 4
        assert [path for path, told in LISTS.items() if told in client.get(path).text] == [*LISTS]
    app = create_app(Settings(database_url=url, signing_folder=tmp_path))
    with served(app) as address:
        assert cli.main(["verify", f"{address}/v1/editions/{EDITION}", "--lang", "en"]) == 0, capsys.readouterr().out
    app.state["database"].close()


@pytest.mark.parametrize("kind", [pytest.param("postgresql", marks=pytest.mark.postgresql)])
def test_domains_that_change_while_its_edition_is_published_change_nothing_in_it(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The change of the organisation was an error of the database: the assessment had been read as returned."""
    prepare(database, tmp_path)
    with database.write() as session:
        return_submitted(session, LATE)
    before, lock = assessments.get_assessment(database, EDITION, LATE), assessment_queries.lock_changeable

    def publish_meanwhile(session: Session, names: Collection[str]) -> list[AssessmentRecord]:
        found = lock(session, names)
        publish(database, tmp_path)
        return found

    monkeypatch.setattr(assessment_queries, "lock_changeable", publish_meanwhile)
    with database.write() as session:
        reevaluate_assessments(session, [LATE], now=LATER)
    assert assessments.get_assessment(database, EDITION, LATE) == before
