"""The JSON structures of a workbook's contents."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from actitud_api.engine.i18n import Language
from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.methodology.requests.questionnaire import (
    QuestionnaireDocument,
    to_assessment_document,
    to_questionnaire_document,
    to_scores_document,
)
from actitud_api.platform.http.members import copy_members
from actitud_api.web.workbooks.service import CellFault, WorkbookContents


class WorkbookPath(Struct, frozen=True):
    """The path parameters of a methodology's workbook."""

    version: Annotated[str, Meta(description="The version of a methodology, such as 2027.1.", max_length=40)]


class WorkbookFault(Struct, frozen=True, kw_only=True):
    """A fault in a cell of a workbook. The value of the cell is left out of the `questionnaire` in the response."""

    cell: Annotated[
        str, Meta(description="Sheet and cell; empty in the entry with the rule `more`.", examples=["Perfil!C12"])
    ]
    pointer: Annotated[
        str | None,
        Meta(
            description="JSON Pointer (RFC 6901) into `questionnaire` to the value of the cell, which is left out "
            "there; null if the cell has none."
        ),
    ]
    rule: Annotated[str, Meta(description="A keyword of the schema, or a rule of the workbook.")]
    value: Annotated[
        str | None,
        Meta(
            description="The content of the cell as JSON, cut at 100 characters; null if there is none, or if it may "
            "be personal data."
        ),
    ]
    detail: Annotated[str, Meta(description="A sentence about the fault, in the language of the response.")]
    suggestion: Annotated[str | None, Meta(description="The value that was probably meant; null if none is known.")]


class WorkbookReading(Struct, frozen=True, kw_only=True):
    """The answers in a workbook, and its faults.

    `questionnaire` contains all answers that could be read. `scores` and `assessment` contain only the complete
    answers, as bodies of `POST /v1/scores` and of an assessment; both are null if a profile field is missing.
    """

    methodology: str
    language: Annotated[Language, Meta(description="The language of the workbook.")]
    questionnaire: QuestionnaireDocument
    scores: QuestionnaireDocument | None
    assessment: QuestionnaireDocument | None
    faults: Annotated[
        tuple[WorkbookFault, ...],
        Meta(
            description="The faults of all cells, in the order of the sheets. If there are too many, the first ones, "
            "and a last entry with the rule `more` that counts the rest."
        ),
    ]


def build_reading(version: str, read: WorkbookContents, language: Language) -> WorkbookReading:
    """Build the response with the contents of a workbook; its faults are described in `language`."""
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
    return copy_members(fault, WorkbookFault, detail=fault.detail.into(language))
