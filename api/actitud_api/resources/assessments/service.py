"""Use cases over assessments: the answers of an organisation in an edition, checked and scored in the same write.

Functions that write take a writing session, a test of the stored version (`expected` returns True for the version in
the client's `If-Match`) and the current time.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

import msgspec
from msgspec import Struct, structs

from actitud_api.engine.methodology.digests import compute_digest
from actitud_api.engine.methodology.loader import Methodology, list_versions, load_methodology
from actitud_api.engine.methodology.predicates import round_half_up, walk_indicators
from actitud_api.engine.methodology.requests.answers import Submission
from actitud_api.engine.methodology.requests.content import (
    Answer,
    AssessmentContent,
    AssessmentPatch,
    AssessmentRequest,
    Evidence,
    apply_patch,
    build_assessment_types,
    to_content,
)
from actitud_api.engine.scoring.evaluate import Evaluation, Status, evaluate
from actitud_api.engine.scoring.explain import list_findings as engine_findings
from actitud_api.engine.scoring.ranking import compute_rank_points
from actitud_api.engine.scoring.result import COVERAGE_DECIMALS, Finding
from actitud_api.platform.storage.database import Database, Session
from actitud_api.platform.storage.numbers import parse_number
from actitud_api.platform.storage.pages import PageRange
from actitud_api.platform.storage.versions import Expected, StaleVersion
from actitud_api.resources.assessments import queries
from actitud_api.resources.assessments.evidence import EvidenceFinding, build_context, derive_submission
from actitud_api.resources.assessments.evidence import check_documents as evidence_findings
from actitud_api.resources.assessments.lifecycle import (
    AssessmentState,
    InvalidTransition,
    Lifecycle,
)
from actitud_api.resources.assessments.queries import StoredRow
from actitud_api.resources.assessments.queries import clear_edition as clear_edition
from actitud_api.resources.assessments.queries import record_erasure as record_erasure
from actitud_api.resources.assessments.queries import update_figures as update_figures
from actitud_api.resources.assessments.records import (
    AnswerSupport,
    AssessmentRecord,
    AssessmentRow,
    AssessmentSupport,
    Erasure,
    SubmissionRecord,
)
from actitud_api.resources.assessments.reviewed_submission import (
    AppliedReview,
    Verdict,
    apply_review,
    digest_answer,
    remove_review,
)
from actitud_api.resources.assessments.tables import DIMENSIONS
from actitud_api.resources.assessments.transitions import (
    LockedAssessment,
    UnknownAssessment,
    ensure_expected,
    load_lifecycle,
    record_transition,
    require_assessment,
)
from actitud_api.resources.editions import service as editions
from actitud_api.resources.organisations import service as organisations

REQUEST_TYPES: Final = {version: build_assessment_types(load_methodology(version)) for version in list_versions()}
"""For each methodology version, the request types of a whole assessment and of a patch.

Decoding into these types refuses unknown members.
"""

_SALT_BYTES: Final = 16

_FIRST_ZONE_OFFSET = timedelta(hours=14)
"""Hours by which the first time zone is ahead of UTC.

