"""Use cases of publications: publish an edition once, correct it by revisions, read it for ever.

Slow work is prepared before the transaction. In the transaction the edition must be unchanged, and everything is stored
together: documents, scores, a ledger entry, a checkpoint, and the publication last.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final, Literal, TypeVar

from msgspec import UNSET, Struct, structs

from actitud_api import __version__
from actitud_api.engine.methodology.loader import Methodology, load_methodology
from actitud_api.engine.methodology.requests.content import AssessmentPatch
from actitud_api.engine.scoring.change_decomposition import decompose_change
from actitud_api.engine.scoring.evaluate import evaluate
from actitud_api.engine.scoring.explain import explain_evaluation
from actitud_api.engine.scoring.result import MethodologyReference
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.auth import service as access
from actitud_api.platform.storage.database import Database, Session, Unavailable
from actitud_api.platform.storage.versions import StaleVersion
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.assessments import transitions
from actitud_api.resources.editions import service as editions
from actitud_api.resources.publications import approvals, queries
from actitud_api.resources.publications.documents import (
    BundleKey,
    Correction,
    EditionDocument,
    PackedDocument,
    ScoreDocument,
    ScoreLine,
    build_header,
    build_score_document,
    build_score_line,
    count_scores,
    pack_document,
    parse_edition,
    parse_score,
    rank_scores,
)
from actitud_api.resources.publications.queries import (
    CorrectedScore,
    FinalSubmission,
    PublicationRecord,
    SignedDocument,
)
from actitud_api.resources.publications.workers import MapFunction, map_serially
from actitud_api.resources.reviews.replies import service as replies
from actitud_api.resources.reviews.replies.service import ReviewOutcome

__all__ = [
    "CorrectedScore",
    "EditionPublisher",
    "PlannedCorrection",
    "PublicationPlan",
    "PublicationRecord",
    "PublicationRefused",
    "Refusal",
    "SignedDocument",
    "UnknownDocument",
    "UnknownPublication",
    "UnknownPublishedScore",
    "approve",
    "find",
    "get",
    "get_document",
    "get_newest_score",
    "get_score",
    "get_texts",
    "list_page",
    "stream_bundle",
]

LATEST: Final = "latest"
"""Name of the newest revision of an edition."""

ATTEMPTS: Final = 3
"""Preparations of one publication before it gives up on an edition that keeps changing."""

BATCH: Final = 50
"""Scores that are prepared per batch."""

_UNREVIEWED: Final = replies.build_empty_outcome("final")

T = TypeVar("T")


class UnknownPublication(LookupError):
    """The edition has no such revision."""

    def __init__(self, edition: str, revision: str) -> None:
        super().__init__(f"{edition}/{revision}")
        self.edition = edition
        self.revision = revision


class UnknownPublishedScore(LookupError):
    """The revision has no score of that organisation."""

    def __init__(self, edition: str, revision: str, organisation: str) -> None:
        super().__init__(f"{edition}/{revision}/{organisation}")
        self.edition = edition
        self.revision = revision
        self.organisation = organisation


class UnknownDocument(LookupError):
    """No published document has that digest."""

    def __init__(self, digest: str) -> None:
        super().__init__(digest)
        self.digest = digest


class Refusal(Struct, frozen=True):
    """Reason against a publication: JSON pointer, rule, sent value, and the value that `holds`.

    `review`: the edition is not in review. `unsettled`: `holds` assessments are in the state `value`. `empty`: no
    assessment is final. `published`: it is published already, as `holds`. `unpublished`: nothing to correct is
    published. `superseded`: the newest revision is `holds`. `corrections`: a revision without corrections. `repeated`:
    an organisation is corrected twice. `unknown`: it has no published score. `unchanged`: its score would not change.
    `unapproved`: another key has to approve `holds`. `another_digest`: the pending digest is `holds`. `approved`: the
    key has approved it already.
    """

    pointer: str
    rule: Literal[
        "review",
        "unsettled",
        "empty",
        "published",
        "unpublished",
        "superseded",
        "corrections",
        "repeated",
        "unknown",
        "unchanged",
        "unapproved",
        "another_digest",
        "approved",
    ]
    value: str | None
    holds: str = ""


class PublicationRefused(ValueError):
    """Refused publication; nothing has changed. `refusals` are all reasons."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        super().__init__(", ".join(refusal.rule for refusal in refusals))
        self.refusals = tuple(refusals)


