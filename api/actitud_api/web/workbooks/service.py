"""Use cases over workbooks."""

from __future__ import annotations

from functools import cache

from actitud_api.engine.i18n import Language
from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.methodology.requests.questionnaire import QuestionnaireRequest, to_questionnaire
from actitud_api.web.workbooks.reading import REQUEST, CellFault, WorkbookContents, read_questionnaire
from actitud_api.web.workbooks.writing import build_workbook

__all__ = [
    "REQUEST",
    "CellFault",
    "VersionMismatch",
    "WorkbookContents",
    "build_template",
    "fill_workbook",
    "read_workbook",
]


class VersionMismatch(Exception):
    """A questionnaire of another version than the one whose workbook is asked for."""

    def __init__(self, requested: str, sent: str) -> None:
        super().__init__(requested, sent)
        self.requested = requested
        self.sent = sent


@cache
def build_template(version: str, language: Language) -> bytes:
    """The empty workbook of a version; raises `UnknownMethodology`."""
    return build_workbook(load_methodology(version), language)


def fill_workbook(version: str, request: QuestionnaireRequest, language: Language) -> bytes:
    """The workbook of a version with what a questionnaire holds; raises `UnknownMethodology` and `AnotherVersion`."""
    methodology = load_methodology(version)
    sent = str(request.__struct_config__.tag)
    if sent != version:
        raise VersionMismatch(version, sent)
    return build_workbook(methodology, language, to_questionnaire(methodology, request))


def read_workbook(version: str, raw: bytes) -> WorkbookContents:
    """What a workbook of a version holds; raises `UnknownMethodology`, and `Refused` where it is none of it."""
    return read_questionnaire(load_methodology(version), raw)
