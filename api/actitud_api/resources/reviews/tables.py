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

    `answer` is the SHA-256 of the answer; `assessor` is the id of the assessor's key. If the key was rotated, it is
    the id of its oldest predecessor. `number` orders the verdicts of an assessment by the time they were given or
    withdrawn. `verdict` is null once withdrawn. `level` is the level at which a `capped` answer counts, null for any
    other verdict. `rule` is the id of the rule of the methodology that the answer breaks, null if the verdict names
    none. `first_verdict` and `first_level` are the verdict and level that the assessor gave first; they never change.
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

    `version` is the number of times that it was written, `at` the time of the last write. `max_level` is the highest
    level that the assessment may reach, null for no limit. `profile` and `answers` are the facts that only assessors
    set, by profile field and by indicator.

    `reviewer` is the id of the key that wrote it last. If that key was rotated, it is the id of its oldest predecessor.
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
    """An anomaly of an assessment, stored as a flag. `number` counts the flags of one assessment from 1.

    `kind` is the kind of anomaly, and `rule` the id of the rule that found it, such as V24. `indicator` is null if the
    anomaly is about no single indicator. `facts` are the values that the sentence about the anomaly needs; `created` is
    the time when the flags of the edition were computed.
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
