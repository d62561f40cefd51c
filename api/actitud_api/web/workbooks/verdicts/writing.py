"""Write the review workbook: one row for each answer that an assessor may judge, with the assessor's own verdicts.

Every text is written as a string, so that it cannot become a formula. The cells for verdicts are unlocked; all others
are locked without a password, as a protection against accidental changes.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Final

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.methodology.answer_inputs import AnswerInput, list_inputs
from actitud_api.engine.methodology.free_text import NOTE_MAX
from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.methodology.predicates import walk_indicators
from actitud_api.engine.methodology.requests.answers import FactValue
from actitud_api.engine.narration.words import format_number
from actitud_api.platform.spreadsheets.cells import NO, YES
from actitud_api.platform.spreadsheets.writing import MADE, NOTE_RULE, OptionLists
from actitud_api.resources.assessments.records import AnswerSupport
from actitud_api.resources.batches.verdicts import JudgeableAssessment
from actitud_api.web.workbooks.layout import HEADER, UNKNOWN_OPTION
from actitud_api.web.workbooks.verdicts.layout import (
    COLUMNS,
    FORMAT,
    RULES_TITLE,
    TITLE,
    VERDICT_LABELS,
    WorkbookIdentity,
    find_column,
)
from actitud_api.web.workbooks.writing import add_formats

_LEVEL_MAX: Final = 100
_INTRODUCTION: Final = Texts(
    "Elija un dictamen en las filas que juzgue; las que queden en blanco no cambian. Todo dictamen que no sea «Vale» "
    "lleva motivo, que se publica. El paso solo se escribe si se demuestra uno inferior. Lo que pide cada regla está "
    "en la hoja siguiente.",
    "Choose a verdict in the rows that you judge; those left blank do not change. Every verdict but “It stands” has a "
    "reason, which is published. Write the step only where a lower one is shown. The next sheet says what each rule "
    "asks for.",
)
_RULE_WIDTH: Final = 110


def write_workbook(identity: WorkbookIdentity, assessments: Iterable[JudgeableAssessment], language: Language) -> bytes:
    """Build the review workbook (XLSX) of assessments in a language; indicators without an answer have no row."""
    return _VerdictWriter(identity, language).build(assessments)


class _VerdictWriter:
    def __init__(self, identity: WorkbookIdentity, language: Language) -> None:
        self._identity = identity
        self._language = language
        self._texts = load_methodology(identity.methodology).texts[language]
        self._file = io.BytesIO()
        # Row by row into a file: held in memory, the cells of a thousand assessments take some hundred megabytes.
        self._book = xlsxwriter.Workbook(self._file, {"constant_memory": True, "strings_to_urls": False})
        self._book.set_properties({"title": self._texts.title, "created": MADE})
        self._formats = add_formats(self._book, ("plain", "line", "heading", "header", "input"))
        self._lists = OptionLists()

    def build(self, assessments: Iterable[JudgeableAssessment]) -> bytes:
        sheet = self._add_sheet()
        row = HEADER
        for assessment in assessments:
            for indicator in assessment.answers:
                if indicator in assessment.record.submission.answers:
                    row += 1
                    self._write_answer(sheet, row, assessment, indicator)
        self._finish(sheet, row)
        self._write_rules()
        metadata = {"format": FORMAT, **self._identity._asdict(), "language": self._language}
        self._lists.write(self._book, metadata)
        self._book.close()
        return self._file.getvalue()

    def _add_sheet(self) -> Worksheet:
        sheet = self._book.add_worksheet(TITLE.into(self._language))
        sheet.protect(options={"format_columns": True, "format_rows": True, "sort": True, "autofilter": True})
        sheet.freeze_panes(HEADER + 1, find_column("question"))
        sheet.set_landscape()
        for index, column in enumerate(COLUMNS):
            sheet.set_column(index, index, column.width, None, {"hidden": column.id == "mark"})
        sheet.write_string(0, 0, TITLE.into(self._language), self._formats["heading"])
        sheet.write_string(1, 0, _INTRODUCTION.into(self._language), self._formats["line"])
        for index, column in enumerate(COLUMNS):
            sheet.write_string(HEADER, index, column.title.into(self._language), self._formats["header"])
        return sheet

    def _write_answer(self, sheet: Worksheet, row: int, assessment: JudgeableAssessment, indicator: str) -> None:
        record, review = assessment.record, assessment.answers[indicator]
        support = record.evidence.answers.get(indicator, AnswerSupport())
        own = assessment.own.get(indicator)
        if own is not None and own.reason == "":
            # Its reason was erased: as it stands, nobody could send it again.
            own = None
        text = self._texts.indicators[indicator]
        verdict = None if own is None else VERDICT_LABELS[own.verdict].into(self._language)
        cells: Mapping[str, str | int | None] = {
            "organisation": record.organisation,
            "name": record.name,
            "indicator": indicator,
            "question": f"{text.name}\n{text.question}",
            "answer": _format_answer(
                self._identity.methodology, indicator, record.submission.answers[indicator], self._language
            ),
            "documents": "\n".join(f"{document.url} ({document.date})" for document in support.evidence),
            "note": support.note,
            "verdict": verdict,
            "level": None if own is None else own.level,
            "reason": None if own is None else own.reason,
            "rule": None if own is None else own.rule,
            "mark": review.answer_mark,
        }
        for index, column in enumerate(COLUMNS):
            style = self._formats["input" if column.is_input else "plain"]
            value = cells[column.id]
            if value is None or value == "":
                sheet.write_blank(row, index, None, style)
            elif isinstance(value, int):
                sheet.write_number(row, index, value, style)
            else:
                sheet.write_string(row, index, value, style)

    def _finish(self, sheet: Worksheet, last: int) -> None:
        """Add the filters and the drop-down lists to the rows down to `last`."""
        sheet.autofilter(HEADER, 0, max(last, HEADER), len(COLUMNS) - 1)
        listed = [(name, self._lists.build_rule(options)) for name, options in self._list_options()]
        if last == HEADER:
            return
        whole = Texts("El número de un paso de la escala.", "The number of a step of the ladder.")
        level = {"validate": "integer", "criteria": "between", "minimum": 0, "maximum": _LEVEL_MAX}
        longest = Texts("Como mucho {most} caracteres.", "At most {most} characters.", most=NOTE_MAX)
        rules = [
            *((name, rule, UNKNOWN_OPTION) for name, rule in listed),
            ("level", level, whole),
            ("reason", NOTE_RULE, longest),
        ]
        for name, rule, message in rules:
            column = find_column(name)
            told = {**rule, "error_message": message.into(self._language)}
            sheet.data_validation(HEADER + 1, column, last, column, told)

    def _write_rules(self) -> None:
        """Add the sheet that says what each rule asks for, which the drop-down list names by its code."""
        rules = next((codes for name, codes in self._list_options() if name == "rule"), ())
        if not rules:
            return
        sheet = self._book.add_worksheet(RULES_TITLE.into(self._language))
        sheet.protect()
        sheet.set_column(1, 1, _RULE_WIDTH)
        sheet.write_string(0, 0, RULES_TITLE.into(self._language), self._formats["heading"])
        for row, code in enumerate(rules, HEADER):
            sheet.write_string(row, 0, code, self._formats["plain"])
            sheet.write_string(row, 1, self._texts.rules[code], self._formats["plain"])

    def _list_options(self) -> list[tuple[str, Sequence[str]]]:
        """Return the columns with a drop-down list and their options: the verdicts, and the rules that people check."""
        document = load_methodology(self._identity.methodology).document
        rules = sorted({rule for indicator in walk_indicators(document.root) for rule in indicator.reviews})
        labels = [label.into(self._language) for label in VERDICT_LABELS.values()]
        return [("verdict", labels), *([("rule", rules)] if rules else [])]


@cache
def _index_inputs(version: str, language: Language) -> Mapping[str, Sequence[AnswerInput]]:
    """Return the answer cells of a questionnaire by indicator."""
    inputs: dict[str, list[AnswerInput]] = {}
    for item in list_inputs(version, language):
        _, kind, name, *_ = item.pointer.split("/")
        if kind == "answers":
            inputs.setdefault(name, []).append(item)
    return inputs


def _format_answer(version: str, indicator: str, facts: Mapping[str, FactValue], language: Language) -> str:
    """Return the facts of an answer in words, one a line: a step with its text, a part that is there, a number."""
    lines = []
    for item in _index_inputs(version, language).get(indicator, ()):
        value = facts.get(item.pointer.rpartition("/")[2])
        if value is None:
            continue
        if item.component is not None:
            if isinstance(value, tuple) and item.component in value:
                lines.append(f"✓ {item.label}")
        elif item.choices:
            lines.append(next((choice.label for choice in item.choices if choice.value == value), str(value)))
        elif isinstance(value, bool):
            lines.append(f"{item.label}: {(YES if value else NO).into(language)}")
        elif isinstance(value, int | float):
            lines.append(f"{item.label}: {format_number(value, language)}")
    return "\n".join(lines)
