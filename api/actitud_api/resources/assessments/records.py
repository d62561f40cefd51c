"""Assessments and submissions as Python objects, converted from their database rows."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from actitud_api.engine.methodology.requests import answers
from actitud_api.engine.methodology.requests.content import AnswerSource, Evidence
from actitud_api.engine.scoring.evaluate import Status
from actitud_api.resources.assessments.evidence import EvidenceFinding
from actitud_api.resources.assessments.lifecycle import AssessmentState
from actitud_api.resources.assessments.reviewed_submission import NO_REVIEW, AppliedReview


class AnswerSupport(Struct, frozen=True):
    """The documents, the note and the source that an organisation adds to one answer.

    `note` and `source` are None if there is none. `seal` is the SHA-256 of documents and note with the salt of the
    assessment, empty if there is neither a document nor a note. The seal stays when documents and note are erased, so
    that a verdict of an assessor still identifies the answer that was judged.
    """

    evidence: tuple[Evidence, ...] = ()
    note: str | None = None
    seal: str = ""
    source: AnswerSource | None = None


class AssessmentSupport(Struct, frozen=True):
    """Stored data of an assessment beside its facts, as JSON in the column `evidence`.

    Attributes:
        profile: Documents by profile field.
        answers: Documents, notes and sources by indicator.
        findings: Faults of documents as of the last write.
        review: Verdicts and overall review that the score takes into account.
        salt: 16 random bytes in hexadecimal that are mixed into the seals (digests of documents and notes) of the
            answers, so that nobody can test a guessed note against a seal; empty if there is no seal yet, or after an
            erasure.
        profile_sources: Sources by profile field.
    """

    profile: dict[str, tuple[Evidence, ...]] = {}
    answers: dict[str, AnswerSupport] = {}
    findings: tuple[EvidenceFinding, ...] = ()
    review: AppliedReview = NO_REVIEW
    salt: str = ""
    profile_sources: dict[str, AnswerSource] = {}


class Erasure(Struct, frozen=True):
    """An erasure of the personal data of an assessment.

    `indicator` is the id of the indicator whose documents and note were erased; None if all personal data were erased.
    `entry` is the number of the entry about the erasure in the ledger (audit log), `at` the time of the erasure.
    """

    edition: str
    organisation: str
    entry: int
    indicator: str | None
    at: datetime

    def covers(self, indicator: str | None, at: datetime) -> bool:
        """Return True if the erasure removed a text about the answer to `indicator` that was written at the time `at`.

        If `indicator` is None, the text is about the whole assessment.
        """
        return at <= self.at and self.indicator in (None, indicator)


class AssessmentRow(Struct, frozen=True, kw_only=True):
    """An assessment as lists show it: its state, times and figures, without its answers.

    Attributes:
        edition: Id of the edition.
        organisation: Id of the organisation.
        name: Name of the organisation.
        state: State of the assessment.
        version: Number of times that the row was written.
        created, updated: Times of the first and of the last write.
        submitted: Time of the last submission, None if it was never submitted.
        methodology: Version that scores the answers.
        status: Status of the score, which says whether the evidence is enough for a level.
        level: Level, None if there is none.
        index_value, index_max: Lower and upper bound of the index in units of 10^-decimals of the methodology (with 2
            decimals, 5734 means 57.34 points); None if there is none.
        coverage: Known share of the weight of the applicable indicators in ten-thousandths (7500 means 75 %); None if
            there is none.
    """

    edition: str
    organisation: str
    name: str
    state: AssessmentState
    version: int
    created: datetime
    updated: datetime
    submitted: datetime | None
    methodology: str
    status: Status
    level: int | None
    index_value: int | None
    index_max: int | None
    coverage: int | None


class AssessmentRecord(AssessmentRow, frozen=True, kw_only=True):
    """A complete stored assessment.

    `submission`: the answers in the form in which the engine scores them, with the review applied. `evidence`: the
    documents, notes, findings and review stored beside the answers.
    """

    submission: answers.Submission
    evidence: AssessmentSupport


class SubmissionRecord(Struct, frozen=True, kw_only=True):
    """A copy of an assessment as it was submitted.

    `number` counts the submissions of one assessment from 1. `explanations` has the reasons of the organisation for
    warnings, by rule. `submission` and `evidence` are copies of these two fields of `AssessmentRecord`, made when the
    assessment was submitted.
    """

    edition: str
    organisation: str
    number: int
    submitted: datetime
    methodology: str
    explanations: dict[str, str]
    submission: answers.Submission
    evidence: AssessmentSupport
