"""The tables of publications and approvals.

Triggers refuse changes of rows of publications, and of the rows that a publication was made from.
"""

from datetime import datetime

from sqlalchemy import BigInteger, Column, ForeignKeyConstraint, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field

from actitud_api.platform.storage.base import IDENTIFIER, JSON_DOCUMENT, Base
from actitud_api.platform.storage.times import UtcTime
from actitud_api.resources.assessments.tables import DIMENSIONS


class PublishedDocumentTable(Base, table=True):
    """A published document by its digest. `kind` is `score` or `edition`.

    `member` holds the bytes of the document with a line end, compressed as one gzip member; `protected` and `signature`
    are the detached JWS of the document.
    """

    __tablename__ = "published_document"

    digest: str = Field(sa_type=IDENTIFIER, primary_key=True)
    kind: str
    member: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    protected: str
    signature: str


class PublicationTable(Base, table=True):
    """A revision of a published edition. Columns as in `queries.NewPublication`."""

    __tablename__ = "publication"
    __table_args__ = (UniqueConstraint("digest"),)

    edition: str = Field(sa_type=IDENTIFIER, primary_key=True, foreign_key="edition.id")
    revision: int = Field(primary_key=True)
    digest: str = Field(sa_type=IDENTIFIER, foreign_key="published_document.digest")
    published: datetime = Field(sa_type=UtcTime)
    reason: str
    supersedes: str | None = Field(sa_type=IDENTIFIER)
    actor: str | None
    organisations: int
    corrections: list[dict[str, object]] = Field(sa_column=Column(JSON_DOCUMENT, nullable=False))
    entry: int = Field(foreign_key="ledger_entry.seq")
    checkpoint: int = Field(foreign_key="checkpoint.size")
    header: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    bundle_digest: str
    bundle_size: int = Field(sa_column=Column(BigInteger, nullable=False))


class PublishedScore(Base, table=True):
    """The score of an organisation in a revision: all figures that readers see, and the digest of its document.

    A publication is inserted before its scores. A revision is complete, and shown to readers, once its last score is
    stored. The description of the organisation and the submission are as in the score document, the figures as in
    `assessments.tables.Assessment`.

    Attributes:
        ordinal: Number of the score from 1 to the number of organisations, in the order of their ids.
        digest: Digest of the score document.
        name_order: Name by which rows are sorted.
    """

    __tablename__ = "published_score"
    __table_args__ = (
        UniqueConstraint("edition", "revision", "ordinal"),
        ForeignKeyConstraint(
            ["edition", "revision"],
            ["publication.edition", "publication.revision"],
            name="fk_published_score_edition_revision_publication",
        ),
    )

    edition: str = Field(sa_type=IDENTIFIER, primary_key=True)
    revision: int = Field(primary_key=True)
    organisation: str = Field(sa_type=IDENTIFIER, primary_key=True, foreign_key="organisation.id", index=True)
    ordinal: int
    digest: str = Field(sa_type=IDENTIFIER, foreign_key="published_document.digest", index=True)
    name: str
    name_order: str = Field(sa_type=IDENTIFIER)
    kind: str
    population: int | None = Field(sa_type=BigInteger)
    band: str | None
    province: str | None
    region: str | None
    simulated: bool
    methodology: str
    status: str
    level: int | None
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


_SCORES = Base.metadata.tables[PublishedScore.__tablename__].c
# With all figures, and all by which rows are filtered and grouped, as `ix_assessment_ranking`.
Index(
    "ix_published_score_ranking",
    _SCORES.edition,
    _SCORES.revision,
    _SCORES.rank_points.desc(),
    _SCORES.organisation,
    *(_SCORES[name] for name in ("methodology", "status", "level", "index_value", "index_max", "coverage")),
    *(_SCORES[name] for name in DIMENSIONS),
    *(_SCORES[name] for name in ("kind", "band", "region", "province", "population")),
)


class PublicationApprovalTable(Base, table=True):
    """The approval of a pending publication by a key. Columns as in `queries.Approval`."""

    __tablename__ = "publication_approval"

    edition: str = Field(sa_type=IDENTIFIER, primary_key=True, foreign_key="edition.id", ondelete="CASCADE")
    number: int = Field(primary_key=True)
    digest: str = Field(sa_type=IDENTIFIER)
    key: str
    role: str
    approved: datetime = Field(sa_type=UtcTime)
