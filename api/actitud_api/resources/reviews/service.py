"""Use cases over reviews: verdicts on answers, overall reviews, agreement of assessors, samples and flags.

A verdict changes the score in the transaction that stores it. Functions that write take a writing session, a test of
the stored version (`expected` returns True for the version in the client's `If-Match`) and the current time.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Final, Literal, TypeAlias

from msgspec import Struct, structs

from actitud_api.engine.methodology.loader import list_versions, load_methodology
from actitud_api.engine.methodology.model import Indicator, Scalar
from actitud_api.engine.methodology.predicates import walk_indicators
from actitud_api.engine.methodology.requests.answers import FactValue
from actitud_api.engine.methodology.requests.overall_review import build_review_request_type
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.auth.service import ORGANISATION_ROLES, Principal
from actitud_api.platform.storage.database import Database, Session
from actitud_api.platform.storage.pages import PageRange
from actitud_api.platform.storage.versions import Expected, StaleVersion, build_revision
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.assessments import transitions
from actitud_api.resources.assessments.lifecycle import TooLateToReply, TransitionRecord
from actitud_api.resources.assessments.records import AssessmentRecord
from actitud_api.resources.assessments.reviewed_submission import (
    NO_REVIEW,
    AppliedOverall,
    AppliedReview,
    AppliedVerdict,
    Verdict,
    list_levels,
)
from actitud_api.resources.assessments.transitions import LockedAssessment
from actitud_api.resources.editions import service as editions
from actitud_api.resources.reviews import queries
from actitud_api.resources.reviews.agreement import AgreementCount, VerdictAgreement, compute_agreement
from actitud_api.resources.reviews.flagging import FlagKind, extract_compared, find_anomalies, find_followers
from actitud_api.resources.reviews.queries import FlagRecord, OverallReview, SampleDraw, VerdictRecord
from actitud_api.resources.reviews.queries import count_reasons as count_reasons
from actitud_api.resources.reviews.queries import erase_reasons as erase_reasons
from actitud_api.resources.reviews.sampling import generate_seed, select_sample
from actitud_api.resources.reviews.severity import is_harsher, is_whole_harsher

REVIEW_TYPES: Final = tuple(build_review_request_type(load_methodology(version)) for version in list_versions())
"""The request types of an overall review, one for each methodology version.