class PlannedCorrection(Struct, frozen=True):
    """Correction of the assessment of an organisation."""

    organisation: str
    assessment: AssessmentPatch


class PublicationPlan(Struct, frozen=True, kw_only=True):
    """Requested publication: its reason; for a correction, the superseded digest and the corrections."""

    reason: str
    supersedes: str | None = None
    corrections: tuple[PlannedCorrection, ...] = ()


class UnsignedScore(Struct, frozen=True):
    """Score document as a line of its edition and as bytes.

    `changed_figures`: figures of its assessment, if the stored ones differ from the computed ones.
    """

    line: ScoreLine
    form: PackedDocument
    changed_figures: dict[str, object] | None


class SignedScore(Struct, frozen=True):
    """Score document as a line of its edition and as stored; `changed_figures` as in `UnsignedScore`."""

    line: ScoreLine
    stored: SignedDocument
    changed_figures: dict[str, object] | None


class PreparedScores(Struct, frozen=True):
    """Scores of an edition, and the state from which they were computed."""

    edition: editions.EditionRecord
    state: tuple[int, int, str, str]
    scores: list[SignedScore]


# --- publishing -----------------------------------------------------------------------------------------------


class EditionPublisher:
    """Publisher of editions, one at a time in this process."""

    def __init__(
        self, database: Database, folder: Path, *, second_approver: bool = False, spread: MapFunction = map_serially
    ) -> None:
        """Create a publisher.

        Args:
            database: Database of the service.
            folder: Folder of the private signing keys.
            second_approver: Require an approval, see `approvals`.
            spread: Map over the batches of scores, possibly in other processes.
        """
        self._database = database
        self._spread = spread
        self._folder = folder
        self._second_approver = second_approver
        self._turn = threading.Lock()

    def write_prepared(
        self,
        edition: str,
        plan: PublicationPlan,
        write: Callable[[PreparedScores | None], T],
        advance: Callable[[], None] = lambda: None,
    ) -> T:
        """Prepare the scores and return the result of `write`, which publishes them; repeat if the edition has changed.

        `advance` is called for each prepared score. Errors of `write` pass through.

        Raises:
            UnknownEdition: No edition has that id.
            SigningKeyFault: The signing key cannot be used.
            Unavailable: The edition keeps changing.
        """
        with self._turn:
            for _ in range(ATTEMPTS):
                with suppress(StaleVersion):
                    return write(self._prepare(edition, plan, advance))
        raise Unavailable("the edition changes all the time")

    def publish(
        self,
        session: Session,
        edition: str,
        plan: PublicationPlan,
        prepared: PreparedScores | None,
        event: ledger.Event,
        *,
        now: datetime,
    ) -> PublicationRecord:
        """Publish an edition, or a correction of it, in a write session.

        `event`: ledger event, apart from the details and the subject. A correction may also raise `IdentifierIsAlias`,
        `AnotherMethodology` and `NotSubmittable`.

        Raises:
            UnknownEdition: No edition has that id.
            PublicationRefused: The plan is not acceptable.
            StaleVersion: The edition has changed since it was prepared.
            SigningKeyFault: The signing key cannot be used.
        """
        record = editions.find(session, edition)
        editions.lock(session, record)
        newest = queries.get(session, record.id)
        if refusals := _refusals(session, record, newest, plan):
            raise PublicationRefused(refusals)
        if self._second_approver:
            of = approvals.compute_pending_digest(session, record, newest, plan)
            if approvals.is_approval_missing(session, record.id, of, None if event.actor is None else event.actor.key):
                raise PublicationRefused([Refusal("", "unapproved", None, of)])
        signer = ledger.load_signer(session, self._folder)
        made = _Revision(session, record, plan, newest, signer, ledger.compute_signing_time(session, signer, now))
        if newest is None:
            made.publish(prepared)
        else:
            made.correct(newest)
        return made.close(event)

    def _prepare(self, edition: str, asked: PublicationPlan, advance: Callable[[], None]) -> PreparedScores | None:
        """Return the scores of an edition in review, or None if this is no first publication."""
        with self._database.read() as session:
            place = editions.find(session, edition)
            if _refusals(session, place, queries.get(session, place.id), asked) or place.state != "in_review":
                return None
            state = queries.get_state(session, place.id)
            signer = ledger.load_signer(session, self._folder)
            of = approvals.compute_pending_digest(session, place, None, asked)
            if self._second_approver and not queries.list_approvals_of_digest(session, place.id, of):
                return None
        score = partial(_score_batch, place.id, place.methodology)
        scores: list[SignedScore] = []
        for batch in self._spread(score, self._batches(place.id)):
            for unsigned in batch:
                # Signed here: the private key stays in this process.
                stored = SignedDocument(unsigned.form, signer.sign(unsigned.form.text))
                scores.append(SignedScore(unsigned.line, stored, unsigned.changed_figures))
                advance()
        return PreparedScores(place, state, scores)

    def _batches(self, edition: str) -> Iterator[list[tuple[FinalSubmission, ReviewOutcome]]]:
        """Yield the final submissions of an edition, `BATCH` organisations at a time."""
        part = self._stated(edition, "")
        while part:
            yield from (part[start : start + BATCH] for start in range(0, len(part), BATCH))
            part = self._stated(edition, part[-1][0].organisation.id)

    def _stated(self, edition: str, after: str) -> list[tuple[FinalSubmission, ReviewOutcome]]:
        with self._database.read() as session:
            part = queries.list_submissions(session, edition, after=after)
            reviews = replies.list_outcomes(session, edition, [stated.organisation.id for stated in part])
            return [(stated, reviews.get(stated.organisation.id, _UNREVIEWED)) for stated in part]


