"""All SQL over publications, approvals and the final submissions that are published.

A revision without all its scores is never read: see `PublishedScore`.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Struct, structs
from sqlalchemy import (
    ColumnElement,
    Row,
    Text,
    and_,
    bindparam,
    cast,
    delete,
    exists,
    func,
    insert,
    literal,
    not_,
    select,
    tuple_,
)
from sqlmodel import Session

from actitud_api.engine.methodology.requests.answers import Submission
from actitud_api.engine.scoring.result import Figure
from actitud_api.platform.audit_log.signing import Jws
from actitud_api.platform.audit_log.tables import LedgerEntryTable, LedgerOpeningTable, StoredCheckpoint
from actitud_api.platform.storage.base import IDENTIFIER, Base
from actitud_api.platform.storage.database import Database
from actitud_api.platform.storage.pages import PageRange, bind_key, execute_page
from actitud_api.platform.storage.records import fetch_record, fetch_records
from actitud_api.resources.assessments.tables import DIMENSIONS, Assessment, StoredCorrection, StoredErasure
from actitud_api.resources.editions.tables import EditionTable, is_complete, is_frozen, select_newest_revision
from actitud_api.resources.organisations.tables import OrganisationTable
from actitud_api.resources.publications.documents import PackedDocument, PublishedOrganisation, unpack_line
from actitud_api.resources.publications.tables import (
    PublicationApprovalTable,
    PublicationTable,
    PublishedDocumentTable,
    PublishedScore,
)

DOCUMENTS = Base.metadata.tables[str(PublishedDocumentTable.__tablename__)]
PUBLICATIONS = Base.metadata.tables[str(PublicationTable.__tablename__)]
SCORES = Base.metadata.tables[str(PublishedScore.__tablename__)]
ASSESSMENTS = Base.metadata.tables[str(Assessment.__tablename__)]
ORGANISATIONS = Base.metadata.tables[str(OrganisationTable.__tablename__)]
APPROVALS = Base.metadata.tables[str(PublicationApprovalTable.__tablename__)]
EDITIONS = Base.metadata.tables[str(EditionTable.__tablename__)]
CORRECTIONS = Base.metadata.tables[str(StoredCorrection.__tablename__)]
ERASURES = Base.metadata.tables[str(StoredErasure.__tablename__)]
CHECKPOINTS = Base.metadata.tables[str(StoredCheckpoint.__tablename__)]
ENTRIES = Base.metadata.tables[str(LedgerEntryTable.__tablename__)]
OPENINGS = Base.metadata.tables[str(LedgerOpeningTable.__tablename__)]


class RevisionCount(NamedTuple):
    """The numbers of revisions of all editions: `first` publications and `later` corrections.

    Only revisions with all their scores count. `newest` is the time of the newest revision, None if there is none.
    """

    first: int
    later: int
    newest: datetime | None


def count_revisions(session: Session) -> RevisionCount:
    """Count the revisions of all editions that have all their scores: first publications, and later corrections."""
    is_first = PUBLICATIONS.c.revision == 1
    first, later, newest = session.execute(
        select(
            func.count().filter(is_first), func.count().filter(not_(is_first)), func.max(PUBLICATIONS.c.published)
        ).where(is_complete(PUBLICATIONS.c.edition, PUBLICATIONS.c.revision))
    ).one()
    return RevisionCount(first, later, newest)


BATCH_ROWS: Final = 500
"""Maximum number of rows that one statement reads or writes."""

_FIGURE_COLUMNS = ("methodology", "status", "level", "rank_points", "index_value", "index_max", "coverage", *DIMENSIONS)
ORGANISATION_COLUMNS = ("name", "kind", "population", "band", "province", "region", "simulated")
"""Columns of the description of an organisation that its score document has too; `name_order` is in none."""


class FinalSubmission(Struct, frozen=True):
    """The submission of a final assessment, with its organisation.

    `name_order` is the form of the organisation's name by which lists are sorted. `figures` are the stored results of
    the assessment (index, level, coverage, …) by the name of their column in `assessments.tables.Assessment`.
    """

    organisation: PublishedOrganisation
    name_order: str
    submission: Submission
    figures: dict[str, object]


class FinalVersion(NamedTuple):
    """The creation time and the version of a final assessment, and the version of its organisation."""

    created: datetime
    assessment: int
    organisation: int


class NewScore(Struct, frozen=True, kw_only=True):
    """A score that is to be stored in a revision.

    Attributes:
        digest: Digest of the score document.
        organisation: Description of the organisation in the document.
        name_order: Name by which rows are sorted.
        figures: Results by column of `assessments.tables.Assessment`.
        submission: JSON of the submission in the document.
    """

    digest: str
    organisation: PublishedOrganisation
    name_order: str
    figures: dict[str, object]
    submission: bytes


class CorrectedScore(Struct, frozen=True):
    """A score that a publication corrects, or adds.

    `before` and `after` are the digests of the old and the new score document; `before` is None if the publication adds
    the score. Index and level are those in each document, None if the score has none. `answers` are the indicators
    whose answers the publication corrects, as in the edition document, which is too large to be read for a page.
    """

    organisation: str
    before: str | None
    after: str
    index_before: Figure | None
    index_after: Figure | None
    level_before: int | None
    level_after: int | None
    answers: tuple[str, ...] = ()


class NewPublication(Struct, frozen=True, kw_only=True):
    """A publication that is to be stored.

    Attributes:
        edition: Id of the edition.
        revision: Number of the publication among those of the edition, from 1.
        digest: Digest of its edition document.
        published: Time of the publication.
        reason: Reason why it is published.
        supersedes: Digest of the edition document of the previous revision, None for the first.
        actor: Id of the publisher's key, None on the command line.
        organisations: Number of scores.
        corrections: Scores that differ from the previous revision.
        entry: Number of the ledger entry about the publication.
        checkpoint: Size of the ledger at the checkpoint made with it.
        header: First line of the bundle (the file with all documents) as one gzip member.
        bundle_digest: Digest of the whole bundle.
        bundle_size: Number of bytes of the whole bundle.
    """

    edition: str
    revision: int
    digest: str
    published: datetime
    reason: str
    supersedes: str | None
    actor: str | None
    organisations: int
    corrections: tuple[CorrectedScore, ...]
    entry: int
    checkpoint: int
    header: bytes
    bundle_digest: str
    bundle_size: int


class PublicationRecord(Struct, frozen=True, kw_only=True):
    """A stored publication: one signed revision of an edition.

    Members as in `NewPublication`, and these.

    Attributes:
        superseded_by: Digest of the edition document of the next revision, None if there is none.
        note: Signed text of the ledger checkpoint made with it.
        protected, signature: Detached JWS of the edition document.
    """

    edition: str
    revision: int
    digest: str
    published: datetime
    reason: str
    supersedes: str | None
    superseded_by: str | None
    organisations: int
    corrections: tuple[CorrectedScore, ...]
    entry: int
    note: str
    bundle_digest: str
    bundle_size: int
    protected: str
    signature: str

    @property
    def jws(self) -> Jws:
        """The signature of the edition document."""
        return Jws(self.protected, self.signature)


class RevisionKey(Struct, frozen=True):
    """The edition, the number and the digest of a publication."""

    edition: str
    revision: int
    digest: str


class StoredNewestScore(NamedTuple):
    """The stored score of an organisation in the newest revision of an edition, with its compressed document.

    Attributes:
        edition_digest: Digest of the edition document of that revision.
        revision: Number of that revision.
        rank_points: Number by which the score is ranked, or -1 if it is not ranked.
        digest: Digest of the score document.
        member: Bytes of the score document as one gzip member.
        has_erasures: True if texts of the review may have been erased since the publication.
    """

    edition_digest: str
    revision: int
    rank_points: int
    digest: str
    member: bytes
    has_erasures: bool


class SignedDocument(Struct, frozen=True):
    """A stored document with its signature.

    `form` has the digest and the compressed bytes of the document; `jws` is the signature.
    """

    form: PackedDocument
    jws: Jws


# --- what is to be published ----------------------------------------------------------------------------------

_OF_EDITION = ASSESSMENTS.c.edition == bindparam("edition")
_IS_FINAL = ASSESSMENTS.c.state == "final"
_SELECT_FINAL = (
    select(
        ASSESSMENTS.c.organisation,
        ORGANISATIONS.c.name_order,
        *(ORGANISATIONS.c[name] for name in ORGANISATION_COLUMNS),
        cast(ASSESSMENTS.c.submission, Text),
        *(ASSESSMENTS.c[name] for name in _FIGURE_COLUMNS),
    )
    .join(ORGANISATIONS, ASSESSMENTS.c.organisation == ORGANISATIONS.c.id)
    .where(_OF_EDITION, _IS_FINAL, ASSESSMENTS.c.organisation.in_(bindparam("organisations", expanding=True)))
    .order_by(ASSESSMENTS.c.organisation)
)
_SELECT_STATE = select(
    func.count(),
    func.coalesce(func.sum(ASSESSMENTS.c.version), 0),
    func.max(ASSESSMENTS.c.created),
    func.max(ASSESSMENTS.c.updated),
).where(_OF_EDITION, _IS_FINAL)
_SELECT_VERSIONS = (
    select(ASSESSMENTS.c.organisation, ASSESSMENTS.c.created, ASSESSMENTS.c.version, ORGANISATIONS.c.version)
    .join(ORGANISATIONS, ASSESSMENTS.c.organisation == ORGANISATIONS.c.id)
    .where(_OF_EDITION, _IS_FINAL)
    .order_by(ASSESSMENTS.c.organisation)
)
_SUBMISSION: Final = msgspec.json.Decoder(Submission)


def get_state(session: Session, edition: str) -> tuple[int, int, str, str]:
    """Return four values that differ after any write of a final assessment of the edition.

    They are the number of final assessments, the sum of their versions, and the times of the last creation and update.
    A caller compares them before and after its work; each write changes at least one of them.
    """
    count, writes, created, updated = session.execute(_SELECT_STATE, {"edition": edition}).one()
    return count, int(writes), str(created), str(updated)


def list_versions(session: Session, edition: str) -> dict[str, FinalVersion]:
    """Return the version of each final assessment, and that of its organisation, by organisation id.

    A score that was computed from both is out of date as soon as one of these versions changes.
    """
    rows = session.execute(_SELECT_VERSIONS, {"edition": edition})
    return {organisation: FinalVersion(*rest) for organisation, *rest in rows}


def list_submissions(session: Session, edition: str, organisations: Sequence[str]) -> list[FinalSubmission]:
    """List the final submissions of organisations in an edition, ordered by organisation id.

    `organisations` are at most `BATCH_ROWS`; organisations without a final assessment are absent.
    """
    submissions: list[FinalSubmission] = []
    for row in session.execute(_SELECT_FINAL, {"edition": edition, "organisations": organisations}):
        identifier, name_order, *rest = row
        described, submission, figures = (
            rest[: len(ORGANISATION_COLUMNS)],
            rest[len(ORGANISATION_COLUMNS)],
            rest[len(ORGANISATION_COLUMNS) + 1 :],
        )
        submissions.append(
            FinalSubmission(
                PublishedOrganisation(id=identifier, **dict(zip(ORGANISATION_COLUMNS, described, strict=True))),
                name_order,
                _SUBMISSION.decode(submission),
                dict(zip(_FIGURE_COLUMNS, figures, strict=True)),
            )
        )
    return submissions


def describe_organisation(session: Session, organisation: str) -> tuple[PublishedOrganisation, str]:
    """Return the description of an organisation for a score document, and the form of its name for sorting lists.

    The organisation must exist.
    """
    columns = (ORGANISATIONS.c[name] for name in ORGANISATION_COLUMNS)
    row = session.execute(select(ORGANISATIONS.c.name_order, *columns).where(ORGANISATIONS.c.id == organisation)).one()
    return (
        PublishedOrganisation(id=organisation, **dict(zip(ORGANISATION_COLUMNS, row[1:], strict=True))),
        row.name_order,
    )


_NO_ORDINAL: Final = 2**31 - 1
_SELECT_KEPT = (
    select(SCORES)
    .where(
        SCORES.c.edition == bindparam("edition"),
        SCORES.c.revision == bindparam("before"),
        SCORES.c.ordinal >= bindparam("first"),
        SCORES.c.ordinal < bindparam("end"),
    )
    .order_by(SCORES.c.ordinal)
)


# --- storing --------------------------------------------------------------------------------------------------


def insert_documents(session: Session, kind: str, documents: Sequence[SignedDocument]) -> None:
    """Insert documents; `kind` is `score` or `edition`. A document whose digest is stored already is skipped."""
    for start in range(0, len(documents), BATCH_ROWS):
        batch = documents[start : start + BATCH_ROWS]
        digests = [document.form.digest for document in batch]
        stored = set(session.execute(select(DOCUMENTS.c.digest).where(DOCUMENTS.c.digest.in_(digests))).scalars())
        rows = [
            {
                "digest": document.form.digest,
                "kind": kind,
                "member": document.form.member,
                "protected": document.jws.protected,
                "signature": document.jws.signature,
            }
            for document in batch
            if document.form.digest not in stored
        ]
        if rows:
            session.execute(insert(DOCUMENTS), rows)


def insert_scores(session: Session, edition: str, revision: int, scores: Sequence[NewScore], *, first: int = 1) -> None:
    """Insert scores of a revision whose publication is stored.

    The scores of a revision are numbered from 1 in the order of their organisation ids; `first` is the number of the
    first of these scores. The database refuses a score that is not the next one of the revision.
    """
    for start in range(0, len(scores), BATCH_ROWS):
        rows = [
            {
                "edition": edition,
                "revision": revision,
                "organisation": score.organisation.id,
                "ordinal": ordinal,
                "digest": score.digest,
                **{name: getattr(score.organisation, name) for name in ORGANISATION_COLUMNS},
                "name_order": score.name_order,
                **score.figures,
                "submission": msgspec.json.decode(score.submission),
            }
            for ordinal, score in enumerate(scores[start : start + BATCH_ROWS], first + start)
        ]
        session.execute(insert(SCORES), rows)


def copy_scores(
    session: Session, edition: str, revision: int, corrected: Mapping[int, NewScore], added: Collection[int] = ()
) -> None:
    """Insert the scores of a revision: the corrected scores, and copies of all others from the previous revision.

    The scores of a revision are numbered from 1 in the order of their organisation ids. `corrected` has the corrected
    and added scores, by their number in the new revision. `added` are the numbers of the scores that the previous
    revision does not have; each of them increases the numbers of later scores by 1.
    """
    first, shift = 1, 0
    for ordinal, score in [*sorted(corrected.items()), (None, None)]:
        end = _NO_ORDINAL if ordinal is None else ordinal - shift
        bounds = {"edition": edition, "before": revision - 1, "first": first - shift, "end": end}
        replaced = {SCORES.c.revision: literal(revision), SCORES.c.ordinal: SCORES.c.ordinal + shift}
        kept = [replaced.get(column, column) for column in SCORES.c]
        session.execute(insert(SCORES).from_select(list(SCORES.c), _SELECT_KEPT.with_only_columns(*kept)), bounds)
        if score is not None and ordinal is not None:
            insert_scores(session, edition, revision, [score], first=ordinal)
            first = ordinal + 1
            shift += ordinal in added


def insert_publication(session: Session, publication: NewPublication) -> None:
    """Insert a publication; its documents must be stored before, its corrections and scores after."""
    session.execute(
        insert(PUBLICATIONS),
        {**structs.asdict(publication), "corrections": msgspec.to_builtins(publication.corrections)},
    )


# --- reading --------------------------------------------------------------------------------------------------

_NEXT = PUBLICATIONS.alias()
_JOINED_COLUMNS: Mapping[str, ColumnElement[object]] = {
    "superseded_by": select(_NEXT.c.digest)
    .where(
        _NEXT.c.edition == PUBLICATIONS.c.edition,
        _NEXT.c.revision == PUBLICATIONS.c.revision + 1,
        is_complete(_NEXT.c.edition, _NEXT.c.revision),
    )
    .correlate(PUBLICATIONS)
    .scalar_subquery()
    .label("superseded_by"),
    "note": CHECKPOINTS.c.note,
    "protected": DOCUMENTS.c.protected,
    "signature": DOCUMENTS.c.signature,
}
_SELECT_PUBLICATIONS = (
    select(
        *(
            _JOINED_COLUMNS[name] if name in _JOINED_COLUMNS else PUBLICATIONS.c[name]
            for name in PublicationRecord.__struct_fields__
        )
    )
    .join(DOCUMENTS, DOCUMENTS.c.digest == PUBLICATIONS.c.digest)
    .join(CHECKPOINTS, CHECKPOINTS.c.size == PUBLICATIONS.c.checkpoint)
    .where(PUBLICATIONS.c.edition == bindparam("edition"), is_complete(PUBLICATIONS.c.edition, PUBLICATIONS.c.revision))
    .order_by(PUBLICATIONS.c.revision.desc())
)
_SELECT_DOCUMENT = select(DOCUMENTS.c.digest, DOCUMENTS.c.member, DOCUMENTS.c.protected, DOCUMENTS.c.signature)
_SELECT_SCORE = _SELECT_DOCUMENT.join(SCORES, SCORES.c.digest == DOCUMENTS.c.digest).where(
    SCORES.c.edition == bindparam("edition"), SCORES.c.organisation == bindparam("organisation")
)
_SELECT_INCOMPLETE = select(PUBLICATIONS.c.edition, PUBLICATIONS.c.revision, PUBLICATIONS.c.digest).where(
    PUBLICATIONS.c.edition == bindparam("edition"),
    PUBLICATIONS.c.revision
    == select(func.max(_NEXT.c.revision)).where(_NEXT.c.edition == bindparam("edition")).scalar_subquery(),
    not_(is_complete(PUBLICATIONS.c.edition, PUBLICATIONS.c.revision)),
)
_SELECT_NEWEST_REVISION = select(select_newest_revision(bindparam("edition", type_=IDENTIFIER)))
_IS_IN_NEWEST = SCORES.c.revision == select_newest_revision(bindparam("edition", type_=IDENTIFIER))
# One statement for a whole sheet, because a sheet that is not in memory is the most expensive read.
_SELECT_NEWEST_SCORE = (
    select(
        PUBLICATIONS.c.digest,
        SCORES.c.revision,
        SCORES.c.rank_points,
        DOCUMENTS.c.digest,
        DOCUMENTS.c.member,
        exists(
            select(ERASURES.c.entry).where(
                ERASURES.c.edition == SCORES.c.edition, ERASURES.c.organisation == SCORES.c.organisation
            )
        ),
    )
    .select_from(SCORES)
    .join(EDITIONS, EDITIONS.c.id == SCORES.c.edition)
    .join(PUBLICATIONS, and_(PUBLICATIONS.c.edition == SCORES.c.edition, PUBLICATIONS.c.revision == SCORES.c.revision))
    .join(DOCUMENTS, DOCUMENTS.c.digest == SCORES.c.digest)
    .where(
        SCORES.c.edition == bindparam("edition"),
        SCORES.c.organisation == bindparam("organisation"),
        _IS_IN_NEWEST,
        EDITIONS.c.state == "published",
    )
)
_OF_REVISION = (
    select(SCORES.c.organisation, DOCUMENTS.c.member)
    .join(DOCUMENTS, SCORES.c.digest == DOCUMENTS.c.digest)
    .where(SCORES.c.edition == bindparam("edition"), SCORES.c.revision == bindparam("revision"))
)
_SELECT_MEMBERS = (
    _OF_REVISION.where(SCORES.c.organisation > bindparam("after")).order_by(SCORES.c.organisation).limit(BATCH_ROWS)
)
_SELECT_MANY = _OF_REVISION.where(SCORES.c.organisation.in_(bindparam("organisations", expanding=True)))


def get_last_note(session: Session) -> str | None:
    """Return the signed text of the last checkpoint of the ledger (audit log), or None if there is no checkpoint.

    A checkpoint states the size and the hash of the ledger at a time.
    """
    newest = select(CHECKPOINTS.c.note).order_by(CHECKPOINTS.c.size.desc()).limit(1)
    return session.execute(newest).scalar_one_or_none()


def list_page(session: Session, edition: str, page: PageRange[int]) -> list[PublicationRecord]:
    """List the publications of an edition, newest first."""
    rows = execute_page(
        session, _SELECT_PUBLICATIONS, page, {"edition": edition}, after=lambda before: PUBLICATIONS.c.revision < before
    )
    return fetch_records(rows, PublicationRecord)


def get(session: Session, edition: str, revision: int | None = None) -> PublicationRecord | None:
    """Return a publication of an edition, or None if there is none; `revision` None returns the newest."""
    statement = (
        _SELECT_PUBLICATIONS.limit(1)
        if revision is None
        else _SELECT_PUBLICATIONS.where(PUBLICATIONS.c.revision == revision)
    )
    return fetch_record(session.execute(statement, {"edition": edition}), PublicationRecord)


def get_newest_revision(session: Session, edition: str) -> int | None:
    """Return the number of the newest complete revision of an edition, or None if there is none.

    Readers of a published edition get the scores of this revision. A revision is complete if as many scores are stored
    as its publication counts organisations. The service stores a revision with all its scores at once, so only another
    program can have inserted an incomplete one.
    """
    revision: int | None = session.execute(_SELECT_NEWEST_REVISION, {"edition": edition}).scalar_one()
    return revision


def find_incomplete_revision(session: Session, edition: str) -> RevisionKey | None:
    """Return the newest revision of an edition if some of its scores are missing, else None.

    The service stores a revision with all its scores at once, so an incomplete one was inserted by another program.
    """
    row = session.execute(_SELECT_INCOMPLETE, {"edition": edition}).one_or_none()
    return None if row is None else RevisionKey(*row)


def delete_revision(session: Session, key: RevisionKey) -> None:
    """Delete a revision in which scores are missing, with its scores and corrections.

    The database triggers that refuse this must be suspended.
    """
    for table in (SCORES, CORRECTIONS, PUBLICATIONS):
        session.execute(delete(table).where(table.c.edition == key.edition, table.c.revision == key.revision))


def get_document(session: Session, digest: str) -> SignedDocument | None:
    """Return the signed document with this digest, or None if there is none."""
    row = session.execute(_SELECT_DOCUMENT.where(DOCUMENTS.c.digest == digest)).one_or_none()
    return None if row is None else _to_signed_document(row)


def get_bytes_by_digest(session: Session, digests: Collection[str]) -> dict[str, bytes]:
    """Return the exact bytes of published documents by digest; unknown digests are absent."""
    statement = select(DOCUMENTS.c.digest, DOCUMENTS.c.member).where(DOCUMENTS.c.digest.in_(digests))
    return {digest: unpack_line(member) for digest, member in session.execute(statement)}


def get_score(session: Session, edition: str, organisation: str, revision: int | None = None) -> SignedDocument | None:
    """Return the score document of an organisation in a revision, or None if there is none.

    `revision` None stands for the newest revision.
    """
    statement = _SELECT_SCORE.where(_IS_IN_NEWEST if revision is None else SCORES.c.revision == revision)
    row = session.execute(statement, {"edition": edition, "organisation": organisation}).one_or_none()
    return None if row is None else _to_signed_document(row)


def get_newest_score(session: Session, edition: str, organisation: str) -> StoredNewestScore | None:
    """Return the score of an organisation in the newest revision of an edition, or None if there is none."""
    row = session.execute(_SELECT_NEWEST_SCORE, {"edition": edition, "organisation": organisation}).one_or_none()
    return None if row is None else StoredNewestScore(*row)


def read_newest_score(database: Database, edition: str, organisation: str) -> StoredNewestScore | None:
    """Read the score of an organisation in the newest revision of an edition, without a session.

    Return None if there is none. This is faster than `get_newest_score`, but `has_erasures` may be the integer 0 or 1
    in place of a boolean.
    """
    row = database.read_row(_SELECT_NEWEST_SCORE, {"edition": edition, "organisation": organisation})
    return None if row is None else StoredNewestScore(*row)


def get_header(session: Session, edition: str, revision: int) -> list[bytes]:
    """Return the first two lines of a bundle as gzip members: its header and the edition document.

    The revision must exist.
    """
    statement = (
        select(PUBLICATIONS.c.header, DOCUMENTS.c.member)
        .join(DOCUMENTS, DOCUMENTS.c.digest == PUBLICATIONS.c.digest)
        .where(PUBLICATIONS.c.edition == edition, PUBLICATIONS.c.revision == revision)
    )
    return list(session.execute(statement).one())


def list_members(session: Session, edition: str, revision: int, after: str) -> list[tuple[str, bytes]]:
    """List at most `BATCH_ROWS` score documents of a revision, as pairs of organisation id and gzip member.

    They are ordered by organisation id and begin after the organisation `after`; an empty text begins at the first.
    """
    bounds = {"edition": edition, "revision": revision, "after": after}
    return [(organisation, member) for organisation, member in session.execute(_SELECT_MEMBERS, bounds)]


def get_document_bytes(session: Session, edition: str, revision: int, organisations: Sequence[str]) -> dict[str, bytes]:
    """Return the exact bytes of score documents in a revision, by organisation id.

    `organisations` are at most `BATCH_ROWS`; organisations without a score in the revision are absent.
    """
    bounds = {"edition": edition, "revision": revision, "organisations": organisations}
    return {organisation: unpack_line(member) for organisation, member in session.execute(_SELECT_MANY, bounds)}


def _to_signed_document(row: Row[Any]) -> SignedDocument:
    return SignedDocument(PackedDocument(row.digest, row.member), Jws(row.protected, row.signature))


# --- news: publications with what they changed ----------------------------------------------------------------


class NewsFilters(Struct, frozen=True, kw_only=True):
    """Filters of the list of news: publications of an edition, or about an organisation or territory.

    A member that is None does not filter. `region` and `province` are INE codes; they select scores by the territory of
    their organisation.
    """

    edition: str | None = None
    organisation: str | None = None
    region: str | None = None
    province: str | None = None


class NewsPosition(NamedTuple):
    """Position of a publication in the list of all publications, newest first."""

    published: datetime
    edition: str
    revision: int


class PublicationRow(Struct, frozen=True):
    """A publication in the list of news.

    `digest` is the digest of its edition document, `organisations` the number of its scores. `reason` says why it was
    published, and `corrections` are the scores that differ from the previous revision.
    """

    edition: str
    revision: int
    digest: str
    published: datetime
    reason: str
    organisations: int
    corrections: tuple[CorrectedScore, ...]


class PublishedFigures(Struct, frozen=True):
    """The name and the figures of an organisation in a revision.

    `index_value` is in units of 10^-decimals of the methodology (with 2 decimals, 5734 means 57.34 points). `level` and
    `index_value` are None if the score has none. `simulated` is True if the organisation is invented.
    """

    organisation: str
    name: str
    status: str
    level: int | None
    index_value: int | None
    methodology: str
    simulated: bool


def _is_selected(filters: NewsFilters) -> list[ColumnElement[bool]]:
    """Return the conditions on the scores of a revision that filters select."""
    named = {name: getattr(filters, name) for name in ("organisation", "region", "province")}
    return [SCORES.c[name] == value for name, value in named.items() if value is not None]


def list_news(
    session: Session, filters: NewsFilters, *, after: NewsPosition | None, limit: int
) -> list[PublicationRow]:
    """List publications, newest first.

    `after` is the position of the last publication of the previous page, None for the first page; at most `limit` are
    listed. If the filters name an organisation, only publications with its score are listed, even if the score is
    unchanged. The filters `region` and `province` do not restrict the list.
    """
    columns = PUBLICATIONS.c
    position = (columns.published, columns.edition, columns.revision)
    statement = (
        select(*(columns[name] for name in PublicationRow.__struct_fields__))
        .where(is_complete(columns.edition, columns.revision))
        .order_by(*(column.desc() for column in position))
        .limit(limit)
    )
    if filters.edition is not None:
        statement = statement.where(columns.edition == filters.edition)
    if filters.organisation is not None:
        statement = statement.where(
            exists(
                select(SCORES.c.digest).where(
                    SCORES.c.edition == columns.edition,
                    SCORES.c.revision == columns.revision,
                    SCORES.c.organisation == filters.organisation,
                )
            )
        )
    if after is not None:
        statement = statement.where(tuple_(*position) < bind_key(position, after))
    return fetch_records(session.execute(statement), PublicationRow)


def count_selected_scores(session: Session, edition: str, revision: int, filters: NewsFilters) -> int:
    """Count the scores of a revision whose organisations match the filters."""
    of_revision = (SCORES.c.edition == edition, SCORES.c.revision == revision)
    statement = select(func.count()).select_from(SCORES).where(*of_revision, *_is_selected(filters))
    return int(session.execute(statement).scalar_one())


def list_figures(
    session: Session, edition: str, revision: int, organisations: Collection[str], filters: NewsFilters
) -> dict[str, PublishedFigures]:
    """Return the figures of organisations in a revision, by organisation id.

    Organisations that do not match the filters, or have no score in the revision, are absent.
    """
    statement = select(*(SCORES.c[name] for name in PublishedFigures.__struct_fields__)).where(
        SCORES.c.edition == edition,
        SCORES.c.revision == revision,
        SCORES.c.organisation.in_(organisations),
        *_is_selected(filters),
    )
    return {row.organisation: PublishedFigures(*row) for row in session.execute(statement)}


def list_corrections_of(session: Session, edition: str, organisation: str) -> list[PublicationRow]:
    """List the revisions of an edition that correct or add the score of an organisation, newest first.

    Revisions in which scores are missing are left out.
    """
    columns = PUBLICATIONS.c
    # From the corrections of the organisation, which mostly has none: then no publication is read.
    statement = (
        select(*(columns[name] for name in PublicationRow.__struct_fields__))
        .join(
            CORRECTIONS,
            and_(CORRECTIONS.c.edition == columns.edition, CORRECTIONS.c.revision == columns.revision),
        )
        .where(
            CORRECTIONS.c.edition == edition,
            CORRECTIONS.c.organisation == organisation,
            is_complete(columns.edition, columns.revision),
        )
        .order_by(columns.revision.desc())
    )
    return fetch_records(session.execute(statement), PublicationRow)


def find_newest_name(session: Session, organisation: str) -> str | None:
    """Return the name of an organisation in the newest publication that has its score, or None if there is none."""
    newest = (
        select(SCORES.c.name)
        .join(
            PUBLICATIONS,
            and_(PUBLICATIONS.c.edition == SCORES.c.edition, PUBLICATIONS.c.revision == SCORES.c.revision),
        )
        .where(SCORES.c.organisation == organisation, is_complete(PUBLICATIONS.c.edition, PUBLICATIONS.c.revision))
        .order_by(PUBLICATIONS.c.published.desc(), PUBLICATIONS.c.edition.desc(), PUBLICATIONS.c.revision.desc())
        .limit(1)
    )
    return session.execute(newest).scalar_one_or_none()


# --- comparing what is read with what was signed --------------------------------------------------------------


class PublishedEdition(Struct, frozen=True):
    """An edition that has publications.

    `newest` is the number of its newest revision. `complete` is the number of its newest revision with all scores, None
    if there is none.
    """

    id: str
    newest: int
    complete: int | None


class EnteredErasure(NamedTuple):
    """A stored erasure of the personal data of an assessment, with its ledger entry.

    `entry` is the number of that entry, and `action` and `subject` say what it is about; they are None if it has none.
    """

    edition: str
    organisation: str
    entry: int
    action: str | None
    subject: str | None


class EnteredPublication(NamedTuple):
    """A publication as the ledger has it: the number of its entry, and the digest of the edition document."""

    entry: int
    digest: str


class ReadScore(Struct, frozen=True):
    """A published score as it is stored: the columns that readers see, and the signed document that they must equal.

    `figures` are the values by column. `text` is the bytes of the document, empty if it is missing or damaged.
    """

    organisation: str
    figures: Mapping[str, object]
    text: bytes


_SELECT_EDITIONS = (
    select(PUBLICATIONS.c.edition, func.max(PUBLICATIONS.c.revision), select_newest_revision(PUBLICATIONS.c.edition))
    .group_by(PUBLICATIONS.c.edition)
    .order_by(PUBLICATIONS.c.edition)
)
_SELECT_UNSIGNED = (
    select(EDITIONS.c.id)
    .where(EDITIONS.c.state == "published", not_(is_frozen(EDITIONS.c.id)))
    .order_by(EDITIONS.c.id)
    .limit(1)
)
_SELECT_PUBLISHING = (
    select(ENTRIES.c.seq, ENTRIES.c.record)
    .where(ENTRIES.c.action.in_(("cli.demo", "cli.publish", "editions.publications.create")))
    .order_by(ENTRIES.c.seq)
)
_SELECT_ENTERED_ERASURES = (
    select(ERASURES.c.edition, ERASURES.c.organisation, ERASURES.c.entry, ENTRIES.c.action, OPENINGS.c.subject)
    .outerjoin(ENTRIES, ENTRIES.c.seq == ERASURES.c.entry)
    .outerjoin(OPENINGS, OPENINGS.c.seq == ERASURES.c.entry)
    .order_by(ERASURES.c.edition, ERASURES.c.organisation, ERASURES.c.entry)
)
_SELECT_READ = (
    select(*SCORES.c, DOCUMENTS.c.member)
    .outerjoin(DOCUMENTS, SCORES.c.digest == DOCUMENTS.c.digest)
    .where(
        SCORES.c.edition == bindparam("edition"),
        SCORES.c.revision == bindparam("revision"),
        SCORES.c.organisation > bindparam("after"),
    )
    .order_by(SCORES.c.organisation)
    .limit(BATCH_ROWS)
)


def find_unsigned_edition(session: Session) -> str | None:
    """Return the id of an edition whose row has the state `published` but that has no publication, or None if none.

    If there are several, it is the first in the order of ids.
    """
    return session.execute(_SELECT_UNSIGNED).scalar_one_or_none()


def list_entered_publications(session: Session) -> dict[str, dict[int, EnteredPublication]]:
    """Return all publications that the ledger has entries about, by edition id and number of the revision."""
    entered: dict[str, dict[int, EnteredPublication]] = {}
    for seq, record in session.execute(_SELECT_PUBLISHING):
        # A publication that was denied has no details, and `cli.demo` has other entries, too.
        details = msgspec.json.decode(record).get("details", {})
        if "digest" in details:
            revisions = entered.setdefault(details["edition"], {})
            revisions[details["revision"]] = EnteredPublication(seq, details["digest"])
    return entered


def list_entered_erasures(session: Session) -> list[EnteredErasure]:
    """List all erasures of personal data, ordered by edition and organisation id, each with its ledger entry."""
    return [EnteredErasure(*row) for row in session.execute(_SELECT_ENTERED_ERASURES)]


def list_published_editions(session: Session) -> list[PublishedEdition]:
    """List the editions that have a publication, even one in which scores are missing, ordered by id."""
    return [PublishedEdition(*row) for row in session.execute(_SELECT_EDITIONS)]


def list_read_scores(session: Session, edition: str, revision: int, after: str) -> list[ReadScore]:
    """List at most `BATCH_ROWS` scores of a revision, ordered by organisation id, after the organisation `after`.

    An empty `after` begins at the first. If a document is missing or cannot be decompressed, its bytes are empty.
    """
    bounds = {"edition": edition, "revision": revision, "after": after}
    rows = session.execute(_SELECT_READ, bounds).mappings()
    return [
        ReadScore(row["organisation"], dict(row), b"" if row["member"] is None else _unpack_any(row["member"]))
        for row in rows
    ]


def _unpack_any(member: bytes) -> bytes:
    try:
        return unpack_line(member)
    except zlib.error:
        return b""


# --- approvals ------------------------------------------------------------------------------------------------


class Approval(Struct, frozen=True):
    """A key's approval of a publication that is prepared but not yet published.

    Attributes:
        edition: Id of the edition.
        number: Number of the approval among those of the edition, from 1.
        digest: Digest of the content that was approved. If the pending publication changes, its digest differs, and the
            approval no longer counts.
        key, role: Id and role of the approving key.
        approved: Time of the approval.
    """

    edition: str
    number: int
    digest: str
    key: str
    role: str
    approved: datetime


_SELECT_APPROVALS = select(*(APPROVALS.c[name] for name in Approval.__struct_fields__)).order_by(APPROVALS.c.number)
_SELECT_OF_EDITION = _SELECT_APPROVALS.where(APPROVALS.c.edition == bindparam("edition"))


def list_approvals(session: Session, edition: str, page: PageRange[int]) -> list[Approval]:
    """List the approvals of an edition, oldest first."""
    rows = execute_page(
        session, _SELECT_OF_EDITION, page, {"edition": edition}, after=lambda after: APPROVALS.c.number > after
    )
    return [Approval(*row) for row in rows]


def list_approvals_of_digest(session: Session, edition: str, digest: str) -> list[Approval]:
    """List the approvals of an edition that are for the pending publication with this digest, oldest first."""
    statement = _SELECT_OF_EDITION.where(APPROVALS.c.digest == digest)
    return [Approval(*row) for row in session.execute(statement, {"edition": edition})]


def get_approval(session: Session, edition: str, number: int) -> Approval | None:
    """Return the approval of an edition with this number, or None if there is none."""
    row = session.execute(_SELECT_OF_EDITION.where(APPROVALS.c.number == number), {"edition": edition}).one_or_none()
    return None if row is None else Approval(*row)


def get_last_approval_number(session: Session, edition: str) -> int:
    """Return the number of the last approval of an edition, or 0 if there is none."""
    newest = select(func.coalesce(func.max(APPROVALS.c.number), 0)).where(APPROVALS.c.edition == edition)
    return int(session.execute(newest).scalar_one())


def insert_approval(session: Session, approval: Approval) -> None:
    """Insert an approval; `approval.number` must be the next number of its edition."""
    session.execute(insert(APPROVALS), [structs.asdict(approval)])