The date of a document is in the future only if that day has not begun in any time zone.
"""


class UnknownSubmission(LookupError):
    """The assessment has no submission with this number. Raised by `get_submission`."""

    def __init__(self, number: str) -> None:
        super().__init__(number)
        self.number = number


class MethodologyMismatch(ValueError):
    """A request contains answers for another methodology version than that of the edition.

    Raised by every use case that writes answers. `pointer` is the JSON Pointer of the assessment in the request, empty
    if the assessment is the whole body.
    """

    def __init__(self, sent: str, required: str, pointer: str = "") -> None:
        super().__init__(f"{sent} instead of {required}")
        self.sent = sent
        self.required = required
        self.pointer = pointer


class NotSubmittable(ValueError):
    """An assessment has findings of severity `error`, or explanations for warnings that it does not have.

    Raised when an assessment is submitted or corrected; nothing is stored. `errors` are the findings of severity
    `error`, with the `methodology` that has their texts. `unneeded` lists the rules that were explained although there
    is no warning for them. `pointer` is the JSON Pointer of the assessment in the request, empty if it is not there.
    """

    def __init__(
        self, methodology: Methodology, errors: Findings, unneeded: tuple[str, ...], pointer: str = ""
    ) -> None:
        super().__init__(f"{len(errors)} errors, {len(unneeded)} explanations without a warning")
        self.methodology = methodology
        self.errors = errors
        self.unneeded = unneeded
        self.pointer = pointer


Findings = tuple[Finding | EvidenceFinding, ...]
"""The contradictions between the facts of an assessment, then the faults of its documents."""


class AssessmentFigures(Struct, frozen=True, kw_only=True):
    """The figures of an assessment as integers.

    `index` and `index_max` are the lower and upper bound of the index, in units of 10^-decimals of the methodology
    (with 2 decimals, 5734 means 57.34 points); `coverage` is in ten-thousandths (7500 means 75 %). A figure is None
    if the assessment has none.
    """

    status: Status
    level: int | None
    index: int | None
    index_max: int | None
    coverage: int | None


class EvaluatedAssessment(Struct, frozen=True):
    """A stored assessment with its evaluation, which has all figures that the engine computes from it.

    `created` is True if the call that returned it inserted the assessment, False if it changed an existing one.
    """

    record: AssessmentRecord
    evaluation: Evaluation
    created: bool = False


class EvaluatedSubmission(Struct, frozen=True):
    """A stored submission with its evaluation, which has all figures that the engine computes from it."""

    record: SubmissionRecord
    evaluation: Evaluation


class CorrectionPreview(Struct, frozen=True):
    """A corrected assessment that is not stored yet.

    `preview_correction` returns it and `store_correction` stores it. `record` and `evaluation` are the corrected
    assessment and its evaluation. `rules` are the ids of the rules of its findings. `changed` are the ids of the
    indicators whose answers the correction adds, changes or removes.
    """

    record: AssessmentRecord
    evaluation: Evaluation
    rules: frozenset[str]
    changed: frozenset[str]


# --- reading --------------------------------------------------------------------------------------------------


def list_assessments(
    database: Database,
    edition: str,
    page: PageRange[str],
    *,
    among: Collection[str] | None,
    state: AssessmentState | None,
) -> list[AssessmentRow]:
    """List assessments of an edition, ordered by organisation id.

    `among` keeps only these organisations, `state` only assessments in this state; None does not filter.

    Raises:
        UnknownEdition: There is no such edition.
    """
    with database.read() as session:
        return queries.list_page(session, editions.find(session, edition).id, page, among=among, state=state)


def get_assessment(database: Database, edition: str, organisation: str) -> AssessmentRecord:
    """Return the assessment of an organisation in an edition.

    Raises:
        UnknownEdition: There is no such edition.
        UnknownAssessment: The organisation has no assessment in the edition.
        IdentifierIsAlias: `organisation` is an alias; the exception has the id to use.
    """
    with database.read() as session:
        return find_assessment(session, edition, organisation)


def find_assessment(session: Session, edition: str, organisation: str) -> AssessmentRecord:
    """Return the assessment of an organisation in an edition within a session.

    Raises:
        UnknownEdition, UnknownAssessment: There is no such edition, or no such assessment in it.
        IdentifierIsAlias: `organisation` is an alias; the exception has the id to use.
    """
    return require_assessment(session, editions.find(session, edition).id, organisation)


def list_submissions(
    database: Database, edition: str, organisation: str, page: PageRange[int]
) -> list[SubmissionRecord]:
    """List the submissions of an assessment, oldest first.

    Raises:
        UnknownEdition, UnknownAssessment: There is no such edition, or no such assessment in it.
        IdentifierIsAlias: `organisation` is an alias; the exception has the id to use.
    """
    with database.read() as session:
        record = require_assessment(session, editions.find(session, edition).id, organisation)
        return queries.list_submissions(session, record.edition, record.organisation, page)


def get_submission(database: Database, edition: str, organisation: str, number: str) -> SubmissionRecord:
    """Return a submission of an assessment by its number.

    Raises:
        UnknownEdition, UnknownAssessment: There is no such edition, or no such assessment in it.
        IdentifierIsAlias: `organisation` is an alias; the exception has the id to use.
        UnknownSubmission: The assessment has no submission with that number.
    """
    with database.read() as session:
        record = require_assessment(session, editions.find(session, edition).id, organisation)
        value = parse_number(number)
        submission = (
            None if value is None else queries.find_submission(session, record.edition, record.organisation, value)
        )
    if submission is None:
        raise UnknownSubmission(number)
    return submission


def rebuild_content(stored: AssessmentRecord | SubmissionRecord) -> AssessmentContent:
    """Return the content of a stored assessment or submission as a client would send it.

    Facts and profile fields that only assessors set are left out, because clients cannot send them.
    """
    document = load_methodology(stored.methodology).document
    by_id = {indicator.id: indicator for indicator in walk_indicators(document.root)}
    support = stored.evidence.answers
    return AssessmentContent(
        profile={
            field.name: stored.submission.profile[field.name]
            for field in document.profile
            if field.set_by == "organisation"
        },
        profile_evidence=stored.evidence.profile,
        profile_sources=stored.evidence.profile_sources,
        answers={
            name: Answer(
                facts={fact.name: facts[fact.name] for fact in by_id[name].facts if fact.set_by == "organisation"},
                evidence=support[name].evidence if name in support else (),
                note=support[name].note if name in support else None,
                source=support[name].source if name in support else None,
            )
            for name, facts in stored.submission.answers.items()
        },
    )


def digest_answers(content: AssessmentContent, support: AssessmentSupport) -> dict[str, str]:
    """Return the digests of the answers in the content of an assessment, by indicator.

    `support` has the seals (salted SHA-256) of the documents and notes of the answers.
    """
    return {
        name: digest_answer(answer.facts, support.answers.get(name, AnswerSupport()).seal)
        for name, answer in content.answers.items()
    }


def find_assessments(session: Session, edition: str, organisations: Collection[str]) -> dict[str, AssessmentRecord]:
    """Return the assessments of these organisations in an edition, by organisation id.

    Organisations without an assessment are absent.
    """
    return {record.organisation: record for record in queries.get_many(session, edition, organisations)}


def valid_evidence(stored: AssessmentRecord, indicator: str) -> tuple[Evidence, ...]:
    """Return the documents of an answer that counted as evidence when the assessment was last written.

    `indicator` is the id of the indicator. The result is empty if the indicator has no answer.
    """
    support = stored.evidence.answers.get(indicator)
    # A finding points at a member of its document (`…/evidence/0/url`), so the parent is the document.
    invalid = {
        finding.pointer.rpartition("/")[0] for finding in stored.evidence.findings if finding.severity == "error"
    }
    return tuple(
        document
        for number, document in enumerate(() if support is None else support.evidence)
        if f"/answers/{indicator}/evidence/{number}" not in invalid
    )


def evaluate_stored(stored: AssessmentRecord | SubmissionRecord) -> Evaluation:
    """Evaluate a stored assessment or submission under the methodology version that it was written for."""
    return evaluate(load_methodology(stored.methodology), stored.submission)


def list_findings(evaluation: Evaluation, support: AssessmentSupport) -> Findings:
    """Return all findings about an assessment: the contradictions between its facts, then the faults of its documents.

    `evaluation` holds the contradictions, in the order of the methodology's rules; `support` holds the faults.
    """
    return (*engine_findings(evaluation), *support.findings)


# --- writing --------------------------------------------------------------------------------------------------


def put_assessment(
    session: Session, edition: str, organisation: str, request: AssessmentRequest, *, expected: Expected, now: datetime
) -> EvaluatedAssessment:
    """Create an assessment, or replace the content of a draft or of a returned assessment.

    Raises:
        UnknownEdition, UnknownOrganisation: There is no edition or organisation with that id.
        IdentifierIsAlias: `organisation` is an alias; the exception has the id to use.
        EditionNotOpen: The edition is published, or it is in review and the assessment is not returned.
        StaleVersion: `expected` returns False: the client's `If-Match` names another version.
        InvalidTransition: The assessment is neither a draft nor returned.
        DeadlinePassed: The last day for the organisation to write is over.
        MethodologyMismatch: The request is for another methodology version.
    """
    open_edition, before = _lock_edition(session, edition, organisation)
    ensure_expected(before, expected)
    _ensure_writable(session, open_edition, before, now)
    methodology = _require_methodology(open_edition, request)
    content = to_content(methodology, request)
    if before is not None:
        return _save_content(session, open_edition, before, content, now)
    derived = derive_content(open_edition.edition, open_edition.domains, None, content, now=now)
    evaluation = evaluate(methodology, derived.submission)
    row = build_new_row(edition, organisation, build_content_columns(derived, figure_columns(evaluation), now))
    record = queries.insert_new(session, row)
    if record is None:
        raise StaleVersion
    return EvaluatedAssessment(record, evaluation, created=True)


def patch_assessment(
    session: Session, edition: str, organisation: str, change: AssessmentPatch, *, expected: Expected, now: datetime
) -> EvaluatedAssessment:
    """Apply a merge patch to an assessment that is a draft or was returned.

    Raises:
        UnknownEdition, UnknownOrganisation, UnknownAssessment: There is no such edition, organisation or assessment.
        IdentifierIsAlias: `organisation` is an alias; the exception has the id to use.
        EditionNotOpen: The edition is published, or it is in review and the assessment is not returned.
        StaleVersion: `expected` returns False: the client's `If-Match` names another version.
        InvalidTransition: The assessment is neither a draft nor returned.
        DeadlinePassed: The last day for the organisation to write is over.
        MethodologyMismatch: The patch is for another methodology version.
    """
    open_edition, before = _lock_assessment(session, edition, organisation, expected)
    _ensure_writable(session, open_edition, before, now)
    methodology = _require_methodology(open_edition, change)
    return _save_content(session, open_edition, before, apply_patch(methodology, rebuild_content(before), change), now)


def delete_assessment(session: Session, edition: str, organisation: str, *, expected: Expected) -> None:
    """Delete an assessment that is a draft.

    Raises:
        UnknownEdition, UnknownOrganisation, UnknownAssessment: There is no such edition, organisation or assessment.
        IdentifierIsAlias: `organisation` is an alias; the exception has the id to use.
        EditionNotOpen: The edition is not open.
        StaleVersion: `expected` returns False: the client's `If-Match` names another version.
        InvalidTransition: The assessment is not a draft.
    """
    _, before = _lock_assessment(session, edition, organisation, expected)
    if before.state != "draft":
        raise InvalidTransition(before.state)
    if not queries.delete_draft(session, edition, organisation, before.version):
        raise StaleVersion


def submit_assessment(
    session: Session,
    edition: str,
    organisation: str,
    explanations: Mapping[str, str],
    *,
    role: str,
    expected: Expected,
    now: datetime,
) -> EvaluatedSubmission:
    """Submit an assessment after checking its documents as of today. Return the stored submission.

    `explanations` are reasons for warnings, by rule; `role` is the role of the key that submits.

    Raises:
        UnknownEdition, UnknownOrganisation, UnknownAssessment: There is no such edition, organisation or assessment.
        IdentifierIsAlias: `organisation` is an alias; the exception has the id to use.
        EditionNotOpen: The edition is published, or it is in review and the assessment is not returned.
        StaleVersion: `expected` returns False: the client's `If-Match` names another version.
        InvalidTransition: The assessment is neither a draft nor returned.
        DeadlinePassed: The last day for the organisation to submit is over.
        NotSubmittable: A finding has severity `error`, or `explanations` names a rule for which there is no warning.
    """
    open_edition, before = _lock_assessment(session, edition, organisation, expected)
    lifecycle = _ensure_writable(session, open_edition, before, now)
    # Saved again, because a document may have come of age since the last write; a refusal below rolls it back.
    saved = _save_content(session, open_edition, before, rebuild_content(before), now, state="submitted", submitted=now)
    findings = list_findings(saved.evaluation, saved.record.evidence)
    errors = tuple(finding for finding in findings if finding.severity == "error")
    warnings = {finding.rule for finding in findings if finding.severity == "warning"}
    unneeded = tuple(rule for rule in explanations if rule not in warnings)
    if errors or unneeded:
        raise NotSubmittable(load_methodology(saved.record.methodology), errors, unneeded)
    record_transition(session, before, lifecycle, "submitted", role, now)
    number = queries.count_submissions(session, edition, organisation) + 1
    submission = _build_submission(saved.record, number, explanations, now)
    queries.insert_submission(session, submission)
    return EvaluatedSubmission(submission, saved.evaluation)


def lock_assessment(session: Session, edition: str, organisation: str) -> AssessmentRecord:
    """Return an assessment in any state, and lock it until the session ends.

    Raises:
        UnknownAssessment: There is no such assessment.
        IdentifierIsAlias: `organisation` is an alias; the exception has the id to use.
    """
    queries.lock_assessment(session, edition, organisation)
    return require_assessment(session, edition, organisation)


def lock_for_review(session: Session, edition: str, organisation: str, *, now: datetime) -> LockedAssessment:
    """Return an assessment that may be reviewed now, and lock it until the session ends.

    Raises:
        UnknownEdition, UnknownAssessment: There is no such edition, or no such assessment in it.
        IdentifierIsAlias: `organisation` is an alias; the exception has the id to use.
        EditionNotOpen: The edition is published.
        InvalidTransition: The assessment is neither under review nor in its hearing.
        DeadlinePassed: The assessment is under review and the review phase is over.
    """
    editions.ensure_unpublished(session, edition)
    queries.lock_assessment(session, edition, organisation)
    record = require_assessment(session, edition, organisation)
    edition_record = editions.find(session, edition)
    lifecycle = load_lifecycle(session, edition_record, record)
    lifecycle.ensure_reviewable(now)
    return LockedAssessment(edition_record, record, lifecycle)


def lock_for_reply(session: Session, edition: str, organisation: str, *, now: datetime) -> AssessmentRecord:
    """Return an assessment in its hearing, and lock it until the session ends.

    Raises:
        UnknownEdition, UnknownAssessment: There is no such edition, or no such assessment in it.
        IdentifierIsAlias: `organisation` is an alias; the exception has the id to use.
        EditionNotOpen: The edition is published.
        InvalidTransition: The assessment is not in its hearing.
        DeadlinePassed: The last day of the hearing is over.
    """
    editions.ensure_unpublished(session, edition)
    queries.lock_assessment(session, edition, organisation)
    record = require_assessment(session, edition, organisation)
    load_lifecycle(session, editions.find(session, edition), record).ensure_answerable(now)
    return record


def rescore_reviewed(session: Session, record: AssessmentRecord, review: AppliedReview, *, now: datetime) -> None:
    """Replace the review of an assessment, score the assessment again with the new review and store the score.

    Documents are not checked again: a document counts as evidence if it did when the organisation last wrote. Raises
    `StaleVersion` if the assessment has changed since `record` was read.
    """
    derived = _replace_review(record, review)
    evaluation = evaluate(load_methodology(record.methodology), derived.submission)
    values = build_content_columns(derived, figure_columns(evaluation), now) | {"version": record.version + 1}
    if not queries.update_version(session, record.edition, record.organisation, record.version, values):
        raise StaleVersion


def find_left_out(session: Session, edition: str, organisation: str) -> AssessmentRecord | None:
    """Return the last submitted version of an assessment that was returned and not submitted again.

    Such an assessment is left out when its edition is published; a later revision can add it. The answers and documents
    are those of the last submission, because later changes were never submitted. Return None if the organisation has no
    assessment in the edition, or one in another state.
    """
    record = queries.get(session, edition, organisation)
    if record is None or record.state != "returned":
        return None
    last = queries.find_submission(
        session, edition, organisation, queries.count_submissions(session, edition, organisation)
    )
    return None if last is None else structs.replace(record, submission=last.submission, evidence=last.evidence)


def replace_review(record: AssessmentRecord, review: AppliedReview) -> AssessmentRecord:
    """Return a copy of an assessment in which `review` replaces the present review and its effects on the answers.

    Nothing is stored or scored.
    """
    derived = _replace_review(record, review)
    return structs.replace(record, submission=derived.submission, evidence=derived.support)


def preview_correction(
    session: Session,
    edition: editions.EditionRecord,
    before: AssessmentRecord,
    verdicts: Mapping[str, Verdict],
    change: AssessmentPatch,
    *,
    pointer: str,
    now: datetime,
) -> CorrectionPreview:
    """Apply a merge patch to an assessment of a published edition. Return the result without storing it.

    Verdicts on answers that the patch changes no longer count, unless the patch restores the answer that was judged;
    all others stay, even if their evidence or note was erased. Documents that the patch adds or replaces are checked as
    of today. The other documents count as before, even if the domains of the organisation have changed since.

    Args:
        session: Writing session.
        edition: The published edition.
        before: The assessment with the submission of its newest score document or, if it has none, with its last
            submission (`find_left_out`).
        verdicts: The verdicts in effect on that submission, by indicator.
        change: The merge patch.
        pointer: JSON Pointer of the patch in the request.
        now: Current time.

    Raises:
        MethodologyMismatch: The patch is for another methodology version.
        NotSubmittable: The corrected assessment has findings of severity `error`.
    """
    open_edition = _OpenEdition(edition, _lock_domains(session, before.organisation))
    methodology = _require_methodology(open_edition, change, pointer)
    content_before = rebuild_content(before)
    content = apply_patch(methodology, content_before, change)
    changed = frozenset(
        name
        for name in content.answers.keys() | content_before.answers.keys()
        if content.answers.get(name) != content_before.answers.get(name)
    )
    unreviewed = _lift_verdicts(before, verdicts, changed)
    derived = _derive_assessment(open_edition, methodology, content, unreviewed, before.evidence, now)
    submission, new_findings = derived.submission, derived.support.findings
    kept_answers = {
        name
        for name, answer in content.answers.items()
        if name in content_before.answers and answer.evidence == content_before.answers[name].evidence
    }
    kept_fields = {
        name
        for name in content.profile
        if content.profile_evidence.get(name, ()) == content_before.profile_evidence.get(name, ())
    }
    kept = {f"/answers/{name}/" for name in kept_answers} | {f"/profile_evidence/{name}/" for name in kept_fields}
    # A document that counted when the edition was published keeps counting: a correction of one answer must not take
    # points from another because the organisation gave up a domain.
    submission = structs.replace(
        submission,
        # Unchanged answers are copied: derived again, they would have empty facts where only assessors set one.
        answers=submission.answers
        | {name: facts for name, facts in before.submission.answers.items() if name not in changed},
        self_declared=_merge_flags(submission.self_declared, unreviewed.self_declared, kept_answers),
        profile_self_declared=_merge_flags(
            submission.profile_self_declared, unreviewed.profile_self_declared, kept_fields
        ),
    )
    of_changed = {name: verdicts for name, verdicts in before.evidence.review.answers.items() if name in changed}
    digests = digest_answers(content, derived.support)
    submission = apply_review(methodology, submission, AppliedReview(of_changed), digests)
    support = structs.replace(
        derived.support,
        findings=(
            *(finding for finding in before.evidence.findings if _is_below(finding, kept)),
            *(finding for finding in new_findings if not _is_below(finding, kept)),
        ),
    )
    evaluation = evaluate(methodology, submission)
    findings = list_findings(evaluation, support)
    errors = tuple(finding for finding in findings if finding.severity == "error")
    if errors:
        raise NotSubmittable(methodology, errors, (), pointer)
    after = structs.replace(before, submission=submission, evidence=support)
    return CorrectionPreview(after, evaluation, frozenset(finding.rule for finding in findings), changed)


def store_correction(session: Session, preview: CorrectionPreview, revision: int, *, now: datetime) -> None:
    """Store a corrected assessment for a revision of its edition; the row of the assessment itself does not change.

    `revision` is the number of that revision. Explanations in the last submission are kept for the warnings that
    remain. The database refuses the correction unless the publication of the revision is stored, and none of its
    scores.
    """
    record = preview.record
    number = queries.count_submissions(session, record.edition, record.organisation)
    last = queries.find_submission(session, record.edition, record.organisation, number)
    before = {} if last is None else last.explanations
    explanations = {rule: why for rule, why in before.items() if rule in preview.rules}
    queries.insert_correction(session, _build_submission(record, number + 1, explanations, now), revision)


def list_erasures(session: Session, edition: str, organisations: Collection[str]) -> dict[str, list[Erasure]]:
    """Return the erasures of the assessments of these organisations in an edition, by organisation id.

    Organisations without an erasure are absent.
    """
    erasures: dict[str, list[Erasure]] = {}
    for erasure in queries.list_erasures(session, edition, organisations):
        erasures.setdefault(erasure.organisation, []).append(erasure)
    return erasures


def read_erasures(database: Database, edition: str, organisations: Collection[str]) -> dict[str, list[Erasure]]:
    """Read the erasures of the assessments of these organisations in an edition, and return them by organisation id.

    Organisations without an erasure are absent.
    """
    with database.read() as session:
        return list_erasures(session, edition, organisations)


def get_erasure_state(database: Database, edition: str) -> tuple[int, str]:
    """Return the number of erasures of personal data in an edition, and the time of the last one as text.

    The text is empty if there was none. The number or the time changes whenever a text of a published review is erased.
    """
    with database.read() as session:
        return queries.get_erasure_state(session, edition)


def count_erasable(session: Session, record: AssessmentRecord, indicator: str | None) -> int:
    """Count the rows of an assessment and of its history that have personal data about the answer to `indicator`.

    The history is its submissions, corrections and transitions. If `indicator` is None, all personal data count.
    """
    return len(_list_erased_rows(session, record, indicator))


def erase_support(session: Session, record: AssessmentRecord, indicator: str | None) -> None:
    """Erase the documents and the note of the answer to `indicator`, in the assessment and in its whole history.

    The history is its submissions, corrections and transitions. If `indicator` is None, the documents and notes of all
    answers and of the profile are erased, with the explanations of warnings and the reasons of transitions. The seals
    (salted SHA-256 of documents and note) stay, so that each verdict still identifies its answer; the salt is erased.
    """
    for row, values in _list_erased_rows(session, record, indicator):
        queries.update_row(session, row, values)


def renew_version(session: Session, record: AssessmentRecord, *, now: datetime) -> None:
    """Increment the version of an assessment of an unpublished edition without changing its answers.

    Used when personal data are erased: a client that has read the assessment must read it again before it writes.
    Raises `StaleVersion` if the assessment has changed since `record` was read.
    """
    values = {"version": record.version + 1, "updated": now}
    if not queries.update_version(session, record.edition, record.organisation, record.version, values):
        raise StaleVersion


def _list_erased_rows(
    session: Session, record: AssessmentRecord, indicator: str | None
) -> list[tuple[StoredRow, dict[str, object]]]:
    """Return the rows of an assessment that have something to erase, each with its new values by column."""
    erased: list[tuple[StoredRow, dict[str, object]]] = []
    for row in queries.list_rows(session, record.edition, record.organisation):
        values: dict[str, object] = {}
        if row.evidence is not None:
            support = _erase_from_support(row.evidence, indicator)
            if support != row.evidence:
                values["evidence"] = msgspec.to_builtins(support)
        if indicator is None and row.explanations:
            values["explanations"] = {}
        if indicator is None and row.reason:
            values["reason"] = ""
        if values:
            erased.append((row, values))
    return erased


def _erase_from_support(support: AssessmentSupport, indicator: str | None) -> AssessmentSupport:
    erased = [name for name in support.answers if indicator in (None, name)]
    pointers = [f"/answers/{name}/" for name in erased] + ([] if indicator else ["/profile_evidence/"])
    return structs.replace(
        support,
        profile=support.profile if indicator else {},
        answers={
            name: AnswerSupport(seal=answer.seal, source=answer.source) if name in erased else answer
            for name, answer in support.answers.items()
        },
        findings=tuple(finding for finding in support.findings if not _is_below(finding, pointers)),
        salt="" if erased else support.salt,
    )


def to_row(
    edition: str, organisation: str, submission: Submission, evaluation: Evaluation, at: datetime
) -> dict[str, object]:
    """Return the row of a final assessment without documents, as values by column of `tables.Assessment`.

    Used for the invented organisations of the demonstration; `store_rows` inserts the rows. `at` is the time at which
    the assessment was created, updated and submitted.
    """
    return {
        "edition": edition,
        "organisation": organisation,
        "state": "final",
        "version": 1,
        "created": at,
        "updated": at,
        "submitted": at,
        "submission": msgspec.to_builtins(submission),
        "evidence": {},
        **figure_columns(evaluation),
    }


def store_rows(session: Session, rows: Iterable[dict[str, object]]) -> None:
    """Insert rows of final assessments that `to_row` has built.

    The organisations must have no assessment in the edition yet.
    """
    queries.insert_rows(session, list(rows))


class DerivedAssessment(Struct, frozen=True):
    """The result of checking the content of an assessment.

    `submission` is the submission to score; `support` has the documents, notes and review to store beside it.
    """

    submission: Submission
    support: AssessmentSupport


def derive_content(
    edition: editions.EditionRecord,
    domains: tuple[str, ...],
    before: AssessmentRecord | None,
    content: AssessmentContent,
    *,
    now: datetime,
) -> DerivedAssessment:
    """Check the documents in the content of an assessment as of `now`, and return the submission to be scored.

    `domains` are the declared domains of the organisation. `before` is the stored assessment, whose review stays in
    effect; None if there is none yet.
    """
    open_edition, methodology = _OpenEdition(edition, domains), load_methodology(edition.methodology)
    if before is None:
        return _derive_assessment(open_edition, methodology, content, None, AssessmentSupport(), now)
    derived = _derive_assessment(open_edition, methodology, content, _strip_review(before), before.evidence, now)
    return _merge_review(methodology, derived, content)


def build_content_columns(
    derived: DerivedAssessment, figures: Mapping[str, object], now: datetime
) -> dict[str, object]:
    """Return new values, by column, for all columns that hold the content of an assessment and its score.

    `figures` are the results of the evaluation by column, as `figure_columns` returns them.
    """
    return {
        "updated": now,
        "submission": msgspec.to_builtins(derived.submission),
        "evidence": msgspec.to_builtins(derived.support),
        **figures,
    }


def build_new_row(edition: str, organisation: str, content: Mapping[str, object]) -> dict[str, object]:
    """Return the row of a new draft, as values by column.

    `content` has the columns of its answers and its score, as `build_content_columns` returns them.
    """
    identity = {"edition": edition, "organisation": organisation, "state": "draft", "version": 1}
    return {**identity, "created": content["updated"], "submitted": None, **content}


class _OpenEdition(Struct, frozen=True):
    """The edition of an assessment, and the declared internet domains of its organisation.

    The documents of the assessment are checked with both. The row of the organisation is locked until the session
    ends, so that its domains stay the same.
    """

    edition: editions.EditionRecord
    domains: tuple[str, ...]


def _lock_edition(session: Session, edition: str, organisation: str) -> tuple[_OpenEdition, AssessmentRecord | None]:
    """Lock an edition and an organisation. Return the edition with the domains, and the organisation's assessment.

    The assessment is None if the organisation has none in the edition.

    Raises:
        UnknownEdition, UnknownOrganisation: There is no edition or organisation with that id.
        IdentifierIsAlias: `organisation` is an alias; the exception has the id to use.
        EditionNotOpen: The edition is published, or it is in review and the assessment is not returned.
    """
    state = editions.ensure_unpublished(session, edition)
    open_edition = _OpenEdition(editions.find(session, edition), _lock_domains(session, organisation))
    before = queries.get(session, edition, organisation)
    if state != "open" and (before is None or before.state != "returned"):
        raise editions.EditionNotOpen(edition, state)
    return open_edition, before


def _lock_assessment(
    session: Session, edition: str, organisation: str, expected: Expected
) -> tuple[_OpenEdition, AssessmentRecord]:
    """Lock an edition and an organisation. Return the edition with the domains, and the organisation's assessment.

    Raises:
        UnknownEdition, UnknownOrganisation, UnknownAssessment: There is no such edition, organisation or assessment.
        IdentifierIsAlias: `organisation` is an alias; the exception has the id to use.
        EditionNotOpen: The edition is published, or it is in review and the assessment is not returned.
        StaleVersion: `expected` returns False: the client's `If-Match` names another version.
    """
    open_edition, before = _lock_edition(session, edition, organisation)
    if before is None:
        raise UnknownAssessment(edition, organisation)
    ensure_expected(before, expected)
    return open_edition, before


def _lock_domains(session: Session, organisation: str) -> tuple[str, ...]:
    """Lock an organisation and return its domains.

    Raises:
        UnknownOrganisation: There is no organisation with that id.
        IdentifierIsAlias: `organisation` is an alias; the exception has the id to use.
    """
    try:
        return organisations.lock_domains(session, organisation)
    except organisations.UnknownOrganisation:
        organisations.refuse_alias(session, organisation)
        raise


def _ensure_writable(
    session: Session, open_edition: _OpenEdition, before: AssessmentRecord | None, now: datetime
) -> Lifecycle:
    """Return the lifecycle of an assessment that its organisation may write now.

    `before` is the stored assessment; if it is None, the lifecycle is that of a new draft.

    Raises:
        InvalidTransition: The assessment is neither a draft nor returned.
        DeadlinePassed: The last day for the organisation to write is over.
    """
    lifecycle = (
        Lifecycle("draft", open_edition.edition.calendar)
        if before is None
        else load_lifecycle(session, open_edition.edition, before)
    )
    lifecycle.ensure_writable()
    lifecycle.ensure_in_time("submission", now)
    return lifecycle


def _require_methodology(
    open_edition: _OpenEdition, request: AssessmentRequest | AssessmentPatch, pointer: str = ""
) -> Methodology:
    """Return the methodology of an edition. `pointer` is the JSON Pointer of the assessment in the request.

    Raises `MethodologyMismatch` if the request has answers for another version.
    """
    version = str(request.__struct_config__.tag)
    if version != open_edition.edition.methodology:
        raise MethodologyMismatch(version, open_edition.edition.methodology, pointer)
    return load_methodology(version)


def _save_content(
    session: Session,
    open_edition: _OpenEdition,
    before: AssessmentRecord,
    content: AssessmentContent,
    now: datetime,
    **columns: object,
) -> EvaluatedAssessment:
    """Score and store the new content of an existing assessment.

    `before` is the stored assessment. `columns` are values of further columns to update, by column. Raises
    `StaleVersion` if the assessment has changed since `before` was read.
    """
    derived = derive_content(open_edition.edition, open_edition.domains, before, content, now=now)
    evaluation = evaluate(load_methodology(before.methodology), derived.submission)
    values = build_content_columns(derived, figure_columns(evaluation), now)
    values |= {"version": before.version + 1, **columns}
    record = queries.replace_content(session, before.edition, before.organisation, before.version, values)
    if record is None:
        raise StaleVersion
    return EvaluatedAssessment(record, evaluation)


def _derive_assessment(
    open_edition: _OpenEdition,
    methodology: Methodology,
    content: AssessmentContent,
    before: Submission | None,
    support: AssessmentSupport,
    now: datetime,
) -> DerivedAssessment:
    """Check the documents in the content of an assessment as of `now`, and return the submission made from it.

    `before` is the submission before it, without the effects of its review, and None for a new assessment. `support` is
    what was stored beside it. Its review is kept in the result, but does not affect the submission yet: `_merge_review`
    applies it.
    """
    context = build_context(open_edition.domains, (now + _FIRST_ZONE_OFFSET).date(), open_edition.edition.period_to)
    salt = support.salt or secrets.token_hex(_SALT_BYTES)
    supported = {
        name: _seal_answer(answer, support.answers.get(name, AnswerSupport()), salt)
        for name, answer in content.answers.items()
    }
    return DerivedAssessment(
        derive_submission(methodology, content, context, before),
        structs.replace(
            support,
            profile=content.profile_evidence,
            profile_sources=content.profile_sources,
            answers={name: one for name, one in supported.items() if one != AnswerSupport()},
            findings=evidence_findings(content, context),
            salt=salt,
        ),
    )


def _seal_answer(answer: Answer, before: AnswerSupport, salt: str) -> AnswerSupport:
    """Return the documents and the note of an answer as they are stored; `before` is their stored form until now.

    An answer whose documents and note have not changed keeps its seal, even after an erasure of them and the salt.
    """
    if (answer.evidence, answer.note) == (before.evidence, before.note):
        return structs.replace(before, source=answer.source)
    if not answer.evidence and answer.note is None:
        return AnswerSupport(source=answer.source)
    sealed = {"salt": salt, "evidence": msgspec.to_builtins(answer.evidence), "note": answer.note}
    return AnswerSupport(answer.evidence, answer.note, compute_digest(sealed), answer.source)


def _merge_review(
    methodology: Methodology, derived: DerivedAssessment, content: AssessmentContent
) -> DerivedAssessment:
    """Return a derived assessment in which the submission has the effects of the review in its `support`."""
    digests = digest_answers(content, derived.support)
    submission = apply_review(methodology, derived.submission, derived.support.review, digests)
    return structs.replace(derived, submission=submission)


def _replace_review(record: AssessmentRecord, review: AppliedReview) -> DerivedAssessment:
    """Return the submission and the support of an assessment with another review in the place of its own.

    Documents are not checked again.
    """
    derived = DerivedAssessment(_strip_review(record), structs.replace(record.evidence, review=review))
    return _merge_review(load_methodology(record.methodology), derived, rebuild_content(record))


def _strip_review(record: AssessmentRecord) -> Submission:
    """Return the submission of a stored assessment without the effects of its review.

    Answers without valid documents stay self-declared.
    """
    review = record.evidence.review
    before = remove_review(load_methodology(record.methodology), record.submission, review)
    # A verdict of insufficient evidence made an answer self-declared although it has documents that count.
    evidenced = {
        name
        for name, verdicts in review.answers.items()
        if any(applied.verdict == "insufficient" for applied in verdicts) and valid_evidence(record, name)
    }
    return structs.replace(before, self_declared=before.self_declared - evidenced)


def _lift_verdicts(record: AssessmentRecord, verdicts: Mapping[str, Verdict], changed: Collection[str]) -> Submission:
    """Return the submission of an assessment without the effects of the verdicts on the `changed` answers.

    Such an answer that was judged insufficient counts as evidenced again if it has documents that count.
    """
    lifted = {name: verdict for name, verdict in verdicts.items() if name in changed}
    submission = record.submission
    evidenced = {name for name, verdict in lifted.items() if verdict == "insufficient" and valid_evidence(record, name)}
    return structs.replace(
        submission,
        set_aside={name: why for name, why in submission.set_aside.items() if name not in lifted},
        level_caps={name: cap for name, cap in submission.level_caps.items() if name not in lifted},
        self_declared=submission.self_declared - evidenced,
    )


def _merge_flags(now: frozenset[str], before: frozenset[str], kept: Collection[str]) -> frozenset[str]:
    """Return the names of the answers, or of the profile fields, that are self-declared after a correction.

    `now` and `before` are the names that are self-declared by the check of today and by the stored assessment. `kept`
    are the names whose documents the correction does not change: for these `before` decides, for all others `now`.
    """
    return frozenset(name for name in now | before if name in (before if name in kept else now))


def _is_below(finding: EvidenceFinding, pointers: Collection[str]) -> bool:
    """Return True if a finding is about one of the values at `pointers`, or about a value inside one of them.

    `pointers` are JSON Pointers into the assessment.
    """
    return any(finding.pointer.startswith(pointer) for pointer in pointers)


def _build_submission(
    record: AssessmentRecord, number: int, explanations: Mapping[str, str], now: datetime
) -> SubmissionRecord:
    """Return a copy of an assessment as its submission with this number."""
    return SubmissionRecord(
        edition=record.edition,
        organisation=record.organisation,
        number=number,
        submitted=now,
        methodology=record.methodology,
        explanations=dict(explanations),
        submission=record.submission,
        evidence=record.evidence,
    )


def figure_columns(evaluation: Evaluation) -> dict[str, object]:
    """Return the results of an evaluation (index, level, coverage, …) as values by column of `tables.Assessment`."""
    figures = extract_figures(evaluation)
    return {
        "methodology": evaluation.compiled.document.version,
        "status": figures.status,
        "level": figures.level,
        "rank_points": compute_rank_points(
            figures.status, figures.level, figures.index, evaluation.compiled.document.standing
        ),
        "index_value": figures.index,
        "index_max": figures.index_max,
        "coverage": figures.coverage,
        **dict(zip(DIMENSIONS, evaluation.published_dimensions, strict=True)),
    }


def extract_figures(evaluation: Evaluation) -> AssessmentFigures:
    """Return the figures of an evaluation as integers: its status, level, bounds of the index and coverage."""
    return AssessmentFigures(
        status=evaluation.status,
        level=evaluation.level,
        index=evaluation.index,
        index_max=evaluation.index_max,
        coverage=None if evaluation.coverage is None else round_half_up(evaluation.coverage * 10**COVERAGE_DECIMALS),
    )
