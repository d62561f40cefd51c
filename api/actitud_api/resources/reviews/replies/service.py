"""Use cases over replies, and the outcome of the review of an assessment.

A function that writes takes a session that writes, the version that the client expects (`Expected`) and the time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from msgspec import Struct

from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.methodology.predicates import walk_indicators
from actitud_api.engine.methodology.requests.content import Evidence
from actitud_api.platform.storage.database import Database, Session
from actitud_api.platform.storage.versions import Expected, StaleVersion, build_revision
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.assessments.lifecycle import AssessmentState
from actitud_api.resources.assessments.records import AssessmentRecord as Assessment
from actitud_api.resources.assessments.reviewed_submission import Verdict
from actitud_api.resources.reviews import service as reviews
from actitud_api.resources.reviews.queries import VerdictRecord
from actitud_api.resources.reviews.replies import queries
from actitud_api.resources.reviews.replies.queries import ReplyRecord
from actitud_api.resources.reviews.service import UnknownIndicator


class UnknownReply(LookupError):
    """The organisation has no reply about that indicator."""

    def __init__(self, indicator: str) -> None:
        super().__init__(indicator)
        self.indicator = indicator


class NewReply(Struct, frozen=True, kw_only=True):
    """The content of a reply."""

    text: str
    evidence: tuple[Evidence, ...] = ()


class SavedReply(Struct, frozen=True):
    """A stored reply; `created`: the write made it."""

    record: ReplyRecord
    created: bool


class CountedVerdict(Struct, frozen=True, kw_only=True):
    """The verdict that counts on the answer to an indicator."""

    indicator: str
    verdict: Verdict
    level: int | None
    reason: str | None
    rule: str | None
    at: datetime


class OverallRemark(Struct, frozen=True, kw_only=True):
    """The overall review of an assessment; `max_level`: the highest level that it may reach (None: any)."""

    max_level: int | None
    reason: str
    at: datetime


class CountedReply(Struct, frozen=True, kw_only=True):
    """The reply of an organisation about an indicator."""

    indicator: str
    text: str
    at: datetime


class ReviewOutcome(Struct, frozen=True, kw_only=True):
    """The outcome of the review of an assessment; verdicts and replies in the order of the methodology."""

    state: AssessmentState
    remark: OverallRemark | None
    verdicts: tuple[CountedVerdict, ...]
    replies: tuple[CountedReply, ...]


class ReviewTally(Struct, frozen=True):
    """The number of verdicts that count and of replies, and whether there is an overall review."""

    verdicts: int
    replies: int
    remark: bool


# --- replies --------------------------------------------------------------------------------------------------


def list_replies(database: Database, edition: str, organisation: str) -> list[ReplyRecord]:
    """List the replies of an assessment in the order of the methodology.

    Raises `UnknownEdition`, `AliasOf`, `UnknownAssessment`.
    """
    with database.read() as session:
        found = assessments.find_assessment(session, edition, organisation)
        return _sort_replies(found.methodology, queries.list_replies(session, found.edition, found.organisation))


def get_reply(database: Database, edition: str, organisation: str, indicator: str) -> ReplyRecord:
    """Return the reply about an indicator.

    Raises as `list_replies`, `UnknownIndicator`, `UnknownReply`.
    """
    with database.read() as session:
        found = assessments.find_assessment(session, edition, organisation)
        record = _find_reply(session, found, indicator)
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
    """Store a reply about an indicator in the hearing, in the place of the one before.

    Raises `UnknownEdition`, `AliasOf`, `UnknownAssessment`, `EditionNotOpen`, `UnknownIndicator`, `Stale`,
    `InvalidTransition`, `DeadlinePassed`.
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
    """Delete the reply about an indicator.

    Raises as `save_reply`, and `UnknownReply`.
    """
    _, before = _lock_reply(session, edition, organisation, indicator, now)
    if before is None:
        raise UnknownReply(indicator)
    _ensure_expected(before, expected)
    queries.delete_reply(session, before)


def list_evidence(session: Session, edition: str, organisation: str) -> dict[str, tuple[Evidence, ...]]:
    """List the documents of the replies of an assessment that have not been erased, by indicator."""
    found = queries.list_replies(session, edition, organisation)
    return {record.indicator: record.evidence for record in found if record.evidence}