Decoding into these types refuses unknown members.
"""


class UnknownIndicator(LookupError):
    """The methodology has no indicator with this id. Raised by every use case with a parameter `indicator`."""

    def __init__(self, indicator: str) -> None:
        super().__init__(indicator)
        self.indicator = indicator


class UnknownVerdict(LookupError):
    """The assessor has given no verdict on the current answer. Raised by `withdraw_verdict`."""

    def __init__(self, indicator: str) -> None:
        super().__init__(indicator)
        self.indicator = indicator


class InvalidVerdict(ValueError):
    """The methodology does not allow this verdict on this answer. Nothing is stored.

    `rule` names the reason. `unanswered`: the indicator has no answer. `ladder`: the indicator has no levels to cap.
    `level`: the level `value` is not among `allowed`, the levels below the level of the answer. `review`: the rule
    `value` is not among `allowed`, the rules of the indicator that assessors check.
    """

    def __init__(
        self,
        indicator: str,
        rule: Literal["unanswered", "ladder", "level", "review"],
        value: str | int | None = None,
        allowed: Sequence[str | int] = (),
    ) -> None:
        super().__init__(f"{indicator}: {rule}")
        self.indicator = indicator
        self.rule = rule
        self.value = value
        self.allowed = tuple(allowed)


class ReviewChanged(StaleVersion):
    """Raised if somebody has judged an answer or an assessment, or the answer has changed, since the caller read it."""


VerdictRefusal: TypeAlias = UnknownIndicator | InvalidVerdict | StaleVersion | TooLateToReply
"""The exceptions that refuse one verdict of several."""


class Disagreement(Exception):
    """Assessors disagree on some answers, so the hearing cannot start. Raised by `open_hearing`.

    `indicators` are the ids of the indicators of these answers.
    """

    def __init__(self, indicators: Sequence[str]) -> None:
        super().__init__(", ".join(indicators))
        self.indicators = tuple(indicators)


class UnknownSample(LookupError):
    """The edition has no sample. Raised by `draw_sample`."""

    def __init__(self, edition: str) -> None:
        super().__init__(edition)
        self.edition = edition


class AlreadySampled(Exception):
    """The edition already has a sample. Raised by `create_sample`, because a sample is drawn only once."""

    def __init__(self, edition: str) -> None:
        super().__init__(edition)
        self.edition = edition


class ReviewOver(Exception):
    """The edition is published, so no sample is drawn and no flags are stored any more.

    Raised by `create_sample` and `refresh_flags`.
    """

    def __init__(self, edition: str) -> None:
        super().__init__(edition)
        self.edition = edition


class ReviewMethodologyMismatch(ValueError):
    """An overall review and its assessment are for different methodology versions.

    Raised by `save_overall_review`.
    """

    def __init__(self, sent: str, required: str) -> None:
        super().__init__(f"{sent} instead of {required}")
        self.sent = sent
        self.required = required


class Opinion(Struct, frozen=True, kw_only=True):
    """The verdict that an assessor gives on an answer.

    `level` is the level at which a `capped` answer counts, None for any other verdict. `rule` is the id of the rule of
    the methodology that the answer breaks, None if the verdict names none. `reason` is None if the assessor states no
    reason. `hearing_until` is a new last day of the hearing; None keeps the present day.
    """

    verdict: Verdict
    reason: str | None = None
    level: int | None = None
    rule: str | None = None
    hearing_until: date | None = None


class Judgement(Struct, frozen=True):
    """The verdict of an assessor on one of several answers of an assessment.

    `answer` identifies the answer that the assessor saw: the first 8 digits of its digest (`AnswerReview.answer_mark`).
    """

    indicator: str
    answer: str
    opinion: Opinion


class OverallOpinion(Struct, frozen=True, kw_only=True):
    """The overall review that an assessor writes, with the members of an `OverallReview`.

    `methodology` is the version that it is written for. `hearing_until` is a new last day of the hearing; None keeps
    the present day.
    """

    methodology: str
    reason: str
    max_level: int | None = None
    profile: dict[str, Scalar | None] = {}
    answers: dict[str, dict[str, FactValue]] = {}
    hearing_until: date | None = None


class AnswerReview(Struct, frozen=True):
    """All verdicts on the answer to one indicator.

    `answer` is the digest of the current answer, None if there is none. `verdicts` are in the order in which they were
    given and include verdicts on earlier answers to the indicator.
    """

    indicator: str
    answer: str | None
    verdicts: tuple[VerdictRecord, ...]

    @property
    def current_verdicts(self) -> tuple[VerdictRecord, ...]:
        """The verdicts on the current answer that were not withdrawn, oldest first."""
        return tuple(
            verdict for verdict in self.verdicts if verdict.answer == self.answer and verdict.verdict is not None
        )

    @property
    def counted_verdict(self) -> VerdictRecord | None:
        """The verdict that counts: the latest on the current answer that was not withdrawn; None if there is none."""
        return self.current_verdicts[-1] if self.current_verdicts else None

    @property
    def is_disputed(self) -> bool:
        """True if assessors gave different verdicts or levels on the current answer."""
        return len({(verdict.verdict, verdict.level) for verdict in self.current_verdicts}) > 1

    @property
    def revision(self) -> str:
        """The version of this review, for `If-Match`. It changes with every verdict and every change of the answer."""
        # The digest of the answer is part of it: a verdict on an answer that has changed meanwhile is refused.
        number = max((verdict.number for verdict in self.verdicts), default=0)
        return f"v{number}.{self.answer_mark}"

    @property
    def answer_mark(self) -> str:
        """The short mark of the current answer: the first 8 digits of its digest, or zeros if there is no answer."""
        return "0" * 8 if self.answer is None else self.answer.removeprefix("sha256:")[:8]


class OverallReviewState(Struct, frozen=True):
    """The overall review of an assessment with its version.

    `review` is None if nobody wrote one. `revision` is the version that a client names in `If-Match`.
    """

    edition: str
    organisation: str
    methodology: str
    review: OverallReview | None
    revision: str


class AssessorPair(Struct, frozen=True):
    """The agreement of two assessors.

    `first` and `second` are the ids of their keys. If a key was rotated, the id of its oldest predecessor is used.
    """

    first: str
    second: str
    agreement: VerdictAgreement


class AgreementSummary(AgreementCount, frozen=True):
    """The agreement of the assessors of an edition.

    `between` has an entry for each pair of assessors who judged the same answers. `pairs` is the number of answers that
    both assessors of a pair judged, and `agreed` the number of answers with equal verdicts, each summed over all
    entries.
    """

    edition: str
    between: tuple[AssessorPair, ...]


class SampleView(Struct, frozen=True):
    """The sample of an edition, as far as a principal may see it.

    `drawing` has the seed and the share. `assessments` is the number of submitted assessments, and `drawn` the number
    of drawn assessments. Both are None if the principal may not see all drawn organisations. `organisations` are the
    drawn organisations that the principal may see, in the order of the draw.
    """

    drawing: SampleDraw
    assessments: int | None
    drawn: int | None
    organisations: tuple[str, ...]


class FlaggingResult(Struct, frozen=True):
    """The result of computing flags: the numbers of compared assessments and of flags, and the time `created`."""

    edition: str
    assessments: int
    flags: int
    created: datetime


# --- verdicts -------------------------------------------------------------------------------------------------


def list_answer_reviews(database: Database, edition: str, organisation: str) -> list[AnswerReview]:
    """List the reviews of the answers of an assessment: for each answer, all verdicts on it.

    They are ordered as the indicators in the methodology.
    Answers that were removed after a verdict are included.

    Raises:
        UnknownEdition, UnknownAssessment: There is no such edition, or no such assessment in it.
        IdentifierIsAlias: `organisation` is an alias; the exception has the id to use.
    """
    with database.read() as session:
        record = assessments.find_assessment(session, edition, organisation)
        return list(_load_answer_reviews(session, record).values())


def get_answer_review(database: Database, edition: str, organisation: str, indicator: str) -> AnswerReview:
    """Return the review of the answer to an indicator: all verdicts on it; empty if there is no verdict.

    Raises:
        UnknownEdition, UnknownAssessment: There is no such edition, or no such assessment in it.
        IdentifierIsAlias: `organisation` is an alias; the exception has the id to use.
        UnknownIndicator: The methodology has no such indicator.
    """
    with database.read() as session:
        record = assessments.find_assessment(session, edition, organisation)
        _find_indicator(record, indicator)
        return _select_answer_review(_load_answer_reviews(session, record), indicator)


def collect_counted(
    session: Session, edition: str, records: Mapping[str, AssessmentRecord]
) -> dict[str, tuple[tuple[VerdictRecord, ...], OverallReview | None]]:
    """Return the verdicts that count and the overall review of several assessments, by organisation.

    A verdict counts if it is the latest on the current answer and was not withdrawn. The verdicts are ordered as the
    indicators in the methodology; the overall review is None if there is none. Assessments that were never reviewed
    are absent.
    """
    verdicts: defaultdict[str, list[VerdictRecord]] = defaultdict(list)
    for verdict in queries.list_verdicts(session, edition, records):
        verdicts[verdict.organisation].append(verdict)
    overall_reviews = {
        review.organisation: review for review in queries.list_overall_reviews(session, edition, records)
    }
    return {
        name: (
            tuple(
                review.counted_verdict
                for review in _group_verdicts(records[name], verdicts.get(name, ())).values()
                if review.counted_verdict is not None
            ),
            overall_reviews.get(name),
        )
        for name in records
        if name in verdicts or name in overall_reviews
    }


def collect_answer_reviews(
    session: Session, edition: str, records: Mapping[str, AssessmentRecord]
) -> dict[str, dict[str, AnswerReview]]:
    """Return the reviews of all answers of several assessments, by organisation and indicator.

    The review of an answer has all verdicts on it. The indicators are in the order of the methodology.
    """
    verdicts: defaultdict[str, list[VerdictRecord]] = defaultdict(list)
    for verdict in queries.list_verdicts(session, edition, records):
        verdicts[verdict.organisation].append(verdict)
    return {name: _group_verdicts(record, verdicts.get(name, ())) for name, record in records.items()}


def collect_heard(session: Session, record: AssessmentRecord, heard: datetime | None) -> AppliedReview:
    """Return the part of a review to which the organisation could reply: verdicts and overall review until `heard`.

    `heard` is the time at which the hearing ended; None if there was no hearing, and the result is then empty. `record`
    may have an earlier submission of the assessment; only the verdicts on the answers in it are returned.
    """
    if heard is None:
        return NO_REVIEW
    reviews = _load_answer_reviews(session, record)
    overall = queries.find_overall_review(session, record.edition, record.organisation)
    return _build_applied(
        (verdict for verdict in _list_latest(reviews.values()) if verdict.at <= heard),
        overall if overall is not None and overall.at <= heard else None,
    )


def find_reviewed(session: Session, edition: str, organisations: Collection[str]) -> set[str]:
    """Return the ids among `organisations` whose assessment ever had a verdict or an overall review."""
    verdicts, overall_reviews = (
        query(session, edition, organisations) for query in (queries.list_verdicts, queries.list_overall_reviews)
    )
    return {record.organisation for record in verdicts} | {record.organisation for record in overall_reviews}


def save_verdict(
    session: Session,
    edition: str,
    organisation: str,
    indicator: str,
    opinion: Opinion,
    *,
    assessor: str,
    role: str,
    expected: Expected,
    now: datetime,
) -> AnswerReview:
    """Store the verdict of an assessor on an answer in place of an earlier one, and score the assessment again.

    `assessor` is the id of the assessor's key, or of its oldest predecessor if it was rotated. If the opinion sets
    another last day of the hearing, an extension is recorded as well, with `role`, the role of the key. Return the
    review of the answer: all verdicts on it.

    Raises:
        UnknownEdition, UnknownAssessment: There is no such edition, or no such assessment in it.
        IdentifierIsAlias: `organisation` is an alias; the exception has the id to use.
        UnknownIndicator: The methodology has no such indicator.
        EditionNotOpen: The edition is published.
        InvalidTransition: The assessment is neither under review nor in its hearing.
        DeadlinePassed: The assessment is under review and the review phase is over.
        ReviewChanged: `expected` returns False: the client's `If-Match` names another version of the review of the
            answer.
        InvalidVerdict: The methodology does not allow this verdict on this answer.
        TooLateToReply: The verdict is harsher than the verdict that counts now, and no whole day is left to reply.
        InvalidDeadline: The day `hearing_until` of the opinion cannot be the last day of the hearing.
    """
    locked, indicator_model, reviews = _lock_answer(session, edition, organisation, indicator, expected, now)
    verdict = _build_verdict(locked.record, indicator_model, reviews, opinion, assessor, now)
    if opinion.hearing_until is not None:
        _reopen_hearing(session, locked, opinion.hearing_until, opinion.reason, role, now)
    after = _store_verdict(session, locked, reviews, verdict, now, reopened=opinion.hearing_until is not None)
    _score_reviewed(session, locked.record, reviews | {indicator: after}, now)
    return after


def save_verdicts(
    session: Session,
    edition: str,
    organisation: str,
    judgements: Sequence[Judgement],
    *,
    assessor: str,
    now: datetime,
) -> list[AnswerReview | VerdictRefusal | None]:
    """Store the verdicts of an assessor on several answers of one assessment, and score the assessment again once.

    `assessor` is the id of the assessor's key, or of its oldest predecessor if it was rotated. Each verdict replaces an
    earlier one of the assessor on the same answer. The list has one result for each judgement, in the same order: the
    review of the answer (all verdicts on it); None if the assessor has given this verdict before; or the exception that
    refuses this verdict, while the other verdicts are stored. No opinion may set another last day of the hearing.

    Raises:
        UnknownEdition, UnknownAssessment: There is no such edition, or no such assessment in it.
        IdentifierIsAlias: `organisation` is an alias; the exception has the id to use.
        EditionNotOpen: The edition is published.
        InvalidTransition: The assessment is neither under review nor in its hearing.
        DeadlinePassed: The assessment is under review and the review phase is over.
    """
    locked = assessments.lock_for_review(session, edition, organisation, now=now)
    reviews = _load_answer_reviews(session, locked.record)
    results: list[AnswerReview | VerdictRefusal | None] = []
    for judgement in judgements:
        try:
            indicator_model = _find_indicator(locked.record, judgement.indicator)
            before = _select_answer_review(reviews, judgement.indicator)
            if before.answer is not None and before.answer_mark != judgement.answer:
                raise StaleVersion
            if _is_given(_find_own_verdict(before, assessor), judgement.opinion):
                results.append(None)
                continue
            verdict = _build_verdict(locked.record, indicator_model, reviews, judgement.opinion, assessor, now)
            # Nothing is written before the last check, so a refusal leaves nothing behind.
            after = _store_verdict(session, locked, reviews, verdict, now)
        except (UnknownIndicator, InvalidVerdict, StaleVersion, TooLateToReply) as refusal:
            results.append(refusal)
            continue
        reviews[judgement.indicator] = after
        results.append(after)
    if any(isinstance(result, AnswerReview) for result in results):
        _score_reviewed(session, locked.record, reviews, now)
    return results


def withdraw_verdict(
    session: Session,
    edition: str,
    organisation: str,
    indicator: str,
    *,
    assessor: str,
    expected: Expected,
    now: datetime,
) -> AnswerReview:
    """Withdraw the verdict of an assessor on an answer, and score the assessment again.

    The verdict that the assessor gave first stays stored, for the agreement of assessors. `assessor` is the id of the
    assessor's key, or of its oldest predecessor if it was rotated. Return the review of the answer: all verdicts on it.

    Raises:
        UnknownEdition, UnknownAssessment: There is no such edition, or no such assessment in it.
        IdentifierIsAlias: `organisation` is an alias; the exception has the id to use.
        UnknownIndicator: The methodology has no such indicator.
        EditionNotOpen: The edition is published.
        InvalidTransition: The assessment is neither under review nor in its hearing.
        DeadlinePassed: The assessment is under review and the review phase is over.
        ReviewChanged: `expected` returns False: the client's `If-Match` names another version of the review of the
            answer.
        UnknownVerdict: The assessor has no verdict on the current answer.
        TooLateToReply: An earlier, harsher verdict would count again, and no whole day is left to reply.
    """
    locked, _, reviews = _lock_answer(session, edition, organisation, indicator, expected, now)
    own = _find_own_verdict(_select_answer_review(reviews, indicator), assessor)
    if own is None or own.verdict is None:
        raise UnknownVerdict(indicator)
    withdrawn = structs.replace(
        own, number=_compute_next_number(reviews), at=now, verdict=None, reason=None, level=None, rule=None
    )
    after = _store_verdict(session, locked, reviews, withdrawn, now)
    _score_reviewed(session, locked.record, reviews | {indicator: after}, now)
    return after


def open_hearing(
    session: Session, edition: str, organisation: str, *, role: str, expected: Expected, now: datetime
) -> TransitionRecord:
    """Start the hearing of an assessment and return the transition.

    If assessors disagree, only an administrator can start the hearing. Without this exception, an assessor whose
    key has expired could block it for ever, because that assessor cannot withdraw a verdict. `role` is the role of
    the key that starts the hearing.

    Raises:
        UnknownEdition, UnknownAssessment: There is no such edition, or no such assessment in it.
        IdentifierIsAlias: `organisation` is an alias; the exception has the id to use.
        EditionNotOpen: The edition is published.
        StaleVersion: `expected` returns False: the client's `If-Match` names another version.
        InvalidTransition: The state is not `under_review`.
        DeadlinePassed: The last day of the review or of the hearing is over.
        HearingTooShort: The last day of the hearing is today.
        Disagreement: Assessors disagree and `role` is not administrator.
    """
    locked = transitions.lock_for_transition(session, edition, organisation, expected=expected)
    step = transitions.start_hearing(session, locked, role=role, now=now)
    disputed = [
        review.indicator for review in _load_answer_reviews(session, locked.record).values() if review.is_disputed
    ]
    if disputed and role != "administrator":
        raise Disagreement(disputed)
    return step


def _lock_answer(
    session: Session, edition: str, organisation: str, indicator: str, expected: Expected, now: datetime
) -> tuple[LockedAssessment, Indicator, dict[str, AnswerReview]]:
    """Lock an assessment that may be reviewed. Return it with the indicator and all reviews.

    The second value is the indicator with the id `indicator`; the third has the reviews of all answers by
    indicator. Raises `ReviewChanged` if the client's `If-Match` names another version of the review of the answer.
    """
    locked = assessments.lock_for_review(session, edition, organisation, now=now)
    indicator_model = _find_indicator(locked.record, indicator)
    reviews = _load_answer_reviews(session, locked.record)
    if not expected(_select_answer_review(reviews, indicator).revision):
        raise ReviewChanged
    return locked, indicator_model, reviews


def _find_indicator(record: AssessmentRecord, indicator: str) -> Indicator:
    for candidate in walk_indicators(load_methodology(record.methodology).document.root):
        if candidate.id == indicator:
            return candidate
    raise UnknownIndicator(indicator)


def _check_opinion(record: AssessmentRecord, indicator: Indicator, before: AnswerReview, opinion: Opinion) -> str:
    """Check that an opinion fits the current answer to an indicator, and return the digest of that answer.

    `before` has the answer and the verdicts so far. Raises `InvalidVerdict` if the methodology does not allow the
    opinion.
    """
    if before.answer is None:
        raise InvalidVerdict(indicator.id, "unanswered")
    if opinion.rule is not None and opinion.rule not in indicator.reviews:
        raise InvalidVerdict(indicator.id, "review", opinion.rule, indicator.reviews)
    if opinion.verdict == "capped":
        levels = list_levels(indicator)
        if not levels:
            raise InvalidVerdict(indicator.id, "ladder")
        # A ladder has exactly one fact, its level.
        (sent,) = record.submission.answers[indicator.id].values()
        below = [level for level in levels if isinstance(sent, int) and level < sent]
        if opinion.level not in below:
            raise InvalidVerdict(indicator.id, "level", opinion.level, below)
    return before.answer


def _load_answer_reviews(session: Session, record: AssessmentRecord) -> dict[str, AnswerReview]:
    return _group_verdicts(record, queries.list_verdicts(session, record.edition, [record.organisation]))


def _group_verdicts(record: AssessmentRecord, verdicts: Iterable[VerdictRecord]) -> dict[str, AnswerReview]:
    """Group the verdicts of an assessment by indicator, in the order of the methodology."""
    by_indicator: defaultdict[str, list[VerdictRecord]] = defaultdict(list)
    for verdict in verdicts:
        by_indicator[verdict.indicator].append(verdict)
    digests = assessments.digest_answers(assessments.rebuild_content(record), record.evidence)
    return {
        indicator.id: AnswerReview(indicator.id, digests.get(indicator.id), tuple(by_indicator.get(indicator.id, ())))
        for indicator in walk_indicators(load_methodology(record.methodology).document.root)
        if indicator.id in digests or indicator.id in by_indicator
    }


def _select_answer_review(reviews: Mapping[str, AnswerReview], indicator: str) -> AnswerReview:
    return reviews.get(indicator, AnswerReview(indicator, None, ()))


def _find_own_verdict(review: AnswerReview, assessor: str) -> VerdictRecord | None:
    """Return the verdict of an assessor on the current answer, or None if the assessor has given none.

    A withdrawn verdict is returned too.
    """
    return next(
        (verdict for verdict in review.verdicts if (verdict.assessor, verdict.answer) == (assessor, review.answer)),
        None,
    )


def _compute_next_number(reviews: Mapping[str, AnswerReview]) -> int:
    """Return the number for the next verdict on an assessment: one more than the highest number so far.

    `reviews` are the reviews of all its answers, by indicator.
    """
    return 1 + max((verdict.number for review in reviews.values() for verdict in review.verdicts), default=0)


def _build_verdict(
    record: AssessmentRecord,
    indicator: Indicator,
    reviews: Mapping[str, AnswerReview],
    opinion: Opinion,
    assessor: str,
    now: datetime,
) -> VerdictRecord:
    """Return the verdict of an assessor on the current answer to an indicator, to be stored.

    `reviews` are those of all answers, by indicator. Raises `InvalidVerdict` if the methodology does not allow it.
    """
    before = _select_answer_review(reviews, indicator.id)
    answer = _check_opinion(record, indicator, before, opinion)
    own = _find_own_verdict(before, assessor)
    return VerdictRecord(
        edition=record.edition,
        organisation=record.organisation,
        indicator=indicator.id,
        answer=answer,
        assessor=assessor,
        number=_compute_next_number(reviews),
        at=now,
        verdict=opinion.verdict,
        reason=opinion.reason,
        level=opinion.level,
        rule=opinion.rule,
        # Agreement is computed from first verdicts, so a later verdict keeps the first.
        first_verdict=opinion.verdict if own is None else own.first_verdict,
        first_level=opinion.level if own is None else own.first_level,
    )


def _is_given(own: VerdictRecord | None, opinion: Opinion) -> bool:
    """Return True if the verdict of an assessor has the same content as an opinion."""
    return own is not None and (own.verdict, own.level, own.reason, own.rule) == (
        opinion.verdict,
        opinion.level,
        opinion.reason,
        opinion.rule,
    )


def _store_verdict(
    session: Session,
    locked: LockedAssessment,
    reviews: Mapping[str, AnswerReview],
    verdict: VerdictRecord,
    now: datetime,
    *,
    reopened: bool = False,
) -> AnswerReview:
    """Store a verdict on a locked assessment, which is scored afterwards. Return the review of the answer with it.

    Raises `TooLateToReply`, and stores nothing, if a harsher verdict counts then, unless the hearing was `reopened`.
    """
    before = reviews[verdict.indicator]
    others = (one for one in before.verdicts if (one.assessor, one.answer) != (verdict.assessor, verdict.answer))
    after = structs.replace(before, verdicts=(*others, verdict))
    if not reopened and is_harsher(before.counted_verdict, after.counted_verdict):
        locked.lifecycle.ensure_time_to_reply(now)
    queries.store_verdict(session, verdict)
    return after


def _score_reviewed(
    session: Session, record: AssessmentRecord, reviews: Mapping[str, AnswerReview], now: datetime
) -> None:
    """Score a locked assessment again with the reviews of its answers, by indicator, and its overall review."""
    overall = queries.find_overall_review(session, record.edition, record.organisation)
    applied = _build_applied(_list_latest(reviews.values()), overall)
    assessments.rescore_reviewed(session, record, applied, now=now)


def _reopen_hearing(
    session: Session, locked: LockedAssessment, until: date, reason: str | None, role: str, now: datetime
) -> None:
    """Record another last day of the hearing of a locked assessment, whose score is stored afterwards.

    Raises `InvalidTransition` or `InvalidDeadline` if the day cannot be the last one.
    """
    locked.lifecycle.ensure_reopens(until, now)
    # The version of the assessment grows with the score that the same transaction stores.
    transitions.record_transition(
        session,
        locked.record,
        locked.lifecycle,
        locked.record.state,
        role,
        now,
        phase="hearing",
        reason=reason,
        until=until,
    )


def _list_latest(reviews: Iterable[AnswerReview]) -> list[VerdictRecord]:
    """List the verdicts that count on each answer that was ever judged: the latest that was not withdrawn.

    Those on earlier answers count again once the organisation brings such an answer back.
    """
    return [
        verdict
        for review in reviews
        for verdict in {one.answer: one for one in review.verdicts if one.verdict is not None}.values()
    ]


def _build_applied(verdicts: Iterable[VerdictRecord], overall: OverallReview | None) -> AppliedReview:
    """Return verdicts that count, and the overall review, as they affect the score."""
    answers: defaultdict[str, list[AppliedVerdict]] = defaultdict(list)
    for verdict in verdicts:
        if verdict.verdict is not None:
            answers[verdict.indicator].append(AppliedVerdict(verdict.verdict, verdict.answer, verdict.level))
    return AppliedReview(
        answers={indicator: tuple(applied) for indicator, applied in answers.items()},
        overall=None
        if overall is None
        else AppliedOverall(max_level=overall.max_level, profile=overall.profile, answers=overall.answers),
    )


# --- the whole ------------------------------------------------------------------------------------------------


def get_overall_review(database: Database, edition: str, organisation: str) -> OverallReviewState:
    """Return the overall review of an assessment.

    Raises:
        UnknownEdition, UnknownAssessment: There is no such edition, or no such assessment in it.
        IdentifierIsAlias: `organisation` is an alias; the exception has the id to use.
    """
    with database.read() as session:
        return _load_overall_review(session, assessments.find_assessment(session, edition, organisation))


def save_overall_review(
    session: Session,
    edition: str,
    organisation: str,
    opinion: OverallOpinion,
    *,
    reviewer: str,
    role: str,
    expected: Expected,
    now: datetime,
) -> OverallReviewState:
    """Store the overall review of an assessment in place of an earlier one, and score the assessment again.

    `reviewer` is the id of the reviewer's key, or of its oldest predecessor if it was rotated. If the opinion sets
    another last day of the hearing, an extension is recorded as well, with `role`, the role of the key. Return the
    stored review with its version.

    Raises:
        UnknownEdition, UnknownAssessment: There is no such edition, or no such assessment in it.
        IdentifierIsAlias: `organisation` is an alias; the exception has the id to use.
        EditionNotOpen: The edition is published.
        InvalidTransition: The assessment is neither under review nor in its hearing.
        DeadlinePassed: The assessment is under review and the review phase is over.
        ReviewChanged: `expected` returns False: the client's `If-Match` names another version of the overall review.
        ReviewMethodologyMismatch: The review is written for another methodology version.
        InvalidVerdict: The review sets facts of an indicator without answer.
        TooLateToReply: The review is harsher than the review before, and no whole day is left to reply.
        InvalidDeadline: The day `hearing_until` of the opinion cannot be the last day of the hearing.
    """
    locked = assessments.lock_for_review(session, edition, organisation, now=now)
    record = locked.record
    before = _load_overall_review(session, record)
    if not expected(before.revision):
        raise ReviewChanged
    if opinion.methodology != record.methodology:
        raise ReviewMethodologyMismatch(opinion.methodology, record.methodology)
    for name in opinion.answers:
        if name not in record.submission.answers:
            raise InvalidVerdict(name, "unanswered")
    review = OverallReview(
        edition=record.edition,
        organisation=record.organisation,
        reviewer=reviewer,
        version=1 if before.review is None else before.review.version + 1,
        at=now,
        reason=opinion.reason,
        max_level=opinion.max_level,
        profile=opinion.profile,
        answers=opinion.answers,
    )
    if opinion.hearing_until is not None:
        _reopen_hearing(session, locked, opinion.hearing_until, opinion.reason, role, now)
    elif is_whole_harsher(before.review, review):
        locked.lifecycle.ensure_time_to_reply(now)
    stored = queries.store_overall_review(session, review)
    _score_reviewed(session, record, _load_answer_reviews(session, record), now)
    return _describe_overall_review(record, stored)


def _load_overall_review(session: Session, record: AssessmentRecord) -> OverallReviewState:
    review = queries.find_overall_review(session, record.edition, record.organisation)
    return _describe_overall_review(record, review)


def _describe_overall_review(record: AssessmentRecord, review: OverallReview | None) -> OverallReviewState:
    return OverallReviewState(
        record.edition,
        record.organisation,
        record.methodology,
        review,
        build_revision(record.created, 0 if review is None else review.version),
    )


# --- agreement ------------------------------------------------------------------------------------------------


def compute_edition_agreement(database: Database, edition: str) -> AgreementSummary:
    """Compute the agreement of the assessors of an edition from their first verdicts.

    Two verdicts are equal if they are the same and, for `capped`, have the same level. Raises `UnknownEdition` if
    there is no such edition.
    """
    with database.read() as session:
        record = editions.find(session, edition)
        verdicts = queries.list_edition_verdicts(session, record.id)
    answers: defaultdict[tuple[str, str, str], list[VerdictRecord]] = defaultdict(list)
    for verdict in verdicts:
        answers[verdict.organisation, verdict.indicator, verdict.answer].append(verdict)
    opinions: defaultdict[tuple[str, str], list[tuple[object, object]]] = defaultdict(list)
    for judged in answers.values():
        # Sorted, so that two assessors always make the same pair.
        for first, second in itertools.combinations(sorted(judged, key=lambda verdict: verdict.assessor), 2):
            opinions[first.assessor, second.assessor].append((_get_first_opinion(first), _get_first_opinion(second)))
    assessor_pairs = tuple(
        AssessorPair(*assessors, compute_agreement(pairs)) for assessors, pairs in sorted(opinions.items())
    )
    return AgreementSummary(
        edition=record.id,
        pairs=sum(pair.agreement.pairs for pair in assessor_pairs),
        agreed=sum(pair.agreement.agreed for pair in assessor_pairs),
        between=assessor_pairs,
    )


def _get_first_opinion(verdict: VerdictRecord) -> tuple[Verdict, int | None]:
    return verdict.first_verdict, verdict.first_level


# --- samples --------------------------------------------------------------------------------------------------


def create_sample(session: Session, edition: str, *, share: float, seed: str | None, now: datetime) -> SampleView:
    """Fix the seed and the share of the sample of an edition, and return the sample.

    `share` is the share of the submitted assessments to draw, from 0 to 1. If `seed` is None, a random one is
    generated. The edition must not be published: once its assessments are final, somebody could choose a seed that
    selects certain organisations.

    Raises:
        UnknownEdition: There is no such edition.
        ReviewOver: The edition is published.
        AlreadySampled: The edition has a sample.
    """
    record = editions.find(session, edition)
    _ensure_unpublished(session, record.id)
    draw = SampleDraw(
        edition=record.id,
        seed=generate_seed() if seed is None else seed,
        share=share,
        seed_given=seed is not None,
        created=now,
    )
    if not queries.insert_draw(session, draw):
        raise AlreadySampled(record.id)
    return _build_view(session, draw, None, everything=True)


def list_samples(database: Database, edition: str, *, principal: Principal | None) -> list[SampleView]:
    """Return a list with the sample of an edition, or an empty list if none has been drawn.

    Once the edition is published, everybody sees the drawn organisations. Before that, a principal who may read the
    drafts of the edition sees all of them, and a key of an organisation sees only whether its organisation is drawn.
    `principal` is None if no key was sent. The sample is selected from the assessments that are submitted at the time
    of the call. Raises `UnknownEdition` if there is no such edition.
    """
    with database.read() as session:
        record = editions.find(session, edition)
        draw = queries.find_draw(session, record.id)
        if draw is None:
            return []
        everything = record.state == "published" or (principal is not None and principal.can_see_drafts(record.id))
        own = principal.organisations if principal is not None and principal.role in ORGANISATION_ROLES else ()
        return [_build_view(session, draw, own, everything=everything)]


def draw_sample(session: Session, edition: str) -> tuple[str, ...]:
    """Return the ids of the organisations in the sample of an edition, in the order of the draw.

    They are drawn from the assessments that are submitted by now. Raises `UnknownSample` if the edition has no sample.
    """
    draw = queries.find_draw(session, edition)
    if draw is None:
        raise UnknownSample(edition)
    return select_sample(draw.seed, draw.share, queries.list_submitted(session, edition))


def _build_view(session: Session, draw: SampleDraw, own: Iterable[str] | None, *, everything: bool) -> SampleView:
    names = queries.list_submitted(session, draw.edition)
    sample = select_sample(draw.seed, draw.share, names)
    if everything:
        return SampleView(draw, len(names), len(sample), sample)
    return SampleView(draw, None, None, tuple(name for name in sample if name in set(own or ())))


def _ensure_unpublished(session: Session, edition: str) -> None:
    """Lock an edition in its state until the session ends. Raises `ReviewOver` if it is published."""
    try:
        editions.ensure_unpublished(session, edition)
    except editions.EditionNotOpen as error:
        raise ReviewOver(edition) from error


# --- flags ----------------------------------------------------------------------------------------------------


def refresh_flags(database: Database, edition: str, event: ledger.Event, *, now: datetime) -> FlaggingResult:
    """Compute the anomalies of the submitted assessments of an edition and store them as the new flags of the edition.

    The anomalies are computed before the transaction that stores them, so that other writes need not wait. `event`
    says who asked for this and is recorded in the ledger.

    Raises:
        UnknownEdition: There is no such edition.
        ReviewOver: The edition is published.
    """
    with database.read() as session:
        record = editions.find(session, edition)
        methodology = load_methodology(record.methodology)
        compared = [
            extract_compared(methodology, assessment) for assessment in queries.iterate_submitted(session, record.id)
        ]
        before = queries.find_previous_edition(session, record.id)
        earlier = {
            assessment.organisation: number
            for assessment in ([] if before is None else queries.iterate_submitted(session, before))
            if (number := find_followers(assessment)) is not None
        }
    anomalies = find_anomalies(methodology, compared, earlier)
    flags = [
        FlagRecord(edition=record.id, number=number, created=now, **structs.asdict(anomaly))
        for _, group in itertools.groupby(anomalies, lambda anomaly: anomaly.organisation)
        for number, anomaly in enumerate(group, 1)
    ]
    with database.write() as session:
        _ensure_unpublished(session, record.id)
        queries.replace_flags(session, record.id, flags)
        ledger.append_entry(session, event, now=now)
    return FlaggingResult(record.id, len(compared), len(flags), now)


def list_flags(
    database: Database,
    edition: str,
    page: PageRange[tuple[str, int]],
    *,
    organisation: str | None = None,
    kind: FlagKind | None = None,
) -> list[FlagRecord]:
    """List the flags of an edition or of one assessment, ordered by organisation id and number.

    `organisation` and `kind` keep only matching flags; None does not filter.

    Raises:
        UnknownEdition: There is no such edition.
        UnknownAssessment: The organisation has no assessment in the edition.
        IdentifierIsAlias: `organisation` is an alias; the exception has the id to use.
    """
    with database.read() as session:
        record = editions.find(session, edition)
        if organisation is not None:
            assessments.find_assessment(session, record.id, organisation)
        return queries.list_flags(session, record.id, page, organisation=organisation, kind=kind)
