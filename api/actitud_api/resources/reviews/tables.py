"""The tables of verdicts, overall reviews, samples and flags."""

from datetime import datetime

from sqlalchemy import Column, Float, ForeignKeyConstraint
from sqlmodel import Field

from actitud_api.platform.storage.base import IDENTIFIER, JSON_DOCUMENT, Base
from actitud_api.platform.storage.times import UtcTime


def _of_assessment(table: str) -> ForeignKeyConstraint:
    """Return a foreign key from the table named `table` to assessments.

    A row of that table is deleted together with the assessment that it belongs to.
    """
    return ForeignKeyConstraint(
        ["edition", "organisation"],
        ["assessment.edition", "assessment.organisation"],
        name=f"fk_{table}_edition_organisation_assessment",
        ondelete="CASCADE",
    )


class Verdict(Base, table=True):
    """The verdict of one assessor on one answer. There is a row for each answer that an assessor ever judged.

    Columns as in `queries.VerdictRecord`. `first_verdict` and `first_level` never change.
    """

    __tablename__ = "verdict"
    __table_args__ = (_of_assessment("verdict"),)

    edition: str = Field(sa_type=IDENTIFIER, primary_key=True)
    organisation: str = Field(sa_type=IDENTIFIER, primary_key=True)
    indicator: str = Field(sa_type=IDENTIFIER, primary_key=True)
    answer: str = Field(sa_type=IDENTIFIER, primary_key=True)
    assessor: str = Field(sa_type=IDENTIFIER, primary_key=True)
    number: int
    at: datetime = Field(sa_column=Column(UtcTime, nullable=False))
    verdict: str | None
    reason: str | None
    level: int | None
    rule: str | None
    first_verdict: str
    first_level: int | None


class Review(Base, table=True):
    """The overall review of an assessment. Columns as in `queries.OverallReview`."""

    __tablename__ = "review"
    __table_args__ = (_of_assessment("review"),)

    edition: str = Field(sa_type=IDENTIFIER, primary_key=True)
    organisation: str = Field(sa_type=IDENTIFIER, primary_key=True)
    reviewer: str
    version: int
    at: datetime = Field(sa_column=Column(UtcTime, nullable=False))
    reason: str
    max_level: int | None
    profile: dict[str, object] = Field(sa_column=Column(JSON_DOCUMENT, nullable=False))
    answers: dict[str, object] = Field(sa_column=Column(JSON_DOCUMENT, nullable=False))


class Sample(Base, table=True):
    """The random draw of the assessments of an edition that assessors check more closely.

    Columns as in `queries.SampleDraw`.
    """

    __tablename__ = "sample"
    __table_args__ = (
        ForeignKeyConstraint(["edition"], ["edition.id"], name="fk_sample_edition_edition", ondelete="CASCADE"),
    )

    edition: str = Field(sa_type=IDENTIFIER, primary_key=True)
    seed: str
    share: float = Field(sa_column=Column(Float(53), nullable=False))
    seed_given: bool
    created: datetime = Field(sa_column=Column(UtcTime, nullable=False))


class Flag(Base, table=True):
    """An anomaly of an assessment, stored as a flag. Columns as in `queries.FlagRecord`."""

    __tablename__ = "flag"
    __table_args__ = (_of_assessment("flag"),)

    edition: str = Field(sa_type=IDENTIFIER, primary_key=True)
    organisation: str = Field(sa_type=IDENTIFIER, primary_key=True)
    number: int = Field(primary_key=True)
    kind: str
    rule: str
    indicator: str | None
    facts: dict[str, object] = Field(sa_column=Column(JSON_DOCUMENT, nullable=False))
    created: datetime = Field(sa_column=Column(UtcTime, nullable=False))
