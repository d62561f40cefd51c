"""The answers that result from a count, in the form that the service and its questionnaire accept."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from typing import Any, Final, NamedTuple

import msgspec
import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from actitud.counting.counts import FactCount
from actitud.counting.definitions import Definitions, TextPair
from actitud.counting.reasons import Reason

_FORMAT: Final = "actitud-questionnaire/1"
"""The layout of the service's workbooks of questionnaires."""
_HEADER: Final = 3
"""Row, counted from 0, with the titles of the columns."""
_MADE: Final = datetime(2026, 1, 1)
"""Creation time in the properties of every file: it is fixed, so that equal workbooks have equal bytes."""
YES: Final = TextPair("Sí", "Yes")
NO: Final = TextPair("No", "No")

_CODE: Final = TextPair("Código", "Code")
_ANSWER: Final = TextPair("Respuesta", "Answer")
_ALLOWED: Final = TextPair("Qué se puede responder", "What can be answered")
_DECLARED: Final = TextPair("Solo declarado", "Only declared")
_URL: Final = TextPair("Documento: dirección", "Document: address")
_DATE: Final = TextPair("Documento: fecha", "Document: date")
_NOTE: Final = TextPair("Nota", "Note")
_SOURCES: Final = (
    (TextPair("Fuente", "Source"), 25),
    (TextPair("Fuente: huella del manifiesto", "Source: digest of the manifest"), 24),
    (TextPair("Fuente: edición anterior", "Source: earlier edition"), 14),
)
_COUNTED: Final = TextPair("Contado en los ficheros", "Counted in the files")
_PROFILE: Final = TextPair("Perfil", "Profile")
_INDICATORS: Final = TextPair("Indicadores", "Indicators")
_DOCUMENTS: Final = TextPair("Documentos", "Documents")
_COLUMNS: Final[Mapping[TextPair, Sequence[tuple[TextPair, int]]]] = {
    _PROFILE: (
        (_CODE, 17),
        (TextPair("Dato", "Field"), 52),
        (_ANSWER, 20),
        (_ALLOWED, 20),
        (_DECLARED, 12),
        (_URL, 38),
        (_DATE, 14),
        *_SOURCES,
    ),
    _INDICATORS: (
        (_CODE, 24),
        (TextPair("Pregunta", "Question"), 58),
        (_ANSWER, 20),
        (_ALLOWED, 20),
        (_DECLARED, 12),
        (_URL, 38),
        (_DATE, 14),
        (_NOTE, 38),
        *_SOURCES,
        (TextPair("Por qué se pregunta", "Why it is asked"), 20),
        (TextPair("Qué vale como prueba", "What counts as evidence"), 20),
    ),
    _DOCUMENTS: (
        (_CODE, 24),
        (TextPair("Dirección", "Address"), 60),
        (TextPair("Fecha", "Date"), 14),
        (_NOTE, 38),
        (TextPair("SHA-256", "SHA-256"), 68),
    ),
}


class ManifestEvidence(NamedTuple):
    """Published manifest of a count as evidence: its URL on a site of the organisation, its date and its SHA-256."""

    url: str
    day: date
    sha256: str


class InvalidProfile(ValueError):
    """Raised by `read_profile` if a file is neither a profile nor a questionnaire of the methodology version."""


class MissingAnswer(NamedTuple):
    """Question or profile field without an answer, with its name and the reasons why it has none."""

    code: str
    name: TextPair
    reasons: tuple[Reason, ...]