def approve(
    session: Session, edition: str, plan: PublicationPlan, digest: str, principal: access.Principal, *, now: datetime
) -> approvals.Approval:
    """Approve the pending publication of that digest, in a write session, and return the approval.

    Raises:
        UnknownEdition: No edition has that id.
        PublicationRefused: The plan is not acceptable, or its digest is another one.
        StaleVersion: The edition changes concurrently.
    """
    place = editions.find(session, edition)
    editions.lock(session, place)
    newest = queries.get(session, place.id)
    if refusals := _refusals(session, place, newest, plan):
        raise PublicationRefused(refusals)
    of = approvals.compute_pending_digest(session, place, newest, plan)
    if digest != of:
        raise PublicationRefused([Refusal("/digest", "another_digest", digest, of)])
    made = approvals.add_approval(session, place.id, of, principal, now=now)
    if made is None:
        raise PublicationRefused([Refusal("", "approved", None)])
    return made


def _refusals(
    session: Session, place: editions.EditionRecord, newest: PublicationRecord | None, asked: PublicationPlan
) -> tuple[Refusal, ...]:
    """Return the reasons against a plan that do not depend on any score."""
    if newest is None:
        found = [
            Refusal(f"/{name}", "unpublished", None)
            for name, given in (("supersedes", asked.supersedes), ("corrections", asked.corrections))
            if given
        ]
        if place.state != "in_review":
            return (Refusal("", "review", place.state), *found)
        unsettled = transitions.count_unsettled(session, place.id)
        return (*(Refusal("", "unsettled", state, str(unsettled[state])) for state in sorted(unsettled)), *found)
    if asked.supersedes is None:
        return (Refusal("", "published", None, newest.digest),)
    if asked.supersedes != newest.digest:
        return (Refusal("/supersedes", "superseded", asked.supersedes, newest.digest),)
    if not asked.corrections:
        return (Refusal("/corrections", "corrections", None),)
    named = [fix.organisation for fix in asked.corrections]
    return tuple(
        Refusal(f"/corrections/{number}/organisation", "repeated", name)
        for number, name in enumerate(named)
        if name in named[:number]
    )


