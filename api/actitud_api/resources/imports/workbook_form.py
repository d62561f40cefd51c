"""Imported workbooks of many organisations: converted once to a file of cells, which is then read by organisation.

A cell becomes a row of texts (`CellRow`), so that the organisations of a workbook are read from a file on disk like
those of a text file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from functools import cache
from itertools import chain
from math import isfinite
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

import msgspec
from msgspec import Struct
from python_calamine import CalamineSheet
from xlsxwriter.utility import xl_col_to_name

from actitud_api.engine.i18n import LANGUAGES, Texts
from actitud_api.engine.methodology.answer_inputs import AnswerInput, list_inputs, map_options
from actitud_api.platform.http.validation import Json, find_nearest, has_control
from actitud_api.platform.spreadsheets.cells import (
    CellContent,
    InvalidCell,
    load_sheet,
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
    WorkbookLimits,
    WorkbookRejected,
    open_workbook,
)
from actitud_api.platform.spreadsheets.source_cells import SOURCE_MEMBERS, SOURCE_MISSING, parse_source_member
from actitud_api.platform.spreadsheets.writing import METADATA
from actitud_api.resources.imports.sources import (
    NO_NOTE,
    REPEATED,
    ROWS_MAX,
    ImportFault,
    OrganisationRows,
    Place,
    SourceBody,
    SourceRow,
    build_fault,
)
from actitud_api.resources.imports.workbook_layout import (
    ANSWER_NOTE,
    DOCUMENT_CODES,
    DOCUMENT_MEMBERS,
    FORMAT,
    HEADER,
    NAME,
    ORGANISATION,
    REVISION,
    TITLES,
    ImportSheet,
    SheetId,
    build_sheets,
    list_supported,
)

LIMITS: Final = WorkbookLimits(
    inflated=128 * 1024 * 1024, rows=200_000, columns=400, cells=2_000_000, text=64 * 1024 * 1024, elements=6_000_000
)
"""Limits of a workbook: those of 8,131 organisations with all answers, and more."""

MERGED_MAX: Final = 100
"""Highest number of ranges of merged cells in a sheet that are told one by one."""

_SUGGESTIONS_MAX: Final = 20


class CellRow(NamedTuple):
    """A cell of a workbook with data of an organisation, as texts.

    Attributes:
        sheet: Title of the sheet.
        column: Letters of the column.
        code: Code of the question, or other content of the column; in the sheet of documents followed by a colon and
            the number of the row.
        value: The value as JSON; for a date, `d` and the date as 2026-12-31.
        mark: Code of the reason why the cell cannot be read, empty if it can be read.
    """

    sheet: str
    column: str
    code: str
    value: str
    mark: str = ""


class Conversion(Struct, frozen=True):
    """Result of converting a workbook to a file of cells: its faults, for which it cannot be imported."""

    faults: tuple[ImportFault, ...] = ()


class ConversionRequest(Struct, frozen=True):
    """A request to convert the workbook `source` to the file of cells `target`, under a methodology version."""

    source: str
    target: str
    version: str


class WorkbookForm(Struct, frozen=True, tag="workbook"):
    """Form of an imported workbook, which is read from the file of cells to which `convert_workbook` converts it."""

    def iterate_groups(self, stream: BinaryIO) -> Iterator[OrganisationRows]:
        """Yield the cells of each organisation as one group, whose `last` is the number of the organisation, from 1."""
        while head := stream.read(8):
            yield _GROUP.decode(stream.read(int.from_bytes(head)))

    def build_body(self, version: str, group: OrganisationRows, places: dict[str, Place] | None = None) -> SourceBody:
        """Build the body of an assessment from the cells of an organisation, and return it with their faults.

        `version` is the methodology version. `places` is filled with the cell of each member of the body, by JSON
        Pointer; None if the cells are not needed.
        """
        reader = _CellReader(version)
        source = reader.read_group(group)
        if places is not None:
            places |= reader.list_places()
        return source


def convert_workbook(encoded: bytes) -> bytes:
    """Convert a workbook to a file of cells, grouped by organisation.

    `encoded` is a `ConversionRequest` and the result a `Conversion`, both in MessagePack. It runs in another process.
    """
    request = msgspec.msgpack.decode(encoded, type=ConversionRequest)
    try:
        package = open_workbook(Path(request.source).read_bytes(), LIMITS)
        sheets = _find_sheets(package, request.version)
        faults = [fault for sheet in sheets for fault in sheet.check_header()]
        if not faults:
            with Path(request.target).open("wb") as target:
                for group in _group_cells(sheets):
                    content = msgspec.msgpack.encode(group)
                    target.write(len(content).to_bytes(8) + content)
    except WorkbookRejected as error:
        place = Place(1, sheet=error.location or None)
        faults = [build_fault(place, error.rule, error.detail)]
    return msgspec.msgpack.encode(Conversion(tuple(faults)))


_GROUP: Final = msgspec.msgpack.Decoder(OrganisationRows)


# --- taking apart ---------------------------------------------------------------------------------------------


class _SheetCells:
    """The cells of a sheet of a workbook, with the layout that they have to follow."""

    def __init__(self, package: CheckedWorkbook, name: str, layout: ImportSheet) -> None:
        sheet = load_sheet(package, name)
        self.name = name
        self.layout = layout
        self.rows = iterate_content(sheet)
        self.marks: CellMarks = package.marks[name]
        self.merged = [(Cell(*first), Cell(*last)) for first, last in sheet.merged_cell_ranges or ()]

    def check_header(self) -> Iterator[ImportFault]:
        """Yield the faults of the row of codes: columns may have moved, so that values would be read as others."""
        codes = self.layout.list_codes()
        found: Sequence[CellContent] = ()
        # Read as far as the row of codes; what is below follows from the same iterator.
        for row, cells in self.rows:
            if row == HEADER:
                found = cells
                break
        width = max(len(codes), len(found))
        for column in range(width):
            expected = codes[column] if column < len(codes) else ""
            written = found[column] if column < len(found) else ""
            if str(written).strip() != expected:
                detail = _WRONG_COLUMN.fill(code=expected) if expected else _NO_COLUMN
                yield build_fault(self._locate(HEADER, column), "column", detail, quote_cell(written))
        inside = [first for first, last in self.merged if last.row > HEADER and first.column < len(codes)]
        if len(inside) > MERGED_MAX:
            place = self._locate(*min(inside))
            yield build_fault(place, "merged", _TOO_MANY_MERGED.fill(maximum=MERGED_MAX))

    def find_covered(self) -> dict[Cell, Cell]:
        """Return the first cell of the merged range by each cell in one that stands below the codes."""
        covered: dict[Cell, Cell] = {}
        width = len(self.layout.columns)
        for first, last in self.merged:
            if last.row > HEADER:
                for row in range(first.row, min(last.row, first.row + ROWS_MAX) + 1):
                    covered |= {Cell(row, column): first for column in range(first.column, min(last.column + 1, width))}
        return covered

    def iterate_rows(self) -> Iterator[tuple[int, str, str, list[CellRow]]]:
        """Yield the number of each row with something in it, its organisation and its name, and the cells filled in."""
        covered = self.find_covered()
        for row, cells in self.rows:
            organisation = name = ""
            filled: list[CellRow] = []
            for index, column in enumerate(self.layout.columns):
                content = cells[index] if index < len(cells) else ""
                mark = self._find_mark(Cell(row, index), content, covered)
                if content == "" and not mark:
                    continue
                if column.code == ORGANISATION and not mark:
                    organisation = str(content).strip()
                elif column.code == NAME:
                    name = "" if mark else str(content).strip()
                else:
                    letters = xl_col_to_name(index)
                    filled.append(CellRow(self.name, letters, column.code, _encode(content), mark))
            beyond = [index for index in range(len(self.layout.columns), len(cells)) if cells[index] != ""]
            if beyond:
                letters = xl_col_to_name(beyond[0])
                filled.append(CellRow(self.name, letters, "", _encode(cells[beyond[0]]), "beyond"))
            if organisation or filled:
                yield row + 1, organisation, name, filled

    def _find_mark(self, cell: Cell, content: CellContent, covered: Mapping[Cell, Cell]) -> str:
        if cell in covered:
            # Told at the first cell of the range alone.
            return "merged" if covered[cell] == cell else ""
        if cell in self.marks.formulas:
            return "formula"
        if cell in self.marks.errors:
            return "error"
        if isinstance(content, str) and has_control(content.replace("\n", " ").replace("\r", " ")):
            return "control"
        return ""

    def _locate(self, row: int, column: int) -> Place:
        return Place(row + 1, xl_col_to_name(column), self.name)


def _find_sheets(package: CheckedWorkbook, version: str) -> list[_SheetCells]:
    """Return the three sheets of a workbook. Raises `WorkbookRejected` if it is no workbook of this methodology."""
    if METADATA not in package.workbook.sheet_names:
        raise WorkbookRejected("format", _OTHER_FORMAT)
    metadata = {str(cells[0]): cells[1] for _, cells in iterate_content(load_sheet(package, METADATA)) if cells[1:]}
    if metadata.get("format") != FORMAT:
        raise WorkbookRejected("format", _OTHER_FORMAT)
    if metadata.get("methodology") != version:
        raise WorkbookRejected("methodology", _OTHER_METHODOLOGY.fill(version=version))
    names = {name: sheet for sheet, title in TITLES.items() for name in map(title.into, LANGUAGES)}
    found: dict[SheetId, str] = {}
    for name in package.workbook.sheet_names:
        if name in names:
            found.setdefault(names[name], name)
    layouts = build_sheets(version, LANGUAGES[0])
    for layout in layouts:
        if layout.id not in found:
            raise WorkbookRejected("sheet", _NO_SHEET.fill(title=layout.title), layout.title.into(LANGUAGES[0]))
    return [_SheetCells(package, found[layout.id], layout) for layout in layouts]


def iterate_content(sheet: CalamineSheet) -> Iterator[tuple[int, list[CellContent]]]:
    """Yield the rows of a sheet, each as its number in the sheet, from 0, and its cells from the first column on.

    Empty rows at the top are left out.
    """
    first = sheet.start
    row, padding = (0, 0) if first is None else first
    for number, cells in enumerate(sheet.iter_rows(), row):
        yield number, [""] * padding + list(cells)


def _group_cells(sheets: Sequence[_SheetCells]) -> Iterator[OrganisationRows]:
    """Yield the cells of each organisation, in the order in which they come first."""
    # Encoded until all sheets are read: as objects the cells of two thousand organisations took hundreds of megabytes.
    groups: dict[str, list[bytes]] = {}
    filled: set[str] = set()
    nameless: list[bytes] = []
    for sheet in sheets:
        seen: dict[str, int] = {}
        for number, organisation, called, cells in sheet.iterate_rows():
            repeats = sheet.layout.id != "documents"
            if repeats and organisation in seen and organisation:
                value = msgspec.json.encode([organisation, seen[organisation]]).decode()
                called, cells = "", [CellRow(sheet.name, "A", ORGANISATION, value, "duplicate")]
            seen.setdefault(organisation, number)
            rows = [SourceRow(number, [*cell]) for cell in cells]
            if not repeats:
                rows = [SourceRow(number, [*cell._replace(code=f"{cell.code}:{number}")]) for cell in cells]
            if not organisation:
                nameless += [_ROWS_ENCODER.encode(rows)] if rows else []
                continue
            if any(map(_says_something, rows)):
                filled.add(organisation)
            # A cell with no more than the name, so that what is missing in the row has a place too.
            rows.insert(0, SourceRow(number, [*CellRow(sheet.name, "A", f"@{sheet.layout.id}", called)]))
            groups.setdefault(organisation, []).append(_ROWS_ENCODER.encode(rows))
    # Rows of a template that nobody has filled in say nothing.
    listed = chain(
        ((name, pieces) for name, pieces in groups.items() if name in filled), (("", [piece]) for piece in nameless)
    )
    for number, (name, pieces) in enumerate(listed, 1):
        rows = [row for piece in pieces for row in _ROWS.decode(piece)]
        cells = [CellRow(*row.cells) for row in rows]
        names = dict.fromkeys(cell.value for cell in cells if cell.code.startswith("@"))
        more = max(0, len(rows) - ROWS_MAX)
        yield OrganisationRows(name, rows[:ROWS_MAX], number, more, cells[0].sheet, tuple(names))


_ROWS_ENCODER: Final = msgspec.msgpack.Encoder()
_ROWS: Final = msgspec.msgpack.Decoder(list[SourceRow])


def _says_something(row: SourceRow) -> bool:
    cell = CellRow(*row.cells)
    return bool(cell.mark) or not cell.code.startswith(("@", REVISION))


def _encode(content: CellContent) -> str:
    """Return the value of a cell as JSON; a date in the form of JSON with a `d` before it."""
    if isinstance(content, datetime):
        return f"d{content.date().isoformat()}"
    if isinstance(content, date):
        return f"d{content.isoformat()}"
    if isinstance(content, time | timedelta):
        return f"d{content}"
    # The parser reads `inf` and `nan` as numbers, which no spreadsheet writes.
    plain = str(content) if isinstance(content, float) and not isfinite(content) else content
    return msgspec.json.encode(plain).decode()


def _decode(value: str) -> CellContent:
    if value.startswith("d"):
        try:
            return date.fromisoformat(value[1:])
        except ValueError:
            return timedelta()
    content: CellContent = msgspec.json.decode(value) if value else ""
    return content


# --- reading --------------------------------------------------------------------------------------------------


@cache
def _map_inputs(version: str) -> Mapping[str, AnswerInput]:
    return {item.code: item for item in list_inputs(version, LANGUAGES[0])}


class _CellReader:
    """Reads the cells of one organisation."""

    def __init__(self, version: str) -> None:
        self._version = version
        self._inputs = _map_inputs(version)
        self._options = map_options(version)
        self._supported = list_supported(version)
        self._profile: dict[str, Json] = {}
        self._answers: dict[str, dict[str, Json]] = {}
        self._documents: dict[str, dict[str, tuple[CellContent, Place]]] = {}
        self._evidence: dict[str, list[Json]] = {}
        self._profile_sources: dict[str, Json] = {}
        self._unreadable: set[tuple[str, str]] = set()
        """Checklists with a cell that cannot be read: without it, the list would say that its component is absent."""
        self._marked: set[tuple[int, str]] = set()
        """Row and code of the cells that cannot be read."""
        self._rows: dict[str, Place] = {}
        """The first cell of the row of the organisation in each sheet."""
        self._suggestions = 0
        self.faults: list[ImportFault] = []
        self.places: dict[str, Place] = {}
        self.revision: str | None = None

    def read_group(self, group: OrganisationRows) -> SourceBody:
        """Return the body that the cells of an organisation make."""
        for row in group.rows:
            cell = CellRow(*row.cells)
            place = Place(row.number, cell.column, cell.sheet)
            self.places.setdefault("", Place(row.number, "A", cell.sheet))
            if cell.code.startswith("@"):
                self._rows.setdefault(cell.code[1:], place)
                continue
            content = _decode(cell.value) if cell.mark != "duplicate" else ""
            code, _, document = cell.code.partition(":")
            if cell.mark:
                self._report_mark(cell, place, content)
                self._marked.add((row.number, code))
                self._skip(code)
            elif document:
                self._documents.setdefault(document, {})[code] = (content, place)
            elif code == REVISION:
                self.revision = str(content).strip() or None
            elif code:
                self._put_answer(self._inputs[code], content, place)
        for cells in self._documents.values():
            self._put_document(cells)
        if group.left_out:
            detail = _TOO_MANY_CELLS.fill(maximum=ROWS_MAX)
            self.faults.append(build_fault(self.places[""], "rows", detail))
        for indicator, fact in self._unreadable:
            self._answers.get(indicator, {}).pop(fact, None)
        unreadable = frozenset(f"/answers/{indicator}/{fact}" for indicator, fact in self._unreadable)
        body: dict[str, Json] = {"methodology": self._version, "profile": self._profile, "answers": self._answers}
        of_profile: dict[str, Json] = {}
        for code, documents in self._evidence.items():
            # The code of a profile field is that of its answer, and no indicator has such a one.
            if code in self._inputs:
                of_profile[code] = documents
            else:
                self._answers.setdefault(code, {})["evidence"] = documents
        if of_profile:
            body["profile_evidence"] = of_profile
        if self._profile_sources:
            body["profile_sources"] = self._profile_sources
        return SourceBody(body, self.faults, self.revision, unreadable)

    def list_places(self) -> dict[str, Place]:
        """Return the place of each member of the body by JSON Pointer, also of those that are missing."""
        places = dict(self.places)
        for sheet in build_sheets(self._version, LANGUAGES[0]):
            row = self._rows.get(sheet.id)
            for index, column in enumerate(sheet.columns):
                if row is not None and column.answer is not None:
                    place = Place(row.row, xl_col_to_name(index), row.sheet)
                    places.setdefault(column.answer.pointer, place)
        return places

    def _report(self, place: Place, wrong: InvalidCell, content: CellContent) -> None:
        self.faults.append(build_fault(place, wrong.rule, wrong.detail, quote_cell(content), wrong.suggestion))

    def _report_mark(self, cell: CellRow, place: Place, content: CellContent) -> None:
        if cell.mark == "duplicate":
            organisation, first = msgspec.json.decode(cell.value)
            self._report(place, InvalidCell("duplicate", REPEATED.fill(first=first)), organisation)
            return
        self._report(place, InvalidCell(cell.mark, _MARKS[cell.mark]), content)

    def _skip(self, code: str) -> None:
        """Note that the cell of an answer cannot be read, so that it is not told as missing too."""
        item = self._inputs.get(code)
        if item is not None and item.component is not None:
            _, _, indicator, fact = item.pointer.split("/")
            self._unreadable.add((indicator, fact))

    def _put_answer(self, item: AnswerInput, content: CellContent, place: Place) -> None:
        self.places[item.pointer] = place
        _, top, first, *rest = item.pointer.split("/")
        if top == "answers":
            self.places.setdefault(f"/{top}/{first}", place)
        try:
            value = self._parse(item, content)
        except InvalidCell as wrong:
            self._report(place, wrong, content)
            self._skip(item.code)
            return
        if not rest:
            self._profile[first] = value
        elif item.component is None:
            self._answers.setdefault(first, {})[rest[0]] = value
        else:
            listed = self._answers.setdefault(first, {}).setdefault(rest[0], [])
            if value is True:
                assert isinstance(listed, list)
                listed.append(item.component)

    def _parse(self, item: AnswerInput, content: CellContent) -> Json:
        match item.form:
            case "yes_no":
                return parse_yes_no(content)
            case "choice":
                return parse_choice(self._options[item.code], content)
            case "integer" | "number":
                return parse_number(content)

    def _put_document(self, cells: Mapping[str, tuple[CellContent, Place]]) -> None:
        """Add the document, the note and the source in a row of the sheet of documents."""
        first = next(iter(cells.values()))[1]
        written, place = cells.get("code", ("", Place(first.row, "B", first.sheet)))
        code = str(written).strip()
        if code not in self._supported:
            self._suggestions += 1
            near = find_nearest(code, self._supported) if code and self._suggestions <= _SUGGESTIONS_MAX else None
            self._report(place, InvalidCell("code" if code else "required", _UNKNOWN_CODE, near), written)
            return
        is_answer = code not in self._inputs
        pointer = f"/answers/{code}/evidence" if is_answer else f"/profile_evidence/{code}"
        number = len(self._evidence.get(code, ()))
        document: dict[str, Json] = {}
        if ANSWER_NOTE in cells:
            self._put_note(code, *cells[ANSWER_NOTE], is_answer=is_answer)
        if not SOURCE_MEMBERS.keys().isdisjoint(cells):
            self._put_source(code, cells, first, is_answer=is_answer)
        for member, (content, cell) in cells.items():
            if member not in DOCUMENT_MEMBERS:
                continue
            try:
                document[member] = parse_date(content) if member == "date" else parse_text(content).strip()
            except InvalidCell as wrong:
                self._report(cell, wrong, content)
        if document:
            self._evidence.setdefault(code, []).append(document)
            # Also of a member that is missing; the last document is one too many if there are too many.
            for member in DOCUMENT_MEMBERS:
                member_place = _locate_beside(first, member)
                self.places[f"{pointer}/{number}/{member}"] = member_place
                if member == "url":
                    self.places[f"{pointer}/{number}"] = self.places[pointer] = member_place

    def _put_source(
        self, code: str, cells: Mapping[str, tuple[CellContent, Place]], first: Place, *, is_answer: bool
    ) -> None:
        """Add where an answer or profile field comes from, by a row of the sheet of documents."""
        pointer = f"/answers/{code}/source" if is_answer else f"/profile_sources/{code}"
        place = _locate_beside(first, "source")
        if pointer in self.places:
            detail = REPEATED.fill(first=self.places[pointer].row)
            self._report(place, InvalidCell("duplicate", detail), cells.get("source", ("", place))[0])
            return
        self.places[pointer] = place
        if is_answer:
            self.places.setdefault(f"/answers/{code}", place)
        if "source" not in cells:
            if (first.row, "source") not in self._marked:
                self._report(place, InvalidCell("required", SOURCE_MISSING), "")
            return
        source: dict[str, Json] = {}
        for column, member in SOURCE_MEMBERS.items():
            if column not in cells:
                continue
            content, cell = cells[column]
            self.places[f"{pointer}/{member}"] = cell
            try:
                source[member] = parse_source_member(column, content)
            except InvalidCell as wrong:
                self._report(cell, wrong, content)
        if "kind" not in source:
            return
        if is_answer:
            self._answers.setdefault(code, {})["source"] = source
        else:
            self._profile_sources[code] = source

    def _put_note(self, code: str, content: CellContent, place: Place, *, is_answer: bool) -> None:
        if not is_answer:
            self._report(place, InvalidCell("place", NO_NOTE), content)
            return
        pointer = f"/answers/{code}/note"
        if pointer in self.places:
            self._report(place, InvalidCell("duplicate", REPEATED.fill(first=self.places[pointer].row)), content)
            return
        self.places[pointer] = place
        self.places.setdefault(f"/answers/{code}", place)
        try:
            self._answers.setdefault(code, {})["note"] = parse_text(content)
        except InvalidCell as wrong:
            self._report(place, wrong, content)


def _locate_beside(first: Place, code: str) -> Place:
    """Return the place of a column of the sheet of documents in the row of a cell."""
    return Place(first.row, xl_col_to_name(1 + DOCUMENT_CODES.index(code)), first.sheet)


_OTHER_FORMAT: Final = Texts(
    "El libro no es la plantilla de importación de este servicio. Descárguela y cópielo en ella.",
    "The workbook is not the template of imports of this service. Download it and copy it there.",
)
_OTHER_METHODOLOGY: Final = Texts(
    "El libro es de otra metodología, y la edición se responde con la {version}. Descargue su plantilla.",
    "The workbook is of another methodology, and the edition is answered under {version}. Download its template.",
)
_NO_SHEET: Final = Texts(
    "Falta la hoja «{title}». No cambie el nombre de las hojas.",
    "The sheet “{title}” is missing. Do not rename sheets.",
)
_WRONG_COLUMN: Final = Texts(
    "Aquí debe estar la columna «{code}». Las columnas se han movido: descargue la plantilla y copie en ella.",
    "The column “{code}” belongs here. Columns have moved: download the template and copy into it.",
)
_NO_COLUMN: Final = Texts(
    "Esta columna no es de la plantilla: quítela.", "This column is not of the template: remove it."
)
_TOO_MANY_MERGED: Final = Texts(
    "Hay más de {maximum} grupos de celdas combinadas: sepárelas.",
    "There are more than {maximum} groups of merged cells: separate them.",
)
_MARKS: Final[Mapping[str, Texts]] = {
    "merged": Texts("Estas celdas están combinadas: sepárelas.", "These cells are merged: separate them."),
    "formula": Texts("Hay una fórmula: escriba el valor.", "There is a formula: write the value."),
    "error": Texts("La celda muestra un error: escriba el valor.", "The cell shows an error: write the value."),
    "control": Texts(
        "El texto tiene caracteres de control: escríbalo de nuevo.", "The text has control characters: write it anew."
    ),
    "beyond": Texts(
        "Hay algo más allá de la última columna: compruebe que nada se ha desplazado.",
        "There is something beyond the last column: check that nothing has shifted.",
    ),
}
_UNKNOWN_CODE: Final = Texts(
    "Debe ser el código de una pregunta o de un dato del perfil.", "It must be the code of a question or profile field."
)
_TOO_MANY_CELLS: Final = Texts(
    "La organización tiene más de {maximum} celdas, demasiadas para una evaluación.",
    "The organisation has more than {maximum} cells, too many for an assessment.",
)
