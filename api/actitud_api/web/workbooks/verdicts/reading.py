"""Read the verdicts in a review workbook, and report its faults cell by cell.

The cells of a row are converted to JSON and validated by the schema of the request body of one verdict, so a workbook
accepts exactly the verdicts that a request accepts. A row with a fault is reported; all other rows are kept.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from msgspec import Struct

from actitud_api.engine.i18n import LANGUAGES, Texts
from actitud_api.platform.http.inputs import Body
from actitud_api.platform.http.problems import Fault
from actitud_api.platform.http.validation import Json, find_nearest, has_control
from actitud_api.platform.spreadsheets.cells import (
    CellContent,
    InvalidCell,
    load_merged,
    load_rows,
    parse_text,
    quote_cell,
)
from actitud_api.platform.spreadsheets.package import (
    Cell,
    CellMarks,
    CheckedWorkbook,
    WorkbookRejected,
    open_workbook,
)
from actitud_api.platform.spreadsheets.writing import METADATA
from actitud_api.resources.reviews.schemas import VERDICT_REQUESTS, build_opinion
from actitud_api.resources.reviews.service import Judgement
from actitud_api.web.workbooks.layout import (
    CONTROL_CHARACTERS,
    HEADER,
    SHEET_MISSING,
    find_marked_fault,
    format_cell_address,
)
from actitud_api.web.workbooks.verdicts.layout import (
    COLUMNS,
    FORMAT,
    IDENTITY,
    LIMITS,
    TITLE,
    VERDICT_LABELS,
    VERDICTS_BY_LABEL,
    WorkbookIdentity,
    find_column,
)

REQUEST: Final = Body(*VERDICT_REQUESTS, tag_field="verdict")
"""The schema of the request body of one verdict."""

_OTHERS: Final[Mapping[str, Texts]] = {
    "edition": Texts(
        "El libro es de otra edición. Descargue el de esta y cópielo en él.",
        "The workbook is of another edition. Download the one of this edition and copy it there.",
    ),
    "methodology": Texts(
        "La metodología de la edición ha cambiado. Descargue el libro de nuevo.",
        "The methodology of the edition has changed. Download the workbook again.",
    ),
    "assessor": Texts(
        "El libro es de la clave de otra persona, y tiene sus dictámenes. Cada una juzga en el suyo.",
        "The workbook is of the key of somebody else, and has their verdicts. Everybody judges in their own.",
    ),
}
"""The sentence about a workbook that is about something else, by the member of its identity."""

_REASON_MISSING: Final = Texts(
    "Este dictamen lleva un motivo, que se publica: escríbalo en esta celda.",
    "This verdict has a reason, which is published: write it in this cell.",
)
_STEP_MISSING: Final = Texts(
    "Este dictamen dice qué paso se demuestra: escríbalo en esta celda.",
    "This verdict says which step is shown: write it in this cell.",
)


class VerdictRow(Struct, frozen=True):
    """A row of a review workbook with a verdict or with faults.

    Attributes:
        sheet: Name of the sheet.
        row: Number of the row as spreadsheets show it.
        organisation: Id of the organisation, empty if the row lacks it.
        indicator: Id of the indicator, empty if the row lacks it.
        judgement: The verdict, None if the row has faults.
        faults: Faults of the row; the pointer of a fault is the address of its cell.
    """

    sheet: str
    row: int
    organisation: str
    indicator: str
    judgement: Judgement | None
    faults: tuple[Fault, ...] = ()

    @property
    def subject(self) -> str:
        """The ids of organisation and indicator, joined by `/`, or the address of the row if one of them is missing."""
        is_known = self.organisation and self.indicator
        return f"{self.organisation}/{self.indicator}" if is_known else f"{self.sheet}!A{self.row}"

    def locate(self, fault: Fault) -> Fault:
        """Convert a fault in the request body built from this row to a fault in the cell of the faulty value."""
        name = fault.pointer.removeprefix("/")
        known = name if name in {column.id for column in COLUMNS} else "verdict"
        return replace(fault, pointer=format_cell_address(self.sheet, self.row - 1, find_column(known)))


def read_workbook(raw: bytes, identity: WorkbookIdentity) -> list[VerdictRow]:
    """Return the rows of a review workbook that have a verdict or a fault, ordered by organisation and row.

    Raises:
        WorkbookRejected: The file is no review workbook, or belongs to another edition, methodology or assessor.
    """
    package = open_workbook(raw, LIMITS)
    _check_identity(package, identity)
    names = {TITLE.into(language) for language in LANGUAGES}
    name = next((name for name in package.workbook.sheet_names if name in names), None)
    if name is None:
        raise WorkbookRejected("sheet", SHEET_MISSING.fill(title=TITLE))
    rows = load_rows(package, name)
    _check_columns(name, rows)
    _refuse_merged(package, name)
    reader = _VerdictReader(name, package.marks[name])
    found = [row for number in range(HEADER + 1, len(rows)) for row in reader.read_row(number, rows[number])]
    # Those of one assessment are stored together.
    return sorted(found, key=lambda row: (row.organisation, row.row))


def _check_identity(package: CheckedWorkbook, identity: WorkbookIdentity) -> None:
    try:
        stored = {str(row[0]): str(row[1]) for row in load_rows(package, METADATA) if len(row) > 1}
    except WorkbookRejected:
        stored = {}
    if stored.get("format") != FORMAT:
        raise WorkbookRejected(
            "format",
            Texts(
                "El fichero no es un libro de dictámenes de este servicio. Descárguelo y cópielo en él.",
                "The file is no workbook of verdicts of this service. Download it and copy it there.",
            ),
        )
    for name, value in identity._asdict().items():
        if stored.get(name) != value:
            raise WorkbookRejected(name, _OTHERS[name], METADATA)


def _check_columns(name: str, rows: Sequence[Sequence[CellContent]]) -> None:
    titles = list(rows[HEADER]) if len(rows) > HEADER else []
    titles += [""] * (len(COLUMNS) - len(titles))
    for index, column in enumerate(COLUMNS):
        if str(titles[index]).strip() not in {column.title.into(language) for language in LANGUAGES}:
            raise WorkbookRejected(
                "column",
                Texts(
                    "Aquí debe estar la columna «{title}». Las columnas se han movido, así que no se lee ninguna fila.",
                    "The column “{title}” belongs here. Columns have moved, so no row is read.",
                    title=column.title,
                ),
                format_cell_address(name, HEADER, index),
            )


def _refuse_merged(package: CheckedWorkbook, name: str) -> None:
    inside = [first for first, last in load_merged(package, name) if last.row > HEADER and first.column < len(COLUMNS)]
    if inside:
        raise WorkbookRejected(
            "merged",
            Texts(
                "Hay celdas combinadas, así que no se lee ninguna fila. Sepárelas.",
                "There are merged cells, so no row is read. Unmerge them.",
            ),
            format_cell_address(name, *min(inside)),
        )


class _VerdictReader:
    """Reader of the rows of one sheet; it remembers the answers that earlier rows have judged."""

    def __init__(self, sheet: str, marks: CellMarks) -> None:
        self._sheet = sheet
        self._marks = marks
        self._judged: dict[tuple[str, str], int] = {}

    def read_row(self, row: int, values: Sequence[CellContent]) -> Iterator[VerdictRow]:
        """Yield the verdict of a row, or its faults; nothing if the assessor has filled in no cell."""
        cells = {column.id: value for column, value in zip(COLUMNS, values, strict=False) if value != ""}
        written = [column for column in COLUMNS if column.is_input and column.id in cells]
        marked = {
            column.id: fault
            for index, column in enumerate(COLUMNS)
            if (column.is_input or column.id in IDENTITY)
            and (fault := find_marked_fault(Cell(row, index), self._marks)) is not None
        }
        if not written and not marked:
            return
        organisation, indicator = (
            value.strip() if isinstance(value := cells.get(name, ""), str) else ""
            for name in ("organisation", "indicator")
        )
        faults = [
            *(self._build_fault(row, name, fault.rule, "", fault.detail) for name, fault in marked.items()),
            *self._find_missing(row, cells, marked),
            *self._find_repeated(row, organisation, indicator),
        ]
        judgement = None
        if not faults:
            request = REQUEST.convert(self._build_request(row, cells, faults))
            if isinstance(request, list):
                found = VerdictRow(self._sheet, row + 1, organisation, indicator, None)
                faults += [found.locate(_reword(fault)) for fault in request if not faults]
            elif not faults:
                judgement = Judgement(indicator, str(cells["mark"]).strip(), build_opinion(request))
        yield VerdictRow(self._sheet, row + 1, organisation, indicator, judgement, tuple(faults))

    def _find_missing(self, row: int, cells: Mapping[str, CellContent], marked: Collection[str]) -> Iterator[Fault]:
        for name in ("organisation", "indicator", "mark"):
            if not isinstance(cells.get(name), str) and name not in marked:
                detail = Texts(
                    "Aquí estaba de qué respuesta es la fila. Cópielo del libro que descargó.",
                    "Here stood which answer the row is about. Copy it from the workbook that you downloaded.",
                )
                yield self._build_fault(row, name, "required", cells.get(name, ""), detail)
        if "verdict" not in cells and "verdict" not in marked:
            detail = Texts(
                "La fila tiene paso, motivo o regla, y ningún dictamen. Elija uno, o deje las cuatro celdas en blanco.",
                "The row has a step, reason or rule, and no verdict. Choose one, or leave all four cells blank.",
            )
            yield self._build_fault(row, "verdict", "required", "", detail)

    def _find_repeated(self, row: int, organisation: str, indicator: str) -> Iterator[Fault]:
        first = self._judged.setdefault((organisation, indicator), row)
        if first != row and organisation and indicator:
            detail = Texts(
                "La respuesta ya se juzga en {first}. Quite una de las dos filas.",
                "The answer is judged in {first} already. Remove one of the two rows.",
                first=format_cell_address(self._sheet, first, 0),
            )
            yield self._build_fault(row, "indicator", "duplicate", indicator, detail)

    def _build_request(self, row: int, cells: Mapping[str, CellContent], faults: list[Fault]) -> Json:
        """Return the verdict of a row as the body of a request; add the faults of cells that cannot be converted."""
        body: dict[str, Json] = {}
        said = cells["verdict"]
        verdict = VERDICTS_BY_LABEL.get(said.strip().casefold()) if isinstance(said, str) else None
        if verdict is None:
            labels = [label.into(language) for label in VERDICT_LABELS.values() for language in LANGUAGES]
            near = find_nearest(said, labels) if isinstance(said, str) else None
            detail = Texts("Elija un dictamen de la lista.", "Choose a verdict from the list.")
            faults.append(self._build_fault(row, "verdict", "enum", said, detail, near))
            return body
        body["verdict"] = verdict
        if "level" in cells:
            level = cells["level"]
            is_whole = isinstance(level, float | int) and not isinstance(level, bool) and level == int(level)
            body["level"] = int(level) if isinstance(level, float | int) and is_whole else str(level)
        for name in ("reason", "rule"):
            if name not in cells:
                continue
            try:
                text = parse_text(cells[name]).strip()
            except InvalidCell as wrong:
                faults.append(self._build_fault(row, name, wrong.rule, cells[name], wrong.detail))
                continue
            body[name] = text
            if has_control(text):
                faults.append(self._build_fault(row, name, "control", "", CONTROL_CHARACTERS))
        return body

    def _build_fault(
        self, row: int, column: str, rule: str, value: CellContent, detail: Texts, suggestion: str | None = None
    ) -> Fault:
        address = format_cell_address(self._sheet, row, find_column(column))
        return Fault(address, rule, quote_cell(value), detail, suggestion)


def _reword(fault: Fault) -> Fault:
    """Return a fault of a request with a sentence for who writes cells."""
    if fault.rule == "additionalProperties" and fault.pointer == "/level":
        detail = Texts(
            "Solo lleva paso «{capped}». Bórrelo, o elija ese dictamen.",
            "Only “{capped}” has a step. Delete it, or choose that verdict.",
            capped=VERDICT_LABELS["capped"],
        )
        return replace(fault, detail=detail)
    if fault.rule == "required":
        return replace(fault, detail=_STEP_MISSING if fault.pointer == "/level" else _REASON_MISSING)
    return fault
