"""Use cases over reviews: verdicts on answers, overall reviews, agreement of assessors, samples and flags.

A verdict changes the score in the transaction that stores it. A function that writes takes a session that writes, the
version that the client expects (`Expected`) and the time.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Final, Literal

from msgspec import Struct, structs

from actitud_api.engine.methodology.loader import list_versions, load_methodology
from actitud_api.engine.methodology.model import Indicator, Scalar
from actitud_api.engine.methodology.predicates import walk_indicators
from actitud_api.engine.methodology.requests.answers import FactValue
from actitud_api.engine.methodology.requests.overall_review import build_review_request_type
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.auth.service import ORGANISATION_ROLES, Principal
from actitud_api.platform.storage.database import Database, Session
from actitud_api.platform.storage.versions import Expected, StaleVersion, build_revision
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.assessments import transitions
from actitud_api.resources.assessments.lifecycle import TransitionRecord
from actitud_api.resources.assessments.records import AssessmentRecord
from actitud_api.resources.assessments.reviewed_submission import (
    AppliedOverall,
    AppliedReview,
    AppliedVerdict,
    Verdict,
    digest_answer,
    list_levels,
)
from actitud_api.resources.editions import service as editions
from actitud_api.resources.reviews import queries
from actitud_api.resources.reviews.agreement import MIN_AGREEMENT, PairAgreement, compute_agreement
from actitud_api.resources.reviews.flagging import FlagKind, extract_compared, find_anomalies, find_followers
from actitud_api.resources.reviews.queries import FlagRecord, OverallReview, SampleDraw, VerdictRecord
from actitud_api.resources.reviews.sampling import generate_seed, select_sample

REVIEW_TYPES: Final = tuple(build_review_request_type(load_methodology(version)) for version in list_versions())
"""The closed request types of an overall review, one for each methodology version."""


class UnknownIndicator(LookupError):
    """The methodology of the edition has no indicator of that id."""

    def __init__(self, indicator: str) -> None:
        super().__init__(indicator)
        self.indicator = indicator


class UnknownVerdict(LookupError):
    """The assessor has given no verdict on the current answer."""

    def __init__(self, indicator: str) -> None:
        super().__init__(indicator)
        self.indicator = indicator


class InvalidVerdict(ValueError):
    """A verdict that the methodology does not allow for that answer; nothing has changed.

    `unanswered`: there is no answer. `ladder`: only the level of a ladder can be capped. `level`: `allowed` are the
    levels below the one that was sent. `review`: `allowed` are the rules of the indicator that people check.
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


class Disagreement(Exception):
    """Assessors disagree on answers, by their indicators: the hearing cannot open yet."""

    def __init__(self, indicators: Sequence[str]) -> None:
        super().__init__(", ".join(indicators))
        self.indicators = tuple(indicators)


class AlreadySampled(Exception):
    """The edition has drawn its sample; it does so once."""

    def __init__(self, edition: str) -> None:
        super().__init__(edition)
        self.edition = edition


class ReviewMethodologyMismatch(ValueError):
    """An overall review under another methodology version than that of the assessment."""

    def __init__(self, sent: str, asked: str) -> None:
        super().__init__(f"{sent} instead of {asked}")
        self.sent = sent
        self.required = asked


class Opinion(Struct, frozen=True, kw_only=True):
    """The opinion of an assessor on an answer; `level`: with `capped`; `rule`: the one that the answer breaks."""

    verdict: Verdict
    reason: str | None = None
    level: int | None = None
    rule: str | None = None


class OverallOpinion(Struct, frozen=True, kw_only=True):
    """The opinion of an assessor on an assessment as a whole; the members as in `queries.OverallReview`."""

    methodology: str
    reason: str
    max_level: int | None = None
    profile: dict[str, Scalar | None] = {}
    answers: dict[str, dict[str, FactValue]] = {}


