"""Assessments, their review, hearing, publication and correction in any order, against a model of a few dictionaries.

Replies, erasures of what people wrote, and restarts of the service come anywhere between.

Each example is an edition of its own with two organisations that answer three of the indicators of 2026.1. All else is
unknown and counts 0, but D3.02, which follows from the profile: 50.00 of weight 15, so D3 is 7.50. The index of the
model is then, in hundredths, ((25·D1.01)/100 + (10·D7.08)/95 + (10·D10.07)/100 + 750)/10, half up at each step.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import Phase as Phases
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from msgspec import structs
from sqlalchemy.exc import IntegrityError

from actitud_api.engine.methodology.predicates import round_half_up
from actitud_api.engine.methodology.requests.content import Evidence
from actitud_api.platform.storage.database import Database, Session
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.assessments import transitions
from actitud_api.resources.assessments.lifecycle import (
    AssessmentState,
    DeadlinePassed,
    HearingStillOpen,
    InvalidDeadline,
    InvalidTransition,
    Phase,
    TooLateToReply,
)
from actitud_api.resources.assessments.records import AssessmentSupport
from actitud_api.resources.assessments.reviewed_submission import Verdict
from actitud_api.resources.assessments.transitions import UnknownAssessment
from actitud_api.resources.editions import service as editions
from actitud_api.resources.editions.service import EditionNotOpen
from actitud_api.resources.organisations import service as organisations
from actitud_api.resources.publications import erasure
from actitud_api.resources.publications.documents import parse_edition, parse_score
from actitud_api.resources.publications.service import (
    PlannedCorrection,
    PublicationPlan,
    PublicationRecord,
    PublicationRefused,
    get_document,
)
from actitud_api.resources.reviews import service as reviews
from actitud_api.resources.reviews.replies import service as replies
from actitud_api.resources.reviews.service import Disagreement, InvalidVerdict, Opinion, OverallOpinion, UnknownVerdict
from tests.http.reviews.story_model import LAST_DAYS, RETURNED_UNTIL, Given, Model, harsher
from tests.support.assessing import DOMAIN, Body, body_a
from tests.support.assessing import document as evidence
from tests.support.databases import make_key
from tests.support.editions import draft_edition
from tests.support.figures import FigureRecorder
from tests.support.publishing import publish
from tests.support.scale import NIGHT, STEPS, STORIES
from tests.support.settling import anything

pytestmark = pytest.mark.serving

ORGANISATIONS: Final = ("XX-T-1", "XX-T-2")
ASSESSORS: Final = ("ada", "eva")
MOMENTS: Final = tuple(
    datetime(2027, month, day, 12, tzinfo=UTC) for month, day in ((2, 1), (4, 1), (5, 10), (6, 1), (6, 28))
)
"""In the submission, in the review, in the hearing, after it, and after all days that can be given."""
EXTENDED_UNTIL: Final = date(2027, 6, 25)
FOLLOWS: Final[Mapping[AssessmentState, frozenset[AssessmentState]]] = {
    "draft": frozenset({"submitted"}),
    "submitted": frozenset({"under_review", "returned"}),
    "under_review": frozenset({"hearing", "returned"}),
    "hearing": frozenset({"final", "returned"}),
    "returned": frozenset({"submitted"}),
    "final": frozenset(),
}
STEPS_TO_PUBLISH: Final = range(5)
"""Of `next_step`, from nothing to a final assessment."""
VALUES: Final[Mapping[str, tuple[int, ...]]] = {"D1.01": (0, 160, 320), "D7.08": (0, 1), "D10.07": (0, 1, 3, 4)}
"""What is answered: devices of 320, no or yes, a level."""
TYPES: Final = assessments.REQUEST_TYPES["2026.1"]
PROFILE: Final = body_a()
"""What is stated beside the answers, with its documents."""

Refusals = set[type[Exception]]


def answer(indicator: str, value: int) -> Body:
    """An answer as it is sent, with its document."""
    facts: dict[str, Body] = {
        "D1.01": {"numerator": value, "denominator": 320},
        "D7.08": {"value": bool(value)},
        "D10.07": {"level": value},
    }
    return {**facts[indicator], "evidence": [evidence(indicator)]}


class Story(RuleBasedStateMachine):
    """One edition; what the service does and what the model says."""

    url: str
    opened: list[Database]
    folder: Path
    editions: Iterator[int]

    @property
    def database(self) -> Database:
        return self.opened[0]

    @initialize(steps=st.tuples(*[st.sampled_from((3, 4, 6, 0, 2, 3, 5))] * len(ORGANISATIONS)))
    def begin(self, steps: tuple[int, ...]) -> None:
        """The edition is open, and organisations have come as far as so many steps."""
        self.edition = f"2026-s{next(self.editions)}"
        self.models = {name: Model() for name in ORGANISATIONS}
        # The same rules come later too, and are checked one by one then.
        self.is_beginning = True
        self.open: editions.State = "open"
        self.moment = self.acts = 0
        self.published: PublicationRecord | None = None
        draft = draft_edition(self.edition)
        with self.database.write() as session:
            editions.add(session, editions.build_record(draft, now=MOMENTS[0]))
        for step, organisation in itertools.product(range(max(steps)), ORGANISATIONS):
            if step < steps[ORGANISATIONS.index(organisation)]:
                self.next_step(organisation)
        self.is_beginning = False
        for organisation in ORGANISATIONS:
            self.check(organisation)

    @rule(organisation=st.sampled_from(ORGANISATIONS))
    def next_step(self, organisation: str) -> None:
        """What brings an assessment nearer to being published; any order of steps seldom would."""
        model = self.models[organisation]
        match model.state:
            case None:
                self.put(organisation, {"D1.01": 160, "D7.08": 1, "D10.07": 3})
            case "draft" | "returned":
                self.submit(organisation)
            case "submitted":
                self.begin_review(organisation)
            case "under_review":
                self.hear(organisation)
            case "hearing":
                while not self.late(model, "hearing"):
                    self.go_on(1)
                self.settle(organisation)
            case "final":
                self.turn("in_review")
                self.publish()

    @property
    def now(self) -> datetime:
        """No two acts have the same time: what is written after an erasure is not erased by it."""
        return MOMENTS[self.moment] + timedelta(microseconds=self.acts)

    def late(self, model: Model, phase: Phase) -> bool:
        return self.now.date() > model.last_day(phase)

    def act(self, refusals: Refusals, do: Callable[[Session], object]) -> bool:
        """Does something; it is refused where the model says so, for one of its reasons. Whether it was done."""
        self.acts += 1
        if not refusals:
            with self.database.write() as session:
                do(session)
            return True
        try:
            with self.database.write() as session:
                do(session)
        except tuple(refusals):
            return False
        raise AssertionError(f"done in spite of {refusals}")

    def check(self, organisation: str) -> None:
        """The stored assessment is that of the model, with its score."""
        if self.is_beginning:
            return
        model = self.models[organisation]
        if model.state is None:
            with pytest.raises(UnknownAssessment):
                assessments.get_assessment(self.database, self.edition, organisation)
            return
        stored = assessments.get_assessment(self.database, self.edition, organisation)
        found = {name: model.counts(name) for name in model.answers}
        effects = {name: one for name, one in found.items() if one is not None}
        assert stored.state == model.state
        assert stored.index_value == model.index()
        assert stored.submission.set_aside == {
            name: one.verdict for name, one in effects.items() if one.verdict in ("rejected", "stale")
        }
        assert stored.submission.level_caps == {
            name: one.level for name, one in effects.items() if one.verdict == "capped"
        }
        assert stored.submission.self_declared == model.insufficient() | model.declared
        assert stored.submission.max_level == model.max_level
        assert set(stored.submission.answers) == set(model.answers)
        assert stored.evidence.answers.keys() >= set(model.answers)
        assert {name for name in model.answers if not stored.evidence.answers[name].evidence} == model.erased
        stored_replies = replies.list_replies(self.database, self.edition, organisation)
        assert {reply.indicator: reply.text for reply in stored_replies} == model.replies

    # --- the organisation -------------------------------------------------------------------------------------

    def unwritable(self, model: Model) -> Refusals:
        if self.open == "published" or (self.open == "in_review" and model.state != "returned"):
            return {EditionNotOpen}
        state = model.state or "draft"
        if state not in ("draft", "returned"):
            return {InvalidTransition}
        return {DeadlinePassed} if self.late(model, "submission") else set()

    @rule(
        organisation=st.sampled_from(ORGANISATIONS),
        values=st.fixed_dictionaries({}, optional={name: st.sampled_from(VALUES[name]) for name in VALUES}),
    )
    def put(self, organisation: str, values: dict[str, int]) -> None:
        """Answers, all at once."""
        model = self.models[organisation]
        answers = {name: answer(name, value) for name, value in values.items()}
        request = msgspec.convert({**PROFILE, "answers": answers}, TYPES.whole)
        if self.act(
            self.unwritable(model),
            lambda session: assessments.put_assessment(
                session, self.edition, organisation, request, expected=anything, now=self.now
            ),
        ):
            model.state = model.state or "draft"
            for name in model.answers.keys() - values.keys():
                model.remove(name)
            model.erased_profile = False
            model.write(values)
        self.check(organisation)

    @rule(organisation=st.sampled_from(ORGANISATIONS), indicator=st.sampled_from(sorted(VALUES)), data=st.data())
    def patch(self, organisation: str, indicator: str, data: st.DataObject) -> None:
        """Changes, or withdraws, one answer."""
        model = self.models[organisation]
        value = data.draw(st.none() | st.sampled_from(VALUES[indicator]))
        request = msgspec.convert(patch_of(indicator, value), TYPES.patch)
        missing: Refusals = {UnknownAssessment, EditionNotOpen} if model.state is None else set()
        if self.act(
            missing or self.unwritable(model),
            lambda session: assessments.patch_assessment(
                session, self.edition, organisation, request, expected=anything, now=self.now
            ),
        ):
            change(model, indicator, value)
        self.check(organisation)

    @rule(organisation=st.sampled_from(ORGANISATIONS))
    def delete(self, organisation: str) -> None:
        """Removes a draft, with all that was found of it: nothing."""
        model = self.models[organisation]
        refusals: Refusals = set()
        if model.state is None:
            refusals = {UnknownAssessment, EditionNotOpen}
        elif self.open == "published" or (self.open == "in_review" and model.state != "returned"):
            refusals = {EditionNotOpen}
        elif model.state != "draft":
            refusals = {InvalidTransition}
        removed = self.act(
            refusals,
            lambda session: assessments.delete_assessment(session, self.edition, organisation, expected=anything),
        )
        if removed:
            self.models[organisation] = Model()
        self.check(organisation)

    @rule(organisation=st.sampled_from(ORGANISATIONS))
    def submit(self, organisation: str) -> None:
        """Hands it in."""
        model = self.models[organisation]
        missing: Refusals = {UnknownAssessment, EditionNotOpen} if model.state is None else set()
        if self.act(
            missing or self.unwritable(model),
            lambda session: assessments.submit_assessment(
                session, self.edition, organisation, {}, role="organisation_editor", expected=anything, now=self.now
            ),
        ):
            model.state = "submitted"
            model.submit()
        self.check(organisation)

    # --- the review -------------------------------------------------------------------------------------------

    def unreached(self, model: Model, after: AssessmentState) -> Refusals:
        if self.open == "published":
            return {EditionNotOpen}
        if model.state is None:
            return {UnknownAssessment}
        return set() if after in FOLLOWS[model.state] else {InvalidTransition}

    @rule(organisation=st.sampled_from(ORGANISATIONS))
    def begin_review(self, organisation: str) -> None:
        """Begins the review."""
        self.passed(organisation, "under_review", set(), transitions.start_review)

    @rule(organisation=st.sampled_from(ORGANISATIONS))
    def hear(self, organisation: str) -> None:
        """Begins the hearing: not while assessors differ."""
        model = self.models[organisation]
        over = self.late(model, "review") or self.late(model, "hearing")
        disputed: Refusals = {Disagreement} if model.disputed() else set()
        self.passed(organisation, "hearing", {DeadlinePassed} if over else disputed, reviews.open_hearing)

    @rule(organisation=st.sampled_from(ORGANISATIONS))
    def give_back(self, organisation: str) -> None:
        """Returns it."""
        over: Refusals = {InvalidDeadline} if self.now.date() > RETURNED_UNTIL else set()

        def to_returned(*known: Any, **more: Any) -> object:
            return transitions.return_assessment(*known, reason="Look again.", until=RETURNED_UNTIL, **more)

        model = self.models[organisation]
        is_heard = model.state == "hearing" and self.late(model, "hearing")
        self.passed(organisation, "returned", over, to_returned)
        if is_heard and model.state == "returned":
            model.heard = self.acts

    @rule(organisation=st.sampled_from(ORGANISATIONS))
    def settle(self, organisation: str) -> None:
        """Settles it, once the hearing is over."""
        model = self.models[organisation]
        self.passed(
            organisation,
            "final",
            set() if self.late(model, "hearing") else {HearingStillOpen},
            transitions.finalise_assessment,
        )

    def passed(self, organisation: str, after: AssessmentState, otherwise: Refusals, do: Callable[..., object]) -> None:
        model = self.models[organisation]
        if self.act(
            self.unreached(model, after) or otherwise,
            lambda session: do(session, self.edition, organisation, role="assessor", expected=anything, now=self.now),
        ):
            model.state = after
        self.check(organisation)

    @rule(organisation=st.sampled_from(ORGANISATIONS), phase=st.sampled_from(sorted(LAST_DAYS)))
    def extend(self, organisation: str, phase: Phase) -> None:
        """Gives it more days."""
        model = self.models[organisation]
        refusals: Refusals = set()
        if self.open == "published":
            refusals = {EditionNotOpen}
        elif model.state is None:
            refusals = {UnknownAssessment}
        elif model.state == "final":
            refusals = {InvalidTransition}
        elif self.now.date() > EXTENDED_UNTIL:
            refusals = {InvalidDeadline}
        if self.act(
            refusals,
            lambda session: transitions.extend_phase(
                session,
                self.edition,
                organisation,
                phase=phase,
                until=EXTENDED_UNTIL,
                reason="It was ill.",
                role="publisher",
                expected=anything,
                now=self.now,
            ),
        ):
            model.extended[phase] = EXTENDED_UNTIL
        self.check(organisation)

    def unreviewable(self, model: Model) -> Refusals:
        if self.open == "published":
            return {EditionNotOpen}
        if model.state is None:
            return {UnknownAssessment}
        if model.state not in ("under_review", "hearing"):
            return {InvalidTransition}
        return {DeadlinePassed} if model.state == "under_review" and self.late(model, "review") else set()

    def no_time(self, model: Model) -> bool:
        """Whether less than a whole day is left to reply."""
        return model.state == "hearing" and self.now.date() >= model.last_day("hearing")

    @rule(
        organisation=st.sampled_from(ORGANISATIONS),
        indicator=st.sampled_from(sorted(VALUES)),
        assessor=st.sampled_from(ASSESSORS),
        verdict=st.sampled_from(("accepted", "rejected", "insufficient", "stale", "capped")),
        level=st.integers(0, 4),
        reopens=st.booleans(),
    )
    def judge(
        self,
        organisation: str,
        indicator: str,
        assessor: str,
        verdict: Verdict,
        level: int,
        reopens: bool = False,
    ) -> None:
        """An assessor judges an answer, and may open the hearing again for it."""
        model = self.models[organisation]
        capped = level if verdict == "capped" else None
        refusals = self.unreviewable(model)
        if not refusals and (
            indicator not in model.answers
            or (verdict == "capped" and (indicator != "D10.07" or level >= model.answers[indicator]))
        ):
            refusals = {InvalidVerdict}
        if not refusals and reopens and model.state != "hearing":
            refusals = {InvalidTransition}
        elif not refusals and reopens:
            late = self.now.date() >= EXTENDED_UNTIL or model.last_day("hearing") >= EXTENDED_UNTIL
            refusals = {InvalidDeadline} if late else set()
        elif not refusals and self.no_time(model):
            counts = model.counts(indicator)
            reworded = counts is not None and counts.number in model.wordless
            refusals = {TooLateToReply} if harsher(counts, verdict, capped, reworded=reworded) else set()
        opinion = Opinion(
            verdict=verdict,
            reason="As it is.",
            level=capped,
            hearing_until=EXTENDED_UNTIL if reopens else None,
        )
        if self.act(
            refusals,
            lambda session: reviews.save_verdict(
                session,
                self.edition,
                organisation,
                indicator,
                opinion,
                assessor=assessor,
                role="assessor",
                expected=anything,
                now=self.now,
            ),
        ):
            if reopens:
                model.extended["hearing"] = EXTENDED_UNTIL
            before = model.insufficient()
            there = model.given.setdefault(model.judged(indicator), {})
            given = Given(next(model.numbers), verdict, capped)
            there[assessor] = given
            model.acts[given.number] = self.acts
            model.rescore(before)
        self.check(organisation)

    @precondition(lambda self: self.reviewable())
    @rule(
        data=st.data(),
        indicator=st.sampled_from(sorted(VALUES)),
        assessor=st.sampled_from(ASSESSORS),
        verdict=st.sampled_from(("rejected", "insufficient", "stale", "capped")),
    )
    def judge_what_may_be(self, data: st.DataObject, indicator: str, assessor: str, verdict: Verdict) -> None:
        """The same where it may be done, so that it is done often."""
        self.judge(data.draw(st.sampled_from(self.reviewable())), indicator, assessor, verdict, 1)

    def reviewable(self) -> list[str]:
        return [name for name, model in self.models.items() if not self.unreviewable(model)]

    @precondition(lambda self: self.reviewable())
    @rule(data=st.data(), indicator=st.sampled_from(sorted(VALUES)))
    def differ(self, data: st.DataObject, indicator: str) -> None:
        """Two assessors say different things, and the hearing waits."""
        organisation = data.draw(st.sampled_from(self.reviewable()))
        self.judge(organisation, indicator, "ada", "rejected", 0)
        self.judge(organisation, indicator, "eva", "insufficient", 0)
        self.hear(organisation)

    @precondition(lambda self: any(model.disputed() for model in self.models.values()))
    @rule(assessor=st.sampled_from(ASSESSORS))
    def agree(self, assessor: str) -> None:
        """An assessor takes back all on which they differ."""
        for organisation, model in self.models.items():
            for indicator in model.answers:
                if len({one[1:] for one in model.standing(indicator).values()}) > 1:
                    self.take_back(organisation, indicator, assessor)

    @rule(
        organisation=st.sampled_from(ORGANISATIONS),
        indicator=st.sampled_from(sorted(VALUES)),
        assessor=st.sampled_from(ASSESSORS),
    )
    def take_back(self, organisation: str, indicator: str, assessor: str) -> None:
        """An assessor takes a verdict back."""
        model = self.models[organisation]
        refusals = self.unreviewable(model)
        if not refusals and assessor not in model.standing(indicator):
            refusals = {UnknownVerdict}
        elif not refusals and self.no_time(model):
            rest = [one for who, one in model.standing(indicator).items() if who != assessor]
            after = max(rest, default=None)
            counts = model.counts(indicator)
            if counts is not None and after is not None:
                reworded = (counts.number in model.wordless) != (after.number in model.wordless)
                if harsher(counts, after.verdict, after.level, reworded=reworded):
                    refusals = {TooLateToReply}
        if self.act(
            refusals,
            lambda session: reviews.withdraw_verdict(
                session, self.edition, organisation, indicator, assessor=assessor, expected=anything, now=self.now
            ),
        ):
            next(model.numbers)
            before = model.insufficient()
            model.given[model.judged(indicator)][assessor] = None
            model.rescore(before)
        self.check(organisation)

    @rule(organisation=st.sampled_from(ORGANISATIONS), max_level=st.none() | st.integers(1, 5))
    def say(self, organisation: str, max_level: int | None) -> None:
        """Review says something of the whole."""
        model = self.models[organisation]
        remark = OverallOpinion(methodology="2026.1", reason="As it is.", max_level=max_level)
        refusals = self.unreviewable(model)
        # A review that says nothing yet lets less than none: its reason is published.
        if not refusals and self.no_time(model):
            reworded = max_level == model.max_level and 0 in model.wordless
            if not model.said or reworded or (max_level or 9) < (model.max_level or 9):
                refusals = {TooLateToReply}
        if self.act(
            refusals,
            lambda session: reviews.save_overall_review(
                session,
                self.edition,
                organisation,
                remark,
                reviewer="ada",
                role="assessor",
                expected=anything,
                now=self.now,
            ),
        ):
            model.max_level, model.said, model.said_at = max_level, True, self.acts
            model.wordless.discard(0)
            model.rescore(model.insufficient())
        self.check(organisation)

    # --- the hearing ------------------------------------------------------------------------------------------

    def unanswerable(self, model: Model) -> Refusals:
        if self.open == "published":
            return {EditionNotOpen}
        if model.state is None:
            return {UnknownAssessment}
        if model.state != "hearing":
            return {InvalidTransition}
        return {DeadlinePassed} if self.late(model, "hearing") else set()

    @rule(
        organisation=st.sampled_from(ORGANISATIONS),
        indicator=st.sampled_from(sorted(VALUES)),
        words=st.sampled_from(("It is there.", "It was there before.")),
    )
    def reply(self, organisation: str, indicator: str, words: str) -> None:
        """The organisation replies, or replies something else."""
        model = self.models[organisation]
        new = replies.NewReply(text=words, evidence=(msgspec.convert(evidence("reply"), Evidence),))
        if self.act(
            self.unanswerable(model),
            lambda session: replies.save_reply(
                session, self.edition, organisation, indicator, new, expected=anything, now=self.now
            ),
        ):
            model.replies[indicator] = words
        self.check(organisation)

    @rule(organisation=st.sampled_from(ORGANISATIONS), indicator=st.sampled_from(sorted(VALUES)))
    def withdraw_reply(self, organisation: str, indicator: str) -> None:
        """The organisation takes its reply back."""
        model = self.models[organisation]
        missing: Refusals = set() if indicator in model.replies else {replies.UnknownReply}
        if self.act(
            self.unanswerable(model) or missing,
            lambda session: replies.withdraw_reply(
                session, self.edition, organisation, indicator, expected=anything, now=self.now
            ),
        ):
            del model.replies[indicator]
        self.check(organisation)

    # --- whoever operates the service -------------------------------------------------------------------------

    @rule(organisation=st.sampled_from(ORGANISATIONS), indicator=st.none() | st.sampled_from(sorted(VALUES)))
    def erase(self, organisation: str, indicator: str | None) -> None:
        """What people wrote is erased, in whatever state; a second time there is nothing left."""
        model = self.models[organisation]

        def do(session: Session) -> object:
            why = "A person asked for it."
            return erasure.erase(session, self.edition, organisation, indicator, why, now=self.now)

        if self.act({UnknownAssessment} if model.state is None else set(), do):
            model.erase(indicator)
            with self.database.write() as session:
                again = erasure.erase(session, self.edition, organisation, indicator, "Again.", now=self.now)
            assert again.is_empty
        self.check(organisation)
        if self.published is not None:
            self.check_published()

    @rule()
    def restart(self) -> None:
        """The service ends, and another one begins on the same database."""
        self.database.close()
        self.opened[0] = Database(self.url)

    # --- the edition ------------------------------------------------------------------------------------------

    @rule(on=st.integers(1, 2))
    def go_on(self, on: int) -> None:
        """Time goes by."""
        self.moment = min(self.moment + on, len(MOMENTS) - 1)

    @rule(state=st.sampled_from(("open", "in_review")))
    def turn(self, state: Any) -> None:
        """The edition takes answers, or no more."""
        refusals: Refusals = {editions.EditionInconsistent} if self.open == "published" else set()
        change = editions.EditionChange(state=state)
        if self.act(
            refusals,
            lambda session: editions.update(session, self.edition, change, expected=anything, now=self.now),
        ):
            self.open = state

    @rule()
    def publish(self) -> None:
        """Publishes what is final, where nothing is left to be settled."""
        states = [model.state for model in self.models.values()]
        waits = self.open != "in_review" or any(
            model.state in ("submitted", "under_review", "hearing")
            or (model.state == "returned" and not self.late(model, "submission"))
            for model in self.models.values()
        )
        if waits or "final" not in states:
            with pytest.raises(PublicationRefused):
                publish(self.database, self.folder, edition=self.edition, now=self.now)
        else:
            self.published = publish(self.database, self.folder, edition=self.edition, now=self.now)
            self.open = "published"
            self.check_published()

    @precondition(lambda self: self.open != "published")
    @rule(organisation=st.sampled_from(ORGANISATIONS), is_heard=st.booleans())
    def leave_out(self, organisation: str, is_heard: bool) -> None:
        """It is given back and does nothing, and the others are published without it, so that this is done often.

        With `is_heard` one more verdict is given before its hearing, if that can still begin.
        """
        for _ in STEPS_TO_PUBLISH:
            if is_heard and self.models[organisation].state in ("draft", "submitted", "under_review"):
                self.judge(organisation, "D1.01", "ada", "rejected", 0)
                self.next_step(organisation)
        for other in ORGANISATIONS:
            for _ in STEPS_TO_PUBLISH:
                if other != organisation and self.models[other].state != "final":
                    self.next_step(other)
        self.give_back(organisation)
        while self.moment < len(MOMENTS) - 1:
            self.go_on(1)
        self.turn("in_review")
        self.publish()

    @rule(organisation=st.sampled_from(ORGANISATIONS), indicator=st.sampled_from(sorted(VALUES)), data=st.data())
    def correct(self, organisation: str, indicator: str, data: st.DataObject) -> None:
        """Corrects an answer of what is published, which has to change its score, or adds who was left out."""
        model = self.models[organisation]
        adds = self.published is not None and model.state == "returned"
        if adds:
            model.add()
        value = data.draw(st.none() | st.sampled_from(VALUES[indicator]))
        digest = "sha256:" + "0" * 64 if self.published is None else self.published.digest
        fix = PlannedCorrection(organisation, msgspec.convert(patch_of(indicator, value), TYPES.patch))
        asked = PublicationPlan(reason="A wrong answer.", supersedes=digest, corrections=(fix,))
        # A document in the place of one that was erased is another answer, although it has the same facts.
        same = model.answers.get(indicator) == value
        renewed = indicator in model.erased and (indicator in model.declared or model.counts(indicator) is not None)
        if self.published is None or model.state != "final" or (same and not renewed and not adds):
            with pytest.raises(PublicationRefused):
                publish(self.database, self.folder, asked, edition=self.edition, now=self.now)
            return
        self.published = publish(self.database, self.folder, asked, edition=self.edition, now=self.now)
        declared, declared_profile = model.declared | (model.insufficient() & model.erased), model.declared_profile
        change(model, indicator, value)
        model.declared_profile = declared_profile
        # A correction judges only the documents that it brings: of all others it counts what was published.
        model.declared = {name for name in declared if name in model.erased} - model.insufficient()
        self.check(organisation)
        self.check_published()

    def check_published(self) -> None:
        """The newest revision has the scores of what is final, as the model has them."""
        assert self.published is not None
        edition = parse_edition(get_document(self.database, self.published.digest).form.text)
        final = {name: model.index() for name, model in self.models.items() if model.state == "final"}
        assert {line.organisation: round_half_up(Fraction(str(line.index)) * 100) for line in edition.scores} == final
        for line in edition.scores:
            score = parse_score(get_document(self.database, line.document).form.text)
            stored = assessments.get_assessment(self.database, self.edition, line.organisation)
            assert score.submission == stored.submission
            counted = ((name, self.models[line.organisation].counts(name)) for name in VALUES)
            assert [(one.indicator, one.verdict, one.level) for one in score.review.verdicts] == [
                (name, one.verdict, one.level) for name, one in counted if one is not None
            ]

    def teardown(self) -> None:
        """In the end all is as the model has it."""
        for organisation in getattr(self, "models", {}):
            self.check(organisation)


def patch_of(indicator: str, value: int | None) -> Body:
    return {"methodology": "2026.1", "answers": {indicator: None if value is None else answer(indicator, value)}}


def change(model: Model, indicator: str, value: int | None) -> None:
    if value is None:
        model.remove(indicator)
    model.write({} if value is None else {indicator: value})


def test_any_story_is_as_the_model_tells_it(url: str, tmp_path: Path, kind: str, figure: FigureRecorder) -> None:
    opened = [Database(url)]
    tell = prepare(url, opened, tmp_path)
    try:
        tell(STORIES, (Phases.generate, Phases.shrink))
        # The control costs minutes where nothing is found soon.
        control = None if not NIGHT else find_planted(lambda: tell(STORIES, (Phases.generate,)))
    finally:
        opened[0].close()
    figure(
        "R11",
        f"stories of up to {STEPS} steps on {kind}, with replies, erasures and restarts too: those that differ",
        tried=STORIES,
        failed=0,
        control=control,
    )


def find_planted(tell: Callable[[], None]) -> str:
    """What is found where an erasure takes the seals with it, by which verdicts know what they judged."""

    def unsealed(support: AssessmentSupport, indicator: str | None) -> AssessmentSupport:
        kept = {name: one for name, one in support.answers.items() if indicator not in (None, name)}
        return structs.replace(support, answers=kept)

    with patch.object(assessments, "_erase_from_support", unsealed), pytest.raises((AssertionError, IntegrityError)):
        tell()
    return "where an erasure takes the seals of the answers with it, a story differs or the database refuses"


def prepare(url: str, opened: list[Database], tmp_path: Path) -> Callable[[int, tuple[Phases, ...]], None]:
    """What tells so many stories; a restart puts another database in the place of the one that is opened."""
    database = opened[0]
    folder = tmp_path / "signing"
    make_key(database, folder, MOMENTS[0])
    with database.write() as session:
        entries = [
            organisations.OrganisationEntry(id=name, name=name, kind="MUN", domains=(DOMAIN,)) for name in ORGANISATIONS
        ]
        organisations.add(session, entries, MOMENTS[0])
    here = {"url": url, "opened": opened, "folder": folder, "editions": itertools.count(1)}

    def tell(stories: int, phases: tuple[Phases, ...]) -> None:
        run_state_machine_as_test(
            type("Here", (Story,), here),
            settings=settings(
                max_examples=stories,
                stateful_step_count=STEPS,
                deadline=None,
                # One exception, not a group of them, is what the control waits for.
                report_multiple_bugs=False,
                suppress_health_check=list(HealthCheck),
                phases=phases,
            ),
        )

    return tell
