"""Conversion of the cells of a spreadsheet to the JSON values that people meant."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from math import isfinite
from typing import Final, TypeAlias

from python_calamine import CalamineError, CalamineSheet

from actitud_api.engine.i18n import LANGUAGES, Texts
from actitud_api.platform.http.validation import find_nearest, quote_value
from actitud_api.platform.spreadsheets.package import Cell, CheckedWorkbook, WorkbookRejected

CellContent: TypeAlias = bool | int | float | str | date | time | timedelta
"""The value of a cell as the parser returns it. An empty text is an empty cell."""

YES: Final = Texts("Sí", "Yes")
NO: Final = Texts("No", "No")

_INTEGRAL_MAX: Final = 2**53
_WHOLE: Final = re.compile(r"-?[0-9]{1,15}", re.ASCII)
_DAY_FIRST: Final = re.compile(r"(?P<day>[0-9]{1,2})([/.-])(?P<month>[0-9]{1,2})\2(?P<year>[0-9]{4})", re.ASCII)


class InvalidCell(Exception):
    """Raised by the `parse_…` functions if the value of a cell is not of the expected kind."""

    def __init__(self, rule: str, detail: Texts, suggestion: str | None = None) -> None:
        super().__init__(rule)
        self.rule = rule
        self.detail = detail
        self.suggestion = suggestion


def load_sheet(package: CheckedWorkbook, name: str) -> CalamineSheet:
    """Return a sheet of a workbook by its name.

    Raises:
        WorkbookRejected: The sheet is missing or damaged.
    """
    try:
        return package.workbook.get_sheet_by_name(name)
    except CalamineError as error:
        raise WorkbookRejected(
            "damaged",
            Texts("No se puede leer la hoja «{sheet}».", "The sheet “{sheet}” cannot be read.", sheet=name[:31]),
            name[:31],
        ) from error


def load_rows(package: CheckedWorkbook, name: str) -> list[list[CellContent]]:
    """Return the cells of a sheet, row by row.

    Raises:
        WorkbookRejected: The sheet is missing or damaged.
    """
    rows = load_sheet(package, name).to_python(skip_empty_area=False)
    # The parser reads `inf` and `nan` as numbers, which no spreadsheet writes: they are texts where a number belongs.
    return [[str(cell) if isinstance(cell, float) and not isfinite(cell) else cell for cell in row] for row in rows]


def load_merged(package: CheckedWorkbook, name: str) -> list[tuple[Cell, Cell]]:
    """Return the first and last cell of each merged range of a sheet.

    Raises:
        WorkbookRejected: The sheet is missing or damaged.
    """
    return [(Cell(*first), Cell(*last)) for first, last in load_sheet(package, name).merged_cell_ranges or ()]


def parse_number(value: CellContent) -> int | float:
    """Convert a cell value to a number, an int if it has no fraction.

    A text of digits is a number too, because a cell with a text format contains numbers as texts. Any other text is
    refused, because its separators could be read in two ways.

    Raises:
        InvalidCell: The value is not a number.
    """
    if isinstance(value, date | time | timedelta):
        raise InvalidCell(
            "type",
            Texts(
                "Hay una fecha donde va un número. Dé a la celda formato de número y escríbalo de nuevo.",
                "There is a date where a number belongs. Give the cell a number format and write it again.",
            ),
        )
    if isinstance(value, bool):
        raise InvalidCell("type", Texts("Debe ser un número.", "It must be a number."))
    if isinstance(value, str):
        text = value.strip().replace(",", ".")
        if _WHOLE.fullmatch(text):
            return int(text)
        near = text if _is_number(text) else None
        detail = Texts(
            "Debe ser un número, y es un texto. Escríbalo sin más, sin unidades ni separadores de miles.",
            "It must be a number, and it is a text. Write it alone, without units or thousands separators.",
        )
        raise InvalidCell("type", detail, near)
    is_integral = isinstance(value, int) or (value.is_integer() and abs(value) <= _INTEGRAL_MAX)
    return int(value) if is_integral else value


def _is_number(text: str) -> bool:
    try:
        return isfinite(float(text))
    except ValueError:
        return False


def parse_yes_no(value: CellContent) -> bool:
    """Convert the word for yes or no, in any supported language, to a boolean.

    Raises:
        InvalidCell: The value is neither.
    """
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and (word := value.strip().casefold()) in _WORDS:
        return _WORDS[word]
    raise InvalidCell("enum", Texts("Debe ser Sí o No.", "It must be Yes or No."))


_WORDS: Final[Mapping[str, bool]] = {
    **{YES.into(language).casefold(): True for language in LANGUAGES},
    **{NO.into(language).casefold(): False for language in LANGUAGES},
    "si": True,
}


def parse_choice(options: Mapping[str, str | int], value: CellContent) -> str | int:
    """Convert the text of a cell to the value of the choice that it names, ignoring case.

    `options` has the value of each choice by its text in lower case.

    Raises:
        InvalidCell: No choice has that text.
    """
    if isinstance(value, float | int) and not isinstance(value, bool) and value == int(value):
        value = str(int(value))
    if isinstance(value, str):
        meant = options.get(value.strip().casefold())
        if meant is not None:
            return meant
    listed = ", ".join(map(str, dict.fromkeys(options.values())))
    near = find_nearest(value, options) if isinstance(value, str) else None
    detail = Texts(
        "Debe ser uno de los valores de la lista: {listed}.",
        "It must be one of the values of the list: {listed}.",
        listed=listed,
    )
    raise InvalidCell("enum", detail, near)


def parse_date(value: CellContent, *, is_day_first: bool = False) -> str:
    """Convert a date in a cell to a text such as 2026-12-31 (RFC 3339).

    A text in that form is a date too, and with `is_day_first` also a text such as 31/12/2026 or 1-2-2026, as Spanish
    writes dates.

    Raises:
        InvalidCell: The value is not a date.
    """
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        text = value.strip()
        try:
            if is_day_first and (parts := _DAY_FIRST.fullmatch(text)):
                return date(int(parts["year"]), int(parts["month"]), int(parts["day"])).isoformat()
            return date.fromisoformat(text).isoformat() if len(text) == 10 else _reject_date()
        except ValueError:
            return _reject_date()
    return _reject_date()


def _reject_date() -> str:
    raise InvalidCell(
        "format",
        Texts(
            "Debe ser una fecha: dé a la celda formato de fecha, o escríbala como 2026-12-31.",
            "It must be a date: give the cell a date format, or write it as 2026-12-31.",
        ),
    )


def quote_cell(value: CellContent) -> str | None:
    """Format a cell value as JSON, to be quoted in a fault.

    Return None if the cell is empty or may contain personal data.
    """
    if value == "":
        return None
    if isinstance(value, float) and value.is_integer():
        # The parser returns every number as a float.
        value = int(value)
    return quote_value(value if isinstance(value, bool | int | float) else str(value))


def parse_text(value: CellContent) -> str:
    """Return the text of a cell on one line: line breaks become spaces, because published texts have none.

    Raises:
        InvalidCell: The value is not a text.
    """
    if isinstance(value, str):
        return value.replace("\r\n", " ").replace("\n", " ").replace("\r", " ")
    raise InvalidCell("type", Texts("Debe ser un texto.", "It must be a text."))
