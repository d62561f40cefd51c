"""All SQL over reviews."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Final

import msgspec
from msgspec import Struct, structs
from sqlalchemy import Row, Text, bindparam, cast, delete, insert, select, update
from sqlmodel import Session

from actitud_api.engine.methodology.model import Scalar
from actitud_api.engine.methodology.requests.answers import FactValue, Submission
from actitud_api.platform.storage import database
from actitud_api.platform.storage.base import Base
from actitud_api.resources.assessments.records import AssessmentSupport
from actitud_api.resources.assessments.reviewed_submission import Verdict
from actitud_api.resources.assessments.tables import Assessment
from actitud_api.resources.editions.tables import Edition
from actitud_api.resources.organisations.tables import Organisation
from actitud_api.resources.reviews.flagging import FlagKind, SubmittedAssessment
from actitud_api.resources.reviews.tables import Flag as FlagTable
from actitud_api.resources.reviews.tables import Review, Sample
from actitud_api.resources.reviews.tables import Verdict as VerdictTable

VERDICTS = Base.metadata.tables[str(VerdictTable.__tablename__)]
REVIEWS = Base.metadata.tables[str(Review.__tablename__)]
SAMPLES = Base.metadata.tables[str(Sample.__tablename__)]
FLAGS = Base.metadata.tables[str(FlagTable.__tablename__)]
ASSESSMENTS = Base.metadata.tables[str(Assessment.__tablename__)]
ORGANISATIONS = Base.metadata.tables[str(Organisation.__tablename__)]
EDITIONS = Base.metadata.tables[str(Edition.__tablename__)]
_SAME = EDITIONS.alias("same")

SUBMITTED_STATES: Final = ("submitted", "under_review", "hearing", "final")
"""The states of an assessment that the organisation has handed in and that was not given back."""

BATCH_SIZE: Final = 500
"""Rows that are read at once."""


class VerdictRecord(Struct, frozen=True, kw_only=True):
    """A verdict as it is stored; the members are those of the table."""

    edition: str
    organisation: str
    indicator: str
    answer: str
    assessor: str
    number: int
    at: datetime
    verdict: Verdict | None
    reason: str | None
    level: int | None
    rule: str | None
    first_verdict: Verdict
    first_level: int | None


class OverallReview(Struct, frozen=True, kw_only=True):
    """What is said of an assessment as a whole, as it is stored; the members are those of the table."""

    edition: str
    organisation: str
    reviewer: str
    version: int
    at: datetime
    reason: str
    max_level: int | None
    profile: dict[str, Scalar | None]
    answers: dict[str, dict[str, FactValue]]


class SampleDraw(Struct, frozen=True, kw_only=True):
    """How an edition draws its sample; the members are those of the table."""

    edition: str
    seed: str
    share: float
    given: bool
    made: datetime


class FlagRecord(Struct, frozen=True, kw_only=True):
    """A flag as it is stored; the members are those of the table."""

    edition: str
    organisation: str
    number: int
    kind: FlagKind
    rule: str
    indicator: str | None
    facts: dict[str, int | float | str]
    made: datetime


_OF_ASSESSMENT = (VERDICTS.c.edition == bindparam("of"), VERDICTS.c.organisation == bindparam("by"))
_VERDICTS = select(*(VERDICTS.c[name] for name in VerdictRecord.__struct_fields__))
_MINE = _VERDICTS.where(*_OF_ASSESSMENT).order_by(VERDICTS.c.indicator, VERDICTS.c.number, VERDICTS.c.assessor)
_ALL = _VERDICTS.where(VERDICTS.c.edition == bindparam("of"))
_KEY = tuple(VERDICTS.c[name] for name in ("edition", "organisation", "indicator", "answer", "assessor"))
_SAID = select(*(REVIEWS.c[name] for name in OverallReview.__struct_fields__)).where(
    REVIEWS.c.edition == bindparam("of"), REVIEWS.c.organisation == bindparam("by")
)
_SOME = _ALL.where(VERDICTS.c.organisation.in_(bindparam("some", expanding=True))).order_by(
    VERDICTS.c.indicator, VERDICTS.c.number, VERDICTS.c.assessor
)
_SAID_OF_SOME = select(*(REVIEWS.c[name] for name in OverallReview.__struct_fields__)).where(
    REVIEWS.c.edition == bindparam("of"), REVIEWS.c.organisation.in_(bindparam("some", expanding=True))
)
_DRAWING = select(*(SAMPLES.c[name] for name in SampleDraw.__struct_fields__)).where(
    SAMPLES.c.edition == bindparam("of")
)
_FLAGS = select(*(FLAGS.c[name] for name in FlagRecord.__struct_fields__)).where(FLAGS.c.edition == bindparam("of"))
_HANDED_IN = (ASSESSMENTS.c.edition == bindparam("of"), ASSESSMENTS.c.state.in_(SUBMITTED_STATES))
_STATED = (
    select(
        ASSESSMENTS.c.organisation,
        ORGANISATIONS.c.kind,
        ORGANISATIONS.c.band,
        cast(ASSESSMENTS.c.submission, Text),
        cast(ASSESSMENTS.c.evidence, Text),
    )
    .select_from(ASSESSMENTS.join(ORGANISATIONS, ASSESSMENTS.c.organisation == ORGANISATIONS.c.id))
    .where(*_HANDED_IN, ASSESSMENTS.c.organisation > bindparam("after"))
    .order_by(ASSESSMENTS.c.organisation)
    .limit(BATCH_SIZE)
)
_ORGANISATIONS = select(ASSESSMENTS.c.organisation).where(*_HANDED_IN)
_PERIOD_TO = select(_SAME.c.period_to).where(_SAME.c.id == bindparam("of")).scalar_subquery()
_BEFORE = (
    select(EDITIONS.c.id)
    .where(EDITIONS.c.state == "published", EDITIONS.c.period_to < _PERIOD_TO)
    .order_by(EDITIONS.c.period_to.desc(), EDITIONS.c.id.desc())
    .limit(1)
)
_SUBMISSION = msgspec.json.Decoder(Submission)
_SUPPORT = msgspec.json.Decoder(AssessmentSupport)


# --- verdicts -------------------------------------------------------------------------------------------------


def list_verdicts(session: Session, edition: str, organisation: str) -> list[VerdictRecord]:
    """All verdicts of an assessment, whatever the answer was, by indicator and then in the order of `number`."""
    rows = session.execute(_MINE, {"of": edition, "by": organisation}).mappings()
    return [msgspec.convert(dict(row), VerdictRecord) for row in rows]


def list_verdicts_of_many(session: Session, edition: str, organisations: Collection[str]) -> list[VerdictRecord]:
    """All verdicts of the assessments of some organisations, in the same order."""
    rows = session.execute(_SOME, {"of": edition, "some": list(organisations)}).mappings()
    return [msgspec.convert(dict(row), VerdictRecord) for row in rows]


def list_edition_verdicts(session: Session, edition: str) -> list[VerdictRecord]:
    """All verdicts of an edition, in no order."""
    return [msgspec.convert(dict(row), VerdictRecord) for row in session.execute(_ALL, {"of": edition}).mappings()]


def store_verdict(session: Session, given: VerdictRecord) -> None:
    """Stores a verdict, in the place of that of the same assessor on the same answer; its assessment is held."""
    values = structs.asdict(given)
    mine = tuple(column == values[column.name] for column in _KEY)
    changed = session.execute(update(VERDICTS).where(*mine).values(values).returning(VERDICTS.c.number))
    if changed.one_or_none() is None:
        session.execute(insert(VERDICTS), values)


# --- the whole ------------------------------------------------------------------------------------------------


def find_overall_review(session: Session, edition: str, organisation: str) -> OverallReview | None:
    """What is said of an assessment as a whole."""
    row = session.execute(_SAID, {"of": edition, "by": organisation}).mappings().one_or_none()
    return None if row is None else msgspec.convert(dict(row), OverallReview)


def list_overall_reviews(session: Session, edition: str, organisations: Collection[str]) -> list[OverallReview]:
    """What is said of the assessments of some organisations as a whole."""
    rows = session.execute(_SAID_OF_SOME, {"of": edition, "some": list(organisations)}).mappings()
    return [msgspec.convert(dict(row), OverallReview) for row in rows]


def store_overall_review(session: Session, review: OverallReview) -> OverallReview:
    """Store the overall review of a locked assessment in the place of the one before. Return it as stored.

    JSONB puts members in an order of its own, and the ETag covers the bytes of the answer.
    """
    session.execute(
        delete(REVIEWS).where(REVIEWS.c.edition == review.edition, REVIEWS.c.organisation == review.organisation)
    )
    statement = insert(REVIEWS).values(msgspec.to_builtins(review, builtin_types=(datetime,)))
    row = session.execute(statement.returning(*(REVIEWS.c[name] for name in OverallReview.__struct_fields__)))
    return msgspec.convert(dict(row.mappings().one()), OverallReview)


# --- samples --------------------------------------------------------------------------------------------------


def find_draw(session: Session, edition: str) -> SampleDraw | None:
    """How an edition draws its sample."""
    row = session.execute(_DRAWING, {"of": edition}).mappings().one_or_none()
    return None if row is None else msgspec.convert(dict(row), SampleDraw)


def insert_draw(session: Session, one: SampleDraw) -> bool:
    """Stores how an edition draws its sample; False where it has done so already."""
    database.lock(session, SAMPLES)
    if find_draw(session, one.edition) is not None:
        return False
    session.execute(insert(SAMPLES), structs.asdict(one))
    return True


def list_submitted(session: Session, edition: str) -> list[str]:
    """The organisations whose assessment is handed in, in no order."""
    return list(session.execute(_ORGANISATIONS, {"of": edition}).scalars())


# --- flags ----------------------------------------------------------------------------------------------------


def iterate_submitted(session: Session, edition: str) -> Iterator[SubmittedAssessment]:
    """The assessments that are handed in, by organisation."""
    after = ""
    while part := session.execute(_STATED, {"of": edition, "after": after}).all():
        yield from map(_to_submitted, part)
        after = part[-1][0]


def find_previous_edition(session: Session, edition: str) -> str | None:
    """The edition that was published of the time before that of another; None where there is none."""
    found: str | None = session.execute(_BEFORE, {"of": edition}).scalar()
    return found


def replace_flags(session: Session, edition: str, flags: Sequence[FlagRecord]) -> None:
    """Stores the flags of an edition in the place of those that there are."""
    database.lock(session, FLAGS)
    session.execute(delete(FLAGS).where(FLAGS.c.edition == edition))
    if flags:
        session.execute(insert(FLAGS), [structs.asdict(flag) for flag in flags])


def list_flags(
    session: Session,
    edition: str,
    *,
    organisation: str | None,
    kind: FlagKind | None,
    after: tuple[str, int] | None,
    offset: int,
    limit: int,
) -> list[FlagRecord]:
    """Flags of an edition by organisation and number, from the one that follows `after`; None does not filter."""
    statement = _FLAGS.order_by(FLAGS.c.organisation, FLAGS.c.number).offset(offset).limit(limit)
    if organisation is not None:
        statement = statement.where(FLAGS.c.organisation == organisation)
    if kind is not None:
        statement = statement.where(FLAGS.c.kind == kind)
    if after is not None:
        name, number = after
        later = (FLAGS.c.organisation == name) & (FLAGS.c.number > number)
        statement = statement.where((FLAGS.c.organisation > name) | later)
    return [msgspec.convert(dict(row), FlagRecord) for row in session.execute(statement, {"of": edition}).mappings()]


def _to_submitted(row: Row[str, str, str | None, str, str]) -> SubmittedAssessment:
    organisation, kind, band, submission, evidence = row
    return SubmittedAssessment(organisation, kind, band, _SUBMISSION.decode(submission), _SUPPORT.decode(evidence))
