"""Write tables as XLSX workbooks: a sheet with typed cells, and a second sheet that describes the columns.

A text is always written as a text, never as a formula.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from typing import IO, Final

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from actitud_api.web.downloads.formats.tables import Batches, CellValue, TableColumn

ROWS_MAX: Final = 1_048_576
"""Maximum number of rows of an XLSX sheet, header included."""

_MADE: Final = datetime(2026, 1, 1)
"""Creation time in the properties of every file: it is fixed, so that equal tables have equal bytes."""

_WIDE: Final = 32
_NARROW: Final = 12


class TooManyRows(ValueError):
    """Raised by `write_workbook` if a table has more rows than an XLSX sheet can contain."""


def write_workbook(
    file: IO[bytes], name: str, columns: Sequence[TableColumn], batches: Batches, about: Mapping[str, str], notes: str
) -> None:
    """Write a workbook to `file`, row by row.

    Args:
        file: Open file that receives the workbook.
        name: Name of the sheet with the rows.
        columns: Columns of the table.
        batches: Rows of the table, in batches.
        about: Lines of the second sheet: label and text.
        notes: Name of the second sheet, which contains `about` and the description of each column.

    Raises:
        TooManyRows: If a sheet cannot contain all rows.
    """
    options = {
        # Rows go to disk as they are written, so they must be written in order.
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(file, options) as book:
        book.set_properties({"created": _MADE})
        bold = book.add_format({"bold": True})
        sheet = book.add_worksheet(name)
        sheet.freeze_panes(1, 0)
        puts: list[Callable[[int, CellValue], None]] = []
        for number, column in enumerate(columns):
            form = {"date": "yyyy-mm-dd", "integer": "0"}.get(column.kind, "General")
            if column.decimals:
                form = f"0.{'0' * column.decimals}"
            style = book.add_format({"num_format": form})
            sheet.set_column(number, number, _WIDE if column.name.endswith("name") else _NARROW)
            sheet.write_string(0, number, column.name, bold)
            puts.append(_build_cell_writer(sheet, number, style))
        line = 0
        for batch in batches:
            for row in batch:
                line += 1
                if line == ROWS_MAX:
                    raise TooManyRows
                for put, value in zip(puts, row, strict=True):
                    if value is not None:
                        put(line, value)
        if line:
            sheet.autofilter(0, 0, line, len(columns) - 1)
        description = book.add_worksheet(notes)
        description.set_column(0, 0, _WIDE)
        description.set_column(1, 2, 2 * _WIDE)
        texts = [*((key, value, "") for key, value in about.items()), ("", "", "")]
        texts += [(column.name, column.title, column.description) for column in columns]
        for number, cells in enumerate(texts):
            for position, text in enumerate(cells):
                if text:
                    description.write_string(number, position, text)


def _build_cell_writer(sheet: Worksheet, number: int, style: Format) -> Callable[[int, CellValue], None]:
    def put(line: int, value: CellValue) -> None:
        if isinstance(value, str):
            sheet.write_string(line, number, value)
        elif isinstance(value, bool):
            sheet.write_boolean(line, number, value)
        elif isinstance(value, date):
            sheet.write_datetime(line, number, datetime.combine(value, time()), style)
        elif value is not None:
            sheet.write_number(line, number, value, style)

    return put