class AnswerReview(Struct, frozen=True):
    """The verdicts on the answer to one indicator.

    `answer`: the digest of the current answer, None if there is none; `verdicts`: all, those on earlier answers
    included, in the order in which they were given.
    """

    indicator: str
    answer: str | None
    verdicts: tuple[VerdictRecord, ...]

    @property
    def standing(self) -> tuple[VerdictRecord, ...]:
        """The verdicts on the current answer that are not withdrawn, in their order."""
        return tuple(one for one in self.verdicts if one.answer == self.answer and one.verdict is not None)

    @property
    def counts(self) -> VerdictRecord | None:
        """The verdict that counts, the latest; None without any."""
        return self.standing[-1] if self.standing else None

    @property
    def is_disputed(self) -> bool:
        """Whether assessors disagree."""
        return len({(one.verdict, one.level) for one in self.standing}) > 1

    @property
    def revision(self) -> str:
        """The version of this review, for `If-Match`: it changes with every verdict and with the answer."""
        number = max((one.number for one in self.verdicts), default=0)
        return f"v{number}.{'0' * 8 if self.answer is None else self.answer.removeprefix('sha256:')[:8]}"


class OverallReviewState(Struct, frozen=True):
    """The overall review of an assessment, None if there is none, and its version for `If-Match`."""

    edition: str
    organisation: str
    methodology: str
    review: OverallReview | None
    revision: str


class AssessorPair(Struct, frozen=True):
    """The agreement of two assessors, named by the origins of their keys."""

    first: str
    second: str
    agreement: PairAgreement


class AgreementSummary(Struct, frozen=True):
    """The agreement of the assessors of an edition: every two who judged the same answers, and all pairs together."""

    edition: str
    pairs: int
    agreed: int
    between: tuple[AssessorPair, ...]

    @property
    def share(self) -> Fraction | None:
        """The share of pairs that are equal; None without any."""
        return Fraction(self.agreed, self.pairs) if self.pairs else None

    @property
    def recode(self) -> bool:
        """Whether too few pairs are equal."""
        return self.share is not None and self.share < MIN_AGREEMENT


class SampleView(Struct, frozen=True):
    """The sample of an edition, as far as the principal may see it.

    `handed_in`: the number of assessments it is drawn from, `drawn`: of those drawn; None if that is not shown.
    `organisations`: the drawn ones that may be named, in the order of the draw.
    """

    drawing: SampleDraw
    handed_in: int | None
    drawn: int | None
    organisations: tuple[str, ...]


class FlaggingResult(Struct, frozen=True):
    """The result of looking for anomalies in an edition."""

    edition: str
    assessments: int
    flags: int
    made: datetime


# --- verdicts -------------------------------------------------------------------------------------------------


def list_answer_reviews(database: Database, edition: str, organisation: str) -> list[AnswerReview]:
    """List the reviews of the answers of an assessment, in the order of the methodology; of removed answers too.

    Raises `UnknownEdition`, `AliasOf`, `UnknownAssessment`.
    """
    with database.read() as session:
        record = assessments.find_assessment(session, edition, organisation)
        return list(_load_answer_reviews(session, record).values())


def get_answer_review(database: Database, edition: str, organisation: str, indicator: str) -> AnswerReview:
    """Return the review of the answer to an indicator.

    Raises `UnknownEdition`, `AliasOf`, `UnknownAssessment`, `UnknownIndicator`.
    """
    with database.read() as session:
        record = assessments.find_assessment(session, edition, organisation)
        _find_indicator(record, indicator)
        return _select_answer_review(_load_answer_reviews(session, record), indicator)


def collect_counted(
    session: Session, edition: str, records: Mapping[str, AssessmentRecord]
) -> dict[str, tuple[tuple[VerdictRecord, ...], OverallReview | None]]:
    """Collect the verdicts that count, in the order of the methodology, and the overall review, by organisation.

    `records`: assessments of the edition. Those without any verdict or overall review are left out.
    """
    given: defaultdict[str, list[VerdictRecord]] = defaultdict(list)
    for one in queries.list_verdicts_of_many(session, edition, records):
        given[one.organisation].append(one)
    said = {one.organisation: one for one in queries.list_overall_reviews(session, edition, records)}
    return {
        name: (
            tuple(
                one.counts
                for one in _group_verdicts(records[name], given.get(name, ())).values()
                if one.counts is not None
            ),
            said.get(name),
        )
        for name in records
        if name in given or name in said
    }


def find_reviewed(session: Session, edition: str, organisations: Collection[str]) -> set[str]:
    """Find the organisations whose assessment ever had a verdict or an overall review."""
    given, said = (
        found(session, edition, organisations)
        for found in (queries.list_verdicts_of_many, queries.list_overall_reviews)
    )
    return {one.organisation for one in given} | {one.organisation for one in said}