def build_answers(
    definitions: Definitions,
    facts: Mapping[str, FactCount],
    *,
    profile: Mapping[str, Any] | None = None,
    evidence: ManifestEvidence | None = None,
    manifest: str | None = None,
) -> dict[str, Any]:
    """Build the answers that follow from a count, as the JSON body of an assessment (``PUT …/assessments/…``).

    The page of the questionnaire can load this body too. It contains only known profile fields, and the indicators of
    which all facts are known. Without evidence it is also a body of ``POST /v1/scores``.

    Args:
        definitions: Rules of the count.
        facts: Counted facts by their codes.
        profile: Fields of the profile that are not counted; a counted field replaces one of the same name. None for no
            such fields.
        evidence: Published manifest, which becomes the evidence of all counted answers; None for answers without
            evidence.
        manifest: Digest of the manifest, ``sha256:…``, which becomes the source of all counted answers; None if it is
            not stated.
    """
    source = {"kind": "counted"} if manifest is None else {"kind": "counted", "manifest": manifest}
    documents = [] if evidence is None else [_describe_evidence(evidence)]
    counted = {name: facts[name].value for name in definitions.profile if facts[name].value is not None}
    answers: dict[str, Any] = {}
    for indicator, rules in definitions.indicators.items():
        values = {fact: facts[f"{indicator}.{fact}"].value for fact in rules.facts}
        if values and all(value is not None for value in values.values()):
            answers[indicator] = {
                fact: list(value) if isinstance(value, tuple) else value for fact, value in values.items()
            }
            if documents:
                answers[indicator]["evidence"] = documents
            answers[indicator]["source"] = source
    body: dict[str, Any] = {"methodology": definitions.methodology, "profile": {**(profile or {}), **counted}}
    if documents:
        body["profile_evidence"] = dict.fromkeys(counted, documents)
    if counted:
        body["profile_sources"] = dict.fromkeys(counted, source)
    return {**body, "answers": answers}


def list_missing(definitions: Definitions, facts: Mapping[str, FactCount]) -> list[MissingAnswer]:
    """Return the profile fields and indicators that the count could not determine, each with the reasons why."""
    missing = [
        MissingAnswer(name, rule.name, facts[name].reasons)
        for name, rule in definitions.profile.items()
        if facts[name].value is None
    ]
    for indicator, rules in definitions.indicators.items():
        reasons = tuple(
            dict.fromkeys(
                reason
                for fact in rules.facts
                if facts[f"{indicator}.{fact}"].value is None
                for reason in facts[f"{indicator}.{fact}"].reasons
            )
        )
        if reasons:
            missing.append(MissingAnswer(indicator, rules.name, reasons))
    return missing


