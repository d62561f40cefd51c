"""A step for many assessments does to each what the step of one does, and says of each what became of it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlmodel import Session

from actitud_api.engine.methodology.requests.content import AssessmentPatch
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.auth.service import Principal
from actitud_api.resources.assessments import queries
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.assessments.lifecycle import (
    DeadlinePassed,
    HearingStillOpen,
    HearingTooShort,
    InvalidDeadline,
    InvalidTransition,
)
from actitud_api.resources.assessments.reviewed_submission import Verdict
from actitud_api.resources.assessments.service import NotSubmittable
from actitud_api.resources.batches import service
from actitud_api.resources.batches.service import EmptySelection
from actitud_api.resources.batches.steps import (
    AssessmentFilter,
    ExtensionsStep,
    PlainStep,
    ReturnsStep,
    Step,
)
from actitud_api.resources.editions import service as editions
from actitud_api.resources.editions.service import EditionNotOpen
from actitud_api.resources.reviews import service as reviews
from actitud_api.resources.reviews.service import Disagreement
from tests.http.batches.conftest import (
    ADMINISTRATOR,
    ASSESSOR,
    HEARING,
    PUBLISHING,
    REVIEWING,
    SETTLING,
    SUBMITTING,
    Batch,
)
from tests.support.databases import make_key, opened
from tests.support.drafting import CONTRADICTORY, EDITION
from tests.support.postgresql import Server
from tests.support.publishing import publish
from tests.support.settling import anything


def test_all_go_from_draft_to_final_with_the_history_of_single_steps(batch: Batch) -> None:
    batch.bring("final")
    assert batch.states() == ["final"] * 4
    for name in batch.names:
        assert [(made.number, made.before, made.after, made.at, made.role) for made in batch.history(name)] == [
            (1, "draft", "submitted", SUBMITTING, "administrator"),
            (2, "submitted", "under_review", REVIEWING, "administrator"),
            (3, "under_review", "hearing", HEARING, "administrator"),
            (4, "hearing", "final", SETTLING, "administrator"),
        ]


def test_each_assessment_has_one_entry_in_the_ledger_that_of_the_single_step(batch: Batch) -> None:
    first = batch.names[0]
    assert batch.outcomes(PlainStep(step="submissions"), SUBMITTING, first) == ["done"]
    assert batch.outcomes(PlainStep(step="submissions"), SUBMITTING) == ["unchanged", "done", "done", "done"]
    batch.take(PlainStep(step="reviews"), REVIEWING, first)
    entries = batch.entries()
    paths = [f"/v1/editions/{EDITION}/assessments/{name}/submissions/1" for name in batch.names]
    paths.append(f"/v1/editions/{EDITION}/assessments/{first}/transitions/2")
    assert [entry.opening.subject for entry in entries if entry.opening] == paths
    assert [entry.opening.owner for entry in entries if entry.opening] == [*batch.names, first]
    assert {entry.opening.public for entry in entries if entry.opening} == {False}
    records = [msgspec.json.decode(entry.entry.record) for entry in entries]
    assert [record["action"] for record in records] == [
        *["editions.assessments.submissions.create"] * 4,
        "editions.assessments.reviews.create",
    ]
    assert {(record["actor"]["key"], record["request"], record["outcome"]) for record in records} == {
        ("k1", "r1", "done")
    }


def test_the_entries_of_a_batch_are_links_of_one_chain(batch: Batch) -> None:
    batch.bring("submitted")
    with batch.database.read() as session:
        entries = list(ledger.iterate_entries(session))
    assert [entry.entry.seq for entry in entries] == [0, 1, 2, 3, 4]
    assert [entry.entry.prev for entry in entries[1:]] == [entry.entry.hash for entry in entries[:-1]]


@pytest.mark.both_databases
def test_a_refused_assessment_is_named_and_the_others_go_on(batch: Batch) -> None:
    second = batch.names[1]

    def contradict(session: Any) -> None:
        change: AssessmentPatch = msgspec.convert(
            {"methodology": "2026.1", "answers": {"D1.01": CONTRADICTORY}}, assessments.REQUEST_TYPES["2026.1"].patch
        )
        assessments.patch_assessment(session, EDITION, second, change, expected=anything, now=SUBMITTING)

    batch.write(contradict)
    results = batch.take(PlainStep(step="submissions"), SUBMITTING)
    assert [result.outcome for result in results] == ["done", "refused", "done", "done"]
    refusal = results[1].refusal
    assert isinstance(refusal, NotSubmittable)
    assert [finding.rule for finding in refusal.errors] == ["V01.D1.01"]
    # The submission was stored and scored before it was refused: nothing of that is left.
    assert batch.states() == ["submitted", "draft", "submitted", "submitted"]
    assert batch.history(second) == []
    assert assessments.get_assessment(batch.database, EDITION, second).submitted is None
    assert len(batch.entries()) == 3


def test_a_dry_run_says_what_would_happen_and_changes_nothing(batch: Batch) -> None:
    batch.take(PlainStep(step="submissions"), SUBMITTING, batch.names[0])
    before = [assessments.get_assessment(batch.database, EDITION, name) for name in batch.names]
    state = batch.database.public_state.number
    results = batch.take(PlainStep(step="submissions", dry_run=True), SUBMITTING)
    assert [result.outcome for result in results] == ["unchanged", "possible", "possible", "possible"]
    assert {result.path for result in results} == {None}
    late = batch.take(PlainStep(step="submissions", dry_run=True), REVIEWING)
    assert [type(result.refusal) for result in late] == [type(None)] + [DeadlinePassed] * 3
    assert [assessments.get_assessment(batch.database, EDITION, name) for name in batch.names] == before
    assert len(batch.entries()) == 1
    assert batch.database.public_state.number == state


def test_nothing_that_is_done_already_is_done_again(batch: Batch) -> None:
    batch.bring("under_review")
    assert batch.outcomes(PlainStep(step="reviews"), REVIEWING) == ["unchanged"] * 4
    returns = ReturnsStep(step="returns", reason="A document is missing.", until=date(2027, 3, 20))
    assert batch.outcomes(returns, REVIEWING) == ["done"] * 4
    assert batch.outcomes(returns, REVIEWING) == ["unchanged"] * 4
    other = ReturnsStep(step="returns", reason="A document is missing.", until=date(2027, 3, 21))
    assert batch.refusals(other, REVIEWING) == [InvalidTransition] * 4
    extension = ExtensionsStep(step="extensions", phase="submission", until=date(2027, 3, 25), reason="A flood.")
    assert batch.outcomes(extension, REVIEWING) == ["done"] * 4
    assert batch.outcomes(extension, REVIEWING) == ["unchanged"] * 4
    longer = ExtensionsStep(step="extensions", phase="submission", until=date(2027, 3, 26), reason="A flood.")
    assert batch.outcomes(longer, REVIEWING) == ["done"] * 4
    assert [(made.after, made.until) for made in batch.history(batch.names[0])[2:]] == [
        ("returned", date(2027, 3, 20)),
        ("returned", date(2027, 3, 25)),
        ("returned", date(2027, 3, 26)),
    ]


def test_an_extension_from_before_a_return_is_given_again(batch: Batch) -> None:
    extension = ExtensionsStep(step="extensions", phase="submission", until=date(2027, 3, 25), reason="A flood.")
    assert batch.outcomes(extension, SUBMITTING) == ["done"] * 4
    batch.bring("under_review")
    batch.take(ReturnsStep(step="returns", reason="A document is missing.", until=date(2027, 3, 20)), REVIEWING)
    assert batch.outcomes(extension, REVIEWING) == ["done"] * 4


def test_who_comes_after_the_last_day_is_refused(batch: Batch) -> None:
    """The deadline ends between two batches of one job: it counts when it is the turn of an assessment."""
    early, late = batch.names[:2], batch.names[2:]
    last_moment = datetime(2027, 3, 1, 11, 59, tzinfo=UTC)
    assert batch.outcomes(PlainStep(step="submissions"), last_moment, *early) == ["done", "done"]
    assert (
        batch.refusals(PlainStep(step="submissions"), datetime(2027, 3, 1, 12, tzinfo=UTC), *late)
        == [DeadlinePassed] * 2
    )
    assert batch.states() == ["submitted", "submitted", "draft", "draft"]


def test_each_step_is_refused_for_the_reasons_of_the_single_step(batch: Batch) -> None:
    assert batch.refusals(PlainStep(step="reviews"), REVIEWING) == [InvalidTransition] * 4
    past = ReturnsStep(step="returns", reason="Late.", until=date(2027, 1, 1))
    batch.bring("submitted")
    assert batch.refusals(past, REVIEWING) == [InvalidDeadline] * 4
    batch.take(PlainStep(step="reviews"), REVIEWING)
    assert batch.refusals(PlainStep(step="hearings"), datetime(2027, 5, 2, tzinfo=UTC)) == [DeadlinePassed] * 4
    longer = ExtensionsStep(step="extensions", phase="review", until=date(2027, 5, 20), reason="A flood.")
    assert batch.outcomes(longer, REVIEWING) == ["done"] * 4
    assert batch.refusals(PlainStep(step="hearings"), datetime(2027, 5, 15, 13, tzinfo=UTC)) == [HearingTooShort] * 4
    batch.take(PlainStep(step="hearings"), HEARING)
    assert batch.refusals(PlainStep(step="finals"), HEARING) == [HearingStillOpen] * 4


def test_a_dispute_holds_back_its_assessment_alone(batch: Batch) -> None:
    batch.bring("under_review")
    third = batch.names[2]

    def dispute(session: Any) -> None:
        verdicts: dict[str, Verdict] = {"ada": "accepted", "eva": "rejected"}
        for assessor, verdict in verdicts.items():
            opinion = reviews.Opinion(verdict=verdict, reason="Not there.")
            reviews.save_verdict(
                *(session, EDITION, third, "D1.01", opinion),
                assessor=assessor,
                role="assessor",
                expected=anything,
                now=REVIEWING,
            )

    batch.write(dispute)
    results = batch.take(PlainStep(step="hearings"), HEARING, principal=ASSESSOR)
    assert [result.outcome for result in results] == ["done", "done", "refused", "done"]
    assert isinstance(results[2].refusal, Disagreement)
    assert batch.states()[2] == "under_review"
    assert len(batch.history(third)) == 2
    assert batch.outcomes(PlainStep(step="hearings"), HEARING, third) == ["done"], (
        "an administrator opens it all the same"
    )


@pytest.mark.night
def test_what_others_change_at_the_same_moment_is_seen_by_the_next_try(
    postgresql: Server, template: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between reading and writing the first assessment, somebody else begins its review."""
    with postgresql.database(template) as name, opened(postgresql.url(name)) as database:
        batch = Batch(database)
        batch.bring("submitted")
        first, second, *_ = batch.names
        update, others = queries.update_version, iter([first])

        def update_late(session: Session, edition: str, organisation: str, version: int, values: Any) -> bool:
            if organisation == next(others, None):
                with database.write() as other:
                    assert update(other, edition, organisation, version, values)
            return update(session, edition, organisation, version, values)

        monkeypatch.setattr(queries, "update_version", update_late)
        assert batch.outcomes(PlainStep(step="reviews"), REVIEWING, first, second) == ["unchanged", "done"]
        assert batch.states() == ["under_review", "under_review", "submitted", "submitted"]


