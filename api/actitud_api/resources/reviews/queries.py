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
from actitud_api.resources.editions.tables import EditionTable
from actitud_api.resources.organisations.tables import OrganisationTable
from actitud_api.resources.reviews.flagging import FlagKind, SubmittedAssessment
from actitud_api.resources.reviews.tables import Flag as FlagTable
from actitud_api.resources.reviews.tables import Review, Sample
from actitud_api.resources.reviews.tables import Verdict as VerdictTable

VERDICTS = Base.metadata.tables[str(VerdictTable.__tablename__)]
REVIEWS = Base.metadata.tables[str(Review.__tablename__)]
SAMPLES = Base.metadata.tables[str(Sample.__tablename__)]
FLAGS = Base.metadata.tables[str(FlagTable.__tablename__)]
ASSESSMENTS = Base.metadata.tables[str(Assessment.__tablename__)]
ORGANISATIONS = Base.metadata.tables[str(OrganisationTable.__tablename__)]
EDITIONS = Base.metadata.tables[str(EditionTable.__tablename__)]
_SAME = EDITIONS.alias("same")

SUBMITTED_STATES: Final = ("submitted", "under_review", "hearing", "final")
"""The states of a submitted assessment that was not returned."""

BATCH_SIZE: Final = 500
"""Number of rows of one read."""


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
    """The overall review of an assessment as it is stored; the members are those of the table."""

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
    """The draw of the sample of an edition; the members are those of the table."""

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
    """List all verdicts of an assessment, on earlier answers too, by indicator and then by `number`."""
    rows = session.execute(_MINE, {"of": edition, "by": organisation}).mappings()
    return [msgspec.convert(dict(row), VerdictRecord) for row in rows]


def list_verdicts_of_many(session: Session, edition: str, organisations: Collection[str]) -> list[VerdictRecord]:
    """List all verdicts of the assessments of several organisations, in the same order."""
    rows = session.execute(_SOME, {"of": edition, "some": list(organisations)}).mappings()
    return [msgspec.convert(dict(row), VerdictRecord) for row in rows]


def list_edition_verdicts(session: Session, edition: str) -> list[VerdictRecord]:
    """List all verdicts of an edition, in no order."""
    return [msgspec.convert(dict(row), VerdictRecord) for row in session.execute(_ALL, {"of": edition}).mappings()]


def store_verdict(session: Session, verdict: VerdictRecord) -> None:
    """Store a verdict in the place of that of the same assessor on the same answer; the caller holds the assessment."""
    values = structs.asdict(verdict)
    mine = tuple(column == values[column.name] for column in _KEY)
    changed = session.execute(update(VERDICTS).where(*mine).values(values).returning(VERDICTS.c.number))
    if changed.one_or_none() is None:
        session.execute(insert(VERDICTS), values)


# --- the whole ------------------------------------------------------------------------------------------------


def find_overall_review(session: Session, edition: str, organisation: str) -> OverallReview | None:
    """Return the overall review of an assessment; None if there is none."""
    row = session.execute(_SAID, {"of": edition, "by": organisation}).mappings().one_or_none()
    return None if row is None else msgspec.convert(dict(row), OverallReview)


def list_overall_reviews(session: Session, edition: str, organisations: Collection[str]) -> list[OverallReview]:
    """List the overall reviews of the assessments of several organisations."""
    rows = session.execute(_SAID_OF_SOME, {"of": edition, "some": list(organisations)}).mappings()
    return [msgspec.convert(dict(row), OverallReview) for row in rows]


def store_overall_review(session: Session, review: OverallReview) -> OverallReview:
    """Replace the overall review of a locked assessment; return it as read back.

    JSONB reorders members, and the ETag covers the bytes.
    """
    session.execute(
        delete(REVIEWS).where(REVIEWS.c.edition == review.edition, REVIEWS.c.organisation == review.organisation)
    )
    statement = insert(REVIEWS).values(msgspec.to_builtins(review, builtin_types=(datetime,)))
    row = session.execute(statement.returning(*(REVIEWS.c[name] for name in OverallReview.__struct_fields__)))
    return msgspec.convert(dict(row.mappings().one()), OverallReview)


# --- samples --------------------------------------------------------------------------------------------------


def find_draw(session: Session, edition: str) -> SampleDraw | None:
    """Return the draw of the sample of an edition; None if there is none."""
    row = session.execute(_DRAWING, {"of": edition}).mappings().one_or_none()
    return None if row is None else msgspec.convert(dict(row), SampleDraw)


def insert_draw(session: Session, draw: SampleDraw) -> bool:
    """Insert the draw of the sample of an edition. Return False if there is one."""
    database.lock_table(session, SAMPLES)
    if find_draw(session, draw.edition) is not None:
        return False
    session.execute(insert(SAMPLES), structs.asdict(draw))
    return True


def list_submitted(session: Session, edition: str) -> list[str]:
    """List the organisations whose assessment is submitted, in no order."""
    return list(session.execute(_ORGANISATIONS, {"of": edition}).scalars())


# --- flags ----------------------------------------------------------------------------------------------------


def iterate_submitted(session: Session, edition: str) -> Iterator[SubmittedAssessment]:
    """Iterate over the submitted assessments of an edition, by organisation."""
    after = ""
    while batch := session.execute(_STATED, {"of": edition, "after": after}).all():
        yield from map(_to_submitted, batch)
        after = batch[-1][0]


def find_previous_edition(session: Session, edition: str) -> str | None:
    """Find the published edition whose period ends last before that of another; None if there is none."""
    previous: str | None = session.execute(_BEFORE, {"of": edition}).scalar()
    return previous


def replace_flags(session: Session, edition: str, flags: Sequence[FlagRecord]) -> None:
    """Replace the flags of an edition."""
    database.lock_table(session, FLAGS)
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
    """List flags of an edition by organisation and number, from the one after `after`; None does not filter."""
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
