"""Use cases over replies, and what the review of an assessment comes to with them.

A function that changes something takes a session that writes, whom the change expects (`Expected`) and the time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from msgspec import Struct

from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.methodology.predicates import walk_indicators
from actitud_api.engine.methodology.requests.content import Evidence
from actitud_api.platform.storage.database import Database, Session
from actitud_api.platform.storage.versions import Expected, Stale, revision
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
    """The organisation has replied nothing about that indicator."""

    def __init__(self, indicator: str) -> None:
        super().__init__(indicator)
        self.indicator = indicator


class NewReply(Struct, frozen=True, kw_only=True):
    """What an organisation replies."""

    text: str
    evidence: tuple[Evidence, ...] = ()


class SavedReply(Struct, frozen=True):
    """A reply that was written; whether there was none before."""

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
    """What review says of an assessment as a whole; `max_level`: the highest level that it may reach (None: any)."""

    max_level: int | None
    reason: str
    at: datetime


class CountedReply(Struct, frozen=True, kw_only=True):
    """What the organisation replied about an indicator."""

    indicator: str
    text: str
    at: datetime


class ReviewOutcome(Struct, frozen=True, kw_only=True):
    """What the review of an assessment has come to; verdicts and replies in the order of the methodology."""

    state: AssessmentState
    remark: OverallRemark | None
    verdicts: tuple[CountedVerdict, ...]
    replies: tuple[CountedReply, ...]


class ReviewTally(Struct, frozen=True):
    """How many verdicts count and how many replies there are, and whether review says something of the whole."""

    verdicts: int
    replies: int
    remark: bool


# --- replies --------------------------------------------------------------------------------------------------


def list_replies(database: Database, edition: str, organisation: str) -> list[ReplyRecord]:
    """The replies of an assessment in the order of the methodology.

    Raises `UnknownEdition`, `AliasOf` and `UnknownAssessment`.
    """
    with database.read() as session:
        found = assessments.find_assessment(session, edition, organisation)
        return _sort_replies(found.methodology, queries.list_replies(session, found.edition, found.organisation))


def get_reply(database: Database, edition: str, organisation: str, indicator: str) -> ReplyRecord:
    """The reply about an indicator; raises as `all_of`, `UnknownIndicator` and `UnknownReply`."""
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
    """Replies about an indicator in the hearing, or anew.

    Raises `UnknownEdition`, `EditionNotOpen`, `AliasOf`, `UnknownAssessment`, `UnknownIndicator`, `Stale`, `OutOfOrder`
    and `Late`.
    """
    found, before = _lock_reply(session, edition, organisation, indicator, now)
    _ensure_expected(before, expected)
    record = ReplyRecord(
        edition=found.edition,
        organisation=found.organisation,
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
    """Takes back the reply about an indicator; raises as `reply`, and `UnknownReply`."""
    _, before = _lock_reply(session, edition, organisation, indicator, now)
    if before is None:
        raise UnknownReply(indicator)
    _ensure_expected(before, expected)
    queries.delete_reply(session, before)


def list_evidence(session: Session, edition: str, organisation: str) -> dict[str, tuple[Evidence, ...]]:
    """The documents of the replies of an assessment, by indicator, as far as they have not been erased."""
    found = queries.list_replies(session, edition, organisation)
    return {record.indicator: record.evidence for record in found if record.evidence}


def _lock_reply(
    session: Session, edition: str, organisation: str, indicator: str, now: datetime
) -> tuple[Assessment, ReplyRecord | None]:
    """An assessment that may be replied in, and that nobody else changes until the session ends, with one reply."""
    found = assessments.lock_for_reply(session, edition, organisation, now=now)
    return found, _find_reply(session, found, indicator)


def _ensure_expected(before: ReplyRecord | None, expected: Expected) -> None:
    if not expected(None if before is None else revision(before.created, before.version)):
        raise Stale


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
    """What the review of an assessment has come to; raises `UnknownEdition`, `AliasOf` and `UnknownAssessment`."""
    found = assessments.find_assessment(session, edition, organisation)
    told = list_outcomes(session, found.edition, [found.organisation])
    return told.get(found.organisation) or build_empty_outcome(found.state)


def build_empty_outcome(state: AssessmentState) -> ReviewOutcome:
    """What the review of an assessment has come to of which nobody has said anything."""
    return ReviewOutcome(state=state, remark=None, verdicts=(), replies=())


def count_outcomes(session: Session, edition: str, organisations: Collection[str]) -> dict[str, ReviewTally]:
    """How many verdicts and replies there are of several assessments; those without any are left out."""
    return {
        name: ReviewTally(len(one.verdicts), len(one.replies), one.remark is not None)
        for name, one in list_outcomes(session, edition, organisations).items()
    }


def list_outcomes(session: Session, edition: str, organisations: Collection[str]) -> dict[str, ReviewOutcome]:
    """What the reviews of several assessments have come to; those of which nobody has said anything are left out."""
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
    """The verdicts that count on the answers of an assessment as they are in `record`, stored or not."""
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
