"""Use cases over what is published: an edition is published once, corrected by revisions, and read for ever.

What takes long is prepared before the transaction; in it the edition has to be as it was, and everything is stored at
once: documents, scores, an entry of the ledger, a checkpoint, and the publication last.
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
"""The name of the newest revision of an edition, whatever its number."""

ATTEMPTS: Final = 3
"""How often what has changed meanwhile is prepared anew."""

BATCH: Final = 50
"""How many scores are prepared at once."""

_UNREVIEWED: Final = replies.build_empty_outcome("final")

T = TypeVar("T")


class UnknownPublication(LookupError):
    """That edition has no publication of that revision."""

    def __init__(self, edition: str, revision: str) -> None:
        super().__init__(f"{edition}/{revision}")
        self.edition = edition
        self.revision = revision


class UnknownPublishedScore(LookupError):
    """That revision has no score of that organisation."""

    def __init__(self, edition: str, revision: str, organisation: str) -> None:
        super().__init__(f"{edition}/{revision}/{organisation}")
        self.edition = edition
        self.revision = revision
        self.organisation = organisation


class UnknownDocument(LookupError):
    """Nothing of that digest is published."""

    def __init__(self, digest: str) -> None:
        super().__init__(digest)
        self.digest = digest


class Refusal(Struct, frozen=True):
    """Why an edition is not published as asked: where in what was sent, by which rule, what holds, what is there.

    `review`: the edition is not in review. `unsettled`: as many assessments as `holds` are in the state `value`.
    `empty`: none is final. `published`: it is published already, as `holds`. `unpublished`: there is nothing yet to
    correct. `superseded`: the newest revision is `holds`. `corrections`: a revision corrects something. `repeated`: an
    organisation is corrected twice. `unknown`: it has no published score. `unchanged`: nothing of its score would
    change. `unapproved`: another key has to approve `holds`. `another_digest`: what would be published is `holds`.
    `approved`: the same key has approved it already.
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
    """An edition that is not published so; nothing has changed. `refusals` are all reasons."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        super().__init__(", ".join(refusal.rule for refusal in refusals))
        self.refusals = tuple(refusals)


class PlannedCorrection(Struct, frozen=True):
    """What to correct of the assessment of an organisation."""

    organisation: str
    assessment: AssessmentPatch


class PublicationPlan(Struct, frozen=True, kw_only=True):
    """How an edition is to be published: why; of a correction, the digest that it supersedes and what it corrects."""

    reason: str
    supersedes: str | None = None
    corrections: tuple[PlannedCorrection, ...] = ()


class UnsignedScore(Struct, frozen=True):
    """The document of a score, as its edition lists it and as its bytes are.

    `restated`: the figures of its assessment, where those that are stored are not what was submitted comes to.
    """

    line: ScoreLine
    form: PackedDocument
    changed_figures: dict[str, object] | None


class SignedScore(Struct, frozen=True):
    """The document of a score, as its edition lists it and as it is stored; `restated` as in `Unsigned`."""

    line: ScoreLine
    stored: SignedDocument
    changed_figures: dict[str, object] | None


class PreparedScores(Struct, frozen=True):
    """The scores of an edition, and what it was when they were made."""

    edition: editions.EditionRecord
    state: tuple[int, int, str, str]
    scores: list[SignedScore]


# --- publishing -----------------------------------------------------------------------------------------------


class EditionPublisher:
    """Publishes editions, one at a time in this process."""

    def __init__(
        self, database: Database, folder: Path, *, second_approver: bool = False, spread: MapFunction = map_serially
    ) -> None:
        """`folder`: where the private keys that sign stand. `second_approver`: see `approvals`.

        `spread`: how the scores of an edition are prepared, batch by batch.
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
        """What `write` gives, which publishes with what was prepared for it; again where the edition has changed.

        `advance` is called for each score that is prepared.
        Raises what `write` raises, `UnknownEdition`, `SigningKeyFault`, and `Unavailable` where it goes on changing.
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
        """Publishes an edition, or a correction of it, in a session that writes.

        `event`: what the ledger says of it, besides the details and the subject. Raises `UnknownEdition`, `Refused`,
        `Stale` where the edition is not as it was prepared, `SigningKeyFault`; of a correction also `AliasOf`,
        `AnotherMethodology` and `NotSubmittable`.
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
        """The scores of an edition in review; None where it is not to be published for the first time."""
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
        """Yield what was submitted to an edition, `BATCH` organisations at a time."""
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
    """Approves what would be published now, which has that digest, in a session that writes.

    Raises `UnknownEdition`, `Refused`, and `Stale` where the edition changes at the same time.
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
    """Why an edition cannot be published as asked, as far as that does not depend on any score."""
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
    """Score what organisations submitted by a version of the methodology; runs in a process of its own if spread."""
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
    """A revision that is being made, in a session that writes and that holds its edition."""

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
        self._place = place
        self._asked = asked
        self._signer = signer
        self._now = now
        self._number = 1 if newest is None else newest.revision + 1
        self._methodology = load_methodology(place.methodology)
        self._scores: tuple[ScoreLine, ...] = ()
        self._corrections: list[Correction] = []
        self._corrected: list[CorrectedScore] = []

    def publish(self, prepared: PreparedScores | None) -> None:
        """Stores the scores of an edition that is published for the first time."""
        session, place = self._session, self._place
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
        """Stores the scores of the revision before, with some corrected."""
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
        made: list[assessments.CorrectionPreview] = []
        unchanged: list[Refusal] = []
        for number, fix in enumerate(self._asked.corrections):
            former = lines[fix.organisation]
            mended, line, stored, document = self._mended(number, fix, former)
            if line.document == former.document:
                unchanged.append(Refusal(f"/corrections/{number}/assessment", "unchanged", fix.organisation))
                continue
            documents.append(stored)
            made.append(mended)
            lines[fix.organisation] = line
            self._note(former, line, document)
        if unchanged:
            raise PublicationRefused(unchanged)
        self._store(list(lines.values()), documents)
        # From here on the database lets the assessments of the edition change, until the publication is there.
        for mended in made:
            assessments.apply_correction(self._session, mended, now=self._now)

    def close(self, event: ledger.Event) -> PublicationRecord:
        """Stores the edition document, what the ledger says of it, and the publication, which ends the revision."""
        session, place = self._session, self._place
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
        queries.insert_scores(self._session, self._place.id, self._number, digests)

    def _mended(
        self, number: int, fix: PlannedCorrection, before: ScoreLine
    ) -> tuple[assessments.CorrectionPreview, ScoreLine, SignedDocument, ScoreDocument]:
        """The corrected assessment of an organisation, and its score.

        What was found of an answer that is another now counts no more, and is not told of it.
        """
        place = f"/corrections/{number}/assessment"
        mended = assessments.preview_correction(
            self._session, self._place, fix.organisation, fix.assessment, pointer=place, now=self._now
        )
        (stated,) = queries.list_submissions(self._session, self._place.id, only=fix.organisation)
        submission = mended.record.submission
        score = explain_evaluation(mended.evaluation, submission)
        former = parse_score(_document(self._session, before.document).form.text)
        # As they were published: their reasons may have been erased since.
        told = {one.indicator: one for one in former.review.verdicts}
        counting = replies.list_counted_verdicts(self._session, mended.record)
        review = structs.replace(former.review, verdicts=tuple(told.get(one.indicator, one) for one in counting))
        document = build_score_document(self._place.id, stated.organisation, submission, score, review)
        return mended, *_signed(document, self._signer), document

    def _note(self, before: ScoreLine, after: ScoreLine, document: ScoreDocument) -> None:
        """Notes a correction: what differs, in points."""
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
    """The publications of an edition, the newest first, from the one that comes before `before`.

    Raises `UnknownEdition`.
    """
    with database.read() as session:
        return queries.list_page(session, editions.find(session, edition).id, before, offset, limit)


def get(database: Database, edition: str, revision: str) -> PublicationRecord:
    """A publication of an edition, or its latest; raises `UnknownEdition` and `UnknownPublication`."""
    with database.read() as session:
        return find(session, editions.find(session, edition).id, revision)


def find(session: Session, edition: str, revision: str) -> PublicationRecord:
    """The same of an edition by its id; raises `UnknownPublication`."""
    number = _number(edition, revision)
    found = queries.get(session, edition, number)
    if found is None:
        raise UnknownPublication(edition, revision)
    return found


def get_document(database: Database, digest: str) -> SignedDocument:
    """A published document; raises `UnknownDocument`."""
    with database.read() as session:
        return _document(session, digest)


def get_score(
    database: Database, edition: str, revision: str, organisation: str
) -> tuple[PublicationRecord, SignedDocument]:
    """The document of a score in a revision.

    Raises `UnknownEdition`, `UnknownPublication`, `UnknownPublishedScore`.
    """
    with database.read() as session:
        found = find(session, editions.find(session, edition).id, revision)
        stored = queries.get_score(session, found.edition, organisation, found.revision)
    if stored is None:
        raise UnknownPublishedScore(found.edition, revision, organisation)
    return found, stored


def get_newest_score(session: Session, edition: str, organisation: str) -> tuple[str, ScoreDocument] | None:
    """The newest document of the score of an organisation in an edition, and its digest; None where there is none."""
    stored = queries.get_score(session, edition, organisation)
    return None if stored is None else (stored.form.digest, parse_score(stored.form.text))


def get_texts(database: Database, edition: str, revision: int, organisations: Sequence[str]) -> dict[str, bytes]:
    """The exact bytes of the documents of these organisations in a revision that there is, by organisation."""
    found: dict[str, bytes] = {}
    for start in range(0, len(organisations), queries.BATCH_ROWS):
        with database.read() as session:
            found |= queries.get_texts(session, edition, revision, organisations[start : start + queries.BATCH_ROWS])
    return found


def stream_bundle(database: Database, edition: str, revision: int) -> Iterator[bytes]:
    """The bundle of a publication that there is, piece by piece: gzip members, read as they are asked for."""
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
    """The documents of the scores of a revision, in their order, each a gzip member."""
    found = queries.list_members(session, edition, revision, "")
    while found:
        yield from (member for _, member in found)
        found = queries.list_members(session, edition, revision, found[-1][0])


def _document(session: Session, digest: str) -> SignedDocument:
    found = queries.get_document(session, digest)
    if found is None:
        raise UnknownDocument(digest)
    return found


def _number(edition: str, revision: str) -> int | None:
    if revision == LATEST:
        return None
    if not (revision.isascii() and revision.isdigit() and len(revision) <= 9 and revision[0] != "0"):
        raise UnknownPublication(edition, revision)
    return int(revision)
