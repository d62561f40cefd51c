"""Use cases of publications: publish an edition once, correct it by revisions, read it for ever.

The scores of a first publication are computed and signed before the transaction, because this is slow. The
transaction checks that the edition has not changed in between. It then stores everything together: documents,
a ledger entry, a checkpoint, the publication, its corrections, and its scores last, each once and never changed.
Readers of a published edition get the scores of its newest revision that has all of them.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final, Literal, TypeVar

import msgspec
from msgspec import UNSET, Struct, structs

from actitud_api import __version__
from actitud_api.engine.methodology.loader import Methodology, load_methodology
from actitud_api.engine.methodology.predicates import walk_indicators
from actitud_api.engine.methodology.requests.content import AssessmentPatch
from actitud_api.engine.scoring.change_decomposition import ChangeDecomposition, decompose_change
from actitud_api.engine.scoring.evaluate import evaluate
from actitud_api.engine.scoring.explain import explain_evaluation
from actitud_api.engine.scoring.result import MethodologyReference
from actitud_api.platform.audit_log import service as ledger
from actitud_api.platform.auth import service as access
from actitud_api.platform.jobs.workers import MapFunction, map_serially
from actitud_api.platform.storage.database import Database, Session, Unavailable
from actitud_api.platform.storage.numbers import parse_number
from actitud_api.platform.storage.pages import PageRange
from actitud_api.platform.storage.versions import StaleVersion
from actitud_api.resources.assessments import service as assessments
from actitud_api.resources.assessments import transitions
from actitud_api.resources.assessments.records import AssessmentRecord
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
    digest_score,
    pack_document,
    parse_edition,
    parse_score,
    rank_scores,
    unpack_line,
)
from actitud_api.resources.publications.queries import (
    CorrectedScore,
    FinalSubmission,
    FinalVersion,
    NewScore,
    SignedDocument,
)
from actitud_api.resources.publications.queries import PublicationRecord as PublicationRecord
from actitud_api.resources.publications.queries import get_newest_revision as get_newest_revision
from actitud_api.resources.publications.shown import AlteredFigure as AlteredFigure
from actitud_api.resources.publications.shown import find_altered_figure as find_altered_figure
from actitud_api.resources.reviews import service as reviews
from actitud_api.resources.reviews.replies import service as replies
from actitud_api.resources.reviews.replies.service import CountedVerdict, ReviewOutcome
from actitud_api.resources.webhooks import service as webhooks

LATEST: Final = "latest"
"""The text that clients use instead of a number for the newest revision of an edition."""

ATTEMPTS: Final = 3
"""How often the scores of an edition are brought up to date before its publication fails.

After the first time only those are computed whose assessment or organisation was changed in the meantime.
"""

CAUGHT_UP: Final = 200
"""Number of changed scores that the writing transaction itself computes, at some milliseconds each.