def _lock_reply(
    session: Session, edition: str, organisation: str, indicator: str, now: datetime
) -> tuple[Assessment, ReplyRecord | None]:
    """Lock an assessment that may be replied in. Return it with the reply about an indicator."""
    found = assessments.lock_for_reply(session, edition, organisation, now=now)
    return found, _find_reply(session, found, indicator)


def _ensure_expected(before: ReplyRecord | None, expected: Expected) -> None:
    if not expected(None if before is None else build_revision(before.created, before.version)):
        raise StaleVersion


def _find_reply(session: Session, found: Assessment, indicator: str) -> ReplyRecord | None:
    if indicator not in _index_indicators(found.methodology):
        raise UnknownIndicator(indicator)
    replies = queries.list_replies(session, found.edition, found.organisation)
    return next((record for record in replies if record.indicator == indicator), None)


def _sort_replies(methodology: str, records: Iterable[ReplyRecord]) -> list[ReplyRecord]:
    order = _index_indicators(methodology)
    return sorted(records, key=lambda record: order[record.indicator])


def _index_indicators(methodology: str) -> Mapping[str, int]:
    return {
        known.id: number for number, known in enumerate(walk_indicators(load_methodology(methodology).document.root))
    }


# --- what a review comes to -----------------------------------------------------------------------------------


def get_outcome(session: Session, edition: str, organisation: str) -> ReviewOutcome:
    """Return the outcome of the review of an assessment.

    Raises `UnknownEdition`, `AliasOf`, `UnknownAssessment`.
    """
    found = assessments.find_assessment(session, edition, organisation)
    told = list_outcomes(session, found.edition, [found.organisation])
    return told.get(found.organisation) or build_empty_outcome(found.state)


def build_empty_outcome(state: AssessmentState) -> ReviewOutcome:
    """Build the outcome of a review without verdicts, replies and overall review."""
    return ReviewOutcome(state=state, remark=None, verdicts=(), replies=())


def count_outcomes(session: Session, edition: str, organisations: Collection[str]) -> dict[str, ReviewTally]:
    """Count the verdicts and replies of several assessments; those without any are left out."""
    return {
        name: ReviewTally(len(one.verdicts), len(one.replies), one.remark is not None)
        for name, one in list_outcomes(session, edition, organisations).items()
    }


def list_outcomes(session: Session, edition: str, organisations: Collection[str]) -> dict[str, ReviewOutcome]:
    """List the outcomes of the reviews of several assessments; those without any review are left out."""
    replies: dict[str, list[ReplyRecord]] = {}
    for record in queries.list_replies_of_many(session, edition, organisations):
        replies.setdefault(record.organisation, []).append(record)
    found: dict[str, ReviewOutcome] = {}
    those = assessments.find_assessments(
        session, edition, replies.keys() | reviews.find_reviewed(session, edition, organisations)
    )
    counting = reviews.collect_counted(session, edition, those)
    for organisation, assessment in those.items():
        judged, said = counting.get(organisation, ((), None))
        found[organisation] = ReviewOutcome(
            state=assessment.state,
            remark=None if said is None else OverallRemark(max_level=said.max_level, reason=said.reason, at=said.at),
            verdicts=_to_counted(judged),
            replies=tuple(
                CountedReply(indicator=one.indicator, text=one.text, at=one.updated)
                for one in _sort_replies(assessment.methodology, replies.get(organisation, ()))
            ),
        )
    return found


def list_counted_verdicts(session: Session, record: Assessment) -> tuple[CountedVerdict, ...]:
    """List the verdicts that count on the answers of `record`, which may differ from the stored ones."""
    counting = reviews.collect_counted(session, record.edition, {record.organisation: record})
    judged, _ = counting.get(record.organisation, ((), None))
    return _to_counted(judged)


def _to_counted(judged: Iterable[VerdictRecord]) -> tuple[CountedVerdict, ...]:
    return tuple(
        CountedVerdict(
            indicator=one.indicator,
            verdict=one.verdict,
            level=one.level,
            reason=one.reason,
            rule=one.rule,
            at=one.at,
        )
        for one in judged
        if one.verdict is not None
    )
