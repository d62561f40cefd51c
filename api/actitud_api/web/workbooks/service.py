"""Use cases of workbooks: build the empty workbook, fill it with answers, read an uploaded one."""

from __future__ import annotations

from functools import cache

from actitud_api.engine.i18n import Language
from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.methodology.requests.questionnaire import QuestionnaireRequest, to_questionnaire
from actitud_api.web.workbooks.reading import REQUEST as REQUEST
from actitud_api.web.workbooks.reading import CellFault as CellFault
from actitud_api.web.workbooks.reading import WorkbookContents as WorkbookContents
from actitud_api.web.workbooks.reading import read_questionnaire
from actitud_api.web.workbooks.writing import build_workbook


class VersionMismatch(Exception):
    """Raised by `fill_workbook` if a questionnaire belongs to another methodology version than the workbook."""

    def __init__(self, requested: str, sent: str) -> None:
        super().__init__(requested, sent)
        self.requested = requested
        self.sent = sent


@cache
def build_template(version: str, language: Language) -> bytes:
    """Build the empty workbook of a methodology version.

    Raises:
        UnknownMethodology: If there is no such version.
    """
    return build_workbook(load_methodology(version), language)


def fill_workbook(version: str, request: QuestionnaireRequest, language: Language) -> bytes:
    """Build the workbook of a methodology version, filled with the answers of a questionnaire.

    Raises:
        UnknownMethodology: There is no such version.
        VersionMismatch: The questionnaire belongs to another version.
    """
    methodology = load_methodology(version)
    sent = str(request.__struct_config__.tag)
    if sent != version:
        raise VersionMismatch(version, sent)
    return build_workbook(methodology, language, to_questionnaire(methodology, request))


def read_workbook(version: str, raw: bytes) -> WorkbookContents:
    """Read the answers and faults of an uploaded workbook.

    Raises:
        UnknownMethodology: There is no such version.
        WorkbookRejected: The file is not a workbook of this version.
    """
    return read_questionnaire(load_methodology(version), raw)
