"""Requests and responses about assessments and submissions."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from typing import Annotated, Literal

from msgspec import Meta, Struct, structs

from actitud_api.engine.i18n import Language
from actitud_api.engine.methodology.free_text import Note
from actitud_api.engine.methodology.loader import Methodology, load_methodology
from actitud_api.engine.methodology.model import Scalar
from actitud_api.engine.methodology.requests.answers import FactValue
from actitud_api.engine.methodology.requests.content import AnswerSource, AssessmentContent, Evidence
from actitud_api.engine.narration.sentences import get_sentences
from actitud_api.engine.scoring import result
from actitud_api.engine.scoring.evaluate import Evaluation, Status
from actitud_api.engine.scoring.result import COVERAGE_DECIMALS, to_figure
from actitud_api.platform.http.members import copy_members
from actitud_api.platform.http.paging import Page, PageQuery
from actitud_api.resources.assessments import service
from actitud_api.resources.assessments.evidence import EvidenceFinding
from actitud_api.resources.assessments.evidence_narration import format_evidence_finding
from actitud_api.resources.assessments.lifecycle import AssessmentState
from actitud_api.resources.assessments.records import AssessmentRecord, AssessmentRow, SubmissionRecord

Points = Annotated[float, Meta(ge=0, le=100)]
"""Points of the index or of a node, from 0 to 100, rounded to the decimals of the methodology."""
Coverage = Annotated[
    float,
    Meta(ge=0, le=1, description="Effective weight known over effective weight scored."),
]
Time = Annotated[datetime, Meta(tz=True)]
AnswerMember = bool | int | float | str | None | tuple[str | Evidence, ...] | AnswerSource
"""The value of one member of an answer: of a fact, of the list `evidence`, of the text `note`, or of `source`."""


Profile = Annotated[dict[str, Scalar | None], Meta(description="The profile fields that the organisation sets.")]
ProfileEvidence = Annotated[dict[str, tuple[Evidence, ...]], Meta(description="Documents by profile field.")]
ProfileSources = Annotated[dict[str, AnswerSource], Meta(description="Sources by profile field.")]
Answers = Annotated[
    dict[str, dict[str, AnswerMember]],
    Meta(description="The facts of each answer by indicator, with its `evidence`, its `note` and its `source`."),
]


class EditionPath(Struct, frozen=True):
    """The path parameters of an edition."""

    edition: Annotated[str, Meta(description="Id of the edition.", examples=["2026"])]


class AssessmentPath(EditionPath, frozen=True):
    """The path parameters of an assessment."""

    organisation: Annotated[str, Meta(description="Id of the organisation.", examples=["ES-DIR3-L01462508"])]


class SubmissionPath(AssessmentPath, frozen=True):
    """The path parameters of a submission."""

    submission: Annotated[str, Meta(description="Id of the submission.", examples=["1"])]


class AssessmentQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The query parameters of the list of assessments."""

    state: Annotated[AssessmentState | None, Meta(description="Only assessments in that state.")] = None