def read_profile(content: bytes, version: str) -> dict[str, Any]:
    """Return the profile in a JSON file.

    The file contains a profile alone, or a questionnaire that was saved on the page of the service. Raises
    InvalidProfile if it contains neither, or belongs to another methodology version.
    """
    try:
        document: dict[str, Any] = msgspec.json.decode(content, type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise InvalidProfile(str(error)) from error
    if document.get("methodology", version) != version:
        raise InvalidProfile(str(document["methodology"]))
    profile = document.get("profile", document if "methodology" not in document else {})
    if not isinstance(profile, dict) or any(isinstance(value, dict | list) for value in profile.values()):
        raise InvalidProfile("profile")
    return profile


def encode_answers(answers: Mapping[str, Any]) -> bytes:
    """Encode answers as indented JSON, in the given order of members."""
    return msgspec.json.format(msgspec.json.encode(answers), indent=2) + b"\n"


def build_answers_workbook(definitions: Definitions, answers: Mapping[str, Any], language: str) -> bytes:
    """Build a workbook with counted answers in the form of the service's questionnaire, which the service can read.

    It has only the rows of counted facts, not those of other questions: the service fills a complete workbook from the
    answers in JSON.

    Args:
        definitions: Rules of the count.
        answers: Answers from `build_answers`.
        language: "es" for Spanish, or "en".
    """
    return _AnswersWriter(definitions, answers, language).build()


class _AnswersWriter:
    def __init__(self, definitions: Definitions, answers: Mapping[str, Any], language: str) -> None:
        self._definitions, self._answers, self._language = definitions, answers, language
        self._file = io.BytesIO()
        self._book = xlsxwriter.Workbook(self._file, {"in_memory": True, "strings_to_urls": False})
        self._book.set_properties({"created": _MADE})
        self._plain = self._book.add_format({"valign": "top", "text_wrap": True})
        self._bold = self._book.add_format({"bold": True, "valign": "top", "text_wrap": True})
        self._dated = self._book.add_format({"num_format": "yyyy-mm-dd", "valign": "top"})
        self._documents: list[tuple[str, Mapping[str, Any]]] = []

    def build(self) -> bytes:
        """Write all sheets and return the bytes of the file."""
        self._write_profile(self._add_sheet(_PROFILE))
        self._write_indicators(self._add_sheet(_INDICATORS))
        self._write_documents(self._add_sheet(_DOCUMENTS))
        metadata = self._book.add_worksheet("_metadata")
        metadata.very_hidden()
        about = {"format": _FORMAT, "methodology": self._definitions.methodology, "language": self._language}
        for row, (name, value) in enumerate(about.items()):
            metadata.write_string(row, 0, name)
            metadata.write_string(row, 1, value)
        self._book.close()
        return self._file.getvalue()

    def _add_sheet(self, title: TextPair) -> Worksheet:
        sheet = self._book.add_worksheet(title.into(self._language))
        sheet.write_string(0, 0, title.into(self._language), self._bold)
        for index, (column, width) in enumerate(_COLUMNS[title]):
            sheet.set_column(index, index, width)
            sheet.write_string(_HEADER, index, column.into(self._language), self._bold)
        sheet.freeze_panes(_HEADER + 1, 1)
        return sheet

    def _write_profile(self, sheet: Worksheet) -> None:
        profile: Mapping[str, Any] = self._answers["profile"]
        sources: Mapping[str, Mapping[str, str]] = self._answers.get("profile_sources", {})
        for row, (name, value) in enumerate(profile.items(), start=_HEADER + 1):
            rule = self._definitions.profile.get(name)
            label = name if rule is None else rule.name.into(self._language)
            self._write_answer(sheet, row, name, label, value)
            self._write_source(sheet, row, _PROFILE, sources.get(name))
        evidence: Mapping[str, Sequence[Mapping[str, Any]]] = self._answers.get("profile_evidence", {})
        self._documents += ((name, document) for name, listed in evidence.items() for document in listed)

    def _write_indicators(self, sheet: Worksheet) -> None:
        row = _HEADER + 1
        for indicator, answer in self._answers["answers"].items():
            rules = self._definitions.indicators[indicator]
            sheet.write_string(row, 0, indicator, self._bold)
            sheet.write_string(row, 1, rules.name.into(self._language), self._bold)
            self._write_source(sheet, row, _INDICATORS, answer.get("source"))
            row += 1
            for fact, rule in rules.facts.items():
                value = answer[fact]
                if not isinstance(value, list):
                    self._write_answer(sheet, row, f"{indicator}.{fact}", rule.name.into(self._language), value)
                    row += 1
                    continue
                for one in self._definitions.classes:
                    code, label = f"{indicator}.{fact}.{one.id}", one.name.into(self._language)
                    self._write_answer(sheet, row, code, label, one.id in value)
                    row += 1
            self._documents += ((indicator, document) for document in answer.get("evidence", ()))

    def _write_documents(self, sheet: Worksheet) -> None:
        for row, (code, document) in enumerate(self._documents, start=_HEADER + 1):
            sheet.write_string(row, 0, code, self._plain)
            sheet.write_string(row, 1, document["url"], self._plain)
            day = datetime.combine(date.fromisoformat(document["date"]), time())
            sheet.write_datetime(row, 2, day, self._dated)
            sheet.write_string(row, 4, document["sha256"], self._plain)

    def _write_answer(self, sheet: Worksheet, row: int, code: str, label: str, value: object) -> None:
        sheet.write_string(row, 0, code, self._plain)
        sheet.write_string(row, 1, label, self._plain)
        if isinstance(value, bool):
            sheet.write_string(row, 2, (YES if value else NO).into(self._language), self._plain)
        elif isinstance(value, int | float):
            sheet.write_number(row, 2, value, self._plain)
        elif value is not None:
            sheet.write_string(row, 2, str(value), self._plain)

    def _write_source(self, sheet: Worksheet, row: int, title: TextPair, source: Mapping[str, str] | None) -> None:
        """Write the source of what was counted, and the digest of its manifest."""
        if source is None:
            return
        column = _COLUMNS[title].index(_SOURCES[0])
        sheet.write_string(row, column, _COUNTED.into(self._language), self._plain)
        if "manifest" in source:
            sheet.write_string(row, column + 1, source["manifest"], self._plain)


def _describe_evidence(evidence: ManifestEvidence) -> dict[str, str]:
    return {"url": evidence.url, "date": evidence.day.isoformat(), "sha256": evidence.sha256}
