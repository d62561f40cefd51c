"""All SQL over verdicts, overall reviews, samples and flags."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Final

import msgspec
from msgspec import Struct, structs
from sqlalchemy import ColumnElement, Table, Text, bindparam, cast, delete, func, insert, select, tuple_, update
from sqlmodel import Session

from actitud_api.engine.methodology.model import Scalar
from actitud_api.engine.methodology.requests.answers import FactValue, Submission
from actitud_api.platform.storage import database
from actitud_api.platform.storage.base import Base
from actitud_api.platform.storage.pages import PageRange, execute_page
from actitud_api.platform.storage.records import fetch_record, fetch_records
from actitud_api.resources.assessments.records import AssessmentSupport
from actitud_api.resources.assessments.reviewed_submission import Verdict
from actitud_api.resources.assessments.tables import Assessment
from actitud_api.resources.editions.tables import EditionTable, select_newest_revision
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
_THIS_EDITION = EDITIONS.alias("same")

SUBMITTED_STATES: Final = ("submitted", "under_review", "hearing", "final")
"""The states of an assessment that has been submitted, except `returned`."""

BATCH_SIZE: Final = 500
"""Number of rows that `iterate_submitted` reads at once."""


class VerdictRecord(Struct, frozen=True, kw_only=True):
    """A stored verdict of one assessor on one answer.

    Attributes:
        edition: Id of the edition.
        organisation: Id of the organisation.
        indicator: Id of the indicator.
        answer: SHA-256 of the answer.
        assessor: Id of the assessor's key, or of its oldest predecessor if it was rotated.
        number: Position of the verdict among those of the assessment, by the time at which they were given or
            withdrawn.
        at: Time at which it was given or withdrawn.
        verdict: The verdict; None once it is withdrawn.
        reason: Reason; None if none was given, and empty if it was erased.
        level: Level at which a `capped` answer counts, None for any other verdict.
        rule: Id of the rule of the methodology that the answer breaks, None if the verdict names none.
        first_verdict, first_level: Verdict and level that the assessor gave first.
    """

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
    """A stored overall review of an assessment: an assessor's findings about the whole, beside the verdicts on answers.

    Attributes:
        edition: Id of the edition.
        organisation: Id of the organisation.
        reviewer: Id of the key that wrote it last, or of its oldest predecessor if it was rotated.
        version: Number of times that it was written.
        at: Time of the last write.
        reason: Text of the review, empty if it was erased.
        max_level: Highest level that the assessment may reach, None for no limit.
        profile: Facts that only assessors set, by profile field.
        answers: Facts that only assessors set, by indicator and name of the fact.
    """

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
    """The stored seed and share of the sample of an edition.

    `seed` is the text from which the draw is computed, and `share` the share of assessments that are drawn, from 0 to
    1. `seed_given` is True if the creator of the sample chose the seed, False if the service did. `created` is the time
    of the draw.
    """

    edition: str
    seed: str
    share: float
    seed_given: bool
    created: datetime


class FlagRecord(Struct, frozen=True, kw_only=True):
    """A stored flag: something unusual in an assessment that assessors should look at.

    Attributes:
        edition: Id of the edition.
        organisation: Id of the organisation.
        number: Number of the flag among those of the assessment, from 1.
        kind: Kind of anomaly.
        rule: Id of the rule that found it, such as V24.
        indicator: Id of the indicator, None if the flag is about no single one.
        facts: Values for the sentence about the flag, such as the value and the median.
        created: Time when the flags of the edition were computed.
    """

    edition: str
    organisation: str
    number: int
    kind: FlagKind
    rule: str
    indicator: str | None
    facts: dict[str, int | float | str]
    created: datetime


_VERDICTS = select(*(VERDICTS.c[name] for name in VerdictRecord.__struct_fields__))
_VERDICTS_OF_EDITION = _VERDICTS.where(VERDICTS.c.edition == bindparam("of"))
_KEY = tuple(VERDICTS.c[name] for name in ("edition", "organisation", "indicator", "answer", "assessor"))
_VERDICTS_OF_MANY = _VERDICTS_OF_EDITION.where(VERDICTS.c.organisation.in_(bindparam("some", expanding=True))).order_by(
    VERDICTS.c.indicator, VERDICTS.c.number, VERDICTS.c.assessor
)
_SELECT_REVIEWS = select(*(REVIEWS.c[name] for name in OverallReview.__struct_fields__)).where(
    REVIEWS.c.edition == bindparam("of"), REVIEWS.c.organisation.in_(bindparam("some", expanding=True))
)
_SELECT_DRAW = select(*(SAMPLES.c[name] for name in SampleDraw.__struct_fields__)).where(
    SAMPLES.c.edition == bindparam("of")
)
_FLAGS = select(*(FLAGS.c[name] for name in FlagRecord.__struct_fields__)).where(FLAGS.c.edition == bindparam("of"))
_IS_SUBMITTED = (ASSESSMENTS.c.edition == bindparam("of"), ASSESSMENTS.c.state.in_(SUBMITTED_STATES))
# JSON columns are read as text, so that msgspec decodes them straight into structs.
_SELECT_SUBMITTED = (
    select(
        ASSESSMENTS.c.organisation,
        ORGANISATIONS.c.kind,
        ORGANISATIONS.c.band,
        cast(ASSESSMENTS.c.submission, Text),
        cast(ASSESSMENTS.c.evidence, Text),
    )
    .select_from(ASSESSMENTS.join(ORGANISATIONS, ASSESSMENTS.c.organisation == ORGANISATIONS.c.id))
    .where(*_IS_SUBMITTED, ASSESSMENTS.c.organisation > bindparam("after"))
    .order_by(ASSESSMENTS.c.organisation)
    .limit(BATCH_SIZE)
)
_ORGANISATIONS = select(ASSESSMENTS.c.organisation).where(*_IS_SUBMITTED)
_PERIOD_TO = select(_THIS_EDITION.c.period_to).where(_THIS_EDITION.c.id == bindparam("of")).scalar_subquery()
_SELECT_PREVIOUS = (
    select(EDITIONS.c.id)
    .where(select_newest_revision(EDITIONS.c.id).is_not(None), EDITIONS.c.period_to < _PERIOD_TO)
    .order_by(EDITIONS.c.period_to.desc(), EDITIONS.c.id.desc())
    .limit(1)
)
_SUBMISSION = msgspec.json.Decoder(Submission)
_SUPPORT = msgspec.json.Decoder(AssessmentSupport)


# --- verdicts -------------------------------------------------------------------------------------------------


def list_verdicts(session: Session, edition: str, organisations: Collection[str]) -> list[VerdictRecord]:
    """List all verdicts of the assessments of these organisations, ordered by indicator.

    The verdicts on an indicator are ordered by the time at which they were given or withdrawn. Withdrawn verdicts and
    verdicts on answers that were changed since are included.
    """
    rows = session.execute(_VERDICTS_OF_MANY, {"of": edition, "some": list(organisations)})
    return fetch_records(rows, VerdictRecord)


def list_edition_verdicts(session: Session, edition: str) -> list[VerdictRecord]:
    """List all verdicts of an edition in no particular order."""
    return fetch_records(session.execute(_VERDICTS_OF_EDITION, {"of": edition}), VerdictRecord)


def store_verdict(session: Session, verdict: VerdictRecord) -> None:
    """Insert a verdict, or replace the earlier verdict of the same assessor on the same answer.

    The caller holds a lock on the assessment.
    """
    values = structs.asdict(verdict)
    mine = tuple(column == values[column.name] for column in _KEY)
    changed = session.execute(update(VERDICTS).where(*mine).values(values).returning(VERDICTS.c.number))
    if changed.one_or_none() is None:
        session.execute(insert(VERDICTS), values)


# --- the whole ------------------------------------------------------------------------------------------------


def find_overall_review(session: Session, edition: str, organisation: str) -> OverallReview | None:
    """Return the overall review of an assessment, or None if nobody has written one."""
    return next(iter(list_overall_reviews(session, edition, [organisation])), None)


def list_overall_reviews(session: Session, edition: str, organisations: Collection[str]) -> list[OverallReview]:
    """List the overall reviews of the assessments of these organisations in no particular order."""
    rows = session.execute(_SELECT_REVIEWS, {"of": edition, "some": list(organisations)})
    return fetch_records(rows, OverallReview)


def store_overall_review(session: Session, review: OverallReview) -> OverallReview:
    """Store the overall review of a locked assessment in place of an earlier one. Return the stored review.

    The stored review is returned because the database may reorder the members of objects (JSONB), and the ETag of the
    response covers its bytes.
    """
    session.execute(
        delete(REVIEWS).where(REVIEWS.c.edition == review.edition, REVIEWS.c.organisation == review.organisation)
    )
    statement = insert(REVIEWS).values(msgspec.to_builtins(review, builtin_types=(datetime,)))
    row = session.execute(statement.returning(*(REVIEWS.c[name] for name in OverallReview.__struct_fields__)))
    return msgspec.convert(dict(row.mappings().one()), OverallReview)


# --- erasure --------------------------------------------------------------------------------------------------


def erase_reasons(session: Session, edition: str, organisation: str, indicator: str | None) -> None:
    """Erase the reasons of the verdicts on the answer to an indicator, or all of a review if `indicator` is None."""
    for table, conditions in _match_reasons(edition, organisation, indicator):
        session.execute(update(table).where(*conditions).values(reason=""))


def count_reasons(session: Session, edition: str, organisation: str, indicator: str | None) -> int:
    """Count the reasons of the verdicts on the answer to an indicator, or all of a review if `indicator` is None."""
    counts: list[int] = [
        session.execute(select(func.count()).select_from(table).where(*conditions)).scalar_one()
        for table, conditions in _match_reasons(edition, organisation, indicator)
    ]
    return sum(counts)


def _match_reasons(
    edition: str, organisation: str, indicator: str | None
) -> list[tuple[Table, tuple[ColumnElement[bool], ...]]]:
    """Return the tables that have reasons, each with the conditions on the rows whose reason is to be erased."""
    matched: list[tuple[Table, tuple[ColumnElement[bool], ...]]] = [
        (table, (table.c.edition == edition, table.c.organisation == organisation, table.c.reason != ""))
        for table in (VERDICTS, REVIEWS)
    ]
    if indicator is None:
        return matched
    (verdicts, conditions), _ = matched
    return [(verdicts, (*conditions, verdicts.c.indicator == indicator))]


# --- samples --------------------------------------------------------------------------------------------------


def find_draw(session: Session, edition: str) -> SampleDraw | None:
    """Return the seed and share of the sample of an edition, or None if none has been drawn."""
    return fetch_record(session.execute(_SELECT_DRAW, {"of": edition}), SampleDraw)


def insert_draw(session: Session, draw: SampleDraw) -> bool:
    """Insert the seed and share of the sample of an edition. Return False if it already has a sample, else True."""
    # A second, concurrent draw waits here and then finds the first, instead of failing on the primary key.
    database.lock_table(session, SAMPLES)
    if find_draw(session, draw.edition) is not None:
        return False
    session.execute(insert(SAMPLES), structs.asdict(draw))
    return True


def list_submitted(session: Session, edition: str) -> list[str]:
    """List the ids of the organisations with a submitted assessment in an edition, in no particular order."""
    return list(session.execute(_ORGANISATIONS, {"of": edition}).scalars())


# --- flags ----------------------------------------------------------------------------------------------------


def iterate_submitted(session: Session, edition: str) -> Iterator[SubmittedAssessment]:
    """Yield the submitted assessments of an edition, ordered by organisation id, read in batches."""
    after = ""
    while batch := session.execute(_SELECT_SUBMITTED, {"of": edition, "after": after}).all():
        for organisation, kind, band, submission, evidence in batch:
            yield SubmittedAssessment(
                organisation, kind, band, _SUBMISSION.decode(submission), _SUPPORT.decode(evidence)
            )
        after = batch[-1][0]


def find_previous_edition(session: Session, edition: str) -> str | None:
    """Return the id of the latest published edition whose period ends before that of `edition`, or None without any."""
    previous: str | None = session.execute(_SELECT_PREVIOUS, {"of": edition}).scalar()
    return previous


def replace_flags(session: Session, edition: str, flags: Sequence[FlagRecord]) -> None:
    """Delete all flags of an edition and insert these."""
    # Two computations at once would insert the same numbers.
    database.lock_table(session, FLAGS)
    session.execute(delete(FLAGS).where(FLAGS.c.edition == edition))
    if flags:
        session.execute(insert(FLAGS), [structs.asdict(flag) for flag in flags])


def list_flags(
    session: Session, edition: str, page: PageRange[tuple[str, int]], *, organisation: str | None, kind: FlagKind | None
) -> list[FlagRecord]:
    """List flags of an edition, ordered by organisation id and number.

    `organisation` and `kind` keep only matching flags; None does not filter.
    """
    position = (FLAGS.c.organisation, FLAGS.c.number)
    statement = _FLAGS.order_by(*position)
    if organisation is not None:
        statement = statement.where(FLAGS.c.organisation == organisation)
    if kind is not None:
        statement = statement.where(FLAGS.c.kind == kind)
    rows = execute_page(session, statement, page, {"of": edition}, after=lambda after: tuple_(*position) > after)
    return fetch_records(rows, FlagRecord)
