"""The tables of verdicts, overall reviews, samples and flags."""

from datetime import datetime

from sqlalchemy import Column, Float, ForeignKeyConstraint
from sqlmodel import Field

from actitud_api.platform.storage.base import IDENTIFIER, JSON_DOCUMENT, Base
from actitud_api.platform.storage.times import UtcTime


def _of_assessment(table: str) -> ForeignKeyConstraint:
    """Return the foreign key of a row that is deleted with its assessment."""
    return ForeignKeyConstraint(
        ["edition", "organisation"],
        ["assessment.edition", "assessment.organisation"],
        name=f"fk_{table}_edition_organisation_assessment",
        ondelete="CASCADE",
    )


class Verdict(Base, table=True):
    """The verdict of one assessor on one answer; each answer that an assessor ever judged has its row.

    `answer` is the digest of the answer, `assessor` the origin of a key. `number` counts the verdicts of an assessment
    in the order in which they were given or withdrawn; a withdrawn `verdict` is null. `first_verdict` and `first_level`
    are those of the first time, which stay.
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
    """The overall review of an assessment; `reviewer` is the id of the key that wrote it last."""

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
    """The draw of the sample of an edition; `given`: the seed was chosen by its creator."""

    __tablename__ = "sample"
    __table_args__ = (
        ForeignKeyConstraint(["edition"], ["edition.id"], name="fk_sample_edition_edition", ondelete="CASCADE"),
    )

    edition: str = Field(sa_type=IDENTIFIER, primary_key=True)
    seed: str
    share: float = Field(sa_column=Column(Float(53), nullable=False))
    given: bool
    made: datetime = Field(sa_column=Column(UtcTime, nullable=False))


class Flag(Base, table=True):
    """An anomaly of an assessment; `number` counts those of one from 1, `facts` are its numbers.

    `indicator`: the one it is about, if any. `made`: the time when all flags of the edition were computed.
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
    made: datetime = Field(sa_column=Column(UtcTime, nullable=False))