So nobody who keeps changing some organisations can keep an edition from being published.
"""

BATCH: Final = 50
"""Number of scores in a batch; each batch is computed by one process."""

_UNREVIEWED: Final = replies.build_empty_outcome("final")

T = TypeVar("T")


class NewestScore(Struct, frozen=True, kw_only=True):
    """The score of an organisation in the newest revision of an edition.

    Members as in `queries.StoredNewestScore`, and these.

    Attributes:
        result_digest: Digest of the score in the document.
        document: The score document.
        review: Outcome of the review in the document, without the texts that were erased after the publication.
    """

    edition_digest: str
    revision: int
    rank_points: int
    digest: str
    result_digest: str
    document: ScoreDocument
    review: ReviewOutcome


class UnknownPublication(LookupError):
    """The edition has no revision with this number, or is not published. Raised wherever a publication is looked up."""

    def __init__(self, edition: str, revision: str) -> None:
        super().__init__(f"{edition}/{revision}")
        self.edition = edition
        self.revision = revision


class UnknownPublishedScore(LookupError):
    """The revision has no score of this organisation. Raised by `get_score`."""

    def __init__(self, edition: str, revision: str, organisation: str) -> None:
        super().__init__(f"{edition}/{revision}/{organisation}")
        self.edition = edition
        self.revision = revision
        self.organisation = organisation


class UnknownDocument(LookupError):
    """No published document has this digest. Raised by `get_document`."""


class PublicationInterrupted(Exception):
    """The process stops, so the publication was given up before any part was stored."""


class Refusal(Struct, frozen=True):
    """One reason why a publication or an approval is refused.

    `pointer` is a JSON Pointer into the request. `rule` names the reason. `value` is the value in question, None if
    there is none; `holds` is the value that applies instead, for example the right digest, and empty if there is none.
    The rules are:

    `incomplete`: another program began the revision `value`, and some of its scores are missing. `review`: the edition
    is not in review. `unsettled`: `holds` assessments are in the state `value`; `returned` ones count while they may be
    submitted again. `empty`: no assessment is final. `published`: the edition is already published, with the digest
    `holds`. `unpublished`: there is nothing published to correct. `superseded`: the newest revision has the digest
    `holds`. `corrections`: the request has no correction. `repeated`: an organisation is corrected twice. `unknown`:
    the organisation has no published score, and none that could be added, because its assessment was not returned.
    `unchanged`: the correction would not change the score. `unapproved`: another key must approve the digest `holds`.
    `same_person`: the approval by the key `value` does not count, because one person may hold it and the publisher's
    key. `another_digest`: the pending publication has the digest `holds`. `approved`: the key has approved the digest
    already.
    """

    pointer: str
    rule: Literal[
        "incomplete",
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
        "same_person",
        "another_digest",
        "approved",
    ]
    value: str | None
    holds: str = ""


class PublicationRefused(ValueError):
    """A publication or an approval is refused for all the reasons in `refusals`; nothing is stored.

    Raised by `EditionPublisher.publish` and `approve`.
    """

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        super().__init__(", ".join(refusal.rule for refusal in refusals))
        self.refusals = tuple(refusals)


class PlannedCorrection(Struct, frozen=True):
    """The correction of the assessment of one organisation, or the addition of an assessment that was left out.

    `assessment` is a merge patch with the answers, documents or profile fields to change.
    """

    organisation: str
    assessment: AssessmentPatch


class PublicationPlan(Struct, frozen=True, kw_only=True):
    """A requested publication.

    `reason` is a text that is published with it. The first publication of an edition has neither `supersedes` nor
    `corrections`. A correction has the digest of the newest revision in `supersedes` and at least one entry in
    `corrections`.
    """

    reason: str
    supersedes: str | None = None
    corrections: tuple[PlannedCorrection, ...] = ()


class UnsignedScore(Struct, frozen=True):
    """A score document before it is signed.

    `line` is the line of the score in the edition document, `form` the digest and bytes of the score document, `row`
    the row to store for it. `changed` is True if its figures differ from the figures stored with the assessment.
    """

    line: ScoreLine
    form: PackedDocument
    row: NewScore
    changed: bool


class SignedScore(Struct, frozen=True):
    """A score document after it is signed, as in `UnsignedScore`; `stored` is the document with its signature."""

    line: ScoreLine
    stored: SignedDocument
    row: NewScore
    changed: bool


class PreparedScores(Struct, frozen=True):
    """The signed scores of an edition, and the versions of the assessments and organisations behind them.

    `versions` are by organisation id. `kid` is the id of the key that signed the scores.
    """

    versions: dict[str, FinalVersion]
    scores: list[SignedScore]
    kid: str

    def keep_current(self, versions: Mapping[str, FinalVersion]) -> list[SignedScore]:
        """Return the scores that are up to date: their assessment and organisation still have the given `versions`.

        `versions` are by organisation id; a score whose organisation is absent is not returned.
        """
        return [
            scored
            for scored in self.scores
            if (name := scored.line.organisation) in versions and self.versions.get(name) == versions[name]
        ]


# --- publishing -----------------------------------------------------------------------------------------------


class EditionPublisher:
    """Service that publishes editions and their corrections; it prepares one publication at a time."""

    def __init__(
        self,
        database: Database,
        folder: Path,
        *,
        second_approver: bool = False,
        open_workers: Callable[[], AbstractContextManager[MapFunction]] = lambda: nullcontext(map_serially),
    ) -> None:
        """Create a publisher.

        Args:
            database: Database of the service.
            folder: Folder of the private signing keys.
            second_approver: True if another key must approve each publication before it is published.
            open_workers: Returns a context whose value is a function like `map`, which scores the batches of one
                preparation, possibly in other processes.
        """
        self._database = database
        self._open_workers = open_workers
        self._folder = folder
        self._second_approver = second_approver
        self._lock = threading.Lock()
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Abandon the publication that is being prepared, and refuse further publications.

        A process that stops cannot wait for the preparation of a large edition. A publication that is already being
        stored is completed.
        """
        self._stopping.set()

    def write_prepared(
        self,
        edition: str,
        plan: PublicationPlan,
        write: Callable[[PreparedScores | None], T],
        advance: Callable[[], None] = lambda: None,
        *,
        now: datetime,
    ) -> T:
        """Compute the scores of an edition, call `write` with them, and return its result.

        If `write` raises `StaleVersion`, the scores that have changed meanwhile are computed again and `write` is
        called again; any other exception of `write` is raised.

        Args:
            edition: Id of the edition.
            plan: The requested publication.
            write: Publishes the scores, usually by `publish` in a transaction. It gets None if no scores are needed,
                because the plan is a correction, is refused, or lacks its approval.
            advance: Called once for each computed score, to show progress.
            now: Current time, which decides which deadlines are over.

        Raises:
            UnknownEdition: No edition has that id.
            SigningKeyFault: The signing key cannot be used.
            Unavailable: More than `CAUGHT_UP` scores of the edition changed during each of `ATTEMPTS` computations.
            PublicationInterrupted: The process stops.
            WorkerEnded: A worker process that computed scores was killed.
        """
        prepared: PreparedScores | None = None
        # One at a time: a preparation may use every core.
        with self._lock:
            for _ in range(ATTEMPTS):
                prepared = self._prepare(edition, plan, prepared, advance, now)
                with suppress(StaleVersion):
                    return write(prepared)
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
        """Publish an edition, or a correction of it, in a writing session; return the stored publication.

        `prepared` is the value that `write_prepared` passes to `write`: the scores, or None for a correction. `event`
        says who publishes; it is recorded in the ledger with the path and the digest of the new publication.

        Raises:
            UnknownEdition: No edition has that id.
            PublicationRefused: The plan is refused; the exception has the reasons.
            StaleVersion: Too much of the edition has changed since its scores were computed.
            SigningKeyFault: The signing key cannot be used.
            IdentifierIsAlias: A correction names an organisation by an alias.
            MethodologyMismatch: A correction is for another methodology version.
            NotSubmittable: A corrected assessment has findings of severity `error`.
        """
        record = editions.find(session, edition)
        editions.lock(session, record)
        newest = queries.get(session, record.id)
        self._check(session, record, newest, plan, event, now)
        signer = ledger.load_signer(session, self._folder)
        revision = _Revision(session, record, plan, newest, signer, ledger.compute_signing_time(session, signer, now))
        if newest is None:
            revision.publish(prepared)
        else:
            revision.correct(newest)
        return revision.close(event)

    def check_plan(
        self, session: Session, edition: str, plan: PublicationPlan, event: ledger.Event, *, now: datetime
    ) -> int:
        """Check a publication that is to become a job, and return the number of scores that it has to compute.

        `event` is the ledger entry that says who publishes.

        Raises:
            UnknownEdition: No edition has that id.
            PublicationRefused: The plan is refused for a reason that is known before any score is computed.
        """
        record = editions.find(session, edition)
        newest = queries.get(session, record.id)
        self._check(session, record, newest, plan, event, now)
        return len(plan.corrections) if newest is not None else len(queries.list_versions(session, record.id))

    def _check(
        self,
        session: Session,
        record: editions.EditionRecord,
        newest: PublicationRecord | None,
        plan: PublicationPlan,
        event: ledger.Event,
        now: datetime,
    ) -> None:
        """Raise `PublicationRefused` if a plan is refused, or lacks its approval."""
        if refusals := _list_refusals(session, record, newest, plan, now):
            raise PublicationRefused(refusals)
        if not self._second_approver:
            return
        digest = approvals.compute_pending_digest(session, record, newest, plan)
        actor = None if event.actor is None else event.actor.key
        discounted = approvals.find_missing_approval(session, record.id, digest, actor)
        if discounted is not None:
            same_person = (Refusal("", "same_person", key) for key in discounted)
            raise PublicationRefused([Refusal("", "unapproved", None, digest), *same_person])

    def _prepare(
        self,
        edition: str,
        plan: PublicationPlan,
        before: PreparedScores | None,
        advance: Callable[[], None],
        now: datetime,
    ) -> PreparedScores | None:
        """Return the signed scores of an edition in review; those in `before` that did not change are kept.

        Return None if the plan is refused, is a correction, or needs an approval that is missing. `advance` is called
        once for each computed score.
        """
        self._check_stop()
        with self._database.read() as session:
            record = editions.find(session, edition)
            if _list_refusals(session, record, queries.get(session, record.id), plan, now):
                return None
            if record.state != "in_review":
                return None
            # Read before the scores: one that is written meanwhile then counts as changed.
            versions = queries.list_versions(session, record.id)
            signer = ledger.load_signer(session, self._folder)
            digest = approvals.compute_pending_digest(session, record, None, plan)
            if self._second_approver and not queries.list_approvals_of_digest(session, record.id, digest):
                return None
        score = partial(_score_batch, record.id, record.methodology)
        scores = [] if before is None or before.kid != signer.kid else before.keep_current(versions)
        kept = {scored.line.organisation for scored in scores}
        changed = [name for name in versions if name not in kept]
        with self._open_workers() as map_batches:
            for batch in map_batches(score, self._iterate_batches(record.id, changed)):
                self._check_stop()
                for unsigned in batch:
                    # Signed here: the private key stays in this process.
                    scores.append(_sign(unsigned, signer))
                    advance()
        return PreparedScores(versions, scores, signer.kid)

    def _check_stop(self) -> None:
        if self._stopping.is_set():
            raise PublicationInterrupted

    def _iterate_batches(
        self, edition: str, organisations: Sequence[str]
    ) -> Iterator[list[tuple[FinalSubmission, ReviewOutcome]]]:
        """Yield final submissions of an edition with the outcomes of their reviews, at most `BATCH` at a time."""
        for start in range(0, len(organisations), BATCH):
            with self._database.read() as session:
                batch = _list_final(session, edition, organisations[start : start + BATCH])
            yield batch


