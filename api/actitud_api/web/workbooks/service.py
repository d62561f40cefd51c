"""Use cases over workbooks."""

from __future__ import annotations

from functools import cache

from actitud_api.engine.i18n import Language
from actitud_api.engine.methodology.loader import load
from actitud_api.engine.methodology.requests.questionnaire import QuestionnaireRequest, questionnaire
from actitud_api.web.workbooks.reading import REQUEST, CellFault, Reading, reading
from actitud_api.web.workbooks.writing import workbook

__all__ = ["REQUEST", "AnotherVersion", "CellFault", "Reading", "filled", "read", "template"]


class AnotherVersion(Exception):
    """A questionnaire of another version than the one whose workbook is asked for."""

    def __init__(self, asked: str, sent: str) -> None:
        super().__init__(asked, sent)
        self.asked = asked
        self.sent = sent


@cache
def template(version: str, language: Language) -> bytes:
    """The empty workbook of a version; raises `UnknownMethodology`."""
    return workbook(load(version), language)


def filled(version: str, request: QuestionnaireRequest, language: Language) -> bytes:
    """The workbook of a version with what a questionnaire holds; raises `UnknownMethodology` and `AnotherVersion`."""
    methodology = load(version)
    sent = str(request.__struct_config__.tag)
    if sent != version:
        raise AnotherVersion(version, sent)
    return workbook(methodology, language, questionnaire(methodology, request))


def read(version: str, raw: bytes) -> Reading:
    """What a workbook of a version holds; raises `UnknownMethodology`, and `Refused` where it is none of it."""
    return reading(load(version), raw)
