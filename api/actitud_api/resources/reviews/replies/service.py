"""Use cases over replies, and the outcome of the review of an assessment.

Functions that write take a writing session, a test of the stored version (`expected` returns True for the version in
the client's `If-Match`) and the current time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct, structs

from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.methodology.predicates import walk_indicators
from actitud_api.engine.methodology.requests.content import Evidence
from actitud_api.platform.storage.database import Database, Session
from actitud_api.platform.storage.versions import Expected, StaleVersion, build_revision
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.assessments.lifecycle import AssessmentState
from actitud_api.resources.assessments.records import AssessmentRecord as Assessment
from actitud_api.resources.assessments.records import Erasure
from actitud_api.resources.assessments.reviewed_submission import AppliedReview, Verdict
from actitud_api.resources.reviews import service as reviews
from actitud_api.resources.reviews.queries import OverallReview, VerdictRecord
from actitud_api.resources.reviews.replies import queries
from actitud_api.resources.reviews.replies.queries import ReplyRecord
from actitud_api.resources.reviews.replies.queries import count_erasable as count_erasable
from actitud_api.resources.reviews.replies.queries import erase_replies as erase_replies
from actitud_api.resources.reviews.service import UnknownIndicator


class UnknownReply(LookupError):
    """The organisation has not replied about this indicator. Raised by `get_reply` and `withdraw_reply`."""

    def __init__(self, indicator: str) -> None:
        super().__init__(indicator)
        self.indicator = indicator


class NewReply(Struct, frozen=True, kw_only=True):
    """The text and documents of a reply that is to be stored."""

    text: str
    evidence: tuple[Evidence, ...] = ()


class SavedReply(Struct, frozen=True):
    """A stored reply; `created` is True if the reply is new, False if it replaced an earlier reply."""

    record: ReplyRecord
    created: bool


class CountedVerdict(Struct, frozen=True, kw_only=True):
    """The verdict that counts on the answer to an indicator: the latest that was not withdrawn.

    `level` is the level at which the answer counts, null unless the verdict is `capped`. `reason` is null if none
    was given, and empty if it was erased. `rule` is the rule of the methodology that the answer breaks, null if the
    verdict names none.
    """

    indicator: str
    verdict: Verdict
    level: int | None
    reason: str | None
    rule: str | None
    at: datetime


class OverallRemark(Struct, frozen=True, kw_only=True):
    """The overall review of an assessment, without the facts that it sets.

    `max_level` is the highest level that the assessment may reach, null for no limit. `reason` is empty if it was
    erased.
    """

    max_level: int | None
    reason: str
    at: datetime


class CountedReply(Struct, frozen=True, kw_only=True):
    """The reply of the organisation about an indicator, as it was last written, at the time `at`; without documents."""

    indicator: str
    text: str
    at: datetime


class ReviewOutcome(Struct, frozen=True, kw_only=True):
    """The outcome of the review of an assessment, with verdicts and replies in the order of the methodology.

    `overall` is null if nobody wrote an overall review.
    """

    state: AssessmentState
    overall: OverallRemark | None
    verdicts: tuple[CountedVerdict, ...]
    replies: tuple[CountedReply, ...]


class ReviewTally(Struct, frozen=True):
    """The number of verdicts in force and the number of replies of an assessment.

    A verdict is in force if it is the latest on the current answer and was not withdrawn. `remark` is True if the
    assessment has an overall review.
    """

    verdicts: int
    replies: int
    remark: bool


# --- replies --------------------------------------------------------------------------------------------------


def list_replies(database: Database, edition: str, organisation: str) -> list[ReplyRecord]:
    """List the replies of an assessment, ordered as the indicators in the methodology.

    Raises:
        UnknownEdition, UnknownAssessment: There is no such edition, or no such assessment in it.
        IdentifierIsAlias: `organisation` is an alias; the exception has the id to use.
    """
    with database.read() as session:
        assessment = assessments.find_assessment(session, edition, organisation)
        return _sort_replies(
            assessment.methodology, queries.list_replies(session, assessment.edition, [assessment.organisation])
        )


def get_reply(database: Database, edition: str, organisation: str, indicator: str) -> ReplyRecord:
    """Return the reply about an indicator.

    Raises:
        UnknownEdition, UnknownAssessment: There is no such edition, or no such assessment in it.
        IdentifierIsAlias: `organisation` is an alias; the exception has the id to use.
        UnknownIndicator: The methodology has no such indicator.
        UnknownReply: There is no reply about the indicator.
    """
    with database.read() as session:
        assessment = assessments.find_assessment(session, edition, organisation)
        record = _find_reply(session, assessment, indicator)
    if record is None:
        raise UnknownReply(indicator)
    return record


def save_reply(
    session: Session,
    edition: str,
    organisation: str,
    indicator: str,
    new: NewReply,
    *,
    expected: Expected,
    now: datetime,
) -> SavedReply:
    """Store a reply about an indicator in place of an earlier one, during the hearing, and return the stored reply.

    Raises:
        UnknownEdition, UnknownAssessment: There is no such edition, or no such assessment in it.
        IdentifierIsAlias: `organisation` is an alias; the exception has the id to use.
        EditionNotOpen: The edition is published.
        InvalidTransition: The assessment is not in its hearing.
        DeadlinePassed: The last day of the hearing is over.
        UnknownIndicator: The methodology has no such indicator.
        StaleVersion: `expected` returns False: the client's `If-Match` names another version of the reply.
    """
    assessment, before = _lock_reply(session, edition, organisation, indicator, now)
    _ensure_expected(before, expected)
    record = ReplyRecord(
        edition=assessment.edition,
        organisation=assessment.organisation,
        indicator=indicator,
        text=new.text,
        evidence=new.evidence,
        created=now if before is None else before.created,
        updated=now,
        version=1 if before is None else before.version + 1,
    )
    queries.store_reply(session, record)
    return SavedReply(record, before is None)


def withdraw_reply(
    session: Session, edition: str, organisation: str, indicator: str, *, expected: Expected, now: datetime
) -> None:
    """Delete the reply about an indicator, during the hearing.

    Raises:
        UnknownEdition, UnknownAssessment: There is no such edition, or no such assessment in it.
        IdentifierIsAlias: `organisation` is an alias; the exception has the id to use.
        EditionNotOpen: The edition is published.
        InvalidTransition: The assessment is not in its hearing.
        DeadlinePassed: The last day of the hearing is over.
        UnknownIndicator: The methodology has no such indicator.
        UnknownReply: There is no reply about the indicator.
        StaleVersion: `expected` returns False: the client's `If-Match` names another version.
    """
    _, before = _lock_reply(session, edition, organisation, indicator, now)
    if before is None:
        raise UnknownReply(indicator)
    _ensure_expected(before, expected)
    queries.delete_reply(session, before)


def list_evidence(session: Session, edition: str, organisation: str) -> dict[str, tuple[Evidence, ...]]:
    """Return the documents of the replies of an assessment by indicator. Erased documents are absent."""
    records = queries.list_replies(session, edition, [organisation])
    return {record.indicator: record.evidence for record in records if record.evidence}


def hide_erased(outcome: ReviewOutcome, erasures: Sequence[Erasure]) -> ReviewOutcome:
    """Replace the erased texts in the published outcome of a review by empty texts.

    `erasures` are the erasures of the assessment. The signed document never changes, so it still has the texts.
    """

    def keep(text: str, indicator: str | None, at: datetime) -> str:
        return "" if any(erasure.covers(indicator, at) for erasure in erasures) else text

    overall = outcome.overall
    return structs.replace(
        outcome,
        overall=None if overall is None else structs.replace(overall, reason=keep(overall.reason, None, overall.at)),
        verdicts=tuple(
            verdict
            if verdict.reason is None
            else structs.replace(verdict, reason=keep(verdict.reason, verdict.indicator, verdict.at))
            for verdict in outcome.verdicts
        ),
        replies=tuple(
            structs.replace(reply, text=keep(reply.text, reply.indicator, reply.at)) for reply in outcome.replies
        ),
    )


def load_shown_review(session: Session, edition: str, organisation: str, outcome: ReviewOutcome) -> ReviewOutcome:
    """Return the published outcome of a review as readers see it: without the texts that were erased since."""
    return hide_erased(outcome, assessments.list_erasures(session, edition, [organisation]).get(organisation, ()))


def _lock_reply(
    session: Session, edition: str, organisation: str, indicator: str, now: datetime
) -> tuple[Assessment, ReplyRecord | None]:
    """Lock an assessment in its hearing, and return it with its reply about an indicator.

    The reply is None if there is none.
    """
    assessment = assessments.lock_for_reply(session, edition, organisation, now=now)
    return assessment, _find_reply(session, assessment, indicator)


def _ensure_expected(before: ReplyRecord | None, expected: Expected) -> None:
    if not expected(None if before is None else build_revision(before.created, before.version)):
        raise StaleVersion


def _find_reply(session: Session, assessment: Assessment, indicator: str) -> ReplyRecord | None:
    if indicator not in _index_indicators(assessment.methodology):
        raise UnknownIndicator(indicator)
    replies = queries.list_replies(session, assessment.edition, [assessment.organisation])
    return next((record for record in replies if record.indicator == indicator), None)


def _sort_replies(methodology: str, records: Iterable[ReplyRecord]) -> list[ReplyRecord]:
    order = _index_indicators(methodology)
    return sorted(records, key=lambda record: order[record.indicator])


def _index_indicators(methodology: str) -> Mapping[str, int]:
    return {
        indicator.id: number
        for number, indicator in enumerate(walk_indicators(load_methodology(methodology).document.root))
    }


# --- what a review comes to -----------------------------------------------------------------------------------


def get_outcome(session: Session, edition: str, organisation: str) -> ReviewOutcome:
    """Return the outcome of the review of an assessment; it is empty if nobody reviewed the assessment.

    Raises:
        UnknownEdition, UnknownAssessment: There is no such edition, or no such assessment in it.
        IdentifierIsAlias: `organisation` is an alias; the exception has the id to use.
    """
    assessment = assessments.find_assessment(session, edition, organisation)
    outcomes = list_outcomes(session, assessment.edition, [assessment.organisation])
    return outcomes.get(assessment.organisation) or build_empty_outcome(assessment.state)


def load_outcome(session: Session, record: Assessment) -> ReviewOutcome:
    """Return the outcome of the review that is in effect on an assessment.

    `record` may be an assessment that is not stored, such as a corrected one.
    """
    replies = queries.list_replies(session, record.edition, [record.organisation])
    counted = reviews.collect_counted(session, record.edition, {record.organisation: record})
    verdicts, overall = counted.get(record.organisation, ((), None))
    return _build_outcome(record, verdicts, overall, replies)


def build_empty_outcome(state: AssessmentState) -> ReviewOutcome:
    """Return the outcome of an assessment without verdicts, replies or overall review."""
    return ReviewOutcome(state=state, overall=None, verdicts=(), replies=())


def count_outcomes(session: Session, edition: str, organisations: Collection[str]) -> dict[str, ReviewTally]:
    """Count, for each of several assessments, the verdicts in force and the replies; return the counts by organisation.

    Assessments without verdict, reply or overall review are absent.
    """
    return {
        name: ReviewTally(len(outcome.verdicts), len(outcome.replies), outcome.overall is not None)
        for name, outcome in list_outcomes(session, edition, organisations).items()
    }


def list_outcomes(session: Session, edition: str, organisations: Collection[str]) -> dict[str, ReviewOutcome]:
    """Return the outcomes of several reviews, by organisation.

    Assessments without verdict, reply or overall review are absent.
    """
    replies: dict[str, list[ReplyRecord]] = {}
    for record in queries.list_replies(session, edition, organisations):
        replies.setdefault(record.organisation, []).append(record)
    outcomes: dict[str, ReviewOutcome] = {}
    records = assessments.find_assessments(
        session, edition, replies.keys() | reviews.find_reviewed(session, edition, organisations)
    )
    counted = reviews.collect_counted(session, edition, records)
    for organisation, assessment in records.items():
        verdicts, overall = counted.get(organisation, ((), None))
        outcomes[organisation] = _build_outcome(assessment, verdicts, overall, replies.get(organisation, ()))
    return outcomes


def _build_outcome(
    assessment: Assessment,
    verdicts: Iterable[VerdictRecord],
    overall: OverallReview | None,
    replies: Iterable[ReplyRecord],
) -> ReviewOutcome:
    """Return the outcome of a review, limited to the findings that the score of the assessment takes into account."""
    applied = assessment.evidence.review
    return ReviewOutcome(
        state=assessment.state,
        overall=None
        if overall is None or applied.overall is None
        else OverallRemark(max_level=overall.max_level, reason=overall.reason, at=overall.at),
        verdicts=_to_counted(verdicts, applied),
        replies=tuple(
            CountedReply(indicator=reply.indicator, text=reply.text, at=reply.updated)
            for reply in _sort_replies(assessment.methodology, replies)
        ),
    )


def _to_counted(verdicts: Iterable[VerdictRecord], applied: AppliedReview) -> tuple[CountedVerdict, ...]:
    """Convert the verdicts with which an assessment is scored."""
    return tuple(
        CountedVerdict(
            indicator=verdict.indicator,
            verdict=verdict.verdict,
            level=verdict.level,
            reason=verdict.reason,
            rule=verdict.rule,
            at=verdict.at,
        )
        for verdict in verdicts
        if verdict.verdict is not None and applied.find(verdict.indicator, verdict.answer) is not None
    )