def approve(
    session: Session, edition: str, plan: PublicationPlan, digest: str, principal: access.Principal, *, now: datetime
) -> approvals.Approval:
    """Approve a pending publication in a writing session, and return the approval.

    `plan` is the publication that is to be requested, `digest` identifies it together with the stored data. `principal`
    is the caller, whose key approves it.

    Raises:
        UnknownEdition: No edition has that id.
        PublicationRefused: The plan is refused, the pending publication has another digest than `digest`, or the key
            has approved `digest` before.
        StaleVersion: The edition was changed during the call.
    """
    record = editions.find(session, edition)
    editions.lock(session, record)
    newest = queries.get(session, record.id)
    if refusals := _list_refusals(session, record, newest, plan, now):
        raise PublicationRefused(refusals)
    pending_digest = approvals.compute_pending_digest(session, record, newest, plan)
    if digest != pending_digest:
        raise PublicationRefused([Refusal("/digest", "another_digest", digest, pending_digest)])
    approval = approvals.add_approval(session, record.id, pending_digest, principal, now=now)
    if approval is None:
        raise PublicationRefused([Refusal("", "approved", None)])
    return approval


def _list_refusals(
    session: Session,
    record: editions.EditionRecord,
    newest: PublicationRecord | None,
    plan: PublicationPlan,
    now: datetime,
) -> tuple[Refusal, ...]:
    """Return the reasons to refuse a plan that are known without computing any score.

    `newest` is the newest publication of the edition, None if it was never published. `now` decides which deadlines
    are over.
    """
    incomplete = queries.find_incomplete_revision(session, record.id)
    if incomplete is not None:
        return (Refusal("", "incomplete", str(incomplete.revision)),)
    if newest is None:
        refusals = [
            Refusal(f"/{name}", "unpublished", None)
            for name, value in (("supersedes", plan.supersedes), ("corrections", plan.corrections))
            if value
        ]
        if record.state != "in_review":
            return (Refusal("", "review", record.state), *refusals)
        unsettled = transitions.count_unsettled(session, record, now=now)
        return (*(Refusal("", "unsettled", state, str(unsettled[state])) for state in sorted(unsettled)), *refusals)
    if plan.supersedes is None:
        return (Refusal("", "published", None, newest.digest),)
    if plan.supersedes != newest.digest:
        return (Refusal("/supersedes", "superseded", plan.supersedes, newest.digest),)
    if not plan.corrections:
        return (Refusal("/corrections", "corrections", None),)
    organisations = [correction.organisation for correction in plan.corrections]
    return tuple(
        Refusal(f"/corrections/{number}/organisation", "repeated", name)
        for number, name in enumerate(organisations)
        if name in organisations[:number]
    )


