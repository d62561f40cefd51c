"""Read the answers in a methodology's workbook, and report its faults cell by cell.

Cell values are converted to JSON and validated by the schema of the request body, so a workbook accepts exactly the
values that a request accepts. A cell with an invalid value is reported and left out of the answers; all other cells
are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from msgspec import Struct
from xlsxwriter.utility import xl_rowcol_to_cell

from actitud_api.engine.i18n import LANGUAGES, Language, Texts
from actitud_api.engine.methodology.answer_inputs import AnswerInput, map_options
from actitud_api.engine.methodology.loader import Methodology, list_versions, load_methodology
from actitud_api.engine.methodology.requests.content import EVIDENCE_MAX
from actitud_api.engine.methodology.requests.questionnaire import (
    Questionnaire,
    QuestionnaireRequest,
    build_questionnaire_request_type,
    list_missing_fields,
    to_questionnaire,
)
from actitud_api.platform.http.inputs import Body
from actitud_api.platform.http.problems import FAULTS_MAX, Fault
from actitud_api.platform.http.validation import Json, find_nearest, has_control
from actitud_api.platform.spreadsheets.cells import (
    CellContent,
    InvalidCell,
    load_merged,
    load_rows,
    parse_choice,
    parse_date,
    parse_number,
    parse_text,
    parse_yes_no,
    quote_cell,
)
from actitud_api.platform.spreadsheets.package import (
    Cell,
    CellMarks,
    CheckedWorkbook,
    WorkbookRejected,
    open_workbook,
)
from actitud_api.platform.spreadsheets.source_cells import (
    SOURCE_MEMBERS,
    SOURCE_MISSING,
    SOURCE_TITLES,
    parse_source_member,
)
from actitud_api.platform.spreadsheets.writing import METADATA
from actitud_api.web.workbooks.layout import (
    CONTROL_CHARACTERS,
    DOCUMENTS,
    FORMAT,
    HEADER,
    INDICATORS,
    PROFILE,
    SHEET_MISSING,
    SHEETS,
    HeadingRow,
    SheetLayout,
    build_layout,
    find_marked_fault,
    format_cell_address,
)

REQUEST: Final = Body(*(build_questionnaire_request_type(load_methodology(version)) for version in list_versions()))
"""The schema of the request body with a questionnaire, of any version."""

_SUGGESTIONS_MAX: Final = 20
"""Maximum number of unknown codes in a workbook for which the most similar known code is searched."""


_MISSING: Final[Mapping[str, Texts]] = {
    "url": Texts(
        "Falta la dirección del documento de «{name}».", "The address of the document of “{name}” is missing."
    ),
    "date": Texts("Falta la fecha del documento de «{name}».", "The date of the document of “{name}” is missing."),
}
"""Sentence about a document without address or date, by the missing member."""

_UNDATED: Final = Texts(
    "Sin su fecha, el documento de esta dirección queda fuera.",
    "Without its date the document of this address is left out.",
)


class CellFault(Struct, frozen=True, kw_only=True):
    """A fault of a cell in a workbook.

    Attributes:
        cell: Address of the cell, such as `Perfil!C12`.
        pointer: JSON Pointer of the cell's value in the questionnaire; None if the cell contains no such value, as in
            the column of codes.
        rule: Name of the broken rule.
        value: Content of the cell as JSON; None if it is empty or may contain personal data.
        detail: Sentence about the fault.
        suggestion: Value that was probably meant, None if it is not known.
    """

    cell: str
    pointer: str | None
    rule: str
    value: str | None
    detail: Texts
    suggestion: str | None = None


class WorkbookContents(Struct, frozen=True, kw_only=True):
    """The answers in a workbook, its faults, and its language.

    There are at most `FAULTS_MAX` faults. If more were found, the last listed fault has the rule `more` and states the
    number of faults that are left out.
    """

    questionnaire: Questionnaire
    faults: tuple[CellFault, ...]
    language: Language


def read_questionnaire(methodology: Methodology, raw: bytes) -> WorkbookContents:
    """Read the answers and faults of a workbook.

    Raises:
        WorkbookRejected: If the file is not a workbook of this methodology.
    """
    package = open_workbook(raw)
    language = _check_metadata(package, methodology.version)
    reader = _QuestionnaireReader(methodology, language)
    for sheet in SHEETS:
        name = _find_sheet_name(package, sheet)
        reader.read_sheet(sheet, name, load_rows(package, name), package.marks[name], load_merged(package, name))
    return reader.build_contents()


def _check_metadata(package: CheckedWorkbook, version: str) -> Language:
    """Return the language of a workbook, Spanish if the workbook names none.

    Raises `WorkbookRejected` if the workbook is no questionnaire, or has another layout or methodology.
    """
    try:
        rows = load_rows(package, METADATA)
    except WorkbookRejected:
        raise WorkbookRejected(
            "format",
            Texts(
                "El libro no es un cuestionario de este servicio. Descargue la plantilla y cópielo en ella.",
                "The workbook is no questionnaire of this service. Download the template and copy it there.",
            ),
        ) from None
    metadata = {str(row[0]): row[1] for row in rows if len(row) > 1}
    if metadata.get("format") != f"actitud-questionnaire/{FORMAT}":
        raise WorkbookRejected(
            "format",
            Texts(
                "El libro es de otro formato de cuestionario. Descargue la plantilla y cópielo en ella.",
                "The workbook is of another format of questionnaires. Download the template and copy it there.",
            ),
            f"{METADATA}!B1",
        )
    methodology = metadata.get("methodology")
    if methodology != version:
        shown_version = methodology if isinstance(methodology, str) and methodology in list_versions() else "?"
        raise WorkbookRejected(
            "methodology",
            Texts(
                "El libro es de la metodología {shown_version}, y aquí se lee con la {version}. Léalo con la suya, o "
                "descargue la plantilla de {version}.",
                "The workbook is of the methodology {shown_version}, and is read here by {version}. Read it by its "
                "own, or download the template of {version}.",
                shown_version=shown_version,
                version=version,
            ),
            f"{METADATA}!B2",
        )
    return next((language for language in LANGUAGES if language == metadata.get("language")), LANGUAGES[0])


def _find_sheet_name(package: CheckedWorkbook, sheet: SheetLayout) -> str:
    """Return the name of a sheet in the workbook, which may be the title of `sheet` in any language.

    Raises `WorkbookRejected` if the workbook has no such sheet.
    """
    names = [sheet.title.into(language) for language in LANGUAGES]
    for name in package.workbook.sheet_names:
        if name in names:
            return name
    raise WorkbookRejected("sheet", SHEET_MISSING.fill(title=sheet.title), names[0])


class _QuestionnaireReader:
    def __init__(self, methodology: Methodology, language: Language) -> None:
        self._methodology = methodology
        self._language = language
        self._faults: list[tuple[tuple[int, int, int], CellFault]] = []
        self._profile: dict[str, Json] = {}
        self._declared: list[str] = []
        self._facts: dict[str, dict[str, Json]] = {}
        """By indicator id: its facts except checklists (see `_components`), and the members `basis` and `note`."""
        self._components: dict[tuple[str, str], list[str]] = {}
        self._evidence: dict[str, list[dict[str, Json]]] = {}
        self._profile_evidence: dict[str, list[dict[str, Json]]] = {}
        self._sources: dict[str, dict[str, Json]] = {}
        self._profile_sources: dict[str, dict[str, Json]] = {}
        self._inputs = {field.code: field for field in build_layout(methodology.version, language).inputs}
        self._headings = {
            row.code: row
            for row in build_layout(methodology.version, language).indicators
            if isinstance(row, HeadingRow)
        }
        self._rows: dict[str, dict[str, int]] = {sheet.id: {} for sheet in SHEETS}
        self._names: dict[str, str] = {}
        self._unread: set[str] = set()
        self._unreadable: set[str] = set()
        """JSON Pointers of answer cells with unreadable content; they are filled in, so not reported as missing."""
        self._unread_cells: set[tuple[str, Cell]] = set()
        """Cells of a sheet that are filled in and must not be read."""
        self._suggestions = 0

    def read_sheet(
        self,
        sheet: SheetLayout,
        name: str,
        rows: Sequence[Sequence[CellContent]],
        marks: CellMarks,
        merged: Sequence[tuple[Cell, Cell]],
    ) -> None:
        """Read the rows below the header of a sheet and report its faults.

        `name` is the name of the sheet in the workbook. `merged` has the first and last cell of each merged range. A
        sheet with a wrong column title, or with too many merged ranges, is reported and not read.
        """
        self._names[sheet.id] = name
        inside = [(first, last) for first, last in merged if last.row > HEADER and first.column < len(sheet.columns)]
        if not self._check_columns(sheet, rows) or not self._check_few_merged(sheet, inside):
            self._unread.add(sheet.id)
            return
        covered = self._report_merged(sheet, inside, len(rows))
        last = len(sheet.columns)
        for row in range(HEADER + 1, len(rows)):
            cells: dict[str, CellContent] = {}
            for column in range(min(last, len(rows[row]))):
                cell, value = Cell(row, column), rows[row][column]
                wrong = self._check_marks(sheet, cell, value, marks)
                if cell in covered or wrong is not None:
                    self._unread_cells.add((sheet.id, cell))
                    field = self._inputs.get(str(rows[row][0]).strip())
                    is_answer = field is not None and sheet.columns[column].id == "answer"
                    pointer = field.pointer if field is not None and is_answer else None
                    if pointer is not None:
                        self._unreadable.add(pointer)
                    if wrong is not None and cell not in covered:
                        self._report(sheet, cell, wrong, value, pointer)
                elif value != "":
                    cells[sheet.columns[column].id] = value
            self._read_row(sheet, row, cells)

    def build_contents(self) -> WorkbookContents:
        """Return the answers in the sheets that were read, and all faults in the order of their cells."""
        questionnaire = self._build_questionnaire()
        self._report_all_missing(questionnaire)
        faults = [fault for _, fault in sorted(self._faults, key=lambda located: located[0])]
        if len(faults) > FAULTS_MAX:
            more = len(faults) - FAULTS_MAX
            detail = Texts("Fallos que no se enumeran: {more}.", "Faults that are not listed: {more}.", more=more)
            faults = [*faults[:FAULTS_MAX], CellFault(cell="", pointer=None, rule="more", value=None, detail=detail)]
        return WorkbookContents(questionnaire=questionnaire, faults=tuple(faults), language=self._language)

    # --- the sheets -------------------------------------------------------------------------------------------

    def _check_columns(self, sheet: SheetLayout, rows: Sequence[Sequence[CellContent]]) -> bool:
        """Report wrong column titles. Return True if every title of the layout is in its place, else False.

        A wrong title means that columns may have been moved, so that values would be read as those of other columns.
        """
        titles = list(rows[HEADER]) if len(rows) > HEADER else []
        titles += [""] * (len(sheet.columns) - len(titles))
        is_valid = True
        for index, column in enumerate(sheet.columns):
            if str(titles[index]).strip() not in {column.title.into(language) for language in LANGUAGES}:
                is_valid = False
                detail = Texts(
                    "Aquí debe estar la columna «{title}». Las columnas se han movido, así que la hoja no se lee.",
                    "The column “{title}” belongs here. Columns have moved, so the sheet is not read.",
                    title=column.title,
                )
                self._report(sheet, Cell(HEADER, index), InvalidCell("column", detail), titles[index])
        for index in range(len(sheet.columns), len(titles)):
            if titles[index] != "":
                detail = Texts("Esta columna no es del cuestionario.", "This column is none of the questionnaire.")
                self._report(sheet, Cell(HEADER, index), InvalidCell("column", detail), titles[index])
        return is_valid

    def _check_few_merged(self, sheet: SheetLayout, merged: Sequence[tuple[Cell, Cell]]) -> bool:
        """Return True if there are few enough merged ranges to report each of them.

        If there are too many, report one fault for the sheet and return False.
        """
        if len(merged) <= FAULTS_MAX:
            return True
        detail = Texts(
            "Hay más de {faults_max} grupos de celdas combinadas, así que la hoja no se lee.",
            "There are more than {faults_max} groups of merged cells, so the sheet is not read.",
            faults_max=FAULTS_MAX,
        )
        self._report(sheet, min(merged)[0], InvalidCell("merged", detail), "")
        return False

    def _report_merged(self, sheet: SheetLayout, merged: Sequence[tuple[Cell, Cell]], rows: int) -> set[Cell]:
        """Report each range of merged cells as one fault. Return the cells in these ranges, which are not read.

        Only cells up to row `rows` are returned.
        """
        covered: set[Cell] = set()
        for first, last in merged:
            end = xl_rowcol_to_cell(*last)
            detail = Texts(
                "Estas celdas están combinadas hasta {end}, y no se leen.",
                "These cells are merged as far as {end}, and are not read.",
                end=end,
            )
            self._report(sheet, first, InvalidCell("merged", detail), "")
            covered |= {
                Cell(row, column)
                for row in range(first.row, min(last.row + 1, rows))
                for column in range(first.column, min(last.column + 1, len(sheet.columns)))
            }
        return covered

    def _check_marks(self, sheet: SheetLayout, cell: Cell, value: CellContent, marks: CellMarks) -> InvalidCell | None:
        """Return the fault of a cell that must not be read, or None if the cell can be read.

        In the columns that users fill in, and in the column of codes, a formula, an error value and control characters
        are faults.
        """
        column = sheet.columns[cell.column]
        if not column.is_input and column.id != "code":
            return None
        fault = find_marked_fault(cell, marks)
        if fault is None and isinstance(value, str) and has_control(value.replace("\n", " ").replace("\r", " ")):
            return InvalidCell("control", CONTROL_CHARACTERS)
        return fault

    def _read_row(self, sheet: SheetLayout, row: int, cells: Mapping[str, CellContent]) -> None:
        filled = [column for column in sheet.columns if column.is_input and column.id in cells]
        code = cells.get("code")
        code_cell = Cell(row, sheet.find_column("code"))
        if code is None:
            if filled:
                detail = Texts("Falta el código de la fila.", "The code of the row is missing.")
                self._report(sheet, code_cell, InvalidCell("required", detail), "")
            return
        code = code.strip() if isinstance(code, str) else code
        codes = self._list_codes(sheet)
        if code not in codes:
            if code not in self._headings or filled:
                self._suggestions += 1
                may_tell = isinstance(code, str) and self._suggestions <= _SUGGESTIONS_MAX
                near = find_nearest(str(code), codes) if may_tell else None
                detail = Texts("No se conoce este código.", "This code is not known.")
                self._report(sheet, code_cell, InvalidCell("code", detail, near), code)
            return
        assert isinstance(code, str)
        seen = self._rows[sheet.id]
        if code in seen and sheet is not DOCUMENTS:
            first = format_cell_address(self._names[sheet.id], seen[code], 0)
            detail = Texts(
                "La fila está repetida: ya está en {first}. Solo cuenta la primera.",
                "The row is there twice: it is at {first} already. Only the first counts.",
                first=first,
            )
            self._report(sheet, code_cell, InvalidCell("duplicate", detail), code)
            return
        seen.setdefault(code, row)
        if sheet is DOCUMENTS:
            self._read_document(sheet, row, code, cells)
        else:
            self._read_entries(sheet, row, code, cells)

    def _list_codes(self, sheet: SheetLayout) -> Mapping[str, object]:
        if sheet is DOCUMENTS:
            return dict.fromkeys(build_layout(self._methodology.version, self._language).supported)
        if sheet is PROFILE:
            return {code: field for code, field in self._inputs.items() if field.pointer.startswith("/profile/")}
        inputs = {code: field for code, field in self._inputs.items() if field.pointer.startswith("/answers/")}
        asked = {code: row for code, row in self._headings.items() if row.indicator is not None}
        return {**inputs, **asked}

    def _read_entries(self, sheet: SheetLayout, row: int, code: str, cells: Mapping[str, CellContent]) -> None:
        field = self._inputs.get(code)
        if field is not None and "answer" in cells:
            cell = Cell(row, sheet.find_column("answer"))
            self._try_put(sheet, cell, field.pointer, cells["answer"], lambda value: self._put_answer(field, value))
        supports = sheet is PROFILE or field is None
        indicator = self._headings[code].indicator if code in self._headings else None
        for name in ("answer", "declared", "url", "date", "note", *SOURCE_TITLES):
            takes_it = (field is not None) if name == "answer" else supports and not (field and field.set_by_service)
            if name in cells and (not takes_it or (field is None and indicator is not None and not indicator.facts)):
                detail = Texts(
                    "Esta celda no se rellena: lo que pone aquí va en otra fila.",
                    "This cell is not filled in: what stands here belongs in another row.",
                )
                self._report(sheet, Cell(row, sheet.find_column(name)), InvalidCell("place", detail), cells[name])
                cells = {column: value for column, value in cells.items() if column != name}
        if "declared" in cells:
            cell = Cell(row, sheet.find_column("declared"))
            pointer = "/profile_self_declared" if sheet is PROFILE else f"/answers/{code}/basis"
            self._try_put(sheet, cell, pointer, cells["declared"], lambda value: self._put_declared(code, value))
        if "note" in cells:
            cell = Cell(row, sheet.find_column("note"))
            self._try_put(
                sheet, cell, f"/answers/{code}/note", cells["note"], lambda value: self._put_note(code, value)
            )
        if "url" in cells or "date" in cells:
            self._read_document(sheet, row, code, cells)
        if not SOURCE_TITLES.keys().isdisjoint(cells):
            self._read_source(sheet, row, code, cells)

    def _read_source(self, sheet: SheetLayout, row: int, code: str, cells: Mapping[str, CellContent]) -> None:
        """Read where the answer or profile field `code` comes from. A source with a fault is reported and left out."""
        of_profile = sheet is PROFILE
        pointer = f"/profile_sources/{code}" if of_profile else f"/answers/{code}/source"
        if "source" not in cells:
            cell = Cell(row, sheet.find_column("source"))
            if (sheet.id, cell) not in self._unread_cells:
                self._report(sheet, cell, InvalidCell("required", SOURCE_MISSING), "", f"{pointer}/kind")
            return
        source: dict[str, Json] = {}
        is_valid = True
        for name, member in SOURCE_MEMBERS.items():
            if name not in cells:
                continue
            try:
                source[member] = parse_source_member(name, cells[name])
            except InvalidCell as wrong:
                self._report(sheet, Cell(row, sheet.find_column(name)), wrong, cells[name], f"{pointer}/{member}")
                is_valid = False
        if not is_valid:
            return
        part: dict[str, Json] = {code: source} if of_profile else {code: {"source": source}}
        columns = {member: name for name, member in SOURCE_MEMBERS.items()}
        for fault in self._list_refusals({"profile_sources" if of_profile else "answers": part}):
            member = fault.pointer.rpartition("/")[2]
            name = columns.get(member, "source")
            refused = InvalidCell(fault.rule, fault.detail, fault.suggestion)
            self._report(sheet, Cell(row, sheet.find_column(name)), refused, cells[name], f"{pointer}/{member}")
            is_valid = False
        if is_valid:
            (self._profile_sources if of_profile else self._sources)[code] = source

    def _read_document(self, sheet: SheetLayout, row: int, code: str, cells: Mapping[str, CellContent]) -> None:
        """Read a document that supports the answer or profile field `code`, from one row of a sheet.

        `cells` are the cells of that row by column id. A document with a fault is reported and left out, and so
        is a document beyond the maximum number for one answer. If only its date is at fault, its address is reported
        as well, as a suggestion: nobody has to look it up again.
        """
        of_profile = code in self._inputs
        listed = self._profile_evidence.get(code, []) if of_profile else self._evidence.get(code, [])
        pointer = f"/profile_evidence/{code}" if of_profile else f"/answers/{code}/evidence"
        columns = ("url", "date", "note", "sha256") if sheet is DOCUMENTS else ("url", "date")
        document: dict[str, Json] = {}
        wrong_columns: list[str] = []
        for name in columns:
            if name not in cells:
                continue
            try:
                document[name] = _parse_document_member(name, cells[name], self._language)
            except InvalidCell as wrong:
                cell = Cell(row, sheet.find_column(name))
                self._report(sheet, cell, wrong, cells[name], f"{pointer}/{len(listed)}/{name}")
                wrong_columns.append(name)
        if wrong_columns and wrong_columns != ["date"]:
            return
        part: dict[str, Json] = {code: [document]} if of_profile else {code: {"evidence": [document]}}
        refusals = self._list_refusals({"profile_evidence" if of_profile else "answers": part})
        for fault in refusals:
            name = fault.pointer.rpartition("/")[2]
            if name in wrong_columns:
                continue
            cell = Cell(row, sheet.find_column(name if name in columns else "url"))
            detail = fault.detail
            if fault.rule == "required" and name in _MISSING:
                detail = _MISSING[name].fill(name=partial(self._get_name, code))
            refused = InvalidCell(fault.rule, detail, fault.suggestion)
            self._report(sheet, cell, refused, cells.get(name, ""), f"{pointer}/{len(listed)}/{name}")
        if "url" in document and [fault.pointer.rpartition("/")[2] for fault in refusals] == ["date"]:
            address = str(document["url"])
            may_tell = quote_cell(address) is not None
            undated = InvalidCell("dependentRequired", _UNDATED, address if may_tell else None)
            self._report(
                sheet, Cell(row, sheet.find_column("url")), undated, cells["url"], f"{pointer}/{len(listed)}/url"
            )
        if refusals:
            return
        if len(listed) == EVIDENCE_MAX:
            detail = Texts(
                "Hay más de {evidence_max} documentos con este código.",
                "There are more than {evidence_max} documents with this code.",
                evidence_max=EVIDENCE_MAX,
            )
            self._report(sheet, Cell(row, sheet.find_column("url")), InvalidCell("maxItems", detail), "", pointer)
        else:
            (self._profile_evidence if of_profile else self._evidence).setdefault(code, []).append(document)

    def _get_name(self, code: str, language: Language) -> str:
        """Return the name of the indicator, or the label of the profile field, with this code."""
        texts = self._methodology.texts[language]
        return texts.indicators[code].name if code in texts.indicators else texts.profile[code].label

    # --- the values -------------------------------------------------------------------------------------------

    def _try_put(
        self,
        sheet: SheetLayout,
        cell: Cell,
        pointer: str | None,
        value: CellContent,
        put: Callable[[CellContent], None],
    ) -> None:
        try:
            put(value)
        except InvalidCell as wrong:
            self._report(sheet, cell, wrong, value, pointer)

    def _put_answer(self, field: AnswerInput, value: CellContent) -> None:
        taken = _parse_answer(field, self._methodology.version, value)
        _, top, first, *rest = field.pointer.split("/")
        if field.component is not None:
            listed = self._components.setdefault((first, rest[0]), [])
            if taken is True:
                listed.append(field.component)
            return
        self._ensure_valid({top: {first: {rest[0]: taken} if rest else taken}})
        if rest:
            self._facts.setdefault(first, {})[rest[0]] = taken
        else:
            self._profile[first] = taken

    def _put_declared(self, code: str, value: CellContent) -> None:
        declared = parse_yes_no(value)
        if code not in self._inputs:
            self._facts.setdefault(code, {})["basis"] = "self_declared" if declared else "evidenced"
        elif declared:
            self._declared.append(code)

    def _put_note(self, code: str, value: CellContent) -> None:
        note = parse_text(value)
        self._ensure_valid({"answers": {code: {"note": note}}})
        self._facts.setdefault(code, {})["note"] = note

    # --- the judgement ----------------------------------------------------------------------------------------

    def _list_refusals(self, part: Mapping[str, Json]) -> Sequence[Fault]:
        """Check some members of a questionnaire (`part`) with the request schema, and return the faults that it finds.

        The list is empty if the schema accepts them.
        """
        converted = REQUEST.convert({"methodology": self._methodology.version, **part})
        return converted if isinstance(converted, list) else []

    def _ensure_valid(self, part: Mapping[str, Json]) -> None:
        for fault in self._list_refusals(part):
            raise InvalidCell(fault.rule, fault.detail, fault.suggestion)

    def _build_questionnaire(self) -> Questionnaire:
        answers: dict[str, dict[str, Json]] = {code: dict(facts) for code, facts in self._facts.items()}
        wrong = {fault.pointer for _, fault in self._faults} | self._unreadable
        for (code, fact), listed in self._components.items():
            # Without the element that cannot be read, the list would claim that it is absent.
            if f"/answers/{code}/{fact}" in wrong:
                continue
            answers.setdefault(code, {})[fact] = listed
        for code, documents in self._evidence.items():
            answers.setdefault(code, {})["evidence"] = documents
        for code, source in self._sources.items():
            answers.setdefault(code, {})["source"] = source
        converted = REQUEST.convert(
            {
                "methodology": self._methodology.version,
                "profile": self._profile,
                "profile_self_declared": self._declared,
                "profile_evidence": self._profile_evidence,
                "profile_sources": self._profile_sources,
                "answers": answers,
            }
        )
        assert isinstance(converted, QuestionnaireRequest), converted
        return to_questionnaire(self._methodology, converted)

    def _report_all_missing(self, questionnaire: Questionnaire) -> None:
        """Report missing profile fields, and missing facts of indicators for which the workbook has part of an answer.

        Sheets that were not read, and cells that already have a fault, are skipped.
        """
        reported = {fault.pointer for _, fault in self._faults} | self._unreadable
        if "profile" not in self._unread:
            for name in list_missing_fields(self._methodology, questionnaire):
                if f"/profile/{name}" not in reported:
                    detail = Texts("Falta este dato del perfil.", "This field of the profile is missing.")
                    self._report_missing(PROFILE, self._inputs[name], detail)
        if "indicators" not in self._unread:
            for field in self._inputs.values():
                _, top, indicator, *fact = field.pointer.split("/")
                entry = questionnaire.answers.get(indicator) if top == "answers" else None
                if entry is None or not field.required or fact[0] in entry.facts or field.pointer in reported:
                    continue
                reported.add(field.pointer)
                detail = Texts(
                    "La respuesta está a medias: falta esto, y sin ello no cuenta.",
                    "The answer is incomplete: this is missing, and without it the answer does not count.",
                )
                self._report_missing(INDICATORS, field, detail)

    def _report_missing(self, sheet: SheetLayout, field: AnswerInput, detail: Texts) -> None:
        """Report that the answer in `field` is missing, at its cell; `detail` is the message.

        If the sheet lacks the row of that cell, the fault is reported at the row of its indicator or, if that is
        missing too, at the header.
        """
        rows = self._rows[sheet.id]
        row = rows.get(field.code)
        if row is None:
            detail = Texts(
                "Falta la fila con el código {code}.", "The row with the code {code} is missing.", code=field.code
            )
            row = rows.get(field.pointer.split("/")[2], HEADER)
        cell = Cell(row, sheet.find_column("answer"))
        self._report(sheet, cell, InvalidCell("required", detail), "", field.pointer)

    def _report(
        self, sheet: SheetLayout, cell: Cell, wrong: InvalidCell, value: CellContent, pointer: str | None = None
    ) -> None:
        self._faults.append(
            (
                (SHEETS.index(sheet), *cell),
                CellFault(
                    cell=format_cell_address(self._names[sheet.id], *cell),
                    pointer=pointer,
                    rule=wrong.rule,
                    value=quote_cell(value),
                    detail=wrong.detail,
                    suggestion=wrong.suggestion,
                ),
            )
        )


def _parse_answer(field: AnswerInput, version: str, value: CellContent) -> Json:
    """Convert the value of an answer cell to JSON. Raises `InvalidCell` if the value has the wrong type."""
    match field.form:
        case "yes_no":
            return parse_yes_no(value)
        case "choice":
            return parse_choice(map_options(version)[field.code], value)
        case "integer" | "number":
            return parse_number(value)


def _parse_document_member(name: str, value: CellContent, language: Language) -> str:
    if name == "date":
        return parse_date(value, is_day_first=language == "es")
    return parse_text(value) if name == "note" else parse_text(value).strip()