def save_verdict(
    session: Session,
    edition: str,
    organisation: str,
    indicator: str,
    opinion: Opinion,
    *,
    assessor: str,
    expected: Expected,
    now: datetime,
) -> AnswerReview:
    """Store the verdict of an assessor on an answer, in the place of the one before, and rescore the assessment.

    Raises `UnknownEdition`, `AliasOf`, `UnknownAssessment`, `UnknownIndicator`, `Stale`, `InvalidTransition`,
    `DeadlinePassed`, `EditionNotOpen`, `InvalidVerdict`.
    """
    record, known, reviews = _lock_answer(session, edition, organisation, indicator, expected, now)
    before = _select_answer_review(reviews, indicator)
    answer = _check_opinion(record, known, before, opinion)
    own = _find_own_verdict(before, assessor)
    verdict = VerdictRecord(
        edition=record.edition,
        organisation=record.organisation,
        indicator=indicator,
        answer=answer,
        assessor=assessor,
        number=_compute_next_number(reviews),
        at=now,
        verdict=opinion.verdict,
        reason=opinion.reason,
        level=opinion.level,
        rule=opinion.rule,
        first_verdict=opinion.verdict if own is None else own.first_verdict,
        first_level=opinion.level if own is None else own.first_level,
    )
    return _store_verdict(session, record, reviews, verdict, now)


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
    """Withdraw the verdict of an assessor and rescore the assessment; the first verdict stays known.

    Raises as `save_verdict`, and `UnknownVerdict` if there is none.
    """
    record, _, reviews = _lock_answer(session, edition, organisation, indicator, expected, now)
    own = _find_own_verdict(_select_answer_review(reviews, indicator), assessor)
    if own is None or own.verdict is None:
        raise UnknownVerdict(indicator)
    withdrawn = structs.replace(
        own, number=_compute_next_number(reviews), at=now, verdict=None, reason=None, level=None, rule=None
    )
    return _store_verdict(session, record, reviews, withdrawn, now)


def open_hearing(
    session: Session, edition: str, organisation: str, *, role: str, expected: Expected, now: datetime
) -> TransitionRecord:
    """Open the hearing of an assessment if its assessors agree; an administrator opens it in any case.

    Otherwise an assessor whose key has expired, and who can withdraw nothing, would block it. Raises as
    `transitions.start_hearing`, and `Disagreement`.
    """
    step = transitions.start_hearing(session, edition, organisation, role=role, expected=expected, now=now)
    record = assessments.find_assessment(session, edition, organisation)
    disputed = [one.indicator for one in _load_answer_reviews(session, record).values() if one.is_disputed]
    if disputed and role != "administrator":
        raise Disagreement(disputed)
    return step


def _lock_answer(
    session: Session, edition: str, organisation: str, indicator: str, expected: Expected, now: datetime
) -> tuple[AssessmentRecord, Indicator, dict[str, AnswerReview]]:
    """Lock an assessment that may be reviewed. Return it with one of its indicators and the reviews of all answers."""
    record = assessments.lock_for_review(session, edition, organisation, now=now)
    known = _find_indicator(record, indicator)
    reviews = _load_answer_reviews(session, record)
    if not expected(_select_answer_review(reviews, indicator).revision):
        raise StaleVersion
    return record, known, reviews


def _find_indicator(record: AssessmentRecord, indicator: str) -> Indicator:
    for known in walk_indicators(load_methodology(record.methodology).document.root):
        if known.id == indicator:
            return known
    raise UnknownIndicator(indicator)


def _check_opinion(record: AssessmentRecord, known: Indicator, before: AnswerReview, opinion: Opinion) -> str:
    """Return the digest of the answer that an opinion is on; raise `InvalidVerdict` if it is not allowed."""
    if before.answer is None:
        raise InvalidVerdict(known.id, "unanswered")
    if opinion.rule is not None and opinion.rule not in known.reviews:
        raise InvalidVerdict(known.id, "review", opinion.rule, known.reviews)
    if opinion.verdict == "capped":
        levels = list_levels(known)
        if not levels:
            raise InvalidVerdict(known.id, "ladder")
        (sent,) = record.submission.answers[known.id].values()
        below = [level for level in levels if isinstance(sent, int) and level < sent]
        if opinion.level not in below:
            raise InvalidVerdict(known.id, "level", opinion.level, below)
    return before.answer


def _load_answer_reviews(session: Session, record: AssessmentRecord) -> dict[str, AnswerReview]:
    return _group_verdicts(record, queries.list_verdicts(session, record.edition, record.organisation))


