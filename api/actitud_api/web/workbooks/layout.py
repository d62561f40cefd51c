"""The layout of a methodology's workbook, from which workbooks are both written and read.

A row is identified by the code in its first column and not by its number, so users may sort or delete rows. A code
names a profile field, an indicator, a fact of an indicator, or a component of a fact, and is the same in every
language.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal, NamedTuple

from xlsxwriter.utility import xl_rowcol_to_cell

from actitud_api.engine.i18n import Language, Texts
from actitud_api.engine.methodology.answer_inputs import AnswerInput, build_answer_inputs, build_profile_input
from actitud_api.engine.methodology.loader import load_methodology
from actitud_api.engine.methodology.model import Group, Indicator, MethodologyTexts
from actitud_api.platform.spreadsheets.cells import InvalidCell
from actitud_api.platform.spreadsheets.package import Cell, CellMarks
from actitud_api.platform.spreadsheets.source_cells import SOURCE_TITLES, SOURCE_WIDTHS

FORMAT: Final = 1
"""The version of this layout; workbooks with another version are rejected."""

HEADER: Final = 3
"""The row of column titles, counted from 0. The rows above it contain instructions."""

DOCUMENTS_MIN: Final = 200
"""Prepared rows of the documents sheet, for evidence beyond the first document of an answer."""

CONTROL_CHARACTERS: Final = Texts("El texto tiene caracteres de control.", "The text has control characters.")
SHEET_MISSING: Final = Texts(
    "Falta la hoja «{title}». No cambie el nombre de las hojas.",
    "The sheet “{title}” is missing. Do not rename sheets.",
)
UNKNOWN_OPTION: Final = Texts("Elija un valor de la lista.", "Choose a value from the list.")


class SheetColumn(NamedTuple):
    """A column of a sheet: its id, its title, and its width in characters.

    `is_input` is True if users fill it in.
    """

    id: str
    title: Texts
    width: int
    is_input: bool = False


class SheetLayout(NamedTuple):
    """A sheet that users fill in: its id, its columns, and its title, which is its name in the workbook."""

    id: Literal["profile", "indicators", "documents"]
    title: Texts
    columns: tuple[SheetColumn, ...]

    def find_column(self, name: str) -> int:
        """Return the index, counted from 0, of the column with the id `name`."""
        return next(index for index, column in enumerate(self.columns) if column.id == name)


_CODE: Final = SheetColumn("code", Texts("Código", "Code"), 17)
_ANSWER: Final = SheetColumn("answer", Texts("Respuesta", "Answer"), 34, True)
_DECLARED: Final = SheetColumn("declared", Texts("Solo declarado", "Only declared"), 12, True)
_URL: Final = SheetColumn("url", Texts("Documento: dirección", "Document: address"), 38, True)
_DATE: Final = SheetColumn("date", Texts("Documento: fecha", "Document: date"), 14, True)
_NOTE: Final = SheetColumn("note", Texts("Nota", "Note"), 38, True)
_SOURCE: Final = tuple(SheetColumn(name, title, SOURCE_WIDTHS[name], True) for name, title in SOURCE_TITLES.items())
_ALLOWED: Final = SheetColumn("allowed", Texts("Qué se puede responder", "What can be answered"), 44)

PROFILE: Final = SheetLayout(
    "profile",
    Texts("Perfil", "Profile"),
    (_CODE, SheetColumn("question", Texts("Dato", "Field"), 52), _ANSWER, _ALLOWED, _DECLARED, _URL, _DATE, *_SOURCE),
)
INDICATORS: Final = SheetLayout(
    "indicators",
    Texts("Indicadores", "Indicators"),
    (
        _CODE,
        SheetColumn("question", Texts("Pregunta", "Question"), 58),
        _ANSWER,
        _ALLOWED,
        _DECLARED,
        _URL,
        _DATE,
        _NOTE,
        *_SOURCE,
        SheetColumn("why", Texts("Por qué se pregunta", "Why it is asked"), 40),
        SheetColumn("evidence", Texts("Qué vale como prueba", "What counts as evidence"), 48),
    ),
)
DOCUMENTS: Final = SheetLayout(
    "documents",
    Texts("Documentos", "Documents"),
    (
        SheetColumn("code", Texts("Código", "Code"), 24, True),
        SheetColumn("url", Texts("Dirección", "Address"), 60, True),
        SheetColumn("date", Texts("Fecha", "Date"), 14, True),
        _NOTE,
        SheetColumn("sha256", Texts("SHA-256", "SHA-256"), 68, True),
    ),
)
SHEETS: Final = (PROFILE, INDICATORS, DOCUMENTS)


@dataclass(frozen=True, slots=True)
class HeadingRow:
    """A row above answer cells, with the code and texts of their dimension or indicator.

    `indicator` is None in the row of a dimension.
    """

    code: str
    indicator: Indicator | None


@dataclass(frozen=True, slots=True)
class WorkbookLayout:
    """The rows of a methodology's workbook in a language, by sheet.

    `profile` contains the answer cells of the profile sheet; `indicators` contains the headings and answer cells of the
    sheet of indicators.
    """

    profile: tuple[AnswerInput, ...]
    indicators: tuple[HeadingRow | AnswerInput, ...]

    @property
    def supported(self) -> tuple[str, ...]:
        """The codes of the profile fields and indicators that accept documents as evidence."""
        fields = tuple(row.code for row in self.profile if not row.set_by_service)
        headings = (row for row in self.indicators if isinstance(row, HeadingRow))
        return fields + tuple(row.code for row in headings if row.indicator is not None and row.indicator.facts)

    @property
    def inputs(self) -> tuple[AnswerInput, ...]:
        """All answer cells of the workbook, those of the profile first."""
        return self.profile + tuple(row for row in self.indicators if isinstance(row, AnswerInput))


@cache
def build_layout(version: str, language: Language) -> WorkbookLayout:
    """Build the workbook layout of a methodology version.

    Raises:
        UnknownMethodology: If there is no such version.
    """
    methodology = load_methodology(version)
    texts = methodology.texts[language]
    return WorkbookLayout(
        tuple(build_profile_input(field, texts.profile[field.name]) for field in methodology.document.profile),
        tuple(_build_rows(methodology.document.root, texts)),
    )


def _build_rows(group: Group, texts: MethodologyTexts) -> Iterator[HeadingRow | AnswerInput]:
    for child in group.children:
        if isinstance(child, Group):
            yield HeadingRow(child.id, None)
            yield from _build_rows(child, texts)
            continue
        yield HeadingRow(child.id, child)
        for fact in child.facts:
            yield from build_answer_inputs(child, fact, texts.indicators[child.id])


def format_cell_address(sheet: str, row: int, column: int) -> str:
    """Format the address of a cell, such as `Perfil!C12`; `row` and `column` are counted from 0."""
    return f"{sheet}!{xl_rowcol_to_cell(row, column)}"


def find_marked_fault(cell: Cell, marks: CellMarks) -> InvalidCell | None:
    """Return the fault of a cell that contains a formula or shows an error, or None if it does neither."""
    if cell in marks.formulas:
        detail = Texts("Hay una fórmula: escriba el valor.", "There is a formula: write the value.")
        return InvalidCell("formula", detail)
    if cell in marks.errors:
        return InvalidCell("error", Texts("La celda muestra un error.", "The cell shows an error."))
    return None
