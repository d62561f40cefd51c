"""The tables of assessments, their submissions and their transitions."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Column, ForeignKey, ForeignKeyConstraint, Index
from sqlmodel import Field

from actitud_api.platform.storage.base import IDENTIFIER, JSON_DOCUMENT, Base
from actitud_api.platform.storage.times import UtcTime

DIMENSIONS = tuple(f"d{number}" for number in range(1, 11))
"""The columns for the points of the ten dimensions, `d1` to `d10`."""


class Assessment(Base, table=True):
    """The answers of one organisation in one edition, with the score of exactly these answers in the same row.

    Columns as in `records.AssessmentRecord`, but for the name, and these. Figures in units of 10^-decimals of the
    methodology are integers; with 2 decimals, 5734 means 57.34 points.

    Attributes:
        rank_points: As of `ranking.compute_rank_points`, by level and then by index; -1 for an assessment that is not
            ranked, so that one descending database index gives the ranking in SQLite and in PostgreSQL.
        index_value: The index, in units of 10^-decimals. Null if it does not exist, because too little of the
            methodology applies or is answered.
        index_max: The index if every unknown answer were at its best, in the same units; null if it does not exist even
            then.
        coverage: Share of the weight of the applicable indicators that is known, in ten-thousandths, rounded half up;
            null if `index_max` is.
        d1, d2, d3, d4, d5, d6, d7, d8, d9, d10: Scores of the ten dimensions, in units of 10^-decimals; null for a
            dimension without a score, because too little of it applies or is answered.
    """

    __tablename__ = "assessment"

    edition: str = Field(sa_type=IDENTIFIER, primary_key=True, foreign_key="edition.id")
    organisation: str = Field(sa_type=IDENTIFIER, primary_key=True, foreign_key="organisation.id", index=True)
    state: str
    version: int
    created: datetime = Field(sa_type=UtcTime)
    updated: datetime = Field(sa_type=UtcTime)
    submitted: datetime | None = Field(sa_type=UtcTime)
    methodology: str
    status: str = Field(index=True)
    level: int | None = Field(index=True)
    rank_points: int = Field(sa_type=BigInteger)
    index_value: int | None
    index_max: int | None
    coverage: int | None
    d1: int | None
    d2: int | None
    d3: int | None
    d4: int | None
    d5: int | None
    d6: int | None
    d7: int | None
    d8: int | None
    d9: int | None
    d10: int | None
    submission: dict[str, object] = Field(sa_column=Column(JSON_DOCUMENT, nullable=False))
    evidence: dict[str, object] = Field(sa_column=Column(JSON_DOCUMENT, nullable=False))


_COLUMNS = Base.metadata.tables[str(Assessment.__tablename__)].c
# With all figures: lists and summaries read the index alone, and none of the documents in the table.
Index(
    "ix_assessment_ranking",
    _COLUMNS.edition,
    _COLUMNS.rank_points.desc(),
    _COLUMNS.organisation,
    *(_COLUMNS[name] for name in ("methodology", "status", "level", "index_value", "index_max", "coverage")),
    *(_COLUMNS[name] for name in DIMENSIONS),
    _COLUMNS.state,
)


class Submission(Base, table=True):
    """A copy of an assessment as it was submitted. Columns as in `records.SubmissionRecord`."""

    __tablename__ = "submission"
    __table_args__ = (
        ForeignKeyConstraint(
            ["edition", "organisation"],
            ["assessment.edition", "assessment.organisation"],
            name="fk_submission_edition_organisation_assessment",
        ),
    )

    edition: str = Field(sa_type=IDENTIFIER, primary_key=True)
    organisation: str = Field(sa_type=IDENTIFIER, primary_key=True)
    number: int = Field(primary_key=True)
    submitted: datetime = Field(sa_type=UtcTime)
    methodology: str
    explanations: dict[str, str] = Field(sa_column=Column(JSON_DOCUMENT, nullable=False))
    submission: dict[str, object] = Field(sa_column=Column(JSON_DOCUMENT, nullable=False))
    evidence: dict[str, object] = Field(sa_column=Column(JSON_DOCUMENT, nullable=False))


class StoredCorrection(Base, table=True):
    """The answers of an assessment after their correction by a revision of its published edition.

    The assessment itself keeps the answers that were published first. The correction counts once all scores of its
    revision are stored.

    Columns as in `records.SubmissionRecord`. `revision` is the number of the revision, `number` continues the numbers
    of the submissions of the assessment, and `submitted` is the time of the publication.
    """

    __tablename__ = "correction"
    __table_args__ = (
        ForeignKeyConstraint(
            ["edition", "organisation"],
            ["assessment.edition", "assessment.organisation"],
            name="fk_correction_edition_organisation_assessment",
        ),
    )

    edition: str = Field(sa_type=IDENTIFIER, primary_key=True)
    organisation: str = Field(sa_type=IDENTIFIER, primary_key=True)
    revision: int = Field(primary_key=True)
    number: int
    submitted: datetime = Field(sa_type=UtcTime)
    methodology: str
    explanations: dict[str, str] = Field(sa_column=Column(JSON_DOCUMENT, nullable=False))
    submission: dict[str, object] = Field(sa_column=Column(JSON_DOCUMENT, nullable=False))
    evidence: dict[str, object] = Field(sa_column=Column(JSON_DOCUMENT, nullable=False))


class StoredTransition(Base, table=True):
    """A transition of an assessment: a change of its state, or the extension of a phase.

    Columns as in `lifecycle.TransitionRecord`.
    """

    __tablename__ = "transition"
    __table_args__ = (
        ForeignKeyConstraint(
            ["edition", "organisation"],
            ["assessment.edition", "assessment.organisation"],
            name="fk_transition_edition_organisation_assessment",
        ),
    )

    edition: str = Field(sa_type=IDENTIFIER, primary_key=True)
    organisation: str = Field(sa_type=IDENTIFIER, primary_key=True)
    number: int = Field(primary_key=True)
    at: datetime = Field(sa_type=UtcTime)
    role: str
    before: str
    after: str
    phase: str | None
    reason: str | None
    until: date | None


class StoredErasure(Base, table=True):
    """An erasure of the personal data of an assessment, or of one answer; a row is never changed or removed.

    `entry` is the number of the entry about the erasure in the ledger (audit log), the newest entry when the row is
    inserted. `indicator` is null if all personal data were erased. Triggers refuse to erase anything from a published
    edition without such a row. The row has no foreign key to the assessment, because a draft may be deleted.
    """

    __tablename__ = "erasure"

    edition: str = Field(sa_type=IDENTIFIER, primary_key=True)
    organisation: str = Field(sa_type=IDENTIFIER, primary_key=True)
    entry: int = Field(sa_column=Column(ForeignKey("ledger_entry.seq"), primary_key=True, autoincrement=False))
    indicator: str | None = Field(sa_type=IDENTIFIER)
    at: datetime = Field(sa_type=UtcTime)
