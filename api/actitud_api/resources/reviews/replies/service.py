"""Use cases over replies, and what the review of an assessment comes to with them.

A function that changes something takes a session that writes, whom the change expects (`Expected`) and the time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from msgspec import Struct

from actitud_api.engine.methodology.loader import load
from actitud_api.engine.methodology.predicates import indicators
from actitud_api.engine.methodology.requests.content import Evidence
from actitud_api.platform.storage.database import Database, Session
from actitud_api.platform.storage.versions import Expected, Stale, revision
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.assessments.service import Record as Assessment
from actitud_api.resources.assessments.service import State
from actitud_api.resources.reviews import service as reviews
from actitud_api.resources.reviews.replies import queries
from actitud_api.resources.reviews.replies.queries import Record
from actitud_api.resources.reviews.service import UnknownIndicator, Verdict

__all__ = [
    "Judged",
    "NewReply",
    "Record",
    "Remarked",
    "Replied",
    "Reviewed",
    "State",
    "Tally",
    "UnknownReply",
    "Verdict",
    "Written",
    "all_of",
    "evidence",
    "get",
    "nothing",
    "reply",
    "reviewed",
    "reviewed_of",
    "take_back",
    "tallies",
]


class UnknownReply(LookupError):
    """The organisation has replied nothing about that indicator."""

    def __init__(self, indicator: str) -> None:
        super().__init__(indicator)
        self.indicator = indicator


class NewReply(Struct, frozen=True, kw_only=True):
    """What an organisation replies."""

    text: str
    evidence: tuple[Evidence, ...] = ()


class Written(Struct, frozen=True):
    """A reply that was written; whether there was none before."""

    record: Record
    is_new: bool


class Judged(Struct, frozen=True, kw_only=True):
    """The verdict that counts on the answer to an indicator."""

    indicator: str
    verdict: Verdict
    level: int | None
    reason: str | None
    rule: str | None
    at: datetime


class Remarked(Struct, frozen=True, kw_only=True):
    """What review says of an assessment as a whole; `max_level`: the highest level that it may reach (None: any)."""

    max_level: int | None
    reason: str
    at: datetime


class Replied(Struct, frozen=True, kw_only=True):
    """What the organisation replied about an indicator."""

    indicator: str
    text: str
    at: datetime


class Reviewed(Struct, frozen=True, kw_only=True):
    """What the review of an assessment has come to; verdicts and replies in the order of the methodology."""

    state: State
    remark: Remarked | None
    verdicts: tuple[Judged, ...]
    replies: tuple[Replied, ...]


class Tally(Struct, frozen=True):
    """How many verdicts count and how many replies there are, and whether review says something of the whole."""

    verdicts: int
    replies: int
    remark: bool


# --- replies --------------------------------------------------------------------------------------------------


def all_of(database: Database, edition: str, organisation: str) -> list[Record]:
    """The replies of an assessment in the order of the methodology.

    Raises `UnknownEdition`, `AliasOf` and `UnknownAssessment`.
    """
    with database.read() as session:
        found = assessments.one(session, edition, organisation)
        return _ordered(found.methodology, queries.of(session, found.edition, found.organisation))


def get(database: Database, edition: str, organisation: str, indicator: str) -> Record:
    """The reply about an indicator; raises as `all_of`, `UnknownIndicator` and `UnknownReply`."""
    with database.read() as session:
        found = assessments.one(session, edition, organisation)
        record = _one(session, found, indicator)
    if record is None:
        raise UnknownReply(indicator)
    return record


def reply(
    session: Session,
    edition: str,
    organisation: str,
    indicator: str,
    new: NewReply,
    *,
    expected: Expected,
    now: datetime,
) -> Written:
    """Replies about an indicator in the hearing, or anew.

    Raises `UnknownEdition`, `EditionNotOpen`, `AliasOf`, `UnknownAssessment`, `UnknownIndicator`, `Stale`, `OutOfOrder`
    and `Late`.
    """
    found, before = _held(session, edition, organisation, indicator, now)
    _ensure_expected(before, expected)
    record = Record(
        edition=found.edition,
        organisation=found.organisation,
        indicator=indicator,
        text=new.text,
        evidence=new.evidence,
        created=now if before is None else before.created,
        updated=now,
        version=1 if before is None else before.version + 1,
    )
    queries.keep(session, record)
    return Written(record, before is None)


def take_back(
    session: Session, edition: str, organisation: str, indicator: str, *, expected: Expected, now: datetime
) -> None:
    """Takes back the reply about an indicator; raises as `reply`, and `UnknownReply`."""
    _, before = _held(session, edition, organisation, indicator, now)
    if before is None:
        raise UnknownReply(indicator)
    _ensure_expected(before, expected)
    queries.remove(session, before)


def evidence(session: Session, edition: str, organisation: str) -> dict[str, tuple[Evidence, ...]]:
    """The documents of the replies of an assessment, by indicator, as far as they have not been erased."""
    found = queries.of(session, edition, organisation)
    return {record.indicator: record.evidence for record in found if record.evidence}


def _held(
    session: Session, edition: str, organisation: str, indicator: str, now: datetime
) -> tuple[Assessment, Record | None]:
    """An assessment that may be replied in, and that nobody else changes until the session ends, with one reply."""
    found = assessments.heard(session, edition, organisation, now=now)
    return found, _one(session, found, indicator)


def _ensure_expected(before: Record | None, expected: Expected) -> None:
    if not expected(None if before is None else revision(before.created, before.version)):
        raise Stale


def _one(session: Session, found: Assessment, indicator: str) -> Record | None:
    if indicator not in _order(found.methodology):
        raise UnknownIndicator(indicator)
    replies = queries.of(session, found.edition, found.organisation)
    return next((record for record in replies if record.indicator == indicator), None)


def _ordered(methodology: str, records: Iterable[Record]) -> list[Record]:
    order = _order(methodology)
    return sorted(records, key=lambda record: order[record.indicator])


def _order(methodology: str) -> Mapping[str, int]:
    return {known.id: number for number, known in enumerate(indicators(load(methodology).document.root))}


# --- what a review comes to -----------------------------------------------------------------------------------


def reviewed(session: Session, edition: str, organisation: str) -> Reviewed:
    """What the review of an assessment has come to; raises `UnknownEdition`, `AliasOf` and `UnknownAssessment`."""
    found = assessments.one(session, edition, organisation)
    told = reviewed_of(session, found.edition, [found.organisation])
    return told.get(found.organisation) or nothing(found.state)


def nothing(state: State) -> Reviewed:
    """What the review of an assessment has come to of which nobody has said anything."""
    return Reviewed(state=state, remark=None, verdicts=(), replies=())


def tallies(session: Session, edition: str, organisations: Collection[str]) -> dict[str, Tally]:
    """How many verdicts and replies there are of several assessments; those without any are left out."""
    return {
        name: Tally(len(one.verdicts), len(one.replies), one.remark is not None)
        for name, one in reviewed_of(session, edition, organisations).items()
    }


def reviewed_of(session: Session, edition: str, organisations: Collection[str]) -> dict[str, Reviewed]:
    """What the reviews of several assessments have come to; those of which nobody has said anything are left out."""
    replies: dict[str, list[Record]] = {}
    for record in queries.some(session, edition, organisations):
        replies.setdefault(record.organisation, []).append(record)
    found: dict[str, Reviewed] = {}
    those = assessments.some(session, edition, replies.keys() | reviews.looked_at(session, edition, organisations))
    counting = reviews.counting(session, edition, those)
    for organisation, assessment in those.items():
        judged, said = counting.get(organisation, ((), None))
        found[organisation] = Reviewed(
            state=assessment.state,
            remark=None if said is None else Remarked(max_level=said.max_level, reason=said.reason, at=said.at),
            verdicts=_told(judged),
            replies=tuple(
                Replied(indicator=one.indicator, text=one.text, at=one.updated)
                for one in _ordered(assessment.methodology, replies.get(organisation, ()))
            ),
        )
    return found


def verdicts(session: Session, record: Assessment) -> tuple[Judged, ...]:
    """The verdicts that count on the answers of an assessment as they are in `record`, stored or not."""
    counting = reviews.counting(session, record.edition, {record.organisation: record})
    judged, _ = counting.get(record.organisation, ((), None))
    return _told(judged)


def _told(judged: Iterable[reviews.Given]) -> tuple[Judged, ...]:
    return tuple(
        Judged(
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