def _score_batch(
    edition: str, version: str, batch: Sequence[tuple[FinalSubmission, ReviewOutcome]]
) -> list[UnsignedScore]:
    """Score final submissions by a version of the methodology; may run in another process."""
    methodology = load_methodology(version)
    return [_score_one(edition, methodology, stated, review) for stated, review in batch]


def _score_one(edition: str, methodology: Methodology, stated: FinalSubmission, review: ReviewOutcome) -> UnsignedScore:
    evaluation = evaluate(methodology, stated.submission)
    score = explain_evaluation(evaluation, stated.submission)
    document = build_score_document(edition, stated.organisation, stated.submission, score, review)
    form = pack_document(document)
    figures = assessments.figure_columns(evaluation)
    return UnsignedScore(build_score_line(document, form.digest), form, None if figures == stated.figures else figures)


def _signed(document: ScoreDocument, signer: ledger.Signer) -> tuple[ScoreLine, SignedDocument]:
    form = pack_document(document)
    return build_score_line(document, form.digest), SignedDocument(form, signer.sign(form.text))


class _Revision:
    """Revision under construction, in a write session that locks its edition."""

    def __init__(
        self,
        session: Session,
        place: editions.EditionRecord,
        asked: PublicationPlan,
        newest: PublicationRecord | None,
        signer: ledger.Signer,
        now: datetime,
    ) -> None:
        self._session = session
        self._edition = place
        self._asked = asked
        self._signer = signer
        self._now = now
        self._number = 1 if newest is None else newest.revision + 1
        self._methodology = load_methodology(place.methodology)
        self._scores: tuple[ScoreLine, ...] = ()
        self._corrections: list[Correction] = []
        self._corrected: list[CorrectedScore] = []

    def publish(self, prepared: PreparedScores | None) -> None:
        """Store the scores of the first revision."""
        session, place = self._session, self._edition
        if prepared is None or prepared.edition != place or prepared.state != queries.get_state(session, place.id):
            raise StaleVersion
        if not prepared.scores:
            raise PublicationRefused([Refusal("", "empty", None)])
        for scored in prepared.scores:
            if scored.changed_figures is not None:
                assessments.update_figures(session, place.id, scored.line.organisation, scored.changed_figures)
        self._store([scored.line for scored in prepared.scores], [scored.stored for scored in prepared.scores])
        editions.publish(session, place, now=self._now)

    def correct(self, newest: PublicationRecord) -> None:
        """Store the scores of the previous revision, some of them corrected."""
        before = parse_edition(_document(self._session, newest.digest).form.text)
        lines = {score.organisation: score for score in before.scores}
        unknown = [
            Refusal(f"/corrections/{number}/organisation", "unknown", fix.organisation)
            for number, fix in enumerate(self._asked.corrections)
            if fix.organisation not in lines
        ]
        if unknown:
            raise PublicationRefused(unknown)
        documents: list[SignedDocument] = []
        previews: list[assessments.CorrectionPreview] = []
        unchanged: list[Refusal] = []
        for number, fix in enumerate(self._asked.corrections):
            former = lines[fix.organisation]
            preview, line, stored, document = self._preview_correction(number, fix, former)
            if line.document == former.document:
                unchanged.append(Refusal(f"/corrections/{number}/assessment", "unchanged", fix.organisation))
                continue
            documents.append(stored)
            previews.append(preview)
            lines[fix.organisation] = line
            self._record_correction(former, line, document)
        if unchanged:
            raise PublicationRefused(unchanged)
        self._store(list(lines.values()), documents)
        # From here on the database lets the assessments of the edition change, until the publication is there.
        for preview in previews:
            assessments.apply_correction(self._session, preview, now=self._now)

    def close(self, event: ledger.Event) -> PublicationRecord:
        """Store the edition document, the ledger entry and the publication, and return it."""
        session, place = self._session, self._edition
        checkpoint = queries.get_last_note(session)
        document = EditionDocument(
            edition=place.id,
            revision=self._number,
            supersedes=self._asked.supersedes,
            reason=self._asked.reason,
            published=self._now,
            titles=place.titles,
            simulated=place.simulated,
            period_from=place.period_from,
            period_to=place.period_to,
            windows=place.windows,
            calendar=place.calendar,
            methodology=MethodologyReference(version=self._methodology.version, digest=self._methodology.digest),
            engine=__version__,
            counts=count_scores(self._scores),
            corrections=tuple(sorted(self._corrections, key=lambda correction: correction.organisation)),
            checkpoint=checkpoint,
            scores=self._scores,
        )
        form = pack_document(document)
        jws = self._signer.sign(form.text)
        queries.insert_documents(session, "edition", [SignedDocument(form, jws)])
        members = [form.member, *_members(session, place.id, self._number)]
        details = {"edition": place.id, "revision": self._number, "digest": form.digest}
        subject = f"/v1/editions/{place.id}/publications/{self._number}"
        entry = ledger.append_entry(session, structs.replace(event, subject=subject, details=details), now=self._now)
        signed = ledger.make_checkpoint(session, self._signer, self._now)
        keys = [
            BundleKey(
                x=key.public, kid=key.kid, created=key.created, retired=UNSET if key.retired is None else key.retired
            )
            for key in ledger.list_signing_keys(session)
        ]
        header = build_header(form, jws, signed.note, keys)
        whole = hashlib.sha256(header)
        for member in members:
            whole.update(member)
        queries.insert_publication(
            session,
            queries.NewPublication(
                edition=place.id,
                revision=self._number,
                digest=form.digest,
                published=self._now,
                reason=self._asked.reason,
                supersedes=self._asked.supersedes,
                actor=None if event.actor is None else event.actor.key,
                organisations=len(self._scores),
                corrections=tuple(sorted(self._corrected, key=lambda found: found.organisation)),
                entry=entry.seq,
                checkpoint=signed.size,
                header=header,
                bundle_digest=whole.hexdigest(),
                bundle_size=len(header) + sum(map(len, members)),
            ),
        )
        return find(session, place.id, str(self._number))

    def _store(self, lines: list[ScoreLine], documents: list[SignedDocument]) -> None:
        self._scores = rank_scores(lines)
        queries.insert_documents(self._session, "score", documents)
        digests = {line.organisation: line.document for line in lines}
        queries.insert_scores(self._session, self._edition.id, self._number, digests)

    def _preview_correction(
        self, number: int, fix: PlannedCorrection, before: ScoreLine
    ) -> tuple[assessments.CorrectionPreview, ScoreLine, SignedDocument, ScoreDocument]:
        """Preview a correction and return it with the line, the document and the signature of its score.

        Verdicts on answers that are corrected no longer count, and are left out of the document.
        """
        pointer = f"/corrections/{number}/assessment"
        preview = assessments.preview_correction(
            self._session, self._edition, fix.organisation, fix.assessment, pointer=pointer, now=self._now
        )
        (final,) = queries.list_submissions(self._session, self._edition.id, only=fix.organisation)
        submission = preview.record.submission
        score = explain_evaluation(preview.evaluation, submission)
        former = parse_score(_document(self._session, before.document).form.text)
        # As they were published: their reasons may have been erased since.
        published = {verdict.indicator: verdict for verdict in former.review.verdicts}
        counting = replies.list_counted_verdicts(self._session, preview.record)
        review = structs.replace(
            former.review, verdicts=tuple(published.get(verdict.indicator, verdict) for verdict in counting)
        )
        document = build_score_document(self._edition.id, final.organisation, submission, score, review)
        return preview, *_signed(document, self._signer), document

    def _record_correction(self, before: ScoreLine, after: ScoreLine, document: ScoreDocument) -> None:
        """Record a correction: the difference in points."""
        former = parse_score(_document(self._session, before.document).form.text)
        stated = load_methodology(former.score.methodology.version)
        self._corrections.append(
            Correction(
                organisation=before.organisation,
                before=before.document,
                after=after.document,
                change=decompose_change(stated, former.submission, self._methodology, document.submission),
            )
        )
        self._corrected.append(
            CorrectedScore(
                organisation=before.organisation,
                before=before.document,
                after=after.document,
                index_before=before.index,
                index_after=after.index,
                level_before=before.level,
                level_after=after.level,
            )
        )


