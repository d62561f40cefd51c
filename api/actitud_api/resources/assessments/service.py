"""Use cases over assessments: what an organisation answers in an edition, judged and scored in the same write.

A function that changes something takes a session that writes, whom the change expects (`Expected`) and the time.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Final

import msgspec
from msgspec import Struct, structs

from actitud_api.engine.methodology.loader import Methodology, load, versions
from actitud_api.engine.methodology.predicates import halfup, indicators
from actitud_api.engine.methodology.requests.answers import Submission
from actitud_api.engine.methodology.requests.content import (
    Answer,
    AssessmentPatch,
    AssessmentRequest,
    Content,
    Evidence,
    merged,
    types,
    whole,
)
from actitud_api.engine.scoring.evaluate import Evaluation, Status, evaluate
from actitud_api.engine.scoring.explain import list_findings as engine_findings
from actitud_api.engine.scoring.ranking import get_ranking_index
from actitud_api.engine.scoring.result import COVERAGE_DECIMALS, Finding
from actitud_api.platform.storage.database import Database, Session
from actitud_api.platform.storage.versions import Expected, Stale
from actitud_api.resources.assessments import queries
from actitud_api.resources.assessments.evidence import EvidenceFinding, build_context, derive_submission
from actitud_api.resources.assessments.evidence import check_documents as evidence_findings
from actitud_api.resources.assessments.lifecycle import (
    AssessmentState,
    InvalidTransition,
    Lifecycle,
)
from actitud_api.resources.assessments.records import (
    AnswerSupport,
    AssessmentRecord,
    AssessmentRow,
    AssessmentSupport,
    SubmissionRecord,
)
from actitud_api.resources.assessments.reviewed_submission import NO_REVIEW, AppliedReview, apply_review, remove_review
from actitud_api.resources.assessments.tables import DIMENSIONS
from actitud_api.resources.assessments.transitions import (
    UnknownAssessment,
    ensure_expected,
    load_lifecycle,
    record_transition,
    require_assessment,
)
from actitud_api.resources.editions import service as editions
from actitud_api.resources.organisations import service as organisations

REQUEST_TYPES: Final = {version: types(load(version)) for version in versions()}
"""The closed types of what may be sent, by methodology version."""

_FIRST_ZONE_OFFSET = timedelta(hours=14)
"""How far the clocks of the first time zone are ahead of UTC: a day has come when it has come there."""


class UnknownSubmission(LookupError):
    """That assessment has no submission of that number."""

    def __init__(self, number: str) -> None:
        super().__init__(number)
        self.number = number


class MethodologyMismatch(ValueError):
    """Answers under a version that is not that of the edition; `place` as in `NotSubmittable`."""

    def __init__(self, sent: str, asked: str, place: str = "") -> None:
        super().__init__(f"{sent} instead of {asked}")
        self.sent = sent
        self.required = asked
        self.pointer = place


class NotSubmittable(ValueError):
    """An assessment with errors, or explanations of what is no warning of it; nothing has changed.

    `place`: where the assessment stands in what was sent (JSON Pointer).
    """

    def __init__(self, methodology: Methodology, errors: Findings, unneeded: tuple[str, ...], place: str = "") -> None:
        super().__init__(f"{len(errors)} errors, {len(unneeded)} explanations without a warning")
        self.methodology = methodology
        self.errors = errors
        self.unneeded = unneeded
        self.pointer = place


Findings = tuple[Finding | EvidenceFinding, ...]
"""What is wrong with an assessment: rules that do not hold, and documents."""


class AssessmentFigures(Struct, frozen=True, kw_only=True):
    """How an assessment scores; units as in `tables.Assessment`."""

    status: Status
    level: int | None
    index: int | None
    index_max: int | None
    coverage: int | None


class EvaluatedAssessment(Struct, frozen=True):
    """An assessment as a write stored it, with the evaluation that the write made."""

    record: AssessmentRecord
    evaluation: Evaluation
    created: bool = False


class EvaluatedSubmission(Struct, frozen=True):
    """A submission as it was stored, with the evaluation of its assessment."""

    record: SubmissionRecord
    evaluation: Evaluation


class CorrectionPreview(Struct, frozen=True):
    """A corrected assessment that is not stored yet: record, evaluation and the values of its columns.

    `rules`: those that do not hold.
    """

    record: AssessmentRecord
    evaluation: Evaluation
    values: Mapping[str, object]
    rules: frozenset[str]


# --- reading --------------------------------------------------------------------------------------------------


def list_assessments(
    database: Database,
    edition: str,
    *,
    among: Collection[str] | None,
    state: AssessmentState | None,
    after: str | None,
    offset: int,
    limit: int,
) -> list[AssessmentRow]:
    """Assessments of an edition by organisation, from the one that follows `after`; raises `UnknownEdition`.

    `among`: only those of these organisations, None is all; `state`: only those in it.
    """
    with database.read() as session:
        found = editions.find(session, edition)
        return queries.list_page(session, found.id, among=among, state=state, after=after, offset=offset, limit=limit)


def get_assessment(database: Database, edition: str, organisation: str) -> AssessmentRecord:
    """The assessment of an organisation in an edition; raises `UnknownEdition`, `AliasOf` and `UnknownAssessment`."""
    with database.read() as session:
        return find_assessment(session, edition, organisation)


def find_assessment(session: Session, edition: str, organisation: str) -> AssessmentRecord:
    """The same, in a session."""
    return require_assessment(session, editions.find(session, edition).id, organisation)


def list_submissions(
    database: Database, edition: str, organisation: str, *, after: int | None, offset: int, limit: int
) -> list[SubmissionRecord]:
    """The submissions of an assessment, the first one first, from the one that follows `after`.

    Raises `UnknownEdition`, `AliasOf` and `UnknownAssessment`.
    """
    with database.read() as session:
        found = require_assessment(session, editions.find(session, edition).id, organisation)
        return queries.list_submissions(
            session, found.edition, found.organisation, after=after, offset=offset, limit=limit
        )


def get_submission(database: Database, edition: str, organisation: str, number: str) -> SubmissionRecord:
    """A submission of an assessment.

    Raises `UnknownEdition`, `AliasOf`, `UnknownAssessment` and `UnknownSubmission`.
    """
    with database.read() as session:
        record = require_assessment(session, editions.find(session, edition).id, organisation)
        found = (
            queries.find_submission(session, record.edition, record.organisation, int(number))
            if _NUMBER.fullmatch(number)
            else None
        )
    if found is None:
        raise UnknownSubmission(number)
    return found


def rebuild_content(stored: AssessmentRecord | SubmissionRecord) -> Content:
    """What an organisation stated, as it may be sent again."""
    document = load(stored.methodology).document
    asked = {known.id: known for known in indicators(document.root)}
    support = stored.evidence.answers
    return Content(
        profile={
            field.name: stored.submission.profile[field.name]
            for field in document.profile
            if field.set_by == "organisation"
        },
        profile_evidence=stored.evidence.profile,
        answers={
            name: Answer(
                facts={fact.name: facts[fact.name] for fact in asked[name].facts if fact.set_by == "organisation"},
                evidence=support[name].evidence if name in support else (),
                note=support[name].note if name in support else None,
            )
            for name, facts in stored.submission.answers.items()
        },
    )


def find_assessments(session: Session, edition: str, organisations: Collection[str]) -> dict[str, AssessmentRecord]:
    """The assessments of some organisations in an edition, by organisation."""
    return {record.organisation: record for record in queries.get_many(session, edition, organisations)}


def valid_evidence(stored: AssessmentRecord, indicator: str) -> tuple[Evidence, ...]:
    """The documents that support an answer and count, as of its last write."""
    support = stored.evidence.answers.get(indicator)
    wrong = {finding.pointer.rpartition("/")[0] for finding in stored.evidence.findings if finding.severity == "error"}
    return tuple(
        document
        for number, document in enumerate(() if support is None else support.evidence)
        if f"/answers/{indicator}/evidence/{number}" not in wrong
    )


def evaluate_stored(stored: AssessmentRecord | SubmissionRecord) -> Evaluation:
    """Evaluate an assessment or a submission as it is stored."""
    return evaluate(load(stored.methodology), stored.submission)


def list_findings(evaluation: Evaluation, support: AssessmentSupport) -> Findings:
    """List the rules that do not hold, in the order of the methodology, then the faults of documents."""
    return (*engine_findings(evaluation), *support.findings)


# --- writing --------------------------------------------------------------------------------------------------


def put_assessment(
    session: Session, edition: str, organisation: str, request: AssessmentRequest, *, expected: Expected, now: datetime
) -> EvaluatedAssessment:
    """Makes an assessment, or replaces as a whole what the organisation may still change.

    Raises `UnknownEdition`, `UnknownOrganisation`, `AliasOf`, `Stale`, `EditionNotOpen`, `OutOfOrder`, `Late`,
    `AnotherMethodology`.
    """
    place, before = _lock_edition(session, edition, organisation)
    ensure_expected(before, expected)
    _ensure_writable(session, place, before, now)
    methodology = _require_methodology(place, request)
    content = whole(methodology, request)
    if before is not None:
        return _save_content(session, place, before, content, now)
    identity = {"edition": edition, "organisation": organisation, "state": "draft", "version": 1, "created": now}
    derived = _derive_assessment(place, methodology, content, None, now)
    evaluation = evaluate(methodology, derived.submission)
    row = {**identity, "submitted": None, **_score_columns(derived, evaluation, now)}
    record = queries.insert_new(session, row)
    if record is None:
        raise Stale
    return EvaluatedAssessment(record, evaluation, created=True)


def patch_assessment(
    session: Session, edition: str, organisation: str, change: AssessmentPatch, *, expected: Expected, now: datetime
) -> EvaluatedAssessment:
    """Applies a merge patch to what the organisation may still change.

    Raises `UnknownEdition`, `UnknownOrganisation`, `AliasOf`, `UnknownAssessment`, `Stale`, `EditionNotOpen`,
    `OutOfOrder`, `Late`, `AnotherMethodology`.
    """
    place, before = _lock_assessment(session, edition, organisation, expected)
    _ensure_writable(session, place, before, now)
    methodology = _require_methodology(place, change)
    return _save_content(session, place, before, merged(methodology, rebuild_content(before), change), now)


def delete_assessment(session: Session, edition: str, organisation: str, *, expected: Expected) -> None:
    """Removes a draft.

    Raises `UnknownEdition`, `UnknownOrganisation`, `AliasOf`, `UnknownAssessment`, `Stale`, `EditionNotOpen`,
    `OutOfOrder`.
    """
    _, before = _lock_assessment(session, edition, organisation, expected)
    if before.state != "draft":
        raise InvalidTransition(before.state)
    if not queries.delete_draft(session, edition, organisation, before.version):
        raise Stale


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
    """Hands in what the organisation answers, judged as of today; from then on it does not change, unless returned.

    `explanations`: why a warning stands, by its rule; `role`: as in `Transition`. Raises `UnknownEdition`,
    `UnknownOrganisation`, `AliasOf`, `UnknownAssessment`, `Stale`, `EditionNotOpen`, `OutOfOrder`, `Late`,
    `NotSubmittable`.
    """
    place, before = _lock_assessment(session, edition, organisation, expected)
    life = _ensure_writable(session, place, before, now)
    saved = _save_content(session, place, before, rebuild_content(before), now, state="submitted", submitted=now)
    found = list_findings(saved.evaluation, saved.record.evidence)
    errors = tuple(finding for finding in found if finding.severity == "error")
    warnings = {finding.rule for finding in found if finding.severity == "warning"}
    unneeded = tuple(rule for rule in explanations if rule not in warnings)
    if errors or unneeded:
        raise NotSubmittable(load(saved.record.methodology), errors, unneeded)
    record_transition(session, before, life, "submitted", role, now)
    return EvaluatedSubmission(_store_submission(session, saved.record, explanations, now), saved.evaluation)


def lock_for_review(session: Session, edition: str, organisation: str, *, now: datetime) -> AssessmentRecord:
    """An assessment that may be judged now, and that nobody else changes until the session ends.

    Raises `UnknownEdition`, `EditionNotOpen`, `AliasOf`, `UnknownAssessment`, `OutOfOrder` and `Late`.
    """
    editions.ensure_unpublished(session, edition)
    queries.lock_assessment(session, edition, organisation)
    record = require_assessment(session, edition, organisation)
    load_lifecycle(session, editions.find(session, edition), record).ensure_reviewable(now)
    return record


def lock_for_reply(session: Session, edition: str, organisation: str, *, now: datetime) -> AssessmentRecord:
    """An assessment in its hearing, which nobody else changes until the session ends.

    Raises `UnknownEdition`, `EditionNotOpen`, `AliasOf`, `UnknownAssessment`, `OutOfOrder` and `Late`.
    """
    editions.ensure_unpublished(session, edition)
    queries.lock_assessment(session, edition, organisation)
    record = require_assessment(session, edition, organisation)
    load_lifecycle(session, editions.find(session, edition), record).ensure_answerable(now)
    return record


def rescore_reviewed(session: Session, record: AssessmentRecord, found: AppliedReview, *, now: datetime) -> None:
    """Makes what a review found of an assessment what it scores with, in the place of what was found before.

    Documents count as of the last write of the organisation. Raises `Stale`.
    """
    methodology = load(record.methodology)
    judged = _DerivedAssessment(_strip_review(record), structs.replace(record.evidence, review=found))
    judged = _merge_review(methodology, judged, rebuild_content(record))
    values = _score_columns(judged, evaluate(methodology, judged.submission), now)
    values |= {"version": record.version + 1}
    if not queries.update_version(session, record.edition, record.organisation, record.version, values):
        raise Stale


def preview_correction(
    session: Session,
    edition: editions.Record,
    organisation: str,
    change: AssessmentPatch,
    *,
    pointer: str,
    now: datetime,
) -> CorrectionPreview:
    """What a merge patch makes of an assessment of a published edition; nothing is stored.

    Documents that the patch adds or replaces are judged as of today; the others count as they did, whatever became of
    the domains since. `place`: that of the patch in what was sent. Raises `UnknownAssessment`, `AnotherMethodology`,
    `NotSubmittable`.
    """
    before = require_assessment(session, edition.id, organisation)
    stands = _OpenEdition(edition, _lock_domains(session, organisation))
    methodology = _require_methodology(stands, change, pointer)
    stated = rebuild_content(before)
    content = merged(methodology, stated, change)
    judged = _derive_assessment(stands, methodology, content, before, now)
    submission, unjudged = judged.submission, _strip_review(before)
    findings_now = judged.support.findings
    answers = {name for name, answer in content.answers.items() if answer.evidence == _find_evidence(stated, name)}
    fields = {
        name
        for name in content.profile
        if content.profile_evidence.get(name, ()) == stated.profile_evidence.get(name, ())
    }
    kept = {f"/answers/{name}/" for name in answers} | {f"/profile_evidence/{name}/" for name in fields}
    judged = _DerivedAssessment(
        structs.replace(
            submission,
            self_declared=_merge_flags(submission.self_declared, unjudged.self_declared, answers),
            profile_self_declared=_merge_flags(
                submission.profile_self_declared, before.submission.profile_self_declared, fields
            ),
        ),
        structs.replace(
            judged.support,
            findings=(
                *(finding for finding in before.evidence.findings if _points_into(finding, kept)),
                *(finding for finding in findings_now if not _points_into(finding, kept)),
            ),
        ),
    )
    judged = _merge_review(methodology, judged, content)
    after = structs.replace(before, submission=judged.submission, evidence=judged.support)
    evaluation = evaluate(methodology, judged.submission)
    found = list_findings(evaluation, judged.support)
    errors = tuple(finding for finding in found if finding.severity == "error")
    if errors:
        raise NotSubmittable(methodology, errors, (), pointer)
    values = _score_columns(judged, evaluation, now)
    return CorrectionPreview(after, evaluation, values, frozenset(finding.rule for finding in found))


def apply_correction(session: Session, made: CorrectionPreview, *, now: datetime) -> None:
    """Stores a corrected assessment, and as a submission, which keeps the explanations of warnings that still stand.

    The database lets it only while a revision of the edition is being made. Raises `Stale`.
    """
    record = made.record
    edition, organisation = record.edition, record.organisation
    values = {**made.values, "version": record.version + 1, "submitted": now}
    if not queries.update_version(session, edition, organisation, record.version, values):
        raise Stale
    last = queries.find_submission(
        session, edition, organisation, queries.count_submissions(session, edition, organisation)
    )
    explanations = {} if last is None else last.explanations
    _store_submission(session, record, {rule: why for rule, why in explanations.items() if rule in made.rules}, now)


def update_figures(session: Session, edition: str, organisation: str, figures: Mapping[str, object]) -> None:
    """Replaces the figures of an assessment; `figures` as in `columns_of`."""
    queries.update_columns(session, edition, organisation, figures)


def reevaluate_assessments(session: Session, organisation: str, *, now: datetime) -> None:
    """Judges again the evidence of an organisation whose domains have changed, wherever it may still change.

    Whoever changes the domains holds the organisation, so that nobody writes by the old ones meanwhile. Raises
    `UnknownOrganisation` and `Stale`.
    """
    domains = _lock_domains(session, organisation)
    for record in queries.lock_changeable(session, organisation):
        place = _OpenEdition(editions.find(session, record.edition), domains)
        _save_content(session, place, record, rebuild_content(record), now)


def to_row(
    edition: str, organisation: str, submission: Submission, evaluation: Evaluation, at: datetime
) -> dict[str, object]:
    """What the database keeps of an assessment that is final, made at a time, by the columns of `tables.Assessment`."""
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
    """Stores rows made by `row`, of organisations that have no assessment in their edition."""
    queries.insert_rows(session, list(rows))


def clear_edition(session: Session, edition: str) -> None:
    """Removes every assessment of an edition."""
    queries.delete_edition_rows(session, edition)


class _OpenEdition(Struct, frozen=True):
    """Where an assessment stands: its edition, and the domains of its organisation, both held."""

    edition: editions.Record
    domains: tuple[str, ...]


def _lock_edition(session: Session, edition: str, organisation: str) -> tuple[_OpenEdition, AssessmentRecord | None]:
    """Where the organisation may answer, and what it has there; edition and organisation stay until the session ends.

    In an edition in review only what was returned is answered.
    """
    state = editions.ensure_unpublished(session, edition)
    place = _OpenEdition(editions.find(session, edition), _lock_domains(session, organisation))
    before = queries.get(session, edition, organisation)
    if state != "open" and (before is None or before.state != "returned"):
        raise editions.EditionNotOpen(edition, state)
    return place, before


def _lock_assessment(
    session: Session, edition: str, organisation: str, expected: Expected
) -> tuple[_OpenEdition, AssessmentRecord]:
    """The same of an assessment that there is, as somebody knows it."""
    place, before = _lock_edition(session, edition, organisation)
    if before is None:
        raise UnknownAssessment(edition, organisation)
    ensure_expected(before, expected)
    return place, before


def _lock_domains(session: Session, organisation: str) -> tuple[str, ...]:
    """The domains of an organisation, which nobody changes until the session ends."""
    try:
        return organisations.domains_of(session, organisation, held=True)
    except organisations.UnknownOrganisation:
        organisations.refuse_alias(session, organisation)
        raise


def _ensure_writable(
    session: Session, place: _OpenEdition, before: AssessmentRecord | None, now: datetime
) -> Lifecycle:
    """The life of an assessment that the organisation answers, or of one that it is about to make."""
    life = (
        Lifecycle("draft", place.edition.calendar) if before is None else load_lifecycle(session, place.edition, before)
    )
    life.ensure_writable()
    life.ensure_in_time("submission", now)
    return life


def _require_methodology(
    place: _OpenEdition, sent: AssessmentRequest | AssessmentPatch, where: str = ""
) -> Methodology:
    """The methodology of an edition, under which something was sent; `where` it stands in that."""
    version = str(sent.__struct_config__.tag)
    if version != place.edition.methodology:
        raise MethodologyMismatch(version, place.edition.methodology, where)
    return load(version)


def _save_content(
    session: Session, place: _OpenEdition, before: AssessmentRecord, content: Content, now: datetime, **more: object
) -> EvaluatedAssessment:
    """An assessment with another content, and other values of more of its columns."""
    methodology = load(before.methodology)
    judged = _merge_review(methodology, _derive_assessment(place, methodology, content, before, now), content)
    evaluation = evaluate(methodology, judged.submission)
    values = _score_columns(judged, evaluation, now) | {"version": before.version + 1, **more}
    record = queries.replace_content(session, before.edition, before.organisation, before.version, values)
    if record is None:
        raise Stale
    return EvaluatedAssessment(record, evaluation)


class _DerivedAssessment(Struct, frozen=True):
    """What follows from a content: the facts that the engine takes, and what supports them."""

    submission: Submission
    support: AssessmentSupport


def _derive_assessment(
    place: _OpenEdition, methodology: Methodology, content: Content, before: AssessmentRecord | None, now: datetime
) -> _DerivedAssessment:
    """A content judged now, without what a review found of it."""
    judged_by = build_context(place.domains, _find_first_zone_date(now), place.edition.period_to)
    supported = {
        name: AnswerSupport(answer.evidence, answer.note)
        for name, answer in content.answers.items()
        if answer.evidence or answer.note is not None
    }
    return _DerivedAssessment(
        derive_submission(methodology, content, judged_by, None if before is None else _strip_review(before)),
        AssessmentSupport(
            content.profile_evidence,
            supported,
            evidence_findings(content, judged_by),
            NO_REVIEW if before is None else before.evidence.review,
        ),
    )


def _merge_review(methodology: Methodology, judged: _DerivedAssessment, content: Content) -> _DerivedAssessment:
    """The same with what a review found of it."""
    found = apply_review(methodology, judged.submission, judged.support.review, content.answers)
    return structs.replace(judged, submission=found)


def _strip_review(record: AssessmentRecord) -> Submission:
    """What an assessment would be scored with had nobody reviewed it."""
    found = record.evidence.review
    before = remove_review(load(record.methodology), record.submission, found)
    evidenced = {
        name for name, one in found.answers.items() if one.verdict == "insufficient" and valid_evidence(record, name)
    }
    return structs.replace(before, self_declared=before.self_declared - evidenced)


def _score_columns(judged: _DerivedAssessment, evaluation: Evaluation, now: datetime) -> dict[str, object]:
    """What the database keeps of what was judged and scored, by the columns of `tables.Assessment`."""
    return {
        "updated": now,
        "submission": msgspec.to_builtins(judged.submission),
        "evidence": msgspec.to_builtins(judged.support),
        **figure_columns(evaluation),
    }


def _find_evidence(content: Content, indicator: str) -> tuple[Evidence, ...] | None:
    """What supports an answer; None where there is none."""
    return content.answers[indicator].evidence if indicator in content.answers else None


def _merge_flags(now: frozenset[str], before: frozenset[str], kept: Collection[str]) -> frozenset[str]:
    """What is only declared: as it was of what is kept, as it is now of all else."""
    return frozenset(name for name in now | before if name in (before if name in kept else now))


def _points_into(finding: EvidenceFinding, places: Collection[str]) -> bool:
    """Whether a document that is remarked on supports one of these answers or fields."""
    return any(finding.pointer.startswith(place) for place in places)


def _store_submission(
    session: Session, record: AssessmentRecord, explanations: Mapping[str, str], now: datetime
) -> SubmissionRecord:
    """Keeps an assessment as it is, as a submission."""
    made = SubmissionRecord(
        edition=record.edition,
        organisation=record.organisation,
        number=queries.count_submissions(session, record.edition, record.organisation) + 1,
        submitted=now,
        methodology=record.methodology,
        explanations=dict(explanations),
        submission=record.submission,
        evidence=record.evidence,
    )
    queries.insert_submission(session, made)
    return made


def _find_first_zone_date(now: datetime) -> date:
    return (now + _FIRST_ZONE_OFFSET).date()


def figure_columns(evaluation: Evaluation) -> dict[str, object]:
    """How an assessment scores, by the columns of `tables.Assessment`."""
    told = extract_figures(evaluation)
    return {
        "methodology": evaluation.compiled.document.version,
        "status": told.status,
        "level": told.level,
        "rank_points": get_ranking_index(told.status, told.index),
        "index_value": told.index,
        "index_max": told.index_max,
        "coverage": told.coverage,
        **dict(zip(DIMENSIONS, evaluation.dimensions, strict=True)),
    }


def extract_figures(evaluation: Evaluation) -> AssessmentFigures:
    """How an evaluation is told of an assessment."""
    return AssessmentFigures(
        status=evaluation.status,
        level=evaluation.level,
        index=evaluation.index,
        index_max=evaluation.index_max,
        coverage=_to_ten_thousandths(evaluation.coverage),
    )


def _to_ten_thousandths(coverage: Fraction | None) -> int | None:
    return None if coverage is None else halfup(coverage * 10**COVERAGE_DECIMALS)


_NUMBER = re.compile("[1-9][0-9]{0,8}")