def _group_verdicts(record: AssessmentRecord, verdicts: Iterable[VerdictRecord]) -> dict[str, AnswerReview]:
    """Group the verdicts of an assessment by indicator, in the order of the methodology."""
    given: defaultdict[str, list[VerdictRecord]] = defaultdict(list)
    for one in verdicts:
        given[one.indicator].append(one)
    answers = assessments.rebuild_content(record).answers
    return {
        known.id: AnswerReview(
            known.id,
            digest_answer(answers[known.id]) if known.id in answers else None,
            tuple(given.get(known.id, ())),
        )
        for known in walk_indicators(load_methodology(record.methodology).document.root)
        if known.id in answers or known.id in given
    }


def _select_answer_review(reviews: Mapping[str, AnswerReview], indicator: str) -> AnswerReview:
    return reviews.get(indicator, AnswerReview(indicator, None, ()))


def _find_own_verdict(review: AnswerReview, assessor: str) -> VerdictRecord | None:
    """Find the verdict of an assessor on the current answer."""
    return next((one for one in review.verdicts if (one.assessor, one.answer) == (assessor, review.answer)), None)


def _compute_next_number(reviews: Mapping[str, AnswerReview]) -> int:
    """Compute the number of the next verdict on an assessment."""
    return 1 + max((verdict.number for review in reviews.values() for verdict in review.verdicts), default=0)


def _store_verdict(
    session: Session, record: AssessmentRecord, reviews: dict[str, AnswerReview], verdict: VerdictRecord, now: datetime
) -> AnswerReview:
    """Store a verdict on a locked assessment and rescore it. Return the review of the answer with that verdict."""
    queries.store_verdict(session, verdict)
    before = reviews[verdict.indicator]
    others = (one for one in before.verdicts if (one.assessor, one.answer) != (verdict.assessor, verdict.answer))
    after = structs.replace(before, verdicts=(*others, verdict))
    overall = queries.find_overall_review(session, record.edition, record.organisation)
    _apply_reviews(session, record, reviews | {verdict.indicator: after}, overall, now)
    return after


def _apply_reviews(
    session: Session,
    record: AssessmentRecord,
    reviews: Mapping[str, AnswerReview],
    overall: OverallReview | None,
    now: datetime,
) -> None:
    """Rescore a locked assessment by the verdicts that count and its overall review."""
    counted = {name: review.counts for name, review in reviews.items()}
    applied = AppliedReview(
        answers={
            name: AppliedVerdict(one.verdict, one.answer, one.level)
            for name, one in counted.items()
            if one is not None and one.verdict is not None
        },
        whole=None
        if overall is None
        else AppliedOverall(max_level=overall.max_level, profile=overall.profile, answers=overall.answers),
    )
    assessments.rescore_reviewed(session, record, applied, now=now)


# --- the whole ------------------------------------------------------------------------------------------------