# --- reading --------------------------------------------------------------------------------------------------


def list_page(
    database: Database, edition: str, *, before: int | None, offset: int, limit: int
) -> list[PublicationRecord]:
    """Return the publications of an edition, newest first, starting before `before`; raise `UnknownEdition`."""
    with database.read() as session:
        return queries.list_page(session, editions.find(session, edition).id, before, offset, limit)


def get(database: Database, edition: str, revision: str) -> PublicationRecord:
    """Return a publication of an edition, or its latest; raise `UnknownEdition` or `UnknownPublication`."""
    with database.read() as session:
        return find(session, editions.find(session, edition).id, revision)


def find(session: Session, edition: str, revision: str) -> PublicationRecord:
    """Return a publication within a session; raise `UnknownPublication`."""
    number = _parse_revision(edition, revision)
    found = queries.get(session, edition, number)
    if found is None:
        raise UnknownPublication(edition, revision)
    return found


def get_document(database: Database, digest: str) -> SignedDocument:
    """Return a published document; raise `UnknownDocument`."""
    with database.read() as session:
        return _document(session, digest)


def get_score(
    database: Database, edition: str, revision: str, organisation: str
) -> tuple[PublicationRecord, SignedDocument]:
    """Return the publication and the document of a score in a revision.

    Raises:
        UnknownEdition: No edition has that id.
        UnknownPublication: The edition has no such revision.
        UnknownPublishedScore: The revision has no score of that organisation.
    """
    with database.read() as session:
        found = find(session, editions.find(session, edition).id, revision)
        stored = queries.get_score(session, found.edition, organisation, found.revision)
    if stored is None:
        raise UnknownPublishedScore(found.edition, revision, organisation)
    return found, stored