class SubmissionRequest(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The request to submit an assessment, with the explanations of its warnings."""

    explanations: Annotated[
        dict[Annotated[str, Meta(pattern="^[A-Za-z0-9_.-]{1,64}$")], Note],
        Meta(
            max_length=100,
            description="Why warnings stand, by rule; published.",
            examples=[{"V13": "The median counts the weekends."}],
        ),
    ] = {}


class AssessmentFinding(Struct, frozen=True, kw_only=True):
    """A contradiction between facts of an assessment, or a fault of one of its documents.

    A finding with severity `error` prevents submission; the organisation may explain a `warning` when it submits.
    `code` is `evidence` for a fault of a document, `unsupported` for a contradiction that absent answers (`missing`)
    could still resolve, and `contradicted` for any other. `facts` are the facts that the rule read, by name.
    """

    rule: str
    severity: Literal["error", "warning"]
    code: Literal["contradicted", "unsupported", "evidence"]
    pointer: Annotated[str, Meta(description="JSON Pointer (RFC 6901) into the assessment.")]
    indicators: Annotated[tuple[str, ...], Meta(description="The indicators that the finding is about.")]
    missing: Annotated[tuple[str, ...], Meta(description="The indicators that have no answer.")]
    facts: dict[str, FactValue | str | None]
    text: Annotated[str, Meta(description="A sentence in the language of the response.")]


class FigureMembers(Struct, frozen=True, kw_only=True):
    """The index, level, status and coverage of an assessment.

    `index` and `index_max` are the lower and upper bound of the index, in points. A member is null if the assessment
    has no such figure.
    """

    index: Points | None
    index_max: Points | None
    level: int | None
    status: Status
    coverage: Coverage | None


class AssessmentLine(FigureMembers, frozen=True, kw_only=True):
    """An assessment in a list. Times are UTC; `submitted` is null if the assessment was never submitted."""

    edition: str
    organisation: str
    organisation_name: str
    methodology: str
    state: AssessmentState
    created: Time
    updated: Time
    submitted: Time | None


class AssessmentPage(Page[AssessmentLine], frozen=True):
    """A page of assessments."""


class Assessment(AssessmentLine, frozen=True, kw_only=True):
    """The answers of an organisation in an edition, with findings and score as of the last write.

    `profile`, `profile_evidence`, `profile_sources` and `answers` have the form of a request, so a client can send them
    back.
    """

    profile: Profile
    profile_evidence: ProfileEvidence
    profile_sources: ProfileSources
    answers: Answers
    findings: tuple[AssessmentFinding, ...]


class SubmissionLine(FigureMembers, frozen=True, kw_only=True):
    """A submission in a list, without its answers. `id` numbers the submissions of one assessment from 1.

    `explanations` are the reasons that the organisation gave for warnings, by rule.
    """

    id: str
    edition: str
    organisation: str
    methodology: str
    submitted: Time
    explanations: dict[str, str]
    findings: Annotated[tuple[AssessmentFinding, ...], Meta(description="The warnings with which it was submitted.")]


class SubmissionPage(Page[SubmissionLine], frozen=True):
    """A page of submissions."""


class SubmissionDetail(SubmissionLine, frozen=True, kw_only=True):
    """A complete copy of an assessment as it was submitted."""

    profile: Profile
    profile_evidence: ProfileEvidence
    profile_sources: ProfileSources
    answers: Answers


def build_line(row: AssessmentRow) -> AssessmentLine:
    """Build the list entry of a stored assessment, with figures in points."""
    unit = int(10 ** load_methodology(row.methodology).document.decimals)
    return copy_members(
        row,
        AssessmentLine,
        organisation_name=row.name,
        index=_to_decimal(row.index_value, unit),
        index_max=_to_decimal(row.index_max, unit),
        coverage=_to_decimal(row.coverage, 10**COVERAGE_DECIMALS),
    )


def build_assessment(record: AssessmentRecord, evaluation: Evaluation, language: Language) -> Assessment:
    """Build the response about a stored assessment, with its findings as sentences in `language`.

    `evaluation` is the result of scoring its submission.
    """
    content = service.rebuild_content(record)
    return Assessment(
        **structs.asdict(build_line(record)),
        profile=content.profile,
        profile_evidence=content.profile_evidence,
        profile_sources=content.profile_sources,
        answers=_build_answers(content),
        findings=_build_findings(record, evaluation, language),
    )


def build_submission_line(stored: SubmissionRecord, evaluation: Evaluation, language: Language) -> SubmissionLine:
    """Build the list entry of a stored submission, with its findings as sentences in `language`.

    `evaluation` is the result of scoring the submission.
    """
    figures = service.extract_figures(evaluation)
    unit = int(10 ** load_methodology(stored.methodology).document.decimals)
    return copy_members(
        stored,
        SubmissionLine,
        id=str(stored.number),
        findings=_build_findings(stored, evaluation, language),
        index=_to_decimal(figures.index, unit),
        index_max=_to_decimal(figures.index_max, unit),
        level=figures.level,
        status=figures.status,
        coverage=_to_decimal(figures.coverage, 10**COVERAGE_DECIMALS),
    )


def build_submission(stored: SubmissionRecord, evaluation: Evaluation, language: Language) -> SubmissionDetail:
    """Build the response about a stored submission, with its findings as sentences in `language`.

    `evaluation` is the result of scoring the submission.
    """
    content = service.rebuild_content(stored)
    return SubmissionDetail(
        **structs.asdict(build_submission_line(stored, evaluation, language)),
        profile=content.profile,
        profile_evidence=content.profile_evidence,
        profile_sources=content.profile_sources,
        answers=_build_answers(content),
    )


def find_pointer(finding: result.Finding | EvidenceFinding) -> str:
    """Return the JSON Pointer of the value that a finding is about, in the assessment.

    For a fault of a document, this is the document. For a contradiction, it is the answer to the first indicator
    that the finding names or, if it names none, its first fact.
    """
    if isinstance(finding, EvidenceFinding):
        return finding.pointer
    if finding.indicators:
        return f"/answers/{finding.indicators[0]}"
    fact = next(iter(finding.facts), "")
    indicator, _, name = fact.rpartition(".")
    return f"/answers/{indicator}/{name}" if indicator else f"/profile/{name}"


def format_finding(methodology: Methodology, finding: result.Finding | EvidenceFinding, language: Language) -> str:
    """Return the sentence that describes a finding, in one language."""
    if isinstance(finding, EvidenceFinding):
        return format_evidence_finding(finding, methodology, language)
    return get_sentences(methodology, language).describe_finding(finding)


def _build_findings(
    stored: AssessmentRecord | SubmissionRecord, evaluation: Evaluation, language: Language
) -> tuple[AssessmentFinding, ...]:
    return tuple(
        AssessmentFinding(
            rule=finding.rule,
            severity=finding.severity,
            code="evidence" if isinstance(finding, EvidenceFinding) else finding.code,
            pointer=find_pointer(finding),
            indicators=finding.indicators,
            missing=() if isinstance(finding, EvidenceFinding) else finding.missing,
            facts=finding.facts,
            text=format_finding(load_methodology(stored.methodology), finding, language),
        )
        for finding in service.list_findings(evaluation, stored.evidence)
    )


def _build_answers(content: AssessmentContent) -> dict[str, dict[str, AnswerMember]]:
    return {
        name: {**answer.facts, "evidence": answer.evidence, "note": answer.note, "source": answer.source}
        for name, answer in content.answers.items()
    }


def _to_decimal(units: int | None, whole: int) -> float | None:
    return None if units is None else to_figure(Fraction(units, whole))