def _list_final(
    session: Session, edition: str, organisations: Sequence[str]
) -> list[tuple[FinalSubmission, ReviewOutcome]]:
    """List the final submissions of organisations in an edition, each with the outcome of its review."""
    submissions = queries.list_submissions(session, edition, organisations)
    outcomes = replies.list_outcomes(session, edition, [submission.organisation.id for submission in submissions])
    return [(submission, outcomes.get(submission.organisation.id, _UNREVIEWED)) for submission in submissions]


def _sign(unsigned: UnsignedScore, signer: ledger.Signer) -> SignedScore:
    stored = SignedDocument(unsigned.form, signer.sign(unsigned.form.text))
    return SignedScore(unsigned.line, stored, unsigned.row, unsigned.changed)


def _score_batch(
    edition: str, version: str, batch: Sequence[tuple[FinalSubmission, ReviewOutcome]]
) -> list[UnsignedScore]:
    """Score a batch of final submissions of an edition under the methodology `version`.

    This may run in another process, so all arguments can be pickled.
    """
    methodology = load_methodology(version)
    return [_score_submission(edition, methodology, final, review) for final, review in batch]


def _score_submission(
    edition: str, methodology: Methodology, final: FinalSubmission, review: ReviewOutcome
) -> UnsignedScore:
    evaluation = evaluate(methodology, final.submission)
    score = explain_evaluation(evaluation, final.submission)
    document = build_score_document(edition, final.organisation, final.submission, score, review)
    form = pack_document(document)
    row = _build_row(document, form.digest, final.name_order, assessments.figure_columns(evaluation))
    return UnsignedScore(build_score_line(document, form.digest), form, row, row.figures != final.figures)


