"""Write workbooks of many organisations: templates with the stored answers, and copies of sent ones with faults marked.

Every text is written as a string, so that it cannot become a formula. Cells are written to disk row by row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Final

import msgspec
import xlsxwriter
from msgspec import Struct
from python_calamine import CalamineWorkbook
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_cell_to_rowcol
from xlsxwriter.worksheet import Worksheet

from actitud_api.engine.i18n import LANGUAGES, Language, Texts
from actitud_api.engine.methodology.requests.content import AnswerSource, AssessmentContent, Evidence
from actitud_api.platform.spreadsheets.cells import NO, YES, CellContent
from actitud_api.platform.spreadsheets.source_cells import SOURCE_LABELS, list_source_cells
from actitud_api.platform.spreadsheets.writing import (
    DAY_RULE,
    FIRST_OF_SPREADSHEETS,
    INPUT,
    MADE,
    METADATA,
    NOTE_RULE,
    OptionLists,
    QuestionSheet,
    truncate_message,
)
from actitud_api.resources.imports.sources import ImportFault
from actitud_api.resources.imports.workbook_form import iterate_content
from actitud_api.resources.imports.workbook_layout import (
    FORMAT,
    HEADER,
    INSTRUCTIONS,
    NAME,
    ORGANISATION,
    REVISION,
    ImportColumn,
    ImportSheet,
    build_sheets,
    list_supported,
)

_SPARE_ROWS: Final = 1_000
"""Rows below those that are filled in for which input is checked too."""


class TemplateRow(Struct, frozen=True):
    """An organisation of a template: its id and name, and the revision and content of its assessment.

    `revision` is `none` if there is no assessment. `content` is None if there is none, or the client may not read it.
    """

    organisation: str
    name: str
    revision: str
    content: AssessmentContent | None


class TemplateRequest(Struct, frozen=True):
    """A request to write the workbook of an edition to the path `target`, with a row for each of `rows`.

    `version` is the methodology version of the edition.
    """

    target: str
    version: str
    edition: str
    language: Language
    rows: tuple[TemplateRow, ...]


class AnnotationRequest(Struct, frozen=True):
    """A request to copy the workbook at the path `source` to the path `target`, with its faults marked.

    `version` is the methodology version for which the workbook was made.
    """

    source: str
    target: str
    version: str
    faults: tuple[ImportFault, ...]


def write_template(encoded: bytes) -> bytes:
    """Write the workbook of an edition, with the stored answers of organisations, to a file.

    `encoded` is a `TemplateRequest` in MessagePack; the result is empty. The function runs in another process.
    """
    request = msgspec.msgpack.decode(encoded, type=TemplateRequest)
    language, rows = request.language, request.rows
    writer = _WorkbookWriter(Path(request.target), request.version, request.edition, language)
    profile, answers, documents = build_sheets(request.version, language)
    writer.write_sheet(profile, (_list_cells(profile, row, language) for row in rows))
    writer.write_sheet(answers, (_list_cells(answers, row, language) for row in rows))
    writer.write_sheet(documents, (cells for row in rows for cells in _list_documents(row, language)))
    writer.close()
    return b""


def annotate_workbook(encoded: bytes) -> bytes:
    """Copy a workbook to a file and mark its faulty cells.

    Each cell keeps its position. A comment in each faulty cell describes the fault. `encoded` is an `AnnotationRequest`
    in MessagePack; the result is empty. The function runs in another process.
    """
    request = msgspec.msgpack.decode(encoded, type=AnnotationRequest)
    source = CalamineWorkbook.from_path(request.source)
    metadata = {str(cells[0]): cells[1] for cells in source.get_sheet_by_name(METADATA).to_python() if cells[1:]}
    language = next((name for name in LANGUAGES if name == metadata.get("language")), LANGUAGES[0])
    marks: dict[str, dict[tuple[int, int], list[str]]] = {}
    for fault in request.faults:
        cell = xl_cell_to_rowcol(f"{fault.column or 'A'}{fault.row}")
        marks.setdefault(fault.sheet or "", {}).setdefault(cell, []).append(fault.detail[language])
    writer = _WorkbookWriter(Path(request.target), request.version, str(metadata.get("edition", "")), language)
    for sheet in build_sheets(request.version, language):
        names = [sheet.title.into(one) for one in LANGUAGES]
        name = next(name for name in source.sheet_names if name in names)
        content = iterate_content(source.get_sheet_by_name(name))
        rows = (cells for number, cells in content if number > HEADER)
        # A range of merged cells is not merged in the copy: its first cell says so.
        writer.write_sheet(sheet, rows, marks.get(name, {}))
    writer.close()
    return b""


def _list_cells(sheet: ImportSheet, row: TemplateRow, language: Language) -> list[CellContent | None]:
    fixed = {ORGANISATION: row.organisation, NAME: row.name, REVISION: row.revision}
    return [
        fixed[column.code] if column.code in fixed else _find_answer(column, row.content, language)
        for column in sheet.columns
    ]


def _find_answer(column: ImportColumn, content: AssessmentContent | None, language: Language) -> CellContent | None:
    item = column.answer
    if item is None or content is None:
        return None
    _, top, first, *rest = item.pointer.split("/")
    value: object
    if top == "profile":
        value = content.profile.get(first)
    else:
        answer = content.answers.get(first)
        value = None if answer is None else answer.facts.get(rest[0])
    if value is None:
        return None
    if item.component is not None and isinstance(value, tuple):
        value = item.component in value
    if isinstance(value, bool):
        return (YES if value else NO).into(language)
    if item.choices:
        return next((choice.label for choice in item.choices if choice.value == value), None)
    assert isinstance(value, str | int | float)
    return value


def _list_documents(row: TemplateRow, language: Language) -> Iterator[list[CellContent | None]]:
    """Yield the rows of the documents, notes and sources of an organisation."""
    if row.content is None:
        return
    content = row.content
    # The databases keep the members of an object in different orders.
    for field in sorted({*content.profile_evidence, *content.profile_sources}):
        beside = [None, *_list_source(content.profile_sources.get(field), language)]
        yield from _list_support(row.organisation, field, content.profile_evidence.get(field, ()), beside)
    for indicator in sorted(content.answers, key=lambda code: (len(code), code)):
        answer = content.answers[indicator]
        beside = [answer.note, *_list_source(answer.source, language)]
        yield from _list_support(row.organisation, indicator, answer.evidence, beside)


def _list_support(
    organisation: str, code: str, documents: Sequence[Evidence], beside: Sequence[CellContent | None]
) -> Iterator[list[CellContent | None]]:
    """Yield the rows of the documents of an answer; `beside` the first one stand its note and its source."""
    for number, document in enumerate(documents):
        yield [organisation, code, *_list_members(document), *(beside if not number else ())]
    if not documents and any(content is not None for content in beside):
        yield [organisation, code, None, None, None, None, *beside]


def _list_source(source: AnswerSource | None, language: Language) -> list[CellContent | None]:
    return [
        content.into(language) if isinstance(content, Texts) else content
        for content in list_source_cells(source).values()
    ]


def _list_members(document: Evidence) -> list[CellContent | None]:
    return [document.url, document.date, document.note, document.sha256]


class _WorkbookWriter:
    """Writes a workbook sheet by sheet, and what is hidden in it at the end."""

    def __init__(self, target: Path, version: str, edition: str, language: Language) -> None:
        self._version = version
        self._edition = edition
        self._language = language
        # In constant memory texts stand in their cells; two thousand organisations took 400 MB otherwise.
        self._book = xlsxwriter.Workbook(str(target), {"constant_memory": True, "strings_to_urls": False})
        self._book.set_properties({"created": MADE})
        self._formats: dict[str, Format] = {
            name: self._book.add_format({"valign": "top", **more}) for name, more in _FORMATS.items()
        }
        self._lists = OptionLists()
        self._write_instructions()

    def write_sheet(
        self,
        sheet: ImportSheet,
        rows: Iterable[Sequence[CellContent | None]],
        marks: Mapping[tuple[int, int], Sequence[str]] | None = None,
    ) -> None:
        """Write a sheet with these cells below its head; `marks` has the faults of cells by row and column, from 0."""
        page = self._book.add_worksheet(sheet.title.into(self._language), QuestionSheet)
        self._write_head(page, sheet)
        marked: dict[int, dict[int, str]] = {}
        for (row, column), details in (marks or {}).items():
            marked.setdefault(row, {})[column] = "\n".join(details)
        last = HEADER
        for last, cells in enumerate(rows, HEADER + 1):
            told = marked.get(last, {})
            for index in range(max(len(cells), max(told, default=-1) + 1)):
                content = cells[index] if index < len(cells) else None
                self._write_cell(page, last, index, content, is_marked=index in told)
            # With its row: in constant memory nothing is added to a row that is written.
            for column, detail in told.items():
                page.write_comment(last, column, detail, {"author": "Actitud", "x_scale": 2, "y_scale": 1.5})
        self._check_input(page, sheet, last + _SPARE_ROWS)

    def close(self) -> None:
        """Write the hidden sheets and end the file."""
        metadata = {
            "format": FORMAT,
            "methodology": self._version,
            "language": self._language,
            "edition": self._edition,
        }
        self._lists.write(self._book, metadata)
        self._book.close()

    def _write_instructions(self) -> None:
        page = self._book.add_worksheet(Texts("Instrucciones", "Instructions").into(self._language))
        page.protect()
        page.hide_gridlines(2)
        page.set_column(0, 0, 110)
        title = Texts(
            "Evaluaciones de la edición {edition}", "Assessments of the edition {edition}", edition=self._edition
        )
        page.write_string(0, 0, title.into(self._language), self._formats["title"])
        for row, line in enumerate(INSTRUCTIONS, 2):
            page.write_string(row, 0, f"{row - 1}. {line.into(self._language)}", self._formats["line"])

    def _write_head(self, page: Worksheet, sheet: ImportSheet) -> None:
        page.protect(options={"format_columns": True, "format_rows": True, "sort": True, "delete_rows": True})
        page.freeze_panes(HEADER + 1, 2 if sheet.id != "documents" else 1)
        for index, column in enumerate(sheet.columns):
            # The format of a column is that of its empty cells, which need not be written one by one.
            style = "fixed" if column.is_fixed else "date" if column.code == "date" else "input"
            options = {"hidden": 1} if column.code == REVISION else {}
            page.set_column(index, index, column.width, self._formats[style], options)
        page.write_string(0, 0, sheet.title.into(self._language), self._formats["title"])
        page.write_string(1, 0, sheet.introduction.into(self._language), self._formats["fixed"])
        page.set_row(HEADER - 1, 75)
        for index, column in enumerate(sheet.columns):
            page.write_string(HEADER - 1, index, column.title, self._formats["question"])
        for index, column in enumerate(sheet.columns):
            page.write_string(HEADER, index, column.code, self._formats["code"])

    def _write_cell(
        self, page: Worksheet, row: int, column: int, content: CellContent | None, *, is_marked: bool
    ) -> None:
        mark = "_marked" if is_marked else ""
        style = self._formats[f"input{mark}"]
        if content is None or content == "":
            if is_marked:
                page.write_blank(row, column, None, style)
        elif isinstance(content, bool):
            page.write_boolean(row, column, content, style)
        elif isinstance(content, int | float):
            page.write_number(row, column, content, style)
        elif isinstance(content, date) and (day := datetime(*content.timetuple()[:3])).date() >= FIRST_OF_SPREADSHEETS:
            page.write_datetime(row, column, day, self._formats[f"date{mark}"])
        else:
            page.write_string(row, column, str(content), style)

    # --- input ------------------------------------------------------------------------------------------------

    def _check_input(self, page: Worksheet, sheet: ImportSheet, last: int) -> None:
        """Offer drop-downs, and check numbers, dates and notes, from the first row below the head to the last one."""
        for index, column in enumerate(sheet.columns):
            rule = self._build_rule(column)
            if rule is not None:
                title = column.code[:32]
                message = truncate_message(column.title)
                told = {"input_title": title, "input_message": message, "error_title": title}
                page.data_validation(HEADER + 1, index, last, index, {**rule, **told})

    def _build_rule(self, column: ImportColumn) -> Mapping[str, object] | None:
        item = column.answer
        if item is None:
            return self._build_document_rule(column.code)
        match item.form:
            case "yes_no":
                return self._lists.build_rule([text.into(self._language) for text in (YES, NO)])
            case "choice":
                return self._lists.build_rule([choice.label for choice in item.choices])
            case "integer" | "number":
                limits = {"criteria": "between", "minimum": item.minimum or 0, "maximum": item.maximum or 10**12}
                return {"validate": "integer" if item.form == "integer" else "decimal", **limits}

    def _build_document_rule(self, code: str) -> Mapping[str, object] | None:
        match code:
            case "code":
                return self._lists.build_rule(list_supported(self._version))
            case "date":
                return DAY_RULE
            case "source":
                return self._lists.build_rule([label.into(self._language) for label in SOURCE_LABELS.values()])
            case "note" | "answer_note":
                return NOTE_RULE
        return None


_MARKED: Final = {"bg_color": "#F9C9C4", "font_color": "#7A1209"}
_FORMATS: Final[Mapping[str, Mapping[str, object]]] = {
    "title": {"bold": True, "font_size": 15, "font_color": "#1F3A4D"},
    "line": {"text_wrap": True},
    "fixed": {"font_color": "#595959"},
    "question": {"bold": True, "text_wrap": True, "bg_color": "#EEF4F8"},
    "code": {"bold": True, "bg_color": "#1F3A4D", "font_color": "#FFFFFF"},
    "input": INPUT,
    "date": {**INPUT, "num_format": "yyyy-mm-dd"},
    "input_marked": {**INPUT, **_MARKED},
    "date_marked": {**INPUT, **_MARKED, "num_format": "yyyy-mm-dd"},
}
