"""The JSON structures of a workbook's contents."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from actitud_api.engine.i18n import Language
from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.methodology.requests.questionnaire import (
    AssessmentDocument,
    QuestionnaireDocument,
    ScoresDocument,
    to_assessment_document,
    to_questionnaire_document,
    to_scores_document,
)
from actitud_api.web.workbooks.service import CellFault, WorkbookContents


class WorkbookPath(Struct, frozen=True):
    """The path parameters of a methodology's workbook."""

    version: Annotated[str, Meta(description="The version of a methodology, such as 2026.1.", max_length=40)]


class WorkbookFault(Struct, frozen=True, kw_only=True):
    """A fault in a cell of a workbook. The value of the cell is left out of the result."""

    cell: Annotated[str, Meta(description="Sheet and cell.", examples=["Perfil!C12"])]
    pointer: Annotated[
        str | None,
        Meta(description="JSON Pointer (RFC 6901) to where in `questionnaire` the value would stand, or is missing."),
    ]
    rule: Annotated[str, Meta(description="The keyword of the schema, or the rule of the reader, that is broken.")]
    value: Annotated[str | None, Meta(description="What stands there, as JSON, cut at 100 characters.")]
    detail: Annotated[str, Meta(description="What is wrong, in the language of the answer.")]
    suggestion: Annotated[str | None, Meta(description="What may have been meant.")]


class WorkbookReading(Struct, frozen=True, kw_only=True):
    """The content of a workbook.

    `scores` and `assessment` contain the complete answers, ready to be sent. They are null if the profile lacks a
    field.
    """

    methodology: str
    language: Annotated[Language, Meta(description="The language in which the workbook was made.")]
    questionnaire: QuestionnaireDocument
    scores: ScoresDocument | None
    assessment: AssessmentDocument | None
    faults: Annotated[
        tuple[WorkbookFault, ...],
        Meta(
            description="Every wrong cell at once, in the order of the sheets. Where there are very many, the first "
            "ones, and a last one with the rule `more` that says how many more there are."
        ),
    ]


def build_reading(version: str, read: WorkbookContents, language: Language) -> WorkbookReading:
    """Build the JSON structure of a workbook's contents, with its faults in a language."""
    methodology = load_methodology(version)
    return WorkbookReading(
        methodology=version,
        language=read.language,
        questionnaire=to_questionnaire_document(methodology, read.questionnaire),
        scores=to_scores_document(methodology, read.questionnaire),
        assessment=to_assessment_document(methodology, read.questionnaire),
        faults=tuple(_build_fault(fault, language) for fault in read.faults),
    )


def _build_fault(fault: CellFault, language: Language) -> WorkbookFault:
    return WorkbookFault(
        cell=fault.cell,
        pointer=fault.pointer,
        rule=fault.rule,
        value=fault.value,
        detail=fault.detail.into(language),
        suggestion=fault.suggestion,
    )