def get_newest_score(session: Session, edition: str, organisation: str) -> tuple[str, ScoreDocument] | None:
    """Return the digest and the newest document of a score, or None."""
    stored = queries.get_score(session, edition, organisation)
    return None if stored is None else (stored.form.digest, parse_score(stored.form.text))


def get_texts(database: Database, edition: str, revision: int, organisations: Sequence[str]) -> dict[str, bytes]:
    """Map organisation to the exact bytes of its document in an existing revision."""
    found: dict[str, bytes] = {}
    for start in range(0, len(organisations), queries.BATCH_ROWS):
        with database.read() as session:
            found |= queries.get_document_bytes(
                session, edition, revision, organisations[start : start + queries.BATCH_ROWS]
            )
    return found


def stream_bundle(database: Database, edition: str, revision: int) -> Iterator[bytes]:
    """Yield the bundle of an existing publication as gzip members, read in parts."""
    with database.read() as session:
        pieces = queries.get_header(session, edition, revision)
    yield b"".join(pieces)
    after = ""
    while True:
        with database.read() as session:
            found = queries.list_members(session, edition, revision, after)
        if not found:
            return
        yield b"".join(member for _, member in found)
        after = found[-1][0]


def _members(session: Session, edition: str, revision: int) -> Iterator[bytes]:
    """Yield the score documents of a revision in order, each a gzip member."""
    found = queries.list_members(session, edition, revision, "")
    while found:
        yield from (member for _, member in found)
        found = queries.list_members(session, edition, revision, found[-1][0])


def _document(session: Session, digest: str) -> SignedDocument:
    found = queries.get_document(session, digest)
    if found is None:
        raise UnknownDocument(digest)
    return found


def _parse_revision(edition: str, revision: str) -> int | None:
    if revision == LATEST:
        return None
    if not (revision.isascii() and revision.isdigit() and len(revision) <= 9 and revision[0] != "0"):
        raise UnknownPublication(edition, revision)
    return int(revision)
