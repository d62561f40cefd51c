"""Comparison of the published figures that readers see with the signed documents.

The owner of a database can drop its triggers, or insert a whole revision. The rows that people read are therefore
compared with the signed documents: from outside by the verifiers, and from inside by this module.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any, Final

import msgspec
from msgspec import Struct

from actitud_api.engine.methodology.digests import compute_digest, hash_bytes
from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.scoring.ranking import compute_rank_points
from actitud_api.engine.scoring.result import COVERAGE_DECIMALS, Figure
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.storage.database import Database, Session
from actitud_api.resources.editions import service as editions
from actitud_api.resources.publications import erasure, queries
from actitud_api.resources.publications.documents import (
    EditionDocument,
    ScoreDocument,
    ScoreLine,
    parse_edition,
    parse_score,
)
from actitud_api.resources.publications.queries import (
    EnteredPublication,
    PublicationRecord,
    ReadScore,
    SignedDocument,
)

_OF_EDITION: Final = ("titles", "simulated", "period_from", "period_to", "windows", "calendar")
"""Members of an edition that its edition document has too, under the same names."""


class AlteredFigure(Struct, frozen=True):
    """A figure of a published edition that differs from the signed document.

    `organisation` is None if the figure belongs to the whole edition. `figure` names the column. `shown` is the value
    that people read, and `signed` the value in the signed document; either is None if there is none.

    Three values of `figure` name a fault instead of a column. `incomplete`: scores of the newest revision, with the
    number `shown`, are missing; `signed` is the number of the newest revision that has all its scores. `state` without
    a value in `signed`: the row of an edition says that it is published (`shown`), but it has no publication.
    `erasure`: texts about the organisation are marked as erased with the ledger entry `shown`, which is about something
    else.
    """

    edition: str
    organisation: str | None
    figure: str
    shown: object
    signed: object


def find_altered_figure(database: Database, trusted: Collection[str] | None = None) -> AlteredFigure | None:
    """Return the first published figure that differs from the signed documents, or None if nothing differs.

    An edition of which a revision is missing that the ledger has an entry about comes first, then an edition whose row
    says that it is published, although it never was, then texts that are marked as erased without an entry of the
    ledger about it. Editions are then compared in the order of their ids, figures of the edition before figures of its
    organisations. `trusted`: the ids (thumbprints) of the keys that may have signed. None accepts every key in the
    database, although the owner of the database can replace the keys.
    """
    with database.read() as session:
        published = queries.list_published_editions(session)
        unsigned = queries.find_unsigned_edition(session)
        erasures = queries.list_entered_erasures(session)
        entered = queries.list_entered_publications(session)
    complete = {edition.id: edition.complete for edition in published}
    for name, revisions in sorted(entered.items()):
        if max(revisions) > (complete.get(name) or 0):
            return AlteredFigure(name, None, "revision", complete.get(name), max(revisions))
    if unsigned is not None:
        return AlteredFigure(unsigned, None, "state", "published", None)
    for one in erasures:
        # Triggers let an erasure be added as long as the entry of another one is the newest.
        if (one.action, one.subject) != (erasure.ACTION, erasure.format_subject(one.edition, one.organisation)):
            return AlteredFigure(one.edition, one.organisation, "erasure", one.entry, None)
    for edition in published:
        altered = next(_iterate_altered(database, edition, trusted, entered.get(edition.id, {})), None)
        if altered is not None:
            return altered
    return None


def _iterate_altered(
    database: Database,
    edition: queries.PublishedEdition,
    trusted: Collection[str] | None,
    entered: Mapping[int, EnteredPublication],
) -> Iterator[AlteredFigure]:
    """Yield the altered figures of an edition. The comparison ends with a document that is not signed.

    `entered` are its publications as the ledger has them, by number of the revision.
    """
    if edition.complete != edition.newest:
        yield AlteredFigure(edition.id, None, "incomplete", edition.newest, edition.complete)
    if edition.complete is None:
        return
    with database.read() as session:
        known = entered.get(edition.complete)
        document, altered = _load_signed(session, edition.id, edition.complete, trusted, known)
    yield from altered
    if document is None:
        return
    yield from _compare_edition(database, document)
    yield from _compare_revisions(database, document)
    lines = iter(document.scores)
    after = ""
    while True:
        # One session for each part, so that a long comparison does not keep one open.
        with database.read() as session:
            rows = queries.list_read_scores(session, edition.id, edition.complete, after)
        for row in rows:
            yield from _compare_row(edition.id, row, next(lines, None))
        if not rows:
            break
        after = rows[-1].organisation
    for line in lines:
        yield AlteredFigure(edition.id, line.organisation, "organisation", None, line.organisation)


def _load_signed(
    session: Session, edition: str, revision: int, trusted: Collection[str] | None, known: EnteredPublication | None
) -> tuple[EditionDocument | None, Sequence[AlteredFigure]]:
    """Return the edition document of a revision, or None if it is not the signed one, and the differences found.

    `known` is the publication as the ledger has it, None if it has no entry about the revision.
    """
    publication = queries.get(session, edition, revision)
    stored = None if publication is None else queries.get_document(session, publication.digest)
    if publication is None or stored is None:
        return None, [AlteredFigure(edition, None, "digest", None if publication is None else publication.digest, None)]
    text = _unpack(stored)
    digest = hash_bytes(text)
    if digest != publication.digest:
        return None, [AlteredFigure(edition, None, "digest", publication.digest, digest)]
    keys = [
        key
        for key in ledger.list_signing_keys(session)
        if (trusted is None or key.kid in trusted)
        and (key.compromised_since is None or (known is not None and known.entry < key.compromised_since))
    ]
    if not any(ledger.is_signed_by(key, stored.jws, text) for key in keys):
        return None, [AlteredFigure(edition, None, "signature", stored.jws.signature, None)]
    try:
        document = parse_edition(text)
    except msgspec.ValidationError:
        # A document that is signed, but for something else: the score of an organisation, for example.
        return None, [AlteredFigure(edition, None, "digest", publication.digest, None)]
    if known != (publication.entry, publication.digest):
        return None, [AlteredFigure(edition, None, "entry", publication.entry, None if known is None else known.entry)]
    pairs = (("edition", edition, document.edition), ("revision", revision, document.revision))
    return document, list(_compare(edition, None, pairs))


def _unpack(stored: SignedDocument) -> bytes:
    try:
        return stored.form.text
    except zlib.error:
        return b""


def _compare_edition(database: Database, document: EditionDocument) -> Iterator[AlteredFigure]:
    """Yield what is shown of an edition itself, and differs from its newest document."""
    try:
        with database.read() as session:
            record = editions.find(session, document.edition)
    except editions.UnknownEdition:
        yield AlteredFigure(document.edition, None, "edition", None, document.edition)
        return
    pairs = (
        ("state", record.state, "published"),
        ("methodology", record.methodology, document.methodology.version),
        *((name, getattr(record, name), getattr(document, name)) for name in _OF_EDITION),
    )
    yield from _compare(record.id, None, pairs)


def _compare_revisions(database: Database, newest: EditionDocument) -> Iterator[AlteredFigure]:
    """Yield what is shown of the revisions of an edition, and differs from their documents, the newest first.

    Each document names the digest of the one before, so the signature of the newest vouches for all.
    """
    digest: str | None = None
    document: EditionDocument | None = newest
    while document is not None:
        with database.read() as session:
            publication = queries.get(session, newest.edition, document.revision)
            before = None if document.supersedes is None else _load_superseded(session, document.supersedes)
        if publication is None or (before is None and document.supersedes is not None):
            yield AlteredFigure(newest.edition, None, "digest", None, document.supersedes)
            return
        pairs = (
            ("digest", publication.digest, digest or publication.digest),
            ("organisations", publication.organisations, len(document.scores)),
            ("published", publication.published, document.published),
            ("reason", publication.reason, document.reason),
            ("supersedes", publication.supersedes, document.supersedes),
        )
        yield from _compare(newest.edition, None, pairs)
        yield from _compare_corrections(publication, document, before)
        digest, document = document.supersedes, before


def _load_superseded(session: Session, digest: str) -> EditionDocument | None:
    """Return the edition document with this digest, or None if it is missing or another one."""
    stored = queries.get_document(session, digest)
    text = b"" if stored is None else _unpack(stored)
    return parse_edition(text) if hash_bytes(text) == digest else None


def _compare_corrections(
    publication: PublicationRecord, document: EditionDocument, before: EditionDocument | None
) -> Iterator[AlteredFigure]:
    """Yield the figures of the corrections of a publication that differ from its edition document.

    `before` is the document of the revision before, None for the first.
    """
    former = {line.organisation: line for line in (() if before is None else before.scores)}
    lines = {line.organisation: line for line in document.scores}
    for shown, signed in zip_longest(publication.corrections, document.corrections):
        if shown is None or signed is None or shown.organisation != signed.organisation:
            names = (None if one is None else one.organisation for one in (shown, signed))
            yield AlteredFigure(publication.edition, None, "corrections", *names)
            return
        old, new = former.get(signed.organisation), lines.get(signed.organisation)
        pairs = (
            ("before", shown.before, signed.before),
            ("after", shown.after, signed.after),
            ("index_before", shown.index_before, None if old is None else old.index),
            ("index_after", shown.index_after, None if new is None else new.index),
            ("level_before", shown.level_before, None if old is None else old.level),
            ("level_after", shown.level_after, None if new is None else new.level),
            # Publications of before this column was stored have none.
            ("answers", shown.answers, signed.answers if shown.answers else ()),
        )
        yield from _compare(publication.edition, signed.organisation, pairs)


def _compare_row(edition: str, row: ReadScore, line: ScoreLine | None) -> Iterator[AlteredFigure]:
    """Yield the figures of a row that differ from its line in the edition document, or from its score document."""
    if line is None or row.organisation != line.organisation:
        signed = None if line is None else line.organisation
        yield AlteredFigure(edition, row.organisation, "organisation", row.organisation, signed)
        return
    if row.figures["digest"] != line.document or hash_bytes(row.text) != line.document:
        yield AlteredFigure(edition, row.organisation, "digest", row.figures["digest"], line.document)
        return
    document = parse_score(row.text)
    pairs = ((name, row.figures[name], signed) for name, signed in _list_signed(document).items())
    yield from _compare(edition, row.organisation, pairs)
    # By digest: neither the order of members, which JSONB has not, nor lists and tuples make a difference.
    shown, sent = compute_digest(row.figures["submission"]), compute_digest(document.submission)
    if shown != sent:
        yield AlteredFigure(edition, row.organisation, "submission", shown, sent)


def _compare(
    edition: str, organisation: str | None, pairs: Iterable[tuple[str, object, object]]
) -> Iterator[AlteredFigure]:
    """Yield the figures whose shown and signed values differ; `pairs` has the name of each with these two values."""
    for name, shown, signed in pairs:
        if shown != signed:
            yield AlteredFigure(edition, organisation, name, msgspec.to_builtins(shown), msgspec.to_builtins(signed))


def _list_signed(document: ScoreDocument) -> dict[str, Any]:
    """Return the figures of a score document by the columns of a published score, the most read first."""
    score, described = document.score, document.organisation
    decimals = load_methodology(score.methodology.version).document.decimals
    index = _to_units(score.index, decimals)
    dimensions = [_to_units(dimension.score, decimals) for dimension in score.dimensions]
    return {
        "rank_points": compute_rank_points(score.status, score.level, index, score.standing),
        "index_value": index,
        "level": score.level,
        "status": score.status,
        "index_max": _to_units(score.index_max, decimals),
        "coverage": _to_units(score.coverage, COVERAGE_DECIMALS),
        **{f"d{number}": value for number, value in enumerate(dimensions, 1)},
        "methodology": score.methodology.version,
        **{name: getattr(described, name) for name in queries.ORGANISATION_COLUMNS},
    }


def _to_units(value: Figure | None, decimals: int) -> int | None:
    return None if value is None else round(value * 10**decimals)