def get_overall_review(database: Database, edition: str, organisation: str) -> OverallReviewState:
    """Return the overall review of an assessment.

    Raises `UnknownEdition`, `AliasOf`, `UnknownAssessment`.
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
    expected: Expected,
    now: datetime,
) -> OverallReviewState:
    """Store the overall review of an assessment, in the place of the one before, and rescore the assessment.

    Raises `UnknownEdition`, `AliasOf`, `UnknownAssessment`, `Stale`, `InvalidTransition`, `DeadlinePassed`,
    `EditionNotOpen`, `ReviewMethodologyMismatch`, and `InvalidVerdict` for facts of an answer that does not exist.
    """
    record = assessments.lock_for_review(session, edition, organisation, now=now)
    before = _load_overall_review(session, record)
    if not expected(before.revision):
        raise StaleVersion
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
    stored = queries.store_overall_review(session, review)
    _apply_reviews(session, record, _load_answer_reviews(session, record), stored, now)
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
    """Compute the agreement of the assessors of an edition by their first verdicts.

    Two verdicts are equal if they are the same and cap to the same level. Raises `UnknownEdition`.
    """
    with database.read() as session:
        found = editions.find(session, edition)
        given = queries.list_edition_verdicts(session, found.id)
    answers: defaultdict[tuple[str, str, str], list[VerdictRecord]] = defaultdict(list)
    for one in given:
        answers[one.organisation, one.indicator, one.answer].append(one)
    said: defaultdict[tuple[str, str], list[tuple[object, object]]] = defaultdict(list)
    for same in answers.values():
        for first, second in itertools.combinations(sorted(same, key=lambda one: one.assessor), 2):
            said[first.assessor, second.assessor].append((_get_first_opinion(first), _get_first_opinion(second)))
    between = tuple(AssessorPair(*assessors, compute_agreement(pairs)) for assessors, pairs in sorted(said.items()))
    return AgreementSummary(
        found.id,
        sum(one.agreement.pairs for one in between),
        sum(one.agreement.agreed for one in between),
        between,
    )


def _get_first_opinion(given: VerdictRecord) -> tuple[Verdict, int | None]:
    return given.first_verdict, given.first_level


# --- samples --------------------------------------------------------------------------------------------------


def create_sample(session: Session, edition: str, *, share: float, seed: str | None, now: datetime) -> SampleView:
    """Fix the seed and share by which an edition draws its sample: the given seed, or a new one.

    Raises `UnknownEdition`, `AlreadySampled`.
    """
    found = editions.find(session, edition)
    one = SampleDraw(
        edition=found.id,
        seed=generate_seed() if seed is None else seed,
        share=share,
        given=seed is not None,
        made=now,
    )
    if not queries.insert_draw(session, one):
        raise AlreadySampled(found.id)
    return _build_view(session, one, None, everything=True)


def list_samples(database: Database, edition: str, *, principal: Principal | None) -> list[SampleView]:
    """List the sample of an edition: one, or none if it has not been drawn.

    The drawn organisations are shown to everybody once the edition is published, before that to principals who see
    its drafts; an organisation sees itself. The sample is drawn from the assessments that are submitted now. Raises
    `UnknownEdition`.
    """
    with database.read() as session:
        found = editions.find(session, edition)
        one = queries.find_draw(session, found.id)
        if one is None:
            return []
        everything = found.state == "published" or (principal is not None and principal.can_see_drafts(found.id))
        own = principal.organisations if principal is not None and principal.role in ORGANISATION_ROLES else ()
        return [_build_view(session, one, own, everything=everything)]


def _build_view(session: Session, one: SampleDraw, own: Iterable[str] | None, *, everything: bool) -> SampleView:
    names = queries.list_submitted(session, one.edition)
    those = select_sample(one.seed, one.share, names)
    if everything:
        return SampleView(one, len(names), len(those), those)
    return SampleView(one, None, None, tuple(name for name in those if name in set(own or ())))


# --- flags ----------------------------------------------------------------------------------------------------


def refresh_flags(database: Database, edition: str, event: ledger.Event, *, now: datetime) -> FlaggingResult:
    """Replace the flags of an edition by the anomalies of its submitted assessments.

    They are computed outside of the transaction that stores them, so that no write waits for them. `event`: the ledger
    entry. Raises `UnknownEdition`.
    """
    with database.read() as session:
        found = editions.find(session, edition)
        methodology = load_methodology(found.methodology)
        those = [extract_compared(methodology, one) for one in queries.iterate_submitted(session, found.id)]
        before = queries.find_previous_edition(session, found.id)
        earlier = {
            one.organisation: number
            for one in ([] if before is None else queries.iterate_submitted(session, before))
            if (number := find_followers(one)) is not None
        }
    seen = find_anomalies(methodology, those, earlier)
    flags = [
        FlagRecord(edition=found.id, number=number, made=now, **structs.asdict(one))
        for _, some in itertools.groupby(seen, lambda one: one.organisation)
        for number, one in enumerate(some, 1)
    ]
    with database.write() as session:
        queries.replace_flags(session, found.id, flags)
        ledger.append_entry(session, event, now=now)
    return FlaggingResult(found.id, len(those), len(flags), now)


def list_flags(
    database: Database,
    edition: str,
    *,
    organisation: str | None = None,
    kind: FlagKind | None = None,
    after: tuple[str, int] | None,
    offset: int,
    limit: int,
) -> list[FlagRecord]:
    """List the flags of an edition, or of one assessment, from the one after `after`.

    Raises `UnknownEdition`, and for an assessment `AliasOf`, `UnknownAssessment`.
    """
    with database.read() as session:
        found = editions.find(session, edition)
        if organisation is not None:
            assessments.find_assessment(session, found.id, organisation)
        return queries.list_flags(
            session, found.id, organisation=organisation, kind=kind, after=after, offset=offset, limit=limit
        )