def _build_row(document: ScoreDocument, digest: str, name_order: str, figures: dict[str, object]) -> NewScore:
    return NewScore(
        digest=digest,
        organisation=document.organisation,
        name_order=name_order,
        figures=figures,
        submission=msgspec.json.encode(document.submission, order="deterministic"),
    )


class _CorrectedAssessment(Struct, frozen=True):
    """An assessment that a revision corrects.

    `line` is the line of its score in the edition document, `stored` its signed score document, `document` the same
    document as a Struct, and `row` the row that is stored of it.
    """

    preview: assessments.CorrectionPreview
    line: ScoreLine
    stored: SignedDocument
    document: ScoreDocument
    row: NewScore


class _Revision:
    """A revision that is being built, in a writing session that holds the lock on its edition."""

    def __init__(
        self,
        session: Session,
        record: editions.EditionRecord,
        plan: PublicationPlan,
        newest: PublicationRecord | None,
        signer: ledger.Signer,
        now: datetime,
    ) -> None:
        self._session = session
        self._record = record
        self._plan = plan
        self._signer = signer
        self._now = now
        self._number = 1 if newest is None else newest.revision + 1
        self._methodology = load_methodology(record.methodology)
        self._scores: tuple[ScoreLine, ...] = ()
        self._prepared: Sequence[SignedScore] = ()
        self._correcting: list[_CorrectedAssessment] = []
        self._corrections: list[Correction] = []
        self._corrected: list[CorrectedScore] = []

    def publish(self, prepared: PreparedScores | None) -> None:
        """Store the documents of the first revision and mark the edition as published.

        Raises:
            StaleVersion: `prepared` is None, more than `CAUGHT_UP` scores have changed since they were computed, or the
                signing key has.
            PublicationRefused: There is no score.
        """
        session, record = self._session, self._record
        if prepared is None:
            raise StaleVersion
        # Otherwise the edition would be signed by the new key, but its scores by one that may be compromised since.
        if prepared.kid != self._signer.kid:
            raise StaleVersion
        scores = self._catch_up(prepared)
        if not scores:
            raise PublicationRefused([Refusal("", "empty", None)])
        for scored in scores:
            if scored.changed:
                assessments.update_figures(session, record.id, scored.line.organisation, scored.row.figures)
        self._prepared = sorted(scores, key=lambda scored: scored.line.organisation)
        self._store_documents([scored.line for scored in self._prepared], [scored.stored for scored in self._prepared])
        editions.publish(session, record, now=self._now)

    def _catch_up(self, prepared: PreparedScores) -> list[SignedScore]:
        """Return the prepared scores, with those computed anew whose assessment or organisation changed since."""
        versions = queries.list_versions(self._session, self._record.id)
        scores = prepared.keep_current(versions)
        kept = {scored.line.organisation for scored in scores}
        changed = [name for name in versions if name not in kept]
        if len(changed) > CAUGHT_UP:
            raise StaleVersion
        final = _list_final(self._session, self._record.id, changed)
        anew = _score_batch(self._record.id, self._record.methodology, final)
        return [*scores, *(_sign(unsigned, self._signer) for unsigned in anew)]

    def correct(self, newest: PublicationRecord) -> None:
        """Store the documents of a revision that corrects some scores of the previous one, `newest`, or adds some.

        Raises `PublicationRefused` if an organisation has no published score and was not returned, or if a correction
        changes nothing.
        """
        edition = parse_edition(_load_document(self._session, newest.digest).form.text)
        lines = {score.organisation: score for score in edition.scores}
        submitted = (
            assessments.find_left_out(self._session, self._record.id, correction.organisation)
            for correction in self._plan.corrections
            if correction.organisation not in lines
        )
        left_out = {record.organisation: record for record in submitted if record is not None}
        unknown = [
            Refusal(f"/corrections/{number}/organisation", "unknown", correction.organisation)
            for number, correction in enumerate(self._plan.corrections)
            if correction.organisation not in lines and correction.organisation not in left_out
        ]
        if unknown:
            raise PublicationRefused(unknown)
        unchanged: list[Refusal] = []
        for number, correction in enumerate(self._plan.corrections):
            former = lines.get(correction.organisation)
            before, outcome = (
                self._load_left_out(left_out[correction.organisation])
                if former is None
                else self._load_published(correction.organisation, former)
            )
            corrected = self._preview_correction(number, correction, before, outcome)
            if former is not None and self._is_unchanged(former, corrected):
                unchanged.append(Refusal(f"/corrections/{number}/assessment", "unchanged", correction.organisation))
                continue
            self._correcting.append(corrected)
            lines[correction.organisation] = corrected.line
            self._record_correction(former, corrected)
        if unchanged:
            raise PublicationRefused(unchanged)
        self._store_documents(list(lines.values()), [corrected.stored for corrected in self._correcting])

    def close(self, event: ledger.Event) -> PublicationRecord:
        """Store the edition document, the ledger entry, the checkpoint, the publication and its scores.

        Return the publication. Nothing that is inserted here is changed afterwards, not even in this transaction.
        """
        session, record = self._session, self._record
        checkpoint = queries.get_last_note(session)
        document = EditionDocument(
            edition=record.id,
            revision=self._number,
            supersedes=self._plan.supersedes,
            reason=self._plan.reason,
            published=self._now,
            titles=record.titles,
            simulated=record.simulated,
            period_from=record.period_from,
            period_to=record.period_to,
            windows=record.windows,
            calendar=record.calendar,
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
        members = [form.member, *self._list_members()]
        details = {"edition": record.id, "revision": self._number, "digest": form.digest}
        subject = f"/v1/editions/{record.id}/publications/{self._number}"
        # The header contains the checkpoint, which covers the entry: hence this order.
        entry = ledger.append_entry(session, structs.replace(event, subject=subject, details=details), now=self._now)
        signed = ledger.make_checkpoint(session, self._signer, self._now)
        keys = [
            BundleKey(
                x=key.public,
                kid=key.kid,
                created=key.created,
                retired=UNSET if key.retired is None else key.retired,
                compromised_since=UNSET if key.compromised_since is None else key.compromised_since,
            )
            for key in ledger.list_signing_keys(session)
        ]
        header = build_header(form, jws, signed.note, keys)
        bundle_hash = hashlib.sha256(header)
        for member in members:
            bundle_hash.update(member)
        queries.insert_publication(
            session,
            queries.NewPublication(
                edition=record.id,
                revision=self._number,
                digest=form.digest,
                published=self._now,
                reason=self._plan.reason,
                supersedes=self._plan.supersedes,
                actor=None if event.actor is None else event.actor.key,
                organisations=len(self._scores),
                corrections=tuple(sorted(self._corrected, key=lambda score: score.organisation)),
                entry=entry.seq,
                checkpoint=signed.size,
                header=header,
                bundle_digest=bundle_hash.hexdigest(),
                bundle_size=len(header) + sum(map(len, members)),
            ),
        )
        self._insert_scores()
        self._announce(form.digest, subject)
        return find(session, record.id, str(self._number))

    def _announce(self, digest: str, publication: str) -> None:
        """Announce the edition, or each score that the revision corrects or adds, to webhooks."""
        if not self._corrected:
            event = webhooks.EditionPublished(
                edition=self._record.id,
                revision=self._number,
                digest=digest,
                organisations=len(self._scores),
                publication=publication,
                document=_format_document_path(digest),
            )
            webhooks.announce(self._session, event, now=self._now)
        for score in self._corrected:
            correction = webhooks.ScoreCorrected(
                edition=self._record.id,
                revision=self._number,
                organisation=score.organisation,
                before=score.before,
                after=score.after,
                publication=publication,
                document=_format_document_path(score.after),
            )
            webhooks.announce(self._session, correction, now=self._now)

    def _store_documents(self, lines: list[ScoreLine], documents: list[SignedDocument]) -> None:
        self._scores = rank_scores(lines)
        queries.insert_documents(self._session, "score", documents)

    def _list_members(self) -> list[bytes]:
        """Return each score document of this revision as a gzip member, ordered by organisation id."""
        if self._prepared:
            return [scored.stored.form.member for scored in self._prepared]
        members = dict(_iterate_members(self._session, self._record.id, self._number - 1))
        members |= {corrected.line.organisation: corrected.stored.form.member for corrected in self._correcting}
        return [members[line.organisation] for line in self._scores]

    def _insert_scores(self) -> None:
        """Insert the corrections of this revision, then its scores in the order of their ordinals."""
        if self._prepared:
            rows = [scored.row for scored in self._prepared]
            queries.insert_scores(self._session, self._record.id, self._number, rows)
            return
        for corrected in self._correcting:
            assessments.store_correction(self._session, corrected.preview, self._number, now=self._now)
        ordinals = {line.organisation: ordinal for ordinal, line in enumerate(self._scores, 1)}
        replaced = {ordinals[corrected.line.organisation]: corrected.row for corrected in self._correcting}
        added = [ordinals[score.organisation] for score in self._corrected if score.before is None]
        queries.copy_scores(self._session, self._record.id, self._number, replaced, added)

    def _preview_correction(
        self, number: int, correction: PlannedCorrection, before: AssessmentRecord, outcome: ReviewOutcome
    ) -> _CorrectedAssessment:
        """Compute a correction without storing it.

        `number` is the position of the correction in the request, from 0. `before` is the assessment to be corrected,
        and `outcome` that of its review. Verdicts on answers that the correction changes no longer count, and are left
        out of the document.
        """
        preview = assessments.preview_correction(
            self._session,
            self._record,
            before,
            {verdict.indicator: verdict.verdict for verdict in outcome.verdicts},
            correction.assessment,
            pointer=f"/corrections/{number}/assessment",
            now=self._now,
        )
        organisation, name_order = queries.describe_organisation(self._session, correction.organisation)
        submission = preview.record.submission
        score = explain_evaluation(preview.evaluation, submission)
        # What was erased is not signed again.
        shown = replies.load_shown_review(self._session, self._record.id, correction.organisation, outcome)
        review = structs.replace(shown, verdicts=self._merge_verdicts(shown.verdicts, preview))
        document = build_score_document(self._record.id, organisation, submission, score, review)
        form = pack_document(document)
        line = build_score_line(document, form.digest)
        stored = SignedDocument(form, self._signer.sign(form.text))
        figures = assessments.figure_columns(preview.evaluation)
        row = _build_row(document, line.document, name_order, figures)
        return _CorrectedAssessment(preview, line, stored, document, row)

    def _load_published(self, organisation: str, line: ScoreLine) -> tuple[AssessmentRecord, ReviewOutcome]:
        """Return the assessment of a published score, and the outcome of its review."""
        former = parse_score(_load_document(self._session, line.document).form.text)
        record = transitions.require_assessment(self._session, self._record.id, organisation)
        # Taken from the document and not built from rows again: texts in the rows may have been erased since.
        return structs.replace(record, submission=former.submission), former.review

    def _is_unchanged(self, former: ScoreLine, corrected: _CorrectedAssessment) -> bool:
        """Return True if a corrected document equals the published one, apart from texts that were erased since."""
        document = parse_score(_load_document(self._session, former.document).form.text)
        review = replies.load_shown_review(self._session, self._record.id, former.organisation, document.review)
        return corrected.document == structs.replace(document, review=review)

    def _load_left_out(self, submitted: AssessmentRecord) -> tuple[AssessmentRecord, ReviewOutcome]:
        """Return an assessment to add, which was left out as `submitted`, and the outcome of its review.

        Verdicts and the overall review count only if the organisation could reply to them.
        """
        heard = transitions.load_lifecycle(self._session, self._record, submitted).find_end_of_hearing()
        review = reviews.collect_heard(self._session, submitted, heard)
        record = structs.replace(assessments.replace_review(submitted, review), state="final")
        return record, replies.load_outcome(self._session, record)

    def _merge_verdicts(
        self, published: Sequence[CountedVerdict], preview: assessments.CorrectionPreview
    ) -> tuple[CountedVerdict, ...]:
        """Return the published verdicts on answers that a correction does not change, and those that count on others.

        The latter are on answers that were judged, corrected, and are what they were again.
        """
        merged = [verdict for verdict in published if verdict.indicator not in preview.changed] + [
            verdict
            for verdict in replies.load_outcome(self._session, preview.record).verdicts
            if verdict.indicator in preview.changed
        ]
        order = {node.id: number for number, node in enumerate(walk_indicators(self._methodology.document.root))}
        return tuple(sorted(merged, key=lambda verdict: order[verdict.indicator]))

    def _record_correction(self, before: ScoreLine | None, corrected: _CorrectedAssessment) -> None:
        """Add a corrected score to the lists of corrections of the new edition document and of the new publication.

        `before` is the old line of the score, None if the score is added. The entry in the edition document names the
        changed answers and has the difference in points.
        """
        after, answers = corrected.line, tuple(sorted(corrected.preview.changed))
        self._corrections.append(
            Correction(
                organisation=after.organisation,
                before=None if before is None else before.document,
                after=after.document,
                answers=answers,
                change=None if before is None else self._decompose_change(before, corrected.document),
            )
        )
        self._corrected.append(
            CorrectedScore(
                organisation=after.organisation,
                before=None if before is None else before.document,
                after=after.document,
                index_before=None if before is None else before.index,
                index_after=after.index,
                level_before=None if before is None else before.level,
                level_after=after.level,
                answers=answers,
            )
        )

    def _decompose_change(self, before: ScoreLine, document: ScoreDocument) -> ChangeDecomposition:
        former = parse_score(_load_document(self._session, before.document).form.text)
        former_methodology = load_methodology(former.score.methodology.version)
        return decompose_change(former_methodology, former.submission, self._methodology, document.submission)


def _format_document_path(digest: str) -> str:
    return f"/v1/published/{digest}"


# --- reading --------------------------------------------------------------------------------------------------


def list_page(database: Database, edition: str, page: PageRange[int]) -> list[PublicationRecord]:
    """List the publications of an edition, newest first.

    Raises `UnknownEdition` if there is no such edition.
    """
    with database.read() as session:
        return queries.list_page(session, editions.find(session, edition).id, page)


def get(database: Database, edition: str, revision: str) -> PublicationRecord:
    """Return a publication of an edition; `revision` is a number or `latest`.

    Raises:
        UnknownEdition: No edition has that id.
        UnknownPublication: The edition has no such revision.
    """
    with database.read() as session:
        return find(session, editions.find(session, edition).id, revision)


def find(session: Session, edition: str, revision: str) -> PublicationRecord:
    """Return a publication within a session; `revision` is a number or `latest`.

    Raises `UnknownPublication` if the edition has no such revision.
    """
    number = _parse_revision(edition, revision)
    record = queries.get(session, edition, number)
    if record is None:
        raise UnknownPublication(edition, revision)
    return record


def count_editions(database: Database) -> int:
    """Count the editions that are published."""
    with database.read() as session:
        return len(queries.list_published_editions(session))


def get_document(database: Database, digest: str) -> SignedDocument:
    """Return the published document with this digest. Raises `UnknownDocument` if there is none."""
    with database.read() as session:
        return _load_document(session, digest)


def get_score(
    database: Database, edition: str, revision: str, organisation: str
) -> tuple[PublicationRecord, SignedDocument]:
    """Return the publication and the document of a score in a revision; `revision` is a number or `latest`.

    Raises:
        UnknownEdition: No edition has that id.
        UnknownPublication: The edition has no such revision.
        UnknownPublishedScore: The revision has no score of that organisation.
    """
    with database.read() as session:
        record = find(session, editions.find(session, edition).id, revision)
        stored = queries.get_score(session, record.edition, organisation, record.revision)
    if stored is None:
        raise UnknownPublishedScore(record.edition, revision, organisation)
    return record, stored


def get_newest_score(session: Session, edition: str, organisation: str) -> NewestScore | None:
    """Return the score of an organisation in the newest revision of an edition; `edition` must be an id, not `latest`.

    Return None if the edition is not published, or does not score the organisation.
    """
    stored = queries.get_newest_score(session, edition, organisation)
    if stored is None:
        return None
    score = _unpack_newest_score(stored)
    if stored.has_erasures:
        review = replies.load_shown_review(session, edition, organisation, score.review)
        return structs.replace(score, review=review)
    return score


def read_unerased_score(database: Database, edition: str, organisation: str) -> NewestScore | None:
    """Read the score of an organisation in the newest revision of an edition, if nothing of its review was erased.

    The score is read without a session, in half the time of `get_newest_score`. Return None if the edition is not
    published, does not score the organisation, or texts of the review may have been erased since; `get_newest_score`
    returns the score without these texts.
    """
    stored = queries.read_newest_score(database, edition, organisation)
    return None if stored is None or stored.has_erasures else _unpack_newest_score(stored)


def _unpack_newest_score(stored: queries.StoredNewestScore) -> NewestScore:
    """Return a stored score with the review as it was published."""
    text = unpack_line(stored.member)
    document = parse_score(text)
    return NewestScore(
        edition_digest=stored.edition_digest,
        revision=stored.revision,
        rank_points=stored.rank_points,
        digest=stored.digest,
        result_digest=digest_score(text),
        document=document,
        review=document.review,
    )


def get_texts(database: Database, edition: str, revision: int, organisations: Sequence[str]) -> dict[str, bytes]:
    """Return the exact bytes of score documents in an existing revision, by organisation id.

    Organisations without a score in the revision are absent.
    """
    texts: dict[str, bytes] = {}
    for start in range(0, len(organisations), queries.BATCH_ROWS):
        with database.read() as session:
            texts |= queries.get_document_bytes(
                session, edition, revision, organisations[start : start + queries.BATCH_ROWS]
            )
    return texts


def stream_bundle(database: Database, edition: str, revision: int) -> Iterator[bytes]:
    """Yield the bytes of the bundle of an existing publication, piece by piece.

    Each piece is one or more complete gzip members. No database session stays open between two pieces.
    """
    with database.read() as session:
        pieces = queries.get_header(session, edition, revision)
    yield b"".join(pieces)
    after = ""
    # One session for each part, so that a slow client does not keep a session open.
    while True:
        with database.read() as session:
            members = queries.list_members(session, edition, revision, after)
        if not members:
            return
        yield b"".join(member for _, member in members)
        after = members[-1][0]


def _iterate_members(session: Session, edition: str, revision: int) -> Iterator[tuple[str, bytes]]:
    """Yield each score document of a revision as a gzip member, after its organisation and ordered by it."""
    members = queries.list_members(session, edition, revision, "")
    while members:
        yield from members
        members = queries.list_members(session, edition, revision, members[-1][0])


def _load_document(session: Session, digest: str) -> SignedDocument:
    document = queries.get_document(session, digest)
    if document is None:
        raise UnknownDocument(digest)
    return document


def _parse_revision(edition: str, revision: str) -> int | None:
    if revision == LATEST:
        return None
    number = parse_number(revision)
    if number is None:
        raise UnknownPublication(edition, revision)
    return number