def test_a_published_edition_refuses_each(batch: Batch, tmp_path: Path) -> None:
    """The drafts that were never submitted stay when the others are published."""
    first, *late = batch.names
    for step, now in (
        (PlainStep(step="submissions"), SUBMITTING),
        (PlainStep(step="reviews"), REVIEWING),
        (PlainStep(step="hearings"), HEARING),
        (PlainStep(step="finals"), SETTLING),
    ):
        batch.take(step, now, first)
    batch.write(
        lambda session: editions.update(
            session, EDITION, editions.EditionChange(state="in_review"), expected=anything, now=SETTLING
        )
    )
    make_key(batch.database, tmp_path, SUBMITTING)
    publish(batch.database, tmp_path, edition=EDITION, now=PUBLISHING)
    assert batch.refusals(PlainStep(step="submissions"), SUBMITTING, *late) == [EditionNotOpen] * 3
    assert batch.states() == ["final", "draft", "draft", "draft"]


def test_a_selection_is_counted_and_listed_in_portions(batch: Batch) -> None:
    batch.take(PlainStep(step="submissions"), SUBMITTING, *batch.names[:3])

    def count(step: Step, principal: Principal = ADMINISTRATOR) -> int:
        with batch.database.write() as session:
            return service.count_selected(session, EDITION, step, principal)

    def listed(step: Step, after: str | None = None, principal: Principal = ADMINISTRATOR) -> list[str]:
        with batch.database.read() as session:
            return service.list_selected(session, EDITION, step, principal, after=after, limit=2)

    one, two, three, four = batch.names
    assert (
        count(PlainStep(step="reviews")),
        listed(PlainStep(step="reviews")),
        listed(PlainStep(step="reviews"), two),
    ) == (3, [one, two], [three])
    assert (count(PlainStep(step="submissions")), listed(PlainStep(step="submissions"))) == (1, [four])
    named = PlainStep(step="reviews", organisations=(four, two, three))
    assert (count(named), listed(named), listed(named, three)) == (3, [two, three], [four])
    towns = PlainStep(step="reviews", filter=AssessmentFilter(kind="MUN"))
    assert (count(towns), listed(towns, two)) == (4, [three, four])
    drafts = PlainStep(step="reviews", filter=AssessmentFilter(kind="MUN", state="draft"))
    assert (count(drafts), listed(drafts)) == (1, [four])
    assert listed(PlainStep(step="reviews", filter=AssessmentFilter(q=three))) == [three]
    editor = Principal("k3", "organisation_editor", "k3", (four, one))
    assert (count(PlainStep(step="submissions"), editor), listed(PlainStep(step="submissions"), principal=editor)) == (
        1,
        [four],
    )


def test_a_step_that_nobody_can_take_is_refused_whole(batch: Batch) -> None:
    for step in (
        PlainStep(step="finals"),
        PlainStep(step="finals", filter=AssessmentFilter(kind="UNI")),
        PlainStep(step="reviews", filter=AssessmentFilter(q="no such")),
    ):
        with pytest.raises(EmptySelection), batch.database.write() as session:
            service.count_selected(session, EDITION, step, ADMINISTRATOR)
