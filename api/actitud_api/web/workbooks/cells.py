"""The cells of a checked workbook, as the workbook parser returns them."""

from __future__ import annotations

from datetime import date, time, timedelta
from math import isfinite
from typing import TypeAlias

from python_calamine import CalamineError, CalamineSheet

from actitud_api.engine.i18n import Texts
from actitud_api.platform.http.validation import quote_value
from actitud_api.web.workbooks.package import Cell, CheckedWorkbook, WorkbookRejected

CellContent: TypeAlias = bool | int | float | str | date | time | timedelta
"""The value of a cell as the parser returns it. An empty text is an empty cell."""


def _load_sheet(package: CheckedWorkbook, name: str) -> CalamineSheet:
    try:
        return package.workbook.get_sheet_by_name(name)
    except CalamineError as error:
        raise WorkbookRejected(
            "damaged",
            Texts("No se puede leer la hoja «{sheet}».", "The sheet “{sheet}” cannot be read.", sheet=name[:31]),
            name[:31],
        ) from error


def load_rows(package: CheckedWorkbook, name: str) -> list[list[CellContent]]:
    """Return the cells of a sheet, row by row. Raises `WorkbookRejected` if it is missing or damaged."""
    rows = _load_sheet(package, name).to_python(skip_empty_area=False)
    # The parser reads `inf` and `nan` as numbers, which no spreadsheet writes: they are texts where a number belongs.
    return [[str(cell) if isinstance(cell, float) and not isfinite(cell) else cell for cell in row] for row in rows]


def load_merged(package: CheckedWorkbook, name: str) -> list[tuple[Cell, Cell]]:
    """Return the first and last cell of each merged range of a sheet."""
    return [(Cell(*first), Cell(*last)) for first, last in _load_sheet(package, name).merged_cell_ranges or ()]


def quote_cell(value: CellContent) -> str | None:
    """Format a cell value as JSON, to be shown in a fault.

    Return None if the cell is empty or may contain personal data.
    """
    if value == "":
        return None
    if isinstance(value, float) and value.is_integer():
        # The parser returns every number as a float.
        value = int(value)
    return quote_value(value if isinstance(value, bool | int | float) else str(value))
