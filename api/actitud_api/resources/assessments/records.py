"""Assessments and submissions as they are stored."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from actitud_api.engine.methodology.requests import answers
from actitud_api.engine.methodology.requests.content import Evidence
from actitud_api.engine.scoring.evaluate import Status
from actitud_api.resources.assessments.evidence import EvidenceFinding
from actitud_api.resources.assessments.lifecycle import AssessmentState
from actitud_api.resources.assessments.reviewed_submission import NO_REVIEW, AppliedReview


class AnswerSupport(Struct, frozen=True):
    """The documents and the note of an answer."""

    evidence: tuple[Evidence, ...] = ()
    note: str | None = None


class AssessmentSupport(Struct, frozen=True):
    """The documents, faults of documents and review of an assessment; the JSON of the column `evidence`."""

    profile: dict[str, tuple[Evidence, ...]] = {}
    answers: dict[str, AnswerSupport] = {}
    findings: tuple[EvidenceFinding, ...] = ()
    review: AppliedReview = NO_REVIEW


class AssessmentRow(Struct, frozen=True, kw_only=True):
    """An assessment in a list; figures as in `tables.Assessment`."""

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
    """An assessment as it is stored."""

    submission: answers.Submission
    evidence: AssessmentSupport


class SubmissionRecord(Struct, frozen=True, kw_only=True):
    """A submission as it is stored."""

    edition: str
    organisation: str
    number: int
    submitted: datetime
    methodology: str
    explanations: dict[str, str]
    submission: answers.Submission
    evidence: AssessmentSupport
