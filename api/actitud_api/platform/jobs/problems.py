"""The problem of a failed job, stored in every language of the service, because its readers may use any of them."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from actitud_api.engine.i18n import LANGUAGES, Language, Texts
from actitud_api.platform.http.members import copy_members
from actitud_api.platform.http.problems import FieldError, Problem, ProblemError, limit_faults
from actitud_api.platform.http.redaction import redact_keys

PROBLEM: Final = "problem"
"""The member of the detail of a result that has the problem with which its subject was refused."""

Wordings = dict[str, str]
"""A text by language."""


class JobFault(Struct, frozen=True):
    """Fault of a failed job as it is stored, with its sentence in each language.

    Attributes:
        pointer: Place of the fault in the input of the job, such as a JSON Pointer.
        rule: Name of the broken rule.
        value: Value at fault as JSON, None if there is none or it may be personal data.
        detail: Sentence about the fault.
        suggestion: Value that may be accepted instead, None if none is known.
        allowed: Accepted values, empty if they cannot be listed.
    """

    pointer: str
    rule: str
    value: str | None
    detail: Wordings
    suggestion: str | None
    allowed: tuple[str, ...]


class JobProblem(Struct, frozen=True):
    """Reason why a job failed, as it is stored.

    It contains no internals of the service.

    Attributes:
        type: URI reference that identifies the problem type.
        status: HTTP status of the problem type.
        title: Name of the problem type in each language.
        detail: Explanation of this failure in each language.
        faults: Faults of the input of the job, empty if it has none.
    """

    type: str
    status: int
    title: Wordings
    detail: Wordings
    faults: tuple[JobFault, ...]


def store_problem(error: ProblemError) -> JobProblem:
    """Convert a problem to the form in which it is stored with a failed job, without secrets of keys."""
    return JobProblem(
        type=error.type.uri,
        status=error.type.status,
        title=_word(error.type.title),
        detail=_word(error.detail),
        faults=tuple(
            JobFault(
                pointer=redact_keys(fault.pointer),
                rule=fault.rule,
                value=None if fault.value is None else redact_keys(fault.value),
                detail=_word(fault.detail),
                suggestion=fault.suggestion,
                allowed=fault.allowed,
            )
            for fault in limit_faults(error.faults)
        ),
    )


def build_problem(problem: JobProblem, instance: str, request_id: str, language: Language) -> Problem:
    """Return the problem document of a failed job; `instance` is the path of the job.

    `request_id` is the id of the request that reads the job.
    """
    return Problem(
        type=problem.type,
        title=problem.title[language],
        status=problem.status,
        detail=problem.detail[language],
        instance=instance,
        request_id=request_id,
        errors=tuple(copy_members(fault, FieldError, detail=fault.detail[language]) for fault in problem.faults),
    )


def _word(texts: Texts) -> Wordings:
    return {language: redact_keys(texts.into(language)) for language in LANGUAGES}
