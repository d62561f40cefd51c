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

    Attributes:
        edition: Id of the edition.
        organisation: Id of the organisation.
        indicator: Id of the indicator.
        answer: SHA-256 of the answer.
        assessor: Id of the assessor's key, or of its oldest predecessor if it was rotated.
        number: Position of the verdict among those of the assessment, by the time at which they were given or
            withdrawn.
        at: Time at which it was given or withdrawn.
        verdict: The verdict; null once it is withdrawn.
        reason: Reason; null if none was given, and empty if it was erased.
        level: Level at which a `capped` answer counts, null for any other verdict.
        rule: Id of the rule of the methodology that the answer breaks, null if the verdict names none.
        first_verdict, first_level: Verdict and level that the assessor gave first; they never change.
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
    """The overall review of an assessment.

    Attributes:
        edition: Id of the edition.
        organisation: Id of the organisation.
        reviewer: Id of the key that wrote it last, or of its oldest predecessor if it was rotated.
        version: Number of times that it was written.
        at: Time of the last write.
        reason: Text of the review, empty if it was erased.
        max_level: Highest level that the assessment may reach, null for no limit.
        profile: Facts that only assessors set, by profile field.
        answers: Facts that only assessors set, by indicator and name of the fact.
    """

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

    `share` is the share of the submitted assessments that is drawn, from 0 to 1. `seed` is the text that starts the
    random draw, with which anyone can repeat it; `seed_given` is true if the caller chose it, false if the service did.
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
    """An anomaly of an assessment, stored as a flag.

    Attributes:
        edition: Id of the edition.
        organisation: Id of the organisation.
        number: Number of the flag among those of the assessment, from 1.
        kind: Kind of anomaly.
        rule: Id of the rule that found it, such as V24.
        indicator: Id of the indicator, null if the flag is about no single one.
        facts: Values for the sentence about the flag, such as the value and the median.
        created: Time when the flags of the edition were computed.
    """

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
